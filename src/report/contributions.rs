//! What a figure that is a sum consists of, line by line.

use crate::analysis::Analysis;
use crate::estimate::metric::Metric;
use crate::graph::number;
use crate::quantity::{Dimension, Hint, quantity};
use crate::vocabulary::{Target, attr};

/// What a sum over steps or components consists of.
pub(super) fn contributions(metric: &Metric, index: usize, analysis: &Analysis) -> Vec<String> {
    let (graph, estimate) = (&analysis.graph, &analysis.estimate);
    let name = |c: usize| graph.components.get(c).map_or("", |c| c.name.as_str());
    match (metric.target, metric.key) {
        (Target::Component, "rate" | "peak_rate") => graph
            .steps
            .iter()
            .enumerate()
            .filter(|(_, step)| step.callee == index)
            .map(|(at, step)| {
                let visits = estimate.visits.get(at).copied().unwrap_or(0.0);
                let flow = graph.flows.get(step.flow);
                let figures = estimate.flows.get(step.flow);
                let rate = figures.and_then(|f| if metric.key == "rate" { f.rate } else { f.peak_rate }).unwrap_or(0.0);
                format!(
                    "flow {}: {} × {} visits from {}",
                    flow.map_or("", |f| f.name.as_str()),
                    quantity(rate, Dimension::RATE, &Hint::Auto),
                    crate::quantity::number(visits),
                    name(step.caller)
                )
            })
            .collect(),
        (Target::Flow, key) if key.starts_with("latency.") => calls(index, analysis),
        (_, "cost") => costs(metric, index, analysis),
        (Target::Flow, "late") => given_up(index, analysis),
        (Target::Flow, "error_budget") => alerts(index, analysis),
        (Target::Flow, "availability") => analysis
            .structure
            .critical
            .get(index)
            .into_iter()
            .flatten()
            .map(|&c| {
                let works = estimate.components.get(c).and_then(|f| f.availability);
                format!("{}: {}", name(c), works.map_or("unknown".to_owned(), crate::quantity::percent))
            })
            .collect(),
        (Target::Component, key) if key.starts_with("rpo_") || key.starts_with("rto_") => {
            crate::report::recovery::terms(key, index, analysis)
        }
        (Target::Component, key) => of_component(key, index, analysis),
        (Target::System, key) => of_system(key, analysis),
        (Target::Data, "moved_by_modulo" | "moved_by_ring") => {
            let stores = graph.data.get(index).into_iter().flat_map(|data| &data.stores);
            stores.map(|&store| format!("shards of {}", name(store))).collect()
        }
        _ => Vec::new(),
    }
}

/// Burn rates at which a team is woken or asked.
fn alerts(index: usize, analysis: &Analysis) -> Vec<String> {
    let Some(flow) = analysis.estimate.flows.get(index) else { return Vec::new() };
    let shown = |time| quantity(time, Dimension::TIME, &Hint::Auto);
    let line = |alert: &crate::estimate::alert::Alert| {
        let window = alert.window;
        let rate = crate::quantity::number(alert.rate);
        if !alert.can_fire {
            return format!(
                "alert at burn rate {rate} over {}: can't fire, as it would take more than every request to fail",
                shown(window.long)
            );
        }
        let errors = crate::quantity::percent(alert.errors);
        let spent = crate::quantity::percent(window.spent);
        let windows = (shown(window.long), shown(window.short));
        format!(
            "alert: more than {errors} failing over {} and {} spends {spent} of it (burn rate {rate})",
            windows.0, windows.1
        )
    };
    crate::estimate::alert::alerts(flow).iter().map(line).collect()
}

/// The synchronous calls of a flow, with what each takes.
fn calls(index: usize, analysis: &Analysis) -> Vec<String> {
    let (graph, estimate) = (&analysis.graph, &analysis.estimate);
    let name = |c: usize| graph.components.get(c).map_or("", |c| c.name.as_str());
    let steps = graph.flows.get(index).map_or(0..0, |f| f.steps.clone());
    steps
        .filter_map(|at| graph.steps.get(at).map(|step| (at, step)))
        .filter(|(_, step)| !step.detached)
        .map(|(at, step)| {
            let figures = estimate.components.get(step.callee);
            let time =
                |value: Option<f64>| value.map_or("unknown".to_owned(), |t| quantity(t, Dimension::TIME, &Hint::Auto));
            let rtt = estimate.links.get(step.link).map(|l| l.rtt);
            format!(
                "{} → {}: {} visits, round trip {}, wait {}, service {}",
                name(step.caller),
                name(step.callee),
                crate::quantity::number(estimate.visits.get(at).copied().unwrap_or(0.0)),
                time(rtt),
                time(figures.and_then(|f| f.wait)),
                time(estimate.idle.get(at).copied().flatten())
            )
        })
        .collect()
}

/// The calls of a flow that are given up after a time.
fn given_up(index: usize, analysis: &Analysis) -> Vec<String> {
    let (graph, estimate) = (&analysis.graph, &analysis.estimate);
    let name = |c: usize| graph.components.get(c).map_or("", |c| c.name.as_str());
    let steps = graph.flows.get(index).map_or(0..0, |f| f.steps.clone());
    let limited = |step: &crate::graph::Step| number(step.own.get(attr!(Step, "timeout"))).map(|input| input.value);
    steps
        .filter_map(|at| graph.steps.get(at).map(|step| (at, step)))
        .filter_map(|(at, step)| {
            let timeout = quantity(limited(step)?, Dimension::TIME, &Hint::Auto);
            let attempts = crate::quantity::number(estimate.attempts.get(at).copied().unwrap_or(1.0));
            Some(format!(
                "{} → {}: given up after {timeout}, {attempts} attempts",
                name(step.caller),
                name(step.callee)
            ))
        })
        .collect()
}

/// What a cost consists of.
fn costs(metric: &Metric, index: usize, analysis: &Analysis) -> Vec<String> {
    let (graph, estimate) = (&analysis.graph, &analysis.estimate);
    let shown = |cost| quantity(cost, Dimension::MONEY_RATE, &Hint::Auto);
    if metric.target == Target::Component {
        let lines = estimate.components.get(index).map_or(&[][..], |figures| &figures.cost_lines);
        return lines.iter().map(|line| format!("{}: {}", line.what, shown(line.amount))).collect();
    }
    let reached = |component: usize| graph.steps.iter().any(|step| step.flow == index && step.callee == component);
    let priced = graph.components.iter().zip(&estimate.components).enumerate();
    priced
        .filter(|(at, _)| metric.target == Target::System || reached(*at))
        .filter_map(|(_, (component, figures))| {
            let cost = figures.cost.filter(|cost| *cost > 0.0)?;
            Some(format!("{}: {} in all", component.name, shown(cost)))
        })
        .collect()
}

/// Calls or data sets behind a figure of a component.
fn of_component(key: &str, index: usize, analysis: &Analysis) -> Vec<String> {
    let (graph, estimate) = (&analysis.graph, &analysis.estimate);
    let name = |c: usize| graph.components.get(c).map_or("", |c| c.name.as_str());
    let peak = |at: usize, step: &crate::graph::Step| {
        let flow = estimate.flows.get(step.flow).and_then(|f| f.peak_rate).unwrap_or(0.0);
        flow * estimate.visits.get(at).copied().unwrap_or(0.0)
    };
    let size = |step: &crate::graph::Step, id| number(step.own.get(id)).map_or(0.0, |input| input.value);
    let steps = || graph.steps.iter().enumerate().filter(|(_, step)| step.callee == index || step.caller == index);
    let bandwidth = |into: bool| {
        let lines = steps().filter_map(|(at, step)| {
            let sent = into == (step.callee == index);
            let bytes = size(step, if sent { attr!(Step, "request") } else { attr!(Step, "response") });
            let total = quantity(peak(at, step) * bytes, Dimension::BANDWIDTH, &Hint::Auto);
            (bytes > 0.0).then(|| format!("{} → {}: {total}", name(step.caller), name(step.callee)))
        });
        lines.collect()
    };
    let called = |text: &dyn Fn(usize, &crate::graph::Step) -> Option<String>| {
        let to = graph.steps.iter().enumerate().filter(|(_, step)| step.callee == index);
        to.filter_map(|(at, step)| Some(format!("{} → {}: {}", name(step.caller), name(index), text(at, step)?)))
            .collect()
    };
    let rate = |value| quantity(value, Dimension::RATE, &Hint::Auto);
    match key {
        "peak_in" => bandwidth(true),
        "peak_out" => bandwidth(false),
        "peak_reads" | "peak_writes" => {
            let reads = key == "peak_reads";
            let wanted = if reads { crate::vocabulary::Operation::Read } else { crate::vocabulary::Operation::Write };
            called(&|at, step| {
                let counted = crate::estimate::operation(graph, step) == wanted;
                counted.then(|| rate(peak(at, step)))
            })
        }
        "in_flight" => {
            called(&|at, _| estimate.in_progress.get(at).filter(|n| **n > 0.0).map(|n| crate::quantity::number(*n)))
        }
        "peak_retries" | "retry_amplification" => called(&|at, _| {
            let attempts = crate::quantity::number(estimate.attempts.get(at).copied().unwrap_or(1.0));
            let most = crate::quantity::number(analysis.structure.amplification.get(at).copied().unwrap_or(1.0));
            Some(format!("{attempts} attempts on average, {most} calls for one request at most"))
        }),
        "storage" | "hot_memory" => {
            let held = graph.data.iter().zip(&estimate.data).filter(|(data, _)| data.stores.contains(&index));
            held.filter_map(|(data, figures)| {
                let bytes = if key == "storage" { figures.full } else { figures.hot }?;
                Some(format!("data {}: {}", data.name, quantity(bytes, Dimension::DATA, &Hint::Auto)))
            })
            .collect()
        }
        "scaling_peak" => match estimate.components.get(index).and_then(|c| c.scaling_law) {
            Some(law) => {
                let one = rate(law.lambda);
                vec![format!("fitted: {one} by one node, contention {:.4}, coherency {:.6}", law.sigma, law.kappa)]
            }
            None => Vec::new(),
        },
        "open_connections" | "heartbeat_rate" | "poll_rate" | "reconnect_rate" => {
            let clients = graph.components.iter().filter_map(|client| {
                let count = client.number(attr!(Component, "connections"))?.value;
                Some(format!("{}: {} connections", client.name, crate::quantity::number(count)))
            });
            clients.collect()
        }
        _ => Vec::new(),
    }
}

/// Parts of a figure of the system.
fn of_system(key: &str, analysis: &Analysis) -> Vec<String> {
    let (graph, estimate) = (&analysis.graph, &analysis.estimate);
    let name = |c: usize| graph.components.get(c).map_or("", |c| c.name.as_str());
    match key {
        "peak_rate" => {
            let flows = graph.flows.iter().zip(&estimate.flows);
            flows
                .filter_map(|(flow, figures)| {
                    Some(format!("flow {}: {}", flow.name, quantity(figures.peak_rate?, Dimension::RATE, &Hint::Auto)))
                })
                .collect()
        }
        "ingress" | "egress" => {
            let client = |c: usize| graph.components.get(c).is_some_and(|c| c.kind == crate::vocabulary::Kind::Client);
            let links =
                graph.links.iter().zip(&estimate.links).filter(|(link, _)| client(link.caller) || client(link.callee));
            links
                .map(|(link, figures)| {
                    let out = (key == "egress") == client(link.caller);
                    let bytes = if out { figures.response_bandwidth } else { figures.request_bandwidth };
                    let shown = quantity(bytes, Dimension::BANDWIDTH, &Hint::Auto);
                    format!("{} → {}: {shown}", name(link.caller), name(link.callee))
                })
                .collect()
        }
        "headroom" => {
            let busiest = estimate.system.bottleneck.into_iter();
            busiest
                .filter_map(|index| {
                    let used = estimate.components.get(index)?.utilization?;
                    Some(format!("{}: {} busy", name(index), crate::quantity::percent(used)))
                })
                .collect()
        }
        "storage" => {
            let data = graph.data.iter().zip(&estimate.data);
            data.filter_map(|(data, figures)| {
                Some(format!("data {}: {}", data.name, quantity(figures.full?, Dimension::DATA, &Hint::Auto)))
            })
            .collect()
        }
        _ => Vec::new(),
    }
}
