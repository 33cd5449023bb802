//! The way to a number: its formula, its inputs, and where each was stated.

use std::fmt::Write as _;

use crate::analysis::Analysis;
use crate::attributes::{Attribute, AttributeValue, Origin};
use crate::estimate::metric::{METRICS, Metric, find};
use crate::quantity::{Dimension, Hint, quantity};
use crate::report::contributions::contributions;
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
        self.metric.value(&analysis.estimate, self.index)
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
    let value = match metric.value(&analysis.estimate, index) {
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
            let known = inner.value(&analysis.estimate, index).is_some();
            if known || metric.value(&analysis.estimate, index).is_none() {
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

/// Whether a figure lacks a part that nobody's statements allow to compute: waits, or a term of a recovery.
pub(super) fn is_lower_bound(metric: &Metric, index: usize, analysis: &Analysis) -> bool {
    if metric.target == Target::Component && (metric.key.starts_with("rpo_") || metric.key.starts_with("rto_")) {
        return crate::report::recovery::is_lower_bound(metric.key, index, analysis);
    }
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
