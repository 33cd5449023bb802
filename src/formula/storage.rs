//! Stored records, key spaces and their collisions, durability, and what moves when nodes come and go.

use super::{amounts, availability, binomial, finite};

/// Seconds in the year of 365 days to which failure rates refer.
const YEAR: f64 = 365.0 * 86_400.0;

/// Keys up to which collisions are multiplied out one by one.
const FEW: f64 = 1000.0;

/// Records alive after `elapsed`, when `rate` are added per second, each is kept for `keep` seconds (`None`: for ever),
/// and `initial` exist at the start.
///
/// `rate · min(elapsed, keep) + initial · max(0, 1 − elapsed/keep)`: the initial ones are taken to be of evenly spread
/// age, so that they expire evenly over `keep`. A store that starts in its steady state `rate · keep` therefore stays
/// there. `None` for negative arguments. Example: 100/s kept for 30 days level off at 259 million.
pub fn stored_records(rate: f64, keep: Option<f64>, elapsed: f64, initial: f64) -> Option<f64> {
    if !amounts(&[rate, elapsed, initial]) {
        return None;
    }
    match keep {
        Some(keep) if keep.is_nan() || keep < 0.0 => None,
        Some(keep) if keep <= elapsed => finite(rate * keep),
        Some(keep) if keep.is_finite() => finite(initial * (1.0 - elapsed / keep) + rate * elapsed),
        _ => finite(initial + rate * elapsed),
    }
}

/// Number of different keys of `length` symbols from an alphabet: `alphabet^length`; exact below 2⁵³.
///
/// `None` if it exceeds 1.8e308. Example: 7 symbols of 62 make 3.52e12 keys.
pub fn keyspace(alphabet: u64, length: u32) -> Option<f64> {
    finite((alphabet as f64).powi(i32::try_from(length).unwrap_or(i32::MAX)))
}

/// Mean number of colliding pairs among `n` random keys from a space: `n(n−1) / (2·space)`.
///
/// `None` for a negative `n` or a space that is not positive. Example: 360 million keys of 62⁷ collide in 18,401 pairs.
pub fn birthday_pairs(n: f64, space: f64) -> Option<f64> {
    if !(amounts(&[n, space]) && space > 0.0) {
        return None;
    }
    finite(n / space * (n - 1.0).max(0.0) / 2.0)
}

/// Probability that any two of `n` random keys from a space collide: `1 − Π(1 − i/space)`.
///
/// Multiplied out up to 1,000 keys; beyond that by the first three terms of its logarithm, which start with
/// [`birthday_pairs`], to 1e-9. 1 when there are more keys than space. `None` as there.
/// Example: 23 birthdays in 365 days coincide with 50.7 %, and 2.21 million keys of 62⁷ with 50 %.
pub fn birthday_probability(n: f64, space: f64) -> Option<f64> {
    let Some(pairs) = birthday_pairs(n, space) else {
        // So many pairs that their number overflows collide for certain.
        return (amounts(&[n, space]) && space > 0.0).then_some(1.0);
    };
    if n > space.max(1.0) {
        return Some(1.0);
    }
    let exponent = if n <= FEW {
        (1..n as u64).map(|i| (-(i as f64) / space).ln_1p()).sum()
    } else {
        -pairs * (1.0 + (n - 0.5) / space / 3.0 + n / space * (n / space) / 6.0)
    };
    Some(-f64::exp_m1(exponent))
}

/// The chance of losing data, for one object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Durability {
    /// Probability of losing more than can be repaired while one repair lasts.
    pub period_loss: f64,
    /// Probability of a loss within a year.
    pub annual_loss: f64,
    /// `1 − annual_loss`, which holds 16 digits at most.
    pub durability: f64,
}

impl Durability {
    /// Number of nines, to which the loss counts with all its digits; `None` if a loss is too rare to be expressed.
    /// Example: 7.354e-12 a year is 11.1 nines.
    pub fn nines(&self) -> Option<f64> {
        availability::nines_of_unavailability(self.annual_loss)
    }
}

/// Durability of `copies` full copies: [`erasure_durability`] with one data shard.
///
/// Example: 3 copies at 0.81 % lose 1.7e-10 a year when a repair takes 6.5 days, 1.1e-13 when it takes 4 hours.
pub fn replica_durability(copies: u64, annual_failures: f64, repair: f64) -> Option<Durability> {
    erasure_durability(1, copies.checked_sub(1)?, annual_failures, repair)
}

/// Durability of an erasure code with `data` and `parity` shards, any `data` of which restore the object.
///
/// `annual_failures` is the failure rate of one shard per year, `repair` the time `T` in seconds that a lost shard is
/// missing; a year has 365 days. `p = 1 − e^{−rate·T/365 d}`, period loss
/// `P(Bin(data + parity, p) > parity)`, annual loss `1 − (1 − period)^{365 d/T}`. Shards fail independently and all
/// repairs begin and end together; latent errors and common causes are left out, so real losses are more frequent.
/// `None` without data shards, for a negative rate, or unless the repair takes more than 0 and at most a year. Source:
/// Backblaze, erasure-coding-durability. Example: 17 + 3 at 0.405 % and 6.5 days lose 7.354e-12 a year, 11 nines.
pub fn erasure_durability(data: u64, parity: u64, annual_failures: f64, repair: f64) -> Option<Durability> {
    let shards = data.checked_add(parity)?;
    if !(data > 0 && amounts(&[annual_failures]) && repair > 0.0 && repair <= YEAR) {
        return None;
    }
    let exposure = annual_failures * repair / YEAR;
    let (lost, kept) = (-(-exposure).exp_m1(), (-exposure).exp());
    let period_loss = binomial::below(data, shards, kept, lost);
    let annual_loss = -(finite(YEAR / repair)? * (-period_loss).ln_1p()).exp_m1();
    Some(Durability { period_loss, annual_loss, durability: 1.0 - annual_loss })
}

/// Share of keys that move when `hash mod n` becomes `hash mod m`: `1 − min(n,m)/lcm(n,m)`.
///
/// `None` if one is 0. Example: from 4 to 5 nodes 80 % move, from 100 to 101 99 %.
pub fn mod_n_moved(n: u64, m: u64) -> Option<f64> {
    if n == 0 || m == 0 {
        return None;
    }
    let (mut divisor, mut rest) = (n, m);
    while rest > 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    // min/lcm = gcd/max, which does not overflow.
    let most = n.max(m);
    Some((most - divisor) as f64 / most as f64)
}

/// Expected share of keys that move when a node joins `n` others on a consistent hash ring: `1/(n+1)`.
///
/// One that leaves `n` moves `1/n`, which is this function at `n − 1`. Example: the fifth node takes 20 %.
pub fn consistent_hash_moved(n: u64) -> f64 {
    1.0 / (n as f64 + 1.0)
}

/// Raw bytes stored per byte of data: `(data + parity)/data`. `None` without data shards.
/// Example: 8 + 4 shards store 1.5 bytes, 3 copies (1 + 2) 3.
pub fn erasure_overhead(data: u64, parity: u64) -> Option<f64> {
    (data > 0).then(|| 1.0 + parity as f64 / data as f64)
}

/// Bits per key of a Bloom filter with a false-positive rate `p`: `−ln p / ln²2`; `None` unless `0 < p < 1`.
///
/// Source: Bloom 1970. Example: 9.585 bits for 1 %.
pub fn bloom_bits(p: f64) -> Option<f64> {
    (p > 0.0 && p < 1.0).then(|| -p.ln() / std::f64::consts::LN_2.powi(2))
}

/// Hash functions of that filter: `bits · ln 2`, rounded to a whole number of at least 1. Example: 7 for 1 %.
pub fn bloom_hashes(p: f64) -> Option<f64> {
    bloom_bits(p).map(|bits| (bits * std::f64::consts::LN_2).round().max(1.0))
}

/// Standard deviation over mean of the load on nodes that each own `v` places on a hash ring: about `1/√v`.
///
/// Within 15 % of simulation with 10 nodes and `v` up to 1,000. `None` for `v = 0`. Example: 10 % for 100 places.
pub fn ring_spread(v: u64) -> Option<f64> {
    (v > 0).then(|| 1.0 / (v as f64).sqrt())
}

/// Probability that a read of `r` of `n` copies misses the latest write to `w` of them: `C(n−w, r) / C(n, r)`.
///
/// No propagation between the copies, so an upper bound; 0 where `r + w > n`. `None` unless `r` and `w` are from 1 to
/// `n`. Source: Bailis et al. 2012. Example: one of three after a write to one is stale with 2/3.
pub fn stale_read(n: u64, r: u64, w: u64) -> Option<f64> {
    if r == 0 || w == 0 || r > n || w > n || n > 1_000_000 {
        return None;
    }
    Some((0..r).map(|i| (n - w).saturating_sub(i) as f64 / (n - i) as f64).product())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: f64 = 86_400.0;

    fn close(value: Option<f64>, expected: f64, relative: f64) {
        let value = value.unwrap();
        assert!((value / expected - 1.0).abs() <= relative, "{value} is not {expected}");
    }

    #[test]
    fn a_store_fills_until_its_retention() {
        assert_eq!(stored_records(2.0, None, 10.0, 5.0), Some(25.0));
        assert_eq!(stored_records(2.0, Some(f64::INFINITY), 10.0, 5.0), Some(25.0));
        assert_eq!(stored_records(2.0, Some(4.0), 10.0, 100.0), Some(8.0));
        for elapsed in [0.0, 2.0, 4.0, 9.0] {
            assert_eq!(stored_records(2.0, Some(4.0), elapsed, 8.0), Some(8.0));
        }
        assert_eq!(stored_records(2.0, Some(0.0), 10.0, 100.0), Some(0.0));
        close(stored_records(100.0, Some(30.0 * DAY), 365.0 * DAY, 0.0), 259.2e6, 1e-12);
        for keep in [Some(f64::NAN), Some(-1.0)] {
            assert_eq!(stored_records(2.0, keep, 1.0, 1.0), None);
        }
        assert_eq!(stored_records(f64::NAN, None, 1.0, 1.0), None);
        assert_eq!(stored_records(1e300, None, 1e300, 1.0), None);
    }

    #[test]
    fn key_spaces_are_exact() {
        assert_eq!(keyspace(62, 7), Some(3_521_614_606_208.0));
        assert_eq!(keyspace(2, 122), Some(2f64.powi(122)));
        assert_eq!((keyspace(0, 3), keyspace(5, 0), keyspace(1, u32::MAX)), (Some(0.0), Some(1.0), Some(1.0)));
        assert_eq!(keyspace(62, 1000), None);
    }

    #[test]
    fn collisions_match_the_formula_sheet() {
        let space = keyspace(62, 7).unwrap();
        close(birthday_pairs(3.6e8, space), 18_400.650_57, 1e-9);
        close(birthday_probability(2.21e6, space), 0.5, 2e-3);
        close(birthday_probability(2.71e18, 2f64.powi(122)), 0.5, 3e-3);
        close(birthday_probability(23.0, 365.0), 0.507_297_234_323_985_4, 1e-12);
        // One more insert into 3.65e11 keys collides with 10.4 %.
        close(
            birthday_pairs(3.65e11 + 1.0, space).map(|pairs| pairs - birthday_pairs(3.65e11, space).unwrap()),
            0.104,
            0.01,
        );
    }

    #[test]
    fn the_series_meets_the_product() {
        for (n, space) in [(1000.0, 1e4), (1000.0, 1e6), (1000.0, 1e9)] {
            let pairs = birthday_pairs(n, space).unwrap();
            let series = -f64::exp_m1(-pairs * (1.0 + (n - 0.5) / space / 3.0 + n / space * (n / space) / 6.0));
            close(birthday_probability(n, space), series, 1e-9);
        }
    }

    #[test]
    fn golden_backblaze_17_3() {
        let code = erasure_durability(17, 3, 0.00405, 6.5 * DAY).unwrap();
        close(Some(code.period_loss), 1.31e-13, 1e-3);
        close(Some(code.annual_loss), 7.354e-12, 1e-3);
        close(Some(code.durability), 0.999_999_999_992_646, 1e-14);
        assert_eq!(code.nines().map(f64::floor), Some(11.0));
    }

    #[test]
    fn copies_match_the_formula_sheet() {
        for (repair, loss, nines) in [(6.5 * DAY, 1.7e-10, 9.8), (DAY, 4.0e-12, 11.4), (DAY / 6.0, 1.1e-13, 13.0)] {
            let three = replica_durability(3, 0.0081, repair).unwrap();
            close(Some(three.annual_loss), loss, 0.04);
            close(three.nines(), nines, 0.005);
        }
        // The naive cube of the annual rate has only 6 nines.
        close(availability::nines_of_unavailability(0.0081f64.powi(3)), 6.27, 1e-2);
        close(erasure_overhead(8, 4), 1.5, 1e-12);
        close(erasure_overhead(1, 2), 3.0, 1e-12);
    }

    #[test]
    fn rebalancing_matches_the_handbook() {
        for (n, m, moved) in [(4, 5, 0.8), (10, 11, 0.909), (100, 101, 0.990)] {
            close(mod_n_moved(n, m), moved, 1e-3);
            close(mod_n_moved(m, n), moved, 1e-3);
        }
        assert_eq!((mod_n_moved(4, 8), mod_n_moved(7, 7), mod_n_moved(0, 5)), (Some(0.5), Some(0.0), None));
        assert!(mod_n_moved(u64::MAX, u64::MAX - 1).is_some_and(|moved| moved <= 1.0));
        assert_eq!((consistent_hash_moved(4), consistent_hash_moved(0)), (0.2, 1.0));
    }

    #[test]
    fn filters_rings_and_quorums_match_the_formula_sheet() {
        close(bloom_bits(0.01), 9.585, 1e-4);
        close(bloom_bits(0.001), 14.378, 1e-4);
        close(bloom_bits(0.01).map(|bits| bits * 1e9 / 8.0), 1.198e9, 1e-3);
        assert_eq!((bloom_hashes(0.01), bloom_bits(0.0), bloom_bits(1.0)), (Some(7.0), None, None));
        for (v, simulated) in [(10, 0.28), (100, 0.093), (200, 0.062), (1000, 0.030)] {
            close(ring_spread(v), simulated, 0.15);
        }
        close(stale_read(3, 1, 1), 2.0 / 3.0, 1e-12);
        close(stale_read(3, 1, 2), 1.0 / 3.0, 1e-12);
        close(stale_read(3, 2, 1), 1.0 / 3.0, 1e-12);
        close(stale_read(5, 1, 1), 0.8, 1e-12);
        assert_eq!((stale_read(3, 2, 2), stale_read(3, 4, 1), stale_read(3, 0, 1)), (Some(0.0), None, None));
    }

    #[test]
    fn edges() {
        assert_eq!(
            (birthday_pairs(0.0, 5.0), birthday_pairs(1.0, 5.0), birthday_pairs(5.0, 0.0)),
            (Some(0.0), Some(0.0), None)
        );
        assert_eq!((birthday_pairs(f64::NAN, 5.0), birthday_probability(5.0, f64::NAN)), (None, None));
        assert_eq!((birthday_probability(6.0, 5.0), birthday_probability(1e200, 1e10)), (Some(1.0), Some(1.0)));
        assert_eq!((birthday_probability(1e300, 1e10), birthday_probability(0.0, 5.0)), (Some(1.0), Some(0.0)));
        assert_eq!((birthday_pairs(1e300, 1e10), birthday_probability(1e18, 1e18)), (None, Some(1.0)));
        for (data, parity, rate, repair) in
            [(0, 3, 0.01, DAY), (17, 3, -0.1, DAY), (17, 3, f64::NAN, DAY), (17, 3, 0.1, 0.0), (1, u64::MAX, 0.1, DAY)]
        {
            assert_eq!(erasure_durability(data, parity, rate, repair), None);
        }
        assert_eq!(replica_durability(0, 0.01, DAY), None);
        let never = replica_durability(3, 0.0, DAY).unwrap();
        assert_eq!((never.annual_loss, never.durability, never.nines()), (0.0, 1.0, None));
        let single = replica_durability(1, 0.0081, DAY).unwrap();
        close(Some(single.annual_loss), -(-0.0081f64).exp_m1(), 1e-9);
        assert_eq!(erasure_overhead(0, 1), None);
    }
}
