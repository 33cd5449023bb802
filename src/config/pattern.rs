//! Patterns of paths, which mean what they mean in `.gitignore`.

use std::path::{Component, Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::source::Spanned;

/// Patterns that stand together: one without a slash is a name at any depth, one with a slash a path from the folder of
/// the file that has it; a folder stands for all that is in it, and `!` takes out again.
#[derive(Debug)]
pub struct Patterns {
    /// As they are written.
    pub texts: Vec<Spanned<String>>,
    matcher: Gitignore,
}

impl Default for Patterns {
    fn default() -> Self {
        Patterns { texts: Vec::new(), matcher: Gitignore::empty() }
    }
}

impl Patterns {
    /// Patterns from texts; each that is none goes to `wrong` with the reason and what to do.
    pub fn new(texts: Vec<Spanned<String>>, mut wrong: impl FnMut(&Spanned<String>, String, &str)) -> Patterns {
        // With an empty root no path is shortened before it is compared.
        let mut builder = GitignoreBuilder::new("");
        // Git takes an unclosed bracket as it stands; here it is a slip.
        builder.allow_unclosed_class(false);
        for text in &texts {
            let pattern = text.value.trim_start_matches("./");
            if pattern.trim().is_empty() {
                wrong(
                    text,
                    "an empty pattern matches nothing".to_owned(),
                    "name a folder or a file: `specs/legacy/**`",
                );
                continue;
            }
            if Path::new(pattern).components().any(|part| part == Component::ParentDir) {
                let help = "put a napkin.toml into that folder, or move this one up";
                wrong(text, "a pattern can't leave the folder of its napkin.toml".to_owned(), help);
                continue;
            }
            // A number sign would begin a comment.
            let pattern = if pattern.starts_with('#') { format!("\\{pattern}") } else { pattern.to_owned() };
            if let Err(error) = builder.add_line(None, &pattern) {
                let reason = match &error {
                    ignore::Error::Glob { err, .. } => err.clone(),
                    other => other.to_string(),
                };
                let help = "`*` is within a name, `**` any folders, `{a,b}` either, `[ab]` one character";
                wrong(text, format!("this is no pattern: {reason}"), help);
            }
        }
        let matcher = builder.build().unwrap_or_else(|_| Gitignore::empty());
        Patterns { texts, matcher }
    }

    /// Whether a file matches, by its path from the folder of the patterns; `..` leads out, where only names match.
    pub fn matches(&self, path: &Path) -> bool {
        // Only what is relative can be compared.
        let path: PathBuf = path.components().filter(|part| matches!(part, Component::Normal(_))).collect();
        self.matcher.matched_path_or_any_parents(path, false).is_ignore()
    }

    /// The folder below which everything is that a pattern can match: the part before its first wildcard.
    pub fn folder(pattern: &str) -> PathBuf {
        let pattern = pattern.trim_start_matches("./").trim_start_matches('/');
        // Without a slash it is a name at any depth.
        let Some((parents, _)) = pattern.trim_end_matches('/').rsplit_once('/') else { return PathBuf::new() };
        parents.split('/').take_while(|part| !Self::is_wild(part)).collect()
    }

    /// Whether a text is a pattern rather than a path.
    pub fn is_wild(text: &str) -> bool {
        text.contains(['*', '?', '[', '{'])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Sources, Span};

    #[test]
    fn patterns_mean_what_they_mean_to_git() {
        let span = Span::new(Sources::new().add("napkin.toml", ""), 0..0);
        for (patterns, path, matches) in [
            (&["specs/legacy/**"][..], "specs/legacy/a.yaml", true),
            (&["specs/legacy"], "specs/legacy/deep/a.yaml", true),
            (&["specs/legacy/"], "specs/legacy/a.yaml", true),
            (&["./specs/legacy"], "specs/legacy/a.yaml", true),
            (&["/a.yaml"], "a.yaml", true),
            (&["/a.yaml"], "b/a.yaml", false),
            (&["specs/legacy"], "old/specs/legacy/a.yaml", false),
            (&["legacy"], "old/specs/legacy/a.yaml", true),
            (&["*.draft.yaml"], "specs/a.draft.yaml", true),
            (&["specs/*.yaml"], "specs/deep/a.yaml", false),
            (&["specs/**/a.yaml"], "specs/x/y/a.yaml", true),
            (&["specs/{a,b}.yaml"], "specs/b.yaml", true),
            (&["specs/**", "!specs/a.yaml"], "specs/a.yaml", false),
            (&["specs/**", "!specs/a.yaml"], "specs/b.yaml", true),
            (&["#a.yaml"], "#a.yaml", true),
            (&["a.yaml"], "../a.yaml", true),
            (&[], "a.yaml", false),
        ] {
            let texts = patterns.iter().map(|text| Spanned::new((*text).to_owned(), span)).collect();
            let found = Patterns::new(texts, |text, reason, _| panic!("{}: {reason}", text.value));
            assert_eq!(found.matches(Path::new(path)), matches, "{patterns:?} {path}");
        }
        let mut wrong = Vec::new();
        let bad = ["specs/[", "", "../x", "{a"].map(|text| Spanned::new(text.to_owned(), span)).to_vec();
        Patterns::new(bad, |text, _, _| wrong.push(text.value.clone()));
        assert_eq!(wrong, ["specs/[", "", "../x", "{a"]);
    }

    #[test]
    fn the_folder_of_a_pattern_stands_before_its_wildcards() {
        for (pattern, folder) in [
            ("specs/legacy/**", "specs/legacy"),
            ("specs/a.yaml", "specs"),
            ("*.yaml", ""),
            ("./a/*/b", "a"),
            ("a/", ""),
        ] {
            assert_eq!(Patterns::folder(pattern), Path::new(folder), "{pattern}");
        }
    }
}
