//! One strategy over a part of the traffic.

use std::ops::ControlFlow;

use hdrhistogram::Histogram;
use tiers::{NanoDollars, Outcome, ReadEnd, Run, Stack};

use super::part::Part;
use crate::rows::run_name;
use crate::{Error, Resolved, ResolvedStrategy};

/// What a strategy did.
pub(super) struct Arm {
    /// How each read counted ended, in order of arrival: the same reads in both arms.
    pub(super) reads: Vec<ReadEnd>,
    /// What it would cost a month.
    pub(super) cost: NanoDollars,
    /// Latency of the reads counted.
    pub(super) latency: Histogram<u64>,
    /// Highest share of time that the servers of a tier were busy, and which tier; `None` if nothing has
    /// servers.
    #[cfg(test)]
    pub(super) saturation: f64,
}

/// Simulates it; `None` if it was stopped.
pub(super) fn simulate(
    study: &Resolved,
    part: &Part<'_>,
    strategy: &ResolvedStrategy,
    progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Option<Arm>, Error> {
    let stack = part.stack(study, strategy)?;
    let run = Run {
        warmup: part.warmup,
        n_windows: study.windows as usize,
        closed_loop: study.closed_loop,
        keep_reads: true,
        ..Run::new(&part.trace, &part.arrivals, &stack, study.seed)
    };
    let outcome = tiers::simulate(&run, progress)
        .map_err(|source| Error::Stack { run: run_name(strategy, part.trace.name()), source })?;
    let _ = progress(part.trace.n_requests());
    Ok(outcome.map(|outcome| Arm::of(outcome, &stack, part.warmup)))
}

impl Arm {
    fn of(mut outcome: Outcome, stack: &Stack, warmup: usize) -> Arm {
        let mut reads = std::mem::take(&mut outcome.read_ends);
        let counted = reads.partition_point(|read| (read.request as usize) < warmup);
        reads.drain(..counted);
        let cost = outcome.cost(stack).iter().flatten().map(|item| item.month).sum();
        Arm {
            reads,
            cost,
            #[cfg(test)]
            saturation: saturation(&outcome),
            latency: outcome.latency,
        }
    }
}

/// Highest share of time that the servers of a tier were busy.
#[cfg(test)]
fn saturation(outcome: &Outcome) -> f64 {
    let of_tier = |tier: &tiers::TierOutcome| {
        let busy: u64 = tier.stations.iter().map(|station| station.busy_ns).sum();
        busy as f64 / (tier.servers.max(1) as f64 * outcome.end.0.max(1) as f64)
    };
    outcome.tiers.iter().map(of_tier).fold(0.0, f64::max)
}
