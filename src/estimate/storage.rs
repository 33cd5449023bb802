//! Bytes on disk: records, indexes, compression, copies, retention.

use crate::estimate::capacity::per_shard;
use crate::estimate::{Estimate, Run};
use crate::formula::storage::stored_records;
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
    let copies = get(attr!(Data, "copies"))
        .unwrap_or_else(|| data.stores.iter().map(|&store| copies(run, store)).fold(0.0, |a, b| a + b).max(1.0));
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
    if let Some(figures) = estimate.data.get_mut(index) {
        figures.stored_record = Some(stored);
        figures.copies = Some(copies);
        figures.now = Some(bytes(initial));
        figures.per_year = added.map(|rate| bytes(rate * YEAR));
        figures.full = full.map(bytes);
        figures.hot = hot;
    }
}

/// Copies that a store keeps of each record, as bytes that somebody sees: managed stores keep theirs to themselves.
fn copies(run: &Run<'_>, store: usize) -> f64 {
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
    let all: f64 = data.stores.iter().map(|&s| copies(run, s)).sum();
    if all > 0.0 && total > 0.0 { copies(run, store) / all } else { 1.0 }
}
