//! Values that are tried instead of those that the spec states: `dau=100M`, `api.replicas=3`.

use crate::attributes::{AttributeSet, Reader};
use crate::diagnostic::nearest;
use crate::spec::Spec;
use crate::vocabulary::Target;
use crate::yaml::Node;

/// One value to try.
#[derive(Clone, Debug)]
pub struct Change<'d> {
    /// An assumption, or a component, flow, data set or `requires` with one of its attributes after a dot.
    pub path: String,
    /// The value.
    pub node: Node<'d>,
}

/// The value that is tried for an assumption, if any.
pub(super) fn of_assumption<'d>(changes: &[Change<'d>], name: &str) -> Option<Node<'d>> {
    changes.iter().rev().find(|change| change.path == name).map(|change| change.node)
}

/// Puts all changes that aren't about assumptions into the spec.
pub(super) fn apply(spec: &mut Spec, assumed: &[&str], changes: &[Change<'_>], reader: &mut Reader<'_>) {
    for change in changes.iter().filter(|change| !assumed.contains(&change.path.as_str())) {
        let Some((name, key)) = change.path.split_once('.') else {
            unknown(change, spec, assumed, reader);
            continue;
        };
        match owner(spec, name) {
            Some((target, owner, set)) => reader.change((target, key, &owner), change.node, set),
            None => unknown(change, spec, assumed, reader),
        }
    }
}

/// The attributes of a name, with what they belong to and the label of their samples.
fn owner<'s>(spec: &'s mut Spec, name: &str) -> Option<(Target, String, &'s mut AttributeSet)> {
    if let Some(found) = spec.components.iter_mut().find(|c| c.name.value == name) {
        return Some((Target::Component, format!("components.{name}"), &mut found.attributes));
    }
    if let Some(found) = spec.flows.iter_mut().find(|f| f.name.value == name) {
        return Some((Target::Flow, format!("flows.{name}"), &mut found.attributes));
    }
    if let Some(found) = spec.data.iter_mut().find(|d| d.name.value == name) {
        return Some((Target::Data, format!("data.{name}"), &mut found.attributes));
    }
    (name == "requires").then_some((Target::System, "requires".to_owned(), &mut spec.requires))
}

fn unknown(change: &Change<'_>, spec: &Spec, assumed: &[&str], reader: &mut Reader<'_>) {
    let (name, key) = change.path.split_once('.').map_or((change.path.as_str(), None), |(name, key)| (name, Some(key)));
    let owners = spec.components.iter().map(|c| c.name.value.as_str());
    let owners = owners.chain(spec.flows.iter().map(|f| f.name.value.as_str()));
    let owners: Vec<&str> = owners.chain(spec.data.iter().map(|d| d.name.value.as_str())).collect();
    let help = match key {
        _ if key.is_none() && owners.contains(&name) => {
            format!("name one of its attributes, such as `{name}.replicas`")
        }
        Some(key) => match nearest(name, owners.iter().copied()) {
            Some(near) => format!("did you mean `{near}.{key}`?"),
            None => "write an assumption, or `component.attribute`, such as `api.replicas`".to_owned(),
        },
        None => match nearest(name, assumed.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write an assumption, or `component.attribute`, such as `api.replicas`".to_owned(),
        },
    };
    reader.error("unknown-name", change.node.span(), format!("nothing in the spec is called `{}`", change.path), help);
}
