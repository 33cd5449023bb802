//! Values as a person would write them: `1.27 KB`, `23.1k /s`, `$5,400 /month`, `99.95 %`.

use crate::quantity::Dimension;

/// How a result wants to be shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Hint {
    /// A unit that suits the size.
    #[default]
    Auto,
    /// A plain number of these things.
    Noun(String),
    /// The unit that was asked for with `in`: its text and its size in base units.
    Unit {
        /// As written.
        text: String,
        /// Size in base units.
        factor: f64,
    },
    /// As a whole number of things, rounded up.
    Whole,
    /// As a percentage.
    Percent,
    /// As a count of nines.
    Nines,
}

const TIMES: [(f64, &str); 9] = [
    (1e-9, "ns"),
    (1e-6, "µs"),
    (1e-3, "ms"),
    (1.0, "s"),
    (120.0, "min"),
    (3600.0, "h"),
    (2.0 * 86_400.0, "day"),
    (730.0 * 86_400.0, "year"),
    (f64::INFINITY, ""),
];
const SIZES: [(f64, &str); 7] =
    [(1.0, "B"), (1e3, "KB"), (1e6, "MB"), (1e9, "GB"), (1e12, "TB"), (1e15, "PB"), (1e18, "EB")];
const PERIODS: [(f64, &str); 5] =
    [(1.0, "s"), (60.0, "min"), (86_400.0, "day"), (365.0 * 86_400.0 / 12.0, "month"), (365.0 * 86_400.0, "year")];
const COUNTS: [(f64, &str); 5] = [(1.0, ""), (1e3, "k"), (1e6, "M"), (1e9, "bn"), (1e12, "T")];

/// Figures from here on have no end: the load of nodes that are gone.
pub const ENDLESS: f64 = f64::MAX / 2.0;

/// A value of some dimension, in base units, as text.
pub fn quantity(value: f64, dimension: Dimension, hint: &Hint) -> String {
    if value >= ENDLESS {
        return "∞".to_owned();
    }
    match hint {
        Hint::Unit { text, factor } => spaced(&plain(value / factor), text),
        Hint::Noun(noun) if dimension.is_none() => format!("{} {noun}", number(value)),
        // Rounding noise must not show as another node.
        Hint::Whole if dimension.is_none() => number((value - value.abs() * 1e-9).ceil()),
        Hint::Percent if dimension.is_none() => percent(value),
        Hint::Nines if dimension.is_none() => nines(value),
        _ => auto(value, dimension),
    }
}

/// Both ends of an uncertain value. Where the ends take the same unit it is written once: `5..40 ms`.
pub fn range(low: f64, high: f64, dimension: Dimension, hint: &Hint) -> String {
    let (low, high) = (quantity(low, dimension, hint), quantity(high, dimension, hint));
    if low == high {
        return low;
    }
    let unit_of = |text: &str| text.find(' ').map(|at| text.get(at..).unwrap_or("").to_owned());
    match (unit_of(&low), unit_of(&high)) {
        (Some(a), Some(b)) if a == b => format!("{}..{high}", low.trim_end_matches(a.as_str())),
        _ => format!("{low}..{high}"),
    }
}

fn auto(value: f64, dimension: Dimension) -> String {
    if value < 0.0 {
        return format!("-{}", auto(-value, dimension));
    }
    match dimension {
        Dimension::NONE => number(value),
        Dimension::TIME => time(value),
        Dimension::DATA => size(value),
        Dimension::RATE => rate(value),
        Dimension::BANDWIDTH => bandwidth(value),
        Dimension::MONEY => money(value),
        Dimension::MONEY_RATE => format!("{} /month", money(value * 730.0 * 3600.0)),
        Dimension { money: 1, data: -1, time: 0 } => format!("{} /GB", money(value * 1e9)),
        Dimension { money: 1, data: -1, time: -1 } => format!("{} /GB-month", money(value * 1e9 * 730.0 * 3600.0)),
        other => spaced(&plain(value), &base_units(other)),
    }
}

fn time(value: f64) -> String {
    if value == 0.0 {
        return "0 s".to_owned();
    }
    let rounded = three(value);
    let mut unit = ("ns", 1e-9);
    for (from, name) in TIMES {
        if rounded >= from {
            unit = (name, if name == "day" { 86_400.0 } else { from });
        }
    }
    let factor = match unit.0 {
        "min" => 60.0,
        "h" => 3600.0,
        "day" => 86_400.0,
        "year" => 365.0 * 86_400.0,
        _ => unit.1,
    };
    spaced(&plain(value / factor), unit.0)
}

fn size(value: f64) -> String {
    let (number, unit) = scaled(value, &SIZES);
    spaced(&number, unit)
}

fn bandwidth(value: f64) -> String {
    if value > 0.0 && three(value) < 1.0 {
        return format!("{}/day", size(value * 86_400.0));
    }
    format!("{}/s", size(value))
}

fn rate(value: f64) -> String {
    let (mut factor, mut unit) = (1.0, "s");
    for (seconds, name) in PERIODS {
        (factor, unit) = (seconds, name);
        if three(value * seconds) >= 1.0 || value == 0.0 {
            break;
        }
    }
    format!("{} /{unit}", number(value * factor))
}

fn money(value: f64) -> String {
    if value == 0.0 {
        return "$0".to_owned();
    }
    if value >= 999_999.5 {
        return format!("${}", number(value));
    }
    if value < 100.0 {
        return format!("${}", plain(value));
    }
    format!("${}", thousands(value.round()))
}

/// A plain number: exact up to four digits, then with a multiplier.
pub fn number(value: f64) -> String {
    if value >= ENDLESS {
        return "∞".to_owned();
    }
    if value < 0.0 {
        return format!("-{}", number(-value));
    }
    if value < 9999.5 && (value.fract() == 0.0 || value >= 1000.0) {
        return thousands(value.round());
    }
    if value >= 9.995e14 || (value != 0.0 && value < 1e-3) {
        return scientific(value);
    }
    let (text, unit) = scaled(value, &COUNTS);
    format!("{text}{unit}")
}

/// A ratio as a percentage, with as many digits as its distance from 100 % needs. What is near 100 % is never rounded up: what
/// misses 99.99 % by little would read as if it had reached it.
pub fn percent(value: f64) -> String {
    let missing = 1.0 - value;
    if missing > 0.0 && missing < 0.01 {
        let digits = decimals((-(missing * 100.0).log10()).ceil().max(0.0) + 2.0).min(12);
        let scale = 10_f64.powi(i32::try_from(digits).unwrap_or(12));
        // A thousandth of the last digit is rounding of the arithmetic.
        let text = format!("{:.digits$}", (value * 100.0 * scale + 1e-3).floor() / scale);
        if !text.starts_with("100") {
            return format!("{} %", trim(&text));
        }
        return "> 99.9999999999 %".to_owned();
    }
    format!("{} %", plain(value * 100.0))
}

/// A ratio as a count of nines: `3.3 nines`.
pub fn nines(value: f64) -> String {
    if value >= 1.0 {
        return "100 %".to_owned();
    }
    format!("{} nines", trim(&format!("{:.1}", -(1.0 - value).log10())))
}

/// A whole number with thousands separated: `15,768`.
pub fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits.as_str()), |rest| ("-", rest));
    let mut text = String::from(sign);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The number and the largest unit that leaves it at least 1, after rounding.
fn scaled(value: f64, units: &[(f64, &'static str)]) -> (String, &'static str) {
    let rounded = three(value);
    let fits = units.iter().rev().find(|(factor, _)| rounded >= *factor).or(units.first());
    let &(factor, unit) = fits.unwrap_or(&(1.0, ""));
    (plain(value / factor), unit)
}

/// Three significant digits, thousands separated, nothing superfluous.
fn plain(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e15).contains(&size) {
        return scientific(value);
    }
    if size >= 999.5 {
        return thousands(value.round());
    }
    let whole_digits = if size < 1e-300 { 1.0 } else { size.log10().floor() + 1.0 };
    trim(&format!("{value:.*}", decimals(3.0 - whole_digits))).to_owned()
}

fn scientific(value: f64) -> String {
    let text = format!("{value:.2e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => format!("{}e{exponent}", trim(mantissa)),
        None => text,
    }
}

/// A count of decimals from a computed one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=20 first")]
fn decimals(count: f64) -> usize {
    count.clamp(0.0, 20.0) as usize
}

fn three(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10f64.powf(value.abs().log10().floor() - 2.0);
    (value / scale).round() * scale
}

fn trim(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

fn spaced(number: &str, unit: &str) -> String {
    format!("{number} {unit}")
}

fn base_units(dimension: Dimension) -> String {
    let bases = [("$", dimension.money), ("B", dimension.data), ("s", dimension.time)];
    let named: Vec<String> = bases
        .into_iter()
        .filter(|&(_, power)| power != 0)
        .map(|(name, power)| if power == 1 { name.to_owned() } else { format!("{name}^{power}") })
        .collect();
    named.join("·")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: f64, dimension: Dimension) -> String {
        quantity(value, dimension, &Hint::Auto)
    }

    #[test]
    fn as_a_person_would_write_it() {
        for (value, dimension, text) in [
            (1271.0, Dimension::DATA, "1.27 KB"),
            (4.0, Dimension::RATE, "4 /s"),
            (5.4e15, Dimension::DATA, "5.4 PB"),
            (23_148.148, Dimension::RATE, "23.1k /s"),
            (0.05, Dimension::RATE, "3 /min"),
            (0.0, Dimension::RATE, "0 /s"),
            (1e-9, Dimension::RATE, "0.0315 /year"),
            (0.008, Dimension::TIME, "8 ms"),
            (0.000_000_5, Dimension::TIME, "500 ns"),
            (90.0, Dimension::TIME, "90 s"),
            (5400.0, Dimension::TIME, "1.5 h"),
            (31_557.0, Dimension::TIME, "8.77 h"),
            (86_400.0 * 14.0, Dimension::TIME, "14 day"),
            (86_400.0 * 365.0 * 5.0, Dimension::TIME, "5 year"),
            (999_999.0, Dimension::DATA, "1 MB"),
            (73e6, Dimension::NONE, "73M"),
            (3_521_614_606_208.0, Dimension::NONE, "3.52T"),
            (1875.0, Dimension::NONE, "1,875"),
            (0.000_102, Dimension::NONE, "1.02e-4"),
            (15_768.0, Dimension::MONEY, "$15,768"),
            (0.023, Dimension::MONEY, "$0.023"),
            (20_000.0 / 2_628_000.0, Dimension::MONEY_RATE, "$20,000 /month"),
            (118.055e6, Dimension::BANDWIDTH, "118 MB/s"),
            (-3.0, Dimension::TIME, "-3 s"),
        ] {
            assert_eq!(shown(value, dimension), text);
        }
    }

    #[test]
    fn ratios_keep_the_digits_that_matter() {
        assert_eq!(percent(0.9995), "99.95 %");
        assert_eq!(percent(0.99), "99 %");
        assert_eq!(percent(0.9999), "99.99 %");
        assert_eq!(percent(0.999_899_992_5), "99.9899 %");
        assert_eq!(percent(0.92), "92 %");
        assert_eq!(percent(0.999_934_21), "99.99342 %");
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(nines(0.999_874), "3.9 nines");
        assert_eq!(nines(0.999), "3 nines");
    }

    #[test]
    fn ranges_share_their_unit() {
        assert_eq!(range(0.005, 0.040, Dimension::TIME, &Hint::Auto), "5..40 ms");
        assert_eq!(range(1e7, 5e7, Dimension::NONE, &Hint::Noun("users".into())), "10M..50M users");
        assert_eq!(range(0.5, 40.0, Dimension::TIME, &Hint::Auto), "500 ms..40 s");
        assert_eq!(range(2.0, 2.0, Dimension::NONE, &Hint::Auto), "2");
    }
}
