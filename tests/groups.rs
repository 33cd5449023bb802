//! Groups of components: tags and severities that they hand down, and what is said to mistakes in them.

use std::collections::BTreeSet;

use napkin::analysis::{Analysis, Question, ask};
use napkin::catalog::Catalog;
use napkin::diagnostic::Severity;
use napkin::lint::{Rule, Selector, Setting};
use napkin::source::{Sources, Span};
use serde_json::Value;

use crate::cli::stdout;
use crate::custom_rules::{loaded, rule_text};
use crate::formats::Folder;

const COMPONENTS: &str = "\
components:
  u: client
  pay: { is: service }
  ledger: { is: database, tags: [team-a, pci] }
  mail: { is: service, group: payments.side, severity: { x: info } }
  blog: { is: service }
flows:
  f: { rate: 1 /s, steps: [u -> pay -> ledger.write, pay -> mail, u -> blog] }
data:
  books: { in: [ledger, blog] }
";

const GROUPS: &str = "\
groups:
  payments:
    components: [pay]
    tags: [pci]
    severity: { x: error, category.c: info }
    groups:
      books: { components: [ledger], tags: [audit], severity: { pack.custom: off } }
      side: { tags: [late] }
";

/// A rule in the pack `custom` with the category `c` that fires on everything of a kind.
fn rule(target: &str) -> Rule {
    loaded(&rule_text(&format!("for: {target}\n"), "true", "m")).unwrap()
}

fn checked(rules: &[Rule], spec: &str, severities: &[Setting]) -> (Analysis, Sources) {
    let mut sources = Sources::new();
    let id = sources.add("spec.yaml", format!("napkin: 1\n{spec}"));
    let question = Question { rules, severities, ..Question::default() };
    (ask(&sources, id, &Catalog::new(), question), sources)
}

/// Name and severity of each finding.
fn severities(target: &str, spec: &str, elsewhere: Option<Option<Severity>>) -> Vec<String> {
    let rules = [rule(target)];
    let span = rules[0].span;
    let set: Vec<Setting> =
        elsewhere.map(|severity| Setting { of: Selector::Rule("x".to_owned()), severity, span }).into_iter().collect();
    let (found, _) = checked(&rules, spec, &set);
    assert!(found.is_usable(), "{:?}", found.diagnostics);
    let open = found.findings.iter().filter(|finding| finding.allowed.is_none());
    let mut list: Vec<String> = open.map(|finding| format!("{} {}", finding.subject_name, finding.severity)).collect();
    list.sort();
    let off: Vec<String> =
        found.findings.iter().filter_map(|finding| Some(finding.allowed.as_ref()?.because())).collect();
    let by: BTreeSet<&str> =
        off.iter().map(|because| because.strip_prefix("turned off by `severity:` of ").unwrap()).collect();
    if !by.is_empty() {
        list.push(format!("off {}x by {}", off.len(), by.into_iter().collect::<Vec<_>>().join(" and ")));
    }
    list
}

#[test]
fn the_nearest_place_says_how_bad_a_finding_is() {
    let spec = format!("{COMPONENTS}{GROUPS}");
    let info = Some(Some(Severity::Info));
    for (target, elsewhere, expected) in [
        ("component", None, "blog warning, mail info, pay error, u warning, off 1x by group payments.books"),
        ("component", info, "blog info, mail info, pay error, u info, off 1x by group payments.books"),
        // What is off elsewhere is asked where the spec says so, and only there.
        ("component", Some(None), "mail info, pay error, off 1x by group payments.books"),
        ("step", None, "pay -> mail info, u -> blog warning, u -> pay error, off 1x by group payments.books"),
        ("link", None, "pay -> mail info, u -> blog warning, u -> pay error, off 1x by group payments.books"),
        // One of its stores is in no group, and the worst decides.
        ("data", None, "books warning"),
        ("data", Some(None), "off 1x by group payments.books"),
        ("flow", None, "f warning"),
        ("system", Some(None), ""),
    ] {
        assert_eq!(severities(target, &spec, elsewhere).join(", "), expected, "{target} {elsewhere:?}");
    }
    assert_eq!(severities("data", &spec.replace("[ledger, blog]", "ledger"), None), ["off 1x by group payments.books"]);
}

#[test]
fn tags_and_names_of_groups_reach_what_is_in_them() {
    let spec = format!("{COMPONENTS}{GROUPS}");
    let rules =
        [loaded(&rule_text("for: component\n", "true", "{component.name}: {component.group}: {component.tags}"))
            .unwrap()];
    let (found, _) = checked(&rules, &spec.replace("severity: { pack.custom: off }", ""), &[]);
    let mut said: Vec<&str> = found.findings.iter().map(|finding| finding.message.as_str()).collect();
    said.sort_unstable();
    assert_eq!(
        said,
        [
            "blog: : ",
            "ledger: payments.books: pci, audit, team-a",
            "mail: payments.side: pci, late",
            "pay: payments: pci",
            "u: : "
        ]
    );
    let scoped = [loaded(&rule_text("for: component\ntags: [pci]\n", "true", "m")).unwrap()];
    let found = checked(&scoped, &spec, &[]).0.findings;
    assert_eq!(found.iter().filter(|finding| finding.allowed.is_none()).count(), 2, "the third is turned off");
}

#[test]
fn mistakes_in_groups_are_told_at_their_places() {
    let rules = [rule("component")];
    for (spec, place, message) in [
        ("groups: { g: { components: [leger] } }", "leger", "there is no component `leger`; did you mean `ledger`?"),
        ("groups: { g: { components: [other] } }", "other", "describe it under `components:`"),
        (
            "groups: { g: { componnets: [pay] } }",
            "componnets",
            "a group has no `componnets`; did you mean `components`?",
        ),
        ("groups: { g: { components: [pay] }, h: { components: [pay] } }", "pay", "`pay` is in `g` and in `h`"),
        (
            "groups: { g: { components: [pay], groups: { h: { components: [pay] } } } }",
            "pay",
            "`pay` is in `g` and in `g.h`",
        ),
        ("groups: { payment: {} }", "payments.side", "there is no group `payments.side`"),
        ("groups: { a.b: {} }", "a.b", "a group's name has letters"),
        ("groups: [pay]", "[pay]", "`groups` maps names"),
        ("groups: { g: [pay] }", "[pay]", "a group says which components are in it"),
        ("groups: { g: { severity: { y: error } } }", "y", "there is no rule `y`; known here: x"),
        (
            "groups: { g: { severity: { pack.custm: error } } }",
            "pack.custm",
            "there is no pack `custm`; did you mean `custom`?",
        ),
        ("groups: { g: { severity: { category.d: error } } }", "category.d", "there is no category `d`"),
        ("groups: { g: { severity: { c: error } } }", "c", "it is a category; write `category.c`"),
        ("groups: { g: { severity: { x: none } } }", "none", "`none` is no severity; write \"off\""),
        ("groups: { g: { severity: { x: eror } } }", "eror", "did you mean `error`?"),
        ("groups: { g: { severity: { x: } } }", "", "`x` needs a severity"),
        ("groups: { g: { severity: error } }", "error", "`severity` says it for each rule"),
        ("groups: { g: { severity: { pack: { custom: off } } } }", "{ custom: off }", "write `pack.cost: info`"),
        (
            "groups: { a: { groups: { b: { groups: { c: { groups: { d: { groups: { e: { groups: { f: { groups: { g: { groups: { h: { groups: { i: {} } } } } } } } } } } } } } } } } }",
            "{ i: {} }",
            "groups are nested more than 8 deep",
        ),
    ] {
        let needed = if spec.contains("payment:") { "" } else { "payments: { groups: { side: {} } }, " };
        let spec = format!("{COMPONENTS}{}\n", spec.replacen("groups: { ", &format!("groups: {{ {needed}"), 1));
        let (found, sources) = checked(&rules, &spec, &[]);
        let said: Vec<(String, String)> = found
            .diagnostics
            .iter()
            .map(|d| {
                let text = d.span().map_or("", |span: Span| sources.slice(span)).trim().to_owned();
                (text, format!("{}; {}", d.message, d.help.clone().unwrap_or_default()))
            })
            .collect();
        assert!(
            said.iter().any(|(at, said)| at == place && said.contains(message)),
            "{spec}: {said:?}, not {place}: {message}"
        );
    }
}

#[test]
fn files_that_are_laid_over_each_other_share_groups() {
    let mut sources = Sources::new();
    let base = format!("napkin: 1\n{COMPONENTS}{GROUPS}");
    let over = "napkin: 1\nextends: base.yaml\ncomponents: { blog: null }\n\
                data: { books: { in: ledger } }\n\
                 flows: { f: { steps: [u -> pay -> ledger.write] } }\ngroups: { payments: { severity: { x: off }, groups: { books: { severity: null } } } }\n";
    let id = sources.add("over.yaml", over);
    let below = sources.add("base.yaml", base);
    sources.refer(id, "base.yaml", Ok(below));
    let rules = [rule("component")];
    let found = ask(&sources, id, &Catalog::new(), Question { rules: &rules, ..Question::default() });
    let said: Vec<&str> = found.diagnostics.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(said, Vec::<&str>::new());
    let off = found.findings.iter().filter(|finding| finding.allowed.is_some()).count();
    assert_eq!(off, 2, "pay and ledger go by what the overlay says of the group around both");
}

/// What a spec turns off stays to be seen: with the place that says so, in every format, and without a second entry for it.
#[test]
fn what_is_turned_off_is_shown_as_allowed() {
    let spec = "napkin: 1\ncomponents:\n  u: client\n  api: { is: service, replicas: 1, severity: { single-point-of-failure: off } }\n\
                flows: { f: { rate: 1 /s, steps: [u -> api] } }\n";
    let run = |arguments: &[&str], spec: &str| {
        let output = crate::cli::with_input(&[&["check", "-", "--no-config"], arguments].concat(), spec.as_bytes());
        assert_eq!(output.status.code(), Some(0));
        crate::cli::stdout(&output)
    };
    let because = "turned off by `severity:` of component api";
    let json: serde_json::Value = serde_json::from_str(&run(&["--format", "json"], spec)).unwrap();
    assert_eq!(json["summary"]["allowed"], 1);
    assert_eq!(json["findings"][0]["waiver"]["because"], because);
    let sarif: serde_json::Value = serde_json::from_str(&run(&["--format", "sarif"], spec)).unwrap();
    let suppression = &sarif["runs"][0]["results"][0]["suppressions"][0];
    assert_eq!(suppression["justification"], because);
    assert_eq!(suppression["location"]["physicalLocation"]["region"]["startLine"], 4);
    for format in ["text", "concise", "junit", "github", "gitlab", "markdown", "csv"] {
        assert!(run(&["--format", format], spec).contains("turned off by"), "{format}");
    }
    let allowed = format!("{spec}allow: [{{ rule: single-point-of-failure, because: twice }}]\n");
    assert!(run(&[], &allowed).contains("an earlier entry or `severity: off` allows the same already"));
}

#[test]
fn every_finding_counts_however_many_there_are() {
    let folder = Folder::new("many-findings");
    let rule = "rule: any\nseverity: error\ncategory: c\nfor: component\nwhen: 'component.kind == \"worker\"'\nmessage: '`{component.name}`'\nhelp: h\nwhy: w\n";
    folder.write("any.yaml", rule);
    let component =
        |n: usize| format!("  w{n}: {{ is: worker{} }}\n", if n < 1010 { ", severity: { any: off }" } else { "" });
    let spec: String = (0..1100).map(component).collect();
    folder.write("s.yaml", &format!("napkin: 1\nname: s\ncomponents:\n{spec}"));
    let output = folder.run(&["check", "s.yaml", "--rules", "any.yaml", "--format", "json"]);
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let ours = report["findings"].as_array().unwrap().iter().filter(|finding| finding["rule"] == "any");
    let open = ours.clone().filter(|finding| finding["waiver"].is_null()).count();
    assert_eq!((output.status.code(), ours.count(), open), (Some(1), 1100, 90));
    // As text not all are drawn, and that is said.
    folder
        .write("s.yaml", &format!("napkin: 1\nname: s\ncomponents:\n{}", spec.replace(", severity: { any: off }", "")));
    let text = stdout(&folder.run(&["check", "s.yaml", "--rules", "any.yaml"]));
    assert!(text.contains(" more; `--format concise` has a line for each") && text.contains("1100 errors"), "{text}");
}

#[test]
fn a_suppression_of_a_rule_that_only_the_spec_turns_on_can_be_unused() {
    let folder = Folder::new("unused-turned-on");
    folder.write("napkin.toml", "severities = { single-point-of-failure = \"off\" }\n");
    let spec = |severity: &str| {
        format!(
            "napkin: 1\nname: s\ncomponents: {{ u: client, api: {{ is: service, replicas: 2{severity} }} }}\nflows: {{ f: {{ rate: 1 /s, steps: [u -> api] }} }}\nallow: [{{ rule: single-point-of-failure, because: x }}]\n"
        )
    };
    for (severity, unused) in [(", severity: { single-point-of-failure: error }", true), ("", false)] {
        folder.write("s.yaml", &spec(severity));
        let text = stdout(&folder.run(&["check", "s.yaml", "--format", "concise"]));
        assert_eq!(text.contains("unused-suppression"), unused, "{text}");
    }
}
