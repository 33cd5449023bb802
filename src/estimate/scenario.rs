//! What is different from today: load, and parts that are gone.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::{Component, Graph};
use crate::vocabulary::Kind;

/// A state of the system other than as described.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// All rates are multiplied by it.
    pub scale: f64,
    /// Zones that are gone.
    pub zones: BTreeSet<usize>,
    /// Regions that are gone; their zones are listed in `zones` as well.
    pub regions: BTreeSet<usize>,
    /// Components that are gone.
    pub components: BTreeSet<usize>,
    /// Nodes of a shard that are gone, by component.
    pub nodes: BTreeMap<usize, f64>,
    /// Components of which one of the nodes that are gone is the primary (of one shard).
    pub primaries: BTreeSet<usize>,
}

impl Default for Scenario {
    fn default() -> Self {
        Scenario {
            scale: 1.0,
            zones: BTreeSet::new(),
            regions: BTreeSet::new(),
            components: BTreeSet::new(),
            nodes: BTreeMap::new(),
            primaries: BTreeSet::new(),
        }
    }
}

impl Scenario {
    /// Without a zone.
    pub fn without_zone(zone: usize) -> Self {
        Scenario { zones: [zone].into(), ..Scenario::default() }
    }

    /// Without a region and its zones.
    pub fn without_region(graph: &Graph, region: usize) -> Self {
        let mut scenario = Scenario::default();
        scenario.take_region(graph, region);
        scenario
    }

    /// Takes a region and its zones away.
    pub fn take_region(&mut self, graph: &Graph, region: usize) {
        self.regions.insert(region);
        self.zones.extend((0..).zip(&graph.zones).filter(|(_, zone)| zone.region == region).map(|(index, _)| index));
    }

    /// Whether everything is there.
    pub fn is_whole(&self) -> bool {
        self.zones.is_empty() && self.regions.is_empty() && self.components.is_empty() && self.nodes.is_empty()
    }

    /// The nodes of a shard that are left of `count`, which are spread evenly over the component's zones (its regions
    /// where no zones are stated), the first ones getting the remainder.
    #[expect(clippy::cast_precision_loss, reason = "a handful of zones")]
    pub(super) fn left(&self, component: &Component, count: f64) -> f64 {
        if self.is_whole() {
            return count;
        }
        if self.components.contains(&component.index) {
            return 0.0;
        }
        let (places, gone) = self.places(component);
        let share = |place: usize| {
            let all = places.len() as f64;
            (count / all).floor() + f64::from(u8::from((place as f64) < count % all))
        };
        let lost: f64 =
            places.iter().enumerate().filter(|(_, place)| gone.contains(place)).map(|(at, _)| share(at)).sum();
        let taken = self.nodes.get(&component.index).copied().unwrap_or(0.0);
        (count - lost - taken).max(0.0)
    }

    /// The zones or regions that a component stands in, and those of the same sort that are gone.
    fn places<'c>(&'c self, component: &'c Component) -> (&'c [usize], &'c BTreeSet<usize>) {
        if component.zones.is_empty() { (&component.regions, &self.regions) } else { (&component.zones, &self.zones) }
    }

    /// Whether every place in which a component stands is gone. What survives the loss of a region by itself stays.
    fn has_no_place(&self, component: &Component) -> bool {
        let (places, gone) = self.places(component);
        let everywhere = component.zones.is_empty() && component.is_everywhere();
        !places.is_empty() && !everywhere && places.iter().all(|place| gone.contains(place))
    }

    /// Whether a component's standby serves: its own places are gone, and not all those of the standby.
    pub fn stands_in(&self, component: &Component) -> bool {
        !self.components.contains(&component.index)
            && self.has_no_place(component)
            && component.standby.iter().any(|region| !self.regions.contains(region))
    }

    /// Whether a component's first zone or region is gone, where its primary stands.
    pub(super) fn primary_place_is_gone(&self, component: &Component) -> bool {
        let (places, gone) = self.places(component);
        places.first().is_some_and(|place| gone.contains(place))
    }

    /// Whether a component is gone altogether. Clients never are.
    pub fn is_down(&self, graph: &Graph, index: usize) -> bool {
        let Some(component) = graph.components.get(index).filter(|component| component.kind != Kind::Client) else {
            return false;
        };
        self.components.contains(&index) || self.has_no_place(component) && !self.stands_in(component)
    }
}
