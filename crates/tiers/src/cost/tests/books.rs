use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cost::{Component, PriceBook, Status, TierPrice};

/// The price books shipped with the program.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shipped {
    prices: BTreeMap<String, PriceBook>,
}

fn shipped() -> Shipped {
    let text = include_str!("../../../../experiment/presets/prices.toml");
    toml::from_str(text).unwrap_or_else(|error| panic!("{error}"))
}

/// A tier's prices in a book shipped with the program.
pub(super) fn tier(book: &str, tier: &str) -> TierPrice {
    shipped().prices[book].tiers[tier].clone()
}

#[test]
fn books_are_written_as_they_are_read() {
    let books = shipped();
    let written = toml::to_string(&books).unwrap();
    assert_eq!(toml::from_str::<Shipped>(&written), Ok(books), "{written}");
}

#[test]
fn every_line_that_is_not_the_briefs_says_where_it_is_from() {
    for (name, book) in shipped().prices {
        for (tier, price) in &book.tiers {
            let sourced: Vec<_> = price.sources.keys().copied().collect();
            let lines: Vec<_> = price.components().collect();
            assert!(name == "brief" || sourced == lines, "{name}, {tier}: {sourced:?} {lines:?}");
            for source in price.sources.values() {
                let read = source.source.contains("Read in");
                assert!(read || source.status != Status::Verified, "{name}, {tier}: {source:?}");
            }
        }
    }
}

#[test]
fn prices_taken_out_of_a_book_keep_their_sources() {
    let text = "source = \"ours\"\ndate = \"2026\"\n[tiers.L1]\nmemory = \"$1/GB/h\"\nfee = \"$1/h\"\n\
                sources.fee = { status = \"assumed\", source = \"a guess\" }";
    let book: PriceBook = toml::from_str(text).unwrap();
    let price = book.sourced("L1").unwrap();
    assert_eq!(price.sources[&Component::Fee], book.tiers["L1"].sources[&Component::Fee]);
    let memory = &price.sources[&Component::Memory];
    assert_eq!((memory.status, memory.source.as_str()), (Status::Unverified, "ours"));
    assert_eq!(memory.date.as_deref(), Some("2026"));
    assert_eq!(price.sources.len(), 2);
    assert_eq!(book.sourced("L2"), None);
}

#[test]
fn a_scenarios_own_book_needs_no_more_than_before() {
    let scenario = include_str!("../../../../../scenarios/two-tiers.toml");
    let table: toml::Table = toml::from_str(scenario).unwrap();
    let book: PriceBook = table["prices"]["ours"].clone().try_into().unwrap();
    assert_eq!(book.tiers["redis"].memory, Some("$0.05/GB/h".parse().unwrap()));
}

#[test]
fn what_is_misspelt_is_refused() {
    let error = |text: &str| toml::from_str::<TierPrice>(text).unwrap_err().to_string();
    assert!(error("memroy = \"$1/GB/h\"").contains("unknown field `memroy`"));
    let source = "{ status = \"assumed\", source = \"\" }";
    assert!(error(&format!("sources.memroy = {source}")).contains("unknown variant `memroy`"));
    assert!(error("sources.memory = { source = \"\" }").contains("missing field `status`"));
    let node = |rest: &str| error(&format!("nodes = {{ price = \"$1/h\", {rest} }}"));
    assert!(node("usable = 0").contains("above 0 and at most 1"));
    assert!(node("memory = \"0B\"").contains("more than no bytes"));
    assert!(node("billed-by = \"0s\"").contains("more than no time"));
    assert!(node("lookups-per-second = 0").contains("a number above 0"));
    assert!(error("processed = { price = \"$1/1M\", unit = \"0B\" }").contains("no bytes"));
    let book = "source = \"\"\ndate = \"\"\ncurrency = \"EUR\"\ntiers = {}";
    assert!(toml::from_str::<PriceBook>(book).unwrap_err().to_string().contains("USD"));
}
