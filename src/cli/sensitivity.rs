//! `napkin sensitivity`

use crate::cli::estimate::{Input, load};
use crate::cli::format::Format;
use crate::cli::{Done, Failure, Outcome, Terminal, print};
use crate::definition::SEED;
use crate::estimate::{Model, sensitivity};
use crate::report::explain::wanted;
use crate::report::sensitivity::{json, table, text};

/// Samples that tell shares of one per cent apart.
const SAMPLES: usize = 4000;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    input: Input,
    /// A figure of the spec, such as `api.utilization`, `redirect.p99` or `egress`.
    figure: String,
    /// How many samples to take.
    #[arg(long, default_value_t = SAMPLES, value_parser = super::estimate::samples())]
    samples: usize,
    /// The seed of the samples.
    #[arg(long, default_value_t = SEED)]
    seed: u64,
    /// How to print it.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let (_, _, analysis, catalog) = load(&args.input, terminal)?;
    let found = wanted(&args.figure, &analysis).map_err(Failure)?;
    let model = Model { graph: &analysis.graph, structure: &analysis.structure, catalog: &catalog };
    let outcome = sensitivity(&model, found.metric, found.index, args.seed, args.samples);
    print(&match args.format {
        Format::Text => text(&outcome, found.metric, &args.figure, terminal.columns),
        Format::Markdown => table(&outcome, found.metric, &args.figure).markdown(),
        Format::Json => {
            json(&outcome, &args.figure).map_err(|error| Failure(format!("can't write the figures: {error}")))?
        }
    })?;
    Ok(Done::Clean)
}
