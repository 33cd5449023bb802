//! `rules test`: examples that don't go as they should, and what of rules no example decides.

use std::fmt::Write as _;

use serde::Serialize;

use crate::analysis::{Example, ExampleResult, Tried};
use crate::report::{line, plural, printed, safe};
use crate::source::{Sources, Span};

/// How many of the rules' pieces examples decide, in percent; all of none.
pub fn share(tried: &[Tried<'_>]) -> f64 {
    let (decided, pieces) = sums(tried);
    // Numbers of pieces are far below what a float holds exactly.
    if pieces == 0 { 100.0 } else { 100.0 * f64::from(decided) / f64::from(pieces) }
}

fn sums(tried: &[Tried<'_>]) -> (u32, u32) {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let pieces: u32 = tried.iter().map(|one| count(one.pieces)).sum();
    let undecided: u32 = tried.iter().map(|one| count(one.undecided.len())).sum();
    (pieces - undecided, pieces)
}

/// How many examples don't go as they should, by themselves or once they are fixed.
fn failures(tried: &[Tried<'_>]) -> usize {
    tried.iter().flat_map(|one| &one.examples).filter(|example| complaint(example).is_some()).count()
}

fn complaint(example: &Example) -> Option<String> {
    let result = match (&example.result, &example.fixed) {
        (ExampleResult::Passed, Some(fixed)) => fixed,
        (result, _) => result,
    };
    Some(match result {
        ExampleResult::Passed => return None,
        ExampleResult::NotFixed(reason) => format!("the fix doesn't set a `bad` example right: {reason}"),
        ExampleResult::Silent => "a `bad` example does not fire".to_owned(),
        ExampleResult::Fired(message) => format!("a `good` example fires: {message}"),
        ExampleResult::Invalid(message) => format!("an example is not a valid spec: {message}"),
    })
}

/// For people. With `details`, what no example decides piece by piece.
pub fn text(tried: &[Tried<'_>], sources: &Sources, details: bool) -> String {
    let mut out = String::new();
    for one in tried {
        let name = &one.rule.name;
        if one.rule.bad.is_empty() || one.rule.good.is_empty() {
            let place = sources.line(one.rule.span);
            let _ = writeln!(out, "{place}: {name}: needs at least one example under `bad:` and one under `good:`\n");
        }
        if one.fix_is_idle() {
            let place = sources.line(one.rule.span);
            let _ = writeln!(out, "{place}: {name}: its fix applies to no `bad` example; add one that it sets right\n");
        }
        for example in &one.examples {
            let Some(complaint) = complaint(example) else { continue };
            let _ = writeln!(out, "{}: {name}: {}", sources.line(example.span), line(&complaint));
            for reason in &example.why {
                let _ = writeln!(out, "  {}", line(reason));
            }
            let text = one.rule.bad.iter().chain(&one.rule.good).find(|(_, span)| *span == example.span);
            for spec in text.iter().flat_map(|(text, _)| text.lines()) {
                let _ = writeln!(out, "    {}", safe(spec));
            }
            out.push('\n');
        }
    }
    if details {
        out += &gaps(tried, sources);
    }
    let all: usize = tried.iter().map(|one| one.examples.len()).sum();
    let failed = failures(tried);
    let (decided, pieces) = sums(tried);
    let percent = if pieces == 0 { String::new() } else { format!(" ({:.0} %)", share(tried).floor()) };
    let _ = writeln!(out, "{}: {} examples pass, {failed} fail", plural(tried.len(), "rule"), all - failed);
    let _ =
        writeln!(out, "{decided} of {pieces} parts of conditions and parameters{percent} are decided by an example");
    out
}

/// What examples leave open, in the order of the files.
fn gaps(tried: &[Tried<'_>], sources: &Sources) -> String {
    let mut out = String::new();
    for one in tried {
        let (bad, good) = one.counts();
        if bad < 2 || good < 2 {
            let place = sources.line(one.rule.span);
            let counts = format!("{bad} bad and {good} good {}", if bad + good == 1 { "example" } else { "examples" });
            let _ = writeln!(
                out,
                "{place}: {}: {counts}; two of each, one a near miss, show where the line is",
                one.rule.name
            );
        }
        for piece in &one.undecided {
            let (place, text) = (sources.line(piece.span), line(&piece.text));
            let what = if piece.is_parameter {
                format!("every example goes the same way with another value of `{text}`")
            } else {
                format!("every example goes the same way without `{text}`")
            };
            let _ = writeln!(out, "{place}: {}: {what}", one.rule.name);
        }
    }
    if out.is_empty() { out } else { format!("What no example decides\n{out}\n") }
}

#[derive(Serialize)]
struct Report<'r> {
    version: u32,
    tool: &'static str,
    rules: Vec<Entry<'r>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Entry<'r> {
    rule: &'r str,
    pack: &'r str,
    #[serde(flatten)]
    place: Place<'r>,
    bad: usize,
    good: usize,
    passed: usize,
    failures: Vec<Failed<'r>>,
    pieces: usize,
    undecided: Vec<Open<'r>>,
}

#[derive(Serialize)]
struct Place<'r> {
    file: &'r str,
    line: usize,
}

#[derive(Serialize)]
struct Failed<'r> {
    expected: &'static str,
    message: String,
    why: &'r [String],
    #[serde(flatten)]
    place: Place<'r>,
}

#[derive(Serialize)]
struct Open<'r> {
    kind: &'static str,
    text: &'r str,
    #[serde(flatten)]
    place: Place<'r>,
}

#[derive(Serialize)]
struct Summary {
    rules: usize,
    examples: usize,
    failed: usize,
    pieces: u32,
    decided: u32,
}

/// For machines, version 1.
pub fn json(tried: &[Tried<'_>], sources: &Sources) -> serde_json::Result<String> {
    let (decided, pieces) = sums(tried);
    let examples: usize = tried.iter().map(|one| one.examples.len()).sum();
    let failed = failures(tried);
    let rules: Vec<Entry<'_>> = tried.iter().map(|one| entry(one, sources)).collect();
    let summary = Summary { rules: rules.len(), examples, failed, pieces, decided };
    printed(&Report { version: 1, tool: "napkin", rules, summary })
}

fn entry<'r>(one: &'r Tried<'_>, sources: &'r Sources) -> Entry<'r> {
    let open = one.undecided.iter().map(|piece| Open {
        kind: if piece.is_parameter { "parameter" } else { "operand" },
        text: &piece.text,
        place: place(piece.span, sources),
    });
    let (bad, good) = one.counts();
    Entry {
        rule: &one.rule.name,
        pack: &one.rule.pack.name,
        place: place(one.rule.span, sources),
        bad,
        good,
        passed: one.passed(),
        failures: one.examples.iter().filter_map(|example| failed(example, sources)).collect(),
        pieces: one.pieces,
        undecided: open.collect(),
    }
}

fn failed<'r>(example: &'r Example, sources: &'r Sources) -> Option<Failed<'r>> {
    let message = complaint(example)?;
    let expected = match (&example.result, example.bad) {
        (ExampleResult::Passed, _) => "fixed",
        (_, true) => "fires",
        (_, false) => "silent",
    };
    Some(Failed { expected, message, why: &example.why, place: place(example.span, sources) })
}

fn place(span: Span, sources: &Sources) -> Place<'_> {
    let source = sources.get(span.source);
    Place { file: source.name(), line: source.position(span.range().start).line }
}
