//! Many samples of an expression at once: each node makes a column of values, so that a sum or product is one loop.
//!
//! Only what costs nothing in clarity is done this way; for everything else, and for every value that isn't finite, the
//! caller evaluates sample by sample, which also knows what to say about it.

use std::borrow::Cow;

use crate::expr::ast::Arithmetic;
use crate::expr::formulas::FORMULAS;
use crate::expr::function::Function;
use crate::expr::ir::{Checked, Ir, IrKind, StreamId};

/// Where columns come from.
pub trait Columns {
    /// How many samples there are.
    fn count(&self) -> usize;
    /// The samples of a named value, or its one value.
    fn slot(&self, slot: usize) -> Option<Column<'_>>;
    /// Where a source of uncertainty stands in each sample, as quantiles.
    fn quantiles(&self, stream: StreamId) -> Option<Vec<f64>>;
    /// The same as quantiles of the standard normal distribution.
    fn normals(&self, stream: StreamId) -> Option<Vec<f64>>;
}

/// The values of an expression.
#[derive(Clone, Debug)]
pub enum Column<'c> {
    /// The same in every sample.
    Constant(f64),
    /// One for each sample.
    Varying(Cow<'c, [f64]>),
}

impl Column<'_> {
    fn at(&self, sample: usize) -> f64 {
        match self {
            Column::Constant(value) => *value,
            Column::Varying(values) => values.get(sample).copied().unwrap_or(f64::NAN),
        }
    }
}

/// All samples of an expression; `None` if it has to be evaluated one by one.
pub fn evaluate_columns<'c>(checked: &Checked, source: &'c dyn Columns) -> Option<Column<'c>> {
    column(&checked.ir, source)
}

/// The column of a node; `None` as soon as one value isn't finite, since an infinity may vanish again further up.
fn column<'c>(ir: &Ir, source: &'c dyn Columns) -> Option<Column<'c>> {
    let column = unchecked(ir, source)?;
    let finite = match &column {
        Column::Constant(value) => value.is_finite(),
        Column::Varying(Cow::Borrowed(_)) => true,
        Column::Varying(values) => values.iter().all(|value| value.is_finite()),
    };
    finite.then_some(column)
}

fn unchecked<'c>(ir: &Ir, source: &'c dyn Columns) -> Option<Column<'c>> {
    Some(match &ir.kind {
        IrKind::Number(value) => Column::Constant(*value),
        IrKind::Slot(slot) => source.slot(*slot)?,
        IrKind::Negate(inner) => map(column(inner, source)?, |x| -x),
        IrKind::Arithmetic(operator, a, b) => {
            let (a, b) = (column(a, source)?, column(b, source)?);
            match operator {
                Arithmetic::Add => both(a, b, |x, y| x + y),
                Arithmetic::Subtract => both(a, b, |x, y| x - y),
                Arithmetic::Multiply => both(a, b, |x, y| x * y),
                Arithmetic::Divide => both(a, b, |x, y| x / y),
                Arithmetic::Power => both(a, b, f64::powf),
            }
        }
        IrKind::Call(function @ (Function::Min | Function::Max | Function::Sum), list) => {
            let mut columns = list.iter().map(|ir| column(ir, source));
            let first = columns.next()??;
            columns.try_fold(first, |all, next| {
                let fold = match function {
                    Function::Min => f64::min,
                    Function::Max => f64::max,
                    _ => |x: f64, y: f64| x + y,
                };
                Some(both(all, next?, fold))
            })?
        }
        IrKind::Call(function, list) if !function.goes_over_lists() && *function != Function::OrElse => {
            let [inner] = list.as_slice() else { return None };
            map(column(inner, source)?, |x| function.of_one(x))
        }
        IrKind::Formula(at, list) => {
            let formula = FORMULAS.get(*at)?;
            let columns = list.iter().map(|ir| column(ir, source)).collect::<Option<Vec<_>>>()?;
            let value = |sample: usize| {
                let arguments: Vec<f64> = columns.iter().map(|column| column.at(sample)).collect();
                formula.value(&arguments)
            };
            if columns.iter().all(|column| matches!(column, Column::Constant(_))) {
                Column::Constant(value(0)?)
            } else {
                Column::Varying((0..source.count()).map(value).collect::<Option<Vec<_>>>()?.into())
            }
        }
        IrKind::Draw(distribution, stream, list) => {
            let parameters = list.iter().map(|ir| match column(ir, source)? {
                Column::Constant(value) => Some(value),
                Column::Varying(_) => None,
            });
            let parameters = parameters.collect::<Option<Vec<f64>>>()?;
            if distribution.complaint(&parameters).is_some() {
                return None;
            }
            let mut values =
                if distribution.is_normal() { source.normals(*stream)? } else { source.quantiles(*stream)? };
            if distribution.is_normal() {
                let (middle, width, logarithmic) = distribution.line(&parameters)?;
                for value in &mut values {
                    let x = middle + width * *value;
                    *value = if logarithmic { x.exp() } else { x };
                }
            } else {
                values.iter_mut().for_each(|value| *value = distribution.quantile(&parameters, *value));
            }
            Column::Varying(values.into())
        }
        _ => return None,
    })
}

fn map(column: Column<'_>, f: impl Fn(f64) -> f64) -> Column<'_> {
    match column {
        Column::Constant(value) => Column::Constant(f(value)),
        Column::Varying(values) => {
            let mut values = values.into_owned();
            values.iter_mut().for_each(|value| *value = f(*value));
            Column::Varying(values.into())
        }
    }
}

fn both<'c>(a: Column<'c>, b: Column<'c>, f: impl Fn(f64, f64) -> f64) -> Column<'c> {
    match (a, b) {
        (a, Column::Constant(y)) => map(a, |x| f(x, y)),
        (Column::Constant(x), b) => map(b, |y| f(x, y)),
        (Column::Varying(a), Column::Varying(b)) => {
            let mut values = a.into_owned();
            values.iter_mut().zip(b.iter()).for_each(|(x, y)| *x = f(*x, *y));
            Column::Varying(values.into())
        }
    }
}
