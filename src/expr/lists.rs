//! Functions of lists: totals, members, and lists as sets. Members are told apart by value, never by place.

use std::collections::BTreeSet;
use std::ops::Range;
use std::rc::Rc;

use crate::expr::ast::Argument;
use crate::expr::check::{Checker, Checks, mismatch, typed};
use crate::expr::error::ExprError;
use crate::expr::eval::{EntityRef, Evaluated, Evaluator, Value, count, finite, impossible, same};
use crate::expr::function::Function;
use crate::expr::ir::IrKind;
use crate::expr::schema::Type;

impl Checker<'_> {
    /// What a list holds whose members can be told apart: no list of lists.
    pub(super) fn comparable<'t>(&self, ty: &'t Type, range: &Range<usize>) -> Result<&'t Type, ExprError> {
        match ty {
            Type::List(inner) if !matches!(**inner, Type::List(_) | Type::Group(..)) => Ok(inner),
            Type::List(_) => Err(mismatch("a list of single values", ty, range.clone())
                .help("make one list of them first: `union(list, x => x.…)`")),
            _ => Err(mismatch("a list", ty, range.clone())),
        }
    }

    /// `first(list)`, `distinct(list)`
    pub(super) fn of_list(
        &mut self,
        function: Function,
        name: &str,
        arguments: &[Argument],
        range: &Range<usize>,
    ) -> Checks {
        let [list] = self.exactly(name, arguments, range)?;
        let value = self.expression(&list.body)?;
        let ty = match (function, &value.ty) {
            (Function::First, Type::List(inner)) => (**inner).clone(),
            (_, ty) => {
                self.comparable(ty, &value.ir.range)?;
                ty.clone()
            }
        };
        Ok(typed(IrKind::Call(function, vec![value.ir]), range, ty))
    }

    /// `union(a, b)` and its like
    pub(super) fn of_sets(
        &mut self,
        function: Function,
        name: &str,
        arguments: &[Argument],
        range: &Range<usize>,
    ) -> Checks {
        let [a, b] = self.exactly(name, arguments, range)?;
        let (a, b) = (self.expression(&a.body)?, self.expression(&b.body)?);
        let (of_a, of_b) = (self.comparable(&a.ty, &a.ir.range)?, self.comparable(&b.ty, &b.ir.range)?);
        if !of_a.compatible(of_b) {
            let message = format!("{} and {} have nothing in common", a.ty.describe(), b.ty.describe());
            return Err(ExprError::new("type-mismatch", range.clone(), message)
                .help("both lists need members of one kind; `map(list, x => x.name)` makes a list of names"));
        }
        self.known_words(of_a, &b.ir)?;
        self.known_words(of_b, &a.ir)?;
        let ty = match function {
            Function::Subset | Function::Overlaps => Type::Bool,
            Function::Union if of_a != of_b => Type::List(Box::new(Type::Text)),
            _ => a.ty,
        };
        Ok(typed(IrKind::Call(function, vec![a.ir, b.ir]), range, ty))
    }
}

/// Steps that it takes to look a member up among others.
pub(super) const MEMBER: usize = 8;

impl<'w> Evaluator<'_, 'w> {
    /// What a function of the members of an empty list gives.
    pub(super) fn nothing(&self, function: Function, range: &Range<usize>) -> Evaluated<'w> {
        if let Some(missing) = self.world.nothing() {
            return Ok(Value::Unknown(missing));
        }
        let what = match function {
            Function::Min | Function::MinBy => "smallest",
            Function::Max | Function::MaxBy => "largest",
            Function::Mean => "mean",
            _ => "first",
        };
        Err(ExprError::new("undefined", range.clone(), format!("the {what} of nothing is not defined")).into())
    }

    /// Minimum, maximum, sum or mean of numbers. Of nothing, the sum and the maximum are 0; the others are not known.
    pub(super) fn fold(&self, function: Function, values: &[Value<'w>], range: &Range<usize>) -> Evaluated<'w> {
        let mut result: Option<f64> = None;
        for value in values {
            let x = match value {
                Value::Number(x) => *x,
                Value::Unknown(_) => return Ok(value.clone()),
                _ => return impossible(range),
            };
            result = Some(match (function, result) {
                (_, None) => x,
                (Function::Min, Some(y)) => x.min(y),
                (Function::Max, Some(y)) => x.max(y),
                (_, Some(y)) => finite(x + y, range)?,
            });
        }
        match (function, result) {
            (Function::Mean, Some(sum)) => Ok(Value::Number(sum / count(values.len()))),
            (_, Some(x)) => Ok(Value::Number(x)),
            (Function::Min | Function::Mean, None) => self.nothing(function, range),
            (_, None) => Ok(Value::Number(0.0)),
        }
    }

    /// A function of two lists. It is decided in spite of unknown members where these can't change the answer.
    pub(super) fn sets(&self, function: Function, values: &[Value<'w>], range: &Range<usize>) -> Evaluated<'w> {
        let (a, b) = match values {
            [Value::List(a), Value::List(b)] => (a, b),
            [unknown @ Value::Unknown(_), _] | [_, unknown @ Value::Unknown(_)] => return Ok(unknown.clone()),
            _ => return impossible(range),
        };
        self.budget.spend((a.len() + b.len()) * MEMBER, range)?;
        let inside: BTreeSet<Key<'_>> = b.iter().filter_map(key).collect();
        let (in_a, in_b) = (unknown_of(a), unknown_of(b));
        let mut known = a.iter().filter_map(key);
        match function {
            Function::Overlaps if known.any(|key| inside.contains(&key)) => return Ok(Value::Bool(true)),
            Function::Subset if in_b.is_none() && known.any(|key| !inside.contains(&key)) => {
                return Ok(Value::Bool(false));
            }
            Function::Subset if a.is_empty() => return Ok(Value::Bool(true)),
            _ => {}
        }
        if let Some(unknown) = in_a.or(in_b) {
            return Ok(unknown.clone());
        }
        let kept = |wanted: bool| {
            let members = a.iter().filter(|value| key(value).is_some_and(|key| inside.contains(&key) == wanted));
            without_repeats(members)
        };
        Ok(match function {
            Function::Overlaps => Value::Bool(false),
            Function::Subset => Value::Bool(known_subset(a, &inside)),
            Function::Intersect => kept(true),
            Function::Without => kept(false),
            _ => without_repeats(a.iter().chain(b.iter())),
        })
    }

    /// The members of several lists as one, without repeats.
    pub(super) fn joined(&self, lists: &[Value<'w>], range: &Range<usize>) -> Evaluated<'w> {
        let mut members: Vec<&Value<'w>> = Vec::new();
        for list in lists {
            let Value::List(items) = list else { return impossible(range) };
            self.budget.spend(items.len() * MEMBER, range)?;
            if let Some(unknown) = unknown_of(items) {
                return Ok(unknown.clone());
            }
            members.extend(items.iter());
        }
        Ok(without_repeats(members.into_iter()))
    }
}

/// What tells members apart.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key<'k> {
    Number(u64),
    Bool(bool),
    Text(&'k str),
    Entity(EntityRef),
}

/// The key of a member; `None` if it isn't known.
fn key<'k>(value: &Value<'k>) -> Option<Key<'k>> {
    match value {
        // Zero has two signs and is one value.
        Value::Number(x) => Some(Key::Number(if *x == 0.0 { 0 } else { x.to_bits() })),
        Value::Bool(flag) => Some(Key::Bool(*flag)),
        Value::Text(text) => Some(Key::Text(text)),
        Value::Entity(entity) => Some(Key::Entity(*entity)),
        Value::List(_) | Value::Unknown(_) => None,
    }
}

fn unknown_of<'v, 'w>(items: &'v [Value<'w>]) -> Option<&'v Value<'w>> {
    items.iter().find(|value| matches!(value, Value::Unknown(_)))
}

fn known_subset(a: &[Value<'_>], inside: &BTreeSet<Key<'_>>) -> bool {
    a.iter().filter_map(key).all(|key| inside.contains(&key))
}

fn without_repeats<'v, 'w: 'v>(items: impl Iterator<Item = &'v Value<'w>>) -> Value<'w> {
    let mut seen = BTreeSet::new();
    let kept: Vec<Value<'w>> = items.filter(|item| key(item).is_some_and(|key| seen.insert(key))).cloned().collect();
    Value::List(Rc::from(kept))
}

/// A list without repeats; unknown if a member is.
pub(super) fn distinct<'w>(items: &[Value<'w>]) -> Value<'w> {
    unknown_of(items).cloned().unwrap_or_else(|| without_repeats(items.iter()))
}

/// Whether a value is in a list; if it isn't among the known members, an unknown one might be it.
pub(super) fn has<'w>(items: &[Value<'w>], value: &Value<'w>) -> Value<'w> {
    if items.iter().any(|item| same(item, value)) {
        return Value::Bool(true);
    }
    unknown_of(items).cloned().unwrap_or(Value::Bool(false))
}

/// The place of the smallest or largest number, of equals the first.
pub(super) fn best(function: Function, keys: &[Value<'_>]) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (at, key) in keys.iter().enumerate() {
        let Value::Number(x) = key else { continue };
        let better = best.is_none_or(|(_, y)| if function == Function::MinBy { *x < y } else { *x > y });
        if better {
            best = Some((at, *x));
        }
    }
    best.map(|(at, _)| at)
}
