//! Where a flow's failures come from: how much each component, zone and region matters, and what fails it by itself or
//! together with others.

use crate::estimate::Run;
use crate::estimate::availability::{Failing, Fates, Moment, probability};
use crate::estimate::cut::{Cut, cuts};
use crate::estimate::fate::Fate;
use crate::estimate::places::States;
use crate::formula::reliability::Importance;
use crate::graph::{FlowOutages, Form, Graph};

/// Something that may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// A component, for whatever reason.
    Component(usize),
    /// A zone, while its region works.
    Zone(usize),
    /// A region.
    Region(usize),
}

impl Cause {
    /// Its name, as `db`, `zone a` or `region eu`.
    pub fn name(self, graph: &Graph) -> String {
        match self {
            Cause::Component(index) => graph.components.get(index).map_or(String::new(), |c| c.name.clone()),
            Cause::Zone(zone) => format!("zone {}", graph.zone_name(zone)),
            Cause::Region(region) => {
                format!("region {}", graph.regions.get(region).map_or("", |region| region.name.as_str()))
            }
        }
    }
}

/// How much one cause matters to a flow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// What.
    pub cause: Cause,
    /// The share of time that it has failed.
    pub fails: f64,
    /// The share of requests that fail while it has failed.
    pub then: f64,
    /// The importance measures; `part` is the place in the list before it was sorted.
    pub importance: Importance,
}

/// Where a flow's failures come from.
#[derive(Clone, Debug)]
pub struct Breakdown {
    /// The share of requests that fail; an upper bound where `gap` isn't 0.
    pub fails: f64,
    /// How much less it may be.
    pub gap: f64,
    /// Whether the zones or the tree were too many to look at all of them.
    pub bounded: bool,
    /// Causes, the one that spends most of the error budget first.
    pub shares: Vec<Share>,
    /// Minimal cut sets, the ones of few parts first, then the likeliest; `None` if there are too many to find.
    pub cuts: Option<Vec<Cut>>,
    /// Components with a failover whose time is known but not how often there is one.
    pub uncounted: Vec<usize>,
}

/// The breakdown of every flow, with cut sets up to an order; `None` for one whose availability isn't known.
pub fn breakdowns(run: &Run<'_>, order: usize) -> Vec<Option<Breakdown>> {
    let run = &Run { hits: crate::estimate::cache::hits(run).into(), ..*run };
    let mut fates = Fates::new(run);
    let flows = &run.structure.outages.flows;
    flows
        .iter()
        .map(|outages| {
            let (failing, shares) = shares(run, &mut fates, outages)?;
            let uncounted = |component: &usize| matches!(fates.fates.get(*component), Some(Some(Fate::Nodes(nodes))) if nodes.uncounted);
            Some(Breakdown {
                fails: failing.fails,
                gap: failing.gap,
                bounded: failing.gap > 0.0,
                shares,
                cuts: cuts(run, &fates, outages, order),
                uncounted: outages.components().into_iter().filter(uncounted).collect(),
            })
        })
        .collect()
}

/// Who spends each flow's error budget: causes with the share of its unavailability that would go if they never failed, the
/// largest first. Shares overlap where failures meet, so they may exceed 1 together.
pub fn spenders(run: &Run<'_>) -> Vec<Vec<(Cause, f64)>> {
    let run = &Run { hits: crate::estimate::cache::hits(run).into(), ..*run };
    let mut fates = Fates::new(run);
    let mut of_flow = |outages| {
        let list = shares(run, &mut fates, outages).map_or(Vec::new(), |(_, list)| list);
        let spent = list.into_iter().map(|share| (share.cause, share.importance.criticality));
        spent.filter(|(_, share)| *share > 1e-6).collect()
    };
    run.structure.outages.flows.iter().map(&mut of_flow).collect()
}

/// What adds up over the states of the places, for one cause.
#[derive(Clone, Copy, Default)]
struct Sums {
    /// Failed requests while it has failed, and while it works, as shares of all.
    failed: f64,
    works: f64,
    /// The share of time that it has failed.
    fails: f64,
    /// How many more requests would fail if it always had failed, and if it never had.
    birnbaum: f64,
}

/// How much each cause matters to a flow, the one that spends most first.
fn shares(run: &Run<'_>, fates: &mut Fates, outages: &FlowOutages) -> Option<(Failing, Vec<Share>)> {
    let components = outages.components();
    let states = fates.states(&components);
    let mut sums = vec![Sums::default(); components.len()];
    let mut moments = Vec::with_capacity(states.list.len());
    let failing = fates.flow(run, outages, &mut |place, moment| {
        let Some(state) = states.list.get(place) else { return };
        moments.push(moment.fails);
        for (sum, (component, slope)) in sums.iter_mut().zip(slopes(outages, &components, moment)) {
            let q = (moment.part)(component);
            let weight = state.probability;
            sum.fails += weight * q;
            sum.birnbaum += weight * slope;
            sum.failed += weight * q * (moment.fails + (1.0 - q) * slope);
            sum.works += weight * q * slope;
        }
    })?;
    let mut list: Vec<Share> = Vec::new();
    for (component, sum) in components.iter().zip(&sums) {
        let never = (failing.fails - sum.works).max(0.0);
        let then = failing.fails + (sum.birnbaum - sum.works);
        list.push(share(Cause::Component(*component), sum.fails, (never, then, sum.failed), failing.fails, list.len()));
    }
    list.extend(of_places(fates, &states, &moments, failing.fails, list.len()));
    list.retain(|share| share.importance.criticality > 1e-9 || share.then > failing.fails);
    list.sort_by(|a, b| b.importance.criticality.total_cmp(&a.importance.criticality).then(a.cause.cmp(&b.cause)));
    Some((failing, list))
}

/// Measures of a cause from the share of requests that fail if it never fails and if it always has failed, and the share of
/// all that fail while it has failed.
fn share(cause: Cause, fails: f64, (never, then, both): (f64, f64, f64), all: f64, part: usize) -> Share {
    let of = |value: f64| if all > 0.0 { value / all } else { 0.0 };
    Share {
        cause,
        fails,
        then: then.clamp(0.0, 1.0),
        importance: Importance {
            part,
            birnbaum: then - never,
            criticality: of(all - never),
            diagnostic: of(both).min(1.0),
            achievement: of(then),
            reduction: if never > 0.0 { all / never } else { f64::MAX },
        },
    }
}

/// For each component how much likelier the request fails with it failed than with it working.
fn slopes(outages: &FlowOutages, components: &[usize], moment: &Moment<'_>) -> Vec<(usize, f64)> {
    let works = |q: f64| 1.0 - q;
    let always: Vec<f64> = outages.always.iter().map(|component| works((moment.part)(*component))).collect();
    let groups: Vec<f64> = moment.groups.iter().map(|q| works(*q)).collect();
    let (spared, by_group) = (without_each(&always), without_each(&groups));
    let (all_always, all_groups): (f64, f64) = (always.iter().product(), groups.iter().product());
    let mut found: Vec<(usize, f64)> =
        outages.always.iter().copied().zip(spared.into_iter().map(|others| others * all_groups)).collect();
    for (group, others) in outages.groups.iter().zip(by_group) {
        let inner = match &group.form {
            Form::Diagram(diagram) => diagram.birnbaum(moment.part).1,
            _ => group
                .parts
                .iter()
                .map(|&part| {
                    let with =
                        |q: f64| probability(group, &|other| if other == part { q } else { (moment.part)(other) }).0;
                    (part, with(1.0) - with(0.0))
                })
                .collect(),
        };
        found.extend(inner.into_iter().map(|(part, slope)| (part, slope * others * all_always)));
    }
    found.sort_by_key(|(part, _)| *part);
    components
        .iter()
        .map(|component| {
            let at = found.binary_search_by_key(component, |(part, _)| *part).ok();
            (*component, at.and_then(|at| found.get(at)).map_or(0.0, |(_, slope)| *slope))
        })
        .collect()
}

/// For each factor the product of all others.
fn without_each(factors: &[f64]) -> Vec<f64> {
    let zeros = factors.iter().filter(|factor| **factor <= 0.0).count();
    let rest: f64 = factors.iter().filter(|factor| **factor > 0.0).product();
    let of = |factor: &f64| match (zeros, *factor > 0.0) {
        (0, _) => rest / factor,
        (1, false) => rest,
        _ => 0.0,
    };
    factors.iter().map(of).collect()
}

/// How much each zone and region matters, from the share of requests that fail in each state.
fn of_places(fates: &Fates, states: &States, moments: &[f64], all: f64, first: usize) -> Vec<Share> {
    let mut zones = vec![(0.0, 0.0); fates.sky.zones.len()];
    let mut regions = vec![(0.0, false); fates.sky.regions.len()];
    for (state, fails) in states.list.iter().zip(moments) {
        let weight = state.probability * fails;
        for &region in &state.regions {
            regions.iter_mut().skip(region).take(1).for_each(|(sum, seen)| (*sum, *seen) = (*sum + weight, true));
        }
        for &zone in &state.zones {
            zones.iter_mut().skip(zone).take(1).for_each(|(sum, seen)| (*sum, *seen) = (*sum + weight, 1.0));
        }
    }
    let mut list = Vec::new();
    for (zone, ((sum, seen), (region, q))) in zones.iter().zip(&fates.sky.zones).enumerate() {
        if *seen > 0.0 {
            // While its region has failed, its own state changes nothing.
            let dark = regions.get(*region).map_or(0.0, |(sum, _)| *sum);
            let never = (all - sum - dark) / (1.0 - q).max(1e-12) + dark;
            let then = sum / q + dark;
            list.push(share(Cause::Zone(zone), *q, (never, then, q * then), all, first + list.len()));
        }
    }
    for (region, ((sum, seen), q)) in regions.iter().zip(&fates.sky.regions).enumerate() {
        if *seen {
            let (never, then) = ((all - sum) / (1.0 - q).max(1e-12), sum / q);
            list.push(share(Cause::Region(region), *q, (never, then, *sum), all, first + list.len()));
        }
    }
    list
}
