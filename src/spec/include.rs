//! `include:` and `extends:`: which files a spec rests on, and loading them. Whoever calls brings the means to read files.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{MAX_BYTES, SourceId, Sources, Span, Unreadable};
use crate::yaml::{self, Node, Value};

/// Files that one spec may rest on.
const MOST_FILES: usize = 1000;

/// What another file is to the one that names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// `include:`
    Include,
    /// `extends:`
    Extend,
}

impl Relation {
    /// What the naming file does.
    pub fn verb(self) -> &'static str {
        match self {
            Relation::Include => "includes",
            Relation::Extend => "extends",
        }
    }
}

/// A file that another one names.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    /// What it is for.
    pub relation: Relation,
    /// The path as written.
    pub path: String,
    /// Where it is written.
    pub span: Span,
}

/// Reads files: adds the file that a path in another file stands for to the sources, unless it is there already, and
/// says which it is. One file has one identity, however its path is spelled.
pub type Load<'l> = dyn FnMut(&mut Sources, SourceId, &str) -> Result<SourceId, Unreadable> + 'l;

/// Whether a file names others; a mention in a comment counts too, for it costs nothing but a look.
fn mentions_others(sources: &Sources, id: SourceId) -> bool {
    let text = sources.get(id).text();
    text.contains("include") || text.contains("extends")
}

/// The files that a spec names, in order. What is wrong with the lists themselves is reported.
pub(super) fn references(root: Node<'_>, diagnostics: &mut Diagnostics) -> Vec<Reference> {
    let mut list = Vec::new();
    let mut add = |relation: Relation, node: Node<'_>, help: &str, diagnostics: &mut Diagnostics| match node
        .as_str()
        .map(str::trim)
        .filter(|path| !path.is_empty())
    {
        Some(path) => list.push(Reference { relation, path: path.to_owned(), span: node.span() }),
        None => diagnostics
            .push(Diagnostic::error("type-mismatch", node.span(), "the path of a file is needed here").help(help)),
    };
    let list_help = "write `include: [shared/profiles.yaml, ../zones.yaml]`";
    match root.get("include") {
        Some(node) if matches!(node.value(), Value::Sequence) => {
            node.items().for_each(|item| add(Relation::Include, item, list_help, diagnostics));
        }
        Some(node) => add(Relation::Include, node, list_help, diagnostics),
        None => {}
    }
    if let Some(node) = root.get("extends") {
        let help = "a spec extends one file: `extends: base.yaml`; more go under `include:`";
        add(Relation::Extend, node, help, diagnostics);
    }
    list
}

/// The references of a file, without complaints.
fn named(sources: &Sources, id: SourceId) -> Vec<Reference> {
    let quietly = &mut Diagnostics::new();
    let document = yaml::parse(sources, id, quietly);
    document.root().map(|root| references(root, quietly)).unwrap_or_default()
}

/// Loads all files that a spec and what is laid over it include and extend, and those that they do. What can't be had is noted
/// in the sources, and reported where it is named once the spec is read.
pub fn gather(sources: &mut Sources, id: SourceId, load: &mut Load<'_>) {
    let mut open: Vec<SourceId> = sources.overlays(id).iter().copied().chain([id]).collect();
    let mut seen: BTreeSet<SourceId> = open.iter().copied().collect();
    let mut bytes = 0;
    while let Some(file) = open.pop() {
        if !mentions_others(sources, file) {
            continue;
        }
        for reference in named(sources, file) {
            let to = match sources.referred(file, &reference.path) {
                Some(known) => known.clone(),
                None if seen.len() >= MOST_FILES || bytes > MAX_BYTES => Err(Unreadable {
                    reason: match bytes > MAX_BYTES {
                        true => format!("the files of this spec are larger than {} MiB", MAX_BYTES >> 20),
                        false => format!("this spec rests on more than {MOST_FILES} files"),
                    },
                    help: "include fewer files, or put small ones together".to_owned(),
                }),
                None => load(sources, file, &reference.path),
            };
            if let Ok(to) = &to
                && seen.insert(*to)
            {
                bytes += sources.get(*to).text().len();
                open.push(*to);
            }
            sources.refer(file, reference.path, to);
        }
    }
}

/// The files that others of the run include: parts of specs, which are no systems of their own. Of files that include each other
/// none is a part, so that the circle is told.
pub fn included(sources: &Sources) -> BTreeSet<SourceId> {
    let mut parts: BTreeMap<SourceId, BTreeSet<SourceId>> = BTreeMap::new();
    for id in sources.ids().filter(|id| mentions_others(sources, *id)) {
        for reference in named(sources, id).into_iter().filter(|reference| reference.relation == Relation::Include) {
            let to = sources.referred(id, &reference.path).and_then(|to| to.as_ref().ok());
            parts.entry(id).or_default().extend(to);
        }
    }
    let leads = |from: SourceId, to: SourceId| {
        let (mut open, mut seen) = (vec![from], BTreeSet::new());
        while let Some(at) = open.pop() {
            if at == to {
                return true;
            }
            if seen.insert(at) {
                open.extend(parts.get(&at).into_iter().flatten());
            }
        }
        false
    };
    let own = parts.iter().flat_map(|(of, all)| all.iter().map(move |part| (*of, *part)));
    own.filter(|(of, part)| !leads(*part, *of)).map(|(_, part)| part).collect()
}

/// Whether a file says `shared: true`: it is there for others to include or extend and no system of its own.
pub fn is_shared(sources: &Sources, id: SourceId) -> bool {
    sources.get(id).text().contains("shared")
        && yaml::parse(sources, id, &mut Diagnostics::new())
            .root()
            .and_then(|root| root.get("shared"))
            .and_then(Node::as_bool)
            == Some(true)
}
