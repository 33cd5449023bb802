//! `napkin check --show-config`: what holds, and who says so.

use std::path::PathBuf;

use crate::cli::config::{Configs, Spec};
use crate::cli::selection::{self, Choice};
use crate::cli::{Done, Failure, Outcome, print};
use crate::report::config::{Shown, text};
use crate::report::diagnostics::Style;

/// For paths: once for all specs for which the same holds. Without paths: what holds where no override does.
pub(super) fn run(paths: &[PathBuf], choice: Choice, configs: &mut Configs<'_>, style: Style) -> Outcome {
    if paths.is_empty() {
        let setup = configs.here()?;
        let effective = configs.effective(setup);
        print(&text(&shown(&[], &effective, setup, configs), style))?;
        return Ok(Done::Clean);
    }
    let specs = selection::specs(paths, choice, configs)?;
    if let Some(gone) = specs.iter().find(|spec| spec.path.as_os_str() != "-" && !spec.path.exists()) {
        return Err(Failure(format!("there is no file {}", gone.path.display())));
    }
    let mut groups: Vec<Vec<&Spec>> = Vec::new();
    for spec in &specs {
        let same = |group: &&mut Vec<&Spec>| {
            group.first().is_some_and(|first| first.setup == spec.setup && first.effective == spec.effective)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(spec),
            None => groups.push(vec![spec]),
        }
    }
    for group in &groups {
        let Some(first) = group.first() else { continue };
        let names: Vec<String> = group.iter().map(|spec| spec.path.display().to_string()).collect();
        print(&text(&shown(&names, &first.effective, first.setup, configs), style))?;
    }
    selection::warn_of_idle_overrides(specs.iter(), configs)?;
    Ok(Done::Clean)
}

fn shown<'s>(
    specs: &'s [String],
    effective: &'s crate::config::Effective,
    setup: usize,
    configs: &'s Configs<'_>,
) -> Shown<'s> {
    let setup = configs.setup(setup);
    Shown {
        specs,
        effective,
        config: setup.file.as_ref().map(|file| (file.name.as_str(), &file.config)),
        found: configs.found(),
        environment: configs.environment(),
        extra: configs.rule_folders(),
        rules: &setup.rules.rules,
        packs: &setup.rules.packs,
        rule_files: &setup.rules.sources,
        sources: &configs.sources,
    }
}
