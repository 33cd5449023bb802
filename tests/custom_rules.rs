//! Rules of users: parameters, the language, scopes, packs, scaffolds.

use napkin::analysis::{Analysis, Question, ask};
use napkin::catalog::Catalog;
use napkin::diagnostic::Diagnostics;
use napkin::lint::{Given, Overrides, ParameterSetting, Rule, load};
use napkin::source::{Sources, Span, Spanned};

/// A rule with the given keys between its name and its message.
pub fn rule_text(keys: &str, when: &str, message: &str) -> String {
    format!("rule: x\nseverity: warning\ncategory: c\n{keys}when: >\n  {when}\nmessage: '{message}'\nhelp: h\nwhy: w\n")
}

/// The rule, or the text under each mistake and its message.
pub fn loaded(text: &str) -> Result<Rule, Vec<(String, String)>> {
    let mut sources = Sources::new();
    let id = sources.add("rule.yaml", text);
    let mut diagnostics = Diagnostics::new();
    let rule = load(&sources, id, &mut diagnostics);
    if diagnostics.is_empty() {
        return Ok(rule.unwrap());
    }
    let list = diagnostics.into_sorted();
    let says = |d: &napkin::diagnostic::Diagnostic| format!("{}; {}", d.message, d.help.clone().unwrap_or_default());
    Err(list.iter().map(|d| (sources.slice(d.span().unwrap()).trim().to_owned(), says(d))).collect())
}

pub fn analysis(rules: &[Rule], spec: &str, parameters: Option<&Overrides>) -> Analysis {
    let mut sources = Sources::new();
    let id = sources.add("spec.yaml", format!("napkin: 1\n{spec}"));
    let found = ask(&sources, id, &Catalog::new(), Question { rules, parameters, ..Question::default() });
    assert!(found.is_usable(), "{spec}: {:?}", found.diagnostics);
    found
}

pub fn messages(rule: Rule, spec: &str) -> Vec<String> {
    analysis(&[rule], spec, None).findings.into_iter().map(|finding| finding.message).collect()
}

/// Settings such as `x.most=5`, in a source of their own.
fn settings(texts: &[&str], sources: &mut Sources) -> Vec<ParameterSetting> {
    let one = |text: &&str| {
        let id = sources.add("settings", *text);
        let (name, value) = text.split_once('=').unwrap();
        let (rule, parameter) = name.split_once('.').unwrap();
        let at = |part: &str, from: usize| Spanned::new(part.to_owned(), Span::new(id, from..from + part.len()));
        let list = value.strip_prefix("LIST ").map(|items| {
            let from = text.len() - items.len();
            let start = |item: &str| from + (item.as_ptr() as usize - items.as_ptr() as usize);
            let items = items.split(' ').map(|item| at(item, start(item))).collect();
            Given::List(items, Span::new(id, from..text.len()))
        });
        ParameterSetting {
            rule: at(rule, 0),
            parameter: at(parameter, rule.len() + 1),
            value: list.unwrap_or_else(|| Given::Text(at(value, name.len() + 1))),
        }
    };
    texts.iter().map(one).collect()
}

const PARAMETERS: &str = "parameters: { most: 4, slow: { default: 300 ms, doc: what users bear }, share: 20 %, strict: true, \
     kind: cache, stores: [postgresql, redis] }\nfor: component\n";
const ALL_USED: &str = "component.replicas > most and or_else(component.service_time, 0 s) < slow and share > 1 % and strict \
     and component.kind != kind and not (component.product in stores)";

fn with_parameters() -> Rule {
    loaded(&rule_text(PARAMETERS, ALL_USED, "{most} {slow} {share} {strict} {kind} {stores}")).unwrap()
}

#[test]
fn parameters_have_defaults_and_a_run_can_set_them() {
    let rule = with_parameters();
    let spec = "components: { api: { uses: sqs, replicas: 5 } }\n";
    let rules = [rule];
    let said = |set: &[&str]| {
        let mut sources = Sources::new();
        let settings = settings(set, &mut sources);
        let mut diagnostics = Diagnostics::new();
        let overrides = Overrides::new(&rules, &settings, &mut diagnostics);
        assert!(diagnostics.is_empty(), "{set:?}: {diagnostics:?}");
        analysis(&rules, spec, Some(&overrides)).findings.first().map(|finding| finding.message.clone())
    };
    let default = "4 300 ms 20 % true cache postgresql, redis";
    for (set, expected) in [
        (&[][..], Some(default)),
        (&["x.most=5"], None),
        (&["x.most=2 * 1.5"], Some("3 300 ms 20 % true cache postgresql, redis")),
        (&["x.most=9", "x.most=3"], Some("3 300 ms 20 % true cache postgresql, redis")),
        (&["x.slow=0.5 s"], Some("4 500 ms 20 % true cache postgresql, redis")),
        (&["x.share=0.3"], Some("4 300 ms 30 % true cache postgresql, redis")),
        (&["x.strict=false"], None),
        (&["x.kind=queue"], None),
        (&["x.stores=[mysql, sqs]"], None),
        (&["x.stores=[\"mysql\", 'kafka']"], Some("4 300 ms 20 % true cache mysql, kafka")),
        (&["x.kind=\"queue\""], None),
        (&["x.stores=\"mysql\""], Some("4 300 ms 20 % true cache mysql")),
        (&["x.stores=mysql"], Some("4 300 ms 20 % true cache mysql")),
        (&["x.stores=LIST mysql kafka"], Some("4 300 ms 20 % true cache mysql, kafka")),
    ] {
        assert_eq!(said(set).as_deref(), expected, "{set:?}");
    }
}

#[test]
fn what_is_wrong_with_a_setting_is_said_at_its_place() {
    let rules = [with_parameters()];
    for (set, place, message) in [
        ("y.most=5", "y", "there is no rule `y`; known here: x"),
        ("x.mots=5", "mots", "no parameter `mots`; did you mean `most`?"),
        ("x.slow=5", "5", "`slow` is time; this is a plain number; write a value such as `300 ms`"),
        ("x.slow=5m", "5m", "write `5 min`, `5 ms` or `5M`"),
        ("x.most=1..4", "1..4", "one value, not a range"),
        ("x.most=1 / 0", "1 / 0", "divides by zero"),
        ("x.most=many", "many", "nothing is called `many`"),
        ("x.share=30", "30", "`share` is a share; 30 is more than all; write `30 %`"),
        ("x.strict=yes", "yes", "`strict` is true or false, not `yes`"),
        ("x.kind=cahce", "cahce", "did you mean `cache`?"),
        (
            "x.kind=[cache]",
            "[cache]",
            "can't be `[cache]`: quotes and brackets don't match, or stand inside; write `a`",
        ),
        ("x.stores=[\"mysql, b]", "[\"mysql, b]", "write `[\"a\", \"b\"]`"),
        ("x.most=LIST 1 2", "1 2", "`most` is a plain number, not a list; write one value, such as `4`"),
    ] {
        let mut sources = Sources::new();
        let settings = settings(&[set], &mut sources);
        let mut diagnostics = Diagnostics::new();
        assert!(Overrides::new(&rules, &settings, &mut diagnostics).is_empty(), "{set}");
        let list = diagnostics.into_sorted();
        let [only] = list.as_slice() else { panic!("{set}: {list:?}") };
        assert_eq!(sources.slice(only.span().unwrap()), place, "{set}");
        let said = format!("{}; {}", only.message, only.help.clone().unwrap_or_default());
        assert!(said.contains(message), "{set}: {said}");
    }
}

#[test]
fn mistakes_in_the_declaration_of_parameters_are_found_when_a_rule_is_loaded() {
    for (parameters, when, place, message) in [
        ("{ max: 4 }", "component.replicas > max", "max", "is a function"),
        ("{ component: 4 }", "component.replicas > 4", "component", "what rules ask about"),
        ("{ day: 4 }", "component.replicas > day", "day", "a unit or a word of the language"),
        ("{ not: 4 }", "component.replicas > 4", "not", "a word of the language"),
        ("{ reachable: 4 }", "component.replicas > 4", "reachable", "is a function"),
        ("{ maxDepth: 4 }", "component.replicas > 4", "maxDepth", "lower-case words with underscores"),
        ("{ most: 4, other: 5 }", "component.replicas > most", "other", "nothing in this rule uses"),
        ("{ most: }", "component.replicas > most", "", "`most` has no default"),
        ("{ most: { doc: x } }", "component.replicas > most", "{ doc: x }", "`most` has no default"),
        ("{ most: { defalt: 4 } }", "component.replicas > most", "defalt", "did you mean `default`?"),
        ("{ most: 4 ms }", "component.replicas > most", "component.replicas > most", "can't compare"),
        ("{ most: 1..4 }", "component.replicas > most", "1..4", "one value, not a range"),
        ("{ most: 4m }", "component.replicas > most", "4m", "write `4 min`"),
        ("{ kinds: [cahce] }", "component.kind in kinds", "kinds", "did you mean `cache`?"),
        ("{ codes: [1, 2] }", "component.name in codes", "1", "put it into quotes"),
        ("[4]", "component.replicas > 4", "[4]", "write `parameters: { max_depth: 4 }`"),
    ] {
        let text = rule_text(&format!("parameters: {parameters}\nfor: component\n"), when, "{component.name}");
        let found = loaded(&text).expect_err(parameters);
        assert!(
            found.iter().any(|(at, said)| at == place && said.contains(message)),
            "{parameters}: {found:?}, not {place}: {message}"
        );
    }
    for tie in ["one_for: component.replicas > most", "follows_from: { rule: y, if: component.replicas > most }"] {
        let text = rule_text(&format!("parameters: {{ most: 4 }}\n{tie}\nfor: component\n"), "component.critical", "m");
        assert_eq!(loaded(&text).map(|rule| rule.name).ok().as_deref(), Some("x"), "{tie} uses the parameter");
    }
    let text =
        rule_text("parameters: { most: 4 }\nlet: { most: '5' }\nfor: component\n", "component.replicas > most", "m");
    let found = loaded(&text).expect_err("the name stands twice");
    assert!(found.iter().any(|(at, said)| at == "most" && said.contains("is a parameter")), "{found:?}");
}

#[test]
fn one_rule_can_be_asked_with_different_values_in_one_run() {
    let text = rule_text(
        "parameters: { most: 4 }\nfor: component\n",
        "component.replicas > most",
        "{component.name} > {most}",
    );
    let rules = [loaded(&text).unwrap()];
    let mut sources = Sources::new();
    let strict = Overrides::new(&rules, &settings(&["x.most=1"], &mut sources), &mut Diagnostics::new());
    let spec = "components: { api: { is: service, replicas: 3 } }\n";
    assert_eq!(analysis(&rules, spec, Some(&strict)).findings.len(), 1);
    assert_eq!(analysis(&rules, spec, None).findings.len(), 0);
    assert_eq!(messages(loaded(&text).unwrap(), &spec.replace('3', "5")), ["api > 4"]);
}

/// Two stores of one kind, one of them for payments, with the calls and data around them.
const SCOPED: &str = "\
components:
  u: client
  pay: { is: service, tags: pci }
  vault: { is: database, tags: [pci, team-a] }
  blog: { is: database }
  hot: { is: cache, tags: [team-a] }
flows:
  buy: { rate: 1 /s, tags: [money], steps: [u -> pay -> vault.write, pay -> hot] }
  read: { rate: 1 /s, steps: [u -> pay -> blog.read] }
data:
  cards: { in: vault, tags: [pci] }
  posts: { in: blog }
  both: { in: [vault, blog] }
";

#[test]
fn a_rule_is_asked_about_the_kinds_and_tags_that_it_names() {
    for (keys, what, expected) in [
        ("for: component\n", "component.name", "blog, hot, pay, u, vault"),
        ("for: component\nkinds: [database, cache]\n", "component.name", "blog, hot, vault"),
        ("for: component\nkinds: database\n", "component.name", "blog, vault"),
        ("for: component\ntags: [pci]\n", "component.name", "pay, vault"),
        ("for: component\ntags: [team-a, none]\nkinds: [database]\n", "component.name", "vault"),
        ("for: component\ntags: [money]\n", "component.name", ""),
        ("for: step\ntags: [pci]\n", "step", "pay -> vault, u -> pay, u -> pay"),
        ("for: step\nkinds: [cache]\n", "step", "pay -> hot"),
        ("for: link\nkinds: [database]\n", "link", "pay -> blog, pay -> vault"),
        ("for: flow\ntags: [money]\n", "flow.name", "buy"),
        ("for: data\ntags: [pci]\n", "data.name", "cards"),
        ("for: data\nkinds: [database]\n", "data.name", "both, cards, posts"),
        ("for: data\nkinds: [cache]\n", "data.name", ""),
    ] {
        let mut found = messages(loaded(&rule_text(keys, "true", &format!("{{{what}}}"))).unwrap(), SCOPED);
        found.sort();
        assert_eq!(found.join(", "), expected, "{keys}");
    }
    // What a rule isn't asked about isn't undecided, and tags that nobody writes aren't unknown.
    let undecided = |keys: &str, when: &str| {
        let found = analysis(&[loaded(&rule_text(keys, when, "m")).unwrap()], SCOPED, None);
        found.not_checked.first().map_or(0, |entry| entry.count)
    };
    assert_eq!(undecided("for: component\n", "component.replicas > 1"), 5);
    assert_eq!(undecided("for: component\ntags: [pci]\n", "component.replicas > 1"), 2);
    assert_eq!(undecided("for: component\n", "\"pci\" in component.tags and component.kind == \"queue\""), 0);
}

#[test]
fn a_scope_that_makes_no_sense_is_a_mistake_at_its_place() {
    for (keys, place, message) in [
        ("for: component\nkinds: [databse]\n", "databse", "there is no kind `databse`; did you mean `database`?"),
        ("for: component\nkinds: postgres\n", "postgres", "there is no kind `postgres`"),
        ("for: component\nkinds: []\n", "[]", "names nothing, so the rule would never fire"),
        ("for: component\ntags:\n", "", "`tags` names nothing"),
        ("for: component\ntags: { a: b }\n", "{ a: b }", "`tags` names nothing"),
        ("for: component\ntags: [[pci]]\n", "[pci]", "`tags` lists words; write `tags: [pci]`"),
        ("for: flow\nkinds: [queue]\n", "[queue]", "a flow has no kind; ask in `when`"),
        ("for: system\ntags: [pci]\n", "[pci]", "there is one system, and it has no tags"),
    ] {
        let found = loaded(&rule_text(keys, "true", "m")).err().unwrap_or_default();
        assert!(
            found.iter().any(|(at, said)| at == place && said.contains(message)),
            "{keys}: {found:?}, not {place}: {message}"
        );
    }
}

#[test]
fn a_mistake_in_an_expression_is_the_only_one_that_is_told() {
    for (when, message) in [("component.replicsa > most", "m"), ("component.replicas > 1", "{component.nmae} {most}")] {
        let keys = "parameters: { most: 4 }\nfor: component\n";
        let found = loaded(&rule_text(keys, when, message)).unwrap_err();
        assert!(found.len() == 1 && found.iter().all(|(_, said)| said.contains("did you mean")), "{found:?}");
    }
}

#[test]
fn keys_that_say_nothing_are_mistakes() {
    let whole = rule_text("for: component\nkinds: [database]\n", "true", "m");
    for (from, to, place, message) in [
        ("category: c", "category: ''", "''", "`category` has to be text that says something"),
        (
            "category: c",
            "category: Data Safety",
            "Data Safety",
            "a category can't be called `Data Safety`; use lower-case",
        ),
        ("message: 'm'", "message: ' '", "' '", "`message` has to be text that says something; fill `message` in"),
        ("help: h", "help: ''", "''", "`help` has to be text that says something"),
        ("why: w", "why: ''", "''", "`why` has to be text that says something"),
        ("why: w", "why: w\nallow_when: ''", "''", "fill `allow_when` in, or take it out"),
        (
            "[database]",
            "[database, cache, database]",
            "database",
            "`kinds` names `database` twice; take one of them out",
        ),
    ] {
        assert!(whole.contains(from), "{from}");
        let found = loaded(&whole.replace(from, to)).expect_err(to);
        assert!(found.iter().any(|(at, said)| at == place && said.contains(message)), "{to}: {found:?}");
    }
}

#[test]
fn values_of_parameters_are_not_endless() {
    let long = "x".repeat(1001);
    let rules = [with_parameters()];
    for (value, message) in [
        (format!("x.stores={long}"), "a text has at most 1000 characters"),
        (format!("x.stores={}", "a,".repeat(10_001)), "a list has at most 10000 members"),
    ] {
        let mut sources = Sources::new();
        let settings = settings(&[&value], &mut sources);
        let mut diagnostics = Diagnostics::new();
        assert!(Overrides::new(&rules, &settings, &mut diagnostics).is_empty());
        assert!(
            diagnostics.iter().any(|d| d.help.as_deref().is_some_and(|help| help.contains(message))),
            "{diagnostics:?}"
        );
    }
    let keys = format!("parameters: {{ word: {long} }}\nfor: component\n");
    let found = loaded(&rule_text(&keys, "component.name == word", "m")).unwrap_err();
    assert!(found.iter().any(|(at, said)| *at == long && said.contains("at most 1000 characters")), "{found:?}");
}
