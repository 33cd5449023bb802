//! The types of values, and what an expression may refer to beyond the language itself.

use crate::expr::ir::FieldId;
use crate::quantity::{Dimension, Hint};
use crate::vocabulary::Target;

/// The type of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// A number with a dimension.
    Quantity(Dimension),
    /// True or false.
    Bool,
    /// Any text.
    Text,
    /// One of a few words.
    Word(&'static [&'static str]),
    /// A component, flow and so on.
    Entity(Target),
    /// Several of one type.
    List(Box<Type>),
    /// The beginning of a dotted field, such as `flow.latency`.
    Group(Target, String),
}

impl Type {
    pub(super) fn describe(&self) -> String {
        match self {
            Type::Quantity(dimension) => dimension.to_string(),
            Type::Bool => "true or false".to_owned(),
            Type::Text | Type::Word(_) => "text".to_owned(),
            Type::Entity(Target::System) => "the system".to_owned(),
            Type::Entity(Target::Data) => "a data set".to_owned(),
            Type::Entity(target) => format!("a {}", target.name()),
            Type::List(inner) => format!("a list ({} each)", inner.describe()),
            Type::Group(target, path) => {
                format!("a group of values; name one of them after `{}.{path}.`", target.name())
            }
        }
    }

    pub(super) fn compatible(&self, other: &Type) -> bool {
        let text = |ty: &Type| matches!(ty, Type::Text | Type::Word(_));
        match (self, other) {
            (Type::List(a), Type::List(b)) => a.compatible(b),
            _ => self == other || text(self) && text(other),
        }
    }

    /// What a value of either of two compatible types is. Of words only those may be some other text that aren't the same.
    pub(super) fn joined(&self, other: &Type) -> Type {
        match (self, other) {
            (Type::List(a), Type::List(b)) => Type::List(Box::new(a.joined(b))),
            _ if self == other => self.clone(),
            _ => Type::Text,
        }
    }
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub enum NameType {
    /// A value that the world supplies.
    Slot {
        /// Its place.
        slot: usize,
        /// Its type.
        ty: Type,
        /// How it is shown.
        hint: Hint,
    },
    /// A fixed number.
    Constant {
        /// In base units.
        value: f64,
        /// Its dimension.
        dimension: Dimension,
    },
    /// An uncertain number from the catalogue: its 5th and 95th percentile in base units.
    Interval {
        /// 5th percentile.
        low: f64,
        /// 95th percentile.
        high: f64,
        /// Its dimension.
        dimension: Dimension,
        /// What keeps its samples apart from others'.
        label: String,
    },
}

/// What a field of an entity is.
#[derive(Clone, Debug)]
pub enum FieldType {
    /// A field with its type and how it is shown.
    Field(FieldId, Type, Hint),
    /// The beginning of longer names.
    Group,
    /// Nothing.
    None,
}

/// What an expression may refer to beyond the language itself.
pub trait Schema {
    /// A variable. Dotted names (`latency.ssd_read_4k`) are asked for whole.
    fn name(&self, name: &str) -> Option<NameType>;
    /// All variables, for suggestions.
    fn names(&self) -> Vec<String>;
    /// A field by its dotted path.
    fn field(&self, of: Target, path: &str) -> FieldType;
    /// All fields of an entity, for suggestions.
    fn fields(&self, of: Target) -> Vec<&'static str>;
    /// A function of the schema's own: its number, parameter types and result.
    fn function(&self, name: &str) -> Option<(u16, Vec<Type>, Type)>;
    /// The names of these functions and how they are written, for suggestions.
    fn functions(&self) -> Vec<(&'static str, &'static str)> {
        Vec::new()
    }
    /// What somebody has to write who used a name that there isn't here but elsewhere.
    fn meant(&self, _: &str) -> Option<String> {
        None
    }
    /// Counting words declared by the user.
    fn nouns(&self) -> &[String];
    /// What uncertain values written in this expression are called, so that their samples are their own.
    fn label(&self) -> String;
}

/// The schema of a calculator line: nothing but the language.
pub struct NoNames;

impl Schema for NoNames {
    fn name(&self, _: &str) -> Option<NameType> {
        None
    }
    fn names(&self) -> Vec<String> {
        Vec::new()
    }
    fn field(&self, _: Target, _: &str) -> FieldType {
        FieldType::None
    }
    fn fields(&self, _: Target) -> Vec<&'static str> {
        Vec::new()
    }
    fn function(&self, _: &str) -> Option<(u16, Vec<Type>, Type)> {
        None
    }
    fn nouns(&self) -> &[String] {
        &[]
    }
    fn label(&self) -> String {
        "expression".to_owned()
    }
}
