//! Moments in UTC, to the millisecond, as the wire and the database write them.
//!
//! - Read: `YYYY-MM-DDTHH:MM:SS[.digits](Z|±HH:MM)`, years 0000–9999. Digits beyond the third are cut off.
//! - Written: `YYYY-MM-DDTHH:MM:SS.mmmZ`, always 24 characters, so that the order of the texts is the order of the moments.
//! - A leap second counts as the first second of the next minute.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

const MS_PER_DAY: i64 = 86_400_000;
const YEAR_0000_MS: i64 = -62_167_219_200_000;
const YEAR_9999_END_MS: i64 = 253_402_300_799_999;

/// A moment: milliseconds since 1970 in UTC, within the years 0000–9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(i64);

impl Moment {
    /// The system clock's moment; a clock before 1970 gives 1970.
    pub fn now() -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let ms = i64::try_from(since_1970.as_millis()).unwrap_or(YEAR_9999_END_MS);
        Self(ms.min(YEAR_9999_END_MS))
    }

    /// Reads a moment; `None` for anything that is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text;
        let year = digits(&mut rest, 4)?;
        symbol(&mut rest, "-")?;
        let month = digits(&mut rest, 2).filter(|month| (1..=12).contains(month))?;
        symbol(&mut rest, "-")?;
        let day = digits(&mut rest, 2).filter(|day| (1..=days_in_month(year, month)).contains(day))?;
        symbol(&mut rest, "T")?;
        let hour = digits(&mut rest, 2).filter(|hour| *hour <= 23)?;
        symbol(&mut rest, ":")?;
        let minute = digits(&mut rest, 2).filter(|minute| *minute <= 59)?;
        symbol(&mut rest, ":")?;
        let second = digits(&mut rest, 2).filter(|second| *second <= 60)?;
        let ms = fraction_ms(&mut rest)?;
        let offset_minutes = offset_minutes(rest)?;

        let days = days_since_1970(year, month, day);
        let seconds = (hour * 60 + minute - offset_minutes) * 60 + second;
        Self::within_range(days * MS_PER_DAY + seconds * 1_000 + ms)
    }

    /// This moment by a clock that was wrong: `self + (truth − shown)`, or `None` outside the years 0000–9999.
    pub fn corrected(self, shown: Self, truth: Self) -> Option<Self> {
        Self::within_range(self.0 + (truth.0 - shown.0))
    }

    fn within_range(ms: i64) -> Option<Self> {
        (YEAR_0000_MS..=YEAR_9999_END_MS).contains(&ms).then_some(Self(ms))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date(self.0.div_euclid(MS_PER_DAY));
        let ms = self.0.rem_euclid(MS_PER_DAY);
        let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
        write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", ms % 1_000)
    }
}

/// Takes exactly `count` ASCII digits off the front.
fn digits(rest: &mut &str, count: usize) -> Option<i64> {
    let (number, after) = rest.split_at_checked(count)?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    *rest = after;
    number.parse().ok()
}

fn symbol(rest: &mut &str, symbol: &str) -> Option<()> {
    *rest = rest.strip_prefix(symbol)?;
    Some(())
}

/// Takes an optional `.digits` off the front; a dot without a digit is no fraction.
fn fraction_ms(rest: &mut &str) -> Option<i64> {
    let Some(after) = rest.strip_prefix('.') else {
        return Some(0);
    };
    let length = after.bytes().take_while(u8::is_ascii_digit).count();
    let (fraction, after) = after.split_at_checked(length).filter(|(fraction, _)| !fraction.is_empty())?;
    *rest = after;
    let ms = fraction.bytes().chain(*b"000").take(3).fold(0, |ms, digit| ms * 10 + i64::from(digit - b'0'));
    Some(ms)
}

/// What is left after the seconds: `Z`, or the offset that the time is ahead of UTC.
fn offset_minutes(rest: &str) -> Option<i64> {
    if rest == "Z" {
        return Some(0);
    }
    let (sign, mut rest) = match rest.strip_prefix('+') {
        Some(after) => (1, after),
        None => (-1, rest.strip_prefix('-')?),
    };
    let hours = digits(&mut rest, 2).filter(|hours| *hours <= 23)?;
    symbol(&mut rest, ":")?;
    let minutes = digits(&mut rest, 2).filter(|minutes| *minutes <= 59)?;
    rest.is_empty().then_some(sign * (hours * 60 + minutes))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Both directions count years from 1 March, so that the leap day is the last of its year, in eras of 400 years, which
/// are all 146,097 days long. 1 March 0000 is 719,468 days before 1970.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn date(days_since_1970: i64) -> (i64, i64, i64) {
    let days = days_since_1970 + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> Option<String> {
        Moment::parse(text).map(|moment| moment.to_string())
    }

    #[test]
    fn reads_what_clients_write() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
            ("2026-03-04T05:06:07.8Z", "2026-03-04T05:06:07.800Z"),
            ("2026-03-04T05:06:07.123456789+00:00", "2026-03-04T05:06:07.123Z"),
            ("2026-01-01T01:30:00.5+02:00", "2025-12-31T23:30:00.500Z"),
            ("2024-02-29T23:59:60-00:30", "2024-03-01T00:30:00.000Z"),
            ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(canonical(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_moment() {
        for text in [
            "",
            "2026",
            "2026-03-04",
            "2026-03-04 05:06:07Z",
            "2026-03-04T05:06:07",
            "2026-03-04T05:06:07.Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:61Z",
            "+026-01-01T00:00:00Z",
            "2026-01-01T00:00:00Zz",
            "2026-01-01T00:00:00+0200",
            "2026-01-01T00:00:00+02:00Z",
            "é026-01-01T00:00:00Z",
            "0000-01-01T00:00:00+00:01",
        ] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_the_calendar_comes_back() {
        let (first, last) = (YEAR_0000_MS / MS_PER_DAY, YEAR_9999_END_MS.div_euclid(MS_PER_DAY));
        for day in first..=last {
            let (year, month, day_of_month) = date(day);
            assert_eq!(days_since_1970(year, month, day_of_month), day);
        }
        assert_eq!(date(first), (0, 1, 1));
        assert_eq!(date(last), (9999, 12, 31));
    }

    #[test]
    fn a_wrong_clock_is_corrected_within_the_calendar() {
        let moment = |text| Moment::parse(text).unwrap();
        // The client's clock is an hour slow.
        let (shown, truth) = (moment("2026-01-01T11:00:00Z"), moment("2026-01-01T12:00:00Z"));
        let happened = moment("2026-01-01T10:59:58.250Z");
        assert_eq!(happened.corrected(shown, truth), Some(moment("2026-01-01T11:59:58.250Z")));
        assert_eq!(moment("9999-12-31T23:59:59Z").corrected(shown, truth), None);
    }
}
