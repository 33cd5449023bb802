//! Random numbers: xoshiro256++ (Blackman and Vigna 2019), and the distributions that times have.

use crate::formula::variability::{Shape, Variability};

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub(super) struct Random {
    state: [u64; 4],
}

impl Random {
    /// A stream for a seed, spread over the state by SplitMix64.
    pub(super) fn new(seed: u64) -> Self {
        let mut seed = seed;
        let state = std::array::from_fn(|_| {
            seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        });
        Random { state }
    }

    fn next(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        self.state = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        result
    }

    /// Evenly between 0 and 1, neither included.
    #[expect(clippy::cast_precision_loss, reason = "53 bits, which a float holds")]
    pub(super) fn uniform(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Whether something with this chance happens.
    pub(super) fn happens(&mut self, chance: f64) -> bool {
        chance >= 1.0 || chance > 0.0 && self.uniform() < chance
    }

    /// A place below `count`.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "below a count of nodes"
    )]
    pub(super) fn below(&mut self, count: usize) -> usize {
        ((self.uniform() * count as f64) as usize).min(count.saturating_sub(1))
    }

    pub(super) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * self.uniform().ln()
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// A time with this mean and variability.
    pub(super) fn time(&mut self, mean: f64, variability: Variability) -> f64 {
        if mean <= 0.0 {
            return 0.0;
        }
        match variability.shape() {
            Shape::Constant => mean,
            Shape::Gamma(1.0) => self.exponential(mean),
            Shape::Gamma(shape) => self.gamma(shape) * mean / shape,
            Shape::LogNormal(sigma) => mean * (sigma * self.normal() - sigma * sigma / 2.0).exp(),
        }
    }

    /// Marsaglia and Tsang 2000; shapes below 1 by a power of a uniform number.
    fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let power = self.uniform().powf(1.0 / shape);
            return self.gamma(shape + 1.0) * power;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && self.uniform().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_their_mean_and_variance() {
        let mut random = Random::new(7);
        for variability in [
            Variability::gamma(0.0),
            Variability::EXPONENTIAL,
            Variability::gamma(0.5),
            Variability::gamma(2.0),
            Variability::lognormal(0.5),
        ] {
            let times: Vec<f64> = (0..400_000).map(|_| random.time(2.0, variability)).collect();
            let mean = times.iter().sum::<f64>() / 400_000.0;
            let variance = times.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / 400_000.0;
            assert!((mean / 2.0 - 1.0).abs() < 0.015, "{variability:?} {mean}");
            assert!(
                (variance - 4.0 * variability.scv).abs() < 0.05 * (4.0 * variability.scv) + 1e-9,
                "{variability:?} {variance}"
            );
        }
    }
}
