//! The arguments of `check` and `trend`.

use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};
use experiment::Setting;
use experiment::check;

use super::{Format, How, file, file_or_stdout, share};

/// Hold the figures of a study against a baseline, for CI
///
/// Runs a scenario, or a flat study (kind = "flat"), and compares its figures with those that a file
/// keeps. Runs are deterministic, so the comparison is exact; tolerances say what does not matter.
/// Prints what changed. Missing folders of reports for build servers are made; one report may go to `-`,
/// standard output, in place of what changed. docs/check.md is the guide.
#[derive(Debug, Parser)]
#[command(after_help = "Exit codes: 0 pass; 1 a figure is worse than allowed, or passed a limit; \
2 bad usage or input; 3 no baseline, or one of another study; 4 an interval does not decide; 70 a bug; \
130 interrupted.\n\nExamples:\n  cache-strategy check scenarios/quickstart.toml --update-baseline \
--reason 'first figures'\n  cache-strategy check scenarios/quickstart.toml --explain\n  cache-strategy \
check scenarios/quickstart.toml --allow scenario-change --set stack.tiers.L1.capacity=2%\n  \
cache-strategy check scenarios/quickstart.toml --junit check.xml --history history.jsonl")]
pub(crate) struct Check {
    /// Scenario or flat study
    pub(crate) study: PathBuf,
    /// Baseline file [default: baselines/FILE beside the study]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Override a value of the scenario; the baseline then is of another, see --allow
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(crate) settings: Vec<Setting>,
    /// Let pass what would not; may be repeated
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) allow: Vec<Allow>,
    /// Refuse what would pass; may be repeated
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) deny: Vec<Deny>,
    /// Say which requests are behind each change; needs a baseline written --with-detail
    #[arg(long, conflicts_with = "update_baseline")]
    pub(crate) explain: bool,
    /// Show figures that are as they were, too
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) how: How,
    #[command(flatten)]
    pub(crate) update: UpdateArgs,
    #[command(flatten)]
    pub(crate) ci: CiArgs,
}

#[derive(Debug, Parser)]
#[command(next_help_heading = "Updating")]
pub(crate) struct UpdateArgs {
    /// Write the figures of now into the baseline instead; makes it if there is none
    #[arg(long, requires = "reason")]
    pub(crate) update_baseline: bool,
    /// Why; goes into the baseline's history
    #[arg(long, value_name = "TEXT", requires = "update_baseline")]
    pub(crate) reason: Option<String>,
    /// Take figures that are worse than they were, or beyond limits
    #[arg(long, requires = "update_baseline")]
    pub(crate) accept: bool,
    /// Keep how every request ended beside the baseline, for --explain and intervals
    #[arg(long, requires = "update_baseline")]
    pub(crate) with_detail: bool,
}

#[derive(Debug, Parser)]
#[command(next_help_heading = "For build servers")]
pub(crate) struct CiArgs {
    /// Write JUnit XML
    #[arg(long, value_name = "FILE", conflicts_with = "update_baseline", value_parser = file_or_stdout)]
    pub(crate) junit: Option<PathBuf>,
    /// Write SARIF, for code scanning
    #[arg(long, value_name = "FILE", conflicts_with = "update_baseline", value_parser = file_or_stdout)]
    pub(crate) sarif: Option<PathBuf>,
    /// Write GitLab's code quality report
    #[arg(long, value_name = "FILE", conflicts_with = "update_baseline", value_parser = file_or_stdout)]
    pub(crate) gitlab: Option<PathBuf>,
    /// Write Bencher Metric Format
    #[arg(long, value_name = "FILE", conflicts_with = "update_baseline", value_parser = file_or_stdout)]
    pub(crate) bencher: Option<PathBuf>,
    /// Write what is better when larger, as github-action-benchmark's customBiggerIsBetter
    #[arg(long, value_name = "FILE", conflicts_with = "update_baseline", value_parser = file_or_stdout)]
    pub(crate) bigger: Option<PathBuf>,
    /// Write what is better when smaller, as its customSmallerIsBetter
    #[arg(long, value_name = "FILE", conflicts_with = "update_baseline", value_parser = file_or_stdout)]
    pub(crate) smaller: Option<PathBuf>,
    /// Annotate the step of GitHub Actions and add to its summary: auto is where GITHUB_ACTIONS is true
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) github: When,
    /// Append a line of JSON to this file, for `trend`
    #[arg(long, value_name = "FILE", conflicts_with = "update_baseline", value_parser = file)]
    pub(crate) history: Option<PathBuf>,
    /// What is checked, for the history [default: GITHUB_SHA or CI_COMMIT_SHA]
    #[arg(long, value_name = "ID", requires = "history")]
    pub(crate) commit: Option<String>,
}

/// What `--allow` lets pass
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Allow {
    /// Another scenario over the same traces: compare its figures
    ScenarioChange,
    /// Intervals that do not decide
    Inconclusive,
}

impl CiArgs {
    /// What is written beside the table: the option and its file.
    pub(crate) fn reports(&self) -> [(&'static str, Option<&Path>); 6] {
        [
            ("--junit", self.junit.as_deref()),
            ("--sarif", self.sarif.as_deref()),
            ("--gitlab", self.gitlab.as_deref()),
            ("--bencher", self.bencher.as_deref()),
            ("--bigger", self.bigger.as_deref()),
            ("--smaller", self.smaller.as_deref()),
        ]
    }
}

impl From<Allow> for check::Allow {
    fn from(allow: Allow) -> Self {
        match allow {
            Allow::ScenarioChange => check::Allow::ScenarioChange,
            Allow::Inconclusive => check::Allow::Inconclusive,
        }
    }
}

/// What `--deny` refuses
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Deny {
    /// Figures better than their baseline, which is stale then
    Improvement,
}

impl From<Deny> for check::Deny {
    fn from(Deny::Improvement: Deny) -> Self {
        check::Deny::Improvement
    }
}

/// When to do something
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum When {
    /// Where it makes sense
    #[default]
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

/// Find where the figures of a history changed
///
/// Simulated figures have no noise, so every step of a series is a change point. Small ones add up: a
/// figure that slips a little each time is told when it has slipped by --least since it was last told.
#[derive(Debug, Parser)]
#[command(
    after_help = "Examples:\n  cache-strategy trend history.jsonl\n  cache-strategy trend history.jsonl --metric hit_ratio --svg hit-ratio.svg\n  cache-strategy trend history.jsonl --least 1% --format csv"
)]
pub(crate) struct Trend {
    /// History that `check --history` wrote
    pub(crate) history: PathBuf,
    /// Only this metric, such as hit_ratio or L1.hit_ratio
    #[arg(long, value_name = "NAME")]
    pub(crate) metric: Option<String>,
    /// Draw the change of the metric since the first check, an SVG file
    #[arg(long, value_name = "FILE", requires = "metric", value_parser = file)]
    pub(crate) svg: Option<PathBuf>,
    /// Tell steps of at least this share of the value
    #[arg(long, default_value = "0", value_name = "SHARE", value_parser = share)]
    pub(crate) least: f64,
    /// How the changes are printed
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}
