//! What happened over time: charts of load, latency and errors around each fault, what became of each flow, CSV and JSON.

use serde_json::{Value, json};

use crate::quantity::percent;
use crate::report::chart::spark;
use crate::report::safe;
use crate::report::simulation::{Shown, interval, outcome, quoted, rate, time};
use crate::simulate::{FlowPoint, Outcome, StationPoint, Timeline, Verdict};

/// Columns before a line of a chart: what it is, and its largest value.
const LABEL: usize = 11;
const LARGEST: usize = 10;

/// Components whose load is drawn at most.
const MOST_COMPONENTS: usize = 6;

/// Charts of all flows and of the components that changed most, with the verdicts.
pub fn charts(shown: &Shown<'_>, width: u16) -> String {
    let Some(timeline) = &shown.results.timeline else { return String::new() };
    let columns = usize::from(width).saturating_sub(LABEL + LARGEST + 2).max(10);
    let mut out = String::new();
    let whole = timeline.width * f64::from(u32::try_from(timeline.flows.len()).unwrap_or(u32::MAX));
    out += &format!(
        "Over {}, {} a window; the largest value of each line on its left\n\n",
        time(whole),
        time(timeline.width)
    );
    for index in 0..shown.analysis.graph.flows.len() {
        let points: Vec<FlowPoint> = timeline.flows.iter().filter_map(|flows| flows.get(index).copied()).collect();
        if points.iter().all(|point| point.offered <= 0.0 && point.answered <= 0.0) {
            continue;
        }
        out += &format!("{}\n", safe(shown.flow(index)));
        let came: Vec<Option<f64>> = points.iter().map(|point| Some(point.offered)).collect();
        let most = points.iter().map(|point| point.offered.max(point.answered)).fold(0.0, f64::max);
        out += &line("arrivals", &came, most, &rate, columns);
        let answered: Vec<Option<f64>> = points.iter().map(|point| Some(point.answered)).collect();
        out += &line("answered", &answered, most, &rate, columns);
        let slow: Vec<Option<f64>> = points.iter().map(|point| point.p95.map(|p95| p95.value)).collect();
        out += &line("p95", &slow, slow.iter().flatten().copied().fold(0.0, f64::max), &time, columns);
        if points.iter().any(|point| point.failed > 0.0) {
            let failed: Vec<Option<f64>> = points.iter().map(|point| Some(point.failed)).collect();
            out += &line("failed", &failed, failed.iter().flatten().copied().fold(0.0, f64::max), &percent, columns);
        }
    }
    out += &busiest(shown, timeline, columns);
    out += &faults(timeline, columns);
    out += "\n";
    for (index, verdict) in timeline.verdicts.iter().enumerate() {
        out += &format!("{}\n", wrapped(&sentence(shown, index, verdict), usize::from(width)));
    }
    if !timeline.faults.is_empty() && timeline.verdicts.is_empty() {
        out += "nothing is said of recovery: there is no whole window before the first fault\n";
    }
    out + "\n"
}

fn line(label: &str, values: &[Option<f64>], most: f64, show: &dyn Fn(f64) -> String, columns: usize) -> String {
    format!("  {label:<9}{:>LARGEST$}  {}\n", show(most), spark(values, most, columns))
}

/// How busy those components were whose load changed most.
fn busiest(shown: &Shown<'_>, timeline: &Timeline, columns: usize) -> String {
    let count = timeline.stations.first().map_or(0, Vec::len);
    let points = |at: usize| timeline.stations.iter().filter_map(move |stations| stations.get(at));
    let ends = |at: usize| {
        let busy: Vec<f64> = points(at).filter_map(|point| point.busy).collect();
        (busy.iter().copied().fold(f64::INFINITY, f64::min), busy.iter().copied().fold(0.0, f64::max))
    };
    let mut changed: Vec<(usize, f64, f64)> =
        (0..count).map(|at| (at, ends(at))).map(|(at, (least, most))| (at, most - least, most)).collect();
    changed.retain(|(_, change, _)| change.is_finite() && *change > 0.05);
    changed.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    changed.truncate(MOST_COMPONENTS);
    if changed.is_empty() {
        return String::new();
    }
    let mut out = "busy\n".to_owned();
    for (at, _, most) in changed {
        let values: Vec<Option<f64>> = points(at).map(|point| point.busy).collect();
        let name: String = safe(shown.component(at)).chars().take(LABEL - 2).collect();
        out += &line(&name, &values, most, &percent, columns);
    }
    out
}

/// A line below the charts for each fault, while it lasts.
fn faults(timeline: &Timeline, columns: usize) -> String {
    let windows = timeline.flows.len().max(1);
    let column = |time: f64| (timeline.window(time) * columns.min(windows) / windows).min(columns.saturating_sub(1));
    let mut out = String::new();
    for fault in &timeline.faults {
        let from = column(fault.at);
        let to = fault.end().map_or(columns.min(windows).saturating_sub(1), column).max(from);
        let bar = "━".repeat(to - from + 1);
        out += &format!("{}{}{bar}\n", " ".repeat(LABEL + LARGEST + 2), " ".repeat(from));
        out += &format!("  {}\n", safe(&fault.text));
    }
    out
}

/// What became of a flow, as a sentence.
fn sentence(shown: &Shown<'_>, index: usize, verdict: &Verdict) -> String {
    let name = shown.flow(index);
    let runs = shown.results.runs;
    let some = if verdict.runs < runs { format!(" (in {} of {runs} runs)", verdict.runs) } else { String::new() };
    match verdict.outcome {
        Outcome::Untouched => format!("{name}: no window is much worse than before the fault"),
        Outcome::Recovered(after) if after <= 0.0 => format!("{name}: well again as soon as the fault was over{some}"),
        Outcome::Recovered(after) => format!("{name}: well again {} after the fault was over{some}", time(after)),
        Outcome::Adapted(after) => {
            format!("{name}: well again {} after the fault began, although it lasts{some}", time(after))
        }
        Outcome::Lasting => format!("{name}: unwell as long as the fault lasts{some}"),
        Outcome::Recovering => {
            format!("{name}: not well yet when the run ended, but it gets better{some}; a longer --duration shows more")
        }
        Outcome::Metastable => {
            let kept: Vec<String> =
                verdict.kept_by.iter().map(|(at, before, after)| kept(shown.component(*at), before, after)).collect();
            let by = if kept.is_empty() { String::new() } else { format!(" Kept going by {}.", kept.join("; ")) };
            format!(
                "{name}: METASTABLE FAILURE: the fault is over and the load as before, but it doesn't come back by itself{some}.{by}"
            )
        }
    }
}

fn kept(name: &str, before: &StationPoint, after: &StationPoint) -> String {
    let mut text = format!("{name} ({} busy", percent(after.busy.unwrap_or(0.0)));
    if after.repeated > before.repeated + 0.01 {
        text += &format!(", {} of its calls are retries", percent(after.repeated));
    }
    if after.rate > before.rate * 1.1 {
        text += &format!(", {} calls against {} before", rate(after.rate), rate(before.rate));
    }
    if let (Some(then), Some(now)) = (before.hits, after.hits) {
        text += &format!(", {} hits against {}", percent(now), percent(then));
    }
    if after.waiting > before.waiting + 1.0 {
        text += &format!(", {} waiting", crate::quantity::number(after.waiting.round()));
        // A queue before idle processors: what is held is something else.
        if after.busy.is_some_and(|busy| busy < 0.95) {
            text += ": its threads or connections are held by calls that get no answer; state a `timeout` for them";
        }
    }
    text + ")"
}

/// A sentence in lines of at most so many columns, those after the first indented.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in safe(text).split(' ') {
        let long =
            lines.last().is_some_and(|l| !l.trim().is_empty() && l.chars().count() + 1 + word.chars().count() > width);
        if long {
            lines.push(" ".to_owned());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}

/// A row for each window and flow, then for each window and component.
pub fn csv(shown: &Shown<'_>, timeline: &Timeline) -> String {
    let mut out =
        "begin,kind,name,offered,answered,failed,p50,p95,p99,calls,repeated,busy,waiting,servers,hits\n".to_owned();
    let optional = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
    for (window, (flows, stations)) in (0u32..).zip(timeline.flows.iter().zip(&timeline.stations)) {
        let begin = f64::from(window) * timeline.width;
        for (index, point) in flows.iter().enumerate() {
            let [p50, p95, p99] = [point.p50, point.p95, point.p99].map(|i| optional(i.map(|i| i.value)));
            let name = quoted(shown.flow(index));
            out += &format!(
                "{begin},flow,{name},{},{},{},{p50},{p95},{p99},,,,,,\n",
                point.offered, point.answered, point.failed
            );
        }
        for (index, point) in stations.iter().enumerate().filter(|(_, point)| point.rate > 0.0 || point.busy.is_some())
        {
            let name = quoted(shown.component(index));
            out += &format!(
                "{begin},component,{name},,,,,,,{},{},{},{},{},{}\n",
                point.rate,
                point.repeated,
                optional(point.busy),
                point.waiting,
                point.servers,
                optional(point.hits)
            );
        }
    }
    out
}

/// The windows, faults and verdicts.
pub(super) fn json(shown: &Shown<'_>, timeline: &Timeline) -> Value {
    let flow = |index: usize| -> Value {
        let points = timeline.flows.iter().filter_map(|flows| flows.get(index));
        let points: Vec<Value> = points
            .map(|p| {
                json!({
                    "offered": p.offered, "answered": p.answered, "failed": p.failed, "p50": interval(p.p50),
                    "p95": interval(p.p95), "p99": interval(p.p99),
                })
            })
            .collect();
        let verdict = timeline.verdicts.get(index).map(|verdict| {
            let (word, after) = outcome(verdict.outcome);
            let kept: Vec<&str> = verdict.kept_by.iter().map(|(at, ..)| shown.component(*at)).collect();
            json!({ "outcome": word, "after": after, "runs": verdict.runs, "kept_by": kept })
        });
        json!({ "flow": shown.flow(index), "verdict": verdict, "windows": points })
    };
    let component = |index: usize| -> Value {
        let points = timeline.stations.iter().filter_map(|stations| stations.get(index));
        let points: Vec<Value> = points
            .map(|p| {
                json!({
                    "rate": p.rate, "repeated": p.repeated, "busy": p.busy, "waiting": p.waiting,
                    "servers": p.servers, "hits": p.hits,
                })
            })
            .collect();
        json!({ "component": shown.component(index), "windows": points })
    };
    let faults: Vec<Value> =
        timeline.faults.iter().map(|f| json!({ "text": f.text, "at": f.at, "end": f.end() })).collect();
    json!({
        "width": timeline.width, "faults": faults,
        "flows": (0..shown.analysis.graph.flows.len()).map(flow).collect::<Vec<_>>(),
        "components": (0..shown.analysis.graph.components.len()).map(component).collect::<Vec<_>>(),
    })
}
