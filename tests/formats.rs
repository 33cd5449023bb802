//! Every format of `check`: its shape, the law on positions, waivers, and text that would like to be more than text.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use crate::at;
use crate::cli::{napkin, stdout, with_input};

const FORMATS: [&str; 9] = ["text", "concise", "json", "sarif", "junit", "github", "gitlab", "markdown", "csv"];

/// Wide characters and a tab stand before what findings point at; one finding is allowed, its reason is hostile.
const WIDE: &str = "napkin: 1\nname: \"höstile 𝒳\"\ncomponents: { users: client, \"𝒳\": { uses: redis, replicas: 1, hit: 90 % },\tdb: { uses: postgresql, replicas: 1 }, api: { is: service, replicas: 2, cores: 1, service_time: 1 s } }\nflows:\n  f:\n    rate: 100 /s\n    slo: { p99: 100 ms }\n    steps:\n      - { call: users -> api }\n      - call: api -> 𝒳.get\n        timeout: 2 s\n        retries: 3\n      - api -> db.read if miss(𝒳)\nallow:\n  - { rule: single-point-of-failure, on: db, because: \"é | y ::error::z <b>&amp; {0} [a](http://e.example) @all `x` ]]> \\e[31m\\x9b\\u202e\\n::error::q\", owner: \"team \\\"a\\\"\", until: 2999-01-01 }\n";

/// Mistakes whose messages hold what users wrote.
const HOSTILE: &str = "napkin: 1\ncomponents:\n  users: client\n  a: { is: \"<script>@all |`\" }\n  b: { is: service, \"]]>{0}[x](http://e.example)\": 1, \"=cmd()\\e[31m\\n::error::<b>\": 2 }\n  c: \"x\\x9b\\u202e\"\nrequires: { \"%3A::error file=x::y\": 1 }\n";

fn report(format: &str, spec: &str) -> String {
    stdout(&with_input(&["check", "-", "--fail-on", "warning", "--format", format], spec.as_bytes()))
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

fn strings(value: &Value) -> String {
    value.as_str().unwrap_or("").to_owned()
}

/// The text between two places, with columns in characters or in UTF-16 code units.
fn cut(text: &str, (line, column): (usize, usize), (end_line, end_column): (usize, usize), utf16: bool) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let offset = |line: usize, column: usize| -> usize {
        let before: usize = lines[..line - 1].iter().map(|line| line.len()).sum();
        let mut left = column - 1;
        let mut bytes = 0;
        for c in lines.get(line - 1).copied().unwrap_or("").chars().take_while(|_| left > 0).collect::<Vec<_>>() {
            if left == 0 {
                break;
            }
            left -= if utf16 { c.len_utf16() } else { 1 };
            bytes += c.len_utf8();
        }
        assert_eq!(left, 0, "column {column} of line {line} is within a character or past the end");
        before + bytes
    };
    text[offset(line, column)..offset(end_line, end_column)].to_owned()
}

fn region(text: &str, region: &Value, keys: [&str; 4], utf16: bool) -> String {
    let [line, column, end_line, end_column] = keys.map(|key| number(&region[key]));
    cut(text, (line, column), (end_line, end_column), utf16)
}

const CHARACTERS: [&str; 4] = ["start_line", "start_column", "end_line", "end_column"];
const UNITS: [&str; 4] = ["startLine", "startColumn", "endLine", "endColumn"];

/// The fields of each row.
fn rows(csv: &str) -> Vec<BTreeMap<String, String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for line in csv.lines() {
        let (mut fields, mut quoted) = (vec![String::new()], false);
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '"' if quoted && chars.peek() == Some(&'"') => fields.last_mut().unwrap().push(chars.next().unwrap()),
                '"' => quoted = !quoted,
                ',' if !quoted => fields.push(String::new()),
                c => fields.last_mut().unwrap().push(c),
            }
        }
        assert!(!quoted, "{line}");
        rows.push(fields);
    }
    let header = rows.remove(0);
    rows.into_iter()
        .map(|row| {
            assert_eq!(row.len(), header.len(), "{row:?}");
            header.iter().cloned().zip(row).collect()
        })
        .collect()
}

/// The properties of a workflow command, and its message.
fn command(line: &str) -> (String, BTreeMap<String, String>, String) {
    let (head, message) = line.strip_prefix("::").and_then(|rest| rest.split_once("::")).unwrap();
    let (name, properties) = head.split_once(' ').unwrap();
    let plain = |text: &str| text.replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",").replace("%25", "%");
    let pairs = properties.split(',').map(|pair| pair.split_once('=').unwrap());
    (name.to_owned(), pairs.map(|(key, value)| (key.to_owned(), plain(value))).collect(), plain(message))
}

#[test]
fn slicing_by_the_region_gives_the_text_that_a_finding_talks_about() {
    let read = |path: &str| std::fs::read_to_string(at(path)).unwrap();
    for text in
        [WIDE.to_owned(), HOSTILE.to_owned(), read("tests/fixtures/two-regions.yaml"), read("tests/fixtures/shop.yaml")]
    {
        let findings = json(&report("json", &text))["findings"].as_array().unwrap().clone();
        assert!(!findings.is_empty());
        let bytes = |region: &Value| &text[number(&region["start_byte"])..number(&region["end_byte"])];
        let slices: Vec<&str> = findings.iter().map(|finding| bytes(&finding["region"])).collect();
        for (finding, slice) in findings.iter().zip(&slices) {
            assert_eq!(&region(&text, &finding["region"], CHARACTERS, false), slice);
            assert!(!slice.is_empty() && slice.trim() == *slice, "{slice:?}");
            for related in finding["related"].as_array().into_iter().flatten() {
                let there = region(&text, &related["region"], CHARACTERS, false);
                assert_eq!(there, bytes(&related["region"]));
                let name = strings(&related["message"]);
                assert!(
                    name.is_empty()
                        || finding["kind"] == "mistake"
                        || name.ends_with(there.trim_matches('"'))
                        || name.starts_with("step"),
                    "{name}: {there}"
                );
            }
        }
        let sarif = json(&report("sarif", &text));
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        assert_eq!(sarif["runs"][0]["columnKind"], "utf16CodeUnits");
        for ((result, slice), finding) in results.iter().zip(&slices).zip(&findings) {
            let part = |place: &Value| region(&text, &place["physicalLocation"]["region"], UNITS, true);
            assert_eq!(part(&result["locations"][0]), *slice);
            let related = |list: &Value| list.as_array().cloned().unwrap_or_default();
            let pairs = related(&result["relatedLocations"]).into_iter().zip(related(&finding["related"]));
            pairs.for_each(|(place, same)| assert_eq!(part(&place), bytes(&same["region"])));
            for suppression in related(&result["suppressions"]) {
                assert!(part(&suppression["location"]).starts_with("{ rule: "));
            }
        }
        for (row, slice) in rows(&report("csv", &text)).iter().zip(&slices) {
            let [line, column, end_line, end_column] =
                ["line", "column", "end_line", "end_column"].map(|key| row[key].parse().unwrap());
            assert_eq!(cut(&text, (line, column), (end_line, end_column), false), *slice);
        }
        let starts = |place: &str, slice: &str| {
            let [line, column] = [0, 1].map(|n| place.split(':').nth(n).unwrap().parse::<usize>().unwrap());
            let line = text.lines().nth(line - 1).unwrap();
            let rest: String = line.chars().skip(column - 1).collect();
            assert!(rest.starts_with(slice.lines().next().unwrap()), "{place}: {rest:?} {slice:?}");
        };
        for (line, slice) in report("concise", &text).lines().zip(&slices) {
            starts(line.strip_prefix("<stdin>:").unwrap(), slice);
        }
        let drawn = stdout(&with_input(&["check", "-", "--verbose"], text.as_bytes()));
        let heads: Vec<&str> = drawn.split("─[<stdin>:").skip(1).collect();
        assert_eq!(heads.len(), slices.len());
        heads
            .iter()
            .zip(&slices)
            .for_each(|(head, slice)| starts(&head[..head.find(']').unwrap()].to_owned().replace(']', ":"), slice));
        lines_hold(&text, &findings, &slices);
        for (place, slice) in report("junit", &text).split("&lt;stdin&gt;:").skip(1).zip(&slices) {
            starts(place, slice);
        }
    }
}

/// The formats that have lines and not always columns, and GitHub's, which sorts.
fn lines_hold(text: &str, findings: &[Value], slices: &[&str]) {
    let lines: Vec<&str> = text.lines().collect();
    let issues = json(&report("gitlab", text));
    for (issue, slice) in issues.as_array().unwrap().iter().zip(slices) {
        let [begin, end] = ["begin", "end"].map(|key| number(&issue["location"]["lines"][key]));
        assert!(lines[begin - 1..end].join("\n").contains(slice) && end - begin == slice.matches('\n').count());
    }
    let mut open: Vec<(String, String)> = Vec::new();
    for line in report("github", text).lines() {
        let (_, properties, message) = command(line);
        let get = |key: &str| properties.get(key).map(|value| value.parse::<usize>().unwrap());
        let (line, end) = (get("line").unwrap(), get("endLine").unwrap());
        let slice = match get("col") {
            Some(column) => cut(text, (line, column), (end, get("endColumn").unwrap()), false),
            None => lines[line - 1..end].join("\n"),
        };
        open.push((message, slice));
    }
    assert_eq!(open.len(), findings.len());
    for (finding, slice) in findings.iter().zip(slices) {
        let says =
            strings(&finding["message"]).replace(|c| (c != '\n' && char::is_control(c)) || c == '\u{202e}', "\u{fffd}");
        let place = open.iter().position(|(message, there)| {
            message.starts_with(&says) && (there == slice || slice.contains('\n') && there.contains(slice))
        });
        assert!(place.is_some(), "{says}: {slice} in {open:?}");
        open.remove(place.unwrap());
    }
    for finding in findings {
        let place = format!("| &lt;stdin&gt;:{} |", finding["region"]["start_line"]);
        assert!(report("markdown", text).contains(&place), "{place}");
    }
}

fn validator(schema: &str) -> jsonschema::Validator {
    let mut schema = json(schema);
    // The pattern of a language has a bracket too many, which JavaScript takes; napkin writes no language.
    for place in ["run", "toolComponent"] {
        if let Some(language) = schema.pointer_mut(&format!("/definitions/{place}/properties/language")) {
            language.as_object_mut().unwrap().remove("pattern");
        }
    }
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn sarif_keeps_the_official_schema() {
    let official = validator(include_str!("fixtures/sarif-2.1.0.schema.json"));
    let mut logs = vec![report("sarif", WIDE), report("sarif", HOSTILE), report("sarif", "")];
    logs.push(stdout(&napkin(&["check", "specs", "tests/fixtures/two-regions.yaml", "--format", "sarif"])));
    for log in logs {
        let log = json(&log);
        let mistakes: Vec<String> =
            official.iter_errors(&log).map(|e| format!("{e} at {}", e.instance_path())).collect();
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let mut prints = Vec::new();
        for result in run["results"].as_array().unwrap() {
            assert_eq!(rules[number(&result["ruleIndex"])]["id"], result["ruleId"]);
            prints.push(strings(&result["partialFingerprints"]["napkin/v1"]));
        }
        let count = prints.len();
        prints.sort();
        prints.dedup();
        assert_eq!(prints.len(), count, "a fingerprint stands twice");
    }
    let broken = json(r#"{ "version": "2.1.0", "runs": [{ "results": [] }] }"#);
    assert!(!official.is_valid(&broken), "the validator finds nothing");
    let log = json(&report("sarif", WIDE));
    let run = &log["runs"][0];
    assert_eq!(run["invocations"][0]["exitCode"], 1);
    assert_eq!(json(&report("sarif", HOSTILE))["runs"][0]["invocations"][0]["executionSuccessful"], false);
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let rule = rules.iter().find(|rule| rule["id"] == "overload-at-peak").unwrap();
    assert!(strings(&rule["help"]["markdown"]).contains("```yaml") && !strings(&rule["help"]["text"]).is_empty());
    let results = run["results"].as_array().unwrap();
    let waived = results.iter().find(|result| result.get("suppressions").is_some()).unwrap();
    assert_eq!(waived["suppressions"][0]["kind"], "inSource");
    assert_eq!(waived["suppressions"][0]["properties"]["until"], "2999-01-01");
    assert!(results.iter().any(|result| result.get("relatedLocations").is_some()));
}

type Names = &'static [&'static str];

/// What may stand in a report, as in the schema that comes with Jenkins: attributes that must, that may, and children.
const JUNIT: [(&str, Names, Names, Names); 7] = [
    ("testsuites", &[], &["name", "time", "tests", "failures", "disabled", "errors"], &["testsuite"]),
    (
        "testsuite",
        &["name", "tests"],
        &["failures", "errors", "time", "disabled", "skipped", "timestamp", "hostname", "id", "package"],
        &["properties", "testcase", "system-out", "system-err"],
    ),
    (
        "testcase",
        &["name", "classname"],
        &["assertions", "time", "status"],
        &["skipped", "error", "failure", "system-out", "system-err"],
    ),
    ("failure", &[], &["type", "message"], &[]),
    ("error", &[], &["type", "message"], &[]),
    ("skipped", &[], &["type", "message"], &[]),
    ("system-out", &[], &[], &[]),
];

#[test]
fn junit_is_well_formed_and_has_the_shape_that_jenkins_reads() {
    for (spec, tests, failures, errors, skipped) in [
        (WIDE, None, None, 0, 1),
        (HOSTILE, Some(5), Some(0), 5, 0),
        ("napkin: 1\ncomponents: { a: service }\n", Some(1), Some(0), 0, 0),
    ] {
        let text = report("junit", spec);
        let document = roxmltree::Document::parse(&text).unwrap();
        let elements: Vec<_> = document.descendants().filter(roxmltree::Node::is_element).collect();
        for node in &elements {
            let (_, must, may, children) = JUNIT.iter().find(|(name, ..)| node.has_tag_name(*name)).unwrap();
            assert!(must.iter().all(|name| node.has_attribute(*name)), "{node:?}");
            assert!(node.attributes().all(|a| must.contains(&a.name()) || may.contains(&a.name())), "{node:?}");
            assert!(
                node.children().filter(|c| c.is_element()).all(|c| children.contains(&c.tag_name().name())),
                "{node:?}"
            );
        }
        let count = |name: &str| elements.iter().filter(|node| node.has_tag_name(name)).count();
        let root = document.root_element();
        let said = |name: &str| root.attribute(name).unwrap().parse::<usize>().unwrap();
        assert_eq!(
            (said("tests"), said("failures"), said("errors")),
            (count("testcase"), count("failure"), count("error"))
        );
        assert!(
            tests.is_none_or(|n| n == count("testcase")) && failures.is_none_or(|n| n == count("failure")),
            "{text}"
        );
        assert_eq!((count("error"), count("skipped")), (errors, skipped), "{text}");
    }
    // The threshold is that of the run: what doesn't fail it passes with a note.
    let relaxed = stdout(&with_input(&["check", "-", "--fail-on", "never", "--format", "junit"], WIDE.as_bytes()));
    assert!(!relaxed.contains("<failure") && relaxed.contains("<system-out>"), "{relaxed}");
}

/// Markdown without its code, in which nothing has a meaning.
fn outside_of_code(text: &str) -> String {
    let (mut out, mut code) = (String::new(), false);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if !code => out.extend([c].into_iter().chain(chars.next())),
            '`' => code = !code,
            c if !code => out.push(c),
            _ => {}
        }
    }
    assert!(!code, "{text}");
    out
}

#[test]
fn text_from_specs_stays_text() {
    for spec in [WIDE, HOSTILE] {
        let findings = json(&report("json", spec))["findings"].as_array().unwrap().len();
        for format in FORMATS {
            let text = report(format, spec);
            let steers = |c: char| c.is_control() && c != '\n' || ('\u{202a}'..='\u{202e}').contains(&c);
            assert!(!text.contains(steers), "{format}: {text:?}");
            match format {
                "concise" | "github" => assert_eq!(text.lines().count(), findings, "{text}"),
                "csv" => assert_eq!(rows(&text).len(), findings),
                "gitlab" => assert_eq!(json(&text).as_array().unwrap().len(), findings),
                "markdown" => {
                    let table = text.lines().filter(|line| {
                        line.starts_with("| ") && !line.starts_with("| |") && !line.starts_with("| ---")
                    });
                    assert_eq!(table.count(), findings, "{text}");
                    let (bare, mut words) = (outside_of_code(&text), ["<b>", "<script", "[x](", "[a](", "@all"].iter());
                    assert!(words.all(|word| !bare.contains(word)), "{bare}");
                }
                "sarif" => {
                    let log = json(&text);
                    for result in log["runs"][0]["results"].as_array().unwrap() {
                        let message = strings(&result["message"]["text"]);
                        let placeholder = message.replace("{{", "").replace("}}", "");
                        assert!(!placeholder.contains(['{', '}']), "{message}");
                        assert!(!message.contains("[x]("), "{message}");
                    }
                }
                _ => {}
            }
            assert!(
                text.lines().all(|line| format == "github" || !line.trim_start().starts_with("::")),
                "{format}: {text}"
            );
            if format == "github" {
                let known = ["::error file=", "::warning file=", "::notice file="];
                assert!(text.lines().all(|line| known.iter().any(|start| line.starts_with(start))), "{text}");
            }
        }
    }
}

#[test]
fn file_names_stay_names() {
    let folder = Folder::new("names");
    let name = "%0A,x=y::a b'<&>\".yaml";
    folder.write(name, WIDE);
    let run = |format: &str| stdout(&folder.run(&["check", ".", "--format", format]));
    let (_, properties, _) = command(run("github").lines().next().unwrap());
    assert_eq!(properties["file"], name);
    let sarif = json(&run("sarif"));
    let uri = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "%250A%2Cx%3Dy%3A%3Aa%20b%27%3C%26%3E%22.yaml");
    assert_eq!(json(&run("gitlab"))[0]["location"]["path"], name);
    let junit = run("junit");
    assert_eq!(
        roxmltree::Document::parse(&junit)
            .unwrap()
            .descendants()
            .find(|n| n.has_tag_name("testsuite"))
            .unwrap()
            .attribute("name"),
        Some(name)
    );
    assert_eq!(rows(&run("csv"))[0]["path"], name);
    let absolute = folder.0.join(name);
    let there = stdout(&folder.run(&["check", absolute.to_str().unwrap(), "--format", "gitlab"]));
    assert_eq!(json(&there)[0]["location"]["path"], name, "paths are seen from the current folder");
    folder.write("::error::.yaml", WIDE);
    assert!(
        stdout(&folder.run(&["check", "::error::.yaml", "--format", "concise"]))
            .lines()
            .all(|l| l.starts_with("./::error::.yaml:"))
    );
}

#[test]
fn waived_findings_stay_visible_and_marked_in_every_format() {
    let folder = Folder::new("waived");
    let spec = "napkin: 1\nname: s\ncomponents:\n  users: client\n  db: { uses: postgresql, replicas: 1 }\n  api: { is: service, replicas: 1, cores: 1, service_time: 1 s }\nflows: { f: { rate: 100 /s, steps: [users -> api -> db.read] } }\nallow:\n  - { rule: single-point-of-failure, on: db, because: cheap is fine, owner: team-a, until: 2999-01-01 }\n";
    folder.write("s.yaml", spec);
    assert_eq!(folder.run(&["check", "s.yaml"]).status.code(), Some(1));
    let written = folder.run(&["check", "s.yaml", "--baseline", "base.json", "--write-baseline", "--fail-on", "info"]);
    assert_eq!(written.status.code(), Some(0), "{}", String::from_utf8_lossy(&written.stderr));
    for (format, allowed, known) in [
        ("text", "\n  allowed: cheap is fine (team-a, until 2999-01-01)\n", "\n  baseline: known in base.json\n"),
        ("concise", "[allowed: cheap is fine (team-a, until 2999-01-01)]", "[baseline: known in base.json]"),
        ("json", "\"owner\": \"team-a\"", "\"by\": \"baseline\""),
        ("sarif", "\"justification\": \"cheap is fine\"", "\"kind\": \"external\""),
        (
            "junit",
            "<skipped message=\"allowed: cheap is fine (team-a, until 2999-01-01)\"/>",
            "<skipped message=\"baseline: known in base.json\"/>",
        ),
        ("github", "%0Aallowed: cheap is fine (team-a, until 2999-01-01)", "title=overload-at-peak (waived)"),
        ("gitlab", "\"[allowed: cheap is fine (team-a, until 2999-01-01)] ", "\"[baseline: known in base.json] "),
        ("markdown", "| allowed: cheap is fine (team-a, until 2999-01-01) |", "| baseline: known in base.json |"),
        ("csv", "allowed,\"cheap is fine\",\"team-a\",2999-01-01,", "baseline,\"known in base.json\",\"\",,"),
    ] {
        let output = folder.run(&["check", "s.yaml", "--baseline", "base.json", "--format", format]);
        let text = stdout(&output);
        assert_eq!(output.status.code(), Some(0));
        assert!(text.contains(allowed) && text.contains(known), "{format}: {text}");
        assert!(text.contains("overload-at-peak"), "{format}: {text}");
    }
    let report = json(&stdout(&folder.run(&["check", "s.yaml", "--baseline", "base.json", "--format", "json"])));
    let schema = validator(include_str!("../schemas/check.v1.json"));
    assert!(schema.is_valid(&report), "{:?}", schema.iter_errors(&report).map(|e| e.to_string()).collect::<Vec<_>>());
    let sarif = json(&stdout(&folder.run(&["check", "s.yaml", "--baseline", "base.json", "--format", "sarif"])));
    assert!(validator(include_str!("fixtures/sarif-2.1.0.schema.json")).is_valid(&sarif));
}

#[test]
fn one_run_writes_several_reports() {
    let folder = Folder::new("outputs");
    folder.write("s.yaml", WIDE);
    let output = folder.run(&[
        "check",
        "s.yaml",
        "--format",
        "concise",
        "--output",
        "r.sarif",
        "--output",
        "junit=out.test",
        "--output",
        "r.md",
    ]);
    assert!(stdout(&output).starts_with("s.yaml:3:30: "));
    for (file, format) in [("r.sarif", "sarif"), ("out.test", "junit"), ("r.md", "markdown")] {
        assert_eq!(folder.read(file), stdout(&folder.run(&["check", "s.yaml", "--format", format])), "{file}");
    }
    for (arguments, says) in [
        (vec!["--output", "s.yaml"], "the ending doesn't tell the format"),
        (vec!["--output", "json=./s.yaml"], "would overwrite what is checked"),
        (vec!["--output", "a.json", "--output", "sarif=./a.json"], "two reports can't go to ./a.json"),
        (vec!["--output", "no/where.json"], "make the folder no first"),
        (vec!["--output", "jsn=x"], "did you mean `json`"),
        (vec!["--output", "json=b.json", "--baseline", "b.json"], "would overwrite what is checked"),
        (vec!["--write-baseline"], "--baseline FILE"),
    ] {
        let output = folder.run(&[vec!["check", "s.yaml"], arguments].concat());
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && told.contains(says), "{says}: {told}");
    }
    assert_eq!(folder.read("s.yaml"), WIDE);
    // A spec with mistakes has its reports too.
    folder.write("bad.yaml", "napkin: 1\ncomponents: 5\n");
    assert_eq!(folder.run(&["check", "bad.yaml", "--output", "bad.xml"]).status.code(), Some(2));
    assert!(folder.read("bad.xml").contains("<error "));
}

#[test]
fn allowances_that_say_nothing_are_mistakes() {
    for (allow, at_fault) in [
        ("[{ rule: single-region, because: x, owner: '' }]", "''"),
        ("[{ rule: single-region, because: x, on: [a, b] }]", "[a, b]"),
        ("[{ rule: single-region, because: x, until: }]", ""),
        ("[{ rule: single-region, because: ' ' }]", "{ rule: single-region, because: ' ' }"),
        ("[{ rule: single-region }]", "{ rule: single-region }"),
        ("[{ rule: single-region, because: x, until: 2027-02-30 }]", "2027-02-30"),
        ("[{ rule: single-region, because: x, ownr: a }]", "ownr"),
        ("single-region", "single-region"),
    ] {
        let spec = format!("napkin: 1\ncomponents: {{ a: service }}\nallow: {allow}\n");
        let findings = json(&report("json", &spec))["findings"].clone();
        let mistake = &findings[0];
        assert_eq!((mistake["kind"].as_str(), findings.as_array().unwrap().len()), (Some("mistake"), 1), "{findings}");
        let bytes = number(&mistake["region"]["start_byte"])..number(&mistake["region"]["end_byte"]);
        assert_eq!(&spec[bytes], at_fault);
        assert!(!strings(&mistake["help"]).is_empty());
    }
}

/// A folder of its own that goes when the test is over.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("napkin-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path.canonicalize().unwrap())
    }

    pub fn write(&self, file: &str, text: &str) {
        std::fs::write(self.0.join(file), text).unwrap();
    }

    pub fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.0.join(file)).unwrap()
    }

    /// Runs napkin in it.
    pub fn run(&self, arguments: &[&str]) -> std::process::Output {
        let program = env!("CARGO_BIN_EXE_napkin");
        std::process::Command::new(program).args(arguments).current_dir(&self.0).env_clear().output().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
