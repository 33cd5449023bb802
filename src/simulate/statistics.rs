//! What a run measured, with confidence intervals by batch means.

/// Batches into which the measured requests are divided.
const BATCHES: usize = 20;

/// Student's t for 95 % and 19 degrees of freedom.
const STUDENT: f64 = 2.093;

/// A mean with half the width of its 95 % confidence interval.
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
}

/// What was measured of a flow; times in seconds.
#[derive(Clone, Debug, Default)]
pub struct FlowResult {
    /// Requests measured.
    pub requests: usize,
    /// Share that failed after all attempts.
    pub failed: f64,
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
}

/// What was measured of a component.
#[derive(Clone, Copy, Debug, Default)]
pub struct StationResult {
    /// Share of all its servers that were busy on average.
    pub busy: Option<f64>,
    /// Calls per second that reached it.
    pub rate: f64,
    /// Share of calls that a full queue refused.
    pub refused: f64,
}

/// A run.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// By flow.
    pub flows: Vec<FlowResult>,
    /// By component.
    pub stations: Vec<StationResult>,
    /// Time that passed in the system, in seconds, the warm-up left out.
    pub duration: f64,
    /// Events that were handled.
    pub events: u64,
    /// Whether calls piled up without end, so that the run was broken off.
    pub overwhelmed: bool,
}

/// The latencies of a flow's answered requests, in the order of their arrival.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    pub times: Vec<f64>,
    pub failed: usize,
}

impl Record {
    #[expect(clippy::cast_precision_loss, reason = "counts of requests")]
    pub(super) fn result(mut self) -> FlowResult {
        let answered = self.times.len();
        let all = answered + self.failed;
        let mut result = FlowResult { requests: all, ..FlowResult::default() };
        if all == 0 {
            return result;
        }
        result.failed = self.failed as f64 / all as f64;
        let size = answered / BATCHES;
        if size == 0 {
            return result;
        }
        let batches: Vec<Vec<f64>> = self
            .times
            .chunks(size)
            .take(BATCHES)
            .map(|batch| {
                let mut batch = batch.to_vec();
                batch.sort_by(f64::total_cmp);
                batch
            })
            .collect();
        let means: Vec<f64> = batches.iter().map(|batch| batch.iter().sum::<f64>() / batch.len() as f64).collect();
        let mean = self.times.iter().sum::<f64>() / answered as f64;
        self.times.sort_by(f64::total_cmp);
        result.mean = Some(Interval { value: mean, half: half(&means) });
        let percentile = |p: f64| {
            let each: Vec<f64> = batches.iter().filter_map(|batch| at(batch, p)).collect();
            // A percentile of which a batch holds fewer than a handful has no interval of its own.
            let enough = size as f64 * (1.0 - p) >= 5.0;
            let value = at(&self.times, p)?;
            enough.then(|| Interval { value, half: half(&each) })
        };
        (result.p50, result.p95) = (percentile(0.5), percentile(0.95));
        (result.p99, result.p999) = (percentile(0.99), percentile(0.999));
        result
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a list"
)]
fn at(sorted: &[f64], p: f64) -> Option<f64> {
    let place = (p * sorted.len() as f64).ceil().max(1.0) as usize - 1;
    sorted.get(place.min(sorted.len().checked_sub(1)?)).copied()
}

/// Half the 95 % confidence interval of the mean of batches.
#[expect(clippy::cast_precision_loss, reason = "twenty batches")]
fn half(batches: &[f64]) -> f64 {
    let count = batches.len() as f64;
    let mean = batches.iter().sum::<f64>() / count;
    let variance = batches.iter().map(|batch| (batch - mean).powi(2)).sum::<f64>() / (count - 1.0);
    STUDENT * (variance / count).sqrt()
}
