//! What the user wrote, typed and with its places. Names of components are not resolved yet: `graph` does that.

mod assemble;
mod assume;
mod change;
mod edit;
mod group;
mod include;
mod insert;
mod merge;
mod read;
mod replace;
mod step;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::attributes::{AttributeSet, Input};
use crate::catalog::Profile;
use crate::definition::Definitions;
use crate::source::{Span, Spanned};
use crate::vocabulary::{Kind, Operation};

pub use assemble::{Assembled, assemble};
pub use change::Change;
pub use edit::{Edit, Editor, Places, Subject, edited_files};
pub use group::{GroupSpec, SeveritySpec};
pub use include::{Load, gather, included, is_shared};
pub(crate) use insert::quoted;
pub use read::read;
pub use replace::{Replacement, replaced};

/// A spec.
#[derive(Debug, Default)]
pub struct Spec {
    /// What the system is called.
    pub name: String,
    /// `assume:`
    pub definitions: Definitions,
    /// Where each assumption's value stands.
    pub assumption_spans: Vec<(String, Span)>,
    /// `regions:`
    pub regions: Vec<RegionSpec>,
    /// `components:`
    pub components: Vec<ComponentSpec>,
    /// `groups:`, each before those within it.
    pub groups: Vec<GroupSpec>,
    /// Components whose description has a mistake; naming them elsewhere is no further mistake.
    pub broken: Vec<String>,
    /// Components that an overlay takes out, and where.
    pub removed: BTreeMap<String, Span>,
    /// `flows:`
    pub flows: Vec<FlowSpec>,
    /// `links:`, calls outside any flow.
    pub links: Vec<Chain>,
    /// `data:`
    pub data: Vec<DataSpec>,
    /// `requires:`
    pub requires: AttributeSet,
    /// `allow:`
    pub allow: Vec<Allowance>,
    /// The place of the whole file, for findings about the system.
    pub place: Option<Span>,
    /// Whether it is there for others to include or extend, and no system of its own.
    pub shared: bool,
}

/// A region with its zones.
#[derive(Debug)]
pub struct RegionSpec {
    /// Its name.
    pub name: Spanned<String>,
    /// Its zones.
    pub zones: Vec<Spanned<String>>,
    /// Round-trip times to other regions.
    pub rtt: Vec<(Spanned<String>, Input)>,
    /// Where it is: latitude and longitude in degrees.
    pub at: Option<(f64, f64)>,
    /// The share of time that the region works.
    pub availability: Option<Spanned<Input>>,
    /// The share of time that each of its zones works while the region does.
    pub zone_availability: Option<Spanned<Input>>,
}

/// A component.
#[derive(Debug)]
pub struct ComponentSpec {
    /// Its name.
    pub name: Spanned<String>,
    /// What it is.
    pub kind: Kind,
    /// The product behind it.
    pub profile: Option<Arc<Profile>>,
    /// What the spec says of it.
    pub attributes: AttributeSet,
    /// The group that it says it is in.
    pub group: Option<Spanned<String>>,
    /// How bad findings about it are.
    pub severities: Vec<SeveritySpec>,
}

/// A flow.
#[derive(Debug)]
pub struct FlowSpec {
    /// Its name.
    pub name: Spanned<String>,
    /// What the spec says of it.
    pub attributes: AttributeSet,
    /// Its steps in order.
    pub steps: Vec<StepSpec>,
}

/// A line of a flow, or several that run at once.
#[derive(Debug)]
pub enum StepSpec {
    /// A chain of calls.
    Chain(Chain),
    /// Steps that run at once.
    Parallel {
        /// How many of them are waited for; all if not said.
        wait: Option<u32>,
        /// The steps.
        branches: Vec<Chain>,
    },
}

/// `a -> b.read -> c`: each call waits for the next.
#[derive(Debug)]
pub struct Chain {
    /// The whole line.
    pub span: Span,
    /// The components in order, at least two.
    pub hops: Vec<Hop>,
    /// `if miss(c)` (false) and `if hit(c)` (true).
    pub conditions: Vec<(bool, Spanned<String>)>,
    /// What is said of the calls.
    pub attributes: AttributeSet,
}

/// A component in a chain, and how the previous one calls it.
#[derive(Debug)]
pub struct Hop {
    /// Its name.
    pub name: Spanned<String>,
    /// What is done there, if said.
    pub operation: Option<Operation>,
    /// Whether the caller goes on without waiting.
    pub asynchronous: bool,
}

/// A data set.
#[derive(Debug)]
pub struct DataSpec {
    /// Its name.
    pub name: Spanned<String>,
    /// The components that hold it.
    pub stores: Vec<Spanned<String>>,
    /// What the spec says of it.
    pub attributes: AttributeSet,
}

/// A suppression.
#[derive(Clone, Debug)]
pub struct Allowance {
    /// The entry.
    pub span: Span,
    /// The rule.
    pub rule: Spanned<String>,
    /// Why.
    pub because: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The last day on which it holds, as year, month, day.
    pub until: Option<Spanned<(u16, u8, u8)>>,
    /// The one thing that it is about; everything if not said.
    pub on: Option<Spanned<String>>,
    /// Whether it stands in a file that this spec includes, extends or is laid over, and may be there for others.
    pub inherited: bool,
}
