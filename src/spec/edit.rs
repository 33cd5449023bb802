//! Puts values into a spec's text without touching anything else: comments, order, layout and line endings stay.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::source::{SourceId, Sources, Span};
use crate::spec::assemble::{Parts, parts};
use crate::spec::insert::{Pair, appended, line_end, quoted, short_form, step_as_mapping};
use crate::spec::replace::{Replacement, merged, replaced};
use crate::yaml::{Document, Node, Value};

/// What a value is said of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// An entry of `components:`; one that no file has is added.
    Component(String),
    /// An entry of `flows:`.
    Flow(String),
    /// An entry of `data:`.
    Data(String),
    /// The line of a flow that stands here.
    Step(Span),
    /// `requires:`
    System,
}

/// A value to put in.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// Whose.
    pub subject: Subject,
    /// The dotted key of an attribute: `replicas`, `replication.replicas`, `pool.size` …; empty for a new component, whose
    /// value is then its whole description.
    pub key: String,
    /// The value as text.
    pub value: String,
    /// Where its value stands today, if it has one that counts.
    pub stated: Option<Span>,
    /// The file that describes the subject, if it is known.
    pub file: Option<SourceId>,
}

impl Edit {
    /// A size of a component.
    pub fn size(component: &str, key: &str, value: String) -> Edit {
        let (stated, file) = (None, None);
        Edit { subject: Subject::Component(component.to_owned()), key: key.to_owned(), value, stated, file }
    }

    fn name(&self) -> &str {
        match &self.subject {
            Subject::Component(name) | Subject::Flow(name) | Subject::Data(name) => name,
            Subject::Step(_) => "the call",
            Subject::System => "requires",
        }
    }

    fn section(&self) -> &'static str {
        match self.subject {
            Subject::Component(_) => "components",
            Subject::Flow(_) | Subject::Step(_) => "flows",
            Subject::Data(_) => "data",
            Subject::System => "requires",
        }
    }
}

/// Where things are described in the files of a spec.
pub struct Editor<'s> {
    sources: &'s Sources,
    /// The uppermost file first, then what it includes, then what it extends.
    files: Vec<Document<'s>>,
    /// How many of them may be written to: those that the spec, or what is laid over it, extends may be extended by others too.
    upper: usize,
}

/// Names and steps of one file.
#[derive(Default)]
struct Index<'d> {
    named: BTreeMap<(&'static str, &'d str), (Node<'d>, Node<'d>)>,
    /// With whether each is written here and nowhere else.
    steps: BTreeMap<Span, (Node<'d>, bool)>,
}

/// The places of an editor's files, found when first asked for.
pub struct Places<'e> {
    editor: &'e Editor<'e>,
    indices: Vec<OnceCell<Index<'e>>>,
}

impl<'s> Editor<'s> {
    /// Parses the files of a spec, but for the one that is.
    pub fn new(sources: &'s Sources, id: SourceId, parsed: Option<Document<'s>>) -> Self {
        let Parts { upper: mut files, lower } = parts(sources, id, parsed);
        let upper = files.len();
        files.extend(lower);
        Editor { sources, files, upper }
    }

    /// What is described where.
    pub fn places(&'s self) -> Places<'s> {
        Places { editor: self, indices: self.files.iter().map(|_| OnceCell::new()).collect() }
    }
}

impl<'e> Places<'e> {
    fn index(&self, at: usize) -> Option<&Index<'e>> {
        let document = self.editor.files.get(at)?;
        Some(
            self.indices
                .get(at)?
                .get_or_init(|| Index::of(document, self.editor.sources.get(document.source()).text())),
        )
    }

    fn file(&self, id: SourceId) -> Option<usize> {
        self.editor.files.iter().position(|document| document.source() == id)
    }

    /// The replacements that make all edits, or why one of them has no place.
    pub fn replacements(&self, edits: &[Edit]) -> Result<Vec<Replacement>, String> {
        let mut done: Vec<Replacement> = Vec::new();
        let mut grouped: BTreeMap<(usize, &Subject), Vec<&Edit>> = BTreeMap::new();
        for edit in edits {
            match edit.stated {
                Some(span) => match self.file(span.source) {
                    Some(file) => grouped.entry((file, &edit.subject)).or_default().push(edit),
                    None => return Err(format!("`{}` of {} is not said in a file of the spec", edit.key, edit.name())),
                },
                None => grouped.entry((self.home(edit), &edit.subject)).or_default().push(edit),
            }
        }
        // Files in which a section has been begun for the first of several things.
        let mut begun = BTreeSet::new();
        for ((file, _), edits) in grouped {
            done.extend(self.one(file, &edits, &mut begun)?);
        }
        done.sort_by_key(|one| one.span);
        Ok(merged(done))
    }

    /// The file to which an edit of something unsaid goes: the one that describes it, or the spec itself.
    fn home(&self, edit: &Edit) -> usize {
        if let Some(file) = edit.file.and_then(|id| self.file(id)) {
            return file;
        }
        let named = |at: &usize| match &edit.subject {
            Subject::Step(span) => self.file(span.source) == Some(*at),
            Subject::System => self.section(*at, "requires").is_some(),
            _ => self.index(*at).is_some_and(|index| index.named.contains_key(&(edit.section(), edit.name()))),
        };
        // Where nobody says which file it is, nothing is changed in what the spec extends, since others may extend it too.
        (0..self.editor.upper).find(named).unwrap_or(0)
    }

    /// A key of the file itself, whose value may be empty.
    fn entry(&self, file: usize, key: &str) -> Option<(Node<'e>, Node<'e>)> {
        self.editor.files.get(file)?.root()?.entries().find(|(name, _)| name.as_str() == Some(key))
    }

    fn section(&self, file: usize, key: &str) -> Option<(Node<'e>, Node<'e>)> {
        self.entry(file, key).filter(|(_, value)| !value.is_null())
    }

    fn one(&self, file: usize, edits: &[&Edit], begun: &mut BTreeSet<usize>) -> Result<Vec<Replacement>, String> {
        let Some((edit, document)) = edits.first().zip(self.editor.files.get(file)) else { return Ok(Vec::new()) };
        let text = self.editor.sources.get(document.source()).text();
        let place = Place { document, text };
        if let Subject::Step(span) = edit.subject {
            let node = self.index(file).and_then(|index| index.steps.get(&span));
            return match node.ok_or("this call is not written in a line of its own")? {
                (node, true) => place.step(*node, edits),
                (_, false) => Err("this call is shared by an anchor; write it out".to_owned()),
            };
        }
        let found = match edit.subject {
            Subject::System => self.section(file, "requires"),
            _ => self.index(file).and_then(|index| index.named.get(&(edit.section(), edit.name()))).copied(),
        };
        match found {
            Some((key, node)) if !node.is_null() => {
                place.own(key, node)?;
                place.thing(node, edits, edit.name())
            }
            _ => self.fresh(file, &place, edits, begun).map(|replacement| vec![replacement]),
        }
    }

    /// Something that the file says nothing of yet.
    fn fresh(
        &self,
        file: usize,
        place: &Place<'_, '_>,
        edits: &[&Edit],
        begun: &mut BTreeSet<usize>,
    ) -> Result<Replacement, String> {
        let Some(edit) = edits.first() else { return Err("there is nothing to say".to_owned()) };
        let (section, name) = (edit.section(), edit.name());
        let pairs = Pair::grouped(edits.iter().map(|edit| (edit.key.as_str(), edit.value.as_str())));
        let value = if edit.key.is_empty() { quoted(&edit.value)? } else { Pair::braced(&pairs) };
        let end = place.line_end();
        match self.entry(file, section) {
            Some((key, node)) if node.is_null() && edit.subject == Subject::System => place.behind(key, node, &value),
            Some((key, node)) if node.is_null() => {
                place.below(key, node, &format!("{end}  {}: {value}", quoted(name)?))
            }
            None if edit.subject == Subject::System => place.at_the_end(&format!("requires: {value}{end}"), true),
            Some((key, node)) => {
                place.own(key, node)?;
                if !matches!(node.value(), Value::Mapping) {
                    return Err(format!("`{name}` has no place under `{section}:`"));
                }
                let pair = Pair { key: quoted(name)?, value };
                appended(node, place.text, &[pair])
            }
            None if section == "components" => {
                let first = begun.insert(file);
                let header = if first { format!("components:{end}") } else { String::new() };
                place.at_the_end(&format!("{header}  {}: {value}{end}", quoted(name)?), first)
            }
            None => Err(format!("`{name}` is not described in this file")),
        }
    }
}

impl<'d> Index<'d> {
    fn of(document: &'d Document<'_>, text: &str) -> Self {
        let mut index = Index::default();
        let root = document.root();
        for section in ["components", "flows", "data"] {
            let all = root.into_iter().flat_map(Node::entries).find(|(key, _)| key.as_str() == Some(section));
            let Some((name, all)) = all else { continue };
            for (key, node) in all.entries() {
                index.named.insert((section, key.as_str().unwrap_or("")), (key, node));
                if section != "flows" {
                    continue;
                }
                let own = is_own(text, name, all) && is_member(text, all, key, node);
                for (key, steps) in node.entries().filter(|(key, _)| key.as_str() == Some("steps")) {
                    index.steps_of(text, (key, steps), own && is_member(text, node, key, steps));
                }
            }
        }
        index
    }

    fn steps_of(&mut self, text: &str, (key, list): (Node<'d>, Node<'d>), own: bool) {
        let mut from = key.span().range().end;
        for item in list.items() {
            let span = item.span().range();
            // What stands before an item, up to the one before it; an alias stands elsewhere.
            let between = text.get(from..span.start).filter(|_| list.span().range().contains(&span.start));
            let free = between.is_some_and(|between| {
                let line = between
                    .rfind('\n')
                    .and_then(|at| between.get(at..))
                    .filter(|line| line.trim_start().starts_with("- "));
                is_plain(line.unwrap_or(between))
            });
            let merged = item.entries().any(|(key, _)| !span.contains(&key.span().range().start));
            let own = own && free && !merged;
            // One place for several calls: an alias.
            self.steps.entry(item.span()).and_modify(|(_, once)| *once = false).or_insert((item, own));
            for (key, par) in item.entries().filter(|(key, _)| key.as_str() == Some("par")) {
                self.steps_of(text, (key, par), own && is_member(text, item, key, par));
            }
            if between.is_some() {
                from = from.max(span.end);
            }
        }
    }
}

/// Whether nothing here names an anchor or stands for one.
fn is_plain(between: &str) -> bool {
    between.lines().all(|line| !line.split('#').next().unwrap_or("").contains(['&', '*']))
}

/// Whether a key's value is written here and nowhere else.
fn is_own(text: &str, key: Node<'_>, node: Node<'_>) -> bool {
    let between = text.get(key.span().range().end..node.span().range().start);
    // A list may begin with its first item, which may have an anchor of its own.
    let item = between.and_then(|between| {
        between
            .match_indices('\n')
            .map(|(at, _)| at)
            .find(|at| between.get(at + 1..).is_some_and(|line| line.trim_start_matches(' ').starts_with("- ")))
    });
    between.and_then(|between| between.get(..item.unwrap_or(between.len()))).is_some_and(is_plain)
}

/// Whether an entry is the mapping's own, not merged in (`<<`) nor shared.
fn is_member(text: &str, mapping: Node<'_>, key: Node<'_>, node: Node<'_>) -> bool {
    mapping.span().range().contains(&key.span().range().start) && is_own(text, key, node)
}

/// One file that is edited.
struct Place<'p, 'd> {
    document: &'p Document<'d>,
    text: &'p str,
}

impl Place<'_, '_> {
    fn line_end(&self) -> &'static str {
        line_end(self.text, self.text.len())
    }

    fn replacement(&self, range: Range<usize>, text: String) -> Replacement {
        Replacement { span: Span::new(self.document.source(), range), text }
    }

    /// A further section behind the last line, or more of it.
    fn at_the_end(&self, section: &str, first: bool) -> Result<Replacement, String> {
        // Behind `...` or in a mapping in braces there is no place for it.
        let root =
            self.document.root().filter(|root| !self.text.get(root.span().range()).unwrap_or("{").starts_with('{'));
        if root.is_none() || self.text.lines().any(|line| line.trim_end() == "...") {
            return Err("there is no place for it at the end of the file".to_owned());
        }
        let before = if self.text.ends_with('\n') || !first { "" } else { self.line_end() };
        Ok(self.replacement(self.text.len()..self.text.len(), format!("{before}{section}")))
    }

    /// The value of a key that has none.
    fn behind(&self, key: Node<'_>, node: Node<'_>, value: &str) -> Result<Replacement, String> {
        let (colon, _) = self.empty(key, node)?;
        Ok(self.replacement(colon..colon, format!(" {value}")))
    }

    /// A line below a key that has no value.
    fn below(&self, key: Node<'_>, node: Node<'_>, line: &str) -> Result<Replacement, String> {
        let (_, end) = self.empty(key, node)?;
        Ok(self.replacement(end..end, line.to_owned()))
    }

    /// Where the value of a key may begin that has none, and where its line ends.
    fn empty(&self, key: Node<'_>, node: Node<'_>) -> Result<(usize, usize), String> {
        let from = key.span().range().end;
        let line = self.text.get(from..).unwrap_or("").lines().next().unwrap_or("");
        let rest = line.trim_start().strip_prefix(':').map(str::trim_start);
        match rest.filter(|rest| node.span().range().is_empty() && (rest.is_empty() || rest.starts_with('#'))) {
            Some(_) => Ok((from + line.find(':').unwrap_or(0) + 1, from + line.trim_end().len())),
            None => Err(format!("`{}` has no place for it; add it by hand", key.as_str().unwrap_or(""))),
        }
    }

    /// What an anchor names is used elsewhere too, and what an alias stands for is written elsewhere.
    fn own(&self, key: Node<'_>, node: Node<'_>) -> Result<(), String> {
        if is_own(self.text, key, node) {
            return Ok(());
        }
        Err(format!("`{}` is shared by an anchor; write it out", key.as_str().unwrap_or("")))
    }

    /// The value of a key, unless it is merged in from elsewhere (`<<`).
    fn get<'n>(&self, node: Node<'n>, key: &str) -> Result<Option<Node<'n>>, String> {
        let inside = node.span().range();
        let found = node.entries().find(|(name, _)| name.as_str() == Some(key));
        match found.filter(|(name, _)| inside.contains(&name.span().range().start)) {
            Some((name, value)) => self.own(name, value).map(|()| Some(value)),
            None => Ok(None),
        }
    }

    /// Values of a component, flow, data set or of the system.
    fn thing(&self, node: Node<'_>, edits: &[&Edit], name: &str) -> Result<Vec<Replacement>, String> {
        if let Some(whole) = edits.iter().find(|edit| edit.key.is_empty()) {
            return Err(format!("there is a component `{}` already", whole.name()));
        }
        match node.value() {
            Value::Scalar { .. } if matches!(edits.first().map(|e| &e.subject), Some(Subject::Component(_))) => {
                let pairs = edits.iter().map(|edit| (edit.key.as_str(), edit.value.as_str()));
                let text = short_form(node, self.text, &pairs.collect::<Vec<_>>())?;
                Ok(vec![self.replacement(node.span().range(), text)])
            }
            Value::Mapping => self.mapping(node, edits, name),
            _ => Err(format!("`{name}` has no place for `{}`", edits.first().map_or("", |edit| &edit.key))),
        }
    }

    fn mapping(&self, node: Node<'_>, edits: &[&Edit], name: &str) -> Result<Vec<Replacement>, String> {
        let mut done = Vec::new();
        let mut missing: Vec<(&str, &str)> = Vec::new();
        let mut nested: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
        for edit in edits {
            let (first, rest) =
                edit.key.split_once('.').map_or((edit.key.as_str(), None), |(first, rest)| (first, Some(rest)));
            match (self.get(node, first)?, rest) {
                (Some(value), None) if !matches!(value.value(), Value::Mapping | Value::Sequence) => {
                    done.push(self.replacement(value.span().range(), edit.value.clone()));
                }
                (Some(value), None) if matches!(value.value(), Value::Sequence) && edit.value.starts_with('[') => {
                    done.push(self.replacement(value.span().range(), edit.value.clone()));
                }
                (Some(_), None) => return Err(format!("`{first}` of {name} is written in parts; change it by hand")),
                (Some(group), Some(rest)) => match (group.value(), self.within(group, rest)?) {
                    (Value::Mapping, Some(value)) => {
                        done.push(self.replacement(value.span().range(), edit.value.clone()))
                    }
                    (Value::Mapping, None) => nested.entry(first).or_default().push((rest, &edit.value)),
                    // What is said in short is said of the member that the group stands for, or that there is none.
                    (Value::Scalar { .. }, _) if edit.stated == Some(group.span()) => {
                        let others = edits.iter().filter(|other| other.key.starts_with(&format!("{first}.")));
                        let none = matches!(group.as_str(), Some("none" | "false"));
                        if others.count() > 1 || none {
                            nested.entry(first).or_default().push((rest, &edit.value));
                        } else {
                            done.push(self.replacement(group.span().range(), edit.value.clone()));
                        }
                    }
                    (Value::Scalar { .. }, _) if matches!(group.as_str(), Some("none" | "false")) => {
                        nested.entry(first).or_default().push((rest, &edit.value));
                    }
                    _ => return Err(format!("`{first}` of {name} is written in short; write it as a mapping")),
                },
                (None, _) => missing.push((&edit.key, &edit.value)),
            }
        }
        for (first, pairs) in nested {
            let Some(group) = self.get(node, first)? else { continue };
            let pairs = Pair::grouped(pairs.into_iter());
            done.push(match group.value() {
                Value::Mapping => appended(group, self.text, &pairs)?,
                _ => self.replacement(group.span().range(), Pair::braced(&pairs)),
            });
        }
        if !missing.is_empty() {
            done.push(appended(node, self.text, &Pair::grouped(missing.into_iter()))?);
        }
        Ok(done)
    }

    /// A value below a group, whose key may have dots of its own.
    fn within<'n>(&self, group: Node<'n>, rest: &str) -> Result<Option<Node<'n>>, String> {
        match rest.split_once('.') {
            Some(_) => Err(format!("`{rest}` lies too deep; change it by hand")),
            None => self.get(group, rest),
        }
    }

    /// Values of a call, whose line may have to become a mapping.
    fn step(&self, node: Node<'_>, edits: &[&Edit]) -> Result<Vec<Replacement>, String> {
        let line = node.get("call").unwrap_or(node);
        let calls = line
            .as_str()
            .map_or(0, |text| ["->", "~>", "→"].iter().map(|arrow| text.matches(arrow).count()).sum::<usize>());
        // What is said beside the line holds for all of them too.
        if calls > 1 {
            return Err("its line holds several calls; give this one a line of its own".to_owned());
        }
        if matches!(node.value(), Value::Mapping) {
            return self.mapping(node, edits, "the call");
        }
        let pairs = Pair::grouped(edits.iter().map(|edit| (edit.key.as_str(), edit.value.as_str())));
        if edits.iter().any(|edit| edit.stated.is_some()) {
            return Err("this is said in the line itself; change it by hand".to_owned());
        }
        let text = step_as_mapping(node, self.text, &pairs)?;
        Ok(vec![self.replacement(node.span().range(), text)])
    }
}

/// The texts of the files of a spec with all edits, or why one of them has no place. A size goes to the file that has the
/// component: the spec's own, or one that it includes. Of what the spec extends nothing is changed, since others may extend it
/// too; sizes of those components are added to the spec itself, or to what is laid over it.
pub fn edited_files(sources: &Sources, id: SourceId, edits: &[Edit]) -> Result<Vec<(SourceId, String)>, String> {
    let editor = Editor::new(sources, id, None);
    let replacements = editor.places().replacements(edits)?;
    Ok(replaced(sources, &replacements))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(text: &str, component: &str, key: &str, value: &str) -> String {
        all(text, &[Edit::size(component, key, value.to_owned())]).unwrap()
    }

    fn all(text: &str, edits: &[Edit]) -> Result<String, String> {
        let mut sources = Sources::new();
        let id = sources.add("spec", text);
        let mut texts = edited_files(&sources, id, edits)?;
        Ok(texts.remove(0).1)
    }

    #[test]
    fn only_the_number_changes() {
        let spec = "napkin: 1\ncomponents:\n  api:           # the service\n    is: service  # ours\n    replicas: 3  # for now\n  db: { uses: postgresql, replication: { mode: async, replicas: 2 } } # store\n  lb: aws-alb\n  kv: redis x3\n";
        assert_eq!(edit(spec, "api", "replicas", "8"), spec.replace("replicas: 3 ", "replicas: 8 "));
        assert_eq!(edit(spec, "db", "replication.replicas", "4"), spec.replace("replicas: 2", "replicas: 4"));
        assert_eq!(edit(spec, "api", "cores", "4"), spec.replace("# for now", "# for now\n    cores: 4"));
        assert_eq!(edit(spec, "db", "shards", "4"), spec.replace(" } } #", " }, shards: 4 } #"));
        assert_eq!(edit(spec, "lb", "replicas", "2"), spec.replace("aws-alb", "{ uses: aws-alb, replicas: 2 }"));
        assert_eq!(edit(spec, "kv", "replicas", "5"), spec.replace("redis x3", "redis x5"));
        assert_eq!(
            edit(spec, "kv", "memory", "2 GB"),
            spec.replace("redis x3", "{ uses: redis, replicas: 3, memory: 2 GB }")
        );
        assert_eq!(
            edit(spec, "api", "pool.size", "20"),
            spec.replace("# for now", "# for now\n    pool: { size: 20 }")
        );
        assert_eq!(edit(spec, "queue", "", "sqs"), format!("{spec}  queue: sqs\n"));
    }

    #[test]
    fn a_section_is_begun_once_and_an_empty_one_is_filled() {
        let two = |text: &str| {
            let size = |name: &str| Edit::size(name, "replicas", "3".to_owned());
            all(text, &[size("api"), size("db")])
        };
        for text in ["napkin: 1\nname: x\n", "napkin: 1\nname: x"] {
            let whole =
                format!("{}\ncomponents:\n  api: {{ replicas: 3 }}\n  db: {{ replicas: 3 }}\n", text.trim_end());
            assert_eq!(two(text).unwrap(), whole);
        }
        let empty = "napkin: 1\ncomponents:  # to come\nname: x\n";
        let filled = "# to come\n  api: { replicas: 3 }\n  db: { replicas: 3 }\n";
        assert_eq!(two(empty).unwrap(), empty.replace("# to come\n", filled));
        let system = |text: &str| {
            let edit = Edit { subject: Subject::System, ..Edit::size("", "rto", "4 h".to_owned()) };
            all(text, &[edit])
        };
        let empty = "napkin: 1\nrequires: # to come\n";
        assert_eq!(system(empty).unwrap(), empty.replace(":  #", ": #").replace("requires:", "requires: { rto: 4 h }"));
        for nowhere in ["napkin: 1\ncomponents: null\n", "{ napkin: 1, components: }\n"] {
            assert!(two(nowhere).unwrap_err().contains("by hand"), "{nowhere}");
        }
    }

    #[test]
    fn lines_end_as_they_did() {
        let spec = "napkin: 1\r\ncomponents:\r\n  api:\r\n    is: service # ours\r\n  kv: redis";
        assert_eq!(edit(spec, "api", "cores", "4"), spec.replace("# ours", "# ours\r\n    cores: 4"));
        assert_eq!(edit(spec, "q", "", "queue"), format!("{spec}\r\n  q: queue"));
        let none = "napkin: 1\r\nname: x\r\n";
        assert_eq!(edit(none, "q", "", "queue"), format!("{none}components:\r\n  q: queue\r\n"));
    }

    #[test]
    fn what_is_shared_or_merged_in_is_left_alone() {
        let spec = "napkin: 1\ncomponents:  # all & *all\n  # and more &\n  a: &a { is: service, replicas: 2 }\n  b: *a\n  c:\n    <<: *a\n    cores: 2\n";
        for name in ["a", "b"] {
            assert!(all(spec, &[Edit::size(name, "replicas", "3".to_owned())]).unwrap_err().contains("anchor"));
        }
        assert_eq!(edit(spec, "c", "replicas", "3"), format!("{spec}    replicas: 3\n"));
    }

    #[test]
    fn several_values_of_one_thing_go_together() {
        let spec = "napkin: 1\ncomponents: { q: queue, r: { is: queue, dead_letter: none }, s: {is: queue, retention: 1 day} }\n";
        let of = |name: &str| {
            [("dead_letter.to", "dlq"), ("dead_letter.after", "5")]
                .map(|(key, value)| Edit::size(name, key, value.to_owned()))
        };
        let group = "dead_letter: { to: dlq, after: 5 }";
        let q = all(spec, &of("q")).unwrap();
        assert_eq!(q, spec.replace("q: queue,", &format!("q: {{ is: queue, {group} }},")));
        assert_eq!(all(spec, &of("r")).unwrap(), spec.replace("dead_letter: none", group));
        assert_eq!(all(spec, &of("s")).unwrap(), spec.replace("1 day}", &format!("1 day, {group}}}")));
    }
}
