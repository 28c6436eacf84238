//! Counts what happens in a run: the only writer of [`Outcome`].
//!
//! What belongs to a request counts if the request comes after the warm-up; the series count all.

use cache::Filled;
use trace::units::Nanos;

use crate::arrivals::span;
use crate::explain::Explained;
use crate::flight::{Flight, Leg, Purpose};
use crate::outcome::{ENDINGS, Ending, ReadEnd, TierWindow, WriteOutcome};
use crate::tally::{self, Tally};
use crate::{Outcome, Run, TierOutcome, Window};

/// The tally of each ending, and of each tier that answered so; errors are put down to the first.
type ByEnding = [Vec<Tally>; ENDINGS.len()];

pub(crate) struct Recorder<'a> {
    run: &'a Run<'a>,
    /// What is counted as it comes. Reads by how they ended are sums of `reads`, made at the end.
    outcome: Outcome,
    reads: ByEnding,
    by_region: Vec<Tally>,
    writes: Tally,
    windows: Vec<WindowReads>,
    /// Window by window, tier by tier.
    tier_windows: Vec<TierWindow>,
    start: u64,
    /// When the first request that counts arrived.
    counts_from: u64,
    window_ns: u64,
    /// Number of the window looked for last, and when it starts.
    window: usize,
    window_start: u64,
    regions: Option<&'a [u32]>,
    requests: u64,
    /// Mean time from the miss of a tier to the answer from below, if a tier refreshes early.
    fetches: Vec<(f64, f64)>,
    times_fetches: bool,
}

/// Reads that arrived in a window.
#[derive(Clone)]
struct WindowReads {
    endings: [u64; ENDINGS.len()],
    latency: Tally,
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(run: &'a Run<'a>, n_tiers: usize) -> Self {
        let warm = run.warmup.min(run.arrivals.len());
        let n_windows = run.n_windows.max(1);
        let regions = run.trace.columns().region.as_ref();
        let n_regions = regions.map_or(0, |regions| regions.names.len());
        let start = run.arrivals.first().copied().unwrap_or(0);
        let window_ns = span(run.arrivals).0 / n_windows as u64 + 1;
        Recorder {
            run,
            outcome: Outcome {
                tiers: (0..n_tiers).map(|_| TierOutcome::new()).collect(),
                reads: 0,
                read_bytes: 0,
                endings: [0; ENDINGS.len()],
                miss_bytes: 0,
                ending_latency: Vec::new(),
                writes: 0,
                written: WriteOutcome {
                    latency: tally::empty(3),
                    failures: 0,
                    stale_reads: 0,
                    dirty_bytes_max: 0,
                    lost: 0,
                    lost_bytes: 0,
                },
                span: span(&run.arrivals[warm..]),
                end: Nanos(0),
                latency: tally::empty(3),
                regions: Vec::new(),
                window: Nanos(window_ns),
                windows: Vec::new(),
                explained: Explained::new(n_tiers),
                in_flight_max: 0,
                erasure: None,
                audit: None,
                read_ends: Vec::new(),
            },
            reads: ENDINGS.map(|_| vec![Tally::new(3); n_tiers]),
            by_region: vec![Tally::new(3); n_regions],
            writes: Tally::new(3),
            windows: vec![
                WindowReads { endings: [0; ENDINGS.len()], latency: Tally::new(2) };
                n_windows
            ],
            tier_windows: vec![TierWindow::default(); n_windows * n_tiers],
            start,
            counts_from: 0,
            window_ns,
            window: 0,
            window_start: start,
            regions: regions.map(|regions| regions.ids.as_slice()),
            requests: 0,
            fetches: vec![(0.0, 0.0); n_tiers],
            times_fetches: run.stack.tiers.iter().any(|tier| tier.freshness.early_refresh != 0.0),
        }
    }

    /// The warm-up is over.
    pub(crate) fn start_counting(&mut self, now: u64) {
        self.counts_from = now;
    }

    fn counts(&self, request: u32) -> bool {
        request as usize >= self.run.warmup
    }

    fn tier(&mut self, tier: usize, request: u32) -> Option<&mut TierOutcome> {
        self.counts(request).then(|| &mut self.outcome.tiers[tier])
    }

    /// The window that a time lies in. Mostly it is that of the last time asked for, which saves the
    /// division.
    #[inline]
    fn window_of(&mut self, time: u64) -> usize {
        // Also true of times before: the difference wraps to a large one.
        if time.wrapping_sub(self.window_start) >= self.window_ns {
            let last = self.windows.len() - 1;
            self.window = (((time - self.start) / self.window_ns) as usize).min(last);
            self.window_start = self.start + self.window as u64 * self.window_ns;
        }
        self.window
    }

    #[inline]
    fn tier_window(&mut self, tier: usize, now: u64) -> &mut TierWindow {
        let at = self.window_of(now) * self.outcome.tiers.len() + tier;
        &mut self.tier_windows[at]
    }

    /// A read arrived.
    #[inline]
    pub(crate) fn arrived(&mut self, index: usize, size: u64) {
        self.requests = index as u64 + 1;
        if self.counts(index as u32) {
            self.outcome.reads += 1;
            self.outcome.read_bytes += size;
        }
    }

    pub(crate) fn requests_so_far(&self) -> u64 {
        self.requests.saturating_sub(1)
    }

    /// A tier was asked.
    #[inline]
    pub(crate) fn asked(&mut self, tier: usize, request: u32, purpose: Purpose, now: u64) {
        self.tier_window(tier, now).lookups += 1;
        if matches!(purpose, Purpose::Read | Purpose::Refresh)
            && let Some(counts) = self.tier(tier, request)
        {
            counts.lookups += 1;
        }
    }

    /// Its first tier answered a read at once.
    #[inline]
    pub(crate) fn answered_plainly(
        &mut self,
        request: u32,
        tier: usize,
        now: u64,
        latency: u64,
        size: u64,
        old: bool,
    ) {
        self.keep(request, Ending::Hit, Some(tier), latency);
        let window = self.tier_window(tier, now);
        window.answers += 1;
        window.bytes_out += size;
        self.count_end(request, now, Ending::Hit, tier, latency);
        if !self.counts(request) {
            return;
        }
        let outcome = &mut self.outcome;
        outcome.explained.add_direct(latency, tier);
        outcome.written.stale_reads += u64::from(old);
        let counts = &mut outcome.tiers[tier];
        counts.hit_bytes += size;
        counts.bytes_out += size;
    }

    /// Counts the end of a read; an error is put down to the first tier.
    #[inline]
    fn count_end(&mut self, request: u32, arrived: u64, ending: Ending, tier: usize, latency: u64) {
        let window = self.window_of(arrived);
        let window = &mut self.windows[window];
        window.endings[ending as usize] += 1;
        window.latency.count(latency);
        if !self.counts(request) {
            return;
        }
        self.reads[ending as usize][tier].count(latency);
        if let Some(regions) = self.regions {
            self.by_region[regions[request as usize] as usize].count(latency);
        }
    }

    /// Keeps a read by itself, if the run keeps them.
    #[inline]
    fn keep(&mut self, request: u32, ending: Ending, tier: Option<usize>, latency: u64) {
        if self.run.keep_reads {
            let tier = tier.map(|tier| tier as u8);
            self.outcome.read_ends.push(ReadEnd { request, ending, tier, latency });
        }
    }

    /// A tier sent an answer.
    pub(crate) fn sent(&mut self, tier: usize, request: u32, size: u64, now: u64) {
        self.tier_window(tier, now).bytes_out += size;
        if let Some(counts) = self.tier(tier, request) {
            counts.bytes_out += size;
        }
    }

    /// A read ended.
    pub(crate) fn ended(
        &mut self,
        flight: &Flight,
        legs: &[Leg],
        now: u64,
        ending: Ending,
        tier: Option<usize>,
        size: u64,
    ) {
        let request = flight.request;
        let old = tier.is_some() && flight.version < flight.expects;
        let latency = now - flight.arrived;
        self.keep(request, ending, tier, latency);
        self.count_end(request, flight.arrived, ending, tier.unwrap_or(0), latency);
        if let Some(tier) = tier {
            self.tier_window(tier, now).answers += 1;
        }
        if self.times_fetches {
            self.note_fetches(legs, tier);
        }
        if !self.counts(request) {
            return;
        }
        let outcome = &mut self.outcome;
        let spent: u64 = legs.iter().map(Leg::total).sum();
        outcome.explained.add(latency, latency.saturating_sub(spent), legs, tier);
        let Some(tier) = tier else { return };
        outcome.written.stale_reads += u64::from(old);
        outcome.miss_bytes += if ending == Ending::Miss { size } else { 0 };
        outcome.tiers[tier].hit_bytes += size;
    }

    /// How long the answer took from each tier's miss on.
    fn note_fetches(&mut self, legs: &[Leg], answered: Option<usize>) {
        let Some(answered) = answered else { return };
        let mut took = legs[answered].total();
        for tier in (0..answered).rev() {
            if legs[tier].served > 0 {
                self.note_fetch(tier, took);
            }
            took += legs[tier].total();
        }
    }

    /// A fetch for this tier took so long.
    pub(crate) fn note_fetch(&mut self, tier: usize, took: u64) {
        let (mean, n) = &mut self.fetches[tier];
        *n = (*n + 1.0).min(1000.0);
        *mean += (took as f64 - *mean) / *n;
    }

    /// What a fetch for this tier takes on average, in nanoseconds; it forgets.
    pub(crate) fn mean_fetch_ns(&self, tier: usize) -> f64 {
        self.fetches[tier].0
    }

    pub(crate) fn found_expired(&mut self, tier: usize, request: u32) {
        if let Some(counts) = self.tier(tier, request) {
            counts.expired += 1;
        }
    }

    pub(crate) fn swept(&mut self, tier: usize, n: u64) {
        self.outcome.tiers[tier].swept += n;
    }

    pub(crate) fn filled(&mut self, tier: usize, request: u32, filled: Filled, size: u64) {
        let Some(counts) = self.tier(tier, request) else { return };
        match filled {
            Filled::Inserted => {
                counts.fills += 1;
                counts.fill_bytes += size;
            }
            Filled::AlreadyIn => {}
            Filled::Refused | Filled::Oversized => counts.bypassed += 1,
        }
    }

    pub(crate) fn evicted(&mut self, tier: usize, request: u32, n: u64) {
        if let Some(counts) = self.tier(tier, request) {
            counts.evictions += n;
        }
    }

    pub(crate) fn displaced(&mut self, tier: usize, request: u32, n: u64) {
        if let Some(counts) = self.tier(tier, request) {
            counts.displaced += n;
        }
    }

    pub(crate) fn demoted(&mut self, tier: usize, request: u32) {
        if let Some(counts) = self.tier(tier, request) {
            counts.demotions += 1;
        }
    }

    pub(crate) fn migrated(&mut self, tier: usize, bytes: u64) {
        let counts = &mut self.outcome.tiers[tier];
        counts.migrated += 1;
        counts.migrated_bytes += bytes;
    }

    pub(crate) fn refreshed(&mut self, tier: usize, request: u32) {
        if let Some(counts) = self.tier(tier, request) {
            counts.refreshes += 1;
        }
    }

    pub(crate) fn failed(&mut self, tier: usize, request: u32, now: u64) {
        self.tier_window(tier, now).failures += 1;
        if let Some(counts) = self.tier(tier, request) {
            counts.failures += 1;
        }
    }

    pub(crate) fn shed(&mut self, tier: usize, request: u32) {
        if let Some(counts) = self.tier(tier, request) {
            counts.shed += 1;
        }
    }

    pub(crate) fn timed_out(&mut self, tier: usize, request: u32) {
        if let Some(counts) = self.tier(tier, request) {
            counts.timeouts += 1;
        }
    }

    pub(crate) fn retried(&mut self, tier: usize, request: u32) {
        if let Some(counts) = self.tier(tier, request) {
            counts.retries += 1;
        }
    }

    pub(crate) fn wasted(&mut self, tier: usize, request: u32) {
        if let Some(counts) = self.tier(tier, request) {
            counts.wasted += 1;
        }
    }

    pub(crate) fn cancelled(&mut self, tier: usize, request: u32) {
        if let Some(counts) = self.tier(tier, request) {
            counts.cancelled += 1;
        }
    }

    pub(crate) fn busy(&mut self, tier: usize, busy: u64, now: u64) {
        self.tier_window(tier, now).busy_ns += busy;
    }

    pub(crate) fn queue_is(&mut self, tier: usize, length: usize, now: u64) {
        let max = &mut self.tier_window(tier, now).queue_max;
        *max = (*max).max(length as u64);
    }

    pub(crate) fn write_arrived(&mut self, request: u32) {
        self.requests = u64::from(request) + 1;
        self.outcome.writes += u64::from(self.counts(request));
    }

    pub(crate) fn written(&mut self, request: u32, tier: usize, latency: u64) {
        if self.counts(request) {
            self.writes.count(latency);
            self.outcome.tiers[tier].writes += 1;
        }
    }

    pub(crate) fn write_failed(&mut self, request: u32) {
        self.outcome.written.failures += u64::from(self.counts(request));
    }

    pub(crate) fn flushed(&mut self, request: u32, tier: usize, _now: u64) {
        if let Some(counts) = self.tier(tier, request) {
            counts.writes += 1;
        }
    }

    pub(crate) fn invalidated(&mut self, tier: usize, request: u32, n: u64) {
        if let Some(counts) = self.tier(tier, request) {
            counts.purges += 1;
            counts.invalidations += n;
        }
    }

    /// A tier was asked to purge so many paths and removed so many copies.
    pub(crate) fn purged(&mut self, tier: usize, n_paths: u64, removed: u64) {
        let last = self.requests_so_far() as u32;
        if let Some(counts) = self.tier(tier, last) {
            counts.purges += n_paths;
            counts.invalidations += removed;
        }
    }

    pub(crate) fn dirty_bytes_are(&mut self, bytes: u64) {
        let max = &mut self.outcome.written.dirty_bytes_max;
        *max = (*max).max(bytes);
    }

    pub(crate) fn lost(&mut self, writes: u64, bytes: u64) {
        self.outcome.written.lost += writes;
        self.outcome.written.lost_bytes += bytes;
    }

    /// The run, whose last request ended then. In a closed loop the trace's clock means nothing, so
    /// the time counted is that from the first request that counts to that end.
    pub(crate) fn finish(mut self, end: u64) -> Outcome {
        self.outcome.end = Nanos(end - self.start);
        if self.run.closed_loop.is_some() {
            self.outcome.span = Nanos(end - self.counts_from);
        }
        self.outcome.read_ends.sort_unstable();
        self.outcome.written.latency = self.writes.histogram();
        self.outcome.regions = self.by_region.iter().map(Tally::histogram).collect();
        self.sum_up_reads();
        self.sum_up_windows();
        self.outcome
    }

    fn sum_up_reads(&mut self) {
        let outcome = &mut self.outcome;
        for (ending, by_tier) in ENDINGS.into_iter().zip(&self.reads) {
            let mut latency = tally::empty(3);
            for (tier, tally) in outcome.tiers.iter_mut().zip(by_tier) {
                let n = tally.total();
                outcome.endings[ending as usize] += n;
                tally.add_to(&mut latency);
                tally.add_to(&mut outcome.latency);
                match ending {
                    Ending::Hit | Ending::Miss => tier.hits += n,
                    Ending::Delayed => tier.delayed += n,
                    Ending::Stale => tier.stale += n,
                    Ending::Error => continue,
                }
                tally.add_to(&mut tier.latency);
            }
            outcome.ending_latency.push(latency);
        }
    }

    fn sum_up_windows(&mut self) {
        let n_tiers = self.outcome.tiers.len();
        let windows = self.windows.iter().zip(self.tier_windows.chunks(n_tiers)).enumerate();
        self.outcome.windows = windows
            .map(|(number, (reads, tiers))| Window {
                start: Nanos(number as u64 * self.window_ns),
                endings: reads.endings,
                latency: reads.latency.histogram(),
                tiers: tiers.to_vec(),
            })
            .collect();
    }
}
