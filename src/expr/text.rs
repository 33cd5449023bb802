//! Functions of text, and regular expressions.

use std::ops::Range;

use regex::{Error, Regex, RegexBuilder};

use crate::expr::ast::{Argument, AstKind};
use crate::expr::check::{Checker, Checks, Typed, mismatch, typed};
use crate::expr::error::ExprError;
use crate::expr::eval::{Evaluated, Evaluator, Value, count, impossible};
use crate::expr::function::Function;
use crate::expr::ir::{Ir, IrKind};
use crate::expr::schema::Type;
use crate::quantity::Dimension;

/// Bytes that a compiled pattern may take: plenty for names, and it bounds the time that a match takes.
const PATTERN_SIZE: usize = 64 * 1024;

/// Steps that a pattern takes for a byte of text, where it has many states.
const BYTE: usize = 8;

impl Checker<'_> {
    /// `name starts_with "x"`, `length(name)`
    pub(super) fn of_text(
        &mut self,
        function: Function,
        name: &str,
        arguments: &[Argument],
        range: &Range<usize>,
    ) -> Checks {
        if function == Function::Length {
            let [whole] = self.exactly(name, arguments, range)?;
            let whole = text(function, self.expression(&whole.body)?)?;
            return Ok(typed(IrKind::Call(function, vec![whole]), range, Type::Quantity(Dimension::NONE)));
        }
        let [whole, part] = self.exactly(name, arguments, range)?;
        let (whole, part) = (self.expression(&whole.body)?, self.expression(&part.body)?);
        let list = vec![text(function, whole)?, text(function, part)?];
        Ok(typed(IrKind::Call(function, list), range, Type::Bool))
    }

    /// `name matches "^[a-z]+$"`
    pub(super) fn pattern(&mut self, name: &str, arguments: &[Argument], range: &Range<usize>) -> Checks {
        let [subject, pattern] = self.exactly(name, arguments, range)?;
        let value = self.expression(&subject.body)?;
        let subject = text(Function::Matches, value)?;
        let AstKind::Text(written) = &pattern.body.kind else {
            return Err(ExprError::new(
                "bad-pattern",
                pattern.body.range.clone(),
                "a pattern has to stand here itself",
            )
            .help("write it in double quotes: `matches \"^[a-z]+$\"`; then it is checked when the rule is loaded"));
        };
        let pattern = compiled(written, &pattern.body.range)?;
        Ok(typed(IrKind::Matches(Box::new(subject), pattern), range, Type::Bool))
    }
}

fn text(function: Function, value: Typed) -> Result<Ir, ExprError> {
    if matches!(value.ty, Type::Text | Type::Word(_)) {
        return Ok(value.ir);
    }
    let error = mismatch("text", &value.ty, value.ir.range.clone());
    Err(match (function, &value.ty) {
        (Function::Contains, Type::List(_)) => error.help("to look for a member write `x in list`"),
        (Function::Length, Type::List(_)) => error.help("to count members write `count(list)`"),
        (_, Type::List(_)) => error.help("ask about its members: `any(list, x => x …)`"),
        (_, Type::Entity(_)) => error.help("name one of its fields, such as `.name`"),
        _ => error,
    })
}

/// A pattern ready for use.
fn compiled(pattern: &str, range: &Range<usize>) -> Result<Regex, ExprError> {
    RegexBuilder::new(pattern).size_limit(PATTERN_SIZE).dfa_size_limit(PATTERN_SIZE).build().map_err(|error| {
        let reason = match error {
            Error::CompiledTooBig(_) => "it is too large".to_owned(),
            // The last line says what is wrong; those before it draw the pattern.
            other => other.to_string().lines().last().unwrap_or("").trim_start_matches("error: ").to_owned(),
        };
        ExprError::new("bad-pattern", range.clone(), format!("this is no pattern: {reason}"))
            .help("write a regular expression, such as `\"^[a-z][a-z0-9-]*$\"`; `\\.` stands for a dot")
    })
}

impl<'w> Evaluator<'_, 'w> {
    pub(super) fn text(&self, function: Function, values: &[Value<'w>], range: &Range<usize>) -> Evaluated<'w> {
        let mut texts = Vec::new();
        for value in values {
            match value {
                Value::Text(text) => texts.push(*text),
                unknown @ Value::Unknown(_) => return Ok(unknown.clone()),
                _ => return impossible(range),
            }
        }
        self.budget.spend(texts.iter().map(|text| text.len()).sum(), range)?;
        Ok(match (function, texts.as_slice()) {
            (Function::StartsWith, [text, part]) => Value::Bool(text.starts_with(part)),
            (Function::EndsWith, [text, part]) => Value::Bool(text.ends_with(part)),
            (Function::Contains, [text, part]) => Value::Bool(text.contains(part)),
            (Function::Length, [text]) => Value::Number(count(text.chars().count())),
            _ => return impossible(range),
        })
    }

    pub(super) fn matches(&mut self, subject: &'w Ir, pattern: &'w Regex, range: &Range<usize>) -> Evaluated<'w> {
        match self.value(subject)? {
            Value::Text(text) => {
                self.budget.spend((text.len() + 1) * BYTE, range)?;
                Ok(Value::Bool(pattern.is_match(text)))
            }
            unknown @ Value::Unknown(_) => Ok(unknown),
            _ => impossible(range),
        }
    }
}
