//! What a finding is recognised by when two versions of a spec are compared: other than the fingerprint of a baseline it keeps the
//! message, apart from its figures, and the comparison gives it names as they are after a rename.

use crate::quantity::{multiplier, unit};

/// What a finding is recognised by: the rule, what it is about, and its message without the numbers in it.
pub(super) fn recognised(rule: &str, subject: &str, message: &str) -> String {
    format!("{rule}:{subject}:{}", without_numbers(message))
}

/// A text with `#` in the place of each number and its unit. What stands in backticks is a name and stays.
fn without_numbers(text: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    let (mut in_name, mut after_number) = (false, false);
    for word in text.split_whitespace() {
        let is_name = in_name || word.contains('`');
        in_name ^= word.matches('`').count() % 2 == 1;
        let bare = word.trim_matches(|c: char| "(),;:.≈$+−-".contains(c));
        if !is_name && (bare.starts_with(|c: char| c.is_ascii_digit()) || bare.starts_with('∞')) {
            words.push("#");
            after_number = true;
        } else if !(after_number && is_unit(bare)) {
            words.push(word);
            after_number = false;
        }
    }
    words.join(" ")
}

/// `ms`, `%`, `/s`, `KB/s`, `/GB-month`.
fn is_unit(word: &str) -> bool {
    let known = |part: &str| part.is_empty() || part == "%" || unit(part).is_some() || multiplier(part).is_some();
    !word.is_empty() && word.split(['/', '-', '·', '^']).all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_their_units_go_and_names_stay() {
        for (text, left) in [
            (
                "`api` can't carry its peak of 23.1k /s: it would be 140 % busy",
                "`api` can't carry its peak of # it would be # busy",
            ),
            ("its p99 is 80 ms, the objective 1.2 s", "its p99 is # the objective #"),
            ("costs $5,400 /month (≈ 12 %)", "costs # (≈ #"),
            ("`db 2 ms` has 3 copies", "`db 2 ms` has # copies"),
            ("s3 waits for 5 min", "s3 waits for #"),
            ("falls behind by 5..40 ms each second", "falls behind by # each second"),
            ("", ""),
        ] {
            assert_eq!(without_numbers(text), left);
        }
    }

    #[test]
    fn rule_subject_and_words_tell_findings_apart() {
        let one = recognised("slow", "view", "p99 is 80 ms");
        assert_eq!(one, recognised("slow", "view", "p99 is 1.2 s"));
        for other in [
            recognised("late", "view", "p99 is 80 ms"),
            recognised("slow", "buy", "p99 is 80 ms"),
            recognised("slow", "view", "p95 is 80 ms"),
        ] {
            assert_ne!(one, other);
        }
    }
}
