//! A plan as a table and as JSON.

use serde_json::{Value, json};

use crate::quantity::{Dimension, Hint, number, quantity};
use crate::report::tables::{Table, columns};
use crate::study::plan::{Plan, Sizing};

/// The table.
pub fn table(plan: &Plan) -> Table {
    let rows = plan.sizes.iter().map(|size| {
        let today = size.today.map_or("–".to_owned(), |value| shown(size, value));
        let planned = shown(size, size.planned);
        let mark = if size.today == Some(size.planned) { "" } else { " *" };
        vec![size.component.clone(), size.key.to_owned(), today, format!("{planned}{mark}"), size.reason.clone()]
    });
    let mut notes = Vec::new();
    if let (Some(today), Some(planned)) = plan.costs {
        let shown = |cost| quantity(cost, Dimension::MONEY_RATE, &Hint::Auto);
        notes.push(format!("cost: {} today, {} as planned", shown(today), shown(planned)));
    }
    if plan.sizes.is_empty() {
        notes.push("nothing to size: add `service_time` and `cores`, or `throughput`, to components".to_owned());
    }
    notes.push("for the median of uncertain assumptions; `--set dau=…` plans for another".to_owned());
    for unmet in &plan.unmet {
        notes.push(format!("no size meets: {unmet}"));
    }
    let columns = columns(&["", "size", "today", "plan", "set by"]);
    Table { title: "Smallest sizes", columns, rows: rows.collect(), notes }
}

/// A size as text; memory has a unit.
pub fn shown(size: &Sizing, value: f64) -> String {
    if size.key == "memory" { quantity(value, Dimension::DATA, &Hint::Auto) } else { number(value) }
}

/// All of it, memory in bytes and costs in dollars per second.
pub fn json(plan: &Plan) -> serde_json::Result<String> {
    let sizes: Vec<Value> = plan
        .sizes
        .iter()
        .map(|s| json!({ "component": s.component, "size": s.key, "today": s.today, "planned": s.planned, "set_by": s.reason }))
        .collect();
    let report = json!({
        "version": 1, "tool": "napkin", "sizes": sizes, "unmet": plan.unmet,
        "cost": { "today": plan.costs.0, "planned": plan.costs.1 },
    });
    serde_json::to_string_pretty(&report).map(|text| text + "\n")
}
