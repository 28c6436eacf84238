//! What the command line and `[test]` of the scenario say together: each may make sense without the other.

use std::path::Path;

use super::measure::{Allowance, Measure};
use super::spec::TestSpec;
use crate::source::explained;
use crate::{Error, Resolved, Setting, Source};

/// Checks what the command line gives over `[test]` of the scenario in `file`, with `settings`. Returns what
/// of the scenario plays no part in it.
///
/// # Errors
///
/// At its place in the scenario, or with the option that is at fault.
pub fn check_together(
    given: &TestSpec,
    study: &Resolved,
    file: &Path,
    settings: &[Setting],
) -> Result<Vec<String>, Error> {
    let all = study.test.overlaid(given);
    let metric = all.metric.unwrap_or(study.metric.into());
    if let Some((path, what)) = all.wrong(metric).filter(|(path, _)| !given.gives(path)) {
        let (message, hint) = explained(&what);
        let option = path[0].trim_end_matches('s');
        let hint = format!("{}, or give --{option}", hint.unwrap_or_default());
        let path: Vec<&str> = std::iter::once("test").chain(path.iter().map(|p| &**p)).collect();
        return Err(Source::again(file, settings, &path).error_at(&path, message, Some(&hint)));
    }
    let mut unused = Vec::new();
    let of_rollouts = [
        ("stage", given.stage.is_some(), study.test.stage.is_some()),
        ("world", given.world.is_some(), study.test.world.is_some()),
    ];
    for (field, is_given, is_written) in of_rollouts.iter().filter(|_| all.rollout.is_none()) {
        if *is_given {
            let hint = "give --rollout ramp, or `rollout` in [test] of the scenario";
            return Err(Error::Unfit(format!("--{field} needs a rollout\nhint: {hint}")));
        }
        if *is_written {
            unused.push(format!("`{field}` of the scenario plays no part: there is no rollout"));
        }
    }
    if given.watches(metric) {
        let hint = "--margin says how much of it does not matter";
        let what = format!("--guardrail {metric}: what decides is no guardrail\nhint: {hint}");
        return Err(Error::Unfit(what));
    }
    if study.test.watches(metric) {
        let what =
            format!("the guardrail {metric} of the scenario plays no part: {metric} decides");
        unused.push(what);
    }
    Ok(unused)
}

impl TestSpec {
    /// Whether it has a value for the field at fault.
    fn gives(&self, path: &[String]) -> bool {
        match path[0].as_str() {
            "traffic" => self.traffic.is_some(),
            "level" => self.level.is_some(),
            "stage" => self.stage.is_some(),
            "margin" => self.margin.is_some(),
            "guardrails" => self.guardrails.keys().any(|m| path.get(1) == Some(&m.to_string())),
            // What the scenario says of the others made sense by itself, so it is not at fault.
            _ => true,
        }
    }

    /// Whether this measure is a guardrail of it, and by name.
    pub(super) fn watches(&self, measure: Measure) -> bool {
        matches!(self.guardrails.get(&measure), Some(Allowance::Worse(_)))
    }
}
