//! From a scenario file to rows.
//!
//! [`scenario`] is the file as people write it; [`resolve`] turns it into a [`Resolved`] study, with
//! every default, preset and matrix cell filled in; [`run`] replays all runs of it in parallel into
//! [`frames::Results`]; a [`Manifest`] says everything needed to run it again bit for bit.

pub mod ab;
mod build;
pub mod check;
pub mod compare;
mod entries;
mod error;
mod fault;
pub mod flat;
mod load;
mod manifest;
mod patch;
mod presets;
mod price;
mod recording;
mod resolve;
mod rows;
mod run;
pub mod scenario;
mod source;
mod sustain;
mod text;
mod verdict;
pub mod verify;

pub use error::Error;
pub use load::{FORMAT_PARQUET, open_trace};
pub use manifest::{AuditIdentity, Manifest, TraceIdentity};
pub use resolve::{
    Resolved, ResolvedStack, ResolvedStrategy, ResolvedTier, ResolvedTrace, Setting, resolve,
};
pub use run::{Audited, Finished, RunOptions, RunProgress, run};
pub use scenario::{Metric, Scenario, json_schema};
pub use source::Source;
pub use sustain::{Limits, Point, Sustained, sustain};
pub use verdict::{Verdict, best, verdicts};
