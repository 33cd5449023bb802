//! Rules are quiet and see what is there: clean specs broken in one way at a time, specs that are bad on purpose, and specs that
//! say next to nothing.

use std::collections::{BTreeMap, BTreeSet};

use napkin::analysis::{Analysis, Question, ask};
use napkin::catalog::Catalog;
use napkin::diagnostic::Diagnostics;
use napkin::lint::{Finding, PACKS, Packs, Rule, built_in, check_ties, fold};
use napkin::source::Sources;
use napkin::vocabulary::Kind;

use crate::{at, yaml_files};

/// The built-in rules and what else a check needs, read once.
struct Checker {
    rules: Vec<Rule>,
    catalog: Catalog,
}

impl Checker {
    fn new() -> Self {
        Checker { rules: built_in(&mut Sources::new(), &mut Diagnostics::new()), catalog: Catalog::new() }
    }

    fn analyse(&self, text: &str, packs: Packs<'_>) -> Result<Analysis, String> {
        let mut sources = Sources::new();
        let id = sources.add("s.yaml", text);
        let found = ask(&sources, id, &self.catalog, Question { rules: &self.rules, packs, ..Question::default() });
        match found.diagnostics.first() {
            Some(mistake) => Err(format!("it isn't a spec any more: {}", mistake.message)),
            None => Ok(found),
        }
    }

    /// What is open, folded, as the tables write it.
    fn found(&self, text: &str, packs: Packs<'_>) -> Result<Vec<String>, String> {
        let findings = fold(self.analyse(text, packs)?.findings);
        Ok(findings.iter().filter(|finding| finding.allowed.is_none()).map(shown).collect())
    }
}

/// `rule@thing < rule@thing`: a finding and what stands below it.
fn shown(finding: &Finding) -> String {
    let below = finding.also.iter().flat_map(|other| std::iter::once(other).chain(&other.also));
    let name = |finding: &Finding| format!("{}@{}", finding.rule, finding.subject_name);
    std::iter::once(finding).chain(below).map(name).collect::<Vec<_>>().join(" < ")
}

/// A text to be replaced, and the replacement; without one its lines are taken out.
type Edit = (String, Option<String>);

/// A mutation of a spec, or a spec as it stands.
#[derive(Default)]
struct Case {
    spec: String,
    title: String,
    edits: Vec<Edit>,
    expected: Vec<String>,
    consequences: Vec<String>,
}

/// Reads a table; its first lines say how it is written.
fn cases(file: &str) -> Vec<Case> {
    let text = std::fs::read_to_string(at(file)).unwrap();
    let mut cases: Vec<Case> = Vec::new();
    let (mut spec, mut fresh) = (String::new(), true);
    for (number, line) in text.lines().enumerate().skip_while(|(_, line)| !line.starts_with("===")) {
        if let Some(path) = line.strip_prefix("=== ") {
            spec = path.to_owned();
            cases.push(Case { spec: spec.clone(), ..Case::default() });
            continue;
        }
        if let Some(title) = line.strip_prefix("# ") {
            cases.push(Case { spec: spec.clone(), title: title.to_owned(), ..Case::default() });
            fresh = true;
            continue;
        }
        let Some(case) = cases.last_mut() else { panic!("{file}:{}: this belongs to no spec", number + 1) };
        match line.split_at_checked(1) {
            None => {}
            Some(("@", "")) => fresh = true,
            Some(("-", old)) if fresh => {
                case.edits.push((old.to_owned(), None));
                fresh = false;
            }
            Some(("-", old)) => case.edits.last_mut().unwrap().0 += &format!("\n{old}"),
            Some(("+", new)) => {
                let text = &mut case.edits.last_mut().unwrap().1;
                *text = Some(text.take().map_or(new.to_owned(), |before| format!("{before}\n{new}")));
            }
            Some((">", finding)) => case.expected.push(finding.trim().to_owned()),
            Some(("~", finding)) => case.consequences.push(finding.trim().to_owned()),
            Some(_) => panic!("{file}:{}: `{line}` begins with no sign of the table", number + 1),
        }
    }
    // A heading alone is no case.
    cases.retain(|case| !case.edits.is_empty() || !case.expected.is_empty());
    cases
}

/// The spec with the edits made.
fn mutated(text: &str, edits: &[Edit]) -> Result<String, String> {
    let mut text = text.to_owned();
    for (old, new) in edits {
        let places: Vec<usize> = text.match_indices(old.as_str()).map(|(at, _)| at).collect();
        let [place] = places[..] else { return Err(format!("`{old}` stands in it {} times", places.len())) };
        let end = place + old.len();
        match new {
            Some(new) => text.replace_range(place..end, new),
            None => {
                let from = text[..place].rfind('\n').map_or(0, |line| line + 1);
                let to = text[end..].find('\n').map_or(text.len(), |line| end + line + 1);
                text.replace_range(from..to, "");
            }
        }
    }
    Ok(text)
}

#[test]
#[expect(clippy::print_stdout, reason = "the counts are what is asked for")]
fn every_seeded_defect_is_found_and_nothing_unrelated_is_said() {
    let checker = Checker::new();
    let cases = cases("tests/fixtures/seeded.txt");
    let (mut caught, mut alarms, mut wrong) = (0, 0, Vec::new());
    let (mut specs, mut rules) = (BTreeMap::new(), BTreeSet::new());
    for case in &cases {
        *specs.entry(case.spec.as_str()).or_insert(0) += 1;
        let text = std::fs::read_to_string(at(&case.spec)).unwrap();
        let found = mutated(&text, &case.edits).and_then(|text| checker.found(&text, Packs::All));
        let complain = |what: String| format!("{}, {}: {what}", case.spec, case.title);
        let found = match found {
            Ok(found) => found,
            Err(mistake) => {
                wrong.push(complain(mistake));
                continue;
            }
        };
        let all: BTreeSet<&String> = case.expected.iter().chain(&case.consequences).collect();
        let missing: Vec<_> = all.iter().filter(|wanted| !found.contains(wanted)).collect();
        let more: Vec<_> = found.iter().filter(|finding| !all.contains(finding)).collect();
        caught += usize::from(!case.expected.is_empty() && missing.is_empty());
        alarms += more.len();
        rules.extend(case.expected.iter().flat_map(|finding| finding.split(" < ")).map(rule_of));
        if case.expected.is_empty() || !missing.is_empty() || !more.is_empty() {
            wrong.push(complain(format!("not found: {missing:?}; found beside: {more:?}")));
        }
    }
    println!(
        "{caught} of {} mutations of {} specs caught by {} rules, {alarms} false alarms",
        cases.len(),
        specs.len(),
        rules.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases.len() >= 200 && specs.len() >= 12 && rules.len() >= 120, "the table has shrunk");
    assert!(specs.values().all(|count| *count >= 10), "{specs:?}");
    // Each pack has rules that are tried so.
    for pack in PACKS.iter().filter(|pack| pack.name != "custom") {
        let tried =
            checker.rules.iter().filter(|rule| rule.pack.name == pack.name && rules.contains(rule.name.as_str()));
        assert!(tried.count() >= 4, "{}", pack.name);
    }
}

fn rule_of(finding: &str) -> &str {
    finding.split_once('@').map_or(finding, |(rule, _)| rule)
}

#[test]
fn specs_that_are_broken_on_purpose_are_clean_before() {
    let checker = Checker::new();
    let specs: BTreeSet<String> = cases("tests/fixtures/seeded.txt").into_iter().map(|case| case.spec).collect();
    for path in yaml_files("tests/fixtures/clean") {
        let name = path.strip_prefix(at("")).unwrap().display().to_string();
        assert!(specs.contains(&name), "{name} is not used");
    }
    for spec in &specs {
        let text = std::fs::read_to_string(at(spec)).unwrap();
        assert_eq!(checker.found(&text, Packs::All), Ok(Vec::new()), "{spec}");
    }
}

#[test]
fn bad_specs_have_exactly_the_findings_that_they_should() {
    let checker = Checker::new();
    let cases = cases("tests/fixtures/bad-specs.txt");
    for case in &cases {
        let text = std::fs::read_to_string(at(&case.spec)).unwrap();
        let found = checker.found(&text, Packs::Default).unwrap();
        assert_eq!(found, case.expected, "{}", case.spec);
        assert!(text.starts_with('#'), "{} doesn't say what is wrong with it", case.spec);
    }
    let listed: BTreeSet<String> = cases.into_iter().map(|case| case.spec).collect();
    let shipped = ["specs/bad", "specs/handbook"].into_iter().flat_map(yaml_files);
    let shipped: BTreeSet<String> =
        shipped.map(|path| path.strip_prefix(at("")).unwrap().display().to_string()).collect();
    assert_eq!(listed, shipped);
}

#[test]
fn what_is_not_said_is_no_finding_and_is_counted() {
    let checker = Checker::new();
    let components: String =
        Kind::ALL.iter().enumerate().map(|(at, kind)| format!("  c{at}: {}\n", kind.name())).collect();
    let data = "data:\n  d: { in: c11 }\n";
    let each = "flows:\n  f: { steps: [c0 -> c7] }\n";
    // What is written is that: a name, boxes, a call, a data set. In the pack for interviews it is a finding not to say more.
    let hygiene = |rule: &str| checker.rules.iter().any(|known| known.name == rule && known.pack.name == "interview");
    let mut undecided = Vec::new();
    for text in [
        "napkin: 1\nname: empty\n".to_owned(),
        format!("napkin: 1\nname: boxes\ncomponents:\n{components}"),
        format!("napkin: 1\nname: boxes\ncomponents:\n{components}{data}"),
        format!("napkin: 1\nname: boxes\ncomponents:\n{components}{each}{data}"),
    ] {
        let found = checker.found(&text, Packs::All).unwrap();
        let loud: Vec<_> = found.iter().filter(|finding| !hygiene(rule_of(finding))).collect();
        assert!(loud.is_empty(), "{text}{loud:?}");
        undecided.push(checker.analyse(&text, Packs::All).unwrap().not_checked);
    }
    // The system's own questions need answers even where there is nothing else; with boxes there are more of them.
    assert!(undecided.iter().all(|list| list.iter().all(|entry| entry.count > 0 && !entry.missing.is_empty())));
    let counts: Vec<usize> = undecided.iter().map(|list| list.iter().map(|entry| entry.count).sum()).collect();
    assert!(counts.windows(2).all(|pair| pair[0] <= pair[1]) && counts[0] < counts[3], "{counts:?}");
    assert!(undecided[3].len() >= 30, "{}", undecided[3].len());
}

#[test]
fn rules_follow_from_rules_that_exist_and_never_in_a_circle() {
    let mut diagnostics = Diagnostics::new();
    check_ties(&Checker::new().rules, &mut diagnostics);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
}
