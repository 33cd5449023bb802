//! A policy: which rules are asked of a spec, and how bad what they find is there.

use std::collections::BTreeSet;
use std::fmt;

use crate::diagnostic::{Severity, suggestion};
use crate::lint::pack::{PACKS, Packs};
use crate::lint::rule::Rule;
use crate::lint::suppress::SUPPRESSIONS;
use crate::source::Span;

/// The rules that a setting is about. Ordered: what comes later is more specific.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Selector {
    /// All rules of a pack.
    Pack(String),
    /// All rules with a concern.
    Category(String),
    /// One rule.
    Rule(String),
}

impl Selector {
    /// What `pack.cost`, `category.messaging` or `single-region` stands for.
    pub fn written(text: &str) -> Selector {
        match text.split_once('.') {
            Some(("pack", name)) => Selector::Pack(name.to_owned()),
            Some(("category", name)) => Selector::Category(name.to_owned()),
            _ => Selector::Rule(text.to_owned()),
        }
    }

    /// If there is nothing of this name: the mistake's code, message and help.
    pub fn unknown(&self, rules: &[Rule]) -> Option<(&'static str, String, String)> {
        let packs = || PACKS.iter().chain(rules.iter().map(|rule| &rule.pack)).map(|pack| pack.name.as_str());
        let categories = || rules.iter().map(|rule| rule.category.as_str());
        let (code, what, name, known): (_, _, _, BTreeSet<&str>) = match self {
            Selector::Pack(name) => ("unknown-pack", "pack", name, packs().collect()),
            Selector::Category(name) => ("unknown-category", "category", name, categories().collect()),
            Selector::Rule(name) => {
                ("unknown-rule", "rule", name, rules.iter().map(|rule| rule.name.as_str()).collect())
            }
        };
        if known.contains(name.as_str()) {
            return None;
        }
        let no_rule = || {
            if matches!(name.as_str(), "pack" | "category") {
                return Some(format!("name one with a dot, such as `{name}.cost`"));
            }
            if name.ends_with("-suppression") || name == SUPPRESSIONS {
                let help = "what is said about `allow:` is always a warning, or an end date would mean nothing";
                return Some(help.to_owned());
            }
            let (word, rest) = name.split_once([':', '/']).unwrap_or(("", name));
            let as_pack = packs().any(|pack| pack == rest) && word != "category";
            (as_pack || categories().any(|category| category == rest)).then(|| {
                let group = if as_pack { "pack" } else { "category" };
                format!("it is a {group}; write `{group}.{rest}`")
            })
        };
        let meant = if what == "rule" { no_rule() } else { None };
        let help = meant
            .or_else(|| suggestion(name, known.iter().copied()))
            .unwrap_or_else(|| "`napkin rules list` names all rules".to_owned());
        Some((code, format!("there is no {what} `{name}`"), help))
    }

    /// Whether it is about a rule.
    pub fn covers(&self, rule: &Rule) -> bool {
        match self {
            Selector::Pack(name) => rule.pack.name == *name,
            Selector::Category(name) => rule.category == *name,
            Selector::Rule(name) => rule.name == *name,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Selector::Pack(_) => 0,
            Selector::Category(_) => 1,
            Selector::Rule(_) => 2,
        }
    }
}

/// As it is written: `pack.cost`, `category.messaging`, `single-region`.
impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Selector::Pack(name) => write!(f, "pack.{name}"),
            Selector::Category(name) => write!(f, "category.{name}"),
            Selector::Rule(name) => f.write_str(name),
        }
    }
}

/// How bad the findings of some rules are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Of which rules.
    pub of: Selector,
    /// How bad; `None` turns them off.
    pub severity: Option<Severity>,
    /// Where it was said.
    pub span: Span,
}

/// The most specific of some settings that is about a rule, and of those the last.
pub(super) fn deciding<'s>(settings: &'s [Setting], rule: &Rule) -> Option<&'s Setting> {
    // Of equal ranks `max_by_key` takes the last.
    settings.iter().filter(|setting| setting.of.covers(rule)).max_by_key(|setting| setting.of.rank())
}

/// The word for a severity that may be off.
pub fn severity_name(severity: Option<Severity>) -> &'static str {
    severity.map_or("off", Severity::name)
}

/// Which rules are asked of a spec, and how bad what they find is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policy<'p> {
    /// The packs of rules that are asked.
    pub packs: Packs<'p>,
    /// What is said about severities. The most specific setting decides, and of those the last.
    pub settings: &'p [Setting],
}

impl<'p> Policy<'p> {
    /// The setting that decides about a rule, if there is one.
    pub fn setting(&self, rule: &Rule) -> Option<&'p Setting> {
        deciding(self.settings, rule)
    }

    /// How bad what a rule finds is; `None` if it isn't asked.
    pub fn severity(&self, rule: &Rule) -> Option<Severity> {
        if !self.packs.have(&rule.pack) {
            return None;
        }
        self.setting(rule).map_or(Some(rule.severity), |setting| setting.severity)
    }

    /// Whether a rule is asked.
    pub fn asks(&self, rule: &Rule) -> bool {
        self.severity(rule).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostics;
    use crate::lint::built_in;
    use crate::source::Sources;

    #[test]
    fn the_most_specific_setting_decides_and_of_those_the_last() {
        let mut sources = Sources::new();
        let rules = built_in(&mut sources, &mut Diagnostics::new());
        let rule = rules.iter().find(|rule| rule.name == "single-region").unwrap();
        let other = rules.iter().find(|rule| rule.pack.name == "security").unwrap();
        let span = rule.span;
        let name = Selector::Rule("single-region".to_owned());
        let (pack, category) = (Selector::Pack(rule.pack.name.clone()), Selector::Category(rule.category.clone()));
        let at = |of: &Selector, severity| Setting { of: of.clone(), severity, span };
        let (info, error) = (Some(Severity::Info), Some(Severity::Error));
        for (settings, expected) in [
            (vec![], Some(rule.severity)),
            (vec![at(&pack, info)], info),
            (vec![at(&pack, info), at(&pack, error)], error),
            (vec![at(&category, error), at(&pack, info)], error),
            (vec![at(&name, None), at(&category, error), at(&pack, info)], None),
            (vec![at(&name, None), at(&name, info)], info),
        ] {
            let policy = Policy { packs: Packs::Default, settings: &settings };
            assert_eq!(policy.severity(rule), expected, "{settings:?}");
            assert_eq!(policy.severity(other), None, "a pack that is off stays off");
        }
        let on = [at(&Selector::Rule(other.name.clone()), error)];
        assert_eq!(Policy { packs: Packs::Default, settings: &on }.severity(other), None);
        assert_eq!(Policy { packs: Packs::All, settings: &on }.severity(other), error);
    }
}
