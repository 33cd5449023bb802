//! Applying the fixes of findings: tried in memory, kept if what they fix is gone and nothing as bad has come instead.
//!
//! Each step takes findings away and brings only milder ones, so this ends. What it brings is left for another run.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::{Analysis, ExampleResult, Question, ask, example};
use crate::catalog::Catalog;
use crate::diagnostic::Severity;
use crate::lint::{Finding, Fingerprint, Packs, Proposal, Rule};
use crate::quantity::unit;
use crate::source::{SourceId, Sources};
use crate::spec::{Replacement, Subject, replaced};
use crate::vocabulary::Target;

/// Trials in one run; more are left for the next.
const MOST: usize = 300;

/// A fix with the finding that it is for.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Which of the specs.
    pub spec: usize,
    /// The finding's rule.
    pub rule: String,
    /// What the finding is about.
    pub subject: String,
    /// What is done.
    pub title: String,
    /// The files that it changes.
    pub files: Vec<SourceId>,
    severity: Severity,
    fingerprint: Fingerprint,
    /// The flow that it is in, if it is about a flow or one of its calls.
    flow: Option<usize>,
    /// Of what it sets which values.
    keys: Vec<(Subject, String, String)>,
    replacements: Vec<Replacement>,
}

impl Candidate {
    /// Whether it sets all that another one has set.
    fn replaces(&self, other: &Candidate) -> bool {
        let sets = |subject: &Subject, key: &str| self.keys.iter().any(|(of, own, _)| of == subject && own == key);
        // A step is known by its place, which moves with what is written before it.
        let lasts = |subject: &Subject| !matches!(subject, Subject::Step(_));
        self.spec == other.spec && other.keys.iter().all(|(subject, key, _)| lasts(subject) && sets(subject, key))
    }
}

/// What has become of a run's specs.
pub struct Fixed {
    /// The files with all fixes that hold.
    pub sources: Sources,
    /// What is found in them.
    pub analyses: Vec<Analysis>,
    /// The fixes that hold, in the order in which they were applied.
    pub applied: Vec<Candidate>,
    /// The fixes that don't, and why.
    pub dropped: Vec<(Candidate, String)>,
    /// Whether there may be more to do.
    pub unfinished: bool,
}

impl Fixed {
    /// The files that are not as they were.
    pub fn changed(&self, before: &Sources) -> Vec<(SourceId, String)> {
        let differs = |id: &SourceId| before.get(*id).text() != self.sources.get(*id).text();
        before.ids().filter(differs).map(|id| (id, self.sources.get(id).text().to_owned())).collect()
    }
}

/// Open findings of a run by spec, rule and fingerprint: how many, how bad, what they say.
type Open<'a> = BTreeMap<(usize, &'a str, Fingerprint), (usize, Severity, &'a str)>;

fn open(analyses: &[Analysis]) -> Open<'_> {
    let mut all = Open::new();
    for (spec, analysis) in analyses.iter().enumerate() {
        for finding in analysis.findings.iter().filter(|finding| finding.allowed.is_none()) {
            let entry = all.entry((spec, finding.rule.as_str(), finding.fingerprint));
            entry.or_insert((0, finding.severity, &finding.message)).0 += 1;
        }
    }
    all
}

/// Applies the fixes of all open findings that are not waived, the unsafe ones only if asked to. `analyse` judges all specs of
/// the run from their texts, waivers included; findings aren't folded yet.
pub fn fix<E>(
    sources: Sources,
    unsafe_too: bool,
    analyse: &mut dyn FnMut(&Sources) -> Result<Vec<Analysis>, E>,
) -> Result<Fixed, E> {
    let analyses = analyse(&sources)?;
    let mut state = Fixed { sources, analyses, applied: Vec::new(), dropped: Vec::new(), unfinished: false };
    if !state.analyses.iter().all(Analysis::is_usable) {
        return Ok(state);
    }
    let (mut trials, mut moved) = (0, false);
    loop {
        let mut batch = compatible(candidates(&state, unsafe_too));
        if batch.is_empty() {
            // What didn't hold before may hold after others; only where nothing does another run changes nothing.
            if !moved || state.dropped.is_empty() {
                return Ok(state);
            }
            (moved, state.dropped) = (false, Vec::new());
            continue;
        }
        while !batch.is_empty() {
            trials += 1;
            if trials > MOST {
                state.unfinished = true;
                return Ok(state);
            }
            let all: Vec<Replacement> = batch.iter().flat_map(|one| one.replacements.iter().cloned()).collect();
            let mut next = state.sources.clone();
            for (file, text) in replaced(&state.sources, &all) {
                next.replace(file, text);
            }
            let after = analyse(&next)?;
            match verdict(&state.analyses, &after, &batch) {
                Verdict::Holds => {
                    (state.sources, state.analyses, moved) = (next, after, true);
                    // What is set anew was not the last word, and isn't told.
                    state.applied.retain(|old| !batch.iter().any(|new| new.replaces(old)));
                    state.applied.append(&mut batch);
                }
                Verdict::Unclear(reason) if batch.len() == 1 => {
                    state.dropped.extend(batch.pop().map(|one| (one, reason)));
                }
                Verdict::Unclear(_) => batch.truncate(batch.len() / 2),
                Verdict::Fails(mut which) => {
                    let (mut at, mut rest) = (0, Vec::new());
                    for one in batch {
                        match which.remove(&at) {
                            Some(reason) => state.dropped.push((one, reason)),
                            None => rest.push(one),
                        }
                        at += 1;
                    }
                    batch = rest;
                }
            }
        }
    }
}

/// The fixes that may be tried, the worst findings first.
fn candidates(state: &Fixed, unsafe_too: bool) -> Vec<Candidate> {
    let mut list: Vec<Candidate> = Vec::new();
    for (spec, analysis) in state.analyses.iter().enumerate() {
        let open = analysis.findings.iter().filter(|finding| finding.allowed.is_none());
        list.extend(open.filter_map(|finding| candidate((spec, analysis), finding, finding.fix.as_ref()?, unsafe_too)));
    }
    let same = |a: &Candidate, b: &Candidate| {
        (a.spec, &a.rule, a.fingerprint, &a.keys) == (b.spec, &b.rule, b.fingerprint, &b.keys)
    };
    list.retain(|one| !state.dropped.iter().any(|(dropped, _)| same(dropped, one)));
    list.sort_by_key(|one| std::cmp::Reverse(one.severity));
    list
}

/// The flow that a finding is in.
fn flow(analysis: &Analysis, finding: &Finding) -> Option<usize> {
    let index = finding.subject.index as usize;
    match finding.subject.target {
        Target::Flow => Some(index),
        Target::Step => analysis.graph.steps.get(index).map(|step| step.flow),
        _ => None,
    }
}

fn candidate(
    (spec, analysis): (usize, &Analysis),
    finding: &Finding,
    fix: &Proposal,
    unsafe_too: bool,
) -> Option<Candidate> {
    if !fix.is_ready() || !(fix.safe || unsafe_too) {
        return None;
    }
    let files: BTreeSet<SourceId> = fix.replacements.iter().map(|one| one.span.source).collect();
    let keys = fix.edits.iter().map(|edit| (edit.subject.clone(), edit.key.clone(), edit.value.clone()));
    Some(Candidate {
        spec,
        rule: finding.rule.clone(),
        subject: finding.subject_name.clone(),
        title: fix.title.clone(),
        files: files.into_iter().collect(),
        severity: finding.severity,
        fingerprint: finding.fingerprint,
        flow: flow(analysis, finding),
        keys: keys.collect(),
        replacements: fix.replacements.clone(),
    })
}

/// What a candidate sets, by file: specs may share one.
type Place = (Option<SourceId>, Subject, String);

/// Those that don't get into each other's way. Of two sizes for the same thing the larger one goes first; the rest is looked at
/// when it has been applied.
fn compatible(list: Vec<Candidate>) -> Vec<Candidate> {
    let place = |one: &Candidate, subject: &Subject, key: &str| -> Place {
        (one.files.first().copied(), subject.clone(), key.to_owned())
    };
    let mut largest: BTreeMap<Place, f64> = BTreeMap::new();
    for one in &list {
        for (subject, key, value) in &one.keys {
            if let Some(number) = amount(value) {
                let most = largest.entry(place(one, subject, key)).or_insert(number);
                *most = most.max(number);
            }
        }
    }
    let mut chosen: Vec<Candidate> = Vec::new();
    let mut taken: BTreeSet<Place> = BTreeSet::new();
    for one in list {
        let smaller = |(subject, key, value): &(Subject, String, String)| {
            let most = largest.get(&place(&one, subject, key));
            most.zip(amount(value)).is_some_and(|(most, number)| number < *most)
        };
        let group = |key: &str| key.split('.').next().unwrap_or(key).to_owned();
        let own: Vec<Place> = one.keys.iter().map(|(subject, key, _)| place(&one, subject, &group(key))).collect();
        let overlaps = |a: &Replacement, b: &Replacement| {
            a != b && a.span.source == b.span.source && a.span.start < b.span.end && b.span.start < a.span.end
        };
        let crossed = chosen.iter().flat_map(|other| &other.replacements);
        let crossed = crossed.clone().any(|other| one.replacements.iter().any(|own| overlaps(own, other)));
        if crossed || one.keys.iter().any(smaller) || own.iter().any(|key| taken.contains(key)) {
            continue;
        }
        taken.extend(own);
        chosen.push(one);
    }
    chosen
}

/// A value as a number, in the unit that all of its kind share.
fn amount(value: &str) -> Option<f64> {
    let (number, name) = value.split_once(' ').unwrap_or((value, ""));
    let factor = if name.is_empty() { 1.0 } else { unit(name)?.factor };
    number.parse::<f64>().ok().map(|number| number * factor)
}

/// What a trial of several fixes shows.
enum Verdict {
    /// They may be applied.
    Holds,
    /// These may not, by their place, and why.
    Fails(BTreeMap<usize, String>),
    /// Some of them may not.
    Unclear(String),
}

/// Fixes don't hold if a spec is broken by them, a finding is still there, one as bad has come, or what another spec accepts is gone.
fn verdict(before: &[Analysis], after: &[Analysis], batch: &[Candidate]) -> Verdict {
    for (old, new) in before.iter().zip(after) {
        let known: BTreeSet<(&str, &str)> = old.diagnostics.iter().map(|d| (d.code, d.message.as_str())).collect();
        let fresh = new.diagnostics.iter().find(|d| !known.contains(&(d.code, d.message.as_str())));
        if let Some(mistake) = fresh {
            return Verdict::Unclear(format!("the spec would be wrong: {}", mistake.message));
        }
    }
    let accepted = against_others(before, after, batch);
    if !accepted.is_empty() {
        return Verdict::Fails(accepted);
    }
    let (was, is) = (open(before), open(after));
    let count = |all: &Open<'_>, key: &(usize, &str, Fingerprint)| all.get(key).map_or(0, |(count, ..)| *count);
    let mut fixed: BTreeMap<(usize, &str, Fingerprint), Vec<usize>> = BTreeMap::new();
    for (at, one) in batch.iter().enumerate() {
        fixed.entry((one.spec, &one.rule, one.fingerprint)).or_default().push(at);
    }
    let still = fixed.iter().filter(|(key, gone)| count(&is, key) + gone.len() > count(&was, key));
    let still: BTreeMap<usize, String> = still
        .flat_map(|(_, all)| all.iter().map(|at| (*at, "what it should fix would still be there".to_owned())))
        .collect();
    if !still.is_empty() {
        return Verdict::Fails(still);
    }
    let Some(mildest) = batch.iter().map(|one| one.severity).min() else { return Verdict::Holds };
    let mut come = is.iter().filter(|(key, (n, severity, _))| {
        // What a fix has to do with is told anew if its words change; it counts once.
        let moved = fixed.keys().any(|old| (old.0, old.1) == (key.0, key.1));
        *severity >= mildest && *n > count(&was, key) && !(moved && same_number(&was, &is, key))
    });
    let Some((_, (_, _, message))) = come.next() else { return Verdict::Holds };
    let reason = |message: &str| format!("something as bad would come: {message}");
    let first = reason(message);
    // In a flow where only one call has been touched, that one brought it.
    let mut culprits = BTreeMap::new();
    for (spec, analysis) in after.iter().enumerate() {
        for finding in analysis.findings.iter().filter(|finding| finding.allowed.is_none()) {
            let key = (spec, finding.rule.as_str(), finding.fingerprint);
            if count(&is, &key) <= count(&was, &key) || finding.severity < mildest {
                continue;
            }
            let Some(place) = flow(analysis, finding) else { continue };
            let mut there = batch.iter().enumerate().filter(|(_, one)| one.spec == spec && one.flow == Some(place));
            if let (Some((at, _)), None) = (there.next(), there.next()) {
                culprits.insert(at, reason(&finding.message));
            }
        }
    }
    if culprits.is_empty() { Verdict::Unclear(first) } else { Verdict::Fails(culprits) }
}

/// Fixes that take away what another spec of the run accepts: the file isn't theirs alone.
fn against_others(before: &[Analysis], after: &[Analysis], batch: &[Candidate]) -> BTreeMap<usize, String> {
    let mut out = BTreeMap::new();
    for (spec, (old, new)) in before.iter().zip(after).enumerate() {
        let left: BTreeSet<(&str, &str)> =
            new.findings.iter().map(|left| (left.rule.as_str(), left.subject_name.as_str())).collect();
        for finding in old.findings.iter().filter(|finding| finding.allowed.is_some()) {
            if left.contains(&(finding.rule.as_str(), finding.subject_name.as_str())) {
                continue;
            }
            let others = || batch.iter().enumerate().filter(|(_, one)| one.spec != spec && one.rule == finding.rule);
            let named = others().any(|(_, one)| one.subject == finding.subject_name);
            let others = others().filter(|(_, one)| !named || one.subject == finding.subject_name);
            let reason = || format!("another spec that shares the file accepts it: {}", finding.message);
            out.extend(others.map(|(at, _)| (at, reason())));
        }
    }
    out
}

/// Whether a rule finds no more in a spec than before.
fn same_number(before: &Open<'_>, after: &Open<'_>, key: &(usize, &str, Fingerprint)) -> bool {
    let number = |all: &Open<'_>| -> usize {
        all.iter().filter(|((spec, rule, _), _)| (*spec, *rule) == (key.0, key.1)).map(|(_, (count, ..))| count).sum()
    };
    number(after) < number(before)
}

/// Fixes a `bad` example of a rule: it must then be silent, and doing so again must change nothing. `None` if this example
/// leaves nothing to do by itself.
pub fn fix_example(rule: &Rule, text: &str, catalog: &Catalog) -> Option<ExampleResult> {
    let (sources, id) = example(text);
    let rules = std::slice::from_ref(rule);
    let question = Question { rules, packs: Packs::All, ..Question::default() };
    let mut analyse = |sources: &Sources| Ok::<_, std::convert::Infallible>(vec![ask(sources, id, catalog, question)]);
    let Ok(fixed) = fix(sources.clone(), true, &mut analyse);
    if fixed.applied.is_empty() {
        let (_, reason) = fixed.dropped.first()?;
        return Some(ExampleResult::NotFixed(reason.clone()));
    }
    let Ok(again) = fix(fixed.sources.clone(), true, &mut analyse);
    if !again.applied.is_empty() {
        return Some(ExampleResult::NotFixed(format!("it changes it twice:\n{}", again.sources.get(id).text())));
    }
    let left = fixed
        .analyses
        .iter()
        .flat_map(|analysis| &analysis.findings)
        .find(|left| left.fix.as_ref().is_some_and(Proposal::is_ready));
    Some(match left {
        Some(left) => ExampleResult::NotFixed(format!("it still fires: {}", left.message)),
        None => ExampleResult::Passed,
    })
}
