//! Whether a system comes back by itself.
//!
//! A window counts as healthy if about as large a share of what came was answered as before the first fault (2 percentage points
//! and three standard errors less at most) and the 95th percentile is at most twice that of before. A system that isn't
//! healthy although every fault is over, and whose windows don't get better either, is in a metastable failure
//! (Bronson et al. 2021): something that the fault began keeps it going.

use crate::simulate::timeline::{FlowCell, Series, StationPoint, Timeline};

/// How much less may be answered, and how much slower, in a healthy window.
const LESS: f64 = 0.02;
const SLOWER: f64 = 2.0;

/// The last part of what follows a fault, in which a failing system is asked whether it gets better.
const TAIL: f64 = 0.5;

/// By how much it has to get better over that tail.
const BETTER: f64 = 0.1;

/// What became of a flow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// No window was unhealthy.
    Untouched,
    /// It was healthy again so many seconds after the last fault was over.
    Recovered(f64),
    /// The fault lasted, and it was healthy again so many seconds after the fault began.
    Adapted(f64),
    /// The fault lasted, and so did the trouble.
    Lasting,
    /// The fault is over, it isn't healthy yet, but it gets better.
    Recovering,
    /// The fault is over, and it stays as it is.
    Metastable,
}

impl Outcome {
    /// How bad it is.
    fn rank(self) -> u8 {
        match self {
            Outcome::Untouched => 0,
            Outcome::Recovered(_) => 1,
            Outcome::Adapted(_) => 2,
            Outcome::Recovering => 3,
            Outcome::Lasting => 4,
            Outcome::Metastable => 5,
        }
    }
}

/// What became of a flow over all runs.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The worst outcome of a run, and of equal ones that with the longest time.
    pub outcome: Outcome,
    /// How many runs had an outcome of this sort.
    pub runs: usize,
    /// What keeps a metastable failure going: components that are busy, with their figures before and at the end.
    pub kept_by: Vec<(usize, StationPoint, StationPoint)>,
}

/// The verdict on each flow; none without faults, or without a window before the first one.
pub(super) fn verdicts(timeline: &Timeline, series: &[Series]) -> Vec<Verdict> {
    let Some(first) = timeline.faults.iter().map(|fault| fault.at).reduce(f64::min) else { return Vec::new() };
    let ends: Vec<Option<f64>> = timeline.faults.iter().map(|fault| fault.end()).collect();
    let end = ends.iter().copied().collect::<Option<Vec<f64>>>().and_then(|ends| ends.into_iter().reduce(f64::max));
    let begin = timeline.window(first);
    if begin == 0 {
        return Vec::new();
    }
    let flows = timeline.flows.first().map_or(0, Vec::len);
    let judge = |flow: usize| {
        let outcomes: Vec<Outcome> =
            series.iter().map(|run| outcome(timeline, run, flow, (begin, first, end))).collect();
        let time = |outcome: &Outcome| match outcome {
            Outcome::Recovered(time) | Outcome::Adapted(time) => *time,
            _ => 0.0,
        };
        let worst = outcomes.iter().copied().max_by(|a, b| a.rank().cmp(&b.rank()).then(time(a).total_cmp(&time(b))));
        let outcome = worst.unwrap_or(Outcome::Untouched);
        Verdict {
            outcome,
            runs: outcomes.iter().filter(|other| other.rank() == outcome.rank()).count(),
            kept_by: if outcome == Outcome::Metastable { keepers(timeline, begin) } else { Vec::new() },
        }
    };
    (0..flows).map(judge).collect()
}

/// Components that are at least 95 % busy at the end and were not before, or at which much more waits than they have servers.
fn keepers(timeline: &Timeline, begin: usize) -> Vec<(usize, StationPoint, StationPoint)> {
    let (Some(before), Some(after)) = (timeline.stations.get(begin - 1), timeline.stations.last()) else {
        return Vec::new();
    };
    let pairs = before.iter().zip(after).enumerate();
    let busy =
        |point: &StationPoint| point.busy.is_some_and(|busy| busy >= 0.95) || point.waiting > 2.0 * point.servers;
    pairs
        .filter(|(_, (then, now))| now.servers > 0.0 && busy(now) && !busy(then))
        .map(|(at, (then, now))| (at, *then, *now))
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests")]
fn outcome(timeline: &Timeline, run: &Series, flow: usize, (begin, first, end): (usize, f64, Option<f64>)) -> Outcome {
    let cells: Vec<&FlowCell> =
        run.flows.iter().take(timeline.flows.len()).filter_map(|cells| cells.get(flow)).collect();
    let (before, after) = cells.split_at_checked(begin).unwrap_or((&[], &[]));
    let mut usual = crate::simulate::statistics::Histogram::new(6);
    before.iter().for_each(|cell| usual.merge(&cell.times));
    let offered: u64 = before.iter().map(|cell| cell.offered).sum();
    let Some(slowest) = usual.percentile(0.95).map(|p95| p95 * SLOWER) else { return Outcome::Untouched };
    let answered = (usual.count() as f64 / (offered as f64).max(1.0)).min(1.0);
    let healthy = |cell: &&FlowCell| {
        let came = cell.offered as f64;
        if came == 0.0 {
            return true;
        }
        // Counts of those that came and those that were answered in a window differ by chance at its edges, too.
        let error = (answered * (1.0 - answered) / came).sqrt() + (1.0 / came).sqrt() * 0.1;
        let enough = cell.times.count() as f64 >= came * (answered - LESS - 3.0 * error);
        // A percentile of few requests jumps.
        let quick = cell.times.count() < 40 || cell.times.percentile(0.95).is_none_or(|p95| p95 <= slowest);
        enough && quick
    };
    let Some(last) = after.iter().rposition(|cell| !healthy(cell)) else { return Outcome::Untouched };
    let back = (begin + last + 1) as f64 * timeline.width;
    // The last window may be shorter than it takes to see; health needs one more.
    let is_back = last + 1 < after.len();
    match end {
        Some(end) if is_back => Outcome::Recovered((back - end).max(0.0)),
        None if is_back => Outcome::Adapted(back - first),
        None => Outcome::Lasting,
        Some(end) => {
            let since = timeline.window(end).saturating_sub(begin);
            let tail = after.get(since..).unwrap_or(&[]);
            if gets_better(tail) { Outcome::Recovering } else { Outcome::Metastable }
        }
    }
}

/// Whether the share that is answered grows, or latencies fall, within the last part of some windows.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of windows and requests"
)]
fn gets_better(windows: &[&FlowCell]) -> bool {
    let from = (windows.len() as f64 * (1.0 - TAIL)) as usize;
    let tail = windows.get(from..).unwrap_or(&[]);
    // Too short to say: it may.
    if tail.len() < 4 {
        return true;
    }
    let (early, late) = tail.split_at(tail.len() / 2);
    let share = |cells: &[&FlowCell]| {
        let came: u64 = cells.iter().map(|cell| cell.offered).sum();
        let answered: u64 = cells.iter().map(|cell| cell.times.count()).sum();
        answered as f64 / (came as f64).max(1.0)
    };
    let mean = |cells: &[&FlowCell]| {
        let all: Vec<f64> = cells.iter().filter_map(|cell| cell.times.mean()).collect();
        (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
    };
    let answers = share(late) - share(early);
    let quicker = mean(early).zip(mean(late)).is_some_and(|(early, late)| late < early * (1.0 - BETTER));
    answers > BETTER || answers > -LESS && share(late) > BETTER && quicker
}
