//! `allow:`: findings that the team accepts, with a reason and perhaps a date; stale ones are findings themselves.

use crate::diagnostic::{Diagnostic, Severity, suggestion};
use crate::expr::EntityRef;
use crate::lint::pack::{Confidence, Packs};
use crate::lint::rule::Rule;
use crate::lint::run::Outcome;
use crate::lint::world::World;
use crate::lint::{Day, Finding};
use crate::spec::Allowance;
use crate::vocabulary::Target;

/// Marks what is allowed and adds findings for suppressions that are expired or match nothing.
pub(super) fn apply(world: &World<'_>, rules: &[Rule], packs: Packs<'_>, today: Option<Day>, outcome: &mut Outcome) {
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
        let mut used = false;
        for finding in &mut outcome.findings {
            let matches = finding.rule == allowance.rule.value
                && allowance.on.as_ref().is_none_or(|on| on.value == finding.subject_name);
            if matches && finding.allowed.is_none() {
                used = true;
                if !expired {
                    finding.allowed = Some(allowance.because.clone());
                }
            }
        }
        if expired {
            let (y, m, d) = allowance.until.as_ref().map_or((0, 0, 0), |until| until.value);
            let message = format!("the suppression of `{}` ended on {y}-{m:02}-{d:02}", allowance.rule.value);
            outcome.findings.push(about(
                allowance,
                "expired-suppression",
                message,
                "fix what it hid, or agree on a new date",
            ));
        } else if !used && packs.have(rule.pack) {
            let message = format!("the suppression of `{}` matches nothing", allowance.rule.value);
            outcome.findings.push(about(
                allowance,
                "unused-suppression",
                message,
                "remove it; what it allowed is no longer there",
            ));
        }
    }
}

fn about(allowance: &Allowance, rule: &str, message: String, help: &str) -> Finding {
    Finding {
        rule: rule.to_owned(),
        severity: Severity::Warning,
        category: "suppressions".to_owned(),
        pack: None,
        confidence: Confidence::High,
        message,
        help: help.to_owned(),
        subject: EntityRef { target: Target::System, index: 0 },
        subject_name: allowance.rule.value.clone(),
        span: allowance.span,
        allowed: None,
    }
}
