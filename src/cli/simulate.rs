//! `napkin simulate`

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crate::analysis::Analysis;
use crate::attributes::Input as Number;
use crate::cli::estimate::{Input, Settings, load_with};
use crate::cli::{Done, Failure, Outcome, Terminal, print};
use crate::definition::SEED;
use crate::estimate::blueprint::{Blueprint, FlowPlan};
use crate::estimate::{Run, Scenario, blueprint, estimate_scenario};
use crate::quantity::{Dimension, Hint, quantity, thousands};
use crate::report::simulation::{Shown, csv, json, text};
use crate::simulate::{self, Action, Extent, Fault, Load, Results, fault, time};
use crate::study::{factor, fail};

/// When a fault happens that states no time, in seconds.
const FAULT_AT: f64 = 60.0;

/// What is shown after the last fault at least, in seconds.
const AFTERWARDS: f64 = 60.0;

/// Independent runs where nothing is said.
pub(super) const RUNS: usize = 10;

/// Requests where nothing is said: without and with a time.
const REQUESTS: usize = 200_000;
const REQUESTS_OVER_TIME: usize = 5_000_000;

/// Figures of all windows that are kept at most, some hundred bytes each, and for how many a histogram counts.
const MOST_FIGURES: usize = 20_000_000;
const HISTOGRAM: usize = 50;

/// A day of simulated load takes so long where nothing is said: an hour.
const DAY: f64 = 3600.0;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    settings: Settings,
    /// Multiply all traffic, for example by `10x`.
    #[arg(long, value_name = "FACTOR")]
    scale: Option<String>,
    /// Take something away before the run: a component, `node:api`, `zone:a` or `region:us-east`.
    #[arg(long, value_name = "WHAT")]
    fail: Vec<String>,
    /// Let something happen during the run: `at 60 s kill cache for 30 s`, `at 2 min zone a down`, `hang node:db`,
    /// `latency api x5`, `latency api +200 ms`, `errors api 10 %`, `load x3`, `flush cache`.
    #[arg(long, value_name = "FAULT")]
    fault: Vec<String>,
    /// A file of faults, one a line; `#` begins a comment.
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Show this much time in windows: `5 min`.
    #[arg(long, value_name = "TIME")]
    duration: Option<String>,
    /// Load: as at peak, as on average, or as over a day (within `--duration`, an hour unless stated).
    #[arg(long, value_enum, default_value = "peak")]
    load: LoadOf,
    /// Windows in which time is shown.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(10..=1_000))]
    windows: u32,
    /// Most requests to simulate, all flows and runs together: 200,000, or 5 million over time.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1_000..=1_000_000_000))]
    requests: Option<u32>,
    /// Independent runs, from which the intervals come: 10, or fewer where they would be too long.
    #[arg(long, value_parser = clap::value_parser!(u32).range(2..=1_000))]
    runs: Option<u32>,
    /// The seed of all chances.
    #[arg(long, default_value_t = SEED)]
    seed: u64,
    /// How to print it.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, clap::ValueEnum)]
enum LoadOf {
    Peak,
    Average,
    Day,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Text,
    Json,
    Markdown,
    Csv,
}

pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let mut scenario = Scenario::default();
    if let Some(text) = &args.scale {
        scenario.scale = factor(text).map_err(Failure)?;
    }
    let (_, _, analysis, catalog) = load_with(&args.input, &args.settings, terminal)?;
    for what in &args.fail {
        fail(&mut scenario, what, &analysis).map_err(Failure)?;
    }
    let value = |input: &Number| input.value;
    let plan = blueprint(&Run::new((&analysis.graph, &analysis.structure, &catalog), &value, &scenario));
    if plan.flows.iter().all(|flow| flow.average <= 0.0) {
        return Err(Failure("no flow has a rate; add `rate: 100 /s` to one".to_owned()));
    }
    let (settings, expected) = settings(args, &analysis, &plan)?;
    let results = with_progress(&analysis, &plan, &settings, expected);
    let estimate = estimate_scenario(&analysis.graph, &analysis.structure, &catalog, &scenario);
    let shown =
        Shown { results: &results, analysis: &analysis, estimate: &estimate, settings: &settings, notes: &plan.notes };
    print(&match args.format {
        Format::Text => text(&shown, terminal.columns, false),
        Format::Markdown => text(&shown, 80, true),
        Format::Csv => csv(&shown),
        Format::Json => json(&shown).map_err(|error| Failure(format!("can't write the results: {error}")))?,
    })?;
    Ok(Done::Clean)
}

fn faults(args: &Args, analysis: &Analysis, plan: &Blueprint) -> Result<Vec<Fault>, Failure> {
    let mut lines = args.fault.clone();
    if let Some(path) = &args.faults {
        let file = std::fs::read_to_string(path)
            .map_err(|error| Failure(format!("can't read {}: {error}", path.display())))?;
        let stated = file.lines().map(|line| line.split('#').next().unwrap_or("").trim().to_owned());
        lines.extend(stated.filter(|line| !line.is_empty()));
    }
    let read = |line: &String| {
        let found = fault(line, &analysis.graph, FAULT_AT)?;
        found.misses(&analysis.graph, plan).map_or(Ok(found), Err)
    };
    lines.iter().map(|line| read(line).map_err(Failure)).collect()
}

/// What is to be run, and how many requests that is.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "counts of requests and runs"
)]
fn settings(args: &Args, analysis: &Analysis, plan: &Blueprint) -> Result<(simulate::Settings, usize), Failure> {
    let faults = faults(args, analysis, plan)?;
    let stated = args.duration.as_deref().map(time).transpose().map_err(Failure)?;
    let over_time = !faults.is_empty() || stated.is_some() || args.load == LoadOf::Day;
    let runs = args.runs.map(|runs| runs as usize);
    let most = args.requests.map_or(if over_time { REQUESTS_OVER_TIME } else { REQUESTS }, |most| most as usize);
    let seed = args.seed;
    let load = |duration: f64| match args.load {
        LoadOf::Peak => Load::Peak,
        LoadOf::Average => Load::Average,
        LoadOf::Day => Load::Day(duration),
    };
    if !over_time {
        let runs = runs.unwrap_or(RUNS);
        let settings = simulate::Settings { seed, runs, extent: Extent::Requests(most), load: load(DAY) };
        return Ok((settings, most));
    }
    let begin = faults.iter().map(|fault| fault.at).fold(f64::INFINITY, f64::min);
    let end = faults.iter().map(|fault| fault.end().unwrap_or(fault.at)).fold(0.0, f64::max);
    let usual = if faults.is_empty() { DAY } else { end + AFTERWARDS.max(2.0 * (end - begin)) };
    let duration = stated.unwrap_or(usual);
    if duration <= 0.0 || end >= duration && !faults.is_empty() {
        return Err(Failure(format!("the last fault is over after {}; give a longer `--duration`", shown(end))));
    }
    let warm = (duration / 10.0).min(60.0);
    let each = requests(plan, args.load == LoadOf::Peak, &faults, (duration, warm));
    let fitting = (most as f64 / each.max(1.0)).floor() as usize;
    let least = runs.unwrap_or(2);
    if least > fitting {
        let wanted = (least as f64 * each).ceil();
        let allow = if wanted <= 1e9 { format!("allow it with `--requests {wanted:.0}`, ") } else { String::new() };
        return Err(Failure(format!(
            "{least} runs of {} are {} requests, more than the {} that are simulated; {allow}take a shorter \
             `--duration`, or make the system smaller with `--scale` and `--set`",
            shown(duration + warm),
            thousands(wanted),
            thousands(most as f64),
        )));
    }
    let runs = runs.unwrap_or(fitting.clamp(2, RUNS));
    let figures = analysis.graph.flows.len() * HISTOGRAM + analysis.graph.components.len();
    if (runs * args.windows as usize).saturating_mul(figures) > MOST_FIGURES {
        let windows = args.windows;
        return Err(Failure(format!(
            "{runs} runs of {windows} windows are too many to keep; take fewer of one or both"
        )));
    }
    let extent = Extent::Time { warm, duration, windows: args.windows as usize, faults };
    Ok((simulate::Settings { seed, runs, extent, load: load(duration) }, (each * runs as f64) as usize))
}

/// Requests of one run on average, with what faults do to the load.
fn requests(plan: &Blueprint, peak: bool, faults: &[Fault], (duration, warm): (f64, f64)) -> f64 {
    let mut edges: Vec<f64> = faults.iter().flat_map(|fault| [Some(fault.at), fault.end()]).flatten().collect();
    edges.extend([-warm, duration]);
    edges.retain(|edge| *edge <= duration);
    edges.sort_by(f64::total_cmp);
    let rate = |index: usize, flow: &FlowPlan, time: f64| {
        let on = faults.iter().filter(|fault| fault.at <= time && fault.end().is_none_or(|end| time < end));
        on.fold(if peak { flow.peak } else { flow.average }, |rate, fault| match fault.action {
            Action::Load { flow, factor } if flow.is_none_or(|flow| flow == index) => rate * factor,
            _ => rate,
        })
    };
    let all = |time: f64| -> f64 { plan.flows.iter().enumerate().map(|(index, flow)| rate(index, flow, time)).sum() };
    edges.windows(2).map(|edges| if let [from, to] = edges { all(*from) * (to - from) } else { 0.0 }).sum()
}

/// A time as a person writes it.
fn shown(seconds: f64) -> String {
    quantity(seconds, Dimension::TIME, &Hint::Auto)
}

/// Runs it with a progress bar, where somebody is watching.
fn with_progress(analysis: &Analysis, plan: &Blueprint, settings: &simulate::Settings, expected: usize) -> Results {
    let (arrived, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    if !std::io::stderr().is_terminal() {
        return simulate::simulate(&analysis.graph, plan, settings, &arrived);
    }
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let bar = indicatif::ProgressBar::new(expected as u64);
            let style = indicatif::ProgressStyle::with_template("{bar:40} {percent} %  {human_pos} requests  {eta}");
            bar.set_style(style.unwrap_or_else(|_| indicatif::ProgressStyle::default_bar()));
            // What is over at once needs no bar.
            let mut waited = 0;
            while !over.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(50));
                waited += 1;
                if waited > 6 {
                    bar.set_position(arrived.load(Ordering::Relaxed) as u64);
                }
            }
            bar.finish_and_clear();
        });
        let results = simulate::simulate(&analysis.graph, plan, settings, &arrived);
        over.store(true, Ordering::Relaxed);
        results
    })
}
