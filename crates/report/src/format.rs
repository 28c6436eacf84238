//! Numbers as people read them: three significant digits, thousands separators, a unit on each.
//!
//! What is not a number is shown as a dash, never as `NaN`.

pub(crate) use trace::units::thousands as count;
use trace::units::{Bytes, Nanos};

/// Stands for a value that does not exist.
const NONE: &str = "–";

/// A share as a percentage: `83.1 %`. Near 0 and 100 % it keeps a second decimal, where each counts.
pub(crate) fn percent(share: f64) -> String {
    if !share.is_finite() {
        return NONE.into();
    }
    let percent = (share * 1e4).round() / 100.0;
    let decimals = match percent.abs() {
        0.0 | 100.0 => 0,
        outer if !(1.0..=99.0).contains(&outer) => 2,
        _ => 1,
    };
    format!("{percent:.decimals$} %")
}

/// A share that is near 1, with two digits of what is missing to it: `99.9990 %`.
pub(crate) fn availability(share: f64) -> String {
    match trace::units::decimals_of_missing(share) {
        1 => percent(share),
        decimals => format!("{:.decimals$} %", share * 100.0),
    }
}

/// A difference between two shares, in percentage points: `2.4 pp`.
pub(crate) fn points(difference: f64) -> String {
    let points = (difference * 100.0).abs();
    let decimals = if points < 0.095 { 3 } else { 1 };
    format!("{points:.decimals$} pp")
}

/// A change as a signed percentage: `+2.4 %`, `−11 %`, `0 %`.
pub(crate) fn change(share: f64, decimals: usize) -> String {
    if !share.is_finite() {
        return NONE.into();
    }
    let text = format!("{:.decimals$}", (share * 100.0).abs());
    let sign = match share {
        _ if text.parse() == Ok(0.0) => "",
        up if up > 0.0 => "+",
        _ => "−",
    };
    format!("{sign}{text} %")
}

/// A difference of counts: `+1,204`, `−3`, `0`.
pub(crate) fn signed(value: i64) -> String {
    let sign = match value {
        0 => "",
        up if up > 0 => "+",
        _ => "−",
    };
    format!("{sign}{}", count(value.unsigned_abs()))
}

/// A p-value as people read it: `0.034`, `0.00042`, `< 0.0001`; a dash if it is no number.
pub fn p_value(p: f64) -> String {
    match p {
        p if !p.is_finite() => NONE.into(),
        p if p < 0.0001 => "< 0.0001".into(),
        p if p < 0.001 => format!("{p:.5}"),
        p => format!("{p:.3}"),
    }
}

/// A plain number with so many decimals.
pub(crate) fn decimal(value: f64, decimals: usize) -> String {
    if value.is_finite() { format!("{value:.decimals$}") } else { NONE.into() }
}

/// An amount of bytes: `1.94 GiB`.
pub(crate) fn bytes(value: u64) -> String {
    Bytes(value).rounded()
}

/// A span of time: `1.94 ms`.
pub(crate) fn nanos(value: u64) -> String {
    Nanos(value).rounded()
}

/// Nano-dollars as dollars: `$1,234`, `$12.30`, `$0.0123`.
pub(crate) fn money(nanodollars: i64) -> String {
    let dollars = nanodollars.unsigned_abs() as f64 / 1e9;
    let sign = if nanodollars < 0 { "−" } else { "" };
    if dollars >= 100.0 {
        return format!("{sign}${}", count(dollars.round() as u64));
    }
    if dollars == 0.0 {
        return "$0".into();
    }
    let decimals = (2 - dollars.log10().floor() as i32).clamp(2, 9) as usize;
    format!("{sign}${dollars:.decimals$}")
}

/// Without what XML cannot hold: control characters become spaces.
pub(crate) fn printable(text: &str) -> String {
    let visible =
        |c: char| if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') { ' ' } else { c };
    text.chars().map(visible).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_availability_shows_what_is_missing() {
        let shown = [1.0, 0.99999, 0.9996, 0.995, 0.9849, 0.5, 0.0].map(availability);
        let expected = ["100 %", "99.9990 %", "99.960 %", "99.50 %", "98.5 %", "50.0 %", "0 %"];
        assert_eq!(shown, expected);
    }

    #[test]
    fn numbers_keep_the_digits_that_matter() {
        assert_eq!(percent(0.8312), "83.1 %");
        assert_eq!(percent(0.99953), "99.95 %");
        assert_eq!(percent(0.0031), "0.31 %");
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(percent(f64::NAN), "–");
        assert_eq!(
            [0.0244, -0.11, -0.0001, f64::NAN].map(|share| change(share, 1)),
            ["+2.4 %", "−11.0 %", "0.0 %", "–"]
        );
        assert_eq!([1204, -3, 0].map(signed), ["+1,204", "−3", "0"]);
        assert_eq!(
            [0.0343, 0.00042, 3e-9, 1.0, f64::NAN].map(p_value),
            ["0.034", "0.00042", "< 0.0001", "1.000", "–"]
        );
        assert_eq!(count(0), "0");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(money(1_234_400_000_000), "$1,234");
        assert_eq!(money(12_340_000_000), "$12.34");
        assert_eq!(money(-12_300_000), "−$0.0123");
        assert_eq!(money(0), "$0");
    }

    #[test]
    fn control_characters_do_not_reach_the_svg() {
        assert_eq!(printable("a\u{0}b\nc"), "a b c");
    }
}
