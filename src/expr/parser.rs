//! Tokens to a tree: recursive descent with precedence climbing, after the grammar in `expr.rs`.

use std::ops::Range;

use crate::expr::ast::{Argument, Arithmetic, Ast, AstKind, Comparison, Target};
use crate::expr::error::ExprError;
use crate::expr::literal::{too_many_units, unit_like};
use crate::expr::token::{Token, TokenKind, tokens};
use crate::expr::traps;
use crate::quantity::{Dimension, unit};

/// Trees deeper than this are refused, so that no later recursion can exhaust the stack.
const MAX_DEPTH: usize = 64;

/// Functions of two texts that may stand between them.
const INFIX: [&str; 4] = ["matches", "starts_with", "ends_with", "contains"];

pub(super) const KEYWORDS: [&str; 11] = ["in", "as", "per", "and", "or", "not", "if", "then", "else", "is", "x"];

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

pub(super) struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token<'t>>,
    pub(super) at: usize,
    depth: usize,
    pub(super) nouns: &'t [String],
}

pub(super) type Parsed = Result<Ast, ExprError>;

impl<'t> Parser<'t> {
    pub(super) fn token(&self, ahead: usize) -> Token<'t> {
        let end = || Token { kind: TokenKind::End, range: self.text.len()..self.text.len() };
        self.tokens.get(self.at + ahead).cloned().unwrap_or_else(end)
    }

    pub(super) fn peek(&self) -> TokenKind<'t> {
        self.token(0).kind
    }

    pub(super) fn next(&mut self) -> Token<'t> {
        let token = self.token(0);
        self.at += 1;
        token
    }

    pub(super) fn eat(&mut self, symbol: &str) -> bool {
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

    pub(super) fn source(&self, range: &Range<usize>) -> &'t str {
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
                let help = match self.token(1).kind {
                    TokenKind::Symbol("~") => "write `==`, or `matches` for a pattern",
                    _ => "write `==`",
                };
                return Err(ExprError::new("expected", self.token(0).range, "`=` doesn't compare").help(help));
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
                    .help("write `is known` or `is unknown`; to compare values write `==`"));
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

    pub(super) fn token_is_call(&self, ahead: usize) -> bool {
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

    pub(super) fn postfix(&mut self) -> Parsed {
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
            _ => {
                let error = ExprError::new(
                    "expected",
                    token.range.clone(),
                    format!("a value should stand here, not `{}`", self.source(&token.range)),
                );
                let arrow = self.text.get(..token.range.end).is_some_and(|before| before.ends_with("->"));
                if arrow { error.help("a function of each member is written `x => …`") } else { error }
            }
        }
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
                    _ if let Some(help) = traps::elsewhere(word) => {
                        ExprError::new("expected", token.range.clone(), format!("`{word}` is no operator")).help(help)
                    }
                    _ if let Some(help) = traps::elsewhere(before) => {
                        ExprError::new("expected", ast.range.clone(), format!("`{before}` is no operator")).help(help)
                    }
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

/// Joins two operands, refusing trees that a chain of operators has made too deep.
pub(super) fn join(left: Ast, right: Ast, kind: impl FnOnce(Box<Ast>, Box<Ast>) -> AstKind) -> Parsed {
    let range = left.range.start..right.range.end;
    Ok(Ast { kind: kind(Box::new(left), Box::new(right)), range })
}
