//! What napkin brings for shells and pipelines, run by the programs that it is for.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::cli::{napkin, stdout};
use crate::formats::Folder;

/// A program that may not be installed here; `.ci/run` installs all of them and says so.
pub fn tool(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        assert!(std::env::var_os("NAPKIN_ALL_TOOLS").is_none(), "{name} is not installed");
        // Past the capture of tests that pass, or nobody would know.
        let _ = writeln!(std::io::stderr(), "not checked: {name} is not installed");
    }
    found
}

/// The search path with the built napkin first.
pub fn path_with_napkin() -> std::ffi::OsString {
    let folder = PathBuf::from(env!("CARGO_BIN_EXE_napkin")).parent().unwrap().to_owned();
    let others = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&others))).unwrap()
}

/// What a program says, which has to succeed.
pub fn said(command: &mut Command) -> String {
    let output = command.env("PATH", path_with_napkin()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", all(&output));
    stdout(&output)
}

/// Both streams.
pub fn all(output: &Output) -> String {
    stdout(output) + &String::from_utf8_lossy(&output.stderr)
}

/// What a shell offers after a beginning of words.
fn offered(shell: &str, words: &[&str]) -> Option<Vec<String>> {
    let program = tool(shell)?;
    let text = match shell {
        "bash" => {
            let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
            let (last, before) = (words.len() - 1, words[words.len() - 2]);
            format!(
                "source <(napkin completions bash); f=$(complete -p napkin); f=${{f#*-F }}; \
                 COMP_WORDS=({}); COMP_CWORD={last}; ${{f%% *}} napkin '{}' '{before}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
                quoted.join(" "),
                words[last]
            )
        }
        _ => format!("napkin completions fish | source; complete --do-complete '{}'", words.join(" ")),
    };
    let bare = if shell == "bash" { "--norc" } else { "--no-config" };
    let lines = said(Command::new(program).args([bare, "-c", &text]));
    Some(lines.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect())
}

#[test]
fn shells_complete_commands_options_and_words() {
    for shell in ["bash", "fish"] {
        for (words, expected) in [
            (vec!["napkin", "wha"], vec!["what-if"]),
            (vec!["napkin", "rules", "te"], vec!["test"]),
            (vec!["napkin", "check", "--fail-on", ""], vec!["error", "info", "never", "warning"]),
            (vec!["napkin", "schema", "failu"], vec!["failures"]),
            (vec!["napkin", "check", "--shrink"], vec!["--shrink-baseline"]),
        ] {
            // clap_complete offers fish no words for arguments of commands.
            if shell == "fish" && words[1] == "schema" {
                continue;
            }
            let Some(mut found) = offered(shell, &words) else { break };
            found.sort();
            assert_eq!(found, expected, "{shell}: {words:?}");
        }
    }
}

#[test]
fn scripts_for_shells_are_well_formed_and_the_same_each_time() {
    let folder = Folder::new("completions");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = stdout(&napkin(&["completions", shell]));
        assert_eq!(script, stdout(&napkin(&["completions", shell])), "{shell}");
        assert!(script.contains("shrink-baseline"), "{shell}");
        folder.write(shell, &script);
        let checks = ["bash", "zsh", "fish"].contains(&shell);
        if let Some(program) = checks.then(|| tool(shell)).flatten() {
            said(Command::new(program).arg("-n").arg(folder.0.join(shell)));
        }
    }
    assert_eq!(napkin(&["completions", "tcsh"]).status.code(), Some(2));
}

#[test]
fn every_command_has_a_manual_page_that_readers_understand() {
    let folder = Folder::new("man");
    let output = folder.run(&["man", "--output", "pages/all"]);
    assert!(output.status.success(), "{}", all(&output));
    let mut pages: Vec<_> = std::fs::read_dir(folder.0.join("pages/all")).unwrap().map(|e| e.unwrap().path()).collect();
    pages.sort();
    assert!(stdout(&output).contains(&format!("wrote {} pages", pages.len())));
    for page in &pages {
        let text = std::fs::read_to_string(page).unwrap();
        let name = page.file_stem().unwrap().to_str().unwrap();
        // `napkin man rules list` prints what is in napkin-rules-list.1; what-if has a hyphen of its own.
        let words: Vec<&str> = match name {
            "napkin" => vec![],
            "napkin-what-if" => vec!["what-if"],
            _ => name.split('-').skip(1).collect(),
        };
        assert_eq!(stdout(&napkin(&[&["man"], words.as_slice()].concat())), text, "{name}");
        assert!(
            text.contains(&format!(".TH \"{name}\" \"1\" \"\" \"napkin {}\"", env!("CARGO_PKG_VERSION"))),
            "{name}"
        );
        if let Some(mandoc) = tool("mandoc") {
            said(Command::new(mandoc).args(["-Tlint", "-Werror"]).arg(page));
        }
        if let Some(groff) = tool("groff") {
            let drawn = Command::new(groff).args(["-man", "-Tutf8", "-ww", "-P-cbou"]).arg(page).output().unwrap();
            assert!(drawn.status.success() && drawn.stderr.is_empty(), "{name}: {}", all(&drawn));
            assert!(stdout(&drawn).contains("SYNOPSIS"), "{name}");
        }
    }
    let help = stdout(&napkin(&["--help"]));
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let commands = commands.filter(|line| !line.starts_with("    ")).filter_map(|line| line.split_whitespace().next());
    for command in commands.filter(|command| *command != "help") {
        assert!(folder.0.join(format!("pages/all/napkin-{command}.1")).exists(), "{command}");
    }
    for (arguments, says) in [
        (vec!["man", "chek"], "`napkin` has no command `chek`; did you mean `check`?"),
        (vec!["man", "check", "more"], "`napkin check` has no command `more`; it has none"),
        (vec!["man", "--output", "Cargo.toml"], "can't make the folder Cargo.toml"),
    ] {
        let output = napkin(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(all(&output).contains(says), "{arguments:?}: {}", all(&output));
    }
}
