//! `napkin check`

use std::path::PathBuf;

use crate::analysis::{Question, ask};
use crate::cli::output::{self, Format, Output};
use crate::cli::simulate::RUNS;
use crate::cli::{Done, Failure, Outcome, Terminal, files, print};
use crate::definition::SEED;
use crate::diagnostic::Severity;
use crate::lint::fold;
use crate::report::{Checked, diagnostics};
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
    /// Write a report to a file too: `junit=out.xml`, or a name whose ending tells the format; may be given several times.
    #[arg(long, value_name = "[FORMAT=]FILE", value_parser = Output::parse)]
    output: Vec<Output>,
    /// The severity from which the exit status is 1.
    #[arg(long, value_enum, default_value = "error")]
    fail_on: FailOn,
    #[command(flatten)]
    baseline: super::baseline::BaselineFile,
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
pub(super) enum FailOn {
    Error,
    Warning,
    Info,
    Never,
}

impl FailOn {
    fn severity(self) -> Option<Severity> {
        match self {
            FailOn::Error => Some(Severity::Error),
            FailOn::Warning => Some(Severity::Warning),
            FailOn::Info => Some(Severity::Info),
            FailOn::Never => None,
        }
    }
}

pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let style = diagnostics::Style { verbose: args.verbose, ..terminal.style };
    let packs = files::packs(&args.pack)?;
    let (_, rules) = files::rules(&args.rules, style)?;
    let mut sources = Sources::new();
    let catalog = args.prices.catalog(&mut sources, terminal)?;
    let ids =
        files::specs(&args.paths)?.iter().map(|path| files::read(path, &mut sources)).collect::<Result<Vec<_>, _>>()?;
    let specs: Vec<PathBuf> = ids.iter().map(|id| PathBuf::from(sources.get(*id).name())).collect();
    let inputs: Vec<PathBuf> = specs.into_iter().chain(args.baseline.baseline.clone()).collect();
    output::distinct(&args.output, &inputs)?;
    let today = files::today();
    let extent = Extent::Requests(args.requests as usize);
    let simulation = Settings { seed: args.seed, runs: RUNS, extent, load: Load::Peak };
    let simulation = args.simulate.then_some(&simulation);
    let question = Question { rules: &rules, packs, today, simulation, ..Question::default() };
    let mut analyses: Vec<_> = ids.iter().map(|id| ask(&sources, *id, &catalog, question)).collect();
    let compared = args.baseline.apply(&sources, &ids, &mut analyses, &rules)?;
    // Last, so that a finding of the baseline hides nothing that is new.
    for analysis in &mut analyses {
        analysis.findings = fold(std::mem::take(&mut analysis.findings));
    }
    let checked = Checked {
        sources: &sources,
        files: &ids,
        analyses: &analyses,
        fail_on: args.fail_on.severity(),
        baseline: compared.as_ref(),
        packs,
    };
    print(&output::written(args.format, &checked, &rules, style)?)?;
    for output in &args.output {
        output.write(&checked, &rules, args.verbose)?;
    }
    if let Some(gone) = compared.as_ref().filter(|c| !c.gone.is_empty() && args.format != Format::Text) {
        let (count, file) = (gone.gone.len(), &gone.file);
        super::warn(&format!("{count} known in {file} no longer found; shrink it with `--shrink-baseline`"));
    }
    let dropped: usize = analyses.iter().map(|analysis| analysis.dropped).sum();
    if dropped > 0 {
        super::warn(&format!("{dropped} more mistakes are not shown"));
    }
    let exit = checked.exit();
    // The process is about to end; freeing a large graph piece by piece would take a tenth of its run.
    std::mem::forget(analyses);
    match exit {
        0 => Ok(Done::Clean),
        1 => Ok(Done::Findings),
        _ => Err(Failure("a spec has mistakes and could not be checked\n".to_owned())),
    }
}
