use super::*;

/// What is stored of an event with these properties and these members beside them.
fn joined(properties: &str, beside: &str) -> Result<String, Refusal> {
    joined_by(&Library::new(), properties, beside)
}

fn joined_by(library: &Library, properties: &str, beside: &str) -> Result<String, Refusal> {
    let text = format!("{{{beside}}}");
    let values = serde_json::from_str(properties).unwrap();
    Beside::read(&text, library)?.join((properties.to_owned(), values)).map(|(text, values)| {
        assert_eq!(serde_json::from_str::<Map<String, Value>>(&text).unwrap(), values);
        text
    })
}

#[test]
fn the_properties_stay_as_they_came_and_the_rest_follows() {
    let all = r#""window_id":"w\u00e9","session_id":"s","options":{"product_tour_id":"t","process_person_profile":false,
        "disable_skew_correction":true,"cookieless_mode":false,"a_new_one":[1]}"#;
    let appended = r#""$cookieless_mode":false,"$ignore_sent_at":true,"$process_person_profile":false,"$product_tour_id":"t","$session_id":"s","$window_id":"w\u00e9"}"#;
    assert_eq!(joined("{}", all).unwrap(), format!("{{{appended}"));
    let odd = "{ \"z\" : 123456789012345678901234567890,\n\t\"a\":1.10, \"\\u00e9\":\"é\\/\", \"z\":2 ";
    assert_eq!(joined(&format!("{odd}}}"), all).unwrap(), format!("{odd},{appended}"));
}

#[test]
fn nothing_beside_leaves_the_properties_alone() {
    let text = "{ \"b\":1, \"$session_id\":\"own\",\"a\":1.10 }";
    for beside in
        ["", r#""options":{}"#, r#""options":null,"session_id":null"#, r#""options":{"cookieless_mode":null}"#]
    {
        assert_eq!(joined(text, beside).unwrap(), text, "{beside}");
    }
}

#[test]
fn what_is_said_beside_wins_and_is_there_once() {
    let own = r#"{"z":1.10,"$session_id":"own","$ignore_sent_at":"x","a":18446744073709551616}"#;
    let beside = r#""session_id":"s","options":{"disable_skew_correction":false}"#;
    let expected = r#"{"a":18446744073709551616,"z":1.10,"$ignore_sent_at":false,"$session_id":"s"}"#;
    assert_eq!(joined(own, beside).unwrap(), expected);
    assert_eq!(joined(r#"{"$window_id":"own"}"#, r#""window_id":"w""#).unwrap(), r#"{"$window_id":"w"}"#);
}

#[test]
fn the_library_of_the_batch_is_a_property_of_each_event() {
    let of = |sdk_info| joined_by(&library(sdk_info), "{\"a\":1}", "").unwrap();
    assert_eq!(of(Some("overt/0.1.0")), r#"{"a":1,"$lib":"overt","$lib_version":"0.1.0"}"#);
    assert_eq!(of(Some("o\"/1")), r#"{"a":1,"$lib":"o\"","$lib_version":"1"}"#);
    let long = format!("overt/{}", "1".repeat(59));
    for nothing in [None, Some(""), Some("overt"), Some(long.as_str())] {
        assert_eq!(of(nothing), "{\"a\":1}", "{nothing:?}");
    }
}

#[test]
fn a_wrong_type_is_named() {
    for (beside, rule, name) in [
        (r#""options":[true,true,true,"t"]"#, "options", "`options` must be an object"),
        (r#""options":7"#, "options", "`options`"),
        (r#""options":{"cookieless_mode":"true"}"#, "options", "`cookieless_mode`"),
        (r#""options":{"disable_skew_correction":1}"#, "options", "`disable_skew_correction`"),
        (r#""options":{"process_person_profile":{}}"#, "options", "`process_person_profile`"),
        (r#""options":{"product_tour_id":7}"#, "options", "`product_tour_id`"),
        (r#""options":{"cookieless_mode":true,"cookieless_mode":true}"#, "options", "`options`"),
        (r#""session_id":7"#, "session_id", "`session_id`"),
        (r#""window_id":["w"]"#, "window_id", "`window_id`"),
        (r#""window_id":"\ud800""#, "window_id", "`window_id`"),
        (r#""window_id":"w","window_id":"w""#, "event_object", "the event"),
    ] {
        let refusal = joined("{}", beside).unwrap_err();
        assert_eq!((refusal.status, refusal.rule), (400, rule), "{beside}");
        assert!(refusal.detail.starts_with(name), "{refusal:?}");
    }
}
