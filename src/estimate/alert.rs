//! Burn-rate alerts for the objective of a flow: what raises them, how soon, and whether anything can.

use crate::estimate::FlowFigures;
use crate::formula::recovery::{WINDOWS, Window, burn_rate, errors_to_alert, exhaustion, highest_burn, time_to_alert};

/// One alert.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alert {
    /// Its windows.
    pub window: Window,
    /// The burn rate that raises it.
    pub rate: f64,
    /// The share of requests that fail then.
    pub errors: f64,
    /// Whether that is less than all of them.
    pub can_fire: bool,
    /// Failed requests in the long window that raise it, at the average rate; `None` if that isn't known.
    pub events: Option<f64>,
    /// Failed requests in the short window that keep it up.
    pub short_events: Option<f64>,
    /// How long after the begin of a complete outage it fires, in seconds; `None` if it can't.
    pub after: Option<f64>,
    /// How long the budget lasts at this rate, in seconds.
    pub exhausted: f64,
}

/// The alerts for a flow; none without an objective for availability, nor for one of 100 %, which leaves no budget.
pub fn alerts(flow: &FlowFigures) -> Vec<Alert> {
    let Some(objective) = flow.objective else { return Vec::new() };
    let Some(most) = highest_burn(objective) else { return Vec::new() };
    let one = |window: &Window| {
        let rate = burn_rate(window.spent, flow.period, window.long)?;
        let events = |length| errors_to_alert(flow.rate?, length, rate, objective);
        Some(Alert {
            window: *window,
            rate,
            errors: rate * (1.0 - objective),
            can_fire: rate < most,
            events: events(window.long),
            short_events: events(window.short),
            after: time_to_alert(window.long, rate, objective),
            exhausted: exhaustion(flow.period, rate)?,
        })
    };
    WINDOWS.iter().filter_map(one).collect()
}

/// How many alerts no outage can raise.
#[expect(clippy::cast_precision_loss, reason = "three at most")]
pub fn out_of_reach(flow: &FlowFigures) -> Option<f64> {
    flow.objective?;
    Some(alerts(flow).iter().filter(|alert| !alert.can_fire).count() as f64)
}

/// Failed requests that raise the alert that needs fewest of them among those that wake somebody.
pub fn fewest_events(flow: &FlowFigures) -> Option<f64> {
    let pages = alerts(flow).into_iter().filter(|alert| alert.window.page && alert.can_fire);
    pages.filter_map(|alert| alert.events).reduce(f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formula::recovery::BUDGET_PERIOD;

    fn flow(objective: f64, rate: f64) -> FlowFigures {
        FlowFigures { objective: Some(objective), rate: Some(rate), period: BUDGET_PERIOD, ..FlowFigures::default() }
    }

    #[test]
    fn alerts_know_their_reach() {
        let list = alerts(&flow(0.999, 100.0));
        let rates: Vec<f64> = list.iter().map(|alert| (alert.rate * 10.0).round() / 10.0).collect();
        assert_eq!(rates, [14.4, 6.0, 1.0]);
        assert!(list.iter().all(|alert| alert.can_fire));
        assert!((list[0].events.unwrap() - 5184.0).abs() < 1e-6 && (list[0].exhausted / 3600.0 - 50.0).abs() < 1e-9);
        let reach = |objective| alerts(&flow(objective, 1.0)).iter().map(|alert| alert.can_fire).collect::<Vec<_>>();
        assert_eq!(reach(0.93), [false, true, true]);
        assert_eq!(reach(0.8), [false, false, true]);
        assert_eq!((out_of_reach(&flow(0.93, 1.0)), out_of_reach(&flow(0.99, 1.0))), (Some(1.0), Some(0.0)));
        assert!(alerts(&flow(1.0, 1.0)).is_empty());
        let four_weeks = FlowFigures { period: 28.0 * 86_400.0, ..flow(0.999, 1.0) };
        let rates: Vec<f64> = alerts(&four_weeks).iter().map(|alert| (alert.rate * 1000.0).round() / 1000.0).collect();
        assert_eq!(rates, [13.44, 5.6, 0.933]);
    }

    #[test]
    fn few_requests_make_one_error_an_alarm() {
        assert!(fewest_events(&flow(0.999, 0.005)).unwrap() < 1.0);
        assert!(fewest_events(&flow(0.999, 0.05)).unwrap() > 1.0);
        assert_eq!(fewest_events(&FlowFigures { rate: None, ..flow(0.999, 1.0) }), None);
    }
}
