//! A pack's manifest, `pack.yaml`: its name, its version, which napkin it needs, and what it sets for its own rules.

use std::sync::Arc;

use semver::{Version, VersionReq};

use crate::diagnostic::{Diagnostic, Diagnostics, Severity, nearest, suggestion};
use crate::lint::pack::{PACKS, Pack, is_kebab, running};
use crate::lint::parameter::{Given, Overrides, ParameterSetting};
use crate::lint::rule::Rule;
use crate::source::{SourceId, Sources, Span, Spanned};
use crate::yaml::{self, Node, Value};

const KEYS: [&str; 9] =
    ["pack", "version", "napkin", "description", "owner", "homepage", "default", "severities", "parameters"];

/// What a manifest says.
#[derive(Debug)]
pub struct Manifest {
    /// The pack.
    pub pack: Arc<Pack>,
    /// How bad findings of its rules are, where that is not as they say themselves.
    severities: Vec<(Spanned<String>, Severity)>,
    /// What it sets its rules' parameters to.
    parameters: Vec<ParameterSetting>,
}

/// Reads a manifest. All mistakes in it are told; with one, there is no manifest.
pub fn manifest(sources: &Sources, id: SourceId, diagnostics: &mut Diagnostics) -> Option<Manifest> {
    let mut mistakes = Diagnostics::new();
    let document = yaml::parse(sources, id, &mut mistakes);
    // What is missing in a file that is read in part may well be there.
    let broken = mistakes.has_errors();
    diagnostics.extend(mistakes);
    if broken {
        return None;
    }
    let Some(root) = document.root().filter(|root| matches!(root.value(), Value::Mapping)) else {
        let span = document.root().map_or(Span::new(id, 0..0), Node::span);
        diagnostics.push(
            Diagnostic::error("pack", span, "this manifest says nothing of its pack")
                .help("write `pack:`, `version:`, `napkin:` and `description:`; `napkin rules new --pack NAME` does"),
        );
        return None;
    };
    let mut reader = Reader { root, diagnostics, wrong: false };
    let manifest = reader.manifest();
    manifest.filter(|_| !reader.wrong)
}

struct Reader<'r, 'd> {
    root: Node<'d>,
    diagnostics: &'r mut Diagnostics,
    wrong: bool,
}

impl<'d> Reader<'_, 'd> {
    fn error(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.wrong = true;
        self.diagnostics.push(Diagnostic::error("pack", span, message).help(help));
    }

    /// A text that isn't empty, or nothing and a complaint if something else stands there.
    fn said(&mut self, key: &str, example: &str) -> Option<Spanned<String>> {
        let node = self.root.get(key)?;
        match node.as_str().map(str::trim).filter(|text| !text.is_empty()) {
            Some(text) => Some(Spanned::new(text.to_owned(), node.span())),
            None => {
                self.error(node.span(), format!("`{key}` is a text"), format!("write `{key}: {example}`"));
                None
            }
        }
    }

    fn needed(&mut self, key: &str, example: &str) -> Option<Spanned<String>> {
        if self.root.get(key).is_none() {
            let span = self.root.entries().next().map_or(self.root.span(), |(key, _)| key.span());
            self.error(span, format!("this pack has no `{key}`"), format!("add `{key}: {example}`"));
        }
        self.said(key, example)
    }

    fn manifest(&mut self) -> Option<Manifest> {
        for (key, _) in self.root.entries() {
            let name = key.as_str().unwrap_or("");
            if !KEYS.contains(&name) {
                let help = suggestion(name, KEYS).unwrap_or_default();
                self.error(key.span(), format!("a pack has no `{name}`"), help);
            }
        }
        let name = self.needed("pack", "acme-platform");
        if let Some(name) = &name {
            self.name(name);
        }
        let version = self.needed("version", "1.0.0").and_then(|text| self.version(&text));
        if let Some(text) = self.needed("napkin", "\">=0.1\"") {
            self.napkin(&text, name.as_ref());
        }
        let doc = self.needed("description", "what its rules are about");
        let owner = self.said("owner", "team-platform").map(|said| said.value);
        let homepage = self.said("homepage", "https://…").map(|said| said.value);
        let default = match self.root.get("default") {
            None => true,
            Some(node) => node.as_bool().unwrap_or_else(|| {
                self.error(
                    node.span(),
                    "`default` is true or false",
                    "write `default: false` if a team has to turn the pack on",
                );
                true
            }),
        };
        let (severities, parameters) = (self.severities(), self.parameters());
        let (name, version, doc) = (name?, version?, doc?);
        let (name, doc, span) = (name.value, doc.value, Some(name.span));
        let pack = Pack { name, default, doc, version, owner, homepage, span };
        Some(Manifest { pack: Arc::new(pack), severities, parameters })
    }

    fn name(&mut self, name: &Spanned<String>) {
        if !is_kebab(&name.value) {
            let help = "use lower-case words with hyphens that name team and subject, such as `acme-platform`";
            self.error(name.span, format!("a pack can't be called `{}`", name.value), help);
        } else if name.value == "all" || PACKS.iter().any(|pack| pack.name == name.value) {
            let message = format!("`{}` is a pack of napkin's own", name.value);
            self.error(name.span, message, format!("put your name before it: `acme-{}`", name.value));
        }
    }

    fn version(&mut self, text: &Spanned<String>) -> Option<Version> {
        match Version::parse(&text.value) {
            Ok(version) => Some(version),
            Err(_) => {
                let help = "write three numbers, such as `version: 1.2.0`";
                self.error(text.span, format!("`{}` is no version", text.value), help);
                None
            }
        }
    }

    /// Whether this napkin will do.
    fn napkin(&mut self, text: &Spanned<String>, name: Option<&Spanned<String>>) {
        let Ok(needs) = VersionReq::parse(&text.value) else {
            let help = "write the oldest napkin that the pack works with: `napkin: \">=0.1\"`";
            self.error(text.span, format!("`{}` names no version of napkin", text.value), help);
            return;
        };
        let running = running();
        // What is on its way to a version counts as that version.
        if !needs.matches(&Version::new(running.major, running.minor, running.patch)) {
            let name = name.map_or("this pack", |name| &name.value);
            let message = format!("`{name}` needs napkin {}, and this is {running}", text.value);
            self.error(text.span, message, "update napkin, or take a version of the pack that is made for this one");
        }
    }

    /// The entries of a mapping from rules to something.
    fn by_rule(&mut self, key: &str, example: &str) -> Vec<(Spanned<String>, Node<'d>)> {
        let Some(node) = self.root.get(key) else { return Vec::new() };
        if !matches!(node.value(), Value::Mapping) {
            self.error(node.span(), format!("`{key}` names rules"), format!("write `{key}: {example}`"));
        }
        let named = |(rule, value): (Node<'d>, _)| {
            (Spanned::new(rule.as_str().unwrap_or_default().to_owned(), rule.span()), value)
        };
        node.entries().map(named).collect()
    }

    fn severities(&mut self) -> Vec<(Spanned<String>, Severity)> {
        let mut list = Vec::new();
        for (rule, node) in self.by_rule("severities", "{ some-rule: warning }") {
            let word = node.as_str().unwrap_or_default();
            match Severity::from_name(word) {
                Some(severity) => list.push((rule, severity)),
                None => {
                    let names = Severity::ALL.map(Severity::name);
                    let help = match nearest(word, names) {
                        _ if word == "off" => {
                            "take the rule out, or put it into a pack with `default: false`".to_owned()
                        }
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("write one of {}", names.join(", ")),
                    };
                    self.error(node.span(), format!("a severity can't be `{word}` here"), help);
                }
            }
        }
        list
    }

    fn parameters(&mut self) -> Vec<ParameterSetting> {
        let mut settings = Vec::new();
        for (rule, node) in self.by_rule("parameters", "{ some-rule: { max_depth: 4 } }") {
            if !matches!(node.value(), Value::Mapping) {
                let help = format!("write `{}: {{ max_depth: 4 }}`", rule.value);
                self.error(node.span(), format!("`{}` needs parameters with their values", rule.value), help);
            }
            for (key, value) in node.entries() {
                let parameter = Spanned::new(key.as_str().unwrap_or_default().to_owned(), key.span());
                if let Some(value) = self.given(value) {
                    settings.push(ParameterSetting { rule: rule.clone(), parameter, value });
                }
            }
        }
        settings
    }

    fn given(&mut self, node: Node<'_>) -> Option<Given> {
        let text = |node: Node<'_>| Some(Spanned::new(node.as_str()?.to_owned(), node.span()));
        let given = match node.value() {
            Value::Scalar { plain: false, .. } => text(node).map(Given::Quoted),
            Value::Scalar { .. } => text(node).map(Given::Text),
            Value::Sequence => node.items().map(text).collect::<Option<_>>().map(|list| Given::List(list, node.span())),
            Value::Null | Value::Mapping => None,
        };
        if given.is_none() {
            self.error(
                node.span(),
                "this is no value of a parameter",
                "write a number, a quantity, text or a list of text",
            );
        }
        given
    }
}

/// Gives the rules of a pack the severities and the defaults of parameters that its manifest sets.
pub fn defaults(manifest: &Manifest, rules: &mut [Rule], diagnostics: &mut Diagnostics) {
    for (name, severity) in &manifest.severities {
        if let Some(rule) = rules.iter_mut().find(|rule| rule.name == name.value) {
            rule.severity = *severity;
            continue;
        }
        let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
        let help = suggestion(&name.value, names.iter().copied())
            .unwrap_or_else(|| "name a rule of this pack; others are set in napkin.toml".to_owned());
        let message = format!("the pack `{}` has no rule `{}`", manifest.pack.name, name.value);
        diagnostics.push(Diagnostic::error("unknown-rule", name.span, message).help(help));
    }
    let set = Overrides::new(rules, &manifest.parameters, diagnostics);
    for rule in rules {
        for parameter in &mut rule.parameters {
            parameter.default = set.value(&rule.name, parameter).clone();
        }
    }
}
