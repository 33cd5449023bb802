//! Exact availability against the enumeration of everything that can fail, against published networks, and its cut sets and
//! importance against their definitions.

use std::fmt::Write as _;

use napkin::analysis::{Analysis, analyse};
use napkin::catalog::Catalog;
use napkin::estimate::breakdown::{Breakdown, Cause, breakdowns};
use napkin::estimate::cut::Failed;
use napkin::estimate::{Run, Scenario};
use napkin::report::explain::wanted;
use napkin::source::Sources;
use proptest::prelude::*;

fn analysis(text: &str) -> Analysis {
    let mut sources = Sources::new();
    let id = sources.add("s.yaml", text);
    let found = analyse(&sources, id, &Catalog::new(), &[], None);
    assert!(found.is_usable(), "{:?}\n{text}", found.diagnostics);
    found
}

fn figure(found: &Analysis, path: &str) -> f64 {
    wanted(path, found).unwrap().value(found).unwrap_or_else(|| panic!("{path} is unknown"))
}

fn breakdown(found: &Analysis, order: usize) -> Option<Breakdown> {
    let (catalog, scenario) = (Catalog::new(), Scenario::default());
    let run = Run::new((&found.graph, &found.structure, &catalog), &|input| input.value, &scenario);
    breakdowns(&run, order).swap_remove(0)
}

fn close(value: f64, expected: f64, tolerance: f64) {
    assert!((value - expected).abs() <= tolerance * expected.abs().max(1e-300), "{value} is not {expected}");
}

/// The names of what a generated system consists of.
const NAMES: [&str; 5] = ["api", "b", "cache", "db", "d"];
const ZONES: [(&str, usize); 3] = [("za", 0), ("zb", 0), ("zc", 1)];

#[derive(Clone, Debug)]
struct Part {
    nodes: usize,
    needed: usize,
    zones: Vec<usize>,
    region: Option<usize>,
    node: f64,
    beta: f64,
    third: bool,
    shards: usize,
}

#[derive(Clone, Debug)]
struct Call {
    callee: usize,
    chance: Option<f64>,
    hit: Option<bool>,
    fallback: Option<usize>,
    optional: bool,
    nested: Option<usize>,
}

#[derive(Clone, Debug)]
enum Line {
    Call(Call),
    Parallel(usize, Vec<Call>),
}

#[derive(Clone, Debug)]
struct System {
    parts: Vec<Part>,
    lines: Vec<Line>,
    places: [f64; 5],
    third: f64,
    hit: f64,
}

/// What fails independently of everything else.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Var {
    Region(usize),
    Zone(usize),
    Node(usize, usize),
    Common(usize),
    Third,
    Miss,
    Happens(usize),
}

impl System {
    fn text(&self) -> String {
        let [ra, rb, za, _, zc] = self.places;
        let mut text = format!(
            "napkin: 1\nregions:\n  ra: {{ zones: [za, zb], availability: {}, zone_availability: {} }}\n  rb: {{ zones: [zc], availability: {}, zone_availability: {} }}\ncomponents:\n  u: client\n  third: {{ is: external, availability: {} }}\n",
            1.0 - ra,
            1.0 - za,
            1.0 - rb,
            1.0 - zc,
            1.0 - self.third,
        );
        for (part, name) in self.parts.iter().zip(NAMES) {
            let kind = if name == "cache" { "cache" } else { "service" };
            let zones: Vec<&str> = part.zones.iter().map(|zone| ZONES[*zone].0).collect();
            let _ = write!(
                text,
                "  {name}: {{ is: {kind}, replicas: {}, needs: {}, node_availability: {}, common_cause: {}, shards: {}",
                part.nodes,
                part.needed,
                1.0 - part.node,
                part.beta,
                part.shards
            );
            if !zones.is_empty() {
                let _ = write!(text, ", zones: [{}]", zones.join(", "));
            }
            if let Some(region) = part.region {
                let _ = write!(text, ", region: {}", ["ra", "rb"][region]);
            }
            if part.third {
                text += ", depends_on: [third]";
            }
            if name == "cache" {
                let _ = write!(text, ", hit: {}", self.hit);
            }
            text += " }\n";
        }
        text += "flows:\n  f:\n    rate: 1 /s\n    steps:\n      - u -> api\n";
        for line in &self.lines {
            match line {
                Line::Call(call) => text += &format!("      - {}\n", call.text()),
                Line::Parallel(needed, calls) => {
                    let calls: Vec<String> = calls.iter().map(Call::text).collect();
                    let _ =
                        writeln!(text, "      - {{ par: [{}], wait: {needed} of {} }}", calls.join(", "), calls.len());
                }
            }
        }
        text
    }

    fn calls(&self) -> Vec<&Call> {
        let mut list = Vec::new();
        for line in &self.lines {
            match line {
                Line::Call(call) => list.push(call),
                Line::Parallel(_, calls) => list.extend(calls),
            }
        }
        list
    }

    /// Everything that can fail in it, with its probability.
    fn vars(&self) -> Vec<(Var, f64)> {
        let mut vars: Vec<(Var, f64)> = Vec::new();
        let reached: Vec<usize> = (0..NAMES.len()).filter(|part| self.reaches(*part)).collect();
        for &at in &reached {
            let part = &self.parts[at];
            for node in 0..part.nodes * part.shards {
                vars.push((Var::Node(at, node), part.node * (1.0 - part.beta)));
            }
            if part.beta > 0.0 {
                vars.push((Var::Common(at), part.node * part.beta));
            }
        }
        for (region, q) in self.places.iter().take(2).enumerate() {
            let there = |part: &usize| {
                let part = &self.parts[*part];
                part.region == Some(region) || part.zones.iter().any(|zone| ZONES[*zone].1 == region)
            };
            if reached.iter().any(there) {
                vars.push((Var::Region(region), *q));
            }
        }
        for (zone, q) in self.places.iter().skip(2).enumerate() {
            if reached.iter().any(|part| self.parts[*part].zones.contains(&zone)) {
                vars.push((Var::Zone(zone), *q));
            }
        }
        if reached.iter().any(|part| self.parts[*part].third) {
            vars.push((Var::Third, self.third));
        }
        if self.calls().iter().any(|call| call.hit.is_some()) {
            vars.push((Var::Miss, 1.0 - self.hit));
        }
        for (at, call) in self.calls().iter().enumerate() {
            vars.extend(call.chance.map(|chance| (Var::Happens(at), chance)));
        }
        vars
    }

    fn reaches(&self, part: usize) -> bool {
        let named = |call: &&Call| call.callee == part || call.nested == Some(part) || call.fallback == Some(part);
        part == 0 || self.calls().iter().any(named) || part == 2 && self.calls().iter().any(|call| call.hit.is_some())
    }

    fn works(&self, at: usize, failed: &dyn Fn(Var) -> bool) -> bool {
        let part = &self.parts[at];
        if failed(Var::Common(at)) || part.third && failed(Var::Third) {
            return false;
        }
        (0..part.shards).all(|shard| {
            let up = (0..part.nodes).filter(|node| {
                let zone = part.zones.get(node % part.zones.len().max(1)).copied();
                let region = zone.map(|zone| ZONES[zone].1).or(part.region);
                !failed(Var::Node(at, shard * part.nodes + node))
                    && !zone.is_some_and(|zone| failed(Var::Zone(zone)))
                    && !region.is_some_and(|region| failed(Var::Region(region)))
            });
            up.count() >= part.needed
        })
    }

    fn fails(&self, failed: &dyn Fn(Var) -> bool, lost: &dyn Fn(usize) -> Option<bool>) -> bool {
        let works = |at: usize| {
            lost(at)
                .map_or_else(|| self.works(at, failed), |lost| !lost && (!self.parts[at].third || !failed(Var::Third)))
        };
        let miss = || !works(2) || failed(Var::Miss);
        let beside = self.calls().iter().any(|call| call.hit == Some(false));
        let mut at = 0;
        let mut call = |call: &Call| {
            let happens = call.chance.is_none() || failed(Var::Happens(at));
            at += 1;
            let asked = call.hit.is_none_or(|hit| hit != miss());
            let spared = call.optional || call.callee == 2 && beside;
            let broken = !works(call.callee) || call.nested.is_some_and(|nested| !works(nested));
            let saved = call.fallback.is_some_and(works);
            happens && asked && !spared && broken && !saved
        };
        let mut any = !works(0);
        for line in &self.lines {
            any |= match line {
                Line::Call(one) => call(one),
                Line::Parallel(needed, calls) => calls.iter().map(&mut call).filter(|lost| !lost).count() < *needed,
            };
        }
        any
    }

    /// The share of requests that fail, over all combinations.
    fn brute(&self, set: &dyn Fn(Var) -> Option<f64>, lost: &dyn Fn(usize) -> Option<bool>) -> f64 {
        let vars: Vec<(Var, f64)> = self.vars().into_iter().map(|(var, q)| (var, set(var).unwrap_or(q))).collect();
        let mut sum = 0.0;
        for state in 0..1_usize << vars.len() {
            let chance: f64 =
                vars.iter().enumerate().map(|(at, (_, q))| if state >> at & 1 == 1 { *q } else { 1.0 - q }).product();
            let failed = |var: Var| vars.iter().position(|(v, _)| *v == var).is_some_and(|at| state >> at & 1 == 1);
            if chance > 0.0 && self.fails(&failed, lost) {
                sum += chance;
            }
        }
        sum
    }
}

impl Call {
    fn text(&self) -> String {
        let nested = self.nested.map_or(String::new(), |nested| format!(" -> {}", NAMES[nested]));
        let mut text = format!("{{ call: api -> {}{nested}", NAMES[self.callee]);
        if let Some(chance) = self.chance {
            let _ = write!(text, ", probability: {chance}");
        }
        if let Some(hit) = self.hit {
            let _ = write!(text, ", if: {}(cache)", if hit { "hit" } else { "miss" });
        }
        if let Some(fallback) = self.fallback {
            let _ = write!(text, ", fallback: {}", NAMES[fallback]);
        }
        if self.optional {
            text += ", optional: true";
        }
        text + " }"
    }
}

fn part() -> impl Strategy<Value = Part> {
    (1..3_usize, 0..2_usize, 0..6_usize, 0.01..0.6_f64, any::<(bool, bool)>(), 1..5_usize).prop_map(
        |(nodes, spare, place, node, (common, third), shards)| Part {
            nodes,
            needed: nodes.saturating_sub(spare).max(1),
            zones: [vec![], vec![0, 1], vec![2], vec![0, 2], vec![], vec![1]][place].clone(),
            region: (place == 4).then_some(1),
            node,
            beta: if common && nodes > 1 { 0.2 } else { 0.0 },
            third,
            shards: if shards == 4 { 2 } else { 1 },
        },
    )
}

fn call() -> impl Strategy<Value = Call> {
    (1..5_usize, 0..4_usize, 0..5_usize, 0..12_usize, 0..8_usize, 0.05..0.95_f64).prop_map(
        |(callee, chance, hit, fallback, nested, probability)| Call {
            callee,
            chance: (chance == 0).then_some(probability),
            hit: if callee == 2 { None } else { [Some(false), Some(false), Some(true), None, None][hit] },
            fallback: [Some(1), Some(3), Some(4)].get(fallback).copied().flatten().filter(|other| *other != callee),
            optional: fallback == 11,
            nested: [Some(3), Some(4)].get(nested).copied().flatten().filter(|other| *other != callee),
        },
    )
}

fn system() -> impl Strategy<Value = System> {
    let line = prop_oneof![
        3 => call().prop_map(Line::Call),
        1 => (proptest::collection::vec(call(), 2..4), 1..3_usize)
            .prop_map(|(calls, needed)| Line::Parallel(needed.min(calls.len()), calls)),
    ];
    let places = (0.01..0.3_f64, 0.01..0.3_f64, 0.01..0.4_f64, 0.01..0.4_f64);
    (proptest::collection::vec(part(), 5), proptest::collection::vec(line, 1..4), places, 0.01..0.3_f64, 0.1..0.9_f64)
        .prop_map(|(parts, lines, (ra, rb, za, zc), third, hit)| System {
            parts,
            lines,
            places: [ra, rb, za, za, zc],
            third,
            hit,
        })
        .prop_filter("few enough to enumerate", |system| system.vars().len() <= 13)
}

/// Checks one system; returns whether its trees were entangled.
fn agrees(system: &System) {
    let text = system.text();
    let found = analysis(&text);
    let exact = system.brute(&|_| None, &|_| None);
    close(1.0 - figure(&found, "f.availability"), exact, 1e-9);
    let result = breakdown(&found, 6).unwrap();
    close(result.fails, exact, 1e-9);
    assert_eq!(result.gap, 0.0);
    for share in &result.shares {
        let (never, then) = match share.cause {
            Cause::Region(region) => {
                [0.0, 1.0].map(|q| system.brute(&|var| (var == Var::Region(region)).then_some(q), &|_| None)).into()
            }
            Cause::Zone(zone) => {
                [0.0, 1.0].map(|q| system.brute(&|var| (var == Var::Zone(zone)).then_some(q), &|_| None)).into()
            }
            Cause::Component(index) => {
                match NAMES.iter().position(|name| *name == found.graph.components[index].name) {
                    Some(at) => {
                        [false, true].map(|lost| system.brute(&|_| None, &|part| (part == at).then_some(lost))).into()
                    }
                    None => [0.0, 1.0].map(|q| system.brute(&|var| (var == Var::Third).then_some(q), &|_| None)).into(),
                }
            }
        };
        let measures = share.importance;
        assert!((measures.criticality - (exact - never) / exact).abs() < 1e-9, "{share:?}\n{text}");
        assert!((share.then - then).abs() < 1e-9, "{share:?} {then}\n{text}");
        assert!((measures.birnbaum - (then - never)).abs() < 1e-9, "{share:?}\n{text}");
    }
    if system.calls().iter().all(|call| call.hit != Some(true)) {
        cuts_are_minimal_and_complete(system, &found, &result, &text);
    }
}

/// Every cut fails the flow and none of it can be spared; everything that fails it alone is among them.
fn cuts_are_minimal_and_complete(system: &System, found: &Analysis, result: &Breakdown, text: &str) {
    let part_of = |index: usize| NAMES.iter().position(|name| *name == found.graph.components[index].name);
    let cuts = result.cuts.as_ref().unwrap();
    let expand = |failed: &Failed, fewer: bool, gone: &[Failed]| -> Vec<Var> {
        match failed {
            Failed::Region(region) => vec![Var::Region(*region)],
            Failed::Zone(zone) => vec![Var::Zone(*zone)],
            Failed::Component(_) => vec![Var::Third],
            Failed::Common(index) => vec![Var::Common(part_of(*index).unwrap())],
            Failed::Miss(_) => vec![Var::Miss],
            Failed::Step(step) => {
                // The steps of a flow stand in the order of its lines; a chain of two has two of them.
                let mut at = 1;
                for (number, call) in system.calls().iter().enumerate() {
                    if at == *step {
                        return vec![Var::Happens(number)];
                    }
                    at += 1 + usize::from(call.nested.is_some());
                }
                panic!("no such step {step}\n{text}");
            }
            Failed::Nodes { component, failing, .. } => {
                let at = part_of(*component).unwrap();
                let part = &system.parts[at];
                let dark = |node: &usize| {
                    let zone = part.zones.get(node % part.zones.len().max(1)).copied();
                    let region = zone.map(|zone| ZONES[zone].1).or(part.region);
                    zone.is_some_and(|zone| gone.contains(&Failed::Zone(zone)))
                        || region.is_some_and(|region| gone.contains(&Failed::Region(region)))
                };
                let count = *failing as usize - usize::from(fewer);
                (0..part.nodes).filter(|node| !dark(node)).take(count).map(|node| Var::Node(at, node)).collect()
            }
            Failed::Hit(_) | Failed::Failover(_) => panic!("not generated"),
        }
    };
    let fails = |parts: &[(Failed, bool)]| {
        let gone: Vec<Failed> = parts.iter().map(|(failed, _)| *failed).collect();
        let vars: Vec<Var> = parts.iter().flat_map(|(failed, fewer)| expand(failed, *fewer, &gone)).collect();
        system.fails(&|var| vars.contains(&var), &|_| None)
    };
    for cut in cuts {
        let whole: Vec<(Failed, bool)> = cut.parts.iter().map(|part| (*part, false)).collect();
        assert!(fails(&whole), "{cut:?} fails nothing\n{text}");
        for at in 0..whole.len() {
            let mut less = whole.clone();
            if let Failed::Nodes { .. } = whole[at].0 {
                less[at].1 = true;
            } else {
                less.remove(at);
            }
            assert!(!fails(&less), "{cut:?} isn't minimal without {:?}\n{text}", whole[at]);
        }
        assert!(cut.probability <= result.fails * (1.0 + 1e-9), "{cut:?} is likelier than the failure\n{text}");
    }
    let vars = system.vars();
    for (var, q) in &vars {
        let request = |var: &Var| matches!(var, Var::Miss | Var::Happens(_));
        let alone = |happens: &dyn Fn(Var) -> bool| system.fails(&|other| other == *var || happens(other), &|_| None);
        if *q > 0.0 && !request(var) && alone(&|other| request(&other)) {
            let listed = cuts.iter().filter(|cut| cut.order == 1).any(|cut| {
                let gone = cut.parts.clone();
                cut.parts.iter().filter(|part| part.weight() == 1).any(|part| match (part, var) {
                    (Failed::Nodes { component, .. }, Var::Node(at, _)) => part_of(*component) == Some(*at),
                    _ => expand(part, false, &gone).contains(var),
                })
            });
            assert!(listed, "{var:?} fails it alone and isn't among {cuts:?}\n{text}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn availability_importance_and_cuts_match_enumeration(system in system()) {
        agrees(&system);
    }
}

/// A flow that needs any of the paths through a network of links.
fn network(paths: &[&[usize]], works: f64) -> String {
    let links = paths.iter().flat_map(|path| path.iter()).max().unwrap() + 1;
    let mut text = String::from("napkin: 1\ncomponents:\n  u: client\n  api: { is: service, availability: 100 % }\n");
    for link in 0..links {
        let _ = writeln!(text, "  l{link}: {{ is: external, availability: {works} }}");
    }
    let chain = |path: &&[usize]| path.iter().fold("api".to_owned(), |text, link| format!("{text} -> l{link}"));
    let chains: Vec<String> = paths.iter().map(chain).collect();
    let _ = writeln!(
        text,
        "flows:\n  f:\n    rate: 1 /s\n    steps:\n      - u -> api\n      - {{ par: [{}], wait: any }}",
        chains.join(", ")
    );
    text
}

/// The paths from one corner of a grid of places to the opposite one, as the links that they use.
fn grid(side: usize) -> Vec<Vec<usize>> {
    let mut links = Vec::new();
    for at in 0..side * side {
        links.extend((at % side + 1 < side).then_some((at, at + 1)));
        links.extend((at + side < side * side).then_some((at, at + side)));
    }
    let (mut paths, mut open) = (Vec::new(), vec![(vec![0], Vec::new())]);
    while let Some((seen, used)) = open.pop() {
        let at = *seen.last().unwrap();
        if at == side * side - 1 {
            paths.push(used);
            continue;
        }
        for (link, (a, b)) in links.iter().enumerate() {
            let next = [(*a, *b), (*b, *a)].into_iter().find(|(from, _)| *from == at).map(|(_, to)| to);
            if let Some(next) = next.filter(|next| !seen.contains(next)) {
                open.push(([seen.as_slice(), &[next]].concat(), [used.as_slice(), &[link]].concat()));
            }
        }
    }
    paths
}

#[test]
fn golden_networks_come_out_of_specs() {
    let bridge = analysis(&network(&[&[0, 3], &[1, 4], &[0, 2, 4], &[1, 2, 3]], 0.9));
    close(figure(&bridge, "f.availability"), 0.97848, 1e-12);
    let cuts = breakdown(&bridge, 3).unwrap().cuts.unwrap();
    assert_eq!(cuts.iter().map(|cut| cut.order).collect::<Vec<_>>(), [2, 2, 3, 3]);
    for (side, works) in [(2, 0.9639), (3, 0.972_502_171_407), (4, 0.975_046_349_577_066)] {
        let paths = grid(side);
        let paths: Vec<&[usize]> = paths.iter().map(Vec::as_slice).collect();
        close(figure(&analysis(&network(&paths, 0.9)), "f.availability"), works, 1e-12);
    }
}

#[test]
fn golden_calculations_come_out_of_specs() {
    let flow = |components: &str, steps: &str| {
        let text = format!(
            "napkin: 1\ncomponents: {{ u: client, {components} }}\nflows: {{ f: {{ rate: 1 /s, steps: [{steps}] }} }}\n"
        );
        figure(&analysis(&text), "f.availability")
    };
    let external = |name: &str, works: &str| format!("{name}: {{ is: external, availability: {works} }}");
    let three: Vec<String> = ["a", "b", "c"].iter().map(|name| external(name, "99.99 %")).collect();
    // aws-hard-deps, series-mixed, aws-redundancy, mtbf-mttr
    close(flow(&three.join(", "), "u -> a -> b -> c"), 0.9997, 1e-6);
    let mixed = [external("a", "99.9 %"), external("b", "99.9 %"), external("c", "99.95 %")].join(", ");
    close(flow(&mixed, "u -> a -> b -> c"), 0.9975, 1e-5);
    let two = [external("a", "100 %"), external("b", "99 %"), external("c", "99 %")].join(", ");
    close(flow(&two, "u -> a, { par: [a -> b, a -> c], wait: any }"), 0.9999, 1e-12);
    close(flow("a: { is: service, replicas: 1, mtbf: 10000 h, mttr: 20 h }", "u -> a"), 0.998, 1e-4);
    // The beta factor of the formula sheet: 4.29 nines for two at 99.9 % with 5 %.
    let pair = "a: { is: service, replicas: 2, node_availability: 99.9 %, common_cause: 5 % }";
    close(-(1.0 - flow(pair, "u -> a")).log10(), 4.29, 2e-3);
}

/// Numbers from 0 to 1, the same in every run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[test]
fn what_is_too_large_lies_between_its_bounds() {
    // Some of many branches through random parts of a pool: no diagram of 50,000 nodes holds it.
    let (parts, branches, length, needed, works) = (60_usize, 40_usize, 5_usize, 20_usize, 0.98);
    let mut dice = Dice(88_172_645_463_325_252);
    let chains: Vec<Vec<usize>> =
        (0..branches).map(|_| (0..length).map(|_| (dice.next() * parts as f64) as usize).collect()).collect();
    let mut text = String::from("napkin: 1\ncomponents:\n  u: client\n  api: { is: service, availability: 100 % }\n");
    for part in 0..parts {
        let _ = writeln!(text, "  p{part}: {{ is: external, availability: {works} }}");
    }
    let chain = |chain: &Vec<usize>| chain.iter().fold("api".to_owned(), |text, part| format!("{text} -> p{part}"));
    let calls: Vec<String> = chains.iter().map(chain).collect();
    let _ = writeln!(
        text,
        "flows:\n  f:\n    rate: 1 /s\n    slo: {{ availability: 99.99 % }}\n    steps:\n      - u -> api\n      - {{ par: [{}], wait: {needed} of {branches} }}",
        calls.join(", ")
    );
    let found = analysis(&text);
    let result = breakdown(&found, 1).unwrap();
    assert!(result.bounded && result.gap > 0.0 && result.gap < 0.2, "{} {}", result.fails, result.gap);
    close(1.0 - figure(&found, "f.availability"), result.fails, 1e-12);
    let rounds = 200_000;
    let mut failed = 0_usize;
    for _ in 0..rounds {
        let down: Vec<bool> = (0..parts).map(|_| dice.next() > works).collect();
        let up = chains.iter().filter(|chain| !chain.iter().any(|part| down[*part])).count();
        failed += usize::from(up < needed);
    }
    let (share, rounds) = (failed as f64 / f64::from(rounds), f64::from(rounds));
    let noise = 4.0 * (share * (1.0 - share) / rounds).sqrt();
    assert!(share <= result.fails + noise && share >= result.fails - result.gap - noise, "{share} {result:?}");
}

#[test]
fn losses_in_a_scenario_stay_lost() {
    // A majority of five is three, whoever is left.
    let text = "napkin: 1\nregions: { r: { zones: [a, b, c], availability: 100 %, zone_availability: 100 % } }\ncomponents: { u: client, etcd: { is: coordinator, replicas: 5, zones: [a, b, c], node_availability: 90 % } }\nflows: { f: { rate: 1 /s, steps: [u -> etcd] } }\n";
    let found = analysis(text);
    let (catalog, zone) = (Catalog::new(), Scenario { zones: [0].into(), ..Scenario::default() });
    let then = napkin::estimate::estimate_scenario(&found.graph, &found.structure, &catalog, &zone);
    // Two of five stood in zone a: all three others have to work.
    close(then.flows[0].availability.unwrap(), 0.729, 1e-12);
    let exact = 0.9_f64.powi(5) + 5.0 * 0.9_f64.powi(4) * 0.1 + 10.0 * 0.9_f64.powi(3) * 0.01;
    close(figure(&found, "f.availability"), exact, 1e-12);
}

#[test]
fn three_failed_probes_count_unless_said_otherwise_and_what_failovers_lack_is_told() {
    let with = |check: &str, switch: &str| {
        let found = analysis(&format!(
            "napkin: 1\ncomponents:\n  users: client\n  db: {{ is: database, mtbf: 100 h, mttr: 1 h, health_check: {{ interval: 10 s{check} }}, replication: {{ mode: sync, replicas: 1, failover: automatic{switch} }} }}\nflows:\n  f: {{ rate: 1 /s, steps: [users -> db.write] }}\n"
        ));
        (figure(&found, "f.availability"), breakdown(&found, 1).unwrap().uncounted)
    };
    let stated = with(", threshold: 3", ", failover_time: 30 s");
    assert_eq!(with("", ", failover_time: 30 s"), stated);
    // Both nodes gone, or 60 s every 100 h.
    let both = (1.0_f64 / 101.0).powi(2);
    close(1.0 - stated.0, 1.0 - (1.0 - both) / (1.0 + 60.0 / 360_000.0), 1e-6);
    assert!(stated.1.is_empty());
    assert_eq!(with("", "").1, [1]);
}
