//! The built binary: exit statuses, formats, and what happens to hostile input.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use napkin::cli::spec_schema;
use serde_json::Value;

use crate::at;

fn napkin(arguments: &[&str]) -> Output {
    with_input(arguments, b"")
}

fn with_input(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_napkin"))
        .args(arguments)
        .current_dir(at(""))
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that doesn't read its input closes the pipe; that is fine.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn status(arguments: &[&str], input: &[u8]) -> i32 {
    let output = with_input(arguments, input);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!text.contains("panicked"), "{text}");
    output.status.code().expect("no signal")
}

const CLEAN: &[u8] = b"napkin: 1\ncomponents: { api: service }\n";
const OVERLOADED: &[u8] = b"napkin: 1\ncomponents:\n  users: client\n  api: { is: service, replicas: 2, cores: 1, service_time: 1 s }\nflows:\n  f: { rate: 100 /s, steps: [users -> api] }\n";

#[test]
fn exit_statuses_are_0_1_2() {
    assert_eq!(status(&["check", "-"], CLEAN), 0);
    assert_eq!(status(&["check", "-"], OVERLOADED), 1);
    assert_eq!(status(&["check", "-", "--fail-on", "never"], OVERLOADED), 0);
    assert_eq!(status(&["check", "-"], b"napkin: 2\n"), 2);
    assert_eq!(status(&["check", "does-not-exist.yaml"], b""), 2);
    assert_eq!(status(&["check"], b""), 2);
    assert_eq!(status(&["fly"], b""), 2);
    assert_eq!(status(&["calc", "1 +"], b""), 2);
    assert_eq!(status(&["calc", "1 + 1"], b""), 0);
    assert_eq!(status(&["--help"], b""), 0);
}

#[test]
fn hostile_specs_get_an_answer() {
    let deep = "[".repeat(1_000_000);
    let mut bomb = String::from("napkin: 1\nassume:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..12 {
        bomb += &format!("  a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", "));
    }
    let scalar = format!("napkin: 1\nname: {}\nassume: {{ a: {} }}\n", "x".repeat(10_000_000), "1+".repeat(5_000_000));
    let chain = format!(
        "napkin: 1\ncomponents: {{ a: service, b: service }}\nflows: {{ f: {{ steps: [{}] }} }}\n",
        "a -> b -> ".repeat(5000) + "a"
    );
    let circle: String = (0..50_000).map(|n| format!("  a{n}: a{} + 1\n", (n + 1) % 50_000)).collect();
    for text in [
        deep.as_bytes(),
        bomb.as_bytes(),
        scalar.as_bytes(),
        chain.as_bytes(),
        b"\xff\xfe\x00",
        b"napkin: 1\nassume: [",
        b"",
        b"- a\n",
        b"napkin: 1\ncomponents: 5\n",
    ] {
        assert_eq!(status(&["check", "-"], text), 2, "{}", String::from_utf8_lossy(&text[..text.len().min(60)]));
    }
    assert_eq!(status(&["check", "-"], format!("napkin: 1\nassume:\n{circle}").as_bytes()), 2);
}

#[test]
fn terminal_escapes_from_a_spec_never_reach_the_terminal() {
    let spec = b"napkin: 1\ncomponents:\n  users: client\n  \"a\\u001b[31m\": service\n";
    for format in ["text", "markdown", "sarif", "json"] {
        let output = with_input(&["check", "-", "--format", format], spec);
        assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b), "{format}");
    }
}

#[test]
fn machine_formats_keep_their_published_schemas() {
    let pairs = [
        (vec!["check", "specs", "--format", "json"], include_str!("../schemas/check.v1.json")),
        (vec!["estimate", "specs/url-shortener.yaml", "--format", "json"], include_str!("../schemas/estimate.v1.json")),
    ];
    for (arguments, schema) in pairs {
        let schema: Value = serde_json::from_str(schema).unwrap();
        let report: Value = serde_json::from_slice(&napkin(&arguments).stdout).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let mistakes: Vec<String> = validator.iter_errors(&report).take(3).map(|error| error.to_string()).collect();
        assert!(mistakes.is_empty(), "{mistakes:?}");
    }
}

#[test]
fn shipped_specs_keep_the_spec_schema() {
    let schema: Value = serde_json::from_str(&spec_schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for path in crate::yaml_files("specs") {
        let spec: Value = serde_yaml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let mistakes: Vec<String> =
            validator.iter_errors(&spec).take(3).map(|error| format!("{error} at {}", error.instance_path())).collect();
        assert!(mistakes.is_empty(), "{}: {mistakes:?}", path.display());
    }
}

#[test]
fn sarif_regions_and_json_regions_name_the_same_text() {
    let text = String::from_utf8(OVERLOADED.to_vec()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let json: Value =
        serde_json::from_slice(&with_input(&["check", "-", "--format", "json"], OVERLOADED).stdout).unwrap();
    let sarif: Value =
        serde_json::from_slice(&with_input(&["check", "-", "--format", "sarif"], OVERLOADED).stdout).unwrap();
    let findings = json["findings"].as_array().unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert!(!findings.is_empty() && findings.len() == results.len());
    for (finding, result) in findings.iter().zip(results) {
        let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
        let region = &finding["region"];
        let bytes = &text[number(&region["start_byte"])..number(&region["end_byte"])];
        let place = &result["locations"][0]["physicalLocation"]["region"];
        assert_eq!(place["startLine"], place["endLine"]);
        let line = lines[number(&place["startLine"]) - 1];
        let chars: Vec<char> = line.chars().collect();
        let cut: String = chars[number(&place["startColumn"]) - 1..number(&place["endColumn"]) - 1].iter().collect();
        assert_eq!(cut, bytes);
        assert_eq!(result["ruleId"], finding["rule"]);
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for arguments in [vec!["estimate", "specs/url-shortener.yaml"], vec!["check", "specs", "--format", "sarif"]] {
        assert_eq!(napkin(&arguments).stdout, napkin(&arguments).stdout);
    }
}

#[test]
fn tables_fit_80_columns() {
    for path in crate::yaml_files("specs") {
        let output = napkin(&["estimate", path.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(0), "{}: {}", path.display(), String::from_utf8_lossy(&output.stderr));
        for line in stdout(&output).lines().filter(|line| !line.starts_with("  ")) {
            assert!(line.chars().count() <= 80, "{}: {line}", path.display());
        }
    }
}

#[test]
fn numbers_and_rules_and_explanations_are_there() {
    assert!(stdout(&napkin(&["numbers"])).contains("handbook A"));
    assert!(stdout(&napkin(&["rules", "fields"])).contains("component.utilization"));
    assert!(
        stdout(&napkin(&["explain", "specs/url-shortener.yaml", "api.utilization"]))
            .contains("specs/url-shortener.yaml:")
    );
    let page = stdout(&napkin(&["explain", "overload-at-peak"]));
    assert!(page.contains("It fires on:") && page.contains("because"), "{page}");
    let output = napkin(&["explain", "specs/url-shortener.yaml", "api.utilisation"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean `utilization`"));
}

#[test]
fn init_writes_a_spec_that_passes() {
    let folder = std::env::temp_dir().join(format!("napkin-init-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("design.yaml");
    let path = path.to_str().unwrap();
    assert_eq!(status(&["init", path], b""), 0);
    assert_eq!(status(&["init", path], b""), 2, "an existing file is not overwritten");
    assert_eq!(status(&["check", path, "--fail-on", "warning"], b""), 0);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn the_calculator_reads_lines_with_variables() {
    let output = with_input(&["calc"], b"dau = 10M..50M users # a guess\nrate = dau * 20 /day\nrate - rate\n");
    assert_eq!(stdout(&output).lines().last(), Some("0 /s"));
}
