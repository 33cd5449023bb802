//! `check --format concise`: one line each, as compilers write them and editors read them.

use crate::report::{Checked, Item, line};

/// Writes `path:line:col: severity rule: message`; what follows from it, and who waives it, stand at the end.
pub fn concise(checked: &Checked<'_>) -> String {
    checked.items().map(|item| one(&item, checked)).collect()
}

fn one(item: &Item<'_>, checked: &Checked<'_>) -> String {
    let also = item.follow().iter().map(|also| format!(" [{}]", line(also))).collect::<String>();
    let waived = item.waived().map_or(String::new(), |why| format!(" [{why}]"));
    format!("{}{also}{waived}\n", what(item, checked))
}

/// The line without what is waived.
pub(super) fn what(item: &Item<'_>, checked: &Checked<'_>) -> String {
    let place = item.place(checked.sources);
    let place = place.map_or(String::new(), |place| format!("{}:{}: ", path(place.file()), place.start));
    format!("{place}{} {}: {}", item.severity(), item.code(), line(item.message()))
}

/// A path at the beginning of a line, which no log may take for a command to itself.
fn path(path: &str) -> String {
    let path = line(path);
    if path.starts_with([':', '#']) { format!("./{path}") } else { path }
}
