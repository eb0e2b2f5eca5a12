use super::*;
use overt_tests::Recorded;
use std::time::{Duration, Instant, SystemTime};

/// Two requests, 300 ms apart: the same event, another time of sending.
fn requests() -> Vec<Seen> {
    let start = Instant::now();
    let request = |ms: u64, sent_at: &str, query: &str| Recorded {
        arrived: (start + Duration::from_millis(ms), SystemTime::now()),
        method: "POST".into(),
        path: format!("/batch/{query}"),
        headers: vec![("host".into(), "h".into()), ("x-tool".into(), "1".into())],
        body: format!(r#"{{"batch":[{{"event":"run","uuid":"u"}}],"sent_at":"{sent_at}"}}"#).into_bytes(),
    };
    [request(0, "a", ""), request(300, "b", "?c=1")].iter().map(Seen::of).collect()
}

fn faults(requests: &[Seen], expect: &str) -> Vec<String> {
    let expect: Expect = toml::from_str(expect).unwrap();
    let moments = Moments::new();
    let state = Some(Json::parse("{\"pending_events\":1}").unwrap());
    let lookup = |name: &str| (name == "version").then(|| toml::Value::String("run".into()));
    let counters = Json::parse("{\"id\":\"i\"}").unwrap();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.txt"), "a\n").unwrap();
    std::fs::write(dir.path().join("bytes"), b"\xff").unwrap();
    let (counters, dir) = (Some(&counters), dir.path());
    Evidence { requests, state, counters, dir, moments: &moments, lookup: &lookup }.faults(&expect)
}

#[test]
fn each_expectation_holds_for_what_came_and_for_nothing_else() {
    for (yes, no) in [
        ("requests = 2", "requests = 1"),
        ("batches = [['run'], 1]", "batches = [['run'], ['walk']]"),
        ("batches = [1, 1]", "batches = [1]"),
        ("every_request.path = '/batch/'", "every_request.query = ''"),
        ("every_request.headers = ['x-tool']", "every_request.headers = []"),
        ("request.2.query = 'c=1'", "request.1.query = 'c=1'"),
        ("request.1.'header.x-tool' = '1'", "request.3.path = '/batch/'"),
        ("every_event.event = '{version}'", "every_event.event = 'walk'"),
        ("event.2.uuid = 'u'", "event.3.uuid = 'u'"),
        ("same = ['body.batch']", "same = ['body.sent_at']"),
        ("fresh = ['body.sent_at']", "fresh = ['body.batch']"),
        ("same = ['path']", "same = ['body.absent']"),
        ("pauses_ms = [300]", "pauses_ms = [301]"),
        ("pauses_ms = [[200, 400]]", "pauses_ms = [[100, 200]]"),
        ("pauses_ms = []", "pauses_ms = [1, 1]"),
        ("state.pending_events = 1", "state.pending_events = 0"),
        ("counters.id = 'i'", "counters.id = 'j'"),
        ("files.'a.txt' = \"a\\n\"", "files.'a.txt' = 'a'"),
        ("files.'b.txt' = {is = 'absent'}", "files.'a.txt' = {is = 'absent'}"),
        ("files.'bytes' = {is = 'present'}", "files.'b.txt' = {is = 'present'}"),
    ] {
        assert_eq!(faults(&requests(), yes), Vec::<String>::new(), "{yes}");
        assert!(!faults(&requests(), no).is_empty(), "{no}");
    }
}

#[test]
fn a_claim_about_each_of_nothing_does_not_hold() {
    assert_eq!(faults(&[], "every_event.uuid = 'u'"), ["no request came"]);
    assert_eq!(faults(&requests()[..1], "same = ['path']").len(), 1);
}

#[test]
fn what_cannot_be_read_and_what_stands_twice_is_a_fault_of_every_case() {
    let arrived = (Instant::now(), SystemTime::now());
    let faults = |body: &[u8], encoding: Option<&str>| {
        let headers = encoding.map(|name| ("content-encoding".to_owned(), name.to_owned())).into_iter().collect();
        let request = Recorded { arrived, method: "POST".into(), path: "/".into(), headers, body: body.to_vec() };
        let (moments, requests) = (Moments::new(), [Seen::of(&request)]);
        let (dir, requests) = (std::path::Path::new("/"), requests.as_slice());
        Evidence { requests, state: None, counters: None, dir, moments: &moments, lookup: &|_| None }.unreadable()
    };
    assert!(faults(br#"{"batch":[{"uuid":"u"},{"uuid":"v"}]}"#, None).is_empty());
    assert!(faults(br#"{"batch":[{"uuid":"u"},{"uuid":"u"}]}"#, None)[0].contains("twice"));
    assert!(faults(br#"{"batch":[{"uuid":"u","uuid":"u"}]}"#, None)[0].contains("twice"));
    assert!(faults(b"{\"batch\":[\"\xff\"]}", None)[0].contains("cannot be read"));
    for encoding in ["gzip", "deflate", "zstd", "identity"] {
        assert!(faults(b"{}", Some(encoding))[0].contains("cannot be read"), "{encoding}");
    }
}
