//! Amounts of money.

use std::fmt;

use trace::units::thousands;

/// An amount of money in billionths of a US dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct NanoDollars(pub i64);

impl NanoDollars {
    /// The nearest whole amount. Sums beyond nine billion dollars stay there.
    pub(super) fn rounded(nanos: f64) -> NanoDollars {
        NanoDollars(nanos.round() as i64)
    }

    /// Dollars, for charts.
    pub fn dollars(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// A day's part of a month's cost: a thirtieth.
    pub fn day_of_month(self) -> NanoDollars {
        self.part(30)
    }

    /// An hour's part of a month's cost: a 720th.
    pub fn hour_of_month(self) -> NanoDollars {
        self.part(720)
    }

    /// The nearest whole amount to one of `n` equal parts; halves go away from zero.
    fn part(self, n: i64) -> NanoDollars {
        let half = self.0.signum() * (n / 2);
        NanoDollars(self.0.saturating_add(half) / n)
    }
}

impl std::iter::Sum for NanoDollars {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        NanoDollars(amounts.fold(0, |sum, amount| sum.saturating_add(amount.0)))
    }
}

impl fmt::Display for NanoDollars {
    /// Dollars and cents, as `$1,152.00`; amounts below a cent keep three significant digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let amount = self.0.unsigned_abs();
        if amount != 0 && amount < 10_000_000 {
            return f.pad(&format!("{sign}${:.2e}", amount as f64 / 1e9));
        }
        let cents = (amount + 5_000_000) / 10_000_000;
        f.pad(&format!("{sign}${}.{:02}", thousands(cents / 100), cents % 100))
    }
}

/// Reads `$12.345`: at most nine decimals, so that it is exact.
pub(super) fn parse_dollars(text: &str) -> Result<NanoDollars, String> {
    let fail = || format!("`{text}` is not an amount such as $0.05, with at most nine decimals");
    let digits = text.trim().strip_prefix('$').ok_or_else(fail)?;
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || decimals.len() > 9 || !all_digits(whole) || !all_digits(decimals) {
        return Err(fail());
    }
    let whole: i64 = whole.parse().map_err(|_| fail())?;
    let nanos: i64 = format!("{decimals:0<9}").parse().map_err(|_| fail())?;
    whole
        .checked_mul(1_000_000_000)
        .and_then(|w| w.checked_add(nanos))
        .map(NanoDollars)
        .ok_or_else(fail)
}

/// Writes a price's amount so that [`parse_dollars`] reads it back.
pub(super) fn print_dollars(amount: NanoDollars) -> String {
    let (whole, nanos) = (amount.0 / 1_000_000_000, amount.0 % 1_000_000_000);
    let decimals = format!("{nanos:09}");
    let decimals = decimals.trim_end_matches('0');
    if decimals.is_empty() { format!("${whole}") } else { format!("${whole}.{decimals}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_amounts_do_not_vanish() {
        assert_eq!(NanoDollars(0).to_string(), "$0.00");
        assert_eq!(NanoDollars(1_234_000).to_string(), "$1.23e-3");
        assert_eq!(NanoDollars(-2_500_000_000).to_string(), "-$2.50");
    }

    #[test]
    fn a_month_has_30_days_of_24_hours() {
        // $1,152 a month is $38.40 a day and $1.60 an hour.
        let month = NanoDollars(1_152_000_000_000);
        assert_eq!(month.day_of_month(), NanoDollars(38_400_000_000));
        assert_eq!(month.hour_of_month(), NanoDollars(1_600_000_000));
        // To the nearest: 44 / 30 = 1.47, 45 / 30 = 1.5.
        assert_eq!(NanoDollars(44).day_of_month(), NanoDollars(1));
        assert_eq!(NanoDollars(45).day_of_month(), NanoDollars(2));
        assert_eq!(NanoDollars(-45).day_of_month(), NanoDollars(-2));
        assert_eq!(NanoDollars(i64::MAX).day_of_month(), NanoDollars(i64::MAX / 30));
    }
}
