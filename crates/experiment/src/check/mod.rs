//! The gate: a study against a baseline of its figures.
//!
//! [`measure`] runs a [`Study`]; [`judge`] holds its figures against a [`Baseline`]; [`explain`] says
//! where a change comes from; [`Update`] writes the baseline; an [`Entry`] goes into the history, of
//! which [`trend`] finds the change points.
//!
//! Simulated figures are deterministic, so the gate compares them exactly. docs/check.md is the guide.

mod baseline;
mod detail;
mod explain;
mod flat_study;
mod groups;
mod history;
mod interval;
mod judge;
mod measure;
mod metric;
mod study;
#[cfg(test)]
mod tests;
mod tolerance;
mod trend;
mod update;

pub use baseline::{Allow, Baseline, Deny, baseline_schema};
pub use detail::{Detail, RunDetail, RunKey};
pub use explain::{Explained, explain};
pub(crate) use flat_study::KIND as FLAT_KIND;
pub use flat_study::{FlatStudy, FlatTrace, flat_schema};
pub use history::{Entry, EntryRun, read as read_history};
pub use judge::{Judged, Policy, Verdict, judge};
pub use measure::{Keep, Measured, MeasuredRun, measure};
pub use metric::{Better, Figure, Figures, Known, Metric, Unit, unit_of};
pub(crate) use study::leaves;
pub use study::{Leaves, Study};
pub use trend::{ChangePoint, Series, trend};
pub use update::{Update, Updated};
