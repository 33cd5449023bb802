//! Text with the source line, drawn by miette. Lines are found through the source's index, not by scanning.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan,
    SpanContents,
};

use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::report::place::Place;
use crate::report::{Checked, Item, concise, line, plural, safe};
use crate::source::{Source, Sources, Span};

/// How text is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Whether to use colours.
    pub colour: bool,
    /// Columns.
    pub width: usize,
    /// Whether to show allowed findings and what could not be checked in full.
    pub verbose: bool,
}

/// The lines of a source that are drawn, with its line index, as miette wants it.
struct Indexed<'s> {
    source: &'s Source,
    /// Where the lines begin in the source.
    from: usize,
    /// The lines. What could steer a terminal is replaced by as many bytes, so that places stay right.
    lines: String,
}

impl<'s> Indexed<'s> {
    fn new(source: &'s Source, labels: &[Label]) -> Self {
        let ranges = labels.iter().map(|label| label.span.range());
        let (start, end) = ranges.fold((usize::MAX, 0), |(start, end), r| (start.min(r.start), end.max(r.end)));
        let end = end.min(source.text().len());
        let from = source.line_start(source.line_index(start.min(end)));
        let to = source.line_start(source.line_index(end) + 1);
        let harmless = |c: char| match c {
            '\n' | '\r' | '\t' => c,
            c if !super::steers(c) => c,
            c => ['?', '¿', '\u{fffd}'].into_iter().find(|other| other.len_utf8() == c.len_utf8()).unwrap_or(c),
        };
        Indexed { source, from, lines: source.text().get(from..to).unwrap_or("").chars().map(harmless).collect() }
    }
}

/// Bytes of a line that is drawn whole; of a longer one only what is around the place.
const LONG: usize = 1000;
/// Bytes around a place in a longer line.
const AROUND: usize = 100;

/// Where the line begins in which a place stands, if it is long.
fn long_line(source: &Source, at: usize) -> Option<usize> {
    let line = source.line_index(at);
    let (start, end) = (source.line_start(line), source.line_start(line + 1));
    (end - start > LONG).then_some(start)
}

/// Takes away the labels that can't be drawn beside an earlier one, since they are far from it in a long line, and shortens what
/// is too wide.
fn out_of_view(labels: &mut Vec<Label>, source: &Source) -> Vec<Label> {
    let (mut kept, mut others): (Vec<Label>, Vec<Label>) = (Vec::new(), Vec::new());
    for mut label in labels.drain(..) {
        let range = label.span.range();
        if let Some(line) = long_line(source, range.start) {
            let beside = |other: &Label| {
                let start = other.span.range().start;
                long_line(source, start) != Some(line) || start.abs_diff(range.start) <= AROUND
            };
            if !kept.iter().all(beside) {
                others.push(label);
                continue;
            }
            let end = source.text().floor_char_boundary(range.start + AROUND);
            label.span = Span::new(label.span.source, range.start..range.end.min(end));
        }
        kept.push(label);
    }
    *labels = kept;
    others
}

impl SourceCode for Indexed<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let source = self.source;
        let end = (span.offset() + span.len()).min(source.text().len());
        let first = source.line_index(span.offset()).saturating_sub(before);
        let last = (source.line_index(end) + after).min(source.line_count().saturating_sub(1));
        let (mut from, mut to) = (source.line_start(first), source.line_start(last + 1));
        if long_line(source, span.offset()).is_some() {
            from = from.max(source.text().floor_char_boundary(span.offset().saturating_sub(AROUND)));
        }
        if long_line(source, end).is_some() {
            to = to.min(source.text().ceil_char_boundary(end + AROUND));
        }
        let inner = from.checked_sub(self.from).zip(to.checked_sub(self.from)).map(|(from, to)| from..to);
        let bytes = inner.and_then(|inner| self.lines.as_bytes().get(inner)).ok_or(MietteError::OutOfBounds)?;
        // The header names the line and column of the label itself, which miette asks for without context.
        let column = source.position(span.offset()).column - 1;
        Ok(Box::new(MietteSpanContents::new_named(
            super::line(source.name()),
            bytes,
            (from, to - from).into(),
            first,
            column,
            last - first + 1,
        )))
    }
}

struct Drawn<'d> {
    item: Item<'d>,
    source: Option<Indexed<'d>>,
    /// The places in that source.
    labels: Vec<Label>,
    /// The places in other files, a line each.
    elsewhere: Vec<String>,
    message: String,
    /// Whether to say why there is no fix.
    verbose: bool,
}

impl std::fmt::Debug for Drawn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Drawn<'_> {}

impl miette::Diagnostic for Drawn<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(self.item.code()))
    }
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.item.severity() {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Info => miette::Severity::Advice,
        })
    }
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        let own = self.item.help().map(str::to_owned).into_iter().chain(self.item.follow()).map(|line| safe(&line));
        let own = own.chain(self.item.remedy(self.verbose).map(|line| safe(&line)));
        let lines: Vec<String> = own.chain(self.item.waived()).chain(self.elsewhere.iter().cloned()).collect();
        if lines.is_empty() { None } else { Some(Box::new(lines.join("\n"))) }
    }
    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }
    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let labels = self.labels.iter().map(|label| {
            let range = label.span.range();
            let text = if label.text.is_empty() { None } else { Some(safe(&label.text)) };
            LabeledSpan::new(text, range.start, range.len())
        });
        Some(Box::new(labels))
    }
}

/// Draws one mistake or finding.
pub fn draw(item: Item<'_>, sources: &Sources, style: Style) -> String {
    let theme = if style.colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler =
        GraphicalReportHandler::new_themed(theme).with_width(style.width).with_links(false).with_context_lines(0);
    let mut labels = item.labels();
    let file = labels.first().map(|label| label.span.source);
    let mut others: Vec<Label> = labels.extract_if(.., |label| Some(label.span.source) != file).collect();
    others.extend(file.map(|file| out_of_view(&mut labels, sources.get(file))).into_iter().flatten());
    let elsewhere = others.iter().map(|label| {
        let place = Place::new(sources, label.span);
        line(&format!("{}:{}: {}", place.file(), place.start, label.text))
    });
    let elsewhere = elsewhere.collect();
    let source = file.map(|file| Indexed::new(sources.get(file), &labels));
    let drawn = Drawn { item, source, labels, elsewhere, message: safe(item.message()), verbose: style.verbose };
    let mut text = String::new();
    // Writing to a string can't fail; a span outside the source would only lose the drawing.
    let _ = handler.render_report(&mut text, &drawn);
    text
}

/// Draws diagnostics that belong to no analysis (rules, command line).
pub fn draw_all(diagnostics: &[Diagnostic], sources: &Sources, style: Style) -> String {
    diagnostics.iter().map(|diagnostic| draw(Item::Mistake(diagnostic), sources, style)).collect()
}

/// Findings that are drawn unless all are asked for: nobody reads more, and each takes a while.
const DRAWN: usize = 1000;

/// Waived findings that are listed unless all are asked for.
const WAIVED: usize = 10;

/// The report of `check` for people: what is open is drawn, what is waived has a line each.
pub fn text(checked: &Checked<'_>, style: Style) -> String {
    let mut out = String::new();
    let (mut waived, mut drawn, mut open) = (Vec::new(), 0, 0);
    for item in checked.items() {
        if item.waiver().is_some() && !style.verbose {
            waived.push(item);
            continue;
        }
        open += 1;
        if drawn < DRAWN || style.verbose {
            drawn += 1;
            out.push_str(&draw(item, checked.sources, style));
        }
    }
    if open > drawn {
        let more = open - drawn;
        let _ = writeln!(out, "… and {more} more; `--format concise` has a line for each, --verbose draws all");
    }
    for item in waived.iter().take(WAIVED) {
        waived_briefly(item, checked, style, &mut out);
    }
    if waived.len() > WAIVED {
        let _ = writeln!(out, "… and {} more that are waived; --verbose shows them", waived.len() - WAIVED);
    }
    if !waived.is_empty() {
        out.push('\n');
    }
    let counts = checked.counts();
    let (specs, errors) = (plural(checked.analyses.len(), "spec"), plural(counts.errors, "error"));
    let _ = write!(out, "{specs}: {errors}, {}, {} info", plural(counts.warnings, "warning"), counts.infos);
    if counts.allowed > 0 {
        let _ = write!(out, "; {} allowed", counts.allowed);
    }
    if counts.baseline > 0 {
        let _ = write!(out, "; {} known in the baseline", counts.baseline);
    }
    out.push('\n');
    baseline(checked, style, &mut out);
    not_checked(checked, style, &mut out);
    out
}

/// What a waived finding says in a line or two, and below it who waives it.
fn waived_briefly(item: &Item<'_>, checked: &Checked<'_>, style: Style, out: &mut String) {
    let told = [concise::what(item, checked), format!("  {}", item.waived().unwrap_or_default())];
    for (paragraph, indent) in told.iter().zip(["  ", "    "]) {
        let mut width = 0;
        for word in paragraph.trim_start().split(' ') {
            let long = word.chars().count();
            if width == 0 || width + 1 + long > style.width {
                let (end, begin) = if width > 0 { ("\n", indent) } else { ("", indent.get(2..).unwrap_or("")) };
                let _ = write!(out, "{end}{begin}{word}");
                width = begin.len() + long;
            } else {
                let _ = write!(out, " {word}");
                width += 1 + long;
            }
        }
        out.push('\n');
    }
}

/// What of the baseline is no longer there.
fn baseline(checked: &Checked<'_>, style: Style, out: &mut String) {
    let Some(compared) = checked.baseline else { return };
    let most = if style.verbose { usize::MAX } else { WAIVED };
    if !compared.gone.is_empty() {
        let entries = plural(compared.gone.len(), "finding");
        let _ = writeln!(out, "{entries} of {} fixed; --shrink-baseline removes:", safe(&compared.file));
        for known in compared.gone.iter().take(most) {
            let _ = writeln!(out, "  {}: {}: {}", line(&known.path), line(&known.rule), line(&known.message));
        }
        if compared.gone.len() > most {
            let _ = writeln!(out, "  … and {} more", compared.gone.len() - most);
        }
    }
    if compared.unjudged > 0 {
        let entries = if compared.unjudged == 1 { "entry" } else { "entries" };
        let _ = writeln!(
            out,
            "{} {entries} of it belong to specs or rules that were not part of this run",
            compared.unjudged
        );
    }
}

fn not_checked(checked: &Checked<'_>, style: Style, out: &mut String) {
    let all = checked.analyses.iter().flat_map(|analysis| &analysis.not_checked);
    let rules: BTreeSet<&str> = all.map(|entry| entry.rule.as_str()).collect();
    if rules.is_empty() {
        return;
    }
    if !style.verbose {
        let (rules, specs) =
            (plural(rules.len(), "rule"), if checked.analyses.len() == 1 { "spec doesn't" } else { "specs don't" });
        let _ = writeln!(
            out,
            "{rules} could not decide everywhere because the {specs} say enough; --verbose lists what is missing"
        );
        return;
    }
    for (analysis, file) in checked.analyses.iter().zip(checked.files).filter(|(one, _)| !one.not_checked.is_empty()) {
        let of = match checked.analyses.len() {
            1 => String::new(),
            _ => format!(" in {}", line(checked.sources.get(*file).name())),
        };
        let _ = writeln!(out, "Not decided{of}, for lack of:");
        for entry in &analysis.not_checked {
            let missing: Vec<String> =
                entry.missing.iter().map(|(field, of)| format!("`{field}` of {}", safe(of))).collect();
            let _ = writeln!(out, "  {} ({}x): {}", entry.rule, entry.count, missing.join(", "));
        }
    }
}
