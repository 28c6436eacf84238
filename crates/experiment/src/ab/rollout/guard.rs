//! Guardrails that are looked at after every batch of reads, and may be, because their intervals hold at
//! all times at once.
//!
//! A batch gives each guardrail one number, the change for the worse over the mean units of a batch:
//!
//! - of a share, what counts for A less what counts for B, or the other way round, so that the mean over
//!   batches is the change of the share;
//! - of a quantile q, how many more reads of B than of A took longer than (1 + tolerance) times A's quantile
//!   of the stage. B's quantile is above that limit exactly if these are more, as a share of the reads, than
//!   1 - q less A's own share of such reads.
//!
//! Both compare reads of the same batch, so that what drifts in both alike is no change.
//!
//! The mean of batches has a confidence sequence of `analysis::sequential`, at a level that is shared out
//! over stages and guardrails (Bonferroni), so that a rollout of a strategy that is no worse is rolled back
//! with a probability of at most 1 - level in all, as far as batches are independent.

use analysis::sequential::{ConfidenceSequence, LEAST_BATCHES};
use analysis::{Better, Interval};
use tiers::ReadEnd;
use trace::Trace;

use super::super::finding::units;
use super::super::measure::{Kind, Margin, Measure};
use super::stage::Whose;

/// Batches of a stage.
pub(super) const N_BATCHES: usize = 40;

/// One guardrail in one stage.
pub(super) struct Guard {
    pub(super) measure: Measure,
    pub(super) whose: Whose,
    /// Change for the worse that is allowed.
    pub(super) allowed: f64,
    /// Of a quantile: what a slow read is.
    slow: Option<Slow>,
    /// Units, reads or bytes, in a batch on average.
    units: f64,
    harm: ConfidenceSequence,
}

/// Reads that take longer than a limit.
struct Slow {
    limit: u64,
    /// The share of A's reads that do.
    of_a: f64,
    /// The share that may.
    may: f64,
}

/// Reads of both arms, side by side.
pub(super) type Both<'a> = (&'a [ReadEnd], &'a [ReadEnd]);

impl Guard {
    /// A guardrail for a stage whose reads in arm A are these, in so many batches; `None` if the measure has
    /// no batches.
    pub(super) fn new(
        whose: Whose,
        (measure, margin): (Measure, Margin),
        level: f64,
        (of_a, n_batches): (&[ReadEnd], usize),
        trace: &Trace,
    ) -> Result<Option<Guard>, analysis::Error> {
        let harm = ConfidenceSequence::new(level, N_BATCHES as u64)?;
        let units = |all: u64| (all as f64 / n_batches.max(1) as f64).max(f64::MIN_POSITIVE);
        Ok(match measure.kind() {
            Kind::Bill => None,
            Kind::Share { .. } => {
                let (counted, all) = count(measure, of_a, trace);
                let allowed = margin.of(counted as f64 / (all as f64).max(1.0));
                Some(Guard { measure, whose, allowed, slow: None, units: units(all), harm })
            }
            Kind::Quantile(share) => {
                let quantile = quantile(of_a, share);
                let limit = (quantile as f64 + margin.of(quantile as f64)) as u64;
                let (may, n) = (1.0 - share, of_a.len() as u64);
                let of_a = n_slow(of_a, limit) / (n as f64).max(1.0);
                let slow = Some(Slow { limit, of_a, may });
                Some(Guard { measure, whose, allowed: may - of_a, slow, units: units(n), harm })
            }
        })
    }

    /// Takes a batch; one without reads is without a change.
    pub(super) fn push(&mut self, (a, b): Both<'_>, trace: &Trace) -> Result<(), analysis::Error> {
        let worse = match &self.slow {
            Some(slow) => n_slow(b, slow.limit) - n_slow(a, slow.limit),
            None => {
                let counted = |reads| count(self.measure, reads, trace).0 as f64;
                -self.measure.better().orient(counted(b) - counted(a))
            }
        };
        self.harm.push(worse / self.units)
    }

    /// The change for the worse so far; none before there are enough batches.
    pub(super) fn harm(&self) -> Option<Interval> {
        self.harm.interval()
    }

    /// Surely worse than is allowed.
    pub(super) fn is_broken(&self) -> bool {
        self.harm().is_some_and(|harm| harm.low > self.allowed)
    }

    /// Worse than is allowed as it looks, or not to be told yet. Those who stay are few in a late stage, so
    /// that of them only what is sure counts.
    pub(super) fn is_doubtful(&self) -> bool {
        self.whose == Whose::Moved && self.harm().is_none_or(|harm| harm.estimate > self.allowed)
    }

    /// How it stands, for a sentence: what is broken surely is, what is not looks so.
    pub(super) fn in_words(&self) -> String {
        let words = match self.whose {
            Whose::Moved => self.measure.words().to_string(),
            Whose::Stayed => format!("{} of those that stay with A", self.measure.words()),
        };
        let Some(harm) = self.harm() else { return format!("{words}: too few reads") };
        let how = if self.is_broken() { "is" } else { "looks" };
        // What is broken surely is; what is not may be no change at all.
        let at_least = |low: String| match harm.low {
            low if low <= 0.0 => "perhaps not at all".to_string(),
            _ if self.is_broken() => format!("at least {low}"),
            _ => format!("perhaps only {low}"),
        };
        if let Some(Slow { limit, of_a, may }) = self.slow {
            let slow = |more: f64| format!("{:.2} %", (more + of_a).max(0.0) * 100.0);
            return format!(
                "{words} {how} worse, {}: {} of the reads take more than {}, where {:.0} % may",
                at_least(slow(harm.low)),
                slow(harm.estimate),
                trace::units::Nanos(limit).rounded(),
                may * 100.0
            );
        }
        let points = |value: f64| format!("{:.2} pp", value * 100.0);
        format!(
            "{words} {how} worse by {}, {}, where {} are allowed",
            points(harm.estimate),
            at_least(points(harm.low)),
            points(self.allowed)
        )
    }
}

/// Batches that must be there before anything is said.
pub(super) const LEAST: usize = LEAST_BATCHES as usize;

/// (Units that count, all units).
pub(super) fn count(measure: Measure, reads: &[ReadEnd], trace: &Trace) -> (u64, u64) {
    reads.iter().fold((0, 0), |(counted, all), read| {
        let (unit, good) = units(measure, read, trace.size(read.request as usize));
        (counted + good, all + unit)
    })
}

fn n_slow(reads: &[ReadEnd], limit: u64) -> f64 {
    reads.iter().filter(|read| read.latency > limit).count() as f64
}

/// The smallest latency that this share of reads does not exceed; 0 of none.
fn quantile(reads: &[ReadEnd], share: f64) -> u64 {
    let mut latencies: Vec<u64> = reads.iter().map(|read| read.latency).collect();
    latencies.sort_unstable();
    let place = (share * latencies.len() as f64).ceil() as usize;
    latencies.get(place.saturating_sub(1)).copied().unwrap_or(0)
}

/// Which way is better, for those who show a change.
pub(super) fn is_higher_better(measure: Measure) -> bool {
    measure.better() == Better::Higher
}
