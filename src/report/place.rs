//! Where something stands, as formats write it: lines from 1, columns in characters, the end exclusive.

use crate::source::{Position, Source, Sources, Span};

/// A region of a source. Slicing the source by it gives the text that a finding talks about.
pub(super) struct Place<'s> {
    pub source: &'s Source,
    /// The bytes.
    pub bytes: std::ops::Range<usize>,
    pub start: Position,
    /// One past the last character.
    pub end: Position,
}

impl<'s> Place<'s> {
    /// The region of a span, without the line breaks and blanks after it.
    pub fn new(sources: &'s Sources, span: Span) -> Self {
        let source = sources.get(span.source);
        let from = span.range().start;
        let to = from + source.slice(span).trim_end().len();
        Place::exact(sources, Span::new(span.source, from..to))
    }

    /// The region of exactly a span.
    pub fn exact(sources: &'s Sources, span: Span) -> Self {
        let (source, bytes) = (sources.get(span.source), span.range());
        Place { source, start: source.position(bytes.start), end: source.position(bytes.end), bytes }
    }

    /// The file's name.
    pub fn file(&self) -> &'s str {
        self.source.name()
    }

    /// Start and end columns in UTF-16 code units.
    pub fn utf16_columns(&self) -> (usize, usize) {
        (self.source.utf16_column(self.bytes.start), self.source.utf16_column(self.bytes.end))
    }
}
