//! The result schema: what a run leaves behind, in tables that share the column `run`. The figures a
//! reader asks for first are here, those that explain them in [`detail`](crate::detail).
//!
//! Only these cross from the experiment into the report. Everything in them is determined by trace,
//! scenario, seed and version; wall-clock time is kept elsewhere.

use crate::detail::{FaultRow, QuantileRow, SpentRow, StationRow, TierWindowRow, WriteRow};
use crate::security::{EncryptionRow, ErasureRow, ErasureTierRow, ResidueRow};
use crate::table::{table, tables};

/// Version of the schema, written into every file. It rises when a column changes its meaning or
/// goes; new columns do not raise it.
pub const SCHEMA_VERSION: u32 = 1;

table! {
    #[doc = "One row a run: one strategy over one trace in one cell of the scenario's matrix."]
    RunRow = "results" {
        #[doc = "Names the run in all tables: `strategy / trace`, then ` / cell` if there is a matrix."]
        run: String,
        #[doc = "Name of the scenario."]
        study: String,
        #[doc = "Name of the strategy: a whole configuration of the stack."]
        strategy: String,
        #[doc = "Name of the trace."]
        trace: String,
        #[doc = "Matrix cell as `path=value` pairs, or empty."]
        cell: String,
        #[doc = "Digest of the trace's columns."]
        trace_digest: String,
        #[doc = "Seed of the run."]
        seed: u64,
        #[doc = "Requests replayed, warm-up included."]
        requests_replayed: u64,
        #[doc = "Requests counted, after warm-up: reads, writes and deletes."]
        requests: u64,
        #[doc = "Distinct objects of the trace."]
        objects: u64,
        #[doc = "Sum of the sizes of the reads counted, in bytes."]
        bytes: u64,
        #[doc = "Simulated time from the first to the last request counted, in nanoseconds; in a closed loop, from the first of them to the end of the last. Rates and money are by this time."]
        span_ns: u64,
        #[doc = "Sum of the capacities of all tiers as simulated, in bytes."]
        capacity_bytes: u64,
        #[doc = "How many requests of the real system one recorded request stands for; capacities were divided and money multiplied by it."]
        scale: f64,
        #[doc = "Reads among the requests counted: the denominator of all ratios of reads."]
        reads: u64,
        #[doc = "Reads answered at once from a copy in a tier, fresh or stale: `fresh_hits` + `stale_hits`. Delayed hits are not among them."]
        hits: u64,
        #[doc = "Reads answered at once from a fresh copy: strict hits."]
        fresh_hits: u64,
        #[doc = "Reads answered from a copy whose time was up, as the scenario allows: stale-while-revalidate, or stale-if-error after a failed fetch."]
        stale_hits: u64,
        #[doc = "Reads that found their object being fetched for an earlier one and waited for the rest of that fetch."]
        delayed_hits: u64,
        #[doc = "Reads answered by the origin. fresh_hits + stale_hits + delayed_hits + misses + errors = reads."]
        misses: u64,
        #[doc = "Reads that nobody answered: every try failed, and no copy past its time would do."]
        errors: u64,
        #[doc = "hits / reads: the object hit ratio."]
        hit_ratio: f64,
        #[doc = "fresh_hits / reads."]
        fresh_hit_ratio: f64,
        #[doc = "stale_hits / reads."]
        stale_hit_ratio: f64,
        #[doc = "delayed_hits / reads."]
        delayed_hit_ratio: f64,
        #[doc = "misses / reads."]
        miss_ratio: f64,
        #[doc = "errors / reads."]
        error_ratio: f64,
        #[doc = "Share of the reads that had an answer: 1 - error_ratio."]
        availability: f64,
        #[doc = "Sum of the sizes of the reads answered by the origin, in bytes."]
        byte_misses: u64,
        #[doc = "byte_misses / bytes of the reads."]
        byte_miss_ratio: f64,
        #[doc = "Bytes of the reads that a tier answered / bytes of the reads. Delayed hits are in it, since the origin sent their bytes once for all who waited."]
        byte_hit_ratio: f64,
        #[doc = "Cost-weighted hit ratio: 1 - what the origin charges by use (requests, processed, egress) for the reads that no tier answered / what it would charge for all reads. With prices that do not fall with volume, each read so has the weight of its price of a request + its price of a byte x size. Not a number if the origin charges nothing by use. A trace's own miss penalties are not used."]
        cost_hit_ratio: f64,
        #[doc = "Latency-weighted hit ratio, the share of time saved: 1 - the time of the reads that had an answer / the time they would have taken if each took the mean of `misses`. A delayed hit counts for the part it saved; below 0, the tiers cost more time than they save. Not a number without misses."]
        latency_hit_ratio: f64,
        #[doc = "Writes and deletes among the requests counted."]
        writes: u64,
        #[doc = "Mean latency of reads, from intended arrival to answer, in nanoseconds (to three significant digits, as all latencies)."]
        latency_ns_mean: f64,
        #[doc = "Median latency of reads, in nanoseconds."]
        latency_ns_p50: u64,
        #[doc = "90th percentile of the latency of reads, in nanoseconds."]
        latency_ns_p90: u64,
        #[doc = "95th percentile of the latency of reads, in nanoseconds."]
        latency_ns_p95: u64,
        #[doc = "99th percentile of the latency of reads, in nanoseconds."]
        latency_ns_p99: u64,
        #[doc = "99.9th percentile of the latency of reads, in nanoseconds."]
        latency_ns_p999: u64,
        #[doc = "Largest latency of a read, in nanoseconds."]
        latency_ns_max: u64,
        #[doc = "Reads that had an answer / span_ns, a second. The loop is open, so where servers cannot keep up this is still the rate of arrivals, answered late: `saturation` tells, and `answers` in `tier_windows`."]
        answers_per_second: f64,
        #[doc = "The highest `saturation` of any tier in `tiers`; 0 if nothing has servers."]
        saturation: f64,
        #[doc = "The tier that has it; empty if nothing has servers."]
        saturation_tier: String,
        #[doc = "Most requests under way at once, warm-up included."]
        in_flight_max: u64,
        #[doc = "Simulated time from the first arrival to the last event of a request, warm-up included, in nanoseconds."]
        end_ns: u64,
        #[doc = "Cost of an hour at the simulated rates, in nano-dollars: a 720th of the month's."]
        cost_nanodollars_hour: i64,
        #[doc = "Cost of a day at the simulated rates, in nano-dollars: a 30th of the month's."]
        cost_nanodollars_day: i64,
        #[doc = "Cost of 30 days at the simulated rates, in nano-dollars."]
        cost_nanodollars_month: i64,
    }
}

table! {
    #[doc = "One row a run and tier, the origin last."]
    TierRow = "tiers" {
        #[doc = "Run, as in `results`."]
        run: String,
        #[doc = "Name of the tier; the last is `origin`."]
        tier: String,
        #[doc = "Distance from the client, from 0."]
        position: u64,
        #[doc = "Policy with the parameters given; empty for the origin."]
        policy: String,
        #[doc = "Capacity as simulated, in bytes; 0 for the origin."]
        capacity_bytes: u64,
        #[doc = "Reads that asked the tier; retries and the fetches that renew a copy are among them."]
        lookups: u64,
        #[doc = "Reads it answered at once from a copy, fresh or stale; the origin, from its store. Delayed hits are not among them."]
        hits: u64,
        #[doc = "Those of the hits whose copy was past its time."]
        stale_hits: u64,
        #[doc = "Reads it answered that had waited here for another's fetch."]
        delayed_hits: u64,
        #[doc = "Reads that found only an expired copy (among the misses)."]
        expired: u64,
        #[doc = "Expired copies whose memory was given back without a lookup, warm-up included."]
        swept: u64,
        #[doc = "Bytes it answered reads with."]
        hit_bytes: u64,
        #[doc = "Bytes it sent in all: to reads, and to fetches that renew a copy."]
        bytes_out: u64,
        #[doc = "Objects filled in."]
        fills: u64,
        #[doc = "Their bytes."]
        fill_bytes: u64,
        #[doc = "Objects evicted to make room."]
        evictions: u64,
        #[doc = "Fills turned away: larger than the capacity, or refused by the policy."]
        bypassed: u64,
        #[doc = "Objects that came down from the tier above, because it evicted them or by the rule of demotion."]
        demotions: u64,
        #[doc = "Objects removed because they left a tier below, or moved up or down."]
        displaced: u64,
        #[doc = "Objects that went from one of its nodes to another, warm-up included."]
        migrated: u64,
        #[doc = "Their bytes."]
        migrated_bytes: u64,
        #[doc = "Copies that writes and purges removed or renewed."]
        invalidations: u64,
        #[doc = "Purges it was asked for, whether it had copies or not."]
        purges: u64,
        #[doc = "Processor time spent on encryption, in nanoseconds."]
        cpu_ns: u64,
        #[doc = "Writes it took: of clients where they go, of dirty objects at the origin."]
        writes: u64,
        #[doc = "Fetches that nobody waited for, to renew a copy."]
        refreshes: u64,
        #[doc = "Tries that failed: down, cut off, shed, timed out, or answered with an error."]
        failures: u64,
        #[doc = "Those of the failures that a full queue turned away."]
        shed: u64,
        #[doc = "Those of the failures given up after the time limit."]
        timeouts: u64,
        #[doc = "Failed tries that were sent again."]
        retries: u64,
        #[doc = "Legs of races that were asked in vain: another had answered."]
        wasted: u64,
        #[doc = "Legs of races withdrawn from a queue in time."]
        cancelled: u64,
        #[doc = "Failed tries / all tries, of reads, writes and refreshes; warm-up included."]
        failure_ratio: f64,
        #[doc = "hits / lookups."]
        hit_ratio: f64,
        #[doc = "(hits + delayed_hits) / all reads counted: the tier's part of the stacked bar. What is missing to 1 over all tiers had no answer."]
        share: f64,
        #[doc = "Reads it answered / span_ns, a second."]
        answers_per_second: f64,
        #[doc = "Nodes, each with contents of its own; 0 for the origin."]
        nodes: u64,
        #[doc = "Stations: machines or sites that answer."]
        stations: u64,
        #[doc = "Servers over all its stations; 0 if it answers any number at once."]
        servers: u64,
        #[doc = "Time its servers were busy / (servers x time from the first arrival to the last event of a request); warm-up included, 0 without servers."]
        saturation: f64,
        #[doc = "The same in the busiest window of `tier_windows`. Service counts where it begins, so it can exceed 1 where it lasts longer than a window."]
        saturation_max: f64,
        #[doc = "Most requests that waited at one of its stations, warm-up included."]
        queue_max: u64,
        #[doc = "Most bytes in use at any time, warm-up included."]
        used_bytes_max: u64,
        #[doc = "Bytes in use, summed over the time counted, in byte-seconds."]
        used_byte_seconds: f64,
        #[doc = "Median latency of the reads it answered, in nanoseconds."]
        latency_ns_p50: u64,
        #[doc = "99th percentile of the latency of the reads it answered, in nanoseconds."]
        latency_ns_p99: u64,
    }
}

table! {
    #[doc = "One row a run, tier and cost component."]
    CostRow = "costs" {
        #[doc = "Run, as in `results`."]
        run: String,
        #[doc = "Name of the tier."]
        tier: String,
        #[doc = "Line of the price: `fee`, `memory`, `nodes`, `memory-used`, `requests`, `writes`, `processed`, `egress`, `ingress`, `cross-zone`, `migration`, `fetches`, `purges`, `compute`, `peak-requests`, `peak-egress`, or `minimum`, what the others fall short of it."]
        component: String,
        #[doc = "Cost of an hour at the simulated rates, in nano-dollars: a 720th of the month's."]
        nanodollars_hour: i64,
        #[doc = "Cost of a day at the simulated rates, in nano-dollars: a 30th of the month's."]
        nanodollars_day: i64,
        #[doc = "Cost of 30 days at the simulated rates, in nano-dollars."]
        nanodollars_month: i64,
    }
}

table! {
    #[doc = "One row a run and window of simulated time."]
    WindowRow = "windows" {
        #[doc = "Run, as in `results`."]
        run: String,
        #[doc = "Number of the window, from 0; warm-up included."]
        window: u64,
        #[doc = "Start of the window since the first request, in nanoseconds."]
        start_ns: u64,
        #[doc = "Reads that arrived in it."]
        requests: u64,
        #[doc = "Those answered at once from a copy in a tier, fresh or stale."]
        hits: u64,
        #[doc = "Those of the hits whose copy was past its time."]
        stale_hits: u64,
        #[doc = "Those that waited for another's fetch."]
        delayed_hits: u64,
        #[doc = "Those answered by the origin."]
        misses: u64,
        #[doc = "Those that nobody answered."]
        errors: u64,
        #[doc = "Median of their latency, in nanoseconds, to two significant digits."]
        latency_ns_p50: u64,
        #[doc = "99th percentile of their latency, in nanoseconds, to two significant digits."]
        latency_ns_p99: u64,
    }
}

table! {
    #[doc = "The latency distribution of a run's reads: one row a step of the cumulative curve."]
    LatencyRow = "latency" {
        #[doc = "Run, as in `results`."]
        run: String,
        #[doc = "Latency, in nanoseconds."]
        latency_ns: u64,
        #[doc = "Share of reads at most this long."]
        cumulative: f64,
    }
}

table! {
    #[doc = "One row a flat replay: one policy at one capacity over one trace."]
    ReplayRow = "replay" {
        #[doc = "Name of the trace."]
        trace: String,
        #[doc = "Name of the policy."]
        policy: String,
        #[doc = "Parameters given, as a JSON object; the rest have their defaults."]
        parameters: String,
        #[doc = "Capacity, in `unit`."]
        capacity: u64,
        #[doc = "`objects` or `bytes`: what capacity and sizes count."]
        unit: String,
        #[doc = "Requests counted, after warm-up: the denominator of the miss ratio."]
        requests: u64,
        #[doc = "Distinct objects of the trace."]
        objects: u64,
        #[doc = "Requests whose object was resident."]
        hits: u64,
        #[doc = "Requests whose object was not."]
        misses: u64,
        #[doc = "misses / requests."]
        miss_ratio: f64,
        #[doc = "Sum of the sizes of the requests, in bytes (of 1 each where the trace has no sizes)."]
        bytes: u64,
        #[doc = "Sum of the sizes of the misses, in bytes."]
        byte_misses: u64,
        #[doc = "byte_misses / bytes."]
        byte_miss_ratio: f64,
        #[doc = "Misses on objects larger than the capacity."]
        oversized: u64,
        #[doc = "Misses on objects that the policy would not have."]
        refused: u64,
        #[doc = "Admission policy with the parameters given; empty if there was none."]
        admission: String,
        #[doc = "Misses on objects that the admission policy turned away."]
        denied: u64,
        #[doc = "Prefetcher with the parameters given; empty if there was none."]
        prefetch: String,
        #[doc = "Objects brought in unasked, after warm-up."]
        prefetches: u64,
        #[doc = "Sum of their sizes, in bytes."]
        prefetch_bytes: u64,
        #[doc = "Prefetches whose object was asked for before it left."]
        prefetches_used: u64,
        #[doc = "Prefetches whose object left unused: pollution. The rest were unused and resident at the end."]
        prefetches_unused: u64,
        #[doc = "prefetches_used / prefetches; 0 of none."]
        prefetch_accuracy: f64,
        #[doc = "prefetches_used / (prefetches_used + misses): the share of misses spared, if each use counts as one; 0 of none."]
        prefetch_coverage: f64,
        #[doc = "Wall-clock time of the run, in seconds; differs from run to run."]
        seconds: f64,
    }
}

table! {
    #[doc = "One row a point of a miss-ratio curve: one policy at one capacity over one trace."]
    CurveRow = "curves" {
        #[doc = "Name of the trace."]
        trace: String,
        #[doc = "Policy with the parameters given."]
        policy: String,
        #[doc = "`exact`, `shards`, `shards-fixed-size` or `mini`; of `mini`, points without an interval are exact replays."]
        method: String,
        #[doc = "Capacity, in `unit`."]
        capacity: u64,
        #[doc = "`objects` or `bytes`: what capacity and sizes count."]
        unit: String,
        #[doc = "capacity / the distinct objects, or the footprint."]
        share: f64,
        #[doc = "Misses / requests, or its estimate: object misses, from an empty cache on."]
        miss_ratio: f64,
        #[doc = "Lower end of the 95 % interval; the miss ratio if it is exact."]
        low: f64,
        #[doc = "Upper end of the 95 % interval; the miss ratio if it is exact."]
        high: f64,
        #[doc = "Requests of the trace."]
        requests: u64,
        #[doc = "Distinct objects of the trace."]
        objects: u64,
    }
}

table! {
    #[doc = "One row a window length: how many objects are in use."]
    FootprintRow = "footprint" {
        #[doc = "Name of the trace."]
        trace: String,
        #[doc = "Length of the window, in requests."]
        window: u64,
        #[doc = "Distinct objects in a window, on average over all windows of this length."]
        objects: f64,
    }
}

table! {
    #[doc = "One row a bucket of a histogram of how far apart the uses of objects are."]
    ReuseRow = "reuse" {
        #[doc = "Name of the trace."]
        trace: String,
        #[doc = "`time`: requests from one for an object to the next for it; `distance`: the least LRU capacity at which a request hits, in `unit`."]
        measure: String,
        #[doc = "`requests`, `objects` or `bytes`."]
        unit: String,
        #[doc = "Least value of the bucket."]
        from: u64,
        #[doc = "First value above it."]
        to: u64,
        #[doc = "Requests in the bucket; first requests for an object are in none."]
        requests: u64,
        #[doc = "requests / all requests of the trace."]
        share: f64,
    }
}

table! {
    #[doc = "One row an object of those kept of a ranking by popularity."]
    RankRow = "popularity" {
        #[doc = "Name of the trace."]
        trace: String,
        #[doc = "Rank of the object: 1 is requested most."]
        rank: u64,
        #[doc = "Requests for it."]
        requests: u64,
        #[doc = "Requests by Zipf's law as fitted to the popular objects; not a number where the law describes nothing."]
        fitted: f64,
        #[doc = "The exponent fitted; not a number if there is none."]
        exponent: f64,
    }
}

/// What is known of the curves of some traces.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Curves {
    /// Miss-ratio curves, by trace, policy and capacity.
    pub curves: Vec<CurveRow>,
    /// Working-set curves.
    pub footprint: Vec<FootprintRow>,
    /// Histograms of reuse.
    pub reuse: Vec<ReuseRow>,
    /// Popularity.
    pub ranks: Vec<RankRow>,
}

tables! {
    #[doc = "All tables of one scenario."]
    Results {
        #[doc = "One row a run."]
        runs: RunRow,
        #[doc = "One row a run and tier."]
        tiers: TierRow,
        #[doc = "One row a run, tier and component."]
        costs: CostRow,
        #[doc = "One row a run and window."]
        windows: WindowRow,
        #[doc = "The latency curves."]
        latency: LatencyRow,
        #[doc = "Quantiles of latency with their intervals."]
        quantiles: QuantileRow,
        #[doc = "Where the time of reads went."]
        spent: SpentRow,
        #[doc = "What the stations did."]
        stations: StationRow,
        #[doc = "What each tier did in each window."]
        tier_windows: TierWindowRow,
        #[doc = "What writes did."]
        writes: WriteRow,
        #[doc = "What went wrong by schedule, and what came of it."]
        faults: FaultRow,
        #[doc = "Whether requests to erase were obeyed."]
        erasures: ErasureRow,
        #[doc = "How each tier obeyed."]
        erasure_tiers: ErasureTierRow,
        #[doc = "Copies left whose erasure is asked for."]
        erasure_residue: ResidueRow,
        #[doc = "What sealing copies took."]
        encryption: EncryptionRow,
    }
}

impl Results {
    /// Leaves the rows of the runs whose names `keep` likes.
    pub fn retain_runs(&mut self, keep: impl Fn(&str) -> bool) {
        // Every table is named, so that a new one is not forgotten.
        let Results {
            runs,
            tiers,
            costs,
            windows,
            latency,
            quantiles,
            spent,
            stations,
            tier_windows,
            writes,
            faults,
            erasures,
            erasure_tiers,
            erasure_residue,
            encryption,
        } = self;
        runs.retain(|row| keep(&row.run));
        tiers.retain(|row| keep(&row.run));
        costs.retain(|row| keep(&row.run));
        windows.retain(|row| keep(&row.run));
        latency.retain(|row| keep(&row.run));
        quantiles.retain(|row| keep(&row.run));
        spent.retain(|row| keep(&row.run));
        stations.retain(|row| keep(&row.run));
        tier_windows.retain(|row| keep(&row.run));
        writes.retain(|row| keep(&row.run));
        faults.retain(|row| keep(&row.run));
        erasures.retain(|row| keep(&row.run));
        erasure_tiers.retain(|row| keep(&row.run));
        erasure_residue.retain(|row| keep(&row.run));
        encryption.retain(|row| keep(&row.run));
    }
}
