//! Names, types and dimensions: an expression that passes can fail later only for its numbers.

use std::ops::Range;

use crate::diagnostic::suggestion;
use crate::expr::ast::{Arithmetic, Ast, AstKind, Comparison, Target as UnitTarget};
use crate::expr::distribution::Distribution;
use crate::expr::error::ExprError;
use crate::expr::eval::arithmetic;
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

pub(super) struct Checker<'s> {
    pub(super) schema: &'s dyn Schema,
    pub(super) locals: Vec<(String, Type)>,
    pub(super) draws: usize,
    slots: Vec<usize>,
    words: Vec<(usize, &'static [&'static str])>,
}

pub(super) struct Typed {
    pub(super) ir: Ir,
    pub(super) ty: Type,
    pub(super) hint: Hint,
}

pub(super) type Checks = Result<Typed, ExprError>;

pub(super) fn typed(kind: IrKind, range: &Range<usize>, ty: Type) -> Typed {
    Typed { ir: Ir { kind, range: range.clone() }, ty, hint: Hint::Auto }
}

pub(super) fn mismatch(expected: &str, found: &Type, range: Range<usize>) -> ExprError {
    ExprError::new("type-mismatch", range, format!("{expected} is needed here, this is {}", found.describe()))
}

impl Checker<'_> {
    pub(super) fn expression(&mut self, ast: &Ast) -> Checks {
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
            AstKind::And(a, b) => self.junction(false, a, b, range),
            AstKind::Or(a, b) => self.junction(true, a, b, range),
            AstKind::Convert(value, target) => self.convert(value, target, range),
            AstKind::Member(value, list) => self.member(value, list, range),
            AstKind::Known(value, known) => {
                let value = self.expression(value)?;
                if let Type::Group(of, path) = &value.ty {
                    let (name, stated) = (of.name(), format!("{path}.stated"));
                    let message = format!("`{name}.{path}` is a group of values, of which each may be known or not");
                    let help = match self.schema.field(*of, &stated) {
                        FieldType::Field(..) => format!("write `or_else({name}.{stated}, false)`, or name one of them"),
                        _ => format!("name one of them, after `{name}.{path}.`"),
                    };
                    return Err(ExprError::new("type-mismatch", range.clone(), message).help(help));
                }
                Ok(typed(IrKind::Known(Box::new(value.ir), *known), range, Type::Bool))
            }
            AstKind::If(condition, yes, no) => self.conditional(condition, yes, no, range),
            AstKind::Call(name, name_range, arguments) => self.call(name, name_range, arguments, range),
            AstKind::List(items) => self.list(items, range),
            AstKind::Range(low, high) => self.interval(low, high, range),
        }
    }

    pub(super) fn quantity(&mut self, ast: &Ast) -> Result<(Typed, Dimension), ExprError> {
        let value = self.expression(ast)?;
        match value.ty {
            Type::Quantity(dimension) => Ok((value, dimension)),
            ref other => Err(mismatch("a number", other, ast.range.clone())),
        }
    }

    /// `and` or `or`; a chain of one of them is one list of operands.
    fn junction(&mut self, decisive: bool, a: &Ast, b: &Ast, range: &Range<usize>) -> Checks {
        let mut operands = Vec::new();
        for side in [a, b] {
            match self.condition(side)? {
                Ir { kind: IrKind::Junction(inner, list), .. } if inner == decisive => operands.extend(list),
                operand => operands.push(operand),
            }
        }
        Ok(typed(IrKind::Junction(decisive, operands), range, Type::Bool))
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
        if let Some(help) = self.schema.meant(name) {
            return Err(
                ExprError::new("unknown-name", range.clone(), format!("nothing is called `{name}` here")).help(help)
            );
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
        let help = traps::elsewhere(name).map(str::to_owned);
        let help = help.or_else(|| suggestion(name, known.iter().map(String::as_str)));
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
        let exponent = b.range.clone();
        let (a, left) = self.quantity(a)?;
        let (b, right) = self.quantity(b)?;
        let result = match operator {
            Arithmetic::Add | Arithmetic::Subtract if left == right => Some(left),
            Arithmetic::Add | Arithmetic::Subtract => {
                let verb = if operator == Arithmetic::Add { "add" } else { "subtract" };
                return Err(clash(verb, left, right, range));
            }
            Arithmetic::Multiply => left.times(right),
            Arithmetic::Divide => left.per(right),
            Arithmetic::Power => power(left, right, &b.ir, &exponent)?,
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
        self.known_word(&left.ty, &right.ir)?;
        self.known_word(&right.ty, &left.ir)?;
        let ordered = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        match (&left.ty, &right.ty) {
            (Type::Quantity(x), Type::Quantity(y)) if x == y => {}
            (Type::Quantity(x), Type::Quantity(y)) => return Err(clash("compare", *x, *y, range)),
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

    fn convert(&mut self, value: &Ast, target: &UnitTarget, range: &Range<usize>) -> Checks {
        // `x in items`: what is declared as a list here isn't meant as a unit.
        if let UnitTarget::Unit { text, range: place, .. } = target
            && self.is_list(text)
        {
            let list = Ast { kind: AstKind::Name(text.clone()), range: place.clone() };
            return self.member(value, &list, range);
        }
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

    fn is_list(&self, name: &str) -> bool {
        let of_local = self.locals.iter().rev().find(|(local, _)| local == name).map(|(_, ty)| ty.clone());
        let of_slot = || match self.schema.name(name) {
            Some(NameType::Slot { ty, .. }) => Some(ty),
            _ => None,
        };
        matches!(of_local.or_else(of_slot), Some(Type::List(_)))
    }

    fn member(&mut self, value: &Ast, list: &Ast, range: &Range<usize>) -> Checks {
        let left = self.expression(value)?;
        let right = self.expression(list)?;
        let Type::List(inner) = &right.ty else { return Err(mismatch("a list", &right.ty, list.range.clone())) };
        let nothing = matches!(&right.ir.kind, IrKind::List(members) if members.is_empty());
        if !nothing && !inner.compatible(&left.ty) {
            return Err(ExprError::new(
                "type-mismatch",
                range.clone(),
                format!("{} can't be in {}", left.ty.describe(), right.ty.describe()),
            ));
        }
        self.known_words(&left.ty, &right.ir)?;
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
        let ty = either(&a, &b);
        Ok(Typed { hint: a.hint, ..typed(IrKind::If(Box::new(condition), Box::new(a.ir), Box::new(b.ir)), range, ty) })
    }

    fn list(&mut self, items: &[Ast], range: &Range<usize>) -> Checks {
        let mut inner: Option<Type> = None;
        let mut list = Vec::new();
        for item in items {
            let value = self.expression(item)?;
            inner = Some(match inner {
                Some(first) if !first.compatible(&value.ty) => {
                    return Err(mismatch(
                        &format!("{} (like the first)", first.describe()),
                        &value.ty,
                        item.range.clone(),
                    ));
                }
                Some(so_far) => so_far.joined(&value.ty),
                None => value.ty,
            });
            list.push(value.ir);
        }
        Ok(typed(IrKind::List(list), range, Type::List(Box::new(inner.unwrap_or(Type::Text)))))
    }

    fn interval(&mut self, low: &Ast, high: &Ast, range: &Range<usize>) -> Checks {
        let draws = self.draws;
        let (a, left) = self.quantity(low)?;
        let (b, right) = self.quantity(high)?;
        if left != right {
            return Err(clash("make a range of", left, right, range));
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

    pub(super) fn draw(&mut self, distribution: Distribution, parameters: Vec<Ir>) -> IrKind {
        let label = match self.draws {
            0 => self.schema.label(),
            n => format!("{}#{n}", self.schema.label()),
        };
        self.draws += 1;
        IrKind::Draw(distribution, stream_id(&label), parameters)
    }

    /// As [`Self::known_word`], for the members of a list.
    pub(super) fn known_words(&mut self, member: &Type, list: &Ir) -> Result<(), ExprError> {
        match &list.kind {
            IrKind::List(items) => items.iter().try_for_each(|item| self.known_word(member, item)),
            _ => self.known_word(member, list),
        }
    }

    /// A word that is compared with a field must be one that the field can have; of named values it is noted.
    pub(super) fn known_word(&mut self, field: &Type, literal: &Ir) -> Result<(), ExprError> {
        let Type::Word(words) = field else { return Ok(()) };
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

/// The type of one of two values: of a field's words still these if the other is one of them.
pub(super) fn either(a: &Typed, b: &Typed) -> Type {
    let known = |words: &Type, other: &Typed| match (words, &other.ir.kind) {
        (Type::Word(words), IrKind::Text(text)) => words.contains(&text.as_str()),
        _ => false,
    };
    match (&a.ty, &b.ty) {
        (words, Type::Text) if known(words, b) => words.clone(),
        (Type::Text, words) if known(words, a) => words.clone(),
        (a, b) => a.joined(b),
    }
}

fn clash(verb: &str, left: Dimension, right: Dimension, range: &Range<usize>) -> ExprError {
    let time = Some(Dimension::TIME);
    let way_out = if right.is_none() {
        format!("give the second value a unit, such as {}", left.example())
    } else if left.is_none() {
        format!("the first has no unit; give it one, such as {}, or take the unit of the second away", right.example())
    } else if left.per(right) == time {
        format!("multiply the second by {}, or divide the first by it", Dimension::TIME)
    } else if right.per(left) == time {
        "multiply the first by a time, or divide the second by one".to_owned()
    } else {
        "bring both to the same dimension first".to_owned()
    };
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
