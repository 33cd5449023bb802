//! The JSON schema of rules, made from the table of keys that the loader goes by.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::diagnostic::Severity;
use crate::lint::{Confidence, PACKS, RULE_KEYS, Rule, RuleKey, RuleShape};
use crate::vocabulary::{AttributeId, Target};

/// The schema of rule files, for editors. Names of rules and concerns are those of `known`; rules may have others.
pub fn rule(known: &[Rule]) -> serde_json::Result<String> {
    let names: BTreeSet<&str> = known.iter().map(|rule| rule.name.as_str()).collect();
    let categories: BTreeSet<&str> = known.iter().map(|rule| rule.category.as_str()).collect();
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "napkin rule",
        "description": "A rule of napkin's linter: what an architecture must not look like.",
    });
    // Which attributes there are depends on what the rule is asked about.
    let attributes: Vec<Value> = Target::ALL.into_iter().map(attributes).collect();
    if let (Some(all), Value::Object(keys)) = (schema.as_object_mut(), mapping(RULE_KEYS)) {
        all.extend(keys);
        all.insert("allOf".to_owned(), Value::Array(attributes));
        let examples =
            |words: BTreeSet<&str>, doc: &str| json!({ "type": "string", "examples": words, "description": doc });
        all.insert(
            "$defs".to_owned(),
            json!({
                "expression": { "type": ["string", "boolean", "number"], "description": "An expression of `napkin calc`, over the fields that `napkin rules fields` lists." },
                "text": { "type": ["string", "number", "boolean"], "description": "Text." },
                "rule": examples(names, "The name of a rule."),
                "category": examples(categories, "A concern."),
            }),
        );
    }
    serde_json::to_string_pretty(&schema).map(|text| text + "\n")
}

/// A mapping with certain keys.
fn mapping(keys: &[RuleKey]) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|key| (key.name.to_owned(), described(key))).collect();
    let required: Vec<&str> = keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    json!({ "type": "object", "additionalProperties": false, "required": required, "properties": properties })
}

fn described(key: &RuleKey) -> Value {
    let mut value = shape(key.shape);
    if let Some(map) = value.as_object_mut() {
        map.insert("description".to_owned(), json!(key.doc));
    }
    value
}

fn shape(shape: RuleShape) -> Value {
    let one_or_several = |of: Value| json!({ "anyOf": [of.clone(), { "type": "array", "minItems": 1, "items": of }] });
    let expression = || json!({ "$ref": "#/$defs/expression" });
    let name = r"^[A-Za-z_][A-Za-z0-9_]*$";
    match shape {
        RuleShape::Name => json!({ "type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$" }),
        RuleShape::Text => json!({ "$ref": "#/$defs/text" }),
        RuleShape::Texts => one_or_several(json!({ "$ref": "#/$defs/text" })),
        RuleShape::Severity => json!({ "enum": Severity::ALL.map(Severity::name) }),
        // A rule in the folder of a pack may name that one.
        RuleShape::Pack => {
            let shipped: Vec<&str> = PACKS.iter().map(|pack| pack.name.as_str()).collect();
            json!({ "type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "examples": shipped })
        }
        RuleShape::Confidence => json!({ "enum": Confidence::ALL.map(Confidence::name) }),
        RuleShape::Category => json!({ "$ref": "#/$defs/category" }),
        RuleShape::Target => json!({ "enum": Target::ALL.map(Target::name) }),
        RuleShape::Attribute => json!({ "type": "string" }),
        RuleShape::Rule => json!({ "$ref": "#/$defs/rule" }),
        RuleShape::Expression => expression(),
        RuleShape::Expressions => one_or_several(expression()),
        RuleShape::Named => {
            json!({ "type": "object", "propertyNames": { "pattern": name }, "additionalProperties": expression() })
        }
        RuleShape::Parameters => {
            let one = json!({ "type": ["string", "number", "boolean"] });
            let value = json!({ "anyOf": [one, { "type": "array", "items": { "type": "string" } }] });
            let mut default = value.clone();
            if let Some(map) = default.as_object_mut() {
                map.insert("description".to_owned(), json!("The value that it has if nobody sets it."));
            }
            let long = json!({ "type": "object", "additionalProperties": false, "required": ["default"], "properties": {
                "default": default,
                "doc": { "type": "string", "description": "What it means, for `napkin explain`." },
            } });
            json!({ "type": "object", "propertyNames": { "pattern": name }, "additionalProperties": { "anyOf": [value, long] } })
        }
        RuleShape::Words => one_or_several(json!({ "type": "string", "minLength": 1 })),
        RuleShape::Flag => json!({ "type": "boolean" }),
        RuleShape::Values => {
            let one = json!({ "type": ["string", "number", "boolean"] });
            let value = json!({ "anyOf": [one, { "type": "array", "minItems": 1, "items": { "type": "string" } }] });
            json!({ "type": "object", "minProperties": 1, "additionalProperties": value })
        }
        RuleShape::Descriptions => {
            json!({ "type": "object", "minProperties": 1, "additionalProperties": { "type": "string" } })
        }
        RuleShape::Mapping(keys) => mapping(keys),
        RuleShape::Rules(keys) => one_or_several(json!({ "anyOf": [{ "$ref": "#/$defs/rule" }, mapping(keys)] })),
    }
}

/// The attributes at which findings of one target may point.
fn attributes(target: Target) -> Value {
    let keys: Vec<&str> = AttributeId::of(target).map(|id| id.def().key).collect();
    let at: Vec<&str> =
        RULE_KEYS.iter().filter(|key| matches!(key.shape, RuleShape::Attribute)).map(|key| key.name).collect();
    let asked: Vec<&str> =
        RULE_KEYS.iter().filter(|key| matches!(key.shape, RuleShape::Target)).map(|key| key.name).collect();
    let is: Map<String, Value> =
        asked.iter().map(|key| ((*key).to_owned(), json!({ "const": target.name() }))).collect();
    // A link has none, so that there is nothing to point at.
    let may: Map<String, Value> = at.iter().map(|key| ((*key).to_owned(), json!({ "enum": keys }))).collect();
    let may = if keys.is_empty() {
        json!({ "not": { "anyOf": at.iter().map(|key| json!({ "required": [key] })).collect::<Vec<_>>() } })
    } else {
        json!({ "properties": may })
    };
    json!({ "if": { "required": asked, "properties": is }, "then": may })
}
