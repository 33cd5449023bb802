//! The one entry: sources in, graph, figures and findings out. A terminal, an editor and a browser call the same.

mod example;

use std::collections::BTreeSet;

use crate::catalog::Catalog;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::estimate::{Estimate, Run, Scenario, estimate_median, verify};
use crate::graph::{Graph, Structure, build};
use crate::lint::{Day, Finding, NotChecked, Overrides, Packs, Policy, Rule, Setting, World, place, run};
use crate::simulate::Settings;
use crate::source::{SourceId, Sources, Span};
use crate::spec::{Assembled, Change, Spec, assemble, read};
use crate::yaml;

pub(crate) use example::example;
pub use example::{Example, ExampleResult, Tried, run_example, try_rule};

/// All that is known of a spec.
pub struct Analysis {
    /// The graph.
    pub graph: Graph,
    /// Its shape.
    pub structure: Structure,
    /// Its figures, every assumption at its median.
    pub estimate: Estimate,
    /// Mistakes in the spec. If one is an error, there are no findings.
    pub diagnostics: Vec<Diagnostic>,
    /// What rules found.
    pub findings: Vec<Finding>,
    /// What rules could not decide.
    pub not_checked: Vec<NotChecked>,
    /// The rules that were asked.
    pub asked: BTreeSet<String>,
    /// How many diagnostics there were beyond those that are kept.
    pub dropped: usize,
}

impl Analysis {
    /// Whether the spec could be understood.
    pub fn is_usable(&self) -> bool {
        self.mistake().is_none()
    }

    /// The first mistake because of which it couldn't.
    pub fn mistake(&self) -> Option<&Diagnostic> {
        self.diagnostics.iter().find(|d| d.severity == crate::diagnostic::Severity::Error)
    }
}

/// What is asked of a spec.
#[derive(Clone, Copy, Default)]
pub struct Question<'q> {
    /// Values in place of those in the spec: paths such as `dau` or `api.replicas`, and the texts that hold their values.
    pub changes: &'q [(String, SourceId)],
    /// The rules that it is checked against.
    pub rules: &'q [Rule],
    /// The packs of rules that are asked.
    pub packs: Packs<'q>,
    /// How bad what they find is, where that is not as they say themselves.
    pub severities: &'q [Setting],
    /// What is set of the rules' parameters; the others have their defaults.
    pub parameters: Option<&'q Overrides>,
    /// The day on which suppressions may have expired; without one they don't.
    pub today: Option<Day>,
    /// The simulation that rules may ask for, which runs only if one does.
    pub simulation: Option<&'q Settings>,
}

/// Reads, estimates and lints one spec.
pub fn analyse(sources: &Sources, id: SourceId, catalog: &Catalog, rules: &[Rule], today: Option<Day>) -> Analysis {
    ask(sources, id, catalog, Question { rules, today, ..Question::default() })
}

/// [`analyse`] with all that may be asked. Files that the spec includes or extends are among the sources if
/// [`crate::spec::gather`] has loaded them.
pub fn ask(sources: &Sources, id: SourceId, catalog: &Catalog, question: Question<'_>) -> Analysis {
    let Question { changes: settings, rules, packs, severities, parameters, today, simulation } = question;
    let mut diagnostics = Diagnostics::new();
    // The tree of a spec that is one file, which need not be parsed again to find the places of fixes.
    let mut parsed = None;
    let spec = if let Some(Assembled { document, is_file, removed }) = assemble(sources, id, &mut diagnostics) {
        let values: Vec<(&str, yaml::Document<'_>)> = settings
            .iter()
            .map(|(path, value)| (path.as_str(), yaml::parse(sources, *value, &mut diagnostics)))
            .collect();
        let mut changes = Vec::new();
        for ((path, value), (_, source)) in values.iter().zip(settings) {
            match value.root() {
                Some(node) => changes.push(Change { path: (*path).to_owned(), node }),
                None => diagnostics.push(
                    Diagnostic::error("missing-value", Span::new(*source, 0..0), format!("`{path}` has no value"))
                        .help(format!("write `{path}=…`")),
                ),
            }
        }
        let spec = Spec { removed, ..read(&document, id, &changes, catalog, &mut diagnostics) };
        parsed = is_file.then_some(document);
        spec
    } else {
        Spec { place: Some(Span::new(id, 0..0)), ..Spec::default() }
    };
    let shared = spec.shared;
    let graph = build(spec, &mut diagnostics);
    let structure = Structure::new(&graph);
    let estimate = estimate_median(&graph, &structure, catalog);
    let today_state = Scenario::default();
    let run_today = Run::new((&graph, &structure, catalog), &|input| input.value, &today_state);
    for broken in verify(&run_today, &estimate) {
        let place = graph.place.unwrap_or(Span::new(id, 0..0));
        diagnostics.push(
            Diagnostic::warning("self-check", place, format!("napkin's figures contradict each other: {broken}"))
                .help("this is a mistake in napkin; please report it with the spec"),
        );
    }
    let (mut findings, mut not_checked, mut asked) = (Vec::new(), Vec::new(), BTreeSet::new());
    // What is there for others to include is no system that rules could judge. Without rules nothing can be said of suppressions.
    if !diagnostics.has_errors() && !shared && !rules.is_empty() {
        let mut world = World::new(&graph, &structure, &estimate);
        world.catalog = Some(catalog);
        world.simulation = simulation;
        let policy = Policy { packs, settings: severities };
        let outcome = run(&world, rules, policy, parameters, today);
        diagnostics.extend(outcome.diagnostics);
        (findings, not_checked, asked) = (outcome.findings, outcome.not_checked, outcome.asked);
        place(sources, id, parsed, &mut findings);
    }
    let dropped = diagnostics.dropped();
    let diagnostics = diagnostics.into_sorted();
    Analysis { graph, structure, estimate, diagnostics, findings, not_checked, asked, dropped }
}
