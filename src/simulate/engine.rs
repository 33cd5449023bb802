//! The events and what they do.
//!
//! A request begins with the body of its flow. A call has attempts, one after the other; an attempt travels, queues at a
//! node, is served and then makes the callee's own calls, in order or at once. What a caller has given up goes on at the
//! callee, as it would.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::estimate::blueprint::{Blueprint, CallPlan, Queueing, ReadsFrom, Spreading};
use crate::graph::{Child, Graph};
use crate::simulate::random::Random;
use crate::simulate::statistics::{FlowResult, Record, Results, StationResult};
use crate::simulate::{MOST_CALLS, Settings};

/// What runs on whose behalf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// An attempt, waiting for a single call of its body.
    Sequence(usize),
    /// An attempt's parallel calls.
    Join(usize),
    /// Nobody.
    Nobody,
}

/// Things are numbered by their place in an arena; freed places are used again, told apart by a generation.
#[derive(Debug)]
struct Arena<T> {
    items: Vec<Option<T>>,
    free: Vec<usize>,
}

impl<T> Arena<T> {
    fn new() -> Self {
        Arena { items: Vec::new(), free: Vec::new() }
    }

    fn add(&mut self, item: T) -> usize {
        match self.free.pop() {
            Some(at) => {
                if let Some(slot) = self.items.get_mut(at) {
                    *slot = Some(item);
                }
                at
            }
            None => {
                self.items.push(Some(item));
                self.items.len() - 1
            }
        }
    }

    fn get(&mut self, at: usize) -> Option<&mut T> {
        self.items.get_mut(at)?.as_mut()
    }

    fn remove(&mut self, at: usize) -> Option<T> {
        let item = self.items.get_mut(at)?.take();
        if item.is_some() {
            self.free.push(at);
        }
        item
    }

    fn len(&self) -> usize {
        self.items.len() - self.free.len()
    }
}

/// A call from its first attempt to its answer.
#[derive(Debug)]
struct Call {
    step: usize,
    owner: Owner,
    request: usize,
    failed: usize,
    /// The attempt that is waited for.
    attempt: Option<usize>,
    serial: u64,
}

/// One attempt of a call, or the body of a request.
#[derive(Debug)]
struct Attempt {
    /// The call; `None` for the body of a request.
    call: Option<(usize, u64)>,
    step: Option<usize>,
    request: usize,
    /// The next thing of its body, and how often that still has to happen.
    next: usize,
    repeats: usize,
    serial: u64,
}

/// Parallel calls that are waited for.
#[derive(Debug)]
struct Join {
    attempt: (usize, u64),
    needed: usize,
    succeeded: usize,
    open: usize,
    over: bool,
}

/// A request with what is known of caches.
#[derive(Debug)]
struct Request {
    flow: usize,
    start: f64,
    measured: bool,
    hits: Vec<(usize, bool)>,
    /// What refers to it.
    references: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Arrival(usize),
    AtNode {
        attempt: usize,
        serial: u64,
    },
    /// A server is free again.
    Free {
        station: usize,
        node: usize,
    },
    Served {
        attempt: usize,
        serial: u64,
    },
    Timeout {
        call: usize,
        serial: u64,
        attempt: usize,
    },
    Retry {
        call: usize,
        serial: u64,
    },
}

/// A moment, ordered by time and then by when it was planned.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Moment {
    time: f64,
    order: u64,
}

impl Eq for Moment {}
impl PartialOrd for Moment {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Moment {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.time.total_cmp(&other.time).then(self.order.cmp(&other.order))
    }
}

/// Work at a node: whose, and how long it keeps a server busy and its caller waiting.
#[derive(Clone, Copy, Debug)]
struct Job {
    attempt: Option<(usize, u64)>,
    busy: f64,
    response: f64,
}

#[derive(Debug, Default)]
struct Node {
    busy: usize,
    queue: VecDeque<Job>,
}

struct Station<'b> {
    plan: Option<&'b Queueing>,
    nodes: Vec<Node>,
    calls: usize,
    refused: usize,
    busy_time: f64,
}

pub(super) struct Engine<'b> {
    graph: &'b Graph,
    blueprint: &'b Blueprint,
    settings: Settings,
    random: Random,
    now: f64,
    order: u64,
    serial: u64,
    heap: BinaryHeap<Reverse<(Moment, usize)>>,
    events: Arena<Event>,
    requests: Arena<Request>,
    calls: Arena<Call>,
    attempts: Arena<Attempt>,
    joins: Arena<Join>,
    stations: Vec<Station<'b>>,
    records: Vec<Record>,
    arrived: usize,
    /// When measuring began, and when the last request arrived.
    warm: f64,
    last: f64,
    handled: u64,
}

impl<'b> Engine<'b> {
    pub(super) fn new(graph: &'b Graph, blueprint: &'b Blueprint, settings: Settings) -> Self {
        let stations = blueprint.stations.iter().map(|plan| {
            let count = plan.as_ref().map_or(0, |plan| plan.nodes.saturating_mul(plan.shards).min(1_000_000));
            let nodes = (0..count).map(|_| Node::default()).collect();
            Station { plan: plan.as_ref(), nodes, calls: 0, refused: 0, busy_time: 0.0 }
        });
        Engine {
            graph,
            blueprint,
            settings,
            random: Random::new(settings.seed),
            now: 0.0,
            order: 0,
            serial: 0,
            heap: BinaryHeap::new(),
            events: Arena::new(),
            requests: Arena::new(),
            calls: Arena::new(),
            attempts: Arena::new(),
            joins: Arena::new(),
            stations: stations.collect(),
            records: vec![Record::default(); graph.flows.len()],
            arrived: 0,
            warm: 0.0,
            last: 0.0,
            handled: 0,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of calls")]
    pub(super) fn run(mut self) -> Results {
        for flow in 0..self.graph.flows.len() {
            self.plan_arrival(flow);
        }
        let mut overwhelmed = false;
        while let Some(Reverse((moment, event))) = self.heap.pop() {
            self.now = moment.time;
            self.handled += 1;
            if let Some(event) = self.events.remove(event) {
                self.handle(event);
            }
            if self.calls.len() > MOST_CALLS {
                overwhelmed = true;
                break;
            }
        }
        let duration = (self.last - self.warm).max(0.0);
        let stations = self.stations.iter().map(|station| {
            let servers = station.plan.map_or(0, |plan| plan.servers * station.nodes.len());
            StationResult {
                busy: (servers > 0 && duration > 0.0).then(|| station.busy_time / duration / servers as f64),
                rate: if duration > 0.0 { station.calls as f64 / duration } else { 0.0 },
                refused: if station.calls > 0 { station.refused as f64 / station.calls as f64 } else { 0.0 },
            }
        });
        let stations = stations.collect();
        let (graph, blueprint) = (self.graph, self.blueprint);
        let timed = |step: usize| {
            let waited = graph.steps.get(step).is_none_or(|step| !step.detached);
            !waited || blueprint.calls.get(step).is_some_and(|call| call.timed)
        };
        let flows = self.records.into_iter().zip(&graph.flows).map(|(record, flow)| {
            let result = record.result();
            // A time without one of its parts would be a wrong number.
            if flow.steps.clone().all(timed) {
                result
            } else {
                FlowResult { requests: result.requests, failed: result.failed, ..FlowResult::default() }
            }
        });
        let flows = flows.collect();
        Results { flows, stations, duration, events: self.handled, overwhelmed }
    }

    fn plan(&mut self, delay: f64, event: Event) {
        self.order += 1;
        let moment = Moment { time: self.now + delay.max(0.0), order: self.order };
        let event = self.events.add(event);
        self.heap.push(Reverse((moment, event)));
    }

    fn plan_arrival(&mut self, flow: usize) {
        let rate = self.blueprint.rates.get(flow).copied().unwrap_or(0.0);
        if rate > 0.0 && self.arrived < self.settings.requests {
            let delay = self.random.exponential(1.0 / rate);
            self.plan(delay, Event::Arrival(flow));
        }
    }

    fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    fn measuring(&self) -> bool {
        self.arrived > self.settings.requests / 10 && self.arrived < self.settings.requests
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Arrival(flow) => self.arrival(flow),
            Event::AtNode { attempt, serial } => self.at_node(attempt, serial),
            Event::Free { station, node } => self.free(station, node),
            Event::Served { attempt, serial } => {
                if self.attempts.get(attempt).is_some_and(|found| found.serial == serial) {
                    self.advance(attempt);
                }
            }
            Event::Timeout { call, serial, attempt } => {
                let waiting = self.calls.get(call).is_some_and(|c| c.serial == serial && c.attempt == Some(attempt));
                if waiting {
                    self.attempt_failed(call);
                }
            }
            Event::Retry { call, serial } => {
                if self.calls.get(call).is_some_and(|found| found.serial == serial) {
                    self.attempt(call);
                }
            }
        }
    }

    fn arrival(&mut self, flow: usize) {
        if self.arrived >= self.settings.requests {
            return;
        }
        let before = self.measuring();
        self.arrived += 1;
        if self.measuring() && !before {
            self.warm = self.now;
            for station in &mut self.stations {
                (station.calls, station.refused, station.busy_time) = (0, 0, 0.0);
            }
        }
        self.last = self.now;
        self.plan_arrival(flow);
        let measured = self.arrived > self.settings.requests / 10;
        let request = Request { flow, start: self.now, measured, hits: Vec::new(), references: 1 };
        let request = self.requests.add(request);
        let serial = self.next_serial();
        let body = Attempt { call: None, step: None, request, next: 0, repeats: 0, serial };
        let body = self.attempts.add(body);
        self.advance(body);
    }

    /// What an attempt's body does: the flow's for a request, the step's children for a call.
    fn children(&self, attempt: &Attempt) -> &'b [Child] {
        let graph = self.graph;
        match attempt.step {
            Some(step) => graph.steps.get(step).map_or(&[], |step| &step.children),
            None => {
                let flow = self.requests.items.get(attempt.request).and_then(Option::as_ref).map_or(0, |r| r.flow);
                graph.flows.get(flow).map_or(&[], |flow| &flow.body)
            }
        }
    }

    /// Goes on with an attempt's body until something has to be waited for.
    fn advance(&mut self, at: usize) {
        loop {
            let Some(attempt) = self.attempts.items.get(at).and_then(Option::as_ref) else { return };
            let (next, repeats, request, serial) = (attempt.next, attempt.repeats, attempt.request, attempt.serial);
            let Some(child) = self.children(attempt).get(next) else {
                self.answered(at);
                return;
            };
            match child {
                Child::Step(step) => {
                    let repeats = if repeats > 0 { repeats } else { self.occurs(*step, request) };
                    let asynchronous = self.graph.steps.get(*step).is_some_and(|step| step.asynchronous);
                    if let Some(attempt) = self.attempts.get(at) {
                        attempt.repeats = repeats.saturating_sub(1);
                        if repeats <= 1 || asynchronous {
                            (attempt.next, attempt.repeats) = (next + 1, 0);
                        }
                    }
                    if asynchronous {
                        for _ in 0..repeats {
                            self.call(*step, Owner::Nobody, request);
                        }
                    } else if repeats > 0 {
                        self.call(*step, Owner::Sequence(at), request);
                        return;
                    }
                }
                Child::Parallel { needed, steps } => {
                    if let Some(attempt) = self.attempts.get(at) {
                        attempt.next = next + 1;
                    }
                    let open: Vec<usize> =
                        steps.iter().copied().filter(|step| self.occurs(*step, request) > 0).collect();
                    // A branch that doesn't happen counts as done.
                    let skipped = steps.len() - open.len();
                    if *needed > skipped {
                        let join = Join {
                            attempt: (at, serial),
                            needed: needed - skipped,
                            succeeded: 0,
                            open: open.len(),
                            over: false,
                        };
                        let join = self.joins.add(join);
                        for step in open {
                            self.call(step, Owner::Join(join), request);
                        }
                        return;
                    }
                    for step in open {
                        self.call(step, Owner::Nobody, request);
                    }
                }
            }
        }
    }

    /// How often a step happens this time.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and clamped")]
    fn occurs(&mut self, step: usize, request: usize) -> usize {
        let (graph, blueprint) = (self.graph, self.blueprint);
        let (Some(found), Some(plan)) = (graph.steps.get(step), blueprint.calls.get(step)) else { return 0 };
        if !self.random.happens(plan.probability) {
            return 0;
        }
        for &(wanted, cache) in &found.conditions {
            let known =
                self.requests.get(request).and_then(|r| r.hits.iter().find(|(c, _)| *c == cache).map(|(_, hit)| *hit));
            let hit = known.unwrap_or_else(|| {
                let hit = self.random.happens(blueprint.hits.get(cache).copied().unwrap_or(0.0));
                if let Some(request) = self.requests.get(request) {
                    request.hits.push((cache, hit));
                }
                hit
            });
            if hit != wanted {
                return 0;
            }
        }
        let whole = plan.times.floor();
        let more = usize::from(self.random.happens(plan.times - whole));
        whole.clamp(0.0, 1e6) as usize + more
    }

    fn call(&mut self, step: usize, owner: Owner, request: usize) {
        if let Some(request) = self.requests.get(request) {
            request.references += 1;
        }
        let serial = self.next_serial();
        let call = self.calls.add(Call { step, owner, request, failed: 0, attempt: None, serial });
        self.attempt(call);
    }

    /// Sends an attempt on its way.
    fn attempt(&mut self, at: usize) {
        let blueprint = self.blueprint;
        let serial = self.next_serial();
        let Some(call) = self.calls.get(at) else { return };
        let (step, request, call_serial) = (call.step, call.request, call.serial);
        let Some(plan) = blueprint.calls.get(step) else { return };
        if let Some(request) = self.requests.get(request) {
            request.references += 1;
        }
        let attempt = Attempt { call: Some((at, call_serial)), step: Some(step), request, next: 0, repeats: 0, serial };
        let attempt = self.attempts.add(attempt);
        if let Some(call) = self.calls.get(at) {
            call.attempt = Some(attempt);
        }
        let (share, opening) = plan.opening;
        let delay = plan.network + if self.random.happens(share) { opening } else { 0.0 };
        self.plan(delay, Event::AtNode { attempt, serial });
        if let Some(timeout) = plan.timeout {
            self.plan(timeout, Event::Timeout { call: at, serial: call_serial, attempt });
        }
    }

    /// An attempt reaches its callee: it is served, queues or is refused.
    fn at_node(&mut self, at: usize, serial: u64) {
        let (graph, blueprint) = (self.graph, self.blueprint);
        let Some(attempt) = self.attempts.get(at).filter(|found| found.serial == serial) else { return };
        let Some((step, plan)) =
            attempt.step.and_then(|step| Some((graph.steps.get(step)?, blueprint.calls.get(step)?)))
        else {
            return;
        };
        let index = step.callee;
        let measuring = self.measuring();
        let Some(station) = self.stations.get_mut(index) else { return };
        station.calls += usize::from(measuring);
        let queueing = station.plan.filter(|_| !station.nodes.is_empty());
        let idle = |random: &mut Random| plan.idle.map(|(mean, shape)| random.time(mean, shape));
        let Some(queueing) = queueing else {
            let response = idle(&mut self.random).unwrap_or(0.0);
            self.plan(response, Event::Served { attempt: at, serial });
            return;
        };
        let mean = queueing.times.get(plan.operation).copied().unwrap_or(0.0);
        let (first, others) = self.chosen(queueing, plan);
        let busy = self.random.time(mean, queueing.variability);
        let response = idle(&mut self.random).unwrap_or(busy);
        if self.enqueue(index, first, Job { attempt: Some((at, serial)), busy, response }) {
            for node in others {
                let busy = self.random.time(mean, queueing.variability);
                self.enqueue(index, node, Job { attempt: None, busy, response: 0.0 });
            }
        } else {
            if let Some(station) = self.stations.get_mut(index) {
                station.refused += usize::from(measuring);
            }
            self.failed(at);
        }
    }

    /// The node that answers, and those that the same work keeps busy too.
    fn chosen(&mut self, queueing: &Queueing, plan: &CallPlan) -> (usize, Vec<usize>) {
        let base = self.random.below(queueing.shards) * queueing.nodes;
        let all = queueing.nodes;
        let any = base + self.random.below(all);
        let (read, write) = (plan.operation != 1, plan.operation == 1);
        match queueing.spread {
            Spreading::Primary(_) if write => (base, (base + 1..base + all).collect()),
            Spreading::Primary(ReadsFrom::Primary) => (base, Vec::new()),
            Spreading::Primary(ReadsFrom::Replicas) => (base + 1 + self.random.below(all - 1), Vec::new()),
            Spreading::Leaderless(factor, reads) => {
                let count = if plan.operation == 2 {
                    1
                } else if read {
                    reads
                } else {
                    factor
                };
                let others = (1..count.clamp(1, all)).map(|more| base + (any - base + more) % all);
                (any, others.collect())
            }
            Spreading::Primary(ReadsFrom::Any) | Spreading::Pool => (any, Vec::new()),
        }
    }

    /// Puts work at a node; `false` if its queue is full.
    fn enqueue(&mut self, index: usize, node: usize, job: Job) -> bool {
        let Some(station) = self.stations.get_mut(index) else { return false };
        let (Some(plan), Some(found)) = (station.plan, station.nodes.get_mut(node)) else { return false };
        if found.busy < plan.servers {
            found.busy += 1;
            self.serve(index, node, job);
            return true;
        }
        if plan.limit.is_some_and(|limit| found.queue.len() >= limit) {
            return false;
        }
        found.queue.push_back(job);
        true
    }

    fn serve(&mut self, station: usize, node: usize, job: Job) {
        if self.measuring()
            && let Some(station) = self.stations.get_mut(station)
        {
            station.busy_time += job.busy;
        }
        self.plan(job.busy, Event::Free { station, node });
        if let Some((attempt, serial)) = job.attempt {
            self.plan(job.response, Event::Served { attempt, serial });
        }
    }

    fn free(&mut self, station: usize, node: usize) {
        let found = self.stations.get_mut(station).and_then(|station| station.nodes.get_mut(node));
        let Some(found) = found else { return };
        match found.queue.pop_front() {
            Some(job) => self.serve(station, node, job),
            None => found.busy -= 1,
        }
    }

    /// An attempt's body is done.
    fn answered(&mut self, at: usize) {
        let Some(attempt) = self.attempts.remove(at) else { return };
        match attempt.call {
            None => self.finished(attempt.request, true),
            Some((call, serial)) => {
                let waiting = self.calls.get(call).is_some_and(|c| c.serial == serial && c.attempt == Some(at));
                if waiting {
                    self.returned(call, true);
                }
                self.release(attempt.request);
            }
        }
    }

    /// An attempt was refused, or a call that it needs failed.
    fn failed(&mut self, at: usize) {
        let Some(attempt) = self.attempts.remove(at) else { return };
        match attempt.call {
            None => self.finished(attempt.request, false),
            Some((call, serial)) => {
                let waiting = self.calls.get(call).is_some_and(|c| c.serial == serial && c.attempt == Some(at));
                if waiting {
                    self.attempt_failed(call);
                }
                self.release(attempt.request);
            }
        }
    }

    fn attempt_failed(&mut self, at: usize) {
        let blueprint = self.blueprint;
        let Some(call) = self.calls.get(at) else { return };
        call.attempt = None;
        let (failed, serial, step) = (call.failed, call.serial, call.step);
        call.failed += 1;
        match blueprint.calls.get(step).and_then(|plan| plan.pauses.get(failed)) {
            Some(pause) => self.plan(*pause, Event::Retry { call: at, serial }),
            None => self.returned(at, false),
        }
    }

    /// A call is over; its owner goes on or fails.
    fn returned(&mut self, at: usize, success: bool) {
        let Some(call) = self.calls.remove(at) else { return };
        let success = success || self.blueprint.calls.get(call.step).is_some_and(|plan| plan.optional);
        match call.owner {
            Owner::Sequence(attempt) if success => self.advance(attempt),
            Owner::Sequence(attempt) => self.failed(attempt),
            Owner::Join(join) => self.joined(join, success),
            Owner::Nobody => {}
        }
        self.release(call.request);
    }

    fn joined(&mut self, at: usize, success: bool) {
        let Some(join) = self.joins.get(at) else { return };
        join.open -= 1;
        join.succeeded += usize::from(success);
        let enough = join.succeeded >= join.needed;
        let hopeless = join.succeeded + join.open < join.needed;
        let (over, open, (attempt, serial)) = (join.over, join.open, join.attempt);
        join.over |= enough || hopeless;
        if open == 0 {
            self.joins.remove(at);
        }
        let alive = self.attempts.get(attempt).is_some_and(|found| found.serial == serial);
        if !over && alive {
            if enough {
                self.advance(attempt);
            } else if hopeless {
                self.failed(attempt);
            }
        }
    }

    fn finished(&mut self, request: usize, success: bool) {
        if let Some(found) = self.requests.get(request) {
            let (flow, latency, measured) = (found.flow, self.now - found.start, found.measured);
            if let Some(record) = self.records.get_mut(flow).filter(|_| measured) {
                if success { record.times.push(latency) } else { record.failed += 1 }
            }
        }
        self.release(request);
    }

    fn release(&mut self, at: usize) {
        if let Some(request) = self.requests.get(at) {
            request.references -= 1;
            if request.references == 0 {
                self.requests.remove(at);
            }
        }
    }
}
