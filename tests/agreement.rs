//! Estimate and simulation of the same system, other people's simulators, and whether intervals mean what they say.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use napkin::analysis::Analysis;
use napkin::formula::queueing::Mmc;

use crate::at;
use crate::simulations::{analysis, run};

/// What `tests/peers/systems.py` had ciw and simpy compute: the mean and half of its 95 % interval.
#[test]
fn other_simulators_measure_the_same() {
    let text = std::fs::read_to_string(at("tests/golden/simulators.yaml")).unwrap();
    let theirs: BTreeMap<String, BTreeMap<String, [f64; 2]>> = serde_yaml::from_str(&text).unwrap();
    let systems = [
        (
            "ciw-mm3",
            "components: { users: { is: client, rtt: 0 s }, s: { is: service, replicas: 1, cores: 3, service_time: 30 ms } }\nflows: { f: { rate: 90 /s, steps: [users -> s] } }",
        ),
        (
            "ciw-bounded-lognormal",
            "components: { users: { is: client, rtt: 0 s }, s: { is: service, replicas: 1, cores: 2, service_time: { mean: 30 ms, p50: 20.124 ms }, queue_limit: 10 } }\nflows: { f: { rate: 60 /s, steps: [users -> s] } }",
        ),
        (
            "simpy-threads-timeouts-retries",
            "components: { users: { is: client, rtt: 0 s }, api: { is: service, replicas: 1, cores: 1000, service_time: 1 ns, threads: 20 }, db: { is: service, replicas: 1, cores: 4, service_time: 30 ms } }\nflows: { f: { rate: 60 /s, steps: [users -> api, { call: api -> db, timeout: 100 ms, retries: 1 }] } }",
        ),
    ];
    for (name, spec) in systems {
        let found = analysis(name, &format!("napkin: 1\n{spec}\n"));
        let results = run(&found, 2_000_000, 1);
        let flow = &results.flows[0];
        for (figure, [value, half]) in &theirs[name] {
            let ours = match figure.as_str() {
                "failed" => flow.failed,
                // Both count the same calls; the estimate of their spread is theirs.
                "calls_per_request" => {
                    let calls = results.stations[2].rate / results.stations[1].rate;
                    napkin::simulate::Interval { value: calls, half: *half }
                }
                latency => flow.latency(latency).unwrap(),
            };
            // Our network takes 0.25 ms on the way to the database.
            let network =
                if name.starts_with("simpy") && matches!(figure.as_str(), "mean" | "p95") { 2.7e-4 } else { 0.0 };
            let apart = (ours.value - network - value).abs();
            // Two intervals of 95 %: both together are half as wide again as this once in 300 comparisons.
            let both = 1.5 * (ours.half.powi(2) + half.powi(2)).sqrt();
            assert!(apart <= both, "{name} {figure}: {ours:?}, theirs {value} ± {half}");
        }
    }
}

#[test]
fn intervals_of_percentiles_and_failures_hold_the_truth_too() {
    let spec = |service: &str, rate: f64| {
        analysis(
            "interval",
            &format!(
                "napkin: 1\ncomponents: {{ users: {{ is: client, rtt: 0 s }}, s: {{ is: service, replicas: 1, {service} }} }}\nflows: {{ f: {{ rate: {rate} /s, steps: [users -> s] }} }}\n"
            ),
        )
    };
    let queue = Mmc::new(60.0, 0.04, 4).unwrap();
    let busy = spec("cores: 4, service_time: 40 ms", 60.0);
    let full = spec("cores: 4, service_time: 40 ms, queue_limit: 4", 110.0);
    let loss = napkin::formula::queueing::mmck(110.0, 0.04, 4, 8).unwrap().loss;
    let seeds = 100;
    let mut held = [0; 4];
    for seed in 0..seeds {
        let (a, b) = (run(&busy, 30_000, seed), run(&full, 30_000, seed));
        let p = |p: f64| queue.response_percentile(p).unwrap();
        let flow = &a.flows[0];
        for (count, inside) in held.iter_mut().zip([
            flow.p50.unwrap().contains(p(0.5)),
            flow.p95.unwrap().contains(p(0.95)),
            flow.p99.unwrap().contains(p(0.99)),
            b.flows[0].failed.contains(loss),
        ]) {
            *count += u32::from(inside);
        }
    }
    // 95 of 100; fewer than 87 happen once in a thousand honest tests.
    assert!(held.iter().all(|held| *held >= 87), "{held:?}");
}

/// A small generator of numbers, so that the family of systems is always the same.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }
}

/// A system of 2 to 6 services behind a client: in sequence, nested, at once, behind a cache, with timeouts and retries of slow
/// callees, bounded queues, constant to log-normal service times; each 15 to 75 % busy.
fn generated(seed: u64) -> String {
    let mut n = Numbers(seed.wrapping_mul(977).wrapping_add(13));
    let count = 2 + n.below(5);
    let rate = n.of(&[40.0, 100.0, 400.0]);
    let mut text = "napkin: 1\ncomponents:\n  users: { is: client, rtt: 5 ms }\n".to_owned();
    for service in 0..count {
        let (replicas, cores) = (1 + n.below(5), n.of(&[1, 2, 4, 8]));
        let busy = 0.15 + 0.1 * n.below(7) as f64;
        let time = busy * (replicas * cores) as f64 / rate * 1000.0;
        let shape = n.of(&["", ", cv: 0", ", cv: 0.5", ", cv: 1.5"]);
        let limit = n.of(&["", "", "", ", queue_limit: 40"]);
        let _ = writeln!(
            text,
            "  s{service}: {{ is: service, replicas: {replicas}, cores: {cores}, service_time: {{ mean: {time:.4} ms{shape} }}{limit} }}"
        );
    }
    text += "  cache: { is: cache, replicas: 2, hit: 80 %, latency: 1 ms, throughput: 100k /s }\n  slow: { is: external, latency: { mean: 20 ms, cv: 1 } }\n";
    let _ = writeln!(text, "flows:\n  f:\n    rate: {rate} /s\n    steps:\n      - users -> s0");
    if n.below(2) == 0 {
        text += "      - s0 -> cache.get\n";
    }
    let cached = text.ends_with("cache.get\n");
    let mut from = 0;
    let mut service = 1;
    while service < count {
        match n.below(4) {
            0 if service + 1 < count => {
                let wait = n.of(&["all", "any"]);
                let _ = writeln!(
                    text,
                    "      - {{ par: [s{from} -> s{service}, s{from} -> s{}], wait: {wait} }}",
                    service + 1
                );
                service += 2;
                continue;
            }
            1 => {
                let _ = writeln!(text, "      - s{from} -> s{service} {} %", n.of(&[20, 50, 90]));
            }
            2 if cached && from == 0 => {
                let _ = writeln!(text, "      - s0 -> s{service} if miss(cache)");
            }
            _ => {
                let _ = writeln!(text, "      - s{from} -> s{service}");
                from = service;
            }
        }
        service += 1;
    }
    if n.below(2) == 0 {
        let _ =
            writeln!(text, "      - {{ call: s0 -> slow, timeout: 60 ms, retries: {}, optional: true }}", n.below(3));
    }
    text
}

/// The largest errors that `docs/models.md` states for whole flows.
const STATED: [(&str, f64); 3] = [("p50", 0.10), ("p95", 0.08), ("p99", 0.10)];

fn worst(found: &Analysis, name: &str, worst: &mut BTreeMap<&'static str, (f64, String)>) -> usize {
    let results = run(found, 150_000, 1);
    let mut compared = 0;
    for ((flow, simulated), estimated) in found.graph.flows.iter().zip(&results.flows).zip(&found.estimate.flows) {
        for (figure, estimated) in [("p50", estimated.p50), ("p95", estimated.p95), ("p99", estimated.p99)] {
            let Some((simulated, estimated)) = simulated.latency(figure).zip(estimated) else { continue };
            let off = ((estimated - simulated.value).abs() - simulated.half).max(0.0) / simulated.value;
            let entry = worst.entry(figure).or_default();
            if off > entry.0 {
                *entry = (off, format!("{name} {}: {simulated:?}, estimated {estimated}", flow.name));
            }
            compared += 1;
        }
    }
    compared
}

#[test]
fn a_family_of_systems_is_estimated_as_it_is_simulated() {
    let mut largest = BTreeMap::new();
    let mut compared = 0;
    for seed in 0..60 {
        let found = analysis("generated", &generated(seed));
        compared += worst(&found, &format!("system {seed}"), &mut largest);
    }
    assert!(compared >= 170, "only {compared} percentiles were compared");
    for (figure, stated) in STATED {
        let (off, what) = &largest[figure];
        assert!(
            off <= &stated,
            "{figure} is off by {off}: {what}\n{}",
            what.split([' ', ':']).nth(1).map_or(String::new(), |seed| generated(seed.parse().unwrap()))
        );
    }
}
