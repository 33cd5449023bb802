//! Textbook mathematics on plain numbers: no graph, no units beyond those that each function names.

pub mod availability;
pub mod latency;
pub mod queueing;
pub mod scaling;
pub mod storage;
