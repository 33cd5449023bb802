//! Round trips, connections and payloads: what a call spends on the network.

use crate::estimate::Run;
use crate::formula::distribution::Latency;
use crate::formula::network::{Transport, handshake_round_trips, slow_start_rounds};
use crate::graph::{Component, Step};
use crate::vocabulary::{Kind, attr};

/// Real round trips over the least that light takes: cables bend and routers queue; between 1.5 and 2.
const DETOUR: f64 = 1.75;

/// Payload of a segment on an Ethernet path.
const SEGMENT: f64 = 1460.0;

/// What a write waits for when copies in other regions must have it first.
pub(super) fn replication_wait(run: &Run<'_>, component: &Component) -> f64 {
    let waits = matches!(component.word(attr!(Component, "replication.mode")), Some("sync" | "semi-sync" | "quorum"));
    if !waits {
        return 0.0;
    }
    if component.word(attr!(Component, "replication.scope")) == Some("global") {
        return run.latency_number("wan_rtt");
    }
    let regions = &component.regions;
    let pairs = regions.iter().flat_map(|&a| regions.iter().filter(move |&&b| b > a).map(move |&b| (a, b)));
    pairs.map(|(a, b)| region_rtt(run, a, b)).fold(0.0, f64::max)
}

fn region_rtt(run: &Run<'_>, a: usize, b: usize) -> f64 {
    let stated = |from: usize, to: usize| {
        let region = run.graph.regions.get(from)?;
        region.rtt.iter().find(|(other, _)| *other == to).map(|(_, input)| (run.value)(input))
    };
    let pair = run.graph.regions.get(a).zip(run.graph.regions.get(b));
    let by_distance = || pair.and_then(|(a, b)| a.light_floor(b)).map(|floor| floor * DETOUR);
    stated(a, b).or_else(|| stated(b, a)).or_else(by_distance).unwrap_or_else(|| run.latency_number("wan_rtt"))
}

/// The mean round-trip time of a call, and whether a client's network is part of it.
pub(super) fn round_trip(run: &Run<'_>, caller: usize, callee: usize) -> (f64, bool) {
    let (Some(from), Some(to)) = (run.graph.components.get(caller), run.graph.components.get(callee)) else {
        return (0.0, false);
    };
    let (client, server) = if from.kind == Kind::Client { (from, to) } else { (to, from) };
    if client.kind == Kind::Client {
        if let Some(rtt) = run.component(client, attr!(Component, "rtt")) {
            return (rtt, true);
        }
        let near = matches!(server.kind, Kind::Cdn | Kind::Dns);
        return match client.word(attr!(Component, "location")) {
            Some("local") => (run.latency_number("datacenter_rtt"), true),
            Some(_) if near => (run.latency_number("client_edge_rtt"), true),
            Some("regional") => (run.latency_number("client_regional_rtt"), true),
            Some("continental") => (run.latency_number("continental_rtt"), true),
            Some("global") => (run.latency_number("wan_rtt"), true),
            _ => (0.0, false),
        };
    }
    if !from.regions.is_empty() && !to.regions.is_empty() && !from.regions.iter().any(|r| to.regions.contains(r)) {
        let pairs = from.regions.iter().flat_map(|&a| to.regions.iter().map(move |&b| (a, b)));
        return (pairs.map(|(a, b)| region_rtt(run, a, b)).fold(f64::INFINITY, f64::min), false);
    }
    let near = run.latency_number("datacenter_rtt");
    if from.zones.is_empty() || to.zones.is_empty() {
        return (near, false);
    }
    let together = same_zone(from, to);
    (together * near + (1.0 - together) * run.latency_number("cross_zone_rtt"), false)
}

/// The chance that two nodes, each in any zone of its component, are in the same zone.
#[expect(clippy::cast_precision_loss, reason = "a handful of zones")]
pub(super) fn same_zone(from: &Component, to: &Component) -> f64 {
    let same = from.zones.iter().filter(|zone| to.zones.contains(zone)).count();
    same as f64 / (from.zones.len() as f64 * to.zones.len() as f64)
}

/// Time to move the payload: at the slower stated bandwidth, or at the measured speed of a datacentre network.
pub(super) fn transfer(run: &Run<'_>, step: &Step) -> f64 {
    let size = |id| run.of(&step.own, id).unwrap_or(0.0);
    let bytes = size(attr!(Step, "request")) + size(attr!(Step, "response"));
    let ends = [step.caller, step.callee].map(|index| run.graph.components.get(index));
    let slowest = ends
        .iter()
        .flatten()
        .filter_map(|c| run.component(c, attr!(Component, "bandwidth")))
        .filter(|b| *b > 0.0)
        .reduce(f64::min);
    let has_client = ends.iter().flatten().any(|c| c.kind == Kind::Client);
    match slowest {
        Some(bandwidth) => bytes / bandwidth,
        None if has_client => 0.0,
        None => bytes / 1e6 * run.latency_number("network_read_1mb"),
    }
}

/// What opening a connection adds to a call, where the spec says how often one is opened: round trips of the handshake,
/// and of slow start until the answer has arrived.
pub(super) fn opening(run: &Run<'_>, step: &Step, rtt: f64) -> Option<Latency> {
    let share = run.of(&step.own, attr!(Step, "new_connections")).filter(|share| *share > 0.0)?;
    let word = |id| match step.own.get(id).map(|attribute| &attribute.value) {
        Some(crate::attributes::AttributeValue::Word(word)) => *word,
        _ => "",
    };
    let transport = match (word(attr!(Step, "protocol")), word(attr!(Step, "tls"))) {
        ("http3", _) => Transport::Quic,
        (_, "1.2") => Transport::Tls12,
        (_, "1.3") => Transport::Tls13,
        _ => Transport::Tcp,
    };
    let resumed = run.of(&step.own, attr!(Step, "resumed")).unwrap_or(0.0);
    let response = run.of(&step.own, attr!(Step, "response")).unwrap_or(0.0);
    // The first round trip of slow start is that of the request itself.
    let growing = slow_start_rounds(response, SEGMENT).map_or(0.0, |rounds| (rounds - 1.0).max(0.0));
    let after = |resumed| Latency::constant(rtt * (handshake_round_trips(transport, resumed) + growing));
    Some(Latency::mixture([(resumed, after(true)), (1.0 - resumed, after(false))]).with_probability(share))
}
