//! Rules over a world. What hangs on an unknown doesn't fire; it is counted.

use std::collections::{BTreeMap, BTreeSet};

use crate::attributes::{AttributeSet, Origin};
use crate::diagnostic::{Diagnostic, Diagnostics, Label, Severity};
use crate::expr::{Budget, Checked, EntityRef, ExprError, Gate, Type, Value};
use crate::lint::fix::propose;
use crate::lint::fold::ties;
use crate::lint::local::Local;
use crate::lint::parameter::Overrides;
use crate::lint::policy::Policy;
use crate::lint::rule::{Part, Rule, Template};
use crate::lint::suppress;
use crate::lint::world::{Asked, Scope, World};
use crate::lint::{Day, Finding, Fingerprint};
use crate::quantity::quantity;
use crate::source::Span;
use crate::vocabulary::Target;

/// Steps that one rule may take for each thing it is asked about, on top of a fixed allowance.
const STEPS_EACH: u64 = 2_000;
const STEPS_FIXED: u64 = 20_000_000;

/// A rule that could not decide about some things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotChecked {
    /// The rule.
    pub rule: String,
    /// How many things it could not decide about.
    pub count: usize,
    /// What would have to be stated, and where it was missing first.
    pub missing: Vec<(String, String)>,
}

/// What a run found.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Findings by place, then rule; allowed ones are among them.
    pub findings: Vec<Finding>,
    /// Rules that could not decide everywhere.
    pub not_checked: Vec<NotChecked>,
    /// The rules that were asked, by configuration or because the spec turns them on for something.
    pub asked: BTreeSet<String>,
    /// Mistakes in rules that show only while running.
    pub diagnostics: Diagnostics,
    /// How much work the conditions were, in elementary steps of evaluation.
    pub work: u64,
}

/// Runs the rules that a policy asks, with what is set of their parameters. Without a `today`, suppressions don't expire.
pub fn run<'w>(
    world: &World<'w>,
    rules: &'w [Rule],
    policy: Policy<'_>,
    overrides: Option<&'w Overrides>,
    today: Option<Day>,
) -> Outcome {
    let mut outcome = Outcome::default();
    let local = Local::new(world.graph, rules, &mut outcome.diagnostics);
    for rule in rules.iter().filter(|rule| policy.packs.have(&rule.pack)) {
        let severity = policy.severity(rule);
        if severity.is_some() || local.asks(rule) {
            outcome.asked.insert(rule.name.clone());
            one(world, &Asked::new(rule, overrides), severity, &local, &mut outcome);
        }
    }
    suppress::apply(world, rules, today, &mut outcome);
    outcome.findings.sort_by(|a, b| (a.span, &a.rule, &a.message).cmp(&(b.span, &b.rule, &b.message)));
    outcome
}

/// Asks one rule. `elsewhere` is how bad its findings are where the spec says nothing.
fn one<'w>(
    world: &World<'w>,
    asked: &Asked<'w>,
    elsewhere: Option<Severity>,
    local: &Local<'_>,
    outcome: &mut Outcome,
) {
    let rule = asked.rule;
    let count = world.count(rule.target);
    let steps = STEPS_FIXED + STEPS_EACH * count as u64;
    let budget = Budget::new(steps);
    let mut unknown = 0;
    let mut missing: BTreeMap<&'static str, String> = BTreeMap::new();
    let (gate, mut failed) = (Gate::of(&rule.when), false);
    for index in 0..count {
        let subject = EntityRef { target: rule.target, index: u32::try_from(index).unwrap_or(u32::MAX) };
        if !rule.subjects.include(world.graph, subject) {
            continue;
        }
        if gate.as_ref().is_some_and(|gate| gate.shuts_out(subject, |of, field| world.field_value(of, field))) {
            outcome.work += 1;
            continue;
        }
        // What is off by configuration is not asked at all; what the spec turns off is asked, and shown as allowed there.
        let (severity, waiver) = match local.severity(rule, subject, elsewhere) {
            Ok(severity) => (severity, None),
            Err(Some(waiver)) => (elsewhere.unwrap_or(rule.severity), Some(waiver)),
            Err(None) => continue,
        };
        match judge(world, asked, subject, &budget) {
            Ok(Verdict::Silent) => {}
            Ok(Verdict::Unknown(field, of)) => {
                unknown += 1;
                missing.entry(field).or_insert_with(|| world.name(of));
            }
            Ok(Verdict::Fires(finding)) => {
                outcome.findings.push(Finding { severity, allowed: waiver, ..*finding });
            }
            Err(error) => {
                let is_over = error.code == "too-much-work";
                // One of them says what is wrong.
                if !failed && let Some(diagnostic) = failure(world, rule, subject, error) {
                    outcome.diagnostics.push(diagnostic);
                    failed = true;
                }
                if is_over {
                    break;
                }
            }
        }
    }
    outcome.work += steps - budget.left();
    if unknown > 0 {
        let missing = missing.into_iter().map(|(field, of)| (field.to_owned(), of)).collect();
        outcome.not_checked.push(NotChecked { rule: rule.name.clone(), count: unknown, missing });
    }
}

/// A rule's failure. Its file is not among the spec's sources, so the message says where it is and points at what it was asked about.
fn failure(world: &World<'_>, rule: &Rule, subject: EntityRef, error: ExprError) -> Option<Diagnostic> {
    let place = defined(world, subject).or(world.graph.place)?;
    let mut diagnostic = error.at(|_| place);
    let (target, name) = (subject.target.name(), printable(&world.name(subject)));
    let about = if subject.target == Target::System { String::new() } else { format!(" for the {target} `{name}`") };
    diagnostic.message = format!("the rule `{}` ({}) failed{about}: {}", rule.name, rule.when_line, diagnostic.message);
    Some(diagnostic)
}

enum Verdict {
    Silent,
    Unknown(&'static str, EntityRef),
    Fires(Box<Finding>),
}

fn judge<'w>(world: &World<'w>, asked: &Asked<'w>, subject: EntityRef, budget: &Budget) -> Result<Verdict, ExprError> {
    let rule = asked.rule;
    let scope = Scope::new(world, subject, asked, budget);
    match scope.value(&rule.when)? {
        Value::Bool(true) => {}
        Value::Unknown(missing) => return Ok(Verdict::Unknown(missing.field, missing.entity)),
        _ => return Ok(Verdict::Silent),
    }
    let Some(span) = place(world, rule, subject) else { return Ok(Verdict::Silent) };
    let mut mentions = Mentions::default();
    let message = fill(&rule.message, &scope, &mut mentions)?;
    Ok(Verdict::Fires(Box::new(Finding {
        fingerprint: fingerprint(world, rule, subject, &mentions),
        ties: ties(rule, subject, &scope)?,
        fix: rule.fix.as_ref().map(|fix| propose(fix, subject, &scope)).transpose()?.flatten(),
        also: Vec::new(),
        related: related(world, subject, span, &mentions),
        rule: rule.name.clone(),
        severity: rule.severity,
        category: rule.category.clone(),
        pack: Some(rule.pack.clone()),
        confidence: rule.confidence,
        message,
        help: fill(&rule.help, &scope, &mut Mentions::default())?,
        subject,
        subject_name: world.name(subject),
        span,
        allowed: None,
    })))
}

/// Where a finding points: at the attribute that the rule names, if the spec states it, else at the thing.
fn place(world: &World<'_>, rule: &Rule, subject: EntityRef) -> Option<Span> {
    if let Some(Origin::Spec(span)) =
        own(world, subject).zip(rule.at).and_then(|(set, id)| set.get(id)).map(|a| &a.origin)
    {
        return Some(*span);
    }
    defined(world, subject)
}

/// What the spec states of a thing.
pub(super) fn own<'w>(world: &World<'w>, thing: EntityRef) -> Option<&'w AttributeSet> {
    let (graph, index) = (world.graph, thing.index as usize);
    match thing.target {
        Target::Component => graph.components.get(index).map(|c| &c.own),
        Target::Step => graph.steps.get(index).map(|s| &s.own),
        Target::Flow => graph.flows.get(index).map(|f| &f.own),
        Target::Data => graph.data.get(index).map(|d| &d.own),
        Target::System => Some(&graph.requires),
        Target::Link => None,
    }
}

/// Where a thing is described.
pub(super) fn defined(world: &World<'_>, thing: EntityRef) -> Option<Span> {
    let (graph, index) = (world.graph, thing.index as usize);
    match thing.target {
        Target::Component => graph.components.get(index).map(|c| c.span),
        Target::Link => graph.links.get(index).map(|l| l.span),
        Target::Step => graph.steps.get(index).map(|s| s.span),
        Target::Flow => graph.flows.get(index).map(|f| f.span),
        Target::Data => graph.data.get(index).map(|d| d.span),
        Target::System => graph.place,
    }
}

/// What a message names: words of the spec, and things.
#[derive(Default)]
pub(super) struct Mentions {
    words: BTreeSet<String>,
    things: Vec<EntityRef>,
}

impl Mentions {
    fn add(&mut self, value: &Value<'_>, world: &World<'_>) {
        match value {
            Value::Text(text) => {
                self.words.insert((*text).to_owned());
            }
            Value::Entity(entity) => {
                self.words.insert(world.name(*entity));
                self.things.push(*entity);
            }
            Value::List(items) => items.iter().for_each(|item| self.add(item, world)),
            // Figures change with every estimate and say nothing about which finding it is.
            Value::Number(_) | Value::Bool(_) | Value::Unknown(_) => {}
        }
    }
}

/// What stays the same about a finding. A call is told from its like by the flow it belongs to.
fn fingerprint(world: &World<'_>, rule: &Rule, subject: EntityRef, mentions: &Mentions) -> Fingerprint {
    let flow = match subject.target {
        Target::Step => world.graph.steps.get(subject.index as usize).and_then(|s| world.graph.flows.get(s.flow)),
        _ => None,
    };
    let name = world.name(subject);
    let fixed = [world.graph.name.as_str(), &rule.name, subject.target.name(), flow.map_or("", |f| &f.name), &name];
    Fingerprint::of(fixed.into_iter().chain(mentions.words.iter().map(String::as_str)))
}

/// Things beside the subject that a message may point at.
const RELATED: usize = 8;

/// Where the things stand that a message names, the subject among them if the finding points elsewhere.
fn related(world: &World<'_>, subject: EntityRef, place: Span, mentions: &Mentions) -> Vec<Label> {
    let mut labels: Vec<Label> = Vec::new();
    for thing in std::iter::once(&subject).chain(&mentions.things).filter(|thing| thing.target != Target::System) {
        let Some(span) = defined(world, *thing) else { continue };
        if span != place && labels.len() < RELATED && !labels.iter().any(|label| label.span == span) {
            labels.push(Label { span, text: format!("{} {}", thing.target.name(), printable(&world.name(*thing))) });
        }
    }
    labels
}

/// What users wrote ends up in terminals, logs and web pages: no control characters get through.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

pub(super) fn fill<'w>(
    template: &'w Template,
    scope: &Scope<'_, 'w>,
    mentions: &mut Mentions,
) -> Result<String, ExprError> {
    let mut text = String::new();
    for part in &template.parts {
        match part {
            Part::Text(fixed) => text.push_str(fixed),
            Part::Value(checked) => {
                let value = scope.value(checked)?;
                mentions.add(&value, scope.world);
                text.push_str(&shown(checked, &value, scope.world));
            }
        }
    }
    Ok(printable(&cut(text)))
}

/// Characters of a message: names in it may be of any length, and a thousand findings repeat them.
const MESSAGE: usize = 1000;

fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MESSAGE) {
        text.truncate(end);
        text.push('…');
    }
    text
}

fn shown(checked: &Checked, value: &Value<'_>, world: &World<'_>) -> String {
    match value {
        Value::Number(x) => {
            let dimension = match &checked.ty {
                Type::Quantity(dimension) => *dimension,
                _ => crate::quantity::Dimension::NONE,
            };
            quantity(*x, dimension, &checked.hint)
        }
        Value::Bool(flag) => flag.to_string(),
        Value::Text(text) => (*text).to_owned(),
        Value::Entity(entity) => world.name(*entity),
        Value::List(items) => {
            let names: Vec<String> = items.iter().take(4).map(|item| shown(checked, item, world)).collect();
            let more = if items.len() > 4 { format!(" and {} more", items.len() - 4) } else { String::new() };
            names.join(", ") + &more
        }
        Value::Unknown(_) => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{analyse, example};
    use crate::catalog::Catalog;
    use crate::lint::built_in;
    use crate::source::Sources;

    #[test]
    fn what_a_gate_shuts_out_its_whole_condition_is_false_for() {
        let catalog = Catalog::new();
        let rules = built_in(&mut Sources::new(), &mut Diagnostics::new());
        let (mut gates, mut shut) = (0, 0);
        for (at, rule) in rules.iter().enumerate() {
            // Things that a rule is about, and some that it is not about.
            let other = rules.get((at + 7) % rules.len()).map_or(&rule.bad, |other| &other.bad);
            let Some(gate) = Gate::of(&rule.when) else { continue };
            gates += 1;
            for (text, _) in rule.bad.iter().chain(&rule.good).chain(other) {
                let (sources, id) = example(text);
                let known = analyse(&sources, id, &catalog, &[], None);
                let world = World::new(&known.graph, &known.structure, &known.estimate);
                let asked = Asked::new(rule, None);
                for index in 0..world.count(rule.target) {
                    let subject = EntityRef { target: rule.target, index: u32::try_from(index).unwrap() };
                    if gate.shuts_out(subject, |of, field| world.field_value(of, field)) {
                        shut += 1;
                        let verdict = judge(&world, &asked, subject, &Budget::new(STEPS_FIXED)).unwrap();
                        assert!(matches!(verdict, Verdict::Silent), "{} on {}", rule.name, world.name(subject));
                    }
                }
            }
        }
        assert!(gates > 150 && shut > 1000, "{gates} gates shut out {shut} things");
    }
}
