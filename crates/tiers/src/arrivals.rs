//! When requests arrive: trace time, with a declared rule for what the trace does not say.

use std::borrow::Cow;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use trace::stream::Stream;
use trace::{Trace, units};

/// How requests that share a stamp, or have none, are spread in time.
///
/// Many recordings have stamps of one second; latency and delayed hits depend on the order within
/// it, so the rule is part of the scenario and of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Arrivals {
    /// Exactly as stamped: requests with one stamp arrive at once.
    AsRecorded,
    /// Evenly over the resolution of the stamps.
    #[default]
    Uniform,
    /// At random over the resolution of the stamps, as a Poisson process would given the count.
    Poisson,
}

/// Requests per second, written `1000/s`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[serde(into = "String")]
#[schemars(try_from = "String")]
pub struct Rate(pub f64);

impl FromStr for Rate {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let fail = || format!("`{text}` is not a rate such as \"1000/s\"");
        let number = text.trim().strip_suffix("/s").ok_or_else(fail)?;
        let rate: f64 = number.trim().replace('_', "").parse().map_err(|_| fail())?;
        if rate.is_finite() && rate > 0.0 { Ok(Rate(rate)) } else { Err(fail()) }
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        units::from_text(deserializer)
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> String {
        format!("{}/s", rate.0)
    }
}

impl Arrivals {
    /// As written in a scenario.
    pub fn name(self) -> &'static str {
        match self {
            Arrivals::AsRecorded => "as-recorded",
            Arrivals::Uniform => "uniform",
            Arrivals::Poisson => "poisson",
        }
    }

    /// Arrival time of every request in nanoseconds from the first stamp, never decreasing. `rate`
    /// stands in for the stamps of an untimed trace; `None` if both are missing.
    pub fn times<'a>(
        self,
        trace: &'a Trace,
        rate: Option<Rate>,
        seed: u64,
    ) -> Option<Cow<'a, [u64]>> {
        let Some(times) = &trace.columns().time_ns else {
            return rate.map(|rate| self.paced(trace.n_requests(), rate, seed).into());
        };
        let resolution = trace.columns().clock.resolution_ns;
        if self == Arrivals::AsRecorded || resolution <= 1 {
            return Some(times.as_slice().into());
        }
        let stream = Stream::new(seed, "arrivals");
        let mut spread = times.clone();
        let mut start = 0;
        for group in times.chunk_by(|a, b| a == b) {
            self.spread(&mut spread[start..start + group.len()], start, resolution, &stream);
            start += group.len();
        }
        Some(spread.into())
    }

    /// Moves requests that share a stamp apart, within the resolution.
    fn spread(self, group: &mut [u64], start: usize, resolution: u64, stream: &Stream) {
        let n = group.len() as u64;
        for (k, time) in group.iter_mut().enumerate() {
            *time += match self {
                Arrivals::Poisson => {
                    (stream.uniform_at((start + k) as u64) * resolution as f64) as u64
                }
                _ => (u128::from(resolution) * k as u128 / u128::from(n)) as u64,
            };
        }
        group.sort_unstable();
    }

    /// Stamps for an untimed trace.
    fn paced(self, n: usize, rate: Rate, seed: u64) -> Vec<u64> {
        let gap_ns = 1e9 / rate.0;
        let stream = Stream::new(seed, "arrivals");
        let mut now = 0.0;
        (0..n as u64)
            .map(|i| {
                let at = now as u64;
                now += match self {
                    Arrivals::Poisson => -libm::log(1.0 - stream.uniform_at(i)) * gap_ns,
                    _ => gap_ns,
                };
                at
            })
            .collect()
    }
}

/// The same requests `speed` times as fast: the time between them is divided by it.
pub fn at_speed(mut arrivals: Vec<u64>, speed: f64) -> Vec<u64> {
    if speed != 1.0 {
        let first = arrivals.first().copied().unwrap_or(0);
        for time in &mut arrivals {
            *time = first + ((*time - first) as f64 / speed) as u64;
        }
    }
    arrivals
}

/// Simulated time from the first to the last arrival.
pub fn span(arrivals: &[u64]) -> units::Nanos {
    match arrivals {
        [first, .., last] => units::Nanos(last - first),
        _ => units::Nanos(0),
    }
}

#[cfg(test)]
mod tests {
    use trace::{Clock, Columns, ObjectId, ReadReport};

    use super::*;

    fn stamped(times: &[u64]) -> Trace {
        let mut columns = Columns::untimed(vec![ObjectId(0); times.len()]);
        columns.time_ns = Some(times.to_vec());
        columns.clock = Clock { resolution_ns: 1_000_000_000, epoch_unix_ns: None };
        Trace::new("t", columns, ReadReport::default()).unwrap()
    }

    #[test]
    fn requests_of_one_second_are_spread_over_it() {
        let trace = stamped(&[0, 0, 0, 0, 1_000_000_000]);
        let times = Arrivals::Uniform.times(&trace, None, 1).unwrap();
        assert_eq!(*times, [0, 250_000_000, 500_000_000, 750_000_000, 1_000_000_000]);
        let as_is = Arrivals::AsRecorded.times(&trace, None, 1).unwrap();
        assert_eq!(*as_is, [0, 0, 0, 0, 1_000_000_000]);
        let poisson = Arrivals::Poisson.times(&trace, None, 1).unwrap();
        assert!(poisson.is_sorted() && poisson[3] < 1_000_000_000 && poisson[0] > 0);
    }

    #[test]
    fn untimed_traces_need_a_rate() {
        let trace = Trace::from_numbers("t", [1, 2, 3]);
        assert!(Arrivals::Uniform.times(&trace, None, 1).is_none());
        let paced = Arrivals::Uniform.times(&trace, Some(Rate(1000.0)), 1).unwrap();
        assert_eq!(*paced, [0, 1_000_000, 2_000_000]);
    }

    #[test]
    fn a_poisson_process_has_its_rate() {
        let trace = Trace::from_numbers("t", std::iter::repeat_n(1, 20_000));
        let times = Arrivals::Poisson.times(&trace, Some(Rate(1000.0)), 3).unwrap();
        let seconds = span(&times).as_secs_f64();
        assert!((seconds - 20.0).abs() < 0.5, "{seconds}");
    }

    #[test]
    fn rates_are_written_per_second() {
        assert_eq!("1_000/s".parse(), Ok(Rate(1000.0)));
        for text in ["1000", "-1/s", "0/s", "x/s"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }
}
