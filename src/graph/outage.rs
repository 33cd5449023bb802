//! What makes a request of a flow fail, as fault trees over components and over chances of the request.
//!
//! This depends on the shape of a system only, so it is found once; every sample and every scenario then only puts
//! other probabilities into it.

use std::collections::BTreeMap;

use crate::formula::reliability::{Diagram, Examined, FaultTree};
use crate::graph::is_spared;
use crate::graph::{Child, Graph, Step, number};
use crate::vocabulary::attr;

/// Nodes of one diagram; beyond it a bound is computed instead.
const MAX_NODES: usize = 50_000;

/// Nodes of all diagrams of a system that are tried, so that a spec of many tangled flows is no trap.
const MAX_NODES_IN_ALL: usize = 2_000_000;

/// Something that is decided anew for every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chance {
    /// This step happens, apart from its conditions on caches.
    Step(usize),
    /// What is asked for isn't in this cache, although the cache works.
    Miss(usize),
}

/// A part of a flow's fault tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OutagePart {
    /// This component doesn't work by itself.
    Component(usize),
    /// This happens to the request.
    Chance(Chance),
}

/// How the probability of a group is found.
#[derive(Clone, Debug)]
pub enum Form {
    /// No part stands in it twice: event by event.
    Plain,
    /// By a decision diagram.
    Diagram(Diagram),
    /// Too large for that: between bounds, which the combinations of few failed parts tighten if there was time to look.
    Bounds(Option<Examined>),
}

/// Ways to fail that share parts with each other and with no other group.
#[derive(Clone, Debug)]
pub struct Group {
    /// The events.
    pub tree: FaultTree,
    /// The one that fails the request.
    pub top: usize,
    /// How it is computed.
    pub form: Form,
    /// The parts below it, as numbers for [`FlowOutages::part`].
    pub parts: Vec<usize>,
}

/// What makes a flow fail: any of the components that every request needs, or any of the groups.
#[derive(Clone, Debug, Default)]
pub struct FlowOutages {
    /// Components that every request needs.
    pub always: Vec<usize>,
    /// Everything else that may fail it.
    pub groups: Vec<Group>,
    /// Whether it does anything at all.
    pub empty: bool,
    components: usize,
    chances: Vec<Chance>,
}

impl FlowOutages {
    /// What a number in a tree stands for.
    pub fn part(&self, number: usize) -> Option<OutagePart> {
        match number.checked_sub(self.components) {
            None => Some(OutagePart::Component(number)),
            Some(chance) => self.chances.get(chance).map(|chance| OutagePart::Chance(*chance)),
        }
    }

    /// The components that its availability depends on.
    pub fn components(&self) -> Vec<usize> {
        let grouped = self.groups.iter().flat_map(|group| &group.parts).copied().filter(|part| *part < self.components);
        let mut list: Vec<usize> = self.always.iter().copied().chain(grouped).collect();
        list.sort_unstable();
        list.dedup();
        list
    }
}

/// [`FlowOutages`] of every flow.
#[derive(Clone, Debug, Default)]
pub struct Outages {
    /// By flow.
    pub flows: Vec<FlowOutages>,
    /// For each component itself and all that it depends on, in the end.
    pub stands_on: Vec<Vec<usize>>,
    /// For each component those that depend on it, in the end.
    pub dependents: Vec<Vec<usize>>,
}

impl Outages {
    /// Finds them all, and for each flow the components whose loss alone fails some of its requests.
    pub fn new(graph: &Graph) -> (Outages, Vec<Vec<usize>>) {
        let stands_on: Vec<Vec<usize>> = (0..graph.components.len()).map(|index| closure(graph, index)).collect();
        let mut left = MAX_NODES_IN_ALL;
        let (flows, critical) =
            graph.flows.iter().map(|flow| Builder::new(graph, &stands_on).flow(&flow.body, &mut left)).unzip();
        let mut dependents = vec![Vec::new(); stands_on.len()];
        for (index, list) in stands_on.iter().enumerate() {
            for &on in list.iter().filter(|on| **on != index) {
                dependents.iter_mut().skip(on).take(1).for_each(|list| list.push(index));
            }
        }
        (Outages { flows, stands_on, dependents }, critical)
    }
}

fn closure(graph: &Graph, index: usize) -> Vec<usize> {
    let (mut found, mut open) = (vec![index], vec![index]);
    while let Some(at) = open.pop() {
        for &on in graph.components.get(at).map_or(&[][..], |component| &component.depends_on) {
            if !found.contains(&on) {
                found.push(on);
                open.push(on);
            }
        }
    }
    found
}

/// An event, or one of the two that need no tree.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Event {
    Never,
    Always,
    At(usize),
}

struct Builder<'b> {
    graph: &'b Graph,
    stands_on: &'b [Vec<usize>],
    /// Components that every request needs, sorted.
    always: Vec<usize>,
    tree: FaultTree,
    events: BTreeMap<usize, Event>,
    chances: BTreeMap<Chance, (usize, usize)>,
}

impl<'b> Builder<'b> {
    fn new(graph: &'b Graph, stands_on: &'b [Vec<usize>]) -> Self {
        let tree = FaultTree::default();
        Builder { graph, stands_on, always: Vec::new(), tree, events: BTreeMap::new(), chances: BTreeMap::new() }
    }

    fn flow(mut self, body: &[Child], left: &mut usize) -> (FlowOutages, Vec<usize>) {
        let mut uncertain = Vec::new();
        let mut always = Vec::new();
        self.needed(body, &mut always, &mut uncertain);
        always.sort_unstable();
        always.dedup();
        if !uncertain.is_empty() {
            self.always.clone_from(&always);
        }
        let mut tops = Vec::new();
        let mut critical = always.clone();
        for child in uncertain {
            if let Event::At(top) = self.child(child) {
                tops.push(top);
            }
            critical.extend(self.lethal(child));
        }
        critical.sort_unstable();
        critical.dedup();
        let components = self.graph.components.len();
        let mut chances: Vec<(usize, Chance)> = self.chances.iter().map(|(chance, (at, _))| (*at, *chance)).collect();
        chances.sort_unstable();
        let outages = FlowOutages {
            always,
            groups: groups(&self.tree, &tops, left),
            empty: body.is_empty(),
            components,
            chances: chances.into_iter().map(|(_, chance)| chance).collect(),
        };
        (outages, critical)
    }

    /// Splits what a body does into components that every request needs, and the rest.
    fn needed(&self, body: &'b [Child], always: &mut Vec<usize>, rest: &mut Vec<&'b Child>) {
        for child in body {
            match child {
                Child::Step(step) => self.needed_step(*step, child, always, rest),
                Child::Parallel { needed, steps } => {
                    let all = *needed == steps.len() && steps.iter().all(|step| self.certain(*step));
                    if !all {
                        rest.push(child);
                        continue;
                    }
                    for step in steps {
                        self.needed_step(*step, child, always, rest);
                    }
                }
            }
        }
    }

    fn needed_step(&self, index: usize, child: &'b Child, always: &mut Vec<usize>, rest: &mut Vec<&'b Child>) {
        match self.graph.steps.get(index).filter(|_| self.certain(index)) {
            Some(step) => {
                always.extend(self.stands_on.get(step.callee).into_iter().flatten());
                self.needed(&step.children, always, rest);
            }
            None => rest.push(child),
        }
    }

    /// Whether every request makes this call and fails with it.
    fn certain(&self, index: usize) -> bool {
        let Some(step) = self.graph.steps.get(index) else { return false };
        step.conditions.is_empty() && !self.by_chance(step) && step.fallback.is_none() && !is_spared(self.graph, index)
    }

    fn by_chance(&self, step: &Step) -> bool {
        let times = step.own.get(attr!(Step, "times"));
        let often = times.is_none() || number(times).is_some_and(|times| times.varies.is_none() && times.value >= 1.0);
        step.own.get(attr!(Step, "probability")).is_some() || !often
    }

    fn child(&mut self, child: &Child) -> Event {
        match child {
            Child::Step(step) => self.step(*step),
            Child::Parallel { needed, steps } => {
                let events = steps.iter().map(|step| self.step(*step)).collect();
                self.at_least((steps.len() + 1).saturating_sub(*needed), events)
            }
        }
    }

    /// The event that a request fails because of this call and what follows from it.
    fn step(&mut self, index: usize) -> Event {
        let Some(step) = self.graph.steps.get(index) else { return Event::Never };
        if is_spared(self.graph, index) {
            return Event::Never;
        }
        let mut fails = vec![self.component(step.callee)];
        for child in &step.children {
            let event = self.child(child);
            fails.push(event);
        }
        let mut needed = vec![self.at_least(1, fails)];
        if self.by_chance(step) {
            needed.push(self.chance(Chance::Step(index)));
        }
        for &(hit, cache) in &step.conditions {
            let gone = self.component(cache);
            let absent = self.chance(Chance::Miss(cache));
            let miss = self.at_least(1, vec![gone, absent]);
            let condition = if hit { self.not(miss) } else { miss };
            needed.push(condition);
        }
        if let Some(other) = step.fallback {
            needed.push(self.component(other));
        }
        self.at_least(needed.len(), needed)
    }

    /// The event that a component, or something that it depends on, doesn't work. What every request needs works in
    /// these trees: where it doesn't, the request has failed already.
    fn component(&mut self, index: usize) -> Event {
        if let Some(&event) = self.events.get(&index) {
            return event;
        }
        let parts = self.stands_on.get(index).into_iter().flatten().copied();
        let open: Vec<usize> = parts.filter(|part| self.always.binary_search(part).is_err()).collect();
        let events = open.into_iter().map(|part| self.single(part)).collect();
        let event = self.at_least(1, events);
        self.events.insert(index, event);
        event
    }

    /// The event that one component alone doesn't work; the same for everything that depends on it.
    fn single(&mut self, part: usize) -> Event {
        let own = part + self.graph.components.len();
        if let Some(&event) = self.events.get(&own) {
            return event;
        }
        let event = Event::At(self.tree.part(part));
        self.events.insert(own, event);
        event
    }

    fn chance(&mut self, chance: Chance) -> Event {
        let next = self.chances.len();
        if let Some((_, event)) = self.chances.get(&chance) {
            return Event::At(*event);
        }
        let event = self.tree.part(self.graph.components.len() + next);
        self.chances.insert(chance, (next, event));
        Event::At(event)
    }

    fn not(&mut self, event: Event) -> Event {
        match event {
            Event::Never => Event::Always,
            Event::Always => Event::Never,
            Event::At(event) => Event::At(self.tree.not(event)),
        }
    }

    fn at_least(&mut self, k: usize, events: Vec<Event>) -> Event {
        let sure = events.iter().filter(|event| **event == Event::Always).count();
        let open: Vec<usize> =
            events.iter().filter_map(|event| if let Event::At(event) = event { Some(*event) } else { None }).collect();
        match k.checked_sub(sure) {
            None | Some(0) => Event::Always,
            Some(k) if k > open.len() => Event::Never,
            Some(k) => Event::At(self.tree.at_least(k, open)),
        }
    }

    /// The components whose loss alone fails some requests here.
    fn lethal(&self, child: &Child) -> Vec<usize> {
        match child {
            Child::Step(step) => self.lethal_step(*step),
            Child::Parallel { needed, steps } => {
                let spare = steps.len().saturating_sub(*needed);
                let mut branches: BTreeMap<usize, usize> = BTreeMap::new();
                for &step in steps {
                    self.lethal_step(step).into_iter().for_each(|part| *branches.entry(part).or_default() += 1);
                }
                branches.into_iter().filter(|(_, count)| *count > spare).map(|(part, _)| part).collect()
            }
        }
    }

    fn lethal_step(&self, index: usize) -> Vec<usize> {
        let Some(step) = self.graph.steps.get(index) else { return Vec::new() };
        if is_spared(self.graph, index) {
            return Vec::new();
        }
        let mut found = self.stands_on.get(step.callee).cloned().unwrap_or_default();
        found.extend(step.children.iter().flat_map(|child| self.lethal(child)));
        if let Some(other) = step.fallback.and_then(|other| self.stands_on.get(other)) {
            found.retain(|part| other.contains(part));
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Events that share parts belong to one group.
fn groups(tree: &FaultTree, tops: &[usize], left: &mut usize) -> Vec<Group> {
    let mut members: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
    let mut of_part: BTreeMap<usize, usize> = BTreeMap::new();
    for &top in tops {
        let mut parts = tree.parts(top);
        let mut joined: Vec<usize> = parts.iter().filter_map(|part| of_part.get(part).copied()).collect();
        joined.sort_unstable();
        joined.dedup();
        let mut events = vec![top];
        for at in joined {
            if let Some((other_tops, other_parts)) = members.get_mut(at) {
                events.append(other_tops);
                parts.append(other_parts);
            }
        }
        parts.sort_unstable();
        parts.dedup();
        parts.iter().for_each(|part| {
            of_part.insert(*part, members.len());
        });
        members.push((events, parts));
    }
    members.retain(|(tops, _)| !tops.is_empty());
    members
        .into_iter()
        .map(|(mut tops, parts)| {
            tops.sort_unstable();
            let (tree, top) = tree.below(&tops);
            let form = form(&tree, top, left);
            Group { tree, top, form, parts }
        })
        .collect()
}

fn form(tree: &FaultTree, top: usize, left: &mut usize) -> Form {
    if tree.is_read_once(top) {
        return Form::Plain;
    }
    if *left == 0 {
        return Form::Bounds(None);
    }
    match tree.diagram(top, MAX_NODES.min(*left)) {
        Some(diagram) => {
            *left = left.saturating_sub(diagram.size());
            Form::Diagram(diagram)
        }
        None => {
            *left = left.saturating_sub(MAX_NODES);
            Form::Bounds(Some(tree.examine(top)))
        }
    }
}
