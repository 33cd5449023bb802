//! Exact availability: a generated system of 200 components in 3 zones, and services in racks as published comparisons have
//! them (3 zones of 4 racks, each service needs 4 of 6 nodes).
#![allow(missing_docs, clippy::allow_attributes, clippy::indexing_slicing, reason = "a benchmark has no users")]

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use napkin::analysis::{Analysis, analyse};
use napkin::catalog::Catalog;
use napkin::estimate::breakdown::breakdowns;
use napkin::estimate::{Run, Scenario, estimate_median};
use napkin::source::Sources;

/// A flow over `count` components in 3 zones of a region: services in a row, every tenth with a cache beside a sharded store, every
/// fifteenth a pair of alternatives that share what they stand on, fallbacks, and calls that only some requests make.
fn system(count: usize) -> String {
    let mut text = String::from(
        "napkin: 1\nregions: { r: { zones: [a, b, c] } }\ncomponents:\n  u: client\n  api: { is: service, replicas: 6, zones: [a, b, c] }\n  power: { is: external, availability: 99.95 % }\n",
    );
    let mut steps = String::from("      - u -> api\n");
    let mut at = 3;
    while at < count {
        let _ = match at % 5 {
            0 => {
                let _ = writeln!(text, "  c{at}: {{ is: cache, replicas: 3, zones: [a, b, c], hit: 90 % }}");
                let _ = writeln!(
                    text,
                    "  d{at}: {{ is: database, topology: consensus, replicas: 5, shards: 4, zones: [a, b, c] }}"
                );
                writeln!(
                    steps,
                    "      - api -> c{at}.get\n      - api -> d{at}.read if miss(c{at})\n      - api -> d{at}.write 10 %"
                )
            }
            2 => {
                let _ = writeln!(text, "  x{at}: {{ is: service, replicas: 2, zones: [a, b], depends_on: [power] }}");
                let _ = writeln!(
                    text,
                    "  y{at}: {{ is: service, replicas: 2, zones: [b, c], common_cause: 5 %, depends_on: [power] }}"
                );
                writeln!(steps, "      - {{ par: [api -> x{at}, api -> y{at}], wait: any }}")
            }
            4 => {
                let _ = writeln!(text, "  s{at}: {{ is: service, replicas: 4, needs: 2, zones: [a, c] }}");
                let _ = writeln!(text, "  f{at}: {{ is: service, replicas: 1, zones: [b] }}");
                writeln!(steps, "      - {{ call: api -> s{at}, probability: 30 %, fallback: f{at} }}")
            }
            _ => {
                let _ = writeln!(text, "  t{at}: {{ is: service, replicas: 3, zones: [a, b, c] }}");
                let _ = writeln!(text, "  v{at}: {{ is: service, replicas: 3, zones: [a, b, c] }}");
                writeln!(steps, "      - api -> t{at} -> v{at}")
            }
        };
        at += 2;
    }
    let _ = write!(text, "flows:\n  f:\n    rate: 100 /s\n    steps:\n{steps}");
    text
}

/// `count` services in a row, each of 6 nodes in 12 racks, of which it needs 4.
fn racks(count: usize) -> String {
    let racks = "[r1, r2, r3, r4]";
    let mut text = format!(
        "napkin: 1\nregions: {{ a: {{ zones: {racks} }}, b: {{ zones: {racks} }}, c: {{ zones: {racks} }} }}\ncomponents:\n  u: client\n"
    );
    let mut steps = String::from("u");
    for n in 0..count {
        let place = |k: usize| format!("{}/r{}", ["a", "b", "c"][k % 3], (n + k / 3 * 2) % 4 + 1);
        let zones: Vec<String> = (0..6).map(place).collect();
        let _ = writeln!(text, "  s{n}: {{ is: service, replicas: 6, needs: 4, zones: [{}] }}", zones.join(", "));
        let _ = write!(steps, " -> s{n}");
    }
    let _ = writeln!(text, "flows: {{ f: {{ rate: 1 /s, steps: [{steps}] }} }}");
    text
}

fn known(text: &str) -> Analysis {
    let mut sources = Sources::new();
    let id = sources.add("generated.yaml", text);
    let found = analyse(&sources, id, &Catalog::new(), &[], None);
    assert!(found.is_usable(), "{:?}", found.diagnostics);
    found
}

fn benches(criterion: &mut Criterion) {
    let catalog = Catalog::new();
    let mut group = criterion.benchmark_group("availability");
    group.sample_size(10);
    for (name, text) in [("200 components", system(200)), ("20 in racks", racks(20)), ("40 in racks", racks(40))] {
        let found = known(&text);
        let flow = &found.estimate.flows[0];
        assert!(flow.availability_gap == 0.0, "{name} is exact");
        group.bench_function(format!("{name}, from text"), |b| b.iter(|| black_box(known(&text)).estimate.flows.len()));
        group.bench_function(format!("{name}, estimate"), |b| {
            b.iter(|| black_box(estimate_median(&found.graph, &found.structure, &catalog)).flows.len())
        });
        let scenario = Scenario::default();
        let run = Run::new((&found.graph, &found.structure, &catalog), &|input| input.value, &scenario);
        group.bench_function(format!("{name}, importance and cut sets"), |b| {
            b.iter(|| black_box(breakdowns(&run, 2)).len())
        });
    }
    group.finish();
}

criterion_group!(availability, benches);
criterion_main!(availability);
