//! What Graphite is still to be given: the values of its series, slot by slot, as changes.
//!
//! - A *slot* is a moment, in seconds since 1970, for which each series has one value. `recorded` is the last slot
//!   whose values are known here, `written` the last that was sent, `sent` the last that Graphite surely has.
//! - `graphite_sent` holds each series' value at `sent`, `graphite_changes` what changes it in the slots after that. So
//!   a slot in which nothing changes costs nothing, however long Graphite is away.
//! - A series that ends, as that of a version which nobody has any more, stands at 0 once more and then has no value
//!   (NULL): whoever asks for its last value is not told the one from before.
//! - A series keeps its number in `graphite_series` for good, since Graphite keeps its file: that is what is limited.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Params, params};

use super::rows::CountedRuns;
use super::{Error, begin, counters, durable, first, tally};
use crate::graphite::Values;
use crate::limits;

/// A second connection that writes, for the thread that feeds Graphite. The [`Writer`](super::Writer) has made the
/// schema.
pub struct Outbox {
    connection: Connection,
}

/// How far Graphite has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The last slot that it surely has.
    pub sent: i64,
    /// The last slot whose values are recorded.
    pub recorded: i64,
}

/// What a series becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its number.
    pub series: i64,
    /// Its name with its tags.
    pub name: String,
    /// Its value from here on; `None` where it ends.
    pub value: Option<u64>,
}

impl Outbox {
    /// Opens a file that a writer has opened before.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(limits::DATABASE_WAIT)?;
        durable(&connection)?;
        Ok(Self { connection })
    }

    /// How many documents have come. While it stays the same, so do all values.
    pub fn documents(&self) -> Result<u64, Error> {
        Ok(self.connection.query_row("SELECT count FROM tallies WHERE name = 'documents'", [], first)?)
    }

    /// Gives every counter, those of one installation in a row.
    pub fn each(&self, take: impl FnMut(CountedRuns<'_>)) -> Result<(), Error> {
        counters::each(&self.connection, take)
    }

    /// `None` before the first slot.
    pub fn reach(&self) -> Result<Option<Reach>, Error> {
        let row = |row: &rusqlite::Row<'_>| Ok(Reach { sent: row.get(0)?, recorded: row.get(1)? });
        Ok(self.connection.query_row("SELECT sent, recorded FROM graphite_reach", [], row).optional()?)
    }

    /// Forgets what waits, and that anything was sent. The series keep their numbers.
    pub fn forget(&mut self) -> Result<(), Error> {
        let transaction = begin(&mut self.connection)?;
        transaction
            .execute_batch("DELETE FROM graphite_sent; DELETE FROM graphite_changes; DELETE FROM graphite_reach;")?;
        Ok(transaction.commit()?)
    }

    /// Records the values of a slot, which are those of the slot before if none are given. In the first slot of all,
    /// `before` is what counts as sent.
    pub fn record(
        &mut self,
        slot: i64,
        before: i64,
        values: Option<&Values>,
        series_limit: usize,
    ) -> Result<(), Error> {
        let transaction = begin(&mut self.connection)?;
        if let Some(values) = values {
            let numbers = numbers(&transaction, values, series_limit)?;
            let over = values.len() - numbers.len();
            transaction.execute("UPDATE tallies SET count = ?1 WHERE name = 'graphite_series_over'", [over])?;
            let mut current = current(&transaction)?;
            let mut change = transaction
                .prepare("INSERT OR REPLACE INTO graphite_changes (slot, series, value) VALUES (?1, ?2, ?3)")?;
            for (series, value) in numbers {
                if current.remove(&series) != Some(value) {
                    change.execute(params![slot, series, value])?;
                }
            }
            for (ended, value) in current {
                change.execute(params![slot, ended, (value > 0).then_some(0)])?;
            }
        }
        transaction.execute(
            "INSERT INTO graphite_reach VALUES (1, ?2, ?2, ?1) ON CONFLICT DO UPDATE SET recorded = excluded.recorded",
            [slot, before],
        )?;
        Ok(transaction.commit()?)
    }

    /// The values at the slot that was sent last.
    pub fn sent(&self) -> Result<Vec<Change>, Error> {
        self.read("SELECT series, name, value FROM graphite_sent JOIN graphite_series USING (series)", [])
    }

    /// What changes after one slot, up to and with another, in the order of the slots.
    pub fn changes(&self, after: i64, through: i64) -> Result<Vec<Change>, Error> {
        self.read(
            "SELECT series, name, value FROM graphite_changes JOIN graphite_series USING (series)
             WHERE slot > ?1 AND slot <= ?2 ORDER BY slot",
            [after, through],
        )
    }

    /// The last slot that must go if no more than so many changes may be kept.
    pub fn overflow(&self, changes: u32) -> Result<Option<i64>, Error> {
        let sql = "SELECT slot FROM graphite_changes ORDER BY slot DESC LIMIT 1 OFFSET ?1";
        Ok(self.connection.query_row(sql, [changes], first).optional()?)
    }

    /// Notes that everything up to this slot was sent. It only matters to a summary.
    pub fn wrote(&self, slot: i64) -> Result<(), Error> {
        self.connection.execute("UPDATE graphite_reach SET written = max(written, ?1)", [slot])?;
        Ok(())
    }

    /// Notes that Graphite has everything up to this slot, or never will: so many slots of it were not sent.
    pub fn settle(&mut self, slot: i64, dropped_slots: usize) -> Result<(), Error> {
        let transaction = begin(&mut self.connection)?;
        // Slot by slot, so that the last change of a series is the one that stays.
        transaction.execute(
            "INSERT OR REPLACE INTO graphite_sent SELECT series, value FROM graphite_changes
             WHERE slot <= ?1 AND value IS NOT NULL ORDER BY slot",
            [slot],
        )?;
        transaction.execute(
            "DELETE FROM graphite_sent WHERE series IN (
                SELECT series FROM (SELECT series, value, max(slot) FROM graphite_changes WHERE slot <= ?1 GROUP BY series)
                WHERE value IS NULL)",
            [slot],
        )?;
        transaction.execute("DELETE FROM graphite_changes WHERE slot <= ?1", [slot])?;
        transaction.execute("UPDATE graphite_reach SET sent = max(sent, ?1), written = max(written, ?1)", [slot])?;
        tally(&transaction, "graphite_dropped_slots", dropped_slots)?;
        Ok(transaction.commit()?)
    }

    /// Counts points that Graphite has refused for good.
    pub fn refused(&self, points: usize) -> Result<(), Error> {
        tally(&self.connection, "graphite_refused", points)
    }

    fn read(&self, sql: &str, slots: impl Params) -> Result<Vec<Change>, Error> {
        let mut query = self.connection.prepare(sql)?;
        let rows =
            query.query_map(slots, |row| Ok(Change { series: row.get(0)?, name: row.get(1)?, value: row.get(2)? }))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// The values under the numbers of their series. A new series gets one as long as there are fewer than the limit; a
/// value whose series has none is left out.
fn numbers(connection: &Connection, values: &Values, limit: usize) -> Result<BTreeMap<i64, u64>, Error> {
    let mut query = connection.prepare("SELECT name, series FROM graphite_series")?;
    let known = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut known = known.collect::<Result<HashMap<String, i64>, _>>()?;
    let mut numbers = BTreeMap::new();
    for (name, value) in values {
        let number = match known.get(name) {
            Some(number) => *number,
            None if known.len() < limit => {
                connection.execute("INSERT INTO graphite_series (name) VALUES (?1)", [name])?;
                let number = connection.last_insert_rowid();
                known.insert(name.clone(), number);
                number
            }
            None => continue,
        };
        numbers.insert(number, *value);
    }
    Ok(numbers)
}

/// The values at the slot that was recorded last.
fn current(connection: &Connection) -> Result<HashMap<i64, u64>, Error> {
    let mut query = connection.prepare(
        "SELECT series, value, -1 AS slot FROM graphite_sent
         UNION ALL SELECT series, value, slot FROM graphite_changes ORDER BY slot",
    )?;
    let mut rows = query.query([])?;
    let mut current = HashMap::new();
    while let Some(row) = rows.next()? {
        let series = row.get(0)?;
        match row.get(1)? {
            Some(value) => current.insert(series, value),
            None => current.remove(&series),
        };
    }
    Ok(current)
}

#[cfg(test)]
#[path = "outbox/tests.rs"]
mod tests;
