//! Lines over two axes.

use crate::chart::axis::Axis;
use crate::chart::legend::{self, Entry, Sample};
use crate::chart::scene::{Anchor, Point, Scene};
use crate::chart::{LEADING, TEXT};
use crate::font;
use crate::palette::Role;

/// Figures at least this wide name their lines at the end instead of in a legend.
const ROOMY: f64 = 560.0;
/// Markers a line, if it has more points than that.
const N_MARKERS: usize = 6;

/// A figure of lines.
#[derive(Debug, Clone)]
pub(crate) struct Lines {
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) lines: Vec<Line>,
    /// Values of y to mark, with a name at the right edge.
    pub(crate) guides: Vec<(f64, String)>,
    /// Values of x to mark, each with what happened there: numbered in the plot, told below it.
    pub(crate) marks: Vec<(f64, String)>,
    /// Whether the ends of the lines are apart, so that they can carry the names.
    pub(crate) name_ends: bool,
}

/// One strategy's line.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// Empty if there is nothing to tell it from: then it has no markers either.
    pub(crate) name: String,
    /// Decides colour, dash and marker.
    pub(crate) slot: usize,
    pub(crate) points: Vec<(f64, f64)>,
    /// Region around or under it, as (x, low, high) from left to right; may be empty.
    pub(crate) band: Vec<(f64, f64, f64)>,
    /// What the pointer reads, at some of the points.
    pub(crate) tips: Vec<((f64, f64), String)>,
}

/// The plot's box in the scene.
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Lines {
    /// The figure at this width.
    pub(crate) fn layout(&self, width: f64) -> Scene {
        let mut scene = Scene::new(width);
        let at_ends = self.name_ends && width >= ROOMY;
        let legend = if at_ends { Vec::new() } else { self.legend() };
        let top = match legend[..] {
            [] => 0.0,
            _ => legend::draw(&mut scene, &legend, 0.0) + 8.0,
        };
        let frame = self.frame(width, top, at_ends);
        self.axes(&mut scene, &frame);
        self.guides(&mut scene, &frame);
        self.marks(&mut scene, &frame);
        for line in &self.lines {
            scene.of_series(line.slot, |scene| self.band(scene, &frame, line));
        }
        for (i, line) in self.lines.iter().enumerate() {
            scene.of_series(line.slot, |scene| self.line(scene, &frame, line, i));
        }
        if at_ends {
            self.names(&mut scene, &frame);
        }
        scene.height = self.key(&mut scene, frame.bottom + 2.0 * LEADING + 10.0);
        scene
    }

    /// Names of the lines and their series.
    pub(crate) fn series(&self) -> Vec<(String, usize)> {
        let named = self.lines.iter().filter(|line| !line.name.is_empty());
        named.map(|line| (line.name.clone(), line.slot)).collect()
    }

    fn legend(&self) -> Vec<Entry> {
        let entry =
            |line: &Line| Entry { name: line.name.clone(), sample: Sample::Line(line.slot) };
        self.lines.iter().filter(|line| !line.name.is_empty()).map(entry).collect()
    }

    fn frame(&self, width: f64, top: f64, at_ends: bool) -> Frame {
        let widest = |texts: &mut dyn Iterator<Item = &str>| {
            texts.map(|text| font::width(text, TEXT)).fold(0.0, f64::max)
        };
        let left = widest(&mut self.y.ticks.iter().map(|tick| tick.label.as_str())) + 10.0;
        let names = widest(&mut self.lines.iter().map(|line| line.name.as_str())).min(0.3 * width);
        let guides = widest(&mut self.guides.iter().map(|(_, name)| name.as_str()));
        let last_tick =
            self.x.ticks.last().map_or(0.0, |tick| font::width(&tick.label, TEXT) / 2.0);
        let margin = if at_ends { names + 34.0 } else { (guides + 8.0).max(last_tick) };
        let top = top + 1.75 * LEADING;
        let height = if width < ROOMY { 220.0 } else { 300.0 };
        Frame { left, right: width - margin, top, bottom: top + height }
    }

    fn axes(&self, scene: &mut Scene, frame: &Frame) {
        scene.text(
            (0.0, frame.top - 1.25 * LEADING),
            self.y.title.clone(),
            Anchor::Left,
            Role::MUTED,
        );
        for tick in &self.y.ticks {
            let y = frame.y(&self.y, tick.at);
            scene.line(vec![(frame.left, y), (frame.right, y)], 1.0, Role::GRID);
            scene.text((frame.left - 8.0, y), tick.label.clone(), Anchor::Right, Role::MUTED);
        }
        let mut free = f64::NEG_INFINITY;
        for tick in &self.x.ticks {
            let x = frame.x(&self.x, tick.at);
            scene.line(vec![(x, frame.top), (x, frame.bottom)], 1.0, Role::GRID);
            let half = font::width(&tick.label, TEXT) / 2.0;
            if x - half >= free && x + half <= scene.width {
                let y = frame.bottom + LEADING * 0.9;
                scene.text((x, y), tick.label.clone(), Anchor::Middle, Role::MUTED);
                free = x + half + 8.0;
            }
        }
        let baseline = vec![(frame.left, frame.bottom), (frame.right, frame.bottom)];
        scene.line(baseline, 1.0, Role::MUTED);
        let middle = (frame.left + frame.right) / 2.0;
        let below = frame.bottom + 2.0 * LEADING + 2.0;
        scene.text((middle, below), self.x.title.clone(), Anchor::Middle, Role::MUTED);
    }

    fn guides(&self, scene: &mut Scene, frame: &Frame) {
        for (value, name) in &self.guides {
            let y = frame.y(&self.y, *value);
            scene.line(vec![(frame.left, y), (frame.right, y)], 1.0, Role::GUIDE);
            scene.text((frame.right + 6.0, y), name.clone(), Anchor::Left, Role::MUTED);
        }
    }

    fn marks(&self, scene: &mut Scene, frame: &Frame) {
        let mut free = f64::NEG_INFINITY;
        for (i, (value, what)) in self.marks.iter().enumerate() {
            let x = frame.x(&self.x, *value);
            scene.line(vec![(x, frame.top), (x, frame.bottom)], 1.0, Role::GUIDE);
            scene.tip((x - 8.0, frame.top - 16.0), (x + 8.0, frame.top), what.clone());
            let number = (i + 1).to_string();
            let half = font::width(&number, TEXT) / 2.0;
            if x - half >= free {
                let y = frame.top - LEADING * 0.45;
                scene.text((x, y), number, Anchor::Middle, Role::MUTED);
                free = x + half + 4.0;
            }
        }
    }

    /// What the numbers of the marks mean; returns where the figure ends.
    fn key(&self, scene: &mut Scene, top: f64) -> f64 {
        let entry = |(i, (_, what)): (usize, &(f64, String))| Entry {
            name: what.clone(),
            sample: Sample::Number(i + 1),
        };
        let entries: Vec<Entry> = self.marks.iter().enumerate().map(entry).collect();
        if entries.is_empty() { top } else { legend::draw(scene, &entries, top + 8.0) + 4.0 }
    }

    fn band(&self, scene: &mut Scene, frame: &Frame, line: &Line) {
        let place = |x: f64, y: f64| (frame.x(&self.x, x), frame.y(&self.y, y));
        let there = line.band.iter().map(|&(x, low, _)| place(x, low));
        let back = line.band.iter().rev().map(|&(x, _, high)| place(x, high));
        if !line.band.is_empty() {
            scene.area(there.chain(back).collect(), Role::series(line.slot));
        }
    }

    fn line(&self, scene: &mut Scene, frame: &Frame, line: &Line, nth: usize) {
        let role = Role::series(line.slot);
        let place = |&(x, y): &(f64, f64)| (frame.x(&self.x, x), frame.y(&self.y, y));
        let points: Vec<Point> = line.points.iter().map(place).collect();
        let marked = match line.name.as_str() {
            "" => Vec::new(),
            _ => markers(&points, nth, self.lines.len()),
        };
        scene.line(thinned(points), 2.0, role);
        for at in marked {
            scene.marker(at, line.slot, role);
        }
        for (at, text) in &line.tips {
            let (x, y) = place(at);
            scene.tip((x - 7.0, y - 7.0), (x + 7.0, y + 7.0), text.clone());
        }
    }

    /// Names at the ends of the lines, moved apart where they would overlap.
    fn names(&self, scene: &mut Scene, frame: &Frame) {
        let mut ends: Vec<(f64, &Line)> = self
            .lines
            .iter()
            .filter_map(|line| line.points.last().map(|end| (frame.y(&self.y, end.1), line)))
            .collect();
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        let wanted: Vec<f64> = ends.iter().map(|(y, _)| *y).collect();
        let room = scene.width - frame.right - 30.0;
        for ((from, line), to) in ends.into_iter().zip(apart(&wanted, frame.top, frame.bottom)) {
            let role = Role::series(line.slot);
            let x = frame.right;
            scene.of_series(line.slot, |scene| {
                scene.line(vec![(x + 3.0, from), (x + 14.0, to)], 1.0, Role::MUTED);
                scene.marker((x + 20.0, to), line.slot, role);
                scene.name((x + 29.0, to), &line.name, room, Anchor::Left, Role::INK);
            });
        }
    }
}

impl Frame {
    fn x(&self, axis: &Axis, value: f64) -> f64 {
        self.left + axis.place(value) * (self.right - self.left)
    }

    fn y(&self, axis: &Axis, value: f64) -> f64 {
        self.bottom - axis.place(value) * (self.bottom - self.top)
    }
}

/// Where a line is marked: at every point if they are few, else at a few places along it, each
/// line at its own, so that lines that lie on each other still show their markers.
fn markers(points: &[Point], nth: usize, of: usize) -> Vec<Point> {
    if points.len() <= 2 * N_MARKERS {
        return points.to_vec();
    }
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Vec::new() };
    let offset = (nth as f64 + 0.5) / of as f64;
    (0..N_MARKERS)
        .map(|i| first.0 + (last.0 - first.0) * (i as f64 + offset) / N_MARKERS as f64)
        .filter_map(|x| on_line(points, x))
        .collect()
}

/// The point of a line that goes right, at this x.
fn on_line(points: &[Point], x: f64) -> Option<Point> {
    let next = points.partition_point(|point| point.0 < x);
    let (before, after) = (points.get(next.checked_sub(1)?)?, points.get(next)?);
    let share = (x - before.0) / (after.0 - before.0);
    Some((x, before.1 + share * (after.1 - before.1)))
}

/// Without the points that nobody would see.
fn thinned(points: Vec<Point>) -> Vec<Point> {
    let n = points.len();
    let mut kept: Vec<Point> = Vec::with_capacity(n.min(512));
    for (i, point) in points.into_iter().enumerate() {
        let seen = |last: &Point| (last.0 - point.0).abs() + (last.1 - point.1).abs() > 0.5;
        if i + 1 == n || kept.last().is_none_or(seen) {
            kept.push(point);
        }
    }
    kept
}

/// Sorted heights, moved so that lines of text at them do not touch: one pass down, one back up.
fn apart(wanted: &[f64], top: f64, bottom: f64) -> Vec<f64> {
    let mut heights = wanted.to_vec();
    let mut free = top;
    for height in &mut heights {
        *height = height.max(free);
        free = *height + LEADING;
    }
    let mut free = bottom;
    for height in heights.iter_mut().rev() {
        *height = height.min(free);
        free = *height - LEADING;
    }
    heights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_at_the_ends_do_not_touch() {
        for wanted in [vec![10.0; 8], vec![290.0; 8], vec![0.0, 5.0, 150.0, 299.0, 300.0]] {
            let heights = apart(&wanted, 0.0, 300.0);
            assert!(
                heights.windows(2).all(|pair| pair[1] - pair[0] >= LEADING - 1e-9),
                "{heights:?}"
            );
            assert!(heights.iter().all(|height| (0.0..=300.0).contains(height)), "{heights:?}");
        }
    }

    #[test]
    fn thinning_keeps_the_ends() {
        let points: Vec<Point> = (0..=1000).map(|i| (f64::from(i) * 0.1, 0.0)).collect();
        let kept = thinned(points);
        assert!(kept.len() < 250);
        assert_eq!((kept[0], *kept.last().expect("not empty")), ((0.0, 0.0), (100.0, 0.0)));
    }
}
