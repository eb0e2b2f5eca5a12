//! Secrets in every place where a host can put one: no public type's `Debug` output, and no error, has any of them.

mod common;

use common::{client, config};
use overt::{Event, Options, Request, Response, Timestamp, Upload, Variables};
use overt_tests::refused_url;

const SECRET: &str = "SECRET, expected SECRET";

fn options() -> Options<'static> {
    let mut options = Options::default();
    options.process_person_profile = Some(true);
    options.product_tour_id = Some(SECRET.into());
    options.session_id = Some(SECRET.into());
    options.window_id = Some(SECRET.into());
    options
}

#[test]
fn no_types_debug_output_has_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut event = Event::new(SECRET);
    event.distinct_id = Some(SECRET);
    event.timestamp = Some(Timestamp::parse("2026-11-20T18:10:36Z").unwrap());
    event.options = options();
    let headers = vec![("Authorization".to_owned(), format!("Bearer {SECRET}"))];
    let request = Request { url: "https://h/batch/".into(), headers, body: SECRET.into() };
    let response = Response { status: 200, body: SECRET.into(), ..Response::default() };
    let variables: Variables = [("https_proxy", SECRET), ("TOKEN", SECRET)].into_iter().collect();
    let mut config = config(&refused_url(), dir.path());
    config.api_key = "phc_SECRET".into();
    config.extra_headers = vec![("X-Token".into(), "SECRET".into())];
    config.super_properties = r#"{"SECRET":"SECRET"}"#.into();
    config.background = false;
    let mut said = vec![format!("{config:?}")];
    let client = client(config);
    client
        .capture(&event, |properties| {
            properties.json_object(r#"{"SECRET":"SECRET"}"#)?;
            properties.set("SECRET", |writer| {
                writer.str(SECRET);
                said.push(format!("{writer:?}"));
            });
            said.push(format!("{properties:?}"));
            Ok(())
        })
        .unwrap();
    assert_eq!(client.pending().len(), 1);
    said.push(format!("{client:?} {event:?} {:?} {request:?} {response:?} {variables:?}", event.options));
    said.push(format!("{:?} {:?} {:?}", client.stats(), client.consent(), client.ledger()));
    let upload: [std::ffi::OsString; 4] = ["overt-upload", "app", "/dir", "host-says-nothing"].map(Into::into);
    said.push(format!("{:?}", Upload::from_args(upload)));
    for text in &said {
        // Bytes in decimal would hide it.
        assert!(!text.contains("SECRET") && !text.contains("83, 69, 67"), "{text}");
        assert!(text.len() > 10, "{text}");
    }
    assert!(
        said.iter().any(|text| text.contains("process_person_profile: Some(true)")),
        "what is no secret is said: {said:?}"
    );
}

#[test]
fn no_error_repeats_what_was_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(&refused_url(), dir.path());
    config.background = false;
    config.before_send = Some(std::sync::Arc::new(|_: &str| Some(r#"{"event":["SECRET"]}"#.into())));
    let client = client(config);
    let mut errors = vec![client.capture_event("run", &serde_json::json!({})).unwrap_err()];
    for text in [
        r#"{"process_person_profile":"SECRET, expected SECRET"}"#,
        r#"{"session_id":["SECRET"]}"#,
        r#"{"session_id":{"SECRET":1}}"#,
        r#""SECRET""#,
        "SECRET",
    ] {
        errors.push(Options::from_json(text).unwrap_err());
    }
    for text in ["SECRET", r#"{"SECRET":SECRET}"#, r#"["SECRET"]"#] {
        errors.push(client.capture(&Event::new("run"), |properties| properties.json_object(text)).unwrap_err());
    }
    errors.push(overt::parse_uuid("SECRET").unwrap_err());
    errors.push(Timestamp::parse("SECRET").unwrap_err());
    errors.push(client.capture_event(&"SECRET".repeat(99), &()).unwrap_err());
    for error in errors {
        let text = format!("{error:?} {error}");
        assert!(!text.contains("SECRET"), "{text}");
    }
    let unknown = Options::from_json(r#"{"sesion_id":"SECRET"}"#).unwrap_err().to_string();
    assert!(unknown.contains("sesion_id") && !unknown.contains("SECRET"), "a name that is none is said: {unknown}");
}
