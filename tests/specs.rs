//! Shipped specs: clean ones have no findings, and figures obey laws.

use napkin::analysis::{Analysis, Question, ask};
use napkin::catalog::Catalog;
use napkin::diagnostic::Diagnostics;
use napkin::estimate::spreads;
use napkin::lint::{Packs, built_in};
use napkin::report::explain::wanted;
use napkin::source::Sources;

use crate::{at, yaml_files};

fn analysis(text: &str) -> Analysis {
    with_packs(text, Packs::Default)
}

fn with_packs(text: &str, packs: Packs<'_>) -> Analysis {
    let rules = built_in(&mut Sources::new(), &mut Diagnostics::new());
    let mut sources = Sources::new();
    let id = sources.add("s.yaml", text);
    let analysis = ask(
        &sources,
        id,
        &Catalog::new(),
        Question { rules: &rules, packs, today: Some((2026, 11, 24)), ..Question::default() },
    );
    assert!(analysis.is_usable(), "{:?}\n{text}", analysis.diagnostics);
    analysis
}

fn figure(analysis: &Analysis, path: &str) -> f64 {
    wanted(path, analysis).unwrap().value(analysis).unwrap_or_else(|| panic!("{path} is unknown"))
}

fn close(value: f64, expected: f64, tolerance: f64) {
    assert!((value / expected - 1.0).abs() < tolerance, "{value} is not {expected}");
}

#[test]
fn clean_specs_are_clean() {
    for path in yaml_files("specs") {
        let shown = path.strip_prefix(at("")).unwrap().display().to_string();
        // Those that are bad on purpose have a table of their own (`seeded.rs`).
        if ["golden", "handbook", "bad"].iter().any(|folder| shown.contains(&format!("specs/{folder}/"))) {
            continue;
        }
        let found = with_packs(&std::fs::read_to_string(&path).unwrap(), Packs::All);
        let open: Vec<&str> = found.findings.iter().filter(|f| f.allowed.is_none()).map(|f| f.rule.as_str()).collect();
        assert_eq!(open, Vec::<&str>::new(), "{shown}");
    }
}

const TANDEM: &str = "napkin: 1
components:
  users: client
  a: { is: service, replicas: 1, service_time: 10 ms }
  b: { is: service, replicas: 1, service_time: 10 ms }
flows:
  f: { rate: 50 /s, steps: [users -> a, a -> b] }
";

#[test]
fn a_tandem_of_queues_has_its_textbook_latency() {
    let found = analysis(TANDEM);
    // Two M/M/1 queues at 50 %: each takes 20 ms on average; between them lies one round trip of 0.25 ms.
    close(figure(&found, "f.mean"), 0.040_25, 1e-6);
    // The sum of two exponentials of 20 ms is Erlang-2: P(T > t) = (1 + t/m) e^(-t/m); p99 at t = 6.6384 m.
    close(figure(&found, "f.p99"), 6.638_4 * 0.02 + 0.000_25, 1e-3);
    close(figure(&found, "a.utilization"), 0.5, 1e-9);
    close(figure(&found, "a.nodes_needed"), 1.0, 1e-9);
}

#[test]
fn several_servers_match_erlang_c() {
    let text =
        TANDEM.replace("replicas: 1, service_time: 10 ms }\n  b", "replicas: 1, cores: 3, service_time: 1 s }\n  b");
    let found =
        analysis(&text.replace("rate: 50 /s, steps: [users -> a, a -> b]", "rate: 2.7 /s, steps: [users -> a]"));
    // Golden case mm3-rho09-percentiles.
    close(figure(&found, "f.mean"), 3.723_537, 1e-6);
    close(figure(&found, "f.p50"), 2.755_821, 0.03);
    close(figure(&found, "f.p99"), 15.866_005, 0.02);
    close(figure(&found, "a.wait"), 2.723_537, 1e-6);
}

#[test]
fn caches_take_load_off_their_store() {
    let found = analysis(
        "napkin: 1
components:
  users: client
  api: { is: service, replicas: 4, service_time: 1 ms }
  cache: { is: cache, replicas: 2, latency: 1 ms, throughput: 100k /s, hit: 90 % }
  db: { is: database, replicas: 2, latency: 100 ms, throughput: 5k /s, replication: { failover: automatic } }
flows:
  f:
    rate: 100 /s
    peak: 2x
    steps:
      - users -> api
      - api -> cache.get
      - api -> db.read 2 KB if miss(cache)
data:
  rows: { in: db, record: 1 KB, added: 10 /s, keep: 1 year, index: 50 %, hot: 20 %, compression: 2x }
",
    );
    close(figure(&found, "db.peak_rate"), 20.0, 1e-9);
    // 1 ms of service, 1 ms of cache, a tenth of 100 ms, and 1.1 round trips of 0.25 ms; waits are tiny.
    close(figure(&found, "f.mean"), 0.001 + 0.001 + 0.01 + 1.1 * 0.000_25, 0.01);
    // 1 KB × 1.5 / 2 × two copies × 10/s × 1 year.
    close(figure(&found, "rows.full"), 750.0 * 2.0 * 10.0 * 365.0 * 86_400.0, 1e-9);
    close(figure(&found, "rows.hot_memory"), 0.2 * 1000.0 * 10.0 * 365.0 * 86_400.0, 1e-9);
    // The cache is optional beside the store, but without it every request needs the store: 4 services, a cache of 2 nodes and a
    // failover pair, all without zones.
    let (api, cache, db) = (0.005_f64.powi(4), 0.005_f64.powi(2), 0.005_f64.powi(2));
    let exact = 1.0 - (1.0 - api) * (1.0 - db * (cache + (1.0 - cache) * 0.1));
    close(1.0 - figure(&found, "f.availability"), exact, 1e-6);
}

#[test]
fn zones_are_a_common_cause() {
    let found = analysis(
        "napkin: 1
regions: { r: { zones: [a, b] } }
components:
  users: client
  x: { is: service, replicas: 2, zones: [a, b], service_time: 1 ms, node_availability: 99 % }
  y: { is: service, replicas: 2, zones: [a, b], service_time: 1 ms, node_availability: 99 % }
flows: { f: { rate: 1 /s, steps: [users -> x -> y] } }
",
    );
    // By hand: the region up and in it both zones, one, none.
    let (r, z, n) = (0.9999_f64, 0.9999_f64, 0.99_f64);
    let (two, one) = (1.0 - (1.0 - n).powi(2), n);
    let exact = r * (z * z * two * two + 2.0 * z * (1.0 - z) * one * one);
    close(figure(&found, "f.availability"), exact, 1e-12);
}

#[test]
fn more_replicas_never_raise_utilisation_and_more_load_never_lowers_latency() {
    let mut before = (f64::INFINITY, 0.0);
    for replicas in 1..20 {
        let found = analysis(&TANDEM.replace("replicas: 1", &format!("replicas: {replicas}")));
        let used = figure(&found, "a.utilization");
        assert!(used <= before.0);
        before.0 = used;
    }
    for rate in (1..99).step_by(7) {
        let found = analysis(&TANDEM.replace("50 /s", &format!("{rate} /s")));
        let p99 = figure(&found, "f.p99");
        assert!(p99 >= before.1);
        before.1 = p99;
    }
}

#[test]
fn units_never_change_a_result() {
    let same = TANDEM.replace("10 ms", "0.01 s").replace("50 /s", "4.32M /day");
    let (a, b) = (analysis(TANDEM), analysis(&same));
    close(figure(&a, "f.p99"), figure(&b, "f.p99"), 1e-9);
}

#[test]
fn the_point_value_lies_inside_its_range() {
    let text = std::fs::read_to_string(at("tests/fixtures/language-example.yaml")).unwrap();
    let found = analysis(&text);
    let catalog = Catalog::new();
    let model = napkin::estimate::Model { graph: &found.graph, structure: &found.structure, catalog: &catalog };
    let spreads = spreads(&model, &napkin::estimate::Scenario::default(), 1, 500);
    assert!(spreads.by_metric.len() > 20);
    for ((metric, index), spread) in &spreads.by_metric {
        let metric = &napkin::estimate::metric::METRICS[*metric];
        if let Some(value) = metric.value(&found.estimate, *index) {
            assert!(value >= spread.p5 * (1.0 - 1e-9) && value <= spread.p95 * (1.0 + 1e-9), "{}", metric.key);
        }
    }
}

#[test]
fn suppressions_hide_expire_and_rot() {
    let spec = |allow: &str| format!("{}allow:\n  - {allow}\n", TANDEM.replace("50 /s", "500 /s"));
    let rules = |text: &str| {
        let found = analysis(text);
        found.findings.iter().map(|f| (f.rule.clone(), f.allowed.is_some())).collect::<Vec<_>>()
    };
    let allowed = rules(&spec("{ rule: overload-at-peak, because: a test }"));
    assert!(allowed.iter().any(|(rule, allowed)| rule == "overload-at-peak" && *allowed));
    let expired = rules(&spec("{ rule: overload-at-peak, because: a test, until: 2026-11-23 }"));
    assert!(expired.contains(&("expired-suppression".to_owned(), false)));
    assert!(expired.contains(&("overload-at-peak".to_owned(), false)));
    let last_day = rules(&spec("{ rule: overload-at-peak, because: a test, until: 2026-11-24 }"));
    assert!(last_day.contains(&("overload-at-peak".to_owned(), true)));
    let unused = rules(&spec("{ rule: synchronous-cycle, because: a test }"));
    assert!(unused.contains(&("unused-suppression".to_owned(), false)));
}

#[test]
fn littles_law_counts_what_is_in_progress() {
    let found = analysis(TANDEM);
    // 50 a second for 20 ms in `b`, and for 40.25 ms in `a`, which waits for `b`; a round trip lies in each.
    close(figure(&found, "b.in_flight"), 50.0 * 0.020_25, 1e-6);
    close(figure(&found, "a.in_flight"), 50.0 * 0.040_25, 1e-6);
}

#[test]
fn the_example_of_the_language_parses_and_estimates() {
    let text = std::fs::read_to_string(at("tests/fixtures/language-example.yaml")).unwrap();
    let found = analysis(&text);
    // 10 % of 22.4M users a day; 100 reads each; three times that at peak; median of 10M..50M is its geometric mean.
    let median = (10e6_f64 * 50e6).sqrt();
    close(figure(&found, "redirect.peak_rate"), median * 0.1 / 86_400.0 * 100.0 * 3.0, 1e-9);
    let rules: Vec<&str> = found.findings.iter().map(|f| f.rule.as_str()).collect();
    assert!(rules.contains(&"overload-at-peak") && rules.contains(&"single-region"), "{rules:?}");
}

#[test]
fn what_nobody_states_stays_unknown() {
    let unknown = |text: &str, path: &str| {
        let found = analysis(text);
        wanted(path, &found).unwrap().value(&found).is_none()
    };
    let untimed =
        TANDEM.replace("b: { is: service, replicas: 1, service_time: 10 ms }", "b: { is: service, replicas: 1 }");
    assert!(unknown(&untimed, "f.p99") && unknown(&untimed, "b.utilization"));
    let unsized_ = TANDEM
        .replace("b: { is: service, replicas: 1, service_time: 10 ms }", "b: { is: service, service_time: 10 ms }");
    assert!(unknown(&unsized_, "b.utilization") && unknown(&unsized_, "f.availability"));
    assert!(!unknown(&unsized_, "f.p99") && !unknown(&unsized_, "b.nodes_needed"));
    assert_eq!(analysis(&unsized_).estimate.flows[0].uncounted, [2]);
}
