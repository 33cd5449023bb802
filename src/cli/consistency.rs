//! `napkin consistency`

use crate::cli::estimate::{Input, Settings, load_with};
use crate::cli::format::Format;
use crate::cli::{Done, Outcome, Terminal, print};
use crate::report::consistency::{json, tables};

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

pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let (_, _, analysis, _) = load_with(&args.input, &args.settings, terminal)?;
    let tables = tables(&analysis);
    if tables.is_empty() && args.format != Format::Json {
        print("no store is described: give a component a kind such as `is: database`\n")?;
    } else {
        print(&args.format.write(|| tables, || json(&analysis), terminal)?)?;
    }
    Ok(Done::Clean)
}
