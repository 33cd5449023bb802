//! The expression language that a calculator line, a spec and a rule share.
//!
//! Text → [`token`](self) → [`ast`] → checked [`ir`] (types and dimensions settled) → value. Evaluation works on
//! plain `f64` in base units, because everything that could clash was refused by the check.
//!
//! ```text
//! expression = or
//! or         = and { "or" and }
//! and        = not { "and" not }
//! not        = "not" not | comparison
//! comparison = convert [ ("==" | "!=" | "<" | "<=" | ">" | ">=") convert
//!                      | "is" ("known" | "unknown") | "in" list
//!                      | ("matches" | "starts_with" | "ends_with" | "contains") convert ]
//! convert    = sum [ ("in" | "as") unit ]
//! sum        = product { ("+" | "-") product }
//! product    = unary { ("*" | "/" | "per") unary }
//! unary      = ("-" | "/") unary | power
//! power      = range [ "^" unary ]
//! range      = postfix [ ".." postfix ]
//! postfix    = primary { "." name }
//! primary    = literal | "$" number | "(" expression ")" | list | text | name | call | if
//! literal    = number [ multiplier ] { unit | noun }
//! call       = name "(" [ argument { "," argument } ] ")"
//! argument   = [ name "=>" ] expression
//! list       = "[" [ expression { "," expression } ] "]"
//! if         = "if" expression "then" expression "else" expression
//! ```

pub mod ast;
mod calls;
mod check;
mod columns;
mod distribution;
mod effort;
mod error;
mod eval;
mod formulas;
mod function;
mod gate;
pub mod ir;
mod lists;
mod literal;
mod parser;
mod sampling;
mod schema;
mod text;
mod token;
mod traps;

pub use check::check;
pub use columns::{Column, Columns, evaluate_columns};
pub use distribution::{Distribution, standard_normal};
pub use error::ExprError;
pub use eval::{Budget, EntityRef, Missing, Value, World, evaluate};
pub use formulas::{FORMULAS, Formula, Kind as FormulaKind};
pub use function::{FUNCTIONS, RULE_FUNCTIONS};
pub(crate) use gate::Gate;
pub use ir::{Checked, FieldId, StreamId};
pub use parser::{parse, parse_literal_prefix};
pub use sampling::{normal_strata, stratified, stream_id};
pub use schema::{FieldType, NameType, NoNames, Schema, Type};
