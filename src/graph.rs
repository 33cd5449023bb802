//! The system with every name resolved: components, the call tree of each flow, links, zones and data.
//!
//! Steps stand in an order in which a caller comes before what it calls, so that every later computation is one
//! pass forwards (visits) or backwards (latency), never a recursion.

mod build;
mod dependencies;
mod group;
mod outage;
mod part;
mod percentiles;
mod quorum;
mod structure;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::attributes::{Attribute, AttributeSet, AttributeValue, Input};
use crate::catalog::Profile;
use crate::definition::Definitions;
use crate::formula::network::{great_circle, light_floor};
use crate::source::{Span, Spanned};
use crate::spec::{Allowance, SeveritySpec};
use crate::vocabulary::{AttributeId, Kind, Operation, attr};

pub use build::build;
pub use group::{ComponentGroup, enclosing};
pub use outage::{Chance, FlowOutages, Form, Group, OutagePart, Outages};
pub use part::Part;
pub use quorum::by_region;
pub use structure::Structure;
pub(crate) use structure::{is_cached, is_optional, is_spared};

/// A resolved system.
#[derive(Debug, Default)]
pub struct Graph {
    /// What the system is called.
    pub name: String,
    /// The assumptions.
    pub definitions: Definitions,
    /// Where each assumption stands.
    pub assumption_spans: Vec<(String, Span)>,
    /// Zones, as `region/zone`, each with its region.
    pub zones: Vec<Zone>,
    /// Regions.
    pub regions: Vec<Region>,
    /// Components.
    pub components: Vec<Component>,
    /// Their places in that list, by name.
    names: BTreeMap<String, usize>,
    /// Groups of components, each before those within it.
    pub groups: Vec<ComponentGroup>,
    /// Flows.
    pub flows: Vec<Flow>,
    /// All calls of all flows.
    pub steps: Vec<Step>,
    /// Pairs of components that talk to each other.
    pub links: Vec<Link>,
    /// Data sets.
    pub data: Vec<Data>,
    /// What is required of the system.
    pub requires: AttributeSet,
    /// Suppressions.
    pub allow: Vec<Allowance>,
    /// Where findings about the whole system point.
    pub place: Option<Span>,
}

/// A zone.
#[derive(Debug)]
pub struct Zone {
    /// Its name within the region.
    pub name: String,
    /// Its region.
    pub region: usize,
}

/// A region.
#[derive(Debug)]
pub struct Region {
    /// Its name.
    pub name: String,
    /// Round-trip times to other regions.
    pub rtt: Vec<(usize, Input)>,
    /// Latitude and longitude in degrees.
    pub at: Option<(f64, f64)>,
    /// The share of time that it works, if said.
    pub availability: Option<Spanned<Input>>,
    /// The share of time that each of its zones works while it does, if said.
    pub zone_availability: Option<Spanned<Input>>,
    /// Whether the spec names it; a region that only holds zones of a spec without regions is nothing that fails.
    pub named: bool,
}

impl Region {
    fn named(name: &str, named: bool) -> Region {
        Region { name: name.to_owned(), rtt: Vec::new(), at: None, availability: None, zone_availability: None, named }
    }

    /// The round-trip time to another region that light needs in fibre, in seconds, if both say where they are.
    pub fn light_floor(&self, other: &Region) -> Option<f64> {
        let ((a, b), (c, d)) = self.at.zip(other.at)?;
        light_floor(great_circle(a, b, c, d)?)
    }
}

/// A component.
#[derive(Debug)]
pub struct Component {
    /// Its place among the graph's components.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
    /// The product behind it.
    pub profile: Option<Arc<Profile>>,
    /// What the spec says.
    pub own: AttributeSet,
    /// The group that it is in.
    pub group: Option<usize>,
    /// How bad findings about it are, where the spec says so.
    pub severities: Vec<SeveritySpec>,
    /// The zones it runs in; empty if not said.
    pub zones: Vec<usize>,
    /// The regions it runs in; empty if not said.
    pub regions: Vec<usize>,
    /// The regions in which its standby waits.
    pub standby: Vec<usize>,
    /// Components without which it doesn't work although it calls none of them.
    pub depends_on: Vec<usize>,
    /// Data sets that it holds, each once, in the order of the spec.
    pub data: Vec<usize>,
    /// Steps that call it, in the order of the spec.
    pub incoming: Vec<usize>,
    /// Steps that it makes, in the order of the spec.
    pub outgoing: Vec<usize>,
}

/// Where some copies of a component's data are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The zone, if said.
    pub zone: Option<usize>,
    /// The region, if said.
    pub region: Option<usize>,
    /// How many copies.
    pub copies: u64,
}

/// A flow: its entry and the calls that the entry makes.
#[derive(Debug)]
pub struct Flow {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// What the spec says.
    pub own: AttributeSet,
    /// The component that begins it.
    pub entry: Option<usize>,
    /// What the entry does, in order.
    pub body: Vec<Child>,
    /// Its steps: a range of the graph's.
    pub steps: std::ops::Range<usize>,
}

/// A call within a flow.
#[derive(Debug)]
pub struct Step {
    /// Its flow.
    pub flow: usize,
    /// Where it is written.
    pub span: Span,
    /// Where its callee is written.
    pub callee_span: Span,
    /// Who calls.
    pub caller: usize,
    /// Who is called.
    pub callee: usize,
    /// The link it belongs to.
    pub link: usize,
    /// The step that reached the caller; `None` at the entry.
    pub parent: Option<usize>,
    /// What is done, if said.
    pub operation: Option<Operation>,
    /// Whether the caller goes on without waiting.
    pub asynchronous: bool,
    /// Whether this or a caller of it is asynchronous: nobody at the entry waits for it.
    pub detached: bool,
    /// Hits (true) and misses (false) of caches that it depends on.
    pub conditions: Vec<(bool, usize)>,
    /// What the spec says; only the first call of a chain has the chain's probability and count.
    pub own: AttributeSet,
    /// Whether it is the first call of its line, to which probability and count belong.
    pub first: bool,
    /// What the callee does then, in order.
    pub children: Vec<Child>,
    /// The component that its `fallback` names, if it is one.
    pub fallback: Option<usize>,
}

/// One thing that a component does while it serves a request.
#[derive(Debug)]
pub enum Child {
    /// A call.
    Step(usize),
    /// Calls at once.
    Parallel {
        /// How many are waited for.
        needed: usize,
        /// The calls.
        steps: Vec<usize>,
    },
}

/// All calls from one component to another.
#[derive(Debug)]
pub struct Link {
    /// Who calls.
    pub caller: usize,
    /// Who is called.
    pub callee: usize,
    /// Where it is first written.
    pub span: Span,
    /// Its steps.
    pub steps: Vec<usize>,
    /// Whether some caller waits for an answer.
    pub synchronous: bool,
}

/// A data set.
#[derive(Debug)]
pub struct Data {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// The components that hold it.
    pub stores: Vec<usize>,
    /// What the spec says.
    pub own: AttributeSet,
}

impl Component {
    /// An attribute: what the spec says wins over the product's profile.
    pub fn attribute(&self, id: AttributeId) -> Option<&Attribute> {
        self.own.get(id).or_else(|| self.profile.as_ref()?.facts.get(id))
    }

    /// A number by its key.
    pub fn number(&self, id: AttributeId) -> Option<&Input> {
        number(self.attribute(id))
    }

    /// A word or text by its key.
    pub fn word(&self, id: AttributeId) -> Option<&str> {
        match &self.attribute(id)?.value {
            AttributeValue::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Whether a flag is set; `None` if nothing is said.
    pub fn flag(&self, id: AttributeId) -> Option<bool> {
        match self.attribute(id)?.value {
            AttributeValue::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    /// Whether it survives the loss of a region by itself.
    pub fn is_everywhere(&self) -> bool {
        self.word(attr!(Component, "redundancy")) == Some("multi-region")
    }

    /// The word of a consistency level, lower-case: `local-quorum`.
    pub fn level(&self, id: AttributeId) -> Option<&'static str> {
        match &self.attribute(id)?.value {
            AttributeValue::Level { word, .. } => Some(word),
            _ => None,
        }
    }

    /// Copies of each record as configured: the replication factor, or the nodes of a shard.
    pub fn copies(&self) -> Option<u64> {
        let get = |id| self.number(id).map(|input| whole(input.value));
        let beside = get(attr!(Component, "replication.replicas")).map(|n| n + 1);
        let nodes = get(attr!(Component, "replicas")).or(beside);
        match (get(attr!(Component, "replication.factor")), nodes) {
            (Some(factor), Some(nodes)) => Some(factor.min(nodes)),
            (factor, nodes) => factor.or(nodes),
        }
    }

    /// These copies by place, spread evenly over the zones that it names, else over its regions; a single place where it
    /// names neither. `None` where their number isn't known.
    pub fn places(&self, zones: &[Zone]) -> Option<Vec<Place>> {
        let all = self.copies()?;
        let of_zone = |zone: &usize| Place { zone: Some(*zone), region: zones.get(*zone).map(|z| z.region), copies: 0 };
        let mut places: Vec<Place> = if self.zones.is_empty() {
            self.regions.iter().map(|region| Place { zone: None, region: Some(*region), copies: 0 }).collect()
        } else {
            self.zones.iter().map(of_zone).collect()
        };
        if places.is_empty() {
            places.push(Place { zone: None, region: None, copies: 0 });
        }
        let count = u64::try_from(places.len()).unwrap_or(u64::MAX);
        for (at, place) in (0..).zip(&mut places) {
            place.copies = all / count + u64::from(at < all % count);
        }
        Some(places)
    }

    /// Whether it survives the loss of a zone by itself.
    pub fn is_redundant_product(&self) -> bool {
        matches!(self.word(attr!(Component, "redundancy")), Some("multi-zone" | "multi-region"))
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole numbers from 0 to 1e9")]
fn whole(n: f64) -> u64 {
    n.max(0.0) as u64
}

/// The number in an attribute.
pub fn number(attribute: Option<&Attribute>) -> Option<&Input> {
    match &attribute?.value {
        AttributeValue::Number(input) => Some(input),
        AttributeValue::Level { copies, .. } => copies.as_ref(),
        _ => None,
    }
}

impl Graph {
    /// A zone's name, with its region's where there are several.
    pub fn zone_name(&self, zone: usize) -> String {
        let Some(found) = self.zones.get(zone) else { return String::new() };
        match self.regions.get(found.region).filter(|_| self.regions.len() > 1) {
            Some(region) => format!("{}/{}", region.name, found.name),
            None => found.name.clone(),
        }
    }

    /// A component by name.
    pub fn component(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }
}
