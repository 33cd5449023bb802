//! Laws about all rules, and their own examples.

use napkin::analysis::{ExampleResult, Question, ask, run_example};
use napkin::catalog::Catalog;
use napkin::diagnostic::Diagnostics;
use napkin::lint::{PACKS, Packs, Rule, built_in, load};
use napkin::source::Sources;

use crate::at;

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

/// The words of a spec without its comments.
fn words(text: &str) -> Vec<&str> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap());
    lines.flat_map(|line| line.split_inclusive([' ', ',', '{', '}', '[', ']', ':'])).map(str::trim).collect()
}

/// How many words have to be put in or taken out to make one text the other, by their longest common subsequence.
fn difference(one: &[&str], other: &[&str]) -> usize {
    let mut common = vec![0; other.len() + 1];
    for a in one {
        let mut before = 0;
        for (at, b) in other.iter().enumerate() {
            let here = common[at + 1];
            common[at + 1] = if a == b { before + 1 } else { here.max(common[at]) };
            before = here;
        }
    }
    one.len() + other.len() - 2 * common[other.len()]
}

#[test]
fn every_rule_has_a_near_miss() {
    for rule in rules() {
        assert!(rule.bad.len() >= 2 && rule.good.len() >= 2, "{} has fewer than two examples of a kind", rule.name);
        let pairs = rule.bad.iter().flat_map(|(bad, _)| rule.good.iter().map(move |(good, _)| (bad, good)));
        let nearest = pairs.map(|(bad, good)| difference(&words(bad), &words(good))).min().unwrap();
        assert!(nearest <= 12, "{}: the nearest silent example is {nearest} words from one that fires", rule.name);
    }
}

#[test]
fn names_are_unique_and_name_the_bad_pattern() {
    let rules = rules();
    assert!(rules.len() >= 160, "only {} rules", rules.len());
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

#[test]
fn every_rule_says_its_pack_its_confidence_and_since_when_it_is_there() {
    for rule in rules() {
        assert!(rule.pack.name != "custom", "{} has no pack", rule.name);
        assert!(rule.since.is_some(), "{} doesn't say since when", rule.name);
        assert!(rule.allow_when.is_some(), "{} doesn't say when it may be allowed", rule.name);
        assert!(rule.message.parts.len() > 1 || rule.target == napkin::vocabulary::Target::System, "{}", rule.name);
    }
    for pack in PACKS.iter() {
        let count = rules().iter().filter(|rule| rule.pack.name == pack.name).count();
        assert!(count >= 7 || pack.name == "custom", "{} has {count} rules", pack.name);
    }
}

#[test]
fn the_handbook_page_names_rules_that_exist_and_all_of_them() {
    let page = std::fs::read_to_string(at("docs/handbook.md")).unwrap();
    let rules = rules();
    for rule in &rules {
        assert!(page.contains(&format!("`{}`", rule.name)), "docs/handbook.md doesn't name {}", rule.name);
    }
    // What stands in the last column of a table, in backquotes and with hyphens, is a rule.
    let cells = page.lines().filter(|line| line.starts_with("| ")).filter_map(|line| line.rsplit('|').nth(1));
    let words =
        cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).filter(|w| w.contains('-') && !w.contains(' '));
    let mut named = 0;
    for word in words.filter(|word| *word != "sqs-fifo") {
        assert!(rules.iter().any(|rule| rule.name == word), "docs/handbook.md names {word}, which doesn't exist");
        named += 1;
    }
    assert!(named > 250, "only {named} are named");
    for pack in PACKS.iter().filter(|pack| pack.name != "custom") {
        let count = rules.iter().filter(|rule| rule.pack.name == pack.name).count();
        let row = page.lines().find(|line| line.starts_with(&format!("| {} |", pack.name))).unwrap_or_default();
        assert!(row.ends_with(&format!("| {count} |")), "docs/handbook.md: {} has {count} rules: {row}", pack.name);
        assert_eq!(row.contains("| on |"), pack.default, "{row}");
    }
    for section in 1..=62 {
        assert!(page.contains(&format!("\n## {section}. ")), "section {section} is missing");
    }
}

#[test]
fn rules_of_users_are_in_a_pack_of_their_own_and_a_wrong_pack_is_found() {
    let text = |more: &str| {
        format!(
            "rule: x\nseverity: info\ncategory: c\n{more}for: component\nwhen: component.critical\nmessage: m\nhelp: h\nwhy: w\n"
        )
    };
    let mut sources = Sources::new();
    let id = sources.add("rule.yaml", text(""));
    let rule = load(&sources, id, &mut Diagnostics::new()).unwrap();
    assert_eq!((rule.pack.name.as_str(), rule.confidence), ("custom", napkin::lint::Confidence::Medium));
    assert!(Packs::Default.have(&rule.pack));
    let wrong = |more: &str| mistakes(&text(more)).into_iter().map(|(at, _)| at).collect::<Vec<_>>();
    assert_eq!(wrong("pack: securty\n"), ["securty"]);
    assert_eq!(wrong("confidence: sure\n"), ["sure"]);
    assert_eq!(wrong("pack: security\nconfidence: low\nsince: 1.0.0\n"), Vec::<String>::new());
}

#[test]
fn an_allowance_of_a_pack_that_is_off_is_neither_unknown_nor_unused() {
    let rules = rules();
    let text = "napkin: 1\ncomponents: { api: { is: service, logs: { personal: true } } }\nallow: [{ rule: personal-data-in-logs, on: api, because: test data }]\n";
    let mut sources = Sources::new();
    let id = sources.add("s.yaml", text);
    let catalog = Catalog::new();
    for (packs, open, allowed) in [(Packs::Default, 0, 0), (Packs::All, 0, 1)] {
        let question = Question { rules: &rules, packs, ..Question::default() };
        let found = ask(&sources, id, &catalog, question);
        assert!(found.is_usable(), "{:?}", found.diagnostics);
        let of = |wanted: bool| found.findings.iter().filter(|f| f.allowed.is_some() == wanted).count();
        assert_eq!((of(false), of(true)), (open, allowed), "{packs:?} {:?}", found.findings);
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
    // What stands behind a mistake in the YAML isn't said to be missing.
    let cut = mistakes("rule: x\nmessage: bad: {component.name}\nhelp: h\nwhy: w\n");
    assert!(cut.len() == 1 && cut[0].1.contains("not valid YAML"), "{cut:?}");
    let spec = mistakes("napkin: 1\nname: s\ncomponents: { api: service }\n");
    assert_eq!(spec, [("1".to_owned(), "this is a spec, not a rule".to_owned())]);
}

#[test]
fn no_rule_is_left_out_without_a_word() {
    const WHOLE: [(&str, &str); 17] = [
        ("rule", "x"),
        ("severity", "info"),
        ("category", "c"),
        ("pack", "capacity"),
        ("confidence", "low"),
        ("since", "0.1.0"),
        ("for", "component"),
        ("parameters", "{ most: 3 }"),
        ("let", "{ many: component.replicas > most }"),
        ("when", "many"),
        ("message", "m"),
        ("help", "h"),
        ("why", "w"),
        ("allow_when", "a"),
        ("one_for", "component.kind"),
        ("follows_from", "x"),
        ("fix", "{ title: t, set: { replicas: most } }"),
    ];
    for (broken, _) in WHOLE {
        for value in ["", "[a]", "[[a]]", "{ a: b }", "{ rule: x, on: [a] }", "'('", "{ a: { b: c } }"] {
            let line = |(key, right): &(&str, &str)| format!("{key}: {}\n", if *key == broken { value } else { right });
            let text: String = WHOLE.iter().map(line).collect();
            let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
            let id = sources.add("rule.yaml", text.clone());
            let loaded = load(&sources, id, &mut diagnostics).is_some();
            assert!(loaded || diagnostics.has_errors(), "{text}");
        }
    }
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

#[test]
fn a_flow_that_nobody_uses_yet_breaks_no_rule() {
    let rules = built_in(&mut Sources::new(), &mut Diagnostics::new());
    for rate in ["0 /s", "1e-12 /s"] {
        let mut sources = Sources::new();
        let text = format!(
            "napkin: 1\ncomponents: {{ u: client, lb: aws-alb, a: {{ is: service, replicas: 3, cores: 2, service_time: 1 ms }} }}\nflows:\n  old: {{ rate: 5 /s, steps: [u -> lb -> a] }}\n  new: {{ rate: {rate}, slo: {{ availability: 99.9 %, p99: 1 s }}, steps: [u -> lb -> a] }}\n"
        );
        let id = sources.add("s.yaml", text);
        let question = Question { rules: &rules, packs: Packs::All, ..Question::default() };
        let found = ask(&sources, id, &Catalog::new(), question);
        assert!(found.is_usable(), "{rate}: {:?}", found.diagnostics);
    }
}
