//! The wire: how events, requests and answers are written in each protocol. Pure: no clock, no socket, no file.
//!
//! A protocol decides the form of an event's line at capture, the request around a batch of lines, and what an answer
//! means. Everything else (limits, attempts, waiting) is the same for all.

mod posthog;

use crate::clock::Timestamp;
use crate::config::Compression;
use crate::error::Error;
use crate::event::{Common, Event, Properties};
use crate::transport::{Request, Response};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The protocol that a client speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Wire {
    /// PostHog's `/batch/`: one status for the whole batch.
    #[default]
    #[serde(rename = "posthog")]
    PostHog,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It has the events.
    Delivered,
    /// Not now; not before this many seconds where it said so.
    Retry { after_seconds: Option<u64> },
    /// The body was too large.
    TooLarge,
    /// Never.
    Refused,
}

impl Wire {
    /// Reads the name of a protocol.
    pub fn parse(name: &str) -> Result<Self, Error> {
        match name {
            "posthog" => Ok(Self::PostHog),
            other => Err(Error::config(format!("wire: {other:?} is not known; there is: posthog"))),
        }
    }

    /// The name of the protocol.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PostHog => "posthog",
        }
    }

    /// The canonical form of an endpoint.
    pub(crate) fn endpoint(self, given: &str) -> String {
        match self {
            Self::PostHog => posthog::endpoint(given),
        }
    }

    /// Refuses a key that cannot be one.
    pub(crate) fn check_key(self, key: &str) -> Result<(), Error> {
        match self {
            Self::PostHog => posthog::check_key(key),
        }
    }

    /// Adds what this protocol wants in every event.
    pub(crate) fn add_common(self, common: &mut Common, disable_geoip: bool, person_profiles: bool) {
        match self {
            Self::PostHog => posthog::add_common(common, disable_geoip, person_profiles),
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
        match self {
            Self::PostHog => posthog::write_event(out, head, common, fill),
        }
    }

    /// The request that carries `lines`, which are joined by commas.
    pub(crate) fn request(self, to: &Destination, lines: &[u8], now: Timestamp) -> Request {
        match self {
            Self::PostHog => posthog::request(to, lines, now),
        }
    }

    /// What an answer means.
    pub(crate) fn read(self, response: &Response) -> Answer {
        match self {
            Self::PostHog => posthog::read(response),
        }
    }
}

/// An event's line, up to its properties.
pub(crate) struct EventHead<'a> {
    pub event: &'a Event<'a>,
    pub uuid: Uuid,
    pub timestamp: Timestamp,
    pub distinct_id: &'a str,
}
