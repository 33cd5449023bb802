//! Tokens to a tree: recursive descent with precedence climbing, after the grammar in `expr.rs`.

use std::ops::Range;

use crate::expr::ast::{Argument, Arithmetic, Ast, AstKind, Comparison, Target};
use crate::expr::error::ExprError;
use crate::expr::token::{Token, TokenKind, tokens};
use crate::expr::traps;
use crate::quantity::{Dimension, MULTIPLIERS, multiplier, unit};

/// Trees deeper than this are refused, so that no later recursion can exhaust the stack.
const MAX_DEPTH: usize = 64;

/// Functions of two texts that may stand between them.
const INFIX: [&str; 4] = ["matches", "starts_with", "ends_with", "contains"];

const KEYWORDS: [&str; 11] = ["in", "as", "per", "and", "or", "not", "if", "then", "else", "is", "x"];

/// Parses a whole expression. `nouns` are the counting words that the spec declares.
pub fn parse(text: &str, nouns: &[String]) -> Result<Ast, ExprError> {
    let mut parser = Parser { text, tokens: tokens(text)?, at: 0, depth: 0, nouns };
    if parser.peek() == TokenKind::End {
        return Err(ExprError::new("empty-expression", 0..text.len(), "there is no expression here")
            .help("write a value such as `50M users * 40 /day`"));
    }
    let ast = parser.expression()?;
    match parser.peek() {
        TokenKind::End => Ok(ast),
        _ => Err(parser.leftover(&ast)),
    }
}

/// Parses one value at the beginning of a text (a literal, a name, or something in parentheses) and says how
/// many bytes it took.
pub fn parse_literal_prefix(text: &str, nouns: &[String]) -> Result<(Ast, usize), ExprError> {
    let mut parser = Parser { text, tokens: tokens(text)?, at: 0, depth: 0, nouns };
    let ast = parser.range_value()?;
    let end = ast.range.end;
    Ok((ast, end))
}

/// A number as it grows by the words behind it.
#[derive(Default)]
struct Literal {
    value: f64,
    dimension: Dimension,
    noun: Option<String>,
    unit: Option<&'static str>,
    end: usize,
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token<'t>>,
    at: usize,
    depth: usize,
    nouns: &'t [String],
}

type Parsed = Result<Ast, ExprError>;

impl<'t> Parser<'t> {
    fn token(&self, ahead: usize) -> Token<'t> {
        let end = || Token { kind: TokenKind::End, range: self.text.len()..self.text.len() };
        self.tokens.get(self.at + ahead).cloned().unwrap_or_else(end)
    }

    fn peek(&self) -> TokenKind<'t> {
        self.token(0).kind
    }

    fn next(&mut self) -> Token<'t> {
        let token = self.token(0);
        self.at += 1;
        token
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), TokenKind::Symbol(s) if s == symbol);
        self.at += usize::from(found);
        found
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.peek() == TokenKind::Word(word);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &'static str, opened: &Range<usize>) -> Result<Range<usize>, ExprError> {
        let token = self.token(0);
        if self.eat(symbol) {
            return Ok(token.range);
        }
        let what = self.text.get(opened.clone()).unwrap_or("");
        Err(ExprError::new("expected", token.range, format!("`{symbol}` is missing: `{what}` is not closed"))
            .help(format!("add `{symbol}` here")))
    }

    fn source(&self, range: &Range<usize>) -> &'t str {
        self.text.get(range.clone()).unwrap_or("")
    }

    /// Runs a nested parse one level deeper.
    fn deeper(&mut self, parse: impl FnOnce(&mut Self) -> Parsed) -> Parsed {
        if self.depth >= MAX_DEPTH {
            return Err(ExprError::new("too-deep", self.token(0).range, "this expression is nested too deeply")
                .help("name its parts and combine the names"));
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    fn expression(&mut self) -> Parsed {
        self.deeper(Self::or)
    }

    fn or(&mut self) -> Parsed {
        let mut left = self.and()?;
        while self.eat_word("or") {
            let right = self.and()?;
            left = join(left, right, AstKind::Or)?;
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed {
        let mut left = self.negation()?;
        while self.eat_word("and") {
            let right = self.negation()?;
            left = join(left, right, AstKind::And)?;
        }
        Ok(left)
    }

    fn negation(&mut self) -> Parsed {
        let start = self.token(0).range.start;
        if self.eat_word("not") {
            let inner = self.deeper(Self::negation)?;
            let range = start..inner.range.end;
            return Ok(Ast { kind: AstKind::Not(Box::new(inner)), range });
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Parsed {
        let left = self.conversion()?;
        if self.eat_word("is") {
            return self.known(left);
        }
        if self.peek() == TokenKind::Word("in") {
            self.next();
            let list = self.conversion()?;
            return join(left, list, AstKind::Member);
        }
        if let TokenKind::Word(word) = self.peek()
            && INFIX.contains(&word)
        {
            let name = self.next().range;
            let right = self.conversion()?;
            let range = left.range.start..right.range.end;
            let arguments = [left, right].map(|body| Argument { variable: None, body });
            return Ok(Ast { kind: AstKind::Call(word.to_owned(), name, arguments.into()), range });
        }
        let TokenKind::Symbol(symbol) = self.peek() else { return Ok(left) };
        let comparison = match symbol {
            "==" => Comparison::Equal,
            "!=" => Comparison::NotEqual,
            "<" => Comparison::Less,
            "<=" => Comparison::LessEqual,
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterEqual,
            "=" => {
                return Err(ExprError::new("expected", self.token(0).range, "`=` doesn't compare").help("write `==`"));
            }
            _ => return Ok(left),
        };
        self.next();
        let right = self.conversion()?;
        join(left, right, |a, b| AstKind::Compare(comparison, a, b))
    }

    fn known(&mut self, left: Ast) -> Parsed {
        let token = self.next();
        let known = match token.kind {
            TokenKind::Word("known") => true,
            TokenKind::Word("unknown") => false,
            _ => {
                return Err(ExprError::new("expected", token.range, "after `is` stands `known` or `unknown`")
                    .help("to compare values write `==`"));
            }
        };
        let range = left.range.start..token.range.end;
        Ok(Ast { kind: AstKind::Known(Box::new(left), known), range })
    }

    fn conversion(&mut self) -> Parsed {
        let value = self.sum()?;
        let is_list = matches!(self.token(1).kind, TokenKind::Symbol("["));
        if matches!(self.peek(), TokenKind::Word("in" | "as")) && !is_list && self.names_unit(1) {
            self.next();
            let (target, end) = self.conversion_target()?;
            let range = value.range.start..end;
            return Ok(Ast { kind: AstKind::Convert(Box::new(value), target), range });
        }
        if self.peek() == TokenKind::Word("as") {
            let token = self.token(1);
            return Err(traps::unknown_word(self.source(&token.range), token.range, &[]).label("expected a unit"));
        }
        Ok(value)
    }

    /// Whether a unit begins so many tokens ahead. What follows `in` otherwise is a list.
    fn names_unit(&self, ahead: usize) -> bool {
        match self.token(ahead).kind {
            TokenKind::Word(word) => word == "nines" || word == "per" || !self.token_is_call(ahead) && unit_like(word),
            TokenKind::Symbol("%" | "/" | "$") => true,
            _ => false,
        }
    }

    fn token_is_call(&self, ahead: usize) -> bool {
        matches!(self.token(ahead + 1).kind, TokenKind::Symbol("(" | "."))
    }

    fn conversion_target(&mut self) -> Result<(Target, usize), ExprError> {
        let first = self.token(0);
        if self.eat("%") || self.eat_word("percent") {
            return Ok((Target::Percent, first.range.end));
        }
        if self.eat_word("nines") {
            return Ok((Target::Nines, first.range.end));
        }
        let (mut factor, mut dimension) = (1.0, Dimension::NONE);
        let mut end = first.range.start;
        let mut below = self.eat("/") || self.eat_word("per");
        loop {
            let token = self.next();
            let found = match token.kind {
                TokenKind::Word(word) => unit(word)
                    .map(|unit| (unit.factor, unit.dimension))
                    .or_else(|| traps::is_noun(word, self.nouns).then_some((1.0, Dimension::NONE))),
                TokenKind::Symbol("$") => Some((1.0, Dimension::MONEY)),
                _ => None,
            };
            let Some((size, of)) = found else {
                return Err(traps::unknown_word(self.source(&token.range), token.range, self.nouns));
            };
            factor = if below { factor / size } else { factor * size };
            let combined = if below { dimension.per(of) } else { dimension.times(of) };
            dimension = combined.ok_or_else(|| too_many_units(token.range.clone()))?;
            end = end.max(token.range.end);
            if self.eat("/") || self.eat_word("per") {
                below = true;
            } else if !self.eat("-") && !self.eat("*") {
                break;
            }
        }
        let range = first.range.start..end;
        let text = self.source(&range).to_owned();
        Ok((Target::Unit { text, factor, dimension, range }, end))
    }

    fn sum(&mut self) -> Parsed {
        let mut left = self.product()?;
        loop {
            let operator = match self.peek() {
                TokenKind::Symbol("+") => Arithmetic::Add,
                TokenKind::Symbol("-") => Arithmetic::Subtract,
                _ => return Ok(left),
            };
            self.next();
            let right = self.product()?;
            left = join(left, right, |a, b| AstKind::Arithmetic(operator, a, b))?;
        }
    }

    fn product(&mut self) -> Parsed {
        let mut left = self.unary()?;
        loop {
            let operator = match self.peek() {
                TokenKind::Symbol("*" | "×") => Arithmetic::Multiply,
                TokenKind::Symbol("/") | TokenKind::Word("per") => Arithmetic::Divide,
                _ => return Ok(left),
            };
            self.next();
            let right = self.unary()?;
            left = join(left, right, |a, b| AstKind::Arithmetic(operator, a, b))?;
        }
    }

    fn unary(&mut self) -> Parsed {
        let start = self.token(0).range.start;
        if self.eat("-") {
            let inner = self.deeper(Self::unary)?;
            let range = start..inner.range.end;
            return Ok(Ast { kind: AstKind::Negate(Box::new(inner)), range });
        }
        if self.eat("/") || self.eat_word("per") {
            let inner = self.deeper(Self::unary)?;
            let range = start..inner.range.end;
            let one = Ast { kind: plain(1.0), range: start..start };
            return Ok(Ast { kind: AstKind::Arithmetic(Arithmetic::Divide, Box::new(one), Box::new(inner)), range });
        }
        self.power()
    }

    fn power(&mut self) -> Parsed {
        let base = self.range_value()?;
        if self.eat("^") {
            let exponent = self.deeper(Self::unary)?;
            return join(base, exponent, |a, b| AstKind::Arithmetic(Arithmetic::Power, a, b));
        }
        Ok(base)
    }

    fn range_value(&mut self) -> Parsed {
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

    fn postfix(&mut self) -> Parsed {
        let mut value = self.primary()?;
        while self.eat(".") {
            let token = self.next();
            let TokenKind::Word(name) = token.kind else {
                return Err(ExprError::new("expected", token.range, "a name belongs after the dot"));
            };
            if matches!(self.peek(), TokenKind::Symbol("(")) {
                value = self.method(value, name, &token.range)?;
                continue;
            }
            let range = value.range.start..token.range.end;
            if self.depth + field_depth(&value) >= MAX_DEPTH {
                return Err(ExprError::new("too-deep", range, "this expression is nested too deeply"));
            }
            value = Ast { kind: AstKind::Field(Box::new(value), name.to_owned()), range };
        }
        Ok(value)
    }

    fn primary(&mut self) -> Parsed {
        let token = self.next();
        match token.kind {
            TokenKind::Number { value, suffix } => self.literal(value, suffix, &token.range),
            TokenKind::Symbol("$") => self.money(&token.range),
            TokenKind::Symbol("(") => {
                let mut inner = self.expression()?;
                let end = self.expect(")", &token.range)?.end;
                inner.range = token.range.start..end;
                Ok(inner)
            }
            TokenKind::Symbol("[") => self.list(&token.range),
            TokenKind::Text(text) => Ok(Ast { kind: AstKind::Text(text.to_owned()), range: token.range }),
            TokenKind::Word("if") => self.conditional(&token.range),
            TokenKind::Word(word) => self.word(word, &token.range),
            _ => Err(self.no_value(&token)),
        }
    }

    fn no_value(&self, token: &Token<'t>) -> ExprError {
        match token.kind {
            TokenKind::End => {
                ExprError::new("expected", token.range.clone(), "the expression ends where a value should be")
                    .help("finish it, or take away the last operator")
            }
            _ => ExprError::new(
                "expected",
                token.range.clone(),
                format!("a value should stand here, not `{}`", self.source(&token.range)),
            ),
        }
    }

    fn money(&mut self, dollar: &Range<usize>) -> Parsed {
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

    fn literal(&mut self, value: f64, suffix: &'t str, range: &Range<usize>) -> Parsed {
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
    fn unit_product(&mut self, first: &str, range: &Range<usize>) -> Result<(f64, Dimension, usize), ExprError> {
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

    fn word(&mut self, word: &'t str, range: &Range<usize>) -> Parsed {
        if KEYWORDS.contains(&word) && word != "x" {
            return Err(ExprError::new("expected", range.clone(), format!("a value should stand here, not `{word}`")));
        }
        if matches!(self.peek(), TokenKind::Symbol("(")) {
            return self.call(word, range);
        }
        if unit(word).is_some() {
            self.at -= 1;
            let (value, dimension, end) = self.unit_product(word, range)?;
            if end > range.end {
                let kind = AstKind::Number { value, dimension, noun: None, percent: false };
                return Ok(Ast { kind, range: range.start..end });
            }
        }
        Ok(Ast { kind: AstKind::Name(word.to_owned()), range: range.clone() })
    }

    fn call(&mut self, name: &str, range: &Range<usize>) -> Parsed {
        let open = self.next().range;
        let mut arguments = Vec::new();
        if !matches!(self.peek(), TokenKind::Symbol(")")) {
            loop {
                arguments.push(self.argument()?);
                if !self.eat(",") {
                    break;
                }
            }
        }
        let end = self.expect(")", &(range.start..open.end))?.end;
        Ok(Ast { kind: AstKind::Call(name.to_owned(), range.clone(), arguments), range: range.start..end })
    }

    /// `x.f(y)` is another way to write `f(x, y)`.
    fn method(&mut self, receiver: Ast, name: &str, range: &Range<usize>) -> Parsed {
        let start = receiver.range.start;
        let mut call = self.deeper(|parser| parser.call(name, range))?;
        if let AstKind::Call(_, _, arguments) = &mut call.kind {
            arguments.insert(0, Argument { variable: None, body: receiver });
        }
        call.range.start = start;
        Ok(call)
    }

    fn argument(&mut self) -> Result<Argument, ExprError> {
        if let (TokenKind::Word(variable), TokenKind::Symbol("=>")) = (self.token(0).kind, self.token(1).kind) {
            self.at += 2;
            return Ok(Argument { variable: Some(variable.to_owned()), body: self.expression()? });
        }
        Ok(Argument { variable: None, body: self.expression()? })
    }

    fn list(&mut self, open: &Range<usize>) -> Parsed {
        let mut items = Vec::new();
        if !matches!(self.peek(), TokenKind::Symbol("]")) {
            loop {
                items.push(self.expression()?);
                if !self.eat(",") {
                    break;
                }
            }
        }
        let end = self.expect("]", open)?.end;
        Ok(Ast { kind: AstKind::List(items), range: open.start..end })
    }

    fn conditional(&mut self, range: &Range<usize>) -> Parsed {
        let condition = self.expression()?;
        let missing = |parser: &Self, word: &str| {
            ExprError::new("expected", parser.token(0).range, format!("`{word}` is missing after `if`"))
                .help("write `if condition then value else other`")
        };
        if !self.eat_word("then") {
            return Err(missing(self, "then"));
        }
        let yes = self.expression()?;
        if !self.eat_word("else") {
            return Err(missing(self, "else"));
        }
        let no = self.expression()?;
        let range = range.start..no.range.end;
        Ok(Ast { kind: AstKind::If(Box::new(condition), Box::new(yes), Box::new(no)), range })
    }

    /// The error for tokens after a complete expression.
    fn leftover(&self, ast: &Ast) -> ExprError {
        let token = self.token(0);
        let before = self.source(&ast.range);
        match (token.kind, self.token(1).kind) {
            (TokenKind::Symbol(","), TokenKind::Number { .. }) => {
                let start = before.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
                let left = before.get(start..).unwrap_or(before);
                let next = self.token(1);
                let digits: String = self.source(&next.range).chars().take_while(char::is_ascii_digit).collect();
                let range = ast.range.end - left.len()..next.range.end;
                traps::comma(left, &digits, range)
            }
            (TokenKind::Word("x"), _) => {
                ExprError::new("expected", token.range.clone(), "`x` doesn't multiply").help("write `*`")
            }
            (TokenKind::Word(word), _) => {
                let error = traps::unknown_word(word, token.range.clone(), self.nouns);
                match ast.kind {
                    AstKind::Number { dimension, .. } if !dimension.is_none() && unit(word).is_some() => {
                        ExprError::new("expected", token.range.clone(), format!("`{before}` already has a unit"))
                            .help("write `*`, `/` or `per` between units")
                    }
                    AstKind::Number { .. } => error,
                    _ => ExprError::new(
                        "expected",
                        token.range.clone(),
                        format!("an operator is missing before `{word}`"),
                    )
                    .help(format!("write `* {word}`, `/ {word}` or whatever is meant")),
                }
            }
            (TokenKind::Number { .. } | TokenKind::Symbol("(" | "$"), _) => {
                ExprError::new("expected", token.range.clone(), "an operator is missing here")
                    .help("write `*`, `/`, `+` or `-` between values")
            }
            (TokenKind::Symbol(")" | "]"), _) => {
                ExprError::new("expected", token.range.clone(), "this bracket closes nothing")
            }
            (TokenKind::Symbol("&" | "|"), _) => {
                ExprError::new("expected", token.range.clone(), "conditions are joined with words")
                    .help("write `and` or `or`")
            }
            _ => ExprError::new(
                "expected",
                token.range.clone(),
                format!("`{}` doesn't belong here", self.source(&token.range)),
            ),
        }
    }
}

fn unit_like(word: &str) -> bool {
    unit(word).is_some()
        || traps::is_noun(word, &[])
        || crate::diagnostic::nearest(word, ["TB", "GB", "MB", "KB", "PB", "days", "years"]).is_some()
}

fn too_many_units(range: Range<usize>) -> ExprError {
    ExprError::new("too-many-units", range, "this multiplies too many units to mean anything")
}

fn plain(value: f64) -> AstKind {
    AstKind::Number { value, dimension: Dimension::NONE, noun: None, percent: false }
}

fn field_depth(ast: &Ast) -> usize {
    let mut depth = 0;
    let mut node = ast;
    while let AstKind::Field(inner, _) = &node.kind {
        depth += 1;
        node = inner;
    }
    depth
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

/// Joins two operands, refusing trees that a chain of operators has made too deep.
fn join(left: Ast, right: Ast, kind: impl FnOnce(Box<Ast>, Box<Ast>) -> AstKind) -> Parsed {
    let range = left.range.start..right.range.end;
    Ok(Ast { kind: kind(Box::new(left), Box::new(right)), range })
}
