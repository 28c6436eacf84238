//! Latencies for profiles: read from a file or measured on this machine, and written as profiles.
//!
//! [`read_samples`] reads a CSV file of latencies. [`memory`], [`redis`] and [`cipher`] measure: they
//! are the only places of the workspace that take the time of something other than their own
//! progress, which is why they are not part of any simulation. What they measure is what one client
//! sees that waits for each answer before it asks again, so that no waiting for other requests is in it.
//! [`toml_text`] writes what was fitted as a file that a scenario can include.
//!
//! Fitting itself is `tiers::latency::fit`, which knows neither clock nor file.

pub mod cipher;
mod error;
pub mod memory;
mod profile_file;
pub mod redis;
mod samples;
mod stopwatch;

pub use error::Error;
pub use profile_file::{Source, toml_text};
pub use samples::{ReadOptions, SampleSet, TimeUnit, read_samples};

/// Latencies as they were measured, sizes by turns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Measured {
    /// Bytes of each answer.
    pub sizes: Vec<u64>,
    /// Nanoseconds each took.
    pub latency_ns: Vec<u64>,
}

impl Measured {
    fn push(&mut self, size: u64, latency_ns: u64) {
        self.sizes.push(size);
        self.latency_ns.push(latency_ns);
    }

    /// The sizes measured and the sorted latencies of each, by rising size.
    pub fn by_size(&self) -> Vec<(u64, Vec<u64>)> {
        let mut rows: Vec<(u64, u64)> =
            self.sizes.iter().copied().zip(self.latency_ns.iter().copied()).collect();
        rows.sort_unstable();
        let of_size = |rows: &[(u64, u64)]| (rows[0].0, rows.iter().map(|row| row.1).collect());
        rows.chunk_by(|a, b| a.0 == b.0).map(of_size).collect()
    }
}

/// In how many turns the samples of every size are taken, so that a disturbance meets all sizes.
const N_TURNS: usize = 20;

/// Takes `n_samples(size)` of each size, in turns.
fn in_turns<E>(
    sizes: &[u64],
    n_samples: impl Fn(u64) -> usize,
    mut measure: impl FnMut(u64) -> Result<u64, E>,
) -> Result<Measured, E> {
    let mut measured = Measured::default();
    for _ in 0..N_TURNS {
        for size in sizes {
            for _ in 0..n_samples(*size).div_ceil(N_TURNS) {
                measured.push(*size, measure(*size)?);
            }
        }
    }
    Ok(measured)
}
