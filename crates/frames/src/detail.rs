//! The tables that explain the figures of [`results`](crate::results): how the latencies are spread,
//! where the time went, what servers, writes and faults did.

use crate::table::table;

table! {
    #[doc = "One row a quantile of a distribution of latencies, with the interval that order statistics give it."]
    QuantileRow = "quantiles" {
        #[doc = "Run, as in `results`."]
        run: String,
        #[doc = "What it is the latency of: `run` (all reads), `tier` (the reads it answered), `region` (its reads), `ending` (the reads that ended so) or `writes`."]
        scope: String,
        #[doc = "Name of the tier, region or ending (`hit`, `delayed hit`, `stale hit`, `miss`, `error`); otherwise empty."]
        name: String,
        #[doc = "The quantile, from 0 to 1: 0.99 is p99."]
        quantile: f64,
        #[doc = "Its value, in nanoseconds, to three significant digits: at least this share of the latencies is at most so long."]
        value: u64,
        #[doc = "Lower end of its 95 % interval, in nanoseconds: the l-th smallest latency, l the largest number with P(B < l) <= 2.5 %, B binomial with n and the quantile (Conover, Practical Nonparametric Statistics, 3rd ed. 1999, 3.2). It holds for n independent draws; latencies that depend on each other, as in a queue, spread wider. Not a number if n is too small for one."]
        low: f64,
        #[doc = "Upper end: the u-th smallest, u the smallest number with P(B >= u) <= 2.5 %. Not a number if n is too small for one."]
        high: f64,
        #[doc = "Latencies there are."]
        n: u64,
    }
}

table! {
    #[doc = "One row a run, group of reads and tier: where the time of the reads went. queued + served + joined + lost over all tiers, and the timers, make up the latency to the nanosecond."]
    SpentRow = "spent" {
        #[doc = "Run, as in `results`."]
        run: String,
        #[doc = "Which reads: `all`, or the `slowest`, those that took about p99 and longer. They are told by classes of latency an eighth of a doubling wide, so the group begins at most 12.5 % below p99 and holds a little more than 1 % of the reads."]
        group: String,
        #[doc = "The reads of the group took at least this long, in nanoseconds."]
        from_ns: u64,
        #[doc = "How many they are."]
        reads: u64,
        #[doc = "Their latencies, summed, in nanoseconds."]
        latency_ns: u64,
        #[doc = "Of that, waiting for the timer of the leg of a race that answered. The same in each row of the group."]
        timer_ns: u64,
        #[doc = "Name of the tier."]
        tier: String,
        #[doc = "Waiting for one of its servers, in nanoseconds."]
        queued_ns: u64,
        #[doc = "Being answered by it, or told that it does not have the object."]
        served_ns: u64,
        #[doc = "Waiting there for another's fetch."]
        joined_ns: u64,
        #[doc = "On tries there that failed: time-outs, errors, the pauses before a retry."]
        lost_ns: u64,
        #[doc = "Reads of the group that this tier answered."]
        answered: u64,
    }
}

table! {
    #[doc = "One row a run, tier and station: servers before a queue of their own. Warm-up is included. Tiers that answer any number at once have none."]
    StationRow = "stations" {
        #[doc = "Run, as in `results`."]
        run: String,
        #[doc = "Name of the tier."]
        tier: String,
        #[doc = "Number of the station in its tier, from 0."]
        station: u64,
        #[doc = "What faults in a scenario call it: `shard-0-master`, `fastly/fra`; its number where machines have no names."]
        name: String,
        #[doc = "Its servers."]
        servers: u64,
        #[doc = "Requests it served."]
        served: u64,
        #[doc = "Those of them that had to wait."]
        waited: u64,
        #[doc = "Requests turned away because the queue was full."]
        shed: u64,
        #[doc = "shed / (served + shed)."]
        shed_ratio: f64,
        #[doc = "Time its servers were busy, summed over servers, in nanoseconds."]
        busy_ns: u64,
        #[doc = "Time requests waited, in nanoseconds, summed; those that gave up are among them."]
        wait_ns: u64,
        #[doc = "wait_ns / served."]
        wait_ns_mean: f64,
        #[doc = "Most requests that waited at once."]
        queue_max: u64,
        #[doc = "served / time from the first arrival to the last event, a second."]
        served_per_second: f64,
        #[doc = "busy_ns / (servers x time from the first arrival to the last event)."]
        saturation: f64,
    }
}

table! {
    #[doc = "One row a run, tier and window: what the tier did in it, whenever the requests arrived. The last window holds all that came after the last arrival."]
    TierWindowRow = "tier_windows" {
        #[doc = "Run, as in `results`."]
        run: String,
        #[doc = "Name of the tier."]
        tier: String,
        #[doc = "Number of the window, as in `windows`."]
        window: u64,
        #[doc = "Start of the window since the first request, in nanoseconds."]
        start_ns: u64,
        #[doc = "Its length, in nanoseconds; the last one ends with the last event."]
        length_ns: u64,
        #[doc = "Times the tier was asked: reads, writes, retries, refreshes."]
        lookups: u64,
        #[doc = "Reads it answered."]
        answers: u64,
        #[doc = "Bytes it sent."]
        bytes_out: u64,
        #[doc = "Time its servers were busy with requests that they began in the window / (servers x length); 0 without servers."]
        busy_share: f64,
        #[doc = "Most requests that waited at one of its stations."]
        queue_max: u64,
        #[doc = "Tries that failed."]
        failures: u64,
    }
}

table! {
    #[doc = "One row a run that has writes and does not ignore them."]
    WriteRow = "writes" {
        #[doc = "Run, as in `results`."]
        run: String,
        #[doc = "Writes and deletes counted."]
        writes: u64,
        #[doc = "Those of them that failed."]
        failures: u64,
        #[doc = "failures / writes."]
        failure_ratio: f64,
        #[doc = "Mean time from arrival to acknowledgement, in nanoseconds; more in `quantiles`."]
        latency_ns_mean: f64,
        #[doc = "Median of it, in nanoseconds."]
        latency_ns_p50: u64,
        #[doc = "99th percentile of it, in nanoseconds."]
        latency_ns_p99: u64,
        #[doc = "Reads answered with an older version than the last one acknowledged before they arrived."]
        stale_reads: u64,
        #[doc = "stale_reads / reads."]
        stale_read_ratio: f64,
        #[doc = "Most bytes at any time that a tier had and the origin had not yet, warm-up included."]
        dirty_bytes_max: u64,
        #[doc = "Acknowledged writes that were lost with a tier, warm-up included."]
        lost: u64,
        #[doc = "Their bytes."]
        lost_bytes: u64,
    }
}

table! {
    #[doc = "One row a run and fault of its schedule, and how the hit ratio took it. It is seen by windows: what is shorter than one does not show, and the window of a fault is the first of which most comes after it."]
    FaultRow = "faults" {
        #[doc = "Run, as in `results`."]
        run: String,
        #[doc = "When, since the first request, in nanoseconds."]
        at_ns: u64,
        #[doc = "Name of the tier."]
        tier: String,
        #[doc = "What happened, in words."]
        what: String,
        #[doc = "Hits / reads of the whole windows before it, at most ten, back to the fault before it. For what ends a fault (up again, healed ...) that of the fault it ends. Not a number if there was no such window, and then neither is what follows."]
        hit_ratio_before: f64,
        #[doc = "Lowest hit ratio of a window from the fault's until the recovery."]
        hit_ratio_low: f64,
        #[doc = "From the fault to the start of the first window that is back within 1 point of `hit_ratio_before`, in nanoseconds; 0 if neither the fault's window nor the next falls further than that. Not a number if no window is back before the end."]
        recovery_ns: f64,
        #[doc = "Requests that the origin had in the windows from the fault's until the recovery, or the end, beyond what the reads of these windows would have caused at the rate before: its requests a read. 0 if there was nothing to recover from."]
        extra_origin_fetches: f64,
    }
}
