//! `diff --format json`, version 1. These structs are frozen: a change of meaning needs a new version.

use serde::Serialize;

use crate::quantity::ENDLESS;
use crate::report::Item;
use crate::report::diff::{Compared, Pair, Status, items};
use crate::source::Sources;
use crate::study::diff::{Edit, How};
use crate::study::moved::Moved;
use crate::study::things::Stated;

#[derive(Serialize)]
struct Report<'r> {
    version: u32,
    tool: &'static str,
    threshold: f64,
    specs: Vec<Spec<'r>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Spec<'r> {
    old: Option<&'r str>,
    new: Option<&'r str>,
    status: &'static str,
    findings: Findings<'r>,
    changes: Vec<Change<'r>>,
    figures: Vec<Figure<'r>>,
    objectives: Vec<Objective<'r>>,
}

#[derive(Serialize)]
struct Findings<'r> {
    new: Vec<Entry<'r>>,
    fixed: Vec<Entry<'r>>,
    accepted: Vec<Entry<'r>>,
    unchanged: Vec<Entry<'r>>,
    undecided: Vec<Entry<'r>>,
}

#[derive(Serialize)]
struct Entry<'r> {
    rule: &'r str,
    kind: &'static str,
    severity: &'static str,
    message: &'r str,
    help: Option<&'r str>,
    subject: Option<&'r str>,
    file: Option<&'r str>,
    line: Option<usize>,
    column: Option<usize>,
    allowed: Option<String>,
}

#[derive(Serialize)]
struct Change<'r> {
    change: &'static str,
    of: &'static str,
    name: &'r str,
    was: Option<&'r str>,
    detail: &'r str,
    attributes: Vec<Attribute<'r>>,
}

#[derive(Serialize)]
struct Attribute<'r> {
    attribute: &'r str,
    from: Option<Value<'r>>,
    to: Option<Value<'r>>,
}

#[derive(Serialize)]
struct Value<'r> {
    text: &'r str,
    profile: Option<&'r str>,
}

#[derive(Serialize)]
struct Figure<'r> {
    of: &'static str,
    name: Option<&'r str>,
    metric: &'static str,
    from: Option<f64>,
    to: Option<f64>,
    verdict: &'static str,
}

#[derive(Serialize)]
struct Objective<'r> {
    name: &'r str,
    from: Option<bool>,
    to: Option<bool>,
}

#[derive(Default, Serialize)]
struct Summary {
    new: usize,
    fixed: usize,
    accepted: usize,
    unchanged: usize,
    undecided: usize,
    worse: usize,
    better: usize,
    missed: usize,
}

/// Writes the report.
pub fn json(compared: &Compared<'_>) -> serde_json::Result<String> {
    let mut summary = Summary::default();
    for pair in compared.pairs {
        let found = &pair.diff.findings;
        summary.new += found.new.len();
        summary.fixed += found.fixed.len();
        summary.accepted += found.accepted.len();
        summary.unchanged += found.unchanged.len();
        summary.undecided += found.undecided.len();
        let count = |better| pair.diff.figures.iter().filter(|moved| moved.better == Some(better)).count();
        summary.worse += count(false);
        summary.better += count(true);
        summary.missed += pair.diff.goals.iter().filter(|goal| goal.then == Some(false)).count();
    }
    let specs = compared.pairs.iter().map(|pair| spec(pair, compared.sources)).collect();
    let report = Report { version: 1, tool: "napkin", threshold: compared.threshold, specs, summary };
    serde_json::to_string_pretty(&report).map(|text| text + "\n")
}

fn spec<'r>(pair: &'r Pair<'_>, sources: &'r Sources) -> Spec<'r> {
    let found = &pair.diff.findings;
    let list = |version, found: &[_]| items(version, found).into_iter().map(|item| entry(item, sources)).collect();
    let goals = pair.diff.goals.iter();
    Spec {
        old: pair.old.map(|old| old.name),
        new: pair.new.map(|new| new.name),
        status: match pair.status() {
            Status::Compared => "compared",
            Status::Added => "added",
            Status::Removed => "removed",
            Status::OldUnusable => "old-unusable",
        },
        findings: Findings {
            new: list(pair.new, &found.new),
            fixed: list(pair.old, &found.fixed),
            accepted: list(pair.new, &found.accepted),
            unchanged: list(pair.new, &found.unchanged),
            undecided: list(pair.new, &found.undecided),
        },
        changes: pair.diff.edits.iter().map(change).collect(),
        figures: pair.diff.figures.iter().map(figure).collect(),
        objectives: goals.map(|goal| Objective { name: &goal.name, from: goal.today, to: goal.then }).collect(),
    }
}

fn entry<'r>(item: Item<'r>, sources: &'r Sources) -> Entry<'r> {
    let (kind, subject, rule, message, help, allowed, span) = match item {
        Item::Mistake(mistake) => {
            ("mistake", None, mistake.code, &mistake.message, mistake.help.as_deref(), None, mistake.span())
        }
        Item::Finding(finding) => (
            "finding",
            Some(finding.subject_name.as_str()),
            finding.rule.as_str(),
            &finding.message,
            Some(finding.help.as_str()),
            finding.allowed.as_ref().map(crate::lint::Waiver::because),
            Some(finding.span),
        ),
    };
    let source = span.map(|span| sources.get(span.source));
    let position = span.zip(source).map(|(span, source)| source.position(span.range().start));
    Entry {
        rule,
        kind,
        severity: item.severity().name(),
        message,
        help,
        subject,
        file: source.map(crate::source::Source::name),
        line: position.map(|position| position.line),
        column: position.map(|position| position.column),
        allowed,
    }
}

fn change(edit: &Edit) -> Change<'_> {
    let (change, was) = match &edit.how {
        How::Added => ("added", None),
        How::Removed => ("removed", None),
        How::Renamed(was) => ("renamed", Some(was.as_str())),
        How::Changed => ("changed", None),
    };
    let attributes = edit
        .values
        .iter()
        .map(|edit| Attribute { attribute: &edit.key, from: value_of(&edit.from), to: value_of(&edit.to) })
        .collect();
    Change { change, of: edit.sort.name(), name: &edit.name, was, detail: &edit.detail, attributes }
}

fn value_of(stated: &Option<Stated>) -> Option<Value<'_>> {
    stated.as_ref().map(|stated| Value { text: &stated.text, profile: stated.profile.as_deref() })
}

fn figure(moved: &Moved) -> Figure<'_> {
    let finite = |value: Option<f64>| value.filter(|value| *value < ENDLESS);
    Figure {
        of: moved.change.metric.target.name(),
        name: Some(moved.owner.as_str()).filter(|owner| !owner.is_empty()),
        metric: moved.change.metric.key,
        from: finite(moved.change.today),
        to: finite(moved.change.then),
        verdict: match moved.better {
            Some(true) => "better",
            Some(false) => "worse",
            None => "moved",
        },
    }
}
