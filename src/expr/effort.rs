//! What formulas cost, in elementary steps of evaluation: a rule pays before it calls one.

use crate::expr::eval::count;
use crate::expr::formulas::Formula;

/// Steps of any formula: some arithmetic, a logarithm or two.
const BASE: f64 = 16.0;

impl Formula {
    /// About how many steps of evaluation its value takes for these arguments.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1e12")]
    pub(super) fn effort(&self, arguments: &[f64]) -> usize {
        let given = count(arguments.len());
        let at = |place: usize| arguments.get(place).copied().filter(|x| *x > 0.0).unwrap_or(0.0);
        let steps = match self.name {
            // One round for each client, and in it one for each station.
            "closed_rate" | "closed_response" => at(0),
            "mva_rate" => at(0) * (given + 1.0),
            "erlang_b" | "erlang_c" => terms(at(0)),
            "ggc_wait" | "mmck_loss" | "mmck_response" => terms(at(2)),
            "mmc_wait" | "mmc_response" | "mmc_empty" => terms(at(2)),
            "mmc_within" | "mmc_wait_percentile" | "mmc_response_percentile" => 500.0 + terms(at(3)),
            // Doubling and bisection, each with a queue of its own.
            "servers_for_wait" => 60.0 * terms(at(0) * at(1)),
            "k_of_n" => terms(at(1)),
            "common_cause" | "replica_loss" => terms(at(0)),
            "erasure_loss" => terms(at(0) + at(1)),
            "k_of_each" => given.powi(2),
            "slowest" | "slowest_percentile" | "kth_fastest" | "backoff_total" => 500.0,
            "zipf_share" | "zipf_top" => groups(at(1)),
            "ttl_cache" => groups(at(2)),
            // A root: some sixty rounds over all groups of items.
            "che" => 20.0 * groups(at(0)),
            "che_size" => 20.0 * groups(at(1)),
            "random_cache" if at(0) <= 400.0 => 20.0 * groups(at(0)) + (at(0) * at(1)).min(250_000.0) / 4.0,
            "random_cache" => 20.0 * groups(at(0)),
            _ => given,
        };
        (BASE + steps.min(1e12)) as usize
    }
}

/// Terms of a sum over servers or parts: those within some ten standard deviations.
fn terms(parts: f64) -> f64 {
    (10.0 * parts.sqrt()).min(100_000.0)
}

/// Groups into which a cache's items are put: the first 256 by themselves, those behind them by steps of 1 %.
fn groups(items: f64) -> f64 {
    if items <= 256.0 { items } else { 256.0 + 100.0 * (items.min(1e15) / 256.0).ln() }
}

#[cfg(test)]
mod tests {
    use crate::expr::formulas::FORMULAS;

    #[test]
    fn formulas_that_go_over_many_cost_more_with_more() {
        // What isn't among these takes as long for any numbers.
        let dear = FORMULAS.iter().filter(|formula| {
            let with = |x: f64| formula.effort(&vec![x; formula.parameters.len()]);
            with(300.0) > with(2.0)
        });
        let dear: Vec<&str> = dear.map(|formula| formula.name).collect();
        for name in ["closed_rate", "mva_rate", "erlang_c", "mmck_loss", "mmc_wait", "k_of_n", "che", "zipf_top"] {
            assert!(dear.contains(&name), "{name} is not among {dear:?}");
        }
        assert!(!dear.contains(&"amdahl"));
        assert_eq!(dear.len(), 25, "a name in `effort` is no formula any more: {dear:?}");
    }

    #[test]
    fn no_effort_overflows() {
        for formula in FORMULAS {
            for x in [0.0, -1.0, 1e300, f64::INFINITY, f64::NAN] {
                assert!(formula.effort(&vec![x; formula.parameters.len()]) <= 1_000_000_000_100, "{}", formula.name);
            }
        }
    }
}
