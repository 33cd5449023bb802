//! Tails of the binomial distribution that keep their digits when they are tiny.

use std::f64::consts::TAU;

use statrs::function::erf::erfc;
use statrs::function::gamma::ln_gamma;

/// The variance from which the normal curve with its skewness correction replaces the sum.
const MANY: f64 = 1e8;

/// `P(X < k)` for `X` the number of successes in `n` trials; `success + failure = 1`, given apart because the
/// smaller of the two would lose its digits in a subtraction.
///
/// Sums from the largest term outwards until nothing changes: at most some 10 standard deviations of terms.
/// Beyond a variance of 1e8 the error of the normal approximation is below 1e-8.
pub fn below(k: u64, n: u64, success: f64, failure: f64) -> f64 {
    if k == 0 {
        return 0.0;
    }
    if k > n || success <= 0.0 {
        return 1.0;
    }
    if failure <= 0.0 {
        return 0.0;
    }
    let trials = n as f64;
    if k == 1 {
        return (trials * log_of_complement(failure, success)).exp();
    }
    if k == n {
        return -(trials * log_of_complement(success, failure)).exp_m1();
    }
    if trials * success * failure > MANY {
        return normal_below(k as f64, trials, success, failure);
    }
    if k as f64 <= (trials + 1.0) * success {
        sum_down(k - 1, n, success, failure)
    } else {
        // Above the mode the complement is the short side: n − X successes in the mirrored trial.
        (1.0 - sum_down(n - k, n, failure, success)).max(0.0)
    }
}

/// `P(X <= top)` when `top` is not above the mode, so that terms shrink on the way down.
fn sum_down(top: u64, n: u64, success: f64, failure: f64) -> f64 {
    let odds = failure / success;
    let mut term = mass(top, n, success, failure);
    let mut sum = term;
    let mut i = top;
    while i > 0 {
        term *= odds * i as f64 / (n - i + 1) as f64;
        sum += term;
        i -= 1;
        if term <= sum * 1e-17 {
            break;
        }
    }
    sum.min(1.0)
}

/// `P(X = i)` by Loader's saddle point (2000), which has full precision for any size.
fn mass(i: u64, n: u64, success: f64, failure: f64) -> f64 {
    // The rest is taken before rounding, since large counts differ by less than a float can tell.
    let (rest, i, n) = ((n - i) as f64, i as f64, n as f64);
    if i == 0.0 {
        return (n * log_of_complement(failure, success)).exp();
    }
    if rest == 0.0 {
        return (n * log_of_complement(success, failure)).exp();
    }
    let exponent = stirling_error(n)
        - stirling_error(i)
        - stirling_error(rest)
        - deviance(i, n * success)
        - deviance(rest, n * failure);
    exponent.exp() * (n / (TAU * i * rest)).sqrt()
}

/// `ln(value)` where `value + other = 1`, from whichever is more exact.
fn log_of_complement(value: f64, other: f64) -> f64 {
    if other < 0.5 { (-other).ln_1p() } else { value.ln() }
}

/// `ln(x!)` minus Stirling's approximation.
fn stirling_error(x: f64) -> f64 {
    if x < 16.0 {
        return ln_gamma(x + 1.0) - (x + 0.5) * x.ln() + x - 0.5 * TAU.ln();
    }
    let square = x * x;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - 1.0 / 1680.0 / square) / square) / square) / x
}

/// `x ln(x/m) + m − x`, without cancellation where `x` is near `m`.
fn deviance(x: f64, m: f64) -> f64 {
    let v = (x - m) / (x + m);
    if v.abs() >= 0.1 {
        return x * (x / m).ln() + m - x;
    }
    // ln(x/m) = 2 artanh(v), as a series in v².
    let series = (1..=12).rev().fold(0.0, |sum, k| (sum + 1.0 / f64::from(2 * k + 1)) * v * v);
    (x - m) * v + 2.0 * x * v * series
}

fn normal_below(k: f64, n: f64, success: f64, failure: f64) -> f64 {
    let deviation = (n * success * failure).sqrt();
    let z = (k - 0.5 - n * success) / deviation;
    let density = (-z * z / 2.0).exp() / TAU.sqrt();
    let skew = (failure - success) / deviation;
    (0.5 * erfc(-z / std::f64::consts::SQRT_2) - skew / 6.0 * (z * z - 1.0) * density).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_match_enumeration() {
        for n in 1..=10_u64 {
            for k in 0..=n + 1 {
                for p in [0.001, 0.3, 0.5, 0.93_f64] {
                    let brute: f64 = (0..1_u32 << n)
                        .map(u32::count_ones)
                        .filter(|&ones| u64::from(ones) < k)
                        .map(|ones| p.powi(ones as i32) * (1.0 - p).powi(n as i32 - ones as i32))
                        .sum();
                    assert!((below(k, n, p, 1.0 - p) - brute).abs() < 1e-13, "{k} {n} {p}");
                }
            }
        }
    }

    #[test]
    fn tiny_tails_keep_their_digits() {
        // Fewer than 1 of 4 with q = 1e-9 each: q⁴.
        assert!((below(1, 4, 1.0 - 1e-9, 1e-9) / 1e-36 - 1.0).abs() < 1e-12);
        // Fewer than 3 of 5 with q = 1e-6: 10 q³ (1 + …).
        assert!((below(3, 5, 1.0 - 1e-6, 1e-6) / 9.999_985e-18 - 1.0).abs() < 1e-9);
    }

    #[test]
    fn large_counts_are_fast_and_meet_the_normal_curve() {
        let exact = below(500_000, 1_000_000, 0.5, 0.5);
        assert!((exact - normal_below(5e5, 1e6, 0.5, 0.5)).abs() < 1e-6);
        let skewed = below(100_300, 10_000_000, 0.01, 0.99);
        assert!((skewed - normal_below(100_300.0, 1e7, 0.01, 0.99)).abs() < 1e-5);
        let huge = below(u64::MAX / 2, u64::MAX, 0.5, 0.5);
        assert!((huge - 0.5).abs() < 1e-6);
        assert_eq!(below(10, u64::MAX, 0.0, 1.0), 1.0);
        assert_eq!(below(10, u64::MAX, 1e-300, 1.0), 1.0);
    }
}
