//! The smallest (or cheapest) sizes that meet every objective at peak, also with a part gone.
//!
//! Sizes begin at what utilisation asks for, grow where that helps a missed objective most, and are then taken back one by
//! one as long as everything holds. Each size is reported with what would break if it were one smaller.

use std::collections::BTreeMap;

use crate::analysis::Analysis;
use crate::attributes::{Attribute, AttributeValue, Input, Origin};
use crate::catalog::Catalog;
use crate::estimate::objective::{Objective, objectives};
use crate::estimate::{Estimate, Run, Scenario, TARGET_UTILISATION, estimate, with_zone_lost};
use crate::formula::queueing::erlang_b;
use crate::graph::{Component, Graph, Structure};
use crate::vocabulary::{AttributeId, Kind, attr};

/// What may be gone while objectives still have to be met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Nothing.
    None,
    /// Any one node.
    Node,
    /// Any one zone; any one node of what names no zones.
    Zone,
}

/// One size.
pub struct Sizing {
    /// The component.
    pub component: String,
    /// The attribute that holds the size.
    pub key: &'static str,
    /// Its value today.
    pub today: Option<f64>,
    /// The smallest value that will do.
    pub planned: f64,
    /// What sets it.
    pub reason: String,
}

/// A plan.
pub struct Plan {
    /// All sizes, changed or not.
    pub sizes: Vec<Sizing>,
    /// Objectives that no size meets.
    pub unmet: Vec<String>,
    /// Costs today and as planned, in dollars per second.
    pub costs: (Option<f64>, Option<f64>),
}

/// The most nodes that a plan gives one component.
const MOST_NODES: f64 = 100_000.0;

/// Component estimates that a plan may take (some ten seconds); what isn't found by then is reported as unmet.
const MOST_WORK: usize = 4_000_000;

/// Components that are tried for a missed objective: those that its flow waits for most.
const MOST_TRIED: usize = 12;

/// More components without zones than these don't each get a state with one of their nodes gone.
const MOST_ALONE: usize = 12;

/// Share of requests that may find a connection pool empty.
const POOL_WAIT: f64 = 0.01;

/// Resources of which more nodes leave more to each.
const BY_NODES: [&str; 6] = ["memory", "threads", "file descriptors", "network", "disk operations", "disk"];

/// A component whose number of nodes can be chosen.
struct Choice {
    index: usize,
    key: &'static str,
    id: AttributeId,
    /// What the attribute counts less than the nodes: 1 where it leaves out a primary.
    less: f64,
    /// The fewest that work at all.
    fewest: f64,
    /// Busy servers of a shard at peak, and servers of a node.
    load: (f64, f64),
    price: f64,
}

struct Planner<'p> {
    graph: Graph,
    structure: &'p Structure,
    catalog: &'p Catalog,
    goals: Vec<Objective>,
    scenarios: Vec<(String, Scenario)>,
    choices: Vec<Choice>,
    /// Evaluations that are left.
    work: usize,
}

/// Something that doesn't hold, and the choices that could help.
struct Miss {
    name: String,
    by: f64,
    helps: Vec<usize>,
}

/// All that doesn't hold.
#[derive(Default)]
struct Misses {
    list: Vec<Miss>,
}

impl Misses {
    fn total(&self) -> f64 {
        self.list.iter().map(|miss| miss.by.min(1e6)).sum()
    }
}

/// Plans a system; takes its graph, since sizes are tried in it.
pub fn plan(analysis: Analysis, catalog: &Catalog, loss: Loss, cheapest: bool) -> Plan {
    let Analysis { graph, structure, estimate: today, .. } = analysis;
    let scenarios = scenarios(&graph, loss);
    let choices = choices(&graph, &today, cheapest);
    let stated: Vec<Option<f64>> = choices.iter().map(|choice| stated(&graph, choice)).collect();
    let goals = objectives(&graph);
    let work = MOST_WORK / (graph.components.len().max(1) * scenarios.len().max(1));
    let mut planner = Planner { graph, structure: &structure, catalog, goals, scenarios, choices, work };
    let mut sizes = planner.shards(&today);
    let starts: Vec<(f64, String)> = planner.choices.iter().map(|choice| planner.least(choice, loss)).collect();
    let mut counts: Vec<f64> = starts.iter().map(|(count, _)| *count).collect();
    planner.grow(&mut counts);
    planner.prune(&mut counts, &starts);
    let missed = planner.misses(&counts);
    let unmet = planner.unmet(&missed);
    for (at, today) in stated.into_iter().enumerate() {
        let (Some(count), Some((start, why))) = (counts.get(at).copied(), starts.get(at)) else { continue };
        let reason = if count > *start { planner.reason(&counts, at, &missed) } else { why.clone() };
        if let Some(choice) = planner.choices.get(at) {
            let component = planner.name(choice.index);
            sizes.push(Sizing { component, key: choice.key, today, planned: count - choice.less, reason });
        }
    }
    let planned = planner.figures(&counts, &Scenario::default());
    sizes.extend(planner.partitions(&planned));
    sizes.extend(planner.pools(&counts));
    sizes.extend(planner.cache_memory(&planned));
    Plan { sizes, unmet, costs: (today.system.cost, planned.system.cost) }
}

/// Today, and each state that has to be survived.
fn scenarios(graph: &Graph, loss: Loss) -> Vec<(String, Scenario)> {
    let mut list = vec![("at peak".to_owned(), Scenario::default())];
    if loss == Loss::Zone {
        for (index, zone) in graph.zones.iter().enumerate() {
            let zones = [index].into_iter().collect();
            list.push((format!("with zone {} gone", zone.name), Scenario { zones, ..Scenario::default() }));
        }
    }
    let outside = |c: &Component| matches!(c.kind, Kind::Client | Kind::External | Kind::Cdn | Kind::Dns);
    let managed = |c: &Component| c.flag(attr!(Component, "managed")) == Some(true) || outside(c);
    let alone = |c: &Component| (loss == Loss::Node || c.zones.is_empty()) && !managed(c);
    let lone: Vec<usize> = (0..).zip(&graph.components).filter(|(_, c)| alone(c)).map(|(index, _)| index).collect();
    if loss != Loss::None && lone.len() <= MOST_ALONE {
        for index in lone {
            let nodes: BTreeMap<usize, f64> = [(index, 1.0)].into_iter().collect();
            let name = graph.components.get(index).map_or("", |c| c.name.as_str());
            list.push((format!("with a node of {name} gone"), Scenario { nodes, ..Scenario::default() }));
        }
    }
    list
}

fn choices(graph: &Graph, today: &Estimate, cheapest: bool) -> Vec<Choice> {
    let mut list = Vec::new();
    for (index, (component, figures)) in graph.components.iter().zip(&today.components).enumerate() {
        let has = |id| component.attribute(id).is_some();
        if figures.nodes_needed.is_none_or(|n| n >= MOST_NODES) {
            continue;
        }
        let managed = component.flag(attr!(Component, "managed")) == Some(true);
        if component.kind == Kind::Client || managed {
            continue;
        }
        let (key, id, less) = if has(attr!(Component, "replicas")) {
            ("replicas", attr!(Component, "replicas"), 0.0)
        } else if has(attr!(Component, "autoscale.max")) {
            ("autoscale.max", attr!(Component, "autoscale.max"), 0.0)
        } else if has(attr!(Component, "replication.replicas")) {
            ("replication.replicas", attr!(Component, "replication.replicas"), 1.0)
        } else {
            ("replicas", attr!(Component, "replicas"), 0.0)
        };
        let shards = component.number(attr!(Component, "shards")).map_or(1.0, |input| input.value);
        let needs = component.number(attr!(Component, "needs")).map_or(1.0, |input| input.value);
        let nodes_cost = figures.cost_lines.iter().find(|line| line.what == "nodes").map(|line| line.amount);
        let each = nodes_cost.zip(figures.nodes.filter(|n| *n > 0.0)).map(|(cost, n)| cost / n);
        let price = if cheapest { each.unwrap_or(1e-6) } else { 1.0 };
        let servers = figures.processor.map_or(1.0, |(_, servers)| servers);
        let load = (figures.offered_load.unwrap_or(0.0) / shards * figures.skew.unwrap_or(1.0), servers);
        let fewest = needs.max(1.0);
        list.push(Choice { index, key, id, less, fewest, load, price });
    }
    list
}

fn stated(graph: &Graph, choice: &Choice) -> Option<f64> {
    graph.components.get(choice.index)?.number(choice.id).map(|input| input.value)
}

impl Planner<'_> {
    fn name(&self, index: usize) -> String {
        self.graph.components.get(index).map_or(String::new(), |c| c.name.clone())
    }

    fn set(&mut self, index: usize, id: AttributeId, value: f64) {
        if let Some(component) = self.graph.components.get_mut(index) {
            let input = Input { value, varies: None, uncertain: false, slots: Vec::new() };
            let origin = Origin::Spec(component.span);
            component.own.replace(Attribute { id, value: AttributeValue::Number(input), origin });
        }
    }

    fn apply(&mut self, counts: &[f64]) {
        let settings: Vec<(usize, AttributeId, f64)> = self
            .choices
            .iter()
            .zip(counts)
            .map(|(choice, count)| (choice.index, choice.id, count - choice.less))
            .collect();
        for (index, id, value) in settings {
            self.set(index, id, value);
        }
    }

    fn run<R>(&self, scenario: &Scenario, see: impl FnOnce(&Run<'_>, Estimate) -> R) -> R {
        let value = |input: &Input| input.value;
        let run = Run::new((&self.graph, self.structure, self.catalog), &value, scenario);
        let figures = estimate(&run);
        see(&run, figures)
    }

    fn figures(&mut self, counts: &[f64], scenario: &Scenario) -> Estimate {
        self.apply(counts);
        self.run(scenario, |_, figures| figures)
    }

    /// The fewest nodes that utilisation allows at peak and with a part gone, and which of both sets it.
    fn least(&self, choice: &Choice, loss: Loss) -> (f64, String) {
        let component = self.graph.components.get(choice.index);
        let target = component.and_then(|c| c.number(attr!(Component, "target_utilization")));
        let target = target.map_or(TARGET_UTILISATION, |input| input.value);
        let (load, servers) = choice.load;
        // What is planned for may be used whole, the last server never.
        let at_peak = (load / servers / target * (1.0 - 1e-9)).ceil().max(1.0);
        let bare = (load / servers * (1.0 + 1e-9)).ceil().max(1.0);
        let zones = component.map_or(0, |c| c.zones.len());
        let with_loss = match loss {
            Loss::None => 0.0,
            Loss::Node => bare + 1.0,
            Loss::Zone => with_zone_lost(bare, zones),
        };
        let least = at_peak.max(with_loss).max(choice.fewest);
        let reason = if with_loss >= least {
            let part = if loss == Loss::Zone && zones > 1 { "a zone" } else { "a node" };
            format!("utilisation below 100 % with {part} gone")
        } else if at_peak >= least {
            format!("utilisation up to {} at peak", crate::quantity::percent(target))
        } else {
            "what it needs to work".to_owned()
        };
        (least, reason)
    }

    /// What doesn't hold in any state.
    fn misses(&mut self, counts: &[f64]) -> Misses {
        self.work = self.work.saturating_sub(1);
        self.apply(counts);
        let mut misses = Misses::default();
        for (state, scenario) in &self.scenarios {
            self.run(scenario, |run, figures| {
                self.short(state, &figures, &mut misses);
                let today = *scenario == Scenario::default();
                for goal in self.goals.iter().filter(|goal| today || goal.key != "availability") {
                    // The budget follows from the sizes and can't be met by more of them.
                    let Some(flow) = goal.flow.filter(|_| goal.met(run, &figures) == Some(false)) else { continue };
                    let by = match (goal.value(&figures), goal.bound(run)) {
                        (Some(value), Some(bound)) if goal.key == "availability" => {
                            (1.0 - value) / (1.0 - bound).max(1e-12) - 1.0
                        }
                        (Some(value), Some(bound)) => value / bound - 1.0,
                        _ => 1e3,
                    };
                    let name = self.graph.flows.get(flow).map_or("", |f| f.name.as_str());
                    let name = format!("{name} {} {state}", goal.key);
                    misses.list.push(Miss { name, by: by.max(1e-9), helps: self.waited_for(flow, &figures) });
                }
            });
        }
        misses
    }

    /// What is missed, once: in the first state in which it is.
    fn unmet(&self, misses: &Misses) -> Vec<String> {
        let mut seen: Vec<&str> = Vec::new();
        let mut list = Vec::new();
        for miss in &misses.list {
            let state = self.scenarios.iter().find_map(|(state, _)| miss.name.strip_suffix(state.as_str()));
            let what = state.unwrap_or(&miss.name);
            if !seen.contains(&what) {
                seen.push(what);
                list.push(miss.name.clone());
            }
        }
        list
    }

    /// Components that are overloaded or run out of something that more nodes would spread.
    fn short(&self, state: &str, figures: &Estimate, misses: &mut Misses) {
        for (index, (component, found)) in self.graph.components.iter().zip(&figures.components).enumerate() {
            let helps: Vec<usize> = self.choices.iter().position(|choice| choice.index == index).into_iter().collect();
            let used = found.utilization.filter(|_| !helps.is_empty() && found.peak_rate > 0.0);
            if let Some(over) = used.map(|used| used - 1.0).filter(|over| *over >= 0.0) {
                let name = format!("utilisation of {} below 100 % {state}", component.name);
                misses.list.push(Miss { name, by: over.max(1e-9), helps: helps.clone() });
            }
            for resource in found.resources.iter().filter(|r| BY_NODES.contains(&r.name) && r.share() > 1.0) {
                let name = format!("{} of {} {state}", resource.name, component.name);
                misses.list.push(Miss { name, by: resource.share() - 1.0, helps: helps.clone() });
            }
        }
    }

    /// The choices that a flow waits for most, longest first.
    fn waited_for(&self, flow: usize, figures: &Estimate) -> Vec<usize> {
        let steps = self.graph.flows.get(flow).map_or(0..0, |f| f.steps.clone());
        let mut waits: BTreeMap<usize, f64> = BTreeMap::new();
        for index in steps {
            let Some(step) = self.graph.steps.get(index) else { continue };
            let wait = figures.components.get(step.callee).and_then(|c| c.wait).unwrap_or(0.0);
            let visits = figures.visits.get(index).copied().unwrap_or(0.0);
            if let Some(at) = self.choices.iter().position(|choice| choice.index == step.callee) {
                *waits.entry(at).or_insert(0.0) += wait * visits;
            }
        }
        let mut order: Vec<(usize, f64)> = waits.into_iter().collect();
        order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        order.into_iter().take(MOST_TRIED).map(|(at, _)| at).collect()
    }

    /// Grows what helps most for its price until everything is met or nothing helps.
    fn grow(&mut self, counts: &mut [f64]) {
        let mut misses = self.misses(counts);
        while misses.total() > 0.0 && self.work > 0 {
            let missing = misses.total();
            let mut tried: Vec<usize> = misses.list.iter().flat_map(|miss| miss.helps.iter().copied()).collect();
            tried.sort_unstable();
            tried.dedup();
            let mut best: Option<(usize, f64, f64, Misses)> = None;
            for at in tried {
                let Some(before) = counts.get(at).copied() else { continue };
                let step = (before * 0.1).ceil();
                if before + step > MOST_NODES || self.work == 0 {
                    continue;
                }
                put(counts, at, before + step);
                let after = self.misses(counts);
                put(counts, at, before);
                let price = self.choices.get(at).map_or(1.0, |choice| choice.price) * step;
                let gain = (missing - after.total()) / price;
                if after.total() < missing * (1.0 - 1e-6) && best.as_ref().is_none_or(|(_, _, most, _)| gain > *most) {
                    best = Some((at, before + step, gain, after));
                }
            }
            let Some((at, grown, _, after)) = best else { return };
            put(counts, at, grown);
            misses = after;
        }
    }

    /// Takes back what isn't needed of what grew, dearest first.
    fn prune(&mut self, counts: &mut [f64], starts: &[(f64, String)]) {
        let allowed = self.misses(counts).total() + 1e-12;
        let mut order: Vec<usize> = (0..counts.len()).collect();
        order.sort_by(|a, b| {
            let price = |at: &usize| self.choices.get(*at).map_or(0.0, |choice| choice.price);
            price(b).total_cmp(&price(a)).then(a.cmp(b))
        });
        for at in order {
            let (Some(count), Some((start, _))) = (counts.get(at).copied(), starts.get(at)) else { continue };
            let (mut low, mut high) = (start - 1.0, count);
            while high - low > 1.0 && self.work > 0 {
                let middle = f64::midpoint(low, high).floor();
                put(counts, at, middle);
                if self.misses(counts).total() <= allowed { high = middle } else { low = middle }
            }
            put(counts, at, high);
        }
    }

    /// What breaks if a size were one smaller.
    fn reason(&mut self, counts: &[f64], at: usize, missed: &Misses) -> String {
        let mut fewer = counts.to_vec();
        let one_less = counts.get(at).map_or(1.0, |count| count - 1.0);
        put(&mut fewer, at, one_less);
        let known: Vec<&str> = missed.list.iter().map(|miss| miss.name.as_str()).collect();
        let more = self.misses(&fewer).list.into_iter().find(|miss| !known.contains(&miss.name.as_str()));
        more.map_or_else(|| "together with the others".to_owned(), |miss| miss.name)
    }

    /// Shards of stores with a primary, which further copies don't relieve of writes.
    fn shards(&mut self, today: &Estimate) -> Vec<Sizing> {
        let mut list = Vec::new();
        for index in 0..self.graph.components.len() {
            let Some((component, figures)) = self.graph.components.get(index).zip(today.components.get(index)) else {
                continue;
            };
            let (None, Some((load, servers)), Kind::Database) =
                (figures.nodes_needed, figures.processor, component.kind)
            else {
                continue;
            };
            let stated = component.number(attr!(Component, "shards")).map(|input| input.value);
            let target =
                component.number(attr!(Component, "target_utilization")).map_or(TARGET_UTILISATION, |i| i.value);
            let shards = stated.unwrap_or(1.0);
            let by_load = (load / servers * shards / target * (1.0 - 1e-9)).ceil().max(1.0);
            let largest = self.graph.data.iter().zip(&today.data).filter(|(data, _)| data.stores.contains(&index));
            let by_size = largest.filter_map(|(_, figures)| figures.shards_needed).fold(1.0, f64::max);
            let planned = by_load.max(by_size);
            let target = crate::quantity::percent(target);
            let reason = match (planned > 1.0, by_size > by_load) {
                (false, _) => "at least one".to_owned(),
                (true, true) => "largest sensible shard".to_owned(),
                (true, false) => format!("utilisation up to {target} at peak"),
            };
            if stated.is_some() || planned > 1.0 {
                list.push(Sizing { component: component.name.clone(), key: "shards", today: stated, planned, reason });
            }
            self.set(index, attr!(Component, "shards"), planned);
        }
        list
    }

    /// Partitions for bytes and for consumers.
    fn partitions(&self, figures: &Estimate) -> Vec<Sizing> {
        let mut list = Vec::new();
        for (index, (component, figures)) in self.graph.components.iter().zip(&figures.components).enumerate() {
            let get = |id| component.number(id).map(|input| input.value);
            let Some(each) = get(attr!(Component, "partition_throughput")).filter(|each| *each > 0.0) else { continue };
            let target = get(attr!(Component, "target_utilization")).unwrap_or(TARGET_UTILISATION);
            let by_bytes = (figures.peak_in / each / target).ceil().max(1.0);
            let consumers = self.structure.callees.get(index).into_iter().flatten();
            let nodes = consumers.filter_map(|&c| self.graph.components.get(c)?.number(attr!(Component, "replicas")));
            let by_consumers = nodes.map(|input| input.value).fold(1.0, f64::max);
            let reason = if by_consumers > by_bytes { "one for each consumer" } else { "bytes per partition" };
            list.push(Sizing {
                component: component.name.clone(),
                key: "partitions",
                today: get(attr!(Component, "partitions")),
                planned: by_bytes.max(by_consumers),
                reason: reason.to_owned(),
            });
        }
        list
    }

    /// Connection pools: as many as keep all but 1 % of requests from finding them empty, in every state.
    fn pools(&mut self, counts: &[f64]) -> Vec<Sizing> {
        self.apply(counts);
        let mut needed: BTreeMap<usize, f64> = BTreeMap::new();
        for (_, scenario) in &self.scenarios {
            self.run(scenario, |_, figures| {
                for ((caller, callee), used) in &figures.pool_in_use {
                    let store = self.graph.components.get(*callee).is_some_and(|c| c.kind == Kind::Database);
                    let nodes = figures.components.get(*caller).and_then(|c| c.nodes).filter(|n| *n > 0.0);
                    if let Some(nodes) = nodes.filter(|_| store) {
                        let most = needed.entry(*caller).or_insert(0.0);
                        *most = most.max(used / nodes);
                    }
                }
            });
        }
        let mut list = Vec::new();
        for (caller, load) in needed {
            let Some(component) = self.graph.components.get(caller) else { continue };
            let Some(today) = component.number(attr!(Component, "pool.size")) else { continue };
            let mut size = 1_u32;
            while erlang_b(u64::from(size), load) > POOL_WAIT && size < 100_000 {
                size += 1;
            }
            list.push(Sizing {
                component: component.name.clone(),
                key: "pool.size",
                today: Some(today.value),
                planned: f64::from(size),
                reason: "1 request in 100 finds it empty".to_owned(),
            });
        }
        list
    }

    /// Memory of caches with a wanted hit ratio.
    fn cache_memory(&self, figures: &Estimate) -> Vec<Sizing> {
        let mut list = Vec::new();
        for (component, figures) in self.graph.components.iter().zip(&figures.components) {
            let Some((memory, nodes)) = figures.memory_for_hit.zip(figures.nodes.filter(|n| *n > 0.0)) else {
                continue;
            };
            list.push(Sizing {
                component: component.name.clone(),
                key: "memory",
                today: component.number(attr!(Component, "memory")).map(|input| input.value),
                planned: (memory / nodes / 1e6).ceil() * 1e6,
                reason: "wanted hit ratio".to_owned(),
            });
        }
        list
    }
}

fn put(counts: &mut [f64], at: usize, value: f64) {
    if let Some(count) = counts.get_mut(at) {
        *count = value;
    }
}
