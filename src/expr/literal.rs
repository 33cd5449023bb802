//! Values as they are written: numbers with multipliers and units, money, ranges, times such as `1h30m`.

use std::ops::Range;

use crate::expr::ast::{Ast, AstKind};
use crate::expr::error::ExprError;
use crate::expr::parser::{KEYWORDS, Parsed, Parser, join};
use crate::expr::token::TokenKind;
use crate::expr::traps;
use crate::quantity::{Dimension, MULTIPLIERS, multiplier, unit};

/// A number as it grows by the words behind it.
#[derive(Default)]
struct Literal {
    value: f64,
    dimension: Dimension,
    noun: Option<String>,
    unit: Option<&'static str>,
    end: usize,
}

impl<'t> Parser<'t> {
    pub(super) fn range_value(&mut self) -> Parsed {
        let low = self.postfix()?;
        if !self.eat("..") {
            return Ok(low);
        }
        let negative = self.eat("-");
        let mut high = self.postfix()?;
        if negative {
            let range = high.range.start.saturating_sub(1)..high.range.end;
            high = Ast { kind: AstKind::Negate(Box::new(high)), range };
        }
        let (low, high) = self.share_unit(low, high)?;
        join(low, high, AstKind::Range)
    }

    /// In `5..10 ms` the unit belongs to both ends.
    fn share_unit(&self, mut low: Ast, mut high: Ast) -> Result<(Ast, Ast), ExprError> {
        let (low_text, high_text) = (self.source(&low.range), self.source(&high.range));
        let bare = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b"._-".contains(&b));
        if bare(low_text) {
            let number_end =
                high_text.find(|c: char| !(c.is_ascii_digit() || "._".contains(c))).unwrap_or(high_text.len());
            let (number, tail) = high_text.split_at_checked(number_end).unwrap_or((high_text, ""));
            let suffix: String = tail.chars().take_while(|c| c.is_alphabetic()).collect();
            // `300..1k` is plain; `10..50M` could mean ten million.
            let ascending = low_text.parse::<f64>().ok() < number.parse::<f64>().ok();
            if ascending && multiplier(&suffix).is_some_and(|m| m > 1.0) {
                return Err(traps::lopsided(low_text, &suffix, low.range.clone()));
            }
            if multiplier(&suffix).is_none() {
                share(&high.kind, number, &mut low.kind);
            }
        } else if bare(high_text) {
            let number_end = low_text
                .trim_start_matches('$')
                .find(|c: char| !(c.is_ascii_digit() || "._".contains(c)))
                .unwrap_or(low_text.len());
            let number = low_text.trim_start_matches('$').get(..number_end).unwrap_or(low_text.trim_start_matches('$'));
            let tail: String =
                low_text.trim_start_matches('$').chars().skip(number_end).take_while(|c| c.is_alphabetic()).collect();
            if multiplier(&tail).is_none() {
                share(&low.kind, number, &mut high.kind);
            }
        }
        Ok((low, high))
    }

    pub(super) fn money(&mut self, dollar: &Range<usize>) -> Parsed {
        let token = self.next();
        let TokenKind::Number { value, suffix } = token.kind else {
            return Err(ExprError::new("expected", dollar.clone(), "an amount belongs after `$`")
                .help("write `$250` or `$20k`"));
        };
        let Some(factor) = (if suffix.is_empty() { Some(1.0) } else { multiplier(suffix) }) else {
            let number = self.source(&token.range).trim_end_matches(suffix);
            return Err(traps::suffix(number, suffix, token.range));
        };
        let kind = AstKind::Number { value: value * factor, dimension: Dimension::MONEY, noun: None, percent: false };
        Ok(Ast { kind, range: dollar.start..token.range.end })
    }

    pub(super) fn literal(&mut self, value: f64, suffix: &'t str, range: &Range<usize>) -> Parsed {
        let number = self.source(range).trim_end_matches(suffix);
        let mut literal = Literal { value, end: range.end, ..Literal::default() };
        if suffix == "m" {
            return Err(self.bad_suffix(number, suffix, range));
        } else if let Some(factor) = multiplier(suffix) {
            literal.value *= factor;
        } else if let Some(unit) = unit(suffix) {
            literal.value *= unit.factor;
            (literal.dimension, literal.unit) = (unit.dimension, Some(unit.name));
            if unit.dimension == Dimension::TIME {
                literal.value += self.compound_time(&mut literal.end)?;
            }
        } else if !suffix.is_empty() {
            return Err(self.bad_suffix(number, suffix, range));
        }
        while self.trailing_word(number, &mut literal)? {}
        let Literal { value, dimension, noun, unit, end } = literal;
        let percent = matches!(unit, Some("%" | "nines"));
        Ok(Ast { kind: AstKind::Number { value, dimension, noun, percent }, range: range.start..end })
    }

    /// Takes one unit or counting word that follows a number with a space; false if none follows.
    fn trailing_word(&mut self, number: &str, literal: &mut Literal) -> Result<bool, ExprError> {
        let token = self.token(0);
        let has_unit = literal.unit.is_some();
        let word = match token.kind {
            TokenKind::Symbol("%") if !has_unit => "%",
            TokenKind::Word(word) if !KEYWORDS.contains(&word) && !self.token_is_call(0) => word,
            _ => return Ok(false),
        };
        if traps::is_noun(word, self.nouns) {
            if literal.unit == Some("B") {
                return Err(traps::bytes_of_things(number, word, token.range));
            }
            literal.noun = Some(word.to_owned());
        } else if has_unit {
            return Ok(false);
        } else if word == "nines" {
            literal.value = 1.0 - 10f64.powf(-literal.value);
            literal.unit = Some("nines");
        } else if let Some(unit) = unit(word) {
            let (factor, dimension, end) = self.unit_product(word, &token.range)?;
            literal.value *= factor;
            (literal.dimension, literal.unit, literal.end) = (dimension, Some(unit.name), end);
            return Ok(true);
        } else if matches!(word, "m" | "b" | "Kb" | "kb" | "Mb" | "mb" | "Gb" | "gb" | "Tb" | "tb") {
            return Err(traps::suffix(number, word, token.range));
        } else {
            return Ok(false);
        }
        literal.end = token.range.end;
        self.at += 1;
        Ok(true)
    }

    /// A unit with further units hyphenated to it: `GB-month`.
    pub(super) fn unit_product(
        &mut self,
        first: &str,
        range: &Range<usize>,
    ) -> Result<(f64, Dimension, usize), ExprError> {
        self.at += 1;
        let found = |word: &str| unit(word).map_or((1.0, Dimension::NONE), |unit| (unit.factor, unit.dimension));
        let (mut factor, mut dimension) = found(first);
        let mut end = range.end;
        loop {
            let (hyphen, next) = (self.token(0), self.token(1));
            let touching = hyphen.range.start == end && next.range.start == hyphen.range.end;
            match (hyphen.kind, next.kind) {
                (TokenKind::Symbol("-"), TokenKind::Word(word)) if touching && unit(word).is_some() => {
                    let (size, of) = found(word);
                    factor *= size;
                    dimension = dimension.times(of).ok_or_else(|| too_many_units(next.range.clone()))?;
                    end = next.range.end;
                    self.at += 2;
                }
                _ => return Ok((factor, dimension, end)),
            }
        }
    }

    /// The rest of `1h30m`: numbers with time units that touch each other.
    fn compound_time(&mut self, end: &mut usize) -> Result<f64, ExprError> {
        let mut total = 0.0;
        loop {
            let token = self.token(0);
            let TokenKind::Number { value, suffix } = token.kind else { return Ok(total) };
            if token.range.start != *end {
                return Ok(total);
            }
            let factor = if suffix == "m" {
                Some(60.0)
            } else {
                unit(suffix).filter(|u| u.dimension == Dimension::TIME).map(|u| u.factor)
            };
            let Some(factor) = factor else {
                let number = self.source(&token.range).trim_end_matches(suffix);
                return Err(ExprError::new(
                    "unknown-unit",
                    token.range.clone(),
                    format!("`{number}{suffix}` doesn't continue a time"),
                )
                .help("write compound times like `1h30m`"));
            };
            total += value * factor;
            *end = token.range.end;
            self.at += 1;
        }
    }

    fn bad_suffix(&self, number: &str, suffix: &str, range: &Range<usize>) -> ExprError {
        // `10kusers` and `5Mrps`: a multiplier with its word glued on.
        for (name, _) in MULTIPLIERS {
            if let Some(word) = suffix.strip_prefix(name)
                && !word.is_empty()
                && traps::follows_number(word, self.nouns)
            {
                return ExprError::new(
                    "unknown-unit",
                    range.clone(),
                    format!("`{suffix}` is not a unit that napkin knows"),
                )
                .help(format!("put a space before the word: `{number}{name} {word}`"));
            }
        }
        if traps::is_noun(suffix, self.nouns) {
            return ExprError::new("unknown-unit", range.clone(), format!("`{number}{suffix}` runs together"))
                .help(format!("put a space before the word: `{number} {suffix}`"));
        }
        traps::suffix(number, suffix, range.clone())
    }
}

pub(super) fn unit_like(word: &str) -> bool {
    unit(word).is_some()
        || traps::is_noun(word, &[])
        || crate::diagnostic::nearest(word, ["TB", "GB", "MB", "KB", "PB", "days", "years"]).is_some()
}

pub(super) fn too_many_units(range: Range<usize>) -> ExprError {
    ExprError::new("too-many-units", range, "this multiplies too many units to mean anything")
}

/// Gives `to` the unit of `from`, whose number without its unit is `number`.
fn share(from: &AstKind, number: &str, to: &mut AstKind) {
    let (AstKind::Number { value, dimension, noun, percent }, Ok(bare)) =
        (from, number.replace('_', "").parse::<f64>())
    else {
        return;
    };
    // Nines aren't a factor: both ends have to be converted by themselves.
    let nines = *percent && bare >= 1.0 && (1.0 - 10f64.powf(-bare) - value).abs() < 1e-15;
    let inner = if let AstKind::Negate(inner) = to { &mut inner.kind } else { to };
    if let AstKind::Number { value: target, dimension: d, noun: n, percent: p } = inner {
        if nines {
            *target = 1.0 - 10f64.powf(-*target);
        } else if bare != 0.0 {
            *target *= value / bare;
        }
        (*d, *n, *p) = (*dimension, noun.clone(), *percent);
    }
}
