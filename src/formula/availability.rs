//! Availability of redundant parts, and the downtime that it means.

/// Probability that at least `needed` of `count` independent parts work, each with probability `works`.
///
/// Sums whichever tail is shorter as *unavailability* first, so that many nines keep their digits.
pub fn k_of_n(needed: u64, count: u64, works: f64) -> f64 {
    1.0 - k_of_n_fails(needed, count, works)
}

/// Probability that fewer than `needed` of `count` independent parts work. Example: 2 of 3 at 99 % fail 2.98e-4.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub fn k_of_n_fails(needed: u64, count: u64, works: f64) -> f64 {
    if needed == 0 {
        return 0.0;
    }
    if needed > count || works <= 0.0 {
        return 1.0;
    }
    if works >= 1.0 {
        return 0.0;
    }
    let fails = 1.0 - works;
    // P(exactly i work), in logarithms so that large counts neither overflow nor vanish.
    let mut log_choose = 0.0;
    let mut total = 0.0;
    for i in 0..needed {
        if i > 0 {
            log_choose += ((count - i + 1) as f64 / i as f64).ln();
        }
        total += (log_choose + i as f64 * works.ln() + (count - i) as f64 * fails.ln()).exp();
    }
    total.min(1.0)
}

/// Steady-state availability from mean time between failures and mean time to repair, in the same unit.
pub fn from_mtbf(mtbf: f64, mttr: f64) -> Option<f64> {
    (mtbf > 0.0 && mttr >= 0.0).then(|| mtbf / (mtbf + mttr))
}

/// Downtime in a period, in the period's unit.
pub fn downtime(availability: f64, period: f64) -> f64 {
    (1.0 - availability) * period
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small counts")]
mod tests {
    use super::*;

    #[test]
    fn k_of_n_matches_enumeration() {
        for count in 1..=8_u64 {
            for needed in 0..=count {
                let works: f64 = 0.93;
                let brute: f64 = (0..1_u32 << count)
                    .filter(|state| u64::from(state.count_ones()) >= needed)
                    .map(|state| {
                        works.powi(state.count_ones() as i32)
                            * (1.0 - works).powi((count - u64::from(state.count_ones())) as i32)
                    })
                    .sum();
                assert!((k_of_n(needed, count, works) - brute).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn many_nines_keep_their_digits() {
        let fails = k_of_n_fails(1, 4, 0.9999);
        assert!((fails / 1e-16 - 1.0).abs() < 1e-6, "{fails}");
        assert_eq!(k_of_n(3, 2, 0.9), 0.0);
        assert_eq!(k_of_n(5, 10_000, 0.999), 1.0);
    }

    #[test]
    fn downtime_matches_the_published_table() {
        let year = 365.2425 * 86_400.0;
        assert!((downtime(0.999, year) / 31_557.0 - 1.0).abs() < 1e-5);
        assert!((downtime(0.9999, 7.0 * 86_400.0) - 60.48).abs() < 1e-9);
        assert_eq!(from_mtbf(99.0, 1.0), Some(0.99));
        assert_eq!(from_mtbf(0.0, 1.0), None);
    }
}
