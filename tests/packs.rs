//! Packs of rules in folders: manifests, what they set, what can be wrong with them, and the packs to learn from.

use std::process::Output;

use serde_json::Value;

use crate::cli::stdout;
use crate::formats::Folder;

const MANIFEST: &str = "pack: acme\nversion: 1.2.0\nnapkin: \">=0.1\"\ndescription: what acme wants\n";

fn rule(name: &str, more: &str) -> String {
    format!(
        "rule: {name}\nseverity: error\ncategory: c\n{more}for: component\nparameters: {{ most: 4 }}\nwhen: component.replicas > most\nmessage: \"`{{component.name}}` has more than {{most}}\"\nhelp: h\nwhy: w\n"
    )
}

const SPEC: &str = "napkin: 1\nname: s\ncomponents: { api: { is: worker, replicas: 5 } }\n";

/// A folder with files; nothing above it has a say.
fn tree(name: &str, files: &[(&str, &str)]) -> Folder {
    let folder = Folder::new(&format!("packs-{name}"));
    std::fs::create_dir_all(folder.0.join(".git")).unwrap();
    for (path, text) in files {
        std::fs::create_dir_all(folder.0.join(path).parent().unwrap()).unwrap();
        folder.write(path, text);
    }
    folder
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// `severity rule pack version` of each finding.
fn found(output: &Output) -> Vec<String> {
    let report: Value = serde_json::from_str(&stdout(output)).unwrap_or_else(|_| panic!("{}", told(output)));
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or("-").to_owned();
    let keys = ["severity", "rule", "pack", "pack_version"];
    let one = |f: &Value| keys.map(|key| text(f, key)).join(" ");
    report["findings"].as_array().unwrap().iter().map(one).collect()
}

#[test]
fn rules_take_the_pack_of_their_folder_and_what_it_sets() {
    let (many, few) = (rule("too-many", ""), rule("too-few", "pack: acme\n"));
    let manifest = format!(
        "{MANIFEST}severities: {{ too-many: info }}\nparameters: {{ too-few: {{ most: 5 }}, too-many: {{ most: 3 }} }}\n"
    );
    let folder = tree(
        "pack",
        &[
            ("packs/acme/pack.yaml", &manifest),
            ("packs/acme/deep/many.yaml", &many),
            ("packs/acme/few.yaml", &few),
            // What stands there to be looked at is no rule.
            ("packs/acme/specs/s.yaml", SPEC),
            (
                "packs/other/pack.yaml",
                &MANIFEST.replace("acme", "other").replace("description", "default: false\ndescription"),
            ),
            ("packs/other/one.yaml", &rule("other-rule", "")),
            ("packs/alone.yaml", &rule("alone", "")),
            ("s.yaml", SPEC),
        ],
    );
    let json = |arguments: &[&str]| {
        found(&folder.run(&[&["check", "s.yaml", "--format", "json", "--rules", "packs"], arguments].concat()))
    };
    let ours = format!("error alone custom {}", env!("CARGO_PKG_VERSION"));
    let mine = "info too-many acme 1.2.0";
    assert_eq!(json(&[]), [ours.as_str(), mine]);
    assert_eq!(json(&["--pack", "other"]), [ours.as_str(), "error other-rule other 1.2.0", mine]);
    assert_eq!(json(&["--param", "too-few.most=4"]).len(), 3);
    // Whichever part of a pack is named, it is the pack; naming it twice is naming it once.
    let part = ["check", "s.yaml", "--format", "json", "--rules", "packs/acme/deep/many.yaml", "--rules", "packs/acme"];
    assert_eq!(found(&folder.run(&part)), [mine]);

    let listed = stdout(&folder.run(&["rules", "list", "--rules", "packs", "--pack", "acme"]));
    let names: Vec<&str> =
        listed.lines().filter(|l| !l.starts_with(' ')).map(|l| l.split(' ').next().unwrap()).collect();
    assert_eq!(names, ["too-few", "too-many"]);
    let unknown = folder.run(&["rules", "list", "--rules", "packs", "--pack", "acmee"]);
    assert_eq!((unknown.status.code(), told(&unknown).contains("did you mean `acme`?")), (Some(2), true));
    let unknown = folder.run(&["check", "s.yaml", "--rules", "packs", "--pack", "othr"]);
    assert_eq!((unknown.status.code(), told(&unknown).contains("did you mean `other`?")), (Some(2), true));

    folder.write("napkin.toml", "rules = [\"packs\"]\npacks = [\"other\"]\nseverities = { pack.acme = \"warning\" }\n");
    let toml = found(&folder.run(&["check", "s.yaml", "--format", "json"]));
    assert_eq!(toml, [ours.as_str(), "error other-rule other 1.2.0", "warning too-many acme 1.2.0"]);
    let shown = stdout(&folder.run(&["check", "--show-config"]));
    let line = shown.lines().find(|line| line.contains("acme 1.2.0")).unwrap_or_default();
    assert!(line.ends_with("packs/acme/pack.yaml:1"), "{shown}");
    let line = shown.lines().find(|line| line.contains("other 1.2.0")).unwrap_or_default();
    assert!(line.ends_with("napkin.toml:2"), "{shown}");
    let sarif: Value = serde_json::from_str(&stdout(&folder.run(&["check", "s.yaml", "--format", "sarif"]))).unwrap();
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let described = rules.iter().find(|rule| rule["id"] == "too-many").unwrap();
    assert_eq!(
        (&described["properties"]["pack"], &described["properties"]["packVersion"]),
        (&"acme".into(), &"1.2.0".into())
    );

    folder.write("napkin.toml", "rules = [\"packs\"]\npacks = [\"othr\"]\nseverities = { pack.acm = \"warning\" }\n");
    let wrong = told(&folder.run(&["check", "s.yaml"]));
    assert!(wrong.contains("did you mean `other`?") && wrong.contains("did you mean `acme`?"), "{wrong}");
}

#[test]
fn a_finding_of_a_pack_can_be_allowed() {
    let spec = format!("{SPEC}allow: [{{ rule: too-many, because: test }}]\n");
    let folder =
        tree("allow", &[("acme/pack.yaml", MANIFEST), ("acme/r.yaml", &rule("too-many", "")), ("s.yaml", &spec)]);
    let output = folder.run(&["check", "s.yaml", "--rules", "acme", "--format", "concise"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(stdout(&output).contains("too-many") && stdout(&output).contains("[allowed: test]"), "{}", stdout(&output));
}

#[test]
fn what_is_wrong_with_a_pack_is_said_at_its_place() {
    for (manifest, rules, says) in [
        ("", &[][..], &["pack.yaml:1:1", "says nothing of its pack"][..]),
        ("[a]\n", &[], &["says nothing of its pack"]),
        ("pack: acme\n", &[], &["no `version`", "no `napkin`", "no `description`"]),
        (
            "pack: Acme_x\nversion: 1\nnapkin: new\ndescription: [d]\n",
            &[],
            &["can't be called `Acme_x`", "`1` is no version", "names no version of napkin", "`description` is a text"],
        ),
        (
            "pack: security\nversion: 1.0.0\nnapkin: \">=0.1\"\ndescription: d\n",
            &[],
            &["`security` is a pack of napkin's own", "acme-security"],
        ),
        ("pack: all\nversion: 1.0.0\nnapkin: \">=0.1\"\ndescription: d\n", &[], &["napkin's own"]),
        (
            "pack: acme\nversion: 1.0.0\nnapkin: \">=9.1\"\ndescription: d\n",
            &[("r", "wheen: x\n")],
            &["needs napkin >=9.1", "update napkin"],
        ),
        (
            "pack: acme\nversion: 1.0.0\nnapkin: \">=0.1\"\ndescription: d\nverson: 2\n",
            &[],
            &["did you mean `version`?"],
        ),
        (
            "pack: acme\nversion: 1.0.0\nnapkin: \">=0.1\"\ndescription: d\ndefault: off\n",
            &[],
            &["`default` is true or false"],
        ),
        (MANIFEST, &[], &["pack.yaml:1:7", "has no rules"]),
        (
            MANIFEST,
            &[("a", "pack: capacity\n")],
            &["a.yaml:4:7", "of the pack `acme`, not of `capacity`", "pack.yaml:1:7"],
        ),
        (
            MANIFEST,
            &[("single-region", "")],
            &[
                "single-region.yaml:1:7",
                "already a rule `single-region`",
                "napkin's own, in the pack `availability`",
                "rules/availability/single-region.yaml",
            ],
        ),
        (
            "pack: acme\nversion: 1.0.0\nnapkin: \">=0.1\"\ndescription: d\nseverities: { b: info, a: warnin, c: off }\n",
            &[("a", "")],
            &["did you mean `warning`?", "`default: false`"],
        ),
        (
            "pack: acme\nversion: 1.0.0\nnapkin: \">=0.1\"\ndescription: d\nseverities: { aa: info }\nparameters: { a: { most: 5 ms }, b: { most: 4 } }\n",
            &[("a", "")],
            &[
                "has no rule `aa`",
                "did you mean `a`?",
                "`most` is a plain number; this is time",
                "there is no rule `b`",
            ],
        ),
        (
            "pack: acme\nversion: 1.0.0\nnapkin: \">=0.1\"\ndescription: d\nseverities: [a]\nparameters: { a: 4, b: { c: { d: 4 } } }\n",
            &[("a", "")],
            &["`severities` names rules", "`a` needs parameters", "no value of a parameter"],
        ),
    ] {
        let folder = tree("wrong", &[("acme/pack.yaml", manifest), ("s.yaml", SPEC)]);
        for (name, more) in rules {
            folder.write(&format!("acme/{name}.yaml"), &rule(name, more));
        }
        let output = folder.run(&["check", "s.yaml", "--rules", "acme"]);
        assert_eq!(output.status.code(), Some(2), "{manifest}");
        let told = told(&output).replace("\n  │ ", " ").replace("      ", " ");
        let flat: String = told.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in says {
            assert!(flat.contains(words), "{manifest}: {told}, not {words}");
        }
        assert!(!flat.contains("wheen"), "rules of a pack for another napkin are not read: {told}");
    }
}

#[test]
fn two_packs_of_one_name_and_two_rules_of_one_name_are_told_with_both_places() {
    let folder = tree(
        "twice",
        &[
            ("p/a/pack.yaml", MANIFEST),
            ("p/a/x.yaml", &rule("x", "")),
            ("p/b/pack.yaml", MANIFEST),
            ("p/b/y.yaml", &rule("y", "")),
            ("q/a/pack.yaml", MANIFEST),
            ("q/a/x.yaml", &rule("x", "")),
            ("q/b/pack.yaml", &MANIFEST.replace("acme", "other")),
            ("q/b/x.yaml", &rule("x", "")),
            ("r/pack.yml", MANIFEST),
            ("s.yaml", SPEC),
        ],
    );
    let told = |rules: &str| {
        let output = folder.run(&["check", "s.yaml", "--rules", rules]);
        assert_eq!(output.status.code(), Some(2));
        told(&output)
    };
    let packs = told("p");
    assert!(
        packs.contains("two packs `acme`") && packs.contains("p/a/pack.yaml") && packs.contains("p/b/pack.yaml"),
        "{packs}"
    );
    let rules = told("q");
    assert!(
        rules.contains("already a rule `x`") && rules.contains("q/a/x.yaml") && rules.contains("q/b/x.yaml"),
        "{rules}"
    );
    assert!(told("r").contains("call it r/pack.yaml"), "{}", told("r"));
}
