//! One value over a range: how figures grow, and where each component gives out.

use crate::analysis::{Analysis, Question, ask};
use crate::catalog::Catalog;
use crate::estimate::metric::{Metric, find};
use crate::expr::{NoNames, check, parse};
use crate::quantity::Dimension;
use crate::source::{SourceId, Sources};
use crate::study::as_expression;
use crate::vocabulary::{AttributeId, Shape, Target};

/// What is varied.
pub struct Range {
    /// The path, as for `--set`.
    pub path: String,
    /// First and last value, in base units.
    pub ends: (f64, f64),
    /// Their dimension.
    pub dimension: Dimension,
    /// Whether only whole numbers make sense: replicas, shards and the like.
    pub whole: bool,
}

impl Range {
    /// Reads `dau=1M..1bn`.
    pub fn read(text: &str) -> Result<Range, String> {
        let example = "write a name and a range, such as `dau=1M..1bn` or `api.service_time=5..20 ms`";
        let (path, range) = text.split_once('=').ok_or_else(|| format!("`{text}` is no range; {example}"))?;
        let checked = parse(range, &[]).and_then(|ast| check(&ast, &NoNames)).map_err(|error| {
            format!("`{range}`: {}; a unit stands once, at the end, as in `1..5 /s`", error.message)
        })?;
        let ends = checked.as_interval().ok_or_else(|| format!("`{range}` is no range; {example}"))?;
        let crate::expr::Type::Quantity(dimension) = checked.ty else {
            return Err(format!("`{range}` is no range; {example}"));
        };
        if as_expression(ends.0, dimension).is_none() {
            return Err(format!("{dimension} can't be swept"));
        }
        if ends.0 >= ends.1 {
            return Err(format!("`{range}` goes nowhere; the smaller value comes first"));
        }
        let key = path.trim().split_once('.').map_or("", |(_, key)| key);
        let shapes = Target::ALL.into_iter().filter_map(|target| AttributeId::find(target, key));
        let whole = shapes.into_iter().any(|id| matches!(id.def().shape, Shape::Whole(_) | Shape::Level(_)));
        Ok(Range { path: path.trim().to_owned(), ends, dimension, whole })
    }
}

/// How the values lie between the ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// By equal factors rather than equal distances.
    pub logarithmic: bool,
    /// How many, both ends counted.
    pub count: u32,
}

impl Steps {
    /// Reads `log:20`, `linear:11` or `20`.
    pub fn read(text: &str) -> Result<Steps, String> {
        let (kind, count) = text.split_once(':').unwrap_or(("", text));
        let count = count.parse::<u32>().ok().filter(|n| (2..=1000).contains(n));
        let logarithmic = match kind {
            "log" | "" => Some(true),
            "lin" | "linear" => Some(false),
            _ => None,
        };
        match (logarithmic, count) {
            (Some(logarithmic), Some(count)) => Ok(Steps { logarithmic, count }),
            _ => Err(format!("`{text}` is no number of steps; write `log:20` or `linear:11`, from 2 to 1000")),
        }
    }

    /// The values; equal distances where a logarithm doesn't exist.
    fn values(self, (low, high): (f64, f64)) -> Vec<f64> {
        let last = f64::from(self.count - 1);
        let at = |k: u32| {
            let share = f64::from(k) / last;
            if self.logarithmic && low > 0.0 { low * (high / low).powf(share) } else { low + (high - low) * share }
        };
        (0..self.count).map(at).collect()
    }
}

/// A figure that is followed.
pub struct Followed {
    /// The metric.
    pub metric: &'static Metric,
    /// Of which thing.
    pub index: usize,
    /// `api.utilization`.
    pub name: String,
}

/// Where something gives out.
pub struct Limit {
    /// `api` or `redirect p99`.
    pub name: String,
    /// What happens there.
    pub what: &'static str,
    /// The value of what is varied, in base units.
    pub at: f64,
}

/// The outcome of a sweep.
pub struct Sweep {
    /// What was varied.
    pub range: Range,
    /// Its values.
    pub values: Vec<f64>,
    /// The figures.
    pub followed: Vec<Followed>,
    /// For each value the figures, in the same order.
    pub table: Vec<Vec<Option<f64>>>,
    /// What gives out, first things first.
    pub limits: Vec<Limit>,
    /// Today's value of what is varied, if the spec states it.
    pub today: Option<f64>,
}

/// Figures that are followed unless others are named.
const USUAL: [(Target, &str); 5] = [
    (Target::Flow, "latency.p99"),
    (Target::Component, "utilization"),
    (Target::Component, "nodes_needed"),
    (Target::System, "storage"),
    (Target::System, "cost"),
];

/// Follows a spec over a range. An `Err` is what is wrong with the change, drawn from the analysis that failed.
pub fn sweep(
    sources: &mut Sources,
    id: SourceId,
    range: Range,
    steps: Steps,
    figures: &[(&'static Metric, usize, String)],
    catalog: &Catalog,
) -> Result<Sweep, Box<Analysis>> {
    let mut values = steps.values(range.ends);
    if range.whole {
        values.iter_mut().for_each(|value| *value = value.round());
        values.dedup();
    }
    let mut analyses = Vec::new();
    for value in &values {
        analyses.push(at(sources, id, &range, *value, catalog)?);
    }
    let Some(first) = analyses.first() else { return Err(Box::new(at(sources, id, &range, range.ends.0, catalog)?)) };
    let followed = if figures.is_empty() {
        usual(first, &analyses)
    } else {
        figures.iter().map(|(metric, index, name)| Followed { metric, index: *index, name: name.clone() }).collect()
    };
    let row = |analysis: &Analysis| -> Vec<Option<f64>> {
        followed.iter().map(|f| f.metric.value(&analysis.estimate, f.index).filter(|v| v.is_finite())).collect()
    };
    let table = analyses.iter().map(row).collect();
    let mut limits = Vec::new();
    for broken in breaks(first) {
        let holds: Vec<bool> = analyses.iter().map(|analysis| !(broken.test)(analysis)).collect();
        // What is broken at the low end and holds at the high one (more replicas help) has a limit the other way round.
        let recovers = holds.first() == Some(&false) && holds.last() == Some(&true);
        let turn = if recovers {
            holds.iter().rposition(|holds| !holds).map(|last| last + 1)
        } else {
            holds.iter().position(|holds| !holds)
        };
        let Some(turn) = turn else { continue };
        let (mut low, mut high) = match turn.checked_sub(1) {
            Some(before) => (values.get(before).copied(), values.get(turn).copied()),
            None => (None, values.first().copied()),
        };
        // Between two steps, to a thousandth or to the next whole number.
        let close = |a: f64, b: f64| b - a <= if range.whole { 1.0 } else { b.abs() * 1e-3 };
        while let (Some(a), Some(b)) = (low, high)
            && !close(a, b)
        {
            let middle = f64::midpoint(a, b);
            let middle = if range.whole { middle.floor() } else { middle };
            let analysis = at(sources, id, &range, middle, catalog)?;
            if (broken.test)(&analysis) == recovers { low = Some(middle) } else { high = Some(middle) }
        }
        let what = if recovers { broken.recovers } else { broken.what };
        limits.extend(high.map(|at| Limit { name: broken.name, what, at }));
    }
    limits.sort_by(|a, b| a.at.total_cmp(&b.at));
    let today = today(sources, id, &range, catalog);
    Ok(Sweep { range, values, followed, table, limits, today })
}

fn today(sources: &Sources, id: SourceId, range: &Range, catalog: &Catalog) -> Option<f64> {
    let analysis = ask(sources, id, catalog, Question::default());
    let definition = analysis.graph.definitions.find(&range.path).map(|(_, definition)| definition.value);
    let (name, key) = range.path.split_once('.').unwrap_or((&range.path, ""));
    definition.or_else(|| {
        let id = |target| AttributeId::find(target, key);
        let component = analysis.graph.component(name).and_then(|c| analysis.graph.components.get(c));
        let flow = analysis.graph.flows.iter().find(|flow| flow.name == name);
        let of_component = component.and_then(|c| c.number(id(Target::Component)?));
        of_component
            .or_else(|| flow.and_then(|f| crate::graph::number(f.own.get(id(Target::Flow)?))))
            .map(|input| input.value)
    })
}

/// The spec with one value of what is varied.
fn at(
    sources: &mut Sources,
    id: SourceId,
    range: &Range,
    value: f64,
    catalog: &Catalog,
) -> Result<Analysis, Box<Analysis>> {
    let text = as_expression(value, range.dimension).unwrap_or_default();
    let setting = sources.add(format!("--over {}", range.path), text);
    let changes = [(range.path.clone(), setting)];
    let analysis = ask(sources, id, catalog, Question { changes: &changes, ..Question::default() });
    if analysis.is_usable() { Ok(analysis) } else { Err(Box::new(analysis)) }
}

/// The usual figures, without those that nobody can know or that stay the same.
fn usual(first: &Analysis, all: &[Analysis]) -> Vec<Followed> {
    let mut list = Vec::new();
    for (metric, target) in USUAL.iter().filter_map(|(target, key)| Some((find(*target, key)?.1, *target))) {
        for index in 0..metric.count(&first.graph) {
            let value = |analysis: &Analysis| metric.value(&analysis.estimate, index);
            let start = value(first);
            let moves = all.iter().map(value).any(|v| match (v, start) {
                (Some(a), Some(b)) => (a - b).abs() > 1e-9 * b.abs(),
                (None, None) => false,
                _ => true,
            });
            let name = match target {
                Target::Component => first.graph.components.get(index).map(|c| c.name.clone()),
                Target::Flow => first.graph.flows.get(index).map(|f| f.name.clone()),
                _ => None,
            };
            if moves {
                let name = name.map_or(metric.key.to_owned(), |name| format!("{name}.{}", metric.key));
                list.push(Followed { metric, index, name });
            }
        }
    }
    list
}

/// Something that can give out.
struct Break {
    name: String,
    what: &'static str,
    recovers: &'static str,
    test: Box<dyn Fn(&Analysis) -> bool>,
}

fn breaks(analysis: &Analysis) -> Vec<Break> {
    let mut list = Vec::new();
    for (index, component) in analysis.graph.components.iter().enumerate() {
        let used = move |analysis: &Analysis| analysis.estimate.components.get(index).and_then(|c| c.utilization);
        let test = move |analysis: &Analysis| used(analysis).is_some_and(|u| u >= 1.0);
        list.push(Break {
            name: component.name.clone(),
            what: "is fully busy",
            recovers: "keeps up from here",
            test: Box::new(test),
        });
    }
    for goal in crate::estimate::objective::objectives(&analysis.graph) {
        let flow = goal.flow.and_then(|flow| analysis.graph.flows.get(flow));
        let name = flow.map_or(goal.key.to_owned(), |flow| format!("{} {}", flow.name, goal.key));
        let test = move |analysis: &Analysis| {
            let catalog = Catalog::new();
            let scenario = crate::estimate::Scenario::default();
            let (graph, structure) = (&analysis.graph, &analysis.structure);
            let value = |input: &crate::attributes::Input| input.value;
            let run = crate::estimate::Run::new((graph, structure, &catalog), &value, &scenario);
            goal.met(&run, &analysis.estimate) == Some(false)
        };
        list.push(Break { name, what: "misses its objective", recovers: "is met from here", test: Box::new(test) });
    }
    list
}
