//! How a series varies together with itself some steps later.

/// Autocovariance at one lag over all pairs that lie within the series, divided by its length: the
/// usual estimate, which makes the sequence of them positive semi-definite. Values are deviations from
/// their mean.
pub(crate) fn at(deviations: &[f64], lag: usize) -> f64 {
    let n = deviations.len();
    if lag >= n {
        return 0.0;
    }
    let sum: f64 = deviations[..n - lag].iter().zip(&deviations[lag..]).map(|(x, y)| x * y).sum();
    sum / n as f64
}

/// The same with the end of the series followed by its start, as a circular bootstrap sees it.
pub(crate) fn circular_at(deviations: &[f64], lag: usize) -> f64 {
    at(deviations, lag) + at(deviations, deviations.len() - lag)
}

/// Deviations from the mean.
pub(crate) fn deviations(values: &[f64]) -> Vec<f64> {
    let mean = mean(values);
    values.iter().map(|value| value - mean).collect()
}

/// The mean; of nothing it is no number.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn autocovariances_by_hand() {
        let d = deviations(&[1.0, 2.0, 6.0, 3.0]);
        assert_eq!(d, [-2.0, -1.0, 3.0, 0.0]);
        assert_eq!(at(&d, 0), 14.0 / 4.0);
        assert_eq!(at(&d, 1), (2.0 - 3.0 + 0.0) / 4.0);
        assert_eq!(at(&d, 3), 0.0);
        assert_eq!(at(&d, 4), 0.0);
        // Around the end: 3 -> 0, 0 -> -2 and -1.
        assert_eq!(circular_at(&d, 2), (-6.0 + 0.0 - 6.0 + 0.0) / 4.0);
    }
}
