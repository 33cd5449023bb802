//! Whether a system comes back by itself.
//!
//! A window counts as healthy if about as large a share of what came was answered as before the first fault (2 percentage points
//! and three standard errors less at most) and, but for three standard errors, the 95th percentile is at most twice that of
//! before. One run has bad moments by chance: a window counts as unhealthy if its neighbour or all runs together are, too. A
//! system that isn't healthy although every fault is over, and whose windows don't get better either, is in a metastable
//! failure (Bronson et al. 2021): something that the fault began keeps it going.

use crate::simulate::timeline::{FlowCell, Series, StationPoint, Timeline};

/// How much less may be answered, and how much slower, in a healthy window.
const LESS: f64 = 0.02;
const SLOWER: f64 = 2.0;

/// Answers of which a 95th percentile is known well enough.
const ENOUGH: u64 = 40;

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
    #[expect(clippy::cast_precision_loss, reason = "counts of windows")]
    let shown = timeline.width * timeline.flows.len() as f64;
    if begin == 0 || first >= shown {
        return Vec::new();
    }
    let flows = timeline.flows.first().map_or(0, Vec::len);
    let judge = |flow: usize| {
        let outcomes = outcomes(timeline, series, flow, (begin, first, end));
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

/// What became of a flow in each run.
fn outcomes(timeline: &Timeline, series: &[Series], flow: usize, times: (usize, f64, Option<f64>)) -> Vec<Outcome> {
    let windows = timeline.flows.len();
    let runs: Vec<Vec<&FlowCell>> =
        series.iter().map(|run| run.flows.iter().take(windows).filter_map(|cells| cells.get(flow)).collect()).collect();
    let before = sum(runs.iter().flat_map(|run| run.iter().take(times.0).copied()));
    let Some(usual) = Usual::of(&before, timeline.width) else { return Vec::new() };
    let window = |at: usize| sum(runs.iter().filter_map(|run| run.get(at).copied()));
    let together: Vec<bool> = (0..windows).map(|at| !usual.is_met(&window(at))).collect();
    runs.iter().map(|run| outcome(timeline, (&usual, run, &together), times)).collect()
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

/// What a flow was like before the first fault.
struct Usual {
    /// The share that was answered.
    answered: f64,
    /// Twice the 95th percentile; none where too few requests came to know it.
    slowest: Option<f64>,
    /// Requests in progress over those that come in a window: what their counts differ by at its edges.
    edges: f64,
}

impl Usual {
    /// What all windows of all runs before a fault have together; `None` if nothing was answered.
    #[expect(clippy::cast_precision_loss, reason = "counts of requests")]
    fn of(before: &FlowCell, width: f64) -> Option<Usual> {
        let count = before.times.count();
        let p95 = before.times.percentile(0.95)?;
        Some(Usual {
            answered: (count as f64 / (before.offered as f64).max(1.0)).min(1.0),
            slowest: (count >= ENOUGH).then_some(p95 * SLOWER),
            edges: before.times.mean()? / width,
        })
    }

    /// Whether a window is as good as those before but for chance: three standard errors, and one request.
    #[expect(clippy::cast_precision_loss, reason = "counts of requests")]
    fn is_met(&self, cell: &FlowCell) -> bool {
        let (came, count) = (cell.offered as f64, cell.times.count() as f64);
        let chance = |variance: f64| 1.0 + 3.0 * variance.sqrt();
        let lost = came * self.answered * (1.0 - self.answered) + 2.0 * came * self.edges;
        let enough = count + chance(lost) >= came * (self.answered - LESS);
        let slow = self.slowest.map_or(0, |slowest| cell.times.above(slowest)) as f64;
        enough && slow <= 0.05 * count + chance(0.05 * 0.95 * count)
    }
}

/// Cells put together.
fn sum<'c>(cells: impl Iterator<Item = &'c FlowCell>) -> FlowCell {
    cells.fold(FlowCell::new(), |mut sum, cell| {
        sum.add(cell);
        sum
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts of windows")]
fn outcome(
    timeline: &Timeline,
    (usual, run, together): (&Usual, &[&FlowCell], &[bool]),
    (begin, first, end): (usize, f64, Option<f64>),
) -> Outcome {
    let bad: Vec<bool> = run.iter().map(|cell| !usual.is_met(cell)).collect();
    let is = |list: &[bool], at: Option<usize>| at.and_then(|at| list.get(at)).copied().unwrap_or(false);
    let unwell = |at: &usize| {
        let beside = is(&bad, at.checked_sub(1)) || is(&bad, Some(at + 1));
        is(&bad, Some(*at)) && (beside || is(together, Some(*at)))
    };
    let Some(last) = (begin..run.len()).rev().find(unwell) else { return Outcome::Untouched };
    let back = (last + 1) as f64 * timeline.width;
    // The last window may be shorter than it takes to see; health needs one more.
    let is_back = last + 1 < run.len();
    // A run that was broken off before the fault was over says nothing of what follows.
    match end.filter(|end| *end < timeline.width * run.len() as f64) {
        Some(end) if is_back => Outcome::Recovered((back - end).max(0.0)),
        None if is_back => Outcome::Adapted(back - first),
        None => Outcome::Lasting,
        Some(end) => {
            let tail = run.get(timeline.window(end)..).unwrap_or(&[]);
            if gets_better(usual, tail) { Outcome::Recovering } else { Outcome::Metastable }
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
fn gets_better(usual: &Usual, windows: &[&FlowCell]) -> bool {
    let from = (windows.len() as f64 * (1.0 - TAIL)) as usize;
    let tail = windows.get(from..).unwrap_or(&[]);
    // Too short to say: it may.
    if tail.len() < 4 {
        return true;
    }
    let (early, late) = tail.split_at(tail.len() / 2);
    // As a whole it is well.
    if usual.is_met(&sum(late.iter().copied())) {
        return true;
    }
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
