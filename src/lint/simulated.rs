//! Fields about a simulation of the system, for rules that want to ask one: unknown unless a check simulates.

use crate::expr::{EntityRef, Missing, Type, Value};
use crate::lint::field::{FieldDef, number, own, share};
use crate::lint::world::World;
use crate::quantity::Dimension;
use crate::simulate::{FlowResult, Interval, StationResult};
use crate::vocabulary::Target;

/// What has to be done for these fields to be known.
const MISSING: &str = "--simulate";

fn shown<'w>(target: Target, index: usize, value: Option<f64>) -> Value<'w> {
    let entity = EntityRef { target, index: u32::try_from(index).unwrap_or(u32::MAX) };
    value.map_or(Value::Unknown(Missing { entity, field: MISSING }), Value::Number)
}

fn flow<'w>(world: &World<'w>, index: usize, get: fn(&FlowResult) -> Option<f64>) -> Value<'w> {
    let found = world.simulated().and_then(|results| results.flows.get(index)).and_then(get);
    shown(Target::Flow, index, found)
}

fn station<'w>(world: &World<'w>, index: usize, get: fn(&StationResult) -> Option<f64>) -> Value<'w> {
    let found = world.simulated().and_then(|results| results.stations.get(index)).and_then(get);
    shown(Target::Component, index, found)
}

/// The least that a simulated percentile may be: the lower end of its 95 % interval.
fn least(interval: Option<Interval>) -> Option<f64> {
    interval.map(|interval| interval.value - interval.half)
}

/// All of them.
#[rustfmt::skip]
pub(super) fn fields() -> Vec<FieldDef> {
    use Target::{Component as C, Flow as F, System as Y};
    let time = || number(Dimension::TIME);
    vec![
        own(Y, "simulated", Type::Bool, "Whether this check simulates (`--simulate`).", |w, _| Value::Bool(w.simulation.is_some())),
        own(F, "simulated.mean", time(), "Simulated mean latency at peak.", |w, i| flow(w, i, |f| f.mean.map(|m| m.value))),
        own(F, "simulated.p50", time(), "Simulated median.", |w, i| flow(w, i, |f| f.p50.map(|p| p.value))),
        own(F, "simulated.p95", time(), "Simulated 95th percentile.", |w, i| flow(w, i, |f| f.p95.map(|p| p.value))),
        own(F, "simulated.p99", time(), "Simulated 99th percentile.", |w, i| flow(w, i, |f| f.p99.map(|p| p.value))),
        own(F, "simulated.p999", time(), "Simulated 99.9th percentile.", |w, i| flow(w, i, |f| f.p999.map(|p| p.value))),
        own(F, "simulated.p99_least", time(), "Lower end of the 95 % confidence interval of the simulated p99.", |w, i| flow(w, i, |f| least(f.p99))),
        share(F, "simulated.failed", "Share of simulated requests that failed.", |w, i| flow(w, i, |f| (f.requests > 0).then_some(f.failed.value))),
        share(C, "simulated.busy", "Share of its servers that were busy in the simulation.", |w, i| station(w, i, |s| s.busy)),
        own(C, "simulated.rate", number(Dimension::RATE), "Simulated calls per second.", |w, i| station(w, i, |s| Some(s.rate))),
        share(C, "simulated.repeated", "Share of simulated calls that are retries.", |w, i| station(w, i, |s| Some(s.repeated))),
        share(C, "simulated.refused", "Share of simulated calls that were refused.", |w, i| station(w, i, |s| Some(s.refused))),
        own(C, "simulated.backlog", number(Dimension::NONE), "Messages that wait for it on average in the simulation.", |w, i| station(w, i, |s| Some(s.backlog.unwrap_or(0.0)))),
    ]
}
