//! Result tables to something people read: one self-contained page, and figures as SVG and PNG.
//!
//! The way of a figure: `views` choose rows and say what to show, `chart` lays it out as a scene
//! of lines, boxes and text, and `paint` hands the scene to plotters. Only `paint` knows plotters.

mod chart;
pub mod ci;
mod error;
mod figure;
mod font;
mod format;
mod page;
mod paint;
mod palette;
mod paper;
mod select;
mod verdict;
mod views;
mod write;

pub use error::Error;
pub use figure::{Chart, DataTable};
pub use format::p_value;
pub use page::{
    ComparisonDocument, Document, Origin, TestDocument, comparison_page, page, test_page,
};
pub use palette::Theme;
pub use paper::{latex_table, summary};
pub use verdict::Winner;
pub use views::curves::charts as curve_charts;
pub use views::trend::{TrendLine, chart as trend_chart};
pub use views::{charts, comparison_charts, test_charts};
pub use write::{write, write_comparison, write_curves, write_tests};
