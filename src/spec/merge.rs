//! How one file's values go over another's: mappings merge by key, everything else replaces, `null` removes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::diagnostic::{Diagnostic, Diagnostics, slip};
use crate::source::{SourceId, Sources, Span};
use crate::spec::assemble::equal;
use crate::vocabulary::{AttributeId, GROUPS, Kind, Target};
use crate::yaml::{Forest, Handle, Node, Value};

/// Sections that are lists: what all files say counts.
const LISTS: [&str; 3] = ["allow", "links", "nouns"];

/// Sections that hold named things.
const NAMED: [&str; 6] = ["assume", "regions", "profiles", "components", "flows", "data"];

/// New names that are looked at for slips, so that a file full of them stays quick.
const LOOKED_AT: usize = 200;

/// What a file is to the one below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// It includes it.
    Include,
    /// It extends it or is laid over it: what it removes has to be there.
    Layer,
}

/// A name that a file adds to those below it, and one of them that looks alike.
struct Added {
    section: String,
    name: String,
    key: Span,
    near: (String, Span),
    /// For flows and data: whether it says what makes it one.
    complete: bool,
}

/// Nodes of several files that are being merged.
pub(super) struct Merger<'s> {
    pub forest: Forest<'s>,
    added: Vec<Added>,
    /// How many new names were compared with those that are there.
    looked_at: usize,
    /// Components that a file takes out, and where.
    pub removed: BTreeMap<String, Span>,
}

/// Where in a spec two mappings are merged.
#[derive(Clone, Debug, Default)]
struct At {
    /// 0 for the outermost mapping, 1 within a section, 2 within a named thing …
    depth: usize,
    section: String,
    /// The dotted key of the attribute whose group this is; empty outside attributes.
    dotted: String,
}

impl At {
    fn inner(&self, name: &str) -> At {
        let At { depth, section, dotted } = self;
        let of_attribute = *depth >= if section == "requires" { 1 } else { 2 };
        At {
            depth: depth + 1,
            section: if *depth == 0 { name } else { section }.to_owned(),
            dotted: match (of_attribute, dotted.is_empty()) {
                (false, _) => String::new(),
                (true, true) => name.to_owned(),
                (true, false) => format!("{dotted}.{name}"),
            },
        }
    }

    fn target(&self) -> Option<Target> {
        match self.section.as_str() {
            "components" => Some(Target::Component),
            "flows" => Some(Target::Flow),
            "data" => Some(Target::Data),
            "requires" => Some(Target::System),
            _ => None,
        }
    }
}

/// A key and its value.
type Entry = (Handle, Handle);

impl<'s> Merger<'s> {
    /// Nothing yet; `source` is the file that has the last word.
    pub fn new(source: SourceId) -> Self {
        Merger { forest: Forest::new(source), added: Vec::new(), looked_at: 0, removed: BTreeMap::new() }
    }

    fn text(&self, handle: Handle) -> String {
        self.forest.node(handle).as_str().unwrap_or("").to_owned()
    }

    fn is_mapping(&self, handle: Handle) -> bool {
        matches!(self.forest.node(handle).value(), Value::Mapping)
    }

    /// A mapping without some of its keys.
    pub fn without(&mut self, mapping: Handle, keys: &[&str]) -> Handle {
        let mut entries = self.forest.entries(mapping);
        entries.retain(|(key, _)| self.forest.node(*key).as_str().is_none_or(|key| !keys.contains(&key)));
        self.forest.mapping(mapping, &entries)
    }

    /// One file over another.
    pub fn over(&mut self, upper: Handle, lower: Handle, how: How, diagnostics: &mut Diagnostics) -> Handle {
        self.merge(upper, lower, how, &At::default(), diagnostics)
    }

    fn merge(&mut self, upper: Handle, lower: Handle, how: How, at: &At, diagnostics: &mut Diagnostics) -> Handle {
        let mut entries = Vec::new();
        for pair in self.pairs(upper, lower, how) {
            match pair {
                (Some(lower), Some(upper)) => entries.extend(self.both(lower, upper, how, at, diagnostics)),
                (None, Some(added)) => {
                    if how == How::Include || self.may_add(added, lower, at, diagnostics) {
                        entries.push(added);
                    }
                }
                (kept, None) => entries.extend(kept),
            }
        }
        self.forest.mapping(upper, &entries)
    }

    /// The entries of two mappings side by side, lower and upper. A layer keeps the order of what is below it; what a file
    /// includes comes after its own.
    fn pairs(&self, upper: Handle, lower: Handle, how: How) -> Vec<(Option<Entry>, Option<Entry>)> {
        let key = |entry: &Entry| self.forest.node(entry.0).as_str().unwrap_or("");
        let (uppers, lowers) = (self.forest.entries(upper), self.forest.entries(lower));
        let (first, second) = if how == How::Layer { (lowers, uppers) } else { (uppers, lowers) };
        let mut by_name: HashMap<&str, Entry> = second.iter().map(|entry| (key(entry), *entry)).collect();
        let mut pairs: Vec<(Option<Entry>, Option<Entry>)> =
            first.iter().map(|entry| (Some(*entry), by_name.remove(key(entry)))).collect();
        pairs.extend(second.iter().filter(|entry| by_name.contains_key(key(entry))).map(|entry| (None, Some(*entry))));
        if how == How::Include {
            pairs.iter_mut().for_each(|(first, second)| std::mem::swap(first, second));
        }
        pairs
    }

    /// What two entries of one key come to; nothing if the upper one removes the lower.
    fn both(&mut self, lower: Entry, upper: Entry, how: How, at: &At, diagnostics: &mut Diagnostics) -> Option<Entry> {
        let (below, above) = (self.forest.node(lower.1), self.forest.node(upper.1));
        if lower.1 == upper.1 || below.is_null() && !above.is_null() {
            return Some(upper);
        }
        if above.is_null() {
            if removes(above) {
                if at.depth == 1 && at.section == "components" {
                    let key = self.forest.node(upper.0);
                    self.removed.insert(key.as_str().unwrap_or("").to_owned(), key.span());
                }
                return None;
            }
            // An empty section, say with all its lines commented out, says nothing.
            if at.depth > 0 {
                let key = self.forest.node(upper.0);
                let message = format!("`{}` has no value", key.as_str().unwrap_or(""));
                diagnostics.push(
                    Diagnostic::error("missing-value", key.span(), message)
                        .also(self.forest.node(lower.0).span(), "it has one here")
                        .help("write a value that replaces it, `null` to remove it, or take the line out"),
                );
            }
            return Some(lower);
        }
        let name = self.text(upper.0);
        if at.depth == 0 && LISTS.contains(&name.as_str()) {
            return Some((upper.0, self.joined(upper.1, &[upper.1, lower.1])));
        }
        if self.is_mapping(upper.1) {
            let inner = at.inner(&name);
            let long = if self.is_mapping(lower.1) { Some(lower.1) } else { self.long_form(lower.1, &inner) };
            if let Some(long) = long {
                return Some((lower.0, self.merge(upper.1, long, how, &inner, diagnostics)));
            }
        }
        Some(upper)
    }

    /// Whether an entry that only the upper file has belongs into the spec. Names that look like slips are kept in mind.
    fn may_add(&mut self, added: Entry, lower: Handle, at: &At, diagnostics: &mut Diagnostics) -> bool {
        let (key, value) = (self.forest.node(added.0), self.forest.node(added.1));
        let name = key.as_str().unwrap_or("");
        let others = self.forest.node(lower);
        let (removed, named) = (removes(value), at.depth == 1 && NAMED.contains(&at.section.as_str()));
        let compared = (removed || named) && self.looked_at < LOOKED_AT;
        self.looked_at += usize::from(compared);
        let alike = || {
            if !compared {
                return None;
            }
            let near = slip(name, others.entries().filter_map(|(key, _)| key.as_str()))?;
            let (key, _) = others.entries().find(|(key, _)| key.as_str() == Some(near))?;
            Some((near.to_owned(), key.span()))
        };
        if removed {
            let message = format!("there is no `{name}` that could be removed");
            let help = match alike() {
                Some((near, _)) => format!("did you mean `{near}`?"),
                None => "remove this line, or write a value".to_owned(),
            };
            diagnostics.push(Diagnostic::error("nothing-to-remove", key.span(), message).help(help));
            return false;
        }
        if named {
            let complete = match at.section.as_str() {
                "flows" => value.get("steps").is_some(),
                "data" => value.get("in").is_some(),
                _ => false,
            };
            if let Some(near) = alike() {
                let (section, name, key) = (at.section.clone(), name.to_owned(), key.span());
                self.added.push(Added { section, name, key, near, complete });
            }
        }
        true
    }

    /// Files that stand beside each other, as one: names that two of them describe differently are mistakes.
    pub fn together(&mut self, files: &[Handle], diagnostics: &mut Diagnostics) -> Option<Handle> {
        let (first, rest) = files.split_first()?;
        if rest.is_empty() {
            return Some(*first);
        }
        let mut sections: Vec<(String, Vec<Entry>)> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        for entry in files.iter().flat_map(|file| self.forest.entries(*file)) {
            let name = self.text(entry.0);
            let at = *known.entry(name.clone()).or_insert(sections.len());
            match sections.get_mut(at) {
                Some((_, list)) => list.push(entry),
                None => sections.push((name, vec![entry])),
            }
        }
        let mut entries = Vec::new();
        for (name, list) in sections {
            let said: Vec<Entry> =
                list.iter().filter(|(_, value)| !self.forest.node(*value).is_null()).copied().collect();
            let Some(first) = said.first().or(list.first()).copied() else { continue };
            let values: Vec<Handle> = said.iter().map(|(_, value)| *value).collect();
            entries.push(if said.len() < 2 {
                first
            } else if LISTS.contains(&name.as_str()) {
                (first.0, self.joined(first.1, &values))
            } else if values.iter().all(|value| self.is_mapping(*value)) {
                let all: Vec<Entry> = values.iter().flat_map(|value| self.forest.entries(*value)).collect();
                let kept = self.distinct(&all, diagnostics);
                (first.0, self.forest.mapping(first.1, &kept))
            } else {
                self.distinct(&said, diagnostics);
                first
            });
        }
        Some(self.forest.mapping(*first, &entries))
    }

    /// The first of each name. Others of that name have to say the same.
    fn distinct(&self, entries: &[Entry], diagnostics: &mut Diagnostics) -> Vec<Entry> {
        let (mut kept, mut known): (Vec<Entry>, HashMap<&str, Entry>) = (Vec::new(), HashMap::new());
        for entry in entries {
            let key = self.forest.node(entry.0);
            let name = key.as_str().unwrap_or("");
            let Some(first) = known.get(name) else {
                known.insert(name, *entry);
                kept.push(*entry);
                continue;
            };
            if first.1 != entry.1 && !equal(self.forest.node(first.1), self.forest.node(entry.1)) {
                let message = format!("`{name}` is described differently in two included files");
                diagnostics.push(
                    Diagnostic::error("conflicting-includes", key.span(), message)
                        .labelled("here")
                        .also(self.forest.node(first.0).span(), "and here")
                        .help("keep one of them, or give one another name"),
                );
            }
        }
        kept
    }

    /// Lists as one, strongest first; what several files have from the same place stands once. A lone word is a list of one.
    fn joined(&mut self, place: Handle, lists: &[Handle]) -> Handle {
        let mut items = Vec::new();
        for list in lists {
            match self.forest.node(*list).value() {
                Value::Sequence => items.extend(self.forest.items(*list)),
                // What isn't a list is reported as a member of one.
                _ => items.push(*list),
            }
        }
        let mut seen = BTreeSet::new();
        items.retain(|item| seen.insert(*item));
        self.forest.sequence(place, &items)
    }

    /// What a short form stands for, where something is to be merged into it: `postgresql x3`, `backup: 1 day`, `[a, b]`.
    fn long_form(&mut self, short: Handle, at: &At) -> Option<Handle> {
        let node = self.forest.node(short);
        if at.section == "regions" && at.depth == 2 && matches!(node.value(), Value::Sequence) {
            let key = self.forest.word(short, None, "zones")?;
            return Some(self.forest.mapping(short, &[(key, short)]));
        }
        let text = node.as_str()?.to_owned();
        let pairs: Vec<(&str, &str)> = if at.section == "components" && at.depth == 2 {
            let mut words = text.split_whitespace();
            let what = words.next()?;
            let kind = if Kind::from_name(what).is_some() { "is" } else { "uses" };
            let count = words.next().map(|count| count.strip_prefix('x').map(|count| ("replicas", count)));
            match (count, words.next()) {
                (None, None) => vec![(kind, what)],
                (Some(Some(count)), None) => vec![(kind, what), count],
                _ => return None,
            }
        } else {
            vec![(own_key(at)?, text.as_str())]
        };
        let mut entries = Vec::new();
        for (key, value) in pairs {
            let start = text.find(value)?;
            let range = if value.len() == text.len() { None } else { Some(start..start + value.len()) };
            entries.push((self.forest.word(short, None, key)?, self.forest.word(short, range, value)?));
        }
        Some(self.forest.mapping(short, &entries))
    }

    /// Warns of new names that nothing uses and that look like one that was there: `aip` beside `api`.
    pub fn report_slips(
        &self,
        sources: &Sources,
        files: impl Iterator<Item = SourceId>,
        diagnostics: &mut Diagnostics,
    ) {
        let texts: Vec<&str> = files.map(|id| sources.get(id).text()).collect();
        for added in &self.added {
            let of_itself = added.section == "flows" || added.section == "data";
            let named = || texts.iter().map(|text| mentions(text, &added.name)).sum::<usize>() > 1;
            if added.complete || !of_itself && named() {
                continue;
            }
            let (name, (near, place)) = (&added.name, &added.near);
            let why = match added.section.as_str() {
                "flows" => "it has no steps",
                "data" => "it is in no store",
                _ => "nothing names it",
            };
            diagnostics.push(
                Diagnostic::warning("perhaps-misspelled", added.key, format!("`{name}` is new here, and {why}"))
                    .also(*place, "this one?")
                    .help(format!("did you mean `{near}`?")),
            );
        }
    }
}

/// Whether a value takes away what is below it: a written `null`, not just nothing.
fn removes(node: Node<'_>) -> bool {
    node.is_null() && !node.span().range().is_empty()
}

/// The key that the value of an attribute has among further ones below the attribute's name.
fn own_key(at: &At) -> Option<&'static str> {
    let target = at.target()?;
    if let Some((_, member)) = GROUPS.iter().find(|(group, _)| *group == at.dotted) {
        return Some(member);
    }
    let id = AttributeId::find(target, &at.dotted)?;
    id.def().shape.own_key().filter(|_| AttributeId::is_group(target, &at.dotted))
}

/// How often a text names something, as a word of its own.
fn mentions(text: &str, name: &str) -> usize {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '/';
    let places = text.match_indices(name).filter(|(at, _)| {
        let before = text.get(..*at).unwrap_or("").chars().next_back();
        let mut after = text.get(at + name.len()..).unwrap_or("").chars();
        let next = after.next();
        // `api-gateway` doesn't name `api`, `api->db` does.
        let hyphen = next == Some('-') && after.next() != Some('>');
        !before.is_some_and(|c| part(c) || c == '-') && !next.is_some_and(part) && !hyphen
    });
    places.count()
}
