//! `check --format gitlab`: a Code Quality report, which GitLab shows in merge requests.
//!
//! These structs are GitLab's. It knows no waivers; what is waived stays in as `info` with the reason in front, so that it doesn't
//! look fixed.

use serde::Serialize;

use crate::diagnostic::Severity;
use crate::lint::Fingerprint;
use crate::report::{Checked, Item, line, printed};

#[derive(Serialize)]
struct Issue<'i> {
    description: String,
    check_name: &'i str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

/// Writes the report.
pub fn gitlab(checked: &Checked<'_>) -> serde_json::Result<String> {
    let issues: Vec<Issue<'_>> =
        checked.numbered().map(|(item, fingerprint)| issue(item, fingerprint, checked)).collect();
    printed(&issues)
}

fn issue<'i>(item: Item<'i>, fingerprint: Fingerprint, checked: &Checked<'_>) -> Issue<'i> {
    let place = item.place(checked.sources);
    let waived = item.waived();
    let severity = match item.severity() {
        _ if waived.is_some() => "info",
        Severity::Error => "critical",
        Severity::Warning => "major",
        Severity::Info => "minor",
    };
    Issue {
        description: line(&waived.map_or(item.told(), |why| format!("[{why}] {}", item.told()))),
        check_name: item.code(),
        fingerprint: fingerprint.to_string(),
        severity,
        location: Location {
            path: place.as_ref().map_or(String::new(), |place| place.file().replace('\\', "/")),
            lines: place
                .map_or(Lines { begin: 1, end: 1 }, |place| Lines { begin: place.start.line, end: place.end.line }),
        },
    }
}
