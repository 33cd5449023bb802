//! Files as they are in revisions of a git repository, asked from the `git` program, which is started without a shell.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cli::{Failure, files};
use crate::source::{MAX_BYTES, SourceId, Sources, Unreadable};

/// A commit, and what messages call it.
pub(super) struct Revision {
    /// As the user wrote it, or the beginning of its hash.
    pub label: String,
    /// Its full hash.
    commit: String,
}

/// What is compared: two revisions, or one with the files as they are.
pub(super) struct Range {
    /// The older side.
    pub old: Revision,
    /// The newer side; `None` for the files as they are.
    pub new: Option<Revision>,
}

/// A file of a revision.
pub(super) struct Blob {
    /// Its path from where we are.
    pub path: String,
    /// The hash of its content.
    hash: String,
    /// Its bytes.
    size: usize,
}

/// What is said where git says nothing.
const NO_REASON: &str = "no reason given";

/// Runs git; its standard output, or what it complains about.
fn git<A: AsRef<OsStr>>(arguments: &[A]) -> Result<Result<Vec<u8>, String>, Failure> {
    let output = Command::new("git")
        .args(arguments)
        // Paths are paths, not patterns; nothing is locked, asked for, or translated.
        .env("GIT_LITERAL_PATHSPECS", "1")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                Failure("`git` isn't installed or not on the PATH; install it, or compare two files".to_owned())
            }
            _ => Failure(format!("can't run `git`: {error}")),
        })?;
    if output.status.success() {
        return Ok(Ok(output.stdout));
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().next().unwrap_or(NO_REASON);
    Ok(Err(line.strip_prefix("fatal: ").unwrap_or(line).to_owned()))
}

impl Range {
    /// Reads `main..HEAD`, `main...HEAD` (from where both parted) or `main` (to the files as they are).
    pub fn parse(text: &str) -> Result<Range, Failure> {
        if let Err(reason) = git(&["rev-parse", "--git-dir"])? {
            return Err(Failure(format!("`--git` needs a git repository, and here is none: {reason}")));
        }
        if let Some((old, new)) = text.split_once("...") {
            let (old, new) = (Revision::find(old)?, Revision::find(new)?);
            let base = git(&["merge-base", &old.commit, &new.commit])?.map_err(|_| {
                Failure(format!("`{}` and `{}` have no common history; write `..`", old.label, new.label))
            })?;
            let commit = String::from_utf8_lossy(&base).trim().to_owned();
            let label = commit.chars().take(10).collect();
            return Ok(Range { old: Revision { label, commit }, new: Some(new) });
        }
        if let Some((old, new)) = text.split_once("..") {
            return Ok(Range { old: Revision::find(old)?, new: Some(Revision::find(new)?) });
        }
        if text.is_empty() {
            return Err(Failure("`--git` needs revisions; write for example `--git main..HEAD`".to_owned()));
        }
        Ok(Range { old: Revision::find(text)?, new: None })
    }
}

impl Revision {
    /// Nothing stands for `HEAD`, as it does for git.
    fn find(text: &str) -> Result<Revision, Failure> {
        let label = if text.is_empty() { "HEAD" } else { text };
        // What begins with a hyphen would be an option to somebody.
        if label.starts_with('-') || label.contains(char::is_control) {
            return Err(Failure(format!("`{}` is no revision", crate::report::safe(label))));
        }
        let commit = format!("{label}^{{commit}}");
        match git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])? {
            Ok(hash) => {
                let commit = String::from_utf8_lossy(&hash).trim().to_owned();
                Ok(Revision { label: label.to_owned(), commit })
            }
            Err(_) => Err(Failure(format!(
                "git knows no revision `{label}` here; `git fetch` it, or write for example `main..HEAD`"
            ))),
        }
    }

    /// The files of this revision at or below paths; below the folder that we are in if there are none.
    pub fn files(&self, paths: &[PathBuf]) -> Result<Vec<Blob>, Failure> {
        let fixed = ["ls-tree", "-r", "-z", "-l", &self.commit, "--"].into_iter().map(OsStr::new);
        let arguments: Vec<&OsStr> = fixed.chain(paths.iter().map(|path| path.as_os_str())).collect();
        let list = git(&arguments)?
            .map_err(|reason| Failure(format!("git can't list the files of `{}`: {reason}", self.label)))?;
        Ok(list.split(|byte| *byte == 0).filter_map(|entry| blob(&String::from_utf8_lossy(entry))).collect())
    }

    /// The paths of the files at or below some that have a word in them, found by git without a process for each.
    pub fn mentioning(&self, word: &str, paths: &[PathBuf]) -> Result<BTreeSet<String>, Failure> {
        let fixed = ["grep", "-l", "-z", "-a", "-F", "-e", word, &self.commit, "--"].into_iter().map(OsStr::new);
        let arguments: Vec<&OsStr> = fixed.chain(paths.iter().map(|path| path.as_os_str())).collect();
        let list = match git(&arguments)? {
            Ok(list) => list,
            // It fails without a word if nothing is found.
            Err(reason) if reason == NO_REASON => Vec::new(),
            Err(reason) => return Err(Failure(format!("git can't search the files of `{}`: {reason}", self.label))),
        };
        let prefix = format!("{}:", self.commit);
        let path = |entry: &[u8]| String::from_utf8_lossy(entry).strip_prefix(&prefix).map(str::to_owned);
        Ok(list.split(|byte| *byte == 0).filter_map(path).collect())
    }

    /// The file of this revision that a path in another of its files stands for. Names of an old revision's files begin with it.
    pub fn load(&self, old: bool, sources: &mut Sources, from: SourceId, path: &str) -> Result<SourceId, Unreadable> {
        let prefix = if old { format!("{}:", self.label) } else { String::new() };
        let label = &self.label;
        let from = sources.get(from).name();
        let whole = files::clean(&files::beside(from.strip_prefix(&prefix).unwrap_or(from), path));
        let seen = shown(&whole);
        let told = |failure: Failure| Unreadable::told(&failure.0);
        let fail = |reason: String, help: &str| Err(Unreadable { reason, help: help.to_owned() });
        // Without `-r` a folder is an entry of its own. Git says how the path is seen from here, however it was spelled.
        let list = match git(&["ls-tree", "-z", "-l", &self.commit, "--", &seen]).map_err(told)? {
            Ok(list) => String::from_utf8_lossy(&list).into_owned(),
            Err(why) => return fail(format!("`{label}` can't have {seen}: {why}"), "name a file of the repository"),
        };
        let Some(entry) = list.split('\0').next().filter(|entry| !entry.is_empty()) else {
            let help = "commit it, or correct the path, which is seen from the folder of the file that names it";
            return fail(format!("there is no file {seen} in `{label}`"), help);
        };
        let Some(file) = blob(entry) else {
            let folder = entry.split(' ').nth(1) == Some("tree");
            let what = if folder { "a folder" } else { "a link" };
            let help = if folder { "name the files in it one by one" } else { "name the file that it leads to" };
            return fail(format!("{seen} is {what} in `{label}`"), help);
        };
        let name = format!("{prefix}{}", file.path);
        if let Some(known) = sources.find(&name) {
            return Ok(known);
        }
        let text = files::text(&name, self.read(&file).map_err(told)?).map_err(told)?;
        Ok(sources.add(name, text))
    }

    /// The text of a file.
    pub fn read(&self, blob: &Blob) -> Result<Vec<u8>, Failure> {
        let failed = |reason: String| Failure(format!("can't read {}:{}: {reason}", self.label, blob.path));
        if blob.size > MAX_BYTES {
            return Err(failed(format!("it is larger than {} MiB; split it", MAX_BYTES >> 20)));
        }
        git(&["cat-file", "blob", &blob.hash])?.map_err(failed)
    }
}

/// A line of `ls-tree -l`: mode, type, hash and size, a tabulator, the path. Links and submodules are no files.
fn blob(line: &str) -> Option<Blob> {
    let (about, path) = line.split_once('\t')?;
    let about: Vec<&str> = about.split_whitespace().collect();
    match about.as_slice() {
        [mode, "blob", hash, size] if mode.starts_with("100") => {
            Some(Blob { path: path.to_owned(), hash: (*hash).to_owned(), size: size.parse().ok()? })
        }
        _ => None,
    }
}

/// A path as git would show it from here: without `./`, relative where it lies below the folder that we are in.
pub(super) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let path = path.strip_prefix(&here).unwrap_or(path);
    let path: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_from_links_and_submodules() {
        let file = blob("100644 blob 0123abcd     42\tspecs/a b.yaml").unwrap();
        assert_eq!((file.path.as_str(), file.hash.as_str(), file.size), ("specs/a b.yaml", "0123abcd", 42));
        for other in ["120000 blob 0123abcd 9\tlink.yaml", "160000 commit 0123abcd       -\tmodule", "", "nonsense"] {
            assert!(blob(other).is_none(), "{other}");
        }
    }

    #[test]
    fn paths_are_shown_as_git_shows_them() {
        assert_eq!(shown(Path::new("./specs/./a.yaml")), "specs/a.yaml");
        assert_eq!(shown(&std::env::current_dir().unwrap().join("a.yaml")), "a.yaml");
        assert_eq!(shown(Path::new(".")), "");
    }
}
