//! `check --format junit`: a test report as Jenkins and its likes read it.
//!
//! A spec is a suite. Each finding is a case: it fails if it fails the run (`--fail-on`), is skipped if it is waived, and passes
//! with a note otherwise. A mistake in a spec is an error. A spec without any is one case that passes.

use std::fmt::Write as _;

use crate::diagnostic::Severity;
use crate::report::{Checked, Item, line, safe};

/// What a case comes to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Passed,
    Skipped,
    Failed,
    Error,
}

/// Writes the report.
pub fn junit(checked: &Checked<'_>) -> String {
    let (mut suites, mut total) = (String::new(), [0_usize; 4]);
    for (spec, (name, items)) in checked.by_file().enumerate() {
        let (mut cases, mut counts) = (String::new(), [0_usize; 4]);
        for item in &items {
            let verdict = verdict(item, spec, checked);
            case(item, verdict, name, checked, &mut cases);
            count(&mut counts, verdict);
        }
        if items.is_empty() {
            let _ = writeln!(cases, "    <testcase classname=\"{}\" name=\"nothing found\"/>", attribute(name));
            count(&mut counts, Verdict::Passed);
        }
        let (tests, failures, errors, skipped) = figures(&counts);
        let _ = writeln!(
            suites,
            "  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\">\n{cases}  </testsuite>",
            attribute(name),
        );
        total.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    let (tests, failures, errors, _) = figures(&total);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"napkin\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">\n{suites}</testsuites>\n"
    )
}

fn count(counts: &mut [usize; 4], verdict: Verdict) {
    if let Some(count) = counts.get_mut(verdict as usize) {
        *count += 1;
    }
}

/// Tests, failures, errors, skipped.
fn figures(counts: &[usize; 4]) -> (usize, usize, usize, usize) {
    let [passed, skipped, failed, errors] = *counts;
    (passed + skipped + failed + errors, failed, errors, skipped)
}

fn verdict(item: &Item<'_>, spec: usize, checked: &Checked<'_>) -> Verdict {
    match item {
        Item::Mistake(_) if item.severity() == Severity::Error => Verdict::Error,
        _ if item.waiver().is_some() => Verdict::Skipped,
        _ if checked.fails(spec, *item) => Verdict::Failed,
        _ => Verdict::Passed,
    }
}

fn case(item: &Item<'_>, verdict: Verdict, file: &str, checked: &Checked<'_>, out: &mut String) {
    let place = item.place(checked.sources);
    let at = place.map_or(file.to_owned(), |place| format!("{}:{}", place.file(), place.start));
    let name = format!("{}: {}", item.code(), item.message());
    let _ = writeln!(out, "    <testcase classname=\"{}\" name=\"{}\">", attribute(file), attribute(&name));
    let told = line(&format!("{at}: {} {}: {}", item.severity(), item.code(), item.told()));
    let (message, kind) = (attribute(item.message()), attribute(item.code()));
    let _ = match verdict {
        Verdict::Passed => writeln!(out, "      <system-out>{}</system-out>", text(&told)),
        Verdict::Skipped => {
            let why = item.waived().unwrap_or_default();
            writeln!(
                out,
                "      <skipped message=\"{}\"/>\n      <system-out>{}</system-out>",
                attribute(&why),
                text(&told)
            )
        }
        Verdict::Failed => {
            writeln!(out, "      <failure type=\"{kind}\" message=\"{message}\">{}</failure>", text(&told))
        }
        Verdict::Error => writeln!(out, "      <error type=\"{kind}\" message=\"{message}\">{}</error>", text(&told)),
    };
    out.push_str("    </testcase>\n");
}

/// Text between tags. Two characters that XML knows no way to write are replaced beside those that steer terminals.
fn text(text: &str) -> String {
    let text = safe(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Text of an attribute, in one line.
fn attribute(value: &str) -> String {
    text(&line(value)).replace('"', "&quot;")
}
