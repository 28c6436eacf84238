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
