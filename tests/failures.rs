//! What breaks next: cases calculated by hand, the quick way against the whole estimate, and against specs from which the
//! part was removed.

use std::fmt::Write as _;

use napkin::analysis::{Analysis, analyse};
use napkin::catalog::Catalog;
use napkin::estimate::at_risk::Risk;
use napkin::estimate::losses::{Loss, Losses};
use napkin::estimate::{Scenario, estimate_scenario};
use napkin::source::Sources;
use napkin::study::fail;
use napkin::study::failures::{Outcome, cases, failures, pairs};
use proptest::prelude::*;

use crate::yaml_files;

fn analysis(text: &str) -> Analysis {
    let mut sources = Sources::new();
    let id = sources.add("test", format!("napkin: 1\n{text}"));
    let found = analyse(&sources, id, &Catalog::new(), &[], None);
    assert!(found.is_usable(), "{:?}\n{text}", found.diagnostics);
    found
}

fn close(value: f64, expected: f64, relative: f64) {
    assert!((value - expected).abs() <= relative * expected.abs().max(1e-12), "{value} is not {expected}");
}

/// What follows from what `--fail` takes.
fn without(found: &Analysis, what: &[&str]) -> Loss {
    let mut scenario = Scenario::default();
    what.iter().for_each(|what| fail(&mut scenario, what, found).unwrap());
    Losses::new((&found.graph, &found.structure, &Catalog::new()), 1.0).without(&scenario)
}

fn used(found: &Analysis, loss: &Loss, component: &str) -> f64 {
    let index = found.graph.component(component).unwrap();
    loss.loads.iter().find(|load| load.component == index).unwrap_or_else(|| panic!("{component} isn't busier")).then
}

fn calls(found: &Analysis, loss: &Loss, component: &str) -> f64 {
    let index = found.graph.component(component).unwrap();
    loss.retried.iter().find(|again| again.component == index).map_or(1.0, |again| again.then)
}

fn all(found: &Analysis, together: bool) -> Vec<Outcome> {
    let catalog = Catalog::new();
    let singles = cases(found, &catalog);
    let together = if together { pairs(&singles).unwrap() } else { Vec::new() };
    failures(found, &singles, &together, &catalog).0
}

#[test]
fn the_store_that_lives_behind_its_cache_is_found() {
    let found = analysis(
        "regions: { r: { zones: [a, b] } }\ncomponents:\n  users: client\n  api: { is: service, replicas: 6, zones: [a, b], service_time: 1 ms }\n  kv: { is: cache, replicas: 2, zones: [a, b], hit: 95 %, latency: 1 ms, throughput: 100k /s }\n  db: { is: database, replicas: 2, zones: [a, b], replication: { mode: async, failover: automatic }, latency: 5 ms, throughput: 400 /s }\nflows:\n  f: { rate: 1000 /s, slo: { p99: 100 ms }, steps: [users -> api, api -> kv.get, api -> db.read if miss(kv)] }\ndata:\n  d: { in: db, record: 1 KB, initial: 1M }\n",
    );
    let outcomes = all(&found, true);
    let of = |name: &str| outcomes.iter().find(|outcome| outcome.case.name == name).unwrap_or_else(|| panic!("{name}"));
    // Without its cache the store gets 1,000 reads a second and bears 400, so that 60 % of them fail.
    let kv = &of("kv").loss;
    close(used(&found, kv, "db"), 2.5, 1e-9);
    close(kv.loads[0].today, 0.125, 1e-9);
    close(kv.flows[0].fails, 0.6, 1e-9);
    assert!(kv.flows[0].at_least && kv.missed.len() == 1 && kv.lost().count() == 0);
    // What the cache knows it still answers.
    close(of("db").loss.flows[0].fails, 0.05, 1e-9);
    assert!(!of("db").loss.flows[0].at_least);
    assert_eq!(of("zone a").loss.at_risk[0].risk, Risk::Lag);
    assert_eq!(of("db").loss.at_risk[0].risk, Risk::EveryCopy);
    assert_eq!(of("a node of api").loss.overloaded().count(), 0);
    // Both zones together leave nothing; each by itself loses no flow.
    assert_eq!(of("zone a and zone b").loss.lost().count(), 1);
    assert!(of("zone a").loss.lost().count() == 0 && of("zone b").loss.lost().count() == 0);
    assert!(outcomes.iter().all(|outcome| outcome.case.name != "a node of api and db"), "no worse than db alone");
    assert_eq!(outcomes[0].loss.fails, 1.0);
}

#[test]
fn a_region_takes_its_share_and_the_rest_gets_the_peak() {
    // Active-active: 12 nodes in two regions, 800 calls of 10 ms are 8 busy servers.
    let text = |more: &str| {
        format!(
            "regions: {{ us: {{ zones: [a, b, c] }}, eu: {{ zones: [x, y, z] }} }}\ncomponents: {{ users: client, api: {{ is: service, service_time: 10 ms, {more} }} }}\nflows: {{ f: {{ rate: 800 /s, steps: [users -> api] }} }}\n"
        )
    };
    let both = analysis(&text("replicas: 12, zones: [a, b, c, x, y, z]"));
    close(used(&both, &without(&both, &["region:us"]), "api"), 8.0 / 6.0, 1e-12);
    close(used(&both, &without(&both, &["zone:x"]), "api"), 8.0 / 10.0, 1e-12);
    // Regions without stated zones share nodes as well.
    let plain = analysis(
        "regions: { us: { }, eu: { } }\ncomponents: { users: client, api: { is: service, service_time: 10 ms, replicas: 12, region: [us, eu] } }\nflows: { f: { rate: 400 /s, steps: [users -> api] } }\n",
    );
    close(used(&plain, &without(&plain, &["region:eu"]), "api"), 4.0 / 6.0, 1e-12);
    // Active-passive: five nodes stand in for twelve.
    let standby = analysis(&text("replicas: 12, zones: [a, b, c], standby: { replicas: 5, region: eu }"));
    close(used(&standby, &without(&standby, &["region:us"]), "api"), 8.0 / 5.0, 1e-12);
    assert_eq!(without(&standby, &["region:us"]).lost().count(), 0);
    assert_eq!(without(&standby, &["region:us", "region:eu"]).lost().count(), 1);
    assert_eq!(without(&standby, &["region:eu"]), Loss::default());
    // Without one, the region's loss is the flow's.
    let alone = analysis(&text("replicas: 12, zones: [a, b, c]"));
    assert_eq!(without(&alone, &["region:us"]).lost().count(), 1);
}

#[test]
fn retries_multiply_along_the_way_to_what_is_dead() {
    // Three attempts at api for each request, three at db for each of those; the log before db is written each time.
    let found = analysis(
        "components: { users: client, lb: { is: load-balancer, replicas: 2, service_time: 0.1 ms }, api: { is: service, replicas: 9, service_time: 1 ms }, log: { is: service, replicas: 1, service_time: 5 ms }, db: { is: database, replicas: 1, service_time: 1 ms } }\nflows: { f: { rate: 100 /s, steps: [users -> lb, { call: lb -> api, retries: 2, timeout: 5 s }, api -> log, { call: api -> db.read, timeout: 1 s, retries: 2 }] } }\n",
    );
    let loss = without(&found, &["db"]);
    close(calls(&found, &loss, "db"), 9.0, 1e-9);
    close(calls(&found, &loss, "api"), 3.0, 1e-9);
    close(calls(&found, &loss, "log"), 3.0, 1e-9);
    close(calls(&found, &loss, "lb"), 1.0, 1e-9);
    // 300 calls of 5 ms overload the log, which 100 don't: only because calls are repeated.
    close(used(&found, &loss, "log"), 1.5, 1e-9);
    assert!(loss.overloaded().all(|load| load.is_by_retries()));
    assert_eq!(loss.lost().count(), 1);
    // A breaker stops them.
    let text = "components: { users: client, api: { is: service, replicas: 9, service_time: 1 ms }, db: { is: database, replicas: 1, service_time: 1 ms } }\nflows: { f: { rate: 100 /s, steps: [users -> api, { call: api -> db.read, timeout: 1 s, retries: 2, circuit_breaker: true }] } }\n";
    assert!(without(&analysis(text), &["db"]).retried.is_empty());
}

#[test]
fn an_overloaded_callee_gets_every_attempt() {
    // The cache's loss brings 200 reads to a store that bears 100; they are late, and asked for again twice.
    let found = analysis(
        "components: { users: client, api: { is: service, replicas: 9, service_time: 1 ms }, kv: { is: cache, hit: 90 %, latency: 1 ms }, db: { is: database, replicas: 1, service_time: 10 ms } }\nflows: { f: { rate: 200 /s, steps: [users -> api, api -> kv.get, { call: api -> db.read, if: miss(kv), timeout: 10 s, retries: 2 }] } }\n",
    );
    let loss = without(&found, &["kv"]);
    close(used(&found, &loss, "db"), 6.0, 1e-6);
    close(loss.loads[0].without_retries, 2.0, 1e-6);
    close(calls(&found, &loss, "db"), 3.0, 1e-6);
    assert!(!loss.loads[0].is_by_retries());
}

#[test]
fn timeouts_hold_threads_at_the_callers() {
    // 100 /s wait 2 s, three times: 600 requests over two nodes with 200 threads, and 1 s of work among 100.
    let found = analysis(
        "components: { users: client, api: { is: service, replicas: 2, cores: 4, threads: 200, latency: 10 ms }, rec: { is: service, replicas: 2, latency: 5 ms } }\nflows: { f: { rate: 100 /s, steps: [users -> api, { call: api -> rec, timeout: 2 s, retries: 2, fallback: none shown }] } }\n",
    );
    let loss = without(&found, &["rec"]);
    let threads = loss.exhausted.iter().find(|used| used.resource == "threads").unwrap();
    // The clients' network isn't stated, so a call takes its 10 ms and what it waits for.
    close(threads.then, 100.0 * (0.010 + 6.0) / 400.0, 1e-6);
    let flow = &loss.flows[0];
    // Two in three requests find no thread that is free: at most 400 of 601 are held.
    close(flow.fails, 1.0 - 1.0 / threads.then, 1e-6);
    assert!(flow.at_least);
    close(flow.degraded, 1.0 - flow.fails, 1e-9);
}

#[test]
fn calls_after_one_that_fails_are_not_made() {
    // The third call follows one that fails for 30 % of the requests.
    let found = analysis(
        "components: { users: client, api: { is: service, replicas: 2, service_time: 1 ms }, tax: { is: service, replicas: 2, service_time: 1 ms }, db: { is: database, replicas: 1, service_time: 5 ms } }\nflows: { f: { rate: 100 /s, slo: { availability: 99 % }, steps: [users -> api, api -> tax 30 %, api -> db.read] } }\n",
    );
    let mut scenario = Scenario::default();
    fail(&mut scenario, "tax", &found).unwrap();
    let then = estimate_scenario(&found.graph, &found.structure, &Catalog::new(), &scenario);
    close(then.components[3].utilization.unwrap(), 0.35, 1e-12);
    let loss = without(&found, &["tax"]);
    close(loss.flows[0].fails, 0.3, 1e-12);
    assert_eq!(loss.missed.len(), 1);
    assert!(!loss.flows[0].is_lost());
}

#[test]
fn stores_lose_what_their_primary_or_quorum_did() {
    let spec = |db: &str| {
        analysis(&format!(
            "regions: {{ r: {{ zones: [a, b, c] }} }}\ncomponents: {{ users: client, api: {{ is: service, replicas: 6, zones: [a, b, c], service_time: 1 ms }}, db: {{ is: database, zones: [a, b, c], service_time: 1 ms, {db} }} }}\nflows: {{ w: {{ rate: 10 /s, steps: [users -> api, api -> db.write] }}, r: {{ rate: 10 /s, steps: [users -> api, api -> db.read] }} }}\ndata: {{ d: {{ in: db, record: 1 KB, added: 10 /s }} }}\n"
        ))
    };
    // (what the store is, what is gone, flows lost, data at risk: records)
    let rows: [(&str, &str, usize, Option<Option<f64>>); 11] = [
        (
            "replicas: 3, reads_from: any, replication: { mode: async, failover: manual, lag: 3 s }",
            "primary:db",
            1,
            Some(Some(30.0)),
        ),
        ("replicas: 3, reads_from: any, replication: { mode: async, failover: manual, lag: 3 s }", "node:db", 0, None),
        ("replicas: 3, replication: { mode: async, failover: manual }", "primary:db", 2, Some(None)),
        ("replicas: 3, replication: { mode: async, failover: automatic, lag: 3 s }", "primary:db", 0, Some(Some(30.0))),
        ("replicas: 3, replication: { mode: sync, failover: automatic }", "zone:a", 0, None),
        ("replicas: 3, replication: { mode: sync, failover: manual }", "zone:a", 2, None),
        ("replicas: 3, replication: { mode: sync, failover: manual }", "zone:b", 0, None),
        ("replicas: 3, topology: consensus", "zone:a", 0, None),
        ("replicas: 2, topology: consensus", "zone:a", 2, None),
        (
            "replicas: 3, topology: leaderless, replication: { factor: 3 }, quorum: { write: 3, read: 1 }",
            "zone:a",
            1,
            None,
        ),
        ("replicas: 1, backup: 1 h", "db", 2, Some(Some(36_000.0))),
    ];
    for (db, gone, lost, risk) in rows {
        let found = spec(db);
        let loss = without(&found, &[gone]);
        assert_eq!(loss.lost().count(), lost, "{db} without {gone}");
        assert_eq!(loss.at_risk.first().map(|entry| entry.records), risk, "{db} without {gone}");
        let bytes = risk.flatten().map(|records| records * 1000.0);
        assert_eq!(loss.at_risk.first().and_then(|entry| entry.bytes), bytes, "{db} without {gone}");
    }
}

#[test]
fn clients_of_a_lost_node_come_back_to_the_others() {
    let found = analysis(
        "components: { phones: { is: client, connections: 1M, reconnect: 1 min }, gw: { is: service, replicas: 4, cores: 4, service_time: 1 ms, handshake_time: 2 ms } }\nflows: { f: { rate: 1200 /s, steps: [phones -> gw] } }\n",
    );
    let loss = without(&found, &["node:gw"]);
    close(loss.reconnects[0].rate, 1e6 / 60.0 / 4.0, 1e-9);
    // A tenth busy with calls, and 4,167 handshakes of 2 ms on twelve cores.
    close(loss.reconnects[0].utilization.unwrap(), 0.1 + 1e6 / 240.0 * 0.002 / 12.0, 1e-9);
}

/// A system whose calls can be taken out by hand: one caller per line, no retries, no shared conditions.
#[derive(Clone, Debug)]
struct Small {
    /// Replicas and service time in ms of each component.
    components: Vec<(u32, u32)>,
    /// Rate, entry and lines.
    flows: Vec<(u32, usize, Vec<Line>)>,
}

/// One or two callees, the share in percent, and whether the caller can do without.
type Line = (usize, Option<usize>, u32, bool);

fn small() -> impl Strategy<Value = Small> {
    (3_usize..6).prop_flat_map(|count| {
        let component = (1_u32..6, 1_u32..10);
        let line = (0..count, proptest::option::of(0..count), prop_oneof![Just(100_u32), 1_u32..100], any::<bool>());
        let flow = (1_u32..120, 0..count, proptest::collection::vec(line, 0..4));
        let flows = proptest::collection::vec(flow, 1..4);
        (proptest::collection::vec(component, count), flows).prop_map(|(components, flows)| Small { components, flows })
    })
}

impl Small {
    /// The spec; with a component taken out by hand if one is named.
    fn text(&self, out: Option<usize>) -> String {
        let mut text = String::from("components:\n  users: client\n");
        for (index, (replicas, time)) in self.components.iter().enumerate() {
            let _ = writeln!(text, "  s{index}: {{ is: service, replicas: {replicas}, service_time: {time} ms }}");
        }
        text += "flows:\n";
        for (index, (rate, entry, lines)) in self.flows.iter().enumerate() {
            if out == Some(*entry) {
                continue;
            }
            let _ = writeln!(text, "  f{index}:\n    rate: {rate} /s\n    steps:\n      - users -> s{entry}");
            let mut reached = 1.0;
            for (first, second, share, optional) in lines {
                // A line goes on from the entry, so its callees must be others.
                let second = second.filter(|second| second != first && second != entry);
                if first == entry {
                    continue;
                }
                let chance = f64::from(*share) / 100.0;
                let fallback = if *optional { ", fallback: less" } else { "" };
                let mut hops = vec![*first];
                hops.extend(second);
                let kept = hops.iter().position(|hop| Some(*hop) == out).unwrap_or(hops.len());
                let chain: String = hops.iter().take(kept).map(|hop| format!(" -> s{hop}")).collect();
                if !chain.is_empty() {
                    let _ = writeln!(
                        text,
                        "      - {{ call: s{entry}{chain}, probability: {}{fallback} }}",
                        chance * reached
                    );
                }
                if kept < hops.len() && !optional {
                    reached *= 1.0 - chance;
                }
            }
        }
        text
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_loss_is_what_a_spec_without_the_part_says(system in small()) {
        let found = analysis(&system.text(None));
        let catalog = Catalog::new();
        for out in 0..system.components.len() {
            let by_hand = analysis(&system.text(Some(out)));
            let scenario = Scenario { components: [out + 1].into(), ..Scenario::default() };
            let then = estimate_scenario(&found.graph, &found.structure, &catalog, &scenario);
            for (index, (a, b)) in then.components.iter().zip(&by_hand.estimate.components).enumerate().skip(1) {
                if index == out + 1 {
                    continue;
                }
                let (a, b) = (a.utilization.unwrap_or(0.0), b.utilization.unwrap_or(0.0));
                prop_assert!((a - b).abs() <= 1e-9 * b.max(1e-6), "s{} without s{out}: {a} or {b}", index - 1);
            }
        }
        for (index, (replicas, time)) in system.components.iter().enumerate().filter(|(_, (n, _))| *n > 1) {
            let mut fewer = system.clone();
            fewer.components[index] = (replicas - 1, *time);
            let by_hand = analysis(&fewer.text(None));
            let scenario = Scenario { nodes: [(index + 1, 1.0)].into(), ..Scenario::default() };
            let then = estimate_scenario(&found.graph, &found.structure, &catalog, &scenario);
            for (a, b) in then.flows.iter().zip(&by_hand.estimate.flows) {
                prop_assert_eq!(a.p99, b.p99);
            }
        }
    }

    #[test]
    fn losses_are_those_of_whole_estimates(system in small(), retries in 0_u32..3, timeout in 20_u32..2000) {
        let calls = format!(", timeout: {timeout} ms, retries: {retries} }}");
        let text = system.text(None).replace(" }\n      - ", &format!("{calls}\n      - "));
        agrees(&analysis(&text))?;
    }
}

/// Compares every loss, and every pair, with an estimate of the whole system in that state.
fn agrees(found: &Analysis) -> Result<(), TestCaseError> {
    let catalog = Catalog::new();
    let singles = cases(found, &catalog);
    let together = pairs(&singles).unwrap();
    let mut losses = Losses::new((&found.graph, &found.structure, &catalog), 1.0);
    for case in singles.iter().chain(together.iter().map(|(_, case)| case)) {
        let loss = losses.without(&case.scenario);
        let whole = estimate_scenario(&found.graph, &found.structure, &catalog, &case.scenario);
        for (index, (then, today)) in whole.components.iter().zip(&found.estimate.components).enumerate() {
            let quick = loss.loads.iter().find(|load| load.component == index).map(|load| load.then);
            let grows = today.utilization.zip(then.utilization).filter(|(a, b)| b > &(a * 1.002));
            let (quick, grown) = (quick.unwrap_or(0.0), grows.map_or(0.0, |(_, then)| then));
            if grown > 0.0 {
                prop_assert!((quick / grown - 1.0).abs() < 1e-4, "{} {index}: {quick} or {grown}", case.name);
            }
        }
        for (index, then) in whole.flows.iter().enumerate() {
            let same = |a: Option<f64>, b: Option<f64>, slack: f64| match (a, b) {
                (Some(a), Some(b)) => (a - b).abs() <= slack * b,
                (a, b) => a == b,
            };
            let Some(quick) = loss.flows.iter().find(|flow| flow.flow == index) else {
                // What gets better isn't told.
                let today = found.estimate.flows[index].p99;
                prop_assert!(
                    today.is_none() || same(then.p99, today, 2e-3),
                    "{}: {today:?} became {:?}",
                    case.name,
                    then.p99
                );
                continue;
            };
            let near = same(quick.p99.1, then.p99, 1e-4);
            prop_assert!(near, "{}: {:?} or {:?}", case.name, quick.p99.1, then.p99);
            let failing = then.failing.unwrap_or(0.0);
            prop_assert!(quick.fails >= failing - 1e-4 && (quick.at_least || quick.fails <= failing + 1e-4));
        }
    }
    Ok(())
}

#[test]
fn losses_of_shipped_specs_are_those_of_whole_estimates() {
    for path in yaml_files("specs") {
        let mut sources = Sources::new();
        let id = sources.add("spec", std::fs::read_to_string(&path).unwrap());
        let found = analyse(&sources, id, &Catalog::new(), &[], None);
        agrees(&found).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

#[test]
fn one_loss_leaves_no_trace_in_the_next() {
    for path in yaml_files("specs") {
        let mut sources = Sources::new();
        let id = sources.add("spec", std::fs::read_to_string(&path).unwrap());
        let found = analyse(&sources, id, &Catalog::new(), &[], None);
        let catalog = Catalog::new();
        let singles = cases(&found, &catalog);
        let mut losses = Losses::new((&found.graph, &found.structure, &catalog), 1.0);
        let first: Vec<Loss> = singles.iter().map(|case| losses.without(&case.scenario)).collect();
        let mut again: Vec<Loss> = singles.iter().rev().map(|case| losses.without(&case.scenario)).collect();
        again.reverse();
        assert_eq!(first, again, "{}", path.display());
        assert_eq!(losses.without(&Scenario::default()), Loss::default(), "{}", path.display());
    }
}

#[test]
fn the_table_goes_from_the_worst_to_the_mildest_and_always_alike() {
    for path in yaml_files("specs") {
        let mut sources = Sources::new();
        let id = sources.add("spec", std::fs::read_to_string(&path).unwrap());
        let found = analyse(&sources, id, &Catalog::new(), &[], None);
        let (outcomes, again) = (all(&found, false), all(&found, false));
        let names = |list: &[Outcome]| list.iter().map(|outcome| outcome.case.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&outcomes), names(&again));
        let shares: Vec<f64> = outcomes.iter().map(|outcome| (outcome.loss.fails * 1000.0).ceil()).collect();
        assert!(shares.is_sorted_by(|a, b| a >= b), "{}: {shares:?}", path.display());
        let harmless = outcomes.iter().position(Outcome::is_harmless).unwrap_or(outcomes.len());
        assert!(outcomes.iter().skip(harmless).all(|o| o.loss.lost().count() == 0));
    }
}

#[test]
fn what_if_and_failures_agree_about_objectives_and_what_was_missed_before_is_not_newly_missed() {
    let found = analysis(
        "regions: { r: { zones: [a, b] } }\ncomponents:\n  users: client\n  pay: { is: external, availability: 99 % }\n  \
         api: { is: service, replicas: 4, zones: [a, b], service_time: 10 ms }\nflows:\n  \
         f: { rate: 300 /s, slo: { availability: 99.9 % }, steps: [users -> api] }\n  \
         g: { rate: 1 /s, slo: { availability: 99.9 % }, steps: [users -> api -> pay] }\n",
    );
    let mut scenario = Scenario::default();
    fail(&mut scenario, "zone:a", &found).unwrap();
    let compared = napkin::study::what_if::compare(&found, &found, &scenario, &Catalog::new());
    let states: Vec<(Option<bool>, Option<bool>)> = compared.goals.iter().map(|goal| (goal.today, goal.then)).collect();
    assert_eq!(states, [(Some(true), Some(false)), (Some(false), Some(false))]);
    assert_eq!(compared.follows.unwrap().0.missed, [0]);
    let outcomes = all(&found, false);
    let zone = outcomes.iter().find(|outcome| outcome.case.name == "zone a").unwrap();
    assert_eq!(zone.loss.missed, [0]);
    // With one region everything is lost, as its single point of failure says.
    let region = outcomes.iter().find(|outcome| outcome.case.name == "region r").unwrap();
    assert!(region.loss.flows.iter().all(napkin::estimate::losses::FlowLoss::is_lost));
}
