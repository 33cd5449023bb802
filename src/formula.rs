//! Textbook mathematics on plain numbers: no graph, no units beyond those that each function names.
//!
//! Times are in seconds and rates per second unless a function says otherwise (most only need both to agree).
//! A function that has a range of validity returns `None` outside it, and for any input that is not a number.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts beyond 2^53 need no digit more than a float has, and the casts back saturate after a check"
)]
#![cfg_attr(
    test,
    expect(
        clippy::float_cmp,
        clippy::cast_possible_wrap,
        reason = "the tests compare what must be exact, with small counts"
    )
)]

/// Series, parallel, k-of-n, common causes and zones; downtime and nines.
pub mod availability;
/// Hit ratios from popularity: LRU, LFU, random, time to live; stampedes.
pub mod cache;
/// Clients that think between requests: the repair model and mean value analysis.
pub mod closed;
/// Quorums, stale reads, copies that fall behind.
pub mod consistency;
/// Response times as distributions: sums, mixtures and order statistics without simulation.
pub mod distribution;
/// The universal scalability law fitted to measurements.
pub mod fit;
/// Distances, handshakes, slow start, loss and windows.
pub mod network;
/// Erlang's formulas, M/M/c, M/G/1, G/G/c and bounded queues; how many servers a load needs.
pub mod queueing;
/// Data lost and time to restore; error budgets and burn rates.
pub mod recovery;
/// Fault trees: exact probability, importance measures and minimal cut sets.
pub mod reliability;
/// Amdahl, Gustafson and the universal scalability law.
pub mod scaling;
/// Stored records, key spaces, collisions, durability and rebalancing.
pub mod storage;
/// Fan-out and order statistics of exponential times in closed form.
pub mod tail;
/// Peaks, retries, Little's law, token buckets and square-root staffing.
pub mod traffic;
/// How much service times vary.
pub mod variability;

/// Tails of the binomial distribution.
mod binomial;
/// The M/M/c/K queue.
mod bounded;
/// The distribution function that stands for three moments.
mod curve;
/// Minimal cut sets.
mod cut_sets;
/// Erlang's formulas.
mod erlang;
/// Events, diagrams and importance.
mod fault_tree;
/// The incomplete gamma function where the library's own becomes slow.
mod gamma;
/// Waits without exponential assumptions.
mod general;
/// The mixture of paths.
mod latency;
/// Reducing many paths to a few.
mod merge;
/// The M/M/c queue.
mod mmc;
/// Three figures that add.
mod moments;
/// Maxima, minima and k of n.
mod order;
/// Finding where a decreasing function crosses zero.
mod root;
/// How many servers a load needs.
mod staffing;

/// The value unless it overflowed, so that no infinity leaves this module.
fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// Whether all are numbers from 0 up, and finite.
fn amounts(values: &[f64]) -> bool {
    values.iter().all(|&value| value >= 0.0 && value.is_finite())
}

/// Whether all are probabilities.
fn shares(values: &[f64]) -> bool {
    values.iter().all(|value| (0.0..=1.0).contains(value))
}

/// How close distributions come to exact ones and to simulation.
#[cfg(test)]
mod accuracy;
