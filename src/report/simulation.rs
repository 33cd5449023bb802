//! A simulation beside the estimate of the same system.

use serde_json::{Value, json};

use crate::analysis::Analysis;
use crate::estimate::Estimate;
use crate::quantity::{Dimension, Hint, percent, quantity};
use crate::report::tables::{Table, columns};
use crate::simulate::{Interval, Results};
use crate::vocabulary::Kind;

/// The tables: latency by flow with 95 % confidence intervals and the estimate below, then how busy components were.
pub fn tables(results: &Results, analysis: &Analysis, estimate: &Estimate) -> Vec<Table> {
    let time = |value: f64| quantity(value, Dimension::TIME, &Hint::Auto);
    let measured = |interval: Option<Interval>| {
        interval.map_or("–".to_owned(), |i| format!("{} ± {}", time(i.value), percent(i.half / i.value.max(1e-300))))
    };
    let mut rows = Vec::new();
    let mut notes = Vec::new();
    for ((flow, found), figures) in analysis.graph.flows.iter().zip(&results.flows).zip(&estimate.flows) {
        let mut row = vec![flow.name.clone()];
        row.extend([found.p50, found.p95, found.p99].map(measured));
        row.push(percent(found.failed));
        rows.push(row);
        let estimated = |value: Option<f64>| value.map_or("–".to_owned(), time);
        let mut row = vec!["  as estimated".to_owned()];
        row.extend([figures.p50, figures.p95, figures.p99].map(estimated));
        row.push(figures.late.map_or("–".to_owned(), percent));
        rows.push(row);
        let names: Vec<&str> =
            figures.untimed.iter().filter_map(|c| analysis.graph.components.get(*c)).map(|c| c.name.as_str()).collect();
        if !names.is_empty() {
            notes.push(format!("{}: add `service_time` or `latency` of {}", flow.name, names.join(", ")));
        } else if found.requests > 0 && found.p99.is_none() {
            notes.push(format!(
                "{}: {} requests are too few for its p99; --requests takes more",
                flow.name, found.requests
            ));
        }
    }
    if results.overwhelmed {
        notes.push("calls pile up without end: the system can't keep up, and the run was broken off".to_owned());
    }
    notes
        .push("± is half the 95 % confidence interval (20 batches, a tenth of the requests for warming up)".to_owned());
    let latency =
        Table { title: "Latency, simulated", columns: columns(&["flow", "p50", "p95", "p99", "failed"]), rows, notes };
    let mut rows = Vec::new();
    for ((component, found), figures) in
        analysis.graph.components.iter().zip(&results.stations).zip(&estimate.components)
    {
        if component.kind == Kind::Client || found.rate <= 0.0 {
            continue;
        }
        let rate = |value| quantity(value, Dimension::RATE, &Hint::Auto);
        rows.push(vec![
            component.name.clone(),
            rate(found.rate),
            rate(figures.peak_rate),
            found.busy.map_or("–".to_owned(), percent),
            if found.refused > 0.0 { percent(found.refused) } else { String::new() },
        ]);
    }
    let stations = Table {
        title: "Components, simulated",
        columns: columns(&["", "calls", "as estimated", "servers busy", "refused"]),
        rows,
        notes: vec![format!("{} events, {} of system time", results.events, time(results.duration))],
    };
    vec![latency, stations]
}

/// All of it; times in seconds.
pub fn json(results: &Results, analysis: &Analysis) -> serde_json::Result<String> {
    let interval = |i: Option<Interval>| i.map(|i| json!({ "value": i.value, "half": i.half }));
    let flows: Vec<Value> = analysis
        .graph
        .flows
        .iter()
        .zip(&results.flows)
        .map(|(flow, f)| {
            json!({
                "flow": flow.name, "requests": f.requests, "failed": f.failed, "mean": interval(f.mean), "p50": interval(f.p50),
                "p95": interval(f.p95), "p99": interval(f.p99), "p999": interval(f.p999),
            })
        })
        .collect();
    let components: Vec<Value> = analysis
        .graph
        .components
        .iter()
        .zip(&results.stations)
        .map(|(c, s)| json!({ "component": c.name, "rate": s.rate, "busy": s.busy, "refused": s.refused }))
        .collect();
    let report = json!({
        "version": 1, "tool": "napkin", "events": results.events, "duration": results.duration,
        "overwhelmed": results.overwhelmed, "flows": flows, "components": components,
    });
    serde_json::to_string_pretty(&report).map(|text| text + "\n")
}
