//! The real client of overt and the real collector, in both versions of the protocol.

mod common;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::{Collector, place, printed};
use overt::{
    Client, Compression, Config, HttpTransport, NoAnswer, Request, Response, SystemClock, Transport, Variables, Wire,
};
use serde_json::{Value, json};

/// Long enough for a loaded machine; nothing waits that long when all is well.
const PATIENCE: Duration = Duration::from_secs(60);

/// What happens to requests on their way.
#[derive(Clone, Copy, PartialEq)]
enum Mishap {
    None,
    /// The first answer does not come back.
    AnswerLost,
    /// An event loses its name, which no client of ours would let happen.
    NameLost,
}

struct Road {
    http: HttpTransport,
    mishap: Mishap,
    has_happened: AtomicBool,
}

impl Transport for Road {
    fn send(&self, request: &Request) -> Result<Response, NoAnswer> {
        let mut request = request.clone();
        if self.mishap == Mishap::NameLost {
            let body = String::from_utf8(request.body).unwrap();
            request.body = body.replace(r#""event":"ran 1""#, r#""event":"""#).into_bytes();
        }
        let answer = self.http.send(&request)?;
        if self.mishap == Mishap::AnswerLost && !self.has_happened.swap(true, Ordering::Relaxed) {
            return Err(NoAnswer::new("lost on the way"));
        }
        Ok(answer)
    }
}

const EVENTS: u64 = 3;

/// Captures some events and delivers them to a collector that accepts the key `key`.
fn deliver(collector: &Collector, configure: impl FnOnce(&mut Config), mishap: Mishap) -> Client {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::new("scenario");
    config.app_version = "1.2.3".into();
    config.api_key = "key".into();
    config.endpoint = format!("http://{}", collector.address);
    config.state_dir = Some(dir.path().to_owned());
    // One batch: nothing is sent before `flush`.
    config.background = false;
    configure(&mut config);
    let variables = Variables::default();
    let http = HttpTransport::new(config.timeout, config.connect_timeout, &variables);
    let road = Road { http, mishap, has_happened: AtomicBool::new(false) };
    let client = Client::with_parts(config, variables, Box::new(SystemClock), Box::new(road)).unwrap();
    for number in 0..EVENTS {
        let properties = json!({"number": number, "$session_id": "s", "text": "größe 📏"});
        client.capture_event(&format!("ran {number}"), &properties).unwrap();
    }
    client.flush(PATIENCE).unwrap();
    client
}

fn lost(client: &Client) -> u64 {
    client.losses().iter().map(|(_, count)| count).sum()
}

const WAYS: [(Wire, Compression); 6] = [
    (Wire::PostHog, Compression::None),
    (Wire::PostHog, Compression::Gzip),
    (Wire::PostHogV1, Compression::None),
    (Wire::PostHogV1, Compression::Gzip),
    (Wire::PostHogV1, Compression::Deflate),
    (Wire::PostHogV1, Compression::Zstd),
];

#[test]
fn events_arrive_once_even_if_an_answer_does_not() {
    for (wire, compression) in WAYS {
        for (mishap, requests) in [(Mishap::None, 1), (Mishap::AnswerLost, 2)] {
            let place = place();
            let collector = Collector::start(&place.db, &["--api-key", "key"]);
            let configure = |config: &mut Config| (config.wire, config.compression) = (wire, compression);
            let client = deliver(&collector, configure, mishap);

            let stats = client.stats();
            let way = format!("{wire:?} {compression:?} {requests}");
            // Unconfirmed would be an event of whose result the client has understood nothing.
            assert_eq!((stats.delivered, stats.unconfirmed, stats.lost), (EVENTS, 0, 0), "{way}");
            assert_eq!((stats.requests, stats.pending), (requests, 0), "{way}");
            assert_eq!(collector.stored(), EVENTS, "{way}");
            let summary: Value = serde_json::from_str(&printed("summary", &place.db, &["--json"])).unwrap();
            assert_eq!(summary["duplicates"], EVENTS * (requests - 1), "{way}");
        }
    }
}

#[test]
fn both_versions_leave_the_same_behind() {
    let stored = |wire| {
        let place = place();
        let collector = Collector::start(&place.db, &[]);
        deliver(&collector, |config| config.wire = wire, Mishap::None);
        let lines = printed("events", &place.db, &["--json"]);
        let properties = lines.lines().map(|line| {
            let mut event: Value = serde_json::from_str(line).unwrap();
            assert!(event["sent_at"].is_string(), "{event}");
            event["properties"].take()
        });
        properties.collect::<Vec<_>>()
    };
    let (v0, v1) = (stored(Wire::PostHog), stored(Wire::PostHogV1));
    assert_eq!(v0, v1);
    assert_eq!((&v1[2]["number"], &v1[2]["$session_id"]), (&2.into(), &"s".into()));
    assert_eq!((&v1[2]["$process_person_profile"], &v1[2]["$lib"]), (&false.into(), &"overt".into()));
}

#[test]
fn a_broken_event_is_lost_alone_and_counted() {
    let place = place();
    let collector = Collector::start(&place.db, &[]);
    let client = deliver(&collector, |config| config.wire = Wire::PostHogV1, Mishap::NameLost);
    let stats = client.stats();
    assert_eq!((stats.delivered, stats.unconfirmed, stats.requests), (EVENTS - 1, 0, 1));
    assert_eq!(lost(&client), 1);
    assert_eq!(collector.stored(), EVENTS - 1);
}

#[test]
fn a_key_that_is_not_accepted_loses_the_events() {
    let place = place();
    let collector = Collector::start(&place.db, &["--api-key", "another"]);
    let client = deliver(&collector, |config| config.wire = Wire::PostHogV1, Mishap::None);
    assert_eq!((client.stats().delivered, client.stats().requests), (0, 1));
    assert_eq!(lost(&client), EVENTS);
    assert_eq!(collector.stored(), 0);
}
