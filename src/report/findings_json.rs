//! `check --format json`, version 1. These structs are frozen: a change of meaning needs a new version.

use serde::Serialize;

use crate::report::{Checked, Item};
use crate::source::Sources;

#[derive(Serialize)]
struct Report<'r> {
    version: u32,
    tool: &'static str,
    findings: Vec<Entry<'r>>,
    not_checked: Vec<Undecided<'r>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Entry<'r> {
    rule: &'r str,
    kind: &'static str,
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pack: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<&'static str>,
    message: &'r str,
    help: Option<&'r str>,
    subject: Option<&'r str>,
    file: String,
    region: Option<Region>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<Related>,
    allowed: Option<&'r str>,
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
struct Related {
    message: String,
    file: String,
    region: Region,
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

#[derive(Default, Serialize)]
struct Summary {
    errors: usize,
    warnings: usize,
    infos: usize,
    allowed: usize,
}

/// Writes the report.
pub fn json(checked: &Checked<'_>) -> serde_json::Result<String> {
    let items: Vec<Item<'_>> = checked.items().collect();
    let mut summary = Summary::default();
    for item in &items {
        match (item.allowed(), item.severity()) {
            (Some(_), _) => summary.allowed += 1,
            (None, crate::diagnostic::Severity::Error) => summary.errors += 1,
            (None, crate::diagnostic::Severity::Warning) => summary.warnings += 1,
            (None, crate::diagnostic::Severity::Info) => summary.infos += 1,
        }
    }
    let findings = items.iter().map(|item| entry(item, checked.sources)).collect();
    let not_checked = checked.analyses.iter().flat_map(|analysis| &analysis.not_checked);
    let not_checked = not_checked.map(|entry| Undecided {
        rule: &entry.rule,
        count: entry.count,
        missing: entry.missing.iter().map(|(field, of)| Missing { field, of }).collect(),
    });
    let report = Report { version: 1, tool: "napkin", findings, not_checked: not_checked.collect(), summary };
    serde_json::to_string_pretty(&report).map(|text| text + "\n")
}

fn entry<'r>(item: &'r Item<'r>, sources: &Sources) -> Entry<'r> {
    let labels = item.labels();
    let place = |span| (sources.get(span_source(span)).name().to_owned(), region(sources, span));
    let finding = match item {
        Item::Finding(finding) => Some(finding),
        Item::Mistake(_) => None,
    };
    let first = labels.first().map(|label| place(label.span));
    Entry {
        rule: item.code(),
        kind: if matches!(item, Item::Mistake(_)) { "mistake" } else { "finding" },
        severity: item.severity().name(),
        pack: finding.and_then(|finding| finding.pack),
        confidence: finding.map(|finding| finding.confidence.name()),
        message: item.message(),
        help: item.help(),
        subject: finding.map(|finding| finding.subject_name.as_str()),
        file: first.as_ref().map_or(String::new(), |(file, _)| file.clone()),
        region: first.map(|(_, region)| region),
        related: labels
            .iter()
            .skip(1)
            .map(|label| {
                let (file, region) = place(label.span);
                Related { message: label.text.clone(), file, region }
            })
            .collect(),
        allowed: item.allowed(),
    }
}

fn span_source(span: crate::source::Span) -> crate::source::SourceId {
    span.source
}

fn region(sources: &Sources, span: crate::source::Span) -> Region {
    let source = sources.get(span.source);
    let range = span.range();
    let (start, end) = (source.position(range.start), source.position(range.end));
    Region {
        start_line: start.line,
        start_column: start.column,
        end_line: end.line,
        end_column: end.column,
        start_byte: range.start,
        end_byte: range.end,
    }
}
