//! Queues with a fixed number of clients that think between requests.

use super::{amounts, finite};

/// The most clients for which states or steps are counted.
const MAX_CLIENTS: u64 = 10_000_000;

/// What a closed system does in steady state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Closed {
    /// Requests completed per second.
    pub throughput: f64,
    /// Mean time from request to answer, in seconds.
    pub response: f64,
}

/// Clients that think (exponentially) and then queue for one of `servers`: the machine repair model M/M/c//N.
///
/// `p_{n+1} = p_n (N−n) S / (Z min(n+1, c))`; exact, `O(N)`. `None` unless there are clients (at most 10 million) and
/// servers and the service time is positive. Source: Gross and Harris, section 2.7. Example: 3 clients that think 2 s, 2
/// servers of 250 ms: 1.332 a second.
pub fn repairmen(clients: u64, think: f64, service_time: f64, servers: u64) -> Option<Closed> {
    let valid = amounts(&[think, service_time]) && service_time > 0.0;
    if !valid || clients == 0 || servers == 0 || clients > MAX_CLIENTS {
        return None;
    }
    let busy = |n: u64| n.min(servers) as f64 / service_time;
    if think == 0.0 {
        let throughput = busy(clients);
        return Some(Closed { throughput, response: clients as f64 / throughput });
    }
    // Weights relative to the state reached so far, scaled down whenever they grow, so that nothing overflows.
    let (mut weight, mut all, mut completed) = (1.0_f64, 1.0, 0.0);
    for n in 1..=clients {
        weight *= (clients - n + 1) as f64 / think / busy(n);
        all += weight;
        completed += weight * busy(n);
        if all > 1e250 {
            (weight, all, completed) = (weight / all, 1.0, completed / all);
        }
    }
    let throughput = finite(completed / all)?;
    Some(Closed { throughput, response: (clients as f64 / throughput - think).max(service_time) })
}

/// Exact mean value analysis: clients that think and then visit every station once, each a single queue.
///
/// `R_k(n) = D_k (1 + Q_k(n−1))`, `X(n) = n / (Z + Σ R_k)`, `Q_k = X R_k`; demands in seconds (visits × service time).
/// Exact for exponential service, `O(N·K)`. `None` for more than 10 million clients, none, or negative times.
/// Source: Reiser and Lavenberg 1980. Example: 10 clients, 5 s, demands of 1 s and 2 s: 0.4970 a second.
pub fn mean_value(clients: u64, think: f64, demands: &[f64]) -> Option<Closed> {
    let total: f64 = demands.iter().sum();
    let valid = amounts(&[think]) && amounts(demands) && think + total > 0.0;
    if !valid || clients == 0 || clients > MAX_CLIENTS {
        return None;
    }
    let mut queues = vec![0.0; demands.len()];
    let mut closed = Closed { throughput: 0.0, response: 0.0 };
    for n in 1..=clients {
        let times = || demands.iter().zip(&queues).map(|(demand, queue)| demand * (1.0 + queue));
        closed.response = times().sum();
        closed.throughput = n as f64 / (think + closed.response);
        queues = times().map(|time| closed.throughput * time).collect();
    }
    finite(closed.throughput)?;
    Some(closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: f64, expected: f64, relative: f64) {
        assert!((value / expected - 1.0).abs() <= relative, "{value} is not {expected}");
    }

    #[test]
    fn golden_repairmen_3_2() {
        let closed = repairmen(3, 2.0, 0.25, 2).unwrap();
        close(closed.throughput, 1.3324, 3e-4);
        close(closed.response, 0.2515, 3e-3);
        close(closed.throughput * closed.response, 0.3352, 1e-3);
        close(closed.throughput * 2.0, 2.6648, 3e-4);
        close(closed.throughput * 0.25 / 2.0, 0.1666, 3e-4);
    }

    #[test]
    fn golden_client_db_10() {
        let closed = mean_value(10, 5.0, &[1.0, 2.0]).unwrap();
        close(closed.throughput, 0.497_049, 1e-6);
        close(closed.throughput, 0.496_96, 2e-3);
        close(closed.throughput * 2.0, 0.993_92, 2e-3);
        // Population bound: nobody is lost.
        assert!(closed.throughput * (closed.response + 5.0) - 10.0 < 1e-9);
    }

    #[test]
    fn one_station_is_the_repair_model() {
        for clients in [1, 2, 5, 40] {
            let (a, b) = (mean_value(clients, 3.0, &[0.5]).unwrap(), repairmen(clients, 3.0, 0.5, 1).unwrap());
            close(a.throughput, b.throughput, 1e-9);
            close(a.response, b.response, 1e-9);
        }
    }

    #[test]
    fn edges() {
        assert_eq!(repairmen(0, 1.0, 1.0, 1), None);
        assert_eq!(repairmen(1, 1.0, 0.0, 1), None);
        assert_eq!(repairmen(1, f64::NAN, 1.0, 1), None);
        assert_eq!(mean_value(5, 0.0, &[]), None);
        close(repairmen(100_000, 1.0, 1.0, 10).unwrap().throughput, 10.0, 1e-9);
        close(repairmen(7, 0.0, 0.5, 2).unwrap().response, 1.75, 1e-12);
    }
}
