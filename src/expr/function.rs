//! The functions that every expression can call.

/// A built-in function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    Min,
    Max,
    Sum,
    Any,
    All,
    Count,
    Where,
    Map,
    Ceil,
    Floor,
    Round,
    Sqrt,
    Ln,
    Log10,
    Log2,
    Exp,
    Abs,
    OrElse,
}

/// Name, usage and one sentence of every function, for the help of `calc` and the reference page.
pub const FUNCTIONS: &[(&str, &str, &str)] = &[
    ("min", "min(a, b, …) or min(list, x => …)", "The smallest."),
    ("max", "max(a, b, …) or max(list, x => …)", "The largest."),
    ("sum", "sum(a, b, …) or sum(list, x => …)", "The total."),
    ("any", "any(list, x => condition)", "Whether the condition holds for at least one."),
    ("all", "all(list, x => condition)", "Whether the condition holds for every one."),
    ("count", "count(list) or count(list, x => condition)", "How many there are, or for how many it holds."),
    ("where", "where(list, x => condition)", "Those for which the condition holds."),
    ("map", "map(list, x => value)", "The values of all."),
    ("ceil", "ceil(x)", "Rounded up to a whole number."),
    ("floor", "floor(x)", "Rounded down to a whole number."),
    ("round", "round(x)", "Rounded to a whole number."),
    ("sqrt", "sqrt(x)", "The square root."),
    ("ln", "ln(x)", "The natural logarithm."),
    ("log10", "log10(x)", "The logarithm to base 10."),
    ("log2", "log2(x)", "The logarithm to base 2."),
    ("exp", "exp(x)", "e to the power of x."),
    ("abs", "abs(x)", "Without its sign."),
    ("or_else", "or_else(x, default)", "x where it is known, otherwise the default."),
    ("normal", "normal(mean, sd)", "An uncertain value, normally distributed."),
    ("lognormal", "lognormal(p5, p95)", "An uncertain value by its 5th and 95th percentile, log-normal."),
    ("uniform", "uniform(low, high)", "An uncertain value, all between equally likely."),
    ("triangular", "triangular(min, mode, max)", "An uncertain value with a most likely one."),
    ("pert", "pert(min, mode, max)", "An uncertain value with a most likely one, smooth (beta-PERT)."),
];

impl Function {
    pub(crate) fn from_name(name: &str) -> Option<Function> {
        Some(match name {
            "min" => Function::Min,
            "max" => Function::Max,
            "sum" => Function::Sum,
            "any" => Function::Any,
            "all" => Function::All,
            "count" => Function::Count,
            "where" => Function::Where,
            "map" => Function::Map,
            "ceil" => Function::Ceil,
            "floor" => Function::Floor,
            "round" => Function::Round,
            "sqrt" => Function::Sqrt,
            "ln" => Function::Ln,
            "log10" => Function::Log10,
            "log2" => Function::Log2,
            "exp" => Function::Exp,
            "abs" => Function::Abs,
            "or_else" => Function::OrElse,
            _ => return None,
        })
    }

    /// Whether it takes a list and a function of its members.
    pub(crate) fn goes_over_lists(self) -> bool {
        matches!(
            self,
            Function::Min
                | Function::Max
                | Function::Sum
                | Function::Any
                | Function::All
                | Function::Count
                | Function::Where
                | Function::Map
        )
    }

    /// A function of one number.
    pub(crate) fn of_one(self, x: f64) -> f64 {
        match self {
            // A value a hair above a whole number by rounding error must not need another server.
            Function::Ceil => (x - x.abs() * 1e-12).ceil(),
            Function::Floor => (x + x.abs() * 1e-12).floor(),
            Function::Round => x.round(),
            Function::Sqrt => x.sqrt(),
            Function::Ln => x.ln(),
            Function::Log10 => x.log10(),
            Function::Log2 => x.log2(),
            Function::Exp => x.exp(),
            Function::Abs => x.abs(),
            _ => f64::NAN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::Distribution;

    #[test]
    fn every_documented_function_exists() {
        for (name, usage, doc) in FUNCTIONS {
            assert!(Function::from_name(name).is_some() || Distribution::from_name(name).is_some(), "{name}");
            assert!(usage.starts_with(name) && doc.ends_with('.'));
        }
    }
}
