//! `--param RULE.NAME=VALUE`

use crate::cli::Failure;
use crate::lint::{Given, ParameterSetting};
use crate::source::{Sources, Span, Spanned};

#[derive(Debug, clap::Args)]
pub(super) struct ParameterArgs {
    /// Set a parameter of a rule, such as `long-synchronous-chain.max_depth=4`; may be given several times.
    #[arg(long, value_name = "RULE.NAME=VALUE")]
    param: Vec<String>,
}

impl ParameterArgs {
    /// What is set, with its places in texts that are added to `sources`; a later one of the same parameter wins.
    ///
    /// # Errors
    /// If an argument isn't of the form `RULE.NAME=VALUE`.
    pub(super) fn settings(&self, sources: &mut Sources) -> Result<Vec<ParameterSetting>, Failure> {
        self.param.iter().map(|text| setting(text, sources)).collect()
    }
}

fn setting(text: &str, sources: &mut Sources) -> Result<ParameterSetting, Failure> {
    let parts = text.split_once('=').and_then(|(name, value)| Some((name.rsplit_once('.')?, value)));
    let Some(((rule, parameter), value)) = parts else {
        let help = "write for example `--param long-synchronous-chain.max_depth=4`";
        return Err(Failure(format!("`--param {text}` sets nothing; {help}")));
    };
    let id = sources.add("--param", text);
    let spanned = |part: &str, from: usize| {
        let bare = part.trim();
        let start = from + (part.len() - part.trim_start().len());
        Spanned::new(bare.to_owned(), Span::new(id, start..start + bare.len()))
    };
    let (parameter_at, value_at) = (rule.len() + 1, text.len() - value.len());
    Ok(ParameterSetting {
        rule: spanned(rule, 0),
        parameter: spanned(parameter, parameter_at),
        value: Given::Text(spanned(value, value_at)),
    })
}
