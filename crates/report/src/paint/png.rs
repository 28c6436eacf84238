//! PNG, for documents and chats that take no SVG.

use plotters::drawing::IntoDrawingArea;
use plotters::prelude::BitMapBackend;

use super::{MARGIN, Pen, draw};
use crate::Error;
use crate::chart::scene::Scene;
use crate::palette::{Role, Theme};

/// Pixels of the picture for one of the page.
const SCALE: f64 = 3.0;

/// A light picture, three pixels for one of the page.
pub(crate) fn file(scene: &Scene) -> Result<Vec<u8>, Error> {
    let side = |length: f64| ((length + 2.0 * MARGIN) * SCALE).ceil() as u32;
    let size = (side(scene.width), side(scene.height));
    let mut pixels = vec![0; size.0 as usize * size.1 as usize * 3];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, size).into_drawing_area();
        let colour = |role: Role| role.rgb(Theme::Light);
        let pen = Pen { scale: SCALE, margin: MARGIN, raster: true, colour };
        pen.paper(&area)?;
        pen.paint(&area, &scene.marks)?;
    }
    encode(&pixels, size)
}

fn encode(pixels: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().map_err(draw)?;
    writer.write_image_data(pixels).map_err(draw)?;
    writer.finish().map_err(draw)?;
    Ok(bytes)
}
