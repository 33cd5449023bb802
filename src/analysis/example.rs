//! A rule's examples: whether it fires where it should, and what of it they decide.

use crate::analysis::{Analysis, Question, ask};
use crate::catalog::Catalog;
use crate::definition::SEED;
use crate::lint::{Finding, Packs, Parts, Piece, Rule, World, fires, silence, variants};
use crate::simulate::{Extent, Load, Settings};
use crate::source::{SourceId, Sources, Span};

/// How an example of a rule went.
#[derive(Debug, PartialEq, Eq)]
pub enum ExampleResult {
    /// As it should.
    Passed,
    /// It should fire but is silent.
    Silent,
    /// It should be silent but says this.
    Fired(String),
    /// The example is not a valid spec; the first mistake.
    Invalid(String),
    /// The rule's fix doesn't set it right, and why.
    NotFixed(String),
}

/// One example of a rule.
#[derive(Debug)]
pub struct Example {
    /// Whether it should fire.
    pub bad: bool,
    /// Where it stands.
    pub span: Span,
    /// How it went.
    pub result: ExampleResult,
    /// Why the rule is silent where it should fire.
    pub why: Vec<String>,
    /// What the rule's fix does to it, where it applies.
    pub fixed: Option<ExampleResult>,
}

/// A rule whose examples were run.
#[derive(Debug)]
pub struct Tried<'r> {
    /// The rule.
    pub rule: &'r Rule,
    /// Its examples, those that should fire first.
    pub examples: Vec<Example>,
    /// How many pieces it has: operands of `and` and `or`, parameters.
    pub pieces: usize,
    /// Those without which, or with other values of which, every example goes as it does.
    pub undecided: Vec<Piece>,
}

impl Tried<'_> {
    /// How many examples went as they should.
    pub fn passed(&self) -> usize {
        self.examples.iter().filter(|example| example.result == ExampleResult::Passed).count()
    }

    /// How many examples there are that should fire, and that should be silent.
    pub fn counts(&self) -> (usize, usize) {
        (self.rule.bad.len(), self.rule.good.len())
    }

    /// Whether an example doesn't go as it should, or there is none of a kind.
    pub fn fails(&self) -> bool {
        let misfixed = self.examples.iter().any(|one| matches!(one.fixed, Some(ExampleResult::NotFixed(_))));
        let few = self.rule.bad.is_empty() || self.rule.good.is_empty();
        self.passed() < self.examples.len() || few || misfixed || self.fix_is_idle()
    }

    /// Whether the rule has a fix that no example shows.
    pub fn fix_is_idle(&self) -> bool {
        self.rule.fix.is_some() && self.examples.iter().all(|one| one.fixed.is_none())
    }
}

/// Requests that are simulated for an example whose rule asks for a simulation.
const EXAMPLE_REQUESTS: usize = 20_000;

const SIMULATION: Settings =
    Settings { seed: SEED, runs: 4, extent: Extent::Requests(EXAMPLE_REQUESTS), load: Load::Peak };

/// Runs one example of a rule; `bad` says whether it should fire.
pub fn run_example(rule: &Rule, text: &str, bad: bool, catalog: &Catalog) -> ExampleResult {
    judged(&analysis(rule, text, catalog), rule, bad)
}

/// An example as a spec.
pub(crate) fn example(text: &str) -> (Sources, SourceId) {
    let mut sources = Sources::new();
    let whole = if text.contains("napkin:") { text.to_owned() } else { format!("napkin: 1\n{text}") };
    let id = sources.add("example", whole);
    (sources, id)
}

fn analysis(rule: &Rule, text: &str, catalog: &Catalog) -> Analysis {
    let (sources, id) = example(text);
    let rules = std::slice::from_ref(rule);
    let question = Question { rules, packs: Packs::All, simulation: Some(&SIMULATION), ..Question::default() };
    ask(&sources, id, catalog, question)
}

fn judged(analysis: &Analysis, rule: &Rule, bad: bool) -> ExampleResult {
    if let Some(mistake) = analysis.mistake() {
        return ExampleResult::Invalid(format!("{} ({})", mistake.message, mistake.help.clone().unwrap_or_default()));
    }
    match (found(analysis, rule), bad) {
        (Some(_), true) | (None, false) => ExampleResult::Passed,
        (None, true) => ExampleResult::Silent,
        (Some(finding), false) => ExampleResult::Fired(finding.message.clone()),
    }
}

/// The first finding of a rule; others may be about the example's suppressions.
fn found<'a>(analysis: &'a Analysis, rule: &Rule) -> Option<&'a Finding> {
    analysis.findings.iter().find(|finding| finding.rule == rule.name)
}

/// Runs all examples of a rule, which was loaded from `sources`, and finds what of it none of them decides.
pub fn try_rule<'r>(rule: &'r Rule, sources: &Sources, catalog: &Catalog) -> Tried<'r> {
    let (pieces, variants) = variants(rule, sources);
    let parts = Parts::new(rule, sources);
    let mut decided = vec![false; pieces.len()];
    let all = rule.bad.iter().map(|example| (example, true)).chain(rule.good.iter().map(|example| (example, false)));
    let mut examples = Vec::new();
    for ((text, span), bad) in all {
        let analysis = analysis(rule, text, catalog);
        let result = judged(&analysis, rule, bad);
        let mut why = Vec::new();
        if !matches!(result, ExampleResult::Invalid(_)) {
            let mut world = World::new(&analysis.graph, &analysis.structure, &analysis.estimate);
            world.catalog = Some(catalog);
            world.simulation = Some(&SIMULATION);
            if result == ExampleResult::Silent {
                why = silence(&world, rule, &parts);
            }
            let fired = found(&analysis, rule).is_some();
            for variant in &variants {
                if let Some(done) = decided.get_mut(variant.piece).filter(|done| !**done) {
                    *done = fires(&world, rule, variant) != Some(fired);
                }
            }
        }
        examples.push(Example { bad, span: *span, result, why, fixed: None });
    }
    let undecided = pieces.iter().zip(&decided).filter(|(_, decided)| !**decided).map(|(piece, _)| piece.clone());
    Tried { rule, examples, pieces: pieces.len(), undecided: undecided.collect() }
}
