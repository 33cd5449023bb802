//! Applying the fixes of findings: tried in memory, kept if what they fix is gone and nothing as bad has come instead.
//!
//! Each step takes findings away and brings only milder ones, so this ends. What it brings is fixed in a later step.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::{Analysis, ExampleResult, Question, ask, example};
use crate::catalog::Catalog;
use crate::diagnostic::Severity;
use crate::lint::{Finding, Fingerprint, Packs, Proposal, Rule};
use crate::quantity::unit;
use crate::source::{SourceId, Sources, Span};
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
    /// What it is known by.
    fn key(&self) -> (usize, &str, Fingerprint, &[(Subject, String, String)]) {
        (self.spec, &self.rule, self.fingerprint, &self.keys)
    }

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
                    let mut rest = Vec::new();
                    for (at, one) in batch.into_iter().enumerate() {
                        match which.remove(&at) {
                            Some(reason) => state.dropped.push((one, reason)),
                            None => rest.push(one),
                        }
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
    let dropped: BTreeSet<_> = state.dropped.iter().map(|(one, _)| one.key()).collect();
    list.retain(|one| !dropped.contains(&one.key()));
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
    let mut written = Written::default();
    for one in list {
        let smaller = |(subject, key, value): &(Subject, String, String)| {
            let most = largest.get(&place(&one, subject, key));
            most.zip(amount(value)).is_some_and(|(most, number)| number < *most)
        };
        let group = |key: &str| key.split('.').next().unwrap_or(key).to_owned();
        let own: Vec<Place> = one.keys.iter().map(|(subject, key, _)| place(&one, subject, &group(key))).collect();
        let crossed = one.replacements.iter().any(|own| written.crosses(own));
        if crossed || one.keys.iter().any(smaller) || own.iter().any(|key| taken.contains(key)) {
            continue;
        }
        taken.extend(own);
        one.replacements.iter().for_each(|own| written.add(own));
        chosen.push(one);
    }
    chosen
}

/// Replacements that don't overlap, by file, beginning and end: so they are sorted by their ends too.
#[derive(Default)]
struct Written(BTreeMap<(SourceId, u32, u32), Vec<Replacement>>);

impl Written {
    /// Whether another replacement would change some of the same text in another way.
    fn crosses(&self, own: &Replacement) -> bool {
        let Span { source, start, end } = own.span;
        let before = self.0.range((source, 0, 0)..(source, end, 0)).rev();
        before.take_while(|((_, _, to), _)| *to > start).flat_map(|(_, others)| others).any(|other| other != own)
    }

    fn add(&mut self, own: &Replacement) {
        let Span { source, start, end } = own.span;
        self.0.entry((source, start, end)).or_default().push(own.clone());
    }
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
    // What a fix has to do with is told anew if its words change: then its rule finds fewer than before nevertheless.
    let (less, more) = (by_rule(&was), by_rule(&is));
    let touched: BTreeSet<(usize, &str)> = fixed.keys().map(|(spec, rule, _)| (*spec, *rule)).collect();
    let told_anew = |rule: &(usize, &str)| touched.contains(rule) && more.get(rule) < less.get(rule);
    let come: BTreeMap<&(usize, &str, Fingerprint), &str> = is
        .iter()
        .filter(|(key, (n, severity, _))| *severity >= mildest && *n > count(&was, key) && !told_anew(&(key.0, key.1)))
        .map(|(key, (_, _, message))| (key, *message))
        .collect();
    let Some(first) = come.values().next() else { return Verdict::Holds };
    let culprits = culprits(after, batch, &come);
    if culprits.is_empty() { Verdict::Unclear(brought(first)) } else { Verdict::Fails(culprits) }
}

fn brought(message: &str) -> String {
    format!("something as bad would come: {message}")
}

/// Fixes that brought something: in a flow where only one call has been touched, that one did.
fn culprits(
    after: &[Analysis],
    batch: &[Candidate],
    come: &BTreeMap<&(usize, &str, Fingerprint), &str>,
) -> BTreeMap<usize, String> {
    let mut alone: BTreeMap<(usize, usize), Option<usize>> = BTreeMap::new();
    for (at, one) in batch.iter().enumerate() {
        if let Some(flow) = one.flow {
            alone.entry((one.spec, flow)).and_modify(|only| *only = None).or_insert(Some(at));
        }
    }
    let mut culprits = BTreeMap::new();
    for (spec, analysis) in after.iter().enumerate() {
        for finding in analysis.findings.iter().filter(|finding| finding.allowed.is_none()) {
            if come.contains_key(&(spec, finding.rule.as_str(), finding.fingerprint))
                && let Some(at) = flow(analysis, finding).and_then(|flow| *alone.get(&(spec, flow))?)
            {
                culprits.insert(at, brought(&finding.message));
            }
        }
    }
    culprits
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

/// How many open findings each rule has in each spec.
fn by_rule<'o>(open: &Open<'o>) -> BTreeMap<(usize, &'o str), usize> {
    let mut all = BTreeMap::new();
    for ((spec, rule, _), (count, ..)) in open {
        *all.entry((*spec, *rule)).or_default() += count;
    }
    all
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
