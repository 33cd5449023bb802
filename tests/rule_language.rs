//! The functions that rules have: what they give, what they say to mistakes, and that they end.

use crate::custom_rules::{analysis, loaded, rule_text};

/// A shop: two ways from the balancer to the database, a worker behind a queue, and somebody that nobody calls.
const SHOP: &str = "\
name: shop
components:
  users: client
  lb: load-balancer
  web: { is: service, replicas: 4, tags: [pci, team-a] }
  api: { is: service, replicas: 2, tags: [team-a] }
  jobs: queue
  worker: worker
  db: { is: database, replicas: 3 }
  alone: service
flows:
  buy: { rate: 10 /s, steps: [users -> lb -> web -> db.write, lb -> api, api -> db.read, web ~> jobs -> worker -> db.write] }
  look: { rate: 90 /s, steps: [users -> lb -> api -> db.read] }
data:
  orders: { in: db, record: 1 KB }
";

/// What an expression about the shop is, as a message shows it.
fn said(expression: &str) -> String {
    let text = rule_text("for: system\n", "true", &format!("{{{}}}", expression.replace('\'', "''")));
    let rule = loaded(&text).unwrap_or_else(|mistakes| panic!("{expression}: {mistakes:?}"));
    let found = analysis(&[rule], SHOP, None);
    found.findings.first().unwrap_or_else(|| panic!("{expression}: {:?}", found.diagnostics)).message.clone()
}

/// The component of a name.
fn of(expression: &str) -> String {
    let mut text = expression.to_owned();
    for name in ["users", "lb", "web", "api", "jobs", "worker", "db", "alone"] {
        let one = format!("first(where(system.components, c => c.name == \"{name}\"))");
        text = text.replace(&format!("@{name}"), &one);
    }
    text
}

#[test]
fn functions_of_lists_text_and_ways_give_what_a_person_counts() {
    let mut wrong = Vec::new();
    for (expression, expected) in [
        ("mean(2, 4, 9)", "5"),
        ("mean(where(system.components, c => c.replicas is known), c => c.replicas)", "3"),
        ("max_by(system.components, c => or_else(c.replicas, 0)).name", "web"),
        ("min_by(where(system.components, c => c.replicas is known), c => c.replicas)", "api"),
        ("min_by(system.components, c => 1)", "users"),
        ("first(system.flows)", "buy"),
        ("first(where(system.flows, f => f.name == \"none\"))", "unknown"),
        ("mean(where(system.flows, f => false), f => f.depth)", "unknown"),
        ("min(where(system.flows, f => false), f => f.depth)", "unknown"),
        ("max(where(system.flows, f => false), f => f.depth)", "0"),
        ("min_by(where(system.flows, f => false), f => f.depth) is known", "false"),
        ("distinct(map(first(system.flows).steps, s => s.callee))", "lb, web, db, api and 2 more"),
        ("count(distinct(map(first(system.flows).steps, s => s.callee)))", "6"),
        ("distinct([1, 2, 1, 0 - 0])", "1, 2, 0"),
        ("union([\"a\", \"b\"], [\"b\", \"c\"])", "a, b, c"),
        ("union(system.flows, f => map(f.steps, s => s.caller))", "users, lb, web, api and 2 more"),
        ("intersect(@web.tags, @api.tags)", "team-a"),
        ("without(@web.tags, @api.tags)", "pci"),
        ("subset(@api.tags, @web.tags)", "true"),
        ("subset(@web.tags, @api.tags)", "false"),
        ("subset(where(system.flows, f => false), system.flows)", "true"),
        ("overlaps(@web.tags, [\"pci\"])", "true"),
        ("overlaps(@api.tags, [\"pci\"])", "false"),
        ("overlaps(@api.callees, @web.callees)", "true"),
        // What isn't known decides nothing, unless it can't change the answer.
        ("overlaps([@db.product, \"team-a\"], @api.tags)", "true"),
        ("overlaps([@db.product], @api.tags)", "unknown"),
        ("subset([@db.product, \"x\"], @api.tags)", "false"),
        ("subset([@db.product, \"team-a\"], @api.tags)", "unknown"),
        ("union([@db.product], @api.tags)", "unknown"),
        ("\"x\" in [@db.product]", "unknown"),
        ("\"x\" in [@db.product, \"x\"]", "true"),
        ("@db.product contains \"sql\"", "unknown"),
        ("@web.name starts_with \"we\"", "true"),
        ("starts_with(@web.name, \"eb\")", "false"),
        ("@web.name ends_with \"eb\" and not (@web.name contains \"x\")", "true"),
        ("@web.name matches \"^[a-z][a-z0-9-]*$\"", "true"),
        ("matches(\"order_db\", \"^[a-z][a-z0-9-]*$\")", "false"),
        ("\"Order-DB\" matches \"(?i)order\"", "true"),
        ("length(\"grün\")", "4"),
        ("path(@users, @db)", "users, lb, web, db"),
        ("path(@db, @users)", ""),
        ("path(@web, @web)", "web"),
        ("distance(@users, @db)", "3"),
        ("distance(@lb, @worker)", "3"),
        ("distance(@db, @users)", "unknown"),
        ("cut(@users, @db)", "lb"),
        ("cut(@lb, @db)", ""),
        ("cut(@users, @worker)", "lb, web, jobs"),
        ("reachable(@users, @alone)", "false"),
        ("@web.links_in", "lb -> web"),
        ("@lb.links_out", "lb -> web, lb -> api"),
        ("map(@lb.links_out, l => l.flows)", "buy, buy, look"),
        ("first(system.flows).components", "users, lb, web, db and 3 more"),
        ("map(first(system.flows).steps, s => s.link.callee)", "lb, web, db, api and 4 more"),
        ("first(system.data).flows", "buy, look"),
    ] {
        let found = said(&of(expression));
        if found != expected {
            wrong.push(format!("{expression}: {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_wrong_with_a_call_is_said_at_its_place_when_a_rule_is_loaded() {
    let mut wrong = Vec::new();
    for (when, place, message) in [
        ("component.name matches \"[a-\"", "\"[a-\"", "this is no pattern: unclosed character class"),
        ("component.name matches \"(?=x)\"", "\"(?=x)\"", "look-around"),
        ("component.name matches \"(a{90}){90}\"", "\"(a{90}){90}\"", "it is too large"),
        ("component.name matches component.kind", "component.kind", "a pattern has to stand here itself"),
        ("component.replicas matches \"x\"", "component.replicas", "text is needed here, this is a plain number"),
        ("component contains \"x\"", "component", "name one of its fields, such as `.name`"),
        ("component.tags contains \"x\"", "component.tags", "to look for a member write `x in list`"),
        ("length(component.tags) > 1", "component.tags", "to count members write `count(list)`"),
        ("subset(component.tags, component.callers)", "subset(component.tags, component.callers)", "nothing in common"),
        ("overlaps(map(component.callees, c => c.kind), [\"databse\"])", "\"databse\"", "did you mean `database`?"),
        ("overlaps(component.tags, \"pci\")", "\"pci\"", "a list is needed here, this is text"),
        (
            "count(distinct(map(component.flows, f => f.steps))) > 1",
            "map(component.flows, f => f.steps)",
            "`union(list, x => x.…)`",
        ),
        ("union(component.callees, c => c.name) == []", "c.name", "a list of each is needed here, this is text"),
        (
            "max_by(component.callees, c => c.name).replicas > 1",
            "c.name",
            "a number for `max_by` is needed here, this is text",
        ),
        ("max_by(component.callees) == component", "max_by(component.callees)", "write max_by(list, x => number)"),
        ("average(component.callees, c => c.replicas) > 1", "average", "write mean(a, b, …) or mean(list, x => …)"),
        ("distnace(component, component) > 1", "distnace", "did you mean `distance`?"),
        (
            "distance(component) > 1",
            "distance(component)",
            "`distance` takes 2 values, here are 1; write distance(a, b)",
        ),
        ("cut(component, component.name) == []", "component.name", "a component is needed here, this is text"),
        ("first() == component", "first()", "`first` takes 1 value, here are 0; write first(list)"),
    ] {
        let found = loaded(&rule_text("for: component\n", when, "m")).err().unwrap_or_default();
        if !found.iter().any(|(at, said)| at == place && said.contains(message)) {
            wrong.push(format!("{when}: {found:?}, not {place}: {message}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_rule_that_tries_every_pair_of_a_large_system_is_stopped() {
    let chain: Vec<String> = (0..400).map(|at| format!("s{at}")).collect();
    let components: String = chain.iter().map(|name| format!("  {name}: service\n")).collect();
    let steps: String = chain.windows(2).map(|pair| format!("      - {} -> {}\n", pair[0], pair[1])).collect();
    let spec = format!("components:\n{components}flows:\n  f:\n    rate: 1 /s\n    steps:\n{steps}");
    let when = "any(system.components, a => any(system.components, b => count(cut(a, b)) > 5000))";
    let rule = loaded(&rule_text("for: system\n", when, "m")).unwrap();
    let mut sources = napkin::source::Sources::new();
    let id = sources.add("spec.yaml", format!("napkin: 1\n{spec}"));
    let question = napkin::analysis::Question { rules: &[rule], ..Default::default() };
    let found = napkin::analysis::ask(&sources, id, &napkin::catalog::Catalog::new(), question);
    let said: Vec<&str> = found.diagnostics.iter().map(|d| d.message.as_str()).collect();
    assert!(said.iter().any(|message| message.contains("takes too long")), "{said:?}");
}

/// What a rule about the system is stopped by, on a system of some components that call nobody.
fn stopped(components: usize, when: &str) -> String {
    let rule = loaded(&rule_text("for: system\n", when, "m")).unwrap();
    let list: String = (0..components).map(|at| format!("  s{at}: service\n")).collect();
    let mut sources = napkin::source::Sources::new();
    let id = sources.add("spec.yaml", format!("napkin: 1\ncomponents:\n{list}"));
    let question = napkin::analysis::Question { rules: &[rule], ..Default::default() };
    let found = napkin::analysis::ask(&sources, id, &napkin::catalog::Catalog::new(), question);
    found.diagnostics.iter().map(|d| d.message.clone()).collect::<Vec<_>>().join("; ")
}

#[test]
fn rules_pay_for_the_formulas_that_they_call() {
    for call in [
        "mva_rate(10000000, 1 s, 1 ms, 2 ms) < 0 /s",
        "closed_rate(10000000 + count(b.callers), 1 s, 1 ms, 1) < 0 /s",
        "che(1000000000 + count(b.callers), 1000, 0.8) > 2",
        "count(distinct(system.components)) > 5000",
        "not subset(system.components, system.components)",
    ] {
        let when = format!("any(system.components, a => any(system.components, b => {call}))");

        let said = stopped(300, &when);
        assert!(said.contains("takes too long"), "{call}: {said}");
    }
    let alone = stopped(1, "mva_rate(10000000, 1 s, 1 ms, 2 ms) < 0 /s");
    assert!(alone.contains("`mva_rate` takes too long with numbers this large"), "{alone}");
    assert_eq!(stopped(100, "any(system.components, c => erlang_c(100, 90) > 2 or che(10000, 100, 0.8) > 2)"), "");
}

/// What people bring from other languages, and what they are told to write.
#[test]
fn slips_from_elsewhere_are_answered_with_what_to_write() {
    let mut wrong = Vec::new();
    for (condition, help) in [
        ("link.caller.critical", "`link` is what a rule `for: link` asks about; this one is `for: component`"),
        ("replicas < 2", "write `component.replicas`"),
        ("cores < 2", "write `component.cores`"),
        ("component.critical AND component.nodes > 1", "write `and` in small letters"),
        ("NOT component.critical", "write `not` in small letters"),
        ("!component.critical", "write `not`, or `!=` to compare"),
        ("component.critical && component.is_store", "write `and` or `or`"),
        ("component.name startsWith \"a\"", "write `starts_with`"),
        ("component.name like \"a%\"", "write `contains \"…\"`, or `matches` and a pattern"),
        ("component.name =~ \"a\"", "write `==`, or `matches` for a pattern"),
        ("component.critical == True", "write `true` in small letters"),
        ("component.replicas == null", "what the spec doesn't say is unknown: write `… is unknown`"),
        ("component.replicas is null", "write `is known` or `is unknown`; to compare values write `==`"),
        ("any(component.callers, c -> c.critical)", "a function of each member is written `x => …`"),
    ] {
        let rule = format!(
            "rule: x\nseverity: info\ncategory: c\nfor: component\nwhen: >\n  {condition}\nmessage: m\nhelp: h\nwhy: because\n"
        );
        let mut sources = napkin::source::Sources::new();
        let id = sources.add("r.yaml", rule);
        let mut diagnostics = napkin::diagnostic::Diagnostics::new();
        assert!(napkin::lint::load(&sources, id, &mut diagnostics).is_none(), "{condition}");
        let told: Vec<String> = diagnostics.iter().map(|d| d.help.clone().unwrap_or_default()).collect();
        if told != [help] {
            wrong.push(format!("{condition}: {told:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_a_rule_may_have_is_limited() {
    let lets = |count: usize, of: &dyn Fn(usize) -> String| {
        let list: String = (0..count).map(|at| format!("  l{at}: {}\n", of(at))).collect();
        loaded(&rule_text(
            &format!("for: system\nlet:\n  l: 1 + 1\n{list}"),
            &format!("l{} > 0", count.min(99) - 1),
            "m",
        ))
    };
    let before = |at: usize| if at == 0 { "l".to_owned() } else { format!("l{}", at - 1) };
    assert!(lets(99, &|at| format!("{} + 1", before(at))).is_ok());
    let many = lets(5000, &|at| format!("{} + 1", before(at))).unwrap_err();
    assert_eq!(many, [("l99".to_owned(), "a rule has at most 100 `let` parts; make several rules of it".to_owned())]);
    let deep = lets(20, &|at| format!("{}{}", before(at), " + 1".repeat(100))).unwrap_err();
    assert!(deep.first().is_some_and(|(at, said)| at == "l5" && said.contains("one on top of the other")), "{deep:?}");
    let parameters: Vec<String> = (0..101).map(|at| format!("p{at}: 1")).collect();
    let keys = format!("for: system\nparameters: {{ {} }}\n", parameters.join(", "));
    let found = loaded(&rule_text(&keys, "true", "m")).unwrap_err();
    assert!(found.iter().any(|(at, said)| at == "p100" && said.contains("at most 100 parameters")), "{found:?}");
    let large = format!("{}# {}\n", rule_text("for: system\n", "true", "m"), "x".repeat(1_000_000));
    let found = loaded(&large).unwrap_err();
    assert!(found.first().is_some_and(|(_, said)| said.contains("at most 1 MB")), "{found:?}");
}

#[test]
fn messages_are_cut_where_they_get_too_long() {
    let rule = loaded(&rule_text("for: component\n", "true", &"{component.name} ".repeat(30))).unwrap();
    let list = [rule];
    let spec = format!("components: {{ {}: service }}\n", "x".repeat(50));
    let found = analysis(&list, &spec, None);
    let message = &found.findings.first().unwrap().message;
    assert_eq!((message.chars().count(), message.chars().last()), (1001, Some('…')));
}

/// The blocks of a language in the page about rules.
fn blocks<'p>(page: &'p str, language: &str) -> Vec<&'p str> {
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn every_example_of_the_page_about_rules_works_and_every_function_is_on_it() {
    let page = std::fs::read_to_string(crate::at("docs/writing-rules.md")).unwrap();
    let catalog = napkin::catalog::Catalog::new();
    let mut rules = 0;
    for block in blocks(&page, "yaml") {
        if block.starts_with("rule:") {
            let rule = loaded(block).unwrap_or_else(|mistakes| panic!("{block}: {mistakes:?}"));
            assert!(!rule.bad.is_empty() && !rule.good.is_empty(), "{}", rule.name);
            let bad = rule.bad.iter().map(|(text, _)| (text, true));
            for (text, fires) in bad.chain(rule.good.iter().map(|(text, _)| (text, false))) {
                let result = napkin::analysis::run_example(&rule, text, fires, &catalog);
                assert_eq!(result, napkin::analysis::ExampleResult::Passed, "{}: {text}", rule.name);
            }
            rules += 1;
        } else {
            let mut sources = napkin::source::Sources::new();
            let all = napkin::lint::built_in(&mut sources, &mut napkin::diagnostic::Diagnostics::new());
            let id = sources.add("spec.yaml", block);
            let found = napkin::analysis::analyse(&sources, id, &catalog, &all, None);
            assert!(found.is_usable(), "{block}: {:?}", found.diagnostics);
        }
    }
    assert_eq!(rules, 3);
    let mut conditions = 0;
    for line in page.lines().filter(|line| line.ends_with(" |")) {
        let cells: Vec<&str> = line.split(" | ").collect();
        if let [target, condition, _] = cells.as_slice()
            && let Some(condition) = condition.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'))
        {
            let keys = format!("for: {}\n", target.trim_start_matches("| "));
            assert!(
                loaded(&rule_text(&keys, condition, "m")).is_ok(),
                "{condition}: {:?}",
                loaded(&rule_text(&keys, condition, "m"))
            );
            conditions += 1;
        }
    }
    assert_eq!(conditions, 10);
    let own = napkin::lint::GRAPH_FUNCTIONS.iter().map(|function| (function.usage, function.doc));
    let all = napkin::expr::RULE_FUNCTIONS.iter().map(|(_, usage, doc)| (*usage, *doc));
    for (usage, doc) in all.chain(own) {
        assert!(page.contains(&format!("| `{usage}` | {doc} |")), "{usage} is not on the page, or otherwise");
    }
}

#[test]
fn what_may_be_several_things_is_any_of_them() {
    for (expression, expected) in [
        // A field's words and another text.
        ("count(where(system.components, c => or_else(c.replication.mode, \"nothing\") == \"nothing\"))", "8"),
        ("count(where(system.components, c => (if c.is_store then c.kind else \"other\") == \"other\"))", "7"),
        ("first([@web.kind, \"zzz\"]) == \"zzz\"", "false"),
        // Equal up to rounding, as `==` is.
        ("0.1 + 0.2 == 0.3 and 0.1 + 0.2 in [0.3]", "true"),
        ("count(where([0.3], x => x in map([0.1], y => y + 0.2)))", "1"),
        // Nothing is in an empty list, not even what isn't known.
        ("@web.owner in []", "false"),
        ("3 in []", "false"),
        // What isn't needed isn't computed.
        ("or_else(@web.replicas, 1 / (@web.replicas - 4))", "4"),
    ] {
        assert_eq!(said(&of(expression)), expected, "{expression}");
    }
    // Where the default is one of the words, others are still mistakes.
    let wrong =
        loaded(&rule_text("for: component\n", "or_else(component.replication.mode, \"none\") == \"asink\"", "m"));
    assert!(wrong.unwrap_err()[0].1.contains("never"), "a word that the field doesn't have");
    // Names that are declared win over units and counting words.
    for name in ["nodes", "users", "products", "items"] {
        let keys = format!("for: component\nparameters: {{ {name}: [web, api] }}\n");
        let rule = loaded(&rule_text(&keys, &format!("component.name in {name}"), "m")).unwrap();
        assert_eq!(analysis(&[rule], SHOP, None).findings.len(), 2, "{name}");
    }
    // A brace in a text closes nothing.
    assert_eq!(said("if 1 > 2 then \"a}\" else \"b\""), "b");
    // A group of values is neither known nor unknown.
    let group = loaded(&rule_text("for: component\n", "component.backup is unknown", "m")).unwrap_err();
    assert_eq!(group[0].0, "component.backup is unknown");
    assert!(group[0].1.contains("or_else(component.backup.stated, false)"), "{group:?}");
}

#[test]
fn a_part_that_fails_is_told_wherever_it_is_used() {
    let keys = "for: component\nlet: { ratio: 1 / (component.replicas - 4) }\n";
    let rule = loaded(&rule_text(keys, "component.name == \"web\"", "{ratio}")).unwrap();
    let line = rule.when_line.clone();
    let (mut sources, rules) = (napkin::source::Sources::new(), [rule]);
    let id = sources.add("spec.yaml", format!("napkin: 1\n{SHOP}"));
    let question = napkin::analysis::Question { rules: &rules, ..Default::default() };
    let found = napkin::analysis::ask(&sources, id, &napkin::catalog::Catalog::new(), question);
    let told = &found.mistake().unwrap().message;
    assert!(told.contains("divides by zero") && told.contains(&line), "{told}");
    assert!(told.contains("for the component `web`"), "{told}");
    assert_eq!(sources.slice(found.mistake().unwrap().span().unwrap()), "web");
}
