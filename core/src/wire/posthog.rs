//! PostHog's capture protocol, version 0: `POST {endpoint}/batch/`, one status for the whole batch.

use super::{Answer, Attempt, Destination, LIB, VERSION};
use crate::event::{Common, Options, Properties};
use crate::json::Writer;
use crate::transport::{Request, Response};
use std::time::Duration;

/// Which library made the event.
pub(super) fn add_library(common: &mut Common) {
    common.reserve("$lib", |w| w.str(LIB));
    common.reserve("$lib_version", |w| w.str(VERSION));
}

/// In this version options are properties with reserved names.
pub(super) fn write_options(properties: &mut Properties<'_>, options: &Options<'_>) {
    for (key, value) in [
        ("$process_person_profile", options.process_person_profile),
        ("$cookieless_mode", options.cookieless_mode),
        ("$ignore_sent_at", options.disable_skew_correction),
    ] {
        if let Some(value) = value {
            properties.settle(key, |w| w.bool(value));
        }
    }
    for (key, value) in [
        ("$product_tour_id", &options.product_tour_id),
        ("$session_id", &options.session_id),
        ("$window_id", &options.window_id),
    ] {
        if let Some(value) = value {
            properties.settle(key, |w| w.str(value));
        }
    }
}

pub(super) fn request(to: &Destination, lines: &[u8], attempt: &Attempt) -> Request {
    let mut body = Vec::with_capacity(lines.len() + 200);
    body.extend_from_slice(b"{\"api_key\":");
    Writer::new(&mut body).str(&to.api_key);
    body.extend_from_slice(b",\"batch\":[");
    body.extend_from_slice(lines);
    // The moment of this attempt: the server corrects a spooled event's clock by it.
    body.extend_from_slice(b"],\"sent_at\":\"");
    attempt.now.write(&mut body);
    body.push(b'"');
    if to.historical_migration {
        body.extend_from_slice(b",\"historical_migration\":true");
    }
    body.push(b'}');

    let mut request = Request { url: format!("{}/batch/", to.endpoint), headers: super::headers(), body };
    if let Some(encoding) = super::body::pack(to.compression, &mut request) {
        request.url.push_str("?compression=");
        request.url.push_str(encoding);
    }
    request.headers.extend(to.extra_headers.iter().cloned());
    request
}

pub(super) fn read(response: &Response, after: Option<Duration>) -> Answer {
    match response.status {
        200..=299 => Answer::Delivered,
        413 => Answer::TooLarge,
        // A 1xx is no answer: the one that would have followed was cut off.
        100..=199 | 408 | 429 | 500..=599 => Answer::Retry { after },
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
    use std::io::Read;

    #[test]
    fn an_event_reads_as_in_the_protocol() {
        let mut event = Event::new("run \"x\"");
        event.options.process_person_profile = Some(true);
        event.options.session_id = Some("s1".into());
        assert_eq!(
            event_line(Wire::PostHog, &event, |p| p.json_object("{\"n\": 1}")),
            concat!(
                r#"{"uuid":"019aa25a-3dcd-7000-8000-000000000001","event":"run \"x\"","distinct_id":"d","#,
                r#""timestamp":"2026-11-20T18:10:36.493Z","properties":{"$process_person_profile":true,"#,
                r#""$session_id":"s1","n":1,"$lib":"overt","$lib_version":""#,
                env!("CARGO_PKG_VERSION"),
                r#"","$geoip_disable":true}}"#
            )
        );
    }

    #[test]
    fn an_option_wins_over_a_property_that_means_the_same() {
        let mut event = Event::new("run");
        event.options.process_person_profile = Some(true);
        let line = event_line(Wire::PostHog, &event, |p| p.json_object(r#"{"$process_person_profile":false,"n":1}"#));
        assert!(line.contains(r#""properties":{"$process_person_profile":true,"n":1,"$lib""#), "{line}");
    }

    #[test]
    fn a_request_carries_key_lines_and_the_moment_of_sending() {
        let request = request(&destination(Wire::PostHog), br#"{"a":1},{"b":2}"#, &attempt());
        assert_eq!(request.url, "https://e.example/batch/");
        assert_eq!(
            String::from_utf8(request.body).unwrap(),
            r#"{"api_key":"phc_k","batch":[{"a":1},{"b":2}],"sent_at":"2026-11-20T18:10:37.493Z"}"#
        );
        let names: Vec<_> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Content-Type", "User-Agent", "X-Tool"]);
    }

    #[test]
    fn gzip_is_said_twice_and_unpacks_to_the_same_body() {
        let to =
            Destination { compression: Compression::Gzip, historical_migration: true, ..destination(Wire::PostHog) };
        let request = request(&to, b"{}", &attempt());
        assert!(request.url.ends_with("/batch/?compression=gzip"));
        assert!(request.headers.contains(&("Content-Encoding".into(), "gzip".into())));
        let mut body = String::new();
        flate2::read::GzDecoder::new(request.body.as_slice()).read_to_string(&mut body).unwrap();
        assert!(body.ends_with(r#""historical_migration":true}"#), "{body}");
    }

    #[test]
    fn every_status_has_one_meaning() {
        let after = Some(Duration::from_secs(7));
        for status in 100..600_u16 {
            let response = Response { status, ..Response::default() };
            let expected = match status {
                200..=299 => Answer::Delivered,
                413 => Answer::TooLarge,
                408 | 429 | 500.. | 100..=199 => Answer::Retry { after },
                _ => Answer::Refused,
            };
            assert_eq!(read(&response, after), expected, "{status}");
        }
    }
}
