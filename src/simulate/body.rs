//! What a component does to answer: its calls one after the other or at once, and what their ends mean for it.

use crate::graph::Child;
use crate::simulate::arena::Key;
use crate::simulate::engine::Engine;
use crate::simulate::entries::Lookup;
use crate::simulate::state::{Attempt, Call, Event, Join, Known, Owner, Placement};

/// Whether a step happens.
enum Occurrence {
    /// So often.
    Times(usize),
    /// That is known when somebody else has fetched an entry.
    Later,
}

impl<'b> Engine<'b> {
    /// What an attempt's body does: the flow's for a request, the step's children for a call.
    fn children(&self, attempt: &Attempt) -> &'b [Child] {
        let graph = self.graph;
        match attempt.step {
            Some(step) => graph.steps.get(step).map_or(&[], |step| &step.children),
            None => {
                let flow = self.requests.get(attempt.request).map(|request| request.flow);
                flow.and_then(|flow| graph.flows.get(flow)).map_or(&[], |flow| &flow.body)
            }
        }
    }

    /// Goes on with an attempt's body until something has to be waited for.
    pub fn advance(&mut self, key: Key) {
        loop {
            let Some(attempt) = self.attempts.get(key) else { return };
            let Attempt { next, repeats, request, at, .. } = *attempt;
            let Some(child) = self.children(attempt).get(next) else {
                self.answered(key);
                return;
            };
            match child {
                Child::Step(step) => {
                    let repeats = if repeats > 0 {
                        repeats
                    } else {
                        match self.occurs(*step, request, at, key) {
                            Occurrence::Times(times) => times,
                            Occurrence::Later => return,
                        }
                    };
                    let asynchronous = self.graph.steps.get(*step).is_some_and(|step| step.asynchronous);
                    if let Some(attempt) = self.attempts.get_mut(key) {
                        attempt.repeats = repeats.saturating_sub(1);
                        if repeats <= 1 || asynchronous {
                            (attempt.next, attempt.repeats) = (next + 1, 0);
                        }
                    }
                    if asynchronous {
                        for _ in 0..repeats {
                            self.call(*step, 1, Owner::Nobody, request, at);
                        }
                    } else if repeats > 0 {
                        self.call(*step, 1, Owner::Sequence(key), request, at);
                        return;
                    }
                }
                Child::Parallel { needed, steps } => {
                    if self.parallel(key, *needed, steps) {
                        return;
                    }
                }
            }
        }
    }

    /// Begins calls at once; whether they have to be waited for.
    fn parallel(&mut self, key: Key, needed: usize, steps: &[usize]) -> bool {
        let Some(&Attempt { next, request, at, .. }) = self.attempts.get(key) else { return true };
        let mut open = Vec::new();
        for step in steps {
            match self.occurs(*step, request, at, key) {
                Occurrence::Times(0) => {}
                Occurrence::Times(times) => open.push((*step, times)),
                Occurrence::Later => return true,
            }
        }
        if let Some(attempt) = self.attempts.get_mut(key) {
            attempt.next = next + 1;
        }
        // A branch that doesn't happen counts as done.
        let skipped = steps.len() - open.len();
        let owner = (needed > skipped).then(|| {
            let join = Join { attempt: key, needed: needed - skipped, succeeded: 0, open: open.len(), over: false };
            Owner::Join(self.joins.add(join))
        });
        for (step, times) in open {
            self.call(step, times, owner.unwrap_or(Owner::Nobody), request, at);
        }
        owner.is_some()
    }

    /// How often a step happens this time. `who` comes back when an entry was fetched that it has to wait for.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and clamped")]
    fn occurs(&mut self, step: usize, request: Key, from: Placement, who: Key) -> Occurrence {
        if self.steps.get(step).is_some_and(|step| step.certain) {
            return Occurrence::Times(1);
        }
        let (graph, plan) = (self.graph, self.plan);
        let Some((found, call)) = graph.steps.get(step).zip(plan.calls.get(step)) else {
            return Occurrence::Times(0);
        };
        // Who waited for an entry knows already that the step happens, if the entry is as it must be.
        let waited = self.requests.get(request).is_some_and(|request| request.awaits.is_some());
        if !waited && !self.random.happens(call.probability) {
            return Occurrence::Times(0);
        }
        for &(wanted, cache) in &found.conditions {
            let known = self.requests.get(request).and_then(|r| r.caches.iter().find(|known| known.cache == cache));
            let hit = match known.map(|known| known.hit) {
                Some(hit) => hit,
                None => match self.look_up(cache, step, request, from, who) {
                    Some(hit) => hit,
                    None => return Occurrence::Later,
                },
            };
            if hit != wanted {
                return Occurrence::Times(0);
            }
        }
        let whole = call.times.floor();
        let more = usize::from(self.random.happens(call.times - whole));
        Occurrence::Times(whole.clamp(0.0, 1e6) as usize + more)
    }

    /// Whether a request finds its entry in a cache; `None` if it has to wait for it.
    fn look_up(&mut self, cache: usize, step: usize, request: Key, from: Placement, who: Key) -> Option<bool> {
        let now = self.now();
        let alive = self.alive_share(cache);
        let awaited = self.requests.get_mut(request).and_then(|request| request.awaits.take());
        let known = match self.entries.get_mut(cache).and_then(Option::as_mut) {
            _ if alive <= 0.0 => Known { cache, hit: false, item: usize::MAX, leads: false },
            Some(entries) => {
                let awaited = awaited.filter(|(of, _)| *of == cache).map(|(_, item)| item);
                let item = awaited.unwrap_or_else(|| entries.draw(&mut self.random));
                let found = entries.ask(item, now);
                if found == Lookup::Wait {
                    entries.wait(item, who);
                    if let Some(request) = self.requests.get_mut(request) {
                        request.awaits = Some((cache, item));
                    }
                    return None;
                }
                let leads = found == Lookup::Miss && entries.is_fetched(item);
                if found == Lookup::Stale {
                    self.refresh(cache, item, step, request, from);
                }
                Known { cache, hit: found != Lookup::Miss, item, leads }
            }
            None => {
                let chance = self.plan.hits.get(cache).copied().unwrap_or(0.0) * alive;
                Known { cache, hit: self.random.happens(chance), item: usize::MAX, leads: false }
            }
        };
        if let Some(station) = self.stations.get_mut(cache).filter(|_| self.measuring) {
            station.count.asked += 1;
            station.count.hits += u64::from(known.hit);
        }
        if let Some(request) = self.requests.get_mut(request) {
            request.caches.push(known);
        }
        Some(known.hit)
    }

    /// Fetches an old entry again while its asker goes on with it: by the caller's call for a miss, if it has one.
    fn refresh(&mut self, cache: usize, item: usize, step: usize, request: Key, from: Placement) {
        let graph = self.graph;
        let flow = self.requests.get(request).and_then(|request| graph.flows.get(request.flow));
        let caller = graph.steps.get(step).map(|step| step.caller);
        let fetches = |at: &usize| {
            let found = graph.steps.get(*at);
            found.is_some_and(|step| Some(step.caller) == caller && step.conditions.contains(&(false, cache)))
        };
        match flow.and_then(|flow| flow.steps.clone().find(fetches)) {
            Some(step) => self.call_to_fetch((step, 1), Owner::Nobody, request, from, Some((cache, item))),
            None => self.fetched((cache, item), false),
        }
    }

    /// An entry was fetched, or not; who waited for it goes on.
    pub fn fetched(&mut self, (cache, item): (usize, usize), success: bool) {
        let now = self.now();
        let random = &mut self.random;
        if let Some(entries) = self.entries.get_mut(cache).and_then(Option::as_mut) {
            let waiting = entries.fetched(item, success, now, random);
            self.ready.extend(waiting.into_iter().map(|who| (who, true)));
        }
    }

    fn known_by(&mut self, request: Key, entry: Option<(usize, usize)>) -> Option<&mut Known> {
        let (cache, _) = entry?;
        self.requests.get_mut(request)?.caches.iter_mut().find(|known| known.cache == cache)
    }

    /// Makes a call so many times, one after the other.
    fn call(&mut self, step: usize, times: usize, owner: Owner, request: Key, from: Placement) {
        let conditions = self.graph.steps.get(step).map_or(&[][..], |step| &step.conditions);
        let missed = conditions.iter().filter(|(wanted, _)| !wanted).find_map(|(_, cache)| {
            let known = self.requests.get(request)?.caches.iter().find(|known| known.cache == *cache)?;
            (known.item != usize::MAX).then_some((*cache, known.item))
        });
        if let Some(known) = self.known_by(request, missed) {
            known.leads = false;
        }
        self.call_to_fetch((step, times), owner, request, from, missed);
    }

    fn call_to_fetch(
        &mut self,
        (step, times): (usize, usize),
        owner: Owner,
        request: Key,
        from: Placement,
        fetches: Option<(usize, usize)>,
    ) {
        if let Some(request) = self.requests.get_mut(request) {
            request.references += 1;
        }
        let call = self.calls.add(Call {
            step,
            owner,
            request,
            from,
            failed: 0,
            running: [Key::NONE; 2],
            pooled: false,
            bulkheaded: false,
            watched: false,
            fetches,
            more: times.saturating_sub(1),
        });
        self.attempt(call);
    }

    /// An attempt's body is done.
    pub fn answered(&mut self, key: Key) {
        let Some(attempt) = self.attempts.remove(key) else { return };
        self.leave(&attempt, true);
        self.ended(&attempt, key, true);
    }

    /// An attempt was refused, or a call that it needs failed.
    pub fn failed(&mut self, key: Key) {
        let Some(attempt) = self.attempts.remove(key) else { return };
        self.leave(&attempt, false);
        self.ended(&attempt, key, false);
    }

    fn ended(&mut self, attempt: &Attempt, key: Key, success: bool) {
        if attempt.step.is_none() {
            self.finished(attempt.request, success);
        } else {
            self.tried(attempt.call, key, success);
            self.release(attempt.request);
        }
    }

    /// A call is over; its owner goes on or fails.
    pub fn returned(&mut self, key: Key, success: bool) {
        let Some(call) = self.calls.remove(key) else { return };
        if let Some(entry) = call.fetches {
            self.fetched(entry, success);
        }
        let success = success || self.does_without(call.step);
        if success && call.more > 0 {
            // Begun by an event of its own: what is answered at once would nest as deep as it is repeated.
            let again = self.calls.add(Call { failed: 0, running: [Key::NONE; 2], more: call.more - 1, ..call });
            self.calendar.after(0.0, Event::Retry(again));
            return;
        }
        match call.owner {
            Owner::Sequence(attempt) => self.ready.push_back((attempt, success)),
            Owner::Join(join) => self.joined(join, success),
            Owner::Nobody => {}
        }
        self.release(call.request);
    }

    /// Whether a request goes on although a call failed: it is optional, or the component of its fallback is up.
    fn does_without(&mut self, step: usize) -> bool {
        let Some(plan) = self.plan.calls.get(step) else { return false };
        let fallback = plan.fallback.map_or(0.0, |other| self.alive_share(other));
        plan.optional || self.random.happens(fallback)
    }

    fn joined(&mut self, key: Key, success: bool) {
        let Some(join) = self.joins.get_mut(key) else { return };
        join.open -= 1;
        join.succeeded += usize::from(success);
        let enough = join.succeeded >= join.needed;
        let hopeless = join.succeeded + join.open < join.needed;
        let Join { over, open, attempt, .. } = *join;
        join.over |= enough || hopeless;
        if open == 0 {
            self.joins.remove(key);
        }
        if !over && (enough || hopeless) {
            self.ready.push_back((attempt, enough));
        }
    }
}
