//! The wire: how events, requests and answers are written in each protocol. Pure: no clock, no socket, no file.
//!
//! A protocol decides the form of an event's line at capture, the request around a batch of lines, and what an answer
//! means. Everything else (limits, attempts, waiting) is the same for all.

mod ack;
mod aws_sam;
mod body;
mod posthog;
mod posthog_v1;
mod project;
mod retry_after;

pub use ack::Ack;
pub use body::Compression;

use crate::clock::Timestamp;
use crate::error::Error;
use crate::event::{Common, Event, LINE_START, Properties, Rewritten};
use crate::json::Writer;
use crate::transport::{Request, Response};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use uuid::Uuid;

/// Where each event is a request, more than a command leaves, and so few that the host does not miss the descriptors, of
/// which a process has 256 on some systems.
const SIDE_BY_SIDE: usize = 8;

const LIB: &str = "overt";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The protocol that a client speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Wire {
    /// PostHog's `/batch/`: one status for the whole batch.
    #[default]
    #[serde(rename = "posthog")]
    PostHog,
    /// PostHog's `/i/v1/analytics/events`: a result for each event.
    #[serde(rename = "posthog-v1")]
    PostHogV1,
    /// AWS SAM CLI's metrics: one event a request, without a key.
    #[serde(rename = "aws-sam")]
    AwsSam,
}

/// Where events go, and how: all that a later process needs to deliver what this one left behind.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Destination {
    pub wire: Wire,
    pub endpoint: String,
    pub api_key: String,
    pub compression: Compression,
    pub historical_migration: bool,
    pub extra_headers: Vec<(String, String)>,
    #[serde(default)]
    pub ack: Ack,
}

impl Destination {
    /// Whether both send the same events to the same project; how they pack them does not matter.
    pub(crate) fn is_same_place(&self, other: &Self) -> bool {
        let place = |to: &Self| (to.wire, to.endpoint.clone(), to.api_key.clone());
        place(self) == place(other)
    }

    /// A name for the place: 16 hexadecimal digits (FNV-1a, because it must be the same in every version).
    pub(crate) fn id(&self) -> String {
        let parts = [self.wire.as_str(), "\n", &self.endpoint, "\n", &self.api_key];
        let hash = parts
            .iter()
            .flat_map(|part| part.bytes())
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        format!("{hash:016x}")
    }
}

/// What the server's answer means for a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It has the events.
    Delivered,
    /// It has judged each event; those that are to be sent again, not before this time where it said so.
    Each { fates: Vec<Fate>, after: Option<Duration> },
    /// Not now; not before this time where it said so.
    Retry { after: Option<Duration> },
    /// The body was too large.
    TooLarge,
    /// Never.
    Refused,
}

/// What the server made of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It has it.
    Delivered,
    /// It said nothing that we understand about it: taken for delivered, and counted.
    Unconfirmed,
    /// It does not want it.
    Refused,
    /// It wants it again.
    Again,
}

/// What stays the same over all attempts of a batch, its later parts included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchHead {
    pub request_id: Uuid,
    pub formed_at: Timestamp,
}

/// One attempt to send a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    pub batch: BatchHead,
    /// From 1.
    pub number: u32,
    pub now: Timestamp,
}

/// An event's line, up to its properties.
pub(crate) struct EventHead<'a> {
    pub event: &'a Event<'a>,
    pub uuid: Uuid,
    pub timestamp: Timestamp,
    pub distinct_id: &'a str,
}

impl Wire {
    const ALL: [Self; 3] = [Self::PostHog, Self::PostHogV1, Self::AwsSam];

    /// Reads the name of a protocol.
    pub fn parse(name: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|wire| wire.as_str() == name).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            Error::config(format!("wire: {name:?} is not known; there are: {known}"))
        })
    }

    /// The name of the protocol.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PostHog => "posthog",
            Self::PostHogV1 => "posthog-v1",
            Self::AwsSam => "aws-sam",
        }
    }

    /// The canonical form of an endpoint. Empty: there is none.
    pub(crate) fn endpoint(self, given: &str) -> String {
        match self {
            Self::PostHog | Self::PostHogV1 => project::endpoint(given),
            Self::AwsSam => given.to_owned(),
        }
    }

    /// Whether nothing can be sent without a key.
    pub(crate) fn needs_key(self) -> bool {
        self != Self::AwsSam
    }

    /// The key in its canonical form; refuses what cannot be one. A key that nobody needs is none.
    pub(crate) fn key(self, given: &str) -> Result<String, Error> {
        let key = if self.needs_key() { given.trim() } else { "" };
        project::check_key(key).map(|()| key.to_owned())
    }

    /// Whether a request carries one event and no more.
    pub(crate) fn sends_one_by_one(self) -> bool {
        self == Self::AwsSam
    }

    /// Whether its server takes events of overt's own: AWS SAM CLI's knows the tool's metrics, and no others.
    pub(crate) fn takes_any_event(self) -> bool {
        self != Self::AwsSam
    }

    /// How many requests may be under way at once.
    pub(crate) fn side_by_side(self) -> usize {
        if self.sends_one_by_one() { SIDE_BY_SIDE } else { 1 }
    }

    /// Refuses a rule about delivery that would throw away what this protocol's server says.
    pub(crate) fn check_ack(self, ack: Ack) -> Result<(), Error> {
        match (self, ack) {
            (Self::AwsSam, _) | (_, Ack::Status) => Ok(()),
            (_, Ack::Write) => Err(Error::config("ack: write needs wire = aws-sam")),
        }
    }

    /// Whether events say which tool and what machine they come from.
    pub(crate) fn says_whence(self) -> bool {
        self != Self::AwsSam
    }

    /// Refuses a compression that this protocol does not have.
    pub(crate) fn check_compression(self, compression: Compression) -> Result<(), Error> {
        compression.check()?;
        match (self, compression) {
            (Self::PostHogV1, _) | (_, Compression::None) | (Self::PostHog, Compression::Gzip) => Ok(()),
            (Self::AwsSam, _) => Err(Error::config("compression: wire = aws-sam has none")),
            _ => Err(Error::config(format!("compression: {} needs wire = posthog-v1", compression.as_str()))),
        }
    }

    /// Whether a request has a header of this name anyway.
    pub(crate) fn sets_header(self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        HTTP_HEADERS.contains(&name.as_str()) || self == Self::PostHogV1 && posthog_v1::sets_header(&name)
    }

    /// Names of properties that this protocol puts elsewhere in an event.
    pub(crate) fn lifted(self) -> &'static [&'static str] {
        match self {
            Self::PostHog => &[],
            Self::PostHogV1 => posthog_v1::LIFTED,
            Self::AwsSam => aws_sam::LIFTED,
        }
    }

    /// Adds what this protocol wants in every event. In version 1 the server takes the library from a header.
    pub(crate) fn add_common(self, common: &mut Common, disable_geoip: bool, person_profiles: bool) {
        match self {
            Self::PostHog => posthog::add_library(common),
            Self::PostHogV1 => {}
            Self::AwsSam => return,
        }
        if disable_geoip {
            common.reserve("$geoip_disable", |w| w.bool(true));
        }
        if !person_profiles {
            common.set("$process_person_profile", |w| w.bool(false));
        }
    }

    /// Writes an event's line, without the line break.
    pub(crate) fn write_event(
        self,
        out: &mut Vec<u8>,
        head: &EventHead<'_>,
        common: &Common,
        fill: impl FnOnce(&mut Properties<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self == Self::AwsSam {
            return aws_sam::write_event(out, head, common, fill);
        }
        let options = &head.event.options;
        write_head(out, head);
        out.extend_from_slice(b",\"properties\":{");
        let mut properties = Properties::new(out, common);
        if self == Self::PostHog {
            // Before the event's own properties, over which an option wins.
            posthog::write_options(&mut properties, options);
        }
        fill(&mut properties)?;
        let lifted = properties.finish();
        out.push(b'}');
        if self == Self::PostHogV1 {
            posthog_v1::write_beside(out, options, &lifted);
        }
        out.push(b'}');
        Ok(())
    }

    /// Reads an event as a `before_send` hook gives it back.
    pub(crate) fn rewritten(self, text: &str) -> Result<Rewritten<'_>, Error> {
        match self {
            Self::PostHog | Self::PostHogV1 => Rewritten::parse(text),
            Self::AwsSam => aws_sam::rewritten(text),
        }
    }

    /// The request that carries `lines`, which are joined by commas.
    pub(crate) fn request(self, to: &Destination, lines: &[u8], attempt: &Attempt) -> Request {
        match self {
            Self::PostHog => posthog::request(to, lines, attempt),
            Self::PostHogV1 => posthog_v1::request(to, lines, attempt),
            Self::AwsSam => aws_sam::request(to, lines),
        }
    }

    /// What an answer that came at `now` means for the events with these UUIDs.
    pub(crate) fn read<'u>(
        self,
        response: &Response,
        uuids: impl Iterator<Item = Option<&'u str>>,
        now: Timestamp,
    ) -> Answer {
        let after = retry_after::read(response.retry_after.as_deref(), response.date.as_deref(), now);
        match self {
            // SAM's back end says nothing but a status, which has its usual meaning.
            Self::PostHog | Self::AwsSam => posthog::read(response, after),
            Self::PostHogV1 => posthog_v1::read(response, uuids, after),
        }
    }
}

/// The event's line up to and with its timestamp, which both of PostHog's protocols have in common. It begins with the UUID.
fn write_head(out: &mut Vec<u8>, head: &EventHead<'_>) {
    out.extend_from_slice(LINE_START.as_bytes());
    out.extend_from_slice(head.uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()).as_bytes());
    out.extend_from_slice(b"\",\"event\":");
    Writer::new(out).str(head.event.name);
    out.extend_from_slice(b",\"distinct_id\":");
    Writer::new(out).str(head.distinct_id);
    out.extend_from_slice(b",\"timestamp\":\"");
    head.timestamp.write(out);
    out.push(b'"');
}

fn product() -> String {
    format!("{LIB}/{VERSION}")
}

/// Headers that each request has, or that HTTP itself may need, in lower case.
const HTTP_HEADERS: &[&str] =
    &["connection", "content-encoding", "content-length", "content-type", "host", "transfer-encoding", "user-agent"];

/// Headers of every request.
pub(crate) fn headers() -> Vec<(String, String)> {
    vec![("Content-Type".to_owned(), "application/json".to_owned()), ("User-Agent".to_owned(), product())]
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn destination(wire: Wire) -> Destination {
        Destination {
            wire,
            endpoint: "https://e.example".into(),
            api_key: "phc_k".into(),
            compression: Compression::None,
            historical_migration: false,
            extra_headers: vec![("X-Tool".into(), "1".into())],
            ack: Ack::Status,
        }
    }

    pub(super) fn now() -> Timestamp {
        Timestamp::parse("2026-11-20T18:10:36.493Z").unwrap()
    }

    pub(super) fn attempt() -> Attempt {
        let batch = BatchHead { request_id: Uuid::from_u128(7), formed_at: now() };
        Attempt { batch, number: 1, now: now().after(Duration::from_secs(1)) }
    }

    /// The line of an event with the usual common properties.
    pub(super) fn event_line(
        wire: Wire,
        event: &Event<'_>,
        fill: impl FnOnce(&mut Properties<'_>) -> Result<(), Error>,
    ) -> String {
        let mut common = Common::new(wire.lifted());
        wire.add_common(&mut common, true, false);
        let uuid = Uuid::from_u128(0x019a_a25a_3dcd_7000_8000_0000_0000_0001);
        let head = EventHead { event, uuid, timestamp: now(), distinct_id: "d" };
        let mut out = Vec::new();
        wire.write_event(&mut out, &head, &common, fill).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_protocol_is_known_by_its_name() {
        for wire in Wire::ALL {
            assert_eq!(Wire::parse(wire.as_str()).unwrap(), wire);
            assert_eq!(serde_json::to_value(wire).unwrap(), wire.as_str());
        }
        let message = Wire::parse("telepathy").unwrap_err().to_string();
        assert!(message.starts_with("wire: ") && message.contains("posthog-v1"), "{message}");
    }

    #[test]
    fn a_lines_uuid_is_found_in_every_protocol() {
        for wire in Wire::ALL {
            let line = event_line(wire, &Event::new("x"), |_| Ok(()));
            let uuid = crate::event::line_uuid(line.as_bytes());
            assert_eq!(uuid, Some("019aa25a-3dcd-7000-8000-000000000001"), "{line}");
        }
        assert_eq!(crate::event::line_uuid(b"{\"event\":1}"), None);
        assert_eq!(crate::event::line_uuid(b"{\"uuid\":\"short\"}"), None);
    }
}
