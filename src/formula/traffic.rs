//! Conversions between rates, times and numbers in flight.

use super::{amounts, finite, shares};

/// Peak rate from a mean rate and the factor between them: `mean · factor`, in the mean's unit.
///
/// `None` for a negative rate or a factor below 1, which would be no peak. Published notes use 2, 3 or 5.
/// Example: 3,472/s with a factor of 2 peak at 6,944/s.
pub fn peak(mean_rate: f64, factor: f64) -> Option<f64> {
    if !(amounts(&[mean_rate, factor]) && factor >= 1.0) {
        return None;
    }
    finite(mean_rate * factor)
}

/// Mean number of attempts per request with up to `retries` retries and a chance `p` that an attempt fails:
/// `(1 − p^{r+1}) / (1 − p)`.
///
/// `None` for a `p` outside 0 to 1. Attempts fail independently; in an outage `p` is 1 and the answer `r + 1`, and layers
/// multiply. Example: 3 retries at 10 % failures make 1.111 attempts, at 100 % 4, and in 3 layers 64.
pub fn retry_attempts(p: f64, retries: u64) -> Option<f64> {
    if !shares(&[p]) {
        return None;
    }
    let most = retries as f64 + 1.0;
    if p <= 0.0 {
        return Some(1.0);
    }
    // As a quotient of two differences from 1, both of which stay exact next to p = 1.
    let log = p.ln();
    Some(if log == 0.0 { most } else { ((most * log).exp_m1() / log.exp_m1()).min(most) })
}

/// Little's law: the mean number in a system is the rate of arrivals times the mean time they stay, `L = λW`.
///
/// Needs a steady state; with losses the rate is that of what is let in. `None` for negative arguments. Source: Little
/// 1961. Example: 500 connections/s of up to 2 h each are 3,600,000 at a time.
pub fn littles_law(rate: f64, time: f64) -> Option<f64> {
    if !amounts(&[rate, time]) {
        return None;
    }
    finite(rate * time)
}

/// The most that a token bucket lets pass in `time`: `burst + rate · time`, if it was full at the start.
///
/// `None` for negative arguments. Example: a bucket of 10 with 2/s lets at most 130 pass in a minute.
pub fn token_bucket(burst: f64, rate: f64, time: f64) -> Option<f64> {
    if !amounts(&[burst, rate, time]) {
        return None;
    }
    finite(burst + rate * time)
}

/// Tokens in a bucket some time after it held `tokens`: `min(capacity, tokens + refill · elapsed)`.
///
/// `None` for negative arguments. Example: 5 tokens of 10 are 7 after a second at 2/s.
pub fn token_bucket_level(capacity: f64, tokens: f64, refill: f64, elapsed: f64) -> Option<f64> {
    if !amounts(&[capacity, tokens, refill, elapsed]) {
        return None;
    }
    Some((tokens + refill * elapsed).min(capacity))
}

/// Servers by the square-root rule: `⌈a + β√a⌉` for an offered load of `a` erlangs, at least 1.
///
/// `β` sets the quality of service: about 1 when waits are cheap, above 2 when they are not (Halfin and Whitt 1981).
/// `None` for negative arguments. Example: 400 erlangs with `β = 2.375` need 448 servers.
pub fn sqrt_staffing(load: f64, beta: f64) -> Option<u64> {
    if !amounts(&[load, beta]) {
        return None;
    }
    // Rounding must not cost a server: one part in 10⁹ above a whole number is that number.
    let servers = finite(load + beta * load.sqrt())?;
    Some(((servers * (1.0 - 1e-9)).ceil() as u64).max(1))
}

/// Time spent between attempts: `Σ_{i<r} min(cap, base·2^i)`, in the unit of `base`.
///
/// With full jitter the mean is half of it. `None` for negative times; an infinite cap is none. Example: 4 retries from
/// 1 s wait 1 + 2 + 4 + 8 = 15 s.
pub fn backoff_total(base: f64, retries: u64, cap: f64) -> Option<f64> {
    if !(amounts(&[base]) && cap >= 0.0) {
        return None;
    }
    let (mut pause, mut total) = (base, 0.0);
    for done in 0..retries {
        if pause >= cap || pause == 0.0 {
            return finite(total + pause.min(cap) * (retries - done) as f64);
        }
        total += pause;
        pause *= 2.0;
        if done > 2000 {
            return None;
        }
    }
    finite(total)
}

/// The exponent `k` of the daily curve `peak · ((1 − cos 2πt) / 2)^k` whose peak is `factor` times its mean.
///
/// The mean of the curve is `Γ(k + ½) / (√π · Γ(k + 1))` (Wallis), which falls from 1 at k = 0; 2 is a plain sine curve
/// (k = 1). `None` unless `1 <= factor <= 1e4`. Within 1e-9. Example: a peak of 8/3 times the mean has k = 2.
pub fn day_exponent(factor: f64) -> Option<f64> {
    use statrs::function::gamma::ln_gamma;
    if !(1.0..=1e4).contains(&factor) {
        return None;
    }
    let mean = |k: f64| (ln_gamma(k + 0.5) - ln_gamma(k + 1.0)).exp() / std::f64::consts::PI.sqrt();
    // Far out the mean falls as 1/√(πk), so this is beyond any factor that is allowed.
    let (mut low, mut high) = (0.0, 1e8);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if mean(middle) > 1.0 / factor { low = middle } else { high = middle }
    }
    Some(f64::midpoint(low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn daily_curves_have_their_mean() {
        for (factor, k) in [(1.0, 0.0), (2.0, 1.0), (8.0 / 3.0, 2.0), (3.2, 3.0)] {
            assert!((day_exponent(factor).unwrap() - k).abs() < 1e-7, "{factor}");
        }
        // By adding up the curve itself.
        let k = day_exponent(5.0).unwrap();
        let curve = |i: i32| ((1.0 - (f64::from(i) * std::f64::consts::TAU / 10_000.0).cos()) / 2.0).powf(k);
        let mean: f64 = (0..10_000).map(curve).sum::<f64>() / 10_000.0;
        assert!((mean - 0.2).abs() < 1e-9);
        assert_eq!((day_exponent(0.5), day_exponent(f64::NAN)), (None, None));
    }

    fn close(value: Option<f64>, expected: f64, relative: f64) {
        let value = value.unwrap();
        assert!((value / expected - 1.0).abs() <= relative, "{value} is not {expected}");
    }

    #[test]
    fn golden_botec_twitter_rates() {
        let mean = 150e6 * 2.0 / 86_400.0;
        close(Some(mean), 3472.0, 1e-3);
        close(peak(mean, 2.0), 6944.0, 1e-3);
        assert_eq!(
            (peak(1.0, 0.5), peak(f64::NAN, 2.0), peak(-1.0, 2.0), peak(1e300, 1e300)),
            (None, None, None, None)
        );
    }

    #[test]
    fn golden_sqrt_staffing_netflix() {
        let cases =
            [(10_000.0, 1e-3, 2.375, 18), (1e5, 4e-3, 2.375, 448), (10_000.0, 1e-3, 1.761, 16), (1e5, 4e-3, 1.0, 420)];
        for (rate, latency, beta, cores) in cases {
            assert_eq!(sqrt_staffing(rate * latency, beta), Some(cores));
        }
        assert_eq!(
            (sqrt_staffing(0.0, 2.0), sqrt_staffing(f64::NAN, 2.0), sqrt_staffing(1.0, -1.0)),
            (Some(1), None, None)
        );
        assert_eq!(sqrt_staffing(1e300, 1.0), Some(u64::MAX));
    }

    #[test]
    fn retries_match_the_formula_sheet() {
        assert_eq!(
            (retry_attempts(1.0, 3), retry_attempts(0.0, 3), retry_attempts(0.4, 0)),
            (Some(4.0), Some(1.0), Some(1.0))
        );
        close(retry_attempts(1.0, 3).map(|attempts| attempts.powi(3)), 64.0, 1e-12);
        close(retry_attempts(0.1, 3), 1.111, 1e-12);
        close(retry_attempts(1.0 - 1e-15, 9), 10.0, 1e-12);
        close(retry_attempts(0.5, u64::MAX), 2.0, 1e-12);
        close(retry_attempts(1e-300, 5), 1.0, 1e-12);
        assert_eq!((retry_attempts(1.1, 3), retry_attempts(-0.1, 3), retry_attempts(f64::NAN, 3)), (None, None, None));
    }

    #[test]
    fn backoff_matches_the_handbook() {
        assert_eq!(backoff_total(1.0, 4, f64::INFINITY), Some(15.0));
        assert_eq!(backoff_total(1.0, 5, f64::INFINITY), Some(31.0));
        assert_eq!(backoff_total(1.0, 5, 4.0), Some(15.0));
        assert_eq!(backoff_total(0.1, u64::MAX, f64::INFINITY), None);
        assert_eq!((backoff_total(-1.0, 1, 1.0), backoff_total(0.0, 9, 1.0)), (None, Some(0.0)));
    }

    #[test]
    fn littles_law_matches_vendors() {
        // apigw-websocket-concurrency and etcd-littles-law-writes
        assert_eq!(littles_law(500.0, 7200.0), Some(3_600_000.0));
        close(littles_law(44_341.0, 0.022_552_490_92), 1000.0, 1e-9);
        assert_eq!((littles_law(-1.0, 1.0), littles_law(f64::NAN, 1.0), littles_law(1e200, 1e200)), (None, None, None));
    }

    #[test]
    fn buckets_match_the_handbook() {
        assert_eq!(token_bucket(10.0, 2.0, 60.0), Some(130.0));
        assert_eq!(token_bucket(10.0, -2.0, 60.0), None);
        // seed-token-bucket: 5, 3 and 10 requests at 0, 1 and 2 s, of which 4 are refused.
        let first = token_bucket_level(10.0, 10.0, 2.0, 0.0).unwrap() - 5.0;
        let second = token_bucket_level(10.0, first, 2.0, 1.0).unwrap() - 3.0;
        assert_eq!((first, second, token_bucket_level(10.0, second, 2.0, 1.0)), (5.0, 4.0, Some(6.0)));
        assert_eq!(token_bucket_level(10.0, 5.0, 1e300, 1e300), Some(10.0));
        assert_eq!(token_bucket_level(10.0, f64::NAN, 1.0, 1.0), None);
    }
}
