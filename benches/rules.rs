//! What each rule costs on a mixed system of 100,000 components: the slowest first, then 30 rules beside all.
//!
//! Every rule is timed alone, as the best of five runs on one estimated graph, so that the table says what a rule costs rather
//! than what reading and estimating cost. The last lines are whole checks, from text to findings.
#![allow(
    missing_docs,
    clippy::allow_attributes,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark has no users"
)]

#[path = "../tests/cells.rs"]
mod cells;

use std::hint::black_box;
use std::time::{Duration, Instant};

use napkin::analysis::{Analysis, Question, analyse, ask};
use napkin::catalog::Catalog;
use napkin::diagnostic::Diagnostics;
use napkin::lint::{Packs, Policy, Rule, World, built_in, run};
use napkin::source::{SourceId, Sources};

use crate::cells::cells;

/// The best of five runs; what they need is prepared before the clock starts.
fn best<P>(mut prepare: impl FnMut() -> P, mut action: impl FnMut(P)) -> Duration {
    (0..5)
        .map(|_| {
            let prepared = prepare();
            let begin = Instant::now();
            action(prepared);
            begin.elapsed()
        })
        .min()
        .unwrap_or_default()
}

fn analysis(sources: &Sources, id: SourceId, catalog: &Catalog) -> Analysis {
    let analysis = analyse(sources, id, catalog, &[], None);
    assert!(analysis.is_usable(), "{:?}", analysis.diagnostics.first());
    analysis
}

fn each_rule(rules: &[Rule], catalog: &Catalog) {
    let mut sources = Sources::new();
    let id = sources.add("cells.yaml", cells(100_000));
    let known = analysis(&sources, id, catalog);
    let mut costs: Vec<(Duration, &str, usize)> = rules
        .iter()
        .map(|rule| {
            let mut found = 0;
            let prepared = || {
                let mut world = World::new(&known.graph, &known.structure, &known.estimate);
                world.catalog = Some(catalog);
                world
            };
            let policy = Policy { packs: Packs::All, ..Policy::default() };
            let cost = best(prepared, |world| {
                found = run(&world, std::slice::from_ref(rule), policy, None, None).findings.len();
            });
            (cost, rule.name.as_str(), found)
        })
        .collect();
    costs.sort_by(|a, b| b.cmp(a));
    let all: Duration = costs.iter().map(|(cost, ..)| *cost).sum();
    println!("100,000 components, {} rules one at a time: {:.0} ms", costs.len(), all.as_secs_f64() * 1e3);
    for (cost, name, found) in costs.iter().take(10) {
        println!("  {:7.1} ms  {name} ({found} findings)", cost.as_secs_f64() * 1e3);
    }
    let median = costs.get(costs.len() / 2).map_or(0.0, |(cost, ..)| cost.as_secs_f64() * 1e3);
    println!("  {median:7.1} ms  the rule in the middle");
}

fn whole_checks(rules: &[Rule], catalog: &Catalog) {
    for count in [1_000, 100_000] {
        let mut sources = Sources::new();
        let id = sources.add("cells.yaml", cells(count));
        for (label, some) in [("no", 0), ("30", 30), ("all", rules.len())] {
            let some = rules.get(..some).unwrap_or(rules);
            let nothing = || ();
            let cost = best(nothing, |()| {
                let question = Question { rules: some, packs: Packs::All, ..Question::default() };
                black_box(ask(&sources, id, catalog, question));
            });
            println!("{count:>7} components, {label:>3} rules: {:8.1} ms", cost.as_secs_f64() * 1e3);
        }
    }
}

fn main() {
    let catalog = Catalog::new();
    let rules = built_in(&mut Sources::new(), &mut Diagnostics::new());
    whole_checks(&rules, &catalog);
    each_rule(&rules, &catalog);
}
