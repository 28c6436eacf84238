//! The tables of `data/`, joined: a figure with all that is known about it.

use cache::{PolicySpec, Unit};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::flat::Cell;

/// Source of the counts of our own.
const GOLDEN: &str = "golden";

/// All that is known of published figures.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    /// The figures, in the order of their sources.
    pub figures: Vec<Figure>,
    /// The traces that they are about.
    pub traces: Vec<KnownTrace>,
    /// Where they are from.
    pub sources: Vec<Source>,
}

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Which [`Source`] printed it.
    pub source: String,
    /// Which [`KnownTrace`] it is about.
    pub trace: String,
    /// What the source calls the policy.
    pub policy: String,
    /// What we call it, with the parameters of the source's rule; empty if we have none.
    pub spec: String,
    /// What the capacity counts.
    pub unit: Unit,
    /// Capacity in `unit`.
    pub capacity: u64,
    /// What was printed.
    pub value: Value,
    /// Why ours may be another, if that is known.
    pub why: Option<String>,
    /// Misses of ours that the reason explained, if they are on record; it excuses no others.
    pub explained: Option<u64>,
}

/// What was printed.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A count.
    Misses(u64),
    /// A hit ratio in percent, digit by digit.
    HitPercent(String),
}

/// Where figures are from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Source {
    /// Its name here.
    #[serde(rename = "source")]
    pub name: String,
    /// `paper`, `project`, `program run` or `golden`.
    pub kind: String,
    /// `seen`, `from memory`, `run` or `ours`.
    pub seen: String,
    /// What it is, in words.
    pub about: String,
}

/// A trace that figures are about. It is known by its counts, not by its name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct KnownTrace {
    /// Its name here.
    #[serde(rename = "trace")]
    pub name: String,
    /// How many requests; absent if nothing tells it from another.
    pub requests: Option<u64>,
    /// How many distinct objects.
    pub objects: Option<u64>,
    /// Sum of the sizes of all requests, where figures depend on it.
    pub requested_bytes: Option<u64>,
    /// Format, where content does not tell.
    pub format: String,
    /// `column=place` pairs for a CSV file, where its header does not tell.
    pub columns: String,
    /// What its file is usually called, without endings.
    pub names: String,
    /// What it is, in words.
    pub about: String,
}

#[derive(Deserialize)]
struct Published {
    source: String,
    trace: String,
    policy: String,
    unit: Unit,
    capacity: u64,
    hit_percent: String,
    misses: Option<u64>,
    why: String,
}

#[derive(Deserialize)]
struct Rule {
    source: String,
    policy: String,
    spec: String,
    agrees: String,
    why: String,
}

/// A count of ours that differs from a figure for the reason given with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    source: String,
    trace: String,
    policy: String,
    unit: Unit,
    capacity: u64,
    misses: u64,
}

#[derive(Deserialize)]
struct Golden {
    trace: String,
    policy: String,
    unit: Unit,
    capacity: u64,
    misses: u64,
}

impl Tables {
    /// The tables that ship with the program.
    pub fn shipped() -> Tables {
        let rules: Vec<Rule> = rows(include_str!("../../data/rules.csv"));
        let published: Vec<Published> = rows(include_str!("../../data/published.csv"));
        let golden: Vec<Golden> = rows(include_str!("../../data/golden.csv"));
        let explained: Vec<Explained> = rows(include_str!("../../data/explained.csv"));
        let mut figures: Vec<Figure> =
            published.into_iter().map(|published| joined(published, &rules)).collect();
        for figure in figures.iter_mut().filter(|figure| figure.why.is_some()) {
            let same = |explained: &&Explained| explained.is_about(figure);
            figure.explained = explained.iter().find(same).map(|explained| explained.misses);
        }
        figures.extend(golden.into_iter().map(Figure::from));
        Tables {
            figures,
            traces: rows(include_str!("../../data/traces.csv")),
            sources: rows(include_str!("../../data/sources.csv")),
        }
    }

    /// What kind of evidence a figure is: `published`, `recalled` (published, but the text was not at
    /// hand), `program run` (other people's program, run for this project) or `golden` (our own count
    /// of before).
    pub fn kind(&self, figure: &Figure) -> &'static str {
        let source = self.sources.iter().find(|source| source.name == figure.source);
        match source.map(|source| (source.kind.as_str(), source.seen.as_str())) {
            Some(("golden", _)) => "golden",
            Some(("program run", _)) => "program run",
            Some((_, "from memory")) => "recalled",
            _ => "published",
        }
    }

    /// What the source of a figure is, in words.
    pub fn about(&self, figure: &Figure) -> &str {
        let source = self.sources.iter().find(|source| source.name == figure.source);
        source.map_or("", |source| source.about.as_str())
    }
}

/// The rows of an embedded table, which a test reads.
fn rows<T: DeserializeOwned>(text: &'static str) -> Vec<T> {
    let reader = csv::Reader::from_reader(text.as_bytes());
    let rows: Result<Vec<T>, _> = reader.into_deserialize().collect();
    rows.expect("the tables of the crate are valid")
}

fn joined(published: Published, rules: &[Rule]) -> Figure {
    let ours = |rule: &&Rule| rule.source == published.source && rule.policy == published.policy;
    let rule = rules.iter().find(ours);
    let known = rule.filter(|rule| rule.agrees == "no").map(|rule| rule.why.clone());
    Figure {
        spec: rule.map(|rule| rule.spec.clone()).unwrap_or_default(),
        why: Some(published.why).filter(|why| !why.is_empty()).or(known),
        explained: None,
        source: published.source,
        trace: published.trace,
        policy: published.policy,
        unit: published.unit,
        capacity: published.capacity,
        value: match published.misses {
            Some(misses) => Value::Misses(misses),
            None => Value::HitPercent(published.hit_percent),
        },
    }
}

impl Explained {
    /// The count of ours in place of this figure.
    pub fn of(figure: &Figure, misses: u64) -> Self {
        Explained {
            source: figure.source.clone(),
            trace: figure.trace.clone(),
            policy: figure.policy.clone(),
            unit: figure.unit,
            capacity: figure.capacity,
            misses,
        }
    }

    fn is_about(&self, figure: &Figure) -> bool {
        *self == Explained::of(figure, self.misses)
    }
}

/// `data/explained.csv` of these rows.
pub fn explained_csv(rows: &[Explained]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).expect("memory takes it");
    }
    String::from_utf8(writer.into_inner().expect("memory takes it")).expect("names are text")
}

impl From<Golden> for Figure {
    fn from(golden: Golden) -> Figure {
        Figure {
            source: GOLDEN.into(),
            trace: golden.trace,
            spec: golden.policy.clone(),
            policy: golden.policy,
            unit: golden.unit,
            capacity: golden.capacity,
            value: Value::Misses(golden.misses),
            why: None,
            explained: None,
        }
    }
}

impl Figure {
    /// The replay that gives our figure, if there is such a policy.
    pub fn cell(&self) -> Option<Cell> {
        let spec: PolicySpec = self.spec.parse().ok()?;
        policies::resolve(&spec).ok()?;
        Some(Cell { spec, unit: self.unit, capacity: self.capacity })
    }

    /// Why there is no [`Figure::cell`].
    pub(crate) fn why_no_policy(&self) -> String {
        match (&self.why, self.spec.as_str()) {
            (Some(why), "") => why.clone(),
            (None, "") => "no such policy here".into(),
            (_, spec) => format!("no policy here is called `{spec}`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_figure_has_a_source_a_trace_and_a_rule() {
        let tables = Tables::shipped();
        let sources: BTreeSet<_> = tables.sources.iter().map(|source| &source.name).collect();
        let traces: BTreeSet<_> = tables.traces.iter().map(|trace| &trace.name).collect();
        assert_eq!((sources.len(), traces.len()), (tables.sources.len(), tables.traces.len()));
        for figure in &tables.figures {
            assert!(sources.contains(&figure.source), "{figure:?}");
            assert!(traces.contains(&figure.trace), "{figure:?}");
            assert!(!figure.spec.is_empty() || figure.why.is_some(), "unexplained: {figure:?}");
            assert!(figure.spec.is_empty() || figure.spec.parse::<PolicySpec>().is_ok());
            if let Value::HitPercent(text) = &figure.value {
                let percent: f64 = text.parse().unwrap();
                assert!((0.0..=100.0).contains(&percent), "{figure:?}");
            }
        }
    }

    #[test]
    fn what_is_on_record_is_about_a_figure_that_differs() {
        let tables = Tables::shipped();
        let rows: Vec<Explained> = rows(include_str!("../../data/explained.csv"));
        assert_eq!(explained_csv(&rows), include_str!("../../data/explained.csv"));
        for row in &rows {
            let mut about = tables.figures.iter().filter(|figure| row.is_about(figure));
            let figure = about.next().expect("there is such a figure");
            assert!(figure.explained == Some(row.misses) && figure.why.is_some(), "{row:?}");
            assert!(figure.value != Value::Misses(row.misses) && about.next().is_none(), "{row:?}");
        }
        assert!(rows.len() > 100, "{}", rows.len());
    }

    #[test]
    fn rules_say_yes_or_why_not() {
        let rules: Vec<Rule> = rows(include_str!("../../data/rules.csv"));
        for Rule { source, policy, spec, agrees, why } in rules {
            let known = matches!((agrees.as_str(), why.as_str()), ("yes", "") | ("no", _));
            assert!(known && (agrees == "yes") == why.is_empty(), "{source} {policy} {spec}");
        }
    }
}
