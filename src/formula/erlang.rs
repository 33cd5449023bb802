//! Erlang's loss and delay formulas.

use std::f64::consts::TAU;

use super::{amounts, finite, gamma};

/// Servers up to which the sum is taken; beyond it the asymptotic form is used.
const EXACT_UP_TO: u64 = 10_000_000;

/// Odds at which the blocking probability counts as zero.
const NEVER: f64 = 1e300;

/// Offered load `a = λS`, in erlangs: how many servers would be busy if there were no end of them.
///
/// `None` for a negative rate or time. Source: Erlang 1917. Example: 100 calls in 30 min of 180 s each are 10 erlangs.
pub fn offered_load(rate: f64, service_time: f64) -> Option<f64> {
    if !amounts(&[rate, service_time]) {
        return None;
    }
    finite(rate * service_time)
}

/// Erlang's loss formula: the share of Poisson arrivals that find all `servers` busy and leave.
///
/// `1/B = Σ_j c!/((c−j)! a^j)`, which is the stable recursion `1/B(k) = 1 + k/a · 1/B(k−1)` (Jagerman 1974) summed
/// from its last term. The terms stop to matter after some 10√a of them, so 10 million servers take 0.3 ms at most.
/// Beyond that Temme's expansion is used, within 1e-8 of the exact value. Any load is valid; one that is not a number
/// from 0 up counts as infinite and blocks always. Example: 100 servers at 90 erlangs lose 2.70 %.
pub fn erlang_b(servers: u64, load: f64) -> f64 {
    let odds = free_odds(servers, load);
    if odds >= NEVER { 0.0 } else { 1.0 / (1.0 + odds) }
}

/// Erlang's delay formula: the share of Poisson arrivals to an M/M/c queue that have to wait.
///
/// `C = B / (1 − ρ(1 − B))` with `B` of [`erlang_b`] and `ρ = a/c`. `None` if the load is not below the number of
/// servers (no steady state), is negative or not a number. Example: 4 servers at 3.2 erlangs make 59.6 % wait.
pub fn erlang_c(servers: u64, load: f64) -> Option<f64> {
    let capacity = servers as f64;
    if !(load >= 0.0 && load < capacity) {
        return None;
    }
    // Divided by B the formula is free of cancellation, even next to saturation.
    let odds = free_odds(servers, load);
    Some(if odds >= NEVER { 0.0 } else { 1.0 / (1.0 + (capacity - load) / capacity * odds) })
}

/// `(1 − B)/B`: the odds of finding a free server. At most [`NEVER`], so that what is computed from it stays finite.
pub(super) fn free_odds(servers: u64, load: f64) -> f64 {
    if servers == 0 || !load.is_finite() || load < 0.0 {
        return 0.0;
    }
    if load == 0.0 {
        return NEVER;
    }
    let capacity = servers as f64;
    // Far above saturation the sum is a short geometric series for any number of servers.
    if servers > EXACT_UP_TO && load < 2.0 * capacity {
        return asymptotic_odds(capacity, load);
    }
    let (mut left, mut term, mut sum) = (capacity, 1.0, 0.0);
    while left > 0.0 {
        term *= left / load;
        sum += term;
        if sum > NEVER {
            return NEVER;
        }
        left -= 1.0;
        // What remains is less than a geometric series with the ratio left/load.
        if left < load && term * left < 1e-17 * sum * (load - left) {
            break;
        }
    }
    sum
}

/// `1/B − 1 = Γ*(c) (√(2πc) ½ e^{z²} erfc(z) + c₀ + c₁/c)`, from `1/B = Γ(c+1, a) / (a^c e^−a)` and Temme 1979.
fn asymptotic_odds(servers: f64, load: f64) -> f64 {
    let mu = (load - servers) / servers;
    let eta = gamma::eta(mu);
    let z = eta * (servers / 2.0).sqrt();
    let stirling = 1.0 + 1.0 / (12.0 * servers);
    let bulk = (TAU * servers).sqrt() * 0.5 * gamma::scaled_erfc(z);
    (stirling * (bulk + gamma::remainder(servers, mu, eta))).min(NEVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: f64, expected: f64, relative: f64) {
        assert!((value / expected - 1.0).abs() <= relative, "{value} is not {expected}");
    }

    #[test]
    fn loads_multiply() {
        close(offered_load(100.0 / 1800.0, 180.0).unwrap(), 10.0, 1e-12);
        assert_eq!(offered_load(0.0, 5.0), Some(0.0));
        assert_eq!(offered_load(-1.0, 5.0), None);
        assert_eq!(offered_load(f64::NAN, 5.0), None);
        assert_eq!(offered_load(1e200, 1e200), None);
    }

    #[test]
    fn blocking_matches_published_values() {
        close(erlang_b(100, 90.0), 0.026_957_380_5, 1e-8);
        close(erlang_b(10, 10.0), 0.214_582_343_1, 1e-9);
        // Golden erlangb-30-25, published as approximately 0.05.
        close(erlang_b(30, 25.0), 0.05, 0.06);
    }

    #[test]
    fn golden_erlangb_large() {
        let cases = [
            (10, 4.461, 0.009_997_786_687_902_766, 0.017_905_628_020_540_95),
            (200, 180.0, 0.010_324_995_204_982_299, 0.094_471_218_177_590_83),
            (1000, 950.0, 0.003_649_293_688_942_409_7, 0.068_253_415_377_141_43),
            (100_000, 99_000.0, 8.225_775_598_504_243e-6, 0.000_821_908_237_410_788_6),
        ];
        for (servers, load, blocking, waiting) in cases {
            close(erlang_b(servers, load), blocking, 1e-9);
            close(erlang_c(servers, load).unwrap(), waiting, 1e-9);
        }
        close(erlang_c(100, 90.0).unwrap(), 0.216_940_480_9, 1e-9);
    }

    #[test]
    fn the_sum_equals_the_recursion() {
        for load in [1e-3, 0.5, 3.0, 99.0, 400.0, 5e3] {
            let mut blocking = 1.0;
            for servers in 1..=1000_u32 {
                blocking = load * blocking / (f64::from(servers) + load * blocking);
                if blocking < 1e-290 {
                    break;
                }
                close(erlang_b(u64::from(servers), load), blocking, 1e-11);
            }
        }
    }

    #[test]
    fn the_asymptotic_form_meets_the_sum() {
        let servers = 1e7_f64;
        for beta in [-100.0, -10.0, -3.0, -1.0, -1e-3, 0.0, 1e-3, 1.0, 5.0, 20.0_f64] {
            let load = servers - beta * servers.sqrt();
            close(asymptotic_odds(servers, load), free_odds(10_000_000, load), 2e-10);
        }
        close(asymptotic_odds(servers, 1.9e7), free_odds(10_000_000, 1.9e7), 2e-8);
        close(erlang_b(u64::MAX, 4.0 * u64::MAX as f64), 0.75, 1e-12);
        assert_eq!(erlang_b(u64::MAX, 1.0), 0.0);
        assert!(erlang_b(u64::MAX, u64::MAX as f64) > 0.0);
    }

    #[test]
    fn edges() {
        assert_eq!(erlang_b(0, 5.0), 1.0);
        assert_eq!(erlang_b(0, 0.0), 1.0);
        assert_eq!(erlang_b(5, 0.0), 0.0);
        assert_eq!(erlang_b(5, f64::NAN), 1.0);
        assert_eq!(erlang_b(5, -1.0), 1.0);
        assert_eq!(erlang_b(1_000_000, 1.0), 0.0);
        close(erlang_b(1, 1e300), 1.0, 1e-12);
        assert_eq!(erlang_c(5, 5.0), None);
        assert_eq!(erlang_c(0, 0.0), None);
        assert_eq!(erlang_c(5, f64::NAN), None);
        assert_eq!(erlang_c(5, 0.0), Some(0.0));
        close(erlang_c(1, 1.0 - 1e-12).unwrap(), 1.0, 1e-11);
    }
}
