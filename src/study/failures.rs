//! What breaks next: every component, node, zone and region taken away in turn, worst first.

use crate::analysis::Analysis;
use crate::attributes::Input;
use crate::catalog::Catalog;
use crate::estimate::objective::{Objective, objectives};
use crate::estimate::{Estimate, Run, Scenario, estimate_scenario};
use crate::vocabulary::{Kind, attr};

/// What is taken away.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// `cache`, `a node of api`, `zone a`, `region us-east`; two of them with `and` between.
    pub name: String,
    /// The state.
    pub scenario: Scenario,
}

/// What follows.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What was taken away.
    pub name: String,
    /// Flows of which no request succeeds.
    pub lost: Vec<String>,
    /// Components that can't keep up although they could before.
    pub overloaded: Vec<(String, f64)>,
    /// Objectives that are missed although they were met before.
    pub missed: Vec<String>,
    /// The largest factor by which the p99 of a surviving flow grows.
    pub slower: Option<f64>,
    /// Data sets of which acknowledged writes are lost, and why.
    pub at_risk: Vec<(String, &'static str)>,
}

impl Outcome {
    /// How bad it is: flows lost before overloads before objectives before slowness.
    fn badness(&self) -> [usize; 4] {
        [self.lost.len(), self.overloaded.len(), self.at_risk.len(), self.missed.len()]
    }
}

/// Every single case of a system; with `pairs` also every two of them.
pub fn cases(analysis: &Analysis, pairs: bool) -> Vec<Case> {
    let graph = &analysis.graph;
    let mut list = Vec::new();
    for (index, component) in graph.components.iter().enumerate() {
        if component.kind == Kind::Client {
            continue;
        }
        let nodes = analysis.estimate.components.get(index).and_then(|c| c.nodes);
        let managed = component.flag(attr!(Component, "managed")) == Some(true);
        if nodes.is_some_and(|n| n > 1.0) && !managed {
            let scenario = Scenario { nodes: [(index, 1.0)].into(), ..Scenario::default() };
            list.push(Case { name: format!("a node of {}", component.name), scenario });
        }
        let scenario = Scenario { components: [index].into(), ..Scenario::default() };
        list.push(Case { name: component.name.clone(), scenario });
    }
    for (index, zone) in graph.zones.iter().enumerate() {
        let scenario = Scenario { zones: [index].into(), ..Scenario::default() };
        list.push(Case { name: format!("zone {}", zone.name), scenario });
    }
    if graph.regions.len() > 1 {
        for (index, region) in graph.regions.iter().enumerate() {
            let zones = (0..).zip(&graph.zones).filter(|(_, z)| z.region == index).map(|(zone, _)| zone).collect();
            let only_there = (0..).zip(&graph.components).filter(|(_, c)| c.regions == [index]);
            let components = only_there.map(|(component, _)| component).collect();
            let scenario = Scenario { zones, components, ..Scenario::default() };
            list.push(Case { name: format!("region {}", region.name), scenario });
        }
    }
    if pairs {
        let singles = list.clone();
        for (at, a) in singles.iter().enumerate() {
            for b in singles.iter().skip(at + 1) {
                list.extend(both(a, b));
            }
        }
    }
    list
}

/// Two cases at once; `None` where one holds the other.
fn both(a: &Case, b: &Case) -> Option<Case> {
    let mut scenario = a.scenario.clone();
    scenario.zones.extend(&b.scenario.zones);
    scenario.components.extend(&b.scenario.components);
    for (component, nodes) in &b.scenario.nodes {
        *scenario.nodes.entry(*component).or_insert(0.0) += nodes;
    }
    scenario.nodes.retain(|component, _| !scenario.components.contains(component));
    let same = scenario == a.scenario || scenario == b.scenario;
    (!same).then(|| Case { name: format!("{} and {}", a.name, b.name), scenario })
}

/// The outcome of each case, worst first. Pairs that are no worse than one of their halves say nothing new and are left out.
pub fn failures(analysis: &Analysis, cases: &[Case], catalog: &Catalog) -> Vec<Outcome> {
    let goals = objectives(&analysis.graph);
    let met = met(analysis, &goals, &analysis.estimate, &Scenario::default(), catalog);
    let mut list: Vec<Outcome> = cases.iter().map(|case| outcome(analysis, case, &goals, &met, catalog)).collect();
    let singles: Vec<(String, [usize; 4])> =
        list.iter().filter(|o| !o.name.contains(" and ")).map(|o| (o.name.clone(), o.badness())).collect();
    list.retain(|outcome| {
        let Some((a, b)) = outcome.name.split_once(" and ") else { return true };
        let halves = singles.iter().filter(|(name, _)| name == a || name == b);
        halves.map(|(_, half)| *half).max().is_none_or(|half| outcome.badness() > half)
    });
    list.sort_by(|a, b| {
        let slower = |outcome: &Outcome| outcome.slower.unwrap_or(1.0);
        b.badness().cmp(&a.badness()).then(slower(b).total_cmp(&slower(a))).then(a.name.cmp(&b.name))
    });
    list
}

fn met(
    analysis: &Analysis,
    goals: &[Objective],
    figures: &Estimate,
    scenario: &Scenario,
    catalog: &Catalog,
) -> Vec<Option<bool>> {
    let value = |input: &Input| input.value;
    let run = Run::new((&analysis.graph, &analysis.structure, catalog), &value, scenario);
    goals.iter().map(|goal| goal.met(&run, figures)).collect()
}

fn outcome(
    analysis: &Analysis,
    case: &Case,
    goals: &[Objective],
    before: &[Option<bool>],
    catalog: &Catalog,
) -> Outcome {
    let (graph, today) = (&analysis.graph, &analysis.estimate);
    let figures = estimate_scenario(graph, &analysis.structure, catalog, &case.scenario);
    let dead = |flow: usize| {
        let down = |c: &usize| {
            case.scenario.is_down(graph, *c) || figures.components.get(*c).and_then(|c| c.nodes) == Some(0.0)
        };
        analysis.structure.critical.get(flow).is_some_and(|critical| critical.iter().any(down))
    };
    let flows: Vec<usize> = (0..graph.flows.len()).collect();
    let lost: Vec<usize> = flows.iter().copied().filter(|flow| dead(*flow)).collect();
    let mut overloaded = Vec::new();
    for ((component, then), now) in graph.components.iter().zip(&figures.components).zip(&today.components) {
        let gone = then.nodes == Some(0.0);
        let could = now.utilization.is_some_and(|u| u < 1.0);
        if let Some(used) = then.utilization.filter(|used| *used >= 1.0 && could && !gone) {
            overloaded.push((component.name.clone(), used));
        }
    }
    overloaded.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let after = met(analysis, goals, &figures, &case.scenario, catalog);
    let mut missed = Vec::new();
    for ((goal, then), now) in goals.iter().zip(after).zip(before) {
        // The availability of a system with a part gone isn't what its objective is about; lost flows say it.
        let flow = goal.flow.filter(|flow| goal.key != "availability" && !lost.contains(flow));
        if let Some(flow) = flow.filter(|_| then == Some(false) && *now != Some(false)) {
            missed.push(format!("{} {}", graph.flows.get(flow).map_or("", |f| f.name.as_str()), goal.key));
        }
    }
    let slower = flows.iter().filter(|flow| !lost.contains(flow)).filter_map(|flow| {
        let p99 = |estimate: &Estimate| estimate.flows.get(*flow)?.p99;
        Some(p99(&figures)? / p99(today)?)
    });
    let name = |flow: &usize| graph.flows.get(*flow).map_or(String::new(), |f| f.name.clone());
    Outcome {
        name: case.name.clone(),
        lost: lost.iter().map(name).collect(),
        overloaded,
        missed,
        slower: slower.reduce(f64::max),
        at_risk: at_risk(analysis, &case.scenario),
    }
}

/// Data sets whose every copy is gone, or whose latest writes only the lost primary had.
fn at_risk(analysis: &Analysis, scenario: &Scenario) -> Vec<(String, &'static str)> {
    let graph = &analysis.graph;
    let mut list = Vec::new();
    for data in &graph.data {
        let gone = |store: &usize| scenario.is_down(graph, *store);
        if !data.stores.is_empty() && data.stores.iter().all(gone) {
            let backed = data.stores.iter().filter_map(|&store| graph.components.get(store));
            let backup = backed.clone().any(|c| c.attribute(attr!(Component, "backup.every")).is_some());
            list.push((data.name.clone(), if backup { "since backup" } else { "all copies" }));
            continue;
        }
        let hit = data.stores.iter().filter_map(|&store| Some((store, graph.components.get(store)?)));
        let behind =
            hit.filter(|(_, c)| c.word(attr!(Component, "replication.mode")) == Some("async")).any(|(store, c)| {
                let node = scenario.nodes.contains_key(&store);
                // The primary stands in the first zone.
                let zone = c.zones.first().is_some_and(|zone| scenario.zones.contains(zone));
                node || zone
            });
        if behind {
            list.push((data.name.clone(), "newest writes"));
        }
    }
    list
}
