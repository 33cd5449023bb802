//! What happened over time: windows of equal length, put together over all runs.

use crate::simulate::state::Count;
use crate::simulate::statistics::{Histogram, Interval};
use crate::simulate::verdict::{Verdict, verdicts};
use crate::simulate::{Extent, Fault, Settings};

/// Cells per doubling of time: each is 1.6 % wide.
const COARSE: u32 = 6;

/// What one run measured of a flow in a window.
#[derive(Clone, Debug)]
pub(super) struct FlowCell {
    pub offered: u64,
    pub failed: u64,
    pub times: Histogram,
}

impl FlowCell {
    pub fn new() -> Self {
        FlowCell { offered: 0, failed: 0, times: Histogram::new(COARSE) }
    }

    pub fn add(&mut self, other: &FlowCell) {
        self.offered += other.offered;
        self.failed += other.failed;
        self.times.merge(&other.times);
    }
}

/// The windows of one run: for each window its flows and its components, with what waits at these at its end.
#[derive(Debug, Default)]
pub(super) struct Series {
    pub flows: Vec<Vec<FlowCell>>,
    pub stations: Vec<Vec<(Count, usize)>>,
}

impl Series {
    pub fn begin(&mut self, flows: usize) {
        self.flows.push((0..flows).map(|_| FlowCell::new()).collect());
    }

    pub fn close(&mut self, counts: Vec<(Count, usize)>) {
        self.stations.push(counts);
    }

    /// Windows that are over.
    pub fn closed(&self) -> usize {
        self.stations.len()
    }

    fn cell(&mut self, flow: usize) -> Option<&mut FlowCell> {
        self.flows.last_mut()?.get_mut(flow)
    }

    pub fn offered(&mut self, flow: usize) {
        if let Some(cell) = self.cell(flow) {
            cell.offered += 1;
        }
    }

    /// A request of a flow ended: with its latency, or without an answer.
    pub fn finished(&mut self, flow: usize, latency: Option<f64>) {
        if let Some(cell) = self.cell(flow) {
            match latency {
                Some(latency) => cell.times.add(latency),
                None => cell.failed += 1,
            }
        }
    }
}

/// A flow in a window; rates per second, times in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct FlowPoint {
    /// Requests that came.
    pub offered: f64,
    /// Requests that were answered.
    pub answered: f64,
    /// Share of those that ended which failed.
    pub failed: f64,
    /// Median of those answered.
    pub p50: Option<Interval>,
    /// 95th percentile.
    pub p95: Option<Interval>,
    /// 99th percentile.
    pub p99: Option<Interval>,
}

/// A component in a window.
#[derive(Clone, Copy, Debug, Default)]
pub struct StationPoint {
    /// Calls per second that reached it.
    pub rate: f64,
    /// Share of them that are further attempts.
    pub repeated: f64,
    /// Share of its servers that were busy.
    pub busy: Option<f64>,
    /// Requests and messages that wait at the end of the window, on average over the runs.
    pub waiting: f64,
    /// Servers that there were.
    pub servers: f64,
    /// Share of lookups that were hits.
    pub hits: Option<f64>,
}

/// What happened over time.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// Length of a window, in seconds.
    pub width: f64,
    /// What was done to the system.
    pub faults: Vec<Fault>,
    /// For each window its flows.
    pub flows: Vec<Vec<FlowPoint>>,
    /// For each window its components.
    pub stations: Vec<Vec<StationPoint>>,
    /// For each flow what became of it; empty without faults.
    pub verdicts: Vec<Verdict>,
}

impl Timeline {
    /// The windows of all runs; `None` if the runs have none.
    #[expect(clippy::cast_precision_loss, reason = "counts of requests")]
    pub(super) fn of(settings: &Settings, series: Vec<Series>) -> Option<Timeline> {
        let Extent::Time { duration, windows, faults, .. } = &settings.extent else { return None };
        let width = duration / (*windows).max(1) as f64;
        let time = width * series.len() as f64;
        let windows = series.iter().map(Series::closed).min().unwrap_or(0);
        let mut timeline = Timeline { width, faults: faults.clone(), ..Timeline::default() };
        for window in 0..windows {
            let cells: Vec<&[FlowCell]> =
                series.iter().filter_map(|run| run.flows.get(window)).map(Vec::as_slice).collect();
            let flows = cells.first().map_or(0, |cells| cells.len());
            timeline.flows.push((0..flows).map(|flow| flow_point(&cells, flow, time)).collect());
            let counts: Vec<&[(Count, usize)]> =
                series.iter().filter_map(|run| run.stations.get(window)).map(Vec::as_slice).collect();
            let stations = counts.first().map_or(0, |counts| counts.len());
            timeline.stations.push((0..stations).map(|at| station_point(&counts, at, time)).collect());
        }
        timeline.verdicts = verdicts(&timeline, &series);
        Some(timeline)
    }

    /// The window in which a moment lies.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a window's number")]
    pub fn window(&self, time: f64) -> usize {
        ((time / self.width) as usize).min(self.flows.len().saturating_sub(1))
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests")]
fn flow_point(runs: &[&[FlowCell]], flow: usize, time: f64) -> FlowPoint {
    let cells: Vec<&FlowCell> = runs.iter().filter_map(|cells| cells.get(flow)).collect();
    let mut sum = FlowCell::new();
    cells.iter().for_each(|cell| sum.add(cell));
    let FlowCell { offered, failed, times: all } = sum;
    let percentile = |p: f64| {
        let each: Vec<f64> = cells.iter().filter_map(|cell| cell.times.percentile(p)).collect();
        let value = all.percentile(p)?;
        // One run has no interval.
        Some(Interval::around(value, &each).unwrap_or(Interval { value, half: 0.0 }))
    };
    let ended = all.count() + failed;
    FlowPoint {
        offered: offered as f64 / time,
        answered: all.count() as f64 / time,
        failed: if ended > 0 { failed as f64 / ended as f64 } else { 0.0 },
        p50: percentile(0.5),
        p95: percentile(0.95),
        p99: percentile(0.99),
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of calls")]
fn station_point(runs: &[&[(Count, usize)]], at: usize, time: f64) -> StationPoint {
    let mut all = Count::default();
    let mut waiting = 0;
    for (count, here) in runs.iter().filter_map(|counts| counts.get(at)) {
        all.merge(count);
        waiting += here;
    }
    let result = all.result(time);
    StationPoint {
        rate: result.rate,
        repeated: result.repeated,
        busy: result.busy,
        waiting: waiting as f64 / runs.len().max(1) as f64,
        servers: all.servers / time,
        hits: result.hits,
    }
}
