//! The highest rate that a stack sustains: how fast the requests of a trace may come until the stack
//! no longer keeps to limits of latency and errors.
//!
//! Rates are tried by compressing the trace's time by a factor: doubled from 1 until the limits are
//! broken, or halved until they are kept, then bisected on a logarithmic scale until the bracket is
//! within 2 %. A rate is sustained if p99 of all reads counted and p99 of those that arrived in the
//! last tenth of the trace keep to the limit (a backlog that grows shows in the second first), and the
//! share of errors too. Compressing time leaves times to live as they are, so copies live for more
//! requests at a higher rate. Faults keep their place in the trace if it is given as a share.

use std::sync::atomic::Ordering;

use rayon::prelude::*;
use tiers::{Outcome, at_speed};
use trace::units::Nanos;

use crate::recording::{Recording, grid};
use crate::run::{in_pool, read_all};
use crate::{Error, Resolved, ResolvedStrategy, RunOptions, RunProgress};

/// What a stack must keep to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// 99th percentile of the latency of reads.
    pub p99: Nanos,
    /// Share of reads that may fail.
    pub errors: f64,
}

/// What was seen at one rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// How many times as fast as recorded.
    pub speed: f64,
    /// Requests a second on average, of the system described.
    pub requests_per_second: f64,
    /// 99th percentile of the latency, the worse of all reads and the last tenth.
    pub p99: Nanos,
    /// Share of reads that failed.
    pub error_rate: f64,
    /// Highest share of time that the servers of a tier were busy.
    pub saturation: f64,
}

/// The highest rate of one strategy over one trace: it lies between the two points.
#[derive(Debug, Clone, PartialEq)]
pub struct Sustained {
    /// Name of the strategy.
    pub strategy: String,
    /// Name of the trace.
    pub trace: String,
    /// Cell of the matrix, or empty.
    pub cell: String,
    /// The highest rate tried that keeps to the limits; `None` if none did.
    pub kept: Option<Point>,
    /// The lowest rate tried that does not; `None` if all did.
    pub broken: Option<Point>,
}

/// Speeds tried at most and at least.
const FASTEST: f64 = 1e6;
const SLOWEST: f64 = 1.0 / 1024.0;
/// The bracket is this narrow at the end.
const NARROW: f64 = 1.02;

/// Searches for the highest rate of every strategy over every trace.
pub fn sustain(
    study: &Resolved,
    limits: Limits,
    options: &RunOptions,
    progress: &RunProgress,
) -> Result<Vec<Sustained>, Error> {
    study.check()?;
    in_pool(options, || {
        let recordings = read_all(study, options)?;
        grid(&recordings, &study.strategies)
            .par_iter()
            .map(|(recording, strategy)| {
                Search { study, recording, strategy, limits, progress }.search()
            })
            .filter_map(Result::transpose)
            .collect()
    })
}

/// Runs that a search has announced to whoever follows it, each of so many requests. How many it takes is
/// not known beforehand, so the number is set right as it goes on.
struct Announced {
    runs: u64,
    done: u64,
    requests: u64,
}

impl Announced {
    fn are(&mut self, runs: u64, progress: &RunProgress) {
        progress.total.fetch_add(runs * self.requests, Ordering::Relaxed);
        progress.total.fetch_sub(self.runs * self.requests, Ordering::Relaxed);
        self.runs = runs;
    }
}

/// Runs that are left, if the next one outside a bracket closes it.
fn left(kept: Option<Point>, broken: Option<Point>) -> u64 {
    let steps =
        |ratio: f64| libm::log2(libm::log(ratio) / libm::log(NARROW)).ceil().max(0.0) as u64;
    match (kept, broken) {
        (Some(kept), Some(broken)) => steps(broken.speed / kept.speed),
        (None, None) => 2 + steps(2.0),
        _ => 1 + steps(2.0),
    }
}

struct Search<'a> {
    study: &'a Resolved,
    recording: &'a Recording<'a>,
    strategy: &'a ResolvedStrategy,
    limits: Limits,
    progress: &'a RunProgress,
}

impl Search<'_> {
    /// `None` if it was stopped.
    fn search(&self) -> Result<Option<Sustained>, Error> {
        let (mut kept, mut broken): (Option<Point>, Option<Point>) = (None, None);
        let requests = self.recording.trace.n_requests() as u64;
        let mut announced = Announced { runs: 0, done: 0, requests };
        loop {
            announced.are(announced.done + left(kept, broken), self.progress);
            let speed = match (kept, broken) {
                (None, None) => 1.0,
                (Some(kept), None) if kept.speed * 2.0 > FASTEST => break,
                (Some(kept), None) => kept.speed * 2.0,
                (None, Some(broken)) if broken.speed / 2.0 < SLOWEST => break,
                (None, Some(broken)) => broken.speed / 2.0,
                (Some(kept), Some(broken)) if broken.speed / kept.speed < NARROW => break,
                (Some(kept), Some(broken)) => (kept.speed * broken.speed).sqrt(),
            };
            let Some(point) = self.point(speed)? else { return Ok(None) };
            announced.done += 1;
            if point.p99 <= self.limits.p99 && point.error_rate <= self.limits.errors {
                kept = Some(point);
            } else {
                broken = Some(point);
            }
        }
        announced.are(announced.done, self.progress);
        Ok(Some(Sustained {
            strategy: self.strategy.name.clone(),
            trace: self.recording.trace.name().to_string(),
            cell: self.strategy.cell.clone(),
            kept,
            broken,
        }))
    }

    fn point(&self, speed: f64) -> Result<Option<Point>, Error> {
        let arrivals = at_speed(self.recording.arrivals.clone(), speed);
        let stack = self.recording.stack(self.study, self.strategy, &arrivals)?;
        let mut report = self.progress.reporter();
        let outcome = self.recording.simulate(
            self.study,
            self.strategy,
            &stack,
            &arrivals,
            false,
            &mut report,
        )?;
        Ok(outcome.map(|outcome| {
            let requests = (outcome.reads + outcome.writes) as f64;
            let seconds = outcome.span.as_secs_f64();
            Point {
                speed,
                requests_per_second: requests / seconds * self.recording.entry.scale,
                p99: p99(&outcome),
                error_rate: 1.0 - outcome.availability(),
                saturation: saturation(&outcome),
            }
        }))
    }
}

/// The worse of p99 of all reads counted and of those of the last tenth of the windows.
fn p99(outcome: &Outcome) -> Nanos {
    let windows = &outcome.windows;
    let last = &windows[windows.len() - windows.len().div_ceil(10)..];
    let mut late = last[0].latency.clone();
    for window in &last[1..] {
        // Histograms without bounds take each other's values.
        let _ = late.add(&window.latency);
    }
    Nanos(outcome.latency.value_at_quantile(0.99).max(late.value_at_quantile(0.99)))
}

/// Highest share of time that the servers of a tier were busy.
fn saturation(outcome: &Outcome) -> f64 {
    let of_tier = |tier: &tiers::TierOutcome| {
        let busy: u64 = tier.stations.iter().map(|station| station.busy_ns).sum();
        busy as f64 / (tier.servers.max(1) as f64 * outcome.end.0.max(1) as f64)
    };
    outcome.tiers.iter().map(of_tier).fold(0.0, f64::max)
}

impl Sustained {
    /// Whether nothing in the stack ever broke the limits.
    pub fn is_unlimited(&self) -> bool {
        self.broken.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Source, resolve::resolve_source};

    const STUDY: &str = r#"schema = 1
name = "s"
[[traces]]
path = "t.csv"
[stack]
preset = "brief"
order = ["L1"]
tiers.L1.capacity = "10%"
origin.station = { servers = 2, service = "10ms", queue = 100 }
[[strategies]]
name = "a"
"#;

    /// A bar that ends at its end, whichever way the search went.
    #[test]
    fn what_is_announced_is_what_is_done() {
        let dir = tempfile::tempdir().unwrap();
        let rows: String =
            (0..2000).map(|i| format!("{}.{:02},k{}\n", i / 100, i % 100, i * 7 % 500)).collect();
        std::fs::write(dir.path().join("t.csv"), format!("time,key\n{rows}")).unwrap();
        let source = Source::new("s.toml", STUDY);
        let study = resolve_source(&source, dir.path(), &[]).unwrap();
        for p99 in [Nanos(1), Nanos(20_000_000), Nanos(1_000_000_000_000)] {
            let progress = RunProgress::default();
            let limits = Limits { p99, errors: 0.01 };
            let found = sustain(&study, limits, &RunOptions::default(), &progress).unwrap();
            assert_eq!(found.len(), 1);
            let [done, total] =
                [&progress.done, &progress.total].map(|n| n.load(Ordering::Relaxed));
            assert!(done >= 2 * 2000, "{p99:?}");
            assert_eq!(done, total, "{p99:?}: {found:?}");
        }
    }

    #[test]
    fn a_bracket_of_two_takes_six_more() {
        let point = |speed| {
            Some(Point {
                speed,
                requests_per_second: 0.0,
                p99: Nanos(0),
                error_rate: 0.0,
                saturation: 0.0,
            })
        };
        assert_eq!(left(point(4.0), point(8.0)), 6);
        assert_eq!(left(point(4.0), point(4.05)), 0);
        assert_eq!(left(None, None), 8);
    }
}
