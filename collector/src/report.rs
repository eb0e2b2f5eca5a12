//! What is stored, as text: tables for people, JSON for programs.
//!
//! - Everything that came from outside goes through [`crate::text`], in JSON too.
//! - Times are `corrected_at`: when it happened, by the collector's clock.
//! - Does no I/O.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::store::rows::{CommandRow, CounterSummary, StoredEvent, Summary};
use crate::text::{Side, escaped, json_line, shortened, table};

/// Enough to tell clients apart by eye: the first group of a UUID, and `…`.
const DISTINCT_ID_WIDTH: usize = 9;

/// Two columns of names and versions together; what is longer is rarely a name.
const NAME_WIDTH: usize = 40;

/// What is left of a line of some 150 characters.
const PROPERTIES_WIDTH: usize = 60;

/// A command path: its words are the table's point.
const COMMAND_WIDTH: usize = 80;

/// Rows of a table of totals: two screens. Anyone may send any name, so there may be very many.
const TOTALS_ROWS: usize = 100;

/// A table of events, in their order.
pub fn events(events: &[StoredEvent]) -> String {
    let rows: Vec<[String; 5]> = events
        .iter()
        .map(|event| {
            let app = [&event.app_name, &event.app_version].into_iter().flatten();
            let app = app.map(String::as_str).collect::<Vec<_>>().join(" ");
            [
                event.corrected_at.clone(),
                cell(&event.event, NAME_WIDTH),
                cell(&event.distinct_id, DISTINCT_ID_WIDTH),
                cell(&app, NAME_WIDTH),
                cell(&own_properties(&event.properties), PROPERTIES_WIDTH),
            ]
        })
        .collect();
    let columns = ["time", "event", "distinct id", "app", "properties"];
    table(columns.map(|title| (title, Side::Left)), &rows)
}

/// A table of commands and how they ended.
pub fn counters(rows: &[CommandRow]) -> String {
    let rows = rows.iter().map(|row| {
        let command = cell(&row.command, COMMAND_WIDTH);
        [command, row.exit_code.to_string(), row.count.to_string(), row.installations.to_string(), row.last.clone()]
    });
    let columns = [
        ("command", Side::Left),
        ("exit code", Side::Right),
        ("count", Side::Right),
        ("installations", Side::Right),
        ("last", Side::Left),
    ];
    first_rows(columns, rows)
}

/// A summary as tables: totals, by event, by app, and what there is of counters.
pub fn summary(summary: &Summary) -> String {
    let moment = |moment: &Option<String>| moment.clone().unwrap_or_else(|| "-".to_owned());
    let totals = [
        ("events", summary.events.to_string()),
        ("clients", summary.clients.to_string()),
        ("duplicates", summary.duplicates.to_string()),
        ("first", moment(&summary.first)),
        ("last", moment(&summary.last)),
    ];
    let mut text = numbers(&totals);

    let by_event = summary
        .by_event
        .iter()
        .map(|row| [cell(&row.event, NAME_WIDTH), row.count.to_string(), row.clients.to_string(), row.last.clone()]);
    let counts = [("count", Side::Right), ("clients", Side::Right), ("last", Side::Left)];
    let [count, clients, last] = counts;
    text.push('\n');
    text.push_str(&first_rows([("event", Side::Left), count, clients, last], by_event));

    let by_app = summary.by_app.iter().map(|row| {
        let name = |name: &Option<String>| cell(name.as_deref().unwrap_or("-"), NAME_WIDTH);
        [name(&row.app), name(&row.version), row.count.to_string(), row.clients.to_string(), row.last.clone()]
    });
    text.push('\n');
    text.push_str(&first_rows([("app", Side::Left), ("version", Side::Left), count, clients, last], by_app));
    if summary.counters != CounterSummary::default() {
        text.push('\n');
        text.push_str(&counter_numbers(&summary.counters));
    }
    text
}

fn counter_numbers(counters: &CounterSummary) -> String {
    let all = [
        ("installations", counters.installations),
        ("counters", counters.counters),
        ("documents", counters.documents),
        ("late documents", counters.late_documents),
        ("refused documents", counters.refused_documents),
        ("graphite series", counters.graphite_series),
        ("graphite series over limit", counters.graphite_series_over_limit),
        ("graphite seconds behind", counters.graphite_seconds_behind),
        ("graphite dropped slots", counters.graphite_dropped_slots),
        ("graphite refused points", counters.graphite_refused_points),
    ];
    numbers(&all.map(|(name, number)| (name, number.to_string())))
}

/// A number a line, in a column.
fn numbers(all: &[(&str, String)]) -> String {
    let width = all.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    all.iter().map(|(name, number)| format!("{name:<width$}  {number}\n")).collect()
}

/// One value as one line of JSON.
pub fn line(value: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(json_line(&serde_json::to_string(value)?))
}

/// A table of the first [`TOTALS_ROWS`] rows, which says how many it leaves out.
fn first_rows<const COLUMNS: usize>(
    columns: [(&str, Side); COLUMNS],
    rows: impl ExactSizeIterator<Item = [String; COLUMNS]>,
) -> String {
    let left_out = rows.len().saturating_sub(TOTALS_ROWS);
    let rows: Vec<_> = rows.take(TOTALS_ROWS).collect();
    let mut text = table(columns, &rows);
    if left_out > 0 {
        text.push_str(&format!("and {left_out} more: see --json\n"));
    }
    text
}

/// Escaped, then cut, so that the width holds.
fn cell(text: &str, width: usize) -> String {
    shortened(&escaped(text), width)
}

/// `name=value` of the tool's own properties; those with `$` say the same about each event of a machine. Values are the
/// text that came, so a large number is the number that was sent.
fn own_properties(properties: &RawValue) -> String {
    let Ok(values) = serde_json::from_str::<BTreeMap<String, &RawValue>>(properties.get()) else {
        return properties.get().to_owned();
    };
    let own = values.iter().filter(|(name, _)| !name.starts_with('$'));
    own.map(|(name, value)| format!("{name}={}", value.get())).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
