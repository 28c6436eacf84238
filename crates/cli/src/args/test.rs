//! Arguments of `test`.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use experiment::Setting;
use experiment::ab::{GuardrailText, Margin, Measure, Stages, TestSpec, Unit, World};
use experiment::scenario::Fraction;
use trace::units::Nanos;

use super::How;

/// Test a strategy against another on the same simulated traffic, and decide
///
/// Prints a row a measure and the verdict: ship, no-difference, worse or inconclusive, with its reason.
/// Writes a page, charts, Parquet tables, summary.json and manifest.json to reports/NAME-test. What is
/// not given is taken from the section [test] of the scenario.
#[derive(Debug, Parser)]
#[command(
    after_help = "Exit codes: 0 whatever the verdict; 1 if it is one that --fail-on names.\n\nExamples:\n  cache-strategy test --strategy=new-algorithm scenarios/ab-test.toml\n  cache-strategy test --strategy=new-algorithm --traffic=10% scenarios/ab-test.toml\n  cache-strategy test --strategy arc --baseline lru --metric p99 --margin 2ms my.toml\n  cache-strategy test --strategy arc --guardrail p99=10% --guardrail cost=none my.toml\n  cache-strategy test --strategy new --fail-on worse,inconclusive --no-report my.toml\n  cache-strategy test --strategy=new-algorithm --rollout ramp scenarios/ab-test.toml\n  cache-strategy test --strategy=new-algorithm --rollout ramp --world shared scenarios/ab-test.toml"
)]
pub(crate) struct Test {
    /// Scenario file
    pub(crate) scenario: PathBuf,
    /// Strategy to test
    #[arg(long, short, value_name = "NAME")]
    pub(crate) strategy: Option<String>,
    /// Strategy to test it against [default: the one called current, or the first other one]
    #[arg(long, short, value_name = "NAME")]
    pub(crate) baseline: Option<String>,
    /// Share of the traffic to simulate, chosen by hash [default: 100%]
    ///
    /// Both arms see the same requests, so there is nobody to spare: all traffic has the least error,
    /// and no error of which objects are in the part. A part is for traces that take too long.
    #[arg(long, value_name = "SHARE", verbatim_doc_comment)]
    pub(crate) traffic: Option<Fraction>,
    /// What a part of the traffic is chosen by: object or client [default: object]
    #[arg(long, value_name = "UNIT")]
    pub(crate) by: Option<Unit>,
    /// What decides: hit-ratio, byte-miss-ratio, error-ratio, p50, p95, p99 or cost [default: the
    /// scenario's metric]
    #[arg(long, value_name = "MEASURE")]
    pub(crate) metric: Option<Measure>,
    /// How much of it does not matter: 0.5pp (points of a share), 5% (of the baseline), 2ms [default:
    /// 0.5pp of a hit or byte miss ratio, 0.1pp of the error ratio, 5% of all else]
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) margin: Option<Margin>,
    /// By how much another measure may get worse, such as p99=5% or cost=none; may be repeated
    /// [default: hit ratio, error ratio, p99 and cost, by their usual margins]
    #[arg(long, value_name = "MEASURE=AMOUNT")]
    pub(crate) guardrail: Vec<GuardrailText>,
    /// How sure intervals are [default: 95%]
    #[arg(long, value_name = "SHARE")]
    pub(crate) level: Option<Fraction>,
    /// How often the labels A and B are swapped at random, to count on this trace how often the test
    /// finds what is not there; 0 for not at all
    #[arg(long, default_value_t = 200, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=10_000))]
    pub(crate) aa: u64,
    /// Print instead what a z-test of A over one part of the traffic and B over another would have said,
    /// beside the verdict
    #[arg(long)]
    pub(crate) naive: bool,
    /// Roll the strategy out after the test, on simulated time, and print the stages instead: ramp
    /// (1,5,10,25,50,100 %), jump (10 %, then 25 % if it is surely better by more than 10 %), or a list
    /// such as 1%,10%,100%
    #[arg(long, value_name = "STAGES", conflicts_with = "naive")]
    pub(crate) rollout: Option<Stages>,
    /// Simulated time that a stage lasts [default: all are as long, and fill the trace]
    #[arg(long, value_name = "TIME")]
    pub(crate) stage: Option<Nanos>,
    /// Whether the strategies can do something to each other while they are rolled out: separate (each has
    /// a fleet of its own, down to the origin) or shared (they have machines, the tiers in which they are
    /// alike, and the origin in common; what they do to each other is measured) [default: separate]
    #[arg(long, value_name = "WORLD")]
    pub(crate) world: Option<World>,
    /// End with 1 if a verdict is one of these
    #[arg(long, value_enum, value_delimiter = ',', value_name = "VERDICT")]
    pub(crate) fail_on: Vec<FailOn>,
    /// Override a value of the scenario
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(crate) settings: Vec<Setting>,
    /// Folder for the report [default: reports/NAME-test]
    #[arg(long, short, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Write the report even where index.html is not of this program
    #[arg(long)]
    pub(crate) force: bool,
    /// Print and compute, but write no files
    #[arg(long, conflicts_with = "out")]
    pub(crate) no_report: bool,
    #[command(flatten)]
    pub(crate) how: How,
}

/// Verdicts that may make the program fail
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Worse, or a guardrail is broken
    Worse,
    /// The data do not say
    Inconclusive,
    /// Too little to matter
    NoDifference,
    /// The rollout was rolled back
    RolledBack,
}

impl FailOn {
    /// As verdicts are written.
    pub(crate) fn word(self) -> &'static str {
        match self {
            FailOn::Worse => "worse",
            FailOn::Inconclusive => "inconclusive",
            FailOn::NoDifference => "no-difference",
            FailOn::RolledBack => "rolled-back",
        }
    }
}

impl Test {
    /// What the command line asks for.
    pub(crate) fn spec(&self) -> TestSpec {
        TestSpec {
            strategy: self.strategy.clone(),
            baseline: self.baseline.clone(),
            traffic: self.traffic,
            by: self.by,
            metric: self.metric,
            margin: self.margin,
            guardrails: self.guardrail.iter().map(|rail| (rail.measure, rail.allowance)).collect(),
            level: self.level,
            rollout: self.rollout.clone(),
            stage: self.stage,
            world: self.world,
        }
    }
}
