//! The M/M/c queue in steady state.

use statrs::function::gamma::ln_gamma;

use super::erlang::erlang_c;
use super::latency::Latency;
use super::moments::Moments;
use super::root;

/// Service times outside this range would overflow once they are cubed.
const SERVICE_TIMES: std::ops::RangeInclusive<f64> = 1e-60..=1e60;

/// An M/M/c queue: Poisson arrivals, exponential service, `c` servers, unlimited room, first come first served.
///
/// Source of all formulas: Gross and Harris, Fundamentals of Queueing Theory, section 2.3. Symbols: `λ` rate, `S`
/// service time, `c` servers, `C` the probability of waiting, `s = c/S − λ` the rate at which waits end.
/// Example: 80/s at 40 ms on 4 servers wait 29.8 ms on average and answer within 275.7 ms at p99.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mmc {
    rate: f64,
    service_time: f64,
    servers: u64,
    wait_probability: f64,
    drain: f64,
}

impl Mmc {
    /// The queue for `rate` arrivals per second, a mean `service_time` in seconds (1e-60 to 1e60) and `servers`.
    ///
    /// `None` if the offered load is not below the number of servers, since then the queue grows without end, or if
    /// an argument makes no sense. Takes 0.3 ms for 10 million servers and 5 µs for 10,000.
    pub fn new(rate: f64, service_time: f64, servers: u64) -> Option<Mmc> {
        if !(rate >= 0.0 && SERVICE_TIMES.contains(&service_time)) {
            return None;
        }
        let load = rate * service_time;
        let wait_probability = erlang_c(servers, load)?;
        let drain = (servers as f64 - load) / service_time;
        Some(Mmc { rate, service_time, servers, wait_probability, drain })
    }

    /// Arrivals per second.
    pub fn rate(self) -> f64 {
        self.rate
    }

    /// Mean service time, in seconds.
    pub fn service_time(self) -> f64 {
        self.service_time
    }

    /// Number of servers.
    pub fn servers(self) -> u64 {
        self.servers
    }

    /// `ρ = λS/c`, below 1. Example: 80/s at 40 ms keep 4 servers 80 % busy.
    pub fn utilization(self) -> f64 {
        self.rate * self.service_time / self.servers as f64
    }

    /// `C`, Erlang's delay formula: the share of arrivals that wait. Example: 0.596 for 4 servers at 80 %.
    pub fn wait_probability(self) -> f64 {
        self.wait_probability
    }

    /// The probability that no request is in the system: `p₀ = C (1−ρ) c! / a^c`. Example: 0.2 for one server at 80 %.
    pub fn empty_probability(self) -> f64 {
        let (load, capacity) = (self.rate * self.service_time, self.servers as f64);
        if self.wait_probability <= 0.0 {
            // Nobody waits, which makes the number in the system a Poisson variable.
            return (-load).exp();
        }
        let all_busy = self.wait_probability * (capacity - load) / capacity;
        (all_busy.ln() + ln_gamma(capacity + 1.0) - capacity * load.ln()).exp().min(1.0)
    }

    /// Mean time in the queue over all arrivals, in seconds: `C/s`. Example: 40 ms for M/M/1 at 80 % of 10 ms.
    pub fn mean_wait(self) -> f64 {
        self.wait_probability / self.drain
    }

    /// Mean time in the system, in seconds: `C/s + S`. Example: 50 ms for M/M/1 at 80 % of 10 ms.
    pub fn mean_response(self) -> f64 {
        self.mean_wait() + self.service_time
    }

    /// `P(wait > t) = C e^{−st}`, for `t` in seconds; 1 for a negative `t`.
    /// Example: of 100 calls in 30 min of 3 min each, 14 agents leave 11.2 % waiting for more than 20 s.
    pub fn wait_tail(self, t: f64) -> f64 {
        if t < 0.0 { 1.0 } else { self.wait_probability * (-self.drain * t).exp() }
    }

    /// The wait that a share `p` of arrivals does not exceed, in seconds: `max(0, ln(C/(1−p))/s)`.
    ///
    /// `None` unless `0 <= p < 1`. Zero whenever `p` is at most `1 − C`, the share that does not wait at all.
    /// Example: 204.4 ms at p99 for 80/s at 40 ms on 4 servers.
    pub fn wait_percentile(self, p: f64) -> Option<f64> {
        let valid = (0.0..1.0).contains(&p);
        valid.then(|| ((self.wait_probability.ln() - (-p).ln_1p()) / self.drain).max(0.0))
    }

    /// `P(response > t) = e^{−t/S} + C/S · (e^{−t/S} − e^{−st})/(s − 1/S)`, for `t` in seconds; 1 for a negative `t`.
    ///
    /// The quotient is evaluated as `t e^{−rt} (1 − e^{−dt})/(dt)` with `r` the smaller rate and `d` the distance,
    /// which has no singularity where the two rates meet. Example: 1 % exceeds 275.7 ms in the example above.
    pub fn response_tail(self, t: f64) -> f64 {
        if t <= 0.0 {
            return 1.0;
        }
        let mu = 1.0 / self.service_time;
        let (slow, apart) = (mu.min(self.drain), (self.drain - mu).abs() * t);
        let spread = if apart > 0.0 { -(-apart).exp_m1() / apart } else { 1.0 };
        let waited = self.wait_probability * mu * t * (-slow * t).exp() * spread;
        // Far out the product is infinity times zero, of which zero is right.
        ((-mu * t).exp() + if waited.is_nan() { 0.0 } else { waited }).min(1.0)
    }

    /// The response time that a share `p` of requests does not exceed, in seconds, to 1e-12 of itself.
    ///
    /// `None` unless `0 <= p < 1`. Example: 53.8, 189.5 and 275.7 ms at p50, p95 and p99 for 80/s at 40 ms on 4.
    pub fn response_percentile(self, p: f64) -> Option<f64> {
        if !(0.0..1.0).contains(&p) {
            return None;
        }
        // Cantelli's inequality bounds it from above; the logarithm of the tail is nearly a straight line.
        let moments = self.response_moments();
        let high = moments.mean + moments.deviation() * (p / (1.0 - p)).sqrt();
        let wanted = (-p).ln_1p();
        let excess = |t: f64| self.response_tail(t).max(f64::MIN_POSITIVE).ln() - wanted;
        Some(root::bracket(excess, 0.0, high * (1.0 + 1e-9), 1e-13).1)
    }

    /// Moments of the wait: zero with probability `1 − C`, else exponential with rate `s`.
    pub fn wait_moments(self) -> Moments {
        let c = self.wait_probability;
        let unit = Moments { mean: c, variance: c * (2.0 - c), third: 2.0 * c * (3.0 + c * (c - 3.0)) };
        unit.scaled(1.0 / self.drain)
    }

    /// Moments of the response time, the sum of the wait and an independent exponential service: mean `S + C/s`,
    /// variance `S² + C(2 − C)/s²`, third `2S³ + 2C(3 − 3C + C²)/s³`. Example: 50 ms, 50² ms² and 2·50³ ms³ for M/M/1.
    pub fn response_moments(self) -> Moments {
        self.wait_moments().then(Moments::exponential(self.service_time))
    }

    /// The response time as a distribution: one path with [`Mmc::response_moments`].
    ///
    /// Exact for one server; percentiles are within 1.6 % for any other number of servers and load.
    /// Example: 276.1 ms at p99 for 80/s at 40 ms on 4 servers, of which 275.7 ms is exact.
    pub fn response(self) -> Latency {
        Latency::new(self.response_moments())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: f64, expected: f64, relative: f64) {
        assert!((value / expected - 1.0).abs() <= relative, "{value} is not {expected}");
    }

    fn queue(rate: f64, service_time: f64, servers: u64) -> Mmc {
        Mmc::new(rate, service_time, servers).unwrap()
    }

    #[test]
    fn golden_mm1_p95_is_ln20() {
        let one = queue(80.0, 0.01, 1);
        close(one.mean_wait(), 0.04, 1e-12);
        close(one.mean_response(), 0.05, 1e-12);
        close(one.response_percentile(0.5).unwrap(), 0.034_657_359_027_997_26, 1e-9);
        close(one.response_percentile(0.95).unwrap(), 0.149_786_613_677_699_56, 1e-9);
        close(one.response_percentile(0.99).unwrap(), 0.230_258_509_299_404_58, 1e-9);
        close(one.wait_percentile(0.99).unwrap(), 0.219_101_331_733_694_05, 1e-9);
        assert_eq!(one.wait_percentile(0.1), Some(0.0));
        let (moments, expected) = (one.response_moments(), Moments::exponential(0.05));
        close(moments.variance, expected.variance, 1e-12);
        close(moments.third, expected.third, 1e-12);
    }

    #[test]
    fn four_servers_match_the_formula_sheet() {
        let four = queue(80.0, 0.04, 4);
        close(four.utilization(), 0.8, 1e-15);
        close(four.wait_probability(), 0.596_432_471_8, 1e-9);
        close(four.mean_wait(), 0.029_821_6, 1e-5);
        close(four.mean_response(), 0.069_821_6, 1e-5);
        close(four.wait_percentile(0.95).unwrap(), 0.123_947, 1e-5);
        close(four.wait_percentile(0.99).unwrap(), 0.204_419, 1e-5);
        for (p, expected) in [(0.5, 0.053_848), (0.95, 0.189_521), (0.99, 0.275_728)] {
            close(four.response_percentile(p).unwrap(), expected, 1e-5);
        }
    }

    #[test]
    fn golden_mm3_rho09_percentiles() {
        let three = queue(2.7, 1.0, 3);
        close(three.wait_probability(), 0.817_061, 1e-6);
        close(three.mean_wait(), 2.723_537, 1e-6);
        close(three.mean_response(), 3.723_537, 1e-6);
        close(three.rate() * three.mean_response(), 10.053_549, 1e-6);
        for (p, expected) in [(0.5, 1.637_019), (0.95, 9.312_303), (0.99, 14.677_096)] {
            close(three.wait_percentile(p).unwrap(), expected, 1e-6);
        }
        for (p, expected) in [(0.5, 2.755_821), (0.95, 10.500_912), (0.99, 15.866_005), (0.999, 23.541_296)] {
            close(three.response_percentile(p).unwrap(), expected, 1e-6);
        }
    }

    #[test]
    fn golden_call_centres() {
        // erlangc-cran-readme
        let cran = queue(100.0 / 1800.0, 180.0, 14);
        close(cran.wait_probability(), 0.174_131_9, 1e-6);
        close(1.0 - cran.wait_tail(20.0), 0.888_35, 1e-5);
        close(cran.mean_wait(), 7.835_937_011_777_24, 1e-9);
        close(cran.utilization(), 0.714_285_7, 1e-7);
        // erlangc-abstractmicro-300
        close(queue(100.0 / 1800.0, 300.0, 20).mean_wait(), 30.431_228_6, 1e-7);
        // erlangc-call-center-tools
        let tools = queue(1000.0 / 3600.0, 120.0, 40);
        close(tools.wait_probability(), 0.1907, 2e-3);
        close(1.0 - tools.wait_tail(20.0), 0.9372, 2e-3);
        close(tools.mean_wait(), 3.43, 2e-3);
        close(tools.utilization(), 0.8333, 2e-3);
    }

    #[test]
    fn golden_textbook_queues() {
        // bronson-23.3, bronson-23.14
        let first = queue(24.0, 1.0 / 30.0, 1);
        close(first.rate() * first.mean_response(), 4.0, 1e-6);
        close(first.mean_response(), 1.0 / 6.0, 1e-6);
        close(first.empty_probability(), 0.2, 1e-6);
        let second = queue(0.5, 1.5, 1);
        close(second.rate() * second.mean_wait(), 2.25, 1e-6);
        close(second.mean_wait(), 4.5, 1e-6);
        close(second.empty_probability(), 0.25, 1e-6);
        // bronson-24.6
        let third = queue(300.0 / 365.0, 2.0, 3);
        close(third.rate() * third.mean_wait(), 0.352, 3e-3);
        close(third.rate() * third.mean_response(), 1.996, 3e-3);
        close(third.mean_wait(), 0.43, 3e-3);
        close(third.mean_response(), 2.429, 3e-3);
        close(third.empty_probability(), 0.177_54, 3e-3);
        // render-14.3
        let fourth = queue(20.0, 2.0 / 60.0, 2);
        close(fourth.empty_probability(), 0.5, 1e-9);
        close(fourth.rate() * fourth.mean_response(), 0.75, 1e-9);
    }

    #[test]
    fn golden_open_tandem_mm1() {
        let stages = [10.52, 10.73, 7.55, 17.12].map(|service| queue(0.01, service, 1));
        for (stage, wait) in stages.into_iter().zip([1.236_82, 1.289_72, 0.616_577, 3.536_37]) {
            close(stage.mean_wait(), wait, 1e-5);
        }
        close(stages.into_iter().map(Mmc::mean_response).sum(), 52.5995, 1e-5);
        close(stages[3].utilization(), 0.1712, 1e-12);
    }

    #[test]
    fn the_tail_has_no_seam_where_the_rates_meet() {
        // s = 1/S happens at a load of c − 1.
        let tail = |load: f64| queue(load, 1.0, 5).response_tail(3.0);
        close(tail(4.0 - 1e-9), tail(4.0), 1e-8);
        close(tail(4.0 + 1e-9), tail(4.0), 1e-8);
        let meet = queue(4.0, 1.0, 5);
        close(tail(4.0), (-3.0_f64).exp() * (1.0 + 3.0 * meet.wait_probability()), 1e-12);
    }

    #[test]
    fn one_path_is_close_to_the_exact_response() {
        let mut worst: [f64; 4] = [0.0; 4];
        for servers in [1_u64, 2, 3, 4, 6, 8, 16, 32, 64] {
            for twentieths in 2..=19_u32 {
                let exact = queue(servers as f64 * f64::from(twentieths) / 20.0, 1.0, servers);
                for (worst, p) in worst.iter_mut().zip([0.5, 0.95, 0.99, 0.999]) {
                    let error = exact.response().percentile(p) / exact.response_percentile(p).unwrap() - 1.0;
                    *worst = worst.max(error.abs());
                }
            }
        }
        let stated = [0.016, 0.005, 0.002, 0.009];
        assert!(worst.iter().zip(stated).all(|(worst, stated)| *worst < stated), "{worst:?}");
    }

    #[test]
    fn edges() {
        for (rate, time, servers) in [(3.0, 1.0, 3), (3.1, 1.0, 3), (0.0, 0.0, 1), (1.0, 1.0, 0), (-1.0, 1.0, 1)] {
            assert_eq!(Mmc::new(rate, time, servers), None);
        }
        assert_eq!(Mmc::new(f64::NAN, 1.0, 3), None);
        assert_eq!(Mmc::new(1.0, f64::INFINITY, 3), None);
        let idle = queue(0.0, 2.0, 3);
        assert_eq!((idle.utilization(), idle.mean_wait(), idle.empty_probability()), (0.0, 0.0, 1.0));
        close(idle.response_percentile(0.99).unwrap(), 2.0 * 100f64.ln(), 1e-12);
        assert_eq!(idle.wait_percentile(0.999_999), Some(0.0));
        assert_eq!(idle.response_percentile(0.0), Some(0.0));
        for p in [1.0, -0.1, f64::NAN] {
            assert_eq!((idle.wait_percentile(p), idle.response_percentile(p)), (None, None));
        }
        assert_eq!((idle.response_tail(0.0), idle.response_tail(1e300), idle.wait_tail(-1.0)), (1.0, 0.0, 1.0));
    }

    #[test]
    fn nothing_infinite_escapes_next_to_saturation() {
        for (rate, service, servers) in
            [(1.0 - 1e-16, 1.0, 1), (1e60, 1e-60 * (1.0 - 1e-15), 1), (9_999_999.999, 1.0, 10_000_000)]
        {
            let Some(queue) = Mmc::new(rate, service, servers) else { continue };
            let moments = queue.response_moments();
            assert!(moments.mean.is_finite() && moments.variance.is_finite() && moments.third.is_finite());
            assert!(queue.response_percentile(1.0 - 1e-16).unwrap().is_finite());
            assert!(queue.empty_probability().is_finite() && queue.response_tail(1e300) >= 0.0);
        }
    }
}
