//! The bill: what a month costs at the simulated rates.

use trace::units::Nanos;

use super::{ByVolume, Component, NanoDollars, Steps, StoragePrice, TierPrice, Usage};

/// The month that costs are quoted for: 30 days.
pub const MONTH: Nanos = Nanos(30 * 24 * 3_600_000_000_000);
pub(super) const MONTH_HOURS: f64 = 720.0;

/// A part of a tier's cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CostItem {
    /// Which line of the price it is.
    pub component: Component,
    /// For a [`MONTH`]; [`NanoDollars::day_of_month`] and [`NanoDollars::hour_of_month`] divide it.
    pub month: NanoDollars,
}

/// What a tier that charges `price` costs in a [`MONTH`] like the span of `usage`: an item for every
/// line of the price.
///
/// What the span counted is carried to a month first, and prices in steps and minimums are applied
/// to that. Without a span there is no rate, and the items that are paid by use are left out.
pub fn bill(price: &TierPrice, usage: &Usage) -> Vec<CostItem> {
    let by_use = usage.spans_a_month().map(|spans| by_use(price, usage, spans));
    let mut items: Vec<CostItem> = whatever_comes(price, usage)
        .into_iter()
        .chain(by_use.into_iter().flatten())
        .filter_map(|(component, nanos)| {
            nanos.map(|nanos| CostItem { component, month: NanoDollars::rounded(nanos) })
        })
        .collect();
    items.extend(price.minimum.map(|minimum| {
        let least = NanoDollars::rounded(minimum.cost(MONTH_HOURS)).0;
        let sum: NanoDollars = items.iter().map(|item| item.month).sum();
        CostItem { component: Component::Minimum, month: NanoDollars((least - sum.0).max(0)) }
    }));
    items
}

/// A line of the price and its nano-dollars for a month, if the price has it.
type Line = (Component, Option<f64>);

/// What is paid whether there is traffic or not.
fn whatever_comes(price: &TierPrice, usage: &Usage) -> [Line; 3] {
    let held = |memory: StoragePrice| memory.cost(usage.provisioned_bytes as f64 * MONTH_HOURS);
    [
        (Component::Fee, price.fee.map(|fee| fee.cost(MONTH_HOURS))),
        (Component::Memory, price.memory.map(held)),
        (Component::Nodes, price.nodes.as_ref().map(|nodes| nodes.month(usage))),
    ]
}

/// What is paid by use, where a month has so many `spans`.
fn by_use(price: &TierPrice, usage: &Usage, spans: f64) -> [Line; 13] {
    let month = |count: u64| count as f64 * usage.scale * spans;
    let all_month = |rate: f64| rate * usage.scale * MONTH_HOURS;
    let puts = usage.fills.saturating_add(usage.writes);
    let requests = usage.lookups.saturating_add(puts);
    let bytes = usage.bytes_out.saturating_add(usage.bytes_in);
    let used = usage.used_byte_seconds * usage.scale / usage.span.as_secs_f64();
    let peak_requests = |of| all_month(usage.peak_lookups_per_second.rate(of));
    let peak_egress = |of| all_month(usage.peak_bytes_per_second.rate(of));
    [
        (Component::MemoryUsed, price.memory_used.map(|line| line.month(used))),
        (Component::Requests, in_steps(&price.requests, month(usage.lookups))),
        (Component::Writes, in_steps(&price.writes, month(puts))),
        (
            Component::Processed,
            price.processed.map(|line| line.cost(month(requests), month(bytes))),
        ),
        (Component::Egress, in_steps(&price.egress, month(usage.bytes_out))),
        (Component::Ingress, in_steps(&price.ingress, month(usage.bytes_in))),
        (Component::CrossZone, in_steps(&price.cross_zone, month(usage.cross_zone_bytes))),
        (Component::Migration, in_steps(&price.migration, month(usage.migrated_bytes))),
        (Component::Fetches, in_steps(&price.fetches, month(usage.origin_fetches))),
        (Component::Purges, in_steps(&price.purges, month(usage.purges))),
        (Component::Compute, price.compute.map(|line| line.cost(month(usage.cpu_ns)))),
        (
            Component::PeakRequests,
            price.peak_requests.map(|line| line.price.cost(peak_requests(line.of))),
        ),
        (
            Component::PeakEgress,
            price.peak_egress.map(|line| line.price.cost(peak_egress(line.of))),
        ),
    ]
}

fn in_steps<P: ByVolume>(line: &Option<Steps<P>>, month: f64) -> Option<f64> {
    line.as_ref().map(|steps| steps.cost(month))
}
