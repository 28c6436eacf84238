//! The keys of a tier: who has one, how long it is at hand, how often it was used, when it changes.
//!
//! A key is derived before use, which takes time, and stays at hand for [`EncryptionSpec::key_cache`]
//! after its derivation. Keys change in two ways:
//!
//! * **By schedule.** Time is cut into *epochs* of `rotate-every`. A copy sealed in an earlier epoch is
//!   stale. Under [`Rotation::Lazy`] it is opened under the old key and sealed under the new one when
//!   it is next touched; under [`Rotation::Eager`] the engine does so with every resident when the
//!   epoch begins, outside any request. Both cost one opening, one sealing and the derivation of the
//!   old key, which is not at hand, a copy.
//! * **By use.** With random 96-bit nonces a key of AES-GCM must not seal more than 2^32 messages
//!   (NIST SP 800-38D, section 8.3), or two of them are too likely to share a nonce. Before that a new
//!   key begins. Copies under the old one stay valid and are not sealed anew; both keys of an epoch are
//!   taken to be at hand together.
//!
//! A lazy rotation keeps old keys alive until the last copy under them is touched, evicted or expires.
//!
//! Memory is 24 bytes a key, of which there are as many as objects or clients, or one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trace::ObjectId;
use trace::units::Nanos;

use super::{Cipher, SecurityError};

/// The most messages that one key of AES-GCM may seal under random 96-bit nonces.
const GCM_MESSAGES_PER_KEY: u64 = 1 << 32;

/// What has a key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KeyPer {
    /// Every object: a copy can be made unreadable by itself.
    #[default]
    Object,
    /// Every client: its copies can be made unreadable together. A copy is sealed under the key of the
    /// client that filled it in.
    Client,
    /// The tier.
    Tier,
}

/// When stale copies are sealed anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rotation {
    /// When they are next touched.
    #[default]
    Lazy,
    /// All when the epoch begins.
    Eager,
}

/// How a tier encrypts, as written in a scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EncryptionSpec {
    /// Name of the cipher's profile.
    pub cipher: String,
    /// What has a key of its own.
    #[serde(default)]
    pub key_per: KeyPer,
    /// How long a key is at hand after it was derived; 0 derives it for every use.
    #[serde(default = "EncryptionSpec::key_cache_default")]
    pub key_cache: Nanos,
    /// How long an epoch is; keys are for ever if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotate_every: Option<Nanos>,
    /// When stale copies are sealed anew.
    #[serde(default)]
    pub rotation: Rotation,
    /// The most messages that a key seals; 2^32 for AES-GCM with random nonces.
    #[serde(default = "EncryptionSpec::messages_per_key_default")]
    pub messages_per_key: u64,
}

impl EncryptionSpec {
    fn key_cache_default() -> Nanos {
        Nanos(300_000_000_000)
    }

    fn messages_per_key_default() -> u64 {
        GCM_MESSAGES_PER_KEY
    }
}

/// Under which key a copy is sealed. The engine keeps it with the copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seal {
    key: u32,
    epoch: u32,
}

impl Seal {
    /// The epoch it was sealed in.
    pub fn epoch(self) -> u32 {
        self.epoch
    }
}

/// A copy was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// Processor time it took, in nanoseconds.
    pub ns: u64,
    /// To be kept with the copy.
    pub seal: Seal,
    /// Its key had sealed as many messages as it may, so a new one began.
    pub rotated: bool,
}

/// A copy was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// Processor time it took, in nanoseconds.
    pub ns: u64,
    /// To be kept with the copy: another one if it was sealed anew.
    pub seal: Seal,
    /// It was stale and was sealed anew.
    pub resealed: bool,
}

/// What the keys of a tier were used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyCounters {
    /// Keys derived.
    pub derivations: u64,
    /// Copies sealed, those sealed anew included.
    pub seals: u64,
    /// Copies opened, those to be sealed anew included.
    pub opens: u64,
    /// Copies sealed anew after a rotation.
    pub reseals: u64,
    /// Their bytes.
    pub resealed_bytes: u64,
    /// Processor time of all of this, in nanoseconds.
    pub cpu_ns: u64,
    /// Keys that sealed as many messages as they may and were replaced.
    pub exhausted: u64,
    /// Most messages that one key sealed, in the real system.
    pub most_messages: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Key {
    messages: u64,
    at_hand_until: u64,
    epoch: u32,
}

/// The keys of a tier.
#[derive(Debug, Clone)]
pub struct Keys {
    cipher: Cipher,
    spec: EncryptionSpec,
    start: u64,
    /// How many messages of the real system one of the simulation stands for.
    weight: u64,
    keys: Vec<Key>,
    counters: KeyCounters,
}

impl Keys {
    /// The keys of a tier for `n_objects` and `n_clients`; epoch 0 begins at `start`. One request of
    /// the trace stands for `scale` real ones: a sample by key has all requests of its objects, so
    /// only keys of clients and tiers are used more often in reality.
    ///
    /// # Errors
    /// If the epoch is 0 long, or a key may not even seal what one request stands for.
    pub fn new(
        spec: &EncryptionSpec,
        cipher: Cipher,
        n_objects: u32,
        n_clients: u32,
        start: u64,
        scale: f64,
    ) -> Result<Self, SecurityError> {
        if spec.rotate_every == Some(Nanos(0)) {
            return Err(SecurityError::new("rotate-every", "must be longer than 0"));
        }
        let (n_keys, weight) = match spec.key_per {
            KeyPer::Object => (n_objects, 1),
            KeyPer::Client => (n_clients, (scale + 0.5) as u64),
            KeyPer::Tier => (1, (scale + 0.5) as u64),
        };
        let weight = weight.max(1);
        if spec.messages_per_key < weight {
            let what = format!(
                "is {}, but one request of this trace stands for {weight} messages",
                spec.messages_per_key
            );
            return Err(SecurityError::new("messages-per-key", what));
        }
        Ok(Keys {
            cipher,
            spec: spec.clone(),
            start,
            weight,
            keys: vec![Key::default(); n_keys.max(1) as usize],
            counters: KeyCounters::default(),
        })
    }

    /// The cipher.
    pub fn cipher(&self) -> &Cipher {
        &self.cipher
    }

    /// The number of the epoch at `now`, from 0.
    #[inline]
    pub fn epoch(&self, now: u64) -> u32 {
        let Some(every) = self.spec.rotate_every else { return 0 };
        u32::try_from(now.saturating_sub(self.start) / every.0).unwrap_or(u32::MAX)
    }

    /// When the epoch after that of `now` begins, if there is one.
    pub fn next_rotation(&self, now: u64) -> Option<u64> {
        let every = self.spec.rotate_every?.0;
        let next = u64::from(self.epoch(now)) + 1;
        self.start.checked_add(every.checked_mul(next)?)
    }

    /// Whether the engine is to [reseal](Keys::open) every resident when an epoch begins.
    pub fn sweeps(&self) -> bool {
        self.spec.rotation == Rotation::Eager
    }

    /// Seals a copy of `size` bytes that `client` fills in.
    pub fn seal(&mut self, object: ObjectId, client: u32, size: u64, now: u64) -> Sealed {
        let key = match self.spec.key_per {
            KeyPer::Object => object.0,
            KeyPer::Client => client,
            KeyPer::Tier => 0,
        };
        let sealed = self.seal_under(key, size, now);
        self.counters.cpu_ns = self.counters.cpu_ns.saturating_add(sealed.ns);
        sealed
    }

    /// Opens a copy of `size` bytes, and seals it anew if it is stale. An eager rotation is this for
    /// every resident.
    pub fn open(&mut self, seal: Seal, size: u64, now: u64) -> Opened {
        let stale = seal.epoch < self.epoch(now);
        self.counters.opens += 1;
        let mut opened = Opened { ns: self.cipher.open_ns(size), seal, resealed: stale };
        if stale {
            // The key of an earlier epoch is not at hand.
            self.counters.derivations += 1;
            let anew = self.seal_under(seal.key, size, now);
            self.counters.reseals += 1;
            self.counters.resealed_bytes += size;
            opened.seal = anew.seal;
            opened.ns = opened.ns.saturating_add(self.cipher.derive_ns()).saturating_add(anew.ns);
        } else {
            opened.ns = opened.ns.saturating_add(self.take_in_hand(seal.key, now));
        }
        self.counters.cpu_ns = self.counters.cpu_ns.saturating_add(opened.ns);
        opened
    }

    /// What the keys were used for.
    pub fn counters(&self) -> &KeyCounters {
        &self.counters
    }

    fn seal_under(&mut self, key: u32, size: u64, now: u64) -> Sealed {
        let derive_ns = self.take_in_hand(key, now);
        let limit = self.spec.messages_per_key;
        let state = &mut self.keys[key as usize];
        let rotated = state.messages > limit - self.weight;
        let mut ns = self.cipher.seal_ns(size).saturating_add(derive_ns);
        if rotated {
            state.messages = 0;
            self.counters.exhausted += 1;
            self.counters.derivations += 1;
            ns = ns.saturating_add(self.cipher.derive_ns());
        }
        state.messages += self.weight;
        self.counters.most_messages = self.counters.most_messages.max(state.messages);
        self.counters.seals += 1;
        Sealed { ns, seal: Seal { key, epoch: state.epoch }, rotated }
    }

    /// Derives this epoch's key unless it is at hand; the time it takes.
    fn take_in_hand(&mut self, key: u32, now: u64) -> u64 {
        let epoch = self.epoch(now);
        let state = &mut self.keys[key as usize];
        if state.epoch != epoch {
            *state = Key { epoch, ..Key::default() };
        }
        if now < state.at_hand_until {
            return 0;
        }
        state.at_hand_until = now.saturating_add(self.spec.key_cache.0);
        self.counters.derivations += 1;
        self.cipher.derive_ns()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::cipher::tests::spec as cipher_spec;
    use super::*;

    fn spec(more: &str) -> EncryptionSpec {
        toml::from_str(&format!("cipher = \"test\"\n{more}")).unwrap()
    }

    fn keys(more: &str) -> Keys {
        Keys::new(&spec(more), Cipher::new(&cipher_spec()).unwrap(), 4, 2, 1_000, 1.0).unwrap()
    }

    const A: ObjectId = ObjectId(0);
    const B: ObjectId = ObjectId(1);

    #[test]
    fn a_key_is_derived_once_while_it_is_at_hand() {
        // Sealing 1000 bytes takes 1100 ns, opening them 550, deriving a key 1000.
        let mut keys = keys("key-cache = \"10us\"");
        let sealed = keys.seal(A, 0, 1000, 1_000);
        assert_eq!((sealed.ns, sealed.rotated), (2100, false));
        assert_eq!(keys.open(sealed.seal, 1000, 10_999).ns, 550);
        assert_eq!(keys.open(sealed.seal, 1000, 11_000).ns, 1550);
        // Another object has another key.
        assert_eq!(keys.seal(B, 0, 1000, 11_001).ns, 2100);
        let counters = keys.counters();
        assert_eq!((counters.derivations, counters.seals, counters.opens), (3, 2, 2));
        assert_eq!(counters.cpu_ns, 2100 + 550 + 1550 + 2100);
    }

    #[test]
    fn keys_belong_to_objects_clients_or_the_tier() {
        let derivations = |more: &str| {
            let mut keys = keys(more);
            for (object, client) in [(A, 0), (A, 1), (B, 0), (B, 1), (ObjectId(2), 0)] {
                keys.seal(object, client, 1, 1_000);
            }
            keys.counters().derivations
        };
        assert_eq!(derivations("key-per = \"object\""), 3);
        assert_eq!(derivations("key-per = \"client\""), 2);
        assert_eq!(derivations("key-per = \"tier\""), 1);
        assert_eq!(derivations("key-per = \"tier\"\nkey-cache = \"0\""), 5);
    }

    #[test]
    fn a_copy_of_an_earlier_epoch_is_sealed_anew_once() {
        let mut keys = keys("rotate-every = \"1ms\"\nkey-per = \"tier\"");
        assert_eq!((keys.epoch(0), keys.epoch(1_000_999), keys.epoch(1_001_000)), (0, 0, 1));
        assert_eq!(keys.next_rotation(1_000), Some(1_001_000));
        assert_eq!(keys.next_rotation(1_001_000), Some(2_001_000));
        assert!(!keys.sweeps());
        let sealed = keys.seal(A, 0, 1000, 1_000);
        // Open 550, old key 1000, new key 1000, seal 1100.
        let opened = keys.open(sealed.seal, 1000, 1_001_000);
        assert_eq!((opened.ns, opened.resealed, opened.seal.epoch()), (3650, true, 1));
        let again = keys.open(opened.seal, 1000, 1_001_001);
        assert_eq!((again.ns, again.resealed), (550, false));
        let counters = keys.counters();
        assert_eq!((counters.reseals, counters.resealed_bytes), (1, 1000));
        assert_eq!(counters.derivations, 3);
        assert!(super::tests::keys("rotation = \"eager\"").sweeps());
        assert_eq!(super::tests::keys("").next_rotation(5), None);
    }

    #[test]
    fn a_key_seals_no_more_messages_than_it_may() {
        let mut keys = keys("key-per = \"tier\"\nmessages-per-key = 3");
        let rotated: Vec<bool> = (0..7).map(|_| keys.seal(A, 0, 1, 1_000).rotated).collect();
        assert_eq!(rotated, [false, false, false, true, false, false, true]);
        assert_eq!((keys.counters().exhausted, keys.counters().most_messages), (2, 3));
        assert_eq!(spec("").messages_per_key, 4_294_967_296);
    }

    #[test]
    fn a_sample_uses_a_shared_key_as_often_as_the_real_system() {
        let cipher = Cipher::new(&cipher_spec()).unwrap();
        let with = |more: &str| Keys::new(&spec(more), cipher, 4, 2, 0, 100.0);
        let mut keys = with("key-per = \"tier\"\nmessages-per-key = 250").unwrap();
        let rotated: Vec<bool> = (0..4).map(|_| keys.seal(A, 0, 1, 0).rotated).collect();
        assert_eq!(rotated, [false, false, true, false]);
        assert_eq!(keys.counters().most_messages, 200);
        let error = with("key-per = \"tier\"\nmessages-per-key = 99").unwrap_err();
        assert_eq!(error.field, "messages-per-key");
        assert!(with("key-per = \"object\"\nmessages-per-key = 1").is_ok());
        assert_eq!(with("rotate-every = \"0\"").unwrap_err().field, "rotate-every");
    }

    proptest! {
        /// Against a twin that keeps the whole history of every key.
        #[test]
        fn costs_equal_those_of_a_naive_twin(
            steps in prop::collection::vec((0..3u32, 0..2u32, 0..400u64, any::<bool>()), 1..80),
            key_per in prop::sample::select(vec!["object", "client", "tier"]),
            limit in 1..6u64,
            cache in 0..500u64,
        ) {
            let text = format!(
                "key-per = \"{key_per}\"\nmessages-per-key = {limit}\nkey-cache = \"{cache}ns\"\n\
                 rotate-every = \"1us\""
            );
            let mut keys = keys(&text);
            // (key, epoch) of every derivation with its time, and of every message.
            let mut derived: Vec<(u32, u32, u64)> = Vec::new();
            let mut messages: Vec<(u32, u32)> = Vec::new();
            let mut copies: Vec<Option<(Seal, u32)>> = vec![None; 3];
            let (mut now, mut reseals) = (1_000, 0);
            for (object, client, gap, touch) in steps {
                now += gap;
                let epoch = ((now - 1_000) / 1_000) as u32;
                let mut derive = |key| {
                    let fresh = derived.iter().any(|(k, e, at)| (*k, *e) == (key, epoch) && now < at + cache);
                    if !fresh { derived.push((key, epoch, now)); }
                    if fresh { 0 } else { 1_000 }
                };
                let mut message = |key| {
                    let before = messages.iter().filter(|m| **m == (key, epoch)).count() as u64;
                    messages.push((key, epoch));
                    if before > 0 && before.is_multiple_of(limit) { 1_000 } else { 0 }
                };
                match copies[object as usize] {
                    Some((seal, key)) if touch => {
                        let opened = keys.open(seal, 10, now);
                        let stale = seal.epoch() < epoch;
                        let mut expected = 55 + derive(key);
                        if stale {
                            expected += 1_000 + 110 + message(key);
                            reseals += 1;
                        }
                        prop_assert_eq!((opened.ns, opened.resealed), (expected, stale));
                        prop_assert_eq!(opened.seal.epoch(), epoch);
                        copies[object as usize] = Some((opened.seal, key));
                    }
                    _ => {
                        let key = match key_per { "object" => object, "client" => client, _ => 0 };
                        let sealed = keys.seal(ObjectId(object), client, 10, now);
                        let expected = 110 + derive(key) + message(key);
                        prop_assert_eq!((sealed.ns, sealed.seal.epoch()), (expected, epoch));
                        copies[object as usize] = Some((sealed.seal, key));
                    }
                }
            }
            prop_assert_eq!(keys.counters().reseals, reseals);
            prop_assert!(keys.counters().most_messages <= limit);
            prop_assert_eq!(keys.counters().seals, messages.len() as u64);
        }
    }
}
