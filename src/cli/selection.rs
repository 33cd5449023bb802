//! Which specs a command checks: those that it names, or those of `paths` in `napkin.toml`.

use std::path::{Path, PathBuf};

use crate::cli::config::{Configs, File, Spec, missing};
use crate::cli::{Failure, files, warn};
use crate::config::Patterns;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::report::plural;
use crate::source::{SourceId, Sources, Spanned};
use crate::spec::gather;

/// Which of the files that paths stand for are checked. With either, a run that has nothing to check is no failure.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(super) struct Choice {
    /// Leave out YAML files that are no specs: those without `napkin:` at the top.
    #[arg(long)]
    only_specs: bool,
    /// Leave out what napkin.toml excludes, and parts of specs, also where a path names them.
    #[arg(long)]
    force_exclude: bool,
}

impl Choice {
    fn may_be_empty(self) -> bool {
        self.only_specs || self.force_exclude
    }
}

/// Reads the specs that paths stand for, what they include and extend, and what is laid over them; parts of specs aren't checked
/// by themselves. Warns of overrides that no spec has.
pub(super) fn load(
    paths: &[PathBuf],
    choice: Choice,
    overlays: &files::Overlays,
    configs: &mut Configs<'_>,
    sources: &mut Sources,
) -> Result<(Vec<Spec>, Vec<SourceId>), Failure> {
    let mut list = Vec::new();
    for spec in specs(paths, choice, configs)? {
        let id = files::read(&spec.path, sources)?;
        for over in configs.overlays(&spec) {
            let over = files::read(&files::from_here(&over), sources)?;
            sources.lay(id, over);
        }
        list.push((spec, id));
    }
    match list.as_slice() {
        _ if overlays.overlay.is_empty() => {}
        [(spec, id)] => files::lay(*id, &spec.path, overlays, sources)?,
        list => {
            let message = format!("an overlay goes over one spec, and there are {}; name one", list.len());
            return Err(Failure(message));
        }
    }
    let mut disk = files::Disk::default();
    for (_, id) in &list {
        gather(sources, *id, &mut |sources, from, path| disk.load(sources, from, path));
    }
    warn_of_idle_overrides(list.iter().map(|(spec, _)| spec), configs)?;
    let list = files::systems(list.into_iter().map(|one| (one.0.named, one)).collect(), |(_, id)| *id, sources);
    if list.is_empty() && !choice.may_be_empty() {
        let message = "all files there are parts that others include; name one to check it by itself";
        return Err(Failure(message.to_owned()));
    }
    Ok(list.into_iter().unzip())
}

/// The specs that paths stand for; without paths, those of `napkin.toml`. Folders are walked as git would see them, without
/// what is excluded and without rules; a file that is named is checked in any case, unless the choice says otherwise.
pub(super) fn specs(paths: &[PathBuf], choice: Choice, configs: &mut Configs<'_>) -> Result<Vec<Spec>, Failure> {
    let mut specs = Vec::new();
    let mut others = 0;
    let mut wanted = |path: &Path| {
        let wanted = !choice.only_specs || is_spec(path)?;
        others += usize::from(!wanted);
        Ok(wanted)
    };
    let named = !paths.is_empty();
    let paths = if named { paths.iter().map(|path| (path.clone(), true)).collect() } else { settled(configs)? };
    for (path, exact) in paths {
        if !path.is_dir() {
            let named = exact && !choice.force_exclude;
            let spec = configs.spec(path, named)?;
            if (named || !is_left_out(&spec, configs)) && wanted(&spec.path)? {
                specs.push(spec);
            }
            continue;
        }
        let found = match choice.may_be_empty() {
            true => files::yaml_files(&path)?,
            false => files::specs(std::slice::from_ref(&path))?,
        };
        let before = specs.len();
        for file in found {
            // `../specs/a.yaml` within `specs` is `a.yaml`; what the command names is called what it calls it.
            let file = if named { file } else { files::from_here(&files::placed(&file)) };
            let spec = Spec { found_in: Some(files::absolute(&path)), ..configs.spec(file, false)? };
            if !is_left_out(&spec, configs) && wanted(&spec.path)? {
                specs.push(spec);
            }
        }
        if specs.len() == before && !choice.may_be_empty() {
            return Err(all_left_out(&path.display().to_string()));
        }
    }
    if others > 0 {
        let files = plural(others, "YAML file");
        warn(&format!("{files} left out, without `napkin:` at the top; begin a spec with `napkin: 1`"));
    }
    if specs.is_empty() && !choice.may_be_empty() { Err(all_left_out("`paths`")) } else { Ok(specs) }
}

/// Whether a file is meant for a spec.
pub(super) fn is_spec(path: &Path) -> Result<bool, Failure> {
    if path.as_os_str() == "-" {
        return Ok(true);
    }
    let bytes = std::fs::read(path).map_err(|error| Failure(format!("can't read {}: {error}", path.display())))?;
    Ok(files::is_spec(&bytes))
}

fn all_left_out(place: &str) -> Failure {
    Failure(format!(
        "all .yaml files in {place} are rules, overlays or excluded by napkin.toml; name a file to check it nevertheless"
    ))
}

/// Whether the file that a spec belongs to excludes it, or has it for a rule or an overlay.
pub(super) fn is_left_out(spec: &Spec, configs: &Configs<'_>) -> bool {
    let Some(file) = &configs.setup(spec.setup).file else { return false };
    let place = files::placed(&spec.path);
    let is_overlay = |over: &Spanned<String>| files::absolute(&file.folder.join(&over.value)) == place;
    let is_rule = |folder: &str| place.starts_with(files::absolute(&file.folder.join(folder)));
    file.config.exclude.matches(Path::new(&files::relative(&file.folder, &place)))
        || file.config.rules.iter().any(|folder| is_rule(&folder.value))
        || file.config.overlays().flat_map(|over| &over.files).any(is_overlay)
}

/// `paths` of the `napkin.toml` that is nearest above the folder in which the command runs, each with whether it stands there
/// and isn't only matched.
fn settled(configs: &mut Configs<'_>) -> Result<Vec<(PathBuf, bool)>, Failure> {
    let number = configs.here()?;
    let environment = configs.environment();
    let Some(file) = &configs.setup(number).file else {
        return Err(Failure(
            "there is nothing to check; name specs or folders, as in `napkin check design/`, or list them in a napkin.toml: `paths = [\"design\"]`".to_owned(),
        ));
    };
    let listed = file.config.paths(environment).unwrap_or_default();
    if listed.is_empty() {
        return Err(Failure(format!(
            "there is nothing to check, since {} lists no `paths`; write `paths = [\"design\"]` into it, or name specs or folders",
            file.name
        )));
    }
    let (mut found, mut mistakes) = (Vec::new(), Diagnostics::new());
    for path in listed {
        let whole = file.folder.join(&path.value);
        if whole.exists() {
            found.push((files::from_here(&whole), true));
            continue;
        }
        if !Patterns::is_wild(&path.value) {
            mistakes.push(missing(path));
            continue;
        }
        let mut wrong = None;
        let patterns = Patterns::new(vec![path.clone()], |text, reason, help| {
            wrong = Some(Diagnostic::error("bad-pattern", text.span, reason).help(help));
        });
        if let Some(wrong) = wrong {
            mistakes.push(wrong);
            continue;
        }
        let matching = below(file, &patterns)?;
        if matching.is_empty() {
            let message = format!("`{}` matches no .yaml file", path.value);
            let help = "`*` is within a name, `**` any folders; paths are seen from the folder of this file";
            mistakes.push(Diagnostic::error("missing-file", path.span, message).help(help));
        }
        found.extend(matching.into_iter().map(|path| (path, false)));
    }
    if mistakes.has_errors() {
        return Err(Failure(configs.drawn(mistakes)));
    }
    Ok(found)
}

/// The YAML files that patterns of a file match.
fn below(file: &File, patterns: &Patterns) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for pattern in &patterns.texts {
        let folder = file.folder.join(Patterns::folder(&pattern.value));
        if !folder.is_dir() {
            continue;
        }
        let all = files::yaml_files(&folder)?.into_iter();
        let matching = all.filter(|path| patterns.matches(Path::new(&files::relative(&file.folder, path))));
        found.extend(matching.map(|path| files::from_here(&path)));
    }
    Ok(found)
}

/// Warns of overrides that no spec can have: neither one of this run nor another below the file's folder.
pub(super) fn warn_of_idle_overrides<'s>(
    specs: impl Iterator<Item = &'s Spec> + Clone,
    configs: &Configs<'_>,
) -> Result<(), Failure> {
    let mut warnings = Diagnostics::new();
    for (number, setup) in configs.setups().enumerate() {
        let Some(file) = &setup.file else { continue };
        for part in &file.config.overrides {
            let mine = specs.clone().filter(|spec| spec.setup == number).map(|spec| files::placed(&spec.path));
            let mut seen = mine.map(|path| files::relative(&file.folder, &path));
            if !seen.any(|path| part.paths.matches(Path::new(&path))) && below(file, &part.paths)?.is_empty() {
                warnings.push(
                    Diagnostic::warning("idle-override", part.span, "this override matches no .yaml file")
                        .help("correct its `paths`, which are seen from the folder of this file, or remove it"),
                );
            }
        }
    }
    if !warnings.is_empty() {
        warn(&configs.drawn(warnings));
    }
    Ok(())
}
