//! Access traces.
//!
//! A trace is read from a foreign file by a [`readers`] module, or made by a generator, interned
//! into dense object ids, and from then on is an immutable set of columns, [`Trace`], that every
//! simulation shares by reference.
//!
//! ```
//! let trace = trace::Trace::from_numbers("example", [7, 8, 7, 9]);
//! assert_eq!((trace.n_requests(), trace.n_objects()), (4, 3));
//! ```
//!
//! This crate knows no caches and no policies, and apart from the readers does no input or output.

pub mod builder;
pub mod error;
pub mod extent;
pub mod generate;
mod input;
pub mod interner;
mod next_use;
pub mod prefetch;
pub mod profile;
pub mod readers;
pub mod report;
pub mod sample;
pub mod stream;
mod trace;
pub mod units;

pub use builder::{Has, Row, TraceBuilder};
pub use error::Error;
pub use interner::Key;
pub use next_use::{NEVER, next_use};
pub use prefetch::prefetch;
pub use report::ReadReport;
pub use trace::{
    Clock, Columns, Digest, Keys, Labels, MAX_REQUESTS, MAX_SIZE, MAX_TIME_NS, NO_TTL, ObjectId,
    Op, Sizes, TextKeys, Trace,
};
