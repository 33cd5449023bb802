//! `napkin init`

use std::path::PathBuf;

use crate::cli::{Done, Failure, Outcome, print};

const STARTER: &str = include_str!("../../specs/starter.yaml");

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file to write; it must not exist yet.
    #[arg(default_value = "design.yaml")]
    path: PathBuf,
}

pub(super) fn run(args: &Args) -> Outcome {
    let path = args.path.display();
    let file = std::fs::File::options().write(true).create_new(true).open(&args.path);
    let mut file = file.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure(format!("{path} exists already; name another file")),
        _ => Failure(format!("can't write {path}: {error}")),
    })?;
    std::io::Write::write_all(&mut file, STARTER.as_bytes())
        .map_err(|error| Failure(format!("can't write {path}: {error}")))?;
    print(&format!("wrote {path}; try `napkin estimate {path}` and `napkin check {path}`\n"))?;
    Ok(Done::Clean)
}
