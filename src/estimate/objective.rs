//! Objectives, and whether they are met.

use crate::estimate::{Estimate, Run};
use crate::graph::Graph;
use crate::quantity::Dimension;
use crate::vocabulary::{AttributeId, attr};

/// An objective that the spec states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Objective {
    /// The flow that it is about; `None` for the system.
    pub flow: Option<usize>,
    /// `p99`, `availability`, `budget` …
    pub key: &'static str,
    /// The figure that it bounds.
    pub figure: &'static str,
    /// Whether it is stated for the whole system.
    shared: bool,
    id: AttributeId,
}

/// Objectives of a flow: its key, the figure that it bounds, where it is stated.
const OF_FLOWS: [(&str, &str, AttributeId); 6] = [
    ("mean", "latency.mean", attr!(Flow, "slo.mean")),
    ("p50", "latency.p50", attr!(Flow, "slo.p50")),
    ("p95", "latency.p95", attr!(Flow, "slo.p95")),
    ("p99", "latency.p99", attr!(Flow, "slo.p99")),
    ("p999", "latency.p999", attr!(Flow, "slo.p999")),
    ("availability", "availability", attr!(Flow, "slo.availability")),
];

/// Objectives that the system states for every flow without one of its own.
const SHARED: [(&str, AttributeId); 2] =
    [("p99", attr!(System, "p99")), ("availability", attr!(System, "availability"))];

/// All objectives of a system, flow by flow.
pub fn objectives(graph: &Graph) -> Vec<Objective> {
    let mut list = Vec::new();
    for (index, flow) in graph.flows.iter().enumerate() {
        for (key, figure, id) in OF_FLOWS {
            let shared = SHARED.iter().find(|(name, id)| *name == key && graph.requires.get(*id).is_some());
            if flow.own.get(id).is_some() {
                list.push(Objective { flow: Some(index), key, figure, shared: false, id });
            } else if let Some((_, id)) = shared {
                list.push(Objective { flow: Some(index), key, figure, shared: true, id: *id });
            }
        }
    }
    let id = attr!(System, "budget");
    if graph.requires.get(id).is_some() {
        list.push(Objective { flow: None, key: "budget", figure: "cost", shared: true, id });
    }
    list
}

impl Objective {
    /// The bound, in base units.
    pub fn bound(&self, run: &Run<'_>) -> Option<f64> {
        match self.flow {
            Some(flow) if !self.shared => run.of(&run.graph.flows.get(flow)?.own, self.id),
            _ => run.of(&run.graph.requires, self.id),
        }
    }

    /// The bound with every uncertainty at its median.
    pub fn stated(&self, graph: &Graph) -> Option<f64> {
        let own = self.flow.filter(|_| !self.shared).and_then(|flow| graph.flows.get(flow)).map(|flow| &flow.own);
        crate::graph::number(own.unwrap_or(&graph.requires).get(self.id)).map(|input| input.value)
    }

    /// The dimension of the figure and of its bound.
    pub fn dimension(&self) -> Dimension {
        match self.key {
            "availability" => Dimension::NONE,
            "budget" => Dimension::MONEY_RATE,
            _ => Dimension::TIME,
        }
    }

    /// The figure that it bounds.
    pub fn value(&self, estimate: &Estimate) -> Option<f64> {
        let flow = self.flow.and_then(|flow| estimate.flows.get(flow));
        match self.key {
            "mean" => flow?.mean,
            "p50" => flow?.p50,
            "p95" => flow?.p95,
            "p99" => flow?.p99,
            "p999" => flow?.p999,
            "availability" => flow?.availability,
            _ => estimate.system.cost,
        }
    }

    /// Whether it is met; `None` if the spec doesn't say enough. A flow that a component can't keep up with meets no
    /// objective for its latency.
    pub fn met(&self, run: &Run<'_>, estimate: &Estimate) -> Option<bool> {
        let bound = self.bound(run)?;
        let overloaded = self.flow.and_then(|flow| estimate.flows.get(flow)).is_some_and(|f| f.overloaded.is_some());
        match (self.key, self.value(estimate)) {
            // Between the bounds of what is too large for an exact figure nothing can be said.
            ("availability", value) => {
                let gap = self.flow.and_then(|flow| estimate.flows.get(flow)).map_or(0.0, |f| f.availability_gap);
                (value? >= bound || value? + gap < bound).then_some(value? >= bound)
            }
            // What nobody priced could still break the budget.
            ("budget", value) if value? <= bound && !estimate.system.unpriced.is_empty() => None,
            ("budget", value) => Some(value? <= bound),
            (_, None) if overloaded => Some(false),
            (_, value) => Some(value? <= bound),
        }
    }
}
