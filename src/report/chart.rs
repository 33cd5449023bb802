//! Charts of characters: tornados and heat strips.

use crate::quantity::{Dimension, Hint, quantity};

/// A bar of a tornado: a name, the value at one end and at the other.
pub struct Bar {
    /// What is varied.
    pub name: String,
    /// The figure at its low end.
    pub low: f64,
    /// The figure at its high end.
    pub high: f64,
}

/// Bars around a middle value, one line each; `░` where the cause is low, `█` where it is high.
pub fn tornado(bars: &[Bar], middle: f64, dimension: Dimension, hint: &Hint, width: u16) -> String {
    let least = bars.iter().flat_map(|bar| [bar.low, bar.high]).fold(middle, f64::min);
    let most = bars.iter().flat_map(|bar| [bar.low, bar.high]).fold(middle, f64::max);
    if bars.is_empty() || most <= least {
        return String::new();
    }
    let names = bars.iter().map(|bar| bar.name.chars().count()).max().unwrap_or(0).min(28);
    let columns = usize::from(width).saturating_sub(names + 3).clamp(10, 100);
    let place = |value: f64| cell((value - least) / (most - least), columns);
    let mut out = String::new();
    for bar in bars {
        let name: String = bar.name.chars().take(names).collect();
        let line: String = (0..columns)
            .map(|column| {
                let within = |end: f64| {
                    let (a, b) = (place(middle).min(place(end)), place(middle).max(place(end)));
                    end != middle && (a..=b).contains(&column)
                };
                match (column == place(middle), within(bar.high), within(bar.low)) {
                    (true, ..) => '│',
                    (_, true, _) => '█',
                    (_, _, true) => '░',
                    _ => ' ',
                }
            })
            .collect();
        out += &format!("  {name:<names$} {}\n", line.trim_end());
    }
    let (low, high) = (quantity(least, dimension, hint), quantity(most, dimension, hint));
    let middle_text = quantity(middle, dimension, hint);
    let indent = " ".repeat(names + 3);
    let gap = columns.saturating_sub(low.chars().count() + high.chars().count());
    out += &format!("{indent}{low}{}{high}\n", " ".repeat(gap.max(1)));
    out += &format!("  │ {middle_text}: everything at its median\n");
    out + "  ░ this assumption at its 5th, █ at its 95th percentile\n"
}

/// One character for a share in use: nothing, light to full, and `!` from 100 % on.
pub fn heat(share: Option<f64>) -> char {
    match share {
        None => '?',
        Some(share) if share >= 1.0 => '!',
        Some(share) if share >= 0.85 => '█',
        Some(share) if share >= 0.7 => '▓',
        Some(share) if share >= 0.4 => '▒',
        Some(share) if share >= 0.1 => '░',
        Some(_) => '·',
    }
}

/// Values as a row of bars from nothing to the most, at most so many columns; several values that share a column show as the
/// largest. A blank is a value that isn't known.
pub fn spark(values: &[Option<f64>], most: f64, columns: usize) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let columns = columns.min(values.len()).max(1);
    let column = |at: usize| {
        let (from, to) = (at * values.len() / columns, (at + 1) * values.len() / columns);
        let shared = values.get(from..to.max(from + 1).min(values.len())).unwrap_or(&[]);
        shared.iter().flatten().copied().reduce(f64::max)
    };
    let bar = |value: Option<f64>| match value {
        None => ' ',
        Some(value) if value <= 0.0 || most <= 0.0 => '·',
        Some(value) => BARS.get(cell((value / most).min(1.0), BARS.len())).copied().unwrap_or('█'),
    };
    (0..columns).map(|at| bar(column(at))).collect()
}

/// A place from 0 to `columns − 1` for a share from 0 to 1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "clamped to the columns of a terminal"
)]
fn cell(share: f64, columns: usize) -> usize {
    let last = columns.saturating_sub(1) as f64;
    (share * last).round().clamp(0.0, last) as usize
}
