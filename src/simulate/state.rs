//! What a run knows of requests, calls and attempts, of nodes and components; and its events.

use std::collections::{BTreeMap, VecDeque};

use crate::estimate::blueprint::Queueing;
use crate::formula::variability::Shape;
use crate::simulate::arena::Key;
use crate::simulate::statistics::{Record, StationResult};

/// A node of a component, as it was when something went there: a node that has failed since is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placement {
    pub station: u32,
    pub node: u32,
    pub epoch: u32,
}

impl Placement {
    /// At no node: a client, or a component of which no nodes are known.
    pub fn nowhere(station: usize) -> Self {
        Placement { station: u32::try_from(station).unwrap_or(u32::MAX), node: u32::MAX, epoch: 0 }
    }
}

/// What runs on whose behalf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// An attempt, waiting for a single call of its body.
    Sequence(Key),
    /// An attempt's parallel calls.
    Join(Key),
    /// Nobody.
    Nobody,
}

/// A call from its first attempt to its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub step: usize,
    pub owner: Owner,
    pub request: Key,
    /// The caller's node.
    pub from: Placement,
    /// Tries that failed.
    pub failed: u32,
    /// The attempts that are waited for; the second one is a hedge.
    pub running: [Key; 2],
    /// Whether a connection of the pool and a place of the bulkhead are held.
    pub pooled: bool,
    pub bulkheaded: bool,
    /// Whether the breaker let it through and wants to know.
    pub watched: bool,
    /// The entry of a cache that it fetches.
    pub fetches: Option<(usize, usize)>,
    /// How often it is made again after its answer.
    pub more: usize,
}

/// One attempt of a call, or the body of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    /// The call; none for the body of a request.
    pub call: Key,
    pub step: Option<usize>,
    pub request: Key,
    /// Where it is served.
    pub at: Placement,
    /// Whether it counts there.
    pub inside: bool,
    pub threaded: bool,
    pub since: f64,
    /// The next thing of its body, and how often that still has to happen.
    pub next: usize,
    pub repeats: usize,
}

/// Parallel calls that are waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Join {
    pub attempt: Key,
    pub needed: usize,
    pub succeeded: usize,
    pub open: usize,
    pub over: bool,
}

/// What is known of a cache within a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub cache: usize,
    pub hit: bool,
    pub item: usize,
    /// Whether others wait for this request to fetch it, which it hasn't begun yet.
    pub leads: bool,
}

/// A request with what is known of caches.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub flow: usize,
    pub start: f64,
    pub measured: bool,
    pub late_half: bool,
    pub body: Key,
    pub caches: Vec<Known>,
    /// The cache and the item that it waits for until somebody has fetched it.
    pub awaits: Option<(usize, usize)>,
    /// What refers to it.
    pub references: u32,
    pub over: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Event {
    Arrival {
        flow: u32,
        generation: u32,
    },
    Reached(Key),
    Admitted(Key),
    Served(Key),
    /// A server is free again; and whose work it was, if that is answered now.
    Free {
        at: Placement,
        served: Key,
    },
    Timeout {
        call: Key,
        tried: u32,
    },
    Hedge {
        call: Key,
        tried: u32,
    },
    Retry(Key),
    PoolTimeout {
        call: Key,
        tried: u32,
    },
    RequestTimeout(Key),
    Begins(usize),
    Ends(usize),
    Noticed {
        at: Placement,
        out: bool,
    },
    Promoted {
        station: usize,
        shard: usize,
        failed: u32,
    },
    Booted {
        station: usize,
    },
    Rescale(usize),
    Tick,
    LoadChanges,
    Warm,
}

/// How a node does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Health {
    #[default]
    Up,
    /// New calls are refused.
    Refusing,
    /// New calls are never answered.
    Silent,
}

/// Work at a node: whose, and how long it keeps a server busy and its caller waiting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job {
    pub attempt: Key,
    pub busy: f64,
    pub response: f64,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub busy: usize,
    pub threads: usize,
    pub queue: VecDeque<Job>,
    /// Attempts that wait for a thread.
    pub entrance: VecDeque<Key>,
    pub epoch: u32,
    pub health: Health,
    /// Taken out by health checks.
    pub out: bool,
    /// Not started, or not needed now.
    pub off: bool,
    /// Attempts that are here.
    pub open: usize,
    /// Service takes times so much, and a call so many seconds more.
    pub factor: f64,
    pub more: f64,
    /// Moving average of response times.
    pub average: f64,
    /// Calls that failed in a row.
    pub failures: usize,
}

impl Default for Node {
    fn default() -> Self {
        Node {
            busy: 0,
            threads: 0,
            queue: VecDeque::new(),
            entrance: VecDeque::new(),
            epoch: 0,
            health: Health::Up,
            out: false,
            off: false,
            open: 0,
            factor: 1.0,
            more: 0.0,
            average: 0.0,
            failures: 0,
        }
    }
}

/// What a simulation asks of a step again and again.
#[derive(Clone, Copy, Debug)]
pub(super) struct StepState {
    /// The lanes of its network time and timeout.
    pub network: u32,
    pub timeout: u32,
    /// Whether it happens just once, always.
    pub certain: bool,
    /// Whether its callee answers without calling anybody.
    pub leaf: bool,
    /// The distribution of its callee's idle response time.
    pub idle: Shape,
}

/// What is counted of a component.
#[derive(Clone, Debug, Default)]
pub(super) struct Count {
    pub calls: u64,
    pub repeated: u64,
    pub refused: u64,
    pub asked: u64,
    pub hits: u64,
    pub dead: u64,
    pub failures: BTreeMap<&'static str, u64>,
    /// Busy servers and waiting messages, over time.
    pub busy: f64,
    pub waiting: f64,
    /// Servers that there are, over time.
    pub servers: f64,
}

pub(super) struct Station<'b> {
    pub plan: Option<&'b Queueing>,
    /// The distribution of its service times.
    pub shape: Shape,
    pub nodes: Vec<Node>,
    /// For a component without nodes.
    pub health: Health,
    /// Nodes that get no calls, at least one.
    pub excluded: usize,
    /// The pace of a component without known nodes.
    pub factor: f64,
    pub more: f64,
    pub errors: f64,
    /// The primary of each shard, within it.
    pub primaries: Vec<usize>,
    pub cursor: usize,
    /// Messages that wait for a consumer.
    pub backlog: VecDeque<Key>,
    pub busy_now: usize,
    pub servers_now: usize,
    pub since: f64,
    pub count: Count,
    pub total: Count,
    /// Nodes that the autoscaler wanted lately, with when.
    pub wanted: VecDeque<(f64, usize)>,
    pub booting: usize,
    pub scale_since: (f64, f64),
}

pub(super) struct FlowState {
    pub rate: f64,
    /// The distribution of the times between its requests.
    pub shape: Shape,
    pub next: f64,
    pub generation: u32,
    pub record: Record,
}

impl<'b> Station<'b> {
    /// A component's nodes, all idle.
    pub fn new(plan: Option<&'b Queueing>) -> Self {
        let count = plan.map_or(0, |plan| plan.nodes.saturating_mul(plan.shards));
        let nodes = vec![Node::default(); count];
        let primaries = vec![0; plan.map_or(0, |plan| plan.shards)];
        Station {
            plan,
            shape: plan.map_or(Shape::Constant, |plan| plan.variability.shape()),
            servers_now: plan.map_or(0, |plan| plan.servers.saturating_mul(count)),
            nodes,
            health: Health::Up,
            excluded: 0,
            factor: 1.0,
            more: 0.0,
            errors: 0.0,
            primaries,
            cursor: 0,
            backlog: VecDeque::new(),
            busy_now: 0,
            since: 0.0,
            count: Count::default(),
            total: Count::default(),
            wanted: VecDeque::new(),
            booting: 0,
            scale_since: (0.0, 0.0),
        }
    }
}

impl Count {
    pub fn merge(&mut self, other: &Count) {
        self.calls += other.calls;
        self.repeated += other.repeated;
        self.refused += other.refused;
        self.asked += other.asked;
        self.hits += other.hits;
        self.dead += other.dead;
        self.busy += other.busy;
        self.waiting += other.waiting;
        self.servers += other.servers;
        for (cause, count) in &other.failures {
            *self.failures.entry(cause).or_default() += count;
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of calls")]
    pub fn result(&self, duration: f64) -> StationResult {
        let rate = |count: u64| if duration > 0.0 { count as f64 / duration } else { 0.0 };
        let share = |part: u64| if self.calls > 0 { part as f64 / self.calls as f64 } else { 0.0 };
        StationResult {
            busy: (self.servers > 0.0).then(|| self.busy / self.servers),
            rate: rate(self.calls),
            repeated: share(self.repeated),
            refused: share(self.refused),
            hits: (self.asked > 0).then(|| self.hits as f64 / self.asked as f64),
            backlog: (self.waiting > 0.0 && duration > 0.0).then(|| self.waiting / duration),
            dead: rate(self.dead),
            failures: self.failures.iter().map(|(cause, count)| (*cause, rate(*count))).collect(),
        }
    }
}
