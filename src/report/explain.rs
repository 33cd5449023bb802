//! The way to a number: its formula, its inputs, and where each was stated.

use std::fmt::Write as _;

use crate::analysis::Analysis;
use crate::attributes::{Attribute, AttributeValue, Origin};
use crate::estimate::metric::{METRICS, Metric, find};
use crate::quantity::{Dimension, Hint, quantity};
use crate::report::safe;
use crate::source::Sources;
use crate::vocabulary::{AttributeId, Shape, Target};

/// A figure that the user named: `api.utilization`, `redirect.p99`, `egress`.
pub struct Wanted {
    /// The metric.
    pub metric: &'static Metric,
    /// Of which thing.
    pub index: usize,
    name: String,
}

impl Wanted {
    /// Its value in base units; `None` if it isn't known.
    pub fn value(&self, analysis: &Analysis) -> Option<f64> {
        (self.metric.get)(&analysis.estimate, self.index)
    }
}

/// Finds the figure that a path names, or says what there is.
pub fn wanted(path: &str, analysis: &Analysis) -> Result<Wanted, String> {
    let graph = &analysis.graph;
    let (name, key) = path.split_once('.').unwrap_or(("system", path));
    let places = [
        (Target::Component, graph.components.iter().position(|c| c.name == name)),
        (Target::Flow, graph.flows.iter().position(|f| f.name == name)),
        (Target::Data, graph.data.iter().position(|d| d.name == name)),
        (Target::System, (name == "system").then_some(0)),
    ];
    let mut known: Vec<&str> = Vec::new();
    for (target, index) in places {
        let Some(index) = index else { continue };
        for candidate in [key.to_owned(), format!("latency.{key}")] {
            if let Some((_, metric)) = find(target, &candidate) {
                return Ok(Wanted { metric, index, name: name.to_owned() });
            }
        }
        known.extend(METRICS.iter().filter(|m| m.target == target).map(|m| m.key));
    }
    if known.is_empty() {
        let names = graph
            .components
            .iter()
            .map(|c| c.name.as_str())
            .chain(graph.flows.iter().map(|f| f.name.as_str()))
            .chain(graph.data.iter().map(|d| d.name.as_str()));
        let near =
            crate::diagnostic::nearest(name, names).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        return Err(format!("nothing here is called `{name}`{near} (write for example `api.utilization`)"));
    }
    let near = crate::diagnostic::nearest(key, known.iter().copied())
        .map_or_else(|| format!("it has: {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
    Err(format!("`{name}` has no figure `{key}`; {near}"))
}

/// Draws the tree.
pub fn tree(wanted: &Wanted, analysis: &Analysis, sources: &Sources) -> String {
    let mut out = String::new();
    branch(wanted.metric, wanted.index, &wanted.name, (analysis, sources), "", &mut out, 0);
    out
}

fn branch(
    metric: &Metric,
    index: usize,
    name: &str,
    context: (&Analysis, &Sources),
    indent: &str,
    out: &mut String,
    depth: usize,
) {
    let (analysis, _) = context;
    let bound = if is_lower_bound(metric, index, analysis) { "≥ " } else { "" };
    let value = match (metric.get)(&analysis.estimate, index) {
        Some(value) => format!("{bound}{}", quantity(value, metric.dimension, &metric.hint)),
        None => "unknown".to_owned(),
    };
    let _ = writeln!(out, "{}.{} = {value}", safe(name), metric.key);
    let _ = writeln!(out, "{indent}  = {}", metric.formula);
    if depth > 8 {
        return;
    }
    let mut lines: Vec<(String, Option<&Metric>)> = Vec::new();
    for input in metric.inputs {
        if let Some((_, inner)) = find(metric.target, input) {
            // What isn't known matters only where the figure isn't known either.
            let known = (inner.get)(&analysis.estimate, index).is_some();
            if known || (metric.get)(&analysis.estimate, index).is_none() {
                lines.push((String::new(), Some(inner)));
            }
        } else if let Some(line) =
            AttributeId::find(metric.target, input).and_then(|id| stated(id, metric.target, index, context))
        {
            lines.push((line, None));
        }
    }
    lines.extend(contributions(metric, index, analysis).into_iter().map(|line| (line, None)));
    let count = lines.len();
    for (at, (line, inner)) in lines.into_iter().enumerate() {
        let (fork, deeper) = if at + 1 == count { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        let _ = write!(out, "{indent}{fork}");
        match inner {
            Some(inner) => branch(inner, index, name, context, &format!("{indent}{deeper}"), out, depth + 1),
            None => {
                let _ = writeln!(out, "{line}");
            }
        }
    }
}

/// Whether a figure lacks waits that nobody's statements allow to compute.
pub(super) fn is_lower_bound(metric: &Metric, index: usize, analysis: &Analysis) -> bool {
    metric.target == Target::Flow
        && metric.key.starts_with("latency.")
        && analysis.estimate.flows.get(index).is_some_and(|flow| !flow.uncounted.is_empty())
}

/// An attribute with its value and origin; `None` if it isn't stated.
fn stated(id: AttributeId, target: Target, index: usize, (analysis, sources): (&Analysis, &Sources)) -> Option<String> {
    let graph = &analysis.graph;
    let attribute: &Attribute = match target {
        Target::Component => graph.components.get(index)?.attribute(id)?,
        Target::Flow => graph.flows.get(index)?.own.get(id)?,
        Target::Data => graph.data.get(index)?.own.get(id)?,
        Target::System => graph.requires.get(id)?,
        _ => return None,
    };
    let AttributeValue::Number(input) = &attribute.value else { return None };
    let (dimension, hint) = match id.def().shape {
        Shape::Quantity { dimension, max, .. } => (dimension, if max <= 1.0 { Hint::Percent } else { Hint::Auto }),
        _ => (Dimension::NONE, Hint::Auto),
    };
    let value = quantity(input.value, dimension, &hint);
    let about = if input.uncertain { "≈ " } else { "" };
    let origin = match &attribute.origin {
        Origin::Spec(span) => {
            let source = sources.get(span.source);
            let position = source.position(span.range().start);
            format!("{}:{} `{}`", source.name(), position.line, safe(source.slice(*span).trim()))
        }
        Origin::Fact(fact) if fact.rule_of_thumb => format!("profile {}, rule of thumb: {}", fact.product, fact.source),
        Origin::Fact(fact) => format!("profile {}, {}", fact.product, fact.source),
    };
    let assumptions: Vec<String> = input
        .slots
        .iter()
        .filter_map(|&slot| graph.definitions.get(slot))
        .map(|d| {
            format!(
                "{} = {}{}",
                d.name,
                if d.uncertain { "≈ " } else { "" },
                quantity(d.value, d.dimension, &d.checked.hint)
            )
        })
        .collect();
    let uses = if assumptions.is_empty() { String::new() } else { format!(", with {}", assumptions.join(", ")) };
    Some(format!("{} = {about}{value}   [{origin}{uses}]", id.def().key))
}

/// What a sum over steps or components consists of.
fn contributions(metric: &Metric, index: usize, analysis: &Analysis) -> Vec<String> {
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
        (Target::Flow, key) if key.starts_with("latency.") => {
            let steps = graph.flows.get(index).map_or(0..0, |f| f.steps.clone());
            steps
                .filter_map(|at| graph.steps.get(at).map(|step| (at, step)))
                .filter(|(_, step)| !step.detached)
                .map(|(at, step)| {
                    let figures = estimate.components.get(step.callee);
                    let time = |value: Option<f64>| {
                        value.map_or("unknown".to_owned(), |t| quantity(t, Dimension::TIME, &Hint::Auto))
                    };
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
        (_, "cost") => costs(metric, index, analysis),
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
        _ => Vec::new(),
    }
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
