//! Latency of flows: each call's network, wait and service as a distribution, put together along the call tree.
//!
//! A call takes a round trip, the wait in an M/M/c queue at the callee's busiest node, a service time that is taken
//! as exponential, and what the callee itself calls. Each node has a queue of its own with a random share of the
//! arrivals, which is exact for random balancing and pessimistic for least-connections.

use crate::estimate::capacity::Station;
use crate::estimate::traffic::{condition, operation};
use crate::estimate::{Estimate, Run};
use crate::formula::distribution::{Latency, Moments};
use crate::graph::{Child, Component, Step};
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
        let idle = run.graph.components.get(step.callee).and_then(|callee| idle_time(run, callee, step, &station));
        estimate.idle.push(idle);
    }
    for flow in 0..run.graph.flows.len() {
        one(run, stations, flow, estimate);
    }
}

fn one(run: &Run<'_>, stations: &[Station], index: usize, estimate: &mut Estimate) {
    let Some(flow) = run.graph.flows.get(index) else { return };
    let mut shared = shared_caches(run, index);
    shared.truncate(MAX_SHARED);
    let mut scenarios = Vec::new();
    for bits in 0..1_usize << shared.len() {
        let fixed: Vec<(usize, bool)> =
            shared.iter().enumerate().map(|(bit, &cache)| (cache, bits >> bit & 1 == 1)).collect();
        let weight: f64 = fixed.iter().map(|&(cache, hit)| condition(run, hit, cache)).product();
        if weight > 0.0 {
            let (times, means) = backwards(run, stations, index, &fixed);
            scenarios.push((weight, body(&flow.body, &times, flow.steps.start)));
            in_progress(run, index, weight, &means, estimate);
        }
    }
    let total = Latency::mixture(&scenarios);
    let Some(figures) = estimate.flows.get_mut(index) else { return };
    for step in run.graph.steps.get(flow.steps.clone()).unwrap_or(&[]) {
        if step.detached {
            continue;
        }
        let station = stations.get(step.callee).copied().unwrap_or_default();
        if station.overloaded && figures.overloaded.is_none() {
            figures.overloaded = Some(step.callee);
        }
        let component = run.graph.components.get(step.callee);
        let timed = component.is_some_and(|c| idle_time(run, c, step, &station).is_some());
        if !timed && !figures.untimed.contains(&step.callee) {
            figures.untimed.push(step.callee);
        } else if station.size_unknown && !figures.uncounted.contains(&step.callee) {
            figures.uncounted.push(step.callee);
        }
        figures.client_network |= round_trip(run, step.caller, step.callee).1;
    }
    let depths = flow.steps.clone().filter_map(|step| run.structure.depth.get(step)).max();
    figures.depth = depths.map_or(0.0, |&d| f64::from(u32::try_from(d).unwrap_or(u32::MAX)));
    let countable = figures.overloaded.is_none() && figures.untimed.is_empty();
    if countable && figures.peak_rate.is_some() && !flow.body.is_empty() {
        figures.mean = Some(total.mean());
        figures.p50 = Some(total.percentile(0.5));
        figures.p95 = Some(total.percentile(0.95));
        figures.p99 = Some(total.percentile(0.99));
        figures.p999 = Some(total.percentile(0.999));
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

/// The time of every step of a flow from call to answer, callees first (they stand behind their callers).
///
/// Beside it stands the mean of a single call that does happen.
fn backwards(
    run: &Run<'_>,
    stations: &[Station],
    flow: usize,
    fixed: &[(usize, bool)],
) -> (Vec<Option<Latency>>, Vec<Option<f64>>) {
    let Some(flow) = run.graph.flows.get(flow) else { return (Vec::new(), Vec::new()) };
    let mut means: Vec<Option<f64>> = vec![None; flow.steps.len()];
    let start = flow.steps.start;
    let mut times: Vec<Option<Latency>> = vec![None; flow.steps.len()];
    for index in flow.steps.clone().rev() {
        let Some(step) = run.graph.steps.get(index) else { continue };
        if step.asynchronous {
            continue;
        }
        let station = stations.get(step.callee).copied().unwrap_or_default();
        let own = call(run, step, &station).sequence(&body(&step.children, &times, start));
        if let Some(slot) = means.get_mut(index - start) {
            *slot = Some(own.mean());
        }
        let stated = run.of(&step.own, attr!(Step, "probability")).unwrap_or(1.0);
        let chance = step.conditions.iter().fold(stated, |p, &(hit, cache)| {
            match fixed.iter().find(|(known, _)| *known == cache) {
                Some(&(_, was_hit)) => {
                    if was_hit == hit {
                        p
                    } else {
                        0.0
                    }
                }
                None => p * condition(run, hit, cache),
            }
        });
        let repeated = own.times(run.of(&step.own, attr!(Step, "times")).unwrap_or(1.0));
        let time = if chance < 1.0 { repeated.with_probability(chance) } else { repeated };
        if let Some(slot) = times.get_mut(index - start) {
            *slot = Some(time);
        }
    }
    (times, means)
}

/// Little's law: what is in progress at a callee is the rate of its calls times their mean duration.
fn in_progress(run: &Run<'_>, flow: usize, weight: f64, means: &[Option<f64>], estimate: &mut Estimate) {
    let steps = run.graph.flows.get(flow).map_or(0..0, |f| f.steps.clone());
    let rate = estimate.flows.get(flow).and_then(|f| f.peak_rate).unwrap_or(0.0);
    for (index, mean) in steps.zip(means) {
        let (Some(mean), Some(step)) = (mean, run.graph.steps.get(index)) else { continue };
        let visits = estimate.visits.get(index).copied().unwrap_or(0.0);
        if let Some(figures) = estimate.components.get_mut(step.callee) {
            figures.in_flight = Some(figures.in_flight.unwrap_or(0.0) + weight * rate * visits * mean);
        }
    }
}

fn body(children: &[Child], times: &[Option<Latency>], start: usize) -> Latency {
    let time = |step: &usize| times.get(step.wrapping_sub(start)).cloned().flatten();
    children.iter().fold(Latency::zero(), |sum, child| match child {
        Child::Step(step) => time(step).map_or_else(|| sum.clone(), |t| sum.sequence(&t)),
        Child::Parallel { needed, steps } => {
            let branches: Vec<Latency> = steps.iter().filter_map(time).collect();
            let done = Latency::k_of_n((*needed).min(branches.len()), &branches);
            sum.sequence(&done.unwrap_or_else(Latency::zero))
        }
    })
}

/// Network, wait and service of one call, without what the callee calls.
fn call(run: &Run<'_>, step: &Step, station: &Station) -> Latency {
    let mut moments = Moments::constant(round_trip(run, step.caller, step.callee).0 + transfer(run, step));
    if let Some(component) = run.graph.components.get(step.callee) {
        if let Some(time) = idle_time(run, component, step, station) {
            moments = moments.then(Moments::exponential(time));
        }
        if operation(run.graph, step) == Operation::Write {
            moments = moments.then(Moments::constant(replication_wait(run, component)));
        }
    }
    if let Some(queue) = station.queue {
        moments = moments.then(queue.wait_moments());
    }
    Latency::new(moments)
}

/// The mean response time of an idle callee.
fn idle_time(run: &Run<'_>, component: &Component, step: &Step, station: &Station) -> Option<f64> {
    if component.kind == Kind::Client {
        return Some(0.0);
    }
    let key = match operation(run.graph, step) {
        Operation::Read => attr!(Component, "read_latency"),
        Operation::Write => attr!(Component, "write_latency"),
        Operation::Call => attr!(Component, "latency"),
    };
    let own_service = AttributeOrder::service_first(component);
    let latency = run.component(component, key).or_else(|| run.component(component, attr!(Component, "latency")));
    if own_service { station.service_time.or(latency) } else { latency.or(station.service_time) }
}

/// Whether the spec's own service time should win over a profile's latency.
struct AttributeOrder;

impl AttributeOrder {
    fn service_first(component: &Component) -> bool {
        let own = |id| crate::graph::number(component.own.get(id)).is_some();
        own(attr!(Component, "service_time")) && !own(attr!(Component, "latency"))
    }
}

/// What a write waits for when copies in other regions must have it first.
fn replication_wait(run: &Run<'_>, component: &Component) -> f64 {
    let waits = matches!(component.word(attr!(Component, "replication.mode")), Some("sync" | "semi-sync" | "quorum"));
    if !waits {
        return 0.0;
    }
    if component.word(attr!(Component, "replication.scope")) == Some("global") {
        return run.latency_number("wan_rtt");
    }
    let regions = &component.regions;
    let pairs = regions.iter().flat_map(|&a| regions.iter().filter(move |&&b| b > a).map(move |&b| (a, b)));
    pairs.map(|(a, b)| region_rtt(run, a, b)).fold(0.0, f64::max)
}

fn region_rtt(run: &Run<'_>, a: usize, b: usize) -> f64 {
    let stated = |from: usize, to: usize| {
        let region = run.graph.regions.get(from)?;
        region
            .rtt
            .iter()
            .find(|(other, _)| *other == to)
            .map(|(_, input)| if input.uncertain.is_some() { (run.value)(input) } else { input.value })
    };
    stated(a, b).or_else(|| stated(b, a)).unwrap_or_else(|| run.latency_number("wan_rtt"))
}

/// The mean round-trip time of a call, and whether a client's network is part of it.
fn round_trip(run: &Run<'_>, caller: usize, callee: usize) -> (f64, bool) {
    let (Some(from), Some(to)) = (run.graph.components.get(caller), run.graph.components.get(callee)) else {
        return (0.0, false);
    };
    let (client, server) = if from.kind == Kind::Client { (from, to) } else { (to, from) };
    if client.kind == Kind::Client {
        if let Some(rtt) = run.component(client, attr!(Component, "rtt")) {
            return (rtt, true);
        }
        let near = matches!(server.kind, Kind::Cdn | Kind::Dns);
        return match client.word(attr!(Component, "location")) {
            Some("local") => (run.latency_number("datacenter_rtt"), true),
            Some(_) if near => (run.latency_number("client_edge_rtt"), true),
            Some("regional") => (run.latency_number("client_regional_rtt"), true),
            Some("continental") => (run.latency_number("continental_rtt"), true),
            Some("global") => (run.latency_number("wan_rtt"), true),
            _ => (0.0, false),
        };
    }
    if !from.regions.is_empty() && !to.regions.is_empty() && !from.regions.iter().any(|r| to.regions.contains(r)) {
        let pairs = from.regions.iter().flat_map(|&a| to.regions.iter().map(move |&b| (a, b)));
        return (pairs.map(|(a, b)| region_rtt(run, a, b)).fold(f64::INFINITY, f64::min), false);
    }
    let near = run.latency_number("datacenter_rtt");
    if from.zones.is_empty() || to.zones.is_empty() {
        return (near, false);
    }
    let same = from.zones.iter().filter(|zone| to.zones.contains(zone)).count();
    let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    let together = count(same) / (count(from.zones.len()) * count(to.zones.len()));
    (together * near + (1.0 - together) * run.latency_number("cross_zone_rtt"), false)
}

/// Time to move the payload: at the slower stated bandwidth, or at the measured speed of a datacentre network.
fn transfer(run: &Run<'_>, step: &Step) -> f64 {
    let size = |id| run.of(&step.own, id).unwrap_or(0.0);
    let bytes = size(attr!(Step, "request")) + size(attr!(Step, "response"));
    let ends = [step.caller, step.callee].map(|index| run.graph.components.get(index));
    let slowest = ends
        .iter()
        .flatten()
        .filter_map(|c| run.component(c, attr!(Component, "bandwidth")))
        .filter(|b| *b > 0.0)
        .reduce(f64::min);
    let has_client = ends.iter().flatten().any(|c| c.kind == Kind::Client);
    match slowest {
        Some(bandwidth) => bytes / bandwidth,
        None if has_client => 0.0,
        None => bytes / 1e6 * run.latency_number("network_read_1mb"),
    }
}
