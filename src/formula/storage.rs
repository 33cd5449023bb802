//! How many records a store holds.

/// Records alive after `elapsed` seconds when `rate` are added per second, each is kept for `keep` seconds
/// (`None`: for ever), and `initial` exist at the start.
///
/// The initial ones are taken to be of evenly spread age, so they expire evenly over `keep`.
pub fn records(rate: f64, keep: Option<f64>, initial: f64, elapsed: f64) -> f64 {
    match keep {
        Some(keep) if keep > 0.0 => {
            let left = (1.0 - elapsed / keep).max(0.0);
            initial * left + rate * elapsed.min(keep)
        }
        _ => initial + rate * elapsed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_fills_until_its_retention() {
        assert_eq!(records(2.0, None, 5.0, 10.0), 25.0);
        assert_eq!(records(2.0, Some(4.0), 0.0, 10.0), 8.0);
        assert_eq!(records(2.0, Some(4.0), 8.0, 2.0), 8.0);
    }
}
