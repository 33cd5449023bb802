//! Files as they were read, and half-open byte spans into them.
//!
//! Everything downstream keeps a [`Span`]; a line and a column exist only while something is printed.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

/// Which of the loaded files a span belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(u32);

/// A half-open range of bytes in one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A span from byte offsets; offsets past 4 GiB are clamped, since no source is that long.
    pub fn new(source: SourceId, range: Range<usize>) -> Self {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Span { source, start: clamp(range.start), end: clamp(range.end.max(range.start)) }
    }

    /// The bytes as a range for slicing.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The smallest span that covers both; spans of different files keep the first.
    pub fn to(self, other: Span) -> Span {
        if self.source != other.source {
            return self;
        }
        Span { start: self.start.min(other.start), end: self.end.max(other.end), ..self }
    }
}

/// A value and where it was written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Pairs a value with its place.
    pub fn new(value: T, span: Span) -> Self {
        Spanned { value, span }
    }
}

/// A position for people: both numbers start at 1, columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// The largest file that is read. Larger ones are refused before parsing, so that memory stays bounded.
pub const MAX_BYTES: usize = 256 * 1024 * 1024;

/// One file: its display name, its text and where its lines begin.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    text: String,
    line_starts: Vec<u32>,
}

impl Source {
    fn new(name: String, text: String) -> Self {
        let breaks = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        let line_starts =
            std::iter::once(0).chain(breaks.map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX))).collect();
        Source { name, text, line_starts }
    }

    /// The path or label that is shown to the user.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text that a span covers; empty if the span is not on character boundaries of this source.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// How many lines there are; an empty file has one.
    pub fn line_count(&self) -> usize {
        self.line_starts.len()
    }

    /// Zero-based index of the line that holds a byte.
    pub fn line_index(&self, offset: usize) -> usize {
        let offset = u32::try_from(offset).unwrap_or(u32::MAX);
        self.line_starts.partition_point(|&start| start <= offset).saturating_sub(1)
    }

    /// Byte offset at which a zero-based line begins; the end of the text for lines that do not exist.
    pub fn line_start(&self, index: usize) -> usize {
        self.line_starts.get(index).map_or(self.text.len(), |&start| start as usize)
    }

    /// Line and column of a byte offset.
    pub fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        let index = self.line_index(offset);
        let before = self.text.get(self.line_start(index)..offset).unwrap_or("");
        Position { line: index + 1, column: before.chars().count() + 1 }
    }

    /// Column of a byte offset in UTF-16 code units, from 1, as editors and SARIF count.
    pub fn utf16_column(&self, offset: usize) -> usize {
        let offset = offset.min(self.text.len());
        let before = self.text.get(self.line_start(self.line_index(offset))..offset).unwrap_or("");
        before.encode_utf16().count() + 1
    }
}

/// Why a file that another one names can't be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong, such as "there is no file shared/zones.yaml".
    pub reason: String,
    /// What to do about it.
    pub help: String,
}

/// All files of one run, and which of them others name or lie over.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
    references: BTreeMap<SourceId, BTreeMap<String, Result<SourceId, Unreadable>>>,
    overlays: BTreeMap<SourceId, Vec<SourceId>>,
}

impl Sources {
    /// No files yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file and returns the identity that spans carry.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        let id = SourceId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(Source::new(name.into(), text.into()));
        id
    }

    /// The file behind an identity that [`Sources::add`] returned.
    #[expect(clippy::indexing_slicing, reason = "ids are only made by `add`, and files are never removed")]
    pub fn get(&self, id: SourceId) -> &Source {
        &self.files[id.0 as usize]
    }

    /// The file of a name, if it is there.
    pub fn find(&self, name: &str) -> Option<SourceId> {
        let at = self.files.iter().position(|source| source.name == name)?;
        u32::try_from(at).ok().map(SourceId)
    }

    /// Puts another text in the place of a file's. Spans into the old one no longer hold.
    pub fn replace(&mut self, id: SourceId, text: impl Into<String>) {
        if let Some(file) = self.files.get_mut(id.0 as usize) {
            *file = Source::new(std::mem::take(&mut file.name), text.into());
        }
    }

    /// Notes which file a path in another file stands for, or why it can't be had.
    pub fn refer(&mut self, from: SourceId, path: impl Into<String>, to: Result<SourceId, Unreadable>) {
        self.references.entry(from).or_default().insert(path.into(), to);
    }

    /// What a path in a file stands for; `None` if nobody has looked.
    pub fn referred(&self, from: SourceId, path: &str) -> Option<&Result<SourceId, Unreadable>> {
        self.references.get(&from)?.get(path)
    }

    /// Lays a file over a spec: what it says wins, also over what was laid over the spec before.
    pub fn lay(&mut self, over: SourceId, overlay: SourceId) {
        self.overlays.entry(over).or_default().push(overlay);
    }

    /// What lies over a spec, the lowest first.
    pub fn overlays(&self, of: SourceId) -> &[SourceId] {
        self.overlays.get(&of).map_or(&[], Vec::as_slice)
    }

    /// The identities of all files in the order of loading.
    pub fn ids(&self) -> impl Iterator<Item = SourceId> + use<> {
        (0..self.files.len()).filter_map(|at| u32::try_from(at).ok().map(SourceId))
    }

    /// Every file in the order of loading.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.files.iter()
    }

    /// The file and line in which a span begins: `shop.yaml:12`.
    pub fn line(&self, span: Span) -> String {
        let source = self.get(span.source);
        format!("{}:{}", source.name(), source.position(span.range().start).line)
    }

    /// The text under a span.
    pub fn slice(&self, span: Span) -> &str {
        self.get(span.source).slice(span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_from_one() {
        let mut sources = Sources::new();
        let id = sources.add("a.yaml", "näme: x\nb: y\n");
        let source = sources.get(id);
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        assert_eq!(source.position(7), Position { line: 1, column: 7 });
        assert_eq!(source.position(9), Position { line: 2, column: 1 });
        assert_eq!(source.position(usize::MAX).line, 3);
        assert_eq!(source.line_count(), 3);
        let id = sources.add("b.yaml", "𝒳: é x");
        assert_eq!(sources.get(id).utf16_column(9), 7);
    }

    #[test]
    fn spans_join_within_a_file_only() {
        let mut sources = Sources::new();
        let a = sources.add("a", "hello world");
        let b = sources.add("b", "other");
        let joined = Span::new(a, 0..2).to(Span::new(a, 6..8));
        assert_eq!(sources.slice(joined), "hello wo");
        assert_eq!(Span::new(a, 0..2).to(Span::new(b, 0..2)), Span::new(a, 0..2));
    }
}
