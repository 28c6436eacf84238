//! The result tables of erasure and encryption; empty if a scenario has neither.

use crate::table::table;

table! {
    #[doc = "One row a run of a scenario with `[erasure]`: whether requests to erase were obeyed."]
    ErasureRow = "erasures" {
        #[doc = "Run, as in `results`."]
        run: String,
        #[doc = "How long tiers refuse erased versions after their purge, in nanoseconds; 0 if they do not."]
        tombstone_ns: u64,
        #[doc = "Requests to erase, warm-up included, as everything here."]
        requests: u64,
        #[doc = "Objects they erase, each counted for each of them."]
        objects: u64,
        #[doc = "Requests whose last tier had not purged when the run ended."]
        incomplete: u64,
        #[doc = "Median time from a request to the purge of its last tier, in nanoseconds (nearest rank); 0 of none."]
        time_to_erasure_ns_p50: u64,
        #[doc = "99th percentile of it, in nanoseconds (nearest rank); 0 of none."]
        time_to_erasure_ns_p99: u64,
        #[doc = "Fills of erased versions into tiers that had purged them."]
        reinserted: u64,
        #[doc = "Such fills that a tombstone refused."]
        refused: u64,
        #[doc = "Reads of erased versions between the request and its completion."]
        read_before_completion: u64,
        #[doc = "Reads of erased versions after completion: each breaks the promise."]
        violations: u64,
        #[doc = "Answers with erased versions that reached their client after completion; those that are no violations were read before it."]
        delivered_after_completion: u64,
        #[doc = "Copies of erased versions left at the end, over all tiers."]
        residual_end: u64,
        #[doc = "The longest that a tier took to purge, in nanoseconds."]
        longest_purge_ns: u64,
        #[doc = "The longest from the arrival of a read to its answer, in nanoseconds. A tombstone longer than this and the longest purge together leaves no way back."]
        longest_flight_ns: u64,
        #[doc = "1 if every request was completed, nothing erased was read afterwards, and no copy is left; else 0."]
        holds: u64,
    }
}

table! {
    #[doc = "One row a run with erasure and a tier; the origin erases at once."]
    ErasureTierRow = "erasure_tiers" {
        #[doc = "Run, as in `results`."]
        run: String,
        #[doc = "Name of the tier."]
        tier: String,
        #[doc = "Requests for which it purged."]
        requests: u64,
        #[doc = "Median time from a request to the purge, in nanoseconds (nearest rank); 0 of none."]
        time_to_purge_ns_p50: u64,
        #[doc = "99th percentile of it, in nanoseconds (nearest rank); 0 of none."]
        time_to_purge_ns_p99: u64,
        #[doc = "Copies that purges removed or made unreadable."]
        removed: u64,
        #[doc = "Most copies at any time whose erasure was asked for."]
        residual_max: u64,
        #[doc = "Such copies left at the end."]
        residual_end: u64,
        #[doc = "Fills of erased versions after its purge."]
        reinserted: u64,
        #[doc = "Such fills that a tombstone refused."]
        refused: u64,
        #[doc = "Reads of erased versions here after completion."]
        violations: u64,
    }
}

table! {
    #[doc = "Copies left whose erasure is asked for: one row a run, tier and change, thinned to the peaks where there are many."]
    ResidueRow = "erasure_residue" {
        #[doc = "Run, as in `results`."]
        run: String,
        #[doc = "Name of the tier."]
        tier: String,
        #[doc = "Since the first arrival, in nanoseconds."]
        time_ns: u64,
        #[doc = "Copies from then on."]
        copies: u64,
    }
}

table! {
    #[doc = "One row a run and tier whose copies are sealed, after warm-up."]
    EncryptionRow = "encryption" {
        #[doc = "Run, as in `results`."]
        run: String,
        #[doc = "Name of the tier."]
        tier: String,
        #[doc = "Copies sealed, those sealed anew included."]
        seals: u64,
        #[doc = "Copies opened, those to be sealed anew included."]
        opens: u64,
        #[doc = "Copies sealed anew after their key had changed."]
        reseals: u64,
        #[doc = "Keys derived."]
        derivations: u64,
        #[doc = "Times that all keys were changed by schedule, warm-up included."]
        rotations: u64,
        #[doc = "Keys that sealed as many messages as they may and were replaced."]
        exhausted: u64,
        #[doc = "Processor time of all of this, in nanoseconds."]
        cpu_ns: u64,
        #[doc = "Most bytes at any time that nonces and tags took, warm-up included."]
        extra_bytes_max: u64,
    }
}
