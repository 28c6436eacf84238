//! The result schema: what a run leaves behind, in five tables that share the column `run`.
//!
//! Only these cross from the experiment into the report. Everything in them is determined by trace,
//! scenario, seed and version; wall-clock time is kept elsewhere.

use crate::table::table;

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
        #[doc = "Simulated time from the first to the last request counted, in nanoseconds."]
        span_ns: u64,
        #[doc = "Sum of the capacities of all tiers as simulated, in bytes."]
        capacity_bytes: u64,
        #[doc = "How many requests of the real system one recorded request stands for; capacities were divided and money multiplied by it."]
        scale: f64,
        #[doc = "Reads answered by any tier before the origin."]
        hits: u64,
        #[doc = "Reads answered by the origin."]
        misses: u64,
        #[doc = "hits / (hits + misses): reads only."]
        hit_ratio: f64,
        #[doc = "Sum of the sizes of the reads answered by the origin, in bytes."]
        byte_misses: u64,
        #[doc = "byte_misses / bytes of the reads."]
        byte_miss_ratio: f64,
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
        #[doc = "Reads that reached the tier."]
        lookups: u64,
        #[doc = "Reads it answered."]
        hits: u64,
        #[doc = "Reads that found only an expired copy (among the misses)."]
        expired: u64,
        #[doc = "Bytes it answered with."]
        hit_bytes: u64,
        #[doc = "Objects filled in."]
        fills: u64,
        #[doc = "Objects evicted to make room."]
        evictions: u64,
        #[doc = "Fills turned away: larger than the capacity, or refused by the policy."]
        bypassed: u64,
        #[doc = "hits / lookups."]
        hit_ratio: f64,
        #[doc = "hits / all reads counted: the tier's part of the stacked bar."]
        share: f64,
        #[doc = "Most bytes in use at any time."]
        used_bytes_max: u64,
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
        #[doc = "`memory`, `requests` or `egress`."]
        component: String,
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
        #[doc = "Those answered before the origin."]
        hits: u64,
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

/// All tables of one scenario.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Results {
    /// One row a run.
    pub runs: Vec<RunRow>,
    /// One row a run and tier.
    pub tiers: Vec<TierRow>,
    /// One row a run, tier and component.
    pub costs: Vec<CostRow>,
    /// One row a run and window.
    pub windows: Vec<WindowRow>,
    /// The latency curves.
    pub latency: Vec<LatencyRow>,
}

impl Results {
    /// Appends the rows of other runs.
    pub fn extend(&mut self, other: Results) {
        self.runs.extend(other.runs);
        self.tiers.extend(other.tiers);
        self.costs.extend(other.costs);
        self.windows.extend(other.windows);
        self.latency.extend(other.latency);
    }
}
