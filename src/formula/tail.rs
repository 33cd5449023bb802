//! What fan-out does to tails, and order statistics of exponential times in closed form.

use super::{amounts, finite, shares};

/// Euler's constant, the limit of `H_n − ln n`.
const EULER: f64 = 0.577_215_664_901_532_9;

/// Terms up to which harmonic sums are added one by one.
const FEW: u64 = 1000;

/// Probability that at least one of `n` independent leaves takes longer than the `q`-quantile of one leaf: `1 − qⁿ`.
///
/// `None` unless `q` is in 0 to 1 and `n` is not negative; `n` may be a mean. Source: Dean and Barroso, The Tail at
/// Scale, 2013. Example: 63.4 % of requests to 100 leaves exceed the p99 of a leaf.
pub fn fan_out_exceed(q: f64, n: f64) -> Option<f64> {
    if !(shares(&[q]) && amounts(&[n])) {
        return None;
    }
    // No leaf is never slow, even one that always is; elsewhere this keeps the digits of rare events.
    Some(if n == 0.0 { 0.0 } else { -(n * q.ln()).exp_m1() })
}

/// The quantile that each of `n` independent leaves must meet so that all of them meet the quantile `q`: `q^{1/n}`.
///
/// `None` unless `q` is in 0 to 1 and `n` is positive. Example: p99 over 100 leaves asks p99.98995 of each.
pub fn leaf_quantile(q: f64, n: f64) -> Option<f64> {
    if !(shares(&[q]) && amounts(&[n]) && n > 0.0) {
        return None;
    }
    Some(q.powf(1.0 / n))
}

/// Mean time until all of `n` independent exponential times of the same mean are over: `mean · H_n`.
///
/// In the mean's unit; `None` for a negative mean. Example: 100 calls of 10 ms take 51.87 ms.
pub fn max_exponentials(mean: f64, n: u64) -> Option<f64> {
    k_of_n_exponentials(mean, n, n)
}

/// The time that a share `p` of the slowest of `n` exponential times does not exceed: `−mean · ln(1 − p^{1/n})`.
///
/// In the mean's unit; `None` for a negative mean or a `p` outside `[0, 1)`. Example: p99 of the slowest of 10 calls of
/// 10 ms is 69.03 ms.
pub fn max_exponentials_percentile(mean: f64, n: u64, p: f64) -> Option<f64> {
    if !(amounts(&[mean]) && (0.0..1.0).contains(&p)) {
        return None;
    }
    if n == 0 || p <= 0.0 {
        return Some(0.0);
    }
    finite((-mean * (-(p.ln() / n as f64).exp_m1()).ln()).max(0.0))
}

/// Mean time until `k` of `n` independent exponential times of the same mean are over: `mean · Σ_{i=n−k+1}^{n} 1/i`.
///
/// In the mean's unit; `None` for a negative mean or `k > n`. To 1e-12 for any count. Example: 2 of 3 acknowledgements
/// of 10 ms take 8.33 ms.
pub fn k_of_n_exponentials(mean: f64, k: u64, n: u64) -> Option<f64> {
    if !amounts(&[mean]) || k > n {
        return None;
    }
    let sum = if k <= FEW {
        reciprocals(n - k, n)
    } else if n - k <= FEW {
        harmonic(n) - reciprocals(0, n - k)
    } else {
        // Both ends are long: the logarithms are subtracted before they are taken.
        let (end, start) = (n as f64, (n - k) as f64);
        (k as f64 / start).ln_1p() + correction(end) - correction(start)
    };
    finite(mean * sum)
}

/// `1/(from+1) + … + 1/to`, smallest first.
fn reciprocals(from: u64, to: u64) -> f64 {
    (from..to).rev().map(|i| 1.0 / (i as f64 + 1.0)).sum()
}

/// `H_n` for large `n`, by Euler and Maclaurin.
fn harmonic(n: u64) -> f64 {
    if n <= FEW { reciprocals(0, n) } else { (n as f64).ln() + EULER + correction(n as f64) }
}

/// `H_n − ln n − γ`.
fn correction(n: f64) -> f64 {
    1.0 / (2.0 * n) - 1.0 / (12.0 * n * n) + 1.0 / (120.0 * n * n * n * n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: Option<f64>, expected: f64, relative: f64) {
        let value = value.unwrap();
        assert!((value / expected - 1.0).abs() <= relative, "{value} is not {expected}");
    }

    #[test]
    fn golden_tail_at_scale() {
        close(fan_out_exceed(0.99, 100.0), 0.63, 0.01);
        close(fan_out_exceed(0.9999, 2000.0), 0.18, 0.01);
        close(fan_out_exceed(0.99, 100.0), 0.634, 1e-3);
        close(leaf_quantile(0.99, 100.0), 0.999_899_5, 1e-7);
        close(fan_out_exceed(1.0 - 1e-15, 3.0), 3e-15, 0.2);
    }

    #[test]
    fn golden_fork_join_exp_max() {
        let means = [(1, 10.0), (2, 15.0), (10, 29.289_682_539_682_538), (100, 51.873_775_176_396_21)];
        for (n, mean) in means {
            close(max_exponentials(10.0, n), mean, 1e-9);
        }
        let p99 = [46.051_701_859_880_91, 52.958_079_391_204_286, 69.032_367_944_761, 92.053_696_640_231_58];
        for (n, expected) in [1, 2, 10, 100].into_iter().zip(p99) {
            close(max_exponentials_percentile(10.0, n, 0.99), expected, 1e-9);
        }
        close(k_of_n_exponentials(10.0, 2, 3), 8.333_333_333_333_332, 1e-9);
        close(k_of_n_exponentials(10.0, 1, 2), 5.0, 1e-9);
    }

    #[test]
    fn quorums_match_the_formula_sheet() {
        for (k, n, expected) in [(2, 3, 0.8333), (3, 5, 0.7833), (3, 3, 1.8333)] {
            close(k_of_n_exponentials(1.0, k, n), expected, 1e-4);
        }
        for (n, expected) in [(3, 1.8333), (10, 2.929), (100, 5.187)] {
            close(max_exponentials(1.0, n), expected, 1e-4);
        }
    }

    #[test]
    fn long_sums_equal_their_terms() {
        for (k, n) in [(1001, 1001), (1001, 5000), (4999, 5000), (100_000, 1_000_000), (999_000, 1_000_000)] {
            close(k_of_n_exponentials(1.0, k, n), reciprocals(n - k, n), 1e-11);
        }
        close(max_exponentials(1.0, u64::MAX), (u64::MAX as f64).ln() + EULER, 1e-12);
        close(k_of_n_exponentials(1.0, u64::MAX / 2, u64::MAX), std::f64::consts::LN_2, 1e-12);
        close(k_of_n_exponentials(1.0, 500, u64::MAX), 500.0 / u64::MAX as f64, 1e-12);
    }

    #[test]
    fn edges() {
        assert_eq!(
            (fan_out_exceed(0.0, 0.0), fan_out_exceed(0.0, 1.0), fan_out_exceed(1.0, 1e300)),
            (Some(0.0), Some(1.0), Some(0.0))
        );
        assert_eq!(
            (fan_out_exceed(1.1, 1.0), fan_out_exceed(f64::NAN, 1.0), fan_out_exceed(0.5, -1.0)),
            (None, None, None)
        );
        assert_eq!(
            (leaf_quantile(0.0, 5.0), leaf_quantile(1.0, 5.0), leaf_quantile(0.5, 0.0)),
            (Some(0.0), Some(1.0), None)
        );
        assert_eq!(leaf_quantile(f64::NAN, 5.0), None);
        assert_eq!((max_exponentials(1.0, 0), k_of_n_exponentials(1.0, 0, 5)), (Some(0.0), Some(0.0)));
        assert_eq!(
            (max_exponentials(-1.0, 3), max_exponentials(f64::NAN, 3), k_of_n_exponentials(1.0, 4, 3)),
            (None, None, None)
        );
        assert_eq!(max_exponentials(f64::MAX, 10), None);
        assert_eq!(max_exponentials_percentile(1.0, 0, 0.5), Some(0.0));
        assert_eq!(max_exponentials_percentile(1.0, 5, 1.0), None);
        assert!(max_exponentials_percentile(1.0, u64::MAX, 0.999).is_some_and(|t| t > 44.0 && t < 60.0));
    }
}
