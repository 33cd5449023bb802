//! One line at a time: expressions, variables, and the spread of what is uncertain.

use std::collections::BTreeSet;

use crate::catalog::Catalog;
use crate::definition::{Definitions, Names, SEED, Sample, Sampler, Spread, samples, shown};
use crate::expr::{Checked, ExprError, Type, check, parse};
use crate::quantity::quantity;

/// How many samples an uncertain result is taken from.
const SAMPLES: usize = 10_000;

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
                return Err(ExprError {
                    code: "bad-name",
                    range: 0..name.len(),
                    message: format!("`{name}` is a unit"),
                    label: String::new(),
                    help: Some("choose a longer name".to_owned()),
                });
            }
            self.definitions.define(name, checked).map_err(|error| shifted(error, start))?;
        }
        Ok(answer)
    }

    /// Calculates a sheet: lines as above, comments after `#`, empty lines. A line that fails doesn't stop the others.
    pub fn sheet(&mut self, text: &str) -> Vec<SheetLine> {
        let mut lines = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let content = line.split('#').next().unwrap_or("").trim_end();
            let comment = line.trim_end().strip_prefix('#').map(|comment| comment.trim().to_owned());
            if let Some(comment) = comment {
                lines.push(SheetLine::Heading(comment));
            } else if !content.trim().is_empty() {
                let name = assignment(content).0.map(str::to_owned);
                lines.push(match self.line(content) {
                    Ok(answer) => SheetLine::Answer { name: name.unwrap_or_else(|| content.trim().to_owned()), answer },
                    Err(error) => SheetLine::Failed(shifted(later(error, text, start + line.len()), start)),
                });
            }
            start += line.len();
        }
        lines
    }

    /// The value of an expression in base units, every uncertainty at its median.
    pub fn value(&self, text: &str) -> Result<f64, ExprError> {
        self.definitions.median(&self.check(text, "result")?)
    }

    fn check(&self, text: &str, label: &str) -> Result<Checked, ExprError> {
        let further = |name: &str| self.catalog.name_type(name);
        let names = Names {
            definitions: &self.definitions,
            further: &further,
            further_names: self.catalog.names(),
            nouns: &[],
            label,
        };
        check(&parse(text, &[])?, &names)
    }

    fn answer(&self, checked: &Checked) -> Result<String, ExprError> {
        let dimension = match checked.ty {
            Type::Quantity(dimension) => dimension,
            Type::Bool => return self.truth(checked),
            _ => {
                return Err(ExprError {
                    code: "type-mismatch",
                    range: 0..0,
                    message: "this is not a value".to_owned(),
                    label: String::new(),
                    help: None,
                });
            }
        };
        let median = self.definitions.median(checked)?;
        if !self.definitions.is_uncertain(checked) {
            return Ok(quantity(median, dimension, &checked.hint));
        }
        let mut values = self.samples(checked)?;
        let spread = Spread::of(&mut values).unwrap_or(Spread { p5: median, p50: median, p95: median });
        if spread.p5 == spread.p95 {
            return Ok(quantity(spread.p50, dimension, &checked.hint));
        }
        Ok(format!(
            "{}   (median {})",
            shown(spread, dimension, &checked.hint),
            quantity(spread.p50, dimension, &checked.hint)
        ))
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
        let sampler = Sampler::new(SEED, &streams, SAMPLES);
        if let Some(values) = samples(&self.definitions, checked, &sampler) {
            return Ok(values);
        }
        let (mut values, mut failed) = (Vec::with_capacity(SAMPLES), None);
        for index in 0..sampler.count() {
            match Sample::new(&self.definitions, &sampler, index).and_then(|sample| sample.evaluate(checked)) {
                Ok(value) => values.push(value),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        match failed {
            // A few impossible combinations say nothing; more of them are what the answer would have to be about.
            Some(mut error) if values.len() * 20 < SAMPLES * 19 => {
                let share = 100 * (SAMPLES - values.len()) / SAMPLES;
                error.message = format!("in {share} % of the samples {}", error.message);
                Err(error)
            }
            _ => Ok(values),
        }
    }
}

/// A line of a sheet.
#[derive(Debug)]
pub enum SheetLine {
    /// A comment.
    Heading(String),
    /// A value with its name, or the expression where it has none.
    Answer {
        /// The name.
        name: String,
        /// The value as text.
        answer: String,
    },
    /// A mistake; its range is that of the sheet.
    Failed(ExprError),
}

/// A name that a later line of the sheet defines only has to be moved.
fn later(error: ExprError, sheet: &str, after: usize) -> ExprError {
    let unknown = error.message.split('`').nth(1).unwrap_or("").to_owned();
    let defined = |line: &str| assignment(line.split('#').next().unwrap_or("")).0 == Some(unknown.as_str());
    let rest = sheet.get(after..).unwrap_or("");
    match rest.lines().position(defined).filter(|_| error.code == "unknown-name") {
        Some(_) => error.help(format!("`{unknown}` is defined further down; move that line up")),
        None => error,
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
    let word = !name.is_empty()
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    if word && !after.starts_with(['=', '>']) { (Some(name), at + 1) } else { (None, 0) }
}
