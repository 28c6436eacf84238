//! A look-up in a map of this process.
//!
//! A `std::collections::HashMap` of 64-bit keys holds [`BYTES_A_SIZE`] of values of each size, more than
//! most processors cache near the core; a uniformly drawn key is looked up and its value copied, as an
//! answer would be. One thread, so no lock and no contention; no collector, so no pauses of one.

use std::collections::HashMap;

use trace::stream::Stream;

use crate::stopwatch::Stopwatch;
use crate::{Measured, in_turns};

/// Sizes that are measured.
pub const SIZES: [u64; 6] = [64, 1 << 10, 16 << 10, 256 << 10, 1 << 20, 4 << 20];
/// Bytes of values of each size.
pub const BYTES_A_SIZE: u64 = 64 << 20;

/// Measures `n_samples` look-ups of each size. Returns also the nanoseconds of clock reading left
/// out of each.
pub fn measure(n_samples: usize, seed: u64) -> (Measured, u64) {
    let stopwatch = Stopwatch::new();
    let maps: HashMap<u64, HashMap<u64, Box<[u8]>>> = SIZES.iter().map(|s| (*s, map(*s))).collect();
    let mut keys = Stream::new(seed, "keys of calibrate");
    let mut answer = vec![0; SIZES[SIZES.len() - 1] as usize];
    let measured = in_turns(
        &SIZES,
        |_| n_samples,
        |size| {
            let map = &maps[&size];
            let key = keys.below(map.len() as u64);
            let took = stopwatch.time(|| {
                let value = &map[&key];
                answer[..value.len()].copy_from_slice(value);
                std::hint::black_box(&answer);
            });
            Ok::<u64, std::convert::Infallible>(took)
        },
    );
    let Ok(measured) = measured;
    (measured, stopwatch.cost_ns())
}

fn map(size: u64) -> HashMap<u64, Box<[u8]>> {
    let value = |key: u64| vec![key as u8 | 1; size as usize].into_boxed_slice();
    (0..BYTES_A_SIZE / size).map(|key| (key, value(key))).collect()
}
