//! What a system costs: nodes, storage, requests, traffic, logs, licences; by component and by flow.
//!
//! Traffic and requests cost what they are on average, nodes what stands there (what autoscaling keeps on average), storage
//! what it is at full retention. Amounts are dollars per second.

use crate::attributes::{AttributeValue, Input};
use crate::catalog::PriceKey;
use crate::estimate::capacity::nodes;
use crate::estimate::{CostLine, Estimate, Run, TARGET_UTILISATION};
use crate::graph::{Component, Link};
use crate::vocabulary::{Kind, attr};

/// Fills in the costs.
pub(super) fn cost(run: &Run<'_>, estimate: &mut Estimate) {
    let mut lines: Vec<Vec<CostLine>> = vec![Vec::new(); run.graph.components.len()];
    for (index, component) in run.graph.components.iter().enumerate() {
        if component.kind != Kind::Client
            && let Some(list) = lines.get_mut(index)
        {
            own(run, component, index, estimate, list);
        }
    }
    for (link, figures) in run.graph.links.iter().zip(&estimate.links) {
        if let Some((payer, line)) = traffic(run, link, figures.average_sent, figures.average_returned)
            && let Some(list) = lines.get_mut(payer)
        {
            match list.iter_mut().find(|known| known.what == line.what) {
                Some(known) => known.amount += line.amount,
                None => list.push(line),
            }
        }
    }
    for ((figures, component), lines) in estimate.components.iter_mut().zip(&run.graph.components).zip(lines) {
        let priced = !figures.unpriced && component.kind != Kind::Client;
        figures.cost = (priced || !lines.is_empty()).then(|| lines.iter().map(|line| line.amount).sum());
        figures.cost_lines = lines;
    }
    let known: Vec<f64> = estimate.components.iter().filter_map(|c| c.cost).collect();
    estimate.system.cost = (!known.is_empty()).then(|| known.iter().sum());
    let unpriced = |(index, figures): (usize, &crate::estimate::ComponentFigures)| figures.unpriced.then_some(index);
    estimate.system.unpriced = estimate.components.iter().enumerate().filter_map(unpriced).collect();
    flows(run, estimate);
}

fn price(run: &Run<'_>, key: PriceKey) -> Option<f64> {
    run.catalog.prices().get(key).map(|input| worth(run, input))
}

fn worth(run: &Run<'_>, input: &Input) -> f64 {
    if input.varies.is_some() { (run.value)(input).max(0.0) } else { input.value }
}

/// Lines of a component by itself.
fn own(run: &Run<'_>, component: &Component, index: usize, estimate: &mut Estimate, lines: &mut Vec<CostLine>) {
    let get = |id| run.component(component, id);
    let Some(figures) = estimate.components.get(index) else { return };
    let mut add = |what: &'static str, amount: Option<f64>| {
        lines.extend(amount.filter(|a| *a > 0.0).map(|amount| CostLine { what, amount }));
    };
    let paid = paid_nodes(run, component, figures);
    let per_node = node_price(run, component);
    add("nodes", paid.zip(per_node).map(|(n, each)| n * each));
    add("licences", get(attr!(Component, "license")).zip(paid).map(|(each, n)| each * n));
    let storage_price = get(attr!(Component, "storage_price")).or_else(|| match component.kind {
        Kind::ObjectStore => price(run, PriceKey::ObjectStorage),
        _ => price(run, PriceKey::Disk),
    });
    let disks = get(attr!(Component, "disk")).zip(paid).map(|(each, n)| each * n);
    let stored = disks.or(figures.storage).or_else(|| retained(run, component, figures.average_in));
    let (cold, cold_cost) = figures.cold_storage;
    add("storage", stored.zip(storage_price).map(|(bytes, each)| (bytes - cold).max(0.0) * each + cold_cost));
    let share = if figures.peak_rate > 0.0 { figures.rate / figures.peak_rate } else { 0.0 };
    let other = (figures.rate - figures.average_reads - figures.average_writes).max(0.0);
    let any = get(attr!(Component, "price_per_request"));
    let reads = get(attr!(Component, "price_per_read")).or(any).map(|each| each * figures.average_reads);
    let writes = get(attr!(Component, "price_per_write")).or(any).map(|each| each * figures.average_writes);
    let calls = any.map(|each| each * other);
    let requests = [reads, writes, calls].into_iter().flatten().reduce(|a, b| a + b);
    add("requests", requests);
    let busy = get(attr!(Component, "memory_price")).zip(get(attr!(Component, "memory"))).zip(figures.in_flight);
    let running = busy.map(|((each, memory), in_flight)| each * memory * in_flight * share);
    add("running time", running);
    let logs = get(attr!(Component, "logs.per_request")).zip(price(run, PriceKey::Logs));
    let kept = get(attr!(Component, "logs.sample")).unwrap_or(1.0);
    add("logs", logs.map(|(each, price)| each * kept * figures.rate * price));
    let silent = per_node.is_none() && requests.is_none() && running.is_none();
    let storage_only = component.kind == Kind::ObjectStore && stored.is_some();
    let unpriced = silent && !storage_only && !matches!(component.kind, Kind::Cdn | Kind::Dns | Kind::External);
    if let Some(figures) = estimate.components.get_mut(index) {
        figures.unpriced = unpriced;
    }
}

/// Bytes that a broker keeps for its retention.
fn retained(run: &Run<'_>, component: &Component, average_in: f64) -> Option<f64> {
    let keep = run.component(component, attr!(Component, "retention"))?;
    let copies = run.component(component, attr!(Component, "replication.factor")).unwrap_or(1.0);
    component.kind.is_messaging().then_some(average_in * keep * copies)
}

/// Nodes that are paid for: those that stand there, or what autoscaling keeps at the average load.
fn paid_nodes(run: &Run<'_>, component: &Component, figures: &crate::estimate::ComponentFigures) -> Option<f64> {
    let get = |id| run.component(component, id);
    let all = nodes(run, component)?;
    let Some(fewest) = get(attr!(Component, "autoscale.min")) else { return Some(all) };
    let most = get(attr!(Component, "autoscale.max")).unwrap_or(all);
    let servers = get(attr!(Component, "concurrency")).or_else(|| get(attr!(Component, "cores"))).unwrap_or(1.0);
    let target = get(attr!(Component, "target_utilization")).unwrap_or(TARGET_UTILISATION);
    let average =
        figures.offered_load.filter(|_| figures.peak_rate > 0.0).map(|load| load * figures.rate / figures.peak_rate);
    Some(average.map_or(all, |load| (load / servers / target).ceil().clamp(fewest.min(most), most)))
}

/// What one node costs: as stated, by the name of its size, or by its cores and memory.
fn node_price(run: &Run<'_>, component: &Component) -> Option<f64> {
    if let Some(price) = run.component(component, attr!(Component, "price")) {
        return Some(price);
    }
    if let Some(AttributeValue::Text(name)) = component.attribute(attr!(Component, "instance")).map(|a| &a.value) {
        return run.catalog.prices().instance(name).map(|input| worth(run, input));
    }
    let cores = run.component(component, attr!(Component, "cores")).zip(price(run, PriceKey::Core));
    let memory = run.component(component, attr!(Component, "memory")).zip(price(run, PriceKey::Memory));
    let serverless = component.attribute(attr!(Component, "memory_price")).is_some();
    let (cores, memory) = (cores.map(|(n, each)| n * each), memory.map(|(n, each)| n * each));
    if serverless { None } else { cores.map(|cores| cores + memory.unwrap_or(0.0)).or(memory) }
}

/// What a link's traffic costs and who pays: whoever answers clients, otherwise the caller.
fn traffic(run: &Run<'_>, link: &Link, sent: f64, returned: f64) -> Option<(usize, CostLine)> {
    let (from, to) = (run.graph.components.get(link.caller)?, run.graph.components.get(link.callee)?);
    let line = |what, amount: f64| (amount > 0.0).then_some(CostLine { what, amount });
    let to_clients =
        |server: &Component| price(run, if server.kind == Kind::Cdn { PriceKey::CdnEgress } else { PriceKey::Egress });
    if from.kind == Kind::Client {
        return Some((link.callee, line("egress", returned * to_clients(to)?)?));
    }
    if to.kind == Kind::Client {
        return Some((link.caller, line("egress", sent * to_clients(from)?)?));
    }
    let bytes = sent + returned;
    let apart =
        !from.regions.is_empty() && !to.regions.is_empty() && !from.regions.iter().any(|r| to.regions.contains(r));
    if apart {
        return Some((link.caller, line("between regions", bytes * price(run, PriceKey::CrossRegion)?)?));
    }
    if from.zones.is_empty() || to.zones.is_empty() {
        return None;
    }
    let across = 1.0 - crate::estimate::network::same_zone(from, to);
    Some((link.caller, line("between zones", bytes * across * price(run, PriceKey::CrossZone)?)?))
}

/// A component's cost is borne by the flows in proportion to the calls that they make to it.
fn flows(run: &Run<'_>, estimate: &mut Estimate) {
    let mut shares = vec![0.0; run.graph.flows.len()];
    let mut any = vec![false; run.graph.flows.len()];
    for (index, step) in run.graph.steps.iter().enumerate() {
        let rate = estimate.flows.get(step.flow).and_then(|flow| flow.rate).unwrap_or(0.0);
        let calls = rate * estimate.visits.get(index).copied().unwrap_or(0.0);
        let Some(figures) = estimate.components.get(step.callee).filter(|c| c.rate > 0.0) else { continue };
        if let (Some(cost), Some(share), Some(any)) = (figures.cost, shares.get_mut(step.flow), any.get_mut(step.flow))
        {
            *share += cost * calls / figures.rate;
            *any = true;
        }
    }
    for ((flow, share), any) in estimate.flows.iter_mut().zip(shares).zip(any) {
        flow.cost = any.then_some(share);
        flow.cost_per_thousand = flow.cost.zip(flow.rate.filter(|r| *r > 0.0)).map(|(cost, rate)| cost / rate * 1000.0);
    }
}
