//! What must hold in every estimate, whatever the spec: an estimate that breaks one of these laws is napkin's mistake.

use crate::estimate::outage::outage;
use crate::estimate::{Estimate, Run};
use crate::graph::Child;

/// Relative slack for rounding.
const SLACK: f64 = 1e-6;

/// The laws that an estimate breaks, in words; none unless napkin is wrong.
pub fn verify(run: &Run<'_>, estimate: &Estimate) -> Vec<String> {
    let mut broken = Vec::new();
    flow_balance(run, estimate, &mut broken);
    bounds(run, estimate, &mut broken);
    if !run.structure.repeats {
        littles_law(run, estimate, &mut broken);
    }
    broken
}

/// What arrives at a component is what its links carry to it.
fn flow_balance(run: &Run<'_>, estimate: &Estimate, broken: &mut Vec<String>) {
    let mut arriving = vec![0.0; run.graph.components.len()];
    for (link, figures) in run.graph.links.iter().zip(&estimate.links) {
        if let Some(sum) = arriving.get_mut(link.callee) {
            *sum += figures.peak_rate;
        }
    }
    for ((component, figures), sum) in run.graph.components.iter().zip(&estimate.components).zip(arriving) {
        // Calls to what is gone arrive nowhere.
        let there = outage(run, component.index) == [0.0; 3];
        if there && (figures.peak_rate - sum).abs() > SLACK * sum.max(1e-12) {
            broken.push(format!("flow balance at {}: {sum} arrive, {} are counted", component.name, figures.peak_rate));
        }
    }
}

/// Shares are shares, percentiles grow, no more servers are busy than there are.
fn bounds(run: &Run<'_>, estimate: &Estimate, broken: &mut Vec<String>) {
    for (component, figures) in run.graph.components.iter().zip(&estimate.components) {
        let overloaded = figures.utilization.is_some_and(|u| u >= 1.0);
        let busy = figures.processor.filter(|_| !overloaded && figures.refused.is_none());
        let shares = [figures.availability, figures.refused, figures.hit_ratio];
        let positive = [figures.wait, figures.utilization, figures.in_flight, figures.cost];
        let fits = busy.is_none_or(|(load, servers)| load <= servers * (1.0 + SLACK))
            && shares.iter().flatten().all(|share| (-SLACK..=1.0 + SLACK).contains(share))
            && positive.iter().flatten().all(|value| *value >= 0.0);
        if !fits {
            broken.push(format!("a figure of {} is out of its bounds", component.name));
        }
    }
    for (flow, figures) in run.graph.flows.iter().zip(&estimate.flows) {
        let percentiles: Vec<f64> =
            [figures.p50, figures.p95, figures.p99, figures.p999].into_iter().flatten().collect();
        let available = figures.availability.is_none_or(|a| (-SLACK..=1.0 + SLACK).contains(&a));
        if !percentiles.is_sorted() || !available || figures.mean.is_some_and(|mean| mean < 0.0) {
            broken.push(format!("a figure of flow {} is out of its bounds", flow.name));
        }
    }
}

/// Requests of a flow in progress (its rate times its mean latency) are the calls of its entry in progress, or fewer
/// where some of them run at once.
fn littles_law(run: &Run<'_>, estimate: &Estimate, broken: &mut Vec<String>) {
    for (flow, figures) in run.graph.flows.iter().zip(&estimate.flows) {
        let (Some(mean), Some(rate)) = (figures.mean, figures.peak_rate.filter(|rate| *rate > 0.0)) else { continue };
        let in_progress = |step: &usize| estimate.in_progress.get(*step).copied().unwrap_or(0.0);
        let mut at_once = false;
        let calls: f64 = flow
            .body
            .iter()
            .map(|child| match child {
                Child::Step(step) => in_progress(step),
                Child::Parallel { steps, .. } => {
                    at_once = true;
                    steps.iter().map(in_progress).sum()
                }
            })
            .sum();
        let requests = rate * mean;
        let agrees = requests <= calls * (1.0 + 1e-3) && (at_once || requests >= calls * (1.0 - 1e-3));
        if !agrees && calls > 1e-9 {
            broken.push(format!("Little's law in flow {}: {requests} requests, {calls} calls in progress", flow.name));
        }
    }
}
