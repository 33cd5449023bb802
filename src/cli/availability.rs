//! `napkin availability`

use crate::cli::estimate::{Input, Settings, load_with};
use crate::cli::format::Format;
use crate::cli::{Done, Outcome, Terminal, print};
use crate::estimate::breakdown::breakdowns;
use crate::estimate::{Run, Scenario};
use crate::report::availability::{Report, json, tables};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    settings: Settings,
    /// Cut sets of up to so many things that fail together.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=6))]
    order: u8,
    /// Show every cause and every cut set rather than those that matter most.
    #[arg(long)]
    all: bool,
    /// How to print it.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let (_, _, analysis, catalog) = load_with(&args.input, &args.settings, terminal)?;
    let (scenario, value) = (Scenario::default(), |input: &crate::attributes::Input| input.value);
    let run = Run::new((&analysis.graph, &analysis.structure, &catalog), &value, &scenario);
    let order = usize::from(args.order);
    let report = Report { analysis: &analysis, run: &run, flows: &breakdowns(&run, order), order, all: args.all };
    print(&args.format.write(|| tables(&report), || json(&report), terminal)?)?;
    Ok(Done::Clean)
}
