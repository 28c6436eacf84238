//! SVG, as a file of its own and as an element of the page.
//!
//! plotters counts in whole pixels, so it draws larger and the viewBox shrinks it. It knows neither
//! dashes nor CSS colours nor tooltips: every role is drawn in a colour that stands for it, and
//! `dress` puts the real one in, with the dash that belongs to it.

use std::fmt::Write;

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::prelude::SVGBackend;

use super::{MARGIN, Pen, draw};
use crate::chart::scene::Scene;
use crate::palette::{Role, Theme};
use crate::{Error, format};

/// Pixels of plotters for one of the page.
const SCALE: f64 = 4.0;

/// Where the colours of an SVG come from.
#[derive(Clone, Copy)]
enum Colours {
    /// The file itself.
    Fixed(Theme),
    /// The CSS variables of the page around it.
    Page,
}

/// A file of its own.
pub(crate) fn file(scene: &Scene, title: &str, theme: Theme) -> Result<String, Error> {
    let body = dress(body(scene, MARGIN)?, Colours::Fixed(theme));
    let (width, height) = (scene.width + 2.0 * MARGIN, scene.height + 2.0 * MARGIN);
    let (title, head) = (escape(title), head(width, height));
    Ok(format!(
        "{head} width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\">\n<title>{title}</title>\n{body}{}</svg>\n",
        tips(scene, MARGIN)
    ))
}

/// An element of the page.
pub(crate) fn inline(scene: &Scene, class: &str, alt: &str) -> Result<String, Error> {
    let body = dress(body(scene, 0.0)?, Colours::Page);
    let head = head(scene.width, scene.height);
    let alt = escape(alt);
    Ok(format!(
        "{head} class=\"{class}\" role=\"img\" aria-label=\"{alt}\">\n{body}{}</svg>\n",
        tips(scene, 0.0)
    ))
}

/// The elements between `<svg ..>` and `</svg>`, in stand-in colours; those of a series in a group.
fn body(scene: &Scene, margin: f64) -> Result<String, Error> {
    let mut text = String::new();
    if margin > 0.0 {
        text += &elements(scene, margin, |pen, area| pen.paper(area))?;
    }
    for (series, marks) in scene.layers() {
        let inner = elements(scene, margin, |pen, area| pen.paint(area, marks))?;
        match series {
            _ if inner.is_empty() => {}
            Some(series) => text += &format!("<g data-series=\"{series}\">\n{inner}</g>\n"),
            None => text += &inner,
        }
    }
    Ok(text)
}

/// What plotters writes for this, without the `<svg ..>` and `</svg>` around it.
fn elements(
    scene: &Scene,
    margin: f64,
    paint: impl FnOnce(&Pen, &DrawingArea<SVGBackend<'_>, Shift>) -> Result<(), Error>,
) -> Result<String, Error> {
    let side = |length: f64| ((length + 2.0 * margin) * SCALE).ceil() as u32;
    let mut text = String::new();
    {
        let size = (side(scene.width), side(scene.height));
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        let pen = Pen { scale: SCALE, margin, raster: false, colour: Role::key };
        paint(&pen, &area)?;
        area.present().map_err(draw)?;
    }
    let body = text.split_once('\n').map_or("", |(_, body)| body);
    Ok(body.trim_end().trim_end_matches("</svg>").to_string())
}

fn head(width: f64, height: f64) -> String {
    let (width, height) = ((width * SCALE).ceil(), (height * SCALE).ceil());
    format!("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\"")
}

/// Puts colours and dashes in. Quotes around a stand-in cannot come from a name: they are escaped there.
fn dress(mut svg: String, colours: Colours) -> String {
    svg = svg.replace(" opacity=\"1\"", "").replace(" dy=\"0.5ex\"", " dy=\"0.35em\"");
    for role in Role::all() {
        let key = format!("\"#{:06X}\"", role.key());
        let colour = match colours {
            Colours::Fixed(theme) => format!("\"#{:06X}\"", role.rgb(theme)),
            Colours::Page => format!("\"var(--{})\"", role.name()),
        };
        if let Some((on, off)) = role.dash() {
            let (on, off) = (on * SCALE, off * SCALE);
            let dashed = format!("stroke={colour} stroke-dasharray=\"{on} {off}\"");
            svg = svg.replace(&format!("stroke={key}"), &dashed);
        }
        svg = svg.replace(&key, &colour);
    }
    svg
}

fn tips(scene: &Scene, margin: f64) -> String {
    let mut text = String::new();
    for tip in &scene.tips {
        let at = |length: f64| (length + margin) * SCALE;
        let series =
            tip.series.map_or(String::new(), |series| format!(" data-series=\"{series}\""));
        let (width, height) = (tip.to.0 - tip.from.0, tip.to.1 - tip.from.1);
        let _ = writeln!(
            text,
            "<rect{series} x=\"{:.0}\" y=\"{:.0}\" width=\"{:.0}\" height=\"{:.0}\" fill=\"transparent\"><title>{}</title></rect>",
            at(tip.from.0),
            at(tip.from.1),
            width * SCALE,
            height * SCALE,
            escape(&tip.text)
        );
    }
    text
}

fn escape(text: &str) -> String {
    format::printable(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::scene::Anchor;

    #[test]
    fn a_name_that_looks_like_a_colour_stays_a_name() {
        let mut scene = Scene::new(100.0);
        scene.height = 20.0;
        scene.text((0.0, 10.0), "=\"#010201\"", Anchor::Left, Role::INK);
        let svg = file(&scene, "t", Theme::Light).expect("draws");
        assert!(svg.contains("=&quot;#010201&quot;"), "{svg}");
    }
}
