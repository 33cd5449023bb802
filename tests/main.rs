//! The one integration binary: the house's own rules, published numbers, shipped specs and rules, the command line.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::allow_attributes,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod agreement;
mod architecture;
mod availability;
mod baseline;
mod cells;
mod cli;
mod configuration;
mod custom_rules;
mod diff;
mod effort;
mod errors;
mod estimates;
mod failures;
mod fixes;
mod folding;
mod formats;
mod golden;
mod groups;
mod hooks;
mod includes;
mod mechanisms;
mod mishaps;
mod packs;
mod pipeline;
mod readme;
mod rule_language;
mod rules;
mod schemas;
mod seeded;
mod simulations;
mod specs;

use std::path::PathBuf;

/// A path below the package.
fn at(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// All YAML files below a folder, sorted.
fn yaml_files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![at(folder)];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
