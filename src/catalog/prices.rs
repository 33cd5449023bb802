//! The price file: what a core, a gigabyte and a transfer cost where nobody states it.

use crate::attributes::{Input, Reader};
use crate::definition::Definitions;
use crate::diagnostic::{Diagnostic, Diagnostics, suggestion};
use crate::quantity::Dimension;
use crate::source::{SourceId, Sources, Span};
use crate::yaml::{self, Node};

const SHIPPED: &str = include_str!("../../catalog/prices.yaml");

/// What a price is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceKey {
    /// A core of a node, per time.
    Core,
    /// Memory of a node, per size and time.
    Memory,
    /// Block storage, per size and time.
    Disk,
    /// Object storage, per size and time.
    ObjectStorage,
    /// Traffic to clients, per size.
    Egress,
    /// Traffic to clients from a CDN, per size.
    CdnEgress,
    /// Traffic between zones, per size.
    CrossZone,
    /// Traffic between regions, per size.
    CrossRegion,
    /// Logs taken in, per size.
    Logs,
}

impl PriceKey {
    /// All of them, as named in the file.
    pub const ALL: [(PriceKey, &'static str); 9] = [
        (PriceKey::Core, "core"),
        (PriceKey::Memory, "memory"),
        (PriceKey::Disk, "disk"),
        (PriceKey::ObjectStorage, "object_storage"),
        (PriceKey::Egress, "egress"),
        (PriceKey::CdnEgress, "cdn_egress"),
        (PriceKey::CrossZone, "cross_zone"),
        (PriceKey::CrossRegion, "cross_region"),
        (PriceKey::Logs, "logs"),
    ];

    fn dimension(self) -> Dimension {
        match self {
            PriceKey::Core => Dimension::MONEY_RATE,
            PriceKey::Memory | PriceKey::Disk | PriceKey::ObjectStorage => Dimension::STORAGE_PRICE,
            _ => Dimension::TRANSFER_PRICE,
        }
    }
}

/// A price file.
#[derive(Clone, Debug, Default)]
pub struct Prices {
    /// What it is called.
    pub name: String,
    /// The day on which the prices held.
    pub date: String,
    /// Where they come from.
    pub source: String,
    list: Vec<(PriceKey, Input)>,
    instances: Vec<(String, Input)>,
}

impl Prices {
    /// The prices that ship with napkin.
    pub fn shipped() -> Prices {
        let mut sources = Sources::new();
        let id = sources.add("catalog/prices.yaml", SHIPPED);
        Prices::read(&sources, id, &mut Diagnostics::new())
    }

    /// Reads a price file; mistakes go to the diagnostics. Prices that it leaves out are unknown.
    pub fn read(sources: &Sources, id: SourceId, diagnostics: &mut Diagnostics) -> Prices {
        let mut prices = Prices::default();
        let document = yaml::parse(sources, id, diagnostics);
        let Some(root) = document.root() else {
            let message = "this price file is empty";
            diagnostics.push(
                Diagnostic::error("missing-value", Span::new(id, 0..0), message)
                    .help("state `date`, `source` and `prices`, as the shipped catalog/prices.yaml does"),
            );
            return prices;
        };
        let definitions = Definitions::new();
        let mut reader =
            Reader { definitions: &definitions, nouns: &[], further: &|_| None, further_names: &[], diagnostics };
        let text = |node: Node<'_>| node.as_str().unwrap_or("").to_owned();
        for (key, value) in root.entries() {
            match key.as_str().unwrap_or("") {
                "name" => prices.name = text(value),
                "date" => prices.date = text(value),
                "source" => prices.source = text(value),
                "prices" => value.entries().for_each(|(key, value)| prices.price(key, value, &mut reader)),
                "instances" => {
                    for (name, value) in value.entries() {
                        let label = format!("prices.{}", text(name));
                        let price = reader.input(of(value), Dimension::MONEY_RATE, &label);
                        prices.instances.extend(price.map(|price| (text(name), price)));
                    }
                }
                other => {
                    let known = ["name", "date", "source", "prices", "instances"];
                    let help = suggestion(other, known).unwrap_or_default();
                    reader.error("unknown-key", key.span(), format!("a price file has no `{other}`"), help);
                }
            }
        }
        for (missing, key) in [(prices.date.is_empty(), "date"), (prices.source.is_empty(), "source")] {
            if missing {
                let message = format!("a price file states its `{key}`, so that readers can judge the figures");
                reader.error("missing-value", root.span(), message, format!("add `{key}: …`"));
            }
        }
        prices
    }

    fn price(&mut self, key: Node<'_>, value: Node<'_>, reader: &mut Reader<'_>) {
        let name = key.as_str().unwrap_or("");
        let Some((found, _)) = PriceKey::ALL.into_iter().find(|(_, known)| *known == name) else {
            let help = suggestion(name, PriceKey::ALL.map(|(_, name)| name)).unwrap_or_default();
            reader.error("unknown-key", key.span(), format!("there is no price `{name}`"), help);
            return;
        };
        let price = reader.input(of(value), found.dimension(), &format!("prices.{name}"));
        self.list.extend(price.map(|price| (found, price)));
    }

    /// A price; `None` if the file has none.
    pub fn get(&self, key: PriceKey) -> Option<&Input> {
        self.list.iter().find(|(found, _)| *found == key).map(|(_, input)| input)
    }

    /// The price of a node by the name of its size.
    pub fn instance(&self, name: &str) -> Option<&Input> {
        self.instances.iter().find(|(found, _)| found == name).map(|(_, input)| input)
    }

    /// All prices with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Input)> {
        self.list.iter().filter_map(|(key, input)| {
            let (_, name) = PriceKey::ALL.into_iter().find(|(known, _)| known == key)?;
            Some((name, input))
        })
    }
}

/// `$15 /month`, or the same as `value:` of a mapping.
fn of(node: Node<'_>) -> Node<'_> {
    node.get("value").unwrap_or(node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_prices_are_complete() {
        let mut sources = Sources::new();
        let id = sources.add("prices", SHIPPED);
        let mut diagnostics = Diagnostics::new();
        let prices = Prices::read(&sources, id, &mut diagnostics);
        assert!(diagnostics.is_empty());
        assert!(PriceKey::ALL.iter().all(|(key, _)| prices.get(*key).is_some()));
        assert!((prices.get(PriceKey::Core).unwrap().value * 730.0 * 3600.0 - 15.0).abs() < 1e-9);
    }
}
