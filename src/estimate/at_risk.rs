//! Data that a loss puts at risk: which acknowledged writes only what is gone had, and how many.

use std::collections::BTreeSet;

use crate::estimate::outage::primary_is_gone;
use crate::estimate::{Estimate, Run};
use crate::graph::{Component, Data};
use crate::vocabulary::{Kind, attr};

/// Why data is at risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Risk {
    /// Every copy is gone and nothing says that there is a backup.
    EveryCopy,
    /// Every copy is gone; what came after the last backup is lost if they don't come back.
    SinceBackup,
    /// Every copy is gone; changes are archived as they happen, so little is lost.
    Archived,
    /// The primary is gone; its copies lack the newest writes.
    Lag,
    /// A cache is gone that had writes which its store doesn't have yet.
    Unflushed,
}

impl Risk {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Risk::EveryCopy => "every-copy",
            Risk::SinceBackup => "since-backup",
            Risk::Archived => "archived",
            Risk::Lag => "replication-lag",
            Risk::Unflushed => "unflushed",
        }
    }
}

/// Data at risk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AtRisk {
    /// The data set; `None` for whatever the component holds.
    pub data: Option<usize>,
    /// The component that is gone, or whose primary is.
    pub component: usize,
    /// Why.
    pub risk: Risk,
    /// The time whose writes may be lost, in seconds; `None` if not stated or everything is.
    pub window: Option<f64>,
    /// Records written in that time on average (all of them if every copy is gone); `None` if nobody says how many.
    pub records: Option<f64>,
    /// Their bytes, one copy without indexes.
    pub bytes: Option<f64>,
}

/// Data at risk in a run's scenario among what some components hold.
pub(super) fn at_risk(run: &Run<'_>, figures: &Estimate, components: &BTreeSet<usize>) -> Vec<AtRisk> {
    let mut list = Vec::new();
    let mut seen = BTreeSet::new();
    for &index in components {
        let Some(component) = run.graph.components.get(index) else { continue };
        for &data in &component.data {
            if seen.insert(data) {
                list.extend(run.graph.data.get(data).and_then(|set| of_data(run, data, set)));
            }
        }
        list.extend(unflushed(run, figures, index, component));
    }
    list.sort_by_key(|entry| (entry.risk, entry.data, entry.component));
    list
}

fn of_data(run: &Run<'_>, index: usize, data: &Data) -> Option<AtRisk> {
    let stores: Vec<&Component> = data.stores.iter().filter_map(|&store| run.graph.components.get(store)).collect();
    let first = stores.first()?;
    // A standby has what the primary had, apart from what was on its way.
    let gone = |component: &&Component| has_nothing_left(run, component);
    if stores.iter().all(gone) {
        let every = stores.iter().filter_map(|c| run.component(c, attr!(Component, "backup.every"))).reduce(f64::min);
        let continuous = stores.iter().any(|c| c.flag(attr!(Component, "backup.continuous")) == Some(true));
        let risk = match every {
            _ if continuous => Risk::Archived,
            Some(_) => Risk::SinceBackup,
            None => Risk::EveryCopy,
        };
        let window = every.filter(|_| risk == Risk::SinceBackup);
        return Some(amount(run, index, data, first.index, risk, window));
    }
    let behind = stores.iter().find(|component| {
        component.word(attr!(Component, "replication.mode")) == Some("async") && {
            !has_nothing_left(run, component) && primary_is_gone(run, component)
        }
    })?;
    let lag = run.component(behind, attr!(Component, "replication.lag"));
    Some(amount(run, index, data, behind.index, Risk::Lag, lag))
}

fn has_nothing_left(run: &Run<'_>, component: &Component) -> bool {
    run.scenario.is_down(run.graph, component.index)
        || crate::estimate::capacity::per_shard(run, component) == Some(0.0)
}

/// Rate of writes times the time of which they are lost; all records where every copy is.
fn amount(run: &Run<'_>, index: usize, data: &Data, component: usize, risk: Risk, window: Option<f64>) -> AtRisk {
    let get = |id| run.of(&data.own, id);
    let added = get(attr!(Data, "added")).map(|rate| rate * run.scenario.scale);
    let records = match risk {
        Risk::EveryCopy => get(attr!(Data, "initial")).filter(|count| *count > 0.0),
        _ => added.zip(window).map(|(rate, time)| rate * time),
    };
    let bytes = records.zip(get(attr!(Data, "record"))).map(|(count, size)| count * size);
    AtRisk { data: Some(index), component, risk, window, records, bytes }
}

/// Writes that a write-back cache still holds: its writes at peak times how long it may hold them.
fn unflushed(run: &Run<'_>, figures: &Estimate, index: usize, component: &Component) -> Option<AtRisk> {
    let back = component.kind == Kind::Cache && component.word(attr!(Component, "pattern")) == Some("write-back");
    if !back || !has_nothing_left(run, component) {
        return None;
    }
    let window = run.component(component, attr!(Component, "flush"));
    let writes = figures.components.get(index).map(|figures| figures.peak_writes).filter(|rate| *rate > 0.0);
    let records = writes.zip(window).map(|(rate, time)| rate * time);
    Some(AtRisk { data: None, component: index, risk: Risk::Unflushed, window, records, bytes: None })
}
