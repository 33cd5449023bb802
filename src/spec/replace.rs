//! Texts with some of their parts replaced.

use std::collections::BTreeSet;

use crate::source::{SourceId, Sources, Span};

/// Text to put in the place of other text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Replacement {
    /// The place, which may be empty.
    pub span: Span,
    /// What comes there.
    pub text: String,
}

/// Insertions at one place become one, in the order in which they come.
pub(super) fn merged(list: Vec<Replacement>) -> Vec<Replacement> {
    let mut out: Vec<Replacement> = Vec::new();
    for one in list {
        match out.last_mut().filter(|last| last.span == one.span && one.span.start == one.span.end) {
            Some(last) => last.text.push_str(&one.text),
            None => out.push(one),
        }
    }
    out
}

/// The texts of files with replacements, which mustn't overlap.
pub fn replaced(sources: &Sources, replacements: &[Replacement]) -> Vec<(SourceId, String)> {
    let mut list: Vec<&Replacement> = replacements.iter().collect();
    list.sort();
    list.dedup();
    let files: BTreeSet<SourceId> = list.iter().map(|one| one.span.source).collect();
    let text = |file: SourceId| {
        let source = sources.get(file).text();
        let (mut out, mut done) = (String::with_capacity(source.len()), 0);
        for one in list.iter().filter(|one| one.span.source == file) {
            let range = one.span.range();
            if let Some(kept) = source.get(done..range.start) {
                out.push_str(kept);
                out.push_str(&one.text);
                done = range.end;
            }
        }
        out.push_str(source.get(done..).unwrap_or(""));
        (file, out)
    };
    files.into_iter().map(text).collect()
}
