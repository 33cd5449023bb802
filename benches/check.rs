//! Checking and estimating specs of 1,000 and 100,000 components, beside the cost of merely parsing them.
#![allow(missing_docs, clippy::allow_attributes, reason = "a benchmark has no users")]

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use napkin::analysis::analyse;
use napkin::catalog::Catalog;
use napkin::diagnostic::Diagnostics;
use napkin::lint::built_in;
use napkin::source::Sources;
use napkin::yaml;

/// A spec with `count` services, each called in a flow of ten.
fn generated(count: usize) -> String {
    let mut text = String::from("napkin: 1\nregions: { r: { zones: [a, b, c] } }\ncomponents:\n  users: client\n");
    for n in 0..count {
        let _ =
            writeln!(text, "  s{n}: {{ is: service, replicas: 6, zones: [a, b, c], cores: 4, service_time: 8 ms }}");
    }
    text.push_str("flows:\n");
    for flow in 0..count.div_ceil(10) {
        let _ = writeln!(text, "  f{flow}:\n    rate: 100 /s\n    peak: 3x\n    slo: {{ p99: 2 s }}\n    steps:");
        let first = flow * 10;
        let _ = writeln!(text, "      - users -> s{first} 500 B");
        for n in first + 1..(first + 10).min(count) {
            let _ = writeln!(text, "      - s{first} -> s{n} 500 B");
        }
    }
    text
}

fn benches(criterion: &mut Criterion) {
    let catalog = Catalog::new();
    let rules = built_in(&mut Sources::new(), &mut Diagnostics::new());
    for count in [1_000, 100_000] {
        let mut sources = Sources::new();
        let id = sources.add("generated.yaml", generated(count));
        let mut group = criterion.benchmark_group(format!("{count} components"));
        group.sample_size(10);
        group.bench_function("parse only", |b| b.iter(|| yaml::parse(&sources, id, &mut Diagnostics::new()).len()));
        group.bench_function("estimate", |b| {
            b.iter(|| black_box(analyse(&sources, id, &catalog, &[], None)).findings.len())
        });
        group.bench_function("check", |b| {
            b.iter(|| black_box(analyse(&sources, id, &catalog, &rules, None)).findings.len())
        });
        group.finish();
    }
}

criterion_group!(check, benches);
criterion_main!(check);
