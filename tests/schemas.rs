//! The schemas that editors complete from: they take what napkin takes, and say what every field means.

use serde_json::Value;

use napkin::lint::{RULE_KEYS, RuleKey, RuleShape};

use crate::cli::{napkin, stdout, with_input};
use crate::formats::Folder;
use crate::{at, yaml_files};

fn schema(of: &str) -> Value {
    let output = napkin(&["schema", of]);
    assert_eq!(output.status.code(), Some(0));
    serde_json::from_str(&stdout(&output)).unwrap()
}

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn accepts(schema: &Value, value: &Value) -> Result<(), String> {
    let validator = jsonschema::validator_for(schema).unwrap();
    let mistakes: Vec<String> =
        validator.iter_errors(value).take(3).map(|error| format!("{error} at {}", error.instance_path())).collect();
    if mistakes.is_empty() { Ok(()) } else { Err(mistakes.join("\n")) }
}

/// Calls for each field that a schema names, wherever it stands.
fn fields(schema: &Value, place: &str, visit: &mut dyn FnMut(&str, &Value)) {
    match schema {
        Value::Object(map) => {
            for (key, value) in map {
                let here = format!("{place}/{key}");
                // Conditions repeat fields that are described where they belong.
                match (key.as_str(), value) {
                    ("properties", Value::Object(properties)) => {
                        for (name, field) in properties {
                            visit(&format!("{here}/{name}"), field);
                            fields(field, &format!("{here}/{name}"), visit);
                        }
                    }
                    ("if" | "then", _) => {}
                    _ => fields(value, &here, visit),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|item| fields(item, place, visit)),
        _ => {}
    }
}

#[test]
fn every_field_of_specs_and_rules_is_described() {
    for of in ["spec", "rule"] {
        let schema = schema(of);
        let mut count = 0;
        fields(&schema, "", &mut |place, field| {
            count += 1;
            let doc = field["description"].as_str().unwrap_or("");
            assert!(doc.len() > 8 && doc.ends_with('.'), "{of}: {place} is not described: `{doc}`");
        });
        assert!(count > if of == "spec" { 300 } else { 20 }, "{of} has {count} fields");
    }
}

#[test]
fn shipped_specs_and_fixtures_fit_the_schema() {
    let schema = schema("spec");
    let files: Vec<_> = ["specs", "examples", "tests/fixtures"].into_iter().flat_map(yaml_files).collect();
    let specs = files.iter().map(|path| (path, std::fs::read_to_string(path).unwrap()));
    let mut count = 0;
    for (path, text) in specs.filter(|(_, text)| text.lines().any(|line| line.starts_with("napkin:"))) {
        accepts(&schema, &yaml(&text)).unwrap_or_else(|mistakes| panic!("{}: {mistakes}", path.display()));
        count += 1;
    }
    assert!(count > 15, "only {count} specs");
}

#[test]
fn what_rules_show_as_specs_fits_the_schema() {
    let schema = schema("spec");
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut sources = napkin::source::Sources::new();
    let mut count = 0;
    for rule in napkin::lint::built_in(&mut sources, &mut napkin::diagnostic::Diagnostics::new()) {
        for (text, _) in rule.bad.iter().chain(&rule.good) {
            let whole = if text.contains("napkin:") { text.clone() } else { format!("napkin: 1\n{text}") };
            let mistakes: Vec<String> = validator.iter_errors(&yaml(&whole)).map(|error| error.to_string()).collect();
            assert!(mistakes.is_empty(), "{}: {mistakes:?}\n{text}", rule.name);
            count += 1;
        }
    }
    assert!(count > 900, "only {count} examples");
    for text in [
        "napkin: 1\nname: 12\nregions: { eu: [1, 2] }\ncomponents: { a: service, b: { is: service, tags: [1], owner: 5 } }\nlinks: a -> b\nrequires: ~",
        "napkin: 1\ncomponents: { db: database }\ndata: { d: db }",
    ] {
        assert_eq!(with_input(&["check", "-"], text.as_bytes()).status.code(), Some(0), "{text}");
        accepts(&schema, &yaml(text)).unwrap();
    }
}

#[test]
fn specs_with_unknown_keys_and_wrong_kinds_are_refused_by_napkin_and_the_schema() {
    let schema = schema("spec");
    for text in [
        "napkin: 2",
        "name: shop",
        "napkin: 1\ncomponent: { api: service }",
        "napkin: 1\ncomponents: { api: { is: service, replica: 3 } }",
        "napkin: 1\ncomponents: { api: { is: servise } }",
        "napkin: 1\ncomponents: { db: { uses: postgresql, backup: { evry: 1 day } } }",
        "napkin: 1\ncomponents: [api]",
        "napkin: 1\ncomponents: { a: service, b: service }\nflows: { f: { steps: a -> b } }",
        "napkin: 1\ncomponents: { a: service, b: service }\nflows: { f: { steps: [{ cal: a -> b }] } }",
        "napkin: 1\ncomponents: { a: service, b: service }\nflows: { f: { steps: [{ par: [a -> b], wiat: any }] } }",
        "napkin: 1\nregions: { eu: { zone: [a] } }",
        "napkin: 1\nprofiles: { own: { titel: x } }\ncomponents: { a: service }",
        "napkin: 1\nallow: [{ rule: single-region }]",
        "napkin: 1\nallow: [{ rule: single-region, because: x, untill: 2030-01-01 }]",
        "napkin: 1\nshared: sometimes",
    ] {
        let output = with_input(&["check", "-"], text.as_bytes());
        assert_eq!(output.status.code(), Some(2), "{text}: {}", stdout(&output));
        assert!(accepts(&schema, &yaml(text)).is_err(), "{text}");
    }
}

/// All that napkin knows at the top of a spec, and nothing else, is what editors offer.
#[test]
fn the_top_of_a_spec_has_the_same_keys_for_napkin_and_for_editors() {
    let output = with_input(&["check", "-"], b"napkin: 1\nqqqqqqqqqqqq: 1\n");
    let told = stdout(&output).replace(['\n', '\u{2502}', '|'], " ");
    let list = told.split("known here:").nth(1).unwrap_or_else(|| panic!("{told}"));
    let schema = schema("spec");
    let mut keys: Vec<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    let words = list.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty());
    let mut known: Vec<&str> = words.take(keys.len()).collect();
    keys.sort_unstable();
    known.sort_unstable();
    assert_eq!(keys, known);
}

/// A rule with every key.
const WHOLE: &str = r#"
rule: too-few
severity: warning
category: capacity
pack: custom
confidence: low
since: 0.1.0
for: component
kinds: [service, database]
tags: pci
parameters: { few: 3, most: { default: 100, doc: "What counts as large." } }
let: { small: component.replicas < few }
when: small and component.cores < most
message: "`{component.name}` has few"
help: "add some"
at: replicas
one_for: component.kind
follows_from: [single-point-of-failure, { rule: overload-at-peak, on: component, if: small }]
fix: { title: "run {few}", when: small, on: component, set: { replicas: few }, add: { spare: service }, safe: false }
why: Because.
allow_when: "It is meant so."
see: [https://example.org]
examples: { bad: ["components: {}"], good: "components: {}" }
"#;

/// Loads a rule by `rules list`, which refuses broken ones.
fn loads(folder: &Folder, text: &str) -> Result<(), String> {
    folder.write("rules/r.yaml", text);
    let output = folder.run(&["rules", "list", "--rules", "rules", "--no-config"]);
    match output.status.code() {
        Some(0) => Ok(()),
        _ => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

fn rule_folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    std::fs::create_dir_all(folder.0.join("rules")).unwrap();
    folder
}

#[test]
fn all_rules_fit_the_schema() {
    let schema = schema("rule");
    let mut count = 0;
    for path in yaml_files("rules") {
        let text = std::fs::read_to_string(&path).unwrap();
        if !text.contains("\nwhen:") {
            continue;
        }
        accepts(&schema, &yaml(&text)).unwrap_or_else(|mistakes| panic!("{}: {mistakes}", path.display()));
        count += 1;
    }
    assert!(count > 200, "only {count} rules");
    accepts(&schema, &yaml(WHOLE)).unwrap();
    loads(&rule_folder("whole-rule"), WHOLE).unwrap();
}

#[test]
fn loader_and_schema_agree_on_the_keys_of_rules() {
    let schema = schema("rule");
    let folder = rule_folder("rule-keys");
    let whole = yaml(WHOLE);
    for RuleKey { name, required, shape, .. } in RULE_KEYS {
        let mut without = whole.clone();
        assert!(without.as_object_mut().unwrap().remove(*name).is_some(), "the example has no {name}");
        // Without these its expressions name nothing.
        if *name != "parameters" && *name != "let" {
            let text = serde_json::to_string(&without).unwrap();
            let (loaded, accepted) = (loads(&folder, &text), accepts(&schema, &without));
            assert_eq!((loaded.is_err(), accepted.is_err()), (*required, *required), "{name}: {loaded:?} {accepted:?}");
        }
        // Nothing in the place of something, and another kind of thing.
        let other = match shape {
            RuleShape::Mapping(_) | RuleShape::Parameters | RuleShape::Named => serde_json::json!("words"),
            _ => serde_json::json!({ "a": { "b": [] } }),
        };
        for wrong in [Value::Null, other] {
            let mut broken = whole.clone();
            broken[*name] = wrong.clone();
            let text = serde_json::to_string(&broken).unwrap();
            let (loaded, accepted) = (loads(&folder, &text), accepts(&schema, &broken));
            assert!(loaded.is_err() && accepted.is_err(), "{name}: {wrong}: {loaded:?} {accepted:?}");
        }
    }
}

#[test]
fn broken_rules_are_refused_at_their_place() {
    let schema = schema("rule");
    let folder = rule_folder("broken-rules");
    for (from, to, says) in [
        ("severity: warning", "severity: warn", "`severity` can't be `warn`"),
        ("confidence: low", "confidance: low", "a rule has no `confidance`"),
        ("\nfor: component\n", "\nfor: [component]\n", "`for` has to be text"),
        ("at: replicas", "at: replica", "a component has no attribute `replica`"),
        (
            "see: [https://example.org]",
            "see: { first: https://example.org }",
            "`see` has to be text, or a list of texts",
        ),
        ("since: 0.1.0", "since: [0.1.0]", "`since` has to be text"),
        ("examples: { bad:", "examples: { bda:", "`examples` has no `bda`"),
        ("good: \"components: {}\"", "good: { components: {} }", "`good` has to be text, or a list of texts"),
        ("let: { small: component.replicas < few }", "let: [component.replicas < few]", "`let` has to be names"),
        ("rule: overload-at-peak", "rul: overload-at-peak", "`follows_from` has no `rul`"),
    ] {
        let text = WHOLE.replace(from, to);
        assert_ne!(text, WHOLE, "{from}");
        let told = loads(&folder, &text).expect_err(to);
        assert!(told.contains(says) && told.contains("r.yaml:"), "{to}: {told}");
        assert!(accepts(&schema, &yaml(&text)).is_err(), "{to}");
    }
    let told = loads(&folder, "- rule: a\n").unwrap_err();
    assert!(told.contains("a rule is a mapping") && told.matches("error").count() <= 2, "{told}");
}

#[test]
fn a_starter_is_completed_by_editors_at_once() {
    let folder = Folder::new("init-schema");
    std::fs::create_dir_all(folder.0.join("design")).unwrap();
    assert!(folder.run(&["init", "design/shop.yaml"]).status.success());
    let text = folder.read("design/shop.yaml");
    let line = text.lines().next().unwrap();
    let schema = line.strip_prefix("# yaml-language-server: $schema=").unwrap();
    // Language servers see the path from the file's own folder.
    let schema: Value = serde_json::from_str(&folder.read(&format!("design/{schema}"))).unwrap();
    assert_eq!(schema, self::schema("spec"));
    accepts(&schema, &yaml(&text)).unwrap();
    // The schema is no spec, and another spec beside it takes the same one.
    assert!(folder.run(&["check", "design"]).status.success());
    assert!(folder.run(&["init", "design/other.yaml"]).status.success());
    assert!(folder.run(&["init", "plain.yaml", "--no-schema"]).status.success());
    let starter = std::fs::read_to_string(at("specs/starter.yaml")).unwrap();
    assert!(folder.read("plain.yaml") == starter && !folder.0.join(".napkin").exists());
    folder.write("other", "");
    std::fs::create_dir_all(folder.0.join("taken/.napkin")).unwrap();
    folder.write("taken/.napkin/spec.schema.json", "{}");
    std::fs::create_dir(folder.0.join("blocked")).unwrap();
    folder.write("blocked/.napkin", "");
    for (path, says) in [
        ("plain.yaml", "plain.yaml exists already"),
        ("missing/shop.yaml", "make the folder missing first"),
        ("other/shop.yaml", "can't write other/shop.yaml"),
        ("taken/shop.yaml", "another file than napkin's schema; move it away, or say `--no-schema`"),
        ("blocked/shop.yaml", "`--no-schema` does without it"),
        ("-", "looks like an option"),
    ] {
        let output = folder.run(&["init", path]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && told.contains(says), "{path}: {told}");
        // Both files or neither.
        assert!(path == "plain.yaml" || !folder.0.join(path).exists(), "{path}");
    }
}
