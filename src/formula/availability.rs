//! Availability of parts in series, in parallel and k of n; common causes and zones; downtime and nines.
//!
//! An availability is the share of time, or the probability, that something works: a number from 0 to 1. Failures are
//! independent unless a function says otherwise. What takes two availabilities near 1 apart is their *un*availability;
//! the functions named after it keep its digits, however many nines there are.

use super::{amounts, binomial, shares};

/// The most different numbers of living nodes that [`zone_aware`] tells apart.
const MAX_STATES: usize = 1 << 16;

/// More nines than a float can hold below 1: the spacing there is `2⁻⁵³`, 15.95 nines.
const MAX_NINES: f64 = 16.0;

/// Probability that at least `k` of `n` independent parts work, each with availability `a`: `Σ_{i>=k} C(n,i) aⁱ(1−a)ⁿ⁻ⁱ`.
///
/// Any `k` and `n`; `a` is clamped to 0 to 1, and one that is not a number counts as 0. Exact to rounding; above a
/// variance `n·a·(1−a)` of 1e8 within 1e-8. Example: 2 of 3 at 99 % work 99.970 % of the time.
pub fn k_of_n(k: u64, n: u64, a: f64) -> f64 {
    if k > n {
        return 0.0;
    }
    let works = clamped(a);
    // At least k work when fewer than n − k + 1 fail.
    if k == 0 { 1.0 } else { binomial::below(n - k + 1, n, 1.0 - works, works) }
}

/// Probability that fewer than `k` of `n` independent parts work, each with availability `a`: `1 − k_of_n`, summed by
/// itself so that it keeps its digits. Example: 2 of 3 at 99 % fail 2.98e-4 of the time.
pub fn k_of_n_unavailability(k: u64, n: u64, a: f64) -> f64 {
    let works = clamped(a);
    binomial::below(k, n, works, 1.0 - works)
}

/// As [`k_of_n_unavailability`], from the unavailability `q` of one part, which may be smaller than 1 − `a` can express.
/// Example: 2 of 3 parts that fail 1e-12 of the time each fail 3e-24 of the time.
pub fn k_of_n_from_unavailability(k: u64, n: u64, q: f64) -> f64 {
    // A number that is none must not look reliable.
    let fails = if q.is_nan() { 1.0 } else { q.clamp(0.0, 1.0) };
    binomial::below(k, n, 1.0 - fails, fails)
}

/// Probability that at least `k` parts work, each with an availability of its own, by counting part by part.
///
/// `None` if one is not in 0 to 1. Takes `n·k` steps. Example: of parts at 90, 80 and 70 % two work 90.2 % of the time.
pub fn k_of_each(k: usize, availabilities: &[f64]) -> Option<f64> {
    if !shares(availabilities) {
        return None;
    }
    if k > availabilities.len() {
        return Some(0.0);
    }
    // Probabilities of 0, 1, … k − 1 parts working; whatever leaves the list at its end is enough.
    let mut counts = vec![0.0; k];
    counts.iter_mut().take(1).for_each(|none| *none = 1.0);
    let mut enough = if k == 0 { 1.0 } else { 0.0 };
    for a in availabilities {
        let mut carried = 0.0;
        for count in &mut counts {
            (*count, carried) = (*count * (1.0 - a) + carried, *count * a);
        }
        enough += carried;
    }
    Some(enough.min(1.0))
}

fn clamped(a: f64) -> f64 {
    if a.is_nan() { 0.0 } else { a.clamp(0.0, 1.0) }
}

/// Availability of parts that are all needed: `ΠA`; 1 for no parts.
///
/// `None` if one is not in 0 to 1. Example: three hard dependencies at 99.99 % leave 99.97 %.
pub fn series(availabilities: &[f64]) -> Option<f64> {
    shares(availabilities).then(|| availabilities.iter().product())
}

/// Availability of parts of which one is enough: `1 − Π(1−A)`; 0 for no parts.
///
/// `None` if one is not in 0 to 1. Example: two at 99 % make 99.99 %.
pub fn parallel(availabilities: &[f64]) -> Option<f64> {
    shares(availabilities).then(|| 1.0 - availabilities.iter().map(|a| 1.0 - a).product::<f64>())
}

/// Steady-state availability from mean time between failures and mean time to repair, in the same unit:
/// `MTBF / (MTBF + MTTR)`.
///
/// `None` unless the first is positive and the second not negative. Example: 10,000 h and 20 h make 99.80 %.
pub fn from_mtbf(mtbf: f64, mttr: f64) -> Option<f64> {
    (mtbf > 0.0 && amounts(&[mtbf, mttr])).then(|| 1.0 / (1.0 + mttr / mtbf))
}

/// Unavailability of parts of which one serves and another takes over when it fails, from the share `q` of time in which
/// none works, the serving part's failures per unit of time and the time from a failure to the takeover:
/// `1 − (1 − q) / (1 + rate·time)`.
///
/// While any part works, the service alternates between serving, for `1/rate` on average, and taking over, for `time`.
/// Exact for `q = 0`; that a part also fails during a takeover is left out: for two parts with exponential times the result
/// is within `1.5·q₁` of the exact one, relatively, `q₁` being the unavailability of one part, while `rate·time` is below 1 %.
/// `None` unless `q` is in 0 to 1 and the others are not negative.
/// Example: one failure in 30 days and 60 s to take over cost 2.3e-5, 12.2 min a year.
pub fn with_failover(q: f64, rate: f64, time: f64) -> Option<f64> {
    let lost = rate * time;
    // 1 − (1 − q)/(1 + x), without a subtraction of numbers near 1.
    (shares(&[q]) && amounts(&[rate, time, lost])).then(|| (q + lost) / (1.0 + lost))
}

/// Downtime in a period, in the period's unit: `(1−A)·period`.
///
/// `None` for an availability outside 0 to 1 or a negative period. Example: 99.9 % of 30 days is down for 43.2 min.
pub fn downtime(availability: f64, period: f64) -> Option<f64> {
    (shares(&[availability]) && amounts(&[period])).then_some((1.0 - availability) * period)
}

/// Number of nines: `−log₁₀(1−A)`. At most 16, since a float below 1 cannot hold more; 0 for what is not above 0.
///
/// Use [`nines_of_unavailability`] where there are more than ten. Example: 99.95 % has 3.3 nines.
pub fn nines(a: f64) -> f64 {
    let fails = 1.0 - clamped(a);
    if fails > 0.0 { (-fails.log10()).max(0.0) } else { MAX_NINES }
}

/// Number of nines from an unavailability: `−log₁₀ q`. `None` unless `0 < q <= 1`. Example: 7.354e-12 is 11.1 nines.
pub fn nines_of_unavailability(q: f64) -> Option<f64> {
    (q > 0.0 && q <= 1.0).then(|| -q.log10() + 0.0)
}

/// Availability with `n` nines: `1 − 10⁻ⁿ`. `None` for a negative number. Example: 3 nines are 0.999.
pub fn from_nines(n: f64) -> Option<f64> {
    (n >= 0.0).then(|| 1.0 - 10f64.powf(-n))
}

/// Availability of `k` of `n` parts when a share `beta` of each part's failures takes all of them down together.
///
/// The beta-factor model (IEC 61508-6): with `q = 1−a`, `(1 − βq) · k_of_n(k, n, 1 − (1−β)q)`. Mind the order, `n`
/// before `k`. `None` for an `a` or `beta` outside 0 to 1. Replicas in one region or from one deployment usually share
/// 1 to 10 %. Example: 1 of 2 at 99.9 % have 6 nines apart, but 4.3 with β = 5 %.
pub fn with_common_cause(n: u64, k: u64, a: f64, beta: f64) -> Option<f64> {
    if !shares(&[a, beta]) {
        return None;
    }
    let fails = 1.0 - a;
    Some((1.0 - beta * fails) * (1.0 - k_of_n_from_unavailability(k, n, (1.0 - beta) * fails)))
}

/// Probability that at least `k` nodes work, where the nodes stand in zones that fail as a whole.
///
/// `zones` holds the number of nodes of each zone, `node` the availability of a node in a zone that works, `zone` that
/// of a zone. Exact, by conditioning on which zones work; zones of equal size need no states of their own. `None` for
/// availabilities outside 0 to 1 or more than 65,536 different numbers of living nodes.
/// Example: 2 of 3 nodes, one in each of 3 zones at 99.9 %, nodes at 99 %, work 99.964 % of the time.
pub fn zone_aware(zones: &[u64], k: u64, node: f64, zone: f64) -> Option<f64> {
    let states = living(zones, node, zone)?;
    Some(states.iter().map(|&(nodes, chance)| chance * k_of_n(k, nodes, node)).sum::<f64>().clamp(0.0, 1.0))
}

/// `1 − zone_aware`, summed by itself so that it keeps its digits. Example: 3.6e-4 in the example of [`zone_aware`].
pub fn zone_aware_unavailability(zones: &[u64], k: u64, node: f64, zone: f64) -> Option<f64> {
    let states = living(zones, node, zone)?;
    let fails = |(nodes, chance): &(u64, f64)| chance * k_of_n_unavailability(k, *nodes, node);
    Some(states.iter().map(fails).sum::<f64>().clamp(0.0, 1.0))
}

/// The numbers of nodes in working zones with their probabilities, in ascending order.
fn living(zones: &[u64], node: f64, zone: f64) -> Option<Vec<(u64, f64)>> {
    if !shares(&[node, zone]) {
        return None;
    }
    let mut states = vec![(0_u64, 1.0)];
    for &size in zones {
        let down = states.iter().map(|&(nodes, chance)| (nodes, chance * (1.0 - zone)));
        let up = states.iter().map(|&(nodes, chance)| (nodes.saturating_add(size), chance * zone));
        let mut next: Vec<(u64, f64)> = down.chain(up).collect();
        next.sort_by_key(|&(nodes, _)| nodes);
        next.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            kept.1 += if same { later.1 } else { 0.0 };
            same
        });
        if next.len() > MAX_STATES {
            return None;
        }
        states = next;
    }
    Some(states)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: f64, expected: f64, relative: f64) {
        assert!((value / expected - 1.0).abs() <= relative, "{value} is not {expected}");
    }

    #[test]
    fn golden_series_and_parallel() {
        // aws-hard-deps: the product is 0.99970003, down for 2 h 37 m 46 s in 365.25 days.
        let three = series(&[0.9999; 3]).unwrap();
        close(three, 0.9997, 1e-6);
        let year = 365.25 * 86_400.0;
        close(downtime(three, year).unwrap(), 9466.0, 1e-4);
        close(downtime(0.9997, year).unwrap(), 9467.0, 1e-4);
        close(downtime(0.9999, year).unwrap(), 3157.0, 1e-3);
        // aws-redundancy, series-mixed
        close(parallel(&[0.99, 0.99]).unwrap(), 0.9999, 1e-12);
        close(k_of_n(1, 2, 0.99), 0.9999, 1e-12);
        close(series(&[0.999, 0.999, 0.9995]).unwrap(), 0.9975, 1e-5);
        close(series(&[0.9995, 0.999]).unwrap(), 0.9985, 1e-5);
        assert_eq!((series(&[]), parallel(&[])), (Some(1.0), Some(0.0)));
        for wrong in [-0.1, 1.1, f64::NAN] {
            assert_eq!((series(&[0.9, wrong]), parallel(&[wrong])), (None, None));
        }
    }

    #[test]
    fn golden_extra_nine_budget() {
        let minutes = 525_600.0;
        close(downtime(0.9999, minutes).unwrap(), 53.0, 0.02);
        let dependencies = series(&[0.99999; 5]).unwrap();
        close(downtime(dependencies, minutes).unwrap(), 26.0, 0.02);
        assert!(downtime(0.9999, minutes).unwrap() - downtime(dependencies, minutes).unwrap() < 60.0);
    }

    #[test]
    fn golden_scram_core_and_importance() {
        let fails = |availability: Option<f64>| 1.0 - availability.unwrap();
        close(fails(series(&[0.9, 0.8, 0.7])), 0.496, 1e-12);
        // A&B | B&C = B & (A|C)
        close(fails(parallel(&[0.8, series(&[0.9, 0.7]).unwrap()])), 0.074, 1e-12);
        close(k_of_each(2, &[0.1, 0.2, 0.3]).unwrap(), 0.098, 1e-12);
        // scram-importance: (v1|p1) & (v2|p2), and the Birnbaum importance of p1 and v2.
        let top = |p1: f64, v2: f64| {
            let first = series(&[1.0 - 0.4, 1.0 - p1]).unwrap();
            fails(parallel(&[first, series(&[1.0 - v2, 1.0 - 0.7]).unwrap()]))
        };
        close(top(0.6, 0.5), 0.646, 1e-12);
        close(top(1.0, 0.5) - top(0.0, 0.5), 0.51, 1e-12);
        close(top(0.6, 1.0) - top(0.6, 0.0), 0.228, 1e-12);
    }

    #[test]
    fn golden_bridge_network() {
        let p = 0.9;
        let pair = parallel(&[p, p]).unwrap();
        let (with, without) = (series(&[pair, pair]).unwrap(), parallel(&[p * p, p * p]).unwrap());
        close(p * with + (1.0 - p) * without, 0.97848, 1e-12);
    }

    /// The share of time without service of `n` nodes with exponential times, one of which serves, by the balance equations of
    /// the Markov chain of (nodes that work, whether one of them serves), solved by elimination.
    fn failover_chain(n: usize, rate: f64, repair: f64, takeover: f64) -> f64 {
        // States: all failed; k work and nobody serves; k work and one serves.
        let (waiting, serving) = (|k: usize| k, |k: usize| n + k);
        let size = 2 * n + 1;
        let mut flow = vec![vec![0.0; size]; size];
        for k in 0..=n {
            let up = (n - k) as f64 * repair;
            if k < n {
                flow[waiting(k)][waiting(k + 1)] += up;
            }
            if k > 0 {
                flow[waiting(k)][waiting(k - 1)] += k as f64 * rate;
                flow[waiting(k)][serving(k)] += 1.0 / takeover;
                flow[serving(k)][waiting(k - 1)] += rate;
                if k > 1 {
                    flow[serving(k)][serving(k - 1)] += (k - 1) as f64 * rate;
                }
                if k < n {
                    flow[serving(k)][serving(k + 1)] += up;
                }
            }
        }
        // Grassmann, Taksar and Heyman: no subtraction, so that small probabilities keep their digits.
        for last in (1..size).rev() {
            let out: f64 = flow[last][..last].iter().sum();
            for i in 0..last {
                flow[i][last] /= out;
                for j in 0..last {
                    if i != j {
                        flow[i][j] += flow[i][last] * flow[last][j];
                    }
                }
            }
        }
        let mut share = vec![1.0; size];
        for at in 1..size {
            share[at] = (0..at).map(|i| share[i] * flow[i][at]).sum();
        }
        let total: f64 = share.iter().sum();
        (0..=n).map(|k| share[waiting(k)]).sum::<f64>() / total
    }

    #[test]
    fn failovers_match_the_markov_chain() {
        for n in [2_usize, 3, 5] {
            for (mtbf, mttr) in [(1000.0, 0.5), (1000.0, 20.0), (100.0, 10.0)] {
                for takeover in [1.0 / 3600.0, 1.0 / 60.0, 0.5] {
                    let q = mttr / (mtbf + mttr);
                    let exact = failover_chain(n, 1.0 / mtbf, 1.0 / mttr, takeover);
                    let ours = with_failover(k_of_n_from_unavailability(1, n as u64, q), 1.0 / mtbf, takeover).unwrap();
                    let error = (ours / exact - 1.0).abs();
                    assert!(error <= 1.5 * q, "{n} {mtbf} {mttr} {takeover}: {ours} {exact} {error} {q}");
                }
            }
        }
        // Without time to take over it is the parallel system; RDS switches in 60 to 120 s.
        assert_eq!(with_failover(1e-4, 1.0, 0.0), Some(1e-4));
        close(with_failover(0.0, 1.0 / (30.0 * 86_400.0), 60.0).unwrap(), 2.3e-5, 0.01);
        assert_eq!((with_failover(1.5, 0.0, 0.0), with_failover(0.1, -1.0, 1.0)), (None, None));
    }

    #[test]
    fn common_causes_match_the_formula_sheet() {
        for (beta, expected) in [(0.0, 6.0), (0.01, 4.96), (0.05, 4.29), (0.1, 4.0)] {
            assert!((nines(with_common_cause(2, 1, 0.999, beta).unwrap()) - expected).abs() < 0.006);
        }
        // scram-beta-factor-3: three trains of a valve and a pump, each with its own common cause.
        let train = series(&[0.92, 0.92]).unwrap();
        let top = 1.0 - series(&[0.98, 0.98, parallel(&[train; 3]).unwrap()]).unwrap();
        close(top, 0.04308, 2e-4);
        close((1.0 - series(&[0.9, 0.9]).unwrap()).powi(3), 0.006_859, 1e-9);
        let pumps = with_common_cause(3, 1, 0.9, 0.2).unwrap();
        close(pumps, 0.98 * (1.0 - 0.08_f64.powi(3)), 1e-12);
        assert_eq!(with_common_cause(2, 1, 0.9, 1.5), None);
        assert_eq!(with_common_cause(2, 1, f64::NAN, 0.1), None);
        close(with_common_cause(2, 1, 0.9, 1.0).unwrap(), 0.9, 1e-12);
    }

    #[test]
    fn many_nines_keep_their_digits() {
        close(k_of_n_unavailability(1, 4, 0.9999), 1e-16, 1e-11);
        close(k_of_n_from_unavailability(2, 3, 1e-12), 3e-24, 1e-9);
        close(k_of_n_unavailability(2, 3, 0.99), 2.98e-4, 1e-12);
        close(nines_of_unavailability(7.354e-12).unwrap(), 11.1335, 1e-5);
        // Even counts add nothing: a majority of 4 tolerates one failure, as one of 3 does.
        assert!(k_of_n(3, 4, 0.99) < k_of_n(2, 3, 0.99));
    }

    #[test]
    fn zones_match_enumeration() {
        let (zones, node, zone) = ([2_u64, 3, 1, 2], 0.9, 0.97_f64);
        for k in 0..=9 {
            let brute: f64 = (0..1_u32 << 4)
                .map(|up| {
                    let nodes = (0..4).filter(|i| up >> i & 1 == 1).map(|i| zones[i]).sum();
                    let alive = up.count_ones() as i32;
                    zone.powi(alive) * (1.0 - zone).powi(4 - alive) * k_of_n(k, nodes, node)
                })
                .sum();
            let (up, down) = (zone_aware(&zones, k, node, zone), zone_aware_unavailability(&zones, k, node, zone));
            assert!((up.unwrap() - brute).abs() < 1e-13 && (down.unwrap() - (1.0 - brute)).abs() < 1e-13);
        }
        close(zone_aware(&[1, 1, 1], 2, 0.99, 0.999).unwrap(), 0.999_640_3, 1e-7);
        // In one zone nothing is better than the zone.
        close(zone_aware(&[5], 3, 1.0, 0.99).unwrap(), 0.99, 1e-12);
        close(zone_aware(&[3, 3, 3], 5, 0.9, 1.0).unwrap(), k_of_n(5, 9, 0.9), 1e-12);
        assert_eq!((zone_aware(&[], 0, 0.9, 0.9), zone_aware(&[], 1, 0.9, 0.9)), (Some(1.0), Some(0.0)));
        assert_eq!(zone_aware(&[1], 1, 0.9, f64::NAN), None);
        let doubling: Vec<u64> = (0..20).map(|i| 1 << i).collect();
        assert_eq!(zone_aware(&doubling, 1, 0.9, 0.9), None);
        assert!(zone_aware(&[3; 500], 700, 0.9, 0.9).is_some());
    }

    #[test]
    fn downtimes_match_published_tables() {
        // mtbf-mttr, and primer-availability-999 and -9999 with a year of 365.2425 days.
        close(from_mtbf(10_000.0, 20.0).unwrap(), 0.998, 1e-4);
        let year = 365.2425 * 86_400.0;
        for (a, seconds, period) in
            [(0.999, 31_557.0, year), (0.999, 2629.7, year / 12.0), (0.9999, 3155.7, year), (0.9999, 60.48, 604_800.0)]
        {
            close(downtime(a, period).unwrap(), seconds, 1e-4);
        }
        close(downtime(0.999, 43_200.0).unwrap(), 43.2, 1e-12);
        assert_eq!((downtime(1.1, 1.0), downtime(0.9, -1.0), downtime(f64::NAN, 1.0)), (None, None, None));
        assert_eq!((from_mtbf(0.0, 1.0), from_mtbf(1.0, -1.0), from_mtbf(f64::NAN, 1.0)), (None, None, None));
        assert_eq!(from_mtbf(1e308, 1e308), Some(0.5));
    }

    #[test]
    fn nines_and_back() {
        for n in [0.0, 1.0, 3.0, 3.3, 9.0] {
            assert!((nines(from_nines(n).unwrap()) - n).abs() < 1e-6);
        }
        assert_eq!((nines(1.0), nines(0.0), nines(-3.0), nines(f64::NAN)), (16.0, 0.0, 0.0, 0.0));
        assert_eq!((from_nines(-1.0), from_nines(f64::NAN), from_nines(400.0)), (None, None, Some(1.0)));
        assert_eq!((nines_of_unavailability(0.0), nines_of_unavailability(1.0)), (None, Some(0.0)));
    }

    #[test]
    fn edges() {
        assert_eq!((k_of_n(0, 3, 0.5), k_of_n(4, 3, 0.5), k_of_n(0, 0, 0.5), k_of_n(1, 0, 0.5)), (1.0, 0.0, 1.0, 0.0));
        assert_eq!((k_of_n(2, 3, 1.0), k_of_n(2, 3, 0.0), k_of_n(2, 3, f64::NAN)), (1.0, 0.0, 0.0));
        assert_eq!((k_of_n_unavailability(2, 3, f64::NAN), k_of_n_from_unavailability(2, 3, f64::NAN)), (1.0, 1.0));
        assert_eq!(k_of_n(5, 10_000, 0.999), 1.0);
        assert!((k_of_n(u64::MAX / 2, u64::MAX, 0.5) - 0.5).abs() < 1e-6);
        assert_eq!((k_of_each(0, &[]), k_of_each(1, &[]), k_of_each(1, &[1.5])), (Some(1.0), Some(0.0), None));
        close(k_of_each(2, &[0.99; 3]).unwrap(), k_of_n(2, 3, 0.99), 1e-14);
    }
}
