//! Laws about all rules, and their own examples.

use napkin::analysis::{ExampleResult, run_example};
use napkin::catalog::Catalog;
use napkin::diagnostic::Diagnostics;
use napkin::lint::{Rule, built_in, load};
use napkin::source::Sources;

fn rules() -> Vec<Rule> {
    let mut diagnostics = Diagnostics::new();
    let rules = built_in(&mut Sources::new(), &mut diagnostics);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    rules
}

#[test]
fn every_rule_has_examples_that_fire_and_that_stay_silent() {
    let catalog = Catalog::new();
    for rule in rules() {
        assert!(!rule.bad.is_empty() && !rule.good.is_empty(), "{} lacks an example", rule.name);
        for (text, should_fire) in
            rule.bad.iter().map(|(t, _)| (t, true)).chain(rule.good.iter().map(|(t, _)| (t, false)))
        {
            assert_eq!(
                run_example(&rule, text, should_fire, &catalog),
                ExampleResult::Passed,
                "{}:\n{text}",
                rule.name
            );
        }
    }
}

#[test]
fn names_are_unique_and_name_the_bad_pattern() {
    let rules = rules();
    assert!(rules.len() >= 30, "only {} rules", rules.len());
    let mut names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "a name stands twice");
    for rule in &rules {
        assert!(!rule.name.starts_with("no-") && !rule.name.starts_with("require-"), "{} names the remedy", rule.name);
        assert!(rule.why.len() > 40, "{} gives no reason", rule.name);
    }
}

fn mistakes(text: &str) -> Vec<(String, String)> {
    let mut sources = Sources::new();
    let id = sources.add("rule.yaml", text);
    let mut diagnostics = Diagnostics::new();
    load(&sources, id, &mut diagnostics);
    let list = diagnostics.into_sorted();
    list.iter().map(|d| (sources.slice(d.span().unwrap()).to_owned(), d.message.clone())).collect()
}

#[test]
fn mistakes_in_rules_are_found_when_they_are_loaded() {
    let rule = |when: &str, message: &str| {
        format!(
            "rule: x\nseverity: info\ncategory: c\nfor: component\nwhen: {when}\nmessage: \"{message}\"\nhelp: h\nwhy: w\n"
        )
    };
    let at =
        |when: &str, message: &str| mistakes(&rule(when, message)).into_iter().map(|(at, _)| at).collect::<Vec<_>>();
    assert_eq!(at("component.replica == 1", "m"), ["replica"]);
    assert_eq!(at("component.utilization > 5 ms", "m"), ["component.utilization > 5 ms"]);
    assert_eq!(at("component.kind == \"cahce\"", "m"), ["\"cahce\""]);
    assert_eq!(at("component.critical", "{component.nme}"), ["nme"]);
    assert_eq!(at("component.replicas", "m"), ["component.replicas"]);
    assert_eq!(at("any(component.callers, c => c.kind == \"cache\")", "{component.name}"), Vec::<String>::new());
}

#[test]
fn a_rule_that_would_run_for_ever_is_stopped() {
    let mut sources = Sources::new();
    let loops = "any(system.components, a => any(system.components, b => any(system.components, c => a == b and b == c and a.name == \\\"\\\")))".replace("\\\"", "\"");
    let id = sources.add(
        "rule.yaml",
        format!("rule: slow\nseverity: info\ncategory: c\nfor: system\nwhen: {loops}\nmessage: m\nhelp: h\nwhy: w\n"),
    );
    let mut diagnostics = Diagnostics::new();
    let rule = load(&sources, id, &mut diagnostics).unwrap();
    let components: String = (0..2000).map(|n| format!("  c{n}: service\n")).collect();
    let mut specs = Sources::new();
    let spec = specs.add("s.yaml", format!("napkin: 1\ncomponents:\n{components}"));
    let analysis = napkin::analysis::analyse(&specs, spec, &Catalog::new(), &[rule], None);
    assert_eq!(analysis.diagnostics[0].code, "too-much-work");
}

#[test]
fn the_catalogue_is_whole() {
    let catalog = Catalog::new();
    assert_eq!(catalog.mistakes(), Vec::<String>::new());
    assert!(catalog.products().len() >= 30, "only {} products", catalog.products().len());
    assert!(catalog.numbers().iter().all(|number| number.value() > 0.0));
    for product in catalog.products() {
        assert!(!product.kinds.is_empty() && !product.summary.is_empty(), "{}", product.product);
    }
}
