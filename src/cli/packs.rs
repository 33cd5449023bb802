//! Rules from folders, and the packs that folders are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::{Failure, files};
use crate::diagnostic::{Diagnostic, Diagnostics, suggestion};
use crate::lint::{Manifest, PACKS, Pack, Rule, built_in, check_ties, defaults, load_into, manifest};
use crate::report::diagnostics::{Style, draw_all};
use crate::source::{SourceId, Sources};

/// The file that makes a folder a pack.
pub(super) const MANIFEST: &str = "pack.yaml";

/// A folder of a pack whose files are specs to look at, not rules.
pub(super) const SPECS: &str = "specs";

/// Rules with their files, and the packs that they are in.
pub(super) struct RuleSet {
    pub sources: Sources,
    pub rules: Vec<Rule>,
    pub packs: Vec<Arc<Pack>>,
    /// The files that ship, which are called as they would be in napkin's own repository.
    shipped: BTreeSet<SourceId>,
}

impl RuleSet {
    /// Whether a rule is one of napkin's own.
    pub fn is_shipped(&self, rule: &Rule) -> bool {
        self.shipped.contains(&rule.span.source)
    }

    /// Looks up the names of packs. An unknown one is a failure that names what was meant.
    pub fn knows(&self, names: &[String]) -> Result<(), Failure> {
        let known = || self.packs.iter().map(|pack| pack.name.as_str()).chain(["all"]);
        for name in names {
            if !known().any(|word| word == name) {
                let help = suggestion(name, known())
                    .unwrap_or_else(|| format!("there are {}", known().collect::<Vec<_>>().join(", ")));
                return Err(Failure(format!("there is no pack `{name}`: {help}\n")));
            }
        }
        Ok(())
    }
}

/// The built-in rules and those of the user's folders. All mistakes are one failure, each at its place.
pub(super) fn load(folders: &[PathBuf], style: Style) -> Result<RuleSet, Failure> {
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    let rules = built_in(&mut sources, &mut diagnostics);
    let shipped = sources.ids().collect();
    let mut loading = Loading { set: RuleSet { sources, rules, packs: PACKS.clone(), shipped }, diagnostics };
    let mut found = Found::default();
    for folder in folders {
        found.add(folder)?;
    }
    for file in &found.alone {
        let rules = loading.rules(None, std::slice::from_ref(file))?;
        loading.take(rules);
    }
    for root in &found.roots {
        loading.pack(root)?;
    }
    let Loading { mut set, mut diagnostics } = loading;
    check_ties(&set.rules, &mut diagnostics);
    if diagnostics.has_errors() {
        return Err(Failure(draw_all(&diagnostics.into_sorted(), &set.sources, style)));
    }
    set.rules.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(set)
}

/// What folders hold: packs, and rules that are in none.
#[derive(Default)]
struct Found {
    /// The folders of packs, in the order in which they were found.
    roots: Vec<PathBuf>,
    alone: Vec<PathBuf>,
    seen: BTreeSet<PathBuf>,
    /// The pack that a folder belongs to.
    known: BTreeMap<PathBuf, Option<PathBuf>>,
}

impl Found {
    fn add(&mut self, folder: &Path) -> Result<(), Failure> {
        for file in files::specs(&[folder.to_owned()])? {
            let place = files::placed(&file);
            match root(&place, &mut self.known) {
                Some(root) if self.roots.contains(&root) => {}
                Some(root) => self.roots.push(root),
                // Folders that are named twice, or lie in each other, count once.
                None if self.seen.insert(place) => self.alone.push(file),
                None => {}
            }
        }
        Ok(())
    }
}

/// The folder of the pack that a file belongs to: the nearest one above it with a manifest, up to the top of its repository.
fn root(file: &Path, known: &mut BTreeMap<PathBuf, Option<PathBuf>>) -> Option<PathBuf> {
    let folder = file.parent()?;
    if let Some(found) = known.get(folder) {
        return found.clone();
    }
    let mut found = None;
    for above in folder.ancestors() {
        if above.join(MANIFEST).is_file() {
            found = Some(above.to_owned());
        }
        if found.is_some() || above.join(".git").exists() {
            break;
        }
    }
    known.insert(folder.to_owned(), found.clone());
    found
}

struct Loading {
    set: RuleSet,
    diagnostics: Diagnostics,
}

impl Loading {
    fn rules(&mut self, pack: Option<&Arc<Pack>>, files: &[PathBuf]) -> Result<Vec<Rule>, Failure> {
        let mut rules = Vec::new();
        for file in files {
            if file.file_name().is_some_and(|name| name == "pack.yml") {
                let (from, to) = (file.display(), file.with_file_name(MANIFEST));
                return Err(Failure(format!("{from} is no rule; if it describes a pack, call it {}", to.display())));
            }
            let id = files::read(file, &mut self.set.sources)?;
            rules.extend(load_into(pack, &self.set.sources, id, &mut self.diagnostics));
        }
        Ok(rules)
    }

    /// Loads a pack as a whole, whichever part of it was named.
    fn pack(&mut self, root: &Path) -> Result<(), Failure> {
        let id = files::read(&files::from_here(&root.join(MANIFEST)), &mut self.set.sources)?;
        let Some(manifest) = manifest(&self.set.sources, id, &mut self.diagnostics) else { return Ok(()) };
        let Manifest { pack, .. } = &manifest;
        let same = self.set.packs.iter().find(|known| known.name == pack.name);
        if let Some((other, span)) = same.and_then(|known| known.span).zip(pack.span) {
            self.diagnostics.push(
                Diagnostic::error("pack", span, format!("there are two packs `{}`", pack.name))
                    .also(other, "the other one")
                    .help("give one of them another name, or load only one of them"),
            );
            return Ok(());
        }
        let files = members(root)?;
        let mut rules = self.rules(Some(pack), &files)?;
        if let Some(span) = pack.span.filter(|_| files.is_empty()) {
            self.diagnostics.push(
                Diagnostic::error("pack", span, format!("the pack `{}` has no rules", pack.name))
                    .help("put rules beside its pack.yaml; `napkin rules new NAME --dir DIR` writes one"),
            );
        }
        // A rule that could not be loaded is told already; that the manifest names it is no mistake.
        if rules.len() == files.len() {
            defaults(&manifest, &mut rules, &mut self.diagnostics);
        }
        self.set.packs.push(pack.clone());
        self.take(rules);
        Ok(())
    }

    /// Adds rules, whose names nobody else may have.
    fn take(&mut self, rules: Vec<Rule>) {
        for rule in rules {
            let Some(known) = self.set.rules.iter().find(|known| known.name == rule.name) else {
                self.set.rules.push(rule);
                continue;
            };
            let whose = if self.set.is_shipped(known) {
                format!("napkin's own, in the pack `{}`", known.pack.name)
            } else {
                format!("the one of the pack `{}`", known.pack.name)
            };
            self.diagnostics.push(
                Diagnostic::error("rule", rule.span, format!("there is already a rule `{}`", rule.name))
                    .also(known.span, whose)
                    .help("give it another name"),
            );
        }
    }
}

/// The files of a pack's rules: those below its folder that belong to no other pack and aren't specs.
fn members(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut known = BTreeMap::new();
    let mut is_rule = |file: &PathBuf| {
        let below = file.strip_prefix(folder).unwrap_or(file);
        let is_spec = below.components().next().is_some_and(|first| first.as_os_str() == SPECS);
        let is_manifest = file.file_name().is_some_and(|name| name == MANIFEST);
        !is_spec && !is_manifest && root(file, &mut known).as_deref() == Some(folder)
    };
    let mut files = files::yaml_files(folder)?;
    files.retain(|file| is_rule(file));
    Ok(files.iter().map(|file| files::from_here(file)).collect())
}
