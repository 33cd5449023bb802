//! Functions that only rules have: ways through the graph of calls, and a data set's size at a time.

use std::collections::BTreeMap;
use std::collections::{BTreeSet, VecDeque};

use crate::expr::{EntityRef, Missing, Type, Value};
use crate::lint::field::{entities, list};
use crate::lint::world::World;
use crate::quantity::Dimension;
use crate::vocabulary::{Target, attr};

/// A function that only rules have.
pub struct GraphFunction {
    /// Its name.
    pub name: &'static str,
    /// How it is written.
    pub usage: &'static str,
    /// One sentence.
    pub doc: &'static str,
    parameters: fn() -> Vec<Type>,
    result: fn() -> Type,
    call: Call,
}

/// Gives the value and how many elementary steps it took.
type Call = for<'w> fn(&World<'w>, &[Value<'w>]) -> Option<(Value<'w>, usize)>;

/// All of them.
pub const GRAPH_FUNCTIONS: &[GraphFunction] = &[
    GraphFunction {
        name: "reachable",
        usage: "reachable(a, b)",
        doc: "Whether calls of component a end up at component b, directly or through others.",
        parameters: two_components,
        result: || Type::Bool,
        call: |world, arguments| {
            let (from, to) = pair(arguments)?;
            let (found, work) = reach(&world.structure.callees, from);
            Some((Value::Bool(found.contains(&to)), work))
        },
    },
    GraphFunction {
        name: "path",
        usage: "path(a, b)",
        doc: "The components on a shortest way of calls from a to b, with both; empty if there is none.",
        parameters: two_components,
        result: || list(Target::Component),
        call: |world, arguments| {
            let (from, to) = pair(arguments)?;
            let (way, work) = shortest(&world.structure.callees, from, to);
            Some((entities(Target::Component, way.unwrap_or_default()), work))
        },
    },
    GraphFunction {
        name: "distance",
        usage: "distance(a, b)",
        doc: "How many calls a shortest way from a to b has; unknown if there is none.",
        parameters: two_components,
        result: || Type::Quantity(Dimension::NONE),
        call: |world, arguments| {
            let (from, to) = pair(arguments)?;
            let (way, work) = shortest(&world.structure.callees, from, to);
            let missing = Missing { entity: component(from), field: "a way of calls to the other component" };
            let hops = way.map_or(Value::Unknown(missing), |way| number(way.len().saturating_sub(1)));
            Some((hops, work))
        },
    },
    GraphFunction {
        name: "cut",
        usage: "cut(a, b)",
        doc: "The components that every way of calls from a to b goes through, without both.",
        parameters: two_components,
        result: || list(Target::Component),
        call: |world, arguments| {
            let (from, to) = pair(arguments)?;
            let (members, work) = cut(&world.structure.callees, from, to);
            Some((entities(Target::Component, members), work))
        },
    },
    GraphFunction {
        name: "size_after",
        usage: "size_after(data, time)",
        doc: "What a data set takes in all its copies after a time.",
        parameters: || vec![Type::Entity(Target::Data), Type::Quantity(Dimension::TIME)],
        result: || Type::Quantity(Dimension::DATA),
        call: |world, arguments| match arguments {
            [Value::Entity(data), Value::Number(time)] => Some((size_after(world, *data, *time), 1)),
            _ => None,
        },
    },
];

fn two_components() -> Vec<Type> {
    vec![Type::Entity(Target::Component); 2]
}

fn pair(arguments: &[Value<'_>]) -> Option<(usize, usize)> {
    match arguments {
        [Value::Entity(a), Value::Entity(b)] => Some((a.index as usize, b.index as usize)),
        _ => None,
    }
}

fn component(index: usize) -> EntityRef {
    EntityRef { target: Target::Component, index: u32::try_from(index).unwrap_or(u32::MAX) }
}

#[expect(clippy::cast_precision_loss, reason = "ways are far shorter than 2^52")]
fn number<'w>(n: usize) -> Value<'w> {
    Value::Number(n as f64)
}

/// A function by its name: its number, parameters, result.
pub(super) fn function(name: &str) -> Option<(u16, Vec<Type>, Type)> {
    let (id, function) = (0u16..).zip(GRAPH_FUNCTIONS).find(|(_, function)| function.name == name)?;
    Some((id, (function.parameters)(), (function.result)()))
}

/// Evaluates one of them: the value and how many elementary steps it took.
pub(super) fn call<'w>(world: &World<'w>, id: u16, arguments: &[Value<'w>]) -> Result<(Value<'w>, usize), String> {
    let function = GRAPH_FUNCTIONS.get(usize::from(id));
    function
        .and_then(|function| (function.call)(world, arguments))
        .ok_or_else(|| "these arguments don't fit".to_owned())
}

fn of(lists: &[Vec<usize>], index: usize) -> &[usize] {
    lists.get(index).map_or(&[], Vec::as_slice)
}

/// Everything that can be reached from a component along calls, itself only if a call comes back, and the work it was.
pub(super) fn reach(lists: &[Vec<usize>], from: usize) -> (BTreeSet<usize>, usize) {
    // A set rather than a mark for each component: most reach few of them.
    let (mut found, mut work) = (BTreeSet::new(), 1);
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        let next = of(lists, at);
        work += next.len();
        open.extend(next.iter().filter(|next| found.insert(**next)));
    }
    (found, work)
}

/// A shortest way with both ends, of equals the one whose calls come first in the spec; and the work it was.
fn shortest(lists: &[Vec<usize>], from: usize, to: usize) -> (Option<Vec<usize>>, usize) {
    let mut before: BTreeMap<usize, usize> = BTreeMap::from([(from, from)]);
    let (mut open, mut work) = (VecDeque::from([from]), 1);
    while let Some(at) = open.pop_front() {
        if at == to {
            break;
        }
        work += of(lists, at).len();
        for &next in of(lists, at) {
            before.entry(next).or_insert_with(|| {
                open.push_back(next);
                at
            });
        }
    }
    if !before.contains_key(&to) {
        return (None, work);
    }
    let mut way = vec![to];
    while let Some(&at) = way.last().filter(|at| **at != from) {
        way.extend(before.get(&at));
    }
    way.reverse();
    (Some(way), work)
}

/// The components without which there is no way, in the order in which calls pass them; and the work it was.
///
/// Such a component stands on every way, so on a shortest one. Going along that, `far` is how much of it can be reached
/// from what lies before the member at hand without passing through it: a member that nothing gets past is one of them.
fn cut(lists: &[Vec<usize>], from: usize, to: usize) -> (Vec<usize>, usize) {
    let (way, mut work) = shortest(lists, from, to);
    let Some(way) = way else { return (Vec::new(), work) };
    let places: BTreeMap<usize, usize> = way.iter().enumerate().map(|(place, member)| (*member, place)).collect();
    let (mut members, mut passed, mut far) = (Vec::new(), BTreeSet::new(), 0);
    for (place, &member) in way.iter().enumerate() {
        if place > 0 && place + 1 < way.len() && far <= place {
            members.push(member);
        }
        let mut open = vec![member];
        while let Some(at) = open.pop() {
            work += of(lists, at).len();
            for &next in of(lists, at) {
                match places.get(&next) {
                    Some(&reached) => far = far.max(reached),
                    None if passed.insert(next) => open.push(next),
                    None => {}
                }
            }
        }
    }
    (members, work)
}

fn size_after<'w>(world: &World<'w>, data: EntityRef, time: f64) -> Value<'w> {
    let missing = Value::Unknown(Missing { entity: data, field: "added" });
    let Some(entry) = world.graph.data.get(data.index as usize) else { return missing };
    let get = |id| crate::graph::number(entry.own.get(id)).map(|input| input.value);
    let figures = world.estimate.data.get(data.index as usize);
    let bytes = figures.and_then(|f| f.stored_record.zip(f.copies)).map(|(record, copies)| record * copies);
    match (get(attr!(Data, "added")), bytes) {
        (Some(rate), Some(bytes)) => {
            let (keep, initial) = (get(attr!(Data, "keep")), get(attr!(Data, "initial")).unwrap_or(0.0));
            crate::formula::storage::stored_records(rate, keep, time, initial)
                .map_or(missing, |count| Value::Number(bytes * count))
        }
        _ => missing,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A ladder with a shortcut: 0 → 1 → {2, 3} → 4 → 5, and 5 → 0.
    fn ladder() -> Vec<Vec<usize>> {
        vec![vec![1], vec![2, 3], vec![4], vec![4], vec![5], vec![0]]
    }

    #[test]
    fn ways_through_a_small_graph_are_what_a_person_sees() {
        let lists = ladder();
        assert_eq!(shortest(&lists, 0, 5).0, Some(vec![0, 1, 2, 4, 5]));
        assert_eq!(shortest(&lists, 3, 3).0, Some(vec![3]));
        assert_eq!(cut(&lists, 0, 5).0, [1, 4]);
        assert_eq!(cut(&lists, 1, 4).0, Vec::<usize>::new());
        assert_eq!(cut(&lists, 2, 3).0, [4, 5, 0, 1]);
        let open = vec![vec![1], vec![], vec![1]];
        assert_eq!((shortest(&open, 1, 2).0, cut(&open, 1, 2).0), (None, Vec::new()));
        assert!(!reach(&open, 0).0.contains(&0) && reach(&lists, 0).0.contains(&0));
    }

    /// Whether there is a way without a component.
    fn connected(lists: &[Vec<usize>], from: usize, to: usize, without: Option<usize>) -> bool {
        let mut found = BTreeSet::from([from]);
        loop {
            let next: Vec<usize> = found.iter().flat_map(|at| lists[*at].iter().copied()).collect();
            let before = found.len();
            found.extend(next.into_iter().filter(|next| Some(*next) != without));
            if found.len() == before {
                return found.contains(&to);
            }
        }
    }

    proptest! {
        #[test]
        fn ways_and_cuts_are_those_of_trying_everything(
            calls in prop::collection::vec((0..9usize, 0..9usize), 0..24), from in 0..9usize, to in 0..9usize,
        ) {
            let mut lists = vec![Vec::new(); 9];
            calls.iter().for_each(|(a, b)| lists[*a].push(*b));
            let (way, _) = shortest(&lists, from, to);
            prop_assert_eq!(way.is_some(), connected(&lists, from, to, None));
            let brute = (0..9).filter(|at| *at != from && *at != to && way.is_some());
            let brute: BTreeSet<usize> = brute.filter(|at| !connected(&lists, from, to, Some(*at))).collect();
            prop_assert_eq!(cut(&lists, from, to).0.into_iter().collect::<BTreeSet<_>>(), brute);
            prop_assert_eq!(reach(&lists, from).0.contains(&to), lists[from].iter().any(|next| connected(&lists, *next, to, None)));
            // Floyd and Warshall's distances.
            let mut hops = vec![vec![99; 9]; 9];
            (0..9).for_each(|at| hops[at][at] = 0);
            calls.iter().filter(|(a, b)| a != b).for_each(|(a, b)| hops[*a][*b] = 1);
            for k in 0..9 { for a in 0..9 { for b in 0..9 { hops[a][b] = hops[a][b].min(hops[a][k] + hops[k][b]); } } }
            if let Some(way) = way {
                prop_assert_eq!(way.len() - 1, hops[from][to]);
                prop_assert!(way.windows(2).all(|pair| lists[pair[0]].contains(&pair[1])));
            }
        }
    }
}
