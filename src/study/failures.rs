//! What breaks next: every component, node, zone, region and external dependency taken away in turn, worst first.

use crate::analysis::Analysis;
use crate::attributes::Input;
use crate::catalog::Catalog;
use crate::estimate::losses::{FlowLoss, Loss, Losses};
use crate::estimate::objective::Objective;
use crate::estimate::{Run, Scenario, has_primary};
use crate::graph::Component;
use crate::vocabulary::{Kind, attr};

/// What sort of thing is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// A component of the system.
    Component,
    /// One node of a component.
    Node,
    /// A zone.
    Zone,
    /// A region.
    Region,
    /// Someone else's system.
    External,
    /// Two things at once.
    Pair,
}

impl Sort {
    /// The name in JSON and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Sort::Component => "component",
            Sort::Node => "node",
            Sort::Zone => "zone",
            Sort::Region => "region",
            Sort::External => "external",
            Sort::Pair => "pair",
        }
    }
}

/// What is taken away.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// `cache`, `a node of api`, `the primary of db`, `zone a`, `region us-east`; two of them with `and` between.
    pub name: String,
    /// What sort of thing it is.
    pub sort: Sort,
    /// The state.
    pub scenario: Scenario,
}

/// What follows.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What was taken away.
    pub case: Case,
    /// What it costs.
    pub loss: Loss,
}

/// How much worse one loss is than another, in this order: the share of all requests that fail (in steps of a thousandth),
/// flows lost, data at risk, components overloaded or out of threads and the like, objectives missed, the share of
/// requests that succeed without a part (in thousandths).
type Badness = [u64; 6];

impl Outcome {
    fn badness(&self) -> Badness {
        let loss = &self.loss;
        let exhausted = loss.exhausted.iter().filter(|used| !loss.overloaded().any(|l| l.component == used.component));
        let counts = [
            loss.lost().count(),
            loss.at_risk.len(),
            loss.overloaded().count() + exhausted.count() + loss.reconnects.iter().filter(|r| r.is_overload()).count(),
            loss.missed.len(),
        ];
        let [lost, at_risk, overloaded, missed] = counts.map(|count| count as u64);
        [thousandths(loss.fails), lost, at_risk, overloaded, missed, thousandths(loss.degraded)]
    }

    /// Whether it costs no request, no part of one, no objective and no data, and strains nothing.
    pub fn is_harmless(&self) -> bool {
        let loss = &self.loss;
        let strained = loss.loads.iter().any(|load| load.is_strain());
        self.badness() == [0; 6] && !strained && !loss.flows.iter().any(FlowLoss::is_slower)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share from 0 to 1")]
fn thousandths(share: f64) -> u64 {
    (share * 1000.0).ceil().clamp(0.0, 1000.0) as u64
}

/// Every single case of a system, in the order of the spec.
pub fn cases(analysis: &Analysis, catalog: &Catalog) -> Vec<Case> {
    let graph = &analysis.graph;
    let today = Scenario::default();
    let value = |input: &Input| input.value;
    let run = Run::new((graph, &analysis.structure, catalog), &value, &today);
    let mut list = Vec::new();
    for component in graph.components.iter().filter(|component| component.kind != Kind::Client) {
        list.extend(nodes(analysis, &run, component));
        let sort = if component.kind == Kind::External { Sort::External } else { Sort::Component };
        let scenario = Scenario { components: [component.index].into(), ..Scenario::default() };
        list.push(Case { name: component.name.clone(), sort, scenario });
    }
    for (index, zone) in graph.zones.iter().enumerate() {
        let twice = graph.zones.iter().filter(|other| other.name == zone.name).count() > 1;
        let region = graph.regions.get(zone.region).filter(|_| twice);
        let name = region.map_or(format!("zone {}", zone.name), |region| format!("zone {}/{}", region.name, zone.name));
        list.push(Case { name, sort: Sort::Zone, scenario: Scenario::without_zone(index) });
    }
    for (index, region) in graph.regions.iter().enumerate() {
        let scenario = Scenario::without_region(graph, index);
        list.push(Case { name: format!("region {}", region.name), sort: Sort::Region, scenario });
    }
    list
}

/// One node of a component, and its primary apart from its copies. A managed product's nodes are its provider's matter.
fn nodes(analysis: &Analysis, run: &Run<'_>, component: &Component) -> Vec<Case> {
    let figures = analysis.estimate.components.get(component.index);
    let managed = component.flag(attr!(Component, "managed")) == Some(true);
    let shards = run.component(component, attr!(Component, "shards")).unwrap_or(1.0);
    // Where each shard has one node, that node is all that the shard has: not a loss that others share.
    if managed || !figures.and_then(|c| c.nodes).is_some_and(|nodes| nodes / shards > 1.0) {
        return Vec::new();
    }
    let scenario = Scenario { nodes: [(component.index, 1.0)].into(), ..Scenario::default() };
    let case = |name: String, scenario: Scenario| Case { name, sort: Sort::Node, scenario };
    if !has_primary(component) {
        return vec![case(format!("a node of {}", component.name), scenario)];
    }
    let primary = Scenario { primaries: [component.index].into(), ..scenario.clone() };
    vec![
        case(format!("the primary of {}", component.name), primary),
        case(format!("a copy of {}", component.name), scenario),
    ]
}

/// More pairs than these are not tried.
pub const MOST_PAIRS: usize = 50_000;

/// Two cases at once: their places among the single ones, and what they are together.
pub type Pair = ([usize; 2], Case);

/// Every two of some cases; `None` if these are too many.
pub fn pairs(singles: &[Case]) -> Option<Vec<Pair>> {
    if singles.len() * singles.len().saturating_sub(1) / 2 > MOST_PAIRS {
        return None;
    }
    let numbered = || singles.iter().enumerate();
    let pairs = numbered().flat_map(|(at, a)| numbered().skip(at + 1).map(move |(other, b)| ([at, other], a, b)));
    Some(pairs.filter_map(|(places, a, b)| Some((places, both(a, b)?))).collect())
}

/// Two cases at once; `None` where one holds the other.
fn both(a: &Case, b: &Case) -> Option<Case> {
    let mut scenario = a.scenario.clone();
    scenario.zones.extend(&b.scenario.zones);
    scenario.regions.extend(&b.scenario.regions);
    scenario.components.extend(&b.scenario.components);
    scenario.primaries.extend(&b.scenario.primaries);
    for (component, nodes) in &b.scenario.nodes {
        *scenario.nodes.entry(*component).or_insert(0.0) += nodes;
    }
    scenario.nodes.retain(|component, _| !scenario.components.contains(component));
    scenario.primaries.retain(|component| !scenario.components.contains(component));
    let same = scenario == a.scenario || scenario == b.scenario;
    (!same).then(|| Case { name: format!("{} and {}", a.name, b.name), sort: Sort::Pair, scenario })
}

/// What follows from each case, worst first, and the objectives that outcomes point to.
///
/// Pairs that are no worse than the two losses one after the other say nothing new and are left out.
pub fn failures(
    analysis: &Analysis,
    singles: &[Case],
    pairs: &[Pair],
    catalog: &Catalog,
) -> (Vec<Outcome>, Vec<Objective>) {
    let mut losses =
        Losses::new((&analysis.graph, &analysis.structure, catalog), 1.0).compared_with(&analysis.estimate);
    let mut see = |case: &Case| Outcome { case: case.clone(), loss: losses.without(&case.scenario) };
    let mut list: Vec<Outcome> = singles.iter().map(&mut see).collect();
    let mut together = Vec::new();
    for (places, case) in pairs {
        let outcome = see(case);
        let halves: Vec<&Loss> = places.iter().filter_map(|&place| list.get(place)).map(|half| &half.loss).collect();
        if adds(&outcome.loss, &halves) {
            together.push(outcome);
        }
    }
    list.append(&mut together);
    list.sort_by(|a, b| {
        let order = b.badness().cmp(&a.badness()).then(b.loss.slower().total_cmp(&a.loss.slower()));
        order.then(a.case.sort.cmp(&b.case.sort)).then(a.case.name.cmp(&b.case.name))
    });
    (list, losses.goals)
}

/// Whether two losses at once cost something that neither costs alone.
fn adds(both: &Loss, halves: &[&Loss]) -> bool {
    let flows = both.flows.iter().any(|flow| {
        let each = |half: &Loss| half.flows.iter().find(|f| f.flow == flow.flow).map_or(0.0, |f| f.fails);
        // Two independent halves fail what either fails.
        let apart = 1.0 - halves.iter().map(|half| 1.0 - each(half)).product::<f64>();
        flow.fails > apart + 1e-3
    });
    let overloads = both
        .overloaded()
        .any(|load| !halves.iter().any(|half| half.overloaded().any(|other| other.component == load.component)));
    let exhausts = both.exhausted.iter().any(|used| {
        let same = |other: &crate::estimate::losses::Exhausted| {
            (other.component, other.resource) == (used.component, used.resource)
        };
        !halves.iter().any(|half| half.exhausted.iter().any(same))
    });
    let risks = both.at_risk.iter().any(|entry| {
        let same = |other: &crate::estimate::at_risk::AtRisk| (other.data, other.risk) == (entry.data, entry.risk);
        !halves.iter().any(|half| half.at_risk.iter().any(same))
    });
    let misses = both.missed.iter().any(|goal| !halves.iter().any(|half| half.missed.contains(goal)));
    flows || overloads || exhausts || risks || misses
}
