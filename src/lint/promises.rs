//! Fields about consistency as configured and about disasters, beside the figures: classes, overlaps, what falls short and when.

use std::rc::Rc;

use crate::estimate::consistency::{Class, Configured, Weakness, configured, keeps, overclaims};
use crate::estimate::disaster::{Lack, claimed};
use crate::estimate::recovery::{Bound, By, Case, Recovery, backed_up_elsewhere};
use crate::expr::{EntityRef, Missing, Type, Value};
use crate::lint::field::{FieldDef, entities, list, own};
use crate::lint::world::World;
use crate::quantity::Dimension;
use crate::vocabulary::Target;

const CAP: [&str; 2] = ["CP", "AP"];
const PACELC: [&str; 4] = ["PA/EL", "PA/EC", "PC/EL", "PC/EC"];

fn unknown<'w>(target: Target, index: usize, field: &'static str) -> Value<'w> {
    Value::Unknown(Missing { entity: EntityRef { target, index: u32::try_from(index).unwrap_or(u32::MAX) }, field })
}

/// A word of a component's configuration.
fn word<'w>(
    world: &World<'w>,
    index: usize,
    field: &'static str,
    get: fn(&Configured) -> Option<&'static str>,
) -> Value<'w> {
    let found = world.graph.components.get(index).and_then(|component| configured(world.graph, component));
    found.as_ref().and_then(get).map_or_else(|| unknown(Target::Component, index, field), Value::Text)
}

fn flag<'w>(world: &World<'w>, index: usize, field: &'static str, get: fn(&Configured) -> Option<bool>) -> Value<'w> {
    let found = world.graph.components.get(index).and_then(|component| configured(world.graph, component));
    found.as_ref().and_then(get).map_or_else(|| unknown(Target::Component, index, field), Value::Bool)
}

/// Stores of a data set that promise less than it requires.
fn short(world: &World<'_>, data: usize) -> Vec<usize> {
    let stores = world.graph.data.get(data).map_or(&[][..], |entry| &entry.stores);
    stores.iter().copied().filter(|&store| keeps(world.graph, data, store) == Some(false)).collect()
}

const CASES: [&str; 4] = ["node", "zone", "region", "corruption"];

/// The case that is worst among those which a component comes through by the same means.
fn case<'w>(world: &World<'w>, index: usize, by: By, part: fn(&Recovery) -> Option<Bound>) -> Value<'w> {
    let worst = world.estimate.components.get(index).and_then(|figures| figures.worst(by, part));
    worst.map_or_else(|| unknown(Target::Component, index, "replication"), |(case, _)| Value::Text(case.name()))
}

/// The case in which copies that go on lack most; where nobody says how much they lack, the first in which they may.
fn forgetful<'w>(world: &World<'w>, index: usize) -> Value<'w> {
    let figures = world.estimate.components.get(index);
    let known =
        figures.and_then(|figures| figures.worst(By::Copies, |outcome| outcome.loss)).filter(|(_, loss)| *loss > 0.0);
    let outcomes = figures.and_then(|figures| figures.recovery.as_ref());
    let first = || outcomes?.iter().zip(Case::ALL).find(|(outcome, _)| outcome.forgets).map(|(_, case)| case);
    let found = known.map(|(case, _)| case).or_else(first);
    found.map_or_else(|| unknown(Target::Component, index, "replication"), |case| Value::Text(case.name()))
}

/// Components that lack something for the strategy that is claimed.
fn lacking<'w>(world: &World<'w>, which: fn(Lack) -> bool) -> Value<'w> {
    let list = &world.estimate.system.lacking;
    entities(Target::Component, list.iter().filter(|(_, lack)| which(*lack)).map(|(component, _)| *component))
}

#[rustfmt::skip]
pub(super) fn fields() -> Vec<FieldDef> {
    use Target::{Component as C, Data as D, System as Y};
    vec![
        own(C, "loss_of_copies_case", Type::Word(&CASES), "Of node, zone and region, whose loss costs most where copies go on.", forgetful),
        own(C, "loss_of_restore_case", Type::Word(&CASES), "Of node, zone and region, whose loss costs most where only a backup is left.", |w, i| case(w, i, By::Backup, |r| r.loss)),
        own(C, "failover_case", Type::Word(&CASES), "Of node, zone and region, whose loss takes longest where something is left.", |w, i| case(w, i, By::Copies, |r| r.time)),
        own(C, "forgets_writes", Type::Bool, "Whether copies that go on without a node, a zone or a region may lack acknowledged writes.", |w, i| {
            let outcomes = w.estimate.components.get(i).and_then(|figures| figures.recovery.as_ref());
            outcomes.map_or_else(|| unknown(C, i, "replication"), |list| Value::Bool(list.iter().any(|outcome| outcome.forgets)))
        }),
        own(C, "backed_up_elsewhere", Type::Bool, "Whether some backup is outside of the regions that it runs in.", |w, i| {
            let found = w.graph.components.get(i).and_then(|component| backed_up_elsewhere(w.graph, component));
            found.map_or_else(|| unknown(C, i, "backup.region"), Value::Bool)
        }),
        own(Y, "in_one_region", list(C), "Components that the claimed strategy of disaster recovery needs in a second region.", |w, _| {
            lacking(w, |lack| matches!(lack, Lack::SecondRegion | Lack::Capacity))
        }),
        own(Y, "not_backed_up", list(C), "Stores that the claimed strategy of disaster recovery needs a backup of, and that have none.", |w, _| {
            lacking(w, |lack| lack == Lack::Backup)
        }),
        own(Y, "strategy_rto", Type::Quantity(Dimension::TIME), "Shortest time to recover that the claimed strategy is chosen for.", |w, _| match claimed(w.graph) {
            Some(strategy) => Value::Number(strategy.rto.0),
            None => unknown(Y, 0, "recovery"),
        }),
        own(Y, "strategy_rpo", Type::Quantity(Dimension::TIME), "Least data that the claimed strategy is chosen to lose.", |w, _| match claimed(w.graph) {
            Some(strategy) => Value::Number(strategy.rpo.0),
            None => unknown(Y, 0, "recovery"),
        }),
        own(C, "effective_consistency", Type::Word(&Class::WORDS), "What a read is promised by the configuration.", |w, i| word(w, i, "consistency", |c| c.class.map(Class::name))),
        own(C, "effective_cap", Type::Word(&CAP), "What a partition costs as configured; unknown for a single node.", |w, i| word(w, i, "cap", |c| c.cap)),
        own(C, "pacelc_configured", Type::Word(&PACELC), "Its PACELC class as configured.", |w, i| word(w, i, "pacelc", |c| c.pacelc)),
        own(C, "weakness", Type::Word(&Weakness::WORDS), "Why a read may miss a write, or a write be forgotten.", |w, i| word(w, i, "consistency", |c| Some(c.weakness.name()))),
        own(C, "overclaims", Type::List(Box::new(Type::Text)), "What the spec claims of it and its configuration doesn't keep.", |w, i| {
            let claims = w.graph.components.get(i).map_or(Vec::new(), |component| overclaims(w.graph, component));
            Value::List(claims.into_iter().map(Value::Text).collect())
        }),
        own(C, "quorum_overlap", Type::Bool, "Whether every read meets the latest acknowledged write (R + W > N), where reads count copies.", |w, i| flag(w, i, "quorum", Configured::read_overlap)),
        own(C, "write_overlap", Type::Bool, "Whether any two writes meet (W > N/2), where writes count copies.", |w, i| flag(w, i, "quorum.write", Configured::write_overlap)),
        own(D, "weak_stores", list(C), "Stores that promise less than it requires, as configured.", |w, i| entities(C, short(w, i))),
        own(D, "weaknesses", Type::List(Box::new(Type::Text)), "Why they do.", |w, i| {
            let why = |store: usize| Some(configured(w.graph, w.graph.components.get(store)?)?.weakness.name());
            let list: Vec<Value<'_>> = short(w, i).into_iter().filter_map(why).map(Value::Text).collect();
            Value::List(Rc::from(list))
        }),
    ]
}
