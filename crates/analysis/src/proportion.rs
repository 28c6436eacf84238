//! A share known from a count, for rates of coverage and of false findings.
//!
//! E. B. Wilson: "Probable inference, the law of succession, and statistical inference", JASA 22(158),
//! 1927, doi 10.1080/01621459.1927.10502953: an interval that is right near 0 and 1, too.

use crate::Interval;
use crate::distributions::normal_quantile;
use crate::error::{self, Error};

/// The share of `count` in `n` with Wilson's interval.
///
/// # Errors
///
/// If n is 0 or smaller than the count, or the level is not between 0 and 1.
pub fn proportion(count: u64, n: u64, level: f64) -> Result<Interval, Error> {
    error::inside_unit("level", level)?;
    error::at_least("cases", n as usize, count.max(1) as usize)?;
    let (n, share) = (n as f64, count as f64 / n as f64);
    let z = normal_quantile(0.5 + level / 2.0);
    let scale = 1.0 + z * z / n;
    let center = (share + z * z / (2.0 * n)) / scale;
    let half = z / scale * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    Ok(Interval {
        estimate: share,
        low: (center - half).max(0.0),
        high: (center + half).min(1.0),
        level,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::series::close;

    /// statsmodels 0.15.0: `proportion_confint(8, 400, method="wilson")` and of 0 in 20.
    #[test]
    fn intervals_agree_with_statsmodels() {
        let share = proportion(8, 400, 0.95).unwrap();
        close(share.low, 0.010168386791664645, 1e-10);
        close(share.high, 0.038963415769260004, 1e-10);
        let none = proportion(0, 20, 0.95).unwrap();
        close(none.high, 0.1611251580528194, 1e-10);
        assert!(none.low.abs() < 1e-15);
        assert!(proportion(3, 2, 0.95).is_err());
        assert!(proportion(0, 0, 0.95).is_err());
    }
}
