//! What each store promises as configured and why, how stale reads are, and whether data sets get what they require.

use serde_json::{Value, json};

use crate::analysis::Analysis;
use crate::attributes::{AttributeValue, spelled};
use crate::estimate::consistency::{Class, Configured, STILL_MISSED, Weakness, configured, keeps, overclaims};
use crate::formula::consistency::is_even_sized;
use crate::graph::{Component, Data, number};
use crate::quantity::{Dimension, Hint, percent, quantity};
use crate::report::tables::{Table, columns};
use crate::vocabulary::{AttributeId, attr};

/// All tables that have rows; none if the spec describes no store.
pub fn tables(analysis: &Analysis) -> Vec<Table> {
    let all = [stores(analysis), staleness(analysis), data(analysis)];
    all.into_iter().filter(|table| !table.rows.is_empty()).collect()
}

fn all(analysis: &Analysis) -> impl Iterator<Item = (&Component, Configured)> {
    let graph = &analysis.graph;
    graph.components.iter().filter_map(|component| Some((component, configured(graph, component)?)))
}

fn time(value: f64) -> String {
    quantity(value, Dimension::TIME, &Hint::Auto)
}

fn known(word: Option<&str>) -> String {
    word.unwrap_or("?").to_owned()
}

/// Copies by region: `3 + 3`.
fn copies(found: &Configured) -> String {
    let list: Vec<String> = found.copies.iter().map(u64::to_string).collect();
    if list.is_empty() { "?".to_owned() } else { list.join(" + ") }
}

/// What a request waits for, as stated, with its number of copies.
fn quorum(component: &Component, id: AttributeId, size: Option<u64>) -> String {
    match (component.own.get(id).map(|attribute| &attribute.value), size) {
        (Some(AttributeValue::Level { word, .. }), Some(size)) => format!("{} = {size}", spelled(word)),
        (Some(AttributeValue::Level { word, .. }), None) => spelled(word),
        (_, Some(size)) => size.to_string(),
        (_, None) => "–".to_owned(),
    }
}

fn stores(analysis: &Analysis) -> Table {
    let mut rows = Vec::new();
    let mut notes = Vec::new();
    for (component, found) in all(analysis) {
        let size = |quorum: Option<crate::formula::consistency::Quorum>| quorum.and_then(|q| q.size(&found.copies));
        let spare = match (found.tolerated_for_reads(), found.tolerated_for_writes()) {
            (Some(reads), Some(writes)) => format!("{reads} / {writes}"),
            _ => "–".to_owned(),
        };
        rows.push(vec![
            component.name.clone(),
            copies(&found),
            quorum(component, attr!(Component, "quorum.read"), size(found.read)),
            quorum(component, attr!(Component, "quorum.write"), size(found.write)),
            spare,
            known(found.class.map(Class::name)),
            if found.single { "–".to_owned() } else { known(found.pacelc.or(found.cap)) },
        ]);
        notes.push(format!("{}: {}", component.name, reason(component, &found)));
        let claims = overclaims(&analysis.graph, component);
        if !claims.is_empty() {
            notes.push(format!(
                "{}: the spec says {}, which the configuration doesn't keep",
                component.name,
                claims.join(", ")
            ));
        }
    }
    Table {
        title: "Consistency of each store as configured",
        columns: columns(&["store", "copies", "read", "write", "may fail", "a read is", "class"]),
        rows,
        notes,
    }
}

/// Why a store has its class.
pub fn reason(component: &Component, found: &Configured) -> String {
    let total: u64 = found.copies.iter().sum();
    let counts = found.read.zip(found.write).and_then(|(r, w)| r.size(&found.copies).zip(w.size(&found.copies)));
    let sum = counts.map_or(String::new(), |(r, w)| {
        let sign = if r + w > total { ">" } else { "≤" };
        format!("R + W = {r} + {w} {sign} {total}")
    });
    let text = match found.weakness {
        _ if counts.is_some_and(|(r, w)| r > total || w > total) => {
            "requests wait for more copies than there are".to_owned()
        }
        Weakness::None if found.single => "one node: nothing to disagree with, and nothing left without it".to_owned(),
        Weakness::None if found.class.is_none() => {
            "nothing says how it replicates (`replication:`, `topology:`, `cap:`)".to_owned()
        }
        Weakness::None if !found.derived => "as its profile or the spec states".to_owned(),
        Weakness::None if counts.is_some_and(|(r, w)| r + w > total) => {
            format!("reads meet the latest acknowledged write: {sum}")
        }
        Weakness::None if counts.is_some() => {
            "reads meet the latest acknowledged write in the reader's own region".to_owned()
        }
        Weakness::None => "reads and writes go to the primary, or all copies have a write first".to_owned(),
        Weakness::NoOverlap => format!("a read may ask only copies that lack the latest write: {sum}"),
        Weakness::LocalOnly => "consistent within a region; a reader in another one may miss a write".to_owned(),
        Weakness::ReplicaReads => "reads go to copies that are behind".to_owned(),
        Weakness::MultiPrimary => "several nodes take writes and tell each other later".to_owned(),
        Weakness::EventualReads => "reads are eventual unless they ask otherwise (`consistent_reads: true`)".to_owned(),
        Weakness::ByDesign => "the product promises no more".to_owned(),
        Weakness::FailoverForgets => "strong until a failover, which forgets what only the primary had".to_owned(),
        Weakness::WriteConflicts => "reads see every write, but two writes may not see each other: W ≤ N/2".to_owned(),
    };
    let votes = component.kind == crate::vocabulary::Kind::Coordinator
        || component.word(attr!(Component, "topology")) == Some("consensus");
    if votes && is_even_sized(total) {
        return format!("{text}; {total} voters tolerate no more than {}", total - 1);
    }
    text
}

fn staleness(analysis: &Analysis) -> Table {
    let mut rows = Vec::new();
    for (component, found) in all(analysis) {
        let Some(figures) = analysis.estimate.components.get(component.index) else { continue };
        let behind = component.number(attr!(Component, "replication.lag")).map(|input| input.value);
        let stale = found.stale_at_once.is_some_and(|chance| chance > 0.0);
        if !stale && figures.lag_growth.is_none_or(|growth| growth <= 0.0) {
            continue;
        }
        let shown = |value: Option<f64>, text: fn(f64) -> String| value.map_or("?".to_owned(), text);
        rows.push(vec![
            component.name.clone(),
            shown(found.stale_at_once, percent),
            shown(behind, time),
            shown(figures.fresh_after, time),
            shown(figures.stale_share, percent),
            figures.lag_growth.map_or("?".to_owned(), |growth| format!("{} s/s", crate::quantity::number(growth))),
        ]);
    }
    let mut notes = vec![
        format!(
            "seen after: until all but {} of reads see a write; needs `replication: {{ lag: … }}`",
            percent(STILL_MISSED)
        ),
        "of all reads: needs `items:` as well; propagation is taken as exponential with the mean `lag`".to_owned(),
    ];
    if all(analysis).any(|(_, found)| found.weakness == Weakness::LocalOnly) {
        notes.push("where quorums are local: of a reader in another region".to_owned());
    }
    Table {
        title: "Reads that miss a write",
        columns: columns(&["store", "just after it", "lag", "seen after", "of all reads", "lag grows"]),
        rows,
        notes,
    }
}

fn wanted(data: &Data) -> Option<&'static str> {
    match data.own.get(attr!(Data, "consistency")).map(|attribute| &attribute.value) {
        Some(AttributeValue::Word(word)) => Some(word),
        _ => None,
    }
}

fn verdict(kept: Option<bool>) -> &'static str {
    match kept {
        Some(true) => "kept",
        Some(false) => "not kept",
        None => "?",
    }
}

fn data(analysis: &Analysis) -> Table {
    let graph = &analysis.graph;
    let mut rows = Vec::new();
    for (index, (entry, figures)) in graph.data.iter().zip(&analysis.estimate.data).enumerate() {
        let allowed = number(entry.own.get(attr!(Data, "staleness"))).map(|input| input.value);
        if wanted(entry).is_none() && allowed.is_none() {
            continue;
        }
        for (at, &store) in entry.stores.iter().enumerate() {
            let Some(component) = graph.components.get(store) else { continue };
            let class = configured(graph, component).and_then(|found| found.class).map(Class::name);
            let age = match (figures.oldest_read, allowed) {
                (Some(age), Some(allowed)) => {
                    format!("{} {} {}", time(age), if age > allowed { ">" } else { "≤" }, time(allowed))
                }
                (None, Some(allowed)) => format!("? of {}", time(allowed)),
                (Some(age), None) => time(age),
                (None, None) => "?".to_owned(),
            };
            rows.push(vec![
                if at == 0 { entry.name.clone() } else { String::new() },
                wanted(entry).unwrap_or("–").to_owned(),
                component.name.clone(),
                known(class),
                if wanted(entry).is_some() { verdict(keeps(graph, index, store)) } else { "" }.to_owned(),
                age,
            ]);
        }
    }
    Table {
        title: "What data sets require",
        columns: columns(&["data", "requires", "store", "a read is", "verdict", "oldest read"]),
        rows,
        notes: Vec::new(),
    }
}

/// Everything as JSON, version 1; `null` where nothing is known.
pub fn json(analysis: &Analysis) -> serde_json::Result<String> {
    let graph = &analysis.graph;
    let stores: Vec<Value> = all(analysis)
        .map(|(component, found)| {
            let figures = analysis.estimate.components.get(component.index);
            json!({
                "store": component.name, "copies_by_region": found.copies, "single": found.single,
                "read_quorum": found.read.and_then(|q| q.size(&found.copies)),
                "write_quorum": found.write.and_then(|q| q.size(&found.copies)),
                "read_level": component.level(attr!(Component, "quorum.read")).map(spelled),
                "write_level": component.level(attr!(Component, "quorum.write")).map(spelled),
                "read_overlap": found.read_overlap(), "write_overlap": found.write_overlap(),
                "tolerated_for_reads": found.tolerated_for_reads(), "tolerated_for_writes": found.tolerated_for_writes(),
                "consistency": found.class.map(Class::name), "cap": found.cap, "pacelc": found.pacelc,
                "derived": found.derived, "weakness": found.weakness.name(), "reason": reason(component, &found),
                "overclaims": overclaims(graph, component), "stale_read_chance": found.stale_at_once,
                "stale_reads": figures.and_then(|f| f.stale_share),
                "fresh_after_seconds": figures.and_then(|f| f.fresh_after),
                "lag_growth": figures.and_then(|f| f.lag_growth),
            })
        })
        .collect();
    let mut data = Vec::new();
    for (index, (entry, figures)) in graph.data.iter().zip(&analysis.estimate.data).enumerate() {
        let held: Vec<Value> = entry
            .stores
            .iter()
            .filter_map(|&store| {
                let component = graph.components.get(store)?;
                Some(json!({ "store": component.name, "kept": keeps(graph, index, store) }))
            })
            .collect();
        data.push(json!({
            "data": entry.name, "requires": wanted(entry), "stores": held, "oldest_read_seconds": figures.oldest_read,
            "staleness_seconds": number(entry.own.get(attr!(Data, "staleness"))).map(|input| input.value),
        }));
    }
    let report = json!({ "version": 1, "tool": "napkin", "name": graph.name, "stores": stores, "data": data });
    serde_json::to_string_pretty(&report).map(|text| text + "\n")
}
