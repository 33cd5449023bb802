//! `napkin completions`

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::cli::{Cli, Done, Outcome, print};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Where it goes (the folder has to be there):

  bash: napkin completions bash > ~/.local/share/bash-completion/completions/napkin

  zsh: napkin completions zsh > ~/.zfunc/_napkin, with `fpath+=~/.zfunc` before `compinit` in ~/.zshrc

  fish: napkin completions fish > ~/.config/fish/completions/napkin.fish

  powershell: napkin completions powershell >> $PROFILE

  elvish: napkin completions elvish >> ~/.config/elvish/rc.elv")]
pub(super) struct Args {
    /// The shell that will read it.
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(args: &Args) -> Outcome {
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "napkin", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Done::Clean)
}
