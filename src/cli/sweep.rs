//! `napkin sweep`

use crate::cli::estimate::{Input, load, unusable};
use crate::cli::{Done, Failure, Outcome, Terminal, print};
use crate::report::explain::wanted;
use crate::report::sweep::{csv, json, text};
use crate::study::sweep::{Range, Steps, sweep};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    input: Input,
    /// What to vary and from where to where, for example `dau=1M..1bn`.
    #[arg(long, value_name = "NAME=LOW..HIGH")]
    over: String,
    /// How many values and how they are spaced: `log:20` or `linear:11`.
    #[arg(long, default_value = "log:20")]
    steps: String,
    /// A figure to follow, such as `api.nodes_needed`; several times for more.
    #[arg(long, value_name = "FIGURE")]
    figure: Vec<String>,
    /// How to print it.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Text,
    Csv,
    Json,
}

pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let range = Range::read(&args.over).map_err(Failure)?;
    let steps = Steps::read(&args.steps).map_err(Failure)?;
    let (mut sources, id, today, catalog) = load(&args.input, terminal)?;
    let mut figures = Vec::new();
    for path in &args.figure {
        let found = wanted(path, &today).map_err(Failure)?;
        figures.push((found.metric, found.index, path.clone()));
    }
    let outcome = sweep(&mut sources, id, range, steps, &figures, &catalog)
        .map_err(|analysis| unusable(&analysis, &sources, terminal))?;
    let written = |text: serde_json::Result<String>| text.map_err(|error| Failure(format!("can't write it: {error}")));
    print(&match args.format {
        Format::Text => text(&outcome, terminal.columns),
        Format::Csv => csv(&outcome),
        Format::Json => written(json(&outcome))?,
    })?;
    Ok(Done::Clean)
}
