//! The events of a fault tree, and the binary decision diagram that makes its probability exact.

use std::collections::{BTreeMap, BTreeSet};

use biodivine_lib_bdd::{Bdd, BddVariable, BddVariableSet, op_function};

use super::availability::k_of_each;

/// More parts than the diagrams of the library can tell apart.
const MAX_PARTS: usize = 60_000;

/// Combinations of failed parts that [`FaultTree::examine`] looks at, counted in events evaluated.
const MAX_WORK: usize = 20_000_000;

/// An event that may happen: a part fails, or so many of other events happen.
#[derive(Clone, Debug)]
enum Event {
    Part(usize),
    Not(usize),
    AtLeast(usize, Vec<usize>),
}

/// Events that each name only earlier ones, so that one pass evaluates them.
#[derive(Clone, Debug, Default)]
pub struct FaultTree {
    events: Vec<Event>,
}

impl FaultTree {
    fn add(&mut self, event: Event) -> usize {
        self.events.push(event);
        self.events.len() - 1
    }

    /// The event that part number `part` fails.
    pub fn part(&mut self, part: usize) -> usize {
        self.add(Event::Part(part))
    }

    /// The event that `event` doesn't happen.
    pub fn not(&mut self, event: usize) -> usize {
        self.add(Event::Not(event))
    }

    /// The event that all of `events` happen; always, for none.
    pub fn all(&mut self, events: Vec<usize>) -> usize {
        self.at_least(events.len(), events)
    }

    /// The event that any of `events` happens; never, for none.
    pub fn any(&mut self, events: Vec<usize>) -> usize {
        self.at_least(1, events)
    }

    /// The event that at least `k` of `events` happen.
    pub fn at_least(&mut self, k: usize, events: Vec<usize>) -> usize {
        match events.as_slice() {
            [one] if k == 1 => *one,
            _ => self.add(Event::AtLeast(k, events)),
        }
    }

    /// How many events there are.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether there is no event.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Whether `top` happens when just these parts have failed.
    pub fn happens(&self, top: usize, failed: &dyn Fn(usize) -> bool) -> bool {
        let mut happened: Vec<bool> = Vec::with_capacity(self.events.len());
        for event in self.events.iter().take(top + 1) {
            let is = |id: &usize| happened.get(*id).copied().unwrap_or(false);
            let now = match event {
                Event::Part(part) => failed(*part),
                Event::Not(event) => !is(event),
                Event::AtLeast(k, events) => events.iter().filter(|id| is(id)).count() >= *k,
            };
            happened.push(now);
        }
        happened.get(top).copied().unwrap_or(false)
    }

    /// The parts below `top`, in the order in which a walk from there meets them. Parts that belong together stand
    /// together then, which keeps diagrams small.
    pub fn parts(&self, top: usize) -> Vec<usize> {
        let mut seen = vec![false; self.events.len()];
        let (mut open, mut parts) = (vec![top], Vec::new());
        let mut met = BTreeMap::new();
        while let Some(at) = open.pop() {
            let Some(mark) = seen.get_mut(at).filter(|mark| !**mark) else { continue };
            *mark = true;
            match self.events.get(at) {
                Some(Event::Part(part)) if met.insert(*part, ()).is_none() => parts.push(*part),
                Some(Event::Not(event)) => open.push(*event),
                Some(Event::AtLeast(_, events)) => open.extend(events.iter().rev()),
                _ => {}
            }
        }
        parts
    }

    /// The events below any of `tops` as a tree of their own, with the event that any of these happen.
    pub fn below(&self, tops: &[usize]) -> (FaultTree, usize) {
        let mut tree = FaultTree::default();
        let mut names: BTreeMap<usize, usize> = BTreeMap::new();
        for at in self.reached(tops) {
            let of = |id: &usize| names.get(id).copied().unwrap_or(usize::MAX);
            let event = match self.events.get(at) {
                Some(Event::Part(part)) => Event::Part(*part),
                Some(Event::Not(event)) => Event::Not(of(event)),
                Some(Event::AtLeast(k, events)) => Event::AtLeast(*k, events.iter().map(of).collect()),
                None => continue,
            };
            names.insert(at, tree.add(event));
        }
        let tops = tops.iter().filter_map(|top| names.get(top).copied()).collect();
        let top = tree.any(tops);
        (tree, top)
    }

    /// Copies the events below `top` into another tree, and returns what `top` is there. `part` says what becomes of a part,
    /// or of one that mustn't have failed (true).
    ///
    /// Anything else that mustn't happen counts as not having happened, so that what comes out has no [`Self::not`] unless
    /// `part` makes one: failing more never helps.
    pub fn copied(
        &self,
        top: usize,
        into: &mut FaultTree,
        part: &mut dyn FnMut(&mut FaultTree, usize, bool) -> usize,
    ) -> usize {
        let mut names: BTreeMap<usize, usize> = BTreeMap::new();
        for at in self.reached(&[top]) {
            let of = |id: &usize| names.get(id).copied().unwrap_or(usize::MAX);
            let copy = match self.events.get(at) {
                Some(Event::Part(number)) => part(into, *number, false),
                Some(Event::Not(event)) => match self.events.get(*event) {
                    Some(Event::Part(number)) => part(into, *number, true),
                    // Neither of several: each has to be spared.
                    Some(Event::AtLeast(1, events)) => {
                        let each: Vec<usize> = events
                            .iter()
                            .filter_map(|id| self.events.get(*id))
                            .filter_map(|event| if let Event::Part(number) = event { Some(*number) } else { None })
                            .collect();
                        let each = each.into_iter().map(|number| part(into, number, true)).collect();
                        into.all(each)
                    }
                    _ => into.all(Vec::new()),
                },
                Some(Event::AtLeast(k, events)) => into.at_least(*k, events.iter().map(of).collect()),
                None => continue,
            };
            names.insert(at, copy);
        }
        names.get(&top).copied().unwrap_or_else(|| into.any(Vec::new()))
    }

    /// The events below some, and they themselves, in an order in which each names only earlier ones.
    fn reached(&self, tops: &[usize]) -> Vec<usize> {
        let (mut open, mut found) = (tops.to_vec(), BTreeSet::new());
        while let Some(at) = open.pop() {
            if found.insert(at) {
                open.extend(self.inputs(at));
            }
        }
        found.into_iter().collect()
    }

    fn inputs(&self, at: usize) -> &[usize] {
        match self.events.get(at) {
            Some(Event::Not(event)) => std::slice::from_ref(event),
            Some(Event::AtLeast(_, events)) => events,
            _ => &[],
        }
    }

    /// Whether no event and no part is used twice below `top`, so that all that an event is made of is independent.
    pub fn is_read_once(&self, top: usize) -> bool {
        let (mut used, mut parts) = (BTreeSet::new(), BTreeSet::new());
        let reached = self.reached(&[top]);
        let part = |at: &usize| if let Some(Event::Part(part)) = self.events.get(*at) { Some(*part) } else { None };
        reached.iter().filter_map(part).all(|part| parts.insert(part))
            && reached.iter().flat_map(|at| self.inputs(*at)).all(|input| used.insert(*input))
    }

    /// The probability of an event if [`Self::is_read_once`]: gate by gate, in sums and products that keep the digits of
    /// small probabilities.
    pub fn plain_probability(&self, top: usize, fails: &dyn Fn(usize) -> f64) -> f64 {
        let mut values: Vec<f64> = Vec::with_capacity(self.events.len());
        for event in self.events.iter().take(top + 1) {
            let value = |id: &usize| values.get(*id).copied().unwrap_or(0.0);
            let now = match event {
                Event::Part(part) => fails(*part),
                Event::Not(event) => 1.0 - value(event),
                Event::AtLeast(1, events) => any_of(events.iter().map(value)),
                Event::AtLeast(k, events) if *k == events.len() => events.iter().map(value).product(),
                Event::AtLeast(k, events) => {
                    let each: Vec<f64> = events.iter().map(value).collect();
                    k_of_each(*k, &each).unwrap_or(1.0)
                }
            };
            values.push(now);
        }
        values.get(top).copied().unwrap_or(0.0)
    }

    /// Bounds of the probability of an event, gate by gate, whatever parts its inputs share.
    ///
    /// Without [`Self::not`] inputs are associated: that all are spared is at least as likely as if they were independent
    /// (Esary, Proschan and Walkup 1967). With it only Fréchet's bounds hold.
    pub fn bounds(&self, top: usize, fails: &dyn Fn(usize) -> f64) -> (f64, f64) {
        let reached = self.reached(&[top]);
        let coherent = !reached.iter().any(|at| matches!(self.events.get(*at), Some(Event::Not(_))));
        let mut known: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
        for at in reached {
            let of = |id: &usize| known.get(id).copied().unwrap_or((0.0, 1.0));
            let now = match self.events.get(at) {
                Some(Event::Part(part)) => (fails(*part), fails(*part)),
                Some(Event::Not(event)) => (1.0 - of(event).1, 1.0 - of(event).0),
                Some(Event::AtLeast(0, _)) => (1.0, 1.0),
                Some(Event::AtLeast(k, events)) if *k > events.len() => (0.0, 0.0),
                Some(Event::AtLeast(k, events)) => {
                    let (mut low, mut high): (Vec<f64>, Vec<f64>) = events.iter().map(of).unzip();
                    low.sort_by(|a, b| b.total_cmp(a));
                    high.sort_by(f64::total_cmp);
                    // So many may be spared; of one more, at least one has to happen.
                    let rest = high.iter().take((events.len() + 1).saturating_sub(*k)).copied();
                    let most = low.iter().take(*k).copied();
                    if coherent {
                        (most.product(), any_of(rest))
                    } else {
                        let missing: f64 = most.map(|low| 1.0 - low).sum();
                        ((1.0 - missing).max(0.0), rest.sum::<f64>().min(1.0))
                    }
                }
                None => (0.0, 1.0),
            };
            known.insert(at, now);
        }
        known.get(&top).copied().unwrap_or((0.0, 1.0))
    }

    /// The diagram of an event; `None` if it, or one on the way to it, had more than `limit` nodes, or above 60,000 parts.
    pub fn diagram(&self, top: usize, limit: usize) -> Option<Diagram> {
        let parts = self.parts(top);
        let count = u16::try_from(parts.len()).ok().filter(|count| usize::from(*count) <= MAX_PARTS)?;
        let level: BTreeMap<usize, usize> = parts.iter().enumerate().map(|(level, part)| (*part, level)).collect();
        let set = BddVariableSet::new_anonymous(count);
        let mut built: Vec<Bdd> = Vec::with_capacity(self.events.len());
        for event in self.events.iter().take(top + 1) {
            let of = |id: &usize| built.get(*id).cloned();
            built.push(match event {
                Event::Part(part) => match level.get(part) {
                    Some(&level) => set.mk_var(BddVariable::from_index(level)),
                    None => set.mk_false(),
                },
                Event::Not(event) => of(event)?.not(),
                Event::AtLeast(0, _) => set.mk_true(),
                Event::AtLeast(k, events) if *k > events.len() => set.mk_false(),
                Event::AtLeast(k, events) => {
                    let events: Vec<Bdd> = events.iter().map(of).collect::<Option<_>>()?;
                    if *k == 1 {
                        halves(events, &|a, b| Bdd::binary_op_with_limit(limit, a, b, op_function::or))?
                    } else if *k == events.len() {
                        halves(events, &|a, b| Bdd::binary_op_with_limit(limit, a, b, op_function::and))?
                    } else {
                        at_least(*k, &events, limit, &set)?
                    }
                }
            });
        }
        Some(Diagram::of(&built.pop()?, parts))
    }

    /// Looks at as many combinations of few failed parts as the time allows, for what is too large for a diagram.
    pub fn examine(&self, top: usize) -> Examined {
        let parts = self.parts(top);
        let mut examined = Examined { order: 0, failing: Vec::new(), parts };
        let mut left = MAX_WORK;
        let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
        loop {
            let cost = sets.len().saturating_mul(self.events.len().max(1));
            for set in &sets {
                if self.happens(top, &|part| set.iter().any(|at| examined.parts.get(*at) == Some(&part))) {
                    examined.failing.push(set.clone());
                }
            }
            left = left.saturating_sub(cost);
            let count = examined.parts.len();
            let next = sets.len().saturating_mul(count);
            if next == 0 || next.saturating_mul(self.events.len()) > left || examined.order >= count {
                return examined;
            }
            let after = |set: &Vec<usize>| set.last().map_or(0, |last| last + 1)..count;
            sets = sets.iter().flat_map(|set| after(set).map(|at| [set.as_slice(), &[at]].concat())).collect();
            examined.order += 1;
        }
    }
}

/// The probability that any of several independent events happens, exact also where it is tiny.
fn any_of(values: impl Iterator<Item = f64>) -> f64 {
    -values.map(|q| (-q.min(1.0)).ln_1p()).sum::<f64>().exp_m1()
}

/// Joins many in a balanced way: neighbours first, so that most operands stay small.
fn halves(mut list: Vec<Bdd>, join: &dyn Fn(&Bdd, &Bdd) -> Option<Bdd>) -> Option<Bdd> {
    while list.len() > 1 {
        list = list
            .chunks(2)
            .map(|pair| match pair {
                [a, b] => join(a, b),
                rest => rest.first().cloned(),
            })
            .collect::<Option<_>>()?;
    }
    list.pop()
}

/// Row `j` says that at least `j` of those seen happened.
fn at_least(k: usize, events: &[Bdd], limit: usize, set: &BddVariableSet) -> Option<Bdd> {
    let mut rows = vec![set.mk_false(); k + 1];
    *rows.first_mut()? = set.mk_true();
    for event in events {
        for j in (1..=k).rev() {
            let also = Bdd::binary_op_with_limit(limit, rows.get(j - 1)?, event, op_function::and)?;
            let row = Bdd::binary_op_with_limit(limit, rows.get(j)?, &also, op_function::or)?;
            *rows.get_mut(j)? = row;
        }
    }
    rows.pop()
}

/// A node: the level of its part, and what follows if the part works and if it failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub level: u32,
    pub works: u32,
    pub failed: u32,
}

/// A fault tree as a diagram: the probability of its top event in one pass over the nodes, without any assumption
/// but that parts fail independently.
#[derive(Clone, Debug)]
pub struct Diagram {
    /// Parts by level.
    pub(super) parts: Vec<usize>,
    /// Children before parents; 0 says never, 1 always, the last is the root.
    pub(super) nodes: Vec<Node>,
}

/// How much a part matters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Importance {
    /// Which part.
    pub part: usize,
    /// Birnbaum: how much likelier the top event is with the part failed than with it working.
    pub birnbaum: f64,
    /// Criticality: the share of the top event's probability that goes if the part never fails.
    pub criticality: f64,
    /// Diagnostic: the chance that the part has failed when the top event happened.
    pub diagnostic: f64,
    /// Risk achievement worth: by what factor the top event is likelier once the part has failed.
    pub achievement: f64,
    /// Risk reduction worth: by what factor it would be rarer if the part never failed.
    pub reduction: f64,
}

impl Diagram {
    #[expect(clippy::cast_possible_truncation, reason = "the library numbers nodes and parts in 32 and 16 bits")]
    fn of(bdd: &Bdd, parts: Vec<usize>) -> Diagram {
        let mut nodes = Vec::with_capacity(bdd.size());
        for pointer in bdd.pointers() {
            let terminal = pointer.is_zero() || pointer.is_one();
            nodes.push(if terminal {
                Node { level: u32::MAX, works: u32::from(pointer.is_one()), failed: u32::from(pointer.is_one()) }
            } else {
                Node {
                    level: bdd.var_of(pointer).to_index() as u32,
                    works: bdd.low_link_of(pointer).to_index() as u32,
                    failed: bdd.high_link_of(pointer).to_index() as u32,
                }
            });
        }
        Diagram { parts, nodes }
    }

    /// How many nodes it has.
    pub fn size(&self) -> usize {
        self.nodes.len()
    }

    /// Probability of the top event, from the probability that each part fails. Exact, and a sum of positive terms:
    /// it keeps its digits however small it is.
    pub fn probability(&self, fails: &dyn Fn(usize) -> f64) -> f64 {
        let fails: Vec<f64> = self.parts.iter().map(|part| fails(*part)).collect();
        self.values(&fails).pop().unwrap_or(0.0)
    }

    /// The probability seen from each node.
    fn values(&self, fails: &[f64]) -> Vec<f64> {
        let mut values: Vec<f64> = Vec::with_capacity(self.nodes.len());
        for (at, node) in self.nodes.iter().enumerate() {
            let value = |id: u32| values.get(id as usize).copied().unwrap_or(0.0);
            let now = match fails.get(node.level as usize) {
                Some(q) => (1.0 - q) * value(node.works) + q * value(node.failed),
                None => f64::from(u8::from(at == 1)),
            };
            values.push(now);
        }
        values
    }

    /// Probability of the top event, and Birnbaum's importance of each part below it.
    pub fn birnbaum(&self, fails: &dyn Fn(usize) -> f64) -> (f64, Vec<(usize, f64)>) {
        let fails: Vec<f64> = self.parts.iter().map(|part| fails(*part)).collect();
        let values = self.values(&fails);
        let value = |id: u32| values.get(id as usize).copied().unwrap_or(0.0);
        let mut reached = vec![0.0; self.nodes.len()];
        if let Some(root) = reached.last_mut() {
            *root = 1.0;
        }
        let mut found = vec![0.0; self.parts.len()];
        for (at, node) in self.nodes.iter().enumerate().rev() {
            let (Some(q), Some(&here)) = (fails.get(node.level as usize), reached.get(at)) else { continue };
            if let Some(sum) = found.get_mut(node.level as usize) {
                *sum += here * (value(node.failed) - value(node.works));
            }
            for (next, share) in [(node.works, 1.0 - q), (node.failed, *q)] {
                if let Some(slot) = reached.get_mut(next as usize) {
                    *slot += here * share;
                }
            }
        }
        (values.last().copied().unwrap_or(0.0), self.parts.iter().copied().zip(found).collect())
    }

    /// How much each part matters; empty if the top event can't happen.
    pub fn importance(&self, fails: &dyn Fn(usize) -> f64) -> Vec<Importance> {
        let (top, birnbaum) = self.birnbaum(fails);
        if top <= 0.0 {
            return Vec::new();
        }
        let of = |(part, birnbaum): (usize, f64)| {
            let q = fails(part);
            let (with, without) = (top + (1.0 - q) * birnbaum, (top - q * birnbaum).max(0.0));
            Importance {
                part,
                birnbaum,
                criticality: q * birnbaum / top,
                diagnostic: q * with / top,
                achievement: with / top,
                reduction: top / without,
            }
        };
        birnbaum.into_iter().map(of).collect()
    }
}

/// Which combinations of few failed parts make the top event happen, for trees too large for a diagram.
#[derive(Clone, Debug)]
pub struct Examined {
    /// The most parts that were failed at once.
    order: usize,
    /// Those combinations, as places in `parts`.
    failing: Vec<Vec<usize>>,
    parts: Vec<usize>,
}

impl Examined {
    /// A lower bound of the top event's probability, and how much more it may be at most.
    ///
    /// The gap is at most the `order + 1`-th elementary symmetric sum of the probabilities (Bonferroni).
    pub fn probability(&self, fails: &dyn Fn(usize) -> f64) -> (f64, f64) {
        // A part that has failed for sure counts as almost sure, so that ratios stay finite.
        let fails: Vec<f64> = self.parts.iter().map(|part| fails(*part).min(1.0 - 1e-9)).collect();
        let none: f64 = fails.iter().map(|q| 1.0 - q).product();
        let odds = |at: &usize| fails.get(*at).map_or(0.0, |q| q / (1.0 - q));
        let lower: f64 = self.failing.iter().map(|set| none * set.iter().map(odds).product::<f64>()).sum();
        let mut sums = vec![0.0; self.order + 2];
        if let Some(first) = sums.first_mut() {
            *first = 1.0;
        }
        for q in &fails {
            for j in (1..sums.len()).rev() {
                let below = sums.get(j - 1).copied().unwrap_or(0.0);
                if let Some(sum) = sums.get_mut(j) {
                    *sum += below * q;
                }
            }
        }
        (lower, sums.last().copied().unwrap_or(1.0).min(1.0 - lower).max(0.0))
    }
}
