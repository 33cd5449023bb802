//! Uncertain values: which distributions there are and their quantile functions.

use statrs::distribution::{Beta, ContinuousCDF, Normal};

/// The distribution of an uncertain value, with its parameters in base units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    /// `low..high`: 5th and 95th percentile. Log-normal if both are positive, normal otherwise.
    Interval,
    /// `normal(mean, sd)`
    Normal,
    /// `lognormal(p5, p95)`
    LogNormal,
    /// `uniform(low, high)`
    Uniform,
    /// `triangular(min, mode, max)`
    Triangular,
    /// `pert(min, mode, max)`: a beta distribution over `min..max` with weight 4 on the mode.
    Pert,
}

/// The standard normal quantile of 95 %.
const Z95: f64 = 1.644_853_626_951_472_2;

impl Distribution {
    /// The distribution that a function name makes.
    pub fn from_name(name: &str) -> Option<Distribution> {
        Some(match name {
            "normal" => Distribution::Normal,
            "lognormal" => Distribution::LogNormal,
            "uniform" => Distribution::Uniform,
            "triangular" => Distribution::Triangular,
            "pert" => Distribution::Pert,
            _ => return None,
        })
    }

    /// How many parameters it takes.
    pub fn arity(self) -> usize {
        match self {
            Distribution::Triangular | Distribution::Pert => 3,
            _ => 2,
        }
    }

    /// What is wrong with these parameters, if anything.
    pub fn complaint(self, parameters: &[f64]) -> Option<&'static str> {
        let ordered = parameters.is_sorted();
        match (self, parameters) {
            (Distribution::Normal, [_, sd]) if *sd < 0.0 => Some("a standard deviation can't be negative"),
            (Distribution::Normal, _) => None,
            _ if !ordered => Some("the smaller value comes first"),
            (Distribution::LogNormal, [low, _]) if *low <= 0.0 => Some("a log-normal value is always positive"),
            _ => None,
        }
    }

    /// Whether it is a line, or the exponential of one, in a standard normal variable.
    pub fn is_normal(self) -> bool {
        matches!(self, Distribution::Interval | Distribution::LogNormal | Distribution::Normal)
    }

    /// Middle and width of that line, and whether the value is its exponential.
    pub fn line(self, parameters: &[f64]) -> Option<(f64, f64, bool)> {
        let through = |low: f64, high: f64| (f64::midpoint(low, high), (high - low) / (2.0 * Z95));
        Some(match (self, parameters) {
            (Distribution::LogNormal, &[low, high]) => {
                let (middle, width) = through(low.ln(), high.ln());
                (middle, width, true)
            }
            (Distribution::Interval, &[low, high]) if low > 0.0 => {
                let (middle, width) = through(low.ln(), high.ln());
                (middle, width, true)
            }
            (Distribution::Interval, &[low, high]) => {
                let (middle, width) = through(low, high);
                (middle, width, false)
            }
            (Distribution::Normal, &[mean, sd]) => (mean, sd, false),
            _ => return None,
        })
    }

    /// The value that is exceeded with probability `1 - u`, for valid parameters and `0 < u < 1`.
    pub fn quantile(self, parameters: &[f64], u: f64) -> f64 {
        if let Some((middle, width, logarithmic)) = self.line(parameters) {
            let x = middle + width * standard_normal(u);
            return if logarithmic { x.exp() } else { x };
        }
        match (self, parameters) {
            (Distribution::Uniform, &[low, high]) => low + (high - low) * u,
            (Distribution::Triangular, &[min, mode, max]) => triangular(min, mode, max, u),
            (Distribution::Pert, &[min, mode, max]) => pert(min, mode, max, u),
            _ => f64::NAN,
        }
    }
}

/// The quantile of the standard normal distribution.
pub fn standard_normal(u: f64) -> f64 {
    // Medians are asked for most and need no series.
    if u == 0.5 { 0.0 } else { Normal::standard().inverse_cdf(u) }
}

fn triangular(min: f64, mode: f64, max: f64, u: f64) -> f64 {
    let width = max - min;
    if width <= 0.0 {
        return min;
    }
    let split = (mode - min) / width;
    if u < split { min + (u * width * (mode - min)).sqrt() } else { max - ((1.0 - u) * width * (max - mode)).sqrt() }
}

fn pert(min: f64, mode: f64, max: f64, u: f64) -> f64 {
    let width = max - min;
    if width <= 0.0 {
        return min;
    }
    let alpha = 1.0 + 4.0 * (mode - min) / width;
    let beta = 1.0 + 4.0 * (max - mode) / width;
    match Beta::new(alpha, beta) {
        Ok(distribution) => min + width * distribution.inverse_cdf(u),
        Err(_) => mode,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_its_5th_and_95th_percentile() {
        for (low, high) in [(10e6, 50e6), (-3.0, 5.0), (0.005, 0.04)] {
            let at = |u| Distribution::Interval.quantile(&[low, high], u);
            assert!((at(0.05) / low - 1.0).abs() < 1e-6, "{}", at(0.05));
            assert!((at(0.95) / high - 1.0).abs() < 1e-6);
        }
        let median = Distribution::Interval.quantile(&[10.0, 40.0], 0.5);
        assert!((median - 20.0).abs() < 1e-9);
    }

    #[test]
    fn bounded_distributions_stay_in_their_bounds() {
        for distribution in [Distribution::Triangular, Distribution::Pert] {
            let at = |u| distribution.quantile(&[1.0, 2.0, 10.0], u);
            assert!(at(1e-9) >= 1.0 && at(1.0 - 1e-9) <= 10.0);
            assert!(at(0.2) < at(0.5) && at(0.5) < at(0.8));
            assert_eq!(distribution.quantile(&[4.0, 4.0, 4.0], 0.3), 4.0);
        }
        // Mean of a PERT distribution is (min + 4 mode + max) / 6 = 3.1667; integrate the quantile to see it.
        let mean: f64 = (0..2000)
            .map(|k| Distribution::Pert.quantile(&[1.0, 2.0, 10.0], (f64::from(k) + 0.5) / 2000.0))
            .sum::<f64>()
            / 2000.0;
        assert!((mean - 19.0 / 6.0).abs() < 1e-3, "{mean}");
    }
}
