//! Order statistics: the time until all, some or one of several independent parallel branches are done.

use super::latency::Latency;
use super::moments::Moments;
use super::{binomial, merge};

/// Largest share of requests that one segment of the table may hold.
const SEGMENT: f64 = 0.05;

/// Largest deviation from a straight line at the middle of a segment, relative to the tail there.
const BEND: f64 = 0.005;

/// Tails below this are left out; a segment that holds less needs no closer look.
const NEGLIGIBLE: f64 = 1e-9;

/// Segments narrower than this share of their time are as good as a step.
const THIN: f64 = 1e-6;

/// Most points; a distribution that needs more is cut coarser in its tail.
const MAX_POINTS: usize = 1000;

/// Most steps that are kept apart from what lies between them.
const MAX_STEPS: usize = 12;

/// How far the result may be from the table, in time and then in tail, for fewer paths to do.
const CLOSE: f64 = 0.015;

/// The same for times that fewer than one in 200 exceed.
const CLOSE_IN_TAIL: f64 = 0.03;

/// The tails between which the result is compared with the table: from p10 to p99.95.
const COMPARED: std::ops::RangeInclusive<f64> = 5e-4..=0.9;

/// A point of the table: a time and the tail just after it.
type Point = (f64, f64);

impl Latency {
    /// The time until all branches are done; no time for no branches. See [`Latency::k_of_n`].
    /// Example: the slowest of 10 exponentials of 10 ms takes 29.3 ms on average.
    pub fn maximum(branches: &[Latency]) -> Latency {
        Self::k_of_n(branches.len(), branches).unwrap_or_else(Self::zero)
    }

    /// The time until the first branch is done; no time for no branches. See [`Latency::k_of_n`].
    /// Example: the quicker of 2 exponentials of 10 ms takes 5 ms on average.
    pub fn minimum(branches: &[Latency]) -> Latency {
        Self::k_of_n(1, branches).unwrap_or_else(Self::zero)
    }

    /// The time until `k` of the branches are done; they must be independent. `None` if there are fewer than `k`.
    ///
    /// The exact distribution, `P(T > t) = P(fewer than k done at t)`, by counting over the branches. It is tabulated
    /// where it bends and then described by as few paths as meet the table, at most 24. Constants stay exact, moments
    /// are within 0.1 %, percentiles as the module's header says. Takes some 0.2 ms, and with `b` different branches
    /// `b·min(k, b−k+1)` steps for each of some 200 points.
    /// Example: a write that waits for 2 of 3 exponential acknowledgements of 10 ms takes 8.33 ms.
    pub fn k_of_n(k: usize, branches: &[Latency]) -> Option<Latency> {
        if k > branches.len() {
            return None;
        }
        if k == 0 {
            return Some(Self::zero());
        }
        if let [only] = branches {
            return Some(only.clone());
        }
        let runs = runs(branches);
        let tail = |t: f64| waiting(k, branches.len(), &runs, t);
        let table = Table::new(&tail, &breaks(&runs, branches.len()));
        let steps = merge::reduced(table.steps, MAX_STEPS);
        let with_steps = |limit: usize| {
            let mut parts = merge::reduced(table.pieces.clone(), limit.min(Self::MAX_PATHS - steps.len()));
            parts.extend_from_slice(&steps);
            Self::from_parts(parts, Self::MAX_PATHS)
        };
        let fits = |latency: &Latency| table.points.iter().all(|&point| meets(latency, point));
        let few = [1, 2, 3, 4, 6, 9, 13].into_iter().map(with_steps).find(fits);
        Some(few.unwrap_or_else(|| with_steps(Self::MAX_PATHS)))
    }
}

/// Equal branches that follow each other, with their number, so that each is evaluated once.
fn runs(branches: &[Latency]) -> Vec<(&Latency, usize)> {
    let mut runs: Vec<(&Latency, usize)> = Vec::new();
    for branch in branches {
        match runs.last_mut() {
            Some((last, count)) if *last == branch => *count += 1,
            _ => runs.push((branch, 1)),
        }
    }
    runs
}

/// The probability that fewer than `k` of `n` branches are done by `t`, as a sum of positive terms only.
fn waiting(k: usize, n: usize, runs: &[(&Latency, usize)], t: f64) -> f64 {
    if let [(branch, _)] = runs {
        let (done, pending) = branch.at(t);
        return binomial::below(k as u64, n as u64, done, pending);
    }
    // Either the done or the pending branches are counted, whichever needs the shorter list.
    let count_done = k <= n / 2;
    let mut counts = vec![0.0; if count_done { k } else { n - k + 1 }];
    counts.iter_mut().take(1).for_each(|none| *none = 1.0);
    let mut beyond = 0.0;
    for &(branch, repeats) in runs {
        let (done, pending) = branch.at(t);
        let (up, stay) = if count_done { (done, pending) } else { (pending, done) };
        for _ in 0..repeats {
            let mut carried = 0.0;
            for count in &mut counts {
                (*count, carried) = (*count * stay + carried, *count * up);
            }
            beyond += carried;
        }
    }
    if count_done { counts.iter().sum() } else { beyond }
}

/// Zero, the times at which a branch has a step, and a time by which everything is done but for a negligible share.
fn breaks(runs: &[(&Latency, usize)], n: usize) -> Vec<f64> {
    let last = 1.0 - NEGLIGIBLE / n as f64;
    let mut breaks = vec![0.0];
    for (branch, _) in runs {
        breaks.extend(branch.steps().chain([branch.percentile(last)]));
    }
    breaks.retain(|t| *t >= 0.0 && t.is_finite());
    breaks.sort_by(f64::total_cmp);
    breaks.dedup();
    breaks
}

/// A distribution cut into steps and short pieces, with the points between.
#[derive(Default)]
struct Table {
    steps: Vec<(f64, Moments)>,
    pieces: Vec<(f64, Moments)>,
    points: Vec<Point>,
}

impl Table {
    /// Cuts at the breaks and then where the tail bends.
    fn new(tail: &impl Fn(f64) -> f64, breaks: &[f64]) -> Self {
        let mut table = Table::default();
        table.steps.push((1.0 - tail(0.0), Moments::ZERO));
        for pair in breaks.windows(2) {
            let &[from, to] = pair else { continue };
            // Just before a step the distribution function has not jumped yet.
            let (before, after) = (tail(to.next_down()), tail(to));
            table.cut(tail, (from, tail(from)), (to, before));
            let step = (before - after, Moments::constant(to));
            if step.0 > NEGLIGIBLE { &mut table.steps } else { &mut table.pieces }.push(step);
            table.points.push((to, after));
        }
        table
    }

    /// Splits a segment until its tail is nearly straight.
    fn cut(&mut self, tail: &impl Fn(f64) -> f64, low: Point, high: Point) {
        let mut todo = vec![(low, high)];
        while let Some((low, high)) = todo.pop() {
            let middle = f64::midpoint(low.0, high.0);
            let middle = (middle, tail(middle));
            let mass = low.1 - high.1;
            let bend = (middle.1 - f64::midpoint(low.1, high.1)).abs();
            let thin = high.0 - low.0 <= THIN * high.0;
            let straight = mass <= SEGMENT && bend <= BEND * middle.1;
            if mass <= NEGLIGIBLE || thin || straight || self.points.len() >= MAX_POINTS {
                self.pieces.push((mass, piece(low, middle, high)));
                self.points.extend([low, middle]);
            } else {
                todo.extend([(middle, high), (low, middle)]);
            }
        }
    }
}

/// Moments of what lies between two points, by Simpson's rule on `∫ k u^{k−1} (P(T > t) − P(T > end)) du`.
fn piece(low: Point, middle: Point, high: Point) -> Moments {
    let (width, mass) = (high.0 - low.0, low.1 - high.1);
    if !(mass > 0.0 && width > 0.0) {
        return Moments::constant(low.0);
    }
    let half = ((middle.1 - high.1) / mass).clamp(0.0, 1.0);
    let mean = width / 6.0 * (1.0 + 4.0 * half);
    let second = width * width * 2.0 / 3.0 * half;
    let third = width * width * width / 2.0 * half;
    let variance = (second - mean * mean).max(0.0);
    Moments { mean: low.0 + mean, variance, third: third - 3.0 * mean * second + 2.0 * mean * mean * mean }
}

/// Whether the tail of `latency` passes close to a point of the table. The quickest tenth does not matter, and of what is
/// rarer than one in two thousand only that it stays rare.
fn meets(latency: &Latency, (t, tail): Point) -> bool {
    if tail < *COMPARED.start() {
        return latency.tail(t * (1.0 + CLOSE_IN_TAIL)) <= 1.25 * COMPARED.start();
    }
    let time = if tail < 0.005 { CLOSE_IN_TAIL } else { CLOSE };
    let not_later = latency.tail(t * (1.0 + time)) <= tail * (1.0 + CLOSE);
    tail > *COMPARED.end() || not_later && latency.tail(t * (1.0 - time)) >= tail * (1.0 - CLOSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERCENTILES: [f64; 5] = [0.5, 0.9, 0.95, 0.99, 0.999];

    fn close(value: f64, expected: f64, relative: f64) {
        assert!((value / expected - 1.0).abs() <= relative, "{value} is not {expected}");
    }

    /// The percentile of a distribution function by bisection.
    fn exact(p: f64, cdf: impl Fn(f64) -> f64) -> f64 {
        let (mut low, mut high) = (0.0, 1e4);
        for _ in 0..100 {
            let middle = f64::midpoint(low, high);
            if cdf(middle) < p { low = middle } else { high = middle }
        }
        high
    }

    #[test]
    fn golden_fork_join_exp_max_within_the_stated_error() {
        let branch = Latency::exponential(10.0);
        let cases = [(1, 10.0, 46.051_701_859_880_91), (2, 15.0, 52.958_079_391_204_286)];
        let more =
            [(10, 29.289_682_539_682_538, 69.032_367_944_761), (100, 51.873_775_176_396_21, 92.053_696_640_231_58)];
        for (fan_out, mean, p99) in cases.into_iter().chain(more) {
            let all = Latency::maximum(&vec![branch.clone(); fan_out]);
            close(all.mean(), mean, 1e-3);
            close(all.percentile(0.99), p99, 5e-3);
        }
        close(Latency::k_of_n(2, &vec![branch.clone(); 3]).unwrap().mean(), 8.333_333_333_333_332, 1e-3);
        close(Latency::minimum(&vec![branch; 2]).percentile(0.99), 5.0 * 100f64.ln(), 1e-6);
    }

    #[test]
    fn percentiles_of_equal_exponentials() {
        for n in [2_usize, 3, 5, 10, 100, 1000] {
            let all = Latency::maximum(&vec![Latency::exponential(1.0); n]);
            for p in PERCENTILES {
                let expected = -(1.0 - f64::powf(p, 1.0 / n as f64)).ln();
                close(all.percentile(p), expected, if p > 0.99 { 0.025 } else { 0.015 });
            }
        }
    }

    #[test]
    fn every_order_of_unequal_exponentials() {
        let means = [1.0, 2.0, 5.0, 5.0, 20.0];
        let branches = means.map(Latency::exponential);
        for k in 1..=means.len() {
            // By enumeration of which branches are done.
            let cdf = |t: f64| -> f64 {
                let done = |state: u32| state.count_ones() as usize >= k;
                let chance = |state: u32, i: usize| {
                    let pending = (-t / means[i]).exp();
                    if state >> i & 1 == 1 { 1.0 - pending } else { pending }
                };
                (0..32)
                    .filter(|&state| done(state))
                    .map(|state| (0..5).map(|i| chance(state, i)).product::<f64>())
                    .sum()
            };
            let time = Latency::k_of_n(k, &branches).unwrap();
            for p in PERCENTILES {
                close(time.percentile(p), exact(p, cdf), 0.03);
            }
        }
    }

    #[test]
    fn constants_stay_exact() {
        let branches = [3.0, 1.0, 2.0].map(Latency::constant);
        for (k, expected) in [(1, 1.0), (2, 2.0), (3, 3.0)] {
            let time = Latency::k_of_n(k, &branches).unwrap();
            assert_eq!(time, Latency::constant(expected));
        }
        // A quorum of constants and one exponential: the exponential only matters between 1 and 3.
        let mixed = [Latency::constant(1.0), Latency::constant(3.0), Latency::exponential(1.0)];
        let second = Latency::k_of_n(2, &mixed).unwrap();
        assert_eq!(second.percentile(0.5), 1.0);
        assert_eq!(second.percentile(0.96), 3.0);
        close(second.mean(), 1.0 + (-1.0_f64).exp() - (-3.0_f64).exp(), 1e-3);
        close(second.percentile(0.9), 10f64.ln(), 0.03);
    }

    #[test]
    fn caches_in_parallel_keep_their_humps() {
        let cache = Latency::constant(1.0).sequence(&Latency::exponential(20.0).with_probability(0.08));
        for n in [2, 5, 20, 100] {
            let all = Latency::maximum(&vec![cache.clone(); n]);
            for p in PERCENTILES {
                let each = p.powf(1.0 / n as f64);
                let expected = if each <= 0.92 { 1.0 } else { 1.0 - 20.0 * ((1.0 - each) / 0.08).ln() };
                close(all.percentile(p), expected, 0.012);
            }
        }
    }

    #[test]
    fn edges() {
        let one = Latency::exponential(1.0);
        assert_eq!(Latency::maximum(&[]), Latency::zero());
        assert_eq!(Latency::minimum(&[]), Latency::zero());
        assert_eq!(Latency::k_of_n(0, std::slice::from_ref(&one)), Some(Latency::zero()));
        assert_eq!(Latency::k_of_n(2, std::slice::from_ref(&one)), None);
        assert_eq!(Latency::maximum(std::slice::from_ref(&one)), one);
        assert_eq!(Latency::maximum(&[Latency::zero(), Latency::zero()]), Latency::zero());
        let broken = Latency::new(Moments { mean: f64::NAN, variance: 1.0, third: f64::INFINITY });
        assert!(Latency::maximum(&[broken, one]).percentile(0.99).is_finite());
    }
}
