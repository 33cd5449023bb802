//! Two versions of specs compared, as a comment for a pull request: a verdict, tables, details folded away.
//!
//! What specs say is shown as code, in which neither HTML nor Markdown nor a mention means anything.

use crate::report::diff::{
    Compared, Figure, Pair, Status, counted, counts, figure_rows, goal_row, heading, items, place, stated, telling,
};
use crate::report::{Item, safe};
use crate::source::Sources;
use crate::study::diff::Edit;

/// A text as a code span that it can't leave, also within a table.
fn code(text: &str) -> String {
    let text: Vec<String> = safe(text).split_whitespace().map(str::to_owned).collect();
    let text = text.join(" ").replace('|', "\\|");
    if text.is_empty() {
        return String::new();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// A sentence of ours with what specs say in it: names in backticks stay code, nothing else has a meaning.
fn prose(text: &str) -> String {
    let text = safe(text).replace('\n', " ");
    let parts: Vec<&str> = text.split('`').collect();
    let balanced = parts.len() % 2 == 1;
    let parts = parts.iter().enumerate();
    let shown = parts.map(|(at, part)| if balanced && at % 2 == 1 { code(part) } else { plain(part) });
    shown.collect::<Vec<_>>().join(if balanced { "" } else { "\\`" })
}

/// Text in which no character means anything. A mention, an issue's number and an address are broken by a space of no width.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '|' | '~' | '!' | '$' => out.extend(['\\', c]),
            '@' | '#' => out.extend([c, '\u{200b}']),
            _ => out.push(c),
        }
    }
    out.replace("://", ":\u{200b}//").replace("www.", "www\u{200b}.")
}

fn table(columns: &[&str], rows: &[Vec<String>]) -> String {
    let mut out = format!("| {} |\n|{}\n", columns.join(" | "), " --- |".repeat(columns.len()));
    for row in rows {
        out += &format!("| {} |\n", row.join(" | "));
    }
    out + "\n"
}

/// Folded away under a summary, which is ours.
fn details(summary: &str, body: &str) -> String {
    format!("<details><summary>{summary}</summary>\n\n{body}</details>\n\n")
}

/// The comment.
pub fn markdown(compared: &Compared<'_>) -> String {
    let mut out = format!("## napkin diff\n\n{}\n", verdict(compared));
    for pair in compared.pairs.iter().filter(|pair| !pair.is_quiet()) {
        if compared.pairs.len() > 1 || pair.status() != Status::Compared {
            out += &format!("### {}\n\n", code(&pair.title()));
        }
        out += &pair.remark().map_or(String::new(), |remark| format!("{}\n\n", prose(&remark)));
        one(pair, compared.sources, &mut out);
    }
    out
}

fn verdict(compared: &Compared<'_>) -> String {
    if compared.pairs.iter().all(Pair::is_quiet) {
        let unchanged: usize = compared.pairs.iter().map(|pair| pair.diff.findings.unchanged.len()).sum();
        let before =
            if unchanged > 0 { format!(" {} as before.", counted(unchanged, "finding")) } else { String::new() };
        return format!("Nothing changed.{before}\n");
    }
    let mut counts = counts(compared);
    if let Some(first) = counts.first_mut() {
        *first = format!("**{first}**");
    }
    let mut out = counts.join(", ") + ".\n";
    for (title, better) in [("Worse", false), ("Better", true)] {
        let figures: Vec<String> = telling(compared, better)
            .into_iter()
            .map(|moved| {
                let owner = if moved.owner.is_empty() { String::new() } else { format!("{} ", code(&moved.owner)) };
                Figure::of(moved).phrase(&format!("{owner}{}", moved.label))
            })
            .collect();
        if !figures.is_empty() {
            out += &format!("\n{title}: {}.\n", figures.join(", ").replace('$', "\\$"));
        }
    }
    let missed = compared.pairs.iter().flat_map(|pair| &pair.diff.goals);
    let missed: Vec<String> = missed.filter(|goal| goal.then == Some(false)).map(|goal| code(&goal.name)).collect();
    if !missed.is_empty() {
        out += &format!("\nObjectives newly missed: {}.\n", missed.join(", "));
    }
    out
}

fn one(pair: &Pair<'_>, sources: &Sources, out: &mut String) {
    let found = &pair.diff.findings;
    let list = |items: &[Item<'_>]| {
        let rows: Vec<Vec<String>> = items.iter().map(|item| finding_row(item, sources)).collect();
        table(&["", "rule", "where", "what", "fix"], &rows)
    };
    let new = items(pair.new, &found.new);
    if !new.is_empty() {
        *out += &format!("#### New findings\n\n{}", list(&new));
    }
    let figures = |better: Option<bool>| -> (usize, String) {
        let rows: Vec<Vec<String>> = figure_rows(&pair.diff.figures, better)
            .into_iter()
            .map(|row| {
                row.iter().enumerate().map(|(at, cell)| if at == 0 { code(cell) } else { plain(cell) }).collect()
            })
            .collect();
        (rows.len(), table(&["figure", "before", "after", "by"], &rows))
    };
    for (title, better) in [("Worse", Some(false)), ("Better", Some(true))] {
        let (count, table) = figures(better);
        if count > 0 {
            *out += &format!("#### {title}\n\n{table}");
        }
    }
    if !pair.diff.goals.is_empty() {
        let rows: Vec<Vec<String>> = pair
            .diff
            .goals
            .iter()
            .map(|goal| {
                goal_row(goal).iter().enumerate().map(|(at, c)| if at == 0 { code(c) } else { c.clone() }).collect()
            })
            .collect();
        *out += &format!("#### Objectives\n\n{}", table(&["objective", "before", "after"], &rows));
    }
    let edits = pair.listed();
    if !edits.is_empty() {
        let rows: Vec<Vec<String>> = edits.iter().flat_map(edit_rows).collect();
        let body = table(&["", "what", "name", "attribute", "before", "after"], &rows);
        *out += &details(&format!("{} in the design", counted(edits.len(), "change")), &body);
    }
    let (count, table) = figures(None);
    if count > 0 {
        *out += &details(&format!("{} moved, for neither better nor worse", counted(count, "other figure")), &table);
    }
    for (title, version, found) in [
        ("fixed", pair.old, &found.fixed),
        ("now allowed", pair.new, &found.accepted),
        ("that may be new", pair.new, &found.undecided),
        ("as before", pair.new, &found.unchanged),
    ] {
        let items = items(version, found);
        if !items.is_empty() {
            *out += &details(&format!("{} {title}", counted(items.len(), "finding")), &list(&items));
        }
    }
}

fn finding_row(item: &Item<'_>, sources: &Sources) -> Vec<String> {
    let severity = match item.waiver() {
        Some(waiver) => format!("{}: {}", waiver.name(), code(&waiver.because())),
        None => item.severity().to_string(),
    };
    let (message, help) = (prose(item.message()), prose(item.help().unwrap_or("")));
    vec![severity, code(item.code()), code(&place(item, sources)), message, help]
}

fn edit_rows(edit: &Edit) -> Vec<Vec<String>> {
    let (sign, sort, name, aside) = heading(edit);
    let sign = match sign {
        '+' => "added",
        '-' => "removed",
        _ => "changed",
    };
    let aside = if aside.is_empty() { aside } else { format!(" ({})", code(&aside)) };
    let first = vec![sign.to_owned(), sort.to_owned(), format!("{}{aside}", code(name))];
    let blank = vec![String::new(); 3];
    if edit.values.is_empty() {
        return vec![[first, blank].concat()];
    }
    let values = edit
        .values
        .iter()
        .map(|value| vec![code(&value.key), code(&stated(value.from.as_ref())), code(&stated(value.to.as_ref()))]);
    let heads = std::iter::once(first).chain(std::iter::repeat(blank));
    heads.zip(values).map(|(head, values)| [head, values].concat()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_specs_say_stays_in_its_code_span() {
        for (text, shown) in [
            ("api", "`api`"),
            ("a`b", "``a`b``"),
            ("``a", "``` ``a ```"),
            ("a|b\n<b>@you", "`a\\|b <b>@you`"),
            ("", ""),
        ] {
            assert_eq!(code(text), shown);
        }
    }

    #[test]
    fn nothing_in_a_sentence_has_a_meaning_but_names_in_backticks() {
        assert_eq!(prose("`api` is 140 % busy"), "`api` is 140 % busy");
        assert_eq!(prose("<img src=x> **b** [a](b)"), "&lt;img src=x&gt; \\*\\*b\\*\\* \\[a\\]\\(b\\)");
        assert_eq!(prose("odd ` one"), "odd \\` one");
        assert_eq!(
            prose("ask @all about #1 at https://x.y"),
            "ask @\u{200b}all about #\u{200b}1 at https:\u{200b}//x.y"
        );
    }
}
