//! `napkin.toml`: which file counts for which spec, what wins, who said it, and mistakes in it.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use napkin::config::{check, read};
use napkin::diagnostic::Diagnostics;
use napkin::lint::{PACKS, built_in};
use napkin::source::Sources;

use crate::at;
use crate::cli::stdout;
use crate::formats::Folder;

/// Has `single-point-of-failure` and `overload-at-peak`, both errors.
const SHOP: &str = "napkin: 1\nname: shop\ncomponents:\n  users: client\n  db: { uses: postgresql, replicas: 1 }\n  api: { is: service, replicas: 2, cores: 1, service_time: 1 s, found_by: dns }\nflows: { f: { rate: 100 /s, steps: [users -> api -> db.read] } }\n";

fn tree(name: &str, files: &[(&str, &str)]) -> Folder {
    let folder = Folder::new(&format!("configuration-{name}"));
    // Nothing above a test's folder may decide what it finds.
    std::fs::create_dir_all(folder.0.join(".git")).unwrap();
    for (path, text) in files {
        put(&folder, path, text);
    }
    folder
}

fn put(folder: &Folder, path: &str, text: &str) {
    std::fs::create_dir_all(folder.0.join(path).parent().unwrap()).unwrap();
    folder.write(path, text);
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// `path: severity rule` of each finding.
fn found(output: &Output) -> Vec<String> {
    let report: Value = serde_json::from_str(&stdout(output)).unwrap_or_else(|_| panic!("{}", told(output)));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let one = |f: &Value| format!("{}: {} {}", text(&f["file"]), text(&f["severity"]), text(&f["rule"]));
    report["findings"].as_array().unwrap().iter().map(one).collect()
}

fn json(folder: &Folder, arguments: &[&str]) -> Vec<String> {
    found(&folder.run(&[&["check", "--format", "json"], arguments].concat()))
}

fn in_folder(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_napkin")).args(arguments).current_dir(folder).env_clear().output().unwrap()
}

#[test]
fn the_nearest_file_above_a_spec_counts() {
    let off = |rule: &str| format!("paths = [\".\"]\nseverities.{rule} = \"off\"\n");
    let folder = tree(
        "nearest",
        &[
            ("napkin.toml", &off("overload-at-peak")),
            ("a/s.yaml", SHOP),
            ("b/napkin.toml", &off("single-point-of-failure")),
            ("b/deep/s.yaml", SHOP),
            ("own/.git/config", ""),
            ("own/s.yaml", SHOP),
            ("other.toml", "severities = { pack.availability = \"off\", pack.capacity = \"off\" }"),
        ],
    );
    let (spof, overload) = ("error single-point-of-failure", "error overload-at-peak");
    let expected = [format!("a/s.yaml: {spof}"), format!("b/deep/s.yaml: {overload}")];
    // A repository of its own is not ruled from outside.
    let both = [format!("own/s.yaml: {spof}"), format!("own/s.yaml: {overload}")];
    assert_eq!(json(&folder, &[]), [expected.as_slice(), &both].concat());
    assert_eq!(json(&folder, &["b/deep/s.yaml", "a"]), [expected[1].clone(), expected[0].clone()]);
    assert_eq!(json(&folder, &["a/s.yaml", "--no-config"]).len(), 2);
    assert_eq!(json(&folder, &["a", "b", "--config", "other.toml"]), Vec::<String>::new());
    let below = |path: &str| stdout(&in_folder(&folder.0.join(path), &["check", "--format", "concise"]));
    assert!(below("b/deep").starts_with("s.yaml:6:33: error overload-at-peak"), "{}", below("b/deep"));
    assert!(below("a").starts_with("s.yaml:5:37: error single-point"), "{}", below("a"));
    assert!(below("a").contains("\n../own/s.yaml:5:37: error single-point"), "{}", below("a"));
}

#[test]
fn what_is_more_specific_wins_then_what_comes_later() {
    let folder = tree("wins", &[("specs/s.yaml", SHOP), ("specs/old/s.yaml", SHOP)]);
    let (rule, category, pack) = ("overload-at-peak", "category.capacity", "pack.capacity");
    for (base, environment, part, expected) in [
        (format!("{pack} = 'info'"), String::new(), String::new(), ["info", "info"]),
        (format!("{pack} = 'info'\n{category} = 'warning'"), String::new(), String::new(), ["warning", "warning"]),
        (format!("{rule} = 'info'\n{category} = 'warning'"), String::new(), String::new(), ["info", "info"]),
        (format!("{rule} = 'info'"), String::new(), format!("{pack} = 'off'"), ["info", "info"]),
        (format!("{rule} = 'info'"), String::new(), format!("{rule} = 'warning'"), ["info", "warning"]),
        (format!("{pack} = 'info'"), format!("{pack} = 'warning'"), String::new(), ["warning", "warning"]),
        (format!("{pack} = 'info'"), format!("{pack} = 'warning'"), format!("{pack} = 'error'"), ["warning", "error"]),
        (format!("{pack} = 'info'"), String::new(), format!("{pack} = 'off'"), ["info", ""]),
    ] {
        let toml = format!(
            "paths = ['specs']\n[severities]\n{base}\n[environments.prod.severities]\n{environment}\n[[overrides]]\npaths = ['specs/old']\n[overrides.severities]\n{part}\n"
        );
        folder.write("napkin.toml", &toml);
        let all = json(&folder, &["--env", "prod"]);
        let severity = |path: &str| {
            let mut mine = all.iter().filter_map(|f| f.strip_prefix(path)?.strip_suffix(" overload-at-peak"));
            mine.next().unwrap_or("").to_owned()
        };
        assert_eq!([severity("specs/s.yaml: "), severity("specs/old/s.yaml: ")], expected, "{toml}");
    }
}

#[test]
fn a_severity_is_the_same_in_every_format() {
    let toml = "severities = { overload-at-peak = 'info', single-point-of-failure = 'warning' }\n";
    let folder = tree("formats", &[("napkin.toml", toml), ("s.yaml", SHOP)]);
    let report = |format: &str| stdout(&folder.run(&["check", "s.yaml", "--format", format]));
    for (format, says) in [
        ("text", "1 spec: 0 errors, 1 warning, 1 info"),
        ("concise", "s.yaml:6:33: info overload-at-peak"),
        ("json", "\"severity\": \"info\""),
        ("sarif", "\"level\": \"note\",\n          \"message\""),
        ("junit", "failures=\"0\""),
        ("github", "::notice file=s.yaml,line=6"),
        ("gitlab", "\"severity\": \"minor\""),
        ("markdown", "warning"),
        ("csv", "info"),
    ] {
        assert!(report(format).contains(says), "{format}: {}", report(format));
    }
    let status = |arguments: &[&str]| folder.run(&[&["check", "s.yaml"], arguments].concat()).status.code();
    assert_eq!((status(&[]), status(&["--fail-on", "warning"]), status(&["--no-config"])), (Some(0), Some(1), Some(1)));
    // Fingerprints don't know severities.
    let prints = |arguments: &[&str]| {
        let text = stdout(&folder.run(&[&["check", "s.yaml", "--format", "json"], arguments].concat()));
        text.lines().filter(|line| line.contains("\"fingerprint\"")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(prints(&[]), prints(&["--no-config"]));
    // Rules that aren't asked of any spec are not described.
    let sarif: Value = serde_json::from_str(&report("sarif")).unwrap();
    folder.write("napkin.toml", "severities.pack.availability = 'off'\n");
    let fewer: Value = serde_json::from_str(&report("sarif")).unwrap();
    let rules = |log: &Value| log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap().len();
    assert!(rules(&fewer) + 20 < rules(&sarif), "{} {}", rules(&fewer), rules(&sarif));
}

#[test]
fn each_spec_goes_by_the_threshold_of_its_own_file() {
    let folder = tree("threshold", &[("a/s.yaml", SHOP), ("b/s.yaml", SHOP)]);
    let soft = "severities = { overload-at-peak = 'info', single-point-of-failure = 'warning' }\n";
    for (a, b, status) in [("never", "never", 0), ("warning", "never", 1), ("error", "error", 0), ("error", "info", 1)]
    {
        put(&folder, "a/napkin.toml", &format!("fail-on = '{a}'\n{soft}"));
        put(&folder, "b/napkin.toml", &format!("fail-on = '{b}'\n{soft}"));
        assert_eq!(folder.run(&["check", "a", "b"]).status.code(), Some(status), "{a} {b}");
        assert_eq!(folder.run(&["check", "a", "b", "--fail-on", "info"]).status.code(), Some(1));
    }
    put(&folder, "b/napkin.toml", &format!("fail-on = 'warning'\n{soft}"));
    let junit = stdout(&folder.run(&["check", "a", "b", "--format", "junit"]));
    assert!(junit.contains("<testsuite name=\"a/s.yaml\" tests=\"2\" failures=\"0\""), "{junit}");
    assert!(junit.contains("<testsuite name=\"b/s.yaml\" tests=\"2\" failures=\"1\""), "{junit}");
}

const WHOLE: &str = "paths = [\"specs\"]
exclude = [\"specs/drafts/**\"]
rules = [\"rules\"]
packs = [\"security\", \"cost\"]
fail-on = \"warning\"
baseline = \"base.json\"

[severities]
single-region = \"off\"
pack.cost = \"info\"
overload-at-peak = \"warning\"

[parameters.long-synchronous-chain]
max_depth = 4

[[overrides]]
paths = [\"specs/legacy/**\"]
severities = { overload-at-peak = \"info\" }
parameters.idle-fleet = { idle = \"1 %\" }

[environments.prod]
fail-on = \"info\"
packs = [\"operations\"]
";

const RULE: &str = "rule: service-without-owner\nseverity: warning\ncategory: conventions\nfor: component\nwhen: component.is_compute and component.owner is unknown\nmessage: \"nobody answers for `{component.name}`\"\nhelp: \"add `owner:`\"\nwhy: x\nexamples:\n  bad: \"components: { api: service }\"\n  good: \"components: { api: { is: service, owner: team-a } }\"\n";

fn whole(name: &str) -> Folder {
    tree(
        name,
        &[
            ("napkin.toml", WHOLE),
            ("rules/owner.yaml", RULE),
            ("specs/s.yaml", SHOP),
            ("specs/legacy/old.yaml", SHOP),
            ("specs/legacy/older.yaml", SHOP),
            ("specs/drafts/d.yaml", "napkin: 5\n"),
        ],
    )
}

#[test]
fn what_holds_is_told_with_who_says_it() {
    let folder = whole("told");
    let flags = ["--env", "prod", "--pack", "interview", "--param", "idle-fleet.min_nodes=9", "--rules", "rules"];
    let runs: [&[&str]; 3] =
        [&[], &flags, &["specs/s.yaml", "specs/legacy", "--baseline", "b.json", "--fail-on", "never"]];
    let mut all = String::new();
    for arguments in runs {
        let output = folder.run(&[&["check", "--show-config"], arguments].concat());
        assert_eq!((output.status.code(), told(&output)), (Some(0), String::new()));
        all += &stdout(&output);
    }
    insta::assert_snapshot!("configuration_shown", all);
    assert!(all.lines().all(|line| line.chars().count() <= 80), "{all}");
    let each = stdout(&folder.run(&["check", "--show-config", "--verbose"]));
    let row = |begins: &str| each.lines().find(|line| line.trim_start().starts_with(begins)).unwrap().to_owned();
    assert!(row("single-region = off").ends_with("napkin.toml:9"));
    assert!(row("alert-without-objective = off").ends_with("its pack is off"));
    assert!(row("missing-cache.busy = 50 %").ends_with("default"));
    assert!(each.lines().filter(|line| line.contains(" = ")).count() > 250);
    let clash = folder.run(&["check", "--show-config", "--format", "json"]);
    assert!(clash.status.code() == Some(2) && told(&clash).contains("--format"), "{}", told(&clash));
    // The list of rules says the same.
    let list = stdout(&folder.run(&["rules", "list"]));
    for says in [
        "single-region                           off      medium  availability (napkin.toml:9)",
        "idle-fleet                              info     medium  cost (napkin.toml:10)",
        "  max_depth = 4 (napkin.toml:14)",
        "service-without-owner                   warning  medium  custom\n",
    ] {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(squeezed(&list).contains(&squeezed(says)), "{says}");
    }
    let page = stdout(&folder.run(&["explain", "idle-fleet"]));
    assert!(page.starts_with("idle-fleet (info by napkin.toml:10, cost)\n"), "{page}");
}

#[test]
fn settings_of_a_file_do_what_they_say() {
    let folder = whole("does");
    let output = folder.run(&["check"]);
    assert!(told(&output).contains("there is no baseline base.json; write it with `--write-baseline`"));
    assert_eq!(folder.run(&["check", "--write-baseline", "--baseline", "other.json"]).status.code(), Some(0));
    assert_eq!(folder.run(&["check", "--write-baseline"]).status.code(), Some(0));
    assert_eq!(folder.read("base.json"), folder.read("other.json"));
    assert_eq!(folder.run(&["check"]).status.code(), Some(0), "all is known");
    // Drafts are left out of folders, and checked when they are named.
    assert_eq!(folder.run(&["check", "."]).status.code(), Some(0), "neither rules nor drafts are specs");
    assert_eq!(folder.run(&["check", "specs/drafts/d.yaml"]).status.code(), Some(2));
    let only = told(&folder.run(&["check", "specs/drafts"]));
    assert!(only.contains("excluded by napkin.toml; name a file"), "{only}");
    // A rule that is turned off doesn't make its entries go.
    let before = folder.read("base.json");
    folder.write("napkin.toml", &WHOLE.replace("overload-at-peak = \"warning\"", "pack.capacity = \"off\""));
    let output = folder.run(&["check", "--shrink-baseline"]);
    assert!(output.status.code() == Some(0) && folder.read("base.json") == before, "{}", told(&output));
    assert!(stdout(&output).contains("entry of it belong") || stdout(&output).contains("entries of it belong"));
    folder.write("napkin.toml", WHOLE);
    // Rules that the file and a flag name are loaded once.
    let arguments = ["check", "--rules", "./rules", "--format", "json", "--baseline", "base.json"];
    let findings = found(&folder.run(&arguments));
    assert!(findings.contains(&"specs/s.yaml: warning service-without-owner".to_owned()), "{findings:?}");
    let tests = stdout(&folder.run(&["rules", "test"]));
    assert!(tests.contains(" 0 fail"), "{tests}");
    // Parameters decide.
    let chain = |depth: &str| {
        let parameter = format!("long-synchronous-chain.max_depth={depth}");
        found(&folder.run(&["check", "specs/s.yaml", "--format", "json", "--param", &parameter])).join("\n")
    };
    assert!(chain("1").contains("long-synchronous-chain") && !chain("3").contains("long-synchronous-chain"));
    folder.write("napkin.toml", &WHOLE.replace("max_depth = 4", "max_depth = 1"));
    assert!(json(&folder, &["specs/s.yaml"]).join("\n").contains("long-synchronous-chain"));
    assert!(!chain("3").contains("long-synchronous-chain"), "a flag beats the file");
}

#[test]
fn specs_of_one_run_may_have_baselines_of_their_own() {
    let toml = "baseline = 'base.json'\n";
    let folder = tree(
        "baselines",
        &[("a/s.yaml", SHOP), ("a/napkin.toml", toml), ("b/s.yaml", SHOP), ("b/napkin.toml", toml), ("c/s.yaml", SHOP)],
    );
    assert_eq!(folder.run(&["check", "a", "b", "--write-baseline"]).status.code(), Some(0));
    assert_eq!(folder.run(&["check", "a", "b"]).status.code(), Some(0));
    assert!(folder.read("a/base.json").contains("\"path\": \"s.yaml\""));
    let output = folder.run(&["check", "a", "b", "c", "--format", "json"]);
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(report["baseline"]["file"], "a/base.json, b/base.json");
    let open = report["findings"].as_array().unwrap().iter().filter(|f| f["waiver"].is_null());
    assert!(open.clone().count() == 2 && open.clone().all(|f| f["file"] == "c/s.yaml"), "{report}");
    put(&folder, "a/s.yaml", &SHOP.replace("100 /s", "0.1 /s"));
    assert_eq!(folder.run(&["check", "a", "b", "--shrink-baseline"]).status.code(), Some(0));
    let known = |path: &str| folder.read(path).matches("\"fingerprint\"").count();
    assert_eq!((known("a/base.json"), known("b/base.json")), (1, 2));
    let none = folder.run(&["check", "c", "--write-baseline"]);
    assert!(none.status.code() == Some(2) && told(&none).contains("name it with `--baseline FILE`"), "{}", told(&none));
}

#[test]
fn a_diff_goes_by_the_file_too() {
    let toml = "paths = ['.']\nseverities.overload-at-peak = 'info'\nexclude = ['drafts']\n";
    let calm = SHOP.replace("100 /s", "0.1 /s");
    let files =
        [("napkin.toml", toml), ("old/s.yaml", calm.as_str()), ("new/s.yaml", SHOP), ("new/drafts/d.yaml", SHOP)];
    let folder = tree("diff", &files);
    let run = |arguments: &[&str]| folder.run(&[&["diff", "old", "new"], arguments].concat());
    assert_eq!(run(&[]).status.code(), Some(0));
    assert_eq!(run(&["--fail-on", "info"]).status.code(), Some(1));
    assert_eq!(run(&["--no-config"]).status.code(), Some(1));
    let text = stdout(&run(&[]));
    assert!(text.contains("☞ `api` can't carry") && !text.contains("drafts"), "{text}");
    assert!(stdout(&run(&["--no-config"])).contains("drafts"));
    folder.write("napkin.toml", &format!("fail-on = 'info'\n{toml}"));
    assert_eq!(run(&[]).status.code(), Some(1));
}

#[test]
fn an_environment_lays_files_over_specs() {
    let toml = "paths = ['specs']\n[environments.prod.overlays]\n'specs/s.yaml' = 'specs/s-prod.yaml'\n[environments.test]\noverlays = { './specs/s.yaml' = ['specs/s-prod.yaml', 'specs/s-test.yaml'] }\n";
    let layer = |replicas: u32| format!("napkin: 1\ncomponents: {{ api: {{ replicas: {replicas} }} }}\n");
    let folder = tree(
        "overlays",
        &[
            ("napkin.toml", toml),
            ("specs/s.yaml", SHOP),
            ("specs/s-prod.yaml", &layer(400)),
            ("specs/s-test.yaml", &layer(3)),
            ("specs/other.yaml", &SHOP.replace("shop", "other")),
        ],
    );
    let overloaded = |arguments: &[&str]| {
        let all = json(&folder, arguments).into_iter().filter(|f| f.contains("overload-at-peak"));
        all.map(|f| f.split(':').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (spec, other) = ("specs/s.yaml", "specs/other.yaml");
    assert_eq!(overloaded(&[]), [other, spec], "overlays are no specs");
    assert_eq!(overloaded(&["--env", "prod"]), [other]);
    assert_eq!(
        overloaded(&["--env", "test"]),
        [other, "specs/s-test.yaml"],
        "at the file that says it, the last one wins"
    );
    assert_eq!(overloaded(&[spec, "--env", "prod", "--overlay", "specs/s-test.yaml"]), ["specs/s-test.yaml"]);
    let shown =
        |arguments: &[&str]| stdout(&folder.run(&[&["check", "--show-config", "--env", "test"], arguments].concat()));
    assert!(
        shown(&[]).contains("  overlays    specs/s-prod.yaml, specs/s-test.yaml over ./specs/s.yaml"),
        "{}",
        shown(&[])
    );
    assert!(shown(&[spec]).contains("  overlays    specs/s-prod.yaml"), "{}", shown(&[spec]));
    assert!(!shown(&[other]).contains("overlays"), "{}", shown(&[other]));
    // What is laid over may not be overwritten.
    let output = folder.run(&["check", spec, "--env", "prod", "--output", "markdown=specs/s-prod.yaml"]);
    assert!(told(&output).contains("would overwrite"), "{}", told(&output));
    // Revisions have overlays of their own.
    std::fs::remove_dir_all(folder.0.join(".git")).unwrap();
    let git = |arguments: &[&str]| {
        let fixed = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"];
        let output = Command::new("git").args(fixed).args(arguments).current_dir(&folder.0).output().unwrap();
        assert!(output.status.success(), "{}", told(&output));
    };
    git(&["init", "-q"]);
    git(&["add", "-A"]);
    git(&["commit", "-qm", "one"]);
    folder.write("specs/s-prod.yaml", &layer(2));
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_napkin"));
        command.args([&["diff", "--git", "HEAD"], arguments].concat()).current_dir(&folder.0).output().unwrap()
    };
    let plain = run(&[]);
    assert!(plain.status.code() == Some(0) && !stdout(&plain).contains("replicas"), "{}", stdout(&plain));
    let prod = run(&["--env", "prod"]);
    let text = stdout(&prod);
    assert!(prod.status.code() == Some(1) && text.contains("replicas: 400 → 2"), "{text}{}", told(&prod));
    folder.write("napkin.toml", "[environments.prod.overlays]\n'specs/x.yaml' = 'specs/y.yaml'\n");
    let text = told(&folder.run(&["check", "specs", "--env", "prod"]));
    assert!(text.contains("there is no `specs/x.yaml`") && text.contains("there is no `specs/y.yaml`"), "{text}");
}

const MISTAKES: &str = "paths = \"specs\"
exclude = [\"specs/[\", 4]
pack = [\"security\"]
packs = [\"securty\", \"\"]
fail_on = \"warning\"
fail-on = \"warn\"
baseline = 5
rules = [\"nowhere\"]

[severities]
single-regon = \"off\"
single-point-of-failure = \"none\"
security = \"info\"
\"pack:cost\" = \"info\"
pack.secruity = \"info\"
category.kaching = \"off\"
overload-at-peak = false
exclude = [\"x\"]
deep.x = \"info\"
unused-suppression = \"off\"
idle-fleet = \"info\"

[parameters]
max_depth = 4
[parameters.long-synchronous-chain]
max_dept = 4
max_depth = \"4 ms\"
[parameters.missing-cache]
busy = 80
reads_per_write = [\"3\"]
[parameters.nope]
a = 1
[parameters.retries-multiply]
max_calls = 1979-05-27

[[overrides]]
severities = { single-region = \"error\" }
[[overrides]]
paths = [\"../x\"]
fail-on = \"error\"
[environments]
prod = \"x\"
[environments.test]
exclude = [\"a\"]
overlays = \"prod.yaml\"
[environments.demo.overlays]
\"specs/s.yaml\" = 5
";

#[test]
fn mistakes_are_told_all_at_once_at_their_places() {
    let folder = tree("mistakes", &[("specs/s.yaml", SHOP), ("napkin.toml", MISTAKES)]);
    let output = folder.run(&["check"]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(2), String::new()));
    insta::assert_snapshot!("configuration_mistakes", told(&output));
    let mut all = String::new();
    for text in [
        "fail-on = warning\n",
        "paths: [\"specs\"]\n",
        "paths = [\"specs]\n",
        "[severities]\nsingle-region = \"off\"\n\n[severities]\nsingle-region = \"info\"\n",
        "[overrides]\npaths = [\"specs\"]\n",
        "[parameters.missing-cache]\nbusy = 80 %\n",
    ] {
        folder.write("napkin.toml", text);
        let output = folder.run(&["check"]);
        assert_eq!(output.status.code(), Some(2), "{text}");
        all += &told(&output);
    }
    insta::assert_snapshot!("configuration_syntax", all);
}

#[test]
fn settings_that_change_nothing_are_doubted() {
    let toml = "paths = ['specs']\npacks = ['cost']\n[severities]\npack.search = 'info'\nidle-fleet = 'error'\npack.operations = 'off'\n[[overrides]]\npaths = ['spec/**']\npacks = ['search']\n[[overrides]]\npaths = ['old.yaml']\n";
    let folder = tree("idle", &[("specs/s.yaml", SHOP), ("specs/deep/old.yaml", SHOP), ("napkin.toml", toml)]);
    let warned = |arguments: &[&str]| told(&folder.run(&[&["check", "--fail-on", "never"], arguments].concat()));
    let text = warned(&[]);
    assert!(text.contains("this override matches no .yaml file") && text.contains("['spec/**']"), "{text}");
    assert_eq!(text.matches('⚠').count(), 1, "the pack is on somewhere: {text}");
    assert_eq!(warned(&["specs/s.yaml"]), text, "what this run leaves out may be meant");
    folder.write("napkin.toml", &toml.replace("packs = ['search']\n", "").replace("spec/**", "specs"));
    let text = warned(&[]);
    assert!(text.contains("the pack `search` is off, so this changes nothing"), "{text}");
    assert_eq!(text.matches('⚠').count(), 1, "{text}");
    assert_eq!(warned(&["--pack", "search"]), "");
}

#[test]
fn what_cannot_be_found_is_said_with_what_to_do() {
    let folder = tree("missing", &[("s.yaml", SHOP)]);
    let fails = |arguments: &[&str], says: &str| {
        let output = folder.run(arguments);
        assert!(output.status.code() == Some(2) && told(&output).contains(says), "{says}: {}", told(&output));
    };
    fails(&["check"], "there is nothing to check; name specs or folders, as in `napkin check design/`");
    fails(&["check", "s.yaml", "--env", "prod"], "there is none above what is checked");
    fails(&["check", "s.yaml", "--config", "no.toml"], "can't read no.toml");
    fails(&["check", "s.yaml", "--config", "."], "it is a folder; name a file in it");
    fails(&["check", "s.yaml", "--no-config", "--env", "prod"], "cannot be used with");
    folder.write("napkin.toml", "environments.prod.fail-on = 'info'\n");
    fails(&["check"], "napkin.toml lists no `paths`; write `paths = [\"design\"]` into it");
    fails(&["check", "s.yaml", "--env", "prdo"], "napkin.toml has no environment `prdo`; did you mean `prod`?");
    fails(&["check", "s.yaml", "--output", "json=napkin.toml"], "would overwrite what is checked");
    folder.write("napkin.toml", "paths = ['spec', 'a*/*.yaml']\n");
    fails(&["check"], "there is no `spec`");
    fails(&["check"], "`a*/*.yaml` matches no .yaml file");
    folder.write("napkin.toml", "paths = ['*.yaml']\n");
    assert_eq!(json(&folder, &[]).len(), 2);
    folder.write("napkin.toml", "paths = ['*.yaml']\nexclude = ['s*']\n");
    fails(&["check"], "all .yaml files in `paths` are rules, overlays or excluded by napkin.toml");
}

fn plain(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::Table(table) => object(table),
        DeValue::Array(items) => items.iter().map(|item| plain(item.get_ref())).collect(),
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Boolean(flag) => Value::from(*flag),
        other => Value::from(other.as_integer().unwrap().as_str().parse::<i64>().unwrap()),
    }
}

fn object(table: &DeTable<'_>) -> Value {
    Value::Object(table.iter().map(|(key, value)| (key.get_ref().to_string(), plain(value.get_ref()))).collect())
}

#[test]
fn the_documented_file_fits_the_schema_and_has_no_mistakes() {
    let page = std::fs::read_to_string(at("docs/configuration.md")).unwrap();
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(at("schemas/config.v1.json")).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let blocks: Vec<&str> = page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(blocks.len(), 2);
    let valid = |text: &str| schema.is_valid(&object(DeTable::parse(text).unwrap().get_ref()));
    for text in blocks.into_iter().chain([WHOLE]) {
        let mut sources = Sources::new();
        let rules = built_in(&mut sources, &mut Diagnostics::new());
        let id = sources.add("napkin.toml", text);
        let mut diagnostics = Diagnostics::new();
        let config = read(&sources, id, &mut diagnostics);
        check(&config, (&rules, &PACKS), &[], &mut diagnostics);
        let messages: Vec<&str> = diagnostics.iter().map(|one| one.message.as_str()).collect();
        assert!(messages.is_empty(), "{messages:?}");
        assert!(valid(text), "{text}");
    }
    for wrong in
        ["paths = 'a'", "pack = []", "severities.x = 'warn'", "[[overrides]]\npacks = []", "environments.a.rules = []"]
    {
        assert!(!valid(wrong), "{wrong}");
    }
}

#[test]
fn the_documented_command_prints_what_the_page_shows() {
    let page = std::fs::read_to_string(at("docs/configuration.md")).unwrap();
    let block = |language: &str| page.split(&format!("```{language}\n")).nth(1).unwrap().split("```").next().unwrap();
    let files = [
        ("napkin.toml", block("toml")),
        ("specs/legacy/billing.yaml", SHOP),
        ("specs/shop.yaml", SHOP),
        ("specs/shop-prod.yaml", SHOP),
        ("rules/owner.yaml", RULE),
    ];
    let folder = tree("page", &files);
    let printed = stdout(&folder.run(&["check", "--show-config", "specs/legacy"]));
    for line in block("console").lines().skip(1).filter(|line| *line != "…") {
        assert!(printed.lines().any(|other| other == line), "{line}\n{printed}");
    }
}

#[test]
fn no_cut_or_garbled_file_panics() {
    let mut state = 7_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap()
    };
    let mut sources = Sources::new();
    let rules = built_in(&mut sources, &mut Diagnostics::new());
    for text in [WHOLE, MISTAKES].repeat(150) {
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..=next() % 4 {
            let place = next() % bytes.len();
            match next() % 3 {
                0 => bytes.truncate(place.max(1)),
                1 => bytes[place] = b"{}[]:,-&*#|='.x9 \n\"\\"[next() % 20],
                _ => bytes.insert(place, b"[\"='{\n"[next() % 6]),
            }
        }
        let mut sources = sources.clone();
        let id = sources.add("napkin.toml", String::from_utf8_lossy(&bytes));
        let mut diagnostics = Diagnostics::new();
        let config = read(&sources, id, &mut diagnostics);
        check(&config, (&rules, &PACKS), &[], &mut diagnostics);
        for diagnostic in diagnostics.iter() {
            assert!(diagnostic.help.as_ref().is_some_and(|help| !help.is_empty()), "{}", diagnostic.message);
        }
    }
}
