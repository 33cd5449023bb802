//! Hit ratios of caches from how popular their items are.
//!
//! Requests pick item `i` of `N` with Zipf's probability `p_i = i^−s / H`, independently of each other. What depends on
//! all items is summed exactly over the first ranks and over narrow groups of ranks beyond, which changes no result by
//! more than one part in 10⁵.

use super::{amounts, finite, root, shares};

/// Ranks that are summed one by one.
const SINGLE: u64 = 256;

/// Width of a group of ranks, relative to its first.
const WIDTH: f64 = 0.01;

/// Largest number of items times slots for which random replacement is computed exactly.
const EXACT_STATES: usize = 250_000;

/// Largest number of items for which the exact sums stay far from overflow.
const EXACT_ITEMS: u64 = 400;

/// How requests spread over items: groups of ranks, each with its size and the weight of one member, and the sum.
struct Popularity {
    groups: Vec<(f64, f64)>,
    total: f64,
}

impl Popularity {
    /// Zipf's law over `items` with exponent `s`; `None` unless there is an item and the exponent is from 0 to 10.
    fn zipf(items: f64, s: f64) -> Option<Popularity> {
        if !((1.0..=1e15).contains(&items) && (0.0..=10.0).contains(&s)) {
            return None;
        }
        let items = items.floor();
        let mut groups = Vec::new();
        let mut rank = 1.0;
        while rank <= items {
            let last = if rank <= SINGLE as f64 { rank } else { (rank * (1.0 + WIDTH)).floor().min(items) };
            let count = last - rank + 1.0;
            groups.push((count, if count > 1.0 { mean_weight(rank, last, s) } else { rank.powf(-s) }));
            rank = last + 1.0;
        }
        let total = groups.iter().map(|(count, weight)| count * weight).sum();
        Some(Popularity { groups, total })
    }

    /// `Σ p_i f(p_i)` over all items.
    fn average(&self, f: impl Fn(f64) -> f64) -> f64 {
        self.groups.iter().map(|(count, weight)| count * weight / self.total * f(weight / self.total)).sum()
    }

    /// `Σ f(p_i)` over all items.
    fn sum(&self, f: impl Fn(f64) -> f64) -> f64 {
        self.groups.iter().map(|(count, weight)| count * f(weight / self.total)).sum()
    }
}

/// The mean of `r^−s` over the ranks from `first` to `last`, by the midpoint integral (Euler–Maclaurin's first term).
fn mean_weight(first: f64, last: f64, s: f64) -> f64 {
    let (low, high) = (first - 0.5, last + 0.5);
    let area =
        if (s - 1.0).abs() < 1e-9 { (high / low).ln() } else { (high.powf(1.0 - s) - low.powf(1.0 - s)) / (1.0 - s) };
    area / (last - first + 1.0)
}

/// Share of requests that go to the item of a rank (1 is the most popular): `rank^−s / Σ i^−s`.
///
/// `None` for a rank outside 1 to `items`, or an exponent outside 0 to 10. Example: of 100,000 items with `s = 1` the
/// first gets 8.3 %.
pub fn zipf_share(rank: f64, items: f64, s: f64) -> Option<f64> {
    let popularity = Popularity::zipf(items, s)?;
    (rank >= 1.0 && rank <= items).then(|| rank.floor().powf(-s) / popularity.total)
}

/// Share of requests that go to the `count` most popular items: what an ideal (or LFU) cache of that size answers.
///
/// `None` as for [`zipf_share`]. Example: the first 20 % of 100,000 items get 86.7 % of requests at `s = 1`.
pub fn zipf_top(count: f64, items: f64, s: f64) -> Option<f64> {
    let popularity = Popularity::zipf(items, s)?;
    if !amounts(&[count]) {
        return None;
    }
    let (mut left, mut sum) = (count.min(items), 0.0);
    for (size, weight) in &popularity.groups {
        sum += left.min(*size) * weight;
        left -= size;
        if left <= 0.0 {
            break;
        }
    }
    Some((sum / popularity.total).min(1.0))
}

/// Hit ratio of an LRU cache of `capacity` items after Che: `h = Σ p_i (1 − e^{−p_i T})` with `Σ (1 − e^{−p_i T}) = C`.
///
/// An approximation for independent requests: within 0.002 of simulation from 50 slots of 1,000 items on. `None` as
/// for [`zipf_share`] or for a negative capacity. Source: Che, Tung and Wang 2002. Example: a tenth of 10,000 items at
/// `s = 0.8` hits 43.7 %.
pub fn lru_hit(items: f64, capacity: f64, s: f64) -> Option<f64> {
    characteristic(items, capacity, s, |x| -(-x).exp_m1())
}

/// Hit ratio of a cache that replaces at random or first in, first out.
///
/// Exact (product form, `1 − (C+1)·E_{C+1}/E_C` with `E` the elementary symmetric sums of the `p_i`) up to 400 items,
/// else by `h_i = p_i T/(1 + p_i T)`, within 2 % beyond 100 items. `None` as for [`lru_hit`].
/// Source: Gelenbe 1973. Example: 2 of 5 items at `s = 1.4` hit 59.0 %.
pub fn random_hit(items: f64, capacity: f64, s: f64) -> Option<f64> {
    let popularity = Popularity::zipf(items, s)?;
    if !amounts(&[capacity]) {
        return None;
    }
    let (n, slots) = (items.floor() as u64, capacity.floor() as usize);
    if capacity >= items {
        return Some(1.0);
    }
    if n <= EXACT_ITEMS && n as usize * slots <= EXACT_STATES {
        let mean = popularity.total / items.floor();
        let weights: Vec<f64> =
            popularity.groups.iter().flat_map(|&(count, w)| vec![w / mean; count as usize]).collect();
        let sums = symmetric_sums(&weights, slots + 1);
        let [.., last, next] = sums.as_slice() else { return None };
        return finite((1.0 - (slots as f64 + 1.0) * next / last / items.floor()).max(0.0));
    }
    characteristic(items, capacity, s, |x| x / (1.0 + x))
}

/// Elementary symmetric sums of degree 0 to `most`.
fn symmetric_sums(weights: &[f64], most: usize) -> Vec<f64> {
    let mut sums = vec![0.0; most + 1];
    sums.iter_mut().take(1).for_each(|one| *one = 1.0);
    for weight in weights {
        let mut before = 0.0;
        for sum in &mut sums {
            (before, *sum) = (*sum, *sum + weight * before);
        }
    }
    sums
}

/// The hit ratio `Σ p_i f(p_i T)` with `T` such that `Σ f(p_i T)` is the capacity.
fn characteristic(items: f64, capacity: f64, s: f64, f: impl Fn(f64) -> f64) -> Option<f64> {
    let popularity = Popularity::zipf(items, s)?;
    if !amounts(&[capacity]) {
        return None;
    }
    if capacity >= items.floor() {
        return Some(1.0);
    }
    if capacity <= 0.0 {
        return Some(0.0);
    }
    // The logarithm of T makes the sum nearly straight. Even spread gives the smallest T, the rarest item the largest.
    let filled = |log_time: f64| (capacity / popularity.sum(|p| f(p * log_time.exp()))).ln();
    let low = capacity.ln() - 1.0;
    let mut high = (items * 2.0).ln();
    while filled(high) > 0.0 && high < 600.0 {
        high += 4.0;
    }
    let time = root::bracket(filled, low, high, 1e-10).1.exp();
    Some(popularity.average(|p| f(p * time)).clamp(0.0, 1.0))
}

/// Slots of an LRU cache for a wanted hit ratio, by inverting [`lru_hit`]; `None` as there, or for a ratio outside
/// `[0, 1)`. Example: 1,000 of 10,000 items for 43.7 % at `s = 0.8`.
pub fn lru_size(hit: f64, items: f64, s: f64) -> Option<f64> {
    if !(0.0..1.0).contains(&hit) {
        return None;
    }
    let popularity = Popularity::zipf(items, s)?;
    let missing = |log_time: f64| hit - popularity.average(|p| -(-p * log_time.exp()).exp_m1());
    let (low, mut high) = (-20.0, (items * 2.0).ln());
    while missing(high) > 0.0 && high < 600.0 {
        high += 4.0;
    }
    let time = root::bracket(missing, low, high, 1e-12).1.exp();
    Some(popularity.sum(|p| -(-p * time).exp_m1()))
}

/// Hit ratio of a cache with room for all and a time to live: `Σ p_i λ_i T / (1 + λ_i T)` with `λ_i = λ p_i`.
///
/// An entry lives `ttl` seconds from when it was fetched. Exact for Poisson requests. `None` as for [`zipf_share`] or
/// for negative rates and times. Source: Jung et al. 2003. Example: one item at 10/s that lives 1 s hits 90.9 %.
pub fn ttl_hit(rate: f64, ttl: f64, items: f64, s: f64) -> Option<f64> {
    let popularity = Popularity::zipf(items, s)?;
    let visits = rate * ttl;
    if !amounts(&[rate, ttl, visits]) {
        return None;
    }
    Some(popularity.average(|p| p * visits / (1.0 + p * visits)))
}

/// Requests that miss at once when a hot entry expires: arrival rate of its key × time to compute it again.
///
/// `None` for negative arguments. Example: 500/s on one key that takes 200 ms to rebuild make 100 at once.
pub fn stampede(rate: f64, recompute: f64) -> Option<f64> {
    super::traffic::littles_law(rate, recompute)
}

/// Hit ratio of two caches in sequence that miss independently: `1 − (1−h₁)(1−h₂)`; `None` unless both are ratios.
pub fn shielded(first: f64, second: f64) -> Option<f64> {
    shares(&[first, second]).then_some(1.0 - (1.0 - first) * (1.0 - second))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: Option<f64>, expected: f64, relative: f64) {
        let value = value.unwrap();
        assert!((value / expected - 1.0).abs() <= relative, "{value} is not {expected}");
    }

    #[test]
    fn golden_che_lru_zipf() {
        for (s, items, capacity, che, simulated) in [
            (0.8, 10_000.0, 100.0, 0.156_625, 0.1571),
            (0.8, 10_000.0, 1000.0, 0.436_66, 0.4371),
            (0.8, 10_000.0, 5000.0, 0.791_631, 0.7923),
            (1.0, 10_000.0, 100.0, 0.390_525, 0.3906),
            (1.0, 10_000.0, 1000.0, 0.675_602, 0.6763),
            (1.4, 1000.0, 50.0, 0.819_253, 0.8197),
        ] {
            close(lru_hit(items, capacity, s), che, 1e-5);
            close(lru_hit(items, capacity, s), simulated, 4e-3);
            close(lru_size(che, items, s), capacity, 2e-4);
        }
    }

    #[test]
    fn groups_of_ranks_change_nothing() {
        for (s, items) in [(0.6_f64, 50_000_u32), (1.0, 50_000), (1.3, 20_000)] {
            let exact: f64 = (1..=items).map(|i| f64::from(i).powf(-s)).sum();
            close(Some(Popularity::zipf(f64::from(items), s).unwrap().total), exact, 1e-7);
            let capacity = f64::from(items) / 50.0;
            let weights: Vec<f64> = (1..=items).map(|i| f64::from(i).powf(-s) / exact).collect();
            let (mut low, mut high) = (0.0, 1e9);
            for _ in 0..100 {
                let t = f64::midpoint(low, high);
                let filled: f64 = weights.iter().map(|p| 1.0 - (-p * t).exp()).sum();
                if filled < capacity { low = t } else { high = t }
            }
            let hit: f64 = weights.iter().map(|p| p * (1.0 - (-p * high).exp())).sum();
            close(lru_hit(f64::from(items), capacity, s), hit, 1e-5);
        }
    }

    #[test]
    fn golden_cache_rr_zipf14_exact() {
        close(random_hit(5.0, 2.0, 1.4), 0.590_395_995_582_989_8, 1e-6);
    }

    #[test]
    fn random_replacement_beyond_the_exact_size() {
        // The fixed point against the exact sums at the largest size that both reach.
        for s in [0.8, 1.2] {
            let exact = random_hit(400.0, 40.0, s);
            close(characteristic(400.0, 40.0, s, |x| x / (1.0 + x)), exact.unwrap(), 0.01);
        }
        close(characteristic(100.0, 10.0, 1.0, |x| x / (1.0 + x)), random_hit(100.0, 10.0, 1.0).unwrap(), 0.02);
    }

    #[test]
    fn popularity_matches_the_formula_sheet() {
        for (s, share) in [(0.8, 0.022), (1.0, 0.083), (1.2, 0.196)] {
            close(zipf_share(1.0, 1e5, s), share, 0.02);
        }
        for (s, lru, lfu) in [(0.6, 0.389, 0.522), (0.8, 0.592, 0.698), (1.0, 0.812, 0.867), (1.2, 0.946, 0.963)] {
            close(lru_hit(1e5, 2e4, s), lru, 2e-3);
            close(zipf_top(2e4, 1e5, s), lfu, 2e-3);
        }
    }

    #[test]
    fn expiry() {
        close(ttl_hit(10.0, 1.0, 1.0, 1.0), 10.0 / 11.0, 1e-12);
        close(stampede(500.0, 0.2), 100.0, 1e-12);
        close(shielded(0.9, 0.5), 0.95, 1e-12);
    }

    #[test]
    fn edges() {
        assert_eq!((lru_hit(100.0, 100.0, 1.0), lru_hit(100.0, 0.0, 1.0)), (Some(1.0), Some(0.0)));
        assert_eq!((lru_hit(0.0, 1.0, 1.0), lru_hit(f64::NAN, 1.0, 1.0), lru_hit(9.0, -1.0, 1.0)), (None, None, None));
        assert_eq!((lru_hit(9.0, 1.0, -1.0), zipf_share(10.0, 9.0, 1.0), lru_size(1.0, 9.0, 1.0)), (None, None, None));
        assert_eq!((random_hit(5.0, 5.0, 1.0), random_hit(5.0, 0.0, 1.0)), (Some(1.0), Some(0.0)));
        for items in [1.0, 2.0, 1e9, 1e15] {
            for s in [0.0, 1.0, 5.0] {
                let hit = lru_hit(items, items / 2.0, s).unwrap();
                assert!((0.0..=1.0).contains(&hit), "{items} {s} {hit}");
            }
        }
        close(lru_hit(1e6, 1e5, 0.0), 0.1, 1e-6);
    }
}
