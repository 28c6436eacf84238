//! The one place that knows polars: the versioned result schema, Parquet, and traces as Parquet.

pub mod ab;
mod atomic;
pub mod check;
pub mod comparison;
pub mod detail;
mod error;
mod guard;
mod parquet;
pub mod results;
pub mod security;
pub mod table;
mod trace_file;

pub use ab::{
    AbBatchRow, AbLatencyRow, AbMeasureRow, AbNaiveRow, AbRolloutRow, AbStageRow, AbTestRow,
    AbTests, AbWindowRow,
};
pub use atomic::{remove_temporaries, write_atomically};
pub use check::{CauseRow, CheckRow};
pub use comparison::{CellRow, Comparison, FamilyRow, LeaderRow, PairRow, StandingRow, TestRow};
pub use detail::{FaultRow, QuantileRow, SpentRow, StationRow, TierWindowRow, WriteRow};
pub use error::Error;
pub use guard::is_decoding;
pub use parquet::{describe, frame, read_table, write_table};
pub use results::{
    CostRow, CurveRow, Curves, FootprintRow, LatencyRow, RankRow, ReplayRow, Results, ReuseRow,
    RunRow, TierRow, WindowRow,
};
pub use security::{EncryptionRow, ErasureRow, ErasureTierRow, ResidueRow};
pub use trace_file::{TraceColumns, read_trace, trace_length, write_trace};
