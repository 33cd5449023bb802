//! A cache entry by entry: what is in it, until when, what goes, and who fetches what is missing.

use std::collections::BTreeMap;

use crate::estimate::blueprint::{CachePlan, Eviction, Stampede};
use crate::formula::cache::zipf_share;
use crate::simulate::arena::Key;
use crate::simulate::random::{Random, Zipf, mixed};

/// Requests by which a bounded cache is filled before the run, for each of its places; and at most in all.
const FILLING: usize = 20;
const MOST_FILLING: usize = 4_000_000;

/// The end of a list.
const END: u32 = u32::MAX;

/// What asking for an item finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lookup {
    /// It is there.
    Hit,
    /// It is there but old: the asker gets it, and somebody has to fetch it again.
    Stale,
    /// It isn't there; the asker has to fetch it.
    Miss,
    /// Somebody is fetching it; the asker waits.
    Wait,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Until when it lives; 0 if it isn't there.
    until: f64,
    /// Neighbours in the order in which entries go; for a random order, `previous` is the place among all.
    previous: u32,
    next: u32,
}

/// The entries of a cache.
#[derive(Debug)]
pub(super) struct Entries {
    plan: CachePlan,
    zipf: Zipf,
    entries: Vec<Entry>,
    /// The newest and the oldest of the list.
    newest: u32,
    oldest: u32,
    /// All that are there, for random eviction.
    all: Vec<u32>,
    held: usize,
    /// Items that are being fetched, with who waits for them.
    fetched: BTreeMap<u32, Vec<Key>>,
    /// Nodes that are gone, of how many; each has its share of the items.
    nodes: Vec<bool>,
}

impl Entries {
    /// A cache of so many nodes, filled as it is after it has run for long.
    pub fn new(plan: CachePlan, nodes: usize, random: &mut Random) -> Self {
        let nothing = Entry { until: 0.0, previous: END, next: END };
        let mut cache = Entries {
            plan,
            zipf: Zipf::new(plan.items, plan.popularity),
            entries: vec![nothing; plan.items],
            newest: END,
            oldest: END,
            all: Vec::new(),
            held: 0,
            fetched: BTreeMap::new(),
            nodes: vec![true; nodes.max(1)],
        };
        cache.fill_up(random);
        cache
    }

    #[expect(clippy::cast_precision_loss, reason = "at most some million items")]
    fn fill_up(&mut self, random: &mut Random) {
        if let Some(slots) = self.plan.slots {
            for _ in 0..slots.saturating_mul(FILLING).min(MOST_FILLING) {
                let item = self.draw(random);
                // What lives for a limited time is of any age.
                let age = self.plan.ttl.map_or(0.0, |ttl| ttl * random.uniform());
                if self.ask(item, 0.0) != Lookup::Hit {
                    self.put(item, 0.0, age, random);
                }
            }
            self.fetched.clear();
            return;
        }
        let items = self.plan.items;
        let (Some(ttl), Some(top)) = (self.plan.ttl, zipf_share(1.0, items as f64, self.plan.popularity)) else {
            return;
        };
        for item in 0..items {
            // An entry lives for the time to live from when it was fetched, then for the time until it is asked for it isn't there.
            let asked = self.plan.rate * top * (item as f64 + 1.0).powf(-self.plan.popularity);
            if random.happens(asked * ttl / (1.0 + asked * ttl)) {
                self.put(item, 0.0, ttl * random.uniform(), random);
            }
        }
    }

    /// An item that is asked for.
    pub fn draw(&self, random: &mut Random) -> usize {
        self.zipf.draw(random)
    }

    /// The node that holds an item.
    pub fn node(&self, item: usize) -> usize {
        usize::try_from(mixed(item as u64) >> 32).unwrap_or(0) % self.nodes.len()
    }

    fn is_up(&self, item: usize) -> bool {
        self.nodes.get(self.node(item)).copied().unwrap_or(false)
    }

    /// Asks for an item.
    pub fn ask(&mut self, item: usize, now: f64) -> Lookup {
        if !self.is_up(item) {
            return Lookup::Miss;
        }
        let there = self.entries.get(item).is_some_and(|entry| entry.until > 0.0);
        let alive = self.entries.get(item).is_some_and(|entry| entry.until > now);
        if alive {
            self.touch(item);
            return Lookup::Hit;
        }
        let id = u32::try_from(item).unwrap_or(END);
        let somebody = self.fetched.contains_key(&id);
        match self.plan.stampede {
            Stampede::Background if there && somebody => Lookup::Hit,
            Stampede::Background if there => {
                self.fetched.insert(id, Vec::new());
                Lookup::Stale
            }
            Stampede::SingleFlight if somebody => Lookup::Wait,
            Stampede::SingleFlight => {
                self.fetched.insert(id, Vec::new());
                Lookup::Miss
            }
            _ => Lookup::Miss,
        }
    }

    /// Whether somebody is fetching an item, or others wait for that.
    pub fn is_fetched(&self, item: usize) -> bool {
        u32::try_from(item).is_ok_and(|id| self.fetched.contains_key(&id))
    }

    /// Waits for an item that somebody is fetching.
    pub fn wait(&mut self, item: usize, who: Key) {
        if let Some(waiting) = u32::try_from(item).ok().and_then(|id| self.fetched.get_mut(&id)) {
            waiting.push(who);
        }
    }

    /// An item was fetched, or not; returns who waited for it.
    pub fn fetched(&mut self, item: usize, success: bool, now: f64, random: &mut Random) -> Vec<Key> {
        if success && self.is_up(item) {
            self.put(item, now, 0.0, random);
        }
        u32::try_from(item).ok().and_then(|id| self.fetched.remove(&id)).unwrap_or_default()
    }

    /// Puts an item in that has lived for some time already.
    fn put(&mut self, item: usize, now: f64, age: f64, random: &mut Random) {
        let until = self.plan.ttl.map_or(f64::MAX, |ttl| now + ttl - age);
        let there = self.entries.get(item).is_some_and(|entry| entry.until > 0.0);
        if !there && !self.make_room(item, random) {
            return;
        }
        if let Some(entry) = self.entries.get_mut(item) {
            entry.until = until;
        }
        if there {
            self.touch(item);
        } else {
            self.held += 1;
            self.link(item);
        }
    }

    /// Lets something go if the cache is full; `false` if the new item isn't worth a place.
    fn make_room(&mut self, item: usize, random: &mut Random) -> bool {
        let Some(slots) = self.plan.slots else { return true };
        if self.plan.eviction == Eviction::Lfu {
            // Items are numbered by their popularity.
            return item < slots;
        }
        if self.held < slots {
            return true;
        }
        let goes = match self.plan.eviction {
            Eviction::Random => self.all.get(random.below(self.all.len())).copied(),
            _ => Some(self.oldest),
        };
        match goes {
            Some(goes) if slots > 0 && goes != END => {
                self.remove(goes as usize);
                true
            }
            _ => false,
        }
    }

    fn link(&mut self, item: usize) {
        let id = u32::try_from(item).unwrap_or(END);
        let first = self.newest;
        let place = u32::try_from(self.all.len()).unwrap_or(END);
        let random = self.plan.eviction == Eviction::Random;
        let Some(entry) = self.entries.get_mut(item) else { return };
        if random {
            entry.previous = place;
            self.all.push(id);
            return;
        }
        (entry.previous, entry.next) = (END, first);
        match self.entries.get_mut(first as usize) {
            Some(neighbour) => neighbour.previous = id,
            None => self.oldest = id,
        }
        self.newest = id;
    }

    fn unlink(&mut self, item: usize) {
        let Some(&Entry { previous, next, .. }) = self.entries.get(item) else { return };
        if self.plan.eviction == Eviction::Random {
            self.all.swap_remove(previous as usize);
            let moved = self.all.get(previous as usize).and_then(|id| self.entries.get_mut(*id as usize));
            if let Some(moved) = moved {
                moved.previous = previous;
            }
            return;
        }
        match self.entries.get_mut(previous as usize) {
            Some(neighbour) => neighbour.next = next,
            None => self.newest = next,
        }
        match self.entries.get_mut(next as usize) {
            Some(neighbour) => neighbour.previous = previous,
            None => self.oldest = previous,
        }
    }

    fn touch(&mut self, item: usize) {
        if self.plan.eviction == Eviction::Lru && self.plan.slots.is_some() {
            self.unlink(item);
            self.link(item);
        }
    }

    fn remove(&mut self, item: usize) {
        if self.entries.get(item).is_some_and(|entry| entry.until > 0.0) {
            self.unlink(item);
            self.held -= 1;
            if let Some(entry) = self.entries.get_mut(item) {
                entry.until = 0.0;
            }
        }
    }

    /// Takes nodes away, with all that they held, or gives them back empty.
    pub fn set_nodes(&mut self, nodes: impl Iterator<Item = (usize, bool)>) {
        for (node, up) in nodes {
            if let Some(slot) = self.nodes.get_mut(node) {
                *slot = up;
            }
        }
        for item in 0..self.entries.len() {
            if !self.is_up(item) {
                self.remove(item);
            }
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        for item in 0..self.entries.len() {
            self.remove(item);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formula::cache::{lru_hit, random_hit, ttl_hit, zipf_top};

    fn plan(slots: Option<usize>, ttl: Option<f64>, eviction: Eviction) -> CachePlan {
        CachePlan { items: 10_000, popularity: 0.8, slots, ttl, eviction, stampede: Stampede::All, rate: 1000.0 }
    }

    /// Hit ratio over many requests, a thousand a second.
    fn hits(plan: CachePlan, requests: u32) -> f64 {
        let mut random = Random::new(5);
        let mut cache = Entries::new(plan, 3, &mut random);
        let mut found = 0;
        for request in 0..requests {
            let now = f64::from(request) / 1000.0;
            let item = cache.draw(&mut random);
            match cache.ask(item, now) {
                Lookup::Hit => found += 1,
                _ => drop(cache.fetched(item, true, now, &mut random)),
            }
        }
        f64::from(found) / f64::from(requests)
    }

    #[test]
    fn hit_ratios_are_those_of_the_formulas() {
        let formula = |f: Option<f64>| f.unwrap();
        for (plan, expected) in [
            (plan(Some(1000), None, Eviction::Lru), formula(lru_hit(10_000.0, 1000.0, 0.8))),
            (plan(Some(1000), None, Eviction::Fifo), formula(random_hit(10_000.0, 1000.0, 0.8))),
            (plan(Some(1000), None, Eviction::Random), formula(random_hit(10_000.0, 1000.0, 0.8))),
            (plan(Some(1000), None, Eviction::Lfu), formula(zipf_top(1000.0, 10_000.0, 0.8))),
            (plan(None, Some(20.0), Eviction::Lru), formula(ttl_hit(1000.0, 20.0, 10_000.0, 0.8))),
        ] {
            let found = hits(plan, 400_000);
            assert!((found - expected).abs() < 0.004, "{plan:?}: {found}, {expected}");
        }
    }

    #[test]
    fn a_lost_node_loses_its_share() {
        let mut random = Random::new(1);
        let mut cache = Entries::new(plan(None, Some(1e9), Eviction::Lru), 4, &mut random);
        let before = cache.held;
        assert!(before > 9_900);
        cache.set_nodes([(2, false)].into_iter());
        assert!((2200..2800).contains(&(before - cache.held)));
        let item = (0..10_000).find(|item| cache.node(*item) == 2).unwrap();
        assert_eq!(cache.ask(item, 1.0), Lookup::Miss);
        cache.fetched(item, true, 1.0, &mut random);
        assert_eq!(cache.ask(item, 2.0), Lookup::Miss);
        cache.set_nodes([(2, true)].into_iter());
        cache.fetched(item, true, 2.0, &mut random);
        assert_eq!(cache.ask(item, 3.0), Lookup::Hit);
        cache.clear();
        assert_eq!((cache.held, cache.newest, cache.oldest), (0, END, END));
    }

    #[test]
    fn one_fetches_and_the_others_wait_or_get_the_old_one() {
        let mut random = Random::new(1);
        let with = |stampede| CachePlan { stampede, ..plan(None, Some(10.0), Eviction::Lru) };
        let mut single = Entries::new(with(Stampede::SingleFlight), 1, &mut random);
        assert_eq!((single.ask(7, 100.0), single.ask(7, 100.0)), (Lookup::Miss, Lookup::Wait));
        single.wait(7, Key::NONE);
        assert_eq!(single.fetched(7, true, 100.1, &mut random), [Key::NONE]);
        assert_eq!(single.ask(7, 100.2), Lookup::Hit);
        let mut background = Entries::new(with(Stampede::Background), 1, &mut random);
        background.fetched(7, true, 100.0, &mut random);
        assert_eq!((background.ask(7, 111.0), background.ask(7, 111.0)), (Lookup::Stale, Lookup::Hit));
    }
}
