//! Queues: M/M/c in steady state, and how many servers a load needs.

use crate::formula::latency::Moments;

/// Erlang's loss formula: the share of arrivals that find all `servers` busy and leave.
///
/// `B(0) = 1`, `B(k) = aB(k−1) / (k + aB(k−1))` with offered load `a` in erlangs; stable for any load (Jagerman 1974).
/// Example: 100 servers at 90 erlangs lose 2.70 %.
#[expect(clippy::cast_precision_loss, reason = "server counts are far below 2^52")]
pub fn erlang_b(servers: u64, load: f64) -> f64 {
    if load <= 0.0 {
        return if servers == 0 { 1.0 } else { 0.0 };
    }
    // The inverse recursion 1/B(k) = 1 + k/a · 1/B(k−1) grows without loss of digits and may stop once B is nil.
    let mut inverse = 1.0;
    for k in 1..=servers {
        inverse = 1.0 + inverse * (k as f64 / load);
        if inverse > 1e300 {
            return 0.0;
        }
    }
    1.0 / inverse
}

/// An M/M/c queue: Poisson arrivals, exponential service times, `servers` servers, first come first served.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mmc {
    service_time: f64,
    /// Probability that an arrival waits (Erlang C).
    wait_probability: f64,
    /// Rate at which the wait of those who wait decays: `cμ − λ`.
    drain: f64,
}

impl Mmc {
    /// The queue for an arrival rate (per second), a mean service time (seconds) and a number of servers.
    /// `None` if the load is not below the number of servers, since then no steady state exists.
    #[expect(clippy::cast_precision_loss, reason = "server counts are far below 2^52")]
    pub fn new(rate: f64, service_time: f64, servers: u64) -> Option<Mmc> {
        let (load, capacity) = (rate * service_time, servers as f64);
        let valid = rate >= 0.0 && service_time > 0.0 && load.is_finite() && load < capacity;
        if !valid {
            return None;
        }
        let blocked = erlang_b(servers, load);
        let utilisation = load / capacity;
        let wait_probability = blocked / (1.0 - utilisation * (1.0 - blocked));
        Some(Mmc { service_time, wait_probability, drain: capacity / service_time - rate })
    }

    /// Erlang C: the probability that an arrival has to wait.
    pub fn wait_probability(self) -> f64 {
        self.wait_probability
    }

    /// Mean time in the queue, in seconds: `C / (cμ − λ)`.
    pub fn mean_wait(self) -> f64 {
        self.wait_probability / self.drain
    }

    /// Mean time in the system, in seconds.
    pub fn mean_response(self) -> f64 {
        self.mean_wait() + self.service_time
    }

    /// Mean, variance and third central moment of the wait: zero with probability `1 − C`, else exponential.
    pub fn wait_moments(self) -> Moments {
        let (c, m) = (self.wait_probability, 1.0 / self.drain);
        Moments::from_raw(c * m, 2.0 * c * m * m, 6.0 * c * m * m * m)
    }

    /// Probability that the time in the system exceeds `t` seconds (Gross and Harris, section 2.3).
    pub fn response_tail(self, t: f64) -> f64 {
        if t <= 0.0 {
            return 1.0;
        }
        let (mu, s, c) = (1.0 / self.service_time, self.drain, self.wait_probability);
        if (s - mu).abs() < 1e-6 * mu {
            return ((-mu * t).exp() * (1.0 + c * mu * t)).clamp(0.0, 1.0);
        }
        ((-mu * t).exp() + c * mu / (s - mu) * ((-mu * t).exp() - (-s * t).exp())).clamp(0.0, 1.0)
    }

    /// The time in the system that a share `p` of requests does not exceed, by bisection to 1e-12.
    pub fn response_percentile(self, p: f64) -> f64 {
        let mut high = self.mean_response();
        while self.response_tail(high) > 1.0 - p {
            high *= 2.0;
        }
        let mut low = 0.0;
        for _ in 0..100 {
            let middle = f64::midpoint(low, high);
            if self.response_tail(middle) > 1.0 - p { low = middle } else { high = middle }
        }
        high
    }
}

/// The smallest number of servers whose utilisation stays at or below `target`; at least 1.
pub fn servers_for_utilisation(load: f64, target: f64) -> f64 {
    if target <= 0.0 {
        return f64::INFINITY;
    }
    // Rounding noise must not cost a server: 7.000000000001 is 7.
    (load / target * (1.0 - 1e-12)).ceil().max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: f64, expected: f64, relative: f64) {
        assert!((value / expected - 1.0).abs() < relative, "{value} is not {expected}");
    }

    #[test]
    fn erlang_b_matches_published_values() {
        close(erlang_b(100, 90.0), 0.026_957_380_5, 1e-8);
        close(erlang_b(10, 10.0), 0.214_582_343_1, 1e-8);
        close(erlang_b(10, 4.461), 0.009_997_786_687_902_766, 1e-12);
        close(erlang_b(1000, 950.0), 0.003_649_293_688_942_409_7, 1e-9);
        close(erlang_b(100_000, 99_000.0), 8.225_775_598_504_243e-6, 1e-6);
        assert_eq!(erlang_b(0, 5.0), 1.0);
        assert_eq!(erlang_b(5, 0.0), 0.0);
    }

    #[test]
    fn mm1_has_its_closed_form() {
        let queue = Mmc::new(80.0, 0.01, 1).unwrap();
        close(queue.mean_response(), 0.05, 1e-12);
        close(queue.mean_wait(), 0.04, 1e-12);
        close(queue.response_percentile(0.5), 0.034_657_359_027_997_26, 1e-9);
        close(queue.response_percentile(0.95), 0.149_786_613_677_699_56, 1e-9);
        close(queue.response_percentile(0.99), 0.230_258_509_299_404_58, 1e-9);
    }

    #[test]
    fn mmc_matches_published_values() {
        let four = Mmc::new(80.0, 0.04, 4).unwrap();
        close(four.wait_probability(), 0.596_432_471_8, 1e-9);
        close(four.mean_wait(), 0.029_821_6, 1e-5);
        close(four.response_percentile(0.99), 0.275_728, 1e-5);
        // Three servers at 90 %: golden case mm3-rho09-percentiles.
        let three = Mmc::new(2.7, 1.0, 3).unwrap();
        close(three.wait_probability(), 0.817_061, 1e-6);
        close(three.mean_response(), 3.723_537, 1e-6);
        close(three.response_percentile(0.5), 2.755_821, 1e-6);
        close(three.response_percentile(0.999), 23.541_296, 1e-6);
        // Bronson 24.6: 300 a year, 2 days of service, 3 servers.
        let repair = Mmc::new(300.0 / 365.0, 2.0, 3).unwrap();
        close(repair.mean_response(), 2.429, 3e-3);
        assert!(Mmc::new(3.0, 1.0, 3).is_none());
        assert!(Mmc::new(f64::NAN, 1.0, 3).is_none());
    }

    #[test]
    fn a_server_is_not_lost_to_rounding() {
        assert_eq!(servers_for_utilisation(0.7 * 7.0, 0.7), 7.0);
        assert_eq!(servers_for_utilisation(0.0, 0.7), 1.0);
        assert_eq!(servers_for_utilisation(7.001, 1.0), 8.0);
    }
}
