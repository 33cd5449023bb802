//! What rules see of losses: what follows when a component, a zone or a region is gone. Computed when a rule asks.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::estimate::Scenario;
use crate::estimate::losses::{Loss, Losses};
use crate::expr::{EntityRef, Missing, Value};
use crate::lint::field::{FieldDef, entities, list, number, own, share};
use crate::lint::world::World;
use crate::quantity::Dimension;
use crate::vocabulary::Target;

/// Steps of flows that all losses of one system may evaluate, a few seconds of work; what rules ask for beyond that stays
/// unknown. It suffices for fifty thousand components in flows of ten, or for a thousand that share everything.
const MOST_WORK: usize = 5_000_000;

/// What can be taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Component(usize),
    Node(usize),
    Zone(usize),
    Region(usize),
}

/// Losses of one system, each computed once.
#[derive(Default)]
pub(super) struct Known<'w> {
    losses: OnceCell<RefCell<Losses<'w>>>,
    parts: RefCell<BTreeMap<Part, Rc<Loss>>>,
}

impl<'w> World<'w> {
    /// What follows from a loss; `None` if the system is too large to try it, or nothing says what numbers mean.
    fn loss(&self, part: Part) -> Option<Rc<Loss>> {
        if let Some(known) = self.known.parts.borrow().get(&part) {
            return Some(known.clone());
        }
        let system = (self.graph, self.structure, self.catalog?);
        let losses = self.known.losses.get_or_init(|| RefCell::new(Losses::new(system, 1.0)));
        let mut losses = losses.borrow_mut();
        if losses.work() > MOST_WORK {
            return None;
        }
        let scenario = match part {
            Part::Component(index) => Scenario { components: [index].into(), ..Scenario::default() },
            Part::Node(index) => Scenario { nodes: [(index, 1.0)].into(), ..Scenario::default() },
            Part::Zone(index) => Scenario::without_zone(index),
            Part::Region(index) => Scenario::without_region(self.graph, index),
        };
        let loss = Rc::new(losses.without(&scenario));
        self.known.parts.borrow_mut().insert(part, loss.clone());
        Some(loss)
    }

    /// The losses of all zones or of all regions, where there are several.
    fn places(&self, regions: bool) -> Option<Vec<Rc<Loss>>> {
        let count = if regions { self.graph.regions.len() } else { self.graph.zones.len() };
        let part = |index| if regions { Part::Region(index) } else { Part::Zone(index) };
        (0..if count > 1 { count } else { 0 }).map(|index| self.loss(part(index))).collect()
    }
}

/// What a field takes from losses: things, or a number.
#[derive(Clone, Copy)]
enum Take {
    Things(Target, fn(&Loss, &World<'_>) -> Vec<usize>),
    Number(fn(&Loss) -> f64),
}

fn taken<'w>(losses: Option<Vec<Rc<Loss>>>, world: &World<'w>, entity: EntityRef, take: Take) -> Value<'w> {
    let Some(losses) = losses else {
        return Value::Unknown(Missing {
            entity,
            field: "what its loss would mean: the system is too large to try it",
        });
    };
    match take {
        Take::Things(target, of) => {
            let mut found: Vec<usize> = losses.iter().flat_map(|loss| of(loss, world)).collect();
            found.sort_unstable();
            found.dedup();
            entities(target, found)
        }
        Take::Number(of) => Value::Number(losses.iter().map(|loss| of(loss)).fold(0.0, f64::max)),
    }
}

fn entity(target: Target, index: usize) -> EntityRef {
    EntityRef { target, index: u32::try_from(index).unwrap_or(u32::MAX) }
}

fn lost(loss: &Loss, _: &World<'_>) -> Vec<usize> {
    loss.lost().collect()
}

fn overloads(loss: &Loss, _: &World<'_>) -> Vec<usize> {
    loss.overloaded().map(|load| load.component).collect()
}

fn exhausts(loss: &Loss, _: &World<'_>) -> Vec<usize> {
    loss.exhausted.iter().map(|used| used.component).collect()
}

fn retries(loss: &Loss, _: &World<'_>) -> Vec<usize> {
    loss.retried.iter().map(|again| again.component).collect()
}

fn missed(loss: &Loss, world: &World<'_>) -> Vec<usize> {
    let goals = world.known.losses.get();
    let flow = |place: &usize| goals.and_then(|losses| losses.borrow().goals.get(*place)?.flow);
    loss.missed.iter().filter_map(flow).collect()
}

fn degrades(loss: &Loss, _: &World<'_>) -> Vec<usize> {
    loss.flows.iter().filter(|flow| flow.degraded > 0.0).map(|flow| flow.flow).collect()
}

fn at_risk(loss: &Loss, _: &World<'_>) -> Vec<usize> {
    loss.at_risk.iter().filter_map(|entry| entry.data).collect()
}

macro_rules! fields {
    ($target:expr, $prefix:literal, $of:expr, $gone:literal) => {{
        use Target::{Component as C, Data as D, Flow as F};
        macro_rules! things {
            ($name:literal, $thing:expr, $take:expr, $doc:literal) => {
                own($target, concat!($prefix, ".", $name), list($thing), concat!($doc, " ", $gone, " gone."), |w, i| {
                    taken($of(w, i), w, entity($target, i), Take::Things($thing, $take))
                })
            };
        }
        vec![
            things!("flows_lost", F, lost, "Flows of which no request succeeds with"),
            things!("objectives_missed", F, missed, "Flows that still answer but miss an objective with"),
            things!("degrades", F, degrades, "Flows that succeed without a part with"),
            things!("overloads", C, overloads, "Components that can't keep up any more with"),
            things!(
                "exhausts",
                C,
                exhausts,
                "Components that run out of threads, connections or another resource with"
            ),
            things!(
                "retries",
                C,
                retries,
                "Components that are called more often, since calls fail and are made again, with"
            ),
            things!("data_at_risk", D, at_risk, "Data sets of which writes may be lost with"),
            share(
                $target,
                concat!($prefix, ".fails"),
                concat!("Share of all requests at peak that fail with ", $gone, " gone."),
                |w, i| taken($of(w, i), w, entity($target, i), Take::Number(|loss| loss.fails)),
            ),
        ]
    }};
}

fn of_component(world: &World<'_>, index: usize) -> Option<Vec<Rc<Loss>>> {
    Some(vec![world.loss(Part::Component(index))?])
}

fn of_zones(world: &World<'_>, _: usize) -> Option<Vec<Rc<Loss>>> {
    world.places(false)
}

fn of_regions(world: &World<'_>, _: usize) -> Option<Vec<Rc<Loss>>> {
    world.places(true)
}

/// The fields of losses.
pub(super) fn fields() -> Vec<FieldDef> {
    let mut list = fields!(Target::Component, "loss", of_component, "it");
    list.extend(fields!(Target::System, "zone_loss", of_zones, "one of the zones"));
    list.extend(fields!(Target::System, "region_loss", of_regions, "one of the regions"));
    let without = "Utilisation at peak with the region gone whose loss is worst for it.";
    list.push(share(Target::Component, "utilization_without_region", without, without_region));
    let back = "Utilisation at peak while the clients of a lost node connect again to the rest.";
    list.push(share(Target::Component, "reconnect_utilization", back, reconnecting));
    let calls = "How many times as often callers call with it gone, where retries multiply calls most.";
    list.push(own(Target::Component, "loss.most_calls", number(Dimension::NONE), calls, |w, i| {
        taken(of_component(w, i), w, entity(Target::Component, i), Take::Number(most_calls))
    }));
    list
}

fn most_calls(loss: &Loss) -> f64 {
    loss.retried.iter().map(|again| again.then).fold(1.0, f64::max)
}

fn without_region<'w>(world: &World<'w>, index: usize) -> Value<'w> {
    let missing = |field| Value::Unknown(Missing { entity: entity(Target::Component, index), field });
    if world.graph.regions.len() < 2 {
        return missing("regions");
    }
    let Some(losses) = world.places(true) else { return missing("a smaller system") };
    let today = world.estimate.components.get(index).and_then(|figures| figures.utilization);
    let then = losses.iter().flat_map(|loss| &loss.loads).filter(|load| load.component == index).map(|load| load.then);
    match then.fold(today, |most, load| Some(most.map_or(load, |most| most.max(load)))) {
        Some(utilization) => Value::Number(utilization),
        None => missing("utilization"),
    }
}

fn reconnecting<'w>(world: &World<'w>, index: usize) -> Value<'w> {
    let missing = |field| Value::Unknown(Missing { entity: entity(Target::Component, index), field });
    let figures = world.estimate.components.get(index);
    if figures.and_then(|figures| figures.reconnect_rate).is_none() {
        return missing("reconnect_rate");
    }
    let Some(loss) = world.loss(Part::Node(index)) else { return missing("a smaller system") };
    let busy = loss.reconnects.iter().find(|back| back.component == index).and_then(|back| back.utilization);
    busy.map_or_else(|| missing("handshake_time"), Value::Number)
}
