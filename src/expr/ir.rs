//! An expression as understood: names resolved, dimensions settled. Only evaluation sees it.

use std::ops::Range;

use regex::Regex;

use crate::expr::ast::{Arithmetic, Comparison};

use crate::expr::distribution::Distribution;
use crate::expr::function::Function;
use crate::expr::schema::Type;
use crate::quantity::Hint;

/// Names a field of an entity; what the number means is the schema's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldId(pub u16);

/// Identifies an independent source of uncertainty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u64);

/// A checked expression.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What to compute.
    pub(crate) ir: Ir,
    /// What comes out.
    pub ty: Type,
    /// How it wants to be shown.
    pub hint: Hint,
    /// Whether anything in it is uncertain by itself (not through names).
    pub uncertain: bool,
    /// The named values it reads, in order of first use.
    pub slots: Vec<usize>,
    /// Named values that are compared with a field that has only these words.
    pub words: Vec<(usize, &'static [&'static str])>,
}

impl Checked {
    /// The number, if the expression is nothing but one.
    pub fn as_constant(&self) -> Option<f64> {
        match self.ir.kind {
            IrKind::Number(value) => Some(value),
            _ => None,
        }
    }

    /// Both ends, if the expression is nothing but a range of two numbers.
    pub fn as_interval(&self) -> Option<(f64, f64)> {
        let IrKind::Draw(Distribution::Interval, _, ends) = &self.ir.kind else { return None };
        match ends.as_slice() {
            [Ir { kind: IrKind::Number(low), .. }, Ir { kind: IrKind::Number(high), .. }] => Some((*low, *high)),
            _ => None,
        }
    }

    /// The bytes of its text.
    pub fn range(&self) -> Range<usize> {
        self.ir.range.clone()
    }

    /// The operands of an `and` or `or`, however many it joins, and whether it is an `and`; `None` for anything else.
    pub fn operands(&self) -> Option<(bool, Vec<Checked>)> {
        let IrKind::Junction(decisive, operands) = &self.ir.kind else { return None };
        Some((!decisive, operands.iter().map(|ir| Checked { ir: ir.clone(), ..self.clone() }).collect()))
    }

    /// The expression without one operand of an `and` or `or`, once for every operand in it, with the bytes of what is missing.
    pub fn reductions(&self) -> Vec<(Range<usize>, Checked)> {
        let whole = |(range, ir)| (range, Checked { ir, ..self.clone() });
        self.ir.reductions().into_iter().map(whole).collect()
    }

    /// How many levels its evaluation takes.
    pub fn depth(&self) -> usize {
        self.ir.depth()
    }

    /// The sources of uncertainty drawn from directly.
    pub fn streams(&self) -> Vec<StreamId> {
        let mut list = Vec::new();
        self.ir.visit(&mut |ir| {
            if let IrKind::Draw(_, stream, _) = ir.kind {
                list.push(stream);
            }
        });
        list
    }
}

/// A node, with the bytes to blame if it fails.
#[derive(Clone, Debug)]
pub(crate) struct Ir {
    pub kind: IrKind,
    pub range: Range<usize>,
}

#[derive(Clone, Debug)]
pub(crate) enum IrKind {
    Number(f64),
    Bool(bool),
    Text(String),
    Slot(usize),
    Local(usize),
    Field(Box<Ir>, FieldId),
    Negate(Box<Ir>),
    Not(Box<Ir>),
    Arithmetic(Arithmetic, Box<Ir>, Box<Ir>),
    Compare(Comparison, Box<Ir>, Box<Ir>),
    /// `and`, which a false operand decides, or `or`, which a true one does; never one in another of its sort.
    Junction(bool, Vec<Ir>),
    Member(Box<Ir>, Box<Ir>),
    Known(Box<Ir>, bool),
    If(Box<Ir>, Box<Ir>, Box<Ir>),
    Call(Function, Vec<Ir>),
    /// A function over a list: the list, the local variable's place, the body.
    Over(Function, Box<Ir>, usize, Box<Ir>),
    /// A row of the table of formulas.
    Formula(usize, Vec<Ir>),
    /// A regular expression in a text.
    Matches(Box<Ir>, Regex),
    Method(u16, Vec<Ir>),
    List(Vec<Ir>),
    Draw(Distribution, StreamId, Vec<Ir>),
}

impl Ir {
    fn reductions(&self) -> Vec<(Range<usize>, Ir)> {
        let mut list = Vec::new();
        if let IrKind::Junction(decisive, operands) = &self.kind {
            for (at, gone) in operands.iter().enumerate() {
                let others = operands.iter().enumerate().filter(|(other, _)| *other != at);
                let mut stays: Vec<Ir> = others.map(|(_, operand)| operand.clone()).collect();
                let smaller = match stays.pop() {
                    Some(only) if stays.is_empty() => only,
                    last => {
                        stays.extend(last);
                        Ir { kind: IrKind::Junction(*decisive, stays), range: self.range.clone() }
                    }
                };
                list.push((gone.range.clone(), smaller));
            }
        }
        let parts: Vec<Ir> = self.clone().parts().into_iter().map(|part| part.clone()).collect();
        for (at, part) in parts.iter().enumerate() {
            for (range, smaller) in part.reductions() {
                let mut whole = self.clone();
                if let Some(place) = whole.parts().into_iter().nth(at) {
                    *place = smaller;
                    list.push((range, whole));
                }
            }
        }
        list
    }

    /// What it is made of.
    fn parts(&mut self) -> Vec<&mut Ir> {
        match &mut self.kind {
            IrKind::Number(_) | IrKind::Bool(_) | IrKind::Text(_) | IrKind::Slot(_) | IrKind::Local(_) => Vec::new(),
            IrKind::Field(a, _) | IrKind::Negate(a) | IrKind::Not(a) | IrKind::Known(a, _) | IrKind::Matches(a, _) => {
                vec![a]
            }
            IrKind::Arithmetic(_, a, b)
            | IrKind::Compare(_, a, b)
            | IrKind::Member(a, b)
            | IrKind::Over(_, a, _, b) => vec![a, b],
            IrKind::If(a, b, c) => vec![a, b, c],
            IrKind::Junction(_, list)
            | IrKind::Call(_, list)
            | IrKind::Formula(_, list)
            | IrKind::Method(_, list)
            | IrKind::List(list)
            | IrKind::Draw(_, _, list) => list.iter_mut().collect(),
        }
    }

    /// Calls `see` for it and for all that it is made of.
    pub(crate) fn visit(&self, see: &mut impl FnMut(&Ir)) {
        self.levels(0, &mut |ir, _| see(ir));
    }

    fn depth(&self) -> usize {
        let mut deepest = 0;
        self.levels(1, &mut |_, level| deepest = deepest.max(level));
        deepest
    }

    /// As [`Self::visit`], with the level at which each stands.
    fn levels(&self, level: usize, see: &mut impl FnMut(&Ir, usize)) {
        see(self, level);
        match &self.kind {
            IrKind::Number(_) | IrKind::Bool(_) | IrKind::Text(_) | IrKind::Slot(_) | IrKind::Local(_) => {}
            IrKind::Field(a, _) | IrKind::Negate(a) | IrKind::Not(a) | IrKind::Known(a, _) | IrKind::Matches(a, _) => {
                a.levels(level + 1, see)
            }
            IrKind::Arithmetic(_, a, b)
            | IrKind::Compare(_, a, b)
            | IrKind::Member(a, b)
            | IrKind::Over(_, a, _, b) => {
                a.levels(level + 1, see);
                b.levels(level + 1, see);
            }
            IrKind::If(a, b, c) => {
                a.levels(level + 1, see);
                b.levels(level + 1, see);
                c.levels(level + 1, see);
            }
            IrKind::Junction(_, list)
            | IrKind::Call(_, list)
            | IrKind::Formula(_, list)
            | IrKind::Method(_, list)
            | IrKind::List(list)
            | IrKind::Draw(_, _, list) => {
                list.iter().for_each(|ir| ir.levels(level + 1, see));
            }
        }
    }
}
