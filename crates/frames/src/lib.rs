//! The one place that knows polars: the versioned result schema, Parquet, and traces as Parquet.

mod error;
pub mod results;
pub mod table;

pub use error::Error;
pub use results::{CostRow, LatencyRow, Results, RunRow, TierRow, WindowRow};
