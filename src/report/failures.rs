//! What breaks next: for each loss what follows, as text, Markdown and JSON.

use serde::Serialize;

use crate::estimate::at_risk::{AtRisk, Risk};
use crate::estimate::losses::{FlowLoss, Loss};
use crate::estimate::objective::Objective;
use crate::graph::Graph;
use crate::quantity::{Dimension, ENDLESS, Hint, number, percent, quantity};
use crate::report::safe;
use crate::report::tables::{Table, columns};
use crate::study::failures::Outcome;

/// Things of one sort that a line names; further ones are counted.
const NAMED: usize = 3;

/// Names of what outcomes point to.
pub struct Names<'n> {
    /// The system.
    pub graph: &'n Graph,
    /// Its objectives.
    pub goals: &'n [Objective],
    /// Whether lines name everything.
    pub verbose: bool,
}

/// One sort of consequence: what it is, and what it happens to.
struct Line {
    what: &'static str,
    items: Vec<String>,
}

impl Names<'_> {
    fn component(&self, index: usize) -> &str {
        self.graph.components.get(index).map_or("", |component| component.name.as_str())
    }

    fn flow(&self, index: usize) -> &str {
        self.graph.flows.get(index).map_or("", |flow| flow.name.as_str())
    }

    fn goal(&self, place: usize) -> String {
        let Some(goal) = self.goals.get(place) else { return String::new() };
        goal.flow.map_or(goal.key.to_owned(), |flow| format!("{} {}", self.flow(flow), goal.key))
    }

    /// What follows, the worst first.
    fn lines(&self, loss: &Loss) -> Vec<Line> {
        let flows = |keep: &dyn Fn(&&FlowLoss) -> bool, show: &dyn Fn(&FlowLoss) -> String| -> Vec<String> {
            loss.flows.iter().filter(keep).map(show).collect()
        };
        let named = |flow: &FlowLoss| self.flow(flow.flow).to_owned();
        let failing = |flow: &FlowLoss| {
            let least = if flow.at_least { "at least " } else { "" };
            format!("{} {least}{}", self.flow(flow.flow), percent(flow.fails))
        };
        let partly = |flow: &FlowLoss| format!("{} {}", self.flow(flow.flow), percent(flow.degraded));
        let slow = |flow: &FlowLoss| format!("{} {} → {}", self.flow(flow.flow), time(flow.p99.0), time(flow.p99.1));
        let loads = |keep: fn(&crate::estimate::losses::LoadChange) -> bool| -> Vec<String> {
            let kept = loss.loads.iter().filter(|load| keep(load));
            kept.map(|l| format!("{} {} → {}", self.component(l.component), used(l.today), used(l.then))).collect()
        };
        let all = [
            ("flows lost", flows(&|flow| flow.is_lost() && flow.fails_more(), &named)),
            ("fails", flows(&|flow| !flow.is_lost() && flow.fails_more(), &failing)),
            ("data at risk", loss.at_risk.iter().map(|entry| self.risk(entry)).collect()),
            ("overloaded", self.overloaded(loss)),
            ("runs out", self.exhausted(loss)),
            ("now missed", loss.missed.iter().map(|place| self.goal(*place)).collect()),
            ("degraded", flows(&|flow| flow.degraded > 0.0, &partly)),
            ("over target", loads(|load| load.is_strain())),
            ("slower p99", flows(&|flow| flow.is_slower(), &slow)),
            ("retries", self.retried(loss)),
            ("reconnects", self.reconnects(loss)),
            ("fails over", self.pauses(loss)),
        ];
        let mut lines: Vec<Line> = all.into_iter().map(|(what, items)| Line { what, items }).collect();
        if self.verbose {
            lines.push(Line { what: "busier", items: loads(|load| !load.is_overload() && !load.is_strain()) });
        }
        lines.retain(|line| !line.items.is_empty());
        for line in lines.iter_mut().filter(|line| !self.verbose && line.items.len() > NAMED + 1) {
            let more = line.items.len() - NAMED;
            line.items.truncate(NAMED);
            line.items.push(format!("{more} more"));
        }
        lines
    }

    /// What follows as lines of at most so many characters: the sort of consequence, then to what.
    fn block(&self, loss: &Loss, width: usize) -> Vec<String> {
        const SORT: usize = 12;
        let mut block = Vec::new();
        for line in self.lines(loss) {
            let texts = wrapped(&safe(&line.items.join(", ")), width.saturating_sub(SORT + 2), ", ");
            let label = |at| if at == 0 { line.what } else { "" };
            block.extend(texts.iter().enumerate().map(|(at, text)| format!("{:SORT$}  {text}", label(at))));
        }
        if block.is_empty() {
            block.push("nothing".to_owned());
        }
        block
    }

    fn risk(&self, entry: &AtRisk) -> String {
        let data = entry.data.and_then(|data| self.graph.data.get(data)).map(|data| data.name.as_str());
        let name = data.unwrap_or_else(|| self.component(entry.component));
        let window = entry.window.map_or("the newest".to_owned(), |window| time(Some(window)) + " of");
        let amount = match (entry.records, entry.bytes) {
            (Some(records), Some(bytes)) => {
                format!(
                    " (about {} records, {})",
                    number(records.ceil()),
                    quantity(bytes, Dimension::DATA, &Hint::Auto)
                )
            }
            (Some(records), None) => format!(" (about {} records)", number(records.ceil())),
            _ => String::new(),
        };
        match entry.risk {
            Risk::EveryCopy => format!("{name}: every copy, without a backup{amount}"),
            Risk::SinceBackup => format!("{name}: up to {window} writes since the last backup{amount}"),
            Risk::Archived => format!("{name}: every copy; changes are archived"),
            Risk::Lag => format!("{name}: {window} writes that no copy has yet{amount}"),
            Risk::Unflushed => format!("{name}: {window} writes that its store lacks{amount}"),
        }
    }

    fn exhausted(&self, loss: &Loss) -> Vec<String> {
        let each = |used: &crate::estimate::losses::Exhausted| {
            let before = used.today.map_or(String::new(), |share| format!("{} → ", percent(share)));
            format!("{} of {} {before}{}", used.resource, self.component(used.component), self::used(used.then))
        };
        loss.exhausted.iter().map(each).collect()
    }

    fn overloaded(&self, loss: &Loss) -> Vec<String> {
        let each = |load: &crate::estimate::losses::LoadChange| {
            let by_retries = if load.is_by_retries() { " (by retries)" } else { "" };
            format!("{} {} → {}{by_retries}", self.component(load.component), used(load.today), used(load.then))
        };
        loss.overloaded().map(each).collect()
    }

    fn retried(&self, loss: &Loss) -> Vec<String> {
        let each = |again: &crate::estimate::losses::Retried| {
            let factor = number((again.then * 100.0).round() / 100.0);
            format!("x{factor} calls to {}", self.component(again.component))
        };
        loss.retried.iter().map(each).collect()
    }

    fn reconnects(&self, loss: &Loss) -> Vec<String> {
        let each = |back: &crate::estimate::losses::Reconnect| {
            let rate = quantity(back.rate, Dimension::RATE, &Hint::Auto);
            let busy = back.utilization.map_or(String::new(), |busy| format!(" ({} busy)", used(busy)));
            format!("{} {rate}{busy}", self.component(back.component))
        };
        loss.reconnects.iter().map(each).collect()
    }

    fn pauses(&self, loss: &Loss) -> Vec<String> {
        let each = |(component, pause): &(usize, Option<f64>)| {
            let name = self.component(*component);
            pause.map_or(name.to_owned(), |pause| format!("{name}, {} without it", time(Some(pause))))
        };
        loss.pauses.iter().map(each).collect()
    }
}

fn time(seconds: Option<f64>) -> String {
    seconds.map_or("–".to_owned(), |seconds| quantity(seconds, Dimension::TIME, &Hint::Auto))
}

fn used(share: f64) -> String {
    if share >= ENDLESS { "∞".to_owned() } else { percent(share) }
}

const TITLE: &str = "What breaks when it is gone, worst first";

/// For a terminal: without what, what sort of consequence, to what.
pub fn text(outcomes: &[Outcome], names: &Names<'_>, all: bool, width: u16) -> String {
    let shown: Vec<&Outcome> = outcomes.iter().filter(|outcome| all || !outcome.is_harmless()).collect();
    let width = usize::from(width).clamp(40, 160);
    let longest = shown.iter().map(|outcome| outcome.case.name.chars().count()).max().unwrap_or(0);
    let first = longest.clamp(8, width / 4);
    let rule = "─".repeat(width);
    let mut out = format!("{TITLE}\n{rule}\n");
    for outcome in &shown {
        let mut left = wrapped(&safe(&outcome.case.name), first, " ").into_iter();
        let mut right = names.block(&outcome.loss, width - first - 2).into_iter();
        loop {
            let (name, line) = (left.next(), right.next());
            if name.is_none() && line.is_none() {
                break;
            }
            let line = format!("{:first$}  {}", name.unwrap_or_default(), line.unwrap_or_default());
            out += line.trim_end();
            out.push('\n');
        }
    }
    let note = notes(outcomes.len(), shown.len()).map_or(String::new(), |note| format!("  {note}\n"));
    format!("{out}{rule}\n{note}")
}

fn notes(all: usize, shown: usize) -> Option<String> {
    match (all - shown, shown) {
        (0, 0) => Some("there is nothing that could be taken away".to_owned()),
        (_, 0) => Some("nothing that can be taken away costs a request, an objective or data".to_owned()),
        (0, _) => None,
        (1, _) => Some("1 further loss changes nothing of this; --all shows it".to_owned()),
        (more, _) => Some(format!("{more} further losses change nothing of this; --all shows them")),
    }
}

/// Lines of at most so many characters, broken after a separator where there is one, then at spaces.
pub(super) fn wrapped(text: &str, width: usize, separator: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for part in text.split_inclusive(separator) {
        let fits = |line: &str, part: &str| line.chars().count() + part.trim_end().chars().count() <= width;
        if !fits(&line, part) && !line.is_empty() {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
        }
        if fits(&line, part) {
            line += part;
            continue;
        }
        for word in part.split_inclusive(' ') {
            if !fits(&line, word) && !line.is_empty() {
                lines.push(std::mem::take(&mut line).trim_end().to_owned());
            }
            line += word;
        }
    }
    if !line.trim_end().is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// As Markdown.
pub fn markdown(outcomes: &[Outcome], names: &Names<'_>, all: bool) -> String {
    let shown: Vec<&Outcome> = outcomes.iter().filter(|outcome| all || !outcome.is_harmless()).collect();
    let rows = shown.iter().map(|outcome| {
        let lines = names.lines(&outcome.loss);
        let texts: Vec<String> = lines.iter().map(|line| format!("{}: {}", line.what, line.items.join(", "))).collect();
        vec![outcome.case.name.clone(), if texts.is_empty() { "nothing".to_owned() } else { texts.join("; ") }]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let notes = notes(outcomes.len(), shown.len()).into_iter().collect();
    Table { title: TITLE, columns: columns(&["without", "what follows"]), rows, notes }.markdown()
}

/// What follows from one state, for `what-if`.
pub fn one_text(loss: &Loss, names: &Names<'_>, width: u16) -> String {
    let width = usize::from(width).clamp(40, 160);
    let rule = "─".repeat(width);
    format!("What follows\n{rule}\n{}\n{rule}\n{}\n", names.block(loss, width).join("\n"), share(loss))
}

/// The same as Markdown.
pub fn one_markdown(loss: &Loss, names: &Names<'_>) -> String {
    let rows = names.lines(loss).into_iter().map(|line| vec![line.what.to_owned(), line.items.join(", ")]).collect();
    let notes = vec![share(loss).trim().to_owned()];
    Table { title: "What follows", columns: columns(&["", "what"]), rows, notes }.markdown()
}

fn share(loss: &Loss) -> String {
    let also = if loss.degraded > 0.0 { format!(", {} lose a part", percent(loss.degraded)) } else { String::new() };
    format!("  {} of all requests fail{also}\n", percent(loss.fails))
}

#[derive(Serialize)]
struct Report<'r> {
    version: u32,
    tool: &'static str,
    failures: Vec<Failure<'r>>,
}

#[derive(Serialize)]
struct Failure<'r> {
    without: &'r str,
    sort: &'static str,
    #[serde(flatten)]
    follows: Follows<'r>,
}

/// What follows from one loss, as it stands in JSON. Shares from 0 to 1, times in seconds, rates per second, sizes in bytes.
#[derive(Serialize)]
pub(super) struct Follows<'r> {
    fails: f64,
    degraded: f64,
    flows: Vec<FlowRow<'r>>,
    loads: Vec<LoadRow<'r>>,
    exhausted: Vec<ExhaustedRow<'r>>,
    retried: Vec<RetriedRow<'r>>,
    missed: Vec<String>,
    at_risk: Vec<RiskRow<'r>>,
    reconnects: Vec<ReconnectRow<'r>>,
    fails_over: Vec<FailsOverRow<'r>>,
}

#[derive(Serialize)]
struct FlowRow<'r> {
    flow: &'r str,
    lost: bool,
    fails: f64,
    fails_today: f64,
    at_least: bool,
    degraded: f64,
    p99_today: Option<f64>,
    p99: Option<f64>,
}

#[derive(Serialize)]
struct LoadRow<'r> {
    component: &'r str,
    utilization_today: f64,
    utilization: Option<f64>,
    without_retries: Option<f64>,
    target: f64,
    overloaded: bool,
    by_retries: bool,
}

#[derive(Serialize)]
struct ExhaustedRow<'r> {
    component: &'r str,
    resource: &'r str,
    used_today: Option<f64>,
    used: Option<f64>,
}

#[derive(Serialize)]
struct RetriedRow<'r> {
    component: &'r str,
    factor_today: f64,
    factor: f64,
}

#[derive(Serialize)]
struct RiskRow<'r> {
    data: Option<&'r str>,
    component: &'r str,
    risk: &'static str,
    window: Option<f64>,
    records: Option<f64>,
    bytes: Option<f64>,
}

#[derive(Serialize)]
struct ReconnectRow<'r> {
    component: &'r str,
    rate: f64,
    utilization: Option<f64>,
}

#[derive(Serialize)]
struct FailsOverRow<'r> {
    component: &'r str,
    time: Option<f64>,
}

/// What follows, with names in place of numbers.
pub(super) fn follows<'r>(loss: &Loss, names: &'r Names<'_>) -> Follows<'r> {
    let finite = |value: f64| Some(value).filter(|value| *value < ENDLESS);
    let component = |index: usize| names.component(index);
    let flows = loss.flows.iter().map(|f| FlowRow {
        flow: names.flow(f.flow),
        lost: f.is_lost(),
        fails: f.fails,
        fails_today: f.fails_today,
        at_least: f.at_least,
        degraded: f.degraded,
        p99_today: f.p99.0,
        p99: f.p99.1,
    });
    let loads = loss.loads.iter().map(|l| LoadRow {
        component: component(l.component),
        utilization_today: l.today,
        utilization: finite(l.then),
        without_retries: finite(l.without_retries),
        target: l.target,
        overloaded: l.is_overload(),
        by_retries: l.is_by_retries(),
    });
    let exhausted = loss.exhausted.iter().map(|e| ExhaustedRow {
        component: component(e.component),
        resource: e.resource,
        used_today: e.today,
        used: finite(e.then),
    });
    let retried = loss.retried.iter().map(|r| RetriedRow {
        component: component(r.component),
        factor_today: r.today,
        factor: r.then,
    });
    let at_risk = loss.at_risk.iter().map(|r| RiskRow {
        data: r.data.and_then(|data| names.graph.data.get(data)).map(|data| data.name.as_str()),
        component: component(r.component),
        risk: r.risk.name(),
        window: r.window,
        records: r.records,
        bytes: r.bytes,
    });
    let back = loss.reconnects.iter().map(|r| ReconnectRow {
        component: component(r.component),
        rate: r.rate,
        utilization: r.utilization,
    });
    let over = loss.pauses.iter().map(|(index, time)| FailsOverRow { component: component(*index), time: *time });
    Follows {
        fails: loss.fails,
        degraded: loss.degraded,
        flows: flows.collect(),
        loads: loads.collect(),
        exhausted: exhausted.collect(),
        retried: retried.collect(),
        missed: loss.missed.iter().map(|place| names.goal(*place)).collect(),
        at_risk: at_risk.collect(),
        reconnects: back.collect(),
        fails_over: over.collect(),
    }
}

/// All outcomes, worst first, harmless ones included. The schema is `schemas/failures.v1.json`.
pub fn json(outcomes: &[Outcome], names: &Names<'_>) -> serde_json::Result<String> {
    let failures = outcomes.iter().map(|outcome| Failure {
        without: &outcome.case.name,
        sort: outcome.case.sort.name(),
        follows: follows(&outcome.loss, names),
    });
    let report = Report { version: 1, tool: "napkin", failures: failures.collect() };
    serde_json::to_string_pretty(&report).map(|text| text + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_after_commas_and_then_at_spaces() {
        assert_eq!(wrapped("a 1, bb 22, ccc", 8, ", "), ["a 1,", "bb 22,", "ccc"]);
        assert_eq!(wrapped("a 1, bb 22, ccc", 11, ", "), ["a 1, bb 22,", "ccc"]);
        assert_eq!(wrapped("one long item without a comma", 10, ", "), ["one long", "item", "without a", "comma"]);
        assert_eq!(wrapped("", 10, ", "), Vec::<String>::new());
    }
}
