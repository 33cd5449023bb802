//! Many runs: the spread of every figure when the assumptions vary.

use std::collections::{BTreeMap, BTreeSet};

use crate::attributes::{AttributeSet, AttributeValue, Input};
use crate::catalog::Catalog;
use crate::definition::{Sample, Sampler, Spread};
use crate::estimate::metric::METRICS;
use crate::estimate::{Run, Scenario, estimate};
use crate::graph::{Graph, Structure};

/// How many samples are taken of a system of ordinary size.
pub const SAMPLES: usize = 1000;
/// How many figures are kept over all samples; larger systems get fewer samples, and the report says how many.
const KEPT: usize = 4_000_000;

/// The spreads of all figures that vary: by metric and by the thing it belongs to.
#[derive(Clone, Debug, Default)]
pub struct Spreads {
    /// Metric (place in the table) and index to spread.
    pub by_metric: BTreeMap<(usize, usize), Spread>,
    /// How many samples were taken; 0 if nothing is uncertain.
    pub samples: usize,
}

/// Samples the assumptions and computes the spread of each figure.
pub fn spreads(graph: &Graph, structure: &Structure, catalog: &Catalog, seed: u64, wanted: usize) -> Spreads {
    let mut streams = BTreeSet::new();
    for input in inputs(graph) {
        if let Some(checked) = &input.uncertain {
            graph.definitions.streams(checked, &mut streams);
        }
    }
    let columns: Vec<(usize, usize)> =
        METRICS.iter().enumerate().flat_map(|(m, metric)| (0..metric.count(graph)).map(move |i| (m, i))).collect();
    if streams.is_empty() || columns.is_empty() {
        return Spreads::default();
    }
    let count = wanted.min(KEPT / columns.len()).max(50);
    let sampler = Sampler::new(seed, &streams, count);
    let mut table: Vec<Vec<f64>> = vec![Vec::with_capacity(count); columns.len()];
    for index in 0..count {
        // A sample whose arithmetic fails (a division by a sampled zero) says nothing and is left out.
        let Ok(sample) = Sample::new(&graph.definitions, &sampler, index) else { continue };
        let value = |input: &Input| {
            input.uncertain.as_ref().and_then(|checked| sample.evaluate(checked).ok()).unwrap_or(input.value)
        };
        let figures = estimate(&Run { graph, structure, catalog, value: &value, scenario: &Scenario::default() });
        for (&(metric, item), column) in columns.iter().zip(&mut table) {
            if let Some(value) = METRICS.get(metric).and_then(|metric| (metric.get)(&figures, item)) {
                column.push(value);
            }
        }
    }
    let mut by_metric = BTreeMap::new();
    for (key, mut column) in columns.into_iter().zip(table) {
        // A figure that most samples lack (an overloaded system has no latency) has no honest spread.
        if column.len() * 20 < count * 19 {
            continue;
        }
        if let Some(spread) = Spread::of(&mut column).filter(|spread| spread.p95 > spread.p5) {
            by_metric.insert(key, spread);
        }
    }
    Spreads { by_metric, samples: count }
}

/// Every number stated anywhere in the graph.
fn inputs(graph: &Graph) -> impl Iterator<Item = &Input> {
    let sets = graph.components.iter().flat_map(|c| [Some(&c.own), c.profile.as_ref().map(|p| &p.facts)]).flatten();
    let sets = sets.chain(graph.steps.iter().map(|s| &s.own)).chain(graph.flows.iter().map(|f| &f.own));
    let sets = sets.chain(graph.data.iter().map(|d| &d.own)).chain([&graph.requires]);
    sets.flat_map(numbers).chain(graph.regions.iter().flat_map(|r| r.rtt.iter().map(|(_, input)| input)))
}

fn numbers(set: &AttributeSet) -> impl Iterator<Item = &Input> {
    set.iter().filter_map(|attribute| match &attribute.value {
        AttributeValue::Number(input) => Some(input),
        _ => None,
    })
}
