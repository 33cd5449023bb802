//! What napkin tells the user: a message, the places it is about, and what to do.
//!
//! Stages collect diagnostics and go on with the best value they have; only `report` words and draws them.

use std::fmt;

use crate::source::Span;

/// How bad a finding is. Ordered: `Info < Warning < Error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Advice.
    Info,
    /// Probably wrong.
    Warning,
    /// The design contradicts itself, loses data, or cannot carry its load.
    Error,
}

impl Severity {
    /// All severities, mildest first.
    pub const ALL: [Severity; 3] = [Severity::Info, Severity::Warning, Severity::Error];

    /// The word used in every format.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }

    /// The severity that a word names.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.name() == name)
    }

    /// The severity that a word names, or nothing for the word that stands for none; else what to write instead.
    pub fn or_none(word: &str, none: &str) -> Result<Option<Severity>, String> {
        if word == none {
            return Ok(None);
        }
        if let Some(severity) = Self::from_name(word) {
            return Ok(Some(severity));
        }
        // What other linters call it.
        let meant = match word {
            "off" | "never" | "none" | "ignore" | "disable" | "disabled" | "allow" | "false" => Some(none),
            "deny" | "critical" | "high" => Some("error"),
            "note" | "advice" | "hint" | "low" => Some("info"),
            _ => None,
        };
        Err(match meant {
            Some(meant) => format!("write \"{meant}\""),
            None => suggestion(word, ["error", "warning", "info", none]).unwrap_or_default(),
        })
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A place with a few words about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What the place has to do with it; may be empty.
    pub text: String,
}

/// One mistake in something that the user wrote (a spec, a rule, a profile, an expression).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// A stable kebab-case code of the kind of mistake.
    pub code: &'static str,
    /// Error: the file is unusable. Warning: it is used, with a doubt.
    pub severity: Severity,
    /// What is wrong, complete by itself.
    pub message: String,
    /// Places, the primary one first; empty only for a mistake in the whole input.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            labels: vec![Label { span, text: String::new() }],
            help: None,
        }
    }

    /// A warning at a place.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    /// Words at the primary place.
    pub fn labelled(mut self, text: impl Into<String>) -> Self {
        if let Some(label) = self.labels.first_mut() {
            label.text = text.into();
        }
        self
    }

    /// A further place.
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// [`Self::also`] if there is such a place.
    pub fn also_at(self, span: Option<Span>, text: impl Into<String>) -> Self {
        match span {
            Some(span) => self.also(span, text),
            None => self,
        }
    }

    /// What to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// [`Self::help`] if there is something to say.
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// The primary place.
    pub fn span(&self) -> Option<Span> {
        self.labels.first().map(|label| label.span)
    }
}

/// How many diagnostics are kept; a broken file of a million lines must not need a million messages.
const KEPT: usize = 1000;

/// Diagnostics as they are found; sorted by place when taken out.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    dropped: usize,
    errors: usize,
}

impl Diagnostics {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one. Past the first thousand they are only counted.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if diagnostic.severity == Severity::Error {
            self.errors += 1;
        }
        if self.list.len() < KEPT {
            self.list.push(diagnostic);
        } else {
            self.dropped += 1;
        }
    }

    /// Adds all of another collection.
    pub fn extend(&mut self, other: Diagnostics) {
        let errors = self.errors + other.errors;
        self.dropped += other.dropped;
        for diagnostic in other.list {
            self.push(diagnostic);
        }
        self.errors = errors;
    }

    /// Whether any is an error.
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many were found beyond those that are kept.
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// The kept ones, by place, without repetitions.
    pub fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.list.sort_by(|a, b| (a.span(), a.code, &a.message).cmp(&(b.span(), b.code, &b.message)));
        self.list.dedup();
        self.list
    }

    /// The kept ones in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }
}

/// How many names a slip is compared with, so that a large file full of mistakes stays quick.
const COMPARED: usize = 2000;

/// The word of a list that the user probably meant: close in spelling, or one begins with the other.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = word.to_lowercase();
    let mut best: Option<(f64, &str)> = None;
    for candidate in known.into_iter().take(COMPARED) {
        let lower = candidate.to_lowercase();
        let mut score = strsim::jaro_winkler(&wanted, &lower);
        if wanted.replace(['-', '_', ' '], "") == lower.replace(['-', '_', ' '], "") {
            score = 1.0;
        }
        if strsim::osa_distance(&wanted, &lower) <= 1 + wanted.chars().count() / 5 {
            score += 0.2;
        }
        // Somebody who writes the beginning of a name means that name.
        if wanted.chars().count() >= 3 && lower.starts_with(&wanted) {
            score = score.max(0.95);
        }
        if score > 0.86 && best.is_none_or(|(top, _)| score > top) {
            best = Some((score, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The word of a list that differs from another by one slip of a finger. Words that differ by a number only (`api1`, `api2`) are meant.
pub fn slip<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = |word: &str| word.replace(|c: char| c.is_ascii_digit(), "");
    let mut known = known.into_iter().take(COMPARED);
    known.find(|other| {
        word.chars().count() > 2 && strsim::osa_distance(word, other) == 1 && letters(word) != letters(other)
    })
}

/// "did you mean …", or a short list of what there is.
pub fn suggestion<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(near) = nearest(word, known.clone()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let all: Vec<&str> = known.into_iter().take(31).collect();
    match all.len() {
        0 => None,
        1..=30 => Some(format!("known here: {}", all.join(", "))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_finds_slips_and_ignores_strangers() {
        assert_eq!(nearest("replica", ["replicas", "region"]), Some("replicas"));
        assert_eq!(nearest("load_balancer", ["load-balancer", "cache"]), Some("load-balancer"));
        assert_eq!(nearest("xyz", ["replicas", "region"]), None);
        for (word, other, is_slip) in
            [("aip", "api", true), ("redirct", "redirect", true), ("api2", "api1", false), ("web", "api", false)]
        {
            assert_eq!(slip(word, [other]).is_some(), is_slip, "{word}");
        }
    }
}
