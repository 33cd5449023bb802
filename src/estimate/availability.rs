//! Availability of components and flows, with zones as common causes.
//!
//! Given which zones are up, replicas fail independently, so a component is a binomial and a flow a product; the
//! sum over zone states is exact (for the model: independent nodes, independent zones, no common bugs).

use crate::estimate::capacity::per_shard;
use crate::estimate::{Estimate, NODE_AVAILABILITY, Run, ZONE_AVAILABILITY};
use crate::formula::availability::{from_mtbf, k_of_n};
use crate::graph::{Child, Component};
use crate::vocabulary::{Kind, attr};

/// Flows over more zones than this are computed zone by zone, as if zones failed separately for each component.
const MAX_ZONES: usize = 10;

/// How a component fails.
#[derive(Clone, Debug)]
enum Failure {
    /// Always works, for all that is known here.
    Never,
    /// Works this share of time, independently of everything else.
    Whole(f64),
    /// Needs so many of its nodes, which stand in zones (nodes without a zone never lose one).
    Nodes { needed: u64, zones: Vec<(Option<usize>, u64)>, node: f64 },
}

/// Fills in the availability figures.
pub(super) fn availability(run: &Run<'_>, estimate: &mut Estimate) {
    let failures: Vec<Option<Failure>> =
        run.graph.components.iter().enumerate().map(|(index, component)| failure(run, index, component)).collect();
    for ((failure, figures), component) in failures.iter().zip(&mut estimate.components).zip(&run.graph.components) {
        if let Some(failure) = failure {
            figures.availability = Some(expected(&[(1.0, failure)], &[]));
            figures.failures_tolerated = tolerated(component, failure);
        }
    }
    for index in 0..run.graph.flows.len() {
        flow(run, &failures, index, estimate);
    }
}

#[expect(clippy::cast_precision_loss, reason = "node counts are far below 2^52")]
fn tolerated(component: &Component, failure: &Failure) -> Option<f64> {
    match failure {
        Failure::Nodes { needed, zones, .. } => {
            Some(zones.iter().map(|(_, n)| n).sum::<u64>().saturating_sub(*needed) as f64)
        }
        Failure::Whole(_) | Failure::Never if component.is_redundant_product() => Some(1.0),
        _ => None,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole numbers, at least 0 and at most 1e9"
)]
fn failure(run: &Run<'_>, index: usize, component: &Component) -> Option<Failure> {
    let get = |key| run.component(component, key);
    if component.kind == Kind::Client {
        return Some(Failure::Never);
    }
    if run.scenario.is_down(run.graph, index) {
        return Some(Failure::Whole(0.0));
    }
    if let Some(whole) = get(attr!(Component, "availability")) {
        return Some(Failure::Whole(whole));
    }
    let repaired =
        get(attr!(Component, "mtbf")).zip(get(attr!(Component, "mttr"))).and_then(|(mtbf, mttr)| from_mtbf(mtbf, mttr));
    let node = get(attr!(Component, "node_availability")).or(repaired).unwrap_or(NODE_AVAILABILITY);
    let count = per_shard(run, component)? as u64;
    let automatic = component.word(attr!(Component, "replication.failover")) == Some("automatic");
    let primary_only = component.kind == Kind::Database
        && matches!(component.word(attr!(Component, "topology")), None | Some("primary-replica" | "single"))
        && !automatic;
    let majority =
        component.word(attr!(Component, "topology")) == Some("consensus") || component.kind == Kind::Coordinator;
    let factor = get(attr!(Component, "replication.factor")).map(|f| f as u64);
    let (count, needed) =
        match (get(attr!(Component, "needs")).map(|n| n as u64), component.word(attr!(Component, "topology"))) {
            (Some(needed), _) => (count, needed),
            (None, Some("leaderless")) => {
                let copies = factor.unwrap_or(3).min(count);
                let quorum = get(attr!(Component, "quorum.read"))
                    .into_iter()
                    .chain(get(attr!(Component, "quorum.write")))
                    .map(|q| q as u64)
                    .max();
                (copies, quorum.unwrap_or(copies / 2 + 1))
            }
            _ if majority => (count, count / 2 + 1),
            _ if primary_only => (1, 1),
            _ => (count, 1),
        };
    Some(Failure::Nodes { needed, zones: placed(run, component, count), node })
}

/// Nodes by zone, as even as possible.
fn placed(run: &Run<'_>, component: &Component, count: u64) -> Vec<(Option<usize>, u64)> {
    let up: Vec<usize> = component.zones.iter().copied().filter(|zone| !run.scenario.zones.contains(zone)).collect();
    let zones = up.len() as u64;
    if zones == 0 {
        return vec![(None, count)];
    }
    up.into_iter()
        .zip(0..)
        .map(|(zone, place)| (Some(zone), count / zones + u64::from(place < count % zones)))
        .collect()
}

/// The expected value over zone states of the product of `1 − p(1 − A)`, times independent groups.
fn expected(parts: &[(f64, &Failure)], groups: &[Group<'_>]) -> f64 {
    let mut zones: Vec<usize> = parts
        .iter()
        .map(|(_, f)| *f)
        .chain(groups.iter().flat_map(|g| g.branches.iter().flatten().map(|(_, f)| *f)))
        .flat_map(zones_of)
        .collect();
    zones.sort_unstable();
    zones.dedup();
    if zones.len() > MAX_ZONES {
        return parts.iter().map(|part| expected(&[*part], &[])).product();
    }
    let mut total = 0.0;
    for state in 0..1_usize << zones.len() {
        let up = |zone: usize| zones.iter().position(|z| *z == zone).is_none_or(|bit| state >> bit & 1 == 1);
        let weight: f64 =
            zones.iter().map(|&z| if up(z) { ZONE_AVAILABILITY } else { 1.0 - ZONE_AVAILABILITY }).product();
        let series: f64 = parts.iter().map(|(p, failure)| 1.0 - p * (1.0 - given(failure, &up))).product();
        let grouped: f64 = groups.iter().map(|group| group.works(&up)).product();
        total += weight * series * grouped;
    }
    total
}

fn zones_of(failure: &Failure) -> Vec<usize> {
    match failure {
        Failure::Nodes { zones, .. } => zones.iter().filter_map(|(zone, _)| *zone).collect(),
        _ => Vec::new(),
    }
}

/// Availability given which zones are up.
fn given(failure: &Failure, up: &dyn Fn(usize) -> bool) -> f64 {
    match failure {
        Failure::Never => 1.0,
        Failure::Whole(works) => *works,
        Failure::Nodes { needed, zones, node } => {
            let alive: u64 = zones.iter().filter(|(zone, _)| zone.is_none_or(up)).map(|(_, n)| n).sum();
            k_of_n(*needed, alive, *node)
        }
    }
}

/// Parallel branches of which some may fail.
struct Group<'f> {
    probability: f64,
    needed: usize,
    branches: Vec<Vec<(f64, &'f Failure)>>,
}

impl Group<'_> {
    fn works(&self, up: &dyn Fn(usize) -> bool) -> f64 {
        let mut done = vec![1.0];
        for branch in &self.branches {
            let works: f64 = branch.iter().map(|(p, failure)| 1.0 - p * (1.0 - given(failure, up))).product();
            let mut next = vec![0.0; done.len() + 1];
            for (count, probability) in done.iter().enumerate() {
                for (at, share) in [(count, 1.0 - works), (count + 1, works)] {
                    if let Some(slot) = next.get_mut(at) {
                        *slot += probability * share;
                    }
                }
            }
            done = next;
        }
        1.0 - self.probability * (1.0 - done.iter().skip(self.needed).sum::<f64>())
    }
}

fn flow(run: &Run<'_>, failures: &[Option<Failure>], index: usize, estimate: &mut Estimate) {
    let needs = Needs::of(run, failures, index);
    let Some(figures) = estimate.flows.get_mut(index) else { return };
    figures.availability = needs.availability(failures);
    figures.unknown_availability = needs.unknown;
}

/// Who spends each flow's error budget: components with the share of its unavailability that would go if they never failed,
/// the largest first. Shares overlap where failures meet, so they may exceed 1 together.
pub fn spenders(run: &Run<'_>) -> Vec<Vec<(usize, f64)>> {
    let mut failures: Vec<Option<Failure>> =
        run.graph.components.iter().enumerate().map(|(index, component)| failure(run, index, component)).collect();
    (0..run.graph.flows.len()).map(|flow| spenders_of(run, &mut failures, flow)).collect()
}

fn spenders_of(run: &Run<'_>, failures: &mut [Option<Failure>], flow: usize) -> Vec<(usize, f64)> {
    let needs = Needs::of(run, failures, flow);
    let missing = needs.availability(failures).map(|works| 1.0 - works).filter(|missing| *missing > 0.0);
    let Some(missing) = missing else { return Vec::new() };
    let mut list = Vec::new();
    for component in needs.components() {
        let Some(slot) = failures.get_mut(component) else { continue };
        let before = slot.replace(Failure::Never);
        let without = needs.availability(failures).map_or(missing, |works| 1.0 - works);
        if let Some(slot) = failures.get_mut(component) {
            *slot = before;
        }
        list.push((component, (missing - without) / missing));
    }
    list.retain(|(_, share)| *share > 1e-6);
    list.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    list
}

/// What a flow needs: components in series with the chance that a request needs them, and parallel groups.
struct Needs {
    series: Vec<(usize, f64)>,
    groups: Vec<RawGroup>,
    unknown: Vec<usize>,
    empty: bool,
}

impl Needs {
    fn of(run: &Run<'_>, failures: &[Option<Failure>], index: usize) -> Needs {
        let body = run.graph.flows.get(index).map_or(&[][..], |flow| &flow.body);
        let mut collector = Collector { run, failures, series: Vec::new(), unknown: Vec::new() };
        let mut groups = Vec::new();
        collector.body(body, 1.0, &mut groups);
        let Collector { series, mut unknown, .. } = collector;
        unknown.sort_unstable();
        unknown.dedup();
        // A component on the way to all branches is counted once, in the series.
        for (_, _, branches) in &mut groups {
            for branch in branches {
                branch.retain(|(component, _)| !series.iter().any(|(other, _)| other == component));
            }
        }
        Needs { series, groups, unknown, empty: body.is_empty() }
    }

    /// The share of requests that succeed; `None` if a component's failures aren't known.
    fn availability(&self, failures: &[Option<Failure>]) -> Option<f64> {
        if self.empty || !self.unknown.is_empty() {
            return None;
        }
        let named = |list: &[(usize, f64)]| -> Vec<(f64, &Failure)> {
            list.iter().filter_map(|&(c, p)| Some((p, failures.get(c)?.as_ref()?))).collect()
        };
        let group = |(probability, needed, branches): &RawGroup| Group {
            probability: *probability,
            needed: *needed,
            branches: branches.iter().map(|branch| named(branch)).collect(),
        };
        let groups: Vec<Group<'_>> = self.groups.iter().map(group).collect();
        // Nobody needs more than all; rounding may say otherwise.
        Some(expected(&named(&self.series), &groups).min(1.0))
    }

    fn components(&self) -> Vec<usize> {
        let grouped = self.groups.iter().flat_map(|(_, _, branches)| branches.iter().flatten());
        let mut list: Vec<usize> = self.series.iter().chain(grouped).map(|(component, _)| *component).collect();
        list.sort_unstable();
        list.dedup();
        list
    }
}

type RawGroup = (f64, usize, Vec<Vec<(usize, f64)>>);

struct Collector<'c, 'r> {
    run: &'c Run<'r>,
    failures: &'c [Option<Failure>],
    /// Components that must work, with the chance that a request needs them.
    series: Vec<(usize, f64)>,
    unknown: Vec<usize>,
}

impl Collector<'_, '_> {
    fn body(&mut self, children: &[Child], chance: f64, groups: &mut Vec<RawGroup>) {
        for child in children {
            match child {
                Child::Step(step) => self.step(*step, chance, groups),
                Child::Parallel { needed, steps } if *needed == steps.len() => {
                    steps.iter().for_each(|&step| self.step(step, chance, groups));
                }
                Child::Parallel { needed, steps } => {
                    let mut branches = Vec::new();
                    for &step in steps {
                        let outside = std::mem::take(&mut self.series);
                        self.step(step, 1.0, groups);
                        branches.push(std::mem::replace(&mut self.series, outside));
                    }
                    groups.push((chance, *needed, branches));
                }
            }
        }
    }

    fn step(&mut self, index: usize, chance: f64, groups: &mut Vec<RawGroup>) {
        if crate::graph::is_optional(self.run.graph, index) {
            return;
        }
        let Some(step) = self.run.graph.steps.get(index) else { return };
        let repeated = self.run.of(&step.own, attr!(Step, "times")).unwrap_or(1.0);
        let chance = chance * super::traffic::probability(self.run, step) * repeated.min(1.0);
        if self.failures.get(step.callee).is_none_or(Option::is_none) {
            self.unknown.push(step.callee);
        }
        match self.series.iter_mut().find(|(component, _)| *component == step.callee) {
            Some((_, p)) => *p = p.max(chance),
            None => self.series.push((step.callee, chance)),
        }
        self.body(&step.children, chance, groups);
    }
}
