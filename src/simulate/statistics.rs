//! What runs measured: histograms of latencies, and intervals over independent runs.

use std::collections::BTreeMap;

/// Cells in which a doubling of time is divided: each is 0.2 % wide, and values within one are taken as evenly spread.
const FINE: u32 = 9;

/// The shortest time that is told apart: 2⁻³⁰ s, about a nanosecond.
const SHORTEST: f64 = 1.0 / 1_073_741_824.0;

/// A percentile of fewer than this many latencies beyond it, in each run, has no interval of its own.
const BEYOND: f64 = 5.0;

/// A value with half the width of its 95 % confidence interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Interval {
    /// The estimate.
    pub value: f64,
    /// Half the interval.
    pub half: f64,
}

impl Interval {
    /// Whether a value lies in it.
    pub fn contains(self, value: f64) -> bool {
        (value - self.value).abs() <= self.half
    }

    /// The interval of independent, equally weighty measurements around a value: Student's t.
    #[expect(clippy::cast_precision_loss, reason = "at most a thousand runs")]
    pub(super) fn around(value: f64, each: &[f64]) -> Option<Interval> {
        let count = each.len() as f64;
        if count < 2.0 {
            return None;
        }
        let mean = each.iter().sum::<f64>() / count;
        let variance = each.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (count - 1.0);
        Some(Interval { value, half: student(each.len() - 1) * (variance / count).sqrt() })
    }
}

/// Student's t for 95 %, two-sided: the usual table up to 30 degrees of freedom, then `1.96 + 2.4 / df` (within 0.1 %).
#[expect(clippy::cast_precision_loss, reason = "at most a thousand runs")]
fn student(freedom: usize) -> f64 {
    const TABLE: [f64; 30] = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
        2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
    ];
    TABLE.get(freedom.saturating_sub(1)).copied().unwrap_or(1.96 + 2.4 / freedom as f64)
}

/// Times by their size, each doubling in `2^resolution` cells.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    resolution: u32,
    cells: Vec<u32>,
    count: u64,
    sum: f64,
}

impl Histogram {
    pub fn fine() -> Self {
        Self::new(FINE)
    }

    pub fn new(resolution: u32) -> Self {
        Histogram { resolution, cells: Vec::new(), count: 0, sum: 0.0 }
    }

    pub fn add(&mut self, time: f64) {
        let cell = self.cell(time);
        if cell >= self.cells.len() {
            self.cells.resize(cell + 1, 0);
        }
        if let Some(count) = self.cells.get_mut(cell) {
            *count += 1;
        }
        self.count += 1;
        self.sum += time;
    }

    /// The cell of a time: the bits of a float are its logarithm, nearly.
    fn cell(&self, time: f64) -> usize {
        let shift = 52 - self.resolution;
        let bits = time.max(SHORTEST).to_bits() >> shift;
        usize::try_from(bits - (SHORTEST.to_bits() >> shift)).unwrap_or(0)
    }

    fn edge(&self, cell: usize) -> f64 {
        let shift = 52 - self.resolution;
        f64::from_bits((SHORTEST.to_bits() >> shift).saturating_add(cell as u64) << shift)
    }

    pub fn merge(&mut self, other: &Histogram) {
        debug_assert_eq!(self.resolution, other.resolution, "cells of one width are added");
        if other.cells.len() > self.cells.len() {
            self.cells.resize(other.cells.len(), 0);
        }
        for (own, more) in self.cells.iter_mut().zip(&other.cells) {
            *own += more;
        }
        self.count += other.count;
        self.sum += other.sum;
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// How many are longer than a time, to the width of a cell.
    pub fn above(&self, time: f64) -> u64 {
        self.cells.iter().skip(self.cell(time) + 1).map(|count| u64::from(*count)).sum()
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of requests")]
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of requests")]
    pub fn percentile(&self, p: f64) -> Option<f64> {
        let wanted = p * self.count as f64;
        let mut below = 0.0;
        for (cell, count) in self.cells.iter().enumerate().filter(|(_, count)| **count > 0) {
            let here = f64::from(*count);
            if below + here >= wanted {
                // What takes no time at all is there, too.
                if cell == 0 {
                    return Some(0.0);
                }
                let (from, to) = (self.edge(cell), self.edge(cell + 1));
                return Some(from + (to - from) * ((wanted - below) / here).clamp(0.0, 1.0));
            }
            below += here;
        }
        None
    }
}

/// What was measured of a flow; times in seconds, of requests that were answered.
#[derive(Clone, Debug, Default)]
pub struct FlowResult {
    /// Requests measured, over all runs.
    pub requests: u64,
    /// Share of them that failed after all attempts, or was never answered where a run was broken off.
    pub failed: Interval,
    /// Further requests that had no answer yet when a run of a certain time was over.
    pub unanswered: u64,
    /// Mean latency of answered requests.
    pub mean: Option<Interval>,
    /// Median.
    pub p50: Option<Interval>,
    /// 95th percentile.
    pub p95: Option<Interval>,
    /// 99th percentile.
    pub p99: Option<Interval>,
    /// 99.9th percentile.
    pub p999: Option<Interval>,
    /// Whether latencies still grew: the mean of the second half of the runs is outside the interval of the first.
    pub drifting: bool,
}

impl FlowResult {
    /// A latency by its name: `mean`, `p50`, `p95`, `p99` or `p999`.
    pub fn latency(&self, name: &str) -> Option<Interval> {
        match name {
            "mean" => self.mean,
            "p50" => self.p50,
            "p95" => self.p95,
            "p99" => self.p99,
            "p999" => self.p999,
            _ => None,
        }
    }
}

/// What one run measured of a flow.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub times: Histogram,
    /// Sum and number of the latencies of each half, to see whether they still grow.
    pub halves: [(f64, u64); 2],
    pub failed: u64,
    pub unanswered: u64,
}

impl Record {
    pub fn new() -> Self {
        Record { times: Histogram::fine(), halves: [(0.0, 0); 2], failed: 0, unanswered: 0 }
    }
}

/// The runs of a flow put together.
#[expect(clippy::cast_precision_loss, reason = "counts of requests")]
pub(super) fn together(records: &[&Record]) -> FlowResult {
    let mut all = Histogram::fine();
    records.iter().for_each(|record| all.merge(&record.times));
    let failed: u64 = records.iter().map(|record| record.failed).sum();
    let requests = all.count() + failed;
    let unanswered = records.iter().map(|record| record.unanswered).sum();
    let mut result = FlowResult { requests, unanswered, ..FlowResult::default() };
    if requests == 0 {
        return result;
    }
    let share = |record: &Record| record.failed as f64 / ((record.times.count() + record.failed) as f64).max(1.0);
    let shares: Vec<f64> = records.iter().map(|record| share(record)).collect();
    let value = failed as f64 / requests as f64;
    result.failed = Interval::around(value, &shares).unwrap_or(Interval { value, half: 0.0 });
    let each = |figure: &dyn Fn(&Histogram) -> Option<f64>| -> Option<Interval> {
        let list: Vec<f64> = records.iter().map(|record| figure(&record.times)).collect::<Option<_>>()?;
        Interval::around(figure(&all)?, &list)
    };
    result.mean = each(&Histogram::mean);
    let fewest = records.iter().map(|record| record.times.count()).min().unwrap_or(0) as f64;
    let percentile = |p: f64| each(&|times| times.percentile(p)).filter(|_| fewest * (1.0 - p) >= BEYOND);
    result.p50 = percentile(0.5);
    result.p95 = percentile(0.95);
    result.p99 = percentile(0.99);
    result.p999 = percentile(0.999);
    result.drifting = drifting(records);
    result
}

/// Whether the second halves are later than the first ones, by more than chance explains in 999 of 1,000 steady systems: the
/// mean difference is more than twice the half-width of its 95 % interval, and more than a tenth of the mean.
#[expect(clippy::cast_precision_loss, reason = "counts of requests")]
fn drifting(records: &[&Record]) -> bool {
    let mean = |(sum, count): (f64, u64)| sum / (count as f64).max(1.0);
    let differences: Vec<f64> = records.iter().map(|r| mean(r.halves[1]) - mean(r.halves[0])).collect();
    let first = records.iter().map(|r| mean(r.halves[0])).sum::<f64>() / records.len() as f64;
    let difference = differences.iter().sum::<f64>() / records.len() as f64;
    Interval::around(difference, &differences).is_some_and(|i| i.value > 2.0 * i.half && i.value > 0.1 * first)
}

/// What was measured of a component.
#[derive(Clone, Debug, Default)]
pub struct StationResult {
    /// Share of all its servers that were busy on average.
    pub busy: Option<f64>,
    /// Calls per second that reached it.
    pub rate: f64,
    /// Of them, further attempts of calls that had failed.
    pub repeated: f64,
    /// Share of calls that it refused: its queue was full, or its limiter said so.
    pub refused: f64,
    /// Share of lookups that were hits.
    pub hits: Option<f64>,
    /// Messages waiting for it on average, of a consumer.
    pub backlog: Option<f64>,
    /// Messages that were put aside after too many deliveries, per second.
    pub dead: f64,
    /// What stopped calls, with how many per second: `timeout`, `breaker`, `bulkhead`, `pool`, `down`.
    pub failures: BTreeMap<&'static str, f64>,
}

/// What runs measured.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// By flow.
    pub flows: Vec<FlowResult>,
    /// By component.
    pub stations: Vec<StationResult>,
    /// Time that passed in the system in all runs together, in seconds, the warm-up left out.
    pub duration: f64,
    /// Events that were handled.
    pub events: u64,
    /// Independent runs.
    pub runs: usize,
    /// Whether calls piled up without end, so that a run was broken off.
    pub overwhelmed: bool,
    /// What happened over time, where the run is about a certain time.
    pub timeline: Option<crate::simulate::timeline::Timeline>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::random::Random;

    #[test]
    fn percentiles_of_a_histogram_are_those_of_the_sample() {
        let mut random = Random::new(9);
        let times: Vec<f64> = (0..200_000).map(|_| random.exponential(0.02)).collect();
        let (mut a, mut b) = (Histogram::fine(), Histogram::fine());
        times.iter().enumerate().for_each(|(i, time)| if i % 3 == 0 { a.add(*time) } else { b.add(*time) });
        a.merge(&b);
        let mut sorted = times.clone();
        sorted.sort_by(f64::total_cmp);
        for (p, place) in [(0.01, 2_000), (0.5, 100_000), (0.95, 190_000), (0.99, 198_000), (0.999, 199_800)] {
            let exact = sorted[place];
            assert!((a.percentile(p).unwrap() / exact - 1.0).abs() < 0.001, "{p}");
        }
        let mean = times.iter().sum::<f64>() / 200_000.0;
        assert!((a.mean().unwrap() / mean - 1.0).abs() < 1e-9);
    }

    #[test]
    fn odd_times_have_a_place() {
        let mut histogram = Histogram::new(5);
        assert_eq!((histogram.percentile(0.5), histogram.mean()), (None, None));
        for time in [0.0, 1e-300, 1e9, 0.25] {
            histogram.add(time);
        }
        assert_eq!((histogram.count(), histogram.percentile(0.5)), (4, Some(0.0)));
        assert!((histogram.percentile(0.75).unwrap() - 0.25).abs() < 0.01);
        assert!((histogram.percentile(1.0).unwrap() / 1e9 - 1.0).abs() < 0.04);
    }

    #[test]
    fn intervals_follow_students_table() {
        let interval = Interval::around(3.0, &[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        assert!((interval.half - 2.776 * (2.5_f64 / 5.0).sqrt()).abs() < 1e-9);
        assert!((student(40) - 2.021).abs() < 0.002 && (student(120) - 1.980).abs() < 0.001);
        assert_eq!(Interval::around(1.0, &[1.0]), None);
    }
}
