//! What a stated quorum means: a number of copies, or a level whose number follows from the copies and their regions.

use crate::attributes::{AttributeValue, Input};
use crate::formula::consistency::{Quorum, majority};
use crate::graph::{Component, Place, Zone};
use crate::vocabulary::{AttributeId, attr};

impl Component {
    /// What reads (`quorum.read`) or writes (`quorum.write`) wait for; `None` where nobody says, or where it depends on a
    /// number of copies that nobody says.
    pub fn quorum(&self, id: AttributeId) -> Option<Quorum> {
        match &self.attribute(id)?.value {
            AttributeValue::Number(input) => Some(Quorum::Anywhere(super::whole(input.value))),
            AttributeValue::Level { word, .. } => named(word, self.copies()),
            _ => None,
        }
    }

    /// Copies by region without the regions' names, as formulas take them.
    pub fn spread(&self, zones: &[Zone]) -> Option<Vec<u64>> {
        Some(by_region(&self.places(zones)?, |place| place.copies))
    }
}

/// A number per place added up by region, in the order in which regions first appear.
pub fn by_region(places: &[Place], count: impl Fn(&Place) -> u64) -> Vec<u64> {
    let mut list: Vec<(Option<usize>, u64)> = Vec::new();
    for place in places {
        match list.iter_mut().find(|(known, _)| *known == place.region) {
            Some((_, sum)) => *sum += count(place),
            None => list.push((place.region, count(place))),
        }
    }
    list.into_iter().map(|(_, n)| n).collect()
}

/// The quorum of a level. Cassandra's `ANY` is content with a hint, so that no copy need have the write; its `SERIAL` levels and
/// MongoDB's `majority` and stronger read concerns ask a majority.
fn named(level: &str, copies: Option<u64>) -> Option<Quorum> {
    Some(match level {
        "any" => Quorum::Anywhere(0),
        "one" | "local" | "available" => Quorum::Anywhere(1),
        "two" => Quorum::Anywhere(2),
        "three" => Quorum::Anywhere(3),
        "local-one" => Quorum::Local(1),
        "local-quorum" | "local-serial" => Quorum::LocalMajority,
        "each-quorum" => Quorum::EachMajority,
        "all" => Quorum::Anywhere(copies?),
        _ => Quorum::Anywhere(majority(copies?)),
    })
}

/// Gives the levels that a spec states their numbers of copies.
#[expect(clippy::cast_precision_loss, reason = "copies are far below 2^52")]
pub(super) fn resolve(component: &mut Component, zones: &[Zone]) {
    for id in [attr!(Component, "quorum.read"), attr!(Component, "quorum.write")] {
        let Some(mut attribute) = component.own.get(id).cloned() else { continue };
        let AttributeValue::Level { word, .. } = attribute.value else { continue };
        // `ONE` is one copy, however many there are.
        let spread = component.spread(zones).unwrap_or_default();
        let size = component.quorum(id).and_then(|quorum| quorum.size(&spread));
        let copies = size.map(|n| Input { value: n as f64, varies: None, uncertain: false, slots: Vec::new() });
        attribute.value = AttributeValue::Level { word, copies };
        component.own.replace(attribute);
    }
}
