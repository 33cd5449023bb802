//! JSON schemas: of specs, made from the table of attributes, and of our outputs, frozen in `schemas/`.

use serde_json::{Map, Value, json};

use crate::attributes::spelled;
use crate::vocabulary::{AttributeId, GROUPS, Kind, Shape, Target};

/// The schema of `napkin.toml`.
pub const CONFIG: &str = include_str!("../../schemas/config.v1.json");
/// The schema of `check --format json`.
pub const CHECK: &str = include_str!("../../schemas/check.v1.json");
/// The schema of the file of `check --baseline`.
pub const BASELINE: &str = include_str!("../../schemas/baseline.v1.json");
/// The schema of `estimate --format json`.
pub const ESTIMATE: &str = include_str!("../../schemas/estimate.v1.json");
/// The schema of `simulate --format json`.
pub const SIMULATE: &str = include_str!("../../schemas/simulate.v1.json");
/// The schema of `failures --format json`.
pub const FAILURES: &str = include_str!("../../schemas/failures.v1.json");

/// The schema of `recovery --format json`.
pub const RECOVERY: &str = include_str!("../../schemas/recovery.v1.json");
/// The schema of `consistency --format json`.
pub const CONSISTENCY: &str = include_str!("../../schemas/consistency.v1.json");
/// The schema of `availability --format json`.
pub const AVAILABILITY: &str = include_str!("../../schemas/availability.v1.json");
/// The schema of `diff --format json`.
pub const DIFF: &str = include_str!("../../schemas/diff.v1.json");

/// The schema of spec files, for editors.
pub fn spec() -> serde_json::Result<String> {
    let kinds: Vec<&str> = Kind::ALL.into_iter().map(Kind::name).collect();
    let component = object(
        Target::Component,
        json!({ "is": { "enum": kinds, "description": "What it is." }, "uses": { "type": "string", "description": "A product of the catalogue or of `profiles:`." }, "group": { "type": "string", "description": "The group of `groups:` that it is in, such as `payments.ledger`." }, "severity": { "$ref": "#/$defs/severities", "description": "How bad findings about it are, by rule, `pack.NAME` or `category.NAME`." } }),
    );
    let mut call = object(
        Target::Step,
        json!({
            "call": { "type": "string", "description": "Who calls whom, as a step in one line: `api -> db.read 2 KB`." },
            "if": { "type": "string", "description": "When it happens: `miss(cache)` or `hit(cache)`, joined by `and`." },
        }),
    );
    if let Some(map) = call.as_object_mut() {
        map.insert("required".to_owned(), json!(["call"]));
    }
    let line_or_call = json!({ "anyOf": [{ "type": "string" }, { "$ref": "#/$defs/call" }] });
    let parallel = json!({ "type": "object", "required": ["par"], "additionalProperties": false, "properties": {
        "par": { "type": "array", "minItems": 1, "items": line_or_call.clone(), "description": "Steps that run at once." },
        "wait": { "type": "string", "examples": ["all", "any", "2 of 3"], "description": "How many of them are waited for; all if left out." },
    } });
    let named = |value: Value| json!({ "type": ["object", "null"], "additionalProperties": or_null(value) });
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "napkin spec, version 1",
        "type": "object",
        "required": ["napkin"],
        "additionalProperties": false,
        "properties": {
            "napkin": { "const": 1, "description": "Format version." },
            "shared": { "type": "boolean", "description": "Whether this file is only there for others to include or extend." },
            "include": { "type": ["string", "array"], "items": { "type": "string", "minLength": 1 }, "description": "Files whose regions, profiles, components … are part of this spec, as paths seen from this file." },
            "extends": { "type": "string", "minLength": 1, "description": "The spec that this one is laid over: mappings merge by key, everything else replaces, `null` removes." },
            "name": { "type": ["string", "number"], "description": "What the system is called; findings of different systems are told apart by it." },
            "description": { "type": "string", "description": "What the system does, for readers." },
            "nouns": { "type": ["array", "string"], "items": { "type": "string" }, "description": "Counting words of your own, such as `orders`, for expressions." },
            "assume": told(named(json!({ "$ref": "#/$defs/expression" })), "Named numbers that all expressions may use; ranges are welcome: `dau: 1M..3M users`."),
            "regions": told(named(region()), "Regions by name, with their zones."),
            "profiles": told(named(profile()), "Products of your own, which `uses:` of a component can name."),
            "components": told(named(json!({ "anyOf": [{ "type": "string" }, { "$ref": "#/$defs/component" }] })), "What the system is made of, by name: a kind (`service`), a product (`postgresql x3`), or a mapping that says more."),
            "groups": told(named(json!({ "$ref": "#/$defs/group" })), "Components that belong together, by name: their tags, and how bad findings about them are."),
            "flows": told(named(json!({ "$ref": "#/$defs/flow" })), "What the system does, by name: how often, how fast it has to be, and who calls whom."),
            "data": told(named(json!({ "anyOf": [{ "type": "string" }, { "$ref": "#/$defs/data" }] })), "What is kept, by name: where, how much, how long."),
            "links": { "type": ["array", "string", "null"], "items": line_or_call, "description": "Calls outside of any flow." },
            "requires": told(or_null(object(Target::System, json!({}))), "What is asked of the system as a whole."),
            "allow": { "type": ["array", "null"], "description": "Findings that are accepted, each with a reason.", "items": { "type": "object", "required": ["rule", "because"], "additionalProperties": false, "properties": { "rule": { "type": "string", "description": "The rule that is allowed." }, "because": { "type": "string", "minLength": 1, "description": "Why it is acceptable." }, "owner": { "type": "string", "minLength": 1, "description": "Who answers for it." }, "until": { "type": "string", "format": "date", "description": "The last day on which it holds (UTC)." }, "on": { "type": "string", "description": "The one component, flow, call or data set that it is about." } } } },
        },
        "$defs": {
            "expression": { "type": ["string", "number"], "description": "A number, a quantity or an expression of them: `dau * 20 /day`." },
            "component": component,
            "severities": { "type": ["object", "null"], "additionalProperties": { "enum": ["error", "warning", "info", "off"] }, "description": "How bad findings are, by rule, `pack.NAME` or `category.NAME`." },
            "group": { "type": ["object", "null"], "additionalProperties": false, "description": "Components that belong together.", "properties": {
                "description": { "type": "string", "description": "What it is, for readers." },
                "components": { "type": ["array", "string"], "items": { "type": "string" }, "description": "Names of what is in it." },
                "tags": { "type": ["array", "string"], "items": { "type": "string" }, "description": "Tags of all that is in it." },
                "severity": { "$ref": "#/$defs/severities", "description": "How bad findings about what is in it are." },
                "groups": told(named(json!({ "$ref": "#/$defs/group" })), "Groups within it, which inherit its tags and severities."),
            } },
            "call": call,
            "parallel": parallel,
            "flow": object(Target::Flow, json!({ "steps": { "type": "array", "description": "Who calls whom, in order: `users -> lb -> api`, or a mapping that says more.", "items": { "anyOf": [{ "type": "string" }, { "$ref": "#/$defs/call" }, { "$ref": "#/$defs/parallel" }] } } })),
            "data": object(Target::Data, json!({ "in": { "type": ["string", "array"], "items": { "type": "string" }, "description": "The store that keeps it, or several." } })),
        },
    });
    serde_json::to_string_pretty(&schema).map(|text| text + "\n")
}

/// A value with what it says.
fn told(mut value: Value, doc: &str) -> Value {
    if let Some(map) = value.as_object_mut() {
        map.insert("description".to_owned(), json!(doc));
    }
    value
}

/// A product of the spec's own.
fn profile() -> Value {
    let text = |doc: &str| json!({ "type": "string", "description": doc });
    let names = |doc: &str| json!({ "type": ["string", "array"], "items": { "type": "string" }, "description": doc });
    let kinds: Vec<&str> = Kind::ALL.into_iter().map(Kind::name).collect();
    let fact = json!({ "type": "object", "additionalProperties": false, "required": ["value"], "properties": {
        "value": { "description": "The value of the attribute." },
        "source": text("The address where it is documented."),
        "rule_of_thumb": text("On what it rests, if nobody documents it."),
    } });
    json!({ "type": "object", "additionalProperties": false, "properties": {
        "product": text("Its name."),
        "title": text("What its maker calls it."),
        "summary": text("What it is, in a sentence."),
        "also": names("Other names of it."),
        "kinds": { "anyOf": [{ "enum": kinds }, { "type": "array", "items": { "enum": kinds } }], "description": "What it can be; the first unless a component says so." },
        "facts": { "type": "object", "additionalProperties": fact, "description": "Attributes that components have unless they say otherwise, each with a source or a rule of thumb." },
    } })
}

fn region() -> Value {
    let zones = json!({ "type": "array", "items": { "type": ["string", "number"] } });
    let share = |what: &str| json!({ "type": ["string", "number"], "description": what });
    json!({ "anyOf": [{ "type": "null" }, zones.clone(), { "type": "object", "additionalProperties": false, "properties": {
        "zones": told(zones, "Zones that fail independently."),
        "at": { "type": "array", "minItems": 2, "maxItems": 2, "description": "Latitude and longitude in degrees." },
        "rtt": { "type": "object", "additionalProperties": { "$ref": "#/$defs/expression" }, "description": "Round-trip times to other regions." },
        "availability": share("Share of time that the region works; 99.99 % unless stated."),
        "zone_availability": share("Share of time that each of its zones works while the region does; 99.99 % unless stated."),
    } }] })
}

/// An object with the attributes of a target; dotted keys become nested objects.
fn object(target: Target, extra: Value) -> Value {
    let mut properties = match extra {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    for id in AttributeId::of(target) {
        let def = id.def();
        let value = told(or_null(shape(def.shape)), def.doc);
        match def.key.split_once('.') {
            None => {
                properties.insert(def.key.to_owned(), value);
            }
            Some((group, key)) => {
                let entry = properties.entry(group.to_owned()).or_insert_with(|| told(nested(group), of_group(group)));
                // A value with further ones below its name: the value itself has a name of its own then, or none.
                if entry.get("anyOf").is_none() {
                    let described = entry.clone();
                    let mut plain = entry.clone();
                    let description = plain.as_object_mut().and_then(|map| map.remove("description"));
                    let mut object = nested(group);
                    let own = AttributeId::find(target, group).and_then(|id| id.def().shape.own_key());
                    let inner = object.pointer_mut("/anyOf/0/properties").and_then(Value::as_object_mut);
                    if let Some((inner, own)) = inner.zip(own) {
                        inner.insert(own.to_owned(), described);
                    }
                    if let Some(list) = object.pointer_mut("/anyOf").and_then(Value::as_array_mut) {
                        list.push(plain);
                    }
                    if let (Some(map), Some(description)) = (object.as_object_mut(), description) {
                        map.insert("description".to_owned(), description);
                    }
                    *entry = object;
                }
                if let Some(inner) = entry.pointer_mut("/anyOf/0/properties").and_then(Value::as_object_mut) {
                    inner.insert(key.to_owned(), value);
                }
            }
        }
    }
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

/// What mappings say whose name is no attribute itself. A test asserts that each is here.
#[rustfmt::skip]
const GROUP_DOCS: [(&str, &str); 17] = [
    ("standby", "What takes over in another region when its own regions are gone: `standby: { replicas: 4, region: eu }`."),
    ("autoscale", "Between how many replicas it scales by itself: `autoscale: { min: 3, max: 12 }`."),
    ("health_check", "How it is found out that a node is gone: `health_check: { interval: 5 s, threshold: 3 }`."),
    ("replication", "How its copies follow the primary: `replication: { mode: async, replicas: 2, failover: automatic }`, or the mode alone."),
    ("quorum", "How many copies a read and a write wait for: `quorum: { read: 2, write: 2 }`."),
    ("backup", "How it is backed up: `backup: { every: 1 day, restore: 1 h }`, or the time between backups alone."),
    ("pool", "The connections that it keeps open: `pool: { size: 20, timeout: 1 s }`, or the size alone."),
    ("dead_letter", "What happens to messages that fail: `dead_letter: { to: failed, after: 5 }`, or the place alone."),
    ("checkpoint", "How often its state is saved: `checkpoint: { every: 1 min }`, or the time alone."),
    ("token", "The access tokens that it takes or gives: `token: { ttl: 15 min, revocable: true }`."),
    ("logs", "What it logs: `logs: { per_request: 2 KB, keep: 14 day }`."),
    ("lock", "A lock that the call takes: `lock: { ttl: 30 s, hold: 2 s, fencing: true }`."),
    ("arrivals", "How requests are spread in time: `arrivals: { process: bursty, cv: 5 }`, or the process alone."),
    ("slo", "Objectives: `slo: { p99: 200 ms, availability: 99.9 % }`."),
    ("alert", "How the error budget is watched: `alert: { windows: 2 }`."),
    ("erasure", "An erasure code: `erasure: { data: 6, parity: 3 }`."),
    ("key", "Keys that are drawn at random: `key: { alphabet: 62, length: 7 }`."),
];

fn of_group(group: &str) -> &'static str {
    GROUP_DOCS.iter().find(|(name, _)| *name == group).map_or("", |(_, doc)| doc)
}

/// A value, or `null`, which takes away what a file below states.
fn or_null(mut value: Value) -> Value {
    let nothing_at_all = json!({ "type": "null" });
    for (key, nothing) in [("anyOf", nothing_at_all.clone()), ("enum", Value::Null), ("type", json!("null"))] {
        match value.get_mut(key) {
            Some(Value::Array(list)) => list.push(nothing),
            Some(one) => *one = json!([one.clone(), nothing]),
            None => continue,
        }
        return value;
    }
    json!({ "anyOf": [value, nothing_at_all] })
}

fn nested(group: &str) -> Value {
    let object = json!({ "type": "object", "additionalProperties": false, "properties": {} });
    if GROUPS.iter().any(|(name, _)| *name == group) {
        return json!({ "anyOf": [object, { "type": ["string", "number", "boolean", "null"] }] });
    }
    json!({ "anyOf": [object, { "type": "null" }] })
}

fn shape(shape: Shape) -> Value {
    match shape {
        Shape::Quantity { .. } | Shape::Whole(_) => json!({ "type": ["string", "number"] }),
        Shape::Level(words) => {
            json!({ "type": ["string", "number"], "examples": words.iter().map(|word| spelled(word)).collect::<Vec<_>>() })
        }
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Choice(words) => {
            let text: std::collections::BTreeSet<&str> = words.iter().copied().chain(["none"]).collect();
            // `tls: 1.3` is a number to YAML, and to a person the word.
            let numbers = words.iter().filter_map(|word| word.parse::<f64>().ok()).map(|number| json!(number));
            json!({ "enum": text.into_iter().map(|word| json!(word)).chain(numbers).collect::<Vec<_>>() })
        }
        Shape::Text => json!({ "type": ["string", "number", "boolean"] }),
        Shape::Measured => {
            json!({ "type": "array", "minItems": 3, "items": { "type": "object", "required": ["nodes", "throughput"], "additionalProperties": false, "properties": { "nodes": { "type": "integer", "minimum": 1, "description": "How many nodes were measured." }, "throughput": { "type": ["string", "number"], "description": "What they managed together." } } } })
        }
        Shape::Names => json!({ "type": ["string", "number", "array"], "items": { "type": ["string", "number"] } }),
    }
}
