//! Latency of flows: each call's network, wait and service as a distribution, put together along the call tree.
//!
//! A call takes a round trip, the wait in an M/G/c queue (M/M/c/K where it is limited) at the callee's busiest node, a
//! service time that is exponential unless its variability is stated, and what the callee itself calls. Each node has a
//! queue of its own with a random share of the arrivals, which is exact for random balancing and pessimistic for
//! least-connections. Timeouts, retries and hedging come on top (`attempt`).

use crate::estimate::attempt::{Attempted, Hazard, attempted};
use crate::estimate::capacity::{Station, stated};
use crate::estimate::network::{opening, replication_wait, round_trip, transfer};
use crate::estimate::outage::{cut, gone};
use crate::estimate::traffic::{condition, operation};
use crate::estimate::{Estimate, FlowFigures, Run};
use crate::formula::distribution::{Latency, Moments};
use crate::formula::variability::Variability;
use crate::graph::{Child, Component, Step, is_optional};
use crate::vocabulary::{Kind, Operation, attr};

/// Flows that depend on more caches than this treat further misses as independent of each other.
const MAX_SHARED: usize = 4;

/// Fills in the latency figures of all flows, and what is in progress at components.
pub(super) fn latency(run: &Run<'_>, stations: &[Station], estimate: &mut Estimate) {
    for (index, link) in run.graph.links.iter().enumerate() {
        let rtt = round_trip(run, link.caller, link.callee).0;
        if let Some(figures) = estimate.links.get_mut(index) {
            figures.rtt = rtt;
        }
    }
    for step in &run.graph.steps {
        let station = stations.get(step.callee).copied().unwrap_or_default();
        let idle =
            run.graph.components.get(step.callee).and_then(|callee| idle_time(run, callee, step, station.service));
        estimate.idle.push(idle.map(|(mean, _)| mean));
    }
    estimate.attempts = vec![1.0; run.graph.steps.len()];
    estimate.in_progress = vec![0.0; run.graph.steps.len()];
    for flow in 0..run.graph.flows.len() {
        of_flow(run, stations, flow, estimate);
    }
    for (index, step) in run.graph.steps.iter().enumerate().filter(|(_, step)| !step.asynchronous) {
        let calls = estimate.in_progress.get(index).copied().unwrap_or(0.0);
        *estimate.pool_in_use.entry((step.caller, step.callee)).or_insert(0.0) += calls;
        if let Some(figures) = estimate.components.get_mut(step.callee) {
            figures.in_flight = Some(figures.in_flight.unwrap_or(0.0) + calls);
        }
    }
}

/// Fills in the latency of a flow, and the attempts and calls in progress of its steps.
pub(super) fn of_flow(run: &Run<'_>, stations: &[Station], index: usize, estimate: &mut Estimate) {
    let Some(flow) = run.graph.flows.get(index) else { return };
    for step in flow.steps.clone() {
        if let (Some(attempts), Some(calls)) = (estimate.attempts.get_mut(step), estimate.in_progress.get_mut(step)) {
            (*attempts, *calls) = (0.0, 0.0);
        }
    }
    let mut shared = shared_caches(run, index);
    shared.truncate(MAX_SHARED);
    let mut scenarios = Vec::new();
    let mut late = 0.0;
    for bits in 0..1_usize << shared.len() {
        let fixed: Vec<(usize, bool)> =
            shared.iter().enumerate().map(|(bit, &cache)| (cache, bits >> bit & 1 == 1)).collect();
        let weight: f64 = fixed.iter().map(|&(cache, hit)| condition(run, hit, cache)).product();
        if weight > 0.0 {
            let calls = backwards(run, stations, index, &fixed);
            late += weight * calls.failing(run, &flow.body);
            for (call, step) in calls.list.iter().zip(flow.steps.clone()) {
                if let Some(attempts) = estimate.attempts.get_mut(step) {
                    *attempts += weight * call.as_ref().map_or(1.0, |call| call.attempts);
                }
            }
            in_progress(run, index, weight, &calls, estimate);
            scenarios.push((weight, calls.body(run, &flow.body)));
        }
    }
    // Calls that no request makes are made once.
    for step in flow.steps.clone() {
        if let Some(attempts) = estimate.attempts.get_mut(step).filter(|attempts| **attempts <= 0.0) {
            *attempts = 1.0;
        }
    }
    let entry = flow.entry.is_some_and(|entry| run.scenario.is_down(run.graph, entry));
    let late = if entry { 1.0 } else { late };
    let total = Latency::mixture(scenarios);
    let Some(figures) = estimate.flows.get_mut(index) else { return };
    unfinished(run, stations, index, figures);
    figures.overloaded = figures.overloaded.or(flow.entry.filter(|_| entry));
    figures.failing = Some(late);
    let depths = flow.steps.clone().filter_map(|step| run.structure.depth.get(step)).max();
    figures.depth = depths.map_or(0.0, |&d| f64::from(u32::try_from(d).unwrap_or(u32::MAX)));
    let countable = figures.overloaded.is_none() && figures.untimed.is_empty();
    if countable && figures.peak_rate.is_some() && !flow.body.is_empty() {
        figures.late = Some(late);
        figures.mean = Some(total.mean());
        figures.p50 = Some(total.percentile(0.5));
        figures.p95 = Some(total.percentile(0.95));
        figures.p99 = Some(total.percentile(0.99));
        figures.p999 = Some(total.percentile(0.999));
    }
}

/// What keeps a flow's latency from being known: components that can't keep up or are gone, that nobody timed, or whose
/// nodes nobody counted.
fn unfinished(run: &Run<'_>, stations: &[Station], index: usize, figures: &mut FlowFigures) {
    let Some(flow) = run.graph.flows.get(index) else { return };
    let cut = cut(run, index);
    for step_index in flow.steps.clone() {
        let Some(step) = run.graph.steps.get(step_index) else { continue };
        // What never happens keeps nobody waiting, and what a caller can do without not beyond its timeouts.
        let gone = gone(run, step);
        let made = cut.as_ref().and_then(|cut| cut.made.get(step_index - flow.steps.start)).copied();
        if step.detached || made.is_some_and(|made| made <= 0.0) || gone >= 1.0 && is_optional(run.graph, step_index) {
            continue;
        }
        let station = stations.get(step.callee).copied().unwrap_or_default();
        if (station.overloaded || gone > 0.0 && !is_optional(run.graph, step_index)) && figures.overloaded.is_none() {
            figures.overloaded = Some(step.callee);
        }
        if gone >= 1.0 {
            continue;
        }
        let component = run.graph.components.get(step.callee);
        let timed = component.is_some_and(|c| idle_time(run, c, step, station.service).is_some());
        if !timed && !figures.untimed.contains(&step.callee) {
            figures.untimed.push(step.callee);
        } else if station.size_unknown && !figures.uncounted.contains(&step.callee) {
            figures.uncounted.push(step.callee);
        }
        figures.client_network |= round_trip(run, step.caller, step.callee).1;
    }
}

/// Caches on which several steps depend: their hits and misses come together.
fn shared_caches(run: &Run<'_>, flow: usize) -> Vec<usize> {
    let Some(flow) = run.graph.flows.get(flow) else { return Vec::new() };
    let mut seen: Vec<usize> = Vec::new();
    let mut shared: Vec<usize> = Vec::new();
    for step in run.graph.steps.get(flow.steps.clone()).unwrap_or(&[]) {
        for &(_, cache) in &step.conditions {
            if seen.contains(&cache) && !shared.contains(&cache) {
                shared.push(cache);
            }
            seen.push(cache);
        }
    }
    shared
}

/// A call that happens, with how it enters the flow.
#[derive(Clone, Debug)]
struct Call {
    /// From call to answer as its caller sees it: with its chance, repetitions and attempts.
    time: Latency,
    /// Mean of one attempt.
    mean: f64,
    /// Attempts on average.
    attempts: f64,
    /// The chance that the caller's request fails because of it.
    fails: f64,
}

/// The calls of one flow, some of them not waited for.
struct Calls {
    list: Vec<Option<Call>>,
    start: usize,
}

impl Calls {
    fn get(&self, step: usize) -> Option<&Call> {
        self.list.get(step.wrapping_sub(self.start))?.as_ref()
    }

    /// What a caller waits for. After a call that it needs and that always fails it does nothing more.
    fn body(&self, run: &Run<'_>, children: &[Child]) -> Latency {
        let mut sum = Latency::zero();
        for child in children {
            match child {
                Child::Step(step) => {
                    let Some(call) = self.get(*step) else { continue };
                    sum = sum.sequence(&call.time);
                    if call.fails >= 1.0 && !is_optional(run.graph, *step) {
                        break;
                    }
                }
                Child::Parallel { needed, steps } => {
                    let branches: Vec<Latency> =
                        steps.iter().filter_map(|s| self.get(*s)).map(|c| c.time.clone()).collect();
                    let done = Latency::k_of_n((*needed).min(branches.len()), &branches);
                    sum = sum.sequence(&done.unwrap_or_else(Latency::zero));
                }
            }
        }
        sum
    }

    /// The chance that one of the calls that a caller needs fails in the end.
    fn failing(&self, run: &Run<'_>, children: &[Child]) -> f64 {
        let fails = |step: &usize| {
            if is_optional(run.graph, *step) { 0.0 } else { self.get(*step).map_or(0.0, |call| call.fails) }
        };
        let works = children.iter().map(|child| match child {
            Child::Step(step) => 1.0 - fails(step),
            Child::Parallel { needed, steps } => {
                let works: Vec<f64> = steps.iter().map(|step| 1.0 - fails(step)).collect();
                crate::formula::availability::k_of_each(*needed, &works).unwrap_or(1.0)
            }
        });
        1.0 - works.product::<f64>()
    }
}

/// Every call of a flow, callees first (they stand behind their callers).
fn backwards(run: &Run<'_>, stations: &[Station], flow: usize, fixed: &[(usize, bool)]) -> Calls {
    let steps = run.graph.flows.get(flow).map_or(0..0, |flow| flow.steps.clone());
    let mut calls = Calls { list: vec![None; steps.len()], start: steps.start };
    for index in steps.rev() {
        let Some(step) = run.graph.steps.get(index) else { continue };
        if step.asynchronous {
            continue;
        }
        let station = stations.get(step.callee).copied().unwrap_or_default();
        let own = call(run, step, &station).sequence(&calls.body(run, &step.children));
        let mean = own.mean();
        let nested = calls.failing(run, &step.children);
        let gone = gone(run, step);
        let optional = is_optional(run.graph, index);
        let hazard = Hazard { refused: station.refused, nested, optional, overloaded: station.overloaded, gone };
        let Attempted { time, attempts, fails, held } = attempted(run, step, own, hazard);
        // A callee works on after its caller gave up, unless it is gone or never gets to it.
        let mean = if station.overloaded || gone > 0.0 { held } else { mean };
        let chance = chance(run, step, fixed);
        let times = run.of(&step.own, attr!(Step, "times")).unwrap_or(1.0);
        let repeated = if times == 1.0 { time } else { time.times(times) };
        let time = if chance < 1.0 { repeated.with_probability(chance) } else { repeated };
        let fails = chance * (1.0 - (1.0 - fails).powf(times));
        if let Some(slot) = calls.list.get_mut(index - calls.start) {
            *slot = Some(Call { time, mean, attempts, fails });
        }
    }
    calls
}

/// The chance that a step happens when its caller is reached, given what is known of some caches.
fn chance(run: &Run<'_>, step: &Step, fixed: &[(usize, bool)]) -> f64 {
    let stated = run.of(&step.own, attr!(Step, "probability")).unwrap_or(1.0);
    step.conditions.iter().fold(stated, |p, &(hit, cache)| match fixed.iter().find(|(known, _)| *known == cache) {
        Some(&(_, was_hit)) => p * f64::from(u8::from(was_hit == hit)),
        None => p * condition(run, hit, cache),
    })
}

/// Little's law: what is in progress at a callee is the rate of its calls times their mean duration.
fn in_progress(run: &Run<'_>, flow: usize, weight: f64, calls: &Calls, estimate: &mut Estimate) {
    let steps = run.graph.flows.get(flow).map_or(0..0, |f| f.steps.clone());
    let rate = estimate.flows.get(flow).and_then(|f| f.peak_rate).unwrap_or(0.0);
    for index in steps {
        let Some(call) = calls.get(index) else { continue };
        let visits = estimate.visits.get(index).copied().unwrap_or(0.0);
        if let Some(sum) = estimate.in_progress.get_mut(index) {
            *sum += weight * rate * visits * call.mean;
        }
    }
}

/// Network, wait and service of one call, without what the callee calls.
fn call(run: &Run<'_>, step: &Step, station: &Station) -> Latency {
    let rtt = round_trip(run, step.caller, step.callee).0;
    let mut moments = Moments::constant(rtt + transfer(run, step));
    let mut service = Latency::zero();
    if let Some(component) = run.graph.components.get(step.callee) {
        if let Some((mean, variability)) = idle_time(run, component, step, station.service) {
            service = variability.latency(mean);
        }
        if operation(run.graph, step) == Operation::Write {
            moments = moments.then(Moments::constant(replication_wait(run, component)));
        }
    }
    let call = match station.wait {
        Some((share, wait)) if share >= 1.0 => Latency::new(moments.then(wait)).sequence(&service),
        Some((share, wait)) => {
            let waits = Latency::new(wait).with_probability(share);
            Latency::new(moments).sequence(&service).sequence(&waits)
        }
        None => Latency::new(moments).sequence(&service),
    };
    opening(run, step, rtt).map_or(call.clone(), |opening| opening.sequence(&call))
}

/// The response time of an idle callee: its mean and how it varies.
pub(super) fn idle_time(
    run: &Run<'_>,
    component: &Component,
    step: &Step,
    service: Option<(f64, Variability)>,
) -> Option<(f64, Variability)> {
    if component.kind == Kind::Client {
        return Some((0.0, Variability::gamma(0.0)));
    }
    macro_rules! keys {
        ($mean:literal, $cv:literal, $p50:literal, $p99:literal) => {
            [attr!(Component, $mean), attr!(Component, $cv), attr!(Component, $p50), attr!(Component, $p99)]
        };
    }
    let any = keys!("latency", "latency.cv", "latency.p50", "latency.p99");
    let of_operation = match operation(run.graph, step) {
        Operation::Read => keys!("read_latency", "read_latency.cv", "read_latency.p50", "read_latency.p99"),
        Operation::Write => keys!("write_latency", "write_latency.cv", "write_latency.p50", "write_latency.p99"),
        Operation::Call => any,
    };
    let latency = stated(run, component, of_operation).or_else(|| stated(run, component, any));
    let latency = latency.filter(|_| !service_first(component));
    latency.or(service)
}

/// Whether the spec's own service time wins over a profile's latency.
fn service_first(component: &Component) -> bool {
    let own = |id| crate::graph::number(component.own.get(id)).is_some();
    own(attr!(Component, "service_time")) && !own(attr!(Component, "latency"))
}
