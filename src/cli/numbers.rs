//! `napkin numbers`

use crate::catalog::Catalog;
use crate::cli::{Done, Outcome, Terminal, print};
use crate::quantity::{Dimension, Hint, range};
use crate::report::tables::{Table, columns};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Show the names to use in expressions instead of descriptions.
    #[arg(long)]
    names: bool,
}

pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let catalog = Catalog::new();
    let tables: Vec<&str> =
        catalog.tables().iter().map(|table| table.name.as_str()).filter(|name| *name != "rules-of-thumb").collect();
    let mut rows = Vec::new();
    for number in catalog.numbers() {
        let shown = |low: f64, high: f64| range(low, high, Dimension::TIME, &Hint::Auto);
        let (low, high) = number.range();
        let mut row = vec![if args.names { number.key.clone() } else { number.title.clone() }, shown(low, high)];
        for table in &tables {
            let found = number.values.iter().find(|(name, ..)| name == table);
            row.push(found.map_or(String::new(), |(_, low, high)| shown(*low, *high)));
        }
        rows.push(row);
    }
    let mut notes =
        vec!["used: what `latency.…` means in expressions and estimates; by default modern-2026".to_owned()];
    notes.extend(catalog.tables().iter().map(|table| format!("{}: {} ({})", table.name, table.title, table.source)));
    let columns = columns(&["", "used", "handbook A", "handbook B", "Dean 2009", "modern"]);
    let table = Table { title: "Latency numbers", columns, rows, notes };
    print(&table.text(terminal.columns))?;
    Ok(Done::Clean)
}
