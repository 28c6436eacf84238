//! Rows of marks over one axis: names at the left, figures at the right, ticks below.

use crate::chart::axis::Axis;
use crate::chart::scene::{Anchor, Scene};
use crate::chart::{LEADING, TEXT};
use crate::font;
use crate::palette::Role;

/// Distance between rows.
pub(crate) const PITCH: f64 = 21.0;

/// Where the plot lies.
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
}

impl Frame {
    /// Room for so many rows below `top`, beside names and figures as wide as these.
    pub(crate) fn new<'a>(
        width: f64,
        top: f64,
        rows: f64,
        names: impl Iterator<Item = &'a str>,
        figures: impl Iterator<Item = &'a str>,
    ) -> Frame {
        let left = widest(names).min(0.34 * width) + 10.0;
        let right = width - widest(figures) - 14.0;
        let top = top + LEADING;
        Frame { left, right, top, bottom: top + PITCH * rows + 4.0 }
    }

    /// The middle of a row.
    pub(crate) fn y(&self, row: f64) -> f64 {
        self.top + (row + 0.5) * PITCH
    }

    /// The place of a value.
    pub(crate) fn x(&self, axis: &Axis, value: f64) -> f64 {
        self.left + axis.place(value) * (self.right - self.left)
    }

    /// Draws the grid, a line at `zero`, the ticks, the title, and the heading of the figures; returns where the
    /// figure ends.
    pub(crate) fn axis(&self, scene: &mut Scene, axis: &Axis, zero: f64, heading: &str) -> f64 {
        let mut free = f64::NEG_INFINITY;
        for tick in &axis.ticks {
            let x = self.x(axis, tick.at);
            scene.line(vec![(x, self.top), (x, self.bottom)], 1.0, Role::GRID);
            let half = font::width(&tick.label, TEXT) / 2.0;
            if x - half >= free && x + half <= scene.width {
                let y = self.bottom + LEADING * 0.75;
                scene.text((x, y), tick.label.clone(), Anchor::Middle, Role::MUTED);
                free = x + half + 8.0;
            }
        }
        let zero = self.x(axis, zero);
        scene.line(vec![(zero, self.top), (zero, self.bottom)], 1.0, Role::MUTED);
        let middle = (self.left + self.right) / 2.0;
        let title = font::fit(&axis.title, TEXT, scene.width);
        let half = font::width(&title, TEXT) / 2.0;
        let middle = middle.clamp(half, (scene.width - half).max(half));
        let below = self.bottom + 1.75 * LEADING + 4.0;
        scene.text((middle, below), title, Anchor::Middle, Role::MUTED);
        scene.text((scene.width, self.top - LEADING / 2.0), heading, Anchor::Right, Role::MUTED);
        self.bottom + 2.0 * LEADING + 10.0
    }

    /// The name and the figure of a row.
    pub(crate) fn captions(&self, scene: &mut Scene, y: f64, name: &str, figure: &str) {
        let (end, room) = ((self.left - 8.0, y), self.left - 10.0);
        scene.name(end, name, room, Anchor::Right, Role::INK);
        scene.text((scene.width, y), figure, Anchor::Right, Role::INK);
    }

    /// An explanation of a row.
    pub(crate) fn tip(&self, scene: &mut Scene, y: f64, text: String) {
        scene.tip((self.left, y - PITCH / 2.0), (self.right, y + PITCH / 2.0), text);
    }
}

fn widest<'a>(texts: impl Iterator<Item = &'a str>) -> f64 {
    texts.map(|text| font::width(text, TEXT)).fold(0.0, f64::max)
}
