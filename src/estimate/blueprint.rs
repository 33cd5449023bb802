//! What a simulation needs to know of a system, taken from where the estimate takes it, so that both talk of the same thing.

use crate::estimate::Run;
use crate::estimate::attempt::{pause, retries};
use crate::estimate::capacity::{Spread, per_shard, service, spread};
use crate::estimate::latency::idle_time;
use crate::estimate::network::{opening, replication_wait, round_trip, transfer};
use crate::estimate::traffic::{condition, operation};
use crate::formula::variability::Variability;
use crate::graph::{Component, Step};
use crate::vocabulary::{Operation, attr};

/// A system as a simulation runs it. Times in seconds, rates per second.
#[derive(Clone, Debug, Default)]
pub struct Blueprint {
    /// For each component its queues; `None` if nothing is said that could make one.
    pub stations: Vec<Option<Queueing>>,
    /// For each step what a call of it is.
    pub calls: Vec<CallPlan>,
    /// For each flow its rate at peak.
    pub rates: Vec<f64>,
    /// For each component the chance of a hit.
    pub hits: Vec<f64>,
}

/// The queues of a component.
#[derive(Clone, Debug)]
pub struct Queueing {
    /// Shards.
    pub shards: usize,
    /// Nodes of a shard.
    pub nodes: usize,
    /// Servers of a node.
    pub servers: usize,
    /// Mean busy time of a read, a write and another call.
    pub times: [f64; 3],
    /// How it varies.
    pub variability: Variability,
    /// Requests that may wait at a node.
    pub limit: Option<usize>,
    /// Who does what.
    pub spread: Spreading,
}

/// How nodes of a shard share work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spreading {
    /// Any node does anything.
    Pool,
    /// The first takes writes, which all others apply too; reads go where it says.
    Primary(ReadsFrom),
    /// A write keeps so many nodes busy, a read so many.
    Leaderless(usize, usize),
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
    pub pauses: Vec<f64>,
    /// Whether the caller goes on without an answer.
    pub optional: bool,
    /// Whether it has something that a simulation doesn't do.
    pub hedged: bool,
}

/// Retries beyond these are not simulated.
const MOST_RETRIES: u64 = 100;

/// The plan of a system.
pub fn blueprint(run: &Run<'_>) -> Blueprint {
    let run = &Run { hits: crate::estimate::cache::hits(run), ..*run };
    let graph = run.graph;
    let rate = |flow: &crate::graph::Flow| {
        let average = run.of(&flow.own, attr!(Flow, "rate")).unwrap_or(0.0) * run.scenario.scale;
        average * run.of(&flow.own, attr!(Flow, "peak")).unwrap_or(1.0)
    };
    Blueprint {
        stations: graph.components.iter().map(|component| queueing(run, component)).collect(),
        calls: graph.steps.iter().enumerate().map(|(index, step)| call(run, index, step)).collect(),
        rates: graph.flows.iter().map(rate).collect(),
        hits: (0..graph.components.len()).map(|cache| condition(run, true, cache)).collect(),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole numbers from 0 to 1e9")]
fn queueing(run: &Run<'_>, component: &Component) -> Option<Queueing> {
    let service = service(run, component)?;
    let nodes = per_shard(run, component)? as usize;
    let spreading = match spread(run, component) {
        Spread::Pool => Spreading::Pool,
        Spread::Leaderless { factor, reads } => Spreading::Leaderless(factor as usize, reads as usize),
        Spread::Primary => Spreading::Primary(match component.word(attr!(Component, "reads_from")) {
            Some("replicas") if nodes > 1 => ReadsFrom::Replicas,
            Some("any") => ReadsFrom::Any,
            _ => ReadsFrom::Primary,
        }),
    };
    Some(Queueing {
        shards: run.component(component, attr!(Component, "shards")).unwrap_or(1.0) as usize,
        nodes,
        servers: service.servers as usize,
        times: service.times,
        variability: service.variability,
        limit: run.component(component, attr!(Component, "queue_limit")).map(|limit| limit as usize),
        spread: spreading,
    })
}

fn call(run: &Run<'_>, index: usize, step: &Step) -> CallPlan {
    let rtt = round_trip(run, step.caller, step.callee).0;
    let callee = run.graph.components.get(step.callee);
    let what = operation(run.graph, step);
    let far = callee.filter(|_| what == Operation::Write).map_or(0.0, |callee| replication_wait(run, callee));
    let kind = match what {
        Operation::Read => 0,
        Operation::Write => 1,
        Operation::Call => 2,
    };
    // Without a queue (nobody says how many nodes there are) a call takes its service time and doesn't wait.
    let unqueued = callee.filter(|callee| queueing(run, callee).is_none()).and_then(|callee| service(run, callee));
    let alone = unqueued.and_then(|service| Some((*service.times.get(kind)?, service.variability)));
    let idle = callee.and_then(|callee| idle_time(run, callee, step, alone));
    let queued = callee.is_some_and(|callee| queueing(run, callee).is_some());
    let base =
        (0..retries(run, step).min(MOST_RETRIES)).map(|done| pause(run, step, done + 1) - pause(run, step, done));
    let share = run.of(&step.own, attr!(Step, "new_connections")).unwrap_or(0.0);
    let opened = opening(run, step, rtt).map_or(0.0, |latency| latency.mean());
    CallPlan {
        operation: kind,
        timed: idle.is_some() || queued,
        network: rtt + transfer(run, step) + far,
        opening: (share, if share > 0.0 { opened / share } else { 0.0 }),
        idle,
        probability: run.of(&step.own, attr!(Step, "probability")).unwrap_or(1.0),
        times: run.of(&step.own, attr!(Step, "times")).unwrap_or(1.0),
        timeout: run.of(&step.own, attr!(Step, "timeout")).filter(|t| *t > 0.0),
        pauses: base.collect(),
        optional: crate::graph::is_optional(run.graph, index),
        hedged: step.own.get(attr!(Step, "hedge")).is_some(),
    }
}
