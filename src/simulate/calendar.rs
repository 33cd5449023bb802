//! What happens when: a heap, and lanes for delays that are always the same.
//!
//! Delays on the network and timeouts are constant for a call, so what is planned later also happens later. Such events
//! stand in line, and only the first of a lane is in the heap, which stays small however much is under way.

use std::collections::{BinaryHeap, VecDeque};

/// No lane.
const NO_LANE: u32 = u32::MAX;

/// An event with its moment. Moments are compared by time and then by when they were planned: times are not negative, so
/// their bits are in the same order as they are.
#[derive(Clone, Copy, Debug)]
struct Entry<E> {
    moment: u128,
    lane: u32,
    event: E,
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.moment == other.moment
    }
}
impl<E> Eq for Entry<E> {}
impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<E> Ord for Entry<E> {
    /// The earliest is the greatest, since the heap has the greatest on top.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.moment.cmp(&self.moment)
    }
}

#[derive(Debug)]
struct Lane<E> {
    delay: u64,
    /// Whether its first entry is in the heap.
    running: bool,
    waiting: VecDeque<Entry<E>>,
    last: u128,
}

/// All that is planned.
#[derive(Debug)]
pub(super) struct Calendar<E> {
    now: f64,
    planned: u64,
    heap: BinaryHeap<Entry<E>>,
    /// Whether the first of the heap was taken already. Most events plan one that follows, which then takes its place.
    taken: bool,
    lanes: Vec<Lane<E>>,
}

impl<E: Copy> Calendar<E> {
    pub fn new() -> Self {
        Calendar { now: 0.0, planned: 0, heap: BinaryHeap::new(), taken: false, lanes: Vec::new() }
    }

    /// The time of the last event that was taken, in seconds.
    pub fn now(&self) -> f64 {
        self.now
    }

    /// The lane of a constant delay.
    pub fn lane(&mut self, delay: f64) -> u32 {
        let found = self.lanes.iter().position(|lane| lane.delay == delay.to_bits());
        let at = found.unwrap_or_else(|| {
            self.lanes.push(Lane { delay: delay.to_bits(), running: false, waiting: VecDeque::new(), last: 0 });
            self.lanes.len() - 1
        });
        u32::try_from(at).unwrap_or(NO_LANE)
    }

    fn moment(&mut self, delay: f64) -> u128 {
        self.planned += 1;
        let time = self.now + delay.max(0.0);
        u128::from(time.to_bits()) << 64 | u128::from(self.planned)
    }

    /// Plans an event after a delay.
    pub fn after(&mut self, delay: f64, event: E) {
        let moment = self.moment(delay);
        self.push(Entry { moment, lane: NO_LANE, event });
    }

    fn push(&mut self, entry: Entry<E>) {
        if !std::mem::take(&mut self.taken) {
            self.heap.push(entry);
        } else if let Some(mut first) = self.heap.peek_mut() {
            *first = entry;
        }
    }

    /// Plans an event after the delay of a lane.
    pub fn after_lane(&mut self, lane: u32, event: E) {
        let Some(delay) = self.lanes.get(lane as usize).map(|lane| f64::from_bits(lane.delay)) else { return };
        let entry = Entry { moment: self.moment(delay), lane, event };
        let Some(found) = self.lanes.get_mut(lane as usize) else { return };
        debug_assert!(entry.moment >= found.last, "a lane's delay never changes");
        found.last = entry.moment;
        if found.running {
            found.waiting.push_back(entry);
        } else {
            found.running = true;
            self.push(entry);
        }
    }

    /// The time of the next event.
    pub fn next_time(&mut self) -> Option<f64> {
        if std::mem::take(&mut self.taken) {
            self.heap.pop();
        }
        // The upper half of the moment is the time.
        self.heap.peek().map(|entry| f64::from_bits((entry.moment >> 64) as u64))
    }

    /// Takes the next event.
    pub fn next(&mut self) -> Option<E> {
        self.now = self.next_time()?;
        let mut first = self.heap.peek_mut()?;
        let event = first.event;
        if first.lane == NO_LANE {
            self.taken = true;
            return Some(event);
        }
        let lane = self.lanes.get_mut(first.lane as usize)?;
        match lane.waiting.pop_front() {
            Some(following) => *first = following,
            None => {
                lane.running = false;
                self.taken = true;
            }
        }
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::random::Random;

    #[test]
    fn events_come_in_the_order_of_time_and_then_of_planning() {
        let mut calendar = Calendar::new();
        let mut random = Random::new(3);
        let lanes = [0.0, 0.5, 2.0].map(|delay| (calendar.lane(delay), delay));
        assert_eq!(calendar.lane(0.5), lanes[1].0);
        let (mut expected, mut found) = (Vec::new(), Vec::new());
        for event in 0..10_000 {
            let (lane, delay) = lanes[random.below(3)];
            let delay = if random.happens(0.3) {
                let delay = (random.uniform() * 8.0).floor() / 4.0;
                calendar.after(delay, event);
                delay
            } else {
                calendar.after_lane(lane, event);
                delay
            };
            expected.push((calendar.now() + delay, event));
            if random.happens(0.9) {
                found.extend(calendar.next().map(|event| (calendar.now(), event)));
            }
        }
        while let Some(event) = calendar.next() {
            found.push((calendar.now(), event));
        }
        expected.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        assert_eq!(found, expected);
    }
}
