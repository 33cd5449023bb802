//! Parts of a system by the names that a person gives them on the command line.

use crate::diagnostic::suggestion;
use crate::graph::Graph;

/// What may be taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A component as a whole.
    Component(usize),
    /// One node of a component.
    Node(usize),
    /// A zone; several where regions have zones of the same name.
    Zones(Vec<usize>),
    /// A region.
    Region(usize),
}

impl Graph {
    /// A part by its name: a component, `node:api` (one node of it), `zone:a`, `zone:us-east/a` or `region:us-east`; a blank may
    /// stand in place of the colon.
    ///
    /// # Errors
    /// What is wrong with the name, and what it may have meant.
    pub fn part(&self, text: &str) -> Result<Part, String> {
        let text = text.trim();
        let split = text.split_once(':').or_else(|| text.split_once(' '));
        match split.map(|(kind, name)| (kind.trim(), name.trim())) {
            None => self.named(text).map(Part::Component),
            Some(("component", name)) => self.named(name).map(Part::Component),
            Some(("node", name)) => self.named(name).map(Part::Node),
            Some(("zone", name)) => self.zones_named(name).map(Part::Zones),
            Some(("region", name)) => self.region_named(name).map(Part::Region),
            Some(_) => Err(format!("`{text}` can't fail; write a component, `node:api`, `zone:a` or `region:us-east`")),
        }
    }

    /// A component by name.
    ///
    /// # Errors
    /// That there is none, with the nearest name.
    pub fn named(&self, name: &str) -> Result<usize, String> {
        self.component(name).ok_or_else(|| {
            let hint = suggestion(name, self.components.iter().map(|c| c.name.as_str()).collect::<Vec<_>>());
            format!("there is no component `{name}`; {}", hint.unwrap_or_else(|| "name one of the spec's".to_owned()))
        })
    }

    fn zones_named(&self, name: &str) -> Result<Vec<usize>, String> {
        let (region, zone) = name.split_once('/').map_or((None, name), |(region, zone)| (Some(region), zone));
        let fits = |z: &crate::graph::Zone| {
            let of = self.regions.get(z.region).map(|r| r.name.as_str());
            z.name == zone && (region.is_none() || of == region)
        };
        let found: Vec<usize> = (0..).zip(&self.zones).filter(|(_, z)| fits(z)).map(|(index, _)| index).collect();
        if found.is_empty() {
            let names: Vec<String> = (0..self.zones.len()).map(|zone| self.zone_name(zone)).collect();
            return Err(format!("there is no zone `{name}`; {}", listed(&names)));
        }
        Ok(found)
    }

    fn region_named(&self, name: &str) -> Result<usize, String> {
        self.regions.iter().position(|r| r.name == name).ok_or_else(|| {
            let names: Vec<String> = self.regions.iter().map(|r| r.name.clone()).collect();
            format!("there is no region `{name}`; {}", listed(&names))
        })
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "the spec has none".to_owned() } else { format!("the spec has: {}", names.join(", ")) }
}
