//! What holds for one spec, and who said it.

use std::path::Path;

use crate::config::Config;
use crate::diagnostic::Diagnostics;
use crate::diagnostic::Severity;
use crate::lint::{Overrides, Packs, ParameterSetting, Policy, Rule, Setting};
use crate::source::Span;

/// Who said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// Nobody.
    Default,
    /// A flag of the command.
    Flag(&'static str),
    /// A file.
    File(Span),
}

/// A value and who said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<T> {
    /// The value.
    pub value: T,
    /// Who said it.
    pub from: From,
}

/// What the command says. It beats the file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flags<'f> {
    /// `--env`
    pub environment: Option<&'f str>,
    /// `--pack`
    pub packs: &'f [String],
    /// `--fail-on`; the inner `None` is `never`.
    pub fail_on: Option<Option<Severity>>,
    /// `--baseline`
    pub baseline: Option<&'f str>,
    /// `--param`
    pub parameters: &'f [ParameterSetting],
}

/// What holds for one spec.
#[derive(Clone, Debug, PartialEq)]
pub struct Effective {
    /// Packs that are turned on beside those that are on by default.
    pub packs: Vec<Said<String>>,
    /// Severities, the weakest layer first.
    pub severities: Vec<Setting>,
    /// What parameters of rules are set to, the weakest layer first.
    pub parameters: Vec<Said<ParameterSetting>>,
    /// The severity from which a finding fails the run; `None` for never.
    pub fail_on: Said<Option<Severity>>,
    /// The baseline. A file's own is seen from that file's folder, a flag's from where the command runs.
    pub baseline: Option<Said<String>>,
    /// What goes over the spec, the last one wins; seen from the file's folder.
    pub overlays: Vec<Said<String>>,
    /// The names of `packs`, for [`Effective::packs`].
    names: Vec<String>,
}

/// What holds for a spec at a path seen from the file's folder; without a path, what holds where no override does.
///
/// The file comes first, then the environment, then overrides in order; what comes later wins, and flags win over all.
/// Packs add up.
pub fn effective(config: Option<&Config>, path: Option<&Path>, flags: Flags<'_>) -> Effective {
    let environment = config.zip(flags.environment).and_then(|(config, name)| config.environment(name));
    let overrides = config.into_iter().flat_map(|config| &config.overrides);
    let matching = overrides.filter(|part| path.is_some_and(|path| part.paths.matches(path)));
    let layers: Vec<_> = config
        .map(|config| &config.base)
        .into_iter()
        .chain(environment.map(|environment| &environment.layer))
        .chain(matching.map(|part| &part.layer))
        .collect();
    let mut packs: Vec<Said<String>> = Vec::new();
    let mut add = |name: &String, from| {
        if !packs.iter().any(|known| known.value == *name) {
            packs.push(Said { value: name.clone(), from });
        }
    };
    for pack in layers.iter().flat_map(|layer| &layer.packs) {
        add(&pack.value, From::File(pack.span));
    }
    flags.packs.iter().for_each(|name| add(name, From::Flag("--pack")));
    let fail_on = match flags.fail_on {
        Some(value) => Said { value, from: From::Flag("--fail-on") },
        None => layers.iter().rev().find_map(|layer| layer.fail_on).map_or(
            Said { value: Some(Severity::Error), from: From::Default },
            |said| Said { value: said.value, from: From::File(said.span) },
        ),
    };
    let baseline = match flags.baseline {
        Some(file) => Some(Said { value: file.to_owned(), from: From::Flag("--baseline") }),
        None => layers
            .iter()
            .rev()
            .find_map(|layer| layer.baseline.as_ref())
            .map(|said| Said { value: said.value.clone(), from: From::File(said.span) }),
    };
    let severities = layers.iter().flat_map(|layer| layer.severities.iter().cloned()).collect();
    let said = |setting: &ParameterSetting| Said { value: setting.clone(), from: From::File(setting.parameter.span) };
    let mut parameters: Vec<_> = layers.iter().flat_map(|layer| layer.parameters.iter().map(said)).collect();
    let flag = |setting: &ParameterSetting| Said { value: setting.clone(), from: From::Flag("--param") };
    parameters.extend(flags.parameters.iter().map(flag));
    let over = environment.into_iter().flat_map(|environment| &environment.overlays);
    let over = over.filter(|over| path.is_some_and(|path| Path::new(over.spec.value.trim_start_matches("./")) == path));
    let overlays = over
        .flat_map(|over| &over.files)
        .map(|file| Said { value: file.value.clone(), from: From::File(file.span) })
        .collect();
    let names = packs.iter().map(|pack| pack.value.clone()).collect();
    Effective { packs, severities, parameters, fail_on, baseline, overlays, names }
}

impl Effective {
    /// The packs that are asked.
    pub fn packs(&self) -> Packs<'_> {
        if self.names.iter().any(|name| name == "all") { Packs::All } else { Packs::And(&self.names) }
    }

    /// The values of the rules' parameters. Mistakes in them are not told again: [`super::check`] did.
    pub fn parameters(&self, rules: &[Rule]) -> Overrides {
        let settings: Vec<ParameterSetting> = self.parameters.iter().map(|said| said.value.clone()).collect();
        Overrides::new(rules, &settings, &mut Diagnostics::new())
    }

    /// Who set a parameter of a rule.
    pub fn set_by(&self, rule: &Rule, parameter: &str) -> From {
        let about =
            |setting: &ParameterSetting| setting.rule.value == rule.name && setting.parameter.value == parameter;
        self.parameters.iter().rfind(|said| about(&said.value)).map_or(From::Default, |said| said.from)
    }

    /// What rules go by.
    pub fn policy(&self) -> Policy<'_> {
        Policy { packs: self.packs(), settings: &self.severities }
    }
}
