//! What a simulation must not get wrong when things go wrong at the same time.

use napkin::simulate::{Load, Outcome};

use crate::mechanisms::{at, close, over, run, spec};

#[test]
fn what_changes_nothing_leaves_nothing_unwell() {
    let found = spec(
        "  s: { is: service, replicas: 2, cores: 2, service_time: { mean: 100 ms, cv: 2 } }",
        "{ rate: 0.5 /s, steps: [users -> s] }\n  g: { rate: 15 /s, steps: [users -> s] }\n  h: { rate: 10 /s, steps: [users -> s] }",
    );
    let outcomes: Vec<Outcome> = (0..5)
        .flat_map(|shift| {
            let fault = format!("at {} s load x1 for 5 s", 40 + shift);
            over(&found, 120, Load::Peak, &[&fault]).timeline.unwrap().verdicts
        })
        .map(|verdict| verdict.outcome)
        .collect();
    let touched = outcomes.iter().filter(|outcome| **outcome != Outcome::Untouched).count();
    assert!(touched <= 1 && !outcomes.contains(&Outcome::Metastable), "{outcomes:?}");
}

#[test]
fn a_parallel_branch_happens_as_often_as_it_says() {
    let found = spec(
        "  s: { is: service, replicas: 1, cores: 50, service_time: 1 us }\n  x: { is: external, latency: { mean: 10 ms, cv: 0 } }",
        "{ rate: 10 /s, steps: [users -> s, { par: [{ call: s -> x, times: 5 }, s -> x] }] }",
    );
    let results = run(&found, 10_000);
    close(results.stations[at(&found, "x")].rate, 60.0, 0.05);
    close(results.flows[0].mean.unwrap().value, 0.05, 0.05);
}

#[test]
fn a_node_that_was_thrown_out_comes_back() {
    let found = spec(
        "  lb: { is: load-balancer, latency: 0 s, throughput: 1T /s, replicas: 1, health_check: { interval: 1 s, threshold: 3, mode: passive } }\n  s: { is: service, replicas: 2, cores: 10, service_time: 10 ms }",
        "{ rate: 1000 /s, steps: [users -> lb, lb -> s] }",
    );
    let results = over(&found, 40, Load::Peak, &["at 10 s kill node:s for 4 s"]);
    // One of the two alone is fully busy and makes its callers wait.
    let p95 = results.timeline.unwrap().flows[35][0].p95.unwrap().value;
    assert!(p95 < 0.06, "{p95}");
}

#[test]
fn a_full_bulkhead_does_not_keep_a_breaker_half_open() {
    let found = spec(
        "  s: { is: service, replicas: 1, cores: 50, service_time: 1 ms }\n  x: { is: external, latency: { mean: 200 ms, cv: 0 } }",
        "{ rate: 100 /s, steps: [users -> s, { call: s -> x, timeout: 1 s, bulkhead: 30, circuit_breaker: { calls: 20, open: 1 s, probes: 40 } }] }",
    );
    let results = over(&found, 60, Load::Peak, &["at 10 s errors x 100 % for 10 s", "at 20 s latency x x3 for 5 s"]);
    assert!(results.timeline.unwrap().flows[55][0].answered > 90.0);
}

#[test]
fn who_gives_up_in_the_line_for_a_connection_gives_back_what_it_held() {
    let found = spec(
        "  s: { is: service, replicas: 1, cores: 50, service_time: 1 ms, pool: 2 }\n  db: { is: database, latency: { mean: 20 ms, cv: 0 } }",
        "{ rate: 60 /s, steps: [{ call: users -> s, timeout: 300 ms }, { call: s -> db.read, bulkhead: 40 }] }",
    );
    let results = over(&found, 60, Load::Peak, &["at 10 s latency db x20 for 10 s"]);
    assert!(results.timeline.unwrap().flows[55][0].answered > 50.0);
}

#[test]
fn redelivery_at_once_ends() {
    let found = spec(
        "  q: { is: queue, rtt: 0 s, latency: 1 ms, throughput: 1T /s, replicas: 1, dead_letter: { to: graveyard, after: 1000000000 } }\n  w: { is: worker, rtt: 0 s, latency: 10 ms }",
        "{ rate: 10 /s, steps: [users -> q.send, q ~> w] }",
    );
    let results = over(&found, 20, Load::Peak, &["at 10 s kill w for 5 s"]);
    assert!(results.stations[at(&found, "q")].dead > 0.0);
}

#[test]
fn who_waits_for_an_entry_asks_for_the_same_one_again() {
    let text = |stampede: &str| {
        spec(
            &format!(
                "  s: {{ is: service, replicas: 1, cores: 50, service_time: 1 us }}\n  c: {{ is: cache, replicas: 1, items: 50, popularity: 0, ttl: 1 s, latency: 0 s, throughput: 1T /s, stampede: {stampede} }}\n  db: {{ is: database, latency: {{ mean: 500 ms, cv: 0 }} }}"
            ),
            "{ rate: 1000 /s, steps: [users -> s, s -> c.get, s -> db.read if miss(c)] }",
        )
    };
    let found = text("single-flight");
    let results = run(&found, 60_000);
    // Each entry is fetched once in 1 s of life, 0.5 s of fetching and 0.05 s until it is asked for. Nobody waits for longer than
    // one fetch, 0.5 s and the network.
    close(results.stations[at(&found, "db")].rate, 50.0 / 1.55, 0.03);
    assert!(results.flows[0].p999.or(results.flows[0].p99).unwrap().value < 0.51);
}

#[test]
fn an_entry_that_nobody_fetches_after_all_keeps_nobody_waiting() {
    let found = spec(
        "  s: { is: service, replicas: 1, cores: 50, service_time: 1 us }\n  c: { is: cache, replicas: 1, items: 5, popularity: 0, ttl: 1 s, latency: 0 s, throughput: 1T /s, stampede: single-flight }\n  db: { is: database, latency: { mean: 1 ms, cv: 0 } }",
        "{ rate: 100 /s, steps: [users -> s, s -> c.get, { call: s -> db.read, if: miss(c), times: 0.5 }] }",
    );
    let results = over(&found, 40, Load::Peak, &[]);
    assert!(results.timeline.unwrap().flows[35][0].answered > 80.0);
}

#[test]
fn a_run_that_is_broken_off_still_shows_its_components() {
    let found = spec(
        "  s: { is: service, replicas: 1, cores: 10, service_time: 1 ms }\n  x: { is: service, replicas: 1, service_time: 1000 s }",
        "{ rate: 1000 /s, steps: [users -> s, { call: s -> x, times: 1 }] }",
    );
    let results = run(&found, 25_000_000);
    assert!(results.overwhelmed);
    close(results.stations[at(&found, "s")].rate, 1000.0, 0.05);
}

#[test]
fn a_failover_is_not_called_off_by_another_fault() {
    let found = spec(
        "  s: { is: service, replicas: 1, cores: 50, service_time: 1 ms }\n  db: { is: database, cores: 8, service_time: 1 ms, replication: { mode: async, replicas: 2, failover: automatic, failover_time: 7 s } }",
        "{ rate: 200 /s, steps: [users -> s, { call: s -> db.write, timeout: 100 ms }] }",
    );
    let failing = |faults: &[&str]| {
        let results = over(&found, 60, Load::Peak, faults);
        results.timeline.unwrap().flows.iter().map(|flows| flows[0].failed).sum::<f64>()
    };
    close(failing(&["at 10 s kill node:db", "at 12 s hang node:db"]), 7.0, 0.05);
    // Both are gone; the first that comes back takes over although the old primary doesn't.
    close(failing(&["at 10 s kill node:db", "at 10 s kill 3 nodes of db for 20 s"]), 27.0, 0.05);
}

#[test]
fn a_consumers_time_begins_when_it_has_its_message() {
    let found = spec(
        "  q: { is: queue, latency: 1 ms, throughput: 1T /s, replicas: 1 }\n  w: { is: worker, replicas: 1, concurrency: 1, service_time: { mean: 9 ms, cv: 0 } }",
        "{ rate: 100 /s, steps: [users -> q.send, { call: q ~> w, timeout: 50 ms, retries: 3 }] }",
    );
    let results = over(&found, 60, Load::Peak, &["at 10 s kill w for 5 s"]);
    let worker = &results.stations[at(&found, "w")];
    assert!(worker.repeated < 0.01, "{}", worker.repeated);
}

#[test]
fn many_nodes_fail_quickly() {
    let found = spec(
        "  s: { is: service, replicas: 100000, cores: 1, service_time: 10 ms }",
        "{ rate: 200 /s, steps: [users -> s] }",
    );
    let results = over(&found, 20, Load::Peak, &["at 10 s kill s for 2 s", "at 15 s kill 50000 nodes of s for 2 s"]);
    let failed: Vec<f64> = results.timeline.unwrap().flows.iter().map(|flows| flows[0].failed).collect();
    assert!(failed[11] > 0.9 && failed[13] < 0.01, "{failed:?}");
}
