//! What erasure and encryption counted, as rows, and what the reader of them should know.

use frames::{EncryptionRow, ErasureRow, ErasureTierRow, ResidueRow};
use tiers::security::{ErasureOutcome, TierErasure, nearest_rank};
use tiers::{Outcome, Stack};
use trace::units::Nanos;

use super::Counted;

/// Changes of a tier's residual copies that are kept as they are; of more, the peaks.
const MOST_CHANGES: usize = 2_000;

impl Counted<'_> {
    pub(super) fn erasures(&self) -> Vec<ErasureRow> {
        let erasure = self.outcome.erasure.iter();
        erasure.map(|erasure| of_run(self.run, self.stack, erasure)).collect()
    }

    pub(super) fn erasure_tiers(&self) -> Vec<ErasureTierRow> {
        let Some(erasure) = &self.outcome.erasure else { return Vec::new() };
        let row = |tier| of_tier(self.run, self.tier_name(tier), erasure, tier);
        (0..self.stack.tiers.len()).map(row).collect()
    }

    pub(super) fn erasure_residue(&self) -> Vec<ResidueRow> {
        let Some(erasure) = &self.outcome.erasure else { return Vec::new() };
        let rows = |(number, tier): (usize, &TierErasure)| {
            let row = |(time_ns, copies)| ResidueRow {
                run: self.run.to_string(),
                tier: self.tier_name(number).to_string(),
                time_ns,
                copies,
            };
            thinned(&tier.residual).into_iter().map(row).collect::<Vec<_>>()
        };
        erasure.tiers.iter().enumerate().flat_map(rows).collect()
    }

    pub(super) fn encryption(&self) -> Vec<EncryptionRow> {
        let sealed = self.caches().enumerate().filter_map(|(i, tier)| Some((i, tier.encryption?)));
        sealed
            .map(|(number, counted)| EncryptionRow {
                run: self.run.to_string(),
                tier: self.tier_name(number).to_string(),
                seals: counted.keys.seals,
                opens: counted.keys.opens,
                reseals: counted.keys.reseals,
                derivations: counted.keys.derivations,
                rotations: counted.rotations,
                exhausted: counted.keys.exhausted,
                cpu_ns: counted.keys.cpu_ns,
                extra_bytes_max: counted.extra_bytes_max,
            })
            .collect()
    }
}

fn of_run(run: &str, stack: &Stack, erasure: &ErasureOutcome) -> ErasureRow {
    let asked = || erasure.requests.iter().filter(|request| request.asked.is_some());
    let times = erasure.times_to_erasure_ns();
    let tombstone = stack.erasure.as_ref().and_then(|erasure| erasure.spec.tombstone);
    ErasureRow {
        run: run.to_string(),
        tombstone_ns: tombstone.map_or(0, |tombstone| tombstone.0),
        requests: asked().count() as u64,
        objects: asked().map(|request| request.n_objects).sum(),
        incomplete: erasure.n_incomplete() as u64,
        time_to_erasure_ns_p50: nearest_rank(&times, 0.5).unwrap_or(0),
        time_to_erasure_ns_p99: nearest_rank(&times, 0.99).unwrap_or(0),
        reinserted: asked().map(|request| request.reinserted).sum(),
        refused: asked().map(|request| request.refused).sum(),
        read_before_completion: asked().map(|request| request.read_before_completion).sum(),
        violations: erasure.n_violations(),
        delivered_after_completion: asked().map(|r| r.delivered_after_completion).sum(),
        residual_end: erasure.tiers.iter().map(|tier| tier.residual_now()).sum(),
        longest_purge_ns: erasure.longest_purge_ns(),
        longest_flight_ns: erasure.longest_flight_ns,
        holds: u64::from(erasure.holds()),
    }
}

fn of_tier(run: &str, name: &str, erasure: &ErasureOutcome, number: usize) -> ErasureTierRow {
    let tier = &erasure.tiers[number];
    let times = erasure.times_to_purge_ns(number);
    ErasureTierRow {
        run: run.to_string(),
        tier: name.to_string(),
        requests: times.len() as u64,
        time_to_purge_ns_p50: nearest_rank(&times, 0.5).unwrap_or(0),
        time_to_purge_ns_p99: nearest_rank(&times, 0.99).unwrap_or(0),
        removed: tier.removed,
        residual_max: tier.residual_max(),
        residual_end: tier.residual_now(),
        reinserted: tier.reinserted,
        refused: tier.refused,
        violations: tier.violations,
    }
}

/// Of many changes those with the most copies in each of some hundred stretches, and the last.
fn thinned(changes: &[(u64, u64)]) -> Vec<(u64, u64)> {
    if changes.len() <= MOST_CHANGES {
        return changes.to_vec();
    }
    let stretches = changes.chunks(changes.len().div_ceil(MOST_CHANGES));
    let mut kept: Vec<_> = stretches
        .filter_map(|stretch| stretch.iter().copied().max_by_key(|(_, copies)| *copies))
        .collect();
    kept.extend(changes.last().filter(|last| kept.last() != Some(last)).copied());
    kept
}

/// What the reader of a run's erasure should know.
pub(crate) fn notes(run: &str, stack: &Stack, outcome: &Outcome) -> Vec<String> {
    let (Some(erasure), Some(spec)) = (&outcome.erasure, &stack.erasure) else {
        return Vec::new();
    };
    let mut notes = Vec::new();
    if erasure.requests.iter().all(|request| request.asked.is_none()) {
        notes.push(format!("{run}: no request to erase came before the last arrival."));
    } else if erasure.requests.iter().all(|request| request.n_objects == 0) {
        notes.push(format!(
            "{run}: no request to erase found an object; do the patterns fit the keys of the trace?"
        ));
    }
    let needed = Nanos(erasure.tombstone_needed_ns());
    let longest = format!(
        "the longest purge ({}) and the longest read ({}) together",
        Nanos(erasure.longest_purge_ns()).rounded(),
        Nanos(erasure.longest_flight_ns).rounded()
    );
    match spec.spec.tombstone {
        Some(tombstone) if tombstone < needed => notes.push(format!(
            "{run}: the tombstone of {tombstone} is not longer than {longest}, so erased versions may come back."
        )),
        None => notes.push(format!(
            "{run}: tiers keep no tombstones, so erased versions may come back; longer than {longest} would be enough."
        )),
        Some(_) => {}
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_changes_stay_and_of_many_the_peaks_and_the_end_do() {
        let few: Vec<_> = (0..2_000).map(|t| (t, t % 7)).collect();
        assert_eq!(thinned(&few), few);
        let mut many: Vec<_> = (0..50_000).map(|t| (t, t % 7)).collect();
        many[31_000].1 = 99;
        many.push((60_000, 0));
        let thin = thinned(&many);
        assert!(thin.len() <= MOST_CHANGES + 1 && thin.is_sorted_by_key(|(t, _)| *t));
        assert!(thin.contains(&(31_000, 99)) && thin.last() == Some(&(60_000, 0)));
    }
}
