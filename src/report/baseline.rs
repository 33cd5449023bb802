//! The baseline: what was known when a team turned napkin on. `check --baseline` marks it and counts only what is new.
//!
//! The file's structs are frozen at version 1; `napkin schema baseline` prints their schema.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::analysis::Analysis;
use crate::lint::{Finding, Fingerprint, SUPPRESSIONS, Waiver, numbered};
use crate::report::printed;
use crate::source::SourceId;

/// A baseline as it is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    version: u32,
    tool: String,
    findings: Vec<Known>,
}

/// A known finding. Only the fingerprint is compared; the rest is for people, and for telling what was checked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// Where its spec was, from the baseline's folder.
    pub path: String,
    /// The rule.
    pub rule: String,
    /// What it was about.
    pub subject: String,
    /// What it said.
    pub message: String,
    /// What is compared.
    pub fingerprint: String,
}

/// How the findings of a run compare with a baseline.
#[derive(Debug, Default)]
pub struct Compared {
    /// The baseline's name.
    pub file: String,
    /// How many findings were known.
    pub known: usize,
    /// Entries whose finding is fixed, or allowed in the spec.
    pub gone: Vec<Known>,
    /// How many entries could not be judged: their spec or their rule was not part of this run.
    pub unjudged: usize,
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// Reads a baseline.
pub fn read(text: &str) -> Result<Baseline, String> {
    // The version first, so that a later format is not taken for a mistake.
    let version: Version = serde_json::from_str(text).map_err(|error| format!("it is no baseline: {error}"))?;
    if version.version != 1 {
        return Err(format!("it has version {}, and this napkin reads version 1", version.version));
    }
    serde_json::from_str(text).map_err(|error| format!("it is no baseline: {error}"))
}

/// Writes a baseline.
pub fn write(baseline: &Baseline) -> serde_json::Result<String> {
    printed(baseline)
}

/// Findings with the fingerprints that a baseline has for them. Suppressions that are expired or unused are not among those that
/// can be known, or an expiry would mean nothing.
fn fingerprints<'a>(analyses: impl Iterator<Item = &'a Analysis>) -> Vec<Fingerprint> {
    let all = analyses.flat_map(|analysis| &analysis.findings);
    let keys: Vec<_> = all.map(|finding| (finding.fingerprint, finding.allowed.is_some())).collect();
    numbered(&keys)
}

fn can_be_known(finding: &Finding) -> bool {
    finding.allowed.is_none() && finding.category != SUPPRESSIONS
}

impl Compared {
    /// How the specs of a run compare with several baselines; `None` if there is none.
    pub fn together(all: Vec<Compared>) -> Option<Compared> {
        all.into_iter().reduce(|mut sum, next| {
            sum.file = format!("{}, {}", sum.file, next.file);
            sum.known += next.known;
            sum.gone.extend(next.gone);
            sum.unjudged += next.unjudged;
            sum
        })
    }
}

impl Baseline {
    /// All that is open, sorted. `path` gives a spec's path from the baseline's folder.
    pub fn of(analyses: &[&Analysis], files: &[SourceId], path: &dyn Fn(SourceId) -> String) -> Baseline {
        let mut numbers = fingerprints(analyses.iter().copied()).into_iter();
        let mut findings = Vec::new();
        for (analysis, file) in analyses.iter().zip(files) {
            for (finding, fingerprint) in analysis.findings.iter().zip(&mut numbers) {
                if can_be_known(finding) {
                    findings.push(Known {
                        path: path(*file),
                        rule: finding.rule.clone(),
                        subject: finding.subject_name.clone(),
                        message: finding.message.clone(),
                        fingerprint: fingerprint.to_string(),
                    });
                }
            }
        }
        findings.sort();
        Baseline { version: 1, tool: "napkin".to_owned(), findings }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.findings.len()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// Marks what is known. `judged` tells whether this run could have found an entry again.
    pub fn compare(&self, analyses: &mut [&mut Analysis], file: &str, judged: &dyn Fn(&Known) -> bool) -> Compared {
        let numbers = fingerprints(analyses.iter().map(|analysis| &**analysis));
        let known: BTreeSet<&str> = self.findings.iter().map(|known| known.fingerprint.as_str()).collect();
        let mut found = BTreeSet::new();
        let mut compared = Compared { file: file.to_owned(), ..Compared::default() };
        let all = analyses.iter_mut().flat_map(|analysis| &mut analysis.findings);
        for (finding, fingerprint) in all.zip(numbers) {
            let fingerprint = fingerprint.to_string();
            if can_be_known(finding) && known.contains(fingerprint.as_str()) {
                finding.allowed = Some(Waiver::Baseline { file: file.to_owned() });
                found.insert(fingerprint);
            }
        }
        compared.known = found.len();
        for entry in self.findings.iter().filter(|entry| !found.contains(&entry.fingerprint)) {
            if judged(entry) {
                compared.gone.push(entry.clone());
            } else {
                compared.unjudged += 1;
            }
        }
        compared
    }

    /// The baseline without entries that are gone.
    pub fn without(self, gone: &[Known]) -> Baseline {
        let gone: BTreeSet<&Known> = gone.iter().collect();
        let findings = self.findings.into_iter().filter(|known| !gone.contains(known)).collect();
        Baseline { findings, ..self }
    }
}
