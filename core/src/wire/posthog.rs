//! PostHog's capture protocol, version 0: `POST {endpoint}/batch/`, one status for the whole batch.

use super::{Answer, Destination, EventHead};
use crate::clock::Timestamp;
use crate::config::Compression;
use crate::error::Error;
use crate::event::{Common, Options, Properties};
use crate::json::Writer;
use crate::transport::{Request, Response};
use std::io::Write;

const LIB: &str = "overt";
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Longer keys are not PostHog's; the limit keeps a pasted file from becoming a key.
const MAX_KEY_BYTES: usize = 64;

/// Hosts of the web application that people paste, and where their events go.
const INGESTION_HOSTS: [(&str, &str); 4] = [
    ("", "https://us.i.posthog.com"),
    ("https://app.posthog.com", "https://us.i.posthog.com"),
    ("https://us.posthog.com", "https://us.i.posthog.com"),
    ("https://eu.posthog.com", "https://eu.i.posthog.com"),
];

pub(super) fn endpoint(given: &str) -> String {
    let bare = given.trim().trim_end_matches('/');
    INGESTION_HOSTS.iter().find(|(known, _)| *known == bare).map_or(bare, |(_, host)| host).to_owned()
}

pub(super) fn check_key(key: &str) -> Result<(), Error> {
    if key.len() > MAX_KEY_BYTES || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::config("api_key: a key has 1 to 64 visible ASCII characters"));
    }
    if key.starts_with("phx_") {
        return Err(Error::config(
            "api_key: this is a personal key (phx_…), which is secret; use the project's (phc_…)",
        ));
    }
    Ok(())
}

pub(super) fn add_common(common: &mut Common, disable_geoip: bool, person_profiles: bool) {
    common.reserve("$lib", |w| w.str(LIB));
    common.reserve("$lib_version", |w| w.str(VERSION));
    if disable_geoip {
        common.reserve("$geoip_disable", |w| w.bool(true));
    }
    if !person_profiles {
        common.set("$process_person_profile", |w| w.bool(false));
    }
}

pub(super) fn write_event(
    out: &mut Vec<u8>,
    head: &EventHead<'_>,
    common: &Common,
    fill: impl FnOnce(&mut Properties<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut uuid = uuid::Uuid::encode_buffer();
    out.extend_from_slice(b"{\"event\":");
    Writer::new(out).str(head.event.name);
    out.extend_from_slice(b",\"uuid\":\"");
    out.extend_from_slice(head.uuid.hyphenated().encode_lower(&mut uuid).as_bytes());
    out.extend_from_slice(b"\",\"distinct_id\":");
    Writer::new(out).str(head.distinct_id);
    out.extend_from_slice(b",\"timestamp\":\"");
    head.timestamp.write(out);
    out.extend_from_slice(b"\",\"properties\":{");
    let mut properties = Properties::new(out, common);
    fill(&mut properties)?;
    write_options(&mut properties, &head.event.options);
    properties.finish();
    out.extend_from_slice(b"}}");
    Ok(())
}

/// In this version options are properties with reserved names.
fn write_options(properties: &mut Properties<'_>, options: &Options<'_>) {
    for (key, value) in [
        ("$process_person_profile", options.process_person_profile),
        ("$cookieless_mode", options.cookieless_mode),
        ("$ignore_sent_at", options.disable_skew_correction),
    ] {
        if let Some(value) = value {
            properties.set(key, |w| w.bool(value));
        }
    }
    for (key, value) in [
        ("$product_tour_id", &options.product_tour_id),
        ("$session_id", &options.session_id),
        ("$window_id", &options.window_id),
    ] {
        if let Some(value) = value {
            properties.set(key, |w| w.str(value));
        }
    }
}

pub(super) fn request(to: &Destination, lines: &[u8], now: Timestamp) -> Request {
    let mut body = Vec::with_capacity(lines.len() + 200);
    body.extend_from_slice(b"{\"api_key\":");
    Writer::new(&mut body).str(&to.api_key);
    body.extend_from_slice(b",\"batch\":[");
    body.extend_from_slice(lines);
    // The moment of this attempt: the server corrects a spooled event's clock by it.
    body.extend_from_slice(b"],\"sent_at\":\"");
    now.write(&mut body);
    body.push(b'"');
    if to.historical_migration {
        body.extend_from_slice(b",\"historical_migration\":true");
    }
    body.push(b'}');

    let mut url = format!("{}/batch/", to.endpoint);
    let mut headers = vec![
        ("Content-Type".to_owned(), "application/json".to_owned()),
        ("User-Agent".to_owned(), format!("{LIB}/{VERSION}")),
    ];
    if let Some(packed) = pack(to.compression, &body) {
        url.push_str("?compression=gzip");
        headers.push(("Content-Encoding".to_owned(), "gzip".to_owned()));
        body = packed;
    }
    headers.extend(to.extra_headers.iter().cloned());
    Request { url, headers, body }
}

fn pack(compression: Compression, body: &[u8]) -> Option<Vec<u8>> {
    match compression {
        Compression::None => None,
        Compression::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(body).ok()?;
            encoder.finish().ok()
        }
    }
}

pub(super) fn read(response: &Response) -> Answer {
    match response.status {
        200..=299 => Answer::Delivered,
        413 => Answer::TooLarge,
        // A 1xx is no answer: the one that would have followed was cut off.
        100..=199 | 408 | 429 | 500..=599 => Answer::Retry { after_seconds: response.retry_after_seconds },
        _ => Answer::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::wire::Wire;
    use std::io::Read;

    fn destination() -> Destination {
        Destination {
            wire: Wire::PostHog,
            endpoint: "https://e.example".into(),
            api_key: "phc_k".into(),
            compression: Compression::None,
            historical_migration: false,
            extra_headers: vec![("X-Tool".into(), "1".into())],
        }
    }

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-20T18:10:36.493Z").unwrap()
    }

    #[test]
    fn hosts_are_brought_to_their_ingestion_form() {
        for (given, expected) in [
            ("", "https://us.i.posthog.com"),
            (" https://app.posthog.com/ ", "https://us.i.posthog.com"),
            ("https://us.posthog.com", "https://us.i.posthog.com"),
            ("https://eu.posthog.com/", "https://eu.i.posthog.com"),
            ("https://eu.i.posthog.com", "https://eu.i.posthog.com"),
            ("http://127.0.0.1:8990/base/", "http://127.0.0.1:8990/base"),
        ] {
            assert_eq!(endpoint(given), expected);
        }
    }

    #[test]
    fn keys_that_are_none_are_refused() {
        assert!(check_key("phc_abc").is_ok() && check_key(&"k".repeat(64)).is_ok());
        for key in ["phx_secret", "with space", "grüße", &"k".repeat(65)] {
            assert!(check_key(key).unwrap_err().to_string().starts_with("api_key: "), "{key}");
        }
        assert!(!check_key("phx_secret").unwrap_err().to_string().contains("secret,"));
    }

    #[test]
    fn an_event_reads_as_in_the_protocol() {
        let mut common = Common::default();
        add_common(&mut common, true, false);
        let mut event = Event::new("run \"x\"");
        event.options.process_person_profile = Some(true);
        event.options.session_id = Some("s1".into());
        let uuid = uuid::Uuid::from_u128(0x019a_a25a_3dcd_7000_8000_0000_0000_0001);
        let head = EventHead { event: &event, uuid, timestamp: now(), distinct_id: "d" };
        let mut out = Vec::new();
        write_event(&mut out, &head, &common, |p| p.json_object("{\"n\": 1}")).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            concat!(
                r#"{"event":"run \"x\"","uuid":"019aa25a-3dcd-7000-8000-000000000001","distinct_id":"d","#,
                r#""timestamp":"2026-11-20T18:10:36.493Z","properties":{"n":1,"$process_person_profile":true,"#,
                r#""$session_id":"s1","$lib":"overt","$lib_version":""#,
                env!("CARGO_PKG_VERSION"),
                r#"","$geoip_disable":true}}"#
            )
        );
    }

    #[test]
    fn a_request_carries_key_lines_and_the_moment_of_sending() {
        let request = request(&destination(), br#"{"a":1},{"b":2}"#, now());
        assert_eq!(request.url, "https://e.example/batch/");
        assert_eq!(
            String::from_utf8(request.body).unwrap(),
            r#"{"api_key":"phc_k","batch":[{"a":1},{"b":2}],"sent_at":"2026-11-20T18:10:36.493Z"}"#
        );
        let names: Vec<_> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Content-Type", "User-Agent", "X-Tool"]);
    }

    #[test]
    fn gzip_is_said_twice_and_unpacks_to_the_same_body() {
        let to = Destination { compression: Compression::Gzip, historical_migration: true, ..destination() };
        let request = request(&to, b"{}", now());
        assert!(request.url.ends_with("/batch/?compression=gzip"));
        assert!(request.headers.contains(&("Content-Encoding".into(), "gzip".into())));
        let mut body = String::new();
        flate2::read::GzDecoder::new(request.body.as_slice()).read_to_string(&mut body).unwrap();
        assert!(body.ends_with(r#""historical_migration":true}"#), "{body}");
    }

    #[test]
    fn every_status_has_one_meaning() {
        for status in 100..600_u16 {
            let response = Response { status, retry_after_seconds: Some(7), ..Response::default() };
            let expected = match status {
                200..=299 => Answer::Delivered,
                413 => Answer::TooLarge,
                408 | 429 | 500.. | 100..=199 => Answer::Retry { after_seconds: Some(7) },
                _ => Answer::Refused,
            };
            assert_eq!(read(&response), expected, "{status}");
        }
    }
}
