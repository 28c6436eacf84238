//! What a rollout has cost against never having started.
//!
//! A's fleet is taken to keep its full size while units are away, so it has room for more of the others;
//! a fleet that shrinks with its traffic has more to fetch anew.

use tiers::{Ending, MONTH, NanoDollars, ReadEnd, Usage, bill};
use trace::units::Nanos;

use super::Assignment;
use super::stage::{Setting, Stage};
use crate::Error;

/// More of everything than there would have been.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Regret {
    /// Reads of the units with B that the origin answered, more than with A.
    pub(super) extra_misses: i64,
    /// Reads of them without an answer, more than with A.
    pub(super) extra_errors: i64,
    /// Reads that A's fleet sent to the origin after the units were back, more than if it had seen them
    /// all along.
    pub(super) cold_misses: i64,
    /// What the origin charged for all of these misses.
    pub(super) extra: NanoDollars,
}

impl Regret {
    /// Of the reads that were with B.
    pub(super) fn of_exposed(exposed: &Stage) -> Regret {
        let more = |ending| count(&exposed.b, ending) - count(&exposed.a, ending);
        Regret {
            extra_misses: more(Ending::Miss),
            extra_errors: more(Ending::Error),
            ..Regret::default()
        }
    }
}

/// Of a rollout that was rolled back at this request; `None` if it was stopped.
pub(super) fn of(
    setting: &Setting<'_>,
    assignment: &Assignment,
    exposed: &Stage,
    at: usize,
) -> Result<Option<Regret>, Error> {
    let taken = setting.taken;
    let away =
        |request: usize| request < at && assignment.joins_at(taken.place(request)) <= request;
    // If nothing comes after it, nothing is cold, and there is nothing to simulate.
    let is_over = at >= setting.recording.arrivals.len();
    let (without, with) = rayon::join(
        || if is_over { Ok(Some(Vec::new())) } else { setting.baseline_without(&away) },
        || setting.baseline_without(&|_| false),
    );
    let (Some(without), Some(with)) = (without?, with?) else { return Ok(None) };
    let after = |reads: &[ReadEnd]| -> Vec<ReadEnd> {
        reads.iter().filter(|read| read.request as usize >= at).copied().collect()
    };
    let (without, after_with) = (after(&without), after(&with));
    let cold_misses = count(&without, Ending::Miss) - count(&after_with, Ending::Miss);
    let mut regret = Regret { cold_misses, ..Regret::of_exposed(exposed) };
    regret.extra = extra(setting, &with, [(&exposed.a, &exposed.b), (&after_with, &without)]);
    Ok(Some(regret))
}

fn count(reads: &[ReadEnd], ending: Ending) -> i64 {
    reads.iter().filter(|read| read.ending == ending).count() as i64
}

/// The origin's bill for what it served more, at the prices that its whole traffic comes to.
fn extra(
    setting: &Setting<'_>,
    whole: &[ReadEnd],
    parts: [(&Vec<ReadEnd>, &Vec<ReadEnd>); 2],
) -> NanoDollars {
    let recording = setting.recording;
    let served = |reads: &[ReadEnd]| -> (i64, i64) {
        let missed = reads.iter().filter(|read| read.ending == Ending::Miss);
        let bytes = missed.clone().map(|read| recording.trace.size(read.request as usize) as i64);
        (missed.count() as i64, bytes.sum())
    };
    let arrivals = &recording.arrivals;
    let span = Nanos(arrivals[arrivals.len() - 1] - arrivals[0]);
    let price = &setting.strategies[0].stack.price_of_origin;
    let month = |(lookups, bytes): (i64, i64)| -> NanoDollars {
        let usage = Usage {
            span,
            scale: recording.entry.scale,
            lookups: lookups.max(0) as u64,
            bytes_out: bytes.max(0) as u64,
            ..Usage::default()
        };
        bill(price, &usage).iter().map(|item| item.month).sum()
    };
    let base = served(whole);
    let more = parts.iter().fold(base, |sum, (before, after)| {
        let (from, to) = (served(before), served(after));
        (sum.0 + to.0 - from.0, sum.1 + to.1 - from.1)
    });
    let of_month = month(more).0 - month(base).0;
    NanoDollars((of_month as f64 * span.0 as f64 / MONTH.0 as f64) as i64)
}
