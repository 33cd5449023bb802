//! What a rule's file may say: one table for the loader, which refuses what isn't in it, and for the schema that editors
//! complete from. A further key is a further line.

use crate::diagnostic::{Diagnostic, Diagnostics, suggestion};
use crate::yaml::{Node, Value};

/// What the value of a key looks like.
#[derive(Clone, Copy, Debug)]
pub enum RuleShape {
    /// Lower-case words with hyphens: the rule's own name.
    Name,
    /// Text.
    Text,
    /// Text, or a list of texts.
    Texts,
    /// A word, or a list of words, whose reader knows which there are.
    Words,
    /// A severity.
    Severity,
    /// A pack.
    Pack,
    /// How sure findings are.
    Confidence,
    /// A concern, which a rule may be the first to have.
    Category,
    /// What the rule is asked about.
    Target,
    /// An attribute of what it is asked about.
    Attribute,
    /// The name of another rule.
    Rule,
    /// An expression.
    Expression,
    /// An expression, or a list of them.
    Expressions,
    /// Names, each with an expression.
    Named,
    /// Names, each with a value or `{ default: …, doc: … }`.
    Parameters,
    /// True or false.
    Flag,
    /// Attributes, each with the value that it gets: a word, an expression or names.
    Values,
    /// Names, each with a text.
    Descriptions,
    /// A mapping with keys of its own.
    Mapping(&'static [RuleKey]),
    /// The name of a rule or a mapping with keys of its own, or a list of these.
    Rules(&'static [RuleKey]),
}

/// A key.
#[derive(Clone, Copy, Debug)]
pub struct RuleKey {
    /// How it is written.
    pub name: &'static str,
    /// Whether nothing goes without it.
    pub required: bool,
    /// What its value looks like.
    pub shape: RuleShape,
    /// What it says, for people.
    pub doc: &'static str,
}

const fn must(name: &'static str, shape: RuleShape, doc: &'static str) -> RuleKey {
    RuleKey { name, required: true, shape, doc }
}

const fn may(name: &'static str, shape: RuleShape, doc: &'static str) -> RuleKey {
    RuleKey { name, required: false, shape, doc }
}

/// The keys of a rule, in the order in which they are best written.
#[rustfmt::skip]
pub const RULE_KEYS: &[RuleKey] = &[
    must("rule", RuleShape::Name, "Its name: lower-case words with hyphens that name the bad pattern, such as `cache-without-expiry`."),
    must("severity", RuleShape::Severity, "How bad a finding is; napkin.toml may say otherwise."),
    must("category", RuleShape::Category, "Its concern. `severities` of napkin.toml can name it: `category.messaging`."),
    may("pack", RuleShape::Pack, "The pack that turns it on; `custom`, which is on, if left out."),
    may("confidence", RuleShape::Confidence, "How sure its findings are: `high` follows from what the spec says, `low` is advice. `medium` if left out."),
    may("since", RuleShape::Text, "The version of napkin, or of a pack, that first had it."),
    must("for", RuleShape::Target, "What it is asked about: each component, link (all calls from one component to another), step, flow or data set, or the system once."),
    may("kinds", RuleShape::Words, "The kinds of component that it is asked about: of a step or link the callee's, of data its stores'. All if left out."),
    may("tags", RuleShape::Words, "It is asked about what has one of these tags: of a step or link the callee's. All if left out."),
    may("parameters", RuleShape::Parameters, "Values that whoever runs the rule may set, by name, with their defaults; `when`, `let`, `message` and `help` can use them."),
    may("let", RuleShape::Named, "Named parts of the condition; later ones, `when` and the texts can use them."),
    must("when", RuleShape::Expression, "The condition under which it fires. `napkin rules fields` lists what it can see; what is unknown doesn't fire."),
    must("message", RuleShape::Text, "What is wrong, in one sentence, with values in braces: `{component.name}`."),
    must("help", RuleShape::Text, "What to do about it, with values in braces."),
    may("at", RuleShape::Attribute, "The attribute at which a finding points, if the spec states it."),
    may("one_for", RuleShape::Expressions, "Findings that agree in these values are one finding, which names all places."),
    may("follows_from", RuleShape::Rules(FOLLOWS_KEYS), "Rules whose finding is the cause: where one is there, this finding stands below it."),
    may("fix", RuleShape::Mapping(FIX_KEYS), "What sets right what is found, where that is mechanical; `napkin check --fix` applies it."),
    must("why", RuleShape::Text, "Why it matters, in a few sentences that a reviewer would accept."),
    may("allow_when", RuleShape::Text, "When a finding is right and may stay all the same: what a reviewer would accept as the reason of an `allow:`."),
    may("see", RuleShape::Texts, "Further reading: an address, or several."),
    may("examples", RuleShape::Mapping(EXAMPLE_KEYS), "Specs, or their relevant parts, which `napkin rules test` runs."),
];

/// The keys of an entry of `follows_from`.
#[rustfmt::skip]
pub const FOLLOWS_KEYS: &[RuleKey] = &[
    must("rule", RuleShape::Rule, "The rule that comes first."),
    may("on", RuleShape::Expression, "The thing or things whose finding it is, such as `step.callee`; the same thing if left out."),
    may("if", RuleShape::Expression, "When it does; always if left out."),
];

/// The keys of `fix`.
#[rustfmt::skip]
pub(super) const FIX_KEYS: &[RuleKey] = &[
    must("title", RuleShape::Text, "What is done, in a few words, with values in braces."),
    may("when", RuleShape::Expression, "When it can be done; for every finding if left out."),
    may("on", RuleShape::Expression, "The thing whose attributes are set, such as `step.callee`; what the finding is about if left out."),
    may("set", RuleShape::Values, "Attributes with the values that they get."),
    may("add", RuleShape::Descriptions, "New components by name, each in short, such as `queue`."),
    may("safe", RuleShape::Flag, "Whether it changes nothing that is claimed, deployed or paid; otherwise it is applied with `--unsafe-fixes` only."),
];

/// The keys of `examples`.
#[rustfmt::skip]
const EXAMPLE_KEYS: &[RuleKey] = &[
    may("bad", RuleShape::Texts, "One spec, or several, on which the rule fires."),
    may("good", RuleShape::Texts, "One spec, or several, on which it stays silent; one of them is best a near miss."),
];

/// The names of keys.
pub(super) fn names(keys: &'static [RuleKey]) -> impl Iterator<Item = &'static str> + Clone {
    keys.iter().map(|key| key.name)
}

/// Reports keys that a rule doesn't have, and values that don't look as they should. Whether there is anything to read on.
pub(super) fn check(root: Node<'_>, diagnostics: &mut Diagnostics) -> bool {
    if !matches!(root.value(), Value::Mapping) {
        let wrong = Diagnostic::error("rule", root.span(), "a rule is a mapping of keys and values");
        diagnostics.push(wrong.help("begin with `rule:` and its name; `napkin explain RULE` shows one"));
        return false;
    }
    mapping(root, RULE_KEYS, "a rule", diagnostics);
    true
}

fn mapping(node: Node<'_>, keys: &'static [RuleKey], owner: &str, diagnostics: &mut Diagnostics) {
    for (key, value) in node.entries() {
        let name = key.as_str().unwrap_or("");
        let Some(known) = keys.iter().find(|known| known.name == name) else {
            let wrong = Diagnostic::error("rule", key.span(), format!("{owner} has no `{name}`"));
            diagnostics.push(wrong.maybe_help(suggestion(name, names(keys))));
            continue;
        };
        if let Some((what, help)) = misshapen(value, known) {
            let wrong = Diagnostic::error("rule", value.span(), format!("`{name}` has to be {what}"));
            diagnostics.push(wrong.help(help));
        } else if let RuleShape::Mapping(inner) = known.shape {
            mapping(value, inner, &format!("`{name}`"), diagnostics);
        }
    }
}

/// What a value should be and how it is written, where it is something else. Shapes whose readers say more are left to them.
fn misshapen(node: Node<'_>, key: &RuleKey) -> Option<(&'static str, String)> {
    let name = key.name;
    let is_text = |node: Node<'_>| node.as_str().is_some();
    let texts = || is_text(node) || matches!(node.value(), Value::Sequence) && node.items().all(is_text);
    let is_mapping = matches!(node.value(), Value::Mapping);
    match key.shape {
        RuleShape::Texts => (!texts())
            .then(|| ("text, or a list of texts", format!("write `{name}: …`, in quotes if YAML takes it apart"))),
        RuleShape::Named => (!is_mapping)
            .then(|| ("names with expressions", format!("write `{name}: {{ few: component.replicas < 3 }}`"))),
        RuleShape::Mapping(keys) => (!is_mapping).then(|| {
            let list: Vec<String> = names(keys).map(|key| format!("`{key}:`")).collect();
            ("a mapping", format!("put {} below it", list.join(", ")))
        }),
        RuleShape::Parameters
        | RuleShape::Words
        | RuleShape::Expressions
        | RuleShape::Rules(_)
        | RuleShape::Flag
        | RuleShape::Values
        | RuleShape::Descriptions => None,
        RuleShape::Text | RuleShape::Category if node.as_str().is_some_and(|text| text.trim().is_empty()) => Some((
            "text that says something",
            format!("fill `{name}` in{}", if key.required { "" } else { ", or take it out" }),
        )),
        _ => (!is_text(node))
            .then(|| ("text", format!("write `{name}: …` in one line, or `{name}: >` and the text indented below it"))),
    }
}
