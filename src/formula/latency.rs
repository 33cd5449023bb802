//! A response time as a finite mixture of paths.

use std::borrow::Borrow;

use super::curve::Curve;
use super::moments::Moments;
use super::{merge, root};

/// Percentiles beyond this one are not told apart; nothing a request does is known to twelve nines.
const LAST: f64 = 1.0 - 1e-12;

/// The relative width to which a percentile is found.
const PRECISION: f64 = 1e-7;

/// Repetitions from which a sum is taken to be one path: with so many parts the humps have grown together.
const MANY: f64 = 64.0;

/// One way that a request may take, with the share of requests that take it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Path {
    pub weight: f64,
    pub moments: Moments,
    pub curve: Curve,
}

/// A path of which less than this share is cut off keeps its one curve.
const UNCUT: f64 = 0.005;

impl Path {
    /// Moments that overflowed, or never were numbers, become a constant, so that nothing infinite is handed on.
    fn new(weight: f64, moments: Moments) -> Self {
        let sound = [moments.mean, moments.variance, moments.third].iter().all(|moment| moment.is_finite());
        let mean = if moments.mean.is_finite() { moments.mean } else { 0.0 };
        let moments = if sound { moments } else { Moments::constant(mean) };
        Path { weight, moments, curve: Curve::new(moments) }
    }
}

/// The distribution of a time that is never negative: a mixture of at most [`Latency::MAX_PATHS`] paths.
///
/// Each path keeps exact moments; its distribution is the shifted gamma with these (see the module's header for what
/// that costs in accuracy). Example: a cache that answers 92 % within 1 ms and else asks a database of 20 ms is
/// `Latency::constant(0.001).sequence(&Latency::exponential(0.02).with_probability(0.08))`, with p99 at 42.6 ms.
#[derive(Clone, Debug, PartialEq)]
pub struct Latency {
    paths: Vec<Path>,
}

impl Latency {
    /// Most paths that are kept. Beyond it neighbours by mean are merged, with exact moments of the merged pair.
    pub const MAX_PATHS: usize = 24;

    /// A single path. Example: `Latency::new(queue.response_moments())` for a queue in steady state.
    pub fn new(moments: Moments) -> Self {
        Latency { paths: vec![Path::new(1.0, moments)] }
    }

    /// Always the same time. Example: a network round trip of 0.5 ms.
    pub fn constant(x: f64) -> Self {
        Self::new(Moments::constant(x))
    }

    /// An exponential time. Example: a mean of 10 ms has its p99 at 46.05 ms.
    pub fn exponential(mean: f64) -> Self {
        Self::new(Moments::exponential(mean))
    }

    /// No time at all.
    pub fn zero() -> Self {
        Self::constant(0.0)
    }

    /// From weighted moments: weights are scaled to sum to 1, those that are not positive are dropped, and
    /// neighbours are merged until `limit` paths are left.
    pub(super) fn from_parts(parts: Vec<(f64, Moments)>, limit: usize) -> Self {
        let parts = merge::reduced(parts, limit);
        let total: f64 = parts.iter().map(|(weight, _)| weight).sum();
        let path = |(weight, moments)| Path::new(weight / total, moments);
        let paths: Vec<Path> = parts.into_iter().map(path).collect();
        if paths.is_empty() { Self::zero() } else { Latency { paths } }
    }

    /// The paths with their shares, which sum to 1, from the quickest mean to the slowest.
    pub fn paths(&self) -> impl Iterator<Item = (f64, Moments)> {
        self.paths.iter().map(|path| (path.weight, path.moments))
    }

    /// This and then an independent next: every path of one followed by every path of the other.
    /// Example: two cache lookups in sequence have the paths hit–hit, hit–miss, miss–hit and miss–miss.
    #[must_use]
    pub fn sequence(&self, next: &Latency) -> Latency {
        let pairs = self.paths().flat_map(|(p, a)| next.paths().map(move |(q, b)| (p * q, a.then(b))));
        Self::from_parts(pairs.collect(), Self::MAX_PATHS)
    }

    /// One of several with probabilities proportional to the weights; weights that are not positive count for nothing,
    /// and nothing at all is [`Latency::zero`]. Takes a list or a reference to one. Example: 0.92 of a hit and
    /// 0.08 of a miss.
    pub fn mixture<P: Borrow<(f64, Latency)>>(parts: impl IntoIterator<Item = P>) -> Latency {
        let mut paths = Vec::new();
        for part in parts {
            let (weight, latency) = part.borrow();
            paths.extend(latency.paths().map(|(p, moments)| (weight * p, moments)));
        }
        Self::from_parts(paths, Self::MAX_PATHS)
    }

    /// This with probability `p`, otherwise no time. Example: a database that 8 % of requests reach.
    #[must_use]
    pub fn with_probability(&self, p: f64) -> Latency {
        let p = p.clamp(0.0, 1.0);
        let mut parts: Vec<(f64, Moments)> = self.paths().map(|(q, moments)| (p * q, moments)).collect();
        parts.push((1.0 - p, Moments::ZERO));
        Self::from_parts(parts, Self::MAX_PATHS)
    }

    /// `n` independent times in sequence; a fraction is the chance of one more. Above 64 the sum is one path.
    /// Example: 2.5 calls are two calls and half the time a third. Nothing for an `n` that is not positive.
    #[must_use]
    pub fn times(&self, n: f64) -> Latency {
        if !(n > 0.0 && n.is_finite()) {
            return Self::zero();
        }
        let whole = n.floor();
        let last = self.with_probability(n - whole);
        if self.paths.len() == 1 || whole > MANY {
            return Self::new(self.moments().times(whole)).sequence(&last);
        }
        let (mut sum, mut power, mut left) = (last, self.clone(), whole as u64);
        while left > 0 {
            if left % 2 == 1 {
                sum = sum.sequence(&power);
            }
            left /= 2;
            if left > 0 {
                power = power.sequence(&power);
            }
        }
        sum
    }

    /// The same in other units or on a machine `k` times slower. Example: `scaled(1000.0)` turns seconds into ms.
    #[must_use]
    pub fn scaled(&self, k: f64) -> Latency {
        Self::from_parts(self.paths().map(|(p, moments)| (p, moments.scaled(k))).collect(), Self::MAX_PATHS)
    }

    /// Mean time; exact, whatever the distribution between.
    pub fn mean(&self) -> f64 {
        self.paths().map(|(p, moments)| p * moments.mean).sum()
    }

    /// Moments of the whole mixture; exact along sequences and mixtures.
    pub fn moments(&self) -> Moments {
        let parts: Vec<(f64, Moments)> = self.paths().collect();
        Moments::mixture(&parts)
    }

    /// The probability of at most `t`; 0 for a `t` that is not a number. Example: 1 − 1/e at the mean of an exponential.
    pub fn cdf(&self, t: f64) -> f64 {
        self.at(t).0
    }

    /// The probability of more than `t`, with its own digits where it is small.
    pub fn tail(&self, t: f64) -> f64 {
        self.at(t).1
    }

    /// The probabilities of at most and of more than `t`.
    pub(super) fn at(&self, t: f64) -> (f64, f64) {
        if t.is_nan() {
            return (0.0, 1.0);
        }
        let add = |(below, above): (f64, f64), path: &Path| {
            let (lower, upper) = path.curve.at(t);
            (below + path.weight * lower, above + path.weight * upper)
        };
        let (below, above) = self.paths.iter().fold((0.0, 0.0), add);
        (below.min(1.0), above.min(1.0))
    }

    /// The time that a share `p` of requests does not exceed, to one part in ten million and never negative.
    ///
    /// `p` above 1 − 1e-12 is taken to be that, since the distribution may have no end; 0 for a `p` that is not
    /// positive. Example: the 0.99 percentile of an exponential of 10 ms is 46.05 ms.
    pub fn percentile(&self, p: f64) -> f64 {
        if p.is_nan() || self.at(0.0).0 >= p {
            return 0.0;
        }
        let p = p.min(LAST);
        if let [Path { curve: Curve::Step(mean), .. }] = self.paths.as_slice() {
            return *mean;
        }
        // Cantelli's inequality brackets the percentile of any distribution with this mean and variance.
        let (moments, odds) = (self.moments(), p / (1.0 - p));
        let low = (moments.mean - moments.deviation() / odds.sqrt()) * (1.0 - 1e-9);
        let high = (moments.mean + moments.deviation() * odds.sqrt()) * (1.0 + 1e-9);
        if !high.is_finite() {
            return f64::MAX;
        }
        // Logarithms of the smaller side make exponential tails straight lines, which the search then meets at once.
        let excess = |t: f64| {
            let (below, above) = self.at(t);
            if p < 0.5 { p.ln() - below.max(1e-300).ln() } else { above.max(1e-300).ln() - (1.0 - p).ln() }
        };
        let (low, high) = root::bracket(excess, low.max(0.0), high, PRECISION);
        self.step_within(low, high).unwrap_or(high)
    }

    /// A constant path inside the last bracket is where the percentile is exactly.
    fn step_within(&self, low: f64, high: f64) -> Option<f64> {
        self.paths.iter().find_map(|path| match path.curve {
            Curve::Step(mean) if low < mean && mean <= high => Some(mean),
            _ => None,
        })
    }

    /// Those times that don't exceed `limit`, as a distribution of their own; `None` if there are none.
    ///
    /// Example: of exponential times of 10 ms those up to 10 ms have a mean of 4.2 ms.
    pub fn below(&self, limit: f64) -> Option<Latency> {
        let mut parts: Vec<(f64, Moments)> = Vec::new();
        for path in &self.paths {
            let (share, moments) = path.curve.below(limit);
            if share > 1.0 - UNCUT {
                parts.push((path.weight * share, moments));
                continue;
            }
            // What is cut off sharply has no curve of its own; three pieces of it nearly do.
            let mut before = (0.0, Moments::ZERO);
            for edge in [0.25, 0.5, 1.0] {
                let up_to = if edge < 1.0 { path.curve.below(limit * edge) } else { (share, moments) };
                if let Some(piece) = Moments::between(before, up_to) {
                    parts.push((path.weight * (up_to.0 - before.0), piece));
                    before = up_to;
                }
            }
        }
        let any = parts.iter().any(|(weight, _)| *weight > 0.0);
        any.then(|| Self::from_parts(parts, Self::MAX_PATHS))
    }

    /// The times at which the distribution function jumps.
    pub(super) fn steps(&self) -> impl Iterator<Item = f64> {
        self.paths.iter().filter_map(|path| match path.curve {
            Curve::Step(mean) => Some(mean),
            _ => None,
        })
    }
}

impl From<Moments> for Latency {
    fn from(moments: Moments) -> Self {
        Self::new(moments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: f64, expected: f64, relative: f64) {
        assert!((value / expected - 1.0).abs() < relative, "{value} is not {expected}");
    }

    #[test]
    fn one_path_is_exact_for_constants_and_exponentials() {
        let exponential = Latency::exponential(0.01);
        for p in [0.001, 0.3, 0.5, 0.95, 0.99, 0.999, 0.999_999_999] {
            close(exponential.percentile(p), -0.01 * f64::ln_1p(-p), 2e-7);
            assert_eq!(Latency::constant(0.2).percentile(p), 0.2);
        }
        close(exponential.percentile(0.99), 0.046_051_701_859_880_91, 2e-7);
        assert_eq!(exponential.percentile(0.0), 0.0);
        assert_eq!(exponential.percentile(f64::NAN), 0.0);
        assert_eq!(Latency::zero().percentile(0.99), 0.0);
        close(exponential.percentile(1.0), 0.01 * 1e12_f64.ln(), 1e-4);
        assert_eq!(exponential.cdf(f64::NAN), 0.0);
        assert_eq!(exponential.cdf(f64::INFINITY), 1.0);
    }

    #[test]
    fn a_cache_keeps_both_of_its_humps() {
        let latency = Latency::constant(0.001).sequence(&Latency::exponential(0.02).with_probability(0.08));
        assert_eq!(latency.percentile(0.9), 0.001);
        assert_eq!(latency.percentile(0.92), 0.001);
        // P(T > t) = 0.08 e^−((t − 1 ms)/20 ms) = 0.01.
        close(latency.percentile(0.99), 0.001 + 0.02 * 8f64.ln(), 2e-7);
        close(latency.mean(), 0.0026, 1e-12);
    }

    #[test]
    fn percentiles_invert_the_distribution_and_grow() {
        let parts = (1..=30).map(|i| (1.0 / f64::from(i), Latency::exponential(0.001 * f64::from(i * i))));
        let latency = Latency::mixture(parts);
        assert_eq!(latency.paths().count(), Latency::MAX_PATHS);
        let mut before = 0.0;
        for i in 1..200 {
            let p = f64::from(i) / 200.0;
            let t = latency.percentile(p);
            assert!(t > before && latency.cdf(t) >= p - 1e-12 && latency.cdf(t * (1.0 - 1e-6)) < p);
            before = t;
        }
    }

    #[test]
    fn moments_survive_every_operation() {
        let hit = Latency::constant(0.001).sequence(&Latency::exponential(0.02).with_probability(0.08));
        let one = hit.moments();
        for n in [0.0, 1.0, 2.0, 7.0, 64.0, 65.0, 1000.0] {
            let many = hit.times(n).moments();
            assert!((many.mean - n * one.mean).abs() <= 1e-9 * one.mean * n);
            assert!((many.variance - n * one.variance).abs() <= 1e-9 * one.variance * n);
            assert!((many.third - n * one.third).abs() <= 1e-9 * one.third * n);
        }
        close(hit.times(2.5).mean(), 2.5 * one.mean, 1e-12);
        close(hit.scaled(1000.0).percentile(0.99), 1000.0 * hit.percentile(0.99), 1e-6);
        assert_eq!(hit.times(f64::NAN), Latency::zero());
        assert_eq!(Latency::mixture(Vec::<(f64, Latency)>::new()), Latency::zero());
        assert_eq!(Latency::mixture(vec![(f64::NAN, hit.clone()), (0.0, hit.clone())]), Latency::zero());
        assert_eq!(hit.with_probability(0.0), Latency::zero());
    }

    #[test]
    fn a_percentile_is_never_negative() {
        // A gamma with little skewness for its spread begins below zero.
        let latency = Latency::new(Moments { mean: 1.0, variance: 1.0, third: 0.2 });
        assert_eq!(latency.percentile(0.01), 0.0);
        assert!(latency.percentile(0.5) > 0.0);
        let broken = Moments { mean: 1.0, variance: f64::INFINITY, third: 0.0 };
        for moments in [Moments::constant(-5.0), broken, Moments::constant(f64::NAN), Moments::exponential(1e120)] {
            let latency = Latency::mixture(vec![(1.0, Latency::new(moments)), (0.1, Latency::exponential(1.0))]);
            for p in [0.01, 0.5, 0.999, 1.0] {
                assert!(latency.percentile(p) >= 0.0 && latency.percentile(p).is_finite());
                assert!(latency.sequence(&latency).percentile(p) >= 0.0);
            }
        }
    }
}
