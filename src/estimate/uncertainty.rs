//! Many runs: the spread of every figure when the assumptions vary, how likely objectives are met, and which assumption
//! drives an answer.

use std::collections::{BTreeMap, BTreeSet};

use crate::attributes::{Attribute, AttributeSet, AttributeValue, Input, Origin};
use crate::catalog::Catalog;
use crate::definition::{Point, Sample, Sampler, Spread};
use crate::estimate::metric::{METRICS, Metric};
use crate::estimate::objective::{Objective, objectives};
use crate::estimate::{Estimate, Run, Scenario, estimate};
use crate::expr::StreamId;
use crate::graph::{Graph, Structure};

/// How many samples are taken of a system of ordinary size.
pub const SAMPLES: usize = 1000;
/// How many figures that vary are kept over all samples (256 MB); systems with more get fewer samples, and the report says
/// how many.
const KEPT: usize = 32_000_000;

/// Samples after which it is clear which figures vary.
const TRIED: usize = 64;

/// A figure of which most samples lack a value has no honest spread: more than one in twenty.
const LACKING: usize = 20;

/// The spreads of all figures that vary, and the chances of objectives.
#[derive(Clone, Debug, Default)]
pub struct Spreads {
    /// Metric (place in the table) and index to spread.
    pub by_metric: BTreeMap<(usize, usize), Spread>,
    /// How many samples were taken; 0 if nothing is uncertain.
    pub samples: usize,
    /// For each objective the share of samples in which it is met; `None` where the spec doesn't say enough.
    pub chances: Vec<(Objective, Option<f64>)>,
}

/// What is estimated again and again.
#[derive(Clone, Copy)]
pub struct Model<'m> {
    /// The graph.
    pub graph: &'m Graph,
    /// Its shape.
    pub structure: &'m Structure,
    /// Latency numbers and prices.
    pub catalog: &'m Catalog,
}

impl Model<'_> {
    /// Runs the estimate with the values of one sample and hands both on.
    fn run<R>(&self, sample: &Sample<'_>, scenario: &Scenario, see: impl FnOnce(&Run<'_>, Estimate) -> R) -> R {
        // An input whose arithmetic fails in a sample keeps its median.
        let value = |input: &Input| {
            input.varies.as_ref().and_then(|checked| sample.evaluate(checked).ok()).unwrap_or(input.value)
        };
        let Model { graph, structure, catalog } = *self;
        let run = Run::new((graph, structure, catalog), &value, scenario);
        let figures = estimate(&run);
        see(&run, figures)
    }

    fn streams(&self) -> BTreeSet<StreamId> {
        let mut streams = BTreeSet::new();
        let prices = self.catalog.prices().iter().map(|(_, input)| input);
        for checked in
            inputs(self.graph).map(|(input, _)| input).chain(prices).filter_map(|input| input.varies.as_ref())
        {
            self.graph.definitions.streams(checked, &mut streams);
        }
        streams
    }
}

/// Samples the assumptions and computes the spread of each figure.
#[expect(clippy::cast_precision_loss, reason = "counts of samples")]
pub fn spreads(model: &Model<'_>, scenario: &Scenario, seed: u64, wanted: usize) -> Spreads {
    let graph = model.graph;
    let streams = model.streams();
    let goals = objectives(graph);
    let columns: Vec<(usize, usize)> =
        METRICS.iter().enumerate().flat_map(|(m, metric)| (0..metric.count(graph)).map(move |i| (m, i))).collect();
    // Without uncertainty one sample says all there is to say about objectives.
    let wanted = if streams.is_empty() { 1 } else { wanted.max(50) };
    let varying = if wanted > TRIED { varying(model, scenario, seed, &columns, &streams) } else { columns };
    let count = wanted.min((KEPT / varying.len().max(1)).max(50));
    let sampler = Sampler::new(seed, &streams, count);
    let mut table: Vec<Vec<f64>> = vec![Vec::with_capacity(count); varying.len()];
    let mut decided = vec![(0_usize, 0_usize); goals.len()];
    for index in 0..count {
        // A sample whose arithmetic fails (a division by a sampled zero) says nothing and is left out.
        let Ok(sample) = Sample::new(&graph.definitions, &sampler, index) else { continue };
        model.run(&sample, scenario, |run, figures| {
            for (&(metric, item), column) in varying.iter().zip(&mut table) {
                if let Some(value) = METRICS.get(metric).and_then(|metric| metric.value(&figures, item)) {
                    column.push(value);
                }
            }
            for (goal, (met, all)) in goals.iter().zip(&mut decided) {
                if let Some(is_met) = goal.met(run, &figures) {
                    *met += usize::from(is_met);
                    *all += 1;
                }
            }
        });
    }
    let mut by_metric = BTreeMap::new();
    for (key, mut column) in varying.into_iter().zip(table) {
        if column.len() * LACKING < count * (LACKING - 1) {
            continue;
        }
        if let Some(spread) = Spread::of(&mut column).filter(|spread| spread.p95 > spread.p5) {
            by_metric.insert(key, spread);
        }
    }
    let chance = |(met, all): (usize, usize)| (all > 0).then(|| met as f64 / all as f64);
    let chances = goals.into_iter().zip(decided.into_iter().map(chance)).collect();
    Spreads { by_metric, samples: if streams.is_empty() { 0 } else { count }, chances }
}

/// The figures that differ between a few samples.
fn varying(
    model: &Model<'_>,
    scenario: &Scenario,
    seed: u64,
    columns: &[(usize, usize)],
    streams: &BTreeSet<StreamId>,
) -> Vec<(usize, usize)> {
    let sampler = Sampler::new(seed, streams, TRIED);
    let mut first: Option<Vec<Option<f64>>> = None;
    let mut differs = vec![false; columns.len()];
    for index in 0..TRIED {
        let Ok(sample) = Sample::new(&model.graph.definitions, &sampler, index) else { continue };
        let values: Vec<Option<f64>> = model.run(&sample, scenario, |_, figures| {
            columns.iter().map(|&(m, item)| METRICS.get(m).and_then(|metric| metric.value(&figures, item))).collect()
        });
        match &first {
            Some(first) => {
                for ((differs, value), before) in differs.iter_mut().zip(&values).zip(first) {
                    *differs |= value != before;
                }
            }
            None => first = Some(values),
        }
    }
    columns.iter().zip(differs).filter(|(_, differs)| *differs).map(|(column, _)| *column).collect()
}

/// What one assumption does to a figure.
#[derive(Clone, Debug)]
pub struct Effect {
    /// The assumption, or the attribute that states the value.
    pub name: String,
    /// Share of the variance of the figure's ranks that is due to it alone (first-order Sobol index); 0 for a certain value.
    pub share: f64,
    /// The figure with it at its 5th and 95th percentile, everything else at its median.
    pub ends: Option<(f64, f64)>,
    /// Whether it is a named assumption, which can be halved and doubled.
    pub scales: bool,
    /// The figure with it halved and doubled; `None` where it has no value then.
    pub halved: Option<f64>,
    /// See `halved`.
    pub doubled: Option<f64>,
}

/// How a figure depends on each assumption.
#[derive(Clone, Debug)]
pub struct Sensitivity {
    /// The figure with everything at its median.
    pub median: Option<f64>,
    /// The effects, largest first.
    pub effects: Vec<Effect>,
    /// How many samples the shares rest on.
    pub samples: usize,
}

/// A source of uncertainty or a plain assumption.
struct Cause {
    name: String,
    streams: Vec<StreamId>,
    slot: Option<usize>,
}

/// Which assumption drives a figure of a thing.
///
/// Shares are first-order Sobol indices of ranks: the variance between groups of samples that are alike in the assumption,
/// less what sampling alone would make, over the whole. Ranks, because the latency of a system near its limit has a
/// variance that a handful of samples decide. What they leave of 1 is due to combinations.
pub fn sensitivity(model: &Model<'_>, metric: &Metric, index: usize, seed: u64, wanted: usize) -> Sensitivity {
    let scenario = Scenario::default();
    let sampler = Sampler::new(seed, &model.streams(), wanted);
    let mut values: Vec<(usize, f64)> = Vec::with_capacity(wanted);
    for at in 0..wanted {
        let Ok(sample) = Sample::new(&model.graph.definitions, &sampler, at) else { continue };
        let value = model.run(&sample, &scenario, |_, figures| metric.value(&figures, index));
        // What has no value in a sample (the latency of an overloaded system) is worse than any that has.
        values.push((at, value.filter(|value| value.is_finite()).unwrap_or(f64::MAX)));
    }
    let values = ranks(values);
    let at = |point: &Point| -> Option<f64> {
        let sample = Sample::at(&model.graph.definitions, point).ok()?;
        model.run(&sample, &scenario, |_, figures| metric.value(&figures, index)).filter(|value| value.is_finite())
    };
    let mut effects: Vec<Effect> = causes(model)
        .into_iter()
        .map(|cause| {
            let end = |p| at(&Point { quantiles: cause.streams.iter().map(|s| (*s, p)).collect(), fixed: Vec::new() });
            let scaled = |factor: f64| {
                let slot = cause.slot?;
                let value = model.graph.definitions.get(slot)?.value * factor;
                at(&Point { quantiles: BTreeMap::new(), fixed: vec![(slot, value)] })
            };
            let share = cause.streams.iter().map(|&stream| share(&values, &sampler, stream)).fold(0.0, f64::max);
            let ends = if cause.streams.is_empty() { None } else { end(0.05).zip(end(0.95)) };
            let (halved, doubled) = (scaled(0.5), scaled(2.0));
            Effect { share, ends, halved, doubled, scales: cause.slot.is_some(), name: cause.name }
        })
        .collect();
    let swing = |effect: &Effect| effect.halved.zip(effect.doubled).map_or(0.0, |(a, b)| (b - a).abs());
    effects.sort_by(|a, b| b.share.total_cmp(&a.share).then(swing(b).total_cmp(&swing(a))));
    Sensitivity { median: at(&Point::default()), effects, samples: values.len() }
}

/// Every assumption, and every uncertain value that is stated in place.
fn causes(model: &Model<'_>) -> Vec<Cause> {
    let mut list: Vec<Cause> = Vec::new();
    let mut known: BTreeSet<StreamId> = BTreeSet::new();
    for (slot, definition) in model.graph.definitions.iter().enumerate() {
        let streams = definition.checked.streams();
        known.extend(&streams);
        list.push(Cause { name: definition.name.clone(), streams, slot: Some(slot) });
    }
    let prices = model.catalog.prices().iter().map(|(name, input)| {
        let name: Box<dyn Fn() -> String> = Box::new(move || format!("price of {name}"));
        (input, name)
    });
    for (input, name) in inputs(model.graph).chain(prices) {
        let streams = input.varies.as_ref().map(|checked| checked.streams()).unwrap_or_default();
        let streams: Vec<StreamId> = streams.into_iter().filter(|stream| known.insert(*stream)).collect();
        if !streams.is_empty() {
            list.push(Cause { name: name(), streams, slot: None });
        }
    }
    list
}

/// Values replaced by their ranks, equal ones by their middle rank.
#[expect(clippy::cast_precision_loss, reason = "counts of samples")]
fn ranks(mut values: Vec<(usize, f64)>) -> Vec<(usize, f64)> {
    values.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut ranked = Vec::with_capacity(values.len());
    for alike in values.chunk_by(|a, b| a.1 == b.1) {
        let middle = ranked.len() as f64 + (alike.len() as f64 - 1.0) / 2.0;
        ranked.extend(alike.iter().map(|(sample, _)| (*sample, middle)));
    }
    ranked
}

/// Groups into which samples are sorted; more need more samples than are usual.
const GROUPS: usize = 20;

/// The share of variance between groups of samples alike in one source, corrected for chance (analysis of variance).
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of samples; a place below the number of groups"
)]
fn share(values: &[(usize, f64)], sampler: &Sampler, stream: StreamId) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().map(|(_, value)| value / count).sum::<f64>();
    let total: f64 = values.iter().map(|(_, value)| (value - mean).powi(2)).sum();
    if total <= 0.0 {
        return 0.0;
    }
    let mut groups = [(0.0, 0.0); GROUPS];
    for (sample, value) in values {
        let place = (sampler.quantile(stream, *sample) * GROUPS as f64) as usize;
        if let Some((sum, size)) = groups.get_mut(place.min(GROUPS - 1)) {
            *sum += value - mean;
            *size += 1.0;
        }
    }
    let between: f64 = groups.iter().filter(|(_, n)| *n > 0.0).map(|(sum, n)| sum * sum / n).sum();
    let degrees = GROUPS as f64 - 1.0;
    let noise = (total - between) / (count - GROUPS as f64).max(1.0);
    ((between - degrees * noise) / total).clamp(0.0, 1.0)
}

/// Every number stated anywhere in the graph, with how to name it.
fn inputs(graph: &Graph) -> impl Iterator<Item = (&Input, Box<dyn Fn() -> String + '_>)> {
    let sets = graph.components.iter().flat_map(|c| {
        let facts = c.profile.as_ref().map(|p| (p.product.as_str(), &p.facts));
        std::iter::once((c.name.as_str(), &c.own)).chain(facts)
    });
    let steps = graph.steps.iter().map(|step| {
        let callee = graph.components.get(step.callee).map_or("", |c| c.name.as_str());
        (callee, &step.own)
    });
    let sets = sets.chain(steps).chain(graph.flows.iter().map(|f| (f.name.as_str(), &f.own)));
    let sets = sets.chain(graph.data.iter().map(|d| (d.name.as_str(), &d.own))).chain([("requires", &graph.requires)]);
    let stated = sets.flat_map(|(owner, set)| {
        numbers(set).map(move |(attribute, input)| {
            let name: Box<dyn Fn() -> String> = Box::new(move || match attribute.origin {
                Origin::Fact(_) => format!("{owner} {}", attribute.id.def().key),
                Origin::Spec(_) => format!("{owner}.{}", attribute.id.def().key),
            });
            (input, name)
        })
    });
    let rtts = graph.regions.iter().flat_map(|region| {
        region.rtt.iter().map(move |(_, input)| {
            let name: Box<dyn Fn() -> String> = Box::new(move || format!("{}.rtt", region.name));
            (input, name)
        })
    });
    let places = graph.regions.iter().flat_map(|region| {
        let stated = [(&region.availability, "availability"), (&region.zone_availability, "zone_availability")];
        stated.into_iter().filter_map(move |(stated, key)| {
            let name: Box<dyn Fn() -> String> = Box::new(move || format!("{}.{key}", region.name));
            Some((&stated.as_ref()?.value, name))
        })
    });
    stated.chain(rtts).chain(places)
}

fn numbers(set: &AttributeSet) -> impl Iterator<Item = (&Attribute, &Input)> {
    set.iter().filter_map(|attribute| match &attribute.value {
        AttributeValue::Number(input) => Some((attribute, input)),
        _ => None,
    })
}
