//! `depends_on`: what a component stands on without calling it.

use petgraph::algo::tarjan_scc;
use petgraph::graph::DiGraph;

use crate::attributes::{AttributeSet, AttributeValue, Origin};
use crate::diagnostic::nearest;
use crate::graph::build::Builder;
use crate::source::Spanned;
use crate::vocabulary::attr;

impl Builder<'_> {
    /// Resolves what components depend on, and refuses circles: where everything waits for everything else, nothing
    /// ever starts.
    pub(super) fn dependencies(&mut self) {
        let mut stated: Vec<(usize, Vec<Spanned<String>>)> = Vec::new();
        for component in &self.graph.components {
            if let Some(AttributeValue::Names(names)) =
                component.own.get(attr!(Component, "depends_on")).map(|attribute| &attribute.value)
            {
                stated.push((component.index, names.clone()));
            }
        }
        let mut edges = Vec::new();
        for (index, names) in &stated {
            for name in names {
                let Some(on) = self.resolve(name) else { continue };
                edges.push((*index, on, name));
                if let Some(component) = self.graph.components.get_mut(*index)
                    && !component.depends_on.contains(&on)
                {
                    component.depends_on.push(on);
                }
            }
        }
        self.refuse_circles(&edges);
    }

    /// The component that a fallback names. Anything of several words says what is done instead, and that works.
    pub(super) fn fallback(&mut self, stated: &AttributeSet) -> Option<usize> {
        let attribute = stated.get(attr!(Step, "fallback"))?;
        let AttributeValue::Text(text) = &attribute.value else { return None };
        let found = self.graph.component(text);
        if let (None, Origin::Spec(span)) = (found, &attribute.origin) {
            let known = self.graph.components.iter().map(|component| component.name.as_str());
            let near = nearest(text, known).filter(|_| text.len() > 3 && !text.contains(char::is_whitespace));
            if let Some(near) = near {
                let message = format!("there is no component `{text}`; this fallback is taken to work always");
                let help = format!("did you mean `{near}`? Say it in several words if no component is meant");
                self.warning("unknown-fallback", *span, message, help);
            }
        }
        found
    }

    fn refuse_circles(&mut self, edges: &[(usize, usize, &Spanned<String>)]) {
        if edges.is_empty() {
            return;
        }
        let mut graph: DiGraph<usize, ()> = DiGraph::new();
        let nodes: Vec<_> = (0..self.graph.components.len()).map(|index| graph.add_node(index)).collect();
        for (from, on, _) in edges {
            if let (Some(&from), Some(&on)) = (nodes.get(*from), nodes.get(*on)) {
                graph.add_edge(from, on, ());
            }
        }
        for circle in tarjan_scc(&graph) {
            let mut members: Vec<usize> =
                circle.into_iter().filter_map(|node| graph.node_weight(node).copied()).collect();
            members.sort_unstable();
            let within = edges.iter().find(|(from, on, _)| members.contains(from) && members.contains(on));
            let Some((.., name)) = within.filter(|(from, on, _)| members.len() > 1 || from == on) else { continue };
            let named: Vec<String> = members
                .iter()
                .filter_map(|&member| self.graph.components.get(member))
                .map(|component| format!("`{}`", component.name))
                .collect();
            let (message, help) = match named.as_slice() {
                [one] => (format!("{one} depends on itself"), "remove it from its own `depends_on`"),
                _ => (
                    format!("{} depend on each other, so that none could ever start", named.join(" and ")),
                    "leave out the direction in which one still works without the other",
                ),
            };
            self.error("circular-dependency", name.span, message, help.to_owned());
            // Whoever looks at the graph in spite of the mistake must not go round for ever.
            for member in members {
                if let Some(component) = self.graph.components.get_mut(member) {
                    component.depends_on.clear();
                }
            }
        }
    }
}
