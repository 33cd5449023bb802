//! How close sums and mixtures come to exact distributions and to simulation.

use super::distribution::{Latency, Moments};

const PERCENTILES: [f64; 4] = [0.5, 0.95, 0.99, 0.999];

/// Marsaglia's xorshift, so that every run sees the same numbers.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.uniform()).ln()
    }
}

/// The largest error at each percentile of [`PERCENTILES`].
fn widen(worst: &mut [f64; 4], latency: &Latency, expected: impl Fn(f64) -> f64) {
    for (worst, p) in worst.iter_mut().zip(PERCENTILES) {
        *worst = worst.max((latency.percentile(p) / expected(p) - 1.0).abs());
    }
}

/// The tail of a sum of exponentials with different means.
fn hypoexponential_tail(means: &[f64], t: f64) -> f64 {
    let factor = |i: usize, j: usize| if i == j { 1.0 } else { means[i] / (means[i] - means[j]) };
    let term = |i: usize| (0..means.len()).map(|j| factor(i, j)).product::<f64>() * (-t / means[i]).exp();
    (0..means.len()).map(term).sum()
}

fn bisect(p: f64, tail: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1e5);
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if tail(middle) > 1.0 - p { low = middle } else { high = middle }
    }
    high
}

#[test]
fn sums_of_unequal_exponentials() {
    let mut random = Random(88_172_645_463_325_252);
    let mut worst = [0.0; 4];
    for _ in 0..500 {
        let stages = 2 + (random.uniform() * 5.0) as usize;
        let means: Vec<f64> = (0..stages).map(|_| 100f64.powf(random.uniform())).collect();
        // The exact formula itself cancels where two means are nearly equal.
        let near = |i: usize| (0..i).any(|j| (means[i] / means[j] - 1.0).abs() < 0.05);
        if (0..stages).any(near) {
            continue;
        }
        let latency = means.iter().fold(Latency::zero(), |sum, &mean| sum.sequence(&Latency::exponential(mean)));
        widen(&mut worst, &latency, |p| bisect(p, |t| hypoexponential_tail(&means, t)));
    }
    let stated = [0.02, 0.01, 0.005, 0.025];
    assert!(worst.iter().zip(stated).all(|(worst, stated)| *worst < stated), "{worst:?}");
}

/// Simulates stages of (hit ratio, mean when hit, mean of what a miss adds) in sequence.
fn simulated(random: &mut Random, stages: &[(f64, f64, f64)], runs: usize) -> Vec<f64> {
    let mut one = |&(hit, quick, slow): &(f64, f64, f64)| {
        random.exponential(quick) + if random.uniform() < hit { 0.0 } else { random.exponential(slow) }
    };
    let mut times: Vec<f64> = (0..runs).map(|_| stages.iter().map(&mut one).sum()).collect();
    times.sort_by(f64::total_cmp);
    times
}

#[test]
fn caches_in_sequence_match_simulation() {
    let same = |n: usize| vec![(0.92, 1.0, 20.0); n];
    let unlike: Vec<(f64, f64, f64)> =
        (0..10).map(|i| (0.92 - 0.05 * f64::from(i), 0.5 + 0.3 * f64::from(i), 5.0 * 1.5f64.powi(i))).collect();
    let rare = vec![(0.999, 1.0, 2.0), (0.95, 1.0, 50.0), (0.5, 3.0, 3.0)];
    let runs = 400_000;
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut worst = [0.0; 4];
    for stages in [same(1), same(3), same(10), unlike, rare] {
        let latency = stages.iter().fold(Latency::zero(), |sum, &(hit, quick, slow)| {
            let miss = Latency::exponential(slow).with_probability(1.0 - hit);
            sum.sequence(&Latency::exponential(quick)).sequence(&miss)
        });
        let times = simulated(&mut random, &stages, runs);
        widen(&mut worst, &latency, |p| times[(p * runs as f64) as usize]);
    }
    // The simulation itself is uncertain by some 0.5 % at p99 and 1.5 % at p99.9.
    let stated = [0.015, 0.01, 0.01, 0.03];
    assert!(worst.iter().zip(stated).all(|(worst, stated)| *worst < stated), "{worst:?}");
}

#[test]
fn merging_many_paths_costs_little() {
    // Ten coins of different size: 1,024 constant outcomes, of which 24 paths are kept.
    let sizes: Vec<f64> = (0..10).map(|i| 1.0 + 1.7 * f64::from(i)).collect();
    let latency = sizes
        .iter()
        .fold(Latency::constant(1.0), |sum, &size| sum.sequence(&Latency::constant(size).with_probability(0.3)));
    assert_eq!(latency.paths().count(), Latency::MAX_PATHS);
    let mut outcomes: Vec<(f64, f64)> = (0..1024_u32)
        .map(|state| {
            let heads = (0..10).filter(|i| state >> i & 1 == 1);
            let odds = 0.3_f64.powi(state.count_ones() as i32) * 0.7_f64.powi(10 - state.count_ones() as i32);
            (1.0 + heads.map(|i| sizes[i as usize]).sum::<f64>(), odds)
        })
        .collect();
    outcomes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let exact = |p: f64| {
        let mut reached = 0.0;
        outcomes
            .iter()
            .find(|(_, odds)| {
                reached += odds;
                reached >= p
            })
            .map_or(f64::NAN, |(time, _)| *time)
    };
    let mut worst = [0.0; 4];
    widen(&mut worst, &latency, exact);
    assert!(worst.iter().all(|worst| *worst < 0.03), "{worst:?}");
}

/// How far a percentile is from the exact one, where a share of 1 % of what is slower may be on either side: next to a
/// gap in the distribution the percentile itself jumps.
fn order_error(latency: &Latency, p: f64, cdf: &impl Fn(f64) -> f64) -> f64 {
    let exact = |p: f64| bisect(p, |t| 1.0 - cdf(t));
    let (time, slack) = (latency.percentile(p), 0.01 * (1.0 - p));
    let (least, most) = (exact(p - slack), exact(p + slack));
    (least / time - 1.0).max(1.0 - most / time).max(0.0)
}

/// Random branches: exponential, constant or with a rare slow path.
fn branch(random: &mut Random, smooth: bool) -> Latency {
    let mean = 100f64.powf(random.uniform());
    match (random.uniform() * 3.0) as u32 {
        0 if !smooth => Latency::constant(mean),
        1 if !smooth => Latency::constant(mean).sequence(&Latency::exponential(20.0 * mean).with_probability(0.1)),
        2 => Latency::new(Moments::exponential(mean).times(1.0 + 9.0 * random.uniform())),
        _ => Latency::exponential(mean),
    }
}

#[test]
fn order_statistics_of_unlike_branches() {
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    for smooth in [true, false] {
        let mut errors = Vec::new();
        for n in [2, 3, 4, 5].repeat(15) {
            let branches: Vec<Latency> = (0..n).map(|_| branch(&mut random, smooth)).collect();
            let k = 1 + (random.uniform() * f64::from(n)) as usize;
            let cdf = |t: f64| {
                let done: Vec<f64> = branches.iter().map(|branch| branch.cdf(t)).collect();
                let chance = |state: u32, i: usize| if state >> i & 1 == 1 { done[i] } else { 1.0 - done[i] };
                let all = |state: u32| (0..done.len()).map(|i| chance(state, i)).product::<f64>();
                (0..1_u32 << n).filter(|state| state.count_ones() as usize >= k).map(all).sum()
            };
            let latency = Latency::k_of_n(k, &branches).unwrap();
            errors.extend(PERCENTILES.map(|p| order_error(&latency, p, &cdf)));
        }
        errors.sort_by(f64::total_cmp);
        let (usual, worst) = (errors[errors.len() * 95 / 100], errors[errors.len() - 1]);
        assert!(usual < 0.02 && worst < if smooth { 0.03 } else { 0.1 }, "{usual} {worst}");
    }
}
