//! Two versions of a spec: findings new and fixed, what was added, removed and changed, figures that moved.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::Analysis;
use crate::catalog::Catalog;
use crate::diagnostic::Severity;
use crate::source::Sources;
use crate::study::moved::{Moved, figures, goals};
use crate::study::recognised::recognised;
use crate::study::things::{ORDER, Renames, Sort, Stated, Thing, things};
use crate::study::what_if::Goal;

/// What a comparison is made with.
pub struct Setting<'s> {
    /// The text of both versions.
    pub sources: &'s Sources,
    /// What products and prices there are.
    pub catalog: &'s Catalog,
    /// The share of its old value by which a figure has to move to be named.
    pub threshold: f64,
}

/// What differs between two versions.
#[derive(Default)]
pub struct Diff {
    /// Findings.
    pub findings: Findings,
    /// What was added, removed, renamed and changed.
    pub edits: Vec<Edit>,
    /// Figures that moved.
    pub figures: Vec<Moved>,
    /// Objectives that are met in one version only, in the order of the newer one.
    pub goals: Vec<Goal>,
}

impl Diff {
    /// Whether the two say the same and are found the same about.
    pub fn is_empty(&self) -> bool {
        let found = &self.findings;
        let lists = [&found.new, &found.fixed, &found.accepted, &found.undecided];
        lists.into_iter().all(Vec::is_empty)
            && self.edits.is_empty()
            && self.figures.is_empty()
            && self.goals.is_empty()
    }
}

/// A mistake (that leaves a spec usable) or a finding, by its place in the analysis of its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// One of the diagnostics.
    Mistake(usize),
    /// One of the findings.
    Finding(usize),
}

/// Findings by what became of them.
#[derive(Debug, Default)]
pub struct Findings {
    /// Only in the newer version, or no longer allowed there; places in the newer one.
    pub new: Vec<Found>,
    /// Only in the older version; places in the older one.
    pub fixed: Vec<Found>,
    /// In both, and allowed only in the newer; places in the newer one.
    pub accepted: Vec<Found>,
    /// In both; places in the newer one.
    pub unchanged: Vec<Found>,
    /// In the newer version, while those of the older one aren't known.
    pub undecided: Vec<Found>,
}

/// How something changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// Only the newer version has it.
    Added,
    /// Only the older version has it.
    Removed,
    /// It is the same under another name; this was the old one.
    Renamed(String),
    /// Values of it changed.
    Changed,
}

/// Something that was added, removed, renamed or changed.
#[derive(Debug)]
pub struct Edit {
    /// How.
    pub how: How,
    /// What it is.
    pub sort: Sort,
    /// Its name, as the newer version has it.
    pub name: String,
    /// What it is in a word or two; may be empty.
    pub detail: String,
    /// Values that changed, by attribute.
    pub values: Vec<ValueEdit>,
}

/// A value that changed.
#[derive(Debug)]
pub struct ValueEdit {
    /// The attribute.
    pub key: String,
    /// What it was, if stated.
    pub from: Option<Stated>,
    /// What it is, if stated.
    pub to: Option<Stated>,
}

/// Compares two versions; one that is missing is new or gone. Of an older one with mistakes nothing is known.
pub fn diff(old: Option<&Analysis>, new: Option<&Analysis>, setting: &Setting<'_>) -> Diff {
    if old.is_some_and(|old| !old.is_usable()) {
        let undecided = new.map(all).unwrap_or_default();
        return Diff { findings: Findings { undecided, ..Findings::default() }, ..Diff::default() };
    }
    let renames = old.zip(new).map(|(old, new)| renames(old, new, setting.sources)).unwrap_or_default();
    let list = |side: Option<&Analysis>, renames: &Renames| {
        side.map(|analysis| things(analysis, setting.sources, renames)).unwrap_or_default()
    };
    Diff {
        findings: findings(old, new, &renames),
        edits: edits(&list(old, &renames), &list(new, &Renames::default()), &renames),
        figures: figures(old, new, &renames, setting.threshold),
        goals: goals(old, new, &renames, setting.catalog),
    }
}

/// Everything found in one version.
fn all(analysis: &Analysis) -> Vec<Found> {
    let mistakes = (0..analysis.diagnostics.len()).map(Found::Mistake);
    mistakes.chain((0..analysis.findings.len()).map(Found::Finding)).collect()
}

/// What a finding is recognised by, and the same under new names.
fn keys(analysis: &Analysis, found: Found, renames: &Renames) -> Option<[String; 2]> {
    let (rule, subject, message) = match found {
        Found::Mistake(index) => analysis.diagnostics.get(index).map(|d| (d.code, "", d.message.as_str()))?,
        Found::Finding(index) => {
            let finding = analysis.findings.get(index)?;
            (finding.rule.as_str(), finding.subject_name.as_str(), finding.message.as_str())
        }
    };
    let renamed = recognised(rule, &reworded(subject, renames), &reworded(message, renames));
    Some([recognised(rule, subject, message), renamed])
}

/// A text with every word that is an old name replaced by the new one.
fn reworded(text: &str, renames: &Renames) -> String {
    let is_name = |c: char| c.is_alphanumeric() || "-_".contains(c);
    let (mut out, mut word) = (String::new(), String::new());
    for c in text.chars() {
        if is_name(c) {
            word.push(c);
        } else {
            out.push_str(renames.any(&word));
            word.clear();
            out.push(c);
        }
    }
    out + renames.any(&word)
}

fn allowed(analysis: &Analysis, found: Found) -> bool {
    match found {
        Found::Mistake(_) => false,
        Found::Finding(index) => analysis.findings.get(index).is_some_and(|finding| finding.allowed.is_some()),
    }
}

fn findings(old: Option<&Analysis>, new: Option<&Analysis>, renames: &Renames) -> Findings {
    let mut result = Findings::default();
    let mut left: Vec<Option<Found>> = old.map(all).unwrap_or_default().into_iter().map(Some).collect();
    let mut open: Vec<(Found, bool)> =
        new.map(all).unwrap_or_default().into_iter().map(|found| (found, true)).collect();
    // Same names first, so that a name that moved on to something else takes nothing away from its new bearer.
    for pass in 0..2 {
        let mut known: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (place, found) in left.iter().enumerate().rev() {
            let key = found.and_then(|found| keys(old?, found, renames)?.into_iter().nth(pass));
            if let Some(key) = key {
                known.entry(key).or_default().push(place);
            }
        }
        for (found, is_open) in open.iter_mut().filter(|(_, is_open)| *is_open) {
            let Some(analysis) = new else { continue };
            let key = keys(analysis, *found, &Renames::default()).map(|[key, _]| key);
            let Some(place) = key.and_then(|key| known.get_mut(&key)?.pop()) else { continue };
            let before = left.get_mut(place).and_then(Option::take);
            let was_allowed = old.zip(before).is_some_and(|(old, before)| allowed(old, before));
            *is_open = false;
            let list = match (was_allowed, allowed(analysis, *found)) {
                (true, false) => &mut result.new,
                (false, true) => &mut result.accepted,
                _ => &mut result.unchanged,
            };
            list.push(*found);
        }
    }
    result.new.extend(open.into_iter().filter(|(_, is_open)| *is_open).map(|(found, _)| found));
    let place = |found: &Found| match *found {
        Found::Mistake(index) => (false, index),
        Found::Finding(index) => (true, index),
    };
    for list in [&mut result.new, &mut result.accepted, &mut result.unchanged] {
        list.sort_by_key(place);
    }
    result.fixed = left.into_iter().flatten().collect();
    result
}

/// The worst severity of what is new and not allowed.
pub fn worst_new(diff: &Diff, new: &Analysis) -> Option<Severity> {
    let severity = |found: &Found| match *found {
        Found::Mistake(index) => new.diagnostics.get(index).map(|d| d.severity),
        Found::Finding(index) => new.findings.get(index).filter(|f| f.allowed.is_none()).map(|f| f.severity),
    };
    diff.findings.new.iter().filter_map(severity).max()
}

/// What the newer version calls otherwise: one thing gone and one thing come that are the same but for their names.
fn renames(old: &Analysis, new: &Analysis, sources: &Sources) -> Renames {
    let mut renames = Renames::default();
    let newer = things(new, sources, &renames);
    let mut older = things(old, sources, &renames);
    let names = |analysis: &Analysis| -> BTreeSet<String> {
        analysis.graph.components.iter().map(|component| component.name.clone()).collect()
    };
    let common: BTreeSet<String> = names(old).intersection(&names(new)).cloned().collect();
    let (before, after) = (neighbours(old, &common), neighbours(new, &common));
    for sort in [Sort::Component, Sort::Flow, Sort::Data] {
        let (gone, come) = (only(&older, &newer, sort), only(&newer, &older, sort));
        let fits = |likeness: Likeness, a: &Thing, b: &Thing| match (sort, likeness) {
            (Sort::Component, Likeness::Same) => alike(a, b) && before.get(&a.name) == after.get(&b.name),
            (Sort::Component, Likeness::Near) => {
                before.get(&a.name).is_some_and(|around| Some(around) == after.get(&b.name)) && mostly_alike(a, b)
            }
            (_, Likeness::Same) => alike(a, b),
            (_, Likeness::Near) => false,
        };
        let found = renamed(&gone, &come, &fits);
        if found.is_empty() {
            continue;
        }
        match sort {
            Sort::Component => renames.components = found,
            Sort::Flow => renames.flows = found,
            _ => renames.data = found,
        }
        // Flows and data sets name components.
        older = things(old, sources, &renames);
    }
    renames
}

/// How much two things have in common.
#[derive(Clone, Copy)]
enum Likeness {
    /// All that is said of them.
    Same,
    /// Most of it.
    Near,
}

/// Pairs of things gone and come that are looked at; where there are more, no renaming is guessed.
const MOST_PAIRS: usize = 250_000;

/// Pairs of which each fits no other.
fn renamed(
    gone: &[&Thing],
    come: &[&Thing],
    fits: &dyn Fn(Likeness, &Thing, &Thing) -> bool,
) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    if gone.len().saturating_mul(come.len()) > MOST_PAIRS {
        return found;
    }
    for likeness in [Likeness::Same, Likeness::Near] {
        let taken: BTreeSet<String> = found.values().cloned().collect();
        let gone = gone.iter().filter(|thing| !found.contains_key(&thing.name));
        let open = || come.iter().filter(|thing| !taken.contains(&thing.name));
        let pairs: Vec<(&str, &str)> = gone
            .flat_map(|a| open().filter(|b| fits(likeness, a, b)).map(|b| (a.name.as_str(), b.name.as_str())))
            .collect();
        let mut counts: BTreeMap<(bool, &str), usize> = BTreeMap::new();
        for (a, b) in &pairs {
            *counts.entry((false, a)).or_insert(0) += 1;
            *counts.entry((true, b)).or_insert(0) += 1;
        }
        let alone = |key: (bool, &str)| counts.get(&key) == Some(&1);
        let sure = pairs.iter().filter(|(a, b)| alone((false, a)) && alone((true, b)));
        found.extend(sure.map(|(a, b)| ((*a).to_owned(), (*b).to_owned())));
    }
    found
}

/// The things of a sort that only the first list has.
fn only<'t>(list: &'t [Thing], other: &[Thing], sort: Sort) -> Vec<&'t Thing> {
    let names: BTreeSet<&str> = other.iter().filter(|t| t.sort == sort).map(|t| t.name.as_str()).collect();
    list.iter().filter(|thing| thing.sort == sort && !names.contains(thing.name.as_str())).collect()
}

fn alike(a: &Thing, b: &Thing) -> bool {
    a.values.len() == b.values.len() && a.values.iter().zip(&b.values).all(|((x, a), (y, b))| x == y && a.says(b))
}

/// Whether two components are of one kind and agree in at least half of what is said of either.
fn mostly_alike(a: &Thing, b: &Thing) -> bool {
    let agrees = |key: &String| a.values.get(key).zip(b.values.get(key)).is_some_and(|(a, b)| a.says(b));
    let shared = a.values.keys().filter(|key| agrees(key)).count();
    agrees(&"is".to_owned()) && 2 * shared >= a.values.len().max(b.values.len())
}

/// Who calls each component and whom it calls, by name where both versions have that name.
fn neighbours(analysis: &Analysis, common: &BTreeSet<String>) -> BTreeMap<String, Vec<(bool, String)>> {
    let graph = &analysis.graph;
    let called = |index: usize| graph.components.get(index).map_or("", |component| component.name.as_str());
    let other = |index: usize| common.get(called(index)).cloned().unwrap_or_default();
    let mut around: BTreeMap<String, Vec<(bool, String)>> = BTreeMap::new();
    for link in &graph.links {
        around.entry(called(link.caller).to_owned()).or_default().push((true, other(link.callee)));
        around.entry(called(link.callee).to_owned()).or_default().push((false, other(link.caller)));
    }
    around.values_mut().for_each(|list| list.sort());
    around
}

/// What differs between two lists of things, sort by sort in the order of the newer one, what is gone at the end of each.
fn edits(old: &[Thing], new: &[Thing], renames: &Renames) -> Vec<Edit> {
    let index = |list: &[Thing]| -> BTreeMap<(Sort, String), usize> {
        list.iter().enumerate().map(|(at, thing)| ((thing.sort, thing.name.clone()), at)).collect()
    };
    let (older, newer) = (index(old), index(new));
    let mut list = Vec::new();
    for thing in new {
        let key = (thing.sort, thing.name.clone());
        match older.get(&key).and_then(|at| old.get(*at)) {
            Some(before) => list.extend(changed(before, thing, renames)),
            None => list.extend(whole(How::Added, thing, &older)),
        }
    }
    let gone = old.iter().filter(|thing| !newer.contains_key(&(thing.sort, thing.name.clone())));
    list.extend(gone.filter_map(|thing| whole(How::Removed, thing, &newer)));
    list.sort_by_key(|edit| edit.sort);
    list
}

/// An addition or a removal. Steps of a flow that the other version lacks go without saying, and so do requirements that
/// aren't there.
fn whole(how: How, thing: &Thing, other: &BTreeMap<(Sort, String), usize>) -> Option<Edit> {
    let flow = thing.name.split_once(": ").map_or("", |(flow, _)| flow);
    let has_flow = other.contains_key(&(Sort::Flow, flow.to_owned()));
    match thing.sort {
        Sort::Step if !has_flow => None,
        Sort::Requirements if thing.values.is_empty() => None,
        sort => Some(Edit { how, sort, name: thing.name.clone(), detail: thing.detail.clone(), values: Vec::new() }),
    }
}

fn changed(old: &Thing, new: &Thing, renames: &Renames) -> Option<Edit> {
    let keys: BTreeSet<&String> = old.values.keys().chain(new.values.keys()).collect();
    let mut values = Vec::new();
    for key in keys {
        let (from, to) = (old.values.get(key), new.values.get(key));
        let same = from.zip(to).is_some_and(|(from, to)| from.says(to) || key == ORDER && !reordered(from, to));
        if !same {
            values.push(ValueEdit { key: key.clone(), from: from.cloned(), to: to.cloned() });
        }
    }
    let list = match new.sort {
        Sort::Component => Some(&renames.components),
        Sort::Flow => Some(&renames.flows),
        Sort::Data => Some(&renames.data),
        _ => None,
    };
    let was = list.and_then(|list| list.iter().find(|(_, name)| **name == new.name)).map(|(was, _)| was.clone());
    if values.is_empty() && was.is_none() {
        return None;
    }
    let how = was.map_or(How::Changed, How::Renamed);
    Some(Edit { how, sort: new.sort, name: new.name.clone(), detail: String::new(), values })
}

/// Whether two versions of a flow take the same steps in another order; steps that are added or gone say so themselves.
fn reordered(from: &Stated, to: &Stated) -> bool {
    let sorted = |stated: &Stated| {
        let mut steps: Vec<String> = stated.text.split("; ").map(str::to_owned).collect();
        steps.sort();
        steps
    };
    sorted(from) == sorted(to)
}
