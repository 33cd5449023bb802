//! Customers a second of the simulator: M/M/3 at 90 % load, as peers are measured (`tests/peers/systems.py --speed`), on all
//! cores and on one; a cache whose loss starts a storm of retries.
#![allow(missing_docs, clippy::allow_attributes, clippy::expect_used, reason = "a benchmark has no users")]

use std::sync::atomic::AtomicUsize;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use napkin::analysis::{Analysis, analyse};
use napkin::catalog::Catalog;
use napkin::estimate::{Run, Scenario, blueprint};
use napkin::simulate::{Extent, Load, Settings, fault, simulate};
use napkin::source::Sources;

const MM3: &str = "napkin: 1\ncomponents: { users: client, s: { is: service, replicas: 1, cores: 3, service_time: 30 ms } }\nflows: { f: { rate: 90 /s, steps: [users -> s] } }\n";

fn analysis(text: &str, catalog: &Catalog) -> Analysis {
    let mut sources = Sources::new();
    let id = sources.add("bench.yaml", text.to_owned());
    analyse(&sources, id, catalog, &[], None)
}

fn run(found: &Analysis, catalog: &Catalog, settings: &Settings) -> u64 {
    let scenario = Scenario::default();
    let plan = blueprint(&Run::new((&found.graph, &found.structure, catalog), &|input| input.value, &scenario));
    simulate(&found.graph, &plan, settings, &AtomicUsize::new(0)).events
}

fn benches(criterion: &mut Criterion) {
    let catalog = Catalog::new();
    let mm3 = analysis(MM3, &catalog);
    let shop = analysis(&std::fs::read_to_string("tests/fixtures/shop.yaml").expect("the fixture is there"), &catalog);
    let mut group = criterion.benchmark_group("simulate");
    group.sample_size(10);
    for (name, runs) in [("M/M/3 at 90 %, all cores", 10), ("M/M/3 at 90 %, one core", 1)] {
        let settings = Settings { seed: 1, runs, extent: Extent::Requests(4_000_000), load: Load::Peak };
        group.throughput(Throughput::Elements(4_000_000));
        group.bench_function(name, |b| b.iter(|| run(&mm3, &catalog, &settings)));
    }
    let fault = fault("at 20 s kill cache for 10 s", &shop.graph, 0.0).expect("it is written well");
    let extent = Extent::Time { warm: 10.0, duration: 90.0, windows: 50, faults: vec![fault] };
    let settings = Settings { seed: 1, runs: 2, extent, load: Load::Peak };
    group.throughput(Throughput::Elements(200_000));
    group.bench_function("a storm of retries, requests", |b| b.iter(|| run(&shop, &catalog, &settings)));
    group.finish();
}

criterion_group!(simulation, benches);
criterion_main!(simulation);
