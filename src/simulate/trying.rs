//! Trying a call: breakers, bulkheads, connection pools, timeouts, hedges, retries and redeliveries.

use std::collections::VecDeque;

use crate::simulate::arena::Key;
use crate::simulate::engine::Engine;
use crate::simulate::state::{Attempt, Call, Event, Owner, Placement};

/// Places that a node of a caller has for calls to one callee.
#[derive(Clone, Debug, Default)]
pub(super) struct Slots {
    used: usize,
    waiting: VecDeque<Key>,
}

/// A caller's node, as it is since it was last started, and a callee; and whether it is about a bulkhead or connections.
pub(super) type Place = (u32, u32, u32, u32, bool);

impl Engine<'_> {
    /// Tries a call: through its breaker, its bulkhead and a connection of the pool, as far as there are such.
    pub fn attempt(&mut self, key: Key) {
        let (now, plan) = (self.now(), self.plan);
        let Some(&Call { step, from, failed, .. }) = self.calls.get(key) else { return };
        let Some((found, how)) = self.graph.steps.get(step).zip(plan.calls.get(step)) else { return };
        let mut watched = false;
        if how.breaker.is_some()
            && let Some(breaker) = self.breakers.get_mut(found.link).and_then(Option::as_mut)
        {
            if !breaker.admits(now) {
                self.stopped(found.callee, "breaker");
                self.unsuccessful(key);
                return;
            }
            watched = true;
        }
        let mut bulkheaded = false;
        if let Some(most) = how.bulkhead {
            let slots = self.slots.entry(place(from, found.callee, true)).or_default();
            if slots.used >= most {
                self.stopped(found.callee, "bulkhead");
                // The breaker let it through and learns that it failed, as Resilience4j has it.
                if let Some(call) = self.calls.get_mut(key) {
                    call.watched = watched;
                }
                self.settle(key, false);
                self.unsuccessful(key);
                return;
            }
            slots.used += 1;
            bulkheaded = true;
        }
        if let Some(call) = self.calls.get_mut(key) {
            (call.watched, call.bulkheaded) = (watched, bulkheaded);
        }
        let pool = plan.components.get(found.caller).and_then(|caller| caller.pool).filter(|_| how.pooled);
        if let Some((size, patience)) = pool {
            let slots = self.slots.entry(place(from, found.callee, false)).or_default();
            if slots.used >= size {
                slots.waiting.push_back(key);
                if let Some(patience) = patience {
                    self.calendar.after(patience, Event::PoolTimeout { call: key, tried: failed });
                }
                return;
            }
            slots.used += 1;
            if let Some(call) = self.calls.get_mut(key) {
                call.pooled = true;
            }
        }
        self.send(key, 0);
    }

    /// Sends an attempt on its way: the first, or a hedge.
    fn send(&mut self, key: Key, which: usize) {
        let (now, plan) = (self.now(), self.plan);
        let Some(&Call { step, request, failed, .. }) = self.calls.get(key) else { return };
        let Some((found, how)) = self.graph.steps.get(step).zip(plan.calls.get(step)) else { return };
        if let Some(request) = self.requests.get_mut(request) {
            request.references += 1;
        }
        let attempt = self.attempts.add(Attempt {
            call: key,
            step: Some(step),
            request,
            at: Placement::nowhere(found.callee),
            inside: false,
            threaded: false,
            since: now,
            next: 0,
            repeats: 0,
        });
        if let Some(slot) = self.calls.get_mut(key).and_then(|call| call.running.get_mut(which)) {
            *slot = attempt;
        }
        let Some(&state) = self.steps.get(step) else { return };
        let (share, opening) = how.opening;
        if which == 0 {
            // A consumer's time begins when it has its message.
            if !how.consumed {
                self.limit(key);
            }
            if let Some(delay) = how.hedge {
                self.calendar.after(delay, Event::Hedge { call: key, tried: failed });
            }
        }
        if self.random.happens(share) {
            self.calendar.after(how.network + opening, Event::Reached(attempt));
        } else if how.network > 0.0 {
            self.calendar.after_lane(state.network, Event::Reached(attempt));
        } else {
            self.reached(attempt);
        }
    }

    /// Begins the time that a try may take.
    pub fn limit(&mut self, key: Key) {
        let Some(&Call { step, failed, .. }) = self.calls.get(key) else { return };
        let timed = self.plan.calls.get(step).is_some_and(|how| how.timeout.is_some());
        if let Some(state) = self.steps.get(step).filter(|_| timed) {
            self.calendar.after_lane(state.timeout, Event::Timeout { call: key, tried: failed });
        }
    }

    /// Sends a second, identical call if the first isn't back.
    pub fn hedge(&mut self, key: Key, tried: u32) {
        let Some(call) = self.calls.get(key) else { return };
        if call.failed == tried && call.running[0] != Key::NONE && call.running[1] == Key::NONE {
            self.send(key, 1);
        }
    }

    /// An attempt of a call ended.
    pub fn tried(&mut self, key: Key, attempt: Key, success: bool) {
        let Some(call) = self.calls.get_mut(key) else { return };
        let Some(slot) = call.running.iter_mut().find(|running| **running == attempt) else { return };
        *slot = Key::NONE;
        if success {
            call.running = [Key::NONE; 2];
            self.settle(key, true);
            self.returned(key, true);
        } else if call.running == [Key::NONE; 2] {
            self.settle(key, false);
            self.unsuccessful(key);
        }
    }

    /// The caller has waited long enough for this try.
    pub fn timeout(&mut self, key: Key, tried: u32, cause: &'static str) {
        let Some(call) = self.calls.get_mut(key).filter(|call| call.failed == tried) else { return };
        if call.running == [Key::NONE; 2] {
            return;
        }
        call.running = [Key::NONE; 2];
        let callee = self.graph.steps.get(call.step).map_or(usize::MAX, |step| step.callee);
        self.stopped(callee, cause);
        self.settle(key, false);
        self.unsuccessful(key);
    }

    /// No connection of the pool came free in time.
    pub fn pool_timeout(&mut self, key: Key, tried: u32) {
        let Some(&call) = self.calls.get(key).filter(|call| call.failed == tried && !call.pooled) else { return };
        let callee = self.graph.steps.get(call.step).map_or(usize::MAX, |step| step.callee);
        let Some(slots) = self.slots.get_mut(&place(call.from, callee, false)) else { return };
        if let Some(at) = slots.waiting.iter().position(|waiting| *waiting == key) {
            slots.waiting.remove(at);
            self.stopped(callee, "pool");
            self.settle(key, false);
            self.unsuccessful(key);
        }
    }

    /// Gives back what a try held, and tells its breaker how it went.
    fn settle(&mut self, key: Key, success: bool) {
        let now = self.now();
        let Some(call) = self.calls.get_mut(key) else { return };
        let Call { step, from, pooled, bulkheaded, watched, .. } = *call;
        if !(pooled || bulkheaded || watched) {
            return;
        }
        (call.pooled, call.bulkheaded, call.watched) = (false, false, false);
        let Some(found) = self.graph.steps.get(step) else { return };
        if watched && let Some(breaker) = self.breakers.get_mut(found.link).and_then(Option::as_mut) {
            breaker.learns(now, success);
        }
        if bulkheaded && let Some(slots) = self.slots.get_mut(&place(from, found.callee, true)) {
            slots.used = slots.used.saturating_sub(1);
        }
        if pooled {
            self.hand_on(place(from, found.callee, false));
        }
    }

    /// A connection is free: the first that waits and is still wanted has it.
    fn hand_on(&mut self, at: Place) {
        while let Some(slots) = self.slots.get_mut(&at) {
            let Some(next) = slots.waiting.pop_front() else {
                slots.used = slots.used.saturating_sub(1);
                return;
            };
            if self.is_wanted(next) {
                if let Some(call) = self.calls.get_mut(next) {
                    call.pooled = true;
                }
                self.send(next, 0);
                return;
            }
            self.settle(next, false);
            self.returned(next, false);
        }
    }

    /// Whether whoever made a call is still there.
    fn is_wanted(&self, key: Key) -> bool {
        match self.calls.get(key).map(|call| call.owner) {
            Some(Owner::Sequence(attempt)) => self.attempts.get(attempt).is_some(),
            Some(Owner::Join(join)) => {
                self.joins.get(join).is_some_and(|join| self.attempts.get(join.attempt).is_some())
            }
            Some(Owner::Nobody) => true,
            None => false,
        }
    }

    /// A try failed: the next one follows after its pause, or the call has failed.
    fn unsuccessful(&mut self, key: Key) {
        let plan = self.plan;
        let Some(call) = self.calls.get_mut(key) else { return };
        let before = call.failed;
        call.failed += 1;
        let step = call.step;
        let Some((found, how)) = self.graph.steps.get(step).zip(plan.calls.get(step)) else { return };
        if let Some(pause) = how.pauses.get(before as usize) {
            let time = if pause.jitter { pause.time * self.random.uniform() } else { pause.time };
            self.calendar.after(time, Event::Retry(key));
            return;
        }
        // A broker delivers again at once, behind what waits already.
        let deliveries = plan.components.get(found.caller).and_then(|broker| broker.deliveries);
        if let Some(deliveries) = deliveries.filter(|_| how.consumed) {
            if u64::from(before) + 1 < deliveries {
                self.calendar.after(0.0, Event::Retry(key));
                return;
            }
            if let Some(station) = self.stations.get_mut(found.caller).filter(|_| self.measuring) {
                station.count.dead += 1;
            }
        }
        self.returned(key, false);
    }

    pub fn retry(&mut self, key: Key) {
        if self.is_wanted(key) {
            self.attempt(key);
        } else {
            self.returned(key, false);
        }
    }

    /// Counts what stopped a call to a component.
    pub fn stopped(&mut self, callee: usize, cause: &'static str) {
        if let Some(station) = self.stations.get_mut(callee).filter(|_| self.measuring) {
            *station.count.failures.entry(cause).or_default() += 1;
        }
    }
}

/// The key of a caller's places for a callee.
fn place(from: Placement, callee: usize, bulkhead: bool) -> Place {
    (from.station, from.node, from.epoch, u32::try_from(callee).unwrap_or(u32::MAX), bulkhead)
}
