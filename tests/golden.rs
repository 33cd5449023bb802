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
