//! `check --baseline`: written, compared, shrunk.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::analysis::Analysis;
use crate::cli::config::{Configs, Spec};
use crate::cli::{Failure, files, output, warn};
use crate::report::baseline::{Baseline, Compared, Known, read, write};
use crate::source::{SourceId, Sources};

#[derive(Debug, clap::Args)]
pub(super) struct BaselineFile {
    /// Findings listed in this file are known: marked, and no reason to fail.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write all that is found now to the baseline.
    #[arg(long, conflicts_with = "shrink_baseline")]
    write_baseline: bool,
    /// Remove from the baseline what is no longer found; nothing is ever added.
    #[arg(long)]
    shrink_baseline: bool,
}

/// The specs that have the same baseline.
struct Group<'g> {
    /// The baseline.
    file: PathBuf,
    ids: Vec<SourceId>,
    analyses: Vec<&'g mut Analysis>,
}

impl BaselineFile {
    /// Marks what is known, and writes the baselines if asked to.
    pub fn apply(
        &self,
        sources: &Sources,
        ids: &[SourceId],
        specs: &[Spec],
        configs: &Configs<'_>,
        analyses: &mut [Analysis],
    ) -> Result<Option<Compared>, Failure> {
        let mut groups: Vec<Group<'_>> = Vec::new();
        for ((spec, id), analysis) in specs.iter().zip(ids).zip(analyses) {
            let Some(file) = configs.baseline(spec) else { continue };
            let known = groups.iter().position(|group| files::absolute(&group.file) == files::absolute(&file));
            let at = known.unwrap_or(groups.len());
            if known.is_none() {
                groups.push(Group { file, ids: Vec::new(), analyses: Vec::new() });
            }
            if let Some(group) = groups.get_mut(at) {
                group.ids.push(*id);
                group.analyses.push(analysis);
            }
        }
        if groups.is_empty() && (self.write_baseline || self.shrink_baseline) {
            let flag = if self.write_baseline { "--write-baseline" } else { "--shrink-baseline" };
            return Err(Failure(format!(
                "`{flag}` needs a file; name it with `--baseline FILE`, or with `baseline = \"FILE\"` in napkin.toml"
            )));
        }
        let mut all = Vec::new();
        for mut group in groups {
            all.extend(self.one(&mut group, sources, specs)?);
        }
        Ok(Compared::together(all))
    }

    fn one(&self, group: &mut Group<'_>, sources: &Sources, specs: &[Spec]) -> Result<Option<Compared>, Failure> {
        let Group { file, ids, analyses } = group;
        let name = file.display().to_string();
        let usable = analyses.iter().all(|analysis| analysis.is_usable());
        if !usable {
            if self.write_baseline || self.shrink_baseline {
                warn(&format!("{name} is left as it is, since a spec has mistakes"));
            }
            if self.write_baseline {
                return Ok(None);
            }
        }
        let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = files::absolute(parent.unwrap_or(Path::new(".")));
        let path = |id: SourceId| match sources.get(id).name() {
            "<stdin>" => "<stdin>".to_owned(),
            spec => files::relative(&folder, &files::absolute(Path::new(spec))),
        };
        if self.write_baseline {
            let found: Vec<&Analysis> = analyses.iter().map(|analysis| &**analysis).collect();
            let baseline = Baseline::of(&found, ids, &path);
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
        // A spec that was not read, or could not be, may still have what is known of it; so may one whose rule wasn't asked.
        let read: BTreeMap<String, BTreeSet<String>> = ids
            .iter()
            .zip(analyses.iter())
            .filter(|(_, analysis)| analysis.is_usable())
            .map(|(id, analysis)| (path(*id), analysis.asked.clone()))
            .collect();
        // What is gone would have been found in a folder of the run; who names files knows nothing of the others.
        let searched: BTreeSet<&PathBuf> = specs.iter().filter_map(|spec| spec.found_in.as_ref()).collect();
        let gone = |path: &str| {
            let place = files::absolute(&folder.join(path));
            !place.exists() && searched.iter().any(|folder| place.starts_with(folder))
        };
        let judged = |known: &Known| match read.get(&known.path) {
            Some(asked) => asked.contains(&known.rule),
            None => gone(&known.path) && read.values().any(|asked| asked.contains(&known.rule)),
        };
        let mut compared = baseline.compare(analyses, &name, &judged);
        if self.shrink_baseline && usable && !compared.gone.is_empty() {
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
