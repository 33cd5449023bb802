//! What timeouts, retries and hedging make of a call.

use crate::estimate::Run;
use crate::formula::distribution::Latency;
use crate::formula::traffic::retry_attempts;
use crate::graph::Step;
use crate::vocabulary::attr;

/// Failures rarer than this change neither load nor latency by anything that shows.
const NEGLIGIBLE: f64 = 1e-9;

/// More repetitions than these are not told apart in the latency.
const MOST_RETRIES: u64 = 20;

/// A call with all its attempts.
#[derive(Clone, Debug)]
pub(super) struct Attempted {
    /// From the first attempt to the answer; to giving up where the caller goes on without one.
    pub time: Latency,
    /// Attempts on average.
    pub attempts: f64,
    /// Share of calls of which no attempt succeeds.
    pub fails: f64,
    /// Mean time of one attempt as its caller waits for it.
    pub held: f64,
}

/// What makes a single attempt fail.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hazard {
    /// Share refused by a full queue, at once.
    pub refused: f64,
    /// Share of which a call that the callee makes fails.
    pub nested: f64,
    /// Whether the caller goes on when all attempts fail.
    pub optional: bool,
    /// Whether the callee can't keep up, so that everything that can be late is.
    pub overloaded: bool,
    /// Share of which what would answer is gone: it lasts until the timeout, or is refused at once where there is none.
    pub gone: f64,
}

/// A call whose single attempt takes `own`.
#[expect(clippy::cast_precision_loss, reason = "at most 20 retries are counted")]
pub(super) fn attempted(run: &Run<'_>, step: &Step, own: Latency, hazard: Hazard) -> Attempted {
    let timeout = run.of(&step.own, attr!(Step, "timeout")).filter(|t| *t > 0.0);
    let (own, hedged) = hedge(run, step, own);
    let late = match timeout {
        Some(_) if hazard.overloaded => 1.0,
        Some(timeout) => own.tail(timeout),
        None => 0.0,
    };
    let fails_once = 1.0 - (1.0 - hazard.refused) * (1.0 - late) * (1.0 - hazard.nested) * (1.0 - hazard.gone);
    if fails_once > 1.0 - NEGLIGIBLE && breaks_circuit(step) {
        // Every call fails, so the breaker is open and answers in the callee's place.
        return Attempted { time: Latency::zero(), attempts: 1.0, fails: 1.0, held: 0.0 };
    }
    let retries = retries(run, step);
    // Who gave up doesn't wait for the answer.
    let held = match timeout {
        Some(timeout) if hazard.overloaded || hazard.gone > 0.0 => {
            let alive = if hazard.overloaded { timeout } else { own.mean().min(timeout) };
            hazard.gone * timeout + (1.0 - hazard.gone) * alive
        }
        _ => (1.0 - hazard.gone) * own.mean(),
    };
    if fails_once < NEGLIGIBLE {
        return Attempted { time: own, attempts: 1.0 + hedged, fails: fails_once, held };
    }
    let attempts = retry_attempts(fails_once.min(1.0), retries).unwrap_or(1.0);
    let waited = timeout.unwrap_or(0.0) * late * (1.0 - hazard.refused);
    let alive = waited + hazard.nested * (1.0 - late) * own.mean();
    let failing = (hazard.gone * timeout.unwrap_or(0.0) + (1.0 - hazard.gone) * alive) / fails_once;
    let success = timeout.and_then(|timeout| own.below(timeout)).unwrap_or_else(|| own.clone());
    let shown = retries.min(MOST_RETRIES);
    let mut parts = Vec::new();
    let mut chance = 1.0;
    for failed in 0..=shown {
        let before = Latency::constant(failed as f64 * failing + pause(run, step, failed));
        parts.push((chance * (1.0 - fails_once), before.sequence(&success)));
        chance *= fails_once;
    }
    // Latency is that of answers. A call that its caller can do without makes it wait all the same.
    if hazard.optional || chance > 1.0 - NEGLIGIBLE {
        parts.push((chance, Latency::constant((shown + 1) as f64 * failing + pause(run, step, shown))));
    }
    Attempted { time: Latency::mixture(parts), attempts: attempts + hedged, fails: chance, held }
}

/// Whether calls stop while the callee is failing.
pub(super) fn breaks_circuit(step: &Step) -> bool {
    use crate::attributes::AttributeValue;
    let stated = step.own.get(attr!(Step, "circuit_breaker")).map(|attribute| &attribute.value);
    matches!(stated, Some(AttributeValue::Flag(true)))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and from 0 to 1e9")]
pub(super) fn retries(run: &Run<'_>, step: &Step) -> u64 {
    run.of(&step.own, attr!(Step, "retries")).unwrap_or(0.0) as u64
}

/// The quicker of two identical calls, the second begun after a delay if the first isn't back; and how often it is begun.
fn hedge(run: &Run<'_>, step: &Step, own: Latency) -> (Latency, f64) {
    let Some(delay) = run.of(&step.own, attr!(Step, "hedge")) else { return (own, 0.0) };
    let begun = own.tail(delay);
    if begun < NEGLIGIBLE {
        return (own, 0.0);
    }
    let second = Latency::constant(delay).sequence(&own);
    (Latency::minimum(&[own, second]), begun)
}

/// Pauses between `failed` attempts and the next, in all. Without a stated first pause there is none.
pub(super) fn pause(run: &Run<'_>, step: &Step, failed: u64) -> f64 {
    use crate::formula::traffic::backoff_total;
    let base = run.of(&step.own, attr!(Step, "backoff_base")).unwrap_or(0.0);
    let kind = match step.own.get(attr!(Step, "backoff")).map(|attribute| &attribute.value) {
        Some(crate::attributes::AttributeValue::Word(word)) => *word,
        _ => "fixed",
    };
    match kind {
        "none" => 0.0,
        "exponential" => backoff_total(base, failed, f64::INFINITY).unwrap_or(f64::MAX),
        // Full jitter waits half as long on average.
        "exponential-jitter" => backoff_total(base, failed, f64::INFINITY).unwrap_or(f64::MAX) / 2.0,
        _ => backoff_total(base, failed, base).unwrap_or(f64::MAX),
    }
}
