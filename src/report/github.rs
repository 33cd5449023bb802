//! `check --format github`: workflow commands, which GitHub shows as annotations in a pull request.
//!
//! GitHub shows ten annotations of each level and step, so the worst come first. What is waived is a notice that says so, last.

use crate::diagnostic::Severity;
use crate::report::{Checked, Item, safe};

/// Writes the commands.
pub fn github(checked: &Checked<'_>) -> String {
    let mut items: Vec<Item<'_>> = checked.items().collect();
    items.sort_by_key(|item| (item.waiver().is_some(), std::cmp::Reverse(item.severity())));
    items.iter().map(|item| command(item, checked)).collect()
}

fn command(item: &Item<'_>, checked: &Checked<'_>) -> String {
    let waived = item.waived();
    let command = match item.severity() {
        _ if waived.is_some() => "notice",
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let mut properties = Vec::new();
    if let Some(place) = item.place(checked.sources) {
        properties.push(format!("file={}", property(place.file())));
        properties.push(format!("line={},endLine={}", place.start.line, place.end.line));
        // GitHub refuses columns of a region of several lines.
        if place.start.line == place.end.line {
            properties.push(format!("col={},endColumn={}", place.start.column, place.end.column));
        }
    }
    let title = match &waived {
        Some(_) => format!("{} (waived)", item.code()),
        None => item.code().to_owned(),
    };
    properties.push(format!("title={}", property(&title)));
    let why = waived.map_or(String::new(), |why| format!("\n{why}"));
    format!("::{command} {}::{}\n", properties.join(","), data(&format!("{}{why}", item.told())))
}

/// The text of a command: per cent signs and line breaks are escaped.
fn data(text: &str) -> String {
    safe(text).replace('%', "%25").replace('\n', "%0A")
}

/// The value of a property: colons and commas are escaped too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_escaped() {
        assert_eq!(property("a:b,c%0A\nd"), "a%3Ab%2Cc%250A%0Ad");
        assert_eq!(data("50 %\n::error::x"), "50 %25%0A::error::x");
        assert!(!data("x\r::error::y").contains('\r'));
    }
}
