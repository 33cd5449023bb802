//! Which component is in which group, and what it inherits from there.

use std::collections::BTreeMap;

use crate::attributes::{Attribute, AttributeValue, Origin};
use crate::diagnostic::{Diagnostic, suggestion};
use crate::graph::build::Builder;
use crate::source::{Span, Spanned};
use crate::spec::{ComponentSpec, GroupSpec, SeveritySpec};
use crate::vocabulary::attr;

/// A group of components.
#[derive(Debug)]
pub struct ComponentGroup {
    /// Its name with those of the groups around it: `payments.ledger`.
    pub name: String,
    /// The group around it.
    pub parent: Option<usize>,
    /// How bad findings about what is in it are.
    pub severities: Vec<SeveritySpec>,
}

/// A group and all around it, the innermost first.
pub fn enclosing(groups: &[ComponentGroup], group: Option<usize>) -> impl Iterator<Item = &ComponentGroup> {
    // A group stands behind the one around it, so this ends.
    std::iter::successors(group.and_then(|at| groups.get(at)), |group| group.parent.and_then(|at| groups.get(at)))
}

impl Builder<'_> {
    /// The group of each component, in their order. Components get the tags of the groups around them.
    pub(super) fn groups(&mut self, groups: Vec<GroupSpec>, components: &mut [ComponentSpec]) -> Vec<Option<usize>> {
        let homes = self.homes(&groups, components);
        for (component, home) in components.iter_mut().zip(&homes) {
            let Some((home, _)) = home else { continue };
            let around = std::iter::successors(Some(*home), |at| groups.get(*at).and_then(|group| group.parent));
            let mut outwards: Vec<&GroupSpec> = around.filter_map(|at| groups.get(at)).collect();
            outwards.reverse();
            inherit(component, &outwards);
        }
        let group =
            |GroupSpec { name, parent, severities, .. }| ComponentGroup { name: name.value, parent, severities };
        self.graph.groups = groups.into_iter().map(group).collect();
        homes.into_iter().map(|home| home.map(|(group, _)| group)).collect()
    }

    /// The group of each component and where that is said.
    fn homes(&mut self, groups: &[GroupSpec], components: &[ComponentSpec]) -> Vec<Option<(usize, Span)>> {
        let index: BTreeMap<&str, usize> =
            components.iter().enumerate().map(|(at, component)| (component.name.value.as_str(), at)).collect();
        let mut homes: Vec<Option<(usize, Span)>> = vec![None; components.len()];
        for (at, group) in groups.iter().enumerate() {
            for member in &group.components {
                match index.get(member.value.as_str()).and_then(|member| homes.get_mut(*member)) {
                    Some(home) => self.settle(home, at, member, groups),
                    None => self.no_member(member, index.keys().copied()),
                }
            }
        }
        let named: BTreeMap<&str, usize> =
            groups.iter().enumerate().map(|(at, group)| (group.name.value.as_str(), at)).collect();
        for (component, home) in components.iter().zip(&mut homes) {
            let Some(wanted) = &component.group else { continue };
            match named.get(wanted.value.as_str()) {
                Some(at) => self.settle(home, *at, &Spanned::new(component.name.value.clone(), wanted.span), groups),
                None => {
                    let help = suggestion(&wanted.value, named.keys().copied())
                        .unwrap_or_else(|| "describe it under `groups:`".to_owned());
                    self.error("unknown-group", wanted.span, format!("there is no group `{}`", wanted.value), help);
                }
            }
        }
        homes
    }

    /// Puts a component into a group, if it is in no other.
    fn settle(&mut self, home: &mut Option<(usize, Span)>, at: usize, member: &Spanned<String>, groups: &[GroupSpec]) {
        match home {
            Some((other, place)) if *other != at => {
                let name = |at: usize| groups.get(at).map_or("", |group| group.name.value.as_str());
                let message = format!("`{}` is in `{}` and in `{}`", member.value, name(*other), name(at));
                self.diagnostics.push(
                    Diagnostic::error("two-groups", member.span, message)
                        .also(*place, "already here")
                        .help("keep one of them; what is in an inner group is in the ones around it anyway"),
                );
            }
            _ => *home = Some((at, member.span)),
        }
    }

    fn no_member<'n>(&mut self, member: &Spanned<String>, known: impl Iterator<Item = &'n str> + Clone) {
        // Mistakes in its description are told there; what an overlay takes out is in no group any more.
        if self.broken.contains(&member.value) || self.removed.contains_key(&member.value) {
            return;
        }
        let help = crate::diagnostic::nearest(&member.value, known)
            .map_or_else(|| "describe it under `components:`".to_owned(), |near| format!("did you mean `{near}`?"));
        self.error("unknown-component", member.span, format!("there is no component `{}`", member.value), help);
    }
}

/// Gives a component the tags of its groups, the outermost first, before its own.
fn inherit(component: &mut ComponentSpec, groups: &[&GroupSpec]) {
    let id = attr!(Component, "tags");
    let own = component.attributes.get(id);
    let own_names = match own.map(|attribute| &attribute.value) {
        Some(AttributeValue::Names(names)) => names.as_slice(),
        _ => &[],
    };
    let mut names: Vec<Spanned<String>> = Vec::new();
    for name in groups.iter().flat_map(|group| &group.tags).chain(own_names) {
        if !names.iter().any(|known| known.value == name.value) {
            names.push(name.clone());
        }
    }
    let inherited = || names.first().map(|name| Origin::Spec(name.span));
    let Some(origin) = own.map(|attribute| attribute.origin.clone()).or_else(inherited) else { return };
    component.attributes.replace(Attribute { id, value: AttributeValue::Names(names), origin });
}
