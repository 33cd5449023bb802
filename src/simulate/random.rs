//! Random numbers: xoshiro256++ (Blackman and Vigna 2019), and the distributions that times have.

use crate::formula::variability::Shape;

/// Where the tail begins, and the area of each layer, for 256 layers under `e^−x`.
const TAIL: f64 = 7.697_117_470_131_05;
const AREA: f64 = 0.003_949_659_822_581_557;

/// The right edges of the layers and the heights at them.
#[derive(Debug)]
struct Ziggurat {
    edges: [f64; 257],
    heights: [f64; 257],
}

static ZIGGURAT: std::sync::LazyLock<Ziggurat> = std::sync::LazyLock::new(|| {
    let mut edges = [0.0; 257];
    let mut x = TAIL;
    for (layer, edge) in edges.iter_mut().enumerate() {
        *edge = match layer {
            // As wide as its area with the tail is over its height.
            0 => AREA / (-TAIL).exp(),
            1 => TAIL,
            256 => 0.0,
            _ => {
                x = -(AREA / x + (-x).exp()).ln();
                x
            }
        };
    }
    let mut heights = edges.map(|x: f64| (-x).exp());
    heights[0] = 0.0;
    Ziggurat { edges, heights }
});

/// The step of SplitMix64: the golden ratio's fraction.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A number that looks random and is always the same for the same one: the last step of SplitMix64 (Steele et al. 2014).
pub(super) fn mixed(number: u64) -> u64 {
    let z = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub(super) struct Random {
    state: [u64; 4],
    ziggurat: &'static Ziggurat,
}

impl Random {
    /// A stream for a seed, spread over the state by SplitMix64.
    pub(super) fn new(seed: u64) -> Self {
        let mut seed = seed;
        let state = std::array::from_fn(|_| {
            seed = seed.wrapping_add(STEP);
            mixed(seed)
        });
        Random { state, ziggurat: &ZIGGURAT }
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
        if count <= 1 {
            return 0;
        }
        ((self.uniform() * count as f64) as usize).min(count.saturating_sub(1))
    }

    /// By the ziggurat (Marsaglia and Tsang 2000) with 256 layers: a multiplication and a comparison in 99 of 100 cases.
    #[expect(clippy::cast_precision_loss, reason = "53 bits, which a float holds")]
    pub(super) fn exponential(&mut self, mean: f64) -> f64 {
        let ziggurat = self.ziggurat;
        loop {
            let bits = self.next();
            let layer = usize::from(bits.to_le_bytes()[0]);
            let share = (bits >> 11) as f64 / (1_u64 << 53) as f64;
            let (Some(&edge), Some(&above)) = (ziggurat.edges.get(layer), ziggurat.edges.get(layer + 1)) else {
                continue;
            };
            let x = share * edge;
            if x < above {
                return mean * x;
            }
            if layer == 0 {
                // The tail of an exponential is one again.
                return mean * (TAIL - self.uniform().ln());
            }
            let (Some(&low), Some(&high)) = (ziggurat.heights.get(layer), ziggurat.heights.get(layer + 1)) else {
                continue;
            };
            if low + (high - low) * self.uniform() < (-x).exp() {
                return mean * x;
            }
        }
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// A time with this mean and shape.
    pub(super) fn time(&mut self, mean: f64, shape: Shape) -> f64 {
        if mean <= 0.0 {
            return 0.0;
        }
        match shape {
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

/// Zipf's law over `items` ranks: rank `i` (from 0) with a chance in proportion to `(i + 1)^−s`. By rejection and inversion
/// (Hörmann and Derflinger 1996), so that it needs no table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Zipf {
    items: f64,
    s: f64,
    first: f64,
    last: f64,
    squeeze: f64,
}

impl Zipf {
    #[expect(clippy::cast_precision_loss, reason = "some million items")]
    pub(super) fn new(items: usize, s: f64) -> Self {
        let mut zipf = Zipf { items: items.max(1) as f64, s, first: 0.0, last: 0.0, squeeze: 0.0 };
        zipf.first = zipf.integral(1.5) - 1.0;
        zipf.last = zipf.integral(zipf.items + 0.5);
        zipf.squeeze = 2.0 - zipf.inverse(zipf.integral(2.5) - 2f64.powf(-s));
        zipf
    }

    /// `(x^(1−s) − 1) / (1−s)`, which is `ln x` for s = 1.
    fn integral(&self, x: f64) -> f64 {
        let exponent = (1.0 - self.s) * x.ln();
        if exponent.abs() < 1e-8 { x.ln() * (1.0 + exponent / 2.0) } else { exponent.exp_m1() / (1.0 - self.s) }
    }

    fn inverse(&self, y: f64) -> f64 {
        let scaled = (y * (1.0 - self.s)).max(-1.0);
        if scaled.abs() < 1e-8 { (y * (1.0 - scaled / 2.0)).exp() } else { (scaled.ln_1p() / (1.0 - self.s)).exp() }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank")]
    pub(super) fn draw(&self, random: &mut Random) -> usize {
        loop {
            let y = self.last + random.uniform() * (self.first - self.last);
            let x = self.inverse(y);
            let rank = x.round().clamp(1.0, self.items);
            if rank - x <= self.squeeze || y >= self.integral(rank + 0.5) - rank.powf(-self.s) {
                return rank as usize - 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formula::variability::Variability;

    #[test]
    fn exponential_times_are_exponential() {
        // Kolmogorov and Smirnov: of a million numbers the largest distance is above 1.95e-3 once in a thousand times.
        let mut random = Random::new(21);
        let mut times: Vec<f64> = (0..1_000_000).map(|_| random.exponential(1.0)).collect();
        times.sort_by(f64::total_cmp);
        let far =
            (0u32..).zip(&times).map(|(at, x)| (f64::from(at) / 1e6 - (-(-x).exp_m1())).abs()).fold(0.0, f64::max);
        assert!(far < 1.95e-3, "{far}");
        let beyond = |x: f64| times.iter().filter(|time| **time > x).count();
        assert!((300..620).contains(&beyond(7.7)), "{}", beyond(7.7));
    }

    #[test]
    fn ranks_follow_zipfs_law() {
        for s in [0.0, 0.5, 1.0, 1.3] {
            let (zipf, mut random) = (Zipf::new(50, s), Random::new(11));
            let mut counts = [0.0; 50];
            for _ in 0..400_000 {
                counts[zipf.draw(&mut random)] += 1.0;
            }
            let weights: Vec<f64> = (1..=50).map(|rank| f64::from(rank).powf(-s)).collect();
            let all: f64 = weights.iter().sum();
            let chi: f64 =
                counts.iter().zip(&weights).map(|(n, w)| (n - 4e5 * w / all).powi(2) / (4e5 * w / all)).sum();
            // 49 degrees of freedom: 85 is exceeded once in a thousand.
            assert!(chi < 85.0, "{s}: {chi}");
        }
        assert_eq!(Zipf::new(1, 1.0).draw(&mut Random::new(1)), 0);
    }

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
            let times: Vec<f64> = (0..400_000).map(|_| random.time(2.0, variability.shape())).collect();
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
