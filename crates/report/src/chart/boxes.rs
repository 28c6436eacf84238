//! Spreads: a box over the middle half, whiskers over the middle four fifths, a line at the median and
//! a mark at the mean.

use crate::chart::axis::Axis;
use crate::chart::rows::Frame;
use crate::chart::scene::Scene;
use crate::palette::Role;

const THICK: f64 = 11.0;
/// Width of a box that shows where its median is.
const NARROW: f64 = 8.0;

/// A figure of boxes.
#[derive(Debug, Clone)]
pub(crate) struct Boxes {
    pub(crate) axis: Axis,
    /// A value of the axis to mark: what everything is measured against.
    pub(crate) zero: f64,
    pub(crate) boxes: Vec<Spread>,
}

/// One policy's spread.
#[derive(Debug, Clone)]
pub(crate) struct Spread {
    pub(crate) name: String,
    /// The 10th, 25th, 50th, 75th and 90th percentile.
    pub(crate) percentiles: [f64; 5],
    pub(crate) mean: f64,
    /// Written at the right.
    pub(crate) label: String,
    pub(crate) tip: String,
    pub(crate) role: Role,
}

impl Boxes {
    /// The figure at this width.
    pub(crate) fn layout(&self, width: f64) -> Scene {
        let mut scene = Scene::new(width);
        let names = self.boxes.iter().map(|spread| spread.name.as_str());
        let figures = self.boxes.iter().map(|spread| spread.label.as_str());
        let frame = Frame::new(width, 0.0, self.boxes.len() as f64, names, figures);
        scene.height = frame.axis(&mut scene, &self.axis, self.zero, "Mean");
        for (i, spread) in self.boxes.iter().enumerate() {
            self.spread(&mut scene, &frame, spread, frame.y(i as f64));
        }
        scene
    }

    fn spread(&self, scene: &mut Scene, frame: &Frame, spread: &Spread, y: f64) {
        frame.captions(scene, y, &spread.name, &spread.label);
        if !spread.percentiles.iter().chain([&spread.mean]).all(|value| value.is_finite()) {
            return;
        }
        let [p10, p25, p50, p75, p90] = spread.percentiles.map(|value| frame.x(&self.axis, value));
        let [low, _, _, quarter, high] = spread.percentiles;
        let half = THICK / 2.0;
        if self.axis.holds(high) {
            scene.line(vec![(p10, y), (p90, y)], 1.5, spread.role);
        }
        // What is cut off at the edge has no end there.
        for (end, value) in [(p10, low), (p90, high)] {
            if self.axis.holds(value) {
                scene.line(vec![(end, y - 3.0), (end, y + 3.0)], 1.5, spread.role);
            }
        }
        if self.axis.holds(quarter) {
            scene.rect((p25, y - half), (p75.max(p25 + 1.0), y + half), spread.role);
        }
        // In a narrow box a line would leave nothing of it, and says nothing new.
        if p75 - p25 > NARROW && self.axis.holds(spread.percentiles[2]) {
            scene.line(vec![(p50, y - half), (p50, y + half)], 2.0, Role::PAPER);
        }
        if self.axis.holds(spread.mean) {
            scene.marker((frame.x(&self.axis, spread.mean), y), MEAN, Role::INK);
        }
        frame.tip(scene, y, spread.tip.clone());
    }
}

/// A diamond.
const MEAN: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::scene::Mark;

    fn markers(mean: f64) -> usize {
        let spread = Spread {
            name: "lru".into(),
            percentiles: [-0.9, -0.8, 0.0, 0.1, 0.2],
            mean,
            label: String::new(),
            tip: String::new(),
            role: Role::series(0),
        };
        let axis = Axis::change("", [-0.1, 0.2].into_iter());
        let scene = Boxes { axis, zero: 0.0, boxes: vec![spread] }.layout(880.0);
        scene.marks.iter().filter(|mark| matches!(mark, Mark::Marker { .. })).count()
    }

    #[test]
    fn what_is_off_the_axis_is_not_drawn_at_its_edge() {
        assert_eq!(markers(0.1), 1);
        assert_eq!(markers(-0.5), 0);
        assert_eq!(markers(f64::NAN), 0);
    }
}
