//! SARIF 2.1.0, as code scanning services read it: rules with help, regions, related places, suppressions, fingerprints.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::diagnostic::{Label, Severity};
use crate::lint::{Fingerprint, Proposal, Rule, Waiver};
use crate::report::place::Place;
use crate::report::{Checked, Item, printed, safe};
use crate::source::Span;

/// Writes the log. `rules` are those that were asked.
pub fn sarif(checked: &Checked<'_>, rules: &[&Rule]) -> serde_json::Result<String> {
    let mut described: Vec<Value> = rules.iter().map(|rule| descriptor(rule)).collect();
    let mut known: BTreeMap<&str, usize> =
        rules.iter().enumerate().map(|(at, rule)| (rule.name.as_str(), at)).collect();
    for item in checked.items() {
        // Mistakes in specs and findings about suppressions have no rule of their own in a file.
        known.entry(item.code()).or_insert_with(|| {
            let text = spaced(item.code());
            described.push(json!({ "id": item.code(), "shortDescription": { "text": text }, "properties": { "category": item.category() } }));
            described.len() - 1
        });
    }
    let results: Vec<Value> = checked
        .numbered()
        .map(|(item, fingerprint)| result(&item, fingerprint, known.get(item.code()).copied(), checked))
        .collect();
    let exit = checked.exit();
    let told = match exit {
        0 => "nothing fails the run",
        1 => "findings fail the run",
        _ => "mistakes stand in the way, so that not everything was checked",
    };
    printed(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "napkin",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": described,
            } },
            "invocations": [{ "executionSuccessful": exit != 2, "exitCode": exit, "exitCodeDescription": told }],
            "columnKind": "utf16CodeUnits",
            "results": results,
        }],
    }))
}

fn spaced(name: &str) -> String {
    name.replace('-', " ")
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// A rule with its help, as text and as Markdown.
fn descriptor(rule: &Rule) -> Value {
    let see = |mark: &str| rule.see.iter().map(|see| format!("\n{mark}{see}")).collect::<String>();
    let mut markdown = format!("{}\n", rule.why);
    for (title, examples) in [("It fires on", &rule.bad), ("It is silent on", &rule.good)] {
        if let Some((example, _)) = examples.first() {
            // A fence that no example contains.
            let longest = example.split(|c| c != '`').map(str::len).max().unwrap_or(0).max(2);
            let fence = "`".repeat(longest + 1);
            markdown += &format!("\n{title}:\n\n{fence}yaml\n{}\n{fence}\n", example.trim_end());
        }
    }
    if let Some(when) = &rule.allow_when {
        markdown += &format!("\nWhen to allow it: {when}\n");
    }
    markdown += &see("- ");
    // Tags are a set.
    let tags: BTreeSet<&str> = [rule.category.as_str(), &rule.pack.name].into();
    let mut rule_json = json!({
        "id": rule.name,
        "shortDescription": { "text": escaped(&spaced(&rule.name)) },
        "fullDescription": { "text": escaped(&rule.why) },
        "help": { "text": escaped(&format!("{}{}", rule.why, see("See: "))), "markdown": markdown },
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": {
            "category": rule.category, "pack": rule.pack.name, "packVersion": rule.pack.version.to_string(),
            "confidence": rule.confidence.name(), "tags": tags,
        },
    });
    let link = rule.see.iter().find(|see| see.starts_with("https://") && !see.contains(char::is_whitespace));
    if let (Some(object), Some(link)) = (rule_json.as_object_mut(), link) {
        object.insert("helpUri".to_owned(), json!(link));
    }
    rule_json
}

fn location(checked: &Checked<'_>, span: Span) -> Map<String, Value> {
    let place = Place::new(checked.sources, span);
    let (start, end) = place.utf16_columns();
    let physical = json!({
        "artifactLocation": { "uri": uri(place.file()) },
        "region": { "startLine": place.start.line, "startColumn": start, "endLine": place.end.line, "endColumn": end },
    });
    Map::from_iter([("physicalLocation".to_owned(), physical)])
}

fn result(item: &Item<'_>, fingerprint: Fingerprint, rule: Option<usize>, checked: &Checked<'_>) -> Value {
    let mut result = Map::new();
    let mut set = |key: &str, value: Value| result.insert(key.to_owned(), value);
    set("ruleId", json!(item.code()));
    if let Some(rule) = rule {
        set("ruleIndex", json!(rule));
    }
    set("level", json!(level(item.severity())));
    set("message", json!({ "text": escaped(&item.told()) }));
    let labels = item.labels();
    let primary = labels.first().map(|label| {
        let mut place = location(checked, label.span);
        if let Some(name) = item.subject() {
            place.insert("logicalLocations".to_owned(), json!([{ "name": name }]));
        }
        place
    });
    set("locations", json!(primary.into_iter().collect::<Vec<_>>()));
    let related: Vec<_> = item.related().iter().enumerate().map(|(at, label)| related(at, label, checked)).collect();
    if !related.is_empty() {
        set("relatedLocations", json!(related));
    }
    if let Some(fix) = item.fix() {
        set("fixes", json!([fixed(fix, checked)]));
    }
    set("partialFingerprints", json!({ "napkin/v1": fingerprint.to_string() }));
    if let Some(waiver) = item.waiver() {
        set("suppressions", json!([suppression(waiver, checked)]));
    }
    if checked.baseline.is_some() {
        let known = matches!(item.waiver(), Some(Waiver::Baseline { .. }));
        set("baselineState", json!(if known { "unchanged" } else { "new" }));
    }
    let help = item.help();
    if item.subject().is_some() || help.is_some() {
        set("properties", json!({ "subject": item.subject(), "help": help }));
    }
    Value::Object(result)
}

/// A fix, which changes each file once (3.55 to 3.57). Columns count UTF-16 code units as everywhere here.
fn fixed(fix: &Proposal, checked: &Checked<'_>) -> Value {
    let mut files: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for one in &fix.replacements {
        let place = Place::exact(checked.sources, one.span);
        let (start, end) = place.utf16_columns();
        files.entry(place.file()).or_default().push(json!({
            "deletedRegion": {
                "startLine": place.start.line, "startColumn": start, "endLine": place.end.line, "endColumn": end,
            },
            "insertedContent": { "text": one.text },
        }));
    }
    let changes = files.into_iter();
    let changes = changes.map(|(file, list)| json!({ "artifactLocation": { "uri": uri(file) }, "replacements": list }));
    json!({
        "description": { "text": escaped(&fix.title) },
        "artifactChanges": changes.collect::<Vec<_>>(),
        "properties": { "safe": fix.safe },
    })
}

fn related(at: usize, label: &Label, checked: &Checked<'_>) -> Value {
    let mut place = location(checked, label.span);
    place.insert("id".to_owned(), json!(at + 1));
    if !label.text.is_empty() {
        place.insert("message".to_owned(), json!({ "text": escaped(&label.text) }));
    }
    Value::Object(place)
}

fn suppression(waiver: &Waiver, checked: &Checked<'_>) -> Value {
    let mut entry = Map::new();
    let kind = if matches!(waiver, Waiver::Spec { .. }) { "inSource" } else { "external" };
    entry.insert("kind".to_owned(), json!(kind));
    entry.insert("status".to_owned(), json!("accepted"));
    entry.insert("justification".to_owned(), json!(safe(&waiver.because())));
    if let Waiver::Spec { span, .. } = waiver {
        entry.insert("location".to_owned(), Value::Object(location(checked, *span)));
        entry.insert("properties".to_owned(), json!({ "owner": waiver.owner(), "until": waiver.until() }));
    }
    Value::Object(entry)
}

/// Text of a message: braces are no placeholders (SARIF 2.1.0, 3.11.5), and brackets make no links (3.11.6).
fn escaped(text: &str) -> String {
    let text = text.replace('{', "{{").replace('}', "}}");
    if text.contains("](") { text.replace('[', "\\[").replace(']', "\\]") } else { text }
}

/// A path as a URI: everything but unreserved characters and slashes is percent-encoded. An absolute path becomes `file:`.
fn uri(path: &str) -> String {
    let mut out = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_hold_no_placeholders_and_links() {
        assert_eq!(escaped("a {0} [b]"), "a {{0}} [b]");
        assert_eq!(escaped("[b](http://e)"), "\\[b\\](http://e)");
    }

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("a b/ü.yaml"), "a%20b/%C3%BC.yaml");
        assert_eq!(uri("/tmp/x"), "file:///tmp/x");
        assert_eq!(uri("..\\x"), "../x");
    }
}
