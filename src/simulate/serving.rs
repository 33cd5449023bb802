//! Arriving at a component: limiters, the choice of a node, threads, queues and servers; consumers that take messages.

use crate::estimate::blueprint::{Balancing, CallPlan, Queueing, ReadsFrom, Spreading};
use crate::formula::variability::Shape;
use crate::simulate::arena::Key;
use crate::simulate::engine::Engine;
use crate::simulate::limiter::Admission;
use crate::simulate::random::{Random, mixed};
use crate::simulate::state::{Attempt, Event, Health, Job, Placement, Station};

/// Weight of the newest response time in a node's moving average.
const NEWEST: f64 = 0.1;

/// Clients that requests come from, where nodes are chosen by client.
const CLIENTS: u64 = 10_000;

impl<'b> Engine<'b> {
    /// An attempt reaches its callee.
    pub fn reached(&mut self, key: Key) {
        let Some(&Attempt { step: Some(step), call, .. }) = self.attempts.get(key) else { return };
        let Some(found) = self.graph.steps.get(step) else { return };
        let (index, now) = (found.callee, self.now());
        let Some(station) = self.stations.get_mut(index) else { return };
        if self.measuring {
            station.count.calls += 1;
            station.count.repeated += u64::from(self.calls.get(call).is_some_and(|call| call.failed > 0));
        }
        if station.errors > 0.0 && self.random.happens(station.errors) {
            self.stopped(index, "error");
            self.failed(key);
            return;
        }
        match self.limiters.get_mut(index).and_then(Option::as_mut).map(|limiter| limiter.admit(now)) {
            None | Some(Admission::Now) => self.admitted(key),
            Some(Admission::After(delay)) => self.calendar.after(delay, Event::Admitted(key)),
            Some(Admission::Refused) => self.refused(key, index),
        }
    }

    fn refused(&mut self, key: Key, index: usize) {
        if let Some(station) = self.stations.get_mut(index).filter(|_| self.measuring) {
            station.count.refused += 1;
        }
        self.failed(key);
    }

    /// An attempt has passed the limiter of its callee.
    pub fn admitted(&mut self, key: Key) {
        let Some(&Attempt { step: Some(step), call, .. }) = self.attempts.get(key) else { return };
        let (graph, plan) = (self.graph, self.plan);
        let Some((found, how)) = graph.steps.get(step).zip(plan.calls.get(step)) else { return };
        let index = found.callee;
        let room = plan.components.get(index).and_then(|component| component.room);
        if room.is_some_and(|room| self.held.get(index).is_some_and(|held| *held >= room)) {
            self.refused(key, index);
            return;
        }
        let Some(station) = self.stations.get(index) else { return };
        let queueing = station.plan.filter(|_| !station.nodes.is_empty());
        let Some(queueing) = queueing else {
            if how.consumed {
                self.limit(call);
            }
            self.unqueued(key, step, how);
            return;
        };
        if how.consumed {
            self.deliver(key, index, found.caller);
            return;
        }
        let fetched = self.calls.get(call).and_then(|call| call.fetches);
        let caller = plan.components.get(found.caller).map_or(Balancing::Random, |component| component.balancing);
        let Some(node) = self.chosen(index, queueing, how, (caller, fetched.map(|(_, item)| item)), key) else {
            self.stopped(index, "down");
            self.failed(key);
            return;
        };
        self.arrive(key, index, node);
    }

    /// A component whose nodes nobody knows: it takes its time, and nothing waits.
    fn unqueued(&mut self, key: Key, step: usize, how: &CallPlan) {
        let index = self.graph.steps.get(step).map_or(usize::MAX, |step| step.callee);
        let Some((station, state)) = self.stations.get(index).zip(self.steps.get(step)) else { return };
        let (factor, more) = (station.factor, station.more);
        match station.health {
            Health::Up => {
                let response = how.idle.map_or(0.0, |(mean, _)| self.random.time(mean, state.idle));
                self.calendar.after(response * factor + more, Event::Served(key));
            }
            Health::Refusing => {
                self.stopped(index, "down");
                self.failed(key);
            }
            Health::Silent => self.vanish(key),
        }
    }

    /// An attempt of which nobody will hear again.
    pub fn vanish(&mut self, key: Key) {
        if let Some(attempt) = self.attempts.remove(key) {
            self.release(attempt.request);
        }
    }

    /// An attempt is at a node: it gets a thread, waits for one, or is refused.
    fn arrive(&mut self, key: Key, index: usize, node: usize) {
        let Some(station) = self.stations.get_mut(index) else { return };
        let (Some(plan), Some(found)) = (station.plan, station.nodes.get_mut(node)) else { return };
        match found.health {
            Health::Up => {}
            Health::Refusing => {
                self.unanswered(index, node);
                self.stopped(index, "down");
                self.failed(key);
                return;
            }
            Health::Silent => {
                self.unanswered(index, node);
                self.vanish(key);
                return;
            }
        }
        let waiting = found.queue.len() + found.entrance.len();
        let threaded = plan.threads.is_none_or(|threads| found.threads < threads);
        let full = plan.limit.is_some_and(|limit| waiting >= limit);
        if full && (!threaded || found.busy >= plan.servers) {
            self.refused(key, index);
            return;
        }
        found.open += 1;
        let at = placement(index, node, found.epoch);
        if threaded {
            found.threads += 1;
        } else {
            found.entrance.push_back(key);
        }
        if let Some(attempt) = self.attempts.get_mut(key) {
            (attempt.at, attempt.inside, attempt.threaded) = (at, true, threaded);
        }
        if threaded {
            self.start(key, at);
        }
    }

    /// Puts an attempt that has a thread before the servers of its node, with the work that it makes for others.
    fn start(&mut self, key: Key, at: Placement) {
        let plan = self.plan;
        let Some(step) = self.attempts.get(key).and_then(|attempt| attempt.step) else { return };
        let Some((station, how)) = self.stations.get(at.station as usize).zip(plan.calls.get(step)) else { return };
        let Some((queueing, node)) = station.plan.zip(station.nodes.get(at.node as usize)) else { return };
        let (factor, more, shape) = (node.factor, node.more, station.shape);
        let idle = self.steps.get(step).map_or(Shape::Constant, |step| step.idle);
        let mean = queueing.times.get(how.operation).copied().unwrap_or(0.0) * factor;
        let busy = self.random.time(mean, shape);
        let response = match how.idle {
            Some((mean, _)) => self.random.time(mean, idle) * factor + more,
            None => busy + more,
        };
        self.enqueue(at, Job { attempt: key, busy, response });
        let copies = self.copies(at, queueing, how);
        for node in copies {
            let busy = self.random.time(mean, shape);
            self.enqueue(Placement { node, ..at }, Job { attempt: Key::NONE, busy, response: 0.0 });
        }
    }

    /// Other nodes that the same call keeps busy: copies of a write, or those that a quorum asks.
    fn copies(&self, at: Placement, queueing: &Queueing, how: &CallPlan) -> Vec<u32> {
        let all = u32::try_from(queueing.nodes).unwrap_or(1).max(1);
        let base = at.node - at.node % all;
        let count = match (queueing.spread, how.operation) {
            (Spreading::Primary(_), 1) => all as usize,
            (Spreading::Leaderless { factor, .. }, 1) => factor,
            (Spreading::Leaderless { reads, .. }, 0) => reads,
            _ => return Vec::new(),
        };
        let up = |node: &u32| {
            let nodes = self.stations.get(at.station as usize).map(|station| &station.nodes);
            nodes.and_then(|nodes| nodes.get(*node as usize)).is_some_and(|node| node.health == Health::Up)
        };
        let more = u32::try_from(count.clamp(1, all as usize)).unwrap_or(1);
        (1..more).map(|further| base + (at.node - base + further) % all).filter(up).collect()
    }

    fn enqueue(&mut self, at: Placement, job: Job) {
        let Some(station) = self.stations.get_mut(at.station as usize) else { return };
        let (Some(plan), Some(found)) = (station.plan, station.nodes.get_mut(at.node as usize)) else { return };
        if found.busy < plan.servers {
            found.busy += 1;
            let at = Placement { epoch: found.epoch, ..at };
            self.serve(at, job, true);
        } else if job.attempt != Key::NONE || plan.limit.is_none_or(|limit| found.queue.len() < limit) {
            found.queue.push_back(job);
        }
    }

    /// A server begins with a job; `more` says whether it was idle before.
    fn serve(&mut self, at: Placement, job: Job, more: bool) {
        let now = self.calendar.now();
        if more && let Some(station) = self.stations.get_mut(at.station as usize) {
            station.busy_changes(now, 1);
        }
        let together = job.attempt != Key::NONE && job.response.to_bits() == job.busy.to_bits();
        let served = if together { job.attempt } else { Key::NONE };
        self.calendar.after(job.busy, Event::Free { at, served });
        if job.attempt != Key::NONE && !together {
            self.calendar.after(job.response, Event::Served(job.attempt));
        }
    }

    /// A server is free: it takes the next job, or a message that waits.
    pub fn free(&mut self, at: Placement, served: Key) {
        let now = self.calendar.now();
        let Some(station) = self.stations.get_mut(at.station as usize) else { return };
        let Some(found) = station.nodes.get_mut(at.node as usize).filter(|node| node.epoch == at.epoch) else { return };
        match found.queue.pop_front() {
            Some(job) => self.serve(at, job, false),
            None => {
                found.busy -= 1;
                station.busy_changes(now, -1);
                if !station.backlog.is_empty() {
                    self.take(at);
                }
            }
        }
        if served != Key::NONE {
            self.served(served);
        }
    }

    /// An attempt was served and goes on with its own calls, if its callee makes any.
    pub fn served(&mut self, key: Key) {
        let Some(step) = self.attempts.get(key).and_then(|attempt| attempt.step) else { return };
        match self.steps.get(step).is_some_and(|step| step.leaf) {
            true => self.answered(key),
            false => self.ready.push_back((key, true)),
        }
    }

    /// An attempt leaves its node; the next that waits gets its thread.
    pub fn leave(&mut self, attempt: &Attempt, success: bool) {
        let at = attempt.at;
        if !attempt.inside {
            return;
        }
        let now = self.now();
        let Some(station) = self.stations.get_mut(at.station as usize) else { return };
        let Some(found) = station.nodes.get_mut(at.node as usize).filter(|node| node.epoch == at.epoch) else { return };
        found.open -= 1;
        let taken = now - attempt.since;
        found.average += if found.average > 0.0 { NEWEST * (taken - found.average) } else { taken };
        if success {
            found.failures = 0;
        }
        let mut next = None;
        if attempt.threaded {
            next = found.entrance.pop_front();
            // An attempt in the entrance may have gone meanwhile; it gave up its place then.
            if next.is_none() {
                found.threads -= 1;
            }
        } else {
            found.entrance.retain(|waiting| self.attempts.get(*waiting).is_some());
        }
        let waits_for_thread = !station.backlog.is_empty();
        match next {
            Some(next) => {
                if let Some(attempt) = self.attempts.get_mut(next) {
                    attempt.threaded = true;
                }
                self.start(next, at);
            }
            None if waits_for_thread => self.take(at),
            None => {}
        }
        if !success {
            self.unanswered(at.station as usize, at.node as usize);
        }
    }

    /// A message for a consumer: taken at once if somebody is free, else it waits at the broker.
    fn deliver(&mut self, key: Key, index: usize, broker: usize) {
        let Some(station) = self.stations.get_mut(index) else { return };
        let count = station.nodes.len();
        let begin = station.cursor;
        let idle = (0..count).map(|turn| (begin + turn) % count.max(1)).find(|node| station.is_idle(*node));
        match idle {
            Some(node) => {
                station.cursor = (node + 1) % count.max(1);
                self.hand_over(key, index, node);
            }
            None => {
                let now = self.calendar.now();
                station.waiting_changes(now);
                station.backlog.push_back(key);
                if let Some(held) = self.held.get_mut(broker) {
                    *held += 1.0;
                }
            }
        }
    }

    /// A node with a free server and thread takes a message that waits.
    pub fn take(&mut self, at: Placement) {
        let now = self.calendar.now();
        let (index, node) = (at.station as usize, at.node as usize);
        while let Some(station) = self.stations.get_mut(index) {
            if !station.is_idle(node) {
                return;
            }
            station.waiting_changes(now);
            let Some(key) = station.backlog.pop_front() else { return };
            let broker = self.attempts.get(key).and_then(|a| self.graph.steps.get(a.step?)).map(|step| step.caller);
            if let Some(held) = broker.and_then(|broker| self.held.get_mut(broker)) {
                *held -= 1.0;
            }
            self.hand_over(key, index, node);
        }
    }

    /// A consumer has its message.
    fn hand_over(&mut self, key: Key, index: usize, node: usize) {
        if let Some(call) = self.attempts.get(key).map(|attempt| attempt.call) {
            self.limit(call);
            self.arrive(key, index, node);
        }
    }

    /// The node that serves a call; `None` if none can.
    fn chosen(
        &mut self,
        index: usize,
        queueing: &Queueing,
        how: &CallPlan,
        (balancing, item): (Balancing, Option<usize>),
        key: Key,
    ) -> Option<usize> {
        let station = self.stations.get_mut(index)?;
        let all = queueing.nodes.min(station.nodes.len()).max(1);
        let shard = match item {
            Some(item) => item % queueing.shards,
            None => self.random.below(queueing.shards),
        };
        let base = shard * all;
        let write = how.operation == 1;
        if queueing.needed > 1 || matches!(queueing.spread, Spreading::Leaderless { .. }) {
            let alive = station.alive(base, all);
            let quorum = match queueing.spread {
                Spreading::Leaderless { factor, reads, writes } => {
                    // Of the copies of a key so many may be gone as of all nodes, on average.
                    let wanted = if write { writes } else { reads };
                    (wanted * all).div_ceil(factor.max(1)).min(all)
                }
                _ => queueing.needed,
            };
            if alive < quorum {
                return None;
            }
        }
        let primary = base + station.primaries.get(shard).copied().unwrap_or(0);
        match queueing.spread {
            Spreading::Primary(_) if write => return Some(primary),
            Spreading::Primary(ReadsFrom::Primary) => return Some(primary),
            Spreading::Primary(ReadsFrom::Replicas) if station.excluded == 0 => {
                let other = base + self.random.below(all - 1);
                return Some(if other >= primary { other + 1 } else { other });
            }
            _ => {}
        }
        let only_copies = queueing.spread == Spreading::Primary(ReadsFrom::Replicas);
        let fits = |node: &usize| !(only_copies && *node == primary);
        let request = self.attempts.get(key).map_or(Key::NONE, |attempt| attempt.request);
        balanced(station, &mut self.random, balancing, (base, all), &fits, request)
    }
}

/// Chooses among the nodes of a shard that are in use.
fn balanced(
    station: &mut Station<'_>,
    random: &mut Random,
    balancing: Balancing,
    (base, all): (usize, usize),
    fits: &dyn Fn(&usize) -> bool,
    request: Key,
) -> Option<usize> {
    let usable = |station: &Station<'_>, node: usize| {
        station.nodes.get(node).is_some_and(|node| !node.out && !node.off) && fits(&node)
    };
    let any = base + random.below(all);
    match balancing {
        Balancing::Random if station.excluded == 0 && fits(&any) => return Some(any),
        Balancing::RoundRobin => {
            let begin = station.cursor;
            let turn = (0..all).find(|turn| usable(station, base + (begin + turn) % all))?;
            station.cursor = (begin + turn + 1) % all;
            return Some(base + (begin + turn) % all);
        }
        _ => {}
    }
    let list: Vec<usize> = (base..base + all).filter(|node| usable(station, *node)).collect();
    let one = |random: &mut Random| list.get(random.below(list.len())).copied();
    let load = |node: &usize| station.nodes.get(*node).map_or(0, |node| node.open);
    match balancing {
        Balancing::Random | Balancing::RoundRobin => one(random),
        Balancing::TwoChoices => {
            let (a, b) = (one(random)?, one(random)?);
            Some(if load(&b) < load(&a) { b } else { a })
        }
        Balancing::LeastConnections => {
            let least = list.iter().map(load).min()?;
            let list: Vec<usize> = list.iter().copied().filter(|node| load(node) == least).collect();
            list.get(random.below(list.len())).copied()
        }
        Balancing::LeastResponseTime => {
            // Of a node that has answered nothing yet as much is expected as of the quickest.
            let average = |node: &usize| station.nodes.get(*node).map(|node| node.average).filter(|time| *time > 0.0);
            let quickest = list.iter().filter_map(average).reduce(f64::min).unwrap_or(1.0);
            #[expect(clippy::cast_precision_loss, reason = "requests in progress")]
            let expected = |node: &usize| average(node).unwrap_or(quickest) * (load(node) as f64 + 1.0);
            let start = random.below(list.len());
            let turned = list.iter().cycle().skip(start).take(list.len());
            turned.copied().min_by(|a, b| expected(a).total_cmp(&expected(b)))
        }
        Balancing::Hash | Balancing::ConsistentHash => {
            let client = mixed(request.number()) % CLIENTS;
            let hash = |node: usize| mixed(mixed(client) ^ node as u64);
            if balancing == Balancing::Hash {
                let count = u64::try_from(list.len()).ok().filter(|count| *count > 0)?;
                return list.get(usize::try_from(mixed(client) % count).ok()?).copied();
            }
            list.iter().copied().max_by_key(|node| hash(*node))
        }
    }
}

impl Station<'_> {
    /// Nodes of a shard that are up.
    pub fn alive(&self, base: usize, all: usize) -> usize {
        self.nodes.iter().skip(base).take(all).filter(|node| node.health == Health::Up && !node.off).count()
    }

    /// Whether a node can take a message now.
    fn is_idle(&self, node: usize) -> bool {
        self.plan.zip(self.nodes.get(node)).is_some_and(|(plan, node)| {
            let up = node.health == Health::Up && !node.off;
            up && node.busy < plan.servers && plan.threads.is_none_or(|threads| node.threads < threads)
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of servers and messages")]
    pub fn passes(&mut self, now: f64) {
        let time = now - self.since;
        self.count.busy += time * self.busy_now as f64;
        self.count.servers += time * self.servers_now as f64;
        self.count.waiting += time * self.backlog.len() as f64;
        self.since = now;
    }

    fn busy_changes(&mut self, now: f64, by: isize) {
        self.passes(now);
        self.busy_now = self.busy_now.saturating_add_signed(by);
    }

    fn waiting_changes(&mut self, now: f64) {
        self.passes(now);
    }
}

pub(super) fn placement(station: usize, node: usize, epoch: u32) -> Placement {
    let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Placement { station: small(station), node: small(node), epoch }
}
