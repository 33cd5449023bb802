//! Text to a tree of nodes with positions.
//!
//! Nodes live in an arena and scalars that stand in the file as they are keep only their place, so that a large
//! file costs little more than its own size.

mod forest;
mod parse;

use std::ops::Range;

use crate::source::{SourceId, Span};

pub use forest::{Forest, Handle};
pub use parse::parse;

/// A parsed file, or several that a [`Forest`] put together.
#[derive(Debug)]
pub struct Document<'s> {
    source: SourceId,
    text: &'s str,
    nodes: Vec<NodeData>,
    children: Vec<u32>,
    owned: Vec<String>,
    root: Option<u32>,
    /// Whether a mistake ended it early, so that what it lacks may well stand behind.
    is_cut: bool,
    /// The documents that this one is put together from; then each node is a link to one of theirs, or a collection whose
    /// `start` is the index of the link whose place it takes.
    parts: Vec<Document<'s>>,
}

#[derive(Clone, Copy, Debug)]
struct NodeData {
    start: u32,
    end: u32,
    kind: NodeKind,
}

#[derive(Clone, Copy, Debug)]
enum NodeKind {
    Null,
    /// The text stands in the file at these bytes.
    Verbatim {
        from: u32,
        to: u32,
        plain: bool,
    },
    /// The text had to be unescaped or folded.
    Owned {
        index: u32,
        plain: bool,
    },
    Sequence {
        first: u32,
        count: u32,
    },
    /// `count` pairs of key and value.
    Mapping {
        first: u32,
        count: u32,
    },
    /// A node of another document.
    Link {
        part: u32,
        node: u32,
    },
}

/// A node of a document.
#[derive(Clone, Copy, Debug)]
pub struct Node<'d> {
    document: &'d Document<'d>,
    index: u32,
}

/// What a node is.
#[derive(Clone, Copy, Debug)]
pub enum Value<'d> {
    /// Nothing, `~` or `null`.
    Null,
    /// Text; `plain` if it was written without quotes.
    Scalar {
        /// The text.
        text: &'d str,
        /// Whether it stands without quotes.
        plain: bool,
    },
    /// A list.
    Sequence,
    /// Keys with values.
    Mapping,
}

impl<'s> Document<'s> {
    fn empty(source: SourceId, text: &'s str) -> Self {
        let (nodes, children, owned, parts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Document { source, text, nodes, children, owned, root: None, is_cut: false, parts }
    }

    /// Whether a mistake ended it early, so that what it lacks may well stand behind.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The outermost node; `None` if the file is empty.
    pub fn root(&self) -> Option<Node<'_>> {
        self.root.map(|index| Node::of(self, index))
    }

    /// The file; of a document that was put together, the one that has the last word.
    pub fn source(&self) -> SourceId {
        self.source
    }

    /// How many nodes were written.
    pub fn len(&self) -> usize {
        if self.parts.is_empty() { self.nodes.len() } else { self.parts.iter().map(Document::len).sum() }
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// What a node of a document that was put together is; `None` in one that was parsed, which has no links.
    fn linked(&self, index: u32) -> Option<NodeKind> {
        if self.parts.is_empty() {
            return None;
        }
        self.nodes.get(index as usize).map(|node| node.kind)
    }

    fn span(&self, range: Range<u32>) -> Span {
        Span::new(self.source, range.start as usize..range.end as usize)
    }
}

impl<'d> Node<'d> {
    /// The document that it is in.
    pub fn document(self) -> &'d Document<'d> {
        self.document
    }

    /// A node by its index, or the one that it links to.
    fn of(document: &'d Document<'d>, index: u32) -> Self {
        if let Some(NodeKind::Link { part, node }) = document.linked(index)
            && let Some(part) = document.parts.get(part as usize)
        {
            return Node { document: part, index: node };
        }
        Node { document, index }
    }

    fn data(self) -> NodeData {
        let nothing = NodeData { start: 0, end: 0, kind: NodeKind::Null };
        self.document.nodes.get(self.index as usize).copied().unwrap_or(nothing)
    }

    /// Where the node stands.
    pub fn span(self) -> Span {
        let data = self.data();
        if self.document.linked(self.index).is_some() {
            let place = Node::of(self.document, data.start);
            // Places are links, which `of` has followed; a place of its own kind would be a circle.
            return if place.document.parts.is_empty() { place.span() } else { place.document.span(0..0) };
        }
        self.document.span(data.start..data.end)
    }

    /// What the node is.
    pub fn value(self) -> Value<'d> {
        match self.data().kind {
            NodeKind::Null | NodeKind::Link { .. } => Value::Null,
            NodeKind::Verbatim { from, to, plain } => {
                Value::Scalar { text: self.document.text.get(from as usize..to as usize).unwrap_or(""), plain }
            }
            NodeKind::Owned { index, plain } => {
                Value::Scalar { text: self.document.owned.get(index as usize).map_or("", String::as_str), plain }
            }
            NodeKind::Sequence { .. } => Value::Sequence,
            NodeKind::Mapping { .. } => Value::Mapping,
        }
    }

    /// The text of a scalar.
    pub fn as_str(self) -> Option<&'d str> {
        match self.value() {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whether there is nothing.
    pub fn is_null(self) -> bool {
        matches!(self.data().kind, NodeKind::Null)
    }

    /// An unquoted `true` or `false`.
    pub fn as_bool(self) -> Option<bool> {
        match self.value() {
            Value::Scalar { text: "true", plain: true } => Some(true),
            Value::Scalar { text: "false", plain: true } => Some(false),
            _ => None,
        }
    }

    /// The members of a list; nothing for other nodes.
    pub fn items(self) -> impl Iterator<Item = Node<'d>> {
        let range = match self.data().kind {
            NodeKind::Sequence { first, count } => first as usize..(first + count) as usize,
            _ => 0..0,
        };
        let document = self.document;
        let slice = document.children.get(range).unwrap_or(&[]);
        slice.iter().map(move |&index| Node::of(document, index))
    }

    /// The keys and values of a mapping; nothing for other nodes.
    pub fn entries(self) -> impl DoubleEndedIterator<Item = (Node<'d>, Node<'d>)> {
        let range = match self.data().kind {
            NodeKind::Mapping { first, count } => first as usize..(first + 2 * count) as usize,
            _ => 0..0,
        };
        let document = self.document;
        let slice = document.children.get(range).unwrap_or(&[]);
        slice.chunks_exact(2).filter_map(move |pair| match pair {
            &[key, value] => Some((Node::of(document, key), Node::of(document, value))),
            _ => None,
        })
    }

    /// The value of a key.
    pub fn get(self, key: &str) -> Option<Node<'d>> {
        self.entries().find(|(k, _)| k.as_str() == Some(key)).map(|(_, value)| value)
    }

    /// Maps a range of a scalar's text back to the file, through quotes, escapes and folded lines.
    pub fn inner_span(self, range: Range<usize>) -> Span {
        let data = self.data();
        match data.kind {
            NodeKind::Verbatim { from, .. } => {
                let from = from as usize;
                Span::new(self.document.source, from + range.start..from + range.end)
            }
            NodeKind::Owned { .. } => {
                let raw = self.document.text.get(data.start as usize..data.end as usize).unwrap_or("");
                let places = align(self.as_str().unwrap_or(""), raw);
                let place = |at: usize| places.get(at).cloned().unwrap_or(raw.len()..raw.len());
                let start = data.start as usize + place(range.start).start;
                let end = if range.end > range.start { data.start as usize + place(range.end - 1).end } else { start };
                Span::new(self.document.source, start..end.min(data.end as usize))
            }
            _ => self.span(),
        }
    }
}

/// For each byte of an unescaped text, the bytes of the raw text that it came from: one, or a whole escape.
fn align(text: &str, raw: &str) -> Vec<Range<usize>> {
    let style = raw.chars().next().unwrap_or(' ');
    let mut at = match style {
        '"' | '\'' => 1,
        '|' | '>' => raw.find('\n').map_or(raw.len(), |end| end + 1),
        _ => 0,
    };
    let mut places = Vec::with_capacity(text.len());
    for c in text.chars() {
        let (place, next) = align_one(c, raw, at, style);
        for byte in 0..c.len_utf8() {
            let at = place + byte;
            places.push(if next - place == c.len_utf8() { at..at + 1 } else { place..next });
        }
        at = next;
    }
    places
}

/// Where one character came from, and where to go on.
fn align_one(c: char, raw: &str, mut at: usize, style: char) -> (usize, usize) {
    loop {
        let rest = raw.get(at..).unwrap_or("");
        let Some(first) = rest.chars().next() else { return (raw.len(), raw.len()) };
        if style == '\'' && c == '\'' && rest.starts_with("''") {
            return (at, at + 2);
        }
        if style == '"' && first == '\\' {
            let second = rest.chars().nth(1).unwrap_or(' ');
            let length = match second {
                'x' => 4,
                'u' => 6,
                'U' => 10,
                _ => 1 + second.len_utf8(),
            };
            if second == '\n' || second == '\r' {
                at += rest.find(|c: char| c != '\\' && !c.is_whitespace()).unwrap_or(rest.len());
                continue;
            }
            return (at, (at + length).min(raw.len()));
        }
        if first == c && c != ' ' {
            return (at, at + c.len_utf8());
        }
        if c == ' ' || c == '\n' {
            if first == c {
                return (at, at + 1);
            }
            if first.is_whitespace() {
                let skipped = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
                return (at, at + skipped);
            }
        }
        if !first.is_whitespace() {
            return (at, at + first.len_utf8());
        }
        at += first.len_utf8();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostics;
    use crate::source::Sources;

    fn codes(text: &str) -> Vec<&'static str> {
        let mut sources = Sources::new();
        let id = sources.add("t.yaml", text);
        let mut diagnostics = Diagnostics::new();
        parse(&sources, id, &mut diagnostics);
        diagnostics.into_sorted().iter().map(|d| d.code).collect()
    }

    fn with_root<T>(text: &str, f: impl FnOnce(Node<'_>, &Sources) -> T) -> T {
        let mut sources = Sources::new();
        let id = sources.add("t.yaml", text);
        let mut diagnostics = Diagnostics::new();
        let document = parse(&sources, id, &mut diagnostics);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        f(document.root().unwrap(), &sources)
    }

    #[test]
    fn spans_are_what_was_written() {
        let text = "näme: \"a b\"\nlist: [x, 'y']   # c\nblock:\n  k: v\nempty:\nnext: 1\n";
        with_root(text, |root, sources| {
            let slice = |key: &str| sources.slice(root.get(key).unwrap().span()).to_owned();
            assert_eq!(slice("näme"), "\"a b\"");
            assert_eq!(slice("list"), "[x, 'y']");
            assert_eq!(slice("block"), "k: v");
            assert_eq!(slice("next"), "1");
            let empty = root.get("empty").unwrap();
            assert!(empty.is_null());
            assert!(text[..empty.span().range().start].ends_with("empty:"));
        });
    }

    #[test]
    fn places_inside_scalars_map_back() {
        let text = "a: \"x\\ty é\\u00e9\"\nb: >\n  one\n  two three\nc: 'it''s'\n";
        with_root(text, |root, sources| {
            let inner = |key: &str, word: &str| {
                let node = root.get(key).unwrap();
                let at = node.as_str().unwrap().find(word).unwrap();
                sources.slice(node.inner_span(at..at + word.len())).to_owned()
            };
            assert_eq!(inner("a", "y"), "y");
            assert_eq!(inner("a", "é"), "é");
            assert_eq!(inner("a", "éé"), "é\\u00e9");
            assert_eq!(inner("b", "two"), "two");
            assert_eq!(inner("b", "three"), "three");
            assert_eq!(inner("c", "s"), "s");
        });
    }

    #[test]
    fn merge_keys_yield_to_own_keys() {
        let text = "base: &b { x: 1, y: 2 }\nother: &o { y: 3, z: 4 }\nall:\n  <<: [*b, *o]\n  x: 9\n";
        with_root(text, |root, _| {
            let all = root.get("all").unwrap();
            let get = |key: &str| all.get(key).unwrap().as_str().unwrap().to_owned();
            assert_eq!((get("x"), get("y"), get("z")), ("9".into(), "2".into(), "4".into()));
        });
    }

    #[test]
    fn mistakes_and_attacks_are_named() {
        assert_eq!(codes("a: 1\nb: 2\na: 3\n"), ["duplicate-key"]);
        assert_eq!(codes("a: 1\n---\nb: 2\n"), ["several-documents"]);
        assert_eq!(codes("a: !foo 1\n"), ["tag"]);
        assert_eq!(codes("a: \u{0}\n"), ["not-text"]);
        assert_eq!(codes("a:\n\t- b\n"), ["yaml-syntax"]);
        assert_eq!(codes("a: [1, 2\n"), ["yaml-syntax"]);
        assert_eq!(codes(&"[".repeat(100_000)), ["too-deep"]);
        assert_eq!(codes(&"{a: ".repeat(100_000)), ["too-deep"]);
        assert_eq!(codes(""), Vec::<&str>::new());
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..12 {
            let alias = format!("*a{}, ", n - 1).repeat(10);
            bomb += &format!("a{n}: &a{n} [{}]\n", alias.trim_end_matches(", "));
        }
        assert_eq!(codes(&bomb), ["alias-bomb"]);
    }

    #[test]
    fn a_large_mapping_with_a_duplicate_is_quick() {
        let mut text: String = (0..100_000).map(|n| format!("k{n}: v\n")).collect();
        text += "k7: again\n";
        assert_eq!(codes(&text), ["duplicate-key"]);
    }
}
