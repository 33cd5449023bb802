//! Text to a tree of nodes with positions. The only file that knows the YAML library.
//!
//! Nodes live in an arena and scalars that stand in the file as they are keep only their place, so that a large
//! file costs little more than its own size. Everything hostile is bounded: depth, aliases, duplicate keys.

mod forest;

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use granit_parser::{Event, Options, Parser, ScalarStyle};

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{SourceId, Sources, Span};

pub use forest::{Forest, Handle};

/// Deeper nesting is refused; a spec needs about eight levels.
const MAX_DEPTH: usize = 64;

/// How many nodes aliases may stand for, beyond ten times those that are written.
const ALIAS_ALLOWANCE: u64 = 1_000_000;

/// Mappings with more keys than this look them up in a set while being checked for duplicates.
const SMALL_MAPPING: usize = 16;

/// A parsed file, or several that a [`Forest`] put together.
#[derive(Debug)]
pub struct Document<'s> {
    source: SourceId,
    text: &'s str,
    nodes: Vec<NodeData>,
    children: Vec<u32>,
    owned: Vec<String>,
    root: Option<u32>,
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
        Document { source, text, nodes, children, owned, root: None, parts }
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
    pub fn entries(self) -> impl Iterator<Item = (Node<'d>, Node<'d>)> {
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

/// Parses one file. Mistakes go to `diagnostics`; what could be read is returned all the same.
pub fn parse<'s>(sources: &'s Sources, source: SourceId, diagnostics: &mut Diagnostics) -> Document<'s> {
    let text = sources.get(source).text();
    let document = Document::empty(source, text);
    let mut builder = Builder {
        document,
        stack: Vec::new(),
        anchors: BTreeMap::new(),
        weights: Vec::new(),
        diagnostics,
        documents: 0,
    };
    if let Some(at) = text.bytes().position(|byte| byte == 0) {
        let span = Span::new(source, at..at + 1);
        builder.diagnostics.push(
            Diagnostic::error("not-text", span, "this file contains a NUL byte, so it is not text")
                .help("save it as UTF-8"),
        );
        return builder.document;
    }
    builder.run();
    builder.document
}

struct Builder<'s, 'd> {
    document: Document<'s>,
    stack: Vec<Frame>,
    anchors: BTreeMap<usize, u32>,
    weights: Vec<u64>,
    diagnostics: &'d mut Diagnostics,
    documents: usize,
}

struct Frame {
    mapping: bool,
    flow: bool,
    start: usize,
    anchor: usize,
    items: Vec<u32>,
}

impl Builder<'_, '_> {
    fn run(&mut self) {
        let mut options = Options::default();
        options.flow_nesting_limit = MAX_DEPTH;
        options.block_nesting_limit = MAX_DEPTH;
        let mut parser = Parser::new_from_str_with_options(self.document.text, options).keep_tags(true);
        while let Some(next) = parser.next_event() {
            match next {
                Ok((event, span)) => {
                    let bytes = span.byte_range().unwrap_or(0..0);
                    if !self.event(&event, bytes) {
                        break;
                    }
                }
                Err(error) => {
                    let at = error.marker().byte_offset().unwrap_or(self.document.text.len());
                    self.syntax_error(&error.info(), at);
                    break;
                }
            }
        }
        // After a mistake, what was read of the open collections is still worth checking.
        while let Some(frame) = self.stack.pop() {
            let end = self.document.text.len();
            self.close(frame, end);
        }
    }

    /// Takes one event; false stops the parse.
    fn event(&mut self, event: &Event<'_>, bytes: Range<usize>) -> bool {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.error(
                        "several-documents",
                        bytes,
                        "a second document begins here; napkin reads one per file",
                        "put it into a file of its own",
                    );
                    return false;
                }
            }
            Event::Alias(id) => return self.alias(*id, bytes),
            Event::UnresolvedAlias(..) => self.error(
                "unknown-alias",
                bytes,
                "there is no anchor of this name before this place",
                "define it with `&name`, or put the text in quotes",
            ),
            Event::Scalar(..) => {
                self.tag(event, &bytes);
                let (text, style) = event.scalar().unwrap_or(("", ScalarStyle::Plain));
                let tagged = event.tag().is_some();
                let node = self.scalar(text, style, bytes, tagged);
                self.anchor(event.anchor_id(), node);
                self.add(node);
            }
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                self.tag(event, &bytes);
                if self.stack.len() >= MAX_DEPTH {
                    self.error(
                        "too-deep",
                        bytes.start..bytes.start + 1,
                        "this is nested more than 64 levels deep",
                        "flatten it",
                    );
                    return false;
                }
                let mapping = matches!(event, Event::MappingStart(..));
                let open = if mapping { b'{' } else { b'[' };
                let flow = self.document.text.as_bytes().get(bytes.start) == Some(&open);
                self.stack.push(Frame {
                    mapping,
                    flow,
                    start: bytes.start,
                    anchor: event.anchor_id().unwrap_or(0),
                    items: Vec::new(),
                });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(frame) = self.stack.pop() {
                    self.close(frame, bytes.end);
                }
            }
            _ => {}
        }
        true
    }

    fn error(&mut self, code: &'static str, bytes: Range<usize>, message: &str, help: &str) {
        let span = Span::new(self.document.source, bytes);
        self.diagnostics.push(Diagnostic::error(code, span, message).help(help));
    }

    fn tag(&mut self, event: &Event<'_>, bytes: &Range<usize>) {
        if event.tag().is_some_and(|tag| !tag.is_yaml_core_schema()) {
            self.error("tag", bytes.clone(), "napkin doesn't use YAML tags", "remove the word that begins with `!`");
        }
    }

    fn push(&mut self, kind: NodeKind, bytes: Range<usize>, weight: u64) -> u32 {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let index = offset(self.document.nodes.len());
        self.document.nodes.push(NodeData { start: offset(bytes.start), end: offset(bytes.end), kind });
        self.weights.push(weight);
        index
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, mut bytes: Range<usize>, tagged: bool) -> u32 {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let plain = matches!(style, ScalarStyle::Plain) && !tagged;
        let raw = self.document.text.get(bytes.clone()).unwrap_or("");
        if plain && (raw.is_empty() || matches!(raw, "~" | "null" | "Null" | "NULL")) {
            if raw.is_empty() {
                let at = self.after_key(bytes.start);
                bytes = at..at;
            }
            return self.push(NodeKind::Null, bytes, 1);
        }
        bytes.end = bytes.start + raw.trim_end().len();
        let raw = raw.trim_end();
        let quoted = raw.len() >= 2 && matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
        let kind = if raw == text {
            NodeKind::Verbatim { from: offset(bytes.start), to: offset(bytes.end), plain }
        } else if quoted && raw.get(1..raw.len() - 1) == Some(text) {
            NodeKind::Verbatim { from: offset(bytes.start + 1), to: offset(bytes.end - 1), plain: false }
        } else {
            self.document.owned.push(text.to_owned());
            NodeKind::Owned { index: offset(self.document.owned.len() - 1), plain }
        };
        self.push(kind, bytes, 1)
    }

    /// Right behind the colon of the key that has no value, or where the parser stands otherwise.
    fn after_key(&self, at: usize) -> usize {
        let key = self
            .stack
            .last()
            .filter(|frame| frame.mapping && frame.items.len() % 2 == 1)
            .and_then(|frame| frame.items.last());
        let Some(end) = key.and_then(|&index| self.document.nodes.get(index as usize)).map(|node| node.end as usize)
        else {
            return at;
        };
        self.document.text.get(end..).and_then(|rest| rest.find(':')).map_or(at, |colon| end + colon + 1)
    }

    fn anchor(&mut self, id: Option<usize>, node: u32) {
        if let Some(id) = id.filter(|&id| id > 0) {
            self.anchors.insert(id, node);
        }
    }

    fn add(&mut self, node: u32) {
        match self.stack.last_mut() {
            Some(frame) => frame.items.push(node),
            None => self.document.root = self.document.root.or(Some(node)),
        }
    }

    fn weight(&self, node: u32) -> u64 {
        self.weights.get(node as usize).copied().unwrap_or(1)
    }

    fn alias(&mut self, id: usize, bytes: Range<usize>) -> bool {
        let Some(&target) = self.anchors.get(&id) else {
            self.error(
                "unknown-alias",
                bytes.clone(),
                "this alias points to something that isn't finished or doesn't exist",
                "define the anchor before this place",
            );
            let null = self.push(NodeKind::Null, bytes, 1);
            self.add(null);
            return true;
        };
        // The alias gets a node of its own, so that its place is where it was written.
        let kind = self.document.nodes.get(target as usize).map_or(NodeKind::Null, |node| node.kind);
        let weight = self.weight(target);
        let open: u64 = self
            .stack
            .iter()
            .flat_map(|frame| &frame.items)
            .map(|&item| self.weight(item))
            .fold(0, u64::saturating_add);
        if weight.saturating_add(open) > ALIAS_ALLOWANCE.saturating_add(10 * self.document.nodes.len() as u64) {
            self.error(
                "alias-bomb",
                bytes,
                "aliases make this document unreasonably large",
                "write the parts out, or use fewer aliases of aliases",
            );
            return false;
        }
        let (kind, bytes) = match kind {
            NodeKind::Sequence { .. } | NodeKind::Mapping { .. } => {
                self.add(target);
                return true;
            }
            scalar => (scalar, bytes),
        };
        let node = self.push(kind, bytes, weight);
        self.add(node);
        true
    }

    fn close(&mut self, mut frame: Frame, closing: usize) {
        if frame.mapping && frame.items.len() % 2 == 1 {
            frame.items.pop();
        }
        let node_at =
            |document: &Document<'_>, index: Option<&u32>| index.and_then(|&i| document.nodes.get(i as usize)).copied();
        let last = node_at(&self.document, frame.items.last()).map_or(frame.start, |node| node.end as usize);
        let first = node_at(&self.document, frame.items.first()).map_or(frame.start, |node| node.start as usize);
        let bytes = if frame.flow {
            frame.start..closing.max(last)
        } else {
            first.min(frame.start.max(first))..last.max(first)
        };
        if frame.mapping {
            frame.items = self.pairs(std::mem::take(&mut frame.items));
        }
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let (at, length) = (offset(self.document.children.len()), offset(frame.items.len()));
        let weight = frame.items.iter().map(|&item| self.weight(item)).fold(1, u64::saturating_add);
        self.document.children.append(&mut frame.items);
        let kind = if frame.mapping {
            NodeKind::Mapping { first: at, count: length / 2 }
        } else {
            NodeKind::Sequence { first: at, count: length }
        };
        let node = self.push(kind, bytes, weight);
        self.anchor(Some(frame.anchor), node);
        self.add(node);
    }

    /// Checks the keys of a mapping, drops duplicates and applies merge keys.
    fn pairs(&mut self, items: Vec<u32>) -> Vec<u32> {
        let mut kept = Vec::with_capacity(items.len());
        let mut merges = Vec::new();
        let mut seen: HashSet<String> = HashSet::new();
        let large = items.len() > 2 * SMALL_MAPPING;
        for pair in items.chunks_exact(2) {
            let &[key, value] = pair else { continue };
            let Some(name) = self.text_of(key) else {
                let span = self.bytes_of(key);
                self.error("key", span, "a key must be a word", "write `name: value`; put odd names in quotes");
                continue;
            };
            if name == "<<" {
                merges.push(value);
                continue;
            }
            let double = if large { !seen.insert(name.clone()) } else { self.position(&kept, &name).is_some() };
            if double {
                self.duplicate(key, &name, &kept);
            } else {
                kept.extend([key, value]);
            }
        }
        for merge in merges {
            self.merge(merge, &mut kept);
        }
        kept
    }

    fn duplicate(&mut self, key: u32, name: &str, kept: &[u32]) {
        let first = self.position(kept, name).map(|key| self.bytes_of(key));
        let source = self.document.source;
        let mut diagnostic = Diagnostic::error(
            "duplicate-key",
            Span::new(source, self.bytes_of(key)),
            format!("`{name}` stands here twice"),
        )
        .labelled("again")
        .help("keep one of them, or give one another name");
        if let Some(first) = first {
            diagnostic = diagnostic.also(Span::new(source, first), "first here");
        }
        self.diagnostics.push(diagnostic);
    }

    fn merge(&mut self, from: u32, kept: &mut Vec<u32>) {
        let kind = self.document.nodes.get(from as usize).map(|node| node.kind);
        let range = |first: u32, length: u32| first as usize..(first + length) as usize;
        match kind {
            Some(NodeKind::Mapping { first, count }) => {
                let pairs: Vec<u32> = self.document.children.get(range(first, 2 * count)).unwrap_or(&[]).to_vec();
                let mut have: HashSet<String> =
                    kept.chunks_exact(2).filter_map(|pair| self.text_of(*pair.first()?)).collect();
                for pair in pairs.chunks_exact(2) {
                    if let Some(name) = pair.first().and_then(|&key| self.text_of(key))
                        && have.insert(name)
                    {
                        kept.extend(pair);
                    }
                }
            }
            Some(NodeKind::Sequence { first, count }) => {
                let members: Vec<u32> = self.document.children.get(range(first, count)).unwrap_or(&[]).to_vec();
                for member in members {
                    if matches!(
                        self.document.nodes.get(member as usize).map(|node| node.kind),
                        Some(NodeKind::Sequence { .. })
                    ) {
                        let bytes = self.bytes_of(member);
                        self.error(
                            "merge",
                            bytes,
                            "`<<` takes mappings, not lists of lists",
                            "list the mappings directly",
                        );
                    } else {
                        self.merge(member, kept);
                    }
                }
            }
            _ => {
                let bytes = self.bytes_of(from);
                self.error("merge", bytes, "`<<` merges mappings; this is none", "point it at a mapping: `<<: *name`");
            }
        }
    }

    fn position(&self, pairs: &[u32], name: &str) -> Option<u32> {
        pairs.iter().step_by(2).copied().find(|&key| self.text_of(key).as_deref() == Some(name))
    }

    fn text_of(&self, index: u32) -> Option<String> {
        Node { document: &self.document, index }.as_str().map(str::to_owned)
    }

    fn bytes_of(&self, index: u32) -> Range<usize> {
        self.document.nodes.get(index as usize).map_or(0..0, |node| node.start as usize..node.end as usize)
    }

    fn syntax_error(&mut self, info: &str, at: usize) {
        let text = self.document.text;
        let mut at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let line_start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |n| n + 1);
        let line = text.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or("");
        let end = text
            .get(at..)
            .and_then(|rest| rest.chars().next())
            .map_or(at, |c| if c == '\n' { at } else { at + c.len_utf8() });
        let help = syntax_help(line, info);
        let message = format!("this is not valid YAML: {}", info.trim_end_matches('.'));
        if info.contains("nesting") || info.contains("recursion") {
            self.error("too-deep", at..end, "this is nested more than 64 levels deep", "flatten it");
            return;
        }
        self.error("yaml-syntax", at..end, &message, help);
    }
}

/// The likeliest reason for a syntax error, from the line at which the parser gave up.
fn syntax_help(line: &str, info: &str) -> &'static str {
    let trimmed = line.trim_start();
    let indent = line.get(..line.len() - trimmed.len()).unwrap_or("");
    if indent.contains('\t') {
        return "indent with spaces; YAML allows no tabs there";
    }
    if trimmed.starts_with(['@', '`', '%'])
        || trimmed.contains(": @")
        || trimmed.contains(": `")
        || trimmed.contains(": %")
    {
        return "put a value that begins with `@`, `%` or a backtick into quotes";
    }
    if trimmed.contains("*") && info.contains("anchor") {
        return "an unquoted `*` begins an alias; put the text in quotes";
    }
    if trimmed.matches(": ").count() > 1 && !trimmed.starts_with(['{', '-']) {
        return "put a value that contains `: ` into quotes";
    }
    if trimmed.matches('"').count() % 2 == 1 || info.contains("quoted") {
        return "a quote is not closed";
    }
    if trimmed.contains('{') || trimmed.contains('[') || info.contains("flow") {
        return "a bracket is not closed, or a comma is missing between its members";
    }
    if !trimmed.contains(':') {
        return "a key needs a colon and a space after it: `name: value`";
    }
    "check the indentation of this line and the one before it: siblings start in the same column"
}

#[cfg(test)]
mod tests {
    use super::*;

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
