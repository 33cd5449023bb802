//! Tables of `what-if`: today beside another state.

use serde::Serialize;

use crate::analysis::Analysis;
use crate::quantity::{number, quantity};
use crate::report::failures::{self, Names};
use crate::report::tables::{Table, columns};
use crate::study::what_if::{Change, Comparison};
use crate::vocabulary::{Kind, Target};

/// The tables; figures that stay the same are left out unless `all`.
pub fn tables(comparison: &Comparison, analysis: &Analysis, all: bool) -> Vec<Table> {
    let mut rows = Vec::new();
    for change in &comparison.changes {
        if !(all || change.differs()) || is_client(change, analysis) || change.today.is_none() && change.then.is_none()
        {
            continue;
        }
        rows.push(vec![
            name(change, analysis),
            cell(change, change.today),
            cell(change, change.then),
            difference(change),
        ]);
    }
    let mut notes = Vec::new();
    if rows.is_empty() {
        notes.push("nothing changes".to_owned());
    }
    for (flow, figures) in analysis.graph.flows.iter().zip(&comparison.then.flows) {
        let overloaded = figures.overloaded.and_then(|index| analysis.graph.components.get(index));
        notes.extend(
            overloaded.map(|c| format!("{}: no latency, since {} can't keep up or is gone", flow.name, c.name)),
        );
    }
    let changes = Table { title: "What changes", columns: columns(&["", "today", "then", "change"]), rows, notes };
    let goals = comparison.goals.iter().filter(|goal| goal.today.is_some() || goal.then.is_some());
    let rows = goals.map(|goal| vec![goal.name.clone(), met(goal.today), met(goal.then)]).collect();
    let goals = Table { title: "Objectives", columns: columns(&["", "today", "then"]), rows, notes: Vec::new() };
    [changes, goals].into_iter().filter(|table| !table.rows.is_empty() || !table.notes.is_empty()).collect()
}

/// What follows where something is gone: for a terminal, or as Markdown where no width is given.
pub fn follows(comparison: &Comparison, analysis: &Analysis, all: bool, width: Option<u16>) -> String {
    let Some((loss, goals)) = &comparison.follows else { return String::new() };
    let names = Names { graph: &analysis.graph, goals, verbose: all };
    width.map_or_else(|| failures::one_markdown(loss, &names), |width| failures::one_text(loss, &names, width))
}

fn is_client(change: &Change, analysis: &Analysis) -> bool {
    let component = analysis.graph.components.get(change.index);
    change.metric.target == Target::Component && component.is_some_and(|c| c.kind == Kind::Client)
}

/// `redirect latency.p99`.
fn name(change: &Change, analysis: &Analysis) -> String {
    let graph = &analysis.graph;
    let owner = match change.metric.target {
        Target::Component => graph.components.get(change.index).map(|c| c.name.as_str()),
        Target::Flow => graph.flows.get(change.index).map(|f| f.name.as_str()),
        Target::Data => graph.data.get(change.index).map(|d| d.name.as_str()),
        _ => None,
    };
    owner.map_or(change.metric.key.to_owned(), |owner| format!("{owner} {}", change.metric.key))
}

pub(super) fn cell(change: &Change, value: Option<f64>) -> String {
    match value {
        Some(value) => quantity(value, change.metric.dimension, &change.metric.hint),
        None => "–".to_owned(),
    }
}

/// `+12 %`, `x3.4`, or nothing where one of both isn't known.
pub(super) fn difference(change: &Change) -> String {
    let (Some(mut today), Some(mut then)) = (change.today, change.then) else { return String::new() };
    // Of nines it is what is missing that matters.
    let missing = change.metric.key == "availability";
    if missing {
        (today, then) = (1.0 - today, 1.0 - then);
    }
    if today == 0.0 || then >= crate::quantity::ENDLESS || today >= crate::quantity::ENDLESS {
        return String::new();
    }
    let ratio = then / today;
    let text = if (ratio - 1.0).abs() < 5e-4 {
        return "≈".to_owned();
    } else if (0.5..2.0).contains(&ratio) {
        format!("{:+.1} %", (ratio - 1.0) * 100.0)
    } else {
        format!("x{}", number(ratio))
    };
    if missing { format!("{text} down") } else { text }
}

fn met(state: Option<bool>) -> String {
    match state {
        Some(true) => "met",
        Some(false) => "missed",
        None => "–",
    }
    .to_owned()
}

#[derive(Serialize)]
struct Report<'r> {
    version: u32,
    tool: &'static str,
    figures: Vec<Figure<'r>>,
    objectives: Vec<Objective<'r>>,
    /// What follows where something is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    follows: Option<failures::Follows<'r>>,
}

#[derive(Serialize)]
struct Figure<'r> {
    of: &'static str,
    name: String,
    metric: &'r str,
    today: Option<f64>,
    then: Option<f64>,
}

#[derive(Serialize)]
struct Objective<'r> {
    name: &'r str,
    today: Option<bool>,
    then: Option<bool>,
}

/// All figures in base units, changed or not.
pub fn json(comparison: &Comparison, analysis: &Analysis) -> serde_json::Result<String> {
    let figures = comparison.changes.iter().filter(|change| !is_client(change, analysis)).map(|change| Figure {
        of: change.metric.target.name(),
        name: name(change, analysis).split(' ').next().unwrap_or("").to_owned(),
        metric: change.metric.key,
        today: change.today.filter(|value| *value < crate::quantity::ENDLESS),
        then: change.then.filter(|value| *value < crate::quantity::ENDLESS),
    });
    let goals = comparison.goals.iter();
    let objectives = goals.map(|goal| Objective { name: &goal.name, today: goal.today, then: goal.then }).collect();
    let names = |goals| Names { graph: &analysis.graph, goals, verbose: true };
    let named = comparison.follows.as_ref().map(|(loss, goals)| (loss, names(goals)));
    let follows = named.as_ref().map(|(loss, names)| failures::follows(loss, names));
    let report = Report { version: 1, tool: "napkin", figures: figures.collect(), objectives, follows };
    serde_json::to_string_pretty(&report).map(|text| text + "\n")
}
