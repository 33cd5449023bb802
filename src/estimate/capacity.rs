//! How busy each component is at peak, how many nodes it needs, and which one gives out first.

use crate::attributes::AttributeValue;
use crate::estimate::cache::top_share;
use crate::estimate::{ComponentFigures, Estimate, Run, TARGET_UTILISATION};
use crate::formula::distribution::Moments;
use crate::formula::fit::{Usl, usl_fit};
use crate::formula::queueing::{Mmc, mmck, mmck_wait, servers_for_utilization};
use crate::formula::scaling::{amdahl_speedup, usl_peak};
use crate::formula::variability::{Known, Variability, service_time};
use crate::graph::Component;
use crate::vocabulary::{Kind, attr};

/// What latency needs to know of a component.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Station {
    /// The share of calls that wait at its busiest node, and how long these do; `None` if it isn't known or has no end.
    pub wait: Option<(f64, Moments)>,
    /// Share of calls that its full queue refuses.
    pub refused: f64,
    /// Whether it can't keep up.
    pub overloaded: bool,
    /// Whether a wait should be counted but its number of nodes isn't known.
    pub size_unknown: bool,
    /// Mean busy time per call, and how it varies.
    pub service: Option<(f64, Variability)>,
}

/// How a component spreads its work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Spread {
    /// Every node does an equal share of everything.
    Pool,
    /// One node per shard takes writes; reads go where `reads_from` says.
    Primary,
    /// Every write goes to `factor` nodes and every read asks `reads` of them.
    Leaderless { factor: f64, reads: f64 },
}

/// Fills in the capacity figures of all components.
pub(super) fn capacity(run: &Run<'_>, estimate: &mut Estimate) -> Vec<Station> {
    let mut stations = Vec::with_capacity(run.graph.components.len());
    for (component, figures) in run.graph.components.iter().zip(&mut estimate.components) {
        stations.push(one(run, component, figures));
    }
    let busiest = estimate.components.iter().enumerate().filter_map(|(index, f)| Some((index, f.utilization?)));
    let top = busiest.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
    estimate.system.bottleneck = top.map(|(index, _)| index);
    estimate.system.headroom = top.filter(|(_, u)| *u > 0.0).map(|(_, u)| 1.0 / u);
    connections(run, estimate);
    stations
}

/// Nodes in all: `replicas`, or the primary and its copies, times the shards.
pub(super) fn nodes(run: &Run<'_>, component: &Component) -> Option<f64> {
    let shards = run.component(component, attr!(Component, "shards")).unwrap_or(1.0);
    per_shard(run, component).map(|n| n * shards)
}

/// Nodes of one shard that are there in this scenario.
pub(super) fn per_shard(run: &Run<'_>, component: &Component) -> Option<f64> {
    if run.scenario.stands_in(component) {
        return run.component(component, attr!(Component, "standby.replicas"));
    }
    count(run, component).map(|count| run.scenario.left(component, count))
}

/// Nodes of one shard as described.
pub(super) fn count(run: &Run<'_>, component: &Component) -> Option<f64> {
    let copies = || run.component(component, attr!(Component, "replication.replicas")).map(|copies| copies + 1.0);
    run.component(component, attr!(Component, "replicas"))
        .or_else(|| run.component(component, attr!(Component, "autoscale.max")))
        .or_else(copies)
}

pub(super) fn spread(run: &Run<'_>, component: &Component) -> Spread {
    spread_kind(component).unwrap_or_else(|| Spread::Leaderless {
        factor: run.component(component, attr!(Component, "replication.factor")).unwrap_or(3.0),
        reads: run.component(component, attr!(Component, "quorum.read")).unwrap_or(1.0),
    })
}

/// The spread of what has a primary or is a pool; `None` for leaderless stores.
fn spread_kind(component: &Component) -> Option<Spread> {
    let copies = component.number(attr!(Component, "replication.replicas")).is_some();
    match component.word(attr!(Component, "topology")) {
        Some("leaderless") => None,
        Some("primary-replica" | "consensus" | "single") => Some(Spread::Primary),
        None if copies || component.kind == Kind::Database => Some(Spread::Primary),
        _ => Some(Spread::Pool),
    }
}

/// Whether one of a component's nodes takes the writes of the others.
pub(crate) fn has_primary(component: &Component) -> bool {
    let consensus = component.word(attr!(Component, "topology")) == Some("consensus");
    !consensus && spread_kind(component) == Some(Spread::Primary)
}

/// What serving one call takes.
pub(super) struct Service {
    /// Mean busy time of a read, a write and another call on one server.
    pub times: [f64; 3],
    /// Servers of a node.
    pub servers: f64,
    /// How the time varies.
    pub variability: Variability,
}

/// A stated time with its variability: mean, or percentiles, or both.
pub(super) fn stated(
    run: &Run<'_>,
    component: &Component,
    [mean, cv, p50, p99]: [crate::vocabulary::AttributeId; 4],
) -> Option<(f64, Variability)> {
    let get = |id| run.component(component, id);
    service_time(Known { mean: get(mean), cv: get(cv), p50: get(p50), p99: get(p99) })
}

pub(super) fn service(run: &Run<'_>, component: &Component) -> Option<Service> {
    let get = |id| run.component(component, id);
    let servers = get(attr!(Component, "concurrency")).or_else(|| get(attr!(Component, "cores"))).unwrap_or(1.0);
    let nodes = per_shard(run, component);
    if let Some(law) = scaling_law(component) {
        let n = nodes.unwrap_or(1.0).max(1.0);
        let time = n / law.at(n)?;
        return Some(Service { times: [time; 3], servers: 1.0, variability: Variability::EXPONENTIAL });
    }
    let keys = [
        attr!(Component, "service_time"),
        attr!(Component, "service_time.cv"),
        attr!(Component, "service_time.p50"),
        attr!(Component, "service_time.p99"),
    ];
    if let Some((time, variability)) = stated(run, component, keys) {
        let slower = get(attr!(Component, "serial_fraction")).map_or(1.0, |serial| {
            let all = servers * nodes.unwrap_or(1.0);
            amdahl_speedup(all, serial).map_or(1.0, |speedup| all / speedup)
        });
        return Some(Service { times: [time * slower; 3], servers, variability });
    }
    let any = get(attr!(Component, "throughput"));
    let reads = get(attr!(Component, "read_throughput")).or(any);
    let writes = get(attr!(Component, "write_throughput")).or(any);
    let invert = |rate: Option<f64>| rate.filter(|r| *r > 0.0).map(|r| 1.0 / r);
    let (read, write) = (invert(reads.or(writes))?, invert(writes.or(reads))?);
    let times = [read, write, invert(any).unwrap_or(read)];
    Some(Service { times, servers: 1.0, variability: Variability::EXPONENTIAL })
}

/// The universal scalability law of a component that states measurements.
fn scaling_law(component: &Component) -> Option<Usl> {
    match &component.attribute(attr!(Component, "measured"))?.value {
        AttributeValue::Measured(points) => usl_fit(points),
        _ => None,
    }
}

/// Fills in the capacity figures of one component, whose load is known.
pub(super) fn one(run: &Run<'_>, component: &Component, figures: &mut ComponentFigures) -> Station {
    if component.kind == Kind::Client {
        return Station::default();
    }
    figures.nodes = nodes(run, component);
    let sampled = run.component(component, attr!(Component, "logs.sample")).unwrap_or(1.0);
    let logs = run.component(component, attr!(Component, "logs.per_request")).map(|each| each * sampled * figures.rate);
    figures.logs_per_day = logs.map(|rate| rate * 86_400.0);
    figures.logs_kept =
        logs.zip(run.component(component, attr!(Component, "logs.keep"))).map(|(rate, keep)| rate * keep);
    if figures.nodes == Some(0.0) || run.scenario.is_down(run.graph, component.index) {
        return Station::default();
    }
    let mut station = Station::default();
    if let Some(service) = service(run, component) {
        station = by_nodes(run, component, figures, &service);
    }
    if let Some(law) = scaling_law(component) {
        figures.scaling_law = Some(law);
        figures.scaling_peak = usl_peak(law.sigma, law.kappa);
        figures.nodes_needed = Some(nodes_by_law(run, component, figures.peak_rate, law));
        figures.nodes_for_loss = None;
    }
    let limits = quotas(run, component, figures);
    if let Some(quota) = limits {
        figures.utilization = Some(figures.utilization.map_or(quota, |u| u.max(quota)));
    }
    let storm = figures.storm_rate / figures.peak_rate;
    figures.storm_utilization = figures.utilization.filter(|_| figures.amplification > 1.0).map(|u| u * storm);
    figures.capacity = figures.utilization.filter(|u| *u > 0.0).map(|u| figures.peak_rate / u);
    let bounded = run.component(component, attr!(Component, "queue_limit")).is_some() && station.wait.is_some();
    station.overloaded = limits.is_some_and(|u| u >= 1.0) || figures.utilization.is_some_and(|u| u >= 1.0) && !bounded;
    station
}

/// The utilisation of quotas and partitions.
fn quotas(run: &Run<'_>, component: &Component, figures: &ComponentFigures) -> Option<f64> {
    let get = |key| run.component(component, key);
    let quota = get(attr!(Component, "max_rate")).filter(|r| *r > 0.0).map(|limit| figures.peak_rate / limit);
    let partitions = get(attr!(Component, "partitions"));
    let by_bytes =
        partitions.zip(get(attr!(Component, "partition_throughput"))).map(|(n, each)| figures.peak_in / (n * each));
    let by_count =
        partitions.zip(get(attr!(Component, "partition_rate"))).map(|(n, each)| figures.peak_writes / (n * each));
    let bandwidth = nodes(run, component)
        .zip(get(attr!(Component, "bandwidth")))
        .map(|(n, each)| figures.peak_in.max(figures.peak_out) / (n * each));
    [quota, by_bytes, by_count, bandwidth].into_iter().flatten().filter(|u| u.is_finite()).reduce(f64::max)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a whole number of servers, at least 1 and at most 1e9"
)]
fn by_nodes(
    run: &Run<'_>,
    component: &Component,
    figures: &mut ComponentFigures,
    &Service { times, servers, variability }: &Service,
) -> Station {
    let shards = run.component(component, attr!(Component, "shards")).unwrap_or(1.0);
    // The shard with the most popular key gets that key and an even part of the rest.
    let skew = skew(run, component, shards);
    figures.skew = skew;
    let share = skew.unwrap_or(1.0) / shards;
    let (reads, writes) = (figures.peak_reads * share, figures.peak_writes * share);
    let calls = (figures.peak_rate - figures.peak_reads - figures.peak_writes).max(0.0) * share;
    let [read_time, write_time, call_time] = times;
    let per_shard = per_shard(run, component);
    let spread = spread(run, component);
    // Work of a shard that can be spread over its nodes, in busy servers.
    let total = match spread {
        Spread::Leaderless { factor, reads: asked } => {
            reads * asked * read_time + writes * factor * write_time + calls * call_time
        }
        _ => reads * read_time + writes * write_time + calls * call_time,
    };
    figures.offered_load = Some(total * shards);
    let target = run.component(component, attr!(Component, "target_utilization")).unwrap_or(TARGET_UTILISATION);
    let rate_of_shard = reads + writes + calls;
    figures.service_time = Some(if rate_of_shard > 0.0 { total / rate_of_shard } else { call_time });
    let busiest = |n: f64| -> (f64, f64) {
        match spread {
            Spread::Primary => primary(component, n, (reads + calls, read_time), (writes, write_time)),
            Spread::Pool | Spread::Leaderless { .. } => (total / n, rate_of_shard / n),
        }
    };
    if spread != Spread::Primary {
        let needed = servers_for_utilization(total / servers, target) as f64;
        let bare = servers_for_utilization(total / servers, 1.0 - 1e-9) as f64;
        figures.nodes_needed = Some(needed * shards);
        figures.nodes_for_loss = Some(needed.max(with_zone_lost(bare, component.zones.len())) * shards);
    }
    let mut station = Station { size_unknown: per_shard.is_none(), ..Station::default() };
    station.service = figures.service_time.map(|time| (time, variability));
    let Some(n) = per_shard else { return station };
    if n < 1.0 {
        // Nothing is left to serve what arrives.
        figures.utilization = (figures.peak_rate > 0.0).then_some(f64::MAX);
        return station;
    }
    let (load, rate) = busiest(n);
    let utilization = load / servers;
    figures.utilization = Some(utilization);
    figures.processor = Some((load, servers));
    let managed = component.flag(attr!(Component, "managed")) == Some(true);
    if n > 1.0 && !managed {
        figures.utilization_without_node = Some(busiest(n - 1.0).0 / servers);
        let zones = f64::from(u32::try_from(component.zones.len()).unwrap_or(1));
        if zones > 1.0 {
            let left = n - (n / zones).ceil();
            figures.utilization_without_zone = Some(if left > 0.0 { busiest(left).0 / servers } else { f64::MAX });
        }
    }
    let mean = if rate > 0.0 { load / rate } else { call_time };
    waiting(run, component, (rate, mean, servers as u64, variability), figures, &mut station);
    figures.wait = station.wait.map(|(share, wait)| share * wait.mean);
    station
}

/// Load of the busiest of so many shards over that of an average one, where the popularity of keys is stated.
fn skew(run: &Run<'_>, component: &Component, shards: f64) -> Option<f64> {
    let items = run.component(component, attr!(Component, "items"))?;
    let s = run.component(component, attr!(Component, "popularity"))?;
    let shards = shards.max(run.component(component, attr!(Component, "partitions")).unwrap_or(1.0));
    if shards <= 1.0 {
        return None;
    }
    top_share(items, s).map(|top| top * shards + (1.0 - top))
}

/// The smallest number of nodes whose throughput by the law bears the rate at the target; infinite if none does.
fn nodes_by_law(run: &Run<'_>, component: &Component, rate: f64, law: Usl) -> f64 {
    let target = run.component(component, attr!(Component, "target_utilization")).unwrap_or(TARGET_UTILISATION);
    let peak = usl_peak(law.sigma, law.kappa).unwrap_or(1e6).min(1e6);
    let enough = |n: f64| law.at(n).is_some_and(|throughput| throughput * target >= rate);
    let (mut low, mut high) = (0.0, peak.floor().max(1.0));
    if !enough(high) {
        return f64::MAX;
    }
    while high - low > 1.0 {
        let middle = f64::midpoint(low, high).floor();
        if enough(middle) { high = middle } else { low = middle }
    }
    high
}

/// The queue at the busiest node: how many wait and how long, or how many a full queue refuses.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a whole number of places, at most 1e9"
)]
fn waiting(
    run: &Run<'_>,
    component: &Component,
    (rate, mean, servers, variability): (f64, f64, u64, Variability),
    figures: &mut ComponentFigures,
    station: &mut Station,
) {
    let queue_limit = run.component(component, attr!(Component, "queue_limit"));
    // Allen and Cunneen: the wait of M/M/c, stretched by how much service times vary.
    let stretch = (1.0 + variability.scv) / 2.0;
    match queue_limit {
        Some(limit) => {
            let room = servers.saturating_add(limit as u64);
            station.wait = mmck_wait(rate, mean, servers, room).map(|wait| (1.0, wait.scaled(stretch)));
            station.refused = mmck(rate, mean, servers, room).map_or(0.0, |queue| queue.loss);
            figures.refused = Some(station.refused);
        }
        None => {
            station.wait = Mmc::new(rate, mean, servers).map(|queue| match variability.is_exponential() {
                true => (1.0, queue.wait_moments()),
                false => {
                    let wait = variability.conditional_wait(mean, servers as f64, queue.utilization());
                    (queue.wait_probability(), wait)
                }
            });
        }
    }
}

/// Load and arrival rate at the busiest node of a primary with copies. Every copy applies every write.
fn primary(
    component: &Component,
    n: f64,
    (reads, read_time): (f64, f64),
    (writes, write_time): (f64, f64),
) -> (f64, f64) {
    let copies = n - 1.0;
    let (at_primary, at_copy) = match component.word(attr!(Component, "reads_from")) {
        Some("replicas") if copies > 0.0 => (0.0, reads / copies),
        Some("any") => (reads / n, reads / n),
        _ => (reads, 0.0),
    };
    let busy = at_primary.max(at_copy);
    (busy * read_time + writes * write_time, busy + writes)
}

/// The smallest number of nodes that leaves `bare` after losing one node, or one of the zones they are spread over.
pub(crate) fn with_zone_lost(bare: f64, zones: usize) -> f64 {
    let zones = f64::from(u32::try_from(zones).unwrap_or(1));
    if zones <= 1.0 {
        return bare + 1.0;
    }
    let mut nodes = bare + 1.0;
    while nodes - (nodes / zones).ceil() < bare {
        nodes = (nodes + 1.0).max((bare * zones / (zones - 1.0)).floor());
    }
    nodes
}

/// Connections that clients hold open: at the component that they call, and through balancers at what stands behind;
/// and what they do on them.
fn connections(run: &Run<'_>, estimate: &mut Estimate) {
    for (index, client) in run.graph.components.iter().enumerate() {
        let Some(count) =
            run.component(client, attr!(Component, "connections")).filter(|_| client.kind == Kind::Client)
        else {
            continue;
        };
        for at in accepting(run, index) {
            let Some(component) = run.graph.components.get(at) else { continue };
            if let Some(figures) = estimate.components.get_mut(at) {
                let total = figures.connections.unwrap_or(0.0) + count;
                figures.connections = Some(total);
                let add = |to: &mut Option<f64>, every: Option<f64>| {
                    if let Some(every) = every.filter(|t| *t > 0.0) {
                        *to = Some(to.unwrap_or(0.0) + count / every);
                    }
                };
                add(&mut figures.heartbeat_rate, run.component(client, attr!(Component, "heartbeat")));
                add(&mut figures.poll_rate, run.component(client, attr!(Component, "poll")));
                add(&mut figures.reconnect_rate, run.component(client, attr!(Component, "reconnect")));
                let handshake = run.component(component, attr!(Component, "handshake_time"));
                figures.reconnect_cores = figures.reconnect_rate.zip(handshake).map(|(rate, time)| rate * time);
                figures.connection_memory =
                    run.component(component, attr!(Component, "connection_memory")).map(|each| each * total);
            }
        }
    }
}

/// Components that a client's connections end at: those that it calls, and behind balancers those that its own requests
/// are passed on to.
fn accepting(run: &Run<'_>, client: usize) -> Vec<usize> {
    let mut found = Vec::new();
    let mut passed = vec![false; run.graph.steps.len()];
    for (index, step) in run.graph.steps.iter().enumerate() {
        let by_client = step.parent.is_none() && step.caller == client;
        let behind = step.parent.is_some_and(|parent| passed.get(parent).copied().unwrap_or(false));
        if !by_client && !behind {
            continue;
        }
        if !found.contains(&step.callee) {
            found.push(step.callee);
        }
        if let Some(mark) = passed.get_mut(index) {
            *mark = run.graph.components.get(step.callee).is_some_and(|c| c.kind.is_balancer());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losing_a_zone_leaves_enough() {
        assert_eq!(with_zone_lost(4.0, 1), 5.0);
        assert_eq!(with_zone_lost(4.0, 3), 6.0);
        assert_eq!(with_zone_lost(4.0, 2), 8.0);
        assert_eq!(with_zone_lost(1.0, 3), 2.0);
    }
}
