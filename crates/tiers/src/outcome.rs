//! What a simulation of a stack counted.

use hdrhistogram::Histogram;
use trace::units::Nanos;

use crate::security::{ErasureOutcome, Finished, KeyCounters};
use crate::{CostItem, Explained, Peak, Stack, StationCounts, Usage, bill, tally};

/// How a read ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// A tier had a fresh copy.
    Hit,
    /// A tier was being sent the object already; the read waited for the rest of that.
    Delayed,
    /// A tier served a copy whose time was up, as it was told to.
    Stale,
    /// The origin answered.
    Miss,
    /// Nobody did.
    Error,
}

/// All endings, in the order of [`Outcome::endings`].
pub const ENDINGS: [Ending; 5] =
    [Ending::Hit, Ending::Delayed, Ending::Stale, Ending::Miss, Ending::Error];

impl Ending {
    /// In a word, for tables.
    pub fn name(self) -> &'static str {
        match self {
            Ending::Hit => "hit",
            Ending::Delayed => "delayed hit",
            Ending::Stale => "stale hit",
            Ending::Miss => "miss",
            Ending::Error => "error",
        }
    }
}

/// Counters of one tier, or of the origin, after warm-up.
#[derive(Debug, Clone)]
pub struct TierOutcome {
    /// Reads that asked it, retries and refreshes included.
    pub lookups: u64,
    /// Reads of clients it answered from a fresh copy, or the origin from its store.
    pub hits: u64,
    /// Reads it answered that had waited for another's fetch.
    pub delayed: u64,
    /// Reads it answered from a copy whose time was up.
    pub stale: u64,
    /// Reads that found only an expired copy.
    pub expired: u64,
    /// Expired copies that were found without a lookup, warm-up included.
    pub swept: u64,
    /// Bytes it answered clients with.
    pub hit_bytes: u64,
    /// Bytes it answered with in all, to clients and to refreshes.
    pub bytes_out: u64,
    /// Objects filled in.
    pub fills: u64,
    /// Their bytes.
    pub fill_bytes: u64,
    /// Objects evicted.
    pub evictions: u64,
    /// Fills turned away by the policy or because of their size.
    pub bypassed: u64,
    /// Objects that came from the tier above because it evicted them, or were demoted to this one.
    pub demotions: u64,
    /// Objects that were removed here because they left a tier below, or moved up or down.
    pub displaced: u64,
    /// Objects that went from one of its nodes to another, warm-up included.
    pub migrated: u64,
    /// Their bytes.
    pub migrated_bytes: u64,
    /// Copies removed or renewed by writes and purges.
    pub invalidations: u64,
    /// Purges it was asked for, each of one object or pattern, whether it had copies or not.
    pub purges: u64,
    /// Processor time spent on encryption, in nanoseconds.
    pub cpu_ns: u64,
    /// Writes it took: of clients at the tier that takes them, of dirty objects at the origin.
    pub writes: u64,
    /// Fetches that nobody waited for, to renew a copy.
    pub refreshes: u64,
    /// Tries that failed: down, cut off, shed, timed out, or answered with an error.
    pub failures: u64,
    /// Of these, how many were turned away by a full queue.
    pub shed: u64,
    /// Of these, how many were given up after the time limit.
    pub timeouts: u64,
    /// Failed tries that were sent again.
    pub retries: u64,
    /// Legs of races that were asked in vain: another had answered.
    pub wasted: u64,
    /// Legs of races withdrawn from a queue in time.
    pub cancelled: u64,
    /// Most bytes in use at any time, warm-up included.
    pub used_bytes_max: u64,
    /// Bytes in use, integrated over the time counted, in byte-seconds.
    pub used_byte_seconds: f64,
    /// Latency of the reads it answered, from arrival to answer, in nanoseconds.
    pub latency: Histogram<u64>,
    /// Its stations, warm-up included; empty if it has no queues.
    pub stations: Vec<StationCounts>,
    /// What these are called, in the same order.
    pub station_names: Vec<String>,
    /// Servers over all its stations; 0 if it has no queues.
    pub servers: u64,
    /// Nodes, each with contents of its own; 0 for the origin.
    pub n_nodes: u64,
    /// Stations: machines or sites that answer.
    pub n_stations: u64,
    /// What its keys did; `None` if its copies are not sealed.
    pub encryption: Option<EncryptionOutcome>,
}

/// What the keys of a tier did, after warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EncryptionOutcome {
    /// What they were used for. The most messages of a key are of the whole run.
    pub keys: KeyCounters,
    /// Times that all of them were changed by schedule.
    pub rotations: u64,
    /// Most bytes at any time that nonces and tags took, warm-up included.
    pub extra_bytes_max: u64,
}

/// What one tier did in one stretch of time.
#[derive(Debug, Clone, Default)]
pub struct TierWindow {
    /// Times it was asked.
    pub lookups: u64,
    /// Reads it answered.
    pub answers: u64,
    /// Bytes it answered with.
    pub bytes_out: u64,
    /// Time its servers were busy with requests that started in the stretch, in nanoseconds.
    pub busy_ns: u64,
    /// Most requests that waited at one of its stations.
    pub queue_max: u64,
    /// Failed tries.
    pub failures: u64,
}

/// Reads that arrived in one stretch of time.
#[derive(Debug, Clone)]
pub struct Window {
    /// Start, in nanoseconds since the first arrival.
    pub start: Nanos,
    /// Reads, by how they ended, in the order of [`ENDINGS`].
    pub endings: [u64; 5],
    /// Their latency, to two significant digits.
    pub latency: Histogram<u64>,
    /// By tier, the origin last: what happened in the stretch, whenever the reads arrived.
    pub tiers: Vec<TierWindow>,
}

impl Window {
    /// Reads.
    pub fn requests(&self) -> u64 {
        self.endings.iter().sum()
    }

    /// Those answered from a copy at once, fresh or stale.
    pub fn hits(&self) -> u64 {
        self.endings[Ending::Hit as usize] + self.endings[Ending::Stale as usize]
    }
}

/// What writes did, after warm-up.
#[derive(Debug, Clone)]
pub struct WriteOutcome {
    /// From arrival to acknowledgement, in nanoseconds.
    pub latency: Histogram<u64>,
    /// Writes that failed.
    pub failures: u64,
    /// Reads answered with an older version than the last one acknowledged before they arrived.
    pub stale_reads: u64,
    /// Most bytes at any time that only a tier had and the origin had not, warm-up included.
    pub dirty_bytes_max: u64,
    /// Acknowledged writes that were lost with a tier, warm-up included.
    pub lost: u64,
    /// Their bytes.
    pub lost_bytes: u64,
}

impl TierOutcome {
    pub(crate) fn new() -> Self {
        TierOutcome {
            lookups: 0,
            hits: 0,
            delayed: 0,
            stale: 0,
            expired: 0,
            swept: 0,
            hit_bytes: 0,
            bytes_out: 0,
            fills: 0,
            fill_bytes: 0,
            evictions: 0,
            bypassed: 0,
            demotions: 0,
            displaced: 0,
            migrated: 0,
            migrated_bytes: 0,
            invalidations: 0,
            purges: 0,
            cpu_ns: 0,
            writes: 0,
            refreshes: 0,
            failures: 0,
            shed: 0,
            timeouts: 0,
            retries: 0,
            wasted: 0,
            cancelled: 0,
            used_bytes_max: 0,
            used_byte_seconds: 0.0,
            latency: tally::empty(3),
            stations: Vec::new(),
            station_names: Vec::new(),
            servers: 0,
            n_nodes: 0,
            n_stations: 0,
            encryption: None,
        }
    }

    /// Reads it answered, however.
    pub fn answers(&self) -> u64 {
        self.hits + self.delayed + self.stale
    }
}

/// Everything a simulation counted.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// A tier each, in order, the origin last.
    pub tiers: Vec<TierOutcome>,
    /// Reads counted.
    pub reads: u64,
    /// Their bytes.
    pub read_bytes: u64,
    /// Reads counted, by how they ended, in the order of [`ENDINGS`].
    pub endings: [u64; 5],
    /// Bytes of the reads that the origin answered.
    pub miss_bytes: u64,
    /// Latency of the reads counted by how they ended, in the order of [`ENDINGS`].
    pub ending_latency: Vec<Histogram<u64>>,
    /// Writes and deletes counted.
    pub writes: u64,
    /// What they did.
    pub written: WriteOutcome,
    /// Simulated time from the first to the last arrival counted; in a closed loop, from the first to
    /// the end of the last.
    pub span: Nanos,
    /// Simulated time from the first arrival to the last event of a request: longer than the span of
    /// all arrivals by what was still under way. Faults and upkeep after it do not count.
    pub end: Nanos,
    /// Latency of all reads counted, from arrival to answer or error, in nanoseconds.
    pub latency: Histogram<u64>,
    /// By region of the trace, its latency; empty if the trace has none.
    pub regions: Vec<Histogram<u64>>,
    /// Length of a window.
    pub window: Nanos,
    /// All reads, warm-up included, by arrival.
    pub windows: Vec<Window>,
    /// Where the time went, by latency.
    pub explained: Explained,
    /// Most requests under way at once.
    pub in_flight_max: u64,
    /// What became of requests to erase, warm-up included, with times since the first arrival.
    pub erasure: Option<ErasureOutcome>,
    /// The audit log, warm-up included.
    pub audit: Option<Finished>,
    /// Every read in order of arrival, warm-up included; empty unless the run
    /// [keeps them](crate::Run::keep_reads).
    pub read_ends: Vec<ReadEnd>,
}

/// How one read ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReadEnd {
    /// Which request of the trace.
    pub request: u32,
    /// How it ended.
    pub ending: Ending,
    /// Which tier answered, the origin being the last; `None` after an error.
    pub tier: Option<u8>,
    /// From intended arrival to answer, in nanoseconds.
    pub latency: u64,
}

impl Outcome {
    /// What the origin counted.
    pub fn origin(&self) -> &TierOutcome {
        self.tiers.last().expect("the origin is always there")
    }

    /// Reads that ended so.
    pub fn ended(&self, ending: Ending) -> u64 {
        self.endings[ending as usize]
    }

    /// Reads answered from a copy at once, fresh or stale.
    pub fn hits(&self) -> u64 {
        self.ended(Ending::Hit) + self.ended(Ending::Stale)
    }

    /// Share of reads answered from a copy at once; 0 of none.
    pub fn hit_ratio(&self) -> f64 {
        if self.reads == 0 { 0.0 } else { self.hits() as f64 / self.reads as f64 }
    }

    /// Share of reads that had an answer; 1 of none.
    pub fn availability(&self) -> f64 {
        let errors = self.ended(Ending::Error);
        if self.reads == 0 { 1.0 } else { 1.0 - errors as f64 / self.reads as f64 }
    }

    /// A month's cost of each tier, the origin last. If the reads span no time there is no rate, and
    /// traffic costs are left out.
    pub fn cost(&self, stack: &Stack) -> Vec<Vec<CostItem>> {
        (0..self.tiers.len())
            .map(|tier| {
                let spec = stack.tiers.get(tier);
                let price = spec.map_or(&stack.origin.price, |spec| &spec.price);
                bill(
                    price,
                    &self.usage(tier, spec.map_or(0, |spec| spec.priced_bytes), stack.scale),
                )
            })
            .collect()
    }

    /// What a tier used, for its bill.
    fn usage(&self, number: usize, provisioned_bytes: u64, scale: f64) -> Usage {
        let tier = &self.tiers[number];
        let below: u64 = self.tiers[number + 1..].iter().map(|tier| tier.lookups).sum();
        let is_last = number + 2 == self.tiers.len();
        Usage {
            span: self.span,
            scale,
            provisioned_bytes,
            used_byte_seconds: tier.used_byte_seconds,
            n_nodes: if tier.n_stations > 1 { tier.n_stations } else { 0 },
            replicas: (tier.n_stations / tier.n_nodes.max(1)).saturating_sub(1),
            lookups: tier.lookups,
            fills: tier.fills,
            writes: tier.writes,
            bytes_out: tier.bytes_out,
            bytes_in: tier.fill_bytes,
            origin_fetches: if is_last { below } else { 0 },
            purges: tier.purges,
            cpu_ns: tier.cpu_ns,
            peak_lookups_per_second: self.peak(number, |window| window.lookups),
            peak_bytes_per_second: self.peak(number, |window| window.bytes_out),
            migrated_bytes: tier.migrated_bytes,
            ..Usage::default()
        }
    }

    fn peak(&self, tier: usize, count: impl Fn(&TierWindow) -> u64) -> Peak {
        let counts: Vec<u64> = self.windows.iter().map(|w| count(&w.tiers[tier])).collect();
        Peak::of(&counts, self.window)
    }
}
