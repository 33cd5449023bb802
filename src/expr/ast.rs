//! An expression as written. It may still be nonsense: `check` decides.

use std::ops::Range;

use crate::quantity::Dimension;

/// A node and the bytes that it covers.
#[derive(Clone, Debug, PartialEq)]
pub struct Ast {
    /// What it is.
    pub kind: AstKind,
    /// Bytes of the expression's text.
    pub range: Range<usize>,
}

/// Operators between two quantities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `^`
    Power,
}

/// Comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

/// The kinds of node.
#[derive(Clone, Debug, PartialEq)]
pub enum AstKind {
    /// A number with its unit, in base units.
    Number {
        /// Size in base units.
        value: f64,
        /// Dimension of its unit.
        dimension: Dimension,
        /// What is being counted, if said.
        noun: Option<String>,
        /// Whether it was written as a percentage.
        percent: bool,
    },
    /// Text in quotes.
    Text(String),
    /// A variable, or a unit standing by itself.
    Name(String),
    /// `x.y`
    Field(Box<Ast>, String),
    /// `-x`
    Negate(Box<Ast>),
    /// `not x`
    Not(Box<Ast>),
    /// `a + b` and so on.
    Arithmetic(Arithmetic, Box<Ast>, Box<Ast>),
    /// `a < b` and so on.
    Compare(Comparison, Box<Ast>, Box<Ast>),
    /// `a and b`
    And(Box<Ast>, Box<Ast>),
    /// `a or b`
    Or(Box<Ast>, Box<Ast>),
    /// `x in TB/year`
    Convert(Box<Ast>, Target),
    /// `x in ["a", "b"]`
    Member(Box<Ast>, Box<Ast>),
    /// `x is known`; the flag is false for `is unknown`.
    Known(Box<Ast>, bool),
    /// `if c then a else b`
    If(Box<Ast>, Box<Ast>, Box<Ast>),
    /// `name(…)`
    Call(String, Range<usize>, Vec<Argument>),
    /// `[a, b]`
    List(Vec<Ast>),
    /// `low..high`
    Range(Box<Ast>, Box<Ast>),
}

/// An argument of a call, perhaps a function of a variable: `x => x.replicas`.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// The variable before `=>`.
    pub variable: Option<String>,
    /// The expression.
    pub body: Ast,
}

/// What `in` converts to.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A unit, perhaps compound.
    Unit {
        /// As written.
        text: String,
        /// Size in base units.
        factor: f64,
        /// Its dimension.
        dimension: Dimension,
        /// Where it stands.
        range: Range<usize>,
    },
    /// `in %`
    Percent,
    /// `in nines`
    Nines,
}

impl Ast {
    /// Calls `see` with every simple name in the expression.
    pub fn names<'a>(&'a self, see: &mut dyn FnMut(&'a str)) {
        match &self.kind {
            AstKind::Number { .. } | AstKind::Text(_) => {}
            AstKind::Name(name) => see(name),
            AstKind::Field(a, _)
            | AstKind::Negate(a)
            | AstKind::Not(a)
            | AstKind::Known(a, _)
            | AstKind::Convert(a, _) => a.names(see),
            AstKind::Arithmetic(_, a, b)
            | AstKind::Compare(_, a, b)
            | AstKind::And(a, b)
            | AstKind::Or(a, b)
            | AstKind::Member(a, b)
            | AstKind::Range(a, b) => {
                a.names(see);
                b.names(see);
            }
            AstKind::If(a, b, c) => {
                a.names(see);
                b.names(see);
                c.names(see);
            }
            AstKind::Call(_, _, arguments) => arguments.iter().for_each(|argument| argument.body.names(see)),
            AstKind::List(items) => items.iter().for_each(|item| item.names(see)),
        }
    }
}
