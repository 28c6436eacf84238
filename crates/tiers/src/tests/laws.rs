//! What holds whatever the stack.

use proptest::prelude::*;

use super::assert_all_ended;
use super::random::{requests, run_any, stacks};
use crate::outcome::ReadEnd;
use crate::{Explained, Outcome};

/// All that is counted, for comparison.
pub(super) fn figures(outcome: &Outcome) -> impl PartialEq + std::fmt::Debug + use<> {
    let tiers: Vec<_> = outcome
        .tiers
        .iter()
        .map(|tier| {
            let reads = [tier.lookups, tier.hits, tier.delayed, tier.stale, tier.expired];
            let contents = [tier.fills, tier.evictions, tier.bypassed, tier.displaced];
            let failures = [tier.failures, tier.shed, tier.timeouts, tier.retries, tier.wasted];
            (reads, contents, failures, tier.bytes_out, tier.stations.clone())
        })
        .collect();
    let writes = [outcome.writes, outcome.written.stale_reads, outcome.written.lost];
    (tiers, writes, outcome.end, outcome.reads_ended.clone(), spent(&outcome.explained))
}

/// Every read, by number.
pub(super) fn assert_ended_as(
    outcome: &Outcome,
    expected: &[ReadEnd],
) -> Result<(), TestCaseError> {
    let mut ended = outcome.reads_ended.clone();
    ended.sort();
    for (engine, twin) in ended.iter().zip(expected) {
        prop_assert_eq!(engine, twin);
    }
    prop_assert_eq!(ended.len(), expected.len());
    Ok(())
}

fn spent(explained: &Explained) -> crate::Slowest {
    explained.slowest(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    /// Every read ends once and every nanosecond of it is explained; contents hold what they may.
    /// That no flight is left, that contents and their policies agree, and Little's law are held to
    /// by the engine itself at the end of a run.
    #[test]
    fn every_read_ends_once(
        requests in requests(60),
        stack in stacks(),
        clients in prop::option::of(1..5u32),
    ) {
        let outcome = run_any(&requests, &stack, clients);
        assert_all_ended(&outcome);
        let n_reads = requests.trace.columns().op.iter().flatten().filter(|op| **op == trace::Op::Get);
        prop_assert_eq!(outcome.reads, n_reads.count() as u64);
        let mut ended: Vec<u32> = outcome.reads_ended.iter().map(|end| end.request).collect();
        ended.sort_unstable();
        ended.dedup();
        prop_assert_eq!(ended.len() as u64, outcome.reads, "a read ended twice");
        for (tier, spec) in outcome.tiers.iter().zip(&stack.tiers) {
            prop_assert!(tier.used_bytes_max <= spec.capacity.max(tier.stations.len() as u64).max(3));
        }
    }

    #[test]
    fn the_same_run_twice_is_the_same(requests in requests(40), stack in stacks()) {
        prop_assert_eq!(
            figures(&run_any(&requests, &stack, None)),
            figures(&run_any(&requests, &stack, None))
        );
    }
}
