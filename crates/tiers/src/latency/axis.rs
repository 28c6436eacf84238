//! Where the knots of a quantile function stand, and how a uniform number finds its place among them.
//!
//! The knots of a *table* stand where its file says. A guide table (Chen and Asau 1974) gives the
//! first segment of each of some equal stretches of [0, 1), from which few steps lead to the right one.
//!
//! The knots of a *law* stand at 16 places an octave of either tail, down to 2^-53, the smallest
//! uniform there is. Exponent and first mantissa bits of the tail probability are the number of
//! the segment, so that finding it takes neither a search nor a division. Between knots the logarithm
//! of the latency is off by at most 1/2048 of its slope over ln p: a power tail x^-2 by 0.03 %, the
//! lighter tails by less. Seen as probabilities, the tails of laws with one mode are right to 0.2 % of
//! themselves; in an empty gap between two modes a probability may be off by 0.008, half a segment.

use super::law::Curve;
use super::quantile::{Tail, ln_quantile};

/// The places of knots.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Axis {
    Table(Table),
    Law,
}

impl Axis {
    /// How many knots a row has.
    pub(super) fn n_knots(&self) -> usize {
        match self {
            Axis::Table(table) => table.segments.len() + 1,
            Axis::Law => 2 * SIDE,
        }
    }

    /// The knot at or before `u` and how far the way to the next one is gone.
    #[inline]
    pub(super) fn locate(&self, u: f64) -> (usize, f64) {
        match self {
            Axis::Table(table) => table.locate(u),
            Axis::Law => locate_in_tail(u),
        }
    }
}

/// Knots at given quantiles.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    segments: Vec<Segment>,
    /// The segment that each of equal stretches starts in.
    guide: Vec<u32>,
    /// How many stretches there are.
    n_stretches: f64,
}

/// From one knot to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Segment {
    start: f64,
    /// The last segment never ends.
    end: f64,
    per_length: f64,
}

impl Table {
    /// `quantiles` rise from 0 to 1.
    pub(super) fn new(quantiles: &[f64]) -> Self {
        let segment = |pair: &[f64]| Segment {
            start: pair[0],
            end: if pair[1] < 1.0 { pair[1] } else { f64::INFINITY },
            per_length: 1.0 / (pair[1] - pair[0]),
        };
        let segments: Vec<Segment> = quantiles.windows(2).map(segment).collect();
        let n_stretches = (4 * segments.len()).next_power_of_two().max(64);
        let starts = (0..n_stretches).map(|i| i as f64 / n_stretches as f64);
        let first = |start: f64| segments.partition_point(|segment| segment.end <= start) as u32;
        Table { guide: starts.map(first).collect(), n_stretches: n_stretches as f64, segments }
    }

    #[inline]
    fn locate(&self, u: f64) -> (usize, f64) {
        // Through 32 bits with a sign, which is the fastest conversion there is.
        let stretch = (u * self.n_stretches) as i32 as usize;
        let mut at = self.guide[stretch.min(self.guide.len() - 1)] as usize;
        loop {
            let segment = self.segments[at];
            if u < segment.end || at + 1 == self.segments.len() {
                return (at, (u - segment.start) * segment.per_length);
            }
            at += 1;
        }
    }
}

/// Mantissa bits that number the places within an octave.
const PLACE_BITS: u32 = 4;
/// The mantissa bits after them.
const REST_BITS: u32 = 52 - PLACE_BITS;
/// The smallest tail probability.
const SMALLEST: f64 = 1.0 / (1u64 << 53) as f64;
/// Number of the place of the smallest tail probability, as floating-point numbers are laid out.
const FIRST: u64 = SMALLEST.to_bits() >> REST_BITS;
/// Knots of one tail: from 2^-53 to one half, and one more so that one half has a next.
const SIDE: usize = ((0.5f64.to_bits() >> REST_BITS) - FIRST) as usize + 2;

#[inline]
fn locate_in_tail(u: f64) -> (usize, f64) {
    let (p, side) = if u < 0.5 { (u, 0) } else { (1.0 - u, SIDE) };
    let bits = p.max(SMALLEST).to_bits();
    let rest = bits & ((1 << REST_BITS) - 1);
    let place = (bits >> REST_BITS) - FIRST;
    (side + place as usize, rest as f64 * (1.0 / (1u64 << REST_BITS) as f64))
}

/// The logarithms of a law's latencies at the knots: first the tail below, then the tail above.
pub(super) fn ln_knots(curve: &Curve) -> Vec<f64> {
    let middle = ln_quantile(curve, Tail::Below, 0.5, 10.0);
    let mut knots = vec![middle; 2 * SIDE];
    for (tail, side) in [(Tail::Below, 0), (Tail::Above, SIDE)] {
        let mut last = middle;
        for place in (0..SIDE - 2).rev() {
            let p = f64::from_bits((FIRST + place as u64) << REST_BITS);
            let knot = ln_quantile(curve, tail, p, last);
            // Beside a shift, rounding would make them waver.
            last = if tail == Tail::Below { knot.min(last) } else { knot.max(last) };
            knots[side + place] = last;
        }
    }
    knots
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::law::tests::examples;
    use super::*;

    /// The latency at `u`, interpolated.
    fn at(knots: &[f64], u: f64) -> f64 {
        let (knot, part) = locate_in_tail(u);
        libm::exp(knots[knot] + part * (knots[knot + 1] - knots[knot]))
    }

    #[test]
    fn tails_are_nearly_those_of_the_law() {
        for curve in examples() {
            let knots = ln_knots(&curve);
            for i in 0..20_000 {
                let u = (f64::from(i) + 0.5) / 20_000.0;
                let tails = curve.tails(at(&knots, u));
                let (ours, wanted) =
                    if u < 0.5 { (tails.below, u) } else { (tails.above, 1.0 - u) };
                let off = (ours - wanted).abs();
                let most =
                    if matches!(curve, Curve::Bimodal { .. }) { 8e-3 } else { 2e-3 * wanted };
                assert!(off < most, "{curve:?} {u}: {ours}");
            }
        }
    }

    #[test]
    fn latencies_rise_with_the_quantile() {
        for curve in examples() {
            let knots = ln_knots(&curve);
            assert!(knots[..SIDE].is_sorted() && knots[SIDE..].is_sorted_by(|a, b| a >= b));
        }
    }

    #[test]
    fn the_ends_of_the_unit_interval_have_a_place() {
        let knots = ln_knots(&examples()[0]);
        let ends = [0.0, SMALLEST, 0.5 - SMALLEST, 0.5, 1.0 - SMALLEST, 1.0, -1.0, 2.0, f64::NAN];
        for u in ends {
            assert!(at(&knots, u).is_finite(), "{u}");
            assert!(Table::new(&[0.0, 0.1, 1.0]).locate(u).0 < 2, "{u}");
        }
    }

    proptest! {
        #[test]
        fn the_guide_finds_the_segment_that_a_search_does(
            mut inner in prop::collection::vec(0.0001..0.9999f64, 0..40), u in 0.0..1.0f64,
        ) {
            inner.extend([0.0, 1.0]);
            inner.sort_by(f64::total_cmp);
            inner.dedup();
            let (segment, part) = Table::new(&inner).locate(u);
            prop_assert!(inner[segment] <= u && u < inner[segment + 1]);
            prop_assert!((inner[segment] + part * (inner[segment + 1] - inner[segment]) - u).abs() < 1e-12);
        }
    }
}
