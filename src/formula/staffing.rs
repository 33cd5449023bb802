//! How many servers a load needs.

use super::mmc::Mmc;
use super::{amounts, finite};

/// How far above a whole number a quotient may be and still count as that number: rounding must not cost a server,
/// but a target of `1 − 1e-9` ("less than fully busy") must still cost one where the load is a whole number.
const NOISE: f64 = 5e-10;

/// The smallest number of servers whose utilization `load/c` is at most `target`; at least 1.
///
/// `load` in erlangs, `target` from above 0, usually below 1. A quotient that exceeds a whole number by less than one
/// part in 2·10⁹ is taken to be that number. `u64::MAX` where no number is enough: a target that is not positive, or an
/// argument that is not a number. Example: 4.9 erlangs at 70 % need 7 servers.
pub fn servers_for_utilization(load: f64, target: f64) -> u64 {
    if !(target > 0.0 && load < f64::INFINITY) {
        return u64::MAX;
    }
    // The conversion saturates, which is the right answer for a number too large to be one.
    ((load / target * (1.0 - NOISE)).ceil() as u64).max(1)
}

/// The smallest number of M/M/c servers that let a share `share` of arrivals wait no longer than `wait` seconds.
///
/// `P(Wq <= t) = 1 − C e^{−(c/S − λ)t}`, by doubling and bisection. `None` for a share that is not in `[0, 1)`, a
/// negative wait or where [`Mmc::new`] is for any number of servers. Takes 1 ms for 10 million servers.
/// Example: 100 calls in 30 min of 3 min each need 14 agents for 80 % within 20 s at 85 % utilization or less.
pub fn servers_for_wait(rate: f64, service_time: f64, wait: f64, share: f64) -> Option<u64> {
    if !(amounts(&[wait]) && (0.0..1.0).contains(&share)) {
        return None;
    }
    smallest(rate, service_time, |queue| queue.wait_tail(wait) <= 1.0 - share)
}

/// The smallest number of M/M/c servers with a mean wait of at most `wait` seconds, which must be above 0.
///
/// `None` as for [`servers_for_wait`]. Example: 80/s at 40 ms need 5 servers to wait 10 ms on average, not 4.
pub fn servers_for_mean_wait(rate: f64, service_time: f64, wait: f64) -> Option<u64> {
    if !(wait > 0.0 && wait.is_finite()) {
        return None;
    }
    smallest(rate, service_time, |queue| queue.mean_wait() <= wait)
}

/// The smallest number of servers with a property that more servers never lose.
fn smallest(rate: f64, service_time: f64, enough: impl Fn(&Mmc) -> bool) -> Option<u64> {
    let load = finite(rate * service_time)?;
    let does = |servers: u64| Mmc::new(rate, service_time, servers).is_some_and(|queue| enough(&queue));
    let stable = (load.floor() as u64).checked_add(1)?;
    // Rejects arguments that no number of servers makes valid.
    Mmc::new(rate, service_time, stable)?;
    // Waits shrink within a few square roots of the load, so the search begins with one.
    let (mut low, mut step) = (stable, (load.sqrt() / 4.0) as u64 + 1);
    if does(low) {
        return Some(low);
    }
    let mut high = low.checked_add(step)?;
    while !does(high) {
        step = step.checked_mul(2)?;
        (low, high) = (high, high.checked_add(step)?);
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if does(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_not_lost_to_rounding() {
        assert_eq!(servers_for_utilization(0.7 * 7.0, 0.7), 7);
        assert_eq!(servers_for_utilization(7.000_000_001, 1.0), 7);
        assert_eq!(servers_for_utilization(7.001, 1.0), 8);
        assert_eq!(servers_for_utilization(7.0, 1.0 - 1e-9), 8);
        assert_eq!(servers_for_utilization(0.0, 0.7), 1);
        assert_eq!(servers_for_utilization(1e300, 0.7), u64::MAX);
        for (load, target) in [(1.0, 0.0), (f64::NAN, 0.5), (1.0, f64::NAN), (f64::INFINITY, 0.5), (1.0, -1.0)] {
            assert_eq!(servers_for_utilization(load, target), u64::MAX);
        }
    }

    #[test]
    fn golden_botec_twitter_servers() {
        let peak = 150e6 * 2.0 / 86_400.0 * 2.0;
        assert_eq!(servers_for_utilization(peak / 1000.0, 1.0), 7);
    }

    #[test]
    fn golden_erlangc_cran_min_agents() {
        let by_wait = servers_for_wait(100.0 / 1800.0, 180.0, 20.0, 0.8).unwrap();
        assert_eq!(by_wait.max(servers_for_utilization(10.0, 0.85)), 14);
    }

    #[test]
    fn the_number_found_is_the_smallest() {
        for load in [0.01, 0.9, 3.2, 50.0, 999.5] {
            for wait in [1e-6, 0.01, 1.0, 100.0] {
                let c = servers_for_mean_wait(load, 1.0, wait).unwrap();
                assert!(Mmc::new(load, 1.0, c).unwrap().mean_wait() <= wait);
                assert!(Mmc::new(load, 1.0, c - 1).is_none_or(|queue| queue.mean_wait() > wait));
                let c = servers_for_wait(load, 1.0, wait, 0.99).unwrap();
                assert!(Mmc::new(load, 1.0, c).unwrap().wait_tail(wait) <= 0.01 + 1e-15);
                assert!(Mmc::new(load, 1.0, c - 1).is_none_or(|queue| queue.wait_tail(wait) > 0.01));
            }
        }
        assert_eq!(servers_for_mean_wait(80.0, 0.04, 0.01), Some(5));
    }

    #[test]
    fn edges() {
        assert_eq!(servers_for_wait(0.0, 1.0, 0.0, 0.999), Some(1));
        assert_eq!(servers_for_wait(5.0, 1.0, 1.0, 0.0), Some(6));
        for share in [1.0, -0.1, f64::NAN] {
            assert_eq!(servers_for_wait(5.0, 1.0, 1.0, share), None);
        }
        assert_eq!(servers_for_wait(5.0, 0.0, 1.0, 0.9), None);
        assert_eq!(servers_for_wait(f64::NAN, 1.0, 1.0, 0.9), None);
        assert_eq!(servers_for_wait(5.0, 1.0, -1.0, 0.9), None);
        assert_eq!(servers_for_wait(1e300, 1.0, 1.0, 0.9), None);
        assert_eq!(servers_for_mean_wait(5.0, 1.0, 0.0), None);
        assert!(servers_for_wait(9e6, 1.0, 1e-9, 0.999).is_some_and(|c| c > 9_000_000 && c < 9_020_000));
    }
}
