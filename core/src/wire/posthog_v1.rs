//! PostHog's capture protocol, version 1: `POST {endpoint}/i/v1/analytics/events`, a result for each event.

use super::{Answer, Attempt, Destination, Fate};
use crate::event::{Lifted, Options};
use crate::json::Writer;
use crate::transport::{Request, Response};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// Properties of version 0 that are options or members of the event here, and the event's own distinct ID, which must
/// not stand among its properties.
pub(super) const LIFTED: &[&str] = &[
    "$process_person_profile",
    "$cookieless_mode",
    "$ignore_sent_at",
    "$product_tour_id",
    "$session_id",
    "$window_id",
    "distinct_id",
];

/// Writes what stands beside the properties: the options, and the members that were properties in version 0.
pub(super) fn write_beside(out: &mut Vec<u8>, options: &Options<'_>, lifted: &Lifted) {
    out.extend_from_slice(b",\"options\":{");
    write_options(&mut Writer::new(out), options, lifted);
    out.push(b'}');
    for (name, given, property) in
        [("session_id", &options.session_id, "$session_id"), ("window_id", &options.window_id, "$window_id")]
    {
        if let Some(text) = given.as_deref().map(str::to_owned).or_else(|| last(lifted, property, string)) {
            let mut writer = Writer::new(out);
            writer.key(name);
            writer.str(&text);
        }
    }
}

fn write_options(writer: &mut Writer<'_>, options: &Options<'_>, lifted: &Lifted) {
    for (name, given, property) in [
        ("cookieless_mode", options.cookieless_mode, "$cookieless_mode"),
        ("disable_skew_correction", options.disable_skew_correction, "$ignore_sent_at"),
        ("process_person_profile", options.process_person_profile, "$process_person_profile"),
    ] {
        if let Some(value) = given.or_else(|| last(lifted, property, boolean)) {
            writer.key(name);
            writer.bool(value);
        }
    }
    let tour = options.product_tour_id.as_deref().map(str::to_owned);
    if let Some(tour) = tour.or_else(|| last(lifted, "$product_tour_id", string)) {
        writer.key("product_tour_id");
        writer.str(&tour);
    }
}

/// The last of the properties of this name that can be read: an event's own before the common one, whose anonymity a
/// value that means nothing does not undo.
fn last<T>(lifted: &Lifted, property: &str, read: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
    lifted.iter().rev().filter(|(name, _)| *name == property).find_map(|(_, value)| read(value))
}

/// A wrong JSON type can fail a whole batch, so what means a boolean becomes one, and anything else is left out.
fn boolean(json: &[u8]) -> Option<bool> {
    match json {
        b"true" => Some(true),
        b"false" => Some(false),
        [b'"', ..] => match string(json)?.to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        number => std::str::from_utf8(number).ok()?.parse::<f64>().ok().map(|number| number != 0.0),
    }
}

fn string(json: &[u8]) -> Option<String> {
    serde_json::from_slice(json).ok()
}

pub(super) fn request(to: &Destination, lines: &[u8], attempt: &Attempt) -> Request {
    let mut body = Vec::with_capacity(lines.len() + 100);
    body.extend_from_slice(b"{\"created_at\":\"");
    attempt.batch.formed_at.write(&mut body);
    body.extend_from_slice(b"\",\"batch\":[");
    body.extend_from_slice(lines);
    body.push(b']');
    if to.historical_migration {
        body.extend_from_slice(b",\"historical_migration\":true");
    }
    body.push(b'}');

    let mut headers = super::headers();
    for (name, value) in [
        ("Authorization", format!("Bearer {}", to.api_key)),
        ("PostHog-Sdk-Info", super::product()),
        ("PostHog-Attempt", attempt.number.to_string()),
        ("PostHog-Request-Id", attempt.batch.request_id.to_string()),
        ("PostHog-Request-Timestamp", attempt.now.to_string()),
    ] {
        headers.push((name.to_owned(), value));
    }
    let mut request = Request { url: format!("{}/i/v1/analytics/events", to.endpoint), headers, body };
    super::body::pack(to.compression, &mut request);
    request.headers.extend(to.extra_headers.iter().cloned());
    request
}

/// Whether a header of this name, in lower case, is this protocol's own.
pub(super) fn sets_header(name: &str) -> bool {
    name == "authorization" || name.starts_with("posthog-")
}

/// The body of a 200.
#[derive(Deserialize)]
struct Results<'a> {
    #[serde(borrow)]
    results: BTreeMap<&'a str, Verdict<'a>>,
}

#[derive(Deserialize)]
struct Verdict<'a> {
    #[serde(borrow)]
    result: std::borrow::Cow<'a, str>,
}

pub(super) fn read<'u>(
    response: &Response,
    uuids: impl Iterator<Item = Option<&'u str>>,
    after: Option<Duration>,
) -> Answer {
    match response.status {
        200 => {
            let results = serde_json::from_slice::<Results<'_>>(&response.body).map(|body| body.results);
            let results = results.unwrap_or_default();
            let fate = |uuid: Option<&str>| match results.get(uuid?)?.result.as_ref() {
                "ok" | "warning" | "limited" => Some(Fate::Delivered),
                "drop" => Some(Fate::Refused),
                "retry" => Some(Fate::Again),
                _ => None,
            };
            // A word that we do not know, no word at all, an unreadable body: the server has had the events.
            Answer::Each { fates: uuids.map(|uuid| fate(uuid).unwrap_or(Fate::Unconfirmed)).collect(), after }
        }
        201..=299 => Answer::Delivered,
        413 => Answer::TooLarge,
        // A 1xx is no answer: the one that would have followed was cut off.
        100..=199 | 408 | 500 | 502 | 503 | 504 => Answer::Retry { after },
        429 if after.is_some() => Answer::Retry { after },
        _ => Answer::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{attempt, destination, event_line};
    use super::*;
    use crate::event::Event;
    use crate::wire::Compression;
    use crate::wire::Wire;

    fn line(fill: &str, options: Options<'_>) -> serde_json::Value {
        let mut event = Event::new("run");
        event.options = options;
        let text = event_line(Wire::PostHogV1, &event, |p| p.json_object(fill));
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn an_event_has_its_options_beside_its_properties() {
        let mut event = Event::new("run \"x\"");
        event.options.cookieless_mode = Some(true);
        let text = event_line(Wire::PostHogV1, &event, |p| p.json_object("{\"n\": 1}"));
        assert_eq!(
            text,
            concat!(
                r#"{"uuid":"019aa25a-3dcd-7000-8000-000000000001","event":"run \"x\"","distinct_id":"d","#,
                r#""timestamp":"2026-11-20T18:10:36.493Z","properties":{"n":1,"$geoip_disable":true},"#,
                r#""options":{"cookieless_mode":true,"process_person_profile":false}}"#
            )
        );
    }

    #[test]
    fn sentinels_leave_the_properties_and_become_options() {
        let event = line(
            r#"{"$cookieless_mode":"TRUE","$ignore_sent_at":0,"$process_person_profile":1,"$product_tour_id":"t",
                "$session_id":"s","$window_id":"w","distinct_id":"x","$set":{"a":1},"$groups":{"g":"1"}}"#,
            Options::default(),
        );
        assert_eq!(
            event["options"],
            serde_json::json!({"cookieless_mode": true, "disable_skew_correction": false,
                "process_person_profile": true, "product_tour_id": "t"})
        );
        assert_eq!((&event["session_id"], &event["window_id"]), (&"s".into(), &"w".into()));
        let expected = serde_json::json!({"$set": {"a": 1}, "$groups": {"g": "1"}, "$geoip_disable": true});
        assert_eq!(event["properties"], expected);
    }

    #[test]
    fn what_is_no_boolean_or_no_string_is_left_out() {
        for value in ["null", "\"yes\"", "[]", "{}", "\"\""] {
            let event = line(&format!(r#"{{"$cookieless_mode":{value}}}"#), Options::default());
            assert_eq!(event["options"], serde_json::json!({"process_person_profile": false}), "{value}");
        }
        let event = line(r#"{"$session_id":1,"$window_id":null,"$product_tour_id":true}"#, Options::default());
        assert_eq!((event.get("session_id"), event.get("window_id")), (None, None));
        assert_eq!(event["options"], serde_json::json!({"process_person_profile": false}));
    }

    #[test]
    fn a_value_that_means_nothing_does_not_undo_an_anonymous_default() {
        let event = line(r#"{"$process_person_profile":"yes"}"#, Options::default());
        assert_eq!(event["options"], serde_json::json!({"process_person_profile": false}));
    }

    #[test]
    fn an_option_wins_over_a_sentinel() {
        let options =
            Options { process_person_profile: Some(true), session_id: Some("o".into()), ..Options::default() };
        let event = line(r#"{"$process_person_profile":false,"$session_id":"p"}"#, options);
        assert_eq!(event["options"]["process_person_profile"], true);
        assert_eq!(event["session_id"], "o");
    }

    #[test]
    fn a_request_says_who_it_is_in_its_headers() {
        let to = destination(Wire::PostHogV1);
        let mut second = attempt();
        second.number = 2;
        let request = request(&to, b"{}", &second);
        assert_eq!(request.url, "https://e.example/i/v1/analytics/events");
        assert_eq!(
            String::from_utf8(request.body).unwrap(),
            r#"{"created_at":"2026-11-20T18:10:36.493Z","batch":[{}]}"#
        );
        let header = |name: &str| {
            let found = request.headers.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str())
        };
        assert_eq!(header("Authorization"), Some("Bearer phc_k"));
        assert_eq!(header("PostHog-Attempt"), Some("2"));
        assert_eq!(header("PostHog-Request-Id"), Some("00000000-0000-0000-0000-000000000007"));
        assert_eq!(header("PostHog-Request-Timestamp"), Some("2026-11-20T18:10:37.493Z"));
        assert_eq!(header("PostHog-Sdk-Info"), header("User-Agent"));
        assert_eq!((header("Content-Encoding"), header("X-Tool")), (None, Some("1")));
        let packed = Destination { compression: Compression::Deflate, ..to };
        let request = super::request(&packed, b"{}", &second);
        assert!(request.headers.contains(&("Content-Encoding".into(), "deflate".into())));
        assert!(!request.url.contains("compression"));
    }

    #[test]
    fn each_event_is_judged_by_its_uuid() {
        let body = br#"{"results":{"e":{"result":"retry"},"a":{"result":"ok","details":"x"},"b":{"result":"warning"},
            "c":{"result":"limited"},"d":{"result":"drop"},"f":{"result":"what"},"x":{"result":"drop"}}}"#;
        let response = Response { status: 200, body: body.to_vec(), ..Response::default() };
        let uuids = ["a", "b", "c", "d", "e", "f", "g"].map(Some).into_iter().chain([None]);
        use Fate::{Again, Delivered, Refused, Unconfirmed};
        let fates = vec![Delivered, Delivered, Delivered, Refused, Again, Unconfirmed, Unconfirmed, Unconfirmed];
        assert_eq!(read(&response, uuids, None), Answer::Each { fates, after: None });
        for unreadable in ["", "{", "[]", "{\"results\":[]}", "\u{fffd}"] {
            let response = Response { status: 200, body: unreadable.into(), ..Response::default() };
            let expected = Answer::Each { fates: vec![Unconfirmed], after: None };
            assert_eq!(read(&response, [Some("a")].into_iter(), None), expected, "{unreadable}");
        }
    }

    #[test]
    fn every_status_has_one_meaning() {
        for status in (100..600_u16).filter(|status| *status != 200) {
            for after in [None, Some(Duration::from_secs(7))] {
                let response = Response { status, ..Response::default() };
                let expected = match (status, after) {
                    (201..=299, _) => Answer::Delivered,
                    (413, _) => Answer::TooLarge,
                    (100..=199 | 408 | 500 | 502 | 503 | 504, _) | (429, Some(_)) => Answer::Retry { after },
                    _ => Answer::Refused,
                };
                assert_eq!(read(&response, std::iter::empty(), after), expected, "{status}");
            }
        }
    }
}
