//! What a test is asked to do: `[test]` of the scenario, the command line over it, defaults below both.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use trace::units::Nanos;

use super::measure::{Allowance, Margin, Measure, is_traffic};
use super::{Stages, World};
use crate::patch::is_default;
use crate::scenario::{Fraction, Scenario};
use crate::{Error, Resolved, Source};

/// An A/B test of a scenario. Each field is an option of `cache-strategy test` as well, which has the last
/// word.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct TestSpec {
    /// The strategy to test: arm B.
    #[serde(skip_serializing_if = "is_default")]
    pub strategy: Option<String>,
    /// What it is tested against: arm A. By default the strategy called `current`, or else the first
    /// other one.
    #[serde(skip_serializing_if = "is_default")]
    pub baseline: Option<String>,
    /// Share of the traffic that is simulated, "100%" by default.
    #[serde(skip_serializing_if = "is_default")]
    pub traffic: Option<Fraction>,
    /// What a part of the traffic is chosen by.
    #[serde(skip_serializing_if = "is_default")]
    pub by: Option<Unit>,
    /// What decides; the scenario's metric by default.
    #[serde(skip_serializing_if = "is_default")]
    pub metric: Option<Measure>,
    /// How much of it does not matter: by default "0.5pp" of a share of reads or bytes, "0.1pp" of the
    /// error ratio, "5%" of a latency or of the cost.
    #[serde(skip_serializing_if = "is_default")]
    pub margin: Option<Margin>,
    /// By how much other measures may get worse. By default hit ratio, error ratio, p99 and cost are
    /// guardrails, each with its usual margin; "none" takes one away.
    #[serde(skip_serializing_if = "is_default")]
    pub guardrails: BTreeMap<Measure, Allowance>,
    /// How sure intervals are, "95%" by default.
    #[serde(skip_serializing_if = "is_default")]
    pub level: Option<Fraction>,
    /// A staged rollout after the test; none by default.
    #[serde(skip_serializing_if = "is_default")]
    pub rollout: Option<Stages>,
    /// Simulated time that a stage lasts; by default all are as long, and fill the trace.
    #[serde(skip_serializing_if = "is_default")]
    pub stage: Option<Nanos>,
    /// Whether both strategies share a world while they are rolled out; "separate" by default.
    #[serde(skip_serializing_if = "is_default")]
    pub world: Option<World>,
}

/// What a part of the traffic is chosen by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// By a hash of the object's key: all requests for an object, or none.
    #[default]
    Object,
    /// By a hash of the client's name: all requests of a client, or none.
    Client,
}

impl std::str::FromStr for Unit {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = [Unit::Object, Unit::Client].into_iter().find(|unit| unit.name() == text);
        found.ok_or_else(|| "expected `object` or `client`".into())
    }
}

impl Unit {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Object => "object",
            Unit::Client => "client",
        }
    }
}

impl TestSpec {
    /// This one with what `over` says instead.
    pub fn overlaid(&self, over: &TestSpec) -> TestSpec {
        let mut guardrails = self.guardrails.clone();
        guardrails.extend(over.guardrails.clone());
        TestSpec {
            strategy: over.strategy.clone().or_else(|| self.strategy.clone()),
            baseline: over.baseline.clone().or_else(|| self.baseline.clone()),
            traffic: over.traffic.or(self.traffic),
            by: over.by.or(self.by),
            metric: over.metric.or(self.metric),
            margin: over.margin.or(self.margin),
            guardrails,
            level: over.level.or(self.level),
            rollout: over.rollout.clone().or_else(|| self.rollout.clone()),
            stage: over.stage.or(self.stage),
            world: over.world.or(self.world),
        }
    }

    /// What makes no sense whatever the strategies are: the field, and a sentence.
    pub(super) fn wrong(&self, metric: Measure) -> Option<(Vec<String>, String)> {
        let at = |field: &str, what: &str| Some((vec![field.to_string()], what.to_string()));
        if self.traffic.is_some_and(|share| !is_traffic(share)) {
            return at("traffic", "traffic must be above 0% and at most 100%");
        }
        if self.level.is_some_and(|level| !(0.5..=0.9999).contains(&level.share())) {
            return at("level", "a level must be from 50% to 99.99%, such as 95%");
        }
        if self.stage == Some(Nanos(0)) {
            return at("stage", "a stage must last longer than 0");
        }
        if let Some(Err(what)) = self.margin.map(|margin| margin.check(metric)) {
            return at("margin", &what);
        }
        self.guardrails.iter().find_map(|(measure, allowance)| match allowance {
            Allowance::Worse(margin) => {
                let path = vec!["guardrails".to_string(), measure.to_string()];
                margin.check(*measure).err().map(|what| (path, what))
            }
            Allowance::Any => None,
        })
    }
}

/// Checks `[test]` of a scenario.
pub(crate) fn check(source: &Source, scenario: &Scenario) -> Result<(), Error> {
    let spec = &scenario.test;
    let fail = |path: &[&str], message: &str, hint: Option<&str>| {
        let path: Vec<&str> = std::iter::once("test").chain(path.iter().copied()).collect();
        Err(source.error_at(&path, message, hint))
    };
    let names = || scenario.strategies.iter().map(|strategy| strategy.name.as_str());
    for (field, name) in [("strategy", &spec.strategy), ("baseline", &spec.baseline)] {
        if let Some(name) = name.as_ref().filter(|name| !names().any(|known| known == **name)) {
            let (message, hint) = unknown(name, names());
            return fail(&[field], &message, Some(&hint));
        }
    }
    // Of a scenario's own metric, which may be for `run`, a guardrail is only of no use.
    if let Some(metric) = spec.metric.filter(|metric| spec.watches(*metric)) {
        let message = format!("`{metric}` decides, and what decides is no guardrail");
        let hint = Some("`margin` says how much of it does not matter");
        return fail(&["guardrails", metric.name()], &message, hint);
    }
    match spec.wrong(spec.metric.unwrap_or(scenario.metric.into())) {
        None => Ok(()),
        Some((path, what)) => {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let (message, hint) = crate::source::explained(&what);
            fail(&path, message, hint.as_deref())
        }
    }
}

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> (String, String) {
    let message = format!("no strategy is called `{name}`");
    let hint = match trace::error::nearest(name, known.clone()) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => {
            let names: Vec<String> = known.map(|name| format!("`{name}`")).collect();
            format!("there is {}", names.join(", "))
        }
    };
    (message, hint)
}

/// Why the baseline is the one it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BaselineIs {
    /// Somebody said so.
    Given,
    /// It is called `current`.
    Current,
    /// It is the first that is not tested.
    First,
}

/// A test, complete.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Plan {
    /// Arm A.
    pub baseline: String,
    /// Why that one.
    pub baseline_is: BaselineIs,
    /// Arm B.
    pub strategy: String,
    /// Share of the traffic.
    pub traffic: f64,
    /// What a part is chosen by.
    pub by: Unit,
    /// What decides.
    pub metric: Measure,
    /// How much of it does not matter.
    pub margin: Margin,
    /// What must not get worse, by more than what.
    pub guardrails: Vec<(Measure, Margin)>,
    /// How sure intervals are.
    pub level: f64,
    /// What follows the test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
}

/// A staged rollout.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rollout {
    /// Its stages.
    pub stages: Stages,
    /// How long each lasts, if they are not to fill the trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<Nanos>,
    /// What the strategies share.
    pub world: World,
}

impl Plan {
    /// Fills in what `spec` leaves open.
    ///
    /// # Errors
    ///
    /// If there is no strategy to test or nothing to test it against, or something makes no sense.
    pub fn new(spec: &TestSpec, study: &Resolved) -> Result<Plan, Error> {
        let mut names: Vec<&str> = study.strategies.iter().map(|s| s.name.as_str()).collect();
        names.dedup();
        let find = |name: &str| match names.iter().find(|known| **known == name) {
            Some(_) => Ok(name.to_string()),
            None => {
                let (message, hint) = unknown(name, names.iter().copied());
                Err(Error::Unfit(format!("{message}\nhint: {hint}")))
            }
        };
        let given = spec.strategy.as_ref().ok_or_else(|| {
            let list = names.join(", ");
            Error::Unfit(format!(
                "which strategy is to be tested?\nhint: give --strategy NAME, one of {list}"
            ))
        })?;
        let strategy = find(given)?;
        let other = |name: &&&str| **name != strategy;
        let (baseline, baseline_is) = match &spec.baseline {
            Some(name) => (find(name)?, BaselineIs::Given),
            None if strategy != "current" && names.contains(&"current") => {
                ("current".to_string(), BaselineIs::Current)
            }
            None => match names.iter().find(other) {
                Some(name) => (name.to_string(), BaselineIs::First),
                None => {
                    let what = "the scenario has no other strategy to test it against";
                    return Err(Error::Unfit(what.into()));
                }
            },
        };
        if baseline == strategy {
            let what = format!(
                "`{strategy}` cannot be tested against itself\nhint: a second strategy with the same stack makes an A/A test"
            );
            return Err(Error::Unfit(what));
        }
        let metric = spec.metric.unwrap_or(study.metric.into());
        if let Some((path, what)) = spec.wrong(metric) {
            return Err(Error::Unfit(format!("{}: {what}", path.join("."))));
        }
        Ok(Plan {
            baseline,
            baseline_is,
            strategy,
            traffic: spec.traffic.map_or(1.0, Fraction::share),
            by: spec.by.unwrap_or_default(),
            metric,
            margin: spec.margin.unwrap_or(metric.usual_margin()),
            guardrails: guardrails(metric, &spec.guardrails),
            level: spec.level.map_or(0.95, Fraction::share),
            rollout: spec.rollout.clone().map(|stages| Rollout {
                stages,
                length: spec.stage,
                world: spec.world.unwrap_or_default(),
            }),
        })
    }
}

/// The usual ones and those asked for, without those that were taken away.
fn guardrails(metric: Measure, asked: &BTreeMap<Measure, Allowance>) -> Vec<(Measure, Margin)> {
    let usual = metric.usual_guardrails();
    let mut all: BTreeMap<Measure, Allowance> =
        usual.map(|measure| (measure, Allowance::Worse(measure.usual_margin()))).collect();
    all.extend(asked.clone());
    all.remove(&metric);
    let kept = |(measure, allowance)| match allowance {
        Allowance::Worse(margin) => Some((measure, margin)),
        Allowance::Any => None,
    };
    all.into_iter().filter_map(kept).collect()
}
