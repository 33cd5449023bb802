//! `napkin schema`

use crate::cli::{Done, Failure, Outcome, print};
use crate::diagnostic::Diagnostics;
use crate::lint::built_in;
use crate::report::{schema, schema_rule};
use crate::source::Sources;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Which format.
    #[arg(value_enum, default_value = "spec")]
    of: Of,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Of {
    /// Spec files.
    Spec,
    /// Rule files.
    Rule,
    /// `napkin.toml`.
    Config,
    /// `check --format json`.
    Check,
    /// The file of `check --baseline`.
    Baseline,
    /// `diff --format json`.
    Diff,
    /// `estimate --format json`.
    Estimate,
    /// `failures --format json`.
    Failures,
    /// `recovery --format json`.
    Recovery,
    /// `consistency --format json`.
    Consistency,
    /// `simulate --format json`.
    Simulate,
    /// `availability --format json`.
    Availability,
}

pub(super) fn run(args: &Args) -> Outcome {
    let failed = |error: serde_json::Error| Failure(format!("can't write the schema: {error}"));
    let text = match args.of {
        Of::Spec => schema::spec().map_err(failed)?,
        // No mistakes: a test asserts that there are none in what ships.
        Of::Rule => schema_rule::rule(&built_in(&mut Sources::new(), &mut Diagnostics::new())).map_err(failed)?,
        Of::Config => schema::CONFIG.to_owned(),
        Of::Check => schema::CHECK.to_owned(),
        Of::Baseline => schema::BASELINE.to_owned(),
        Of::Diff => schema::DIFF.to_owned(),
        Of::Estimate => schema::ESTIMATE.to_owned(),
        Of::Failures => schema::FAILURES.to_owned(),
        Of::Recovery => schema::RECOVERY.to_owned(),
        Of::Consistency => schema::CONSISTENCY.to_owned(),
        Of::Simulate => schema::SIMULATE.to_owned(),
        Of::Availability => schema::AVAILABILITY.to_owned(),
    };
    print(&text)?;
    Ok(Done::Clean)
}
