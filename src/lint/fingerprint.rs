//! What stays the same about a finding when lines move, files are renamed and figures change.
//!
//! A fingerprint is made from the system's name, the rule, what the finding is about and which names its message mentions.
//! Neither lines nor paths nor figures nor the wording take part. Findings that agree in all of it are numbered.

use std::collections::BTreeMap;
use std::fmt;

/// An identity of a finding: the 128-bit FNV-1a hash of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(u128);

impl Fingerprint {
    /// The fingerprint of parts in order. Each part goes in with its length, so that their borders count.
    pub fn of<'p>(parts: impl IntoIterator<Item = &'p str>) -> Self {
        let mut hash = OFFSET;
        for part in parts {
            hash = fnv_1a(hash, &(part.len() as u64).to_le_bytes());
            hash = fnv_1a(hash, part.as_bytes());
        }
        Fingerprint(hash)
    }

    /// The fingerprint of the second, third … finding with the same parts; the first keeps its own.
    fn nth(self, n: u32) -> Self {
        if n == 0 { self } else { Fingerprint(fnv_1a(self.0, &n.to_le_bytes())) }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// The start and the factor of the 128-bit FNV-1a hash (draft-eastlake-fnv).
const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

fn fnv_1a(start: u128, bytes: &[u8]) -> u128 {
    bytes.iter().fold(start, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME))
}

/// Makes the fingerprints of one run different from each other by numbering equal ones. Those whose flag is set (accepted
/// in a spec) are numbered after the others, so that what is open keeps its number when an equal finding is accepted.
pub fn numbered(list: &[(Fingerprint, bool)]) -> Vec<Fingerprint> {
    let mut open: BTreeMap<Fingerprint, u32> = BTreeMap::new();
    for (fingerprint, _) in list.iter().filter(|(_, later)| !later) {
        *open.entry(*fingerprint).or_default() += 1;
    }
    let (mut first, mut second) = (BTreeMap::new(), open);
    let number = |(fingerprint, later): &(Fingerprint, bool)| {
        let count: &mut u32 = if *later { &mut second } else { &mut first }.entry(*fingerprint).or_default();
        *count += 1;
        fingerprint.nth(*count - 1)
    };
    list.iter().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a() {
        // Test vectors of draft-eastlake-fnv, appendix C.
        for (text, hash) in [
            ("", 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d),
            ("a", 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964),
            ("foobar", 0x343e_1662_793c_64bf_6f0d_3597_ba44_6f18),
        ] {
            assert_eq!(fnv_1a(OFFSET, text.as_bytes()), hash, "{text}");
        }
    }

    #[test]
    fn borders_between_parts_count() {
        assert_ne!(Fingerprint::of(["ab", "c"]), Fingerprint::of(["a", "bc"]));
        assert_ne!(Fingerprint::of(["a", ""]), Fingerprint::of(["a"]));
    }

    #[test]
    fn equal_findings_are_numbered_and_open_ones_come_first() {
        let (a, b) = (Fingerprint::of(["a"]), Fingerprint::of(["b"]));
        assert_eq!(numbered(&[(a, false), (b, false), (a, false)]), [a, b, a.nth(1)]);
        assert_eq!(numbered(&[(a, true), (b, false), (a, false)]), [a.nth(1), b, a]);
        assert_eq!(numbered(&[(a, false), (a, true), (a, true)]), [a, a.nth(1), a.nth(2)]);
    }
}
