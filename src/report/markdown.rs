//! `check --format markdown`: a comment for a pull request.

use crate::report::{Checked, safe};

/// Writes a table of everything found.
pub fn markdown(checked: &Checked<'_>) -> String {
    let clean =
        |text: &str| safe(text).replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace('\n', " ");
    let mut out = String::from("## napkin\n\n");
    let mut any = false;
    for item in checked.items() {
        if !any {
            out += "| | rule | where | what | fix |\n| --- | --- | --- | --- | --- |\n";
            any = true;
        }
        let place = item.labels().first().map_or(String::new(), |label| {
            let source = checked.sources.get(label.span.source);
            format!("{}:{}", source.name(), source.position(label.span.range().start).line)
        });
        let severity = match item.allowed() {
            Some(reason) => format!("allowed: {}", clean(reason)),
            None => item.severity().to_string(),
        };
        out += &format!(
            "| {severity} | `{}` | {} | {} | {} |\n",
            item.code(),
            clean(&place),
            clean(item.message()),
            clean(item.help().unwrap_or(""))
        );
    }
    if !any {
        out += "Nothing found.\n";
    }
    out
}
