//! The forms in which tables are printed.

use crate::cli::{Failure, Terminal};
use crate::report::tables::Table;

/// How tables are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
    Markdown,
}

impl Format {
    /// Tables in the form that was asked for; the JSON is of the same figures.
    ///
    /// # Errors
    /// If the JSON can't be written.
    pub fn write(
        self,
        tables: impl FnOnce() -> Vec<Table>,
        json: impl FnOnce() -> serde_json::Result<String>,
        terminal: &Terminal,
    ) -> Result<String, Failure> {
        match self {
            Format::Text => Ok(tables().iter().map(|table| table.text(terminal.columns)).collect()),
            Format::Markdown => Ok(tables().iter().map(Table::markdown).collect()),
            Format::Json => json().map_err(|error| Failure(format!("can't write the figures: {error}"))),
        }
    }
}
