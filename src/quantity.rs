//! Numbers with a dimension: what units there are, and how a person would write a value.

mod dimension;
mod display;
mod unit;

pub use dimension::Dimension;
pub use display::{ENDLESS, Hint, nines, number, percent, quantity, range, thousands};
pub use unit::{MULTIPLIERS, NOUNS, UNITS, Unit, multiplier, unit};
