//! How often each step happens, and what that means for links and components.

use crate::estimate::{ComponentFigures, Estimate, FlowFigures, LinkFigures, Run};
use crate::graph::{Graph, Step};
use crate::vocabulary::{Kind, Operation, attr};

/// Computes visits, rates and bandwidth (forced flow law: rate of a step = rate of its flow × visits).
pub(super) fn traffic(run: &Run<'_>, attempts: &[f64]) -> Estimate {
    let graph = run.graph;
    let mut estimate = Estimate {
        components: vec![ComponentFigures::default(); graph.components.len()],
        flows: vec![FlowFigures::default(); graph.flows.len()],
        links: vec![LinkFigures { sizes_known: true, ..LinkFigures::default() }; graph.links.len()],
        data: vec![Default::default(); graph.data.len()],
        visits: Vec::with_capacity(graph.steps.len()),
        ..Estimate::default()
    };
    for (flow, figures) in graph.flows.iter().zip(&mut estimate.flows) {
        figures.rate = run.of(&flow.own, attr!(Flow, "rate")).map(|rate| rate * run.scenario.scale);
        let peak = run.of(&flow.own, attr!(Flow, "peak")).unwrap_or(1.0);
        figures.peak_rate = figures.rate.map(|rate| rate * peak);
        let shared = || run.of(&run.graph.requires, attr!(System, "availability"));
        let objective = run.of(&flow.own, attr!(Flow, "slo.availability")).or_else(shared);
        figures.objective = objective;
        figures.period =
            run.of(&flow.own, attr!(Flow, "slo.period")).unwrap_or(crate::formula::recovery::BUDGET_PERIOD);
        figures.error_budget = objective.map(|goal| (1.0 - goal) * figures.period);
        estimate.system.peak_rate += figures.peak_rate.unwrap_or(0.0);
    }
    // Visits without any repetition, for what a storm of retries would make of them.
    let mut once = Vec::with_capacity(graph.steps.len());
    for (index, step) in graph.steps.iter().enumerate() {
        let before = step.parent.and_then(|parent| estimate.visits.get(parent)).copied().unwrap_or(1.0);
        let visits = before * probability(run, step) * run.of(&step.own, attr!(Step, "times")).unwrap_or(1.0);
        let share = visits / before.max(f64::MIN_POSITIVE);
        let bare = step.parent.and_then(|parent| once.get(parent)).copied().unwrap_or(1.0) * share;
        once.push(bare);
        let attempts = attempts.get(index).copied().unwrap_or(1.0);
        let visits = visits * attempts;
        estimate.visits.push(visits);
        let flow = estimate.flows.get(step.flow);
        let rate = flow.and_then(|f| f.rate).unwrap_or(0.0) * visits;
        let peak = flow.and_then(|f| f.peak_rate).unwrap_or(0.0) * visits;
        add_step(run, step, rate, peak, &mut estimate);
        if let Some(callee) = estimate.components.get_mut(step.callee) {
            callee.peak_retries += peak * (1.0 - 1.0 / attempts);
            let worst = run.structure.amplification.get(index).copied().unwrap_or(1.0);
            callee.amplification = callee.amplification.max(worst);
            let request = estimate.flows.get(step.flow).and_then(|f| f.peak_rate).unwrap_or(0.0);
            callee.storm_rate += request * bare * worst;
        }
    }
    estimate
}

fn add_step(run: &Run<'_>, step: &Step, rate: f64, peak: f64, estimate: &mut Estimate) {
    let graph = run.graph;
    let request = run.of(&step.own, attr!(Step, "request"));
    let response = run.of(&step.own, attr!(Step, "response"));
    let (sent, returned) = (peak * request.unwrap_or(0.0), peak * response.unwrap_or(0.0));
    if let Some(link) = estimate.links.get_mut(step.link) {
        link.rate += rate;
        link.peak_rate += peak;
        link.average_sent += rate * request.unwrap_or(0.0);
        link.average_returned += rate * response.unwrap_or(0.0);
        link.request_bandwidth += sent;
        link.response_bandwidth += returned;
        link.sizes_known &= request.is_some() || response.is_some();
    }
    if let Some(callee) = estimate.components.get_mut(step.callee) {
        callee.rate += rate;
        callee.peak_rate += peak;
        callee.average_in += rate * request.unwrap_or(0.0);
        callee.peak_in += sent;
        callee.peak_out += returned;
        match operation(graph, step) {
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
    if let Some(caller) = estimate.components.get_mut(step.caller) {
        caller.peak_out += sent;
        caller.peak_in += returned;
    }
    let is_client = |index: usize| graph.components.get(index).is_some_and(|c| c.kind == Kind::Client);
    if is_client(step.caller) {
        estimate.system.ingress += sent;
        estimate.system.egress += returned;
    }
    if is_client(step.callee) {
        estimate.system.egress += sent;
        estimate.system.ingress += returned;
    }
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
