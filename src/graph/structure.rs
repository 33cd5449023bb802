//! Questions about the shape of a graph: who is reachable, which calls go round in a circle, how deep they go.

use petgraph::algo::tarjan_scc;
use petgraph::graph::DiGraph;

use crate::graph::{Graph, Outages, number};
use crate::vocabulary::attr;

/// Answers that are computed once.
#[derive(Debug, Default)]
pub struct Structure {
    /// For each component the components that call it.
    pub callers: Vec<Vec<usize>>,
    /// For each component those that it calls.
    pub callees: Vec<Vec<usize>>,
    /// For each component, the others in its circle of synchronous calls.
    pub cycle: Vec<Vec<usize>>,
    /// What makes each flow fail.
    pub outages: Outages,
    /// For each flow, components whose loss alone fails some of its requests.
    pub critical: Vec<Vec<usize>>,
    /// For each component, whether some flow's requests fail without it.
    needed: Vec<bool>,
    /// Whether some call may be made again (retries, hedging), so that load and latency depend on each other.
    pub repeats: bool,
    /// For each step, how often it happens for one request if every attempt fails: retries multiply along the way.
    pub amplification: Vec<f64>,
    /// For each step, how many synchronous calls lie between the entry and its answer.
    pub depth: Vec<usize>,
}

impl Structure {
    /// Computes all of them.
    pub fn new(graph: &Graph) -> Structure {
        let count = graph.components.len();
        let mut structure = Structure {
            callers: vec![Vec::new(); count],
            callees: vec![Vec::new(); count],
            cycle: vec![Vec::new(); count],
            ..Structure::default()
        };
        let mut calls: DiGraph<usize, ()> = DiGraph::with_capacity(count, graph.links.len());
        let nodes: Vec<_> = (0..count).map(|index| calls.add_node(index)).collect();
        for link in &graph.links {
            push(&mut structure.callees, link.caller, link.callee);
            push(&mut structure.callers, link.callee, link.caller);
            if let (true, Some(&from), Some(&to)) = (link.synchronous, nodes.get(link.caller), nodes.get(link.callee)) {
                calls.add_edge(from, to, ());
            }
        }
        for circle in tarjan_scc(&calls) {
            let mut members: Vec<usize> = circle.iter().filter_map(|&node| calls.node_weight(node).copied()).collect();
            members.sort_unstable();
            let own_loop = members.len() == 1 && circle.first().is_some_and(|&node| calls.contains_edge(node, node));
            if members.len() > 1 || own_loop {
                for &member in &members {
                    if let Some(slot) = structure.cycle.get_mut(member) {
                        slot.clone_from(&members);
                    }
                }
            }
        }
        for step in &graph.steps {
            let above = step.parent.and_then(|parent| structure.depth.get(parent)).copied().unwrap_or(0);
            structure.depth.push(if step.asynchronous { 0 } else { above + 1 });
            let before = step.parent.and_then(|parent| structure.amplification.get(parent)).copied().unwrap_or(1.0);
            let retries = number(step.own.get(attr!(Step, "retries"))).map_or(0.0, |input| input.value);
            structure.amplification.push(before * (retries + 1.0));
            structure.repeats |= !step.asynchronous && (retries > 0.0 || step.own.get(attr!(Step, "hedge")).is_some());
        }
        let (outages, critical) = Outages::new(graph);
        (structure.outages, structure.critical) = (outages, critical);
        structure.needed = vec![false; count];
        for &component in structure.critical.iter().flatten() {
            if let Some(mark) = structure.needed.get_mut(component) {
                *mark = true;
            }
        }
        structure
    }

    /// Whether some flow's requests fail without a component.
    pub fn is_needed(&self, component: usize) -> bool {
        self.needed.get(component) == Some(&true)
    }
}

fn push(lists: &mut [Vec<usize>], at: usize, value: usize) {
    if let Some(list) = lists.get_mut(at) {
        list.push(value);
    }
}

/// Whether a request succeeds without this call: nobody waits for it, it is declared optional or has a fallback,
/// or it asks a cache beside which the same caller also asks the store on a miss.
pub(crate) fn is_optional(graph: &Graph, index: usize) -> bool {
    is_spared(graph, index) || graph.steps.get(index).is_some_and(|step| step.fallback.is_some())
}

/// As [`is_optional`], but a call whose fallback is another component isn't: one of the two has to work.
pub(crate) fn is_spared(graph: &Graph, index: usize) -> bool {
    use crate::attributes::AttributeValue;
    let Some(step) = graph.steps.get(index) else { return true };
    let stated = |id| step.own.get(id).map(|a| &a.value);
    let declared = matches!(stated(attr!(Step, "optional")), Some(AttributeValue::Flag(true)))
        || step.fallback.is_none()
            && matches!(stated(attr!(Step, "fallback")), Some(AttributeValue::Text(text)) if text != "false" && text != "none");
    if step.detached || declared {
        return true;
    }
    is_cached(graph, index)
}

/// Whether a call asks a cache beside which the same caller also asks the store on a miss.
pub(crate) fn is_cached(graph: &Graph, index: usize) -> bool {
    use crate::vocabulary::Kind;
    let Some(step) = graph.steps.get(index) else { return false };
    let is_cache = graph.components.get(step.callee).is_some_and(|c| c.kind == Kind::Cache);
    let flow_steps = graph.flows.get(step.flow).map_or(0..0, |flow| flow.steps.clone());
    is_cache
        && flow_steps.filter_map(|i| graph.steps.get(i)).any(|other| {
            other.caller == step.caller
                && other.callee != step.callee
                && other.conditions.contains(&(false, step.callee))
        })
}
