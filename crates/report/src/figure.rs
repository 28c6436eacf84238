//! A finished figure with all that belongs to it: words, data, and its renderings on demand.

use crate::chart::bars::Bars;
use crate::chart::boxes::Boxes;
use crate::chart::heat::Heat;
use crate::chart::intervals::Intervals;
use crate::chart::lines::Lines;
use crate::chart::panels::Panels;
use crate::chart::ranks::Ranks;
use crate::chart::scene::Scene;
use crate::{Error, Theme, paint};

/// Width of a figure on its own and on wide screens, in pixels of the page.
const WIDE: f64 = 880.0;
/// Width of the variant for narrow screens, laid out anew so that its text stays readable.
const NARROW: f64 = 340.0;

/// One figure of the report.
#[derive(Debug, Clone)]
pub struct Chart {
    /// Names its files and its place in the page: letters, digits and hyphens.
    pub id: String,
    /// What it is about, such as its trace, if there are several; otherwise empty.
    pub group: String,
    /// What it is.
    pub title: String,
    /// What it comes to, in sentences; may be empty.
    pub findings: Vec<String>,
    /// What it shows and how to read it.
    pub caption: String,
    /// What it shows, for those who cannot see it.
    pub alt: String,
    /// The values behind it.
    pub table: DataTable,
    pub(crate) plot: Plot,
}

/// A table of text, ready to be shown.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct DataTable {
    /// Headings of the columns.
    pub columns: Vec<String>,
    /// How many of the first columns are names; the others are figures.
    pub names: usize,
    /// The cells, a row each.
    pub rows: Vec<Vec<String>>,
}

/// What is drawn.
#[derive(Debug, Clone)]
pub(crate) enum Plot {
    Lines(Lines),
    Bars(Bars),
    Boxes(Boxes),
    Heat(Heat),
    Intervals(Intervals),
    Panels(Panels),
    Ranks(Ranks),
}

impl Chart {
    /// The figure as an SVG file.
    pub fn svg(&self, theme: Theme) -> Result<String, Error> {
        paint::svg::file(&self.plot.layout(WIDE), &self.title, theme)
    }

    /// The figure as a PNG file, light, three times the size of the page.
    pub fn png(&self) -> Result<Vec<u8>, Error> {
        paint::png::file(&self.plot.layout(WIDE))
    }

    /// SVG elements that take their colours from the page: for wide and for narrow screens.
    pub(crate) fn inline(&self) -> Result<[String; 2], Error> {
        Ok([
            paint::svg::inline(&self.plot.layout(WIDE), "wide", &self.alt)?,
            paint::svg::inline(&self.plot.layout(NARROW), "narrow", &self.alt)?,
        ])
    }
}

impl Plot {
    /// Names of what the reader may hide, and their series; a single one is not worth hiding.
    pub(crate) fn series(&self) -> Vec<(String, usize)> {
        let series = match self {
            Plot::Lines(lines) => lines.series(),
            Plot::Panels(panels) => panels.lines.clone(),
            _ => Vec::new(),
        };
        if series.len() > 1 { series } else { Vec::new() }
    }

    fn layout(&self, width: f64) -> Scene {
        match self {
            Plot::Lines(lines) => lines.layout(width),
            Plot::Bars(bars) => bars.layout(width),
            Plot::Boxes(boxes) => boxes.layout(width),
            Plot::Heat(heat) => heat.layout(width),
            Plot::Intervals(intervals) => intervals.layout(width),
            Plot::Panels(panels) => panels.layout(width),
            Plot::Ranks(ranks) => ranks.layout(width),
        }
    }
}
