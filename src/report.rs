//! What was found, as text, tables and machine formats. One small file per format.

pub mod availability;
pub mod chart;
pub mod comparison;
pub mod consistency;
mod contributions;
pub mod diagnostics;
pub mod diff;
pub mod diff_json;
pub mod diff_markdown;
pub mod estimate_json;
pub mod explain;
pub mod failures;
pub mod findings_json;
pub mod markdown;
pub mod origins;
pub mod plan;
pub mod recovery;
pub mod sarif;
pub mod schema;
pub mod sensitivity;
pub mod simulation;
pub mod sweep;
pub mod tables;
pub mod timeline;

use crate::analysis::Analysis;
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::lint::Finding;
use crate::source::Sources;

/// One checked file.
pub struct Checked<'c> {
    /// All files.
    pub sources: &'c Sources,
    /// What is known of each.
    pub analyses: &'c [Analysis],
}

impl Checked<'_> {
    /// Mistakes and findings of all files in order: what a reader goes through.
    pub fn items(&self) -> impl Iterator<Item = Item<'_>> {
        self.analyses.iter().flat_map(|analysis| {
            let mistakes = analysis.diagnostics.iter().map(Item::Mistake);
            mistakes.chain(analysis.findings.iter().map(Item::Finding))
        })
    }

    /// The worst severity that isn't allowed.
    pub fn worst(&self) -> Option<Severity> {
        self.items().filter(|item| item.allowed().is_none()).map(|item| item.severity()).max()
    }
}

/// A mistake in a spec, or a finding about the design.
#[derive(Clone, Copy)]
pub enum Item<'i> {
    /// The spec is wrong.
    Mistake(&'i Diagnostic),
    /// A rule fired.
    Finding(&'i Finding),
}

impl Item<'_> {
    /// Code of the mistake or name of the rule.
    pub fn code(&self) -> &str {
        match self {
            Item::Mistake(diagnostic) => diagnostic.code,
            Item::Finding(finding) => &finding.rule,
        }
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        match self {
            Item::Mistake(diagnostic) => diagnostic.severity,
            Item::Finding(finding) => finding.severity,
        }
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        match self {
            Item::Mistake(diagnostic) => &diagnostic.message,
            Item::Finding(finding) => &finding.message,
        }
    }

    /// What to do.
    pub fn help(&self) -> Option<&str> {
        match self {
            Item::Mistake(diagnostic) => diagnostic.help.as_deref(),
            Item::Finding(finding) => Some(&finding.help),
        }
    }

    /// Places, the primary one first.
    pub fn labels(&self) -> Vec<Label> {
        match self {
            Item::Mistake(diagnostic) => diagnostic.labels.clone(),
            Item::Finding(finding) => vec![Label { span: finding.span, text: String::new() }],
        }
    }

    /// Why it is accepted.
    pub fn allowed(&self) -> Option<&str> {
        match self {
            Item::Mistake(_) => None,
            Item::Finding(finding) => finding.allowed.as_deref(),
        }
    }
}

/// Text that users wrote, made safe for terminals and web pages: no control characters but line breaks.
pub fn safe(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}
