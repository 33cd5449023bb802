//! Applying the fixes of findings: tried in memory, kept if what they fix is gone and nothing as bad has come instead.
//!
//! Each step takes findings away and brings only milder ones, so this ends, and where it ends another run changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::{Analysis, ExampleResult, Question, ask, example};
use crate::catalog::Catalog;
use crate::diagnostic::Severity;
use crate::lint::{Finding, Fingerprint, Packs, Proposal, Rule};
use crate::source::{SourceId, Sources};
use crate::spec::{Replacement, Subject, replaced};

/// Trials in one run; more are left for the next.
const MOST: usize = 2000;

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
    /// Of what it sets which values.
    keys: Vec<(Subject, String, String)>,
    replacements: Vec<Replacement>,
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
        loop {
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
            match objection(&state.analyses, &after, &batch) {
                None => {
                    (state.sources, state.analyses, moved) = (next, after, true);
                    state.applied.append(&mut batch);
                    break;
                }
                Some(reason) if batch.len() == 1 => {
                    state.dropped.extend(batch.pop().map(|one| (one, reason)));
                    break;
                }
                Some(_) => batch.truncate(batch.len() / 2),
            }
        }
    }
}

/// The fixes that may be tried, the worst findings first.
fn candidates(state: &Fixed, unsafe_too: bool) -> Vec<Candidate> {
    let mut list: Vec<Candidate> = Vec::new();
    for (spec, analysis) in state.analyses.iter().enumerate() {
        let open = analysis.findings.iter().filter(|finding| finding.allowed.is_none());
        list.extend(open.filter_map(|finding| candidate(spec, finding, finding.fix.as_ref()?, unsafe_too)));
    }
    let same = |a: &Candidate, b: &Candidate| {
        (a.spec, &a.rule, a.fingerprint, &a.keys) == (b.spec, &b.rule, b.fingerprint, &b.keys)
    };
    list.retain(|one| !state.dropped.iter().any(|(dropped, _)| same(dropped, one)));
    list.sort_by_key(|one| std::cmp::Reverse(one.severity));
    list
}

fn candidate(spec: usize, finding: &Finding, fix: &Proposal, unsafe_too: bool) -> Option<Candidate> {
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
        keys: keys.collect(),
        replacements: fix.replacements.clone(),
    })
}

/// Those that don't get into each other's way. Of two sizes for the same thing the larger one goes first; the rest is looked at
/// when it has been applied.
fn compatible(list: Vec<Candidate>) -> Vec<Candidate> {
    let number = |value: &str| value.parse::<f64>().ok();
    let mut largest: BTreeMap<(usize, Subject, String), f64> = BTreeMap::new();
    for one in &list {
        for (subject, key, value) in &one.keys {
            if let Some(number) = number(value) {
                let most = largest.entry((one.spec, subject.clone(), key.clone())).or_insert(number);
                *most = most.max(number);
            }
        }
    }
    let mut chosen: Vec<Candidate> = Vec::new();
    let mut taken: BTreeSet<(usize, Subject, String)> = BTreeSet::new();
    for one in list {
        let smaller = |(subject, key, value): &(Subject, String, String)| {
            let most = largest.get(&(one.spec, subject.clone(), key.clone()));
            most.zip(number(value)).is_some_and(|(most, number)| number < *most)
        };
        let group = |key: &str| key.split('.').next().unwrap_or(key).to_owned();
        let own: Vec<_> = one.keys.iter().map(|(subject, key, _)| (one.spec, subject.clone(), group(key))).collect();
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

/// Why fixes don't hold: a spec is broken by them, a finding is still there, or one as bad has come.
fn objection(before: &[Analysis], after: &[Analysis], batch: &[Candidate]) -> Option<String> {
    for (old, new) in before.iter().zip(after) {
        let known: BTreeSet<(&str, &str)> = old.diagnostics.iter().map(|d| (d.code, d.message.as_str())).collect();
        let fresh = new.diagnostics.iter().find(|d| !known.contains(&(d.code, d.message.as_str())));
        if let Some(mistake) = fresh {
            return Some(format!("the spec would be wrong: {}", mistake.message));
        }
    }
    let (before, after) = (open(before), open(after));
    let count = |all: &Open<'_>, key: &(usize, &str, Fingerprint)| all.get(key).map_or(0, |(count, ..)| *count);
    let mut fixed: BTreeMap<(usize, &str, Fingerprint), usize> = BTreeMap::new();
    for one in batch {
        *fixed.entry((one.spec, &one.rule, one.fingerprint)).or_default() += 1;
    }
    for (key, gone) in &fixed {
        if count(&after, key) + gone > count(&before, key) {
            return Some("what it should fix would still be there".to_owned());
        }
    }
    let mildest = batch.iter().map(|one| one.severity).min()?;
    let (_, (_, _, message)) = after.iter().find(|(key, (n, severity, _))| {
        // What a fix has to do with is told anew if its words change; it counts once.
        let moved = fixed.keys().any(|old| (old.0, old.1) == (key.0, key.1));
        *severity >= mildest && *n > count(&before, key) && !(moved && same_number(&before, &after, key))
    })?;
    Some(format!("something as bad would come: {message}"))
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
