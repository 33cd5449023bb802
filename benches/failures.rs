//! Every loss of the largest shipped spec, and of systems of 1,000 components: flows apart from each other, and flows that
//! share a balancer and a store, so that each loss changes all of them.
#![allow(missing_docs, clippy::allow_attributes, reason = "a benchmark has no users")]

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use napkin::analysis::analyse;
use napkin::catalog::Catalog;
use napkin::source::Sources;
use napkin::study::failures::{cases, failures, pairs};

/// A spec with `count` services, each called in a flow of ten.
fn generated(count: usize, shared: bool) -> String {
    let mut text = String::from("napkin: 1\nregions: { r: { zones: [a, b, c] } }\ncomponents:\n  users: client\n");
    text += "  lb: { is: load-balancer, replicas: 6, zones: [a, b, c], cores: 8, service_time: 0.05 ms }\n";
    text += "  db: { is: database, shards: 20, zones: [a, b, c], replication: { replicas: 2, failover: automatic }, service_time: 0.4 ms }\n";
    for n in 0..count {
        let _ =
            writeln!(text, "  s{n}: {{ is: service, replicas: 6, zones: [a, b, c], cores: 4, service_time: 8 ms }}");
    }
    text.push_str("flows:\n");
    for flow in 0..count.div_ceil(10) {
        let _ = writeln!(text, "  f{flow}:\n    rate: 100 /s\n    peak: 3x\n    slo: {{ p99: 2 s }}\n    steps:");
        let first = flow * 10;
        let _ = writeln!(text, "      - users -> {}s{first} 500 B", if shared { "lb -> " } else { "" });
        for n in first + 1..(first + 10).min(count) {
            let _ = writeln!(text, "      - {{ call: s{first} -> s{n} 500 B, timeout: 1 s, retries: 2 }}");
        }
        if shared {
            let _ = writeln!(text, "      - s{first} -> db.read 1 KB");
        }
    }
    text
}

fn benches(criterion: &mut Criterion) {
    let catalog = Catalog::new();
    let shipped = include_str!("../specs/chat.yaml").to_owned();
    let systems = [
        ("shipped", shipped, true),
        ("1,000 components apart", generated(1_000, false), false),
        ("1,000 components that share", generated(1_000, true), false),
    ];
    let mut group = criterion.benchmark_group("failures");
    group.sample_size(10);
    for (name, text, together) in systems {
        let mut sources = Sources::new();
        let id = sources.add(name, text);
        let analysis = analyse(&sources, id, &catalog, &[], None);
        let singles = cases(&analysis, &catalog);
        group.bench_function(name, |b| b.iter(|| black_box(failures(&analysis, &singles, &[], &catalog)).0.len()));
        if together {
            let both = pairs(&singles).unwrap_or_default();
            group.bench_function(format!("{name}, pairs too"), |b| {
                b.iter(|| black_box(failures(&analysis, &singles, &both, &catalog)).0.len())
            });
        }
    }
    group.finish();
}

criterion_group!(losses, benches);
criterion_main!(losses);
