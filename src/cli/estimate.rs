//! `napkin estimate`

use std::path::{Path, PathBuf};

use clap::builder::TypedValueParser as _;

use crate::analysis::{Analysis, analyse};
use crate::catalog::Catalog;
use crate::cli::{Done, Failure, Outcome, Terminal, files, print};
use crate::definition::SEED;
use crate::estimate::{SAMPLES, spreads};
use crate::report::diagnostics::draw_all;
use crate::report::estimate_json;
use crate::report::tables::Figures;
use crate::source::Sources;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The spec, or `-` for standard input.
    spec: PathBuf,
    /// How to print the figures.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// How many samples to take of uncertain values (fewer are taken of very large systems).
    #[arg(long, default_value_t = SAMPLES, value_parser = clap::value_parser!(u32).range(50..=1_000_000).map(|n| n as usize))]
    samples: usize,
    /// The seed of the samples.
    #[arg(long, default_value_t = SEED)]
    seed: u64,
    /// Print how every figure was computed.
    #[arg(long)]
    explain: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Text,
    Json,
    Markdown,
}

/// Reads and estimates one spec; its mistakes are a failure.
pub(super) fn load(path: &Path, terminal: &Terminal) -> Result<(Sources, Analysis, Catalog), Failure> {
    let catalog = Catalog::new();
    let mut sources = Sources::new();
    let id = files::read(path, &mut sources)?;
    let analysis = analyse(&sources, id, &catalog, &[], None);
    let unusable: Vec<_> = analysis.diagnostics.iter().filter(|d| d.code != "unknown-rule").cloned().collect();
    if unusable.iter().any(|d| d.severity == crate::diagnostic::Severity::Error) {
        return Err(Failure(draw_all(&unusable, &sources, terminal.style)));
    }
    Ok((sources, analysis, catalog))
}

pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let (sources, analysis, catalog) = load(&args.spec, terminal)?;
    let spreads = spreads(&analysis.graph, &analysis.structure, &catalog, args.seed, args.samples);
    let figures = Figures { analysis: &analysis, spreads: &spreads };
    let text = match args.format {
        Format::Text => figures.tables().iter().map(|table| table.text(terminal.columns)).collect(),
        Format::Markdown => figures.tables().iter().map(crate::report::tables::Table::markdown).collect(),
        Format::Json => estimate_json::json(&analysis, &spreads)
            .map_err(|error| Failure(format!("can't write the figures: {error}")))?,
    };
    print(&text)?;
    if args.explain {
        for path in super::explain::figures(&analysis) {
            print(&super::explain::derivation(&path, &analysis, &sources)?)?;
            print("\n")?;
        }
    }
    Ok(Done::Clean)
}
