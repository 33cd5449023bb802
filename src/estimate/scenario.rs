//! What is different from today: load, and parts that are gone.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::{Component, Graph};

/// A state of the system other than as described.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// All rates are multiplied by it.
    pub scale: f64,
    /// Zones that are gone.
    pub zones: BTreeSet<usize>,
    /// Components that are gone.
    pub components: BTreeSet<usize>,
    /// Nodes that are gone, by component.
    pub nodes: BTreeMap<usize, f64>,
}

impl Default for Scenario {
    fn default() -> Self {
        Scenario { scale: 1.0, zones: BTreeSet::new(), components: BTreeSet::new(), nodes: BTreeMap::new() }
    }
}

impl Scenario {
    /// The nodes of a shard that are left of `count`, which are spread evenly over the component's zones, the first ones
    /// getting the remainder.
    #[expect(clippy::cast_precision_loss, reason = "a handful of zones")]
    pub(super) fn left(&self, component: &Component, count: f64) -> f64 {
        if self.zones.is_empty() && self.components.is_empty() && self.nodes.is_empty() {
            return count;
        }
        if self.components.contains(&component.index) {
            return 0.0;
        }
        let zones = component.zones.len() as f64;
        let share = |place: usize| (count / zones).floor() + f64::from(u8::from((place as f64) < count % zones));
        let gone = component.zones.iter().enumerate().filter(|(_, zone)| self.zones.contains(zone));
        let lost: f64 = gone.map(|(place, _)| share(place)).sum();
        let taken = self.nodes.get(&component.index).copied().unwrap_or(0.0);
        (count - lost - taken).max(0.0)
    }

    /// Whether a component is gone altogether.
    pub fn is_down(&self, graph: &Graph, index: usize) -> bool {
        let zoned = graph.components.get(index).map_or(&[][..], |component| &component.zones);
        self.components.contains(&index) || !zoned.is_empty() && zoned.iter().all(|zone| self.zones.contains(zone))
    }
}
