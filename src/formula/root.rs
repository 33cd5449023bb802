//! Finding where a decreasing function crosses zero, when a bracket is known.

/// Rounds after which the bracket is returned as it is; bisection alone needs about 60 for full precision.
const MAX_ROUNDS: u32 = 200;

/// Narrows `[low, high]`, where `f(low) >= 0 >= f(high)` for a decreasing `f`, to a width of `relative * high`.
///
/// Chandrupatla's method (1997): inverse quadratic interpolation where the last three points allow it, bisection
/// otherwise, so that smooth functions take a handful of evaluations and steps are no worse than bisection.
/// Both ends keep their sign: the root is above the first and at or below the second.
pub fn bracket(f: impl Fn(f64) -> f64, low: f64, high: f64, relative: f64) -> (f64, f64) {
    let (mut far, mut near) = ((low, f(low)), (high, f(high)));
    let mut old;
    if far.1 <= 0.0 {
        return (low, low);
    }
    if near.1 > 0.0 {
        return (high, high);
    }
    let mut step = 0.5;
    for _ in 0..MAX_ROUNDS {
        let at = near.0 + step * (far.0 - near.0);
        let next = (at, f(at));
        if (next.1 > 0.0) == (near.1 > 0.0) {
            old = near;
        } else {
            old = far;
            far = near;
        }
        near = next;
        let width = (far.0 - near.0).abs();
        // The interpolation aims half a tolerance away from either end, which lets the bracket close from both sides.
        let least = 0.5 * relative * far.0.abs().max(near.0.abs()) / width;
        if least >= 0.5 || !least.is_finite() {
            break;
        }
        step = interpolated(old, far, near).clamp(least, 1.0 - least);
    }
    if near.0 < far.0 { (near.0, far.0) } else { (far.0, near.0) }
}

/// The next point as a share of the way from `near` to `far`.
fn interpolated(old: (f64, f64), far: (f64, f64), near: (f64, f64)) -> f64 {
    let xi = (near.0 - far.0) / (old.0 - far.0);
    let phi = (near.1 - far.1) / (old.1 - far.1);
    if phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi {
        let first = near.1 / (far.1 - near.1) * old.1 / (far.1 - old.1);
        let stretch = (old.0 - near.0) / (far.0 - near.0);
        first + stretch * near.1 / (old.1 - near.1) * far.1 / (old.1 - far.1)
    } else {
        0.5
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn smooth_functions_take_few_evaluations() {
        let calls = Cell::new(0);
        let f = |t: f64| {
            calls.set(calls.get() + 1);
            -t - 0.01f64.ln()
        };
        let (low, high) = bracket(f, 0.0, 1e3, 1e-9);
        assert!(low <= 100f64.ln() && 100f64.ln() <= high * (1.0 + 1e-12) && high - low <= high * 1e-9, "{low} {high}");
        assert!(calls.get() < 15, "{}", calls.get());
    }

    #[test]
    fn steps_end_within_the_tolerance() {
        let (low, high) = bracket(|t| if t < 0.3 { 1.0 } else { -1e-9 }, 0.0, 50.0, 1e-8);
        assert!(low < 0.3 && high >= 0.3 && high - low < 1e-8);
    }

    #[test]
    fn a_root_at_either_end_is_found() {
        assert_eq!(bracket(|t| -t, 0.0, 1.0, 1e-9), (0.0, 0.0));
        assert_eq!(bracket(|_| 1.0, 0.0, 1.0, 1e-9), (1.0, 1.0));
        let (low, high) = bracket(|t| 1.0 - t, 0.0, 1.0, 1e-9);
        assert!((low - 1.0).abs() < 1e-8 && (high - 1.0).abs() < 1e-8);
    }
}
