//! A system as a simulation runs it. What it holds comes from where the estimate takes it, so that both talk of the same thing.

use crate::formula::variability::Variability;

/// A system as a simulation runs it. Times in seconds, rates per second.
#[derive(Clone, Debug, Default)]
pub struct Blueprint {
    /// For each component its queues; `None` if nothing is said that could make one.
    pub stations: Vec<Option<Queueing>>,
    /// For each component what it does beside serving.
    pub components: Vec<ComponentPlan>,
    /// For each step what a call of it is.
    pub calls: Vec<CallPlan>,
    /// For each flow how its requests come.
    pub flows: Vec<FlowPlan>,
    /// For each component the chance of a hit.
    pub hits: Vec<f64>,
    /// What had to be assumed or is left out, in words, each once.
    pub notes: Vec<String>,
}

/// How requests of a flow come.
#[derive(Clone, Copy, Debug)]
pub struct FlowPlan {
    /// Requests per second at peak.
    pub peak: f64,
    /// Requests per second on average.
    pub average: f64,
    /// How the time between two of them varies.
    pub arrivals: Variability,
    /// How long the client waits.
    pub timeout: Option<f64>,
    /// The exponent of the curve that its rate follows over a day.
    pub day: f64,
}

/// The queues of a component.
#[derive(Clone, Debug)]
pub struct Queueing {
    /// Shards.
    pub shards: usize,
    /// Nodes of a shard that there may be.
    pub nodes: usize,
    /// Nodes of a shard that there are where nothing is scaled.
    pub usual: usize,
    /// Servers of a node.
    pub servers: usize,
    /// Mean busy time of a read, a write and another call.
    pub times: [f64; 3],
    /// How it varies.
    pub variability: Variability,
    /// Requests that may wait at a node.
    pub limit: Option<usize>,
    /// Requests that a node holds at once, those that wait for others included.
    pub threads: Option<usize>,
    /// Who does what.
    pub spread: Spreading,
    /// Zones in turn, one for each node of a shard; empty if not said.
    pub zones: Vec<usize>,
    /// Nodes of a shard that must be up for it to work.
    pub needed: usize,
    /// How long until another node has taken over from a primary that failed; `None` if nothing does by itself.
    pub failover: Option<f64>,
    /// How nodes are added and taken away.
    pub scaling: Option<ScalingPlan>,
}

/// Autoscaling, as the Kubernetes autoscaler does it.
#[derive(Clone, Copy, Debug)]
pub struct ScalingPlan {
    /// Fewest nodes.
    pub min: usize,
    /// Most nodes.
    pub max: usize,
    /// The utilisation that it keeps.
    pub target: f64,
    /// Time until a new node serves.
    pub boot: f64,
    /// Busy servers at peak.
    pub load: f64,
}

/// How nodes of a shard share work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spreading {
    /// Any node does anything.
    Pool,
    /// The first takes writes, which all others apply too; reads go where it says.
    Primary(ReadsFrom),
    /// A write keeps `factor` nodes busy and needs `writes` of them, a read asks `reads`.
    Leaderless {
        /// Copies.
        factor: usize,
        /// Copies that a read asks.
        reads: usize,
        /// Copies that a write waits for.
        writes: usize,
    },
}

/// Which nodes answer reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadsFrom {
    /// The primary.
    Primary,
    /// All others.
    Replicas,
    /// All.
    Any,
}

/// How a caller chooses among nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Balancing {
    /// Any, with the same chance.
    #[default]
    Random,
    /// One after the other. Nodes of a component are alike, so a weighted turn is the same.
    RoundRobin,
    /// The one with the fewest requests in progress.
    LeastConnections,
    /// Of two random ones that with fewer requests in progress.
    TwoChoices,
    /// By the client, modulo the number of nodes.
    Hash,
    /// By the client, so that a node that goes moves only its own clients (rendezvous hashing).
    ConsistentHash,
    /// The one with the shortest moving average of response times, times requests in progress.
    LeastResponseTime,
}

/// Health checks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CheckPlan {
    /// Time between two probes.
    pub interval: f64,
    /// Probes, or failed calls, until a node is taken out or back.
    pub threshold: usize,
    /// Whether nodes are probed.
    pub active: bool,
    /// Whether failed calls count.
    pub passive: bool,
}

/// A rate limiter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LimiterPlan {
    /// Requests per second.
    pub rate: f64,
    /// How it counts.
    pub algorithm: LimiterKind,
    /// Requests at once.
    pub burst: f64,
    /// Length of a window.
    pub window: f64,
}

/// How a rate limiter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimiterKind {
    /// Tokens come at the rate, a request takes one.
    TokenBucket,
    /// Requests leave at the rate; those that find no room are refused.
    LeakyBucket,
    /// So many in each window.
    FixedWindow,
    /// As many as this and the overlapping part of the last window have together.
    SlidingWindow,
}

/// A cache whose entries are simulated one by one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CachePlan {
    /// Items that are asked for.
    pub items: usize,
    /// Exponent of Zipf's law over them.
    pub popularity: f64,
    /// Items that have room; `None` if all have.
    pub slots: Option<usize>,
    /// How long an entry lives.
    pub ttl: Option<f64>,
    /// What goes when memory is full.
    pub eviction: Eviction,
    /// What keeps an expired entry from being fetched many times at once.
    pub stampede: Stampede,
    /// Requests per second at peak, by which it is filled before the run.
    pub rate: f64,
}

/// What goes when memory is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eviction {
    /// What wasn't asked for longest.
    Lru,
    /// What came first.
    Fifo,
    /// Anything.
    Random,
    /// The least popular.
    Lfu,
}

/// What happens when an expired entry is asked for by many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stampede {
    /// All fetch it.
    All,
    /// The first fetches it, the others wait.
    SingleFlight,
    /// One fetches it, the others get the old one.
    Background,
}

/// What a component does beside serving.
#[derive(Clone, Copy, Debug, Default)]
pub struct ComponentPlan {
    /// How it chooses among the nodes that it calls.
    pub balancing: Balancing,
    /// How its nodes are checked.
    pub check: Option<CheckPlan>,
    /// What it lets through.
    pub limiter: Option<LimiterPlan>,
    /// Messages that a broker holds.
    pub room: Option<f64>,
    /// Deliveries after which a broker puts a message aside.
    pub deliveries: Option<u64>,
    /// Connections of a replica to each of its databases, and how long a request waits for one.
    pub pool: Option<(usize, Option<f64>)>,
    /// Its entries.
    pub cache: Option<CachePlan>,
}

/// A pause before a further attempt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pause {
    /// Its length, or the longest one where it is jittered.
    pub time: f64,
    /// Whether it is drawn evenly from 0 to that.
    pub jitter: bool,
}

/// A circuit breaker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BreakerPlan {
    /// Share of the last calls that must fail for it to open.
    pub failures: f64,
    /// How many last calls that are.
    pub calls: usize,
    /// How long it stays open.
    pub open: f64,
    /// Calls that are let through then as a test.
    pub probes: usize,
}

/// One call.
#[derive(Clone, Debug, Default)]
pub struct CallPlan {
    /// What is done: 0 a read, 1 a write, 2 another call.
    pub operation: usize,
    /// Time on the network and for copies far away.
    pub network: f64,
    /// How often a connection is opened, and how long that takes on average.
    pub opening: (f64, f64),
    /// Response time of an idle callee; `None` if it is the busy time itself.
    pub idle: Option<(f64, Variability)>,
    /// Whether anything says how long it takes.
    pub timed: bool,
    /// The chance that it is stated with.
    pub probability: f64,
    /// How often.
    pub times: f64,
    /// How long an attempt may take.
    pub timeout: Option<f64>,
    /// Pauses before each further attempt, one for each retry.
    pub pauses: Vec<Pause>,
    /// Whether the caller goes on without an answer.
    pub optional: bool,
    /// The component that does it instead.
    pub fallback: Option<usize>,
    /// After how long a second, identical call is sent.
    pub hedge: Option<f64>,
    /// What stops calls while the callee is failing.
    pub breaker: Option<BreakerPlan>,
    /// Calls that a replica of the caller has open at most.
    pub bulkhead: Option<usize>,
    /// Whether a connection of the caller's pool is needed.
    pub pooled: bool,
    /// Whether it hands a broker's message to a consumer, which takes it when it is free.
    pub consumed: bool,
}
