use super::*;

fn noon() -> Moment {
    Moment::parse("2026-01-01T12:00:00Z").unwrap()
}

fn uuid(number: usize) -> String {
    format!("01890a5d-ac96-774b-bcce-{number:012x}")
}

/// An event of an hour before eleven, with more members if there are any.
fn event(number: usize, more: &str) -> String {
    let uuid = uuid(number);
    format!(r#"{{"uuid":"{uuid}","event":"ran","distinct_id":"d","timestamp":"2026-01-01T10:00:00Z"{more}}}"#)
}

/// Of a request with these two headers.
fn of(authorization: Option<&str>, timestamp: Option<&str>, keys: &Keys) -> Result<Sender, Refusal> {
    let header = |name| match name {
        "authorization" => authorization,
        "posthog-request-timestamp" => timestamp,
        _ => None,
    };
    Sender::read(header, keys)
}

fn sender() -> Sender {
    of(Some("Bearer key"), Some("2026-01-01T11:00:00Z"), &Keys::Any).unwrap()
}

fn read(body: &str) -> Result<(Batch, Value), Refusal> {
    super::read(body.as_bytes(), sender(), noon()).map(|(batch, results)| (batch, results.into_json()))
}

fn read_events(events: &[String]) -> (Batch, Value) {
    read(&format!(r#"{{"created_at":"x","historical_migration":true,"batch":[{}]}}"#, events.join(","))).unwrap()
}

#[test]
fn a_batch_takes_key_and_clock_from_the_headers() {
    let skewed = event(1, r#","properties":{"a":1},"options":{"disable_skew_correction":true},"session_id":"s""#);
    let (batch, results) = read_events(&[event(2, ""), skewed]);
    assert_eq!((batch.api_key.as_str(), batch.sent_at.as_deref()), ("key", Some("2026-01-01T11:00:00Z")));
    assert_eq!(batch.received_at, noon());
    let stored: Vec<_> =
        batch.events.iter().map(|event| (event.uuid.clone(), event.corrected_at.to_string())).collect();
    assert_eq!(stored, [(uuid(2), "2026-01-01T11:00:00.000Z".into()), (uuid(1), "2026-01-01T10:00:00.000Z".into())]);
    assert_eq!(batch.events[1].properties, r#"{"a":1,"$ignore_sent_at":true,"$session_id":"s"}"#);
    assert_eq!(results, json!({"results": {uuid(1): {"result": "ok"}, uuid(2): {"result": "ok"}}}));
}

#[test]
fn an_event_that_breaks_a_rule_is_dropped_alone() {
    let large = format!(r#","properties":{{"a":"{}"}}"#, "x".repeat(limits::EVENT_BYTES));
    for (broken, details) in [
        (event(1, "").replace("\"ran\"", "\"\""), "event: `event` is empty"),
        (event(1, "").replace("\"d\"", "7"), "distinct_id: `distinct_id` must be a string"),
        (event(1, ",\"properties\":[]"), "properties: `properties` has a wrong type"),
        (event(1, ",\"options\":{\"cookieless_mode\":1}"), "options: `cookieless_mode` must be true or false"),
        (event(1, ",\"window_id\":1"), "window_id: `window_id` must be a string"),
        (event(1, ",\"event\":\"again\""), "event_object: the event has a wrong type, or a key twice,"),
        (event(1, &large), "event_size: "),
    ] {
        let (batch, results) = read_events(&[event(2, ""), broken, event(3, "")]);
        let stored: Vec<_> = batch.events.iter().map(|event| event.uuid.clone()).collect();
        assert_eq!(stored, [uuid(2), uuid(3)], "{details}");
        let results = &results["results"];
        assert_eq!(results[uuid(2)], json!({"result": "ok"}));
        assert_eq!(results[uuid(1)]["result"], "drop");
        let said = results[uuid(1)]["details"].as_str().unwrap();
        assert!(said.starts_with(details), "{said}");
    }
}

#[test]
fn a_result_is_found_by_the_uuid_as_it_was_sent() {
    let urn = format!("urn:uuid:{}", uuid(10).to_uppercase());
    let long = "x".repeat(46);
    let sent = |name: &str| event(10, "").replace(&uuid(10), name);
    let (batch, results) = read_events(&[sent(&urn), sent("nonsense"), sent(&long), "7".to_owned(), "{}".to_owned()]);
    assert_eq!((batch.events.len(), batch.events[0].uuid.as_str()), (1, uuid(10).as_str()));
    let dropped = json!({"result": "drop", "details": "uuid: `uuid` must be a UUID other than nil"});
    assert_eq!(results, json!({"results": {urn: {"result": "ok"}, "nonsense": dropped}}));
}

#[test]
fn a_uuid_of_which_an_event_is_stored_is_ok() {
    let broken = event(1, "").replace("\"ran\"", "\"\"");
    for events in [[event(1, ""), broken.clone()], [broken, event(1, "")]] {
        let (batch, results) = read_events(&events);
        assert_eq!((batch.events.len(), results), (1, json!({"results": {uuid(1): {"result": "ok"}}})));
    }
}

#[test]
fn a_body_that_is_no_batch_is_refused() {
    for (text, rule) in [
        ("", "json"),
        ("[[]]", "json"),
        (r#"{"batch":[]} x"#, "json"),
        (r#"{"batch":{}}"#, "json"),
        (r#"{"batch":[],"batch":[]}"#, "json"),
        ("{}", "batch"),
    ] {
        let refusal = read(text).unwrap_err();
        assert_eq!((refusal.status, refusal.rule), (400, rule), "{text}");
    }
    let (batch, results) = read(r#"{"batch":[]}"#).unwrap();
    assert_eq!((batch.events.len(), results), (0, json!({"results": {}})));
    let many = vec!["7"; limits::BATCH_EVENTS + 1].join(",");
    assert_eq!(read(&format!(r#"{{"batch":[{many}]}}"#)).unwrap_err().rule, "batch_events");
}

#[test]
fn the_key_is_a_bearers() {
    let ours = Keys::Only(vec!["one".to_owned(), "two".to_owned()]);
    for header in ["Bearer one", "bearer   two ", "BEARER one"] {
        assert!(of(Some(header), None, &ours).is_ok(), "{header}");
    }
    for header in
        [None, Some(""), Some("one"), Some("Bearer"), Some("Bearer "), Some("Basic one"), Some("Bearer three")]
    {
        let refusal = of(header, None, &ours).unwrap_err();
        assert_eq!((refusal.status, refusal.rule), (401, "api_key"), "{header:?}");
    }
}

#[test]
fn a_long_moment_of_sending_is_refused_and_an_unreadable_one_does_not_count() {
    let at = |text: &str| of(Some("Bearer key"), Some(text), &Keys::Any);
    assert_eq!(at(&"1".repeat(65)).unwrap_err().rule, "sent_at");
    let body = format!(r#"{{"batch":[{}]}}"#, event(1, ""));
    let (batch, _) = super::read(body.as_bytes(), at("now").unwrap(), noon()).unwrap();
    assert_eq!(batch.sent_at.as_deref(), Some("now"));
    assert_eq!(batch.events[0].corrected_at.to_string(), "2026-01-01T10:00:00.000Z");
}
