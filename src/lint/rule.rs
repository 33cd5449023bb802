//! A rule as written, checked: its condition is typed, its placeholders exist, its words are known.

use std::ops::Range;
use std::sync::Arc;

use crate::catalog::RULES;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, nearest, suggestion};
use crate::expr::{Checked, FieldType, NameType, Schema, Type, check, parse};
use crate::lint::field::{FIELDS, lookup};
use crate::lint::fix::Fix;
use crate::lint::fold::Folding;
use crate::lint::keys;
use crate::lint::pack::{CUSTOM, Confidence, PACKS, Pack, is_kebab};
use crate::lint::parameter::{Parameter, taken};
use crate::lint::reach::{GRAPH_FUNCTIONS, function};
use crate::lint::scope::Subjects;
use crate::quantity::Hint;
use crate::source::{SourceId, Sources, Span};
use crate::vocabulary::{AttributeId, Target};
use crate::yaml::{self, Node};

/// A checked rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name, which says the bad pattern.
    pub name: String,
    /// How bad a finding is.
    pub severity: Severity,
    /// Its concern.
    pub category: String,
    /// Its pack: that of its folder, else the one it names, else `custom`.
    pub pack: Arc<Pack>,
    /// How sure its findings are: medium where it doesn't say.
    pub confidence: Confidence,
    /// The version of napkin, or of a pack, that first had it.
    pub since: Option<String>,
    /// What it is asked about.
    pub target: Target,
    /// Of these, the ones that it is asked about.
    pub subjects: Subjects,
    /// Named values that whoever runs the rule may set.
    pub parameters: Vec<Parameter>,
    /// Named parts of the condition.
    pub lets: Vec<(String, Checked)>,
    /// The condition.
    pub when: Checked,
    /// The message.
    pub message: Template,
    /// What to do.
    pub help: Template,
    /// The attribute at which a finding points, if the spec states it.
    pub at: Option<AttributeId>,
    /// Which of its findings are one, and from which other rules' findings they follow.
    pub folding: Folding,
    /// What can be done about its findings without a person.
    pub fix: Option<Fix>,
    /// Why it matters.
    pub why: String,
    /// When a finding is right and may stay, if the rule says so.
    pub allow_when: Option<String>,
    /// Further reading.
    pub see: Vec<String>,
    /// Specs on which it fires, and on which it doesn't, with their places.
    pub bad: Vec<(String, Span)>,
    /// Specs on which it stays silent.
    pub good: Vec<(String, Span)>,
    /// Where its name stands.
    pub span: Span,
    /// Where its condition stands.
    pub when_span: Span,
    /// The same for a message: `rules/slow.yaml:4`.
    pub when_line: String,
}

/// Text with expressions in braces.
#[derive(Debug, Default)]
pub struct Template {
    /// Pieces in order.
    pub parts: Vec<Part>,
}

impl Template {
    pub(super) fn values(&self) -> impl Iterator<Item = &Checked> {
        self.parts.iter().filter_map(|part| match part {
            Part::Value(checked) => Some(&**checked),
            Part::Text(_) => None,
        })
    }
}

/// A piece of a template.
#[derive(Debug)]
pub enum Part {
    /// As it stands.
    Text(String),
    /// The value of an expression.
    Value(Box<Checked>),
}

/// The first slot of parameters: before them stand the subject and the system, behind them the `let` values.
pub(super) const PARAMETERS_FROM: usize = 2;

/// Parameters and `let` parts that a rule may have, of each.
const NAMES: usize = 100;

/// Levels of evaluation that a `let` may take with all below it, and those that a `let` takes by itself: the stack is finite.
const DEPTH: usize = 600;
const LET_LEVELS: usize = 3;

/// Bytes of a rule's file; one that a person writes has a few thousand.
const FILE: usize = 1_000_000;

/// The names that a rule's expressions may use.
#[derive(Clone, Copy)]
pub(super) struct RuleNames<'r> {
    target: Target,
    parameters: &'r [Parameter],
    lets: &'r [(String, Checked)],
}

impl Schema for RuleNames<'_> {
    fn name(&self, name: &str) -> Option<NameType> {
        let slot = |slot, ty, hint| Some(NameType::Slot { slot, ty, hint });
        if name == self.target.name() {
            return slot(0, Type::Entity(self.target), Hint::Auto);
        }
        if name == "system" {
            return slot(1, Type::Entity(Target::System), Hint::Auto);
        }
        if let Some((at, parameter)) = self.parameters.iter().enumerate().find(|(_, known)| known.name == name) {
            return slot(at + PARAMETERS_FROM, parameter.ty.clone(), parameter.hint.clone());
        }
        let (at, (_, checked)) = self.lets.iter().enumerate().find(|(_, (known, _))| known == name)?;
        slot(at + PARAMETERS_FROM + self.parameters.len(), checked.ty.clone(), checked.hint.clone())
    }
    fn names(&self) -> Vec<String> {
        let own = [self.target.name().to_owned(), "system".to_owned()];
        let parameters = self.parameters.iter().map(|parameter| parameter.name.clone());
        own.into_iter().chain(parameters).chain(self.lets.iter().map(|(name, _)| name.clone())).collect()
    }
    fn field(&self, of: Target, path: &str) -> FieldType {
        lookup(of, path)
    }
    fn fields(&self, of: Target) -> Vec<&'static str> {
        FIELDS.iter().filter(|field| field.target == of).map(|field| field.key).collect()
    }
    fn function(&self, name: &str) -> Option<(u16, Vec<Type>, Type)> {
        function(name)
    }
    fn functions(&self) -> Vec<(&'static str, &'static str)> {
        GRAPH_FUNCTIONS.iter().map(|function| (function.name, function.usage)).collect()
    }
    fn meant(&self, name: &str) -> Option<String> {
        let own = self.target.name();
        if Target::ALL.iter().any(|target| target.name() == name) {
            return Some(format!("`{name}` is what a rule `for: {name}` asks about; this one is `for: {own}`"));
        }
        let is_field = FIELDS.iter().any(|field| field.target == self.target && field.key == name);
        is_field.then(|| format!("write `{own}.{name}`"))
    }
    fn nouns(&self) -> &[String] {
        &[]
    }
    fn label(&self) -> String {
        "rule".to_owned()
    }
}

/// The rules that ship with napkin. Mistakes in them go to `diagnostics`; a test asserts that there are none.
pub fn built_in(sources: &mut Sources, diagnostics: &mut Diagnostics) -> Vec<Rule> {
    let ids: Vec<SourceId> = RULES.iter().map(|(path, text)| sources.add(*path, *text)).collect();
    ids.into_iter().filter_map(|id| load(sources, id, diagnostics)).collect()
}

/// Loads one rule from a file that has been read and is in no pack folder.
pub fn load(sources: &Sources, id: SourceId, diagnostics: &mut Diagnostics) -> Option<Rule> {
    load_into(None, sources, id, diagnostics)
}

/// Loads one rule from a file that has been read and is in the folder of a pack, if it is.
pub fn load_into(
    pack: Option<&Arc<Pack>>,
    sources: &Sources,
    id: SourceId,
    diagnostics: &mut Diagnostics,
) -> Option<Rule> {
    if sources.get(id).text().len() > FILE {
        diagnostics.push(
            Diagnostic::error("rule", Span::new(id, 0..0), "this file is too large for a rule")
                .help("a rule's file has at most 1 MB; make several rules of it, or keep data elsewhere"),
        );
        return None;
    }
    let document = yaml::parse(sources, id, diagnostics);
    if document.is_cut() {
        // What it lacks may stand behind the mistake.
        return None;
    }
    let Some(root) = document.root() else {
        diagnostics.push(
            Diagnostic::error("empty-rule", Span::new(id, 0..0), "this rule is empty")
                .help("`napkin rules list` names rules to imitate"),
        );
        return None;
    };
    if let Some(node) = ["napkin", "components", "flows"].iter().find_map(|key| root.get(key))
        && root.get("rule").is_none()
    {
        diagnostics.push(Diagnostic::error("rule", node.span(), "this is a spec, not a rule").help(
            "give it to `napkin check`; a rule begins with `rule:` and its name, and `napkin rules new NAME` writes one",
        ));
        return None;
    }
    Loader { root, folder: pack, sources, diagnostics }.rule()
}

pub(super) struct Loader<'l, 'd> {
    pub(super) root: Node<'d>,
    /// The pack whose folder the rule is in.
    folder: Option<&'l Arc<Pack>>,
    sources: &'l Sources,
    diagnostics: &'l mut Diagnostics,
}

impl Loader<'_, '_> {
    pub(super) fn error(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error("rule", span, message).help(help));
    }

    fn text(&mut self, key: &str) -> Option<String> {
        match self.root.get(key) {
            // What isn't text has been reported with the keys.
            Some(node) => Some(node.as_str()?.trim().to_owned()),
            None => {
                let span = self.root.entries().next().map_or(self.root.span(), |(key, _)| key.span());
                self.error(span, format!("this rule has no `{key}`"), format!("add `{key}:`"));
                None
            }
        }
    }

    fn rule(&mut self) -> Option<Rule> {
        if !keys::check(self.root, self.diagnostics) {
            return None;
        }
        let name = self.text("rule");
        let severity =
            self.choice("severity", &Severity::ALL.map(Severity::name)).and_then(|word| Severity::from_name(&word));
        let target = self
            .choice("for", &Target::ALL.map(Target::name))
            .and_then(|word| Target::ALL.into_iter().find(|t| t.name() == word));
        let (category, why) = (self.category(), self.text("why"));
        let allow_when = match self.root.get("allow_when") {
            Some(_) => self.text("allow_when").map(Some),
            None => Some(None),
        };
        let (pack, confidence) = (self.pack(), self.confidence());
        let since = self.root.get("since").and_then(Node::as_str).map(str::to_owned);
        let (name, severity, target) = (name?, severity?, target?);
        self.kebab(&name);
        let before = self.diagnostics.iter().count();
        let mut parameters = self.parameters();
        let lets = self.lets(target, &parameters);
        let names = RuleNames { target, parameters: &parameters, lets: &lets };
        let when = self.condition(&names);
        let message = self.template("message", &names);
        let help = self.template("help", &names);
        let folding = self.folding(&names);
        let fix = self.fix(target, &names);
        let subjects = self.subjects(target);
        let templates = message.iter().chain(&help).flat_map(Template::values);
        let parts = lets.iter().map(|(_, checked)| checked).chain(folding.iter().flat_map(Folding::values));
        let parts = parts.chain(fix.iter().flatten().flat_map(Fix::values));
        let expressions: Vec<&Checked> = when.iter().chain(parts).chain(templates).collect();
        self.uses(&mut parameters, &expressions, before);
        let at = self.at(target);
        let (bad, good) = (self.examples("bad"), self.examples("good"));
        let see = self
            .root
            .get("see")
            .map(|node| {
                node.items().chain(node.as_str().map(|_| node)).filter_map(Node::as_str).map(str::to_owned).collect()
            })
            .unwrap_or_default();
        let place = |key: &str| self.root.get(key).map_or(self.root.span(), Node::span);
        let (span, when_span) = (place("rule"), place("when"));
        Some(Rule {
            name,
            severity,
            category: category?,
            pack: pack?,
            confidence: confidence?,
            since,
            target,
            subjects: subjects?,
            parameters,
            lets,
            when: when?,
            message: message?,
            help: help?,
            at,
            folding: folding?,
            fix: fix?,
            why: why?,
            allow_when: allow_when?,
            see,
            bad,
            good,
            span,
            when_span,
            when_line: self.sources.line(when_span),
        })
    }

    fn pack(&mut self) -> Option<Arc<Pack>> {
        let shipped = |name: &str| PACKS.iter().find(|pack| pack.name == name).cloned();
        let Some(node) = self.root.get("pack") else { return self.folder.cloned().or_else(|| shipped(CUSTOM)) };
        let word = node.as_str().map(str::trim).unwrap_or_default();
        let Some(folder) = self.folder else {
            let known = shipped(word);
            if known.is_none() {
                let names = PACKS.iter().map(|pack| pack.name.as_str());
                let help = match nearest(word, names.clone()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "leave `pack:` out, or put a `pack.yaml` beside the rule (`napkin rules new --pack NAME` writes one)"
                        .to_owned(),
                };
                self.error(node.span(), format!("there is no pack `{word}`"), help);
            }
            return known;
        };
        if word != folder.name {
            let message = format!("this rule is in the folder of the pack `{}`, not of `{word}`", folder.name);
            self.diagnostics.push(
                Diagnostic::error("rule", node.span(), message)
                    .also_at(folder.span, "the folder's pack")
                    .help("leave `pack:` out, or move the rule into a folder of its own"),
            );
            return None;
        }
        Some(folder.clone())
    }

    fn confidence(&mut self) -> Option<Confidence> {
        if self.root.get("confidence").is_none() {
            return Some(Confidence::Medium);
        }
        let word = self.choice("confidence", &Confidence::ALL.map(Confidence::name))?;
        Confidence::ALL.into_iter().find(|confidence| confidence.name() == word)
    }

    fn kebab(&mut self, name: &str) {
        if !is_kebab(name) {
            let span = self.root.get("rule").map_or(self.root.span(), Node::span);
            self.error(
                span,
                format!("a rule can't be called `{name}`"),
                "use lower-case words with hyphens that name the bad pattern, such as `cache-without-expiry`",
            );
        }
    }

    fn category(&mut self) -> Option<String> {
        let word = self.text("category")?;
        let node = self.root.get("category").filter(|_| !word.is_empty() && !is_kebab(&word));
        if let Some(node) = node {
            let message = format!("a category can't be called `{word}`");
            self.error(node.span(), message, "use lower-case words with hyphens, such as `data-safety`");
        }
        Some(word)
    }

    fn choice(&mut self, key: &str, words: &[&'static str]) -> Option<String> {
        let text = self.text(key)?;
        if words.contains(&text.as_str()) {
            return Some(text);
        }
        let span = self.root.get(key).map_or(self.root.span(), Node::span);
        let help = suggestion(&text, words.iter().copied()).unwrap_or_default();
        self.error(span, format!("`{key}` can't be `{text}`"), help);
        None
    }

    /// A node whose whole text is an expression.
    pub(super) fn whole(&mut self, node: Node<'_>, names: &RuleNames<'_>) -> Option<Checked> {
        let Some(text) = node.as_str() else {
            self.error(node.span(), "this is no expression", "write an expression, in quotes if YAML takes it apart");
            return None;
        };
        self.expression(node, 0..text.len(), names)
    }

    fn expression(&mut self, node: Node<'_>, range: Range<usize>, names: &RuleNames<'_>) -> Option<Checked> {
        let text = node.as_str()?.get(range.clone())?;
        match parse(text, &[]).and_then(|ast| check(&ast, names)) {
            Ok(checked) => Some(checked),
            Err(error) => {
                self.diagnostics
                    .push(error.at(|inner| node.inner_span(range.start + inner.start..range.start + inner.end)));
                None
            }
        }
    }

    fn parameters(&mut self) -> Vec<Parameter> {
        let Some(node) = self.root.get("parameters") else { return Vec::new() };
        if !matches!(node.value(), yaml::Value::Mapping) {
            self.error(node.span(), "`parameters` has to name values", "write `parameters: { max_depth: 4 }`");
        }
        let mut list = Vec::new();
        for (at, (key, value)) in node.entries().enumerate() {
            if at == NAMES {
                self.too_many(key, "parameters");
                break;
            }
            let name = key.as_str().unwrap_or("");
            if let Some(help) = taken(name) {
                self.error(key.span(), format!("a parameter can't be called `{name}`"), help);
                continue;
            }
            match Parameter::declared(name, key.span(), value) {
                Ok(parameter) => list.push(parameter),
                Err(mistake) => self.diagnostics.push(*mistake),
            }
        }
        list
    }

    /// Notes what parameters are compared with; one that nothing uses would be set in vain.
    fn uses(&mut self, parameters: &mut [Parameter], expressions: &[&Checked], before: usize) {
        // What can't be read might be what uses a parameter.
        let all_read = self.diagnostics.iter().count() == before;
        for (at, parameter) in parameters.iter_mut().enumerate() {
            let slot = at + PARAMETERS_FROM;
            let words = expressions.iter().flat_map(|checked| &checked.words);
            parameter.words = words.filter(|(of, _)| *of == slot).map(|(_, words)| *words).collect();
            if !expressions.iter().any(|checked| checked.slots.contains(&slot)) {
                if !all_read {
                    continue;
                }
                self.error(
                    parameter.span,
                    format!("nothing in this rule uses the parameter `{}`", parameter.name),
                    "use it in `when`, `let`, `message` or `help`, or take it out",
                );
            } else if let Some((text, help)) = parameter.strange_default() {
                let message = format!("`{}` is compared with words of which none is `{text}`", parameter.name);
                self.error(parameter.span, message, help);
            }
        }
    }

    fn lets(&mut self, target: Target, parameters: &[Parameter]) -> Vec<(String, Checked)> {
        let mut lets: Vec<(String, Checked)> = Vec::new();
        let mut depths = Vec::new();
        for (at, (key, value)) in self.root.get("let").into_iter().flat_map(Node::entries).enumerate() {
            if at == NAMES {
                self.too_many(key, "`let` parts");
                break;
            }
            let name = key.as_str().unwrap_or("");
            let known = parameters.iter().any(|parameter| parameter.name == name);
            let help = taken(name).or_else(|| known.then(|| format!("`{name}` is a parameter; choose another name")));
            if let Some(help) = help {
                self.error(key.span(), format!("a part of a rule can't be called `{name}`"), help);
                continue;
            }
            let Some(checked) = self.whole(value, &RuleNames { target, parameters, lets: &lets }) else { continue };
            let from = PARAMETERS_FROM + parameters.len();
            let below = checked.slots.iter().filter_map(|slot| depths.get(slot.checked_sub(from)?)).max();
            let depth: usize = checked.depth() + LET_LEVELS + below.unwrap_or(&0);
            if depth > DEPTH {
                let message = format!("`{name}` builds on too many others, one on top of the other");
                self.error(key.span(), message, "make the chain shorter: put some of its parts together");
                break;
            }
            depths.push(depth);
            lets.push((name.to_owned(), checked));
        }
        lets
    }

    fn too_many(&mut self, key: Node<'_>, what: &str) {
        self.error(key.span(), format!("a rule has at most {NAMES} {what}"), "make several rules of it");
    }

    fn condition(&mut self, names: &RuleNames<'_>) -> Option<Checked> {
        self.text("when")?;
        let node = self.root.get("when")?;
        let checked = self.whole(node, names)?;
        if checked.ty != Type::Bool {
            self.error(node.span(), "`when` has to be a condition", "compare something: `component.replicas == 1`");
            return None;
        }
        Some(checked)
    }

    fn template(&mut self, key: &str, names: &RuleNames<'_>) -> Option<Template> {
        self.text(key)?;
        let node = self.root.get(key)?;
        self.template_of(node, names)
    }

    pub(super) fn template_of(&mut self, node: Node<'_>, names: &RuleNames<'_>) -> Option<Template> {
        let text = node.as_str()?;
        let mut template = Template::default();
        let mut fixed = String::new();
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            // Doubled braces stand for themselves.
            if rest.starts_with("{{") || rest.starts_with("}}") {
                fixed.push_str(rest.get(..1)?);
                at += 2;
            } else if rest.starts_with('{') {
                let Some(close) = closing(rest) else {
                    let span = node.inner_span(at..at + 1);
                    self.error(span, "this brace is not closed", "write `{component.name}`, or `{{` for a brace");
                    return None;
                };
                template.parts.push(Part::Text(std::mem::take(&mut fixed)));
                let value = self.expression(node, at + 1..at + close, names)?;
                template.parts.push(Part::Value(Box::new(value)));
                at += close + 1;
            } else {
                let next = rest
                    .char_indices()
                    .skip(1)
                    .find(|(_, c)| *c == '{' || *c == '}')
                    .map_or(rest.len(), |(end, _)| end);
                fixed.push_str(rest.get(..next)?);
                at += next;
            }
        }
        template.parts.push(Part::Text(fixed.trim_end().to_owned()));
        Some(template)
    }

    fn at(&mut self, target: Target) -> Option<AttributeId> {
        let node = self.root.get("at")?;
        self.attribute_of(target, node)
    }

    /// The attribute that a node names.
    pub(super) fn attribute_of(&mut self, target: Target, node: Node<'_>) -> Option<AttributeId> {
        let key = node.as_str()?;
        let found = AttributeId::find(target, key);
        if found.is_none() {
            let keys: Vec<&str> = AttributeId::of(target).map(|id| id.def().key).collect();
            let help = suggestion(key, keys.iter().copied())
                .unwrap_or_else(|| "`napkin schema` lists its attributes".to_owned());
            self.error(node.span(), format!("a {} has no attribute `{key}`", target.name()), help);
        }
        found
    }

    fn examples(&mut self, which: &str) -> Vec<(String, Span)> {
        let Some(node) = self.root.get("examples").and_then(|examples| examples.get(which)) else { return Vec::new() };
        node.items()
            .chain(node.as_str().map(|_| node))
            .filter_map(|item| Some((item.as_str()?.to_owned(), item.span())))
            .collect()
    }
}

/// Where the brace closes that a text begins with; one in quotes is part of a text inside.
fn closing(text: &str) -> Option<usize> {
    let mut quoted = false;
    let close = text.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        *c == '}' && !quoted
    });
    close.map(|(at, _)| at).or_else(|| text.find('}'))
}
