//! The universal scalability law fitted to measurements.

use super::amounts;
use super::scaling::usl_throughput;

/// Coefficients of the universal scalability law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usl {
    /// Throughput of one node.
    pub lambda: f64,
    /// Contention.
    pub sigma: f64,
    /// Coherency.
    pub kappa: f64,
}

impl Usl {
    /// The throughput of `n` nodes; `None` below one node.
    pub fn at(self, n: f64) -> Option<f64> {
        usl_throughput(n, self.lambda, self.sigma, self.kappa)
    }
}

/// Rounds of the non-linear search; from the linear start it takes a handful.
const ROUNDS: usize = 200;

/// Fits `X(n) = λn / (1 + σ(n−1) + κn(n−1))` to measured pairs of nodes and throughput by least squares.
///
/// Starts from the law's linear form `n/X`, then Levenberg and Marquardt's method on the throughputs themselves, with
/// `σ` and `κ` kept from 0 up. `None` with fewer than three different numbers of nodes, or a value that is not positive.
/// Example: the 32 measurements of a Cisco router in Schwartz's book give `σ = 0.0267` and `κ = 0.000769`.
pub fn usl_fit(points: &[(f64, f64)]) -> Option<Usl> {
    let mut nodes: Vec<f64> = points.iter().map(|(n, _)| *n).collect();
    nodes.sort_by(f64::total_cmp);
    nodes.dedup();
    let positive = points.iter().all(|(n, x)| *n >= 1.0 && *x > 0.0 && amounts(&[*n, *x]));
    if nodes.len() < 3 || !positive {
        return None;
    }
    // Throughputs near 1 keep the steps of the search free of the unit.
    let scale = points.iter().map(|(_, x)| *x).fold(0.0, f64::max);
    let scaled: Vec<(f64, f64)> = points.iter().map(|(n, x)| (*n, x / scale)).collect();
    let mut best = start(&scaled)?;
    let mut error = squares(&scaled, best);
    let mut damping = 1e-3;
    for _ in 0..ROUNDS {
        let step = marquardt(&scaled, best, damping)?;
        let next = Usl {
            lambda: (best.lambda + step[0]).max(1e-12),
            sigma: (best.sigma + step[1]).max(0.0),
            kappa: (best.kappa + step[2]).max(0.0),
        };
        let next_error = squares(&scaled, next);
        if next_error <= error {
            let done = error - next_error <= error * 1e-15;
            (best, error, damping) = (next, next_error, damping * 0.3);
            if done {
                break;
            }
        } else {
            damping *= 4.0;
            if damping > 1e12 {
                break;
            }
        }
    }
    Some(Usl { lambda: best.lambda * scale, ..best })
}

/// Linear least squares on `n/X = (1 + σ(n−1) + κn(n−1)) / λ`.
fn start(points: &[(f64, f64)]) -> Option<Usl> {
    let (mut normal, mut right) = ([[0.0; 3]; 3], [0.0; 3]);
    for &(n, x) in points {
        let row = [1.0, n - 1.0, n * (n - 1.0)];
        accumulate(&mut normal, &mut right, row, n / x);
    }
    let [one, sigma, kappa] = solve(normal, right)?;
    let lambda = if one > 0.0 { 1.0 / one } else { points.first()?.1 };
    Some(Usl { lambda, sigma: (sigma * lambda).max(0.0), kappa: (kappa * lambda).max(0.0) })
}

fn squares(points: &[(f64, f64)], law: Usl) -> f64 {
    points.iter().map(|&(n, x)| (law.at(n).unwrap_or(f64::MAX) - x).powi(2)).sum()
}

/// One step of the damped normal equations.
fn marquardt(points: &[(f64, f64)], law: Usl, damping: f64) -> Option<[f64; 3]> {
    let (mut normal, mut right) = ([[0.0; 3]; 3], [0.0; 3]);
    for &(n, x) in points {
        let slowdown = 1.0 + law.sigma * (n - 1.0) + law.kappa * n * (n - 1.0);
        let value = law.lambda * n / slowdown;
        let row = [n / slowdown, -value * (n - 1.0) / slowdown, -value * n * (n - 1.0) / slowdown];
        accumulate(&mut normal, &mut right, row, x - value);
    }
    for (at, row) in normal.iter_mut().enumerate() {
        if let Some(diagonal) = row.get_mut(at) {
            *diagonal *= 1.0 + damping;
        }
    }
    solve(normal, right)
}

fn accumulate(normal: &mut [[f64; 3]; 3], right: &mut [f64; 3], row: [f64; 3], value: f64) {
    for ((line, a), sum) in normal.iter_mut().zip(row).zip(right.iter_mut()) {
        for (cell, b) in line.iter_mut().zip(row) {
            *cell += a * b;
        }
        *sum += a * value;
    }
}

/// Cramer's rule; `None` if the equations don't determine a solution.
fn solve(m: [[f64; 3]; 3], right: [f64; 3]) -> Option<[f64; 3]> {
    let determinant = |m: [[f64; 3]; 3]| {
        let [[a, b, c], [d, e, f], [g, h, i]] = m;
        a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    };
    let whole = determinant(m);
    if whole == 0.0 || !whole.is_finite() {
        return None;
    }
    let with = |column: usize| {
        let mut replaced = m;
        for (row, value) in replaced.iter_mut().zip(right) {
            if let Some(cell) = row.get_mut(column) {
                *cell = value;
            }
        }
        determinant(replaced) / whole
    };
    Some([with(0), with(1), with(2)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: f64, expected: f64, relative: f64) {
        assert!((value / expected - 1.0).abs() <= relative, "{value} is not {expected}");
    }

    #[test]
    fn golden_usl_cisco() {
        let throughput = [
            955.16, 1878.91, 2688.01, 3548.68, 4315.54, 5130.43, 5931.37, 6531.08, 7219.8, 7867.61, 8278.71, 8646.7,
            9047.84, 9426.55, 9645.37, 9897.24, 10097.6, 10240.5, 10532.39, 10798.52, 11151.43, 11518.63, 11806.0,
            12089.37, 12075.41, 12177.29, 12211.41, 12158.93, 12155.27, 12118.04, 12140.4, 12074.39,
        ];
        let points: Vec<(f64, f64)> = (1..=32).map(f64::from).zip(throughput).collect();
        let law = usl_fit(&points).unwrap();
        close(law.sigma, 0.026_715_91, 2e-4);
        close(law.kappa, 0.000_769_094_5, 2e-4);
        close(law.lambda, 995.6486, 2e-4);
        close(law.at(35.0).unwrap(), 12_341.745, 2e-4);
        close(law.at(20.0).unwrap(), 11_063.633, 2e-4);
    }

    #[test]
    fn golden_usl_synthetic() {
        let points = [(1.0, 1.0), (2.0, 1.8868), (4.0, 3.0769), (6.0, 3.5294), (8.0, 3.5398), (10.0, 3.3557)];
        let law = usl_fit(&points).unwrap();
        close(law.sigma, 0.02, 5e-3);
        close(law.kappa, 0.02, 5e-3);
        close(law.lambda, 1.0, 5e-3);
    }

    #[test]
    fn linear_growth_has_no_penalty() {
        let law = usl_fit(&[(1.0, 10.0), (2.0, 20.0), (8.0, 80.0)]).unwrap();
        assert!(law.sigma < 1e-9 && law.kappa < 1e-9, "{law:?}");
        assert_eq!(usl_fit(&[(1.0, 10.0), (2.0, 20.0), (2.0, 21.0)]), None);
        assert_eq!(usl_fit(&[(1.0, 10.0), (2.0, 20.0), (3.0, f64::NAN)]), None);
    }
}
