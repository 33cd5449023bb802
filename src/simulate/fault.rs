//! Faults: what happens to the system during a run, as a person writes it.
//!
//! ```text
//! fault  = [ "at" TIME ] action [ "for" TIME ]
//! action = "kill" part | "hang" part | part "down"
//!        | "latency" part ( "x" NUMBER | "+" TIME ) | "errors" COMPONENT SHARE
//!        | "load" [ FLOW ] "x" NUMBER | "flush" CACHE
//! part   = COMPONENT | [ NUMBER | "a" ] ( "node" | "nodes" ) "of" COMPONENT | "zone" NAME | "region" NAME | "node:" COMPONENT | …
//! ```

use crate::diagnostic::suggestion;
use crate::estimate::blueprint::Blueprint;
use crate::expr::{NoNames, Type, check, parse};
use crate::graph::{Graph, Part};
use crate::quantity::Dimension;

/// Times beyond this, in seconds, are no part of a run: ten years.
const LONGEST: f64 = 10.0 * 365.0 * 86_400.0;

/// Where something fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// All nodes of a component.
    Component(usize),
    /// The first so many nodes of a component.
    Nodes(usize, usize),
    /// All nodes in a zone.
    Zone(usize),
}

/// What happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Nodes are gone with what they were doing. New calls are refused at once, or never answered if it is silent.
    Down {
        /// Which.
        places: Vec<Place>,
        /// Whether nothing is heard of them.
        silent: bool,
    },
    /// Calls to a component, or to some of its nodes, take longer.
    Slow {
        /// Which.
        component: usize,
        /// The first so many nodes; all unless said.
        nodes: Option<usize>,
        /// Times so much …
        factor: f64,
        /// … and so many seconds more.
        more: f64,
    },
    /// A share of the calls to a component fails.
    Errors {
        /// Which.
        component: usize,
        /// The share.
        share: f64,
    },
    /// More or fewer requests come.
    Load {
        /// Of one flow, or of all.
        flow: Option<usize>,
        /// Times so much.
        factor: f64,
    },
    /// A cache forgets everything.
    Flush {
        /// Which.
        component: usize,
    },
}

/// Something that happens during a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// When, in seconds from the beginning of what is shown.
    pub at: f64,
    /// How long; to the end unless said.
    pub lasts: Option<f64>,
    /// What.
    pub action: Action,
    /// As it was written.
    pub text: String,
}

impl Fault {
    /// When it is over; `None` if never.
    pub fn end(&self) -> Option<f64> {
        match self.action {
            Action::Flush { .. } => Some(self.at),
            _ => self.lasts.map(|lasts| self.at + lasts),
        }
    }
}

impl Fault {
    /// Why it would change nothing, if so.
    pub fn misses(&self, graph: &Graph, plan: &Blueprint) -> Option<String> {
        let station = |index: usize| plan.stations.get(index).and_then(Option::as_ref);
        let name = |index: usize| graph.components.get(index).map_or("", |component| &component.name);
        let holds = |place: &Place| match *place {
            Place::Component(_) => true,
            Place::Nodes(component, _) => station(component).is_some(),
            Place::Zone(zone) => (0..).zip(&graph.components).any(|(index, component)| match station(index) {
                Some(plan) => plan.zones.contains(&zone),
                None => component.zones.contains(&zone),
            }),
        };
        let why = match &self.action {
            Action::Flush { component } => {
                let entries = plan.components.get(*component).and_then(|component| component.cache);
                let name = name(*component);
                entries.is_none().then(|| {
                    format!("entries of `{name}` aren't simulated one by one, which takes a cache with `items` and `popularity` and without a stated `hit`; `kill {name}` has it gone")
                })
            }
            Action::Down { places, .. } if !places.iter().any(holds) => Some(match places.first() {
                Some(Place::Nodes(component, _)) => {
                    let name = name(*component);
                    format!("how many nodes `{name}` has isn't known; write `kill {name}`, or state its `replicas`")
                }
                _ => "nothing stands there; say with `zones` what does".to_owned(),
            }),
            _ => None,
        };
        why.map(|why| format!("`{}` would change nothing: {why}", self.text))
    }
}

const FORMS: &str = "write for example `at 60 s kill cache for 30 s`, `zone a down`, `hang node:db`, `latency api x5`, \
                     `latency api +200 ms`, `errors api 10 %`, `load x3` or `flush cache`";

/// Reads one fault. Without a time it happens at `default_at`.
///
/// # Errors
/// What is wrong, and how it is written.
pub fn fault(text: &str, graph: &Graph, default_at: f64) -> Result<Fault, String> {
    let wrong = |why: String| format!("`{}`: {why}", text.trim());
    let words: Vec<&str> = text.split_whitespace().collect();
    let (at, rest) = match words.as_slice() {
        ["at", rest @ ..] => moment(rest).map_err(wrong)?,
        rest => (default_at, rest),
    };
    let (lasts, rest) = match rest.iter().rposition(|word| *word == "for") {
        Some(place) => {
            let (before, after) = (rest.get(..place).unwrap_or(&[]), rest.get(place + 1..).unwrap_or(&[]));
            match moment(after).map_err(wrong)? {
                (lasts, []) => (Some(lasts), before),
                _ => {
                    return Err(wrong(format!(
                        "`{}` is no time; write for example `90 s` or `2 min`",
                        after.join(" ")
                    )));
                }
            }
        }
        None => (None, rest),
    };
    let action = action(rest, graph).map_err(wrong)?;
    if matches!(action, Action::Flush { .. }) && lasts.is_some() {
        return Err(wrong(
            "a cache forgets in a moment; leave out `for …`, or write `kill` to have it gone".to_owned(),
        ));
    }
    Ok(Fault { at, lasts, action, text: text.trim().to_owned() })
}

/// The time after `at`, which may be of several words (`1 min 30 s`), and what follows it.
fn moment<'w>(words: &'w [&'w str]) -> Result<(f64, &'w [&'w str]), String> {
    let (mut sum, mut rest, mut found) = (0.0, words, false);
    let next = |rest: &'w [&'w str]| {
        [2, 1].into_iter().find_map(|count| {
            let (part, after) = rest.split_at_checked(count)?;
            Some((time(&part.join(" ")).ok()?, after))
        })
    };
    while let Some((part, after)) = next(rest) {
        (sum, rest, found) = (sum + part, after, true);
    }
    if found { Ok((sum, rest)) } else { Err("a time is needed here, as in `at 60 s kill cache for 2 min`".to_owned()) }
}

fn constant(text: &str, dimension: Dimension) -> Option<f64> {
    let checked = parse(text, &[]).and_then(|ast| check(&ast, &NoNames)).ok()?;
    (checked.ty == Type::Quantity(dimension)).then(|| checked.as_constant()).flatten()
}

/// A time such as `90 s` or `2 min`, in seconds.
///
/// # Errors
/// That it is none.
pub fn time(text: &str) -> Result<f64, String> {
    constant(text, Dimension::TIME)
        .filter(|time| (0.0..=LONGEST).contains(time))
        .ok_or_else(|| format!("`{text}` is no time; write for example `90 s` or `2 min`"))
}

fn factor(text: &str) -> Result<f64, String> {
    let number = text.strip_prefix('x').or_else(|| text.strip_suffix('x')).unwrap_or(text);
    constant(number, Dimension::NONE)
        .filter(|factor| (0.0..=1e6).contains(factor))
        .ok_or_else(|| format!("`{text}` is no factor; write for example `x5`"))
}

fn action(words: &[&str], graph: &Graph) -> Result<Action, String> {
    match words {
        [what @ .., "down"] if !what.is_empty() => {
            let silent =
                matches!(what.first(), Some(first) if first.starts_with("zone") || first.starts_with("region"));
            Ok(Action::Down { places: places(what, graph)?, silent })
        }
        [how @ ("kill" | "hang"), what @ ..] if !what.is_empty() => {
            Ok(Action::Down { places: places(what, graph)?, silent: *how == "hang" })
        }
        ["latency", rest @ ..] if rest.len() > 1 => slow(rest, graph),
        ["errors", name, share @ ..] if !share.is_empty() => {
            let (component, text) = (graph.named(name)?, share.join(" "));
            let share = constant(&text, Dimension::NONE).filter(|share| (0.0..=1.0).contains(share));
            let share = share.ok_or_else(|| format!("`{text}` is no share; write for example `10 %`"))?;
            Ok(Action::Errors { component, share })
        }
        ["load", by] => Ok(Action::Load { flow: None, factor: factor(by)? }),
        ["load", name, by] => {
            let flow = graph.flows.iter().position(|flow| flow.name == *name).ok_or_else(|| {
                let names = graph.flows.iter().map(|flow| flow.name.as_str()).collect::<Vec<_>>();
                let hint = suggestion(name, names).unwrap_or_default();
                format!("there is no flow `{name}`; {hint}")
            })?;
            Ok(Action::Load { flow: Some(flow), factor: factor(by)? })
        }
        ["flush", name] => Ok(Action::Flush { component: graph.named(name)? }),
        [] => Err(format!("nothing is said to happen; {FORMS}")),
        _ => Err(FORMS.to_owned()),
    }
}

/// `api x5`, `node:api x5`, `2 nodes of api +200 ms`.
fn slow(words: &[&str], graph: &Graph) -> Result<Action, String> {
    let added = words.iter().position(|word| word.starts_with('+'));
    let (what, how) = words.split_at(added.unwrap_or(words.len() - 1));
    let how = how.join(" ");
    let (factor, more) = match how.strip_prefix('+') {
        Some(time_more) => (1.0, time(time_more.trim())?),
        None => (factor(&how)?, 0.0),
    };
    match places(what, graph)?.as_slice() {
        [Place::Component(component)] => Ok(Action::Slow { component: *component, nodes: None, factor, more }),
        [Place::Nodes(component, count)] => {
            Ok(Action::Slow { component: *component, nodes: Some(*count), factor, more })
        }
        _ => Err("a component or some of its nodes can be slow, as in `latency node:api x5`".to_owned()),
    }
}

fn places(words: &[&str], graph: &Graph) -> Result<Vec<Place>, String> {
    if let [count, "node" | "nodes", "of", name] = words {
        let count = match *count {
            "a" | "one" => Some(1),
            number => number.parse::<usize>().ok().filter(|count| *count > 0),
        };
        let count = count.ok_or_else(|| "how many nodes? write `a node of api` or `2 nodes of api`".to_owned())?;
        return Ok(vec![Place::Nodes(graph.named(name)?, count)]);
    }
    Ok(match graph.part(&words.join(" "))? {
        Part::Component(component) => vec![Place::Component(component)],
        Part::Node(component) => vec![Place::Nodes(component, 1)],
        Part::Zones(zones) => zones.into_iter().map(Place::Zone).collect(),
        Part::Region(region) => {
            let zones = (0..).zip(&graph.zones).filter(|(_, z)| z.region == region).map(|(zone, _)| Place::Zone(zone));
            let only = (0..).zip(&graph.components).filter(|(_, c)| c.regions == [region]);
            zones.chain(only.map(|(component, _)| Place::Component(component))).collect()
        }
    })
}
