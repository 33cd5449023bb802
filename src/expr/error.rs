//! What can be wrong with an expression: one mistake, its place in the text, and the way out.

use std::ops::Range;

use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A mistake in an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct ExprError {
    /// Stable code of the kind of mistake.
    pub code: &'static str,
    /// Bytes of the expression's text.
    pub range: Range<usize>,
    /// What is wrong, complete by itself.
    pub message: String,
    /// A few words at the place.
    pub label: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl ExprError {
    pub(crate) fn new(code: &'static str, range: Range<usize>, message: impl Into<String>) -> Self {
        ExprError { code, range, message: message.into(), label: String::new(), help: None }
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// The diagnostic, once it is known where the expression's text stands in a file.
    pub fn at(self, place: impl FnOnce(Range<usize>) -> Span) -> Diagnostic {
        Diagnostic::error(self.code, place(self.range), self.message).labelled(self.label).maybe_help(self.help)
    }
}
