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

    // Rules that somebody names and that nobody asks are told.
    let off = folder.run(&["check", "s.yaml", "--rules", "packs/other"]);
    let why = "no rule of --rules is asked, because its pack is off; add `--pack other`";
    assert!(told(&off).contains(why), "{}", told(&off));
    for heard in [&["packs"][..], &["packs/other", "--pack", "other"]] {
        assert!(!told(&folder.run(&[&["check", "s.yaml", "--rules"], heard].concat())).contains(why));
    }

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

/// A manifest, rules beside it with a line of their own, and what is said.
type Wrong = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

#[rustfmt::skip]
const WRONG: &[Wrong] = &[
        ("", &[], &["pack.yaml:1:1", "says nothing of its pack"]),
        ("[a]\n", &[], &["says nothing of its pack"]),
    ("pack: a: b\n", &[], &["pack.yaml:1:8", "not valid YAML"]),
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
];

#[test]
fn what_is_wrong_with_a_pack_is_said_at_its_place() {
    for (manifest, rules, says) in WRONG.iter().copied() {
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

/// What a first-time writer of rules gets passes as it stands, for whatever it asks about.
#[test]
fn a_scaffold_is_a_rule_whose_examples_pass_and_decide_everything() {
    let folder = tree("new", &[]);
    for thing in ["component", "link", "step", "flow", "data", "system"] {
        let output = folder.run(&["rules", "new", &format!("my-{thing}"), "--for", thing, "--dir", "mine"]);
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        assert!(stdout(&output).contains(&format!("napkin rules test mine/my-{thing}.yaml")), "{}", stdout(&output));
    }
    let output = folder.run(&["rules", "test", "mine", "--min-coverage", "100", "--format", "json"]);
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(output.status.code(), Some(0), "{report}");
    let summary = &report["summary"];
    assert_eq!((&summary["rules"], &summary["examples"], &summary["failed"]), (&6.into(), &24.into(), &0.into()));
    assert_eq!(summary["pieces"], summary["decided"], "{report}");

    let output = folder.run(&["rules", "new", "--pack", "acme"]);
    assert!(stdout(&output).contains("rules = [\"acme\"]"), "{}", told(&output));
    folder.write("napkin.toml", "rules = [\"acme\", \"mine\"]\n");
    assert!(stdout(&folder.run(&["rules", "list", "--pack", "acme"])).starts_with("acme-first-rule"));
    for (arguments, says) in [
        (&["my-step", "--dir", "mine"][..], "already a rule `my-step` (mine/my-step.yaml:2)"),
        (&["single-region"], "already a rule `single-region` (napkin's own)"),
        (&["Upper"], "such as `cache-without-expiry`"),
        (&["../out"], "lower-case words with hyphens"),
        (&["--pack", "acme"], "already a pack `acme` (acme/pack.yaml:2)"),
        (&["--pack", "cost"], "napkin's own"),
        (&["--pack", "mine"], "mine exists already"),
    ] {
        let output = folder.run(&[&["rules", "new"], arguments].concat());
        assert_eq!((output.status.code(), told(&output).contains(says)), (Some(2), true), "{}", told(&output));
    }
    let output = folder.run(&["rules", "new", "settled"]);
    assert!(
        stdout(&output).starts_with("wrote acme/settled.yaml"),
        "the first folder of napkin.toml: {}",
        stdout(&output)
    );
}

const TESTED: &str = "rule: tested\nseverity: error\ncategory: c\nfor: component\nparameters: { most: 4 }\nlet: { many: component.replicas > most }\nwhen: many and (component.kind == \"service\" or component.kind == \"worker\")\nmessage: m\nhelp: h\nwhy: w\nexamples:\n";

#[test]
fn tests_of_rules_say_where_an_example_fails_and_why() {
    let folder = tree("tested", &[]);
    let run = |examples: &str, arguments: &[&str]| {
        folder.write("r.yaml", &format!("{TESTED}{examples}"));
        let output = folder.run(&[&["rules", "test", "r.yaml"], arguments].concat());
        (output.status.code(), stdout(&output) + &told(&output))
    };
    let example = |key: &str, text: &str| format!("  {key}:\n    - \"components: {{ {text} }}\"\n");
    let many = "api: { is: service, replicas: 5 }";
    for (bad, good, says) in [
        (
            "api: { is: service, replicas: 4 }",
            "api: service",
            &["r.yaml:13: tested: a `bad` example does not fire", "component `api`: `many` is false"][..],
        ),
        ("api: service", "api: service", &["component `api`: `many` is unknown"]),
        (
            "db: { is: cache, replicas: 9 }",
            "api: service",
            &[
                "component `db`: `component.kind == \"service\"` is false",
                "component `db`: `component.kind == \"worker\"` is false",
            ],
        ),
        ("", "api: service", &["there is no component in it"]),
        (many, many, &["r.yaml:15: tested: a `good` example fires: m"]),
        (many, "api: { is: servic }", &["r.yaml:15: tested: an example is not a valid spec", "did you mean `service`"]),
    ] {
        let (status, said) = run(&(example("bad", bad) + &example("good", good)), &[]);
        assert_eq!(status, Some(1), "{said}");
        for words in says {
            assert!(said.contains(words), "{said}, not {words}");
        }
    }
    let (status, said) = run(&example("bad", many), &[]);
    assert!(status == Some(1) && said.contains("r.yaml:1: tested: needs at least one example"), "{said}");
    let one = example("bad", "api: { is: service, replicas: 9 }") + &example("good", "db: { is: cache, replicas: 1 }");
    let (status, said) = run(&one, &[]);
    assert_eq!(status, Some(0), "{said}");
    for words in [
        "r.yaml:1: tested: 1 bad and 1 good examples; two of each",
        "r.yaml:7: tested: every example goes the same way without `many`",
        "r.yaml:7: tested: every example goes the same way without `component.kind == \"worker\"`",
        "r.yaml:5: tested: every example goes the same way with another value of `most`",
        "1 of 5 parts of conditions and parameters (20 %) are decided",
    ] {
        assert!(said.contains(words), "{said}, not {words}");
    }
    assert_eq!(run(&one, &["--min-coverage", "90"]).0, Some(1));
    let whole = format!(
        "  bad:\n    - \"components: {{ {many} }}\"\n    - \"components: {{ w: {{ is: worker, replicas: 9 }} }}\"\n  good:\n    - \"components: {{ api: {{ is: service, replicas: 4 }} }}\"\n    - \"components: {{ db: {{ is: cache, replicas: 9 }} }}\"\n"
    );
    let (status, said) = run(&whole, &["--min-coverage", "100"]);
    assert!(status == Some(0) && !said.contains("What no example decides"), "{said}");
    assert_eq!(folder.run(&["rules", "test", "."]).status.code(), Some(0));
    std::fs::create_dir_all(folder.0.join("none")).unwrap();
    assert!(told(&folder.run(&["rules", "test", "none"])).contains("no .yaml files in none"));
}

/// The packs to learn from: whole, with a spec that each of their rules fires on and one that nothing fires on.
#[test]
fn packs_to_learn_from_are_whole() {
    for (pack, dirty, clean, least) in
        [("technology-and-layers", "mixed-up", "in-order", 6), ("payments", "leaky", "sound", 9)]
    {
        let dir = format!("rules/examples/{pack}");
        let run = |arguments: &[&str]| crate::cli::napkin(arguments);
        let tested = run(&["rules", "test", &dir, "--min-coverage", "95", "--format", "json"]);
        assert_eq!(tested.status.code(), Some(0), "{}", stdout(&tested));
        let report: Value = serde_json::from_str(&stdout(&tested)).unwrap();
        let rules: Vec<&str> =
            report["rules"].as_array().unwrap().iter().map(|r| r["rule"].as_str().unwrap()).collect();
        assert!(rules.len() >= least, "{rules:?}");
        for rule in report["rules"].as_array().unwrap() {
            assert!(rule["bad"].as_u64() >= Some(2) && rule["good"].as_u64() >= Some(2), "{rule}");
            assert_eq!(rule["pack"], pack);
        }
        let check =
            |spec: &str| run(&["check", &format!("{dir}/specs/{spec}.yaml"), "--rules", &dir, "--format", "json"]);
        let found = found(&check(clean));
        assert_eq!(found, Vec::<String>::new(), "{pack}");
        let text = stdout(&check(dirty));
        let page = std::fs::read_to_string(crate::at(&format!("{dir}/README.md"))).unwrap();
        for rule in rules {
            assert!(text.contains(&format!("\"rule\": \"{rule}\"")), "{rule} isn't found in {dirty}");
            assert!(page.contains(&format!("| `{rule}` |")), "{dir}/README.md doesn't name {rule}");
        }
    }
    let listed = stdout(&crate::cli::napkin(&["rules", "list", "--no-config"]));
    assert!(!listed.contains("books-"), "packs to learn from are not among the rules that ship");
}

const STALE: &str = "the pages of rules are not up to date; run `cargo run -- rules docs --no-config --output docs/rules` and commit them";

#[test]
fn the_pages_of_rules_are_up_to_date() {
    let output = crate::cli::napkin(&["rules", "docs", "--no-config", "--output", "docs/rules", "--check"]);
    assert_eq!(output.status.code(), Some(0), "{STALE}: {}{}", stdout(&output), told(&output));
}

#[test]
fn pages_of_a_pack_are_written_once_and_overwrite_nothing_else() {
    let hostile = rule("too-many", "")
        .replace("why: w", "why: \"<script>[a](b) | c\"\nsee: [\"javascript:x\", \"https://e.example/a\"]");
    let folder =
        tree("docs", &[("acme/pack.yaml", MANIFEST), ("acme/r.yaml", &hostile), ("acme/s.yaml", &rule("other", ""))]);
    let run = |more: &[&str]| {
        let output = folder.run(&[&["rules", "docs", "acme"], more].concat());
        (output.status.code(), stdout(&output) + &told(&output))
    };
    assert_eq!(run(&["--output", "pages", "--check"]).0, Some(1));
    let (status, said) = run(&["--output", "pages"]);
    assert!(status == Some(0) && said.contains("3 pages in pages: 3 written, 0 removed"), "{said}");
    assert_eq!(run(&["--output", "pages", "--check"]).0, Some(0));
    let page = folder.read("pages/too-many.md");
    for words in [
        "&lt;script&gt;\\[a\\](b) \\| c",
        "- javascript:x\n",
        "- <https://e.example/a>",
        "| pack | acme (on by default) |",
        "rule: too-many, because",
    ] {
        assert!(page.contains(words), "{page}, not {words}");
    }
    assert!(folder.read("pages/README.md").contains("[`other`](other.md)"));
    std::fs::remove_file(folder.0.join("acme/s.yaml")).unwrap();
    folder.write("pages/notes.md", "my own");
    let (_, said) = run(&["--output", "pages"]);
    assert!(said.contains("2 pages in pages: 1 written, 1 removed"), "{said}");
    assert!(!folder.0.join("pages/other.md").exists() && folder.read("pages/notes.md") == "my own");
    folder.write("acme/README.md", "a page by hand");
    let (status, said) = run(&["--output", "acme"]);
    assert!(status == Some(2) && said.contains("acme/README.md wasn't written by"), "{said}");
    assert_eq!(folder.read("acme/README.md"), "a page by hand");
    // What a page says of `allow:` and of parameters can be copied.
    let block = |language: &str| {
        page.split(&format!("```{language}\n")).nth(1).unwrap().split("```").next().unwrap().to_owned()
    };
    let allow = page.split("```yaml\n").find(|block| block.starts_with("allow:")).unwrap().split("```").next().unwrap();
    folder.write("s.yaml", &format!("{SPEC}{}", allow.replace('…', "x")));
    folder.write("napkin.toml", &format!("rules = [\"acme\"]\n{}", block("toml")));
    let output = folder.run(&["check", "s.yaml", "--format", "concise"]);
    assert!(
        output.status.code() == Some(0) && stdout(&output).contains("[allowed: x"),
        "{}{}",
        stdout(&output),
        told(&output)
    );
}
