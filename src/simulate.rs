//! A discrete-event run of a system at peak: every request, call, queue, timeout and retry, one event after the other.
//!
//! It shares what a call is with the estimate (`estimate::blueprint`) and nothing of how the estimate computes, so the two
//! check each other. Arrivals are Poisson, nodes are chosen at random, queues are first come first served.

mod engine;
mod random;
mod statistics;

use crate::estimate::blueprint::Blueprint;
use crate::graph::Graph;

pub use statistics::{FlowResult, Interval, Results, StationResult};

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Requests of all flows together, the first tenth of which only warms up.
    pub requests: usize,
    /// The seed of all chances.
    pub seed: u64,
}

/// Calls in progress beyond which a system counts as unable to keep up.
const MOST_CALLS: usize = 2_000_000;

/// Runs a system; the same seed gives the same results.
pub fn simulate(graph: &Graph, blueprint: &Blueprint, settings: Settings) -> Results {
    engine::Engine::new(graph, blueprint, settings).run()
}
