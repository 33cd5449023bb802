//! `check --format csv`: a row for each, for spreadsheets (RFC 4180, lines end in a line feed).

use crate::report::{Checked, line};

const COLUMNS: [&str; 17] = [
    "path",
    "line",
    "column",
    "end_line",
    "end_column",
    "severity",
    "rule",
    "category",
    "subject",
    "message",
    "help",
    "also",
    "waived",
    "reason",
    "owner",
    "until",
    "fingerprint",
];

/// Writes the rows below their header.
pub fn csv(checked: &Checked<'_>) -> String {
    let mut out = COLUMNS.join(",") + "\n";
    for (item, fingerprint) in checked.numbered() {
        let place = item.place(checked.sources);
        let number = |value: Option<usize>| value.map_or(String::new(), |value| value.to_string());
        let waiver = item.waiver();
        let row = [
            cell(place.as_ref().map_or("", |place| place.file())),
            number(place.as_ref().map(|place| place.start.line)),
            number(place.as_ref().map(|place| place.start.column)),
            number(place.as_ref().map(|place| place.end.line)),
            number(place.as_ref().map(|place| place.end.column)),
            item.severity().to_string(),
            cell(item.code()),
            cell(item.category()),
            cell(item.subject().unwrap_or("")),
            cell(item.message()),
            cell(item.help().unwrap_or("")),
            cell(&item.follow().join("; ")),
            waiver.map_or("", |waiver| waiver.name()).to_owned(),
            cell(&waiver.map_or(String::new(), |waiver| waiver.because())),
            cell(waiver.and_then(|waiver| waiver.owner()).unwrap_or("")),
            waiver.and_then(|waiver| waiver.until()).unwrap_or_default(),
            fingerprint.to_string(),
        ];
        out += &(row.join(",") + "\n");
    }
    out
}

/// Text as a quoted field in one line. What a spreadsheet would take for a formula gets an apostrophe in front.
fn cell(text: &str) -> String {
    let text = line(text);
    let formula = text.starts_with(['=', '+', '-', '@']);
    super::simulation::quoted(&if formula { format!("'{text}") } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_and_never_formulas() {
        assert_eq!(cell("a \"b\",\nc"), "\"a \"\"b\"\", c\"");
        assert_eq!(cell("=HYPERLINK(1)"), "\"'=HYPERLINK(1)\"");
    }
}
