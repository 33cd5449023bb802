//! The fields that rules can ask for: every attribute, every metric, and the shape of the graph.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::LazyLock;

use crate::attributes::{Attribute, AttributeValue};
use crate::estimate::metric::METRICS;
use crate::expr::{EntityRef, FieldId, FieldType, Missing, Type, Value};
use crate::graph::Component;
use crate::lint::reach::reach;
use crate::lint::world::World;
use crate::quantity::{Dimension, Hint};
use crate::vocabulary::{AttributeId, GROUPS, Kind, Shape, Target};

/// A field.
pub struct FieldDef {
    /// Whose.
    pub target: Target,
    /// Its dotted name.
    pub key: &'static str,
    /// Its type.
    pub ty: Type,
    /// How it is shown.
    pub hint: Hint,
    /// One sentence.
    pub doc: &'static str,
    get: Getter,
}

enum Getter {
    Attribute(AttributeId),
    Metric(usize),
    /// Whether a group of attributes is stated.
    Stated(Vec<AttributeId>),
    Own(Get),
}

type Get = for<'w> fn(&World<'w>, usize) -> Value<'w>;

static KINDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| Kind::ALL.into_iter().map(Kind::name).collect());

/// All fields, in the order of the reference page.
pub static FIELDS: LazyLock<Vec<FieldDef>> = LazyLock::new(all_fields);

static INDEX: LazyLock<BTreeMap<(Target, &'static str), u16>> =
    LazyLock::new(|| (0u16..).zip(FIELDS.iter()).map(|(at, field)| ((field.target, field.key), at)).collect());

/// What a dotted path means on a target.
pub(super) fn lookup(target: Target, path: &str) -> FieldType {
    if let Some(&at) = INDEX.get(&(target, path))
        && let Some(field) = FIELDS.get(usize::from(at))
    {
        return FieldType::Field(FieldId(at), field.ty.clone(), field.hint.clone());
    }
    let prefix = format!("{path}.");
    if FIELDS.iter().any(|field| field.target == target && field.key.starts_with(&prefix)) {
        FieldType::Group
    } else {
        FieldType::None
    }
}

pub(super) fn number(dimension: Dimension) -> Type {
    Type::Quantity(dimension)
}

pub(super) fn list(target: Target) -> Type {
    Type::List(Box::new(Type::Entity(target)))
}

fn entity(target: Target, index: usize) -> Value<'static> {
    Value::Entity(EntityRef { target, index: u32::try_from(index).unwrap_or(u32::MAX) })
}

pub(super) fn entities<'w>(target: Target, items: impl IntoIterator<Item = usize>) -> Value<'w> {
    Value::List(items.into_iter().map(|index| entity(target, index)).collect())
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn count<'w>(n: usize) -> Value<'w> {
    Value::Number(n as f64)
}

pub(super) fn own(target: Target, key: &'static str, ty: Type, doc: &'static str, get: Get) -> FieldDef {
    FieldDef { target, key, ty, hint: Hint::Auto, doc, get: Getter::Own(get) }
}

fn scarce<'w>(world: &World<'w>, index: usize) -> Option<&'w crate::estimate::ResourceUse> {
    // What counts towards utilisation, and connections, have rules of their own.
    let busy = ["processor", "quota", "network", "connections", "partition bytes", "partition messages"];
    world.estimate.components.get(index)?.resources.iter().find(|resource| !busy.contains(&resource.name))
}

fn limit_missing<'w>(index: usize) -> Value<'w> {
    let entity = EntityRef { target: Target::Component, index: u32::try_from(index).unwrap_or(u32::MAX) };
    Value::Unknown(Missing { entity, field: "memory, threads, disk or another limit" })
}

/// A share, shown as a percentage.
pub(super) fn share(target: Target, key: &'static str, doc: &'static str, get: Get) -> FieldDef {
    FieldDef { hint: Hint::Percent, ..own(target, key, number(Dimension::NONE), doc, get) }
}

fn chance(key: &'static str, doc: &'static str, get: Get) -> FieldDef {
    share(Target::Flow, key, doc, get)
}

fn met<'w>(world: &World<'w>, flow: usize, key: &'static str) -> Value<'w> {
    let entity = EntityRef { target: Target::Flow, index: u32::try_from(flow).unwrap_or(u32::MAX) };
    world.chance(flow, key).map_or(Value::Unknown(Missing { entity, field: "slo" }), Value::Number)
}

fn component<'w>(world: &World<'w>, index: usize) -> Option<&'w Component> {
    world.graph.components.get(index)
}

fn of<'v>(lists: &'v [Vec<usize>], index: usize) -> impl Iterator<Item = usize> + 'v {
    lists.get(index).into_iter().flatten().copied()
}

/// A list that a component has.
fn held<'w>(world: &World<'w>, index: usize, list: fn(&Component) -> &Vec<usize>) -> impl Iterator<Item = usize> + 'w {
    component(world, index).into_iter().flat_map(list).copied()
}

/// Caches on whose miss the stores of a data set are asked.
fn caches_before(world: &World<'_>, data: usize) -> BTreeSet<usize> {
    let stores = world.graph.data.get(data).into_iter().flat_map(|data| &data.stores);
    stores.flat_map(|&store| caches_of_calls(world, store)).collect()
}

/// The caches that have to miss before a component is asked.
fn caches_of_calls(world: &World<'_>, index: usize) -> BTreeSet<usize> {
    held(world, index, |component| &component.incoming).flat_map(|call| misses(world, call)).collect()
}

/// The caches that have to miss before a call is made.
fn misses<'w>(world: &World<'w>, call: usize) -> impl Iterator<Item = usize> + use<'w> {
    let conditions = world.graph.steps.get(call).into_iter().flat_map(|call| &call.conditions);
    conditions.filter(|(hit, _)| !hit).map(|(_, cache)| *cache)
}

/// How often a request makes a call while the caches are empty that have to miss before it.
fn visits_on_miss<'w>(world: &World<'w>, call: usize) -> Value<'w> {
    let ratio = |cache: usize| world.estimate.components.get(cache).and_then(|c| c.hit_ratio).unwrap_or(0.0);
    let share: f64 = misses(world, call).map(|cache| 1.0 - ratio(cache)).product();
    let visits = world.estimate.visits.get(call).copied().unwrap_or(0.0);
    if share > 0.0 {
        return Value::Number(visits / share);
    }
    let entity = EntityRef { target: Target::Step, index: u32::try_from(call).unwrap_or(u32::MAX) };
    Value::Unknown(Missing { entity, field: "hit below 100 %" })
}

/// Components.
#[rustfmt::skip]
fn components() -> Vec<FieldDef> {
    use Target::{Component as C, Data as D, Flow as F, Link as L, Step as S};
    vec![
        own(C, "name", Type::Text, "Its name.", |w, i| component(w, i).map_or(Value::Text(""), |c| Value::Text(&c.name))),
        own(C, "kind", Type::Word(&KINDS), "What it is.", |w, i| component(w, i).map_or(Value::Text(""), |c| Value::Text(c.kind.name()))),
        own(C, "product", Type::Text, "The product behind it.", |w, i| match component(w, i).and_then(|c| c.profile.as_ref()) {
            Some(profile) => Value::Text(&profile.product),
            None => Value::Unknown(Missing { entity: EntityRef { target: C, index: u32::try_from(i).unwrap_or(0) }, field: "uses" }),
        }),
        own(C, "group", Type::Text, "The group that it is in, with those around it: `payments.ledger`; empty without one.", |w, i| {
            let group = component(w, i).and_then(|c| w.graph.groups.get(c.group?));
            Value::Text(group.map_or("", |group| &group.name))
        }),
        own(C, "is_store", Type::Bool, "Whether it keeps data that somebody relies on.", |w, i| Value::Bool(component(w, i).is_some_and(|c| c.kind.is_store()))),
        own(C, "is_messaging", Type::Bool, "Whether it carries messages.", |w, i| Value::Bool(component(w, i).is_some_and(|c| c.kind.is_messaging()))),
        own(C, "is_balancer", Type::Bool, "Whether it passes requests on to targets.", |w, i| Value::Bool(component(w, i).is_some_and(|c| c.kind.is_balancer()))),
        own(C, "is_compute", Type::Bool, "Whether it runs the team's code.", |w, i| Value::Bool(component(w, i).is_some_and(|c| c.kind.is_compute()))),
        own(C, "callers", list(C), "Components that call it.", |w, i| entities(C, of(&w.structure.callers, i))),
        own(C, "links_in", list(L), "Links from its callers.", |w, i| entities(L, of(&w.links_in, i))),
        own(C, "links_out", list(L), "Links to those that it calls.", |w, i| entities(L, of(&w.links_out, i))),
        own(C, "callees", list(C), "Components that it calls.", |w, i| entities(C, of(&w.structure.callees, i))),
        own(C, "upstream", list(C), "All components whose calls end up here.", |w, i| entities(C, reach(&w.structure.callers, i).0)),
        own(C, "downstream", list(C), "All components that its calls end up at.", |w, i| entities(C, reach(&w.structure.callees, i).0)),
        own(C, "flows", list(F), "Flows that reach it.", |w, i| entities(F, of(&w.flows_of, i))),
        own(C, "critical", Type::Bool, "Whether some flow fails without it.", |w, i| Value::Bool(of(&w.critical_for, i).next().is_some())),
        own(C, "critical_flows", list(F), "Flows that fail without it.", |w, i| entities(F, of(&w.critical_for, i))),
        own(C, "data", list(D), "Data sets that it holds.", |w, i| entities(D, held(w, i, |c| &c.data))),
        own(C, "incoming", list(S), "Calls to it.", |w, i| entities(S, held(w, i, |c| &c.incoming))),
        own(C, "outgoing", list(S), "Calls that it makes.", |w, i| entities(S, held(w, i, |c| &c.outgoing))),
        own(C, "cycle", list(C), "The circle of synchronous calls that it is part of.", |w, i| entities(C, of(&w.structure.cycle, i))),
        own(C, "first_of_cycle", Type::Bool, "Whether it is the first of its circle of calls in the spec.", |w, i| Value::Bool(w.structure.cycle.get(i).and_then(|c| c.first()) == Some(&i))),
        own(C, "zone_count", number(Dimension::NONE), "Zones that it runs in.", |w, i| component(w, i).map_or(Value::Number(0.0), |c| count(c.zones.len()))),
        own(C, "region_count", number(Dimension::NONE), "Regions that it runs in.", |w, i| component(w, i).map_or(Value::Number(0.0), |c| count(c.regions.len()))),
    ]
}

/// Links and steps.
#[rustfmt::skip]
fn calls() -> Vec<FieldDef> {
    use Target::{Component as C, Flow as F, Link as L, Step as S};
    vec![
        own(L, "caller", Type::Entity(C), "Who calls.", |w, i| w.graph.links.get(i).map_or(Value::Bool(false), |l| entity(C, l.caller))),
        own(L, "callee", Type::Entity(C), "Who is called.", |w, i| w.graph.links.get(i).map_or(Value::Bool(false), |l| entity(C, l.callee))),
        own(L, "synchronous", Type::Bool, "Whether a caller waits.", |w, i| Value::Bool(w.graph.links.get(i).is_some_and(|l| l.synchronous))),
        own(L, "flows", list(F), "Flows that use it.", |w, i| {
            let steps = w.graph.links.get(i).into_iter().flat_map(|l| &l.steps);
            // Steps come in the order of their flows.
            let mut flows: Vec<usize> = steps.filter_map(|step| Some(w.graph.steps.get(*step)?.flow)).collect();
            flows.dedup();
            entities(F, flows)
        }),
        own(L, "steps", list(S), "Its steps.", |w, i| entities(S, w.graph.links.get(i).map(|l| l.steps.clone()).unwrap_or_default())),

        own(S, "caller", Type::Entity(C), "Who calls.", |w, i| w.graph.steps.get(i).map_or(Value::Bool(false), |s| entity(C, s.caller))),
        own(S, "callee", Type::Entity(C), "Who is called.", |w, i| w.graph.steps.get(i).map_or(Value::Bool(false), |s| entity(C, s.callee))),
        own(S, "flow", Type::Entity(F), "Its flow.", |w, i| w.graph.steps.get(i).map_or(Value::Bool(false), |s| entity(F, s.flow))),
        own(S, "link", Type::Entity(L), "The link that it belongs to.", |w, i| w.graph.steps.get(i).map_or(Value::Bool(false), |s| entity(L, s.link))),
        own(S, "asynchronous", Type::Bool, "Whether the caller goes on without waiting.", |w, i| Value::Bool(w.graph.steps.get(i).is_some_and(|s| s.asynchronous))),
        own(S, "detached", Type::Bool, "Whether nobody at the entry waits for it.", |w, i| Value::Bool(w.graph.steps.get(i).is_some_and(|s| s.detached))),
        own(S, "conditional", Type::Bool, "Whether it depends on a hit or miss.", |w, i| Value::Bool(w.graph.steps.get(i).is_some_and(|s| !s.conditions.is_empty()))),
        own(S, "operation", Type::Word(&["read", "write", "call"]), "What is done, if said.", |w, i| match w.graph.steps.get(i).and_then(|s| s.operation) {
            Some(operation) => Value::Text(operation.name()),
            None => Value::Unknown(Missing { entity: EntityRef { target: S, index: u32::try_from(i).unwrap_or(0) }, field: "operation" }),
        }),
        own(S, "visits", number(Dimension::NONE), "How often a request of its flow makes it.", |w, i| Value::Number(w.estimate.visits.get(i).copied().unwrap_or(0.0))),
        own(S, "depth", number(Dimension::NONE), "Synchronous calls between the entry and it.", |w, i| count(w.structure.depth.get(i).copied().unwrap_or(0))),
        own(S, "nested", list(S), "Calls that the callee makes to answer.", |w, i| {
            let children = w.graph.steps.get(i).map(|s| s.children.iter()).into_iter().flatten();
            entities(S, children.flat_map(|child| match child {
                crate::graph::Child::Step(step) => vec![*step],
                crate::graph::Child::Parallel { steps, .. } => steps.clone(),
            }))
        }),
    ]
}

/// Flows, data and the system.
#[rustfmt::skip]
fn wholes() -> Vec<FieldDef> {
    use Target::{Component as C, Data as D, Flow as F, Link as L, Step as S, System as Y};
    vec![
        own(F, "name", Type::Text, "Its name.", |w, i| w.graph.flows.get(i).map_or(Value::Text(""), |f| Value::Text(&f.name))),
        own(F, "entry", Type::Entity(C), "The component that begins it.", |w, i| match w.graph.flows.get(i).and_then(|f| f.entry) {
            Some(entry) => entity(C, entry),
            None => Value::Unknown(Missing { entity: EntityRef { target: F, index: u32::try_from(i).unwrap_or(0) }, field: "steps" }),
        }),
        own(F, "steps", list(S), "Its calls.", |w, i| entities(S, w.graph.flows.get(i).map_or(0..0, |f| f.steps.clone()))),
        own(F, "components", list(C), "Components that take part in it, its entry first.", |w, i| entities(C, w.members(i))),
        own(F, "overloaded", Type::Bool, "Whether a component on its way can't keep up.", |w, i| Value::Bool(w.estimate.flows.get(i).is_some_and(|f| f.overloaded.is_some()))),

        own(D, "name", Type::Text, "Its name.", |w, i| w.graph.data.get(i).map_or(Value::Text(""), |d| Value::Text(&d.name))),
        own(D, "flows", list(F), "Flows that reach a store of it.", |w, i| {
            let stores = w.graph.data.get(i).into_iter().flat_map(|d| &d.stores);
            entities(F, stores.flat_map(|store| of(&w.flows_of, *store)).collect::<BTreeSet<usize>>())
        }),
        own(D, "stores", list(C), "Components that hold it.", |w, i| entities(C, w.graph.data.get(i).map(|d| d.stores.clone()).unwrap_or_default())),

        own(Y, "name", Type::Text, "Its name.", |w, _| Value::Text(&w.graph.name)),
        own(Y, "components", list(C), "All components.", |w, _| entities(C, 0..w.graph.components.len())),
        own(Y, "flows", list(F), "All flows.", |w, _| entities(F, 0..w.graph.flows.len())),
        own(Y, "links", list(L), "All links.", |w, _| entities(L, 0..w.graph.links.len())),
        own(Y, "data", list(D), "All data sets.", |w, _| entities(D, 0..w.graph.data.len())),
        own(Y, "zone_count", number(Dimension::NONE), "Zones in all.", |w, _| count(w.graph.zones.len())),
        own(Y, "region_count", number(Dimension::NONE), "Regions in all.", |w, _| count(w.graph.regions.len())),
        own(Y, "bottleneck", Type::Entity(C), "The component that gives out first.", |w, _| match w.estimate.system.bottleneck {
            Some(index) => entity(C, index),
            None => Value::Unknown(Missing { entity: EntityRef { target: Y, index: 0 }, field: "utilization" }),
        }),
    ]
}

/// Where things run, and what their load hangs on that nobody states.
#[rustfmt::skip]
fn grounds() -> Vec<FieldDef> {
    use Target::{Component as C, Flow as F, Step as S};
    vec![
        own(F, "critical_components", list(C), "Components without which it fails.", |w, i| entities(C, of(&w.structure.critical, i))),
        own(C, "regions", Type::List(Box::new(Type::Text)), "Names of the regions that it runs in.", |w, i| {
            let regions = component(w, i).into_iter().flat_map(|c| &c.regions).filter_map(|region| w.graph.regions.get(*region));
            Value::List(regions.map(|region| Value::Text(region.name.as_str())).collect())
        }),
        own(C, "caches", list(C), "Caches on whose miss it is asked.", |w, i| entities(C, caches_of_calls(w, i))),
        own(S, "misses", list(C), "Caches that have to miss before it is made.", |w, i| entities(C, misses(w, i))),
        own(S, "visits_on_miss", number(Dimension::NONE), "How often a request of its flow makes it while those are empty.", visits_on_miss),
        own(S, "unstated_hits", list(C), "Caches on whose hits it depends and whose hit ratio isn't known; estimates take them to miss.", |w, i| {
            let caches = w.graph.steps.get(i).into_iter().flat_map(|s| &s.conditions).map(|(_, cache)| *cache);
            entities(C, caches.filter(|cache| w.estimate.components.get(*cache).is_none_or(|figures| figures.hit_ratio.is_none())))
        }),
    ]
}

/// What stands before what, what fails with what, and what a product is not made for.
#[rustfmt::skip]
fn fates() -> Vec<FieldDef> {
    use Target::{Component as C, Data as D};
    vec![
        own(D, "caches", list(C), "Caches on whose miss its stores are asked.", |w, i| entities(C, caches_before(w, i))),
        own(C, "single_point", Type::Bool, "Whether one failure of it fails some flow; unknown where it isn't known how many failures it survives.", |w, i| {
            let tolerated = w.estimate.components.get(i).and_then(|figures| figures.failures_tolerated);
            match (of(&w.critical_for, i).next().is_some(), tolerated) {
                (false, _) => Value::Bool(false),
                (true, Some(tolerated)) => Value::Bool(tolerated < 1.0),
                (true, None) => Value::Unknown(Missing { entity: EntityRef { target: C, index: u32::try_from(i).unwrap_or(0) }, field: "replicas" }),
            }
        }),
        own(C, "foreign_role", Type::Bool, "Whether it uses a product as something that this product isn't made for.", |w, i| {
            Value::Bool(component(w, i).is_some_and(|c| c.profile.as_ref().is_some_and(|profile| !profile.kinds.contains(&c.kind))))
        }),
        own(C, "stands_on", list(C), "Components without which it doesn't work although it doesn't call them, in the end.", |w, i| {
            entities(C, of(&w.structure.outages.stands_on, i).filter(|on| *on != i))
        }),
        own(C, "dependents", list(C), "Components that don't work without it although they don't call it.", |w, i| {
            entities(C, of(&w.structure.outages.dependents, i))
        }),
    ]
}

/// How likely objectives are met, and which resource is tightest.
#[rustfmt::skip]
fn chances() -> Vec<FieldDef> {
    let tightest = |name: bool| if name { "Its resource that is nearest to its limit, apart from what counts as utilisation." } else { "How much of it is in use at peak." };
    vec![
        own(Target::Component, "tightest", Type::Text, tightest(true), |w, i| match scarce(w, i) {
            Some(resource) => Value::Text(resource.name),
            None => limit_missing(i),
        }),
        share(Target::Component, "tightest_share", tightest(false), |w, i| {
            scarce(w, i).map_or(limit_missing(i), |resource| Value::Number(resource.share()))
        }),
        chance("chance.mean", "Chance that the objective for the mean is met, over the spread of the assumptions.", |w, i| met(w, i, "mean")),
        chance("chance.p50", "Chance that the objective for the median is met.", |w, i| met(w, i, "p50")),
        chance("chance.p95", "Chance that the objective for p95 is met.", |w, i| met(w, i, "p95")),
        chance("chance.p99", "Chance that the objective for p99 is met.", |w, i| met(w, i, "p99")),
        chance("chance.p999", "Chance that the objective for p99.9 is met.", |w, i| met(w, i, "p999")),
        chance("chance.availability", "Chance that the objective for availability is met.", |w, i| met(w, i, "availability")),
    ]
}

fn all_fields() -> Vec<FieldDef> {
    let mut fields = components();
    fields.extend(calls());
    fields.extend(wholes());
    fields.extend(grounds());
    fields.extend(fates());
    fields.extend(chances());
    fields.extend(crate::lint::loss::fields());
    fields.extend(crate::lint::path::fields());
    fields.extend(crate::lint::promises::fields());
    fields.extend(crate::lint::simulated::fields());
    for target in Target::ALL {
        for id in AttributeId::of(target) {
            let def = id.def();
            let (ty, hint) = match def.shape {
                Shape::Quantity { dimension, max, .. } => {
                    (Type::Quantity(dimension), if max <= 1.0 { Hint::Percent } else { Hint::Auto })
                }
                Shape::Whole(_) | Shape::Level(_) => (Type::Quantity(Dimension::NONE), Hint::Auto),
                Shape::Flag => (Type::Bool, Hint::Auto),
                Shape::Choice(words) => (Type::Word(words), Hint::Auto),
                Shape::Text => (Type::Text, Hint::Auto),
                Shape::Names => (Type::List(Box::new(Type::Text)), Hint::Auto),
                // Rules see what follows from measurements, not the points themselves.
                Shape::Measured => continue,
            };
            fields.push(FieldDef { target, key: def.key, ty, hint, doc: def.doc, get: Getter::Attribute(id) });
        }
    }
    for (at, metric) in METRICS.iter().enumerate() {
        fields.push(FieldDef {
            target: metric.target,
            key: metric.key,
            ty: Type::Quantity(metric.dimension),
            hint: metric.hint.clone(),
            doc: metric.doc,
            get: Getter::Metric(at),
        });
    }
    for (group, _) in GROUPS {
        let key: &'static str = match *group {
            "replication" => "replication.stated",
            "backup" => "backup.stated",
            "pool" => "pool.stated",
            "health_check" => "health_check.stated",
            "dead_letter" => "dead_letter.stated",
            "standby" => "standby.stated",
            "checkpoint" => "checkpoint.stated",
            _ => "quorum.stated",
        };
        fields.push(FieldDef {
            target: Target::Component,
            key,
            ty: Type::Bool,
            hint: Hint::Auto,
            doc: "Whether anything of this group is stated; false for `none`, unknown if nothing is said: `or_else(…, false)`.",
            get: Getter::Stated(members(group)),
        });
    }
    fields
}

impl FieldDef {
    /// The value of the field on a thing.
    pub(super) fn value<'w>(&self, world: &World<'w>, entity: EntityRef) -> Value<'w> {
        let index = entity.index as usize;
        let unknown = Value::Unknown(Missing { entity, field: self.key });
        match &self.get {
            Getter::Own(get) => get(world, index),
            Getter::Metric(at) => match METRICS.get(*at).and_then(|metric| metric.value(world.estimate, index)) {
                Some(value) => Value::Number(value),
                None => unknown,
            },
            Getter::Attribute(id) => {
                let stated = attribute(world, entity, *id).and_then(|a| of_attribute(&a.value));
                // Tags are what people write; nobody has to say that there are none.
                let none = || if self.key == "tags" { Value::List(Rc::from([])) } else { unknown };
                stated.unwrap_or_else(none)
            }
            Getter::Stated(members) => stated(world, index, members).map_or(unknown, Value::Bool),
        }
    }
}

fn attribute<'w>(world: &World<'w>, entity: EntityRef, id: AttributeId) -> Option<&'w Attribute> {
    let index = entity.index as usize;
    match entity.target {
        Target::Component => world.graph.components.get(index)?.attribute(id),
        Target::Step => world.graph.steps.get(index)?.own.get(id),
        Target::Flow => world.graph.flows.get(index)?.own.get(id),
        Target::Data => world.graph.data.get(index)?.own.get(id),
        Target::System => world.graph.requires.get(id),
        Target::Link => None,
    }
}

fn of_attribute<'w>(value: &'w AttributeValue) -> Option<Value<'w>> {
    Some(match value {
        AttributeValue::Number(input) => Value::Number(input.value),
        AttributeValue::Flag(flag) => Value::Bool(*flag),
        AttributeValue::Word(word) => Value::Text(word),
        AttributeValue::Text(text) => Value::Text(text),
        AttributeValue::Names(names) => {
            let list: Vec<Value<'w>> = names.iter().map(|name| Value::Text(&name.value)).collect();
            Value::List(Rc::from(list))
        }
        AttributeValue::Level { copies, .. } => Value::Number(copies.as_ref()?.value),
        AttributeValue::Absent | AttributeValue::Measured(_) => return None,
    })
}

/// The attributes of components that stand below a key.
fn members(group: &str) -> Vec<AttributeId> {
    let inside = |id: &AttributeId| id.def().key.strip_prefix(group).is_some_and(|rest| rest.starts_with('.'));
    AttributeId::of(Target::Component).filter(inside).collect()
}

/// Whether any of some attributes is stated; `None` if nothing is said at all.
fn stated(world: &World<'_>, index: usize, members: &[AttributeId]) -> Option<bool> {
    let component = world.graph.components.get(index)?;
    let mut said = members.iter().filter_map(|id| component.attribute(*id)).peekable();
    said.peek()?;
    Some(said.any(|attribute| !matches!(attribute.value, AttributeValue::Absent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_estimate_is_a_field_for_rules_and_no_field_hides_another() {
        for metric in METRICS {
            let found = lookup(metric.target, metric.key);
            let FieldType::Field(id, ty, _) = found else { panic!("{} is no field", metric.key) };
            assert_eq!(ty, Type::Quantity(metric.dimension), "{}", metric.key);
            let def = &FIELDS[usize::from(id.0)];
            assert!(matches!(def.get, Getter::Metric(_)), "{} is hidden by another field", metric.key);
        }
        for (at, field) in FIELDS.iter().enumerate() {
            let again = FIELDS.iter().skip(at + 1).find(|other| (other.target, other.key) == (field.target, field.key));
            assert!(again.is_none(), "{}.{} stands twice", field.target.name(), field.key);
        }
    }
}
