//! The words of a spec: kinds of component, operations, and every attribute with its type and meaning.
//!
//! One table serves the reader of specs, the catalogue, the fields that rules see, the JSON schema and the
//! reference page, so adding an attribute means adding one row.

mod attribute;
mod kind;
mod table;

pub(crate) use attribute::attr;
pub use attribute::{AttributeDef, AttributeId, LARGEST, Shape, Target};
pub use kind::{Kind, Operation};
pub use table::{ATTRIBUTES, ELSEWHERE, GROUPS, is_level};
