//! A sweep as text, CSV and JSON.

use serde_json::{Map, Value, json};

use crate::quantity::{Dimension, Hint, quantity};
use crate::report::chart::heat;
use crate::report::safe;
use crate::report::tables::{Table, columns};
use crate::study::sweep::Sweep;

/// Rows of the table of figures; a finer sweep shows every so many.
const MOST_ROWS: usize = 11;

/// Columns of figures that fit a terminal of 80.
const MOST_COLUMNS: usize = 5;

/// What gives out, a strip for each share in use, and a table of the first figures.
pub fn text(sweep: &Sweep, width: u16) -> String {
    let shown = |value: f64| quantity(value, sweep.range.dimension, &Hint::Auto);
    let rows = sweep.limits.iter().map(|limit| {
        let factor = sweep.today.filter(|today| *today > 0.0).map(|today| limit.at / today);
        let factor = factor.map_or("–".to_owned(), |factor| format!("{}x", crate::quantity::number(factor)));
        vec![limit.name.clone(), limit.what.to_owned(), shown(limit.at), factor]
    });
    let mut notes = Vec::new();
    if sweep.limits.is_empty() {
        notes.push(format!("nothing gives out up to {}", shown(sweep.range.ends.1)));
    }
    let limits = Table {
        title: "What gives out, in order",
        columns: columns(&["", "", "at", "of today"]),
        rows: rows.collect(),
        notes,
    };
    format!("{}{}{}", limits.text(width), strips(sweep, width), figures(sweep).text(width))
}

/// One line per component: how busy it is along the sweep.
fn strips(sweep: &Sweep, width: u16) -> String {
    let busy: Vec<(usize, &str)> = (0..)
        .zip(&sweep.followed)
        .filter(|(_, f)| f.metric.hint == Hint::Percent && f.metric.key == "utilization")
        .map(|(at, f)| (at, f.name.trim_end_matches(".utilization")))
        .collect();
    if busy.is_empty() {
        return String::new();
    }
    let names = busy.iter().map(|(_, name)| name.chars().count()).max().unwrap_or(0);
    let columns = usize::from(width).saturating_sub(names + 2).clamp(10, 100);
    let last = sweep.values.len().saturating_sub(1);
    let mut out = String::from("Share in use   ·  <10 %  ░ 10  ▒ 40  ▓ 70  █ 85  ! 100 %   ? unknown\n");
    for (at, name) in busy {
        let strip: String = (0..columns)
            .map(|column| {
                let row = column * last / columns.saturating_sub(1).max(1);
                heat(sweep.table.get(row).and_then(|row| row.get(at)).copied().flatten())
            })
            .collect();
        out += &format!("{:<names$}  {strip}\n", safe(name));
    }
    let (low, high) = sweep.range.ends;
    let ends = [low, high].map(|end| quantity(end, sweep.range.dimension, &Hint::Auto));
    let gap = columns.saturating_sub(ends.iter().map(|end| end.chars().count()).sum());
    let [low, high] = ends;
    out + &format!("{}  {low}{}{high}\n\n", " ".repeat(names), " ".repeat(gap.max(1)))
}

fn figures(sweep: &Sweep) -> Table {
    // What gives out comes first, then the rest in order.
    let rank = |at: &usize| {
        let name = sweep.followed.get(*at).map_or("", |f| f.name.as_str());
        let of = |limit: &crate::study::sweep::Limit| limit.name == short(name).replace(" used", "");
        sweep.limits.iter().position(of).unwrap_or(usize::MAX)
    };
    let mut chosen: Vec<usize> = (0..sweep.followed.len()).collect();
    chosen.sort_by_key(|at| (rank(at), *at));
    chosen.truncate(MOST_COLUMNS);
    let every = sweep.values.len().div_ceil(MOST_ROWS);
    let cell = |row: &[Option<f64>], at: usize| match (row.get(at).copied().flatten(), sweep.followed.get(at)) {
        (Some(value), Some(f)) => quantity(value, f.metric.dimension, &f.metric.hint),
        _ => "–".to_owned(),
    };
    let mut rows = Vec::new();
    let last = sweep.values.len().saturating_sub(1);
    for (at, (value, row)) in sweep.values.iter().zip(&sweep.table).enumerate() {
        if at % every == 0 || at == last {
            let mut cells = vec![quantity(*value, sweep.range.dimension, &Hint::Auto)];
            cells.extend(chosen.iter().map(|&column| cell(row, column)));
            rows.push(cells);
        }
    }
    let mut columns = vec![sweep.range.path.clone()];
    columns.extend(chosen.iter().filter_map(|&at| sweep.followed.get(at)).map(|f| short(&f.name)));
    let mut notes = Vec::new();
    if sweep.followed.len() > MOST_COLUMNS {
        notes.push(format!("{} further figures: `--figure NAME`, `--format csv`", sweep.followed.len() - MOST_COLUMNS));
    }
    Table { title: "Figures", columns, rows, notes }
}

/// `redirect p99`, `api used`: names for columns.
fn short(name: &str) -> String {
    name.replace(".latency.", " ").replace(".utilization", " used").replace(['.', '_'], " ")
}

/// One line per value; figures in base units, unknown ones empty.
pub fn csv(sweep: &Sweep) -> String {
    let quoted = |text: &str| {
        let text = safe(text);
        if text.contains(['"', ',', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
    };
    let mut out = quoted(&sweep.range.path);
    for followed in &sweep.followed {
        out += &format!(",{}", quoted(&followed.name));
    }
    out.push('\n');
    for (value, row) in sweep.values.iter().zip(&sweep.table) {
        out += &format!("{value}");
        for figure in row {
            out += &figure.filter(|x| *x < crate::quantity::ENDLESS).map_or(",".to_owned(), |x| format!(",{x}"));
        }
        out.push('\n');
    }
    out
}

/// The same as an object, with what gives out.
pub fn json(sweep: &Sweep) -> serde_json::Result<String> {
    let rows: Vec<Value> = sweep
        .values
        .iter()
        .zip(&sweep.table)
        .map(|(value, row)| {
            let mut map = Map::new();
            for (followed, figure) in sweep.followed.iter().zip(row) {
                map.insert(followed.name.clone(), json!(figure.filter(|x| *x < crate::quantity::ENDLESS)));
            }
            json!({ "at": value, "figures": map })
        })
        .collect();
    let limits: Vec<Value> =
        sweep.limits.iter().map(|limit| json!({ "name": limit.name, "what": limit.what, "at": limit.at })).collect();
    let report = json!({
        "version": 1, "tool": "napkin", "over": sweep.range.path, "unit": base(sweep.range.dimension),
        "today": sweep.today, "limits": limits, "rows": rows,
    });
    serde_json::to_string_pretty(&report).map(|text| text + "\n")
}

fn base(dimension: Dimension) -> String {
    crate::report::estimate_json::unit(dimension)
}
