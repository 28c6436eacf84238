//! Partial descriptions of a stack, and how one is laid over another.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use tiers::Writes;

use crate::price::PriceChoice;
use crate::text::{Capacity, PolicyText, Ttl};

/// Some of a stack's fields.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct StackPatch {
    /// A stack shipped with the program to start from: "brief".
    pub preset: Option<String>,
    /// Names of the tiers in the order they are asked; a tier left out is not there.
    pub order: Option<Vec<String>>,
    /// Tiers by name.
    pub tiers: BTreeMap<String, TierPatch>,
    /// Latency profile of the origin.
    pub latency_of_origin: Option<String>,
    /// Price book.
    pub prices: Option<String>,
    /// Prices of the origin in place of the price book's: themselves, or "NAME" or "BOOK/NAME".
    pub price_of_origin: Option<PriceChoice>,
    /// What writes and deletes in the trace do.
    pub writes: Option<Writes>,
}

/// Some of a tier's fields.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct TierPatch {
    /// How much it holds: an amount such as "256MiB", or a share of the trace's footprint, "10%".
    pub capacity: Option<Capacity>,
    /// Eviction policy with parameters, such as "s3-fifo:version=v1".
    pub policy: Option<PolicyText>,
    /// How long a copy stays fresh, such as "60s", or "none".
    pub ttl: Option<Ttl>,
    /// Latency profile.
    pub latency: Option<String>,
    /// Prices in place of the price book's for this tier's name: themselves, or "NAME" or "BOOK/NAME".
    pub price: Option<PriceChoice>,
}

impl StackPatch {
    /// Lays `over` on top: what it gives replaces what was there.
    pub fn overlaid(mut self, over: &StackPatch) -> StackPatch {
        replace(&mut self.preset, &over.preset);
        replace(&mut self.order, &over.order);
        replace(&mut self.latency_of_origin, &over.latency_of_origin);
        replace(&mut self.prices, &over.prices);
        replace(&mut self.price_of_origin, &over.price_of_origin);
        replace(&mut self.writes, &over.writes);
        for (name, patch) in &over.tiers {
            let tier = self.tiers.entry(name.clone()).or_default();
            replace(&mut tier.capacity, &patch.capacity);
            replace(&mut tier.policy, &patch.policy);
            replace(&mut tier.ttl, &patch.ttl);
            replace(&mut tier.latency, &patch.latency);
            replace(&mut tier.price, &patch.price);
        }
        self
    }
}

fn replace<T: Clone>(field: &mut Option<T>, over: &Option<T>) {
    if over.is_some() {
        field.clone_from(over);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_top_wins_and_what_it_leaves_out_stays() {
        let base: StackPatch =
            toml::from_str("tiers.L1.capacity = \"1MiB\"\ntiers.L1.policy = \"lru\"").unwrap();
        let over: StackPatch = toml::from_str("tiers.L1.policy = \"fifo\"").unwrap();
        let both = base.overlaid(&over);
        assert_eq!(both.tiers["L1"].policy, Some("fifo".parse().unwrap()));
        assert!(both.tiers["L1"].capacity.is_some());
    }
}
