//! `napkin failures`

use crate::cli::estimate::{Input, Settings, load_with};
use crate::cli::format::Format;
use crate::cli::{Done, Failure, Outcome, Terminal, print};
use crate::report::failures::{Names, json, markdown, text};
use crate::study::failures::{MOST_PAIRS, Sort, cases, failures, pairs};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    settings: Settings,
    /// Take away every two things as well; pairs that cost no more than their halves are left out.
    #[arg(long)]
    pairs: bool,
    /// Take away only things of this sort; may be given several times.
    #[arg(long, value_enum, value_name = "SORT")]
    only: Vec<Only>,
    /// Show losses without consequences too.
    #[arg(long)]
    all: bool,
    /// Name everything that a loss affects, and whatever gets busier.
    #[arg(long)]
    verbose: bool,
    /// How to print it.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Only {
    Component,
    Node,
    Zone,
    Region,
    External,
}

impl Only {
    fn sort(self) -> Sort {
        match self {
            Only::Component => Sort::Component,
            Only::Node => Sort::Node,
            Only::Zone => Sort::Zone,
            Only::Region => Sort::Region,
            Only::External => Sort::External,
        }
    }
}

pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let (_, _, analysis, catalog) = load_with(&args.input, &args.settings, terminal)?;
    let mut singles = cases(&analysis, &catalog);
    singles.retain(|case| args.only.is_empty() || args.only.iter().any(|only| only.sort() == case.sort));
    let together = if args.pairs { pairs(&singles) } else { Some(Vec::new()) };
    let Some(together) = together else {
        let message = format!("{} things make more than {MOST_PAIRS} pairs", singles.len());
        return Err(Failure(format!("{message}; say which with `--only zone` or another sort")));
    };
    let (outcomes, goals) = failures(&analysis, &singles, &together, &catalog);
    let names = Names { graph: &analysis.graph, goals: &goals, verbose: args.verbose };
    print(&match args.format {
        Format::Text => text(&outcomes, &names, args.all, terminal.columns),
        Format::Markdown => markdown(&outcomes, &names, args.all),
        Format::Json => {
            json(&outcomes, &names).map_err(|error| Failure(format!("can't write the outcomes: {error}")))?
        }
    })?;
    Ok(Done::Clean)
}
