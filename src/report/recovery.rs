//! What disasters cost, the strategy that is claimed, and the alerts for each objective: as tables and as JSON.

use serde_json::{Value, json};

use crate::analysis::Analysis;
use crate::estimate::alert::{Alert, alerts};
use crate::estimate::disaster::{SystemRecovery, claimed, matters};
use crate::estimate::recovery::{Bound, By, Case, Recovery, Term};
use crate::formula::recovery::Strategy;
use crate::graph::{Component, number};
use crate::quantity::{Dimension, ENDLESS, Hint, percent, quantity};
use crate::report::tables::{Table, columns};
use crate::vocabulary::{AttributeId, attr};

fn time(value: f64) -> String {
    quantity(value, Dimension::TIME, &Hint::Auto)
}

/// What is lost, or how long something is gone.
fn bound(value: Option<Bound>) -> String {
    match value {
        None => "?".to_owned(),
        Some(bound) if bound.value >= ENDLESS => "everything".to_owned(),
        Some(bound) if bound.exact => time(bound.value),
        Some(bound) if bound.value <= 0.0 => "?".to_owned(),
        Some(bound) => format!("≥ {}", time(bound.value)),
    }
}

fn term(term: &Term) -> String {
    format!("{} {}", term.what, term.time.map_or("?".to_owned(), time))
}

fn from(by: Option<By>) -> &'static str {
    match by {
        None => "?",
        Some(By::Untouched) => "untouched",
        Some(By::Copies) => "copies",
        Some(By::Backup) => "backup",
        Some(By::Nothing) => "nothing",
    }
}

/// The lines below `rpo_…` and `rto_…` in an explanation.
pub(super) fn terms(key: &str, index: usize, analysis: &Analysis) -> Vec<String> {
    let outcomes = analysis.estimate.components.get(index).and_then(|figures| figures.recovery.as_ref());
    let found =
        outcomes.into_iter().flat_map(|list| list.iter()).zip(Case::ALL).find(|(_, case)| key.ends_with(case.name()));
    let Some((outcome, _)) = found else { return Vec::new() };
    let mut lines = vec![format!("comes back from: {}", from(outcome.by))];
    if key.starts_with("rto_") {
        lines.extend(outcome.terms.iter().map(term));
    }
    // What the loss lacks is no part of the time, and the other way round.
    let of_loss = ["replication.lag", "replication.mode", "backup.every", "backup.duration"];
    let of_terms = outcome.terms.iter().any(|term| term.time.is_none());
    let missing: Vec<&str> = outcome
        .missing
        .iter()
        .copied()
        .filter(
            |what| if key.starts_with("rto_") { !of_loss.contains(what) } else { of_loss.contains(what) || !of_terms },
        )
        .collect();
    if !missing.is_empty() {
        lines.push(format!("not stated: {}", missing.join(", ")));
    }
    lines
}

/// Whether a figure of recovery lacks a part that nobody states.
pub(super) fn is_lower_bound(key: &str, index: usize, analysis: &Analysis) -> bool {
    let outcomes = analysis.estimate.components.get(index).and_then(|figures| figures.recovery.as_ref());
    let found =
        outcomes.into_iter().flat_map(|list| list.iter()).zip(Case::ALL).find(|(_, case)| key.ends_with(case.name()));
    let part = |outcome: &Recovery| if key.starts_with("rpo_") { outcome.loss } else { outcome.time };
    found.and_then(|(outcome, _)| part(outcome)).is_some_and(|bound| !bound.exact)
}

/// All tables that have rows.
pub fn tables(analysis: &Analysis) -> Vec<Table> {
    let all = [system(analysis), data(analysis), stores(analysis), strategy(analysis), alarms(analysis)];
    all.into_iter().filter(|table| !table.rows.is_empty()).collect()
}

fn name(analysis: &Analysis, component: usize) -> String {
    analysis.graph.components.get(component).map_or(String::new(), |component| component.name.clone())
}

fn objective(analysis: &Analysis, id: AttributeId) -> Option<f64> {
    number(analysis.graph.requires.get(id)).map(|input| input.value)
}

/// Whether a bound keeps an objective; `?` where it may or may not.
fn verdict(value: Option<Bound>, objective: Option<f64>) -> &'static str {
    match (value, objective) {
        (_, None) => "",
        (Some(bound), Some(goal)) if bound.value > goal => "missed",
        (Some(bound), Some(_)) if bound.exact => "met",
        _ => "?",
    }
}

fn system(analysis: &Analysis) -> Table {
    let (rpo, rto) = (objective(analysis, attr!(System, "rpo")), objective(analysis, attr!(System, "rto")));
    let mut rows = Vec::new();
    let mut notes = Vec::new();
    for (case, outcome) in Case::ALL.into_iter().zip(&analysis.estimate.system.recovery) {
        let data = outcome.data.and_then(|data| analysis.graph.data.get(data)).map_or("", |data| &data.name);
        rows.push(vec![
            case.name().to_owned(),
            bound(outcome.loss),
            data.to_owned(),
            verdict(outcome.loss, rpo).to_owned(),
            bound(outcome.time),
            outcome.component.map_or(String::new(), |component| name(analysis, component)),
            verdict(outcome.time, rto).to_owned(),
        ]);
        if !outcome.terms.is_empty() {
            let terms: Vec<String> = outcome.terms.iter().map(term).collect();
            notes.push(format!("losing a {} adds for clients: {}", case.name(), terms.join(" + ")));
        }
    }
    for (what, goal) in [("rpo", rpo), ("rto", rto)] {
        if let Some(goal) = goal {
            notes.push(format!("objective: {what} {}", time(goal)));
        }
    }
    if analysis.graph.data.iter().all(|data| !matters(data)) {
        notes.push("no data set is described whose loss matters: say under `data:` what the stores hold".to_owned());
    }
    let mut columns = columns(&["lost", "data lost", "most of", "rpo", "back in", "last is", "rto"]);
    for at in [6, 3] {
        if rows.iter().all(|row| row.get(at).is_none_or(String::is_empty)) {
            columns.remove(at);
            rows.iter_mut().for_each(|row| drop(row.remove(at)));
        }
    }
    Table { title: "Recovery of the system", columns, rows, notes }
}

fn data(analysis: &Analysis) -> Table {
    let mut rows = Vec::new();
    let count = |value: Option<f64>, dimension, exact: bool| match value {
        None => "?".to_owned(),
        Some(0.0) if !exact => "?".to_owned(),
        Some(x) => format!("{}{}", if exact { "" } else { "≥ " }, quantity(x, dimension, &Hint::Whole)),
    };
    for (data, figures) in analysis.graph.data.iter().zip(&analysis.estimate.data) {
        let mut row = vec![if matters(data) { data.name.clone() } else { format!("{} *", data.name) }];
        row.extend(figures.recovery.iter().map(|loss| bound(*loss)));
        let exact = figures.recovery.iter().all(|loss| loss.is_some_and(|loss| loss.exact));
        row.push(count(figures.lost_records, Dimension::NONE, exact));
        row.push(count(figures.lost_bytes, Dimension::DATA, exact));
        rows.push(row);
    }
    let ephemeral = analysis.graph.data.iter().any(|data| !matters(data));
    let mut notes = vec!["at most lost: added × the longest of these, short of everything".to_owned()];
    if ephemeral {
        notes.push("* losing it doesn't matter (`durable: false`)".to_owned());
    }
    Table {
        title: "Data lost with a node, a zone, a region, or by corruption",
        columns: columns(&["data", "node", "zone", "region", "corruption", "records", "bytes"]),
        rows,
        notes,
    }
}

/// Whether a component's row says anything: stores always do, the rest where nothing is left of it.
fn is_shown(analysis: &Analysis, component: &Component, case: Case, outcome: &Recovery) -> bool {
    if component.kind.is_store() || !component.data.is_empty() {
        return true;
    }
    let goes_on = outcome.time.is_some_and(|time| time.exact && time.value == 0.0);
    let needed = analysis.structure.is_needed(component.index);
    needed && case != Case::Corruption && !goes_on && !outcome.terms.is_empty()
}

fn stores(analysis: &Analysis) -> Table {
    let mut rows = Vec::new();
    let mut notes = Vec::new();
    for (component, figures) in analysis.graph.components.iter().zip(&analysis.estimate.components) {
        let Some(outcomes) = &figures.recovery else { continue };
        let mut missing: Vec<&str> = Vec::new();
        let mut named = false;
        for (case, outcome) in Case::ALL.into_iter().zip(outcomes.iter()) {
            if !is_shown(analysis, component, case, outcome) {
                continue;
            }
            missing.extend(outcome.missing.iter().filter(|what| !what.is_empty()));
            let keeps = component.kind.is_store();
            let terms: Vec<String> = outcome.terms.iter().map(term).collect();
            rows.push(vec![
                if named { String::new() } else { component.name.clone() },
                case.name().to_owned(),
                if keeps { from(outcome.by) } else { "" }.to_owned(),
                if keeps { bound(outcome.loss) } else { String::new() },
                bound(outcome.time),
                terms.join("\n+ "),
            ]);
            named = true;
        }
        missing.sort_unstable();
        missing.dedup();
        if !missing.is_empty() {
            notes.push(format!("{}: not stated: {}", component.name, missing.join(", ")));
        }
    }
    Table {
        title: "Recovery of each store, and of what stands alone",
        columns: columns(&["component", "lost", "from", "data lost", "back in", "which is"]),
        rows,
        notes,
    }
}

/// Whether what is computed is as quick as the strategy is chosen for.
fn against(strategy: &Strategy, outcome: &SystemRecovery) -> Vec<Vec<String>> {
    let range = |(least, most): (f64, f64)| {
        if least > 0.0 { format!("{} to {}", time(least), time(most)) } else { format!("up to {}", time(most)) }
    };
    let row = |what: &str, value: Option<Bound>, tier: (f64, f64)| {
        let fits = match value {
            Some(bound) if bound.value > tier.1 => "worse than that",
            Some(bound) if bound.exact => "as it should be",
            _ => "can't be told",
        };
        vec![what.to_owned(), range(tier), bound(value), fits.to_owned()]
    };
    vec![row("data lost", outcome.loss, strategy.rpo), row("time to recover", outcome.time, strategy.rto)]
}

fn strategy(analysis: &Analysis) -> Table {
    let mut rows = Vec::new();
    let mut notes = Vec::new();
    if let Some(strategy) = claimed(&analysis.graph) {
        notes.push(format!("`{}` is claimed; it needs {}", strategy.name, strategy.needs));
        if let Some(outcome) = analysis.estimate.system.recovery.get(2) {
            rows.extend(against(strategy, outcome));
        }
        let lacking = &analysis.estimate.system.lacking;
        for (component, lack) in lacking {
            notes.push(format!("lacking: {} {}", name(analysis, *component), lack.sentence()));
        }
        if lacking.is_empty() {
            notes.push("nothing that the spec says speaks against it".to_owned());
        }
    }
    Table {
        title: "Strategy of disaster recovery, without a region",
        columns: columns(&["", "usual", "here", "verdict"]),
        rows,
        notes,
    }
}

fn alarms(analysis: &Analysis) -> Table {
    let mut rows = Vec::new();
    let mut notes: Vec<String> = Vec::new();
    for (flow, figures) in analysis.graph.flows.iter().zip(&analysis.estimate.flows) {
        for (at, alert) in alerts(figures).into_iter().enumerate() {
            let name = if at == 0 { flow.name.clone() } else { String::new() };
            let goal = if at == 0 { figures.objective.map_or(String::new(), percent) } else { String::new() };
            rows.push(alarm(name, goal, &alert));
            if alert.window.page && alert.can_fire && alert.events.is_some_and(|events| events < 1.0) {
                notes.push(format!(
                    "{}: a single failed request raises the alert at {}: require at least 10 failed ones as well, or add probes",
                    flow.name,
                    crate::quantity::number(alert.rate)
                ));
            }
        }
    }
    let legend = [
        "the first two of a flow wake somebody, the third is a ticket; budgets are of 30 days unless `slo: { period: … }`",
        "seen in: after the begin of a complete outage; gone in: the budget, at that burn rate",
        "failed: requests in the long window that raise the alert, at the average rate",
    ];
    notes.splice(0..0, legend.map(str::to_owned));
    Table {
        title: "Burn-rate alerts: both windows must be above the share of errors",
        columns: columns(&["flow", "objective", "burn", "windows", "errors", "seen in", "gone in", "failed"]),
        rows,
        notes,
    }
}

fn alarm(name: String, goal: String, alert: &Alert) -> Vec<String> {
    let windows = format!("{} / {}", time(alert.window.long), time(alert.window.short));
    let errors = if alert.can_fire { format!("> {}", percent(alert.errors)) } else { "never".to_owned() };
    let failed = alert.events.filter(|_| alert.can_fire).map_or("–".to_owned(), crate::quantity::number);
    vec![
        name,
        goal,
        crate::quantity::number(alert.rate),
        windows,
        errors,
        alert.after.map_or("never".to_owned(), time),
        time(alert.exhausted),
        failed,
    ]
}

fn seconds(value: Option<Bound>) -> Value {
    match value {
        None => Value::Null,
        Some(bound) if bound.value >= ENDLESS => {
            json!({ "seconds": null, "everything": true, "lower_bound": !bound.exact })
        }
        Some(bound) => json!({ "seconds": bound.value, "everything": false, "lower_bound": !bound.exact }),
    }
}

/// Everything as JSON, version 1. A bound is `null` where nothing is known.
pub fn json(analysis: &Analysis) -> serde_json::Result<String> {
    let (graph, estimate) = (&analysis.graph, &analysis.estimate);
    let listed = |terms: &[Term]| -> Vec<Value> {
        terms.iter().map(|term| json!({ "what": term.what, "seconds": term.time })).collect()
    };
    let mut components = Vec::new();
    for (component, figures) in graph.components.iter().zip(&estimate.components) {
        for (outcome, case) in figures.recovery.iter().flat_map(|list| list.iter()).zip(Case::ALL) {
            components.push(json!({
                "component": component.name, "lost": case.name(), "from": outcome.by.map(|by| from(Some(by))),
                "data_lost": seconds(outcome.loss), "back_in": seconds(outcome.time), "terms": listed(&outcome.terms),
                "not_stated": outcome.missing.iter().filter(|what| !what.is_empty()).collect::<Vec<_>>(),
            }));
        }
    }
    let mut data = Vec::new();
    for (entry, figures) in graph.data.iter().zip(&estimate.data) {
        for (loss, case) in figures.recovery.iter().zip(Case::ALL) {
            data.push(json!({ "data": entry.name, "lost": case.name(), "matters": matters(entry), "data_lost": seconds(*loss) }));
        }
    }
    let system: Vec<Value> = Case::ALL
        .into_iter()
        .zip(&estimate.system.recovery)
        .map(|(case, outcome)| {
            json!({
                "lost": case.name(), "data_lost": seconds(outcome.loss), "back_in": seconds(outcome.time),
                "most_of": outcome.data.and_then(|at| graph.data.get(at)).map(|data| data.name.clone()),
                "last_is": outcome.component.map(|at| name(analysis, at)), "clients": listed(&outcome.terms),
                "rpo": word(verdict(outcome.loss, objective(analysis, attr!(System, "rpo")))),
                "rto": word(verdict(outcome.time, objective(analysis, attr!(System, "rto")))),
            })
        })
        .collect();
    let strategy = claimed(graph).map(|strategy| {
        let lacking: Vec<Value> = estimate
            .system
            .lacking
            .iter()
            .map(|(component, lack)| json!({ "component": name(analysis, *component), "what": lack.sentence() }))
            .collect();
        json!({ "claimed": strategy.name, "needs": strategy.needs, "lacking": lacking })
    });
    let mut alarms = Vec::new();
    for (flow, figures) in graph.flows.iter().zip(&estimate.flows) {
        for alert in alerts(figures) {
            alarms.push(json!({
                "flow": flow.name, "objective": figures.objective, "burn_rate": alert.rate,
                "long_window_seconds": alert.window.long, "short_window_seconds": alert.window.short,
                "budget_spent": alert.window.spent, "page": alert.window.page, "can_fire": alert.can_fire,
                "error_share": alert.errors, "failed_requests": alert.events, "failed_requests_short": alert.short_events,
                "outage_seen_after_seconds": alert.after, "budget_gone_after_seconds": alert.exhausted,
            }));
        }
    }
    let report = json!({
        "version": 1, "tool": "napkin", "name": graph.name, "system": system, "data": data, "components": components,
        "strategy": strategy, "alerts": alarms,
    });
    serde_json::to_string_pretty(&report).map(|text| text + "\n")
}

/// A verdict for machines: `null` where there is no objective, `unknown` where it can't be told.
fn word(verdict: &'static str) -> Option<&'static str> {
    match verdict {
        "" => None,
        "?" => Some("unknown"),
        known => Some(known),
    }
}
