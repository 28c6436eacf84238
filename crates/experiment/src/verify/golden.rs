//! Counts of our own over the recordings that ship with the program.

use std::fmt::Write as _;

use cache::{PolicySpec, Unit};

use super::{Found, KnownTrace, count};
use crate::flat::Cell;
use crate::{Error, RunProgress};

/// Capacities, as one of how many objects.
const ONE_OF: [u64; 2] = [100, 10];

/// The rows of `data/golden.csv` for a trace: every policy at two capacities; `None` if stopped.
pub fn golden(found: &Found, progress: &RunProgress) -> Result<Option<String>, Error> {
    let objects = u64::from(found.trace.n_objects());
    let cells: Vec<Cell> = policies::ALL
        .iter()
        .flat_map(|info| ONE_OF.map(|part| (info, (objects / part).max(1))))
        .map(|(info, capacity)| Cell {
            spec: PolicySpec::named(info.name),
            unit: Unit::Objects,
            capacity,
        })
        .collect();
    let Some(counted) = count(&found.trace, &cells, progress)? else { return Ok(None) };
    let mut rows = String::new();
    for (cell, name) in cells.iter().flat_map(|cell| found.names.iter().map(move |n| (cell, n))) {
        let misses = counted[&cell.to_string()].misses;
        let _ =
            writeln!(rows, "{name},{},{},{},{misses}", cell.spec, cell.unit.name(), cell.capacity);
    }
    Ok(Some(rows))
}

impl KnownTrace {
    /// Whether it ships with the program.
    pub fn is_shipped(&self) -> bool {
        self.about.starts_with("shipped")
    }
}
