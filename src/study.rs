//! Questions about a system that is not as it is today: other values, other load, parts that are gone, growth.

pub mod diff;
pub mod failures;
pub mod fix;
pub mod moved;
pub mod plan;
mod recognised;
pub mod sweep;
pub mod things;
pub mod what_if;

use crate::analysis::Analysis;
use crate::estimate::{Scenario, has_primary};
use crate::expr::{NoNames, check, parse};
use crate::graph::Part;
use crate::quantity::Dimension;
use crate::vocabulary::Kind;

/// Reads `--fail`: a component, `node:api` (one node of it), `primary:db`, `zone:a`, `zone:us-east/a` or `region:us-east`.
pub fn fail(scenario: &mut Scenario, what: &str, analysis: &Analysis) -> Result<(), String> {
    let graph = &analysis.graph;
    if let Some(name) = what.strip_prefix("primary:") {
        let Part::Component(index) = graph.part(name)? else {
            return Err(format!("`{what}` can't fail; write a component with a primary, as in `primary:db`"));
        };
        if !graph.components.get(index).is_some_and(has_primary) {
            return Err(format!("no node of `{name}` is its primary; write `node:{name}`"));
        }
        *scenario.nodes.entry(index).or_insert(0.0) += 1.0;
        scenario.primaries.insert(index);
        return Ok(());
    }
    let serves = |index: usize| match graph.components.get(index).filter(|component| component.kind == Kind::Client) {
        Some(client) => {
            Err(format!("`{}` are clients, who bring the load; take something away that serves them", client.name))
        }
        None => Ok(index),
    };
    match graph.part(what)? {
        Part::Component(component) => {
            scenario.components.insert(serves(component)?);
        }
        Part::Node(component) => *scenario.nodes.entry(serves(component)?).or_insert(0.0) += 1.0,
        Part::Zones(zones) => scenario.zones.extend(zones),
        Part::Region(region) => scenario.take_region(graph, region),
    }
    Ok(())
}

/// A factor such as `10x` or `2.5`.
pub fn factor(text: &str) -> Result<f64, String> {
    let value = plain(text).filter(|x| *x > 0.0 && *x <= 1e12);
    value.ok_or_else(|| format!("`{text}` is no factor; write for example `10x`"))
}

/// A share such as `5 %`, of 0 to 100 %.
pub fn share(text: &str) -> Result<f64, String> {
    let value = plain(text).filter(|x| (0.0..=1.0).contains(x));
    value.ok_or_else(|| format!("`{text}` is no share; write for example `5 %`"))
}

/// A definite number without dimension.
fn plain(text: &str) -> Option<f64> {
    let checked = parse(text, &[]).and_then(|ast| check(&ast, &NoNames)).ok()?;
    (checked.ty == crate::expr::Type::Quantity(Dimension::NONE)).then(|| checked.as_constant()).flatten()
}

/// A value in base units as an expression of its dimension; `None` for a dimension that has no unit of one word.
pub fn as_expression(value: f64, dimension: Dimension) -> Option<String> {
    let unit = match dimension {
        Dimension::NONE => "",
        Dimension::TIME => " s",
        Dimension::DATA => " B",
        Dimension::RATE => " /s",
        Dimension::BANDWIDTH => " B/s",
        Dimension::MONEY => " USD",
        Dimension::MONEY_RATE => " USD/s",
        _ => return None,
    };
    Some(format!("{value:e}{unit}"))
}
