//! `napkin calc`

use std::collections::BTreeSet;
use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;

use crate::catalog::Catalog;
use crate::cli::{Done, Failure, Outcome, Terminal, print};
use crate::definition::{Definitions, Names, Sample, Sampler, Spread, shown};
use crate::diagnostic::Diagnostics;
use crate::expr::{Checked, ExprError, FUNCTIONS, Type, check, parse};
use crate::quantity::quantity;
use crate::report::diagnostics::{Style, draw_all};
use crate::source::{Sources, Span};

/// How many samples an uncertain result is taken from.
const SAMPLES: usize = 10_000;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The expression; several words are put together. Without one, a prompt.
    #[arg(allow_hyphen_values = true, trailing_var_arg = true)]
    expression: Vec<String>,
}

/// A calculator with variables.
pub struct Calculator {
    catalog: Catalog,
    definitions: Definitions,
}

impl Calculator {
    /// One without variables.
    pub fn new() -> Self {
        Calculator { catalog: Catalog::new(), definitions: Definitions::new() }
    }

    /// Evaluates a line: an expression, or `name = expression`, whose value later lines may use.
    pub fn line(&mut self, line: &str) -> Result<String, ExprError> {
        let (name, start) = assignment(line);
        let text = line.get(start..).unwrap_or("");
        let checked = self.check(text, name.unwrap_or("result")).map_err(|error| shifted(error, start))?;
        let answer = self.answer(&checked).map_err(|error| shifted(error, start))?;
        if let Some(name) = name {
            if crate::quantity::unit(name).is_some() {
                return Err(ExprError { code: "bad-name", range: 0..name.len(), message: format!("`{name}` is a unit"), label: String::new(), help: Some("choose a longer name".to_owned()) });
            }
            self.definitions.define(name, checked).map_err(|error| shifted(error, start))?;
        }
        Ok(answer)
    }

    /// The value of an expression in base units, every uncertainty at its median.
    pub fn value(&self, text: &str) -> Result<f64, ExprError> {
        self.definitions.median(&self.check(text, "result")?)
    }

    fn check(&self, text: &str, label: &str) -> Result<Checked, ExprError> {
        let further = |name: &str| self.catalog.name_type(name);
        let names = Names { definitions: &self.definitions, further: &further, further_names: self.catalog.names(), nouns: &[], label };
        check(&parse(text, &[])?, &names)
    }

    fn answer(&self, checked: &Checked) -> Result<String, ExprError> {
        let dimension = match checked.ty {
            Type::Quantity(dimension) => dimension,
            Type::Bool => return self.truth(checked),
            _ => return Err(ExprError { code: "type-mismatch", range: 0..0, message: "this is not a value".to_owned(), label: String::new(), help: None }),
        };
        let median = self.definitions.median(checked)?;
        if !self.definitions.is_uncertain(checked) {
            return Ok(quantity(median, dimension, &checked.hint));
        }
        let mut values = self.samples(checked)?;
        let spread = Spread::of(&mut values).unwrap_or(Spread { p5: median, p50: median, p95: median });
        Ok(format!("{}   (median {})", shown(spread, dimension, &checked.hint), quantity(spread.p50, dimension, &checked.hint)))
    }

    fn truth(&self, checked: &Checked) -> Result<String, ExprError> {
        if !self.definitions.is_uncertain(checked) {
            return Ok((self.definitions.median(checked)? > 0.5).to_string());
        }
        let values = self.samples(checked)?;
        let yes: f64 = values.iter().sum();
        let all: f64 = values.iter().map(|_| 1.0).sum();
        Ok(format!("true with probability {}", crate::quantity::percent(yes / all)))
    }

    fn samples(&self, checked: &Checked) -> Result<Vec<f64>, ExprError> {
        let mut streams = BTreeSet::new();
        self.definitions.streams(checked, &mut streams);
        let sampler = Sampler::new(crate::estimate::SEED, &streams, SAMPLES);
        (0..sampler.count()).map(|index| Sample::new(&self.definitions, &sampler, index)?.evaluate(checked)).collect()
    }
}

impl Default for Calculator {
    fn default() -> Self {
        Self::new()
    }
}

fn shifted(mut error: ExprError, by: usize) -> ExprError {
    error.range = error.range.start + by..error.range.end + by;
    error
}

/// The name before `=` and where the expression begins.
fn assignment(line: &str) -> (Option<&str>, usize) {
    let Some(at) = line.find('=') else { return (None, 0) };
    let (name, after) = (line.get(..at).unwrap_or("").trim(), line.get(at + 1..).unwrap_or(""));
    let word = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_ascii_digit());
    if word && !after.starts_with(['=', '>']) { (Some(name), at + 1) } else { (None, 0) }
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
    let mut text = String::from("units: ns us ms s min h day week month year; B KB MB GB TB KiB …; bit Kbit …; Kbps Mbps Gbps; $; %; nines\nfunctions:\n");
    for (_, usage, doc) in FUNCTIONS {
        text += &format!("  {usage:<44} {doc}\n");
    }
    text + "`x in TB/year` converts; `latency.disk_seek` and others are known by name (`napkin numbers`)\n"
}
