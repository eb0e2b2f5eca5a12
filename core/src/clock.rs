//! Time: a clock that tests can replace, and the one written form of an instant.
//!
//! - A [`Timestamp`] is an instant in UTC with microseconds; no time zone, no leap seconds.
//! - Its text is canonical, `YYYY-MM-DDTHH:MM:SS.mmmZ`, with six digits where it holds microseconds.
//! - Waiting is never done through a clock: only the worker waits, on a condition variable.

use crate::error::{Error, ErrorKind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
/// 0001-01-01 and 9999-12-31T23:59:59.999999, the years that RFC 3339 can write and servers accept.
const EARLIEST: i64 = -62_135_596_800 * MICROS_PER_SECOND;
const LATEST: i64 = 253_402_300_800 * MICROS_PER_SECOND - 1;

/// Where "now" comes from.
pub trait Clock: Send + Sync {
    /// The wall clock. It may jump in both directions.
    fn now(&self) -> Timestamp;
}

/// Something that is done once in so many milliseconds at the most, whichever thread comes by.
#[derive(Debug)]
pub(crate) struct Every {
    millis: u64,
    /// In Unix milliseconds.
    last: AtomicU64,
}

impl Every {
    /// Due at the first look.
    pub(crate) fn new(millis: u64) -> Self {
        Self { millis, last: AtomicU64::new(0) }
    }

    /// Whether it is time again; true for one caller at a time. A clock that was set back is reason enough.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        let (now, last) = (now.unix_millis(), self.last.load(Ordering::Relaxed));
        now.abs_diff(last) >= self.millis
            && self.last.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Counts it as done just now.
    pub(crate) fn done(&self, now: Timestamp) {
        self.last.store(now.unix_millis(), Ordering::Relaxed);
    }

    /// Makes it due at the next look.
    pub(crate) fn hasten(&self) {
        self.last.store(0, Ordering::Relaxed);
    }
}

/// The machine's wall clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        SystemTime::now().into()
    }
}

/// An instant in UTC, as microseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// An instant from microseconds since the Unix epoch; refused outside the years 1 to 9999.
    pub fn from_unix_micros(micros: i64) -> Result<Self, Error> {
        if (EARLIEST..=LATEST).contains(&micros) {
            Ok(Self(micros))
        } else {
            Err(invalid("a time must lie in the years 1 to 9999"))
        }
    }

    pub(crate) fn from_unix_millis_saturating(millis: u64) -> Self {
        let micros = i64::try_from(millis).unwrap_or(i64::MAX).saturating_mul(1000);
        Self(micros.clamp(EARLIEST, LATEST))
    }

    /// Microseconds since the Unix epoch.
    pub fn unix_micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since the Unix epoch; 0 for an instant before it.
    pub fn unix_millis(self) -> u64 {
        u64::try_from(self.0 / 1000).unwrap_or(0)
    }

    /// How long ago `earlier` was; zero if it lies in the future (a clock that was set back).
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The instant `later` after this one.
    #[must_use]
    pub fn after(self, later: Duration) -> Self {
        let micros = i64::try_from(later.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros).min(LATEST))
    }

    /// Reads an RFC 3339 time, which must carry its offset (`Z`, `+02:00`), and converts it to UTC.
    pub fn parse(text: &str) -> Result<Self, Error> {
        parse_rfc3339(text.trim().as_bytes())
            .ok_or_else(|| invalid("a time must be RFC 3339 with an offset, such as 2026-11-20T18:10:36.493Z"))
    }

    /// Appends the canonical text.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        let seconds = self.0.div_euclid(MICROS_PER_SECOND);
        let micros = self.0.rem_euclid(MICROS_PER_SECOND);
        let (year, month, day) = civil_from_days(seconds.div_euclid(SECONDS_PER_DAY));
        let of_day = seconds.rem_euclid(SECONDS_PER_DAY);
        write_digits(out, year, 4);
        for (mark, value) in
            [(b'-', month), (b'-', day), (b'T', of_day / 3600), (b':', of_day / 60 % 60), (b':', of_day % 60)]
        {
            out.push(mark);
            write_digits(out, value, 2);
        }
        out.push(b'.');
        if micros % 1000 == 0 {
            write_digits(out, micros / 1000, 3);
        } else {
            write_digits(out, micros, 6);
        }
        out.push(b'Z');
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = Vec::with_capacity(27);
        self.write(&mut text);
        f.write_str(&String::from_utf8_lossy(&text))
    }
}

impl From<SystemTime> for Timestamp {
    /// Whole milliseconds, which is what the canonical form shows of a captured event.
    fn from(time: SystemTime) -> Self {
        let millis = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        Self::from_unix_millis_saturating(u64::try_from(millis).unwrap_or(u64::MAX))
    }
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidTimestamp, message)
}

fn write_digits(out: &mut Vec<u8>, value: i64, width: u32) {
    for place in (0..width).rev() {
        let digit = u8::try_from(value / 10_i64.pow(place) % 10).unwrap_or(0);
        out.push(b'0' + digit);
    }
}

/// Days since 1970-01-01 to (year, month, day) of the proleptic Gregorian calendar, counting years from March so
/// that the leap day is the last of its year.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468; // 0000-03-01 to 1970-01-01
    let era = days.div_euclid(146_097); // 400 years
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The inverse of [`civil_from_days`].
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = (month + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Takes pieces off the front of a text; `None` as soon as something else stands there.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn one_of(&mut self, wanted: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        wanted.contains(first).then(|| self.0 = rest)?;
        Some(*first)
    }

    fn digits(&mut self, width: usize) -> Option<i64> {
        (0..width).try_fold(0, |value, _| Some(value * 10 + i64::from(self.one_of(b"0123456789")? - b'0')))
    }
}

fn parse_rfc3339(text: &[u8]) -> Option<Timestamp> {
    let mut at = Cursor(text);
    let year = at.digits(4)?;
    at.one_of(b"-")?;
    let month = at.digits(2)?;
    at.one_of(b"-")?;
    let day = at.digits(2)?;
    at.one_of(b"Tt ")?;
    let hour = at.digits(2)?;
    at.one_of(b":")?;
    let minute = at.digits(2)?;
    at.one_of(b":")?;
    let second = at.digits(2)?;
    let mut micros = 0;
    if at.one_of(b".").is_some() {
        let mut place = MICROS_PER_SECOND;
        let mut digit = at.digits(1)?;
        loop {
            place /= 10; // what is finer than a microsecond is cut off
            micros += digit * place;
            match at.digits(1) {
                Some(next) => digit = next,
                None => break,
            }
        }
    }
    let offset_minutes = match at.one_of(b"Zz+-")? {
        sign @ (b'+' | b'-') => {
            let hours = at.digits(2)?;
            at.one_of(b":")?;
            let minutes = at.digits(2)?;
            (hours < 24 && minutes < 60).then_some(())?;
            (hours * 60 + minutes) * if sign == b'-' { -1 } else { 1 }
        }
        _ => 0,
    };
    at.0.is_empty().then_some(())?;

    let days = days_from_civil(year, month, day);
    // A date that does not exist (February 30) comes back as another one.
    ((1..=12).contains(&month) && civil_from_days(days) == (year, month, day)).then_some(())?;
    // A leap second is read as the last second of its minute: UTC in microseconds has no room for it.
    (hour < 24 && minute < 60 && second <= 60).then_some(())?;
    let of_day = hour * 3600 + minute * 60 + second.min(59);
    let seconds = days * SECONDS_PER_DAY + of_day - offset_minutes * 60;
    Timestamp::from_unix_micros(seconds * MICROS_PER_SECOND + micros).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(micros: i64) -> String {
        Timestamp(micros).to_string()
    }

    #[test]
    fn the_canonical_form_has_milliseconds_and_microseconds_only_where_needed() {
        assert_eq!(text(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(text(1_795_198_236_493_000), "2026-11-20T18:10:36.493Z");
        assert_eq!(text(1_795_198_236_493_318), "2026-11-20T18:10:36.493318Z");
        assert_eq!(text(-1), "1969-12-31T23:59:59.999999Z");
        assert_eq!(text(EARLIEST), "0001-01-01T00:00:00.000Z");
        assert_eq!(text(LATEST), "9999-12-31T23:59:59.999999Z");
    }

    #[test]
    fn offsets_are_converted_to_the_same_instant() {
        for (given, utc) in [
            ("2026-11-20T18:10:36Z", "2026-11-20T18:10:36.000Z"),
            ("2026-11-20T20:10:36.5+02:00", "2026-11-20T18:10:36.500Z"),
            ("2026-11-20 13:40:36.123456789-04:30", "2026-11-20T18:10:36.123456Z"),
            ("2024-02-29T00:00:00+00:00", "2024-02-29T00:00:00.000Z"),
            ("2026-12-31T23:59:60Z", "2026-12-31T23:59:59.000Z"),
        ] {
            assert_eq!(Timestamp::parse(given).unwrap().to_string(), utc, "{given}");
        }
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for given in [
            "",
            "2026-11-20",
            "2026-11-20T18:10:36",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-11-20T24:00:00Z",
            "2026-11-20T18:10:36.Z",
            "2026-11-20T18:10:36+0200",
            "2026-11-20T18:10:36+24:00",
            "2026-11-20T18:10:36Zjunk",
            "0000-12-31T23:59:59Z",
            "0001-01-01T00:00:00+01:00",
        ] {
            let error = Timestamp::parse(given).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidTimestamp, "{given}");
        }
    }

    #[test]
    fn what_is_done_every_second_is_due_once_a_second_and_after_a_clock_that_was_set_back() {
        let (every, at) = (Every::new(1_000), |ms: u64| Timestamp::from_unix_millis_saturating(5_000_000 + ms));
        let due = [0, 999, 1_000, 1_999, 2_000, 100, 200].map(|ms| every.is_due(at(ms)));
        assert_eq!(due, [true, false, true, false, true, true, false]);
        every.done(at(9_000));
        assert!(!every.is_due(at(9_999)));
        every.hasten();
        assert!(every.is_due(at(9_999)));
    }

    #[test]
    fn each_day_of_eight_centuries_survives_the_round_trip() {
        for days in -146_097..146_097 {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), days);
        }
    }
}
