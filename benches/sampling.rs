//! Monte Carlo: a million samples of a product of three uncertain values, and a thousand estimates of a shipped spec.
#![allow(missing_docs, clippy::allow_attributes, clippy::expect_used, reason = "a benchmark has no users")]

use std::collections::BTreeSet;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use napkin::analysis::analyse;
use napkin::catalog::Catalog;
use napkin::definition::{Definitions, Names, Sampler, Spread, samples};
use napkin::estimate::{Model, Scenario, spreads};
use napkin::expr::{check, parse};
use napkin::source::Sources;

const COUNT: usize = 1_000_000;

fn benches(criterion: &mut Criterion) {
    let definitions = Definitions::new();
    let names =
        Names { definitions: &definitions, further: &|_| None, further_names: &[], nouns: &[], label: "benchmark" };
    let ast = parse("(10M..50M) * (20..60 /day) * (1..4 KB)", &[]).expect("valid");
    let checked = check(&ast, &names).expect("valid");
    let mut streams = BTreeSet::new();
    definitions.streams(&checked, &mut streams);
    let mut group = criterion.benchmark_group("Monte Carlo");
    group.sample_size(20).throughput(Throughput::Elements(COUNT as u64));
    group.bench_function("product of three log-normals with percentiles", |b| {
        b.iter(|| {
            let sampler = Sampler::new(1, &streams, COUNT);
            let mut values = samples(&definitions, &checked, &sampler).expect("columns");
            Spread::of(&mut values)
        });
    });
    group.finish();
    let catalog = Catalog::new();
    let mut sources = Sources::new();
    let id = sources.add("notification", include_str!("../specs/notification.yaml"));
    let found = analyse(&sources, id, &catalog, &[], None);
    let model = Model { graph: &found.graph, structure: &found.structure, catalog: &catalog };
    let mut group = criterion.benchmark_group("estimates");
    group.sample_size(20).throughput(Throughput::Elements(1000));
    group.bench_function("1,000 samples of specs/notification.yaml", |b| {
        b.iter(|| spreads(&model, &Scenario::default(), 1, 1000).samples);
    });
    group.finish();
}

criterion_group!(sampling, benches);
criterion_main!(sampling);
