//! The things that a rule is asked about, and the components that a thing is about.

use crate::attributes::{AttributeSet, AttributeValue};
use crate::diagnostic::suggestion;
use crate::expr::EntityRef;
use crate::graph::Graph;
use crate::lint::rule::Loader;
use crate::vocabulary::{AttributeId, Kind, Target, attr};
use crate::yaml::Node;

/// `kinds:` and `tags:` of a rule. It is asked about what has one of the kinds and one of the tags; a list that isn't
/// stated takes in everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subjects {
    /// Kinds of component.
    pub kinds: Vec<Kind>,
    /// Tags.
    pub tags: Vec<String>,
}

impl Subjects {
    /// What stands behind "asked of each component" in a sentence.
    pub fn told(&self) -> String {
        let joined = |words: &mut dyn Iterator<Item = &str>| words.map(|word| format!("`{word}`")).collect::<Vec<_>>();
        let kinds = joined(&mut self.kinds.iter().map(|kind| kind.name()));
        let tags = joined(&mut self.tags.iter().map(String::as_str));
        let mut text = String::new();
        for (what, words) in [(" of kind ", kinds), (" with the tag ", tags)] {
            if !words.is_empty() {
                text += what;
                text += &words.join(" or ");
            }
        }
        text
    }

    /// Whether a thing is one of them.
    pub(super) fn include(&self, graph: &Graph, subject: EntityRef) -> bool {
        let of_kind = |index: &usize| graph.components.get(*index).is_some_and(|c| self.kinds.contains(&c.kind));
        let tagged = |set: &AttributeSet, id| tags(set, id).any(|tag| self.tags.iter().any(|wanted| wanted == tag));
        let by_kind = self.kinds.is_empty() || about(graph, subject).iter().any(of_kind);
        by_kind
            && (self.tags.is_empty() || {
                let index = subject.index as usize;
                match subject.target {
                    Target::Flow => graph.flows.get(index).is_some_and(|flow| tagged(&flow.own, attr!(Flow, "tags"))),
                    Target::Data => graph.data.get(index).is_some_and(|data| tagged(&data.own, attr!(Data, "tags"))),
                    _ => about(graph, subject).iter().any(|index| {
                        graph.components.get(*index).is_some_and(|c| tagged(&c.own, attr!(Component, "tags")))
                    }),
                }
            })
    }
}

fn tags(set: &AttributeSet, id: AttributeId) -> impl Iterator<Item = &str> {
    let names = match set.get(id).map(|attribute| &attribute.value) {
        Some(AttributeValue::Names(names)) => names.as_slice(),
        _ => &[],
    };
    names.iter().map(|name| name.value.as_str())
}

/// The components that a thing is about: itself, who is called by a step or over a link, the stores of a data set; none for
/// flows and the system.
pub(super) fn about(graph: &Graph, subject: EntityRef) -> Vec<usize> {
    let index = subject.index as usize;
    match subject.target {
        Target::Component => vec![index],
        Target::Step => graph.steps.get(index).map(|step| step.callee).into_iter().collect(),
        Target::Link => graph.links.get(index).map(|link| link.callee).into_iter().collect(),
        Target::Data => graph.data.get(index).map(|data| data.stores.clone()).unwrap_or_default(),
        Target::Flow | Target::System => Vec::new(),
    }
}

impl<'d> Loader<'_, 'd> {
    /// `kinds:` and `tags:`
    pub(super) fn subjects(&mut self, target: Target) -> Option<Subjects> {
        let mut subjects = Subjects::default();
        for (node, word) in self.scope("kinds", "database", target)? {
            match Kind::from_name(&word) {
                Some(kind) => subjects.kinds.push(kind),
                None => {
                    let help = suggestion(&word, Kind::ALL.into_iter().map(Kind::name));
                    let help = help.unwrap_or_else(|| "`napkin schema` lists the kinds of component".to_owned());
                    self.error(node.span(), format!("there is no kind `{word}`"), help);
                    return None;
                }
            }
        }
        subjects.tags = self.scope("tags", "pci", target)?.into_iter().map(|(_, word)| word).collect();
        Some(subjects)
    }

    /// The words of a list, each with its place.
    fn scope(&mut self, key: &str, example: &str, target: Target) -> Option<Vec<(Node<'d>, String)>> {
        let Some(node) = self.root.get(key) else { return Some(Vec::new()) };
        let none = match (target, key) {
            (Target::System, _) => Some(format!("there is one system, and it has no {key}")),
            (Target::Flow, "kinds") => Some("a flow has no kind".to_owned()),
            _ => None,
        };
        if let Some(message) = none {
            let help = match target {
                Target::Flow => {
                    "ask in `when`: `any(flow.components, c => c.kind == \"queue\")`, or limit it by `tags:`"
                }
                _ => "take it out; ask in `when`: `any(system.components, c => …)`",
            };
            self.error(node.span(), message, help);
            return None;
        }
        let items: Vec<Node<'d>> = node.items().chain(node.as_str().map(|_| node)).collect();
        let mut words: Vec<(Node<'d>, String)> = Vec::new();
        for item in &items {
            match item.as_str().map(str::trim).filter(|text| !text.is_empty()) {
                Some(word) if words.iter().any(|(_, known)| known == word) => {
                    self.error(item.span(), format!("`{key}` names `{word}` twice"), "take one of them out");
                    return None;
                }
                Some(word) => words.push((*item, word.to_owned())),
                None => {
                    self.error(item.span(), format!("`{key}` lists words"), format!("write `{key}: [{example}]`"));
                    return None;
                }
            }
        }
        if words.is_empty() {
            let help = format!("write `{key}: [{example}]`, or take it out to ask about everything");
            self.error(node.span(), format!("`{key}` names nothing, so the rule would never fire"), help);
            return None;
        }
        Some(words)
    }
}
