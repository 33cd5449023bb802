//! `napkin rules list`, `test`, `fields`

use std::path::PathBuf;

use clap::Subcommand;

use crate::analysis::{ExampleResult, run_example};
use crate::catalog::Catalog;
use crate::cli::config::{ConfigFile, Configs};
use crate::cli::{Done, Failure, Outcome, Terminal, print};
use crate::config::{Effective, Flags, From};
use crate::lint::{FIELDS, Overrides, Parameter, Rule, severity_name};
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
    /// Run the examples of every rule.
    Test,
    /// The fields that conditions and messages can use.
    Fields,
}

pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    if matches!(args.command, Command::Fields) {
        print(&fields())?;
        return Ok(Done::Clean);
    }
    let mut configs = Configs::new(&args.config, &args.rules, Flags::default(), Sources::new(), terminal.style);
    let here = configs.here()?;
    match &args.command {
        Command::List { pack } => {
            configs.setup(here).rules.knows(pack)?;
            print(&list(pack, here, &configs))?;
            Ok(Done::Clean)
        }
        _ => test(&configs.setup(here).rules.rules),
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
        format!("{:<width$}  {severity:<7}  {confidence:<6}  {}{note}\n{below}", rule.name, rule.pack.name)
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

fn test(rules: &[Rule]) -> Outcome {
    let catalog = Catalog::new();
    let (mut passed, mut failed) = (0, 0);
    for rule in rules {
        if rule.bad.is_empty() || rule.good.is_empty() {
            failed += 1;
            print(&format!("{}: needs at least one example under `bad:` and one under `good:`\n", rule.name))?;
        }
        let bad = rule.bad.iter().map(|(text, _)| (text, true));
        for (text, should_fire) in bad.chain(rule.good.iter().map(|(text, _)| (text, false))) {
            let complaint = match run_example(rule, text, should_fire, &catalog) {
                ExampleResult::Passed => {
                    passed += 1;
                    continue;
                }
                ExampleResult::Silent => "a `bad` example does not fire".to_owned(),
                ExampleResult::Fired(message) => format!("a `good` example fires: {message}"),
                ExampleResult::Invalid(message) => format!("an example is not a valid spec: {message}"),
            };
            failed += 1;
            print(&format!(
                "{}: {complaint}\n{}\n",
                rule.name,
                text.lines().map(|line| format!("    {line}\n")).collect::<String>()
            ))?;
        }
    }
    print(&format!("{} rules: {passed} examples pass, {failed} fail\n", rules.len()))?;
    if failed > 0 { Err(Failure("some examples fail\n".to_owned())) } else { Ok(Done::Clean) }
}

fn fields() -> String {
    let mut out = String::new();
    for field in FIELDS.iter() {
        out += &format!("{:<44} {}\n", format!("{}.{}", field.target.name(), field.key), field.doc);
    }
    out
}
