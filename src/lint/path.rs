//! What the path of an interface says: verbs, versions, nesting.

use crate::attributes::AttributeValue;
use crate::expr::{EntityRef, Missing, Type, Value};
use crate::lint::field::{FieldDef, number, own};
use crate::lint::world::World;
use crate::quantity::Dimension;
use crate::vocabulary::{Target, attr};

/// Verbs that stand at the beginning of a segment in paths that name procedures.
const VERBS: [&str; 14] = [
    "get", "fetch", "list", "create", "add", "make", "update", "edit", "set", "change", "delete", "remove", "do",
    "retrieve",
];

/// The verb that a segment begins with: `getUser`, `create-order`, `delete`; not `settings` or `address`.
fn verb(segment: &str) -> Option<&str> {
    let end = segment.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(segment.len());
    let (word, rest) = segment.split_at_checked(end)?;
    let ends = rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_uppercase() || c == '-' || c == '_');
    (ends && VERBS.contains(&word)).then_some(segment)
}

/// Whether a segment is a version: `v1`, `v2.1`.
fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_digit()) && rest.chars().all(|c| c.is_ascii_digit() || c == '.')
    })
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    path.split('/').filter(|segment| !segment.is_empty())
}

/// Resources below other resources: `/users/{id}/orders/{id}/items` has two that lie below one.
fn depth(path: &str) -> usize {
    let names = segments(path).filter(|s| !s.starts_with(['{', ':']) && !is_version(s) && *s != "api").count();
    names.saturating_sub(1)
}

fn of<'w>(world: &World<'w>, flow: usize, get: impl Fn(&'w str) -> Option<Value<'w>>) -> Value<'w> {
    let path = world.graph.flows.get(flow).and_then(|f| match &f.own.get(attr!(Flow, "path"))?.value {
        AttributeValue::Text(path) => Some(path.as_str()),
        _ => None,
    });
    let entity = EntityRef { target: Target::Flow, index: u32::try_from(flow).unwrap_or(u32::MAX) };
    path.and_then(get).unwrap_or(Value::Unknown(Missing { entity, field: "path" }))
}

#[expect(clippy::cast_precision_loss, reason = "a path has few segments")]
pub(super) fn fields() -> Vec<FieldDef> {
    use Target::Flow as F;
    vec![
        own(F, "path_verb", Type::Text, "The part of its path that is a verb; empty without one.", |w, i| {
            of(w, i, |path| Some(Value::Text(segments(path).find_map(verb).unwrap_or(""))))
        }),
        own(F, "path_version", Type::Bool, "Whether its path names a version.", |w, i| {
            of(w, i, |path| Some(Value::Bool(segments(path).any(is_version))))
        }),
        own(F, "path_depth", number(Dimension::NONE), "Resources below the first one in its path.", |w, i| {
            of(w, i, |path| Some(Value::Number(depth(path) as f64)))
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_are_told_from_nouns_that_begin_alike() {
        for (segment, is) in [
            ("getUser", true),
            ("create-order", true),
            ("delete", true),
            ("settings", false),
            ("address", false),
            ("getaways", false),
            ("orders", false),
        ] {
            assert_eq!(verb(segment).is_some(), is, "{segment}");
        }
    }

    #[test]
    fn paths_have_versions_and_depths() {
        for (path, version, deep) in [
            ("/v1/orders/{id}", true, 0),
            ("/api/v2.1/users/{id}/orders", true, 1),
            ("/users/{id}/orders/:order/items?sort=x/y", false, 2),
            ("/", false, 0),
            ("/videos", false, 0),
        ] {
            assert_eq!((segments(path).any(is_version), depth(path)), (version, deep), "{path}");
        }
    }
}
