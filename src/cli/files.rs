//! Files, folders and standard input to sources; rules from folders; today's date.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::cli::Failure;
use crate::diagnostic::{Diagnostics, suggestion};
use crate::lint::{Day, PACKS, Packs, Rule, built_in, check_ties, load};
use crate::report::diagnostics::{Style, draw_all};
use crate::source::{MAX_BYTES, SourceId, Sources};

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

/// The built-in rules and those of the user's folders. A broken rule is a failure, with its place.
pub(crate) fn rules(folders: &[PathBuf], style: Style) -> Result<(Sources, Vec<Rule>), Failure> {
    let mut sources = Sources::new();
    let mut diagnostics = Diagnostics::new();
    let mut rules = built_in(&mut sources, &mut diagnostics);
    for file in specs(folders)? {
        let id = read(&file, &mut sources)?;
        let Some(rule) = load(&sources, id, &mut diagnostics) else { continue };
        if rules.iter().any(|known| known.name == rule.name) {
            return Err(Failure(format!(
                "{}: there is already a rule `{}`; give it another name",
                file.display(),
                rule.name
            )));
        }
        rules.push(rule);
    }
    check_ties(&rules, &mut diagnostics);
    if diagnostics.has_errors() {
        return Err(Failure(draw_all(&diagnostics.into_sorted(), &sources, style)));
    }
    rules.sort_by(|a, b| a.name.cmp(&b.name));
    Ok((sources, rules))
}

/// The packs that words stand for. An unknown word is a failure that names what was meant.
pub(crate) fn packs(names: &[String]) -> Result<Packs<'_>, Failure> {
    let known = || PACKS.iter().map(|pack| pack.name).chain(["all"]);
    for name in names {
        if !known().any(|word| word == name) {
            let help = suggestion(name, known())
                .unwrap_or_else(|| format!("there are {}", known().collect::<Vec<_>>().join(", ")));
            return Err(Failure(format!("there is no pack `{name}`: {help}\n")));
        }
    }
    Ok(if names.iter().any(|name| name == "all") { Packs::All } else { Packs::And(names) })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        assert_eq!(civil(0), Some((1970, 1, 1)));
        assert_eq!(civil(19_782), Some((2024, 2, 29)));
        assert_eq!(civil(20_781), Some((2026, 11, 24)));
    }
}
