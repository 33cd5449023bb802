//! YAML to a spec. All mistakes of a file are reported in one run.

use std::sync::Arc;

use crate::attributes::{AttributeSet, Input, Reader};
use crate::catalog::{Catalog, Profile, read_profile, unknown_kind};
use crate::diagnostic::{Diagnostic, Diagnostics, nearest, suggestion};
use crate::quantity::Dimension;
use crate::source::{SourceId, Span, Spanned};
use crate::spec::change::{self, Change};
use crate::spec::{
    Allowance, Chain, ComponentSpec, DataSpec, FlowSpec, RegionSpec, Spec, StepSpec, assume, group, step,
};
use crate::vocabulary::{Kind, Target};
use crate::yaml::{Document, Node, Value};

const KEYS: [&str; 17] = [
    "napkin",
    "name",
    "description",
    "shared",
    "include",
    "extends",
    "nouns",
    "assume",
    "regions",
    "profiles",
    "components",
    "groups",
    "flows",
    "data",
    "links",
    "requires",
    "allow",
];

/// Reads a spec from a document, with some values changed.
pub fn read<'d>(
    document: &'d Document<'_>,
    source: SourceId,
    changes: &[Change<'d>],
    catalog: &Catalog,
    diagnostics: &mut Diagnostics,
) -> Spec {
    let Some(root) = document.root() else {
        diagnostics.push(
            Diagnostic::error("empty-spec", Span::new(source, 0..0), "this spec is empty")
                .help("begin with `napkin: 1`; `napkin init` writes a starter"),
        );
        return Spec::default();
    };
    if !matches!(root.value(), Value::Mapping) {
        diagnostics.push(
            Diagnostic::error("not-a-spec", root.span(), "a spec is a mapping of keys and values")
                .help("begin with `napkin: 1`; `napkin init` writes a starter"),
        );
        return Spec::default();
    }
    for (key, _) in root.entries() {
        let name = key.as_str().unwrap_or("");
        if !KEYS.contains(&name) {
            diagnostics.push(
                Diagnostic::error("unknown-key", key.span(), format!("a spec has no `{name}`"))
                    .maybe_help(suggestion(name, KEYS)),
            );
        }
    }
    version(root, diagnostics);
    let nouns: Vec<String> = root
        .get("nouns")
        .map(|node| {
            node.items().chain(node.as_str().map(|_| node)).filter_map(Node::as_str).map(str::to_owned).collect()
        })
        .unwrap_or_default();
    let (definitions, assumption_spans) = match root.get("assume") {
        Some(node) => assume::read(node, &nouns, changes, catalog, diagnostics),
        None => Default::default(),
    };
    let places = || root.entries().map(|(key, _)| key.span());
    let place = places().find(|span| span.source == source).or_else(|| places().next());
    let mut spec = Spec { place, shared: shared(root, diagnostics), ..Spec::default() };
    spec.name = root.get("name").and_then(Node::as_str).unwrap_or("").to_owned();
    {
        let further = |name: &str| catalog.name_type(name);
        let mut reader = assume::reader(&definitions, &nouns, &further, catalog, diagnostics);
        sections(root, catalog, &mut reader, &mut spec);
        let assumed: Vec<&str> =
            root.get("assume").into_iter().flat_map(Node::entries).filter_map(|(name, _)| name.as_str()).collect();
        change::apply(&mut spec, &assumed, changes, &mut reader);
    }
    (spec.definitions, spec.assumption_spans) = (definitions, assumption_spans);
    for allowance in &mut spec.allow {
        allowance.inherited = allowance.span.source != document.source();
    }
    spec
}

fn shared(root: Node<'_>, diagnostics: &mut Diagnostics) -> bool {
    let Some(node) = root.get("shared") else { return false };
    node.as_bool().unwrap_or_else(|| {
        let message = "`shared` is true or false";
        let help = "write `shared: true` if this file is only there for others to include or extend";
        diagnostics.push(Diagnostic::error("type-mismatch", node.span(), message).help(help));
        false
    })
}

/// Checks the format version of a file.
pub(super) fn version(root: Node<'_>, diagnostics: &mut Diagnostics) {
    match root.get("napkin") {
        Some(node) if node.as_str() == Some("1") => {}
        Some(node) => diagnostics.push(
            Diagnostic::error("version", node.span(), "this napkin reads format version 1").help("write `napkin: 1`"),
        ),
        None if root.document().is_cut() => {}
        None => {
            let span = root.entries().next().map_or(root.span(), |(key, _)| key.span());
            diagnostics.push(
                Diagnostic::error("version", span, "the format version is missing")
                    .help("begin the file with `napkin: 1`"),
            );
        }
    }
}

fn sections(root: Node<'_>, catalog: &Catalog, reader: &mut Reader<'_>, spec: &mut Spec) {
    let mapping = |key: &str, reader: &mut Reader<'_>| -> Vec<(Spanned<String>, Node<'_>)> {
        let Some(node) = root.get(key) else { return Vec::new() };
        if !matches!(node.value(), Value::Mapping | Value::Null) {
            reader.error(
                "type-mismatch",
                node.span(),
                format!("`{key}` maps names to their descriptions"),
                format!("write `{key}:` and below it, indented, `name: …`"),
            );
        }
        node.entries()
            .filter_map(|(name, value)| Some((Spanned::new(name.as_str()?.to_owned(), name.span()), value)))
            .collect()
    };
    for (name, value) in mapping("regions", reader) {
        spec.regions.push(region(name, value, reader));
    }
    let profiles: Vec<Arc<Profile>> = mapping("profiles", reader)
        .into_iter()
        .map(|(name, node)| {
            let mut profile = read_profile(node, reader);
            profile.product = name.value;
            Arc::new(profile)
        })
        .collect();
    let find = |name: &str| profiles.iter().find(|p| p.product == name).cloned().or_else(|| catalog.product(name));
    for (name, value) in mapping("components", reader) {
        let called = name.value.clone();
        match component(name, value, &find, catalog, reader) {
            Some(component) => spec.components.push(component),
            None => spec.broken.push(called),
        }
    }
    if let Some(node) = root.get("groups") {
        spec.groups = group::read(node, reader);
    }
    for (name, value) in mapping("flows", reader) {
        spec.flows.push(flow(name, value, reader));
    }
    for (name, value) in mapping("data", reader) {
        let attributes = reader.attributes(value, Target::Data, &["in"], &format!("data.{}", name.value));
        let stores = value.get("in").map(|node| reader.names(node)).unwrap_or_default();
        spec.data.push(DataSpec { name, stores, attributes });
    }
    if let Some(node) = root.get("links") {
        spec.links = node.items().filter_map(|item| chain_of(item, "links", reader)).collect();
    }
    if let Some(node) = root.get("requires") {
        spec.requires = reader.attributes(node, Target::System, &[], "requires");
    }
    if let Some(node) = root.get("allow") {
        if !matches!(node.value(), Value::Sequence | Value::Null) {
            let help = "write `allow: [{ rule: single-region, because: \"US only this year\" }]`";
            reader.error("not-a-list", node.span(), "`allow` is a list of suppressions", help);
        }
        spec.allow = node.items().filter_map(|item| allowance(item, reader)).collect();
    }
}

const REGION_KEYS: [&str; 5] = ["zones", "rtt", "at", "availability", "zone_availability"];

/// A share of time.
fn share(node: Node<'_>, region: &str, key: &str, reader: &mut Reader<'_>) -> Option<Spanned<Input>> {
    let input = reader.input(node, Dimension::NONE, &format!("regions.{region}.{key}"))?;
    reader.within(&input, Dimension::NONE, (0.0, 1.0), node, key).then(|| Spanned::new(input, node.span()))
}

fn region(name: Spanned<String>, node: Node<'_>, reader: &mut Reader<'_>) -> RegionSpec {
    let mut region =
        RegionSpec { name, zones: Vec::new(), rtt: Vec::new(), at: None, availability: None, zone_availability: None };
    if matches!(node.value(), Value::Sequence) {
        region.zones = reader.names(node);
        return region;
    }
    for (key, value) in node.entries() {
        match key.as_str().unwrap_or("") {
            "zones" => region.zones = reader.names(value),
            "at" => region.at = place(value, reader),
            "availability" => region.availability = share(value, &region.name.value, "availability", reader),
            "zone_availability" => {
                region.zone_availability = share(value, &region.name.value, "zone_availability", reader);
            }
            "rtt" => {
                for (other, time) in value.entries() {
                    let label = format!("regions.{}.rtt.{}", region.name.value, other.as_str().unwrap_or(""));
                    if let (Some(input), Some(name)) = (reader.input(time, Dimension::TIME, &label), other.as_str()) {
                        region.rtt.push((Spanned::new(name.to_owned(), other.span()), input));
                    }
                }
            }
            other => reader.error(
                "unknown-key",
                key.span(),
                format!("a region has no `{other}`"),
                suggestion(other, REGION_KEYS).unwrap_or_default(),
            ),
        }
    }
    region
}

/// `[52.5, 13.4]`: latitude and longitude in degrees.
fn place(node: Node<'_>, reader: &mut Reader<'_>) -> Option<(f64, f64)> {
    let numbers: Vec<f64> = node.items().filter_map(|item| item.as_str()?.parse().ok()).collect();
    match numbers.as_slice() {
        [latitude, longitude] if latitude.abs() <= 90.0 && longitude.abs() <= 180.0 => Some((*latitude, *longitude)),
        _ => {
            let help = "write latitude and longitude in degrees: `at: [39.0, -77.5]`";
            reader.error("type-mismatch", node.span(), "this is no place", help);
            None
        }
    }
}

/// `postgresql x3`, `client`: the short forms of a component.
fn component(
    name: Spanned<String>,
    node: Node<'_>,
    find: &dyn Fn(&str) -> Option<Arc<Profile>>,
    catalog: &Catalog,
    reader: &mut Reader<'_>,
) -> Option<ComponentSpec> {
    if !name.value.chars().all(|c| c.is_alphanumeric() || "-_/".contains(c)) || name.value.is_empty() {
        reader.error(
            "bad-name",
            name.span,
            "a component's name has letters, digits, `-` and `_`",
            "choose one word, such as `order-db`",
        );
        return None;
    }
    if let Some(text) = node.as_str() {
        return short_component(name, node, text, find, catalog, reader);
    }
    if !matches!(node.value(), Value::Mapping) {
        reader.error(
            "type-mismatch",
            name.span,
            format!("`{}` is not described", name.value),
            "say what it is: `{ is: service }`, or the name of a product",
        );
        return None;
    }
    let profile = node.get("uses").and_then(|uses| product(uses, find, catalog, reader));
    let stated = node.get("is").map(|is| (is.as_str().unwrap_or(""), is.span()));
    let kind = match stated {
        Some((word, span)) => match Kind::from_name(word) {
            Some(kind) => kind,
            None => {
                if find(word).is_some() {
                    reader.error(
                        "unknown-kind",
                        span,
                        format!("`{word}` is a product, not a kind"),
                        format!("write `uses: {word}`"),
                    );
                } else {
                    unknown_kind(word, span, reader.diagnostics);
                }
                return None;
            }
        },
        None => match profile.as_ref().and_then(|profile| profile.kinds.first()) {
            Some(kind) => *kind,
            None => {
                if node.get("uses").is_none() {
                    reader.error(
                        "missing-kind",
                        name.span,
                        format!("nothing says what `{}` is", name.value),
                        "add `is: service` (or another kind), or `uses:` with a product",
                    );
                }
                return None;
            }
        },
    };
    let further = ["is", "uses", "group", "severity"];
    let attributes = reader.attributes(node, Target::Component, &further, &format!("components.{}", name.value));
    let severities = node.get("severity").map(|node| group::severities(node, reader)).unwrap_or_default();
    let mut group = None;
    if let Some(node) = node.get("group") {
        group = node.as_str().map(|text| Spanned::new(text.trim().to_owned(), node.span()));
        if group.is_none() {
            let help = "name one group; one within another with its dots: `group: payments.ledger`";
            reader.error("type-mismatch", node.span(), "a component is in one group", help);
        }
    }
    Some(ComponentSpec { name, kind, profile, attributes, group, severities })
}

fn short_component(
    name: Spanned<String>,
    node: Node<'_>,
    text: &str,
    find: &dyn Fn(&str) -> Option<Arc<Profile>>,
    catalog: &Catalog,
    reader: &mut Reader<'_>,
) -> Option<ComponentSpec> {
    let mut words = text.split_whitespace();
    let what = words.next().unwrap_or("");
    let mut attributes = AttributeSet::default();
    if let Some(count) = words.next() {
        let start = text.find(count).unwrap_or(0);
        let span = node.inner_span(start..start + count.len());
        let number = count.strip_prefix('x').and_then(|digits| digits.parse::<u32>().ok()).filter(|n| *n > 0);
        let (Some(replicas), None) = (number, words.next()) else {
            reader.error(
                "component-syntax",
                span,
                "the short form is a product and a number of replicas",
                format!("write `{what} x3`, or a mapping for more"),
            );
            return None;
        };
        let input =
            crate::attributes::Input { value: f64::from(replicas), varies: None, uncertain: false, slots: Vec::new() };
        let id = crate::vocabulary::AttributeId::find(Target::Component, "replicas")?;
        attributes.push(crate::attributes::Attribute {
            id,
            value: crate::attributes::AttributeValue::Number(input),
            origin: crate::attributes::Origin::Spec(span),
        });
    }
    if let Some(kind) = Kind::from_name(what) {
        return Some(ComponentSpec { name, kind, profile: None, attributes, group: None, severities: Vec::new() });
    }
    let span = node.inner_span(0..what.len());
    let Some(profile) = find(what) else {
        let kinds = nearest(what, Kind::ALL.into_iter().map(Kind::name)).map(str::to_owned);
        let help = match kinds.or_else(|| catalog.nearest_product(what)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                "write a kind such as `service`, or a product; a product of your own goes under `profiles:`".to_owned()
            }
        };
        reader.error("unknown-kind", span, format!("`{what}` is neither a kind nor a known product"), help);
        return None;
    };
    let kind = *profile.kinds.first()?;
    Some(ComponentSpec { name, kind, profile: Some(profile), attributes, group: None, severities: Vec::new() })
}

fn product(
    node: Node<'_>,
    find: &dyn Fn(&str) -> Option<Arc<Profile>>,
    catalog: &Catalog,
    reader: &mut Reader<'_>,
) -> Option<Arc<Profile>> {
    let name = node.as_str().unwrap_or("");
    let found = find(name);
    if found.is_none() {
        let help = match catalog.nearest_product(name) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "leave `uses:` out, or describe the product under `profiles:`".to_owned(),
        };
        reader.error("unknown-product", node.span(), format!("`{name}` is not in the catalogue"), help);
    }
    found
}

fn flow(name: Spanned<String>, node: Node<'_>, reader: &mut Reader<'_>) -> FlowSpec {
    let owner = format!("flows.{}", name.value);
    let attributes = reader.attributes(node, Target::Flow, &["steps"], &owner);
    let mut steps = Vec::new();
    match node.get("steps") {
        Some(list) if matches!(list.value(), Value::Sequence) => {
            for (index, item) in list.items().enumerate() {
                steps.extend(step_of(item, &format!("{owner}.{index}"), reader));
            }
        }
        Some(other) => reader.error("type-mismatch", other.span(), "`steps` is a list", "begin each step with `- `"),
        None => {}
    }
    FlowSpec { name, attributes, steps }
}

fn step_of(item: Node<'_>, owner: &str, reader: &mut Reader<'_>) -> Option<StepSpec> {
    let Some(parallel) = item.get("par") else { return chain_of(item, owner, reader).map(StepSpec::Chain) };
    let branches: Vec<Chain> = parallel
        .items()
        .enumerate()
        .filter_map(|(index, branch)| chain_of(branch, &format!("{owner}.par.{index}"), reader))
        .collect();
    let mut wait = None;
    for (key, value) in item.entries() {
        match key.as_str().unwrap_or("") {
            "par" => {}
            "wait" => wait = wait_for(value, branches.len(), reader),
            other => reader.error(
                "unknown-key",
                key.span(),
                format!("a parallel step has no `{other}`"),
                "known here: par, wait",
            ),
        }
    }
    if branches.is_empty() {
        reader.error(
            "step-syntax",
            parallel.span(),
            "`par` needs a list of steps",
            "put the steps that run at once below it, each with `- `",
        );
        return None;
    }
    Some(StepSpec::Parallel { wait, branches })
}

fn wait_for(node: Node<'_>, branches: usize, reader: &mut Reader<'_>) -> Option<u32> {
    let text = node.as_str().unwrap_or("");
    if text == "all" {
        return None;
    }
    if text == "any" {
        return Some(1);
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let number = match words.as_slice() {
        [needed, "of", of] => needed.parse::<u32>().ok().filter(|n| *n >= 1).zip(of.parse::<u32>().ok()),
        _ => None,
    };
    match number {
        Some((needed, of)) if needed <= of && of as usize == branches => Some(needed),
        Some((_, of)) if of as usize != branches => {
            reader.error(
                "step-syntax",
                node.span(),
                format!("there are {branches} steps here, not {of}"),
                format!("write `2 of {branches}`"),
            );
            None
        }
        _ => {
            reader.error(
                "step-syntax",
                node.span(),
                format!("`wait` can't be `{text}`"),
                "write `all`, `any` or `2 of 3`",
            );
            None
        }
    }
}

fn chain_of(item: Node<'_>, owner: &str, reader: &mut Reader<'_>) -> Option<Chain> {
    if item.as_str().is_some() {
        return step::chain(item, owner, reader);
    }
    let Some(call) = item.get("call") else {
        reader.error(
            "step-syntax",
            item.span(),
            "a step says who calls whom",
            "write `- api -> db.read`, or a mapping with `call: api -> db.read`",
        );
        return None;
    };
    let mut chain = step::chain(call, owner, reader)?;
    let attributes = reader.attributes(item, Target::Step, &["call", "if"], owner);
    for attribute in attributes.iter() {
        chain.attributes.push(attribute.clone());
    }
    if let Some(node) = item.get("if") {
        chain.conditions.extend(step::conditions(node, reader)?);
    }
    chain.span = item.span();
    Some(chain)
}

const ALLOW_KEYS: [&str; 5] = ["rule", "because", "owner", "until", "on"];

fn allowance(item: Node<'_>, reader: &mut Reader<'_>) -> Option<Allowance> {
    let named =
        |key: &str| item.get(key).and_then(|node| Some(Spanned::new(node.as_str()?.trim().to_owned(), node.span())));
    for (key, value) in item.entries() {
        let name = key.as_str().unwrap_or("");
        // What is there but says nothing would silently allow more than was meant.
        if ["owner", "until", "on"].contains(&name) && value.as_str().is_none_or(|text| text.trim().is_empty()) {
            let message = format!("`{name}` of a suppression has to be text");
            let help = match name {
                "on" => "name one component, flow or data set; write an entry for each",
                "owner" => "name who answers for it: `owner: team-checkout`",
                _ => "write year, month and day: `2027-06-30`",
            };
            reader.error("missing-value", value.span(), message, help);
            return None;
        }
        if !ALLOW_KEYS.contains(&name) {
            reader.error(
                "unknown-key",
                key.span(),
                format!("a suppression has no `{name}`"),
                suggestion(name, ALLOW_KEYS).unwrap_or_default(),
            );
        }
    }
    let Some(rule) = named("rule") else {
        reader.error("missing-value", item.span(), "a suppression names the rule that it allows", "add `rule:`");
        return None;
    };
    let Some(because) = named("because").filter(|text| !text.value.is_empty()) else {
        reader.error(
            "missing-value",
            item.span(),
            "a suppression needs a reason",
            "add `because:` and say why this is acceptable",
        );
        return None;
    };
    let until = match named("until") {
        Some(text) => match date(&text.value) {
            Some(date) => Some(Spanned::new(date, text.span)),
            None => {
                reader.error(
                    "bad-date",
                    text.span,
                    format!("`{}` is not a date", text.value),
                    "write year, month and day: `2027-06-30`",
                );
                return None;
            }
        },
        None => None,
    };
    let owner = named("owner").map(|owner| owner.value);
    let on = named("on");
    Some(Allowance { span: item.span(), rule, because: because.value, owner, until, on, inherited: false })
}

/// A calendar date that exists.
fn date(text: &str) -> Option<(u16, u8, u8)> {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return None };
    let (year, month, day): (u16, u8, u8) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + u8::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (year >= 1900 && (1..=length).contains(&day)).then_some((year, month, day))
}
