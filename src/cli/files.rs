//! Files, folders and standard input to sources; what specs include; today's date.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::path::{Component, Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::cli::Failure;
use crate::diagnostic::{Diagnostics, nearest};
use crate::lint::Day;
use crate::source::{MAX_BYTES, SourceId, Sources, Unreadable};
use crate::spec::{gather, included, is_shared};
use crate::yaml;

/// Reads a file, or standard input for `-`.
pub(crate) fn read(path: &Path, sources: &mut Sources) -> Result<SourceId, Failure> {
    let name = path.display().to_string();
    let failed = |reason: String| Failure(format!("can't read {name}: {reason}"));
    let bytes = if name == "-" {
        let mut bytes = Vec::new();
        let limit = MAX_BYTES as u64 + 1;
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(|error| failed(error.to_string()))?;
        bytes
    } else {
        let size = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?;
        if size.is_dir() {
            return Err(failed("it is a folder; name a file in it".to_owned()));
        }
        if size.len() > MAX_BYTES as u64 {
            return Err(failed(format!("it is larger than {} MiB; split it", MAX_BYTES >> 20)));
        }
        std::fs::read(path).map_err(|error| failed(error.to_string()))?
    };
    if bytes.len() > MAX_BYTES {
        return Err(failed(format!("it is larger than {} MiB; split it", MAX_BYTES >> 20)));
    }
    let text = text(&name, bytes)?;
    Ok(sources.add(shown(path, &name), text))
}

/// What a file is called in reports: seen from the current folder where it lies below it.
fn shown(path: &Path, name: &str) -> String {
    if name == "-" {
        return "<stdin>".to_owned();
    }
    let here = std::env::current_dir().ok();
    match here.as_ref().and_then(|here| path.strip_prefix(here).ok()) {
        Some(below) => below.display().to_string(),
        None => name.strip_prefix("./").unwrap_or(name).to_owned(),
    }
}

/// A path that doesn't depend on where the command runs, with links followed as far as the file exists.
pub(super) fn absolute(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or(path.to_owned());
    let there =
        whole.ancestors().find_map(|folder| Some((folder.canonicalize().ok()?, whole.strip_prefix(folder).ok()?)));
    match there {
        Some((folder, rest)) if rest.as_os_str().is_empty() => folder,
        Some((folder, rest)) => folder.join(rest),
        None => whole,
    }
}

/// Where a file is: in the folder that has it, even if it is a link to one elsewhere.
pub(super) fn placed(file: &Path) -> PathBuf {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    file.file_name().map_or_else(|| absolute(file), |name| absolute(folder).join(name))
}

/// A file seen from a folder, with slashes; both are absolute.
pub(super) fn relative(folder: &Path, file: &Path) -> String {
    let parts = |path: &Path| -> Vec<String> {
        let named = path.components().filter(|part| !matches!(part, Component::CurDir));
        named.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect()
    };
    let (from, to) = (parts(folder), parts(file));
    let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", from.len() - same);
    up.chain(to.iter().skip(same).map(String::as_str)).collect::<Vec<_>>().join("/")
}

/// An absolute path seen from the folder in which the command runs.
pub(super) fn from_here(path: &Path) -> PathBuf {
    match relative(&absolute(Path::new(".")), path) {
        here if here.is_empty() => PathBuf::from("."),
        there => PathBuf::from(there),
    }
}

/// Files that go over a spec.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Overlays {
    /// Lay a file over the spec, whose values it replaces key by key; may be given several times, the last one wins.
    #[arg(long, value_name = "FILE")]
    pub overlay: Vec<PathBuf>,
}

/// Reads a spec with what is laid over it and all files that they include and extend.
pub(crate) fn spec(path: &Path, overlays: &Overlays, sources: &mut Sources) -> Result<SourceId, Failure> {
    let id = read(path, sources)?;
    lay(id, path, overlays, sources)?;
    let mut disk = Disk::default();
    gather(sources, id, &mut |sources, from, path| disk.load(sources, from, path));
    Ok(id)
}

/// Reads what is laid over a spec.
pub(crate) fn lay(id: SourceId, spec: &Path, overlays: &Overlays, sources: &mut Sources) -> Result<(), Failure> {
    let mut inputs = overlays.overlay.iter().map(PathBuf::as_path).chain([spec]);
    if inputs.by_ref().filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(Failure("standard input can be the spec or one overlay; name files for the others".to_owned()));
    }
    for overlay in &overlays.overlay {
        let over = read(overlay, sources)?;
        sources.lay(id, over);
    }
    Ok(())
}

/// Of the specs of a run those that are systems: what is named itself, and of folders what no other file includes and what
/// doesn't say `shared: true`.
pub(crate) fn systems<S>(list: Vec<(bool, S)>, id: impl Fn(&S) -> SourceId, sources: &Sources) -> Vec<S> {
    let parts = included(sources);
    let is_system = |spec: &S| !parts.contains(&id(spec)) && !is_shared(sources, id(spec));
    list.into_iter().filter(|(named, spec)| *named || is_system(spec)).map(|(_, spec)| spec).collect()
}

/// Files on the disk that specs name. A file has one identity, however its path is spelled.
#[derive(Default)]
pub(crate) struct Disk {
    known: BTreeMap<PathBuf, SourceId>,
    /// How many of the sources are among the known.
    seen: usize,
}

impl Disk {
    /// The file that a path in another file stands for, seen from that file's folder.
    pub fn load(&mut self, sources: &mut Sources, from: SourceId, path: &str) -> Result<SourceId, Unreadable> {
        let fail = |reason: String, help: String| Err(Unreadable { reason, help });
        for id in sources.ids().skip(self.seen) {
            if let Ok(real) = std::fs::canonicalize(sources.get(id).name()) {
                self.known.entry(real).or_insert(id);
            }
            self.seen += 1;
        }
        if let Some((scheme, _)) = path.split_once("://") {
            let help = "keep a copy of the file beside the spec, for example as a git submodule";
            return fail(format!("napkin works offline and reads nothing from `{scheme}:`"), help.to_owned());
        }
        let from = sources.get(from).name();
        let whole = beside(from, path);
        // `a/../b` is `b` unless `a` is a link to somewhere else.
        let real = std::fs::canonicalize(&whole);
        let short = clean(&whole);
        let whole = if std::fs::canonicalize(&short).ok() == real.as_ref().ok().cloned() { short } else { whole };
        let name = whole.display();
        let about = match std::fs::metadata(&whole) {
            Ok(about) => about,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return fail(format!("there is no file {name}"), beginnings(&whole, from));
            }
            Err(error) => return fail(format!("can't read {name}: {error}"), "check the path".to_owned()),
        };
        if about.is_dir() {
            return fail(format!("{name} is a folder"), "name the files in it one by one".to_owned());
        }
        if !about.is_file() {
            return fail(format!("{name} is no regular file"), "name a YAML file".to_owned());
        }
        if let Some(known) = real.as_ref().ok().and_then(|real| self.known.get(real)) {
            return Ok(*known);
        }
        read(&whole, sources).map_err(|Failure(message)| Unreadable::told(&message))
    }
}

impl Unreadable {
    /// A message that says what to do after a semicolon.
    pub(crate) fn told(message: &str) -> Self {
        let (reason, help) = message.split_once("; ").unwrap_or((message, "check the path and who may read it"));
        Unreadable { reason: reason.to_owned(), help: help.to_owned() }
    }
}

/// A path seen from the folder of a file; from the current folder for standard input.
pub(crate) fn beside(file: &str, path: &str) -> PathBuf {
    Path::new(file).parent().unwrap_or(Path::new("")).join(path)
}

/// A path without `.` and without folders that `..` leaves again.
pub(crate) fn clean(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

/// What may have been meant by a path that leads nowhere.
fn beginnings(path: &Path, from: &str) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let names: Vec<String> = match std::fs::read_dir(folder) {
        Ok(entries) => {
            entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned())).collect()
        }
        Err(_) => {
            return format!("there is no folder {} either; paths are seen from the folder of {from}", folder.display());
        }
    };
    let mut yaml: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| name.ends_with(".yaml") || name.ends_with(".yml")).collect();
    yaml.sort_unstable();
    let wanted = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    match nearest(&wanted, yaml.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("paths are seen from the folder of {from}, and each file is named by itself"),
    }
}

/// The text of a file.
pub(crate) fn text(name: &str, bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes().iter().take(valid).filter(|byte| **byte == b'\n').count() + 1;
        Failure(format!("can't read {name}: line {line} is not UTF-8 text (byte {valid}); save it as UTF-8"))
    })
}

/// All YAML files that paths stand for. Folders are walked as git would see them.
pub(crate) fn specs(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = found.len();
            found.extend(yaml_files(path)?);
            if found.len() == before {
                return Err(Failure(format!("there are no .yaml files in {}", path.display())));
            }
        } else {
            found.push(path.clone());
        }
    }
    Ok(found)
}

/// The YAML files below a folder, or the file itself.
pub(crate) fn yaml_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    if folder.is_file() {
        return Ok(vec![folder.to_owned()]);
    }
    for entry in ignore::WalkBuilder::new(folder).require_git(false).build() {
        let entry = entry.map_err(|error| Failure(format!("can't walk {}: {error}", folder.display())))?;
        let is_yaml = entry.path().extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        if is_yaml && entry.file_type().is_some_and(|kind| kind.is_file()) {
            files.push(entry.into_path());
        }
    }
    files.sort();
    Ok(files)
}

/// Today in UTC.
pub(crate) fn today() -> Option<Day> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    civil(i64::try_from(seconds / 86_400).ok()?)
}

/// The month after so many seconds from now, as `2028-03`.
#[expect(clippy::cast_possible_truncation, reason = "at most 50 years of days")]
pub(crate) fn date_in(seconds: f64) -> Option<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    let (year, month, _) = civil(i64::try_from(now / 86_400).ok()? + (seconds / 86_400.0) as i64)?;
    Some(format!("{year}-{month:02}"))
}

/// The date of a day counted from 1970-01-01 (Howard Hinnant's `civil_from_days`).
fn civil(days: i64) -> Option<Day> {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Some((u16::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?))
}

/// The key that a spec begins with.
pub(crate) const KEY: &str = "napkin";

/// Whether bytes are meant for a spec: `napkin:` is one of their keys, or begins a line where their YAML is broken.
pub(crate) fn is_spec(bytes: &[u8]) -> bool {
    // Most files of a repository aren't specs, and needn't be parsed or even be text to see that.
    if !bytes.windows(KEY.len()).any(|part| part == KEY.as_bytes()) {
        return false;
    }
    let text = String::from_utf8_lossy(bytes);
    let begins = |line: &str| {
        let rest = line.trim_start_matches(['\u{feff}', '{', '"', '\'']).strip_prefix(KEY);
        rest.is_some_and(|rest| rest.trim_start_matches(['"', '\'', ' ']).starts_with(':'))
    };
    if bytes.len() > MAX_BYTES {
        return text.lines().any(begins);
    }
    let (mut sources, mut mistakes) = (Sources::new(), Diagnostics::new());
    let id = sources.add("", &*text);
    let document = yaml::parse(&sources, id, &mut mistakes);
    let says = document.root().is_some_and(|root| root.get(KEY).is_some());
    says || mistakes.has_errors() && text.lines().any(begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_a_folder() {
        for (folder, file, seen) in [
            ("/a/b", "/a/b/c.yaml", "c.yaml"),
            ("/a/b", "/a/x/c.yaml", "../x/c.yaml"),
            ("/a", "/a/./b/c.yaml", "b/c.yaml"),
        ] {
            assert_eq!(relative(Path::new(folder), Path::new(file)), seen);
        }
    }

    #[test]
    fn paths_lose_what_leads_nowhere() {
        for (path, cleaned) in
            [("./a/../b.yaml", "b.yaml"), ("a/./b", "a/b"), ("../x", "../x"), ("a/../../x", "../x"), ("/a/../b", "/b")]
        {
            assert_eq!(clean(Path::new(path)), Path::new(cleaned), "{path}");
        }
        assert_eq!(beside("specs/prod.yaml", "shared/x.yaml"), Path::new("specs/shared/x.yaml"));
        assert_eq!(beside("<stdin>", "x.yaml"), Path::new("x.yaml"));
        assert_eq!(beside("specs/prod.yaml", "/abs/x.yaml"), Path::new("/abs/x.yaml"));
    }

    #[test]
    fn days_become_dates() {
        assert_eq!(civil(0), Some((1970, 1, 1)));
        assert_eq!(civil(19_782), Some((2024, 2, 29)));
        assert_eq!(civil(20_781), Some((2026, 11, 24)));
    }
}
