//! A table of changes, coloured by direction and size.

use crate::chart::TEXT;
use crate::chart::legend::{self, Entry, Sample};
use crate::chart::scene::{Anchor, Scene};
use crate::font;
use crate::palette::Role;

const THICK: f64 = 21.0;
/// Longest name of a column, set upright.
const HEAD: f64 = 140.0;
/// Width of a cell that has all the room it wants.
const WIDEST: f64 = 64.0;
/// Least distance of two upright names.
const PITCH: f64 = 15.0;

/// Set behind a change that is significant.
pub(crate) const STAR: char = '*';

/// Where a colour ends and the next begins, in percent as written; the same on both sides of no change.
const BOUNDS: [f64; 5] = [1.0, 5.0, 10.0, 20.0, 40.0];

/// A figure of coloured cells.
#[derive(Debug, Clone)]
pub(crate) struct Heat {
    pub(crate) columns: Vec<String>,
    /// Heading of the last column, which sums a row up.
    pub(crate) summary: String,
    /// What a star in a cell means; empty if none has one.
    pub(crate) star: String,
    /// What the colours count, after the last of them.
    pub(crate) unit: &'static str,
    pub(crate) rows: Vec<Row>,
}

/// A row of cells.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) cells: Vec<Cell>,
    pub(crate) summary: Cell,
}

/// A change.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    /// Decides the colour; none if it is no number.
    pub(crate) value: f64,
    /// Written in the cell if all cells have room.
    pub(crate) label: String,
    pub(crate) tip: String,
    /// Whether it has a star.
    pub(crate) star: bool,
}

/// Where the cells lie.
struct Frame {
    left: f64,
    cell: f64,
    /// Where the summary begins.
    summary: f64,
    right: f64,
    top: f64,
}

impl Heat {
    /// The figure at this width.
    pub(crate) fn layout(&self, width: f64) -> Scene {
        let mut scene = Scene::new(width);
        let top = legend::draw(&mut scene, &self.key(), 0.0) + 12.0;
        let frame = self.frame(width, top);
        self.heads(&mut scene, &frame);
        let labels = self.widest(|row| &row.cells) + 4.0 <= frame.cell;
        for (i, row) in self.rows.iter().enumerate() {
            let top = frame.top + i as f64 * THICK;
            let middle = top + THICK / 2.0;
            let (end, room) = ((frame.left - 8.0, middle), frame.left - 8.0);
            scene.name(end, &row.name, room, Anchor::Right, Role::INK);
            for (j, cell) in row.cells.iter().enumerate() {
                let from = frame.left + j as f64 * frame.cell;
                cell.draw(&mut scene, (from, from + frame.cell), top, labels);
            }
            row.summary.draw(&mut scene, (frame.summary, frame.right), top, true);
        }
        scene.height = frame.top + self.rows.len() as f64 * THICK + 2.0;
        scene
    }

    fn frame(&self, width: f64, top: f64) -> Frame {
        let names = self.rows.iter().map(|row| font::width(&row.name, TEXT)).fold(0.0, f64::max);
        let summary = self.widest(|row| std::slice::from_ref(&row.summary)).max(THICK) + 10.0;
        // Names have a third of the width, or what cells at their widest leave.
        let spare = width - WIDEST * self.columns.len() as f64 - summary - 16.0;
        let left = names.min(spare.max(0.34 * width)) + 8.0;
        let room = width - left - summary - 8.0;
        let cell = (room / self.columns.len().max(1) as f64).min(WIDEST);
        let end = left + cell * self.columns.len() as f64 + 8.0;
        let heads = self.columns.iter().chain([&self.summary]);
        let head = heads.map(|head| font::width(head, TEXT)).fold(0.0, f64::max).min(HEAD);
        Frame { left, cell, summary: end, right: end + summary, top: top + head + 8.0 }
    }

    fn widest(&self, cells: impl Fn(&Row) -> &[Cell]) -> f64 {
        let labels = self.rows.iter().flat_map(|row| cells(row).iter());
        labels.map(|cell| font::width(&cell.starred(), TEXT)).fold(0.0, f64::max)
    }

    /// What the colours and the star stand for.
    fn key(&self) -> Vec<Entry> {
        let colour = |step: i32| {
            let bound = step.unsigned_abs().checked_sub(1).map(|i| BOUNDS[i as usize]);
            let name = match bound {
                None => "0".into(),
                Some(bound) if step < 0 => format!("≤ −{bound}"),
                Some(bound) => format!("≥ +{bound}"),
            };
            let name = if step == 5 { format!("{name} {}", self.unit) } else { name };
            Entry { name, sample: Sample::Box(Role::change(step)) }
        };
        let star = (!self.star.is_empty())
            .then(|| Entry { name: self.star.clone(), sample: Sample::Star });
        (-5..=5).map(colour).chain(star).collect()
    }

    /// Names of the columns; of narrow ones not every name.
    fn heads(&self, scene: &mut Scene, frame: &Frame) {
        let every = (PITCH / frame.cell).ceil().max(1.0) as usize;
        for (i, name) in self.columns.iter().enumerate().step_by(every) {
            let x = frame.left + (i as f64 + 0.5) * frame.cell;
            scene.upright_name((x, frame.top - 5.0), name, HEAD, Role::INK);
        }
        let x = (frame.summary + frame.right) / 2.0;
        scene.upright((x, frame.top - 5.0), self.summary.clone(), Role::MUTED);
    }
}

impl Cell {
    fn draw(&self, scene: &mut Scene, (from, to): (f64, f64), top: f64, label: bool) {
        if !self.value.is_finite() {
            return;
        }
        let role = Role::change(steps(self.value));
        // A hair of paper around cells that are wide enough for it.
        let gap = if to - from > 6.0 { 1.0 } else { 0.0 };
        scene.rect((from, top), (to - gap, top + THICK - 1.0), role);
        scene.tip((from, top), (to, top + THICK), self.tip.clone());
        let text = match (label, self.star) {
            (true, _) => self.starred(),
            (false, true) => STAR.to_string(),
            (false, false) => return,
        };
        // A narrow cell has no room even for a star.
        if font::width(&text, TEXT) <= to - from {
            let middle = ((from + to - gap) / 2.0, top + (THICK - 1.0) / 2.0);
            scene.text(middle, text, Anchor::Middle, role.text_on());
        }
    }

    fn starred(&self) -> String {
        if self.star { format!("{}{STAR}", self.label) } else { self.label.clone() }
    }
}

/// How many colours from no change.
fn steps(value: f64) -> i32 {
    let percent = (value.abs() * 100.0).round();
    let steps = BOUNDS.iter().filter(|bound| percent >= **bound).count() as i32;
    if value < 0.0 { -steps } else { steps }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::scene::Mark;

    #[test]
    fn colours_are_the_same_on_both_sides() {
        let all = [0.0, 0.004, 0.006, 0.05, 0.1, 0.196, 0.4, 1.0].map(steps);
        assert_eq!(all, [0, 0, 1, 2, 3, 4, 5, 5], "as the number written is");
        assert_eq!([-0.01, -0.39, -0.4].map(steps), [-1, -4, -5]);
    }

    #[test]
    fn names_are_whole_where_there_is_room_and_told_where_not() {
        let name = "s3-fifo:version=v1,small-ratio=0.05,ghost-ratio=0.9,threshold=1";
        let cell = || Cell { value: 0.1, label: "12".into(), tip: String::new(), star: false };
        for (n, whole) in [(3, true), (12, false)] {
            let row = Row { name: name.into(), cells: vec![cell(); n], summary: cell() };
            let columns = vec!["t".to_string(); n];
            let scene = Heat {
                columns,
                summary: "Mean".into(),
                star: String::new(),
                unit: "%",
                rows: vec![row],
            }
            .layout(880.0);
            let drawn = |mark: &Mark| matches!(mark, Mark::Text { text, .. } if text == name);
            assert_eq!(scene.marks.iter().any(drawn), whole, "{n} columns");
            let tips: Vec<_> = scene.tips.iter().filter(|tip| tip.text == name).collect();
            assert_eq!(tips.len(), usize::from(!whole), "{n} columns");
            assert!(tips.iter().all(|tip| tip.from.0 >= 0.0 && tip.to.0 < 880.0 / 2.0));
        }
    }

    #[test]
    fn many_columns_fit_and_name_what_they_can() {
        let cell = |value: f64| Cell { value, label: "12".into(), tip: String::new(), star: false };
        let row =
            |n| Row { name: "lru".into(), cells: vec![cell(0.1); n], summary: cell(f64::NAN) };
        for (n, width) in [(1, 340.0), (6, 880.0), (60, 340.0), (60, 880.0)] {
            let columns = (0..n).map(|i| format!("trace {i}")).collect();
            let heat = Heat {
                columns,
                summary: "Mean".into(),
                star: "sure".into(),
                unit: "%",
                rows: vec![row(n); 3],
            };
            let scene = heat.layout(width);
            let right = scene.tips.iter().map(|tip| tip.to.0).fold(0.0, f64::max);
            assert!(right <= width, "{n} columns end at {right} of {width}");
            assert_eq!(scene.tips.len(), 3 * n, "what is no number is left out");
        }
    }
}
