//! A spec as a flat list of named things with values, so that two versions of it can be compared one by one.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::Analysis;
use crate::attributes::{Attribute, AttributeSet, AttributeValue, Input, Origin, spelled};
use crate::definition::{Definitions, Point, Sample};
use crate::graph::{Child, Component, Graph, Region, Step};
use crate::quantity::{percent, quantity};
use crate::source::{Sources, Span};
use crate::vocabulary::{AttributeId, Kind};

/// What a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// An entry of `assume:`.
    Assumption,
    /// A region.
    Region,
    /// A component.
    Component,
    /// All calls from one component to another.
    Link,
    /// A flow.
    Flow,
    /// A call of a flow, as `view: api -> db`.
    Step,
    /// A data set.
    Data,
    /// What is required of the system.
    Requirements,
    /// A suppression.
    Allowance,
}

impl Sort {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Sort::Assumption => "assumption",
            Sort::Region => "region",
            Sort::Component => "component",
            Sort::Link => "link",
            Sort::Flow => "flow",
            Sort::Step => "step",
            Sort::Data => "data",
            Sort::Requirements => "requirements",
            Sort::Allowance => "allowance",
        }
    }
}

/// The key of the value that says in which order a flow takes its steps.
pub(super) const ORDER: &str = "order of steps";

/// What two values are compared by.
#[derive(Clone, Debug)]
enum Content {
    Text(String),
    /// A number at its median and, if uncertain, with every uncertainty low and high; in base units.
    Numbers(Vec<f64>),
}

/// A value of a thing.
#[derive(Clone, Debug)]
pub struct Stated {
    /// As a person writes it.
    pub text: String,
    /// The product whose profile says so, where the spec doesn't.
    pub profile: Option<String>,
    /// The expression as written, where it reads assumptions.
    written: Option<String>,
    content: Content,
}

impl Stated {
    fn text(text: impl Into<String>) -> Stated {
        let text = text.into();
        Stated { content: Content::Text(text.clone()), text, profile: None, written: None }
    }

    /// Whether both say the same. The same expression does even where the assumptions that it reads have changed, which
    /// is a change of these.
    pub(super) fn says(&self, other: &Stated) -> bool {
        if self.written.is_some() && self.written == other.written {
            return true;
        }
        match (&self.content, &other.content) {
            (Content::Text(a), Content::Text(b)) => a == b,
            (Content::Numbers(a), Content::Numbers(b)) => {
                let near =
                    |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-9 * a.abs().max(b.abs()) || a.is_nan() && b.is_nan();
                a.len() == b.len() && a.iter().zip(b).all(near)
            }
            _ => false,
        }
    }
}

/// A thing with its values.
#[derive(Clone, Debug)]
pub(super) struct Thing {
    pub sort: Sort,
    pub name: String,
    /// What it is, in a word or two.
    pub detail: String,
    pub values: BTreeMap<String, Stated>,
}

/// New names of what an older version calls otherwise.
#[derive(Clone, Debug, Default)]
pub(super) struct Renames {
    pub components: BTreeMap<String, String>,
    pub flows: BTreeMap<String, String>,
    pub data: BTreeMap<String, String>,
}

impl Renames {
    pub fn component<'n>(&'n self, name: &'n str) -> &'n str {
        self.components.get(name).map_or(name, String::as_str)
    }

    pub fn flow<'n>(&'n self, name: &'n str) -> &'n str {
        self.flows.get(name).map_or(name, String::as_str)
    }

    pub fn data<'n>(&'n self, name: &'n str) -> &'n str {
        self.data.get(name).map_or(name, String::as_str)
    }

    /// A name of any of them.
    pub fn any<'n>(&'n self, name: &'n str) -> &'n str {
        let lists = [&self.components, &self.flows, &self.data];
        lists.into_iter().find_map(|list| list.get(name)).map_or(name, String::as_str)
    }
}

/// Everything that a spec names, under the names of the newer version.
pub(super) fn things(analysis: &Analysis, sources: &Sources, renames: &Renames) -> Vec<Thing> {
    let reader = Reader { graph: &analysis.graph, sources, renames };
    let mut list = Vec::new();
    reader.assumptions(&mut list);
    let graph = &analysis.graph;
    list.extend(
        graph.regions.iter().enumerate().filter(|(_, region)| region.named).map(|(at, r)| reader.region(at, r)),
    );
    list.extend(graph.components.iter().map(|component| reader.component(component)));
    for link in &graph.links {
        let name = format!("{} -> {}", reader.called(link.caller), reader.called(link.callee));
        let waits = Stated::text(if link.synchronous { "yes" } else { "no" });
        list.push(thing(Sort::Link, name, "", [("waits for an answer".to_owned(), waits)]));
    }
    for (index, flow) in graph.flows.iter().enumerate() {
        reader.flow(index, flow, &mut list);
    }
    for data in &graph.data {
        let mut values = reader.attributes(&data.own);
        let stores: Vec<&str> = data.stores.iter().map(|store| reader.called(*store)).collect();
        values.push(("in".to_owned(), Stated::text(stores.join(", "))));
        list.push(thing(Sort::Data, renames.data(&data.name).to_owned(), "", values));
    }
    list.push(thing(Sort::Requirements, "requires".to_owned(), "", reader.attributes(&graph.requires)));
    for allowance in &graph.allow {
        let on = allowance.on.as_ref().map_or(String::new(), |on| format!(" on {}", renames.any(&on.value)));
        let until = allowance.until.map(|day| {
            let (year, month, day) = day.value;
            ("until".to_owned(), Stated::text(format!("{year}-{month:02}-{day:02}")))
        });
        let because = ("because".to_owned(), Stated::text(allowance.because.clone()));
        let name = format!("{}{on}", allowance.rule.value);
        list.push(thing(Sort::Allowance, name, &allowance.because, until.into_iter().chain([because])));
    }
    number_repeated(&mut list);
    list
}

fn thing(sort: Sort, name: String, detail: &str, values: impl IntoIterator<Item = (String, Stated)>) -> Thing {
    Thing { sort, name, detail: detail.to_owned(), values: values.into_iter().collect() }
}

/// The same call twice in a flow: the second gets a number.
fn number_repeated(list: &mut [Thing]) {
    let mut seen: BTreeMap<(Sort, String), usize> = BTreeMap::new();
    for thing in list {
        let count = seen.entry((thing.sort, thing.name.clone())).or_insert(0);
        *count += 1;
        if *count > 1 {
            thing.name = format!("{} ({count})", thing.name);
        }
    }
}

struct Reader<'r> {
    graph: &'r Graph,
    sources: &'r Sources,
    renames: &'r Renames,
}

impl Reader<'_> {
    fn called(&self, component: usize) -> &str {
        self.graph.components.get(component).map_or("", |c| self.renames.component(&c.name))
    }

    /// An expression as it stands in the spec, on one line and without quotes.
    fn written(&self, span: Span) -> String {
        let text: Vec<&str> = self.sources.slice(span).split_whitespace().collect();
        let text = text.join(" ");
        let unquoted = ['"', '\''].into_iter().find_map(|q| text.strip_prefix(q)?.strip_suffix(q));
        unquoted.map_or(text.clone(), str::to_owned)
    }

    fn assumptions(&self, list: &mut Vec<Thing>) {
        let definitions = &self.graph.definitions;
        for (name, span) in &self.graph.assumption_spans {
            let Some((_, definition)) = definitions.find(name) else { continue };
            let checked = &definition.checked;
            let varies = (definition.uncertain || !checked.slots.is_empty()).then(|| checked.clone());
            let input = Input {
                value: definition.value,
                varies,
                uncertain: definition.uncertain,
                slots: checked.slots.clone(),
            };
            let shown = quantity(definition.value, definition.dimension, &checked.hint);
            let value = self.number(&input, Some(*span), shown);
            list.push(thing(Sort::Assumption, name.clone(), &value.text.clone(), [("value".to_owned(), value)]));
        }
    }

    /// A number: as written where the spec states it, with its value where the text alone doesn't tell.
    fn number(&self, input: &Input, span: Option<Span>, shown: String) -> Stated {
        let written = span.map(|span| self.written(span)).filter(|text| !text.is_empty());
        let derived = !input.slots.is_empty();
        let text = match &written {
            Some(written) if derived => format!("{written} (≈ {shown})"),
            Some(written) => written.clone(),
            None => shown,
        };
        let content = Content::Numbers(extent(&self.graph.definitions, input));
        Stated { text, profile: None, written: written.filter(|_| derived), content }
    }

    fn attributes(&self, set: &AttributeSet) -> Vec<(String, Stated)> {
        set.iter().map(|attribute| (attribute.id.def().key.to_owned(), self.attribute(attribute))).collect()
    }

    fn attribute(&self, attribute: &Attribute) -> Stated {
        let (dimension, hint) = attribute.id.def().shape.shown();
        let (span, profile) = match &attribute.origin {
            Origin::Spec(span) => (Some(*span), None),
            Origin::Fact(fact) => (None, Some(fact.product.clone())),
        };
        let stated = match &attribute.value {
            AttributeValue::Number(input) => self.number(input, span, quantity(input.value, dimension, &hint)),
            AttributeValue::Flag(flag) => Stated::text(flag.to_string()),
            AttributeValue::Word(word) => Stated::text(*word),
            AttributeValue::Text(text) => Stated::text(self.renames.component(text)),
            AttributeValue::Names(names) => {
                let names: Vec<&str> = names.iter().map(|name| self.renames.component(&name.value)).collect();
                Stated::text(names.join(", "))
            }
            AttributeValue::Level { word, .. } => Stated::text(spelled(word)),
            AttributeValue::Measured(points) => {
                let rate = |rate: f64| quantity(rate, crate::quantity::Dimension::RATE, &crate::quantity::Hint::Auto);
                let points: Vec<String> = points.iter().map(|(nodes, x)| format!("{nodes}: {}", rate(*x))).collect();
                Stated::text(points.join(", "))
            }
            AttributeValue::Absent => Stated::text("none"),
        };
        Stated { profile, ..stated }
    }

    fn component(&self, component: &Component) -> Thing {
        let facts = component.profile.iter().flat_map(|profile| profile.facts.iter().map(|fact| fact.id));
        let ids: BTreeSet<AttributeId> = component.own.iter().map(|own| own.id).chain(facts).collect();
        let attributes = ids.into_iter().filter_map(|id| component.attribute(id));
        let mut values: Vec<(String, Stated)> =
            attributes.map(|attribute| (attribute.id.def().key.to_owned(), self.attribute(attribute))).collect();
        let kind = component.kind.name();
        values.push(("is".to_owned(), Stated::text(kind)));
        let product = component.profile.as_ref().map(|profile| profile.product.clone());
        values.extend(product.iter().map(|product| ("uses".to_owned(), Stated::text(product.clone()))));
        let detail = product.filter(|product| product != kind).map_or(kind.to_owned(), |p| format!("{kind}, {p}"));
        let place = if component.kind == Kind::Client { "clients".to_owned() } else { detail };
        thing(Sort::Component, self.renames.component(&component.name).to_owned(), &place, values)
    }

    fn region(&self, index: usize, region: &Region) -> Thing {
        let zones = self.graph.zones.iter().filter(|zone| zone.region == index).map(|zone| zone.name.as_str());
        let zones: Vec<&str> = zones.collect();
        let mut values = Vec::new();
        if !zones.is_empty() {
            values.push(("zones".to_owned(), Stated::text(zones.join(", "))));
        }
        if let Some((north, east)) = region.at {
            values.push(("at".to_owned(), Stated::text(format!("{north}, {east}"))));
        }
        for (key, share) in [("availability", &region.availability), ("zone_availability", &region.zone_availability)] {
            let share =
                share.as_ref().map(|share| self.number(&share.value, Some(share.span), percent(share.value.value)));
            values.extend(share.map(|share| (key.to_owned(), share)));
        }
        for (other, time) in &region.rtt {
            let other = self.graph.regions.get(*other).map_or("", |other| other.name.as_str());
            let shown = quantity(time.value, crate::quantity::Dimension::TIME, &crate::quantity::Hint::Auto);
            values.push((format!("rtt to {other}"), self.number(time, None, shown)));
        }
        thing(Sort::Region, region.name.clone(), "", values)
    }

    fn flow(&self, index: usize, flow: &crate::graph::Flow, list: &mut Vec<Thing>) {
        let name = self.renames.flow(&flow.name);
        let mut values = self.attributes(&flow.own);
        let entry = flow.entry.map(|entry| ("begins at".to_owned(), Stated::text(self.called(entry))));
        values.extend(entry);
        let steps = self.graph.steps.get(flow.steps.clone()).unwrap_or(&[]);
        let order: Vec<String> = steps.iter().map(|step| self.call(step)).collect();
        values.push((ORDER.to_owned(), Stated::text(order.join("; "))));
        list.push(thing(Sort::Flow, name.to_owned(), "", values));
        let together = self.together(index);
        for (step, at) in steps.iter().zip(flow.steps.clone()) {
            let mut values = self.attributes(&step.own);
            let conditions: Vec<String> = step
                .conditions
                .iter()
                .map(|(hit, cache)| format!("{}({})", if *hit { "hit" } else { "miss" }, self.called(*cache)))
                .collect();
            if !conditions.is_empty() {
                values.push(("if".to_owned(), Stated::text(conditions.join(" and "))));
            }
            let waits = together.get(&at).map(|waits| ("at once".to_owned(), Stated::text(waits.clone())));
            values.extend(waits);
            list.push(thing(Sort::Step, format!("{name}: {}", self.call(step)), "", values));
        }
    }

    /// `api -> db.read`.
    fn call(&self, step: &Step) -> String {
        let arrow = if step.asynchronous { "~>" } else { "->" };
        let operation = step.operation.map_or(String::new(), |operation| format!(".{}", operation.name()));
        format!("{} {arrow} {}{operation}", self.called(step.caller), self.called(step.callee))
    }

    /// For the steps of a flow that run at once: of how many, and how many are waited for.
    fn together(&self, flow: usize) -> BTreeMap<usize, String> {
        let mut found = BTreeMap::new();
        let Some(flow) = self.graph.flows.get(flow) else { return found };
        let steps = self.graph.steps.get(flow.steps.clone()).unwrap_or(&[]);
        for child in steps.iter().flat_map(|step| &step.children).chain(&flow.body) {
            if let Child::Parallel { needed, steps } = child {
                let waits = format!("{needed} of {} waited for", steps.len());
                found.extend(steps.iter().map(|step| (*step, waits.clone())));
            }
        }
        found
    }
}

/// A number at its median and, if uncertain, with every uncertainty low and high.
fn extent(definitions: &Definitions, input: &Input) -> Vec<f64> {
    let mut numbers = vec![input.value];
    if let Some(checked) = input.varies.as_ref().filter(|_| input.uncertain) {
        let mut streams = BTreeSet::new();
        definitions.streams(checked, &mut streams);
        for level in [0.05, 0.95] {
            let quantiles = streams.iter().map(|stream| (*stream, level)).collect();
            let point = Point { quantiles, fixed: Vec::new() };
            let value = Sample::at(definitions, &point).and_then(|sample| sample.evaluate(checked));
            numbers.push(value.unwrap_or(f64::NAN));
        }
    }
    numbers
}
