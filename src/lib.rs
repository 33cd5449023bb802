//! Back-of-the-envelope estimation and linting for system designs.
//!
//! The modules stand in the order in which data passes through them; each names only earlier ones.

pub mod analysis;
pub mod attributes;
pub mod calculator;
pub mod catalog;
pub mod cli;
pub mod definition;
pub mod diagnostic;
pub mod estimate;
pub mod expr;
pub mod formula;
pub mod graph;
pub mod lint;
pub mod quantity;
pub mod report;
pub mod source;
pub mod spec;
pub mod vocabulary;
pub mod yaml;
