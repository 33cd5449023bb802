//! New texts of files that were read: all are written beside their files before the first is moved into place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cli::Failure;
use crate::source::{SourceId, Sources};

/// Writes new texts of files whose old ones are in the sources. Each is written beside its file and moved into place, with the
/// permissions that it had; a file that can't be written there, or that has changed meanwhile, stops all of them.
pub(super) fn all(texts: &[(SourceId, String)], sources: &Sources) -> Result<Vec<PathBuf>, Failure> {
    let mut files: BTreeMap<PathBuf, (PathBuf, &str)> = BTreeMap::new();
    for (id, text) in texts {
        let source = sources.get(*id);
        let path = PathBuf::from(source.name());
        let real = writable(&path, source.text())?;
        // One file may have been read under two names.
        if files.insert(real, (path.clone(), text)).is_some_and(|(_, other)| other != text) {
            return Err(unwritable(&path, "it was read twice and would get two texts; name it once".to_owned()));
        }
    }
    let mut moves = Vec::new();
    let mut failure = None;
    for (real, (path, text)) in &files {
        match beside(real, text) {
            Ok(there) => moves.push((there, real, path)),
            Err(error) => {
                failure = Some(unwritable(path, error.to_string()));
                break;
            }
        }
    }
    if let Some(failure) = failure {
        for (there, ..) in moves {
            let _ = std::fs::remove_file(there);
        }
        return Err(failure);
    }
    let mut written: Vec<PathBuf> = Vec::new();
    for (at, (there, real, path)) in moves.iter().enumerate() {
        if let Err(error) = std::fs::rename(there, real) {
            moves.iter().skip(at).for_each(|(rest, ..)| drop(std::fs::remove_file(rest)));
            let names: Vec<String> = written.iter().map(|path| path.display().to_string()).collect();
            let before =
                if names.is_empty() { String::new() } else { format!("; written before: {}", names.join(", ")) };
            return Err(unwritable(path, format!("{error}{before}")));
        }
        written.push((*path).clone());
    }
    Ok(written)
}

fn unwritable(path: &Path, reason: String) -> Failure {
    Failure(format!("can't write {}: {reason}", path.display()))
}

/// Where a file really is, if it may be written and still is as it was read.
fn writable(path: &Path, text: &str) -> Result<PathBuf, Failure> {
    let failed = |reason: &str| unwritable(path, reason.to_owned());
    if path.as_os_str() == "<stdin>" {
        return Err(Failure("standard input can't be written to; name a file".to_owned()));
    }
    let real = path.canonicalize().map_err(|_| failed("it can't be found by this name"))?;
    let about = std::fs::metadata(&real).map_err(|error| failed(&error.to_string()))?;
    if !about.is_file() {
        return Err(failed("it is no regular file; name the file itself"));
    }
    if about.permissions().readonly() {
        return Err(failed("it is read-only; make it writable, or see the change with `napkin check --diff`"));
    }
    let today = std::fs::read(&real).map_err(|error| failed(&error.to_string()))?;
    if today != text.as_bytes() {
        return Err(failed("it has changed since it was read; try again"));
    }
    Ok(real)
}

/// The text in a file of its own beside the one whose place it takes, so that a full disk leaves that one as it was.
fn beside(real: &Path, text: &str) -> std::io::Result<PathBuf> {
    let name = real.file_name().unwrap_or_default().to_string_lossy();
    let there = real.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let written = std::fs::write(&there, text)
        .and_then(|()| std::fs::metadata(real))
        .and_then(|about| std::fs::set_permissions(&there, about.permissions()));
    match written {
        Ok(()) => Ok(there),
        Err(error) => {
            let _ = std::fs::remove_file(&there);
            Err(error)
        }
    }
}
