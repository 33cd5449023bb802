//! One cause, one finding. What a rule says about several things for one cause (`one_for:`) is one finding with several
//! places, and what follows from another rule's finding (`follows_from:`) is listed below that one.
//!
//! Folding comes last, after suppressions and baselines: only what is judged alike is put together, so a finding that is
//! accepted hides nothing, and baselines, fixes and comparisons see every finding by itself.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Diagnostics, Label, suggestion};
use crate::expr::{Checked, EntityRef, ExprError, Type, Value};
use crate::lint::Finding;
use crate::lint::keys::{self, FOLLOWS_KEYS};
use crate::lint::rule::{Loader, Rule, RuleNames};
use crate::lint::world::{Scope, World};
use crate::source::Span;
use crate::vocabulary::Target;
use crate::yaml::Node;

/// How a rule's findings fold.
#[derive(Debug, Default)]
pub struct Folding {
    /// Findings that agree in these values are one.
    pub one_for: Vec<Checked>,
    /// Rules whose findings say the same.
    pub follows_from: Vec<Follows>,
}

/// A rule from whose finding another rule's follows.
#[derive(Debug)]
pub struct Follows {
    /// The other rule.
    pub rule: String,
    /// The thing or things whose finding it is; the same thing if not said.
    pub on: Option<Checked>,
    /// When it does; always if not said.
    pub when: Option<Checked>,
    /// Where the name stands.
    pub span: Span,
}

/// What ties a finding to others.
#[derive(Clone, Debug, Default)]
pub struct Ties {
    /// The values of `one_for:`; nothing if there are none, or one is unknown.
    cause: Option<Vec<String>>,
    /// Findings that it follows from if they are there.
    from: Vec<(String, EntityRef)>,
    /// What it is called among its like: a call with its flow.
    label: String,
}

impl Folding {
    /// All expressions in it.
    pub(super) fn values(&self) -> impl Iterator<Item = &Checked> {
        self.one_for.iter().chain(self.follows_from.iter().flat_map(|follows| follows.on.iter().chain(&follows.when)))
    }
}

/// Things beside the first that a message names.
const NAMED: usize = 3;

/// Places beside its own that a finding points at.
const PLACES: usize = 8;

impl Loader<'_, '_> {
    /// `one_for:` and `follows_from:`.
    pub(super) fn folding(&mut self, names: &RuleNames<'_>) -> Option<Folding> {
        let mut folding = Folding::default();
        for node in list(self.root.get("one_for")) {
            folding.one_for.push(self.whole(node, names)?);
        }
        let known = keys::names(FOLLOWS_KEYS);
        for node in list(self.root.get("follows_from")) {
            if let Some((key, _)) =
                node.entries().find(|(key, _)| !known.clone().any(|known| Some(known) == key.as_str()))
            {
                let name = key.as_str().unwrap_or("");
                let help = suggestion(name, known.clone()).unwrap_or_default();
                self.error(key.span(), format!("`follows_from` has no `{name}`"), help);
                return None;
            }
            let name = node.as_str().map_or_else(|| node.get("rule"), |_| Some(node));
            let Some((rule, span)) = name.and_then(|node| Some((node.as_str()?.to_owned(), node.span()))) else {
                self.error(
                    node.span(),
                    "this names no rule",
                    "write `follows_from: single-point-of-failure`, or `{ rule: …, on: step.callee }`",
                );
                return None;
            };
            let on = match node.get("on") {
                Some(on) => Some(self.things(on, names)?),
                None => None,
            };
            let when = match node.get("if") {
                Some(when) => Some(self.truth(when, names)?),
                None => None,
            };
            folding.follows_from.push(Follows { rule, on, when, span });
        }
        Some(folding)
    }

    fn truth(&mut self, node: Node<'_>, names: &RuleNames<'_>) -> Option<Checked> {
        let checked = self.whole(node, names)?;
        if checked.ty != Type::Bool {
            self.error(node.span(), "`if` has to be a condition", "compare something: `if: component.nodes == 1`");
            return None;
        }
        Some(checked)
    }

    fn things(&mut self, node: Node<'_>, names: &RuleNames<'_>) -> Option<Checked> {
        let checked = self.whole(node, names)?;
        let things = match &checked.ty {
            Type::Entity(_) => true,
            Type::List(inner) => matches!(**inner, Type::Entity(_)),
            _ => false,
        };
        if !things {
            self.error(
                node.span(),
                "`on` has to name things",
                "name a component, flow, … or a list of them: `on: step.callee`",
            );
        }
        things.then_some(checked)
    }
}

/// The items of a sequence, or the node itself.
fn list(node: Option<Node<'_>>) -> Vec<Node<'_>> {
    let Some(node) = node else { return Vec::new() };
    let items: Vec<Node<'_>> = node.items().collect();
    if items.is_empty() { vec![node] } else { items }
}

/// Finds rules that follow from one that doesn't exist, or from themselves in the end. Rules are checked together because
/// those of users may name ours.
pub fn check_ties(rules: &[Rule], diagnostics: &mut Diagnostics) {
    let by_name: BTreeMap<&str, &Rule> = rules.iter().map(|rule| (rule.name.as_str(), rule)).collect();
    for rule in rules {
        for follows in &rule.folding.follows_from {
            if !by_name.contains_key(follows.rule.as_str()) {
                let help = suggestion(&follows.rule, by_name.keys().copied())
                    .unwrap_or_else(|| "`napkin rules list` names all rules".to_owned());
                let message = format!("there is no rule `{}`", follows.rule);
                diagnostics.push(Diagnostic::error("unknown-rule", follows.span, message).help(help));
            } else if leads_to(follows, &rule.name, &by_name) {
                let message = format!("`{}` follows from `{}`, which follows from it", rule.name, follows.rule);
                let help = "leave out one of the two; the finding that stays is the one to act on";
                diagnostics.push(Diagnostic::error("rule", follows.span, message).help(help));
            }
        }
    }
}

/// Whether a rule stands behind another, through however many.
fn leads_to(from: &Follows, name: &str, rules: &BTreeMap<&str, &Rule>) -> bool {
    let (mut open, mut seen) = (vec![from.rule.as_str()], Vec::new());
    while let Some(at) = open.pop() {
        if at == name {
            return true;
        }
        if !seen.contains(&at) {
            seen.push(at);
            let next = rules.get(at).into_iter().flat_map(|rule| &rule.folding.follows_from);
            open.extend(next.map(|follows| follows.rule.as_str()));
        }
    }
    false
}

/// What ties a finding of a rule to others.
pub(super) fn ties<'w>(rule: &'w Rule, subject: EntityRef, scope: &Scope<'_, 'w>) -> Result<Ties, ExprError> {
    let mut cause = Some(Vec::new());
    for part in &rule.folding.one_for {
        let value = scope.value(part)?;
        cause = cause.zip(key(&value)).map(|(mut parts, part)| {
            parts.push(part);
            parts
        });
    }
    let mut from = Vec::new();
    for follows in &rule.folding.follows_from {
        if let Some(when) = &follows.when
            && !matches!(scope.value(when)?, Value::Bool(true))
        {
            continue;
        }
        let on = match &follows.on {
            Some(on) => scope.value(on)?,
            None => Value::Entity(subject),
        };
        from.extend(entities(&on).into_iter().map(|thing| (follows.rule.clone(), thing)));
    }
    let label = label(scope.world, subject);
    Ok(Ties { cause: cause.filter(|parts| !parts.is_empty()), from, label })
}

/// A value as something to compare; nothing for what is unknown.
fn key(value: &Value<'_>) -> Option<String> {
    Some(match value {
        Value::Number(x) => x.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Text(text) => (*text).to_owned(),
        Value::Entity(entity) => format!("{} {}", entity.target.name(), entity.index),
        Value::List(items) => items.iter().map(key).collect::<Option<Vec<_>>>()?.join("\n"),
        Value::Unknown(_) => return None,
    })
}

fn entities(value: &Value<'_>) -> Vec<EntityRef> {
    match value {
        Value::Entity(entity) => vec![*entity],
        Value::List(items) => items.iter().flat_map(entities).collect(),
        _ => Vec::new(),
    }
}

fn label(world: &World<'_>, subject: EntityRef) -> String {
    let name = world.name(subject);
    let step = if subject.target == Target::Step { world.graph.steps.get(subject.index as usize) } else { None };
    match step.and_then(|step| world.graph.flows.get(step.flow)) {
        Some(flow) => format!("`{name}` in flow `{}`", flow.name),
        None => format!("`{name}`"),
    }
}

/// Puts findings together that have one cause. Only findings that are judged alike (open, or accepted for the same reason)
/// become one, and nothing goes below a finding that is less severe or accepted.
pub fn fold(findings: Vec<Finding>) -> Vec<Finding> {
    let kept = alike(findings);
    let roots = roots(&kept);
    let mut below: Vec<Vec<Finding>> = kept.iter().map(|_| Vec::new()).collect();
    let mut result = Vec::new();
    for (at, (finding, root)) in kept.into_iter().zip(roots).enumerate() {
        match root.and_then(|root| below.get_mut(root)) {
            Some(list) => list.push(finding),
            None => result.push((at, finding)),
        }
    }
    let adopt = |(at, mut finding): (usize, Finding)| {
        let follow = below.get_mut(at).map(std::mem::take).unwrap_or_default();
        for other in &follow {
            point(&mut finding, other.span, format!("also {}: {}", other.rule, other.message));
        }
        finding.also.extend(follow);
        finding
    };
    result.into_iter().map(adopt).collect()
}

/// Findings of one rule with one cause become the most severe, then first of them, whose message names the others.
fn alike(findings: Vec<Finding>) -> Vec<Finding> {
    let mut groups: BTreeMap<(String, Vec<String>, String), usize> = BTreeMap::new();
    let mut kept: Vec<Finding> = Vec::new();
    for mut finding in findings {
        let Some(cause) = finding.ties.cause.clone() else {
            kept.push(finding);
            continue;
        };
        let waiver = finding.allowed.as_ref().map_or(String::new(), |waiver| format!("{waiver:?}"));
        let key = (finding.rule.clone(), cause, waiver);
        match groups.get(&key).and_then(|at| kept.get_mut(*at)) {
            None => {
                groups.insert(key, kept.len());
                kept.push(finding);
            }
            Some(first) => {
                if finding.severity > first.severity {
                    std::mem::swap(first, &mut finding);
                    first.also = std::mem::take(&mut finding.also);
                }
                first.also.push(finding);
            }
        }
    }
    for finding in &mut kept {
        named(finding);
    }
    kept
}

/// Names the others of its kind in a finding's message and points at them.
fn named(finding: &mut Finding) {
    let others = &finding.also;
    if others.is_empty() {
        return;
    }
    let names: Vec<&str> = others.iter().take(NAMED).map(|other| other.ties.label.as_str()).collect();
    let more = others.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    finding.message += &format!("; likewise {}{more}", names.join(", "));
    let places: Vec<_> = others.iter().map(|other| (other.span, format!("likewise {}", other.ties.label))).collect();
    for (span, text) in places {
        point(finding, span, text);
    }
}

/// Adds a place to a finding unless it points there already.
fn point(finding: &mut Finding, span: Span, text: String) {
    let known = span == finding.span || finding.related.iter().any(|known| known.span == span);
    if !known && finding.related.len() < PLACES {
        finding.related.push(Label { span, text });
    }
}

/// For each finding the one that it goes below, if one is there.
fn roots(findings: &[Finding]) -> Vec<Option<usize>> {
    // The open findings of each rule about each thing, those with the same cause included.
    let mut about: BTreeMap<(&str, EntityRef), Vec<usize>> = BTreeMap::new();
    for (at, finding) in findings.iter().enumerate().filter(|(_, finding)| finding.allowed.is_none()) {
        for one in std::iter::once(finding).chain(&finding.also) {
            about.entry((finding.rule.as_str(), one.subject)).or_default().push(at);
        }
    }
    let parent = |finding: &Finding| {
        finding.ties.from.iter().filter(|_| finding.allowed.is_none()).find_map(|(rule, thing)| {
            let mut list = about.get(&(rule.as_str(), *thing))?.iter();
            let as_bad = |at: &&usize| findings.get(**at).is_some_and(|main| main.severity >= finding.severity);
            list.find(as_bad).copied()
        })
    };
    let parents: Vec<Option<usize>> = findings.iter().map(parent).collect();
    // Rules don't follow from themselves, so a way upwards is no longer than there are findings.
    let up = |at: usize| parents.get(at).copied().flatten();
    parents
        .iter()
        .map(|first| {
            let mut root = (*first)?;
            for _ in 0..findings.len() {
                match up(root) {
                    Some(next) => root = next,
                    None => break,
                }
            }
            Some(root)
        })
        .collect()
}
