//! When requests arrive: a Poisson process whose rate breathes with the day and the week.
//!
//! Candidates come at the highest rate there can be and each is kept with the probability
//! rate(t) / highest rate (Lewis and Shedler: "Simulation of nonhomogeneous Poisson processes by
//! thinning", Naval Research Logistics Quarterly 26(3), 1979, doi 10.1002/nav.3800260304). Stamps
//! are whole nanoseconds; what rounding cuts off is carried to the next gap, so rates are not
//! biased however high. A stamp costs as many candidates as the highest rate exceeds the current
//! one, so a large surge, however short, slows down the whole trace.

use std::f64::consts::TAU;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::date::{DAY_NS, Date};
use super::recipe::FlashCrowd;
use crate::stream::Stream;

/// The arrival rate over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TimeLaw {
    /// Mean requests a second over a working day.
    pub rate_per_second: f64,
    /// The day whose midnight (UTC) the process starts at, `"YYYY-MM-DD"`. The default is a Monday.
    #[serde(default)]
    pub start: Date,
    /// How far the rate swings around its mean within a day, 0 (not at all) to 1 (down to nothing).
    #[serde(default)]
    pub daily_amplitude: f64,
    /// Hour of the day at which the rate is highest, 0 to 24.
    #[serde(default)]
    pub peak_hour: f64,
    /// Factor on the rate on Saturdays and Sundays.
    #[serde(default = "one")]
    pub weekend_factor: f64,
}

fn one() -> f64 {
    1.0
}

impl TimeLaw {
    /// Requests a second at `time_ns` after the start, flash crowds left out.
    fn rate(&self, time_ns: u64) -> f64 {
        let hour = (time_ns % DAY_NS) as f64 / (DAY_NS / 24) as f64;
        let swing = 1.0 + self.daily_amplitude * libm::cos(TAU * (hour - self.peak_hour) / 24.0);
        let weekend =
            if self.start.is_weekend_after(time_ns / DAY_NS) { self.weekend_factor } else { 1.0 };
        self.rate_per_second * swing * weekend
    }

    /// What [`TimeLaw::rate`] never exceeds.
    fn highest_rate(&self) -> f64 {
        self.rate_per_second * (1.0 + self.daily_amplitude) * self.weekend_factor.max(1.0)
    }
}

/// Stamps, one after another.
#[derive(Debug)]
pub(super) struct Arrivals<'a> {
    law: &'a TimeLaw,
    /// (start, end, factor) of periods with more than the usual rate.
    surges: Vec<(u64, u64, f64)>,
    highest_rate: f64,
    stream: Stream,
    time_ns: u64,
    /// The part of a nanosecond by which `time_ns` is too early.
    carry: f64,
}

impl<'a> Arrivals<'a> {
    pub(super) fn new(law: &'a TimeLaw, crowds: &[FlashCrowd], seed: u64) -> Self {
        let surges: Vec<_> = crowds
            .iter()
            .filter(|crowd| crowd.surge != 1.0)
            .map(|crowd| {
                let start = crowd.after.value();
                (start, start.saturating_add(crowd.lasts.value()), crowd.surge)
            })
            .collect();
        // All at once, should they overlap.
        let surge: f64 = surges.iter().map(|(_, _, factor)| factor).product();
        Arrivals {
            law,
            surges,
            highest_rate: law.highest_rate() * surge,
            stream: Stream::new(seed, "generate/arrivals"),
            time_ns: 0,
            carry: 0.0,
        }
    }

    /// The next stamp, in nanoseconds since the start.
    pub(super) fn next(&mut self) -> u64 {
        loop {
            let gap =
                -libm::log(1.0 - self.stream.uniform()) / self.highest_rate * 1e9 + self.carry;
            self.carry = gap.fract();
            self.time_ns = self.time_ns.saturating_add(gap as u64);
            if self.stream.uniform() * self.highest_rate < self.rate() {
                return self.time_ns;
            }
        }
    }

    fn rate(&self) -> f64 {
        let surge: f64 = self
            .surges
            .iter()
            .filter(|(start, end, _)| (*start..*end).contains(&self.time_ns))
            .map(|(_, _, factor)| factor)
            .product();
        self.law.rate(self.time_ns) * surge
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extent::Extent;
    use crate::units::Nanos;

    fn law(rate_per_second: f64) -> TimeLaw {
        TimeLaw {
            rate_per_second,
            start: Date::default(),
            daily_amplitude: 0.0,
            peak_hour: 0.0,
            weekend_factor: 1.0,
        }
    }

    const HOUR_NS: u64 = DAY_NS / 24;

    fn stamps(law: &TimeLaw, until: u64) -> Vec<u64> {
        let mut arrivals = Arrivals::new(law, &[], 3);
        std::iter::from_fn(|| Some(arrivals.next())).take_while(|time| *time < until).collect()
    }

    #[test]
    fn a_constant_rate_gives_exponential_gaps() {
        let stamps = stamps(&law(1000.0), 100_000_000_000);
        assert!((stamps.len() as f64 - 100_000.0).abs() < 1200.0, "{}", stamps.len());
        let gaps: Vec<f64> =
            stamps.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / 1e6).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let square = gaps.iter().map(|gap| gap * gap).sum::<f64>() / gaps.len() as f64;
        // Mean 1 ms, and the square's mean is twice the mean's square.
        assert!((square / (mean * mean) - 2.0).abs() < 0.05, "{square} {mean}");
    }

    #[test]
    fn rates_beyond_a_request_a_nanosecond_are_not_biased() {
        let law = law(5e9);
        let mut arrivals = Arrivals::new(&law, &[], 3);
        let last = (0..500_000).map(|_| arrivals.next()).last().unwrap();
        assert!((last as f64 / 1e5 - 1.0).abs() < 0.006, "{last}");
    }

    #[test]
    fn the_day_has_its_peak_and_the_weekend_its_factor() {
        let law =
            TimeLaw { daily_amplitude: 0.8, peak_hour: 20.0, weekend_factor: 2.0, ..law(0.5) };
        let stamps = stamps(&law, 7 * DAY_NS);
        let weekend = stamps.iter().filter(|time| **time >= 5 * DAY_NS).count() as f64;
        let working = stamps.len() as f64 - weekend;
        // Monday to Friday at the base rate, Saturday and Sunday at twice that.
        assert!((weekend / working - 4.0 / 5.0).abs() < 0.02, "{weekend} {working}");
        let of_hour =
            |hour| stamps.iter().filter(|time| **time % DAY_NS / HOUR_NS == hour).count() as f64;
        assert!(of_hour(19) / of_hour(7) > 7.0, "{} {}", of_hour(19), of_hour(7));
    }

    #[test]
    fn a_surge_multiplies_the_rate_while_it_lasts() {
        let crowd = FlashCrowd {
            source: "x".into(),
            share: 0.5,
            after: Extent::Time(Nanos(HOUR_NS)),
            lasts: Extent::Time(Nanos(HOUR_NS)),
            surge: 3.0,
        };
        let law = law(1.0);
        let mut arrivals = Arrivals::new(&law, &[crowd], 3);
        let mut hours = [0; 3];
        while let Some(hour) = hours.get_mut((arrivals.next() / HOUR_NS) as usize) {
            *hour += 1;
        }
        assert!((f64::from(hours[1]) / f64::from(hours[0]) - 3.0).abs() < 0.2, "{hours:?}");
        assert!((f64::from(hours[2]) / f64::from(hours[0]) - 1.0).abs() < 0.1, "{hours:?}");
    }

    #[test]
    fn values_are_stable() {
        let law = TimeLaw { daily_amplitude: 0.5, ..law(10.0) };
        let mut arrivals = Arrivals::new(&law, &[], 1);
        assert_eq!([(); 4].map(|_| arrivals.next()), [35679396, 78142329, 231282530, 235140995]);
    }
}
