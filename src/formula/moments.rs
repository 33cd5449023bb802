//! Mean, variance and third central moment: the three figures that add when independent times follow each other.

/// The first moment and the second and third central moments of a time.
///
/// All three are cumulants, so they add along a sequence of independent parts. Units: the time's unit, its square
/// and its cube. Finite for times up to about 1e90.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// Mean.
    pub mean: f64,
    /// Variance, the second central moment.
    pub variance: f64,
    /// Third central moment: the skewness times the cube of the standard deviation.
    pub third: f64,
}

impl Moments {
    /// No time at all; following something by it changes nothing.
    pub const ZERO: Moments = Moments { mean: 0.0, variance: 0.0, third: 0.0 };

    /// Always the same time. Example: a light path of 40 ms has mean 0.04 and neither variance nor skewness.
    pub const fn constant(x: f64) -> Self {
        Moments { mean: x, variance: 0.0, third: 0.0 }
    }

    /// An exponential time: `m`, `m²`, `2m³`. Example: a mean of 2 s has variance 4 s² and third moment 16 s³.
    pub const fn exponential(mean: f64) -> Self {
        Moments { mean, variance: mean * mean, third: 2.0 * mean * mean * mean }
    }

    /// This and then an independent other: all three add. Example: two exponentials of 1 s have moments 2, 2 and 4.
    #[must_use]
    pub fn then(self, other: Moments) -> Self {
        Moments {
            mean: self.mean + other.mean,
            variance: self.variance + other.variance,
            third: self.third + other.third,
        }
    }

    /// The same time in other units or on a slower machine: `km`, `k²v`, `k³t`.
    /// Example: an exponential of 1 s scaled by 2 is an exponential of 2 s.
    #[must_use]
    pub fn scaled(self, k: f64) -> Self {
        Moments { mean: k * self.mean, variance: k * k * self.variance, third: k * k * k * self.third }
    }

    /// `n` independent times in sequence; unlike [`Moments::scaled`] they average out.
    /// Example: 4 exponentials of 1 s have moments 4, 4 and 8.
    #[must_use]
    pub fn times(self, n: f64) -> Self {
        Moments { mean: n * self.mean, variance: n * self.variance, third: n * self.third }
    }

    /// One of several with probabilities proportional to the weights; weights that are not positive count for nothing.
    ///
    /// With `d` the distance of a part's mean from the common mean: variance `Σ w(v + d²)`, third `Σ w(t + 3dv + d³)`,
    /// which has no cancellation of large numbers. Example: 0 or 2 s with equal chance has moments 1, 1 and 0.
    pub fn mixture(parts: &[(f64, Moments)]) -> Self {
        let usable = || parts.iter().filter(|(weight, _)| *weight > 0.0 && weight.is_finite());
        let total: f64 = usable().map(|(weight, _)| weight).sum();
        if total <= 0.0 || !total.is_finite() {
            return Moments::ZERO;
        }
        let mean = usable().map(|(weight, part)| weight / total * part.mean).sum();
        let mut mixed = Moments::constant(mean);
        for (weight, part) in usable() {
            let (share, d) = (weight / total, part.mean - mean);
            mixed.variance += share * (part.variance + d * d);
            mixed.third += share * (part.third + 3.0 * d * part.variance + d * d * d);
        }
        mixed
    }

    /// The moments of what is in `all` but not in `part`, each with its share; `None` if that is next to nothing.
    pub(super) fn between((part_share, part): (f64, Moments), (share, all): (f64, Moments)) -> Option<Moments> {
        let rest = share - part_share;
        if rest <= share * 1e-9 {
            return None;
        }
        let raw = |m: Moments| {
            let second = m.variance + m.mean * m.mean;
            [m.mean, second, m.third + 3.0 * m.mean * m.variance + m.mean * m.mean * m.mean]
        };
        let [a, b] = [raw(part), raw(all)];
        let [first, second, third] = [0, 1, 2].map(|k| {
            let at = |list: &[f64; 3]| list.get(k).copied().unwrap_or(0.0);
            (share * at(&b) - part_share * at(&a)) / rest
        });
        let variance = (second - first * first).max(0.0);
        Some(Moments { mean: first, variance, third: third - 3.0 * first * second + 2.0 * first * first * first })
    }

    /// Standard deviation, in the time's unit.
    pub fn deviation(self) -> f64 {
        self.variance.max(0.0).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_add_and_scales_multiply() {
        let one = Moments::exponential(1.0);
        assert_eq!(one.then(one), Moments { mean: 2.0, variance: 2.0, third: 4.0 });
        assert_eq!(one.scaled(2.0), Moments::exponential(2.0));
        assert_eq!(one.times(4.0), Moments { mean: 4.0, variance: 4.0, third: 8.0 });
        assert_eq!(one.then(Moments::ZERO), one);
        assert_eq!(Moments::constant(3.0).deviation(), 0.0);
    }

    #[test]
    fn mixtures_have_the_moments_of_the_whole() {
        let coin = Moments::mixture(&[(3.0, Moments::ZERO), (3.0, Moments::constant(2.0))]);
        assert_eq!(coin, Moments { mean: 1.0, variance: 1.0, third: 0.0 });
        // A hyperexponential from its raw moments: E[X^k] = k! Σ w m^k.
        let mixed = Moments::mixture(&[(0.9, Moments::exponential(1.0)), (0.1, Moments::exponential(10.0))]);
        let (first, second, third) = (1.9, 2.0 * 10.9, 6.0 * 100.9);
        assert!((mixed.mean - first).abs() < 1e-12);
        assert!((mixed.variance - (second - first * first)).abs() < 1e-11);
        assert!((mixed.third - (third - 3.0 * first * second + 2.0 * first.powi(3))).abs() < 1e-9);
    }

    #[test]
    fn weights_that_mean_nothing_are_left_out() {
        let one = Moments::constant(1.0);
        assert_eq!(Moments::mixture(&[]), Moments::ZERO);
        assert_eq!(Moments::mixture(&[(0.0, one), (f64::NAN, one), (-1.0, one)]), Moments::ZERO);
        assert_eq!(Moments::mixture(&[(0.2, one), (f64::NAN, Moments::ZERO)]), one);
    }
}
