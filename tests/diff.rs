//! Two versions of a design compared: pairs made by hand, a real git repository, exit statuses, hostile names.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::at;

const BASE: &str = "napkin: 1
name: shop
assume:
  dau: 1M users
regions: { eu: { zones: [a, b] } }
components:
  users: { is: client, location: regional }
  api: { is: service, replicas: 4, zones: [a, b], cores: 4, service_time: 8 ms, price: $100 /month }
  db: { uses: postgresql, cores: 8, zones: [a, b], replication: { mode: sync, replicas: 1, failover: automatic } }
flows:
  view:
    rate: dau * 50 /day
    peak: 2x
    slo: { p99: 150 ms }
    steps:
      - users -> api
      - { call: api -> db.read, timeout: 1 s }
data:
  orders: { in: db, record: 1 KB, added: 50k /day, keep: 5 year }
";

/// A folder of its own below the system's for temporary files, removed at the end.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("napkin-diff-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn napkin(&self, arguments: &[&str]) -> Output {
        run(Command::new(env!("CARGO_BIN_EXE_napkin")).env_clear(), &self.0, arguments)
    }

    pub fn git(&self, arguments: &[&str]) {
        let mut git = Command::new("git");
        for (key, value) in [
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_AUTHOR_NAME", "a"),
            ("GIT_AUTHOR_EMAIL", "a@b.c"),
            ("GIT_COMMITTER_NAME", "a"),
            ("GIT_COMMITTER_EMAIL", "a@b.c"),
        ] {
            git.env(key, value);
        }
        let output = run(&mut git, &self.0, arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn run(command: &mut Command, folder: &Path, arguments: &[&str]) -> Output {
    command.args(arguments).current_dir(folder).output().unwrap()
}

fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let all = text(&output.stdout) + &text(&output.stderr);
    assert!(!all.contains("panicked"), "{all}");
    all
}

/// What differs between the base and the base with words replaced, as JSON of its one spec.
fn compared(name: &str, edits: &[(&str, &str)]) -> (Value, i32) {
    let folder = Folder::new(name);
    let mut text = BASE.to_owned();
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    folder.write("old.yaml", BASE);
    folder.write("new.yaml", &text);
    let output = folder.napkin(&["diff", "old.yaml", "new.yaml", "--format", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", told(&output)));
    let schema: Value = serde_json::from_str(include_str!("../schemas/diff.v1.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mistakes: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
    assert!(mistakes.is_empty(), "{mistakes:?}");
    (report["specs"][0].clone(), output.status.code().unwrap())
}

/// `changed component api: replicas 4 → 2`, one a line.
fn changes(spec: &Value) -> Vec<String> {
    let shown = |value: &Value| match (&value["text"], value["profile"].as_str()) {
        (Value::String(text), Some(profile)) => format!("{text} by {profile}"),
        (Value::String(text), None) => text.clone(),
        _ => "–".to_owned(),
    };
    let list = spec["changes"].as_array().unwrap().iter();
    list.map(|change| {
        let values = change["attributes"].as_array().unwrap().iter();
        let values: Vec<String> = values
            .map(|v| format!("{} {} → {}", v["attribute"].as_str().unwrap(), shown(&v["from"]), shown(&v["to"])))
            .collect();
        let word = |key: &str| change[key].as_str().unwrap().to_owned();
        let was = change["was"].as_str().map_or(String::new(), |was| format!(" was {was}"));
        let values = if values.is_empty() { String::new() } else { format!(": {}", values.join(", ")) };
        format!("{} {} {}{was}{values}", word("change"), word("of"), word("name"))
    })
    .collect()
}

fn figure<'v>(spec: &'v Value, name: Option<&str>, metric: &str) -> Option<&'v Value> {
    let list = spec["figures"].as_array().unwrap();
    list.iter().find(|figure| figure["name"].as_str() == name && figure["metric"] == metric)
}

fn count(spec: &Value, list: &str) -> usize {
    spec["findings"][list].as_array().unwrap().len()
}

#[test]
fn what_says_the_same_is_no_difference() {
    for (name, edits) in [
        ("nothing", vec![]),
        (
            "units",
            vec![("8 ms", "0.008 s"), ("1 KB", "1000 B"), ("replicas: 4", "replicas: 2 + 2"), ("5 year", "1825 day")],
        ),
        (
            "comments",
            vec![
                ("name: shop\n", "# moved\n\nname: shop\n\n\n"),
                ("    peak: 2x\n", "    # soon more\n    peak: 2x\n"),
            ],
        ),
        ("order", vec![("cores: 4, service_time: 8 ms", "service_time: 8 ms, cores: 4")]),
        ("block", vec![("{ p99: 150 ms }", "{ p99: \"150 ms\" }")]),
        ("inlined", vec![("dau * 50 /day", "50M /day"), ("  dau: 1M users\n", "  dau: 1000k users\n")]),
    ] {
        let (spec, status) = compared(name, &edits);
        assert!(status == 0 && changes(&spec).is_empty(), "{name}: {:?}", changes(&spec));
        assert!(spec["figures"].as_array().unwrap().is_empty(), "{name}: {}", spec["figures"]);
        assert!(count(&spec, "new") + count(&spec, "fixed") == 0, "{name}: {}", spec["findings"]);
    }
}

#[test]
fn changes_are_named_with_both_values() {
    for (name, edits, said) in [
        ("replicas", vec![("replicas: 4", "replicas: 3")], vec!["changed component api: replicas 4 → 3"]),
        ("assumption", vec![("1M users", "3M users")], vec!["changed assumption dau: value 1M users → 3M users"]),
        (
            "range",
            vec![("1M users", "1M..1M users"), ("peak: 2x", "peak: 1x..4x")],
            vec!["changed flow view: peak 2x → 1x..4x"],
        ),
        (
            "derived",
            vec![("dau * 50", "dau * 70")],
            vec!["changed flow view: rate dau * 50 /day (≈ 579 /s) → dau * 70 /day (≈ 810 /s)"],
        ),
        (
            "timeout",
            vec![("timeout: 1 s", "timeout: 2 s")],
            vec!["changed step view: api -> db.read: timeout 1 s → 2 s"],
        ),
        ("gone", vec![(", timeout: 1 s", "")], vec!["changed step view: api -> db.read: timeout 1 s → –"]),
        (
            "requires",
            vec![("data:\n", "requires: { rpo: 5 min }\ndata:\n")],
            vec!["changed requirements requires: rpo – → 5 min"],
        ),
        ("renamed-flow", vec![("  view:", "  look:")], vec!["renamed flow look was view"]),
        ("renamed-data", vec![("  orders:", "  purchases:")], vec!["renamed data purchases was orders"]),
        ("renamed-component", vec![("api", "web")], vec!["renamed component web was api"]),
        (
            "renamed-changed",
            vec![("api", "web"), ("replicas: 4", "replicas: 5")],
            vec!["renamed component web was api: replicas 4 → 5"],
        ),
        (
            "replaced",
            vec![("  api: { is: service", "  job: { is: worker"), ("api", "job")],
            vec![
                "added component job",
                "removed component api",
                "added link users -> job",
                "added link job -> db",
                "removed link users -> api",
                "removed link api -> db",
                "added step view: users -> job",
                "added step view: job -> db.read",
                "removed step view: users -> api",
                "removed step view: api -> db.read",
            ],
        ),
        (
            "renamed-all",
            vec![("db", "store"), ("  view:", "  look:")],
            vec!["renamed component store was db", "renamed flow look was view"],
        ),
        (
            "added",
            vec![("  db:", "  cache: redis\n  db:"), ("      - {", "      - api -> cache.get\n      - {")],
            vec!["added component cache", "added link api -> cache", "added step view: api -> cache.read"],
        ),
    ] {
        let (spec, _) = compared(name, &edits);
        assert_eq!(changes(&spec), said, "{name}");
    }
}

#[test]
fn another_product_shows_what_its_profile_changes_and_who_says_so() {
    let (spec, _) = compared("product", &[("uses: postgresql", "uses: mysql")]);
    let said = changes(&spec).join("\n");
    assert!(said.starts_with("changed component db: ") && said.contains("uses postgresql → mysql"), "{said}");
    assert!(said.contains(" by postgresql → ") && said.contains(" by mysql"), "{said}");
}

#[test]
fn a_rename_makes_no_finding_new_and_moves_no_figure() {
    for (name, edits) in
        [("rename-1", vec![("api", "web")]), ("rename-2", vec![("  view:", "  look:"), ("db", "store")])]
    {
        let weak = [("replicas: 4", "replicas: 1"), ("zones: [a, b], cores: 4", "cores: 4")];
        let folder = Folder::new(name);
        let old = weak.iter().fold(BASE.to_owned(), |text, (from, to)| text.replace(from, to));
        let new = edits.iter().fold(old.clone(), |text, (from, to)| text.replace(from, to));
        folder.write("old.yaml", &old);
        folder.write("new.yaml", &new);
        let output = folder.napkin(&["diff", "old.yaml", "new.yaml", "--format", "json", "--fail-on", "info"]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let summary = &report["summary"];
        assert!(summary["unchanged"].as_u64() > Some(0), "{report}");
        assert!(summary["new"] == 0 && summary["fixed"] == 0 && summary["worse"] == 0, "{report}");
        assert_eq!(output.status.code(), Some(0));
    }
}

#[test]
fn three_times_the_traffic_shows_in_load_headroom_and_objectives() {
    let (spec, status) = compared("traffic", &[("dau: 1M", "dau: 3M")]);
    let value = |figure: Option<&Value>, side: &str| figure.unwrap()[side].as_f64().unwrap();
    let headroom = figure(&spec, None, "headroom");
    let ratio = value(headroom, "from") / value(headroom, "to");
    assert!((ratio - 3.0).abs() < 0.02 && headroom.unwrap()["verdict"] == "worse", "{headroom:?}");
    let peak = figure(&spec, Some("view"), "peak_rate");
    assert!((value(peak, "to") / value(peak, "from") - 3.0).abs() < 1e-9 && peak.unwrap()["verdict"] == "moved");
    let p99 = figure(&spec, Some("view"), "latency.p99");
    assert!(p99.is_none_or(|p99| p99["verdict"] == "worse"), "{p99:?}");
    assert_eq!(status, i32::from(count(&spec, "new") > 0 && spec["findings"]["new"].to_string().contains("\"error\"")));
    let (spec, status) = compared("flood", &[("dau: 1M", "dau: 100M")]);
    assert_eq!(status, 1);
    assert_eq!(spec["objectives"][0]["name"], "view p99");
    assert!(spec["objectives"][0]["from"] == true && spec["objectives"][0]["to"] == false, "{}", spec["objectives"]);
    let endless = figure(&spec, Some("view"), "latency.p99").unwrap();
    assert!(endless["to"].is_null() && endless["verdict"] == "worse", "{endless}");
}

#[test]
fn words_for_people_are_short_and_fit() {
    let folder = Folder::new("words");
    folder.write("old.yaml", BASE);
    folder.write("new.yaml", &BASE.replace("replicas: 4", "replicas: 8").replace("8 ms", "12 ms"));
    let text = told(&folder.napkin(&["diff", "old.yaml", "new.yaml"]));
    for said in
        ["~ component api", "replicas: 4 → 8", "service_time: 8 ms → 12 ms", "+$400 a month", "view p99", "Worse\n"]
    {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert_eq!(text, told(&folder.napkin(&["diff", "old.yaml", "new.yaml"])), "the same bytes each time");
    let markdown = told(&folder.napkin(&["diff", "old.yaml", "new.yaml", "--format", "markdown"]));
    for said in [
        "**0 new findings**",
        "Worse: ",
        "<details><summary>1 change in the design</summary>",
        "| `replicas` | `4` | `8` |",
    ] {
        assert!(markdown.contains(said), "{said}: {markdown}");
    }
    let raised = told(&folder.napkin(&["diff", "old.yaml", "new.yaml", "--threshold", "99 %"]));
    assert!(!raised.contains("view p50") && raised.contains("+$400 a month"), "{raised}");
    let same = told(&folder.napkin(&["diff", "old.yaml", "old.yaml"]));
    assert!(same.starts_with("1 spec: nothing changed"), "{same}");
}

#[test]
fn the_exit_status_is_about_what_is_new() {
    let folder = Folder::new("status");
    let weak = BASE.replace("replicas: 4", "replicas: 1").replace("dau: 1M", "dau: 100M");
    folder.write("good.yaml", BASE);
    folder.write("bad.yaml", &weak);
    folder.write("broken.yaml", "napkin: 1\ncomponents: { api: servise }\n");
    let status = |arguments: &[&str]| folder.napkin(&[&["diff"], arguments].concat()).status.code().unwrap();
    assert_eq!(status(&["good.yaml", "bad.yaml"]), 1);
    assert_eq!(status(&["good.yaml", "bad.yaml", "--fail-on", "never"]), 0);
    assert_eq!(status(&["bad.yaml", "good.yaml"]), 0);
    assert_eq!(status(&["bad.yaml", "bad.yaml"]), 0);
    assert_eq!(status(&["broken.yaml", "bad.yaml"]), 0);
    assert_eq!(status(&["good.yaml", "broken.yaml"]), 2);
    assert_eq!(status(&["good.yaml", "nowhere.yaml"]), 2);
    assert_eq!(status(&["good.yaml"]), 2);
    assert_eq!(status(&["-", "-"]), 2);
    assert_eq!(status(&["good.yaml", "bad.yaml", "--threshold", "5"]), 2);
    let text = told(&folder.napkin(&["diff", "broken.yaml", "bad.yaml"]));
    assert!(text.contains("broken.yaml has mistakes") && text.contains("isn't known whether they are new"), "{text}");
    let text = told(&folder.napkin(&["diff", "good.yaml", "broken.yaml"]));
    assert!(text.contains("did you mean `service`") && text.contains("could not be compared"), "{text}");
}

#[test]
fn a_finding_that_gets_allowed_is_accepted_and_one_that_no_longer_is_allowed_is_new() {
    let folder = Folder::new("allowed");
    let weak = BASE.replace("replicas: 4", "replicas: 1").replace("dau: 1M", "dau: 100M");
    folder.write("bare.yaml", &weak);
    let found: Value =
        serde_json::from_slice(&folder.napkin(&["check", "bare.yaml", "--format", "json"]).stdout).unwrap();
    let errors = found["findings"].as_array().unwrap().iter().filter(|finding| finding["severity"] == "error");
    let rules: std::collections::BTreeSet<&str> = errors.map(|f| f["rule"].as_str().unwrap()).collect();
    let allow: String = rules.iter().map(|rule| format!("  - {{ rule: {rule}, because: trial }}\n")).collect();
    folder.write("allowed.yaml", &format!("{weak}allow:\n{allow}"));
    let report = |old: &str, new: &str| {
        let output = folder.napkin(&["diff", old, new, "--format", "json"]);
        (serde_json::from_slice::<Value>(&output.stdout).unwrap()["summary"].clone(), output.status.code().unwrap())
    };
    let (summary, status) = report("bare.yaml", "allowed.yaml");
    assert!(status == 0 && summary["accepted"].as_u64() > Some(0) && summary["new"] == 0, "{summary}");
    let (summary, status) = report("allowed.yaml", "bare.yaml");
    assert!(status == 1 && summary["new"].as_u64() > Some(0) && summary["accepted"] == 0, "{summary}");
}

#[test]
fn specs_of_folders_are_matched_by_path_then_by_name() {
    let folder = Folder::new("folders");
    let other = BASE.replace("name: shop", "name: bank");
    for (path, text) in [
        ("a/shop.yaml", BASE.to_owned()),
        ("b/shop.yaml", BASE.replace("replicas: 4", "replicas: 5")),
        ("a/bank.yaml", other.clone()),
        ("b/deep/moved.yaml", other),
        ("a/gone.yaml", BASE.replace("name: shop", "name: gone")),
        ("b/come.yaml", BASE.replace("name: shop", "name: come")),
        ("b/ci.yaml", "steps: [a]\n".to_owned()),
    ] {
        folder.write(path, &text);
    }
    let report: Value = serde_json::from_slice(&folder.napkin(&["diff", "a", "b", "--format", "json"]).stdout).unwrap();
    let specs = report["specs"].as_array().unwrap().iter();
    let specs: Vec<String> = specs
        .map(|spec| {
            format!("{} {} {} {}", spec["old"], spec["new"], spec["status"], changes(spec).len()).replace('"', "")
        })
        .collect();
    assert!(specs.contains(&"a/shop.yaml b/shop.yaml compared 1".to_owned()), "{specs:?}");
    assert!(specs.contains(&"a/bank.yaml b/deep/moved.yaml compared 0".to_owned()), "{specs:?}");
    assert!(specs.iter().any(|spec| spec.starts_with("null b/come.yaml added")), "{specs:?}");
    assert!(specs.iter().any(|spec| spec.starts_with("a/gone.yaml null removed")), "{specs:?}");
    assert_eq!(specs.len(), 4);
}

#[test]
fn the_specs_of_folders_are_those_that_check_takes_for_specs() {
    let folder = Folder::new("which");
    for side in ["o", "n"] {
        folder.write(&format!("{side}/a.yaml"), "\"napkin\": 1\nname: a\ncomponents: { u: client, s: service }\n");
        std::fs::write(folder.0.join(format!("{side}/latin.yml")), b"gr\xfc\xdfe: napkin\n").unwrap();
    }
    let output = folder.napkin(&["diff", "o", "n"]);
    assert!(output.status.success() && told(&output).contains("1 spec"), "{}", told(&output));
    for side in ["o", "n"] {
        std::fs::remove_file(folder.0.join(format!("{side}/a.yaml"))).unwrap();
    }
    let none = folder.napkin(&["diff", "o", "n"]);
    assert!(none.status.code() == Some(2) && told(&none).contains("there is no spec in o nor in n"), "{}", told(&none));
}

#[test]
fn revisions_of_a_repository_are_compared() {
    let folder = Folder::new("git");
    folder.git(&["init", "--quiet", "--initial-branch=main"]);
    folder.write("design/shop.yaml", BASE);
    folder.write("design/old.yaml", &BASE.replace("name: shop", "name: old"));
    folder.write("ci.yaml", "steps: [a]\n");
    folder.git(&["add", "."]);
    folder.git(&["commit", "--quiet", "-m", "one"]);
    folder.git(&["checkout", "--quiet", "-b", "change"]);
    folder.write("design/shop.yaml", &BASE.replace("replicas: 4", "replicas: 1").replace("dau: 1M", "dau: 100M"));
    folder.write("design/a new one.yaml", &BASE.replace("name: shop", "name: other"));
    std::fs::remove_file(folder.0.join("design/old.yaml")).unwrap();
    folder.git(&["add", "--all", "."]);
    folder.git(&["commit", "--quiet", "-m", "two"]);
    let report = |arguments: &[&str]| {
        let output = folder.napkin(&[&["diff", "--format", "json", "--git"], arguments].concat());
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", told(&output)));
        let specs: Vec<String> = report["specs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|spec| format!("{} {} {}", spec["old"], spec["new"], spec["status"]).replace('"', ""))
            .collect();
        (specs, output.status.code().unwrap())
    };
    let all = [
        "null design/a new one.yaml added",
        "main:design/old.yaml null removed",
        "main:design/shop.yaml design/shop.yaml compared",
    ];
    for (range, status) in [("main..change", 1), ("main..HEAD", 1), ("main..", 1), ("main", 1)] {
        assert_eq!(report(&[range]), (all.map(str::to_owned).to_vec(), status), "{range}");
        assert_eq!(report(&[range, "design"]).0.len(), 3, "{range}");
        assert_eq!(report(&[range, "./design/shop.yaml"]).0, [all[2]], "{range}");
    }
    // What is no spec need not even be text.
    std::fs::write(folder.0.join("design/latin.yml"), b"gr\xfc\xdfe: napkin\n").unwrap();
    folder.git(&["add", "."]);
    folder.git(&["commit", "-q", "-m", "latin"]);
    assert_eq!(report(&["main..HEAD"]).0.len(), 3);
    folder.git(&["reset", "-q", "--hard", "change"]);
    // From where both parted: the same here, since `main` has no commit of its own.
    assert_eq!(report(&["main...change"]).0.len(), 3);
    assert_eq!(report(&["change..change"]).1, 0);
    assert_eq!(report(&["change..main"]).1, 0);
    let text = told(&folder.napkin(&["diff", "--git", "main..change"]));
    assert!(text.contains("━━ design/shop.yaml\n") && text.contains("a new spec: 3 components, 1 flow"), "{text}");
    for (arguments, says) in [
        (vec!["--git", "main..nowhere"], "git knows no revision `nowhere`"),
        (vec!["--git=--output=x..HEAD"], "`--output=x` is no revision"),
        (vec!["--git", "main..HEAD", "nowhere.yaml"], "there is no spec at nowhere.yaml in `main` nor in `HEAD`"),
        (vec!["--git", "main..HEAD", "../.."], "git can't list the files"),
        (vec!["--git", "HEAD:design..HEAD"], "git knows no revision"),
        (vec!["--git="], "`--git` needs revisions"),
    ] {
        let output = folder.napkin(&[vec!["diff"], arguments].concat());
        assert!(output.status.code() == Some(2) && told(&output).contains(says), "{says}: {}", told(&output));
    }
    assert!(!folder.0.join("x").exists());
}

#[test]
fn without_git_or_a_repository_it_says_so() {
    let folder = Folder::new("bare");
    let text = told(&folder.napkin(&["diff", "--git", "main..HEAD"]));
    assert!(text.contains("needs a git repository"), "{text}");
    let mut napkin = Command::new(env!("CARGO_BIN_EXE_napkin"));
    let output = run(napkin.env("PATH", "/nowhere"), &folder.0, &["diff", "--git", "main..HEAD"]);
    assert!(output.status.code() == Some(2) && told(&output).contains("`git` isn't installed"), "{}", told(&output));
}

#[test]
fn names_and_texts_of_specs_inject_nothing() {
    let folder = Folder::new("hostile");
    let hostile = "<img src=x onerror=alert(1)>|**b**`[a](https://e.vil)@all\u{1b}[31m";
    folder.write("old.yaml", BASE);
    let escaped = hostile.replace('\u{1b}', "\\u001b");
    let new = BASE.replace("  view:", &format!("  \"{escaped}\":")).replace("dau: 1M", "dau: 90M").replace(
        "  api: { is: service,",
        &format!("  api: {{ is: service, description: \"{escaped}</details>\", owner: \"{escaped}\","),
    );
    folder.write("new.yaml", &new);
    for format in ["text", "json", "markdown"] {
        let output = folder.napkin(&["diff", "old.yaml", "new.yaml", "--format", format]);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{}", told(&output));
        assert!(!output.stdout.contains(&0x1b), "{format}");
        if format == "markdown" {
            // Outside of code spans there is no markup but ours.
            let outside = without_code(&told(&output));
            for bad in ["<img", "[a](", "**b**", "@all"] {
                assert!(!outside.contains(bad), "{bad}: {outside}");
            }
            let count = |what: &str| outside.matches(what).count();
            assert_eq!(count("<details>"), count("</details>"), "{outside}");
        }
    }
}

/// Markdown without its code spans, read as CommonMark does: a run of backticks is closed by one as long.
fn without_code(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('`') {
        out += &rest[..at];
        let escaped = out.ends_with('\\');
        let run = rest[at..].chars().take_while(|c| *c == '`').count();
        let after = &rest[at + run..];
        let closing = after.match_indices('`').map(|(i, _)| i).find(|&i| {
            let starts = i == 0 || !after[..i].ends_with('`');
            starts && after[i..].chars().take_while(|c| *c == '`').count() == run
        });
        rest = match closing.filter(|_| !escaped) {
            Some(end) => &after[end + run..],
            None => after,
        };
    }
    out + rest
}

#[test]
fn every_shipped_spec_equals_itself() {
    let output = run(&mut Command::new(env!("CARGO_BIN_EXE_napkin")), &at(""), &["diff", "specs", "specs"]);
    let text = told(&output);
    assert!(output.status.code() == Some(0) && text.contains("specs: nothing changed"), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
}
