//! Published numbers: calculations through the calculator, system designs through the estimate.

use napkin::analysis::analyse;
use napkin::calculator::Calculator;
use napkin::catalog::Catalog;
use napkin::report::explain::wanted;
use napkin::source::Sources;
use serde::Deserialize;

use crate::{at, yaml_files};

#[derive(Deserialize)]
struct Calculation {
    id: String,
    calc: String,
    is: serde_yaml::Value,
    within: f64,
}

#[test]
fn published_calculations_are_reproduced() {
    let mut list: Vec<Calculation> = Vec::new();
    for file in ["tests/golden/calculations.yaml", "tests/golden/models.yaml"] {
        list.extend(serde_yaml::from_str::<Vec<Calculation>>(&std::fs::read_to_string(at(file)).unwrap()).unwrap());
    }
    let calculator = Calculator::new();
    let value = |text: &str| calculator.value(text).unwrap_or_else(|error| panic!("{text}: {}", error.message));
    for Calculation { id, calc, is, within } in &list {
        let expected = match is {
            serde_yaml::Value::String(text) => value(text),
            number => number.as_f64().unwrap(),
        };
        let error = (value(calc) / expected - 1.0).abs();
        assert!(error <= *within, "{id}: `{calc}` is off by {error}");
    }
    let mut ids: Vec<&str> = list.iter().map(|calculation| calculation.id.as_str()).collect();
    ids.dedup();
    assert!(ids.len() >= 105, "only {} published calculations", ids.len());
}

#[test]
fn every_formula_gives_what_its_help_says() {
    for formula in napkin::expr::FORMULAS {
        let (call, gives) = formula.example;
        let answer = Calculator::new().line(call).unwrap_or_else(|error| panic!("{call}: {}", error.message));
        assert_eq!(answer, gives, "{call}");
    }
}

/// Lines `# expect: FIGURE VALUE TOLERANCE` in `specs/golden/` state published figures in base units.
#[test]
fn published_designs_are_reproduced() {
    let catalog = Catalog::new();
    let files = yaml_files("specs/golden");
    assert!(files.len() >= 12, "only {} published designs", files.len());
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut sources = Sources::new();
        let id = sources.add(path.display().to_string(), text.clone());
        let analysis = analyse(&sources, id, &catalog, &[], None);
        assert!(analysis.is_usable(), "{}: {:?}", path.display(), analysis.diagnostics);
        let expectations: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# expect: ")).collect();
        assert!(!expectations.is_empty(), "{} expects nothing", path.display());
        for line in expectations {
            let words: Vec<&str> = line.split_whitespace().collect();
            let (expected, tolerance): (f64, f64) = (words[1].parse().unwrap(), words[2].parse().unwrap());
            let found = wanted(words[0], &analysis).unwrap().value(&analysis).unwrap();
            let error = (found / expected - 1.0).abs();
            assert!(error <= tolerance, "{}: {line}: found {found}", path.display());
        }
    }
}

#[test]
fn a_published_fault_tree_is_reproduced() {
    use napkin::formula::reliability::FaultTree;
    use std::collections::BTreeMap;
    let text = std::fs::read_to_string(at("tests/golden/baobab1.txt")).unwrap();
    let (mut tree, mut events, mut fails) = (FaultTree::default(), BTreeMap::new(), Vec::new());
    let mut top = 0;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.split_once(" = ").unwrap();
        top = match value.split_once(" of ") {
            Some((k, inputs)) => tree.at_least(k.parse().unwrap(), inputs.split(' ').map(|n| events[n]).collect()),
            None => {
                fails.push(value.parse::<f64>().unwrap());
                tree.part(fails.len() - 1)
            }
        };
        events.insert(name, top);
    }
    let diagram = tree.diagram(top, 1_000_000).unwrap();
    let probability = diagram.probability(&|part| fails[part]);
    assert!((probability / 1.2823e-6 - 1.0).abs() < 1e-4, "{probability}");
    assert_eq!(diagram.cut_sets(usize::MAX, 100_000, &|_| 1).unwrap().len(), 46_188);
}
