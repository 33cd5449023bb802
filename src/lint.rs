//! Rules: loaded and checked, evaluated over a graph and its estimates, suppressed where the spec says so.

mod coverage;
mod field;
mod fingerprint;
mod fix;
mod fold;
mod keys;
mod local;
mod loss;
mod manifest;
mod pack;
mod parameter;
mod path;
mod policy;
mod promises;
mod reach;
mod rule;
mod run;
mod scope;
mod simulated;
mod suppress;
mod world;

use std::sync::Arc;

use crate::diagnostic::{Label, Severity};
use crate::expr::EntityRef;
use crate::source::Span;

pub use coverage::{Parts, Piece, Variant, fires, silence, variants};
pub use field::{FIELDS, FieldDef};
pub use fingerprint::{Fingerprint, numbered};
pub use fix::{Fix, Proposal, place};
pub use fold::{Folding, Follows, Ties, check_ties, fold};
pub use keys::{RULE_KEYS, RuleKey, RuleShape};
pub use manifest::{Manifest, defaults, manifest};
pub use pack::{Confidence, PACKS, Pack, Packs, is_kebab};
pub use parameter::{Given, Overrides, Parameter, ParameterSetting, ParameterValue};
pub use policy::{Policy, Selector, Setting, severity_name};
pub use reach::{GRAPH_FUNCTIONS, GraphFunction};
pub use rule::{Rule, built_in, load, load_into};
pub use run::{NotChecked, Outcome, run};
pub use scope::Subjects;
pub use suppress::SUPPRESSIONS;
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
    pub pack: Option<Arc<Pack>>,
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
    /// Where the other things stand that the message names.
    pub related: Vec<Label>,
    /// What stays the same about it; equal findings of one run have equal ones until they are [`numbered`].
    pub fingerprint: Fingerprint,
    /// Who accepts it and why, if somebody does.
    pub allowed: Option<Waiver>,
    /// What can be done about it without a person.
    pub fix: Option<Proposal>,
    /// What ties it to other findings, for [`fold`].
    pub ties: Ties,
    /// Findings that [`fold`] put below it: those of its rule with the same cause, then what follows from it.
    pub also: Vec<Finding>,
}

impl Finding {
    /// What follows from it: findings of other rules that were put below it.
    pub fn follow(&self) -> impl Iterator<Item = &Finding> {
        self.also.iter().filter(|other| other.rule != self.rule)
    }

    /// The other things about which its rule says the same, for the same cause.
    pub fn likewise(&self) -> impl Iterator<Item = &Finding> {
        self.also.iter().filter(|other| other.rule == self.rule)
    }
}

/// Why a finding doesn't count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waiver {
    /// `allow:` in the spec, or `severity: { …: off }` there.
    Spec {
        /// The reason.
        because: String,
        /// Who answers for it, if said.
        owner: Option<String>,
        /// The last day on which it holds, if said.
        until: Option<Day>,
        /// The entry.
        span: Span,
    },
    /// It was there when the baseline was written.
    Baseline {
        /// The baseline's name.
        file: String,
    },
}

impl Waiver {
    /// The word for it in every format.
    pub fn name(&self) -> &'static str {
        match self {
            Waiver::Spec { .. } => "allowed",
            Waiver::Baseline { .. } => "baseline",
        }
    }

    /// The reason alone.
    pub fn because(&self) -> String {
        match self {
            Waiver::Spec { because, .. } => because.clone(),
            Waiver::Baseline { file } => format!("known in {file}"),
        }
    }

    /// The reason, with who answers for it and until when.
    pub fn reason(&self) -> String {
        let mut notes = Vec::new();
        if let Waiver::Spec { owner: Some(owner), .. } = self {
            notes.push(owner.clone());
        }
        if let Some(until) = self.until() {
            notes.push(format!("until {until}"));
        }
        let because = self.because();
        if notes.is_empty() { because } else { format!("{because} ({})", notes.join(", ")) }
    }

    /// Who answers for it.
    pub fn owner(&self) -> Option<&str> {
        match self {
            Waiver::Spec { owner, .. } => owner.as_deref(),
            Waiver::Baseline { .. } => None,
        }
    }

    /// The last day on which it holds, as `2027-06-30`.
    pub fn until(&self) -> Option<String> {
        match self {
            Waiver::Spec { until: Some((year, month, day)), .. } => Some(format!("{year}-{month:02}-{day:02}")),
            _ => None,
        }
    }
}
