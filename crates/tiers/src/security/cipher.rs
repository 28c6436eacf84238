//! What sealing a copy costs: bytes for nonce and tag, and processor time linear in its size.
//!
//! Nothing is encrypted in a simulation. The time to seal `n` bytes is `base + n / rate`, rounded
//! up to a nanosecond, in integers. Whoever measures a real implementation over sizes finds such a
//! line to within some percent; the profile says how well it fits.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trace::units::Nanos;

use super::SecurityError;

/// The cost of a cipher, as written in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CipherSpec {
    /// Where the figures are from. Say "assumed" where they are.
    pub source: String,
    /// Day they were measured or looked up, as 2026-11-25.
    pub date: String,
    /// Time to seal nothing.
    pub seal_base: Nanos,
    /// Bytes sealed in a second beyond that.
    pub seal_rate_bytes_per_second: u64,
    /// Time to open nothing.
    pub open_base: Nanos,
    /// Bytes opened in a second beyond that.
    pub open_rate_bytes_per_second: u64,
    /// Time to derive a key and make it ready for use.
    pub key_derivation: Nanos,
    /// Bytes of the nonce stored with each copy: 12 for GCM.
    pub nonce_bytes: u64,
    /// Bytes of the authentication tag stored with each copy: 16 for GCM.
    pub tag_bytes: u64,
}

/// Longest fixed time that is believed, and longest nonce and tag.
const LONGEST: Nanos = Nanos(1_000_000_000);
const LONGEST_FIELD: u64 = 1024;

/// A cipher ready to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cipher {
    seal: Line,
    open: Line,
    derive_ns: u64,
    overhead_bytes: u64,
}

/// Time that grows with bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Line {
    base_ns: u64,
    bytes_per_second: u64,
}

impl Line {
    /// Of a product of 64-bit numbers in 128 bits, so it cannot overflow on the way.
    #[inline]
    fn ns(self, size: u64) -> u64 {
        let ns = (u128::from(size) * 1_000_000_000).div_ceil(u128::from(self.bytes_per_second));
        self.base_ns.saturating_add(u64::try_from(ns).unwrap_or(u64::MAX))
    }
}

impl Cipher {
    /// Checks a profile and prepares it.
    ///
    /// # Errors
    /// If a rate is 0, or a fixed cost is absurd.
    pub fn new(spec: &CipherSpec) -> Result<Self, SecurityError> {
        for (field, rate) in [
            ("seal-rate-bytes-per-second", spec.seal_rate_bytes_per_second),
            ("open-rate-bytes-per-second", spec.open_rate_bytes_per_second),
        ] {
            if rate == 0 {
                return Err(SecurityError::new(field, "must be at least 1 byte per second"));
            }
        }
        for (field, time) in [
            ("seal-base", spec.seal_base),
            ("open-base", spec.open_base),
            ("key-derivation", spec.key_derivation),
        ] {
            if time > LONGEST {
                return Err(SecurityError::new(field, format!("is {time}, more than {LONGEST}")));
            }
        }
        for (field, bytes) in [("nonce-bytes", spec.nonce_bytes), ("tag-bytes", spec.tag_bytes)] {
            if bytes > LONGEST_FIELD {
                let what = format!("is {bytes} bytes, more than {LONGEST_FIELD}");
                return Err(SecurityError::new(field, what));
            }
        }
        let line = |base: Nanos, bytes_per_second| Line { base_ns: base.0, bytes_per_second };
        Ok(Cipher {
            seal: line(spec.seal_base, spec.seal_rate_bytes_per_second),
            open: line(spec.open_base, spec.open_rate_bytes_per_second),
            derive_ns: spec.key_derivation.0,
            overhead_bytes: spec.nonce_bytes + spec.tag_bytes,
        })
    }

    /// Bytes that a copy of `size` bytes takes in the cache.
    #[inline]
    pub fn stored_size(&self, size: u64) -> u64 {
        size.saturating_add(self.overhead_bytes)
    }

    /// Time to seal `size` bytes, in nanoseconds.
    #[inline]
    pub fn seal_ns(&self, size: u64) -> u64 {
        self.seal.ns(size)
    }

    /// Time to open a copy of `size` bytes of plain text, in nanoseconds.
    #[inline]
    pub fn open_ns(&self, size: u64) -> u64 {
        self.open.ns(size)
    }

    /// Time to derive a key, in nanoseconds.
    #[inline]
    pub fn derive_ns(&self) -> u64 {
        self.derive_ns
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::{LatencyProfile, LatencySpec};

    /// One nanosecond a byte to seal, half to open.
    pub(in super::super) fn spec() -> CipherSpec {
        toml::from_str(
            r#"
            source = "test"
            date = "2026-11-25"
            seal-base = "100ns"
            seal-rate-bytes-per-second = 1_000_000_000
            open-base = "50ns"
            open-rate-bytes-per-second = 2_000_000_000
            key-derivation = "1us"
            nonce-bytes = 12
            tag-bytes = 16
            "#,
        )
        .unwrap()
    }

    #[test]
    fn a_worked_example() {
        let cipher = Cipher::new(&spec()).unwrap();
        assert_eq!(cipher.stored_size(1000), 1028);
        assert_eq!((cipher.seal_ns(0), cipher.seal_ns(1000)), (100, 1100));
        // Three bytes at two a nanosecond take one and a half: rounded up.
        assert_eq!((cipher.open_ns(0), cipher.open_ns(3)), (50, 52));
        assert_eq!(cipher.derive_ns(), 1000);
    }

    #[test]
    fn the_shipped_profile_is_sound_and_says_where_it_is_from() {
        #[derive(Deserialize)]
        struct File {
            cipher: BTreeMap<String, CipherSpec>,
            latency: BTreeMap<String, LatencySpec>,
        }
        let text = include_str!("../../../experiment/presets/security.toml");
        let file: File = toml::from_str(text).unwrap();
        let spec = &file.cipher["aes-256-gcm"];
        // A nonce of 96 bits and a tag of 128.
        let cipher = Cipher::new(spec).unwrap();
        assert_eq!(cipher.stored_size(0), 28);
        // What was measured for 1 KiB, in nanoseconds: 763 to seal, 751 to open.
        assert!(cipher.seal_ns(1024).abs_diff(763) < 38 && cipher.open_ns(1024).abs_diff(751) < 38);
        assert!(LatencyProfile::new(&file.latency["cdn-purge"]).is_ok());
        assert!(spec.source.starts_with("Measured") && spec.source.contains("aes-gcm 0.10.3"));
    }

    #[test]
    fn absurd_profiles_are_refused_by_field() {
        type Change = fn(&mut CipherSpec);
        let cases: [(&str, Change); 4] = [
            ("seal-rate-bytes-per-second", |s| s.seal_rate_bytes_per_second = 0),
            ("open-rate-bytes-per-second", |s| s.open_rate_bytes_per_second = 0),
            ("key-derivation", |s| s.key_derivation = Nanos(u64::MAX)),
            ("tag-bytes", |s| s.tag_bytes = u64::MAX),
        ];
        for (field, change) in cases {
            let mut spec = spec();
            change(&mut spec);
            assert_eq!(Cipher::new(&spec).unwrap_err().field, field);
        }
        let misspelt = toml::to_string(&spec()).unwrap().replace("tag-bytes", "tag-byte");
        assert!(toml::from_str::<CipherSpec>(&misspelt).is_err());
    }

    proptest! {
        #[test]
        fn cost_grows_with_size_and_never_overflows(
            size in any::<u64>(),
            more in any::<u64>(),
            rate in 1..=u64::MAX,
        ) {
            let mut spec = spec();
            spec.seal_rate_bytes_per_second = rate;
            let cipher = Cipher::new(&spec).unwrap();
            let larger = size.saturating_add(more);
            prop_assert!(cipher.seal_ns(size) <= cipher.seal_ns(larger));
            prop_assert!(cipher.stored_size(size) <= cipher.stored_size(larger));
            // Rounded up: never faster than the rate, by less than a nanosecond slower.
            let ns = u128::from(cipher.seal_ns(size) - 100);
            if cipher.seal_ns(size) < u64::MAX {
                prop_assert!(ns * u128::from(rate) >= u128::from(size) * 1_000_000_000);
                prop_assert!(ns == 0 || (ns - 1) * u128::from(rate) < u128::from(size) * 1_000_000_000);
            }
        }
    }
}
