//! Packs: which rules are asked unless a team says otherwise, and which it has to turn on.

/// A pack of rules.
#[derive(Debug)]
pub struct Pack {
    /// Its name.
    pub name: &'static str,
    /// Whether its rules are asked without being turned on.
    pub default: bool,
    /// What its rules are about.
    pub doc: &'static str,
}

const fn pack(name: &'static str, default: bool, doc: &'static str) -> Pack {
    Pack { name, default, doc }
}

/// The pack of rules that name none: those of users.
pub(crate) const CUSTOM: &str = "custom";

/// All packs.
#[rustfmt::skip]
pub const PACKS: [Pack; 13] = [
    pack("availability", true, "What stops requests: single points, retries, timeouts, missing failover."),
    pack("capacity", true, "What a system bears: processors, connections, partitions, money that is budgeted."),
    pack("latency", true, "What makes users wait."),
    pack("data-safety", true, "What loses or doubles acknowledged work."),
    pack("consistency", true, "What readers and writers are promised."),
    pack(CUSTOM, true, "Rules of your own that name no pack."),
    pack("security", false, "Who may call what, and what is readable on the way."),
    pack("api-design", false, "Interfaces that clients can live with."),
    pack("cost", false, "What is paid for and not used."),
    pack("operations", false, "What is watched, tried and found when it is needed."),
    pack("search", false, "Search indexes and how they follow their source."),
    pack("pipelines", false, "Batches, streams and windows."),
    pack("interview", false, "What a design has to say before anybody can judge it."),
];

/// The packs that are asked.
#[derive(Clone, Copy, Debug, Default)]
pub enum Packs<'p> {
    /// Those that are on by default.
    #[default]
    Default,
    /// Those, and these.
    And(&'p [String]),
    /// All.
    All,
}

impl Packs<'_> {
    /// Whether rules of a pack are asked.
    pub fn have(&self, name: &str) -> bool {
        let default = || PACKS.iter().any(|pack| pack.default && pack.name == name);
        match self {
            Packs::Default => default(),
            Packs::And(more) => default() || more.iter().any(|wanted| wanted == name),
            Packs::All => true,
        }
    }
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Advice that depends on what the spec can't say.
    Low,
    /// Nearly always right.
    Medium,
    /// Follows from what the spec says.
    High,
}

impl Confidence {
    /// All, the lowest first.
    pub const ALL: [Confidence; 3] = [Confidence::Low, Confidence::Medium, Confidence::High];

    /// Its name in rules and formats.
    pub fn name(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pack_is_asked_by_default_or_when_it_is_named() {
        let named = ["security".to_owned()];
        for (packs, name, asked) in [
            (Packs::Default, "capacity", true),
            (Packs::Default, CUSTOM, true),
            (Packs::Default, "security", false),
            (Packs::And(&named), "capacity", true),
            (Packs::And(&named), "security", true),
            (Packs::And(&named), "cost", false),
            (Packs::All, "cost", true),
        ] {
            assert_eq!(packs.have(name), asked, "{packs:?} {name}");
        }
    }
}
