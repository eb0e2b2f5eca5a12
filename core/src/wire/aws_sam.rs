//! AWS SAM CLI's metrics: `POST {endpoint}` with `{"metrics":[{"<name>":{…}}]}`, one metric a request.
//!
//! - An event is a metric: its name the metric's, its properties the attributes, in their order, `null` and empty values too.
//!   Two attributes are ours, whatever the event says: `requestId`, the event's UUID, and `installationId`, its distinct ID,
//!   which is the client ID unless the event has one.
//! - Nothing else is added but the tool's super properties: no library, no machine, no name of the tool. The protocol has no
//!   place for a time or for PostHog's options, so what an event says of them goes nowhere.
//! - The endpoint is the URL as it was given. There is no key. A body is never packed.

use super::{Destination, EventHead};
use crate::error::Error;
use crate::event::{Common, METRIC_ID, Properties, Rewritten};
use crate::json::Writer;
use crate::transport::Request;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Attributes that are ours, and stand first.
pub(super) const LIFTED: &[&str] = &["requestId", "installationId"];

/// Writes a metric, without the line break.
pub(super) fn write_event(
    out: &mut Vec<u8>,
    head: &EventHead<'_>,
    common: &Common,
    fill: impl FnOnce(&mut Properties<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    out.push(b'{');
    Writer::new(out).str(head.event.name);
    // The name's own quote is the first character of what follows a name.
    out.pop();
    out.extend_from_slice(METRIC_ID.as_bytes());
    out.extend_from_slice(head.uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()).as_bytes());
    out.extend_from_slice(b"\",\"installationId\":");
    Writer::new(out).str(head.distinct_id);
    let mut attributes = Properties::new(out, common);
    fill(&mut attributes)?;
    attributes.finish();
    out.extend_from_slice(b"}}");
    Ok(())
}

/// A metric as a `before_send` hook gives it back.
pub(super) fn rewritten(text: &str) -> Result<Rewritten<'_>, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Ours {
        request_id: String,
        installation_id: String,
    }
    let refuse = |error: String| Error::properties(format!("before_send: {error}"));
    let metrics: BTreeMap<Cow<'_, str>, &RawValue> =
        serde_json::from_slice(text.as_bytes()).map_err(|error| refuse(error.to_string()))?;
    let mut metrics = metrics.into_iter();
    let (Some((event, properties)), None) = (metrics.next(), metrics.next()) else {
        return Err(refuse("an event is an object with one member, which has the event's name".to_owned()));
    };
    let ours: Ours = serde_json::from_str(properties.get()).map_err(|error| refuse(error.to_string()))?;
    Ok(Rewritten::new(event, ours.request_id.into(), ours.installation_id.into(), properties))
}

pub(super) fn request(to: &Destination, lines: &[u8]) -> Request {
    let body = [b"{\"metrics\":[", lines, b"]}"].concat();
    let mut request = Request { url: to.endpoint.clone(), headers: super::headers(), body };
    request.headers.extend(to.extra_headers.iter().cloned());
    request
}

#[cfg(test)]
mod tests {
    use super::super::Wire;
    use super::super::tests::{destination, event_line};
    use super::*;
    use crate::event::{Event, line_uuid};

    #[test]
    fn a_metric_reads_as_in_the_protocol() {
        let mut event = Event::new("commandRun");
        event.options.session_id = Some("goes nowhere".into());
        let attributes = r#"{"sessionId": "", "region": null, "duration": 12, "metricSpecificAttributes": {"z": 1, "a": []},
            "requestId": "forged", "installationId": "forged"}"#;
        assert_eq!(
            event_line(Wire::AwsSam, &event, |p| p.json_object(attributes)),
            concat!(
                r#"{"commandRun":{"requestId":"019aa25a-3dcd-7000-8000-000000000001","installationId":"d","#,
                r#""sessionId":"","region":null,"duration":12,"metricSpecificAttributes":{"z":1,"a":[]}}}"#
            )
        );
    }

    #[test]
    fn the_tools_super_properties_follow_the_events_own() {
        let mut common = Common::new(LIFTED);
        common.set("ci", |w| w.bool(false));
        common.set("requestId", |w| w.str("forged"));
        let (event, uuid) = (Event::new("x"), Uuid::from_u128(1));
        let head = EventHead { event: &event, uuid, timestamp: super::super::tests::now(), distinct_id: "d" };
        let mut out = Vec::new();
        write_event(&mut out, &head, &common, |p| p.json_object(r#"{"a":1}"#)).unwrap();
        let line = String::from_utf8(out).unwrap();
        assert!(line.ends_with(r#""installationId":"d","a":1,"ci":false}}"#) && !line.contains("forged"), "{line}");
    }

    #[test]
    fn whatever_it_is_called_its_uuid_is_found() {
        for name in ["e", "\"", "\\", "\":{\"requestId\":\"019aa25a-0000-7000-8000-000000000009", "x\\\"", "é{[:,"] {
            let line = event_line(Wire::AwsSam, &Event::new(name), |_| Ok(()));
            assert_eq!(line_uuid(line.as_bytes()), Some("019aa25a-3dcd-7000-8000-000000000001"), "{line}");
            let read: BTreeMap<String, serde_json::Value> = serde_json::from_str(&line).unwrap();
            assert_eq!(read.into_keys().collect::<Vec<_>>(), [name]);
        }
    }

    #[test]
    fn a_request_is_the_metric_and_goes_to_the_endpoint_as_it_was_given() {
        for endpoint in ["https://e.example/metrics/", "http://127.0.0.1:8990", "https://e.example/m?x=1"] {
            let to = Destination { endpoint: endpoint.into(), ..destination(Wire::AwsSam) };
            let request = request(&to, br#"{"installed":{"requestId":"r"}}"#);
            assert_eq!(request.url, endpoint);
            assert_eq!(request.body, br#"{"metrics":[{"installed":{"requestId":"r"}}]}"#);
            let names: Vec<_> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["Content-Type", "User-Agent", "X-Tool"]);
        }
    }

    #[test]
    fn what_a_hook_gives_back_is_a_metric_or_an_error() {
        let given = rewritten(r#"{"n":{"requestId":"r","a":1,"installationId":"i"}}"#).unwrap();
        assert_eq!((&*given.event, &*given.uuid, &*given.distinct_id), ("n", "r", "i"));
        assert_eq!(given.properties.get(), r#"{"requestId":"r","a":1,"installationId":"i"}"#);
        for text in ["", "{}", "[]", r#"{"n":1}"#, r#"{"n":{}}"#, r#"{"n":{"requestId":"r"}}"#, r#"{"a":{},"b":{}}"#] {
            assert!(rewritten(text).is_err_and(|error| error.to_string().starts_with("before_send: ")), "{text}");
        }
    }
}
