//! Availability of components and flows.
//!
//! Given which zones and regions work, components fail independently, each by a binomial of its nodes. A flow's fault tree over
//! components (`graph/outage.rs`) is evaluated for each such state: exact, unless the states or the tree are too many to look at;
//! then what wasn't looked at counts as failed, and the gap says how much that is.

use std::rc::Rc;

use crate::estimate::fate::{Fate, fate};
use crate::estimate::places::{Sky, States};
use crate::estimate::{Estimate, Run};
use crate::graph::{Chance, Component, FlowOutages, Form, Group, OutagePart};
use crate::vocabulary::attr;

/// Fills in the availability figures.
pub(super) fn availability(run: &Run<'_>, estimate: &mut Estimate) {
    let mut system = Fates::new(run);
    for (index, component) in run.graph.components.iter().enumerate() {
        let works = system.works(index);
        let Some(figures) = estimate.components.get_mut(index) else { continue };
        figures.availability = works;
        figures.failures_tolerated = system.fates.get(index).and_then(|fate| tolerated(component, fate.as_ref()?));
    }
    for (outages, figures) in run.structure.outages.flows.iter().zip(&mut estimate.flows) {
        let result = system.flow(run, outages, &mut |_, _| {});
        figures.unknown_availability = system.unknown(outages);
        figures.unavailability = result.map(|result| result.fails);
        figures.availability = result.map(|result| 1.0 - result.fails);
        figures.availability_gap = result.map_or(0.0, |result| result.gap);
    }
}

#[expect(clippy::cast_precision_loss, reason = "node counts are far below 2^52")]
fn tolerated(component: &Component, fate: &Fate) -> Option<f64> {
    match fate {
        Fate::Nodes(nodes) => Some(nodes.count().saturating_sub(nodes.needed) as f64),
        Fate::Whole(_) | Fate::Never if component.is_redundant_product() => Some(1.0),
        _ => None,
    }
}

/// The share of requests that fail: at most `fails`, at least `gap` less.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Failing {
    pub fails: f64,
    pub gap: f64,
}

/// How all components fail, and the places in which they do.
pub(super) struct Fates {
    pub fates: Vec<Option<Fate>>,
    pub sky: Sky,
    /// For the components of the flow that is looked at the probability of having failed.
    failed: Vec<f64>,
}

/// What is known of a flow in one state of the places.
pub(super) struct Moment<'m> {
    /// The probability of each part of the flow's trees.
    pub part: &'m dyn Fn(usize) -> f64,
    /// For each group the probability that it fails the request.
    pub groups: &'m [f64],
    /// The probability that the request fails.
    pub fails: f64,
}

impl Fates {
    pub(super) fn new(run: &Run<'_>) -> Fates {
        let fates: Vec<Option<Fate>> = run.graph.components.iter().map(|component| fate(run, component)).collect();
        Fates { failed: vec![0.0; fates.len()], fates, sky: Sky::new(run) }
    }

    /// The share of time that a component works by itself.
    fn works(&mut self, index: usize) -> Option<f64> {
        let fate = self.fates.get(index)?.as_ref()?;
        let states = self.sky.states(fate.places().collect());
        let mut fails = states.left_out;
        for state in &states.list {
            self.sky.look(state, true);
            fails += state.probability * fate.fails(&self.sky);
            self.sky.look(state, false);
        }
        Some(1.0 - fails.min(1.0))
    }

    /// The components of a flow of which nobody knows how they fail.
    pub(super) fn unknown(&self, outages: &FlowOutages) -> Vec<usize> {
        let known = |component: &usize| self.fates.get(*component).is_some_and(Option::is_some);
        outages.components().into_iter().filter(|component| !known(component)).collect()
    }

    /// The states of all places that a flow depends on.
    pub(super) fn states(&mut self, components: &[usize]) -> Rc<States> {
        let fates = components.iter().filter_map(|component| self.fates.get(*component)?.as_ref());
        let places = fates.flat_map(Fate::places).collect();
        self.sky.states(places)
    }

    /// The share of requests of a flow that fail; `None` if it does nothing, or a component's failures aren't known. `see`
    /// is shown every state with its place in the list of [`Self::states`].
    pub(super) fn flow(
        &mut self,
        run: &Run<'_>,
        outages: &FlowOutages,
        see: &mut dyn FnMut(usize, &Moment<'_>),
    ) -> Option<Failing> {
        let components = outages.components();
        if outages.empty || components.iter().any(|c| self.fates.get(*c).is_none_or(Option::is_none)) {
            return None;
        }
        let chances = chances(run, outages);
        let states = self.states(&components);
        let mut all = Failing { fails: states.left_out, gap: states.left_out };
        for (place, state) in states.list.iter().enumerate() {
            self.sky.look(state, true);
            for &component in &components {
                let fails = self.fates.get(component)?.as_ref()?.fails(&self.sky);
                self.failed.iter_mut().skip(component).take(1).for_each(|slot| *slot = fails);
            }
            self.sky.look(state, false);
            let count = self.failed.len();
            let part = |part: usize| {
                let of = if part < count { self.failed.get(part) } else { chances.get(part - count) };
                of.copied().unwrap_or(0.0)
            };
            let (groups, low): (Vec<f64>, Vec<f64>) =
                outages.groups.iter().map(|group| probability(group, &part)).unzip();
            let spared: f64 = outages.always.iter().map(|component| (-part(*component)).ln_1p()).sum();
            let fails = |groups: &[f64]| -(spared + groups.iter().map(|q| (-q).ln_1p()).sum::<f64>()).exp_m1();
            let now = fails(&groups);
            all.fails += state.probability * now;
            if groups != low {
                all.gap += state.probability * (now - fails(&low));
            }
            see(place, &Moment { part: &part, groups: &groups, fails: now });
        }
        Some(Failing { fails: all.fails.clamp(0.0, 1.0), gap: all.gap.clamp(0.0, 1.0) })
    }
}

/// The probabilities of what is decided anew for each request.
pub(super) fn chances(run: &Run<'_>, outages: &FlowOutages) -> Vec<f64> {
    let first = run.graph.components.len();
    let parts = (first..).map_while(|number| outages.part(number));
    let chance = |part| match part {
        OutagePart::Chance(Chance::Miss(cache)) => super::traffic::condition(run, false, cache),
        OutagePart::Chance(Chance::Step(step)) => run.graph.steps.get(step).map_or(1.0, |step| {
            let stated = run.of(&step.own, attr!(Step, "probability")).unwrap_or(1.0);
            stated * run.of(&step.own, attr!(Step, "times")).unwrap_or(1.0).min(1.0)
        }),
        OutagePart::Component(_) => 1.0,
    };
    parts.map(chance).collect()
}

/// The largest and the smallest probability that a group can have.
pub(super) fn probability(group: &Group, part: &dyn Fn(usize) -> f64) -> (f64, f64) {
    match &group.form {
        Form::Plain => {
            let fails = group.tree.plain_probability(group.top, part);
            (fails, fails)
        }
        Form::Diagram(diagram) => {
            // A sum of shares may be rounded beyond 1.
            let fails = diagram.probability(part).clamp(0.0, 1.0);
            (fails, fails)
        }
        Form::Bounds(examined) => {
            let (mut low, mut high) = group.tree.bounds(group.top, part);
            if let Some((found, gap)) = examined.as_ref().map(|examined| examined.probability(part)) {
                (low, high) = (low.max(found), high.min(found + gap));
            }
            (high.max(low).clamp(0.0, 1.0), low.clamp(0.0, 1.0))
        }
    }
}
