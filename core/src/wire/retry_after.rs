//! `Retry-After`: decimal seconds, or one of HTTP's three forms of a date.
//!
//! A date counts from the answer's own `Date`, so that a machine whose clock is wrong waits as long as the server meant;
//! without one it counts from our clock. What is past, zero, negative or unreadable counts as absent.

use crate::clock::Timestamp;
use std::time::Duration;

/// How long the server asks us to wait.
pub(super) fn read(value: Option<&str>, date: Option<&str>, now: Timestamp) -> Option<Duration> {
    let value = value?.trim();
    let wait = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number holds are many seconds all the same.
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        let from = date.and_then(|date| http_date(date.trim())).unwrap_or(now);
        http_date(value)?.since(from)
    };
    (!wait.is_zero()).then_some(wait)
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or `Sun Nov  6 08:49:37 1994`.
fn http_date(text: &str) -> Option<Timestamp> {
    let words: Vec<&str> = text.split([' ', '-']).filter(|word| !word.is_empty()).collect();
    let (day, month, year, time) = match words.as_slice() {
        [_, day, month, year, time, "GMT"] => (day, month, year, time),
        [_, month, day, time, year] => (day, month, year, time),
        _ => return None,
    };
    let month = MONTHS.iter().position(|name| name == month)? + 1;
    let year = match (year.len(), digits(year)?) {
        // As POSIX reads two digits. A rule that looks at our clock could not tell what a server means when it is wrong.
        (2, short @ 70..) => 1900 + short,
        (2, short) => 2000 + short,
        (4, whole) => whole,
        _ => return None,
    };
    let day = digits(day)?;
    Timestamp::parse(&format!("{year:04}-{month:02}-{day:02}T{time}Z")).ok()
}

/// A number without a sign.
fn digits(text: &str) -> Option<u32> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(value: &str, date: Option<&str>) -> Option<u64> {
        let now = Timestamp::parse("2026-11-20T18:00:00Z").unwrap();
        read(Some(value), date, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn all_forms_are_read() {
        for (value, wait) in [
            ("5", Some(5)),
            (" 120 ", Some(120)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Fri, 20 Nov 2026 18:00:07 GMT", Some(7)),
            ("Friday, 20-Nov-26 18:01:00 GMT", Some(60)),
            ("Fri Nov 20 18:00:09 2026", Some(9)),
            ("Tue Dec  1 18:00:00 2026", Some(11 * 86_400)),
        ] {
            assert_eq!(seconds(value, None), wait, "{value}");
        }
    }

    #[test]
    fn a_date_counts_from_the_answers_own_date() {
        let date = "Fri, 20 Nov 2026 17:59:50 GMT";
        assert_eq!(seconds("Fri, 20 Nov 2026 18:00:00 GMT", Some(date)), Some(10));
        assert_eq!(seconds("Fri, 20 Nov 2026 18:00:05 GMT", Some("garbage")), Some(5));
    }

    #[test]
    fn what_asks_for_no_wait_counts_as_absent() {
        for value in [
            "",
            "0",
            "-5",
            "1.5",
            "+3",
            "soon",
            "5 s",
            "0x10",
            "Fri, 20 Nov 2026 18:00:00 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Fri, 31 Feb 2027 18:00:00 GMT",
            "Fri, 20 Nov 2026 18:00:07 CET",
            "Fri, 20 Nov 202 18:00:07 GMT",
            "Fri, 20 Nvo 2026 18:00:07 GMT",
            "Fri, 20 Nov 2026 25:00:07 GMT",
        ] {
            assert_eq!(seconds(value, None), None, "{value:?}");
        }
        assert_eq!(read(None, None, Timestamp::parse("2026-11-20T18:00:00Z").unwrap()), None);
    }
}
