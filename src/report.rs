//! What was found, as text, tables and machine formats. One small file per format.

pub mod availability;
pub mod baseline;
pub mod chart;
pub mod comparison;
pub mod concise;
pub mod config;
pub mod consistency;
mod contributions;
pub mod csv;
pub mod diagnostics;
pub mod diff;
pub mod diff_json;
pub mod diff_markdown;
pub mod estimate_json;
pub mod explain;
pub mod failures;
pub mod findings_json;
pub mod github;
pub mod gitlab;
pub mod junit;
pub mod markdown;
pub mod origins;
pub mod patch;
mod place;
pub mod plan;
pub mod recovery;
pub mod rule_pages;
pub mod rule_tests;
pub mod sarif;
pub mod schema;
pub mod schema_rule;
pub mod sensitivity;
pub mod simulation;
pub mod sweep;
pub mod tables;
pub mod timeline;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::analysis::Analysis;
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::lint::{Finding, Fingerprint, Proposal, Waiver, numbered};
use crate::source::{SourceId, Sources};

/// Checked specs, and what is made of them.
pub struct Checked<'c> {
    /// All files.
    pub sources: &'c Sources,
    /// The specs.
    pub files: &'c [SourceId],
    /// What is known of each.
    pub analyses: &'c [Analysis],
    /// For each, the severity from which something in it fails the run; `None` if nothing does.
    pub fail_on: &'c [Option<Severity>],
    /// How the findings compare with a baseline, if there is one.
    pub baseline: Option<&'c baseline::Compared>,
}

/// Places beside the first at which text draws one finding.
const DRAWN: usize = 4;

/// Findings below another that are told in full; JSON has them all.
const FOLLOW: usize = 5;

/// How many things were found, waived ones apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Open errors.
    pub errors: usize,
    /// Open warnings.
    pub warnings: usize,
    /// Open advice.
    pub infos: usize,
    /// Accepted in a spec.
    pub allowed: usize,
    /// Known in the baseline.
    pub baseline: usize,
}

impl Checked<'_> {
    /// Mistakes and findings of all files in order: what a reader goes through. A mistake in a file that several specs
    /// include is one.
    pub fn items(&self) -> impl Iterator<Item = Item<'_>> {
        let mut seen = BTreeSet::new();
        let several = self.analyses.len() > 1;
        self.analyses.iter().flat_map(of).filter(move |item| match item {
            Item::Mistake(mistake) if several => seen.insert((mistake.span(), mistake.code, &mistake.message)),
            _ => true,
        })
    }

    /// The same with fingerprints, each of which stands only once.
    pub fn numbered(&self) -> impl Iterator<Item = (Item<'_>, Fingerprint)> {
        let keys: Vec<_> = self.items().map(|item| (item.fingerprint(), item.is_allowed_in_spec())).collect();
        self.items().zip(numbered(&keys))
    }

    /// The specs by name, each with what was found in it.
    pub fn by_file(&self) -> impl Iterator<Item = (&str, Vec<Item<'_>>)> {
        let names = self.files.iter().map(|id| self.sources.get(*id).name());
        names.zip(self.analyses.iter().map(|analysis| of(analysis).collect()))
    }

    /// Whether something in the spec of a number fails the run.
    pub fn fails(&self, spec: usize, item: Item<'_>) -> bool {
        let least = self.fail_on.get(spec).copied().flatten();
        item.waiver().is_none() && least.is_some_and(|least| item.severity() >= least)
    }

    /// The exit status of the run: 2 if a spec is unusable, 1 if something fails it, else 0.
    pub fn exit(&self) -> u8 {
        if !self.analyses.iter().all(Analysis::is_usable) {
            return 2;
        }
        u8::from(self.analyses.iter().enumerate().any(|(spec, found)| of(found).any(|item| self.fails(spec, item))))
    }

    /// How many there are of what.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for item in self.items() {
            let count = match (item.waiver(), item.severity()) {
                (Some(Waiver::Spec { .. }), _) => &mut counts.allowed,
                (Some(Waiver::Baseline { .. }), _) => &mut counts.baseline,
                (None, Severity::Error) => &mut counts.errors,
                (None, Severity::Warning) => &mut counts.warnings,
                (None, Severity::Info) => &mut counts.infos,
            };
            *count += 1;
        }
        counts
    }
}

fn of(analysis: &Analysis) -> impl Iterator<Item = Item<'_>> {
    let mistakes = analysis.diagnostics.iter().map(Item::Mistake);
    mistakes.chain(analysis.findings.iter().map(Item::Finding))
}

/// A mistake in a spec, or a finding about the design.
#[derive(Clone, Copy)]
pub enum Item<'i> {
    /// The spec is wrong.
    Mistake(&'i Diagnostic),
    /// A rule fired.
    Finding(&'i Finding),
}

impl<'i> Item<'i> {
    /// Code of the mistake or name of the rule.
    pub fn code(&self) -> &'i str {
        match self {
            Item::Mistake(diagnostic) => diagnostic.code,
            Item::Finding(finding) => &finding.rule,
        }
    }

    /// The rule's concern; `spec` for mistakes.
    pub fn category(&self) -> &'i str {
        match self {
            Item::Mistake(_) => "spec",
            Item::Finding(finding) => &finding.category,
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
    pub fn message(&self) -> &'i str {
        match self {
            Item::Mistake(diagnostic) => &diagnostic.message,
            Item::Finding(finding) => &finding.message,
        }
    }

    /// What to do; `None` if there is nothing to say.
    pub fn help(&self) -> Option<&'i str> {
        match self {
            Item::Mistake(diagnostic) => diagnostic.help.as_deref(),
            Item::Finding(finding) => Some(finding.help.as_str()),
        }
        .filter(|help| !help.is_empty())
    }

    /// The component, flow or data set that it is about.
    pub fn subject(&self) -> Option<&'i str> {
        match self {
            Item::Mistake(_) => None,
            Item::Finding(finding) => Some(&finding.subject_name),
        }
    }

    /// What is wrong, what to do and what follows from it, in one paragraph.
    pub fn told(&self) -> String {
        let told = match self.help() {
            Some(help) => format!("{}. {help}", self.message()),
            None => self.message().to_owned(),
        };
        std::iter::once(told).chain(self.follow()).collect::<Vec<_>>().join(". ")
    }

    /// What follows from it: `also error availability-objective-missed: …`. Of many, the first few are told.
    fn follow(&self) -> Vec<String> {
        let Item::Finding(finding) = self else { return Vec::new() };
        let told = |other: &Finding| format!("also {} {}: {}", other.severity.name(), other.rule, other.message);
        let mut list: Vec<String> = finding.follow().take(FOLLOW).map(told).collect();
        let more = finding.follow().count().saturating_sub(FOLLOW);
        if more > 0 {
            list.push(format!("also {}", plural(more, "further finding")));
        }
        list
    }

    /// What can be done without a person, if it can be done here.
    pub fn fix(&self) -> Option<&'i Proposal> {
        match self {
            Item::Mistake(_) => None,
            Item::Finding(finding) => finding.fix.as_ref().filter(|fix| fix.is_ready() && finding.allowed.is_none()),
        }
    }

    /// `fix: add a time to live (napkin check --fix)`; why there is none is told only if everything is.
    fn remedy(&self, verbose: bool) -> Option<String> {
        if let Some(fix) = self.fix() {
            let flags = if fix.safe { "--fix" } else { "--fix --unsafe-fixes" };
            return Some(format!("fix: {} (napkin check {flags})", fix.title));
        }
        let Item::Finding(finding) = self else { return None };
        let refused = finding.fix.as_ref().filter(|_| verbose && finding.allowed.is_none())?.refused.as_ref()?;
        Some(format!("no fix: {refused}"))
    }

    /// The places that text is drawn at, the primary one first.
    pub fn labels(&self) -> Vec<Label> {
        match self {
            Item::Mistake(diagnostic) => diagnostic.labels.clone(),
            Item::Finding(finding) => {
                let here = finding.span.source;
                let likewise = finding.likewise().map(|other| other.span).filter(|span| span.source == here);
                let spans = std::iter::once(finding.span).chain(likewise.take(DRAWN));
                let mut labels: Vec<Label> = Vec::new();
                for span in spans {
                    if !labels.iter().any(|label| label.span == span) {
                        labels.push(Label { span, text: String::new() });
                    }
                }
                labels
            }
        }
    }

    /// The primary place; `None` only for a mistake in the whole input.
    fn place<'s>(&self, sources: &'s Sources) -> Option<place::Place<'s>> {
        let span = match self {
            Item::Mistake(diagnostic) => diagnostic.span()?,
            Item::Finding(finding) => finding.span,
        };
        Some(place::Place::new(sources, span))
    }

    /// Further places with what they have to do with it.
    fn related(&self) -> &'i [Label] {
        match self {
            Item::Mistake(diagnostic) => diagnostic.labels.get(1..).unwrap_or_default(),
            Item::Finding(finding) => &finding.related,
        }
    }

    /// Who accepts it and why.
    pub fn waiver(&self) -> Option<&'i Waiver> {
        match self {
            Item::Mistake(_) => None,
            Item::Finding(finding) => finding.allowed.as_ref(),
        }
    }

    fn is_allowed_in_spec(&self) -> bool {
        matches!(self.waiver(), Some(Waiver::Spec { .. }))
    }

    fn fingerprint(&self) -> Fingerprint {
        match self {
            Item::Mistake(diagnostic) => Fingerprint::of(["mistake", diagnostic.code, &diagnostic.message]),
            Item::Finding(finding) => finding.fingerprint,
        }
    }

    /// `allowed: US only in the first year (team-a, until 2027-06-30)`.
    fn waived(&self) -> Option<String> {
        self.waiver().map(|waiver| format!("{}: {}", waiver.name(), line(&waiver.reason())))
    }
}

/// `1 error`, `2 errors`.
pub(crate) fn plural(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// Whether a character could steer a terminal, or turn the direction of what follows.
fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text that users wrote, made safe for terminals and web pages: no control characters but line breaks.
pub fn safe(text: &str) -> String {
    text.chars().map(|c| if steers(c) && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// The same in one line.
pub fn line(text: &str) -> String {
    safe(text).replace('\n', " ")
}

/// Pretty JSON with a line break at the end. Characters that could steer a terminal are written as `\u009b`.
fn printed(value: &impl Serialize) -> serde_json::Result<String> {
    let mut text = serde_json::to_string_pretty(value)?;
    // Outside of strings there are no such characters but the line breaks between them.
    if text.chars().any(|c| steers(c) && c != '\n') {
        text = text
            .chars()
            .map(|c| if steers(c) && c != '\n' { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() })
            .collect();
    }
    Ok(text + "\n")
}
