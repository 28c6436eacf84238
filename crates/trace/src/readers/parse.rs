//! Numbers, stamps and operations as text, from bytes and without allocation.

use crate::trace::Op;

const SECOND: u64 = 1_000_000_000;
const NOT_A_TIME: &str = "the time is not a number";

/// Takes the next field off a line whose fields are separated by blanks; empty at its end.
pub(super) fn field<'a>(line: &mut &'a [u8]) -> &'a [u8] {
    let text = line.trim_ascii_start();
    let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    let (field, rest) = text.split_at(end);
    *line = rest;
    field
}

/// A whole number below 2^64.
pub(super) fn whole(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 20 {
        return None;
    }
    text.iter().try_fold(0u64, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// `0x` and hexadecimal digits.
pub(super) fn hexadecimal(text: &[u8]) -> Option<u64> {
    let digits = text.strip_prefix(b"0x").or_else(|| text.strip_prefix(b"0X"))?;
    hexadecimal_digits(digits)
}

/// Hexadecimal digits.
pub(super) fn hexadecimal_digits(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    digits
        .iter()
        .try_fold(0, |value, byte| Some(value << 4 | u64::from((*byte as char).to_digit(16)?)))
}

/// A size: a whole number, perhaps written with a fraction of zeros as data frames do.
pub(super) fn size(text: &[u8]) -> Result<u64, &'static str> {
    let (number, fraction) = split_fraction(text);
    if text.first() == Some(&b'-') {
        return Err("negative size");
    }
    if !fraction.iter().all(|digit| *digit == b'0') {
        return Err("the size is not a whole number");
    }
    whole(number).filter(|size| *size < u64::MAX).ok_or("the size is not a whole number")
}

/// A stamp, and how finely it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) nanos: u64,
    pub(super) resolution_ns: u64,
}

/// A decimal number of units of `unit_ns`, exactly.
pub(super) fn decimal_time(text: &[u8], unit_ns: u64) -> Result<Stamp, &'static str> {
    if text.first() == Some(&b'-') {
        return Err("negative time");
    }
    let (number, fraction) = split_fraction(text);
    let units = whole(number).ok_or(NOT_A_TIME)?;
    let nanos = units.checked_mul(unit_ns).ok_or("the time is too large for its unit")?;
    let fraction = fraction_of(fraction, unit_ns)?;
    let nanos = nanos.checked_add(fraction.nanos).ok_or("the time is too large for its unit")?;
    Ok(Stamp { nanos, ..fraction })
}

/// The digits after the point of a number of units of `unit_ns`.
fn fraction_of(digits: &[u8], unit_ns: u64) -> Result<Stamp, &'static str> {
    let mut stamp = Stamp { nanos: 0, resolution_ns: unit_ns };
    for digit in digits {
        if !digit.is_ascii_digit() {
            return Err(NOT_A_TIME);
        }
        stamp.resolution_ns /= 10;
        stamp.nanos += u64::from(digit - b'0') * stamp.resolution_ns;
    }
    stamp.resolution_ns = stamp.resolution_ns.max(1);
    Ok(stamp)
}

/// `2015-05-17T10:05:03.25+02:00`: the zone may be missing (then UTC), the `T` may be a blank.
pub(super) fn iso_time(text: &[u8]) -> Option<Stamp> {
    let date = text.get(..10)?;
    if date[4] != b'-' || date[7] != b'-' || !matches!(text.get(10), Some(b'T' | b' ')) {
        return None;
    }
    let days = days_since_1970(whole(&date[..4])?, whole(&date[5..7])?, whole(&date[8..])?)?;
    let seconds = seconds_of_day(text.get(11..19)?)?;
    let rest = &text[19..];
    let zone = rest.iter().position(|b| matches!(b, b'Z' | b'+' | b'-')).unwrap_or(rest.len());
    let (fraction, zone) = rest.split_at(zone);
    let digits = match fraction {
        [] => &[],
        [b'.', digits @ ..] if !digits.is_empty() => digits,
        _ => return None,
    };
    let fraction = fraction_of(digits, SECOND).ok()?;
    let offset = if matches!(zone, [] | [b'Z']) { 0 } else { zone_seconds(zone)? };
    let nanos = unix_nanos(days, seconds, offset)?.checked_add(fraction.nanos)?;
    Some(Stamp { nanos, ..fraction })
}

/// `17/May/2015:10:05:03 +0000`, as web servers write it.
pub(super) fn log_time(text: &[u8]) -> Option<u64> {
    const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let (stamp, zone) = text.split_at_checked(20)?;
    if stamp[2] != b'/' || stamp[6] != b'/' || stamp[11] != b':' {
        return None;
    }
    let month = MONTHS.chunks(3).position(|name| name.eq_ignore_ascii_case(&stamp[3..6]))? + 1;
    let days = days_since_1970(whole(&stamp[7..11])?, month as u64, whole(&stamp[..2])?)?;
    unix_nanos(days, seconds_of_day(&stamp[12..])?, zone_seconds(zone.trim_ascii())?)
}

/// `10:05:03`; a leap second counts as the one after it.
fn seconds_of_day(text: &[u8]) -> Option<u64> {
    if text.len() != 8 || text[2] != b':' || text[5] != b':' {
        return None;
    }
    let (hour, minute, second) = (whole(&text[..2])?, whole(&text[3..5])?, whole(&text[6..])?);
    (hour < 24 && minute < 60 && second <= 60).then_some(hour * 3600 + minute * 60 + second)
}

/// `+0200` or `+02:00`: how far local time is ahead of UTC.
fn zone_seconds(text: &[u8]) -> Option<i64> {
    let (sign, digits) = text.split_first()?;
    let (hours, minutes) = match digits {
        [h1, h2, m1, m2] | [h1, h2, b':', m1, m2] => ([*h1, *h2], [*m1, *m2]),
        _ => return None,
    };
    let seconds = (whole(&hours)? * 3600 + whole(&minutes)? * 60) as i64;
    match sign {
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}

fn unix_nanos(days: u64, seconds: u64, ahead: i64) -> Option<u64> {
    let local = days * 86_400 + seconds;
    local.checked_add_signed(-ahead)?.checked_mul(SECOND)
}

/// Days of the Gregorian calendar since 1 January 1970; `None` for days that never were.
fn days_since_1970(year: u64, month: u64, day: u64) -> Option<u64> {
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let lengths = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    if !(1970..10_000).contains(&year) || !(1..=12).contains(&month) {
        return None;
    }
    let (before, length) = (&lengths[..month as usize - 1], lengths[month as usize - 1]);
    if !(1..=length).contains(&day) {
        return None;
    }
    let leaps = |year: u64| year / 4 - year / 100 + year / 400;
    let new_year = (year - 1970) * 365 + leaps(year - 1) - leaps(1969);
    Some(new_year + before.iter().sum::<u64>() + day - 1)
}

/// What an operation written as text does to a cached object.
pub(super) fn op(text: &[u8]) -> Option<Op> {
    const GETS: [&str; 9] =
        ["get", "gets", "read", "r", "rd", "head", "mget", "get_lease", "fetch"];
    const SETS: [&str; 18] = [
        "set",
        "add",
        "cas",
        "replace",
        "append",
        "prepend",
        "incr",
        "decr",
        "write",
        "w",
        "wr",
        "put",
        "post",
        "patch",
        "update",
        "store",
        "insert",
        "set_lease",
    ];
    const DELETES: [&str; 6] = ["delete", "del", "remove", "unlink", "purge", "invalidate"];
    let is = |names: &[&str]| names.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(text));
    match () {
        () if is(&GETS) => Some(Op::Get),
        () if is(&SETS) => Some(Op::Set),
        () if is(&DELETES) => Some(Op::Delete),
        () => None,
    }
}

fn split_fraction(text: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b'.', text) {
        Some(point) => (&text[..point], &text[point + 1..]),
        None => (text, b""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_digits_and_fit() {
        assert_eq!(whole(b"0"), Some(0));
        assert_eq!(whole(b"18446744073709551615"), Some(u64::MAX));
        for text in ["", "-1", "+1", "1.0", "18446744073709551616", "1e3", " 1"] {
            assert_eq!(whole(text.as_bytes()), None, "{text}");
        }
        assert_eq!(hexadecimal(b"0x1fffff50"), Some(0x1fff_ff50));
        assert_eq!(hexadecimal(b"0x"), None);
        assert_eq!(hexadecimal(b"0x11112222333344445"), None);
    }

    #[test]
    fn times_are_exact() {
        let stamp = |text: &str| decimal_time(text.as_bytes(), SECOND).map(|stamp| stamp.nanos);
        assert_eq!(stamp("1339518083.107412"), Ok(1_339_518_083_107_412_000));
        assert_eq!(stamp("1.0000000009"), Ok(1_000_000_000));
        assert_eq!(stamp("-1"), Err("negative time"));
        assert!(stamp("99999999999999").is_err() && stamp("").is_err() && stamp("1.x").is_err());
    }

    #[test]
    fn dates_agree_with_unix_time() {
        // `date -u -d ... +%s`
        assert_eq!(log_time(b"17/May/2015:10:05:03 +0000"), Some(1_431_857_103 * SECOND));
        assert_eq!(log_time(b"17/May/2015:10:05:03 +0200"), Some(1_431_849_903 * SECOND));
        assert_eq!(log_time(b"29/Feb/2000:00:00:00 -0530"), Some(951_802_200 * SECOND));
        assert_eq!(log_time(b"01/Jan/1970:00:00:00 +0000"), Some(0));
        for text in ["29/Feb/2015:10:05:03 +0000", "17/May/2015:25:05:03 +0000", "17/May/2015", ""]
        {
            assert_eq!(log_time(text.as_bytes()), None, "{text}");
        }
        let iso = |text: &str| iso_time(text.as_bytes()).map(|stamp| stamp.nanos);
        assert_eq!(iso("2015-05-17T10:05:03Z"), Some(1_431_857_103 * SECOND));
        assert_eq!(iso("2015-05-17 10:05:03.25+00:00"), Some(1_431_857_103_250_000_000));
        assert_eq!(iso("2100-03-01T00:00:00"), Some(4_107_542_400 * SECOND));
        assert_eq!(iso("2015-05-17T10:05:03."), None);
        assert_eq!(iso("1431857103"), None);
    }

    #[test]
    fn sizes_may_come_from_data_frames() {
        assert_eq!(size(b"512.0"), Ok(512));
        assert_eq!(size(b"-5"), Err("negative size"));
        assert!(size(b"5.5").is_err() && size(b"NaN").is_err() && size(b"").is_err());
    }
}
