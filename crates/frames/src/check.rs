//! What the gate found: a row a figure, and a row a cause.

use crate::table::table;

table! {
    #[doc = "One row a figure that `check` judged: a metric of a run against its baseline or a limit."]
    CheckRow = "check" {
        #[doc = "`regressed`, `broken` (a limit), `incomparable`, `inconclusive`, `improved`, `denied` (improved, which is denied), `allowed` (changed, but by no more than is allowed), `same`, or `held` (a limit)."]
        status: String,
        #[doc = "Name of the trace."]
        trace: String,
        #[doc = "Name of the strategy; of a flat study, the policy."]
        strategy: String,
        #[doc = "Cell of the matrix; of a flat study, the capacity as written. May be empty."]
        cell: String,
        #[doc = "The metric: a column of `results`, or of `tiers` after the name of a tier and a dot."]
        metric: String,
        #[doc = "`baseline` or `limit`: what it is held against."]
        against: String,
        #[doc = "`ratio`, `count`, `B`, `ns`, `n$` (nano-dollars) and so on: what the values are in."]
        unit: String,
        #[doc = "`higher`, `lower`, or `neither`: which way is better."]
        better: String,
        #[doc = "Value of the baseline, or the limit; not a number if there is none."]
        expected: f64,
        #[doc = "Value now."]
        actual: f64,
        #[doc = "actual - expected."]
        change: f64,
        #[doc = "change / expected; not a number if that is 0."]
        relative: f64,
        #[doc = "What is allowed, in words."]
        allowed: String,
        #[doc = "Why it is judged so, in words; may be empty."]
        reason: String,
        #[doc = "Line of the baseline file that says what was expected; 0 if none does."]
        line: u64,
    }
}

table! {
    #[doc = "One row a part of a change: what one group of requests has to do with it."]
    CauseRow = "causes" {
        #[doc = "Name of the trace."]
        trace: String,
        #[doc = "Name of the strategy; of a flat study, the policy."]
        strategy: String,
        #[doc = "Cell of the matrix; of a flat study, the capacity as written. May be empty."]
        cell: String,
        #[doc = "The metric whose change is explained."]
        metric: String,
        #[doc = "What is counted to explain it, in words."]
        measure: String,
        #[doc = "What the measure is in, as in `check`."]
        unit: String,
        #[doc = "How requests are grouped: `window`, `answer`, `size`, `popularity`, or `bill`."]
        by: String,
        #[doc = "The group."]
        group: String,
        #[doc = "The measure in the run of the baseline."]
        before: f64,
        #[doc = "The measure now."]
        after: f64,
        #[doc = "after - before."]
        change: f64,
        #[doc = "The change in words."]
        reason: String,
    }
}
