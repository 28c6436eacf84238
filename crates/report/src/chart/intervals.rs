//! Estimates with their intervals: a marker, a thick line over the interval, and a thin one over a wider
//! interval, if there is one.

use crate::chart::LEADING;
use crate::chart::axis::Axis;
use crate::chart::legend;
use crate::chart::rows::Frame;
use crate::chart::scene::{Anchor, Scene};
use crate::palette::Role;

/// Half the height of the ends of the wider interval.
const END: f64 = 3.5;

/// Rows that a title takes: it stands with those below it.
const TITLE: f64 = 1.5;

/// A figure of intervals.
#[derive(Debug, Clone)]
pub(crate) struct Intervals {
    pub(crate) axis: Axis,
    /// A value of the axis to mark: no difference.
    pub(crate) zero: f64,
    /// Values around it that make no difference; nothing if the ends are equal.
    pub(crate) same: (f64, f64),
    /// What lies left and right of it.
    pub(crate) sides: [&'static str; 2],
    /// Over the figures at the right.
    pub(crate) heading: String,
    /// What each colour stands for.
    pub(crate) legend: Vec<(String, Role)>,
    pub(crate) groups: Vec<Group>,
}

/// Rows under one title, which is left out if it is empty.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) title: String,
    pub(crate) rows: Vec<Row>,
}

/// An estimate.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) estimate: f64,
    /// Not drawn if an end is no number.
    pub(crate) interval: (f64, f64),
    /// Around it; not drawn if an end is no number.
    pub(crate) wider: (f64, f64),
    /// Written at the right.
    pub(crate) label: String,
    pub(crate) tip: String,
    pub(crate) role: Role,
}

impl Intervals {
    /// The figure at this width.
    pub(crate) fn layout(&self, width: f64) -> Scene {
        let mut scene = Scene::new(width);
        let entries = legend::boxes(&self.legend);
        let top = match entries[..] {
            [] => 0.0,
            _ => legend::draw(&mut scene, &entries, 0.0) + 8.0,
        };
        let rows = || self.groups.iter().flat_map(|group| &group.rows);
        let titles = self.groups.iter().filter(|group| !group.title.is_empty()).count();
        let names = rows().map(|row| row.name.as_str());
        let figures = rows().map(|row| row.label.as_str()).chain([self.heading.as_str()]);
        let places = rows().count() as f64 + titles as f64 * TITLE;
        let frame = Frame::new(width, top, places, names, figures);
        self.ground(&mut scene, &frame);
        scene.height = frame.axis(&mut scene, &self.axis, self.zero, &self.heading);
        let mut place = 0.0;
        for group in &self.groups {
            if !group.title.is_empty() {
                place += TITLE;
                let at = (0.0, frame.y(place - 1.0));
                scene.name(at, &group.title, width, Anchor::Left, Role::MUTED);
            }
            for row in &group.rows {
                self.row(&mut scene, &frame, row, frame.y(place));
                place += 1.0;
            }
        }
        scene
    }

    /// What makes no difference, and what lies on both sides of it.
    fn ground(&self, scene: &mut Scene, frame: &Frame) {
        let y = frame.top - LEADING / 2.0;
        scene.text((frame.left, y), self.sides[0], Anchor::Left, Role::MUTED);
        scene.text((frame.right, y), self.sides[1], Anchor::Right, Role::MUTED);
        let (low, high) = self.same;
        if low < high {
            let (from, to) = (frame.x(&self.axis, low), frame.x(&self.axis, high));
            scene.rect((from, frame.top), (to, frame.bottom), Role::GRID);
        }
    }

    fn row(&self, scene: &mut Scene, frame: &Frame, row: &Row, y: f64) {
        frame.captions(scene, y, &row.name, &row.label);
        let mut line = |(low, high): (f64, f64), width: f64, ends: bool| {
            if !(low.is_finite() && high.is_finite()) {
                return;
            }
            let (from, to) = (frame.x(&self.axis, low), frame.x(&self.axis, high));
            // What is cut off at the edge has no end there; what is all outside is not drawn.
            if from < to || self.axis.holds(low) {
                scene.line(vec![(from, y), (to, y)], width, row.role);
            }
            for (x, value) in [(from, low), (to, high)] {
                if ends && self.axis.holds(value) {
                    scene.line(vec![(x, y - END), (x, y + END)], 1.25, row.role);
                }
            }
        };
        line(row.wider, 1.25, true);
        line(row.interval, 4.0, false);
        let at = (frame.x(&self.axis, row.estimate), y);
        match row.estimate {
            estimate if !estimate.is_finite() => {}
            estimate if self.axis.holds(estimate) => scene.marker(at, 0, row.role),
            estimate => tip(scene, at, estimate > self.zero, row.role),
        }
        frame.tip(scene, y, row.tip.clone());
    }
}

/// Says that the estimate lies beyond this edge.
fn tip(scene: &mut Scene, (x, y): (f64, f64), right: bool, role: Role) {
    let back = if right { -7.0 } else { 7.0 };
    scene.line(vec![(x + back, y - 6.0), (x, y), (x + back, y + 6.0)], 2.5, role);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::rows::PITCH;
    use crate::chart::scene::Mark;

    fn marks(estimate: f64, interval: (f64, f64), wider: (f64, f64)) -> (usize, usize) {
        let row = Row {
            name: "lru".into(),
            estimate,
            interval,
            wider,
            label: "+5 %".into(),
            tip: "all of it".into(),
            role: Role::series(0),
        };
        let intervals = |rows| Intervals {
            axis: Axis::change("", [-0.1, 0.2].into_iter()),
            zero: 0.0,
            same: (-0.01, 0.01),
            sides: ["", ""],
            heading: "Mean".into(),
            legend: vec![("sure".into(), Role::series(0))],
            groups: vec![Group { title: "1%".into(), rows }],
        };
        let count = |scene: &Scene| {
            let lines = scene.marks.iter().filter(|mark| matches!(mark, Mark::Line { .. })).count();
            let markers = scene.marks.iter().filter(|m| matches!(m, Mark::Marker { .. })).count();
            (lines, markers)
        };
        let (empty, full) = (intervals(vec![]).layout(880.0), intervals(vec![row]).layout(880.0));
        assert_eq!(full.height - empty.height, PITCH);
        (count(&full).0 - count(&empty).0, count(&full).1 - count(&empty).1)
    }

    #[test]
    fn only_what_is_known_and_on_the_axis_is_drawn() {
        let none = (f64::NAN, f64::NAN);
        assert_eq!(marks(0.05, (0.0, 0.1), (-0.05, 0.15)), (4, 1), "two lines, two ends");
        assert_eq!(marks(0.05, (0.0, 0.1), none), (1, 1));
        assert_eq!(marks(0.05, none, none), (0, 1));
        assert_eq!(marks(0.05, (0.0, 0.1), (-3.0, 0.15)), (3, 1), "no end where it is cut off");
        assert_eq!(marks(-3.0, (-4.0, -2.0), none), (1, 0), "a tip: all of it is further left");
    }
}
