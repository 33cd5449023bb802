//! `napkin rules list`, `test`, `new`, `docs`, `fields`

use std::path::PathBuf;

use clap::Subcommand;

use crate::cli::config::{ConfigFile, Configs};
use crate::cli::{Done, Outcome, Terminal, print};
use crate::config::{Effective, Flags, From};
use crate::expr::RULE_FUNCTIONS;
use crate::lint::{FIELDS, GRAPH_FUNCTIONS, Overrides, Parameter, Rule, severity_name};
use crate::source::Sources;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
    /// A folder with rules of your own; may be given several times.
    #[arg(long, value_name = "DIR", global = true)]
    rules: Vec<PathBuf>,
    #[command(flatten)]
    config: ConfigFile,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// All rules with severity, confidence and pack.
    List {
        /// Only the rules of this pack, or `all`; may be given several times.
        #[arg(long, value_name = "NAME")]
        pack: Vec<String>,
    },
    /// Run the examples of rules, and say what no example decides.
    Test(super::rules_test::Args),
    /// Write a rule to begin with, or a pack of rules.
    New(super::rules_new::Args),
    /// Write a page for each rule, and an index.
    Docs(super::rules_docs::Args),
    /// The fields and functions that conditions and messages can use.
    Fields,
}

pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let mut folders = args.rules.clone();
    folders.extend(match &args.command {
        Command::Test(test) => test.dirs.clone(),
        Command::Docs(docs) => docs.dirs.clone(),
        _ => Vec::new(),
    });
    let mut configs = Configs::new(&args.config, &folders, Flags::default(), Sources::new(), terminal.style);
    let here = configs.here()?;
    match &args.command {
        Command::List { pack } => {
            configs.setup(here).rules.knows(pack)?;
            print(&list(pack, here, &configs))?;
            Ok(Done::Clean)
        }
        Command::New(new) => super::rules_new::run(new, configs.setup(here)),
        Command::Docs(docs) => super::rules_docs::run(docs, &configs.setup(here).rules),
        Command::Test(test) => super::rules_test::run(test, &configs.setup(here).rules),
        Command::Fields => {
            print(&fields())?;
            Ok(Done::Clean)
        }
    }
}

/// Rules with the severity that they have here, and where that was said.
fn list(packs: &[String], here: usize, configs: &Configs<'_>) -> String {
    let rules = &configs.setup(here).rules.rules;
    let effective = configs.effective(here);
    let (policy, values) = (effective.policy(), effective.parameters(rules));
    let width = rules.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
    let wanted = |rule: &&Rule| packs.is_empty() || packs.iter().any(|name| name == "all" || *name == rule.pack.name);
    let line = |rule: &Rule| {
        let setting = policy.setting(rule).filter(|_| policy.packs.have(&rule.pack));
        let severity = severity_name(setting.map_or(Some(rule.severity), |setting| setting.severity));
        let note = match setting {
            Some(setting) => format!(" ({})", configs.sources.line(setting.span)),
            None if policy.packs.have(&rule.pack) => String::new(),
            None => " (off)".to_owned(),
        };
        let confidence = rule.confidence.name();
        let parameters: Vec<String> =
            rule.parameters.iter().map(|p| told(rule, p, &values, &effective, configs)).collect();
        let below = if parameters.is_empty() { String::new() } else { format!("  {}\n", parameters.join(", ")) };
        let fix = match &rule.fix {
            Some(fix) if fix.safe => " [fix]",
            Some(_) => " [unsafe fix]",
            None => "",
        };
        format!("{:<width$}  {severity:<7}  {confidence:<6}  {}{note}{fix}\n{below}", rule.name, rule.pack.name)
    };
    rules.iter().filter(wanted).map(line).collect()
}

/// A parameter with the value that it has here, and where that was said.
fn told(
    rule: &Rule,
    parameter: &Parameter,
    values: &Overrides,
    effective: &Effective,
    configs: &Configs<'_>,
) -> String {
    let note = match effective.set_by(rule, &parameter.name) {
        From::File(span) => format!(" ({})", configs.sources.line(span)),
        From::Flag(flag) => format!(" ({flag})"),
        From::Default => String::new(),
    };
    format!("{} = {}{note}", parameter.name, parameter.shown(values.value(&rule.name, parameter)))
}

fn fields() -> String {
    let mut out = String::new();
    for field in FIELDS.iter() {
        out += &format!("{:<44} {}\n", format!("{}.{}", field.target.name(), field.key), field.doc);
    }
    let graph = GRAPH_FUNCTIONS.iter().map(|function| (function.usage, function.doc));
    let functions = graph.chain(RULE_FUNCTIONS.iter().map(|(_, usage, doc)| (*usage, *doc)));
    out += "\nFunctions beside those of `napkin calc help`:\n";
    for (usage, doc) in functions {
        out += &format!("{usage:<44} {doc}\n");
    }
    out
}
