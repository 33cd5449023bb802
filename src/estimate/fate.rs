//! How a component fails by itself: as a whole, or by its nodes, which stand in zones and regions.

use crate::estimate::capacity::{count as stated_per_shard, per_shard};
use crate::estimate::places::{Place, Sky};
use crate::estimate::recovery::probes;
use crate::estimate::{NODE_AVAILABILITY, Run};
use crate::formula::availability::{k_of_n_from_unavailability, with_failover};
use crate::graph::Component;
use crate::vocabulary::{Kind, attr};

/// Numbers of living nodes of a component whose probabilities are kept.
const KEPT: usize = 64;

/// How a component fails.
#[derive(Clone, Debug)]
pub(super) enum Fate {
    /// Never, for all that is known here.
    Never,
    /// This share of time, independently of everything else.
    Whole(f64),
    /// With its nodes.
    Nodes(Nodes),
}

/// Nodes of which so many have to work in every shard.
#[derive(Clone, Debug)]
pub(super) struct Nodes {
    /// How many of a shard's nodes have to work.
    pub needed: u64,
    /// Nodes of a shard by place.
    pub places: Vec<(Place, u64)>,
    /// The share of time that one node has failed by itself.
    pub node: f64,
    /// The share of time that all nodes have failed together, for one reason.
    pub common: f64,
    /// Shards, all of which are needed.
    pub shards: f64,
    /// Failures of the node that serves, per second, times the seconds until another has taken over.
    pub failover: f64,
    /// Whether a failover takes time, but nothing says how often there is one.
    pub uncounted: bool,
    /// Numbers of living nodes, ascending, with the probability of failing then.
    known: Vec<(u64, f64)>,
}

impl Nodes {
    /// How many nodes a shard has.
    pub(super) fn count(&self) -> u64 {
        self.places.iter().map(|(_, count)| count).sum()
    }

    /// The nodes of a shard whose places are up.
    fn alive(&self, sky: &Sky) -> u64 {
        self.places.iter().filter(|(place, _)| sky.is_up(*place)).map(|(_, count)| count).sum()
    }

    /// The probability that at least `failing` of `alive` nodes have failed by themselves in some shard.
    pub(super) fn failing(&self, failing: u64, alive: u64) -> f64 {
        self.any_shard(k_of_n_from_unavailability((alive + 1).saturating_sub(failing), alive, self.node))
    }

    /// The probability that something befalls any shard, from that of one.
    pub(super) fn any_shard(&self, shard: f64) -> f64 {
        if self.shards > 1.0 { -(self.shards * (-shard).ln_1p()).exp_m1() } else { shard }
    }

    /// The probability of failing with so many nodes in working places.
    fn fails(&self, alive: u64) -> f64 {
        let shard = k_of_n_from_unavailability(self.needed, alive, self.node);
        // Without a standby nobody takes over.
        let failover = if alive > self.needed { self.failover } else { 0.0 };
        // More failovers than a number holds leave no time to serve.
        let shard = with_failover(shard, failover, 1.0).unwrap_or(1.0);
        let all = self.any_shard(shard);
        // Independent of each other, so that a product of what is spared would do; this keeps small digits.
        self.common + all - self.common * all
    }

    fn remember(mut self) -> Nodes {
        let mut counts = vec![0_u64];
        for (place, count) in &self.places {
            let more: Vec<u64> = counts.iter().map(|n| n + count).collect();
            counts = if *place == Place::Anywhere { more } else { [counts, more].concat() };
            counts.sort_unstable();
            counts.dedup();
            counts.truncate(KEPT);
        }
        self.known = counts.into_iter().map(|alive| (alive, self.fails(alive))).collect();
        self
    }
}

impl Fate {
    /// The probability of having failed in the state that is looked at.
    pub(super) fn fails(&self, sky: &Sky) -> f64 {
        match self {
            Fate::Never => 0.0,
            Fate::Whole(fails) => *fails,
            Fate::Nodes(nodes) => {
                let alive = nodes.alive(sky);
                let known = nodes.known.iter().find(|(count, _)| *count == alive);
                known.map_or_else(|| nodes.fails(alive), |(_, fails)| *fails)
            }
        }
    }

    /// Where it stands.
    pub(super) fn places(&self) -> impl Iterator<Item = Place> + '_ {
        let places = if let Fate::Nodes(nodes) = self { nodes.places.as_slice() } else { &[] };
        places.iter().map(|(place, _)| *place).filter(|place| *place != Place::Anywhere)
    }
}

/// How a component fails; `None` if nothing says how many nodes it has.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole numbers, at least 0 and at most 1e9"
)]
pub(super) fn fate(run: &Run<'_>, component: &Component) -> Option<Fate> {
    let get = |key| run.component(component, key);
    if component.kind == Kind::Client {
        return Some(Fate::Never);
    }
    if run.scenario.is_down(run.graph, component.index) {
        return Some(Fate::Whole(1.0));
    }
    if let Some(whole) = get(attr!(Component, "availability")) {
        return Some(Fate::Whole(1.0 - whole));
    }
    let (node, rate) = node(run, component);
    let (stated, left) = (stated_per_shard(run, component)? as u64, per_shard(run, component)? as u64);
    let stated = if run.scenario.stands_in(component) { left } else { stated };
    let (count, needed) = counts(run, component, stated, left);
    let common = get(attr!(Component, "common_cause")).unwrap_or(0.0) * node;
    let (failover, uncounted) = takeover(run, component, count, rate);
    let nodes = Nodes {
        needed,
        places: placed(run, component, count),
        node: node - common,
        common,
        shards: get(attr!(Component, "shards")).unwrap_or(1.0),
        failover,
        uncounted,
        known: Vec::new(),
    };
    Some(Fate::Nodes(nodes.remember()))
}

/// The share of time that a node has failed, and how often it fails per second, if that can be said.
fn node(run: &Run<'_>, component: &Component) -> (f64, Option<f64>) {
    let get = |key| run.component(component, key);
    let (mtbf, mttr) = (get(attr!(Component, "mtbf")).filter(|mtbf| *mtbf > 0.0), get(attr!(Component, "mttr")));
    let stated = get(attr!(Component, "node_availability")).map(|works| 1.0 - works);
    let repaired = mtbf.zip(mttr).map(|(mtbf, mttr)| mttr / (mtbf + mttr));
    let fails = stated.or(repaired).unwrap_or(1.0 - NODE_AVAILABILITY);
    // A node that fails a share q of the time for m seconds each works m (1 − q) / q in between.
    let by_repair = stated.zip(mttr.filter(|mttr| *mttr > 0.0)).map(|(q, mttr)| q / (mttr * (1.0 - q).max(1e-12)));
    (fails, mtbf.map(|mtbf| 1.0 / mtbf).or(by_repair))
}

/// How many nodes of a shard matter, and how many of them are needed. `stated` is their number as described, `left` in
/// this scenario.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole numbers up to 1e9")]
fn counts(run: &Run<'_>, component: &Component, stated: u64, left: u64) -> (u64, u64) {
    let whole = |key| run.component(component, key).map(|n| n as u64);
    let topology = component.word(attr!(Component, "topology"));
    let primary_only = component.kind == Kind::Database
        && matches!(topology, None | Some("primary-replica" | "single"))
        && component.word(attr!(Component, "replication.failover")) != Some("automatic");
    match (whole(attr!(Component, "needs")), topology) {
        (Some(needed), _) => (left, needed),
        (None, Some("leaderless")) => {
            let factor = whole(attr!(Component, "replication.factor")).unwrap_or(3);
            let asked = [attr!(Component, "quorum.read"), attr!(Component, "quorum.write")].map(whole);
            let quorum = asked.into_iter().flatten().max();
            (factor.min(left), quorum.unwrap_or(factor.min(stated) / 2 + 1))
        }
        // A majority of those that there should be: the others can't know who is gone for good.
        _ if topology == Some("consensus") || component.kind == Kind::Coordinator => (left, stated / 2 + 1),
        _ if primary_only => (left.min(1), 1),
        _ => (left, 1),
    }
}

/// Failures of the serving node per second times the seconds until a standby has noticed and taken over; and whether
/// either isn't known, so that failovers count as shorter than they are.
fn takeover(run: &Run<'_>, component: &Component, count: u64, rate: Option<f64>) -> (f64, bool) {
    let get = |key| run.component(component, key);
    let topology = component.word(attr!(Component, "topology"));
    let automatic = component.word(attr!(Component, "replication.failover")) == Some("automatic");
    if !automatic || count < 2 || matches!(topology, Some("leaderless" | "multi-primary")) {
        return (0.0, false);
    }
    let switched = get(attr!(Component, "replication.failover_time"));
    let time = probes(run, component).unwrap_or(0.0) + switched.unwrap_or(0.0);
    (rate.unwrap_or(0.0) * time, rate.is_none() || switched.is_none())
}

/// Nodes by zone, as even as possible; by region where no zone is named.
fn placed(run: &Run<'_>, component: &Component, count: u64) -> Vec<(Place, u64)> {
    let zones = component.zones.iter().filter(|zone| !run.scenario.zones.contains(zone));
    let mut up: Vec<Place> = zones.map(|zone| Place::Zone(*zone)).collect();
    if component.zones.is_empty() {
        // Name resolution, delivery networks and other people's systems stand in a region only if it is said.
        let elsewhere = matches!(component.kind, Kind::External | Kind::Dns | Kind::Cdn);
        let said = component.own.get(attr!(Component, "region")).is_some();
        if said || !elsewhere {
            let regions = component.regions.iter().filter(|region| !run.scenario.regions.contains(region));
            up = regions.map(|region| Place::Region(*region)).collect();
        }
    }
    if run.scenario.stands_in(component) {
        let regions = component.standby.iter().filter(|region| !run.scenario.regions.contains(region));
        up = regions.map(|region| Place::Region(*region)).collect();
    }
    let parts = up.len() as u64;
    if parts == 0 {
        return vec![(Place::Anywhere, count)];
    }
    let share = |place: u64| count / parts + u64::from(place < count % parts);
    up.into_iter().zip(0..).map(|(place, at)| (place, share(at))).filter(|(_, nodes)| *nodes > 0).collect()
}
