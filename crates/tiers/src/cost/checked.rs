//! Values that make sense, or an error at the place where they are written.

use serde::{Deserialize, Deserializer, de};
use trace::units::{Bytes, Nanos};

/// Reads a value and refuses it if it is not sound.
fn checked<'de, D, T>(deserializer: D, sound: fn(&T) -> bool, hint: &str) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let value = T::deserialize(deserializer)?;
    if sound(&value) { Ok(value) } else { Err(de::Error::custom(hint)) }
}

pub(super) fn share<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let sound = |share: &f64| *share > 0.0 && *share <= 1.0;
    checked(deserializer, sound, "a share is above 0 and at most 1, such as 0.75")
}

pub(super) fn some_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    checked(deserializer, |bytes: &Bytes| bytes.0 > 0, "this has to be more than no bytes")
}

pub(super) fn some_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Nanos, D::Error> {
    checked(deserializer, |time: &Nanos| time.0 > 0, "this has to be more than no time")
}

pub(super) fn some_memory<'de, D>(deserializer: D) -> Result<Option<Bytes>, D::Error>
where
    D: Deserializer<'de>,
{
    some_bytes(deserializer).map(Some)
}

pub(super) fn some_rate<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<f64>, D::Error> {
    let sound = |rate: &f64| *rate > 0.0 && rate.is_finite();
    checked(deserializer, sound, "this has to be a number above 0").map(Some)
}
