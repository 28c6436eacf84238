//! Stacked horizontal bars.

use crate::chart::axis::Axis;
use crate::chart::legend;
use crate::chart::scene::{Anchor, Scene};
use crate::chart::{LEADING, TEXT};
use crate::font;
use crate::palette::Role;

const THICK: f64 = 26.0;
const GAP: f64 = 14.0;
/// Figures at least this wide put the names beside the bars instead of above them.
const ROOMY: f64 = 560.0;

/// A figure of bars.
#[derive(Debug, Clone)]
pub(crate) struct Bars {
    pub(crate) axis: Axis,
    /// What each colour stands for.
    pub(crate) legend: Vec<(String, Role)>,
    pub(crate) bars: Vec<Bar>,
}

/// One strategy's bar.
#[derive(Debug, Clone)]
pub(crate) struct Bar {
    pub(crate) name: String,
    /// Written at the end of the bar.
    pub(crate) total: String,
    pub(crate) segments: Vec<Segment>,
}

/// A part of a bar.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) value: f64,
    /// Written in the segment if there is room.
    pub(crate) label: String,
    pub(crate) tip: String,
    pub(crate) role: Role,
}

/// Where bars begin and end.
struct Frame {
    left: f64,
    right: f64,
    names_above: bool,
}

impl Bars {
    /// The figure at this width.
    pub(crate) fn layout(&self, width: f64) -> Scene {
        let mut scene = Scene::new(width);
        let entries = legend::boxes(&self.legend);
        let top = legend::draw(&mut scene, &entries, 0.0) + 8.0;
        let frame = self.frame(width);
        let pitch = THICK + GAP + if frame.names_above { LEADING } else { 0.0 };
        let bottom = top + pitch * self.bars.len() as f64 + GAP / 2.0;
        self.axis(&mut scene, &frame, top, bottom);
        for (i, bar) in self.bars.iter().enumerate() {
            self.bar(&mut scene, &frame, bar, top + i as f64 * pitch + GAP / 2.0);
        }
        scene.height = bottom + 2.0 * LEADING + 10.0;
        scene
    }

    fn frame(&self, width: f64) -> Frame {
        let widest = |text: &dyn Fn(&Bar) -> &str| {
            self.bars.iter().map(|bar| font::width(text(bar), TEXT)).fold(0.0, f64::max)
        };
        let names_above = width < ROOMY;
        let names =
            if names_above { 0.0 } else { widest(&|bar| &bar.name).min(0.3 * width) + 12.0 };
        let last_tick =
            self.axis.ticks.last().map_or(0.0, |tick| font::width(&tick.label, TEXT) / 2.0);
        let right =
            if names_above { last_tick } else { (widest(&|bar| &bar.total) + 12.0).max(last_tick) };
        // The label of the first tick, 0, sticks out to the left by about this much.
        Frame { left: names.max(12.0), right: width - right, names_above }
    }

    fn axis(&self, scene: &mut Scene, frame: &Frame, top: f64, bottom: f64) {
        let mut free = f64::NEG_INFINITY;
        for tick in &self.axis.ticks {
            let x = frame.x(&self.axis, tick.at);
            // Without a margin for the names, the grid would run through them.
            if !frame.names_above {
                scene.line(vec![(x, top), (x, bottom)], 1.0, Role::GRID);
            }
            let half = font::width(&tick.label, TEXT) / 2.0;
            if x - half >= free {
                let y = bottom + LEADING * 0.75;
                scene.text((x, y), tick.label.clone(), Anchor::Middle, Role::MUTED);
                free = x + half + 8.0;
            }
        }
        let middle = (frame.left + frame.right) / 2.0;
        let below = bottom + 1.75 * LEADING + 4.0;
        scene.text((middle, below), self.axis.title.clone(), Anchor::Middle, Role::MUTED);
    }

    fn bar(&self, scene: &mut Scene, frame: &Frame, bar: &Bar, top: f64) {
        let top = if frame.names_above { top + LEADING } else { top };
        let mut sum = 0.0;
        for segment in bar.segments.iter().filter(|segment| segment.value > 0.0) {
            let from = frame.x(&self.axis, sum);
            sum += segment.value;
            segment.draw(scene, from, frame.x(&self.axis, sum), top);
        }
        self.captions(scene, frame, bar, top, frame.x(&self.axis, sum));
    }

    fn captions(&self, scene: &mut Scene, frame: &Frame, bar: &Bar, top: f64, end: f64) {
        let total = bar.total.clone();
        if frame.names_above {
            let y = top - LEADING / 2.0;
            let room = scene.width - font::width(&total, TEXT) - 12.0;
            scene.name((0.0, y), &bar.name, room, Anchor::Left, Role::INK);
            scene.text((scene.width, y), total, Anchor::Right, Role::INK);
        } else {
            let y = top + THICK / 2.0;
            let (at, room) = ((frame.left - 10.0, y), frame.left - 12.0);
            scene.name(at, &bar.name, room, Anchor::Right, Role::INK);
            scene.text((end + 10.0, y), total, Anchor::Left, Role::INK);
        }
    }
}

impl Frame {
    fn x(&self, axis: &Axis, value: f64) -> f64 {
        self.left + axis.place(value) * (self.right - self.left)
    }
}

impl Segment {
    fn draw(&self, scene: &mut Scene, from: f64, to: f64, top: f64) {
        // A hair of paper between neighbours, so that the ramp's steps are told apart.
        let to_inner = if to - from > 3.0 { to - 1.0 } else { to };
        scene.rect((from, top), (to_inner, top + THICK), self.role);
        scene.tip((from, top), (to, top + THICK), self.tip.clone());
        if font::width(&self.label, TEXT) + 10.0 <= to - from {
            let middle = ((from + to) / 2.0, top + THICK / 2.0);
            scene.text(middle, self.label.clone(), Anchor::Middle, self.role.text_on());
        }
    }
}
