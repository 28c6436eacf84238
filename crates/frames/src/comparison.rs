//! What a comparison of policies over traces and sizes leaves behind: counts, what they come to, and
//! what may be concluded from them.

use crate::table::{table, tables};

table! {
    #[doc = "One row a cell of a comparison: one policy at one size over one trace."]
    CellRow = "cells" {
        #[doc = "Name of the trace."]
        trace: String,
        #[doc = "Digest of the trace's columns."]
        trace_digest: String,
        #[doc = "Family of the trace: traces of one source, which are one observation together. By default each trace is its own."]
        family: String,
        #[doc = "The policy as written, parameters and all."]
        policy: String,
        #[doc = "`yes` if the policy knows the future, and is a bound rather than a rival; otherwise `no`."]
        clairvoyant: String,
        #[doc = "The size as written, such as `1%`."]
        size: String,
        #[doc = "Capacity that the size means for this trace, in `unit`."]
        capacity: u64,
        #[doc = "`objects` or `bytes`: what capacity and sizes count."]
        unit: String,
        #[doc = "Seed of policies that draw."]
        seed: u64,
        #[doc = "Requests: the denominator of the miss ratio."]
        requests: u64,
        #[doc = "Distinct objects of the trace."]
        objects: u64,
        #[doc = "Requests whose object was resident."]
        hits: u64,
        #[doc = "Requests whose object was not."]
        misses: u64,
        #[doc = "misses / requests."]
        miss_ratio: f64,
        #[doc = "Sum of the sizes of the requests, in bytes (of 1 each where capacities count objects)."]
        bytes: u64,
        #[doc = "Sum of the sizes of the misses, in bytes."]
        byte_misses: u64,
        #[doc = "byte_misses / bytes."]
        byte_miss_ratio: f64,
        #[doc = "Misses on objects larger than the capacity."]
        oversized: u64,
        #[doc = "Misses on objects that the policy would not have."]
        refused: u64,
        #[doc = "How many fewer misses than the baseline has, as a share of the larger of the two: (b - m) / max(b, m), from -1 to 1."]
        reduction: f64,
        #[doc = "The part of the way from the baseline to Belady's optimum: (b - m) / (b - optimum). NaN where capacities count bytes, so that Belady is no optimum, and where the baseline is optimal."]
        gap_closed: f64,
    }
}

table! {
    #[doc = "One row a policy and size of a comparison: how its reductions are spread over the traces. Percentiles are interpolated between the nearest two traces."]
    LeaderRow = "leaders" {
        #[doc = "The size as written, such as `1%`."]
        size: String,
        #[doc = "The policy as written, parameters and all."]
        policy: String,
        #[doc = "`yes` if the policy knows the future, and is a bound rather than a rival; otherwise `no`."]
        clairvoyant: String,
        #[doc = "Traces compared."]
        traces: u64,
        #[doc = "Mean over the traces of `reduction` in `cells`."]
        reduction_mean: f64,
        #[doc = "10th percentile of it."]
        reduction_p10: f64,
        #[doc = "25th percentile of it."]
        reduction_p25: f64,
        #[doc = "Median of it."]
        reduction_p50: f64,
        #[doc = "75th percentile of it."]
        reduction_p75: f64,
        #[doc = "90th percentile of it."]
        reduction_p90: f64,
        #[doc = "Traces on which no rival has fewer misses; shared wins count for all who share them. 0 for bounds."]
        wins: u64,
        #[doc = "Mean of `gap_closed` in `cells`, over the traces that have it; NaN if none has."]
        gap_closed_mean: f64,
        #[doc = "10th percentile of it."]
        gap_closed_p10: f64,
        #[doc = "25th percentile of it."]
        gap_closed_p25: f64,
        #[doc = "Median of it."]
        gap_closed_p50: f64,
        #[doc = "75th percentile of it."]
        gap_closed_p75: f64,
        #[doc = "90th percentile of it."]
        gap_closed_p90: f64,
        #[doc = "Traces that have it."]
        gap_closed_traces: u64,
    }
}

table! {
    #[doc = "One row a size of a comparison: do the policies differ at all? The rows of the tests are families of traces, their value the mean `reduction` of the family; bounds take no part. With fewer than six families all figures of tests are NaN."]
    TestRow = "tests" {
        #[doc = "The size as written, such as `1%`."]
        size: String,
        #[doc = "Traces compared."]
        traces: u64,
        #[doc = "Families of traces: the observations."]
        families: u64,
        #[doc = "Policies ranked, the baseline among them."]
        policies: u64,
        #[doc = "Friedman's statistic, corrected for ties."]
        friedman_chi_squared: f64,
        #[doc = "Its p-value by the chi-squared law."]
        friedman_chi_squared_p: f64,
        #[doc = "Iman's and Davenport's statistic; infinite if all families agree."]
        friedman_f: f64,
        #[doc = "Its p-value by the F law: the one to go by."]
        friedman_p: f64,
        #[doc = "Nemenyi's critical difference of mean ranks at 5 %."]
        critical_difference: f64,
        #[doc = "Reductions closer to each other than this do not matter: the region of practical equivalence, to both sides of 0."]
        rope: f64,
    }
}

table! {
    #[doc = "One row a policy and size of a comparison: how it stands over the families of traces, and against the baseline. Bounds have none. What needs six families is NaN with fewer."]
    StandingRow = "standings" {
        #[doc = "The size as written, such as `1%`."]
        size: String,
        #[doc = "The policy as written, parameters and all."]
        policy: String,
        #[doc = "Mean over the families of its rank; 1 is the best."]
        mean_rank: f64,
        #[doc = "Mean over the families of the mean `reduction` of each: families weigh the same."]
        reduction: f64,
        #[doc = "Lower end of its 95 % interval, by a studentised bootstrap over the families."]
        reduction_low: f64,
        #[doc = "Upper end of it."]
        reduction_high: f64,
        #[doc = "Lower end of the interval that holds for all policies at once, which is what the best of many is judged by."]
        reduction_low_of_many: f64,
        #[doc = "Upper end of it."]
        reduction_high_of_many: f64,
        #[doc = "p-value of `no difference to the baseline in the mean`, corrected for the number of policies (max-t, stepping down)."]
        p_of_many: f64,
        #[doc = "p-value of Wilcoxon's signed-rank test against the baseline."]
        wilcoxon_p: f64,
        #[doc = "It, corrected by Holm for the number of policies."]
        wilcoxon_p_holm: f64,
        #[doc = "Share of that test's ranks that speak for it: above 0.5 it is the better one. The mean may say otherwise where a family is far from the others."]
        wilcoxon_for: f64,
        #[doc = "Probability that it is better than the baseline by more than the region of practical equivalence (Bayesian signed-rank test)."]
        better: f64,
        #[doc = "Probability that the difference does not matter."]
        same: f64,
        #[doc = "Probability that it is worse by more than the region."]
        worse: f64,
        #[doc = "Families in which it is better than the baseline by more than the region."]
        wins: u64,
        #[doc = "Families in which the difference does not matter."]
        ties: u64,
        #[doc = "Families in which it is worse by more than the region."]
        losses: u64,
        #[doc = "The policy is in the 95 % model confidence set, and may be the best, if this is above 0.05."]
        best_p: f64,
        #[doc = "Mean over the families of the mean `gap_closed` of each; NaN if none has it."]
        gap_closed: f64,
    }
}

table! {
    #[doc = "One row a pair of policies and size of a comparison with at least six families: which of the two is better?"]
    PairRow = "pairs" {
        #[doc = "The size as written, such as `1%`."]
        size: String,
        #[doc = "The first policy."]
        a: String,
        #[doc = "The second policy."]
        b: String,
        #[doc = "Mean over the families of the reduction of `b` less that of `a`: above 0, `b` is better."]
        difference: f64,
        #[doc = "p-value of Wilcoxon's signed-rank test."]
        wilcoxon_p: f64,
        #[doc = "It, corrected by Holm for all pairs of this size."]
        wilcoxon_p_holm: f64,
        #[doc = "p-value by the mean ranks (Nemenyi), adjusted for all pairs."]
        nemenyi_p: f64,
    }
}

table! {
    #[doc = "One row a policy, size and family of a comparison: how it does against the baseline on the traces of the family."]
    FamilyRow = "families" {
        #[doc = "The size as written, such as `1%`."]
        size: String,
        #[doc = "The policy as written, parameters and all."]
        policy: String,
        #[doc = "Family of traces."]
        family: String,
        #[doc = "Traces of it on which the policy is better than the baseline by more than the region of practical equivalence."]
        wins: u64,
        #[doc = "Traces on which the difference does not matter."]
        ties: u64,
        #[doc = "Traces on which it is worse by more than the region."]
        losses: u64,
        #[doc = "Mean `reduction` over the traces."]
        reduction: f64,
    }
}

tables! {
    #[doc = "The tables of one comparison."]
    Comparison {
        #[doc = "By trace, then size, then policy, each in the order given."]
        cells: CellRow,
        #[doc = "By size, then from the highest mean reduction to the lowest, families weighing the same."]
        leaders: LeaderRow,
        #[doc = "By size as given."]
        tests: TestRow,
        #[doc = "By size, then from the best mean rank to the worst."]
        standings: StandingRow,
        #[doc = "By size, then as in the standings."]
        pairs: PairRow,
        #[doc = "By size, policy, then family as first met."]
        families: FamilyRow,
    }
}
