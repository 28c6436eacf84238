//! `validate`, `show` and `schema`.

use std::io::Write;

use anyhow::Result;
use experiment::check::{self, Study};
use experiment::{Resolved, Source};

use crate::args::{Document, Schema, Show, Validate};
use crate::progress::say;

pub(crate) fn validate(args: &Validate) -> Result<u8> {
    let study = Study::open(&args.scenario, &args.settings)?;
    study.check_traces(&args.scenario, &args.settings)?;
    let (configurations, traces) = match &study {
        Study::Stack(study) => (study.strategies.len(), study.traces.len()),
        Study::Flat(study) => (study.policies.len() * study.capacities.len(), study.traces.len()),
    };
    say(format!(
        "{} is valid: {} ({} × {})",
        args.scenario.display(),
        counted(configurations * traces, "run"),
        counted(configurations, "configuration"),
        counted(traces, "trace")
    ));
    Ok(0)
}

/// "1 trace", "2 traces".
fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

pub(crate) fn show(args: &Show) -> Result<u8> {
    let text = if args.resolved {
        to_toml(&experiment::resolve(&args.scenario, &args.settings)?)?
    } else {
        Source::open(&args.scenario)?.text().to_string()
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(0)
}

pub(crate) fn to_toml(study: &Resolved) -> Result<String> {
    Ok(toml::to_string(study)?)
}

pub(crate) fn schema(args: &Schema) -> Result<u8> {
    let text = match args.what {
        Document::Scenario => experiment::json_schema(),
        Document::Flat => check::flat_schema(),
        Document::Baseline => check::baseline_schema(),
        Document::Recipe => {
            let schema = schemars::schema_for!(trace::generate::Recipe);
            serde_json::to_string_pretty(&schema)? + "\n"
        }
        Document::Results => frames::describe(),
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(0)
}
