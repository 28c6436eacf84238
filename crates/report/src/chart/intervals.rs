//! Estimates with their intervals, a row each, against a region in the middle that does not matter.

use crate::chart::axis::Axis;
use crate::chart::scene::{Anchor, Scene};
use crate::chart::{LEADING, TEXT};
use crate::font;
use crate::palette::Role;

/// Height of a row, and of one that has its name above.
const PITCH: f64 = 30.0;
/// Figures at least this wide put names and labels beside the rows.
const ROOMY: f64 = 560.0;
/// A diamond.
const ESTIMATE: usize = 3;

/// A figure of intervals.
#[derive(Debug, Clone)]
pub(crate) struct Intervals {
    pub(crate) axis: Axis,
    /// Values of the axis between which nothing matters.
    pub(crate) indifferent: (f64, f64),
    /// What lies left and right of it.
    pub(crate) sides: [&'static str; 2],
    pub(crate) rows: Vec<Row>,
}

/// One estimate.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// Lower end, estimate, upper end; ends without an end are not drawn.
    pub(crate) values: [f64; 3],
    /// Written at the right, or under the name where there is little room.
    pub(crate) label: String,
    pub(crate) tip: String,
    pub(crate) role: Role,
}

struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    /// Space that names take above their rows.
    above: f64,
}

impl Intervals {
    /// The figure at this width.
    pub(crate) fn layout(&self, width: f64) -> Scene {
        let mut scene = Scene::new(width);
        let frame = self.frame(width);
        self.ground(&mut scene, &frame);
        for (i, row) in self.rows.iter().enumerate() {
            let top = frame.top + i as f64 * (PITCH + frame.above);
            self.row(&mut scene, &frame, row, top);
        }
        scene.height = frame.bottom + 2.0 * LEADING + 10.0;
        scene
    }

    fn frame(&self, width: f64) -> Frame {
        let widest = |text: &dyn Fn(&Row) -> &str| {
            self.rows.iter().map(|row| font::width(text(row), TEXT)).fold(0.0, f64::max)
        };
        let is_roomy = width >= ROOMY;
        let names = widest(&|row| &row.name).min(0.3 * width) + 12.0;
        let labels = widest(&|row| &row.label).min(0.36 * width) + 12.0;
        let (left, right, above) =
            if is_roomy { (names, width - labels, 0.0) } else { (10.0, width - 10.0, LEADING) };
        let top = LEADING + 6.0;
        let bottom = top + (PITCH + above) * self.rows.len() as f64;
        Frame { left, right, top, bottom, above }
    }

    /// The region that does not matter, the axis, and what lies on both sides.
    fn ground(&self, scene: &mut Scene, frame: &Frame) {
        let place = |value: f64| frame.x(&self.axis, value);
        let (low, high) = (place(self.indifferent.0), place(self.indifferent.1));
        let (top, bottom) = (frame.top, frame.bottom);
        scene.rect((low, top), (high, bottom), Role::change(0));
        let mut free = f64::NEG_INFINITY;
        for tick in &self.axis.ticks {
            let x = place(tick.at);
            if frame.above == 0.0 {
                scene.line(vec![(x, top), (x, bottom)], 1.0, Role::GRID);
            }
            let half = font::width(&tick.label, TEXT) / 2.0;
            if x - half >= free && x - half >= 0.0 && x + half <= scene.width {
                let y = bottom + LEADING * 0.75;
                scene.text((x, y), tick.label.clone(), Anchor::Middle, Role::MUTED);
                free = x + half + 8.0;
            }
        }
        let zero = place(0.0);
        scene.line(vec![(zero, top), (zero, bottom)], 1.0, Role::MUTED);
        let y = top - LEADING / 2.0 - 2.0;
        scene.text((frame.left, y), self.sides[0], Anchor::Left, Role::MUTED);
        scene.text((frame.right, y), self.sides[1], Anchor::Right, Role::MUTED);
        let title = font::fit(&self.axis.title, TEXT, scene.width);
        let half = font::width(&title, TEXT) / 2.0;
        let middle = ((frame.left + frame.right) / 2.0).clamp(half, scene.width - half);
        let below = bottom + 1.75 * LEADING + 4.0;
        scene.text((middle, below), title, Anchor::Middle, Role::MUTED);
    }

    fn row(&self, scene: &mut Scene, frame: &Frame, row: &Row, top: f64) {
        let y = top + frame.above + PITCH / 2.0;
        if frame.above == 0.0 {
            let room = frame.left - 12.0;
            scene.name((frame.left - 12.0, y), &row.name, room, Anchor::Right, Role::INK);
            let room = scene.width - frame.right - 12.0;
            scene.name((frame.right + 12.0, y), &row.label, room, Anchor::Left, Role::INK);
        } else {
            let y = top + LEADING * 0.6;
            let used = scene.name((0.0, y), &row.name, scene.width, Anchor::Left, Role::INK);
            let room = scene.width - used - 10.0;
            scene.name((scene.width, y), &row.label, room, Anchor::Right, Role::MUTED);
        }
        let [low, estimate, high] = row.values;
        let place = |value: f64| frame.x(&self.axis, value);
        if low.is_finite() && high.is_finite() {
            scene.line(vec![(place(low), y), (place(high), y)], 2.5, row.role);
            for end in [low, high].into_iter().filter(|end| self.axis.holds(*end)) {
                scene.line(vec![(place(end), y - 5.0), (place(end), y + 5.0)], 2.0, row.role);
            }
        }
        if self.axis.holds(estimate) {
            scene.marker((place(estimate), y), ESTIMATE, row.role);
        } else {
            off(scene, (place(estimate), y), estimate > 0.0, row.role);
        }
        scene.tip((frame.left, y - PITCH / 2.0), (frame.right, y + PITCH / 2.0), row.tip.clone());
    }
}

/// Says that the estimate lies beyond this edge.
fn off(scene: &mut Scene, (x, y): (f64, f64), right: bool, role: Role) {
    let back = if right { -7.0 } else { 7.0 };
    scene.line(vec![(x + back, y - 6.0), (x, y), (x + back, y + 6.0)], 2.5, role);
}

impl Frame {
    fn x(&self, axis: &Axis, value: f64) -> f64 {
        self.left + axis.place(value) * (self.right - self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::scene::Mark;

    #[test]
    fn what_has_no_ends_has_no_line_and_what_is_off_the_axis_no_mark() {
        let row = |values| Row {
            name: "p99".into(),
            values,
            label: "+1 ms".into(),
            tip: String::new(),
            role: Role::INK,
        };
        let drawn = |values: [f64; 3]| {
            let axis = Axis::margins("", [1.0, -2.0].into_iter());
            let rows = vec![row(values)];
            let figure = Intervals { axis, indifferent: (-1.0, 1.0), sides: ["", ""], rows };
            let scene = figure.layout(880.0);
            let inked = |mark: &&Mark| match mark {
                Mark::Line { role, .. } => *role == Role::INK,
                Mark::Marker { .. } => true,
                _ => false,
            };
            scene.marks.iter().filter(inked).count()
        };
        assert_eq!(drawn([-1.0, 0.0, 1.0]), 4);
        assert_eq!(drawn([f64::NEG_INFINITY, 0.0, f64::INFINITY]), 1);
        // Beyond the edge the line goes on, and a tip stands for the estimate.
        assert_eq!(drawn([0.0, 50.0, 100.0]), 3);
        assert_eq!(drawn([50.0, 50.0, 50.0]), 2);
    }
}
