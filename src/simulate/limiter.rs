//! Rate limiters: token bucket, leaky bucket, fixed and sliding window.

use crate::estimate::blueprint::{LimiterKind, LimiterPlan};

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Admission {
    /// It goes on at once.
    Now,
    /// It goes on after so many seconds.
    After(f64),
    /// It is refused.
    Refused,
}

/// A limiter with what it remembers.
#[derive(Clone, Debug)]
pub(super) struct Limiter {
    plan: LimiterPlan,
    /// Tokens; requests of this window; or when the last request has left a leaky bucket.
    level: f64,
    /// When the level held, or when this window began.
    since: f64,
    /// Requests of the window before.
    before: f64,
}

impl Limiter {
    pub fn new(plan: LimiterPlan) -> Self {
        let level = if plan.algorithm == LimiterKind::TokenBucket { plan.burst } else { 0.0 };
        Limiter { plan, level, since: 0.0, before: 0.0 }
    }

    /// Asks for one request.
    pub fn admit(&mut self, now: f64) -> Admission {
        let LimiterPlan { rate, burst, window, algorithm } = self.plan;
        match algorithm {
            LimiterKind::TokenBucket => {
                self.level = (self.level + (now - self.since) * rate).min(burst);
                self.since = now;
                self.take(self.level >= 1.0, -1.0)
            }
            LimiterKind::LeakyBucket => {
                // Requests leave one by one, each 1/rate after the one before.
                let leaves = self.level.max(now);
                let waiting = (leaves - now) * rate;
                if waiting > burst - 1.0 + 1e-9 {
                    return Admission::Refused;
                }
                self.level = leaves + 1.0 / rate;
                if leaves > now { Admission::After(leaves - now) } else { Admission::Now }
            }
            LimiterKind::FixedWindow => {
                self.turn(now, window);
                self.take(self.level + 1.0 <= rate * window + 1e-9, 1.0)
            }
            LimiterKind::SlidingWindow => {
                self.turn(now, window);
                let overlap = 1.0 - (now - self.since) / window;
                self.take(self.before * overlap + self.level + 1.0 <= rate * window + 1e-9, 1.0)
            }
        }
    }

    fn take(&mut self, room: bool, change: f64) -> Admission {
        if !room {
            return Admission::Refused;
        }
        self.level += change;
        Admission::Now
    }

    /// Begins a new window where the last one is over.
    fn turn(&mut self, now: f64, window: f64) {
        let passed = ((now - self.since) / window).floor();
        if passed >= 1.0 {
            self.before = if passed < 2.0 { self.level } else { 0.0 };
            self.level = 0.0;
            self.since += passed * window;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(algorithm: LimiterKind, rate: f64, burst: f64) -> Limiter {
        Limiter::new(LimiterPlan { rate, algorithm, burst, window: 1.0 })
    }

    fn admitted(limiter: &mut Limiter, times: impl Iterator<Item = f64>) -> usize {
        times.filter(|now| limiter.admit(*now) != Admission::Refused).count()
    }

    #[test]
    fn a_token_bucket_admits_its_burst_and_the_rate() {
        // The formula sheet: at most b + r·t in any t.
        let mut limiter = limiter(LimiterKind::TokenBucket, 100.0, 20.0);
        let times = (0..20_000).map(|i| f64::from(i) / 10_000.0);
        let found = admitted(&mut limiter, times);
        assert!((219..=220).contains(&found), "{found}");
        assert_eq!(admitted(&mut limiter, std::iter::repeat_n(100.0, 50)), 20);
    }

    #[test]
    fn a_leaky_bucket_lets_requests_out_at_its_rate() {
        let mut limiter = limiter(LimiterKind::LeakyBucket, 10.0, 5.0);
        let all: Vec<Admission> = (0..6).map(|_| limiter.admit(0.0)).collect();
        let expected = [0.1, 0.2, 0.3, 0.4].map(Admission::After);
        assert_eq!(all[0], Admission::Now);
        for (found, wanted) in all[1..5].iter().zip(expected) {
            let (Admission::After(a), Admission::After(b)) = (*found, wanted) else { panic!("{found:?}") };
            assert!((a - b).abs() < 1e-12);
        }
        assert_eq!(all[5], Admission::Refused);
        assert_eq!(limiter.admit(10.0), Admission::Now);
    }

    #[test]
    fn a_fixed_window_admits_twice_its_limit_around_its_edge_and_a_sliding_one_does_not() {
        let times = || std::iter::repeat_n(0.999, 200).chain(std::iter::repeat_n(1.001, 200));
        assert_eq!(admitted(&mut limiter(LimiterKind::FixedWindow, 100.0, 0.0), times()), 200);
        // Just after the edge nearly all of the last window still counts.
        assert_eq!(admitted(&mut limiter(LimiterKind::SlidingWindow, 100.0, 0.0), times()), 100);
        // Over many windows both keep to the rate.
        for kind in [LimiterKind::FixedWindow, LimiterKind::SlidingWindow] {
            let many = (0..100_000).map(|i| f64::from(i) / 1000.0);
            let found = admitted(&mut limiter(kind, 50.0, 0.0), many);
            assert!((4_900..=5_050).contains(&found), "{kind:?} {found}");
        }
    }
}
