//! Change points of a history.
//!
//! Methods that find changes in benchmarks (PELT, E-divisive) tell steps from noise. Simulated figures
//! have no noise: the same study over the same trace gives the same bits until somebody changes
//! something, so every series is a staircase and each step *is* a change point, at the very commit. What is
//! left to decide is which steps matter: `least` is the relative change below which steps are not
//! told. They add up, so that a figure which slips a little with every commit is told at the commit where
//! it has slipped by as much since it was last told.

use std::collections::BTreeMap;

use super::detail::RunKey;
use super::history::Entry;

/// A figure of a run over the history.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Name of the study.
    pub study: String,
    /// Which run.
    pub run: RunKey,
    /// Which figure.
    pub metric: String,
    /// Its values, the oldest first, each with the number of its entry.
    pub points: Vec<(usize, f64)>,
    /// Where it changed.
    pub changes: Vec<ChangePoint>,
}

/// A step.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangePoint {
    /// Number of the entry from which on the value is another.
    pub entry: usize,
    /// What it was when last told.
    pub before: f64,
    /// What it is.
    pub after: f64,
    /// What changed beside the program: `scenario`, `trace`, `seed`; else `program`.
    pub cause: &'static str,
}

impl ChangePoint {
    /// The change as a share of what it was.
    pub fn relative(&self) -> f64 {
        (self.after - self.before) / self.before.abs()
    }
}

/// Study, run and metric.
type SeriesKey<'a> = (&'a str, &'a RunKey, &'a str);
/// Numbers of entries and values.
type Points = Vec<(usize, f64)>;

/// All series of a history, by study, run and metric, with steps of at least the share `least`.
pub fn trend(history: &[Entry], least: f64) -> Vec<Series> {
    let mut series: BTreeMap<SeriesKey<'_>, Points> = BTreeMap::new();
    for (i, entry) in history.iter().enumerate() {
        for run in &entry.runs {
            for (metric, value) in &run.figures {
                let Some(value) = value.as_f64() else { continue };
                let key = (entry.study.as_str(), &run.key, metric.as_str());
                series.entry(key).or_default().push((i, value));
            }
        }
    }
    let one = |((study, run, metric), points): (SeriesKey<'_>, Points)| Series {
        study: study.to_string(),
        run: run.clone(),
        metric: metric.to_string(),
        changes: changes(&points, history, &run.trace, least),
        points,
    };
    series.into_iter().map(one).collect()
}

fn changes(
    points: &[(usize, f64)],
    history: &[Entry],
    trace: &str,
    least: f64,
) -> Vec<ChangePoint> {
    let Some((first, mut told)) = points.first().copied() else { return Vec::new() };
    let mut told_at = first;
    let mut changes = Vec::new();
    for &(entry, value) in &points[1..] {
        let change = (value - told).abs();
        if change > 0.0 && change >= least * told.abs() {
            let cause = cause(&history[told_at], &history[entry], trace);
            changes.push(ChangePoint { entry, before: told, after: value, cause });
            (told_at, told) = (entry, value);
        } else if change == 0.0 {
            // Of what happened since it had this value, only what comes now can have changed it.
            told_at = entry;
        }
    }
    changes
}

fn cause(before: &Entry, now: &Entry, trace: &str) -> &'static str {
    if before.traces.get(trace) != now.traces.get(trace) {
        "trace"
    } else if before.seed != now.seed {
        "seed"
    } else if before.scenario != now.scenario {
        "scenario"
    } else {
        "program"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(commit: &str, scenario: &str, value: f64) -> Entry {
        let json = serde_json::json!({
            "schema": 1, "commit": commit, "program": "0.1.0", "study": "s", "seed": 1,
            "scenario": scenario, "traces": {"t": "d"}, "verdict": "pass",
            "runs": [{"trace": "t", "strategy": "a", "cell": "", "figures": {"hit_ratio": value}}],
        });
        serde_json::from_value(json).unwrap()
    }

    fn told(values: &[(&str, f64)], least: f64) -> Vec<(usize, f64, f64, &'static str)> {
        let history: Vec<Entry> =
            values.iter().map(|(scenario, value)| entry("c", scenario, *value)).collect();
        let [series] = &trend(&history, least)[..] else { panic!("one series") };
        assert_eq!(series.points.len(), values.len());
        series.changes.iter().map(|c| (c.entry, c.before, c.after, c.cause)).collect()
    }

    #[test]
    fn every_step_of_a_staircase_is_a_change_point() {
        let values = [("x", 0.5), ("x", 0.5), ("x", 0.4), ("y", 0.4), ("y", 0.4), ("z", 0.6)];
        assert_eq!(told(&values, 0.0), [(2, 0.5, 0.4, "program"), (5, 0.4, 0.6, "scenario")]);
        assert_eq!(told(&[("x", 0.5); 4], 0.0), []);
    }

    #[test]
    fn small_steps_add_up() {
        let values = [1.0, 0.996, 0.992, 0.988, 0.984].map(|value| ("x", value));
        assert_eq!(told(&values, 0.01), [(3, 1.0, 0.988, "program")]);
        assert_eq!(told(&values, 0.02), []);
        assert_eq!(told(&values, 0.0).len(), 4);
    }

    #[test]
    fn what_comes_back_is_a_step_of_its_own() {
        let values = [0.0, 1.0, 0.0].map(|value| ("x", value));
        assert_eq!(told(&values, 0.5).len(), 2);
    }

    #[test]
    fn half_a_line_is_named_and_does_not_spoil_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new").join("h.jsonl");
        entry("a", "x", 1.0).append(&path).unwrap();
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str("{\"schema\":1,");
        std::fs::write(&path, text).unwrap();
        entry("b", "x", 2.0).append(&path).unwrap();
        let error = super::super::history::read(&path).unwrap_err().to_string();
        assert!(error.contains("h.jsonl:2: no entry of a history"), "{error}");
        let text = std::fs::read_to_string(&path).unwrap();
        let whole: Vec<&str> = text.lines().filter(|line| line.ends_with('}')).collect();
        std::fs::write(&path, whole.join("\n")).unwrap();
        let read = super::super::history::read(&path).unwrap();
        assert_eq!(read, [entry("a", "x", 1.0), entry("b", "x", 2.0)]);
    }
}
