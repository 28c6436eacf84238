//! The prices of a whole stack.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Source, Status, TierPrice};

/// Prices of several tiers on one day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceBook {
    /// Where the prices are from, if a line does not say otherwise. Say "assumed" where they are.
    pub source: String,
    /// Day they were looked up, as 2026-11-23.
    pub date: String,
    /// Where in the world they hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// What a `$` is.
    #[serde(default)]
    pub currency: Currency,
    /// Prices by the name of the tier; `origin` is the origin.
    pub tiers: BTreeMap<String, TierPrice>,
}

impl PriceBook {
    /// The prices of `name`, for use without the book: lines that do not say where they are from get
    /// the book's source, unverified.
    pub fn sourced(&self, name: &str) -> Option<TierPrice> {
        let mut price = self.tiers.get(name)?.clone();
        let source = Source {
            status: Status::Unverified,
            source: self.source.clone(),
            date: Some(self.date.clone()),
        };
        for component in price.components().collect::<Vec<_>>() {
            price.sources.entry(component).or_insert_with(|| source.clone());
        }
        Some(price)
    }
}

/// Money of a country. Amounts are never converted, so there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Currency {
    /// US dollars.
    #[default]
    #[serde(rename = "USD")]
    Usd,
}
