//! Products and latency numbers: read from the embedded YAML, each number with its source.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::attributes::{AttributeSet, Fact, Origin, Reader};
use crate::definition::Definitions;
use crate::diagnostic::{Diagnostic, Diagnostics, nearest};
use crate::expr::{NameType, Type, check, parse};
use crate::quantity::Dimension;
use crate::source::Sources;
use crate::vocabulary::{Kind, Target};
use crate::yaml::{self, Node};

mod prices;

pub use prices::{PriceKey, Prices};

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

/// The built-in rules: path and text of each file. They stand here because one build step embeds all data.
pub const RULES: &[(&str, &str)] = embedded::RULES;

/// The product files: path and text of each.
pub const PRODUCTS: &[(&str, &str)] = embedded::PRODUCTS;

const NUMBERS: &str = include_str!("../catalog/numbers.yaml");

/// What is known of a product.
#[derive(Debug)]
pub struct Profile {
    /// The name to write after `uses:`.
    pub product: String,
    /// Its proper name.
    pub title: String,
    /// Other names that people write.
    pub also: Vec<String>,
    /// The kinds that it can be used as, the usual one first.
    pub kinds: Vec<Kind>,
    /// What it is.
    pub summary: String,
    /// Attributes that a component gets from it.
    pub facts: AttributeSet,
}

/// One operation's latency in the tables that have it.
#[derive(Clone, Debug)]
pub struct LatencyNumber {
    /// Its name after `latency.`.
    pub key: String,
    /// What it is.
    pub title: String,
    /// Table and value, as low and high end in seconds (equal if certain).
    pub values: Vec<(String, f64, f64)>,
    /// The table whose value is used.
    pub table: String,
}

impl LatencyNumber {
    /// The low and the high end that are used.
    pub fn range(&self) -> (f64, f64) {
        let found = self.values.iter().find(|(table, ..)| *table == self.table);
        found.map_or((0.0, 0.0), |(_, low, high)| (*low, *high))
    }

    /// The value that is used: the geometric middle of a range.
    pub fn value(&self) -> f64 {
        let (low, high) = self.range();
        if low == high { low } else { (low * high).sqrt() }
    }
}

/// A published table of latency numbers.
#[derive(Clone, Debug)]
pub struct NumberTable {
    /// Its name.
    pub name: String,
    /// What it is.
    pub title: String,
    /// Where it comes from.
    pub source: String,
}

/// All that ships with napkin. Products are read when first asked for.
#[derive(Default)]
pub struct Catalog {
    profiles: RefCell<BTreeMap<String, Option<Arc<Profile>>>>,
    numbers: Vec<LatencyNumber>,
    tables: Vec<NumberTable>,
    names: Vec<String>,
    prices: Prices,
}

impl Catalog {
    /// Reads the latency numbers.
    pub fn new() -> Catalog {
        let mut catalog = Catalog::default();
        let mut sources = Sources::new();
        let id = sources.add("catalog/numbers.yaml", NUMBERS);
        let mut diagnostics = Diagnostics::new();
        let document = yaml::parse(&sources, id, &mut diagnostics);
        if let Some(root) = document.root() {
            catalog.read_numbers(root);
        }
        catalog.prices = Prices::shipped();
        catalog.names = catalog.numbers.iter().map(|number| format!("latency.{}", number.key)).collect();
        catalog
    }

    fn read_numbers(&mut self, root: Node<'_>) {
        let text = |node: Option<Node<'_>>| node.and_then(Node::as_str).unwrap_or("").to_owned();
        let default = text(root.get("default"));
        for (key, table) in root.get("tables").into_iter().flat_map(Node::entries) {
            self.tables.push(NumberTable {
                name: text(Some(key)),
                title: text(table.get("title")),
                source: text(table.get("source")),
            });
        }
        for entry in root.get("entries").into_iter().flat_map(Node::items) {
            let values: Vec<(String, f64, f64)> = entry
                .get("values")
                .into_iter()
                .flat_map(Node::entries)
                .filter_map(|(table, value)| {
                    let (low, high) = time_range(value.as_str()?)?;
                    Some((table.as_str()?.to_owned(), low, high))
                })
                .collect();
            let has_default = values.iter().any(|(table, ..)| *table == default);
            let table = if has_default { default.clone() } else { text(entry.get("use")) };
            self.numbers.push(LatencyNumber {
                key: text(entry.get("key")),
                title: text(entry.get("title")),
                values,
                table,
            });
        }
    }

    /// What things cost where nobody states it.
    pub fn prices(&self) -> &Prices {
        &self.prices
    }

    /// Takes other prices than those that ship.
    pub fn with_prices(self, prices: Prices) -> Catalog {
        Catalog { prices, ..self }
    }

    /// The latency numbers in the order of the file.
    pub fn numbers(&self) -> &[LatencyNumber] {
        &self.numbers
    }

    /// The tables that they come from.
    pub fn tables(&self) -> &[NumberTable] {
        &self.tables
    }

    /// One latency number.
    pub fn number(&self, key: &str) -> Option<&LatencyNumber> {
        self.numbers.iter().find(|number| number.key == key)
    }

    /// Names that expressions may use, for suggestions.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What a name such as `latency.disk_seek` stands for.
    pub fn name_type(&self, name: &str) -> Option<NameType> {
        let number = self.number(name.strip_prefix("latency.")?)?;
        let (low, high) = number.range();
        let dimension = Dimension::TIME;
        if low == high {
            return Some(NameType::Constant { value: low, dimension });
        }
        Some(NameType::Interval { low, high, dimension, label: format!("catalog.{name}") })
    }

    /// The profile of a product, by any of its names.
    pub fn product(&self, name: &str) -> Option<Arc<Profile>> {
        if let Some(found) = self.profiles.borrow().get(name) {
            return found.clone();
        }
        let path = format!("catalog/products/{name}.yaml");
        let found = match PRODUCTS.iter().find(|(file, _)| *file == path) {
            Some((_, text)) => Some(self.load(&path, text, &mut Diagnostics::new())),
            None => self.products().into_iter().find(|profile| profile.also.iter().any(|other| other == name)),
        };
        self.profiles.borrow_mut().insert(name.to_owned(), found.clone());
        found
    }

    /// Every product.
    pub fn products(&self) -> Vec<Arc<Profile>> {
        PRODUCTS.iter().map(|(path, text)| self.load(path, text, &mut Diagnostics::new())).collect()
    }

    /// The product's name that the user probably meant.
    pub fn nearest_product(&self, name: &str) -> Option<String> {
        let names: Vec<String> =
            self.products().iter().flat_map(|p| p.also.iter().cloned().chain([p.product.clone()])).collect();
        nearest(name, names.iter().map(String::as_str)).map(str::to_owned)
    }

    fn load(&self, path: &str, text: &str, diagnostics: &mut Diagnostics) -> Arc<Profile> {
        let mut sources = Sources::new();
        let id = sources.add(path, text);
        let document = yaml::parse(&sources, id, diagnostics);
        let definitions = Definitions::new();
        let further = |name: &str| self.name_type(name);
        let mut reader = Reader {
            definitions: &definitions,
            nouns: &[],
            further: &further,
            further_names: &self.names,
            diagnostics,
        };
        match document.root() {
            Some(root) => Arc::new(read_profile(root, &mut reader)),
            None => Arc::new(empty_profile("")),
        }
    }

    /// Mistakes in the shipped products; a test asserts that there are none.
    pub fn mistakes(&self) -> Vec<String> {
        let mut list = Vec::new();
        for (path, text) in PRODUCTS {
            let mut diagnostics = Diagnostics::new();
            let profile = self.load(path, text, &mut diagnostics);
            list.extend(
                diagnostics.iter().map(|d| format!("{path}: {} ({})", d.message, d.help.clone().unwrap_or_default())),
            );
            if format!("catalog/products/{}.yaml", profile.product) != *path {
                list.push(format!("{path}: holds `{}`", profile.product));
            }
        }
        list
    }
}

fn empty_profile(name: &str) -> Profile {
    Profile {
        product: name.to_owned(),
        title: String::new(),
        also: Vec::new(),
        kinds: Vec::new(),
        summary: String::new(),
        facts: AttributeSet::default(),
    }
}

/// Reads a profile: a product file of the catalogue, or an entry of a spec's `profiles:`.
pub fn read_profile(root: Node<'_>, reader: &mut Reader<'_>) -> Profile {
    let text = |key: &str| root.get(key).and_then(Node::as_str).unwrap_or("").to_owned();
    let mut profile = empty_profile(&text("product"));
    profile.title = text("title");
    profile.summary = text("summary");
    for (key, value) in root.entries() {
        match key.as_str().unwrap_or("") {
            "product" | "title" | "summary" => {}
            "also" => profile.also = reader.names(value).into_iter().map(|name| name.value).collect(),
            "kinds" => {
                for name in reader.names(value) {
                    match Kind::from_name(&name.value) {
                        Some(kind) => profile.kinds.push(kind),
                        None => unknown_kind(&name.value, name.span, reader.diagnostics),
                    }
                }
            }
            "facts" => value.entries().for_each(|(key, fact)| read_fact(key, fact, reader, &mut profile)),
            other => reader.error(
                "unknown-key",
                key.span(),
                format!("a profile has no `{other}`"),
                "known here: product, title, also, kinds, summary, facts",
            ),
        }
    }
    profile
}

/// The diagnostic for a kind that doesn't exist.
pub fn unknown_kind(name: &str, span: crate::source::Span, diagnostics: &mut Diagnostics) {
    let kinds = || Kind::ALL.into_iter().map(Kind::name);
    let help = match nearest(name, kinds()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("kinds are: {}", kinds().collect::<Vec<_>>().join(", ")),
    };
    diagnostics.push(Diagnostic::error("unknown-kind", span, format!("there is no kind `{name}`")).help(help));
}

fn read_fact(key: Node<'_>, fact: Node<'_>, reader: &mut Reader<'_>, profile: &mut Profile) {
    let name = key.as_str().unwrap_or("");
    let text = |field: &str| fact.get(field).and_then(Node::as_str);
    let (source, rule_of_thumb) = match (text("source"), text("rule_of_thumb")) {
        (Some(source), None) => (source, false),
        (None, Some(basis)) => (basis, true),
        _ => {
            reader.error(
                "fact-source",
                fact.span(),
                format!("`{name}` needs either a source or a rule of thumb"),
                "write `{ value: …, source: https://… }` or `{ value: …, rule_of_thumb: why }`",
            );
            return;
        }
    };
    let Some(id) = crate::vocabulary::AttributeId::find(Target::Component, name) else {
        reader.error(
            "unknown-key",
            key.span(),
            format!("a component has no `{name}`"),
            "a fact fills in an attribute of a component",
        );
        return;
    };
    let Some(value) = fact.get("value") else {
        reader.error("missing-value", fact.span(), format!("`{name}` has no value"), "add `value:`");
        return;
    };
    let before = profile.facts.iter().count();
    reader.read_value(id, value, &format!("catalog.{}", profile.product), &mut profile.facts);
    let origin =
        Origin::Fact(Arc::new(Fact { product: profile.product.clone(), source: source.to_owned(), rule_of_thumb }));
    profile.facts.reorigin(before, &origin);
}

/// A time or a range of times, as its two ends in seconds.
fn time_range(text: &str) -> Option<(f64, f64)> {
    let ends: Vec<&str> = text.split("..").collect();
    let value = |text: &str| {
        let checked = parse(text, &[]).and_then(|ast| check(&ast, &crate::expr::NoNames)).ok()?;
        (checked.ty == Type::Quantity(Dimension::TIME)).then(|| checked.as_constant()).flatten()
    };
    match ends.as_slice() {
        [one] => value(one).map(|v| (v, v)),
        [low, high] => {
            let unit = high.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
            let low =
                if low.ends_with(|c: char| c.is_ascii_digit()) { format!("{low}{unit}") } else { (*low).to_owned() };
            Some((value(&low)?, value(high)?))
        }
        _ => None,
    }
}
