//! `napkin plan`

use crate::cli::estimate::{Input, Settings, load_changed, load_with};
use crate::cli::format::Format;
use crate::cli::{Done, Failure, Outcome, Terminal, print, rewrite};
use crate::report::plan::{json, table};
use crate::source::Sources;
use crate::spec::{Edit, edited_files};
use crate::study::plan::{Loss, Plan, plan};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    settings: Settings,
    /// What may be gone while the objectives still hold.
    #[arg(long, value_enum, default_value = "zone")]
    loss: LossArg,
    /// Find the cheapest sizes instead of the fewest nodes.
    #[arg(long)]
    cheapest: bool,
    /// Put the sizes into the spec; comments and layout stay.
    #[arg(long)]
    write: bool,
    /// How to print it.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum LossArg {
    None,
    Node,
    Zone,
}

pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let (sources, id, analysis, catalog) = load_with(&args.input, &args.settings, terminal)?;
    let loss = match args.loss {
        LossArg::None => Loss::None,
        LossArg::Node => Loss::Node,
        LossArg::Zone => Loss::Zone,
    };
    let plan = plan(analysis, &catalog, loss, args.cheapest);
    print(&args.format.write(|| vec![table(&plan)], || json(&plan), terminal)?)?;
    if args.write {
        write(&plan, &sources, id, terminal)?;
    }
    Ok(if plan.unmet.is_empty() { Done::Clean } else { Done::Findings })
}

/// Writes the sizes, unless the text that comes out wouldn't say what was planned.
fn write(plan: &Plan, sources: &Sources, id: crate::source::SourceId, terminal: &Terminal) -> Result<(), Failure> {
    let value = |size: &crate::study::plan::Sizing| {
        if size.key == "memory" { format!("{} MB", size.planned / 1e6) } else { format!("{}", size.planned) }
    };
    let changed: Vec<&crate::study::plan::Sizing> = plan
        .sizes
        .iter()
        .filter(|size| size.today != Some(size.planned))
        .filter(|s| s.today.is_some() || s.planned > 1.0)
        .collect();
    let edits: Vec<Edit> = changed.iter().map(|size| Edit::size(&size.component, size.key, value(size))).collect();
    if edits.is_empty() {
        return print("nothing to write: the spec states these sizes already\n");
    }
    let texts = edited_files(sources, id, &edits).map_err(Failure)?;
    let mut fresh = sources.clone();
    for (file, text) in &texts {
        fresh.replace(*file, text.as_str());
    }
    let catalog = crate::catalog::Catalog::new();
    let analysis = load_changed(&mut fresh, id, &Settings { set: Vec::new() }, &catalog, terminal)?;
    for size in &changed {
        let key = crate::vocabulary::AttributeId::find(crate::vocabulary::Target::Component, size.key);
        let component = analysis.graph.component(&size.component).and_then(|c| analysis.graph.components.get(c));
        let found = component.zip(key).and_then(|(component, key)| component.number(key)).map(|input| input.value);
        if found != Some(size.planned) {
            let message = "{} of {} has no place in the spec where it could be written; write it by hand";
            return Err(Failure(message.replacen("{}", size.key, 1).replacen("{}", &size.component, 1)));
        }
    }
    let written = rewrite::all(&texts, sources)?;
    let names: Vec<String> = written.iter().map(|path| path.display().to_string()).collect();
    print(&format!("{} sizes written to {}\n", edits.len(), names.join(" and ")))
}
