//! Calls: which functions there are, what they take, what comes out.

use std::ops::Range;

use crate::diagnostic::suggestion;
use crate::expr::ast::Argument;
use crate::expr::check::{Checker, Checks, Typed, either, mismatch, typed};
use crate::expr::distribution::Distribution;
use crate::expr::error::ExprError;
use crate::expr::formulas::{FORMULAS, Formula, Kind as FormulaKind};
use crate::expr::function::{FUNCTIONS, Function, RULE_FUNCTIONS, meant, usage};
use crate::expr::ir::IrKind;
use crate::expr::schema::Type;
use crate::quantity::{Dimension, Hint};

impl Checker<'_> {
    pub(super) fn call(
        &mut self,
        name: &str,
        name_range: &Range<usize>,
        arguments: &[Argument],
        range: &Range<usize>,
    ) -> Checks {
        if let Some(distribution) = Distribution::from_name(name) {
            return self.distribution(distribution, name, arguments, range);
        }
        if let Some(function) = Function::from_name(name) {
            if function.goes_over_lists()
                && let [list, body] = arguments
                && body.variable.is_some()
            {
                return self.over(function, name, list, body, range);
            }
            return self.builtin(function, name, arguments, range);
        }
        if let Some((at, formula)) = Formula::find(name) {
            return self.formula(at, formula, arguments, range);
        }
        if let Some((id, parameters, result)) = self.schema.function(name) {
            let mut list = Vec::new();
            self.arity(name, arguments, parameters.len(), range)?;
            for (argument, wanted) in arguments.iter().zip(&parameters) {
                let value = self.expression(&argument.body)?;
                if !wanted.compatible(&value.ty) {
                    return Err(mismatch(&wanted.describe(), &value.ty, argument.body.range.clone()));
                }
                list.push(value.ir);
            }
            return Ok(typed(IrKind::Method(id, list), range, result));
        }
        let known = FUNCTIONS.iter().chain(RULE_FUNCTIONS).map(|(name, ..)| *name);
        let known = known
            .chain(FORMULAS.iter().map(|formula| formula.name))
            .chain(self.schema.functions().into_iter().map(|(name, _)| name));
        let help = meant(name).map(|meant| format!("write {meant}")).or_else(|| suggestion(name, known));
        Err(ExprError::new("unknown-function", name_range.clone(), format!("there is no function `{name}`"))
            .maybe_help(help))
    }

    /// The arguments of a function that takes so many values.
    pub(super) fn exactly<'a, const N: usize>(
        &self,
        name: &str,
        arguments: &'a [Argument],
        range: &Range<usize>,
    ) -> Result<&'a [Argument; N], ExprError> {
        self.arity(name, arguments, N, range)?;
        arguments.try_into().map_err(|_| self.miscounted(name, arguments, N, range))
    }

    fn arity(&self, name: &str, arguments: &[Argument], wanted: usize, range: &Range<usize>) -> Result<(), ExprError> {
        let odd = arguments.iter().any(|argument| argument.variable.is_some());
        if odd || arguments.len() != wanted { Err(self.miscounted(name, arguments, wanted, range)) } else { Ok(()) }
    }

    /// What is wrong with arguments that aren't so many values.
    fn miscounted(&self, name: &str, arguments: &[Argument], wanted: usize, range: &Range<usize>) -> ExprError {
        if let Some(odd) = arguments.iter().find(|argument| argument.variable.is_some()) {
            let message = format!("`{name}` takes values, not a function of a variable");
            return ExprError::new("type-mismatch", odd.body.range.clone(), message);
        }
        let error = ExprError::new(
            "wrong-arguments",
            range.clone(),
            format!(
                "`{name}` takes {wanted} {}, here are {}",
                if wanted == 1 { "value" } else { "values" },
                arguments.len()
            ),
        );
        let own = || self.schema.functions().into_iter().find(|(known, _)| *known == name).map(|(_, usage)| usage);
        error.maybe_help(usage(name).or_else(own).map(|usage| format!("write {usage}")))
    }

    fn formula(&mut self, at: usize, formula: &Formula, arguments: &[Argument], range: &Range<usize>) -> Checks {
        let wanted = formula.parameters.len();
        let fits = if formula.repeats { arguments.len() >= wanted } else { arguments.len() == wanted };
        if !fits {
            let count = format!("{}{wanted}", if formula.repeats { "at least " } else { "" });
            let message = format!("`{}` takes {count} values, here are {}", formula.name, arguments.len());
            return Err(ExprError::new("wrong-arguments", range.clone(), message).help(format!(
                "write {}, for example `{}`",
                formula.usage(),
                formula.example.0
            )));
        }
        let mut same = None;
        let mut list = Vec::new();
        for (place, value) in self.values(arguments)?.into_iter().enumerate() {
            let parameter = formula.parameters.get(place).or(formula.parameters.last());
            let (name, kind) = parameter.copied().unwrap_or(("", FormulaKind::Number));
            let blame = value.ir.range.clone();
            let Type::Quantity(found) = value.ty else {
                return Err(mismatch(&format!("a number for `{name}`"), &value.ty, blame));
            };
            let dimension = kind.dimension().unwrap_or_else(|| *same.get_or_insert(found));
            if found != dimension {
                let error = mismatch(&format!("{dimension} for `{name}`"), &value.ty, blame);
                return Err(error.help(format!("write {}, for example `{}`", formula.usage(), formula.example.0)));
            }
            list.push(value.ir);
        }
        let dimension = formula.result.dimension().or(same).unwrap_or_default();
        let hint = formula.result.hint();
        Ok(Typed { hint, ..typed(IrKind::Formula(at, list), range, Type::Quantity(dimension)) })
    }

    fn distribution(
        &mut self,
        distribution: Distribution,
        name: &str,
        arguments: &[Argument],
        range: &Range<usize>,
    ) -> Checks {
        self.arity(name, arguments, distribution.arity(), range)?;
        let draws = self.draws;
        let mut dimension = None;
        let mut parameters = Vec::new();
        for argument in arguments {
            let (value, found) = self.quantity(&argument.body)?;
            if *dimension.get_or_insert(found) != found {
                return Err(mismatch("a value like the first", &value.ty, argument.body.range.clone()));
            }
            parameters.push(value.ir);
        }
        if self.draws > draws {
            return Err(ExprError::new(
                "nested-uncertainty",
                range.clone(),
                "the parameters of an uncertain value must be certain",
            ));
        }
        let numbers: Vec<f64> =
            parameters.iter().filter_map(|ir| if let IrKind::Number(x) = ir.kind { Some(x) } else { None }).collect();
        if numbers.len() == parameters.len()
            && let Some(complaint) = distribution.complaint(&numbers)
        {
            return Err(ExprError::new("range-order", range.clone(), complaint.to_owned()));
        }
        let kind = self.draw(distribution, parameters);
        Ok(typed(kind, range, Type::Quantity(dimension.unwrap_or_default())))
    }

    fn over(
        &mut self,
        function: Function,
        name: &str,
        list: &Argument,
        body: &Argument,
        range: &Range<usize>,
    ) -> Checks {
        let list_value = self.expression(&list.body)?;
        let Type::List(inner) = &list_value.ty else {
            return Err(mismatch("a list", &list_value.ty, list.body.range.clone()));
        };
        let place = self.locals.len();
        self.locals.push((body.variable.clone().unwrap_or_default(), (**inner).clone()));
        let result = self.expression(&body.body);
        self.locals.pop();
        let value = result?;
        let ty = match (function, &value.ty) {
            (Function::Any | Function::All, Type::Bool) => Type::Bool,
            (Function::Count, Type::Bool) => Type::Quantity(Dimension::NONE),
            (Function::Where, Type::Bool) => list_value.ty.clone(),
            (Function::Any | Function::All | Function::Count | Function::Where, other) => {
                return Err(mismatch("a condition", other, body.body.range.clone()));
            }
            (Function::MinBy | Function::MaxBy, Type::Quantity(_)) => (**inner).clone(),
            (Function::Union, lists @ Type::List(_)) => {
                self.comparable(lists, &body.body.range)?;
                lists.clone()
            }
            (Function::Union, other) => return Err(mismatch("a list of each", other, body.body.range.clone())),
            (Function::Map, other) => Type::List(Box::new(other.clone())),
            (_, Type::Quantity(dimension)) => Type::Quantity(*dimension),
            (_, other) => return Err(mismatch(&format!("a number for `{name}`"), other, body.body.range.clone())),
        };
        let of_body = !matches!(function, Function::Count | Function::MinBy | Function::MaxBy);
        let hint = if matches!(ty, Type::Quantity(_)) && of_body { value.hint } else { Hint::Auto };
        Ok(Typed {
            hint,
            ..typed(IrKind::Over(function, Box::new(list_value.ir), place, Box::new(value.ir)), range, ty)
        })
    }

    fn builtin(&mut self, function: Function, name: &str, arguments: &[Argument], range: &Range<usize>) -> Checks {
        match function {
            Function::Count => {
                let [list] = self.exactly(name, arguments, range)?;
                let value = self.expression(&list.body)?;
                if !matches!(value.ty, Type::List(_)) {
                    return Err(mismatch("a list", &value.ty, range.clone()));
                }
                Ok(typed(IrKind::Call(function, vec![value.ir]), range, Type::Quantity(Dimension::NONE)))
            }
            Function::Min | Function::Max | Function::Sum | Function::Mean => {
                self.many(function, name, arguments, range)
            }
            Function::OrElse => {
                let [value, default] = self.exactly(name, arguments, range)?;
                let (value, default) = (self.expression(&value.body)?, self.expression(&default.body)?);
                if !value.ty.compatible(&default.ty) {
                    let message = "the default must be of the same kind as the value";
                    return Err(ExprError::new("type-mismatch", range.clone(), message));
                }
                let ty = either(&value, &default);
                let call = typed(IrKind::Call(function, vec![value.ir, default.ir]), range, ty);
                Ok(Typed { hint: value.hint, ..call })
            }
            Function::First | Function::Distinct => self.of_list(function, name, arguments, range),
            Function::Union | Function::Intersect | Function::Without | Function::Subset | Function::Overlaps => {
                self.of_sets(function, name, arguments, range)
            }
            Function::StartsWith | Function::EndsWith | Function::Contains | Function::Length => {
                self.of_text(function, name, arguments, range)
            }
            Function::Matches => self.pattern(name, arguments, range),
            Function::Any | Function::All | Function::Where | Function::Map | Function::MinBy | Function::MaxBy => {
                let usage = usage(name).unwrap_or_default();
                Err(ExprError::new("wrong-arguments", range.clone(), format!("`{name}` goes over a list"))
                    .help(format!("write {usage}")))
            }
            _ => self.of_one(function, name, arguments, range),
        }
    }

    fn of_one(&mut self, function: Function, name: &str, arguments: &[Argument], range: &Range<usize>) -> Checks {
        let [argument] = self.exactly(name, arguments, range)?;
        let (value, dimension) = self.quantity(&argument.body)?;
        let result = match function {
            Function::Abs => dimension,
            Function::Sqrt => dimension
                .root()
                .ok_or_else(|| mismatch("a value whose root has a unit", &value.ty, argument.body.range.clone()))?,
            _ if dimension.is_none() => dimension,
            _ => {
                return Err(mismatch("a plain number", &value.ty, argument.body.range.clone()).help(format!(
                    "divide by a unit first: `{name}(x / 1 {})`",
                    if dimension == Dimension::TIME { "s" } else { "GB" }
                )));
            }
        };
        let hint = if matches!(function, Function::Abs | Function::Ceil | Function::Floor | Function::Round) {
            value.hint
        } else {
            Hint::Auto
        };
        Ok(Typed { hint, ..typed(IrKind::Call(function, vec![value.ir]), range, Type::Quantity(result)) })
    }

    fn many(&mut self, function: Function, name: &str, arguments: &[Argument], range: &Range<usize>) -> Checks {
        if arguments.is_empty() {
            return Err(ExprError::new("wrong-arguments", range.clone(), format!("`{name}` needs at least one value")));
        }
        let values = self.values(arguments)?;
        let mut dimension = None;
        for (value, argument) in values.iter().zip(arguments) {
            let found = match &value.ty {
                Type::Quantity(dimension) => *dimension,
                Type::List(inner) => match **inner {
                    Type::Quantity(dimension) if arguments.len() == 1 => dimension,
                    _ => {
                        return Err(mismatch("numbers", &value.ty, argument.body.range.clone())
                            .help(format!("say which number of each: `{name}(list, x => x.…)`")));
                    }
                },
                other => return Err(mismatch("a number", other, argument.body.range.clone())),
            };
            let first = *dimension.get_or_insert(found);
            if first != found {
                return Err(ExprError::new(
                    "dimension-mismatch",
                    argument.body.range.clone(),
                    format!("`{name}` of {first} and {found} makes no sense"),
                )
                .help("all values need the same dimension"));
            }
        }
        let hint = values.first().map_or(Hint::Auto, |value| value.hint.clone());
        let list = values.into_iter().map(|value| value.ir).collect();
        Ok(Typed { hint, ..typed(IrKind::Call(function, list), range, Type::Quantity(dimension.unwrap_or_default())) })
    }

    pub(super) fn values(&mut self, arguments: &[Argument]) -> Result<Vec<Typed>, ExprError> {
        if let Some(odd) = arguments.iter().find(|argument| argument.variable.is_some()) {
            return Err(ExprError::new(
                "type-mismatch",
                odd.body.range.clone(),
                "a function of a variable comes after a list: `f(list, x => …)`",
            ));
        }
        arguments.iter().map(|argument| self.expression(&argument.body)).collect()
    }
}
