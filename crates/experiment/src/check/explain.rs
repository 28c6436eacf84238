//! Why a figure changed: which requests, by window, answer, size and popularity, which lines of the bill,
//! and the first request at which the two runs part.
//!
//! Counts come from how every single request ended then and now, so they are exact. Of latencies only
//! sums by group were kept, so a percentile is explained by what moved beside it: the total time, or for
//! the 99th and beyond the reads slower than the 99th percentile of then.

use std::collections::BTreeMap;

use frames::{CauseRow, CheckRow};
use tiers::Ending;
use trace::Trace;
use trace::units::{Nanos, thousands};

use super::detail::{BLOCK, Detail, End, RunDetail, RunKey};
use super::groups::{By, Groups, answer};
use super::judge::{row_key, signed};
use super::measure::Measured;
use super::metric::Unit;

/// What explains a change of some figures of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// Which run.
    pub run: RunKey,
    /// The figures, which the same counts explain.
    pub metrics: Vec<String>,
    /// The groups that changed most, of each kind up to three, and the lines of the bill.
    pub causes: Vec<CauseRow>,
    /// Where the two runs part, in words.
    pub divergence: String,
}

/// What is counted to explain a figure.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Measure {
    Ended(&'static str, Vec<Ending>),
    AnsweredBy(String),
    MissBytes,
    Time,
    Slow,
    Bill,
}

impl Measure {
    /// What explains a metric.
    fn of(metric: &str) -> Measure {
        use Ending::{Delayed, Error, Hit, Miss, Stale};
        let ended = |word, endings: &[Ending]| Measure::Ended(word, endings.to_vec());
        let (tier, column) = metric.rsplit_once('.').unwrap_or(("", metric));
        let about = |words: &[&str]| words.iter().any(|word| column.contains(word));
        if about(&["cost_nanodollars"]) {
            Measure::Bill
        } else if about(&["p99", "latency_ns_max"]) {
            Measure::Slow
        } else if about(&["latency", "end_ns", "saturation", "in_flight", "queue"]) {
            Measure::Time
        } else if about(&["error", "availability", "fail", "shed", "timeout", "retries"]) {
            ended("errors", &[Error])
        } else if about(&["stale"]) {
            ended("stale hits", &[Stale])
        } else if about(&["delayed"]) {
            ended("delayed hits", &[Delayed])
        } else if about(&["byte"]) && tier.is_empty() {
            Measure::MissBytes
        } else if !tier.is_empty() {
            Measure::AnsweredBy(tier.to_string())
        } else if about(&["miss"]) {
            ended("misses", &[Miss])
        } else {
            ended("hits", &[Hit, Stale])
        }
    }

    fn words(&self) -> String {
        match self {
            Measure::Ended(word, _) => (*word).into(),
            Measure::AnsweredBy(tier) => format!("reads answered by {tier}"),
            Measure::MissBytes => "bytes of misses".into(),
            Measure::Time => "time of reads".into(),
            Measure::Slow => "reads slower than the p99 of then".into(),
            Measure::Bill => "cost a month".into(),
        }
    }

    fn unit(&self) -> Unit {
        match self {
            Measure::Ended(..) | Measure::AnsweredBy(_) | Measure::Slow => Unit::Count,
            Measure::MissBytes => Unit::Bytes,
            Measure::Time => Unit::Nanos,
            Measure::Bill => Unit::NanoDollars,
        }
    }

    /// What one request adds.
    fn weight(&self, run: &RunDetail, trace: &Trace, i: usize, end: End) -> f64 {
        let is = |yes: bool| if yes { 1.0 } else { 0.0 };
        match self {
            Measure::Ended(_, endings) => is(end.ending().is_some_and(|e| endings.contains(&e))),
            Measure::AnsweredBy(tier) => {
                is(end.tier().and_then(|at| run.tiers.get(at)).is_some_and(|at| at == tier))
            }
            Measure::MissBytes if end.ending() == Some(Ending::Miss) => trace.size(i) as f64,
            _ => 0.0,
        }
    }

    /// Its sum in every group.
    fn sums(&self, run: &RunDetail, trace: &Trace) -> BTreeMap<(By, String), f64> {
        let of_time = |pick: fn(&super::detail::Time) -> u64| {
            run.time.iter().map(|t| ((t.by, t.group.clone()), pick(t) as f64)).collect()
        };
        match self {
            Measure::Time => of_time(|time| time.total_ns),
            Measure::Slow => of_time(|time| time.slow),
            _ => {
                let groups = Groups::new(trace, run.warmup, &run.tiers);
                let mut sums = groups.sums::<f64>();
                for (i, end) in run.ends.iter().enumerate().skip(run.warmup) {
                    let weight = self.weight(run, trace, i, *end);
                    if weight > 0.0 {
                        sums.add(i, *end, |sum| *sum += weight);
                    }
                }
                let mut by_group = BTreeMap::new();
                for (by, group, sum) in sums.finish() {
                    // A miss is a miss, whichever fetch it was.
                    *by_group.entry((by, group)).or_insert(0.0) += sum;
                }
                by_group
            }
        }
    }
}

/// Groups of each kind that are told.
const TOLD: usize = 3;

/// Explains these rows, where both runs have details.
pub fn explain<'a>(
    rows: impl IntoIterator<Item = &'a CheckRow>,
    measured: &Measured,
    detail: &Detail,
) -> Vec<Explained> {
    let mut asked: BTreeMap<(RunKey, Measure), Vec<String>> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| row.against == "baseline") {
        let question = (row_key(row), Measure::of(&row.metric));
        asked.entry(question).or_default().push(row.metric.clone());
    }
    let explained = asked.into_iter().filter_map(|((run, measure), metrics)| {
        let before = detail.run(&run)?;
        let now = measured.runs.iter().find(|now| now.key == run)?.detail.as_ref()?;
        let trace = measured.recordings.iter().find(|trace| trace.name() == run.trace)?;
        // Another trace has other requests.
        if before.ends.len() != now.ends.len() {
            return None;
        }
        let causes = causes(&run, &metrics, &measure, [before, now], trace);
        Some(Explained { run, metrics, causes, divergence: divergence(before, now, trace) })
    });
    explained.collect()
}

fn causes(
    run: &RunKey,
    metrics: &[String],
    measure: &Measure,
    [before, now]: [&RunDetail; 2],
    trace: &Trace,
) -> Vec<CauseRow> {
    let row = |by: &str, group: &str, before: f64, after: f64| CauseRow {
        trace: run.trace.clone(),
        strategy: run.strategy.clone(),
        cell: run.cell.clone(),
        metric: metrics.join(", "),
        measure: measure.words(),
        unit: measure.unit().symbol().into(),
        by: by.into(),
        group: group.into(),
        before,
        after,
        change: after - before,
        reason: format!(
            "{} then, {} now: {}",
            measure.unit().show(before),
            measure.unit().show(after),
            signed(measure.unit(), after - before)
        ),
    };
    let mut kinds: BTreeMap<&str, Vec<CauseRow>> = BTreeMap::new();
    if *measure == Measure::Bill {
        let bill = |run: &RunDetail| run.bill.iter().cloned().collect::<BTreeMap<String, i64>>();
        for (line, before, after) in joined(&bill(before), &bill(now)) {
            kinds.entry("bill").or_default().push(row("bill", line, before as f64, after as f64));
        }
    } else {
        let (before, now) = (measure.sums(before, trace), measure.sums(now, trace));
        for ((by, group), before, after) in joined(&before, &now) {
            kinds.entry(by.word()).or_default().push(row(by.word(), group, before, after));
        }
    }
    let most = |mut rows: Vec<CauseRow>| {
        rows.retain(|row| row.change != 0.0);
        // The sort is stable: of equals, the first by name.
        rows.sort_by(|a, b| b.change.abs().total_cmp(&a.change.abs()));
        rows.truncate(TOLD);
        rows
    };
    kinds.into_values().flat_map(most).collect()
}

/// Values of both, by what either has.
fn joined<'a, K: Ord, V: Copy + Default>(
    before: &'a BTreeMap<K, V>,
    now: &'a BTreeMap<K, V>,
) -> Vec<(&'a K, V, V)> {
    let value = |map: &BTreeMap<K, V>, key: &K| map.get(key).copied().unwrap_or_default();
    let all: std::collections::BTreeSet<&K> = before.keys().chain(now.keys()).collect();
    all.into_iter().map(|key| (key, value(before, key), value(now, key))).collect()
}

/// Where two runs over one trace part, in words.
fn divergence(before: &RunDetail, now: &RunDetail, trace: &Trace) -> String {
    let told = |run: &RunDetail, i: usize| answer(&run.tiers, run.ends[i]);
    let differs = |i: &usize| told(before, *i) != told(now, *i);
    if let Some(i) = (0..trace.n_requests()).find(differs) {
        let object = trace.objects()[i];
        let key = trace.columns().keys.as_ref().map(|keys| keys.label(object).into_owned());
        let key = key.unwrap_or_else(|| format!("number {}", object.0));
        let first =
            trace.columns().time_ns.as_ref().and_then(|times| Some((times[0], *times.get(i)?)));
        let at = first
            .map(|(first, time)| format!(", at {} of the trace", Nanos(time - first).rounded()));
        let n = (0..trace.n_requests()).filter(differs).count() as u64;
        return format!(
            "the runs part at request {}{} (object {key}): {} then, {} now; {} requests end otherwise",
            thousands(i as u64),
            at.unwrap_or_default(),
            told(before, i),
            told(now, i),
            thousands(n)
        );
    }
    let pairs = before.blocks.iter().zip(&now.blocks);
    match pairs.enumerate().find(|(_, (before, now))| before != now) {
        Some((block, _)) => format!(
            "every request ends as it did; latencies part within the {} reads from read {} on",
            thousands(BLOCK as u64),
            thousands((block * BLOCK) as u64)
        ),
        None => "every request ends as it did, and as fast".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> RunKey {
        RunKey { trace: "t".into(), strategy: "s".into(), cell: String::new() }
    }

    #[test]
    fn changes_of_the_groups_of_a_kind_add_up_to_the_whole() {
        let trace = Trace::from_numbers("t", (0..480).map(|i| i % 60));
        let before = RunDetail::of_flat(key(), &[true; 480]);
        let hits: Vec<bool> = (0..480).map(|i| !(200..240).contains(&i)).collect();
        let now = RunDetail::of_flat(key(), &hits);
        let measure = Measure::of("hit_ratio");
        let rows = causes(&key(), &["hit_ratio".into()], &measure, [&before, &now], &trace);
        let of = |by: &str| rows.iter().filter(|row| row.by == by).collect::<Vec<_>>();
        let windows = of("window");
        assert_eq!(windows.iter().map(|row| row.change).sum::<f64>(), -40.0);
        assert_eq!(windows[0].group, "200..220");
        assert_eq!((windows[0].before, windows[0].after), (20.0, 0.0));
        assert_eq!(windows[0].reason, "20 then, 0 now: -20");
        assert_eq!(of("answer")[0].group, "hit at cache");
        assert_eq!(of("popularity").iter().map(|row| row.change).sum::<f64>(), -40.0);
        let words = divergence(&before, &now, &trace);
        assert_eq!(
            words,
            "the runs part at request 200 (object 20): hit at cache then, miss now; 40 requests end otherwise"
        );
        assert_eq!(
            divergence(&before, &before, &trace),
            "every request ends as it did, and as fast"
        );
    }

    #[test]
    fn every_metric_has_a_measure_that_fits() {
        for (metric, words) in [
            ("hit_ratio", "hits"),
            ("miss_ratio", "misses"),
            ("misses", "misses"),
            ("byte_miss_ratio", "bytes of misses"),
            ("availability", "errors"),
            ("latency_ns_p50", "time of reads"),
            ("latency_ns_p999", "reads slower than the p99 of then"),
            ("L2.hit_ratio", "reads answered by L2"),
            ("cost_nanodollars_month", "cost a month"),
        ] {
            assert_eq!(Measure::of(metric).words(), words, "{metric}");
        }
    }
}
