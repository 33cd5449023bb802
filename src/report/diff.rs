//! Two versions of specs compared, as text; and the words that Markdown and JSON share with it.

use std::fmt::Write as _;

use crate::analysis::Analysis;
use crate::diagnostic::Severity;
use crate::quantity::{Dimension, ENDLESS, Hint, number, quantity};
use crate::report::diagnostics::{Style, draw};
use crate::report::failures::wrapped;
use crate::report::tables::{Table, columns};
use crate::report::{Item, comparison, safe};
use crate::source::Sources;
use crate::study::diff::{Diff, Edit, Found, How, ValueEdit};
use crate::study::moved::Moved;
use crate::study::things::{Sort, Stated};
use crate::study::what_if::Goal;
use crate::vocabulary::Target;

/// One version of a spec: what it is called, and what is known of it.
#[derive(Clone, Copy)]
pub struct Version<'v> {
    /// Its path, with the revision where it is an old one.
    pub name: &'v str,
    /// What is known of it.
    pub analysis: &'v Analysis,
}

/// A spec in both versions. At least one of them is there.
pub struct Pair<'p> {
    /// The older one; `None` if the spec is new.
    pub old: Option<Version<'p>>,
    /// The newer one; `None` if the spec is gone.
    pub new: Option<Version<'p>>,
    /// What differs.
    pub diff: Diff,
}

/// What became of a spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is in both versions.
    Compared,
    /// Only the newer version has it.
    Added,
    /// Only the older version has it.
    Removed,
    /// The older one has mistakes, so that nothing is known of it.
    OldUnusable,
}

impl Pair<'_> {
    /// What became of it.
    pub fn status(&self) -> Status {
        match (&self.old, &self.new) {
            (Some(old), _) if !old.analysis.is_usable() => Status::OldUnusable,
            (Some(_), Some(_)) => Status::Compared,
            (None, _) => Status::Added,
            (_, None) => Status::Removed,
        }
    }

    /// Whether there is anything to say about it.
    pub fn is_quiet(&self) -> bool {
        self.status() == Status::Compared && self.diff.is_empty()
    }

    /// What it is called now, and what it was called if that was something else.
    pub fn title(&self) -> String {
        // `main:shop.yaml` is the same file as `shop.yaml`.
        let same =
            |old: &str, new: &str| old.strip_suffix(new).is_some_and(|rest| rest.is_empty() || rest.ends_with(':'));
        match (&self.old, &self.new) {
            (Some(old), Some(new)) if !same(old.name, new.name) => format!("{} → {}", old.name, new.name),
            (_, Some(new)) => new.name.to_owned(),
            (Some(old), None) => old.name.to_owned(),
            (None, None) => String::new(),
        }
    }

    /// A sentence about a spec that is new, gone, or unknown in its older version.
    pub fn remark(&self) -> Option<String> {
        let size = |version: &Option<Version<'_>>| {
            let Some(Version { analysis, .. }) = version else { return String::new() };
            let cost = analysis.estimate.system.cost;
            let cost = cost.map(|cost| format!(", {}", monthly(cost))).unwrap_or_default();
            let (components, flows) = (analysis.graph.components.len(), analysis.graph.flows.len());
            format!("{}, {}{cost}", counted(components, "component"), counted(flows, "flow"))
        };
        match self.status() {
            Status::Compared => None,
            Status::Added => Some(format!("a new spec: {}", size(&self.new))),
            Status::Removed => Some(format!("the spec is gone: {}", size(&self.old))),
            Status::OldUnusable => Some(format!(
                "{} has mistakes, so it can't be said what is new here: {}",
                self.old.map_or("the old version", |old| old.name),
                counted(self.diff.findings.undecided.len(), "finding")
            )),
        }
    }

    /// Edits that are listed one by one; what a spec that is new or gone consists of goes without saying.
    pub fn listed(&self) -> &[Edit] {
        if self.status() == Status::Compared { &self.diff.edits } else { &[] }
    }
}

/// Everything that was compared.
pub struct Compared<'c> {
    /// The texts of both versions.
    pub sources: &'c Sources,
    /// Specs in the order of their paths.
    pub pairs: &'c [Pair<'c>],
    /// The share of its old value by which a figure has to move.
    pub threshold: f64,
}

/// A mistake or finding of one version.
pub(super) fn item(analysis: &Analysis, found: Found) -> Option<Item<'_>> {
    match found {
        Found::Mistake(index) => analysis.diagnostics.get(index).map(Item::Mistake),
        Found::Finding(index) => analysis.findings.get(index).map(Item::Finding),
    }
}

/// The mistakes and findings of a list, in one version.
pub(super) fn items<'v>(version: Option<Version<'v>>, list: &[Found]) -> Vec<Item<'v>> {
    list.iter().filter_map(|found| item(version?.analysis, *found)).collect()
}

/// `shop.yaml:12`.
pub(super) fn place(item: &Item<'_>, sources: &Sources) -> String {
    item.labels().first().map_or(String::new(), |label| sources.line(label.span))
}

/// `1 finding`, `2 findings`.
pub(super) fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// A figure in words: what it is called, before, after, and by how much it moved.
pub(super) struct Figure {
    pub name: String,
    pub before: String,
    pub after: String,
    pub by: String,
}

impl Figure {
    pub fn of(moved: &Moved) -> Figure {
        let change = &moved.change;
        let shown = |value: Option<f64>| match value {
            None => "unknown".to_owned(),
            Some(value) if change.metric.key == "headroom" && value < ENDLESS => format!("{}x", number(value)),
            Some(value) if change.metric.dimension == Dimension::MONEY_RATE => monthly(value),
            Some(value) => comparison::cell(change, Some(value)),
        };
        let name =
            if moved.owner.is_empty() { moved.label.to_owned() } else { format!("{} {}", moved.owner, moved.label) };
        Figure { name, before: shown(change.today), after: shown(change.then), by: by(moved) }
    }

    /// `view p99 +12 ms (48 ms → 60 ms)`.
    pub fn phrase(&self, name: &str) -> String {
        if self.by.is_empty() {
            return format!("{name} {} → {}", self.before, self.after);
        }
        format!("{name} {} ({} → {})", self.by, self.before, self.after)
    }
}

/// `$400 a month`.
fn monthly(cost: f64) -> String {
    quantity(cost, Dimension::MONEY_RATE, &Hint::Auto).replace(" /month", " a month")
}

/// By how much: `+12 ms`, `+$400 a month`, `+2`, `x3`; nothing where both values say it best.
fn by(moved: &Moved) -> String {
    let metric = moved.change.metric;
    let (Some(from), Some(to)) = (moved.change.today, moved.change.then) else { return String::new() };
    if from >= ENDLESS || to >= ENDLESS || metric.key == "headroom" {
        return String::new();
    }
    let sign = if to < from { "-" } else { "+" };
    match (metric.dimension, &metric.hint) {
        (Dimension::MONEY_RATE, _) => format!("{sign}{}", monthly((to - from).abs())),
        (Dimension::TIME, _) | (_, Hint::Whole) => {
            format!("{sign}{}", quantity((to - from).abs(), metric.dimension, &metric.hint))
        }
        (_, Hint::Percent) => String::new(),
        _ => comparison::difference(&moved.change),
    }
}

/// The state of an objective in words.
pub(super) fn state(met: Option<bool>) -> &'static str {
    match met {
        Some(true) => "met",
        Some(false) => "missed",
        None => "not known",
    }
}

/// A value as stated, with the product whose profile says so.
pub(super) fn stated(value: Option<&Stated>) -> String {
    match value {
        None => "–".to_owned(),
        Some(value) => match &value.profile {
            Some(product) => format!("{} (by {product})", short(&value.text)),
            None => short(&value.text),
        },
    }
}

/// Characters of a value that are shown; whoever wants more looks into the spec.
const LONGEST: usize = 120;

fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or("")),
        None => text.to_owned(),
    }
}

/// The sign of an edit, its sort and name, and what there is to add in parentheses.
pub(super) fn heading(edit: &Edit) -> (char, &'static str, &str, String) {
    let (sign, aside) = match &edit.how {
        How::Added => ('+', edit.detail.clone()),
        How::Removed => ('-', edit.detail.clone()),
        How::Renamed(was) => ('~', format!("was {was}")),
        How::Changed => ('~', String::new()),
    };
    let sort = if edit.sort == Sort::Requirements { "" } else { edit.sort.name() };
    (sign, sort, &edit.name, short(&aside))
}

/// How much there is of everything, in a few words.
pub(super) fn counts(compared: &Compared<'_>) -> Vec<String> {
    let mut new = [0_usize; 3];
    let (mut new_allowed, mut fixed, mut accepted, mut unchanged, mut undecided) = (0, 0, 0, 0, 0);
    for pair in compared.pairs {
        let found = &pair.diff.findings;
        for item in items(pair.new, &found.new) {
            match item.waiver() {
                Some(_) => new_allowed += 1,
                None => new.get_mut(item.severity() as usize).into_iter().for_each(|count| *count += 1),
            }
        }
        fixed += found.fixed.len();
        accepted += found.accepted.len();
        unchanged += found.unchanged.len();
        undecided += found.undecided.len();
    }
    let total: usize = new.iter().sum();
    let by_severity: Vec<String> = Severity::ALL
        .into_iter()
        .zip(new)
        .rev()
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| match severity {
            Severity::Info => format!("{count} info"),
            _ => counted(count, severity.name()),
        })
        .collect();
    let aside = if total > 0 { format!(" ({})", by_severity.join(", ")) } else { String::new() };
    let mut parts = vec![format!("{}{aside}", counted(total, "new finding"))];
    for (count, what) in [
        (new_allowed, "new and allowed"),
        (fixed, "fixed"),
        (accepted, "now allowed"),
        (unchanged, "as before"),
        (undecided, "of which it isn't known whether they are new"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    parts
}

/// The most telling figures that got better or worse, of all specs: those of systems and flows, then what moved most.
pub(super) fn telling<'c>(compared: &'c Compared<'_>, better: bool) -> Vec<&'c Moved> {
    let moved = compared.pairs.iter().flat_map(|pair| &pair.diff.figures);
    let mut list: Vec<&Moved> = moved.filter(|moved| moved.better == Some(better)).collect();
    let inner = |moved: &Moved| !matches!(moved.change.metric.target, Target::System | Target::Flow);
    list.sort_by(|a, b| match (inner(a), inner(b)) {
        (true, true) => b.ratio().total_cmp(&a.ratio()),
        (a, b) => a.cmp(&b),
    });
    list.truncate(MOST_TELLING);
    list
}

/// Figures that a verdict names.
const MOST_TELLING: usize = 4;

/// The report for a terminal.
pub fn text(compared: &Compared<'_>, style: Style, width: u16) -> String {
    let mut out = String::new();
    for pair in compared.pairs.iter().filter(|pair| !pair.is_quiet()) {
        if compared.pairs.len() > 1 || pair.status() != Status::Compared {
            let _ = writeln!(out, "━━ {}", safe(&pair.title()));
        }
        for line in pair.remark().iter().flat_map(|remark| wrapped(&safe(remark), usize::from(width), " ")) {
            let _ = writeln!(out, "{line}");
        }
        findings_text(pair, compared.sources, style, &mut out);
        edits_text(pair.listed(), usize::from(width), &mut out);
        for (title, better) in [("Worse", Some(false)), ("Better", Some(true)), ("Moved", None)] {
            let rows = figure_rows(&pair.diff.figures, better);
            if !rows.is_empty() {
                let columns = columns(&["", "before", "after", "by"]);
                out += &Table { title, columns, rows, notes: Vec::new() }.text(width);
            }
        }
        if !pair.diff.goals.is_empty() {
            let rows = pair.diff.goals.iter().map(goal_row).collect();
            let columns = columns(&["", "before", "after"]);
            out += &Table { title: "Objectives", columns, rows, notes: Vec::new() }.text(width);
        }
    }
    for line in wrapped(&verdict(compared), usize::from(width), " ") {
        let _ = writeln!(out, "{line}");
    }
    out
}

/// What came of it, in a line.
fn verdict(compared: &Compared<'_>) -> String {
    let specs = counted(compared.pairs.len(), "spec");
    if compared.pairs.iter().all(Pair::is_quiet) {
        let unchanged: usize = compared.pairs.iter().map(|pair| pair.diff.findings.unchanged.len()).sum();
        let as_before =
            if unchanged > 0 { format!("; {} as before", counted(unchanged, "finding")) } else { String::new() };
        return format!("{specs}: nothing changed{as_before}");
    }
    format!("{specs}: {}", [counts(compared), effects(compared)].concat().join(", "))
}

/// How many figures got worse and better.
fn effects(compared: &Compared<'_>) -> Vec<String> {
    let count = |better| {
        let figures = compared.pairs.iter().flat_map(|pair| &pair.diff.figures);
        figures.filter(|moved| moved.better == Some(better)).count()
    };
    let counts = [(count(false), "worse"), (count(true), "better")].into_iter().filter(|(count, _)| *count > 0);
    counts.map(|(count, what)| format!("{} {what}", counted(count, "figure"))).collect()
}

pub(super) fn figure_rows(figures: &[Moved], better: Option<bool>) -> Vec<Vec<String>> {
    let moved = figures.iter().filter(|moved| moved.better == better).map(Figure::of);
    moved.map(|figure| vec![figure.name, figure.before, figure.after, figure.by]).collect()
}

pub(super) fn goal_row(goal: &Goal) -> Vec<String> {
    vec![goal.name.clone(), state(goal.today).to_owned(), state(goal.then).to_owned()]
}

fn findings_text(pair: &Pair<'_>, sources: &Sources, style: Style, out: &mut String) {
    let found = &pair.diff.findings;
    let mut drawn = |title: &str, list: &[Found]| {
        let list = items(pair.new, list);
        if !list.is_empty() {
            let _ = writeln!(out, "{title}");
            list.into_iter().for_each(|item| out.push_str(&draw(item, sources, style)));
            out.push('\n');
        }
    };
    drawn("New findings", &found.new);
    if style.verbose {
        drawn("Findings that may be new", &found.undecided);
    }
    let lists = [("Fixed", pair.old, &found.fixed), ("Now allowed", pair.new, &found.accepted)];
    let unchanged = style.verbose.then_some(("As before", pair.new, &found.unchanged));
    for (title, version, list) in lists.into_iter().chain(unchanged) {
        let list = items(version, list);
        if list.is_empty() {
            continue;
        }
        let _ = writeln!(out, "{title}");
        for item in list {
            let line = format!("{} {}: {}", item.severity(), item.code(), item.message());
            hanging(&safe(&line), style.width, 2, out);
        }
        out.push('\n');
    }
}

fn edits_text(edits: &[Edit], width: usize, out: &mut String) {
    if edits.is_empty() {
        return;
    }
    out.push_str("Changed\n");
    for edit in edits {
        let (sign, sort, name, aside) = heading(edit);
        let aside = if aside.is_empty() { aside } else { format!(" ({aside})") };
        let space = if sort.is_empty() { "" } else { " " };
        hanging(&safe(&format!("{sign} {sort}{space}{name}{aside}")), width, 2, out);
        for value in &edit.values {
            hanging(&safe(&value_line(value)), width, 6, out);
        }
    }
    out.push('\n');
}

/// `replicas: 4 → 2`.
fn value_line(value: &ValueEdit) -> String {
    format!("{}: {} → {}", value.key, stated(value.from.as_ref()), stated(value.to.as_ref()))
}

/// A line that begins so far from the left, and what it runs on to two further.
fn hanging(text: &str, width: usize, indent: usize, out: &mut String) {
    for (at, line) in wrapped(text, width.saturating_sub(indent + 2), " ").iter().enumerate() {
        let indent = indent + if at > 0 { 2 } else { 0 };
        let _ = writeln!(out, "{:indent$}{line}", "");
    }
}
