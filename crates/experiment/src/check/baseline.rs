//! The baseline: figures that a study had, and by how much they may move, in a file that people read.
//!
//! The program writes digests, figures and the list of reasons; tolerances, limits, the list of metrics
//! and all comments are the user's and stay as they are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use glob::Pattern;
use schemars::JsonSchema;
use serde::Deserialize;

use super::detail::{Detail, RunKey};
use super::metric::{Figure, Known, Metric, Unit};
use crate::scenario::Fraction;
use crate::{Error, Source};

/// A baseline file.
#[derive(Debug)]
pub struct Baseline {
    pub(super) path: PathBuf,
    pub(super) source: Source,
    pub(super) file: File,
    pub(super) tolerances: Vec<Tolerance>,
    pub(super) limits: Vec<Limit>,
    /// The runs, as their keys and figures.
    pub(super) runs: Vec<(RunKey, BTreeMap<String, Figure>)>,
}

/// What is let pass that would otherwise not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Allow {
    /// Another scenario over the same traces: its figures are compared.
    ScenarioChange,
    /// Figures whose interval does not decide.
    Inconclusive,
}

/// What is refused that would otherwise pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Deny {
    /// Figures better than their baseline, which is stale then.
    Improvement,
}

/// Figures that a study had, and by how much they may move.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "Baseline")]
pub(super) struct File {
    /// Version of this file format: 1.
    schema: u32,
    /// Name of the study.
    #[allow(dead_code)]
    pub(super) study: String,
    /// Version of the program that measured.
    pub(super) program: String,
    /// Seed of all draws.
    pub(super) seed: u64,
    /// Digest of the study.
    pub(super) scenario: String,
    /// Digest of the file of details.
    #[serde(default)]
    pub(super) detail: Option<String>,
    /// Which figures are kept, in this order: columns of docs/results.md, of a tier as in
    /// "L1.hit_ratio".
    pub(super) metrics: Vec<String>,
    /// What to let pass that would not.
    #[serde(default)]
    pub(super) allow: Vec<Allow>,
    /// What to refuse that would pass.
    #[serde(default)]
    pub(super) deny: Vec<Deny>,
    /// By how much figures may change; of the rules that fit, the last counts.
    #[serde(default)]
    tolerances: Vec<ToleranceEntry>,
    /// What figures must not pass, whatever they were.
    #[serde(default)]
    limits: Vec<LimitEntry>,
    /// Digests of the traces by name.
    #[serde(default)]
    pub(super) traces: BTreeMap<String, String>,
    /// Digests of the parts of the study.
    #[serde(default)]
    pub(super) parts: BTreeMap<String, String>,
    /// The figures of each run.
    #[serde(default)]
    runs: Vec<RunEntry>,
    /// Why the figures are what they are.
    #[serde(default)]
    #[allow(dead_code)]
    history: Vec<HistoryEntry>,
}

/// A rule; in its patterns `*` stands for anything.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "Tolerance")]
struct ToleranceEntry {
    /// Which figures, such as "*_ratio".
    metric: String,
    /// Of which traces; all if left out.
    trace: Option<String>,
    /// Of which strategies; all if left out.
    strategy: Option<String>,
    /// Of which cells of the matrix; all if left out.
    cell: Option<String>,
    /// A figure may change by this amount,
    abs: Option<Amount>,
    /// or by this share of itself: either lets it pass.
    rel: Option<Fraction>,
    /// Which changes are regressions.
    #[serde(default)]
    sides: Sides,
    /// Whether to ask if the figure would be worse with other requests like these; needs details.
    #[serde(default)]
    interval: bool,
}

/// A bound; in its patterns `*` stands for anything.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "Limit")]
struct LimitEntry {
    /// Which figures, such as "latency_ns_p99".
    metric: String,
    /// Of which traces; all if left out.
    trace: Option<String>,
    /// Of which strategies; all if left out.
    strategy: Option<String>,
    /// Of which cells of the matrix; all if left out.
    cell: Option<String>,
    /// The least it may be.
    at_least: Option<Amount>,
    /// The most it may be.
    at_most: Option<Amount>,
}

/// The figures of a run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Run")]
struct RunEntry {
    /// Name of the trace.
    trace: String,
    /// Name of the strategy.
    strategy: String,
    /// The cell of the matrix, or the capacity.
    #[serde(default)]
    cell: String,
    /// Figures by metric.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Figures>")]
    figures: toml::Table,
}

/// A figure of the stack, or those of a tier.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code)]
enum Figures {
    Of(f64),
    OfTier(BTreeMap<String, f64>),
}

/// Only checked: the history is for people.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "History", description = "Why the figures were written.")]
#[allow(dead_code)]
struct HistoryEntry {
    /// Version of the program.
    program: String,
    /// What was said.
    reason: String,
    /// What was worse, and taken all the same.
    #[serde(default)]
    accepted: Vec<String>,
}

/// Which changes a tolerance is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Sides {
    /// Only changes for the worse are regressions.
    #[default]
    Worse,
    /// Changes for the better are too.
    Both,
}

/// A number in the unit of the metric, or text with a unit, such as "1ms".
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected a number in the unit of the metric, or text with a unit, such as \"1ms\""
)]
pub(super) enum Amount {
    /// In the unit of the metric.
    Number(f64),
    /// With a unit: "0.1%", "1ms", "64KiB", "$12.50".
    Text(String),
}

/// The JSON Schema of a baseline, for editors.
pub fn baseline_schema() -> String {
    let schema = schemars::schema_for!(File);
    serde_json::to_string_pretty(&schema).expect("a schema is plain JSON") + "\n"
}

impl Amount {
    pub(super) fn of(&self, unit: Unit) -> Result<f64, String> {
        match self {
            Amount::Number(number) => Ok(*number),
            Amount::Text(text) => unit.read(text),
        }
    }
}

/// Which figures a rule is about: metric, trace, strategy and cell, each with `*` for anything.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    metric: Pattern,
    trace: Option<Pattern>,
    strategy: Option<Pattern>,
    cell: Option<Pattern>,
}

impl Scope {
    pub(super) fn holds(&self, key: &RunKey, metric: &str) -> bool {
        let fits = |pattern: &Option<Pattern>, text: &str| {
            pattern.as_ref().is_none_or(|pattern| pattern.matches(text))
        };
        self.metric.matches(metric)
            && fits(&self.trace, &key.trace)
            && fits(&self.strategy, &key.strategy)
            && fits(&self.cell, &key.cell)
    }
}

/// By how much figures may change.
#[derive(Debug, Clone)]
pub(super) struct Tolerance {
    pub(super) scope: Scope,
    pub(super) abs: Option<Amount>,
    pub(super) rel: Option<Fraction>,
    pub(super) sides: Sides,
    pub(super) interval: bool,
}

/// What figures must not pass, whatever they were.
#[derive(Debug, Clone)]
pub(super) struct Limit {
    pub(super) scope: Scope,
    pub(super) at_least: Option<Amount>,
    pub(super) at_most: Option<Amount>,
}

impl Baseline {
    /// Reads and checks the baseline of a study with these metrics; `None` if there is no such file.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or names metrics that the study does not have.
    pub fn open(path: &Path, known: &Known) -> Result<Option<Baseline>, Error> {
        if !path.exists() {
            return Ok(None);
        }
        Baseline::parse(Source::open(path)?, path, known).map(Some)
    }

    pub(super) fn parse(source: Source, path: &Path, known: &Known) -> Result<Baseline, Error> {
        let file: File = source.parse()?;
        if file.schema != 1 {
            let message =
                format!("schema {} is not known to this version, which reads 1", file.schema);
            return Err(source.error_at(&["schema"], &message, None));
        }
        let reader = Reader { source: &source, known };
        for (i, name) in file.metrics.iter().enumerate() {
            let at = ["metrics", &i.to_string()];
            reader.metric(&at, name)?;
            if file.metrics[..i].contains(name) {
                return Err(source.error_at(&at, &format!("`{name}` is listed twice"), None));
            }
        }
        let tolerances = file.tolerances.iter().enumerate();
        let tolerances = tolerances.map(|(i, entry)| reader.tolerance(i, entry));
        let tolerances = tolerances.collect::<Result<_, _>>()?;
        let limits = file.limits.iter().enumerate().map(|(i, entry)| reader.limit(i, entry));
        let limits = limits.collect::<Result<_, _>>()?;
        let mut runs: Vec<(RunKey, BTreeMap<String, Figure>)> = Vec::new();
        for (i, entry) in file.runs.iter().enumerate() {
            let (key, figures) = reader.run(i, entry, &file.metrics)?;
            if runs.iter().any(|(other, _)| *other == key) {
                let message = format!("a run called `{key}` is there already");
                return Err(source.error_at(&["runs", &i.to_string()], &message, None));
            }
            runs.push((key, figures));
        }
        Ok(Baseline { path: path.to_path_buf(), source, file, tolerances, limits, runs })
    }

    /// Where its details are, if it has any.
    pub fn detail_path(path: &Path) -> PathBuf {
        path.with_extension("detail.zst")
    }

    /// Whether a rule of it needs the ends of all requests, then and now.
    pub fn needs_detail(&self) -> bool {
        self.tolerances.iter().any(|tolerance| tolerance.interval)
    }

    /// Whether it was written with details.
    pub fn has_detail(&self) -> bool {
        self.file.detail.is_some()
    }

    /// The details it was written with; `None` if there were none, or their file is gone.
    ///
    /// # Errors
    ///
    /// If the file is not the one that was written.
    pub fn detail(&self) -> Result<Option<Detail>, Error> {
        let path = Baseline::detail_path(&self.path);
        let (Some(digest), true) = (&self.file.detail, path.exists()) else { return Ok(None) };
        let bytes =
            std::fs::read(&path).map_err(|source| Error::Io { path: path.clone(), source })?;
        if detail_digest(&bytes) != *digest {
            let message = "is not the file that the baseline was written with\nhint: `check --update-baseline --with-detail` writes both anew";
            return Err(Error::Unfit(format!("{}: {message}", path.display())));
        }
        Detail::from_bytes(&bytes, &path).map(Some)
    }

    /// The error of a baseline that everything passes.
    pub(super) fn guards_nothing(&self) -> Error {
        let message = "no figure of the study is kept here, and none has a limit";
        let hint = "list metrics, such as \"hit_ratio\"; docs/check.md has them all";
        self.source.error_at(&["metrics"], message, Some(hint))
    }

    /// An error at an entry that nothing uses.
    pub(super) fn unused(&self, list: &str, i: usize, what: &str) -> Error {
        let hint = "take it out, or `check --update-baseline` if the study changed";
        let message = format!("unused: {what}");
        self.source.error_at(&[list, &i.to_string()], &message, Some(hint))
    }
}

/// Identifies a file of details.
pub(super) fn detail_digest(bytes: &[u8]) -> String {
    format!("blake3:{}", blake3::hash(bytes).to_hex())
}

/// Checks entries against what the study has; errors have the place of the entry.
struct Reader<'a> {
    source: &'a Source,
    known: &'a Known,
}

impl Reader<'_> {
    fn metric(&self, at: &[&str], name: &str) -> Result<Metric, Error> {
        self.known.find(name).ok_or_else(|| {
            let names = self.known.names();
            let nearest = trace::error::nearest(name, names.iter().map(String::as_str));
            let hint = nearest.map(|nearest| format!("did you mean `{nearest}`?"));
            let hint = hint.as_deref().unwrap_or("docs/check.md lists the metrics");
            self.source.error_at(at, &format!("unknown metric `{name}`"), Some(hint))
        })
    }

    fn scope(
        &self,
        list: &str,
        i: usize,
        [metric, trace, strategy, cell]: [Option<&String>; 4],
    ) -> Result<Scope, Error> {
        let number = i.to_string();
        let pattern = |field: &str, text: &String| {
            // Only `*` is a wildcard: cells and policies hold brackets and question marks.
            let escaped = text.split('*').map(Pattern::escape).collect::<Vec<_>>().join("*");
            Pattern::new(&escaped).map_err(|error| {
                self.source.error_at(&[list, &number, field], &error.to_string(), None)
            })
        };
        let optional =
            |field: &str, text: Option<&String>| text.map(|text| pattern(field, text)).transpose();
        let metric = metric.expect("every rule has a metric");
        if !metric.contains('*') {
            self.metric(&[list, &number, "metric"], metric)?;
        }
        Ok(Scope {
            metric: pattern("metric", metric)?,
            trace: optional("trace", trace)?,
            strategy: optional("strategy", strategy)?,
            cell: optional("cell", cell)?,
        })
    }

    fn tolerance(&self, i: usize, entry: &ToleranceEntry) -> Result<Tolerance, Error> {
        let names = [
            Some(&entry.metric),
            entry.trace.as_ref(),
            entry.strategy.as_ref(),
            entry.cell.as_ref(),
        ];
        let scope = self.scope("tolerances", i, names)?;
        let least = Some(0.0);
        self.amount(["tolerances", &i.to_string(), "abs"], entry.abs.as_ref(), &scope, least)?;
        let fail = |field: &str, message: &str| {
            Err(self.source.error_at(&["tolerances", &i.to_string(), field], message, None))
        };
        if entry.interval && entry.sides == Sides::Both {
            return fail("sides", "an interval is about changes for the worse only");
        }
        let has_interval = |name: String| super::interval::of(&name).is_some();
        if entry.interval && !self.matching(&scope).any(has_interval) {
            let metric = &entry.metric;
            let message = format!("`{metric}` is no ratio of requests, so it has no interval");
            return fail("interval", &message);
        }
        let (sides, interval) = (entry.sides, entry.interval);
        Ok(Tolerance { scope, abs: entry.abs.clone(), rel: entry.rel, sides, interval })
    }

    fn limit(&self, i: usize, entry: &LimitEntry) -> Result<Limit, Error> {
        let names = [
            Some(&entry.metric),
            entry.trace.as_ref(),
            entry.strategy.as_ref(),
            entry.cell.as_ref(),
        ];
        let scope = self.scope("limits", i, names)?;
        self.amount(["limits", &i.to_string(), "at-least"], entry.at_least.as_ref(), &scope, None)?;
        self.amount(["limits", &i.to_string(), "at-most"], entry.at_most.as_ref(), &scope, None)?;
        if entry.at_least.is_none() && entry.at_most.is_none() {
            let message = "expected `at-least` or `at-most`, or both";
            return Err(self.source.error_at(&["limits", &i.to_string()], message, None));
        }
        Ok(Limit { scope, at_least: entry.at_least.clone(), at_most: entry.at_most.clone() })
    }

    /// The metrics that a rule may be about.
    fn matching(&self, scope: &Scope) -> impl Iterator<Item = String> {
        let scope = scope.metric.clone();
        self.known.names().into_iter().filter(move |name| scope.matches(name))
    }

    /// The amount must make sense for every metric that the rule is about, and be finite: an infinite one
    /// would rule out nothing.
    fn amount(
        &self,
        at: [&str; 3],
        amount: Option<&Amount>,
        scope: &Scope,
        least: Option<f64>,
    ) -> Result<(), Error> {
        let Some(amount) = amount else { return Ok(()) };
        let check = |value: f64| match least {
            _ if !value.is_finite() => Err("expected a finite number".to_string()),
            Some(least) if value < least => Err(format!("expected a number of {least} or more")),
            _ => Ok(()),
        };
        if let Amount::Number(number) = amount {
            return check(*number).map_err(|message| self.source.error_at(&at, &message, None));
        }
        for name in self.matching(scope) {
            let Some(metric) = self.known.find(&name) else { continue };
            amount.of(metric.unit).and_then(check).map_err(|message| {
                let (message, hint) = crate::source::explained(&message);
                let message = format!("`{name}`: {message}");
                self.source.error_at(&at, &message, hint.as_deref())
            })?;
        }
        Ok(())
    }

    fn run(
        &self,
        i: usize,
        entry: &RunEntry,
        metrics: &[String],
    ) -> Result<(RunKey, BTreeMap<String, Figure>), Error> {
        let number = i.to_string();
        let key = RunKey {
            trace: entry.trace.clone(),
            strategy: entry.strategy.clone(),
            cell: entry.cell.clone(),
        };
        let mut figures = BTreeMap::new();
        for (name, value) in flattened(&entry.figures) {
            let mut at = vec!["runs", number.as_str(), "figures"];
            at.extend(name.split('.'));
            let metric = self.metric(&at, &name)?;
            if !metrics.contains(&name) {
                let message = format!("unused: `{name}` is not in the list `metrics`");
                let hint = "add it there, or take it out here";
                return Err(self.source.error_at(&at, &message, Some(hint)));
            }
            let figure = match value {
                toml::Value::Integer(whole) => Figure::Whole(*whole),
                toml::Value::Float(real) => Figure::real(*real, metric.unit),
                _ => return Err(self.source.error_at(&at, "expected a number", None)),
            };
            figures.insert(name, figure);
        }
        Ok((key, figures))
    }
}

/// `L1.hit_ratio = 0.5` is a table in a table.
fn flattened(figures: &toml::Table) -> Vec<(String, &toml::Value)> {
    let mut flat = Vec::new();
    for (name, value) in figures {
        match value.as_table() {
            Some(table) => {
                let below = flattened(table).into_iter();
                flat.extend(below.map(|(column, value)| (format!("{name}.{column}"), value)));
            }
            None => flat.push((name.clone(), value)),
        }
    }
    flat
}
