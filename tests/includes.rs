//! Specs of several files: what wins, where mistakes and findings stand, and every command and format over them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Output;

use napkin::analysis::{Analysis, Question, ask};
use napkin::catalog::Catalog;
use napkin::diagnostic::Diagnostics;
use napkin::lint::{Packs, built_in};
use napkin::source::{SourceId, Sources, Unreadable};
use napkin::spec::gather;
use napkin::vocabulary::{AttributeId, Target};
use serde_json::Value;

use crate::at;
use crate::diff::Folder;

const BASE: &str = "napkin: 1
name: shop
include: shared/platform.yaml
assume:
  dau: 1M users
components:
  users: client
  api: { is: service, replicas: 3, zones: [a, b, c], cores: 4, service_time: 8 ms }
  db: postgresql x2
flows:
  view:
    rate: dau * 20 /day
    peak: 3x
    slo: { p99: 200 ms }
    steps:
      - users -> lb -> api
      - api -> cache.get
      - api -> db.read 2 KB if miss(cache)
";

const PLATFORM: &str = "napkin: 1
shared: true
name: platform
regions:
  us-east: { zones: [a, b, c] }
components:
  lb: aws-alb
  cache: { uses: redis, replicas: 1, hit: 90 % }
requires: { rto: 1 h, rpo: 5 min }
allow:
  - { rule: single-point-of-failure, on: cache, because: \"a cold start is cheap\" }
";

const PROD: &str = "napkin: 1
extends: base.yaml
name: shop-prod
assume:
  dau: 50M users
components:
  api: { replicas: 2 }   # é
  db: { replicas: 5 }
";

const PROJECT: [(&str, &str); 3] = [("base.yaml", BASE), ("shared/platform.yaml", PLATFORM), ("prod.yaml", PROD)];

/// Files in memory, by the path that names them.
fn analysed(files: &[(&str, &str)], first: &str, overlays: &[&str]) -> (Sources, Analysis) {
    let mut sources = Sources::new();
    let mut load = |sources: &mut Sources, _: SourceId, path: &str| {
        let missing = Unreadable { reason: format!("there is no file {path}"), help: "write it".to_owned() };
        let (_, text) = files.iter().find(|(name, _)| *name == path).ok_or(missing)?;
        Ok(sources.find(path).unwrap_or_else(|| sources.add(path, *text)))
    };
    let text = files.iter().find(|(name, _)| *name == first).unwrap().1;
    let id = sources.add(first, text);
    for overlay in overlays {
        let over = load(&mut sources, id, overlay).unwrap();
        sources.lay(id, over);
    }
    gather(&mut sources, id, &mut load);
    let rules = built_in(&mut Sources::new(), &mut Diagnostics::new());
    let analysis = ask(&sources, id, &Catalog::new(), Question { rules: &rules, ..Question::default() });
    (sources, analysis)
}

fn project(name: &str) -> Folder {
    let folder = Folder::new(name);
    PROJECT.iter().for_each(|(file, text)| folder.write(file, text));
    folder
}

fn text(output: &Output) -> String {
    let all = [&output.stdout[..], &output.stderr[..]].concat();
    let all = String::from_utf8(all).unwrap();
    assert!(!all.contains("panicked"), "{all}");
    all
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(output)))
}

/// What a component or an assumption comes to: `api.replicas`, `dau`.
fn value(analysis: &Analysis, path: &str) -> Option<f64> {
    let Some((name, key)) = path.split_once('.') else {
        return analysis.graph.definitions.find(path).map(|(_, found)| found.value);
    };
    let component = &analysis.graph.components[analysis.graph.component(name)?];
    component.number(AttributeId::find(Target::Component, key).unwrap()).map(|input| input.value)
}

#[test]
fn what_stands_higher_wins_and_mappings_merge_by_key() {
    let low = "napkin: 1\nassume: { a: 1, b: 2 }\nprofiles: { own: { kinds: [database] } }\nregions: { eu: [x, y] }\ncomponents:\n  db: postgresql x2\n  api: { is: service, replicas: 3, cores: 2, service_time: 8 ms }\n  kv: { uses: redis, backup: 1 day }\nflows: { f: { rate: 5 /s, peak: 2x, steps: [api -> db.read] } }\n";
    for (upper, path, expected) in [
        ("assume: { a: 7 }", "a", Some(7.0)),
        ("assume: { a: 7 }", "b", Some(2.0)),
        ("assume: { a: b + 1 }", "a", Some(3.0)),
        ("assume: { b: null }", "b", None),
        ("components: { api: { replicas: 5 } }", "api.replicas", Some(5.0)),
        ("components: { api: { replicas: 5 } }", "api.cores", Some(2.0)),
        ("components: { api: { cores: null } }", "api.cores", None),
        ("components: { api: { cores: ~ } }", "api.replicas", Some(3.0)),
        ("components: { api: service }", "api.replicas", None),
        // Short forms stand for their long ones.
        ("components: { db: { shards: 4 } }", "db.replicas", Some(2.0)),
        ("components: { db: { replicas: 4 } }", "db.replicas", Some(4.0)),
        ("components: { db: mysql x7 }", "db.replicas", Some(7.0)),
        ("components: { kv: { backup: { restore: 2 h } } }", "kv.backup.every", Some(86_400.0)),
        ("components: { kv: { backup: { restore: 2 h } } }", "kv.backup.restore", Some(7_200.0)),
        ("components: { api: { service_time: { p99: 40 ms } } }", "api.service_time", Some(0.008)),
        ("components: { own-db: { uses: own, replicas: 1 } }", "own-db.replicas", Some(1.0)),
        // An empty section says nothing.
        ("components:", "api.replicas", Some(3.0)),
    ] {
        for relation in ["include", "extends"] {
            let high = format!("napkin: 1\n{relation}: low.yaml\n{upper}\n");
            let (_, found) = analysed(&[("high.yaml", &high), ("low.yaml", low)], "high.yaml", &[]);
            assert!(found.is_usable(), "{relation} {upper}: {:?}", found.diagnostics);
            assert_eq!(value(&found, path), expected, "{relation} {upper}: {path}");
            assert_eq!(found.graph.flows.len(), 1, "{relation} {upper}");
        }
        let high = format!("napkin: 1\n{upper}\n");
        let (_, found) = analysed(&[("high.yaml", &high), ("low.yaml", low)], "low.yaml", &["high.yaml"]);
        assert_eq!(value(&found, path), expected, "--overlay {upper}: {path}");
    }
}

#[test]
fn lists_and_steps_replace_but_suppressions_links_and_nouns_add_up() {
    let low = "napkin: 1\nname: low\nnouns: [parcels]\nassume: { a: 5 parcels }\nregions: { eu: [x, y, z] }\ncomponents: { users: client, api: { is: service, zones: [x, y] }, db: postgresql }\nlinks: [api -> db]\nflows: { f: { rate: 5 /s, steps: [users -> api, api -> db.read] } }\nallow: [{ rule: single-point-of-failure, on: users, because: b }]\n";
    let high = "napkin: 1\nextends: low.yaml\nnouns: crates\nassume: { b: 2 crates }\nregions: { eu: { availability: 99.9 % } }\ncomponents: { api: { zones: [z] } }\nlinks: [users -> db]\nflows: { f: { steps: [users -> api] } }\nallow: [{ rule: single-region, because: a }]\n";
    let (sources, found) = analysed(&[("high.yaml", high), ("low.yaml", low)], "high.yaml", &[]);
    assert!(found.is_usable(), "{:?}", found.diagnostics);
    let graph = &found.graph;
    assert_eq!((graph.steps.len(), graph.name.as_str(), value(&found, "a")), (1, "low", Some(5.0)));
    assert_eq!(graph.components[1].zones.len(), 1);
    let allowed: Vec<&str> = graph.allow.iter().map(|entry| entry.because.as_str()).collect();
    assert_eq!(allowed, ["a", "b"], "the higher one first");
    let links: Vec<String> = graph.links.iter().map(|link| sources.slice(link.span).to_owned()).collect();
    assert!(links.iter().any(|link| link.contains("db")), "{links:?}");
    // Neither is used, but only its own can be taken out of this file; the other's may serve other specs.
    let unused: Vec<&str> =
        found.findings.iter().filter(|f| f.rule == "unused-suppression").map(|f| f.subject_name.as_str()).collect();
    assert!(unused.iter().all(|name| *name == "single-region"), "{unused:?}");
    let (_, base) = analysed(&[("low.yaml", low)], "low.yaml", &[]);
    assert!(base.findings.iter().any(|f| f.rule == "unused-suppression"), "its own file says so");
    // What a file includes has no name for the system.
    let (_, found) = analysed(&[("a.yaml", "napkin: 1\ninclude: low.yaml\n"), ("low.yaml", low)], "a.yaml", &[]);
    assert_eq!(found.graph.name, "");
}

#[test]
fn files_that_several_name_count_once_and_many_paths_to_one_are_quick() {
    let mut files: Vec<(String, String)> = vec![(
        "0.yaml".into(),
        "napkin: 1\ncomponents: { api: service }\nallow: [{ rule: single-point-of-failure, on: users, because: b }]\n"
            .into(),
    )];
    for n in 1..15 {
        // Both halves include both halves below.
        let below = if n == 1 { "0.yaml".to_owned() } else { format!("{}a.yaml, {}b.yaml", n - 1, n - 1) };
        for half in ["a", "b"] {
            files.push((format!("{n}{half}.yaml"), format!("napkin: 1\ninclude: [{below}]\n")));
        }
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let (_, found) = analysed(&files, "14a.yaml", &[]);
    assert!(found.is_usable(), "{:?}", found.diagnostics);
    assert_eq!((found.graph.components.len(), found.graph.allow.len()), (1, 1));
    // The same in other words is no conflict.
    let (a, b) = (
        "napkin: 1\ncomponents: { api: { is: service, replicas: 2 } }\n",
        "napkin: 1\ncomponents:\n  api:\n    replicas: '2'\n    is: service\n",
    );
    let (_, found) =
        analysed(&[("s.yaml", "napkin: 1\ninclude: [a.yaml, b.yaml]\n"), ("a.yaml", a), ("b.yaml", b)], "s.yaml", &[]);
    assert!(found.is_usable(), "{:?}", found.diagnostics);
}

#[test]
fn names_that_look_like_slips_are_asked_about() {
    for (overlay, asked) in [
        ("components: { aip: { is: service } }", Some("aip")),
        ("assume: { dua: 5M users }", Some("dua")),
        ("flows: { veiw: { rate: 5 /s } }", Some("veiw")),
        ("components: { api2: { is: service } }", None),
        ("components: { apix: { is: service } }\nlinks: [apix -> db]", None),
        ("assume: { dua: 5M users, dau: dua * 2 }", None),
        ("components: { web: { is: service } }", None),
        ("flows: { views: { rate: 5 /s, steps: [users -> api] } }", None),
    ] {
        let high = format!("napkin: 1\nextends: base.yaml\n{overlay}\n");
        let files = [("high.yaml", high.as_str()), PROJECT[0], PROJECT[1]];
        let (sources, found) = analysed(&files, "high.yaml", &[]);
        assert!(found.is_usable(), "{overlay}: {:?}", found.diagnostics);
        let slips: Vec<&str> = found
            .diagnostics
            .iter()
            .filter(|d| d.code == "perhaps-misspelled")
            .map(|d| sources.slice(d.span().unwrap()))
            .collect();
        assert_eq!(slips, asked.into_iter().collect::<Vec<_>>(), "{overlay}");
    }
}

#[test]
fn what_is_wrong_with_files_is_said_where_they_are_named() {
    let folder = project("include-errors");
    std::fs::create_dir_all(folder.0.join("dir")).unwrap();
    std::fs::write(folder.0.join("latin.yaml"), b"napkin: 1\nname: \xe9\n").unwrap();
    for (name, text) in [
        ("empty.yaml", ""),
        ("list.yaml", "- a\n"),
        ("old.yaml", "napkin: 2\n"),
        ("none.yaml", "components: {}\n"),
        ("broken.yaml", "napkin: 1\ncomponents:\n  api: [service\n"),
        ("typo.yaml", "napkin: 1\ncomponents:\n  api: { is: service, replica: 3 }\n"),
        ("one.yaml", "napkin: 1\ncomponents: { api: { is: service, replicas: 2 } }\n"),
        ("two.yaml", "napkin: 1\ncomponents: { api: { is: service, replicas: 3 } }\n"),
        ("round-a.yaml", "napkin: 1\ninclude: round-b.yaml\n"),
        ("round-b.yaml", "napkin: 1\nextends: round-a.yaml\n"),
    ] {
        folder.write(name, text);
    }
    for n in 0..30 {
        folder.write(&format!("deep{n}.yaml"), &format!("napkin: 1\ninclude: deep{}.yaml\n", n + 1));
    }
    for (spec, place, says, help) in [
        ("include: prdo.yaml", "s.yaml:2:10", "there is no file prdo.yaml", "did you mean `prod.yaml`?"),
        ("include: [one.yaml, far/x.yaml]", "s.yaml:2:21", "there is no file far/x.yaml", "no folder far either"),
        ("include: dir", "s.yaml:2:10", "dir is a folder", "one by one"),
        ("include: /dev/null", "s.yaml:2:10", "/dev/null is no regular file", "name a YAML file"),
        ("include: latin.yaml", "s.yaml:2:10", "line 2 is not UTF-8 text", "save it as UTF-8"),
        ("include: http://e.example/a.yaml", "s.yaml:2:10", "reads nothing from `http:`", "keep a copy"),
        ("include: \"dir/*.yaml\"", "s.yaml:2:10", "there is no file dir/*.yaml", "each file is named by itself"),
        ("include: empty.yaml", "s.yaml:2:10", "empty.yaml is empty", "begin it with `napkin: 1`"),
        ("include: list.yaml", "list.yaml:1:", "mapping of keys", "s.yaml:2:10"),
        ("include: old.yaml", "old.yaml:1:9", "format version 1", "napkin: 1"),
        ("include: none.yaml", "none.yaml:1:1", "the format version is missing", "begin the file"),
        ("include: broken.yaml", "broken.yaml:3:8", "not valid YAML", "a bracket is not closed"),
        ("include: typo.yaml", "typo.yaml:3:23", "has no `replica`", "did you mean `replicas`?"),
        ("include: [one.yaml, two.yaml]", "two.yaml:2:15", "`api` is described differently", "one.yaml:2:15"),
        ("include: s.yaml", "s.yaml:2:10", "s.yaml includes itself", "remove this entry"),
        ("extends: ./dir/../s.yaml", "s.yaml:2:10", "s.yaml extends itself", "remove this entry"),
        (
            "include: round-a.yaml",
            "round-b.yaml:2:10",
            "round-a.yaml extends itself",
            "round-a.yaml → round-b.yaml → round-a.yaml",
        ),
        ("include: deep0.yaml", "deep14.yaml:2:10", "more than 16 deep", "further up"),
        ("include: 7", "s.yaml:2:10", "there is no file 7", "folder of s.yaml"),
        ("include:", "s.yaml:2:9", "the path of a file is needed", "write `include: ["),
        ("include: [[one.yaml]]", "s.yaml:2:11", "the path of a file is needed", "write `include: ["),
        ("include: { a: b }", "s.yaml:2:10", "the path of a file is needed", "write `include: ["),
        ("extends: [one.yaml, two.yaml]", "s.yaml:2:10", "the path of a file is needed", "more go under `include:`"),
        (
            "extends: base.yaml\ncomponents: { cache: null }",
            "base.yaml:17:16",
            "there is no component `cache`",
            "s.yaml:3:15: taken out here",
        ),
        ("includes: one.yaml", "s.yaml:2:1", "a spec has no `includes`", "did you mean `include`?"),
        ("shared: perhaps", "s.yaml:2:9", "`shared` is true or false", "shared: true"),
        (
            "extends: one.yaml\ncomponents: { aip: null }",
            "s.yaml:3:15",
            "no `aip` that could be removed",
            "did you mean `api`?",
        ),
        (
            "extends: one.yaml\ncomponents: { api: { replicas: } }",
            "s.yaml:3:22",
            "`replicas` has no value",
            "`null` to remove it",
        ),
        (
            "extends: one.yaml\ncomponents: { api: { replica: 3 } }",
            "s.yaml:3:22",
            "has no `replica`",
            "did you mean `replicas`?",
        ),
    ] {
        folder.write("s.yaml", &format!("napkin: 1\n{spec}\n"));
        let concise = folder.napkin(&["check", "s.yaml", "--format", "concise"]);
        let line = text(&concise);
        assert!(line.lines().any(|line| line.starts_with(place) && line.contains(says)), "{spec}:\n{line}");
        assert_eq!(concise.status.code(), Some(2), "{spec}");
        let drawn = text(&folder.napkin(&["check", "s.yaml"])).replace("\n        ", " ");
        assert!(drawn.contains(help), "{spec}:\n{drawn}");
        // The same for figures, as a failure.
        let figures = folder.napkin(&["estimate", "s.yaml"]);
        assert!(figures.status.code() == Some(2) && figures.stdout.is_empty(), "{spec}");
        let places: Vec<Value> =
            json(&folder.napkin(&["check", "s.yaml", "--format", "json"]))["findings"].as_array().unwrap().clone();
        for finding in places {
            let file = std::fs::read_to_string(folder.0.join(finding["file"].as_str().unwrap())).unwrap();
            let at = |key: &str| usize::try_from(finding["region"][key].as_u64().unwrap()).unwrap();
            assert!(file.get(at("start_byte")..at("end_byte")).is_some(), "{spec}: {finding}");
        }
    }
    // What can't be had is the only thing that is said: the rest would be judged wrongly.
    folder.write("s.yaml", "napkin: 1\ninclude: gone.yaml\ncomponents: { db: { uses: own } }\nflows: { f: { rate: 1 /s, steps: [lb -> db] } }\n");
    let lines = text(&folder.napkin(&["check", "s.yaml", "--format", "concise"]));
    assert_eq!(lines.lines().filter(|line| line.contains(": error ")).count(), 1, "{lines}");
}

#[test]
fn a_spec_rests_on_a_thousand_files_at_most() {
    let mut names = String::new();
    let files: Vec<(String, String)> =
        (0..1200).map(|n| (format!("f{n}.yaml"), format!("napkin: 1\ncomponents: {{ c{n}: service }}\n"))).collect();
    files.iter().for_each(|(name, _)| write!(names, "{name}, ").unwrap());
    let spec = format!("napkin: 1\ninclude: [{names}]\n");
    let mut all: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    all.push(("s.yaml", &spec));
    let (sources, found) = analysed(&all, "s.yaml", &[]);
    let first = &found.diagnostics[0];
    assert_eq!((first.code, sources.slice(first.span().unwrap())), ("unreadable-file", "f999.yaml"));
    assert!(first.message.contains("more than 1000 files"), "{}", first.message);
    assert!(sources.ids().count() <= 1001, "no more are read");
}

#[test]
fn garbled_parts_never_panic_and_places_stay_within_their_files() {
    let mut state = 11_u64;
    for round in 0..300 {
        let mut files: BTreeMap<&str, Vec<u8>> =
            PROJECT.iter().map(|(name, text)| (*name, text.as_bytes().to_vec())).collect();
        let victim = PROJECT[round % 3].0;
        for _ in 0..=round % 4 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let bytes = files.get_mut(victim).unwrap();
            let place = usize::try_from(state >> 33).unwrap() % bytes.len();
            match state % 3 {
                0 => bytes.truncate(place.max(1)),
                1 => bytes[place] = b"{}[]:,-&*#|>%@x9 \n\"'~"[usize::try_from(state >> 20).unwrap() % 21],
                _ => drop(bytes.remove(place)),
            }
        }
        let texts: Vec<(&str, String)> =
            files.iter().map(|(name, bytes)| (*name, String::from_utf8_lossy(bytes).into_owned())).collect();
        let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
        for (first, overlays) in [("prod.yaml", vec![]), ("base.yaml", vec!["prod.yaml"])] {
            let (sources, found) = analysed(&texts, first, &overlays);
            let spans = found.diagnostics.iter().flat_map(|d| &d.labels).map(|label| label.span);
            for span in spans.chain(found.findings.iter().map(|finding| finding.span)) {
                assert!(sources.get(span.source).text().get(span.range()).is_some(), "a place outside {victim}");
            }
        }
    }
}

/// Findings of the project's overlay: rule, file, line and column, and the words there.
const FOUND: [(&str, &str, &str, &str); 4] = [
    ("cache-loss-overloads-store", "base.yaml", "9:3", "db"),
    ("overload-at-peak", "prod.yaml", "7:20", "2"),
    ("single-point-of-failure", "prod.yaml", "8:19", "5"),
    ("cache-without-expiry", "shared/platform.yaml", "8:3", "cache"),
];

#[test]
fn every_format_points_at_the_file_that_said_it() {
    let folder = project("include-formats");
    folder.write(
        "ci.yaml",
        "napkin: 1\nextends: base.yaml\ncomponents: { cache: { ttl: 1 h }, api: { replicas: 1, corse: 1 } }\n",
    );
    let report = |spec: &[&str], format: &str| {
        text(&folder.napkin(&[&["check", "--fail-on", "never", "--format", format], spec].concat()))
    };
    let parsed = |spec: &[&str], format: &str| -> Value { serde_json::from_str(&report(spec, format)).unwrap() };
    for spec in [&["prod.yaml"][..], &["base.yaml", "--overlay", "prod.yaml"]] {
        let findings = parsed(spec, "json")["findings"].as_array().unwrap().clone();
        assert_eq!(findings.len(), FOUND.len(), "{findings:?}");
        let sarif = parsed(spec, "sarif")["runs"][0]["results"].as_array().unwrap().clone();
        let gitlab = parsed(spec, "gitlab").as_array().unwrap().clone();
        for (rule, file, at, words) in FOUND {
            let whole = PROJECT.iter().find(|(name, _)| *name == file).unwrap().1;
            let (line, column) = at.split_once(':').unwrap();
            let of = |list: &[Value], key: &str| list.iter().find(|entry| entry[key] == *rule).unwrap().clone();
            let found = of(&findings, "rule");
            let bytes = |key: &str| usize::try_from(found["region"][key].as_u64().unwrap()).unwrap();
            assert_eq!(found["file"], file, "{rule}");
            assert_eq!(&whole[bytes("start_byte")..bytes("end_byte")], words, "{rule}");
            assert_eq!(found["region"]["start_line"].to_string(), line, "{rule}");
            assert_eq!(found["region"]["start_column"].to_string(), column, "{rule}");
            for related in found["related"].as_array().into_iter().flatten() {
                let there = PROJECT.iter().find(|(name, _)| related["file"] == *name).unwrap().1;
                let bytes = |key: &str| usize::try_from(related["region"][key].as_u64().unwrap()).unwrap();
                let name = related["message"].as_str().unwrap();
                assert!(name.ends_with(&there[bytes("start_byte")..bytes("end_byte")]), "{rule}: {related}");
            }
            let place = &of(&sarif, "ruleId")["locations"][0]["physicalLocation"];
            assert_eq!(place["artifactLocation"]["uri"], file, "{rule}");
            assert_eq!(place["region"]["startColumn"].to_string(), column, "{rule}");
            let issue = &of(&gitlab, "check_name")["location"];
            assert_eq!((&issue["path"], issue["lines"]["begin"].to_string().as_str()), (&Value::from(file), line));
            let spot = format!("{file}:{at}");
            let starts =
                report(spec, "concise").lines().any(|l| l.starts_with(&format!("{spot}: ")) && l.contains(rule));
            assert!(starts, "{rule}");
            assert!(report(spec, "text").contains(&format!("[{spot}]")), "{rule}");
            assert!(report(spec, "junit").contains(&format!(">{spot}: ")), "{rule}");
            assert!(report(spec, "markdown").contains(&format!("| {file}:{line} |")), "{rule}");
            let github = report(spec, "github");
            let command = format!("file={file},line={line},endLine={line},col={column},");
            assert!(github.lines().any(|l| l.contains(&command) && l.contains(rule)), "{rule}: {github}");
            let row = report(spec, "csv")
                .lines()
                .any(|l| l.contains(rule) && l.contains(file) && l.contains(&format!(",{line},{column},")));
            assert!(row, "{rule}: {}", report(spec, "csv"));
        }
        // The suite of a test report is the spec that was checked, not the files that it rests on.
        let suite = format!("<testsuite name=\"{}\" tests=\"4\"", spec[0]);
        assert!(report(spec, "junit").contains(&suite), "{}", report(spec, "junit"));
    }
    // A waiver in an included file waives, and says where it stands.
    folder.write(
        "waived.yaml",
        &PROD.replace("dau: 50M", "dau: 1M").replace("components:\n", "components:\n  cache: { zones: [a] }\n"),
    );
    let sarif = parsed(&["waived.yaml"], "sarif");
    let waived: Vec<&Value> =
        sarif["runs"][0]["results"].as_array().unwrap().iter().filter(|r| r.get("suppressions").is_some()).collect();
    for result in &waived {
        let place = &result["suppressions"][0]["location"]["physicalLocation"]["artifactLocation"]["uri"];
        assert_eq!(place, "shared/platform.yaml", "{result}");
    }
    // Mistakes stand where they were made, too.
    let mistakes = report(&["ci.yaml"], "concise");
    assert!(mistakes.starts_with("ci.yaml:3:56: error unknown-key"), "{mistakes}");
}

#[test]
fn folders_are_checked_without_the_parts_of_specs() {
    let folder = project("include-folders");
    let suites = |paths: &[&str]| -> Vec<String> {
        let junit = text(&folder.napkin(&[&["check", "--fail-on", "never", "--format", "junit"], paths].concat()));
        junit
            .lines()
            .filter_map(|line| Some(line.split_once("<testsuite name=\"")?.1.split_once('"')?.0.to_owned()))
            .collect()
    };
    assert_eq!(suites(&["."]), ["base.yaml", "prod.yaml"]);
    folder.write("shared/platform.yaml", &PLATFORM.replace("shared: true\n", ""));
    assert_eq!(suites(&["."]), ["base.yaml", "prod.yaml"], "what another one includes is a part by itself");
    assert_eq!(suites(&["shared"]), ["shared/platform.yaml"], "nothing there includes it");
    folder.write("shared/platform.yaml", PLATFORM);
    folder.write("base.yaml", &BASE.replace("napkin: 1", "napkin: 1\nshared: true"));
    assert_eq!(suites(&["."]), ["prod.yaml"], "a base can say that it is only there to be extended");
    let none = folder.napkin(&["check", "shared"]);
    assert!(none.status.code() == Some(2) && text(&none).contains("all files there are parts"), "{}", text(&none));
    // Named itself, it is read, and no rule judges what is no system.
    assert_eq!(suites(&["shared/platform.yaml"]), ["shared/platform.yaml"]);
    let alone = folder.napkin(&["check", "shared/platform.yaml", "--format", "concise"]);
    assert!(alone.status.success() && text(&alone).is_empty(), "{}", text(&alone));
    // A mistake in what two specs include is one mistake, and both are unusable.
    folder.write("base.yaml", BASE);
    folder.write("shared/platform.yaml", &PLATFORM.replace("rto: 1 h", "rot: 1 h"));
    let output = folder.napkin(&["check", ".", "--format", "json"]);
    assert_eq!((json(&output)["summary"]["errors"].as_u64(), output.status.code()), (Some(1), Some(2)));
    let junit = text(&folder.napkin(&["check", ".", "--format", "junit"]));
    assert_eq!(junit.matches("<error type=\"unknown-key\"").count(), 2, "{junit}");
}

#[test]
fn an_overlay_does_what_extending_does_in_every_command() {
    let folder = project("include-overlay");
    folder.write("plain.yaml", &PROD.replace("extends: base.yaml\n", ""));
    folder.write("twice.yaml", "napkin: 1\nextends: prod.yaml\ncomponents: { api: { replicas: 200 } }\n");
    let run = |arguments: &[&str]| {
        let output = folder.napkin(arguments);
        assert!(output.stderr.is_empty(), "{arguments:?}: {}", text(&output));
        text(&output)
    };
    for command in [
        vec!["estimate", "SPEC", "--format", "json"],
        vec!["check", "SPEC", "--format", "concise", "--fail-on", "never"],
        vec!["what-if", "SPEC", "--scale", "2x"],
        vec!["failures", "SPEC"],
        vec!["recovery", "SPEC"],
        vec!["consistency", "SPEC"],
        vec!["availability", "SPEC"],
        vec!["simulate", "SPEC", "--set", "dau=100k", "--requests", "20000", "--runs", "2"],
        vec!["sweep", "SPEC", "--over", "dau=1M..1bn", "--steps", "log:4"],
        vec!["sensitivity", "SPEC", "api.utilization", "--samples", "200"],
        vec!["plan", "SPEC"],
        vec!["explain", "SPEC", "api.utilization"],
    ] {
        let with = |spec: &[&str]| -> String {
            let arguments: Vec<&str> =
                command.iter().flat_map(|word| if *word == "SPEC" { spec.to_vec() } else { vec![*word] }).collect();
            let text = run(&arguments);
            // Findings stand in the order in which the files were read.
            let mut lines: Vec<&str> = text.lines().collect();
            if command[0] == "check" {
                lines.sort_unstable();
            }
            lines.join("\n")
        };
        let extended = with(&["prod.yaml"]);
        assert_eq!(with(&["base.yaml", "--overlay", "prod.yaml"]), extended, "{command:?}");
        let unaffected = command[0] == "recovery" || command[0] == "consistency";
        assert!(unaffected || with(&["base.yaml"]) != extended, "{command:?}");
        let twice = ["base.yaml", "--overlay", "plain.yaml", "--overlay", "twice.yaml"];
        assert_eq!(with(&twice), with(&["twice.yaml"]), "{command:?}");
    }
}

#[test]
fn overlays_that_do_not_fit_are_refused() {
    let folder = project("include-misfits");
    folder.write("other.yaml", "napkin: 1\n");
    folder.write("over-other.yaml", "napkin: 1\nextends: other.yaml\n");
    folder.write("round.yaml", "napkin: 1\nextends: round.yaml\n");
    folder.write("plain.yaml", "napkin: 1\nassume: { dau: 9M users }\n");
    for (arguments, says) in [
        (
            vec!["estimate", "base.yaml", "--overlay", "over-other.yaml"],
            "over-other.yaml extends other.yaml, not base.yaml over",
        ),
        (vec!["estimate", "base.yaml", "--overlay", "round.yaml"], "round.yaml extends itself"),
        (vec!["estimate", "base.yaml", "--overlay", "gone.yaml"], "can't read gone.yaml"),
        (vec!["check", ".", "--overlay", "prod.yaml"], "an overlay goes over one spec, and there are 7"),
        (vec!["estimate", "-", "--overlay", "-"], "standard input can be the spec or one overlay"),
    ] {
        let output = folder.napkin(&arguments);
        let told = text(&output).replace("\n  │ ", " ");
        assert!(output.status.code() == Some(2) && told.contains(says), "{arguments:?}: {told}");
    }
    // What comes from standard input names files as seen from the current folder.
    let piped = |arguments: &[&str], input: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_napkin"));
        command
            .args(arguments)
            .current_dir(&folder.0)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
        text(&child.wait_with_output().unwrap())
    };
    let files = |arguments: &[&str]| text(&folder.napkin(arguments));
    let explained = piped(&["explain", "-", "api.peak_rate", "--overlay", "plain.yaml"], BASE);
    assert!(explained.starts_with("api.peak_rate = 6,250 /s"), "{explained}");
    let first = |text: String| text.lines().next().unwrap().to_owned();
    let figure = |more: &[&str]| first(files(&[&["explain", "base.yaml", "api.utilization"], more].concat()));
    let over = ["explain", "base.yaml", "api.utilization", "--overlay", "-"];
    assert_eq!(first(piped(&over, "napkin: 1\nassume: { dau: 9M users }\n")), figure(&["--overlay", "plain.yaml"]));
    // `--set` goes over everything.
    let set = ["what-if", "base.yaml", "--overlay", "prod.yaml", "--set", "dau=1M", "--set", "api.replicas=3"];
    let told = files(&set);
    let shown = figure(&[]).replace("api.utilization = ", "");
    assert!(told.lines().any(|line| line.contains("api") && line.contains(&shown)), "{shown}: {told}");
}

#[test]
fn numbers_say_which_file_they_come_from() {
    let folder = project("include-origins");
    let explained = text(&folder.napkin(&["explain", "prod.yaml", "api.utilization"]));
    for place in ["[base.yaml:8 `8 ms`]", "[prod.yaml:7 `2`]", "[base.yaml:8 `4`]"] {
        assert!(explained.contains(place), "{place}: {explained}");
    }
    let origins = text(&folder.napkin(&["estimate", "prod.yaml", "--assumptions"]));
    for place in ["line 8", "base.yaml:14", "shared/platform.yaml:8"] {
        assert!(origins.contains(place), "{place}: {origins}");
    }
}

#[test]
fn planned_sizes_go_to_the_file_that_has_the_component() {
    let plan = |files: &[(&str, &str)], arguments: &[&str]| {
        let folder = Folder::new("include-plan");
        files.iter().for_each(|(name, text)| folder.write(name, text));
        let told = text(&folder.napkin(&[&["plan", "--loss", "none", "--write"], arguments].concat()));
        let again = text(&folder.napkin(&[&["plan", "--loss", "none", "--write"], arguments].concat()));
        assert!(again.contains("nothing to write"), "{told}{again}");
        let texts = files.iter().map(|(name, _)| std::fs::read_to_string(folder.0.join(name)).unwrap());
        (told, texts.collect::<Vec<String>>())
    };
    let small = PLATFORM.replace("cache: { uses: redis, replicas: 1", "cache: { uses: redis, replicas: 4");
    // The spec's own components and those that it includes.
    let (told, texts) = plan(&[("base.yaml", BASE), ("shared/platform.yaml", &small)], &["base.yaml"]);
    assert!(told.contains("written to base.yaml and shared/platform.yaml"), "{told}");
    assert_eq!(texts[1], small.replace("replicas: 4", "replicas: 1"));
    assert_ne!(texts[0], BASE);
    // What it extends stays; sizes that only it states are added, `api` changes where it is.
    let prod = PROD.replace("  api: { replicas: 2 }   # é\n", "  # é\n");
    for (arguments, last) in
        [(vec!["prod.yaml"], prod.clone()), (vec!["base.yaml", "--overlay", "prod.yaml"], prod.clone())]
    {
        let (told, texts) =
            plan(&[("prod.yaml", &last), ("base.yaml", BASE), ("shared/platform.yaml", PLATFORM)], &arguments);
        assert!(told.contains("written to prod.yaml\n"), "{told}");
        assert_eq!((texts[1].as_str(), texts[2].as_str()), (BASE, PLATFORM));
        assert!(texts[0].contains("  # é\n  ") && texts[0].contains("\n  api: { replicas: "), "{}", texts[0]);
        assert!(texts[0].contains("  db: { replicas: "), "{}", texts[0]);
    }
    let bare = "napkin: 1\nextends: base.yaml\nassume: { dau: 50M users }";
    let (_, texts) =
        plan(&[("bare.yaml", bare), ("base.yaml", BASE), ("shared/platform.yaml", PLATFORM)], &["bare.yaml"]);
    assert!(texts[0].starts_with(&format!("{bare}\ncomponents:\n  ")) && texts[1] == BASE, "{}", texts[0]);
}

#[test]
fn a_baseline_holds_when_components_move_into_a_shared_file() {
    let folder = Folder::new("include-baseline");
    let parts = "components:\n  users: client\n  db: { uses: postgresql, replicas: 1 }\n";
    let rest = "  api: { is: service, replicas: 2, cores: 1, service_time: 1 s }\nflows: { f: { rate: 100 /s, steps: [users -> api -> db.read] } }\n";
    folder.write("shop.yaml", &format!("napkin: 1\nname: shop\n{parts}{rest}"));
    let known = ["--baseline", "known.json", "--fail-on", "info", "--format", "json"];
    let check = |further: &[&str]| json(&folder.napkin(&[&["check", "shop.yaml"], &known[..], further].concat()));
    check(&["--write-baseline"]);
    folder.write("parts.yaml", &format!("napkin: 1\nshared: true\n{parts}"));
    folder.write("shop.yaml", &format!("napkin: 1\nname: shop\ninclude: parts.yaml\ncomponents:\n{rest}"));
    let report = check(&[]);
    let files: Vec<&Value> = report["findings"].as_array().unwrap().iter().map(|finding| &finding["file"]).collect();
    assert!(files.contains(&&Value::from("parts.yaml")) && files.contains(&&Value::from("shop.yaml")), "{files:?}");
    assert_eq!(report["summary"]["baseline"].as_u64(), Some(files.len() as u64));
    assert_eq!(report["baseline"]["gone"], Value::Array(Vec::new()));
}

#[test]
fn revisions_have_the_files_that_were_included_then() {
    let folder = Folder::new("include-git");
    folder.git(&["init", "--quiet", "--initial-branch=main"]);
    for (name, text) in PROJECT {
        folder.write(&format!("design/{name}"), text);
    }
    folder.git(&["add", "."]);
    folder.git(&["commit", "--quiet", "-m", "one"]);
    folder.write("design/shared/platform.yaml", &PLATFORM.replace("hit: 90 %", "hit: 50 %"));
    folder.write("design/prod.yaml", &PROD.replace("replicas: 2", "replicas: 4"));
    folder.git(&["commit", "--quiet", "--all", "-m", "two"]);
    let specs = |folder: &Folder, arguments: &[&str]| -> Vec<String> {
        let output = folder.napkin(&[&["diff", "--format", "json"], arguments].concat());
        let mut list = Vec::new();
        for spec in json(&output)["specs"].as_array().unwrap() {
            let changes =
                spec["changes"].as_array().unwrap().iter().map(|change| change["name"].as_str().unwrap().to_owned());
            list.push(format!(
                "{} {}: {}",
                spec["old"].as_str().unwrap(),
                spec["new"].as_str().unwrap(),
                changes.collect::<Vec<_>>().join(" ")
            ));
        }
        list
    };
    let base = "main~1:design/base.yaml design/base.yaml: cache";
    let prod = "main~1:design/prod.yaml design/prod.yaml: api cache";
    for range in ["main~1..main", "main~1"] {
        assert_eq!(specs(&folder, &["--git", range]), [base, prod], "{range}");
        // Files outside what is looked at are had all the same.
        assert_eq!(specs(&folder, &["--git", range, "design/prod.yaml"]), [prod], "{range}");
    }
    // From a folder of the repository, with what lies beside it.
    let inner = Folder(folder.0.join("design/shared"));
    folder.write("design/shared/here.yaml", "napkin: 1\nextends: ../base.yaml\n");
    folder.git(&["add", "."]);
    folder.git(&["commit", "--quiet", "-m", "three"]);
    folder.write("design/base.yaml", &BASE.replace("cores: 4", "cores: 8"));
    folder.git(&["commit", "--quiet", "--all", "-m", "four"]);
    assert_eq!(specs(&inner, &["--git", "main~1..main", "here.yaml"]), ["main~1:here.yaml here.yaml: api"]);
    std::mem::forget(inner);
    let found = folder.napkin(&["diff", "--git", "main~3..main", "--format", "json", "--verbose", "design/prod.yaml"]);
    let places = text(&found);
    assert!(
        places.contains("\"design/shared/platform.yaml\"") || places.contains("design/shared/platform.yaml"),
        "{places}"
    );
    // What a revision lacks is said where it is named.
    for (include, says) in [
        ("nowhere.yaml", "there is no file design/nowhere.yaml in `main`"),
        ("shared", "design/shared is a folder in `main`"),
        ("/etc/hostname", "`main` can't have /etc/hostname"),
        ("base.yaml", "main~1:design/new.yaml has mistakes"),
    ] {
        folder.write("design/new.yaml", &format!("napkin: 1\nname: new\ninclude: {include}\n"));
        folder.git(&["add", "."]);
        folder.git(&["commit", "--quiet", "-m", "more"]);
        let told = text(&folder.napkin(&["diff", "--git", "main~1..main", "design/new.yaml"]));
        assert!(told.contains(says), "{include}: {told}");
    }
    // Two files, one of which extends the other.
    assert_eq!(specs(&folder, &["design/base.yaml", "design/prod.yaml"]).len(), 1);
    let two = text(&folder.napkin(&["diff", "design/base.yaml", "design/prod.yaml"]));
    assert!(two.contains("replicas: 3 → 4") && !two.contains("platform"), "{two}");
}

#[test]
fn editors_accept_what_can_be_written() {
    let schema: Value = serde_json::from_str(&napkin::cli::spec_schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (spec, valid) in [
        (r#"{ "napkin": 1, "include": "a.yaml", "shared": true }"#, true),
        (r#"{ "napkin": 1, "include": ["a.yaml", "b.yaml"], "extends": "c.yaml" }"#, true),
        (
            r#"{ "napkin": 1, "components": { "db": null, "api": { "replicas": null, "backup": null, "pool": { "size": null } } } }"#,
            true,
        ),
        (r#"{ "napkin": 1, "flows": { "f": null }, "allow": null, "regions": null, "assume": { "a": null } }"#, true),
        (r#"{ "napkin": 1, "extends": ["c.yaml"] }"#, false),
        (r#"{ "napkin": 1, "shared": "yes" }"#, false),
        (r#"{ "napkin": 1, "components": { "api": { "replica": null } } }"#, false),
    ] {
        assert_eq!(validator.is_valid(&serde_json::from_str(spec).unwrap()), valid, "{spec}");
    }
}

#[test]
fn the_shipped_example_is_clean_in_every_environment() {
    let rules = built_in(&mut Sources::new(), &mut Diagnostics::new());
    for (file, nodes) in [("staging.yaml", 2.0), ("production.yaml", 240.0)] {
        let mut sources = Sources::new();
        let path = at("examples/environments").join(file);
        let id = sources.add(path.display().to_string(), std::fs::read_to_string(&path).unwrap());
        gather(&mut sources, id, &mut |sources, from, path| {
            let file =
                std::path::Path::new(sources.get(from).name()).parent().unwrap().join(path).canonicalize().unwrap();
            let name = file.display().to_string();
            Ok(sources.find(&name).unwrap_or_else(|| sources.add(name, std::fs::read_to_string(&file).unwrap())))
        });
        let question = Question { rules: &rules, packs: Packs::All, ..Question::default() };
        let found = ask(&sources, id, &Catalog::new(), question);
        assert!(found.diagnostics.is_empty(), "{file}: {:?}", found.diagnostics);
        let open: Vec<&str> =
            found.findings.iter().filter(|f| f.allowed.is_none()).map(|f| f.message.as_str()).collect();
        assert_eq!(open, Vec::<&str>::new(), "{file}");
        assert_eq!(value(&found, "api.replicas"), Some(nodes), "{file}");
    }
}

#[test]
fn files_that_include_each_other_are_told_in_a_folder_too() {
    let folder = Folder::new("circle-in-folder");
    let shop = "napkin: 1\nname: s\ncomponents: { users: client, api: service }\nflows: { f: { rate: 1 /s, steps: [users -> api] } }\n";
    folder.write("real.yaml", &format!("{shop}include: other.yaml\n"));
    folder.write("other.yaml", "napkin: 1\ninclude: real.yaml\n");
    folder.write("ok.yaml", shop);
    let output = folder.napkin(&["check", ".", "--format", "concise"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.code() == Some(2) && text.contains("include-cycle"), "{text}");
}
