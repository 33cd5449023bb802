//! Puts numbers into a spec's text without touching anything else: comments, order and layout stay.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::diagnostic::Diagnostics;
use crate::source::{SourceId, Sources};
use crate::spec::assemble::parts;
use crate::vocabulary::Kind;
use crate::yaml::{self, Node, Value};

/// A number to put in: a component, the dotted key of an attribute, and the value.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// The component's name.
    pub component: String,
    /// `replicas`, `replication.replicas`, `pool.size` …
    pub key: String,
    /// The value as text.
    pub value: String,
}

/// The texts of the files of a spec with all edits, or why one of them has no place. An edit goes to the file that has the
/// component: the spec's own, or one that it includes. Of what the spec extends nothing is changed, since others may extend it
/// too; sizes of those components are added to the spec itself.
pub fn edited_files(sources: &Sources, id: SourceId, edits: &[Edit]) -> Result<Vec<(SourceId, String)>, String> {
    let files = parts(sources, id).upper;
    let documents: Vec<_> = files.iter().map(|file| yaml::parse(sources, *file, &mut Diagnostics::new())).collect();
    let mut by_file: BTreeMap<SourceId, (Vec<Edit>, Vec<Edit>)> = BTreeMap::new();
    for edit in edits {
        let has = |document: &yaml::Document<'_>| {
            document.root()?.get("components")?.get(&edit.component).filter(|node| !node.is_null()).map(|_| ())
        };
        match files.iter().zip(&documents).find(|(_, document)| has(document).is_some()) {
            Some((file, _)) => by_file.entry(*file).or_default().0.push(edit.clone()),
            None => by_file.entry(*files.first().unwrap_or(&id)).or_default().1.push(edit.clone()),
        }
    }
    let text = |(file, (there, new)): (SourceId, (Vec<Edit>, Vec<Edit>))| {
        let mut text = edited(sources, file, &there)?;
        if !new.is_empty() {
            text = extended(&text, &new)?;
        }
        Ok((file, text))
    };
    by_file.into_iter().map(text).collect()
}

/// A text with components that it doesn't have yet, of which only some sizes are said.
fn extended(text: &str, edits: &[Edit]) -> Result<String, String> {
    let mut grouped: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for edit in edits {
        let pair = match edit.key.split_once('.') {
            Some((group, key)) => format!("{group}: {{ {key}: {} }}", edit.value),
            None => format!("{}: {}", edit.key, edit.value),
        };
        grouped.entry(&edit.component).or_default().push(pair);
    }
    let mut text = text.to_owned();
    for (component, pairs) in grouped {
        let mut sources = Sources::new();
        let id = sources.add("", text.as_str());
        let document = yaml::parse(&sources, id, &mut Diagnostics::new());
        let value = format!("{{ {} }}", pairs.join(", "));
        let components = document.root().and_then(|root| root.get("components"));
        match components {
            Some(node) if node.entries().next().is_some() => {
                let (range, new) = insertion(node, &text, component, &value)?;
                text.replace_range(range, &new);
            }
            Some(_) => return Err(format!("`{component}` has no place under the empty `components:`")),
            None => {
                if !text.ends_with('\n') {
                    text.push('\n');
                }
                text += &format!("components:\n  {component}: {value}\n");
            }
        }
    }
    Ok(text)
}

/// The text of one file with all edits, or why one of them has no place.
pub fn edited(sources: &Sources, id: SourceId, edits: &[Edit]) -> Result<String, String> {
    let document = yaml::parse(sources, id, &mut Diagnostics::new());
    let text = sources.get(id).text();
    let mut changes: Vec<(Range<usize>, String)> = Vec::new();
    for edit in edits {
        let components = document.root().and_then(|root| root.get("components"));
        let node = components.and_then(|components| components.get(&edit.component));
        let node = node.ok_or_else(|| format!("`{}` is not described in this file", edit.component))?;
        changes.push(place(node, text, edit)?);
    }
    changes.sort_by_key(|(range, _)| (range.start, range.end));
    let mut out = text.to_owned();
    for (range, new) in changes.into_iter().rev() {
        out.replace_range(range, &new);
    }
    Ok(out)
}

/// What to replace by what.
fn place(node: Node<'_>, text: &str, edit: &Edit) -> Result<(Range<usize>, String), String> {
    let (first, rest) = edit.key.split_once('.').map_or((edit.key.as_str(), None), |(first, rest)| (first, Some(rest)));
    match (node.value(), node.get(first), rest) {
        (Value::Scalar { .. }, ..) => short_form(node, text, edit),
        (Value::Mapping, Some(value), None) => Ok((value.span().range(), edit.value.clone())),
        (Value::Mapping, Some(group), Some(rest)) => match (group.value(), group.get(rest)) {
            (Value::Mapping, Some(value)) => Ok((value.span().range(), edit.value.clone())),
            (Value::Mapping, None) => insertion(group, text, rest, &edit.value),
            _ => Err(format!("`{}` of `{}` is written in short; write it as a mapping", first, edit.component)),
        },
        (Value::Mapping, None, None) => insertion(node, text, first, &edit.value),
        (Value::Mapping, None, Some(rest)) => insertion(node, text, first, &format!("{{ {rest}: {} }}", edit.value)),
        _ => Err(format!("`{}` has no place for `{}`", edit.component, edit.key)),
    }
}

/// A further key at the beginning of a mapping.
fn insertion(node: Node<'_>, text: &str, key: &str, value: &str) -> Result<(Range<usize>, String), String> {
    let Some((first, _)) = node.entries().next() else {
        return Err(format!("`{key}` has no place in an empty mapping"));
    };
    let start = first.span().range().start;
    let span = node.span().range();
    let in_braces = text.get(span.start..).is_some_and(|rest| rest.trim_start().starts_with('{'));
    if in_braces {
        return Ok((start..start, format!("{key}: {value}, ")));
    }
    let line = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let indent = text.get(line..start).unwrap_or("");
    if !indent.chars().all(char::is_whitespace) {
        return Err(format!("`{key}` has no place on this line"));
    }
    Ok((start..start, format!("{key}: {value}\n{indent}")))
}

/// `postgresql x3`, `service`: the number in place, or a mapping in its stead.
fn short_form(node: Node<'_>, text: &str, edit: &Edit) -> Result<(Range<usize>, String), String> {
    let range = node.span().range();
    let written = text.get(range.clone()).unwrap_or("");
    let mut words = node.as_str().unwrap_or("").split_whitespace();
    let what = words.next().unwrap_or("");
    let count = words.next().and_then(|count| count.strip_prefix('x'));
    if edit.key == "replicas" && !written.starts_with(['"', '\'']) && count.is_some() {
        return Ok((range, format!("{what} x{}", edit.value)));
    }
    let word = if Kind::from_name(what).is_some() { "is" } else { "uses" };
    let replicas = count.map_or(String::new(), |count| format!(", replicas: {count}"));
    let (key, value) = match edit.key.split_once('.') {
        Some((group, key)) => (group, format!("{{ {key}: {} }}", edit.value)),
        None => (edit.key.as_str(), edit.value.clone()),
    };
    let replicas = if key == "replicas" { String::new() } else { replicas };
    Ok((range, format!("{{ {word}: {what}{replicas}, {key}: {value} }}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(text: &str, component: &str, key: &str, value: &str) -> String {
        let mut sources = Sources::new();
        let id = sources.add("spec", text);
        let edit = Edit { component: component.to_owned(), key: key.to_owned(), value: value.to_owned() };
        edited(&sources, id, &[edit]).unwrap()
    }

    #[test]
    fn only_the_number_changes() {
        let spec = "napkin: 1\ncomponents:\n  api:           # the service\n    is: service  # ours\n    replicas: 3  # for now\n  db: { uses: postgresql, replication: { mode: async, replicas: 2 } } # store\n  lb: aws-alb\n  kv: redis x3\n";
        assert_eq!(edit(spec, "api", "replicas", "8"), spec.replace("replicas: 3 ", "replicas: 8 "));
        assert_eq!(edit(spec, "db", "replication.replicas", "4"), spec.replace("replicas: 2", "replicas: 4"));
        assert_eq!(edit(spec, "api", "cores", "4"), spec.replace("    is: service", "    cores: 4\n    is: service"));
        assert_eq!(edit(spec, "db", "shards", "4"), spec.replace("{ uses: post", "{ shards: 4, uses: post"));
        assert_eq!(edit(spec, "lb", "replicas", "2"), spec.replace("aws-alb", "{ uses: aws-alb, replicas: 2 }"));
        assert_eq!(edit(spec, "kv", "replicas", "5"), spec.replace("redis x3", "redis x5"));
        assert_eq!(
            edit(spec, "kv", "memory", "2 GB"),
            spec.replace("redis x3", "{ uses: redis, replicas: 3, memory: 2 GB }")
        );
        assert_eq!(
            edit(spec, "api", "pool.size", "20"),
            spec.replace("    is: service", "    pool: { size: 20 }\n    is: service")
        );
    }
}
