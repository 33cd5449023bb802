//! Text with the source line, drawn by miette. Lines are found through the source's index, not by scanning.

use std::fmt::Write as _;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan,
    SpanContents,
};

use crate::diagnostic::{Diagnostic, Severity};
use crate::report::{Checked, Item, safe};
use crate::source::{Source, Sources};

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

/// A source with its line index, as miette wants it.
struct Indexed<'s>(&'s Source);

impl SourceCode for Indexed<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let source = self.0;
        let end = (span.offset() + span.len()).min(source.text().len());
        let first = source.line_index(span.offset()).saturating_sub(before);
        let last = (source.line_index(end) + after).min(source.line_count().saturating_sub(1));
        let (from, to) = (source.line_start(first), source.line_start(last + 1));
        let bytes = source.text().as_bytes().get(from..to).ok_or(MietteError::OutOfBounds)?;
        // The header names the line and column of the label itself, which miette asks for without context.
        let column = source.position(span.offset()).column - 1;
        Ok(Box::new(MietteSpanContents::new_named(
            source.name().to_owned(),
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
    message: String,
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
        let help = safe(self.item.help().filter(|help| !help.is_empty())?);
        Some(match self.item.allowed() {
            Some(reason) => Box::new(format!("{help}\nallowed: {}", safe(reason))),
            None => Box::new(help),
        })
    }
    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }
    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let labels = self.item.labels().into_iter().map(|label| {
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
    let source = item.labels().first().map(|label| Indexed(sources.get(label.span.source)));
    let drawn = Drawn { item, source, message: safe(item.message()) };
    let mut text = String::new();
    // Writing to a string can't fail; a span outside the source would only lose the drawing.
    let _ = handler.render_report(&mut text, &drawn);
    text
}

/// Draws diagnostics that belong to no analysis (rules, command line).
pub fn draw_all(diagnostics: &[Diagnostic], sources: &Sources, style: Style) -> String {
    diagnostics.iter().map(|diagnostic| draw(Item::Mistake(diagnostic), sources, style)).collect()
}

/// The report of `check` for people.
pub fn text(checked: &Checked<'_>, style: Style) -> String {
    let mut out = String::new();
    let mut counts = [0_usize; 3];
    let mut allowed = 0;
    for item in checked.items() {
        if item.allowed().is_some() {
            allowed += 1;
            if !style.verbose {
                continue;
            }
        } else if let Some(count) = counts.get_mut(item.severity() as usize) {
            *count += 1;
        }
        out.push_str(&draw(item, checked.sources, style));
    }
    let [infos, warnings, errors] = counts;
    let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let files = checked.analyses.len();
    let _ = write!(
        out,
        "{}: {}, {}, {infos} info",
        plural(files, "spec"),
        plural(errors, "error"),
        plural(warnings, "warning")
    );
    if allowed > 0 {
        let _ = write!(out, "; {allowed} allowed");
    }
    out.push('\n');
    not_checked(checked, style, &mut out);
    out
}

fn not_checked(checked: &Checked<'_>, style: Style, out: &mut String) {
    let list: Vec<_> = checked.analyses.iter().flat_map(|analysis| &analysis.not_checked).collect();
    if list.is_empty() {
        return;
    }
    if !style.verbose {
        let _ = writeln!(
            out,
            "{} rules could not decide everywhere because the spec doesn't say enough; --verbose lists what is missing",
            list.len()
        );
        return;
    }
    let _ = writeln!(out, "Not decided, for lack of:");
    for entry in list {
        let missing: Vec<String> =
            entry.missing.iter().map(|(field, of)| format!("`{field}` of {}", safe(of))).collect();
        let _ = writeln!(out, "  {} ({}x): {}", entry.rule, entry.count, missing.join(", "));
    }
}
