//! Several parsed files as one tree. Nothing is copied but the collections that more than one file has a part in;
//! every node keeps the place at which it was written.

use std::ops::Range;

use super::{Document, Node, NodeData, NodeKind};
use crate::source::{SourceId, Span};

/// Documents that are being put together.
pub struct Forest<'s> {
    whole: Document<'s>,
}

/// A node of one of the documents, or a collection that was put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Handle {
    /// The document among the parts; `None` for what was put together.
    part: Option<u32>,
    node: u32,
}

fn index(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl<'s> Forest<'s> {
    /// No documents yet; `source` is the file that has the last word.
    pub fn new(source: SourceId) -> Self {
        Forest { whole: Document::empty(source, "") }
    }

    /// Adds a parsed document; its outermost node, unless it is empty.
    pub fn add(&mut self, document: Document<'s>) -> Option<Handle> {
        let root = document.root;
        let part = index(self.whole.parts.len());
        self.whole.parts.push(document);
        root.map(|node| Handle { part: Some(part), node })
    }

    /// The node, to look at.
    pub fn node(&self, handle: Handle) -> Node<'_> {
        let document = handle.part.and_then(|part| self.whole.parts.get(part as usize)).unwrap_or(&self.whole);
        Node::of(document, handle.node)
    }

    /// The keys and values of a mapping.
    pub fn entries(&self, handle: Handle) -> Vec<(Handle, Handle)> {
        let pairs = self.children(handle, true);
        let pair = |pair: &[Handle]| match pair {
            &[key, value] => Some((key, value)),
            _ => None,
        };
        pairs.chunks_exact(2).filter_map(pair).collect()
    }

    /// The members of a list.
    pub fn items(&self, handle: Handle) -> Vec<Handle> {
        self.children(handle, false)
    }

    fn children(&self, handle: Handle, of_mapping: bool) -> Vec<Handle> {
        let Handle { part, node } = handle;
        let document = part.and_then(|part| self.whole.parts.get(part as usize)).unwrap_or(&self.whole);
        let range = match document.nodes.get(node as usize).map(|node| node.kind) {
            Some(NodeKind::Mapping { first, count }) if of_mapping => first as usize..(first + 2 * count) as usize,
            Some(NodeKind::Sequence { first, count }) if !of_mapping => first as usize..(first + count) as usize,
            _ => 0..0,
        };
        let followed = |node: &u32| match document.linked(*node) {
            Some(NodeKind::Link { part, node }) => Handle { part: Some(part), node },
            _ => Handle { part, node: *node },
        };
        document.children.get(range).unwrap_or(&[]).iter().map(followed).collect()
    }

    /// A mapping of entries of any documents, at the place of another node.
    pub fn mapping(&mut self, place: Handle, entries: &[(Handle, Handle)]) -> Handle {
        let flat: Vec<Handle> = entries.iter().flat_map(|(key, value)| [*key, *value]).collect();
        let (first, count) = (self.adopt(&flat), index(entries.len()));
        self.collection(place, NodeKind::Mapping { first, count })
    }

    /// A list of members of any documents, at the place of another node.
    pub fn sequence(&mut self, place: Handle, items: &[Handle]) -> Handle {
        let (first, count) = (self.adopt(items), index(items.len()));
        self.collection(place, NodeKind::Sequence { first, count })
    }

    /// Makes nodes children of a collection to come; the index of the first.
    fn adopt(&mut self, nodes: &[Handle]) -> u32 {
        let links: Vec<u32> = nodes.iter().map(|node| self.own(*node)).collect();
        let first = index(self.whole.children.len());
        self.whole.children.extend(links);
        first
    }

    /// The index of a node among those of the whole: its own, or that of a link to it.
    fn own(&mut self, handle: Handle) -> u32 {
        match handle.part {
            None => handle.node,
            Some(part) => self.push(NodeKind::Link { part, node: handle.node }, 0),
        }
    }

    fn push(&mut self, kind: NodeKind, start: u32) -> u32 {
        let at = index(self.whole.nodes.len());
        self.whole.nodes.push(NodeData { start, end: start, kind });
        at
    }

    fn collection(&mut self, place: Handle, kind: NodeKind) -> Handle {
        let start = match place.part {
            // What was put together before has the place of a link already.
            None => self.whole.nodes.get(place.node as usize).map_or(0, |node| node.start),
            Some(_) => self.own(place),
        };
        Handle { part: None, node: self.push(kind, start) }
    }

    /// A word that stands for itself at the place of a part of another node's text, or of all of that node.
    pub fn word(&mut self, of: Handle, range: Option<Range<usize>>, text: &str) -> Option<Handle> {
        let part = self.whole.parts.get(of.part? as usize)?;
        let node = Node::of(part, of.node);
        let place: Span = range.map_or(node.span(), |range| node.inner_span(range));
        let mut document = Document::empty(part.source, part.text);
        document.owned.push(text.to_owned());
        let kind = NodeKind::Owned { index: 0, plain: true };
        document.nodes.push(NodeData { start: place.start, end: place.end, kind });
        document.root = Some(0);
        self.add(document)
    }

    /// The documents as one, with its outermost node.
    pub fn finish(mut self, root: Handle) -> Document<'s> {
        self.whole.root = Some(self.own(root));
        self.whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostics;
    use crate::source::Sources;
    use crate::yaml::parse;

    #[test]
    fn nodes_of_several_files_keep_their_places() {
        let mut sources = Sources::new();
        let a = sources.add("a.yaml", "x: 1\nlist: [p, 'q']\n");
        let b = sources.add("b.yaml", "# b\ny: \"two\"\nz: postgresql x3\n");
        let mut forest = Forest::new(a);
        let mut roots = [a, b].map(|id| forest.add(parse(&sources, id, &mut Diagnostics::new())).unwrap());
        roots.reverse();
        let [from_b, from_a] = roots;
        let list = forest.entries(from_a)[1];
        let (z_key, z) = forest.entries(from_b)[1];
        let what = forest.word(z, Some(0..10), "postgresql").unwrap();
        let key = forest.word(z, None, "uses").unwrap();
        let long = forest.mapping(z, &[(key, what)]);
        let entries = [forest.entries(from_b)[0], (z_key, long), list];
        let inner = forest.mapping(from_b, &entries);
        let again = forest.mapping(inner, &forest.entries(inner));
        let whole = forest.finish(again);
        let root = whole.root().unwrap();
        let place = |node: Node<'_>| (sources.get(node.span().source).name(), sources.slice(node.span()));
        assert_eq!(place(root.get("y").unwrap()), ("b.yaml", "\"two\""));
        assert_eq!(place(root.get("list").unwrap().items().nth(1).unwrap()), ("a.yaml", "'q'"));
        assert_eq!(place(root.get("z").unwrap()), ("b.yaml", "postgresql x3"));
        let uses = root.get("z").unwrap().get("uses").unwrap();
        assert_eq!((uses.as_str(), place(uses)), (Some("postgresql"), ("b.yaml", "postgresql")));
        assert!(place(root).1.starts_with("y: "));
        assert_eq!(whole.source(), a);
    }
}
