//! `napkin init`

use std::path::{Path, PathBuf};

use crate::cli::output::save;
use crate::cli::{Done, Failure, Outcome, print};
use crate::report::{line, schema};

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
    let path = line(&args.path.display().to_string());
    if args.path.as_os_str().as_encoded_bytes().starts_with(b"-") {
        let help = "name a file, such as `design.yaml`, or `./-x.yaml` if it has to begin with a hyphen";
        return Err(Failure(format!("`{path}` looks like an option; {help}")));
    }
    if args.path.exists() {
        return Err(Failure(format!("{path} exists already; name another file")));
    }
    let mut text = STARTER.to_owned();
    let mut told = format!("wrote {path}; try `napkin estimate {path}` and `napkin check {path}`\n");
    if !args.no_schema {
        text.insert_str(0, &format!("# yaml-language-server: $schema={SCHEMA}\n"));
    }
    let file = std::fs::File::options().write(true).create_new(true).open(&args.path);
    let written = file.and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()));
    written.map_err(|error| {
        let missing = args.path.parent().filter(|above| !above.as_os_str().is_empty() && !above.exists());
        let help = missing.map_or(String::new(), |above| format!("; make the folder {} first", above.display()));
        Failure(format!("can't write {path}: {error}{help}"))
    })?;
    if !args.no_schema {
        let schema = args.path.parent().unwrap_or(Path::new("")).join(SCHEMA);
        // A first line that leads nowhere would be worse than no spec: both or neither.
        write_schema(&schema).inspect_err(|_| drop(std::fs::remove_file(&args.path)))?;
        told += &format!("wrote {}, from which editors complete it\n", line(&schema.display().to_string()));
    }
    print(&told)?;
    Ok(Done::Clean)
}

/// Writes the schema of this version; an older one is replaced.
fn write_schema(file: &Path) -> Result<(), Failure> {
    let text = schema::spec().map_err(|error| Failure(format!("can't write the schema: {error}")))?;
    let foreign = std::fs::read_to_string(file).is_ok_and(|known| !known.contains("\"title\": \"napkin spec, version"));
    if foreign {
        let help = "move it away, or say `--no-schema`";
        return Err(Failure(format!("{} is another file than napkin's schema; {help}", file.display())));
    }
    if let Some(folder) = file.parent() {
        match std::fs::create_dir(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                let hint = "`--no-schema` does without it";
                return Err(Failure(format!("can't make the folder {}: {error}; {hint}", folder.display())));
            }
            _ => {}
        }
    }
    save(file, &text).map_err(|Failure(why)| Failure(format!("{}; `--no-schema` does without it", why.trim_end())))
}
