//! The house's order: modules name only earlier ones, libraries stay in their rooms, files stay small.

use crate::at;

/// The modules in reading order, and the outside crates that only they may name.
const MODULES: [(&str, &[&str]); 20] = [
    ("source", &[]),
    ("diagnostic", &["strsim"]),
    ("quantity", &[]),
    ("formula", &["statrs", "biodivine_lib_bdd"]),
    ("yaml", &["granit_parser"]),
    ("vocabulary", &[]),
    ("expr", &["nom", "statrs", "regex"]),
    ("definition", &[]),
    ("attributes", &[]),
    ("catalog", &[]),
    ("calculator", &[]),
    ("spec", &[]),
    ("graph", &["petgraph"]),
    ("estimate", &[]),
    ("simulate", &[]),
    ("lint", &["semver"]),
    ("config", &["toml", "ignore"]),
    ("analysis", &[]),
    ("study", &[]),
    ("report", &["miette", "comfy_table", "serde", "serde_json", "similar"]),
];

fn sources(module: &str) -> Vec<(String, String)> {
    let mut files = vec![at(&format!("src/{module}.rs"))];
    if let Ok(entries) = std::fs::read_dir(at(&format!("src/{module}"))) {
        files.extend(entries.map(|entry| entry.unwrap().path()));
    }
    files.into_iter().map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap())).collect()
}

/// The source without its tests, which may look ahead.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap()
}

#[test]
fn modules_name_only_earlier_modules() {
    for (index, (module, _)) in MODULES.iter().enumerate() {
        for (path, text) in sources(module) {
            for (later, _) in &MODULES[index + 1..] {
                assert!(!code(&text).contains(&format!("crate::{later}::")), "{path} names the later module {later}");
            }
            assert!(!code(&text).contains("crate::cli"), "{path} names the command line");
        }
    }
}

#[test]
fn outside_crates_stay_in_their_rooms() {
    let guarded: Vec<&str> = MODULES.iter().flat_map(|(_, crates)| crates.iter().copied()).collect();
    for (module, allowed) in MODULES {
        for (path, text) in sources(module) {
            for name in guarded.iter().filter(|name| !allowed.contains(name)) {
                assert!(!code(&text).contains(&format!("{name}::")), "{path} names {name}");
            }
        }
    }
}

#[test]
fn the_core_does_no_io() {
    for (module, _) in MODULES {
        for (path, text) in sources(module) {
            for word in ["std::fs", "std::env", "std::io", "std::process", "SystemTime", "Instant::now"] {
                assert!(!code(&text).contains(word), "{path} uses {word}");
            }
        }
    }
}

#[test]
fn every_file_says_what_it_is_and_stays_readable() {
    let listed: Vec<&str> = MODULES.iter().map(|(module, _)| *module).chain(["cli"]).collect();
    let library = std::fs::read_to_string(at("src/lib.rs")).unwrap();
    let declared: Vec<&str> =
        library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(declared, listed, "src/lib.rs lists the modules in reading order");
    for module in listed {
        for (path, text) in sources(module) {
            assert!(text.starts_with("//!"), "{path} has no header");
            assert!(code(&text).lines().count() <= 770, "{path} is too long");
        }
    }
    assert!(std::fs::read_to_string(at("src/main.rs")).unwrap().lines().count() < 30);
}
