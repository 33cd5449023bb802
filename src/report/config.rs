//! `check --show-config`: every value that can be configured, and who says so.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use crate::config::{Config, Effective, From};
use crate::lint::{Pack, Rule, severity_name};
use crate::report::diagnostics::Style;
use crate::report::{line, plural};
use crate::source::{Sources, Span};

/// What is shown.
pub struct Shown<'s> {
    /// The specs for which it holds; empty for all for which no override does.
    pub specs: &'s [String],
    /// What holds.
    pub effective: &'s Effective,
    /// The file with its name, if there is one.
    pub config: Option<(&'s str, &'s Config)>,
    /// How it was found, or why there is none.
    pub found: &'static str,
    /// The chosen environment.
    pub environment: Option<&'s str>,
    /// Folders of rules that flags name.
    pub extra: &'s [PathBuf],
    /// The rules.
    pub rules: &'s [Rule],
    /// The packs that there are.
    pub packs: &'s [Arc<Pack>],
    /// The files of rules and packs.
    pub rule_files: &'s Sources,
    /// The files.
    pub sources: &'s Sources,
}

/// A line: what, its value, who says so.
type Row = (&'static str, String, String);

/// The heading of the list of all rules.
const RULES: &str = "each rule";

/// For people. With `verbose`, every rule with its severity too.
pub fn text(shown: &Shown<'_>, style: Style) -> String {
    let mut rows = Vec::new();
    shown.general(&mut rows);
    shown.severities(style.verbose, &mut rows);
    let wide = |text: &String| text.chars().count();
    // The long list of rules has a column of its own.
    let width = |list: bool| {
        let like = rows.iter().filter(|(what, ..)| (*what == RULES) == list);
        like.map(|(_, value, _)| wide(value)).max().unwrap_or(0)
    };
    let (general, each) = (width(false), width(true));
    let mut out = format!("{}\n", shown.heading());
    let mut before = "";
    for (what, value, from) in &rows {
        let named = if *what == before { "" } else { what };
        let width = if *what == RULES { each } else { general };
        let padding = " ".repeat(width.saturating_sub(wide(value)));
        let _ = writeln!(out, "  {named:<12}{}{padding}  {}", line(value), line(from));
        before = what;
    }
    let policy = shown.effective.policy();
    let asked = shown.rules.iter().filter(|rule| policy.asks(rule)).count();
    let _ = writeln!(out, "  {asked} of {} are asked", plural(shown.rules.len(), "rule"));
    if !style.verbose {
        let _ = writeln!(out, "  --verbose lists them with their severities and parameters");
    }
    out + "\n"
}

impl Shown<'_> {
    fn heading(&self) -> String {
        match self.specs {
            [] => "What holds where no override does".to_owned(),
            [one] => format!("What holds for {}", line(one)),
            [first, rest @ ..] => format!("What holds for {} and {}", line(first), plural(rest.len(), "more spec")),
        }
    }

    fn place(&self, span: Span) -> String {
        self.sources.line(span)
    }

    fn from(&self, from: From) -> String {
        match from {
            From::Default => "default".to_owned(),
            From::Flag(flag) => flag.to_owned(),
            From::File(span) => self.place(span),
        }
    }

    fn general(&self, rows: &mut Vec<Row>) {
        let none = || "none".to_owned();
        let default = || "default".to_owned();
        rows.push(("file", self.config.map_or_else(none, |(name, _)| name.to_owned()), self.found.to_owned()));
        if let Some(name) = self.environment {
            rows.push(("environment", name.to_owned(), "--env".to_owned()));
        }
        let config = self.config.map(|(_, config)| config);
        let paths = config.and_then(|config| config.paths(self.environment)).unwrap_or_default();
        let exclude = config.map(|config| config.exclude.texts.as_slice()).unwrap_or_default();
        let rules = config.map(|config| config.rules.as_slice()).unwrap_or_default();
        for (what, list) in [("paths", paths), ("exclude", exclude), ("rules", rules)] {
            rows.extend(list.iter().map(|entry| (what, entry.value.clone(), self.place(entry.span))));
            let extra = if what == "rules" { self.extra } else { &[] };
            rows.extend(extra.iter().map(|folder| (what, folder.display().to_string(), "--rules".to_owned())));
            if list.is_empty() && extra.is_empty() {
                rows.push((what, none(), default()));
            }
        }
        // A pack of a folder has a version that may differ from what somebody expects, so it is said.
        let named = |pack: &Pack| match pack.span {
            Some(_) => format!("{} {}", pack.name, pack.version),
            None => pack.name.clone(),
        };
        for pack in self.packs.iter().filter(|pack| pack.default) {
            let from = pack.span.map_or_else(default, |span| self.rule_files.line(span));
            rows.push(("packs", named(pack), from));
        }
        for said in &self.effective.packs {
            let pack = self.packs.iter().find(|pack| pack.name == said.value);
            rows.push(("packs", pack.map_or_else(|| said.value.clone(), |pack| named(pack)), self.from(said.from)));
        }
        let Effective { fail_on, baseline, .. } = self.effective;
        let severity = fail_on.value.map_or("never", |severity| severity.name());
        rows.push(("fail-on", severity.to_owned(), self.from(fail_on.from)));
        rows.push(match baseline {
            Some(said) => ("baseline", said.value.clone(), self.from(said.from)),
            None => ("baseline", none(), default()),
        });
        let over = self.effective.overlays.iter();
        rows.extend(over.map(|said| ("overlays", said.value.clone(), self.from(said.from))));
        if self.specs.is_empty() {
            let environment = config.zip(self.environment).and_then(|(config, name)| config.environment(name));
            for over in environment.into_iter().flat_map(|environment| &environment.overlays) {
                let files: Vec<&str> = over.files.iter().map(|file| file.value.as_str()).collect();
                let value = format!("{} over {}", files.join(", "), over.spec.value);
                rows.push(("overlays", value, self.place(over.spec.span)));
            }
            for part in config.into_iter().flat_map(|config| &config.overrides) {
                let patterns: Vec<&str> = part.paths.texts.iter().map(|text| text.value.as_str()).collect();
                rows.push(("overrides", patterns.join(", "), self.place(part.span)));
            }
        }
    }

    /// Settings that decide about a rule, and parameters that are set; all rules and parameters if each is asked for.
    fn severities(&self, all: bool, rows: &mut Vec<Row>) {
        let policy = self.effective.policy();
        let deciding: Vec<_> = self.rules.iter().filter_map(|rule| policy.setting(rule)).collect();
        let before = rows.len();
        for setting in self.effective.severities.iter().filter(|setting| deciding.contains(setting)) {
            let value = format!("{} = {}", setting.of, severity_name(setting.severity));
            rows.push(("severities", value, self.place(setting.span)));
        }
        if rows.len() == before {
            rows.push(("severities", "as the rules say".to_owned(), "default".to_owned()));
        }
        let values = self.effective.parameters(self.rules);
        let parameters = self.rules.iter().flat_map(|rule| rule.parameters.iter().map(move |one| (rule, one)));
        for (rule, parameter) in parameters {
            let from = self.effective.set_by(rule, &parameter.name);
            if all || from != From::Default {
                let value = parameter.shown(values.value(&rule.name, parameter));
                rows.push(("parameters", format!("{}.{} = {value}", rule.name, parameter.name), self.from(from)));
            }
        }
        if all {
            for rule in self.rules {
                let from = match policy.setting(rule) {
                    _ if !policy.packs.have(&rule.pack) => "its pack is off".to_owned(),
                    Some(setting) => self.place(setting.span),
                    None => "default".to_owned(),
                };
                rows.push((RULES, format!("{} = {}", rule.name, severity_name(policy.severity(rule))), from));
            }
        }
    }
}
