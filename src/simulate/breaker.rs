//! Circuit breakers: closed, open, half-open.

use crate::estimate::blueprint::BreakerPlan;

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Closed,
    /// Until when.
    Open(f64),
    /// Calls let through, answered, and failed.
    HalfOpen {
        sent: usize,
        answered: usize,
        failed: usize,
    },
}

/// A breaker by the share of failures among the last calls, which opens only when it has seen as many as it looks at.
#[derive(Clone, Debug)]
pub(super) struct Breaker {
    plan: BreakerPlan,
    state: State,
    /// The last calls, whether they failed; the oldest is at `next`.
    ring: Vec<bool>,
    next: usize,
    failed: usize,
    /// How often it opened.
    pub opened: usize,
}

impl Breaker {
    pub fn new(plan: BreakerPlan) -> Self {
        Breaker { plan, state: State::Closed, ring: Vec::new(), next: 0, failed: 0, opened: 0 }
    }

    /// Whether a call may be sent now.
    pub fn admits(&mut self, now: f64) -> bool {
        match &mut self.state {
            State::Closed => true,
            State::Open(until) if now < *until => false,
            State::Open(_) => {
                self.state = State::HalfOpen { sent: 1, answered: 0, failed: 0 };
                true
            }
            State::HalfOpen { sent, .. } if *sent < self.plan.probes.max(1) => {
                *sent += 1;
                true
            }
            State::HalfOpen { .. } => false,
        }
    }

    /// Learns how a call ended that was let through.
    pub fn learns(&mut self, now: f64, success: bool) {
        match &mut self.state {
            State::Closed => self.remember(now, success),
            State::Open(_) => {}
            State::HalfOpen { answered, failed, .. } => {
                *answered += 1;
                *failed += usize::from(!success);
                let (answered, failed, probes) = (*answered, *failed, self.plan.probes.max(1));
                if self.share(failed, probes) >= self.plan.failures {
                    self.open(now);
                } else if answered >= probes {
                    self.state = State::Closed;
                }
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "at most a million calls")]
    fn share(&self, failed: usize, of: usize) -> f64 {
        failed as f64 / of as f64
    }

    fn remember(&mut self, now: f64, success: bool) {
        if self.ring.len() < self.plan.calls.max(1) {
            self.ring.push(!success);
        } else if let Some(oldest) = self.ring.get_mut(self.next) {
            self.failed -= usize::from(*oldest);
            *oldest = !success;
            self.next = (self.next + 1) % self.ring.len();
        }
        self.failed += usize::from(!success);
        let full = self.ring.len() >= self.plan.calls.max(1);
        if full && self.share(self.failed, self.ring.len()) >= self.plan.failures {
            self.open(now);
        }
    }

    fn open(&mut self, now: f64) {
        self.state = State::Open(now + self.plan.open);
        self.opened += 1;
        self.ring.clear();
        (self.next, self.failed) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_tests_and_closes() {
        let plan = BreakerPlan { failures: 0.5, calls: 4, open: 10.0, probes: 2 };
        let mut breaker = Breaker::new(plan);
        // Three failures are too few to judge by; with the fourth call half of them failed.
        for (success, open) in [(false, false), (true, false), (false, false), (true, true)] {
            assert!(breaker.admits(0.0));
            breaker.learns(0.0, success);
            assert_eq!(breaker.opened == 1, open);
        }
        assert!(!breaker.admits(9.9));
        // Half-open: two probes, no third one; one failure of two is half.
        assert!(breaker.admits(10.0) && breaker.admits(10.0) && !breaker.admits(10.0));
        breaker.learns(10.0, true);
        breaker.learns(10.5, false);
        assert!(breaker.opened == 2 && !breaker.admits(20.4));
        assert!(breaker.admits(20.5) && breaker.admits(20.5));
        breaker.learns(20.6, true);
        breaker.learns(20.6, true);
        assert!((0..10).all(|_| breaker.admits(20.6)));
    }

    #[test]
    fn old_calls_are_forgotten() {
        let mut breaker = Breaker::new(BreakerPlan { failures: 0.5, calls: 10, open: 1.0, probes: 1 });
        for call in 0..1000 {
            assert!(breaker.admits(0.0));
            breaker.learns(0.0, call % 5 > 1);
        }
        // Two of five fail, always: below a half.
        assert_eq!((breaker.opened, breaker.failed), (0, 4));
    }
}
