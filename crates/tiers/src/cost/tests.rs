//! Bills worked by hand, from vendors' own examples and from the price books shipped with the program, and
//! laws that every bill keeps.

mod books;
mod laws;
mod worked;

use super::{CostItem, NanoDollars, TierPrice};

fn price(text: &str) -> TierPrice {
    toml::from_str(text).unwrap_or_else(|error| panic!("{error}"))
}

fn total(items: &[CostItem]) -> NanoDollars {
    items.iter().map(|item| item.month).sum()
}
