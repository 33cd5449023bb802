//! Attributes as read from YAML: typed by the vocabulary's table, checked, each with its origin.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::definition::{Definitions, Names};
use crate::diagnostic::{Diagnostic, Diagnostics, nearest, suggestion};
use crate::expr::{Checked, NameType, Type, check, parse};
use crate::quantity::{Dimension, number, quantity};
use crate::source::{Span, Spanned};
use crate::vocabulary::{ATTRIBUTES, AttributeId, ELSEWHERE, GROUPS, LARGEST, Shape, Target, is_level};
use crate::yaml::{Node, Value};

/// A number as stated, and how to compute it again when assumptions vary.
#[derive(Clone, Debug)]
pub struct Input {
    /// In base units, every uncertainty at its median.
    pub value: f64,
    /// The expression, where it is uncertain or reads assumptions.
    pub varies: Option<Arc<Checked>>,
    /// Whether the value is uncertain.
    pub uncertain: bool,
    /// The assumptions that it reads.
    pub slots: Vec<usize>,
}

/// No count in a spec is larger.
const MOST_WHOLE: f64 = 1e9;

/// A value of an attribute.
#[derive(Clone, Debug)]
pub enum AttributeValue {
    /// A quantity or whole number, in base units.
    Number(Input),
    /// True or false.
    Flag(bool),
    /// One of the words of a choice.
    Word(&'static str),
    /// Free text.
    Text(String),
    /// Names with their places.
    Names(Vec<Spanned<String>>),
    /// A consistency level, and the copies that it stands for where their number is known.
    Level {
        /// Its name, lower-case with hyphens.
        word: &'static str,
        /// What it comes to; filled in once the copies of the component are known.
        copies: Option<Input>,
    },
    /// Measured pairs of nodes and throughput (per second).
    Measured(Vec<(f64, f64)>),
    /// Stated as `none`.
    Absent,
}

/// Who says so, when it isn't the spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The product's name.
    pub product: String,
    /// A source's address, or on what a rule of thumb rests.
    pub source: String,
    /// Whether it is a rule of thumb.
    pub rule_of_thumb: bool,
}

/// Where an attribute was stated.
#[derive(Clone, Debug)]
pub enum Origin {
    /// In the spec: the place of its value.
    Spec(Span),
    /// In a product's profile.
    Fact(Arc<Fact>),
}

/// One attribute with its value.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Which.
    pub id: AttributeId,
    /// Its value.
    pub value: AttributeValue,
    /// Where from.
    pub origin: Origin,
}

/// The attributes of one thing, at most one of each.
#[derive(Clone, Debug, Default)]
pub struct AttributeSet {
    list: Vec<Attribute>,
}

impl AttributeSet {
    /// The attribute, if stated.
    pub fn get(&self, id: AttributeId) -> Option<&Attribute> {
        self.list.iter().find(|attribute| attribute.id == id)
    }

    /// Adds one.
    pub fn push(&mut self, attribute: Attribute) {
        self.list.push(attribute);
    }

    /// Gives all attributes from a position on another origin.
    pub fn reorigin(&mut self, from: usize, origin: &Origin) {
        self.list.iter_mut().skip(from).for_each(|attribute| attribute.origin = origin.clone());
    }

    /// Puts one in the place of what is stated for the same attribute.
    pub fn replace(&mut self, attribute: Attribute) {
        self.list.retain(|old| old.id != attribute.id);
        self.list.push(attribute);
    }

    /// All in the order in which they were stated.
    pub fn iter(&self) -> impl Iterator<Item = &Attribute> {
        self.list.iter()
    }
}

/// What reading needs besides the node.
pub struct Reader<'r> {
    /// Named values that expressions may use.
    pub definitions: &'r Definitions,
    /// Counting words that the spec declares.
    pub nouns: &'r [String],
    /// Further names (latency numbers).
    pub further: &'r dyn Fn(&str) -> Option<NameType>,
    /// The further names, for suggestions.
    pub further_names: &'r [String],
    /// Where mistakes go.
    pub diagnostics: &'r mut Diagnostics,
}

impl Reader<'_> {
    /// Reports a mistake.
    pub fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(code, span, message).help(help));
    }

    /// Parses and checks the expression in a scalar. `label` keeps the samples of its uncertain parts apart.
    pub fn expression(&mut self, node: Node<'_>, label: &str) -> Option<Checked> {
        let Some(text) = node.as_str() else {
            self.error("type-mismatch", node.span(), "a value is needed here", "write it as one expression");
            return None;
        };
        let names = Names {
            definitions: self.definitions,
            further: self.further,
            further_names: self.further_names,
            nouns: self.nouns,
            label,
        };
        match parse(text, self.nouns).and_then(|ast| check(&ast, &names)) {
            Ok(checked) => Some(checked),
            Err(error) => {
                self.diagnostics.push(error.at(|range| node.inner_span(range)));
                None
            }
        }
    }

    /// The number that an expression of one dimension stands for.
    pub fn input(&mut self, node: Node<'_>, dimension: Dimension, label: &str) -> Option<Input> {
        let checked = self.expression(node, label)?;
        self.checked_input(checked, node, dimension, node.span())
    }

    /// [`Self::input`] for an expression that is checked already.
    pub fn checked_input(
        &mut self,
        checked: Checked,
        node: Node<'_>,
        dimension: Dimension,
        span: Span,
    ) -> Option<Input> {
        if checked.ty != Type::Quantity(dimension) {
            let found = match &checked.ty {
                Type::Quantity(found) => found.to_string(),
                _ => "no number".to_owned(),
            };
            let message = format!("{dimension} is needed here, this is {found}");
            self.error("dimension-mismatch", span, message, format!("write for example {}", dimension.example()));
            return None;
        }
        let value = match self.definitions.median(&checked) {
            Ok(value) => value,
            Err(error) => {
                self.diagnostics.push(error.at(|range| node.inner_span(range)));
                return None;
            }
        };
        let slots = checked.slots.clone();
        let uncertain = self.definitions.is_uncertain(&checked);
        let varies = (uncertain || !slots.is_empty()).then(|| Arc::new(checked));
        Some(Input { value, varies, uncertain, slots })
    }

    /// Reads all attributes of a mapping. Keys in `other` belong to the caller.
    pub fn attributes(&mut self, node: Node<'_>, target: Target, other: &[&str], owner: &str) -> AttributeSet {
        let mut set = AttributeSet::default();
        for (key, value) in node.entries() {
            let name = key.as_str().unwrap_or("");
            if !other.contains(&name) {
                self.attribute(name, key.span(), value, (target, other, owner), &mut set);
            }
        }
        set
    }

    /// Reads one attribute by its dotted key in place of what a set states for it.
    pub fn change(&mut self, (target, path, owner): (Target, &str, &str), node: Node<'_>, set: &mut AttributeSet) {
        let mut changed = AttributeSet::default();
        self.attribute(path, node.span(), node, (target, &[], owner), &mut changed);
        changed.list.into_iter().for_each(|attribute| set.replace(attribute));
    }

    fn attribute(
        &mut self,
        path: &str,
        key: Span,
        value: Node<'_>,
        context: (Target, &[&str], &str),
        set: &mut AttributeSet,
    ) {
        let (target, other, owner) = context;
        let group_of = |path: &str| {
            GROUPS.iter().find(|(group, _)| *group == path).map(|(group, member)| format!("{group}.{member}"))
        };
        let is_group = AttributeId::is_group(target, path);
        // A value with further ones below its name: `service_time: { mean: 8 ms, p99: 40 ms }`.
        let outer = path.rsplit_once('.').and_then(|(of, own)| Some((AttributeId::find(target, of)?, own)));
        let own = outer.filter(|(id, own)| !is_group && id.def().shape.own_key() == Some(own)).map(|(id, _)| id);
        let id = AttributeId::find(target, path).or(own);
        if let Some(id) = id.filter(|_| !(is_group && matches!(value.value(), Value::Mapping))) {
            self.read_value(id, value, owner, set);
            return;
        }
        match (is_group, value.value()) {
            (true, Value::Mapping) => {
                // Details of something that is there or not say that it is.
                if let Some(id) = id.filter(|id| id.def().shape == Shape::Flag) {
                    let origin = Origin::Spec(value.span());
                    set.push(Attribute { id, value: AttributeValue::Flag(true), origin });
                }
                for (key, value) in value.entries() {
                    let name = format!("{path}.{}", key.as_str().unwrap_or(""));
                    self.attribute(&name, key.span(), value, context, set);
                }
            }
            (true, Value::Scalar { text, .. }) => {
                match group_of(path).and_then(|full| AttributeId::find(target, &full)) {
                    Some(id) if text == "none" || value.as_bool() == Some(false) => {
                        set.push(Attribute { id, value: AttributeValue::Absent, origin: Origin::Spec(value.span()) });
                    }
                    Some(id) => self.read_value(id, value, owner, set),
                    None => self.error(
                        "type-mismatch",
                        value.span(),
                        format!("`{path}` holds several values"),
                        members(target, path),
                    ),
                }
            }
            (true, _) => self.error(
                "type-mismatch",
                value.span(),
                format!("`{path}` holds several values"),
                members(target, path),
            ),
            (false, _) => self.unknown_key(path, key, target, other),
        }
    }

    fn unknown_key(&mut self, path: &str, key: Span, target: Target, other: &[&str]) {
        let (parent, last) = path.rsplit_once('.').map_or(("", path), |(parent, last)| (parent, last));
        let prefix = if parent.is_empty() { String::new() } else { format!("{parent}.") };
        let siblings: BTreeSet<&str> = ATTRIBUTES
            .iter()
            .filter(|def| def.target == target)
            .filter_map(|def| def.key.strip_prefix(&prefix))
            .map(|rest| rest.split('.').next().unwrap_or(rest))
            .chain(other.iter().copied().filter(|_| parent.is_empty()))
            .collect();
        let elsewhere = ELSEWHERE.iter().find(|(of, word, _)| *of == target && *word == path);
        let help = elsewhere
            .map(|(.., meant)| format!("did you mean `{meant}`?"))
            .or_else(|| suggestion(last, siblings.iter().copied()))
            .unwrap_or_else(|| format!("`napkin schema` lists what a {} can have", target.name()));
        self.error("unknown-key", key, format!("a {} has no `{path}`", target.name()), help);
    }

    /// Reads the value of one attribute into a set.
    pub fn read_value(&mut self, id: AttributeId, node: Node<'_>, owner: &str, set: &mut AttributeSet) {
        let def = id.def();
        if node.is_null() {
            self.error(
                "missing-value",
                node.span(),
                format!("`{}` has no value", def.key),
                "write one after the colon, or remove the key",
            );
            return;
        }
        let absent =
            node.as_str() == Some("none") && !matches!(def.shape, Shape::Choice(words) if words.contains(&"none"));
        let value = if absent { Some(AttributeValue::Absent) } else { self.shaped(def.shape, def.key, node, owner) };
        if let Some(value) = value {
            set.push(Attribute { id, value, origin: Origin::Spec(node.span()) });
        }
    }

    fn shaped(&mut self, shape: Shape, key: &str, node: Node<'_>, owner: &str) -> Option<AttributeValue> {
        match shape {
            Shape::Quantity { dimension, min, max } => {
                let input = self.input(node, dimension, &format!("{owner}.{key}"))?;
                self.within(&input, dimension, (min, max), node, key).then_some(AttributeValue::Number(input))
            }
            Shape::Whole(min) => self.whole(node, min, key).map(AttributeValue::Number),
            Shape::Level(words) => self.level(node, words, key),
            Shape::Flag => self.flag(node, key).map(AttributeValue::Flag),
            Shape::Choice(words) => self.word(node, words, key).map(AttributeValue::Word),
            Shape::Text => match node.as_str() {
                Some(text) => Some(AttributeValue::Text(text.to_owned())),
                None => {
                    self.error("type-mismatch", node.span(), format!("`{key}` is a text"), "write it on one line");
                    None
                }
            },
            Shape::Names => Some(AttributeValue::Names(self.names(node))),
            Shape::Measured => self.measured(node, key).map(AttributeValue::Measured),
        }
    }

    /// Whether a number lies between two bounds in base units, both included; a mistake is reported.
    pub fn within(
        &mut self,
        input: &Input,
        dimension: Dimension,
        (min, max): (f64, f64),
        node: Node<'_>,
        key: &str,
    ) -> bool {
        if (min..=max).contains(&input.value) {
            return true;
        }
        let text = node.as_str().unwrap_or("");
        let help = if max <= 1.0 && input.value > 1.0 && input.value <= 100.0 && !text.contains('%') {
            format!("a percentage needs its sign: `{text} %`")
        } else if min == 1.0 {
            "it is at least 1; write for example `3x`".to_owned()
        } else if max <= 1.0 {
            "it lies between 0 and 100 %".to_owned()
        } else if input.value > LARGEST {
            "no system has that much; is a unit or a multiplier wrong?".to_owned()
        } else if max < LARGEST {
            format!("it lies between {min} and {max}")
        } else {
            "it can't be negative".to_owned()
        };
        // A number as it was written: rounding may hide what is wrong with it.
        let shown = match text {
            written if !written.is_empty() && input.slots.is_empty() && dimension == Dimension::NONE => {
                written.to_owned()
            }
            _ => quantity(input.value, dimension, &crate::quantity::Hint::Auto),
        };
        self.error("out-of-range", node.span(), format!("`{key}` can't be {shown}"), help);
        false
    }

    /// A definite whole number of at least `min`.
    pub fn whole(&mut self, node: Node<'_>, min: u32, key: &str) -> Option<Input> {
        let input = self.input(node, Dimension::NONE, key)?;
        if input.uncertain {
            self.error(
                "type-mismatch",
                node.span(),
                format!("`{key}` has to be one definite number"),
                "choose one; `napkin what-if` tries others",
            );
            return None;
        }
        if input.value > MOST_WHOLE {
            let message = format!("`{key}` is a whole number of at most {}", number(MOST_WHOLE));
            self.error("out-of-range", node.span(), message, "no system has more; check the unit or the digits");
            return None;
        }
        if input.value.fract() != 0.0 || input.value < f64::from(min) {
            let message = format!("`{key}` has to be a whole number of at least {min}");
            self.error("out-of-range", node.span(), message, format!("write for example `{}`", min.max(3)));
            return None;
        }
        Some(input)
    }

    /// A number of copies, or a level by its name.
    fn level(&mut self, node: Node<'_>, words: &'static [&'static str], key: &str) -> Option<AttributeValue> {
        let text = node.as_str().unwrap_or("");
        let wanted = text.trim().to_lowercase().replace('_', "-");
        if let Some(word) = words.iter().copied().find(|word| *word == wanted) {
            return Some(AttributeValue::Level { word, copies: None });
        }
        let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ' '))
            && !text.split_whitespace().any(|word| self.definitions.find(word).is_some());
        if is_word {
            let known: Vec<String> = words.iter().map(|word| spelled(word)).collect();
            let help = nearest(&wanted, words.iter().copied()).map_or_else(
                || format!("write a number of copies, or one of: {}", known.join(", ")),
                |near| format!("did you mean `{}`?", spelled(near)),
            );
            self.error("unknown-word", node.span(), format!("`{key}` can't be `{text}`"), help);
            return None;
        }
        self.whole(node, 1, key).map(AttributeValue::Number)
    }

    /// Measured pairs; the law of scaling needs three different numbers of nodes.
    fn measured(&mut self, node: Node<'_>, key: &str) -> Option<Vec<(f64, f64)>> {
        let help =
            "write at least three points: `[{ nodes: 1, throughput: 900 /s }, { nodes: 2, throughput: 1700 /s }, …]`";
        if !matches!(node.value(), Value::Sequence) {
            self.error("type-mismatch", node.span(), format!("`{key}` is a list of measurements"), help);
            return None;
        }
        let mut points = Vec::new();
        for item in node.items() {
            for (name, _) in item.entries() {
                if !matches!(name.as_str(), Some("nodes" | "throughput")) {
                    self.error("unknown-key", name.span(), "a measurement has `nodes` and `throughput`", help);
                    return None;
                }
            }
            let (Some(nodes), Some(throughput)) = (item.get("nodes"), item.get("throughput")) else {
                self.error("missing-value", item.span(), "a measurement needs `nodes` and `throughput`", help);
                return None;
            };
            let nodes = self.whole(nodes, 1, "nodes")?;
            let throughput = self.input(throughput, Dimension::RATE, key)?;
            points.push((nodes.value, throughput.value));
        }
        if crate::formula::fit::usl_fit(&points).is_none() {
            self.error("too-few", node.span(), format!("`{key}` has too few different numbers of nodes"), help);
            return None;
        }
        Some(points)
    }

    /// `true` or `false`.
    pub fn flag(&mut self, node: Node<'_>, key: &str) -> Option<bool> {
        let value = node.as_bool();
        if value.is_none() {
            let help = match node.as_str() {
                Some("yes" | "Yes" | "on") => "write `true`",
                Some("no" | "No" | "off") => "write `false`",
                _ => "write `true` or `false`",
            };
            self.error("type-mismatch", node.span(), format!("`{key}` is either true or false"), help);
        }
        value
    }

    /// One of a few words.
    pub fn word(&mut self, node: Node<'_>, words: &'static [&'static str], key: &str) -> Option<&'static str> {
        let text = node.as_str().unwrap_or("");
        let found = words.iter().copied().find(|word| *word == text);
        if found.is_none() {
            let shown = if text.is_empty() { "this".to_owned() } else { format!("`{text}`") };
            let level = text.to_lowercase().replace('_', "-");
            let help = if key.ends_with("consistency") && is_level(&level) {
                format!(
                    "say what is promised ({}); levels go under `quorum: {{ read: {text}, write: {text} }}`",
                    words.join(", ")
                )
            } else {
                suggestion(text, words.iter().copied()).unwrap_or_default()
            };
            self.error("unknown-word", node.span(), format!("`{key}` can't be {shown}"), help);
        }
        found
    }

    /// One name or a list of names.
    pub fn names(&mut self, node: Node<'_>) -> Vec<Spanned<String>> {
        let one = |node: Node<'_>| node.as_str().map(|text| Spanned::new(text.to_owned(), node.span()));
        if let Some(name) = one(node) {
            return vec![name];
        }
        let mut list = Vec::new();
        if !matches!(node.value(), Value::Sequence) {
            self.error("type-mismatch", node.span(), "a name or a list of names is needed here", "write `[a, b]`");
        }
        for item in node.items() {
            match one(item) {
                Some(name) => list.push(name),
                None => self.error("type-mismatch", item.span(), "a name is needed here", "write a single word"),
            }
        }
        list
    }
}

/// A level as products write it: `LOCAL_QUORUM`; MongoDB's in lower case.
pub fn spelled(level: &str) -> String {
    match level {
        "local" | "available" | "majority" | "linearizable" | "snapshot" => level.to_owned(),
        _ => level.to_uppercase().replace('-', "_"),
    }
}

fn members(target: Target, group: &str) -> String {
    let inside = |key: &'static str| key.strip_prefix(group)?.strip_prefix('.');
    let list: Vec<&str> =
        ATTRIBUTES.iter().filter(|def| def.target == target).filter_map(|def| inside(def.key)).collect();
    format!("write a mapping with some of: {}", list.join(", "))
}
