//! Deterministic samples: the same seed and the same assumption give the same numbers, whatever else changes.

use crate::expr::distribution::standard_normal;
use crate::expr::ir::StreamId;

/// Identifies a source of uncertainty by its label (FNV-1a), so that adding another doesn't change its samples.
pub fn stream_id(label: &str) -> StreamId {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in label.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    StreamId(hash)
}

/// For each of `count` samples which of `count` equal strata of (0, 1) it stands in, in an order that the seed and stream
/// decide.
///
/// Stratified (Latin hypercube) samples give quantiles of one assumption nearly exactly with few samples.
pub fn stratified(seed: u64, stream: StreamId, count: u32) -> Vec<u32> {
    let mut strata: Vec<u32> = (0..count).collect();
    let mut state = seed ^ stream.0.rotate_left(17);
    for last in (1..strata.len()).rev() {
        let bound = last as u64 + 1;
        let pick = usize::try_from(next(&mut state) % bound).unwrap_or(0);
        strata.swap(last, pick);
    }
    strata
}

/// The middle of each of `count` equal strata of (0, 1), as a quantile of the standard normal distribution.
pub fn normal_strata(count: u32) -> Vec<f64> {
    // One half mirrors the other.
    let lower: Vec<f64> =
        (0..count.div_ceil(2)).map(|k| standard_normal((f64::from(k) + 0.5) / f64::from(count))).collect();
    let upper = lower.iter().take(count as usize / 2).rev().map(|z| -z);
    lower.iter().copied().chain(upper).collect()
}

/// SplitMix64 (Steele, Lea and Flood 2014).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_strata_mirror_each_other() {
        for count in [1, 2, 7, 1000] {
            let strata = normal_strata(count);
            assert_eq!(strata.len(), count as usize);
            assert!(strata.is_sorted() && strata.iter().zip(strata.iter().rev()).all(|(a, b)| (a + b).abs() < 1e-12));
        }
        assert!((normal_strata(20)[0] - standard_normal(0.025)).abs() < 1e-12);
    }

    #[test]
    fn samples_are_a_shuffle_of_the_strata() {
        let a = stratified(1, stream_id("dau"), 100);
        assert_eq!(a, stratified(1, stream_id("dau"), 100));
        assert_ne!(a, stratified(2, stream_id("dau"), 100));
        assert_ne!(a, stratified(1, stream_id("rate"), 100));
        let mut sorted = a;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<u32>>());
    }
}
