//! The type of an attribute: what it may be written on, and what its value looks like.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::quantity::{Dimension, Hint};
use crate::vocabulary::table::ATTRIBUTES;

/// No number in a spec may be larger, in base units: far beyond any system, and products of several stay finite.
pub const LARGEST: f64 = 1e30;

/// What an attribute belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// An entry of `components:`.
    Component,
    /// All calls from one component to another; derived, so it has no attributes of its own.
    Link,
    /// A step of a flow, or an entry of `links:`.
    Step,
    /// An entry of `flows:`.
    Flow,
    /// An entry of `data:`.
    Data,
    /// `requires:`, about the system as a whole.
    System,
}

impl Target {
    /// The word that rules use.
    pub fn name(self) -> &'static str {
        match self {
            Target::Component => "component",
            Target::Link => "link",
            Target::Step => "step",
            Target::Flow => "flow",
            Target::Data => "data",
            Target::System => "system",
        }
    }

    /// All targets, in the order of the documentation.
    pub const ALL: [Target; 6] =
        [Target::Component, Target::Link, Target::Step, Target::Flow, Target::Data, Target::System];
}

/// What values an attribute takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// A quantity of one dimension, within bounds in base units, uncertain or not.
    Quantity {
        /// Its dimension.
        dimension: Dimension,
        /// Smallest sensible value, inclusive.
        min: f64,
        /// Largest sensible value, inclusive.
        max: f64,
    },
    /// A definite whole number of at least this much.
    Whole(u32),
    /// A number of copies, or a consistency level of a product, in any case and with `_` or `-`: `2`, `LOCAL_QUORUM`.
    Level(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// Free text.
    Text,
    /// One or several names (zones, regions, tags).
    Names,
    /// Measured pairs: `[{ nodes: 1, throughput: 900 /s }, …]`.
    Measured,
}

impl Shape {
    /// How a number of this shape is shown: shares as percentages.
    pub fn shown(self) -> (Dimension, Hint) {
        match self {
            Shape::Quantity { dimension, max, .. } => (dimension, if max <= 1.0 { Hint::Percent } else { Hint::Auto }),
            _ => (Dimension::NONE, Hint::Auto),
        }
    }

    /// What the value itself is called within a mapping of further ones: `service_time: { mean: 8 ms, p99: 40 ms }`,
    /// `rate_limit: { rate: 100 /s, burst: 20 }`, `arrivals: { process: bursty, cv: 5 }`. A flag is set by its mapping.
    pub fn own_key(self) -> Option<&'static str> {
        match self {
            Shape::Quantity { dimension: Dimension::TIME, .. } => Some("mean"),
            Shape::Quantity { dimension: Dimension::RATE, .. } => Some("rate"),
            Shape::Choice(_) => Some("process"),
            _ => None,
        }
    }
}

/// One attribute.
#[derive(Clone, Copy, Debug)]
pub struct AttributeDef {
    /// Its key in a spec; a dot stands for a nested mapping.
    pub key: &'static str,
    /// What it may be written on.
    pub target: Target,
    /// What values it takes.
    pub shape: Shape,
    /// One sentence for the reference, the schema and editors.
    pub doc: &'static str,
}

/// Identifies an attribute of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributeId(u16);

impl AttributeId {
    /// The attribute of a target with this key.
    pub fn find(target: Target, key: &str) -> Option<AttributeId> {
        static INDEX: LazyLock<HashMap<(Target, &str), AttributeId>> = LazyLock::new(|| {
            (0u16..).map(AttributeId).take(ATTRIBUTES.len()).map(|id| ((id.def().target, id.def().key), id)).collect()
        });
        INDEX.get(&(target, key)).copied()
    }

    /// Whether attributes of a target stand below this key in a nested mapping.
    pub fn is_group(target: Target, key: &str) -> bool {
        static GROUPS: LazyLock<HashSet<(Target, &str)>> = LazyLock::new(|| {
            let above = |def: &AttributeDef| {
                let key = def.key;
                let dots = key.match_indices('.');
                dots.filter_map(|(dot, _)| Some((def.target, key.get(..dot)?))).collect::<Vec<_>>()
            };
            ATTRIBUTES.iter().flat_map(above).collect()
        });
        GROUPS.contains(&(target, key))
    }

    /// The attribute of a target with this key, found by the compiler. Written as `attr!(Component, "cores")`.
    ///
    /// # Panics
    /// If there is none, which makes it an error at compile time wherever it stands in a `const`.
    #[expect(clippy::panic, clippy::indexing_slicing, reason = "evaluated by the compiler only")]
    pub const fn named(target: Target, key: &str) -> AttributeId {
        let mut at = 0;
        while at < ATTRIBUTES.len() {
            if ATTRIBUTES[at].target as u8 == target as u8 && same(ATTRIBUTES[at].key.as_bytes(), key.as_bytes()) {
                #[expect(clippy::cast_possible_truncation, reason = "the table has some hundred rows")]
                return AttributeId(at as u16);
            }
            at += 1;
        }
        panic!("no such attribute")
    }

    /// Its row in the table.
    #[expect(clippy::indexing_slicing, reason = "ids are made from positions in the table only")]
    pub fn def(self) -> &'static AttributeDef {
        &ATTRIBUTES[usize::from(self.0)]
    }

    /// All attributes of a target, in the order of the table.
    pub fn of(target: Target) -> impl Iterator<Item = AttributeId> {
        (0u16..).map(AttributeId).take(ATTRIBUTES.len()).filter(move |id| id.def().target == target)
    }
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler only")]
const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

/// The id of an attribute, which the compiler looks up: `attr!(Component, "cores")`.
macro_rules! attr {
    ($target:ident, $key:literal) => {
        const { crate::vocabulary::AttributeId::named(crate::vocabulary::Target::$target, $key) }
    };
}
pub(crate) use attr;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unique_and_documented() {
        for (index, def) in ATTRIBUTES.iter().enumerate() {
            assert!(def.doc.ends_with('.'), "{} needs a sentence", def.key);
            let twice = ATTRIBUTES.iter().skip(index + 1).any(|o| o.key == def.key && o.target == def.target);
            assert!(!twice, "{} stands twice", def.key);
        }
    }

    #[test]
    fn words_of_elsewhere_lead_to_attributes_and_are_none() {
        for (target, word, meant) in crate::vocabulary::ELSEWHERE {
            let has = |key: &str| {
                let inside = format!("{key}.");
                ATTRIBUTES.iter().any(|o| o.target == *target && (o.key == key || o.key.starts_with(&inside)))
            };
            assert!(has(meant) && !has(word), "{word}: {meant}");
        }
    }
}
