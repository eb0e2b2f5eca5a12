use super::*;
use crate::store::rows::{AppSummary, EventSummary};

fn event(name: &str, properties: &str) -> StoredEvent {
    StoredEvent {
        uuid: "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
        event: name.to_owned(),
        distinct_id: "9f3c1a2e-0000-4000-8000-000000000000".to_owned(),
        timestamp: None,
        sent_at: None,
        received_at: "2026-01-01T12:00:00.000Z".to_owned(),
        corrected_at: "2026-01-01T12:00:00.000Z".to_owned(),
        api_key: "key".to_owned(),
        app_name: Some("tool".to_owned()),
        app_version: None,
        properties: RawValue::from_string(properties.to_owned()).unwrap(),
    }
}

#[test]
fn a_hostile_event_writes_no_escape() {
    let hostile = event("\u{1b}]0;owned\u{7}", r#"{"a":1,"b":"é"}"#);
    assert_eq!(
        events(&[hostile]),
        "time                      event                distinct id  app   properties\n\
         2026-01-01T12:00:00.000Z  \\u{1b}]0;owned\\u{7}  9f3c1a2e…    tool  a=1 b=\"é\"\n"
    );
}

#[test]
fn own_properties_are_shown_as_they_came() {
    let shown = |text: &str| own_properties(&RawValue::from_string(text.to_owned()).unwrap());
    assert_eq!(
        shown(r#"{"z":1.10,"$os":"linux","big":123456789012345678901234567890,"list":[1, 2]}"#),
        "big=123456789012345678901234567890 list=[1, 2] z=1.10"
    );
    assert_eq!(shown("{}"), "");
}

#[test]
fn a_line_of_json_is_the_whole_event() {
    let text = line(&event("ran", "{\n\"n\":123456789012345678901234567890}")).unwrap();
    assert_eq!(
        text,
        r#"{"uuid":"01890a5d-ac96-774b-bcce-b302099a8057","event":"ran","distinct_id":"9f3c1a2e-0000-4000-8000-000000000000","timestamp":null,"sent_at":null,"received_at":"2026-01-01T12:00:00.000Z","corrected_at":"2026-01-01T12:00:00.000Z","api_key":"key","properties":{ "n":123456789012345678901234567890}}"#
    );
}

#[test]
fn an_empty_summary_has_no_times() {
    assert_eq!(
        summary(&Summary::default()),
        "events      0\nclients     0\nduplicates  0\nfirst       -\nlast        -\n\n\
         event  count  clients  last\n\napp  version  count  clients  last\n"
    );
}

#[test]
fn a_summary_of_very_many_names_says_what_it_leaves_out() {
    let by_event = (0..TOTALS_ROWS + 2)
        .map(|number| EventSummary { event: number.to_string(), count: 1, clients: 1, last: String::new() })
        .collect();
    let by_app = vec![AppSummary {
        app: Some("\u{1b}[2J".to_owned()),
        version: None,
        count: 1,
        clients: 1,
        last: String::new(),
    }];
    let text = summary(&Summary { by_event, by_app, ..Summary::default() });
    assert!(text.contains("\nand 2 more: see --json\n"), "{text}");
    assert_eq!(text.lines().count(), 5 + 1 + 1 + TOTALS_ROWS + 1 + 1 + 1 + 1);
    assert!(!text.contains('\u{1b}'), "{text}");
}
