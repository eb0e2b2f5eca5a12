//! What a reader finds. The fields serialise in their order: this is the shape of `--json`.

use std::collections::BTreeMap;

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
    /// Counters, and what became of them at Graphite.
    pub counters: CounterSummary,
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

/// One counter of one installation.
#[derive(Clone, Copy, Debug)]
pub struct CountedRuns<'a> {
    /// Whose.
    pub id: &'a str,
    /// May be empty.
    pub cli_version: &'a str,
    /// May be empty.
    pub operating_system: &'a str,
    /// The command's words, with spaces between.
    pub path: &'a str,
    /// How the runs ended.
    pub exit_code: i64,
    /// How many there were.
    pub count: u64,
}

/// What is stored of an installation, in the form in which it was sent.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Installation {
    /// Counts by command path and exit code.
    pub metric_points: BTreeMap<String, BTreeMap<i64, CumulativeCount>>,
    /// May be empty.
    pub cli_version: String,
    /// May be empty.
    pub operating_system: String,
    /// Lower case with hyphens.
    pub id: String,
    /// When the latest document came that was not overtaken, by our clock.
    pub received_at: String,
}

/// A count, in the form in which it was sent.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct CumulativeCount {
    /// Since the installation's file was made.
    pub cumulative_count: u64,
}

impl Installation {
    /// Adds a counter.
    pub fn add(&mut self, path: String, exit_code: i64, count: u64) {
        self.metric_points.entry(path).or_default().insert(exit_code, CumulativeCount { cumulative_count: count });
    }
}

/// The runs of one command that ended with one exit code, over all installations.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct CommandRow {
    /// The command's words, with spaces between.
    pub command: String,
    /// How the runs ended.
    pub exit_code: i64,
    /// How many there were; at most [`COUNT`](crate::limits::COUNT).
    pub count: u64,
    /// How many installations counted them.
    pub installations: u64,
    /// When the latest of them was heard of.
    pub last: String,
}

/// Everything about counters and about Graphite, in numbers.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct CounterSummary {
    /// That have sent a document.
    pub installations: u64,
    /// That are stored.
    pub counters: u64,
    /// That were accepted.
    pub documents: u64,
    /// Of these, those that a later one had overtaken.
    pub late_documents: u64,
    /// That found no room.
    pub refused_documents: u64,
    /// That Graphite was ever given.
    pub graphite_series: u64,
    /// That it was not given, because there would be too many.
    pub graphite_series_over_limit: u64,
    /// From the last slot that was sent to the last that was recorded.
    pub graphite_seconds_behind: u64,
    /// Slots that waited too long and were never sent.
    pub graphite_dropped_slots: u64,
    /// Points that Graphite has refused for good.
    pub graphite_refused_points: u64,
}
