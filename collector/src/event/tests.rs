use super::*;

const UUID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

fn moment(text: &str) -> Moment {
    Moment::parse(text).unwrap()
}

/// Received at noon, without a `sent_at`.
fn at_noon() -> Passage {
    Passage { sent: None, received: moment("2026-01-01T12:00:00Z") }
}

fn read(text: &str) -> Result<Event, Refusal> {
    Event::read(text, at_noon())
}

/// A valid event with one field set to another JSON text, or left out.
fn with(field: &str, value: Option<&str>) -> String {
    let quoted = format!("\"{UUID}\"");
    let fields = [
        ("uuid", quoted.as_str()),
        ("event", "\"ran\""),
        ("distinct_id", "\"someone\""),
        ("timestamp", "\"2026-01-01T10:00:00Z\""),
        ("properties", "{}"),
    ];
    let fields: Vec<String> = fields
        .iter()
        .filter_map(|(name, usual)| {
            let value = if *name == field { value? } else { usual };
            Some(format!("\"{name}\":{value}"))
        })
        .collect();
    format!("{{{}}}", fields.join(","))
}

fn rule_of(text: &str) -> &'static str {
    match read(text) {
        Ok(event) => panic!("accepted: {event:?}"),
        Err(refusal) => {
            assert_eq!(refusal.status, 400, "{refusal:?}");
            refusal.rule
        }
    }
}

#[test]
fn the_longest_names_pass_and_one_byte_more_does_not() {
    for field in ["event", "distinct_id"] {
        // 100 characters of two bytes: the limit counts bytes.
        let longest = format!("\"{}\"", "é".repeat(100));
        assert!(read(&with(field, Some(&longest))).is_ok(), "{field}");
        let longer = format!("\"{}x\"", "é".repeat(100));
        assert_eq!(rule_of(&with(field, Some(&longer))), field);
    }
}

#[test]
fn the_largest_event_passes_and_one_byte_more_does_not() {
    let frame = with("properties", Some(r#"{"a":""}"#)).len();
    let of_size = |size: usize| {
        let properties = format!("{{\"a\":\"{}\"}}", "x".repeat(size - frame));
        read(&with("properties", Some(&properties)))
    };
    assert!(of_size(limits::EVENT_BYTES).is_ok());
    let refusal = of_size(limits::EVENT_BYTES + 1).unwrap_err();
    assert_eq!((refusal.status, refusal.rule), (413, "event_size"));
}

#[test]
fn each_field_that_is_missing_or_of_another_type_is_named() {
    for field in ["event", "distinct_id"] {
        for value in [None, Some("null"), Some("\"\""), Some("7"), Some("[]"), Some("\"\\ud800\"")] {
            assert_eq!(rule_of(&with(field, value)), field, "{value:?}");
        }
    }
    let nil = "\"00000000-0000-0000-0000-000000000000\"";
    for value in [None, Some("null"), Some("\"\""), Some("7"), Some("\"01890a5d\""), Some(nil)] {
        assert_eq!(rule_of(&with("uuid", value)), "uuid", "{value:?}");
    }
    assert_eq!(rule_of(&with("timestamp", Some("1767225600"))), "timestamp");
    for text in ["7", "[]", "\"text\"", "null", "{\"event\":\"a\",\"event\":\"b\"}"] {
        assert_eq!(rule_of(text), "event_object", "{text}");
    }
}

#[test]
fn properties_that_no_reader_could_read_are_refused() {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
    for value in ["null", "7", "[]", "\"{}\"", "{\"a\":1e999}", "{\"a\":\"\\ud800\"}", &deep] {
        assert_eq!(rule_of(&with("properties", Some(value))), "properties", "{value}");
    }
}

#[test]
fn absent_properties_are_an_empty_object() {
    assert_eq!(read(&with("properties", None)).unwrap().properties, "{}");
}

#[test]
fn a_refusal_repeats_nothing_that_was_sent() {
    for text in [with("properties", Some("\"secret\"")), with("event", Some("{\"secret\":1}"))] {
        let refusal = read(&text).unwrap_err();
        assert!(!refusal.detail.contains("secret"), "{refusal:?}");
    }
}

#[test]
fn properties_stay_as_they_came() {
    let text = "{ \"z\" : 123456789012345678901234567890,\n\t\"a\":1.10, \"\\u00e9\":\"é\\/\", \"z\":2 }";
    assert_eq!(read(&with("properties", Some(text))).unwrap().properties, text);
}

#[test]
fn app_name_and_version_are_taken_from_the_properties_if_they_are_strings() {
    let event = read(&with("properties", Some(r#"{"$app_name":"tool","$app_version":2}"#))).unwrap();
    assert_eq!(event.app_name.as_deref(), Some("tool"));
    assert_eq!(event.app_version, None);
}

#[test]
fn one_uuid_in_many_forms_is_one_uuid() {
    for form in [UUID.to_uppercase(), UUID.replace('-', ""), format!("{{{UUID}}}")] {
        assert_eq!(read(&with("uuid", Some(&format!("\"{form}\"")))).unwrap().uuid, UUID);
    }
}

#[test]
fn the_time_is_corrected_by_the_skew_of_the_senders_clock() {
    let sent_an_hour_ago = Passage { sent: Some(moment("2026-01-01T11:00:00Z")), ..at_noon() };
    let slow = |text: &str| Event::read(text, sent_an_hour_ago).unwrap().corrected_at;

    assert_eq!(slow(&with("", None)), moment("2026-01-01T11:00:00Z"));
    // Asked not to correct, or with nothing to correct by.
    let ignoring = with("properties", Some(r#"{"$ignore_sent_at":true}"#));
    assert_eq!(slow(&ignoring), moment("2026-01-01T10:00:00Z"));
    assert_eq!(read(&with("", None)).unwrap().corrected_at, moment("2026-01-01T10:00:00Z"));
    // Nothing to correct.
    for value in [None, Some("null"), Some("\"yesterday\"")] {
        assert_eq!(slow(&with("timestamp", value)), moment("2026-01-01T12:00:00Z"), "{value:?}");
    }
    assert_eq!(read(&with("timestamp", Some("\"yesterday\""))).unwrap().timestamp.as_deref(), Some("yesterday"));
}
