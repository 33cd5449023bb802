//! A spec with what it includes and extends and what is laid over it, as one tree.
//!
//! From the strongest to the weakest: what is laid over the spec, its own text, the files that it includes, and the file that it
//! extends with what that one includes and extends.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{SourceId, Sources, Span};
use crate::spec::include::{Reference, Relation, references};
use crate::spec::merge::{How, Merger};
use crate::spec::read::version;
use crate::yaml::{self, Document, Handle, Node, Value};

/// Longer chains of files are refused.
const DEEPEST: usize = 16;

/// Keys that are about a file itself.
const OF_THE_FILE: [&str; 4] = ["napkin", "shared", "include", "extends"];

/// Keys that name a system, which its parts don't.
const OF_THE_SYSTEM: [&str; 2] = ["name", "description"];

/// A spec as one tree.
pub struct Assembled<'s> {
    /// The tree.
    pub document: Document<'s>,
    /// Whether that is the file's own tree, with nothing of other files in it.
    pub is_file: bool,
    /// Components that one of its files takes out, and where.
    pub removed: BTreeMap<String, Span>,
}

/// The tree of a spec. A spec that includes, extends and is overlaid by nothing is its file as it is. `None` if a file that it
/// rests on can't be had: what the rest says would be judged wrongly.
pub fn assemble<'s>(sources: &'s Sources, id: SourceId, diagnostics: &mut Diagnostics) -> Option<Assembled<'s>> {
    let document = yaml::parse(sources, id, diagnostics);
    let overlays = sources.overlays(id);
    let rests_on = |key: &str| document.root().is_some_and(|root| root.get(key).is_some());
    let is_spec = document.root().is_some_and(|root| matches!(root.value(), Value::Mapping));
    if !is_spec || overlays.is_empty() && !rests_on("include") && !rests_on("extends") {
        return Some(Assembled { document, is_file: true, removed: BTreeMap::new() });
    }
    let merger = Merger::new(overlays.last().copied().unwrap_or(id));
    let mut assembler = Assembler {
        sources,
        diagnostics,
        merger,
        roots: BTreeMap::new(),
        layers: BTreeMap::new(),
        wholes: BTreeMap::new(),
        open: Vec::new(),
        broken: false,
    };
    let root = assembler.merger.forest.add(document);
    assembler.roots.insert(id, root);
    let mut whole = assembler.file(id)?;
    for overlay in overlays {
        whole = assembler.lay(*overlay, id, whole);
    }
    assembler.merger.report_slips(sources, assembler.roots.keys().copied(), assembler.diagnostics);
    let removed = assembler.merger.removed;
    let forest = assembler.merger.forest;
    (!assembler.broken).then(|| Assembled { document: forest.finish(whole), is_file: false, removed })
}

/// The files of a spec as trees, those apart that it or what is laid over it extends: sizes written there would change other specs.
pub struct Parts<'s> {
    /// The uppermost file and what it includes, the strongest first.
    pub upper: Vec<Document<'s>>,
    /// The rest, the strongest first.
    pub lower: Vec<Document<'s>>,
}

/// The files of a spec whose references are loaded. `parsed` is one of them that need not be parsed again.
pub fn parts<'s>(sources: &'s Sources, id: SourceId, mut parsed: Option<Document<'s>>) -> Parts<'s> {
    let mut starts: Vec<SourceId> = sources.overlays(id).iter().rev().copied().chain([id]).collect();
    let (mut upper, mut lower, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    let quietly = &mut Diagnostics::new();
    while !starts.is_empty() {
        let mut open = vec![starts.remove(0)];
        let list = if seen.is_empty() { &mut upper } else { &mut lower };
        while let Some(file) = open.pop() {
            if !seen.insert(file) {
                continue;
            }
            let known = parsed.take_if(|known| known.source() == file);
            let document = known.unwrap_or_else(|| yaml::parse(sources, file, quietly));
            for reference in document.root().map(|root| references(root, quietly)).unwrap_or_default() {
                if let Some(Ok(to)) = sources.referred(file, &reference.path) {
                    if reference.relation == Relation::Include { open.push(*to) } else { starts.push(*to) }
                }
            }
            list.push(document);
        }
    }
    Parts { upper, lower }
}

struct Assembler<'s, 'd> {
    sources: &'s Sources,
    diagnostics: &'d mut Diagnostics,
    merger: Merger<'s>,
    /// The outermost node of each file that was parsed.
    roots: BTreeMap<SourceId, Option<Handle>>,
    /// Files over what they include.
    layers: BTreeMap<SourceId, Handle>,
    /// Files over what they include and extend.
    wholes: BTreeMap<SourceId, Handle>,
    /// The files that are being put together, each named by the one before it.
    open: Vec<SourceId>,
    /// Whether a file is missing.
    broken: bool,
}

impl Assembler<'_, '_> {
    fn name(&self, id: SourceId) -> &str {
        self.sources.get(id).name()
    }

    fn fail(&mut self, code: &'static str, span: Span, message: String, help: String) {
        self.broken = true;
        self.diagnostics.push(Diagnostic::error(code, span, message).help(help));
    }

    /// The outermost node of a file that another one names at a place.
    fn root(&mut self, id: SourceId, named: Span) -> Option<Handle> {
        if let Some(root) = self.roots.get(&id) {
            return *root;
        }
        let document = yaml::parse(self.sources, id, self.diagnostics);
        let (mut usable, name) = (true, self.name(id).to_owned());
        match document.root() {
            None => {
                usable = false;
                let help = "begin it with `napkin: 1`, and put in it what is to be shared";
                self.fail("empty-spec", named, format!("{name} is empty"), help.to_owned());
            }
            Some(root) if !matches!(root.value(), Value::Mapping) => {
                usable = false;
                self.broken = true;
                let message = "an included file is a mapping of keys and values like a spec";
                let help = "begin it with `napkin: 1`, and put what it holds below keys such as `profiles:`";
                let diagnostic = Diagnostic::error("not-a-spec", root.span(), message).help(help);
                self.diagnostics.push(diagnostic.also(named, "named here"));
            }
            Some(root) => version(root, self.diagnostics),
        }
        let root = self.merger.forest.add(document).filter(|_| usable);
        self.roots.insert(id, root);
        root
    }

    /// The files that a file names and that can be had.
    fn named(&mut self, id: SourceId, root: Handle, relation: Relation) -> Vec<(Span, SourceId)> {
        // Lists that are wrong are reported once, for one of both relations.
        let mut quietly = Diagnostics::new();
        let found = references(
            self.merger.forest.node(root),
            if relation == Relation::Include { &mut *self.diagnostics } else { &mut quietly },
        );
        let mut list = Vec::new();
        for Reference { path, span, .. } in found.into_iter().filter(|reference| reference.relation == relation) {
            match self.sources.referred(id, &path) {
                Some(Ok(to)) => list.push((span, *to)),
                Some(Err(problem)) => {
                    let (reason, help) = (problem.reason.clone(), problem.help.clone());
                    self.fail("unreadable-file", span, reason, help);
                }
                None => {
                    let help = "load what specs name with `spec::gather` before they are read";
                    self.fail("unreadable-file", span, format!("`{path}` was not loaded"), help.to_owned());
                }
            }
        }
        list
    }

    /// Whether a file may be put under those that are open.
    fn may_enter(&mut self, relation: Relation, span: Span, to: SourceId) -> bool {
        if let Some(from) = self.open.iter().position(|open| *open == to) {
            let circle = self.open.iter().skip(from).chain([&to]).map(|id| self.name(*id));
            let circle = circle.collect::<Vec<_>>().join(" → ");
            let message = format!("{} {} itself", self.name(to), relation.verb());
            let help = if self.open.len() - from == 1 {
                "remove this entry".to_owned()
            } else {
                format!("remove one of the entries of the circle: {circle}")
            };
            self.fail("include-cycle", span, message, help);
            return false;
        }
        if self.open.len() >= DEEPEST {
            let message = format!("files name each other more than {DEEPEST} deep here");
            self.fail("include-too-deep", span, message, format!("name {} further up", self.name(to)));
            return false;
        }
        true
    }

    /// Puts a file together that another one names.
    fn enter(&mut self, relation: Relation, span: Span, to: SourceId) -> Option<Handle> {
        if !self.may_enter(relation, span, to) {
            return None;
        }
        self.root(to, span)?;
        self.file(to)
    }

    /// A file over what it includes.
    fn layer(&mut self, id: SourceId) -> Option<Handle> {
        if let Some(done) = self.layers.get(&id) {
            return Some(*done);
        }
        let own = *self.roots.get(&id)?.as_ref()?;
        self.open.push(id);
        let mut below = Vec::new();
        for (span, to) in self.named(id, own, Relation::Include) {
            if let Some(whole) = self.enter(Relation::Include, span, to) {
                below.push(self.merger.without(whole, &[&OF_THE_FILE[..], &OF_THE_SYSTEM[..]].concat()));
            }
        }
        self.open.pop();
        let layer = match self.merger.together(&below, self.diagnostics) {
            Some(below) => self.merger.over(own, below, How::Include, self.diagnostics),
            None => own,
        };
        self.layers.insert(id, layer);
        Some(layer)
    }

    /// A file over what it includes and extends.
    fn file(&mut self, id: SourceId) -> Option<Handle> {
        if let Some(done) = self.wholes.get(&id) {
            return Some(*done);
        }
        let mut whole = self.layer(id)?;
        let own = *self.roots.get(&id)?.as_ref()?;
        self.open.push(id);
        for (span, to) in self.named(id, own, Relation::Extend) {
            if let Some(base) = self.enter(Relation::Extend, span, to) {
                let base = self.merger.without(base, &OF_THE_FILE);
                whole = self.merger.over(whole, base, How::Layer, self.diagnostics);
            }
        }
        self.open.pop();
        self.wholes.insert(id, whole);
        Some(whole)
    }

    /// Lays a file over a spec. Files that it extends come between both, down to the spec itself.
    fn lay(&mut self, overlay: SourceId, spec: SourceId, mut whole: Handle) -> Handle {
        let of_the_spec = self.wholes.keys().copied().collect::<BTreeSet<_>>();
        let mut chain = vec![overlay];
        let (mut at, mut first) = (overlay, None);
        while let Some(root) = self.root(at, Span::new(spec, 0..0)) {
            let Some((span, to)) = self.named(at, root, Relation::Extend).first().copied() else {
                if let Some((span, to)) = first {
                    let (overlay, to, spec) = (self.name(overlay), self.name(to), self.name(spec));
                    let message = format!("{overlay} extends {to}, not {spec} over which it is laid");
                    let help = format!("lay it over {to}, or remove `extends:`");
                    self.fail("overlay-mismatch", span, message, help);
                }
                break;
            };
            first = first.or(Some((span, to)));
            if of_the_spec.contains(&to) {
                break;
            }
            self.open.clone_from(&chain);
            if !self.may_enter(Relation::Extend, span, to) {
                break;
            }
            chain.push(to);
            at = to;
        }
        self.open.clear();
        for file in chain.into_iter().rev() {
            if let Some(layer) = self.layer(file) {
                let layer = self.merger.without(layer, &OF_THE_FILE);
                whole = self.merger.over(layer, whole, How::Layer, self.diagnostics);
            }
        }
        whole
    }
}

/// Whether two nodes say the same, wherever they stand.
pub(super) fn equal(a: Node<'_>, b: Node<'_>) -> bool {
    match (a.value(), b.value()) {
        (Value::Null, Value::Null) => true,
        (Value::Scalar { text: a, .. }, Value::Scalar { text: b, .. }) => a == b,
        (Value::Sequence, Value::Sequence) => {
            let (mut a, mut b) = (a.items(), b.items());
            loop {
                match (a.next(), b.next()) {
                    (None, None) => return true,
                    (Some(a), Some(b)) if equal(a, b) => {}
                    _ => return false,
                }
            }
        }
        (Value::Mapping, Value::Mapping) => {
            let (a, b) = (by_key(a), by_key(b));
            a.len() == b.len() && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| equal(*value, *other)))
        }
        _ => false,
    }
}

fn by_key(mapping: Node<'_>) -> BTreeMap<&str, Node<'_>> {
    mapping.entries().map(|(key, value)| (key.as_str().unwrap_or(""), value)).collect()
}
