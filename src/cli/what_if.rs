//! `napkin what-if`

use crate::cli::estimate::{Input, Settings, load, load_changed};
use crate::cli::format::Format;
use crate::cli::{Done, Failure, Outcome, Terminal, print};
use crate::estimate::Scenario;
use crate::report::comparison::{follows, json, tables};
use crate::report::tables::Table;
use crate::study::{factor, fail, what_if};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    settings: Settings,
    /// Multiply all traffic, for example by `10x`.
    #[arg(long, value_name = "FACTOR")]
    scale: Option<String>,
    /// Take something away: a component, `node:api`, `primary:db`, `zone:a` or `region:us-east`.
    #[arg(long, value_name = "WHAT")]
    fail: Vec<String>,
    /// Show what stays the same as well.
    #[arg(long)]
    all: bool,
    /// How to print it.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let mut scenario = Scenario::default();
    if let Some(text) = &args.scale {
        scenario.scale = factor(text).map_err(Failure)?;
    }
    if args.settings.set.is_empty() && args.scale.is_none() && args.fail.is_empty() {
        return Err(Failure("say what is different: `--set dau=100M`, `--scale 10x` or `--fail zone:a`".to_owned()));
    }
    let (mut sources, id, today, catalog) = load(&args.input, terminal)?;
    let changed = load_changed(&mut sources, id, &args.settings, &catalog, terminal)?;
    for what in &args.fail {
        fail(&mut scenario, what, &today).map_err(Failure)?;
    }
    let comparison = what_if::compare(&today, &changed, &scenario, &catalog);
    let tables = || tables(&comparison, &today, args.all);
    let text = match args.format {
        Format::Text => {
            let text: String = tables().iter().map(|table| table.text(terminal.columns)).collect();
            text + &follows(&comparison, &today, args.all, Some(terminal.columns))
        }
        Format::Markdown => {
            let text: String = tables().iter().map(Table::markdown).collect();
            text + &follows(&comparison, &today, args.all, None)
        }
        Format::Json => {
            json(&comparison, &today).map_err(|error| Failure(format!("can't write the figures: {error}")))?
        }
    };
    print(&text)?;
    Ok(Done::Clean)
}
