//! `check --baseline`: what is known stays known, what is new counts, what is fixed can only go.

use serde_json::Value;

use crate::cli::stdout;
use crate::formats::Folder;

const SHOP: &str = "napkin: 1\nname: shop\ncomponents:\n  users: client\n  db: { uses: postgresql, replicas: 1 }\n  api: { is: service, replicas: 2, cores: 1, service_time: 1 s }\nflows: { f: { rate: 100 /s, steps: [users -> api -> db.read] } }\n";

fn check(folder: &Folder, further: &[&str]) -> (Option<i32>, Value, String) {
    let arguments = [&["check", "--baseline", "base.json", "--fail-on", "info", "--format", "json"], further].concat();
    let output = folder.run(&arguments);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), serde_json::from_str(&stdout(&output)).unwrap_or(Value::Null), told)
}

/// The rules that count.
fn open(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings.filter(|f| f["waiver"].is_null()).map(|f| f["rule"].as_str().unwrap().to_owned()).collect()
}

fn gone(report: &Value) -> usize {
    report["baseline"]["gone"].as_array().unwrap().len()
}

#[test]
fn known_findings_survive_moved_lines_renamed_files_and_other_figures() {
    let folder = Folder::new("known");
    folder.write("shop.yaml", SHOP);
    let (status, report, told) = check(&folder, &["shop.yaml", "--write-baseline"]);
    assert!(status == Some(0) && open(&report).is_empty() && told.contains("findings to base.json"), "{told}");
    let base = folder.read("base.json");
    let schema = jsonschema::validator_for(&serde_json::from_str(include_str!("../schemas/baseline.v1.json")).unwrap());
    assert!(schema.unwrap().is_valid(&serde_json::from_str(&base).unwrap()), "{base}");
    let moved = SHOP
        .replace("components:", "description: more\n\n# a comment\ncomponents:")
        .replace("  db: { uses: postgresql, replicas: 1 }\n", "");
    let moved = moved.replace("flows:", "  db: { uses: postgresql,\n        replicas: 1 }\nflows:");
    for (name, text) in [
        ("shop.yaml", SHOP.to_owned()),
        ("shop.yaml", moved.clone()),
        ("renamed.yaml", moved),
        ("renamed.yaml", SHOP.replace("100 /s", "345 /s")),
    ] {
        let _ = std::fs::remove_file(folder.0.join("shop.yaml"));
        folder.write(name, &text);
        let (status, report, told) = check(&folder, &[name]);
        assert_eq!((status, open(&report), gone(&report)), (Some(0), vec![], 0), "{told}");
    }
    folder.write("renamed.yaml", SHOP);
    check(&folder, &["renamed.yaml", "--write-baseline"]);
    assert_eq!(folder.read("base.json"), base.replace("shop.yaml", "renamed.yaml"), "sorted and stable");
}

#[test]
fn only_what_is_new_counts() {
    let folder = Folder::new("new");
    folder.write("shop.yaml", SHOP);
    check(&folder, &["shop.yaml", "--write-baseline"]);
    let base = folder.read("base.json");
    folder.write("shop.yaml", &SHOP.replace("  api:", "  cache: { uses: redis, hit: 90 %, replicas: 2 }\n  api:"));
    let (status, report, _) = check(&folder, &["shop.yaml"]);
    assert_eq!((status, open(&report)), (Some(1), vec!["cache-without-expiry".to_owned()]));
    // Shrinking never adds.
    folder.write("shop.yaml", &SHOP.replace("  api:", "  cache: { uses: redis, hit: 90 %, replicas: 2 }\n  api:"));
    let (status, ..) = check(&folder, &["shop.yaml", "--shrink-baseline"]);
    assert_eq!((status, folder.read("base.json")), (Some(1), base));
}

#[test]
fn equal_findings_are_counted() {
    let folder = Folder::new("equal");
    folder.write("a.yaml", "napkin: 1\ncomponents: { cache: { uses: redis, hit: 90 % } }\n");
    check(&folder, &["a.yaml", "--write-baseline"]);
    folder.write("b.yaml", "napkin: 1\ncomponents: { cache: { uses: redis, hit: 90 % } }\n");
    let (status, report, _) = check(&folder, &["a.yaml", "b.yaml"]);
    assert_eq!(status, Some(1));
    assert_eq!(open(&report).len() * 2, report["findings"].as_array().unwrap().len());
}

#[test]
fn what_is_fixed_is_told_and_can_be_taken_out() {
    let folder = Folder::new("fixed");
    folder.write("shop.yaml", SHOP);
    folder.write("other.yaml", &SHOP.replace("name: shop", "name: other"));
    check(&folder, &["shop.yaml", "other.yaml", "--write-baseline"]);
    let entries = |text: &str| text.matches("\"fingerprint\"").count();
    let all = entries(&folder.read("base.json"));
    folder.write("shop.yaml", &SHOP.replace("rate: 100 /s", "rate: 0.1 /s"));
    let (status, report, told) = check(&folder, &["shop.yaml"]);
    let fixed = gone(&report);
    assert!(status == Some(0) && fixed > 0 && told.contains("shrink it with `--shrink-baseline`"), "{report} {told}");
    assert_eq!(report["baseline"]["not_judged"], all / 2, "the other spec was not read");
    let text = stdout(&folder.run(&["check", "shop.yaml", "--baseline", "base.json"]));
    assert!(text.contains("of base.json fixed; --shrink-baseline removes:\n  shop.yaml: overload-at-peak: "), "{text}");
    let (status, report, told) = check(&folder, &["shop.yaml", "--shrink-baseline"]);
    assert!(status == Some(0) && gone(&report) == 0 && told.contains("removed"), "{told}");
    assert_eq!(entries(&folder.read("base.json")), all - fixed);
    let (status, report, _) = check(&folder, &["shop.yaml", "other.yaml"]);
    assert_eq!((status, open(&report), gone(&report)), (Some(0), vec![], 0));
    // From another folder it is the same baseline.
    std::fs::create_dir(folder.0.join("sub")).unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_napkin"))
        .args(["check", "../shop.yaml", "--baseline", "../base.json", "--shrink-baseline", "--fail-on", "info"])
        .current_dir(folder.0.join("sub"))
        .output()
        .unwrap();
    assert_eq!((output.status.code(), entries(&folder.read("base.json"))), (Some(0), all - fixed));
}

#[test]
fn suppressions_are_not_hidden_by_a_baseline() {
    let folder = Folder::new("expired");
    let allow = |until: &str| {
        format!("{SHOP}allow: [{{ rule: overload-at-peak, because: later, owner: team-a, until: {until} }}]\n")
    };
    folder.write("shop.yaml", &allow("2999-01-01"));
    let (_, report, _) = check(&folder, &["shop.yaml", "--write-baseline"]);
    assert!(open(&report).is_empty() && !folder.read("base.json").contains("overload-at-peak"));
    // When the date has passed, the finding and the stale suppression count, baseline or not.
    folder.write("shop.yaml", &allow("2020-01-01"));
    let (status, report, _) = check(&folder, &["shop.yaml"]);
    assert_eq!(
        (status, open(&report)),
        (Some(1), vec!["overload-at-peak".to_owned(), "expired-suppression".to_owned()])
    );
    assert!(report.to_string().contains("agree on a new date with team-a"));
    let (status, ..) = check(&folder, &["shop.yaml", "--write-baseline"]);
    assert_eq!(status, Some(1));
    assert!(!folder.read("base.json").contains("suppression"));
    folder.write("shop.yaml", &format!("{SHOP}allow: [{{ rule: single-region, on: nowhere, because: x }}]\n"));
    assert!(open(&check(&folder, &["shop.yaml"]).1).contains(&"unused-suppression".to_owned()));
}

#[test]
fn baselines_that_cannot_be_used_are_mistakes() {
    let folder = Folder::new("unusable");
    folder.write("shop.yaml", SHOP);
    let fails = |says: &str| {
        let (status, _, told) = check(&folder, &["shop.yaml"]);
        assert!(status == Some(2) && told.contains(says), "{says}: {told}");
    };
    fails("there is no baseline base.json; write it with `--write-baseline`");
    for (text, says) in [
        ("", "it is no baseline"),
        ("[1]", "it is no baseline"),
        ("{ \"version\": 2 }", "version 2, and this napkin reads version 1"),
        ("{ \"version\": 1, \"tool\": \"napkin\", \"findings\": [{}] }", "missing field `path`"),
    ] {
        folder.write("base.json", text);
        fails(says);
    }
    check(&folder, &["shop.yaml", "--write-baseline"]);
    let base = folder.read("base.json");
    folder.write("shop.yaml", "napkin: 1\ncomponents: 5\n");
    for further in ["--write-baseline", "--shrink-baseline"] {
        let (status, _, told) = check(&folder, &["shop.yaml", further]);
        assert!(status == Some(2) && told.contains("left as it is"), "{told}");
        assert_eq!(folder.read("base.json"), base);
    }
}

#[test]
fn a_rule_that_only_the_spec_turns_on_is_part_of_the_run() {
    let folder = Folder::new("turned-on");
    folder.write("napkin.toml", "baseline = \"base.json\"\nseverities = { single-point-of-failure = \"off\" }\n");
    let on = SHOP.replace("replicas: 1", "replicas: 1, severity: { single-point-of-failure: error }");
    folder.write("shop.yaml", &on);
    check(&folder, &["shop.yaml", "--write-baseline"]);
    assert!(folder.read("base.json").contains("single-point-of-failure"));
    folder.write(
        "shop.yaml",
        &on.replace("replicas: 1,", "replication: { mode: sync, replicas: 2, failover: automatic },"),
    );
    let (_, report, told) = check(&folder, &["shop.yaml", "--shrink-baseline"]);
    assert!(!folder.read("base.json").contains("single-point-of-failure"), "{told} {report}");
}

#[test]
fn who_names_a_file_shrinks_nothing_of_another_that_has_moved() {
    let folder = Folder::new("moved-away");
    std::fs::create_dir_all(folder.0.join("d")).unwrap();
    folder.write("d/a.yaml", SHOP);
    folder.write("d/b.yaml", &SHOP.replace("name: shop", "name: other"));
    check(&folder, &["d", "--write-baseline"]);
    let whole = folder.read("base.json");
    std::fs::rename(folder.0.join("d/b.yaml"), folder.0.join("d/c.yaml")).unwrap();
    let (status, _, told) = check(&folder, &["d/a.yaml", "--shrink-baseline"]);
    assert_eq!((status, folder.read("base.json")), (Some(0), whole), "{told}");
    // A run over the folder knows that it is gone.
    std::fs::remove_file(folder.0.join("d/c.yaml")).unwrap();
    check(&folder, &["d", "--shrink-baseline"]);
    assert!(!folder.read("base.json").contains("d/b.yaml"));
}
