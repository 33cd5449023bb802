//! The state of one run, its events, and how requests come and go.
//!
//! A request begins with the body of its flow. A call is tried once or several times; each attempt travels, queues at a node, is
//! served and then makes the callee's own calls, in order or at once. What a caller has given up goes on at the callee, as it
//! would. Nothing here recurses: what a finished call lets go on stands in a list, which is emptied after every event.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::estimate::blueprint::{Blueprint, FlowPlan};
use crate::formula::variability::Shape;
use crate::graph::Graph;
use crate::simulate::arena::{Arena, Key};
use crate::simulate::breaker::Breaker;
use crate::simulate::calendar::Calendar;
use crate::simulate::entries::Entries;
use crate::simulate::limiter::Limiter;
use crate::simulate::random::Random;
use crate::simulate::state::{Attempt, Call, Count, Event, FlowState, Join, Placement, Request, Station, StepState};
use crate::simulate::statistics::{FlowResult, Record, Results, together as join_records};
use crate::simulate::timeline::{Series, Timeline};
use crate::simulate::trying::{Place, Slots};
use crate::simulate::{Extent, Load, MOST_CALLS, Settings};

/// Requests after which progress is told.
const STRIDE: usize = 1024;

/// Pieces of a day in which the load is constant.
const DAY_PIECES: f64 = 1440.0;

pub(super) struct Engine<'b> {
    pub graph: &'b Graph,
    pub plan: &'b Blueprint,
    pub settings: &'b Settings,
    pub random: Random,
    pub calendar: Calendar<Event>,
    pub requests: Arena<Request>,
    pub calls: Arena<Call>,
    pub attempts: Arena<Attempt>,
    pub joins: Arena<Join>,
    pub stations: Vec<Station<'b>>,
    pub breakers: Vec<Option<Breaker>>,
    pub limiters: Vec<Option<Limiter>>,
    pub entries: Vec<Option<Entries>>,
    pub slots: BTreeMap<Place, Slots>,
    /// For each broker the messages that wait for its consumers.
    pub held: Vec<f64>,
    pub steps: Vec<StepState>,
    pub flows: Vec<FlowState>,
    /// What may go on.
    pub ready: VecDeque<(Key, bool)>,
    pub active: Vec<bool>,
    pub series: Option<Series>,
    arrived: usize,
    most: usize,
    /// When measuring began, when the last request arrived, and whether it is measured now.
    pub warm: f64,
    last: f64,
    pub measuring: bool,
    pub warmed: bool,
    handled: u64,
}

/// What a run measured.
pub(super) struct Outcome {
    records: Vec<Record>,
    stations: Vec<Count>,
    duration: f64,
    events: u64,
    overwhelmed: bool,
    series: Option<Series>,
}

impl<'b> Engine<'b> {
    pub fn new(graph: &'b Graph, plan: &'b Blueprint, settings: &'b Settings, run: usize) -> Self {
        // Streams of different runs begin far apart, since the seed is spread over the whole state.
        let mut random = Random::new(settings.seed ^ (run as u64).wrapping_mul(0xd1b5_4a32_d192_ed03));
        let mut calendar = Calendar::new();
        let stations: Vec<Station<'b>> = plan.stations.iter().map(|plan| Station::new(plan.as_ref())).collect();
        let entries = plan.components.iter().zip(&stations);
        let entries = entries.map(|(c, s)| c.cache.map(|cache| Entries::new(cache, s.nodes.len(), &mut random)));
        let entries = entries.collect();
        let mut breakers = vec![None; graph.links.len()];
        for (step, call) in graph.steps.iter().zip(&plan.calls) {
            if let (Some(slot), Some(breaker)) = (breakers.get_mut(step.link), call.breaker) {
                slot.get_or_insert(Breaker::new(breaker));
            }
        }
        let steps = graph.steps.iter().zip(&plan.calls).map(|(step, call)| StepState {
            network: calendar.lane(call.network),
            timeout: call.timeout.map_or(u32::MAX, |timeout| calendar.lane(timeout)),
            certain: call.probability >= 1.0 && call.times.to_bits() == 1f64.to_bits() && step.conditions.is_empty(),
            leaf: step.children.is_empty(),
            idle: call.idle.map_or(Shape::Constant, |(_, variability)| variability.shape()),
        });
        let steps = steps.collect();
        let flow = |plan: &FlowPlan| FlowState {
            rate: 0.0,
            shape: plan.arrivals.shape(),
            next: 0.0,
            generation: 0,
            record: Record::new(),
        };
        let runs = settings.runs.max(1);
        let (most, series) = match &settings.extent {
            Extent::Requests(requests) => ((requests / runs).max(1), None),
            Extent::Time { .. } => (usize::MAX, Some(Series::default())),
        };
        Engine {
            graph,
            plan,
            settings,
            random,
            calendar,
            requests: Arena::new(),
            calls: Arena::new(),
            attempts: Arena::new(),
            joins: Arena::new(),
            stations,
            breakers,
            limiters: plan.components.iter().map(|c| c.limiter.map(Limiter::new)).collect(),
            entries,
            slots: BTreeMap::new(),
            held: vec![0.0; graph.components.len()],
            steps,
            flows: plan.flows.iter().map(flow).collect(),
            ready: VecDeque::new(),
            active: Vec::new(),
            series,
            arrived: 0,
            most,
            warm: 0.0,
            last: 0.0,
            measuring: false,
            warmed: false,
            handled: 0,
        }
    }

    pub fn now(&self) -> f64 {
        self.calendar.now()
    }

    pub fn run(mut self, progress: &AtomicUsize) -> Outcome {
        for index in 0..self.stations.len() {
            let usual = self.stations.get(index).and_then(|station| Some((station.plan?, station.nodes.len())));
            if let Some((plan, _)) = usual.filter(|(plan, count)| plan.usual * plan.shards < *count) {
                self.switch_on(index, plan.usual);
            }
        }
        self.change_load();
        let end = match &self.settings.extent {
            Extent::Requests(_) => f64::INFINITY,
            Extent::Time { warm, duration, .. } => {
                self.schedule();
                warm + duration
            }
        };
        let mut overwhelmed = false;
        let mut told = 0;
        while self.calendar.next_time().is_some_and(|time| time <= end) {
            let Some(event) = self.calendar.next() else { break };
            self.handled += 1;
            self.handle(event);
            while let Some((attempt, success)) = self.ready.pop_front() {
                if success { self.advance(attempt) } else { self.failed(attempt) }
            }
            if self.arrived >= told + STRIDE {
                progress.fetch_add(self.arrived - told, Ordering::Relaxed);
                told = self.arrived;
            }
            if self.calls.len() > MOST_CALLS {
                overwhelmed = true;
                break;
            }
        }
        progress.fetch_add(self.arrived - told, Ordering::Relaxed);
        self.outcome(end, overwhelmed)
    }

    fn outcome(mut self, end: f64, overwhelmed: bool) -> Outcome {
        let until = if end.is_finite() { end.min(self.now().max(self.warm)) } else { self.last };
        // Until the warm-up is over nothing is measured.
        let duration = if self.warmed { (until - self.warm).max(0.0) } else { 0.0 };
        if let Extent::Time { windows, .. } = &self.settings.extent
            && !overwhelmed
            && self.series.as_ref().is_some_and(|series| series.closed() < *windows)
        {
            self.close_window();
        }
        // A window that was broken off would show too little; what was counted in it counts for the whole.
        if self.measuring {
            self.stop_counting();
        }
        let open = self.requests.keys(|request| request.measured && !request.over);
        for flow in open.iter().filter_map(|key| self.requests.get(*key)).map(|request| request.flow) {
            let Some(state) = self.flows.get_mut(flow) else { continue };
            // Who was still waiting when a run was broken off had no answer.
            if overwhelmed {
                state.record.failed += 1;
            } else {
                state.record.unanswered += 1;
            }
        }
        Outcome {
            records: self.flows.into_iter().map(|flow| flow.record).collect(),
            stations: self.stations.into_iter().map(|station| station.total).collect(),
            duration,
            events: self.handled,
            overwhelmed,
            series: self.series,
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Arrival { flow, generation } => self.arrival(flow as usize, generation),
            Event::Reached(attempt) => self.reached(attempt),
            Event::Admitted(attempt) => self.admitted(attempt),
            Event::Served(attempt) => self.served(attempt),
            Event::Free { at, served } => self.free(at, served),
            Event::Timeout { call, tried } => self.timeout(call, tried, "timeout"),
            Event::Hedge { call, tried } => self.hedge(call, tried),
            Event::Retry(call) => self.retry(call),
            Event::PoolTimeout { call, tried } => self.pool_timeout(call, tried),
            Event::RequestTimeout(request) => self.request_timeout(request),
            Event::Begins(fault) => self.begins(fault),
            Event::Ends(fault) => self.ends(fault),
            Event::Noticed { at, out } => self.noticed(at, out),
            Event::Promoted { station, shard, failed } => self.promoted(station, shard, failed),
            Event::Booted { station } => self.booted(station),
            Event::Rescale(station) => self.rescale(station),
            Event::Tick => self.tick(),
            Event::LoadChanges => {
                self.change_load();
                if let Load::Day(length) = self.settings.load {
                    self.calendar.after(length / DAY_PIECES, Event::LoadChanges);
                }
            }
            Event::Warm => self.start_counting(),
        }
    }

    /// Sets the rates that hold from now on. What was left of the time to the next request passes at the new rate.
    pub fn change_load(&mut self) {
        let now = self.now();
        for flow in 0..self.flows.len() {
            let rate = self.rate(flow);
            let Some(state) = self.flows.get_mut(flow) else { continue };
            if state.rate == rate {
                continue;
            }
            let left =
                if state.rate > 0.0 { (state.next - now) * state.rate } else { self.random.time(1.0, state.shape) };
            state.rate = rate;
            state.generation += 1;
            if rate > 0.0 {
                state.next = now + left / rate;
                let event = Event::Arrival { flow: u32::try_from(flow).unwrap_or(0), generation: state.generation };
                self.calendar.after(left / rate, event);
            }
        }
    }

    fn arrival(&mut self, flow: usize, generation: u32) {
        let Some(state) = self.flows.get_mut(flow).filter(|state| state.generation == generation) else { return };
        if self.arrived >= self.most {
            return;
        }
        self.arrived += 1;
        self.last = self.calendar.now();
        let Some(plan) = self.plan.flows.get(flow) else { return };
        let delay = self.random.time(1.0 / state.rate, state.shape);
        state.next = self.last + delay;
        self.calendar.after(delay, Event::Arrival { flow: u32::try_from(flow).unwrap_or(0), generation });
        if !self.measuring && self.most != usize::MAX && self.arrived > self.most / 10 {
            self.start_counting();
        }
        let late_half = self.arrived > self.most / 10 + (self.most - self.most / 10) / 2;
        let request = Request {
            flow,
            start: self.last,
            measured: self.measuring,
            late_half,
            body: Key::NONE,
            caches: Vec::new(),
            awaits: None,
            references: 1,
            over: false,
        };
        let request = self.requests.add(request);
        let entry = self.graph.flows.get(flow).and_then(|flow| flow.entry).unwrap_or(usize::MAX);
        let body = Attempt {
            call: Key::NONE,
            step: None,
            request,
            at: Placement::nowhere(entry),
            inside: false,
            threaded: false,
            since: self.last,
            next: 0,
            repeats: 0,
        };
        let body = self.attempts.add(body);
        if let Some(found) = self.requests.get_mut(request) {
            found.body = body;
        }
        if let Some(timeout) = plan.timeout {
            self.calendar.after(timeout, Event::RequestTimeout(request));
        }
        if let Some(series) = &mut self.series {
            series.offered(flow);
        }
        self.advance(body);
        // What happens after the last request arrived belongs to no steady state.
        if self.arrived >= self.most {
            self.stop_counting();
        }
    }

    /// A request has its answer, or none.
    pub fn finished(&mut self, key: Key, success: bool) {
        let now = self.now();
        if let Some(request) = self.requests.get_mut(key).filter(|request| !request.over) {
            request.over = true;
            let latency = now - request.start;
            if let Some(series) = &mut self.series {
                series.finished(request.flow, success.then_some(latency));
            }
            if let Some(state) = self.flows.get_mut(request.flow).filter(|_| request.measured) {
                if success {
                    state.record.times.add(latency);
                    if let Some((sum, count)) = state.record.halves.get_mut(usize::from(request.late_half)) {
                        *sum += latency;
                        *count += 1;
                    }
                } else {
                    state.record.failed += 1;
                }
            }
        }
        self.release(key);
    }

    /// The client has waited long enough; what runs on its behalf goes on.
    fn request_timeout(&mut self, key: Key) {
        let Some(body) = self.requests.get(key).filter(|request| !request.over).map(|request| request.body) else {
            return;
        };
        if self.attempts.remove(body).is_some() {
            self.finished(key, false);
        }
    }

    /// Something that referred to a request no longer does.
    pub fn release(&mut self, key: Key) {
        if let Some(request) = self.requests.get_mut(key) {
            request.references = request.references.saturating_sub(1);
            if request.references == 0
                && let Some(request) = self.requests.remove(key)
            {
                // What it was to fetch and didn't, the next one fetches.
                let left = request.caches.iter().filter(|known| known.leads);
                left.for_each(|known| self.fetched((known.cache, known.item), false));
            }
        }
    }
}

/// The runs put together.
pub(super) fn together(graph: &Graph, plan: &Blueprint, settings: &Settings, outcomes: Vec<Outcome>) -> Results {
    let timed = |step: usize| {
        let waited = graph.steps.get(step).is_none_or(|step| !step.detached);
        !waited || plan.calls.get(step).is_some_and(|call| call.timed)
    };
    let mut flows = Vec::new();
    for (index, flow) in graph.flows.iter().enumerate() {
        let records: Vec<&Record> = outcomes.iter().filter_map(|outcome| outcome.records.get(index)).collect();
        let result = join_records(&records);
        // A time without one of its parts would be a wrong number.
        flows.push(if flow.steps.clone().all(timed) {
            result
        } else {
            FlowResult { mean: None, p50: None, p95: None, p99: None, p999: None, drifting: false, ..result }
        });
    }
    let duration: f64 = outcomes.iter().map(|outcome| outcome.duration).sum();
    let mut stations = Vec::new();
    for index in 0..graph.components.len() {
        let mut all = Count::default();
        outcomes.iter().filter_map(|outcome| outcome.stations.get(index)).for_each(|count| all.merge(count));
        stations.push(all.result(duration));
    }
    let overwhelmed = outcomes.iter().any(|outcome| outcome.overwhelmed);
    let (events, runs) = (outcomes.iter().map(|outcome| outcome.events).sum(), outcomes.len());
    let series: Vec<Series> = outcomes.into_iter().filter_map(|outcome| outcome.series).collect();
    let timeline = Timeline::of(settings, series);
    Results { flows, stations, duration, events, runs, overwhelmed, timeline }
}
