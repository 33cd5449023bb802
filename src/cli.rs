//! The command line: one file per subcommand, exit codes in one place.

mod availability;
mod baseline;
mod calc;
mod check;
mod completions;
mod config;
mod consistency;
mod diff;
mod estimate;
mod explain;
mod failures;
mod files;
mod fix;
mod format;
mod git;
mod init;
mod man;
mod numbers;
mod output;
mod packs;
mod parameters;
mod plan;
mod recovery;
mod rewrite;
mod rules;
mod rules_docs;
mod rules_new;
mod rules_test;
mod scaffold;
mod schema;
mod selection;
mod sensitivity;
mod show_config;
mod simulate;
mod sweep;
mod what_if;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::report::diagnostics::Style;

/// Estimate and lint system designs.
#[derive(Debug, Parser)]
#[command(name = "napkin", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Whether to use colours.
    #[arg(long, global = true, value_enum, default_value = "auto")]
    color: Color,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check specs against rules: parse, estimate, lint.
    Check(check::Args),
    /// What a change does: findings new and fixed, parts changed, figures better and worse.
    Diff(diff::Args),
    /// Print the tables: traffic, capacity, latency, availability, storage, bandwidth.
    Estimate(estimate::Args),
    /// Compare today's system with other values, other load, or parts gone.
    WhatIf(what_if::Args),
    /// What breaks next: every component, node, zone and region taken away in turn.
    Failures(failures::Args),
    /// What disasters cost: data lost and time to recover, the claimed strategy, burn-rate alerts.
    Recovery(recovery::Args),
    /// What reads of each store are promised as it is configured: quorums, staleness, CAP and PACELC.
    Consistency(consistency::Args),
    /// Exact availability of every flow, what spends its error budget, and what fails it alone or together.
    Availability(availability::Args),
    /// Run the system event by event, beside the estimate.
    Simulate(simulate::Args),
    /// Vary one value over a range: how figures grow and what gives out first.
    Sweep(sweep::Args),
    /// The smallest sizes that meet every objective, also with a zone gone.
    Plan(plan::Args),
    /// Which assumption drives a figure.
    Sensitivity(sensitivity::Args),
    /// Explain a rule, or how a figure of a spec comes about.
    Explain(explain::Args),
    /// Calculate with units and ranges; a prompt if there is no expression.
    Calc(calc::Args),
    /// The latency numbers that every engineer should know, with their sources.
    Numbers(numbers::Args),
    /// List and test rules, and the fields that they can use.
    Rules(rules::Args),
    /// Print the JSON schema of a file or output format.
    Schema(schema::Args),
    /// Write a starter spec.
    Init(init::Args),
    /// Print what a shell needs to complete napkin's commands, options and words.
    Completions(completions::Args),
    /// Print a manual page, or write those of all commands.
    Man(man::Args),
}

/// What a subcommand needs from its surroundings.
pub(crate) struct Terminal {
    /// How text is drawn.
    pub style: Style,
    /// Columns for tables.
    pub columns: u16,
}

/// Why a command could not do its work; always exit status 2.
#[derive(Debug)]
pub(crate) struct Failure(pub String);

/// Findings or not: exit status 0 or 1.
pub(crate) enum Done {
    Clean,
    Findings,
}

pub(crate) type Outcome = Result<Done, Failure>;

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no mistakes; clap knows which stream each goes to.
            let code = if error.use_stderr() { 2 } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let terminal = terminal(cli.color);
    let outcome = match cli.command {
        Command::Check(args) => check::run(&args, &terminal),
        Command::Diff(args) => diff::run(&args, &terminal),
        Command::Estimate(args) => estimate::run(&args, &terminal),
        Command::WhatIf(args) => what_if::run(&args, &terminal),
        Command::Plan(args) => plan::run(&args, &terminal),
        Command::Failures(args) => failures::run(&args, &terminal),
        Command::Recovery(args) => recovery::run(&args, &terminal),
        Command::Consistency(args) => consistency::run(&args, &terminal),
        Command::Availability(args) => availability::run(&args, &terminal),
        Command::Simulate(args) => simulate::run(&args, &terminal),
        Command::Sweep(args) => sweep::run(&args, &terminal),
        Command::Sensitivity(args) => sensitivity::run(&args, &terminal),
        Command::Explain(args) => explain::run(&args, &terminal),
        Command::Calc(args) => calc::run(&args, &terminal),
        Command::Numbers(args) => numbers::run(&args, &terminal),
        Command::Rules(args) => rules::run(&args, &terminal),
        Command::Schema(args) => schema::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    };
    match outcome {
        Ok(Done::Clean) => ExitCode::SUCCESS,
        Ok(Done::Findings) => ExitCode::from(1),
        Err(Failure(message)) => {
            warn(&message);
            ExitCode::from(2)
        }
    }
}

/// The schema of spec files, as `napkin schema` prints it.
pub fn spec_schema() -> String {
    crate::report::schema::spec().unwrap_or_default()
}

fn terminal(color: Color) -> Terminal {
    let stdout = std::io::stdout().is_terminal();
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colour = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => stdout && !no_color,
    };
    let columns = terminal_size::terminal_size().filter(|_| stdout).map_or(80, |(width, _)| width.0).clamp(40, 160);
    Terminal { style: Style { colour, width: usize::from(columns), verbose: false }, columns }
}

/// Prints to standard output. A reader that went away (`| head`) is no failure.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure(format!("can't write: {error}"))),
        _ => Ok(()),
    }
}

/// Prints to standard error.
pub(crate) fn warn(message: &str) {
    let text = if message.ends_with('\n') { message.to_owned() } else { format!("napkin: {message}\n") };
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
