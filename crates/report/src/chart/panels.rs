//! Small multiples: the same lines in many little plots, one legend for all.

use crate::chart::axis::Axis;
use crate::chart::legend::{self, Entry, Sample};
use crate::chart::scene::{Anchor, Point, Scene};
use crate::chart::{LEADING, TEXT};
use crate::font;
use crate::palette::Role;

/// Least width of a panel.
const NARROWEST: f64 = 160.0;
const HEIGHT: f64 = 116.0;
const GAP: f64 = 18.0;
/// Ticks of a little plot, at most.
const N_TICKS: usize = 4;

/// A figure of panels.
#[derive(Debug, Clone)]
pub(crate) struct Panels {
    /// Names of the lines and what decides their colour, dash and marker.
    pub(crate) lines: Vec<(String, usize)>,
    /// Names of the places along x, which lie equally far apart.
    pub(crate) places: Vec<String>,
    pub(crate) panels: Vec<Panel>,
}

/// One little plot.
#[derive(Debug, Clone)]
pub(crate) struct Panel {
    pub(crate) title: String,
    pub(crate) y: Axis,
    /// For each line its value at each place, and what the pointer reads there.
    pub(crate) values: Vec<Vec<(f64, String)>>,
}

/// A panel's box in the scene.
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Panels {
    /// The figure at this width.
    pub(crate) fn layout(&self, width: f64) -> Scene {
        let mut scene = Scene::new(width);
        let entry = |(name, slot): &(String, usize)| Entry {
            name: name.clone(),
            sample: Sample::Line(*slot),
        };
        let entries: Vec<Entry> = self.lines.iter().map(entry).collect();
        let top = legend::draw(&mut scene, &entries, 0.0) + 14.0;
        let fit = ((width + GAP) / (NARROWEST + GAP)).floor().max(1.0) as usize;
        let columns = fit.min(self.panels.len()).max(1);
        let wide = (width - GAP * (columns - 1) as f64) / columns as f64;
        let pitch = HEIGHT + 2.6 * LEADING + GAP;
        for (i, panel) in self.panels.iter().enumerate() {
            let (row, column) = (i / columns, i % columns);
            let left = column as f64 * (wide + GAP);
            self.panel(&mut scene, panel, (left, top + row as f64 * pitch), wide);
        }
        scene.height = top + self.panels.len().div_ceil(columns) as f64 * pitch - GAP;
        scene
    }

    fn panel(&self, scene: &mut Scene, panel: &Panel, (left, top): Point, wide: f64) {
        let ticks = ticks(&panel.y);
        let labels = ticks.iter().map(|(_, label)| font::width(label, TEXT));
        let margin = labels.fold(0.0, f64::max) + 8.0;
        let frame = Frame {
            left: left + margin,
            right: left + wide - 6.0,
            top: top + 1.4 * LEADING,
            bottom: top + 1.4 * LEADING + HEIGHT,
        };
        let at = (left, top + LEADING / 2.0);
        scene.name(at, &panel.title, wide, Anchor::Left, Role::INK);
        for (at, label) in ticks {
            let y = frame.y(&panel.y, at);
            scene.line(vec![(frame.left, y), (frame.right, y)], 1.0, Role::GRID);
            scene.text((frame.left - 6.0, y), label, Anchor::Right, Role::MUTED);
        }
        self.places(scene, &frame);
        for ((_, slot), values) in self.lines.iter().zip(&panel.values) {
            scene.of_series(*slot, |scene| self.line(scene, &frame, &panel.y, *slot, values));
        }
    }

    fn places(&self, scene: &mut Scene, frame: &Frame) {
        let (y, mut free) = (frame.bottom + LEADING * 0.8, f64::NEG_INFINITY);
        for (i, name) in self.places.iter().enumerate() {
            let half = font::width(name, TEXT) / 2.0;
            let x = self.x(frame, i).min(frame.right + 6.0 - half);
            if x - half >= free {
                scene.text((x, y), name.clone(), Anchor::Middle, Role::MUTED);
                free = x + half + 8.0;
            }
        }
        scene.line(vec![(frame.left, frame.bottom), (frame.right, frame.bottom)], 1.0, Role::MUTED);
    }

    fn line(
        &self,
        scene: &mut Scene,
        frame: &Frame,
        axis: &Axis,
        slot: usize,
        values: &[(f64, String)],
    ) {
        let there = values.iter().enumerate().filter(|(_, (value, _))| value.is_finite());
        let place = |i: usize, value: f64| (self.x(frame, i), frame.y(axis, value));
        let points: Vec<Point> = there.clone().map(|(i, (value, _))| place(i, *value)).collect();
        scene.line(points.clone(), 1.75, Role::series(slot));
        for at in points {
            scene.marker(at, slot, Role::series(slot));
        }
        for (i, (value, tip)) in there {
            let (x, y) = place(i, *value);
            scene.tip((x - 7.0, y - 7.0), (x + 7.0, y + 7.0), tip.clone());
        }
    }

    fn x(&self, frame: &Frame, place: usize) -> f64 {
        let inset = 8.0;
        let span = frame.right - frame.left - 2.0 * inset;
        let last = self.places.len().saturating_sub(1).max(1);
        frame.left + inset + span * place as f64 / last as f64
    }
}

impl Frame {
    fn y(&self, axis: &Axis, value: f64) -> f64 {
        self.bottom - axis.place(value) * (self.bottom - self.top)
    }
}

/// Every tick, or every second, third ... so that they are few.
fn ticks(axis: &Axis) -> Vec<(f64, String)> {
    let every = axis.ticks.len().div_ceil(N_TICKS).max(1);
    axis.ticks.iter().step_by(every).map(|tick| (tick.at, tick.label.clone())).collect()
}
