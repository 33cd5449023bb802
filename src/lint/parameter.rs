//! Parameters of rules: named values with defaults, which whoever runs a rule may set.
//!
//! What is set belongs to a run, not to the rule: the same loaded rule is asked with one value here and another there.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::definition::Definitions;
use crate::diagnostic::{Diagnostic, Diagnostics, suggestion};
use crate::expr::ast::AstKind;
use crate::expr::{ExprError, FORMULAS, FUNCTIONS, NoNames, RULE_FUNCTIONS, Type, check, parse};
use crate::lint::reach::GRAPH_FUNCTIONS;
use crate::lint::rule::Rule;
use crate::quantity::{Dimension, Hint, quantity};
use crate::source::{Span, Spanned};
use crate::vocabulary::Target;
use crate::yaml::{Node, Value};

/// A parameter that a rule declares.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What it holds: a quantity with its dimension, true or false, text, or a list of text.
    pub ty: Type,
    /// How it is shown.
    pub hint: Hint,
    /// What it is if nobody sets it.
    pub default: ParameterValue,
    /// What it means, if the rule says so.
    pub doc: Option<String>,
    /// The words that it may be, where the rule compares it with fields that have only these.
    pub words: Vec<&'static [&'static str]>,
    /// Where its name stands.
    pub span: Span,
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum ParameterValue {
    /// A quantity in base units.
    Number(f64),
    /// True or false.
    Flag(bool),
    /// Text.
    Text(String),
    /// A list of text.
    List(Vec<String>),
}

impl ParameterValue {
    /// As expressions see it.
    pub(super) fn as_value(&self) -> crate::expr::Value<'_> {
        use crate::expr::Value;
        match self {
            ParameterValue::Number(number) => Value::Number(*number),
            ParameterValue::Flag(flag) => Value::Bool(*flag),
            ParameterValue::Text(text) => Value::Text(text),
            ParameterValue::List(items) => Value::List(items.iter().map(|item| Value::Text(item)).collect()),
        }
    }

    fn texts(&self) -> &[String] {
        match self {
            ParameterValue::Text(text) => std::slice::from_ref(text),
            ParameterValue::List(items) => items,
            _ => &[],
        }
    }
}

/// What somebody sets a parameter to, as written, with its places.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterSetting {
    /// The rule's name.
    pub rule: Spanned<String>,
    /// The parameter's name.
    pub parameter: Spanned<String>,
    /// The value.
    pub value: Given,
}

/// A value as written.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// Text without a type, whose meaning depends on the parameter: `4`, `300 ms`, `true`, `strong`, `[postgresql, "redis"]`.
    Text(Spanned<String>),
    /// Text, where the format in which it is written tells text from numbers.
    Quoted(Spanned<String>),
    /// A number, true or false, where the format tells them from text.
    Plain(Spanned<String>),
    /// A list, where the format in which it is written has lists.
    List(Vec<Spanned<String>>, Span),
}

impl Given {
    fn span(&self) -> Span {
        match self {
            Given::Text(text) | Given::Quoted(text) | Given::Plain(text) => text.span,
            Given::List(_, span) => *span,
        }
    }
}

/// What can't begin or end a text that stands without quotes.
const MARKS: [char; 4] = ['"', '\'', '[', ']'];

/// Characters of a text and members of a list that a parameter may have: rules go over them again and again.
const LONGEST: usize = 1000;
const MOST: usize = 10_000;

/// How large a value may be, if it is larger.
fn too_large(value: &ParameterValue) -> Option<String> {
    if value.texts().len() > MOST {
        return Some(format!("a list has at most {MOST} members; a pattern in the rule may say the same"));
    }
    let long = value.texts().iter().any(|text| text.chars().count() > LONGEST);
    long.then(|| format!("a text has at most {LONGEST} characters"))
}

/// Checked values of parameters for one run. Parameters that aren't in it have their defaults.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    values: BTreeMap<String, BTreeMap<String, ParameterValue>>,
}

impl Overrides {
    /// Checks settings against the rules that they name; a later one of the same parameter wins. Mistakes (an unknown rule
    /// or parameter, a value of another type or dimension) go to `diagnostics`, each at its place.
    pub fn new(rules: &[Rule], settings: &[ParameterSetting], diagnostics: &mut Diagnostics) -> Self {
        let mut overrides = Overrides::default();
        for setting in settings {
            match find(rules, setting).and_then(|parameter| parameter.read(&setting.value)) {
                Ok(value) => {
                    let of_rule = overrides.values.entry(setting.rule.value.clone()).or_default();
                    of_rule.insert(setting.parameter.value.clone(), value);
                }
                Err(diagnostic) => diagnostics.push(*diagnostic),
            }
        }
        overrides
    }

    /// The value of a rule's parameter: what was set, else its default.
    pub fn value<'v>(&'v self, rule: &str, parameter: &'v Parameter) -> &'v ParameterValue {
        self.values.get(rule).and_then(|of_rule| of_rule.get(&parameter.name)).unwrap_or(&parameter.default)
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

type Mistake = Box<Diagnostic>;

fn mistake(span: Span, message: impl Into<String>, help: impl Into<String>) -> Mistake {
    Box::new(Diagnostic::error("parameter", span, message).help(help))
}

fn find<'r>(rules: &'r [Rule], setting: &ParameterSetting) -> Result<&'r Parameter, Mistake> {
    let (rule, parameter) = (&setting.rule, &setting.parameter);
    let Some(found) = rules.iter().find(|known| known.name == rule.value) else {
        let names: Vec<&str> = rules.iter().map(|known| known.name.as_str()).collect();
        let help = suggestion(&rule.value, names.iter().copied())
            .unwrap_or_else(|| "`napkin rules list` names all rules and their parameters".to_owned());
        return Err(mistake(rule.span, format!("there is no rule `{}`", rule.value), help));
    };
    found.parameters.iter().find(|known| known.name == parameter.value).ok_or_else(|| {
        let names: Vec<&str> = found.parameters.iter().map(|known| known.name.as_str()).collect();
        let help = suggestion(&parameter.value, names.iter().copied())
            .unwrap_or_else(|| "take this out; the rule has no parameters".to_owned());
        mistake(parameter.span, format!("the rule `{}` has no parameter `{}`", found.name, parameter.value), help)
    })
}

impl Parameter {
    /// A value as a person writes it.
    pub fn shown(&self, value: &ParameterValue) -> String {
        match value {
            ParameterValue::Number(number) => quantity(*number, self.dimension(), &self.hint),
            ParameterValue::Flag(flag) => flag.to_string(),
            ParameterValue::Text(text) => text.clone(),
            ParameterValue::List(items) => format!("[{}]", items.join(", ")),
        }
    }

    /// A value as `napkin.toml` wants it.
    pub fn toml(&self, value: &ParameterValue) -> String {
        let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        match value {
            ParameterValue::Number(_) if self.shown(value).parse::<f64>().is_ok() => self.shown(value),
            ParameterValue::Flag(flag) => flag.to_string(),
            ParameterValue::List(items) => {
                format!("[{}]", items.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(", "))
            }
            _ => quoted(&self.shown(value)),
        }
    }

    /// What it holds, in a few words: `time`, `a plain number`, `a list of text`.
    pub fn kind(&self) -> String {
        match &self.ty {
            Type::Quantity(dimension) if *dimension == Dimension::NONE => "a plain number".to_owned(),
            Type::Quantity(dimension) => dimension.to_string(),
            Type::Bool => "true or false".to_owned(),
            Type::List(_) => "a list of text".to_owned(),
            _ => "text".to_owned(),
        }
    }

    fn dimension(&self) -> Dimension {
        match self.ty {
            Type::Quantity(dimension) => dimension,
            _ => Dimension::NONE,
        }
    }

    /// Reads a value for it.
    fn read(&self, given: &Given) -> Result<ParameterValue, Mistake> {
        let list = matches!(self.ty, Type::List(_));
        let value = match (given, &self.ty) {
            (Given::Quoted(text) | Given::Plain(text), Type::List(_)) => {
                let message = format!("`{}` is a list of text, and has to be written as one", self.name);
                return Err(mistake(
                    text.span,
                    message,
                    format!("write `{} = {}`", self.name, self.toml(&self.default)),
                ));
            }
            (Given::Plain(text), Type::Text) => {
                let message = format!("`{}` is text, and has to stand in quotes", self.name);
                return Err(mistake(text.span, message, format!("write `{} = \"{}\"`", self.name, text.value)));
            }
            (Given::List(items, _), Type::List(_)) => {
                ParameterValue::List(items.iter().map(|item| item.value.clone()).collect())
            }
            (Given::List(_, span), _) => {
                let message = format!("`{}` is {}, not a list", self.name, self.kind());
                return Err(mistake(*span, message, format!("write one value, such as `{}`", self.example())));
            }
            (Given::Text(text), Type::List(_)) => ParameterValue::List(elements(&text.value)),
            (Given::Text(text) | Given::Quoted(text) | Given::Plain(text), Type::Bool) => match text.value.trim() {
                "true" => ParameterValue::Flag(true),
                "false" => ParameterValue::Flag(false),
                other => {
                    let message = format!("`{}` is true or false, not `{other}`", self.name);
                    return Err(mistake(text.span, message, "write `true` or `false`"));
                }
            },
            (Given::Text(text) | Given::Quoted(text) | Given::Plain(text), Type::Quantity(_)) => {
                ParameterValue::Number(self.number(text)?)
            }
            (Given::Text(text), _) => ParameterValue::Text(unquoted(text.value.trim()).to_owned()),
            (Given::Quoted(text) | Given::Plain(text), _) => ParameterValue::Text(text.value.trim().to_owned()),
        };
        if let Given::Text(text) = given
            && let Some(odd) = value.texts().iter().find(|one| one.starts_with(MARKS) || one.ends_with(MARKS))
        {
            let message = format!("`{}` can't be `{odd}`: quotes and brackets don't match, or stand inside", self.name);
            let example = if list { "[\"a\", \"b\"]" } else { "a" };
            return Err(mistake(
                text.span,
                message,
                format!("write `{example}`; other text can be set in napkin.toml"),
            ));
        }
        if let Some(help) = too_large(&value) {
            let message = format!("`{}` is too large", self.name);
            return Err(mistake(given.span(), message, help));
        }
        self.known_words(&value, given)?;
        Ok(value)
    }

    fn number(&self, text: &Spanned<String>) -> Result<f64, Mistake> {
        let place = |range| inside(text, range);
        let (value, ty, hint) = amount(&text.value).map_err(|error| Box::new(error.at(place)))?;
        if ty != self.ty {
            let found = match ty {
                Type::Quantity(dimension) => dimension.to_string(),
                _ => "not a number".to_owned(),
            };
            let message = format!("`{}` is {}; this is {found}", self.name, self.dimension());
            return Err(mistake(text.span, message, format!("write a value such as `{}`", self.example())));
        }
        // Somebody who writes 80 for a share of 70 % doesn't mean eighty times everything.
        if self.hint == Hint::Percent && hint != Hint::Percent && value > 1.0 {
            let message = format!("`{}` is a share; {} is more than all", self.name, text.value.trim());
            return Err(mistake(text.span, message, format!("write `{} %`", text.value.trim())));
        }
        Ok(value)
    }

    fn example(&self) -> String {
        self.shown(&self.default)
    }

    /// Text that is compared with a field of few words has to be one of them.
    fn known_words(&self, value: &ParameterValue, given: &Given) -> Result<(), Mistake> {
        for (at, text) in value.texts().iter().enumerate() {
            if let Some(help) = self.stranger(text) {
                let span = match given {
                    Given::List(items, span) => items.get(at).map_or(*span, |item| item.span),
                    Given::Text(whole) | Given::Quoted(whole) | Given::Plain(whole) => {
                        match whole.value.find(text.as_str()) {
                            Some(start) => inside(whole, start..start + text.len()),
                            None => whole.span,
                        }
                    }
                };
                let message = format!("`{}` compares this with words of which none is `{text}`", self.name);
                return Err(mistake(span, message, help));
            }
        }
        Ok(())
    }

    /// A parameter as a rule declares it: `max_depth: 4`, or `max_depth: { default: 4, doc: "…" }`.
    pub(super) fn declared(name: &str, span: Span, node: Node<'_>) -> Result<Self, Mistake> {
        let (mut value, mut doc) = (node, None);
        if let Value::Mapping = node.value() {
            for (key, _) in node.entries() {
                let word = key.as_str().unwrap_or("");
                if !LONG_FORM.contains(&word) {
                    let help = suggestion(word, LONG_FORM).unwrap_or_default();
                    return Err(mistake(key.span(), format!("a parameter has no `{word}`"), help));
                }
            }
            value = node.get("default").ok_or_else(|| {
                mistake(
                    node.span(),
                    format!("`{name}` has no default"),
                    "add `default:` with the value it has if nobody sets it",
                )
            })?;
            doc = node.get("doc").and_then(Node::as_str).map(|text| text.trim().to_owned());
        }
        let (ty, hint, default) = default(name, value)?;
        if let Some(help) = too_large(&default) {
            return Err(mistake(value.span(), format!("the default of `{name}` is too large"), help));
        }
        Ok(Parameter { name: name.to_owned(), ty, hint, default, doc, words: Vec::new(), span })
    }

    /// A text of its default that it is never compared with successfully, and what to write instead.
    pub(super) fn strange_default(&self) -> Option<(String, String)> {
        self.default.texts().iter().find_map(|text| Some((text.clone(), self.stranger(text)?)))
    }

    /// What to write instead of a text that it is never compared with successfully.
    pub(super) fn stranger(&self, text: &str) -> Option<String> {
        let words = self.words.iter().find(|words| !words.contains(&text))?;
        Some(
            suggestion(text, words.iter().copied())
                .unwrap_or_else(|| format!("it has to be one of {} words", words.len())),
        )
    }
}

/// A part of a text's place. Where text and place have different lengths (quotes, escapes) it is the whole place.
fn inside(text: &Spanned<String>, range: Range<usize>) -> Span {
    let whole = text.span.range();
    if whole.len() == text.value.len() {
        Span::new(text.span.source, whole.start + range.start..whole.start + range.end)
    } else {
        text.span
    }
}

/// The members of a list in one text, with or without brackets: `[a, b]`, `a, b`, `a`; nothing for `[]`.
fn elements(text: &str) -> Vec<String> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.split(',').map(|item| unquoted(item.trim()).to_owned()).filter(|item| !item.is_empty()).collect()
}

/// Text without the quotes around it, which some shells leave there.
fn unquoted(text: &str) -> &str {
    let without = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    without('"').or_else(|| without('\'')).unwrap_or(text)
}

/// A certain quantity in base units, with its type and how it is shown.
pub(super) fn amount(text: &str) -> Result<(f64, Type, Hint), ExprError> {
    let checked = check(&parse(text, &[])?, &NoNames)?;
    if checked.uncertain {
        let error = ExprError::new("uncertain-parameter", 0..text.len(), "a parameter is one value, not a range");
        return Err(error.help("write the value at which the rule should draw the line"));
    }
    match checked.ty {
        Type::Quantity(_) => Ok((Definitions::new().median(&checked)?, checked.ty, checked.hint)),
        ty => Ok((0.0, ty, checked.hint)),
    }
}

const LONG_FORM: [&str; 2] = ["default", "doc"];

/// The default that a rule declares, with its type: what begins like a number is a quantity, what stands in quotes is text.
fn default(name: &str, node: Node<'_>) -> Result<(Type, Hint, ParameterValue), Mistake> {
    if let Some(flag) = node.as_bool() {
        return Ok((Type::Bool, Hint::Auto, ParameterValue::Flag(flag)));
    }
    match node.value() {
        Value::Scalar { text, plain } if plain && looks_like_number(text) => {
            let (number, ty, hint) =
                amount(text).map_err(|error| Box::new(error.at(|range| node.inner_span(range))))?;
            match ty {
                Type::Quantity(_) => Ok((ty, hint, ParameterValue::Number(number))),
                _ => Err(mistake(
                    node.span(),
                    format!("`{name}` is no value"),
                    "write a number, a quantity, text or a list of text",
                )),
            }
        }
        Value::Scalar { text, .. } => Ok((Type::Text, Hint::Auto, ParameterValue::Text(text.trim().to_owned()))),
        Value::Sequence => {
            let mut items = Vec::new();
            for item in node.items() {
                match item.value() {
                    Value::Scalar { text, plain } if !plain || !looks_like_number(text) => items.push(text.to_owned()),
                    _ => {
                        let help = "put it into quotes if it is text; a list of numbers can't be a parameter";
                        return Err(mistake(item.span(), format!("`{name}` lists text, and this is none"), help));
                    }
                }
            }
            Ok((Type::List(Box::new(Type::Text)), Hint::Auto, ParameterValue::List(items)))
        }
        Value::Null | Value::Mapping => {
            let help = "write its default: a number, a quantity, true, false, text or a list of text";
            Err(mistake(node.span(), format!("`{name}` has no default"), help))
        }
    }
}

/// Whether text begins as quantities do.
fn looks_like_number(text: &str) -> bool {
    text.trim_start_matches(['-', '$', '.', ' ']).starts_with(|c: char| c.is_ascii_digit())
}

/// Why a name can't be one of a rule's own (a parameter, a `let`); `None` if it can.
pub(super) fn taken(name: &str) -> Option<String> {
    let word = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !word {
        return Some("use lower-case words with underscores, such as `max_depth`".to_owned());
    }
    if Target::ALL.iter().any(|target| target.name() == name) {
        return Some(format!("`{name}` is what rules ask about; choose another name"));
    }
    let language = FUNCTIONS.iter().chain(RULE_FUNCTIONS).map(|(name, ..)| *name);
    let functions = language.chain(FORMULAS.iter().map(|formula| formula.name));
    if functions.chain(GRAPH_FUNCTIONS.iter().map(|function| function.name)).any(|function| function == name) {
        return Some(format!("`{name}` is a function; choose another name"));
    }
    // What has a meaning without being declared is a unit or a word of the language.
    let free = parse(name, &[]).is_ok_and(|ast| matches!(ast.kind, AstKind::Name(_)) && check(&ast, &NoNames).is_err());
    (!free).then(|| format!("`{name}` is a unit or a word of the language; choose another name"))
}
