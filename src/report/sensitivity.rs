//! Which assumption drives a figure: a table and a tornado.

use serde_json::{Value, json};

use crate::estimate::metric::Metric;
use crate::estimate::{Effect, Sensitivity};
use crate::quantity::{percent, quantity};
use crate::report::chart::{Bar, tornado};
use crate::report::tables::{Table, columns};

/// Effects that are shown; the rest is counted.
const MOST: usize = 15;

/// The table.
pub fn table(sensitivity: &Sensitivity, metric: &Metric, name: &str) -> Table {
    let cell = |value: Option<f64>| match value {
        Some(value) => quantity(value, metric.dimension, &metric.hint),
        None => "–".to_owned(),
    };
    let effects = noticeable(sensitivity);
    let rows = effects.iter().take(MOST).map(|effect| {
        let share = if effect.ends.is_some() {
            percent((effect.share * 1000.0).round() / 1000.0)
        } else {
            "certain".to_owned()
        };
        let (low, high) = effect.ends.map_or((None, None), |(low, high)| (Some(low), Some(high)));
        vec![effect.name.clone(), share, cell(low), cell(high), cell(effect.halved), cell(effect.doubled)]
    });
    let mut notes = vec![format!("{name} = {} with everything at its median", cell(sensitivity.median))];
    if sensitivity.effects.is_empty() {
        notes.push("the spec has no assumptions: state some under `assume:`, or ranges such as `5..20 ms`".to_owned());
    }
    let together: f64 = sensitivity.effects.iter().map(|effect| effect.share).sum();
    if together > 0.0 && together < 0.95 {
        notes.push(format!(
            "{} of the variance comes from combinations",
            percent(((1.0 - together) * 100.0).round() / 100.0)
        ));
    }
    let without = sensitivity.effects.len() - effects.len().min(MOST);
    if without > 0 {
        notes.push(format!("{without} with less or no effect are left out; --format json has all"));
    }
    let columns = columns(&["assumption", "of variance", "at p5", "at p95", "halved", "doubled"]);
    Table { title: "Sensitivity", columns, rows: rows.collect(), notes }
}

/// Effects that move the figure at all.
fn noticeable(sensitivity: &Sensitivity) -> Vec<&Effect> {
    let moves = |value: Option<f64>| match (value, sensitivity.median) {
        (Some(a), Some(b)) => (a - b).abs() > 1e-3 * b.abs(),
        (None, None) => false,
        _ => true,
    };
    let all = sensitivity.effects.iter();
    all.filter(|effect| {
        let ends = effect.ends.is_some_and(|(low, high)| moves(Some(low)) || moves(Some(high)));
        let scaled = effect.scales && (moves(effect.halved) || moves(effect.doubled));
        ends || scaled
    })
    .collect()
}

/// Table and chart for a terminal.
pub fn text(sensitivity: &Sensitivity, metric: &Metric, name: &str, width: u16) -> String {
    let mut bars: Vec<Bar> = noticeable(sensitivity)
        .into_iter()
        .take(MOST)
        .filter_map(|effect| effect.ends.map(|(low, high)| Bar { name: effect.name.clone(), low, high }))
        .collect();
    bars.sort_by(|a, b| (b.high - b.low).abs().total_cmp(&(a.high - a.low).abs()));
    let chart = sensitivity.median.map_or(String::new(), |m| tornado(&bars, m, metric.dimension, &metric.hint, width));
    table(sensitivity, metric, name).text(width) + &chart
}

/// All effects in base units.
pub fn json(sensitivity: &Sensitivity, name: &str) -> serde_json::Result<String> {
    let effects: Vec<Value> = sensitivity
        .effects
        .iter()
        .map(|e| {
            json!({
                "name": e.name, "share": e.share, "at_p5": e.ends.map(|x| x.0), "at_p95": e.ends.map(|x| x.1),
                "halved": e.halved, "doubled": e.doubled,
            })
        })
        .collect();
    let report = json!({
        "version": 1, "tool": "napkin", "figure": name, "median": sensitivity.median, "samples": sensitivity.samples,
        "effects": effects,
    });
    serde_json::to_string_pretty(&report).map(|text| text + "\n")
}
