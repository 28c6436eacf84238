//! What a rollout has cost against never having started.
//!
//! In separate worlds, A's fleet is taken to keep its full size while units are away, so it has room for more
//! of the others; a fleet that shrinks with its traffic has more to fetch anew. In a shared world what comes
//! back finds its part of A's memory empty, since B had it; to see only that, memory is divided in what it is
//! compared with, too.

use tiers::{Ending, MONTH, NanoDollars, ReadEnd, Usage, bill};

use super::assignment::Assignment;
use super::plan::World;
use super::stage::{Reads, Setting, Stage};
use crate::Error;

/// More of everything than there would have been.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Regret {
    /// Reads of the units with B that the origin answered, more than with A.
    pub(super) extra_misses: i64,
    /// Reads of them without an answer, more than with A.
    pub(super) extra_errors: i64,
    /// Reads of the units that stayed with A that the origin answered, more than if none had gone.
    pub(super) stayed_misses: i64,
    /// Reads that A sent to the origin after the units were back, more than if they had been with it all
    /// along.
    pub(super) cold_misses: i64,
    /// What the origin charged for all of these misses.
    pub(super) extra: NanoDollars,
}

impl Regret {
    /// Of the reads while units were with B.
    pub(super) fn of_exposed(exposed: &Stage) -> Regret {
        Regret {
            extra_misses: more(&exposed.moved, Ending::Miss),
            extra_errors: more(&exposed.moved, Ending::Error),
            stayed_misses: more(&exposed.stayed, Ending::Miss),
            ..Regret::default()
        }
    }
}

/// How many more ended so.
fn more(reads: &Reads, ending: Ending) -> i64 {
    let count = |reads: &[ReadEnd]| reads.iter().filter(|read| read.ending == ending).count();
    count(&reads.b) as i64 - count(&reads.a) as i64
}

/// Of a rollout that was rolled back at this request, from the stage of this share; `None` if it was stopped.
pub(super) fn of(
    setting: &Setting<'_>,
    share: f64,
    assignment: &Assignment,
    exposed: &Stage,
    at: usize,
) -> Result<Option<Regret>, Error> {
    let ends = match setting.world {
        World::Separate => separate(setting, assignment, at)?,
        World::Shared => shared(setting, share, assignment, at)?,
    };
    let Some(Reads { a: never, b: back }) = ends else { return Ok(None) };
    let after = |reads: &[ReadEnd]| -> Vec<ReadEnd> {
        reads.iter().filter(|read| read.request as usize >= at).copied().collect()
    };
    let cold = Reads { a: after(&never), b: after(&back) };
    let mut regret = Regret::of_exposed(exposed);
    regret.cold_misses = more(&cold, Ending::Miss);
    regret.extra = extra(setting, &never, &[&exposed.moved, &exposed.stayed, &cold]);
    Ok(Some(regret))
}

/// A's fleet over the whole trace, and without the reads that were with B.
fn separate(
    setting: &Setting<'_>,
    assignment: &Assignment,
    at: usize,
) -> Result<Option<Reads>, Error> {
    let taken = setting.taken;
    let back = assignment.taken_back_at(at);
    let away = |request: usize| back.is_with_b(taken.place(request), request);
    // If nothing comes after it, nothing is cold, and there is nothing to simulate.
    let is_over = at >= setting.recording.arrivals.len();
    let (with, without) = rayon::join(
        || setting.baseline_without(&|_| false),
        || if is_over { Ok(Some(Vec::new())) } else { setting.baseline_without(&away) },
    );
    Ok(with?.zip(without?).map(|(a, b)| Reads { a, b }))
}

/// A in divided memory over the whole trace, and with units that went and came back.
fn shared(
    setting: &Setting<'_>,
    share: f64,
    assignment: &Assignment,
    at: usize,
) -> Result<Option<Reads>, Error> {
    let (never, back) = rayon::join(
        || setting.shared_to_the_end(share, &Assignment::default()),
        || setting.shared_to_the_end(share, &assignment.taken_back_at(at)),
    );
    Ok(never?.zip(back?).map(|(a, b)| Reads { a, b }))
}

/// The origin's bill for what it served more, at the prices that its whole traffic comes to.
fn extra(setting: &Setting<'_>, whole: &[ReadEnd], parts: &[&Reads]) -> NanoDollars {
    let recording = setting.recording;
    let served = |reads: &[ReadEnd]| -> (i64, i64) {
        let missed = reads.iter().filter(|read| read.ending == Ending::Miss);
        let bytes = missed.clone().map(|read| recording.trace.size(read.request as usize) as i64);
        (missed.count() as i64, bytes.sum())
    };
    let span = recording.span();
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
    let more = parts.iter().fold(base, |sum, reads| {
        let (from, to) = (served(&reads.a), served(&reads.b));
        (sum.0 + to.0 - from.0, sum.1 + to.1 - from.1)
    });
    let of_month = month(more).0 - month(base).0;
    NanoDollars((of_month as f64 * span.0 as f64 / MONTH.0 as f64) as i64)
}
