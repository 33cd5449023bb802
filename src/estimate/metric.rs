//! The table of metrics: what each figure is called, what it measures, how it is computed, and from what.
//!
//! Tables, rules, machine formats and `explain` all read it, so a new figure is one row.

use crate::estimate::Estimate;
use crate::estimate::recovery::By;
use crate::graph::Graph;
use crate::quantity::{Dimension, Hint};
use crate::vocabulary::Target;

/// A figure of one kind of thing.
pub struct Metric {
    /// What it belongs to.
    pub target: Target,
    /// Its name: `utilization`, `latency.p99`.
    pub key: &'static str,
    /// Its dimension.
    pub dimension: Dimension,
    /// How it is shown.
    pub hint: Hint,
    /// One sentence.
    pub doc: &'static str,
    /// How it is computed, in symbols or words.
    pub formula: &'static str,
    /// Attributes and metrics of the same thing that it is computed from.
    pub inputs: &'static [&'static str],
    /// The value as computed.
    get: fn(&Estimate, usize) -> Option<f64>,
}

impl Metric {
    /// Its value for one thing; `None` where it isn't known, or where figures too large for a computer left no number.
    pub fn value(&self, estimate: &Estimate, index: usize) -> Option<f64> {
        // Nothing has one sign.
        (self.get)(estimate, index).filter(|value| !value.is_nan()).map(|value| value + 0.0)
    }

    /// Which way it is better; `None` for load and size, which are neither good nor bad.
    pub fn better(&self) -> Option<Better> {
        let listed = |list: &[&str]| list.contains(&self.key);
        match (listed(&HIGHER), listed(&LOWER)) {
            (true, _) => Some(Better::Higher),
            (_, true) => Some(Better::Lower),
            _ => None,
        }
    }

    /// How many things have it.
    pub fn count(&self, graph: &Graph) -> usize {
        match self.target {
            Target::Component => graph.components.len(),
            Target::Link => graph.links.len(),
            Target::Flow => graph.flows.len(),
            Target::Data => graph.data.len(),
            Target::Step => graph.steps.len(),
            Target::System => 1,
        }
    }
}

/// Which way a figure is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The more the better.
    Higher,
    /// The less the better.
    Lower,
}

/// Figures of which more is better.
const HIGHER: [&str; 12] = [
    "availability",
    "nines",
    "effective_availability",
    "failures_tolerated",
    "tolerated_for_reads",
    "tolerated_for_writes",
    "capacity",
    "headroom",
    "hit_ratio",
    "offloaded_requests",
    "offloaded_bytes",
    "disk_full_in",
];

/// Figures of which less is better. Load and size that are in neither list are no merit and no fault of a design.
const LOWER: [&str; 57] = [
    "latency.mean",
    "latency.p50",
    "latency.p95",
    "latency.p99",
    "latency.p999",
    "late",
    "downtime_per_year",
    "downtime_per_month",
    "budget_spent",
    "silent_alerts",
    "cost",
    "cost_per_thousand",
    "utilization",
    "nodes_needed",
    "nodes_for_loss",
    "utilization_without_node",
    "utilization_without_zone",
    "utilization_while_scaling",
    "wait",
    "refused",
    "peak_retries",
    "retry_amplification",
    "storm_utilization",
    "cold_utilization",
    "stale_read_chance",
    "stale_reads",
    "fresh_after",
    "lag_growth",
    "rpo_node",
    "rpo_zone",
    "rpo_region",
    "rpo_corruption",
    "rto_node",
    "rto_zone",
    "rto_region",
    "rto_corruption",
    "loss_of_copies",
    "loss_of_restore",
    "failover_in",
    "restore_in",
    "memory_used",
    "disk_used",
    "iops_used",
    "network_used",
    "threads_used",
    "descriptors_used",
    "connections_used",
    "pool_used",
    "quota_used",
    "key_used",
    "partition_used",
    "idle_consumers",
    "annual_loss",
    "lost_records",
    "lost_bytes",
    "oldest_read",
    "key_collision",
];

/// The metric of a target with this key, and its place in the table.
pub fn find(target: Target, key: &str) -> Option<(usize, &'static Metric)> {
    METRICS.iter().enumerate().find(|(_, metric)| metric.target == target && metric.key == key)
}

macro_rules! metric {
    ($target:ident, $list:ident, $key:literal, $dimension:expr, $hint:expr, $doc:literal, $formula:literal, [$($input:literal),*], $value:expr) => {
        Metric {
            target: Target::$target, key: $key, dimension: $dimension, hint: $hint, doc: $doc, formula: $formula, inputs: &[$($input),*],
            get: |estimate, index| estimate.$list.get(index).and_then($value),
        }
    };
}

macro_rules! system {
    ($key:literal, $dimension:expr, $doc:literal, $formula:literal, $value:expr) => {
        Metric {
            target: Target::System,
            key: $key,
            dimension: $dimension,
            hint: Hint::Auto,
            doc: $doc,
            formula: $formula,
            inputs: &[],
            get: |estimate, _| $value(&estimate.system),
        }
    };
}

/// The share in use of one resource.
macro_rules! resource {
    ($key:literal, $name:literal, $doc:literal, [$($input:literal),*]) => {
        metric!(Component, components, $key, Dimension::NONE, Hint::Percent, $doc, "used at peak / limit", [$($input),*], |c| {
            c.resources.iter().find(|resource| resource.name == $name).map(crate::estimate::ResourceUse::share)
        })
    };
}

/// What one case costs a component.
macro_rules! recovery {
    ($key:literal, $case:literal, $part:ident, $doc:literal, $formula:literal, [$($input:literal),*]) => {
        metric!(Component, components, $key, Dimension::TIME, Hint::Auto, $doc, $formula, [$($input),*], |c| {
            c.recovery.as_ref()?.get($case)?.$part.map(|bound| bound.value)
        })
    };
}

/// A year in seconds.
const YEAR: f64 = 365.0 * 86_400.0;

/// Every metric.
#[rustfmt::skip]
pub const METRICS: &[Metric] = &[
    metric!(Flow, flows, "average_rate", Dimension::RATE, Hint::Auto, "Requests per second on average.", "as stated", ["rate"], |f| f.rate),
    metric!(Flow, flows, "peak_rate", Dimension::RATE, Hint::Auto, "Requests per second at peak.", "rate × peak", ["rate", "peak"], |f| f.peak_rate),
    metric!(Flow, flows, "latency.mean", Dimension::TIME, Hint::Auto, "Mean latency at peak.", "Σ over synchronous calls of visits × (round trip + wait + service)", [], |f| f.mean),
    metric!(Flow, flows, "latency.p50", Dimension::TIME, Hint::Auto, "Median latency at peak.", "quantile of the distribution of the whole flow", [], |f| f.p50),
    metric!(Flow, flows, "latency.p95", Dimension::TIME, Hint::Auto, "95th percentile of latency at peak.", "quantile of the distribution of the whole flow", [], |f| f.p95),
    metric!(Flow, flows, "latency.p99", Dimension::TIME, Hint::Auto, "99th percentile of latency at peak.", "quantile of the distribution of the whole flow", [], |f| f.p99),
    metric!(Flow, flows, "latency.p999", Dimension::TIME, Hint::Auto, "99.9th percentile of latency at peak.", "quantile of the distribution of the whole flow", [], |f| f.p999),
    metric!(Flow, flows, "late", Dimension::NONE, Hint::Percent, "Share of requests that fail at peak for lack of time or room.", "timeouts and full queues left after all retries", [], |f| f.late),
    metric!(Flow, flows, "availability", Dimension::NONE, Hint::Percent, "Share of requests that succeed.", "1 − Σ over states of zones and regions of P(state) × P(its fault tree | state)", [], |f| f.availability),
    metric!(Flow, flows, "downtime_per_year", Dimension::TIME, Hint::Auto, "Time per year (365 days) in which requests fail.", "(1 − availability) × 1 year", ["availability"], |f| f.unavailability.map(|q| q * YEAR)),
    metric!(Flow, flows, "downtime_per_month", Dimension::TIME, Hint::Auto, "Time per month (a twelfth of a year) in which requests fail.", "(1 − availability) × 1 year / 12", ["availability"], |f| f.unavailability.map(|q| q * YEAR / 12.0)),
    metric!(Flow, flows, "nines", Dimension::NONE, Hint::Auto, "Nines of its availability.", "−log₁₀(1 − availability)", ["availability"], |f| f.unavailability.and_then(crate::formula::availability::nines_of_unavailability)),
    metric!(Flow, flows, "availability_gap", Dimension::NONE, Hint::Percent, "How much higher its availability may be, where the structure is too large for an exact figure; else 0.", "probability of the states and combinations that were not looked at", [], |f| f.availability.map(|_| f.availability_gap)),
    metric!(Flow, flows, "error_budget", Dimension::TIME, Hint::Auto, "Time per period, 30 days unless stated, that the objective leaves for failing.", "(1 − objective) × period", ["slo.availability", "slo.period"], |f| f.error_budget),
    metric!(Flow, flows, "budget_spent", Dimension::NONE, Hint::Percent, "Share of the error budget that the estimate expects to be spent.", "(1 − availability) × period / error budget", ["availability", "error_budget"], |f| f.availability.zip(f.error_budget).filter(|(_, budget)| *budget > 0.0).map(|(works, budget)| (1.0 - works) * f.period / budget)),
    metric!(Flow, flows, "highest_burn", Dimension::NONE, Hint::Auto, "Burn rate of the error budget when every request fails; an alert at or above it never fires.", "1 / (1 − objective)", ["slo.availability"], |f| f.objective.and_then(crate::formula::recovery::highest_burn)),
    metric!(Flow, flows, "silent_alerts", Dimension::NONE, Hint::Whole, "Usual burn-rate alerts (14.4, 6 and 1 for 30 days) that no outage can raise.", "those at or above the highest burn rate", ["highest_burn"], crate::estimate::alert::out_of_reach),
    metric!(Flow, flows, "errors_to_page", Dimension::NONE, Hint::Auto, "Failed requests that wake somebody, by the alert that needs fewest.", "rate × window × burn rate × (1 − objective)", ["average_rate", "slo.availability"], crate::estimate::alert::fewest_events),
    metric!(Flow, flows, "depth", Dimension::NONE, Hint::Auto, "Most synchronous calls in a row.", "longest chain of waiting callers", [], |f| Some(f.depth)),
    metric!(Flow, flows, "cost", Dimension::MONEY_RATE, Hint::Auto, "Its share of the costs.", "Σ over components of cost × its share of the calls", [], |f| f.cost),
    metric!(Flow, flows, "cost_per_thousand", Dimension::MONEY, Hint::Auto, "What a thousand of its requests cost.", "cost / rate × 1000", ["cost", "average_rate"], |f| f.cost_per_thousand),

    metric!(Component, components, "rate", Dimension::RATE, Hint::Auto, "Calls per second on average.", "Σ over flows of rate × visits", [], |c| Some(c.rate)),
    metric!(Component, components, "peak_rate", Dimension::RATE, Hint::Auto, "Calls per second at peak.", "Σ over flows of peak rate × visits", [], |c| Some(c.peak_rate)),
    metric!(Component, components, "peak_reads", Dimension::RATE, Hint::Auto, "Reads per second at peak.", "Σ over reading steps of peak rate × visits", [], |c| Some(c.peak_reads)),
    metric!(Component, components, "peak_writes", Dimension::RATE, Hint::Auto, "Writes per second at peak.", "Σ over writing steps of peak rate × visits", [], |c| Some(c.peak_writes)),
    metric!(Component, components, "peak_in", Dimension::BANDWIDTH, Hint::Auto, "Bytes per second received at peak.", "Σ over steps of peak rate × visits × size", [], |c| Some(c.peak_in)),
    metric!(Component, components, "peak_out", Dimension::BANDWIDTH, Hint::Auto, "Bytes per second sent at peak.", "Σ over steps of peak rate × visits × size", [], |c| Some(c.peak_out)),
    metric!(Component, components, "nodes", Dimension::NONE, Hint::Whole, "Nodes in all.", "replicas (or primary + copies) × shards", ["replicas", "replication.replicas", "shards"], |c| c.nodes),
    metric!(Component, components, "mean_service_time", Dimension::TIME, Hint::Auto, "Mean busy time per call.", "service time, or 1 / throughput, weighted by reads and writes", ["service_time", "service_time.p50", "service_time.p99", "throughput", "read_throughput", "write_throughput", "serial_fraction"], |c| c.service_time),
    metric!(Component, components, "offered_load", Dimension::NONE, Hint::Auto, "Busy servers that the peak needs (erlangs).", "peak rate × mean service time", ["peak_rate", "mean_service_time"], |c| c.offered_load),
    metric!(Component, components, "utilization", Dimension::NONE, Hint::Percent, "Share of the busiest node, quota or partition in use at peak.", "offered load of the busiest node / its servers, or peak / limit", ["offered_load", "nodes", "cores", "concurrency", "max_rate", "partitions", "partition_throughput", "partition_rate", "bandwidth"], |c| c.utilization),
    metric!(Component, components, "capacity", Dimension::RATE, Hint::Auto, "Peak rate at which it would be fully busy.", "peak rate / utilization", ["peak_rate", "utilization"], |c| c.capacity),
    metric!(Component, components, "nodes_needed", Dimension::NONE, Hint::Whole, "Nodes for the target utilisation.", "⌈offered load / (servers per node × target utilization)⌉", ["offered_load", "cores", "concurrency", "target_utilization"], |c| c.nodes_needed),
    metric!(Component, components, "nodes_for_loss", Dimension::NONE, Hint::Whole, "Nodes that also bear the loss of one node and one zone.", "smallest n with n − ⌈n / zones⌉ enough for the offered load", ["nodes_needed"], |c| c.nodes_for_loss),
    metric!(Component, components, "utilization_without_node", Dimension::NONE, Hint::Percent, "Utilisation at peak with one node gone.", "offered load / servers of the other nodes", ["offered_load", "nodes"], |c| c.utilization_without_node),
    metric!(Component, components, "utilization_without_zone", Dimension::NONE, Hint::Percent, "Utilisation at peak with a zone gone.", "offered load / servers in the other zones", ["offered_load", "nodes"], |c| c.utilization_without_zone),
    metric!(Component, components, "wait", Dimension::TIME, Hint::Auto, "Mean wait for a free server at peak.", "Erlang C / (c·μ − λ) × (1 + cv²) / 2 at the busiest node", ["utilization", "mean_service_time", "service_time.cv", "queue_limit"], |c| c.wait),
    metric!(Component, components, "refused", Dimension::NONE, Hint::Percent, "Share of calls refused at peak because the queue is full.", "P(K requests present) of M/M/c/K at the busiest node", ["utilization", "queue_limit"], |c| c.refused),
    metric!(Component, components, "peak_retries", Dimension::RATE, Hint::Auto, "Calls per second at peak that are made again after a failed attempt.", "Σ over calls of peak rate × (1 − 1 / attempts)", [], |c| Some(c.peak_retries)),
    metric!(Component, components, "retry_amplification", Dimension::NONE, Hint::Auto, "Calls that one request makes at most if every attempt fails.", "Π over the layers above of (retries + 1)", [], |c| Some(c.amplification)),
    metric!(Component, components, "storm_utilization", Dimension::NONE, Hint::Percent, "Utilisation at peak if every attempt of what is retried failed.", "utilization × Σ peak rate × retry amplification / peak rate", ["utilization", "retry_amplification", "peak_rate"], |c| c.storm_utilization),
    metric!(Component, components, "scaling_peak", Dimension::NONE, Hint::Auto, "Nodes beyond which its throughput falls.", "√((1 − contention) / coherency), fitted to its measurements", [], |c| c.scaling_peak),
    metric!(Component, components, "in_flight", Dimension::NONE, Hint::Whole, "Requests in progress at peak, those that wait for others included.", "Σ over synchronous calls of peak rate × mean duration (Little's law)", [], |c| c.in_flight),
    metric!(Component, components, "open_connections", Dimension::NONE, Hint::Auto, "Connections that clients hold open.", "as stated by the clients", [], |c| c.connections),
    metric!(Component, components, "connection_memory_needed", Dimension::DATA, Hint::Auto, "Memory of these connections.", "connections × memory of one", ["open_connections", "connection_memory"], |c| c.connection_memory),
    metric!(Component, components, "effective_availability", Dimension::NONE, Hint::Percent, "Share of time it works, without its dependencies.", "k of n nodes given the zones and regions that are up, common causes and failovers, or as promised", ["availability", "node_availability", "mtbf", "mttr", "nodes", "needs", "shards", "common_cause", "replication.failover_time", "health_check.interval", "health_check.threshold"], |c| c.availability),
    metric!(Component, components, "failures_tolerated", Dimension::NONE, Hint::Whole, "Nodes that may fail.", "nodes − nodes needed to work", ["nodes", "needs"], |c| c.failures_tolerated),
    metric!(Component, components, "copies", Dimension::NONE, Hint::Whole, "Copies of each record, in all regions.", "replication factor, or nodes of a shard", ["replication.factor", "replication.replicas", "replicas"], |c| c.copies),
    metric!(Component, components, "tolerated_for_reads", Dimension::NONE, Hint::Whole, "Copies that may fail before a reader is refused, where reads count copies.", "copies − quorum of reads, in the region with the fewest to spare", ["copies", "quorum.read"], |c| c.tolerated_for_reads),
    metric!(Component, components, "tolerated_for_writes", Dimension::NONE, Hint::Whole, "Copies that may fail before a writer is refused, where writes count copies.", "copies − quorum of writes, in the region with the fewest to spare", ["copies", "quorum.write"], |c| c.tolerated_for_writes),
    metric!(Component, components, "stale_read_chance", Dimension::NONE, Hint::Percent, "Chance that a read just after a write misses it.", "C(N − W, R) / C(N, R), or the share of copies read that need not have it", ["copies", "quorum.read", "quorum.write"], |c| c.stale_at_once),
    metric!(Component, components, "stale_reads", Dimension::NONE, Hint::Percent, "Share of all reads that miss the latest write of their key.", "chance just after a write × Σ over keys of p·w·lag / (p·w·lag + R)", ["stale_read_chance", "replication.lag", "items", "popularity"], |c| c.stale_share),
    metric!(Component, components, "fresh_after", Dimension::TIME, Hint::Auto, "Time after a write until all but one read in a thousand see it.", "lag / R × ln(chance just after a write / 0.001)", ["stale_read_chance", "replication.lag", "quorum.read"], |c| c.fresh_after),
    metric!(Component, components, "lag_growth", Dimension::NONE, Hint::Auto, "Seconds by which its copies fall further behind in a second at peak.", "(writes per second at peak and shard − applied) / applied", ["peak_writes", "shards", "replication.apply_rate"], |c| c.lag_growth),
    recovery!("rpo_node", 0, loss, "Age of the newest write that may be lost with a node; at least.", "0 where a write is sure to be elsewhere, else lag of the copies, else window of the backups", ["replication.lag", "backup.every", "backup.duration", "backup.lag"]),
    recovery!("rpo_zone", 1, loss, "Age of the newest write that may be lost with a zone; at least.", "0 where a write is sure to be elsewhere, else lag of the copies, else window of the backups", ["replication.lag", "backup.every", "backup.duration", "backup.lag"]),
    recovery!("rpo_region", 2, loss, "Age of the newest write that may be lost with a region; at least.", "0 where a write is sure to be elsewhere, else lag of the copies, else window of the backups", ["replication.lag", "backup.every", "backup.duration", "backup.lag"]),
    recovery!("rpo_corruption", 3, loss, "Age of the newest write that a restore after a wrong deletion loses; at least.", "lag of the archive, or backup interval + duration", ["backup.every", "backup.duration", "backup.lag"]),
    recovery!("rto_node", 0, time, "Time until it serves again after the loss of a node; at least.", "Σ of its terms", []),
    recovery!("rto_zone", 1, time, "Time until it serves again after the loss of a zone; at least.", "Σ of its terms", []),
    recovery!("rto_region", 2, time, "Time until it serves again after the loss of a region; at least.", "Σ of its terms", []),
    recovery!("rto_corruption", 3, time, "Time until it serves again after a wrong deletion; at least.", "Σ of its terms", []),
    metric!(Component, components, "loss_of_copies", Dimension::TIME, Hint::Auto, "The most that the copies may lack that go on without a node, a zone or a region.", "worst of these cases", ["rpo_node", "rpo_zone", "rpo_region"], crate::estimate::ComponentFigures::loss_of_copies),
    metric!(Component, components, "loss_of_restore", Dimension::TIME, Hint::Auto, "The most that is lost where a node, a zone or a region takes every copy; at least.", "worst of these cases", ["rpo_node", "rpo_zone", "rpo_region"], |c| c.worst(By::Backup, |r| r.loss).map(|(_, loss)| loss)),
    metric!(Component, components, "failover_in", Dimension::TIME, Hint::Auto, "The longest until what is left serves, without a node, a zone or a region; at least.", "worst of these cases", ["rto_node", "rto_zone", "rto_region"], |c| c.worst(By::Copies, |r| r.time).map(|(_, time)| time)),
    metric!(Component, components, "restore_in", Dimension::TIME, Hint::Auto, "Time until it is restored from a backup; at least.", "reaction + boot + size / bandwidth, or reaction + restore", ["backup.restore", "backup.restore_rate", "boot_time"], |c| c.recovery.as_ref()?.iter().filter(|r| r.by == Some(By::Backup)).filter_map(|r| r.time).map(|time| time.value).reduce(f64::max)),
    metric!(Component, components, "storage", Dimension::DATA, Hint::Auto, "Bytes at full retention, copies included.", "Σ of its data sets", [], |c| c.storage),
    metric!(Component, components, "hot_memory", Dimension::DATA, Hint::Auto, "Memory for the hot share of its data.", "Σ of hot share × records × record", [], |c| c.hot_memory),
    metric!(Component, components, "hit_ratio", Dimension::NONE, Hint::Percent, "Share of reads answered from it.", "as stated, or after Che (LRU), by rank (LFU), exactly (random) or by time to live, from items and popularity", ["hit", "items", "item", "popularity", "memory", "ttl", "peak_rate", "nodes"], |c| c.hit_ratio),
    metric!(Component, components, "offloaded_requests", Dimension::RATE, Hint::Auto, "Requests per second at peak kept from what stands behind.", "peak rate × hit ratio", ["peak_rate", "hit_ratio"], |c| c.offloaded_requests),
    metric!(Component, components, "offloaded_bytes", Dimension::BANDWIDTH, Hint::Auto, "Bytes per second at peak kept from what stands behind.", "bytes out at peak × byte hit ratio", ["peak_out", "byte_hit", "hit_ratio"], |c| c.offloaded_bytes),
    metric!(Component, components, "memory_for_hit", Dimension::DATA, Hint::Auto, "Memory for the wanted hit ratio.", "items that LRU must hold (Che) × item", ["wanted_hit", "items", "popularity", "item"], |c| c.memory_for_hit),
    metric!(Component, components, "hottest_key", Dimension::RATE, Hint::Auto, "Requests per second at peak for its most popular key.", "peak rate × 1 / Σ i^−popularity", ["peak_rate", "items", "popularity"], |c| c.hottest_key),
    metric!(Component, components, "stampede_size", Dimension::NONE, Hint::Auto, "Requests that miss at once when the most popular key expires.", "rate of the hottest key × time to recompute", ["hottest_key", "recompute"], |c| c.stampede),
    metric!(Component, components, "cold_rate", Dimension::RATE, Hint::Auto, "Calls per second at peak while every cache is empty, where that is more.", "Σ over flows of peak rate × visits with hit ratios of 0", [], |c| c.cold_rate),
    metric!(Component, components, "cold_utilization", Dimension::NONE, Hint::Percent, "Utilisation then.", "utilization × cold rate / peak rate", ["utilization", "cold_rate", "peak_rate"], |c| c.cold_utilization),
    metric!(Component, components, "skew", Dimension::NONE, Hint::Auto, "Load of the busiest shard over that of an average one.", "share of the most popular key × shards + the rest", ["items", "popularity", "shards", "partitions"], |c| c.skew),
    resource!("memory_used", "memory", "Share of a node's memory in use at peak.", ["memory", "base_memory", "request_memory", "in_flight", "connection_memory", "open_connections"]),
    resource!("disk_used", "disk", "Share of a node's disk in use at full retention.", ["disk", "storage", "nodes"]),
    resource!("iops_used", "disk operations", "Share of a volume's operations in use at peak.", ["iops", "io_per_read", "io_per_write", "peak_reads", "peak_writes"]),
    resource!("network_used", "network", "Share of a node's bandwidth in use at peak.", ["bandwidth", "peak_in", "peak_out"]),
    resource!("threads_used", "threads", "Share of a node's threads held at peak, those that wait for others included.", ["threads", "in_flight", "nodes"]),
    resource!("descriptors_used", "file descriptors", "Share of a node's file descriptors in use at peak.", ["file_descriptors", "in_flight", "open_connections"]),
    resource!("connections_used", "connections", "Share of a store's connections that callers may open.", ["max_connections", "nodes"]),
    resource!("pool_used", "pool", "Share of a replica's connection pool in use at peak.", ["pool.size", "nodes"]),
    resource!("quota_used", "quota", "Share of a quota in use at peak.", ["max_rate", "peak_rate"]),
    resource!("key_used", "hottest key", "Share of what one key takes that the most popular one gets.", ["key_rate", "hottest_key"]),
    resource!("partition_used", "partition bytes", "Share of what one partition takes that the busiest one gets.", ["partition_throughput", "partitions", "peak_in", "skew"]),
    metric!(Component, components, "disk_full_in", Dimension::TIME, Hint::Auto, "Time until its disks are full.", "first time at which its data sets fill disk × nodes", ["disk", "nodes"], |c| c.disk_full_in),
    metric!(Component, components, "utilization_while_scaling", Dimension::NONE, Hint::Percent, "Utilisation when load ramps to its peak and new nodes still boot.", "load reached within the boot time / servers of the nodes for the average load", ["autoscale.min", "boot_time", "offered_load", "target_utilization"], |c| c.utilization_while_scaling),
    metric!(Component, components, "idle_consumers", Dimension::NONE, Hint::Whole, "Consumers that get no partition.", "nodes of its largest consumer − partitions", ["partitions"], |c| c.idle_consumers),
    metric!(Component, components, "heartbeat_rate", Dimension::RATE, Hint::Auto, "Signs of life per second on open connections.", "connections / heartbeat", ["open_connections"], |c| c.heartbeat_rate),
    metric!(Component, components, "poll_rate", Dimension::RATE, Hint::Auto, "Questions per second of clients that poll.", "connections / poll", ["open_connections"], |c| c.poll_rate),
    metric!(Component, components, "reconnect_rate", Dimension::RATE, Hint::Auto, "New connections per second when all clients come back.", "connections / reconnect", ["open_connections"], |c| c.reconnect_rate),
    metric!(Component, components, "reconnect_cores", Dimension::NONE, Hint::Auto, "Cores that these handshakes keep busy.", "reconnect rate × handshake time", ["reconnect_rate", "handshake_time"], |c| c.reconnect_cores),
    metric!(Component, components, "logs_per_day", Dimension::DATA, Hint::Auto, "Logs and traces of a day.", "rate × logs of a request × sampled share × 1 day", ["rate", "logs.per_request", "logs.sample"], |c| c.logs_per_day),
    metric!(Component, components, "logs_kept", Dimension::DATA, Hint::Auto, "Logs and traces that are kept.", "rate × logs of a request × sampled share × keep", ["rate", "logs.per_request", "logs.sample", "logs.keep"], |c| c.logs_kept),
    metric!(Component, components, "cost", Dimension::MONEY_RATE, Hint::Auto, "What it costs.", "Σ of nodes, licences, storage, requests, running time, traffic and logs", ["price", "license", "cores", "memory", "nodes", "storage", "storage_price", "price_per_request", "price_per_read", "price_per_write"], |c| c.cost),

    metric!(Link, links, "peak_rate", Dimension::RATE, Hint::Auto, "Calls per second at peak.", "Σ over steps of peak rate × visits", [], |l| Some(l.peak_rate)),
    metric!(Link, links, "request_bandwidth", Dimension::BANDWIDTH, Hint::Auto, "Bytes per second sent at peak.", "Σ over steps of peak rate × request size", [], |l| Some(l.request_bandwidth)),
    metric!(Link, links, "response_bandwidth", Dimension::BANDWIDTH, Hint::Auto, "Bytes per second that come back at peak.", "Σ over steps of peak rate × response size", [], |l| Some(l.response_bandwidth)),
    metric!(Link, links, "rtt", Dimension::TIME, Hint::Auto, "Round-trip time.", "by zone, region or client location", [], |l| Some(l.rtt)),

    metric!(Data, data, "now", Dimension::DATA, Hint::Auto, "Bytes today, copies included.", "initial × stored record × copies", ["initial", "stored_record", "total_copies"], |d| d.now),
    metric!(Data, data, "per_year", Dimension::DATA, Hint::Auto, "Bytes added per year (365 days), copies included.", "added × 1 year × stored record × copies", ["added", "stored_record", "total_copies"], |d| d.per_year),
    metric!(Data, data, "full", Dimension::DATA, Hint::Auto, "Bytes at full retention (after 5 years where nothing expires), copies included.", "records alive × stored record × copies", ["added", "keep", "initial", "stored_record", "total_copies"], |d| d.full),
    metric!(Data, data, "stored_record", Dimension::DATA, Hint::Auto, "Bytes of one record with indexes, compressed.", "record × (1 + index) / compression", ["record", "index", "compression"], |d| d.stored_record),
    metric!(Data, data, "total_copies", Dimension::NONE, Hint::Auto, "Copies of each record.", "as stated, or the replication of its stores", ["copies"], |d| d.copies),
    metric!(Data, data, "hot_memory", Dimension::DATA, Hint::Auto, "Memory for the hot share, one copy without indexes.", "hot × records alive × record", ["hot", "record", "added", "keep"], |d| d.hot),
    metric!(Data, data, "annual_loss", Dimension::NONE, Hint::Auto, "Probability that a record is lost within a year.", "P(more failures than parity or further copies within a repair), over a year", ["annual_failure_rate", "repair", "total_copies", "erasure.data", "erasure.parity"], |d| d.annual_loss),
    metric!(Data, data, "shards_needed", Dimension::NONE, Hint::Whole, "Shards for the largest sensible size.", "⌈records alive × stored record / largest shard⌉", ["full", "total_copies", "max_shard"], |d| d.shards_needed),
    metric!(Data, data, "write_bandwidth", Dimension::BANDWIDTH, Hint::Auto, "Bytes per second written to the disks of all copies, on average.", "added × stored record × copies × write amplification", ["added", "stored_record", "total_copies", "write_amplification"], |d| d.write_bandwidth),
    metric!(Data, data, "key_collision", Dimension::NONE, Hint::Auto, "Probability that two random keys are the same at full retention.", "1 − e^(−n(n−1) / 2·alphabet^length)", ["key.alphabet", "key.length", "full"], |d| d.key_collision),
    metric!(Data, data, "rpo_node", Dimension::TIME, Hint::Auto, "Age of its newest record that may be lost with a node; at least.", "least of its stores", [], |d| d.recovery[0].map(|loss| loss.value)),
    metric!(Data, data, "rpo_zone", Dimension::TIME, Hint::Auto, "Age of its newest record that may be lost with a zone; at least.", "least of its stores", [], |d| d.recovery[1].map(|loss| loss.value)),
    metric!(Data, data, "rpo_region", Dimension::TIME, Hint::Auto, "Age of its newest record that may be lost with a region; at least.", "least of its stores", [], |d| d.recovery[2].map(|loss| loss.value)),
    metric!(Data, data, "rpo_corruption", Dimension::TIME, Hint::Auto, "Age of its newest record that a restore after a wrong deletion loses; at least.", "least of its stores", [], |d| d.recovery[3].map(|loss| loss.value)),
    metric!(Data, data, "lost_records", Dimension::NONE, Hint::Auto, "Records that the worst of these loses, short of everything.", "added × time", ["added"], |d| d.lost_records),
    metric!(Data, data, "lost_bytes", Dimension::DATA, Hint::Auto, "Bytes of these records, one copy.", "lost records × record", ["lost_records", "record"], |d| d.lost_bytes),
    metric!(Data, data, "oldest_read", Dimension::TIME, Hint::Auto, "How old a read may be: copies that are behind, and caches before them.", "lag of the copies that answer reads + longest time to live before them", [], |d| d.oldest_read),
    metric!(Data, data, "moved_by_modulo", Dimension::NONE, Hint::Percent, "Share that moves when a shard is added, placed by hash mod n.", "1 − min / lcm", [], |d| d.moved_by_modulo),
    metric!(Data, data, "moved_by_ring", Dimension::NONE, Hint::Percent, "Share that moves when a shard is added to a hash ring.", "1 / (n + 1)", [], |d| d.moved_by_ring),

    system!("peak_rate", Dimension::RATE, "Requests per second at peak over all flows.", "Σ over flows of peak rate", |s: &crate::estimate::SystemFigures| Some(s.peak_rate)),
    system!("ingress", Dimension::BANDWIDTH, "Bytes per second from clients at peak.", "Σ over client calls of peak rate × request size", |s: &crate::estimate::SystemFigures| Some(s.ingress)),
    system!("egress", Dimension::BANDWIDTH, "Bytes per second to clients at peak.", "Σ over client calls of peak rate × response size", |s: &crate::estimate::SystemFigures| Some(s.egress)),
    system!("headroom", Dimension::NONE, "How many times today's peak the system bears.", "1 / utilization of the busiest component", |s: &crate::estimate::SystemFigures| s.headroom),
    system!("rpo_node", Dimension::TIME, "The most that a data set loses with a node; at least.", "worst of its data sets", |s: &crate::estimate::SystemFigures| s.recovery.first()?.loss.map(|loss| loss.value)),
    system!("rpo_zone", Dimension::TIME, "The most that a data set loses with a zone; at least.", "worst of its data sets", |s: &crate::estimate::SystemFigures| s.recovery.get(1)?.loss.map(|loss| loss.value)),
    system!("rpo_region", Dimension::TIME, "The most that a data set loses with a region; at least.", "worst of its data sets", |s: &crate::estimate::SystemFigures| s.recovery.get(2)?.loss.map(|loss| loss.value)),
    system!("rpo_corruption", Dimension::TIME, "The most that a data set loses by a wrong deletion; at least.", "worst of its data sets", |s: &crate::estimate::SystemFigures| s.recovery.get(3)?.loss.map(|loss| loss.value)),
    system!("rto_node", Dimension::TIME, "Time until everything serves again after the loss of a node; at least.", "longest of what flows need", |s: &crate::estimate::SystemFigures| s.recovery.first()?.time.map(|time| time.value)),
    system!("rto_zone", Dimension::TIME, "Time until everything serves again after the loss of a zone; at least.", "longest of what flows need", |s: &crate::estimate::SystemFigures| s.recovery.get(1)?.time.map(|time| time.value)),
    system!("rto_region", Dimension::TIME, "Time until everything serves again after the loss of a region; at least.", "longest of what flows need + DNS health check + DNS ttl", |s: &crate::estimate::SystemFigures| s.recovery.get(2)?.time.map(|time| time.value)),
    system!("rto_corruption", Dimension::TIME, "Time until everything serves again after a wrong deletion; at least.", "longest restore", |s: &crate::estimate::SystemFigures| s.recovery.get(3)?.time.map(|time| time.value)),
    system!("cost", Dimension::MONEY_RATE, "What running it costs.", "Σ over components", |s: &crate::estimate::SystemFigures| s.cost),
    system!("storage", Dimension::DATA, "Bytes at full retention.", "Σ over data sets", |s: &crate::estimate::SystemFigures| s.storage),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::AttributeId;

    #[test]
    fn every_input_exists_and_no_key_is_taken_twice() {
        for (at, metric) in METRICS.iter().enumerate() {
            for input in metric.inputs {
                let known = AttributeId::find(metric.target, input).is_some() || find(metric.target, input).is_some();
                assert!(known, "{} names {input}", metric.key);
            }
            let twice = METRICS.iter().skip(at + 1).any(|o| o.target == metric.target && o.key == metric.key);
            assert!(!twice && AttributeId::find(metric.target, metric.key).is_none(), "{} is taken", metric.key);
            assert!(metric.doc.ends_with('.'));
        }
    }

    #[test]
    fn what_is_better_high_or_low_exists_and_is_not_both() {
        for key in HIGHER.iter().chain(&LOWER) {
            assert!(METRICS.iter().any(|metric| metric.key == *key), "{key}");
            assert!(!(HIGHER.contains(key) && LOWER.contains(key)), "{key}");
        }
        assert_eq!(find(Target::System, "headroom").and_then(|(_, m)| m.better()), Some(Better::Higher));
        assert_eq!(find(Target::Flow, "latency.p99").and_then(|(_, m)| m.better()), Some(Better::Lower));
        assert_eq!(find(Target::Flow, "peak_rate").and_then(|(_, m)| m.better()), None);
    }
}
