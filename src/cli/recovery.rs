//! `napkin recovery`

use crate::cli::estimate::{Input, Settings, load_with};
use crate::cli::format::Format;
use crate::cli::{Done, Outcome, Terminal, print};
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

pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let (_, _, analysis, _) = load_with(&args.input, &args.settings, terminal)?;
    print(&args.format.write(|| tables(&analysis), || json(&analysis), terminal)?)?;
    Ok(Done::Clean)
}
