//! `napkin.toml`: what a team settles once. Read with places, its names checked, and what of it holds for one spec.
//!
//! Where the file is found, and which files its paths stand for, is the command line's business.

mod effective;
mod names;
mod pattern;
mod read;

use crate::diagnostic::Severity;
use crate::lint::{ParameterSetting, Setting};
use crate::source::{SourceId, Span, Spanned};

pub use effective::{Effective, Flags, From, Said, effective};
pub use names::check;
pub use pattern::Patterns;
pub use read::read;

/// The file's name, as it is looked for.
pub const FILE: &str = "napkin.toml";

/// A file.
#[derive(Debug)]
pub struct Config {
    /// The file.
    pub source: SourceId,
    /// `exclude`: what of a folder is not checked.
    pub exclude: Patterns,
    /// `rules`: folders with rules, seen from the file's folder.
    pub rules: Vec<Spanned<String>>,
    /// What holds everywhere.
    pub base: Layer,
    /// `[environments.NAME]`, in order.
    pub environments: Vec<Environment>,
    /// `[[overrides]]`, in order.
    pub overrides: Vec<Override>,
}

/// Settings that stand together.
#[derive(Debug, Default)]
pub struct Layer {
    /// `paths`: what is checked if the command names nothing, seen from the file's folder.
    pub paths: Option<Vec<Spanned<String>>>,
    /// `packs` that are turned on.
    pub packs: Vec<Spanned<String>>,
    /// `fail-on`: the severity from which a finding fails the run; `None` for `never`.
    pub fail_on: Option<Spanned<Option<Severity>>>,
    /// `baseline`, seen from the file's folder.
    pub baseline: Option<Spanned<String>>,
    /// `severities`.
    pub severities: Vec<Setting>,
    /// `[parameters.RULE]`.
    pub parameters: Vec<ParameterSetting>,
}

/// What `--env NAME` puts on top of the rest.
#[derive(Debug)]
pub struct Environment {
    /// Its name.
    pub name: Spanned<String>,
    /// What it says.
    pub layer: Layer,
    /// `overlays`: what goes over which spec.
    pub overlays: Vec<Overlay>,
}

/// Files that go over a spec, all seen from the folder of `napkin.toml`.
#[derive(Debug)]
pub struct Overlay {
    /// The spec.
    pub spec: Spanned<String>,
    /// What goes over it; the last one wins.
    pub files: Vec<Spanned<String>>,
}

/// What holds for some paths.
#[derive(Debug)]
pub struct Override {
    /// Where its `paths` stand.
    pub span: Span,
    /// The paths.
    pub paths: Patterns,
    /// What it says.
    pub layer: Layer,
}

impl Config {
    /// The environment of a name.
    pub fn environment(&self, name: &str) -> Option<&Environment> {
        self.environments.iter().find(|environment| environment.name.value == name)
    }

    /// What is checked if the command names nothing: of the environment, or of the file.
    pub fn paths(&self, environment: Option<&str>) -> Option<&[Spanned<String>]> {
        let chosen = environment.and_then(|name| self.environment(name)).and_then(|chosen| chosen.layer.paths.as_ref());
        chosen.or(self.base.paths.as_ref()).map(Vec::as_slice)
    }

    /// All overlays of all environments.
    pub fn overlays(&self) -> impl Iterator<Item = &Overlay> {
        self.environments.iter().flat_map(|environment| &environment.overlays)
    }

    /// All layers: the file's own, then those of environments and overrides.
    fn layers(&self) -> impl Iterator<Item = &Layer> {
        let environments = self.environments.iter().map(|environment| &environment.layer);
        std::iter::once(&self.base).chain(environments).chain(self.overrides.iter().map(|part| &part.layer))
    }
}
