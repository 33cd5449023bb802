//! The small language of steps: `api -> db.read 500 B x3 if miss(cache)`.

use std::ops::Range;

use crate::attributes::{Attribute, AttributeSet, AttributeValue, Origin, Reader};
use crate::definition::Names;
use crate::diagnostic::{Diagnostic, suggestion};
use crate::expr::{check, parse_literal_prefix};
use crate::quantity::{Dimension, Hint};
use crate::source::{Span, Spanned};
use crate::spec::{Chain, Hop};
use crate::vocabulary::{AttributeId, Operation, Target};
use crate::yaml::Node;

/// Parses a chain with its modifiers. `node` holds the text; mistakes point into it.
pub(super) fn chain(node: Node<'_>, owner: &str, reader: &mut Reader<'_>) -> Option<Chain> {
    let text = node.as_str()?;
    let mut line = Line { node, text, at: 0, owner, reader };
    let hops = line.hops()?;
    let mut chain = Chain { span: node.span(), hops, conditions: Vec::new(), attributes: AttributeSet::default() };
    line.modifiers(&mut chain)?;
    Some(chain)
}

/// Parses the conditions of an `if:` by themselves.
pub(super) fn conditions(node: Node<'_>, reader: &mut Reader<'_>) -> Option<Vec<(bool, Spanned<String>)>> {
    let text = node.as_str()?;
    let mut line = Line { node, text, at: 0, owner: "", reader };
    let list = line.conditions()?;
    line.skip_space();
    if line.at < text.len() {
        line.unexpected();
        return None;
    }
    Some(list)
}

struct Line<'l, 'r, 'n> {
    node: Node<'n>,
    text: &'n str,
    at: usize,
    owner: &'l str,
    reader: &'l mut Reader<'r>,
}

impl<'n> Line<'_, '_, 'n> {
    fn rest(&self) -> &'n str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn span(&self, range: Range<usize>) -> Span {
        self.node.inner_span(range)
    }

    fn error(&mut self, code: &'static str, range: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        let span = self.span(range);
        self.reader.error(code, span, message, help);
    }

    fn unexpected(&mut self) {
        let rest = self.rest();
        let word = rest.split_whitespace().next().unwrap_or("").to_owned();
        let range = self.at..self.at + word.len().max(1).min(rest.len());
        let help = "after the components may follow: a size (`500 B`, or `1 KB <- 20 KB` with the response), `x3`, `10 %`, `if miss(cache)`";
        self.error("step-syntax", range, format!("`{word}` doesn't belong in a step"), help);
    }

    fn name(&mut self) -> Option<Spanned<String>> {
        self.skip_space();
        let rest = self.rest();
        let mut end = 0;
        for (at, c) in rest.char_indices() {
            let hyphen = c == '-' && !rest.get(at + 1..).is_some_and(|after| after.starts_with('>'));
            if !(c.is_alphanumeric() || c == '_' || c == '/' || hyphen) {
                break;
            }
            end = at + c.len_utf8();
        }
        if end == 0 {
            return None;
        }
        let range = self.at..self.at + end;
        self.at += end;
        Some(Spanned::new(rest.get(..end)?.to_owned(), self.span(range)))
    }

    fn arrow(&mut self) -> Option<bool> {
        self.skip_space();
        for (arrow, asynchronous) in [("->", false), ("~>", true), ("→", false)] {
            if self.rest().starts_with(arrow) {
                self.at += arrow.len();
                return Some(asynchronous);
            }
        }
        None
    }

    fn hops(&mut self) -> Option<Vec<Hop>> {
        let mut hops = Vec::new();
        let mut asynchronous = false;
        loop {
            let Some(name) = self.name() else {
                let range = self.at..self.text.len();
                self.error(
                    "step-syntax",
                    range,
                    "a component's name is missing here",
                    "a step reads `caller -> callee`, as in `api -> db.read`",
                );
                return None;
            };
            let operation = if self.rest().starts_with('.') { self.operation()? } else { None };
            hops.push(Hop { name, operation, asynchronous });
            match self.arrow() {
                Some(next) => asynchronous = next,
                None => break,
            }
        }
        if hops.len() < 2 {
            let range = 0..self.text.len();
            self.error(
                "step-syntax",
                range,
                "a step needs a caller and a callee",
                "write `caller -> callee`, or `caller ~> callee` for a message that nobody waits for",
            );
            return None;
        }
        Some(hops)
    }

    #[expect(clippy::option_option, reason = "outer: a mistake; inner: not said")]
    fn operation(&mut self) -> Option<Option<Operation>> {
        self.at += 1;
        let start = self.at;
        let word: String = self.rest().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        self.at += word.len();
        let operation = Operation::from_name(&word);
        if operation.is_none() {
            let help = suggestion(&word, Operation::names())
                .unwrap_or_else(|| "operations are for example read, write, get, set, produce, consume".to_owned());
            self.error("unknown-operation", start..start + word.len(), format!("there is no operation `{word}`"), help);
            return None;
        }
        Some(operation)
    }

    fn modifiers(&mut self, chain: &mut Chain) -> Option<()> {
        loop {
            self.skip_space();
            let rest = self.rest();
            if rest.is_empty() {
                return Some(());
            }
            if let Some(after) = rest.strip_prefix("if ") {
                self.at += rest.len() - after.len();
                chain.conditions.extend(self.conditions()?);
            } else if rest.starts_with("<-") {
                self.at += 2;
                self.payload(Some("response"), chain)?;
            } else if rest.starts_with('x')
                && rest.get(1..).is_some_and(|r| r.trim_start().starts_with(|c: char| c.is_ascii_digit()))
            {
                self.at += 1;
                self.payload(Some("times"), chain)?;
            } else if rest.starts_with(|c: char| c.is_ascii_digit() || c == '(' || c == '.')
                || self.starts_with_known_name()
            {
                self.payload(None, chain)?;
            } else {
                self.unexpected();
                return None;
            }
        }
    }

    fn starts_with_known_name(&self) -> bool {
        let word: String = self.rest().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        self.reader.definitions.find(&word).is_some()
    }

    fn conditions(&mut self) -> Option<Vec<(bool, Spanned<String>)>> {
        let mut list = Vec::new();
        loop {
            self.skip_space();
            let start = self.at;
            let rest = self.rest();
            let hit = rest.starts_with("hit(");
            if !hit && !rest.starts_with("miss(") {
                let range = start..self.text.len();
                self.error(
                    "step-syntax",
                    range,
                    "a condition is `miss(cache)` or `hit(cache)`",
                    "for a plain probability write `10 %`; join conditions with `and`",
                );
                return None;
            }
            self.at += if hit { 4 } else { 5 };
            let name = self.name();
            self.skip_space();
            let (Some(name), true) = (name, self.rest().starts_with(')')) else {
                self.error(
                    "step-syntax",
                    start..self.text.len(),
                    "the name of a cache belongs in the brackets",
                    "write `if miss(cache)`",
                );
                return None;
            };
            self.at += 1;
            list.push((hit, name));
            self.skip_space();
            match self.rest().strip_prefix("and ") {
                Some(after) => self.at += self.rest().len() - after.len(),
                None => return Some(list),
            }
        }
    }

    /// A value and what it means: stated by `key`, or seen from its unit.
    fn payload(&mut self, key: Option<&'static str>, chain: &mut Chain) -> Option<()> {
        self.skip_space();
        let start = self.at;
        let (rest, base) = (self.rest(), self.at);
        // A range such as `1..5 KB` is one literal; `if` and `x3` end it, since they are no units.
        let parsed = parse_literal_prefix(rest, self.reader.nouns);
        let names = Names {
            definitions: self.reader.definitions,
            further: self.reader.further,
            further_names: self.reader.further_names,
            nouns: self.reader.nouns,
            label: &format!("{}.{start}", self.owner),
        };
        let result = parsed.and_then(|(ast, length)| check(&ast, &names).map(|checked| (checked, length)));
        let (checked, length) = match result {
            Ok(found) => found,
            Err(error) => {
                let place: Diagnostic = error.at(|range| self.node.inner_span(base + range.start..base + range.end));
                self.reader.diagnostics.push(place);
                return None;
            }
        };
        self.at += length;
        let text = rest.get(..length).unwrap_or("");
        let (dimension, key) = match (&checked.ty, key) {
            (_, Some("times")) => (Dimension::NONE, "times"),
            (_, Some(key)) => (Dimension::DATA, key),
            (crate::expr::Type::Quantity(Dimension::NONE), None) if checked.hint == Hint::Percent => {
                (Dimension::NONE, "probability")
            }
            (crate::expr::Type::Quantity(Dimension::NONE), None) if text.ends_with('x') => (Dimension::NONE, "times"),
            (crate::expr::Type::Quantity(Dimension::NONE), None) => {
                self.error(
                    "step-syntax",
                    start..start + length,
                    format!("`{text}` could be a size, a count or a share"),
                    format!("write `{text} B`, `x{text}` or `{text} %`"),
                );
                return None;
            }
            _ => (Dimension::DATA, self.bare_size_key(chain)),
        };
        let span = self.span(start..start + length);
        let input = self.reader.checked_input(checked, self.node, dimension, span)?;
        if key == "probability" && !(0.0..=1.0).contains(&input.value) {
            self.error(
                "out-of-range",
                start..start + length,
                "a probability lies between 0 and 100 %",
                "write `x3` for something that happens several times",
            );
            return None;
        }
        let id = AttributeId::find(Target::Step, key)?;
        if chain.attributes.get(id).is_some() {
            self.error(
                "step-syntax",
                start..start + length,
                format!("`{key}` is said twice"),
                "keep one; a response is written `<- 20 KB`",
            );
            return None;
        }
        chain.attributes.push(Attribute { id, value: AttributeValue::Number(input), origin: Origin::Spec(span) });
        Some(())
    }

    /// A bare size is what is carried: of a read it comes back, of everything else it is sent.
    fn bare_size_key(&self, chain: &Chain) -> &'static str {
        let last = chain.hops.last().and_then(|hop| hop.operation);
        if last == Some(Operation::Read) { "response" } else { "request" }
    }
}
