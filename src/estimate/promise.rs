//! The words of consistency: what a read is promised, and why it isn't more.

/// What a read is promised, as `consistency:` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Some day the latest write.
    Eventual,
    /// A value no older than the copies are behind.
    Bounded,
    /// At least one's own writes.
    ReadYourWrites,
    /// Causes before effects.
    Causal,
    /// The latest acknowledged write.
    Strong,
}

impl Class {
    /// All classes by their words.
    pub const WORDS: [&'static str; 5] = ["strong", "causal", "read-your-writes", "bounded", "eventual"];

    /// The class that a word names.
    pub fn from_word(word: &str) -> Option<Class> {
        Some(match word {
            "strong" => Class::Strong,
            "causal" => Class::Causal,
            "read-your-writes" => Class::ReadYourWrites,
            "bounded" => Class::Bounded,
            "eventual" => Class::Eventual,
            _ => return None,
        })
    }

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Class::Eventual => "eventual",
            Class::Bounded => "bounded",
            Class::ReadYourWrites => "read-your-writes",
            Class::Causal => "causal",
            Class::Strong => "strong",
        }
    }

    /// Whether it keeps what another one promises. A bound on age and the sight of one's own writes don't imply each other.
    pub fn keeps(self, wanted: Class) -> bool {
        self == wanted
            || match self {
                Class::Strong => true,
                Class::Causal => matches!(wanted, Class::ReadYourWrites | Class::Eventual),
                Class::ReadYourWrites | Class::Bounded => wanted == Class::Eventual,
                Class::Eventual => false,
            }
    }
}

/// Why a store promises less than the latest write, or keeps the promise only for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// Nothing of the kind.
    None,
    /// A read may ask only copies that lack the write.
    NoOverlap,
    /// Quorums and consistent reads hold within one region.
    LocalOnly,
    /// Reads go to copies that are behind.
    ReplicaReads,
    /// Several primaries take writes without waiting for each other.
    MultiPrimary,
    /// Reads don't ask for the latest value although they could.
    EventualReads,
    /// The product doesn't promise more.
    ByDesign,
    /// A failover forgets writes that were acknowledged.
    FailoverForgets,
    /// Two writes may both be acknowledged without seeing each other.
    WriteConflicts,
}

impl Weakness {
    /// All weaknesses by their words.
    pub const WORDS: [&'static str; 9] = [
        "none",
        "no-overlap",
        "local-only",
        "replica-reads",
        "multi-primary",
        "eventual-reads",
        "by-design",
        "failover-forgets",
        "write-conflicts",
    ];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Weakness::None => "none",
            Weakness::NoOverlap => "no-overlap",
            Weakness::LocalOnly => "local-only",
            Weakness::ReplicaReads => "replica-reads",
            Weakness::MultiPrimary => "multi-primary",
            Weakness::EventualReads => "eventual-reads",
            Weakness::ByDesign => "by-design",
            Weakness::FailoverForgets => "failover-forgets",
            Weakness::WriteConflicts => "write-conflicts",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_keep_what_weaker_ones_promise() {
        for word in Class::WORDS {
            let class = Class::from_word(word).unwrap();
            assert_eq!(class.name(), word);
            assert!(class.keeps(class) && class.keeps(Class::Eventual) && Class::Strong.keeps(class));
        }
        assert!(!Class::Bounded.keeps(Class::ReadYourWrites) && !Class::Causal.keeps(Class::Bounded));
    }
}
