//! What a pipeline takes from this repository: the pre-commit hooks, run by pre-commit; the scripts of the GitHub action and
//! of the GitLab template, run by the shells that run them there; the Dockerfile, as far as it can be checked without Docker.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::at;
use crate::cli::stdout;
use crate::formats::Folder;
use crate::pipeline::{all, path_with_napkin, said, tool};

const CLEAN: &str = "napkin: 1\nname: clean\ncomponents: { api: service }\n";
/// Overloaded, which is an error.
const BAD: &str = "napkin: 1\nname: bad\ncomponents:\n  users: client\n  api: { is: service, replicas: 2, cores: 1, service_time: 1 s }\nflows:\n  f: { rate: 100 /s, steps: [users -> api] }\n";
/// No specs: several documents, a template that is no YAML, Latin-1, something of the same name below the top.
const OTHERS: [(&str, &[u8]); 4] = [
    ("deploy.yaml", b"kind: Service\n---\nkind: Deployment\n"),
    ("chart/templates/a.yaml", b"{{ if .Values.napkin }}\nnapkin\n{{ end }}\n"),
    ("latin.yml", b"name: caf\xe9\n"),
    ("values.yaml", b"images: { napkin: 1 }\n"),
];

fn yaml(file: &str) -> Value {
    serde_yaml::from_str(&std::fs::read_to_string(at(file)).unwrap()).unwrap()
}

fn put(folder: &Folder, path: &str, bytes: &[u8]) {
    let path = folder.0.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn tree(name: &str, files: &[(&str, &str)]) -> Folder {
    let folder = Folder::new(name);
    std::fs::create_dir_all(folder.0.join(".git")).unwrap();
    files.iter().for_each(|(path, text)| put(&folder, path, text.as_bytes()));
    folder
}

#[test]
fn only_specs_are_checked_where_that_is_asked_for() {
    let folder = tree("only-specs", &[("design/shop.yaml", CLEAN)]);
    for (path, bytes) in OTHERS {
        put(&folder, path, bytes);
    }
    let check = |arguments: &[&str]| folder.run(&[&["check"], arguments].concat());
    assert_eq!(check(&["."]).status.code(), Some(2));
    let found = check(&[".", "--only-specs"]);
    assert!(found.status.code() == Some(0) && all(&found).contains("4 YAML files left out"), "{}", all(&found));
    let named = check(&["--only-specs", "design/shop.yaml", "deploy.yaml", "latin.yml"]);
    assert!(named.status.code() == Some(0) && all(&named).contains("2 YAML files left out"), "{}", all(&named));
    // Nothing to check is nothing wrong, in every format.
    for format in ["text", "concise", "json", "sarif", "junit", "github", "gitlab", "markdown", "csv"] {
        let none = check(&["--only-specs", "chart", "--format", format]);
        assert_eq!(none.status.code(), Some(0), "{format}: {}", all(&none));
    }
    assert_eq!(check(&["--only-specs", "gone.yaml"]).status.code(), Some(2));
    // What was meant for a spec is one, however broken it is.
    for broken in
        ["napkin: 1\ncomponents: [\n", "\"napkin\": 1\n\tx\n", "napkin: 1\nname: caf\u{e9}\nx\n", "{napkin: 2}\n"]
    {
        put(&folder, "design/broken.yaml", broken.as_bytes());
        assert_eq!(check(&[".", "--only-specs"]).status.code(), Some(2), "{broken}");
    }
    put(&folder, "design/broken.yaml", b"napkin: 1\nname: caf\xe9\n");
    assert!(all(&check(&[".", "--only-specs"])).contains("line 2 is not UTF-8"));
}

#[test]
fn what_is_excluded_stays_so_although_it_is_named() {
    let shared = "napkin: 1\nshared: true\ncomponents: { api: { is: service, replica: 2 } }\n";
    let folder = tree(
        "force-exclude",
        &[
            ("napkin.toml", "exclude = [\"old\"]\nrules = [\"rules\"]\n"),
            ("old/bad.yaml", BAD),
            ("shared/api.yaml", shared),
            (
                "rules/r.yaml",
                &std::fs::read_to_string(at("rules/availability/single-region.yaml"))
                    .unwrap()
                    .replace("rule: single-region", "rule: own-rule"),
            ),
            ("new.yaml", CLEAN),
        ],
    );
    let check = |arguments: &[&str]| folder.run(&[&["check", "--format", "json"], arguments].concat());
    let files = ["old/bad.yaml", "shared/api.yaml", "rules/r.yaml", "new.yaml"];
    assert_eq!(check(&files).status.code(), Some(2));
    let forced = check(&[&["--force-exclude"], files.as_slice()].concat());
    assert_eq!(forced.status.code(), Some(0), "{}", all(&forced));
    assert_eq!(check(&["--force-exclude", "old/bad.yaml"]).status.code(), Some(0));
    assert_eq!(check(&["--force-exclude", "old"]).status.code(), Some(0));
    assert_eq!(check(&["old/bad.yaml"]).status.code(), Some(1));
    let shown = folder.run(&["check", "--show-config", "--force-exclude", "old/bad.yaml", "new.yaml"]);
    assert!(stdout(&shown).contains("new.yaml") && !stdout(&shown).contains("bad.yaml"), "{}", all(&shown));
}

/// A repository whose hooks are ours, with the built program in place of one that pre-commit builds.
struct Repository {
    folder: Folder,
    pre_commit: PathBuf,
    cache: Folder,
}

impl Repository {
    fn new(name: &str, hook: &str) -> Option<Repository> {
        let pre_commit = tool("pre-commit")?;
        let mut hooks = yaml(".pre-commit-hooks.yaml");
        hooks.as_array_mut().unwrap().retain(|known| known["id"] == hook);
        assert_eq!(hooks[0]["language"], "rust");
        hooks[0]["language"] = json!("system");
        let config = json!({ "repos": [{ "repo": "local", "hooks": hooks }] });
        let folder = Folder::new(name);
        // JSON is YAML.
        folder.write(".pre-commit-config.yaml", &config.to_string());
        let repository = Repository { folder, pre_commit, cache: Folder::new(&format!("{name}-cache")) };
        repository.git(&["init", "--quiet"]);
        Some(repository)
    }

    fn git(&self, arguments: &[&str]) {
        let fixed = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "core.hooksPath=/dev/null"];
        said(Command::new("git").args(fixed).args(arguments).current_dir(&self.folder.0));
    }

    /// Commits what there is, then changes files and runs the hook as a commit would.
    fn commit(&self, files: &[(&str, &str)]) -> Output {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "before"]);
        files.iter().for_each(|(path, text)| put(&self.folder, path, text.as_bytes()));
        self.git(&["add", "--all"]);
        let mut command = Command::new(&self.pre_commit);
        command.args(["run", "--color", "never"]).current_dir(&self.folder.0);
        command.env("PATH", path_with_napkin()).env("PRE_COMMIT_HOME", &self.cache.0).output().unwrap()
    }
}

#[test]
fn pre_commit_runs_the_check() {
    let Some(pre_commit) = tool("pre-commit") else { return };
    said(Command::new(pre_commit).arg("validate-manifest").arg(at(".pre-commit-hooks.yaml")));
    let repository = Repository::new("pre-commit", "napkin-check").unwrap();
    let expect = |files: &[(&str, &str)], status: i32, says: &[&str]| {
        let output = repository.commit(files);
        let told = all(&output);
        assert_eq!(output.status.code(), Some(status), "{files:?}: {told}");
        assert!(says.iter().all(|words| told.contains(words)), "{files:?}: {told}");
    };
    for (path, bytes) in OTHERS {
        put(&repository.folder, path, bytes);
    }
    // It runs whatever changes: what is deleted breaks specs too.
    expect(&[("readme.md", "hello")], 0, &["check designs with napkin", "Passed"]);
    expect(&[("more.yaml", "a: b\n")], 0, &["check designs with napkin", "Passed"]);
    expect(&[("design/shop.yaml", CLEAN)], 0, &["Passed"]);
    expect(&[("design/shop.yaml", BAD)], 1, &["Failed", "overload-at-peak", "design/shop.yaml:5"]);
    expect(&[("design/shop.yaml", "napkin: 1\ncomponents: [\n")], 1, &["Failed", "exit code: 2"]);
    // A change of the configuration is one of what is checked.
    expect(&[("design/shop.yaml", BAD), ("napkin.toml", "exclude = [\"design\"]\n")], 0, &["Passed"]);
    expect(&[("napkin.toml", "fail-on = \"never\"\n")], 0, &["Passed"]);
    // What a shared file breaks stands in the spec that includes it.
    let shared = |replicas: u32| {
        format!(
            "napkin: 1\nshared: true\ncomponents: {{ api: {{ is: service, replicas: {replicas}, cores: 1, service_time: 1 s }} }}\n"
        )
    };
    let spec = "napkin: 1\ninclude: [parts/api.yaml]\ncomponents: { users: client, lb: aws-alb }\nflows: { f: { rate: 100 /s, steps: [users -> lb -> api] } }\n";
    let files = [("design/shop.yaml", spec), ("design/parts/api.yaml", &shared(400)), ("napkin.toml", "")];
    expect(&files, 0, &["Passed"]);
    expect(&[("design/parts/api.yaml", &shared(2))], 1, &["Failed", "overload-at-peak"]);
    std::fs::remove_file(repository.folder.0.join("design/parts/api.yaml")).unwrap();
    expect(&[], 1, &["Failed", "exit code: 2", "parts/api.yaml"]);
}

#[test]
fn pre_commit_runs_the_examples_of_rules() {
    let Some(repository) = Repository::new("pre-commit-rules", "napkin-rules-test") else { return };
    let rule = |good: &str| {
        format!(
            "rule: own\nseverity: info\ncategory: own\nfor: component\nwhen: component.replicas == 1\nmessage: one\nhelp: more\nwhy: because\nexamples: {{ bad: \"components: {{ a: {{ is: service, replicas: 1 }} }}\", good: \"{good}\" }}\n"
        )
    };
    let good = rule("components: { a: { is: service, replicas: 2 } }");
    let output = repository.commit(&[("napkin.toml", "rules = [\"own\"]\n"), ("own/r.yaml", &good)]);
    assert!(output.status.success() && all(&output).contains("Passed"), "{}", all(&output));
    let output = repository.commit(&[("own/r.yaml", &rule("components: { a: { is: service, replicas: 1 } }"))]);
    assert!(
        output.status.code() == Some(1) && all(&output).contains("own: a `good` example fires"),
        "{}",
        all(&output)
    );
}

/// A step of the action with the values of its expressions.
struct Step<'s> {
    step: &'s Value,
    values: &'s BTreeMap<String, String>,
}

impl Step<'_> {
    /// Text with its `${{ … }}` filled in.
    fn filled(&self, text: &str) -> String {
        let mut parts = text.split("${{");
        let mut out = parts.next().unwrap().to_owned();
        for part in parts {
            let (expression, rest) = part.split_once("}}").unwrap();
            let expression = expression.trim();
            out += self.values.get(expression).unwrap_or_else(|| panic!("{expression} has no value"));
            out += rest;
        }
        out
    }

    /// Runs the step's script as GitHub's runner does.
    fn run(&self, folder: &Folder, path: &Path) -> Output {
        folder.write("step.sh", self.step["run"].as_str().unwrap());
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail"]).arg(folder.0.join("step.sh"));
        command.current_dir(folder.0.join("work")).env_clear();
        for (name, value) in self.step["env"].as_object().unwrap() {
            command.env(name, self.filled(value.as_str().unwrap()));
        }
        let own = std::env::join_paths([path, Path::new("/usr/local/bin"), Path::new("/usr/bin"), Path::new("/bin")]);
        command.env("PATH", own.unwrap());
        for file in ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"] {
            folder.write(file, "");
            command.env(file, folder.0.join(file));
        }
        command.output().unwrap()
    }
}

/// What the action's expressions stand for, the inputs by their defaults.
fn values(action: &Value, folder: &Folder, inputs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    for (name, input) in action["inputs"].as_object().unwrap() {
        values.insert(format!("inputs.{name}"), input["default"].as_str().unwrap().to_owned());
    }
    let path = |name: &str| folder.0.join(name).display().to_string();
    values.insert("inputs.binary".to_owned(), env!("CARGO_BIN_EXE_napkin").to_owned());
    values.insert("inputs.token".to_owned(), "secret".to_owned());
    values.insert("runner.temp".to_owned(), path("temp"));
    values.insert("github.action_path".to_owned(), path("source"));
    values.insert("github.repository".to_owned(), "owner/name".to_owned());
    values.insert("github.event.pull_request.number".to_owned(), "7".to_owned());
    values.insert("steps.source.outputs.toolchain".to_owned(), "1.95".to_owned());
    values.insert("steps.check.outputs.markdown".to_owned(), path("report.md"));
    for (name, value) in inputs {
        let known = values.insert(format!("inputs.{name}"), (*value).to_owned());
        assert!(known.is_some(), "there is no input {name}");
    }
    values
}

fn step<'s>(action: &'s Value, name: &str) -> &'s Value {
    action["runs"]["steps"].as_array().unwrap().iter().find(|step| step["name"] == name).unwrap()
}

/// A folder with what a runner has.
fn runner(name: &str, files: &[(&str, &str)]) -> Folder {
    let folder = Folder::new(name);
    for inner in ["work/.git", "temp", "bin", "source"] {
        std::fs::create_dir_all(folder.0.join(inner)).unwrap();
    }
    files.iter().for_each(|(path, text)| put(&folder, &format!("work/{path}"), text.as_bytes()));
    folder
}

/// Puts a program into the folder's `bin` that notes its arguments in `calls`.
fn fake(folder: &Folder, name: &str, then: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let calls = folder.0.join("calls");
    let text = format!(
        "#!/bin/bash\n{{ printf '%s' {name}; printf ' [%s]' \"$@\"; echo; }} >> '{}'\n{then}\n",
        calls.display()
    );
    folder.write(&format!("bin/{name}"), &text);
    std::fs::set_permissions(folder.0.join("bin").join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn the_action_is_well_formed_and_keeps_what_it_is_given_out_of_its_scripts() {
    let action = yaml("action.yml");
    let text = std::fs::read_to_string(at("action.yml")).unwrap();
    assert_eq!(action["runs"]["using"], "composite");
    for (name, input) in action["inputs"].as_object().unwrap() {
        assert!(input["description"].as_str().unwrap().ends_with('.') && input["default"].is_string(), "{name}");
        assert!(text.contains(&format!("inputs.{name}")), "the input {name} is ignored");
    }
    let steps = action["runs"]["steps"].as_array().unwrap();
    for (name, output) in action["outputs"].as_object().unwrap() {
        let value = output["value"].as_str().unwrap();
        let id = value.split('.').nth(1).unwrap();
        let of = steps.iter().find(|step| step["id"] == id).unwrap_or_else(|| panic!("{name}: no step {id}"));
        assert!(of["run"].as_str().unwrap().contains(&format!("echo \"{name}=")), "{name} is never set");
    }
    for step in steps {
        let Some(script) = step["run"].as_str() else {
            let uses = step["uses"].as_str().unwrap();
            assert!(uses == "actions/cache/restore@v4" || uses == "actions/cache/save@v4", "{uses}");
            continue;
        };
        assert!(step["shell"] == "bash" && !script.contains("${{"), "{}", step["name"]);
        for name in step["env"].as_object().unwrap().keys().filter(|name| *name != "GH_TOKEN") {
            let used = script.contains(&format!("${name}")) || script.contains(&format!("${{{name}:"));
            assert!(used, "{}: {name} is not used", step["name"]);
        }
        let folder = Folder::new("action-lint");
        folder.write("step.sh", &format!("#!/usr/bin/env bash\nset -eo pipefail\n{script}"));
        if let Some(shellcheck) = tool("shellcheck") {
            said(Command::new(shellcheck).arg(folder.0.join("step.sh")));
        }
    }
}

#[test]
fn the_action_checks_annotates_and_says_how_it_went() {
    let action = yaml("action.yml");
    let files = [("my designs/shop.yaml", CLEAN), ("my designs/bad.yaml", BAD), ("$(touch pwned).yaml", CLEAN)];
    let folder = runner("action", &files);
    let empty = folder.0.join("bin");
    let check = |inputs: &[(&str, &str)]| {
        let values = values(&action, &folder, inputs);
        let output = Step { step: step(&action, "Check"), values: &values }.run(&folder, &empty);
        let set = folder.read("GITHUB_OUTPUT");
        let set: BTreeMap<String, String> =
            set.lines().map(|line| line.split_once('=').unwrap()).map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        (output, set, folder.read("GITHUB_STEP_SUMMARY"))
    };
    let (output, set, summary) = check(&[("paths", "my designs/shop.yaml\n$(touch pwned).yaml\n")]);
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    assert!(set["status"] == "0" && !set.contains_key("sarif") && !summary.is_empty(), "{set:?}");
    assert!(!folder.0.join("work/pwned").exists());

    let (output, set, summary) = check(&[("paths", "my designs"), ("sarif", "napkin.sarif")]);
    assert_eq!(output.status.code(), Some(1), "{}", all(&output));
    assert!(stdout(&output).contains("::error file=my designs/bad.yaml,line=5"), "{}", all(&output));
    assert!(summary.contains("overload-at-peak"), "{summary}");
    let sarif: Value = serde_json::from_str(&folder.read("work/napkin.sarif")).unwrap();
    assert!(set["status"] == "1" && set["sarif"] == "./napkin.sarif" && sarif["version"] == "2.1.0", "{set:?}");
    assert!(Path::new(&set["markdown"]).exists());

    let lenient = [("paths", "my designs"), ("fail-on", "never")];
    assert_eq!(check(&lenient).1["status"], "0");
    let inside = [("paths", "bad.yaml"), ("working-directory", "my designs"), ("sarif", "out.sarif")];
    let (_, set, _) = check(&inside);
    assert!(set["status"] == "1" && set["sarif"] == "my designs/out.sarif", "{set:?}");
    // What can't run is status 2, and a report of an earlier run isn't passed off as this one's.
    put(&folder, "work/old.sarif", b"{}");
    put(&folder, "work/napkin.toml", b"paths = [");
    let (_, set, _) = check(&[("sarif", "old.sarif")]);
    assert!(set["status"] == "2" && !set.contains_key("sarif"), "{set:?}");
    std::fs::remove_file(folder.0.join("work/napkin.toml")).unwrap();
    for wrong in [
        ("working-directory", "nowhere"),
        ("binary", "./nothing"),
        ("args", "--help"),
        ("working-directory", "a\nstatus=0"),
    ] {
        let (output, set, _) = check(&[wrong]);
        assert!(output.status.code() == Some(2) && set["status"] == "2", "{wrong:?} {}", all(&output));
    }
    // A further argument to a line; what begins with a hyphen among the paths is no option.
    let (output, set, _) = check(&[("paths", "my designs/shop.yaml"), ("args", "--pack\nsecurity\n\n")]);
    assert_eq!(set["status"], "0", "{}", all(&output));
    let (output, set, summary) = check(&[("paths", "--fail-on=never")]);
    assert!(set["status"] == "2" && summary.is_empty() && !set.contains_key("markdown"), "{}", all(&output));
    assert!(all(&output).contains("can't read --fail-on=never") && stdout(&output).contains("::error title=napkin"));
    assert_eq!(check(&[("paths", "my designs"), ("sarif", "a\nstatus=0")]).0.status.code(), Some(2));
    // Without paths it is napkin.toml that names them.
    put(&folder, "work/napkin.toml", b"paths = [\"my designs/shop.yaml\"]\n");
    assert_eq!(check(&[]).1["status"], "0");
}

#[test]
fn the_action_builds_what_it_was_asked_for_once() {
    let action = yaml("action.yml");
    let folder = runner("action-build", &[]);
    put(&folder, "source/Cargo.toml", &std::fs::read(at("Cargo.toml")).unwrap());
    let bin = folder.0.join("bin");
    let values = values(&action, &folder, &[]);
    let digest = || {
        let output = Step { step: step(&action, "Identify the source"), values: &values }.run(&folder, &bin);
        assert!(output.status.success(), "{}", all(&output));
        folder.read("GITHUB_OUTPUT")
    };
    let before = digest();
    assert!(
        before.contains("\ntoolchain=1.95\n") && before.lines().next().unwrap().len() == "digest=-".len() + 64,
        "{before}"
    );
    put(&folder, "source/target/x", b"built");
    assert_eq!(digest(), before);
    put(&folder, "source/src/main.rs", b"fn main() {}");
    assert_ne!(digest(), before);

    fake(&folder, "cargo", "");
    fake(&folder, "rustup", "");
    let output = Step { step: step(&action, "Build napkin"), values: &values }.run(&folder, &bin);
    assert!(output.status.success(), "{}", all(&output));
    let root = folder.0.join("temp/napkin").display().to_string();
    let calls = format!(
        "rustup [toolchain] [install] [1.95] [--profile] [minimal] [--no-self-update]\ncargo [install] [--path] [.] [--locked] [--root] [{root}]\n"
    );
    assert_eq!(folder.read("calls"), calls);
    fake(&folder, "cargo", "exit 101");
    let output = Step { step: step(&action, "Build napkin"), values: &values }.run(&folder, &bin);
    assert_eq!(output.status.code(), Some(101));
}

#[test]
fn the_action_keeps_one_comment() {
    let action = yaml("action.yml");
    let folder = runner("action-comment", &[]);
    let bin = folder.0.join("bin");
    let values = values(&action, &folder, &[]);
    folder.write("report.md", "## found\n");
    let comment = |gh: &str| {
        let _ = std::fs::remove_file(folder.0.join("calls"));
        fake(&folder, "gh", gh);
        let output = Step { step: step(&action, "Comment"), values: &values }.run(&folder, &bin);
        assert!(output.status.success(), "{}", all(&output));
        (folder.read("calls"), stdout(&output))
    };
    let body = format!("[--field] [body=@{}]", folder.0.join("report.md.comment").display());
    let (calls, _) = comment("");
    assert!(
        calls.lines().nth(1).unwrap()
            == format!("gh [api] [--method] [POST] [repos/owner/name/issues/7/comments] {body}"),
        "{calls}"
    );
    let list = "case \"$*\" in *--paginate*) echo 41; echo 42 ;; esac";
    let (calls, _) = comment(list);
    assert!(
        calls.contains(&format!("gh [api] [--method] [PATCH] [repos/owner/name/issues/comments/41] {body}")),
        "{calls}"
    );
    assert_eq!(folder.read("report.md.comment"), "<!-- napkin check -->\n## found\n");
    // A token that may not read or write is no failure of the design.
    assert!(comment("exit 1").1.contains("::warning title=napkin::the comments can't be read"));
    assert!(comment("case \"$*\" in *--paginate*) ;; *) exit 1 ;; esac").1.contains("the comment can't be written"));
}

#[test]
fn the_gitlab_template_runs_in_its_shells() {
    let template = yaml("ci/gitlab.yml");
    let job = &template["napkin"];
    let reports = &job["artifacts"]["reports"];
    let lines = |key: &str| -> Vec<String> {
        job[key].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
    };
    let script = [lines("before_script"), lines("script")].concat().join("\n");
    let folder = runner("gitlab", &[("design/good.yaml", CLEAN), ("design/bad.yaml", BAD)]);
    folder.write("job.sh", &format!("#!/bin/sh\nset -e\n{script}\n"));
    if let Some(shellcheck) = tool("shellcheck") {
        said(Command::new(shellcheck).arg(folder.0.join("job.sh")));
    }
    let project = folder.0.join("work");
    let run = |shell: &str, path: &Path, set: &[(&str, &str)]| {
        let mut command = Command::new(shell);
        command.arg(folder.0.join("job.sh")).current_dir(&project).env_clear();
        for (name, value) in template["variables"].as_object().unwrap() {
            command.env(name, value.as_str().unwrap());
        }
        let path = std::env::join_paths([path, Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
        command.env("PATH", path).env("CI_PROJECT_DIR", &project).envs(set.iter().copied()).output().unwrap()
    };
    let built = PathBuf::from(env!("CARGO_BIN_EXE_napkin"));
    let there = built.parent().unwrap();
    for shell in ["sh", "bash"] {
        let output = run(
            shell,
            there,
            &[("NAPKIN_PATHS", "design/good.yaml"), ("NAPKIN_ARGS", "--pack security --fail-on warning")],
        );
        assert_eq!(output.status.code(), Some(0), "{shell}: {}", all(&output));
        let output = run(shell, there, &[("NAPKIN_PATHS", "design/good.yaml design/bad.yaml")]);
        assert_eq!(output.status.code(), Some(1), "{shell}: {}", all(&output));
        let quality: Value =
            serde_json::from_str(&folder.read(&format!("work/{}", reports["codequality"].as_str().unwrap()))).unwrap();
        assert_eq!(quality[0]["location"]["path"], "design/bad.yaml");
        assert!(folder.read(&format!("work/{}", reports["junit"].as_str().unwrap())).contains("<testsuite"));
    }
    // An image without napkin: built from the repository that is named, or told what to do.
    let output = run("sh", &folder.0.join("bin"), &[("NAPKIN_PATHS", "design")]);
    assert!(output.status.code() == Some(2) && all(&output).contains("set NAPKIN_IMAGE"), "{}", all(&output));
    let install = "mkdir -p \"$4/bin\"\nln -sf";
    fake(&folder, "cargo", &format!("{install} '{}' \"$4/bin/napkin\"", built.display()));
    let source =
        [("NAPKIN_PATHS", "design/good.yaml"), ("NAPKIN_GIT", "https://git.example.org/napkin"), ("NAPKIN_TAG", "v1")];
    let output = run("sh", &folder.0.join("bin"), &source);
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    let calls = folder.read("calls");
    let root = project.join(".napkin-install").display().to_string();
    let rest = calls.strip_prefix(&format!("cargo [install] [--locked] [--root] [{root}/")).unwrap();
    assert!(rest.ends_with("] [--git] [https://git.example.org/napkin] [--tag] [v1] [napkin]\n"), "{calls}");
    assert_eq!(calls.lines().count(), 1);
    assert_eq!(job["cache"]["paths"][0], ".napkin-install/");
    // The second run takes it from the cache.
    assert_eq!(job["cache"]["when"], "always", "a job with findings keeps what was built");
    assert_eq!(run("sh", &folder.0.join("bin"), &source).status.code(), Some(0));
    assert_eq!(folder.read("calls"), calls);
    // Another version is another program.
    let other = [source[0], source[1], ("NAPKIN_TAG", "v2")];
    assert_eq!(run("sh", &folder.0.join("bin"), &other).status.code(), Some(0));
    assert_eq!(folder.read("calls").lines().count(), 2);
}

#[test]
fn the_dockerfile_has_all_that_a_build_reads() {
    let text = std::fs::read_to_string(at("Dockerfile")).unwrap().replace("\\\n", " ");
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    let of = |word: &str| lines.iter().filter(|line| line.first() == Some(&word)).cloned().collect::<Vec<_>>();
    let manifest = std::fs::read_to_string(at("Cargo.toml")).unwrap();
    let rust = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap().trim_matches('"');
    let bases: Vec<&str> = of("FROM").iter().map(|line| line[1]).collect();
    // Both on one Debian: a program doesn't start with an older C library than it was linked with.
    assert_eq!(bases, [format!("rust:{rust}-slim-bookworm").as_str(), "debian:bookworm-slim"]);
    assert_eq!(of("FROM")[0][2..], ["AS", "build"]);

    let ignored = std::fs::read_to_string(at(".dockerignore")).unwrap();
    let kept: Vec<&str> = ignored.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let folder = Folder::new("docker");
    let mut copied = Vec::new();
    for line in of("COPY").iter().filter(|line| !line[1].starts_with("--from=")) {
        for source in &line[1..line.len() - 1] {
            assert!(
                at(source).exists() && kept.contains(source),
                "{source} is not there, or left out by .dockerignore"
            );
            let target = folder.0.join(source);
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            said(Command::new("cp").arg("-r").arg(at(source)).arg(target));
            copied.push(*source);
        }
    }
    // All that the sources embed, and what build.rs reads, is among it.
    let mut sources = vec![folder.0.join("src")];
    while let Some(path) = sources.pop() {
        if path.is_dir() {
            sources.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for part in text.split("include_str!(\"").skip(1) {
            let file = path.parent().unwrap().join(part.split('"').next().unwrap());
            assert!(file.exists(), "{} embeds {}, which no COPY brings", path.display(), file.display());
        }
    }
    let build = std::fs::read_to_string(at("build.rs")).unwrap();
    assert!(["catalog", "rules"].iter().all(|read| build.contains(read) && copied.contains(read)));
    // Cargo finds every target that the manifest names.
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let command = ["metadata", "--offline", "--locked", "--no-deps", "--format-version", "1"];
    said(Command::new(cargo).args(command).current_dir(&folder.0));

    assert_eq!(of("RUN")[0].join(" "), "RUN cargo build --release --locked --bin napkin");
    let binary = lines.iter().find(|line| line.get(1) == Some(&"--from=build")).unwrap();
    assert_eq!(binary[2..], ["/src/target/release/napkin", "/usr/local/bin/napkin"]);
    assert!(of("USER").last().is_some_and(|line| line[1] != "root" && line[1] != "0"));
    assert_eq!(of("ENTRYPOINT"), [["ENTRYPOINT", "[\"napkin\"]"]]);
}
