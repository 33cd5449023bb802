//! What rules see: the graph, its shape and its estimates, with lists that are computed once.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;
use std::sync::atomic::AtomicUsize;

use crate::catalog::Catalog;
use crate::definition::SEED;
use crate::estimate::objective::Objective;
use crate::estimate::{Estimate, Model, Run, Scenario, blueprint, spreads};
use crate::expr::{Budget, Checked, EntityRef, ExprError, FieldId, Missing, StreamId, Value, evaluate};
use crate::graph::{Graph, Structure};
use crate::lint::field::FIELDS;
use crate::lint::loss::Known;
use crate::lint::parameter::{Overrides, Parameter};
use crate::lint::rule::{PARAMETERS_FROM, Rule};
use crate::simulate::{Results, Settings, simulate};
use crate::vocabulary::Target;

/// The world of one analysis.
pub struct World<'w> {
    /// The graph.
    pub graph: &'w Graph,
    /// Its shape.
    pub structure: &'w Structure,
    /// Its figures.
    pub estimate: &'w Estimate,
    /// For each component the flows that reach it.
    pub flows_of: Vec<Vec<usize>>,
    /// For each component the flows that fail without it.
    pub critical_for: Vec<Vec<usize>>,
    /// For each component the links from its callers.
    pub links_in: Vec<Vec<usize>>,
    /// For each component the links to those that it calls.
    pub links_out: Vec<Vec<usize>>,
    /// What sampling needs; without it chances are unknown.
    pub catalog: Option<&'w Catalog>,
    /// What follows from losses, computed when first asked for.
    pub(super) known: Known<'w>,
    /// The simulation that rules may ask for.
    pub simulation: Option<&'w Settings>,
    /// What it measured, once a rule has asked.
    simulated: OnceCell<Option<Results>>,
    /// How likely each objective is met, computed when first asked for.
    chances: OnceCell<Vec<(Objective, Option<f64>)>>,
}

/// Samples behind a chance that a rule asks for: 3 % of standard error at worst.
const SAMPLES: usize = 250;

impl<'w> World<'w> {
    /// Prepares the lists.
    pub fn new(graph: &'w Graph, structure: &'w Structure, estimate: &'w Estimate) -> Self {
        let empty = || vec![Vec::new(); graph.components.len()];
        let mut world = World {
            graph,
            structure,
            estimate,
            flows_of: empty(),
            critical_for: empty(),
            links_in: empty(),
            links_out: empty(),
            catalog: None,
            known: Known::default(),
            simulation: None,
            simulated: OnceCell::new(),
            chances: OnceCell::new(),
        };
        for step in &graph.steps {
            add(&mut world.flows_of, step.callee, step.flow);
        }
        for (at, link) in graph.links.iter().enumerate() {
            add(&mut world.links_in, link.callee, at);
            add(&mut world.links_out, link.caller, at);
        }
        for (flow, components) in structure.critical.iter().enumerate() {
            components.iter().for_each(|&component| add(&mut world.critical_for, component, flow));
        }
        world
    }

    /// The chance that a flow's objective is met over the spread of the assumptions; `None` if there is none.
    pub(super) fn chance(&self, flow: usize, key: &str) -> Option<f64> {
        let (graph, structure, catalog) = (self.graph, self.structure, self.catalog?);
        let model = Model { graph, structure, catalog };
        let chances = self.chances.get_or_init(|| spreads(&model, &Scenario::default(), SEED, SAMPLES).chances);
        chances.iter().find(|(goal, _)| goal.flow == Some(flow) && goal.key == key)?.1
    }

    /// What the simulation measured; `None` if there is none.
    pub(super) fn simulated(&self) -> Option<&Results> {
        let run = || {
            let (settings, catalog, scenario) = (self.simulation?, self.catalog?, Scenario::default());
            let run = Run::new((self.graph, self.structure, catalog), &|input| input.value, &scenario);
            Some(simulate(self.graph, &blueprint(&run), settings, &AtomicUsize::new(0)))
        };
        self.simulated.get_or_init(run).as_ref()
    }

    /// The components that take part in a flow, each once, its entry first, then as its steps reach them.
    pub(super) fn members(&self, flow: usize) -> Vec<usize> {
        let Some(found) = self.graph.flows.get(flow) else { return Vec::new() };
        let steps = self.graph.steps.get(found.steps.clone()).unwrap_or_default();
        let mut seen = BTreeSet::new();
        let all = found.entry.into_iter().chain(steps.iter().flat_map(|step| [step.caller, step.callee]));
        all.filter(|component| seen.insert(*component)).collect()
    }

    /// The name of a thing, for messages and fingerprints.
    pub fn name(&self, entity: EntityRef) -> String {
        let index = entity.index as usize;
        let component = |c: usize| self.graph.components.get(c).map_or("", |c| c.name.as_str());
        match entity.target {
            Target::Component => component(index).to_owned(),
            Target::Flow => self.graph.flows.get(index).map_or(String::new(), |f| f.name.clone()),
            Target::Data => self.graph.data.get(index).map_or(String::new(), |d| d.name.clone()),
            Target::Link => self
                .graph
                .links
                .get(index)
                .map_or(String::new(), |l| format!("{} -> {}", component(l.caller), component(l.callee))),
            Target::Step => self.graph.steps.get(index).map_or(String::new(), |s| {
                format!("{} {} {}", component(s.caller), if s.asynchronous { "~>" } else { "->" }, component(s.callee))
            }),
            Target::System => "system".to_owned(),
        }
    }

    /// How many things of a kind there are.
    pub fn count(&self, target: Target) -> usize {
        match target {
            Target::Component => self.graph.components.len(),
            Target::Link => self.graph.links.len(),
            Target::Step => self.graph.steps.len(),
            Target::Flow => self.graph.flows.len(),
            Target::Data => self.graph.data.len(),
            Target::System => 1,
        }
    }

    /// The value of a field.
    pub fn field_value(&self, entity: EntityRef, field: FieldId) -> Value<'w> {
        match FIELDS.get(usize::from(field.0)) {
            Some(def) => def.value(self, entity),
            None => Value::Unknown(Missing { entity, field: "" }),
        }
    }
}

/// Adds a member once; members come in their order, so the same one can only be the last.
fn add(lists: &mut [Vec<usize>], at: usize, member: usize) {
    if let Some(list) = lists.get_mut(at).filter(|list| list.last() != Some(&member)) {
        list.push(member);
    }
}

/// A rule with the values of its parameters.
pub(crate) struct Asked<'w> {
    pub rule: &'w Rule,
    parameters: Vec<Value<'w>>,
}

impl<'w> Asked<'w> {
    /// The rule with what is set of its parameters, and defaults for the rest.
    pub fn new(rule: &'w Rule, overrides: Option<&'w Overrides>) -> Self {
        let value = |parameter: &'w Parameter| {
            overrides.map_or(&parameter.default, |set| set.value(&rule.name, parameter)).as_value()
        };
        Asked { rule, parameters: rule.parameters.iter().map(value).collect() }
    }
}

/// The world of one rule on one subject: slot 0 is the subject, slot 1 the system, then come the values of
/// parameters and those of `let`, which are computed when first asked for, since most conditions are decided before.
pub(crate) struct Scope<'s, 'w> {
    pub world: &'s World<'w>,
    subject: EntityRef,
    parameters: &'s [Value<'w>],
    lets: &'w [(String, Checked)],
    values: RefCell<Vec<Option<Value<'w>>>>,
    failure: RefCell<Option<ExprError>>,
    budget: &'s Budget,
}

impl<'s, 'w> Scope<'s, 'w> {
    pub fn new(world: &'s World<'w>, subject: EntityRef, asked: &'s Asked<'w>, budget: &'s Budget) -> Self {
        Self::with(world, subject, &asked.parameters, asked.rule.lets.as_slice(), budget)
    }

    /// One with values of parameters and with parts of a condition that need not be a rule's own.
    pub fn with(
        world: &'s World<'w>,
        subject: EntityRef,
        parameters: &'s [Value<'w>],
        lets: &'w [(String, Checked)],
        budget: &'s Budget,
    ) -> Self {
        let (values, failure) = (RefCell::new(vec![None; lets.len()]), RefCell::new(None));
        Scope { world, subject, parameters, lets, values, failure, budget }
    }

    /// The value of an expression. A failure inside a `let` is reported as itself, not as the unknown value that it leaves behind.
    pub fn value(&self, checked: &'w Checked) -> Result<Value<'w>, ExprError> {
        let value = evaluate(checked, self, self.budget);
        match self.failure.borrow_mut().take() {
            Some(error) => Err(error),
            None => value,
        }
    }

    fn computed(&self, at: usize) -> Value<'w> {
        if let Some(Some(value)) = self.values.borrow().get(at) {
            return value.clone();
        }
        let unknown = Value::Unknown(Missing { entity: self.subject, field: "let" });
        let Some((_, checked)) = self.lets.get(at) else { return unknown };
        // A `let` names only earlier ones, so this ends.
        let value = evaluate(checked, self, self.budget).unwrap_or_else(|error| {
            self.failure.borrow_mut().get_or_insert(error);
            unknown
        });
        if let Some(slot) = self.values.borrow_mut().get_mut(at) {
            *slot = Some(value.clone());
        }
        value
    }
}

impl<'w> crate::expr::World<'w> for Scope<'_, 'w> {
    fn slot(&self, slot: usize) -> Value<'w> {
        match slot {
            0 => Value::Entity(self.subject),
            1 => Value::Entity(EntityRef { target: Target::System, index: 0 }),
            n => match self.parameters.get(n - PARAMETERS_FROM) {
                Some(value) => value.clone(),
                None => self.computed(n - PARAMETERS_FROM - self.parameters.len()),
            },
        }
    }
    fn field(&self, entity: EntityRef, field: FieldId) -> Value<'w> {
        self.world.field_value(entity, field)
    }
    fn function(&self, id: u16, arguments: &[Value<'w>]) -> Result<(Value<'w>, usize), String> {
        crate::lint::reach::call(self.world, id, arguments)
    }
    fn nothing(&self) -> Option<Missing> {
        Some(Missing { entity: self.subject, field: "a member of an empty list" })
    }
    fn quantile(&self, _: StreamId) -> f64 {
        0.5
    }
}
