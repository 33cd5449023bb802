//! Rules: loaded and checked, evaluated over a graph and its estimates, suppressed where the spec says so.

mod field;
mod loss;
mod pack;
mod path;
mod promises;
mod rule;
mod run;
mod simulated;
mod suppress;
mod world;

use crate::diagnostic::Severity;
use crate::expr::EntityRef;
use crate::source::Span;

pub use field::{FIELDS, FieldDef};
pub use pack::{Confidence, PACKS, Pack, Packs};
pub use rule::{Rule, built_in, load};
pub use run::{NotChecked, Outcome, run};
pub use world::World;

/// A day, as year, month, day.
pub type Day = (u16, u8, u8);

/// Something that a rule found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule's name.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// The rule's concern.
    pub category: String,
    /// The pack of its rule; none for what is said about suppressions.
    pub pack: Option<&'static str>,
    /// How sure it is.
    pub confidence: Confidence,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
    /// What it is about.
    pub subject: EntityRef,
    /// The name of what it is about, for fingerprints and `on:`.
    pub subject_name: String,
    /// Where.
    pub span: Span,
    /// Why it is accepted, if it is.
    pub allowed: Option<String>,
}
