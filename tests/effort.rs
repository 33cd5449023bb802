//! What rules cost: a system that is four times as large is about four times the work.

use napkin::analysis::{Question, analyse, ask};
use napkin::catalog::Catalog;
use napkin::diagnostic::Diagnostics;
use napkin::lint::{Packs, Policy, World, built_in, run};
use napkin::source::Sources;

use crate::cells::cells;

/// The work of each rule on a system of this many components.
fn work(count: usize) -> Vec<(String, u64)> {
    let (catalog, mut sources) = (Catalog::new(), Sources::new());
    let rules = built_in(&mut Sources::new(), &mut Diagnostics::new());
    let id = sources.add("cells.yaml", cells(count));
    let known = analyse(&sources, id, &catalog, &[], None);
    assert!(known.is_usable(), "{:?}", known.diagnostics.first());
    let world = World::new(&known.graph, &known.structure, &known.estimate);
    let one = |at: usize| {
        run(
            &world,
            rules.get(at..=at).unwrap_or_default(),
            Policy { packs: Packs::All, ..Policy::default() },
            None,
            None,
        )
        .work
    };
    rules.iter().enumerate().map(|(at, rule)| (rule.name.clone(), one(at))).collect()
}

#[test]
fn no_rule_takes_more_than_its_share_of_a_larger_system() {
    let (small, large) = (work(400), work(1600));
    assert!(small.iter().all(|(_, work)| *work > 0));
    let worse: Vec<_> = small.iter().zip(&large).filter(|((_, small), (_, large))| *large > 5 * small + 1000).collect();
    assert!(worse.is_empty(), "these grow faster than the system: {worse:#?}");
}

#[test]
fn a_large_system_is_checked_by_all_rules() {
    let (catalog, mut sources) = (Catalog::new(), Sources::new());
    let rules = built_in(&mut Sources::new(), &mut Diagnostics::new());
    let id = sources.add("cells.yaml", cells(10_000));
    let question = Question { rules: &rules, packs: Packs::All, ..Question::default() };
    let analysis = ask(&sources, id, &catalog, question);
    assert!(analysis.is_usable(), "{:?}", analysis.diagnostics.first());
}
