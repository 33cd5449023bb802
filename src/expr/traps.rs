//! Mistakes that everybody makes once, each with the fix in its message.

use std::ops::Range;

use crate::diagnostic::nearest;
use crate::expr::error::ExprError;
use crate::quantity::{MULTIPLIERS, NOUNS, UNITS, unit};

/// The error for letters after a number that are neither a multiplier nor a unit.
pub(super) fn suffix(number: &str, suffix: &str, range: Range<usize>) -> ExprError {
    let error = |message: String| ExprError::new("unit-trap", range.clone(), message);
    match suffix {
        "m" => error(format!("`{number}m` could be minutes, milliseconds or millions"))
            .label("which one?")
            .help(format!("write `{number} min`, `{number} ms` or `{number}M`")),
        "b" => error(format!("`{number}b` could be bits, bytes or billions"))
            .help(format!("write `{number} bit`, `{number} B` or `{number}bn`")),
        "Kb" | "kb" | "Mb" | "mb" | "Gb" | "gb" | "Tb" | "tb" => {
            let prefix = suffix.chars().next().unwrap_or('K').to_ascii_uppercase();
            error(format!("`{suffix}` could be bits or bytes"))
                .label("bits or bytes?")
                .help(format!("write `{number} {prefix}B` for bytes or `{number} {prefix}bit` for bits"))
        }
        "bn" | "mn" | "mio" | "mil" | "mill" => {
            error(format!("`{suffix}` is not known")).help(format!("millions are `{number}M`"))
        }
        "g" | "t" => error(format!("`{number}{suffix}` is not known"))
            .help(format!("write `{number}{}` for the multiplier", suffix.to_uppercase())),
        "P" | "E" => error(format!("`{number}{suffix}` is not known")).help(format!(
            "write `{number} {suffix}B` for bytes, or multiply by 1e{}",
            if suffix == "P" { 15 } else { 18 }
        )),
        _ => unknown_word(suffix, range, &[]),
    }
}

/// The error for `10B users`: a unit of data before a counting word.
pub(super) fn bytes_of_things(number: &str, noun: &str, range: Range<usize>) -> ExprError {
    ExprError::new("unit-trap", range, format!("`{number}B {noun}` would be bytes: `B` is the byte"))
        .label("`B` means bytes")
        .help(format!("for a billion write `{number}bn {noun}`"))
}

/// The error for a decimal or thousands comma.
pub(super) fn comma(before: &str, after: &str, range: Range<usize>) -> ExprError {
    let error = ExprError::new("comma", range, "a comma can't stand inside a number");
    if after.len() == 3 {
        return error.help(format!(
            "write `{before}_{after}` or `{before}{after}`, or with a multiplier; decimals take a point"
        ));
    }
    error.label("decimals take a point").help(format!("write `{before}.{after}`"))
}

/// The error for `10..50M`, which reads as ten to fifty million.
pub(super) fn lopsided(low: &str, suffix: &str, range: Range<usize>) -> ExprError {
    ExprError::new("unit-trap", range, format!("this range begins at a plain {low}: a multiplier is not shared"))
        .help(format!("write `{low}{suffix}..` at its beginning (only units are shared, as in `5..10 ms`)"))
}

/// The error for a word that stands where a unit, a counting word or the end should be.
pub(super) fn unknown_word(word: &str, range: Range<usize>, nouns: &[String]) -> ExprError {
    let known = UNITS
        .iter()
        .flat_map(|unit| unit.also.iter().copied().chain([unit.name]))
        .chain(MULTIPLIERS.iter().map(|(name, _)| *name))
        .chain(NOUNS.iter().copied())
        .chain(nouns.iter().map(String::as_str));
    let other_case = UNITS.iter().find(|unit| unit.name.eq_ignore_ascii_case(word)).map(|unit| unit.name);
    let help = match other_case.or_else(|| nearest(word, known)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!(
            "`{word}` is neither a unit nor a counting word; to count things of your own, declare `nouns: [{word}]` in the spec, or leave the word out"
        ),
    };
    ExprError::new("unknown-unit", range, format!("`{word}` is not a unit that napkin knows")).help(help)
}

/// What other languages say where a condition here has another word, in lower case.
const ELSEWHERE: [(&str, &str); 14] = [
    ("and", "write `and` in small letters"),
    ("or", "write `or` in small letters"),
    ("not", "write `not` in small letters"),
    ("startswith", "write `starts_with`"),
    ("beginswith", "write `starts_with`"),
    ("endswith", "write `ends_with`"),
    ("includes", "write `contains`"),
    ("like", "write `contains \"…\"`, or `matches` and a pattern"),
    ("regex", "write `matches` and a pattern"),
    ("true", "write `true` in small letters"),
    ("false", "write `false` in small letters"),
    ("null", "what the spec doesn't say is unknown: write `… is unknown`"),
    ("none", "what the spec doesn't say is unknown: write `… is unknown`"),
    ("unknown", "write `… is unknown`"),
];

/// What to write instead of a word of other languages.
pub(super) fn elsewhere(word: &str) -> Option<&'static str> {
    let lower = word.to_lowercase();
    ELSEWHERE.iter().find(|(theirs, _)| *theirs == lower).map(|(_, help)| *help)
}

/// Whether a word may follow a number: a unit or something that is counted.
pub(super) fn follows_number(word: &str, nouns: &[String]) -> bool {
    unit(word).is_some() || is_noun(word, nouns)
}

/// Whether a word only says what is counted.
pub(super) fn is_noun(word: &str, nouns: &[String]) -> bool {
    NOUNS.contains(&word) || nouns.iter().any(|noun| noun == word)
}
