//! What is gone in a scenario, and which calls fail because of it.
//!
//! A part that is gone fails every call that it would have answered, and nothing below these calls happens any more;
//! neither does what a caller would have done after a call that it needs.

use crate::estimate::Run;
use crate::estimate::capacity::{Spread, count, per_shard, spread};
use crate::estimate::traffic::{operation, probability};
use crate::graph::{Child, Component, is_optional};
use crate::vocabulary::{Kind, Operation, attr};

/// The shares of reads, writes and other calls that fail at a component because it or what they need of it is gone.
pub(super) fn outage(run: &Run<'_>, index: usize) -> [f64; 3] {
    const ALL: [f64; 3] = [1.0; 3];
    if run.scenario.is_whole() {
        return [0.0; 3];
    }
    let Some(component) = run.graph.components.get(index).filter(|component| component.kind != Kind::Client) else {
        return [0.0; 3];
    };
    if run.scenario.is_down(run.graph, index) {
        return ALL;
    }
    let (Some(left), Some(before)) = (per_shard(run, component), count(run, component)) else { return [0.0; 3] };
    let stands_in = run.scenario.stands_in(component);
    if left < 1.0 {
        return ALL;
    }
    if left >= before || stands_in {
        return [0.0; 3];
    }
    let topology = component.word(attr!(Component, "topology"));
    let majority = topology == Some("consensus") || component.kind == Kind::Coordinator;
    let needed = run.component(component, attr!(Component, "needs"));
    let needed = needed.or_else(|| majority.then(|| (before / 2.0).floor() + 1.0)).unwrap_or(1.0);
    if left < needed {
        return ALL;
    }
    match spread(run, component) {
        Spread::Leaderless { factor, reads } => {
            let copies = run.scenario.left(component, factor.min(before));
            let writes = run.component(component, attr!(Component, "quorum.write")).unwrap_or(1.0);
            let fails = |needed: f64| f64::from(u8::from(copies < needed));
            [fails(reads), fails(writes), fails(reads)]
        }
        Spread::Primary if !majority && loses_primary(run, component) => without_primary(run, component),
        _ => [0.0; 3],
    }
}

/// Whether the primary of a component with copies is gone, and nothing takes over by itself.
fn loses_primary(run: &Run<'_>, component: &Component) -> bool {
    let automatic = component.word(attr!(Component, "replication.failover")) == Some("automatic");
    !automatic && primary_is_gone(run, component)
}

/// Whether the primary (of some shard) is among what is gone.
pub(super) fn primary_is_gone(run: &Run<'_>, component: &Component) -> bool {
    run.scenario.primaries.contains(&component.index) || run.scenario.primary_place_is_gone(component)
}

/// Without a primary nothing is written, and nothing is read that only the primary answers.
fn without_primary(run: &Run<'_>, component: &Component) -> [f64; 3] {
    // A node is one shard's primary; the first zone is taken to hold the primaries of all shards.
    let shards = run.component(component, attr!(Component, "shards")).unwrap_or(1.0);
    let share = if run.scenario.primary_place_is_gone(component) { 1.0 } else { 1.0 / shards };
    match component.word(attr!(Component, "reads_from")) {
        Some("replicas" | "any") => [0.0, share, 0.0],
        _ => [share; 3],
    }
}

/// The share of the calls of a step that fail because its callee is gone.
pub(super) fn gone(run: &Run<'_>, step: &crate::graph::Step) -> f64 {
    if run.scenario.is_whole() {
        return 0.0;
    }
    let [reads, writes, calls] = outage(run, step.callee);
    match operation(run.graph, step) {
        Operation::Read => reads,
        Operation::Write => writes,
        Operation::Call => calls,
    }
}

/// What of a flow happens while something is gone. Chances are independent of each other.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cut {
    /// For each step of the flow, the chance that its caller gets that far once it works on a request.
    pub made: Vec<f64>,
    /// The share of the flow's requests that fail because something is gone.
    pub fails: f64,
    /// The share of requests of which a part is skipped: a fallback, an optional call, or one that nobody waits for.
    pub degraded: f64,
}

/// What of a flow happens; `None` if nothing in it is gone.
pub(super) fn cut(run: &Run<'_>, index: usize) -> Option<Cut> {
    let flow = run.graph.flows.get(index).filter(|_| !run.scenario.is_whole())?;
    let start = flow.steps.start;
    let steps = run.graph.steps.get(flow.steps.clone())?;
    let entry = flow.entry.is_some_and(|entry| run.scenario.is_down(run.graph, entry));
    let gone: Vec<f64> = steps.iter().map(|step| gone(run, step)).collect();
    if !entry && gone.iter().all(|share| *share <= 0.0) {
        return None;
    }
    // Callees stand behind their callers: whether a call fails is known from the last step to the first.
    let mut fails = vec![0.0; steps.len()];
    for (at, step) in steps.iter().enumerate().rev() {
        let own = gone.get(at).copied().unwrap_or(0.0);
        let works = (1.0 - own) * body(run, &step.children, start, &fails, &mut |_, _| {});
        if let Some(slot) = fails.get_mut(at) {
            *slot = 1.0 - works;
        }
    }
    let mut made = vec![0.0; steps.len()];
    let mut mark = |step: usize, chance: f64| {
        if let Some(slot) = made.get_mut(step.wrapping_sub(start)) {
            *slot = chance;
        }
    };
    let works = body(run, &flow.body, start, &fails, &mut mark);
    for (at, step) in steps.iter().enumerate() {
        let alive = 1.0 - gone.get(at).copied().unwrap_or(0.0);
        body(run, &step.children, start, &fails, &mut |child, chance| mark(child, chance * alive));
    }
    if entry {
        return Some(Cut { made: vec![0.0; steps.len()], fails: 1.0, degraded: 0.0 });
    }
    let degraded = degraded(run, steps, start, &made, &fails);
    Some(Cut { made, fails: 1.0 - works, degraded: degraded.min(works) })
}

/// The chance that a body of calls works, of which `fails` holds each one's chance to fail; tells how far it gets.
fn body(run: &Run<'_>, children: &[Child], start: usize, fails: &[f64], reached: &mut dyn FnMut(usize, f64)) -> f64 {
    let breaks = |index: &usize| {
        let Some(step) = run.graph.steps.get(*index).filter(|_| !is_optional(run.graph, *index)) else { return 0.0 };
        let once = fails.get(index.wrapping_sub(start)).copied().unwrap_or(0.0);
        let times = run.of(&step.own, attr!(Step, "times")).unwrap_or(1.0);
        probability(run, step) * (1.0 - (1.0 - once).powf(times))
    };
    let mut works = 1.0;
    for child in children {
        match child {
            Child::Step(step) => {
                reached(*step, works);
                works *= 1.0 - breaks(step);
            }
            Child::Parallel { needed, steps } => {
                steps.iter().for_each(|step| reached(*step, works));
                let each: Vec<f64> = steps.iter().map(|step| 1.0 - breaks(step)).collect();
                works *= crate::formula::availability::k_of_each(*needed, &each).unwrap_or(1.0);
            }
        }
    }
    works
}

/// The share of requests in which something that the caller can do without fails. A cache beside its store isn't missed.
fn degraded(run: &Run<'_>, steps: &[crate::graph::Step], start: usize, made: &[f64], fails: &[f64]) -> f64 {
    let mut reached = Vec::with_capacity(steps.len());
    let mut whole = 1.0;
    for (at, step) in steps.iter().enumerate() {
        let before = step.parent.and_then(|parent| reached.get(parent.wrapping_sub(start))).copied().unwrap_or(1.0);
        let here = before * made.get(at).copied().unwrap_or(0.0) * probability(run, step);
        reached.push(here);
        let skipped = is_optional(run.graph, start + at) && !crate::graph::is_cached(run.graph, start + at);
        // Below a call that nobody waits for each further one is its own.
        let below = step.parent.and_then(|parent| run.graph.steps.get(parent)).is_some_and(|parent| parent.detached);
        if skipped && (!below || step.detached) {
            whole *= 1.0 - here * fails.get(at).copied().unwrap_or(0.0);
        }
    }
    1.0 - whole
}
