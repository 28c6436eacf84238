//! What an A/B test leaves behind, in tables that share the column `test`.

use crate::table::{table, tables};

table! {
    #[doc = "One row a test: two strategies over one trace in one cell of the scenario's matrix, and the verdict."]
    AbTestRow = "ab_tests" {
        #[doc = "Names the test in all tables: the trace, then ` / cell` if there is a matrix."]
        test: String,
        #[doc = "Name of the scenario."]
        study: String,
        #[doc = "Name of the trace."]
        trace: String,
        #[doc = "Matrix cell as `path=value` pairs, or empty."]
        cell: String,
        #[doc = "Digest of the whole trace's columns."]
        trace_digest: String,
        #[doc = "Seed of the runs, of the choice of units and of the resamples."]
        seed: u64,
        #[doc = "Arm A: the baseline."]
        a: String,
        #[doc = "Arm B: the strategy tested."]
        b: String,
        #[doc = "Share of the units whose requests were simulated; 1 is all traffic."]
        traffic: f64,
        #[doc = "What a part of the traffic was chosen by: `object` or `client`."]
        by: String,
        #[doc = "Such units among the requests simulated."]
        units: u64,
        #[doc = "Requests of the whole trace, warm-up included."]
        requests_in_trace: u64,
        #[doc = "Requests simulated in each arm, warm-up included."]
        requests_simulated: u64,
        #[doc = "Reads counted, the same in both arms."]
        reads: u64,
        #[doc = "Reads counted / what a part of this share should have. Far from 1, hot units decide. 1 of all traffic."]
        share_of_expected: f64,
        #[doc = "The measure that decides, as in `ab_measures`."]
        measure: String,
        #[doc = "`ship`, `no-difference`, `worse` or `inconclusive`."]
        verdict: String,
        #[doc = "Why, in a sentence."]
        reason: String,
        #[doc = "How sure the intervals are: 0.95 is 95 %."]
        level: f64,
        #[doc = "How often this test, on this trace, finds a difference where there is none: labels A and B swapped at random in stretches of the differences freed of their mean. Should be near 1 - level. NaN where nothing was resampled."]
        aa_rate: f64,
        #[doc = "Lower end of its 95 % interval."]
        aa_low: f64,
        #[doc = "Upper end of its 95 % interval."]
        aa_high: f64,
        #[doc = "How many times the labels were swapped."]
        aa_repetitions: u64,
        #[doc = "The smallest difference that a test with so many requests finds four times in five, in the measure's unit. NaN where there is no error."]
        minimum_detectable: f64,
        #[doc = "Reads that decide four times in five if the difference is the one measured: what its distance from the nearest end of the margin takes. NaN where there is no error."]
        requests_needed: f64,
        #[doc = "What the windows of `ab_windows` hold: the measure, or of a quantile the share of reads slower than A's."]
        series: String,
    }
}

table! {
    #[doc = "One row a test and measure. Differences are B - A."]
    AbMeasureRow = "ab_measures" {
        #[doc = "Test, as in `ab_tests`."]
        test: String,
        #[doc = "`hit-ratio`, `byte-miss-ratio`, `error-ratio`, `p50`, `p95`, `p99` or `cost`."]
        measure: String,
        #[doc = "`primary`: decides; `guardrail`: must not get worse."]
        role: String,
        #[doc = "Unit of the figures: `ratio`, `ns` or `nanodollars` (a month)."]
        unit: String,
        #[doc = "Which way is better: `higher` or `lower`."]
        better: String,
        #[doc = "Value of arm A. Of a part of the traffic by objects, corrected for requests that are missing or too many."]
        a: f64,
        #[doc = "Value of arm B."]
        b: f64,
        #[doc = "B - A."]
        difference: f64,
        #[doc = "Lower end of its interval; the same as `difference` where it is exact, minus infinity where its error is not known."]
        low: f64,
        #[doc = "Upper end of its interval."]
        high: f64,
        #[doc = "What the interval rests on: `time` (blocks of time were resampled), `units and time`, `units` (objects or clients), `whole run` (exact for this trace) or `estimate` (error not known: not judged)."]
        basis: String,
        #[doc = "Two-sided p-value of \"there is no difference\"; NaN where nothing was resampled."]
        p_value: f64,
        #[doc = "Standard error of the difference; 0 where it is exact, NaN where it is not known."]
        standard_error: f64,
        #[doc = "difference / a; NaN if a is 0."]
        relative: f64,
        #[doc = "Lower end of its interval; NaN where a is too near 0."]
        relative_low: f64,
        #[doc = "Upper end of its interval."]
        relative_high: f64,
        #[doc = "Of the primary measure, how much does not matter; of a guardrail, how much worse is allowed. In the measure's unit."]
        margin: f64,
        #[doc = "Share of plausible differences by which B is better by more than the margin. NaN where the error is not known."]
        probability_better: f64,
        #[doc = "Share of plausible differences by which B is worse by more than the margin."]
        probability_worse: f64,
        #[doc = "What its own interval says. Of the primary measure `better`, `within margin`, `worse` or `unsure`; of a guardrail `holds`, `broken`, `doubtful` or `not judged`. The verdict, which rests on all of them, is in `ab_tests`."]
        result: String,
        #[doc = "Of a part of the traffic: lower end of the interval for what the whole trace would have shown, if only units are resampled. NaN otherwise."]
        whole_trace_low: f64,
        #[doc = "Upper end of that interval."]
        whole_trace_high: f64,
        #[doc = "Hodges-Lehmann estimate: median of the averages of any two windows' differences. NaN but for shares of all traffic."]
        hodges_lehmann: f64,
        #[doc = "Cliff's delta over windows: how much more often one of B is above one of A than below. NaN likewise."]
        cliffs_delta: f64,
        #[doc = "Mean length of a block of the bootstrap, in windows; 1 where units were resampled. NaN where nothing was."]
        block_length: f64,
        #[doc = "p-value by the standard error of Newey and West, a second opinion. NaN but for shares of all traffic."]
        p_newey_west: f64,
        #[doc = "p-value of the test of Diebold and Mariano, a third. NaN likewise."]
        p_diebold_mariano: f64,
    }
}

table! {
    #[doc = "One row a test and window of time: as many reads each, long enough to depend little on each other."]
    AbWindowRow = "ab_windows" {
        #[doc = "Test, as in `ab_tests`."]
        test: String,
        #[doc = "Number of the window, from 0."]
        window: u64,
        #[doc = "Arrival of its first read, in nanoseconds since the first request."]
        start_ns: u64,
        #[doc = "Reads."]
        reads: u64,
        #[doc = "Value of arm A of the series that `ab_tests` names."]
        a: f64,
        #[doc = "Value of arm B."]
        b: f64,
        #[doc = "Mean difference of the windows so far."]
        so_far: f64,
        #[doc = "Lower end of its confidence sequence, which holds at all windows at once; NaN before 20 windows."]
        low: f64,
        #[doc = "Upper end."]
        high: f64,
    }
}

table! {
    #[doc = "One row a test, arm and step of its latency: a cumulative distribution."]
    AbLatencyRow = "ab_latency" {
        #[doc = "Test, as in `ab_tests`."]
        test: String,
        #[doc = "Name of the strategy."]
        strategy: String,
        #[doc = "A latency, in nanoseconds."]
        latency_ns: u64,
        #[doc = "Share of the reads that took at most as long."]
        share: f64,
    }
}

table! {
    #[doc = "One row a test, if asked for: what a two-proportion z-test says of A over one part of the traffic and B over another, and how often it finds A to differ from itself."]
    AbNaiveRow = "ab_naive" {
        #[doc = "Test, as in `ab_tests`."]
        test: String,
        #[doc = "Share of the units in each part."]
        traffic: f64,
        #[doc = "Hit ratio of A over the first part."]
        hit_ratio_a: f64,
        #[doc = "Hit ratio of B over the second part."]
        hit_ratio_b: f64,
        #[doc = "p-value of the z-test."]
        p_value: f64,
        #[doc = "What it concludes: `better`, `worse` or `no-difference`."]
        verdict: String,
        #[doc = "Pairs of disjoint parts over which A was compared with itself."]
        aa_pairs: u64,
        #[doc = "Share of them found to differ. Should be 1 - level."]
        aa_rate: f64,
        #[doc = "Lower end of its 95 % interval, by Hoeffding's bound for shares of pairs: n parts count as n/2 independent pairs."]
        aa_low: f64,
        #[doc = "Upper end."]
        aa_high: f64,
    }
}

table! {
    #[doc = "One row a test, if asked for: how a staged rollout went."]
    AbRolloutRow = "ab_rollouts" {
        #[doc = "Test, as in `ab_tests`."]
        test: String,
        #[doc = "What went over to B one after the other: `object` or `client`."]
        by: String,
        #[doc = "`separate`: each strategy had a fleet of its own; `shared`: machines, tiers in which they are alike, and the origin were common."]
        world: String,
        #[doc = "The stages as they were asked for."]
        stages: String,
        #[doc = "`shipped`, `rolled-back` or `inconclusive`."]
        state: String,
        #[doc = "Why, in a sentence."]
        reason: String,
        #[doc = "Share of the units in the last stage that began."]
        share: f64,
        #[doc = "When it ended, in nanoseconds since the first request."]
        end_ns: u64,
        #[doc = "Reads of units while they were with B."]
        exposed_reads: u64,
        #[doc = "How many more of them the origin answered than without the rollout; below 0, fewer."]
        extra_misses: i64,
        #[doc = "How many more of them had no answer."]
        extra_errors: i64,
        #[doc = "Interference: how many more reads of units that stayed with A the origin answered than if none had gone. 0 in separate worlds."]
        stayed_misses: i64,
        #[doc = "After a rollback: how many more reads went to the origin than if the units had never left, because A had not seen them for a while; below 0 where that is outweighed by what it kept of the others meanwhile. Otherwise 0."]
        cold_misses: i64,
        #[doc = "After a rollback: what the origin charged for all these misses, in nano-dollars, for the time they took. Otherwise 0."]
        extra_nanodollars: i64,
    }
}

table! {
    #[doc = "One row a rollout and stage; two if it was held."]
    AbStageRow = "ab_stages" {
        #[doc = "Test, as in `ab_tests`."]
        test: String,
        #[doc = "Number of the stage, from 0."]
        stage: u64,
        #[doc = "Share of the units with B."]
        share: f64,
        #[doc = "`ramping`: the next stage began; `holding`: it went on for once more; `failing`: a guardrail broke; `unhealthy`: units are not spread as they should be; `shipped`: it was the last, and nothing broke; `inconclusive`: not good enough to go on."]
        state: String,
        #[doc = "Why, in words."]
        reason: String,
        #[doc = "When it began, in nanoseconds since the first request."]
        start_ns: u64,
        #[doc = "When it ended, or what went wrong was seen."]
        end_ns: u64,
        #[doc = "Reads of the units with B up to then."]
        reads: u64,
        #[doc = "What `a` and `b` are: the measure that decides if it is a share, otherwise `hit-ratio`."]
        measure: String,
        #[doc = "Its value over these reads, had the units stayed with A."]
        a: f64,
        #[doc = "Its value with B."]
        b: f64,
        #[doc = "Its value with A and memory undivided, as before the rollout; `a` is with as little memory as B has. NaN in separate worlds."]
        undivided: f64,
        #[doc = "Its value with B, had all other units been with B from the start of the trace. Less `b`: how far the stage is from a whole rollout. NaN in separate worlds."]
        everybody: f64,
        #[doc = "Reads of the units that stayed with A meanwhile; 0 in separate worlds, where nothing happens to them."]
        stayed_reads: u64,
        #[doc = "The measure over these with A and memory undivided, as before the rollout; NaN if there are none."]
        stayed_a: f64,
        #[doc = "The measure over these, beside the units with B. Less `stayed_a`: what the rollout does to others."]
        stayed_b: f64,
    }
}

table! {
    #[doc = "One row a rollout, stage and batch of reads."]
    AbBatchRow = "ab_batches" {
        #[doc = "Test, as in `ab_tests`."]
        test: String,
        #[doc = "Number of the stage, from 0."]
        stage: u64,
        #[doc = "Share of the units with B."]
        share: f64,
        #[doc = "Arrival of its first read, in nanoseconds since the first request."]
        start_ns: u64,
        #[doc = "Reads."]
        reads: u64,
        #[doc = "B - A of the measure that `ab_stages` names, over these reads."]
        difference: f64,
        #[doc = "Mean of the differences of the stage so far; NaN before 20 batches, as its ends are."]
        so_far: f64,
        #[doc = "Lower end of its confidence sequence, at a level that is shared out over the stages."]
        low: f64,
        #[doc = "Upper end."]
        high: f64,
    }
}

tables! {
    #[doc = "All tables of the tests of one study."]
    AbTests {
        #[doc = "In the order of traces and cells."]
        tests: AbTestRow,
        #[doc = "The primary measure first."]
        measures: AbMeasureRow,
        #[doc = "In order of time."]
        windows: AbWindowRow,
        #[doc = "A before B, latencies ascending."]
        latency: AbLatencyRow,
        #[doc = "Empty unless asked for."]
        naive: AbNaiveRow,
        #[doc = "Empty unless asked for."]
        rollouts: AbRolloutRow,
        #[doc = "In order of time."]
        stages: AbStageRow,
        #[doc = "In order of time."]
        batches: AbBatchRow,
    }
}
