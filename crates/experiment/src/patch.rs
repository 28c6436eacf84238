//! Partial descriptions of a stack, and how one is laid over another.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::de::{self, DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize};
use tiers::cdn::Place;
use tiers::cluster::{ClusterSpec, TwoChoicesSpec};
use tiers::security::{KeyPer, Rotation};
use tiers::{ExpirySpec, Inclusion, Misses, OnMiss, Settle, Writes};
use trace::units::{Bytes, Nanos};

use crate::price::PriceChoice;
use crate::text::{Capacity, FillText, Fraction, PolicyText, ServiceText, Ttl};

/// Something of which another may be laid on top: what that gives replaces what was there.
pub(crate) trait Overlay {
    fn lay_over(&mut self, over: &Self);
}

impl<T: Clone> Overlay for Option<T> {
    fn lay_over(&mut self, over: &Self) {
        if over.is_some() {
            self.clone_from(over);
        }
    }
}

impl<T: Overlay + Clone + Default> Overlay for BTreeMap<String, T> {
    fn lay_over(&mut self, over: &Self) {
        for (name, value) in over {
            self.entry(name.clone()).or_default().lay_over(value);
        }
    }
}

/// Some of the fields of something that has a default for each: laid over one another as written, and
/// complete at any time. `{}` gives it with all its defaults.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Given<T> {
    #[schemars(with = "Option<T>")]
    table: Option<toml::Table>,
    #[serde(skip)]
    what: PhantomData<T>,
}

impl<T> Default for Given<T> {
    fn default() -> Self {
        Given { table: None, what: PhantomData }
    }
}

impl<T: DeserializeOwned> Given<T> {
    /// What was given, with the rest at its defaults; `None` if nothing was.
    pub(crate) fn value(&self) -> Option<T> {
        // Each table was read as a `T` when it came in, and so is what they add up to.
        self.table.clone().and_then(|table| table.try_into().ok())
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let table = toml::Table::deserialize(deserializer)?;
        table.clone().try_into::<T>().map_err(|error| de::Error::custom(error.message()))?;
        Ok(Given { table: Some(table), what: PhantomData })
    }
}

impl<T> Overlay for Given<T> {
    fn lay_over(&mut self, over: &Self) {
        if let Some(over) = &over.table {
            merge(self.table.get_or_insert_default(), over);
        }
    }
}

/// Values replace those of the same name; tables are merged.
fn merge(table: &mut toml::Table, over: &toml::Table) {
    for (name, value) in over {
        match (table.get_mut(name), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(over)) => merge(inner, over),
            _ => {
                table.insert(name.clone(), value.clone());
            }
        }
    }
}

/// Declares a description whose fields may all be left out.
macro_rules! patch {
    ($(#[$meta:meta])* $name:ident { $( $(#[$field_meta:meta])* $field:ident : $type:ty, )* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
        #[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
        pub struct $name {
            $( $(#[$field_meta])* #[serde(skip_serializing_if = "is_default")] pub $field: $type, )*
        }

        impl Overlay for $name {
            fn lay_over(&mut self, over: &Self) {
                $( self.$field.lay_over(&over.$field); )*
            }
        }
    };
}

pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

patch! {
    /// Some of a stack's fields.
    StackPatch {
        /// A stack shipped with the program to start from: "brief".
        preset: Option<String>,
        /// Names of the tiers in the order they are asked; a tier left out is not there.
        order: Option<Vec<String>>,
        /// Tiers by name.
        tiers: BTreeMap<String, TierPatch>,
        /// Latency profile of the origin.
        latency_of_origin: Option<String>,
        /// Servers of the origin, and objects it does not have.
        origin: OriginPatch,
        /// Price book.
        prices: Option<String>,
        /// Prices of the origin in place of the price book's: themselves, or "NAME" or "BOOK/NAME".
        price_of_origin: Option<PriceChoice>,
        /// What writes and deletes in the trace do.
        writes: Option<Writes>,
        /// In which order a read asks the tiers.
        router: RouterPatch,
        /// Which objects are kept out of the first tiers.
        demotion: DemotionPatch,
        /// How long tiers refuse erased versions after their purge, or "none", in place of
        /// `[erasure]`'s `tombstone`.
        tombstone: Option<Ttl>,
    }
}

patch! {
    /// Some of a tier's fields.
    TierPatch {
        /// How much it holds: an amount such as "256MiB", or a share of the trace's footprint, "10%".
        capacity: Option<Capacity>,
        /// Bytes each object takes beside its own, such as "72B".
        object_overhead: Option<Bytes>,
        /// Eviction policy with parameters, such as "s3-fifo:version=v1".
        policy: Option<PolicyText>,
        /// How long a copy stays fresh, such as "60s", or "none".
        ttl: Option<Ttl>,
        /// Time to live is drawn evenly within so much of `ttl` on both sides, such as "10%".
        ttl_jitter: Option<Fraction>,
        /// Whether a hit starts the time to live anew.
        ttl_renew: Option<bool>,
        /// What gives back the memory of expired copies: "lazy" (lookups and evictions only),
        /// { redis-cycle = {} }, { sweep = { every = "10s" } }, "timer-wheel".
        expiry: Option<ExpirySpec>,
        /// For so long after its time, a copy is served stale while a fetch renews it.
        stale_while_revalidate: Option<Nanos>,
        /// For so long after its time, a copy is served stale if the fetch fails.
        stale_if_error: Option<Nanos>,
        /// How long "there is no such object" is remembered.
        negative_ttl: Option<Nanos>,
        /// Strength of probabilistic early refresh: 0 is none, 1 the published optimum.
        early_refresh: Option<f64>,
        /// Latency profile.
        latency: Option<String>,
        /// The Redis Cluster it is: `{}` for three masters with a replica each, or fields of it.
        cluster: Given<ClusterSpec>,
        /// Nodes of which each object may be on two; the one with the shorter queue is asked.
        two_choices: Given<TwoChoicesSpec>,
        /// The content delivery network it is: one shipped, such as "three-cdns", or `[cdn.NAME]`.
        cdn: Option<String>,
        /// The shield it is, behind the network of the tier above: "per-provider", "one", or
        /// `[shield.NAME]`.
        shield: Option<String>,
        /// The servers of each of its stations. Without `servers` they answer any number of requests
        /// at once.
        station: StationPatch,
        /// What a request does that misses on an object under way: "independent", "coalesce", "lease".
        misses: Option<Misses>,
        /// Which answers from below are kept: "always", "down", "10%" of them, "miss:2" (from an
        /// object's second miss on), "read:11" (from its eleventh read on).
        fill: Option<FillText>,
        /// How its contents go with those of the tier above: "non-inclusive", "inclusive", "exclusive".
        inclusion: Option<Inclusion>,
        /// How its copies are sealed. Without `cipher` they are not.
        encryption: EncryptionPatch,
        /// Prices in place of the price book's for this tier's name: themselves, or "NAME" or "BOOK/NAME".
        price: Option<PriceChoice>,
    }
}

patch! {
    /// How a tier's copies are sealed. The reader seals and opens: opening adds to the latency of a hit.
    EncryptionPatch {
        /// What it costs: "aes-256-gcm", or `[cipher.NAME]`; "none" if copies are not sealed.
        cipher: Option<String>,
        /// What has a key of its own: "object" (by default), "client" or "tier".
        key_per: Option<KeyPer>,
        /// How long a key is at hand after it was derived, such as "5min", which is the default.
        key_cache: Option<Nanos>,
        /// How often keys change, such as "24h"; "none" by default.
        rotate_every: Option<Ttl>,
        /// When copies under an old key are sealed anew: "lazy", when they are next read, or "eager".
        rotation: Option<Rotation>,
        /// The most messages that a key seals; 2^32 by default.
        messages_per_key: Option<u64>,
    }
}

patch! {
    /// The servers of a tier or of the origin.
    StationPatch {
        /// How many requests each station serves at once.
        servers: Option<u32>,
        /// How long a request keeps its server: a time such as "20us", or a latency profile. As long
        /// as the whole latency by default.
        service: Option<ServiceText>,
        /// Most requests that wait; more are turned away.
        queue: Option<u32>,
        /// How long the client waits for an answer.
        timeout: Option<Nanos>,
        /// How often a failed request is sent again.
        retries: Option<u32>,
        /// Time before the first retry; it doubles with each.
        backoff: Option<Nanos>,
        /// Retries allowed for each first try, such as "10%"; no bound by default.
        retry_budget: Option<Fraction>,
    }
}

patch! {
    /// What there is to say of the origin beside its latency and price.
    OriginPatch {
        /// Where it is, as [latitude, longitude]: fetches from a content delivery network take the way
        /// from point of presence or shield. Without it the origin is next door to all.
        at: Option<Place>,
        /// Its servers. Without `servers` it answers any number of requests at once.
        station: StationPatch,
        /// Share of the objects that it does not have.
        absent: Option<Fraction>,
    }
}

/// In which order a read asks the tiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RouterKind {
    /// One after the other.
    #[default]
    Sequential,
    /// Some at once, with staggered starts.
    Hedged,
    /// One after the other, from where the object is expected by how often and how lately it was read.
    PredictedPath,
}

patch! {
    /// The router.
    RouterPatch {
        /// "sequential", "hedged" or "predicted-path".
        kind: Option<RouterKind>,
        /// Hedged: when each tier of the race is asked, such as { L1 = "0ms", L2 = "1ms", L3 = "5ms" }.
        after: Option<BTreeMap<String, Nanos>>,
        /// Hedged: what ends the race, "first-hit" or "first-settled", where a miss is an answer.
        settle: Option<Settle>,
        /// Hedged: what a leg's miss does for the next, "launch-next" or "wait-for-timer".
        on_miss: Option<OnMiss>,
        /// Hedged: whether legs that still wait for a server are withdrawn when the race is over.
        cancel: Option<bool>,
    }
}

patch! {
    /// Large objects that are hardly read leave the tiers before `to`.
    DemotionPatch {
        /// Objects of more than this,
        above: Option<Bytes>,
        /// with fewer reads so far than this,
        reads_below: Option<u32>,
        /// are kept from this tier on only.
        to: Option<String>,
    }
}

impl StackPatch {
    /// Lays `over` on top: what it gives replaces what was there.
    pub fn overlaid(mut self, over: &StackPatch) -> StackPatch {
        self.lay_over(over);
        self
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
