//! Back-of-the-envelope estimation and linting for system designs.
//!
//! The modules stand in the order in which data passes through them; each names only earlier ones.

// Places and messages.
pub mod source;

pub mod diagnostic;

// Numbers, mathematics, text.
pub mod quantity;

pub mod formula;

pub mod yaml;

// The languages.
pub mod vocabulary;

pub mod expr;

pub mod definition;

pub mod attributes;

pub mod catalog;

pub mod calculator;

pub mod spec;

// What they mean.
pub mod graph;

pub mod estimate;

pub mod simulate;

pub mod lint;

pub mod config;

pub mod analysis;

pub mod study;

// What is said about it.
pub mod report;

pub mod cli;
