//! Text to tokens, with nom. A number keeps the letters that touch it, since `5m` and `5 m` differ.

use std::ops::Range;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::{char, digit1};
use nom::combinator::{map, not, opt, peek, recognize};
use nom::sequence::{delimited, pair, preceded};
use nom::{IResult, Parser};

use crate::expr::error::ExprError;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum TokenKind<'t> {
    /// A number and the letters that follow it without a space.
    Number { value: f64, suffix: &'t str },
    /// A word.
    Word(&'t str),
    /// Text in double quotes, without them.
    Text(&'t str),
    /// An operator or bracket.
    Symbol(&'static str),
    /// The end of the expression.
    End,
}

/// A token and its bytes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token<'t> {
    pub kind: TokenKind<'t>,
    pub range: Range<usize>,
}

/// Expressions longer than this are refused; none that a person writes comes close.
const MAX_LENGTH: usize = 10_000;

/// More tokens than this are refused, since a chain of operators makes a tree as deep as it is long.
const MAX_TOKENS: usize = 1000;

const SYMBOLS: [&str; 28] = [
    "..", "=>", "==", "!=", "<=", ">=", "→", "×", "+", "-", "*", "/", "^", "(", ")", "[", "]", ",", ".", "<", ">", "=",
    "$", "%", "~", ":", "|", "&",
];

/// Splits an expression into tokens; the last one is [`TokenKind::End`].
pub(crate) fn tokens(text: &str) -> Result<Vec<Token<'_>>, ExprError> {
    if text.len() > MAX_LENGTH {
        return Err(ExprError::new(
            "expression-too-long",
            0..0,
            format!("this expression is longer than {MAX_LENGTH} bytes"),
        )
        .help("name its parts under `assume:` and combine the names"));
    }
    let mut list = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let start = text.len() - rest.len();
        let Ok((after, kind)) = token(rest) else { return Err(unreadable(rest, start)) };
        let end = text.len() - after.len();
        if let TokenKind::Number { value, .. } = kind
            && !value.is_finite()
        {
            return Err(ExprError::new("number-too-large", start..end, "this number is too large to compute with"));
        }
        list.push(Token { kind, range: start..end });
        rest = after.trim_start();
    }
    if list.len() > MAX_TOKENS {
        return Err(ExprError::new(
            "expression-too-long",
            0..0,
            format!("this expression has more than {MAX_TOKENS} parts"),
        )
        .help("name its parts under `assume:` and combine the names"));
    }
    list.push(Token { kind: TokenKind::End, range: text.len()..text.len() });
    Ok(list)
}

fn unreadable(rest: &str, start: usize) -> ExprError {
    let odd = rest.chars().next().unwrap_or(' ');
    let range = start..start + odd.len_utf8();
    if odd == '"' {
        return ExprError::new("unclosed-text", range, "this text has no closing quote").help("add a `\"` at its end");
    }
    let error =
        ExprError::new("unexpected-character", range, format!("an expression can't contain `{}`", odd.escape_debug()));
    match odd {
        '€' | '£' | '¥' => error.help("money is in US dollars: write `$250` or `250 USD`"),
        '{' | '}' => error.help("write names without braces"),
        '\'' => error.help("text goes into double quotes"),
        '!' => error.help("write `not`, or `!=` to compare"),
        _ => error,
    }
}

fn token(input: &str) -> IResult<&str, TokenKind<'_>> {
    alt((number, word, text, symbol)).parse(input)
}

fn digits(input: &str) -> IResult<&str, &str> {
    recognize(pair(digit1, take_while(|c: char| c.is_ascii_digit() || c == '_'))).parse(input)
}

fn number(input: &str) -> IResult<&str, TokenKind<'_>> {
    // A dot counts as a decimal point only if a digit follows, so that `1..2` stays a range.
    let fraction = pair(char('.'), preceded(peek(digit1), digits));
    let exponent = (alt((char('e'), char('E'))), opt(alt((char('+'), char('-')))), digit1);
    let (rest, literal) =
        recognize((alt((recognize(pair(digits, opt(fraction))), recognize(pair(char('.'), digits)))), opt(exponent)))
            .parse(input)?;
    let (rest, suffix) = alt((tag("%"), take_while(is_letter))).parse(rest)?;
    let value = literal.replace('_', "").parse().unwrap_or(f64::INFINITY);
    Ok((rest, TokenKind::Number { value, suffix }))
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic()
}

fn word(input: &str) -> IResult<&str, TokenKind<'_>> {
    let first = take_while1(|c: char| c.is_alphabetic() || c == '_');
    let rest = take_while(|c: char| c.is_alphanumeric() || c == '_');
    map(recognize(pair(first, rest)), TokenKind::Word).parse(input)
}

fn text(input: &str) -> IResult<&str, TokenKind<'_>> {
    map(delimited(char('"'), take_while(|c| c != '"'), char('"')), TokenKind::Text).parse(input)
}

fn symbol(input: &str) -> IResult<&str, TokenKind<'_>> {
    for candidate in SYMBOLS {
        if let Ok((rest, _)) = tag::<&str, &str, nom::error::Error<&str>>(candidate).parse(input) {
            return Ok((rest, TokenKind::Symbol(candidate)));
        }
    }
    let (rest, ()) = not(tag("")).parse(input)?;
    Ok((rest, TokenKind::End))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<TokenKind<'_>> {
        tokens(text).unwrap().into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn numbers_keep_what_touches_them() {
        let number = |value, suffix| TokenKind::Number { value, suffix };
        assert_eq!(kinds("50M users"), [number(50.0, "M"), TokenKind::Word("users"), TokenKind::End]);
        assert_eq!(kinds("1h30m"), [number(1.0, "h"), number(30.0, "m"), TokenKind::End]);
        assert_eq!(kinds("5..10"), [number(5.0, ""), TokenKind::Symbol(".."), number(10.0, ""), TokenKind::End]);
        assert_eq!(kinds("1_000 .5 1e3"), [number(1000.0, ""), number(0.5, ""), number(1000.0, ""), TokenKind::End]);
        assert_eq!(kinds("99.9%"), [number(99.9, "%"), TokenKind::End]);
    }

    #[test]
    fn hostile_text_is_refused() {
        assert_eq!(tokens("1e999").unwrap_err().code, "number-too-large");
        assert_eq!(tokens("\"abc").unwrap_err().code, "unclosed-text");
        assert_eq!(tokens("5 €").unwrap_err().code, "unexpected-character");
        assert_eq!(tokens(&"1+".repeat(6000)).unwrap_err().code, "expression-too-long");
    }
}
