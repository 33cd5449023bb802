//! Zones and regions as common causes: the states that they can be in, each with its probability.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::attributes::Input;
use crate::estimate::{REGION_AVAILABILITY, Run, ZONE_AVAILABILITY};
use crate::source::Spanned;

/// The most states that are looked at; of more only those with few outages at once.
const MAX_STATES: usize = 8192;

/// Where a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Nothing is said.
    Anywhere,
    /// Somewhere in a region.
    Region(usize),
    /// In a zone.
    Zone(usize),
}

/// A state: what is gone, and how likely just that is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct State {
    pub probability: f64,
    /// Regions that have failed.
    pub regions: Vec<usize>,
    /// Zones that have failed while their region works.
    pub zones: Vec<usize>,
}

/// The states of some places, and the probability of all others.
#[derive(Debug)]
pub(super) struct States {
    pub list: Vec<State>,
    pub left_out: f64,
}

/// How often zones and regions fail, and which of them have failed in the state that is looked at.
pub(super) struct Sky {
    /// For each region the share of time that it has failed; 0 for one that only holds zones.
    pub regions: Vec<f64>,
    /// For each zone its region, and the share of time that it has failed while that works.
    pub zones: Vec<(usize, f64)>,
    dark_regions: Vec<bool>,
    dark_zones: Vec<bool>,
    known: BTreeMap<Vec<Place>, Rc<States>>,
}

impl Sky {
    pub(super) fn new(run: &Run<'_>) -> Sky {
        let value =
            |stated: Option<&Spanned<Input>>, usual: f64| stated.map_or(usual, |stated| run.share(&stated.value));
        let graph = run.graph;
        let regions: Vec<f64> = graph
            .regions
            .iter()
            .map(
                |region| {
                    if region.named { 1.0 - value(region.availability.as_ref(), REGION_AVAILABILITY) } else { 0.0 }
                },
            )
            .collect();
        let zone = |zone: &crate::graph::Zone| {
            let stated = graph.regions.get(zone.region).and_then(|region| region.zone_availability.as_ref());
            (zone.region, 1.0 - value(stated, ZONE_AVAILABILITY))
        };
        let zones: Vec<(usize, f64)> = graph.zones.iter().map(zone).collect();
        Sky {
            dark_regions: vec![false; regions.len()],
            dark_zones: vec![false; zones.len()],
            regions,
            zones,
            known: BTreeMap::new(),
        }
    }

    /// Whether nodes at a place can work in the state that is looked at.
    pub(super) fn is_up(&self, place: Place) -> bool {
        let dark = |list: &[bool], at: usize| list.get(at).copied().unwrap_or(false);
        match place {
            Place::Anywhere => true,
            Place::Region(region) => !dark(&self.dark_regions, region),
            Place::Zone(zone) => {
                let region = self.zones.get(zone).map_or(usize::MAX, |(region, _)| *region);
                !dark(&self.dark_zones, zone) && !dark(&self.dark_regions, region)
            }
        }
    }

    /// Looks at a state, or away from it.
    pub(super) fn look(&mut self, state: &State, dark: bool) {
        for &region in &state.regions {
            self.dark_regions.iter_mut().skip(region).take(1).for_each(|mark| *mark = dark);
        }
        for &zone in &state.zones {
            self.dark_zones.iter_mut().skip(zone).take(1).for_each(|mark| *mark = dark);
        }
    }

    /// The states of some places; zones come with their regions.
    pub(super) fn states(&mut self, mut places: Vec<Place>) -> Rc<States> {
        places.sort_unstable();
        places.dedup();
        if let Some(states) = self.known.get(&places) {
            return Rc::clone(states);
        }
        let states = Rc::new(self.enumerate(&places));
        self.known.insert(places, Rc::clone(&states));
        states
    }

    /// Each region before its zones, without what never fails.
    fn in_order(&self, places: &[Place]) -> Vec<(Place, usize, f64)> {
        let mut order = Vec::new();
        let of = |place: &Place| match place {
            Place::Anywhere => None,
            Place::Region(region) => Some((*region, None)),
            Place::Zone(zone) => Some((self.zones.get(*zone)?.0, Some(*zone))),
        };
        let mut sorted: Vec<(usize, Option<usize>)> = places.iter().filter_map(of).collect();
        sorted.extend(sorted.clone().into_iter().map(|(region, _)| (region, None)));
        sorted.sort_unstable();
        sorted.dedup();
        for (region, zone) in sorted {
            let (place, fails) = match zone {
                None => (Place::Region(region), self.regions.get(region).copied().unwrap_or(0.0)),
                Some(zone) => (Place::Zone(zone), self.zones.get(zone).map_or(0.0, |(_, fails)| *fails)),
            };
            if fails > 0.0 {
                order.push((place, region, fails));
            }
        }
        order
    }

    fn enumerate(&self, places: &[Place]) -> States {
        let order = self.in_order(places);
        let mut states = States { list: Vec::new(), left_out: 0.0 };
        let start = State { probability: 1.0, regions: Vec::new(), zones: Vec::new() };
        let mut open = vec![(0, most_outages(&order), start)];
        while let Some((at, left, mut state)) = open.pop() {
            let Some(&(place, region, fails)) = order.get(at) else {
                states.list.push(state);
                continue;
            };
            if left == 0 {
                states.left_out += state.probability * fails;
            } else {
                let mut failed = state.clone();
                failed.probability *= fails;
                let next = match place {
                    Place::Zone(zone) => {
                        failed.zones.push(zone);
                        at + 1
                    }
                    // Its zones are gone with it, whatever they do by themselves.
                    _ => {
                        failed.regions.push(region);
                        order.iter().skip(at).position(|(_, other, _)| *other != region).map_or(order.len(), |n| at + n)
                    }
                };
                open.push((next, left - 1, failed));
            }
            state.probability *= 1.0 - fails;
            open.push((at + 1, left, state));
        }
        states
    }
}

/// How many outages at once are looked at of some places, each region before its zones.
fn most_outages(order: &[(Place, usize, f64)]) -> usize {
    let places = order.len();
    // A region is gone, or its zones are in any of their states.
    let of_region = |region: &[(Place, usize, f64)]| {
        let zones = region.iter().filter(|(place, ..)| matches!(place, Place::Zone(_))).count();
        let gone = usize::from(region.len() > zones);
        u32::try_from(zones)
            .ok()
            .and_then(|zones| 1_usize.checked_shl(zones))
            .unwrap_or(usize::MAX)
            .saturating_add(gone)
    };
    let all = order.chunk_by(|a, b| a.1 == b.1).map(of_region).fold(1, usize::saturating_mul);
    if all <= MAX_STATES {
        return places;
    }
    let (mut most, mut sets, mut sum) = (0, 1_usize, 1_usize);
    while most < places {
        sets = sets.saturating_mul(places - most) / (most + 1);
        sum = sum.saturating_add(sets);
        if sum > MAX_STATES {
            break;
        }
        most += 1;
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sky(regions: &[f64], zones: &[(usize, f64)]) -> Sky {
        Sky {
            regions: regions.to_vec(),
            zones: zones.to_vec(),
            dark_regions: vec![false; regions.len()],
            dark_zones: vec![false; zones.len()],
            known: BTreeMap::new(),
        }
    }

    #[test]
    fn states_are_all_that_can_happen() {
        let mut sky = sky(&[0.1, 0.0], &[(0, 0.2), (0, 0.3), (1, 0.4)]);
        let states = sky.states(vec![Place::Zone(0), Place::Zone(1), Place::Zone(2)]);
        // The region gone, or each combination of its two zones; times two for the zone whose region never fails.
        assert_eq!((states.list.len(), states.left_out), (10, 0.0));
        let sum: f64 = states.list.iter().map(|state| state.probability).sum();
        assert!((sum - 1.0).abs() < 1e-15);
        let dark = states.list.iter().find(|s| s.regions == [0] && s.zones == [2]).unwrap().clone();
        assert!((dark.probability - 0.04).abs() < 1e-15);
        sky.look(&dark, true);
        assert!([0, 1, 2].iter().all(|zone| !sky.is_up(Place::Zone(*zone))) && sky.is_up(Place::Anywhere));
        sky.look(&dark, false);
        assert!([0, 1, 2].iter().all(|zone| sky.is_up(Place::Zone(*zone))));
    }

    #[test]
    fn of_many_places_only_likely_states_are_looked_at() {
        let zones: Vec<(usize, f64)> = (0..40).map(|_| (0, 1e-4)).collect();
        let states = sky(&[0.0], &zones).states((0..40).map(Place::Zone).collect());
        assert_eq!(states.list.len(), 1 + 40 + 780);
        let sum: f64 = states.list.iter().map(|state| state.probability).sum();
        assert!((sum + states.left_out - 1.0).abs() < 1e-12);
        assert!((states.left_out / 9.88e-9 - 1.0).abs() < 0.01, "{}", states.left_out);
    }
}
