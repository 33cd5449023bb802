//! `check --baseline`: written, compared, shrunk.

use std::path::{Component, Path, PathBuf};

use crate::analysis::Analysis;
use crate::cli::{Failure, files, output, warn};
use crate::lint::Rule;
use crate::report::baseline::{Baseline, Compared, Known, read, write};
use crate::source::{SourceId, Sources};

#[derive(Debug, clap::Args)]
pub(super) struct BaselineFile {
    /// Findings listed in this file are known: marked, and no reason to fail.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write all that is found now to the baseline.
    #[arg(long, requires = "baseline", conflicts_with = "shrink_baseline")]
    write_baseline: bool,
    /// Remove from the baseline what is no longer found; nothing is ever added.
    #[arg(long, requires = "baseline")]
    shrink_baseline: bool,
}

/// Where a spec is, seen from the baseline's folder, with slashes.
fn relative(folder: &Path, file: &Path) -> String {
    let parts = |path: &Path| -> Vec<String> {
        let named = path.components().filter(|part| !matches!(part, Component::CurDir));
        named.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect()
    };
    let (from, to) = (parts(folder), parts(file));
    let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", from.len() - same);
    up.chain(to.iter().skip(same).map(String::as_str)).collect::<Vec<_>>().join("/")
}

/// A path that doesn't depend on where the command runs, with links followed as far as the file exists.
fn absolute(path: &Path) -> PathBuf {
    path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or(path.to_owned())
}

impl BaselineFile {
    /// Marks what is known, and writes the baseline if asked to.
    pub fn apply(
        &self,
        sources: &Sources,
        ids: &[SourceId],
        analyses: &mut [Analysis],
        rules: &[Rule],
    ) -> Result<Option<Compared>, Failure> {
        let Some(file) = &self.baseline else { return Ok(None) };
        let name = file.display().to_string();
        if !analyses.iter().all(Analysis::is_usable) {
            if self.write_baseline || self.shrink_baseline {
                warn(&format!("{name} is left as it is, since a spec has mistakes"));
            }
            if self.write_baseline {
                return Ok(None);
            }
        }
        let folder = absolute(file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")));
        let path = |id: SourceId| match sources.get(id).name() {
            "<stdin>" => "<stdin>".to_owned(),
            spec => relative(&folder, &absolute(Path::new(spec))),
        };
        if self.write_baseline {
            let baseline = Baseline::of(analyses, ids, &path);
            save(file, &baseline)?;
            let findings = if baseline.len() == 1 { "finding" } else { "findings" };
            warn(&format!("wrote {} {findings} to {name}", baseline.len()));
            return Ok(Some(baseline.compare(analyses, &name, &|_| true)));
        }
        if !file.exists() {
            return Err(Failure(format!("there is no baseline {name}; write it with `--write-baseline`")));
        }
        let mut text = Sources::new();
        let id = files::read(file, &mut text)?;
        let baseline = read(text.get(id).text()).map_err(|error| Failure(format!("can't read {name}: {error}")))?;
        // A spec that was not read, or could not be, may still have what is known of it; so may one whose rule isn't loaded.
        let usable = ids.iter().zip(analyses.iter()).filter(|(_, analysis)| analysis.is_usable());
        let read: Vec<String> = usable.map(|(id, _)| path(*id)).collect();
        let judged = |known: &Known| {
            let there = read.contains(&known.path) || !folder.join(&known.path).exists();
            there && rules.iter().any(|rule| rule.name == known.rule)
        };
        let mut compared = baseline.compare(analyses, &name, &judged);
        if self.shrink_baseline && analyses.iter().all(Analysis::is_usable) && !compared.gone.is_empty() {
            let smaller = baseline.without(&compared.gone);
            save(file, &smaller)?;
            let entries = if compared.gone.len() == 1 { "entry" } else { "entries" };
            warn(&format!("removed {} {entries} from {name}; {} left", compared.gone.len(), smaller.len()));
            compared.gone.clear();
        }
        Ok(Some(compared))
    }
}

fn save(file: &Path, baseline: &Baseline) -> Result<(), Failure> {
    let text = write(baseline).map_err(|error| Failure(format!("can't write the baseline: {error}")))?;
    output::save(file, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_the_baseline() {
        for (folder, file, seen) in [
            ("/a/b", "/a/b/c.yaml", "c.yaml"),
            ("/a/b", "/a/x/c.yaml", "../x/c.yaml"),
            ("/a", "/a/./b/c.yaml", "b/c.yaml"),
        ] {
            assert_eq!(relative(Path::new(folder), Path::new(file)), seen);
        }
    }
}
