//! Packs: which rules are asked unless a team says otherwise, and which it has to turn on.

use std::sync::{Arc, LazyLock};

use semver::Version;

use crate::source::Span;

/// A pack of rules.
#[derive(Debug)]
pub struct Pack {
    /// Its name.
    pub name: String,
    /// Whether its rules are asked without being turned on.
    pub default: bool,
    /// What its rules are about.
    pub doc: String,
    /// Its version; of packs that ship, that of napkin.
    pub version: Version,
    /// Who keeps it up, if said.
    pub owner: Option<String>,
    /// Where more is said of it, if anywhere.
    pub homepage: Option<String>,
    /// Where its manifest says its name; none for packs that ship.
    pub span: Option<Span>,
}

/// The pack of rules that name none: those of users.
pub(crate) const CUSTOM: &str = "custom";

#[rustfmt::skip]
const SHIPPED: [(&str, bool, &str); 13] = [
    ("availability", true, "What stops requests: single points, retries, timeouts, missing failover."),
    ("capacity", true, "What a system bears: processors, connections, partitions, money that is budgeted."),
    ("latency", true, "What makes users wait."),
    ("data-safety", true, "What loses or doubles acknowledged work."),
    ("consistency", true, "What readers and writers are promised."),
    (CUSTOM, true, "Rules of your own that name no pack."),
    ("security", false, "Who may call what, and what is readable on the way."),
    ("api-design", false, "Interfaces that clients can live with."),
    ("cost", false, "What is paid for and not used."),
    ("operations", false, "What is watched, tried and found when it is needed."),
    ("search", false, "Search indexes and how they follow their source."),
    ("pipelines", false, "Batches, streams and windows."),
    ("interview", false, "What a design has to say before anybody can judge it."),
];

/// All packs that ship, and the one of users' rules that name none.
pub static PACKS: LazyLock<Vec<Arc<Pack>>> = LazyLock::new(|| {
    let pack = |(name, default, doc): &(&str, bool, &str)| Pack {
        name: (*name).to_owned(),
        default: *default,
        doc: (*doc).to_owned(),
        version: running(),
        owner: None,
        homepage: None,
        span: None,
    };
    SHIPPED.iter().map(|shipped| Arc::new(pack(shipped))).collect()
});

/// The version of napkin that is running.
pub(super) fn running() -> Version {
    // The package has a version, or cargo wouldn't have built it.
    Version::parse(env!("CARGO_PKG_VERSION")).unwrap_or(Version::new(0, 0, 0))
}

/// Whether a name is lower-case words with hyphens between them.
pub fn is_kebab(name: &str) -> bool {
    name.split('-').all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()))
}

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
    pub fn have(&self, pack: &Pack) -> bool {
        match self {
            Packs::Default => pack.default,
            Packs::And(more) => pack.default || more.contains(&pack.name),
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
            let pack = PACKS.iter().find(|pack| pack.name == name).unwrap();
            assert_eq!(packs.have(pack), asked, "{packs:?} {name}");
        }
    }
}
