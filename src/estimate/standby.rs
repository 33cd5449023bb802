//! What a standby in another region means for recovery: it takes over when all places of its component are gone.

use crate::estimate::Run;
use crate::estimate::recovery::{By, Lost, Recovery, automatic, manual, probes};
use crate::graph::{Component, Graph};
use crate::vocabulary::{Kind, attr};

/// Whether a loss takes every place of a component and leaves its standby.
pub(super) fn takes_over(graph: &Graph, component: &Component, lost: Lost) -> bool {
    match lost {
        Lost::Zone(zone) => {
            let own = graph.zones.get(zone).map(|zone| zone.region);
            component.zones.as_slice() == [zone] && component.standby.iter().any(|region| Some(*region) != own)
        }
        Lost::Region(region) => {
            component.regions.as_slice() == [region] && component.standby.iter().any(|other| *other != region)
        }
        Lost::Node | Lost::Data => false,
    }
}

/// The way through such a loss. The standby's nodes run, so nothing boots. A store's standby is as far behind as copies are;
/// which of them a write waits for across regions only `scope: global` says.
pub(super) fn taken_over(run: &Run<'_>, component: &Component) -> Recovery {
    let mut recovery = Recovery::new(Some(By::Copies));
    if !component.kind.is_store() {
        if names_are_probed(run) {
            recovery.then("failover", Some(0.0), "");
        } else {
            recovery.then("reaction", run.of(&run.graph.requires, attr!(System, "reaction")), "requires.reaction");
        }
        return recovery;
    }
    let waits = matches!(component.word(attr!(Component, "replication.mode")), Some("sync" | "quorum"))
        && component.word(attr!(Component, "replication.scope")) == Some("global");
    if waits {
        recovery.lose(Some(0.0), "");
    } else {
        recovery.lag_behind(run, component);
    }
    match component.word(attr!(Component, "replication.failover")) {
        Some("automatic") => automatic(run, component, &mut recovery),
        Some(_) => manual(run, component, &mut recovery),
        None => recovery.miss("replication.failover"),
    }
    recovery
}

/// Whether name resolution notices by itself that a region is gone. The time that it takes is the system's, not a component's.
fn names_are_probed(run: &Run<'_>) -> bool {
    run.graph.components.iter().any(|component| component.kind == Kind::Dns && probes(run, component).is_some())
}

#[cfg(test)]
mod tests {
    use crate::analysis::{Analysis, analyse};
    use crate::catalog::Catalog;
    use crate::source::Sources;

    fn analysis(components: &str, requires: &str) -> Analysis {
        let mut sources = Sources::new();
        let spec = format!(
            "napkin: 1\nregions: {{ eu: {{ zones: [a, b] }}, us: {{ zones: [c] }} }}\n\
             components: {{ users: client, names: {{ is: dns, ttl: 60 s{components}\n\
             flows: {{ f: {{ rate: 1 /s, steps: [users -> names, users -> api -> db.write] }} }}\n\
             data: {{ orders: {{ in: db }} }}\nrequires: {{ recovery: warm-standby, {requires} }}\n"
        );
        let id = sources.add("spec", spec);
        let analysis = analyse(&sources, id, &Catalog::new(), &[], None);
        let mistakes: Vec<&str> = analysis.diagnostics.iter().map(|d| d.message.as_str()).collect();
        assert!(mistakes.is_empty(), "{components}: {mistakes:?}");
        analysis
    }

    const DB: &str = "db: { uses: postgresql, region: eu, replication: { mode: async, replicas: 1, lag: 2 s, failover: automatic, failover_time: 45 s }, standby: { replicas: 1, region: us } }";

    #[test]
    fn a_standby_takes_over_without_boot_and_has_what_copies_have() {
        let api =
            "api: { is: service, replicas: 4, region: eu, boot_time: 5 min, standby: { replicas: 4, region: us } }";
        for (probes, expected) in [("", 600.0), (", health_check: 10 s", 0.0)] {
            let found = analysis(&format!("{probes} }}, {api}, {DB} }}"), "reaction: 10 min");
            let region = |index: usize| found.estimate.components[index].recovery.as_ref().unwrap()[2].clone();
            assert_eq!(region(2).time.map(|time| time.value), Some(expected), "{probes}");
            assert_eq!(region(3).loss.map(|loss| loss.value), Some(2.0));
            assert_eq!(region(3).time.map(|time| time.value), Some(45.0));
            assert!(found.estimate.system.lacking.is_empty(), "{:?}", found.estimate.system.lacking);
        }
    }

    #[test]
    fn without_a_standby_everything_is_built_anew() {
        let api = "api: { is: service, replicas: 4, region: eu, boot_time: 5 min }";
        let found = analysis(&format!(" }}, {api}, {DB} }}"), "reaction: 10 min");
        let region = &found.estimate.components[2].recovery.as_ref().unwrap()[2];
        assert_eq!(region.time.map(|time| time.value), Some(900.0));
        assert_eq!(found.estimate.system.lacking.len(), 1);
    }
}
