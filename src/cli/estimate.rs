//! `napkin estimate`

use std::path::PathBuf;

use clap::builder::TypedValueParser as _;

use crate::analysis::{Analysis, Question, ask};
use crate::catalog::{Catalog, Prices};
use crate::cli::format::Format;
use crate::cli::{Done, Failure, Outcome, Terminal, files, print};
use crate::definition::SEED;
use crate::diagnostic::Diagnostics;
use crate::estimate::{Model, Run, SAMPLES, Scenario, spenders, spreads};
use crate::report::diagnostics::draw_all;
use crate::report::tables::Figures;
use crate::report::{estimate_json, origins};
use crate::source::{SourceId, Sources};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    settings: Settings,
    /// How to print the figures.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// How many samples to take of uncertain values (fewer are taken of very large systems).
    #[arg(long, default_value_t = SAMPLES, value_parser = samples())]
    samples: usize,
    /// The seed of the samples.
    #[arg(long, default_value_t = SEED)]
    seed: u64,
    /// List every number that the figures rest on, with its origin.
    #[arg(long)]
    assumptions: bool,
    /// Print how every figure was computed.
    #[arg(long)]
    explain: bool,
}

/// What figures are made from.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Input {
    /// The spec, or `-` for standard input.
    pub spec: PathBuf,
    #[command(flatten)]
    pub overlays: files::Overlays,
    #[command(flatten)]
    pub prices: PriceFile,
}

/// Other prices than those that ship.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct PriceFile {
    /// A price file of your own, in the form of the shipped `catalog/prices.yaml`.
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,
}

impl PriceFile {
    /// The catalogue with these prices.
    pub(super) fn catalog(&self, sources: &mut Sources, terminal: &Terminal) -> Result<Catalog, Failure> {
        let catalog = Catalog::new();
        let Some(path) = &self.prices else { return Ok(catalog) };
        let id = files::read(path, sources)?;
        let mut diagnostics = Diagnostics::new();
        let prices = Prices::read(sources, id, &mut diagnostics);
        if diagnostics.has_errors() {
            return Err(Failure(draw_all(&diagnostics.into_sorted(), sources, terminal.style)));
        }
        Ok(catalog.with_prices(prices))
    }
}

/// Values to try.
#[derive(Debug, clap::Args)]
pub(super) struct Settings {
    /// Try another value: `dau=100M`, `api.replicas=3`, `redirect.rate=5k/s`.
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
}

/// The range that numbers of samples may have.
pub(super) fn samples() -> impl clap::builder::TypedValueParser<Value = usize> {
    clap::value_parser!(u32).range(50..=1_000_000).map(|n| n as usize)
}

/// Reads and estimates one spec; its mistakes are a failure.
pub(super) fn load(input: &Input, terminal: &Terminal) -> Result<(Sources, SourceId, Analysis, Catalog), Failure> {
    let mut sources = Sources::new();
    let catalog = input.prices.catalog(&mut sources, terminal)?;
    let id = files::spec(&input.spec, &input.overlays, &mut sources)?;
    let analysis = load_changed(&mut sources, id, &Settings { set: Vec::new() }, &catalog, terminal)?;
    Ok((sources, id, analysis, catalog))
}

/// [`load`] with the values that are to be tried, if there are any.
pub(super) fn load_with(
    input: &Input,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<(Sources, SourceId, Analysis, Catalog), Failure> {
    let (mut sources, id, mut analysis, catalog) = load(input, terminal)?;
    if !settings.set.is_empty() {
        analysis = load_changed(&mut sources, id, settings, &catalog, terminal)?;
    }
    Ok((sources, id, analysis, catalog))
}

/// Reads and estimates a spec with some values changed; mistakes in either are a failure.
pub(super) fn load_changed(
    sources: &mut Sources,
    id: SourceId,
    settings: &Settings,
    catalog: &Catalog,
    terminal: &Terminal,
) -> Result<Analysis, Failure> {
    let mut changes = Vec::new();
    for setting in &settings.set {
        let (path, value) = setting
            .split_once('=')
            .ok_or_else(|| Failure(format!("`{setting}` sets nothing; write for example `dau=100M`")))?;
        changes.push((path.trim().to_owned(), sources.add(format!("--set {}", path.trim()), value.trim())));
    }
    let analysis = ask(sources, id, catalog, Question { changes: &changes, ..Question::default() });
    if analysis.is_usable() { Ok(analysis) } else { Err(unusable(&analysis, sources, terminal)) }
}

/// The mistakes of a spec, drawn.
pub(super) fn unusable(analysis: &Analysis, sources: &Sources, terminal: &Terminal) -> Failure {
    Failure(draw_all(&analysis.diagnostics, sources, terminal.style))
}

pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let (sources, _, analysis, catalog) = load_with(&args.input, &args.settings, terminal)?;
    let model = Model { graph: &analysis.graph, structure: &analysis.structure, catalog: &catalog };
    let spreads = spreads(&model, &Scenario::default(), args.seed, args.samples);
    let (scenario, value) = (Scenario::default(), |input: &crate::attributes::Input| input.value);
    let run = Run::new((&analysis.graph, &analysis.structure, &catalog), &value, &scenario);
    let spenders = spenders(&run);
    let figures = Figures {
        spenders,
        analysis: &analysis,
        spreads: &spreads,
        sources: &sources,
        date_in: &files::date_in,
        prices: catalog.prices(),
    };
    let json = || estimate_json::json(&analysis, &spreads, &sources);
    print(&args.format.write(|| figures.tables(), json, terminal)?)?;
    if args.assumptions && args.format != Format::Json {
        let table = origins::table(&origins::origins(&analysis, &sources));
        print(&args.format.write(|| vec![table], || Ok(String::new()), terminal)?)?;
    }
    if args.explain {
        for path in super::explain::figures(&analysis) {
            print(&super::explain::derivation(&path, &analysis, &sources)?)?;
            print("\n")?;
        }
    }
    Ok(Done::Clean)
}
