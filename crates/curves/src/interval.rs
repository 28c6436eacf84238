//! A point of a curve, and how sure it is.

/// A miss ratio at a capacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Capacity, in the unit of the curve.
    pub capacity: u64,
    /// Misses / requests, or its estimate.
    pub miss_ratio: f64,
    /// Lower end of the 95 % interval; the miss ratio itself if it is exact.
    pub low: f64,
    /// Upper end of it.
    pub high: f64,
}

impl Point {
    /// A miss ratio that is known.
    pub fn exact(capacity: u64, miss_ratio: f64) -> Self {
        Point { capacity, miss_ratio, low: miss_ratio, high: miss_ratio }
    }

    /// An estimate with its standard error, from so many independent parts.
    pub(crate) fn estimated(capacity: u64, estimate: f64, error: f64, n_parts: usize) -> Self {
        Point::within(capacity, estimate, t_quantile(n_parts - 1) * error)
    }

    /// An estimate and how far off it may be. Clipped to [0, 1].
    pub(crate) fn within(capacity: u64, estimate: f64, half: f64) -> Self {
        let clip = |ratio: f64| ratio.clamp(0.0, 1.0);
        Point {
            capacity,
            miss_ratio: clip(estimate),
            low: clip(estimate - half),
            high: clip(estimate + half),
        }
    }
}

/// The mean of independent values, at least two, and half of its 95 % interval.
pub(crate) fn mean(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, t_quantile(values.len() - 1) * (squares / (n - 1.0) / n).sqrt())
}

/// The 97.5 % quantile of Student's t with this many degrees of freedom, from a table; between its
/// rows that of fewer degrees, which is wider.
fn t_quantile(degrees: usize) -> f64 {
    const TABLE: [(usize, f64); 14] = [
        (1, 12.706),
        (2, 4.303),
        (3, 3.182),
        (4, 2.776),
        (5, 2.571),
        (6, 2.447),
        (7, 2.365),
        (8, 2.306),
        (9, 2.262),
        (10, 2.228),
        (15, 2.131),
        (20, 2.086),
        (31, 2.040),
        (60, 2.000),
    ];
    let row = TABLE.partition_point(|(known, _)| *known <= degrees);
    row.checked_sub(1).map_or(f64::INFINITY, |row| TABLE[row].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_students_t() {
        let point = Point::estimated(5, 0.5, 0.1, 8);
        assert!((point.high - 0.7365).abs() < 1e-9 && (point.low - 0.2635).abs() < 1e-9);
        let wide = Point::estimated(5, 0.9, 1.0, 2);
        assert_eq!((wide.low, wide.high), (0.0, 1.0));
        let (middle, half) = mean(&[0.4, 0.5, 0.6]);
        assert!((middle - 0.5).abs() < 1e-12 && (half - 4.303 * 0.1 / 3f64.sqrt()).abs() < 1e-9);
        assert_eq!(t_quantile(31), 2.040);
        assert_eq!(t_quantile(30), 2.086);
    }
}
