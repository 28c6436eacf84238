//! Writing a baseline: the figures as they are now, and why.
//!
//! An existing file keeps its comments, rules and list of metrics; only what the program writes is
//! replaced. Nothing in it depends on the clock: when a baseline changed, the version control knows.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use frames::CheckRow;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, Value, value};

use super::baseline::{Baseline, detail_digest};
use super::detail::{Detail, RunDetail, RunKey};
use super::judge::{Judged, row_key};
use super::measure::{Measured, MeasuredRun};
use super::metric::Known;
use super::study::{Study, digest, parts};
use crate::{Error, Source};

/// What to write.
#[derive(Debug)]
pub struct Update<'a> {
    /// The study.
    pub study: &'a Study,
    /// Its figures now.
    pub measured: &'a Measured,
    /// What became of them since the last time, [judged](super::judge()) as
    /// [updating](super::Policy::updating); `None` for a new baseline.
    pub judged: Option<&'a Judged>,
    /// Version of the program.
    pub program: &'a str,
    /// Why.
    pub reason: &'a str,
    /// Whether figures may be worse than they were.
    pub accept: bool,
    /// Whether to keep how every request ended. An earlier baseline that did still does.
    pub with_detail: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Updated {
    /// It says all this already.
    Unchanged,
    /// It does, but its details were gone or damaged, and are written anew.
    Details,
    /// Some figures are worse, and nobody said that this is accepted.
    Refused(Vec<String>),
    /// The file is written.
    Written,
}

impl Update<'_> {
    /// Writes the baseline in `path`, and its details if it has any.
    ///
    /// # Errors
    ///
    /// If a file cannot be written.
    pub fn write(&self, path: &Path, baseline: Option<&Baseline>) -> Result<Updated, Error> {
        let worse: Vec<String> =
            self.judged.into_iter().flat_map(|judged| judged.failures().map(told)).collect();
        if !worse.is_empty() && !self.accept {
            return Ok(Updated::Refused(worse));
        }
        let detail = self.detail(baseline);
        let detail_digest = detail.as_deref().map(detail_digest);
        let before = match baseline {
            Some(baseline) => baseline.source.text().to_string(),
            None => new_file(self.study),
        };
        let mut document: DocumentMut = before.parse().map_err(|error: toml_edit::TomlError| {
            Error::Diagnostic(format!("{}: {error}", path.display()))
        })?;
        let metrics = metrics(&document);
        self.head(&mut document, detail_digest.as_deref());
        self.runs(&mut document, &metrics);
        if baseline.is_some() && document.to_string() == before {
            return Ok(match save_detail(path, detail.as_deref())? {
                true => Updated::Details,
                false => Updated::Unchanged,
            });
        }
        self.history(&mut document, &worse);
        let text = document.to_string();
        // What was written must be what will be read.
        Baseline::parse(
            Source::new(path.display().to_string(), text.as_str()),
            path,
            &self.study.known(),
        )?;
        save_detail(path, detail.as_deref())?;
        save(path, text.as_bytes())?;
        Ok(Updated::Written)
    }

    fn detail(&self, baseline: Option<&Baseline>) -> Option<Vec<u8>> {
        let had = baseline.is_some_and(Baseline::has_detail);
        if !self.with_detail && !had {
            return None;
        }
        let runs: Vec<RunDetail> =
            self.measured.runs.iter().filter_map(|run| run.detail.clone()).collect();
        Some(Detail::new(self.measured.leaves.clone(), runs).to_bytes())
    }

    fn head(&self, document: &mut DocumentMut, detail: Option<&str>) {
        let now = self.measured;
        set(document, "study", now.study.as_str());
        set(document, "program", self.program);
        set(document, "seed", i64::try_from(now.seed).unwrap_or(i64::MAX));
        set(document, "scenario", digest(&now.leaves));
        match detail {
            Some(detail) => set(document, "detail", detail),
            None => {
                document.remove("detail");
            }
        }
        table(document, "traces", &now.traces);
        table(document, "parts", &parts(&now.leaves));
    }

    /// Tables that stay keep their comments. All get new places, so that they stand in order, and the
    /// history behind them.
    fn runs(&self, document: &mut DocumentMut, metrics: &[String]) {
        let mut before: BTreeMap<RunKey, Table> = BTreeMap::new();
        if let Some(Item::ArrayOfTables(tables)) = document.remove("runs") {
            before.extend(tables.into_iter().filter_map(|table| Some((key_of(&table)?, table))));
        }
        let known = self.study.known();
        let mut runs = ArrayOfTables::new();
        for (run, place) in self.measured.runs.iter().zip((FIRST_RUN..).step_by(2)) {
            let mut table = before.remove(&run.key).unwrap_or_else(|| new_run(&run.key));
            table.set_position(Some(place));
            let figures = table.entry("figures").or_insert_with(|| Item::Table(Table::new()));
            if let Some(figures) = figures.as_table_mut() {
                figures.set_position(Some(place + 1));
                fill(figures, run, metrics, &known);
            }
            runs.push(table);
        }
        document.insert("runs", Item::ArrayOfTables(runs));
        let history = document.get_mut("history").and_then(Item::as_array_of_tables_mut);
        for (table, place) in
            history.into_iter().flat_map(ArrayOfTables::iter_mut).zip(FIRST_HISTORY..)
        {
            table.set_position(Some(place));
        }
    }

    fn history(&self, document: &mut DocumentMut, accepted: &[String]) {
        let history =
            document.entry("history").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
        let Some(history) = history.as_array_of_tables_mut() else { return };
        let mut entry = Table::new();
        entry["program"] = value(self.program);
        entry["reason"] = value(self.reason);
        if !accepted.is_empty() {
            let mut list: toml_edit::Array = accepted.iter().map(String::as_str).collect();
            list.iter_mut().for_each(|item| item.decor_mut().set_prefix("\n  "));
            list.set_trailing("\n");
            list.set_trailing_comma(true);
            entry["accepted"] = value(list);
        }
        entry.set_position(Some(FIRST_HISTORY + history.len() as isize));
        history.push(entry);
    }
}

/// Places behind whatever the user wrote.
const FIRST_RUN: isize = 1_000_000;
const FIRST_HISTORY: isize = 1_000_000_000;

/// Replaces a value and leaves what stands around it.
fn set(table: &mut Table, name: &str, new: impl Into<Value>) {
    let mut new = new.into();
    match table.get_mut(name).and_then(Item::as_value_mut) {
        Some(old) => {
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        None => table[name] = Item::Value(new),
    }
}

/// Makes a table hold just these texts, in order.
fn table(document: &mut DocumentMut, name: &str, entries: &BTreeMap<String, String>) {
    let item = document.entry(name).or_insert_with(|| Item::Table(Table::new()));
    let Some(table) = item.as_table_mut() else { return };
    table.retain(|name, _| entries.contains_key(name));
    for (name, text) in entries {
        set(table, name, text.as_str());
    }
    table.sort_values();
}

fn metrics(document: &DocumentMut) -> Vec<String> {
    let list = document.get("metrics").and_then(Item::as_array);
    list.into_iter().flatten().filter_map(|name| Some(name.as_str()?.to_string())).collect()
}

fn key_of(table: &Table) -> Option<RunKey> {
    let text = |name: &str| Some(table.get(name)?.as_str()?.to_string());
    Some(RunKey {
        trace: text("trace")?,
        strategy: text("strategy")?,
        cell: text("cell").unwrap_or_default(),
    })
}

fn new_run(key: &RunKey) -> Table {
    let mut table = Table::new();
    table["trace"] = value(key.trace.as_str());
    table["strategy"] = value(key.strategy.as_str());
    if !key.cell.is_empty() {
        table["cell"] = value(key.cell.as_str());
    }
    table
}

/// Puts the figures of a run in, those of a tier as `L1.hit_ratio`.
fn fill(figures: &mut Table, run: &MeasuredRun, metrics: &[String], known: &Known) {
    let has = |name: &str| run.figures.contains_key(name) && metrics.iter().any(|m| m == name);
    prune(figures, "", &has);
    for name in metrics {
        let (Some(figure), Some(metric)) = (run.figures.get(name), known.find(name)) else {
            continue;
        };
        let Ok(new) = figure.written(metric.unit).parse::<Value>() else { continue };
        let (table, column) = match name.rsplit_once('.') {
            Some((tier, column)) => {
                let item = figures.entry(tier).or_insert_with(|| {
                    let mut table = Table::new();
                    table.set_dotted(true);
                    Item::Table(table)
                });
                match item.as_table_mut() {
                    Some(table) => (table, column),
                    None => continue,
                }
            }
            None => (&mut *figures, name.as_str()),
        };
        set(table, column, new);
    }
}

/// Takes out what is not to be kept: what is not in the list, or of a tier that the run has no more.
fn prune(figures: &mut Table, prefix: &str, keeps: &dyn Fn(&str) -> bool) {
    figures.retain(|name, item| match item.as_table_mut() {
        Some(table) => {
            prune(table, &format!("{prefix}{name}."), keeps);
            !table.is_empty()
        }
        None => keeps(&format!("{prefix}{name}")),
    });
}

/// A figure that got worse, for the history.
fn told(row: &CheckRow) -> String {
    let head = format!("{}: {}", row_key(row), row.metric);
    match row.against.as_str() {
        "limit" => format!("{head} {} is not {}", row.actual, row.allowed),
        _ => format!("{head} {} then, {} now", row.expected, row.actual),
    }
}

/// Writes the details of the baseline in `path`, unless they are there; whether it did.
fn save_detail(path: &Path, detail: Option<&[u8]>) -> Result<bool, Error> {
    let path = Baseline::detail_path(path);
    match detail {
        Some(detail) if std::fs::read(&path).is_ok_and(|there| there == detail) => Ok(false),
        Some(detail) => save(&path, detail).map(|()| true),
        None => Ok(false),
    }
}

fn save(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    frames::write_atomically(path, |file| {
        file.write_all(bytes).map_err(|source| Error::Io { path: path.to_path_buf(), source })
    })
}

/// A baseline without figures, with rules to start from.
fn new_file(study: &Study) -> String {
    let head = "\
# What `cache-strategy check` holds this study to; docs/check.md explains the file.
# `check --update-baseline` writes digests, figures and history. All else is yours, comments too.

schema = 1
study = \"\"
program = \"\"
seed = 0
scenario = \"\"
detail = \"\"

# Which figures are kept: columns of docs/results.md, of a tier as in \"L1.hit_ratio\".
";
    let rules = match study {
        Study::Stack(_) => {
            "\
metrics = [
  \"hit_ratio\",
  \"byte_miss_ratio\",
  \"errors\",
  \"latency_ns_p50\",
  \"latency_ns_p95\",
  \"latency_ns_p99\",
  \"cost_nanodollars_month\",
]

# A figure may get worse by `abs` or by `rel`, whichever is more; of the rules that fit, the last counts,
# and without one any change for the worse is a regression. Runs are deterministic: a tolerance says
# what does not matter, not what scatters.
[[tolerances]]
metric = \"*_ratio\"
abs = \"0.1%\"

[[tolerances]]
metric = \"latency_ns_*\"
rel = \"1%\"
abs = \"1us\"

[[tolerances]]
metric = \"cost_nanodollars_*\"
rel = \"0.5%\"
abs = \"$0.01\"

# A limit holds whatever the figures were.
# [[limits]]
# metric = \"hit_ratio\"
# at-least = \"50%\"

[traces]

[parts]
"
        }
        Study::Flat(_) => {
            "\
metrics = [\"misses\", \"byte_misses\"]

# Counts are exact, so without a rule one miss more is a regression. To let small changes pass:
# [[tolerances]]
# metric = \"misses\"
# rel = \"0.1%\"

# A limit holds whatever the figures were.
# [[limits]]
# metric = \"miss_ratio\"
# strategy = \"s3-fifo\"
# at-most = \"30%\"

[traces]

[parts]
"
        }
    };
    format!("{head}{rules}")
}
