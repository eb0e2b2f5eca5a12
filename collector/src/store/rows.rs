//! What a reader finds. The fields serialise in their order: this is the shape of `--json`.

use serde::Serialize;
use serde_json::value::RawValue;

/// An event as it lies in the database. Its fields serialise in this order.
#[derive(Debug, Serialize)]
pub struct StoredEvent {
    /// Lower case with hyphens.
    pub uuid: String,
    /// The event's name.
    pub event: String,
    /// Who.
    pub distinct_id: String,
    /// When it happened, as sent.
    pub timestamp: Option<String>,
    /// When its batch was sent, as sent.
    pub sent_at: Option<String>,
    /// When its batch came, by our clock.
    pub received_at: String,
    /// When it happened, by our clock.
    pub corrected_at: String,
    /// Which project.
    pub api_key: String,
    /// `$app_name`; in JSON it is among the properties.
    #[serde(skip)]
    pub app_name: Option<String>,
    /// `$app_version`; in JSON it is among the properties.
    #[serde(skip)]
    pub app_version: Option<String>,
    /// As sent.
    pub properties: Box<RawValue>,
}

/// Everything at a glance, all of it of one moment.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Events stored.
    pub events: u64,
    /// Distinct IDs in them.
    pub clients: u64,
    /// Events that came again and were not stored again.
    pub duplicates: u64,
    /// The earliest `corrected_at`.
    pub first: Option<String>,
    /// The latest `corrected_at`.
    pub last: Option<String>,
    /// The most frequent first.
    pub by_event: Vec<EventSummary>,
    /// The most frequent first.
    pub by_app: Vec<AppSummary>,
}

/// The events of one name.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct EventSummary {
    /// The name.
    pub event: String,
    /// How many.
    pub count: u64,
    /// Distinct IDs in them.
    pub clients: u64,
    /// The latest `corrected_at`.
    pub last: String,
}

/// The events of one version of one app.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct AppSummary {
    /// `$app_name`.
    pub app: Option<String>,
    /// `$app_version`.
    pub version: Option<String>,
    /// How many.
    pub count: u64,
    /// Distinct IDs in them.
    pub clients: u64,
    /// The latest `corrected_at`.
    pub last: String,
}
