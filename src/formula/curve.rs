//! The distribution function that stands for three moments.

use std::f64::consts::SQRT_2;

use statrs::function::erf::erfc;

use super::gamma;
use super::moments::Moments;

/// Skewness below which the gamma is indistinguishable from a normal curve, and negative ones, for which there is
/// no gamma that is bounded below.
const SYMMETRIC: f64 = 1e-6;

/// A deviation below this share of the mean is a constant.
const NARROW: f64 = 1e-9;

/// A distribution of which mean, variance and (where it is positive) third moment are given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Curve {
    /// All of it at one time.
    Step(f64),
    /// The normal curve.
    Normal { mean: f64, deviation: f64 },
    /// The shifted gamma, Pearson's type III: shape `4/skewness²`, scale `deviation·skewness/2`.
    Gamma { mean: f64, shape: f64, scale: f64 },
}

impl Curve {
    /// The curve with these moments. Moments that are not finite give a step, so that no caller meets a NaN.
    pub fn new(moments: Moments) -> Self {
        let deviation = moments.deviation();
        let skewness = moments.third / (deviation * deviation * deviation);
        if !(deviation > moments.mean.abs() * NARROW && deviation.is_finite() && moments.mean.is_finite()) {
            return Curve::Step(if moments.mean.is_nan() { 0.0 } else { moments.mean });
        }
        if !(skewness > SYMMETRIC && skewness.is_finite()) {
            return Curve::Normal { mean: moments.mean, deviation };
        }
        Curve::Gamma { mean: moments.mean, shape: 4.0 / (skewness * skewness), scale: deviation * skewness / 2.0 }
    }

    /// The probabilities of at most `t` and of more than `t`. What the curve has below zero lies at zero.
    pub fn at(self, t: f64) -> (f64, f64) {
        if t < 0.0 {
            return (0.0, 1.0);
        }
        match self {
            Curve::Step(mean) if t >= mean => (1.0, 0.0),
            Curve::Step(_) => (0.0, 1.0),
            Curve::Normal { mean, deviation } => {
                let z = (t - mean) / deviation / SQRT_2;
                (0.5 * erfc(-z), 0.5 * erfc(z))
            }
            Curve::Gamma { mean, shape, scale } => gamma::lower_upper(shape, (t - mean) / (scale * shape)),
        }
    }
}

/// Nodes and weights of Gauss and Legendre's rule with 8 points, the positive half.
const GAUSS: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_5),
    (0.960_289_856_497_536_3, 0.101_228_536_290_376_3),
];

/// Panels over which an integral is taken.
const PANELS: u32 = 12;

impl Curve {
    /// The probability of at most `limit`, and the moments of the times that don't exceed it.
    ///
    /// By parts: `E[T^k; T ≤ l] = ∫₀ˡ k t^{k−1} (P(T > t) − P(T > l)) dt`, to about one part in 10⁵.
    pub fn below(self, limit: f64) -> (f64, Moments) {
        let (share, rest) = self.at(limit);
        if let Curve::Step(mean) = self {
            return (share, Moments::constant(mean.min(limit)));
        }
        if share <= 0.0 {
            return (0.0, Moments::constant(limit));
        }
        let mut raw = [0.0; 3];
        for panel in 0..PANELS {
            // Narrower panels near zero, where densities bend most.
            let edge = |at: u32| limit * (f64::from(at) / f64::from(PANELS)).powi(2);
            let (middle, half) = ((edge(panel) + edge(panel + 1)) / 2.0, (edge(panel + 1) - edge(panel)) / 2.0);
            for (node, weight) in GAUSS {
                for t in [middle - half * node, middle + half * node] {
                    let area = (self.at(t).1 - rest) * weight * half;
                    raw = [raw[0] + area, raw[1] + 2.0 * t * area, raw[2] + 3.0 * t * t * area];
                }
            }
        }
        let [first, second, third] = raw.map(|moment| moment / share);
        let variance = (second - first * first).max(0.0);
        (share, Moments { mean: first, variance, third: third - 3.0 * first * second + 2.0 * first * first * first })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_below_a_limit_of_an_exponential() {
        // E[T | T ≤ l] = 1 − l e^−l / (1 − e^−l) for a mean of 1.
        for limit in [0.1_f64, 1.0, 3.0, 10.0] {
            let (share, below) = Curve::new(Moments::exponential(1.0)).below(limit);
            let q = (-limit).exp();
            assert!((share - (1.0 - q)).abs() < 1e-12);
            assert!((below.mean - (1.0 - limit * q / (1.0 - q))).abs() < 1e-6, "{below:?}");
            let second = 2.0 - (limit * limit + 2.0 * limit) * q / (1.0 - q);
            assert!((below.variance + below.mean * below.mean - second).abs() < 1e-5, "{below:?}");
        }
    }

    #[test]
    fn constants_exponentials_and_erlangs_are_exact() {
        assert_eq!(Curve::new(Moments::constant(0.2)).at(0.2), (1.0, 0.0));
        assert_eq!(Curve::new(Moments::constant(0.2)).at(0.199_999), (0.0, 1.0));
        let exponential = Curve::new(Moments::exponential(0.01));
        let erlang = Curve::new(Moments::exponential(1.0).times(3.0));
        for t in [1e-4, 0.3, 1.0, 2.0, 5.0, 30.0] {
            let (below, above) = exponential.at(t / 100.0);
            assert!((above / f64::exp(-t) - 1.0).abs() < 1e-12 && (below + f64::exp_m1(-t)).abs() < 1e-15);
            let tail = (1.0 + t + t * t / 2.0) * f64::exp(-t);
            assert!((erlang.at(t).1 / tail - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn curves_are_monotone_and_stay_probabilities() {
        for third in [-3.0, 0.0, 1e-7, 1e-5, 0.1, 1.0, 2.0, 50.0, 1e6] {
            let curve = Curve::new(Moments { mean: 1.0, variance: 1.0, third });
            let mut before = 0.0;
            for step in -5..2000 {
                let (below, above) = curve.at(f64::from(step) * 0.01);
                assert!((0.0..=1.0).contains(&below) && (0.0..=1.0).contains(&above));
                assert!(below >= before - 1e-9, "{third} {step}");
                before = below;
            }
        }
    }

    #[test]
    fn nonsense_becomes_a_step() {
        let broken = |mean, variance, third| Curve::new(Moments { mean, variance, third });
        assert_eq!(broken(f64::NAN, 1.0, 1.0), Curve::Step(0.0));
        assert_eq!(broken(1.0, f64::NAN, 1.0), Curve::Step(1.0));
        assert_eq!(broken(1.0, f64::INFINITY, 1.0), Curve::Step(1.0));
        assert_eq!(broken(1.0, 1.0, f64::NAN), Curve::Normal { mean: 1.0, deviation: 1.0 });
    }
}
