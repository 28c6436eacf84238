//! What encryption costs: AES-256-GCM of the `aes-gcm` crate, in place, by size.
//!
//! The crate picks the processor's AES instructions where there are any, and was audited (by NCC Group,
//! its page says). Keys of objects are derived by HKDF-SHA256 (RFC 5869) from a master key, and expanded; that
//! is timed by itself. Of each size the median is taken, and a line `base + size / rate` fitted to the
//! medians by least squares of the relative errors, since small and large objects matter alike.

use std::convert::Infallible;

use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::{AeadInOut, Aes256Gcm, Key, KeyInit, Nonce, Tag};
use hkdf::Hkdf;
use sha2::Sha256;

use crate::stopwatch::Stopwatch;
use crate::{Measured, in_turns};

/// Sizes that are measured.
pub const SIZES: [u64; 8] = [64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20];
/// Bytes of a nonce, by the standard's recommendation (NIST SP 800-38D).
pub const NONCE_BYTES: u64 = 12;
/// Bytes of an authentication tag.
pub const TAG_BYTES: u64 = 16;

/// What was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CipherTimes {
    /// Encrypting and authenticating.
    pub seal: Measured,
    /// Verifying and decrypting.
    pub open: Measured,
    /// Deriving and expanding one key: the median, in nanoseconds.
    pub key_derivation_ns: u64,
    /// Nanoseconds of clock reading left out of each time.
    pub clock_ns: u64,
}

/// Measures `n_samples` of each of some sizes.
pub fn measure(sizes: &[u64], n_samples: usize) -> CipherTimes {
    let stopwatch = Stopwatch::new();
    // Times depend neither on key nor on content: the instructions take constant time.
    let master = Hkdf::<Sha256>::new(None, &[7; 32]);
    let mut last = 0u64;
    let mut derive = || {
        last += 1;
        let mut key = [0; 32];
        master.expand(&last.to_le_bytes(), &mut key).expect("32 bytes are not too many");
        Aes256Gcm::new(&Key::<Aes256Gcm>::from(key))
    };
    let cipher = derive();
    let mut derivations: Vec<u64> =
        (0..n_samples.max(1)).map(|_| stopwatch.time(&mut derive)).collect();
    derivations.sort_unstable();
    let nonce = Nonce::from([3; NONCE_BYTES as usize]);
    let mut buffer = vec![5; sizes.iter().max().map_or(0, |size| *size as usize)];
    let seal = in_turns(
        sizes,
        |_| n_samples,
        |size| {
            Ok::<u64, Infallible>(
                stopwatch.time(|| seal(&cipher, &nonce, &mut buffer[..size as usize])),
            )
        },
    );
    let open = in_turns(
        sizes,
        |_| n_samples,
        |size| {
            let part = &mut buffer[..size as usize];
            let tag = self::seal(&cipher, &nonce, part);
            let mut opened = false;
            let took = stopwatch.time(|| opened = open_in_place(&cipher, &nonce, part, &tag));
            assert!(opened, "what was sealed opens");
            Ok::<u64, Infallible>(took)
        },
    );
    let (Ok(seal), Ok(open)) = (seal, open);
    let key_derivation_ns = derivations[derivations.len() / 2];
    CipherTimes { seal, open, key_derivation_ns, clock_ns: stopwatch.cost_ns() }
}

type GcmNonce = Nonce<aes_gcm::aead::consts::U12>;

fn seal(cipher: &Aes256Gcm, nonce: &GcmNonce, part: &mut [u8]) -> Tag {
    cipher.encrypt_inout_detached(nonce, &[], InOutBuf::from(part)).expect("far below 64 GiB")
}

fn open_in_place(cipher: &Aes256Gcm, nonce: &GcmNonce, part: &mut [u8], tag: &Tag) -> bool {
    cipher.decrypt_inout_detached(nonce, &[], InOutBuf::from(part), tag).is_ok()
}

/// Time of an operation on `size` bytes: `base` + `size` / `rate`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Nanoseconds whatever the size, at least 1.
    pub base_ns: u64,
    /// Bytes a second.
    pub bytes_per_second: u64,
    /// The largest relative error at a measured size: 0.1 is 10 %.
    pub worst_error: f64,
}

impl Line {
    /// The line through times of rising sizes, in nanoseconds. At least two sizes are needed, and the
    /// longer must take longer.
    pub fn through(times: &[(u64, f64)]) -> Option<Self> {
        // Weights 1 / time^2 make the errors relative.
        let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
            times.iter().map(|(size, ns)| f(*size as f64, *ns) / (ns * ns)).sum()
        };
        let (w, x, y) = (sum(&|_, _| 1.0), sum(&|size, _| size), sum(&|_, ns| ns));
        let (xx, xy) = (sum(&|size, _| size * size), sum(&|size, ns| size * ns));
        let slope = (w * xy - x * y) / (w * xx - x * x);
        let base = (y - slope * x) / w;
        if times.len() < 2 || !slope.is_finite() || slope < 1e-12 {
            return None;
        }
        let base = base.max(1.0);
        let error = |(size, ns): &(u64, f64)| ((base + slope * *size as f64) / ns - 1.0).abs();
        Some(Line {
            base_ns: (base + 0.5) as u64,
            bytes_per_second: (1e9 / slope + 0.5) as u64,
            worst_error: times.iter().map(error).fold(0.0, f64::max),
        })
    }

    /// The line through the medians of what was measured.
    pub fn of(measured: &Measured) -> Option<Self> {
        let median = |(size, sorted): (u64, Vec<u64>)| (size, sorted[sorted.len() / 2] as f64);
        Line::through(&measured.by_size().into_iter().map(median).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test case 14 of the specification of GCM (McGrew and Viega), with a key of 256 bits.
    #[test]
    fn the_cipher_is_the_one_it_says() {
        let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::from([0; 32]));
        let mut text = [0; 16];
        let tag = seal(&cipher, &Nonce::from([0; 12]), &mut text);
        let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        assert_eq!(hex(&text), "cea7403d4d606b6e074ec5d3baf39d18");
        assert_eq!(hex(&tag), "d0d1c8a799996bf0265b98b5d48ab919");
        assert!(open_in_place(&cipher, &Nonce::from([0; 12]), &mut text, &tag));
        assert_eq!(text, [0; 16]);
    }

    #[test]
    fn a_line_is_recovered() {
        let times: Vec<(u64, f64)> = SIZES.iter().map(|s| (*s, 100.0 + 0.5 * *s as f64)).collect();
        let line = Line::through(&times).unwrap();
        assert_eq!((line.base_ns, line.bytes_per_second), (100, 2_000_000_000));
        assert!(line.worst_error < 1e-9);
        assert_eq!(Line::through(&[(10, 5.0)]), None);
        assert_eq!(Line::through(&[(10, 5.0), (20, 5.0)]), None);
    }

    #[test]
    fn everything_is_measured_and_takes_longer_the_larger() {
        // Unoptimised, it takes a thousand times as long.
        let sizes = [64, 1 << 10, 8 << 10];
        let times = measure(&sizes, 20);
        assert_eq!(times.seal.by_size().len(), sizes.len());
        for measured in [&times.seal, &times.open] {
            let line = Line::of(measured).unwrap();
            assert!(line.base_ns > 0 && line.bytes_per_second > 1_000_000, "{line:?}");
        }
        assert!(times.key_derivation_ns > 0);
    }
}
