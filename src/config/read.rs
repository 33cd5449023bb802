//! `napkin.toml` as typed settings with their places. All mistakes are collected; what is right around them is kept.

use std::ops::Range;

use toml::Spanned as At;
use toml::de::{DeTable, DeValue};

use crate::config::pattern::Patterns;
use crate::config::{Config, Environment, Layer, Overlay, Override};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, nearest, suggestion};
use crate::lint::{Given, ParameterSetting, Selector, Setting};
use crate::source::{SourceId, Sources, Span, Spanned};

/// The keys of a file.
const KEYS: [&str; 10] = [
    "paths",
    "exclude",
    "rules",
    "packs",
    "fail-on",
    "baseline",
    "severities",
    "parameters",
    "overrides",
    "environments",
];
/// Those of an environment.
const ENVIRONMENT: [&str; 7] = ["paths", "packs", "fail-on", "baseline", "severities", "parameters", "overlays"];
/// Those of an override.
const OVERRIDE: [&str; 4] = ["paths", "packs", "severities", "parameters"];

type Value<'t> = At<DeValue<'t>>;

/// Reads a file. Names of rules and packs are not looked up yet: [`super::check`] does that.
pub fn read(sources: &Sources, source: SourceId, diagnostics: &mut Diagnostics) -> Config {
    let (root, mistakes) = DeTable::parse_recoverable(sources.get(source).text());
    let mut reader = Reader { source, diagnostics };
    let mut config = Config {
        source,
        exclude: Patterns::default(),
        rules: Vec::new(),
        base: Layer::default(),
        environments: Vec::new(),
        overrides: Vec::new(),
    };
    // What a parser makes of a broken file may be anything, so nothing is said about it.
    if !mistakes.is_empty() {
        let file = sources.get(source);
        let end = file.text().len();
        let mut told: Vec<_> = mistakes.iter().map(|slip| (slip.span().unwrap_or(end..end), slip.message())).collect();
        // One slip makes others in its line; an open text leaves all around it open.
        told.sort_by_key(|(range, message)| (range.start, !message.contains("string")));
        told.dedup_by_key(|(range, _)| file.line_index(range.start));
        told.into_iter().for_each(|(range, message)| reader.syntax(message, range));
        return config;
    }
    let root = root.get_ref();
    config.base = reader.layer(root, &KEYS, "napkin.toml");
    config.exclude = reader.patterns(root, "exclude");
    config.rules = reader.words(root, "rules", "rules").unwrap_or_default();
    config.environments = reader.environments(root);
    config.overrides = reader.overrides(root);
    config
}

struct Reader<'r> {
    source: SourceId,
    diagnostics: &'r mut Diagnostics,
}

/// What a value is, in a sentence.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

impl Reader<'_> {
    fn at<T>(&self, node: &At<T>) -> Span {
        Span::new(self.source, node.span())
    }

    /// A text, with its place within the quotes if it stands there as it is.
    fn text(&self, node: &Value<'_>, text: &str) -> Spanned<String> {
        let mut range = node.span();
        if range.len() == text.len() + 2 {
            range = range.start + 1..range.end - 1;
        }
        Spanned::new(text.to_owned(), Span::new(self.source, range))
    }

    fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(code, span, message).help(help));
    }

    /// A key of the file that stands below a heading, and so belongs to that.
    fn misplaced(&mut self, key: &At<impl AsRef<str>>, what: &str) {
        let message = format!("`{}` is {what}", key.get_ref().as_ref());
        self.error(
            "unknown-rule",
            self.at(key),
            message,
            "write it above the first `[table]` to set it for the whole file",
        );
    }

    fn syntax(&mut self, message: &str, range: Range<usize>) {
        // What a parser expects next says little about how a text is written.
        let message = if message.contains("must be quoted") { "a text stands in quotes" } else { message };
        let help = if message.contains("in quotes") {
            "put texts and quantities into quotes: `\"warning\"`, `\"300 ms\"`"
        } else if message.contains("unquoted key") {
            "after a key stands `=`: `paths = [\"specs\"]`; a key with other signs needs quotes"
        } else if message.contains("duplicate") {
            "keep one of them; all settings of a table stand below one `[table]`"
        } else {
            "TOML has `key = \"text\"`, `key = [\"a\", \"b\"]`, and tables below `[name]`"
        };
        self.error("toml", Span::new(self.source, range), message, help);
    }

    /// The settings of a table. `place` says in messages what has no such key.
    fn layer(&mut self, table: &DeTable<'_>, known: &[&str], place: &str) -> Layer {
        for (key, _) in table {
            let name = key.get_ref().as_ref();
            if known.contains(&name) {
                continue;
            }
            let help = match nearest(name, known.iter().copied()) {
                None if KEYS.contains(&name) => {
                    "it holds for the whole file; write it above the first `[table]`".to_owned()
                }
                _ => suggestion(name, known.iter().copied()).unwrap_or_default(),
            };
            self.error("unknown-key", self.at(key), format!("{place} has no `{name}`"), help);
        }
        let pattern_paths = !known.contains(&"fail-on");
        Layer {
            // Those of an override are patterns.
            paths: if pattern_paths { None } else { self.words(table, "paths", "specs") },
            packs: self.words(table, "packs", "security").unwrap_or_default(),
            fail_on: self.fail_on(table),
            baseline: self.word(table, "baseline", "napkin-baseline.json"),
            severities: table.get("severities").map(|node| self.severities(node)).unwrap_or_default(),
            parameters: table.get("parameters").map(|node| self.parameters(node)).unwrap_or_default(),
        }
    }

    /// A text that isn't empty.
    fn word(&mut self, table: &DeTable<'_>, key: &str, example: &str) -> Option<Spanned<String>> {
        let node = table.get(key)?;
        match node.get_ref().as_str() {
            Some(text) if !text.trim().is_empty() => Some(self.text(node, text)),
            Some(_) => {
                self.error(
                    "empty",
                    self.at(node),
                    format!("`{key}` is empty"),
                    format!("write `{key} = \"{example}\"`"),
                );
                None
            }
            None => {
                let message = format!("`{key}` is a text, this is {}", kind(node.get_ref()));
                self.error("wrong-type", self.at(node), message, format!("write `{key} = \"{example}\"`"));
                None
            }
        }
    }

    /// A list of texts.
    fn words(&mut self, table: &DeTable<'_>, key: &str, example: &str) -> Option<Vec<Spanned<String>>> {
        let node = table.get(key)?;
        let Some(items) = node.get_ref().as_array() else {
            let text = node.get_ref().as_str().unwrap_or(example);
            let message = format!("`{key}` is a list, this is {}", kind(node.get_ref()));
            self.error("wrong-type", self.at(node), message, format!("write `{key} = [\"{text}\"]`"));
            return None;
        };
        let mut words = Vec::new();
        for item in items.iter() {
            match item.get_ref().as_str() {
                Some(text) if !text.trim().is_empty() => words.push(self.text(item, text)),
                Some(_) => self.error("empty", self.at(item), format!("this entry of `{key}` is empty"), "remove it"),
                None => {
                    let message = format!("`{key}` lists texts, this is {}", kind(item.get_ref()));
                    self.error("wrong-type", self.at(item), message, format!("write `{key} = [\"{example}\"]`"));
                }
            }
        }
        Some(words)
    }

    fn patterns(&mut self, table: &DeTable<'_>, key: &str) -> Patterns {
        let words = self.words(table, key, "specs/drafts/**").unwrap_or_default();
        let mut wrong = Vec::new();
        let patterns = Patterns::new(words, |text, reason, help| wrong.push((text.span, reason, help.to_owned())));
        for (span, reason, help) in wrong {
            self.error("bad-pattern", span, reason, help);
        }
        patterns
    }

    fn fail_on(&mut self, table: &DeTable<'_>) -> Option<Spanned<Option<Severity>>> {
        let node = table.get("fail-on")?;
        let severity = self.severity("fail-on", node, "never")?;
        Some(Spanned::new(severity, self.at(node)))
    }

    /// `error`, `warning`, `info`, or a word for none of them.
    fn severity(&mut self, key: &str, node: &Value<'_>, none: &'static str) -> Option<Option<Severity>> {
        let known = ["error", "warning", "info", none];
        let Some(word) = node.get_ref().as_str() else {
            let help = match node.get_ref().as_bool() {
                Some(false) => format!("write `{key} = \"{none}\"`"),
                _ => format!("known here: {}", known.join(", ")),
            };
            let message = format!("`{key}` needs a severity, this is {}", kind(node.get_ref()));
            self.error("wrong-type", self.at(node), message, help);
            return None;
        };
        match Severity::or_none(word, none) {
            Ok(severity) => Some(severity),
            Err(help) => {
                self.error("unknown-severity", self.text(node, word).span, format!("`{word}` is no severity"), help);
                None
            }
        }
    }

    fn severities(&mut self, node: &Value<'_>) -> Vec<Setting> {
        let Some(table) = self.table(node, "severities", "[severities]") else { return Vec::new() };
        let mut settings = Vec::new();
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            if KEYS.contains(&name) {
                self.misplaced(key, "no rule");
                continue;
            }
            let groups: Option<fn(String) -> Selector> = match name {
                "pack" => Some(Selector::Pack),
                "category" => Some(Selector::Category),
                _ => None,
            };
            match (groups, value.get_ref().as_table()) {
                (Some(group), Some(members)) => {
                    for (member, value) in members {
                        let name = member.get_ref().as_ref();
                        if let Some(severity) = self.severity(&format!("{}.{name}", key.get_ref()), value, "off") {
                            settings.push(Setting { of: group(name.to_owned()), severity, span: self.at(member) });
                        }
                    }
                }
                (None, Some(members)) => {
                    let inner = members.iter().next().map_or("…", |(inner, _)| inner.get_ref().as_ref());
                    let help = format!("write `{name} = \"info\"`; what holds for some paths is an `[[overrides]]`");
                    let message = format!("`{name}` has a severity and no `{inner}`");
                    self.error("wrong-type", self.at(key), message, help);
                }
                _ => {
                    if let Some(severity) = self.severity(name, value, "off") {
                        settings.push(Setting { of: Selector::Rule(name.to_owned()), severity, span: self.at(key) });
                    }
                }
            }
        }
        settings
    }

    fn parameters(&mut self, node: &Value<'_>) -> Vec<ParameterSetting> {
        let Some(table) = self.table(node, "parameters", "[parameters.long-synchronous-chain]") else {
            return Vec::new();
        };
        let mut settings = Vec::new();
        for (key, value) in table {
            let rule = Spanned::new(key.get_ref().to_string(), self.at(key));
            if KEYS.contains(&rule.value.as_str()) {
                self.misplaced(key, "no rule with parameters");
                continue;
            }
            let Some(inner) = value.get_ref().as_table() else {
                let help = format!(
                    "parameters stand below the rule that has them: `[parameters.RULE]`, then `{} = …`",
                    rule.value
                );
                self.error("wrong-type", self.at(key), format!("`{}` belongs to no rule", rule.value), help);
                continue;
            };
            for (key, value) in inner {
                let parameter = Spanned::new(key.get_ref().to_string(), self.at(key));
                if let Some(value) = self.given(value) {
                    settings.push(ParameterSetting { rule: rule.clone(), parameter, value });
                }
            }
        }
        settings
    }

    /// A value of a parameter as text; whether it fits is decided where the parameter is known.
    fn given(&mut self, node: &Value<'_>) -> Option<Given> {
        let text = match node.get_ref() {
            DeValue::String(text) => return Some(Given::Quoted(self.text(node, text))),
            DeValue::Array(items) => {
                let mut texts = Vec::new();
                for item in items.iter() {
                    match item.get_ref().as_str() {
                        Some(text) => texts.push(self.text(item, text)),
                        None => {
                            let message =
                                format!("a list of a parameter holds texts, this is {}", kind(item.get_ref()));
                            self.error("wrong-type", self.at(item), message, "put it into quotes");
                        }
                    }
                }
                return Some(Given::List(texts, self.at(node)));
            }
            DeValue::Boolean(flag) => Some(flag.to_string()),
            DeValue::Integer(number) => {
                i64::from_str_radix(number.as_str(), number.radix()).ok().map(|number| number.to_string())
            }
            DeValue::Float(number) => {
                number.as_str().parse().ok().filter(|number: &f64| number.is_finite()).map(|number| number.to_string())
            }
            DeValue::Datetime(_) | DeValue::Table(_) => None,
        };
        if text.is_none() {
            let message = format!("a parameter can't be {}", kind(node.get_ref()));
            let help = "write a number, a quantity (`\"300 ms\"`), a text, true or false, or a list of texts";
            self.error("wrong-type", self.at(node), message, help);
        }
        text.map(|text| Given::Plain(Spanned::new(text, self.at(node))))
    }

    fn table<'v>(&mut self, node: &'v Value<'_>, key: &str, heading: &str) -> Option<&'v DeTable<'v>> {
        let table = node.get_ref().as_table();
        if table.is_none() {
            let message = format!("`{key}` is a table, this is {}", kind(node.get_ref()));
            self.error("wrong-type", self.at(node), message, format!("write it below `{heading}`"));
        }
        table
    }

    fn environments(&mut self, root: &DeTable<'_>) -> Vec<Environment> {
        let Some(node) = root.get("environments") else { return Vec::new() };
        let Some(table) = self.table(node, "environments", "[environments.prod]") else { return Vec::new() };
        let mut environments = Vec::new();
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let Some(inner) = value.get_ref().as_table() else {
                let help = format!(
                    "write it below a heading with a name, such as `[environments.prod]`: `{name}` would be one"
                );
                let message = format!("an environment is a table, this is {}", kind(value.get_ref()));
                self.error("wrong-type", self.at(value), message, help);
                continue;
            };
            let layer = self.layer(inner, &ENVIRONMENT, "an environment");
            let overlays = self.overlays(inner);
            environments.push(Environment { name: Spanned::new(name.to_owned(), self.at(key)), layer, overlays });
        }
        environments
    }

    fn overlays(&mut self, environment: &DeTable<'_>) -> Vec<Overlay> {
        const EXAMPLE: &str = "\"specs/shop.yaml\" = \"specs/shop-prod.yaml\"";
        let Some(node) = environment.get("overlays") else { return Vec::new() };
        let Some(table) = node.get_ref().as_table() else {
            let message = format!("`overlays` says what goes over which spec, this is {}", kind(node.get_ref()));
            self.error("wrong-type", self.at(node), message, format!("write `overlays = {{ {EXAMPLE} }}`"));
            return Vec::new();
        };
        let mut overlays = Vec::new();
        for (key, value) in table {
            let files = match value.get_ref() {
                DeValue::String(text) if !text.trim().is_empty() => vec![self.text(value, text)],
                DeValue::Array(_) => self.words(table, key.get_ref(), "specs/shop-prod.yaml").unwrap_or_default(),
                other => {
                    let message = format!("a file, or a list of files, goes over a spec, this is {}", kind(other));
                    self.error("wrong-type", self.at(value), message, format!("write `{EXAMPLE}`"));
                    continue;
                }
            };
            overlays.push(Overlay { spec: Spanned::new(key.get_ref().to_string(), self.at(key)), files });
        }
        overlays
    }

    fn overrides(&mut self, root: &DeTable<'_>) -> Vec<Override> {
        let Some(node) = root.get("overrides") else { return Vec::new() };
        let Some(items) = node.get_ref().as_array() else {
            let message = format!("`overrides` is a list of tables, this is {}", kind(node.get_ref()));
            self.error("wrong-type", self.at(node), message, "write each below a heading of its own: `[[overrides]]`");
            return Vec::new();
        };
        let mut overrides = Vec::new();
        for item in items.iter() {
            let Some(table) = self.table(item, "overrides", "[[overrides]]") else { continue };
            let layer = self.layer(table, &OVERRIDE, "an override");
            let Some(place) = table.get("paths").map(|node| self.at(node)) else {
                let help = "add `paths = [\"specs/legacy/**\"]`; what holds everywhere stands outside";
                self.error("missing-key", self.at(item), "this override has no `paths`", help);
                continue;
            };
            let paths = self.patterns(table, "paths");
            overrides.push(Override { span: place, paths, layer });
        }
        overrides
    }
}
