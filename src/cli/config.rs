//! `napkin.toml`: found for each spec, read once, merged with flags.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::analysis::Analysis;
use crate::analysis::Question;
use crate::cli::packs::{self, RuleSet};
use crate::cli::{Failure, files, warn};
use crate::config::{Config, Effective, FILE, Flags, From, check, effective, read};
use crate::diagnostic::{Diagnostic, Diagnostics, suggestion};
use crate::lint::{Overrides, Rule};
use crate::report::diagnostics::{Style, draw_all};
use crate::source::{Sources, Spanned};

#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct ConfigFile {
    /// Take this file in place of the `napkin.toml` that is nearest above each spec.
    #[arg(long, value_name = "FILE", global = true, conflicts_with_all = ["no_config"])]
    pub config: Option<PathBuf>,
    /// Look for no `napkin.toml`.
    #[arg(long, global = true)]
    no_config: bool,
    /// Choose an environment of `napkin.toml`.
    #[arg(long, value_name = "NAME", global = true, conflicts_with_all = ["no_config"])]
    pub env: Option<String>,
}

/// A configuration file that was read.
pub(super) struct File {
    /// What it is called in messages.
    pub name: String,
    /// Where it is, without links.
    pub folder: PathBuf,
    pub config: Config,
}

/// What holds for all specs that have the same file.
pub(super) struct Setup {
    /// The file, if there is one.
    pub file: Option<File>,
    /// The rules that ship, those of the file's folders, and those of flags.
    pub rules: Rc<RuleSet>,
}

impl Setup {
    /// What holds for a spec; without one, what holds where no override does.
    pub fn effective(&self, spec: Option<&Path>, flags: Flags<'_>) -> Effective {
        let file = self.file.as_ref();
        let below =
            file.zip(spec).map(|(file, spec)| PathBuf::from(files::relative(&file.folder, &files::placed(spec))));
        effective(file.map(|file| &file.config), below.as_deref(), flags)
    }
}

/// A spec of a run.
pub(super) struct Spec {
    pub path: PathBuf,
    /// Whether the command names it, and doesn't only find it in a folder.
    pub named: bool,
    /// The folder in which it was found, if it was.
    pub found_in: Option<PathBuf>,
    /// Which setup it has.
    pub setup: usize,
    pub effective: Effective,
    /// The values of its rules' parameters.
    pub parameters: Overrides,
}

/// All configuration files of a run.
pub(super) struct Configs<'c> {
    args: &'c ConfigFile,
    rules: &'c [PathBuf],
    flags: Flags<'c>,
    style: Style,
    /// The files.
    pub sources: Sources,
    setups: Vec<Setup>,
    /// Which setup a folder has.
    by_folder: BTreeMap<PathBuf, usize>,
    /// Which setup a file is; `None` for the one without a file.
    by_file: BTreeMap<Option<PathBuf>, usize>,
    loaded: BTreeMap<Vec<PathBuf>, Rc<RuleSet>>,
}

impl<'c> Configs<'c> {
    /// None read yet. `rules` are the folders that flags name; `sources` hold the texts of flags, if they have places.
    pub fn new(args: &'c ConfigFile, rules: &'c [PathBuf], flags: Flags<'c>, sources: Sources, style: Style) -> Self {
        let flags = Flags { environment: args.env.as_deref(), ..flags };
        Configs {
            args,
            rules,
            flags,
            style,
            sources,
            setups: Vec::new(),
            by_folder: BTreeMap::new(),
            by_file: BTreeMap::new(),
            loaded: BTreeMap::new(),
        }
    }

    /// One that was returned by [`Configs::of_folder`].
    #[expect(clippy::indexing_slicing, reason = "numbers of setups are only made by `open`, and none is removed")]
    pub fn setup(&self, number: usize) -> &Setup {
        &self.setups[number]
    }

    /// All that were read.
    pub fn setups(&self) -> impl Iterator<Item = &Setup> {
        self.setups.iter()
    }

    /// The environment that was chosen.
    pub fn environment(&self) -> Option<&'c str> {
        self.flags.environment
    }

    /// How files are found, or why there is none, for people.
    pub fn found(&self) -> &'static str {
        match (&self.args.config, self.args.no_config) {
            (Some(_), _) => "--config",
            (None, true) => "--no-config",
            (None, false) => "looked for upwards",
        }
    }

    /// The folders of rules that flags name.
    pub fn rule_folders(&self) -> &'c [PathBuf] {
        self.rules
    }

    /// The setup of the folder in which the command runs.
    pub fn here(&mut self) -> Result<usize, Failure> {
        self.of_folder(Path::new("."))
    }

    /// The setup of the specs in a folder, which may be gone.
    pub fn of_folder(&mut self, folder: &Path) -> Result<usize, Failure> {
        let folder = files::absolute(if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
        if let Some(known) = self.by_folder.get(&folder) {
            return Ok(*known);
        }
        let file = match (&self.args.config, self.args.no_config) {
            (Some(file), _) => Some(file.clone()),
            (None, true) => None,
            (None, false) => nearest(&folder),
        };
        let number = match self.by_file.get(&file) {
            Some(known) => *known,
            None => self.open(file)?,
        };
        self.by_folder.insert(folder, number);
        Ok(number)
    }

    /// What holds for a spec that is named or was found.
    pub fn spec(&mut self, path: PathBuf, named: bool) -> Result<Spec, Failure> {
        let stdin = path.as_os_str() == "-";
        let setup = if stdin { self.here()? } else { self.of_folder(path.parent().unwrap_or(Path::new(".")))? };
        let effective = self.setup(setup).effective(Some(path.as_path()).filter(|_| !stdin), self.flags);
        let parameters = effective.parameters(&self.setup(setup).rules.rules);
        Ok(Spec { path, named, found_in: None, setup, effective, parameters })
    }

    /// What holds where no override does.
    pub fn effective(&self, setup: usize) -> Effective {
        self.setup(setup).effective(None, self.flags)
    }

    /// The baseline of a spec, seen from where the command runs.
    pub fn baseline(&self, spec: &Spec) -> Option<PathBuf> {
        let said = spec.effective.baseline.as_ref()?;
        match (said.from, &self.setup(spec.setup).file) {
            (From::File(_), Some(file)) => Some(files::from_here(&file.folder.join(&said.value))),
            _ => Some(PathBuf::from(&said.value)),
        }
    }

    /// What is asked of a spec.
    pub fn question<'s>(&'s self, spec: &'s Spec) -> Question<'s> {
        let Effective { severities, .. } = &spec.effective;
        let rules = &self.setup(spec.setup).rules.rules;
        Question {
            rules,
            packs: spec.effective.packs(),
            severities,
            parameters: Some(&spec.parameters),
            ..Question::default()
        }
    }

    /// All files that a run reads, which no report may overwrite.
    pub fn inputs(&self, specs: &[Spec], sources: &Sources) -> Vec<PathBuf> {
        let read = sources.iter().map(|source| PathBuf::from(source.name()));
        let baselines = specs.iter().filter_map(|spec| self.baseline(spec));
        let files = self.setups.iter().filter_map(|setup| setup.file.as_ref()).map(|file| PathBuf::from(&file.name));
        read.chain(baselines).chain(files).collect()
    }

    /// What goes over a spec, the last one wins.
    pub fn overlays(&self, spec: &Spec) -> Vec<PathBuf> {
        let file = self.setup(spec.setup).file.as_ref();
        let over = spec.effective.overlays.iter();
        over.filter_map(|said| Some(file?.folder.join(&said.value))).map(|path| files::absolute(&path)).collect()
    }

    /// The rules that specs were checked with, each name once.
    pub fn rules<'s>(&'s self, specs: &[Spec], analyses: &[Analysis]) -> Vec<&'s Rule> {
        let mut rules: BTreeMap<&str, &Rule> = BTreeMap::new();
        for (spec, analysis) in specs.iter().zip(analyses) {
            for rule in self.setup(spec.setup).rules.rules.iter().filter(|rule| analysis.asked.contains(&rule.name)) {
                rules.entry(&rule.name).or_insert(rule);
            }
        }
        rules.into_values().collect()
    }

    /// What to say if flags name rules and none of the user's own is asked, since their packs are off for every spec.
    pub fn unheard(&self, specs: &[Spec]) -> Option<String> {
        if self.rules.is_empty() {
            return None;
        }
        let mut off = BTreeSet::new();
        for spec in specs {
            let set = &self.setup(spec.setup).rules;
            for rule in set.rules.iter().filter(|rule| !set.is_shipped(rule)) {
                if spec.effective.packs().have(&rule.pack) {
                    return None;
                }
                off.insert(rule.pack.name.as_str());
            }
        }
        let flags: Vec<String> = off.into_iter().map(|pack| format!("--pack {pack}")).collect();
        let flags = flags.join(" ");
        (!flags.is_empty()).then(|| format!("no rule of --rules is asked, because its pack is off; add `{flags}`"))
    }

    fn open(&mut self, path: Option<PathBuf>) -> Result<usize, Failure> {
        let mut diagnostics = Diagnostics::new();
        let mut folders = Vec::new();
        let file = match &path {
            Some(path) => {
                let shown = if self.args.config.is_some() { path.clone() } else { files::from_here(path) };
                let source = files::read(&shown, &mut self.sources)?;
                let config = read(&self.sources, source, &mut diagnostics);
                let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
                let folder = files::absolute(parent);
                for rules in &config.rules {
                    let found = folder.join(&rules.value);
                    if found.exists() {
                        folders.push(files::from_here(&found));
                    } else {
                        diagnostics.push(missing(rules));
                    }
                }
                let over = config.overlays().flat_map(|over| std::iter::once(&over.spec).chain(&over.files));
                over.filter(|path| !folder.join(&path.value).exists()).for_each(|path| diagnostics.push(missing(path)));
                Some(File { name: self.sources.get(source).name().to_owned(), folder, config })
            }
            None => None,
        };
        self.environment_exists(file.as_ref(), &mut diagnostics)?;
        folders.extend(self.rules.iter().cloned());
        let rules = match self.load(folders) {
            Ok(rules) => rules,
            Err(Failure(broken)) => return Err(Failure(self.drawn(diagnostics) + &broken)),
        };
        Overrides::new(&rules.rules, self.flags.parameters, &mut diagnostics);
        if let Some(file) = &file {
            check(&file.config, (&rules.rules, &rules.packs), self.flags.packs, &mut diagnostics);
        }
        rules.knows(self.flags.packs)?;
        let broken = diagnostics.has_errors();
        let told = self.drawn(diagnostics);
        if broken {
            return Err(Failure(told));
        }
        if !told.is_empty() {
            warn(&told);
        }
        let number = self.setups.len();
        self.setups.push(Setup { file, rules });
        self.by_file.insert(path, number);
        Ok(number)
    }

    /// The environment that was asked for has to be in every file, or specs would silently be judged without it.
    fn environment_exists(&self, file: Option<&File>, mistakes: &mut Diagnostics) -> Result<(), Failure> {
        let Some(name) = self.flags.environment else { return Ok(()) };
        if mistakes.has_errors() {
            return Ok(());
        }
        let Some(file) = file else {
            return Err(Failure(format!(
                "`--env {name}` chooses an environment of napkin.toml, and there is none above what is checked; write one with `[environments.{name}]`"
            )));
        };
        if file.config.environment(name).is_some() {
            return Ok(());
        }
        let known: Vec<&str> = file.config.environments.iter().map(|known| known.name.value.as_str()).collect();
        let help = suggestion(name, known.iter().copied()).unwrap_or(format!("add `[environments.{name}]` to it"));
        Err(Failure(format!("{} has no environment `{name}`; {help}", file.name)))
    }

    /// Rules of folders, each of which counts once however it is called.
    fn load(&mut self, folders: Vec<PathBuf>) -> Result<Rc<RuleSet>, Failure> {
        let mut distinct: Vec<(PathBuf, PathBuf)> = Vec::new();
        for folder in folders {
            let whole = files::absolute(&folder);
            if !distinct.iter().any(|(known, _)| *known == whole) {
                distinct.push((whole, folder));
            }
        }
        let (key, folders): (Vec<PathBuf>, Vec<PathBuf>) = distinct.into_iter().unzip();
        if let Some(known) = self.loaded.get(&key) {
            return Ok(known.clone());
        }
        let set = Rc::new(packs::load(&folders, self.style)?);
        self.loaded.insert(key, set.clone());
        Ok(set)
    }

    /// Mistakes in the files, drawn.
    pub fn drawn(&self, diagnostics: Diagnostics) -> String {
        draw_all(&diagnostics.into_sorted(), &self.sources, self.style)
    }
}

/// A path of a file that isn't there.
pub(super) fn missing(path: &Spanned<String>) -> Diagnostic {
    Diagnostic::error("missing-file", path.span, format!("there is no `{}`", path.value))
        .help("paths in this file are seen from the folder that it is in")
}

/// The nearest `napkin.toml` at or above a folder, up to the top of its repository.
fn nearest(folder: &Path) -> Option<PathBuf> {
    for folder in folder.ancestors() {
        let file = folder.join(FILE);
        if file.is_file() {
            return Some(file);
        }
        if folder.join(".git").exists() {
            return None;
        }
    }
    None
}
