//! Faults of the schedule, and how long the hit ratio took to get over each.

use frames::FaultRow;
use tiers::{Failure, Fault, Window};

use super::Counted;

/// Windows that the time before a fault is judged by, at most.
const MOST_BEFORE: usize = 10;
/// The hit ratio has recovered when it is at most this far below what it was.
const NEAR: f64 = 0.01;

impl Counted<'_> {
    pub(super) fn faults(&self) -> Vec<FaultRow> {
        let mut faults: Vec<&Fault> = self.stack.faults.iter().collect();
        faults.sort_by_key(|fault| fault.at);
        let row = |(i, fault): (usize, &&Fault)| {
            let before = self.before(&faults, begin_of(&faults, i));
            let course = self.course(fault.at.0, &before);
            FaultRow {
                run: self.run.to_string(),
                at_ns: fault.at.0,
                tier: self.tier_name(fault.tier).to_string(),
                what: words(&fault.what),
                hit_ratio_before: before.hit_ratio(),
                hit_ratio_low: course.low,
                recovery_ns: course.recovery_ns,
                extra_origin_fetches: course.extra_fetches,
            }
        };
        faults.iter().enumerate().map(row).collect()
    }

    /// The whole windows before a fault, back to the fault before it.
    fn before(&self, faults: &[&Fault], fault: usize) -> Tally {
        let at = |fault: usize| faults[fault].at.0;
        let since =
            faults[..fault].iter().map(|other| other.at.0).rfind(|other| *other < at(fault));
        let windows = &self.outcome.windows;
        let begins = |i: usize| windows.get(i).map_or(u64::MAX, |window| window.start.0);
        let whole = (0..windows.len())
            .filter(|i| since.is_none_or(|since| begins(*i) >= since))
            .take_while(|i| begins(i + 1) <= at(fault));
        let whole: Vec<usize> = whole.collect();
        let recent = whole.len().saturating_sub(MOST_BEFORE);
        self.tally(whole[recent..].iter().map(|i| &windows[*i]))
    }

    fn tally<'a>(&self, windows: impl Iterator<Item = &'a Window>) -> Tally {
        let origin = self.outcome.tiers.len() - 1;
        windows.fold(Tally::default(), |sum, window| Tally {
            reads: sum.reads + window.requests(),
            hits: sum.hits + window.hits(),
            fetches: sum.fetches + window.tiers[origin].lookups,
        })
    }

    /// What the hit ratio did from a fault on.
    fn course(&self, at: u64, before: &Tally) -> Course {
        let windows = &self.outcome.windows;
        let usual = before.hit_ratio();
        // The first window of which most comes after the fault.
        let half = self.outcome.window.0 / 2;
        let own = windows.partition_point(|window| window.start.0 + half <= at);
        let with_reads = |i: &usize| windows[*i].requests() > 0;
        let hit_ratio = |i: usize| self.tally(std::iter::once(&windows[i])).hit_ratio();
        let is_low = |i: usize| hit_ratio(i) < usual - NEAR;
        let lowest =
            |to: usize| (own..to).filter(with_reads).map(hit_ratio).fold(f64::NAN, f64::min);
        if usual.is_nan() {
            return Course { low: f64::NAN, recovery_ns: f64::NAN, extra_fetches: f64::NAN };
        }
        let Some(fall) = (own..windows.len()).take(2).filter(with_reads).find(|i| is_low(*i))
        else {
            let low = lowest(windows.len().min(own + 2));
            return Course { low, recovery_ns: 0.0, extra_fetches: 0.0 };
        };
        let back = (fall..windows.len()).filter(with_reads).find(|i| !is_low(*i));
        let until = back.unwrap_or(windows.len());
        let during = self.tally(windows[own..until].iter());
        let expected = during.reads as f64 * before.fetches as f64 / before.reads as f64;
        Course {
            low: lowest(until),
            recovery_ns: back.map_or(f64::NAN, |i| (windows[i].start.0 - at) as f64),
            extra_fetches: during.fetches as f64 - expected,
        }
    }
}

/// Sums over windows.
#[derive(Default)]
struct Tally {
    reads: u64,
    hits: u64,
    fetches: u64,
}

impl Tally {
    /// Not a number of no reads.
    fn hit_ratio(&self) -> f64 {
        self.hits as f64 / self.reads as f64
    }
}

struct Course {
    low: f64,
    recovery_ns: f64,
    extra_fetches: f64,
}

/// The fault that this one ends, or itself.
fn begin_of(faults: &[&Fault], end: usize) -> usize {
    let kind = std::mem::discriminant(&faults[end].what);
    let began = |what: &Failure| match &faults[end].what {
        Failure::Up { .. } => matches!(what, Failure::Down { .. }),
        Failure::Healed => matches!(what, Failure::Cut),
        Failure::Slow { factor, .. } if *factor == 1.0 => std::mem::discriminant(what) == kind,
        Failure::Errors { share } if *share == 0.0 => std::mem::discriminant(what) == kind,
        _ => false,
    };
    let earlier = faults[..end].iter();
    earlier
        .clone()
        .rposition(|fault| fault.tier == faults[end].tier && began(&fault.what))
        .unwrap_or(end)
}

fn words(what: &Failure) -> String {
    match what {
        Failure::Down { stations } => format!("down{}", which(stations)),
        Failure::Up { stations, warm: true } => format!("up again, warm{}", which(stations)),
        Failure::Up { stations, warm: false } => format!("up again, empty{}", which(stations)),
        Failure::Cut => "cut off".into(),
        Failure::Healed => "reached again".into(),
        Failure::Slow { stations, factor } if *factor == 1.0 => {
            format!("as fast as before{}", which(stations))
        }
        Failure::Slow { stations, factor } => format!("{factor} times as slow{}", which(stations)),
        Failure::Errors { share } if *share == 0.0 => "no more errors".into(),
        Failure::Errors { share } => format!("{} % errors", (share * 1e4).round() / 1e2),
        Failure::Flush => "flushed".into(),
        Failure::ClockForward { by } => format!("clock forward by {}", by.rounded()),
    }
}

/// ` (0, 2)`, or nothing if it is all of them.
fn which(stations: &[String]) -> String {
    if stations.is_empty() { String::new() } else { format!(" ({})", stations.join(", ")) }
}
