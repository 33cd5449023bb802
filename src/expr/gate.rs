//! The first operand of a condition, where it asks one field of the thing that the condition is about. It decides most
//! conditions for most things, and needs neither names nor lists to do so.

use crate::expr::ast::Comparison;
use crate::expr::eval::{EntityRef, Value, compare, same};
use crate::expr::ir::{Checked, FieldId, Ir, IrKind};

/// A test of one field that has to hold for a condition to hold.
#[derive(Debug)]
pub(crate) struct Gate<'w> {
    /// The field, and before it those through which it is reached.
    path: Vec<FieldId>,
    wants: Wants<'w>,
}

#[derive(Debug)]
enum Wants<'w> {
    Known(bool),
    Flag(bool),
    Compared(Comparison, Value<'w>),
    OneOf(Vec<Value<'w>>),
}

impl<'w> Gate<'w> {
    /// The gate of a condition whose slot 0 is the thing that it is about. `None` if the condition begins otherwise.
    pub fn of(condition: &'w Checked) -> Option<Self> {
        let first = match &condition.ir.kind {
            IrKind::Junction(false, operands) => operands.first()?,
            _ => &condition.ir,
        };
        let (field, wants) = match &first.kind {
            IrKind::Known(field, known) => (&**field, Wants::Known(*known)),
            IrKind::Not(field) => (&**field, Wants::Flag(false)),
            IrKind::Field(..) => (first, Wants::Flag(true)),
            IrKind::Compare(comparison, field, with) => (&**field, Wants::Compared(*comparison, constant(with)?)),
            IrKind::Member(field, list) => match &list.kind {
                IrKind::List(members) => (&**field, Wants::OneOf(members.iter().map(constant).collect::<Option<_>>()?)),
                _ => return None,
            },
            _ => return None,
        };
        let mut path = Vec::new();
        follow(field, &mut path)?;
        (!path.is_empty()).then_some(Gate { path, wants })
    }

    /// Whether the condition is false for a thing, whatever the rest of it says.
    pub fn shuts_out(&self, thing: EntityRef, field: impl Fn(EntityRef, FieldId) -> Value<'w>) -> bool {
        let mut value = Value::Entity(thing);
        for step in &self.path {
            match value {
                Value::Entity(entity) => value = field(entity, *step),
                Value::Unknown(_) => break,
                _ => return false,
            }
        }
        match (&self.wants, &value) {
            (Wants::Known(known), _) => matches!(value, Value::Unknown(_)) == *known,
            (_, Value::Unknown(_)) => false,
            (Wants::Flag(wanted), _) => value == Value::Bool(!wanted),
            (Wants::Compared(comparison, with), _) => compare(*comparison, value, with.clone()) == Value::Bool(false),
            (Wants::OneOf(members), _) => !members.iter().any(|member| same(member, &value)),
        }
    }
}

fn constant(ir: &Ir) -> Option<Value<'_>> {
    match &ir.kind {
        IrKind::Number(number) => Some(Value::Number(*number)),
        IrKind::Text(text) => Some(Value::Text(text)),
        IrKind::Bool(flag) => Some(Value::Bool(*flag)),
        _ => None,
    }
}

/// The fields on the way from slot 0.
fn follow(ir: &Ir, path: &mut Vec<FieldId>) -> Option<()> {
    match &ir.kind {
        IrKind::Slot(0) => Some(()),
        IrKind::Field(inner, field) => {
            follow(inner, path)?;
            path.push(*field);
            Some(())
        }
        _ => None,
    }
}
