//! Where every number of an estimate comes from: the spec, an assumption, a profile, or a default of napkin's own.

use crate::analysis::Analysis;
use crate::attributes::{Attribute, AttributeSet, AttributeValue, Origin};
use crate::estimate::{NODE_AVAILABILITY, REGION_AVAILABILITY, TARGET_UTILISATION, ZONE_AVAILABILITY};
use crate::graph::{Component, Graph};
use crate::quantity::{percent, quantity};
use crate::report::safe;
use crate::report::tables::{Table, columns};
use crate::source::{SourceId, Sources, Span};
use crate::vocabulary::{Kind, attr};

/// A number with its origin.
pub struct Stated {
    /// `api.service_time`.
    pub name: String,
    /// The value, every uncertainty at its median.
    pub value: String,
    /// Who says so.
    pub from: From,
    /// The place or source.
    pub place: String,
}

/// Who states a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// The spec, as a plain number.
    Spec,
    /// The spec, through an assumption.
    Assumption,
    /// A product's profile, with a source.
    Profile,
    /// A product's profile, as a rule of thumb.
    RuleOfThumb,
    /// napkin.
    Default,
}

impl From {
    fn name(self) -> &'static str {
        match self {
            From::Spec => "spec",
            From::Assumption => "assumption",
            From::Profile => "profile",
            From::RuleOfThumb => "rule of thumb",
            From::Default => "default",
        }
    }
}

/// Every number behind an estimate.
pub fn origins(analysis: &Analysis, sources: &Sources) -> Vec<Stated> {
    let graph = &analysis.graph;
    let sources = &Files { sources, own: graph.place.map(|place| place.source) };
    let mut list = Vec::new();
    for (component, figures) in graph.components.iter().zip(&analysis.estimate.components) {
        set(&component.name, &component.own, sources, &mut list);
        if let Some(profile) = &component.profile {
            let unstated = |attribute: &&Attribute| component.own.get(attribute.id).is_none();
            profile.facts.iter().filter(unstated).for_each(|fact| one(&component.name, fact, sources, &mut list));
        }
        if component.kind != Kind::Client {
            defaults(component, figures.processor.is_some(), &mut list);
        }
    }
    places(graph, sources, &mut list);
    for flow in &graph.flows {
        set(&flow.name, &flow.own, sources, &mut list);
    }
    for step in &graph.steps {
        let callee = graph.components.get(step.callee).map_or("", |c| c.name.as_str());
        set(&format!("call of {callee}"), &step.own, sources, &mut list);
    }
    for data in &graph.data {
        set(&data.name, &data.own, sources, &mut list);
    }
    set("requires", &graph.requires, sources, &mut list);
    list
}

/// The files of a spec.
struct Files<'s> {
    sources: &'s Sources,
    /// The spec itself.
    own: Option<SourceId>,
}

impl Files<'_> {
    /// `line 7` of the spec, `shared/zones.yaml:7` of a file that it rests on.
    fn place(&self, span: Span) -> String {
        let source = self.sources.get(span.source);
        let line = source.position(span.range().start).line;
        if self.own == Some(span.source) { format!("line {line}") } else { format!("{}:{line}", source.name()) }
    }
}

fn set(owner: &str, set: &AttributeSet, sources: &Files<'_>, list: &mut Vec<Stated>) {
    set.iter().for_each(|attribute| one(owner, attribute, sources, list));
}

fn one(owner: &str, attribute: &Attribute, sources: &Files<'_>, list: &mut Vec<Stated>) {
    let AttributeValue::Number(input) = &attribute.value else { return };
    let (dimension, hint) = attribute.id.def().shape.shown();
    let about = if input.uncertain { "≈ " } else { "" };
    let (from, place) = match &attribute.origin {
        Origin::Spec(span) => {
            let from = if input.slots.is_empty() { From::Spec } else { From::Assumption };
            (from, sources.place(*span))
        }
        Origin::Fact(fact) if fact.rule_of_thumb => (From::RuleOfThumb, format!("{}: {}", fact.product, fact.source)),
        Origin::Fact(fact) => (From::Profile, format!("{}: {}", fact.product, fact.source)),
    };
    list.push(Stated {
        name: format!("{owner}.{}", attribute.id.def().key),
        value: format!("{about}{}", quantity(input.value, dimension, &hint)),
        from,
        place,
    });
}

/// How often regions and zones work.
fn places(graph: &Graph, sources: &Files<'_>, list: &mut Vec<Stated>) {
    for (index, region) in graph.regions.iter().enumerate() {
        let zoned = graph.zones.iter().any(|zone| zone.region == index);
        let figures = [
            (region.named, "availability", &region.availability, REGION_AVAILABILITY, "promise for a region"),
            (
                zoned,
                "zone_availability",
                &region.zone_availability,
                ZONE_AVAILABILITY,
                "as good as its region's promise",
            ),
        ];
        for (_, key, stated, usual, why) in figures.into_iter().filter(|(there, ..)| *there) {
            let (value, from, place) = match stated {
                Some(stated) => (stated.value.value, From::Spec, sources.place(stated.span)),
                None => (usual, From::Default, why.to_owned()),
            };
            list.push(Stated { name: format!("{}.{key}", region.name), value: percent(value), from, place });
        }
    }
}

/// What napkin takes where nobody says anything, as far as it matters for a component.
fn defaults(component: &Component, has_queue: bool, list: &mut Vec<Stated>) {
    let stated = |id| component.attribute(id).is_some();
    let mut add = |key: &str, value: String, place: &str| {
        list.push(Stated {
            name: format!("{}.{key}", component.name),
            value,
            from: From::Default,
            place: place.to_owned(),
        });
    };
    let promised = stated(attr!(Component, "availability"));
    let repaired = stated(attr!(Component, "mtbf")) && stated(attr!(Component, "mttr"));
    if !promised && !repaired && !stated(attr!(Component, "node_availability")) {
        add("node_availability", percent(NODE_AVAILABILITY), "promise for one instance");
    }
    if has_queue && !stated(attr!(Component, "target_utilization")) {
        add("target_utilization", percent(TARGET_UTILISATION), "a rule of thumb");
    }
    let varied = [
        attr!(Component, "service_time.cv"),
        attr!(Component, "service_time.p99"),
        attr!(Component, "service_time.p50"),
    ];
    if has_queue && !varied.into_iter().any(stated) {
        add("service_time.cv", "1".to_owned(), "exponential service times");
    }
}

/// How many numbers come from where, in one line.
pub fn summary(list: &[Stated]) -> String {
    let count = |from: From| list.iter().filter(|stated| stated.from == from).count();
    let spec = count(From::Spec) + count(From::Assumption);
    let profile = count(From::Profile) + count(From::RuleOfThumb);
    format!(
        "{spec} numbers from the spec ({} by assumptions), {profile} from profiles ({} rules of thumb), {} defaults",
        count(From::Assumption),
        count(From::RuleOfThumb),
        count(From::Default)
    )
}

/// The whole list.
pub fn table(list: &[Stated]) -> Table {
    let short = |text: &str, from: From| {
        let text = text.replace("https://", "");
        let stated = matches!(from, From::Spec | From::Assumption);
        // Of a path the end tells more.
        if let Some((at, _)) = text.char_indices().rev().nth(21).filter(|(at, _)| stated && *at > 0) {
            return format!("…{}", text.get(at..).unwrap_or(""));
        }
        match text.char_indices().nth(22) {
            Some((at, _)) => format!("{}…", text.get(..at).unwrap_or("")),
            None => text,
        }
    };
    let rows = list.iter().map(|stated| {
        vec![
            stated.name.clone(),
            stated.value.clone(),
            stated.from.name().to_owned(),
            short(&safe(&stated.place), stated.from),
        ]
    });
    let columns = columns(&["number", "value", "from", "place or source"]);
    Table { title: "Where the numbers come from", columns, rows: rows.collect(), notes: vec![summary(list)] }
}
