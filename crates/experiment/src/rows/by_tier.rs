//! Rows about tiers: what they counted, what they cost, what their stations did.

use frames::{CostRow, StationRow, TierRow};
use tiers::{StationCounts, TierOutcome};

use super::{Counted, ratio};

impl Counted<'_> {
    pub(super) fn tiers(&self) -> Vec<TierRow> {
        self.outcome.tiers.iter().enumerate().map(|(i, tier)| self.tier(i, tier)).collect()
    }

    fn tier(&self, position: usize, tier: &TierOutcome) -> TierRow {
        let spec = self.stack.tiers.get(position);
        let hits = tier.hits + tier.stale;
        let busy = tier.stations.iter().map(|station| station.busy_ns).sum();
        let tries: u64 = self.in_windows(position).map(|window| window.lookups).sum();
        let failed: u64 = self.in_windows(position).map(|window| window.failures).sum();
        let queue_max = tier.stations.iter().map(|station| station.queue_max).max();
        let busiest = (0..self.outcome.windows.len()).map(|w| self.busy_share(position, w));
        TierRow {
            run: self.run.to_string(),
            tier: self.tier_name(position).to_string(),
            position: position as u64,
            policy: spec.map(|spec| spec.policy.to_string()).unwrap_or_default(),
            capacity_bytes: spec.map_or(0, |spec| spec.capacity),
            lookups: tier.lookups,
            hits,
            stale_hits: tier.stale,
            delayed_hits: tier.delayed,
            expired: tier.expired,
            swept: tier.swept,
            hit_bytes: tier.hit_bytes,
            bytes_out: tier.bytes_out,
            fills: tier.fills,
            fill_bytes: tier.fill_bytes,
            evictions: tier.evictions,
            bypassed: tier.bypassed,
            demotions: tier.demotions,
            displaced: tier.displaced,
            migrated: tier.migrated,
            migrated_bytes: tier.migrated_bytes,
            invalidations: tier.invalidations,
            purges: tier.purges,
            cpu_ns: tier.cpu_ns,
            writes: tier.writes,
            refreshes: tier.refreshes,
            failures: tier.failures,
            shed: tier.shed,
            timeouts: tier.timeouts,
            retries: tier.retries,
            wasted: tier.wasted,
            cancelled: tier.cancelled,
            failure_ratio: ratio(failed, tries),
            hit_ratio: ratio(hits, tier.lookups),
            share: ratio(tier.answers(), self.outcome.reads),
            answers_per_second: self.answers_per_second(position),
            nodes: tier.n_nodes,
            stations: tier.n_stations,
            servers: tier.servers,
            saturation: self.saturation(busy, tier.servers),
            saturation_max: busiest.fold(0.0, f64::max),
            queue_max: queue_max.unwrap_or(0),
            used_bytes_max: tier.used_bytes_max,
            used_byte_seconds: tier.used_byte_seconds,
            latency_ns_p50: tier.latency.value_at_quantile(0.5),
            latency_ns_p99: tier.latency.value_at_quantile(0.99),
        }
    }

    /// Share of the servers' time, from the first arrival to the last event; 0 without servers.
    fn saturation(&self, busy_ns: u64, servers: u64) -> f64 {
        share_of(busy_ns, servers, self.outcome.end.0)
    }

    pub(super) fn stations(&self) -> Vec<StationRow> {
        let mut rows = Vec::new();
        for (position, tier) in self.outcome.tiers.iter().enumerate() {
            let servers = tier.servers / (tier.stations.len() as u64).max(1);
            let named = tier.stations.iter().zip(&tier.station_names).enumerate();
            rows.extend(named.map(|(number, (counts, name))| StationRow {
                station: number as u64,
                name: name.clone(),
                ..self.station(self.tier_name(position), servers, counts)
            }));
        }
        rows
    }

    fn station(&self, tier: &str, servers: u64, counts: &StationCounts) -> StationRow {
        let StationCounts { served, waited, shed, busy_ns, wait_ns, queue_max } = *counts;
        let wait_ns = u64::try_from(wait_ns).unwrap_or(u64::MAX);
        let seconds = self.outcome.end.as_secs_f64();
        StationRow {
            run: self.run.to_string(),
            tier: tier.to_string(),
            servers,
            served,
            waited,
            shed,
            shed_ratio: ratio(shed, served + shed),
            busy_ns,
            wait_ns,
            wait_ns_mean: ratio(wait_ns, served),
            queue_max,
            served_per_second: if seconds > 0.0 { served as f64 / seconds } else { 0.0 },
            saturation: self.saturation(busy_ns, servers),
            ..StationRow::default()
        }
    }

    pub(super) fn costs(&self) -> Vec<CostRow> {
        let costs = self.outcome.cost(self.stack);
        let rows = |(i, items): (usize, &Vec<tiers::CostItem>)| -> Vec<CostRow> {
            let row = |item: &tiers::CostItem| CostRow {
                run: self.run.to_string(),
                tier: self.tier_name(i).to_string(),
                component: item.component.to_string(),
                nanodollars_hour: item.month.hour_of_month().0,
                nanodollars_day: item.month.day_of_month().0,
                nanodollars_month: item.month.0,
            };
            items.iter().map(row).collect()
        };
        costs.iter().enumerate().flat_map(rows).collect()
    }
}

/// busy / (servers x time); 0 without servers or time.
pub(super) fn share_of(busy_ns: u64, servers: u64, time_ns: u64) -> f64 {
    let offered = servers as f64 * time_ns as f64;
    if offered > 0.0 { busy_ns as f64 / offered } else { 0.0 }
}
