//! `napkin init`

use std::path::{Path, PathBuf};

use crate::cli::output::save;
use crate::cli::{Done, Failure, Outcome, print};
use crate::report::schema;

const STARTER: &str = include_str!("../../specs/starter.yaml");

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file to write; it must not exist yet.
    #[arg(default_value = "design.yaml")]
    path: PathBuf,
    /// Leave out the schema for editors, `.napkin/spec.schema.json` beside the file, and the line that points there.
    #[arg(long)]
    no_schema: bool,
}

/// Where the schema is, seen from the spec.
const SCHEMA: &str = ".napkin/spec.schema.json";

pub(super) fn run(args: &Args) -> Outcome {
    let path = args.path.display();
    if args.path.exists() {
        return Err(Failure(format!("{path} exists already; name another file")));
    }
    let mut text = STARTER.to_owned();
    let mut told = format!("wrote {path}; try `napkin estimate {path}` and `napkin check {path}`\n");
    if !args.no_schema {
        let schema = args.path.parent().unwrap_or(Path::new("")).join(SCHEMA);
        write_schema(&schema)?;
        text.insert_str(0, &format!("# yaml-language-server: $schema={SCHEMA}\n"));
        told += &format!("wrote {}, from which editors complete it\n", schema.display());
    }
    let file = std::fs::File::options().write(true).create_new(true).open(&args.path);
    file.and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()))
        .map_err(|error| Failure(format!("can't write {path}: {error}")))?;
    print(&told)?;
    Ok(Done::Clean)
}

/// Writes the schema of this version; an older one is replaced.
fn write_schema(file: &Path) -> Result<(), Failure> {
    let text = schema::spec().map_err(|error| Failure(format!("can't write the schema: {error}")))?;
    if let Some(folder) = file.parent() {
        // Only the folder itself: one that is missing above it is a slip in the path.
        match std::fs::create_dir(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                let hint = match folder.parent().filter(|above| !above.as_os_str().is_empty() && !above.exists()) {
                    Some(above) => format!("make the folder {} first", above.display()),
                    None => "`--no-schema` does without it".to_owned(),
                };
                return Err(Failure(format!("can't make the folder {}: {error}; {hint}", folder.display())));
            }
            _ => {}
        }
    }
    save(file, &text)
}
