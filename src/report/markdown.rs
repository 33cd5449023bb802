//! `check --format markdown`: a comment for a pull request.

use crate::report::{Checked, Item, line, plural};

/// Bytes of a comment; GitHub takes 65,536 characters.
const LONGEST: usize = 60_000;

/// Writes a line of counts, a table of what is open, and one of what is waived that opens on a click.
pub fn markdown(checked: &Checked<'_>) -> String {
    let counts = checked.counts();
    let (open, waived): (Vec<_>, Vec<_>) = checked.items().partition(|item| item.waiver().is_none());
    let mut out = String::from("## napkin\n\n");
    out += &match (checked.exit(), open.is_empty()) {
        (2, _) => "Mistakes stand in the way, so that not everything was checked.\n\n".to_owned(),
        (_, true) => "Nothing found.\n".to_owned(),
        _ => String::new(),
    };
    if !open.is_empty() {
        let (errors, warnings) = (plural(counts.errors, "error"), plural(counts.warnings, "warning"));
        out += &format!("{errors}, {warnings}, {} info\n\n", counts.infos);
        out += "| | rule | where | what | fix |\n| --- | --- | --- | --- | --- |\n";
        rows(&open, checked, &mut out, |item| item.severity().to_string());
    }
    if !waived.is_empty() {
        let sums = format!("{} allowed, {} known in the baseline", counts.allowed, counts.baseline);
        out += &format!(
            "\n<details><summary>{sums}</summary>\n\n| | rule | where | what | fix |\n| --- | --- | --- | --- | --- |\n"
        );
        rows(&waived, checked, &mut out, |item| clean(&item.waived().unwrap_or_default()));
        out += "\n</details>\n";
    }
    if let Some(compared) = checked.baseline.filter(|compared| !compared.gone.is_empty()) {
        let entries = plural(compared.gone.len(), "finding");
        out += &format!("\n{entries} of the baseline fixed; shrink it with `--shrink-baseline`.\n");
    }
    out
}

fn rows(items: &[Item<'_>], checked: &Checked<'_>, out: &mut String, first: impl Fn(&Item<'_>) -> String) {
    for (at, item) in items.iter().enumerate() {
        let place = item.place(checked.sources);
        let place = place.map_or(String::new(), |place| format!("{}:{}", place.file(), place.start.line));
        let what = std::iter::once(clean(item.message()))
            .chain(item.follow().iter().map(|also| clean(also)).collect::<Vec<_>>());
        let (what, fix) = (what.collect::<Vec<_>>().join("<br>"), clean(item.help().unwrap_or("")));
        let row = format!("| {} | `{}` | {} | {what} | {fix} |\n", first(item), item.code(), clean(&place));
        if out.len() + row.len() > LONGEST {
            *out += &format!("\n{} more; the job's log has them all.\n", items.len() - at);
            return;
        }
        *out += &row;
    }
}

/// Text that users wrote, as Markdown that shows it and does nothing else: no links, images, mentions, HTML or table borders.
/// Pairs of backticks stay code.
pub(super) fn clean(text: &str) -> String {
    let text = line(text);
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('`') {
        plain(before, &mut out);
        match after.split_once('`').filter(|(code, _)| !code.trim().is_empty()) {
            Some((code, further)) if !further.starts_with('`') => {
                // A bar ends the cell even in code.
                out += &format!("`{}`", code.replace('|', "\\|"));
                rest = further;
            }
            _ => {
                out.push_str("\\`");
                rest = after;
            }
        }
    }
    plain(rest, &mut out);
    out
}

fn plain(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '\\' | '*' | '_' | '[' | ']' | '~' | '|' | '$' => out.extend(['\\', c]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // A mention would notify people; a character without width takes it apart.
            '@' => out.push_str("@\u{200b}"),
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_shows_and_does_nothing_else() {
        for (text, shown) in [
            ("`a | b` is late", "`a \\| b` is late"),
            ("![x](http://e) <img>", "!\\[x\\](http://e) &lt;img&gt;"),
            ("@all a`[x](y)", "@\u{200b}all a\\`\\[x\\](y)"),
            ("``[x](y)``", "\\`\\`\\[x\\](y)\\`\\`"),
            ("a\n| b", "a \\| b"),
        ] {
            assert_eq!(clean(text), shown);
        }
    }
}
