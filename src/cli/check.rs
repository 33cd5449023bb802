//! `napkin check`

use std::path::PathBuf;

use crate::analysis::{Question, ask};
use crate::cli::simulate::RUNS;
use crate::cli::{Done, Failure, Outcome, Terminal, files, print};
use crate::definition::SEED;
use crate::diagnostic::Severity;
use crate::report::{Checked, diagnostics, findings_json, markdown, sarif};
use crate::simulate::{Extent, Load, Settings};
use crate::source::Sources;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Specs, or folders of specs, or `-` for standard input.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// How to print what was found.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// The severity from which the exit status is 1.
    #[arg(long, value_enum, default_value = "error")]
    fail_on: FailOn,
    /// A folder with rules of your own; may be given several times.
    #[arg(long, value_name = "DIR")]
    rules: Vec<PathBuf>,
    /// Turn on a further pack of rules, or `all`; may be given several times.
    #[arg(long, value_name = "NAME")]
    pack: Vec<String>,
    /// Let rules ask a simulation of the system at peak (`flow.simulated.p99`), which runs if one does.
    #[arg(long)]
    simulate: bool,
    /// Requests of that simulation.
    #[arg(long, default_value_t = 200_000, requires = "simulate", value_parser = clap::value_parser!(u32).range(1_000..=100_000_000))]
    requests: u32,
    /// Seed of that simulation.
    #[arg(long, default_value_t = SEED, requires = "simulate")]
    seed: u64,
    #[command(flatten)]
    prices: super::estimate::PriceFile,
    /// Show allowed findings too, and what could not be checked.
    #[arg(long, short)]
    verbose: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Text,
    Json,
    Sarif,
    Markdown,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum FailOn {
    Error,
    Warning,
    Info,
    Never,
}

pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let style = diagnostics::Style { verbose: args.verbose, ..terminal.style };
    let packs = files::packs(&args.pack)?;
    let (_, rules) = files::rules(&args.rules, style)?;
    let mut sources = Sources::new();
    let catalog = args.prices.catalog(&mut sources, terminal)?;
    let ids =
        files::specs(&args.paths)?.iter().map(|path| files::read(path, &mut sources)).collect::<Result<Vec<_>, _>>()?;
    let today = files::today();
    let extent = Extent::Requests(args.requests as usize);
    let simulation = Settings { seed: args.seed, runs: RUNS, extent, load: Load::Peak };
    let simulation = args.simulate.then_some(&simulation);
    let question = Question { rules: &rules, packs, today, simulation, ..Question::default() };
    let analyses: Vec<_> = ids.into_iter().map(|id| ask(&sources, id, &catalog, question)).collect();
    let checked = Checked { sources: &sources, analyses: &analyses };
    let failed = |error: serde_json::Error| Failure(format!("can't write the report: {error}"));
    let text = match args.format {
        Format::Text => diagnostics::text(&checked, style),
        Format::Json => findings_json::json(&checked).map_err(failed)?,
        Format::Sarif => sarif::sarif(&checked, &rules, packs).map_err(failed)?,
        Format::Markdown => markdown::markdown(&checked),
    };
    print(&text)?;
    let dropped: usize = analyses.iter().map(|analysis| analysis.dropped).sum();
    if dropped > 0 {
        super::warn(&format!("{dropped} more mistakes are not shown"));
    }
    if !analyses.iter().all(crate::analysis::Analysis::is_usable) {
        return Err(Failure("a spec has mistakes and could not be checked\n".to_owned()));
    }
    let threshold = match args.fail_on {
        FailOn::Error => Severity::Error,
        FailOn::Warning => Severity::Warning,
        FailOn::Info => Severity::Info,
        FailOn::Never => return Ok(Done::Clean),
    };
    let worst = checked.worst();
    // The process is about to end; freeing a large graph piece by piece would take a tenth of its run.
    std::mem::forget(analyses);
    Ok(if worst.is_some_and(|worst| worst >= threshold) { Done::Findings } else { Done::Clean })
}
