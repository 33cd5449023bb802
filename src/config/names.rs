//! Whether the rules, packs and categories exist that a file names, and whether naming them does something.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::config::Config;
use crate::diagnostic::{Diagnostic, Diagnostics, suggestion};
use crate::lint::{Overrides, Pack, Packs, Rule, Selector, Setting};
use crate::source::Span;

/// Looks up every name, and whether parameters may have their values, among the rules and packs that are there. `more` are packs that the command turns on.
pub fn check(config: &Config, (rules, packs): (&[Rule], &[Arc<Pack>]), more: &[String], diagnostics: &mut Diagnostics) {
    let packs: BTreeSet<&str> = packs.iter().map(|pack| pack.name.as_str()).collect();
    let mut on = more.to_vec();
    for pack in config.layers().flat_map(|layer| &layer.packs) {
        if pack.value == "all" || packs.contains(pack.value.as_str()) {
            on.push(pack.value.clone());
            continue;
        }
        let known = packs.iter().copied().chain(["all"]);
        diagnostics.push(
            Diagnostic::error("unknown-pack", pack.span, format!("there is no pack `{}`", pack.value))
                .maybe_help(suggestion(&pack.value, known)),
        );
    }
    let names = Names { rules, on };
    for setting in config.layers().flat_map(|layer| &layer.severities) {
        names.setting(setting, diagnostics);
    }
    for layer in config.layers() {
        Overrides::new(rules, &layer.parameters, diagnostics);
        // What is said of a rule that isn't asked is told once for all of its parameters.
        let mut told = BTreeSet::new();
        for setting in layer.parameters.iter().filter(|setting| told.insert(&setting.rule.value)) {
            names.does_something(&Selector::Rule(setting.rule.value.clone()), setting.rule.span, diagnostics);
        }
    }
}

struct Names<'n> {
    rules: &'n [Rule],
    /// The packs that are turned on somewhere.
    on: Vec<String>,
}

impl Names<'_> {
    fn setting(&self, setting: &Setting, diagnostics: &mut Diagnostics) {
        if let Some((code, message, help)) = setting.of.unknown(self.rules) {
            diagnostics.push(Diagnostic::error(code, setting.span, message).help(help));
            return;
        }
        if setting.severity.is_some() {
            self.does_something(&setting.of, setting.span, diagnostics);
        }
    }

    /// Warns if none of the rules is in a pack that is on.
    fn does_something(&self, of: &Selector, span: Span, diagnostics: &mut Diagnostics) {
        let packs = if self.on.iter().any(|pack| pack == "all") { Packs::All } else { Packs::And(&self.on) };
        let covered: Vec<&Rule> = self.rules.iter().filter(|rule| of.covers(rule)).collect();
        if !covered.is_empty() && !covered.iter().any(|rule| packs.have(&rule.pack)) {
            let off: BTreeSet<&str> = covered.iter().map(|rule| rule.pack.name.as_str()).collect();
            let list: Vec<String> = off.iter().map(|pack| format!("`{pack}`")).collect();
            let message = match of {
                Selector::Pack(name) => format!("the pack `{name}` is off, so this changes nothing"),
                of => format!("`{of}` is in the pack {}, which is off, so this changes nothing", list.join(", ")),
            };
            let quoted: Vec<String> = off.iter().map(|pack| format!("\"{pack}\"")).collect();
            diagnostics.push(
                Diagnostic::warning("pack-is-off", span, message)
                    .help(format!("turn it on with `packs = [{}]`, or remove this", quoted.join(", "))),
            );
        }
    }
}
