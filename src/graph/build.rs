//! A spec to a graph: every name becomes an index, or a diagnostic with the nearest name.

use std::collections::{BTreeMap, BTreeSet};

use crate::attributes::{AttributeSet, AttributeValue, Origin};
use crate::diagnostic::{Diagnostic, Diagnostics, nearest};
use crate::graph::percentiles;
use crate::graph::{Child, Component, Data, Flow, Graph, Link, Region, Step, Zone};
use crate::source::{Span, Spanned};
use crate::spec::{Chain, ComponentSpec, FlowSpec, Spec, StepSpec};
use crate::vocabulary::{AttributeId, Kind, Target, attr};

/// Calls nested deeper than this are refused.
const MAX_CALL_DEPTH: usize = 500;

/// Attributes that belong to a whole line rather than to each of its calls.
const LINE_KEYS: [&str; 2] = ["times", "probability"];

/// Resolves a spec.
pub fn build(mut spec: Spec, diagnostics: &mut Diagnostics) -> Graph {
    let mut builder = Builder {
        graph: Graph::default(),
        broken: spec.broken.into_iter().collect(),
        removed: spec.removed,
        links: BTreeMap::new(),
        depths: Vec::new(),
        diagnostics,
    };
    builder.graph.name = spec.name;
    builder.graph.definitions = spec.definitions;
    builder.graph.assumption_spans = spec.assumption_spans;
    builder.graph.requires = spec.requires;
    builder.graph.allow = spec.allow;
    builder.graph.place = spec.place;
    builder.regions(&spec.regions);
    let groups = builder.groups(std::mem::take(&mut spec.groups), &mut spec.components);
    for (component, group) in spec.components.into_iter().zip(groups) {
        builder.component(component, group);
    }
    builder.dependencies();
    for flow in spec.flows {
        builder.flow(flow);
    }
    for chain in spec.links {
        builder.outside_link(&chain);
    }
    for data in spec.data {
        let stores = data.stores.iter().filter_map(|name| builder.resolve(name)).collect();
        builder.graph.data.push(Data { name: data.name.value, span: data.name.span, stores, own: data.attributes });
    }
    index(&mut builder.graph);
    builder.graph
}

/// Tells components what they hold and who calls them, so that nothing has to search the whole graph for it.
fn index(graph: &mut Graph) {
    let components = &mut graph.components;
    for (index, data) in graph.data.iter().enumerate() {
        for &store in &data.stores {
            // A store that is named twice comes twice in a row.
            if let Some(store) = components.get_mut(store).filter(|store| store.data.last() != Some(&index)) {
                store.data.push(index);
            }
        }
    }
    for (index, step) in graph.steps.iter().enumerate() {
        if let Some(caller) = components.get_mut(step.caller) {
            caller.outgoing.push(index);
        }
        if let Some(callee) = components.get_mut(step.callee) {
            callee.incoming.push(index);
        }
    }
}

pub(super) struct Builder<'d> {
    pub(super) graph: Graph,
    pub(super) broken: BTreeSet<String>,
    pub(super) removed: BTreeMap<String, Span>,
    links: BTreeMap<(usize, usize), usize>,
    depths: Vec<usize>,
    pub(super) diagnostics: &'d mut Diagnostics,
}

impl Builder<'_> {
    pub(super) fn error(&mut self, code: &'static str, span: Span, message: String, help: String) {
        self.diagnostics.push(Diagnostic::error(code, span, message).help(help));
    }

    pub(super) fn warning(&mut self, code: &'static str, span: Span, message: String, help: String) {
        self.diagnostics.push(Diagnostic::warning(code, span, message).help(help));
    }

    fn regions(&mut self, regions: &[crate::spec::RegionSpec]) {
        for region in regions {
            let index = self.graph.regions.len();
            self.graph.regions.push(Region {
                at: region.at,
                availability: region.availability.clone(),
                zone_availability: region.zone_availability.clone(),
                ..Region::named(&region.name.value, true)
            });
            for zone in &region.zones {
                self.graph.zones.push(Zone { name: zone.value.clone(), region: index });
            }
        }
        for (index, region) in regions.iter().enumerate() {
            for (other, time) in &region.rtt {
                match self.graph.regions.iter().position(|r| r.name == other.value) {
                    Some(to) => {
                        self.not_faster_than_light(index, to, time.value, other.span);
                        if let Some(found) = self.graph.regions.get_mut(index) {
                            found.rtt.push((to, time.clone()));
                        }
                    }
                    None => {
                        let help = nearest(&other.value, regions.iter().map(|r| r.name.value.as_str()))
                            .map_or("declare it under `regions:`".to_owned(), |near| format!("did you mean `{near}`?"));
                        self.error("unknown-region", other.span, format!("there is no region `{}`", other.value), help);
                    }
                }
            }
        }
    }

    fn not_faster_than_light(&mut self, from: usize, to: usize, stated: f64, span: Span) {
        let pair = self.graph.regions.get(from).zip(self.graph.regions.get(to));
        let Some(floor) = pair.and_then(|(a, b)| a.light_floor(b)).filter(|floor| stated < *floor) else { return };
        let shown =
            |time| crate::quantity::quantity(time, crate::quantity::Dimension::TIME, &crate::quantity::Hint::Auto);
        let message = format!("a round trip of {} would be faster than light in fibre", shown(stated));
        self.error("faster-than-light", span, message, format!("the distance takes at least {}", shown(floor)));
    }

    fn component(&mut self, spec: ComponentSpec, group: Option<usize>) {
        let names = |key: &str| match AttributeId::find(Target::Component, key)
            .and_then(|id| spec.attributes.get(id))
            .map(|a| &a.value)
        {
            Some(AttributeValue::Names(names)) => names.clone(),
            _ => Vec::new(),
        };
        let mut regions: Vec<usize> = names("region").iter().filter_map(|name| self.region(name)).collect();
        let zones: Vec<usize> = names("zones").iter().filter_map(|name| self.zone(name, &regions)).collect();
        let of_zones: Vec<usize> =
            zones.iter().filter_map(|&zone| self.graph.zones.get(zone)).map(|zone| zone.region).collect();
        regions.extend(of_zones);
        if regions.is_empty() && self.graph.regions.len() == 1 {
            regions.push(0);
        }
        regions.sort_unstable();
        regions.dedup();
        let standby: Vec<usize> = names("standby.region").iter().filter_map(|name| self.region(name)).collect();
        self.standby(&spec, &standby, &regions);
        self.copies(&spec);
        percentiles::check(&spec.attributes, self.diagnostics);
        let index = self.graph.components.len();
        self.graph.names.insert(spec.name.value.clone(), index);
        let mut component = Component {
            index,
            name: spec.name.value,
            span: spec.name.span,
            kind: spec.kind,
            profile: spec.profile,
            own: spec.attributes,
            group,
            severities: spec.severities,
            zones,
            regions,
            standby,
            depends_on: Vec::new(),
            data: Vec::new(),
            incoming: Vec::new(),
            outgoing: Vec::new(),
        };
        super::quorum::resolve(&mut component, &self.graph.zones);
        self.graph.components.push(component);
    }

    /// Copies need nodes to be on; the numbers of both may come from different files.
    fn copies(&mut self, spec: &ComponentSpec) {
        let stated = |id| match (&spec.attributes.get(id)?.value, &spec.attributes.get(id)?.origin) {
            (AttributeValue::Number(input), Origin::Spec(span)) if !input.uncertain => Some((input.value, *span)),
            _ => None,
        };
        let (all, beside) = (stated(attr!(Component, "replicas")), stated(attr!(Component, "replication.replicas")));
        let Some(((all, place), (beside, beside_place))) = all.zip(beside) else { return };
        if all < beside + 1.0 {
            let (name, copies) = (&spec.name.value, beside + 1.0);
            let message =
                format!("`{name}` has a primary and {beside} more copies here, but fewer nodes for them: {all} in all");
            self.diagnostics.push(
                Diagnostic::warning("copies-without-nodes", beside_place, message)
                    .also(place, "nodes in all")
                    .help(format!("take `replicas:` out, which counts the primary too, or write `replicas: {copies}`")),
            );
        }
    }

    /// A standby that says where it is not, or stands where the component itself does, takes over from nothing.
    fn standby(&mut self, spec: &ComponentSpec, standby: &[usize], regions: &[usize]) {
        let find = |key| AttributeId::find(Target::Component, key).and_then(|id| spec.attributes.get(id));
        let (size, place) = (find("standby.replicas"), find("standby.region"));
        let name = &spec.name.value;
        let Some(Origin::Spec(span)) = size.or(place).map(|attribute| &attribute.origin) else { return };
        let span = *span;
        if matches!(size.map(|a| &a.value), Some(AttributeValue::Absent)) {
            return;
        }
        if size.is_none() || place.is_none() {
            let missing = if size.is_none() { "how many nodes it has" } else { "where it is" };
            let help = format!("write `standby: {{ replicas: 2, region: … }}` for `{name}`");
            self.error("incomplete-standby", span, format!("the standby of `{name}` doesn't say {missing}"), help);
        } else if standby.iter().any(|region| regions.contains(region)) {
            let message = format!("the standby of `{name}` stands in a region in which `{name}` itself runs");
            let help = "a standby takes over when the component's own regions are gone; name another region";
            self.error("standby-in-same-region", span, message, help.to_owned());
        }
    }

    fn region(&mut self, name: &Spanned<String>) -> Option<usize> {
        let found = self.graph.regions.iter().position(|region| region.name == name.value);
        if found.is_none() && self.graph.regions.is_empty() {
            self.graph.regions.push(Region::named(&name.value, true));
            return Some(0);
        }
        if found.is_none() {
            let known: Vec<&str> = self.graph.regions.iter().map(|region| region.name.as_str()).collect();
            let help = nearest(&name.value, known.iter().copied()).map_or_else(
                || format!("declared are: {}", known.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            self.error("unknown-region", name.span, format!("there is no region `{}`", name.value), help);
        }
        found
    }

    fn zone(&mut self, name: &Spanned<String>, regions: &[usize]) -> Option<usize> {
        let (region, zone) =
            name.value.split_once('/').map_or((None, name.value.as_str()), |(region, zone)| (Some(region), zone));
        let fits = |z: &Zone, graph: &Graph| {
            let named = region.is_none_or(|wanted| graph.regions.get(z.region).is_some_and(|r| r.name == wanted));
            z.name == zone && named && (regions.is_empty() || regions.contains(&z.region))
        };
        let found: Vec<usize> =
            self.graph.zones.iter().enumerate().filter(|(_, z)| fits(z, &self.graph)).map(|(at, _)| at).collect();
        match found.as_slice() {
            [one] => Some(*one),
            [] if self.graph.regions.is_empty() || self.graph.zones.is_empty() && region.is_none() => {
                // Without `regions:` a zone is whatever the first mention makes it.
                if self.graph.regions.is_empty() {
                    self.graph.regions.push(Region::named("default", false));
                }
                self.graph.zones.push(Zone { name: zone.to_owned(), region: 0 });
                Some(self.graph.zones.len() - 1)
            }
            [] => {
                let implicit = self.graph.regions.iter().any(|r| !r.named);
                if implicit {
                    self.graph.zones.push(Zone { name: zone.to_owned(), region: 0 });
                    return Some(self.graph.zones.len() - 1);
                }
                let known: Vec<&str> = self.graph.zones.iter().map(|z| z.name.as_str()).collect();
                let help = nearest(zone, known.iter().copied()).map_or_else(
                    || format!("declared are: {}", known.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                self.error("unknown-zone", name.span, format!("there is no zone `{}`", name.value), help);
                None
            }
            _ => {
                self.error(
                    "unknown-zone",
                    name.span,
                    format!("several regions have a zone `{zone}`"),
                    format!("write `region/{zone}`, or give the component a `region:`"),
                );
                None
            }
        }
    }

    pub(super) fn resolve(&mut self, name: &Spanned<String>) -> Option<usize> {
        let found = self.graph.names.get(&name.value).copied();
        if found.is_none() && !self.broken.contains(&name.value) {
            let help = match nearest(&name.value, self.graph.names.keys().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "describe it under `components:`".to_owned(),
            };
            let message = format!("there is no component `{}`", name.value);
            let mistake = Diagnostic::error("unknown-component", name.span, message);
            self.diagnostics.push(match self.removed.get(&name.value) {
                Some(place) => mistake
                    .also(*place, "taken out here")
                    .help("take out or replace what uses it too; a flow's `steps` are replaced as a whole"),
                None => mistake.help(help),
            });
        }
        found
    }

    /// What a condition on hits and misses names.
    fn cache(&mut self, name: &Spanned<String>) -> Option<usize> {
        let index = self.resolve(name)?;
        let component = self.graph.components.get(index)?;
        let says = [attr!(Component, "hit"), attr!(Component, "items")];
        let is_cache = matches!(component.kind, Kind::Cache | Kind::Cdn);
        if !is_cache && says.iter().all(|id| component.attribute(*id).is_none()) {
            let what = component.kind.name();
            self.error(
                "not-a-cache",
                name.span,
                format!("`{}` is a {what} and says nothing of hits, so it has neither hits nor misses", name.value),
                "name a cache that is asked before, or write how often the call happens (`10 %`); what answers some \
                 requests by itself says so with `hit:`"
                    .to_owned(),
            );
        }
        Some(index)
    }

    fn link(&mut self, caller: usize, callee: usize, span: Span, synchronous: bool) -> usize {
        let next = self.graph.links.len();
        let index = *self.links.entry((caller, callee)).or_insert(next);
        if index == next {
            self.graph.links.push(Link { caller, callee, span, steps: Vec::new(), synchronous });
        }
        if let Some(link) = self.graph.links.get_mut(index) {
            link.synchronous |= synchronous;
        }
        index
    }

    fn outside_link(&mut self, chain: &Chain) {
        let mut before: Option<usize> = None;
        for hop in &chain.hops {
            let here = self.resolve(&hop.name);
            if let (Some(caller), Some(callee)) = (before, here) {
                self.link(caller, callee, chain.span, !hop.asynchronous);
            }
            before = here;
        }
    }

    fn flow(&mut self, spec: FlowSpec) {
        percentiles::check(&spec.attributes, self.diagnostics);
        let start = self.graph.steps.len();
        let index = self.graph.flows.len();
        self.graph.flows.push(Flow {
            name: spec.name.value,
            span: spec.name.span,
            own: spec.attributes,
            entry: None,
            body: Vec::new(),
            steps: start..start,
        });
        // Which step reached a component last; `None` for the entry.
        let mut reached: BTreeMap<usize, Option<usize>> = BTreeMap::new();
        for step in &spec.steps {
            match step {
                StepSpec::Chain(chain) => {
                    if let Some((parent, first)) = self.chain(index, chain, &mut reached) {
                        self.attach(index, parent, Child::Step(first));
                    }
                }
                StepSpec::Parallel { wait, branches } => {
                    let heads: Vec<(Option<usize>, usize)> =
                        branches.iter().filter_map(|chain| self.chain(index, chain, &mut reached)).collect();
                    let parent = heads.first().map(|(parent, _)| *parent);
                    let Some(parent) = parent else { continue };
                    if heads.iter().any(|(other, _)| *other != parent) {
                        let span = branches
                            .first()
                            .map_or_else(|| self.graph.flows.get(index).map(|f| f.span), |b| Some(b.span));
                        if let Some(span) = span {
                            self.error(
                                "parallel-callers",
                                span,
                                "steps that run at once need the same caller".to_owned(),
                                "begin every branch of `par` with the same component".to_owned(),
                            );
                        }
                    }
                    let steps: Vec<usize> = heads.into_iter().map(|(_, step)| step).collect();
                    let needed = wait.map_or(steps.len(), |n| n as usize).min(steps.len());
                    self.attach(index, parent, Child::Parallel { needed, steps });
                }
            }
        }
        let end = self.graph.steps.len();
        if let Some(flow) = self.graph.flows.get_mut(index) {
            flow.steps = start..end;
        }
    }

    fn attach(&mut self, flow: usize, parent: Option<usize>, child: Child) {
        match parent {
            Some(step) => {
                if let Some(step) = self.graph.steps.get_mut(step) {
                    step.children.push(child);
                }
            }
            None => {
                if let Some(flow) = self.graph.flows.get_mut(flow) {
                    flow.body.push(child);
                }
            }
        }
    }

    /// Adds the calls of a chain; returns what reached its first component, and its first call.
    fn chain(
        &mut self,
        flow: usize,
        chain: &Chain,
        reached: &mut BTreeMap<usize, Option<usize>>,
    ) -> Option<(Option<usize>, usize)> {
        let hops: Vec<Option<usize>> = chain.hops.iter().map(|hop| self.resolve(&hop.name)).collect();
        let conditions: Vec<(bool, usize)> =
            chain.conditions.iter().filter_map(|(hit, name)| Some((*hit, self.cache(name)?))).collect();
        let hops: Vec<usize> = hops.into_iter().collect::<Option<_>>()?;
        let caller = *hops.first()?;
        let parent = self.parent_of(flow, caller, chain, reached)?;
        let fallback = self.fallback(&chain.attributes);
        let first = self.graph.steps.len();
        let (mut before, mut caller) = (parent, caller);
        for (position, (&callee, hop)) in hops.iter().zip(&chain.hops).enumerate().skip(1) {
            let depth = before.and_then(|step| self.depths.get(step)).map_or(0, |depth| depth + 1);
            if depth > MAX_CALL_DEPTH {
                self.error(
                    "too-deep",
                    chain.span,
                    format!("calls are nested more than {MAX_CALL_DEPTH} deep"),
                    "split the flow".to_owned(),
                );
                return None;
            }
            let link = self.link(caller, callee, hop.name.span, !hop.asynchronous);
            let detached = hop.asynchronous
                || before.and_then(|step| self.graph.steps.get(step)).is_some_and(|step| step.detached);
            let index = self.graph.steps.len();
            self.graph.steps.push(Step {
                flow,
                span: chain.span,
                callee_span: hop.name.span,
                caller,
                callee,
                link,
                parent: before,
                operation: hop.operation,
                asynchronous: hop.asynchronous,
                detached,
                conditions: if position == 1 { conditions.clone() } else { Vec::new() },
                own: call_attributes(&chain.attributes, position == 1),
                first: position == 1,
                children: Vec::new(),
                fallback,
            });
            self.depths.push(depth);
            if let Some(link) = self.graph.links.get_mut(link) {
                link.steps.push(index);
            }
            if position > 1 {
                self.attach(flow, before, Child::Step(index));
            }
            reached.insert(callee, Some(index));
            (before, caller) = (Some(index), callee);
        }
        Some((parent, first))
    }

    #[expect(clippy::option_option, reason = "outer: a mistake; inner: the entry")]
    fn parent_of(
        &mut self,
        flow: usize,
        caller: usize,
        chain: &Chain,
        reached: &mut BTreeMap<usize, Option<usize>>,
    ) -> Option<Option<usize>> {
        if reached.is_empty() {
            reached.insert(caller, None);
            if let Some(flow) = self.graph.flows.get_mut(flow) {
                flow.entry = Some(caller);
            }
            return Some(None);
        }
        if let Some(step) = reached.get(&caller) {
            return Some(*step);
        }
        let name = chain.hops.first()?.name.clone();
        let known: Vec<&str> =
            reached.keys().filter_map(|&c| self.graph.components.get(c)).map(|c| c.name.as_str()).collect();
        let help = format!(
            "continue from one of: {}; or add the call that reaches `{}` before this line",
            known.join(", "),
            name.value
        );
        self.error("not-reached", name.span, format!("this flow hasn't reached `{}` yet", name.value), help);
        None
    }
}

/// The attributes of one call of a chain. Probability and count belong to the first, the rest to all of them.
fn call_attributes(all: &AttributeSet, first: bool) -> AttributeSet {
    let mut set = AttributeSet::default();
    for attribute in all.iter() {
        if first || !LINE_KEYS.contains(&attribute.id.def().key) {
            debug_assert!(matches!(attribute.origin, Origin::Spec(_)));
            set.push(attribute.clone());
        }
    }
    set
}
