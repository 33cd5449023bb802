//! `napkin man`

use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::cli::output::save;
use crate::cli::{Cli, Done, Failure, Outcome, print};
use crate::diagnostic::suggestion;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The command whose page to print, such as `check` or `rules list`; `napkin` itself if left out.
    command: Vec<String>,
    /// Write the pages of all commands into this folder, which is made if it isn't there.
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    output: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Outcome {
    let mut all = Cli::command().disable_help_subcommand(true);
    // Names such as `napkin-rules-list`, and options that all commands share, are only there afterwards.
    all.build();
    match &args.output {
        Some(folder) => {
            std::fs::create_dir_all(folder)
                .map_err(|error| Failure(format!("can't make the folder {}: {error}", folder.display())))?;
            let written = write(&all, folder)?;
            print(&format!("wrote {written} pages to {0}; try `man -l {0}/napkin.1`\n", folder.display()))?;
        }
        None => print(&page(find(&all, &args.command)?)?.1)?,
    }
    Ok(Done::Clean)
}

/// The command that words lead to.
fn find<'c>(all: &'c Command, words: &[String]) -> Result<&'c Command, Failure> {
    let mut command = all;
    for word in words {
        command = command.find_subcommand(word).ok_or_else(|| {
            let known: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
            let owner = command.get_bin_name().unwrap_or("napkin");
            let help = suggestion(word, known)
                .unwrap_or_else(|| format!("it has none; write `napkin man {}`", command.get_name()));
            Failure(format!("`{owner}` has no command `{word}`; {help}"))
        })?;
    }
    Ok(command)
}

/// Writes the pages of a command and of those below it; how many.
fn write(command: &Command, folder: &Path) -> Result<usize, Failure> {
    let (name, text) = page(command)?;
    save(&folder.join(name), &text)?;
    let mut written = 1;
    for below in command.get_subcommands() {
        written += write(below, folder)?;
    }
    Ok(written)
}

/// The name of a page's file, and its text.
fn page(command: &Command) -> Result<(String, String), Failure> {
    let page = Man::new(command.clone());
    let mut text = Vec::new();
    page.render(&mut text).map_err(|error| Failure(format!("can't write the page: {error}")))?;
    let name = page.get_filename();
    let title = name.strip_suffix(".1").unwrap_or(&name);
    // clap_mangen leaves the date out altogether, so that what follows is taken for it. It stays empty: the same program
    // writes the same bytes.
    let heading = format!(".TH \"{title}\" \"1\" \"\" \"napkin {}\" \"napkin\"", env!("CARGO_PKG_VERSION"));
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().map(|line| if line.starts_with(".TH ") { heading.as_str() } else { line });
    let text = lines.flat_map(|line| [line, "\n"]).collect();
    Ok((name, text))
}
