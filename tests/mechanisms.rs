//! Each thing that a simulation does, against a queue or an argument with a known answer.

use std::sync::atomic::AtomicUsize;

use napkin::analysis::Analysis;
use napkin::catalog::Catalog;
use napkin::estimate::{Run, Scenario, blueprint};
use napkin::formula::queueing::{Mmc, erlang_b};
use napkin::simulate::{Extent, Load, Outcome, Results, Settings, fault, simulate};

use crate::simulations::analysis;

/// A simulation that ends after so many requests.
pub(crate) fn run(found: &Analysis, requests: usize) -> Results {
    with(found, Settings { seed: 1, runs: 10, extent: Extent::Requests(requests), load: Load::Peak })
}

fn with(found: &Analysis, settings: Settings) -> Results {
    let (catalog, scenario) = (Catalog::new(), Scenario::default());
    let plan = blueprint(&Run::new((&found.graph, &found.structure, &catalog), &|input| input.value, &scenario));
    simulate(&found.graph, &plan, &settings, &AtomicUsize::new(0))
}

/// A simulation of some seconds with faults, in windows of a second.
pub(crate) fn over(found: &Analysis, seconds: usize, load: Load, faults: &[&str]) -> Results {
    let faults = faults.iter().map(|text| fault(text, &found.graph, 10.0).unwrap()).collect();
    let extent = Extent::Time { warm: 5.0, duration: seconds as f64, windows: seconds, faults };
    with(found, Settings { seed: 1, runs: 4, extent, load })
}

pub(crate) fn spec(components: &str, flow: &str) -> Analysis {
    analysis(
        "mechanism",
        &format!("napkin: 1\ncomponents:\n  users: {{ is: client, rtt: 0 s }}\n{components}\nflows:\n  f: {flow}\n"),
    )
}

pub(crate) fn at(found: &Analysis, name: &str) -> usize {
    found.graph.component(name).unwrap()
}

pub(crate) fn close(value: f64, expected: f64, within: f64) {
    assert!((value / expected - 1.0).abs() < within, "{value} is not {expected}");
}

#[test]
fn two_random_choices_are_as_quick_as_mitzenmacher_says() {
    // Mean time at 90 % in a large system: Σ λ^(2^i − 2), 2.6141 services (Mitzenmacher 1996); 300 nodes are near enough.
    let found = spec(
        "  lb: { is: load-balancer, algorithm: two-choices, latency: 0 s, throughput: 1T /s, replicas: 1 }\n  s: { is: service, replicas: 300, service_time: 1 s, rtt: 0 s }",
        "{ rate: 270 /s, steps: [users -> lb, lb -> s] }",
    );
    let mean = run(&found, 600_000).flows[0].mean.unwrap();
    close(mean.value, 2.6141, 0.02);
}

#[test]
fn taking_turns_makes_arrivals_regular_and_the_shortest_queue_beats_both() {
    let balanced = |algorithm: &str| {
        let found = spec(
            &format!(
                "  lb: {{ is: load-balancer, algorithm: {algorithm}, latency: 0 s, throughput: 1T /s, replicas: 1 }}\n  s: {{ is: service, replicas: 2, service_time: 1 s }}"
            ),
            "{ rate: 1.6 /s, steps: [users -> lb, lb -> s] }",
        );
        run(&found, 400_000).flows[0].mean.unwrap().value
    };
    // Each node sees every second arrival: E2/M/1, whose wait is σ/(1 − σ) services with σ = (1.6/(1.6 + 1 − σ))².
    let mut sigma: f64 = 0.5;
    for _ in 0..200 {
        sigma = (1.6 / (1.6 + 1.0 - sigma)).powi(2);
    }
    let turns = balanced("round-robin");
    close(turns, 1.0 / (1.0 - sigma), 0.02);
    close(balanced("random"), 5.0, 0.03);
    // Hashing of 10,000 clients is nearly random; the shortest of two queues lies between one common queue and taking turns.
    close(balanced("ip-hash"), 5.0, 0.06);
    close(balanced("consistent-hash"), 5.0, 0.06);
    let shortest = balanced("least-connections");
    let common = Mmc::new(1.6, 1.0, 2).unwrap().mean_response();
    assert!(shortest > common && shortest < turns, "{common} {shortest} {turns}");
}

#[test]
fn a_slow_node_gets_less_where_it_is_noticed() {
    let slow = |algorithm: &str| {
        let found = spec(
            &format!(
                "  lb: {{ is: load-balancer, algorithm: {algorithm}, latency: 0 s, throughput: 1T /s, replicas: 1 }}\n  s: {{ is: service, replicas: 4, cores: 50, service_time: 100 ms }}"
            ),
            "{ rate: 100 /s, steps: [users -> lb, lb -> s] }",
        );
        let results = over(&found, 30, Load::Peak, &["at 10 s latency node:s x10"]);
        results.timeline.unwrap().flows[20..].iter().map(|flows| flows[0].p95.unwrap().value).sum::<f64>() / 10.0
    };
    // A quarter of the requests takes a second on average: 5 % take more than 1.6 s. Least connections sends one in 31 there,
    // as the slow node's queue is as long as the others'.
    close(slow("random"), 1.0 * 5f64.ln(), 0.1);
    let (connections, response) = (slow("least-connections"), slow("least-response-time"));
    assert!(connections < 0.8 && response < 0.6, "{connections} {response}");
}

#[test]
fn threads_held_downstream_queue_as_servers_do() {
    // Four threads that are held for 40 ms on average: M/M/4 at 80 /s of 40 ms, although no processor is busy.
    let found = spec(
        "  s: { is: service, replicas: 1, cores: 100, service_time: 1 us, threads: 4 }\n  x: { is: external, latency: 39.74 ms }",
        "{ rate: 80 /s, steps: [users -> s -> x] }",
    );
    let expected = Mmc::new(80.0, 0.04, 4).unwrap();
    let results = run(&found, 400_000);
    close(results.flows[0].mean.unwrap().value, expected.mean_response(), 0.03);
    close(results.flows[0].p95.unwrap().value, expected.response_percentile(0.95).unwrap(), 0.03);
}

#[test]
fn pools_make_callers_wait_and_bulkheads_turn_them_away() {
    let found = spec(
        "  s: { is: service, replicas: 1, cores: 100, service_time: 1 us, pool: 4 }\n  db: { is: database, latency: 39.74 ms }",
        "{ rate: 80 /s, steps: [users -> s -> db.read] }",
    );
    close(run(&found, 400_000).flows[0].mean.unwrap().value, Mmc::new(80.0, 0.04, 4).unwrap().mean_response(), 0.02);
    // A bulkhead is a loss system.
    let found = spec(
        "  s: { is: service, replicas: 1, cores: 100, service_time: 1 us }\n  x: { is: external, latency: 40 ms }",
        "{ rate: 80 /s, steps: [users -> s, { call: s -> x, bulkhead: 4 }] }",
    );
    let results = run(&found, 400_000);
    close(results.flows[0].failed.value, erlang_b(4, 80.0 * 0.040_25), 0.03);
    close(
        results.stations[at(&found, "x")].failures.get("bulkhead").map_or(0.0, |rate| rate / 80.0),
        results.flows[0].failed.value,
        0.03,
    );
    // Who gives up waiting for a connection counts as failed.
    let found = spec(
        "  s: { is: service, replicas: 1, cores: 100, service_time: 1 us, pool: { size: 4, timeout: 10 ms } }\n  db: { is: database, latency: 49.74 ms }",
        "{ rate: 80 /s, steps: [users -> s -> db.read] }",
    );
    let results = run(&found, 100_000);
    assert!(results.flows[0].failed.value > 0.2 && results.stations[at(&found, "db")].failures.contains_key("pool"));
}

#[test]
fn hedged_calls_are_the_quicker_of_two() {
    // P(T > t) = e^(−t/S) up to the delay d, then e^(−t/S) e^(−(t−d)/S); a second call for e^(−d/S) of the first ones.
    let found = spec(
        "  s: { is: service, replicas: 1, cores: 100, service_time: 1 us }\n  x: { is: external, latency: 10 ms }",
        "{ rate: 100 /s, steps: [users -> s, { call: s -> x, hedge: 10.25 ms }] }",
    );
    let results = run(&found, 300_000);
    // The round trip of 0.25 ms comes before each.
    let begun = (-1.0_f64).exp();
    let tail = |t: f64| if t < 10.25 { (-t / 10.0).exp() } else { (-t / 10.0).exp() * (-(t - 10.25) / 10.0).exp() };
    let mean: f64 = (0..100_000).map(|i| tail(f64::from(i) * 0.01) * 0.01).sum();
    close(results.flows[0].mean.unwrap().value, (mean + 0.25) / 1000.0 + 1e-6, 0.02);
    close(results.stations[at(&found, "x")].rate, 100.0 * (1.0 + begun), 0.01);
}

#[test]
fn consumers_share_one_queue() {
    // 2 workers of 2 servers take from one queue: an M/M/4, not two M/M/2.
    let found = spec(
        "  q: { is: queue, latency: 1 ms, throughput: 1T /s, replicas: 1 }\n  w: { is: worker, replicas: 2, concurrency: 2, service_time: 40 ms }",
        "{ rate: 80 /s, steps: [users -> q.send, q ~> w] }",
    );
    let results = run(&found, 400_000);
    let worker = &results.stations[at(&found, "w")];
    close(worker.backlog.unwrap(), 80.0 * Mmc::new(80.0, 0.04, 4).unwrap().mean_wait(), 0.05);
    close(worker.busy.unwrap(), 0.8, 0.01);
}

#[test]
fn messages_that_fail_again_and_again_are_put_aside() {
    let found = spec(
        "  q: { is: queue, latency: 1 ms, throughput: 1T /s, replicas: 1, dead_letter: { to: graveyard, after: 3 } }\n  w: { is: worker, replicas: 2, concurrency: 20, service_time: 10 ms }",
        "{ rate: 100 /s, steps: [users -> q.send, q ~> w] }",
    );
    let results = over(&found, 40, Load::Peak, &["at 10 s errors w 50 % for 20 s"]);
    let (queue, worker) = (&results.stations[at(&found, "q")], &results.stations[at(&found, "w")]);
    // One of eight messages fails three times, for half of the time; 1 + 1/2 + 1/4 deliveries each.
    close(queue.dead, 100.0 * 0.125 / 2.0, 0.1);
    close(worker.rate, 100.0 * (0.5 + 0.5 * 1.75), 0.03);
}

#[test]
fn a_full_broker_refuses() {
    let found = spec(
        "  q: { is: queue, latency: 1 ms, throughput: 1T /s, replicas: 1, max_length: 50 }\n  w: { is: worker, replicas: 1, concurrency: 1, service_time: 20 ms }",
        "{ rate: 100 /s, steps: [users -> q.send, q ~> w] }",
    );
    let results = run(&found, 100_000);
    close(results.flows[0].failed.value, 0.5, 0.02);
    assert!(results.stations[at(&found, "w")].backlog.unwrap() < 50.0);
}

#[test]
fn limiters_let_through_what_they_say() {
    for algorithm in ["token-bucket", "leaky-bucket", "fixed-window", "sliding-window"] {
        let found = spec(
            &format!(
                "  s: {{ is: service, replicas: 1, cores: 100, service_time: 1 ms, rate_limit: {{ rate: 50 /s, burst: 5, algorithm: {algorithm} }} }}"
            ),
            "{ rate: 100 /s, steps: [users -> s] }",
        );
        let results = run(&found, 60_000);
        let through = 100.0 * (1.0 - results.flows[0].failed.value);
        assert!((47.0..=50.6).contains(&through), "{algorithm}: {through}");
        // Only a leaky bucket makes requests wait: up to its room of five, so nearly 4/50 s when there is too much.
        let mean = results.flows[0].mean.unwrap().value;
        assert_eq!(mean > 0.05, algorithm == "leaky-bucket", "{algorithm}: {mean}");
    }
}

#[test]
fn health_checks_take_a_dead_node_out_and_back() {
    let text = |check: &str| {
        spec(
            &format!(
                "  lb: {{ is: load-balancer, latency: 0 s, throughput: 1T /s, replicas: 1{check} }}\n  s: {{ is: service, replicas: 4, cores: 50, service_time: 10 ms }}"
            ),
            "{ rate: 400 /s, steps: [users -> lb, lb -> s] }",
        )
    };
    let failed = |found: &Analysis| {
        let results = over(found, 40, Load::Peak, &["at 10 s kill node:s for 20 s"]);
        let timeline = results.timeline.unwrap();
        timeline.flows.iter().map(|flows| flows[0].failed).sum::<f64>()
    };
    // A quarter fails: for all 20 s without a check, for 4 to 6 s with three probes 2 s apart.
    close(failed(&text("")), 0.25 * 20.0, 0.05);
    let checked = failed(&text(", health_check: { interval: 2 s, threshold: 3, mode: active }"));
    assert!((0.25 * 3.9..0.25 * 6.1).contains(&checked), "{checked}");
    // Watching real traffic sees it after three calls.
    let watched = failed(&text(", health_check: { interval: 30 s, threshold: 3, mode: passive }"));
    assert!(watched < 0.1, "{watched}");
}

#[test]
fn a_standby_takes_over_after_its_failover_time() {
    let found = spec(
        "  s: { is: service, replicas: 1, cores: 50, service_time: 1 ms }\n  db: { is: database, cores: 8, service_time: 1 ms, replication: { mode: async, replicas: 2, failover: automatic, failover_time: 7 s } }",
        "{ rate: 200 /s, steps: [users -> s -> db.write] }",
    );
    let results = over(&found, 40, Load::Peak, &["at 10 s kill node:db"]);
    let timeline = results.timeline.unwrap();
    let failing = timeline.flows.iter().map(|flows| flows[0].failed).sum::<f64>();
    close(failing, 7.0, 0.02);
    assert!(matches!(timeline.verdicts[0].outcome, Outcome::Adapted(after) if (6.5..8.5).contains(&after)));
    // By hand nothing happens until the fault is over.
    let manual = spec(
        "  s: { is: service, replicas: 1, cores: 50, service_time: 1 ms }\n  db: { is: database, cores: 8, service_time: 1 ms, replication: { mode: async, replicas: 2, failover: manual } }",
        "{ rate: 200 /s, steps: [users -> s -> db.write] }",
    );
    let results = over(&manual, 40, Load::Peak, &["at 10 s kill node:db for 20 s"]);
    close(results.timeline.unwrap().flows.iter().map(|flows| flows[0].failed).sum::<f64>(), 20.0, 0.02);
}

#[test]
fn what_hangs_costs_its_timeout_and_without_one_everything() {
    let text = |step: &str| {
        spec(
            "  s: { is: service, replicas: 1, cores: 50, service_time: 1 ms }\n  x: { is: external, latency: 1 ms }",
            &format!("{{ rate: 100 /s, steps: [users -> s, {step}] }}"),
        )
    };
    let results =
        over(&text("{ call: s -> x, timeout: 500 ms, optional: true }"), 30, Load::Peak, &["at 10 s hang x for 10 s"]);
    let timeline = results.timeline.unwrap();
    let slow = timeline.flows[15][0].p50.unwrap().value;
    assert!((0.49..0.52).contains(&slow) && timeline.flows.iter().all(|flows| flows[0].failed == 0.0), "{slow}");
    let results = over(&text("s -> x"), 30, Load::Peak, &["at 10 s hang x for 10 s"]);
    assert!(results.timeline.unwrap().flows[15][0].answered < 1.0);
}

#[test]
fn breakers_spare_the_callee_and_their_callers() {
    let text = |breaker: &str| {
        spec(
            "  s: { is: service, replicas: 1, cores: 50, service_time: 1 ms }\n  x: { is: external, latency: 1 ms }",
            &format!("{{ rate: 100 /s, steps: [users -> s, {{ call: s -> x, timeout: 1 s{breaker} }}] }}"),
        )
    };
    let (plain, guarded) = (text(""), text(", circuit_breaker: { calls: 20, open: 5 s, probes: 2 }"));
    let calls = |found: &Analysis| {
        let results = over(found, 40, Load::Peak, &["at 10 s hang x for 10 s"]);
        (results.stations[at(found, "x")].rate * 40.0, results)
    };
    let (without, _) = calls(&plain);
    let (with, results) = calls(&guarded);
    // It opens when the first twenty have timed out, 1.2 s into the fault, and closes with the first probes after it, 11 s later.
    assert!((1050.0..=1150.0).contains(&(without - with)), "{without} {with}");
    assert!(results.stations[at(&guarded, "x")].failures.contains_key("breaker"));
    assert!(matches!(results.timeline.unwrap().verdicts[0].outcome, Outcome::Recovered(after) if after <= 8.0));
}

#[test]
fn what_stands_on_something_gone_is_gone_and_a_fallback_helps_while_it_is_up() {
    let found = spec(
        "  s: { is: service, replicas: 1, cores: 50, service_time: 1 ms }\n  power: external\n  cloud: { is: external, depends_on: power }\n  pay: { is: service, replicas: 2, cores: 50, service_time: 1 ms, depends_on: cloud }\n  other: { is: external, latency: 1 ms }",
        "{ rate: 100 /s, steps: [users -> s, { call: s -> pay, fallback: other }, s -> other] }",
    );
    let failed = |faults: &[&str]| {
        let timeline = over(&found, 30, Load::Peak, faults).timeline.unwrap();
        timeline.flows.iter().map(|flows| flows[0].failed).sum::<f64>()
    };
    // The fallback answers while pay is gone for want of power; with the fallback gone, too, both calls fail.
    assert!(failed(&["at 10 s kill power for 10 s"]) < 1e-9);
    close(failed(&["at 10 s kill power for 10 s", "at 15 s kill other for 5 s"]), 5.0, 0.05);
    let results = over(&found, 30, Load::Peak, &["at 10 s kill power for 10 s"]);
    close(results.stations[at(&found, "pay")].failures["down"], 100.0 / 3.0, 0.05);
}

#[test]
fn nodes_follow_the_load() {
    let found = spec(
        "  s: { is: service, cores: 4, service_time: 100 ms, autoscale: { min: 2, max: 20 }, boot_time: 20 s, target_utilization: 50 % }",
        "{ rate: 60 /s, steps: [users -> s] }",
    );
    let results = over(&found, 800, Load::Average, &["at 60 s load x3"]);
    let timeline = results.timeline.unwrap();
    let servers = |second: usize| timeline.stations[second][at(&found, "s")].servers / 4.0;
    // 6 busy servers at 50 % need 3 nodes; 18 need 9, give or take its tolerance. While the queue drains it takes more.
    assert!((3.0..=4.0).contains(&servers(50)), "{}", servers(50));
    assert!((8.0..=10.5).contains(&servers(799)), "{}", servers(799));
    assert!(servers(200) > 9.0, "{}", servers(200));
    assert!(servers(70) < 3.5, "a node takes 20 s to start: {}", servers(70));
}

#[test]
fn one_fetches_for_all_where_the_cache_says_so() {
    let text = |stampede: &str| {
        spec(
            &format!(
                "  s: {{ is: service, replicas: 1, cores: 50, service_time: 1 us }}\n  c: {{ is: cache, replicas: 1, items: 1, popularity: 0, ttl: 1 s, latency: 0 s, throughput: 1T /s, stampede: {stampede} }}\n  db: {{ is: database, latency: {{ mean: 200 ms, cv: 0 }} }}"
            ),
            "{ rate: 100 /s, steps: [users -> s, s -> c.get, s -> db.read if miss(c)] }",
        )
    };
    let fetches = |stampede: &str| {
        let found = text(stampede);
        run(&found, 60_000).stations[at(&found, "db")].rate
    };
    // An entry lives for a second and takes 0.2 s to fetch: in each cycle 1 + 100 · 0.2 fetches, the last of which renews it
    // 0.2 s later than the first; or one.
    close(fetches("none"), 21.0 / 1.41, 0.05);
    close(fetches("single-flight"), 1.0 / 1.21, 0.05);
    close(fetches("background-refresh"), 1.0 / 1.21, 0.05);
}

#[test]
fn the_day_has_its_mean_and_its_peak() {
    let found = spec(
        "  s: { is: service, replicas: 4, cores: 4, service_time: 1 ms }",
        "{ rate: 300 /s, peak: 4x, steps: [users -> s] }",
    );
    let extent = Extent::Time { warm: 0.0, duration: 120.0, windows: 120, faults: Vec::new() };
    let results = with(&found, Settings { seed: 1, runs: 4, extent, load: Load::Day(120.0) });
    let timeline = results.timeline.unwrap();
    let offered: Vec<f64> = timeline.flows.iter().map(|flows| flows[0].offered).collect();
    close(offered.iter().sum::<f64>() / 120.0, 300.0, 0.01);
    close(offered[59], 1200.0, 0.05);
    assert!(offered[0] < 5.0 && timeline.verdicts.is_empty());
}

#[test]
fn a_day_with_a_sharp_peak_begins_with_no_requests_and_has_them_all_later() {
    let found = spec(
        "  s: { is: service, replicas: 4, cores: 4, service_time: 1 ms }",
        "{ rate: 30 /s, peak: 20x, steps: [users -> s] }",
    );
    let extent = Extent::Time { warm: 0.0, duration: 120.0, windows: 120, faults: Vec::new() };
    let results = with(&found, Settings { seed: 1, runs: 4, extent, load: Load::Day(120.0) });
    let offered: Vec<f64> = results.timeline.unwrap().flows.iter().map(|flows| flows[0].offered).collect();
    close(offered.iter().sum::<f64>() / 120.0, 30.0, 0.05);
    close(offered[59], 600.0, 0.1);
}

#[test]
fn bursty_and_regular_arrivals_wait_as_kingman_and_erlang_say() {
    let mean = |arrivals: &str| {
        let found = spec(
            "  s: { is: service, replicas: 1, service_time: 10 ms }",
            &format!("{{ rate: 80 /s, arrivals: {arrivals}, steps: [users -> s] }}"),
        );
        run(&found, 400_000).flows[0].mean.unwrap().value
    };
    // D/M/1: σ = e^(−(1 − σ)/0.8).
    let mut sigma: f64 = 0.5;
    for _ in 0..200 {
        sigma = (-(1.0 - sigma) / 0.8).exp();
    }
    close(mean("regular"), 0.01 / (1.0 - sigma), 0.02);
    // Gamma arrivals with cv 2: σ = (1 + θ(1 − σ)/S)^(−1/4) with θ = 4/λ.
    let mut sigma: f64 = 0.5;
    for _ in 0..500 {
        sigma = (1.0 + 4.0 / 0.8 * (1.0 - sigma)).powf(-0.25);
    }
    close(mean("{ cv: 2 }"), 0.01 / (1.0 - sigma), 0.04);
}

/// The shop of the README of metastable failures: the loss of its cache starts a storm of retries that outlives the loss.
const SHOP: &str = "  api: { is: service, replicas: 9, cores: 4, service_time: 4 ms }
  cache: { is: cache, replicas: 3, items: 20000, popularity: 0.9, ttl: 5 min, latency: 0.5 ms, throughput: 50k /s }
  db: { is: database, cores: 8, service_time: 10 ms, replicas: 1 }";

#[test]
fn a_storm_that_outlives_its_cause_is_named_and_a_pause_between_retries_ends_it() {
    let flow = |more: &str| {
        format!(
            "{{ rate: 1000 /s, steps: [users -> api, {{ call: api -> cache.get, timeout: 50 ms }}, {{ call: api -> db.read, if: miss(cache), timeout: 500 ms{more} }}] }}"
        )
    };
    let stormy = spec(SHOP, &flow(", retries: 3"));
    let results = over(&stormy, 120, Load::Peak, &["at 20 s kill cache for 10 s"]);
    let verdict = &results.timeline.as_ref().unwrap().verdicts[0];
    assert_eq!((verdict.outcome, verdict.runs), (Outcome::Metastable, 4));
    let (kept, before, after) = verdict.kept_by[0];
    assert_eq!(kept, at(&stormy, "db"));
    assert!(after.repeated > 0.6 && after.rate > 10.0 * before.rate && before.repeated < 0.01);
    // A breaker lets the store breathe, and the cache fills again.
    let guarded = spec(
        SHOP,
        &flow(", retries: 3, backoff: exponential-jitter, backoff_base: 1 s, circuit_breaker: { open: 3 s }"),
    );
    let results = over(&guarded, 120, Load::Peak, &["at 20 s kill cache for 10 s"]);
    let verdict = &results.timeline.as_ref().unwrap().verdicts[0];
    assert!(matches!(verdict.outcome, Outcome::Recovered(_)), "{:?}", verdict.outcome);
}

#[test]
fn the_same_seed_gives_the_same_windows() {
    let found = spec(SHOP, "{ rate: 500 /s, steps: [users -> api, api -> cache.get, api -> db.read if miss(cache)] }");
    let twice = [0, 1].map(|_| over(&found, 20, Load::Peak, &["at 8 s flush cache", "at 10 s latency db x3 for 2 s"]));
    let shown = twice.map(|results| format!("{:?}", results.timeline));
    assert_eq!(shown[0], shown[1]);
}

#[test]
fn faults_are_read_as_people_write_them() {
    let text = "napkin: 1\nregions: { eu: { zones: [a, b] } }\ncomponents: { users: client, api: { is: service, replicas: 4, zones: [a, b] }, cache: redis }\nflows: { view: { rate: 1 /s, steps: [users -> api -> cache.get] } }\n";
    let graph = &analysis("faults", text).graph;
    for good in [
        "at 60 s kill cache",
        "kill cache for 1h30m",
        "at 1 min 30 s cache down",
        "at 2 min zone a down for 90 s",
        "hang node:api",
        "kill 2 nodes of api",
        "a node of api down",
        "kill zone:eu/a",
        "region eu down",
        "at 0 s latency api x5 for 10 s",
        "latency api 5x",
        "latency api +200 ms",
        "latency node:api x10 for 1 min",
        "errors api 10 %",
        "load x3",
        "load view 2.5x for 1 min",
        "flush cache",
    ] {
        assert!(fault(good, graph, 60.0).is_ok(), "{good}: {:?}", fault(good, graph, 60.0));
    }
    let at_90 = fault("at 1 min 30 s cache down for 2 min", graph, 60.0).unwrap();
    assert_eq!((at_90.at, at_90.lasts, at_90.end()), (90.0, Some(120.0), Some(210.0)));
    for (bad, says) in [
        ("", "nothing is said to happen"),
        ("kill", "write for example"),
        ("kill cahe", "did you mean `cache`"),
        ("at noon kill cache", "a time is needed"),
        ("kill cache for a while", "a time is needed"),
        ("kill cache for 3 s or so", "is no time"),
        ("latency api fast", "is no factor"),
        ("errors api 120 %", "is no share"),
        ("load buy x2", "there is no flow `buy`"),
        ("flush cache for 3 s", "forgets in a moment"),
        ("zone c down", "there is no zone `c`"),
        ("kill 0 nodes of api", "how many nodes"),
        ("burn everything", "write for example"),
        ("latency api x-3", "is no factor"),
        ("at -5 s kill cache", "a time is needed"),
    ] {
        let message = fault(bad, graph, 60.0).unwrap_err();
        assert!(message.contains(says), "{bad}: {message}");
    }
}
