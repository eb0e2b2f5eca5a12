//! Totals: the counters of all installations → the value of each series. Pure.
//!
//! | series | value | tags |
//! |---|---|---|
//! | `TOOL.cli.invocations` | runs since the installations' files were made | `command_0…`, `cli_version`, `exit_code`, `operating_system`, and `id` unless that is left out |
//! | `TOOL.cli.installations` | installations that have counted a run | `cli_version`, `operating_system` |
//! | `TOOL.cli.command_installations` | those that have counted a run of this command | `command_0…` |
//!
//! An installation has one version and one system, those of its latest document, so its counts stand under these; and
//! the `installations` of all versions and systems may be added up. Those of all commands may not: whoever ran two
//! commands is in both.

use std::collections::{BTreeMap, HashSet};

use super::names::{Tags, words};
use crate::limits;
use crate::store::rows::CountedRuns;

/// What each series stands at.
pub type Values = BTreeMap<String, u64>;

/// Adds counters up.
#[derive(Debug)]
pub struct Totals {
    with_id: bool,
    values: Values,
    /// The installation whose counters come, and where it has been counted.
    id: String,
    counted: HashSet<String>,
}

impl Totals {
    /// Nothing yet. With the ID as a tag each installation has series of its own.
    pub fn new(with_id: bool) -> Self {
        Self { with_id, values: Values::new(), id: String::new(), counted: HashSet::new() }
    }

    /// Adds one counter. Those of one installation must come in a row.
    pub fn add(&mut self, runs: CountedRuns<'_>) {
        if self.id != runs.id {
            runs.id.clone_into(&mut self.id);
            self.counted.clear();
        }
        let (tool, command) = words(runs.path);
        let command = Tags::default().with_command(command);
        let kind =
            Tags::default().with("cli_version", runs.cli_version).with("operating_system", runs.operating_system);
        self.count_once(kind.series(&tool, "installations"));
        self.count_once(command.series(&tool, "command_installations"));
        let invocations = command
            .with("cli_version", runs.cli_version)
            .with("exit_code", &runs.exit_code.to_string())
            .with("id", if self.with_id { runs.id } else { "" })
            .with("operating_system", runs.operating_system);
        self.raise(invocations.series(&tool, "invocations"), runs.count);
    }

    /// The sums.
    pub fn into_values(self) -> Values {
        self.values
    }

    fn count_once(&mut self, series: String) {
        if self.counted.insert(series.clone()) {
            self.raise(series, 1);
        }
    }

    fn raise(&mut self, series: String, more: u64) {
        let value = self.values.entry(series).or_default();
        *value = value.saturating_add(more).min(limits::COUNT);
    }
}

#[cfg(test)]
#[path = "totals/tests.rs"]
mod tests;
