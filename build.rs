//! Embeds the catalogue and the rules, so that adding a product or a rule means adding one file.

#![expect(clippy::expect_used, reason = "a build that can't write its output has to stop")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn yaml_files(folder: &Path, found: &mut Vec<PathBuf>) {
    println!("cargo::rerun-if-changed={}", folder.display());
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        // Packs to learn from are not rules that ship.
        if path.is_dir() && !path.ends_with("rules/examples") {
            yaml_files(&path, found);
        } else if path.is_file() && path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
}

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let mut code = String::new();
    for (name, folder) in [("PRODUCTS", "catalog/products"), ("RULES", "rules")] {
        let mut files = Vec::new();
        yaml_files(&root.join(folder), &mut files);
        files.sort();
        writeln!(code, "pub(crate) const {name}: &[(&str, &str)] = &[").expect("writing to a string");
        for file in files {
            println!("cargo::rerun-if-changed={}", file.display());
            let relative = file.strip_prefix(&root).expect("found below the root").display().to_string();
            writeln!(code, "    ({relative:?}, include_str!({:?})),", file.display().to_string())
                .expect("writing to a string");
        }
        code.push_str("];\n");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::write(out.join("embedded.rs"), code).expect("the output folder is writable");
}
