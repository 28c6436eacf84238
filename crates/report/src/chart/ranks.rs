//! Critical-difference diagrams: mean ranks along a line, and bars over those that are not told apart.
//!
//! After J. Demšar: "Statistical comparisons of classifiers over multiple data sets", JMLR 7, 2006, figure 1.
//! Here the best is at the left. Names of the better half stand at the left, the others at the right, each
//! line below the one before it, so that no two cross.

use crate::chart::scene::{Anchor, Scene};
use crate::chart::{LEADING, TEXT};
use crate::palette::Role;
use crate::{font, format};

/// Distance between bars.
const BAR: f64 = 8.0;
/// How far a bar reaches beyond its first and last rank.
const BEYOND: f64 = 3.0;

/// A diagram of mean ranks.
#[derive(Debug, Clone)]
pub(crate) struct Ranks {
    /// Names and mean ranks, the best first.
    pub(crate) ranks: Vec<(String, f64)>,
    /// How many were ranked, whether drawn or not.
    pub(crate) n: usize,
    /// Ranks closer than that are not told apart.
    pub(crate) critical: f64,
    /// The first and last place of each group that is not told apart.
    pub(crate) groups: Vec<(usize, usize)>,
}

/// Where the line of ranks lies.
struct Frame {
    left: f64,
    right: f64,
    y: f64,
    last: f64,
}

impl Ranks {
    /// The figure at this width.
    pub(crate) fn layout(&self, width: f64) -> Scene {
        let mut scene = Scene::new(width);
        let frame = self.frame(width);
        self.ruler(&mut scene, &frame);
        frame.line(&mut scene);
        let bars = self.bars(&mut scene, &frame);
        let top = frame.y + 12.0 + bars as f64 * BAR;
        let half = self.ranks.len().div_ceil(2);
        for (i, (name, rank)) in self.ranks.iter().enumerate() {
            // Counted from the outside on either side.
            let (row, at_left) = match i < half {
                true => (i, true),
                false => (self.ranks.len() - 1 - i, false),
            };
            let y = top + (row as f64 + 0.5) * LEADING;
            frame.name(&mut scene, (name, *rank), y, at_left);
        }
        scene.height = top + half as f64 * LEADING + 4.0;
        scene
    }

    fn frame(&self, width: f64) -> Frame {
        let names = self.ranks.iter().map(|(name, _)| font::width(name, TEXT));
        let room = names.fold(0.0, f64::max) + font::width("00.00", TEXT) + 22.0;
        let margin = room.min(0.36 * width);
        let last = self.n.max(2) as f64;
        Frame { left: margin, right: width - margin, y: 3.6 * LEADING, last }
    }

    /// How long the critical difference is.
    fn ruler(&self, scene: &mut Scene, frame: &Frame) {
        if !self.critical.is_finite() {
            return;
        }
        let (from, to) = (frame.left, frame.x(1.0 + self.critical));
        let y = 1.4 * LEADING;
        scene.line(vec![(from, y), (to, y)], 1.5, Role::INK);
        for x in [from, to] {
            scene.line(vec![(x, y - 4.0), (x, y + 4.0)], 1.5, Role::INK);
        }
        let text = format!("critical difference {:.2}", self.critical);
        let half = font::width(&text, TEXT) / 2.0;
        let middle = ((from + to) / 2.0).clamp(half, (scene.width - half).max(half));
        scene.text((middle, LEADING / 2.0), text, Anchor::Middle, Role::MUTED);
    }

    /// Draws a bar a group, each where there is room, and returns how many lie below each other.
    fn bars(&self, scene: &mut Scene, frame: &Frame) -> usize {
        let mut free: Vec<f64> = Vec::new();
        for &(first, last) in &self.groups {
            let (from, to) = (frame.x(self.ranks[first].1), frame.x(self.ranks[last].1));
            let (from, to) = (from - BEYOND, to + BEYOND);
            let level = free.iter().position(|end| *end + 4.0 < from).unwrap_or_else(|| {
                free.push(0.0);
                free.len() - 1
            });
            free[level] = to;
            let y = frame.y + 10.0 + level as f64 * BAR;
            scene.line(vec![(from, y), (to, y)], 4.0, Role::series(0));
            let names: Vec<&str> =
                self.ranks[first..=last].iter().map(|(name, _)| name.as_str()).collect();
            let half = BAR / 2.0;
            scene.tip(
                (from, y - half),
                (to, y + half),
                format!("not told apart: {}", names.join(", ")),
            );
        }
        free.len()
    }
}

impl Frame {
    fn x(&self, rank: f64) -> f64 {
        let share = ((rank - 1.0) / (self.last - 1.0)).clamp(0.0, 1.0);
        self.left + share * (self.right - self.left)
    }

    fn line(&self, scene: &mut Scene) {
        scene.line(vec![(self.left, self.y), (self.right, self.y)], 1.5, Role::INK);
        let room = font::width(&self.last.to_string(), TEXT) + 6.0;
        let apart = self.x(2.0) - self.x(1.0);
        let fits = |step: &usize| *step as f64 * apart >= room;
        let step = [1, 2, 5, 10, 20, 50].into_iter().find(fits).unwrap_or(100);
        for rank in (1..=self.last as usize).filter(|rank| *rank == 1 || rank % step == 0) {
            let x = self.x(rank as f64);
            scene.line(vec![(x, self.y - 4.0), (x, self.y)], 1.0, Role::INK);
            // Next to the 1 there may be no room for the first step.
            if rank == 1 || (rank - 1) as f64 * apart >= room {
                let at = (x, self.y - 13.0);
                scene.text(at, rank.to_string(), Anchor::Middle, Role::MUTED);
            }
        }
    }

    /// A line from the rank down and out to the name.
    fn name(&self, scene: &mut Scene, (name, rank): (&str, f64), y: f64, at_left: bool) {
        let x = self.x(rank);
        let figure = format::decimal(rank, 2);
        let room = self.left - font::width(&figure, TEXT) - 14.0;
        let (edge, inner, anchor) = match at_left {
            true => (self.left - 6.0, self.left - font::width(&figure, TEXT) - 12.0, Anchor::Right),
            false => {
                (self.right + 6.0, self.right + font::width(&figure, TEXT) + 12.0, Anchor::Left)
            }
        };
        let end = if at_left { self.left - 2.0 } else { self.right + 2.0 };
        scene.line(vec![(x, self.y), (x, y), (end, y)], 1.0, Role::MUTED);
        scene.text((edge, y), figure, anchor, Role::MUTED);
        scene.name((inner, y), name, room, anchor, Role::INK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demsar() -> Ranks {
        let ranks = [("m+cf", 1.964), ("m", 2.0), ("cf", 2.893), ("c4.5", 3.143)];
        Ranks {
            ranks: ranks.map(|(name, rank)| (name.to_string(), rank)).to_vec(),
            n: 4,
            critical: 1.25,
            groups: vec![(0, 3)],
        }
    }

    #[test]
    fn one_bar_over_what_is_not_told_apart() {
        let scene = demsar().layout(880.0);
        let tips: Vec<&str> = scene.tips.iter().map(|tip| tip.text.as_str()).collect();
        assert_eq!(tips, ["not told apart: m+cf, m, cf, c4.5"]);
    }

    #[test]
    fn bars_that_overlap_lie_below_each_other() {
        let mut ranks = demsar();
        let height = |ranks: &Ranks| ranks.layout(340.0).height;
        let one = height(&ranks);
        ranks.groups = vec![(0, 1), (2, 3)];
        assert_eq!(height(&ranks), one, "side by side");
        ranks.groups = vec![(0, 2), (1, 3)];
        assert_eq!(height(&ranks), one + BAR);
    }
}
