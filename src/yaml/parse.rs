//! Events of the YAML library to the nodes of a document. The only file that knows that library. Everything hostile is bounded:
//! depth, aliases, duplicate keys.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use granit_parser::{Event, Options, Parser, ScalarStyle};

use super::{Document, Node, NodeData, NodeKind};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{SourceId, Sources, Span};

/// Deeper nesting is refused; a spec needs about eight levels.
const MAX_DEPTH: usize = 64;

/// How many nodes aliases may stand for, beyond ten times those that are written.
const ALIAS_ALLOWANCE: u64 = 1_000_000;

/// Mappings with more keys than this look them up in a set while being checked for duplicates.
const SMALL_MAPPING: usize = 16;

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
        builder.document.is_cut = true;
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
                        self.document.is_cut = true;
                        break;
                    }
                }
                Err(error) => {
                    let at = error.marker().byte_offset().unwrap_or(self.document.text.len());
                    self.syntax_error(&error.info(), at);
                    self.document.is_cut = true;
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
        let mut at = text.floor_char_boundary(at);
        if info.contains("found a tab") {
            at += text.get(at..).and_then(|rest| rest.find('\t')).unwrap_or(0);
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
    if indent.contains('\t') || info.contains("found a tab") {
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
