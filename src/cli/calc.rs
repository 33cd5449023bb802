//! `napkin calc`

use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;

use crate::calculator::{Calculator, SheetLine};
use crate::cli::{Done, Failure, Outcome, Terminal, files, print};
use crate::diagnostic::{Diagnostics, suggestion};
use crate::expr::{ExprError, FORMULAS, FUNCTIONS, Formula, RULE_FUNCTIONS};
use crate::report::diagnostics::{Style, draw_all};
use crate::report::safe;
use crate::source::{Sources, Span};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The expression; several words are put together. Or a sheet: a file of lines such as `users = 10M..50M`. Or
    /// `help`, `help erlang_c`. Without any, a prompt.
    #[arg(allow_hyphen_values = true, trailing_var_arg = true)]
    expression: Vec<String>,
}

/// Longer names of a sheet's lines push their values to the right.
const WIDEST_NAME: usize = 40;

fn complaint(line: &str, error: ExprError, style: Style) -> String {
    let mut sources = Sources::new();
    let id = sources.add("expression", line);
    let mut diagnostics = Diagnostics::new();
    diagnostics.push(error.at(|range| Span::new(id, range)));
    draw_all(&diagnostics.into_sorted(), &sources, style)
}

pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let mut calculator = Calculator::new();
    if let [first, name @ ..] = args.expression.as_slice()
        && first == "help"
    {
        print(&help(name.first().map(String::as_str))?)?;
        return Ok(Done::Clean);
    }
    if let [path] = args.expression.as_slice()
        && std::path::Path::new(path).is_file()
    {
        return sheet(path, &mut calculator, terminal);
    }
    if !args.expression.is_empty() {
        let line = args.expression.join(" ");
        let answer = calculator.line(&line).map_err(|error| Failure(complaint(&line, error, terminal.style)))?;
        print(&format!("{answer}\n"))?;
        return Ok(Done::Clean);
    }
    if std::io::stdin().is_terminal() { prompt(&mut calculator, terminal) } else { piped(&mut calculator, terminal) }
}

/// A file of named lines. A line that fails is reported at its place, the others are answered, the exit status is 2.
fn sheet(path: &str, calculator: &mut Calculator, terminal: &Terminal) -> Outcome {
    let mut sources = Sources::new();
    let id = files::read(std::path::Path::new(path), &mut sources)?;
    let text = sources.get(id).text().to_owned();
    let lines = calculator.sheet(&text);
    let names = lines.iter().filter_map(|line| match line {
        SheetLine::Answer { name, .. } => Some(name.chars().count()),
        _ => None,
    });
    let width = names.max().unwrap_or(0).min(WIDEST_NAME);
    let mut diagnostics = Diagnostics::new();
    for line in lines {
        match line {
            SheetLine::Heading(comment) => print(&format!("# {}\n", safe(&comment)))?,
            SheetLine::Answer { name, answer } => print(&format!("{:<width$}  {answer}\n", safe(&name)))?,
            SheetLine::Failed(error) => diagnostics.push(error.at(|range| Span::new(id, range))),
        }
    }
    if diagnostics.has_errors() {
        return Err(Failure(draw_all(&diagnostics.into_sorted(), &sources, terminal.style)));
    }
    Ok(Done::Clean)
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
            text if text == "help" || text.starts_with("help ") => {
                let name = text.strip_prefix("help ").map(str::trim);
                print(&help(name).unwrap_or_else(|Failure(message)| message + "\n"))?;
            }
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

/// All functions, or the page of one.
fn help(name: Option<&str>) -> Result<String, Failure> {
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        if let Some(formula) = FORMULAS.iter().find(|formula| formula.name == name) {
            return Ok(page(formula));
        }
        if let Some((_, usage, doc)) = FUNCTIONS.iter().chain(RULE_FUNCTIONS).find(|(known, ..)| *known == name) {
            return Ok(format!("{usage}\n  {doc}\n"));
        }
        let known = FUNCTIONS.iter().map(|(name, ..)| *name).chain(FORMULAS.iter().map(|formula| formula.name));
        let hint = suggestion(name, known).unwrap_or_else(|| "`help` lists all".to_owned());
        return Err(Failure(format!("there is no function `{name}`; {hint}")));
    }
    let mut text = String::from(
        "units: ns us ms s min h day week month year; B KB MB GB TB KiB …; bit Kbit …; Kbps Mbps Gbps; $; %; nines\nfunctions:\n",
    );
    for (_, usage, doc) in FUNCTIONS {
        text += &format!("  {usage:<44} {doc}\n");
    }
    text += "formulas (`help erlang_c` says more):\n";
    for formula in FORMULAS {
        text += &format!("  {}\n      {}\n", formula.usage(), formula.doc);
    }
    Ok(text + "`x in TB/year` converts; `latency.disk_seek` and others are known by name (`napkin numbers`)\n")
}

fn page(formula: &Formula) -> String {
    let (call, gives) = formula.example;
    format!("{}\n  {}\n  Holds for: {}.\n  Example: {call} = {gives}\n", formula.usage(), formula.doc, formula.valid)
}
