//! A simulation beside the estimate of the same system: tables, CSV and JSON. What happened over time is in `timeline`.

use serde_json::{Value, json};

use crate::analysis::Analysis;
use crate::estimate::Estimate;
use crate::quantity::{Dimension, Hint, percent, quantity};
use crate::report::tables::{Table, columns};
use crate::report::timeline;
use crate::simulate::{Interval, Outcome, Results, Settings, StationResult};
use crate::vocabulary::Kind;

/// What is shown of a simulation.
pub struct Shown<'s> {
    /// What was measured.
    pub results: &'s Results,
    /// The system.
    pub analysis: &'s Analysis,
    /// The estimate of the same state.
    pub estimate: &'s Estimate,
    /// What was run.
    pub settings: &'s Settings,
    /// What had to be assumed.
    pub notes: &'s [String],
}

impl<'s> Shown<'s> {
    /// The name of a flow.
    pub(super) fn flow(&self, index: usize) -> &'s str {
        self.analysis.graph.flows.get(index).map_or("", |flow| &flow.name)
    }

    /// The name of a component.
    pub(super) fn component(&self, index: usize) -> &'s str {
        self.analysis.graph.components.get(index).map_or("", |component| &component.name)
    }
}

pub(super) fn time(value: f64) -> String {
    quantity(value, Dimension::TIME, &Hint::Auto)
}

pub(super) fn rate(value: f64) -> String {
    quantity(value, Dimension::RATE, &Hint::Auto)
}

/// All of it, for a terminal or as Markdown.
pub fn text(shown: &Shown<'_>, width: u16, markdown: bool) -> String {
    let draw = |table: &Table| if markdown { table.markdown() } else { table.text(width) };
    let mut out = String::new();
    if shown.results.timeline.is_some() {
        let chart = timeline::charts(shown, width);
        out += &if markdown { format!("```text\n{chart}```\n\n") } else { chart };
    }
    out + &draw(&latency(shown)) + &draw(&components(shown))
}

/// Latency by flow with 95 % confidence intervals, and the estimate below.
fn latency(shown: &Shown<'_>) -> Table {
    let Shown { results, analysis, estimate, .. } = shown;
    let measured = |interval: Option<Interval>| {
        interval.map_or("–".to_owned(), |i| format!("{} ± {}", time(i.value), percent(i.half / i.value.max(1e-300))))
    };
    let (mut rows, mut notes) = (Vec::new(), Vec::new());
    for ((flow, found), figures) in analysis.graph.flows.iter().zip(&results.flows).zip(&estimate.flows) {
        let mut row = vec![flow.name.clone()];
        row.extend([found.p50, found.p95, found.p99].map(measured));
        row.push(percent(found.failed.value));
        rows.push(row);
        // An estimate is of the steady state; over time there is none to compare with.
        if results.timeline.is_none() {
            let estimated = |value: Option<f64>| value.map_or("–".to_owned(), time);
            let mut row = vec!["  as estimated".to_owned()];
            row.extend([figures.p50, figures.p95, figures.p99].map(estimated));
            row.push(figures.late.map_or("–".to_owned(), percent));
            rows.push(row);
        }
        let names: Vec<&str> = figures.untimed.iter().map(|component| shown.component(*component)).collect();
        if !names.is_empty() {
            notes.push(format!("{}: add `service_time` or `latency` of {}", flow.name, names.join(", ")));
        } else if found.requests > 0 && found.p99.is_none() {
            let requests = found.requests;
            notes.push(format!("{}: {requests} requests are too few for its p99; --requests takes more", flow.name));
        }
        let all = found.requests + found.unanswered;
        if found.unanswered > all / 100 {
            let left = found.unanswered;
            notes.push(format!(
                "{}: {left} of {all} requests had no answer when the runs ended; they don't count",
                flow.name
            ));
        }
        if found.drifting && results.timeline.is_none() {
            notes.push(format!("{}: latencies still grow at the end; more --requests, or it can't keep up", flow.name));
        }
    }
    notes.extend(unanswered(shown));
    if results.overwhelmed {
        notes.push("calls pile up without end: the system can't keep up, and the run was broken off".to_owned());
    }
    notes.extend(shown.notes.iter().cloned());
    notes.push(format!("± is half the 95 % confidence interval, from {} independent runs", results.runs));
    let title = if results.timeline.is_some() { "Latency over all of the time" } else { "Latency, simulated" };
    Table { title, columns: columns(&["flow", "p50", "p95", "p99", "failed"]), rows, notes }
}

/// Over time, flows of which many requests had no answer yet at the end: they are in no percentile and did not fail either.
fn unanswered(shown: &Shown<'_>) -> Vec<String> {
    let windows = || shown.results.timeline.iter().flat_map(|timeline| &timeline.flows);
    let flows = shown.results.flows.iter().enumerate();
    let note = |(flow, found): (usize, &crate::simulate::FlowResult)| {
        let points = || windows().filter_map(move |flows| flows.get(flow));
        let came: f64 = points().map(|point| point.offered).sum();
        let answered: f64 = points().map(|point| point.answered).sum();
        let open = 1.0 - answered / came - found.failed.value;
        let name = shown.flow(flow);
        (open > 0.01).then(|| {
            format!(
                "{name}: {} of its requests had no answer when the time was over; they aren't in these figures",
                percent((open * 100.0).round() / 100.0)
            )
        })
    };
    flows.filter_map(note).collect()
}

/// How busy components were, and what else is known of them.
#[expect(clippy::cast_precision_loss, reason = "a count for people")]
fn components(shown: &Shown<'_>) -> Table {
    let Shown { results, analysis, estimate, .. } = shown;
    let mut rows = Vec::new();
    for ((component, found), figures) in
        analysis.graph.components.iter().zip(&results.stations).zip(&estimate.components)
    {
        if component.kind == Kind::Client || found.rate <= 0.0 {
            continue;
        }
        rows.push(vec![
            component.name.clone(),
            rate(found.rate),
            rate(figures.peak_rate),
            found.busy.map_or("–".to_owned(), percent),
            remarks(found),
        ]);
    }
    Table {
        title: "Components, simulated",
        columns: columns(&["", "calls", "as estimated", "busy", "of the calls"]),
        rows,
        notes: vec![format!(
            "{} events, {} of system time",
            crate::quantity::number(results.events as f64),
            time(results.duration)
        )],
    }
}

/// What happened to calls of a component, beside being answered.
fn remarks(found: &StationResult) -> String {
    let mut parts = Vec::new();
    let mut share = |name: &str, part: f64| {
        if part > 5e-5 {
            parts.push(format!("{} {name}", percent(part)));
        }
    };
    share("hits", found.hits.unwrap_or(0.0));
    share("repeated", found.repeated);
    share("refused", found.refused);
    // What its caller stopped never reached it, and is a share of all that were tried.
    let unsent = |cause: &str| matches!(cause, "breaker" | "bulkhead" | "pool");
    let stopped: f64 = found.failures.iter().filter(|(cause, _)| unsent(cause)).map(|(_, rate)| rate).sum();
    for (cause, rate) in &found.failures {
        let all = if unsent(cause) { found.rate + stopped } else { found.rate };
        share(cause, rate / all.max(1e-300));
    }
    if let Some(backlog) = found.backlog.filter(|waiting| *waiting > 0.05) {
        parts.push(format!("{} waiting", crate::quantity::number(backlog)));
    }
    if found.dead > 0.0 {
        parts.push(format!("{} put aside", rate(found.dead)));
    }
    parts.join(", ")
}

/// A row a flow, or over time a row for each window and flow or component; seconds and rates per second.
pub fn csv(shown: &Shown<'_>) -> String {
    if let Some(timeline) = &shown.results.timeline {
        return timeline::csv(shown, timeline);
    }
    let mut out =
        "flow,requests,failed,mean,mean_half,p50,p50_half,p95,p95_half,p99,p99_half,p999,p999_half\n".to_owned();
    for (index, found) in shown.results.flows.iter().enumerate() {
        out += &format!("{},{},{}", quoted(shown.flow(index)), found.requests, found.failed.value);
        for interval in [found.mean, found.p50, found.p95, found.p99, found.p999] {
            out += &interval.map_or(",,".to_owned(), |i| format!(",{},{}", i.value, i.half));
        }
        out.push('\n');
    }
    out
}

/// A name as a field of CSV; one that a spreadsheet would take for a formula can't be a name of a spec.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

pub(super) fn interval(interval: Option<Interval>) -> Value {
    interval.map_or(Value::Null, |i| json!({ "value": i.value, "half": i.half }))
}

/// All of it; times in seconds, rates per second.
pub fn json(shown: &Shown<'_>) -> serde_json::Result<String> {
    let results = shown.results;
    let flows: Vec<Value> = results
        .flows
        .iter()
        .enumerate()
        .map(|(index, f)| {
            json!({
                "flow": shown.flow(index), "requests": f.requests, "failed": interval(Some(f.failed)),
                "unanswered": f.unanswered,
                "mean": interval(f.mean), "p50": interval(f.p50), "p95": interval(f.p95), "p99": interval(f.p99),
                "p999": interval(f.p999), "drifting": f.drifting,
            })
        })
        .collect();
    let components: Vec<Value> = results
        .stations
        .iter()
        .enumerate()
        .map(|(index, s)| {
            json!({
                "component": shown.component(index), "rate": s.rate, "busy": s.busy, "repeated": s.repeated,
                "refused": s.refused, "hits": s.hits, "backlog": s.backlog, "dead": s.dead, "failures": s.failures,
            })
        })
        .collect();
    let report = json!({
        "version": 1, "tool": "napkin", "seed": shown.settings.seed, "runs": results.runs, "events": results.events,
        "duration": results.duration, "overwhelmed": results.overwhelmed, "notes": shown.notes, "flows": flows,
        "components": components, "timeline": results.timeline.as_ref().map(|t| timeline::json(shown, t)),
    });
    serde_json::to_string_pretty(&report).map(|text| text + "\n")
}

/// An outcome in one word, and the time that belongs to it.
pub(super) fn outcome(outcome: Outcome) -> (&'static str, Option<f64>) {
    match outcome {
        Outcome::Untouched => ("untouched", None),
        Outcome::Recovered(after) => ("recovered", Some(after)),
        Outcome::Adapted(after) => ("adapted", Some(after)),
        Outcome::Lasting => ("lasting", None),
        Outcome::Recovering => ("recovering", None),
        Outcome::Metastable => ("metastable", None),
    }
}
