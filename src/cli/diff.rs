//! `napkin diff`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::analysis::{Analysis, Question, ask};
use crate::catalog::Catalog;
use crate::cli::check::FailOn;
use crate::cli::config::Configs;
use crate::cli::format::Format;
use crate::cli::git::{Range, Revision, shown};
use crate::cli::{Done, Failure, Outcome, Terminal, files, print, selection};
use crate::config::Flags;
use crate::diagnostic::Severity;
use crate::report::diagnostics::{Style, draw_all};
use crate::report::diff::{Compared, Pair, Version, text};
use crate::report::diff_json::json;
use crate::report::diff_markdown::markdown;
use crate::source::{SourceId, Sources, Unreadable};
use crate::spec::{Load, gather};
use crate::study::diff::{Setting, diff, worst_new};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Two specs, or two folders of specs, the older one first; `-` for standard input. With `--git`, what of the
    /// repository to look at.
    #[arg(value_name = "OLD NEW")]
    paths: Vec<PathBuf>,
    /// Compare revisions: `main..HEAD`, `main...HEAD` from where they parted, `main` with the files as they are.
    #[arg(long, value_name = "RANGE")]
    git: Option<String>,
    /// How to print what differs.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// The severity of new findings from which the exit status is 1: `error` if neither this nor `napkin.toml` says
    /// otherwise.
    #[arg(long, value_enum)]
    fail_on: Option<FailOn>,
    #[command(flatten)]
    config: super::config::ConfigFile,
    /// By how much of its old value a figure has to move to be named.
    #[arg(long, default_value = "1 %", value_parser = crate::study::share)]
    threshold: f64,
    /// A folder with rules of your own; may be given several times.
    #[arg(long, value_name = "DIR")]
    rules: Vec<PathBuf>,
    /// Turn on a further pack of rules, or `all`; may be given several times.
    #[arg(long, value_name = "NAME")]
    pack: Vec<String>,
    #[command(flatten)]
    parameters: super::parameters::ParameterArgs,
    #[command(flatten)]
    prices: super::estimate::PriceFile,
    /// List findings that are as before too.
    #[arg(long, short)]
    verbose: bool,
}

/// A spec of one side.
struct Spec {
    /// What it is matched by: its path below the folder, or in the repository.
    key: String,
    /// Its text, under the name that messages give it.
    id: SourceId,
    /// Where it is, or would be if it were still there: what `napkin.toml` says goes by that.
    path: PathBuf,
    /// Whether it is named itself, and not only found in a folder.
    named: bool,
}

/// A spec that is read.
struct Known {
    key: String,
    name: String,
    analysis: Analysis,
    /// The severity of a new finding that fails the run.
    fail_on: Option<Severity>,
}

impl Known {
    /// Reads a spec and asks what its `napkin.toml` says; nothing if that leaves it out.
    fn new(
        spec: Spec,
        (sources, catalog): (&Sources, &Catalog),
        configs: &mut Configs<'_>,
    ) -> Result<Option<Known>, Failure> {
        let settled = configs.spec(spec.path, spec.named)?;
        if !settled.named && selection::is_left_out(&settled, configs) {
            return Ok(None);
        }
        let question = Question { today: files::today(), ..configs.question(&settled) };
        Ok(Some(Known {
            key: spec.key,
            name: sources.get(spec.id).name().to_owned(),
            analysis: ask(sources, spec.id, catalog, question),
            fail_on: settled.effective.fail_on.value,
        }))
    }
}

pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let style = Style { verbose: args.verbose, ..terminal.style };
    let mut texts = Sources::new();
    let parameters = args.parameters.settings(&mut texts)?;
    let flags = Flags {
        packs: &args.pack,
        fail_on: args.fail_on.map(FailOn::severity),
        parameters: &parameters,
        ..Flags::default()
    };
    let mut configs = Configs::new(&args.config, &args.rules, flags, texts, style);
    let mut sources = Sources::new();
    let catalog = args.prices.catalog(&mut sources, terminal)?;
    let (old, new, two_files) = match &args.git {
        Some(range) => {
            let (old, new) = revisions(range, &args.paths, &mut configs, &mut sources)?;
            (old, new, false)
        }
        None => two(&args.paths, &mut configs, &mut sources)?,
    };
    let mut know = |specs: Vec<Spec>| -> Result<Vec<Known>, Failure> {
        let known = specs.into_iter().map(|spec| Known::new(spec, (&sources, &catalog), &mut configs));
        known.filter_map(Result::transpose).collect()
    };
    let (old, new) = (know(old)?, know(new)?);
    let broken: String = new
        .iter()
        .filter(|spec| !spec.analysis.is_usable())
        .map(|spec| draw_all(&spec.analysis.diagnostics, &sources, style))
        .collect();
    if !broken.is_empty() {
        return Err(Failure(format!("{broken}the new version has mistakes and could not be compared\n")));
    }
    let setting = Setting { sources: &sources, catalog: &catalog, threshold: args.threshold };
    let matching = matched(&old, &new, two_files);
    let pairs: Vec<Pair<'_>> = matching
        .iter()
        .map(|(old, new)| Pair {
            diff: diff(old.map(|old| &old.analysis), new.map(|new| &new.analysis), &setting),
            old: old.map(|spec| Version { name: &spec.name, analysis: &spec.analysis }),
            new: new.map(|spec| Version { name: &spec.name, analysis: &spec.analysis }),
        })
        .collect();
    let compared = Compared { sources: &sources, pairs: &pairs, threshold: args.threshold };
    let written = match args.format {
        Format::Text => text(&compared, style, terminal.columns),
        Format::Markdown => markdown(&compared),
        Format::Json => json(&compared).map_err(|error| Failure(format!("can't write the report: {error}")))?,
    };
    print(&written)?;
    let fails = pairs.iter().zip(&matching).any(|(pair, (_, new))| {
        let worst = new.and_then(|new| Some((worst_new(&pair.diff, &new.analysis)?, new.fail_on?)));
        worst.is_some_and(|(worst, least)| worst >= least)
    });
    Ok(if fails { Done::Findings } else { Done::Clean })
}

/// The specs of two files or folders, and whether each is one file.
fn two(
    paths: &[PathBuf],
    configs: &mut Configs<'_>,
    sources: &mut Sources,
) -> Result<(Vec<Spec>, Vec<Spec>, bool), Failure> {
    let [old, new] = paths else {
        let help = "name the older and the newer version, as in `napkin diff old.yaml new.yaml`, or revisions with `--git main..HEAD`";
        return Err(Failure(format!(
            "two versions are compared, {} given; {help}",
            match paths.len() {
                0 => "none is".to_owned(),
                1 => "one is".to_owned(),
                n => format!("{n} are"),
            }
        )));
    };
    if old.as_os_str() == "-" && new.as_os_str() == "-" {
        return Err(Failure("standard input can be one of the versions, not both".to_owned()));
    }
    let one_each = !old.is_dir() && !new.is_dir();
    let mut disk = files::Disk::default();
    let mut load = |sources: &mut Sources, from, path: &str| disk.load(sources, from, path);
    let (older, newer) = (side(old, sources)?, side(new, sources)?);
    if older.is_empty() && newer.is_empty() {
        let (old, new) = (old.display(), new.display());
        return Err(Failure(format!("there is no spec in {old} nor in {new}; a spec begins with `napkin: 1`")));
    }
    let older = specs_among(older, false, configs, sources, &mut load)?;
    Ok((older, specs_among(newer, false, configs, sources, &mut load)?, one_each))
}

/// The specs of a file or folder.
fn side(path: &Path, sources: &mut Sources) -> Result<Vec<Spec>, Failure> {
    let mut list = Vec::new();
    for file in files::specs(&[path.to_owned()])? {
        let below = file.strip_prefix(path).ok().filter(|below| !below.as_os_str().is_empty());
        let key = below.or_else(|| file.file_name().map(Path::new)).unwrap_or(&file).display().to_string();
        let named = below.is_none();
        if !named && !selection::is_spec(&file)? {
            continue;
        }
        list.push(Spec { key, id: files::read(&file, sources)?, named, path: file });
    }
    Ok(list)
}

/// The specs of a list with what they include and extend, without those that others include. An overlay of the chosen environment that wasn't there yet lies over nothing old.
fn specs_among(
    list: Vec<Spec>,
    old: bool,
    configs: &mut Configs<'_>,
    sources: &mut Sources,
    load: &mut Load<'_>,
) -> Result<Vec<Spec>, Failure> {
    for spec in &list {
        let settled = configs.spec(spec.path.clone(), spec.named)?;
        let place = files::placed(&spec.path);
        for over in configs.overlays(&settled) {
            let path = files::relative(place.parent().unwrap_or(&place), &over);
            match load(sources, spec.id, &path) {
                Ok(over) => sources.lay(spec.id, over),
                Err(_) if old => {}
                Err(Unreadable { reason, help }) => return Err(Failure(format!("{reason}; {help}"))),
            }
        }
        gather(sources, spec.id, load);
    }
    Ok(files::systems(list.into_iter().map(|spec| (spec.named, spec)).collect(), |spec| spec.id, sources))
}

/// The specs of both sides of a range.
fn revisions(
    range: &str,
    paths: &[PathBuf],
    configs: &mut Configs<'_>,
    sources: &mut Sources,
) -> Result<(Vec<Spec>, Vec<Spec>), Failure> {
    let range = Range::parse(range)?;
    let old = tree(&range.old, true, paths, sources)?;
    let (new, label) = match &range.new {
        Some(new) => (tree(new, false, paths, sources)?, format!("`{}`", new.label)),
        None => (working(paths, sources)?, "the files as they are".to_owned()),
    };
    for path in paths {
        let wanted = shown(path);
        let holds = |list: &[Spec]| {
            list.iter().any(|spec| wanted.is_empty() || spec.key == wanted || Path::new(&spec.key).starts_with(&wanted))
        };
        if !holds(&old) && !holds(&new) {
            let old = &range.old.label;
            return Err(Failure(format!("there is no spec at {} in `{old}` nor in {label}", path.display())));
        }
    }
    let mut disk = files::Disk::default();
    let mut before = |sources: &mut Sources, from, path: &str| range.old.load(true, sources, from, path);
    let then = specs_among(old, true, configs, sources, &mut before)?;
    let mut load = |sources: &mut Sources, from, path: &str| match &range.new {
        Some(new) => new.load(false, sources, from, path),
        None => disk.load(sources, from, path),
    };
    Ok((then, specs_among(new, false, configs, sources, &mut load)?))
}

/// The specs among the YAML files of a revision, and what is named itself. An old one carries its revision in its name.
fn tree(revision: &Revision, old: bool, paths: &[PathBuf], sources: &mut Sources) -> Result<Vec<Spec>, Failure> {
    let wanted: Vec<String> = paths.iter().map(|path| shown(path)).collect();
    let mut list = Vec::new();
    let files = revision.files(paths)?;
    let mention = revision.mentioning(files::KEY, paths)?;
    for blob in files {
        let named = wanted.contains(&blob.path);
        let is_yaml = blob.path.ends_with(".yaml") || blob.path.ends_with(".yml");
        if !(named || is_yaml && mention.contains(&blob.path)) {
            continue;
        }
        let bytes = revision.read(&blob)?;
        if named || files::is_spec(&bytes) {
            let name = format!("{}:{}", revision.label, blob.path);
            let text = files::text(&name, bytes)?;
            let id = sources.add(if old { name } else { blob.path.clone() }, text);
            list.push(Spec { path: PathBuf::from(&blob.path), key: blob.path, id, named });
        }
    }
    Ok(list)
}

/// The YAML files as they are; what isn't there may be gone.
fn working(paths: &[PathBuf], sources: &mut Sources) -> Result<Vec<Spec>, Failure> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { here.as_slice() } else { paths };
    let mut list = Vec::new();
    for path in paths.iter().filter(|path| path.exists()) {
        for file in files::yaml_files(path)? {
            if file != *path && !selection::is_spec(&file)? {
                continue;
            }
            let id = files::read(&file, sources)?;
            list.push(Spec { key: shown(&file), id, named: file == *path, path: file });
        }
    }
    Ok(list)
}

/// Specs of both sides by path, then by the name that they give themselves, then what only one side has.
fn matched<'k>(old: &'k [Known], new: &'k [Known], two_files: bool) -> Vec<(Option<&'k Known>, Option<&'k Known>)> {
    let mut older: Vec<Option<&Known>> = old.iter().map(Some).collect();
    let by_path: BTreeMap<&str, usize> = old.iter().enumerate().map(|(at, spec)| (spec.key.as_str(), at)).collect();
    let mut pairs: Vec<(Option<&Known>, Option<&Known>)> = Vec::new();
    for (at, spec) in new.iter().enumerate() {
        let before = if two_files { Some(at) } else { by_path.get(spec.key.as_str()).copied() };
        pairs.push((before.and_then(|at| older.get_mut(at)?.take()), Some(spec)));
    }
    let called = |spec: &Known, name: &str| !name.is_empty() && spec.analysis.graph.name == name;
    let lonely: Vec<&Known> = pairs.iter().filter(|(old, _)| old.is_none()).filter_map(|(_, new)| *new).collect();
    for (old, new) in pairs.iter_mut().filter(|(old, _)| old.is_none()) {
        let name = new.map_or("", |new| new.analysis.graph.name.as_str());
        let mut fits = older.iter_mut().filter(|old| old.is_some_and(|old| called(old, name)));
        // A name that several have says nothing about which became which.
        if let (Some(fit), None) = (fits.next(), fits.next())
            && lonely.iter().filter(|other| called(other, name)).count() == 1
        {
            *old = fit.take();
        }
    }
    pairs.extend(older.into_iter().flatten().map(|gone| (Some(gone), None)));
    pairs.sort_by_key(|(old, new)| new.or(*old).map(|spec| spec.key.as_str()));
    pairs
}
