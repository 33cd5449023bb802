//! Deterministic samples: the same seed and the same assumption give the same numbers, whatever else changes.

use crate::expr::ir::StreamId;

/// Identifies a source of uncertainty by its label (FNV-1a), so that adding another doesn't change its samples.
pub fn stream_id(label: &str) -> StreamId {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in label.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    StreamId(hash)
}

/// `count` numbers in (0, 1), one in each of `count` equal strata, in an order that the seed and stream decide.
///
/// Stratified (Latin hypercube) samples give quantiles of one assumption nearly exactly with few samples.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub fn stratified(seed: u64, stream: StreamId, count: usize) -> Vec<f64> {
    let mut values: Vec<f64> = (0..count).map(|k| (k as f64 + 0.5) / count as f64).collect();
    let mut state = seed ^ stream.0.rotate_left(17);
    for last in (1..values.len()).rev() {
        let bound = last as u64 + 1;
        let pick = usize::try_from(next(&mut state) % bound).unwrap_or(0);
        values.swap(last, pick);
    }
    values
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
    fn samples_are_a_shuffle_of_the_strata() {
        let a = stratified(1, stream_id("dau"), 100);
        assert_eq!(a, stratified(1, stream_id("dau"), 100));
        assert_ne!(a, stratified(2, stream_id("dau"), 100));
        assert_ne!(a, stratified(1, stream_id("rate"), 100));
        let mut sorted = a;
        sorted.sort_by(f64::total_cmp);
        assert_eq!(sorted.first(), Some(&0.005));
        assert_eq!(sorted.last(), Some(&0.995));
    }
}
