//! Miss-ratio curves: how often a cache of each capacity misses, and what a trace looks like that
//! explains it.
//!
//! | | policy | answer | cost |
//! |---|---|---|---|
//! | [`stack_distance`] | LRU | exact, all capacities | one pass |
//! | [`grid`] | any | exact, given capacities | a replay a capacity |
//! | [`shards`] | LRU | estimate with an interval | a part of a pass |
//! | [`mini_simulation`] | any | estimate with an interval | a part of a replay a capacity |
//!
//! [`footprint`] is the working-set curve, [`reuse`] the distributions of reuse times and distances,
//! [`ranks`] popularity by rank.
//!
//! Everything here is counted in requests: a miss ratio is an object miss ratio, every request is a
//! read that fills on a miss, and the cache is empty at the start.

mod capacities;
mod error;
pub mod footprint;
pub mod grid;
mod interval;
pub mod mini_simulation;
pub mod ranks;
mod recency;
pub mod reuse;
pub mod shards;
pub mod stack_distance;
#[cfg(test)]
mod tests;

pub use capacities::{spread, whole};
pub use error::Error;
pub use interval::Point;
pub use recency::Depth;
