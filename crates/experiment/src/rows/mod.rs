//! What a run counted, as rows of the result schema.

mod by_tier;
mod by_window;
mod faults;
mod quantiles;
pub(crate) mod security;
#[cfg(test)]
mod tests;

use frames::{LatencyRow, QuantileRow, Results, RunRow, SpentRow, WriteRow};
use hdrhistogram::Histogram;
use tiers::{Component, ENDINGS, Ending, NanoDollars, Outcome, Slowest, Stack, Usage, bill};
use trace::{ObjectId, Trace};

use crate::{Resolved, ResolvedStrategy};

/// Points of a latency curve: enough to draw, few enough to store.
const CURVE_STEPS: u32 = 400;

/// The rows of one run.
pub(crate) fn rows(
    study: &Resolved,
    strategy: &ResolvedStrategy,
    trace: &Trace,
    stack: &Stack,
    outcome: &Outcome,
) -> Results {
    let run = run_name(strategy, trace.name());
    let counted = Counted { run: &run, trace, stack, outcome };
    let tiers = counted.tiers();
    let costs = counted.costs();
    let busiest = tiers.iter().filter(|tier| tier.servers > 0).max_by(|a, b| {
        // Of equals, the first.
        a.saturation.total_cmp(&b.saturation).then(b.position.cmp(&a.position))
    });
    let month: NanoDollars = costs.iter().map(|cost| NanoDollars(cost.nanodollars_month)).sum();
    let [fresh_hits, delayed_hits, stale_hits, misses, errors] =
        ENDINGS.map(|ending| outcome.ended(ending));
    let reads = outcome.reads;
    let row = RunRow {
        run: run.clone(),
        study: study.name.clone(),
        strategy: strategy.name.clone(),
        trace: trace.name().to_string(),
        cell: strategy.cell.clone(),
        trace_digest: trace.digest().to_string(),
        seed: study.seed,
        requests_replayed: trace.n_requests() as u64,
        requests: reads + outcome.writes,
        objects: u64::from(trace.n_objects()),
        bytes: outcome.read_bytes,
        span_ns: outcome.span.0,
        capacity_bytes: stack.tiers.iter().map(|tier| tier.capacity).sum(),
        scale: stack.scale,
        reads,
        hits: outcome.hits(),
        fresh_hits,
        stale_hits,
        delayed_hits,
        misses,
        errors,
        hit_ratio: outcome.hit_ratio(),
        fresh_hit_ratio: ratio(fresh_hits, reads),
        stale_hit_ratio: ratio(stale_hits, reads),
        delayed_hit_ratio: ratio(delayed_hits, reads),
        miss_ratio: ratio(misses, reads),
        error_ratio: ratio(errors, reads),
        availability: outcome.availability(),
        byte_misses: outcome.miss_bytes,
        byte_miss_ratio: ratio(outcome.miss_bytes, outcome.read_bytes),
        byte_hit_ratio: ratio(counted.spared_bytes(), outcome.read_bytes),
        cost_hit_ratio: counted.cost_hit_ratio(),
        latency_hit_ratio: latency_hit_ratio(outcome),
        writes: outcome.writes,
        latency_ns_mean: outcome.latency.mean(),
        latency_ns_p50: outcome.latency.value_at_quantile(0.5),
        latency_ns_p90: outcome.latency.value_at_quantile(0.9),
        latency_ns_p95: outcome.latency.value_at_quantile(0.95),
        latency_ns_p99: outcome.latency.value_at_quantile(0.99),
        latency_ns_p999: outcome.latency.value_at_quantile(0.999),
        latency_ns_max: outcome.latency.max(),
        answers_per_second: tiers.iter().map(|tier| tier.answers_per_second).sum(),
        saturation: busiest.map_or(0.0, |tier| tier.saturation),
        saturation_tier: busiest.map(|tier| tier.tier.clone()).unwrap_or_default(),
        in_flight_max: outcome.in_flight_max,
        end_ns: outcome.end.0,
        cost_nanodollars_hour: month.hour_of_month().0,
        cost_nanodollars_day: month.day_of_month().0,
        cost_nanodollars_month: month.0,
    };
    Results {
        runs: vec![row],
        stations: counted.stations(),
        windows: counted.windows(),
        tier_windows: counted.tier_windows(),
        latency: latency_curve(&run, &outcome.latency),
        quantiles: counted.quantiles(),
        spent: counted.spent(),
        writes: counted.writes(),
        faults: counted.faults(),
        erasures: counted.erasures(),
        erasure_tiers: counted.erasure_tiers(),
        erasure_residue: counted.erasure_residue(),
        encryption: counted.encryption(),
        tiers,
        costs,
    }
}

/// `strategy / trace`, then ` / cell` if there is a matrix.
pub(crate) fn run_name(strategy: &ResolvedStrategy, trace: &str) -> String {
    if strategy.cell.is_empty() {
        format!("{} / {trace}", strategy.name)
    } else {
        format!("{} / {trace} / {}", strategy.name, strategy.cell)
    }
}

/// A run and what it counted: each method makes the rows of one table.
struct Counted<'a> {
    run: &'a str,
    trace: &'a Trace,
    stack: &'a Stack,
    outcome: &'a Outcome,
}

impl Counted<'_> {
    /// Name of a tier in results.
    fn tier_name(&self, tier: usize) -> &str {
        self.stack.tiers.get(tier).map_or("origin", |spec| spec.name.as_str())
    }

    /// Reads that a tier answered, a second; 0 if they span no time.
    fn answers_per_second(&self, tier: usize) -> f64 {
        let (answers, time) = (self.outcome.tiers[tier].answers(), self.outcome.span);
        if time.0 == 0 { 0.0 } else { answers as f64 / time.as_secs_f64() }
    }

    /// Bytes of the reads that a tier before the origin answered.
    fn spared_bytes(&self) -> u64 {
        self.caches().map(|tier| tier.hit_bytes).sum()
    }

    fn caches(&self) -> impl Iterator<Item = &tiers::TierOutcome> {
        self.outcome.tiers.iter().take(self.stack.tiers.len())
    }

    fn cost_hit_ratio(&self) -> f64 {
        let (reads, bytes) = (self.outcome.reads, self.outcome.read_bytes);
        let spared: u64 = self.caches().map(|tier| tier.answers()).sum();
        let paid = self.charged(reads - spared, bytes.saturating_sub(self.spared_bytes()));
        1.0 - paid / self.charged(reads, bytes)
    }

    /// What the origin would charge for answering so many reads of so many bytes in the span.
    fn charged(&self, lookups: u64, bytes_out: u64) -> f64 {
        let (span, scale) = (self.outcome.span, self.stack.scale);
        let usage = Usage { span, scale, lookups, bytes_out, ..Usage::default() };
        let by_read = [Component::Requests, Component::Processed, Component::Egress];
        let items = bill(&self.stack.origin.price, &usage).into_iter();
        items
            .filter(|item| by_read.contains(&item.component))
            .map(|item| item.month.dollars())
            .sum()
    }

    fn quantiles(&self) -> Vec<QuantileRow> {
        let outcome = self.outcome;
        let of = |scope, name: &str, latency| quantiles::rows(self.run, scope, name, latency);
        let mut rows = of("run", "", &outcome.latency);
        for (i, tier) in outcome.tiers.iter().enumerate() {
            rows.extend(of("tier", self.tier_name(i), &tier.latency));
        }
        if let Some(regions) = &self.trace.columns().region {
            for (i, latency) in (0..).zip(&outcome.regions) {
                rows.extend(of("region", &regions.names.label(ObjectId(i)), latency));
            }
        }
        for (ending, latency) in ENDINGS.iter().zip(&outcome.ending_latency) {
            rows.extend(of("ending", ending.name(), latency));
        }
        rows.extend(of("writes", "", &outcome.written.latency));
        rows
    }

    fn spent(&self) -> Vec<SpentRow> {
        if self.outcome.reads == 0 {
            return Vec::new();
        }
        let p99 = self.outcome.latency.value_at_quantile(0.99);
        [("all", 0), ("slowest", p99)]
            .into_iter()
            .flat_map(|(group, from)| self.spent_by(group, &self.outcome.explained.slowest(from)))
            .collect()
    }

    fn spent_by(&self, group: &str, slowest: &Slowest) -> Vec<SpentRow> {
        let row = |(i, spent): (usize, &tiers::Spent)| SpentRow {
            run: self.run.to_string(),
            group: group.to_string(),
            from_ns: slowest.from_ns,
            reads: slowest.reads,
            latency_ns: slowest.latency_ns,
            timer_ns: slowest.timer_ns,
            tier: self.tier_name(i).to_string(),
            queued_ns: spent.queued_ns,
            served_ns: spent.served_ns,
            joined_ns: spent.joined_ns,
            lost_ns: spent.lost_ns,
            answered: spent.answered,
        };
        slowest.tiers.iter().enumerate().map(row).collect()
    }

    fn writes(&self) -> Vec<WriteRow> {
        let (outcome, written) = (self.outcome, &self.outcome.written);
        if outcome.writes == 0 || self.stack.writes == tiers::Writes::Ignore {
            return Vec::new();
        }
        vec![WriteRow {
            run: self.run.to_string(),
            writes: outcome.writes,
            failures: written.failures,
            failure_ratio: ratio(written.failures, outcome.writes),
            latency_ns_mean: written.latency.mean(),
            latency_ns_p50: written.latency.value_at_quantile(0.5),
            latency_ns_p99: written.latency.value_at_quantile(0.99),
            stale_reads: written.stale_reads,
            stale_read_ratio: ratio(written.stale_reads, outcome.reads),
            dirty_bytes_max: written.dirty_bytes_max,
            lost: written.lost,
            lost_bytes: written.lost_bytes,
        }]
    }
}

/// The share of time that the tiers saved the reads that had an answer.
fn latency_hit_ratio(outcome: &Outcome) -> f64 {
    let sum = |ending: Ending| {
        let latency = &outcome.ending_latency[ending as usize];
        latency.mean() * latency.len() as f64
    };
    let answered = outcome.reads - outcome.ended(Ending::Error);
    let took: f64 = ENDINGS.into_iter().filter(|ending| *ending != Ending::Error).map(sum).sum();
    let misses = &outcome.ending_latency[Ending::Miss as usize];
    if misses.is_empty() { f64::NAN } else { 1.0 - took / (answered as f64 * misses.mean()) }
}

/// The cumulative distribution, thinned to at most some hundred steps without losing the ends.
pub(crate) fn latency_curve(run: &str, latency: &Histogram<u64>) -> Vec<LatencyRow> {
    let total = latency.len();
    let mut cumulative = 0;
    let mut last_step = 0;
    let mut rows = Vec::new();
    for bucket in latency.iter_recorded() {
        cumulative += bucket.count_at_value();
        let step =
            (u128::from(cumulative) * u128::from(CURVE_STEPS) / u128::from(total.max(1))) as u32;
        if rows.is_empty() || step > last_step || cumulative == total {
            rows.push(LatencyRow {
                run: run.to_string(),
                latency_ns: bucket.value_iterated_to(),
                cumulative: cumulative as f64 / total as f64,
            });
        }
        last_step = step;
    }
    rows
}

/// 0 of none.
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
