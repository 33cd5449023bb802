//! `napkin availability`

use crate::cli::estimate::{Input, Settings, load, load_changed};
use crate::cli::{Done, Failure, Outcome, Terminal, print};
use crate::estimate::breakdown::breakdowns;
use crate::estimate::{Run, Scenario};
use crate::report::availability::{Report, json, tables};
use crate::report::tables::Table;

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

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Text,
    Json,
    Markdown,
}

pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let (mut sources, id, mut analysis, catalog) = load(&args.input, terminal)?;
    if !args.settings.set.is_empty() {
        analysis = load_changed(&mut sources, id, &args.settings, &catalog, terminal)?;
    }
    let (scenario, value) = (Scenario::default(), |input: &crate::attributes::Input| input.value);
    let run = Run::new((&analysis.graph, &analysis.structure, &catalog), &value, &scenario);
    let order = usize::from(args.order);
    let report = Report { analysis: &analysis, run: &run, flows: &breakdowns(&run, order), order, all: args.all };
    print(&match args.format {
        Format::Text => tables(&report).iter().map(|table| table.text(terminal.columns)).collect(),
        Format::Markdown => tables(&report).iter().map(Table::markdown).collect(),
        Format::Json => json(&report).map_err(|error| Failure(format!("can't write the figures: {error}")))?,
    })?;
    Ok(Done::Clean)
}
