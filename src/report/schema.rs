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
        json!({ "is": { "enum": kinds, "description": "What it is." }, "uses": { "type": "string", "description": "A product of the catalogue or of `profiles:`." }, "group": { "type": "string", "description": "The group of `groups:` that it is in, such as `payments.ledger`." }, "severity": { "$ref": "#/$defs/severities" } }),
    );
    let call = object(Target::Step, json!({ "call": { "type": "string" }, "if": { "type": "string" } }));
    let parallel = json!({ "type": "object", "required": ["par"], "additionalProperties": false, "properties": { "par": { "type": "array", "items": { "anyOf": [{ "type": "string" }, { "$ref": "#/$defs/call" }] } }, "wait": { "type": "string" } } });
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
            "name": { "type": "string" },
            "description": { "type": "string" },
            "nouns": { "type": ["array", "string"], "items": { "type": "string" } },
            "assume": named(json!({ "$ref": "#/$defs/expression" })),
            "regions": named(region()),
            "profiles": { "type": ["object", "null"] },
            "components": named(json!({ "anyOf": [{ "type": "string" }, { "$ref": "#/$defs/component" }] })),
            "groups": named(json!({ "$ref": "#/$defs/group" })),
            "flows": named(json!({ "$ref": "#/$defs/flow" })),
            "data": named(json!({ "$ref": "#/$defs/data" })),
            "links": { "type": ["array", "null"] },
            "requires": object(Target::System, json!({})),
            "allow": { "type": ["array", "null"], "items": { "type": "object", "required": ["rule", "because"], "additionalProperties": false, "properties": { "rule": { "type": "string" }, "because": { "type": "string", "minLength": 1, "description": "Why it is acceptable." }, "owner": { "type": "string", "minLength": 1, "description": "Who answers for it." }, "until": { "type": "string", "format": "date", "description": "The last day on which it holds (UTC)." }, "on": { "type": "string", "description": "The one component, flow, call or data set that it is about." } } } },
        },
        "$defs": {
            "expression": { "type": ["string", "number"] },
            "component": component,
            "severities": { "type": ["object", "null"], "additionalProperties": { "enum": ["error", "warning", "info", "off"] }, "description": "How bad findings are, by rule, `pack.NAME` or `category.NAME`." },
            "group": { "type": ["object", "null"], "additionalProperties": false, "description": "Components that belong together.", "properties": {
                "description": { "type": "string" },
                "components": { "type": ["array", "string"], "items": { "type": "string" }, "description": "Names of what is in it." },
                "tags": { "type": ["array", "string"], "items": { "type": "string" }, "description": "Tags of all that is in it." },
                "severity": { "$ref": "#/$defs/severities" },
                "groups": named(json!({ "$ref": "#/$defs/group" })),
            } },
            "call": call,
            "parallel": parallel,
            "flow": object(Target::Flow, json!({ "steps": { "type": "array", "items": { "anyOf": [{ "type": "string" }, { "$ref": "#/$defs/call" }, { "$ref": "#/$defs/parallel" }] } } })),
            "data": object(Target::Data, json!({ "in": { "type": ["string", "array"], "items": { "type": "string" } } })),
        },
    });
    serde_json::to_string_pretty(&schema).map(|text| text + "\n")
}

fn region() -> Value {
    let zones = json!({ "type": "array", "items": { "type": "string" } });
    let share = |what: &str| json!({ "type": ["string", "number"], "description": what });
    json!({ "anyOf": [{ "type": "null" }, zones.clone(), { "type": "object", "additionalProperties": false, "properties": {
        "zones": zones,
        "at": { "type": "array", "minItems": 2, "maxItems": 2, "description": "Latitude and longitude in degrees." },
        "rtt": { "type": "object", "description": "Round-trip times to other regions." },
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
        let mut value = or_null(shape(def.shape));
        if let Some(map) = value.as_object_mut() {
            map.insert("description".to_owned(), json!(def.doc));
        }
        match def.key.split_once('.') {
            None => {
                properties.insert(def.key.to_owned(), value);
            }
            Some((group, key)) => {
                let entry = properties.entry(group.to_owned()).or_insert_with(|| nested(group));
                // A value with further ones below its name: the value itself has a name of its own then, or none.
                if entry.get("anyOf").is_none() {
                    let mut plain = entry.clone();
                    let description = plain.as_object_mut().and_then(|map| map.remove("description"));
                    let mut object = nested(group);
                    let own = AttributeId::find(target, group).and_then(|id| id.def().shape.own_key());
                    let inner = object.pointer_mut("/anyOf/0/properties").and_then(Value::as_object_mut);
                    if let Some((inner, own)) = inner.zip(own) {
                        inner.insert(own.to_owned(), plain.clone());
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
            json!({ "enum": words.iter().copied().chain(["none"]).collect::<std::collections::BTreeSet<_>>() })
        }
        Shape::Text => json!({ "type": ["string", "boolean"] }),
        Shape::Measured => {
            json!({ "type": "array", "minItems": 3, "items": { "type": "object", "required": ["nodes", "throughput"], "additionalProperties": false, "properties": { "nodes": { "type": "integer", "minimum": 1 }, "throughput": { "type": ["string", "number"] } } } })
        }
        Shape::Names => json!({ "type": ["string", "array"], "items": { "type": "string" } }),
    }
}
