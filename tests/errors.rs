//! Mistakes that people make, one file each: the whole drawn answer is frozen, and its places obey a law.

use napkin::analysis::analyse;
use napkin::catalog::Catalog;
use napkin::report::diagnostics::{Style, draw_all};
use napkin::source::Sources;

use crate::{at, yaml_files};

#[test]
fn answers_to_mistakes_are_frozen() {
    let catalog = Catalog::new();
    for path in yaml_files("tests/errors") {
        let name = path.strip_prefix(at("tests/errors")).unwrap().with_extension("").display().to_string();
        let mut sources = Sources::new();
        let id = sources.add(format!("{name}.yaml"), std::fs::read_to_string(&path).unwrap());
        let analysis = analyse(&sources, id, &catalog, &[], None);
        assert!(!analysis.diagnostics.is_empty(), "{name} has no mistake");
        for mistake in &analysis.diagnostics {
            assert!(
                mistake.help.as_ref().is_some_and(|help| !help.is_empty()),
                "{name}: {} says not what to do",
                mistake.message
            );
        }
        let style = Style { colour: false, width: 80, verbose: false };
        insta::assert_snapshot!(name.replace('/', "__"), draw_all(&analysis.diagnostics, &sources, style));
    }
}

#[test]
fn of_long_lines_only_what_is_around_a_mistake_is_drawn() {
    for wide in ["x".repeat(70_000), "é".repeat(70_000), "a b ".repeat(20_000)] {
        let many: String = (0..50).map(|n| format!("c{n}: servce, ")).collect();
        let text = format!(
            "napkin: 1\ncomponents: {{ u: {{ is: client, owner: '{wide}' }}, {many} d: {{ is: service, replica: 1 }} }}\n"
        );
        let mut sources = Sources::new();
        let id = sources.add("s.yaml", text);
        let analysis = analyse(&sources, id, &Catalog::new(), &[], None);
        assert!(analysis.diagnostics.len() > 50);
        for mistake in &analysis.diagnostics {
            let style = Style { colour: false, width: 80, verbose: false };
            let drawn = draw_all(std::slice::from_ref(mistake), &sources, style);
            assert!(drawn.len() < 2500 && drawn.contains("s.yaml:2:"), "{}: {drawn}", drawn.len());
        }
    }
}

#[test]
fn a_mistake_points_at_the_word_that_is_wrong() {
    let check = |text: &str, words: &[&str]| {
        let mut sources = Sources::new();
        let id = sources.add("s.yaml", text);
        let analysis = analyse(&sources, id, &Catalog::new(), &[], None);
        let found: Vec<&str> = analysis.diagnostics.iter().map(|d| sources.slice(d.span().unwrap())).collect();
        assert_eq!(found, words, "{text}");
    };
    check("napkin: 1\ncomponents: { a: { is: service, replica: 3 } }\n", &["replica"]);
    check("napkin: 1\nassume: { a: \"5 * usrs\" }\n", &["usrs"]);
    check("napkin: 1\nassume:\n  a: >\n    5 *\n    usrs\n", &["usrs"]);
    check("napkin: 1\ncomponents: { a: service }\nflows: { f: { steps: [a -> bb] } }\n", &["bb"]);
    check("napkin: 1\ncomponents: { a: postgress x3 }\n", &["postgress"]);
}

#[test]
fn no_cut_or_garbled_spec_panics() {
    let catalog = Catalog::new();
    let text = std::fs::read_to_string(at("tests/fixtures/language-example.yaml")).unwrap();
    let mut state = 7_u64;
    for round in 0..400 {
        let mut bytes = text.clone().into_bytes();
        for _ in 0..=round % 5 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let place = usize::try_from(state >> 33).unwrap() % bytes.len();
            match state % 3 {
                0 => bytes.truncate(place.max(1)),
                1 => bytes[place] = b"{}[]:,-&*#|>%@x9 \n\"'"[usize::try_from(state >> 20).unwrap() % 20],
                _ => {
                    bytes.remove(place);
                }
            }
        }
        let mut sources = Sources::new();
        let id = sources.add("s.yaml", String::from_utf8_lossy(&bytes).into_owned());
        let analysis = analyse(&sources, id, &catalog, &[], None);
        for diagnostic in &analysis.diagnostics {
            for label in &diagnostic.labels {
                assert!(sources.get(id).text().get(label.span.range()).is_some(), "a place outside the text");
            }
        }
    }
}
