//! From a run of the estimate to what a simulation needs.

use crate::attributes::AttributeValue;
use crate::estimate::blueprint::{
    Balancing, Blueprint, BreakerPlan, CachePlan, CallPlan, CheckPlan, ComponentPlan, Eviction, FlowPlan, LimiterKind,
    LimiterPlan, Pause, Queueing, ReadsFrom, ScalingPlan, Spreading, Stampede,
};
use crate::estimate::capacity::{Spread, per_shard, service, spread};
use crate::estimate::latency::idle_time;
use crate::estimate::network::{opening, replication_wait, round_trip, transfer};
use crate::estimate::recovery::PROBES;
use crate::estimate::traffic::{condition, operation, traffic};
use crate::estimate::{ComponentFigures, Run, TARGET_UTILISATION, attempt};
use crate::formula::traffic::day_exponent;
use crate::formula::variability::Variability;
use crate::graph::{Component, Flow, Step};
use crate::vocabulary::{AttributeId, Kind, Operation, attr};

/// Retries beyond these are not simulated.
const MOST_RETRIES: u64 = 100;

/// Deliveries of a message beyond these are not simulated: each follows at once, so that a message would keep the run busy.
const MOST_DELIVERIES: f64 = 100.0;

/// A component of more nodes is simulated without queues.
const MOST_NODES: usize = 1_000_000;

/// A cache of more items is simulated by its hit ratio.
const MOST_ITEMS: f64 = 2e6;

/// How long a failover takes where nothing is said: the lower end of what RDS states for a standby (60 to 120 s).
const FAILOVER: f64 = 60.0;

/// Time until a new node serves where nothing is said: a container of an image that is there already.
const BOOT: f64 = 30.0;

/// A circuit breaker where nothing is said: the defaults of Resilience4j.
const BREAKER: BreakerPlan = BreakerPlan { failures: 0.5, calls: 100, open: 60.0, probes: 10 };

/// The coefficient of variation of bursty arrivals.
const BURSTY: f64 = 3.0;

/// The plan of a system.
pub fn blueprint(run: &Run<'_>) -> Blueprint {
    let run = &Run { hits: crate::estimate::cache::hits(run).into(), ..*run };
    let graph = run.graph;
    let mut notes = Vec::new();
    let once = vec![1.0; graph.steps.len()];
    let asked = traffic(run, &once);
    let figures = graph.components.iter().zip(&asked.components);
    let stations: Vec<Option<Queueing>> =
        figures.map(|(component, figures)| queueing(run, component, figures, &mut notes)).collect();
    let rate = |component: &Component| asked.components.get(component.index).map_or(0.0, |figures| figures.peak_rate);
    let components = graph.components.iter().map(|c| component(run, c, rate(c), &mut notes)).collect();
    let mut plan = Blueprint {
        stations,
        components,
        calls: Vec::new(),
        flows: graph.flows.iter().map(|flow| arrivals(run, flow)).collect(),
        hits: (0..graph.components.len()).map(|cache| condition(run, true, cache)).collect(),
        notes,
    };
    let queued = |step: &Step| plan.stations.get(step.callee).is_some_and(Option::is_some);
    plan.calls = graph.steps.iter().enumerate().map(|(index, step)| call(run, index, step, queued(step))).collect();
    checks(run, &mut plan);
    plan
}

fn arrivals(run: &Run<'_>, flow: &Flow) -> FlowPlan {
    let average = run.of(&flow.own, attr!(Flow, "rate")).unwrap_or(0.0) * run.scenario.scale;
    let cv = run.of(&flow.own, attr!(Flow, "arrivals.cv"));
    let process = match flow.own.get(attr!(Flow, "arrivals")).map(|attribute| &attribute.value) {
        Some(AttributeValue::Word("regular")) => 0.0,
        Some(AttributeValue::Word("bursty")) => BURSTY,
        _ => 1.0,
    };
    let peak = run.of(&flow.own, attr!(Flow, "peak")).unwrap_or(1.0);
    FlowPlan {
        average,
        peak: average * peak,
        day: day_exponent(peak).unwrap_or(0.0),
        arrivals: Variability::gamma(cv.unwrap_or(process)),
        timeout: run.of(&flow.own, attr!(Flow, "timeout")).filter(|time| *time > 0.0),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole numbers from 0 to 1e9")]
fn queueing(
    run: &Run<'_>,
    component: &Component,
    figures: &ComponentFigures,
    notes: &mut Vec<String>,
) -> Option<Queueing> {
    let service = service(run, component)?;
    let nodes = per_shard(run, component)? as usize;
    let get = |id| run.component(component, id);
    let whole = |id| get(id).map(|number| number as usize);
    let consensus = component.word(attr!(Component, "topology")) == Some("consensus");
    let spreading = match spread(run, component) {
        Spread::Pool => Spreading::Pool,
        Spread::Leaderless { factor, reads } => Spreading::Leaderless {
            factor: factor as usize,
            reads: reads as usize,
            writes: whole(attr!(Component, "quorum.write")).unwrap_or(factor as usize / 2 + 1),
        },
        Spread::Primary => Spreading::Primary(match component.word(attr!(Component, "reads_from")) {
            Some("replicas") if nodes > 1 => ReadsFrom::Replicas,
            Some("any") => ReadsFrom::Any,
            _ => ReadsFrom::Primary,
        }),
    };
    let automatic = consensus || component.word(attr!(Component, "replication.failover")) == Some("automatic");
    let stated = get(attr!(Component, "replication.failover_time"));
    let replicated = matches!(spreading, Spreading::Primary(_)) && nodes > 1;
    if replicated && automatic && stated.is_none() {
        notes.push(format!("{}: a failover takes 60 s unless `failover_time` says otherwise", component.name));
    }
    let shards = whole(attr!(Component, "shards")).unwrap_or(1);
    let [read, write, call] = service.times;
    let calls = figures.peak_rate - figures.peak_reads - figures.peak_writes;
    // What is spread over shards isn't scaled by adding nodes to one.
    let most = whole(attr!(Component, "autoscale.max")).filter(|most| *most > 0);
    if most.is_some() && shards > 1 {
        notes.push(format!("{}: its shards are simulated without autoscaling", component.name));
    }
    let most = most.filter(|_| shards == 1);
    let scaling = most.map(|max| ScalingPlan {
        load: figures.peak_reads * read + figures.peak_writes * write + calls * call,
        min: whole(attr!(Component, "autoscale.min")).unwrap_or(1).clamp(1, max),
        max,
        target: get(attr!(Component, "target_utilization")).unwrap_or(TARGET_UTILISATION).max(0.01),
        boot: get(attr!(Component, "boot_time")).unwrap_or(BOOT),
    });
    let possible = scaling.map_or(nodes, |scaling| nodes.max(scaling.max));
    if possible.saturating_mul(shards) > MOST_NODES {
        notes.push(format!("{}: more than a million nodes aren't told apart; nothing waits for one", component.name));
        return None;
    }
    let zones = component.zones.iter().copied().filter(|zone| !run.scenario.zones.contains(zone)).collect();
    Some(Queueing {
        shards,
        usual: nodes,
        nodes: possible,
        servers: service.servers as usize,
        times: service.times,
        variability: service.variability,
        limit: whole(attr!(Component, "queue_limit")),
        threads: whole(attr!(Component, "threads")),
        spread: spreading,
        zones,
        needed: whole(attr!(Component, "needs")).unwrap_or(if consensus { nodes / 2 + 1 } else { 1 }),
        failover: (replicated && automatic).then(|| stated.unwrap_or(FAILOVER)),
        scaling,
    })
}

fn component(run: &Run<'_>, component: &Component, rate: f64, notes: &mut Vec<String>) -> ComponentPlan {
    let get = |id| run.component(component, id);
    let deliveries = get(attr!(Component, "dead_letter.after"));
    if deliveries.is_some_and(|after| after > MOST_DELIVERIES) {
        notes.push(format!("{}: a message is put aside after 100 deliveries; more aren't simulated", component.name));
    }
    ComponentPlan {
        balancing: balancing(component),
        check: None,
        limiter: limiter(run, component),
        room: get(attr!(Component, "max_length")).filter(|_| component.kind.is_messaging()),
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number up to 1e9")]
        deliveries: deliveries.map(|after| after.min(MOST_DELIVERIES) as u64),
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number up to 1e9")]
        pool: get(attr!(Component, "pool.size")).map(|size| (size as usize, get(attr!(Component, "pool.timeout")))),
        cache: entries(run, component, rate, notes),
    }
}

fn balancing(component: &Component) -> Balancing {
    match component.word(attr!(Component, "algorithm")) {
        Some("round-robin" | "weighted") => Balancing::RoundRobin,
        Some("least-connections") => Balancing::LeastConnections,
        Some("two-choices") => Balancing::TwoChoices,
        Some("ip-hash") => Balancing::Hash,
        Some("consistent-hash") => Balancing::ConsistentHash,
        Some("least-response-time") => Balancing::LeastResponseTime,
        _ => Balancing::Random,
    }
}

fn limiter(run: &Run<'_>, component: &Component) -> Option<LimiterPlan> {
    let get = |id| run.component(component, id);
    let rate = get(attr!(Component, "rate_limit")).filter(|rate| *rate > 0.0)?;
    Some(LimiterPlan {
        rate,
        algorithm: match component.word(attr!(Component, "rate_limit.algorithm")) {
            Some("leaky-bucket") => LimiterKind::LeakyBucket,
            Some("fixed-window") => LimiterKind::FixedWindow,
            Some("sliding-window") => LimiterKind::SlidingWindow,
            _ => LimiterKind::TokenBucket,
        },
        burst: get(attr!(Component, "rate_limit.burst")).unwrap_or(rate).max(1.0),
        window: get(attr!(Component, "rate_limit.window")).filter(|time| *time > 0.0).unwrap_or(1.0).max(1.0 / rate),
    })
}

/// How a component's nodes are checked: as it says itself, or as the balancers say that call it.
fn checks(run: &Run<'_>, plan: &mut Blueprint) {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number up to 1e9")]
    let own = |component: &Component| {
        let interval = run.component(component, attr!(Component, "health_check.interval")).filter(|t| *t > 0.0)?;
        let mode = component.word(attr!(Component, "health_check.mode"));
        Some(CheckPlan {
            interval,
            threshold: run.component(component, attr!(Component, "health_check.threshold")).unwrap_or(PROBES) as usize,
            active: mode != Some("passive"),
            passive: matches!(mode, Some("passive" | "both")),
        })
    };
    let stated: Vec<Option<CheckPlan>> = run.graph.components.iter().map(own).collect();
    for (index, component) in plan.components.iter_mut().enumerate() {
        let callers = run.structure.callers.get(index).into_iter().flatten();
        let balancers = callers.filter(|c| run.graph.components.get(**c).is_some_and(|c| c.kind.is_balancer()));
        let by_balancer = balancers.filter_map(|c| stated.get(*c).copied().flatten()).next();
        let is_balancer = run.graph.components.get(index).is_some_and(|c| c.kind.is_balancer());
        component.check = stated.get(index).copied().flatten().filter(|_| !is_balancer).or(by_balancer);
    }
}

/// The entries of a cache, where they can be simulated: items, their popularity, and memory or a time to live are stated,
/// but no hit ratio, which would win.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by the most items")]
fn entries(run: &Run<'_>, component: &Component, rate: f64, notes: &mut Vec<String>) -> Option<CachePlan> {
    let get = |id| run.component(component, id);
    run.hits.get(component.index).copied().flatten()?;
    let (items, popularity) = (get(attr!(Component, "items"))?, get(attr!(Component, "popularity"))?);
    let slots = crate::estimate::cache::slots(run, component).filter(|slots| *slots < items);
    let ttl = get(attr!(Component, "ttl")).filter(|ttl| *ttl > 0.0);
    if items > MOST_ITEMS {
        notes.push(format!("{}: more than 2M items; its hit ratio is taken from the estimate", component.name));
        return None;
    }
    // The model of a bounded cache knows no expiry, and that of one by time no memory.
    let by_time = component.word(attr!(Component, "eviction")) == Some("ttl");
    Some(CachePlan {
        items: items.max(1.0) as usize,
        popularity,
        slots: slots.filter(|_| !by_time).map(|slots| slots as usize),
        ttl,
        eviction: match component.word(attr!(Component, "eviction")) {
            Some("fifo") => Eviction::Fifo,
            Some("random") => Eviction::Random,
            Some("lfu") => Eviction::Lfu,
            _ => Eviction::Lru,
        },
        stampede: match component.word(attr!(Component, "stampede")) {
            Some("single-flight") => Stampede::SingleFlight,
            Some("early-refresh" | "background-refresh") => Stampede::Background,
            _ => Stampede::All,
        },
        rate,
    })
}

/// Pauses before each further attempt.
fn pauses(run: &Run<'_>, step: &Step) -> Vec<Pause> {
    let word = |id: AttributeId| match step.own.get(id).map(|attribute| &attribute.value) {
        Some(AttributeValue::Word(word)) => *word,
        _ => "",
    };
    let jitter = word(attr!(Step, "backoff")) == "exponential-jitter";
    let before = |failed| attempt::pause(run, step, failed);
    (0..attempt::retries(run, step).min(MOST_RETRIES))
        .map(|done| before(done + 1) - before(done))
        .map(|mean| Pause { time: if jitter { 2.0 * mean } else { mean }, jitter })
        .collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole numbers up to 1e9")]
fn breaker(run: &Run<'_>, step: &Step) -> Option<BreakerPlan> {
    if !attempt::breaks_circuit(step) {
        return None;
    }
    let get = |id| run.of(&step.own, id);
    Some(BreakerPlan {
        failures: get(attr!(Step, "circuit_breaker.failures")).unwrap_or(BREAKER.failures).max(1e-6),
        calls: get(attr!(Step, "circuit_breaker.calls")).map_or(BREAKER.calls, |calls| calls as usize).min(1_000_000),
        open: get(attr!(Step, "circuit_breaker.open")).unwrap_or(BREAKER.open),
        probes: get(attr!(Step, "circuit_breaker.probes")).map_or(BREAKER.probes, |probes| probes as usize),
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number up to 1e9")]
fn call(run: &Run<'_>, index: usize, step: &Step, queued: bool) -> CallPlan {
    let rtt = round_trip(run, step.caller, step.callee).0;
    let (caller, callee) = (run.graph.components.get(step.caller), run.graph.components.get(step.callee));
    let what = operation(run.graph, step);
    let far = callee.filter(|_| what == Operation::Write).map_or(0.0, |callee| replication_wait(run, callee));
    let kind = match what {
        Operation::Read => 0,
        Operation::Write => 1,
        Operation::Call => 2,
    };
    // Without a queue (nobody says how many nodes there are) a call takes its service time and doesn't wait.
    let unqueued = callee.filter(|_| !queued).and_then(|callee| service(run, callee));
    let alone = unqueued.and_then(|service| Some((*service.times.get(kind)?, service.variability)));
    let idle = callee.and_then(|callee| idle_time(run, callee, step, alone));
    let share = run.of(&step.own, attr!(Step, "new_connections")).unwrap_or(0.0);
    let opened = opening(run, step, rtt).map_or(0.0, |latency| latency.mean());
    CallPlan {
        operation: kind,
        timed: idle.is_some() || queued,
        network: rtt + transfer(run, step) + far,
        opening: (share, if share > 0.0 { opened / share } else { 0.0 }),
        idle,
        probability: run.of(&step.own, attr!(Step, "probability")).unwrap_or(1.0),
        times: run.of(&step.own, attr!(Step, "times")).unwrap_or(1.0),
        timeout: run.of(&step.own, attr!(Step, "timeout")).filter(|t| *t > 0.0),
        pauses: pauses(run, step),
        optional: crate::graph::is_spared(run.graph, index),
        fallback: step.fallback,
        hedge: run.of(&step.own, attr!(Step, "hedge")),
        breaker: breaker(run, step),
        bulkhead: run.of(&step.own, attr!(Step, "bulkhead")).map(|most| most as usize),
        pooled: callee.is_some_and(|callee| callee.kind == Kind::Database),
        consumed: step.asynchronous && caller.is_some_and(|caller| caller.kind.is_messaging()),
    }
}
