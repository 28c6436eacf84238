//! The font that figures are measured and, as PNG, set in: DejaVu Sans, which is wider than what
//! browsers choose for `sans-serif`, so what fits here fits there.
//!
//! plotters could set text itself, but it rounds every glyph to a whole pixel and drops the space
//! before it, which shows.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};

static DEJAVU: LazyLock<FontRef<'static>> = LazyLock::new(|| {
    FontRef::try_from_slice(include_bytes!("../assets/DejaVuSans.ttf"))
        .expect("the font of the crate is valid")
});

/// The scale at which an em has this many pixels: ab_glyph counts in line heights.
fn scale(size: f64) -> PxScale {
    let units = DEJAVU.units_per_em().expect("the font states its units");
    PxScale::from(size as f32 * DEJAVU.height_unscaled() / units)
}

/// Calls with each glyph and its distance from the start, and returns the width of the line.
fn set(text: &str, size: f64, mut glyph: impl FnMut(ab_glyph::GlyphId, f32)) -> f64 {
    let font = DEJAVU.as_scaled(scale(size));
    let mut x = 0.0;
    let mut previous = None;
    for c in text.chars() {
        let id = font.glyph_id(c);
        x += previous.map_or(0.0, |previous| font.kern(previous, id));
        glyph(id, x);
        x += font.h_advance(id);
        previous = Some(id);
    }
    f64::from(x)
}

/// Width of a line of text, in the units of `size`.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    set(text, size, |_, _| ())
}

/// Calls with every pixel that a line of text covers and how much of it, from 0 to 1.
/// The text begins at `x`; half the height of its capitals is at `y`.
pub(crate) fn rasterise(
    text: &str,
    size: f64,
    (x, y): (f64, f64),
    mut pixel: impl FnMut(i32, i32, f32),
) {
    let baseline = (y + 0.36 * size).round() as f32;
    set(text, size, |id, ahead| {
        let glyph = id.with_scale_and_position(scale(size), point(x as f32 + ahead, baseline));
        let Some(outline) = DEJAVU.outline_glyph(glyph) else { return };
        let bounds = outline.px_bounds();
        outline.draw(|dx, dy, coverage| {
            pixel(bounds.min.x as i32 + dx as i32, bounds.min.y as i32 + dy as i32, coverage);
        });
    });
}

/// The text; if it is wider than this, with an ellipsis in place of its middle: names that begin alike
/// often differ at their ends.
pub(crate) fn fit(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_string();
    }
    let letters: Vec<char> = text.chars().collect();
    let shortened = |n_kept: usize| -> String {
        let (head, tail) = (n_kept.div_ceil(2), n_kept / 2);
        let head = letters[..head].iter().collect::<String>();
        let tail = letters[letters.len() - tail..].iter().collect::<String>();
        format!("{}…{}", head.trim_end(), tail.trim_start())
    };
    (0..letters.len())
        .rev()
        .map(shortened)
        .find(|short| width(short, size) <= room)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_to_the_room_there_is() {
        assert_eq!(fit("lru", 12.0, 100.0), "lru");
        let cut = fit("a-strategy-with-a-very-long-name", 12.0, 100.0);
        assert_eq!(cut, "a-strat…g-name");
        assert!(width(&cut, 12.0) <= 100.0);
        assert_eq!(fit("ä öö ü", 12.0, 29.0), "ä…ü");
        assert_eq!(fit("lru", 12.0, 0.0), "");
    }

    #[test]
    fn an_em_dash_is_an_em() {
        assert!((width("—", 100.0) - 100.0).abs() < 0.5);
    }
}
