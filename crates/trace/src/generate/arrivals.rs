//! When requests arrive: a Poisson process whose rate breathes with the day and the week.
//!
//! Candidates come at the highest rate there can be and each is kept with the probability
//! rate(t) / highest rate (Lewis and Shedler: "Simulation of nonhomogeneous Poisson processes by
//! thinning", Naval Research Logistics Quarterly 26(3), 1979, doi 10.1002/nav.3800260304). The
//! highest rate is that of the current hour, or of the part of it before a surge begins or ends; the
//! process has no memory, so it starts anew where the next part begins. So nearly all candidates
//! are kept however large a surge is, and hours without requests cost nothing. Stamps are whole
//! nanoseconds; what rounding cuts off is carried to the next gap, so rates are not biased however
//! high.

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

const HOUR_NS: u64 = DAY_NS / 24;

fn one() -> f64 {
    1.0
}

impl TimeLaw {
    /// Requests a second at `time_ns` after the start, flash crowds left out.
    fn rate(&self, time_ns: u64) -> f64 {
        let hour = (time_ns % DAY_NS) as f64 / HOUR_NS as f64;
        self.rate_on(time_ns, hour - self.peak_hour)
    }

    /// What [`TimeLaw::rate`] does not exceed in the hour that `time_ns` is in.
    fn highest_rate(&self, time_ns: u64) -> f64 {
        let middle = (time_ns % DAY_NS / HOUR_NS) as f64 + 0.5;
        let off = (middle - self.peak_hour).rem_euclid(24.0);
        self.rate_on(time_ns, (off.min(24.0 - off) - 0.5).max(0.0))
    }

    /// Requests a second on the day of `time_ns`, so many hours off the peak.
    fn rate_on(&self, time_ns: u64, hours_off_peak: f64) -> f64 {
        let swing = 1.0 + self.daily_amplitude * libm::cos(TAU * hours_off_peak / 24.0);
        let weekend =
            if self.start.is_weekend_after(time_ns / DAY_NS) { self.weekend_factor } else { 1.0 };
        self.rate_per_second * swing * weekend
    }
}

/// Stamps, one after another.
#[derive(Debug)]
pub(super) struct Arrivals<'a> {
    law: &'a TimeLaw,
    /// (start, end, factor) of periods with more than the usual rate.
    surges: Vec<(u64, u64, f64)>,
    stream: Stream,
    time_ns: u64,
    /// Until then the surges of now and the highest rate hold.
    until: u64,
    surge: f64,
    highest_rate: f64,
    /// The part of a nanosecond by which `time_ns` is too early.
    carry: f64,
}

impl<'a> Arrivals<'a> {
    pub(super) fn new(law: &'a TimeLaw, crowds: &[FlashCrowd], seed: u64) -> Self {
        let surges = crowds
            .iter()
            .filter(|crowd| crowd.surge != 1.0)
            .map(|crowd| {
                let start = crowd.after.value();
                (start, start.saturating_add(crowd.lasts.value()), crowd.surge)
            })
            .collect();
        let mut arrivals = Arrivals {
            law,
            surges,
            stream: Stream::new(seed, "generate/arrivals"),
            time_ns: 0,
            until: 0,
            surge: 1.0,
            highest_rate: 0.0,
            carry: 0.0,
        };
        arrivals.enter(0);
        arrivals
    }

    /// The next stamp, in nanoseconds since the start.
    pub(super) fn next(&mut self) -> u64 {
        loop {
            let gap =
                -libm::log(1.0 - self.stream.uniform()) / self.highest_rate * 1e9 + self.carry;
            // At a rate of 0 the gap is infinite, or not even a number.
            if gap < (self.until - self.time_ns) as f64 {
                self.carry = gap.fract();
                self.time_ns += gap as u64;
                let rate = self.law.rate(self.time_ns) * self.surge;
                if self.stream.uniform() * self.highest_rate < rate {
                    return self.time_ns;
                }
            } else {
                self.enter(self.until);
            }
        }
    }

    /// Goes on at `time_ns`, where an hour or a surge begins or ends.
    fn enter(&mut self, time_ns: u64) {
        let surges = self.surges.iter();
        let edges = surges.clone().flat_map(|(start, end, _)| [*start, *end]);
        let hour_end = (time_ns / HOUR_NS + 1) * HOUR_NS;
        self.until = edges.filter(|edge| *edge > time_ns).fold(hour_end, u64::min);
        self.surge = surges
            .filter(|(start, end, _)| (*start..*end).contains(&time_ns))
            .map(|(_, _, factor)| factor)
            .product();
        self.highest_rate = self.law.highest_rate(time_ns) * self.surge;
        (self.time_ns, self.carry) = (time_ns, 0.0);
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
    fn an_hours_highest_rate_is_not_exceeded_but_nearly_reached() {
        for peak_hour in [0.0, 3.3, 12.0, 23.9, 24.0] {
            let law =
                TimeLaw { daily_amplitude: 0.7, peak_hour, weekend_factor: 3.0, ..law(1000.0) };
            for hour in 0..7 * 24 {
                let minutes =
                    (0..=3599).map(|second| law.rate(hour * HOUR_NS + second * 1_000_000_000));
                let highest = minutes.fold(0.0, f64::max);
                let bound = law.highest_rate(hour * HOUR_NS);
                assert!(
                    highest <= bound * 1.000001 && bound < highest * 1.001,
                    "{hour} {peak_hour}"
                );
            }
        }
    }

    #[test]
    fn extremes_cost_no_more_than_others() {
        let crowd = |after, lasts| FlashCrowd {
            source: "x".into(),
            share: 0.5,
            after: Extent::Time(Nanos(after)),
            lasts: Extent::Time(Nanos(lasts)),
            surge: 1e6,
        };
        // Two surges at once, later; weekends that are a million times the rest; no requests at all
        // before Monday at a rate at which two days of candidates would take years.
        let surges = [crowd(DAY_NS, HOUR_NS), crowd(DAY_NS, HOUR_NS)];
        let weekend = TimeLaw { weekend_factor: 1e6, ..law(1.0) };
        let quiet = TimeLaw {
            weekend_factor: 0.0,
            start: "2024-01-06".parse().unwrap(),
            daily_amplitude: 1.0,
            ..law(1e9)
        };
        for (law, crowds, first) in
            [(&law(1.0), &surges[..], 0), (&weekend, &[], 0), (&quiet, &[], 2 * DAY_NS)]
        {
            let mut arrivals = Arrivals::new(law, crowds, 3);
            let stamps = [(); 10_000].map(|_| arrivals.next());
            assert!(stamps.is_sorted() && stamps[0] >= first && stamps[0] < first + DAY_NS);
        }
    }

    #[test]
    fn values_are_stable() {
        let law = TimeLaw { daily_amplitude: 0.5, ..law(10.0) };
        let mut arrivals = Arrivals::new(&law, &[], 1);
        assert_eq!([(); 4].map(|_| arrivals.next()), [35679396, 78142329, 231282530, 235140995]);
    }
}
