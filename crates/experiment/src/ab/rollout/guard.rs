//! Guardrails that are looked at after every batch of reads, and may be, because their intervals hold at
//! all times at once.
//!
//! A batch gives each guardrail one number, the change for the worse:
//!
//! - of a share, what counts for A less what counts for B, or the other way round, divided by the mean
//!   units of a batch: the mean over batches is the change of the share;
//! - of a quantile q, the share of B's reads above (1 + tolerance) times A's quantile of the stage, less
//!   1 - q: above 0 exactly if B's quantile is above that limit.
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
    /// Of a quantile: share that may be slower than this.
    limit: Option<(f64, u64)>,
    /// Of a share: its units, reads or bytes, in a batch on average.
    units: f64,
    harm: ConfidenceSequence,
}

/// Reads of both arms, side by side.
pub(super) type Both<'a> = (&'a [ReadEnd], &'a [ReadEnd]);

impl Guard {
    /// A guardrail for a stage whose reads in arm A are these; `None` if the measure has no batches.
    pub(super) fn new(
        whose: Whose,
        (measure, margin): (Measure, Margin),
        level: f64,
        of_a: &[ReadEnd],
        trace: &Trace,
    ) -> Result<Option<Guard>, analysis::Error> {
        let harm = ConfidenceSequence::new(level, N_BATCHES as u64)?;
        Ok(match measure.kind() {
            Kind::Bill => None,
            Kind::Share { .. } => {
                let (counted, all) = count(measure, of_a, trace);
                let allowed = margin.of(counted as f64 / (all as f64).max(1.0));
                let units = all as f64 / N_BATCHES as f64;
                Some(Guard { measure, whose, allowed, limit: None, units, harm })
            }
            Kind::Quantile(share) => {
                let quantile = quantile(of_a, share);
                let limit = (quantile as f64 + margin.of(quantile as f64)) as u64;
                Some(Guard {
                    measure,
                    whose,
                    allowed: 0.0,
                    limit: Some((1.0 - share, limit)),
                    units: 1.0,
                    harm,
                })
            }
        })
    }

    /// Takes a batch.
    pub(super) fn push(&mut self, (a, b): Both<'_>, trace: &Trace) -> Result<(), analysis::Error> {
        if a.is_empty() {
            return Ok(());
        }
        let harm = match self.limit {
            Some((share, limit)) => {
                let slow = b.iter().filter(|read| read.latency > limit).count();
                slow as f64 / b.len() as f64 - share
            }
            None => {
                // Units rather than shares, so that the mean over batches is the share of the stage.
                let counted = |reads| count(self.measure, reads, trace).0 as f64;
                -self.measure.better().orient(counted(b) - counted(a)) / self.units.max(1.0)
            }
        };
        self.harm.push(harm)
    }

    /// The change for the worse so far; none before there are enough batches.
    pub(super) fn harm(&self) -> Option<Interval> {
        self.harm.interval()
    }

    /// Surely worse than is allowed.
    pub(super) fn is_broken(&self) -> bool {
        self.harm().is_some_and(|harm| harm.low > self.allowed)
    }

    /// Worse than is allowed as it looks, or not to be told yet.
    pub(super) fn is_doubtful(&self) -> bool {
        self.harm().is_none_or(|harm| harm.estimate > self.allowed)
    }

    /// How it stands, for a sentence: what is broken surely is, what is not looks so.
    pub(super) fn in_words(&self) -> String {
        let words = match self.whose {
            Whose::Moved => self.measure.words().to_string(),
            Whose::Stayed => format!("{} of those that stay with A", self.measure.words()),
        };
        let Some(harm) = self.harm() else { return format!("{words}: too few reads") };
        let (how, bound) = match self.is_broken() {
            true => ("is", "at least"),
            false => ("looks", "perhaps only"),
        };
        if let Some((share, limit)) = self.limit {
            let slow = |value: f64| format!("{:.2} %", (value + share).max(0.0) * 100.0);
            return format!(
                "{words} {how} worse: {} of the reads, {bound} {}, take more than {}, where {:.0} % may",
                slow(harm.estimate),
                slow(harm.low),
                trace::units::Nanos(limit).rounded(),
                share * 100.0
            );
        }
        let points = |value: f64| format!("{:.2} pp", value * 100.0).replace('-', "−");
        format!(
            "{words} {how} worse by {}, {bound} {}, where {} are allowed",
            points(harm.estimate),
            points(harm.low),
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
