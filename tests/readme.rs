//! The README can't lie: the commands that it shows print what it shows.

use std::process::Command;

use crate::at;

/// Blocks that begin with `$ napkin …`: the rest of the block is the beginning of the command's output.
#[test]
fn commands_print_what_the_readme_shows() {
    let text = std::fs::read_to_string(at("README.md")).unwrap();
    let blocks: Vec<&str> = text.split("```").skip(1).step_by(2).collect();
    let mut run = 0;
    for block in blocks {
        let mut lines = block.lines().skip(1).peekable();
        while let Some(line) = lines.next() {
            let Some(command) = line.strip_prefix("$ napkin ") else { continue };
            let arguments: Vec<String> = command
                .split('"')
                .enumerate()
                .flat_map(|(n, part)| {
                    if n % 2 == 1 {
                        vec![part.to_owned()]
                    } else {
                        part.split_whitespace().map(str::to_owned).collect()
                    }
                })
                .collect();
            let output = Command::new(env!("CARGO_BIN_EXE_napkin"))
                .args(&arguments)
                .current_dir(at(""))
                .env_clear()
                .output()
                .unwrap();
            let printed =
                String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
            let mut expected = String::new();
            while let Some(next) = lines.next_if(|next| !next.starts_with("$ ")) {
                if next == "…" {
                    break;
                }
                expected += next;
                expected.push('\n');
            }
            assert!(printed.starts_with(expected.trim_end()), "{command}\nshows:\n{expected}\nprints:\n{printed}");
            run += 1;
        }
    }
    assert!(run >= 3, "only {run} commands in the README");
}

/// The design that the README shows may be copied: it is whole, and what it allows is there to be allowed.
#[test]
fn the_design_of_the_readme_passes_its_own_check() {
    let text = std::fs::read_to_string(at("README.md")).unwrap();
    let spec = text.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let output = crate::cli::with_input(&["check", "-", "--no-config", "--fail-on", "info"], spec.as_bytes());
    let told = crate::cli::stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("1 allowed"), "{told}");
}
