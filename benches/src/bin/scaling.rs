//! How much faster a grid of policies and capacities is on more cores.
//!
//!     scaling [--record FILE]
//!
//! The grid is that of `compare`: 12 policies by 4 capacities over one trace, which all threads share,
//! as many runs at a time as there are threads. Wall clock, so the machine should be idle.

use std::error::Error;
use std::ops::ControlFlow;

use benches::{Arguments, ROUNDS, measure, show, zipf};
use cache::{Job, PolicyInfo, Unit};
use rayon::prelude::*;
use serde_json::Map;
use trace::Trace;

const POLICIES: [&str; 12] = [
    "fifo",
    "lru",
    "clock",
    "sieve",
    "s3-fifo",
    "arc",
    "slru",
    "2q",
    "lirs",
    "lfu",
    "w-tiny-lfu",
    "gdsf",
];
/// Of the objects, in parts of a thousand.
const CAPACITIES: [u64; 4] = [1, 10, 100, 300];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse(&["record"])?;
    let trace = zipf()?;
    let grid: Vec<(&PolicyInfo, u64)> = POLICIES
        .iter()
        .map(|name| policies::find(name))
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flat_map(|info| {
            CAPACITIES.map(|share| (info, u64::from(trace.n_objects()) * share / 1000))
        })
        .collect();
    let n_requests = trace.n_requests() * grid.len();
    let cores = std::thread::available_parallelism()?.get();
    let mut alone = None;
    let mut rows = Vec::new();
    for threads in (1..=cores).filter(|n| n.is_power_of_two() || *n == cores) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        let (speed, misses) =
            measure(ROUNDS.div_ceil(2), n_requests, || Ok(pool.install(|| run(&trace, &grid))?))?;
        let alone = *alone.get_or_insert(speed.median);
        let mut row = vec![threads.to_string(), grid.len().to_string()];
        row.extend([speed.median, speed.min, speed.max].map(|speed| format!("{speed:.1}")));
        row.extend([format!("{:.2}", speed.median / alone), misses.to_string()]);
        rows.push(row);
    }
    let header = ["threads", "cells", "median_m_per_s", "min", "max", "times_one_thread", "misses"];
    show(&header, &rows, arguments.get("record").map(Into::into))
}

/// Misses of all cells together.
fn run(trace: &Trace, grid: &[(&PolicyInfo, u64)]) -> Result<u64, cache::Error> {
    let cell = |(info, capacity): &(&PolicyInfo, u64)| {
        let job = Job {
            trace,
            capacity: *capacity,
            unit: Unit::Objects,
            warmup: 0,
            seed: 1,
            next_use: None,
            check: false,
            admission: None,
            prefetch: None,
        };
        let counts = (info.kind.run)(&job, &Map::new(), &mut |_| ControlFlow::Continue(()))?;
        Ok(counts.map_or(0, |counts| counts.misses()))
    };
    grid.par_iter().map(cell).sum()
}
