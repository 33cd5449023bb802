//! Back-of-the-envelope estimation and linting for system designs.
//!
//! The modules stand in the order in which data passes through them; each names only earlier ones.

pub mod source;
pub mod diagnostic;
pub mod quantity;
pub mod formula;
pub mod yaml;
pub mod vocabulary;
pub mod expr;
pub mod definition;
pub mod attributes;
pub mod catalog;
pub mod spec;
pub mod graph;
pub mod estimate;
pub mod lint;
pub mod analysis;
pub mod report;
pub mod cli;
