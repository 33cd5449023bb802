//! Percentiles of one thing rise: the 99th is no less than the median.

use crate::attributes::{AttributeSet, AttributeValue, Origin};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::quantity::quantity;
use crate::vocabulary::Shape;

/// The percentiles that attributes have below a common name, from the lowest.
const ORDER: [&str; 4] = ["p50", "p95", "p99", "p999"];

/// Reports percentiles that are below a lower one of the same thing. Uncertain ones may cross in some samples.
pub(super) fn check(set: &AttributeSet, diagnostics: &mut Diagnostics) {
    let mut known = Vec::new();
    for attribute in set.iter() {
        let def = attribute.id.def();
        let Some((of, own)) = def.key.rsplit_once('.') else { continue };
        let (AttributeValue::Number(input), Origin::Spec(span)) = (&attribute.value, &attribute.origin) else {
            continue;
        };
        if let Some(rank) = ORDER.iter().position(|name| *name == own).filter(|_| !input.uncertain) {
            known.push((of, rank, input.value, *span, def));
        }
    }
    for (of, rank, value, span, def) in &known {
        let above = |other: &&(&str, usize, f64, _, _)| other.0 == *of && other.1 < *rank && other.2 > *value;
        let Some((_, _, lower, place, lower_def)) = known.iter().find(above) else { continue };
        let Shape::Quantity { dimension, .. } = def.shape else { continue };
        let shown = |x: f64| quantity(x, dimension, &crate::quantity::Hint::Auto);
        let message =
            format!("`{}` is {}, below `{}`, which is {}", def.key, shown(*value), lower_def.key, shown(*lower));
        diagnostics.push(
            Diagnostic::error("percentiles-cross", *span, message)
                .also(*place, "more than that here")
                .help("a higher percentile is never less than a lower one; perhaps they are the wrong way round"),
        );
    }
}
