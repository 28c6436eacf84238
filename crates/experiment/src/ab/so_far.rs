//! How the difference comes out over time: its mean so far, with a band that holds at all times at once.
//!
//! The band is `analysis::sequential`'s, which is for windows that hardly depend on each other. So windows
//! are joined by twos, fours, fives until neighbours are correlated by less than 0.1; after that there
//! would be too few.

use analysis::sequential::ConfidenceSequence;

use super::windows::Series;

/// Windows joined, and how much neighbours may depend on each other.
const JOINED: [usize; 4] = [1, 2, 4, 5];
pub(super) const DEPENDENCE: f64 = 0.1;

/// The series up to one window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Step {
    /// First of the series' windows that it joins.
    pub(super) window: usize,
    pub(super) a: f64,
    pub(super) b: f64,
    pub(super) so_far: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// The steps, and the correlation of neighbours that is left.
pub(super) fn steps(series: &Series, level: f64) -> Result<(Vec<Step>, f64), analysis::Error> {
    let mut last = (Vec::new(), 0.0);
    for joined in JOINED {
        last = steps_of(series, joined, level)?;
        if last.1 < DEPENDENCE {
            break;
        }
    }
    Ok(last)
}

fn steps_of(
    series: &Series,
    joined: usize,
    level: f64,
) -> Result<(Vec<Step>, f64), analysis::Error> {
    let n = series.a.len().div_ceil(joined).max(1);
    let mut sequence = ConfidenceSequence::new(level, n as u64)?;
    let mut steps = Vec::with_capacity(n);
    let mean_weight = series.weights.iter().sum::<f64>() / n as f64;
    let (mut sum, mut weight) = (0.0, 0.0);
    for window in (0..series.a.len()).step_by(joined) {
        let part = window..(window + joined).min(series.a.len());
        let weights = &series.weights[part.clone()];
        let of_part: f64 = weights.iter().sum();
        let mean = |values: &[f64]| {
            let weighted = values[part.clone()].iter().zip(weights).map(|(v, w)| v * w);
            weighted.sum::<f64>() / of_part.max(1.0)
        };
        let (a, b) = (mean(&series.a), mean(&series.b));
        // By weight, so that the band is about the same mean as the line.
        sequence.push((b - a) * of_part / mean_weight.max(f64::MIN_POSITIVE))?;
        sum += (b - a) * of_part;
        weight += of_part;
        let band = sequence.interval();
        steps.push(Step {
            window,
            a,
            b,
            so_far: sum / weight.max(1.0),
            low: band.map_or(f64::NAN, |band| band.low),
            high: band.map_or(f64::NAN, |band| band.high),
        });
    }
    Ok((steps, sequence.dependence()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Windows that alternate in pairs: joined by fours they are all alike.
    #[test]
    fn windows_that_depend_on_each_other_are_joined() {
        let b: Vec<f64> = (0..200).map(|i| f64::from(i / 10 % 2)).collect();
        let series = Series { a: vec![0.0; 200], b, weights: vec![10.0; 200] };
        let (steps, dependence) = steps(&series, 0.95).unwrap();
        assert_eq!(steps.len(), 40);
        assert!(dependence < 0.1, "{dependence}");
        assert!((steps[39].so_far - 0.5).abs() < 1e-12);
        assert!(steps[18].low.is_nan() && steps[39].low < 0.5 && steps[39].high > 0.5);
        // What does not change needs no joining.
        let calm = Series { a: vec![0.25; 200], b: vec![0.5; 200], weights: vec![10.0; 200] };
        let (steps, _) = super::steps(&calm, 0.95).unwrap();
        assert_eq!((steps.len(), steps[199].low, steps[199].high), (200, 0.25, 0.25));
    }
}
