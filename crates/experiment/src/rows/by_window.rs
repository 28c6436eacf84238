//! Rows about windows of time: of the run, and of each tier.

use frames::{TierWindowRow, WindowRow};
use tiers::{Ending, TierWindow, Window};

use super::Counted;
use super::by_tier::share_of;

impl Counted<'_> {
    pub(super) fn windows(&self) -> Vec<WindowRow> {
        let row = |(i, window): (usize, &Window)| {
            let ended = |ending: Ending| window.endings[ending as usize];
            WindowRow {
                run: self.run.to_string(),
                window: i as u64,
                start_ns: window.start.0,
                requests: window.requests(),
                hits: window.hits(),
                stale_hits: ended(Ending::Stale),
                delayed_hits: ended(Ending::Delayed),
                misses: ended(Ending::Miss),
                errors: ended(Ending::Error),
                latency_ns_p50: window.latency.value_at_quantile(0.5),
                latency_ns_p99: window.latency.value_at_quantile(0.99),
            }
        };
        self.outcome.windows.iter().enumerate().map(row).collect()
    }

    pub(super) fn tier_windows(&self) -> Vec<TierWindowRow> {
        let windows = || self.outcome.windows.iter().enumerate();
        let of_tier = |tier| windows().map(move |(i, window)| self.tier_window(tier, i, window));
        (0..self.outcome.tiers.len()).flat_map(of_tier).collect()
    }

    fn tier_window(&self, tier: usize, number: usize, window: &Window) -> TierWindowRow {
        let did = &window.tiers[tier];
        TierWindowRow {
            run: self.run.to_string(),
            tier: self.tier_name(tier).to_string(),
            window: number as u64,
            start_ns: window.start.0,
            length_ns: self.window_length(number),
            lookups: did.lookups,
            answers: did.answers,
            bytes_out: did.bytes_out,
            busy_share: self.busy_share(tier, number),
            queue_max: did.queue_max,
            failures: did.failures,
        }
    }

    /// What a tier did, window by window.
    pub(super) fn in_windows(&self, tier: usize) -> impl Iterator<Item = &TierWindow> {
        self.outcome.windows.iter().map(move |window| &window.tiers[tier])
    }

    pub(super) fn busy_share(&self, tier: usize, window: usize) -> f64 {
        let busy_ns = self.outcome.windows[window].tiers[tier].busy_ns;
        share_of(busy_ns, self.outcome.tiers[tier].servers, self.window_length(window))
    }

    /// The last one lasts to the last event.
    fn window_length(&self, number: usize) -> u64 {
        let usual = self.outcome.window.0;
        if number + 1 < self.outcome.windows.len() {
            return usual;
        }
        usual.max(self.outcome.end.0.saturating_sub(self.outcome.windows[number].start.0))
    }
}
