//! The built binary: exit statuses, formats, and what happens to hostile input.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use napkin::cli::spec_schema;
use serde_json::Value;

use crate::at;

pub fn napkin(arguments: &[&str]) -> Output {
    with_input(arguments, b"")
}

pub fn with_input(arguments: &[&str], input: &[u8]) -> Output {
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

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn status(arguments: &[&str], input: &[u8]) -> i32 {
    let output = with_input(arguments, input);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!text.contains("panicked"), "{text}");
    output.status.code().expect("no signal")
}

const SHOP: &str = "tests/fixtures/shop.yaml";
const TWO_REGIONS: &str = "tests/fixtures/two-regions.yaml";
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
        (vec!["failures", "specs/chat.yaml", "--format", "json"], include_str!("../schemas/failures.v1.json")),
        (
            vec!["failures", "specs/search.yaml", "--pairs", "--format", "json"],
            include_str!("../schemas/failures.v1.json"),
        ),
        (vec!["recovery", TWO_REGIONS, "--format", "json"], include_str!("../schemas/recovery.v1.json")),
        (vec!["recovery", "specs/search.yaml", "--format", "json"], include_str!("../schemas/recovery.v1.json")),
        (vec!["consistency", TWO_REGIONS, "--format", "json"], include_str!("../schemas/consistency.v1.json")),
        (vec!["consistency", "specs/chat.yaml", "--format", "json"], include_str!("../schemas/consistency.v1.json")),
        (
            vec!["simulate", "specs/search.yaml", "--scale", "1 %", "--requests", "20000", "--format", "json"],
            include_str!("../schemas/simulate.v1.json"),
        ),
        (
            vec!["simulate", SHOP, "--fault", "kill cache for 20 s", "--format", "json"],
            include_str!("../schemas/simulate.v1.json"),
        ),
        (
            vec!["availability", "specs/news-feed.yaml", "--format", "json"],
            include_str!("../schemas/availability.v1.json"),
        ),
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
fn simulations_show_what_happens_over_time() {
    let faulty = &["simulate", SHOP, "--fault", "at 20 s kill cache for 20 s", "--duration", "2 min"];
    let text = stdout(&napkin(faulty));
    for said in ["arrivals", "answered", "p95", "failed", "METASTABLE FAILURE", "db (", "retries", "━━━"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert_eq!(text, stdout(&napkin(faulty)), "the same seed gives the same bytes");
    let csv = stdout(&napkin(&[faulty.as_slice(), &["--format", "csv"]].concat()));
    assert!(csv.starts_with("begin,kind,name,") && csv.lines().count() > 50 * 4, "{csv}");
    assert!(csv.lines().all(|line| line.split(',').count() == 15), "{csv}");
    let plain = stdout(&napkin(&["simulate", SHOP, "--requests", "20000", "--format", "csv"]));
    assert!(plain.lines().count() == 2 && plain.contains("\"view\","), "{plain}");
    assert!(stdout(&napkin(&[faulty.as_slice(), &["--format", "markdown"]].concat())).starts_with("```text\n"));
    for (wrong, says) in [
        (vec!["--fault", "kill cahe"], "did you mean `cache`"),
        (vec!["--fault", "at 3 min kill cache", "--duration", "1 min"], "give a longer `--duration`"),
        (vec!["--duration", "soon"], "is no time"),
        (vec!["--duration", "2 h"], "allow it with `--requests"),
        (vec!["--duration", "30 day"], "take a shorter `--duration`"),
        (vec!["--faults", "nowhere.txt"], "can't read nowhere.txt"),
    ] {
        let output = napkin(&[vec!["simulate", SHOP], wrong].concat());
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && told.contains(says), "{says}: {told}");
    }
}

#[test]
fn checks_that_simulate_find_what_estimates_miss() {
    let spec = "napkin: 1\ncomponents: { users: client, a: { is: service, replicas: 1, service_time: 10 ms } }\nflows: { f: { rate: 60 /s, arrivals: bursty, slo: { p99: 150 ms }, steps: [users -> a] } }\n";
    let rule = "simulated-latency-over-objective";
    assert!(!stdout(&with_input(&["check", "-", "--verbose"], spec.as_bytes())).contains(rule));
    assert!(stdout(&with_input(&["check", "-", "--simulate", "--requests", "50000"], spec.as_bytes())).contains(rule));
    assert_eq!(status(&["check", "-", "--requests", "50000"], spec.as_bytes()), 2);
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
fn losses_fit_80_columns_and_only_what_is_asked_for_is_taken_away() {
    for path in crate::yaml_files("specs") {
        let text = at_once(&["failures", path.to_str().unwrap(), "--all", "--verbose"]);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
    let zones = at_once(&["failures", URL, "--only", "zone", "--all"]);
    assert!(zones.contains("zone b") && !zones.contains("\ncache"), "{zones}");
    let markdown = at_once(&["failures", URL, "--format", "markdown"]);
    assert!(markdown.contains("| edge | flows lost: redirect |"), "{markdown}");
    let case = at_once(&["what-if", URL, "--fail", "primary:db"]);
    assert!(case.contains("What follows") && case.contains("writes that no copy has yet"), "{case}");
    let json: Value = serde_json::from_str(&at_once(&["what-if", URL, "--fail", "db", "--format", "json"])).unwrap();
    assert_eq!(json["follows"]["at_risk"][0]["risk"], "archived");
}

#[test]
fn disasters_and_promises_are_told_with_their_reasons() {
    let recovery = stdout(&napkin(&["recovery", TWO_REGIONS]));
    for said in
        ["everything", "DNS ttl 60 s", "reaction 10 min", "lacking: docs keeps its data in one region only", "never"]
    {
        assert!(recovery.contains(said), "{said}: {recovery}");
    }
    let consistency = stdout(&napkin(&["consistency", TWO_REGIONS]));
    for said in ["LOCAL_QUORUM = 2", "3 + 3", "consistent within a region", "4 voters", "500 ms > 100 ms"] {
        assert!(consistency.contains(said), "{said}: {consistency}");
    }
    let other = stdout(&napkin(&["consistency", TWO_REGIONS, "--set", "carts.quorum.write=EACH_QUORUM"]));
    assert!(other.contains("EACH_QUORUM = 4") && !other.contains("consistent within a region"), "{other}");
    assert!(stdout(&with_input(&["consistency", "-"], CLEAN)).starts_with("no store is described"));
    assert_eq!(status(&["recovery", "-"], b"napkin: 2\n"), 2);
    let findings = stdout(&napkin(&["check", TWO_REGIONS]));
    for rule in [
        "local-quorum-of-global-data",
        "old-reads-over-staleness",
        "default-reads-of-strong-data",
        "failover-forgets-strong-data",
        "class-not-configured",
        "replicas-fall-behind",
        "backup-beside-data",
        "recovery-strategy-in-one-region",
        "restore-over-rto",
        "backup-interval-over-rpo",
        "alert-out-of-reach",
        "alert-on-single-error",
    ] {
        assert!(findings.contains(rule), "{rule}: {findings}");
    }
}

#[test]
fn numbers_and_rules_and_explanations_are_there() {
    assert!(stdout(&napkin(&["numbers"])).contains("handbook A"));
    let fields = stdout(&napkin(&["rules", "fields"]));
    assert!(
        fields.contains("component.utilization")
            && fields.contains("\npath(a, b) ")
            && fields.contains("\nunion(a, b)")
    );
    let list = stdout(&napkin(&["rules", "list", "--no-config"]));
    let line = |name: &str| list.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap();
    assert!(line("retries-without-backoff").ends_with("availability [fix]"), "{list}");
    assert!(line("cache-without-expiry").ends_with("consistency [unsafe fix]"), "{list}");
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
fn packs_are_turned_on_listed_and_refused_by_name() {
    let listed = stdout(&napkin(&["rules", "list", "--pack", "security"]));
    assert!(listed.lines().count() >= 15 && listed.lines().all(|line| line.contains(" security (off)")), "{listed}");
    let output = napkin(&["rules", "list", "--pack", "securty"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean `security`"), "{output:?}");
    let spec = b"napkin: 1\ncomponents: { api: { is: service, password_hash: md5 } }\n";
    assert_eq!(status(&["check", "-"], spec), 0);
    assert_eq!(status(&["check", "-", "--pack", "cost"], spec), 0);
    assert_eq!(status(&["check", "-", "--pack", "cost", "--pack", "security"], spec), 1);
    assert_eq!(status(&["check", "-", "--pack", "al"], spec), 2);
    let found = stdout(&with_input(&["check", "-", "--pack", "all", "--format", "json"], spec));
    assert!(found.contains("\"pack\": \"security\"") && found.contains("\"confidence\": \"high\""), "{found}");
    let log = |more: &[&str]| stdout(&with_input(&[&["check", "-", "--format", "sarif"], more].concat(), spec));
    assert!(log(&["--pack", "security"]).contains("password-hash-too-fast") && !log(&[]).contains("password-hash"));
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

fn at_once(arguments: &[&str]) -> String {
    let output = napkin(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    stdout(&output)
}

const URL: &str = "specs/url-shortener.yaml";

#[test]
fn what_if_shows_both_states() {
    let text = at_once(&["what-if", URL, "--set", "dau=100M", "--scale", "2x", "--fail", "zone:a"]);
    assert!(text.contains("api utilization") && text.contains("missed") && text.contains("can't keep up"), "{text}");
    let report: Value = serde_json::from_str(&at_once(&["what-if", URL, "--scale", "2x", "--format", "json"])).unwrap();
    let figures = report["figures"].as_array().unwrap();
    let rate = figures.iter().find(|f| f["name"] == "redirect" && f["metric"] == "peak_rate").unwrap();
    assert!((rate["then"].as_f64().unwrap() / rate["today"].as_f64().unwrap() - 2.0).abs() < 1e-12);
    for bad in [
        vec!["what-if", URL],
        vec!["what-if", URL, "--set", "dao=1"],
        vec!["what-if", URL, "--set", "dau"],
        vec!["what-if", URL, "--set", "dau="],
        vec!["what-if", URL, "--set", "api.replicas=0"],
        vec!["what-if", URL, "--scale", "-1"],
        vec!["what-if", URL, "--fail", "zone:q"],
        vec!["what-if", URL, "--fail", "fire:a"],
    ] {
        assert_eq!(status(&bad, b""), 2, "{bad:?}");
    }
}

#[test]
fn what_if_without_a_cache_loads_its_store() {
    let report: Value =
        serde_json::from_str(&at_once(&["what-if", URL, "--fail", "cache", "--format", "json"])).unwrap();
    let figures = report["figures"].as_array().unwrap();
    let of =
        |name: &str, metric: &str| figures.iter().find(|f| f["name"] == name && f["metric"] == metric).unwrap().clone();
    let db = of("db", "peak_rate");
    assert!(db["then"].as_f64().unwrap() > 9.0 * db["today"].as_f64().unwrap());
    assert_eq!(of("cache", "utilization")["then"], Value::Null);
}

#[test]
fn sweeps_name_what_gives_out_in_order() {
    let report: Value =
        serde_json::from_str(&at_once(&["sweep", URL, "--over", "dau=1M..1bn", "--format", "json"])).unwrap();
    let at: Vec<f64> = report["limits"].as_array().unwrap().iter().map(|limit| limit["at"].as_f64().unwrap()).collect();
    assert!(at.len() >= 3 && at.is_sorted(), "{at:?}");
    assert_eq!(report["rows"].as_array().unwrap().len(), 20);
    // The service is fully busy where its busy servers reach its cores: 24 replicas of 4.
    let api = report["limits"].as_array().unwrap().iter().find(|limit| limit["name"] == "api").unwrap();
    let today = at_once(&["estimate", URL, "--format", "json"]);
    let today: Value = serde_json::from_str(&today).unwrap();
    let used = today["figures"].as_array().unwrap().iter().find(|f| f["name"] == "api" && f["metric"] == "utilization");
    let expected = report["today"].as_f64().unwrap() / used.unwrap()["value"].as_f64().unwrap();
    assert!((api["at"].as_f64().unwrap() / expected - 1.0).abs() < 2e-3);
    let csv = at_once(&[
        "sweep",
        URL,
        "--over",
        "dau=1M..1bn",
        "--steps",
        "linear:5",
        "--figure",
        "api.utilization",
        "--format",
        "csv",
    ]);
    assert_eq!(csv.lines().count(), 6);
    assert_eq!(csv.lines().next(), Some("dau,api.utilization"));
    let whole =
        at_once(&["sweep", URL, "--over", "api.replicas=1..8", "--format", "csv", "--figure", "api.utilization"]);
    assert_eq!(
        whole.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect::<Vec<_>>(),
        ["1", "2", "3", "4", "5", "6", "7", "8"]
    );
    // More replicas help: 7 keep up at peak (6.1 busy), and fewer do not.
    let text = at_once(&["sweep", URL, "--over", "api.replicas=1..40", "--format", "json"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    let api = report["limits"].as_array().unwrap().iter().find(|limit| limit["name"] == "api").unwrap();
    assert_eq!((api["what"].as_str(), api["at"].as_f64()), (Some("keeps up from here"), Some(7.0)));
    for bad in ["dau", "dau=5", "dau=5..1", "dau=1 s..2 s", "nobody=1..2", "dau=1..2 apples"] {
        assert_eq!(status(&["sweep", URL, "--over", bad], b""), 2, "{bad}");
    }
    assert_eq!(status(&["sweep", URL, "--over", "dau=1M..2M", "--steps", "log:1"], b""), 2);
}

#[test]
fn sensitivity_names_the_assumption() {
    let report: Value = serde_json::from_str(&at_once(&["sensitivity", URL, "urls.full", "--format", "json"])).unwrap();
    assert_eq!(report["effects"][0]["name"], "dau");
    assert!(report["effects"][0]["share"].as_f64().unwrap() > 0.9);
    let text = at_once(&["sensitivity", URL, "redirect.p99"]);
    assert!(text.contains('█') && text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert_eq!(status(&["sensitivity", URL, "redirect.p98"], b""), 2);
}

#[test]
fn plans_are_written_without_touching_comments() {
    let folder = std::env::temp_dir().join(format!("napkin-plan-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("design.yaml");
    let before = std::fs::read_to_string(at("specs/chat.yaml")).unwrap();
    std::fs::write(&file, &before).unwrap();
    let path = file.display().to_string();
    at_once(&["plan", &path, "--write"]);
    let after = std::fs::read_to_string(&file).unwrap();
    let digits = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    assert_ne!(before, after);
    assert_eq!(digits(&before), digits(&after), "only numbers change");
    assert!(at_once(&["plan", &path, "--write"]).contains("nothing to write"));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn sheets_answer_what_they_can() {
    let folder = std::env::temp_dir().join(format!("napkin-sheet-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("sheet.napkin");
    std::fs::write(&file, "# Load\nusers = 50M users\nrate = users * 40 /day\n\nrate * 100 B in TB/year\n").unwrap();
    let path = file.display().to_string();
    let text = at_once(&["calc", &path]);
    assert_eq!(
        text,
        "# Load\nusers                    50M users\nrate                     23.1k /s\nrate * 100 B in TB/year  73 TB/year\n"
    );
    std::fs::write(&file, "a = b + 1\nb = 2\nc = b * 3\n").unwrap();
    let output = napkin(&["calc", &path]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stdout(&output).contains("c  6"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("sheet.napkin:1:5") && said.contains("move that line up"), "{said}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn prices_can_be_replaced_and_broken_ones_are_refused() {
    let folder = std::env::temp_dir().join(format!("napkin-prices-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("prices.yaml");
    let path = file.display().to_string();
    let cost = |path: &str| {
        let report: Value =
            serde_json::from_str(&at_once(&["estimate", URL, "--format", "json", "--prices", path])).unwrap();
        let figure = report["figures"].as_array().unwrap().iter().find(|f| f["name"] == "api" && f["metric"] == "cost");
        figure.unwrap()["value"].as_f64().unwrap() * 730.0 * 3600.0
    };
    std::fs::write(&file, "date: 2026-11-01\nsource: our contract\nprices: { core: $10 /month }\n").unwrap();
    assert!((cost(&path) - 24.0 * 4.0 * 10.0).abs() < 1e-6);
    for bad in ["prices: { core: 10 }\n", "date: x\nsource: y\nprices: { cores: $1 /month }\n", "[]\n", ""] {
        std::fs::write(&file, bad).unwrap();
        assert_eq!(status(&["estimate", URL, "--prices", &path], b""), 2, "{bad}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn tables_fit_a_terminal_of_80_columns() {
    for arguments in [
        vec!["estimate", URL],
        vec!["estimate", "specs/chat.yaml", "--assumptions"],
        vec!["what-if", URL, "--scale", "10x"],
        vec!["plan", URL],
        vec!["sweep", URL, "--over", "dau=1M..1bn"],
        vec!["recovery", TWO_REGIONS],
        vec!["recovery", URL],
        vec!["consistency", TWO_REGIONS],
    ] {
        let output = napkin(&arguments);
        for line in stdout(&output).lines().filter(|line| !line.starts_with("  ")) {
            assert!(line.chars().count() <= 80, "{arguments:?}: {line}");
        }
    }
}
