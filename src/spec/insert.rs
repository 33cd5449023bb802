//! How further keys are written into what is there: in braces or in lines of their own, and words in quotes where YAML needs them.

use crate::source::Span;
use crate::spec::replace::Replacement;
use crate::vocabulary::Kind;
use crate::yaml::{Node, Value};

/// A key and its value as they are written.
pub(super) struct Pair {
    pub key: String,
    pub value: String,
}

impl Pair {
    /// Dotted keys as nested mappings: `dead_letter.to` and `dead_letter.after` become one `dead_letter`.
    pub fn grouped<'p>(list: impl Iterator<Item = (&'p str, &'p str)>) -> Vec<Pair> {
        let mut groups: Vec<(&str, Vec<(&str, &str)>)> = Vec::new();
        for (key, value) in list {
            let (first, rest) = key.split_once('.').unwrap_or((key, ""));
            match groups.iter_mut().find(|(group, _)| *group == first) {
                Some((_, members)) => members.push((rest, value)),
                None => groups.push((first, vec![(rest, value)])),
            }
        }
        let pair = |(key, members): (&str, Vec<(&str, &str)>)| {
            let value = match members.as_slice() {
                [("", value)] => (*value).to_owned(),
                members => Pair::braced(&Pair::grouped(members.iter().copied())),
            };
            Pair { key: key.to_owned(), value }
        };
        groups.into_iter().map(pair).collect()
    }

    /// `{ to: dlq, after: 5 }`
    pub fn braced(pairs: &[Pair]) -> String {
        format!("{{ {} }}", Self::listed(pairs, ", "))
    }

    fn listed(pairs: &[Pair], between: &str) -> String {
        pairs.iter().map(|pair| format!("{}: {}", pair.key, pair.value)).collect::<Vec<_>>().join(between)
    }
}

/// Words that YAML takes for something else.
const WORDS: [&str; 9] = ["true", "false", "null", "~", "yes", "no", "on", "off", ""];

/// Text as a scalar that is safe in braces too, in quotes if it has to be.
pub(crate) fn quoted(text: &str) -> Result<String, String> {
    if text.chars().any(char::is_control) {
        return Err("it doesn't fit on one line".to_owned());
    }
    let plain = |c: char| c.is_alphanumeric() || " ._-/+$%<>~()^".contains(c);
    let begins = text.starts_with(|c: char| c.is_alphanumeric() || c == '$');
    if begins && !text.ends_with(' ') && text.chars().all(plain) && !WORDS.contains(&text.to_lowercase().as_str()) {
        return Ok(text.to_owned());
    }
    Ok(format!("'{}'", text.replace('\'', "''")))
}

/// Further keys behind the last one of a mapping.
pub(super) fn appended(node: Node<'_>, text: &str, pairs: &[Pair]) -> Result<Replacement, String> {
    let inside = node.span().range();
    // What is merged in (`<<`) stands elsewhere.
    let own = || node.entries().filter(|(key, _)| inside.contains(&key.span().range().start));
    let names = || pairs.iter().map(|pair| format!("`{}`", pair.key)).collect::<Vec<_>>().join(" and ");
    let nowhere = || format!("{} has no place here; add it by hand", names());
    let (Some((first, _)), Some((key, last))) = (own().next(), own().next_back()) else {
        return Err(format!("{} has no place in an empty mapping", names()));
    };
    let end = last.span().range().end;
    let after = text.get(end..).unwrap_or("");
    if end < key.span().range().end || last.is_null() {
        // An alias stands for something written elsewhere.
        return Err(nowhere());
    }
    let at = |at: usize, new: String| Ok(Replacement { span: Span::new(node.span().source, at..at), text: new });
    if text.get(inside.start..).is_some_and(|rest| rest.starts_with('{')) {
        return at(end, format!(", {}", Pair::listed(pairs, ", ")));
    }
    let line = after.find('\n').map_or(after, |end| after.get(..end).unwrap_or(""));
    let rest = line.trim_end_matches('\r');
    let comment = rest.trim_start();
    if !(comment.is_empty() || comment.starts_with('#') && rest.starts_with([' ', '\t'])) {
        return Err(nowhere());
    }
    let start = first.span().range().start;
    let begin = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let indent = " ".repeat(text.get(begin..start).map_or(0, |before| before.chars().count()));
    let ending = line_end(text, end);
    at(end + rest.len(), format!("{ending}{indent}{}", Pair::listed(pairs, &format!("{ending}{indent}"))))
}

/// How lines end around a place: the one behind it, or the last one before it.
pub(super) fn line_end(text: &str, at: usize) -> &'static str {
    let (before, after) = (text.get(..at).unwrap_or(""), text.get(at..).unwrap_or(""));
    let before = match after.find('\n') {
        Some(next) => after.get(..next),
        None => before.rfind('\n').and_then(|last| before.get(..last)),
    };
    if before.is_some_and(|line| line.ends_with('\r')) { "\r\n" } else { "\n" }
}

/// A component in short (`postgresql x3`, `service`): the number in place, or a mapping in its stead.
pub(super) fn short_form(node: Node<'_>, text: &str, values: &[(&str, &str)]) -> Result<String, String> {
    let written = text.get(node.span().range()).unwrap_or("");
    let mut words = node.as_str().unwrap_or("").split_whitespace();
    let what = words.next().unwrap_or("");
    let count = words.next().and_then(|count| count.strip_prefix('x'));
    if let ([("replicas", value)], Some(_), false) = (values, count, written.starts_with(['"', '\''])) {
        return Ok(format!("{what} x{value}"));
    }
    let word = if Kind::from_name(what).is_some() { "is" } else { "uses" };
    let count = count.filter(|_| !values.iter().any(|(key, _)| *key == "replicas"));
    let replicas = count.map(|count| Pair { key: "replicas".to_owned(), value: count.to_owned() });
    let first = Pair { key: word.to_owned(), value: quoted(what)? };
    let pairs: Vec<Pair> =
        std::iter::once(first).chain(replicas).chain(Pair::grouped(values.iter().copied())).collect();
    Ok(Pair::braced(&pairs))
}

/// A step that is a line as a mapping: `{ call: api -> db.read, timeout: 1 s }`.
pub(super) fn step_as_mapping(node: Node<'_>, text: &str, pairs: &[Pair]) -> Result<String, String> {
    let Value::Scalar { text: line, .. } = node.value() else {
        return Err("this call is not written in a line".to_owned());
    };
    let written = text.get(node.span().range()).unwrap_or("");
    let in_quotes = written.starts_with(['"', '\'']) && !written.contains('\n');
    let call = if in_quotes { written.to_owned() } else { quoted(line.trim_end())? };
    Ok(format!("{{ call: {call}, {} }}", Pair::listed(pairs, ", ")))
}
