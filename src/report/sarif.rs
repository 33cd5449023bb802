//! SARIF 2.1.0, as far as code scanning services read it: rules with help, regions, suppressions, fingerprints.

use serde_json::{Value, json};

use crate::diagnostic::Severity;
use crate::lint::{Packs, Rule};
use crate::report::{Checked, Item};

/// Writes the log; it describes the rules of the packs that were asked.
pub fn sarif(checked: &Checked<'_>, rules: &[Rule], packs: Packs<'_>) -> serde_json::Result<String> {
    let results: Vec<Value> = checked.items().map(|item| result(&item, checked)).collect();
    let mut described: Vec<Value> = rules
        .iter()
        .filter(|rule| packs.have(rule.pack))
        .map(|rule| {
            json!({
                "id": rule.name,
                "shortDescription": { "text": rule.name.replace('-', " ") },
                "fullDescription": { "text": rule.why },
                "defaultConfiguration": { "level": level(rule.severity) },
                "properties": { "category": rule.category, "pack": rule.pack, "confidence": rule.confidence.name() },
            })
        })
        .collect();
    let known: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
    let mut others: Vec<String> =
        checked.items().map(|item| item.code().to_owned()).filter(|code| !known.contains(&code.as_str())).collect();
    others.sort();
    others.dedup();
    described.extend(
        others.into_iter().map(|code| json!({ "id": code, "shortDescription": { "text": code.replace('-', " ") } })),
    );
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "napkin", "version": env!("CARGO_PKG_VERSION"), "rules": described } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_string_pretty(&log).map(|text| text + "\n")
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn result(item: &Item<'_>, checked: &Checked<'_>) -> Value {
    let location = |span: crate::source::Span| {
        let source = checked.sources.get(span.source);
        let range = span.range();
        let (start, end) = (source.position(range.start), source.position(range.end));
        json!({ "physicalLocation": {
            "artifactLocation": { "uri": uri(source.name()) },
            "region": { "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column },
        } })
    };
    let labels = item.labels();
    let text = match item.help() {
        Some(help) if !help.is_empty() => format!("{}. {help}", item.message()),
        _ => item.message().to_owned(),
    };
    let mut result = json!({
        "ruleId": item.code(),
        "level": level(item.severity()),
        "message": { "text": text },
        "locations": labels.first().map(|label| location(label.span)).into_iter().collect::<Vec<_>>(),
    });
    if let Some(object) = result.as_object_mut() {
        if labels.len() > 1 {
            let related: Vec<Value> = labels
                .iter()
                .skip(1)
                .map(|label| {
                    let mut place = location(label.span);
                    if let Some(place) = place.as_object_mut() {
                        place.insert("message".to_owned(), json!({ "text": label.text }));
                    }
                    place
                })
                .collect();
            object.insert("relatedLocations".to_owned(), Value::Array(related));
        }
        if let Item::Finding(finding) = item {
            // The rule and the thing it is about survive moved lines.
            object.insert(
                "partialFingerprints".to_owned(),
                json!({ "napkin/v1": format!("{}:{}", finding.rule, finding.subject_name) }),
            );
        }
        if let Some(reason) = item.allowed() {
            object.insert("suppressions".to_owned(), json!([{ "kind": "inSource", "justification": reason }]));
        }
    }
    result
}

/// A relative path as a URI: everything but unreserved characters and slashes is percent-encoded.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
