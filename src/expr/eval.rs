//! Values of checked expressions. Anything not known stays unknown; NaN and infinity are errors where they arise.

use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;

use crate::expr::ast::{Arithmetic, Comparison};
use crate::expr::distribution::{Distribution, standard_normal};
use crate::expr::error::ExprError;
use crate::expr::formulas::{FORMULAS, Formula};
use crate::expr::function::Function;
use crate::expr::ir::{Checked, FieldId, Ir, IrKind, StreamId};
use crate::expr::lists::{MEMBER, best, distinct, has};
use crate::vocabulary::Target;

/// A thing in the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityRef {
    /// What it is.
    pub target: Target,
    /// Which one.
    pub index: u32,
}

/// What would have to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// The thing that lacks a value.
    pub entity: EntityRef,
    /// The name of the field.
    pub field: &'static str,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'w> {
    /// A quantity in base units; its dimension is known from the check.
    Number(f64),
    /// True or false.
    Bool(bool),
    /// Text.
    Text(&'w str),
    /// A component, flow and so on.
    Entity(EntityRef),
    /// Several values.
    List(Rc<[Value<'w>]>),
    /// Not stated and not to be computed.
    Unknown(Missing),
}

/// Where an expression's names, fields and samples come from.
pub trait World<'w> {
    /// The value of a named slot.
    fn slot(&self, slot: usize) -> Value<'w>;
    /// The value of a field.
    fn field(&self, entity: EntityRef, field: FieldId) -> Value<'w>;
    /// A function of the schema's own, and how many elementary steps it took. An `Err` says what is wrong with its arguments.
    fn function(&self, id: u16, arguments: &[Value<'w>]) -> Result<(Value<'w>, usize), String>;
    /// What is missing where a member of an empty list is asked for; `None` makes that a mistake.
    fn nothing(&self) -> Option<Missing> {
        None
    }
    /// The quantile at which a source of uncertainty stands in this run; the median if none is being sampled.
    fn quantile(&self, stream: StreamId) -> f64;
    /// The same as a quantile of the standard normal distribution.
    fn normal(&self, stream: StreamId) -> f64 {
        standard_normal(self.quantile(stream))
    }
}

/// Steps of one formula that say more about its arguments than about the loop around it.
const LARGE: usize = 100_000;

/// How much work an evaluation may still do: rules come from strangers too.
#[derive(Debug)]
pub struct Budget {
    left: Cell<u64>,
}

impl Budget {
    /// A budget of so many elementary steps.
    pub fn new(steps: u64) -> Self {
        Budget { left: Cell::new(steps) }
    }

    /// What is left of it.
    pub fn left(&self) -> u64 {
        self.left.get()
    }

    /// Pays for a formula before it is called.
    fn spend_on(&self, formula: &Formula, values: &[f64], range: &Range<usize>) -> Result<(), Box<ExprError>> {
        let effort = formula.effort(values);
        self.spend(effort, range).map_err(|error| {
            if effort < LARGE {
                return error;
            }
            let message = format!("`{}` takes too long with numbers this large", formula.name);
            let error = ExprError::new("too-much-work", range.clone(), message);
            Box::new(error.help("use smaller numbers, or compute it once, outside of loops over lists"))
        })
    }

    #[inline]
    pub(super) fn spend(&self, steps: usize, range: &Range<usize>) -> Result<(), Box<ExprError>> {
        match self.left.get().checked_sub(steps as u64) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => Err(spent(range)),
        }
    }
}

#[cold]
fn spent(range: &Range<usize>) -> Box<ExprError> {
    let error = ExprError::new("too-much-work", range.clone(), "this was stopped because it takes too long");
    Box::new(error.help("avoid going over all components inside another loop over all components"))
}

/// Evaluates a checked expression.
pub fn evaluate<'w>(checked: &'w Checked, world: &dyn World<'w>, budget: &Budget) -> Result<Value<'w>, ExprError> {
    Evaluator { world, budget, locals: Vec::new() }.value(&checked.ir).map_err(|error| *error)
}

pub(super) struct Evaluator<'e, 'w> {
    pub(super) world: &'e dyn World<'w>,
    pub(super) budget: &'e Budget,
    locals: Vec<Value<'w>>,
}

/// A value is small and goes through many hands; a mistake is large and ends everything.
pub(super) type Evaluated<'w> = Result<Value<'w>, Box<ExprError>>;

/// A value that is none of the types that the check allowed; only our own mistake could make one.
pub(super) fn impossible<'w>(range: &Range<usize>) -> Evaluated<'w> {
    Err(ExprError::new("internal", range.clone(), "napkin misjudged the type of this; please report it").into())
}

impl<'w> Evaluator<'_, 'w> {
    pub(super) fn value(&mut self, ir: &'w Ir) -> Evaluated<'w> {
        self.budget.spend(1, &ir.range)?;
        match &ir.kind {
            IrKind::Number(value) => Ok(Value::Number(*value)),
            IrKind::Bool(value) => Ok(Value::Bool(*value)),
            IrKind::Text(text) => Ok(Value::Text(text)),
            IrKind::Slot(slot) => Ok(self.world.slot(*slot)),
            IrKind::Local(place) => self.locals.get(*place).cloned().map_or_else(|| impossible(&ir.range), Ok),
            IrKind::Field(inner, field) => match self.value(inner)? {
                Value::Entity(entity) => {
                    let value = self.world.field(entity, *field);
                    // A list has to be made before anything can be asked of it.
                    if let Value::List(items) = &value {
                        self.budget.spend(items.len(), &ir.range)?;
                    }
                    Ok(value)
                }
                unknown @ Value::Unknown(_) => Ok(unknown),
                _ => impossible(&ir.range),
            },
            IrKind::Negate(inner) => self.numbers(&[inner], &ir.range, |x| Ok(-x.first().copied().unwrap_or(0.0))),
            IrKind::Not(inner) => match self.value(inner)? {
                Value::Bool(value) => Ok(Value::Bool(!value)),
                unknown @ Value::Unknown(_) => Ok(unknown),
                _ => impossible(&ir.range),
            },
            IrKind::Arithmetic(operator, a, b) => match (self.value(a)?, self.value(b)?) {
                (Value::Number(x), Value::Number(y)) => Ok(Value::Number(arithmetic(*operator, x, y, &ir.range)?)),
                (unknown @ Value::Unknown(_), _) | (_, unknown @ Value::Unknown(_)) => Ok(unknown),
                _ => impossible(&ir.range),
            },
            IrKind::Compare(comparison, a, b) => {
                let (a, b) = (self.value(a)?, self.value(b)?);
                Ok(compare(*comparison, a, b))
            }
            IrKind::Junction(decisive, operands) => self.junction(operands, *decisive),
            IrKind::Member(value, list) => self.member(value, list, &ir.range),
            IrKind::Known(inner, known) => Ok(Value::Bool(!matches!(self.value(inner)?, Value::Unknown(_)) == *known)),
            IrKind::If(condition, yes, no) => match self.value(condition)? {
                Value::Bool(true) => self.value(yes),
                Value::Bool(false) => self.value(no),
                unknown @ Value::Unknown(_) => Ok(unknown),
                _ => impossible(&ir.range),
            },
            IrKind::Call(function, arguments) => self.call(*function, arguments, &ir.range),
            IrKind::Over(function, list, place, body) => self.over(*function, list, *place, body),
            IrKind::Matches(text, pattern) => self.matches(text, pattern, &ir.range),
            IrKind::Formula(at, arguments) => self.formula(*at, arguments, &ir.range),
            IrKind::Method(id, arguments) => {
                let values = arguments.iter().map(|argument| self.value(argument)).collect::<Result<Vec<_>, _>>()?;
                if let Some(unknown) = values.iter().find(|value| matches!(value, Value::Unknown(_))) {
                    return Ok(unknown.clone());
                }
                let (value, work) = self
                    .world
                    .function(*id, &values)
                    .map_err(|message| ExprError::new("wrong-arguments", ir.range.clone(), message))?;
                // A step through the graph is some lookups.
                self.budget.spend(work * 4, &ir.range)?;
                Ok(value)
            }
            IrKind::List(items) => {
                let values = items.iter().map(|item| self.value(item)).collect::<Result<Vec<_>, _>>()?;
                Ok(Value::List(values.into()))
            }
            IrKind::Draw(distribution, stream, parameters) => self.draw(*distribution, *stream, parameters, &ir.range),
        }
    }

    /// A function of numbers; unknown if one of them is.
    fn numbers(
        &mut self,
        list: &[&'w Ir],
        range: &Range<usize>,
        f: impl FnOnce(&[f64]) -> Result<f64, Box<ExprError>>,
    ) -> Evaluated<'w> {
        let mut numbers = Vec::with_capacity(list.len());
        for ir in list {
            match self.value(ir)? {
                Value::Number(x) => numbers.push(x),
                unknown @ Value::Unknown(_) => return Ok(unknown),
                _ => return impossible(range),
            }
        }
        Ok(Value::Number(f(&numbers)?))
    }

    /// `and` (decided by false) and `or` (decided by true). An unknown operand matters only if no other decides.
    fn junction(&mut self, operands: &'w [Ir], decisive: bool) -> Evaluated<'w> {
        let mut unknown = None;
        for operand in operands {
            match self.value(operand)? {
                value @ Value::Bool(found) if found == decisive => return Ok(value),
                value @ Value::Unknown(_) => {
                    unknown.get_or_insert(value);
                }
                _ => {}
            }
        }
        Ok(unknown.unwrap_or(Value::Bool(!decisive)))
    }

    fn member(&mut self, value: &'w Ir, list: &'w Ir, range: &Range<usize>) -> Evaluated<'w> {
        let value = self.value(value)?;
        let nothing = matches!(&list.kind, IrKind::List(members) if members.is_empty());
        if matches!(value, Value::Unknown(_)) && !nothing {
            return Ok(value);
        }
        // Most lists are written out, and need not be made to be searched.
        if let IrKind::List(members) = &list.kind {
            let mut unknown = None;
            for member in members {
                match self.value(member)? {
                    member @ Value::Unknown(_) => {
                        unknown.get_or_insert(member);
                    }
                    member if same(&member, &value) => return Ok(Value::Bool(true)),
                    _ => {}
                }
            }
            return Ok(unknown.unwrap_or(Value::Bool(false)));
        }
        match self.value(list)? {
            Value::List(items) => {
                self.budget.spend(items.len(), range)?;
                Ok(has(&items, &value))
            }
            unknown @ Value::Unknown(_) => Ok(unknown),
            _ => impossible(range),
        }
    }

    fn draw(
        &mut self,
        distribution: Distribution,
        stream: StreamId,
        parameters: &'w [Ir],
        range: &Range<usize>,
    ) -> Evaluated<'w> {
        let world = self.world;
        let list: Vec<&Ir> = parameters.iter().collect();
        self.numbers(&list, range, |parameters| {
            if let Some(complaint) = distribution.complaint(parameters) {
                return Err(ExprError::new("range-order", range.clone(), complaint).into());
            }
            let value = match distribution.line(parameters) {
                Some((middle, width, true)) => (middle + width * world.normal(stream)).exp(),
                Some((middle, width, false)) => middle + width * world.normal(stream),
                None => distribution.quantile(parameters, world.quantile(stream)),
            };
            Ok(finite(value, range)?)
        })
    }

    fn formula(&mut self, at: usize, arguments: &'w [Ir], range: &Range<usize>) -> Evaluated<'w> {
        let Some(formula) = FORMULAS.get(at) else { return impossible(range) };
        let list: Vec<&Ir> = arguments.iter().collect();
        let budget = self.budget;
        self.numbers(&list, range, |values| {
            budget.spend_on(formula, values, range)?;
            match formula.value(values) {
                Some(value) => Ok(finite(value, range)?),
                None => {
                    let shown: Vec<String> = values.iter().map(|x| crate::quantity::number(*x)).collect();
                    let message = format!("`{}` has no value for {}", formula.name, shown.join(", "));
                    let error = ExprError::new("undefined", range.clone(), message);
                    Err(error.help(format!("it holds for: {}", formula.valid)).into())
                }
            }
        })
    }

    /// A value where it is known, otherwise another one.
    fn or_else(&mut self, arguments: &'w [Ir], range: &Range<usize>) -> Evaluated<'w> {
        let [value, default] = arguments else { return impossible(range) };
        match self.value(value)? {
            Value::Unknown(_) => self.value(default),
            known => Ok(known),
        }
    }

    fn call(&mut self, function: Function, arguments: &'w [Ir], range: &Range<usize>) -> Evaluated<'w> {
        if function == Function::OrElse {
            return self.or_else(arguments, range);
        }
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(self.value(argument)?);
        }
        if function.is_of_sets() {
            return self.sets(function, &values, range);
        }
        if function.is_of_text() {
            return self.text(function, &values, range);
        }
        if let [Value::List(items)] = values.as_slice() {
            self.budget.spend(items.len(), range)?;
            match function {
                Function::First => return items.first().cloned().map_or_else(|| self.nothing(function, range), Ok),
                Function::Distinct => {
                    self.budget.spend(items.len() * MEMBER, range)?;
                    return Ok(distinct(items));
                }
                _ => {}
            }
            if function == Function::Count {
                return Ok(Value::Number(count(items.len())));
            }
            return self.fold(function, items, range);
        }
        if matches!(function, Function::Min | Function::Max | Function::Sum | Function::Mean) {
            return self.fold(function, &values, range);
        }
        match values.first() {
            Some(Value::Number(x)) => {
                let result = function.of_one(*x);
                if result.is_nan() {
                    let message = format!("this is not defined for {}", crate::quantity::number(*x));
                    return Err(ExprError::new("undefined", range.clone(), message).into());
                }
                Ok(Value::Number(finite(result, range)?))
            }
            Some(unknown @ Value::Unknown(_)) => Ok(unknown.clone()),
            _ => impossible(range),
        }
    }

    fn over(&mut self, function: Function, list: &'w Ir, place: usize, body: &'w Ir) -> Evaluated<'w> {
        let items = match self.value(list)? {
            Value::List(items) => items,
            unknown @ Value::Unknown(_) => return Ok(unknown),
            _ => return impossible(&list.range),
        };
        let mut unknown = None;
        let mut kept = Vec::new();
        for item in items.iter() {
            self.locals.truncate(place);
            self.locals.push(item.clone());
            let value = self.value(body)?;
            match (function, &value) {
                (Function::Any, Value::Bool(true)) | (Function::All, Value::Bool(false)) => {
                    self.locals.truncate(place);
                    return Ok(value);
                }
                (_, Value::Unknown(_)) => unknown = Some(value),
                (Function::Where | Function::Count, Value::Bool(true)) => kept.push(item.clone()),
                (Function::Where | Function::Count | Function::Any | Function::All, _) => {}
                _ => kept.push(value),
            }
        }
        self.locals.truncate(place);
        if let Some(unknown) = unknown {
            return Ok(unknown);
        }
        match function {
            Function::Any => Ok(Value::Bool(false)),
            Function::All => Ok(Value::Bool(true)),
            Function::Count => Ok(Value::Number(count(kept.len()))),
            Function::Where | Function::Map => Ok(Value::List(kept.into())),
            Function::MinBy | Function::MaxBy => match best(function, &kept).and_then(|at| items.get(at)) {
                Some(item) => Ok(item.clone()),
                None => self.nothing(function, &body.range),
            },
            Function::Union => self.joined(&kept, &body.range),
            _ => self.fold(function, &kept, &body.range),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "lists are far shorter than 2^52")]
pub(super) fn count(length: usize) -> f64 {
    length as f64
}

pub(crate) fn finite(value: f64, range: &Range<usize>) -> Result<f64, ExprError> {
    if value.is_finite() {
        return Ok(value);
    }
    Err(ExprError::new("overflow", range.clone(), "the result is too large to compute with"))
}

/// Arithmetic on numbers in base units.
pub(crate) fn arithmetic(operator: Arithmetic, x: f64, y: f64, range: &Range<usize>) -> Result<f64, ExprError> {
    let result = match operator {
        Arithmetic::Add => x + y,
        Arithmetic::Subtract => x - y,
        Arithmetic::Multiply => x * y,
        Arithmetic::Divide if y == 0.0 => {
            return Err(ExprError::new("division-by-zero", range.clone(), "this divides by zero")
                .help("use a value that is not zero, or guard it: `if x > 0 then … else …`"));
        }
        Arithmetic::Divide => x / y,
        Arithmetic::Power => x.powf(y),
    };
    if result.is_nan() {
        return Err(ExprError::new("undefined", range.clone(), "this has no value (a root of a negative number?)"));
    }
    finite(result, range)
}

/// Whether two values are equal, numbers up to rounding.
pub(super) fn same(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => close(*x, *y),
        _ => a == b,
    }
}

/// What a comparison says; unknown if one side is.
pub(super) fn compare<'w>(comparison: Comparison, a: Value<'w>, b: Value<'w>) -> Value<'w> {
    if let Value::Unknown(_) = a {
        return a;
    }
    if let Value::Unknown(_) = b {
        return b;
    }
    let holds = match (comparison, &a, &b) {
        (Comparison::Equal, Value::Number(x), Value::Number(y)) => close(*x, *y),
        (Comparison::NotEqual, Value::Number(x), Value::Number(y)) => !close(*x, *y),
        (Comparison::Less, Value::Number(x), Value::Number(y)) => x < y && !close(*x, *y),
        (Comparison::LessEqual, Value::Number(x), Value::Number(y)) => x < y || close(*x, *y),
        (Comparison::Greater, Value::Number(x), Value::Number(y)) => x > y && !close(*x, *y),
        (Comparison::GreaterEqual, Value::Number(x), Value::Number(y)) => x > y || close(*x, *y),
        (Comparison::NotEqual, ..) => a != b,
        _ => a == b,
    };
    Value::Bool(holds)
}

/// Equality up to rounding: `0.1 + 0.2 == 0.3` is what the writer meant.
fn close(x: f64, y: f64) -> bool {
    (x - y).abs() <= 1e-12 * x.abs().max(y.abs())
}
