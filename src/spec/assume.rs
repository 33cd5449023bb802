//! `assume:`: named numbers in any order, each evaluated after those that it uses.

use std::collections::{BTreeMap, VecDeque};

use crate::attributes::Reader;
use crate::catalog::Catalog;
use crate::definition::{Definitions, Names};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expr::ast::Ast;
use crate::expr::{check, parse};
use crate::quantity::{NOUNS, unit};
use crate::source::Span;
use crate::spec::change::{self, Change};
use crate::yaml::Node;

/// Reads all assumptions.
pub(super) fn read<'n>(
    node: Node<'n>,
    nouns: &[String],
    changes: &[Change<'n>],
    catalog: &Catalog,
    diagnostics: &mut Diagnostics,
) -> (Definitions, Vec<(String, Span)>) {
    let mut parsed: Vec<(&str, Node<'n>, Ast)> = Vec::new();
    for (key, value) in node.entries() {
        let name = key.as_str().unwrap_or("");
        if let Some(problem) = bad_name(name) {
            diagnostics.push(
                Diagnostic::error("bad-name", key.span(), format!("an assumption can't be called `{name}`"))
                    .help(problem),
            );
            continue;
        }
        let value = change::of_assumption(changes, name).unwrap_or(value);
        let Some(text) = value.as_str() else {
            diagnostics.push(
                Diagnostic::error("missing-value", value.span(), format!("`{name}` has no value"))
                    .help("write a quantity such as `10M..50M users`"),
            );
            continue;
        };
        match parse(text, nouns) {
            Ok(ast) => parsed.push((name, value, ast)),
            Err(error) => diagnostics.push(error.at(|range| value.inner_span(range))),
        }
    }
    let mut definitions = Definitions::new();
    let mut places = Vec::new();
    for index in order(&parsed, diagnostics) {
        let Some((name, node, ast)) = parsed.get(index) else { continue };
        let further = |name: &str| catalog.name_type(name);
        let label = format!("assume.{name}");
        let names = Names {
            definitions: &definitions,
            further: &further,
            further_names: catalog.names(),
            nouns,
            label: &label,
        };
        let result = check(ast, &names);
        match result.and_then(|checked| definitions.define(name, checked)) {
            Ok(()) => places.push(((*name).to_owned(), node.span())),
            Err(error) => diagnostics.push(error.at(|range| node.inner_span(range))),
        }
    }
    (definitions, places)
}

/// Why a name can't be used, if so.
fn bad_name(name: &str) -> Option<String> {
    let word = name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_ascii_digit());
    if name.is_empty() || !word {
        return Some(format!("use letters, digits and underscores, such as `{}`", name.replace(['-', ' ', '.'], "_")));
    }
    if unit(name).is_some() {
        return Some(format!("`{name}` is a unit; choose a longer name"));
    }
    let keywords =
        ["in", "as", "per", "and", "or", "not", "if", "then", "else", "is", "latency", "true", "false", "x", "nines"];
    if keywords.contains(&name) {
        return Some("this word has a meaning of its own; choose another".to_owned());
    }
    let _ = NOUNS;
    None
}

/// The order of evaluation (Kahn's algorithm); what stands in a circle is reported and left out.
fn order(parsed: &[(&str, Node<'_>, Ast)], diagnostics: &mut Diagnostics) -> Vec<usize> {
    let index: BTreeMap<&str, usize> = parsed.iter().enumerate().map(|(at, (name, ..))| (*name, at)).collect();
    let mut waits_for = vec![0_usize; parsed.len()];
    let mut used_by: Vec<Vec<usize>> = vec![Vec::new(); parsed.len()];
    for (at, (_, _, ast)) in parsed.iter().enumerate() {
        let mut uses: Vec<usize> = Vec::new();
        ast.names(&mut |name| uses.extend(index.get(name)));
        uses.sort_unstable();
        uses.dedup();
        if let Some(count) = waits_for.get_mut(at) {
            *count = uses.len();
        }
        for used in uses {
            if let Some(list) = used_by.get_mut(used) {
                list.push(at);
            }
        }
    }
    let mut ready: VecDeque<usize> =
        waits_for.iter().enumerate().filter(|(_, count)| **count == 0).map(|(at, _)| at).collect();
    let mut done = Vec::new();
    while let Some(at) = ready.pop_front() {
        done.push(at);
        for &user in used_by.get(at).into_iter().flatten() {
            if let Some(count) = waits_for.get_mut(user) {
                *count -= 1;
                if *count == 0 {
                    ready.push_back(user);
                }
            }
        }
    }
    for (at, (name, node, _)) in parsed.iter().enumerate() {
        if waits_for.get(at).is_some_and(|count| *count > 0) {
            diagnostics.push(
                Diagnostic::error("circular-assumption", node.span(), format!("`{name}` depends on itself"))
                    .help("give one of the values in the circle as a number"),
            );
        }
    }
    done
}

/// The reader for the rest of the spec.
pub(super) fn reader<'r>(
    definitions: &'r Definitions,
    nouns: &'r [String],
    further: &'r dyn Fn(&str) -> Option<crate::expr::NameType>,
    catalog: &'r Catalog,
    diagnostics: &'r mut Diagnostics,
) -> Reader<'r> {
    Reader { definitions, nouns, further, further_names: catalog.names(), diagnostics }
}
