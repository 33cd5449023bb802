//! `napkin recovery`

use crate::cli::estimate::{Input, Settings, load, load_changed};
use crate::cli::{Done, Failure, Outcome, Terminal, print};
use crate::report::recovery::{json, tables};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    settings: Settings,
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
    print(&match args.format {
        Format::Text => tables(&analysis).iter().map(|table| table.text(terminal.columns)).collect(),
        Format::Markdown => tables(&analysis).iter().map(crate::report::tables::Table::markdown).collect(),
        Format::Json => json(&analysis).map_err(|error| Failure(format!("can't write the outcomes: {error}")))?,
    })?;
    Ok(Done::Clean)
}
