//! What changes while a system runs: faults, health checks, failovers, autoscaling, load; and the windows in which it is counted.

use crate::estimate::blueprint::Spreading;
use crate::simulate::arena::Key;
use crate::simulate::engine::Engine;
use crate::simulate::serving::placement;
use crate::simulate::state::{Attempt, Count, Event, Health, Placement};
use crate::simulate::{Action, Extent, Fault, Load, Place};

/// How often the autoscaler looks, how much it lets pass, and how long it remembers before it takes nodes away: the defaults of
/// the Kubernetes autoscaler.
const LOOKS: f64 = 15.0;
const TOLERANCE: f64 = 0.1;
const REMEMBERS: f64 = 300.0;

/// Requests per second below which none come: one in thirty years. The time to the next one would leave the range of numbers.
const NONE_COME: f64 = 1e-9;

impl<'b> Engine<'b> {
    /// Plans all that a run of a certain time has: faults, windows, looks of autoscalers.
    pub fn schedule(&mut self) {
        let settings = self.settings;
        let Extent::Time { warm, faults, .. } = &settings.extent else { return };
        self.active = vec![false; faults.len()];
        for (index, fault) in faults.iter().enumerate() {
            self.calendar.after(warm + fault.at, Event::Begins(index));
            if let Some(lasts) = fault.lasts {
                self.calendar.after(warm + fault.at + lasts, Event::Ends(index));
            }
        }
        self.calendar.after(*warm, Event::Warm);
        if matches!(settings.load, Load::Day(_)) {
            self.calendar.after(0.0, Event::LoadChanges);
        }
        for index in 0..self.stations.len() {
            let Some(station) = self.stations.get(index) else { continue };
            let Some((plan, scaling)) = station.plan.and_then(|plan| Some((plan, plan.scaling?))) else { continue };
            let share = self.load_share();
            #[expect(clippy::cast_precision_loss, reason = "servers of a node")]
            let needed = scaling.load * share / (plan.servers as f64 * scaling.target);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped below")]
            let nodes = (needed.ceil() as usize).clamp(scaling.min, scaling.max);
            self.switch_on(index, nodes);
            self.calendar.after(LOOKS, Event::Rescale(index));
        }
    }

    /// The load of this moment over that at peak, of all flows together.
    fn load_share(&self) -> f64 {
        let peak: f64 = self.plan.flows.iter().map(|flow| flow.peak).sum();
        let now: f64 = (0..self.plan.flows.len()).map(|flow| self.rate(flow)).sum();
        if peak > 0.0 { now / peak } else { 0.0 }
    }

    fn faults(&self) -> &'b [Fault] {
        match &self.settings.extent {
            Extent::Time { faults, .. } => faults,
            Extent::Requests(_) => &[],
        }
    }

    fn active_faults(&self) -> impl Iterator<Item = &'b Fault> + '_ {
        self.faults().iter().zip(&self.active).filter(|(_, active)| **active).map(|(fault, _)| fault)
    }

    /// Requests per second of a flow now.
    pub fn rate(&self, flow: usize) -> f64 {
        let Some(plan) = self.plan.flows.get(flow) else { return 0.0 };
        let base = match self.settings.load {
            Load::Peak => plan.peak,
            Load::Average => plan.average,
            Load::Day(length) => {
                // The day begins when its warm-up, the end of the day before, is over.
                let warm = if let Extent::Time { warm, .. } = &self.settings.extent { *warm } else { 0.0 };
                let height = (1.0 - ((self.now() - warm) / length * std::f64::consts::TAU).cos()) / 2.0;
                Some(plan.peak * height.powf(plan.day)).filter(|rate| *rate > NONE_COME).unwrap_or(0.0)
            }
        };
        self.active_faults().fold(base, |rate, fault| match fault.action {
            Action::Load { flow: which, factor } if which.is_none_or(|which| which == flow) => rate * factor,
            _ => rate,
        })
    }

    pub fn begins(&mut self, index: usize) {
        if let Some(active) = self.active.get_mut(index) {
            *active = true;
        }
        self.changed(index);
    }

    pub fn ends(&mut self, index: usize) {
        if let Some(active) = self.active.get_mut(index) {
            *active = false;
        }
        self.changed(index);
    }

    fn changed(&mut self, index: usize) {
        match self.faults().get(index).map(|fault| &fault.action) {
            Some(Action::Load { .. }) => self.change_load(),
            Some(Action::Flush { component }) => {
                if let Some(entries) = self.entries.get_mut(*component).and_then(Option::as_mut) {
                    entries.clear();
                }
            }
            Some(Action::Down { .. }) => self.apply_health(),
            Some(Action::Slow { component, .. } | Action::Errors { component, .. }) => self.apply_slowness(*component),
            None => {}
        }
    }

    fn apply_slowness(&mut self, index: usize) {
        let mut works = 1.0;
        let mut slow: Vec<(usize, f64, f64)> = Vec::new();
        for fault in self.active_faults() {
            match fault.action {
                Action::Slow { component, nodes, factor, more } if component == index => {
                    slow.push((nodes.unwrap_or(usize::MAX), factor, more));
                }
                Action::Errors { component, share } if component == index => works *= 1.0 - share,
                _ => {}
            }
        }
        let pace = |node: usize| {
            let here = slow.iter().filter(|(nodes, ..)| node < *nodes);
            here.fold((1.0, 0.0), |(by, plus), (_, factor, more)| (by * factor, plus + more))
        };
        if let Some(station) = self.stations.get_mut(index) {
            station.errors = 1.0 - works;
            // Without known nodes there is one, which is slow if any is.
            (station.factor, station.more) = pace(0);
            station.nodes.iter_mut().enumerate().for_each(|(at, node)| (node.factor, node.more) = pace(at));
        }
    }

    /// Sets every node to the worst that a fault makes of it now.
    fn apply_health(&mut self) {
        let mut down: Vec<(Place, Health)> = Vec::new();
        for fault in self.active_faults() {
            if let Action::Down { places, silent } = &fault.action {
                let health = if *silent { Health::Silent } else { Health::Refusing };
                down.extend(places.iter().map(|place| (*place, health)));
            }
        }
        self.add_dependents(&mut down);
        for index in 0..self.stations.len() {
            let count = self.stations.get(index).map_or(0, |station| station.nodes.len());
            let mut changed = Vec::new();
            for node in 0..count {
                let worst = down.iter().filter(|(place, _)| self.holds(*place, index, node)).map(|(_, health)| *health);
                if self.set_health(index, node, worst.max().unwrap_or_default()) {
                    changed.push(node);
                }
            }
            let whole = self.whole(index, &down);
            if let Some(station) = self.stations.get_mut(index) {
                station.health = whole;
            }
            if !changed.is_empty() {
                self.gone_or_back(index, &changed);
            }
        }
        self.lose();
    }

    /// How a component as a whole does: gone if it is, if every zone that it stands in is, or if every node is.
    fn whole(&self, index: usize, down: &[(Place, Health)]) -> Health {
        let itself =
            down.iter().filter(|(place, _)| *place == Place::Component(index)).map(|(_, health)| *health).max();
        let zones = self.graph.components.get(index).map_or(&[][..], |component| &component.zones);
        let gone = |zone: &usize| down.iter().any(|(place, _)| *place == Place::Zone(*zone));
        let zoned = (!zones.is_empty() && zones.iter().all(gone)).then_some(Health::Silent);
        let worst = |node: usize| {
            let here = down.iter().filter(|(place, _)| self.holds(*place, index, node)).map(|(_, health)| *health);
            here.max().unwrap_or_default()
        };
        let count = self.stations.get(index).map_or(0, |station| station.nodes.len());
        let nodes = (0..count).map(worst).min();
        itself.max(zoned).max(nodes).unwrap_or_default()
    }

    /// What stands on something that is gone is gone, too.
    fn add_dependents(&self, down: &mut Vec<(Place, Health)>) {
        let dependents: Vec<(usize, usize)> = (0..)
            .zip(&self.graph.components)
            .flat_map(|(index, component)| component.depends_on.iter().map(move |on| (index, *on)))
            .collect();
        // Each round takes away what stands directly on what went before; nothing stands on itself.
        for _ in 0..=dependents.len() {
            let before = down.len();
            for (index, on) in &dependents {
                let gone = self.whole(*on, down);
                if gone != Health::Up && self.whole(*index, down) < gone {
                    down.push((Place::Component(*index), gone));
                }
            }
            if down.len() == before {
                return;
            }
        }
    }

    fn holds(&self, place: Place, index: usize, node: usize) -> bool {
        match place {
            Place::Component(component) => component == index,
            Place::Nodes(component, count) => component == index && node < count,
            Place::Zone(zone) => {
                let plan = self.stations.get(index).and_then(|station| station.plan);
                plan.is_some_and(|plan| {
                    let within = node % plan.nodes.max(1);
                    plan.zones.get(within % plan.zones.len().max(1)) == Some(&zone)
                })
            }
        }
    }

    /// Sets how a node does; whether it is gone or back since.
    fn set_health(&mut self, index: usize, node: usize, health: Health) -> bool {
        let now = self.calendar.now();
        let Some(station) = self.stations.get_mut(index) else { return false };
        let Some(found) = station.nodes.get_mut(node).filter(|found| found.health != health) else { return false };
        let changes = (found.health == Health::Up) != (health == Health::Up);
        found.health = health;
        if !changes {
            return false;
        }
        let busy = std::mem::take(&mut found.busy);
        (found.threads, found.open, found.failures, found.average) = (0, 0, 0, 0.0);
        found.queue.clear();
        found.entrance.clear();
        // What was planned for the node before is about another one now.
        found.epoch += 1;
        station.passes(now);
        station.busy_now = station.busy_now.saturating_sub(busy);
        true
    }

    /// What follows when nodes of a component are gone or back.
    fn gone_or_back(&mut self, index: usize, changed: &[usize]) {
        if let Some(station) = self.stations.get_mut(index) {
            station.recount();
            if let Some(entries) = self.entries.get_mut(index).and_then(Option::as_mut) {
                let up = |node: usize| station.nodes.get(node).is_some_and(|node| node.health == Health::Up);
                entries.set_nodes(changed.iter().map(|node| (*node, up(*node))));
            }
        }
        let check = self.plan.components.get(index).and_then(|component| component.check);
        for &node in changed {
            let Some(found) = self.stations.get(index).and_then(|station| station.nodes.get(node)) else { continue };
            let (at, up, out) = (placement(index, node, found.epoch), found.health == Health::Up, found.out);
            #[expect(clippy::cast_precision_loss, reason = "a handful of probes")]
            if let Some(check) = check.filter(|check| check.active) {
                let probes = check.threshold.saturating_sub(1) as f64 + self.random.uniform();
                self.calendar.after(check.interval * probes, Event::Noticed { at, out: !up });
            } else if let Some(check) = check.filter(|_| out && up) {
                // Whoever was thrown out for failing calls is tried again, though nobody has seen that it is back.
                self.calendar.after(check.interval * check.threshold as f64, Event::Noticed { at, out: false });
            }
            if up {
                self.take(at);
                self.succeed(index, node);
            } else {
                self.fail_over(index, node);
            }
        }
    }

    /// What was at nodes that are gone is lost.
    fn lose(&mut self) {
        let node = |at: &Placement| self.stations.get(at.station as usize)?.nodes.get(at.node as usize);
        let gone =
            |attempt: &Attempt| attempt.inside && node(&attempt.at).is_none_or(|node| node.epoch != attempt.at.epoch);
        let silent = |key: &Key| {
            let health = self.attempts.get(*key).and_then(|attempt| node(&attempt.at)).map(|node| node.health);
            health == Some(Health::Silent)
        };
        let (unheard, refused): (Vec<Key>, Vec<Key>) = self.attempts.keys(gone).into_iter().partition(silent);
        unheard.into_iter().for_each(|key| self.vanish(key));
        self.ready.extend(refused.into_iter().map(|key| (key, false)));
    }

    /// A node is back; if the primary of its shard isn't there, somebody can take over again.
    fn succeed(&mut self, index: usize, node: usize) {
        let Some(station) = self.stations.get(index) else { return };
        let all = station.plan.map_or(1, |plan| plan.nodes.max(1));
        let primary = station.primaries.get(node / all).map(|primary| node / all * all + primary);
        let gone = |at: &usize| station.nodes.get(*at).is_some_and(|node| node.health != Health::Up);
        if let Some(primary) = primary.filter(gone) {
            self.fail_over(index, primary);
        }
    }

    /// If the node was a primary, another one takes over after a time.
    fn fail_over(&mut self, index: usize, node: usize) {
        let Some(station) = self.stations.get(index) else { return };
        let Some(plan) = station.plan else { return };
        let (shard, within) = (node / plan.nodes.max(1), node % plan.nodes.max(1));
        let is_primary = matches!(plan.spread, Spreading::Primary(_)) && station.primaries.get(shard) == Some(&within);
        if let Some(time) = plan.failover.filter(|_| is_primary) {
            let failed = station.nodes.get(node).map_or(0, |node| node.epoch);
            self.calendar.after(time, Event::Promoted { station: index, shard, failed });
        }
    }

    pub fn promoted(&mut self, index: usize, shard: usize, failed: u32) {
        let Some(station) = self.stations.get_mut(index) else { return };
        let Some(all) = station.plan.map(|plan| plan.nodes) else { return };
        let Some(primary) = station.primaries.get_mut(shard) else { return };
        let base = shard * all;
        // If it came back meanwhile it has gone on.
        if station.nodes.get(base + *primary).is_none_or(|node| node.epoch != failed) {
            return;
        }
        let heir = (0..all).find(|node| station.nodes.get(base + node).is_some_and(|node| node.health == Health::Up));
        if let Some(heir) = heir {
            *primary = heir;
        }
    }

    /// Health checks have seen that a node is gone or back.
    pub fn noticed(&mut self, at: Placement, out: bool) {
        let Some(station) = self.stations.get_mut(at.station as usize) else { return };
        let Some(node) = station.nodes.get_mut(at.node as usize).filter(|node| node.epoch == at.epoch) else { return };
        let probed =
            self.plan.components.get(at.station as usize).and_then(|c| c.check).is_some_and(|check| check.active);
        // Its time out is over, but probes know that it is gone.
        if !out && probed && node.health != Health::Up {
            return;
        }
        node.out = out && node.health != Health::Up;
        node.failures = 0;
        station.recount();
    }

    /// A call to a node failed: outlier detection takes a node out that fails again and again, but never the last one.
    pub fn unanswered(&mut self, index: usize, node: usize) {
        let check = self.plan.components.get(index).and_then(|component| component.check);
        let Some(check) = check.filter(|check| check.passive) else { return };
        let Some(station) = self.stations.get_mut(index) else { return };
        let last = station.excluded + 1 >= station.nodes.len();
        let Some(found) = station.nodes.get_mut(node) else { return };
        found.failures += 1;
        if found.failures < check.threshold || found.out || last {
            return;
        }
        found.out = true;
        let at = placement(index, node, found.epoch);
        station.recount();
        #[expect(clippy::cast_precision_loss, reason = "a handful of failures")]
        let time = check.interval * check.threshold as f64;
        self.calendar.after(time, Event::Noticed { at, out: false });
    }

    /// The share of a cache's nodes that are up.
    #[expect(clippy::cast_precision_loss, reason = "counts of nodes")]
    pub fn alive_share(&self, index: usize) -> f64 {
        let Some(station) = self.stations.get(index) else { return 1.0 };
        if station.health != Health::Up {
            return 0.0;
        }
        // What is looked up entry by entry knows its nodes itself.
        if station.nodes.is_empty()
            || self.entries.get(index).is_some_and(Option::is_some) && station.alive(0, station.nodes.len()) > 0
        {
            return 1.0;
        }
        let there = station.nodes.iter().filter(|node| !node.off).count();
        station.alive(0, station.nodes.len()) as f64 / (there as f64).max(1.0)
    }

    /// Leaves so many nodes switched on.
    pub fn switch_on(&mut self, index: usize, count: usize) {
        let now = self.now();
        if let Some(station) = self.stations.get_mut(index) {
            station.passes(now);
            station.nodes.iter_mut().enumerate().for_each(|(at, node)| node.off = at >= count);
            station.recount();
        }
    }

    pub fn booted(&mut self, index: usize) {
        let now = self.now();
        let Some(station) = self.stations.get_mut(index) else { return };
        station.passes(now);
        station.booting = station.booting.saturating_sub(1);
        let first = station.nodes.iter().position(|node| node.off);
        let found = first.and_then(|first| Some((first, station.nodes.get_mut(first)?)));
        let at = found.map(|(first, node)| {
            node.off = false;
            placement(index, first, node.epoch)
        });
        station.recount();
        if let Some(at) = at {
            self.take(at);
        }
    }

    /// The autoscaler looks: as many nodes as keep its target, more of them at once, fewer only after a while.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts of nodes, clamped to what there may be"
    )]
    pub fn rescale(&mut self, index: usize) {
        let now = self.now();
        self.calendar.after(LOOKS, Event::Rescale(index));
        let Some(station) = self.stations.get_mut(index) else { return };
        let Some(scaling) = station.plan.and_then(|plan| plan.scaling) else { return };
        station.passes(now);
        let (busy, servers) = (station.total.busy + station.count.busy, station.total.servers + station.count.servers);
        let (busy_then, servers_then) = std::mem::replace(&mut station.scale_since, (busy, servers));
        let passed = servers - servers_then;
        if passed <= 0.0 {
            return;
        }
        let ratio = (busy - busy_then) / passed / scaling.target;
        let on = station.nodes.iter().filter(|node| !node.off).count();
        let kept = (ratio - 1.0).abs() <= TOLERANCE;
        let wanted = if kept { on } else { (on as f64 * ratio).ceil().min(1e9) as usize };
        let wanted = wanted.clamp(scaling.min, scaling.max);
        station.wanted.push_back((now, wanted));
        while station.wanted.front().is_some_and(|(then, _)| now - then > REMEMBERS) {
            station.wanted.pop_front();
        }
        let coming = on + station.booting;
        if wanted > coming {
            station.booting += wanted - coming;
            for _ in coming..wanted {
                self.calendar.after(scaling.boot, Event::Booted { station: index });
            }
        } else {
            let most = station.wanted.iter().map(|(_, wanted)| *wanted).max().unwrap_or(on);
            if most < on {
                self.switch_on(index, most);
            }
        }
    }

    /// The warm-up is over.
    pub fn start_counting(&mut self) {
        let now = self.now();
        (self.measuring, self.warmed) = (true, true);
        self.warm = now;
        for station in &mut self.stations {
            station.passes(now);
            station.scale_since.0 -= station.count.busy;
            station.scale_since.1 -= station.count.servers;
            station.count = Count::default();
        }
        if let Some(series) = &mut self.series {
            series.begin(self.flows.len());
            self.calendar.after(window(&self.settings.extent), Event::Tick);
        }
    }

    /// Nothing is counted any more.
    pub fn stop_counting(&mut self) {
        let now = self.now();
        self.measuring = false;
        for station in &mut self.stations {
            station.passes(now);
            station.total.merge(&std::mem::take(&mut station.count));
        }
    }

    /// A window is over.
    pub fn tick(&mut self) {
        self.close_window();
        self.calendar.after(window(&self.settings.extent), Event::Tick);
        if let Some(series) = &mut self.series {
            series.begin(self.flows.len());
        }
    }

    pub fn close_window(&mut self) {
        let now = self.now();
        let mut counts = Vec::with_capacity(self.stations.len());
        for station in &mut self.stations {
            station.passes(now);
            let count = std::mem::take(&mut station.count);
            station.total.merge(&count);
            counts.push((count, station.waiting()));
        }
        if let Some(series) = &mut self.series {
            series.close(counts);
        }
    }
}

fn window(extent: &Extent) -> f64 {
    match extent {
        #[expect(clippy::cast_precision_loss, reason = "some hundred windows")]
        Extent::Time { duration, windows, .. } => duration / (*windows).max(1) as f64,
        Extent::Requests(_) => f64::INFINITY,
    }
}

impl crate::simulate::state::Station<'_> {
    /// Counts nodes that get no calls, and servers that there are.
    pub fn recount(&mut self) {
        self.excluded = self.nodes.iter().filter(|node| node.out || node.off).count();
        let up = self.nodes.iter().filter(|node| node.health == Health::Up && !node.off).count();
        self.servers_now = self.plan.map_or(0, |plan| plan.servers.saturating_mul(up));
    }

    /// What waits here now: for servers, for threads, and messages.
    fn waiting(&self) -> usize {
        let queued: usize = self.nodes.iter().map(|node| node.queue.len() + node.entrance.len()).sum();
        queued + self.backlog.len()
    }
}
