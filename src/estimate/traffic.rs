//! How often each step happens, and what that means for links and components.

use crate::estimate::outage::{cut, gone};
use crate::estimate::{ComponentFigures, Estimate, FlowFigures, LinkFigures, Run};
use crate::graph::{Flow, Graph, Step};
use crate::vocabulary::{Kind, Operation, attr};

/// Computes visits, rates and bandwidth (forced flow law: rate of a step = rate of its flow × visits).
pub(super) fn traffic(run: &Run<'_>, attempts: &[f64]) -> Estimate {
    let graph = run.graph;
    let mut estimate = Estimate {
        components: vec![ComponentFigures::default(); graph.components.len()],
        flows: vec![FlowFigures::default(); graph.flows.len()],
        links: vec![LinkFigures { sizes_known: true, ..LinkFigures::default() }; graph.links.len()],
        data: vec![Default::default(); graph.data.len()],
        visits: vec![0.0; graph.steps.len()],
        once: vec![0.0; graph.steps.len()],
        ..Estimate::default()
    };
    for (index, (flow, figures)) in graph.flows.iter().zip(&mut estimate.flows).enumerate() {
        rates(run, flow, figures);
        estimate.system.peak_rate += figures.peak_rate.unwrap_or(0.0);
        visits(run, index, attempts, &mut estimate.visits, &mut estimate.once);
    }
    for (index, step) in graph.steps.iter().enumerate() {
        let call = Calling::of(run, index, step, attempts, &estimate);
        on_the_way(run, step, &call, &mut estimate);
        if let Some(callee) = estimate.components.get_mut(step.callee) {
            at_callee(run, step, &call, callee);
        }
        if let Some(caller) = estimate.components.get_mut(step.caller) {
            at_caller(&call, caller);
        }
    }
    estimate
}

/// The rates of a flow, and its error budget.
pub(super) fn rates(run: &Run<'_>, flow: &Flow, figures: &mut FlowFigures) {
    figures.rate = run.of(&flow.own, attr!(Flow, "rate")).map(|rate| rate * run.scenario.scale);
    let peak = run.of(&flow.own, attr!(Flow, "peak")).unwrap_or(1.0);
    figures.peak_rate = figures.rate.map(|rate| rate * peak);
    let shared = || run.of(&run.graph.requires, attr!(System, "availability"));
    figures.objective = run.of(&flow.own, attr!(Flow, "slo.availability")).or_else(shared);
    figures.period = run.of(&flow.own, attr!(Flow, "slo.period")).unwrap_or(crate::formula::recovery::BUDGET_PERIOD);
    figures.error_budget = figures.objective.map(|goal| (1.0 - goal) * figures.period);
}

/// How often a request of a flow makes each of its steps, with all attempts and without any repetition (for what a storm of
/// retries would make of them).
pub(super) fn visits(run: &Run<'_>, index: usize, attempts: &[f64], visits: &mut [f64], once: &mut [f64]) {
    let Some(flow) = run.graph.flows.get(index) else { return };
    let cut = cut(run, index);
    for (place, index) in flow.steps.clone().enumerate() {
        let Some(step) = run.graph.steps.get(index) else { continue };
        let before = |list: &[f64]| step.parent.and_then(|parent| list.get(parent)).copied().unwrap_or(1.0);
        let made = cut.as_ref().and_then(|cut| cut.made.get(place)).copied().unwrap_or(1.0);
        let chance = probability(run, step) * run.of(&step.own, attr!(Step, "times")).unwrap_or(1.0) * made;
        let (all, bare) = (before(visits) * chance, before(once) * chance);
        let attempts = attempts.get(index).copied().unwrap_or(1.0);
        if let (Some(all_of), Some(bare_of)) = (visits.get_mut(index), once.get_mut(index)) {
            (*all_of, *bare_of) = (all * attempts, bare);
        }
    }
}

/// The rates and sizes of one step.
pub(super) struct Calling {
    rate: f64,
    peak: f64,
    request: Option<f64>,
    response: Option<f64>,
    /// Of the peak, calls that are made again.
    again: f64,
    /// How often one request makes it if every attempt fails, and what that comes to at peak.
    worst: (f64, f64),
}

impl Calling {
    /// Of a step whose visits are known.
    pub fn of(run: &Run<'_>, index: usize, step: &Step, attempts: &[f64], estimate: &Estimate) -> Calling {
        let flow = estimate.flows.get(step.flow);
        let visits = estimate.visits.get(index).copied().unwrap_or(0.0);
        let attempts = attempts.get(index).copied().unwrap_or(1.0);
        let (rate, peak) = (flow.and_then(|f| f.rate).unwrap_or(0.0), flow.and_then(|f| f.peak_rate).unwrap_or(0.0));
        let worst = run.structure.amplification.get(index).copied().unwrap_or(1.0);
        Calling {
            rate: rate * visits,
            peak: peak * visits,
            request: run.of(&step.own, attr!(Step, "request")),
            response: run.of(&step.own, attr!(Step, "response")),
            again: peak * visits * (1.0 - 1.0 / attempts),
            worst: (worst, peak * estimate.once.get(index).copied().unwrap_or(0.0) * worst),
        }
    }

    fn sent(&self) -> f64 {
        self.peak * self.request.unwrap_or(0.0)
    }

    fn returned(&self) -> f64 {
        self.peak * self.response.unwrap_or(0.0)
    }
}

/// What a step adds to its link, and to what comes in from outside.
fn on_the_way(run: &Run<'_>, step: &Step, call: &Calling, estimate: &mut Estimate) {
    let (sent, returned) = (call.sent(), call.returned());
    if let Some(link) = estimate.links.get_mut(step.link) {
        link.rate += call.rate;
        link.peak_rate += call.peak;
        link.average_sent += call.rate * call.request.unwrap_or(0.0);
        link.average_returned += call.rate * call.response.unwrap_or(0.0);
        link.request_bandwidth += sent;
        link.response_bandwidth += returned;
        link.sizes_known &= call.request.is_some() || call.response.is_some();
    }
    let is_client = |index: usize| run.graph.components.get(index).is_some_and(|c| c.kind == Kind::Client);
    if is_client(step.caller) {
        estimate.system.ingress += sent;
        estimate.system.egress += returned;
    }
    if is_client(step.callee) {
        estimate.system.egress += sent;
        estimate.system.ingress += returned;
    }
}

/// What a step adds at its callee: calls that reach something that is still there.
pub(super) fn at_callee(run: &Run<'_>, step: &Step, call: &Calling, callee: &mut ComponentFigures) {
    let there = 1.0 - gone(run, step);
    let (rate, peak) = (call.rate * there, call.peak * there);
    callee.rate += rate;
    callee.peak_rate += peak;
    callee.average_in += rate * call.request.unwrap_or(0.0);
    callee.peak_in += call.sent() * there;
    callee.peak_out += call.returned() * there;
    callee.peak_retries += call.again * there;
    callee.amplification = callee.amplification.max(call.worst.0);
    callee.storm_rate += call.worst.1 * there;
    match operation(run.graph, step) {
        Operation::Write => {
            callee.peak_writes += peak;
            callee.average_writes += rate;
        }
        Operation::Read => {
            callee.peak_reads += peak;
            callee.average_reads += rate;
        }
        Operation::Call => {}
    }
}

/// What a step adds at its caller.
pub(super) fn at_caller(call: &Calling, caller: &mut ComponentFigures) {
    caller.peak_out += call.sent();
    caller.peak_in += call.returned();
}

/// What a step does; a call to a store that doesn't say counts as a read, to a broker as a write.
pub(crate) fn operation(graph: &Graph, step: &Step) -> Operation {
    let kind = graph.components.get(step.callee).map_or(Kind::Service, |c| c.kind);
    match step.operation {
        Some(operation) => operation,
        None if kind.is_messaging() => Operation::Write,
        None if kind.tells_reads_from_writes() => Operation::Read,
        None => Operation::Call,
    }
}

/// The chance that a step happens when its caller is reached; events are taken as independent.
pub(super) fn probability(run: &Run<'_>, step: &Step) -> f64 {
    let stated = run.of(&step.own, attr!(Step, "probability")).unwrap_or(1.0);
    step.conditions.iter().fold(stated, |p, &(hit, cache)| p * condition(run, hit, cache))
}

/// The chance of a hit or miss. A cache that is gone, or whose hit ratio isn't known, is taken to miss always.
pub(super) fn condition(run: &Run<'_>, hit: bool, cache: usize) -> f64 {
    if run.scenario.is_down(run.graph, cache) {
        return f64::from(u8::from(!hit));
    }
    let ratio = super::cache::hit(run, cache).unwrap_or(0.0);
    if hit { ratio } else { 1.0 - ratio }
}
