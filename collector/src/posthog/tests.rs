use super::*;
use crate::limits;

fn noon() -> Moment {
    Moment::parse("2026-01-01T12:00:00Z").unwrap()
}

fn event(number: usize) -> String {
    format!(
        r#"{{"uuid":"01890a5d-ac96-774b-bcce-{number:012x}","event":"ran","distinct_id":"d","timestamp":"2026-01-01T10:00:00Z"}}"#
    )
}

fn body(events: &[String]) -> String {
    format!(r#"{{"api_key":"key","sent_at":"2026-01-01T11:00:00Z","batch":[{}]}}"#, events.join(","))
}

fn read(body: &str) -> Result<Batch, Refusal> {
    super::read(body.as_bytes(), &Keys::Any, noon())
}

#[test]
fn a_batch_keeps_its_order_and_corrects_the_time_of_each_event() {
    let batch = read(&body(&[event(2), event(1)])).unwrap();
    assert_eq!(batch.api_key, "key");
    assert_eq!(batch.sent_at.as_deref(), Some("2026-01-01T11:00:00Z"));
    assert_eq!(batch.received_at, noon());
    let uuids: Vec<&str> = batch.events.iter().map(|event| event.uuid.as_str()).collect();
    assert_eq!(uuids, ["01890a5d-ac96-774b-bcce-000000000002", "01890a5d-ac96-774b-bcce-000000000001"]);
    assert_eq!(batch.events[0].corrected_at.to_string(), "2026-01-01T11:00:00.000Z");
}

#[test]
fn an_empty_batch_and_unknown_fields_are_accepted() {
    let batch = read(r#"{"batch":[],"api_key":" key ","historical_migration":true,"more":[1]}"#).unwrap();
    assert_eq!((batch.api_key.as_str(), batch.events.len()), ("key", 0));
}

#[test]
fn the_first_invalid_event_is_named() {
    let refusal = read(&body(&[event(1), "7".to_owned(), "8".to_owned()])).unwrap_err();
    assert_eq!((refusal.status, refusal.rule, refusal.index), (400, "event_object", Some(1)));
    assert_eq!(
        refusal.to_json().to_string(),
        r#"{"detail":"batch[1]: an event must be an object","index":1,"rule":"event_object","status":"Error"}"#
    );
}

#[test]
fn a_body_that_is_no_batch_is_refused() {
    for (text, rule) in [
        ("", "json"),
        ("[]", "json"),
        (r#"["key",[],null]"#, "json"),
        ("{", "json"),
        (r#"{"api_key":"key","batch":[]} x"#, "json"),
        (r#"{"api_key":"key","api_key":"key","batch":[]}"#, "json"),
        (r#"{"api_key":7,"batch":[]}"#, "json"),
        (r#"{"api_key":"key","batch":{}}"#, "json"),
        (r#"{"api_key":"key","batch":[],"sent_at":7}"#, "json"),
        (r#"{"api_key":"key"}"#, "batch"),
        (r#"{"api_key":"key","batch":null}"#, "batch"),
    ] {
        let refusal = read(text).unwrap_err();
        assert_eq!((refusal.status, refusal.rule), (400, rule), "{text}");
    }
    assert_eq!(super::read(b"{\"api_key\":\"\xff\"}", &Keys::Any, noon()).unwrap_err().rule, "json");
}

#[test]
fn a_long_sent_at_is_refused_and_an_unreadable_one_does_not_count() {
    let with_sent_at = |text: &str| body(&[event(1)]).replace("2026-01-01T11:00:00Z", text);
    assert_eq!(read(&with_sent_at(&"1".repeat(65))).unwrap_err().rule, "sent_at");
    let batch = read(&with_sent_at("now")).unwrap();
    assert_eq!(batch.sent_at.as_deref(), Some("now"));
    assert_eq!(batch.events[0].corrected_at.to_string(), "2026-01-01T10:00:00.000Z");
}

#[test]
fn the_key_decides_before_the_events_are_looked_at() {
    for text in [r#"{"batch":[7]}"#, r#"{"api_key":null,"batch":[7]}"#, r#"{"api_key":" ","batch":[7]}"#] {
        assert_eq!(read(text).unwrap_err().status, 401, "{text}");
    }
    let long = format!(r#"{{"api_key":"{}","batch":[]}}"#, "k".repeat(65));
    assert_eq!(read(&long).unwrap_err().status, 401);

    let ours = Keys::Only(vec!["one".to_owned(), "two".to_owned()]);
    for (key, accepted) in [("one", true), ("two", true), ("three", false), ("", false), ("ONE", false)] {
        let text = format!(r#"{{"api_key":"{key}","batch":[]}}"#);
        assert_eq!(super::read(text.as_bytes(), &ours, noon()).is_ok(), accepted, "{key}");
    }
}

#[test]
fn the_largest_batch_passes_and_one_event_more_does_not() {
    let mut events: Vec<String> = (0..limits::BATCH_EVENTS).map(event).collect();
    assert_eq!(read(&body(&events)).unwrap().events.len(), limits::BATCH_EVENTS);
    events.push(event(limits::BATCH_EVENTS));
    let refusal = read(&body(&events)).unwrap_err();
    assert_eq!((refusal.status, refusal.rule), (413, "batch_events"));
    assert!(refusal.detail.starts_with("10001 events"), "{}", refusal.detail);
}
