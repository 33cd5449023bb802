//! What reads are promised by each store as it is configured: quorums, where reads go, what a write waits for.
//!
//! CAP and PACELC say what a configuration gives up. Sources disagree about products because they describe different
//! configurations (Abadi 2012 calls MongoDB PA/EC for writes to the primary alone; with majority writes it is PC/EC), so the
//! class is derived from the configuration wherever that is stated, and taken as stated only where it isn't.

use crate::estimate::{ComponentFigures, Estimate, Run};
use crate::formula::consistency::{
    Quorum, lag_growth, majority, overlap, overlap_within_region, stale_share, visible_after,
};
use crate::formula::storage::stale_read;
use crate::graph::{Component, Graph};
use crate::vocabulary::{Kind, attr};

pub use crate::estimate::promise::{Class, Weakness};

/// Share of reads that may still miss a write when it counts as visible.
pub const STILL_MISSED: f64 = 1e-3;

/// A store as configured. What the spec and the profile leave open is `None`.
#[derive(Clone, Debug, PartialEq)]
pub struct Configured {
    /// Copies by region; empty where their number isn't known.
    pub copies: Vec<u64>,
    /// What a read asks, where reads count copies.
    pub read: Option<Quorum>,
    /// What a write waits for, where writes count copies.
    pub write: Option<Quorum>,
    /// Copies that have a write before it is acknowledged, whoever orders writes.
    pub acknowledged: Option<Quorum>,
    /// What a read is promised.
    pub class: Option<Class>,
    /// `CP` or `AP`; `None` also for a single node, which no partition can divide.
    pub cap: Option<&'static str>,
    /// `PC/EC` and so on.
    pub pacelc: Option<&'static str>,
    /// Why it isn't more.
    pub weakness: Weakness,
    /// Chance that a read just after a write misses it; of a reader in another region where quorums are local.
    pub stale_at_once: Option<f64>,
    /// Whether there is one copy only, so that there is nothing to disagree with.
    pub single: bool,
    /// Whether the class follows from the configuration, rather than being stated.
    pub derived: bool,
}

impl Configured {
    fn new(copies: Vec<u64>) -> Configured {
        Configured {
            copies,
            read: None,
            write: None,
            acknowledged: None,
            class: None,
            cap: None,
            pacelc: None,
            weakness: Weakness::None,
            stale_at_once: None,
            single: false,
            derived: true,
        }
    }

    fn promises(self, class: Class, pacelc: Option<&'static str>, weakness: Weakness) -> Configured {
        Configured { class: Some(class), cap: pacelc.map(cap_of), pacelc, weakness, ..self }
    }

    /// Whether every read meets the latest acknowledged write.
    pub fn read_overlap(&self) -> Option<bool> {
        self.both(self.read, self.write)
    }

    /// Whether any two writes meet.
    pub fn write_overlap(&self) -> Option<bool> {
        self.both(self.write, self.write)
    }

    fn both(&self, one: Option<Quorum>, other: Option<Quorum>) -> Option<bool> {
        let (one, other) = one.zip(other)?;
        (!self.copies.is_empty()).then(|| overlap(one, other, &self.copies))
    }

    /// Copies that may fail before a reader is refused, where reads count copies.
    pub fn tolerated_for_reads(&self) -> Option<u64> {
        self.read.filter(|_| !self.copies.is_empty())?.tolerates(&self.copies)
    }

    /// Copies that may fail before a writer is refused, where writes count copies.
    pub fn tolerated_for_writes(&self) -> Option<u64> {
        self.write.filter(|_| !self.copies.is_empty())?.tolerates(&self.copies)
    }
}

fn cap_of(pacelc: &'static str) -> &'static str {
    if pacelc.starts_with("PA") { "AP" } else { "CP" }
}

/// What a store promises as configured; `None` for what keeps no data.
pub fn configured(graph: &Graph, component: &Component) -> Option<Configured> {
    if !component.kind.is_store() && component.kind != Kind::Registry && component.data.is_empty() {
        return None;
    }
    let start = Configured::new(component.spread(&graph.zones).unwrap_or_default());
    let topology = component.word(attr!(Component, "topology"));
    let several = component.copies().is_none_or(|n| n > 1);
    if !several && topology != Some("managed") && component.number(attr!(Component, "replication.factor")).is_none() {
        let whole = Configured { stale_at_once: Some(0.0), single: true, ..start };
        return Some(whole.promises(Class::Strong, None, Weakness::None));
    }
    let mode = component.word(attr!(Component, "replication.mode"));
    Some(match topology {
        _ if component.kind == Kind::Coordinator => consensus(component, start),
        Some("consensus") => consensus(component, start),
        Some("leaderless") if several && !has_leaders(component) => tunable(component, start),
        Some("multi-primary") => multi_primary(component, start),
        Some("primary-replica" | "single") => primary(component, start),
        Some("leaderless") if several => {
            let acknowledged = component.quorum(attr!(Component, "quorum.write"));
            stated(component, Configured { acknowledged, ..start })
        }
        None if component.profile.is_none() && mode.is_some() => primary(component, start),
        _ => stated(component, start),
    })
}

/// Whether each shard of a store without a single primary has a leader that answers reads (CockroachDB, Kafka): its product
/// replicates by quorum, so that the numbers of copies say what a write waits for and not what a read may miss.
pub(super) fn has_leaders(component: &Component) -> bool {
    let by_product = component.own.get(attr!(Component, "replication.mode")).is_none();
    let own_quorum = component.own.get(attr!(Component, "quorum.read")).is_some();
    by_product && !own_quorum && component.word(attr!(Component, "replication.mode")) == Some("quorum")
}

fn reads_replicas(component: &Component) -> bool {
    matches!(component.word(attr!(Component, "reads_from")), Some("replicas" | "any"))
}

/// Reads of copies that are behind: by no more than their lag, where somebody says how much that is.
fn behind(component: &Component) -> Class {
    if component.number(attr!(Component, "replication.lag")).is_some() { Class::Bounded } else { Class::Eventual }
}

fn consensus(component: &Component, start: Configured) -> Configured {
    let total: u64 = start.copies.iter().sum();
    let write = (total > 0).then(|| Quorum::Anywhere(majority(total)));
    if reads_replicas(component) {
        let missed = stale_read(total, 1, majority(total));
        let read = Some(Quorum::Anywhere(1));
        let weak = Configured { read, write, acknowledged: write, stale_at_once: missed, ..start };
        return weak.promises(behind(component), Some("PC/EL"), Weakness::ReplicaReads);
    }
    Configured { read: write, write, acknowledged: write, stale_at_once: Some(0.0), ..start }.promises(
        Class::Strong,
        Some("PC/EC"),
        Weakness::None,
    )
}

/// Stores in which every request says how many copies it waits for.
fn tunable(component: &Component, start: Configured) -> Configured {
    let (read_id, write_id) = (attr!(Component, "quorum.read"), attr!(Component, "quorum.write"));
    let total: u64 = start.copies.iter().sum();
    let own_mode = component.own.get(attr!(Component, "replication.mode")).is_some();
    let by_mode = (own_mode && component.word(attr!(Component, "replication.mode")) == Some("quorum") && total > 0)
        .then(|| Quorum::Anywhere(majority(total)));
    // `mode: quorum` says what a write waits for unless the spec gives a number as well.
    let write = match by_mode.filter(|_| component.own.get(write_id).is_none()) {
        Some(quorum) => Some(quorum),
        None => component.quorum(write_id),
    };
    let read = component.quorum(read_id).or(by_mode);
    let known = Configured { read, write, acknowledged: write, ..start };
    let (Some(reads), Some(writes), Some(met)) = (read, write, known.read_overlap()) else {
        return stated(component, known);
    };
    // Nothing is promised by requests that are never answered.
    if known.tolerated_for_reads().is_none() || known.tolerated_for_writes().is_none() {
        return known;
    }
    if met {
        let weakness = if known.write_overlap() == Some(true) { Weakness::None } else { Weakness::WriteConflicts };
        return Configured { stale_at_once: Some(0.0), ..known }.promises(Class::Strong, Some("PC/EC"), weakness);
    }
    if known.copies.len() > 1 && overlap_within_region(reads, writes, &known.copies) {
        let weak = Configured { stale_at_once: Some(1.0), ..known };
        return weak.promises(Class::Eventual, Some("PA/EL"), Weakness::LocalOnly);
    }
    let counted = match (reads, writes) {
        (Quorum::Anywhere(r), Quorum::Anywhere(w)) => Some((r, w)),
        // In a single region a local quorum is one of all copies.
        _ if known.copies.len() == 1 => reads.size(&known.copies).zip(writes.size(&known.copies)),
        _ => None,
    };
    let stale_at_once = counted.and_then(|(r, w)| stale_read(total, r, w));
    Configured { stale_at_once, ..known }.promises(Class::Eventual, Some("PA/EL"), Weakness::NoOverlap)
}

fn multi_primary(component: &Component, start: Configured) -> Configured {
    let acknowledged = waits(component, &start.copies).map(Quorum::Anywhere);
    let start = Configured { acknowledged, ..start };
    match component.word(attr!(Component, "replication.mode")) {
        Some("sync" | "quorum") => start.promises(Class::Strong, Some("PC/EC"), Weakness::None),
        Some(_) => start.promises(Class::Eventual, Some("PA/EL"), Weakness::MultiPrimary),
        None => stated(component, start),
    }
}

/// One primary that takes writes, and copies of it.
fn primary(component: &Component, start: Configured) -> Configured {
    let total: u64 = start.copies.iter().sum();
    let waits = waits(component, &start.copies);
    // A write that only the primary has is forgotten when a copy takes its place.
    let forgets =
        waits == Some(1) && total > 1 && component.word(attr!(Component, "replication.failover")) == Some("automatic");
    let partition_known = waits.is_some();
    let known = Configured { acknowledged: waits.map(Quorum::Anywhere), ..start };
    if reads_replicas(component) {
        let lagging = component.number(attr!(Component, "replication.lag")).is_some_and(|lag| lag.value > 0.0);
        if waits.is_some_and(|w| w >= total) && !lagging {
            return Configured { stale_at_once: Some(0.0), ..known }.promises(
                Class::Strong,
                Some("PC/EC"),
                Weakness::None,
            );
        }
        let only_replicas = component.word(attr!(Component, "reads_from")) == Some("replicas");
        let stale_at_once = match waits {
            Some(w) if only_replicas && w > 1 => stale_read(total.saturating_sub(1), 1, w - 1),
            Some(_) if only_replicas => Some(1.0),
            Some(w) => stale_read(total, 1, w),
            None => None,
        };
        let pacelc = partition_known.then_some(if forgets { "PA/EL" } else { "PC/EL" });
        return Configured { stale_at_once, ..known }.promises(behind(component), pacelc, Weakness::ReplicaReads);
    }
    let pacelc = match (partition_known, forgets) {
        (true, true) => Some("PA/EC"),
        (true, false) => Some("PC/EC"),
        _ => word_of(component.word(attr!(Component, "pacelc"))),
    };
    let weakness = if forgets { Weakness::FailoverForgets } else { Weakness::None };
    Configured { stale_at_once: Some(0.0), ..known }.promises(Class::Strong, pacelc, weakness)
}

/// Copies that have a write before it is acknowledged, by its quorum or the mode of replication; `None` where neither is
/// stated, or not how many copies there are.
fn waits(component: &Component, copies: &[u64]) -> Option<u64> {
    let total: u64 = copies.iter().sum();
    let stated = component.own.get(attr!(Component, "quorum.write")).is_some();
    let waits = match component.word(attr!(Component, "replication.mode")) {
        _ if stated => component.quorum(attr!(Component, "quorum.write")).and_then(|quorum| quorum.size(copies)),
        Some("sync") => Some(total),
        Some("quorum") => Some(majority(total)),
        Some("semi-sync") => Some(2),
        Some("async" | "none") => Some(1),
        _ => None,
    };
    waits.filter(|_| total > 0)
}

fn word_of(word: Option<&str>) -> Option<&'static str> {
    ["PA/EL", "PA/EC", "PC/EL", "PC/EC"].into_iter().find(|known| Some(*known) == word)
}

/// What the spec or the profile claims, where the configuration doesn't decide it.
fn stated(component: &Component, start: Configured) -> Configured {
    let class = component.word(attr!(Component, "consistency")).and_then(Class::from_word);
    let asked = component.flag(attr!(Component, "consistent_reads"));
    let (class, claimed) = match asked {
        Some(true) => (Some(Class::Strong), Some("PC/EC")),
        // Reads that a strong store may answer from any copy.
        Some(false) if class == Some(Class::Strong) => (Some(Class::Eventual), Some("PC/EL")),
        _ => (class, None),
    };
    let pacelc = claimed.or_else(|| word_of(component.word(attr!(Component, "pacelc"))));
    let cap = pacelc.map(cap_of).or_else(|| {
        let word = component.word(attr!(Component, "cap"));
        ["CP", "AP"].into_iter().find(|known| Some(*known) == word)
    });
    // Consistent reads are those of a region; copies in others are written later.
    let local = asked == Some(true) && component.regions.len() > 1;
    let (class, weakness) = match class {
        Some(_) if local => (Some(Class::Eventual), Weakness::LocalOnly),
        Some(Class::Eventual) if asked.is_some() || offers_both(component) => (class, Weakness::EventualReads),
        Some(Class::Eventual) => (class, Weakness::ByDesign),
        // A store that chooses availability answers from whichever copy it reaches.
        None if cap == Some("AP") => (Some(Class::Eventual), Weakness::ByDesign),
        _ => (class, Weakness::None),
    };
    let (cap, pacelc) = if local { (Some("AP"), Some("PA/EL")) } else { (cap, pacelc) };
    let stale_at_once = (class == Some(Class::Strong)).then_some(0.0);
    let acknowledged = start.acknowledged.or_else(|| waits(component, &start.copies).map(Quorum::Anywhere));
    Configured { acknowledged, class, cap, pacelc, weakness, stale_at_once, derived: asked.is_some(), ..start }
}

/// Managed stores whose reads are eventual unless asked otherwise.
fn offers_both(component: &Component) -> bool {
    component.word(attr!(Component, "topology")) == Some("managed")
}

/// What the spec itself claims of a store (`CP`, `PC/EC`, `strong`) and its configuration doesn't keep. A profile claims nothing: it
/// describes defaults.
pub fn overclaims<'g>(graph: &'g Graph, component: &'g Component) -> Vec<&'g str> {
    use crate::attributes::AttributeValue;
    let Some(found) = configured(graph, component).filter(|found| found.derived) else { return Vec::new() };
    let own = |id| match component.own.get(id).map(|attribute| &attribute.value) {
        Some(AttributeValue::Word(word)) => Some(*word),
        _ => None,
    };
    let cap = own(attr!(Component, "cap")).filter(|claim| *claim == "CP" && found.cap == Some("AP"));
    let worse = |claim: &&str| {
        found.pacelc.is_some_and(|is| {
            claim.starts_with("PC") && is.starts_with("PA") || claim.ends_with("EC") && is.ends_with("EL")
        })
    };
    let pacelc = own(attr!(Component, "pacelc")).filter(worse);
    let class = own(attr!(Component, "consistency"))
        .filter(|claim| Class::from_word(claim).zip(found.class).is_some_and(|(claim, is)| !is.keeps(claim)));
    [cap, pacelc, class].into_iter().flatten().collect()
}

/// Fills in the figures of consistency.
pub(super) fn consistency(run: &Run<'_>, estimate: &mut Estimate) {
    for (component, figures) in run.graph.components.iter().zip(&mut estimate.components) {
        if let Some(configured) = configured(run.graph, component) {
            one(run, component, &configured, figures);
        }
    }
    for (data, figures) in run.graph.data.iter().zip(&mut estimate.data) {
        figures.oldest_read = oldest_read(run, data);
    }
}

#[expect(clippy::cast_precision_loss, reason = "copies are far below 2^52")]
fn one(run: &Run<'_>, component: &Component, configured: &Configured, figures: &mut ComponentFigures) {
    let get = |id| run.component(component, id);
    let total: u64 = configured.copies.iter().sum();
    figures.copies = (total > 0).then_some(total as f64);
    figures.tolerated_for_reads = configured.tolerated_for_reads().map(|n| n as f64);
    figures.tolerated_for_writes = configured.tolerated_for_writes().map(|n| n as f64);
    figures.stale_at_once = configured.stale_at_once;
    let asked = configured.read.and_then(|read| read.size(&configured.copies)).unwrap_or(1);
    let lag = get(attr!(Component, "replication.lag"));
    let spread = configured.stale_at_once.zip(lag);
    figures.fresh_after = spread.and_then(|(missed, lag)| visible_after(missed, asked, lag, STILL_MISSED));
    let skew = get(attr!(Component, "popularity")).unwrap_or(0.0);
    figures.stale_share = spread
        .zip(get(attr!(Component, "items")))
        .and_then(|((missed, lag), keys)| stale_share(missed, asked, lag, figures.average_writes, keys, skew));
    let shards = get(attr!(Component, "shards")).unwrap_or(1.0);
    figures.lag_growth = get(attr!(Component, "replication.apply_rate"))
        .filter(|_| total > 1)
        .and_then(|applied| lag_growth(figures.peak_writes / shards, applied));
}

/// How old a read of a data set may be: what copies are behind, and what caches keep, where both are stated.
fn oldest_read(run: &Run<'_>, data: &crate::graph::Data) -> Option<f64> {
    let mut oldest = 0.0_f64;
    for &store in &data.stores {
        let component = run.graph.components.get(store)?;
        let configured = configured(run.graph, component)?;
        let behind = match (configured.class?, configured.weakness) {
            (Class::Strong, _) => 0.0,
            (_, Weakness::ReplicaReads) => run.component(component, attr!(Component, "replication.lag"))?,
            _ => return None,
        };
        oldest = oldest.max(behind + cached(run, store));
    }
    (!data.stores.is_empty()).then_some(oldest)
}

/// How long caches before a store keep what was read; 0 where it isn't clear whose data they hold.
fn cached(run: &Run<'_>, store: usize) -> f64 {
    let Some(component) = run.graph.components.get(store).filter(|store| store.data.len() == 1) else { return 0.0 };
    let calls = component.incoming.iter().filter_map(|&step| run.graph.steps.get(step));
    let missed = calls.flat_map(|step| &step.conditions);
    let caches = missed.filter(|(hit, _)| !hit).filter_map(|(_, cache)| run.graph.components.get(*cache));
    let told = |cache: &Component| {
        matches!(cache.word(attr!(Component, "invalidation")), Some("event" | "delete"))
            || matches!(cache.word(attr!(Component, "pattern")), Some("write-through" | "write-back"))
    };
    caches.filter(|cache| !told(cache)).filter_map(|c| run.component(c, attr!(Component, "ttl"))).fold(0.0, f64::max)
}

/// Whether a store keeps what a data set requires; `None` where either isn't known.
pub fn keeps(graph: &Graph, data: usize, store: usize) -> Option<bool> {
    use crate::attributes::AttributeValue;
    let wanted = match &graph.data.get(data)?.own.get(attr!(Data, "consistency"))?.value {
        AttributeValue::Word(word) => Class::from_word(word)?,
        _ => return None,
    };
    Some(configured(graph, graph.components.get(store)?)?.class?.keeps(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::diagnostic::Diagnostics;
    use crate::graph::build;
    use crate::source::Sources;
    use crate::spec::read;

    fn store(text: &str) -> Configured {
        let mut sources = Sources::new();
        let spec = format!(
            "napkin: 1\nregions: {{ eu: {{ zones: [a, b, c] }}, us: {{ zones: [d, e, f] }} }}\ncomponents: {{ s: {{ {text} }} }}\n"
        );
        let id = sources.add("spec", spec);
        let mut diagnostics = Diagnostics::new();
        let spec =
            read(&crate::yaml::parse(&sources, id, &mut diagnostics), id, &[], &Catalog::new(), &mut diagnostics);
        let graph = build(spec, &mut diagnostics);
        let mistakes: Vec<String> = diagnostics.iter().map(|d| d.message.clone()).collect();
        assert!(mistakes.is_empty(), "{text}: {mistakes:?}");
        configured(&graph, &graph.components[0]).unwrap()
    }

    #[test]
    fn products_have_the_class_of_their_configuration() {
        let cases = [
            ("uses: cassandra, region: eu", "eventual", "PA/EL", "no-overlap"),
            ("uses: cassandra, region: eu, quorum: { read: QUORUM, write: QUORUM }", "strong", "PC/EC", "none"),
            ("uses: cassandra, region: eu, quorum: { read: one, write: all }", "strong", "PC/EC", "none"),
            ("uses: cassandra, region: eu, quorum: { read: ALL, write: ONE }", "strong", "PC/EC", "write-conflicts"),
            (
                "uses: cassandra, region: eu, quorum: { read: LOCAL_QUORUM, write: LOCAL_QUORUM }",
                "strong",
                "PC/EC",
                "none",
            ),
            (
                "uses: cassandra, region: [eu, us], replication: { factor: 6 }, quorum: { read: LOCAL_QUORUM, write: LOCAL_QUORUM }",
                "eventual",
                "PA/EL",
                "local-only",
            ),
            (
                "uses: cassandra, region: [eu, us], replication: { factor: 6 }, quorum: { read: LOCAL_QUORUM, write: EACH_QUORUM }",
                "strong",
                "PC/EC",
                "none",
            ),
            ("uses: cassandra, region: eu, replication: quorum", "eventual", "PA/EL", "no-overlap"),
            ("uses: mongodb, replicas: 3", "strong", "PC/EC", "none"),
            ("uses: mongodb, replicas: 3, quorum: { write: 1 }", "strong", "PA/EC", "failover-forgets"),
            (
                "uses: mongodb, replicas: 3, quorum: { write: majority }, reads_from: replicas",
                "eventual",
                "PC/EL",
                "replica-reads",
            ),
            ("uses: mongodb, replicas: 3, quorum: { write: 1 }, reads_from: any", "eventual", "PA/EL", "replica-reads"),
            ("uses: dynamodb, region: eu", "eventual", "PA/EL", "eventual-reads"),
            ("uses: dynamodb, region: eu, consistent_reads: true", "strong", "PC/EC", "none"),
            ("uses: dynamodb, region: [eu, us], consistent_reads: true", "eventual", "PA/EL", "local-only"),
            ("uses: postgresql, replication: { replicas: 2, failover: manual }", "strong", "PC/EC", "none"),
            (
                "uses: postgresql, replication: { replicas: 2, failover: automatic }",
                "strong",
                "PA/EC",
                "failover-forgets",
            ),
            (
                "uses: postgresql, replication: { mode: sync, replicas: 2, failover: automatic }",
                "strong",
                "PC/EC",
                "none",
            ),
            (
                "uses: postgresql, replication: { replicas: 2, lag: 1 s }, reads_from: replicas",
                "bounded",
                "PC/EL",
                "replica-reads",
            ),
            ("uses: etcd, replicas: 3", "strong", "PC/EC", "none"),
            ("uses: zookeeper, replicas: 3, reads_from: any", "eventual", "PC/EL", "replica-reads"),
            ("uses: cockroachdb, replicas: 3", "strong", "PC/EC", "none"),
            ("uses: spanner", "strong", "PC/EC", "none"),
            ("uses: hbase, replicas: 5", "strong", "PC/EC", "none"),
            ("uses: couchdb, replicas: 3", "eventual", "PA/EL", "multi-primary"),
            ("is: database, uses: redis, replicas: 3", "eventual", "PA/EL", "by-design"),
            ("is: database, topology: leaderless, replication: { mode: quorum, factor: 3 }", "strong", "PC/EC", "none"),
        ];
        for (text, class, pacelc, weakness) in cases {
            let found = store(text);
            let shown = (found.class.map(Class::name), found.pacelc, found.weakness.name());
            assert_eq!(shown, (Some(class), Some(pacelc), weakness), "{text}");
        }
    }

    #[test]
    fn one_node_is_not_distributed() {
        let found = store("uses: postgresql, replicas: 1");
        assert!(found.single && found.cap.is_none() && found.class == Some(Class::Strong));
        // Nobody says how many there are, nor what a write waits for.
        let open = store("is: database");
        assert_eq!((open.class, open.cap, open.weakness), (None, None, Weakness::None));
    }

    #[test]
    fn quorums_are_counted_per_region() {
        let found = store(
            "uses: cassandra, region: [eu, us], replication: { factor: 6 }, quorum: { read: QUORUM, write: QUORUM }",
        );
        assert_eq!((found.copies.as_slice(), found.read), (&[3, 3][..], Some(Quorum::Anywhere(4))));
        assert_eq!((found.tolerated_for_reads(), found.tolerated_for_writes()), (Some(2), Some(2)));
        let local = store(
            "uses: cassandra, region: [eu, us], replication: { factor: 6 }, quorum: { read: local_one, write: LOCAL_QUORUM }",
        );
        assert_eq!((local.tolerated_for_reads(), local.tolerated_for_writes()), (Some(2), Some(1)));
        assert_eq!((local.read_overlap(), local.weakness), (Some(false), Weakness::NoOverlap));
        let plain = store("uses: cassandra, region: eu");
        assert!((plain.stale_at_once.unwrap() - 2.0 / 3.0).abs() < 1e-12);
    }
}
