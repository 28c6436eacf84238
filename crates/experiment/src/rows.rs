//! What a run counted, as rows of the result schema.

use frames::{CostRow, LatencyRow, Results, RunRow, TierRow, WindowRow};
use hdrhistogram::Histogram;
use tiers::{Outcome, Stack};
use trace::Trace;

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
    let costs = outcome.cost(stack);
    let mut results = Results::default();
    results.runs.push(RunRow {
        run: run.clone(),
        study: study.name.clone(),
        strategy: strategy.name.clone(),
        trace: trace.name().to_string(),
        cell: strategy.cell.clone(),
        trace_digest: trace.digest().to_string(),
        seed: study.seed,
        requests_replayed: trace.n_requests() as u64,
        requests: outcome.reads + outcome.writes,
        objects: u64::from(trace.n_objects()),
        bytes: outcome.read_bytes,
        span_ns: outcome.span.0,
        capacity_bytes: stack.tiers.iter().map(|tier| tier.capacity).sum(),
        scale: stack.scale,
        hits: outcome.hits(),
        misses: outcome.ended(tiers::Ending::Miss),
        hit_ratio: outcome.hit_ratio(),
        byte_misses: outcome.miss_bytes,
        byte_miss_ratio: ratio(outcome.miss_bytes, outcome.read_bytes),
        writes: outcome.writes,
        latency_ns_mean: outcome.latency.mean(),
        latency_ns_p50: outcome.latency.value_at_quantile(0.5),
        latency_ns_p90: outcome.latency.value_at_quantile(0.9),
        latency_ns_p95: outcome.latency.value_at_quantile(0.95),
        latency_ns_p99: outcome.latency.value_at_quantile(0.99),
        latency_ns_p999: outcome.latency.value_at_quantile(0.999),
        latency_ns_max: outcome.latency.max(),
        cost_nanodollars_month: costs
            .iter()
            .flatten()
            .map(|item| item.month)
            .sum::<tiers::NanoDollars>()
            .0,
    });
    for (position, tier) in outcome.tiers.iter().enumerate() {
        let spec = stack.tiers.get(position);
        let name = spec.map_or("origin", |spec| spec.name.as_str());
        results.tiers.push(TierRow {
            run: run.clone(),
            tier: name.to_string(),
            position: position as u64,
            policy: spec.map(|spec| spec.policy.to_string()).unwrap_or_default(),
            capacity_bytes: spec.map_or(0, |spec| spec.capacity),
            lookups: tier.lookups,
            hits: tier.hits,
            expired: tier.expired,
            hit_bytes: tier.hit_bytes,
            fills: tier.fills,
            evictions: tier.evictions,
            bypassed: tier.bypassed,
            hit_ratio: ratio(tier.hits, tier.lookups),
            share: ratio(tier.hits, outcome.reads),
            used_bytes_max: tier.used_bytes_max,
            latency_ns_p50: tier.latency.value_at_quantile(0.5),
            latency_ns_p99: tier.latency.value_at_quantile(0.99),
        });
        results.costs.extend(costs[position].iter().map(|item| CostRow {
            run: run.clone(),
            tier: name.to_string(),
            component: item.component.to_string(),
            nanodollars_month: item.month.0,
        }));
    }
    results.windows.extend(outcome.windows.iter().enumerate().map(|(i, window)| WindowRow {
        run: run.clone(),
        window: i as u64,
        start_ns: window.start.0,
        requests: window.requests(),
        hits: window.hits(),
        latency_ns_p99: window.latency.value_at_quantile(0.99),
    }));
    results.latency = latency_curve(&run, &outcome.latency);
    results
}

/// `strategy / trace`, then ` / cell` if there is a matrix.
pub(crate) fn run_name(strategy: &ResolvedStrategy, trace: &str) -> String {
    if strategy.cell.is_empty() {
        format!("{} / {trace}", strategy.name)
    } else {
        format!("{} / {trace} / {}", strategy.name, strategy.cell)
    }
}

/// The cumulative distribution, thinned to at most some hundred steps without losing the ends.
fn latency_curve(run: &str, latency: &Histogram<u64>) -> Vec<LatencyRow> {
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

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
