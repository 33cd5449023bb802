//! Fault trees: exact probabilities by binary decision diagrams, importance measures, minimal cut sets.

pub use super::fault_tree::{Diagram, Examined, FaultTree, Importance};

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: f64, expected: f64, relative: f64) {
        assert!((value / expected - 1.0).abs() <= relative, "{value} is not {expected}");
    }

    const LIMIT: usize = 100_000;

    fn count(diagram: &Diagram, order: usize) -> usize {
        diagram.cut_sets(order, usize::MAX >> 8, &|_| 1).unwrap().len()
    }

    #[test]
    fn golden_scram_importance() {
        // (v1|p1) & (v2|p2)
        let mut tree = FaultTree::default();
        let [p1, p2, v1, v2] = [0, 1, 2, 3].map(|part| tree.part(part));
        let (one, two) = (tree.any(vec![v1, p1]), tree.any(vec![v2, p2]));
        let top = tree.all(vec![one, two]);
        let fails = |part: usize| [0.6, 0.7, 0.4, 0.5][part];
        let diagram = tree.diagram(top, LIMIT).unwrap();
        close(diagram.probability(&fails), 0.646, 1e-12);
        let list = diagram.importance(&fails);
        let of = |part| *list.iter().find(|i| i.part == part).unwrap();
        close(of(0).birnbaum, 0.51, 1e-9);
        close(of(0).criticality, 0.4737, 1e-4);
        close(of(0).diagnostic, 0.7895, 1e-4);
        close(of(0).achievement, 1.316, 1e-3);
        close(of(0).reduction, 1.9, 1e-3);
        close(of(3).birnbaum, 0.228, 1e-9);
        close(of(3).reduction, 1.214, 1e-3);
        assert_eq!(count(&diagram, 2), 4);
    }

    #[test]
    fn golden_scram_common_causes() {
        // scram-beta-factor-3: three trains of a valve or a pump; 10 cut sets with the two common causes.
        let mut tree = FaultTree::default();
        let common = [tree.part(100), tree.part(101)];
        let mut trains = Vec::new();
        for train in 0..3 {
            let (valve, pump) = (tree.part(2 * train), tree.part(2 * train + 1));
            trains.push(tree.any(vec![valve, pump, common[0], common[1]]));
        }
        let top = tree.all(trains);
        let diagram = tree.diagram(top, LIMIT).unwrap();
        close(diagram.probability(&|part| if part >= 100 { 0.02 } else { 0.08 }), 0.04308, 2e-4);
        assert_eq!(count(&diagram, 3), 10);
        assert_eq!(count(&diagram, 1), 2);
        assert_eq!(diagram.cut_sets(3, 5, &|_| 1).unwrap().len(), 5);
        close(diagram.probability(&|part| if part >= 100 { 0.0 } else { 0.1 }), 0.006_859, 1e-9);
    }

    #[test]
    fn golden_scram_three_motor() {
        // With the house events set: K5 or T2 with (K1, S1, T1inc, or one of each of three pairs).
        let mut tree = FaultTree::default();
        let parts: Vec<usize> = (0..11).map(|part| tree.part(part)).collect();
        let pairs: Vec<usize> = (0..3).map(|i| tree.any(vec![parts[5 + 2 * i], parts[6 + 2 * i]])).collect();
        let timers = tree.all(pairs);
        let relay = tree.any(vec![parts[2], parts[3], parts[4], timers]);
        let reset = tree.any(vec![parts[0], parts[1]]);
        let held = tree.all(vec![relay, reset]);
        let top = tree.any(vec![parts[0], held]);
        let diagram = tree.diagram(top, LIMIT).unwrap();
        close(diagram.probability(&|_| 0.02), 0.021_153_8, 1e-5);
        let orders: Vec<usize> = (0..=4).map(|order| count(&diagram, order)).collect();
        assert_eq!(orders, [0, 1, 4, 4, 12]);
    }

    /// The event that two corners of a grid of `side` by `side` places are cut off from each other.
    fn grid(side: usize) -> (FaultTree, usize) {
        let mut links = std::collections::BTreeMap::new();
        for at in 0..side * side {
            for next in [(at % side + 1 < side).then_some(at + 1), (at + side < side * side).then_some(at + side)] {
                let number = links.len();
                links.extend(next.map(|next| ((at, next), number)));
            }
        }
        let mut tree = FaultTree::default();
        let parts: Vec<usize> = (0..links.len()).map(|part| tree.part(part)).collect();
        let mut paths = Vec::new();
        let mut open = vec![(0, vec![0], Vec::new())];
        while let Some((at, seen, used)) = open.pop() {
            if at == side * side - 1 {
                paths.push(tree.any(used));
                continue;
            }
            for (&(a, b), &link) in &links {
                let next = if a == at {
                    b
                } else if b == at {
                    a
                } else {
                    continue;
                };
                if !seen.contains(&next) {
                    open.push((next, [seen.as_slice(), &[next]].concat(), [used.as_slice(), &[parts[link]]].concat()));
                }
            }
        }
        let top = tree.all(paths);
        (tree, top)
    }

    #[test]
    fn golden_networks() {
        for (side, works) in [(2, 0.9639), (3, 0.972_502_171_407), (4, 0.975_046_349_577_066)] {
            let (tree, top) = grid(side);
            let diagram = tree.diagram(top, LIMIT).unwrap();
            close(1.0 - diagram.probability(&|_| 0.1), works, 1e-12);
        }
        // bridge-network: four paths, four cut sets.
        let mut tree = FaultTree::default();
        let link: Vec<usize> = (0..5).map(|part| tree.part(part)).collect();
        let paths = [vec![0, 3], vec![1, 4], vec![0, 2, 4], vec![1, 2, 3]];
        let cut: Vec<usize> = paths.iter().map(|path| tree.any(path.iter().map(|&l| link[l]).collect())).collect();
        let top = tree.all(cut);
        let diagram = tree.diagram(top, LIMIT).unwrap();
        close(1.0 - diagram.probability(&|_| 0.1), 0.97848, 1e-12);
        assert_eq!(count(&diagram, 5), 4);
    }

    #[test]
    fn edges_and_bounds() {
        let mut tree = FaultTree::default();
        let (never, always) = (tree.any(vec![]), tree.all(vec![]));
        assert_eq!(tree.diagram(never, LIMIT).unwrap().probability(&|_| 0.5), 0.0);
        assert_eq!(tree.diagram(always, LIMIT).unwrap().probability(&|_| 0.5), 1.0);
        assert!(tree.diagram(never, LIMIT).unwrap().importance(&|_| 0.5).is_empty());
        assert_eq!(tree.diagram(always, LIMIT).unwrap().cut_sets(1, 9, &|_| 1), Some(vec![vec![]]));
        let (grid, top) = grid(4);
        assert!(grid.diagram(top, 10).is_none());
        let (lower, gap) = grid.examine(top).probability(&|_| 0.001);
        let exact = grid.diagram(top, LIMIT).unwrap().probability(&|_| 0.001);
        assert!(lower <= exact && exact <= lower + gap && gap < 0.01 * exact, "{lower} {exact} {gap}");
    }

    #[test]
    fn what_stands_once_needs_no_diagram() {
        // 2 of 3 pairs, each of two parts: nothing is used twice.
        let mut tree = FaultTree::default();
        let _ = tree.part(99);
        let parts: Vec<usize> = (0..6).map(|part| tree.part(part)).collect();
        let pairs: Vec<usize> = parts.chunks(2).map(|pair| tree.all(pair.to_vec())).collect();
        let top = tree.at_least(2, pairs.clone());
        assert!(tree.is_read_once(top));
        let twice = tree.any(vec![top, pairs[0]]);
        assert!(!tree.is_read_once(twice));
        let (own, own_top) = tree.below(&[top]);
        assert!(own.len() < tree.len() && !own.parts(own_top).contains(&99));
        let diagram = tree.diagram(top, LIMIT).unwrap();
        // Digits of what is rare are kept: about 3 q⁴.
        for q in [0.3, 1e-5] {
            close(own.plain_probability(own_top, &|_| q), diagram.probability(&|_| q), 1e-12);
        }
    }

    /// A random tree over `parts` parts, from numbers.
    fn random(parts: usize, choices: &[(u8, Vec<usize>)]) -> (FaultTree, usize) {
        let mut tree = FaultTree::default();
        let mut known: Vec<usize> = (0..parts).map(|part| tree.part(part)).collect();
        for (kind, picks) in choices {
            let inputs: Vec<usize> = picks.iter().map(|pick| known[pick % known.len()]).collect();
            let k = usize::from(*kind) % (inputs.len() + 1);
            known.push(tree.at_least(k.max(1), inputs));
        }
        let top = *known.last().unwrap();
        (tree, top)
    }

    proptest::proptest! {
        #[test]
        fn diagrams_match_enumeration(
            fails in proptest::collection::vec(0.0..1.0_f64, 7),
            choices in proptest::collection::vec((0..5_u8, proptest::collection::vec(0..100_usize, 1..5)), 1..9),
            negate in 0..9_usize,
        ) {
            let (mut tree, coherent) = random(7, &choices);
            let negated = tree.not(negate % (coherent + 1));
            let top = tree.any(vec![coherent, negated]);
            for top in [coherent, top] {
                let (mut brute, mut cuts) = (0.0, Vec::new());
                for state in 0..1_usize << 7 {
                    if tree.happens(top, &|part| state >> part & 1 == 1) {
                        brute += (0..7).map(|p| if state >> p & 1 == 1 { fails[p] } else { 1.0 - fails[p] }).product::<f64>();
                        cuts.push(state);
                    }
                }
                let diagram = tree.diagram(top, LIMIT).unwrap();
                proptest::prop_assert!((diagram.probability(&|part| fails[part]) - brute).abs() < 1e-12);
                let (lower, gap) = tree.examine(top).probability(&|part| fails[part]);
                proptest::prop_assert!(lower <= brute + 1e-9 && brute <= lower + gap + 1e-9);
                let (lower, upper) = tree.bounds(top, &|part| fails[part]);
                proptest::prop_assert!(lower <= brute + 1e-9 && brute <= upper + 1e-9, "{} {} {}", lower, brute, upper);
                if tree.is_read_once(top) {
                    let (own, top) = tree.below(&[top]);
                    proptest::prop_assert!((own.plain_probability(top, &|part| fails[part]) - brute).abs() < 1e-12);
                }
                for (part, birnbaum) in diagram.birnbaum(&|part| fails[part]).1 {
                    let with = |q: f64| diagram.probability(&|p| if p == part { q } else { fails[p] });
                    proptest::prop_assert!((birnbaum - (with(1.0) - with(0.0))).abs() < 1e-12);
                }
                if top == coherent {
                    let minimal = |state: &&usize| !cuts.iter().any(|other| other != *state && *state & other == *other);
                    let mut expected: Vec<usize> = cuts.iter().filter(minimal).copied().collect();
                    let found = diagram.cut_sets(7, 1000, &|_| 1).unwrap();
                    let mut found: Vec<usize> = found.iter().map(|set| set.iter().map(|part| 1 << part).sum()).collect();
                    found.sort_unstable();
                    expected.sort_unstable();
                    proptest::prop_assert_eq!(found, expected);
                }
            }
        }
    }
}
