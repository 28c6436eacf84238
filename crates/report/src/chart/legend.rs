//! Names of lines and colours, above the plot, in as many rows as they need.

use crate::chart::heat::STAR;
use crate::chart::scene::{Anchor, Scene};
use crate::chart::{LEADING, TEXT};
use crate::font;
use crate::palette::Role;

const SAMPLE: f64 = 26.0;
const SWATCH: f64 = 11.0;
const GAP: f64 = 20.0;

/// What stands before a name.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sample {
    /// Dash and marker of a line.
    Line(usize),
    /// A small box.
    Box(Role),
    /// A number that stands in the plot.
    Number(usize),
    /// The star of a heat map.
    Star,
}

/// One name.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) sample: Sample,
}

/// What each colour stands for.
pub(crate) fn boxes(named: &[(String, Role)]) -> Vec<Entry> {
    let entry =
        |(name, role): &(String, Role)| Entry { name: name.clone(), sample: Sample::Box(*role) };
    named.iter().map(entry).collect()
}

/// Draws the names from `top` on and returns where the next thing may begin.
pub(crate) fn draw(scene: &mut Scene, entries: &[Entry], top: f64) -> f64 {
    let (mut x, mut y) = (0.0, top + LEADING / 2.0);
    for entry in entries {
        let indent = match entry.sample {
            Sample::Line(_) => SAMPLE + 6.0,
            Sample::Box(_) => SWATCH + 6.0,
            Sample::Number(n) => font::width(&n.to_string(), TEXT) + 5.0,
            Sample::Star => SWATCH + 2.0,
        };
        let room = scene.width - indent;
        let width = font::width(&entry.name, TEXT).min(room);
        if x > 0.0 && x + indent + width > scene.width {
            (x, y) = (0.0, y + LEADING);
        }
        sample(scene, entry.sample, (x, y));
        x += indent + scene.name((x + indent, y), &entry.name, room, Anchor::Left, Role::INK) + GAP;
    }
    y + LEADING / 2.0
}

fn sample(scene: &mut Scene, sample: Sample, (x, y): (f64, f64)) {
    match sample {
        Sample::Line(slot) => {
            scene.line(vec![(x, y), (x + SAMPLE, y)], 2.0, Role::series(slot));
            scene.marker((x + SAMPLE / 2.0, y), slot, Role::series(slot));
        }
        Sample::Box(role) => {
            let half = SWATCH / 2.0;
            scene.rect((x, y - half), (x + SWATCH, y + half), role);
        }
        Sample::Number(n) => scene.text((x, y), n.to_string(), Anchor::Left, Role::MUTED),
        Sample::Star => scene.text((x, y), STAR.to_string(), Anchor::Left, Role::INK),
    }
}
