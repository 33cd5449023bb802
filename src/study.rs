//! Questions about a system that is not as it is today: other values, other load, parts that are gone, growth.

pub mod failures;
pub mod plan;
pub mod sweep;
pub mod what_if;

use crate::analysis::Analysis;
use crate::diagnostic::suggestion;
use crate::estimate::Scenario;
use crate::expr::{NoNames, check, parse};
use crate::quantity::Dimension;

/// Reads `--fail`: a component, `node:api` (one node of it), `zone:a`, `zone:us-east/a` or `region:us-east`.
pub fn fail(scenario: &mut Scenario, what: &str, analysis: &Analysis) -> Result<(), String> {
    let graph = &analysis.graph;
    let (kind, name) = what.split_once(':').unwrap_or(("component", what));
    let component = || {
        let names = || graph.components.iter().map(|c| c.name.as_str());
        graph.component(name).ok_or_else(|| {
            let hint = suggestion(name, names().collect::<Vec<_>>());
            format!("there is no component `{name}`; {}", hint.unwrap_or_else(|| "name one of the spec's".to_owned()))
        })
    };
    match kind {
        "component" => {
            scenario.components.insert(component()?);
        }
        "node" => *scenario.nodes.entry(component()?).or_insert(0.0) += 1.0,
        "zone" => {
            let (region, zone) = name.split_once('/').map_or((None, name), |(region, zone)| (Some(region), zone));
            let fits = |z: &crate::graph::Zone| {
                let of = graph.regions.get(z.region).map(|r| r.name.as_str());
                z.name == zone && (region.is_none() || of == region)
            };
            let found: Vec<usize> = (0..).zip(&graph.zones).filter(|(_, z)| fits(z)).map(|(index, _)| index).collect();
            if found.is_empty() {
                let names: Vec<&str> = graph.zones.iter().map(|z| z.name.as_str()).collect();
                return Err(format!("there is no zone `{name}`; the spec has: {}", names.join(", ")));
            }
            scenario.zones.extend(found);
        }
        "region" => {
            let Some(region) = graph.regions.iter().position(|r| r.name == name) else {
                let names: Vec<&str> = graph.regions.iter().map(|r| r.name.as_str()).collect();
                return Err(format!("there is no region `{name}`; the spec has: {}", names.join(", ")));
            };
            scenario.zones.extend((0..).zip(&graph.zones).filter(|(_, z)| z.region == region).map(|(index, _)| index));
            let only_there = |c: &crate::graph::Component| c.regions == [region];
            scenario
                .components
                .extend((0..).zip(&graph.components).filter(|(_, c)| only_there(c)).map(|(index, _)| index));
        }
        _ => return Err(format!("`{what}` can't fail; write a component, `node:api`, `zone:a` or `region:us-east`")),
    }
    Ok(())
}

/// A factor such as `10x` or `2.5`.
pub fn factor(text: &str) -> Result<f64, String> {
    let value = parse(text, &[]).and_then(|ast| check(&ast, &NoNames)).ok().and_then(|checked| {
        (checked.ty == crate::expr::Type::Quantity(Dimension::NONE)).then(|| checked.as_constant()).flatten()
    });
    value.filter(|x| *x > 0.0 && *x <= 1e12).ok_or_else(|| format!("`{text}` is no factor; write for example `10x`"))
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
