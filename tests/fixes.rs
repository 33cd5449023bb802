//! Fixes: what they change and what they leave, where they have no place, that they hold, and how formats tell them.

use std::path::{Path, PathBuf};

use napkin::analysis::{Analysis, ExampleResult, Question, ask};
use napkin::catalog::Catalog;
use napkin::diagnostic::Diagnostics;
use napkin::lint::{Packs, Rule, built_in, load};
use napkin::source::Sources;
use napkin::study::fix::{Fixed, fix, fix_example};
use serde_json::Value;

use crate::cli::{napkin, stdout, with_input};
use crate::{at, yaml_files};

fn rules() -> Vec<Rule> {
    built_in(&mut Sources::new(), &mut Diagnostics::new())
}

fn rule(text: &str) -> Rule {
    let mut sources = Sources::new();
    let id = sources.add("rule.yaml", text);
    let mut diagnostics = Diagnostics::new();
    load(&sources, id, &mut diagnostics).unwrap_or_else(|| panic!("{:?}", diagnostics.into_sorted()))
}

/// All fixes that some rules have for a spec.
fn fixed(text: &str, rules: &[Rule]) -> (String, Fixed) {
    let mut sources = Sources::new();
    let id = sources.add("spec.yaml", text);
    let catalog = Catalog::new();
    let question = Question { rules, packs: Packs::All, ..Question::default() };
    let mut judge = |sources: &Sources| Ok::<_, ()>(vec![ask(sources, id, &catalog, question)]);
    let done = fix(sources, true, &mut judge).unwrap();
    (done.sources.get(id).text().to_owned(), done)
}

/// A folder of files that is gone when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Folder {
        let folder = Folder(std::env::temp_dir().join(format!("napkin-fix-{name}-{}", std::process::id())));
        std::fs::create_dir_all(&folder.0).unwrap();
        files.iter().for_each(|(file, text)| std::fs::write(folder.path(file), text).unwrap());
        folder
    }

    fn path(&self, file: &str) -> String {
        self.0.join(file).display().to_string()
    }

    fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn every_fix_sets_its_examples_right() {
    let catalog = Catalog::new();
    let rules = rules();
    let with: Vec<&Rule> = rules.iter().filter(|rule| rule.fix.is_some()).collect();
    assert!(with.len() >= 80, "only {} rules have a fix", with.len());
    for rule in with {
        let results: Vec<_> = rule.bad.iter().filter_map(|(text, _)| fix_example(rule, text, &catalog)).collect();
        assert!(!results.is_empty(), "{}: its fix applies to no example", rule.name);
        assert!(results.iter().all(|result| *result == ExampleResult::Passed), "{}: {results:?}", rule.name);
    }
}

#[test]
fn a_fix_that_does_not_hold_is_found_by_the_examples() {
    let text = "rule: x\nseverity: info\ncategory: c\nfor: component\nwhen: component.replicas == 1\nmessage: m\nhelp: h\nwhy: w\nfix: { title: t, set: { cores: 4 } }\n";
    let result = fix_example(&rule(text), "components: { api: { is: service, replicas: 1 } }", &Catalog::new());
    assert!(matches!(result, Some(ExampleResult::NotFixed(_))), "{result:?}");
}

#[test]
fn fixes_claim_nothing_that_only_the_author_knows() {
    const FACTS: [&str; 16] = [
        "idempotent",
        "lock.fencing",
        "lock.owner_check",
        "dead_letter.watched",
        "outbox",
        "backup.tested",
        "failure_tests",
        "atomic",
        "guard",
        "indexed",
        "durable",
        "personal",
        "hit",
        "availability",
        "observed_by",
        "snapshots",
    ];
    for rule in rules() {
        let keys: Vec<&str> = rule.fix.iter().flat_map(|fix| fix.keys()).collect();
        assert!(keys.iter().all(|key| !FACTS.contains(key)), "{} sets {keys:?}", rule.name);
    }
}

#[test]
fn everything_else_stays_byte_for_byte() {
    let ending = "flows: { f: { rate: 1 /s, steps: [api ~> q, q ~> w] } }\n";
    let group = "dead_letter: { to: q-dead-letters, after: 5 }";
    for (before, after) in [
        // Short, in a block.
        (
            "components:\n  api: service\n  q: queue   # jobs\n  w: worker # last\n\n",
            "components:\n  api: service\n  q: { is: queue, GROUP }   # jobs\n  w: worker # last\n  q-dead-letters: queue\n\n",
        ),
        // A mapping in lines, with a comment behind its last value and one after it.
        (
            "components:\n  api: service\n  w: worker\n  q:\n    is: queue  # ours\n    # end of q\n",
            "components:\n  api: service\n  w: worker\n  q:\n    is: queue  # ours\n    GROUP\n  q-dead-letters: queue\n    # end of q\n",
        ),
        // In braces, on one line and on several, with a comma at the end.
        (
            "components: {api: service, q: {is: queue}, w: worker}\n",
            "components: {api: service, q: {is: queue, GROUP}, w: worker, q-dead-letters: queue}\n",
        ),
        (
            "components:\n  api: service\n  w: worker\n  q: {\n    is: queue, # ours\n  }\n",
            "components:\n  api: service\n  w: worker\n  q: {\n    is: queue, GROUP, # ours\n  }\n  q-dead-letters: queue\n",
        ),
        // What was said of it before.
        (
            "components: { api: service, q: { is: queue, dead_letter: none }, w: worker } # all\n",
            "components: { api: service, q: { is: queue, GROUP }, w: worker, q-dead-letters: queue } # all\n",
        ),
        // In quotes, with wide characters before.
        (
            "name: \"höstile 𝒳\"\ncomponents: { api: service, \"q\": 'queue', w: worker }\n",
            "name: \"höstile 𝒳\"\ncomponents: { api: service, \"q\": { is: queue, GROUP }, w: worker, q-dead-letters: queue }\n",
        ),
    ] {
        for line_end in ["\n", "\r\n"] {
            let spec =
                |text: &str| format!("napkin: 1\n{}{ending}", text.replace("GROUP", group)).replace('\n', line_end);
            let output = with_input(&["check", "-", "--fix", "--unsafe-fixes"], spec(before).as_bytes());
            assert_eq!(stdout(&output), spec(after), "{}", String::from_utf8_lossy(&output.stderr));
            let again = with_input(&["check", "-", "--fix", "--unsafe-fixes"], spec(after).as_bytes());
            assert_eq!(stdout(&again), spec(after));
        }
    }
}

#[test]
fn calls_are_fixed_in_lines_and_in_mappings() {
    let spec = |steps: &str| {
        format!(
            "napkin: 1\ncomponents: {{ users: client, api: service, pay: {{ is: external, latency: 60 ms }} }}\nflows:\n  f:\n    rate: 1 /s\n    steps:\n      - users -> api   # in\n{steps}"
        )
    };
    for (before, after) in [
        (
            "      - { call: api -> pay, retries: 2 } # out\n",
            "      - { call: api -> pay, retries: 2, timeout: 900 ms, backoff: exponential-jitter } # out\n",
        ),
        ("      - api -> pay 2 KB   # out\n", "      - { call: api -> pay 2 KB, timeout: 900 ms }   # out\n"),
        ("      - \"api -> pay x2\"\n", "      - { call: \"api -> pay x2\", timeout: 900 ms }\n"),
        (
            "      - call: api -> pay  # out\n        circuit_breaker: true\n",
            "      - call: api -> pay  # out\n        circuit_breaker: true\n        timeout: 900 ms\n",
        ),
        (
            "      - par: [api -> pay, api -> pay.read]\n",
            "      - par: [{ call: api -> pay, timeout: 900 ms }, { call: api -> pay.read, timeout: 900 ms }]\n",
        ),
    ] {
        let ours: Vec<Rule> = rules()
            .into_iter()
            .filter(|rule| ["timeout-missing", "retries-without-backoff"].contains(&rule.name.as_str()))
            .collect();
        let sorted = |text: &str| {
            let mut parts: Vec<String> =
                text.split(", ").map(|part| part.trim_end_matches(" } # out\n").to_owned()).collect();
            parts.sort();
            parts
        };
        let (text, done) = fixed(&spec(before), &ours);
        // Of two values for one call either may stand first.
        assert_eq!(sorted(&text), sorted(&spec(after)), "{text}");
        assert!(done.dropped.is_empty() && done.analyses[0].findings.is_empty());
    }
}

#[test]
fn where_there_is_no_clean_place_nothing_is_touched_and_the_reason_is_told() {
    for (spec, reason) in [
        ("components: { a: &c { is: cache, hit: 90 % }, b: *c }\n", "shared by an anchor"),
        (
            "components: { users: client, api: service, pay: { is: external, latency: 60 ms } }\nflows: { f: { rate: 1 /s, steps: [users -> api -> pay] } }\n",
            "several calls",
        ),
        (
            "assume: { n: 1 }\ncomponents: { log: { is: stream, replicas: 3, replication: { factor: 3 }, min_insync: n } }\ndata: { d: { in: log, durable: true } }\n",
            "computed from assumptions",
        ),
        (
            "components: { q-dead-letters: queue, q: queue, w: worker, api: service }\nflows: { f: { rate: 1 /s, steps: [api ~> q, q ~> w] } }\n",
            "there is a component `q-dead-letters` already",
        ),
    ] {
        let spec = format!("napkin: 1\n{spec}");
        let output = with_input(&["check", "-", "--fix", "--unsafe-fixes"], spec.as_bytes());
        assert_eq!(stdout(&output), spec);
        let told = stdout(&with_input(&["check", "-", "--verbose"], spec.as_bytes()));
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("no fix: ") && told.contains(reason), "{reason}: {told}");
        assert!(!stdout(&with_input(&["check", "-"], spec.as_bytes())).contains("no fix"));
    }
}

#[test]
fn calls_that_share_a_line_or_an_anchor_are_left_alone() {
    let ours: Vec<Rule> = rules()
        .into_iter()
        .filter(|rule| {
            ["product-cuts-request-short", "retries-without-backoff", "timeout-inverted"].contains(&rule.name.as_str())
        })
        .collect();
    let head = "napkin: 1\ncomponents: { users: client, api: service, b: service, gw: { is: api-gateway, max_timeout: 29 s } }\n";
    for (flows, reason) in [
        ("flows: { f: { rate: 1 /s, steps: [{ call: users -> gw -> b, timeout: 60 s }] } }", "several calls"),
        (
            "flows:\n  f:\n    rate: 1 /s\n    steps:\n      - users -> api\n      - &c { call: api -> b, retries: 2 }\n  g: { rate: 1 /s, steps: [users -> api, *c] }",
            "anchor",
        ),
        (
            "flows:\n  f:\n    rate: 1 /s\n    steps:\n      - users -> api\n      - &c\n        call: api -> b\n        retries: 2\n  g:\n    rate: 1 /s\n    steps:\n      - users -> api\n      - { <<: *c, fallback: none }",
            "anchor",
        ),
        (
            "flows:\n  f: { rate: 1 /s, steps: &s [users -> api, { call: api -> b, retries: 2 }] }\n  g: { rate: 1 /s, steps: *s }",
            "anchor",
        ),
        (
            "flows:\n  f: &f { rate: 1 /s, steps: [users -> api, { call: api -> b, retries: 2 }] }\n  g: { <<: *f, rate: 2 /s }",
            "anchor",
        ),
        (
            "flows:\n  f: { rate: 1 /s, steps: [users -> api, par: &p [{ call: api -> b, retries: 2 }, api -> gw]] }\n  g: { rate: 1 /s, steps: [users -> api, par: *p] }",
            "anchor",
        ),
    ] {
        let spec = format!("{head}{flows}\n");
        let (text, done) = fixed(&spec, &ours);
        let open = &done.analyses[0].findings;
        assert_eq!(text, spec);
        assert!(!open.is_empty(), "{flows}");
        for finding in open {
            let refused = finding.fix.as_ref().and_then(|fix| fix.refused.clone()).unwrap_or_default();
            assert!(refused.contains(reason), "{flows}: {refused}");
        }
    }
    // A neighbour of what is shared is its own.
    let spec = format!(
        "{head}flows:\n  f:\n    rate: 1 /s\n    steps:\n      - &c users -> api\n      # ours & theirs\n      - {{ call: api -> b, retries: 2 }}\n  g: {{ rate: 1 /s, steps: [*c, {{ call: api -> b, retries: 1 }}] }}\n"
    );
    let (text, done) = fixed(&spec, &ours);
    assert_eq!(done.applied.len(), 2, "{text}");
}

fn comments(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.split_once("# ").map(|(_, comment)| comment)).collect()
}

#[test]
fn fixing_twice_changes_nothing_more_and_brings_nothing_as_bad() {
    let (rules, catalog) = (rules(), Catalog::new());
    let mut total = 0;
    for path in [yaml_files("specs"), yaml_files("tests/fixtures/clean"), vec![at("tests/fixtures/shop.yaml")]].concat()
    {
        let text = std::fs::read_to_string(&path).unwrap();
        if text.contains("include:") || text.contains("extends:") || !text.contains("napkin:") {
            continue;
        }
        let mut sources = Sources::new();
        let id = sources.add(path.display().to_string(), text.as_str());
        let question = Question { rules: &rules, packs: Packs::All, ..Question::default() };
        let mut judge = |sources: &Sources| Ok::<_, ()>(vec![ask(sources, id, &catalog, question)]);
        let before = judge(&sources).unwrap().remove(0);
        let done = fix(sources.clone(), true, &mut judge).unwrap();
        let after = done.sources.get(id).text().to_owned();
        assert!(!done.unfinished && done.analyses.iter().all(Analysis::is_usable), "{}", path.display());
        let count = |analysis: &Analysis| analysis.findings.iter().filter(|finding| finding.allowed.is_none()).count();
        assert!(count(&done.analyses[0]) <= count(&before), "{}", path.display());
        assert_eq!(comments(&text), comments(&after), "{}", path.display());
        assert_eq!(done.applied.is_empty(), text == after, "{}", path.display());
        total += done.applied.len();
        let again = fix(done.sources.clone(), true, &mut judge).unwrap();
        assert!(again.applied.is_empty() && again.sources.get(id).text() == after, "{}", path.display());
    }
    assert!(total >= 20, "only {total} fixes");
}

#[test]
fn a_fix_goes_to_the_file_that_said_it() {
    let folder = Folder::new(
        "files",
        &[
            (
                "main.yaml",
                "napkin: 1\r\ninclude: parts.yaml # shared\r\ncomponents:\r\n  users: client\r\n  api: service\r\nflows:\r\n  f: { rate: 1 /s, steps: [users -> api, api -> c.get] }\r\n",
            ),
            (
                "parts.yaml",
                "napkin: 1\ncomponents:\n  # The cache of everybody.\n  c: { is: cache, hit: 90 % }  # ours\n",
            ),
        ],
    );
    let main = folder.text("main.yaml");
    let output = napkin(&["check", &folder.path("main.yaml"), "--fix", "--unsafe-fixes"]);
    let told = stdout(&output);
    assert!(told.contains("parts.yaml: 1 fix\n  cache-without-expiry: "), "{told}");
    assert_eq!(folder.text("main.yaml"), main);
    assert_eq!(
        folder.text("parts.yaml"),
        "napkin: 1\ncomponents:\n  # The cache of everybody.\n  c: { is: cache, hit: 90 %, ttl: 1 h }  # ours\n"
    );
    let told = stdout(&napkin(&["check", &folder.path("main.yaml"), "--fix", "--unsafe-fixes"]));
    assert!(told.contains("0 findings fixed"), "{told}");
}

const RETRIES: &str = "napkin: 1\ncomponents: { a: service, b: service }\nflows: { f: { rate: 1 /s, steps: [{ call: a -> b, retries: 2, idempotent: true, timeout: 1 s }] } }\n";

#[test]
fn only_safe_fixes_are_applied_unless_more_is_asked_for() {
    let spec = RETRIES.replace("a: service,", "a: service, c: { is: cache, hit: 90 % },");
    let fixed = stdout(&with_input(&["check", "-", "--fix"], spec.as_bytes()));
    assert_eq!(fixed, spec.replace("timeout: 1 s", "timeout: 1 s, backoff: exponential-jitter"));
    let chosen = RETRIES.replace("timeout: 1 s", "timeout: 1 s, backoff: none");
    assert_eq!(stdout(&with_input(&["check", "-", "--fix"], chosen.as_bytes())), chosen, "what is stated stays");
    let output = with_input(&["check", "-", "--fix"], spec.as_bytes());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("1 finding fixed; 1 more with --unsafe-fixes"), "{told}");
    assert!(told.contains("cache-without-expiry"), "what is left is reported: {told}");
    assert_eq!(napkin(&["check", "-", "--unsafe-fixes"]).status.code(), Some(2));
    assert_eq!(napkin(&["check", "-", "--fix", "--diff"]).status.code(), Some(2));
}

#[test]
fn what_is_waived_is_left_as_it_is() {
    let spec = format!("{RETRIES}allow: [{{ rule: retries-without-backoff, because: a test }}]\n");
    assert_eq!(stdout(&with_input(&["check", "-", "--fix"], spec.as_bytes())), spec);
    let folder = Folder::new("baseline", &[("s.yaml", RETRIES)]);
    let (file, base) = (folder.path("s.yaml"), folder.path("base.json"));
    napkin(&["check", &file, "--baseline", &base, "--write-baseline"]);
    napkin(&["check", &file, "--baseline", &base, "--fix"]);
    assert_eq!(folder.text("s.yaml"), RETRIES);
    napkin(&["check", &file, "--fix"]);
    assert!(folder.text("s.yaml").contains("exponential-jitter"));
}

#[test]
fn a_diff_shows_what_would_change_and_writes_nothing() {
    let folder = Folder::new("diff", &[("s.yaml", RETRIES)]);
    let file = folder.path("s.yaml");
    let output = napkin(&["check", &file, "--diff"]);
    let patch = stdout(&output);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(folder.text("s.yaml"), RETRIES);
    assert!(patch.starts_with(&format!("--- {file}\n+++ {file}\n@@ -1,3 +1,3 @@\n")), "{patch}");
    let lines = |sign: char| -> Vec<&str> {
        let own = patch.lines().skip(2);
        own.filter(|line| line.starts_with(sign)).map(|line| &line[1..]).collect()
    };
    assert_eq!(lines('-'), [RETRIES.lines().nth(2).unwrap()]);
    assert_eq!(lines('+'), [RETRIES.lines().nth(2).unwrap().replace("1 s }", "1 s, backoff: exponential-jitter }")]);
    napkin(&["check", &file, "--fix"]);
    let output = napkin(&["check", &file, "--diff"]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(0), String::new()));
    assert_eq!(with_input(&["check", "-", "--diff"], b"napkin: 2\n").status.code(), Some(2));
}

#[test]
fn formats_carry_fixes_that_give_the_same_text() {
    let spec = format!(
        "{}name: \"höstile 𝒳\"\n",
        RETRIES.replace("a -> b,", "'a -> b',").replace("a: service", "a: service, 𝒳: { is: cache, hit: 90 % }")
    );
    let json: Value =
        serde_json::from_str(&stdout(&with_input(&["check", "-", "--format", "json"], spec.as_bytes()))).unwrap();
    let sarif: Value =
        serde_json::from_str(&stdout(&with_input(&["check", "-", "--format", "sarif"], spec.as_bytes()))).unwrap();
    let of = |rule: &str| {
        let finding = json["findings"].as_array().unwrap().iter().find(|f| f["rule"] == rule).unwrap();
        let result = sarif["runs"][0]["results"].as_array().unwrap().iter().find(|r| r["ruleId"] == rule).unwrap();
        (finding["fix"].clone(), result["fixes"][0].clone())
    };
    for (rule, safe, inserted, before) in [
        ("retries-without-backoff", true, ", backoff: exponential-jitter", "timeout: 1 s"),
        ("cache-without-expiry", false, ", ttl: 1 h", "hit: 90 %"),
    ] {
        let (fix, sarif) = of(rule);
        assert_eq!(fix["safe"], safe);
        let edit = &fix["edits"][0];
        assert_eq!(edit["text"], inserted);
        let [from, to] = ["start_byte", "end_byte"].map(|key| edit["region"][key].as_u64().unwrap() as usize);
        let mut text = spec.clone();
        text.replace_range(from..to, inserted);
        assert_eq!(text, spec.replace(before, &format!("{before}{inserted}")));
        let change = &sarif["artifactChanges"][0];
        assert_eq!(change["artifactLocation"]["uri"].as_str().unwrap(), "%3Cstdin%3E");
        let replacement = &change["replacements"][0];
        assert_eq!(replacement["insertedContent"]["text"], inserted);
        let [line, column, end] = ["startLine", "startColumn", "endColumn"]
            .map(|key| replacement["deletedRegion"][key].as_u64().unwrap() as usize);
        assert_eq!(column, end, "nothing is deleted");
        let units: Vec<u16> = spec.lines().nth(line - 1).unwrap().encode_utf16().take(column - 1).collect();
        assert!(String::from_utf16(&units).unwrap().ends_with(before));
        assert_eq!(sarif["properties"]["safe"], safe);
    }
    let text = stdout(&with_input(&["check", "-"], spec.as_bytes()));
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("(napkin check --fix)") && text.contains("(napkin check --fix --unsafe-fixes)"), "{text}");
}

#[cfg(unix)]
#[test]
fn files_keep_their_permissions_and_read_only_ones_are_left() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = Folder::new("modes", &[("s.yaml", RETRIES), ("t.yaml", RETRIES)]);
    let mode = |file: &str| std::fs::metadata(folder.path(file)).unwrap().permissions().mode() & 0o777;
    let set = |file: &str, mode| {
        std::fs::set_permissions(folder.path(file), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set("s.yaml", 0o640);
    symlink(folder.path("s.yaml"), folder.path("link.yaml")).unwrap();
    napkin(&["check", &folder.path("link.yaml"), "--fix"]);
    assert!(folder.text("s.yaml").contains("jitter") && mode("s.yaml") == 0o640);
    assert!(Path::new(&folder.path("link.yaml")).is_symlink());
    set("t.yaml", 0o444);
    let output = napkin(&["check", &folder.path("t.yaml"), "--fix"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2));
    assert!(told.contains("t.yaml: it is read-only; make it writable"), "{told}");
    assert_eq!(folder.text("t.yaml"), RETRIES);
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 3, "nothing is left lying about");
}

fn replicas(name: &str, severity: &str, when: &str, to: &str) -> Rule {
    rule(&format!(
        "rule: {name}\nseverity: {severity}\ncategory: c\nfor: component\nwhen: {when}\nmessage: \"{name} of `{{component.name}}`\"\nhelp: h\nwhy: w\nfix: {{ title: t, set: {{ replicas: \"{to}\" }} }}\n"
    ))
}

#[test]
fn of_two_sizes_the_larger_one_wins_and_rules_that_undo_each_other_come_to_rest() {
    let spec = "napkin: 1\ncomponents: { api: { is: service, replicas: 1 } } # one\n";
    let more = [
        replicas("a", "info", "component.replicas < 3", "3"),
        replicas("b", "info", "component.replicas < 5", "2 + 3"),
    ];
    let (text, done) = fixed(spec, &more);
    assert_eq!(text, spec.replace("replicas: 1", "replicas: 5"));
    assert_eq!((done.applied.len(), done.dropped.len()), (1, 0), "one change takes both away");

    let fight = [
        replicas("few", "info", "component.replicas < 3", "3"),
        replicas("many", "info", "component.replicas > 2", "1"),
    ];
    let (text, done) = fixed(spec, &fight);
    assert_eq!(text, spec);
    assert!(done.dropped[0].1.contains("something as bad would come: many of `api`"), "{}", done.dropped[0].1);

    let worse = [
        replicas("few", "error", "component.replicas < 3", "3"),
        replicas("many", "info", "component.replicas > 2", "1"),
    ];
    let (text, _) = fixed(spec, &worse);
    assert_eq!(text, spec.replace("replicas: 1", "replicas: 3"));
    assert_eq!(fixed(&text, &worse).0, text);
}

#[test]
fn mistakes_in_fixes_are_found_when_rules_are_loaded() {
    let found = |fix: &str| {
        let text = format!(
            "rule: x\nseverity: info\ncategory: c\nfor: component\nwhen: component.critical\nmessage: m\nhelp: h\nwhy: w\nfix: {fix}\n"
        );
        let mut sources = Sources::new();
        let id = sources.add("rule.yaml", text);
        let mut diagnostics = Diagnostics::new();
        let loaded = load(&sources, id, &mut diagnostics).is_some();
        let list = diagnostics.into_sorted();
        assert_eq!(loaded, list.is_empty());
        let told = |d: &napkin::diagnostic::Diagnostic| {
            (
                sources.slice(d.span().unwrap()).to_owned(),
                format!("{}; {}", d.message, d.help.clone().unwrap_or_default()),
            )
        };
        list.first().map(told).unwrap_or_default()
    };
    for (fix, place, says) in [
        ("{ title: t, set: { replica: 3 } }", "replica", "did you mean `replicas`"),
        ("{ title: t, set: { ttl: 3 } }", "3", "time"),
        ("{ title: t, set: { ttl: 1 h..2 h } }", "1 h..2 h", "one definite number"),
        ("{ title: t, set: { eviction: lur } }", "lur", "known here: lru"),
        ("{ title: t, set: { replicas: component.nods } }", "nods", "did you mean"),
        ("{ title: t, set: { sticky: component.nodes } }", "component.nodes", "true or false"),
        ("{ title: t, sets: { ttl: 1 h } }", "sets", "did you mean `set`"),
        ("{ title: t }", "{ title: t }", "changes nothing"),
        ("{ set: { ttl: 1 h } }", "{ set: { ttl: 1 h } }", "has no `title`"),
        ("{ title: t, set: { ttl: 1 h }, safe: yes }", "yes", "true or false"),
        ("{ title: t, on: component.nodes, set: { ttl: 1 h } }", "component.nodes", "names a thing"),
        ("{ title: t, when: component.nodes, set: { ttl: 1 h } }", "component.nodes", "is a condition"),
        ("{ title: t, set: { measured: 3 } }", "3", "a value that a fix can't give"),
        ("{ title: t, add: { q: [queue] } }", "[queue]", "described in short"),
        ("none", "none", "`fix` has to be a mapping"),
    ] {
        let (at, told) = found(fix);
        assert!(at == place && told.contains(says), "{fix}: at {at}: {told}");
    }
    assert_eq!(
        found("{ title: t, set: { dead_letter.to: \"{component.name}-dlq\", zones: [a, b] } }"),
        Default::default()
    );
}

#[test]
fn a_file_that_another_spec_of_the_run_rests_on_keeps_what_that_one_accepts() {
    let base = "napkin: 1\ncomponents: { users: client, api: service, c: { is: cache, hit: 90 % }, d: { is: cache, hit: 90 % } }\nflows: { f: { rate: 1 /s, steps: [users -> api, api -> c.get, api -> d.get] } }\n";
    let allow = "allow: [{ rule: cache-without-expiry, on: c, because: it is tiny }]\n";
    let folder = Folder::new(
        "shared",
        &[
            ("base.yaml", base),
            ("one.yaml", "napkin: 1\nname: one\nextends: base.yaml\n"),
            ("two.yaml", &format!("napkin: 1\nname: two\nextends: base.yaml\n{allow}")),
        ],
    );
    let ours = [folder.path("one.yaml"), folder.path("two.yaml")];
    let told = stdout(&napkin(&["check", &ours[0], &ours[1], "--fix", "--unsafe-fixes"]));
    assert!(
        told.contains("not fixed: cache-without-expiry of c: another spec that shares the file accepts it"),
        "{told}"
    );
    // The other one is written once, though it is found in both.
    assert!(told.contains("base.yaml: 1 fix\n"), "{told}");
    assert!(told.contains("1 finding fixed"), "{told}");
    assert_eq!(
        folder.text("base.yaml"),
        base.replace("d: { is: cache, hit: 90 %", "d: { is: cache, hit: 90 %, ttl: 1 h")
    );
}

#[test]
fn of_two_times_the_longer_one_wins_across_specs_of_one_file() {
    let longer = |name: &str, when: &str, to: &str| {
        rule(&format!(
            "rule: {name}\nseverity: info\ncategory: c\nfor: component\nwhen: {when}\nmessage: \"{name} of `{{component.name}}`\"\nhelp: h\nwhy: w\nfix: {{ title: t, set: {{ ttl: {to} }} }}\n"
        ))
    };
    let rules = [
        longer("seconds", "component.ttl < 90 s", "90 s"),
        longer("hours", "component.ttl < 10 min and system.rpo is known", "1 h"),
    ];
    let mut sources = Sources::new();
    let base = sources.add("base.yaml", "napkin: 1\ncomponents: { c: { is: cache, ttl: 1 s } }\n");
    let spec = |sources: &mut Sources, name: &str, more: &str| {
        let id = sources.add(name, format!("napkin: 1\nextends: base.yaml\n{more}"));
        sources.refer(id, "base.yaml", Ok(base));
        id
    };
    let ids = [spec(&mut sources, "a.yaml", ""), spec(&mut sources, "b.yaml", "requires: { rpo: 1 h }\n")];
    let catalog = Catalog::new();
    let question = Question { rules: &rules, packs: Packs::All, ..Question::default() };
    let mut judge = |sources: &Sources| Ok::<_, ()>(ids.map(|id| ask(sources, id, &catalog, question)).into());
    let done = fix(sources, true, &mut judge).unwrap();
    assert!(done.sources.get(base).text().contains("ttl: 1 h }"), "{}", done.sources.get(base).text());
    assert_eq!(done.applied.len(), 1);
}

#[test]
fn what_a_fix_brings_is_fixed_too_and_only_the_last_word_is_told() {
    let spec = "napkin: 1\ncomponents: { api: { is: service, replicas: 1 } }\n";
    let chain = [
        replicas("few", "error", "component.replicas < 3", "3"),
        replicas("odd", "info", "component.replicas == 3", "4"),
    ];
    let (text, done) = fixed(spec, &chain);
    assert_eq!(text, spec.replace("replicas: 1", "replicas: 4"));
    let told: Vec<&str> = done.applied.iter().map(|one| one.rule.as_str()).collect();
    assert_eq!(told, ["odd"]);
    let (again, done) = fixed(&text, &chain);
    assert!(again == text && done.applied.is_empty());
}

#[test]
fn many_fixes_that_do_not_hold_take_few_trials() {
    let mut spec = "napkin: 1\ncomponents:\n  users: client\n".to_owned();
    for i in 0..40 {
        spec += &format!("  a{i}: service\n  e{i}: {{ is: external, latency: 60 ms }}\n");
    }
    spec += "flows:\n";
    for i in 0..40 {
        let steps = format!("[{{ call: users -> a{i}, timeout: 300 ms }}, {{ call: a{i} -> e{i}, retries: 1 }}]");
        spec += &format!("  f{i}: {{ rate: 1 /s, steps: {steps} }}\n");
    }
    let mut sources = Sources::new();
    let id = sources.add("spec.yaml", spec.as_str());
    let (rules, catalog, mut trials) = (rules(), Catalog::new(), 0);
    let question = Question { rules: &rules, ..Question::default() };
    let mut judge = |sources: &Sources| {
        trials += 1;
        Ok::<_, ()>(vec![ask(sources, id, &catalog, question)])
    };
    let done = fix(sources, true, &mut judge).unwrap();
    let inverted = done.dropped.iter().filter(|(one, _)| one.rule == "timeout-missing").count();
    assert_eq!(inverted, 40, "each would outlast its caller");
    assert!(done.applied.len() >= 40 && !done.unfinished, "{}", done.applied.len());
    assert!(trials <= 10, "{trials} trials");
}

#[test]
fn values_are_given_only_where_they_make_sense() {
    for (spec, rule, is_fixed) in [
        (
            "components: { a: service, b: { is: external, latency: 60 ms } }\nflows: { f: { rate: 1 /s, steps: [a -> b] } }",
            "timeout-missing",
            true,
        ),
        (
            "components: { a: service, b: external }\nflows: { f: { rate: 1 /s, steps: [a -> b] } }",
            "timeout-missing",
            false,
        ),
        (
            "components: { a: service, b: service, c: service }\nflows: { f: { rate: 1 /s, slo: { p99: 3 s }, steps: [{ call: a -> b, timeout: 1 s }, { call: b -> c, timeout: 2 s }] } }",
            "timeout-inverted",
            true,
        ),
        (
            "components: { a: service, b: service, c: service }\nflows: { f: { rate: 1 /s, slo: { p99: 2 s }, steps: [{ call: a -> b, timeout: 1 s }, { call: b -> c, timeout: 2 s }] } }",
            "timeout-inverted",
            false,
        ),
        (
            "components: { a: service, b: service, c: service }\nflows: { f: { rate: 1 /s, steps: [{ call: a -> b, timeout: 1 s }, { call: b -> c, timeout: 28 s }] } }",
            "timeout-inverted",
            false,
        ),
        (
            "components: { db: { is: database, replicas: 1, backup: 1 day } }\ndata: { o: { in: db } }\nrequires: { rpo: 1 h }",
            "backup-interval-over-rpo",
            true,
        ),
        (
            "components: { db: { is: database, replicas: 1, backup: 1 day } }\ndata: { o: { in: db } }\nrequires: { rpo: 1 s }",
            "backup-interval-over-rpo",
            false,
        ),
        (
            "components: { u: client, a: { is: service, replicas: 2, service_time: 10 ms, concurrency: 1 } }\nflows: { f: { rate: 1000 /s, steps: [u -> a] } }",
            "overload-at-peak",
            true,
        ),
        (
            "components: { u: client, a: { is: service, replicas: 2, service_time: 10 ms, concurrency: 1, autoscale: { min: 1, max: 4 } } }\nflows: { f: { rate: 1000 /s, steps: [u -> a] } }",
            "overload-at-peak",
            false,
        ),
        (
            "components: { u: client, a: { is: service, replicas: 2, service_time: 10 ms, concurrency: 1 } }\nflows: { f: { rate: 1M /s, steps: [u -> a] } }",
            "overload-at-peak",
            false,
        ),
        ("components: { es: { uses: elasticsearch, replicas: 2, voters: 1 } }", "too-few-masters", false),
    ] {
        let ours: Vec<Rule> = rules().into_iter().filter(|one| one.name == rule).collect();
        let spec = format!("napkin: 1\n{spec}\n");
        let (_, none) = fixed(&spec, &[]);
        assert!(none.analyses[0].is_usable(), "{spec}: {:?}", none.analyses[0].diagnostics);
        let (text, done) = fixed(&spec, &ours);
        assert_eq!(text != spec, is_fixed, "{rule}: {text}");
        let left = done.analyses[0].findings.len();
        assert_eq!(left == 0, is_fixed, "{rule} fires: {text}");
    }
}

#[test]
fn reasons_and_broken_specs_are_told() {
    let spec = "napkin: 1\ncomponents: { a: &c { is: cache, hit: 90 % }, b: *c }\n";
    let folder = Folder::new("reasons", &[("a b.yaml", spec), ("broken.yaml", "napkin: 2\n"), ("s.yaml", RETRIES)]);
    let fix = ["--fix", "--unsafe-fixes", "--format", "concise"];
    let path = folder.path("a b.yaml");
    let run = |more: &[&str]| {
        let output = napkin(&[&["check", &path], &fix[..], more].concat());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(run(&[]).contains("without a place, --verbose says why"), "{}", run(&[]));
    let told = run(&["--verbose"]);
    assert!(told.contains("no fix: cache-without-expiry of a: ") && told.contains("anchor"), "{told}");
    let output = napkin(&["check", &folder.path("broken.yaml"), &folder.path("s.yaml"), "--diff"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2));
    assert!(told.contains("broken.yaml has mistakes, so nothing is fixed"), "{told}");
    std::fs::write(&path, RETRIES).unwrap();
    let patch = stdout(&napkin(&["check", &path, "--diff"]));
    assert!(patch.starts_with(&format!("--- {path}\t\n+++ {path}\t\n")), "{patch}");
}
