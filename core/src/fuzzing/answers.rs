//! What a server sends.

use super::{now, parts};
use crate::clock::Timestamp;
use crate::retry::{self, Next, Outcome, Policy};
use crate::transport::{self, MAX_ANSWER_BYTES, NoAnswer, Response};
use crate::wire::{Answer, Fate, Wire};
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::time::Duration;

/// An answer ends with a response or none, within the limits, however its bytes arrive. The first byte says how many come
/// at once; what follows a separator comes again and again.
pub(super) fn http(data: &[u8]) {
    let Some((how, answer)) = data.split_first() else { return };
    let mut parts = parts(answer);
    let (answer, again) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let response = play(answer, again, [7, 1_000, usize::MAX][usize::from(*how) % 3], usize::MAX);
    assert_eq!(play(answer, again, 1, usize::MAX), response, "it depends on how the bytes arrive");
    if let Ok(refusal) = play(answer, again, usize::MAX, 5) {
        assert!(refusal.status >= 300, "nobody has what was not sent");
    }
    let Ok(response) = response else { return };
    assert!(response.status == 101 || !(100..200).contains(&response.status), "an interim answer");
    assert!(response.body.len() as u64 <= MAX_ANSWER_BYTES);
    judge(&response);
}

fn play(answer: &[u8], again: &[u8], at_once: usize, takes: usize) -> Result<Response, NoAnswer> {
    let mut server = Server { left: answer, again, at_once, sent: 0, takes };
    let response = transport::exchange(&mut server, b"POST", b"body");
    // A head, a body, as much again for what stands around its chunks, and what a buffer reads ahead.
    let most = MAX_HEAD_BYTES + 2 * MAX_ANSWER_BYTES + 8 * 1024;
    assert!(server.sent <= most, "{} bytes were read", server.sent);
    response
}

/// The limit of `exchange`, which is not public.
const MAX_HEAD_BYTES: u64 = 64 * 1024;

/// The other end of a connection.
struct Server<'a> {
    left: &'a [u8],
    again: &'a [u8],
    at_once: usize,
    sent: u64,
    /// After so many bytes it hangs up.
    takes: usize,
}

impl Read for Server<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left.is_empty() {
            self.left = self.again;
        }
        let room = buffer.len().min(self.at_once);
        let read = self.left.read(&mut buffer[..room])?;
        self.sent += read as u64;
        Ok(read)
    }
}

impl Write for Server<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.takes);
        self.takes -= taken;
        if taken == 0 { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(taken) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const UUIDS: [Option<&str>; 4] = [Some("a"), Some("019aa25a-3dcd-7000-8000-000000000001"), Some(""), None];

/// An answer has a meaning in each protocol, and what follows is never a longer pause than the longest.
fn judge(response: &Response) -> [Answer; 2] {
    [Wire::PostHog, Wire::PostHogV1].map(|wire| {
        let answer = wire.read(response, UUIDS.into_iter(), now());
        if let Answer::Each { fates, .. } = &answer {
            assert_eq!(fates.len(), UUIDS.len());
        }
        let policy = Policy { max_retries: 3, events: UUIDS.len() };
        for attempt in 1..5 {
            match retry::next(&Outcome::Answered(answer.clone()), attempt, policy, 0.99) {
                Next::Again(pause) => assert!(attempt < 4 && !pause.is_zero() && pause <= Duration::from_secs(30)),
                Next::Park => assert_eq!(attempt, 4),
                _ => {}
            }
        }
        answer
    })
}

/// The body of an answer of version 1: no event has another fate than the one that stands there for its UUID.
pub(super) fn results(data: &[u8]) {
    let response = Response { status: 200, body: data.to_vec(), ..Response::default() };
    let [_, Answer::Each { fates, after: None }] = judge(&response) else { panic!("results for each event") };
    let body = String::from_utf8_lossy(data);
    for (uuid, fate) in UUIDS.into_iter().zip(fates) {
        let result = uuid.and_then(|uuid| member(member(member(&body, "results")?, uuid)?, "result"));
        let word = result.and_then(|result| serde_json::from_str::<String>(result).ok());
        let word = word.as_deref();
        match fate {
            Fate::Delivered => assert!(matches!(word, Some("ok" | "warning" | "limited"))),
            Fate::Refused => assert_eq!(word, Some("drop")),
            Fate::Again => assert_eq!(word, Some("retry")),
            Fate::Unconfirmed => {}
        }
    }
}

/// The last member of this name; nothing is asked of the others but that they are JSON.
fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    let members = serde_json::from_str::<HashMap<String, &'a RawValue>>(object).ok()?;
    members.get(name).map(|value| value.get())
}

/// `Retry-After` and `Date`: digits are seconds, a date is a date, and anything else is absent.
pub(super) fn retry_after(data: &[u8]) {
    let texts: Vec<_> = parts(data).map(|part| String::from_utf8_lossy(part).into_owned()).collect();
    let wait = |value: &str, date: Option<&String>| {
        let retry_after = Some(value.to_owned());
        let response = Response { status: 503, retry_after, date: date.cloned(), body: Vec::new() };
        let [Answer::Retry { after }, Answer::Retry { after: the_same }] = judge(&response) else { panic!("503") };
        assert_eq!(after, the_same);
        assert!(after.is_none_or(|after| !after.is_zero()));
        after
    };
    let value = texts[0].trim();
    if let Some(after) = wait(value, texts.get(1)) {
        let seconds = value.bytes().all(|byte| byte.is_ascii_digit());
        assert!(seconds || after < Duration::from_secs(10_000 * 366 * 86_400), "{after:?}");
        assert!(!seconds || after.as_secs() == value.parse().unwrap_or(u64::MAX));
    }
    // Any second of the years that a server can mean, in each of the three forms.
    let Some(bytes) = data.first_chunk() else { return };
    let moment = Timestamp::from_unix_millis_saturating(u64::from_be_bytes(*bytes) % 253_402_300_800_000 / 1000 * 1000);
    let text = moment.to_string();
    let month = text[5..7].parse::<usize>().unwrap() - 1;
    let month = "JanFebMarAprMayJunJulAugSepOctNovDec".get(3 * month..3 * month + 3).unwrap();
    let (year, day, time) = (&text[..4], &text[8..10], &text[11..19]);
    let expected = Some(moment.since(now())).filter(|wait| !wait.is_zero());
    assert_eq!(wait(&format!("Sun, {day} {month} {year} {time} GMT"), None), expected, "{text}");
    assert_eq!(wait(&format!("Sun {month} {day:>2} {time} {year}"), None), expected, "{text}");
    if (1970..2070).contains(&year.parse::<u32>().unwrap()) {
        assert_eq!(wait(&format!("Sunday, {day}-{month}-{} {time} GMT", &year[2..]), None), expected, "{text}");
    }
}
