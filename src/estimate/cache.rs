//! Hit ratios from popularity and memory, what a cache's loss or a hot key's expiry means.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::estimate::capacity::nodes;
use crate::estimate::traffic::traffic;
use crate::estimate::{Estimate, Run};
use crate::formula::cache::{lru_hit, lru_size, random_hit, stampede, ttl_hit, zipf_share, zipf_top};
use crate::graph::Component;
use crate::vocabulary::attr;

/// Hit ratios of caches that state none but say how many items there are, how popular, how large, and how much memory.
pub(super) fn hits(run: &Run<'_>) -> Vec<Option<f64>> {
    let mut hits: Vec<Option<f64>> = run.graph.components.iter().map(|component| modelled(run, component)).collect();
    let lasting: Vec<_> = run.graph.components.iter().filter_map(|c| Some((c.index, lasting(run, c)?))).collect();
    if lasting.is_empty() {
        return hits;
    }
    // How long entries live matters only with how often they are asked for, which no cache's own hits change.
    let once = vec![1.0; run.graph.steps.len()];
    let asked = traffic(&Run { hits: hits.clone().into(), ..*run }, &once);
    for (index, (ttl, items, s)) in lasting {
        let rate = asked.components.get(index).map_or(0.0, |figures| figures.peak_rate);
        if let Some(hit) = hits.get_mut(index) {
            *hit = remembered(5, [rate * ttl, items, s], || ttl_hit(rate, ttl, items, s));
        }
    }
    hits
}

/// Items that have room in all nodes of a cache together.
pub(super) fn slots(run: &Run<'_>, component: &Component) -> Option<f64> {
    let get = |id| run.component(component, id);
    let (item, memory) = (get(attr!(Component, "item"))?, get(attr!(Component, "memory"))?);
    Some((memory * nodes(run, component)? / item.max(1.0)).floor())
}

/// Time to live, items and their popularity of a cache that has room for all and states no hit ratio.
fn lasting(run: &Run<'_>, component: &Component) -> Option<(f64, f64, f64)> {
    let get = |id| run.component(component, id);
    let bounded = slots(run, component).zip(get(attr!(Component, "items"))).is_some_and(|(slots, items)| slots < items);
    let by_time = component.word(attr!(Component, "eviction")) == Some("ttl") || !bounded;
    if !by_time || get(attr!(Component, "hit")).is_some() {
        return None;
    }
    let (ttl, items) = (get(attr!(Component, "ttl"))?, get(attr!(Component, "items"))?);
    Some((ttl, items, get(attr!(Component, "popularity"))?))
}

fn modelled(run: &Run<'_>, component: &Component) -> Option<f64> {
    let get = |id| run.component(component, id);
    if get(attr!(Component, "hit")).is_some() {
        return None;
    }
    let (items, slots) = (get(attr!(Component, "items"))?, slots(run, component)?);
    if slots >= items && get(attr!(Component, "ttl")).is_some() {
        // There is room for all, so that only time takes an entry away.
        return None;
    }
    let s = get(attr!(Component, "popularity"))?;
    match component.word(attr!(Component, "eviction")) {
        Some("ttl") => None,
        Some("lfu") => remembered(0, [slots, items, s], || zipf_top(slots, items, s)),
        Some("random" | "fifo") => remembered(1, [items, slots, s], || random_hit(items, slots, s)),
        _ => remembered(2, [items, slots, s], || lru_hit(items, slots, s)),
    }
}

/// How many results are remembered before all are forgotten.
const REMEMBERED: usize = 10_000;

type Memory = HashMap<(u8, [u64; 3]), Option<f64>>;

thread_local! {
    static MEMORY: RefCell<Memory> = RefCell::new(HashMap::new());
}

/// A result of a formula that takes long, computed once for the same arguments: most samples share them.
fn remembered(formula: u8, arguments: [f64; 3], compute: impl FnOnce() -> Option<f64>) -> Option<f64> {
    let key = (formula, arguments.map(f64::to_bits));
    MEMORY.with_borrow_mut(|memory| {
        if memory.len() >= REMEMBERED {
            memory.clear();
        }
        *memory.entry(key).or_insert_with(compute)
    })
}

/// The share of requests for the most popular of some items.
pub(super) fn top_share(items: f64, s: f64) -> Option<f64> {
    remembered(3, [items, s, 0.0], || zipf_share(1.0, items, s))
}

/// The hit ratio that estimates use: as stated, or as modelled.
pub(super) fn hit(run: &Run<'_>, cache: usize) -> Option<f64> {
    let stated = || run.graph.components.get(cache).and_then(|c| run.component(c, attr!(Component, "hit")));
    run.hits.get(cache).copied().flatten().or_else(stated)
}

/// Fills in the figures of caches; `cold` are the peak rates with every cache empty.
pub(super) fn cache(run: &Run<'_>, cold: &Estimate, estimate: &mut Estimate) {
    for (index, component) in run.graph.components.iter().enumerate() {
        let get = |id| run.component(component, id);
        let ratio = hit(run, index);
        let Some(figures) = estimate.components.get_mut(index) else { continue };
        figures.hit_ratio = ratio;
        if ratio.is_some() {
            let bytes = get(attr!(Component, "byte_hit")).or(ratio);
            figures.offloaded_requests = ratio.map(|hit| hit * figures.peak_rate);
            figures.offloaded_bytes = bytes.map(|hit| hit * figures.peak_out);
        }
        let popularity = get(attr!(Component, "items")).zip(get(attr!(Component, "popularity")));
        let wanted = get(attr!(Component, "wanted_hit")).zip(popularity);
        let slots = wanted.and_then(|(hit, (items, s))| remembered(4, [hit, items, s], || lru_size(hit, items, s)));
        figures.memory_for_hit = slots.zip(get(attr!(Component, "item"))).map(|(slots, item)| slots * item);
        figures.hottest_key = popularity.and_then(|(items, s)| top_share(items, s)).map(|top| top * figures.peak_rate);
        figures.stampede =
            figures.hottest_key.zip(get(attr!(Component, "recompute"))).and_then(|(rate, t)| stampede(rate, t));
        if let Some(empty) =
            cold.components.get(index).filter(|empty| empty.peak_rate > figures.peak_rate * (1.0 + 1e-9))
        {
            figures.cold_rate = Some(empty.peak_rate);
            figures.cold_utilization = figures.utilization.map(|u| u * empty.peak_rate / figures.peak_rate.max(1e-300));
        }
    }
}
