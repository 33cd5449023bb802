//! Minimal cut sets of a flow: what fails its requests together, and nothing of it can be left out.

use std::collections::BTreeMap;

use crate::estimate::Run;
use crate::estimate::availability::{Fates, chances};
use crate::estimate::fate::{Fate, Nodes};
use crate::estimate::places::Place;
use crate::formula::availability::with_failover;
use crate::formula::reliability::FaultTree;
use crate::graph::{Chance, Component, FlowOutages, Graph, OutagePart};
use crate::vocabulary::attr;

/// Nodes of the diagram that cut sets are read from.
const MAX_NODES: usize = 200_000;

/// Cut sets that are kept.
const MAX_CUTS: usize = 2_000;

/// Combinations of places of one component.
const MAX_COMBINATIONS: usize = 5_000;

/// Something that fails as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failed {
    /// A region.
    Region(usize),
    /// A zone.
    Zone(usize),
    /// A component as a whole.
    Component(usize),
    /// So many of the nodes of a component that are left (of a shard, if it has several).
    Nodes {
        /// Which component.
        component: usize,
        /// How many fail.
        failing: u64,
        /// How many were left.
        of: u64,
        /// How many there are.
        all: u64,
    },
    /// All nodes of a component for one reason.
    Common(usize),
    /// Nobody has taken over yet from a node of a component.
    Failover(usize),
    /// A request for which this step happens.
    Step(usize),
    /// A request that this cache, which works, has no answer to.
    Miss(usize),
    /// A request that it has an answer to.
    Hit(usize),
}

impl Failed {
    /// How many things fail: nodes count each, chances of requests not at all.
    pub fn weight(&self) -> usize {
        match self {
            Failed::Nodes { failing, .. } => usize::try_from(*failing).unwrap_or(usize::MAX >> 8),
            Failed::Step(_) | Failed::Miss(_) | Failed::Hit(_) => 0,
            _ => 1,
        }
    }

    /// Whether a failure of `other` is one of this as well.
    fn within(&self, other: &Failed) -> bool {
        match (self, other) {
            (Failed::Nodes { component: a, failing: few, .. }, Failed::Nodes { component: b, failing: many, .. }) => {
                a == b && few <= many
            }
            _ => self == other,
        }
    }
}

/// A minimal cut set.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// What fails together, and for which requests that matters.
    pub parts: Vec<Failed>,
    /// How many things have to fail.
    pub order: usize,
    /// The share of requests that meet all of it.
    pub probability: f64,
}

/// The minimal cut sets up to an order; `None` if there are too many to find.
pub(super) fn cuts(run: &Run<'_>, fates: &Fates, outages: &FlowOutages, order: usize) -> Option<Vec<Cut>> {
    let mut maker = Maker {
        fates,
        order,
        tree: FaultTree::default(),
        parts: Vec::new(),
        known: BTreeMap::new(),
        components: BTreeMap::new(),
    };
    let chances = chances(run, outages);
    let mut tops = Vec::new();
    for &component in &outages.always {
        tops.push(maker.component(component)?);
    }
    let mut too_many = false;
    for group in &outages.groups {
        let mut tree = std::mem::take(&mut maker.tree);
        let top = group.tree.copied(group.top, &mut tree, &mut |into, number, spared| {
            std::mem::swap(&mut maker.tree, into);
            let event = match (outages.part(number), spared) {
                (Some(OutagePart::Component(component)), false) => maker.component(component),
                (Some(OutagePart::Chance(Chance::Step(step))), _) => Some(maker.part(Failed::Step(step))),
                (Some(OutagePart::Chance(Chance::Miss(cache))), false) => Some(maker.part(Failed::Miss(cache))),
                (Some(OutagePart::Chance(Chance::Miss(cache))), true) => Some(maker.part(Failed::Hit(cache))),
                // A part that works is no failure.
                _ => Some(maker.tree.all(Vec::new())),
            };
            too_many |= event.is_none();
            let event = event.unwrap_or_else(|| maker.tree.any(Vec::new()));
            std::mem::swap(&mut maker.tree, into);
            event
        });
        maker.tree = tree;
        tops.push(top);
    }
    if too_many {
        return None;
    }
    let top = maker.tree.any(tops);
    let diagram = maker.tree.diagram(top, MAX_NODES)?;
    let weight = |part: usize| maker.parts.get(part).map_or(1, |(failed, _)| failed.weight());
    let found = diagram.cut_sets(order, MAX_CUTS, &weight)?;
    let first = run.graph.components.len();
    let chance = |failed: &Failed| {
        let of = |wanted| {
            (first..).map_while(|number| outages.part(number)).position(|part| part == OutagePart::Chance(wanted))
        };
        let value = |wanted| of(wanted).and_then(|at| chances.get(at)).copied().unwrap_or(1.0);
        match failed {
            Failed::Step(step) => value(Chance::Step(*step)),
            Failed::Miss(cache) => value(Chance::Miss(*cache)),
            Failed::Hit(cache) => 1.0 - value(Chance::Miss(*cache)),
            _ => 1.0,
        }
    };
    let mut list: Vec<Cut> = found
        .into_iter()
        .map(|set| {
            let parts: Vec<(Failed, f64)> = set.iter().filter_map(|part| maker.parts.get(*part).copied()).collect();
            let probability = parts.iter().map(|(failed, fails)| fails * chance(failed)).product();
            let mut parts: Vec<Failed> = parts.into_iter().map(|(failed, _)| failed).collect();
            parts.sort_unstable();
            Cut { order: parts.iter().map(Failed::weight).sum(), parts, probability }
        })
        .collect();
    list.retain(|cut| cut.probability > 0.0 && cut.order > 0);
    Some(sorted(minimal(list)))
}

/// Without those that hold another, where three failed nodes hold two.
fn minimal(list: Vec<Cut>) -> Vec<Cut> {
    let holds = |cut: &Cut, other: &Cut| other.parts.iter().all(|few| cut.parts.iter().any(|many| few.within(many)));
    let several = |cut: &Cut| cut.parts.iter().any(|part| matches!(part, Failed::Nodes { .. })) && cut.parts.len() > 1;
    let superfluous: Vec<bool> = list
        .iter()
        .map(|cut| {
            several(cut) && list.iter().any(|other| other != cut && other.order < cut.order && holds(cut, other))
        })
        .collect();
    list.into_iter().zip(superfluous).filter(|(_, superfluous)| !superfluous).map(|(cut, _)| cut).collect()
}

fn sorted(mut list: Vec<Cut>) -> Vec<Cut> {
    list.sort_by(|a, b| {
        a.order.cmp(&b.order).then(b.probability.total_cmp(&a.probability)).then_with(|| a.parts.cmp(&b.parts))
    });
    list
}

struct Maker<'m> {
    fates: &'m Fates,
    order: usize,
    tree: FaultTree,
    /// Parts of the tree with their probabilities; those of chances are put in later.
    parts: Vec<(Failed, f64)>,
    known: BTreeMap<Failed, usize>,
    components: BTreeMap<usize, Option<usize>>,
}

impl Maker<'_> {
    fn part(&mut self, failed: Failed) -> usize {
        self.with(failed, 1.0)
    }

    fn with(&mut self, failed: Failed, probability: f64) -> usize {
        if let Some(&event) = self.known.get(&failed) {
            return event;
        }
        let event = self.tree.part(self.parts.len());
        self.parts.push((failed, probability));
        self.known.insert(failed, event);
        event
    }

    /// The event that a component fails by itself; `None` if it stands in too many places.
    fn component(&mut self, index: usize) -> Option<usize> {
        if let Some(&known) = self.components.get(&index) {
            return known;
        }
        let fates = self.fates;
        let event = match fates.fates.get(index)?.as_ref()? {
            Fate::Never => Some(self.tree.any(Vec::new())),
            Fate::Whole(fails) if *fails > 0.0 => Some(self.with(Failed::Component(index), *fails)),
            Fate::Whole(_) => Some(self.tree.any(Vec::new())),
            Fate::Nodes(nodes) => self.nodes(index, nodes),
        };
        self.components.insert(index, event);
        event
    }

    fn nodes(&mut self, component: usize, nodes: &Nodes) -> Option<usize> {
        let mut ways = Vec::new();
        if nodes.common > 0.0 {
            ways.push(self.with(Failed::Common(component), nodes.common));
        }
        let waits = with_failover(0.0, nodes.failover, 1.0).filter(|q| *q > 0.0 && nodes.count() > nodes.needed);
        if let Some(waits) = waits {
            ways.push(self.with(Failed::Failover(component), nodes.any_shard(waits)));
        }
        for gone in self.combinations(nodes)? {
            let alive: u64 =
                nodes.places.iter().filter(|(place, _)| !self.covers(&gone, *place)).map(|(_, count)| count).sum();
            let mut all: Vec<usize> = gone.iter().map(|place| self.place(*place)).collect();
            if alive >= nodes.needed {
                let failing = alive - nodes.needed + 1;
                if usize::try_from(failing).unwrap_or(usize::MAX).saturating_add(gone.len()) > self.order {
                    continue;
                }
                let fails = nodes.failing(failing, alive);
                if fails <= 0.0 {
                    continue;
                }
                all.push(self.with(Failed::Nodes { component, failing, of: alive, all: nodes.count() }, fails));
            }
            ways.push(self.tree.all(all));
        }
        Some(self.tree.any(ways))
    }

    /// Sets of places that may be gone, few at a time; none holds a zone and its region.
    fn combinations(&self, nodes: &Nodes) -> Option<Vec<Vec<Place>>> {
        let sky = &self.fates.sky;
        let fails = |place: &Place| match place {
            Place::Anywhere => false,
            Place::Region(region) => sky.regions.get(*region).is_some_and(|q| *q > 0.0),
            Place::Zone(zone) => sky.zones.get(*zone).is_some_and(|(_, q)| *q > 0.0),
        };
        let mut places: Vec<Place> = nodes.places.iter().map(|(place, _)| *place).collect();
        let region = |place: &Place| match place {
            Place::Zone(zone) => sky.zones.get(*zone).map(|(region, _)| Place::Region(*region)),
            _ => None,
        };
        let regions: Vec<Place> = places.iter().filter_map(region).collect();
        places.extend(regions);
        places.retain(fails);
        places.sort_unstable();
        places.dedup();
        let mut sets: Vec<Vec<Place>> = vec![Vec::new()];
        let mut from = 0;
        for _ in 0..self.order {
            let end = sets.len();
            for at in from..end {
                let Some(set) = sets.get(at).cloned() else { continue };
                for &place in places.iter().filter(|place| set.last().is_none_or(|last| last < *place)) {
                    if !self.covers(&set, place) {
                        sets.push([set.as_slice(), &[place]].concat());
                    }
                }
            }
            if sets.len() > MAX_COMBINATIONS {
                return None;
            }
            from = end;
        }
        Some(sets)
    }

    /// Whether nodes at a place are gone with some places.
    fn covers(&self, gone: &[Place], place: Place) -> bool {
        let region = match place {
            Place::Zone(zone) => self.fates.sky.zones.get(zone).map(|(region, _)| Place::Region(*region)),
            _ => None,
        };
        gone.contains(&place) || region.is_some_and(|region| gone.contains(&region))
    }

    fn place(&mut self, place: Place) -> usize {
        let sky = &self.fates.sky;
        let (failed, fails) = match place {
            Place::Zone(zone) => (Failed::Zone(zone), sky.zones.get(zone).map_or(0.0, |(_, fails)| *fails)),
            Place::Region(region) => (Failed::Region(region), sky.regions.get(region).copied().unwrap_or(0.0)),
            Place::Anywhere => return self.tree.any(Vec::new()),
        };
        self.with(failed, fails)
    }
}

impl Cut {
    /// Whether one failure is enough, although nobody promises that what fails is redundant: a single point of failure. A
    /// failover that passes by itself is none.
    pub fn is_single_point(&self, graph: &Graph) -> bool {
        let passes = self.parts.iter().any(|part| matches!(part, Failed::Failover(_)));
        self.order == 1 && !passes && !self.is_redundant_inside(graph)
    }

    /// Whether it is one product that fails as a whole although its provider keeps it redundant.
    pub fn is_redundant_inside(&self, graph: &Graph) -> bool {
        let whole = |part: &Failed| match part {
            Failed::Component(index) => graph.components.get(*index).is_some_and(Component::is_redundant_product),
            _ => false,
        };
        self.order == 1 && self.parts.iter().all(whole)
    }

    /// The cut in words, as `zone a and 2 of 3 nodes of db, for requests that miss cache`.
    pub fn words(&self, graph: &Graph) -> String {
        let name = |index: &usize| graph.components.get(*index).map_or("", |component| component.name.as_str());
        let mut things = Vec::new();
        let mut requests = Vec::new();
        for part in &self.parts {
            match part {
                Failed::Region(region) => {
                    things.push(format!("region {}", graph.regions.get(*region).map_or("", |r| r.name.as_str())));
                }
                Failed::Zone(zone) => things.push(format!("zone {}", graph.zone_name(*zone))),
                Failed::Component(index) => things.push(name(index).to_owned()),
                Failed::Nodes { component, failing, of, all } => {
                    let shards = graph.components.get(*component).and_then(|c| c.number(attr!(Component, "shards")));
                    let shard = if shards.is_some_and(|shards| shards.value > 1.0) { "a shard of " } else { "" };
                    let name = format!("{shard}{}", name(component));
                    things.push(match (failing == of, of == all, *of) {
                        (true, true, 1) => name,
                        (true, true, 2) => format!("both nodes of {name}"),
                        (true, true, of) => format!("all {of} nodes of {name}"),
                        (true, false, 1) => format!("the last node of {name}"),
                        (true, false, of) => format!("the other {of} nodes of {name}"),
                        (false, true, of) => format!("{failing} of {of} nodes of {name}"),
                        (false, false, of) => format!("{failing} of the other {of} nodes of {name}"),
                    });
                }
                Failed::Common(index) => things.push(format!("a common cause in {}", name(index))),
                Failed::Failover(index) => things.push(format!("a failover of {}", name(index))),
                Failed::Miss(cache) => requests.push(format!("that miss {}", name(cache))),
                Failed::Hit(cache) => requests.push(format!("that hit {}", name(cache))),
                Failed::Step(step) => {
                    let callee = graph.steps.get(*step).map_or("", |step| name(&step.callee));
                    requests.push(format!("that need {callee}"));
                }
            }
        }
        requests.dedup();
        let things = things.join(" and ");
        if requests.is_empty() { things } else { format!("{things}, for requests {}", requests.join(" and ")) }
    }
}
