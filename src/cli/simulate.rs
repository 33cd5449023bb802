//! `napkin simulate`

use crate::attributes::Input as Number;
use crate::cli::estimate::{Input, Settings, load, load_changed};
use crate::cli::{Done, Failure, Outcome, Terminal, print};
use crate::definition::SEED;
use crate::estimate::blueprint::blueprint;
use crate::estimate::{Run, Scenario, estimate_scenario};
use crate::report::simulation::{json, tables};
use crate::report::tables::Table;
use crate::simulate::{Settings as Extent, simulate};
use crate::study::{factor, fail};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    settings: Settings,
    /// Multiply all traffic, for example by `10x`.
    #[arg(long, value_name = "FACTOR")]
    scale: Option<String>,
    /// Take something away before the run: a component, `node:api`, `zone:a` or `region:us-east`.
    #[arg(long, value_name = "WHAT")]
    fail: Vec<String>,
    /// How many requests to simulate, all flows together.
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(1_000..=100_000_000))]
    requests: u32,
    /// The seed of all chances.
    #[arg(long, default_value_t = SEED)]
    seed: u64,
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
    let mut scenario = Scenario::default();
    if let Some(text) = &args.scale {
        scenario.scale = factor(text).map_err(Failure)?;
    }
    let (mut sources, id, _, catalog) = load(&args.input, terminal)?;
    let analysis = load_changed(&mut sources, id, &args.settings, &catalog, terminal)?;
    for what in &args.fail {
        fail(&mut scenario, what, &analysis).map_err(Failure)?;
    }
    let value = |input: &Number| input.value;
    let plan = blueprint(&Run::new((&analysis.graph, &analysis.structure, &catalog), &value, &scenario));
    if plan.calls.iter().any(|call| call.hedged) {
        return Err(Failure("hedged calls can't be simulated yet; `napkin estimate` knows them".to_owned()));
    }
    if plan.rates.iter().all(|rate| *rate <= 0.0) {
        return Err(Failure("no flow has a rate; add `rate: 100 /s` to one".to_owned()));
    }
    let results = simulate(&analysis.graph, &plan, Extent { requests: args.requests as usize, seed: args.seed });
    let estimate = estimate_scenario(&analysis.graph, &analysis.structure, &catalog, &scenario);
    print(&match args.format {
        Format::Text => tables(&results, &analysis, &estimate).iter().map(|t| t.text(terminal.columns)).collect(),
        Format::Markdown => tables(&results, &analysis, &estimate).iter().map(Table::markdown).collect::<String>(),
        Format::Json => {
            json(&results, &analysis).map_err(|error| Failure(format!("can't write the results: {error}")))?
        }
    })?;
    Ok(Done::Clean)
}
