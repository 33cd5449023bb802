//! `napkin rules new`: a rule or a pack to begin with.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;

use crate::cli::config::Setup;
use crate::cli::packs::MANIFEST;
use crate::cli::{Done, Failure, Outcome, files, print, scaffold};
use crate::lint::{PACKS, is_kebab};
use crate::vocabulary::Target;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The rule's name, or with `--pack` the pack's: lower-case words with hyphens. A rule's says the bad pattern.
    name: String,
    /// Write a pack: a folder with manifest, a first rule and a page.
    #[arg(long)]
    pack: bool,
    /// Where to write: the first folder of `rules` in napkin.toml, else `rules`, if left out; with `--pack` the current folder.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// What the rule asks about.
    #[arg(long = "for", value_name = "THING", default_value = "component", value_parser = PossibleValuesParser::new(Target::ALL.map(Target::name)))]
    target: String,
}

pub(super) fn run(args: &Args, setup: &Setup) -> Outcome {
    let name = args.name.as_str();
    if !is_kebab(name) {
        let help = if args.pack {
            "name team and subject, such as `acme-platform`"
        } else {
            "name the bad pattern, such as `cache-without-expiry`"
        };
        return Err(Failure(format!("`{name}` is not lower-case words with hyphens; {help}")));
    }
    let target = Target::ALL.into_iter().find(|known| known.name() == args.target).unwrap_or(Target::Component);
    if args.pack { pack(args, target, setup) } else { rule(args, target, setup) }
}

fn rule(args: &Args, target: Target, setup: &Setup) -> Outcome {
    let name = &args.name;
    unused(name, setup)?;
    let settled = setup.file.as_ref().and_then(|file| {
        let folders = file.config.rules.iter().map(|rules| file.folder.join(&rules.value));
        folders.filter(|folder| folder.is_dir()).map(|folder| files::from_here(&folder)).next()
    });
    let dir = args.dir.clone().or(settled).unwrap_or_else(|| PathBuf::from("rules"));
    let file = dir.join(format!("{name}.yaml"));
    write(&[(file.clone(), scaffold::rule(name, target))])?;
    let (file, dir) = (file.display(), dir.display());
    print(&format!(
        "wrote {file}; change it, test it with `napkin rules test {file}`, and check with it: `napkin check SPEC --rules {dir}`\n"
    ))?;
    Ok(Done::Clean)
}

fn pack(args: &Args, target: Target, setup: &Setup) -> Outcome {
    let name = &args.name;
    if name == "all" || PACKS.iter().any(|pack| pack.name == *name) {
        return Err(Failure(format!("`{name}` is a pack of napkin's own; put your name before it: `acme-{name}`")));
    }
    if let Some(span) = setup.rules.packs.iter().find(|pack| pack.name == *name).and_then(|pack| pack.span) {
        let place = setup.rules.sources.line(span);
        return Err(Failure(format!("there is already a pack `{name}` ({place}); take another name")));
    }
    let rule = format!("{name}-first-rule");
    unused(&rule, setup)?;
    let folder = args.dir.clone().unwrap_or_else(|| PathBuf::from(".")).join(name);
    let folder = files::clean(&folder);
    if folder.exists() {
        return Err(Failure(format!("{} exists already; take another name or another `--dir`", folder.display())));
    }
    write(&[
        (folder.join(MANIFEST), scaffold::manifest(name)),
        (folder.join(format!("{rule}.yaml")), scaffold::rule(&rule, target)),
        (folder.join("README.md"), scaffold::readme(name, &rule)),
    ])?;
    let folder = folder.display();
    print(&format!(
        "wrote {folder}/ with {MANIFEST}, a rule and a README.md; test it with `napkin rules test {folder}`, and write `rules = [\"{folder}\"]` into napkin.toml\n"
    ))?;
    Ok(Done::Clean)
}

/// Refuses the name of a rule that is there.
fn unused(name: &str, setup: &Setup) -> Result<(), Failure> {
    match setup.rules.rules.iter().find(|rule| rule.name == name) {
        Some(known) => {
            let place = setup.rules.sources.line(known.span);
            let whose = if setup.rules.is_shipped(known) { "napkin's own" } else { &place };
            Err(Failure(format!("there is already a rule `{name}` ({whose}); take another name")))
        }
        None => Ok(()),
    }
}

/// Writes new files, with their folders. A file that is there stays as it is.
fn write(files: &[(PathBuf, String)]) -> Result<(), Failure> {
    for (path, text) in files {
        let failed = |path: &Path, error: &std::io::Error| Failure(format!("can't write {}: {error}", path.display()));
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
        }
        let file = std::fs::File::options().write(true).create_new(true).open(path);
        let mut file = file.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => {
                Failure(format!("{} exists already; take another name or another `--dir`", path.display()))
            }
            _ => failed(path, &error),
        })?;
        file.write_all(text.as_bytes()).map_err(|error| failed(path, &error))?;
    }
    Ok(())
}
