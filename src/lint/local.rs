//! What the spec itself says of severities: of a component, and of the groups around it.
//!
//! The nearest place decides: the component, then its group, then the groups around that, then the configuration. Within one
//! place, what is said of a rule beats what is said of its category, and that what is said of its pack.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostics, Severity};
use crate::expr::EntityRef;
use crate::graph::{Graph, enclosing};
use crate::lint::Waiver;
use crate::lint::policy::{Selector, Setting, deciding};
use crate::lint::rule::Rule;
use crate::lint::scope::about;
use crate::spec::SeveritySpec;

/// The severities that a spec states, with its rules, packs and categories looked up.
pub(super) struct Local<'g> {
    graph: &'g Graph,
    /// For each component that says something, and for each group, what it says.
    components: BTreeMap<usize, Vec<Setting>>,
    groups: BTreeMap<&'g str, Vec<Setting>>,
}

impl<'g> Local<'g> {
    /// Reads them. Names that don't exist go to `diagnostics`.
    pub fn new(graph: &'g Graph, rules: &[Rule], diagnostics: &mut Diagnostics) -> Self {
        let mut settings = |said: &[SeveritySpec]| -> Vec<Setting> {
            let mut list = Vec::new();
            for entry in said {
                let of = Selector::written(&entry.of.value);
                match of.unknown(rules) {
                    Some((code, message, help)) => {
                        let place = entry.of.span;
                        diagnostics.push(crate::diagnostic::Diagnostic::error(code, place, message).help(help));
                    }
                    None => list.push(Setting { of, severity: entry.severity, span: entry.of.span }),
                }
            }
            list
        };
        let stated = graph.components.iter().enumerate().filter(|(_, component)| !component.severities.is_empty());
        let components = stated.map(|(at, component)| (at, settings(&component.severities))).collect();
        let stated = graph.groups.iter().filter(|group| !group.severities.is_empty());
        let groups = stated.map(|group| (group.name.as_str(), settings(&group.severities))).collect();
        Local { graph, components, groups }
    }

    /// Whether something in the spec has a rule asked that is off elsewhere.
    pub fn asks(&self, rule: &Rule) -> bool {
        let all = self.components.values().chain(self.groups.values()).flatten();
        all.into_iter().any(|setting| setting.severity.is_some() && setting.of.covers(rule))
    }

    /// How bad a finding is, or who turns it off if somebody does. `elsewhere` is what holds where the spec says nothing.
    /// Of several components, such as the stores of a data set, the one for which it is worst decides.
    pub fn severity(
        &self,
        rule: &Rule,
        subject: EntityRef,
        elsewhere: Option<Severity>,
    ) -> Result<Severity, Option<Waiver>> {
        // Most specs say nothing of severities, and this is asked for each rule of each thing.
        if self.components.is_empty() && self.groups.is_empty() {
            return elsewhere.ok_or(None);
        }
        let components = about(self.graph, subject);
        if components.is_empty() {
            return elsewhere.ok_or(None);
        }
        let mut worst: Option<Severity> = None;
        let mut off = None;
        for component in components {
            let severity = match self.nearest(rule, component) {
                Some((setting, ..)) if setting.severity.is_some() => setting.severity,
                Some((setting, kind, name)) => {
                    let because = format!("turned off by `severity:` of {kind} {name}");
                    off = Some(Waiver::Spec { because, owner: None, until: None, span: setting.span });
                    None
                }
                None => elsewhere,
            };
            worst = worst.max(severity);
        }
        worst.ok_or(off)
    }

    /// What the nearest place says, and what sort of place it is with its name.
    fn nearest(&self, rule: &Rule, component: usize) -> Option<(&Setting, &'static str, &str)> {
        let found = self.graph.components.get(component)?;
        if let Some(setting) = self.components.get(&component).and_then(|settings| deciding(settings, rule)) {
            return Some((setting, "component", &found.name));
        }
        enclosing(&self.graph.groups, found.group).find_map(|group| {
            let setting = deciding(self.groups.get(group.name.as_str())?, rule)?;
            Some((setting, "group", group.name.as_str()))
        })
    }
}
