//! Times as the protocol and HTTP write them. Pure.

use std::time::{SystemTime, UNIX_EPOCH};

const SECONDS_PER_DAY: i64 = 86_400;
const DAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Microseconds since the Unix epoch of `YYYY-MM-DDTHH:MM:SS[.digits](Z|+00:00)`; `None` for any other text.
pub fn canonical(text: &str) -> Option<i64> {
    let bare = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00"))?;
    let (seconds, fraction) = match bare.split_once('.') {
        Some((seconds, digits)) => (seconds, Some(digits)),
        None => (bare, None),
    };
    let form = "dddd-dd-ddTdd:dd:dd";
    let fits = |(is, wanted): (u8, u8)| if wanted == b'd' { is.is_ascii_digit() } else { is == wanted };
    (seconds.len() == form.len() && seconds.bytes().zip(form.bytes()).all(fits)).then_some(())?;
    let number = |from: usize, to: usize| seconds.get(from..to)?.parse::<i64>().ok();
    let days = days_from_civil(number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let of_day = number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?;
    let micros = match fraction {
        None => 0,
        Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{digits:0<6}").get(..6)?.parse().ok()?
        }
        Some(_) => return None,
    };
    Some((days * SECONDS_PER_DAY + of_day) * 1_000_000 + micros)
}

/// How many digits a canonical time has behind its seconds.
pub fn fraction_digits(text: &str) -> usize {
    text.split_once('.').map_or(0, |(_, rest)| rest.bytes().take_while(u8::is_ascii_digit).count())
}

/// Microseconds since the Unix epoch.
pub fn micros(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// The forms in which HTTP writes a date.
#[derive(Clone, Copy, Debug)]
pub enum HttpDate {
    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    Imf,
    /// `Sunday, 06-Nov-94 08:49:37 GMT`
    Rfc850,
    /// `Sun Nov  6 08:49:37 1994`
    Asctime,
}

impl HttpDate {
    /// Writes an instant, given in seconds since the Unix epoch.
    pub fn write(self, seconds: i64) -> String {
        let days = seconds.div_euclid(SECONDS_PER_DAY);
        let of_day = seconds.rem_euclid(SECONDS_PER_DAY);
        let (year, month, day) = civil_from_days(days);
        let weekday = DAYS[days.rem_euclid(7) as usize];
        let month = MONTHS[(month - 1) as usize];
        let time = format!("{:02}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60);
        match self {
            Self::Imf => format!("{}, {day:02} {month} {year} {time} GMT", &weekday[..3]),
            Self::Rfc850 => format!("{weekday}, {day:02}-{month}-{:02} {time} GMT", year % 100),
            Self::Asctime => format!("{} {month} {day:2} {time} {year}", &weekday[..3]),
        }
    }
}

/// Days since 1970-01-01 of a day of the Gregorian calendar; years count from March, so that a leap day ends its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    // A year of 366 days is never too short, so the guess is never too late.
    let guess = 1970 + days.div_euclid(366);
    let year = (guess..).find(|year| days_from_civil(year + 1, 1, 1) > days).unwrap_or(guess);
    let month = (1..12).find(|month| days_from_civil(year, month + 1, 1) > days).unwrap_or(12);
    (year, month, days - days_from_civil(year, month, 1) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_times_are_read_and_no_others() {
        assert_eq!(canonical("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(canonical("2026-11-20T18:10:36.493318Z"), Some(1_795_198_236_493_318));
        assert_eq!(canonical("2026-11-20T18:10:36.5+00:00"), Some(1_795_198_236_500_000));
        for other in
            ["2026-11-20 18:10:36Z", "2026-11-20T18:10:36", "2026-11-20T18:10:36.Z", "2026-11-20T20:10:36+02:00", "x"]
        {
            assert_eq!(canonical(other), None, "{other}");
        }
        assert_eq!((fraction_digits("…36.493Z"), fraction_digits("…36Z")), (3, 0));
    }

    #[test]
    fn http_dates_are_written_in_three_forms() {
        assert_eq!(HttpDate::Imf.write(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(HttpDate::Rfc850.write(784_111_777), "Sunday, 06-Nov-94 08:49:37 GMT");
        assert_eq!(HttpDate::Asctime.write(784_111_777), "Sun Nov  6 08:49:37 1994");
        assert_eq!(HttpDate::Imf.write(1_709_164_800), "Thu, 29 Feb 2024 00:00:00 GMT");
        assert_eq!(HttpDate::Imf.write(1_735_689_599), "Tue, 31 Dec 2024 23:59:59 GMT");
    }
}
