//! What `rules new` writes: for each thing that rules ask about, a rule whose examples pass as they stand.

use crate::vocabulary::Target;

/// What differs between the rules for two things.
struct Body {
    /// What the rule looks for, as a comment.
    looks: &'static str,
    parameters: &'static str,
    when: &'static str,
    at: &'static str,
    message: &'static str,
    help: &'static str,
    why: &'static str,
    bad: [&'static str; 2],
    /// The first is the near miss.
    good: [&'static str; 2],
    near: &'static str,
}

const COMPONENT: Body = Body {
    looks: "a service or worker with fewer nodes than we want",
    parameters: "least: { default: 2, doc: nodes that we want }",
    when: "component.is_compute and component.replicas < least",
    at: "replicas",
    message: "`{component.name}` runs on {component.replicas} nodes; we want {least}",
    help: "raise `replicas`",
    why: "With one node every deployment and every failure stops the component.",
    bad: ["components: { api: { is: service, replicas: 1 } }", "components: { mailer: { is: worker, replicas: 1 } }"],
    good: ["components: { api: { is: service, replicas: 2 } }", "components: { db: { is: database, replicas: 1 } }"],
    near: "as many as we want",
};

const LINK: Body = Body {
    looks: "clients that talk to a database themselves",
    parameters: "guarded: { default: [database], doc: kinds that clients may not call }",
    when: "link.caller.kind == \"client\" and link.callee.kind in guarded",
    at: "",
    message: "`{link.caller.name}` calls `{link.callee.name}` itself",
    help: "put a service between the two",
    why: "A client can be read and changed by whoever has it, and so can the password that it holds.",
    bad: [
        "components: { users: client, db: { is: database } }\nlinks: [users -> db]",
        "components: { app: client, db: postgresql }\nlinks: [app -> db]",
    ],
    good: [
        "components: { users: client, api: service }\nlinks: [users -> api]",
        "components: { api: service, db: postgresql }\nlinks: [api -> db]",
    ],
    near: "a client, but no database",
};

const STEP: Body = Body {
    looks: "calls of other companies' systems that may take for ever",
    parameters: "longest: { default: 5 s, doc: what we wait for others }",
    when: "step.callee.kind == \"external\" and step.timeout > longest",
    at: "timeout",
    message: "`{step.caller.name}` waits {step.timeout} for `{step.callee.name}`; we wait at most {longest}",
    help: "lower `timeout`, or send a message (`~>`)",
    why: "Whoever waits for somebody else's slow system is slow too, with all who wait for it.",
    bad: [
        "components: { api: service, bank: external }\nflows: { pay: { rate: 1 /s, steps: [{ call: api -> bank, timeout: 10 s }] } }",
        "components: { api: service, maps: external }\nflows: { find: { rate: 1 /s, steps: [{ call: api -> maps, timeout: 1 min }] } }",
    ],
    good: [
        "components: { api: service, bank: external }\nflows: { pay: { rate: 1 /s, steps: [{ call: api -> bank, timeout: 5 s }] } }",
        "components: { api: service, db: database }\nflows: { read: { rate: 1 /s, steps: [{ call: api -> db, timeout: 10 s }] } }",
    ],
    near: "exactly as long as we wait",
};

const FLOW: Body = Body {
    looks: "busy flows that promise nothing about how quick they are",
    parameters: "least: { default: 10 /s, doc: the rate from which a flow counts }",
    when: "flow.rate >= least and flow.slo.p99 is unknown",
    at: "rate",
    message: "`{flow.name}` has no objective for its latency",
    help: "add `p99:` to its `slo:`",
    why: "A page that answers after a minute is there, and nobody waits for it.",
    bad: [
        "components: { users: client, api: service }\nflows: { f: { rate: 10 /s, slo: { availability: 99.9 % }, steps: [users -> api] } }",
        "components: { users: client, api: service }\nflows: { f: { rate: 1k /s, slo: { availability: 99 %, p95: 1 s }, steps: [users -> api] } }",
    ],
    good: [
        "components: { users: client, api: service }\nflows: { f: { rate: 9 /s, slo: { availability: 99.9 % }, steps: [users -> api] } }",
        "components: { users: client, api: service }\nflows: { f: { rate: 10 /s, slo: { availability: 99.9 %, p99: 1 s }, steps: [users -> api] } }",
    ],
    near: "a request a second less",
};

const DATA: Body = Body {
    looks: "personal data that is kept longer than we may",
    parameters: "longest: { default: 2 year, doc: how long we may keep it }",
    when: "data.personal and data.keep > longest",
    at: "keep",
    message: "`{data.name}` is personal and kept for {data.keep}; we may keep it for {longest}",
    help: "shorten `keep`, or keep what identifies nobody",
    why: "What isn't there can't be stolen, and needs no answer to who asks for it.",
    bad: [
        "components: { db: database }\ndata: { visits: { in: db, personal: true, keep: 3 year } }",
        "components: { db: database }\ndata: { orders: { in: db, personal: true, keep: 10 year } }",
    ],
    good: [
        "components: { db: database }\ndata: { visits: { in: db, personal: true, keep: 2 year } }",
        "components: { db: database }\ndata: { rates: { in: db, personal: false, keep: 10 year } }",
    ],
    near: "exactly as long as we may",
};

const SYSTEM: Body = Body {
    looks: "systems with more kinds of stores than a team can run",
    parameters: "most: { default: 2, doc: stores that a team can run }",
    when: "count(where(system.components, c => c.kind == \"database\")) > most",
    at: "",
    message: "{count(where(system.components, c => c.kind == \"database\"))} databases; a team can run {most}",
    help: "keep what belongs together in one store",
    why: "Each store wants its own backups, updates and people who know it.",
    bad: [
        "components: { a: database, b: database, c: database }",
        "components: { a: postgresql, b: cassandra, c: mongodb, d: database }",
    ],
    good: ["components: { a: database, b: database }", "components: { a: database, b: service, c: service }"],
    near: "as many as a team can run",
};

fn body(target: Target) -> &'static Body {
    match target {
        Target::Component => &COMPONENT,
        Target::Link => &LINK,
        Target::Step => &STEP,
        Target::Flow => &FLOW,
        Target::Data => &DATA,
        Target::System => &SYSTEM,
    }
}

fn example(comment: Option<&str>, text: &str) -> String {
    let comment = comment.map(|comment| format!("      # {comment}\n")).unwrap_or_default();
    let lines: String = text.lines().map(|line| format!("      {line}\n")).collect();
    format!("    - |\n{comment}{lines}")
}

/// A text in quotes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A rule to begin with.
pub(super) fn rule(name: &str, target: Target) -> String {
    let Body { looks, parameters, when, at, message, help, why, bad, good, near } = body(target);
    let target_name = target.name();
    let at = match *at {
        "" => String::new(),
        at => format!("at: {at}  # the attribute that a finding points at, where the spec says it\n"),
    };
    let examples: String = bad.iter().map(|text| example(None, text)).collect();
    let [nearly, other] = good;
    let silent = example(Some(near), nearly) + &example(None, other);
    format!(
        "\
# This one looks for {looks}. Change it step by step and run `napkin rules test` on its folder.
rule: {name}  # say what is wrong, so that it reads well after `allow:`
severity: warning  # error, warning or info
category: conventions  # its concern; napkin.toml can set the severity of all rules that share one
confidence: high  # how sure a finding is: high, medium or low
for: {target_name}  # asked of each component, link, step, flow, data or of the system
# Values that a team may set: `napkin check --param {name}.NAME=VALUE`, or [parameters.{name}] in napkin.toml.
parameters: {{ {parameters} }}
# It fires where this is true. `napkin rules fields` lists what it can see. What a spec doesn't say is unknown, and then the
# rule is silent; `is known`, `is unknown` and `or_else(x, default)` ask for it.
when: >
  {when}
{at}message: {message}
help: {help}
# What a reviewer would accept as the reason.
why: >
  {why}
# Its tests, and its documentation: two specs on which it fires, and two on which it is silent, one of them nearly not.
examples:
  bad:
{examples}  good:
{silent}",
        message = quoted(message),
        help = quoted(help),
    )
}

/// A manifest to begin with.
pub(super) fn manifest(name: &str) -> String {
    let napkin = env!("CARGO_PKG_VERSION").rsplit_once('.').map_or("0.1", |(minor, _)| minor);
    format!(
        "\
# A folder with this file is a pack: all rules below it are in it.
pack: {name}
version: 0.1.0  # raise it with every change: the first number if a finding may be new, the last one for words
napkin: \">={napkin}\"  # the oldest napkin that it works with
description: \"say in a line what its rules are about\"
# owner: team-platform
# homepage: https://…
# default: false  # then a team has to turn it on: `packs = [\"{name}\"]`
# severities: {{ RULE: error }}  # what holds in this pack in place of what a rule says
# parameters: {{ RULE: {{ NAME: 4 }} }}
"
    )
}

/// A page about a pack to begin with.
pub(super) fn readme(name: &str, rule: &str) -> String {
    format!(
        "\
# {name}

Rules for napkin about … Each rule says what it looks for, why, and when it is silent.

| rule | what it finds |
| --- | --- |
| `{rule}` | … |

Use it, after you have added this folder to your repository (as a git submodule, a subtree or a copy):

```toml
# napkin.toml
rules = [\"{name}\"]
```

Test it with `napkin rules test {name}`. Specs to try it on stand in `specs/`; they are not read as rules.
"
    )
}
