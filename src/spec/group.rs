//! `groups:`: components that belong together, the tags that they share, and how bad findings about them are.

use crate::attributes::Reader;
use crate::diagnostic::{Severity, suggestion};
use crate::source::Spanned;
use crate::yaml::{Node, Value};

/// A group. Groups within a group come after it.
#[derive(Debug)]
pub struct GroupSpec {
    /// Its name with those of the groups around it: `payments.ledger`.
    pub name: Spanned<String>,
    /// The group around it.
    pub parent: Option<usize>,
    /// Components that it names.
    pub components: Vec<Spanned<String>>,
    /// Tags of all that is in it.
    pub tags: Vec<Spanned<String>>,
    /// How bad findings about what is in it are.
    pub severities: Vec<SeveritySpec>,
}

/// How bad the findings of some rules are.
#[derive(Clone, Debug)]
pub struct SeveritySpec {
    /// A rule, `pack.NAME` or `category.NAME`.
    pub of: Spanned<String>,
    /// How bad; `None` is off.
    pub severity: Option<Severity>,
}

const KEYS: [&str; 5] = ["description", "components", "tags", "severity", "groups"];

/// Groups nested deeper than this are refused.
const MAX_DEPTH: usize = 8;

/// Reads `groups:`.
pub(super) fn read(node: Node<'_>, reader: &mut Reader<'_>) -> Vec<GroupSpec> {
    let mut groups = Vec::new();
    nested(node, None, 1, reader, &mut groups);
    groups
}

fn nested(node: Node<'_>, parent: Option<usize>, depth: usize, reader: &mut Reader<'_>, groups: &mut Vec<GroupSpec>) {
    if !matches!(node.value(), Value::Mapping | Value::Null) {
        let help = "write `groups: { payments: { components: [pay, ledger] } }`";
        reader.error("type-mismatch", node.span(), "`groups` maps names to what is in them", help);
    }
    if depth > MAX_DEPTH && node.entries().next().is_some() {
        let message = format!("groups are nested more than {MAX_DEPTH} deep");
        reader.error("too-deep", node.span(), message, "leave some levels out; tags can say the rest");
        return;
    }
    for (key, value) in node.entries() {
        let name = key.as_str().unwrap_or("");
        if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || "-_".contains(c)) {
            let help = "choose one word, such as `payments`";
            reader.error("bad-name", key.span(), "a group's name has letters, digits, `-` and `_`", help);
            continue;
        }
        let outer = parent.and_then(|parent| groups.get(parent)).map(|group| format!("{}.", group.name.value));
        let name = Spanned::new(outer.unwrap_or_default() + name, key.span());
        let index = groups.len();
        groups.push(group(name, parent, value, reader));
        if let Some(inner) = value.get("groups") {
            nested(inner, Some(index), depth + 1, reader, groups);
        }
    }
}

fn group(name: Spanned<String>, parent: Option<usize>, node: Node<'_>, reader: &mut Reader<'_>) -> GroupSpec {
    let mut group = GroupSpec { name, parent, components: Vec::new(), tags: Vec::new(), severities: Vec::new() };
    if !matches!(node.value(), Value::Mapping | Value::Null) {
        let help = "write `{ components: [pay, ledger], tags: [pci] }`";
        reader.error("type-mismatch", node.span(), "a group says which components are in it", help);
    }
    for (key, value) in node.entries() {
        match key.as_str().unwrap_or("") {
            "description" | "groups" => {}
            "components" => group.components = reader.names(value),
            "tags" => group.tags = reader.names(value),
            "severity" => group.severities = severities(value, reader),
            other => {
                let help = suggestion(other, KEYS).unwrap_or_default();
                reader.error("unknown-key", key.span(), format!("a group has no `{other}`"), help);
            }
        }
    }
    group
}

/// Reads `severity:` of a group or a component.
pub(super) fn severities(node: Node<'_>, reader: &mut Reader<'_>) -> Vec<SeveritySpec> {
    if !matches!(node.value(), Value::Mapping | Value::Null) {
        let help = "write `severity: { single-region: error, pack.cost: off }`";
        reader.error("type-mismatch", node.span(), "`severity` says it for each rule", help);
    }
    let mut list = Vec::new();
    for (key, value) in node.entries() {
        let name = key.as_str().unwrap_or("").to_owned();
        if let Value::Mapping = value.value() {
            let help = format!("write `{name}.cost: info`, or `{name}: info` if it is a rule");
            reader.error("type-mismatch", value.span(), format!("`{name}` needs a severity"), help);
            continue;
        }
        match Severity::or_none(value.as_str().unwrap_or(""), "off") {
            Ok(severity) => list.push(SeveritySpec { of: Spanned::new(name, key.span()), severity }),
            Err(help) => {
                let word = value.as_str().unwrap_or("");
                let message = if word.is_empty() {
                    format!("`{name}` needs a severity")
                } else {
                    format!("`{word}` is no severity")
                };
                reader.error("unknown-severity", value.span(), message, help);
            }
        }
    }
    list
}
