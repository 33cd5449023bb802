//! `allow:`: findings that the team accepts, with a reason and perhaps a date; stale ones are findings themselves.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, Severity, suggestion};
use crate::expr::EntityRef;
use crate::lint::fold::Ties;
use crate::lint::pack::Confidence;
use crate::lint::rule::Rule;
use crate::lint::run::Outcome;
use crate::lint::world::World;
use crate::lint::{Day, Finding, Fingerprint, Waiver};
use crate::spec::Allowance;
use crate::vocabulary::Target;

/// Marks what is allowed and adds findings for suppressions that are expired or match nothing.
pub(super) fn apply(world: &World<'_>, rules: &[Rule], today: Option<Day>, outcome: &mut Outcome) {
    // The findings of each rule; several hundred entries may name one of them each.
    let mut of_rule: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut of_thing: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for (at, finding) in outcome.findings.iter().enumerate().filter(|_| !world.graph.allow.is_empty()) {
        of_rule.entry(finding.rule.clone()).or_default().push(at);
        of_thing.entry((finding.rule.clone(), finding.subject_name.clone())).or_default().push(at);
    }
    for allowance in &world.graph.allow {
        let Some(rule) = rules.iter().find(|rule| rule.name == allowance.rule.value) else {
            let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
            let help = suggestion(&allowance.rule.value, names.iter().copied())
                .unwrap_or_else(|| "`napkin rules list` names all rules".to_owned());
            outcome.diagnostics.push(
                Diagnostic::error(
                    "unknown-rule",
                    allowance.rule.span,
                    format!("there is no rule `{}`", allowance.rule.value),
                )
                .help(help),
            );
            continue;
        };
        let expired = allowance.until.as_ref().zip(today).is_some_and(|(until, today)| today > until.value);
        let (mut used, mut shadowed) = (false, false);
        let matching = match &allowance.on {
            Some(on) => of_thing.get(&(allowance.rule.value.clone(), on.value.clone())),
            None => of_rule.get(&allowance.rule.value),
        };
        for at in matching.into_iter().flatten() {
            let Some(finding) = outcome.findings.get_mut(*at) else { continue };
            shadowed |= finding.allowed.is_some();
            if finding.allowed.is_none() {
                used = true;
                if !expired {
                    finding.allowed = Some(Waiver::Spec {
                        because: allowance.because.clone(),
                        owner: allowance.owner.clone(),
                        until: allowance.until.as_ref().map(|until| until.value),
                        span: allowance.span,
                    });
                }
            }
        }
        if expired {
            let (y, m, d) = allowance.until.as_ref().map_or((0, 0, 0), |until| until.value);
            let message = format!("the suppression of `{}` ended on {y}-{m:02}-{d:02}", allowance.rule.value);
            outcome.findings.push(about(
                world,
                allowance,
                EXPIRED,
                message,
                match &allowance.owner {
                    Some(owner) => format!("fix what it hid, or agree on a new date with {owner}"),
                    None => "fix what it hid, or agree on a new date".to_owned(),
                },
            ));
        } else if !used && !allowance.inherited && outcome.asked.contains(&rule.name) {
            let others = of_rule.get(&allowance.rule.value).map_or(&[][..], Vec::as_slice);
            let others = others.iter().filter_map(|at| outcome.findings.get(*at)).map(|f| f.subject_name.as_str());
            let finding = unused(world, allowance, shadowed, others);
            outcome.findings.push(finding);
        }
    }
}

/// A suppression that matches nothing. `others` are what its rule finds something of.
fn unused<'f>(
    world: &World<'_>,
    allowance: &Allowance,
    shadowed: bool,
    others: impl Iterator<Item = &'f str>,
) -> Finding {
    let on = allowance.on.as_ref().map(|on| format!(" on `{}`", on.value)).unwrap_or_default();
    let message = format!("the suppression of `{}`{on} matches nothing", allowance.rule.value);
    let names: BTreeSet<&str> = others.collect();
    let help = if shadowed {
        "remove it; an earlier entry or `severity: off` allows the same already".to_owned()
    } else if names.is_empty() {
        "remove it; what it allowed is no longer there".to_owned()
    } else {
        let list: Vec<String> = names.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
        let more = names.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("remove it, or correct `on:`; this rule finds something of {}{more}", list.join(", "))
    };
    about(world, allowance, UNUSED, message, help)
}

/// Things that are named to whom an entry names another one.
const NAMED: usize = 3;

/// Names of the findings about suppressions.
const EXPIRED: &str = "expired-suppression";
const UNUSED: &str = "unused-suppression";

/// The category of findings about suppressions, which nothing can waive.
pub const SUPPRESSIONS: &str = "suppressions";

fn about(world: &World<'_>, allowance: &Allowance, rule: &str, message: String, help: String) -> Finding {
    let on = allowance.on.as_ref().map_or("", |on| &on.value);
    Finding {
        rule: rule.to_owned(),
        severity: Severity::Warning,
        category: SUPPRESSIONS.to_owned(),
        pack: None,
        confidence: Confidence::High,
        message,
        help,
        subject: EntityRef { target: Target::System, index: 0 },
        subject_name: allowance.rule.value.clone(),
        span: allowance.span,
        related: Vec::new(),
        fingerprint: Fingerprint::of([&world.graph.name, rule, "allow", &allowance.rule.value, on]),
        allowed: None,
        ties: Ties::default(),
        fix: None,
        also: Vec::new(),
    }
}
