//! What would change in files, as a unified diff that `patch` and `git apply -p0` take.

use similar::TextDiff;

use crate::report::safe;
use crate::source::{SourceId, Sources};

/// The changes of files to new texts. `harmless` takes out what could steer a terminal, and with it the exactness.
pub fn patch(sources: &Sources, texts: &[(SourceId, String)], harmless: bool) -> String {
    let one = |(file, text): &(SourceId, String)| {
        let source = sources.get(*file);
        // Behind a tab `patch` takes no part of a name with spaces for a date.
        let name = safe(source.name());
        let name = if name.contains(' ') { format!("{name}\t") } else { name };
        let diff = TextDiff::from_lines(source.text(), text);
        let drawn = diff.unified_diff().context_radius(3).header(&name, &name).to_string();
        if harmless { safe(&drawn.replace("\r\n", "\n")) } else { drawn }
    };
    texts.iter().map(one).collect()
}
