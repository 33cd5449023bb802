//! `napkin calc`

use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;

use crate::calculator::Calculator;
use crate::cli::{Done, Failure, Outcome, Terminal, print};
use crate::diagnostic::Diagnostics;
use crate::expr::{ExprError, FUNCTIONS};
use crate::report::diagnostics::{Style, draw_all};
use crate::source::{Sources, Span};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The expression; several words are put together. Without one, a prompt.
    #[arg(allow_hyphen_values = true, trailing_var_arg = true)]
    expression: Vec<String>,
}

fn complaint(line: &str, error: ExprError, style: Style) -> String {
    let mut sources = Sources::new();
    let id = sources.add("expression", line);
    let mut diagnostics = Diagnostics::new();
    diagnostics.push(error.at(|range| Span::new(id, range)));
    draw_all(&diagnostics.into_sorted(), &sources, style)
}

pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let mut calculator = Calculator::new();
    if !args.expression.is_empty() {
        let line = args.expression.join(" ");
        let answer = calculator.line(&line).map_err(|error| Failure(complaint(&line, error, terminal.style)))?;
        print(&format!("{answer}\n"))?;
        return Ok(Done::Clean);
    }
    if std::io::stdin().is_terminal() { prompt(&mut calculator, terminal) } else { piped(&mut calculator, terminal) }
}

/// Lines from standard input. A line that fails is reported, the others are answered, the exit status is 2.
fn piped(calculator: &mut Calculator, terminal: &Terminal) -> Outcome {
    let mut failed = 0;
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| Failure(format!("can't read: {error}")))?;
        let text = line.split('#').next().unwrap_or("").trim_end();
        if text.trim().is_empty() {
            continue;
        }
        match calculator.line(text) {
            Ok(answer) => print(&format!("{answer}\n"))?,
            Err(error) => {
                failed += 1;
                super::warn(&complaint(text, error, terminal.style));
            }
        }
    }
    if failed > 0 { Err(Failure(format!("{failed} lines could not be calculated"))) } else { Ok(Done::Clean) }
}

fn prompt(calculator: &mut Calculator, terminal: &Terminal) -> Outcome {
    let failed = |error: rustyline::error::ReadlineError| Failure(format!("no prompt: {error}"));
    let mut editor = rustyline::DefaultEditor::new().map_err(failed)?;
    let history = history_file();
    if let Some(file) = &history {
        // A missing history is the normal state of a first run.
        let _ = editor.load_history(file);
    }
    print("napkin calculator: `50M users * 40 /day`, `x = 5..10 ms`, `help`, `quit`\n")?;
    loop {
        let line = match editor.readline("> ") {
            Ok(line) => line,
            Err(rustyline::error::ReadlineError::Interrupted | rustyline::error::ReadlineError::Eof) => break,
            Err(error) => return Err(failed(error)),
        };
        let _ = editor.add_history_entry(line.as_str());
        match line.trim() {
            "" => {}
            "quit" | "exit" => break,
            "help" => print(&help())?,
            text => match calculator.line(text) {
                Ok(answer) => print(&format!("{answer}\n"))?,
                Err(error) => print(&complaint(text, error, terminal.style))?,
            },
        }
    }
    if let Some(file) = &history {
        if let Some(folder) = file.parent() {
            let _ = std::fs::create_dir_all(folder);
        }
        // Not being able to keep a history shouldn't spoil a session.
        let _ = editor.save_history(file);
    }
    Ok(Done::Clean)
}

fn history_file() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    state.filter(|path| path.is_absolute()).or(home).map(|folder| folder.join("napkin/calc-history"))
}

fn help() -> String {
    let mut text = String::from(
        "units: ns us ms s min h day week month year; B KB MB GB TB KiB …; bit Kbit …; Kbps Mbps Gbps; $; %; nines\nfunctions:\n",
    );
    for (_, usage, doc) in FUNCTIONS {
        text += &format!("  {usage:<44} {doc}\n");
    }
    text + "`x in TB/year` converts; `latency.disk_seek` and others are known by name (`napkin numbers`)\n"
}
