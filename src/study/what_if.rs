//! The same system today and in another state, figure by figure.

use crate::analysis::Analysis;
use crate::catalog::Catalog;
use crate::estimate::losses::{Loss, Losses};
use crate::estimate::metric::{METRICS, Metric};
use crate::estimate::objective::{Objective, objectives};
use crate::estimate::{Estimate, Run, Scenario, estimate_scenario};
use crate::vocabulary::Target;

/// A figure in both states, in base units.
pub struct Change {
    /// The metric.
    pub metric: &'static Metric,
    /// Of which thing.
    pub index: usize,
    /// Today's value.
    pub today: Option<f64>,
    /// The other one.
    pub then: Option<f64>,
}

impl Change {
    /// Whether the two differ by more than rounding.
    pub fn differs(&self) -> bool {
        match (self.today, self.then) {
            (Some(a), Some(b)) => (a - b).abs() > 1e-6 * a.abs().max(b.abs()),
            (None, None) => false,
            _ => true,
        }
    }
}

/// An objective in both states.
pub struct Goal {
    /// `redirect p99`.
    pub name: String,
    /// Whether it is met today; `None` if unknown.
    pub today: Option<bool>,
    /// Whether it is met then.
    pub then: Option<bool>,
}

/// What changes.
pub struct Comparison {
    /// Figures by thing, flows first.
    pub changes: Vec<Change>,
    /// Objectives.
    pub goals: Vec<Goal>,
    /// The other state's figures.
    pub then: Estimate,
    /// What follows where something is gone, and the objectives that it points to.
    pub follows: Option<(Loss, Vec<Objective>)>,
}

/// The figures that a comparison goes through.
const SHOWN: [(Target, &str); 16] = [
    (Target::Flow, "peak_rate"),
    (Target::Flow, "latency.p50"),
    (Target::Flow, "latency.p99"),
    (Target::Flow, "late"),
    (Target::Flow, "availability"),
    (Target::Component, "peak_rate"),
    (Target::Component, "utilization"),
    (Target::Component, "nodes_needed"),
    (Target::Component, "in_flight"),
    (Target::Component, "refused"),
    (Target::Data, "full"),
    (Target::System, "headroom"),
    (Target::System, "ingress"),
    (Target::System, "egress"),
    (Target::System, "storage"),
    (Target::System, "cost"),
];

/// Compares today's system with a changed spec in a scenario. Both specs name the same things in the same order.
pub fn compare(today: &Analysis, changed: &Analysis, scenario: &Scenario, catalog: &Catalog) -> Comparison {
    let then = estimate_scenario(&changed.graph, &changed.structure, catalog, scenario);
    let mut changes = Vec::new();
    for (target, key) in SHOWN {
        for metric in METRICS.iter().filter(|metric| metric.target == target && metric.key == key) {
            for index in 0..metric.count(&today.graph) {
                let value = |estimate: &Estimate| metric.value(estimate, index).filter(|v| *v < f64::INFINITY);
                changes.push(Change { metric, index, today: value(&today.estimate), then: value(&then) });
            }
        }
    }
    changes.sort_by_key(|change| {
        let place = SHOWN.iter().position(|(target, _)| *target == change.metric.target);
        (place, change.index)
    });
    let none = Scenario::default();
    let mut goals: Vec<Goal> = objectives(&today.graph)
        .into_iter()
        .map(|goal| Goal {
            name: goal_name(&goal, today),
            today: met(&goal, today, (&none, &today.estimate), catalog),
            then: met(&goal, changed, (scenario, &then), catalog),
        })
        .collect();
    let follows = (!scenario.is_whole()).then(|| {
        let mut losses =
            Losses::new((&changed.graph, &changed.structure, catalog), scenario.scale).compared_with(&today.estimate);
        (losses.without(scenario), losses.goals)
    });
    // What can't keep up fails requests, which no estimate of availability knows.
    for &place in follows.iter().flat_map(|(loss, _): &(Loss, _)| &loss.missed) {
        if let Some(goal) = goals.get_mut(place) {
            goal.then = Some(false);
        }
    }
    Comparison { changes, goals, then, follows }
}

/// `redirect p99`.
pub(super) fn goal_name(goal: &Objective, analysis: &Analysis) -> String {
    let flow = goal.flow.and_then(|flow| analysis.graph.flows.get(flow));
    flow.map_or(goal.key.to_owned(), |flow| format!("{} {}", flow.name, goal.key))
}

/// Whether an objective is met by the figures of a scenario, every assumption at its median.
pub(super) fn met(
    goal: &Objective,
    analysis: &Analysis,
    (scenario, figures): (&Scenario, &Estimate),
    catalog: &Catalog,
) -> Option<bool> {
    let value = |input: &crate::attributes::Input| input.value;
    goal.met(&Run::new((&analysis.graph, &analysis.structure, catalog), &value, scenario), figures)
}
