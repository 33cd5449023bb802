//! The M/M/c/K queue, which turns arrivals away when it is full.

use super::erlang::free_odds;
use super::moments::Moments;
use super::{amounts, finite};

/// Below this the geometric series is so flat that its closed form cancels; two terms of its expansion are exact.
const FLAT: f64 = 1e-5;

/// What a bounded queue does in steady state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mmck {
    /// Share of arrivals that are turned away.
    pub loss: f64,
    /// Arrivals per second that are let in: `λ(1 − loss)`.
    pub effective_rate: f64,
    /// Mean time in the system of those that are let in, in seconds.
    pub mean_response: f64,
}

/// An M/M/c/K queue: as M/M/c, but with room for `capacity` requests in all, those in service included.
///
/// `p_n ∝ a^n / Π min(i, c)`, `loss = p_K`, `W = L / λ_eff` by Little's law; summed in closed form (Erlang's formula
/// below `c`, a geometric series above), so any capacity takes the same time. Valid for any load. `None` for a
/// negative rate, a time that is not positive, or no server or room. Source: Gross and Harris, section 2.5.
/// Example: 120/s at 25/s on each of 4 servers with room for 20 lose 17.2 % and take 157 ms.
pub fn mmck(rate: f64, service_time: f64, servers: u64, capacity: u64) -> Option<Mmck> {
    let load = rate * service_time;
    if !(amounts(&[rate, service_time, load]) && service_time > 0.0 && servers > 0 && capacity > 0) {
        return None;
    }
    // More servers than places never work at the same time.
    let servers = servers.min(capacity);
    let (busy, places) = (servers as f64, (capacity - servers) as f64);
    let excess = (load - busy) / busy;
    let sums = if excess <= 0.0 { below(servers, load, excess, places) } else { above(servers, load, excess, places) };
    let all = sums.let_in + sums.full;
    let wait = sums.queued / sums.let_in * service_time / busy;
    let effective_rate = rate * (sums.let_in / all);
    let mean_response = finite(service_time + wait)?;
    Some(Mmck { loss: sums.full / all, effective_rate, mean_response })
}

/// Most waiting places whose states are gone through one by one.
const MOST_PLACES: u64 = 100_000;

/// Moments of the wait of those that an M/M/c/K queue lets in, in seconds: with `n >= c` others there it is a sum of
/// `n − c + 1` exponentials of mean `S/c`.
///
/// `None` as for [`mmck`]. Its mean is that of [`mmck`] less the service. With more than 100,000 waiting places it is that
/// of an unlimited queue below saturation, and above it that of a queue which is full but for what drains at its end.
pub fn mmck_wait(rate: f64, service_time: f64, servers: u64, capacity: u64) -> Option<Moments> {
    let load = rate * service_time;
    let valid = amounts(&[rate, service_time, load]) && service_time > 0.0 && servers > 0 && capacity > 0;
    let places = capacity.saturating_sub(servers);
    if !valid {
        return None;
    }
    if places > MOST_PLACES {
        return Some(endless(rate, service_time, servers, places));
    }
    let stage = Moments::exponential(service_time / servers as f64);
    let ratio = load / servers as f64;
    // Weights in units of the state in which all servers are busy and nobody waits, scaled down as they grow.
    let mut parts = vec![(free_odds(servers, load), Moments::ZERO)];
    let mut weight = 1.0_f64;
    for ahead in 1..=places {
        if weight > 1e200 {
            parts.iter_mut().for_each(|(part, _)| *part /= weight);
            weight = 1.0;
        }
        parts.push((weight, stage.times(ahead as f64)));
        weight *= ratio;
    }
    Some(Moments::mixture(&parts))
}

/// The wait in a queue so long that its end shows only when it is full.
fn endless(rate: f64, service_time: f64, servers: u64, places: u64) -> Moments {
    let stage = Moments::exponential(service_time / servers as f64);
    match super::mmc::Mmc::new(rate, service_time, servers) {
        Some(queue) => queue.wait_moments(),
        None => {
            let excess = rate * service_time / servers as f64 - 1.0;
            let empty = if excess > 0.0 { 1.0 / excess } else { f64::INFINITY };
            stage.times((places as f64 - empty).max(places as f64 / 2.0))
        }
    }
}

/// Sums over the states, all in the same unit.
struct Sums {
    /// The full state.
    full: f64,
    /// All other states.
    let_in: f64,
    /// Number waiting times probability, divided by the utilization so that no arrivals are no special case.
    queued: f64,
}

/// Loads up to the number of servers, in units of the probability that exactly all servers are busy.
fn below(servers: u64, load: f64, excess: f64, places: f64) -> Sums {
    // An idle queue has a slope of minus infinity, which times no places would be no number.
    let slope = excess.ln_1p().max(-1e280);
    let (waiting, full) = (geometric(slope, places), (places * slope).exp());
    let queued = if places * -slope < FLAT {
        places * (places + 1.0) * (0.5 + slope * (places - 1.0) / 3.0)
    } else {
        (waiting - places * full) / -excess
    };
    Sums { full, let_in: free_odds(servers, load) + waiting, queued }
}

/// Loads above the number of servers, in units of the full state, so that no power overflows.
fn above(servers: u64, load: f64, excess: f64, places: f64) -> Sums {
    let slope = -excess.ln_1p();
    let (odds, ratio) = (free_odds(servers, load), slope.exp());
    let let_in = if places < 1.0 {
        odds
    } else {
        (places * slope).exp() * (odds + 1.0) + ratio * geometric(slope, places - 1.0)
    };
    let queued = if places * -slope < FLAT {
        places * (places + 1.0) * (0.5 + slope * (places - 1.0) / 6.0)
    } else {
        (places - ratio * geometric(slope, places)) / -slope.exp_m1()
    };
    Sums { full: 1.0, let_in, queued: queued * ratio }
}

/// `1 + q + … + q^{n−1}` for `q = e^slope <= 1`.
fn geometric(slope: f64, n: f64) -> f64 {
    if slope == 0.0 { n } else { (n * slope).exp_m1() / slope.exp_m1() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formula::mmc::Mmc;

    fn close(value: f64, expected: f64, relative: f64) {
        assert!((value / expected - 1.0).abs() <= relative, "{value} is not {expected}");
    }

    /// The same by adding up every state, with logarithms against overflow.
    fn brute(rate: f64, service_time: f64, servers: u64, capacity: u64) -> Mmck {
        let mut sizes = vec![0.0_f64];
        for n in 1..=capacity {
            sizes.push(sizes[n as usize - 1] + (rate * service_time / n.min(servers) as f64).ln());
        }
        let top = sizes.iter().copied().fold(f64::MIN, f64::max);
        let weights: Vec<f64> = sizes.iter().map(|size| (size - top).exp()).collect();
        let all: f64 = weights.iter().sum();
        let loss = weights[capacity as usize] / all;
        let number: f64 = weights.iter().enumerate().map(|(n, weight)| n as f64 * weight / all).sum();
        let effective_rate = rate * (1.0 - loss);
        Mmck { loss, effective_rate, mean_response: number / effective_rate }
    }

    #[test]
    fn matches_the_formula_sheet() {
        let queue = mmck(120.0, 1.0 / 25.0, 4, 20).unwrap();
        close(queue.loss, 0.171_910_3, 1e-6);
        close(queue.mean_response, 0.156_986, 1e-5);
        close(queue.effective_rate, 99.371, 1e-5);
        let even = mmck(1.0, 1.0, 1, 10).unwrap();
        close(even.loss, 1.0 / 11.0, 1e-12);
        close(even.mean_response * even.effective_rate, 5.0, 1e-12);
    }

    #[test]
    fn the_closed_form_equals_the_sum_over_states() {
        for (servers, capacity) in [(1, 1), (1, 2), (1, 50), (3, 3), (3, 4), (8, 40), (50, 60), (7, 3)] {
            for utilization in [1e-3, 0.3, 0.9, 0.999, 1.0 - 1e-7, 1.0, 1.0 + 1e-7, 1.001, 1.1, 2.0, 30.0] {
                let rate = utilization * servers as f64 / 0.2;
                let (ours, sum) = (mmck(rate, 0.2, servers, capacity).unwrap(), brute(rate, 0.2, servers, capacity));
                assert!((ours.loss - sum.loss).abs() <= 1e-9 * sum.loss + 1e-300, "{ours:?} is not {sum:?}");
                close(ours.mean_response, sum.mean_response, 2e-8);
                close(ours.effective_rate, sum.effective_rate, 1e-9);
            }
        }
    }

    #[test]
    fn waits_have_the_mean_of_littles_law_and_the_variance_of_the_states() {
        for (servers, capacity, utilization) in [(1, 6, 0.5), (4, 20, 1.2), (8, 9, 0.9), (3, 3, 2.0), (2, 900, 1.01)] {
            let rate = utilization * servers as f64 / 0.2;
            let (queue, wait) =
                (mmck(rate, 0.2, servers, capacity).unwrap(), mmck_wait(rate, 0.2, servers, capacity).unwrap());
            assert!((wait.mean - (queue.mean_response - 0.2)).abs() < 1e-9 * queue.mean_response, "{wait:?} {queue:?}");
        }
        let (bounded, free) =
            (mmck_wait(80.0, 0.04, 4, 5000).unwrap(), Mmc::new(80.0, 0.04, 4).unwrap().wait_moments());
        close(bounded.variance, free.variance, 1e-9);
        close(bounded.third, free.third, 1e-9);
        let long = mmck_wait(2.0, 1.0, 1, 1_000_000).unwrap();
        close(long.mean, mmck(2.0, 1.0, 1, 1_000_000).unwrap().mean_response - 1.0, 1e-5);
        close(mmck_wait(0.5, 1.0, 1, 1_000_000).unwrap().mean, 1.0, 1e-12);
    }

    #[test]
    fn much_room_is_no_bound_and_no_room_is_erlangs_loss() {
        let (bounded, free) = (mmck(80.0, 0.04, 4, 1_000_000).unwrap(), Mmc::new(80.0, 0.04, 4).unwrap());
        close(bounded.mean_response, free.mean_response(), 1e-12);
        assert_eq!(bounded.loss, 0.0);
        close(mmck(90.0, 1.0, 100, 100).unwrap().loss, 0.026_957_380_5, 1e-8);
    }

    #[test]
    fn edges() {
        assert_eq!(mmck(0.0, 2.0, 3, 5), Some(Mmck { loss: 0.0, effective_rate: 0.0, mean_response: 2.0 }));
        for (rate, time, servers, capacity) in
            [(1.0, 0.0, 1, 1), (1.0, 1.0, 0, 1), (1.0, 1.0, 1, 0), (-1.0, 1.0, 1, 1), (f64::NAN, 1.0, 1, 1)]
        {
            assert_eq!(mmck(rate, time, servers, capacity), None);
        }
        // A flood passes at the speed of the servers, and those let in wait behind a full queue.
        let flood = mmck(1e12, 1.0, 4, 10).unwrap();
        close(flood.effective_rate, 4.0, 1e-9);
        close(flood.mean_response, 2.5, 1e-9);
        for (servers, capacity) in [(u64::MAX, u64::MAX), (1, u64::MAX), (10_000_000, 20_000_000)] {
            for rate in [1e-300, 1.0, 1e7, 1e19, 1e100] {
                let queue = mmck(rate, 1.0, servers, capacity).unwrap();
                assert!((0.0..=1.0).contains(&queue.loss) && queue.mean_response.is_finite(), "{queue:?}");
            }
        }
    }
}
