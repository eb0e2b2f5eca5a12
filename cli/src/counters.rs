//! What a tool has counted, and what of it went out.

use crate::tool::Destination;
use crate::words::count;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The counters of one destination.
#[derive(Serialize)]
pub(crate) struct Counters {
    path: String,
    /// Where they go as a document; empty: they go as events, or nowhere.
    endpoint: String,
    /// As they would be uploaded now.
    document: Box<RawValue>,
    /// As they were uploaded last.
    uploaded: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Document {
    metric_points: BTreeMap<String, BTreeMap<String, Point>>,
}

#[derive(Deserialize)]
struct Point {
    cumulative_count: u64,
}

impl Counters {
    /// `None` if nothing was counted.
    pub(crate) fn of(destination: &Destination) -> Option<Self> {
        let (config, client) = (&destination.config, &destination.client);
        Some(Self {
            path: config.counters_path.as_ref()?.display().to_string(),
            endpoint: config.counters_endpoint.clone(),
            document: RawValue::from_string(client.counters()?).ok()?,
            uploaded: client.sent_counters().and_then(|text| RawValue::from_string(text).ok()),
        })
    }

    /// For `overt status`: "12 commands, 7 of them uploaded to …".
    pub(crate) fn summary(&self) -> String {
        let commands = total(&self.document);
        let goes = match (&self.uploaded, self.endpoint.as_str()) {
            (_, "") => String::new(),
            (None, endpoint) => format!(", none of them uploaded to {endpoint}"),
            (Some(uploaded), endpoint) => format!(", {} of them uploaded to {endpoint}", total(uploaded)),
        };
        format!("{}{goes} (in {})", count(commands, "command"), self.path)
    }

    /// For `overt show`.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("\n# counted in {}\n{}\n", self.path, self.document);
        if let Some(uploaded) = &self.uploaded {
            text += &format!("\n# uploaded last to {}\n{uploaded}\n", self.endpoint);
        }
        text
    }
}

fn total(document: &RawValue) -> u64 {
    let document: Option<Document> = serde_json::from_str(document.get()).ok();
    let points = document.iter().flat_map(|document| document.metric_points.values()).flat_map(BTreeMap::values);
    points.fold(0, |sum, point| sum.saturating_add(point.cumulative_count))
}
