//! One cause, one finding: what goes together, what doesn't, and that nothing is lost or hidden.

use napkin::analysis::{Question, ask};
use napkin::catalog::Catalog;
use napkin::diagnostic::Diagnostics;
use napkin::lint::{Finding, Rule, check_ties, fold, load};
use napkin::source::Sources;
use serde_json::Value;

use crate::formats::Folder;

/// Rules by name, severity, target, condition and further keys.
fn rules(list: &[(&str, &str, &str, &str, &str)]) -> (Vec<Rule>, Vec<String>) {
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    let mut rules = Vec::new();
    for (name, severity, target, when, more) in list {
        let text = format!(
            "rule: {name}\nseverity: {severity}\ncategory: c\nfor: {target}\nwhen: {when}\n{more}\nmessage: \"{name} of {{{target}.{}}}\"\nhelp: h\nwhy: w\n",
            if *target == "step" { "caller" } else { "name" },
        );
        let id = sources.add(format!("{name}.yaml"), text);
        rules.extend(load(&sources, id, &mut diagnostics));
    }
    check_ties(&rules, &mut diagnostics);
    let mistakes = diagnostics.into_sorted();
    let told = mistakes
        .iter()
        .map(|d| format!("{}: {} ({})", sources.slice(d.span().unwrap()), d.message, d.help.as_deref().unwrap_or("")));
    (rules, told.collect())
}

fn found(rules: &[Rule], text: &str) -> Vec<Finding> {
    let mut sources = Sources::new();
    let id = sources.add("s.yaml", text);
    let found = ask(&sources, id, &Catalog::new(), Question { rules, ..Question::default() });
    assert!(found.diagnostics.is_empty(), "{:?}", found.diagnostics);
    fold(found.findings)
}

/// `rule@thing < rule@thing`, with a mark for what is accepted.
fn shape(findings: &[Finding]) -> Vec<String> {
    let name = |f: &Finding| format!("{}@{}", f.rule, f.subject_name);
    let one = |f: &Finding| {
        let below: String = f.also.iter().map(|other| format!(" < {}", name(other))).collect();
        format!("{}{}{below}", if f.allowed.is_some() { "(allowed) " } else { "" }, name(f))
    };
    findings.iter().map(one).collect()
}

const SPEC: &str = "napkin: 1
name: s
components:
  users: client
  a: { is: service, replicas: 1 }
  b: { is: service, replicas: 1 }
flows:
  f: { rate: 1 /s, steps: [users -> a -> b] }
  g: { rate: 1 /s, steps: [users -> a -> b] }
";

#[test]
fn findings_of_a_rule_with_one_cause_are_one_and_name_each_other() {
    let call = ("call", "info", "step", "step.caller.kind == \"service\"", "one_for: [step.caller, step.callee]");
    let (list, mistakes) = rules(&[call]);
    assert_eq!(mistakes, Vec::<String>::new());
    let folded = found(&list, SPEC);
    assert_eq!(shape(&folded), ["call@a -> b < call@a -> b"]);
    assert_eq!(folded[0].message, "call of a; likewise `a -> b` in flow `g`");
    assert!(folded[0].related.iter().any(|label| label.text == "likewise `a -> b` in flow `g`"));
    assert_eq!(folded[0].likewise().count(), 1);
    // What is accepted doesn't go together with what is open, and two that are accepted for one reason do.
    let (list, _) = rules(&[("box", "info", "component", "component.kind == \"service\"", "one_for: system.name")]);
    let allow = |on: &str| format!("{SPEC}allow: [{on}]\n");
    let [a, b] = ["a", "b"].map(|on| format!("{{ rule: box, on: {on}, because: a test }}"));
    assert_eq!(shape(&found(&list, SPEC)), ["box@a < box@b"]);
    assert_eq!(shape(&found(&list, &allow(&a))), ["(allowed) box@a", "box@b"]);
    assert_eq!(shape(&found(&list, &allow("{ rule: box, because: a test }"))), ["(allowed) box@a < box@b"]);
    assert_eq!(shape(&found(&list, &allow(&format!("{a}, {b}")))), ["(allowed) box@a", "(allowed) box@b"]);
}

#[test]
fn what_follows_stands_below_its_cause_unless_that_is_milder_or_accepted() {
    let service = "component.kind == \"service\"";
    let list = |cause: &str| {
        rules(&[
            ("cause", cause, "component", "component.name == \"a\"", ""),
            ("effect", "warning", "component", service, "follows_from: cause"),
            (
                "far",
                "warning",
                "flow",
                "flow.rate > 0 /s",
                "follows_from: { rule: effect, on: \"where(system.components, c => c.name == \\\"a\\\")\" }",
            ),
        ])
        .0
    };
    // A chain ends at its root; what has another subject stays.
    let strong = list("error");
    assert_eq!(shape(&found(&strong, SPEC)), ["cause@a < effect@a < far@f < far@g", "effect@b"]);
    assert_eq!(shape(&found(&list("info"), SPEC)), ["cause@a", "effect@a < far@f < far@g", "effect@b"]);
    let allow = |rule: &str| format!("{SPEC}allow: [{{ rule: {rule}, because: a test }}]\n");
    assert_eq!(
        shape(&found(&strong, &allow("cause"))),
        ["(allowed) cause@a", "effect@a < far@f < far@g", "effect@b"],
        "what follows comes to light"
    );
    assert_eq!(
        shape(&found(&strong, &allow("effect"))),
        ["cause@a", "(allowed) effect@a", "(allowed) effect@b", "far@f", "far@g"],
        "and what is accepted stays to be seen"
    );
}

#[test]
fn an_unknown_cause_ties_nothing_together() {
    let (list, mistakes) = rules(&[
        ("cause", "error", "component", "component.name == \"a\"", ""),
        ("one", "info", "component", "component.kind == \"service\"", "one_for: component.cores"),
        (
            "effect",
            "info",
            "component",
            "component.name == \"a\"",
            "follows_from: { rule: cause, on: \"where(system.components, c => c.cores > 2)\" }",
        ),
    ]);
    assert_eq!(mistakes, Vec::<String>::new());
    assert_eq!(shape(&found(&list, SPEC)), ["cause@a", "effect@a", "one@a", "one@b"]);
}

#[test]
fn ties_that_lead_nowhere_are_mistakes() {
    let mistakes = |first: &str, second: &str| {
        rules(&[
            ("first", "error", "component", "component.critical", first),
            ("second", "error", "component", "component.critical", second),
        ])
        .1
    };
    let unknown = mistakes("follows_from: secnd", "");
    assert_eq!(unknown, ["secnd: there is no rule `secnd` (did you mean `second`?)"]);
    let circle = mistakes("follows_from: second", "follows_from: [first]");
    assert_eq!(circle.len(), 2);
    assert!(circle[0].starts_with("second: `first` follows from `second`, which follows from it"), "{circle:?}");
    assert_eq!(mistakes("follows_from: first", "").len(), 1);
    let told = mistakes("follows_from: { rule: second, on: component.replicas }", "");
    assert!(told[0].starts_with("component.replicas: `on` has to name things"), "{told:?}");
    let told = mistakes("follows_from: { on: component }", "");
    assert!(told[0].contains("this names no rule"), "{told:?}");
    let told = mistakes("follows_from: { rule: second, if: component.replicas }", "");
    assert!(told[0].starts_with("component.replicas: `if` has to be a condition"), "{told:?}");
    let told = mistakes("one_for: component.nme", "");
    assert!(told[0].starts_with("nme: "), "{told:?}");
    let told = mistakes("one_for: [component.name, { a: b }]", "");
    assert!(told[0].starts_with("{ a: b }: this is no expression"), "{told:?}");
    let told = mistakes("follows_from: { rule: second, iff: component.critical }", "");
    assert_eq!(told, ["iff: `follows_from` has no `iff` (did you mean `if`?)"]);
}

const SHOP: &str = "napkin: 1
name: shop
components:
  users: { is: client, location: local }
  web: { is: service, replicas: 1 }
flows:
  view: { rate: 1 /s, slo: { availability: 99.9 % }, steps: [users -> web] }
";

#[test]
fn every_format_tells_what_follows() {
    let folder = Folder::new("folding-formats");
    folder.write("shop.yaml", SHOP);
    let told = |format: &str| {
        let run = folder.run(&["check", "shop.yaml", "--format", format]);
        assert_eq!(run.status.code(), Some(1));
        String::from_utf8(run.stdout).unwrap()
    };
    let message = "`view` reaches 99.5 %, its objective is 99.9 %";
    for format in ["text", "concise", "sarif", "junit", "github", "gitlab", "markdown", "csv"] {
        let text = told(format);
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ").replace("%25", "%");
        assert!(flat.contains("availability-objective-missed"), "{format}: {text}");
        assert!(flat.replace("│ ", "").contains(message), "{format}: {text}");
    }
    assert!(told("text").contains("1 spec: 1 error, 0 warnings"));
    let report: Value = serde_json::from_str(&told("json")).unwrap();
    assert_eq!(report["findings"].as_array().unwrap().len(), 1);
    let also = &report["findings"][0]["also"][0];
    assert_eq!(
        (also["rule"].as_str(), also["subject"].as_str()),
        (Some("availability-objective-missed"), Some("view"))
    );
    assert_eq!(also["message"].as_str(), Some(message));
    let schema: Value = serde_json::from_str(include_str!("../schemas/check.v1.json")).unwrap();
    assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&report));
}

#[test]
fn a_baseline_knows_every_finding_by_itself() {
    let folder = Folder::new("folding-baseline");
    folder.write("shop.yaml", SHOP);
    let check = |further: &[&str]| {
        let run =
            folder.run(&[&["check", "shop.yaml", "--baseline", "known.json", "--format", "json"], further].concat());
        let report: Value = serde_json::from_slice(&run.stdout).unwrap();
        let waived = |f: &Value| {
            format!("{}{}", f["rule"].as_str().unwrap(), if f["waiver"].is_null() { "" } else { " (known)" })
        };
        let mut list: Vec<String> = report["findings"].as_array().unwrap().iter().map(waived).collect();
        list.sort();
        (run.status.code(), list)
    };
    let known =
        ["availability-objective-missed (known)", "single-point-of-failure (known)"].map(str::to_owned).to_vec();
    assert_eq!(check(&["--write-baseline"]), (Some(0), known));
    // The cause is fixed, and what followed from it is there for another reason: still known.
    folder.write("shop.yaml", &SHOP.replace("replicas: 1", "replicas: 2, node_availability: 90 %"));
    assert_eq!(check(&[]), (Some(0), vec!["availability-objective-missed (known)".to_owned()]));
    // A baseline with the cause alone hides nothing else.
    folder.write("shop.yaml", &SHOP.replace(", slo: { availability: 99.9 % }", ""));
    check(&["--write-baseline"]);
    folder.write("shop.yaml", SHOP);
    let new = vec!["availability-objective-missed".to_owned(), "single-point-of-failure (known)".to_owned()];
    assert_eq!(check(&[]), (Some(1), new));
}
