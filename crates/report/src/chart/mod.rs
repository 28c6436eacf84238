//! Figures as data, and their layout: knows nothing of caches, and nothing of plotters.

pub(crate) mod axis;
pub(crate) mod bars;
pub(crate) mod boxes;
pub(crate) mod heat;
pub(crate) mod intervals;
pub(crate) mod legend;
pub(crate) mod lines;
pub(crate) mod panels;
pub(crate) mod ranks;
pub(crate) mod rows;
pub(crate) mod scene;

/// Size of all text in a figure.
pub(crate) const TEXT: f64 = 12.5;
/// Distance between lines of text.
pub(crate) const LEADING: f64 = 18.0;
