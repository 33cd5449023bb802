//! What components run out of: each resource with a stated limit, how much of it the peak takes, and which is tightest.

use crate::estimate::capacity::nodes;
use crate::estimate::{Estimate, ResourceUse, Run};
use crate::graph::{Component, Data};
use crate::quantity::Dimension;
use crate::vocabulary::{Kind, attr};

/// Fills in the resources of all components.
pub(super) fn resources(run: &Run<'_>, estimate: &mut Estimate) {
    let sockets = sockets(run, estimate);
    for (index, component) in run.graph.components.iter().enumerate() {
        if component.kind == Kind::Client {
            continue;
        }
        let list = of_component(run, component, index, sockets.get(index).copied().unwrap_or(0.0), estimate);
        let scaling = while_scaling(run, component, index, estimate);
        let full_in = disk_full_in(run, component, index);
        let consumers = idle_consumers(run, component, index);
        if let Some(figures) = estimate.components.get_mut(index) {
            figures.resources = list;
            figures.resources.sort_by(|a, b| b.share().total_cmp(&a.share()));
            figures.utilization_while_scaling = scaling;
            figures.disk_full_in = full_in;
            figures.idle_consumers = consumers;
        }
    }
}

/// Connections that each component has open towards those that it calls: its pools, or what is in progress there.
fn sockets(run: &Run<'_>, estimate: &Estimate) -> Vec<f64> {
    let mut open = vec![0.0; run.graph.components.len()];
    for link in run.graph.links.iter().filter(|link| link.synchronous) {
        let calls = estimate.pool_in_use.get(&(link.caller, link.callee)).copied().unwrap_or(0.0);
        if let Some(total) = open.get_mut(link.caller) {
            *total += calls;
        }
    }
    open
}

/// The resources of one component, without an order; `sockets` are the connections that it has open to others.
pub(super) fn of_component(
    run: &Run<'_>,
    component: &Component,
    index: usize,
    sockets: f64,
    estimate: &Estimate,
) -> Vec<ResourceUse> {
    let Some(figures) = estimate.components.get(index) else { return Vec::new() };
    let get = |id| run.component(component, id);
    let count = nodes(run, component).filter(|n| *n > 0.0);
    let mut list = Vec::new();
    let mut add = |name: &'static str, used: Option<f64>, limit: Option<f64>, dimension: Dimension| {
        if let Some((used, limit)) = used.zip(limit).filter(|(used, limit)| *limit > 0.0 && used.is_finite()) {
            list.push(ResourceUse { name, used, limit, dimension });
        }
    };
    let each = |total: f64| count.map(|n| total / n);
    let busy = figures.processor;
    add("processor", busy.map(|(load, _)| load), busy.map(|(_, servers)| servers), Dimension::NONE);
    add("quota", Some(figures.peak_rate), get(attr!(Component, "max_rate")), Dimension::RATE);
    add(
        "network",
        each(figures.peak_in.max(figures.peak_out)),
        get(attr!(Component, "bandwidth")),
        Dimension::BANDWIDTH,
    );
    let in_flight = figures.in_flight.and_then(each);
    add("threads", in_flight, get(attr!(Component, "threads")), Dimension::NONE);
    let connections = figures.connections.and_then(each).unwrap_or(0.0);
    let descriptors = (connections + in_flight.unwrap_or(0.0) + each(sockets).unwrap_or(0.0)).max(0.0);
    add("file descriptors", count.map(|_| descriptors), get(attr!(Component, "file_descriptors")), Dimension::NONE);
    // A cache that evicts is always full; that is no shortage.
    let evicts = component.kind == Kind::Cache && component.word(attr!(Component, "eviction")) != Some("none");
    add(
        "memory",
        count.filter(|_| !evicts).map(|_| memory(run, component, figures, connections, in_flight)),
        get(attr!(Component, "memory")),
        Dimension::DATA,
    );
    add("disk", figures.storage.and_then(each), get(attr!(Component, "disk")), Dimension::DATA);
    let (per_read, per_write) =
        (get(attr!(Component, "io_per_read")).unwrap_or(1.0), get(attr!(Component, "io_per_write")).unwrap_or(1.0));
    let operations = figures.peak_reads * per_read + figures.peak_writes * per_write;
    add("disk operations", each(operations), get(attr!(Component, "iops")), Dimension::RATE);
    add("hottest key", figures.hottest_key, get(attr!(Component, "key_rate")), Dimension::RATE);
    let skew = figures.skew.unwrap_or(1.0);
    let of_partition = |total: f64| get(attr!(Component, "partitions")).map(|n| total / n * skew);
    add(
        "partition bytes",
        of_partition(figures.peak_in),
        get(attr!(Component, "partition_throughput")),
        Dimension::BANDWIDTH,
    );
    add(
        "partition messages",
        of_partition(figures.peak_writes),
        get(attr!(Component, "partition_rate")),
        Dimension::RATE,
    );
    if let Some(limit) = get(attr!(Component, "max_connections")) {
        // Where everybody talks to the primary, the other nodes' connections are of no use.
        let only_primary = component.kind == Kind::Database
            && !matches!(component.word(attr!(Component, "reads_from")), Some("any" | "replicas"))
            && component.word(attr!(Component, "topology")) != Some("leaderless");
        let shards = get(attr!(Component, "shards")).unwrap_or(1.0);
        let accepting = if only_primary { count.map(|_| shards) } else { count };
        add("connections", count.map(|_| opened(run, index, estimate)), accepting.map(|n| n * limit), Dimension::NONE);
    }
    if let Some(size) = get(attr!(Component, "pool.size")) {
        let busiest =
            estimate.pool_in_use.iter().filter(|((caller, callee), _)| *caller == index && is_store(run, *callee));
        let used = busiest.map(|(_, used)| *used).fold(0.0, f64::max);
        add("pool", each(used), Some(size), Dimension::NONE);
    }
    list
}

fn is_store(run: &Run<'_>, index: usize) -> bool {
    run.graph.components.get(index).is_some_and(|c| c.kind == Kind::Database)
}

/// Memory of one node at peak: idle, requests in progress, connections, and for a cache what it holds.
fn memory(
    run: &Run<'_>,
    component: &Component,
    figures: &crate::estimate::ComponentFigures,
    connections: f64,
    in_flight: Option<f64>,
) -> f64 {
    let get = |id| run.component(component, id).unwrap_or(0.0);
    let held = if component.kind == Kind::Cache {
        let all = get(attr!(Component, "items")) * get(attr!(Component, "item"));
        let hot = figures.hot_memory.unwrap_or(0.0);
        all.max(hot) / nodes(run, component).unwrap_or(1.0).max(1.0)
    } else {
        0.0
    };
    get(attr!(Component, "base_memory"))
        + in_flight.unwrap_or(0.0) * get(attr!(Component, "request_memory"))
        + connections * get(attr!(Component, "connection_memory"))
        + held
}

/// Connections open at a store: each caller's pool times its replicas, or the calls in progress where it has no pool.
fn opened(run: &Run<'_>, index: usize, estimate: &Estimate) -> f64 {
    let callers = run.structure.callers.get(index).into_iter().flatten();
    callers
        .filter_map(|&caller| Some((caller, run.graph.components.get(caller)?)))
        .map(|(caller, component)| {
            let pool = run.component(component, attr!(Component, "pool.size")).zip(nodes(run, component));
            let calls = || estimate.pool_in_use.get(&(caller, index)).copied().unwrap_or(0.0);
            pool.map_or_else(calls, |(size, replicas)| size * replicas)
        })
        .sum()
}

/// How busy the nodes that stand there at the average load get before the first new one serves, when load ramps to its peak.
fn while_scaling(run: &Run<'_>, component: &Component, index: usize, estimate: &Estimate) -> Option<f64> {
    let figures = estimate.components.get(index)?;
    let fewest = run.component(component, attr!(Component, "autoscale.min"))?;
    let boot = run.component(component, attr!(Component, "boot_time"))?;
    let (load, servers) = (figures.offered_load?, figures.processor?.1);
    let target =
        run.component(component, attr!(Component, "target_utilization")).unwrap_or(crate::estimate::TARGET_UTILISATION);
    // The quickest ramp of the flows that reach it.
    let flows = component.incoming.iter().filter_map(|&step| run.graph.flows.get(run.graph.steps.get(step)?.flow));
    let ramp = flows.filter_map(|flow| run.of(&flow.own, attr!(Flow, "ramp"))).reduce(f64::min)?;
    let average = load * figures.rate / figures.peak_rate.max(1e-300);
    let standing = (average / servers / target).ceil().max(fewest);
    let reached = average + (load - average) * if ramp > 0.0 { (boot / ramp).min(1.0) } else { 1.0 };
    Some(reached / servers / standing)
}

/// Years that are searched for the day on which a disk is full.
const LONGEST: f64 = 50.0 * 365.0 * 86_400.0;

/// Time until the data sets of a store fill its disks; `None` if they never do within 50 years or nothing is stated.
fn disk_full_in(run: &Run<'_>, component: &Component, index: usize) -> Option<f64> {
    let space =
        run.component(component, attr!(Component, "disk")).zip(nodes(run, component)).map(|(each, n)| each * n)?;
    let held: Vec<&Data> = component.data.iter().filter_map(|&data| run.graph.data.get(data)).collect();
    let size = |time: f64| -> f64 {
        held.iter().filter_map(|data| crate::estimate::storage::bytes_at(run, data, index, time)).sum()
    };
    if held.is_empty() || size(LONGEST) < space {
        return None;
    }
    let (mut low, mut high) = (0.0, LONGEST);
    if size(0.0) >= space {
        return Some(0.0);
    }
    while high - low > 3600.0 {
        let middle = f64::midpoint(low, high);
        if size(middle) >= space { high = middle } else { low = middle }
    }
    Some(high)
}

/// Consumers of a stream that get no partition.
fn idle_consumers(run: &Run<'_>, component: &Component, index: usize) -> Option<f64> {
    let partitions = run.component(component, attr!(Component, "partitions"))?;
    let consumers = run.structure.callees.get(index).into_iter().flatten();
    let counts = consumers.filter_map(|&consumer| nodes(run, run.graph.components.get(consumer)?));
    counts.map(|n| (n - partitions).max(0.0)).reduce(f64::max)
}
