//! Estimates of many states of one system, each computed anew only where it differs from today.
//!
//! Taking something away changes the flows that touch it, these change the load of components, and a component that waits
//! longer changes the flows through it. Everything else is kept. The figures are those of a whole estimate; with retries
//! load settles from today's instead of from none, which agrees to within the rounds' tolerance unless today is a retry storm;
//! then everything is computed anew.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::attributes::Input;
use crate::catalog::Catalog;
use crate::estimate::capacity::{self, Station};
use crate::estimate::traffic::{Calling, at_callee, at_caller, rates, visits};
use crate::estimate::{
    AGREED, ComponentFigures, Estimate, FlowFigures, ROUNDS, ResourceUse, Run, Scenario, cache, latency, resources,
    settled,
};
use crate::graph::{Graph, Structure};
use crate::vocabulary::Kind;

/// Every uncertainty at its median.
static MEDIAN: fn(&Input) -> f64 = |input| input.value;

/// Load, waits, latency and resources in a state.
#[derive(Clone, Default)]
struct Figures {
    estimate: Estimate,
    stations: Vec<Station>,
    attempts: Vec<f64>,
    hits: Rc<[Option<f64>]>,
}

/// A system of which things are taken away, one state after the other.
pub(super) struct Removal<'r> {
    graph: &'r Graph,
    structure: &'r Structure,
    catalog: &'r Catalog,
    scale: f64,
    before: Figures,
    now: Figures,
    /// For each component the steps that it makes or answers, in order.
    steps_of: Vec<Vec<usize>>,
    /// For each component the flows that it begins, takes part in, or on whose hits they depend.
    flows_of: Vec<Vec<usize>>,
    /// Whether some hit ratio is modelled.
    modelled: bool,
    /// Whether today is a retry storm already.
    stormy: bool,
    touched: Touched,
    /// Steps evaluated so far.
    pub work: usize,
}

/// What a state changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Touched {
    /// Components whose load, nodes or resources may differ.
    pub components: BTreeSet<usize>,
    /// Flows whose latency or failures may differ.
    pub flows: BTreeSet<usize>,
}

impl<'r> Removal<'r> {
    /// A system with all rates multiplied by `scale`.
    pub fn new((graph, structure, catalog): (&'r Graph, &'r Structure, &'r Catalog), scale: f64) -> Self {
        let count = graph.components.len();
        let (mut steps_of, mut flows_of) = (vec![Vec::new(); count], vec![Vec::new(); count]);
        for (index, step) in graph.steps.iter().enumerate() {
            let conditions = step.conditions.iter().map(|(_, cache)| *cache);
            for component in [step.caller, step.callee] {
                push(&mut steps_of, component, index);
            }
            for component in conditions.chain([step.caller, step.callee]) {
                push(&mut flows_of, component, step.flow);
            }
        }
        for (index, flow) in graph.flows.iter().enumerate() {
            let Some(begun) = flow.entry.and_then(|entry| flows_of.get_mut(entry)) else { continue };
            if let Err(place) = begun.binary_search(&index) {
                begun.insert(place, index);
            }
        }
        let scenario = Scenario { scale, ..Scenario::default() };
        let mut run = Run::new((graph, structure, catalog), &MEDIAN, &scenario);
        run.hits = cache::hits(&run).into();
        let (mut estimate, stations) = settled(&run);
        resources::resources(&run, &mut estimate);
        let attempts = estimate.attempts.clone();
        let before = Figures { estimate, stations, attempts, hits: run.hits.clone() };
        Removal {
            graph,
            structure,
            catalog,
            scale,
            modelled: before.hits.iter().any(Option::is_some),
            stormy: structure.repeats && before.estimate.flows.iter().any(|flow| flow.overloaded.is_some()),
            now: before.clone(),
            before,
            steps_of,
            flows_of,
            touched: Touched::default(),
            work: graph.steps.len(),
        }
    }

    /// The system.
    pub fn graph(&self) -> &'r Graph {
        self.graph
    }

    /// Today's figures.
    pub fn before(&self) -> &Estimate {
        &self.before.estimate
    }

    /// The steps that a component makes or answers.
    pub fn steps_of(&self, component: usize) -> &[usize] {
        self.steps_of.get(component).map_or(&[], Vec::as_slice)
    }

    /// Computes a state and shows it: the run, its figures and what may differ from today. Everything else is as today.
    pub fn see<R>(&mut self, scenario: &Scenario, see: impl FnOnce(&Self, &Run<'_>, &Estimate, &Touched) -> R) -> R {
        let scenario = &Scenario { scale: self.scale, ..scenario.clone() };
        let mut run = Run::new((self.graph, self.structure, self.catalog), &MEDIAN, scenario);
        run.hits = self.before.hits.clone();
        // Only what fewer nodes or other requests change in a modelled hit ratio is computed again.
        if self.modelled {
            run.hits = cache::hits(&run).into();
            self.work += self.graph.components.len();
        }
        self.settle(&run);
        let result = see(self, &run, &self.now.estimate, &self.touched);
        self.restore();
        result
    }

    /// Components that a scenario takes nodes from, or whose hit ratio it changes.
    fn changed(&self, run: &Run<'_>) -> BTreeSet<usize> {
        let scenario = run.scenario;
        let mut changed: BTreeSet<usize> = scenario.components.iter().chain(scenario.nodes.keys()).copied().collect();
        changed.extend(&scenario.primaries);
        if !scenario.zones.is_empty() || !scenario.regions.is_empty() {
            let placed = |component: &crate::graph::Component| {
                component.zones.iter().any(|zone| scenario.zones.contains(zone))
                    || component.regions.iter().any(|region| scenario.regions.contains(region))
            };
            changed.extend(self.graph.components.iter().filter(|c| placed(c)).map(|c| c.index));
        }
        if !Rc::ptr_eq(&run.hits, &self.before.hits) {
            let pairs = run.hits.iter().zip(self.before.hits.iter()).enumerate();
            changed.extend(pairs.filter(|(_, (now, before))| now != before).map(|(index, _)| index));
        }
        changed
    }

    fn settle(&mut self, run: &Run<'_>) {
        let mut components = self.changed(run);
        let mut flows: BTreeSet<usize> = components
            .iter()
            .flat_map(|&component| self.flows_of.get(component).into_iter().flatten())
            .copied()
            .collect();
        // A storm of today's retries would keep itself alive in a state in which load settles calmly from none.
        if self.stormy {
            self.now.attempts.fill(1.0);
            flows.extend(0..self.graph.flows.len());
        }
        for _ in 0..ROUNDS {
            components.extend(self.load(run, &flows));
            let slower = self.wait(run, &components);
            let late: BTreeSet<usize> = flows.iter().chain(&slower).copied().collect();
            self.touched.components.append(&mut components);
            let again = self.respond(run, &late);
            self.touched.flows.extend(late);
            if !self.structure.repeats || again.is_empty() {
                break;
            }
            flows = again;
        }
        self.fill(run);
    }

    /// The visits of some flows; returns the components on their way.
    fn load(&mut self, run: &Run<'_>, flows: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut reached = BTreeSet::new();
        for &index in flows {
            let Some(flow) = self.graph.flows.get(index) else { continue };
            let estimate = &mut self.now.estimate;
            visits(run, index, &self.now.attempts, &mut estimate.visits, &mut estimate.once);
            let steps = self.graph.steps.get(flow.steps.clone()).unwrap_or(&[]);
            reached.extend(steps.iter().flat_map(|step| [step.caller, step.callee]));
            self.work += steps.len();
        }
        reached
    }

    /// Load and waits of some components; returns the flows through those that changed.
    fn wait(&mut self, run: &Run<'_>, components: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut slower = BTreeSet::new();
        for &index in components {
            // Nobody asks how busy clients are, who make the calls of all flows.
            let Some(component) = self.graph.components.get(index).filter(|c| c.kind != Kind::Client) else { continue };
            let mut figures = ComponentFigures::default();
            self.work += self.steps_of.get(index).map_or(0, Vec::len);
            for &at in self.steps_of.get(index).into_iter().flatten() {
                let Some(step) = self.graph.steps.get(at) else { continue };
                let call = Calling::of(run, at, step, &self.now.attempts, &self.now.estimate);
                if step.callee == index {
                    at_callee(run, step, &call, &mut figures);
                }
                if step.caller == index {
                    at_caller(&call, &mut figures);
                }
            }
            let station = capacity::one(run, component, &mut figures);
            if let Some(before) = self.before.estimate.components.get(index) {
                figures.connections = before.connections;
                figures.reconnect_rate = before.reconnect_rate;
            }
            if let Some(slot) = self.now.estimate.components.get_mut(index) {
                *slot = figures;
            }
            if let Some(slot) = self.now.stations.get_mut(index).filter(|slot| **slot != station) {
                *slot = station;
                slower.extend(self.flows_of.get(index).into_iter().flatten());
            }
        }
        slower
    }

    /// The latency of some flows; returns those whose attempts changed.
    fn respond(&mut self, run: &Run<'_>, flows: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut again = BTreeSet::new();
        for &index in flows {
            let Some(flow) = self.graph.flows.get(index) else { continue };
            let mut figures = FlowFigures::default();
            rates(run, flow, &mut figures);
            if let Some(slot) = self.now.estimate.flows.get_mut(index) {
                *slot = figures;
            }
            latency::of_flow(run, &self.now.stations, index, &mut self.now.estimate);
            self.work += flow.steps.len();
            for step in flow.steps.clone() {
                let then = self.now.estimate.attempts.get(step).copied().unwrap_or(1.0);
                if let Some(attempts) = self.now.attempts.get_mut(step) {
                    if (then / *attempts - 1.0).abs() > AGREED {
                        again.insert(index);
                    }
                    *attempts = then;
                }
            }
        }
        again
    }

    /// What is in progress at the components of the flows that changed, and the resources that it takes.
    fn fill(&mut self, run: &Run<'_>) {
        let mut links = BTreeSet::new();
        for flow in self.touched.flows.iter().filter_map(|&flow| self.graph.flows.get(flow)) {
            let steps = self.graph.steps.get(flow.steps.clone()).unwrap_or(&[]);
            links.extend(steps.iter().map(|step| step.link));
            self.touched.components.extend(steps.iter().flat_map(|step| [step.caller, step.callee]));
        }
        let estimate = &mut self.now.estimate;
        for link in links.iter().filter_map(|&link| self.graph.links.get(link)) {
            let calls = link.steps.iter().filter_map(|&step| estimate.in_progress.get(step)).sum();
            if let Some(slot) = estimate.pool_in_use.get_mut(&(link.caller, link.callee)) {
                *slot = calls;
            }
        }
        for &index in &self.touched.components {
            let Some(component) = self.graph.components.get(index).filter(|c| c.kind != Kind::Client) else { continue };
            let of = |end: fn(&crate::graph::Step) -> usize| {
                let steps = self.steps_of.get(index).into_iter().flatten();
                let waiting = steps.filter_map(|&at| Some((at, self.graph.steps.get(at)?)));
                waiting.filter(move |(_, step)| end(step) == index && !step.asynchronous).map(|(at, _)| at)
            };
            let sum = |list: &mut dyn Iterator<Item = usize>| -> Option<f64> {
                list.filter_map(|at| estimate.in_progress.get(at).copied()).reduce(|a, b| a + b)
            };
            let (served, opened) = (sum(&mut of(|step| step.callee)), sum(&mut of(|step| step.caller)).unwrap_or(0.0));
            if let Some(figures) = estimate.components.get_mut(index) {
                figures.in_flight = served;
            }
            let list: Vec<ResourceUse> = resources::of_component(run, component, index, opened, estimate);
            if let Some(figures) = estimate.components.get_mut(index) {
                figures.resources = list;
            }
        }
    }

    fn restore(&mut self) {
        let Touched { components, flows } = std::mem::take(&mut self.touched);
        for index in components {
            copy(&mut self.now.estimate.components, &self.before.estimate.components, index);
            copy(&mut self.now.stations, &self.before.stations, index);
        }
        for index in flows {
            copy(&mut self.now.estimate.flows, &self.before.estimate.flows, index);
            let Some(flow) = self.graph.flows.get(index) else { continue };
            let (now, before) = (&mut self.now, &self.before);
            for step in flow.steps.clone() {
                copy(&mut now.attempts, &before.attempts, step);
                copy(&mut now.estimate.attempts, &before.estimate.attempts, step);
                copy(&mut now.estimate.visits, &before.estimate.visits, step);
                copy(&mut now.estimate.once, &before.estimate.once, step);
                copy(&mut now.estimate.in_progress, &before.estimate.in_progress, step);
            }
            let steps = self.graph.steps.get(flow.steps.clone()).unwrap_or(&[]);
            for pair in steps.iter().map(|step| (step.caller, step.callee)) {
                let before = before.estimate.pool_in_use.get(&pair);
                if let Some((now, before)) = now.estimate.pool_in_use.get_mut(&pair).zip(before) {
                    *now = *before;
                }
            }
        }
    }
}

fn copy<T: Clone>(to: &mut [T], from: &[T], index: usize) {
    if let (Some(to), Some(from)) = (to.get_mut(index), from.get(index)) {
        to.clone_from(from);
    }
}

/// Adds to a list whose entries come in order, once each.
fn push(lists: &mut [Vec<usize>], at: usize, value: usize) {
    if let Some(list) = lists.get_mut(at).filter(|list| list.last() != Some(&value)) {
        list.push(value);
    }
}
