//! `napkin check --fix` and `--diff`

use std::collections::BTreeMap;
use std::io::IsTerminal;

use crate::analysis::Analysis;
use crate::cli::{Done, Failure, Outcome, print, rewrite, warn};
use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::Finding;
use crate::report::{line, patch::patch};
use crate::source::{SourceId, Sources};
use crate::study::fix::{Candidate, Fixed, fix};

#[derive(Debug, clap::Args)]
pub(super) struct FixArgs {
    /// Apply the safe fixes of what was found to the files, then report what is left.
    #[arg(long, group = "fixing", conflicts_with_all = ["show_config", "write_baseline", "shrink_baseline"])]
    pub fix: bool,
    /// Show as a diff what `--fix` would change; nothing is written, and the exit status is 1 if something would be.
    #[arg(long, group = "fixing", conflicts_with_all = ["show_config", "write_baseline", "shrink_baseline", "format", "output"])]
    pub diff: bool,
    /// With `--fix` or `--diff`: also fixes that change what the design claims, what is deployed or what it costs.
    #[arg(long, requires = "fixing")]
    pub unsafe_fixes: bool,
}

/// How the specs of a run are judged: findings with waivers, not folded.
pub(super) type Judge<'j> = dyn FnMut(&Sources) -> Result<Vec<Analysis>, Failure> + 'j;

/// The name of standard input among files.
const STDIN: &str = "<stdin>";

impl FixArgs {
    /// Writes what is fixed and says so; of standard input the new text is printed. The new texts, and whether standard output
    /// is taken by one.
    pub fn apply(
        &self,
        sources: &Sources,
        judge: &mut Judge<'_>,
        aside: bool,
        reasons: bool,
    ) -> Result<(Sources, bool), Failure> {
        let fixed = fix(sources.clone(), self.unsafe_fixes, judge)?;
        let changed = fixed.changed(sources);
        let is_stdin = |file: &SourceId| sources.get(*file).name() == STDIN;
        let files: Vec<(SourceId, String)> = changed.iter().filter(|(file, _)| !is_stdin(file)).cloned().collect();
        rewrite::all(&files, sources)?;
        let stdin = sources.ids().find(is_stdin);
        if let Some(file) = stdin {
            print(fixed.sources.get(file).text())?;
        }
        let told = self.told(&fixed, "fixed", reasons);
        if aside || stdin.is_some() {
            warn(&told)
        } else {
            print(&told)?
        }
        Ok((fixed.sources, stdin.is_some()))
    }

    /// Shows what would be written.
    pub fn show(&self, sources: &Sources, judge: &mut Judge<'_>, reasons: bool) -> Outcome {
        let fixed = fix(sources.clone(), self.unsafe_fixes, judge)?;
        if let Some(told) = broken(&fixed) {
            return Err(Failure(told));
        }
        let changed = fixed.changed(sources);
        print(&patch(sources, &changed, std::io::stdout().is_terminal()))?;
        warn(&self.told(&fixed, "would be fixed", reasons));
        Ok(if changed.is_empty() { Done::Clean } else { Done::Findings })
    }

    /// What was done file by file, what was not and why, and what else could be; with `reasons` also why there is no fix.
    fn told(&self, fixed: &Fixed, verb: &str, reasons: bool) -> String {
        let mut out = broken(fixed).unwrap_or_default();
        let mut files: BTreeMap<&str, Vec<&Candidate>> = BTreeMap::new();
        for one in &fixed.applied {
            for file in &one.files {
                files.entry(fixed.sources.get(*file).name()).or_default().push(one);
            }
        }
        for (file, list) in files {
            out += &format!("{}: {}\n", line(file), counted(list.len(), "fix", "fixes"));
            for one in list {
                out += &format!("  {}: {}\n", one.rule, line(&one.title));
            }
        }
        for (one, reason) in &fixed.dropped {
            out += &format!("not fixed: {} of {}: {}\n", one.rule, line(&one.subject), line(reason));
        }
        if fixed.unfinished {
            out += "there is more to try; run it again\n";
        }
        let open = |finding: &&Finding| finding.allowed.is_none();
        let left = || fixed.analyses.iter().flat_map(|analysis| &analysis.findings).filter(open);
        let fix = |finding: &&Finding| finding.fix.as_ref().is_some_and(|fix| fix.is_ready() && !fix.safe);
        let (more, mut refused) = (left().filter(fix).count(), 0);
        for finding in left() {
            let Some(reason) = finding.fix.as_ref().and_then(|fix| fix.refused.as_ref()) else { continue };
            refused += 1;
            if reasons {
                let (subject, reason) = (line(&finding.subject_name), line(reason));
                out += &format!("no fix: {} of {subject}: {reason}\n", finding.rule);
            }
        }
        out += &format!("{} {verb}", counted(fixed.applied.len(), "finding", "findings"));
        if more > 0 && !self.unsafe_fixes {
            out += &format!("; {more} more with --unsafe-fixes");
        }
        if refused > 0 && !reasons {
            out += &format!("; {} without a place, --verbose says why", counted(refused, "fix", "fixes"));
        }
        out + "\n"
    }
}

/// Which spec keeps all of them from being fixed, if one does.
fn broken(fixed: &Fixed) -> Option<String> {
    let spec = fixed.analyses.iter().find(|analysis| !analysis.is_usable())?;
    let place = spec.diagnostics.iter().filter(|d| d.severity == Severity::Error).find_map(Diagnostic::span);
    let name = place.map_or("a spec".into(), |span| line(fixed.sources.get(span.source).name()));
    Some(format!(
        "{name} has mistakes, so nothing is fixed; mend them first (`napkin check` shows them), or leave it out\n"
    ))
}

fn counted(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}
