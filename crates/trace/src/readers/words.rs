//! Traces that are nothing but keys as binary numbers of one width: three families, one idea.
//!
//! Nothing in such a file says what it is, so these are never detected, only named. Numbers are
//! taken as unsigned; that changes how a key prints, never which objects are the same.

use crate::builder::Has;
use crate::error::Error;
use crate::input::Input;
use crate::trace::Trace;

use super::records::{each_record, reserve};
use super::rows::Rows;
use super::{Evidence, Format, Kind, Prefix, ReadOptions};

pub(super) static CACHE2K: Format = Format {
    name: "cache2k",
    aliases: &["be-i32"],
    doc: "Keys of the cache2k benchmarks.",
    layout: "big-endian: i32 key",
    kind: Kind::Binary,
    detect: possible::<4>,
    read: |input, options| {
        read(&CACHE2K, input, options, |word| u64::from(u32::from_be_bytes(*word)))
    },
};

pub(super) static CLOUD_PHYSICS: Format = Format {
    name: "cloud-physics",
    aliases: &["lirs2", "le-u32"],
    doc: "CloudPhysics block numbers as the LIRS2 paper used them.",
    layout: "little-endian: u32 block",
    kind: Kind::Binary,
    detect: possible::<4>,
    read: |input, options| {
        read(&CLOUD_PHYSICS, input, options, |word| u64::from(u32::from_le_bytes(*word)))
    },
};

pub(super) static CORDA: Format = Format {
    name: "corda",
    aliases: &["scarab", "be-i64"],
    doc: "Keys of the Corda and Scarab traces.",
    layout: "big-endian: i64 key",
    kind: Kind::Binary,
    detect: possible::<8>,
    read: |input, options| read(&CORDA, input, options, |word| u64::from_be_bytes(*word)),
};

fn possible<const N: usize>(prefix: &Prefix<'_>) -> Evidence {
    if prefix.whole && !prefix.bytes.len().is_multiple_of(N) {
        return Evidence::No;
    }
    Evidence::Possible
}

fn read<const N: usize>(
    format: &'static Format,
    input: &mut Input<'_>,
    options: &ReadOptions,
    key: fn(&[u8; N]) -> u64,
) -> Result<Trace, Error> {
    let mut rows = Rows::new(format, input, options, Has::default())?;
    reserve(input, &mut rows, 0, N as u64)?;
    each_record(input, &mut rows, |word, rows| Ok(rows.push_key(key(word))?))?;
    rows.finish()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{keys, options, problem};
    use crate::readers::read_bytes;

    #[test]
    fn the_same_bytes_are_other_keys_in_other_formats() {
        let bytes = [0, 0, 0, 1, 0xFF, 0, 0, 2];
        let keys = |format| keys(&read_bytes("x", &bytes, &options(format)).unwrap());
        assert_eq!(keys("cache2k"), ["1", "4278190082"]);
        assert_eq!(keys("cloud-physics"), ["16777216", "33554687"]);
        assert_eq!(keys("scarab"), ["8573157378"]);
    }

    #[test]
    fn they_are_never_guessed() {
        let message = problem("x", &[0, 0, 0, 1, 0, 0, 0, 2], "");
        assert!(message.contains("it could be cache2k, cloud-physics, corda"), "{message}");
    }

    #[test]
    fn a_cut_word_is_an_error() {
        let message = problem("x", &[0, 0, 0, 1, 0, 0], "cache2k");
        assert!(message.contains("row 2, byte 4: the last record has 2 of 4 bytes"), "{message}");
        assert!(problem("x", &[0, 0, 0, 1, 0, 0], "corda").contains("6 of 8 bytes"));
    }
}
