//! `rules docs`: a page for each rule, and an index by pack, by category and by the handbook's section.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::diagnostic::Diagnostics;
use crate::lint::{Parameter, Rule};
use crate::report::markdown::clean;
use crate::report::{line, plural};
use crate::source::Sources;
use crate::yaml::{self, Node};

/// The first line of every page, by which a page that was written here is known again.
pub const MARK: &str = "<!-- Written by `napkin rules docs`: change the rule, not this page. -->";

/// Which section of the handbook has become which rule, in tables.
const HANDBOOK: &str = include_str!("../../docs/handbook.md");

/// The pages, each with the name of its file; the index is `README.md`.
pub fn pages(rules: &[&Rule], sources: &Sources) -> Vec<(String, String)> {
    let names: BTreeSet<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
    let book = Book { rules, names, sources };
    let mut pages: Vec<(String, String)> =
        rules.iter().map(|rule| (format!("{}.md", rule.name), book.page(rule))).collect();
    pages.push(("README.md".to_owned(), book.index()));
    pages
}

/// What a rule's fix does, as it is written.
fn fix_title(rule: Option<Node<'_>>) -> Option<String> {
    let title = rule?.get("fix")?.get("title")?.as_str()?;
    Some(title.trim().replace("{{", "{").replace("}}", "}"))
}

struct Book<'b> {
    rules: &'b [&'b Rule],
    names: BTreeSet<&'b str>,
    sources: &'b Sources,
}

impl Book<'_> {
    /// A rule's name, which leads to its page if there is one.
    fn link(&self, name: &str) -> String {
        if self.names.contains(name) { format!("[`{name}`]({name}.md)") } else { format!("`{name}`") }
    }

    fn links<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> String {
        names.into_iter().map(|name| self.link(name)).collect::<Vec<_>>().join(", ")
    }

    fn page(&self, rule: &Rule) -> String {
        let document = yaml::parse(self.sources, rule.span.source, &mut Diagnostics::new());
        let written = |key: &str| document.root().and_then(|root| root.get(key)).and_then(Node::as_str);
        let template = |key: &str| written(key).unwrap_or_default().trim().replace("{{", "{").replace("}}", "}");
        let mut out = format!("{MARK}\n\n# {}\n\n> {}\n\n", rule.name, clean(&template("message")));
        out += &facts(rule);
        let _ = write!(out, "## Why\n\n{}\n\n", clean(&rule.why));
        let _ = write!(
            out,
            "## When it fires\n\nAsked of each {}{}:\n\n",
            rule.target.name(),
            clean(&rule.subjects.told())
        );
        let mut condition = String::new();
        for (name, value) in document.root().and_then(|root| root.get("let")).into_iter().flat_map(Node::entries) {
            let (name, value) = (name.as_str().unwrap_or_default(), value.as_str().unwrap_or_default());
            let _ = writeln!(condition, "{name} = {}", value.trim());
        }
        // Where the rule breaks its lines, the page does; a text in quotes may have escapes.
        let raw = self.sources.slice(rule.when_span).trim_start_matches(['>', '-']).trim();
        if raw.starts_with(['"', '\'', '|']) {
            condition += written("when").unwrap_or_default().trim();
        } else {
            condition += &raw.lines().map(str::trim).collect::<Vec<_>>().join("\n");
        }
        out += &fenced("", &condition);
        out += &examples(rule);
        let _ = write!(out, "## What to do\n\n{}\n\n", clean(&template("help")));
        if let (Some(fix), Some(title)) = (&rule.fix, fix_title(document.root())) {
            let flags = if fix.safe { "--fix" } else { "--fix --unsafe-fixes" };
            let pack = if rule.pack.default { String::new() } else { format!("--pack {} ", rule.pack.name) };
            let _ = write!(out, "`napkin check {pack}{flags}` does it: {}", clean(&title));
            let when = document.root().and_then(|root| root.get("fix")?.get("when")?.as_str());
            out += &when.map_or(String::new(), |when| format!(", where {}", code(when)));
            out += ".\n\n";
        }
        out += &parameters(rule);
        out += "## When to allow it\n\n";
        if let Some(when) = &rule.allow_when {
            let _ = write!(out, "{}\n\n", clean(when));
        }
        let entry = format!("allow:\n  - {{ rule: {}, because: \"…\", owner: team-a, until: 2030-01-31 }}", rule.name);
        out += &fenced("yaml", &entry);
        out += &self.related(rule);
        if !rule.see.is_empty() {
            out += "## Sources\n\n";
            rule.see.iter().for_each(|see| out += &format!("- {}\n", source(see)));
            out.push('\n');
        }
        out.trim_end().to_owned() + "\n"
    }

    /// How its findings fold with those of others.
    fn related(&self, rule: &Rule) -> String {
        let mut notes = String::new();
        let document = yaml::parse(self.sources, rule.span.source, &mut Diagnostics::new());
        if let Some(causes) = document.root().and_then(|root| root.get("one_for")) {
            let causes = causes.items().chain(causes.as_str().map(|_| causes)).filter_map(Node::as_str);
            let causes: Vec<String> = causes.map(code).collect();
            let _ = writeln!(notes, "- Findings that agree in {} are one finding.", causes.join(" and "));
        }
        let above: BTreeSet<&str> = rule.folding.follows_from.iter().map(|follows| follows.rule.as_str()).collect();
        if !above.is_empty() {
            let _ = writeln!(notes, "- It stands below a finding of {} that it follows from.", self.links(above));
        }
        let follows = |other: &&&Rule| other.folding.follows_from.iter().any(|follows| follows.rule == rule.name);
        let below: Vec<&str> = self.rules.iter().filter(follows).map(|other| other.name.as_str()).collect();
        if !below.is_empty() {
            let _ = writeln!(notes, "- What follows from it stands below it: {}.", self.links(below));
        }
        if notes.is_empty() { notes } else { format!("## Together with others\n\n{notes}\n") }
    }

    fn index(&self) -> String {
        let mut out = format!("{MARK}\n\n# Rules\n\n");
        let packs: BTreeMap<&str, Vec<&Rule>> = self.grouped(|rule| &rule.pack.name);
        let categories: BTreeMap<&str, Vec<&Rule>> = self.grouped(|rule| &rule.category);
        let sections = self.sections();
        let _ = write!(out, "{} in {}", plural(self.rules.len(), "rule"), plural(packs.len(), "pack"));
        out += ": [by pack](#by-pack), [by category](#by-category)";
        out +=
            if sections.is_empty() { ".\n\n" } else { ", [by the handbook's section](#by-the-handbooks-section).\n\n" };
        out += "## By pack\n\n";
        for (name, rules) in &packs {
            let Some(pack) = rules.first().map(|rule| &rule.pack) else { continue };
            let on = if pack.default { "on by default".to_owned() } else { format!("turned on by `--pack {name}`") };
            // Packs that ship have the version of napkin, which says nothing about them.
            let version = pack.span.map(|_| format!("Version {}, ", pack.version)).unwrap_or_default();
            let _ = write!(out, "### {name}\n\n{} ({version}{on}.)\n\n", clean(&pack.doc));
            out += "| rule | severity | category | confidence |\n| --- | --- | --- | --- |\n";
            for rule in rules {
                let (severity, category) = (rule.severity.name(), clean(&rule.category));
                let _ = writeln!(
                    out,
                    "| {} | {severity} | {category} | {} |",
                    self.link(&rule.name),
                    rule.confidence.name()
                );
            }
            out.push('\n');
        }
        out += "## By category\n\n| category | rules |\n| --- | --- |\n";
        for (name, rules) in &categories {
            let _ = writeln!(out, "| {} | {} |", clean(name), self.links(rules.iter().map(|rule| rule.name.as_str())));
        }
        if !sections.is_empty() {
            out += "\n## By the handbook's section\n\n| section | rules |\n| --- | --- |\n";
            for (title, names) in &sections {
                let _ = writeln!(out, "| {} | {} |", clean(title), self.links(names.iter().copied()));
            }
        }
        out
    }

    fn grouped<'g>(&'g self, key: impl Fn(&'g Rule) -> &'g str) -> BTreeMap<&'g str, Vec<&'g Rule>> {
        let mut groups: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
        for rule in self.rules {
            groups.entry(key(rule)).or_default().push(rule);
        }
        groups
    }

    /// The handbook's sections in order, each with the rules of these that it has become.
    fn sections(&self) -> Vec<(&'static str, Vec<&'static str>)> {
        let mut sections: Vec<(&str, Vec<&str>)> = Vec::new();
        for row in HANDBOOK.lines() {
            let numbered = |title: &&str| title.starts_with(|c: char| c.is_ascii_digit());
            if let Some(title) = row.strip_prefix("## ").filter(numbered) {
                sections.push((title, Vec::new()));
            }
            let cell = row.strip_prefix("| ").and_then(|row| row.rsplit('|').nth(1));
            let Some(((_, names), cell)) = sections.last_mut().zip(cell) else { continue };
            for word in cell.split('`').skip(1).step_by(2) {
                if self.names.contains(word) && !names.contains(&word) {
                    names.push(word);
                }
            }
        }
        sections.retain(|(_, names)| !names.is_empty());
        sections
    }
}

fn facts(rule: &Rule) -> String {
    let pack = &rule.pack;
    let on = if pack.default { "on by default".to_owned() } else { format!("`--pack {}`", pack.name) };
    let mut out = "| | |\n| --- | --- |\n".to_owned();
    for (what, value) in [
        ("severity", rule.severity.name().to_owned()),
        ("confidence", rule.confidence.name().to_owned()),
        ("pack", format!("{} ({on})", pack.name)),
        ("category", clean(&rule.category)),
        ("since", clean(rule.since.as_deref().unwrap_or_default())),
    ] {
        if !value.is_empty() {
            let _ = writeln!(out, "| {what} | {value} |");
        }
    }
    out + "\n"
}

fn examples(rule: &Rule) -> String {
    let Some((bad, _)) = rule.bad.first() else { return String::new() };
    let mut out = format!("## Example\n\nIt fires on\n\n{}", fenced("yaml", bad));
    // The first one is the remedy; a nearer one may only show where the line is.
    if let Some((good, _)) = rule.good.first() {
        let _ = write!(
            out,
            "and is silent on\n\n{}What changes:\n\n{}",
            fenced("yaml", good),
            fenced("diff", &difference(bad, good))
        );
    }
    out
}

/// Two texts with what they share at both ends, as a difference line by line.
fn difference(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.trim_end().lines().collect(), new.trim_end().lines().collect());
    let front = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - front;
    let back = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let lines = |mark: char, lines: &[&str], from: usize, to: usize| -> Vec<String> {
        lines.iter().take(to).skip(from).map(|line| format!("{mark}{line}")).collect()
    };
    let all = [
        lines(' ', &old, 0, front),
        lines('-', &old, front, old.len() - back),
        lines('+', &new, front, new.len() - back),
        lines(' ', &old, old.len() - back, old.len()),
    ];
    all.concat().join("\n")
}

fn parameters(rule: &Rule) -> String {
    let Some(first) = rule.parameters.first() else { return String::new() };
    let mut out = "## Parameters\n\n| parameter | default | |\n| --- | --- | --- |\n".to_owned();
    let shown = |parameter: &Parameter| clean(&parameter.shown(&parameter.default));
    for parameter in &rule.parameters {
        let doc = parameter.doc.as_deref().map(clean).unwrap_or_default();
        let _ = writeln!(out, "| `{}` | {} | {doc} |", parameter.name, shown(parameter));
    }
    let value = first.toml(&first.default);
    out + "\nIn `napkin.toml`:\n\n" + &fenced("toml", &format!("[parameters.{}]\n{} = {value}", rule.name, first.name))
}

/// An expression within a sentence, in backquotes that it doesn't contain.
fn code(text: &str) -> String {
    let text = line(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if text.contains('`') { clean(&text) } else { format!("`{text}`") }
}

/// A block of code in a fence that the text doesn't contain.
fn fenced(language: &str, text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0).max(2);
    let fence = "`".repeat(longest + 1);
    format!("{fence}{language}\n{}\n{fence}\n\n", crate::report::safe(text.trim_end()))
}

/// A source, which is a link if it is an address.
fn source(see: &str) -> String {
    let is_address =
        see.starts_with("https://") && !see.contains(|c: char| c.is_whitespace() || c.is_control() || "<>".contains(c));
    if is_address { format!("<{see}>") } else { clean(see) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_is_told_line_by_line() {
        for (old, new, told) in [
            ("a\nb\nc\n", "a\nx\nc\n", " a\n-b\n+x\n c"),
            ("a", "a\nb", " a\n+b"),
            ("a\na", "a", " a\n-a"),
            ("a", "b", "-a\n+b"),
        ] {
            assert_eq!(difference(old, new), told, "{old:?} {new:?}");
        }
    }

    #[test]
    fn what_rules_say_stays_text() {
        assert_eq!(source("https://e.example/a_b"), "<https://e.example/a_b>");
        assert_eq!(source("https://e.example/> <script>"), "https://e.example/&gt; &lt;script&gt;");
        assert_eq!(source("[x](javascript:y)"), "\\[x\\](javascript:y)");
        assert_eq!(fenced("yaml", "a: \"```\""), "````yaml\na: \"```\"\n````\n\n");
    }
}
