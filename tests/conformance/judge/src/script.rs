//! The server's part: scripted answers, made when the request is there.

use crate::contract::{Play, Wire};
use crate::placeholders;
use crate::seen;
use crate::time::{self, HttpDate};
use overt_tests::{Answer, Recorded, Reply};
use std::time::{Duration, SystemTime};
use toml::Value;

/// An event that no request holds.
const STRANGER: &str = "01a1fa27-374d-7000-8000-00000000dead";

/// What the server does with a request. `url` is its own.
pub fn answer(play: &Play, wire: Wire, url: &str) -> Answer {
    if play.silence {
        return Answer::Silence;
    }
    if play.hang_up {
        return Answer::HangUp;
    }
    let (play, url) = (play.clone(), url.to_owned());
    Answer::made(move |request| reply(&play, wire, &url, request))
}

fn reply(play: &Play, wire: Wire, url: &str, request: &Recorded) -> Reply {
    let now = time::micros(SystemTime::now()).div_euclid(1_000_000);
    let lookup = |name: &str| value(name, url, now);
    let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    // Always ours, so that a date in another header is later than `Date` by exactly what the contract says.
    headers.push(("date".to_owned(), HttpDate::Imf.write(now)));
    for (name, text) in &play.headers {
        headers.push((name.clone(), placeholders::fill_text(text, &lookup).unwrap_or_default()));
    }
    let status = play.status.unwrap_or(200);
    let body = play.body.clone().unwrap_or_else(|| match (wire, status) {
        (Wire::V1, 200) => results(play, request),
        // What PACE's server says; the status is all that the other path is asked for.
        (Wire::Counters, 200) => "OK".to_owned(),
        (_, 200..=299) => "{\"status\":1}".to_owned(),
        _ => String::new(),
    });
    Reply { status, headers, body, after: Duration::from_millis(play.after_ms) }
}

/// The value of a name that an answer may use.
fn value(name: &str, url: &str, now: i64) -> Option<Value> {
    let (bare, later) = match (name.split_once('+'), name.split_once('-')) {
        (Some((bare, seconds)), _) => (bare, seconds.parse::<i64>().ok()?),
        (_, Some((bare, seconds))) => (bare, -seconds.parse::<i64>().ok()?),
        _ => (name, 0),
    };
    Some(Value::String(match bare {
        "server" => url.to_owned(),
        "localhost" => url.replace("127.0.0.1", "localhost"),
        "imf_date" => HttpDate::Imf.write(now + later),
        "rfc850_date" => HttpDate::Rfc850.write(now + later),
        "asctime_date" => HttpDate::Asctime.write(now + later),
        _ => return None,
    }))
}

/// The results of v1, last event first: who reads them by position reads them wrong.
fn results(play: &Play, request: &Recorded) -> String {
    let uuids = seen::uuids(request);
    let word = |place: usize| match &play.results {
        None => "ok".to_owned(),
        Some(words) => words.get(place).cloned().unwrap_or_else(|| "absent".to_owned()),
    };
    let of_events = uuids.iter().enumerate().rev().map(|(place, uuid)| (uuid.clone(), word(place)));
    let stranger = play.stranger.clone().map(|word| (STRANGER.to_owned(), word));
    let entries: Vec<String> = stranger
        .into_iter()
        .chain(of_events)
        .filter(|(_, word)| word != "absent")
        .map(|(uuid, word)| format!("\"{uuid}\":{{\"result\":\"{word}\",\"details\":\"as in the contract\"}}"))
        .collect();
    format!("{{\"results\":{{{}}}}}", entries.join(","))
}
