//! The formats of `check`, and the files that they go to.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::cli::Failure;
use crate::diagnostic::suggestion;
use crate::lint::Rule;
use crate::report::diagnostics::{self, Style};
use crate::report::{Checked, concise, csv, findings_json, github, gitlab, junit, markdown, sarif};

/// A format of `check`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// With the lines of the spec, for people.
    Text,
    /// One line each: `path:line:col: severity rule: message`.
    Concise,
    /// Version 1; `napkin schema check` prints its schema.
    Json,
    /// SARIF 2.1.0, for code scanning services.
    Sarif,
    /// A test report in XML, for Jenkins and its likes.
    Junit,
    /// Workflow commands, which GitHub shows as annotations.
    Github,
    /// GitLab's Code Quality report.
    Gitlab,
    /// A comment for a pull request.
    Markdown,
    /// A row each, for spreadsheets.
    Csv,
}

/// Endings of file names, the longer ones first.
const ENDINGS: [(&str, Format); 9] = [
    ("gl-code-quality-report.json", Format::Gitlab),
    (".sarif.json", Format::Sarif),
    (".sarif", Format::Sarif),
    (".json", Format::Json),
    (".xml", Format::Junit),
    (".markdown", Format::Markdown),
    (".md", Format::Markdown),
    (".csv", Format::Csv),
    (".txt", Format::Text),
];

/// A file that a report goes to.
#[derive(Clone, Debug)]
pub(super) struct Output {
    format: Format,
    pub file: PathBuf,
}

impl Output {
    /// Reads `FORMAT=FILE`, or a file whose ending tells the format.
    pub fn parse(text: &str) -> Result<Output, String> {
        let names: Vec<String> = Format::value_variants()
            .iter()
            .filter_map(|f| Some(f.to_possible_value()?.get_name().to_owned()))
            .collect();
        if let Some((name, file)) = text.split_once('=').filter(|(name, _)| !name.contains(['/', '\\', '.'])) {
            let format = Format::from_str(name, false).map_err(|_| {
                let help = suggestion(name, names.iter().map(String::as_str)).unwrap_or_default();
                format!("there is no format `{name}`; {help}")
            })?;
            return Self::to(format, file);
        }
        let lower = text.to_lowercase().replace('\\', "/");
        match ENDINGS.iter().find(|(ending, _)| lower.ends_with(ending)) {
            Some((_, format)) => Self::to(*format, text),
            None => Err(format!(
                "the ending doesn't tell the format (.sarif, .json, .xml, .md, .csv and .txt do); \
                 write `FORMAT={text}` with one of: {}",
                names.join(", ")
            )),
        }
    }

    fn to(format: Format, file: &str) -> Result<Output, String> {
        match file {
            "" => Err("there is no file after `=`; write for example `junit=report.xml`".to_owned()),
            "-" => Err("standard output gets `--format`; name a file here".to_owned()),
            _ => Ok(Output { format, file: PathBuf::from(file) }),
        }
    }

    /// Writes the report. Files get no colours and lines of 80 columns.
    pub fn write(&self, checked: &Checked<'_>, rules: &[&Rule], verbose: bool) -> Result<(), Failure> {
        let style = Style { colour: false, width: 80, verbose };
        let text = written(self.format, checked, rules, style)?;
        save(&self.file, &text)
    }
}

/// Refuses outputs that would overwrite each other or what is read.
pub(super) fn distinct(outputs: &[Output], inputs: &[PathBuf]) -> Result<(), Failure> {
    // Different spellings of one path are the same file; one that isn't there yet is only what it is called.
    let real = |path: &Path| std::fs::canonicalize(path).or_else(|_| std::path::absolute(path)).unwrap_or(path.into());
    let inputs: Vec<PathBuf> = inputs.iter().map(|path| real(path)).collect();
    let mut seen: Vec<PathBuf> = Vec::new();
    for output in outputs {
        let path = real(&output.file);
        let name = output.file.display();
        if inputs.contains(&path) {
            return Err(Failure(format!("--output {name} would overwrite what is checked; name another file")));
        }
        if seen.contains(&path) {
            return Err(Failure(format!("two reports can't go to {name}; name another file for one of them")));
        }
        seen.push(path);
    }
    Ok(())
}

/// Writes a file that napkin makes.
pub(super) fn save(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text).map_err(|error| {
        let hint = match file.parent().filter(|parent| !parent.as_os_str().is_empty() && !parent.exists()) {
            Some(parent) => format!("; make the folder {} first", parent.display()),
            None => String::new(),
        };
        Failure(format!("can't write {}: {error}{hint}", file.display()))
    })
}

/// A report as text.
pub(super) fn written(format: Format, checked: &Checked<'_>, rules: &[&Rule], style: Style) -> Result<String, Failure> {
    let failed = |error: serde_json::Error| Failure(format!("can't write the report: {error}"));
    Ok(match format {
        Format::Text => diagnostics::text(checked, style),
        Format::Concise => concise::concise(checked),
        Format::Json => findings_json::json(checked).map_err(failed)?,
        Format::Sarif => sarif::sarif(checked, rules).map_err(failed)?,
        Format::Junit => junit::junit(checked),
        Format::Github => github::github(checked),
        Format::Gitlab => gitlab::gitlab(checked).map_err(failed)?,
        Format::Markdown => markdown::markdown(checked),
        Format::Csv => csv::csv(checked),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_named_or_told_by_the_ending() {
        for (text, format, file) in [
            ("report.sarif", Format::Sarif, "report.sarif"),
            ("out/Report.SARIF.json", Format::Sarif, "out/Report.SARIF.json"),
            ("gl-code-quality-report.json", Format::Gitlab, "gl-code-quality-report.json"),
            ("x.json", Format::Json, "x.json"),
            ("junit=out.txt", Format::Junit, "out.txt"),
            ("./a=b.xml", Format::Junit, "./a=b.xml"),
        ] {
            let output = Output::parse(text).unwrap();
            assert_eq!((output.format, output.file.to_str().unwrap()), (format, file), "{text}");
        }
        for (text, says) in [
            ("junti=out.xml", "did you mean `junit`"),
            ("report", "write `FORMAT=report`"),
            ("json=", "no file after"),
            ("json=-", "standard output"),
        ] {
            assert!(Output::parse(text).unwrap_err().contains(says), "{text}");
        }
    }
}
