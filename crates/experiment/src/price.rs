//! How a scenario says what a tier charges.

use std::fmt;

use schemars::JsonSchema;
use serde::de::{MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, de};
use tiers::TierPrice;

/// What a tier charges, in place of what the stack's price book says for its name.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum PriceChoice {
    /// Prices from a book: "NAME" from the stack's own, "BOOK/NAME" from another.
    Named(String),
    /// The prices themselves.
    Given(Box<TierPrice>),
}

impl<'de> Deserialize<'de> for PriceChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrTable)
    }
}

/// Reads text or a table, so that an error is about the one that was written.
struct NameOrTable;

impl<'de> Visitor<'de> for NameOrTable {
    type Value = PriceChoice;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("prices, or the name of some in a price book, such as \"fastly/L3\"")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<PriceChoice, E> {
        Ok(PriceChoice::Named(name.to_string()))
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<PriceChoice, A::Error> {
        TierPrice::deserialize(MapAccessDeserializer::new(table))
            .map(Box::new)
            .map(PriceChoice::Given)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::resolve::resolve_source;
    use crate::{Error, ResolvedStack, Source};

    fn stack(lines: &str) -> Result<ResolvedStack, Error> {
        let text = format!(
            "schema = 1\nname = \"t\"\n[[traces]]\npath = \"t.csv\"\n[[strategies]]\nname = \"s\"\n\
             [stack]\npreset = \"brief\"\nprices = \"aws\"\n{lines}"
        );
        let study = resolve_source(&Source::new("t.toml", text), Path::new(""), &[])?;
        Ok(study.strategies[0].stack.clone())
    }

    #[test]
    fn a_tier_is_priced_by_its_name_unless_told_otherwise() {
        let plain = stack("").unwrap();
        let named = stack(
            "tiers.L2.price = \"elasticache-valkey\"\ntiers.L3.price = \"fastly/L3\"\n\
             tiers.L1.price.memory = \"$1/GB/h\"\nprice-of-origin = \"s3-internet\"",
        )
        .unwrap();
        let text =
            |stack: &ResolvedStack, tier: usize| toml::to_string(&stack.tiers[tier].price).unwrap();
        assert!(text(&plain, 1).contains("memory = \"$0.0097/GB/h\""));
        assert_eq!(text(&named, 1), "memory = \"$1/GB/h\"\n");
        assert!(text(&plain, 2).contains("$0.125/GB/h"));
        assert!(text(&named, 2).contains("$0.084/GB/h"));
        assert!(text(&plain, 3).contains("$0.005/path"));
        assert!(text(&named, 3).contains("$50/month"));
        let egress = |stack: &ResolvedStack| stack.price_of_origin.egress.clone();
        assert_eq!(egress(&plain), Some("$0/GB".parse().unwrap()));
        assert_eq!(egress(&named), Some("$0.09/GB".parse().unwrap()));
    }

    #[test]
    fn unknown_names_are_shown_where_they_stand() {
        let error = |line: &str| stack(line).unwrap_err().to_string();
        let misspelt = error("tiers.L2.price = \"elasticache-valkye\"");
        assert!(
            misspelt.contains("t.toml:10:18: no price of `aws` is called `elasticache-valkye`")
        );
        assert!(misspelt.contains("did you mean `elasticache-valkey`?"), "{misspelt}");
        let no_book = error("tiers.L2.price = \"fastyl/L3\"");
        assert!(no_book.contains("t.toml:10:18: no price book is called `fastyl`"), "{no_book}");
        let origin = error("price-of-origin = \"s4\"");
        assert!(origin.contains("t.toml:10:19: no price of `aws` is called `s4`"), "{origin}");
        let field = error("tiers.L2.price = { memroy = \"$1/GB/h\" }");
        assert!(field.contains("t.toml:10:20: unknown field `memroy`"), "{field}");
        assert!(error("tiers.L2.price = 3").contains("or the name of some in a price book"));
    }
}
