//! `napkin rules docs`: pages of rules, written to a folder.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::cli::packs::RuleSet;
use crate::cli::rules_test::chosen;
use crate::cli::{Done, Failure, Outcome, output, print};
use crate::report::rule_pages::{MARK, pages};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folders or files with rules; only they get pages. All rules if left out.
    #[arg(value_name = "DIR")]
    pub dirs: Vec<PathBuf>,
    /// The folder that the pages go to; pages there of rules that are gone are removed.
    #[arg(long, value_name = "FOLDER")]
    output: PathBuf,
    /// Write nothing; exit status 1 if a page isn't as it would be written.
    #[arg(long)]
    check: bool,
}

pub(super) fn run(args: &Args, set: &RuleSet) -> Outcome {
    let rules = chosen(&args.dirs, set)?;
    let pages = pages(&rules, &set.sources);
    let folder = args.output.as_path();
    if folder.exists() && !folder.is_dir() {
        return Err(Failure(format!("{} is a file; name a folder for the pages", folder.display())));
    }
    let names: BTreeSet<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
    let gone: Vec<PathBuf> = written(folder).into_iter().filter(|path| is_gone(path, &names)).collect();
    let (mut stale, mut foreign) = (Vec::new(), Vec::new());
    for (name, text) in &pages {
        let path = folder.join(name);
        match std::fs::read_to_string(&path) {
            Ok(there) if there == *text => {}
            Ok(there) if !there.starts_with(MARK) => foreign.push(path),
            Err(_) if path.exists() => foreign.push(path),
            _ => stale.push((path, text)),
        }
    }
    if let Some(path) = foreign.first() {
        let help = "name another folder with `--output`";
        return Err(Failure(format!("{} wasn't written by `napkin rules docs` and stays; {help}", path.display())));
    }
    let shown = folder.display();
    if args.check {
        let old: Vec<&PathBuf> = stale.iter().map(|(path, _)| path).chain(&gone).collect();
        let Some(first) = old.first() else {
            print(&format!("{} pages in {shown} are up to date\n", pages.len()))?;
            return Ok(Done::Clean);
        };
        let more = if old.len() > 1 { format!(" and {} more", old.len() - 1) } else { String::new() };
        let command = std::iter::once("napkin rules docs".to_owned())
            .chain(args.dirs.iter().map(|dir| dir.display().to_string()));
        let command = command.collect::<Vec<_>>().join(" ");
        print(&format!("{}{more} are not up to date; run `{command} --output {shown}`\n", first.display()))?;
        return Ok(Done::Findings);
    }
    std::fs::create_dir_all(folder).map_err(|error| Failure(format!("can't make {shown}: {error}")))?;
    for (path, text) in &stale {
        output::save(path, text)?;
    }
    for path in &gone {
        std::fs::remove_file(path).map_err(|error| Failure(format!("can't remove {}: {error}", path.display())))?;
    }
    let (count, changed) = (pages.len(), stale.len());
    print(&format!(
        "{count} pages in {shown}: {changed} written, {} removed; begin with {shown}/README.md\n",
        gone.len()
    ))?;
    Ok(Done::Clean)
}

/// The pages in a folder that were written here.
fn written(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_page = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "md");
    let ours = |path: &PathBuf| std::fs::read_to_string(path).is_ok_and(|text| text.starts_with(MARK));
    let mut pages: Vec<PathBuf> = entries.filter(is_page).filter(ours).collect();
    pages.sort();
    pages
}

fn is_gone(path: &Path, names: &BTreeSet<&str>) -> bool {
    path.file_name().is_some_and(|name| !names.contains(name.to_string_lossy().as_ref()))
}
