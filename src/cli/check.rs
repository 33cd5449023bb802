//! `napkin check`

use std::path::PathBuf;

use crate::analysis::{Analysis, Question, ask};
use crate::cli::config::{Configs, Spec};
use crate::cli::output::{self, Format, Output};
use crate::cli::selection::{self, Choice};
use crate::cli::simulate::RUNS;
use crate::cli::{Done, Failure, Outcome, Terminal, files, print};
use crate::config::Flags;
use crate::definition::SEED;
use crate::diagnostic::Severity;
use crate::lint::{Rule, fold};
use crate::report::{Checked, diagnostics};
use crate::simulate::{Extent, Load, Settings};
use crate::source::{SourceId, Sources};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Specs, or folders of specs, or `-` for standard input; `paths` of `napkin.toml` if left out.
    paths: Vec<PathBuf>,
    #[command(flatten)]
    choice: Choice,
    /// How to print what was found.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Write a report to a file too: `junit=out.xml`, or a name whose ending tells the format; may be given several times.
    #[arg(long, value_name = "[FORMAT=]FILE", value_parser = Output::parse)]
    output: Vec<Output>,
    /// The severity from which the exit status is 1: `error` if neither this nor `napkin.toml` says otherwise.
    #[arg(long, value_enum)]
    fail_on: Option<FailOn>,
    #[command(flatten)]
    config: super::config::ConfigFile,
    /// Print what holds for these specs and which file, flag or default says so; nothing is checked.
    #[arg(long, conflicts_with_all = ["format", "output", "write_baseline", "shrink_baseline", "simulate", "overlay", "prices"])]
    show_config: bool,
    #[command(flatten)]
    baseline: super::baseline::BaselineFile,
    /// A folder with rules of your own; may be given several times.
    #[arg(long, value_name = "DIR")]
    rules: Vec<PathBuf>,
    /// Turn on a further pack of rules, or `all`; may be given several times.
    #[arg(long, value_name = "NAME")]
    pack: Vec<String>,
    #[command(flatten)]
    parameters: super::parameters::ParameterArgs,
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
    fixes: super::fix::FixArgs,
    #[command(flatten)]
    overlays: files::Overlays,
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
    /// `None` for never.
    pub fn severity(self) -> Option<Severity> {
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
    let mut texts = Sources::new();
    let parameters = args.parameters.settings(&mut texts)?;
    let name = args.baseline.baseline.as_ref().map(|file| file.display().to_string());
    let flags = Flags {
        packs: &args.pack,
        fail_on: args.fail_on.map(FailOn::severity),
        baseline: name.as_deref(),
        parameters: &parameters,
        ..Flags::default()
    };
    let mut configs = Configs::new(&args.config, &args.rules, flags, texts, style);
    if args.show_config {
        return super::show_config::run(&args.paths, args.choice, &mut configs, style);
    }
    let mut sources = Sources::new();
    let catalog = args.prices.catalog(&mut sources, terminal)?;
    let (specs, ids) = selection::load(&args.paths, args.choice, &args.overlays, &mut configs, &mut sources)?;
    configs.unheard(&specs).iter().for_each(|unheard| super::warn(unheard));
    output::distinct(&args.output, &configs.inputs(&specs, &sources))?;
    let today = files::today();
    let extent = Extent::Requests(args.requests as usize);
    let simulation = Settings { seed: args.seed, runs: RUNS, extent, load: Load::Peak };
    let simulation = args.simulate.then_some(&simulation);
    let judge = |sources: &Sources| {
        let ask = |(spec, id): (&Spec, &SourceId)| {
            ask(sources, *id, &catalog, Question { today, simulation, ..configs.question(spec) })
        };
        let mut analyses: Vec<Analysis> = specs.iter().zip(&ids).map(ask).collect();
        let compared = args.baseline.apply(sources, &ids, &specs, &configs, &mut analyses)?;
        Ok::<_, Failure>((analyses, compared))
    };
    let mut unfolded = |sources: &Sources| judge(sources).map(|(analyses, _)| analyses);
    if args.fixes.diff {
        return args.fixes.show(&sources, &mut unfolded, args.verbose);
    }
    let mut aside = false;
    if args.fixes.fix {
        let other = args.format != Format::Text;
        (sources, aside) = args.fixes.apply(&sources, &mut unfolded, other, args.verbose && other)?;
    }
    let (mut analyses, compared) = judge(&sources)?;
    // Last, so that a finding of the baseline hides nothing that is new.
    for analysis in &mut analyses {
        analysis.findings = fold(std::mem::take(&mut analysis.findings));
    }
    let rules = configs.rules(&specs, &analyses);
    let fail_on: Vec<Option<Severity>> = specs.iter().map(|spec| spec.effective.fail_on.value).collect();
    let checked =
        Checked { sources: &sources, files: &ids, analyses: &analyses, fail_on: &fail_on, baseline: compared.as_ref() };
    write(args, &checked, &rules, style, aside)?;
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
        _ => Err(Failure("mistakes stand in the way, so that not everything was checked\n".to_owned())),
    }
}

/// Writes all reports. A spec from standard input that was fixed has standard output for itself.
fn write(
    args: &Args,
    checked: &Checked<'_>,
    rules: &[&Rule],
    style: diagnostics::Style,
    aside: bool,
) -> Result<(), Failure> {
    let report = output::written(args.format, checked, rules, style)?;
    if aside {
        super::warn(&report);
    } else {
        print(&report)?;
    }
    args.output.iter().try_for_each(|output| output.write(checked, rules, args.verbose))
}
