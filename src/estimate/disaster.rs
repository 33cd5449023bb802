//! Recovery of data sets and of the whole system, and what a claimed strategy of disaster recovery needs.

use crate::attributes::AttributeValue;
use crate::estimate::recovery::{
    Bound, By, Case, Lost, Recovery, Term, backed_up_elsewhere, lose, of_component, probes,
};
use crate::estimate::storage::copies_kept;
use crate::estimate::{Estimate, Run};
use crate::formula::recovery::{STRATEGIES, Strategy};
use crate::graph::{Component, Data, Graph};
use crate::vocabulary::{Kind, attr};

/// How the whole system comes through a case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SystemRecovery {
    /// The most that a data set whose loss matters loses.
    pub loss: Option<Bound>,
    /// Which one.
    pub data: Option<usize>,
    /// Time until the last component that flows need serves again, and clients find it.
    pub time: Option<Bound>,
    /// Which component that is.
    pub component: Option<usize>,
    /// Further terms: clients that keep an old address.
    pub terms: Vec<Term>,
}

/// What a store or a service lacks for the strategy that is claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// The spec says that there is none.
    Backup,
    /// Backups are where the data is.
    BackupElsewhere,
    /// Its data is in one region only.
    SecondRegion,
    /// It runs in one region only.
    Capacity,
}

impl Lack {
    /// What is said about it.
    pub fn sentence(self) -> &'static str {
        match self {
            Lack::Backup => "has no backup",
            Lack::BackupElsewhere => "is backed up only where it runs",
            Lack::SecondRegion => "keeps its data in one region only",
            Lack::Capacity => "runs in one region only",
        }
    }
}

/// Whether losing acknowledged writes of a data set matters; it does unless the spec says otherwise.
pub fn matters(data: &Data) -> bool {
    !matches!(data.own.get(attr!(Data, "durable")).map(|a| &a.value), Some(AttributeValue::Flag(false)))
}

/// The data sets of a store whose loss matters.
fn held<'g>(graph: &'g Graph, component: &'g Component) -> impl Iterator<Item = &'g Data> {
    component.data.iter().filter_map(|&data| graph.data.get(data)).filter(|data| matters(data))
}

/// Fills in what disasters cost components, data sets and the system.
pub(super) fn recovery(run: &Run<'_>, estimate: &mut Estimate) {
    let sizes: Vec<Option<f64>> = estimate
        .components
        .iter()
        .enumerate()
        .map(|(index, figures)| figures.storage.map(|bytes| bytes / copies_kept(run, index).max(1.0)))
        .collect();
    for ((component, figures), size) in run.graph.components.iter().zip(&mut estimate.components).zip(&sizes) {
        if !matches!(component.kind, Kind::Client | Kind::External) {
            let mut outcomes = of_component(run, component, *size);
            // Copies that can't keep up at peak are further behind than on the calm day that a lag is stated for.
            if figures.lag_growth.is_some_and(|growth| growth > 0.0) {
                let behind = outcomes.iter_mut().filter(|outcome| outcome.forgets);
                behind.filter_map(|outcome| outcome.loss.as_mut()).for_each(|loss| loss.exact = false);
            }
            figures.recovery = Some(Box::new(outcomes));
        }
    }
    data(run, &sizes, estimate);
    system(run, estimate);
}

/// Fills in what data sets lose: what the best of their stores loses, in the worst zone or region.
fn data(run: &Run<'_>, sizes: &[Option<f64>], estimate: &mut Estimate) {
    for (data, figures) in run.graph.data.iter().zip(&mut estimate.data) {
        let stores: Vec<&Component> = data.stores.iter().filter_map(|&store| run.graph.components.get(store)).collect();
        figures.recovery = Case::ALL.map(|case| {
            let hit: Vec<Lost> = match case {
                Case::Node => vec![Lost::Node],
                Case::Zone => stores.iter().flat_map(|store| &store.zones).map(|&zone| Lost::Zone(zone)).collect(),
                Case::Region => stores.iter().flat_map(|store| &store.regions).map(|&r| Lost::Region(r)).collect(),
                Case::Corruption => vec![Lost::Data],
            };
            if let ([_], true) = (stores.as_slice(), hit.is_empty()) {
                let only = data.stores.first().and_then(|&store| estimate.components.get(store)?.recovery.as_ref());
                return only.and_then(|cases| cases.iter().zip(Case::ALL).find(|(_, c)| *c == case)?.0.loss);
            }
            let all = hit.iter().map(|&lost| {
                let size = |store: &Component| sizes.get(store.index).copied().flatten();
                best(run, stores.iter().map(|store| (*store, lose(run, store, size(store), lost))))
            });
            all.reduce(Bound::worse).flatten()
        });
        let growing = |store: &usize| {
            estimate.components.get(*store).and_then(|figures| figures.lag_growth).is_some_and(|growth| growth > 0.0)
        };
        if data.stores.iter().any(growing) {
            let behind = figures.recovery.iter_mut().flatten().filter(|loss| loss.value > 0.0);
            behind.for_each(|loss| loss.exact = false);
        }
        let added = run.of(&data.own, attr!(Data, "added"));
        let most = figures.recovery.iter().flatten().filter(|loss| loss.value.is_finite()).map(|loss| loss.value);
        figures.lost_records = added.zip(most.reduce(f64::max)).map(|(rate, loss)| rate * loss);
        figures.lost_bytes =
            figures.lost_records.zip(run.of(&data.own, attr!(Data, "record"))).map(|(count, size)| count * size);
    }
}

/// The least that is lost: another store may have the data, as old as it says.
fn best<'c>(run: &Run<'_>, outcomes: impl Iterator<Item = (&'c Component, Recovery)>) -> Option<Bound> {
    let mut least: Option<Bound> = None;
    for (store, outcome) in outcomes {
        let loss = match outcome.by {
            Some(By::Untouched) => {
                let lag = run.component(store, attr!(Component, "replication.lag"))?;
                Some(Bound { value: lag, exact: true })
            }
            _ => outcome.loss,
        };
        least = match (least, loss) {
            (Some(a), Some(b)) => Some(if b.value < a.value { b } else { a }),
            (a, b) => a.or(b),
        };
    }
    least
}

/// Fills in what the system loses and how long it is gone.
fn system(run: &Run<'_>, estimate: &mut Estimate) {
    let all: Vec<SystemRecovery> = (0..Case::ALL.len()).map(|at| one(run, estimate, at)).collect();
    estimate.system.recovery = all;
    estimate.system.lacking = lacking(run);
}

fn one(run: &Run<'_>, estimate: &Estimate, at: usize) -> SystemRecovery {
    let case = Case::ALL.get(at).copied().unwrap_or(Case::Node);
    let mut whole = SystemRecovery::default();
    let mut first = true;
    for (index, (data, figures)) in run.graph.data.iter().zip(&estimate.data).enumerate() {
        if !matters(data) {
            continue;
        }
        let loss = figures.recovery.get(at).copied().flatten();
        if loss.is_some_and(|loss| loss.value > whole.loss.map_or(0.0, |most| most.value)) {
            whole.data = Some(index);
        }
        whole.loss = if first { loss } else { Bound::worse(whole.loss, loss) };
        first = false;
    }
    first = true;
    for (index, component) in run.graph.components.iter().enumerate() {
        let holds = held(run.graph, component).next().is_some();
        let counts = holds || case != Case::Corruption && run.structure.is_needed(index);
        let outcome = estimate.components.get(index).and_then(|figures| figures.recovery.as_ref()?.get(at));
        // Names and edges are in no region of the spec unless it says so.
        let outside = component.kind.is_outside() && outcome.is_some_and(|outcome| outcome.by.is_none());
        let Some(outcome) = outcome.filter(|_| counts && !outside) else { continue };
        let time = match outcome.by {
            Some(By::Untouched) => Some(Bound { value: 0.0, exact: true }),
            _ => outcome.time,
        };
        if time.is_some_and(|time| time.value > whole.time.map_or(0.0, |most| most.value)) {
            whole.component = Some(index);
        }
        whole.time = if first { time } else { Bound::worse(whole.time, time) };
        first = false;
    }
    if case == Case::Region {
        addresses(run, &mut whole);
    }
    whole
}

/// After a change of region clients keep the old address until probes have noticed and the entry has expired.
fn addresses(run: &Run<'_>, whole: &mut SystemRecovery) {
    let names = run.graph.components.iter().filter(|component| component.kind == Kind::Dns);
    let mut slowest: Option<(Option<f64>, Option<f64>)> = None;
    for component in names {
        let (noticed, ttl) = (probes(run, component), run.component(component, attr!(Component, "ttl")));
        let sum = |(noticed, ttl): (Option<f64>, Option<f64>)| noticed.unwrap_or(0.0) + ttl.unwrap_or(0.0);
        if slowest.is_none_or(|before| sum((noticed, ttl)) > sum(before)) {
            slowest = Some((noticed, ttl));
        }
    }
    let Some((noticed, ttl)) = slowest else { return };
    if noticed.is_some() {
        whole.terms.push(Term { what: "DNS health check", time: noticed });
    }
    whole.terms.push(Term { what: "DNS ttl", time: ttl });
    let added: f64 = whole.terms.iter().filter_map(|term| term.time).sum();
    whole.time = whole.time.map(|time| Bound { value: time.value + added, exact: time.exact && ttl.is_some() });
}

/// The strategy that the spec claims.
pub fn claimed(graph: &Graph) -> Option<&'static Strategy> {
    match &graph.requires.get(attr!(System, "recovery"))?.value {
        AttributeValue::Word(word) => STRATEGIES.iter().find(|strategy| strategy.name == *word),
        _ => None,
    }
}

/// What components lack for the strategy that is claimed. What nobody says is no lack.
fn lacking(run: &Run<'_>) -> Vec<(usize, Lack)> {
    let Some(strategy) = claimed(run.graph) else { return Vec::new() };
    let mut list = Vec::new();
    for component in &run.graph.components {
        let holds = held(run.graph, component).next().is_some();
        let lack = if strategy.name == "backup-restore" {
            unsafe_backup(run, component).filter(|_| holds)
        } else if holds {
            let regions = |data: &Data| {
                let stores = data.stores.iter().filter_map(|&store| run.graph.components.get(store));
                let mut all: Vec<usize> = stores.flat_map(|store| store.regions.iter().copied()).collect();
                all.sort_unstable();
                all.dedup();
                all.len()
            };
            (is_in_one_region(component) && held(run.graph, component).any(|data| regions(data) < 2))
                .then_some(Lack::SecondRegion)
        } else {
            let runs = strategy.runs_elsewhere && is_run(run, component);
            (runs && is_in_one_region(component) && !has_twin(run.graph, component)).then_some(Lack::Capacity)
        };
        list.extend(lack.map(|lack| (component.index, lack)));
    }
    list
}

fn unsafe_backup(run: &Run<'_>, component: &Component) -> Option<Lack> {
    let every = component.attribute(attr!(Component, "backup.every")).map(|attribute| &attribute.value);
    match (every, backed_up_elsewhere(run.graph, component)) {
        (Some(AttributeValue::Absent), _) => Some(Lack::Backup),
        (_, Some(false)) => Some(Lack::BackupElsewhere),
        _ => None,
    }
}

/// Whether it is said to be in one region; what has a standby in another one isn't, nor a product that spans regions by itself.
fn is_in_one_region(component: &Component) -> bool {
    component.regions.len() == 1
        && component.standby.is_empty()
        && component.word(attr!(Component, "redundancy")) != Some("multi-region")
}

/// What requests need and the team runs.
fn is_run(run: &Run<'_>, component: &Component) -> bool {
    !component.kind.is_outside() && run.structure.is_needed(component.index)
}

/// Whether another component of the same sort stands in another region: a standby that is described by itself.
fn has_twin(graph: &Graph, component: &Component) -> bool {
    let product = |c: &Component| c.profile.as_ref().map(|profile| profile.product.clone());
    graph.components.iter().any(|other| {
        other.index != component.index
            && other.kind == component.kind
            && product(other) == product(component)
            && other.regions.iter().any(|region| !component.regions.contains(region))
    })
}
