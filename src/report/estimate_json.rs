//! `estimate --format json`, version 1. These structs are frozen: a change of meaning needs a new version.

use serde::Serialize;

use crate::analysis::Analysis;
use crate::estimate::Spreads;
use crate::estimate::metric::METRICS;
use crate::expr::EntityRef;
use crate::lint::World;
use crate::report::origins::{From, origins};
use crate::source::Sources;

#[derive(Serialize)]
struct Report {
    version: u32,
    tool: &'static str,
    name: String,
    samples: usize,
    assumptions: Vec<Assumption>,
    /// How many numbers come from where.
    origins: Origins,
    objectives: Vec<Objective>,
    figures: Vec<Figure>,
}

#[derive(Serialize)]
struct Assumption {
    name: String,
    value: f64,
    uncertain: bool,
}

#[derive(Serialize)]
struct Origins {
    spec: usize,
    assumptions: usize,
    profiles: usize,
    rules_of_thumb: usize,
    defaults: usize,
}

#[derive(Serialize)]
struct Objective {
    flow: Option<String>,
    objective: &'static str,
    /// In the base unit of the figure.
    bound: Option<f64>,
    value: Option<f64>,
    /// Share of samples in which it is met; `null` if the spec doesn't say enough.
    chance: Option<f64>,
}

#[derive(Serialize)]
struct Figure {
    of: &'static str,
    name: String,
    metric: &'static str,
    /// In base units: seconds, bytes, dollars.
    unit: String,
    value: Option<f64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    lower_bound: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    p5: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p50: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p95: Option<f64>,
}

/// Writes all figures. A figure that isn't known has the value `null`.
pub fn json(analysis: &Analysis, spreads: &Spreads, sources: &Sources) -> serde_json::Result<String> {
    let world = World::new(&analysis.graph, &analysis.structure, &analysis.estimate);
    let mut figures = Vec::new();
    for (place, metric) in METRICS.iter().enumerate() {
        for index in 0..metric.count(&analysis.graph) {
            let spread = spreads.by_metric.get(&(place, index));
            let entity = EntityRef { target: metric.target, index: u32::try_from(index).unwrap_or(u32::MAX) };
            figures.push(Figure {
                of: metric.target.name(),
                name: world.name(entity),
                metric: metric.key,
                unit: unit(metric.dimension),
                lower_bound: crate::report::explain::is_lower_bound(metric, index, analysis),
                // What has no end (the load of nodes that are gone) has no number.
                value: metric.value(&analysis.estimate, index).filter(|value| *value < crate::quantity::ENDLESS),
                p5: spread.map(|s| s.p5),
                p50: spread.map(|s| s.p50),
                p95: spread.map(|s| s.p95),
            });
        }
    }
    let definitions = analysis.graph.definitions.iter();
    let assumptions =
        definitions.map(|d| Assumption { name: d.name.clone(), value: d.value, uncertain: d.uncertain }).collect();
    let stated = origins(analysis, sources);
    let count = |from: From| stated.iter().filter(|stated| stated.from == from).count();
    let objectives = spreads.chances.iter().map(|(goal, chance)| Objective {
        flow: goal.flow.and_then(|flow| analysis.graph.flows.get(flow)).map(|flow| flow.name.clone()),
        objective: goal.key,
        bound: goal.stated(&analysis.graph),
        value: goal.value(&analysis.estimate),
        chance: *chance,
    });
    let report = Report {
        version: 1,
        tool: "napkin",
        name: analysis.graph.name.clone(),
        samples: spreads.samples,
        assumptions,
        origins: Origins {
            spec: count(From::Spec),
            assumptions: count(From::Assumption),
            profiles: count(From::Profile),
            rules_of_thumb: count(From::RuleOfThumb),
            defaults: count(From::Default),
        },
        objectives: objectives.collect(),
        figures,
    };
    serde_json::to_string_pretty(&report).map(|text| text + "\n")
}

/// The base unit of a dimension: `B/s`, `s`, `1`.
pub(super) fn unit(dimension: crate::quantity::Dimension) -> String {
    let bases = [("USD", dimension.money), ("B", dimension.data), ("s", dimension.time)];
    let part = |positive: bool| -> String {
        let list = bases.into_iter().filter(|&(_, p)| if positive { p > 0 } else { p < 0 });
        list.map(|(name, p)| if p.abs() == 1 { name.to_owned() } else { format!("{name}^{}", p.abs()) })
            .collect::<Vec<_>>()
            .join("·")
    };
    let (above, below) = (part(true), part(false));
    match (above.is_empty(), below.is_empty()) {
        (true, true) => "1".to_owned(),
        (false, true) => above,
        (true, false) => format!("1/{below}"),
        (false, false) => format!("{above}/{below}"),
    }
}
