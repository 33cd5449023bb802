//! Tables for a terminal of 80 columns, and the same in Markdown.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table as Drawn, TableStyle};

use crate::analysis::Analysis;
use crate::catalog::Prices;
use crate::definition::shown;
use crate::estimate::Spreads;
use crate::estimate::breakdown::Cause;
use crate::estimate::metric::find;
use crate::graph::Graph;
use crate::quantity::{Dimension, Hint, quantity};
use crate::report::origins::{origins, summary};
use crate::report::safe;
use crate::source::Sources;
use crate::vocabulary::{Kind, Target, attr};

/// A line above the head, one below it, one at the end; none between rows.
const RULED: TableStyle = TableStyle::new()
    .top_border(LineStyle::none().fill('─').junction('─'))
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .bottom_border(LineStyle::none().fill('─').junction('─'));

/// A table before it is drawn.
pub struct Table {
    /// Its heading.
    pub title: &'static str,
    /// Column names.
    pub columns: Vec<String>,
    /// Rows of cells.
    pub rows: Vec<Vec<String>>,
    /// Remarks below it.
    pub notes: Vec<String>,
}

impl Table {
    /// For a terminal.
    pub fn text(&self, width: u16) -> String {
        let mut table = Drawn::new();
        table.load_style(RULED).set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        table.set_header(self.columns.iter().map(|name| safe(name)));
        for row in &self.rows {
            // A value and its unit stay on one line.
            table.add_row(row.iter().map(|cell| safe(cell).replace(' ', "\u{a0}")));
        }
        for index in 0..self.columns.len() {
            if let Some(column) = table.column_mut(index) {
                column.set_padding((u16::from(index > 0), 0));
                column.set_cell_alignment(if index > 0 { CellAlignment::Right } else { CellAlignment::Left });
            }
        }
        let lines: Vec<String> = table.lines().map(|line| line.replace('\u{a0}', " ").trim_end().to_owned()).collect();
        let notes: String = self.notes.iter().map(|note| wrapped(&safe(note), usize::from(width))).collect();
        format!("{}\n{}\n{notes}\n", self.title, lines.join("\n"))
    }

    /// As Markdown; cells can't break out of it.
    pub fn markdown(&self) -> String {
        let clean = |cell: &String| {
            safe(cell).replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace('\n', " ")
        };
        let mut out = format!(
            "### {}\n\n| {} |\n|{}\n",
            self.title,
            self.columns.iter().map(clean).collect::<Vec<_>>().join(" | "),
            " --- |".repeat(self.columns.len())
        );
        for row in &self.rows {
            out += &format!("| {} |\n", row.iter().map(clean).collect::<Vec<_>>().join(" | "));
        }
        for note in &self.notes {
            out += &format!("\n{}\n", clean(note));
        }
        out + "\n"
    }
}

/// A remark below a table, broken between words; what it runs on to is indented further.
fn wrapped(note: &str, width: usize) -> String {
    let mut lines = vec![String::from(" ")];
    for word in note.split(' ') {
        let room = lines.last().is_some_and(|line| line.chars().count() + 1 + word.chars().count() <= width);
        match lines.last_mut().filter(|line| room || line.trim().is_empty()) {
            Some(line) => *line += &format!(" {word}"),
            None => lines.push(format!("    {word}")),
        }
    }
    lines.join("\n") + "\n"
}

/// Column names.
pub fn columns(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Rows of the table of resources; those beyond are far from their limits.
const MOST_RESOURCES: usize = 12;

/// What tables are made from.
pub struct Figures<'f> {
    /// The analysis.
    pub analysis: &'f Analysis,
    /// The spread of what is uncertain.
    pub spreads: &'f Spreads,
    /// For each flow the components that spend its error budget, with their shares.
    pub spenders: Vec<Vec<(Cause, f64)>>,
    /// The spec's text, for places.
    pub sources: &'f Sources,
    /// The date after so many seconds, where a clock is at hand.
    pub date_in: &'f dyn Fn(f64) -> Option<String>,
    /// The prices behind the costs.
    pub prices: &'f Prices,
}

impl Figures<'_> {
    /// A figure as text: a range where it is uncertain, a dash where it isn't known.
    pub fn cell(&self, target: Target, key: &str, index: usize) -> String {
        let Some((place, metric)) = find(target, key) else { return String::new() };
        if let Some(spread) = self.spreads.by_metric.get(&(place, index)) {
            return shown(*spread, metric.dimension, &metric.hint);
        }
        match metric.value(&self.analysis.estimate, index) {
            Some(value) => quantity(value, metric.dimension, &metric.hint),
            None => "–".to_owned(),
        }
    }

    /// All tables of `estimate`.
    pub fn tables(&self) -> Vec<Table> {
        let all = [
            self.traffic(),
            self.capacity(),
            self.resources(),
            self.caches(),
            self.connections(),
            self.latency(),
            self.availability(),
            self.objectives(),
            self.storage(),
            self.bandwidth(),
            self.cost(),
            self.assumptions(),
        ];
        all.into_iter().filter(|table| !table.rows.is_empty()).collect()
    }

    fn graph(&self) -> &Graph {
        &self.analysis.graph
    }

    fn row(&self, name: &str, target: Target, index: usize, keys: &[&str]) -> Vec<String> {
        std::iter::once(name.to_owned()).chain(keys.iter().map(|key| self.cell(target, key, index))).collect()
    }

    fn traffic(&self) -> Table {
        let mut rows: Vec<Vec<String>> = Vec::new();
        for (index, flow) in self.graph().flows.iter().enumerate() {
            let mut row = self.row(&format!("flow {}", flow.name), Target::Flow, index, &["average_rate", "peak_rate"]);
            row.extend([String::new(), String::new()]);
            rows.push(row);
        }
        for (index, component) in self.graph().components.iter().enumerate() {
            if component.kind != Kind::Client
                && self.analysis.estimate.components.get(index).is_some_and(|c| c.rate > 0.0)
            {
                let stores = component.kind.tells_reads_from_writes();
                let mut row = self.row(
                    &component.name,
                    Target::Component,
                    index,
                    &["rate", "peak_rate", "peak_reads", "peak_writes"],
                );
                if !stores {
                    row.truncate(3);
                    row.extend([String::new(), String::new()]);
                }
                rows.push(row);
            }
        }
        let mut notes = Vec::new();
        for (component, figures) in self.graph().components.iter().zip(&self.analysis.estimate.components) {
            if figures.peak_retries > 0.005 * figures.peak_rate {
                let share = crate::quantity::percent(figures.peak_retries / figures.peak_rate);
                notes.push(format!("{}: {share} of its peak are calls made again after a failure", component.name));
            }
        }
        for (index, flow) in self.graph().flows.iter().enumerate() {
            if self.analysis.estimate.flows.get(index).is_some_and(|f| f.rate.is_none()) {
                notes.push(format!("flow {} has no rate: add `rate: 100 /s`", flow.name));
            }
        }
        Table {
            title: "Traffic",
            columns: columns(&["", "average", "peak", "reads (peak)", "writes (peak)"]),
            rows,
            notes,
        }
    }

    fn capacity(&self) -> Table {
        let mut rows = Vec::new();
        let mut notes = Vec::new();
        for (index, component) in self.graph().components.iter().enumerate() {
            let Some(figures) = self.analysis.estimate.components.get(index) else { continue };
            if component.kind == Kind::Client || figures.peak_rate <= 0.0 {
                continue;
            }
            if figures.utilization.is_some() || figures.offered_load.is_some() {
                rows.push(self.row(
                    &component.name,
                    Target::Component,
                    index,
                    &["nodes", "offered_load", "utilization", "capacity", "nodes_needed", "nodes_for_loss"],
                ));
            }
            let managed = component.flag(attr!(Component, "managed")) == Some(true);
            if figures.offered_load.is_none() && figures.utilization.is_none() && !managed {
                notes.push(format!(
                    "{}: capacity unknown; add `service_time` and `cores`, or `throughput`",
                    component.name
                ));
            } else if figures.nodes.is_none() && figures.utilization.is_none() && !managed {
                notes.push(format!("{}: add `replicas` to see how busy it is", component.name));
            }
        }
        if let Some(index) = self.analysis.estimate.system.bottleneck {
            let name = self.graph().components.get(index).map_or("", |c| c.name.as_str());
            notes.push(format!(
                "{name} gives out first: the system bears {}x today's peak",
                self.cell(Target::System, "headroom", 0)
            ));
        }
        Table {
            title: "Capacity at peak",
            columns: columns(&["", "nodes", "busy", "used", "bears", "need", "with a loss"]),
            rows,
            notes,
        }
    }

    fn resources(&self) -> Table {
        let mut all = Vec::new();
        let mut notes = Vec::new();
        for (component, figures) in self.graph().components.iter().zip(&self.analysis.estimate.components) {
            // The processor alone is in the table of capacity already.
            let others = figures.resources.iter().any(|resource| resource.name != "processor");
            all.extend(figures.resources.iter().filter(|_| others).map(|resource| (component, resource)));
            if let Some(time) = figures.disk_full_in {
                let when = (self.date_in)(time).map_or(String::new(), |date| format!(", around {date}"));
                let time = quantity(time, Dimension::TIME, &Hint::Auto);
                notes.push(format!("{}: the disks are full in {time}{when}", component.name));
            }
            if let Some(used) = figures.utilization_while_scaling.filter(|used| *used >= 1.0) {
                notes.push(format!(
                    "{}: {} busy while load ramps up and new nodes boot; keep more at the minimum",
                    component.name,
                    crate::quantity::percent(used)
                ));
            }
            if let Some(idle) = figures.idle_consumers.filter(|idle| *idle > 0.0) {
                notes.push(format!("{}: {idle} consumers get no partition", component.name));
            }
        }
        all.sort_by(|a, b| b.1.share().total_cmp(&a.1.share()));
        let rows = all.iter().take(MOST_RESOURCES).map(|(component, resource)| {
            let shown = |value| quantity(value, resource.dimension, &Hint::Auto);
            vec![
                component.name.clone(),
                resource.name.to_owned(),
                shown(resource.used),
                shown(resource.limit),
                crate::quantity::percent(resource.share()),
            ]
        });
        if let Some((component, resource)) = all.first() {
            notes.insert(0, format!("{} runs out of {} first", component.name, resource.name));
        }
        if all.len() > MOST_RESOURCES {
            notes.push(format!("{} less used ones are left out", all.len() - MOST_RESOURCES));
        }
        let columns = columns(&["", "resource", "in use", "there is", "share"]);
        Table { title: "Resources at peak, of one node or partition", columns, rows: rows.collect(), notes }
    }

    fn caches(&self) -> Table {
        let mut rows = Vec::new();
        let mut notes = Vec::new();
        for (index, component) in self.graph().components.iter().enumerate() {
            let Some(figures) = self.analysis.estimate.components.get(index) else { continue };
            if figures.hit_ratio.is_some() && figures.peak_rate > 0.0 {
                let keys = ["hit_ratio", "offloaded_requests", "offloaded_bytes", "memory_for_hit", "stampede_size"];
                rows.push(self.row(&component.name, Target::Component, index, &keys));
            }
            if let Some(used) = figures.cold_utilization {
                let rate = quantity(figures.cold_rate.unwrap_or(0.0), Dimension::RATE, &Hint::Auto);
                let used = crate::quantity::percent(used);
                notes.push(format!("{}: {rate} with empty caches, {used} busy", component.name));
            }
        }
        let columns = columns(&["", "hits", "requests kept off", "bytes kept off", "memory for goal", "stampede"]);
        Table { title: "Caches at peak", columns, rows, notes }
    }

    fn connections(&self) -> Table {
        let mut rows = Vec::new();
        let mut notes = Vec::new();
        for (index, component) in self.graph().components.iter().enumerate() {
            let Some(figures) = self.analysis.estimate.components.get(index) else { continue };
            for (rate, what) in [
                (figures.heartbeat_rate, "signs of life"),
                (figures.poll_rate, "polls"),
                (figures.reconnect_rate, "new connections when all clients come back"),
            ] {
                if let Some(rate) = rate {
                    let cores = figures.reconnect_cores.filter(|_| what.starts_with("new"));
                    let busy = cores.map_or(String::new(), |n| format!(", {} cores", crate::quantity::number(n)));
                    let rate = quantity(rate, Dimension::RATE, &Hint::Auto);
                    notes.push(format!("{}: {rate} {what}{busy}", component.name));
                }
            }
            let many = figures.in_flight.is_some_and(|n| n >= 0.5) || figures.connections.is_some();
            if component.kind != Kind::Client && many && !figures.utilization.is_some_and(|u| u >= 1.0) {
                let keys = ["in_flight", "open_connections", "connection_memory_needed"];
                rows.push(self.row(&component.name, Target::Component, index, &keys));
            }
        }
        notes.insert(0, "in progress: calls being served or waiting for others (Little's law)".to_owned());
        Table {
            title: "Connections at peak",
            columns: columns(&["", "in progress", "held open", "their memory"]),
            rows,
            notes,
        }
    }

    fn latency(&self) -> Table {
        let mut rows = Vec::new();
        let mut notes = Vec::new();
        let name_of = |index: &usize| self.graph().components.get(*index).map_or("", |c| c.name.as_str());
        for (index, flow) in self.graph().flows.iter().enumerate() {
            let Some(figures) = self.analysis.estimate.flows.get(index) else { continue };
            let mut row = self.row(
                &flow.name,
                Target::Flow,
                index,
                &["latency.p50", "latency.p95", "latency.p99", "latency.p999"],
            );
            let objective = crate::graph::number(flow.own.get(attr!(Flow, "slo.p99")));
            row.push(objective.map_or("–".to_owned(), |input| quantity(input.value, Dimension::TIME, &Hint::Auto)));
            if !figures.uncounted.is_empty() {
                row.iter_mut().skip(1).take(4).filter(|cell| *cell != "–").for_each(|cell| cell.insert_str(0, "≥ "));
                let names: Vec<&str> = figures.uncounted.iter().map(name_of).collect();
                notes.push(format!(
                    "{}: a lower bound without waits; add `replicas` of {}",
                    flow.name,
                    names.join(", ")
                ));
            }
            if !figures.untimed.is_empty() {
                let names: Vec<&str> = figures.untimed.iter().map(name_of).collect();
                notes.push(format!("{}: add `service_time` or `latency` of {}", flow.name, names.join(", ")));
            }
            if let Some(overloaded) = figures.overloaded {
                notes.push(format!(
                    "{}: no steady state, since {} can't keep up at peak",
                    flow.name,
                    name_of(&overloaded)
                ));
            } else if !figures.client_network && figures.mean.is_some() {
                notes.push(format!(
                    "{}: without the clients' network; add `location` or `rtt` to the client",
                    flow.name
                ));
            }
            rows.push(row);
        }
        Table {
            title: "Latency at peak (goal: the objective for p99)",
            columns: columns(&["flow", "p50", "p95", "p99", "p99.9", "goal"]),
            rows,
            notes,
        }
    }

    fn availability(&self) -> Table {
        let mut rows = Vec::new();
        let mut notes = Vec::new();
        for (index, flow) in self.graph().flows.iter().enumerate() {
            let Some(figures) = self.analysis.estimate.flows.get(index) else { continue };
            let nines = figures.availability.map_or("–".to_owned(), crate::quantity::nines);
            if figures.availability_gap > 0.0 {
                let gap = crate::quantity::number(figures.availability_gap);
                notes.push(format!("{}: a lower bound, better by at most {gap}", flow.name));
            }
            let objective = crate::graph::number(flow.own.get(attr!(Flow, "slo.availability")));
            let mut row = vec![
                flow.name.clone(),
                self.cell(Target::Flow, "availability", index),
                nines,
                self.cell(Target::Flow, "downtime_per_year", index),
            ];
            row.push(objective.map_or("–".to_owned(), |input| crate::quantity::percent(input.value)));
            rows.push(row);
            let spenders = self.spenders.get(index).into_iter().flatten().filter(|(_, share)| *share >= 0.005).take(3);
            let shares: Vec<String> = spenders
                .map(|(cause, share)| {
                    let share = crate::quantity::percent((share * 100.0).round() / 100.0);
                    format!("{} {share}", cause.name(self.graph()))
                })
                .collect();
            if !shares.is_empty() {
                notes.push(format!("{}: its failures are due to {}", flow.name, shares.join(", ")));
            }
            if !figures.unknown_availability.is_empty() {
                let names: Vec<&str> = figures
                    .unknown_availability
                    .iter()
                    .filter_map(|i| self.graph().components.get(*i))
                    .map(|c| c.name.as_str())
                    .collect();
                notes.push(format!("{}: add `replicas` or `availability` of {}", flow.name, names.join(", ")));
            }
        }
        Table {
            title: "Availability",
            columns: columns(&["flow", "availability", "", "downtime a year", "objective"]),
            rows,
            notes,
        }
    }

    fn objectives(&self) -> Table {
        let mut rows = Vec::new();
        for (goal, chance) in &self.spreads.chances {
            let flow = goal.flow.and_then(|flow| self.graph().flows.get(flow));
            let hint = if goal.key == "availability" { Hint::Percent } else { Hint::Auto };
            let (target, index) = if flow.is_some() { (Target::Flow, goal.flow) } else { (Target::System, Some(0)) };
            let stated = goal.stated(self.graph()).map(|bound| quantity(bound, goal.dimension(), &hint));
            let met = match chance {
                None => "–".to_owned(),
                Some(chance) if *chance >= 1.0 => "met".to_owned(),
                Some(chance) if *chance <= 0.0 => "missed".to_owned(),
                Some(chance) => format!("in {:.0} % of cases", (chance * 100.0).clamp(1.0, 99.0)),
            };
            rows.push(vec![
                flow.map_or(goal.key.to_owned(), |flow| format!("{} {}", flow.name, goal.key)),
                stated.unwrap_or_default(),
                self.cell(target, goal.figure, index.unwrap_or(0)),
                met,
            ]);
        }
        Table { title: "Objectives", columns: columns(&["", "objective", "estimate", "met"]), rows, notes: Vec::new() }
    }

    fn storage(&self) -> Table {
        let rows = self.graph().data.iter().enumerate().map(|(index, data)| {
            self.row(
                &data.name,
                Target::Data,
                index,
                &["stored_record", "total_copies", "now", "per_year", "full", "hot_memory"],
            )
        });
        let notes = self
            .graph()
            .data
            .iter()
            .enumerate()
            .filter(|(i, _)| self.analysis.estimate.data.get(*i).is_some_and(|d| d.full.is_none()));
        let mut notes: Vec<String> =
            notes.map(|(_, data)| format!("{}: add `record` and `added` to see its size", data.name)).collect();
        for (data, figures) in self.graph().data.iter().zip(&self.analysis.estimate.data) {
            let number = crate::quantity::number;
            if let Some(loss) = figures.annual_loss {
                let nines = format!("{:.1} nines", -loss.max(1e-99).log10());
                notes.push(format!(
                    "{}: a record is lost with probability {} a year ({nines})",
                    data.name,
                    number(loss)
                ));
            }
            if let Some(shards) = figures.shards_needed.filter(|n| *n > 1.0) {
                notes.push(format!("{}: {} shards of the largest size", data.name, number(shards)));
            }
            if let Some((modulo, ring)) = figures.moved_by_modulo.zip(figures.moved_by_ring) {
                let (modulo, ring) = (crate::quantity::percent(modulo), crate::quantity::percent(ring));
                notes
                    .push(format!("{}: another shard moves {modulo} of it by hash mod n, {ring} on a ring", data.name));
            }
            if let Some(chance) = figures.key_collision {
                notes.push(format!("{}: two keys are the same with probability {}", data.name, number(chance)));
            }
        }
        Table {
            title: "Storage",
            columns: columns(&["data", "record", "copies", "now", "a year", "at retention", "hot set"]),
            rows: rows.collect(),
            notes,
        }
    }

    fn bandwidth(&self) -> Table {
        let mut rows: Vec<Vec<String>> = Vec::new();
        for (index, link) in self.graph().links.iter().enumerate() {
            let Some(figures) = self.analysis.estimate.links.get(index) else { continue };
            if figures.request_bandwidth + figures.response_bandwidth <= 0.0 {
                continue;
            }
            let name = |i: usize| self.graph().components.get(i).map_or("", |c| c.name.as_str());
            rows.push(self.row(
                &format!("{} → {}", name(link.caller), name(link.callee)),
                Target::Link,
                index,
                &["peak_rate", "request_bandwidth", "response_bandwidth"],
            ));
        }
        if !rows.is_empty() {
            rows.push(vec![
                "clients".to_owned(),
                String::new(),
                self.cell(Target::System, "ingress", 0),
                self.cell(Target::System, "egress", 0),
            ]);
        }
        Table {
            title: "Bandwidth at peak",
            columns: columns(&["link", "calls", "sent", "returned"]),
            rows,
            notes: Vec::new(),
        }
    }

    fn cost(&self) -> Table {
        let mut rows: Vec<Vec<String>> = Vec::new();
        let estimate = &self.analysis.estimate;
        let name = |index: usize| self.graph().components.get(index).map_or("", |c| c.name.as_str());
        for (index, figures) in estimate.components.iter().enumerate() {
            if figures.cost.is_none_or(|cost| cost <= 0.0) {
                continue;
            }
            let mut lines: Vec<&crate::estimate::CostLine> = figures.cost_lines.iter().collect();
            lines.sort_by(|a, b| b.amount.total_cmp(&a.amount));
            let parts: Vec<&str> = lines.iter().map(|line| line.what).collect();
            rows.push(vec![name(index).to_owned(), self.cell(Target::Component, "cost", index), parts.join(", ")]);
        }
        let bound = if estimate.system.unpriced.is_empty() { "" } else { "≥ " };
        if !rows.is_empty() {
            rows.push(vec![
                "all".to_owned(),
                format!("{bound}{}", self.cell(Target::System, "cost", 0)),
                String::new(),
            ]);
        }
        for (index, flow) in self.graph().flows.iter().enumerate() {
            if estimate.flows.get(index).is_some_and(|f| f.cost_per_thousand.is_some()) {
                let each = self.cell(Target::Flow, "cost_per_thousand", index);
                let cost = self.cell(Target::Flow, "cost", index);
                rows.push(vec![format!("flow {}", flow.name), cost, format!("{each} per 1,000 requests")]);
            }
        }
        let mut notes = Vec::new();
        if !rows.is_empty() {
            let prices = self.prices;
            notes.push(format!("prices: {} of {} ({})", prices.name, prices.date, prices.source));
            if !estimate.system.unpriced.is_empty() {
                let names: Vec<&str> = estimate.system.unpriced.iter().map(|index| name(*index)).collect();
                notes.push(format!(
                    "not priced: {}; add `price`, or `cores` and `memory`, and `replicas`",
                    names.join(", ")
                ));
            }
        }
        Table { title: "Cost", columns: columns(&["", "a month", "for"]), rows, notes }
    }

    fn assumptions(&self) -> Table {
        let mut rows = Vec::new();
        for definition in self.graph().definitions.iter() {
            let value = quantity(definition.value, definition.dimension, &definition.checked.hint);
            let text = if definition.uncertain { format!("≈ {value}") } else { value };
            let place = self.graph().assumption_spans.iter().find(|(name, _)| *name == definition.name);
            let place = place.map_or(String::new(), |(_, span)| self.sources.line(*span));
            rows.push(vec![definition.name.clone(), text, place]);
        }
        let mut notes = vec![summary(&origins(self.analysis, self.sources))];
        if rows.is_empty() {
            rows.push(vec!["–".to_owned(), String::new(), String::new()]);
        }
        if self.spreads.samples > 0 {
            notes.push(format!("ranges are the 5th to 95th percentile of {} samples", self.spreads.samples));
        }
        Table { title: "Assumptions", columns: columns(&["name", "value (median)", "stated in"]), rows, notes }
    }
}
