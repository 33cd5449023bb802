//! What a rule's examples decide. A part of its condition that could be taken out, or a parameter that could be another one,
//! without any example going another way, is one that nobody would miss; and why a rule is silent where it should fire.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::expr::{Budget, Checked, EntityRef, Value};
use crate::lint::parameter::ParameterValue;
use crate::lint::rule::{PARAMETERS_FROM, Rule};
use crate::lint::world::{Scope, World};
use crate::source::{Sources, Span};
use crate::yaml::{self, Node};

/// A part of a rule that examples may or may not decide.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Whether it is a parameter, and not an operand of an `and` or `or`.
    pub is_parameter: bool,
    /// As it is written.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// A rule as it would be without a part, or with another value of a parameter.
#[derive(Debug)]
pub struct Variant {
    /// The number of the piece that it lacks.
    pub piece: usize,
    when: Checked,
    lets: Vec<(String, Checked)>,
    parameters: Vec<ParameterValue>,
}

/// Elementary steps that one variant may take on one example.
const STEPS: u64 = 2_000_000;

/// Things about which it is told why a rule is silent.
const TOLD: usize = 5;

/// The pieces of a rule, and the rule without each. A number is tried at half and at twice its value: if neither makes a
/// difference, no example shows where the line is.
pub fn variants(rule: &Rule, sources: &Sources) -> (Vec<Piece>, Vec<Variant>) {
    let document = yaml::parse(sources, rule.span.source, &mut crate::diagnostic::Diagnostics::new());
    let node = |path: &[&str]| path.iter().try_fold(document.root()?, |node, key| node.get(key));
    let (mut pieces, mut variants) = (Vec::new(), Vec::new());
    let defaults: Vec<ParameterValue> = rule.parameters.iter().map(|known| known.default.clone()).collect();
    for (range, when) in rule.when.reductions() {
        let variant = Variant { piece: pieces.len(), when, lets: rule.lets.clone(), parameters: defaults.clone() };
        variants.push(variant);
        pieces.push(piece(node(&["when"]), range, rule.when_span));
    }
    let used = used(rule);
    let first = PARAMETERS_FROM + rule.parameters.len();
    for (at, (name, checked)) in rule.lets.iter().enumerate().filter(|(at, _)| used.contains(&(first + at))) {
        for (range, smaller) in checked.reductions() {
            let mut lets = rule.lets.clone();
            if let Some((_, place)) = lets.get_mut(at) {
                *place = smaller;
            }
            let (when, parameters) = (rule.when.clone(), defaults.clone());
            variants.push(Variant { piece: pieces.len(), when, lets, parameters });
            pieces.push(piece(node(&["let", name]), range, rule.when_span));
        }
    }
    for (at, parameter) in rule.parameters.iter().enumerate().filter(|(at, _)| used.contains(&(PARAMETERS_FROM + at))) {
        for other in others(&parameter.default) {
            let mut parameters = defaults.clone();
            if let Some(place) = parameters.get_mut(at) {
                *place = other;
            }
            let (when, lets) = (rule.when.clone(), rule.lets.clone());
            variants.push(Variant { piece: pieces.len(), when, lets, parameters });
        }
        pieces.push(Piece { is_parameter: true, text: parameter.name.clone(), span: parameter.span });
    }
    (pieces, variants)
}

/// The parameters and parts that a condition hangs on, by their slots; what only a message names decides nothing.
fn used(rule: &Rule) -> BTreeSet<usize> {
    let (mut open, mut used) = (rule.when.slots.clone(), BTreeSet::new());
    while let Some(slot) = open.pop() {
        let part = slot.checked_sub(PARAMETERS_FROM + rule.parameters.len()).and_then(|at| rule.lets.get(at));
        if used.insert(slot) {
            open.extend(part.iter().flat_map(|(_, checked)| &checked.slots));
        }
    }
    used
}

/// A part of the text of a node.
fn piece(node: Option<Node<'_>>, range: Range<usize>, whole: Span) -> Piece {
    let text = node.and_then(Node::as_str).and_then(|text| text.get(range.clone())).unwrap_or_default();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Piece { is_parameter: false, text, span: node.map_or(whole, |node| node.inner_span(range)) }
}

fn others(value: &ParameterValue) -> Vec<ParameterValue> {
    match value {
        ParameterValue::Number(0.0) => vec![ParameterValue::Number(1.0), ParameterValue::Number(-1.0)],
        ParameterValue::Number(x) => vec![ParameterValue::Number(x / 2.0), ParameterValue::Number(x * 2.0)],
        ParameterValue::Flag(flag) => vec![ParameterValue::Flag(!flag)],
        ParameterValue::Text(_) => vec![ParameterValue::Text(String::new())],
        ParameterValue::List(_) => vec![ParameterValue::List(Vec::new())],
    }
}

fn subjects(world: &World<'_>, rule: &Rule) -> Vec<EntityRef> {
    let target = rule.target;
    let all =
        (0..world.count(target)).filter_map(|index| Some(EntityRef { target, index: u32::try_from(index).ok()? }));
    all.filter(|subject| rule.subjects.include(world.graph, *subject)).collect()
}

/// Whether a variant of a rule fires on something; `None` if it fails.
pub fn fires<'w>(world: &World<'w>, rule: &'w Rule, variant: &'w Variant) -> Option<bool> {
    let budget = Budget::new(STEPS);
    let parameters: Vec<Value<'w>> = variant.parameters.iter().map(ParameterValue::as_value).collect();
    for subject in subjects(world, rule) {
        let scope = Scope::with(world, subject, &parameters, &variant.lets, &budget);
        if scope.value(&variant.when).ok()? == Value::Bool(true) {
            return Some(true);
        }
    }
    Some(false)
}

/// A condition taken apart into what its `and` and `or` join.
#[derive(Debug)]
pub struct Parts {
    checked: Checked,
    text: String,
    is_and: bool,
    operands: Vec<Parts>,
}

impl Parts {
    /// Those of a rule's condition.
    pub fn new(rule: &Rule, sources: &Sources) -> Self {
        let document = yaml::parse(sources, rule.span.source, &mut crate::diagnostic::Diagnostics::new());
        let text = document.root().and_then(|root| root.get("when")).and_then(Node::as_str).unwrap_or_default();
        Parts::of(&rule.when, text)
    }

    fn of(checked: &Checked, whole: &str) -> Self {
        let text = whole.get(checked.range()).unwrap_or_default();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let (is_and, operands) = checked.operands().unwrap_or((false, Vec::new()));
        let operands = operands.iter().map(|operand| Parts::of(operand, whole)).collect();
        Parts { checked: checked.clone(), text, is_and, operands }
    }
}

/// Why a rule says nothing: of each thing it is asked about, the part of its condition that is false, or what isn't known.
pub fn silence<'w>(world: &World<'w>, rule: &'w Rule, parts: &'w Parts) -> Vec<String> {
    let (budget, target) = (Budget::new(STEPS), rule.target.name());
    let parameters: Vec<Value<'w>> = rule.parameters.iter().map(|known| known.default.as_value()).collect();
    let mut told = Vec::new();
    let all = subjects(world, rule);
    for subject in all.iter().copied().take(TOLD) {
        let scope = Scope::with(world, subject, &parameters, &rule.lets, &budget);
        let mut found = Vec::new();
        blame(parts, &scope, &mut found);
        told.extend(found.into_iter().map(|reason| format!("{target} `{}`: {reason}", world.name(subject))));
    }
    let more = all.len().saturating_sub(TOLD);
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    if told.is_empty() {
        let asked = rule.subjects.told();
        told.push(format!("there is no {target}{asked} in it"));
    }
    told
}

fn blame<'w>(parts: &'w Parts, scope: &Scope<'_, 'w>, told: &mut Vec<String>) {
    let unknown = match scope.value(&parts.checked) {
        Ok(Value::Bool(true)) => return,
        Ok(Value::Unknown(missing)) => Some(missing),
        _ => None,
    };
    for operand in &parts.operands {
        let before = told.len();
        blame(operand, scope, told);
        // One operand that doesn't hold is enough for an `and`.
        if parts.is_and && told.len() > before {
            return;
        }
    }
    if parts.operands.is_empty() {
        let text = &parts.text;
        told.push(match unknown {
            // A `let` that can't be computed has no field of its own.
            Some(missing) if missing.field == "let" => format!("`{text}` is unknown"),
            Some(missing) => {
                let of = scope.world.name(missing.entity);
                format!("`{text}` is unknown, since nothing says `{}` of `{of}`", missing.field)
            }
            None => format!("`{text}` is false"),
        });
    }
}
