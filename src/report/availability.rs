//! Availability of flows, what spends their error budgets and what fails them, as tables and as JSON.

use serde_json::{Value, json};

use crate::analysis::Analysis;
use crate::estimate::Run;
use crate::estimate::breakdown::{Breakdown, Cause};
use crate::estimate::objective::{Objective, objectives};
use crate::formula::availability::nines_of_unavailability;
use crate::graph::Graph;
use crate::quantity::{Dimension, Hint, number, percent, quantity};
use crate::report::tables::{Table, columns};
use crate::vocabulary::attr;

/// A year and a month in seconds.
const YEAR: f64 = 365.0 * 86_400.0;
const MONTH: f64 = YEAR / 12.0;

/// Causes and cut sets of a flow that are shown unless all are asked for.
const MOST_CAUSES: usize = 6;
const MOST_CUTS: usize = 8;

/// Characters of a line of words in a table.
const WIDEST: usize = 36;

/// What is reported.
pub struct Report<'r> {
    /// The system.
    pub analysis: &'r Analysis,
    /// What its figures were computed with.
    pub run: &'r Run<'r>,
    /// By flow.
    pub flows: &'r [Option<Breakdown>],
    /// The order up to which cut sets were looked for.
    pub order: usize,
    /// Whether to show what hardly matters too.
    pub all: bool,
}

impl Report<'_> {
    fn graph(&self) -> &Graph {
        &self.analysis.graph
    }

    /// The flows with their names and breakdowns.
    fn known(&self) -> impl Iterator<Item = (usize, &str, &Breakdown)> {
        let flows = self.graph().flows.iter().zip(self.flows).enumerate();
        flows.filter_map(|(index, (flow, breakdown))| Some((index, flow.name.as_str(), breakdown.as_ref()?)))
    }

    fn names(&self, list: &[usize]) -> String {
        let names = list.iter().filter_map(|index| self.graph().components.get(*index)).map(|c| c.name.as_str());
        names.collect::<Vec<_>>().join(", ")
    }

    /// What is missing to count the failovers of some components, and that they count as shorter than they are.
    fn failovers(&self, flow: &str, uncounted: &[usize]) -> String {
        let components = || uncounted.iter().filter_map(|index| self.graph().components.get(*index));
        let unknown = |id| components().any(|component| self.run.component(component, id).is_none());
        let wanted = [
            ("`replication.failover_time`", unknown(attr!(Component, "replication.failover_time"))),
            ("`mtbf`", unknown(attr!(Component, "mtbf"))),
        ];
        let wanted: Vec<&str> = wanted.into_iter().filter(|(_, unknown)| *unknown).map(|(name, _)| name).collect();
        format!("{flow}: without the time of failovers; add {} of {}", wanted.join(" and "), self.names(uncounted))
    }

    /// Components that a flow needs and that have a standby.
    fn standbys(&self, flow: usize) -> Vec<usize> {
        let needed = self.analysis.structure.critical.get(flow).into_iter().flatten().copied();
        let has = |index: &usize| self.graph().components.get(*index).is_some_and(|c| !c.standby.is_empty());
        needed.filter(has).filter(|index| !self.run.scenario.components.contains(index)).collect()
    }

    /// The objective for the availability of a flow, and whether it is met.
    fn objective(&self, flow: usize) -> Option<(f64, Option<bool>)> {
        let wanted = |goal: &Objective| goal.flow == Some(flow) && goal.key == "availability";
        let goal = objectives(self.graph()).into_iter().find(wanted)?;
        let (bound, met) = (goal.bound(self.run)?, goal.met(self.run, &self.analysis.estimate));
        Some((bound, met))
    }
}

fn time(share: f64, period: f64) -> String {
    quantity(share * period, Dimension::TIME, &Hint::Auto)
}

fn nines(fails: f64) -> String {
    nines_of_unavailability(fails).map_or("100 %".to_owned(), |nines| number((nines * 10.0).round() / 10.0))
}

/// A share to whole percent, or to a tenth where it is small.
fn rough(share: f64) -> String {
    match share {
        _ if share >= 0.0995 => percent((share * 100.0).round() / 100.0),
        _ if share >= 0.0005 => percent((share * 1000.0).round() / 1000.0),
        _ => "< 0.1 %".to_owned(),
    }
}

/// The tables.
pub fn tables(report: &Report<'_>) -> Vec<Table> {
    vec![flows(report), causes(report), cuts(report)]
}

fn flows(report: &Report<'_>) -> Table {
    let mut rows = Vec::new();
    let mut notes = Vec::new();
    for (index, flow) in report.graph().flows.iter().enumerate() {
        let goal = report.objective(index).map_or("–".to_owned(), |(bound, met)| match met {
            Some(true) => format!("{} met", percent(bound)),
            Some(false) => format!("{} missed", percent(bound)),
            None => format!("{} ?", percent(bound)),
        });
        let Some(found) = report.flows.get(index).and_then(Option::as_ref) else {
            let missing = report.analysis.estimate.flows.get(index).map(|f| f.unknown_availability.as_slice());
            notes.push(match missing {
                Some([_, ..]) => {
                    let names = report.names(missing.unwrap_or_default());
                    format!("{}: unknown; add `replicas` or `availability` of {names}", flow.name)
                }
                _ => format!("{}: it has no steps", flow.name),
            });
            rows.push(vec![flow.name.clone(), "–".into(), "–".into(), "–".into(), "–".into(), goal]);
            continue;
        };
        let bound = if found.bounded { "≥ " } else { "" };
        let most = if found.bounded { "≤ " } else { "" };
        rows.push(vec![
            flow.name.clone(),
            format!("{bound}{}", percent(1.0 - found.fails)),
            format!("{bound}{}", nines(found.fails)),
            format!("{most}{}", time(found.fails, MONTH)),
            format!("{most}{}", time(found.fails, YEAR)),
            goal,
        ]);
        if found.bounded {
            let (gap, down) = (number(found.gap), time(found.gap, YEAR));
            notes.push(format!("{}: a bound; it is better by at most {gap} ({down} a year)", flow.name));
        }
        if !found.uncounted.is_empty() {
            notes.push(report.failovers(&flow.name, &found.uncounted));
        }
        let waiting: Vec<usize> = report.standbys(index);
        if !waiting.is_empty() {
            let names = report.names(&waiting);
            notes.push(format!("{}: at least, as the standby of {names} in another region isn't counted", flow.name));
        }
    }
    if report.known().any(|(.., found)| !found.bounded) {
        let which = if report.known().any(|(.., found)| found.bounded) { "the others are exact" } else { "exact" };
        notes.push(format!("{which}, for nodes, zones and regions that fail independently"));
    }
    let columns = columns(&["flow", "availability", "nines", "down a month", "down a year", "objective"]);
    Table { title: "Availability", columns, rows, notes }
}

/// Words in lines that leave room for figures beside them.
fn wrapped(words: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < WIDEST => line.extend([" ", word]),
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

/// The flow's name in the first of its rows only.
fn grouped(name: &str, at: usize) -> String {
    if at == 0 { name.to_owned() } else { String::new() }
}

fn causes(report: &Report<'_>) -> Table {
    let mut rows = Vec::new();
    for (_, name, found) in report.known() {
        let matters = |criticality: f64| report.all || criticality >= 0.0005;
        let most = if report.all { usize::MAX } else { MOST_CAUSES };
        let shares = found.shares.iter().filter(|share| matters(share.importance.criticality)).take(most);
        for (at, share) in shares.enumerate() {
            rows.push(vec![
                grouped(name, at),
                share.cause.name(report.graph()),
                time(share.fails, YEAR),
                rough(share.importance.criticality),
                rough(share.then),
                format!("x{}", number(share.importance.achievement)),
            ]);
        }
    }
    let columns = columns(&["flow", "cause", "down a year", "of failures", "fail meanwhile", "worse by"]);
    let notes = vec![
        "down a year: alone, or because the zones or regions are down in which it stands".to_owned(),
        "of failures: those that would go if it never failed; they overlap where failures meet".to_owned(),
        "fail meanwhile: requests that fail while it is down; worse by: that over all requests".to_owned(),
    ];
    Table { title: "What spends the error budget", columns, rows, notes }
}

fn cuts(report: &Report<'_>) -> Table {
    let mut rows = Vec::new();
    let mut notes = Vec::new();
    for (_, name, found) in report.known() {
        let Some(cuts) = &found.cuts else {
            notes.push(format!("{name}: too many ways to fail to list them; ask for a smaller --order"));
            continue;
        };
        let most = if report.all { usize::MAX } else { MOST_CUTS };
        for (at, cut) in cuts.iter().take(most).enumerate() {
            rows.push(vec![
                grouped(name, at),
                wrapped(&cut.words(report.graph())),
                cut.order.to_string(),
                time(cut.probability, YEAR),
                rough(if found.fails > 0.0 { cut.probability / found.fails } else { 0.0 }),
            ]);
        }
        if cuts.len() > most {
            notes.push(format!("{name}: {} more; --all shows them", cuts.len() - most));
        }
        let single: Vec<String> = cuts
            .iter()
            .filter(|cut| cut.is_single_point(report.graph()))
            .map(|cut| cut.words(report.graph()))
            .collect();
        let whole: Vec<String> = cuts
            .iter()
            .filter(|cut| cut.is_redundant_inside(report.graph()))
            .map(|cut| cut.words(report.graph()))
            .collect();
        let whole = match whole.as_slice() {
            [] => String::new(),
            list => format!("; as a whole, though redundant inside: {}", list.join(", ")),
        };
        notes.push(match single.as_slice() {
            [] => format!("{name}: no single point of failure{whole}"),
            list => format!("{name}: single points of failure: {}{whole}", list.join(", ")),
        });
    }
    let columns = columns(&["flow", "fails with", "at once", "a year", "of failures"]);
    Table { title: "What fails a flow: its minimal cut sets", columns, rows, notes }
}

/// The same for machines, version 1.
pub fn json(report: &Report<'_>) -> serde_json::Result<String> {
    let flows: Vec<Value> = report
        .graph()
        .flows
        .iter()
        .zip(report.flows)
        .enumerate()
        .map(|(index, (flow, found))| {
            let goal = report.objective(index);
            let figures = found.as_ref().map(|found| {
                json!({
                    "availability": 1.0 - found.fails,
                    "unavailability": found.fails,
                    "gap": found.gap,
                    "method": if found.bounded { "bound" } else { "exact" },
                    "nines": nines_of_unavailability(found.fails),
                    "downtime_per_month_s": found.fails * MONTH,
                    "downtime_per_year_s": found.fails * YEAR,
                    "failovers_not_counted": found.uncounted.iter().map(|c| Cause::Component(*c).name(report.graph())).collect::<Vec<_>>(),
                    "causes": found.shares.iter().map(|share| cause(report, share)).collect::<Vec<_>>(),
                    "cut_sets": found.cuts.as_ref().map(|cuts| cuts.iter().map(|cut| json!({
                        "fails_with": cut.words(report.graph()),
                        "order": cut.order,
                        "probability": cut.probability,
                        "single_point": cut.is_single_point(report.graph()),
                    })).collect::<Vec<_>>()),
                })
            });
            let unknown = report.analysis.estimate.flows.get(index).map(|f| f.unknown_availability.clone());
            json!({
                "flow": flow.name,
                "objective": goal.map(|(bound, _)| bound),
                "met": goal.and_then(|(_, met)| met),
                "figures": figures,
                "unknown": unknown.unwrap_or_default().into_iter().map(|c| Cause::Component(c).name(report.graph())).collect::<Vec<_>>(),
            })
        })
        .collect();
    let all = json!({ "version": 1, "tool": "napkin", "order": report.order, "flows": flows });
    serde_json::to_string_pretty(&all).map(|text| text + "\n")
}

fn cause(report: &Report<'_>, share: &crate::estimate::breakdown::Share) -> Value {
    let kind = match share.cause {
        Cause::Component(_) => "component",
        Cause::Zone(_) => "zone",
        Cause::Region(_) => "region",
    };
    let measures = share.importance;
    json!({
        "cause": share.cause.name(report.graph()),
        "kind": kind,
        "unavailability": share.fails,
        "share_of_failures": measures.criticality,
        "fails_meanwhile": share.then,
        "birnbaum": measures.birnbaum,
        "diagnostic": measures.diagnostic,
        "risk_achievement": measures.achievement,
        "risk_reduction": Some(measures.reduction).filter(|factor| *factor < f64::MAX),
    })
}
