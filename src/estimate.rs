//! Figures of a system: traffic, capacity, latency, availability, storage, bandwidth.
//!
//! One run computes all of them for one value of each assumption; uncertainty is many runs. Nothing here sees YAML.
//! What can't be computed is `None`, and [`metric`] says what would have to be stated.

pub mod alert;
pub mod at_risk;
mod attempt;
mod availability;
pub mod blueprint;
pub mod breakdown;
mod cache;
mod capacity;
pub mod consistency;
mod cost;
pub mod cut;
pub mod disaster;
mod fate;
mod latency;
pub mod losses;
pub mod metric;
mod network;
pub mod objective;
mod outage;
mod places;
mod planning;
pub mod promise;
pub mod recovery;
mod removal;
mod resources;
mod scenario;
mod standby;
mod storage;
mod traffic;
mod uncertainty;
mod verify;

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::attributes::Input;
use crate::catalog::Catalog;
use crate::formula::fit::Usl;
use crate::graph::{Component, Graph, Structure, number};
use crate::quantity::Dimension;
use crate::vocabulary::{AttributeId, Shape};

pub use breakdown::spenders;
pub(crate) use capacity::{has_primary, with_zone_lost};
pub use planning::blueprint;
pub use scenario::Scenario;
pub(crate) use traffic::operation;
pub use uncertainty::{Effect, Model, SAMPLES, Sensitivity, Spreads, sensitivity, spreads};
pub use verify::verify;

/// The share of time that a single node works where nothing is said: the provider's instance-level promise of 99.5 %.
pub const NODE_AVAILABILITY: f64 = 0.995;
/// The share of time that a zone works while its region does. A rule of thumb: nobody promises a single zone, so it is taken to
/// be as good as the promise for its region.
pub const ZONE_AVAILABILITY: f64 = 0.9999;
/// The share of time that a region works: the provider's region-level promise for compute of 99.99 %
/// (<https://aws.amazon.com/compute/sla/>: instances in two or more zones are unreachable together).
pub const REGION_AVAILABILITY: f64 = 0.9999;
/// The utilisation that is planned for where nothing is said.
pub const TARGET_UTILISATION: f64 = 0.7;

/// Figures of a component. Rates are per second, times in seconds, sizes in bytes.
#[derive(Clone, Debug, Default)]
pub struct ComponentFigures {
    /// Average arrival rate.
    pub rate: f64,
    /// Arrival rate at peak.
    pub peak_rate: f64,
    /// Of it, reads.
    pub peak_reads: f64,
    /// Of it, writes.
    pub peak_writes: f64,
    /// Reads per second on average.
    pub average_reads: f64,
    /// Writes per second on average.
    pub average_writes: f64,
    /// Of the peak, calls that are made again after a failed attempt.
    pub peak_retries: f64,
    /// How often one request reaches it at most, if every attempt fails.
    pub amplification: f64,
    /// Calls per second at peak if every attempt of everything that is retried failed.
    pub storm_rate: f64,
    /// Utilisation then.
    pub storm_utilization: Option<f64>,
    /// Share of calls refused at peak because its queue is full.
    pub refused: Option<f64>,
    /// Nodes at which its throughput peaks, by the law fitted to its measurements.
    pub scaling_peak: Option<f64>,
    /// That law.
    pub scaling_law: Option<Usl>,
    /// Bytes in at peak.
    pub peak_in: f64,
    /// Bytes out at peak.
    pub peak_out: f64,
    /// Nodes in all.
    pub nodes: Option<f64>,
    /// Mean busy time per call on its busiest node.
    pub service_time: Option<f64>,
    /// Work that arrives at peak, in busy servers (erlangs), over all nodes.
    pub offered_load: Option<f64>,
    /// Utilisation of the busiest node, or of a quota, at peak.
    pub utilization: Option<f64>,
    /// Peak rate at which the first of its resources is fully busy.
    pub capacity: Option<f64>,
    /// Nodes for the target utilisation.
    pub nodes_needed: Option<f64>,
    /// Nodes that also bear the loss of one node and of one zone without overload.
    pub nodes_for_loss: Option<f64>,
    /// Utilisation at peak with one node gone.
    pub utilization_without_node: Option<f64>,
    /// Utilisation at peak with its fullest zone gone.
    pub utilization_without_zone: Option<f64>,
    /// Mean wait for a free server at peak.
    pub wait: Option<f64>,
    /// Requests in progress at peak, those that wait for others included (Little's law).
    pub in_flight: Option<f64>,
    /// Connections that clients hold open to it.
    pub connections: Option<f64>,
    /// Memory that these take.
    pub connection_memory: Option<f64>,
    /// Share of time it works.
    pub availability: Option<f64>,
    /// How many nodes may fail.
    pub failures_tolerated: Option<f64>,
    /// Bytes on disk at full retention, with copies.
    pub storage: Option<f64>,
    /// Memory for the hot data of its stores.
    pub hot_memory: Option<f64>,
    /// Share of reads that it answers.
    pub hit_ratio: Option<f64>,
    /// Requests per second at peak that it keeps from what stands behind it.
    pub offloaded_requests: Option<f64>,
    /// Bytes per second at peak that it keeps from what stands behind it.
    pub offloaded_bytes: Option<f64>,
    /// Memory for the wanted hit ratio.
    pub memory_for_hit: Option<f64>,
    /// Requests per second at peak for its most popular key.
    pub hottest_key: Option<f64>,
    /// Requests that miss at once when that key expires.
    pub stampede: Option<f64>,
    /// Peak rate with every cache empty, where that is more.
    pub cold_rate: Option<f64>,
    /// Utilisation then.
    pub cold_utilization: Option<f64>,
    /// Load of the busiest shard over that of an average one.
    pub skew: Option<f64>,
    /// Busy servers of the busiest node, and its servers.
    pub processor: Option<(f64, f64)>,
    /// Resources with a stated limit, the tightest first.
    pub resources: Vec<ResourceUse>,
    /// Utilisation when load ramps up and new nodes still boot.
    pub utilization_while_scaling: Option<f64>,
    /// Copies of each record.
    pub copies: Option<f64>,
    /// Copies that may fail before a reader is refused.
    pub tolerated_for_reads: Option<f64>,
    /// Copies that may fail before a writer is refused.
    pub tolerated_for_writes: Option<f64>,
    /// Chance that a read just after a write misses it.
    pub stale_at_once: Option<f64>,
    /// Share of all reads that miss the latest write of their key.
    pub stale_share: Option<f64>,
    /// Time after a write until all but one read in a thousand see it.
    pub fresh_after: Option<f64>,
    /// Seconds by which its copies fall further behind in a second at peak.
    pub lag_growth: Option<f64>,
    /// How it comes through the loss of a node, a zone, a region, and of what is written.
    pub recovery: Option<Box<[recovery::Recovery; 4]>>,
    /// Time until its disks are full, in seconds.
    pub disk_full_in: Option<f64>,
    /// Consumers that get no partition.
    pub idle_consumers: Option<f64>,
    /// Signs of life per second from open connections.
    pub heartbeat_rate: Option<f64>,
    /// Questions per second from clients that poll.
    pub poll_rate: Option<f64>,
    /// New connections per second when all clients come back.
    pub reconnect_rate: Option<f64>,
    /// Cores that their handshakes keep busy.
    pub reconnect_cores: Option<f64>,
    /// Bytes of its data that are kept on something cheaper, and what that costs per second.
    pub cold_storage: (f64, f64),
    /// Bytes in on average.
    pub average_in: f64,
    /// Logs that it leaves per day, and those kept.
    pub logs_per_day: Option<f64>,
    /// Bytes of logs that are kept.
    pub logs_kept: Option<f64>,
    /// What it costs, in dollars per second.
    pub cost: Option<f64>,
    /// What that consists of.
    pub cost_lines: Vec<CostLine>,
    /// Whether nothing says what its nodes or requests cost.
    pub unpriced: bool,
}

impl ComponentFigures {
    /// The most that copies lack which go on without a node, a zone or a region; `None` where they may lack something and nobody
    /// says how much.
    pub fn loss_of_copies(&self) -> Option<f64> {
        let (_, loss) = self.worst(recovery::By::Copies, |outcome| outcome.loss)?;
        let forgets = self.recovery.iter().flat_map(|list| list.iter()).any(|outcome| outcome.forgets);
        Some(loss).filter(|loss| *loss > 0.0 || !forgets)
    }

    /// The worst of losing a node, a zone and a region, among those that it comes through by the same means.
    pub fn worst(
        &self,
        by: recovery::By,
        part: fn(&recovery::Recovery) -> Option<recovery::Bound>,
    ) -> Option<(recovery::Case, f64)> {
        let cases = self.recovery.iter().flat_map(|list| list.iter()).zip(recovery::Case::ALL);
        let disasters = cases.filter(|(outcome, case)| *case != recovery::Case::Corruption && outcome.by == Some(by));
        let values = disasters.filter_map(|(outcome, case)| Some((case, part(outcome)?.value)));
        // The more frequent case stands for rarer ones that cost the same.
        values.reduce(|worst, next| if next.1 > worst.1 { next } else { worst })
    }
}

/// A resource with its limit, of one node unless its name says otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResourceUse {
    /// `memory`, `threads`, `disk` …
    pub name: &'static str,
    /// What the peak takes.
    pub used: f64,
    /// What there is.
    pub limit: f64,
    /// The dimension of both.
    pub dimension: Dimension,
}

impl ResourceUse {
    /// The share in use.
    pub fn share(&self) -> f64 {
        self.used / self.limit
    }
}

/// A part of a cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CostLine {
    /// `nodes`, `storage`, `egress` …
    pub what: &'static str,
    /// In dollars per second.
    pub amount: f64,
}

/// Figures of a flow.
#[derive(Clone, Debug, Default)]
pub struct FlowFigures {
    /// Average rate.
    pub rate: Option<f64>,
    /// Rate at peak.
    pub peak_rate: Option<f64>,
    /// Mean latency at peak.
    pub mean: Option<f64>,
    /// Median latency at peak.
    pub p50: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
    /// 99.9th percentile.
    pub p999: Option<f64>,
    /// Share of requests that fail at peak for lack of time or room: timeouts and full queues, after all retries.
    pub late: Option<f64>,
    /// The same share, also where latency isn't known or has no end; a component that can't keep up fails only what has a
    /// timeout here.
    pub failing: Option<f64>,
    /// Components whose waits could not be counted, so that the latency is a lower bound.
    pub uncounted: Vec<usize>,
    /// Components whose own time nobody states, so that the latency is unknown.
    pub untimed: Vec<usize>,
    /// The component that can't keep up, so that latency grows without limit.
    pub overloaded: Option<usize>,
    /// Whether the clients' network is part of the latency.
    pub client_network: bool,
    /// Share of requests that succeed; a lower bound where `availability_gap` isn't 0.
    pub availability: Option<f64>,
    /// Share of requests that fail: what `availability` leaves of 1, with all its digits.
    pub unavailability: Option<f64>,
    /// How much smaller than that the share of failing requests may be.
    pub availability_gap: f64,
    /// The objective for availability, its own or the system's.
    pub objective: Option<f64>,
    /// The period of its error budget, in seconds.
    pub period: f64,
    /// Time per period that the objective for availability leaves for failing.
    pub error_budget: Option<f64>,
    /// Components whose availability isn't known.
    pub unknown_availability: Vec<usize>,
    /// Most synchronous calls between the entry and an answer.
    pub depth: f64,
    /// Its share of the costs, in dollars per second.
    pub cost: Option<f64>,
    /// What a thousand of its requests cost, in dollars.
    pub cost_per_thousand: Option<f64>,
}

/// Figures of a link.
#[derive(Clone, Debug, Default)]
pub struct LinkFigures {
    /// Calls per second on average.
    pub rate: f64,
    /// At peak.
    pub peak_rate: f64,
    /// Bytes per second sent at peak.
    pub request_bandwidth: f64,
    /// Bytes per second that come back at peak.
    pub response_bandwidth: f64,
    /// Bytes per second sent on average.
    pub average_sent: f64,
    /// Bytes per second that come back on average.
    pub average_returned: f64,
    /// Whether every step of the link states a size.
    pub sizes_known: bool,
    /// Round-trip time between the two.
    pub rtt: f64,
}

/// Figures of a data set.
#[derive(Clone, Debug, Default)]
pub struct DataFigures {
    /// Bytes now, copies included.
    pub now: Option<f64>,
    /// Bytes added in a year, copies included.
    pub per_year: Option<f64>,
    /// Bytes at full retention, copies included; after five years where nothing expires.
    pub full: Option<f64>,
    /// Bytes of one record with its share of indexes, compressed, one copy.
    pub stored_record: Option<f64>,
    /// Copies.
    pub copies: Option<f64>,
    /// Memory for the hot share, one copy without indexes.
    pub hot: Option<f64>,
    /// Probability that a record is lost within a year.
    pub annual_loss: Option<f64>,
    /// Shards for the largest sensible size.
    pub shards_needed: Option<f64>,
    /// Bytes per second written to the disks of all copies.
    pub write_bandwidth: Option<f64>,
    /// Probability that two keys are the same at full retention.
    pub key_collision: Option<f64>,
    /// Age of the newest write that may be lost with a node, a zone, a region, or by corruption.
    pub recovery: [Option<recovery::Bound>; 4],
    /// Records that the worst of these costs, short of losing everything.
    pub lost_records: Option<f64>,
    /// The bytes of these, one copy.
    pub lost_bytes: Option<f64>,
    /// How old a read may be.
    pub oldest_read: Option<f64>,
    /// Share that moves when a shard is added and keys are placed by `mod n`.
    pub moved_by_modulo: Option<f64>,
    /// Share that moves with consistent hashing.
    pub moved_by_ring: Option<f64>,
}

/// Figures of the whole system.
#[derive(Clone, Debug, Default)]
pub struct SystemFigures {
    /// Requests per second at peak over all flows.
    pub peak_rate: f64,
    /// Bytes per second from clients at peak.
    pub ingress: f64,
    /// Bytes per second to clients at peak.
    pub egress: f64,
    /// The component that gives out first.
    pub bottleneck: Option<usize>,
    /// How many times today's peak the system bears.
    pub headroom: Option<f64>,
    /// Bytes at full retention.
    pub storage: Option<f64>,
    /// What running it costs, in dollars per second.
    pub cost: Option<f64>,
    /// How it comes through the loss of a node, a zone, a region, and of what is written.
    pub recovery: Vec<disaster::SystemRecovery>,
    /// What components lack for the strategy of disaster recovery that is claimed.
    pub lacking: Vec<(usize, disaster::Lack)>,
    /// Components whose nodes or requests nobody has priced; the cost is a lower bound then.
    pub unpriced: Vec<usize>,
}

/// All figures of one run.
#[derive(Clone, Debug, Default)]
pub struct Estimate {
    /// By component.
    pub components: Vec<ComponentFigures>,
    /// By flow.
    pub flows: Vec<FlowFigures>,
    /// By link.
    pub links: Vec<LinkFigures>,
    /// By data set.
    pub data: Vec<DataFigures>,
    /// Of the system.
    pub system: SystemFigures,
    /// For each step how often a request of its flow makes it.
    pub visits: Vec<f64>,
    /// For each step how often it would without any repetition.
    pub(crate) once: Vec<f64>,
    /// Calls in progress from one component (first) to another.
    pub pool_in_use: BTreeMap<(usize, usize), f64>,
    /// For each step its calls in progress at peak.
    pub in_progress: Vec<f64>,
    /// For each step the mean number of attempts, 1 without retries.
    pub attempts: Vec<f64>,
    /// For each step the mean response time of its idle callee, without what that calls.
    pub idle: Vec<Option<f64>>,
}

/// What one run reads: the graph, with every uncertain input at one value.
pub struct Run<'r> {
    /// The graph.
    pub graph: &'r Graph,
    /// Its shape.
    pub structure: &'r Structure,
    /// Latency numbers.
    pub catalog: &'r Catalog,
    /// The value of an uncertain input.
    pub value: &'r dyn Fn(&Input) -> f64,
    /// What is different from today.
    pub scenario: &'r Scenario,
    /// Hit ratios that are modelled rather than stated, by component; computed by [`estimate`].
    hits: Rc<[Option<f64>]>,
}

/// How often load and latency are computed anew until they agree, where calls are repeated.
const ROUNDS: usize = 40;
/// The change of attempts that counts as agreement.
const AGREED: f64 = 1e-6;

impl<'r> Run<'r> {
    /// A run with these values in this state.
    pub fn new(
        (graph, structure, catalog): (&'r Graph, &'r Structure, &'r Catalog),
        value: &'r dyn Fn(&Input) -> f64,
        scenario: &'r Scenario,
    ) -> Self {
        Run { graph, structure, catalog, value, scenario, hits: Rc::default() }
    }

    /// The value of an input in this run, within the bounds of its attribute.
    fn bounded(&self, id: AttributeId, input: &Input) -> f64 {
        let value = if input.varies.is_some() { (self.value)(input) } else { input.value };
        match id.def().shape {
            Shape::Quantity { min, max, .. } => value.clamp(min, max),
            _ => value,
        }
    }

    pub(crate) fn component(&self, component: &Component, id: AttributeId) -> Option<f64> {
        number(component.attribute(id)).map(|input| self.bounded(id, input))
    }

    fn of(&self, set: &crate::attributes::AttributeSet, id: AttributeId) -> Option<f64> {
        number(set.get(id)).map(|input| self.bounded(id, input))
    }

    /// A share from 0 to 1.
    fn share(&self, input: &Input) -> f64 {
        if input.varies.is_some() { (self.value)(input).clamp(0.0, 1.0) } else { input.value }
    }

    fn latency_number(&self, key: &str) -> f64 {
        self.catalog.number(key).map_or(0.0, crate::catalog::LatencyNumber::value)
    }
}

/// Computes all figures for one value of each assumption.
pub fn estimate(run: &Run<'_>) -> Estimate {
    let run = &Run { hits: cache::hits(run).into(), ..*run };
    let mut estimate = settled(run).0;
    availability::availability(run, &mut estimate);
    storage::storage(run, &mut estimate);
    consistency::consistency(run, &mut estimate);
    disaster::recovery(run, &mut estimate);
    let cold =
        traffic::traffic(&Run { hits: vec![Some(0.0); run.graph.components.len()].into(), ..*run }, &estimate.attempts);
    cache::cache(run, &cold, &mut estimate);
    resources::resources(run, &mut estimate);
    cost::cost(run, &mut estimate);
    estimate
}

/// Load, waits and latency that agree with each other.
fn settled(run: &Run<'_>) -> (Estimate, Vec<capacity::Station>) {
    let mut attempts = vec![1.0; run.graph.steps.len()];
    let mut round = 0;
    loop {
        let mut estimate = traffic::traffic(run, &attempts);
        let stations = capacity::capacity(run, &mut estimate);
        latency::latency(run, &stations, &mut estimate);
        // Retries add load, load adds latency, latency adds timeouts: from no retries upwards until it settles.
        let change = attempts.iter().zip(&estimate.attempts).map(|(a, b)| (b / a - 1.0).abs()).fold(0.0, f64::max);
        round += 1;
        if !run.structure.repeats || change <= AGREED || round >= ROUNDS {
            return (estimate, stations);
        }
        attempts.clone_from(&estimate.attempts);
    }
}

/// Computes all figures with every uncertainty at its median.
pub fn estimate_median(graph: &Graph, structure: &Structure, catalog: &Catalog) -> Estimate {
    estimate_scenario(graph, structure, catalog, &Scenario::default())
}

/// [`estimate_median`] of a system that is not as it is today.
pub fn estimate_scenario(graph: &Graph, structure: &Structure, catalog: &Catalog, scenario: &Scenario) -> Estimate {
    estimate(&Run::new((graph, structure, catalog), &|input| input.value, scenario))
}
