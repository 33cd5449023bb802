//! `check --format json`, version 1. These structs are frozen: a change of meaning needs a new version.

use serde::Serialize;

use crate::lint::{Finding, Fingerprint, Proposal, Waiver};
use crate::report::baseline::Known;
use crate::report::place::Place;
use crate::report::{Checked, Item, printed};

#[derive(Serialize)]
struct Report<'r> {
    version: u32,
    tool: &'static str,
    findings: Vec<Entry<'r>>,
    not_checked: Vec<Undecided<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<Baseline<'r>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Entry<'r> {
    rule: &'r str,
    category: &'r str,
    kind: &'static str,
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pack: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pack_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<&'static str>,
    message: &'r str,
    help: Option<&'r str>,
    subject: Option<&'r str>,
    file: &'r str,
    region: Option<Region>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<Related<'r>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also: Vec<Also<'r>>,
    fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<Fix<'r>>,
    allowed: Option<String>,
    waiver: Option<Waived<'r>>,
}

#[derive(Serialize)]
struct Waived<'r> {
    by: &'static str,
    because: String,
    owner: Option<&'r str>,
    until: Option<String>,
}

#[derive(Serialize)]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
    start_byte: usize,
    end_byte: usize,
}

#[derive(Serialize)]
struct Related<'r> {
    message: &'r str,
    file: &'r str,
    region: Region,
}

/// A finding that was put below another.
#[derive(Serialize)]
struct Also<'r> {
    rule: &'r str,
    severity: &'static str,
    message: &'r str,
    help: &'r str,
    subject: &'r str,
    file: &'r str,
    region: Region,
    fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<Fix<'r>>,
}

/// What can be done without a person: all edits together.
#[derive(Serialize)]
struct Fix<'r> {
    title: &'r str,
    safe: bool,
    edits: Vec<Edited<'r>>,
}

#[derive(Serialize)]
struct Edited<'r> {
    file: &'r str,
    region: Region,
    text: &'r str,
}

#[derive(Serialize)]
struct Undecided<'r> {
    rule: &'r str,
    count: usize,
    missing: Vec<Missing<'r>>,
}

#[derive(Serialize)]
struct Missing<'r> {
    field: &'r str,
    of: &'r str,
}

#[derive(Serialize)]
struct Baseline<'r> {
    file: &'r str,
    known: usize,
    not_judged: usize,
    gone: &'r [Known],
}

#[derive(Serialize)]
struct Summary {
    errors: usize,
    warnings: usize,
    infos: usize,
    allowed: usize,
    baseline: usize,
}

/// Writes the report.
pub fn json(checked: &Checked<'_>) -> serde_json::Result<String> {
    let counts = checked.counts();
    let findings = checked.numbered().map(|(item, fingerprint)| entry(item, fingerprint, checked)).collect();
    let not_checked = checked.analyses.iter().flat_map(|analysis| &analysis.not_checked);
    let not_checked = not_checked.map(|entry| Undecided {
        rule: &entry.rule,
        count: entry.count,
        missing: entry.missing.iter().map(|(field, of)| Missing { field, of }).collect(),
    });
    let baseline = checked.baseline.map(|compared| Baseline {
        file: &compared.file,
        known: compared.known,
        not_judged: compared.unjudged,
        gone: &compared.gone,
    });
    let summary = Summary {
        errors: counts.errors,
        warnings: counts.warnings,
        infos: counts.infos,
        allowed: counts.allowed,
        baseline: counts.baseline,
    };
    let not_checked = not_checked.collect();
    printed(&Report { version: 1, tool: "napkin", findings, not_checked, baseline, summary })
}

fn entry<'r>(item: Item<'r>, fingerprint: Fingerprint, checked: &'r Checked<'_>) -> Entry<'r> {
    let place = item.place(checked.sources);
    let related = item.related().iter().map(|label| {
        let place = Place::new(checked.sources, label.span);
        Related { message: &label.text, file: place.file(), region: region(&place) }
    });
    let waiver = item.waiver();
    let finding = match item {
        Item::Finding(finding) => Some(finding),
        Item::Mistake(_) => None,
    };
    let pack = finding.and_then(|finding| finding.pack.as_deref());
    Entry {
        rule: item.code(),
        category: item.category(),
        kind: if matches!(item, Item::Mistake(_)) { "mistake" } else { "finding" },
        severity: item.severity().name(),
        pack: pack.map(|pack| pack.name.as_str()),
        pack_version: pack.map(|pack| pack.version.to_string()),
        confidence: finding.map(|finding| finding.confidence.name()),
        message: item.message(),
        help: item.help(),
        subject: item.subject(),
        file: place.as_ref().map_or("", |place| place.file()),
        region: place.as_ref().map(region),
        related: related.collect(),
        also: finding.map(|finding| also(finding, checked)).unwrap_or_default(),
        fingerprint: fingerprint.to_string(),
        fix: item.fix().map(|fix| proposal(fix, checked)),
        allowed: waiver.filter(|_| item.is_allowed_in_spec()).map(Waiver::because),
        waiver: waiver.map(|waiver| Waived {
            by: waiver.name(),
            because: waiver.because(),
            owner: waiver.owner(),
            until: waiver.until(),
        }),
    }
}

/// All that was put below a finding, and below that.
fn also<'r>(finding: &'r Finding, checked: &'r Checked<'_>) -> Vec<Also<'r>> {
    let all = finding.also.iter().flat_map(|other| std::iter::once(other).chain(&other.also));
    let entry = |other: &'r Finding| {
        let place = Place::new(checked.sources, other.span);
        Also {
            rule: &other.rule,
            severity: other.severity.name(),
            message: &other.message,
            help: &other.help,
            subject: &other.subject_name,
            file: place.file(),
            region: region(&place),
            fingerprint: other.fingerprint.to_string(),
            fix: Item::Finding(other).fix().map(|fix| proposal(fix, checked)),
        }
    };
    all.map(entry).collect()
}

fn proposal<'r>(fix: &'r Proposal, checked: &'r Checked<'_>) -> Fix<'r> {
    let edits = fix.replacements.iter().map(|one| {
        let place = Place::exact(checked.sources, one.span);
        Edited { file: place.file(), region: region(&place), text: &one.text }
    });
    Fix { title: &fix.title, safe: fix.safe, edits: edits.collect() }
}

fn region(place: &Place<'_>) -> Region {
    Region {
        start_line: place.start.line,
        start_column: place.start.column,
        end_line: place.end.line,
        end_column: place.end.column,
        start_byte: place.bytes.start,
        end_byte: place.bytes.end,
    }
}
