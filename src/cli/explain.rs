//! `napkin explain RULE` and `napkin explain SPEC FIGURE`

use std::path::PathBuf;

use crate::analysis::Analysis;
use crate::cli::config::{ConfigFile, Configs};
use crate::cli::estimate::{Input, PriceFile};
use crate::cli::packs::RuleSet;
use crate::cli::{Done, Failure, Outcome, Terminal, estimate, files, print};
use crate::config::Flags;
use crate::diagnostic::suggestion;
use crate::lint::{Rule, severity_name};
use crate::report::explain::{tree, wanted};
use crate::report::line;
use crate::source::Sources;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A rule's name, or a spec.
    what: String,
    /// A figure of the spec, such as `api.utilization`, `redirect.p99` or `egress`.
    figure: Option<String>,
    #[command(flatten)]
    overlays: files::Overlays,
    #[command(flatten)]
    prices: PriceFile,
    /// A folder with rules of your own.
    #[arg(long, value_name = "DIR")]
    rules: Vec<PathBuf>,
    #[command(flatten)]
    config: ConfigFile,
}

pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let Some(figure) = &args.figure else { return rule(args, terminal) };
    let (overlays, prices) = (args.overlays.clone(), args.prices.clone());
    let (sources, _, analysis, _) =
        estimate::load(&Input { spec: PathBuf::from(&args.what), overlays, prices }, terminal)?;
    print(&derivation(figure, &analysis, &sources)?)?;
    Ok(Done::Clean)
}

/// The derivation of one figure.
pub(super) fn derivation(figure: &str, analysis: &Analysis, sources: &Sources) -> Result<String, Failure> {
    let found = wanted(figure, analysis).map_err(Failure)?;
    Ok(tree(&found, analysis, sources))
}

/// The figures that `estimate --explain` goes through.
pub(super) fn figures(analysis: &Analysis) -> Vec<String> {
    let graph = &analysis.graph;
    let flows = graph
        .flows
        .iter()
        .flat_map(|f| ["peak_rate", "latency.p99", "availability"].map(|key| format!("{}.{key}", f.name)));
    let busy = graph
        .components
        .iter()
        .zip(&analysis.estimate.components)
        .filter(|(_, f)| f.offered_load.is_some() || f.utilization.is_some());
    let components = busy.flat_map(|(c, _)| ["utilization", "nodes_needed"].map(|key| format!("{}.{key}", c.name)));
    flows.chain(components).chain(graph.data.iter().map(|d| format!("{}.full", d.name))).collect()
}

fn rule(args: &Args, terminal: &Terminal) -> Outcome {
    if let Some(overlay) = args.overlays.overlay.first() {
        let help = "name a spec and a figure of it, such as `api.utilization`";
        return Err(Failure(format!("{} can be laid over a spec, not over a rule; {help}", overlay.display())));
    }
    let mut configs = Configs::new(&args.config, &args.rules, Flags::default(), Sources::new(), terminal.style);
    let here = configs.here()?;
    let RuleSet { sources, rules, .. } = &*configs.setup(here).rules;
    let Some(rule) = rules.iter().find(|rule| rule.name == args.what) else {
        if std::path::Path::new(&args.what).exists() {
            return Err(Failure(
                "name a figure after the spec, such as `api.utilization` or `redirect.p99`".to_owned(),
            ));
        }
        let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
        let help = suggestion(&args.what, names.iter().copied())
            .unwrap_or_else(|| "`napkin rules list` names all rules".to_owned());
        return Err(Failure(format!("there is no rule `{}`; {help}", args.what)));
    };
    let effective = configs.effective(here);
    let severity = match effective.policy().setting(rule) {
        Some(setting) => format!("{} by {}", severity_name(setting.severity), configs.sources.line(setting.span)),
        None => rule.severity.name().to_owned(),
    };
    print(&page(rule, &severity, sources))?;
    Ok(Done::Clean)
}

fn page(rule: &Rule, severity: &str, sources: &Sources) -> String {
    let mut out = format!("{} ({severity}, {})\n\n{}\n\n", rule.name, rule.category, rule.why);
    out += &format!(
        "It asks of each {}{}:\n  {}\n\n",
        rule.target.name(),
        line(&rule.subjects.told()),
        sources.slice(rule.when_span).trim()
    );
    out += &parameters(rule);
    if let Some(fix) = &rule.fix {
        let keys: Vec<String> = fix.keys().map(|key| format!("`{key}`")).collect();
        let flags = if fix.safe { "--fix" } else { "--fix --unsafe-fixes" };
        let pack = if rule.pack.default { String::new() } else { format!("--pack {} ", rule.pack.name) };
        out += &format!("To let napkin set {}:\n  napkin check {pack}{flags} SPEC\n\n", keys.join(" and "));
    }
    for (title, examples) in [("It fires on:", &rule.bad), ("It stays silent on:", &rule.good)] {
        if let Some((text, _)) = examples.first() {
            out += &format!("{title}\n");
            out += &text.lines().map(|line| format!("  {line}\n")).collect::<String>();
            out.push('\n');
        }
    }
    for link in &rule.see {
        out += &format!("See {link}\n");
    }
    if let Some(when) = &rule.allow_when {
        let space = if rule.see.is_empty() { "" } else { "\n" };
        out += &format!("{space}When to allow it: {when}\n\n");
    }
    out + &format!(
        "To accept it in a spec:\n  allow:\n    - {{ rule: {}, because: \"…\", until: 2030-01-31 }}\n",
        rule.name
    )
}

/// The parameters of a rule and how one is set; empty if it has none.
fn parameters(rule: &Rule) -> String {
    let Some(first) = rule.parameters.first() else { return String::new() };
    let mut out = "Parameters, with their defaults:\n".to_owned();
    for parameter in &rule.parameters {
        let doc = parameter.doc.as_ref().map_or(String::new(), |doc| format!(" ({doc})"));
        out += &format!("  {} = {}{doc}\n", parameter.name, parameter.shown(&parameter.default));
    }
    let value = first.shown(&first.default);
    let quote = if value.contains([' ', '[', '$']) { "'" } else { "" };
    out + &format!("To set one: napkin check --param {quote}{}.{}={value}{quote} …\n\n", rule.name, first.name)
}
