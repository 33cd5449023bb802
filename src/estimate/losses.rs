//! What follows when a part of a system is gone: load on what is left, failing and degraded requests, missed objectives,
//! threads held, calls that retries multiply, and data at risk.

use crate::catalog::Catalog;
use crate::estimate::at_risk::{AtRisk, at_risk};
use crate::estimate::objective::{Objective, objectives};
use crate::estimate::outage::{cut, primary_is_gone};
use crate::estimate::removal::{Removal, Touched};
use crate::estimate::{ComponentFigures, Estimate, Run, Scenario, TARGET_UTILISATION};
use crate::graph::{Flow, Graph, Structure, is_optional};
use crate::vocabulary::{Kind, attr};

/// Shares smaller than this are rounding.
const TINY: f64 = 1e-6;
/// A load or a latency that grows by less isn't worth a word.
const SLIGHT: f64 = 1e-3;
/// From this factor on retries are said to multiply calls.
const MULTIPLIED: f64 = 1.05;

/// What a flow loses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlowLoss {
    /// The flow.
    pub flow: usize,
    /// Share of its requests that fail at peak.
    pub fails: f64,
    /// And today.
    pub fails_today: f64,
    /// Whether that is a lower bound, since something can't keep up: of what arrives it answers at most its capacity.
    pub at_least: bool,
    /// Share of its requests that succeed without a part: with a fallback, or with work that nobody waits for left undone.
    pub degraded: f64,
    /// Its p99 today and then, in seconds; `None` where it has no end or isn't known.
    pub p99: (Option<f64>, Option<f64>),
}

impl FlowLoss {
    /// Whether no request succeeds.
    pub fn is_lost(&self) -> bool {
        self.fails >= 1.0 - 1e-9
    }

    /// Whether more of its requests fail than today.
    pub fn fails_more(&self) -> bool {
        self.fails > self.fails_today + TINY
    }

    /// Whether its p99 grows by what a user may notice: 5 %.
    pub fn is_slower(&self) -> bool {
        self.slower().is_some_and(|factor| factor > 1.05)
    }

    /// The factor by which its p99 grows, where it answers at all.
    pub fn slower(&self) -> Option<f64> {
        let (today, then) = (self.p99.0?, self.p99.1?);
        (today > 0.0 && !self.is_lost()).then(|| then / today)
    }
}

/// How busy a component gets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoadChange {
    /// The component.
    pub component: usize,
    /// Its utilisation today.
    pub today: f64,
    /// And then.
    pub then: f64,
    /// Then, if nothing were called again.
    pub without_retries: f64,
    /// What the team plans for.
    pub target: f64,
}

impl LoadChange {
    /// Whether it could keep up and can't any more.
    pub fn is_overload(&self) -> bool {
        self.then >= 1.0 && self.today < 1.0
    }

    /// Whether only calls that are made again overload it.
    pub fn is_by_retries(&self) -> bool {
        self.is_overload() && self.without_retries < 1.0
    }

    /// Whether it keeps up, but beyond what is planned for.
    pub fn is_strain(&self) -> bool {
        !self.is_overload() && self.then < 1.0 && self.then > self.target && self.today <= self.target
    }
}

/// A limit that is reached, such as threads that are all held by calls that wait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exhausted {
    /// The component.
    pub component: usize,
    /// `threads`, `connections`, `memory` …
    pub resource: &'static str,
    /// The share in use today; `None` if it wasn't counted.
    pub today: Option<f64>,
    /// And what would be in use then.
    pub then: f64,
}

/// A component that is called more often because calls fail and are made again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retried {
    /// The component.
    pub component: usize,
    /// Calls per second at peak over those without any repetition, today.
    pub today: f64,
    /// And then.
    pub then: f64,
}

/// Clients that connect again to what is left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reconnect {
    /// The component that accepts them.
    pub component: usize,
    /// New connections per second.
    pub rate: f64,
    /// Its utilisation with the handshakes, where these and its cores are known.
    pub utilization: Option<f64>,
}

impl Reconnect {
    /// Whether it can't keep up meanwhile.
    pub fn is_overload(&self) -> bool {
        self.utilization.is_some_and(|busy| busy >= 1.0)
    }
}

/// What follows from one loss. Components and flows that nothing happens to are not in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loss {
    /// Flows that fail, lose a part or get slower, in the order of the spec.
    pub flows: Vec<FlowLoss>,
    /// Components that are left and get busier, the busiest first.
    pub loads: Vec<LoadChange>,
    /// Limits that are reached, the farthest beyond first.
    pub exhausted: Vec<Exhausted>,
    /// Components that are called more often, the most multiplied first.
    pub retried: Vec<Retried>,
    /// Objectives that are missed although they were met, by their places in [`Losses::goals`]. Those of lost flows
    /// aren't among them.
    pub missed: Vec<usize>,
    /// Data at risk.
    pub at_risk: Vec<AtRisk>,
    /// Clients that come back.
    pub reconnects: Vec<Reconnect>,
    /// Components that fail over by themselves, and how long that takes if stated.
    pub pauses: Vec<(usize, Option<f64>)>,
    /// Share of all requests at peak that fail.
    pub fails: f64,
    /// Share of all requests at peak that succeed without a part.
    pub degraded: f64,
}

impl Loss {
    /// Flows of which no request succeeds.
    pub fn lost(&self) -> impl Iterator<Item = usize> + '_ {
        self.flows.iter().filter(|flow| flow.is_lost() && flow.fails_more()).map(|flow| flow.flow)
    }

    /// Components that can't keep up any more.
    pub fn overloaded(&self) -> impl Iterator<Item = &LoadChange> {
        self.loads.iter().filter(|load| load.is_overload())
    }

    /// The largest factor by which the p99 of a flow that still answers grows; 1 if none does.
    pub fn slower(&self) -> f64 {
        self.flows.iter().filter_map(FlowLoss::slower).fold(1.0, f64::max)
    }
}

/// A system from which things are taken.
pub struct Losses<'r> {
    graph: &'r Graph,
    removal: Removal<'r>,
    /// The objectives of the spec.
    pub goals: Vec<Objective>,
    /// Whether each is met today.
    met: Vec<Option<bool>>,
    /// For each flow the places of its objectives.
    goals_of: Vec<Vec<usize>>,
    /// The share of each flow's requests that fails today, and whether that is a lower bound.
    failing: Vec<(f64, bool)>,
    peak: f64,
}

impl<'r> Losses<'r> {
    /// Prepares a system with all rates multiplied by `scale`. Every uncertainty is at its median.
    pub fn new(system: (&'r Graph, &'r Structure, &'r Catalog), scale: f64) -> Self {
        let graph = system.0;
        let mut removal = Removal::new(system, scale);
        let goals = objectives(graph);
        let mut goals_of = vec![Vec::new(); graph.flows.len()];
        for (place, goal) in goals.iter().enumerate() {
            if let Some(list) = goal.flow.and_then(|flow| goals_of.get_mut(flow)) {
                list.push(place);
            }
        }
        let (met, failing) = removal.see(&Scenario::default(), |_, run, figures, _| {
            let met = goals.iter().map(|goal| goal.met(run, figures)).collect();
            let failing = (0..graph.flows.len()).map(|flow| failing(run, figures, flow)).collect();
            (met, failing)
        });
        let peak = removal.before().flows.iter().filter_map(|flow| flow.peak_rate).sum();
        Losses { graph, removal, goals, met, goals_of, failing, peak }
    }

    /// Compares with an estimate of today that is whole. What this one needs for losses leaves availability out, without which
    /// an objective for it that is missed today would count as newly missed.
    #[must_use]
    pub fn compared_with(mut self, today: &Estimate) -> Self {
        let Losses { removal, goals, met, .. } = &mut self;
        *met =
            removal.see(&Scenario::default(), |_, run, _, _| goals.iter().map(|goal| goal.met(run, today)).collect());
        self
    }

    /// How much work it was so far, in steps evaluated.
    pub fn work(&self) -> usize {
        self.removal.work
    }

    /// What follows from a scenario. Its `scale` is not read.
    pub fn without(&mut self, scenario: &Scenario) -> Loss {
        let Losses { graph, removal, goals, met, goals_of, failing, peak } = self;
        let today = Today { graph, goals, met, goals_of, failing };
        let mut loss = removal.see(scenario, |removal, run, figures, touched| {
            let mut loss = Loss::default();
            today.flows(removal.before(), run, figures, touched, &mut loss);
            today.components(removal, run, figures, touched, &mut loss);
            loss.at_risk = at_risk(run, figures, &touched.components);
            loss
        });
        let mut shares = (0.0, 0.0);
        for flow in &loss.flows {
            let rate = removal.before().flows.get(flow.flow).and_then(|f| f.peak_rate).unwrap_or(0.0);
            shares.0 += rate * (flow.fails - flow.fails_today).max(0.0);
            shares.1 += rate * flow.degraded;
        }
        if *peak > 0.0 {
            (loss.fails, loss.degraded) = (shares.0 / *peak, shares.1 / *peak);
        }
        loss
    }
}

/// What a loss is compared with.
struct Today<'t> {
    graph: &'t Graph,
    goals: &'t [Objective],
    met: &'t [Option<bool>],
    goals_of: &'t [Vec<usize>],
    failing: &'t [(f64, bool)],
}

impl Today<'_> {
    fn flows(&self, before: &Estimate, run: &Run<'_>, figures: &Estimate, touched: &Touched, loss: &mut Loss) {
        for &flow in &touched.flows {
            let cut = cut(run, flow);
            let (fails, at_least) = failing(run, figures, flow);
            let degraded = cut.as_ref().map_or(0.0, |cut| cut.degraded).min(1.0 - fails).max(0.0);
            let p99 = |estimate: &Estimate| estimate.flows.get(flow).and_then(|f| f.p99);
            let was = self.failing.get(flow).map_or(0.0, |(share, _)| *share);
            let (fails_today, p99) = (was, (p99(before), p99(figures)));
            let entry = FlowLoss { flow, fails, fails_today, at_least, degraded, p99 };
            let slower = entry.slower().is_some_and(|factor| (factor - 1.0).abs() > SLIGHT);
            if entry.fails_more() || degraded > TINY || slower || entry.p99.0.is_some() && entry.p99.1.is_none() {
                loss.flows.push(entry);
            }
            if entry.is_lost() {
                continue;
            }
            let gone = cut.is_some_and(|cut| cut.fails > 0.0);
            for &place in self.goals_of.get(flow).into_iter().flatten() {
                let Some(goal) = self.goals.get(place) else { continue };
                let missed = match goal.key {
                    // What counts is the share that fails in this state.
                    "availability" => goal.bound(run).is_some_and(|bound| fails > 1.0 - bound && was <= 1.0 - bound),
                    // The latency of those that don't fail isn't known.
                    _ if gone => false,
                    _ => goal.met(run, figures) == Some(false),
                };
                if missed && self.met.get(place).copied().flatten() != Some(false) {
                    loss.missed.push(place);
                }
            }
        }
    }

    fn components(&self, removal: &Removal<'_>, run: &Run<'_>, figures: &Estimate, touched: &Touched, loss: &mut Loss) {
        for &index in &touched.components {
            let (Some(component), Some(then), Some(today)) = (
                self.graph.components.get(index).filter(|component| component.kind != Kind::Client),
                figures.components.get(index),
                removal.before().components.get(index),
            ) else {
                continue;
            };
            let (before, after) = (multiplied(removal, index, removal.before()), multiplied(removal, index, figures));
            if after > MULTIPLIED && after > before * MULTIPLIED {
                loss.retried.push(Retried { component: index, today: before, then: after });
            }
            if then.nodes == Some(0.0) || run.scenario.is_down(self.graph, index) {
                continue;
            }
            if let Some(load) = load_change(run, component, today, then, after) {
                loss.loads.push(load);
            }
            exhausted(index, today, then, &mut loss.exhausted);
            loss.reconnects.extend(reconnect(run, component, today, then));
            let fails_over = component.word(attr!(Component, "replication.failover")) == Some("automatic");
            let copies = then.nodes.zip(today.nodes).is_some_and(|(then, today)| then < today);
            if fails_over && copies && primary_is_gone(run, component) {
                loss.pauses.push((index, run.component(component, attr!(Component, "replication.failover_time"))));
            }
        }
        loss.loads.sort_by(|a, b| b.then.total_cmp(&a.then).then(a.component.cmp(&b.component)));
        loss.exhausted.sort_by(|a, b| b.then.total_cmp(&a.then).then(a.component.cmp(&b.component)));
        loss.retried.sort_by(|a, b| b.then.total_cmp(&a.then).then(a.component.cmp(&b.component)));
    }
}

/// Calls that a component gets at peak over those that it would get without any repetition, whether it is there or not.
fn multiplied(removal: &Removal<'_>, index: usize, estimate: &Estimate) -> f64 {
    let graph = removal.graph();
    let calls = removal.steps_of(index).iter().filter_map(|&at| Some((at, graph.steps.get(at)?)));
    let (mut all, mut once) = (0.0, 0.0);
    for (at, step) in calls.filter(|(_, step)| step.callee == index) {
        let rate = estimate.flows.get(step.flow).and_then(|flow| flow.peak_rate).unwrap_or(0.0);
        all += rate * estimate.visits.get(at).copied().unwrap_or(0.0);
        once += rate * estimate.once.get(at).copied().unwrap_or(0.0);
    }
    if once > 0.0 { all / once } else { 1.0 }
}

fn load_change(
    run: &Run<'_>,
    component: &crate::graph::Component,
    today: &ComponentFigures,
    then: &ComponentFigures,
    multiplied: f64,
) -> Option<LoadChange> {
    let (before, after) = (today.utilization?, then.utilization?);
    let target = run.component(component, attr!(Component, "target_utilization")).unwrap_or(TARGET_UTILISATION);
    let without_retries = after / multiplied.max(1.0);
    let load = LoadChange { component: component.index, today: before, then: after, without_retries, target };
    (after > before * (1.0 + SLIGHT)).then_some(load)
}

/// Resources that aren't utilisation and reach their limits.
fn exhausted(index: usize, today: &ComponentFigures, then: &ComponentFigures, list: &mut Vec<Exhausted>) {
    const BUSY: [&str; 5] = ["processor", "quota", "network", "partition bytes", "partition messages"];
    for used in then.resources.iter().filter(|used| !BUSY.contains(&used.name) && used.share() > 1.0) {
        let before = today.resources.iter().find(|other| other.name == used.name).map(|other| other.share());
        if before.is_none_or(|share| share <= 1.0) {
            list.push(Exhausted { component: index, resource: used.name, today: before, then: used.share() });
        }
    }
}

/// Clients whose connections the lost nodes held come back to the rest.
fn reconnect(
    run: &Run<'_>,
    component: &crate::graph::Component,
    today: &ComponentFigures,
    then: &ComponentFigures,
) -> Option<Reconnect> {
    let (all, left) = (today.nodes?, then.nodes?);
    let rate = today.reconnect_rate? * (all - left) / all;
    if rate <= 0.0 || left < 1.0 {
        return None;
    }
    let handshake = run.component(component, attr!(Component, "handshake_time"));
    let servers = then.processor.map(|(_, servers)| servers);
    let busy = then.utilization.zip(handshake.zip(servers));
    let utilization = busy.map(|(used, (time, servers))| used + rate * time / (servers * left));
    Some(Reconnect { component: component.index, rate, utilization })
}

/// The share of a flow's requests that fail, and whether it is a lower bound: what a component that can't keep up, or has
/// no thread left, doesn't get done.
fn failing(run: &Run<'_>, figures: &Estimate, index: usize) -> (f64, bool) {
    let Some(flow) = run.graph.flows.get(index) else { return (0.0, false) };
    let counted = figures.flows.get(index).and_then(|flow| flow.failing).unwrap_or(0.0);
    let mut bound = 0.0_f64;
    let needed = needed(run, flow);
    for (at, step) in flow.steps.clone().filter_map(|at| Some((at, run.graph.steps.get(at)?))) {
        let Some(callee) = figures.components.get(step.callee) else { continue };
        let bounded = run.graph.components.get(step.callee).is_some_and(|c| {
            // What a finite queue refuses is counted already.
            run.component(c, attr!(Component, "queue_limit")).is_some()
        });
        let busy = callee.utilization.filter(|_| !bounded).unwrap_or(0.0);
        let held = callee.resources.iter().find(|used| used.name == "threads").map_or(0.0, |used| used.share());
        let used = busy.max(held);
        if used > 1.0 && needed.contains(&at) {
            let share = figures.once.get(at).copied().unwrap_or(0.0).min(1.0);
            bound = bound.max(share * (1.0 - 1.0 / used));
        }
    }
    if bound > counted + TINY { (bound, true) } else { (counted, false) }
}

/// Steps without which a request fails.
fn needed(run: &Run<'_>, flow: &Flow) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    for at in flow.steps.clone() {
        let Some(step) = run.graph.steps.get(at) else { continue };
        if !is_optional(run.graph, at) && step.parent.is_none_or(|parent| found.contains(&parent)) {
            found.push(at);
        }
    }
    found
}
