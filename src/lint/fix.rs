//! Fixes: what a rule can set right itself. Checked when the rule is loaded, computed for each finding, placed in the spec's text.

use crate::attributes::{Attribute, AttributeValue, Origin, spelled};
use crate::diagnostic::suggestion;
use crate::expr::{Checked, EntityRef, ExprError, Type, Value};
use crate::lint::Finding;
use crate::lint::keys::{FIX_KEYS, names as names_of};
use crate::lint::rule::{Loader, RuleNames, Template};
use crate::lint::run::{Mentions, defined, fill, own};
use crate::lint::world::{Scope, World};
use crate::quantity::{Dimension, quantity};
use crate::source::{SourceId, Sources};
use crate::spec::{Edit, Editor, Replacement, Subject, quoted};
use crate::vocabulary::{AttributeId, Shape, Target};
use crate::yaml::{Document, Node, Value as Yaml};

/// What a rule does about its findings.
#[derive(Debug)]
pub struct Fix {
    /// What is done, in a few words.
    pub title: Template,
    /// Whether it changes neither what the design claims nor what is deployed or paid.
    pub safe: bool,
    /// Where it applies, if not to every finding.
    when: Option<Checked>,
    /// Whose attributes are set, if not the subject's.
    on: Option<Checked>,
    sets: Vec<(AttributeId, Written)>,
    /// New components: name and description.
    adds: Vec<(Template, Template)>,
}

/// How a value comes about.
#[derive(Debug)]
enum Written {
    /// As it stands.
    Fixed(String),
    /// A number, which must be known.
    Number(Box<Checked>),
    /// True or false, which must be known.
    Flag(Box<Checked>),
    /// Text.
    Text(Template),
    /// Names, in a list if there are several.
    Names(Vec<Template>),
}

/// The fix of one finding.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// What is done.
    pub title: String,
    /// Whether it is applied without being asked for by `--unsafe-fixes`: never if it changes a value that is stated.
    pub safe: bool,
    /// The values to set.
    pub edits: Vec<Edit>,
    /// What that changes in the files; empty if it can't be done.
    pub replacements: Vec<Replacement>,
    /// Why it can't be done.
    pub refused: Option<String>,
}

impl Proposal {
    /// Whether it can be applied.
    pub fn is_ready(&self) -> bool {
        self.refused.is_none() && !self.replacements.is_empty()
    }
}

const HOW: &str = "write `fix: { title: \"…\", set: { ttl: 1 h } }`";

impl Fix {
    /// The expressions in it.
    pub(super) fn values(&self) -> impl Iterator<Item = &Checked> {
        let sets = self.sets.iter().flat_map(|(_, written)| match written {
            Written::Fixed(_) => Vec::new(),
            Written::Number(checked) | Written::Flag(checked) => vec![&**checked],
            Written::Text(template) => template.values().collect(),
            Written::Names(list) => list.iter().flat_map(Template::values).collect(),
        });
        let adds = self.adds.iter().flat_map(|(name, what)| name.values().chain(what.values()));
        self.when.iter().chain(&self.on).chain(self.title.values()).chain(sets).chain(adds)
    }

    /// The attributes that it sets, for laws about rules.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.sets.iter().map(|(id, _)| id.def().key)
    }
}

impl Loader<'_, '_> {
    /// The rule's fix; the outer `None` stands for a mistake, which is reported.
    #[expect(clippy::option_option, reason = "outer: a mistake; inner: no fix")]
    pub(super) fn fix(&mut self, target: Target, names: &RuleNames<'_>) -> Option<Option<Fix>> {
        let Some(node) = self.root.get("fix") else { return Some(None) };
        // What the keys look like has been checked before.
        if !matches!(node.value(), Yaml::Mapping) || node.get("title").is_some_and(|title| title.as_str().is_none()) {
            return None;
        }
        let title = node.get("title").filter(|title| title.as_str().is_some_and(|text| !text.trim().is_empty()));
        let Some(title) = title else {
            self.error(node.span(), "this fix has no `title`", "say in a few words what it does");
            return None;
        };
        let title = self.template_of(title, names)?;
        let safe = match node.get("safe").map(|safe| (safe.as_bool(), safe.span())) {
            None => false,
            Some((Some(safe), _)) => safe,
            Some((None, span)) => {
                self.error(
                    span,
                    "`safe` is true or false",
                    "a fix is safe if it changes nothing that is claimed or paid",
                );
                return None;
            }
        };
        let is_bool = |ty: &Type| *ty == Type::Bool;
        let when = self.optional(node, "when", names, is_bool, ("is a condition", "component.is_compute"))?;
        let is_thing = |ty: &Type| matches!(ty, Type::Entity(_));
        let on = self.optional(node, "on", names, is_thing, ("names a thing", "step.callee"))?;
        let target = match on.as_ref().map(|on| &on.ty) {
            Some(Type::Entity(other)) => *other,
            _ => target,
        };
        let mut sets = Vec::new();
        for (key, value) in self.members(node, "set")? {
            sets.push(self.set(target, key, value, names)?);
        }
        let mut adds = Vec::new();
        for (name, what) in self.members(node, "add")? {
            if what.as_str().is_none() {
                self.error(
                    what.span(),
                    "a new component is described in short",
                    "write for example `queue` or `redis x3`",
                );
                return None;
            }
            adds.push((self.template_of(name, names)?, self.template_of(what, names)?));
        }
        if sets.is_empty() && adds.is_empty() {
            // What isn't known as a key has been reported.
            if node.entries().all(|(key, _)| names_of(FIX_KEYS).any(|known| key.as_str() == Some(known))) {
                self.error(node.span(), "this fix changes nothing", HOW);
            }
            return None;
        }
        Some(Some(Fix { title, safe, when, on, sets, adds }))
    }

    /// An expression of some type that needn't be there; the outer `None` stands for a mistake.
    #[expect(clippy::option_option, reason = "outer: a mistake; inner: not said")]
    fn optional(
        &mut self,
        node: Node<'_>,
        key: &str,
        names: &RuleNames<'_>,
        fits: impl Fn(&Type) -> bool,
        (is, example): (&str, &str),
    ) -> Option<Option<Checked>> {
        let Some(value) = node.get(key) else { return Some(None) };
        value.as_str()?;
        let checked = self.whole(value, names)?;
        if fits(&checked.ty) {
            return Some(Some(checked));
        }
        self.error(value.span(), format!("`{key}` {is}"), format!("write for example `{key}: {example}`"));
        None
    }

    fn members<'n>(&mut self, node: Node<'n>, key: &str) -> Option<Vec<(Node<'n>, Node<'n>)>> {
        let Some(mapping) = node.get(key) else { return Some(Vec::new()) };
        if !matches!(mapping.value(), Yaml::Mapping) {
            self.error(mapping.span(), format!("`{key}` holds names with values"), HOW);
            return None;
        }
        Some(mapping.entries().collect())
    }

    fn set(
        &mut self,
        target: Target,
        key: Node<'_>,
        value: Node<'_>,
        names: &RuleNames<'_>,
    ) -> Option<(AttributeId, Written)> {
        let id = self.attribute_of(target, key)?;
        let text = value.as_str().unwrap_or("").trim();
        let needed = |what: &str| format!("`{}` needs {what}", id.def().key);
        let written = match id.def().shape {
            Shape::Quantity { dimension, .. } => Written::Number(self.number(value, dimension, names)?),
            Shape::Whole(_) => Written::Number(self.number(value, Dimension::NONE, names)?),
            Shape::Level(words) => {
                let word = text.to_lowercase().replace('_', "-");
                match words.iter().find(|known| **known == word) {
                    Some(word) => Written::Fixed(spelled(word)),
                    None => Written::Number(self.number(value, Dimension::NONE, names)?),
                }
            }
            Shape::Flag if matches!(text, "true" | "false") => Written::Fixed(text.to_owned()),
            Shape::Flag => {
                let checked = self.whole(value, names)?;
                if checked.ty != Type::Bool {
                    self.error(value.span(), needed("true or false"), "write `true`, `false` or a condition");
                    return None;
                }
                Written::Flag(Box::new(checked))
            }
            Shape::Choice(words) => match words.iter().find(|word| **word == text) {
                Some(word) => Written::Fixed((*word).to_owned()),
                None => {
                    let help = suggestion(text, words.iter().copied())
                        .unwrap_or_else(|| format!("known are: {}", words.join(", ")));
                    self.error(value.span(), format!("`{}` can't be `{text}`", id.def().key), help);
                    return None;
                }
            },
            Shape::Text if value.as_str().is_some() => Written::Text(self.template_of(value, names)?),
            Shape::Names => {
                let items: Vec<Node<'_>> = value.items().chain(value.as_str().map(|_| value)).collect();
                if items.is_empty() || items.iter().any(|item| item.as_str().is_none()) {
                    self.error(value.span(), needed("names"), "write one name, or a list of names");
                    return None;
                }
                Written::Names(items.into_iter().map(|item| self.template_of(item, names)).collect::<Option<_>>()?)
            }
            Shape::Text | Shape::Measured => {
                self.error(value.span(), needed("a value that a fix can't give"), "take it out of `set`");
                return None;
            }
        };
        Some((id, written))
    }

    fn number(&mut self, value: Node<'_>, dimension: Dimension, names: &RuleNames<'_>) -> Option<Box<Checked>> {
        let checked = self.whole(value, names)?;
        if checked.ty == Type::Quantity(dimension) && !checked.uncertain {
            return Some(Box::new(checked));
        }
        let what = if checked.uncertain { "one definite number".to_owned() } else { dimension.to_string() };
        self.error(
            value.span(),
            format!("{what} is needed here"),
            format!("write for example {}", dimension.example()),
        );
        None
    }
}

/// The fix of a rule for one finding; `None` where it doesn't apply.
pub(super) fn propose<'w>(
    fix: &'w Fix,
    subject: EntityRef,
    scope: &Scope<'_, 'w>,
) -> Result<Option<Proposal>, ExprError> {
    let world = scope.world;
    if let Some(when) = &fix.when
        && !matches!(scope.value(when)?, Value::Bool(true))
    {
        return Ok(None);
    }
    let title = text(&fix.title, scope)?;
    let mut proposal = Proposal { title, safe: fix.safe, edits: Vec::new(), replacements: Vec::new(), refused: None };
    let thing = match fix.on.as_ref().map(|on| scope.value(on)).transpose()? {
        None => Some(subject),
        Some(Value::Entity(thing)) => Some(thing),
        Some(_) => None,
    };
    for (id, written) in &fix.sets {
        let edit = match thing {
            Some(thing) => value(written, *id, scope)?.and_then(|value| edit(world, thing, *id, value)),
            None => Err("it isn't known what would have to change".to_owned()),
        };
        match edit {
            Ok(edit) => proposal.edits.push(edit),
            Err(reason) => {
                proposal.refused.get_or_insert(reason);
            }
        }
    }
    // What somebody wrote on purpose isn't changed unasked.
    proposal.safe &= proposal.edits.iter().all(|edit| edit.stated.is_none());
    for (name, what) in &fix.adds {
        let (name, value) = (text(name, scope)?, text(what, scope)?);
        if world.graph.component(&name).is_some() {
            proposal.refused.get_or_insert(format!("there is a component `{name}` already"));
        }
        let (stated, file) = (None, world.graph.place.map(|place| place.source));
        // Beside what it is for.
        let file = thing.and_then(|thing| defined(world, thing)).map(|span| span.source).or(file);
        proposal.edits.push(Edit { subject: Subject::Component(name), key: String::new(), value, stated, file });
    }
    Ok(Some(proposal))
}

fn text<'w>(template: &'w Template, scope: &Scope<'_, 'w>) -> Result<String, ExprError> {
    fill(template, scope, &mut Mentions::default())
}

/// A value as YAML. Outer error: the rule is broken; inner: it can't be told here.
fn value<'w>(
    written: &'w Written,
    id: AttributeId,
    scope: &Scope<'_, 'w>,
) -> Result<Result<String, String>, ExprError> {
    let unknown = |missing: crate::expr::Missing| {
        let of = scope.world.name(missing.entity);
        Err(format!("its value hangs on `{}` of {of}, which isn't known", missing.field))
    };
    let checked = match written {
        Written::Fixed(word) => return Ok(Ok(word.clone())),
        Written::Text(template) => return Ok(quoted(&text(template, scope)?)),
        Written::Names(list) => {
            let names: Vec<String> = list.iter().map(|name| text(name, scope)).collect::<Result<_, _>>()?;
            let names: Result<Vec<String>, String> = names.iter().map(|name| quoted(name)).collect();
            return Ok(
                names.map(|names| if names.len() == 1 { names.concat() } else { format!("[{}]", names.join(", ")) })
            );
        }
        Written::Number(checked) | Written::Flag(checked) => checked,
    };
    let value = scope.value(checked)?;
    Ok(match value {
        Value::Number(number) => in_text(number, id.def().shape)
            .ok_or_else(|| format!("`{}` can't be {number}", id.def().key))
            .and_then(|text| quoted(&text)),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Unknown(missing) => unknown(missing),
        _ => Err("it isn't known what it should be".to_owned()),
    })
}

const TIMES: [(f64, &str); 7] = [
    (365.0 * 86_400.0, "year"),
    (86_400.0, "day"),
    (3600.0, "h"),
    (60.0, "min"),
    (1.0, "s"),
    (1e-3, "ms"),
    (1e-6, "us"),
];
const SIZES: [(f64, &str); 5] = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "KB"), (1.0, "B")];

/// A number as somebody would write it: without rounding where a unit takes it whole, counts rounded up.
fn in_text(number: f64, shape: Shape) -> Option<String> {
    let whole = |number: f64| (number - number.abs() * 1e-9).ceil();
    match shape {
        Shape::Whole(min) => Some(whole(number)).filter(|n| (f64::from(min)..=1e9).contains(n)).map(|n| format!("{n}")),
        Shape::Level(_) => Some(whole(number)).filter(|n| (1.0..=1e9).contains(n)).map(|n| format!("{n}")),
        Shape::Quantity { dimension, min, max } if (min..=max).contains(&number) => {
            let units: &[(f64, &str)] = match dimension {
                Dimension::TIME => &TIMES,
                Dimension::DATA => &SIZES,
                _ => &[],
            };
            let exact = units.iter().find(|(unit, _)| {
                let count = number / unit;
                (1.0..1e6).contains(&count) && (count - count.round()).abs() < count * 1e-9
            });
            Some(match exact {
                Some((unit, name)) => format!("{} {name}", (number / unit).round()),
                None => {
                    let (dimension, hint) = shape.shown();
                    quantity(number, dimension, &hint)
                }
            })
        }
        _ => None,
    }
}

/// Sets one attribute of a thing, unless what it says today is more than a value.
fn edit(world: &World<'_>, thing: EntityRef, id: AttributeId, value: String) -> Result<Edit, String> {
    let key = id.def().key.to_owned();
    let place = defined(world, thing);
    let name = world.name(thing);
    let subject = match thing.target {
        Target::Component => Subject::Component(name),
        Target::Flow => Subject::Flow(name),
        Target::Data => Subject::Data(name),
        Target::Step => Subject::Step(place.ok_or("its place isn't known")?),
        Target::System => Subject::System,
        Target::Link => return Err("a link has no place of its own".to_owned()),
    };
    let today = own(world, thing).and_then(|set| set.get(id));
    let stated = match today {
        Some(Attribute { origin: Origin::Spec(span), .. }) => Some(*span),
        _ => None,
    };
    if let Some(AttributeValue::Number(input)) = today.map(|today| &today.value) {
        if input.varies.is_some() {
            return Err(format!("`{key}` is computed from assumptions; change those"));
        }
        if in_text(input.value, id.def().shape).is_some_and(|text| text == value) {
            return Err(format!("`{key}` is {value} already"));
        }
    }
    let same = match today.map(|today| &today.value) {
        Some(AttributeValue::Word(word)) => **word == value,
        Some(AttributeValue::Level { word, .. }) => spelled(word) == value,
        Some(AttributeValue::Flag(flag)) => flag.to_string() == value,
        _ => false,
    };
    if same {
        return Err(format!("`{key}` is {value} already"));
    }
    let file = place.map(|span| span.source).filter(|_| thing.target != Target::System);
    Ok(Edit { subject, key, value, stated, file })
}

/// Finds the places of all fixes in the texts of a spec; `parsed` is its tree if it is a single file and at hand.
pub fn place<'s>(sources: &'s Sources, id: SourceId, parsed: Option<Document<'s>>, findings: &mut [Finding]) {
    let mut open =
        findings.iter_mut().filter_map(|finding| finding.fix.as_mut()).filter(|fix| fix.refused.is_none()).peekable();
    if open.peek().is_none() {
        return;
    }
    let editor = Editor::new(sources, id, parsed);
    let places = editor.places();
    for proposal in open {
        match places.replacements(&proposal.edits) {
            Ok(replacements) => proposal.replacements = replacements,
            Err(reason) => proposal.refused = Some(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_somebody_would() {
        let time = Shape::Quantity { dimension: Dimension::TIME, min: 0.0, max: 1e30 };
        let data = Shape::Quantity { dimension: Dimension::DATA, min: 0.0, max: 1e30 };
        let share = Shape::Quantity { dimension: Dimension::NONE, min: 0.0, max: 1.0 };
        for (number, shape, text) in [
            (90.0, time, Some("90 s")),
            (5400.0, time, Some("90 min")),
            (0.25, time, Some("250 ms")),
            (259_200.0, time, Some("3 day")),
            (1.5e9, data, Some("1500 MB")),
            (0.7, share, Some("70 %")),
            (1.2, share, None),
            (2.1, Shape::Whole(1), Some("3")),
            (3.000_000_000_1, Shape::Whole(1), Some("3")),
            (0.0, Shape::Whole(1), None),
            (f64::NAN, time, None),
        ] {
            assert_eq!(in_text(number, shape).as_deref(), text, "{number}");
        }
    }
}
