//! `napkin failures`

use crate::cli::estimate::{Input, Settings, load, load_changed};
use crate::cli::{Done, Failure, Outcome, Terminal, print};
use crate::report::failures::{json, table};
use crate::study::failures::{cases, failures};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    settings: Settings,
    /// Take away every two things as well; pairs no worse than one of them are left out.
    #[arg(long)]
    pairs: bool,
    /// Show losses without consequences too.
    #[arg(long)]
    all: bool,
    /// How to print it.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Text,
    Json,
    Markdown,
}

pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let (mut sources, id, _, catalog) = load(&args.input, terminal)?;
    let analysis = load_changed(&mut sources, id, &args.settings, &catalog, terminal)?;
    let outcomes = failures(&analysis, &cases(&analysis, args.pairs), &catalog);
    print(&match args.format {
        Format::Text => table(&outcomes, args.all).text(terminal.columns),
        Format::Markdown => table(&outcomes, args.all).markdown(),
        Format::Json => json(&outcomes).map_err(|error| Failure(format!("can't write the outcomes: {error}")))?,
    })?;
    Ok(Done::Clean)
}
