//! Named values (`assume:` in a spec, variables in the calculator) and their samples.
//!
//! A definition may use earlier and later ones; it is checked once and evaluated per run, so that what uses the
//! same assumption twice stays correlated.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::expr::{
    Budget, Checked, Column, Columns, EntityRef, ExprError, FieldId, FieldType, NameType, Schema, StreamId, Type,
    Value, World, evaluate, evaluate_columns, normal_strata, standard_normal, stratified,
};
use crate::quantity::{Dimension, Hint};
use crate::vocabulary::Target;

/// The seed of all samples unless another is asked for.
pub const SEED: u64 = 1;

/// How much work one evaluation of a definition may take: some milliseconds, since a sample of each spread takes as long. A formula
/// may go over some hundred thousand clients.
const STEPS: u64 = 500_000;

/// One named value.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Its name.
    pub name: String,
    /// Its expression.
    pub checked: Arc<Checked>,
    /// Its dimension.
    pub dimension: Dimension,
    /// Its value with every uncertainty at its median.
    pub value: f64,
    /// Whether it is uncertain, by itself or through what it uses.
    pub uncertain: bool,
}

/// All named values, each after those that it uses.
#[derive(Clone, Debug, Default)]
pub struct Definitions {
    list: Vec<Definition>,
    index: BTreeMap<String, usize>,
}

impl Definitions {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a checked expression under a name, replacing an older one of that name for later uses.
    pub fn define(&mut self, name: &str, checked: Checked) -> Result<(), ExprError> {
        let value = self.median(&checked)?;
        let Type::Quantity(dimension) = checked.ty else {
            return Err(ExprError::new("type-mismatch", 0..0, "a name stands for a number").help("write a quantity"));
        };
        let uncertain = self.is_uncertain(&checked);
        let definition = Definition { name: name.to_owned(), checked: Arc::new(checked), dimension, value, uncertain };
        self.index.insert(name.to_owned(), self.list.len());
        self.list.push(definition);
        Ok(())
    }

    /// All of them, in the order in which they can be evaluated.
    pub fn iter(&self) -> impl Iterator<Item = &Definition> {
        self.list.iter()
    }

    /// The definition in a slot.
    pub fn get(&self, slot: usize) -> Option<&Definition> {
        self.list.get(slot)
    }

    /// The definition of a name and its slot.
    pub fn find(&self, name: &str) -> Option<(usize, &Definition)> {
        let slot = *self.index.get(name)?;
        self.list.get(slot).map(|definition| (slot, definition))
    }

    /// What a name means to the checker.
    pub fn name_type(&self, name: &str) -> Option<NameType> {
        let (slot, definition) = self.find(name)?;
        Some(NameType::Slot { slot, ty: Type::Quantity(definition.dimension), hint: definition.checked.hint.clone() })
    }

    /// Whether an expression's value varies between samples.
    pub fn is_uncertain(&self, checked: &Checked) -> bool {
        checked.uncertain || checked.slots.iter().any(|&slot| self.get(slot).is_some_and(|d| d.uncertain))
    }

    /// The value of an expression with every uncertainty at its median.
    pub fn median(&self, checked: &Checked) -> Result<f64, ExprError> {
        let values: Vec<f64> = self.list.iter().map(|definition| definition.value).collect();
        number(checked, &Run { values: &values, quantile: &|_| 0.5, normal: &|_| 0.0 })
    }

    /// The named values that an expression rests on, through others too.
    fn used(&self, checked: &Checked, into: &mut BTreeSet<usize>) {
        for &slot in &checked.slots {
            if into.insert(slot)
                && let Some(definition) = self.get(slot)
            {
                self.used(&definition.checked, into);
            }
        }
    }

    /// The sources of uncertainty that an expression rests on, through names too.
    pub fn streams(&self, checked: &Checked, into: &mut BTreeSet<StreamId>) {
        into.extend(checked.streams());
        for &slot in &checked.slots {
            if let Some(definition) = self.get(slot) {
                self.streams(&definition.checked, into);
            }
        }
    }
}

/// The samples of all sources of uncertainty.
#[derive(Clone, Debug)]
pub struct Sampler {
    strata: BTreeMap<StreamId, Vec<u32>>,
    count: u32,
    /// The middles of the strata as normal quantiles, computed when a normal source is first asked for.
    normal: OnceCell<Vec<f64>>,
}

impl Sampler {
    /// Draws `count` stratified samples of each source.
    pub fn new(seed: u64, streams: &BTreeSet<StreamId>, count: usize) -> Self {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let strata = streams.iter().map(|&stream| (stream, stratified(seed, stream, count))).collect();
        Sampler { strata, count, normal: OnceCell::new() }
    }

    /// How many samples there are.
    pub fn count(&self) -> usize {
        self.count as usize
    }

    /// Where a source stands in a sample, as a quantile; the middle for a source that isn't sampled.
    pub fn quantile(&self, stream: StreamId, sample: usize) -> f64 {
        self.stratum(stream, sample).map_or(0.5, |stratum| self.middle(stratum))
    }

    /// The same as a quantile of the standard normal distribution.
    pub fn normal(&self, stream: StreamId, sample: usize) -> f64 {
        let stratum = self.stratum(stream, sample);
        stratum.and_then(|stratum| self.normals().get(stratum as usize).copied()).unwrap_or(0.0)
    }

    fn stratum(&self, stream: StreamId, sample: usize) -> Option<u32> {
        self.strata.get(&stream)?.get(sample).copied()
    }

    fn middle(&self, stratum: u32) -> f64 {
        (f64::from(stratum) + 0.5) / f64::from(self.count)
    }

    fn normals(&self) -> &[f64] {
        self.normal.get_or_init(|| normal_strata(self.count))
    }
}

/// The columns of all named values, filled in order.
struct Table<'t> {
    sampler: &'t Sampler,
    columns: Vec<Option<Column<'t>>>,
}

impl Columns for Table<'_> {
    fn count(&self) -> usize {
        self.sampler.count()
    }
    fn slot(&self, slot: usize) -> Option<Column<'_>> {
        match self.columns.get(slot)?.as_ref()? {
            Column::Constant(value) => Some(Column::Constant(*value)),
            Column::Varying(values) => Some(Column::Varying(Cow::Borrowed(values))),
        }
    }
    fn quantiles(&self, stream: StreamId) -> Option<Vec<f64>> {
        let strata = self.sampler.strata.get(&stream)?;
        Some(strata.iter().map(|&stratum| self.sampler.middle(stratum)).collect())
    }
    fn normals(&self, stream: StreamId) -> Option<Vec<f64>> {
        let (strata, normals) = (self.sampler.strata.get(&stream)?, self.sampler.normals());
        Some(strata.iter().map(|&stratum| normals.get(stratum as usize).copied().unwrap_or(0.0)).collect())
    }
}

/// All samples of an expression at once; `None` if they have to be taken one by one.
pub fn samples(definitions: &Definitions, checked: &Checked, sampler: &Sampler) -> Option<Vec<f64>> {
    let mut used = BTreeSet::new();
    definitions.used(checked, &mut used);
    let mut table = Table { sampler, columns: Vec::new() };
    for (slot, definition) in definitions.list.iter().enumerate() {
        let column = match definition.uncertain {
            _ if !used.contains(&slot) => None,
            false => Some(Column::Constant(definition.value)),
            true => {
                let column = match evaluate_columns(&definition.checked, &table)? {
                    Column::Constant(value) => Column::Constant(value),
                    Column::Varying(values) => Column::Varying(Cow::Owned(values.into_owned())),
                };
                Some(column)
            }
        };
        table.columns.push(column);
    }
    match evaluate_columns(checked, &table)? {
        Column::Constant(value) => Some(vec![value; sampler.count()]),
        Column::Varying(values) => Some(values.into_owned()),
    }
}

/// Chosen values: what isn't named stands at its median.
#[derive(Clone, Debug, Default)]
pub struct Point {
    /// Sources of uncertainty at these quantiles.
    pub quantiles: BTreeMap<StreamId, f64>,
    /// Definitions (by slot) with these values.
    pub fixed: Vec<(usize, f64)>,
}

/// Where a sample's quantiles come from.
enum Place<'s> {
    Sampled(&'s Sampler, usize),
    Chosen(&'s Point),
}

/// One sample: the values of all definitions in it.
pub struct Sample<'s> {
    place: Place<'s>,
    values: Vec<f64>,
}

impl<'s> Sample<'s> {
    /// Evaluates all definitions for one sample.
    pub fn new(definitions: &Definitions, sampler: &'s Sampler, index: usize) -> Result<Self, ExprError> {
        let mut sample =
            Sample { place: Place::Sampled(sampler, index), values: Vec::with_capacity(definitions.list.len()) };
        for definition in &definitions.list {
            let value = if definition.uncertain { sample.evaluate(&definition.checked)? } else { definition.value };
            sample.values.push(value);
        }
        Ok(sample)
    }

    /// Evaluates all definitions at chosen values; what uses a fixed one follows it.
    pub fn at(definitions: &Definitions, point: &'s Point) -> Result<Self, ExprError> {
        let mut sample = Sample { place: Place::Chosen(point), values: Vec::with_capacity(definitions.list.len()) };
        for (slot, definition) in definitions.list.iter().enumerate() {
            let fixed = point.fixed.iter().find(|(fixed, _)| *fixed == slot);
            let value = fixed.map_or_else(|| sample.evaluate(&definition.checked), |(_, value)| Ok(*value))?;
            sample.values.push(value);
        }
        Ok(sample)
    }

    /// The value of an expression in this sample.
    pub fn evaluate(&self, checked: &Checked) -> Result<f64, ExprError> {
        let quantile = |stream| match self.place {
            Place::Sampled(sampler, index) => sampler.quantile(stream, index),
            Place::Chosen(point) => point.quantiles.get(&stream).copied().unwrap_or(0.5),
        };
        let normal = |stream| match self.place {
            Place::Sampled(sampler, index) => sampler.normal(stream, index),
            Place::Chosen(_) => standard_normal(quantile(stream)),
        };
        number(checked, &Run { values: &self.values, quantile: &quantile, normal: &normal })
    }
}

fn number(checked: &Checked, run: &Run<'_>) -> Result<f64, ExprError> {
    match evaluate(checked, run, &Budget::new(STEPS))? {
        Value::Number(value) => Ok(value),
        Value::Bool(value) => Ok(f64::from(u8::from(value))),
        _ => Err(ExprError::new("type-mismatch", 0..0, "a quantity is needed here")),
    }
}

/// The world of an expression outside rules: named values and samples, no entities.
struct Run<'r> {
    values: &'r [f64],
    quantile: &'r dyn Fn(StreamId) -> f64,
    normal: &'r dyn Fn(StreamId) -> f64,
}

impl<'w> World<'w> for Run<'_> {
    fn slot(&self, slot: usize) -> Value<'w> {
        Value::Number(self.values.get(slot).copied().unwrap_or(f64::NAN))
    }
    fn field(&self, entity: EntityRef, _: FieldId) -> Value<'w> {
        Value::Unknown(crate::expr::Missing { entity, field: "" })
    }
    fn function(&self, _: u16, _: &[Value<'w>]) -> Result<(Value<'w>, usize), String> {
        Err("there are no such functions outside rules".to_owned())
    }
    fn quantile(&self, stream: StreamId) -> f64 {
        (self.quantile)(stream)
    }
    fn normal(&self, stream: StreamId) -> f64 {
        (self.normal)(stream)
    }
}

/// The schema of expressions in specs and in the calculator: definitions and further fixed names.
pub struct Names<'n> {
    /// The definitions.
    pub definitions: &'n Definitions,
    /// Further names, such as the latency numbers.
    pub further: &'n dyn Fn(&str) -> Option<NameType>,
    /// The further names, for suggestions.
    pub further_names: &'n [String],
    /// Counting words that the user declared.
    pub nouns: &'n [String],
    /// What samples drawn here belong to.
    pub label: &'n str,
}

impl Schema for Names<'_> {
    fn name(&self, name: &str) -> Option<NameType> {
        self.definitions.name_type(name).or_else(|| (self.further)(name))
    }
    fn names(&self) -> Vec<String> {
        self.definitions.index.keys().cloned().chain(self.further_names.iter().cloned()).collect()
    }
    fn field(&self, _: Target, _: &str) -> FieldType {
        FieldType::None
    }
    fn fields(&self, _: Target) -> Vec<&'static str> {
        Vec::new()
    }
    fn function(&self, _: &str) -> Option<(u16, Vec<Type>, Type)> {
        None
    }
    fn nouns(&self) -> &[String] {
        self.nouns
    }
    fn label(&self) -> String {
        self.label.to_owned()
    }
}

/// The 5th, 50th and 95th percentile of samples, by linear interpolation between order statistics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// 5th percentile.
    pub p5: f64,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
}

impl Spread {
    /// The spread of samples; `None` if there are none. Puts them into another order.
    pub fn of(samples: &mut [f64]) -> Option<Spread> {
        Some(Spread { p5: percentile(samples, 0.05)?, p50: percentile(samples, 0.5)?, p95: percentile(samples, 0.95)? })
    }
}

/// A percentile of samples that stand for equal strata; puts them into another order.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the indices of a list"
)]
fn percentile(samples: &mut [f64], p: f64) -> Option<f64> {
    let last = samples.len().checked_sub(1)?;
    let place = (p * samples.len() as f64 - 0.5).clamp(0.0, last as f64);
    let low = place.floor();
    let (_, a, above) = samples.select_nth_unstable_by(low as usize, f64::total_cmp);
    let a = *a;
    let b = above.iter().copied().reduce(f64::min).unwrap_or(a);
    Some(a + (b - a) * (place - low))
}

/// How a spread is shown; a certain value has all three the same.
pub fn shown(spread: Spread, dimension: Dimension, hint: &Hint) -> String {
    crate::quantity::range(spread.p5, spread.p95, dimension, hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{check, parse};

    fn define(definitions: &mut Definitions, name: &str, text: &str) {
        let ast = parse(text, &[]).unwrap();
        let names = Names { definitions, further: &|_| None, further_names: &[], nouns: &[], label: name };
        let checked = check(&ast, &names).unwrap();
        definitions.define(name, checked).unwrap();
    }

    fn spread(definitions: &Definitions, name: &str) -> Spread {
        let mut streams = BTreeSet::new();
        let (slot, definition) = definitions.find(name).unwrap();
        definitions.streams(&definition.checked, &mut streams);
        let sampler = Sampler::new(1, &streams, 1000);
        let mut values: Vec<f64> =
            (0..1000).map(|k| Sample::new(definitions, &sampler, k).unwrap().values[slot]).collect();
        Spread::of(&mut values).unwrap()
    }

    #[test]
    fn one_assumption_used_twice_stays_correlated() {
        let mut definitions = Definitions::new();
        define(&mut definitions, "x", "10M..50M users");
        define(&mut definitions, "difference", "x - x");
        define(&mut definitions, "double", "x + x");
        let x = spread(&definitions, "x");
        assert!((x.p5 / 10e6 - 1.0).abs() < 1e-3 && (x.p95 / 50e6 - 1.0).abs() < 1e-3, "{x:?}");
        let zero = spread(&definitions, "difference");
        assert_eq!((zero.p5, zero.p95), (0.0, 0.0));
        assert!((spread(&definitions, "double").p95 / 100e6 - 1.0).abs() < 1e-3);
    }

    #[test]
    fn independent_assumptions_partly_cancel() {
        let mut definitions = Definitions::new();
        define(&mut definitions, "a", "lognormal(1, 10)");
        define(&mut definitions, "b", "lognormal(1, 10)");
        define(&mut definitions, "p", "a * b");
        // A product of two log-normals has a spread of sqrt(2) in the exponent: 10^(1 ± 0.5·sqrt 2).
        let p = spread(&definitions, "p");
        assert!((p.p5.log10() - (1.0 - 0.5f64.sqrt())).abs() < 0.05, "{p:?}");
        assert!((p.p95.log10() - (1.0 + 0.5f64.sqrt())).abs() < 0.05, "{p:?}");
    }
}
