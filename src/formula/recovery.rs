//! Data lost and time to restore after a disaster; error budgets and the burn rates at which to alert.

use super::{amounts, finite, shares};

/// The most data that a restore from backups loses, in the unit of the arguments: `interval + duration`.
///
/// A disaster just before a backup is complete leaves only the one before it. `None` for negative arguments. Example: daily
/// backups that take 2 h lose up to 26 h.
pub fn backup_window(interval: f64, duration: f64) -> Option<f64> {
    amounts(&[interval, duration]).then(|| finite(interval + duration))?
}

/// Time to copy so many bytes back: `size / bandwidth`, the floor of every restore.
///
/// `None` for negative arguments or no bandwidth. Example: 1 TB at 100 MB/s takes 2.8 h.
pub fn restore_time(size: f64, bandwidth: f64) -> Option<f64> {
    (amounts(&[size, bandwidth]) && bandwidth > 0.0).then(|| finite(size / bandwidth))?
}

/// Time until a failing target is taken out: the probes that must fail in a row, one interval apart.
///
/// `None` for negative arguments. Example: 3 probes 10 s apart take 30 s.
pub fn detection(interval: f64, probes: f64) -> Option<f64> {
    amounts(&[interval, probes]).then(|| finite(interval * probes))?
}

/// A strategy of disaster recovery, with the times that it is chosen for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strategy {
    /// `pilot-light` and so on.
    pub name: &'static str,
    /// Time to recover, least and most, in seconds.
    pub rto: (f64, f64),
    /// Data lost, least and most, in seconds.
    pub rpo: (f64, f64),
    /// What it needs, in a sentence.
    pub needs: &'static str,
    /// Whether capacity has to run in a second region beforehand.
    pub runs_elsewhere: bool,
}

/// The four strategies, cheapest first. The handbook says "hours", "10s of minutes", "minutes", "seconds" and "near-zero"; as numbers
/// that is read as 1 to 24 h, 10 to 60 min, 1 to 10 min (for data lost 1 to 60 min), 1 to 60 s, and up to a minute of outage and a
/// second of data.
pub const STRATEGIES: [Strategy; 4] = [
    Strategy {
        name: "backup-restore",
        rto: (3600.0, 86_400.0),
        rpo: (3600.0, 86_400.0),
        needs: "backups of every store, kept in another region",
        runs_elsewhere: false,
    },
    Strategy {
        name: "pilot-light",
        rto: (600.0, 3600.0),
        rpo: (60.0, 3600.0),
        needs: "data replicated to a second region",
        runs_elsewhere: false,
    },
    Strategy {
        name: "warm-standby",
        rto: (60.0, 600.0),
        rpo: (1.0, 60.0),
        needs: "data replicated to a second region, and capacity that runs there",
        runs_elsewhere: true,
    },
    Strategy {
        name: "active-active",
        rto: (0.0, 60.0),
        rpo: (0.0, 1.0),
        needs: "every component and every store in at least two regions",
        runs_elsewhere: true,
    },
];

/// How a page or ticket is raised: a share of the budget may be spent within a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// The long window, in seconds.
    pub long: f64,
    /// The short one, which ends the alert soon after the errors end: a twelfth of the long one.
    pub short: f64,
    /// Share of the budget that is spent when the alert fires at the end of the long window.
    pub spent: f64,
    /// Whether somebody is woken, rather than asked to look on the next day.
    pub page: bool,
}

/// The windows of the SRE workbook, for a budget of about a month: 2 % in 1 h, 5 % in 6 h, 10 % in 3 days.
pub const WINDOWS: [Window; 3] = [
    Window { long: 3600.0, short: 300.0, spent: 0.02, page: true },
    Window { long: 6.0 * 3600.0, short: 1800.0, spent: 0.05, page: true },
    Window { long: 3.0 * 86_400.0, short: 6.0 * 3600.0, spent: 0.1, page: false },
];

/// The period of an error budget: 30 days.
pub const BUDGET_PERIOD: f64 = 30.0 * 86_400.0;

/// The burn rate that spends a share of the budget of `period` within `window`: `share · period / window`.
///
/// 1 spends all of it in exactly the period. `None` for negative arguments or an empty window. Source: The Site
/// Reliability Workbook, chapter 5. Example: 2 % of 30 days in 1 h is 14.4, of 28 days 13.44.
pub fn burn_rate(spent: f64, period: f64, window: f64) -> Option<f64> {
    (amounts(&[spent, period, window]) && window > 0.0).then(|| finite(spent * period / window))?
}

/// The highest burn rate there is, when every request fails: `1 / (1 − objective)`.
///
/// An alert at or above it never fires. `None` outside 0 to 1 and for an objective of 1, which leaves no budget. Example: 99.9 %
/// burns at most at 1,000, 93 % at 14.3, so that 14.4 is out of reach.
pub fn highest_burn(objective: f64) -> Option<f64> {
    (shares(&[objective]) && objective < 1.0).then(|| finite(1.0 / (1.0 - objective)))?
}

/// Time until the budget of `period` is gone at a burn rate: `period / rate`.
///
/// `None` for negative arguments or a rate of 0. Example: 14.4 spends 30 days' budget in 50 h, not in 2.
pub fn exhaustion(period: f64, rate: f64) -> Option<f64> {
    (amounts(&[period, rate]) && rate > 0.0).then(|| finite(period / rate))?
}

/// Failed requests within a window at which a burn rate is reached: `requests/s · window · rate · (1 − objective)`.
///
/// Below 1 a single failure raises the alert. `None` out of range. Example: 0.01/s at 99.9 % and a rate of 14.4: 0.52 in 1 h.
pub fn errors_to_alert(traffic: f64, window: f64, rate: f64, objective: f64) -> Option<f64> {
    (amounts(&[traffic, window, rate]) && shares(&[objective]))
        .then(|| finite(traffic * window * rate * (1.0 - objective)))?
}

/// Time from the begin of an outage, in which every request fails, until an alert fires: `window · rate · (1 − objective)`.
///
/// The long window decides, the short one is full of errors by then. `None` if the alert can't fire. Example: 14.4 over 1 h
/// at 99.9 %: 52 s.
pub fn time_to_alert(window: f64, rate: f64, objective: f64) -> Option<f64> {
    let share = rate * (1.0 - objective);
    (amounts(&[window, rate]) && shares(&[objective]) && share < 1.0).then(|| finite(window * share))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: Option<f64>, expected: f64) {
        let value = value.unwrap();
        assert!((value / expected - 1.0).abs() <= 5e-3, "{value} is not {expected}");
    }

    #[test]
    fn published_burn_rates() {
        for (days, expected) in [(30.0, [14.4, 6.0, 1.0]), (28.0, [13.44, 5.6, 0.9333])] {
            for (window, expected) in WINDOWS.iter().zip(expected) {
                close(burn_rate(window.spent, days * 86_400.0, window.long), expected);
                close(Some(window.long / window.short), 12.0);
            }
        }
        close(exhaustion(BUDGET_PERIOD, 14.4), 50.0 * 3600.0);
        close(highest_burn(0.999), 1000.0);
        assert!(highest_burn(0.9305).unwrap() < 14.4 && highest_burn(0.9307).unwrap() > 14.4, "the limit is 93.06 %");
        assert_eq!((highest_burn(1.0), exhaustion(1.0, 0.0), burn_rate(0.1, 1.0, 0.0)), (None, None, None));
    }

    #[test]
    fn events_that_raise_an_alert() {
        close(errors_to_alert(0.01, 3600.0, 14.4, 0.999), 0.5184);
        close(time_to_alert(3600.0, 14.4, 0.999), 51.84);
        assert_eq!(time_to_alert(3600.0, 14.4, 0.93), None);
    }

    #[test]
    fn an_outage_counted_second_by_second_fires_when_the_formula_says() {
        let (objective, rate, window) = (0.99, 14.4, 3600.0);
        let threshold = rate * (1.0 - objective);
        let fired = (1..3600).find(|second| f64::from(*second) / window >= threshold).unwrap();
        close(time_to_alert(window, rate, objective), f64::from(fired));
    }

    #[test]
    fn windows_and_restores() {
        close(backup_window(86_400.0, 7200.0), 26.0 * 3600.0);
        close(restore_time(1e12, 1e8), 1e4);
        close(detection(10.0, 3.0), 30.0);
        assert_eq!((restore_time(1.0, 0.0), backup_window(-1.0, 0.0), detection(f64::NAN, 1.0)), (None, None, None));
    }
}
