//! Published figures, and whether this program gets them.
//!
//! The figures are facts with a source each, in `data/`: what papers and projects printed
//! (`published.csv`), which policy of ours stands for which of theirs (`rules.csv`), by what counts a
//! trace is known (`traces.csv`), and counts of our own over the recordings that ship with the
//! program (`golden.csv`), which show that nothing has changed, not that it is right. The traces of
//! others do not ship; whoever has copies gets more figures checked.
//!
//! A reason for a difference excuses the count that it was found for (`explained.csv`), and no other: a
//! later change that moves it is a difference again.

mod find;
mod golden;
mod tables;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use rayon::prelude::*;
use trace::Trace;
use trace::units::thousands;

use crate::flat::{Cell, Shared};
use crate::{Error, RunProgress};

pub use find::{Found, files, recognise};
pub use golden::golden;
pub use tables::{Explained, Figure, KnownTrace, Source, Tables, Value, explained_csv};

/// How a figure compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The same integer.
    Equal,
    /// The same to the digits that were printed.
    Rounded,
    /// Another figure, for a reason that is known.
    Explained,
    /// Another figure.
    Differs,
    /// There is no figure of ours, for a reason that is given.
    NotRun,
}

impl Verdict {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Equal => "equal",
            Verdict::Rounded => "within rounding",
            Verdict::Explained => "differs: explained",
            Verdict::Differs => "differs",
            Verdict::NotRun => "not run",
        }
    }
}

/// What we counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ours {
    /// Requests of the trace.
    pub requests: u64,
    /// Those that missed.
    pub misses: u64,
}

impl Ours {
    /// Hits of a hundred requests.
    pub fn hit_percent(self) -> f64 {
        100.0 * (self.requests - self.misses) as f64 / self.requests as f64
    }
}

/// A figure and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked<'a> {
    /// What was published.
    pub figure: &'a Figure,
    /// What we counted, if it was run.
    pub ours: Option<Ours>,
    /// How the two compare.
    pub verdict: Verdict,
    /// Why they differ, or why it was not run; otherwise empty.
    pub why: String,
}

impl<'a> Checked<'a> {
    /// A figure without one of ours.
    pub fn not_run(figure: &'a Figure, why: impl Into<String>) -> Self {
        Checked { figure, ours: None, verdict: Verdict::NotRun, why: why.into() }
    }

    fn judged(figure: &'a Figure, ours: Ours) -> Self {
        let (verdict, why) = match (&figure.value, &figure.why, figure.explained) {
            (Value::Misses(misses), ..) if *misses == ours.misses => {
                (Verdict::Equal, String::new())
            }
            (Value::HitPercent(text), ..) if prints_as(ours.hit_percent(), text) => {
                (Verdict::Rounded, String::new())
            }
            (_, None, _) => (Verdict::Differs, String::new()),
            (_, Some(why), Some(misses)) if misses == ours.misses => {
                (Verdict::Explained, why.clone())
            }
            (_, Some(why), Some(misses)) => (
                Verdict::Differs,
                format!("{} misses of ours were explained, not these: {why}", thousands(misses)),
            ),
            (_, Some(why), None) => {
                (Verdict::Explained, format!("{why} (no count of ours is on record yet)"))
            }
        };
        Checked { figure, ours: Some(ours), verdict, why }
    }

    /// For the record: our count, if it differs and there is a reason.
    pub fn explained(&self) -> Option<Explained> {
        let ours = self.ours.filter(|_| self.figure.why.is_some())?;
        let differs = matches!(self.verdict, Verdict::Explained | Verdict::Differs);
        differs.then(|| Explained::of(self.figure, ours.misses))
    }

    /// Ours less theirs: misses, or points of the hit ratio.
    pub fn difference(&self) -> Option<f64> {
        let ours = self.ours?;
        Some(match &self.figure.value {
            Value::Misses(misses) => ours.misses as f64 - *misses as f64,
            Value::HitPercent(text) => ours.hit_percent() - text.parse::<f64>().ok()?,
        })
    }
}

/// Whether `value`, rounded to as many digits as `text` has, could have been printed as `text`.
fn prints_as(value: f64, text: &str) -> bool {
    let decimals = text.split_once('.').map_or(0, |(_, digits)| digits.len());
    let half = 0.5 / 10f64.powi(decimals as i32);
    text.parse::<f64>().is_ok_and(|printed| (value - printed).abs() <= half + 1e-9)
}

/// Replays the trace for all figures there are about it, in their order; `None` if stopped.
pub fn check<'a>(
    tables: &'a Tables,
    found: &Found,
    progress: &RunProgress,
) -> Result<Option<Vec<Checked<'a>>>, Error> {
    let figures: Vec<&Figure> =
        tables.figures.iter().filter(|figure| found.names.contains(&figure.trace)).collect();
    let mut cells: BTreeMap<String, Cell> = BTreeMap::new();
    for cell in figures.iter().filter_map(|figure| figure.cell()) {
        cells.insert(cell.to_string(), cell);
    }
    let cells = cells.into_values().collect::<Vec<_>>();
    let Some(counted) = count(&found.trace, &cells, progress)? else { return Ok(None) };
    let checked = figures.into_iter().map(|figure| match figure.cell() {
        Some(cell) => Checked::judged(figure, counted[&cell.to_string()]),
        None => Checked::not_run(figure, figure.why_no_policy()),
    });
    Ok(Some(checked.collect()))
}

/// Replays the cells in parallel, with the seed that all figures of ours have; `None` if stopped.
fn count(
    trace: &Trace,
    cells: &[Cell],
    progress: &RunProgress,
) -> Result<Option<BTreeMap<String, Ours>>, Error> {
    progress.done.store(0, Ordering::Relaxed);
    progress.total.store((cells.len() * trace.n_requests()) as u64, Ordering::Relaxed);
    let ahead = cells.iter().any(|cell| cell.info().is_ok_and(|info| info.kind.clairvoyant));
    let next_use = ahead.then(|| trace::next_use(trace.objects(), trace.n_objects()));
    let shared = Shared { trace, next_use: next_use.as_deref(), seed: SEED };
    let run = |cell: &Cell| -> Result<Option<(String, Ours)>, Error> {
        let counts = cell.run(shared, progress)?;
        Ok(counts.map(|counts| {
            let ours = Ours { requests: counts.requests, misses: counts.misses() };
            (cell.to_string(), ours)
        }))
    };
    cells.par_iter().map(run).collect()
}

/// Seed of the policies that draw.
const SEED: u64 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_decide_what_is_the_same() {
        assert!(prints_as(38.9349, "38.93") && prints_as(38.925, "38.93"));
        assert!(!prints_as(38.9452, "38.93") && !prints_as(38.92, "38.93"));
        assert!(prints_as(20.4, "20") && !prints_as(20.6, "20") && !prints_as(1.0, "x"));
    }

    fn figure(value: Value, why: Option<&str>) -> Figure {
        Figure {
            source: "s".into(),
            trace: "t".into(),
            policy: "LRU".into(),
            spec: "lru".into(),
            unit: cache::Unit::Objects,
            capacity: 2,
            value,
            why: why.map(String::from),
            explained: None,
        }
    }

    #[test]
    fn a_known_reason_excuses_a_difference_and_nothing_else_does() {
        let ours = Ours { requests: 1000, misses: 250 };
        let verdict = |value, why| {
            let figure = figure(value, why);
            let checked = Checked::judged(&figure, ours);
            (checked.verdict, checked.why.clone(), checked.difference())
        };
        let none = String::new();
        assert_eq!(verdict(Value::Misses(250), None), (Verdict::Equal, none.clone(), Some(0.0)));
        let reason = Some("for a reason");
        assert_eq!(verdict(Value::Misses(250), reason).0, Verdict::Equal);
        assert_eq!(verdict(Value::Misses(251), None), (Verdict::Differs, none, Some(-1.0)));
        assert_eq!(
            verdict(Value::Misses(240), reason),
            (
                Verdict::Explained,
                "for a reason (no count of ours is on record yet)".into(),
                Some(10.0)
            )
        );
        for (on_record, verdict, why) in [
            (250, Verdict::Explained, "for a reason"),
            (
                1251,
                Verdict::Differs,
                "1,251 misses of ours were explained, not these: for a reason",
            ),
        ] {
            let explained = Some(on_record);
            let figure = Figure { explained, ..figure(Value::Misses(240), reason) };
            let checked = Checked::judged(&figure, ours);
            assert_eq!((checked.verdict, checked.why.as_str()), (verdict, why));
            assert_eq!(checked.explained(), Some(Explained::of(&figure, 250)));
        }
        assert_eq!(verdict(Value::HitPercent("75.0".into()), None).0, Verdict::Rounded);
        assert_eq!(verdict(Value::HitPercent("75.1".into()), None).0, Verdict::Differs);
    }

    #[test]
    fn every_figure_about_a_trace_is_accounted_for() {
        let tables = Tables {
            figures: vec![
                figure(Value::Misses(4), None),
                Figure { spec: "no-such".into(), ..figure(Value::Misses(1), None) },
                Figure { trace: "other".into(), ..figure(Value::Misses(1), None) },
            ],
            ..Tables::default()
        };
        // 1 2 1 3 1 2: LRU of 2 misses 1, 2, 3 and 2.
        let trace = Trace::from_numbers("t", [1, 2, 1, 3, 1, 2]);
        let found = Found { trace, names: vec!["t".into()] };
        let checked = check(&tables, &found, &RunProgress::default()).unwrap().unwrap();
        let seen: Vec<_> = checked.iter().map(|c| (c.verdict, c.why.as_str())).collect();
        assert_eq!(
            seen,
            [(Verdict::Equal, ""), (Verdict::NotRun, "no policy here is called `no-such`")]
        );
    }
}
