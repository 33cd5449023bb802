//! A discrete-event run of a system: every request, call, queue, timeout and retry, one event after the other.
//!
//! It shares what a call is with the estimate (`estimate::blueprint`) and nothing of how the estimate computes, so the two
//! check each other. Runs are independent of each other, each with a stream of chances of its own, so they may go on at the
//! same time and give the same results on any number of threads.

mod arena;
mod body;
mod breaker;
mod calendar;
mod disturbance;
mod engine;
mod entries;
mod fault;
mod limiter;
mod random;
mod serving;
mod state;
mod statistics;
mod timeline;
mod trying;
mod verdict;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::estimate::blueprint::Blueprint;
use crate::graph::Graph;

pub use fault::{Action, Fault, Place, fault, time};
pub use statistics::{FlowResult, Interval, Results, StationResult};
pub use timeline::{FlowPoint, StationPoint, Timeline};
pub use verdict::{Outcome, Verdict};

/// What to run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The seed of all chances.
    pub seed: u64,
    /// Independent runs, at least one; intervals need two.
    pub runs: usize,
    /// How long each run is.
    pub extent: Extent,
    /// How many requests come.
    pub load: Load,
}

/// How long a run is.
#[derive(Clone, Debug)]
pub enum Extent {
    /// Requests of all flows of all runs together, the first tenth of each run for warming up.
    Requests(usize),
    /// A time after a warm-up, in seconds, with what happens meanwhile.
    Time {
        /// Warm-up, which isn't shown.
        warm: f64,
        /// What is shown.
        duration: f64,
        /// Parts of equal length in which that is shown.
        windows: usize,
        /// What happens.
        faults: Vec<Fault>,
    },
}

/// How many requests come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Load {
    /// As at peak.
    Peak,
    /// As on average.
    Average,
    /// As over a day of this length in seconds, from its quietest moment on: `peak · ((1 − cos 2πt) / 2)^k` with k so that the
    /// average is right.
    Day(f64),
}

/// Calls in progress beyond which a system counts as unable to keep up.
const MOST_CALLS: usize = 2_000_000;

/// Runs a system; the same settings give the same results. `progress` counts the requests that have arrived in all runs.
pub fn simulate(graph: &Graph, plan: &Blueprint, settings: &Settings, progress: &AtomicUsize) -> Results {
    let runs = settings.runs.max(1);
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<Option<engine::Outcome>>> = Mutex::new((0..runs).map(|_| None).collect());
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(runs);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let run = next.fetch_add(1, Ordering::Relaxed);
                    if run >= runs {
                        return;
                    }
                    let outcome = engine::Engine::new(graph, plan, settings, run).run(progress);
                    let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(slot) = done.get_mut(run) {
                        *slot = Some(outcome);
                    }
                }
            });
        }
    });
    let outcomes = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    engine::together(graph, plan, settings, outcomes.into_iter().flatten().collect())
}
