//! The `napkin` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    napkin::cli::run()
}
