//! What a figure comes down to: lines, boxes, markers and text, each with a role instead of a colour.

use super::{LEADING, TEXT};
use crate::font;
use crate::palette::Role;

/// A point in pixels of the page, from the top left.
pub(crate) type Point = (f64, f64);

/// A laid-out figure, ready for any back-end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scene {
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// In the order of drawing.
    pub(crate) marks: Vec<Mark>,
    /// Places that explain themselves to the pointer.
    pub(crate) tips: Vec<Tip>,
    /// What is drawn belongs to it.
    series: Option<usize>,
}

/// One thing to draw.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mark {
    /// A polyline; dashed if the role is.
    Line { points: Vec<Point>, width: f64, role: Role },
    /// A region that what is drawn before and after it shows through.
    Area { outline: Vec<Point>, role: Role },
    /// A filled box.
    Box { from: Point, to: Point, role: Role },
    /// A filled shape around a point: what tells strategies apart without colour.
    Marker { at: Point, shape: usize, role: Role },
    /// A line of text, centred on the point's height.
    Text { at: Point, text: String, anchor: Anchor, role: Role },
    /// A line of text that begins at the point and runs upwards, centred on the point's x.
    Upright { at: Point, text: String, role: Role },
    /// No mark: what follows belongs to this series, which the reader may hide, or to none.
    Of(Option<usize>),
}

/// The side of a text that its point marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Left,
    Middle,
    Right,
}

/// An explanation over a box.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tip {
    pub(crate) from: Point,
    pub(crate) to: Point,
    pub(crate) text: String,
    /// The series that it goes with.
    pub(crate) series: Option<usize>,
}

impl Scene {
    pub(crate) fn new(width: f64) -> Scene {
        Scene { width, height: 0.0, marks: Vec::new(), tips: Vec::new(), series: None }
    }

    /// What is drawn inside belongs to a series.
    pub(crate) fn of_series(&mut self, series: usize, draw: impl FnOnce(&mut Scene)) {
        self.marks.push(Mark::Of(Some(series)));
        self.series = Some(series);
        draw(self);
        self.series = None;
        self.marks.push(Mark::Of(None));
    }

    /// Runs of marks, each with the series that it belongs to.
    pub(crate) fn layers(&self) -> impl Iterator<Item = (Option<usize>, &[Mark])> {
        let layers = self.marks.chunk_by(|_, next| !matches!(next, Mark::Of(_)));
        layers.map(|marks| match marks {
            [Mark::Of(series), rest @ ..] => (*series, rest),
            marks => (None, marks),
        })
    }

    pub(crate) fn line(&mut self, points: Vec<Point>, width: f64, role: Role) {
        self.marks.push(Mark::Line { points, width, role });
    }

    pub(crate) fn area(&mut self, outline: Vec<Point>, role: Role) {
        self.marks.push(Mark::Area { outline, role });
    }

    pub(crate) fn rect(&mut self, from: Point, to: Point, role: Role) {
        self.marks.push(Mark::Box { from, to, role });
    }

    pub(crate) fn marker(&mut self, at: Point, shape: usize, role: Role) {
        self.marks.push(Mark::Marker { at, shape, role });
    }

    pub(crate) fn text(&mut self, at: Point, text: impl Into<String>, anchor: Anchor, role: Role) {
        self.marks.push(Mark::Text { at, text: text.into(), anchor, role });
    }

    /// A name in so much room, whole if the pointer asks for it. Returns its width.
    pub(crate) fn name(
        &mut self,
        (x, y): Point,
        name: &str,
        room: f64,
        anchor: Anchor,
        role: Role,
    ) -> f64 {
        let short = font::fit(name, TEXT, room);
        let width = font::width(&short, TEXT);
        if short != name {
            let left = match anchor {
                Anchor::Left => x,
                Anchor::Middle => x - width / 2.0,
                Anchor::Right => x - width,
            };
            let half = LEADING / 2.0;
            self.tip((left, y - half), (left + width, y + half), name.to_string());
        }
        self.text((x, y), short, anchor, role);
        width
    }

    /// A name that runs upwards in so much room, whole if the pointer asks for it.
    pub(crate) fn upright_name(&mut self, (x, y): Point, name: &str, room: f64, role: Role) {
        let short = font::fit(name, TEXT, room);
        if short != name {
            let half = TEXT / 2.0;
            let top = y - font::width(&short, TEXT);
            self.tip((x - half, top), (x + half, y), name.to_string());
        }
        self.upright((x, y), short, role);
    }

    pub(crate) fn upright(&mut self, at: Point, text: impl Into<String>, role: Role) {
        self.marks.push(Mark::Upright { at, text: text.into(), role });
    }

    pub(crate) fn tip(&mut self, from: Point, to: Point, text: String) {
        let series = self.series;
        self.tips.push(Tip { from, to, text, series });
    }
}

/// The outline of a marker, or nothing if it is the circle. Sizes are chosen to look equal.
pub(crate) fn outline(shape: usize) -> Option<Vec<Point>> {
    let regular = |n: usize, radius: f64, turn: f64| -> Vec<Point> {
        (0..n)
            .map(|i| std::f64::consts::TAU * (i as f64 / n as f64 + turn))
            .map(|angle| (radius * angle.sin(), -radius * angle.cos()))
            .collect()
    };
    let cross = |turn: f64| -> Vec<Point> {
        let (arm, half) = (4.6, 1.5);
        let (sin, cos) = (turn * std::f64::consts::TAU).sin_cos();
        [(half, arm), (half, half), (arm, half)]
            .into_iter()
            .chain([(arm, -half), (half, -half), (half, -arm)])
            .chain([(-half, -arm), (-half, -half), (-arm, -half)])
            .chain([(-arm, half), (-half, half), (-half, arm)])
            .map(|(x, y)| (x * cos - y * sin, x * sin + y * cos))
            .collect()
    };
    match shape % 8 {
        0 => None,
        1 => Some(regular(4, 4.8, 0.125)),
        2 => Some(regular(3, 5.2, 0.0)),
        3 => Some(regular(4, 5.0, 0.0)),
        4 => Some(regular(3, 5.2, 0.5)),
        5 => Some(cross(0.0)),
        6 => Some(cross(0.125)),
        _ => Some(regular(5, 4.8, 0.0)),
    }
}
