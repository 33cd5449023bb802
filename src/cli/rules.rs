//! `napkin rules list`, `test`, `fields`

use std::path::PathBuf;

use clap::Subcommand;

use crate::analysis::{ExampleResult, run_example};
use crate::catalog::Catalog;
use crate::cli::{Done, Failure, Outcome, Terminal, files, print};
use crate::lint::{FIELDS, Packs, Rule};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
    /// A folder with rules of your own; may be given several times.
    #[arg(long, value_name = "DIR", global = true)]
    rules: Vec<PathBuf>,
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
    let (_, rules) = files::rules(&args.rules, terminal.style)?;
    match &args.command {
        Command::List { pack } => {
            let width = rules.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
            files::packs(pack)?;
            let wanted = |rule: &&Rule| pack.is_empty() || pack.iter().any(|name| name == "all" || name == rule.pack);
            let line = |rule: &Rule| {
                let (severity, confidence) = (rule.severity.name(), rule.confidence.name());
                let off = if Packs::Default.have(rule.pack) { "" } else { " (off)" };
                let parameters = rule.parameters.iter().map(|p| format!("{} = {}", p.name, p.shown(&p.default)));
                let parameters: Vec<String> = parameters.collect();
                let below =
                    if parameters.is_empty() { String::new() } else { format!("  {}\n", parameters.join(", ")) };
                format!("{:<width$}  {severity:<7}  {confidence:<6}  {}{off}\n{below}", rule.name, rule.pack)
            };
            print(&rules.iter().filter(wanted).map(line).collect::<String>())?;
            Ok(Done::Clean)
        }
        _ => test(&rules),
    }
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
