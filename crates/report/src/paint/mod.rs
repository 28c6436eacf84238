//! Scenes to pictures through plotters: the only place that knows it. Its back-ends differ in what
//! they can do; the pen makes up for what they cannot.

mod dashes;
pub(crate) mod png;
pub(crate) mod svg;

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontTransform, IntoFont, RGBColor, ShapeStyle, TextStyle};

use crate::chart::TEXT;
use crate::chart::scene::{Anchor, Mark, Point, outline};
use crate::palette::Role;
use crate::{Error, font, format};

/// Space around a figure in a file of its own.
const MARGIN: f64 = 16.0;

/// How much an area covers of what is behind it.
const AREA_OPACITY: f64 = 0.2;

/// How a back-end wants to be drawn on.
struct Pen {
    scale: f64,
    margin: f64,
    /// Whether it is pixels: then dashes are cut and glyphs are set here.
    raster: bool,
    colour: fn(Role) -> u32,
}

fn draw(error: impl std::fmt::Display) -> Error {
    Error::Draw(error.to_string())
}

impl Pen {
    /// The paper of a figure in a file of its own.
    fn paper<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<(), Error> {
        area.fill(&self.rgb(Role::PAPER)).map_err(draw)
    }

    fn paint<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        marks: &[Mark],
    ) -> Result<(), Error> {
        for mark in marks {
            match mark {
                Mark::Line { points, width, role } => self.line(area, points, *width, *role)?,
                Mark::Area { outline, role } => {
                    let outline: Vec<_> = outline.iter().map(|point| self.at(*point)).collect();
                    let style = self.rgb(*role).mix(AREA_OPACITY).filled();
                    area.draw(&Polygon::new(outline, style)).map_err(draw)?;
                }
                Mark::Box { from, to, role } => {
                    let corners = [self.at(*from), self.at(*to)];
                    area.draw(&Rectangle::new(corners, self.filled(*role))).map_err(draw)?;
                }
                Mark::Marker { at, shape, role } => self.marker(area, *at, *shape, *role)?,
                Mark::Text { at, text, anchor, role } => {
                    self.text(area, *at, text, *anchor, *role)?
                }
                Mark::Upright { at, text, role } => self.upright(area, *at, text, *role)?,
                Mark::Of(_) => {}
            }
        }
        area.present().map_err(draw)
    }

    fn line<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        points: &[Point],
        width: f64,
        role: Role,
    ) -> Result<(), Error> {
        let style = self.filled(role).stroke_width((width * self.scale).round() as u32);
        let pieces = match role.dash().filter(|_| self.raster) {
            Some(dash) => dashes::cut(points, dash),
            None => vec![points.to_vec()],
        };
        for piece in pieces {
            let path: Vec<_> = piece.into_iter().map(|point| self.at(point)).collect();
            area.draw(&PathElement::new(path, style)).map_err(draw)?;
        }
        Ok(())
    }

    fn marker<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        (x, y): Point,
        shape: usize,
        role: Role,
    ) -> Result<(), Error> {
        let style = self.filled(role);
        match outline(shape) {
            None => area.draw(&Circle::new(self.at((x, y)), (4.2 * self.scale) as i32, style)),
            Some(points) => {
                let at = |(dx, dy): Point| self.at((x + dx, y + dy));
                area.draw(&Polygon::new(points.into_iter().map(at).collect::<Vec<_>>(), style))
            }
        }
        .map_err(draw)
    }

    fn text<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        at: Point,
        text: &str,
        anchor: Anchor,
        role: Role,
    ) -> Result<(), Error> {
        if self.raster {
            return self.glyphs(area, at, text, anchor, role);
        }
        let side = match anchor {
            Anchor::Left => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::Right => HPos::Right,
        };
        let colour = self.rgb(role);
        let style = TextStyle::from(self.font()).color(&colour).pos(Pos::new(side, VPos::Center));
        area.draw(&Text::new(format::printable(text), self.at(at), style)).map_err(draw)
    }

    fn font(&self) -> FontDesc<'static> {
        // plotters divides the size by 1.24 before it writes it.
        ("sans-serif", TEXT * 1.24 * self.scale).into_font()
    }

    fn upright<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        (x, y): Point,
        text: &str,
        role: Role,
    ) -> Result<(), Error> {
        let text = format::printable(text);
        if !self.raster {
            let colour = self.rgb(role);
            let font = self.font().transform(FontTransform::Rotate270);
            let style =
                TextStyle::from(font).color(&colour).pos(Pos::new(HPos::Left, VPos::Center));
            return area.draw(&Text::new(text, self.at((x, y)), style)).map_err(draw);
        }
        let (left, bottom) = self.at((x, y));
        let colour = self.rgb(role);
        let mut done = Ok(());
        // Set on its side: what goes right goes up, and what goes down goes right.
        font::rasterise(&text, TEXT * self.scale, (0.0, 0.0), |along, across, coverage| {
            if done.is_ok() {
                let pixel = (left + across, bottom - along);
                done = area.draw_pixel(pixel, &colour.mix(f64::from(coverage)));
            }
        });
        done.map_err(draw)
    }

    fn glyphs<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        (x, y): Point,
        text: &str,
        anchor: Anchor,
        role: Role,
    ) -> Result<(), Error> {
        let text = format::printable(text);
        let left = match anchor {
            Anchor::Left => x,
            Anchor::Middle => x - font::width(&text, TEXT) / 2.0,
            Anchor::Right => x - font::width(&text, TEXT),
        };
        let place = |length: f64| (length + self.margin) * self.scale;
        let colour = self.rgb(role);
        let mut done = Ok(());
        font::rasterise(&text, TEXT * self.scale, (place(left), place(y)), |x, y, coverage| {
            if done.is_ok() {
                done = area.draw_pixel((x, y), &colour.mix(f64::from(coverage)));
            }
        });
        done.map_err(draw)
    }

    fn at(&self, (x, y): Point) -> (i32, i32) {
        let place = |length: f64| ((length + self.margin) * self.scale).round() as i32;
        (place(x), place(y))
    }

    fn rgb(&self, role: Role) -> RGBColor {
        let [_, red, green, blue] = (self.colour)(role).to_be_bytes();
        RGBColor(red, green, blue)
    }

    fn filled(&self, role: Role) -> ShapeStyle {
        self.rgb(role).filled()
    }
}
