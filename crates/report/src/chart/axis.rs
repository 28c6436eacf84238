//! Scales and their ticks: round values in the unit that suits, never more than fit.

use crate::format;

const MICRO: f64 = 1e3;
const MILLI: f64 = 1e6;
const SECOND: f64 = 1e9;
const MINUTE: f64 = 60.0 * SECOND;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;

/// Steps between places that are named.
const MOST_PLACES: usize = 12;

/// How values are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    Linear,
    Log,
}

/// A marked value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    pub(crate) at: f64,
    pub(crate) label: String,
}

/// One dimension of a figure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    pub(crate) title: String,
    pub(crate) ticks: Vec<Tick>,
    scale: Scale,
    from: f64,
    to: f64,
}

impl Axis {
    /// Where a value lies, from 0 to 1 along the axis; what lies outside is put on the edge.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let warp =
            |v: f64| if self.scale == Scale::Log { v.max(f64::MIN_POSITIVE).ln() } else { v };
        let (from, to) = (warp(self.from), warp(self.to));
        let share = (warp(value) - from) / (to - from);
        if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 }
    }

    /// Whether the value is on the axis rather than put on its edge.
    pub(crate) fn holds(&self, value: f64) -> bool {
        (self.from..=self.to).contains(&value)
    }

    fn new(title: &str, scale: Scale, (from, to): (f64, f64), ticks: Vec<Tick>) -> Axis {
        Axis { title: title.into(), ticks, scale, from, to }
    }

    /// Shares from 0 to 100 %.
    pub(crate) fn whole(title: &str) -> Axis {
        let ticks = steps(0.0, 1.0, 0.25, |share| format!("{:.0} %", share * 100.0));
        Axis::new(title, Scale::Linear, (0.0, 1.0), ticks)
    }

    /// Shares around those given: close enough to see differences, never closer than 5 points.
    pub(crate) fn shares(title: &str, values: impl Iterator<Item = f64> + Clone) -> Axis {
        let finite = values.filter(|value| value.is_finite());
        let low = finite.clone().fold(1.0, f64::min);
        let high = finite.fold(0.0, f64::max);
        let (low, high) = if low > high { (0.0, 1.0) } else { (low, high) };
        let missing = (0.05 - (high - low)).max(0.0) / 2.0;
        let (low, high) = (low - missing, high + missing);
        let step = nice((high - low) / 5.0);
        let from = ((low / step).floor() * step).max(0.0);
        let to = ((high / step).ceil() * step).min(1.0);
        let decimals = if step < 0.0099 { 1 } else { 0 };
        let ticks = steps(from, to, step, |share| format!("{:.decimals$} %", share * 100.0));
        Axis::new(title, Scale::Linear, (from, to), ticks)
    }

    /// Shares from 0 on, up to 100 % or to the largest given if that is more.
    pub(crate) fn shares_from_0(title: &str, values: impl Iterator<Item = f64>) -> Axis {
        let high = values.filter(|value| value.is_finite()).fold(1.0, f64::max);
        let step = nice(high / 6.0).max(0.25);
        let to = (high / step).ceil() * step;
        let ticks = steps(0.0, to, step, |share| format!("{:.0} %", share * 100.0));
        Axis::new(title, Scale::Linear, (0.0, to), ticks)
    }

    /// Changes on both sides of none, in percent, with a tick at none.
    pub(crate) fn change(title: &str, values: impl Iterator<Item = f64> + Clone) -> Axis {
        let finite = values.filter(|value| value.is_finite());
        let low = finite.clone().fold(-0.01, f64::min);
        let high = finite.fold(0.01, f64::max);
        let step = nice((high - low) / 6.0);
        let (from, to) = ((low / step).floor() * step, (high / step).ceil() * step);
        let decimals = if step < 0.0099 { 1 } else { 0 };
        let ticks = steps(from, to, step, |at| format::change(at, decimals));
        Axis::new(title, Scale::Linear, (from, to), ticks)
    }

    /// Multiples of what matters, on both sides of none: at least two, at most six each way.
    pub(crate) fn margins(title: &str, values: impl Iterator<Item = f64>) -> Axis {
        let finite = values.filter(|value| value.is_finite());
        let most = finite.fold(2.0, |most: f64, value| most.max(value.abs())).ceil().min(6.0);
        let ticks = steps(-most, most, 1.0, |at| match at {
            0.0 => "0".into(),
            down if down < 0.0 => format!("−{:.0}×", -down),
            up => format!("+{up:.0}×"),
        });
        Axis::new(title, Scale::Linear, (-most, most), ticks)
    }

    /// Differences of shares on both sides of none, in percentage points.
    pub(crate) fn point_change(title: &str, values: impl Iterator<Item = f64>) -> Axis {
        let (low, high) = values
            .filter(|value| value.is_finite())
            .fold((-0.0005, 0.0005), |(low, high): (f64, f64), v| (low.min(v), high.max(v)));
        let step = nice((high - low) / 6.0);
        let (from, to) = ((low / step).floor() * step, (high / step).ceil() * step);
        let decimals = if step < 0.00099 {
            2
        } else if step < 0.0099 {
            1
        } else {
            0
        };
        let label = |at: f64| format::change(at, decimals).trim_end_matches(" %").to_string();
        Axis::new(title, Scale::Linear, (from, to), steps(from, to, step, label))
    }

    /// Latencies on a log scale; if they span less than a decade, between round ones.
    pub(crate) fn latency(title: &str, low: f64, high: f64) -> Axis {
        let low = low.max(1.0);
        let high = high.max(2.0 * low);
        let ends = if high < 10.0 * low { (nice_below(low), nice(high)) } else { (low, high) };
        Axis::decades(title, ends, 3.0, format::nanos)
    }

    /// Counts on a log scale, likewise.
    pub(crate) fn magnitude(title: &str, low: f64, high: f64) -> Axis {
        let low = low.max(1.0);
        Axis::decades(title, (low, high.max(low * 2.0)), 2.0, format::count)
    }

    /// A log scale with ticks at powers of ten, and at 2 and 5 times them below so many decades.
    fn decades(
        title: &str,
        (low, high): (f64, f64),
        finer_below: f64,
        label: fn(u64) -> String,
    ) -> Axis {
        let decades = (low.log10().floor() as i32)..=(high.log10().ceil() as i32);
        let finer: &[f64] =
            if (high / low).log10() < finer_below { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let ticks = decades
            .flat_map(|power| finer.iter().map(move |digit| digit * 10f64.powi(power)))
            .filter(|at| (low * 0.999..=high * 1.001).contains(at))
            .map(|at| Tick { at, label: label(at.round() as u64) })
            .collect();
        Axis::new(title, Scale::Log, (low, high), ticks)
    }

    /// Capacities on a log scale, with ticks at powers of two.
    pub(crate) fn capacity(title: &str, low: f64, high: f64) -> Axis {
        let low = low.max(1.0);
        let high = high.max(low * 2.0);
        let (first, last) =
            ((low.log2() - 1e-9).ceil() as i32, (high.log2() + 1e-9).floor() as i32);
        let step = [1, 2, 5, 10].into_iter().find(|step| (last - first) / step < 9).unwrap_or(20);
        let ticks = (first..=last)
            .filter(|power| power % step == 0)
            .map(|power| 2f64.powi(power))
            .map(|at| Tick { at, label: format::bytes(at as u64) })
            .collect();
        Axis::new(title, Scale::Log, (low, high), ticks)
    }

    /// Simulated time from 0, in the unit that gives short labels.
    pub(crate) fn time(title: &str, high: f64) -> Axis {
        let high = if high > 0.0 { high } else { SECOND };
        let (unit, name, rounds): (f64, &str, &[f64]) = match high {
            _ if high >= 2.0 * DAY => (DAY, "d", &[1.0, 2.0, 7.0, 14.0, 28.0, 90.0, 365.0]),
            _ if high >= 2.0 * HOUR => (HOUR, "h", &[0.5, 1.0, 2.0, 3.0, 6.0, 12.0]),
            _ if high >= 2.0 * MINUTE => (MINUTE, "min", &[0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0]),
            _ if high >= SECOND => (SECOND, "s", &[0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0]),
            _ if high >= MILLI => (MILLI, "ms", &[0.2, 0.5, 1.0, 5.0, 10.0, 50.0, 100.0, 200.0]),
            _ => (MICRO, "µs", &[0.2, 0.5, 1.0, 5.0, 10.0, 50.0, 100.0, 200.0]),
        };
        let wanted = high / unit / 7.0;
        let round = rounds.iter().find(|round| **round >= wanted).copied().unwrap_or(nice(wanted));
        let label = |at: f64| match at / unit {
            0.0 => "0".into(),
            value if value.fract() == 0.0 => format!("{value:.0} {name}"),
            value => format!("{value:.1} {name}"),
        };
        let ticks = steps(0.0, high, round * unit, label);
        Axis::new(title, Scale::Linear, (0.0, high), ticks)
    }

    /// Numbers of requests from 0.
    pub(crate) fn count(title: &str, high: f64) -> Axis {
        let high = high.max(1.0);
        let ticks = steps(0.0, high, nice(high / 6.0).max(1.0), |at| format::count(at as u64));
        Axis::new(title, Scale::Linear, (0.0, high), ticks)
    }

    /// Places counted from 1, each with its name; of many, some that lie equally far apart.
    pub(crate) fn places(title: &str, names: &[String]) -> Axis {
        let last = names.len().max(2);
        let apart = (last - 1).div_ceil(MOST_PLACES).max(1);
        let tick = |(i, name): (usize, &String)| Tick { at: (i + 1) as f64, label: name.clone() };
        let ticks = names.iter().enumerate().step_by(apart).map(tick).collect();
        Axis::new(title, Scale::Linear, (1.0, last as f64), ticks)
    }

    /// Money from 0, in nano-dollars.
    pub(crate) fn money(title: &str, high: f64) -> Axis {
        let step = nice(high / 5.0);
        let dollars = step / 1e9;
        let decimals = if dollars >= 1.0 { 0 } else { (-dollars.log10()).ceil().max(0.0) as usize };
        let label = |at: f64| match decimals {
            _ if at == 0.0 => "$0".into(),
            0 => format!("${}", format::count((at / 1e9).round() as u64)),
            _ => format!("${:.decimals$}", at / 1e9),
        };
        Axis::new(title, Scale::Linear, (0.0, high), steps(0.0, high, step, label))
    }
}

/// The next 1, 2 or 5 times a power of ten.
fn nice(value: f64) -> f64 {
    if !(value.is_finite() && value > 0.0) {
        return 1.0;
    }
    let power = 10f64.powf(value.log10().floor());
    let digit = value / power;
    power * [1.0, 2.0, 5.0].into_iter().find(|round| digit <= round + 1e-9).unwrap_or(10.0)
}

/// The last 1, 2 or 5 times a power of ten.
fn nice_below(value: f64) -> f64 {
    let power = 10f64.powf(value.log10().floor());
    let digit = value / power;
    power * [5.0, 2.0].into_iter().find(|round| digit >= round - 1e-9).unwrap_or(1.0)
}

fn steps(from: f64, to: f64, step: f64, label: impl Fn(f64) -> String) -> Vec<Tick> {
    let n = ((to - from) / step + 1e-6).floor() as usize;
    (0..=n.min(50))
        .map(|i| from + i as f64 * step)
        .map(|at| Tick { at, label: label(at) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn places_are_counted_from_1_and_few_are_named() {
        let names = |n: usize| (1..=n).map(|i| format!("c{i}")).collect::<Vec<_>>();
        assert_eq!(labels(&Axis::places("", &names(3))), ["c1", "c2", "c3"]);
        let many = Axis::places("", &names(100));
        assert_eq!(labels(&many)[..3], ["c1", "c10", "c19"]);
        assert_eq!((many.place(1.0), many.place(100.0)), (0.0, 1.0));
        assert_eq!(labels(&Axis::places("", &names(1))), ["c1"]);
    }

    #[test]
    fn ticks_are_round_in_the_unit_that_suits() {
        assert_eq!(
            labels(&Axis::latency("", 8e2, 2e7)),
            ["1 µs", "10 µs", "100 µs", "1 ms", "10 ms"]
        );
        assert_eq!(labels(&Axis::latency("", 1.1e8, 2.3e8)), ["100 ms", "200 ms", "500 ms"]);
        assert_eq!(labels(&Axis::latency("", 5e6, 5e6)), ["5 ms", "10 ms"]);
        assert_eq!(labels(&Axis::magnitude("", 3.0, 2e3)), ["10", "100", "1,000"]);
        assert_eq!(labels(&Axis::magnitude("", 1.0, 30.0)), ["1", "2", "5", "10", "20"]);
        assert_eq!(labels(&Axis::time("", 3.0 * DAY)), ["0", "1 d", "2 d", "3 d"]);
        assert_eq!(labels(&Axis::time("", 90.0 * MINUTE))[1], "15 min");
        assert_eq!(labels(&Axis::money("", 480e9)), ["$0", "$100", "$200", "$300", "$400"]);
        assert_eq!(labels(&Axis::money("", 0.3e9))[1], "$0.1");
        assert_eq!(labels(&Axis::shares("", [0.62, 0.81].into_iter()))[0], "60 %");
        let ends = [-0.11, 0.24].into_iter();
        assert_eq!(
            labels(&Axis::change("", ends)),
            ["−20 %", "−10 %", "0 %", "+10 %", "+20 %", "+30 %"]
        );
        let mib = f64::from(1 << 20);
        assert_eq!(
            labels(&Axis::capacity("", mib, 8.0 * mib)),
            ["1 MiB", "2 MiB", "4 MiB", "8 MiB"]
        );
    }

    #[test]
    fn nothing_to_show_is_no_reason_to_fail() {
        for axis in [
            Axis::shares("", [f64::NAN].into_iter()),
            Axis::shares_from_0("", [f64::NAN].into_iter()),
            Axis::latency("", 0.0, 0.0),
            Axis::capacity("", 0.0, 0.0),
            Axis::magnitude("", 0.0, 0.0),
            Axis::time("", 0.0),
            Axis::count("", 0.0),
            Axis::money("", 0.0),
            Axis::change("", [f64::NAN].into_iter()),
        ] {
            assert!((0.0..=1.0).contains(&axis.place(f64::NAN)));
            assert!((0.0..=1.0).contains(&axis.place(5.0)));
        }
    }
}
