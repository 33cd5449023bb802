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
    Mean,
    MinBy,
    MaxBy,
    First,
    Distinct,
    Union,
    Intersect,
    Without,
    Subset,
    Overlaps,
    StartsWith,
    EndsWith,
    Contains,
    Matches,
    Length,
}

/// Name, usage and one sentence of the functions of numbers, for the help of `calc` and the reference page.
pub const FUNCTIONS: &[(&str, &str, &str)] = &[
    ("min", "min(a, b, …) or min(list, x => …)", "The smallest."),
    ("max", "max(a, b, …) or max(list, x => …)", "The largest."),
    ("sum", "sum(a, b, …) or sum(list, x => …)", "The total."),
    ("mean", "mean(a, b, …) or mean(list, x => …)", "The average."),
    ("ceil", "ceil(x)", "Rounded up to a whole number."),
    ("floor", "floor(x)", "Rounded down to a whole number."),
    ("round", "round(x)", "Rounded to a whole number."),
    ("sqrt", "sqrt(x)", "The square root."),
    ("ln", "ln(x)", "The natural logarithm."),
    ("log10", "log10(x)", "The logarithm to base 10."),
    ("log2", "log2(x)", "The logarithm to base 2."),
    ("exp", "exp(x)", "e to the power of x."),
    ("abs", "abs(x)", "Without its sign."),
    ("normal", "normal(mean, sd)", "An uncertain value, normally distributed."),
    ("lognormal", "lognormal(p5, p95)", "An uncertain value by its 5th and 95th percentile, log-normal."),
    ("uniform", "uniform(low, high)", "An uncertain value, all between equally likely."),
    ("triangular", "triangular(min, mode, max)", "An uncertain value with a most likely one."),
    ("pert", "pert(min, mode, max)", "An uncertain value with a most likely one, smooth (beta-PERT)."),
];

/// The functions of lists, text and what may be unknown: of little use without a system to ask about.
pub const RULE_FUNCTIONS: &[(&str, &str, &str)] = &[
    ("any", "any(list, x => condition)", "Whether the condition holds for at least one."),
    ("all", "all(list, x => condition)", "Whether the condition holds for every one; true for an empty list."),
    ("count", "count(list) or count(list, x => condition)", "How many there are, or for how many it holds."),
    ("where", "where(list, x => condition)", "Those for which the condition holds."),
    ("map", "map(list, x => value)", "The values of all."),
    ("min_by", "min_by(list, x => number)", "The member with the smallest number; of equals the first."),
    ("max_by", "max_by(list, x => number)", "The member with the largest number; of equals the first."),
    ("first", "first(list)", "The first member."),
    ("distinct", "distinct(list)", "The list without repeats, each where it stands first."),
    ("union", "union(a, b) or union(list, x => list)", "What is in a or in b, or in the list of any, without repeats."),
    ("intersect", "intersect(a, b)", "What is in a and in b, without repeats."),
    ("without", "without(a, b)", "What is in a and not in b, without repeats."),
    ("subset", "subset(a, b)", "Whether all that is in a is in b; true for an empty a."),
    ("overlaps", "overlaps(a, b)", "Whether something is in both."),
    ("starts_with", "text starts_with \"…\"", "Whether a text begins with another."),
    ("ends_with", "text ends_with \"…\"", "Whether a text ends with another."),
    ("contains", "text contains \"…\"", "Whether a text has another in it."),
    (
        "matches",
        "text matches \"pattern\"",
        "Whether a regular expression matches; anywhere, unless it has `^` and `$`.",
    ),
    ("length", "length(text)", "How many characters a text has."),
    ("or_else", "or_else(x, default)", "x where it is known, otherwise the default."),
];

/// What other languages call these things, and how they are written here.
const ELSEWHERE: [(&str, &str); 15] = [
    ("average", "mean"),
    ("avg", "mean"),
    ("filter", "where"),
    ("select", "where"),
    ("exists", "any"),
    ("some", "any"),
    ("every", "all"),
    ("forall", "all"),
    ("len", "count"),
    ("size", "count"),
    ("regex", "matches"),
    ("match", "matches"),
    ("intersection", "intersect"),
    ("difference", "without"),
    ("coalesce", "or_else"),
];

/// How a function is written, by its name.
pub(crate) fn usage(name: &str) -> Option<&'static str> {
    FUNCTIONS.iter().chain(RULE_FUNCTIONS).find(|(known, ..)| *known == name).map(|(_, usage, _)| *usage)
}

/// How a function is written that somebody calls by its name elsewhere.
pub(crate) fn meant(name: &str) -> Option<&'static str> {
    ELSEWHERE.iter().find(|(theirs, _)| *theirs == name).and_then(|(_, ours)| usage(ours))
}

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
            "mean" => Function::Mean,
            "min_by" => Function::MinBy,
            "max_by" => Function::MaxBy,
            "first" => Function::First,
            "distinct" => Function::Distinct,
            "union" => Function::Union,
            "intersect" => Function::Intersect,
            "without" => Function::Without,
            "subset" => Function::Subset,
            "overlaps" => Function::Overlaps,
            "starts_with" => Function::StartsWith,
            "ends_with" => Function::EndsWith,
            "contains" => Function::Contains,
            "matches" => Function::Matches,
            "length" => Function::Length,
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
                | Function::Mean
                | Function::MinBy
                | Function::MaxBy
                | Function::Union
        )
    }

    /// Whether it takes two lists.
    pub(crate) fn is_of_sets(self) -> bool {
        matches!(
            self,
            Function::Union | Function::Intersect | Function::Without | Function::Subset | Function::Overlaps
        )
    }

    /// Whether it takes texts.
    pub(crate) fn is_of_text(self) -> bool {
        matches!(self, Function::StartsWith | Function::EndsWith | Function::Contains | Function::Length)
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
    fn names_of_elsewhere_lead_to_functions_and_are_none() {
        for (theirs, ours) in ELSEWHERE {
            assert!(usage(ours).is_some() && Function::from_name(theirs).is_none(), "{theirs}");
        }
    }

    #[test]
    fn every_documented_function_exists() {
        for (name, usage, doc) in FUNCTIONS.iter().chain(RULE_FUNCTIONS) {
            assert!(Function::from_name(name).is_some() || Distribution::from_name(name).is_some(), "{name}");
            assert!(usage.contains(name) && doc.ends_with('.'));
        }
    }
}
