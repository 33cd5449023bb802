//! Minimal cut sets of a diagram, by Rauzy's decomposition over a zero-suppressed diagram.
//!
//! A. Rauzy, "New algorithms for fault trees analysis", Reliability Engineering and System Safety 40 (1993). Only for
//! trees without [`super::fault_tree::FaultTree::not`]: repairing a part must never make things worse.

use std::collections::HashMap;

use super::fault_tree::Diagram;

/// Parts in a diagram: the recursion is as deep as that.
const MAX_PARTS: usize = 4096;

/// Nodes of the family of sets that are kept.
const MAX_NODES: usize = 2_000_000;

/// The family without any set, and the one that holds just the empty set.
const NONE: u32 = 0;
const EMPTY: u32 = 1;

/// Families of sets that share what they have in common: without the part of a level, and with it.
struct Families {
    nodes: Vec<(u32, u32, u32)>,
    known: HashMap<(u32, u32, u32), u32>,
    minimal: HashMap<(u32, usize), u32>,
    unsubsumed: HashMap<(u32, u32), u32>,
}

impl Families {
    fn level(&self, family: u32) -> u32 {
        self.nodes.get(family as usize).map_or(u32::MAX, |node| node.0)
    }

    fn node(&self, family: u32) -> (u32, u32, u32) {
        self.nodes.get(family as usize).copied().unwrap_or((u32::MAX, NONE, NONE))
    }

    fn make(&mut self, level: u32, without: u32, with: u32) -> Option<u32> {
        if with == NONE {
            return Some(without);
        }
        if let Some(&known) = self.known.get(&(level, without, with)) {
            return Some(known);
        }
        if self.nodes.len() >= MAX_NODES {
            return None;
        }
        let id = u32::try_from(self.nodes.len()).ok()?;
        self.nodes.push((level, without, with));
        self.known.insert((level, without, with), id);
        Some(id)
    }

    /// The minimal sets below a node of the diagram that weigh at most `left`.
    fn minimal(&mut self, diagram: &Diagram, weights: &[usize], at: u32, left: usize) -> Option<u32> {
        if at <= 1 {
            return Some(at);
        }
        if let Some(&known) = self.minimal.get(&(at, left)) {
            return Some(known);
        }
        let node = diagram.nodes.get(at as usize)?;
        let without = self.minimal(diagram, weights, node.works, left)?;
        let weight = weights.get(node.level as usize).copied().unwrap_or(1);
        let with = match left.checked_sub(weight) {
            Some(rest) => {
                let all = self.minimal(diagram, weights, node.failed, rest)?;
                self.unsubsumed(all, without)?
            }
            None => NONE,
        };
        let family = self.make(node.level, without, with)?;
        self.minimal.insert((at, left), family);
        Some(family)
    }

    /// The sets of `a` that contain no set of `b`.
    fn unsubsumed(&mut self, a: u32, b: u32) -> Option<u32> {
        match (a, b) {
            (NONE, _) | (_, EMPTY) => return Some(NONE),
            (_, NONE) => return Some(a),
            _ if a == b => return Some(NONE),
            (EMPTY, _) => {
                // Only the empty set is contained in the empty one.
                let mut at = b;
                while at > EMPTY {
                    at = self.node(at).1;
                }
                return Some(if at == EMPTY { NONE } else { EMPTY });
            }
            _ => {}
        }
        if let Some(&known) = self.unsubsumed.get(&(a, b)) {
            return Some(known);
        }
        let (level, above) = (self.level(a), self.level(b));
        let family = if level < above {
            let (_, without, with) = self.node(a);
            let without = self.unsubsumed(without, b)?;
            let with = self.unsubsumed(with, b)?;
            self.make(level, without, with)?
        } else if level > above {
            let without = self.node(b).1;
            self.unsubsumed(a, without)?
        } else {
            let ((_, a0, a1), (_, b0, b1)) = (self.node(a), self.node(b));
            let without = self.unsubsumed(a0, b0)?;
            let with = self.unsubsumed(a1, b1)?;
            let with = self.unsubsumed(with, b0)?;
            self.make(level, without, with)?
        };
        self.unsubsumed.insert((a, b), family);
        Some(family)
    }
}

impl Diagram {
    /// The minimal cut sets that weigh at most `order`, each as the parts that fail together, the lightest first; at most
    /// `most` of them. `weight` says what a part counts, usually 1.
    ///
    /// `None` if there are too many to find out, or above 4,096 parts. For trees without "not".
    pub fn cut_sets(&self, order: usize, most: usize, weight: &dyn Fn(usize) -> usize) -> Option<Vec<Vec<usize>>> {
        if self.parts.len() > MAX_PARTS {
            return None;
        }
        let weights: Vec<usize> = self.parts.iter().map(|part| weight(*part)).collect();
        let terminal = (u32::MAX, NONE, NONE);
        let mut families = Families {
            nodes: vec![terminal, terminal],
            known: HashMap::new(),
            minimal: HashMap::new(),
            unsubsumed: HashMap::new(),
        };
        // The more parts a path names the deeper the recursion; lighter sets are found first, so that they are kept.
        let root = u32::try_from(self.nodes.len().checked_sub(1)?).ok()?;
        let family = families.minimal(self, &weights, root, order)?;
        let mut found = Vec::new();
        let mut open = vec![(family, Vec::new())];
        while let Some((at, set)) = open.pop() {
            match at {
                NONE => {}
                EMPTY => found.push(set),
                _ => {
                    let (level, without, with) = families.node(at);
                    let mut longer = set.clone();
                    longer.push(level as usize);
                    open.push((with, longer));
                    open.push((without, set));
                }
            }
            if found.len() > most.saturating_mul(64).max(100_000) {
                return None;
            }
        }
        let heavy = |set: &[usize]| set.iter().map(|level| weights.get(*level).copied().unwrap_or(1)).sum::<usize>();
        found.sort_by(|a, b| heavy(a).cmp(&heavy(b)).then_with(|| a.cmp(b)));
        found.truncate(most);
        let named = |set: Vec<usize>| set.iter().filter_map(|level| self.parts.get(*level).copied()).collect();
        Some(found.into_iter().map(named).collect())
    }
}
