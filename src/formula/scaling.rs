//! How much more work more processors do.

/// Amdahl's law: the speed-up of `n` processors when a share `serial` of the work runs on one at a time.
///
/// `1 / (s + (1−s)/n)`, for `n ≥ 1` and `0 ≤ s ≤ 1` (Amdahl 1967). Example: 5 % serial on 64 gives 15.42.
pub fn amdahl_speedup(n: f64, serial: f64) -> f64 {
    1.0 / (serial + (1.0 - serial) / n.max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amdahl_matches_the_handbook() {
        assert!((amdahl_speedup(64.0, 0.05) - 15.421_7).abs() < 1e-4);
        assert!((amdahl_speedup(1e12, 0.2) - 5.0).abs() < 1e-6);
        assert_eq!(amdahl_speedup(8.0, 0.0), 8.0);
    }
}
