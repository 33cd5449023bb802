//! Figures and objectives of two versions of a spec, and which of them got better or worse.

use std::collections::BTreeMap;

use crate::analysis::Analysis;
use crate::catalog::Catalog;
use crate::estimate::Scenario;
use crate::estimate::metric::{Better, Metric, find};
use crate::estimate::objective::objectives;
use crate::graph::Graph;
use crate::quantity::ENDLESS;
use crate::study::things::Renames;
use crate::study::what_if::{Change, Goal, goal_name, met};
use crate::vocabulary::{Kind, Target};

/// A figure that moved.
pub struct Moved {
    /// The metric with both values; its index is the thing's in the newer version. Latency of a flow that something
    /// can't keep up with is endless.
    pub change: Change,
    /// The thing's name; empty for the system.
    pub owner: String,
    /// What people call the figure: `p99`, `headroom`.
    pub label: &'static str,
    /// Whether it got better; `None` for load and size, and where one of both isn't known.
    pub better: Option<bool>,
}

impl Moved {
    /// The larger of both values over the smaller; endless where it can't be said.
    pub fn ratio(&self) -> f64 {
        let (from, to) = (self.change.today.unwrap_or(0.0).abs(), self.change.then.unwrap_or(0.0).abs());
        let (low, high) = (from.min(to), from.max(to));
        if low > 0.0 { high / low } else { f64::INFINITY }
    }
}

/// The figures that are compared, and what people call them.
#[rustfmt::skip]
const COMPARED: [(Target, &str, &str); 36] = [
    (Target::System, "headroom", "headroom"),
    (Target::System, "cost", "cost"),
    (Target::System, "peak_rate", "peak rate"),
    (Target::System, "storage", "storage"),
    (Target::System, "ingress", "ingress"),
    (Target::System, "egress", "egress"),
    (Target::System, "rpo_node", "RPO, node"),
    (Target::System, "rpo_zone", "RPO, zone"),
    (Target::System, "rpo_region", "RPO, region"),
    (Target::System, "rpo_corruption", "RPO, deletion"),
    (Target::System, "rto_node", "RTO, node"),
    (Target::System, "rto_zone", "RTO, zone"),
    (Target::System, "rto_region", "RTO, region"),
    (Target::System, "rto_corruption", "RTO, deletion"),
    (Target::Flow, "latency.p50", "p50"),
    (Target::Flow, "latency.p95", "p95"),
    (Target::Flow, "latency.p99", "p99"),
    (Target::Flow, "late", "failing at peak"),
    (Target::Flow, "availability", "availability"),
    (Target::Flow, "downtime_per_year", "downtime a year"),
    (Target::Flow, "peak_rate", "peak rate"),
    (Target::Component, "utilization", "utilisation"),
    (Target::Component, "utilization_without_zone", "utilisation, zone gone"),
    (Target::Component, "nodes_needed", "nodes needed"),
    (Target::Component, "nodes", "nodes"),
    (Target::Component, "failures_tolerated", "failures tolerated"),
    (Target::Component, "refused", "refused"),
    (Target::Component, "hit_ratio", "hit ratio"),
    (Target::Component, "cost", "cost"),
    (Target::Data, "full", "storage"),
    (Target::Data, "annual_loss", "loss in a year"),
    (Target::Data, "oldest_read", "oldest read"),
    (Target::Data, "rpo_node", "RPO, node"),
    (Target::Data, "rpo_zone", "RPO, zone"),
    (Target::Data, "rpo_region", "RPO, region"),
    (Target::Data, "rpo_corruption", "RPO, deletion"),
];

/// Figures of what both versions have that moved by at least a share of their old value. Of
/// availability it is the share of what is missing.
pub(super) fn figures(old: Option<&Analysis>, new: Option<&Analysis>, renames: &Renames, threshold: f64) -> Vec<Moved> {
    let mut list = Vec::new();
    let Some((old, new)) = old.zip(new) else { return list };
    for (target, key, label) in COMPARED {
        let Some((_, metric)) = find(target, key) else { continue };
        for (owner, before, after) in pairs(target, old, new, renames) {
            let (today, then) = (value(metric, old, before), value(metric, new, after));
            let change = Change { metric, index: after, today, then };
            if moved(&change, threshold) {
                list.push(Moved { better: better(&change), change, owner, label });
            }
        }
    }
    // Thing by thing; the sort keeps the order of the table within each.
    let order = |target: Target| COMPARED.iter().position(|(other, ..)| *other == target);
    list.sort_by_key(|moved: &Moved| (order(moved.change.metric.target), moved.change.index));
    list
}

/// The things of a kind that both versions have, with their places in both.
fn pairs(target: Target, old: &Analysis, new: &Analysis, renames: &Renames) -> Vec<(String, usize, usize)> {
    if target == Target::System {
        return vec![(String::new(), 0, 0)];
    }
    let older: BTreeMap<&str, usize> = names(&old.graph, target)
        .into_iter()
        .map(|(name, index)| {
            let name = match target {
                Target::Component => renames.component(name),
                Target::Flow => renames.flow(name),
                _ => renames.data(name),
            };
            (name, index)
        })
        .collect();
    let found = names(&new.graph, target).into_iter();
    found.filter_map(|(name, index)| Some((name.to_owned(), *older.get(name)?, index))).collect()
}

/// The things of a kind by name; clients are none that could be sized.
fn names(graph: &Graph, target: Target) -> Vec<(&str, usize)> {
    match target {
        Target::Component => graph
            .components
            .iter()
            .filter(|component| component.kind != Kind::Client)
            .map(|component| (component.name.as_str(), component.index))
            .collect(),
        Target::Flow => graph.flows.iter().map(|flow| flow.name.as_str()).zip(0..).collect(),
        Target::Data => graph.data.iter().map(|data| data.name.as_str()).zip(0..).collect(),
        _ => Vec::new(),
    }
}

fn value(metric: &Metric, analysis: &Analysis, index: usize) -> Option<f64> {
    let known = metric.value(&analysis.estimate, index);
    let is_latency = metric.target == Target::Flow && metric.key.starts_with("latency.");
    let flow = analysis.estimate.flows.get(index).filter(|_| is_latency);
    known.or_else(|| flow?.overloaded.map(|_| f64::INFINITY))
}

/// Whether a figure moved by at least a share of its old value, or got known or unknown.
fn moved(change: &Change, threshold: f64) -> bool {
    let (Some(mut from), Some(mut to)) = (change.today, change.then) else { return change.differs() };
    if from >= ENDLESS || to >= ENDLESS {
        return (from >= ENDLESS) != (to >= ENDLESS);
    }
    if change.metric.key == "availability" {
        (from, to) = (1.0 - from, 1.0 - to);
    }
    // What differs by rounding only hasn't moved, however small the threshold.
    let floor = 1e-6 * from.abs().max(to.abs());
    (to - from).abs() > floor && (to - from).abs() >= threshold * from.abs()
}

fn better(change: &Change) -> Option<bool> {
    let (from, to) = (change.today?, change.then?);
    Some(match change.metric.better()? {
        Better::Higher => to > from,
        Better::Lower => to < from,
    })
}

/// Objectives that are newly missed or newly met. One that was met or missed and now isn't stated is a change of the spec.
pub(super) fn goals(old: Option<&Analysis>, new: Option<&Analysis>, renames: &Renames, catalog: &Catalog) -> Vec<Goal> {
    let none = Scenario::default();
    let state = |analysis: &Analysis, renames: &Renames| -> Vec<(String, Option<bool>)> {
        let goals = objectives(&analysis.graph).into_iter();
        let named = goals.map(|goal| {
            let name = match goal.flow.and_then(|flow| analysis.graph.flows.get(flow)) {
                Some(flow) => format!("{} {}", renames.flow(&flow.name), goal.key),
                None => goal_name(&goal, analysis),
            };
            (name, met(&goal, analysis, (&none, &analysis.estimate), catalog))
        });
        named.collect()
    };
    let before: BTreeMap<String, Option<bool>> = old.map(|old| state(old, renames)).into_iter().flatten().collect();
    let after = new.map(|new| state(new, &Renames::default())).unwrap_or_default();
    let list = after.into_iter().map(|(name, then)| Goal { today: before.get(&name).copied().flatten(), name, then });
    list.filter(|goal| match goal.then {
        Some(false) => goal.today != Some(false),
        Some(true) => goal.today == Some(false),
        None => false,
    })
    .collect()
}
