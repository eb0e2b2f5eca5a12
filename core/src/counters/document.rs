//! The document: what the counters' file holds, as a value. Pure.

use super::MAX_COMMAND_BYTES;
use crate::json::Writer;
use std::collections::BTreeMap;

/// The form that we write. A file that says another number is a later version's, and is left alone.
pub(super) const SCHEMA: u64 = 1;
/// The most counters, one for each command and exit code: ten codes for each of 200 commands.
pub(super) const MAX_COUNTERS: usize = 2_000;
/// The largest count: that of a signed 64-bit number, in which Go and JSON readers keep it.
pub(super) const MAX_COUNT: u64 = i64::MAX as u64;

/// The names of the keys, in the order in which they are written.
pub(super) const METRIC_POINTS: &str = "metric_points";
pub(super) const CUMULATIVE_COUNT: &str = "cumulative_count";
pub(super) const CLI_VERSION: &str = "cli_version";
pub(super) const OPERATING_SYSTEM: &str = "operating_system";
pub(super) const ID: &str = "id";
pub(super) const SCHEMA_KEY: &str = "schema";

/// Counts by command and exit code.
pub(crate) type Points = BTreeMap<String, BTreeMap<i32, u64>>;

/// What the file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Document {
    pub points: Points,
    /// The tool's version at the last count; may be empty.
    pub cli_version: String,
    /// Where the file was made, by Go's name for it.
    pub operating_system: String,
    /// The client ID; empty if there is none yet.
    pub id: String,
}

/// Whether it can be a command's path.
pub(super) fn is_command(path: &str) -> bool {
    (1..=MAX_COMMAND_BYTES).contains(&path.len()) && !path.chars().any(char::is_control)
}

impl Document {
    /// Counts a command. False: it would be one counter too many.
    pub(super) fn count(&mut self, path: &str, code: i32) -> bool {
        let known = self.points.get(path).is_some_and(|codes| codes.contains_key(&code));
        if !known && self.counters() >= MAX_COUNTERS {
            return false;
        }
        let count = self.points.entry(path.to_owned()).or_default().entry(code).or_default();
        *count = count.saturating_add(1).min(MAX_COUNT);
        true
    }

    /// Takes over a counter that was read; of two for the same the larger, because counts never fall.
    pub(super) fn take_over(&mut self, path: &str, code: i32, number: u64) {
        let count = self.points.entry(path.to_owned()).or_default().entry(code).or_default();
        *count = number.min(MAX_COUNT).max(*count);
    }

    fn counters(&self) -> usize {
        self.points.values().map(BTreeMap::len).sum()
    }

    /// The same as JSON, whose keys are strings: the body of an upload.
    pub(crate) fn to_json(&self) -> String {
        let mut out = Vec::new();
        let mut json = Writer::new(&mut out);
        json.begin_object();
        json.key(METRIC_POINTS);
        json.begin_object();
        for (path, codes) in &self.points {
            json.key(path);
            json.begin_object();
            for (code, count) in codes {
                json.key(&code.to_string());
                json.begin_object();
                json.key(CUMULATIVE_COUNT);
                json.int(i64::try_from(*count).unwrap_or(i64::MAX));
                json.end_object();
            }
            json.end_object();
        }
        json.end_object();
        for (key, value) in
            [(CLI_VERSION, &self.cli_version), (OPERATING_SYSTEM, &self.operating_system), (ID, &self.id)]
        {
            json.key(key);
            json.str(value);
        }
        json.key(SCHEMA_KEY);
        json.int(i64::try_from(SCHEMA).unwrap_or(i64::MAX));
        json.end_object();
        String::from_utf8_lossy(&out).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_grow_by_one_and_stop_at_the_largest() {
        let mut document = Document::default();
        for _ in 0..3 {
            assert!(document.count("pace get", 0));
        }
        document.take_over("pace get", 1, u64::MAX);
        assert!(document.count("pace get", 1));
        document.take_over("pace get", 0, 2);
        assert_eq!(document.points["pace get"], [(0, 3), (1, MAX_COUNT)].into());
    }

    #[test]
    fn a_counter_too_many_is_refused_and_the_others_go_on() {
        let mut document = Document::default();
        for n in 0..MAX_COUNTERS {
            assert!(document.count("pace", i32::try_from(n).unwrap()));
        }
        assert!(!document.count("pace", -1) && !document.count("pace get", 0));
        assert!(document.count("pace", 0));
        assert_eq!(document.counters(), MAX_COUNTERS);
    }

    #[test]
    fn as_json_exit_codes_are_strings() {
        let mut document = Document { cli_version: "v1.16.0".into(), id: "i".into(), ..Document::default() };
        document.operating_system = "darwin".into();
        document.count("pace \"x\"", 0);
        document.count("pace \"x\"", -1);
        let one = r#"{"cumulative_count":1}"#;
        let points = format!(r#"{{"pace \"x\"":{{"-1":{one},"0":{one}}}}}"#);
        let rest = r#""cli_version":"v1.16.0","operating_system":"darwin","id":"i","schema":1"#;
        assert_eq!(document.to_json(), format!(r#"{{"metric_points":{points},{rest}}}"#));
    }

    #[test]
    fn a_command_is_short_and_has_no_control_characters() {
        for path in ["pace", "pace get data-policy", "größe: 1 #2", &"x".repeat(200)] {
            assert!(is_command(path), "{path}");
        }
        for path in ["", "a\nb", "a\tb", "\u{85}", "\u{7f}", &"x".repeat(201)] {
            assert!(!is_command(path), "{path:?}");
        }
    }
}
