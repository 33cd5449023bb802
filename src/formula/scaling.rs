//! How much more work more processors do.

use super::{finite, shares};

/// Amdahl's law: the speed-up of `n` processors on the same work when a share `serial` of it runs on one at a time.
///
/// `1 / (s + (1−s)/n)` for `n >= 1` and `s` in 0 to 1, else `None`; never above `1/s` (Amdahl 1967).
/// Example: 5 % serial on 64 processors is 15.42 times as fast, and 20 % serial never more than 5 times.
pub fn amdahl_speedup(n: f64, serial: f64) -> Option<f64> {
    if !(n >= 1.0 && n.is_finite() && shares(&[serial])) {
        return None;
    }
    finite(1.0 / (serial + (1.0 - serial) / n))
}

/// Gustafson's law: the speed-up when the parallel part of the work grows with the `n` processors.
///
/// `n − s(n−1)` for `n >= 1`, where `s` in 0 to 1 is the serial share of the time *on the parallel machine*, else
/// `None` (Gustafson 1988). Example: 5 % serial on 64 processors is 60.85 times the work.
pub fn gustafson_speedup(n: f64, serial: f64) -> Option<f64> {
    if !(n >= 1.0 && n.is_finite() && shares(&[serial])) {
        return None;
    }
    Some(n * (1.0 - serial) + serial)
}

/// Gunther's universal scalability law: the throughput of `n` processors, nodes or clients.
///
/// `λn / (1 + σ(n−1) + κn(n−1))` for `n >= 1`, with `λ` the throughput of one, `σ` (contention) and `κ` (coherency)
/// from 0 up, else `None`. In the unit of `lambda`. Source: Gunther, Guerrilla Capacity Planning, 2007.
/// Example: `λ = 1`, `σ = 0.05`, `κ = 0.001` give 9.038 on 31 nodes.
pub fn usl_throughput(n: f64, lambda: f64, sigma: f64, kappa: f64) -> Option<f64> {
    if !(n >= 1.0 && super::amounts(&[n, lambda, sigma, kappa])) {
        return None;
    }
    // Divided by n, no term can overflow unless the throughput is nothing anyway.
    let slowdown = (1.0 - sigma) / n + sigma + kappa * (n - 1.0);
    finite(lambda / slowdown)
}

/// The number of processors at which the universal scalability law peaks: `√((1−σ)/κ)`, at least 1.
///
/// `None` if there is no peak (`κ = 0`: throughput only levels off, at `λ/σ`) or a coefficient is negative.
/// Round down for whole nodes. Example: `σ = 0.05`, `κ = 0.001` peak at 30.8.
pub fn usl_peak(sigma: f64, kappa: f64) -> Option<f64> {
    if !(super::amounts(&[sigma, kappa]) && kappa > 0.0) {
        return None;
    }
    finite(((1.0 - sigma).max(0.0) / kappa).sqrt().max(1.0))
}

/// The number of processors at which contention alone would cap what linear growth promises: `1/σ`.
///
/// `None` for `σ = 0` (linear without end) or a negative one; what the R package usl calls the optimal scalability.
/// Example: `σ = 0.001` makes more than 1,000 nodes pointless.
pub fn usl_knee(sigma: f64) -> Option<f64> {
    if sigma > 0.0 { finite(1.0 / sigma) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: Option<f64>, expected: f64, relative: f64) {
        let value = value.unwrap();
        assert!((value / expected - 1.0).abs() <= relative, "{value} is not {expected}");
    }

    #[test]
    fn speedups_match_the_handbook_and_the_formula_sheet() {
        close(amdahl_speedup(64.0, 0.05), 15.4217, 1e-5);
        close(amdahl_speedup(1e12, 0.2), 5.0, 1e-9);
        close(amdahl_speedup(8.0, 0.0), 8.0, 1e-12);
        close(amdahl_speedup(8.0, 1.0), 1.0, 1e-12);
        close(gustafson_speedup(64.0, 0.05), 60.85, 1e-12);
        close(gustafson_speedup(1.0, 0.3), 1.0, 1e-12);
        for (n, serial) in [(0.0, 0.1), (f64::NAN, 0.1), (4.0, 1.1), (4.0, f64::NAN), (f64::INFINITY, 0.1)] {
            assert_eq!((amdahl_speedup(n, serial), gustafson_speedup(n, serial)), (None, None));
        }
    }

    #[test]
    fn the_scalability_law_matches_the_formula_sheet() {
        close(usl_peak(0.05, 0.001), 30.82, 1e-4);
        close(usl_throughput(31.0, 1.0, 0.05, 0.001), 9.0379, 1e-5);
    }

    #[test]
    fn golden_usl_cisco() {
        let (lambda, sigma, kappa) = (995.6486, 0.026_715_91, 0.000_769_094_5);
        assert_eq!(usl_peak(sigma, kappa).map(f64::floor), Some(35.0));
        close(usl_throughput(35.0, lambda, sigma, kappa), 12_341.745_655_201_905, 2e-4);
        close(usl_throughput(20.0, lambda, sigma, kappa), 11_063.633_125_704_36, 2e-4);
        let response = usl_throughput(20.0, lambda, sigma, kappa).map(|throughput| 20.0 / throughput * 1e3);
        close(response, 1.807_721_798_297_878_6, 2e-4);
        // The measurements lie within 5 % of the curve that was fitted to them.
        for (n, measured) in [(1.0, 955.16), (8.0, 6531.08), (16.0, 9897.24), (32.0, 12_074.39)] {
            close(usl_throughput(n, lambda, sigma, kappa), measured, 0.05);
        }
    }

    #[test]
    fn golden_usl_synthetic_forward() {
        let points = [(1.0, 1.0), (2.0, 1.8868), (4.0, 3.0769), (6.0, 3.5294), (8.0, 3.5398), (10.0, 3.3557)];
        for (n, throughput) in points {
            close(usl_throughput(n, 1.0, 0.02, 0.02), throughput, 5e-3);
        }
    }

    #[test]
    fn golden_usl_peak_direct() {
        close(usl_peak(0.001, 1e-5), 316.0696, 1e-5);
        close(usl_knee(0.001), 1000.0, 1e-12);
    }

    #[test]
    fn edges() {
        close(usl_throughput(1e150, 2.0, 0.5, 0.0), 4.0, 1e-12);
        close(usl_throughput(1e150, 1.0, 0.0, 0.0), 1e150, 1e-12);
        assert_eq!(usl_throughput(f64::MAX, 2.0, 0.0, 0.0), None);
        assert_eq!(usl_throughput(5.0, 0.0, 0.1, 0.1), Some(0.0));
        assert_eq!(usl_throughput(0.5, 1.0, 0.1, 0.1), None);
        assert_eq!(usl_throughput(5.0, 1.0, -0.1, 0.1), None);
        assert_eq!(usl_throughput(5.0, 1.0, 0.1, f64::NAN), None);
        assert_eq!(usl_peak(0.1, 0.0), None);
        assert_eq!(usl_peak(f64::NAN, 0.1), None);
        assert_eq!(usl_peak(2.0, 0.1), Some(1.0));
        assert_eq!((usl_knee(0.0), usl_knee(f64::NAN), usl_knee(1e-320)), (None, None, None));
    }
}
