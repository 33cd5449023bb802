//! Bytes on disk: records, indexes, compression, copies, retention.

use crate::estimate::capacity::per_shard;
use crate::estimate::{Estimate, Run};
use crate::formula::storage::{self, stored_records};
use crate::graph::Data;
use crate::vocabulary::{Kind, attr};

const YEAR: f64 = 365.0 * 86_400.0;
/// The horizon where nothing expires.
const FIVE_YEARS: f64 = 5.0 * YEAR;

/// Fills in the storage figures.
pub(super) fn storage(run: &Run<'_>, estimate: &mut Estimate) {
    let mut total = None;
    for (index, data) in run.graph.data.iter().enumerate() {
        one(run, index, data, estimate);
        let full = estimate.data.get(index).and_then(|figures| figures.full);
        total = match (total, full) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
    }
    estimate.system.storage = total;
}

fn one(run: &Run<'_>, index: usize, data: &Data, estimate: &mut Estimate) {
    let get = |key| run.of(&data.own, key);
    let Some(record) = get(attr!(Data, "record")) else { return };
    let stored =
        record * (1.0 + get(attr!(Data, "index")).unwrap_or(0.0)) / get(attr!(Data, "compression")).unwrap_or(1.0);
    let copies = erasure(run, data)
        .map(|(d, p)| (d + p) / d)
        .or(get(attr!(Data, "copies")))
        .unwrap_or_else(|| data.stores.iter().map(|&store| copies_kept(run, store)).fold(0.0, |a, b| a + b).max(1.0));
    let initial = get(attr!(Data, "initial")).unwrap_or(0.0);
    let (added, keep) = (get(attr!(Data, "added")), get(attr!(Data, "keep")));
    let bytes = |count: f64| count * stored * copies;
    let horizon = keep.unwrap_or(FIVE_YEARS);
    let full = added.and_then(|rate| stored_records(rate, keep, horizon, initial)).or(get(attr!(Data, "initial")));
    let hot = get(attr!(Data, "hot")).zip(full).map(|(share, count)| share * count * record);
    for &store in &data.stores {
        if let Some(figures) = estimate.components.get_mut(store) {
            let share = full.map(|count| bytes(count) * copies_share(run, data, store, copies));
            figures.storage = match (figures.storage, share) {
                (Some(a), Some(b)) => Some(a + b),
                (a, b) => a.or(b),
            };
            figures.hot_memory = match (figures.hot_memory, hot) {
                (Some(a), Some(b)) => Some(a + b),
                (a, b) => a.or(b),
            };
        }
    }
    let cold = get(attr!(Data, "hot")).zip(get(attr!(Data, "cold_price"))).zip(full);
    if let Some(((hot, price), count)) = cold {
        for &store in &data.stores {
            let kept = bytes(count) * copies_share(run, data, store, copies) * (1.0 - hot);
            if let Some(figures) = estimate.components.get_mut(store) {
                figures.cold_storage = (figures.cold_storage.0 + kept, figures.cold_storage.1 + kept * price);
            }
        }
    }
    let shards = data
        .stores
        .first()
        .and_then(|&store| run.component(run.graph.components.get(store)?, attr!(Component, "shards")));
    if let Some(figures) = estimate.data.get_mut(index) {
        figures.annual_loss = annual_loss(run, data, copies);
        let largest = get(attr!(Data, "max_shard")).filter(|size| *size > 0.0);
        figures.shards_needed =
            full.zip(largest).map(|(count, size)| (count * stored / size).ceil().max(1.0)).filter(|n| *n < 1e15);
        let amplified = get(attr!(Data, "write_amplification")).unwrap_or(1.0);
        figures.write_bandwidth = added.map(|rate| bytes(rate) * amplified);
        figures.key_collision = full.and_then(|count| key_collision(run, data, count));
        figures.moved_by_modulo = shards.and_then(|n| storage::mod_n_moved(whole(n), whole(n) + 1));
        figures.moved_by_ring = shards.map(|n| storage::consistent_hash_moved(whole(n)));
        figures.stored_record = Some(stored);
        figures.copies = Some(copies);
        figures.now = Some(bytes(initial));
        figures.per_year = added.map(|rate| bytes(rate * YEAR));
        figures.full = full.map(bytes);
        figures.hot = hot;
    }
}

/// Bytes that a store holds of a data set after some time, copies included.
pub(super) fn bytes_at(run: &Run<'_>, data: &Data, store: usize, time: f64) -> Option<f64> {
    let get = |id| run.of(&data.own, id);
    let record = get(attr!(Data, "record"))?;
    let stored =
        record * (1.0 + get(attr!(Data, "index")).unwrap_or(0.0)) / get(attr!(Data, "compression")).unwrap_or(1.0);
    let initial = get(attr!(Data, "initial")).unwrap_or(0.0);
    let count = stored_records(get(attr!(Data, "added")).unwrap_or(0.0), get(attr!(Data, "keep")), time, initial)?;
    let kept = erasure(run, data).map(|(d, p)| (d + p) / d).or(get(attr!(Data, "copies")));
    let all = kept.unwrap_or_else(|| data.stores.iter().map(|&s| copies_kept(run, s)).sum::<f64>().max(1.0));
    Some(count * stored * all * copies_share(run, data, store, all))
}

/// Data and parity shards of an erasure code.
fn erasure(run: &Run<'_>, data: &Data) -> Option<(f64, f64)> {
    run.of(&data.own, attr!(Data, "erasure.data")).zip(run.of(&data.own, attr!(Data, "erasure.parity")))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole numbers from 0 to 1e9")]
fn whole(n: f64) -> u64 {
    n.round().max(0.0) as u64
}

/// The chance that a record is lost in a year, from how often its copies or shards fail and how soon they are repaired.
fn annual_loss(run: &Run<'_>, data: &Data, copies: f64) -> Option<f64> {
    let rate = run.of(&data.own, attr!(Data, "annual_failure_rate"))?;
    let repair = run.of(&data.own, attr!(Data, "repair"))?;
    let durability = match erasure(run, data) {
        Some((shards, parity)) => storage::erasure_durability(whole(shards), whole(parity), rate, repair),
        None => storage::replica_durability(whole(copies.floor()), rate, repair),
    };
    durability.map(|durability| durability.annual_loss)
}

/// The chance that two of the keys are the same.
fn key_collision(run: &Run<'_>, data: &Data, count: f64) -> Option<f64> {
    let alphabet = run.of(&data.own, attr!(Data, "key.alphabet"))?;
    let length = run.of(&data.own, attr!(Data, "key.length"))?;
    storage::birthday_probability(count, storage::keyspace(whole(alphabet), u32::try_from(whole(length)).ok()?)?)
}

/// Copies that a store keeps of each record, as bytes that somebody sees: managed stores keep theirs to themselves.
pub(super) fn copies_kept(run: &Run<'_>, store: usize) -> f64 {
    let Some(component) = run.graph.components.get(store) else { return 1.0 };
    if component.flag(attr!(Component, "managed")) == Some(true) {
        return 1.0;
    }
    let replicated = component.word(attr!(Component, "topology")).is_some()
        || component.kind == Kind::Database
        || component.kind.is_messaging();
    run.component(component, attr!(Component, "replication.factor"))
        .or_else(|| run.component(component, attr!(Component, "replication.replicas")).map(|n| n + 1.0))
        .or_else(|| per_shard(run, component).filter(|_| replicated))
        .unwrap_or(1.0)
}

fn copies_share(run: &Run<'_>, data: &Data, store: usize, total: f64) -> f64 {
    let all: f64 = data.stores.iter().map(|&s| copies_kept(run, s)).sum();
    if all > 0.0 && total > 0.0 { copies_kept(run, store) / all } else { 1.0 }
}
