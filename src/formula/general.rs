//! Waits when arrivals or service times are not exponential.

use super::mmc::Mmc;
use super::{amounts, finite};

/// Mean wait in an M/G/1 queue, in seconds (Pollaczek–Khinchine): `ρS(1 + C²) / (2(1 − ρ))`.
///
/// `scv` is the squared coefficient of variation of the service time: 0 constant, 1 exponential. Exact for Poisson
/// arrivals. `None` if `ρ = λS` is not below 1 or an argument is negative. Above `C² = 10` the mean says little about
/// what most requests see. Example: at 80 % of 10 ms constant, exponential and `C² = 4` service wait 20, 40 and 100 ms.
pub fn mg1_wait(rate: f64, service_time: f64, scv: f64) -> Option<f64> {
    let load = rate * service_time;
    if !(amounts(&[rate, service_time, scv]) && load < 1.0) {
        return None;
    }
    finite(load * service_time * (1.0 + scv) / (2.0 * (1.0 - load)))
}

/// Mean wait in a G/G/c queue, in seconds, after Allen and Cunneen (1990): `Wq(M/M/c) · (Ca² + Cs²)/2`.
///
/// `arrival_scv` and `service_scv` are squared coefficients of variation; a Poisson stream has 1. An approximation:
/// exact for M/M/c and M/G/1, good above 70 % utilization, too high for regular arrivals at low load; with one server
/// it is Kingman's. `None` where [`Mmc::new`] is, or for a negative variation. Example: 74.55 ms for 80/s at 40 ms on 4
/// servers with `Cs² = 4`.
pub fn allen_cunneen_wait(
    rate: f64,
    service_time: f64,
    servers: u64,
    arrival_scv: f64,
    service_scv: f64,
) -> Option<f64> {
    if !amounts(&[arrival_scv, service_scv]) {
        return None;
    }
    let queue = Mmc::new(rate, service_time, servers)?;
    finite(queue.mean_wait() * (arrival_scv / 2.0 + service_scv / 2.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: Option<f64>, expected: f64, relative: f64) {
        let value = value.unwrap();
        assert!((value / expected - 1.0).abs() <= relative, "{value} is not {expected}");
    }

    #[test]
    fn pollaczek_khinchine_matches_the_formula_sheet() {
        for (scv, wait) in [(0.0, 0.02), (1.0, 0.04), (4.0, 0.1)] {
            close(mg1_wait(80.0, 0.01, scv), wait, 1e-12);
            // With one server and Poisson arrivals the approximation is exact.
            close(allen_cunneen_wait(80.0, 0.01, 1, 1.0, scv), wait, 1e-12);
        }
        assert_eq!(mg1_wait(0.0, 1.0, 1.0), Some(0.0));
        for (rate, time, scv) in [(1.0, 1.0, 1.0), (-1.0, 1.0, 1.0), (0.5, 1.0, -0.1), (f64::NAN, 1.0, 1.0)] {
            assert_eq!(mg1_wait(rate, time, scv), None);
        }
        assert_eq!(mg1_wait(0.5, 1.0, f64::INFINITY), None);
    }

    #[test]
    fn allen_cunneen_matches_the_formula_sheet() {
        close(allen_cunneen_wait(80.0, 0.04, 4, 1.0, 4.0), 0.074_554, 1e-5);
        close(allen_cunneen_wait(80.0, 0.04, 4, 1.0, 1.0), 0.029_821_6, 1e-5);
        assert_eq!(allen_cunneen_wait(80.0, 0.04, 4, 0.0, 0.0), Some(0.0));
        assert_eq!(allen_cunneen_wait(100.0, 0.04, 4, 1.0, 1.0), None);
        assert_eq!(allen_cunneen_wait(80.0, 0.04, 4, f64::NAN, 1.0), None);
        assert_eq!(allen_cunneen_wait(80.0, 0.04, 4, 1.0, -1.0), None);
    }
}
