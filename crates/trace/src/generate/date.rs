//! A calendar day, for weekdays and for the Unix time of a generated trace.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Nanoseconds in a day.
pub(super) const DAY_NS: u64 = 86_400_000_000_000;

/// A day of the Gregorian calendar from 1970 to 2199, written `"2024-01-01"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// Days since 1970-01-01.
    days: u32,
}

/// Lengths of the months of a year that is not a leap year.
const MONTHS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400)
}

fn month_length(year: u32, month: u32) -> u32 {
    MONTHS[month as usize - 1] + u32::from(month == 2 && is_leap(year))
}

fn year_length(year: u32) -> u32 {
    365 + u32::from(is_leap(year))
}

impl Date {
    fn new(year: u32, month: u32, day: u32) -> Option<Self> {
        let valid = (1970..2200).contains(&year)
            && (1..=12).contains(&month)
            && (1..=month_length(year, month)).contains(&day);
        valid.then(|| {
            let years: u32 = (1970..year).map(year_length).sum();
            let months: u32 = (1..month).map(|month| month_length(year, month)).sum();
            Date { days: years + months + day - 1 }
        })
    }

    /// Nanoseconds from 1970-01-01 to the midnight this day begins with.
    pub fn unix_ns(self) -> u64 {
        u64::from(self.days) * DAY_NS
    }

    /// Whether the day `n_days` after this one is a Saturday or a Sunday.
    pub(super) fn is_weekend_after(self, n_days: u64) -> bool {
        // 1970-01-01 was a Thursday: two days later it was Saturday.
        (u64::from(self.days) + n_days + 5) % 7 < 2
    }
}

impl Default for Date {
    /// 2024-01-01, a Monday.
    fn default() -> Self {
        Date::new(2024, 1, 1).expect("a valid day")
    }
}

impl FromStr for Date {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split('-').map(|part| part.parse::<u32>().ok());
        let mut next = || parts.next().flatten();
        (|| Date::new(next()?, next()?, next()?))()
            .filter(|date| date.to_string() == text)
            .ok_or_else(|| format!("`{text}` is not a day from 1970 to 2199; write \"2024-01-31\""))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut year, mut month, mut days) = (1970, 1, self.days);
        while days >= year_length(year) {
            days -= year_length(year);
            year += 1;
        }
        while days >= month_length(year, month) {
            days -= month_length(year, month);
            month += 1;
        }
        write!(f, "{year:04}-{month:02}-{:02}", days + 1)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::units::from_text(deserializer)
    }
}

impl JsonSchema for Date {
    fn schema_name() -> Cow<'static, str> {
        "Date".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
            "description": "A day, such as \"2024-01-31\".",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_count_from_1970() {
        let unix_days = |text: &str| text.parse::<Date>().unwrap().unix_ns() / DAY_NS;
        assert_eq!(unix_days("1970-01-01"), 0);
        assert_eq!(unix_days("2000-03-01"), 11_017);
        assert_eq!(unix_days("2024-01-01"), 19_723);
    }

    #[test]
    fn every_day_prints_as_it_is_read() {
        for days in 0..84_006 {
            let date = Date { days };
            assert_eq!(date.to_string().parse(), Ok(date));
        }
    }

    #[test]
    fn days_that_are_none_are_refused() {
        for text in ["2023-02-29", "2024-13-01", "2024-1-1", "2024-01-01-01", "1969-12-31", ""] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
    }

    #[test]
    fn weekends_are_saturdays_and_sundays() {
        let monday = Date::default();
        let weekend: Vec<u64> = (0..14).filter(|n| monday.is_weekend_after(*n)).collect();
        assert_eq!(weekend, [5, 6, 12, 13]);
    }
}
