//! Names, types and dimensions: an expression that passes can fail later only for its numbers.

use std::ops::Range;

use crate::diagnostic::suggestion;
use crate::expr::ast::{Argument, Arithmetic, Ast, AstKind, Comparison, Target as UnitTarget};
use crate::expr::distribution::Distribution;
use crate::expr::error::ExprError;
use crate::expr::eval::arithmetic;
use crate::expr::formulas::{FORMULAS, Formula, Kind as FormulaKind};
use crate::expr::function::{FUNCTIONS, Function};
use crate::expr::ir::{Checked, Ir, IrKind};
use crate::expr::sampling::stream_id;
use crate::expr::schema::{FieldType, NameType, Schema, Type};
use crate::expr::traps;
use crate::quantity::{Dimension, Hint, unit};

/// Checks an expression against a schema.
pub fn check(ast: &Ast, schema: &dyn Schema) -> Result<Checked, ExprError> {
    let mut checker = Checker { schema, locals: Vec::new(), draws: 0, slots: Vec::new(), words: Vec::new() };
    let typed = checker.expression(ast)?;
    if let Type::Group(..) = typed.ty {
        return Err(mismatch("a value", &typed.ty, ast.range.clone()));
    }
    let Checker { draws, slots, words, .. } = checker;
    Ok(Checked { ir: typed.ir, ty: typed.ty, hint: typed.hint, uncertain: draws > 0, slots, words })
}

struct Checker<'s> {
    schema: &'s dyn Schema,
    locals: Vec<(String, Type)>,
    draws: usize,
    slots: Vec<usize>,
    words: Vec<(usize, &'static [&'static str])>,
}

struct Typed {
    ir: Ir,
    ty: Type,
    hint: Hint,
}

type Checks = Result<Typed, ExprError>;

fn typed(kind: IrKind, range: &Range<usize>, ty: Type) -> Typed {
    Typed { ir: Ir { kind, range: range.clone() }, ty, hint: Hint::Auto }
}

fn mismatch(expected: &str, found: &Type, range: Range<usize>) -> ExprError {
    ExprError::new("type-mismatch", range, format!("{expected} is needed here, this is {}", found.describe()))
}

impl Checker<'_> {
    fn expression(&mut self, ast: &Ast) -> Checks {
        let range = &ast.range;
        match &ast.kind {
            AstKind::Number { value, dimension, noun, percent } => {
                let hint = match noun {
                    Some(noun) => Hint::Noun(noun.clone()),
                    None if *percent => Hint::Percent,
                    None => Hint::Auto,
                };
                Ok(Typed { hint, ..typed(IrKind::Number(*value), range, Type::Quantity(*dimension)) })
            }
            AstKind::Text(text) => Ok(typed(IrKind::Text(text.clone()), range, Type::Text)),
            AstKind::Name(name) => self.name(name, range),
            AstKind::Field(..) => self.field(ast),
            AstKind::Negate(inner) => self.negate(inner, range),
            AstKind::Not(inner) => {
                let inner = self.condition(inner)?;
                Ok(typed(IrKind::Not(Box::new(inner)), range, Type::Bool))
            }
            AstKind::Arithmetic(operator, a, b) => self.arithmetic(*operator, a, b, range),
            AstKind::Compare(comparison, a, b) => self.compare(*comparison, a, b, range),
            AstKind::And(a, b) => {
                let (a, b) = (self.condition(a)?, self.condition(b)?);
                Ok(typed(IrKind::And(Box::new(a), Box::new(b)), range, Type::Bool))
            }
            AstKind::Or(a, b) => {
                let (a, b) = (self.condition(a)?, self.condition(b)?);
                Ok(typed(IrKind::Or(Box::new(a), Box::new(b)), range, Type::Bool))
            }
            AstKind::Convert(value, target) => self.convert(value, target),
            AstKind::Member(value, list) => self.member(value, list, range),
            AstKind::Known(value, known) => {
                let value = self.expression(value)?;
                Ok(typed(IrKind::Known(Box::new(value.ir), *known), range, Type::Bool))
            }
            AstKind::If(condition, yes, no) => self.conditional(condition, yes, no, range),
            AstKind::Call(name, name_range, arguments) => self.call(name, name_range, arguments, range),
            AstKind::List(items) => self.list(items, range),
            AstKind::Range(low, high) => self.interval(low, high, range),
        }
    }

    fn quantity(&mut self, ast: &Ast) -> Result<(Typed, Dimension), ExprError> {
        let value = self.expression(ast)?;
        match value.ty {
            Type::Quantity(dimension) => Ok((value, dimension)),
            ref other => Err(mismatch("a number", other, ast.range.clone())),
        }
    }

    fn condition(&mut self, ast: &Ast) -> Result<Ir, ExprError> {
        let value = self.expression(ast)?;
        match value.ty {
            Type::Bool => Ok(value.ir),
            ref other => Err(mismatch("a condition", other, ast.range.clone())
                .help("compare it with something: `x > 0`, `x == \"…\"`, `x is known`")),
        }
    }

    fn name(&mut self, name: &str, range: &Range<usize>) -> Checks {
        if let Some(index) = self.locals.iter().rposition(|(local, _)| local == name) {
            let ty = self.locals.get(index).map_or(Type::Bool, |(_, ty)| ty.clone());
            return Ok(typed(IrKind::Local(index), range, ty));
        }
        if let Some(found) = self.schema.name(name) {
            return Ok(self.named(found, range));
        }
        if let Some(unit) = unit(name) {
            return Ok(typed(IrKind::Number(unit.factor), range, Type::Quantity(unit.dimension)));
        }
        if name == "true" || name == "false" {
            return Ok(typed(IrKind::Bool(name == "true"), range, Type::Bool));
        }
        if traps::is_noun(name, self.schema.nouns()) {
            return Err(ExprError::new(
                "unknown-name",
                range.clone(),
                format!("`{name}` says what is counted, but there is no number before it"),
            )
            .help(format!("write `1 {name}`, or a name that `assume:` defines")));
        }
        let known: Vec<String> =
            self.schema.names().into_iter().chain(self.locals.iter().map(|(local, _)| local.clone())).collect();
        let help = suggestion(name, known.iter().map(String::as_str));
        Err(ExprError::new("unknown-name", range.clone(), format!("nothing is called `{name}` here")).maybe_help(help))
    }

    fn named(&mut self, found: NameType, range: &Range<usize>) -> Typed {
        match found {
            NameType::Slot { slot, ty, hint } => {
                if !self.slots.contains(&slot) {
                    self.slots.push(slot);
                }
                Typed { hint, ..typed(IrKind::Slot(slot), range, ty) }
            }
            NameType::Constant { value, dimension } => typed(IrKind::Number(value), range, Type::Quantity(dimension)),
            NameType::Interval { low, high, dimension, label } => {
                self.draws += 1;
                let ends = [low, high].map(|end| Ir { kind: IrKind::Number(end), range: range.clone() });
                typed(
                    IrKind::Draw(Distribution::Interval, stream_id(&label), ends.into()),
                    range,
                    Type::Quantity(dimension),
                )
            }
        }
    }

    fn field(&mut self, ast: &Ast) -> Checks {
        let AstKind::Field(inner, field) = &ast.kind else { return self.expression(ast) };
        let range = &ast.range;
        if let Some(found) = dotted(ast).and_then(|path| self.schema.name(&path)) {
            return Ok(self.named(found, range));
        }
        if let Some(path) = dotted(inner) {
            let siblings: Vec<String> = self
                .schema
                .names()
                .into_iter()
                .filter_map(|name| name.strip_prefix(&format!("{path}.")).map(str::to_owned))
                .collect();
            if !siblings.is_empty() {
                let last = range.end - field.len()..range.end;
                let help = suggestion(field, siblings.iter().map(String::as_str));
                return Err(
                    ExprError::new("unknown-name", last, format!("there is no `{path}.{field}`")).maybe_help(help)
                );
            }
        }
        // A value may have further values below its name (`service_time` and `service_time.p99`).
        if let Some((base, path)) = chain(ast)
            && let AstKind::Name(_) = base.kind
            && let Ok(Typed { ir, ty: Type::Entity(of), .. }) = self.expression(base)
            && let FieldType::Field(id, ty, hint) = self.schema.field(of, &path)
        {
            return Ok(Typed { hint, ..typed(IrKind::Field(Box::new(ir), id), range, ty) });
        }
        let inner = self.expression(inner)?;
        let (of, path) = match &inner.ty {
            Type::Entity(of) => (*of, field.clone()),
            Type::Group(of, start) => (*of, format!("{start}.{field}")),
            Type::List(_) => {
                return Err(mismatch("a single thing", &inner.ty, inner.ir.range.clone())
                    .help(format!("go over the list: `any(list, x => x.{field} …)`, `sum(list, x => x.{field})`")));
            }
            other => {
                return Err(ExprError::new(
                    "unknown-field",
                    range.clone(),
                    format!("{} has no fields", other.describe()),
                ));
            }
        };
        match self.schema.field(of, &path) {
            FieldType::Field(id, ty, hint) => {
                Ok(Typed { hint, ..typed(IrKind::Field(Box::new(inner.ir), id), range, ty) })
            }
            FieldType::Group => Ok(typed(inner.ir.kind, range, Type::Group(of, path))),
            FieldType::None => {
                let last = range.end - field.len()..range.end;
                let help = suggestion(&path, self.schema.fields(of));
                Err(ExprError::new("unknown-field", last, format!("a {} has no `{path}`", of.name()))
                    .help(help.unwrap_or_else(|| "`napkin rules fields` lists all fields".to_owned())))
            }
        }
    }

    fn negate(&mut self, inner: &Ast, range: &Range<usize>) -> Checks {
        let (inner, dimension) = self.quantity(inner)?;
        let kind = match inner.ir.kind {
            IrKind::Number(value) => IrKind::Number(-value),
            _ => IrKind::Negate(Box::new(inner.ir)),
        };
        Ok(Typed { hint: inner.hint, ..typed(kind, range, Type::Quantity(dimension)) })
    }

    fn arithmetic(&mut self, operator: Arithmetic, a: &Ast, b: &Ast, range: &Range<usize>) -> Checks {
        let (a_ast, b_ast) = (a, b);
        let (a, left) = self.quantity(a)?;
        let (b, right) = self.quantity(b)?;
        let result = match operator {
            Arithmetic::Add | Arithmetic::Subtract if left == right => Some(left),
            Arithmetic::Add | Arithmetic::Subtract => {
                return Err(clash(
                    if operator == Arithmetic::Add { "add" } else { "subtract" },
                    (a_ast, left),
                    (b_ast, right),
                    range,
                ));
            }
            Arithmetic::Multiply => left.times(right),
            Arithmetic::Divide => left.per(right),
            Arithmetic::Power => power(left, right, &b.ir, &b_ast.range)?,
        };
        let dimension = result.ok_or_else(|| {
            ExprError::new("too-many-units", range.clone(), "this combines units to a power that can't mean anything")
        })?;
        let hint = carried_hint(operator, (&a.hint, left), (&b.hint, right));
        let kind = match (&a.ir.kind, &b.ir.kind) {
            (IrKind::Number(x), IrKind::Number(y)) => IrKind::Number(arithmetic(operator, *x, *y, range)?),
            _ => IrKind::Arithmetic(operator, Box::new(a.ir), Box::new(b.ir)),
        };
        Ok(Typed { hint, ..typed(kind, range, Type::Quantity(dimension)) })
    }

    fn compare(&mut self, comparison: Comparison, a: &Ast, b: &Ast, range: &Range<usize>) -> Checks {
        let (left, right) = (self.expression(a)?, self.expression(b)?);
        self.known_word(&left, &right.ir)?;
        self.known_word(&right, &left.ir)?;
        let ordered = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        match (&left.ty, &right.ty) {
            (Type::Quantity(x), Type::Quantity(y)) if x == y => {}
            (Type::Quantity(x), Type::Quantity(y)) => return Err(clash("compare", (a, *x), (b, *y), range)),
            (x, y) if x.compatible(y) && !ordered && !matches!(x, Type::Group(..)) => {}
            (x, y) if x.compatible(y) => {
                return Err(ExprError::new("type-mismatch", range.clone(), format!("{} has no order", x.describe()))
                    .help("compare with `==` or `!=`"));
            }
            (x, y) => {
                return Err(ExprError::new(
                    "type-mismatch",
                    range.clone(),
                    format!("{} can't be compared with {}", x.describe(), y.describe()),
                ));
            }
        }
        Ok(typed(IrKind::Compare(comparison, Box::new(left.ir), Box::new(right.ir)), range, Type::Bool))
    }

    fn convert(&mut self, value: &Ast, target: &UnitTarget) -> Checks {
        let (mut inner, dimension) = self.quantity(value)?;
        inner.hint = match target {
            UnitTarget::Unit { text, factor, dimension: wanted, range } => {
                if dimension != *wanted {
                    return Err(ExprError::new(
                        "dimension-mismatch",
                        range.clone(),
                        format!("{dimension} can't be shown in `{text}`, which is {wanted}"),
                    )
                    .label(format!("the value is {dimension}"))
                    .help(format!(
                        "multiply or divide by what is missing, or convert to a unit of {dimension}, such as {}",
                        dimension.example()
                    )));
                }
                Hint::Unit { text: text.clone(), factor: *factor }
            }
            UnitTarget::Percent | UnitTarget::Nines if !dimension.is_none() => {
                return Err(mismatch("a plain number", &inner.ty, value.range.clone()));
            }
            UnitTarget::Percent => Hint::Percent,
            UnitTarget::Nines => Hint::Nines,
        };
        Ok(inner)
    }

    fn member(&mut self, value: &Ast, list: &Ast, range: &Range<usize>) -> Checks {
        let left = self.expression(value)?;
        let right = self.expression(list)?;
        let Type::List(inner) = &right.ty else { return Err(mismatch("a list", &right.ty, list.range.clone())) };
        if !inner.compatible(&left.ty) {
            return Err(ExprError::new(
                "type-mismatch",
                range.clone(),
                format!("{} can't be in {}", left.ty.describe(), right.ty.describe()),
            ));
        }
        match &right.ir.kind {
            IrKind::List(items) => items.iter().try_for_each(|item| self.known_word(&left, item))?,
            _ => self.known_word(&left, &right.ir)?,
        }
        Ok(typed(IrKind::Member(Box::new(left.ir), Box::new(right.ir)), range, Type::Bool))
    }

    fn conditional(&mut self, condition: &Ast, yes: &Ast, no: &Ast, range: &Range<usize>) -> Checks {
        let condition = self.condition(condition)?;
        let (a, b) = (self.expression(yes)?, self.expression(no)?);
        if !a.ty.compatible(&b.ty) {
            return Err(ExprError::new(
                "type-mismatch",
                range.clone(),
                format!("one branch is {}, the other is {}", a.ty.describe(), b.ty.describe()),
            ));
        }
        Ok(Typed {
            hint: a.hint,
            ..typed(IrKind::If(Box::new(condition), Box::new(a.ir), Box::new(b.ir)), range, a.ty)
        })
    }

    fn list(&mut self, items: &[Ast], range: &Range<usize>) -> Checks {
        let mut inner: Option<Type> = None;
        let mut list = Vec::new();
        for item in items {
            let value = self.expression(item)?;
            match &inner {
                Some(first) if !first.compatible(&value.ty) => {
                    return Err(mismatch(
                        &format!("{} (like the first)", first.describe()),
                        &value.ty,
                        item.range.clone(),
                    ));
                }
                Some(_) => {}
                None => inner = Some(value.ty),
            }
            list.push(value.ir);
        }
        Ok(typed(IrKind::List(list), range, Type::List(Box::new(inner.unwrap_or(Type::Text)))))
    }

    fn interval(&mut self, low: &Ast, high: &Ast, range: &Range<usize>) -> Checks {
        let draws = self.draws;
        let (a, left) = self.quantity(low)?;
        let (b, right) = self.quantity(high)?;
        if left != right {
            return Err(clash("make a range of", (low, left), (high, right), range));
        }
        if self.draws > draws {
            return Err(ExprError::new("nested-uncertainty", range.clone(), "the ends of a range must be certain")
                .help("give the outer range only"));
        }
        if let (IrKind::Number(x), IrKind::Number(y)) = (&a.ir.kind, &b.ir.kind) {
            if x > y {
                return Err(ExprError::new("range-order", range.clone(), "this range runs backwards")
                    .help("the smaller value comes first"));
            }
            if x == y {
                return Ok(a);
            }
        }
        let hint = if b.hint == Hint::Auto { a.hint } else { b.hint };
        let kind = self.draw(Distribution::Interval, vec![a.ir, b.ir]);
        Ok(Typed { hint, ..typed(kind, range, Type::Quantity(left)) })
    }

    fn draw(&mut self, distribution: Distribution, parameters: Vec<Ir>) -> IrKind {
        let label = match self.draws {
            0 => self.schema.label(),
            n => format!("{}#{n}", self.schema.label()),
        };
        self.draws += 1;
        IrKind::Draw(distribution, stream_id(&label), parameters)
    }

    fn call(&mut self, name: &str, name_range: &Range<usize>, arguments: &[Argument], range: &Range<usize>) -> Checks {
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
        let known = FUNCTIONS.iter().map(|(name, ..)| *name).chain(FORMULAS.iter().map(|formula| formula.name));
        let help = suggestion(name, known);
        Err(ExprError::new("unknown-function", name_range.clone(), format!("there is no function `{name}`"))
            .maybe_help(help))
    }

    fn arity(&self, name: &str, arguments: &[Argument], wanted: usize, range: &Range<usize>) -> Result<(), ExprError> {
        if let Some(odd) = arguments.iter().find(|argument| argument.variable.is_some()) {
            return Err(ExprError::new(
                "type-mismatch",
                odd.body.range.clone(),
                format!("`{name}` takes values, not a function of a variable"),
            ));
        }
        if arguments.len() == wanted {
            return Ok(());
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
        Err(match FUNCTIONS.iter().find(|(known, ..)| *known == name) {
            Some((_, usage, _)) => error.help(format!("write {usage}")),
            None => error,
        })
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
            (Function::Map, other) => Type::List(Box::new(other.clone())),
            (_, Type::Quantity(dimension)) => Type::Quantity(*dimension),
            (_, other) => return Err(mismatch(&format!("a number for `{name}`"), other, body.body.range.clone())),
        };
        let hint = if matches!(ty, Type::Quantity(_)) && function != Function::Count { value.hint } else { Hint::Auto };
        Ok(Typed {
            hint,
            ..typed(IrKind::Over(function, Box::new(list_value.ir), place, Box::new(value.ir)), range, ty)
        })
    }

    fn builtin(&mut self, function: Function, name: &str, arguments: &[Argument], range: &Range<usize>) -> Checks {
        match function {
            Function::Count => {
                self.arity(name, arguments, 1, range)?;
                let values = self.values(arguments)?;
                match values.into_iter().next() {
                    Some(Typed { ir, ty: Type::List(_), .. }) => {
                        Ok(typed(IrKind::Call(function, vec![ir]), range, Type::Quantity(Dimension::NONE)))
                    }
                    other => Err(mismatch("a list", &other.map_or(Type::Bool, |value| value.ty), range.clone())),
                }
            }
            Function::Min | Function::Max | Function::Sum => self.many(function, name, arguments, range),
            Function::OrElse => {
                self.arity(name, arguments, 2, range)?;
                let values = self.values(arguments)?;
                let types: Vec<Type> = values.iter().map(|value| value.ty.clone()).collect();
                let ty = match types.as_slice() {
                    [a, b] if a.compatible(b) => a.clone(),
                    _ => {
                        return Err(ExprError::new(
                            "type-mismatch",
                            range.clone(),
                            "the default must be of the same kind as the value",
                        ));
                    }
                };
                let hint = values.first().map_or(Hint::Auto, |value| value.hint.clone());
                Ok(Typed {
                    hint,
                    ..typed(IrKind::Call(function, values.into_iter().map(|value| value.ir).collect()), range, ty)
                })
            }
            Function::Any | Function::All | Function::Where | Function::Map => {
                let usage = FUNCTIONS.iter().find(|(known, ..)| *known == name).map_or("", |(_, usage, _)| usage);
                Err(ExprError::new("wrong-arguments", range.clone(), format!("`{name}` goes over a list"))
                    .help(format!("write {usage}")))
            }
            _ => self.of_one(function, name, arguments, range),
        }
    }

    fn of_one(&mut self, function: Function, name: &str, arguments: &[Argument], range: &Range<usize>) -> Checks {
        self.arity(name, arguments, 1, range)?;
        let Some(argument) = arguments.first() else {
            return Err(ExprError::new("wrong-arguments", range.clone(), "a value is missing"));
        };
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

    /// A word that is compared with a field must be one that the field can have; of named values it is noted.
    fn known_word(&mut self, field: &Typed, literal: &Ir) -> Result<(), ExprError> {
        let Type::Word(words) = &field.ty else { return Ok(()) };
        match &literal.kind {
            IrKind::Slot(slot) => self.words.push((*slot, words)),
            IrKind::Text(text) if !words.contains(&text.as_str()) => {
                let error = ExprError::new("unknown-word", literal.range.clone(), format!("this is never `{text}`"));
                return Err(error.maybe_help(suggestion(text, words.iter().copied())));
            }
            _ => {}
        }
        Ok(())
    }

    fn values(&mut self, arguments: &[Argument]) -> Result<Vec<Typed>, ExprError> {
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

/// `a.b.c` as text, if the expression is nothing but names and dots.
fn dotted(ast: &Ast) -> Option<String> {
    match &ast.kind {
        AstKind::Name(name) => Some(name.clone()),
        AstKind::Field(inner, field) => Some(format!("{}.{field}", dotted(inner)?)),
        _ => None,
    }
}

/// `a.b.c` as `a` and `b.c`.
fn chain(ast: &Ast) -> Option<(&Ast, String)> {
    let AstKind::Field(inner, field) = &ast.kind else { return None };
    Some(match chain(inner) {
        Some((base, path)) => (base, format!("{path}.{field}")),
        None => (inner, field.clone()),
    })
}

fn power(base: Dimension, exponent: Dimension, ir: &Ir, range: &Range<usize>) -> Result<Option<Dimension>, ExprError> {
    if !exponent.is_none() {
        return Err(mismatch("a plain number as exponent", &Type::Quantity(exponent), range.clone()));
    }
    if base.is_none() {
        return Ok(Some(base));
    }
    match ir.kind {
        #[expect(clippy::cast_possible_truncation, reason = "whole and at most 12 in size")]
        IrKind::Number(value) if value.fract() == 0.0 && value.abs() <= 12.0 => Ok(base.power(value as i8)),
        _ => Err(ExprError::new(
            "type-mismatch",
            range.clone(),
            format!("the exponent of {base} must be a small whole number"),
        )),
    }
}

fn clash(verb: &str, (a, left): (&Ast, Dimension), (b, right): (&Ast, Dimension), range: &Range<usize>) -> ExprError {
    let missing = left.per(right).filter(|rest| !rest.is_none());
    let way_out = match missing {
        Some(rest) if right.is_none() => format!("give the second value a unit, such as {}", rest.example()),
        Some(rest) if left.is_none() => format!(
            "give the first value a unit, such as {}",
            rest.per(Dimension::NONE).map_or("", |_| right.example())
        ),
        Some(rest) if left.per(right) == Some(Dimension::TIME) => {
            format!("multiply the second by {rest}, or divide the first by it")
        }
        Some(rest) if right.per(left) == Some(Dimension::TIME) => {
            let _ = rest;
            "multiply the first by a time, or divide the second by one".to_owned()
        }
        _ => "bring both to the same dimension first".to_owned(),
    };
    let _ = (a, b);
    ExprError::new("dimension-mismatch", range.clone(), format!("can't {verb} {left} and {right}")).help(way_out)
}

/// Whether a product or sum still counts the same things.
fn carried_hint(operator: Arithmetic, (a, left): (&Hint, Dimension), (b, right): (&Hint, Dimension)) -> Hint {
    let counts = |hint: &Hint| matches!(hint, Hint::Noun(_));
    let bare = |hint: &Hint, dimension: Dimension| !counts(hint) && dimension.is_none();
    match operator {
        Arithmetic::Add | Arithmetic::Subtract if a == b || *b == Hint::Auto => a.clone(),
        Arithmetic::Add | Arithmetic::Subtract if *a == Hint::Auto => b.clone(),
        Arithmetic::Multiply if counts(a) && bare(b, right) => a.clone(),
        Arithmetic::Multiply if counts(b) && bare(a, left) => b.clone(),
        Arithmetic::Divide if counts(a) && bare(b, right) => a.clone(),
        _ => Hint::Auto,
    }
}
