//! Laws that estimates keep, and comparisons with independent methods.

use napkin::analysis::{Analysis, Question, analyse, ask};
use napkin::catalog::Catalog;
use napkin::estimate::breakdown::Cause;
use napkin::estimate::metric::METRICS;
use napkin::estimate::{Model, Run, Scenario, estimate_scenario, sensitivity, spreads, verify};
use napkin::formula::distribution::{Latency, Moments};
use napkin::formula::queueing::{Mmc, allen_cunneen_wait};
use napkin::formula::variability::Variability;
use napkin::report::explain::{tree, wanted};
use napkin::source::Sources;
use napkin::study::plan::{Loss, plan};
use proptest::prelude::*;

use crate::{at, yaml_files};

fn analysis(text: &str) -> Analysis {
    let mut sources = Sources::new();
    let id = sources.add("test", text);
    let found = analyse(&sources, id, &Catalog::new(), &[], None);
    assert!(found.is_usable(), "{:?}", found.diagnostics);
    found
}

fn figure(analysis: &Analysis, path: &str) -> Option<f64> {
    wanted(path, analysis).unwrap().value(analysis)
}

fn close(value: f64, expected: f64, relative: f64) {
    assert!((value / expected - 1.0).abs() <= relative, "{value} is not {expected}");
}

fn shipped() -> Vec<(String, Sources, Analysis)> {
    let mut list = Vec::new();
    for path in yaml_files("specs") {
        let mut sources = Sources::new();
        let id = sources.add(path.display().to_string(), std::fs::read_to_string(&path).unwrap());
        let found = analyse(&sources, id, &Catalog::new(), &[], None);
        list.push((path.display().to_string(), sources, found));
    }
    list
}

#[test]
fn every_figure_of_every_shipped_spec_explains_itself() {
    for (path, sources, found) in shipped() {
        for metric in METRICS {
            for index in 0..metric.count(&found.graph) {
                let owner = match metric.target.name() {
                    "component" => found.graph.components[index].name.clone(),
                    "flow" => found.graph.flows[index].name.clone(),
                    "data" => found.graph.data[index].name.clone(),
                    "system" => "system".to_owned(),
                    _ => continue,
                };
                let value = metric.value(&found.estimate, index);
                // A sum of nothing has no parts, and depth and shards are counted rather than computed.
                if value.is_none_or(|value| value == 0.0)
                    || ["depth", "total_copies", "failures_tolerated"].contains(&metric.key)
                {
                    continue;
                }
                let name = format!("{owner}.{}", metric.key);
                // A flow and a component may share a name; then the component's figure is meant.
                let Ok(meant) = wanted(&name, &found) else { continue };
                if !std::ptr::eq(meant.metric, metric) {
                    continue;
                }
                let text = tree(&meant, &found, &sources);
                assert!(text.lines().count() >= 3, "{path}: {name} says no more than\n{text}");
            }
        }
    }
}

#[test]
fn no_shipped_estimate_contradicts_itself() {
    let catalog = Catalog::new();
    for (path, _, found) in shipped() {
        assert!(found.diagnostics.iter().all(|d| d.code != "self-check"), "{path}");
        let mut states = vec![Scenario { scale: 10.0, ..Scenario::default() }];
        states
            .extend((0..found.graph.zones.len()).map(|zone| Scenario { zones: [zone].into(), ..Scenario::default() }));
        states.extend(
            (0..found.graph.components.len()).map(|c| Scenario { components: [c].into(), ..Scenario::default() }),
        );
        for state in states {
            let figures = estimate_scenario(&found.graph, &found.structure, &catalog, &state);
            let run = Run::new((&found.graph, &found.structure, &catalog), &|input| input.value, &state);
            assert_eq!(verify(&run, &figures), Vec::<String>::new(), "{path} in {state:?}");
        }
    }
}

/// A service behind a balancer, with a store.
fn design(rate: f64, replicas: u32, service_ms: f64, hit: f64) -> String {
    format!(
        "napkin: 1\ncomponents:\n  users: client\n  api: {{ is: service, replicas: {replicas}, cores: 2, service_time: {service_ms} ms }}\n  kv: {{ is: cache, replicas: 1, hit: {hit}, latency: 1 ms, throughput: 100k /s }}\n  db: {{ is: database, replicas: 1, latency: 5 ms, throughput: 20k /s }}\nflows:\n  f: {{ rate: {rate} /s, steps: [users -> api, api -> kv.get, api -> db.read if miss(kv)] }}\n"
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn more_replicas_never_raise_utilisation_and_more_load_never_lowers_latency(
        rate in 1.0..2000.0_f64, replicas in 1..40_u32, service in 0.5..20.0_f64, hit in 0.0..1.0_f64,
    ) {
        let few = analysis(&design(rate, replicas, service, hit));
        let more = analysis(&design(rate, replicas + 1, service, hit));
        let busier = analysis(&design(rate * 1.1, replicas, service, hit));
        let used = |a: &Analysis| figure(a, "api.utilization").unwrap();
        prop_assert!(used(&more) <= used(&few));
        prop_assert!(used(&busier) >= used(&few));
        for key in ["f.p50", "f.p95", "f.p99", "f.p999", "f.mean"] {
            let (calm, busy) = (figure(&few, key), figure(&busier, key));
            if let (Some(calm), Some(busy)) = (calm, busy) {
                prop_assert!(busy >= calm * (1.0 - 1e-3), "{key}: {calm} {busy}");
            }
            // An overloaded system has no latency; a calmer one of the same kind may.
            prop_assert!(calm.is_some() || busy.is_none());
        }
    }

    #[test]
    fn units_never_change_a_result(rate in 1.0..500.0_f64, service in 1.0..9.0_f64) {
        let one = design(rate, 8, service, 0.9);
        let two = one
            .replace(&format!("{rate} /s"), &format!("{} /day", rate * 86_400.0))
            .replace(&format!("{service} ms"), &format!("{} us", service * 1000.0));
        let (a, b) = (analysis(&one), analysis(&two));
        for key in ["api.utilization", "f.p99", "f.mean", "db.peak_rate", "f.availability"] {
            let (x, y) = (figure(&a, key).unwrap(), figure(&b, key).unwrap());
            prop_assert!((x / y - 1.0).abs() < 1e-9, "{key}: {x} {y}");
        }
    }

    #[test]
    fn variable_service_waits_longer(rate in 10.0..90.0_f64, cv in 0.0..4.0_f64) {
        let spec = |cv: f64| format!("napkin: 1\ncomponents: {{ users: client, s: {{ is: service, replicas: 1, service_time: {{ mean: 10 ms, cv: {cv} }} }} }}\nflows: {{ f: {{ rate: {rate} /s, steps: [users -> s] }} }}\n");
        let (a, b) = (analysis(&spec(cv)), analysis(&spec(cv + 0.5)));
        prop_assert!(figure(&b, "s.wait").unwrap() > figure(&a, "s.wait").unwrap());
        // Pollaczek and Khinchine's mean is exact for one server.
        let exact = napkin::formula::queueing::mg1_wait(rate, 0.01, cv * cv).unwrap();
        prop_assert!((figure(&a, "s.wait").unwrap() / exact - 1.0).abs() < 1e-9);
    }
}

#[test]
fn shares_of_variance_are_those_of_a_linear_model() {
    // y = a + 2b with equal normal spreads: 20 % and 80 % (19 and 78 % for ranks), nothing in combination.
    let found = analysis(
        "napkin: 1\nassume: { a: \"normal(100, 5)\", b: \"normal(100, 5)\", c: 7, y: a + 2 * b + c }\ncomponents: { u: client, s: service }\nflows: { f: { rate: y * 1 /s, steps: [u -> s] } }\n",
    );
    let catalog = Catalog::new();
    let model = Model { graph: &found.graph, structure: &found.structure, catalog: &catalog };
    let meant = wanted("f.peak_rate", &found).unwrap();
    let outcome = sensitivity(&model, meant.metric, meant.index, 1, 8000);
    let effect = |name: &str| outcome.effects.iter().find(|effect| effect.name == name).unwrap();
    assert!((effect("a").share - 0.195).abs() < 0.03, "{}", effect("a").share);
    assert!((effect("b").share - 0.785).abs() < 0.03, "{}", effect("b").share);
    assert_eq!((effect("c").share, effect("c").ends), (0.0, None));
    close(effect("a").halved.unwrap(), 50.0 + 200.0 + 7.0, 1e-9);
    close(effect("b").doubled.unwrap(), 100.0 + 400.0 + 7.0, 1e-9);
    close(effect("c").doubled.unwrap(), 314.0, 1e-9);
    let (low, high) = effect("b").ends.unwrap();
    close(high - low, 2.0 * 2.0 * 5.0 * 1.644_853_6, 1e-6);
}

#[test]
fn chances_of_objectives_follow_the_spread() {
    // Utilisation is the rate over 100 /s; the flow has a latency below 100 /s only, and p99 = ln(100) / (100 − rate).
    let found = analysis(
        "napkin: 1\nassume: { load: \"uniform(0, 100)\" }\ncomponents: { u: client, s: { is: service, replicas: 1, service_time: 10 ms } }\nflows: { f: { rate: load * 1 /s, slo: { p99: 115.13 ms }, steps: [u -> s] } }\n",
    );
    let catalog = Catalog::new();
    let model = Model { graph: &found.graph, structure: &found.structure, catalog: &catalog };
    let outcome = spreads(&model, &Scenario::default(), 1, 4000);
    // 4.605 / (100 − rate) = 115.13 ms at 60 /s.
    let chance = outcome.chances[0].1.unwrap();
    assert!((chance - 0.6).abs() < 0.005, "{chance}");
}

#[test]
fn retries_settle_where_load_and_timeouts_agree() {
    let spec = |rate: f64| {
        format!(
            "napkin: 1\ncomponents:\n  a: {{ is: service, replicas: 50, service_time: 1 us, cores: 8 }}\n  users: client\n  db: {{ is: database, replicas: 1, service_time: 10 ms }}\nflows:\n  f: {{ rate: {rate} /s, steps: [users -> a, {{ call: a -> db.read, timeout: 50 ms, retries: 2 }}] }}\n"
        )
    };
    let found = analysis(&spec(50.0));
    // An independent fixed point: M/M/1 behind a constant round trip of 0.25 ms.
    let (mut load, mut attempts) = (50.0, 1.0);
    for _ in 0..1000 {
        let late = (-(100.0 - load) * (0.05_f64 - 0.000_25)).exp();
        attempts = 1.0 + late + late * late;
        load = 50.0 * attempts;
    }
    close(figure(&found, "db.peak_rate").unwrap(), load, 1e-4);
    close(figure(&found, "db.peak_retries").unwrap(), 50.0 * (attempts - 1.0), 1e-3);
    let late: f64 = (-(100.0 - load) * (0.05_f64 - 0.000_25)).exp();
    close(figure(&found, "f.late").unwrap(), late.powi(3), 1e-3);
    // A little more, and no load agrees with the timeouts it causes: the storm takes everything down.
    let storm = analysis(&spec(75.0));
    assert!(figure(&storm, "db.utilization").unwrap() > 2.0);
    assert_eq!(figure(&storm, "f.p99"), None);
    let patient = analysis(&spec(75.0).replace("retries: 2", "retries: 0"));
    close(figure(&patient, "db.utilization").unwrap(), 0.75, 1e-9);
}

/// Marsaglia's xorshift, so that every run sees the same numbers.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * self.uniform().ln()
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// Waits of an M/G/c queue, first come first served, by the recursion of Kiefer and Wolfowitz.
fn simulated(random: &mut Random, rate: f64, servers: usize, service: impl Fn(&mut Random) -> f64) -> (f64, Vec<f64>) {
    let runs = 1_000_000;
    let mut free = vec![0.0_f64; servers];
    let (mut now, mut waits, mut responses) = (0.0, 0.0, Vec::with_capacity(runs));
    for run in 0..runs + 20_000 {
        now += random.exponential(1.0 / rate);
        let first = (0..servers).min_by(|a, b| free[*a].total_cmp(&free[*b])).unwrap();
        let start = free[first].max(now);
        let time = service(random);
        free[first] = start + time;
        if run >= 20_000 {
            waits += start - now;
            responses.push(start + time - now);
        }
    }
    responses.sort_by(f64::total_cmp);
    (waits / runs as f64, responses)
}

/// What is stated about M/G/c in `docs/models.md`: the mean wait and the percentiles of the response.
#[test]
fn general_service_times_match_simulation() {
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    let sigma = 1.0_f64;
    let mean_of = (sigma * sigma / 2.0_f64).exp();
    let mut worst = [0.0_f64; 3];
    for (servers, used) in [(1, 0.5), (1, 0.8), (4, 0.7), (4, 0.85), (16, 0.8)] {
        let rate = servers as f64 * used;
        for shape in [Variability::gamma(0.0), Variability::EXPONENTIAL, Variability::lognormal(sigma)] {
            let (wait, responses) = match shape.scv {
                0.0 => simulated(&mut random, rate, servers, |_| 1.0),
                1.0 => simulated(&mut random, rate, servers, |random| random.exponential(1.0)),
                _ => simulated(&mut random, rate, servers, |random| (sigma * random.normal()).exp() / mean_of),
            };
            let stretch = (1.0 + shape.scv) / 2.0;
            let queue = Mmc::new(rate, 1.0, servers as u64).unwrap();
            let ours = allen_cunneen_wait(rate, 1.0, servers as u64, 1.0, shape.scv).unwrap();
            close(queue.mean_wait() * stretch, ours, 1e-12);
            // Where waits are short against the service an error of theirs doesn't show.
            worst[0] = worst[0].max((ours - wait).abs() / (1.0 + wait));
            let waits = shape.conditional_wait(1.0, servers as f64, used);
            close(queue.wait_probability() * waits.mean, ours, 1e-9);
            let waits = Latency::new(waits).with_probability(queue.wait_probability());
            let response = shape.latency(1.0).sequence(&waits);
            for (p, slot) in [(0.5, 1), (0.95, 2), (0.99, 2)] {
                let exact = responses[(p * responses.len() as f64) as usize];
                worst[slot] = worst[slot].max((response.percentile(p) / exact - 1.0).abs());
            }
        }
    }
    assert!(worst[0] < 0.03 && worst[1] < 0.15 && worst[2] < 0.08, "{worst:?}");
}

#[test]
fn attempts_with_timeouts_match_simulation() {
    let found = analysis(
        "napkin: 1\ncomponents:\n  a: { is: service, replicas: 50, service_time: 1 us, cores: 8 }\n  users: client\n  db: { is: database, replicas: 1, latency: 20 ms, throughput: 1bn /s }\nflows:\n  f: { rate: 10 /s, steps: [users -> a, { call: a -> db.read, timeout: 50 ms, retries: 3, backoff: fixed, backoff_base: 10 ms }] }\n",
    );
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut times = Vec::new();
    for _ in 0..400_000 {
        let (mut time, mut done) = (0.0, false);
        for attempt in 0..4 {
            let one = 0.000_25 + random.exponential(0.02);
            if attempt > 0 {
                time += 0.01;
            }
            if one <= 0.05 {
                time += one;
                done = true;
                break;
            }
            time += 0.05;
        }
        if done {
            times.push(time + random.exponential(1e-6));
        }
    }
    times.sort_by(f64::total_cmp);
    for (p, key, within) in
        [(0.5, "f.p50", 0.06), (0.95, "f.p95", 0.03), (0.99, "f.p99", 0.03), (0.999, "f.p999", 0.04)]
    {
        close(figure(&found, key).unwrap(), times[(p * times.len() as f64) as usize], within);
    }
    // All four attempts are late: e^(−4 · 49.75 ms / 20 ms).
    close(figure(&found, "f.late").unwrap(), (-4.0 * 49.75 / 20.0_f64).exp(), 1e-6);
}

#[test]
fn a_hedged_call_is_the_quicker_of_two() {
    let spec = |hedge: &str| {
        format!(
            "napkin: 1\ncomponents:\n  a: {{ is: service, replicas: 50, service_time: 1 us, cores: 8 }}\n  users: client\n  db: {{ is: database, replicas: 1, latency: 20 ms, throughput: 1bn /s }}\nflows:\n  f: {{ rate: 100 /s, steps: [users -> a, {{ call: a -> db.read {hedge} }}] }}\n"
        )
    };
    let (plain, hedged) = (analysis(&spec("")), analysis(&spec(", hedge: 40 ms")));
    // Both calls take 0.25 ms and an exponential 20 ms: P(T > t) = F(t) F(t − 40 ms) beyond the delay.
    let begun = (-(40.0 - 0.25) / 20.0_f64).exp();
    close(figure(&hedged, "db.peak_rate").unwrap(), 100.0 * (1.0 + begun), 1e-6);
    let tail = |t: f64| (-(t - 0.000_25) / 0.02).exp() * (-((t - 0.040_25) / 0.02).max(0.0)).exp();
    let p99 = figure(&hedged, "f.p99").unwrap();
    assert!((tail(p99) - 0.01).abs() < 0.0008, "{}", tail(p99));
    assert!(p99 < 0.8 * figure(&plain, "f.p99").unwrap());
}

#[test]
fn finite_queues_refuse_what_the_chain_says() {
    let found = analysis(
        "napkin: 1\ncomponents: { users: client, s: { is: service, replicas: 1, cores: 4, service_time: 40 ms, queue_limit: 16 } }\nflows: { f: { rate: 120 /s, steps: [users -> s] } }\n",
    );
    close(figure(&found, "s.refused").unwrap(), 0.171_910_3, 1e-6);
    close(figure(&found, "f.mean").unwrap(), 0.156_986, 1e-4);
    close(figure(&found, "f.late").unwrap(), 0.171_910_3, 1e-6);
}

#[test]
fn plans_meet_what_they_promise_and_nothing_smaller_does() {
    let catalog = Catalog::new();
    for name in ["url-shortener", "news-feed", "search", "rate-limiter", "notification"] {
        let mut sources = Sources::new();
        let text = std::fs::read_to_string(at(&format!("specs/{name}.yaml"))).unwrap();
        let id = sources.add(name, text);
        let planned = plan(analyse(&sources, id, &catalog, &[], None), &catalog, Loss::Zone, false);
        let nodes = |keys: &str| ["replicas", "autoscale.max", "replication.replicas", "shards"].contains(&keys);
        let mut settings = Vec::new();
        for size in planned.sizes.iter().filter(|size| nodes(size.key)) {
            let value = sources.add("--set", format!("{}", size.planned));
            settings.push((format!("{}.{}", size.component, size.key), value));
        }
        let found = ask(&sources, id, &catalog, Question { changes: &settings, ..Question::default() });
        assert!(found.is_usable(), "{:?}", found.diagnostics);
        let again = plan(
            ask(&sources, id, &catalog, Question { changes: &settings, ..Question::default() }),
            &catalog,
            Loss::Zone,
            false,
        );
        assert_eq!(planned.unmet, again.unmet, "{name}");
        for size in again.sizes.iter().filter(|size| nodes(size.key)) {
            assert_eq!(size.today.unwrap_or(1.0), size.planned, "{name}: {} {}", size.component, size.key);
        }
        for figures in &found.estimate.components {
            let target = figures.processor.map_or(0.0, |(load, servers)| load / servers);
            assert!(target <= 0.7 + 1e-9, "{name}: {target}");
        }
    }
}

#[test]
fn measurements_give_the_law_and_its_peak() {
    let found = analysis(
        "napkin: 1\ncomponents: { users: client, s: { is: service, replicas: 4, measured: [{ nodes: 1, throughput: 1000 /s }, { nodes: 2, throughput: 1886.8 /s }, { nodes: 4, throughput: 3076.9 /s }, { nodes: 6, throughput: 3529.4 /s }, { nodes: 8, throughput: 3539.8 /s }, { nodes: 10, throughput: 3355.7 /s }] } }\nflows: { f: { rate: 1538.45 /s, steps: [users -> s] } }\n",
    );
    close(figure(&found, "s.scaling_peak").unwrap(), 7.0, 5e-3);
    close(figure(&found, "s.utilization").unwrap(), 0.5, 1e-3);
}

#[test]
fn a_cache_is_modelled_from_its_memory() {
    let spec = |memory: &str| {
        format!(
            "napkin: 1\ncomponents: {{ users: client, s: {{ is: service, replicas: 1 }}, kv: {{ is: cache, replicas: 2, items: 10000, item: 1 KB, popularity: 0.8, memory: {memory}, wanted_hit: 43.666 % }}, db: {{ is: database, replicas: 1 }} }}\nflows: {{ f: {{ rate: 1000 /s, steps: [users -> s, s -> kv.get, s -> db.read if miss(kv)] }} }}\n"
        )
    };
    let found = analysis(&spec("500 KB"));
    close(figure(&found, "kv.hit_ratio").unwrap(), 0.436_66, 1e-5);
    close(figure(&found, "db.peak_rate").unwrap(), 1000.0 * (1.0 - 0.436_66), 1e-5);
    close(figure(&found, "db.cold_rate").unwrap(), 1000.0, 1e-9);
    close(figure(&found, "kv.memory_for_hit").unwrap(), 1e6, 1e-3);
}

#[test]
fn costs_add_up() {
    let found = analysis(
        "napkin: 1\ncomponents:\n  users: client\n  api: { is: service, replicas: 3, price: $100 /month, license: $10 /month, logs: { per_request: 1 KB } }\n  s3: { uses: s3 }\nflows:\n  get: { rate: 1M /day, steps: [users -> api <- 10 KB, api -> s3.read 10 KB] }\n  put: { rate: 100k /day, peak: 2x, steps: [users -> api 10 KB, api -> s3.write 10 KB] }\ndata:\n  d: { in: s3, record: 10 KB, added: 100k /day, keep: 1 year }\n",
    );
    let month = 730.0 * 3600.0;
    let days = 365.0 / 12.0;
    let egress = 1e6 * days * 1e4 / 1e9 * 0.1;
    let logs = 1.1e6 * days * 1e3 / 1e9 * 0.5;
    close(figure(&found, "api.cost").unwrap() * month, 330.0 + egress + logs, 1e-9);
    let requests = 1e6 * days * 0.4e-6 + 1e5 * days * 5e-6;
    let storage = 1e5 * 365.0 * 1e4 / 1e9 * 0.02;
    close(figure(&found, "s3.cost").unwrap() * month, requests + storage, 1e-9);
    close(
        figure(&found, "cost").unwrap(),
        figure(&found, "api.cost").unwrap() + figure(&found, "s3.cost").unwrap(),
        1e-12,
    );
    let flows = figure(&found, "get.cost").unwrap() + figure(&found, "put.cost").unwrap();
    close(flows, figure(&found, "cost").unwrap(), 1e-9);
}

#[test]
fn light_sets_the_floor_between_regions() {
    let spec = |rtt: &str| {
        format!(
            "napkin: 1\nregions:\n  us: {{ zones: [a], at: [39.0, -77.5] {rtt} }}\n  eu: {{ zones: [b], at: [53.3, -6.3] }}\ncomponents: {{ x: {{ is: service, replicas: 1, region: us, service_time: 1 us }}, y: {{ is: service, replicas: 1, region: eu, service_time: 1 us }}, u: {{ is: client, location: local }} }}\nflows: {{ f: {{ rate: 1 /s, steps: [u -> x -> y] }} }}\n"
        )
    };
    let found = analysis(&spec(""));
    let km = napkin::formula::network::great_circle(39.0, -77.5, 53.3, -6.3).unwrap();
    let between = figure(&found, "f.mean").unwrap() - 0.000_25;
    close(between, 2.0 * km / 2e5 * 1.75, 1e-3);
    let mut sources = Sources::new();
    let id = sources.add("test", spec(", rtt: { eu: 20 ms }"));
    let wrong = analyse(&sources, id, &Catalog::new(), &[], None);
    assert!(wrong.diagnostics.iter().any(|d| d.code == "faster-than-light"));
}

#[test]
fn new_connections_take_their_round_trips() {
    let spec = |step: &str| {
        format!(
            "napkin: 1\ncomponents: {{ u: {{ is: client, rtt: 100 ms }}, s: {{ is: service, replicas: 1, service_time: 1 us }} }}\nflows: {{ f: {{ rate: 1 /s, steps: [{{ call: u -> s {step} }}] }} }}\n"
        )
    };
    let mean = |step: &str| figure(&analysis(&spec(step)), "f.mean").unwrap();
    close(mean(""), 0.1, 1e-4);
    for (step, trips) in [
        (", new_connections: 1, tls: 1.3", 3.0),
        (", new_connections: 1, tls: 1.2", 4.0),
        (", new_connections: 1, tls: 1.2, resumed: 1", 3.0),
        (", new_connections: 1, protocol: http3", 2.0),
        (", new_connections: 1, protocol: http3, resumed: 1", 1.0),
        (", new_connections: 1, tls: none", 2.0),
        (", new_connections: 0.5, tls: 1.3", 2.0),
        (", new_connections: 1, tls: 1.3, response: 100 KB", 5.0),
    ] {
        close(mean(step), trips * 0.1, 1e-3);
    }
}

#[test]
fn moments_of_a_mixture_are_those_of_its_parts() {
    let parts = [(0.5, Latency::new(Moments::exponential(1.0))), (0.5, Latency::constant(3.0))];
    close(Latency::mixture(&parts).mean(), 2.0, 1e-12);
}

#[test]
fn connections_end_where_a_clients_own_requests_go() {
    let found = analysis(
        "napkin: 1\ncomponents: { phones: { is: client, connections: 1000, heartbeat: 10 s }, web: client, lb: { is: load-balancer, replicas: 2 }, chat: { is: service, replicas: 1 }, shop: { is: service, replicas: 1 } }\nflows: { a: { rate: 1 /s, steps: [phones -> lb -> chat] }, b: { rate: 1 /s, steps: [web -> lb -> shop] } }\n",
    );
    assert_eq!(figure(&found, "lb.open_connections"), Some(1000.0));
    assert_eq!(figure(&found, "chat.heartbeat_rate"), Some(100.0));
    assert_eq!(figure(&found, "shop.open_connections"), None);
}

#[test]
fn the_error_budget_is_spent_by_whoever_fails() {
    let spec = "napkin: 1\ncomponents: { u: client, a: { is: service, availability: 99.9 % }, b: { is: service, availability: 99.97 % }, c: { is: service, availability: 90 % } }\nflows: { f: { rate: 1 /s, slo: { availability: 99.9 % }, steps: [u -> a, a -> b, { call: a -> c, optional: true }] } }\n";
    let mut sources = Sources::new();
    let id = sources.add("test", spec);
    let found = analyse(&sources, id, &Catalog::new(), &[], None);
    let (catalog, scenario) = (Catalog::new(), Scenario::default());
    let run = Run::new((&found.graph, &found.structure, &catalog), &|input| input.value, &scenario);
    let spent = &napkin::estimate::spenders(&run)[0];
    // 1 − 0.999 · 0.9997 = 0.0012997; without a 0.0003 remain, without b 0.001. The optional call spends nothing.
    assert_eq!(spent.iter().map(|(cause, _)| *cause).collect::<Vec<_>>(), [1, 2].map(Cause::Component));
    close(spent[0].1, (0.001_299_7 - 0.000_3) / 0.001_299_7, 1e-9);
    close(spent[1].1, (0.001_299_7 - 0.001) / 0.001_299_7, 1e-9);
    close(figure(&found, "f.error_budget").unwrap(), 43.2 * 60.0, 1e-9);
    close(figure(&found, "f.budget_spent").unwrap(), 1.2997, 1e-9);
    let text = tree(&wanted("f.error_budget", &found).unwrap(), &found, &sources);
    assert!(
        text.contains("burn rate 14.4") && text.contains("burn rate 6)") && text.contains("burn rate 1)"),
        "{text}"
    );
}

#[test]
fn a_cache_with_room_for_all_hits_as_long_as_entries_live() {
    let spec = |more: &str| {
        format!(
            "napkin: 1\ncomponents: {{ users: client, s: {{ is: service, replicas: 1 }}, kv: {{ is: cache, replicas: 2, items: 1, popularity: 1, ttl: 1 s {more} }}, db: {{ is: database, replicas: 1 }} }}\nflows: {{ f: {{ rate: 5 /s, peak: 2x, steps: [users -> s, s -> kv.get, s -> db.read if miss(kv)] }} }}\n"
        )
    };
    // One item at 10/s that lives a second: λT / (1 + λT).
    close(figure(&analysis(&spec("")), "kv.hit_ratio").unwrap(), 10.0 / 11.0, 1e-12);
    close(figure(&analysis(&spec("")), "db.peak_rate").unwrap(), 10.0 / 11.0, 1e-9);
    close(figure(&analysis(&spec(", hit: 50 %")), "kv.hit_ratio").unwrap(), 0.5, 1e-12);
}
