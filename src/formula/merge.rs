//! Reducing many paths to a few with the same moments.

use super::moments::Moments;

/// Shares of slower requests below this do not make a path more important.
const RAREST: f64 = 1e-5;

/// Merges neighbours by mean until at most `limit` paths are left; the result is ordered by mean.
///
/// Each step joins the pair that is cheapest, which is when the two are alike (in mean and deviation, relative to
/// their size) or rare among the requests that are at least as slow: a percentile p99 must feel what happens to a
/// path of 0.5 %. Moments of the whole stay exact.
pub fn reduced(mut parts: Vec<(f64, Moments)>, limit: usize) -> Vec<(f64, Moments)> {
    parts.retain(|(weight, _)| *weight > 0.0 && weight.is_finite());
    parts.sort_by(|a, b| a.1.mean.total_cmp(&b.1.mean).then(a.1.variance.total_cmp(&b.1.variance)));
    parts.dedup_by(|next, kept| {
        let same = next.1 == kept.1;
        kept.0 += if same { next.0 } else { 0.0 };
        same
    });
    let mut costs = costs(&parts);
    while parts.len() > limit.max(1) {
        let cheapest = costs.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(at, _)| at);
        join(&mut parts, &mut costs, cheapest);
    }
    parts
}

/// The cost of joining each path with the next one.
fn costs(parts: &[(f64, Moments)]) -> Vec<f64> {
    let mut slower = 0.0;
    let mut costs: Vec<f64> = parts.windows(2).rev().map(|pair| pair_cost(pair, &mut slower)).collect();
    costs.reverse();
    costs
}

/// Ward's cost of a pair, per share of requests that are at least as slow; `slower` runs from the slow end.
fn pair_cost(pair: &[(f64, Moments)], slower: &mut f64) -> f64 {
    let [(p, a), (q, b)] = pair else { return f64::INFINITY };
    *slower += q;
    let (apart, wider) = (b.mean - a.mean, b.deviation() - a.deviation());
    let size = a.mean + b.mean + a.deviation() + b.deviation();
    let unlike = (apart * apart + wider * wider) / (size * size).max(f64::MIN_POSITIVE);
    p * q / (p + q) / (*slower + p).max(RAREST) * unlike
}

/// Joins the path at `at` with the next one.
fn join(parts: &mut Vec<(f64, Moments)>, costs: &mut Vec<f64>, at: usize) {
    let Some(pair) = parts.get(at..at + 2) else { return };
    let joined = (pair.iter().map(|(weight, _)| weight).sum(), Moments::mixture(pair));
    parts.splice(at..at + 2, [joined]);
    costs.remove(at);
    // Only the pairs that touch the joined path have changed; the slower share is what lies beyond each pair.
    for first in [at.wrapping_sub(1), at] {
        let beyond = parts.get(first.saturating_add(2)..).unwrap_or(&[]);
        let mut slower = beyond.iter().map(|(weight, _)| weight).sum();
        if let (Some(pair), Some(cost)) = (parts.get(first..first.saturating_add(2)), costs.get_mut(first)) {
            *cost = pair_cost(pair, &mut slower);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_keeps_moments_and_order() {
        let parts: Vec<(f64, Moments)> =
            (1..=300).map(|i| (f64::from(i % 7) / 1000.0, Moments::exponential(f64::from(i * i % 997)))).collect();
        let whole = Moments::mixture(&parts);
        let few = reduced(parts, 24);
        let again = Moments::mixture(&few);
        assert_eq!(few.len(), 24);
        assert!(few.is_sorted_by(|a, b| a.1.mean <= b.1.mean));
        assert!((again.mean / whole.mean - 1.0).abs() < 1e-12);
        assert!((again.variance / whole.variance - 1.0).abs() < 1e-12);
        assert!((again.third / whole.third - 1.0).abs() < 1e-12);
    }

    #[test]
    fn equal_paths_become_one_and_rare_slow_ones_stay() {
        let (quick, slow) = (Moments::constant(1.0), Moments::constant(1000.0));
        assert_eq!(reduced(vec![(0.5, quick), (0.5, quick)], 24), vec![(1.0, quick)]);
        let parts = vec![(0.5, quick), (0.49, Moments::constant(1.01)), (0.01, slow)];
        let kept = reduced(parts, 2);
        assert_eq!(kept.last(), Some(&(0.01, slow)));
        assert!(reduced(Vec::new(), 24).is_empty());
    }
}
