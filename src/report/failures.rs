//! What breaks next, as a table and as JSON.

use serde_json::{Value, json};

use crate::quantity::{number, percent};
use crate::report::tables::{Table, columns};
use crate::study::failures::Outcome;

/// The table, worst first; what changes nothing is only counted.
pub fn table(outcomes: &[Outcome], all: bool) -> Table {
    let mut rows = Vec::new();
    let mut harmless = 0;
    for outcome in outcomes {
        let quiet = outcome.lost.is_empty()
            && outcome.overloaded.is_empty()
            && outcome.missed.is_empty()
            && outcome.at_risk.is_empty();
        if quiet && !all {
            harmless += 1;
            continue;
        }
        let overloaded: Vec<String> =
            outcome.overloaded.iter().map(|(name, used)| format!("{name} {}", percent(*used))).collect();
        let risk: Vec<String> = outcome.at_risk.iter().map(|(name, why)| format!("{name}: {why}")).collect();
        let slower =
            outcome.slower.filter(|factor| *factor > 1.05).map_or(String::new(), |f| format!("x{}", number(f)));
        rows.push(vec![
            outcome.name.clone(),
            outcome.lost.join(", "),
            overloaded.join(", "),
            outcome.missed.join(", "),
            slower,
            risk.join(", "),
        ]);
    }
    let mut notes = Vec::new();
    if harmless > 0 {
        notes.push(format!("{harmless} further losses cost no flow, no objective and no data; --all shows them"));
    }
    if rows.is_empty() {
        notes.push("nothing that can be taken away costs a flow, an objective or data".to_owned());
    }
    let mut columns = columns(&["without", "flows lost", "overloaded", "now missed", "p99", "data lost"]);
    // A column without a single entry only takes room.
    for at in (1..columns.len()).rev() {
        if rows.iter().all(|row| row.get(at).is_none_or(String::is_empty)) {
            columns.remove(at);
            rows.iter_mut().filter(|row| row.len() > at).for_each(|row| drop(row.remove(at)));
        }
    }
    Table { title: "What breaks when it is gone, worst first", columns, rows, notes }
}

/// All outcomes.
pub fn json(outcomes: &[Outcome]) -> serde_json::Result<String> {
    let list: Vec<Value> = outcomes
        .iter()
        .map(|o| {
            let overloaded: Vec<Value> = o
                .overloaded
                .iter()
                .map(|(name, used)| json!({ "component": name, "utilization": Some(*used).filter(|u| *u < crate::quantity::ENDLESS) }))
                .collect();
            let at_risk: Vec<Value> = o.at_risk.iter().map(|(name, why)| json!({ "data": name, "what": why })).collect();
            json!({
                "without": o.name, "lost": o.lost, "overloaded": overloaded, "missed": o.missed, "p99_factor": o.slower,
                "at_risk": at_risk,
            })
        })
        .collect();
    serde_json::to_string_pretty(&json!({ "version": 1, "tool": "napkin", "failures": list })).map(|text| text + "\n")
}
