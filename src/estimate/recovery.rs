//! What a disaster costs each store: how much it loses (RPO) and how long it is gone (RTO), case by case.
//!
//! A time is the sum of its terms; where one isn't stated the sum of the others is a lower bound and says so. A loss is the age of
//! the newest write that may be gone: 0 where an acknowledged write is certain to be on a copy that is left, the lag of the copies
//! where it isn't, the window of the backups where no copy is left.

use crate::attributes::AttributeValue;
use crate::estimate::Run;
use crate::estimate::consistency::{configured, has_leaders};
use crate::estimate::standby::{taken_over, takes_over};
use crate::formula::consistency::{Quorum, majority};
use crate::formula::recovery::{backup_window, detection, restore_time};
use crate::graph::{Component, Graph, Place, by_region};
use crate::vocabulary::{Kind, attr};

/// How far a continuous archive is behind where nobody says: Amazon RDS uploads transaction logs every five minutes (user guide,
/// "Restoring a DB instance to a specified time"); `archive_timeout` of PostgreSQL is usually a minute.
pub const ARCHIVE_LAG: f64 = 300.0;
/// Failed probes in a row where nobody says: the default of HAProxy (`fall 3`) and of Kubernetes (`failureThreshold: 3`).
pub(super) const PROBES: f64 = 3.0;

/// What is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// One machine with its disk.
    Node,
    /// A zone.
    Zone,
    /// A region.
    Region,
    /// A wrong deletion or broken data, which copies repeat faithfully.
    Corruption,
}

impl Case {
    /// All cases, from the most frequent on.
    pub const ALL: [Case; 4] = [Case::Node, Case::Zone, Case::Region, Case::Corruption];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Case::Node => "node",
            Case::Zone => "zone",
            Case::Region => "region",
            Case::Corruption => "corruption",
        }
    }
}

/// From what data comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// It isn't there that something is gone.
    Untouched,
    /// The copies that are left.
    Copies,
    /// A backup.
    Backup,
    /// Nothing: there is neither copy nor backup.
    Nothing,
}

/// A figure that is exact, or a lower bound because a part of it isn't known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// In seconds; infinite where everything is lost.
    pub value: f64,
    /// Whether nothing is missing from it.
    pub exact: bool,
}

impl Bound {
    fn exact(value: f64) -> Bound {
        Bound { value, exact: true }
    }

    /// The worse of two, and no more certain than both; nothing is known to be worse than something only if both are known.
    pub fn worse(one: Option<Bound>, other: Option<Bound>) -> Option<Bound> {
        match (one, other) {
            (Some(a), Some(b)) => Some(Bound { value: a.value.max(b.value), exact: a.exact && b.exact }),
            (known, None) | (None, known) => known.map(|bound| Bound { exact: false, ..bound }),
        }
    }
}

/// A part of the time until it serves again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term {
    /// `detection`, `reaction`, `failover`, `boot`, `restore` …
    pub what: &'static str,
    /// In seconds; `None` if nobody says.
    pub time: Option<f64>,
}

/// How one component comes through one case.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Recovery {
    /// From what; `None` if that isn't known.
    pub by: Option<By>,
    /// Age of the newest write that may be lost.
    pub loss: Option<Bound>,
    /// Whether copies that go on may lack writes that were acknowledged, however few.
    pub forgets: bool,
    /// Time until it serves again.
    pub time: Option<Bound>,
    /// What that consists of.
    pub terms: Vec<Term>,
    /// What would have to be stated for the rest.
    pub missing: Vec<&'static str>,
}

impl Recovery {
    pub(super) fn new(by: Option<By>) -> Recovery {
        Recovery { by, ..Recovery::default() }
    }

    fn unknown(missing: &'static str) -> Recovery {
        Recovery { missing: vec![missing], ..Recovery::default() }
    }

    pub(super) fn lose(&mut self, loss: Option<f64>, missing: &'static str) {
        self.loss = loss.map(Bound::exact);
        if loss.is_none() {
            self.miss(missing);
        }
    }

    /// What is left lacks the latest writes, as many as it is behind.
    pub(super) fn lag_behind(&mut self, run: &Run<'_>, component: &Component) {
        self.lose(run.component(component, attr!(Component, "replication.lag")), "replication.lag");
        self.forgets = self.loss.is_none_or(|loss| loss.value > 0.0);
    }

    pub(super) fn miss(&mut self, what: &'static str) {
        if !self.missing.contains(&what) {
            self.missing.push(what);
        }
    }

    /// Adds a term; `attribute` is what would state it.
    pub(super) fn then(&mut self, what: &'static str, time: Option<f64>, attribute: &'static str) {
        self.terms.push(Term { what, time });
        if time.is_none() {
            self.miss(attribute);
        }
        let known: Vec<f64> = self.terms.iter().filter_map(|term| term.time).collect();
        self.time =
            (!known.is_empty()).then(|| Bound { value: known.iter().sum(), exact: known.len() == self.terms.len() });
    }

    /// Whether it is worse than another: more lost, then longer gone.
    fn is_worse_than(&self, other: &Recovery) -> bool {
        // What isn't known may be worse than nothing, and is not known to be worse than something.
        let rank = |bound: Option<Bound>| bound.map_or(f64::MIN_POSITIVE, |bound| bound.value);
        let (own, theirs) = ((rank(self.loss), rank(self.time)), (rank(other.loss), rank(other.time)));
        own.0 > theirs.0 || own.0 >= theirs.0 && own.1 > theirs.1
    }

    fn worst(list: impl IntoIterator<Item = Recovery>) -> Option<Recovery> {
        list.into_iter().reduce(|worst, next| {
            let (mut worst, other) = if next.is_worse_than(&worst) { (next, worst) } else { (worst, next) };
            for (bound, known) in [(&mut worst.loss, other.loss.is_some()), (&mut worst.time, other.time.is_some())] {
                if let Some(bound) = bound {
                    bound.exact &= known;
                }
            }
            worst.forgets |= other.forgets;
            other.missing.into_iter().for_each(|what| worst.miss(what));
            worst
        })
    }
}

/// What exactly is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// A node at a place of the component.
    Node,
    /// A zone of the graph.
    Zone(usize),
    /// A region of the graph.
    Region(usize),
    /// What is written.
    Data,
}

/// How a component comes through each case, the worst of its zones and regions taken.
pub(super) fn of_component(run: &Run<'_>, component: &Component, size: Option<f64>) -> [Recovery; 4] {
    Case::ALL.map(|case| {
        let lost: Vec<Lost> = match case {
            Case::Node => vec![Lost::Node],
            Case::Zone => component.zones.iter().map(|&zone| Lost::Zone(zone)).collect(),
            Case::Region => component.regions.iter().map(|&region| Lost::Region(region)).collect(),
            Case::Corruption => vec![Lost::Data],
        };
        let nowhere = || match case {
            _ if survives(component, case) => survivor(run, component, case),
            Case::Zone => Recovery::unknown("zones"),
            _ => Recovery::unknown("region"),
        };
        Recovery::worst(lost.into_iter().map(|lost| lose(run, component, size, lost))).unwrap_or_else(nowhere)
    })
}

/// Whether a managed product comes through a case by itself.
fn survives(component: &Component, case: Case) -> bool {
    match component.word(attr!(Component, "redundancy")) {
        Some("multi-region") => case != Case::Corruption,
        Some("multi-zone") => matches!(case, Case::Node | Case::Zone),
        Some("multi-node") => case == Case::Node,
        _ => false,
    }
}

/// A managed product that goes on: without loss within a region, where it keeps its copies in step; as old as its copies are behind in
/// another one. Only one with a primary stops meanwhile.
fn survivor(run: &Run<'_>, component: &Component, case: Case) -> Recovery {
    let mut recovery = Recovery::new(Some(By::Copies));
    if case == Case::Region && component.kind.is_store() {
        recovery.lag_behind(run, component);
    } else {
        recovery.lose(Some(0.0), "");
    }
    if component.word(attr!(Component, "topology")) == Some("primary-replica") {
        automatic(run, component, &mut recovery);
    } else {
        recovery.then("failover", Some(0.0), "");
    }
    recovery
}

/// How a component comes through one particular loss. `size` is what a restore has to copy back, in bytes.
pub(super) fn lose(run: &Run<'_>, component: &Component, size: Option<f64>, lost: Lost) -> Recovery {
    let untouched = match lost {
        Lost::Zone(zone) => !component.zones.is_empty() && !component.zones.contains(&zone),
        Lost::Region(region) => !component.regions.is_empty() && !component.regions.contains(&region),
        _ => false,
    };
    if untouched {
        return Recovery::new(Some(By::Untouched));
    }
    let case = match lost {
        Lost::Data => return restored(run, component, size, lost),
        Lost::Node => Case::Node,
        Lost::Zone(_) => Case::Zone,
        Lost::Region(_) => Case::Region,
    };
    if survives(component, case) {
        return survivor(run, component, case);
    }
    if takes_over(run.graph, component, lost) {
        return taken_over(run, component);
    }
    if !component.kind.is_store() {
        return started(run, component, lost);
    }
    let everywhere = match lost {
        Lost::Zone(zone) => component.zones.as_slice() == [zone],
        Lost::Region(region) => component.regions.as_slice() == [region],
        _ => false,
    };
    let region_server = has_one_server_per_range(component);
    match component.places(&run.graph.zones).filter(|_| !region_server) {
        Some(places) => {
            let ways = ways(&places, lost);
            let gone = |way: &[u64]| way.iter().sum::<u64>() >= places.iter().map(|place| place.copies).sum();
            let outcomes = ways.iter().map(|way| {
                if gone(way) {
                    restored(run, component, size, lost)
                } else {
                    carried_on(run, component, &places, way, case)
                }
            });
            Recovery::worst(outcomes.collect::<Vec<_>>()).unwrap_or_else(|| Recovery::unknown("replicas"))
        }
        None if everywhere => restored(run, component, size, lost),
        // Nobody says how many copies a managed product keeps in another region, but they are written later.
        None if component.regions.len() > 1 && case == Case::Region => survivor(run, component, case),
        None => Recovery::unknown(if region_server { "redundancy" } else { "replicas" }),
    }
}

/// HBase and its like keep one server per range and leave copies to the file system below, of which nothing is said.
fn has_one_server_per_range(component: &Component) -> bool {
    let factor = attr!(Component, "replication.factor");
    component.word(attr!(Component, "topology")) == Some("leaderless")
        && component.own.get(factor).is_none()
        && component.number(factor).is_some_and(|input| input.value <= 1.0)
}

/// Copies lost at each place, for every way in which a loss may hit.
fn ways(places: &[Place], lost: Lost) -> Vec<Vec<u64>> {
    let hit = |wanted: &dyn Fn(usize, &Place) -> u64| -> Vec<u64> {
        places.iter().enumerate().map(|(at, place)| wanted(at, place)).collect()
    };
    match lost {
        Lost::Node => {
            let taken = places.iter().enumerate().filter(|(_, place)| place.copies > 0);
            taken.map(|(node, _)| hit(&|at, _| u64::from(at == node))).collect()
        }
        Lost::Zone(zone) => vec![hit(&|_, place| if place.zone == Some(zone) { place.copies } else { 0 })],
        Lost::Region(region) => vec![hit(&|_, place| if place.region == Some(region) { place.copies } else { 0 })],
        Lost::Data => Vec::new(),
    }
}

/// What is left goes on.
fn carried_on(run: &Run<'_>, component: &Component, places: &[Place], way: &[u64], case: Case) -> Recovery {
    let get = |id| run.component(component, id);
    let mut recovery = Recovery::new(Some(By::Copies));
    let copies = by_region(places, |place| place.copies);
    let at = |place: &Place| places.iter().position(|other| std::ptr::eq(other, place));
    let gone = by_region(places, |place| at(place).and_then(|at| way.get(at)).copied().unwrap_or(0));
    let Some(configured) = configured(run.graph, component) else { return Recovery::unknown("topology") };
    // Copies that a write waits for may all be near each other.
    let near = match component.word(attr!(Component, "replication.scope")) {
        Some("zone") => matches!(case, Case::Zone | Case::Region),
        Some("region") => case == Case::Region,
        _ => false,
    };
    match configured.acknowledged {
        Some(write) if !near && write.outlives(&gone, &copies) => recovery.lose(Some(0.0), ""),
        Some(_) => recovery.lag_behind(run, component),
        None => recovery.lose(None, "replication.mode"),
    }
    let total: u64 = copies.iter().sum();
    let left = total - gone.iter().sum::<u64>().min(total);
    let topology = component.word(attr!(Component, "topology"));
    let elects = component.kind == Kind::Coordinator
        || topology == Some("consensus")
        || topology == Some("leaderless") && has_leaders(component)
        || component.word(attr!(Component, "replication.mode")) == Some("quorum");
    let failover = component.word(attr!(Component, "replication.failover"));
    match topology {
        Some("multi-primary") => recovery.then("failover", Some(0.0), ""),
        Some("leaderless") if !has_leaders(component) => {
            let served = |quorum: Option<Quorum>| quorum.map(|quorum| quorum.serves_without(&gone, &copies));
            match (served(configured.read), served(configured.write)) {
                (Some(true), Some(true)) => recovery.then("failover", Some(0.0), ""),
                (Some(false), _) | (_, Some(false)) => {
                    recovery.then(
                        "reaction",
                        run.of(&run.graph.requires, attr!(System, "reaction")),
                        "requires.reaction",
                    );
                    recovery.then("replacement", get(attr!(Component, "mttr")), "mttr");
                }
                _ => recovery.miss("quorum"),
            }
        }
        _ if elects && left < majority(total) => manual(run, component, &mut recovery),
        _ if elects || failover == Some("automatic") => automatic(run, component, &mut recovery),
        _ => match failover {
            Some("manual") => manual(run, component, &mut recovery),
            Some(_) => recovery.then("replacement", get(attr!(Component, "mttr")), "mttr"),
            None => recovery.miss("replication.failover"),
        },
    }
    recovery
}

/// Detection, where probes are stated, and the switch. Without probes `failover_time` counts from the failure.
pub(super) fn automatic(run: &Run<'_>, component: &Component, recovery: &mut Recovery) {
    let get = |id| run.component(component, id);
    if let Some(time) = probes(run, component) {
        recovery.then("detection", Some(time), "");
    }
    recovery.then("failover", get(attr!(Component, "replication.failover_time")), "replication.failover_time");
}

/// Time until probes have noticed, where they are stated.
pub(super) fn probes(run: &Run<'_>, component: &Component) -> Option<f64> {
    let interval = run.component(component, attr!(Component, "health_check.interval"))?;
    detection(interval, run.component(component, attr!(Component, "health_check.threshold")).unwrap_or(PROBES))
}

/// Somebody decides and does it.
pub(super) fn manual(run: &Run<'_>, component: &Component, recovery: &mut Recovery) {
    recovery.then("reaction", run.of(&run.graph.requires, attr!(System, "reaction")), "requires.reaction");
    let time = run.component(component, attr!(Component, "replication.failover_time"));
    recovery.then("failover", time, "replication.failover_time");
}

/// No copy is left, or all repeat the mistake: from a backup, if there is one and it isn't gone too.
fn restored(run: &Run<'_>, component: &Component, size: Option<f64>, lost: Lost) -> Recovery {
    let get = |id| run.component(component, id);
    let every = component.attribute(attr!(Component, "backup.every")).map(|attribute| &attribute.value);
    let continuous = component.flag(attr!(Component, "backup.continuous")) == Some(true);
    if matches!(every, Some(AttributeValue::Absent)) {
        let mut recovery = Recovery::new(Some(By::Nothing));
        recovery.lose(Some(f64::INFINITY), "");
        return recovery;
    }
    let is_stated = continuous || every.is_some() || get(attr!(Component, "backup.restore")).is_some();
    if !is_stated {
        return Recovery::unknown("backup");
    }
    match (lost, backed_up_elsewhere(run.graph, component)) {
        (Lost::Region(_), None) => return Recovery::unknown("backup.region"),
        (Lost::Region(_), Some(false)) => {
            let mut recovery = Recovery::new(Some(By::Nothing));
            recovery.lose(Some(f64::INFINITY), "");
            return recovery;
        }
        _ => {}
    }
    let mut recovery = Recovery::new(Some(By::Backup));
    let (interval, duration) = (get(attr!(Component, "backup.every")), get(attr!(Component, "backup.duration")));
    if continuous {
        recovery.lose(Some(get(attr!(Component, "backup.lag")).unwrap_or(ARCHIVE_LAG)), "");
    } else {
        recovery.lose(interval.and_then(|every| backup_window(every, duration.unwrap_or(0.0))), "backup.every");
        if let Some(loss) = recovery.loss.as_mut().filter(|_| duration.is_none()) {
            loss.exact = false;
            recovery.miss("backup.duration");
        }
    }
    recovery.then("reaction", run.of(&run.graph.requires, attr!(System, "reaction")), "requires.reaction");
    if let Some(time) = get(attr!(Component, "backup.restore")) {
        recovery.then("restore", Some(time), "");
    } else if let Some(rate) = get(attr!(Component, "backup.restore_rate")) {
        recovery.then("boot", get(attr!(Component, "boot_time")), "boot_time");
        recovery.then("restore", size.and_then(|bytes| restore_time(bytes, rate)), "data.record and data.added");
    } else {
        recovery.then("restore", None, "backup.restore");
    }
    recovery
}

/// Whether some backup is outside of the regions that a store runs in; `None` if nobody says where backups or store are.
pub fn backed_up_elsewhere(graph: &Graph, component: &Component) -> Option<bool> {
    let AttributeValue::Names(names) = &component.attribute(attr!(Component, "backup.region"))?.value else {
        return None;
    };
    if component.regions.is_empty() {
        return None;
    }
    let own = |name: &str| {
        component.regions.iter().filter_map(|&region| graph.regions.get(region)).any(|region| region.name == name)
    };
    Some(names.iter().any(|name| !own(&name.value)))
}

/// What keeps no data is started again elsewhere if nothing of it is left.
fn started(run: &Run<'_>, component: &Component, lost: Lost) -> Recovery {
    let get = |id| run.component(component, id);
    let nodes = crate::estimate::capacity::per_shard(run, component);
    let left = match lost {
        Lost::Node => nodes.map(|n| n > 1.0),
        Lost::Zone(_) => Some(component.zones.len() > 1),
        Lost::Region(_) => Some(component.regions.len() > 1),
        Lost::Data => Some(true),
    };
    let mut recovery = Recovery::new(Some(By::Copies));
    match left {
        Some(true) => recovery.then("failover", Some(0.0), ""),
        Some(false) => {
            let is_scaled = get(attr!(Component, "autoscale.max")).is_some();
            // Autoscaling replaces nodes by itself, though not in a region where it isn't set up.
            if !is_scaled || matches!(lost, Lost::Region(_)) {
                recovery.then("reaction", run.of(&run.graph.requires, attr!(System, "reaction")), "requires.reaction");
            }
            recovery.then("boot", get(attr!(Component, "boot_time")), "boot_time");
        }
        None => return Recovery::unknown("replicas"),
    }
    recovery
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{Analysis, analyse};
    use crate::catalog::Catalog;
    use crate::source::Sources;

    fn analysis(components: &str, rest: &str) -> Analysis {
        let mut sources = Sources::new();
        let spec = format!(
            "napkin: 1\nregions: {{ eu: {{ zones: [a, b, c] }}, us: {{ zones: [d, e, f] }} }}\ncomponents: {{ {components} }}\n{rest}\n"
        );
        let id = sources.add("spec", spec);
        let analysis = analyse(&sources, id, &Catalog::new(), &[], None);
        let mistakes: Vec<&str> = analysis.diagnostics.iter().map(|d| d.message.as_str()).collect();
        assert!(mistakes.is_empty(), "{components}: {mistakes:?}");
        analysis
    }

    /// `1 s`, `≥ 1 s`, `all`, `?` in seconds.
    fn shown(bound: Option<Bound>) -> String {
        match bound {
            None => "?".to_owned(),
            Some(bound) if bound.value.is_infinite() => "all".to_owned(),
            Some(bound) => format!("{}{}", if bound.exact { "" } else { "≥" }, bound.value),
        }
    }

    /// For node, zone, region and corruption what is lost and how long it takes.
    fn outcomes(store: &str) -> Vec<(String, String)> {
        let analysis = analysis(&format!("s: {{ {store} }}"), "requires: { reaction: 10 min }");
        let outcomes = analysis.estimate.components[0].recovery.as_ref().unwrap();
        outcomes.iter().map(|outcome| (shown(outcome.loss), shown(outcome.time))).collect()
    }

    #[test]
    fn stores_lose_what_their_configuration_lets_them_lose() {
        let pg = "uses: postgresql, zones: [a, b, c]";
        let cases = [
            // Behind by a second; the archive of the region is lost with it only if it is there.
            (format!("{pg}, replication: {{ replicas: 2, lag: 1 s, failover: automatic, failover_time: 30 s }}, backup: {{ every: 1 day, continuous: true, restore: 1 h, region: us }}"),
             [("1", "30"), ("1", "30"), ("300", "4200"), ("300", "4200")]),
            (format!("{pg}, replication: {{ mode: sync, replicas: 2, failover: automatic, failover_time: 30 s }}, health_check: {{ interval: 10 s, threshold: 2 }}, backup: {{ every: 1 day, duration: 1 h, restore: 1 h, region: eu }}"),
             [("0", "50"), ("0", "50"), ("all", "?"), ("90000", "4200")]),
            // Semi-synchronous: two copies have a write, in two zones of three.
            (format!("{pg}, replication: {{ mode: semi-sync, replicas: 2, failover: manual, failover_time: 60 s }}, backup: 1 day"),
             [("0", "660"), ("0", "660"), ("?", "?"), ("≥86400", "≥600")]),
            // Two of its copies stand in one zone: a write may be only there.
            ("uses: postgresql, zones: [a, b], replication: { mode: semi-sync, replicas: 3, lag: 5 s, failover: automatic, failover_time: 30 s }".to_owned(),
             [("0", "30"), ("5", "30"), ("?", "?"), ("?", "?")]),
            // The copies that are waited for are near.
            ("uses: postgresql, region: [eu, us], replication: { mode: sync, scope: region, lag: 2 s, replicas: 1, failover: manual, failover_time: 60 s }".to_owned(),
             [("0", "660"), ("?", "?"), ("2", "660"), ("?", "?")]),
            ("uses: postgresql, replicas: 1, zones: [a], backup: { every: 1 h, duration: 10 min, restore: 30 min }".to_owned(),
             [("4200", "2400"), ("4200", "2400"), ("?", "?"), ("4200", "2400")]),
            ("uses: postgresql, replicas: 1, zones: [a], backup: none".to_owned(), [("all", "?"); 4]),
            ("uses: cassandra, zones: [a, b, c], quorum: { read: QUORUM, write: QUORUM }".to_owned(),
             [("0", "0"), ("0", "0"), ("?", "?"), ("?", "?")]),
            ("uses: cassandra, zones: [a, b, c], replication: { lag: 1 s }, quorum: { read: ONE, write: ALL }, mttr: 2 h".to_owned(),
             [("0", "7800"), ("0", "7800"), ("?", "?"), ("?", "?")]),
            ("uses: cassandra, region: [eu, us], replication: { factor: 6, lag: 1 s }, quorum: { read: LOCAL_QUORUM, write: LOCAL_QUORUM }".to_owned(),
             [("0", "0"), ("?", "?"), ("1", "0"), ("?", "?")]),
            // Three voters in two regions: with the larger one the majority is gone.
            ("uses: etcd, replicas: 3, zones: [a, b, d], replication: { failover_time: 1 s, lag: 1 s }".to_owned(),
             [("0", "1"), ("0", "1"), ("1", "601"), ("?", "?")]),
            ("uses: dynamodb, region: [eu, us], replication: { lag: 1 s }".to_owned(),
             [("0", "0"), ("0", "0"), ("1", "0"), ("?", "?")]),
            ("uses: hbase, replicas: 5, zones: [a, b, c]".to_owned(), [("?", "?"); 4]),
        ];
        for (store, expected) in cases {
            let found = outcomes(&store);
            let expected: Vec<(String, String)> =
                expected.iter().map(|(loss, time)| ((*loss).to_owned(), (*time).to_owned())).collect();
            assert_eq!(found, expected, "{store}");
        }
    }

    #[test]
    fn a_restore_copies_one_copy_over_the_bandwidth() {
        let found = analysis(
            "db: { is: database, replicas: 3, replication: sync, boot_time: 5 min, backup: { every: 1 day, restore_rate: 100 MB/s } }",
            "data: { orders: { in: db, record: 1 KB, initial: 1bn } }\nrequires: { reaction: 10 min }",
        );
        let restored = &found.estimate.components[0].recovery.as_ref().unwrap()[3];
        // 1 TB at 100 MB/s are 10,000 s.
        assert_eq!(shown(restored.time), (600 + 300 + 10_000).to_string());
        assert_eq!(restored.terms.iter().map(|term| term.what).collect::<Vec<_>>(), ["reaction", "boot", "restore"]);
    }

    #[test]
    fn the_system_waits_for_its_slowest_part_and_for_addresses() {
        let found = analysis(
            "users: client, names: { is: dns, ttl: 60 s, health_check: { interval: 10 s } }, api: { is: service, replicas: 4, region: [eu, us] }, \
             db: { uses: postgresql, region: [eu, us], replication: { mode: async, replicas: 1, lag: 2 s, failover: automatic, failover_time: 45 s } }, \
             log: { is: database, replicas: 1, region: eu, backup: none }",
            "flows: { f: { rate: 1 /s, steps: [users -> names, users -> api -> db.write] } }\n\
             data: { orders: { in: db, record: 1 KB, added: 50 /s }, traces: { in: log, durable: false } }",
        );
        let region = &found.estimate.system.recovery[2];
        // 45 s of failover, three probes 10 s apart, and the time to live.
        assert_eq!((shown(region.loss), shown(region.time)), ("2".to_owned(), (45 + 30 + 60).to_string()));
        let orders = &found.estimate.data[0];
        assert_eq!((orders.lost_records, orders.lost_bytes), (Some(100.0), Some(100_000.0)));
    }

    #[test]
    fn a_second_store_has_the_data_as_old_as_it_says() {
        let text = |lag: &str| {
            let found = analysis(
                &format!(
                    "db: {{ is: database, replicas: 2, region: eu, backup: none }}, far: {{ is: database, replicas: 2, region: us, backup: none{lag} }}"
                ),
                "data: { orders: { in: [db, far] } }",
            );
            shown(found.estimate.data[0].recovery[2])
        };
        // Without `eu` the data is 3 s old; how current it is in `eu` when `us` is gone, nobody says.
        assert_eq!(text(", replication: { mode: async, lag: 3 s }"), "≥3");
        assert_eq!(text(""), "?");
    }
}
