//! `napkin rules test`: examples of rules, and what of them no example decides.

use std::path::{Path, PathBuf};

use crate::analysis::{Tried, try_rule};
use crate::catalog::Catalog;
use crate::cli::packs::RuleSet;
use crate::cli::{Done, Failure, Outcome, files, print, warn};
use crate::lint::Rule;
use crate::report::rule_tests::{json, share, text};
use crate::study::fix::fix_example;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folders or files with rules; only theirs are tested. All rules if left out.
    #[arg(value_name = "DIR")]
    pub dirs: Vec<PathBuf>,
    /// How to print what was found.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// List what no example decides of rules that ship too.
    #[arg(long, short)]
    verbose: bool,
    /// Fail if examples decide less than this share of the parts of conditions and parameters, in percent.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    min_coverage: Option<u8>,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// Version 1.
    Json,
}

pub(super) fn run(args: &Args, set: &RuleSet) -> Outcome {
    let catalog = Catalog::new();
    let chosen = chosen(&args.dirs, set)?;
    let mut tried: Vec<_> = chosen.iter().map(|rule| try_rule(rule, &set.sources, &catalog)).collect();
    tried.iter_mut().for_each(|one| fixes(one, &catalog));
    let details = args.verbose || !args.dirs.is_empty();
    print(&match args.format {
        Format::Text => text(&tried, &set.sources, details),
        Format::Json => {
            json(&tried, &set.sources).map_err(|error| Failure(format!("can't write the report: {error}")))?
        }
    })?;
    let (decided, least) = (share(&tried), f64::from(args.min_coverage.unwrap_or(0)));
    if decided < least {
        warn(&format!("examples decide {decided:.1} % where --min-coverage wants {least} %; add near misses"));
        return Ok(Done::Findings);
    }
    Ok(if tried.iter().any(|one| one.fails()) { Done::Findings } else { Done::Clean })
}

/// Tries the rule's fix on the examples that should fire.
fn fixes(tried: &mut Tried<'_>, catalog: &Catalog) {
    let texts = tried.rule.bad.iter();
    for (example, (text, _)) in tried.examples.iter_mut().filter(|example| example.bad).zip(texts) {
        example.fixed = fix_example(tried.rule, text, catalog);
    }
}

/// The rules of folders and files; all if none is named.
pub(super) fn chosen<'s>(dirs: &[PathBuf], set: &'s RuleSet) -> Result<Vec<&'s Rule>, Failure> {
    if dirs.is_empty() {
        return Ok(set.rules.iter().collect());
    }
    let wanted: Vec<PathBuf> =
        dirs.iter().map(|dir| if dir.is_dir() { files::absolute(dir) } else { files::placed(dir) }).collect();
    let is_wanted = |rule: &&Rule| {
        let place = files::placed(Path::new(set.sources.get(rule.span.source).name()));
        !set.is_shipped(rule) && wanted.iter().any(|dir| place.starts_with(dir))
    };
    let mut rules: Vec<&Rule> = set.rules.iter().filter(is_wanted).collect();
    if rules.is_empty() {
        let names: Vec<String> = dirs.iter().map(|dir| dir.display().to_string()).collect();
        return Err(Failure(format!("there are no rules in {}; `napkin rules new NAME` writes one", names.join(", "))));
    }
    rules.sort_by_key(|rule| set.sources.get(rule.span.source).name());
    Ok(rules)
}
