//! Quorums over copies in one or several regions, stale reads, and copies that fall behind.
//!
//! A quorum is what a request waits for. Whether two always share a copy, what they survive, and how likely a read misses
//! the latest write follow from counting; how long it may do so from how fast copies receive writes.

use super::{amounts, cache, finite, shares, storage};

/// The copies that a request waits for, of those that stand in each region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quorum {
    /// So many, wherever they are (`ONE`, `QUORUM`, `ALL`).
    Anywhere(u64),
    /// So many in the region of the caller (`LOCAL_ONE`).
    Local(u64),
    /// More than half of those in the region of the caller (`LOCAL_QUORUM`).
    LocalMajority,
    /// More than half in every region (`EACH_QUORUM`).
    EachMajority,
}

/// More than half of `n`. Example: 3 of 5, 3 of 4, 2 of 3.
pub fn majority(n: u64) -> u64 {
    n / 2 + 1
}

/// Whether a set of voters is even, so that its last one tolerates nothing more: 4 tolerate one failure, as 3 do.
pub fn is_even_sized(n: u64) -> bool {
    n > 0 && n.is_multiple_of(2)
}

/// What a request may wait for: a number anywhere, or a least number in each region.
enum Need {
    Total(u64),
    Each(Vec<u64>),
}

impl Quorum {
    /// Copies that a request waits for, `copies` by region; the fewest where regions differ.
    ///
    /// Example: `LOCAL_QUORUM` of 3 + 3 copies waits for 2, `EACH_QUORUM` for 4.
    pub fn size(self, copies: &[u64]) -> Option<u64> {
        let present = || copies.iter().copied().filter(|n| *n > 0);
        match self {
            Quorum::Anywhere(k) | Quorum::Local(k) => Some(k),
            Quorum::LocalMajority => present().map(majority).min(),
            Quorum::EachMajority => present().map(majority).reduce(|a, b| a + b),
        }
    }

    /// Everything that would do, one entry for each region that a caller may be in.
    fn needs(self, copies: &[u64]) -> Vec<Need> {
        let local = |at: usize, k: u64| {
            Need::Each(copies.iter().enumerate().map(|(region, _)| if region == at { k } else { 0 }).collect())
        };
        let present = copies.iter().copied().enumerate().filter(|(_, n)| *n > 0);
        match self {
            Quorum::Anywhere(k) => vec![Need::Total(k)],
            Quorum::Local(k) => present.map(|(at, _)| local(at, k)).collect(),
            Quorum::LocalMajority => present.map(|(at, n)| local(at, majority(n))).collect(),
            Quorum::EachMajority => {
                vec![Need::Each(copies.iter().map(|n| if *n > 0 { majority(*n) } else { 0 }).collect())]
            }
        }
    }

    /// Copies that may fail wherever they are before some caller is refused; `None` if it asks for more than there are.
    ///
    /// `N − R` for reads and `N − W` for writes where a quorum counts anywhere (Gifford 1979). Example: 2 of 3 tolerate 1,
    /// `LOCAL_QUORUM` of 3 + 3 tolerates 1, since both may be in the caller's region.
    pub fn tolerates(self, copies: &[u64]) -> Option<u64> {
        let total: u64 = copies.iter().sum();
        let present = copies.iter().copied().filter(|n| *n > 0);
        match self {
            Quorum::Anywhere(k) => total.checked_sub(k),
            Quorum::Local(k) => present.map(|n| n.checked_sub(k)).min()?,
            Quorum::LocalMajority | Quorum::EachMajority => present.map(|n| n - majority(n)).min(),
        }
    }

    /// Whether a write that waited for this quorum is certain to be on a copy outside of those `lost` by region.
    ///
    /// Example: 2 of 3 survive the loss of any one copy; `LOCAL_QUORUM` doesn't survive the loss of its region.
    pub fn outlives(self, lost: &[u64], copies: &[u64]) -> bool {
        let gone: u64 = lost.iter().sum();
        self.needs(copies).iter().all(|need| match need {
            Need::Total(k) => *k > gone,
            Need::Each(least) => least.iter().zip(lost).any(|(k, gone)| k > gone),
        })
    }

    /// Whether callers next to the copies that are left are still served when some are `lost` by region.
    ///
    /// Example: 2 of 3 are served without one copy; `EACH_QUORUM` isn't without a region.
    pub fn serves_without(self, lost: &[u64], copies: &[u64]) -> bool {
        let left: Vec<u64> = copies.iter().zip(lost).map(|(n, gone)| n.saturating_sub(*gone)).collect();
        let total: u64 = left.iter().sum();
        let served = |need: &Need| match need {
            Need::Total(k) => total >= *k,
            Need::Each(least) => least.iter().zip(&left).all(|(k, n)| n >= k),
        };
        let needs = self.needs(copies);
        match self {
            // Callers of a region that is gone altogether are elsewhere by then.
            Quorum::Local(_) | Quorum::LocalMajority => {
                let regions = copies.iter().zip(&left).filter(|(n, _)| **n > 0);
                let mut callers = needs.iter().zip(regions).filter(|(_, (_, left))| **left > 0).peekable();
                callers.peek().is_some() && callers.all(|(need, _)| served(need))
            }
            _ => needs.iter().all(served),
        }
    }
}

/// Whether every set that satisfies one quorum shares a copy with every set that satisfies the other.
///
/// `R + W > N` makes a read meet the latest acknowledged write, `W + W > N` two writes meet each other (Gifford 1979). It
/// is not linearizability by itself: that also needs read repair and an order of writes. Held by enumerating all sets.
/// Example: 2 and 2 of 3 overlap, 1 and 2 don't; `LOCAL_QUORUM` twice doesn't in two regions.
pub fn overlap(one: Quorum, other: Quorum, copies: &[u64]) -> bool {
    let (one, other) = (one.needs(copies), other.needs(copies));
    !one.iter().any(|a| other.iter().any(|b| disjoint(a, b, copies)))
}

/// As [`overlap`] for two callers in the same region, and both quorums within it.
pub fn overlap_within_region(one: Quorum, other: Quorum, copies: &[u64]) -> bool {
    let (one, other) = (one.needs(copies), other.needs(copies));
    one.len() == other.len() && !one.iter().zip(&other).any(|(a, b)| disjoint(a, b, copies))
}

/// Whether sets can be chosen for both that share nothing.
fn disjoint(one: &Need, other: &Need, copies: &[u64]) -> bool {
    let total: u64 = copies.iter().sum();
    match (one, other) {
        (Need::Total(a), Need::Total(b)) => a.saturating_add(*b) <= total,
        (Need::Total(k), Need::Each(least)) | (Need::Each(least), Need::Total(k)) => {
            let possible = least.iter().zip(copies).all(|(k, n)| k <= n);
            possible && least.iter().fold(*k, |sum, n| sum.saturating_add(*n)) <= total
        }
        (Need::Each(a), Need::Each(b)) => a.iter().zip(b).zip(copies).all(|((a, b), n)| a.saturating_add(*b) <= *n),
    }
}

/// Chance that a read of `r` of `n` copies misses all of the last `k` writes, each to `w` copies chosen by itself:
/// [`storage::stale_read`]`^k`.
///
/// The instantaneous bound of probabilistically bounded staleness, before anything is propagated. `None` as there. Source:
/// Bailis et al. 2012. Example: one of three after writes to one misses the last two with 44.4 %.
pub fn misses_last(n: u64, r: u64, w: u64, k: u64) -> Option<f64> {
    Some(storage::stale_read(n, r, w)?.powf(k as f64))
}

/// Chance that a read of `r` copies misses a write that was acknowledged `after` seconds ago, when it misses one
/// acknowledged just now with `at_once` and each further copy receives it after an exponential time of mean `lag`:
/// `p₀ · e^(−r·after/lag)`.
///
/// Exact for exponential propagation with immediate reads: the copies that lack the write are binomial, and
/// `E[C(M,r)]/C(n,r)` of a binomial `M` is its factorial moment. t-visibility of Bailis et al. 2012; held by simulation.
/// `None` for negative arguments. Example: one of three after a write to one, 10 ms later with a lag of 10 ms: 24.5 %.
pub fn stale_after(at_once: f64, r: u64, lag: f64, after: f64) -> Option<f64> {
    if !(shares(&[at_once]) && amounts(&[lag, after])) {
        return None;
    }
    if lag <= 0.0 {
        return Some(if after > 0.0 { 0.0 } else { at_once });
    }
    Some(at_once * (-(r as f64) * after / lag).exp())
}

/// Time after a write until all but a share `missed` of reads see it, in the unit of `lag`: [`stale_after`] turned round.
///
/// `None` for a share of 0, which is never reached, or arguments out of range. Example: 1 of 3 after a write to one, lag
/// 10 ms: 65 ms until 99.9 % of reads see it.
pub fn visible_after(at_once: f64, r: u64, lag: f64, missed: f64) -> Option<f64> {
    if !(shares(&[at_once, missed]) && missed > 0.0 && amounts(&[lag]) && r > 0) {
        return None;
    }
    finite(lag / r as f64 * (at_once / missed).max(1.0).ln())
}

/// Share of all reads that miss the latest write of their key: keys are written and read with the same Zipf popularity,
/// `writes` per second over all of `keys`, reads ask `r` copies, and propagation is as in [`stale_after`].
///
/// For one key that is written `w` times a second the last write is exponentially old, so the share is
/// `p₀ · w·L/(w·L + r)`. `None` out of range. Example: one key written once a second, a lag of 1 s, reads of replicas: 50 %.
pub fn stale_share(at_once: f64, r: u64, lag: f64, writes: f64, keys: f64, s: f64) -> Option<f64> {
    if !shares(&[at_once]) || r == 0 {
        return None;
    }
    // The same integral as a cache whose entries live for L/r: the last write is younger than an exponential time.
    Some(at_once * cache::ttl_hit(writes, lag / r as f64, keys, s)?)
}

/// Seconds by which a copy falls further behind in a second, when it applies `applied` of `written` changes per second:
/// `(written − applied) / applied`, 0 if it keeps up.
///
/// `None` for negative rates or a copy that applies nothing. Example: 1,500/s on a copy that applies 1,000/s: 0.5 s per second.
pub fn lag_growth(written: f64, applied: f64) -> Option<f64> {
    if !(amounts(&[written, applied]) && applied > 0.0) {
        return None;
    }
    finite(((written - applied) / applied).max(0.0))
}

/// Seconds until a copy that is `behind` by so many changes has caught up: `behind / (applied − written)`.
///
/// `None` if it never does. Example: 30,000 changes behind, 1,000/s applied, 500/s written: 60 s.
pub fn catch_up(behind: f64, written: f64, applied: f64) -> Option<f64> {
    if !(amounts(&[behind, written, applied]) && applied > written) {
        return None;
    }
    finite(behind / (applied - written))
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUORUMS: [Quorum; 9] = [
        Quorum::Anywhere(1),
        Quorum::Anywhere(2),
        Quorum::Anywhere(3),
        Quorum::Anywhere(4),
        Quorum::Anywhere(6),
        Quorum::Local(1),
        Quorum::Local(2),
        Quorum::LocalMajority,
        Quorum::EachMajority,
    ];

    fn close(value: Option<f64>, expected: f64) {
        let value = value.unwrap();
        assert!((value - expected).abs() <= 1.1e-3 * expected.abs(), "{value} is not {expected}");
    }

    /// Members of a set by region, bit by bit.
    fn by_region(set: u64, copies: &[u64]) -> Vec<u64> {
        let mut bit = 0;
        let count = |n: &u64| {
            let inside = (0..*n).filter(|i| set >> (bit + i) & 1 == 1).count() as u64;
            bit += n;
            inside
        };
        copies.iter().map(count).collect()
    }

    fn satisfied(quorum: Quorum, set: u64, copies: &[u64]) -> bool {
        let inside = by_region(set, copies);
        match quorum {
            Quorum::Anywhere(k) => inside.iter().sum::<u64>() >= k,
            Quorum::Local(k) => inside.iter().zip(copies).any(|(i, n)| *n > 0 && *i >= k),
            Quorum::LocalMajority => inside.iter().zip(copies).any(|(i, n)| *n > 0 && 2 * i > *n),
            Quorum::EachMajority => inside.iter().zip(copies).all(|(i, n)| *n == 0 || 2 * i > *n),
        }
    }

    #[test]
    fn quorums_overlap_exactly_if_no_two_sets_are_disjoint() {
        for copies in
            [vec![1], vec![2], vec![3], vec![5], vec![3, 3], vec![2, 3], vec![1, 1, 1], vec![4, 2], vec![3, 0]]
        {
            let total: u64 = copies.iter().sum();
            for one in QUORUMS {
                for other in QUORUMS {
                    let sets = || 0..1_u64 << total;
                    let apart = sets().any(|a| {
                        satisfied(one, a, &copies) && sets().any(|b| a & b == 0 && satisfied(other, b, &copies))
                    });
                    assert_eq!(overlap(one, other, &copies), !apart, "{one:?} {other:?} of {copies:?}");
                }
            }
        }
    }

    #[test]
    fn a_write_outlives_a_loss_exactly_if_no_quorum_fits_into_it() {
        for copies in [vec![3], vec![3, 3], vec![2, 3], vec![1, 1, 1]] {
            let total: u64 = copies.iter().sum();
            for quorum in QUORUMS {
                for lost in 0..1_u64 << total {
                    let gone = by_region(lost, &copies);
                    let fits = (0..1_u64 << total).any(|set| set & !lost == 0 && satisfied(quorum, set, &copies));
                    assert_eq!(quorum.outlives(&gone, &copies), !fits, "{quorum:?} of {copies:?} without {gone:?}");
                    let left = ((1 << total) - 1) & !lost;
                    if matches!(quorum, Quorum::Anywhere(_) | Quorum::EachMajority) {
                        let served = satisfied(quorum, left, &copies);
                        assert_eq!(quorum.serves_without(&gone, &copies), served, "{quorum:?} of {copies:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn local_quorums_serve_the_regions_that_are_left() {
        let local = Quorum::LocalMajority;
        assert!(local.serves_without(&[3, 0], &[3, 3]) && local.serves_without(&[1, 1], &[3, 3]));
        assert!(!local.serves_without(&[2, 0], &[3, 3]) && !local.serves_without(&[3, 3], &[3, 3]));
        assert!(overlap_within_region(local, local, &[3, 3]) && !overlap(local, local, &[3, 3]));
        assert!(!overlap_within_region(Quorum::Local(1), local, &[3, 3]));
    }

    #[test]
    fn tolerated_failures_are_what_the_worst_choice_leaves() {
        let cases = [
            (Quorum::Anywhere(2), vec![3], Some(1)),
            (Quorum::Anywhere(3), vec![3], Some(0)),
            (Quorum::Anywhere(4), vec![3], None),
            (Quorum::LocalMajority, vec![3, 3], Some(1)),
            (Quorum::EachMajority, vec![5, 3], Some(1)),
            (Quorum::Local(1), vec![3, 3], Some(2)),
        ];
        for (quorum, copies, expected) in cases {
            assert_eq!(quorum.tolerates(&copies), expected, "{quorum:?} of {copies:?}");
        }
        let votes: Vec<u64> = (1..=7).map(|n| n - majority(n)).collect();
        assert_eq!(votes, [0, 0, 1, 1, 2, 2, 3]);
        assert!(is_even_sized(4) && !is_even_sized(3) && !is_even_sized(0));
        assert_eq!((Quorum::LocalMajority.size(&[3, 3]), Quorum::EachMajority.size(&[3, 3])), (Some(2), Some(4)));
    }

    #[test]
    fn published_staleness() {
        for (n, r, w, expected) in [(3, 1, 1, 0.667), (3, 1, 2, 0.333), (3, 2, 1, 0.333), (5, 1, 1, 0.8)] {
            close(misses_last(n, r, w, 1), expected);
        }
        close(misses_last(3, 1, 1, 2), 4.0 / 9.0);
        assert_eq!(misses_last(3, 2, 2, 1), Some(0.0));
        close(stale_after(2.0 / 3.0, 1, 10.0, 10.0), 0.2453);
        close(visible_after(2.0 / 3.0, 1, 10.0, 1e-3), 65.02);
        close(stale_share(1.0, 1, 1.0, 1.0, 1.0, 1.0), 0.5);
        close(lag_growth(1500.0, 1000.0), 0.5);
        close(catch_up(30_000.0, 500.0, 1000.0), 60.0);
        assert_eq!((lag_growth(5.0, 10.0), lag_growth(5.0, 0.0), catch_up(1.0, 2.0, 1.0)), (Some(0.0), None, None));
    }

    /// Numbers from 0 to 1 (a 64-bit linear congruential generator).
    fn uniform(state: &mut u64) -> f64 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((*state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Reads that miss a write `after` its acknowledgement: it is sent to all copies, each receives it after an exponential
    /// time, the writer waits for `w` of them, the reader asks `r` at random.
    fn simulated((n, r, w): (usize, usize, usize), lag: f64, after: f64, state: &mut u64) -> f64 {
        let runs = 200_000;
        let mut stale = 0;
        for _ in 0..runs {
            let mut arrivals: Vec<f64> = (0..n).map(|_| -lag * uniform(state).ln()).collect();
            let mut sorted = arrivals.clone();
            sorted.sort_by(f64::total_cmp);
            let asked_at = sorted[w - 1] + after;
            let mut fresh = false;
            for _ in 0..r {
                let pick = (uniform(state) * arrivals.len() as f64) as usize;
                fresh |= arrivals.swap_remove(pick) <= asked_at;
            }
            stale += u32::from(!fresh);
        }
        f64::from(stale) / f64::from(runs)
    }

    #[test]
    fn visibility_agrees_with_simulation() {
        let mut state = 1;
        for (n, r, w) in [(3, 1, 1), (3, 1, 2), (3, 2, 1), (5, 2, 2), (5, 1, 3)] {
            let at_once = storage::stale_read(n, r, w).unwrap();
            for after in [0.0, 0.2, 1.0] {
                let exact = stale_after(at_once, r, 1.0, after).unwrap();
                let seen = simulated((n as usize, r as usize, w as usize), 1.0, after, &mut state);
                // Four standard errors of 200,000 runs.
                let error = 4.0 * (exact * (1.0 - exact) / 200_000.0).sqrt() + 1e-9;
                assert!((exact - seen).abs() <= error, "({n},{r},{w}) after {after}: {exact} against {seen}");
            }
        }
    }

    #[test]
    fn the_share_of_stale_reads_agrees_with_simulation() {
        // One key: writes come after exponential times, a read at a random time looks at one copy of two.
        let (lag, writes) = (0.5, 2.0);
        let mut state = 7;
        let (mut stale, runs) = (0, 300_000);
        for _ in 0..runs {
            let age = -uniform(&mut state).ln() / writes;
            let behind = -lag * uniform(&mut state).ln();
            stale += u32::from(uniform(&mut state) < 0.5 && age < behind);
        }
        let seen = f64::from(stale) / f64::from(runs);
        let exact = stale_share(0.5, 1, lag, writes, 1.0, 0.0).unwrap();
        assert!((seen - exact).abs() < 0.004, "{exact} against {seen}");
    }
}
