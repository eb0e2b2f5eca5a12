//! The counters of installations: a document in, and what is stored of it out.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::rows::{CommandRow, CountedRuns, CounterSummary, Installation};
use super::{Error, first, tally};
use crate::counters::{Counter, Counts, Document, merge};
use crate::limits;

/// What became of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is stored, with so many rows that were not there before.
    Merged {
        /// Counters, and the installation.
        new: usize,
    },
    /// It is not: there would be more than [`limits::STORED_COUNTERS`].
    Full,
}

/// Merges a document, if it makes at most `room` new rows. Belongs into a transaction.
pub fn keep(connection: &Connection, document: &Document, room: usize) -> Result<Kept, Error> {
    let known = "SELECT 1 FROM installations WHERE id = ?1";
    let known = connection.query_row(known, [&document.id], |_| Ok(())).optional()?.is_some();
    let stored = counts(connection, &document.id)?;
    let change = merge(&stored, &document.counts);
    let new = change.raised.keys().filter(|counter| !stored.contains_key(counter)).count() + usize::from(!known);
    if new > room {
        tally(connection, "full_documents", 1)?;
        return Ok(Kept::Full);
    }
    let mut raise = connection
        .prepare("INSERT INTO counters VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET count = excluded.count")?;
    for (counter, count) in &change.raised {
        raise.execute(params![document.id, counter.path, counter.exit_code, count])?;
    }
    if change.late {
        tally(connection, "late_documents", 1)?;
    } else {
        connection.execute(
            "INSERT OR REPLACE INTO installations VALUES (?1, ?2, ?3, ?4)",
            params![document.id, document.cli_version, document.operating_system, document.received_at.to_string()],
        )?;
    }
    tally(connection, "documents", 1)?;
    Ok(Kept::Merged { new })
}

/// Installations and counters.
pub fn stored(connection: &Connection) -> Result<usize, Error> {
    let sql = "SELECT (SELECT count(*) FROM installations) + (SELECT count(*) FROM counters)";
    Ok(connection.query_row(sql, [], first)?)
}

/// Gives every counter, those of one installation in a row.
pub fn each(connection: &Connection, mut take: impl FnMut(CountedRuns<'_>)) -> Result<(), Error> {
    let mut query = connection.prepare(
        "SELECT id, cli_version, operating_system, path, exit_code, count FROM installations JOIN counters USING (id)
         ORDER BY id",
    )?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let text = |column| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
        take(CountedRuns {
            id: text(0)?,
            cli_version: text(1)?,
            operating_system: text(2)?,
            path: text(3)?,
            exit_code: row.get(4)?,
            count: row.get(5)?,
        });
    }
    Ok(())
}

/// Every installation with its counters, in the order of their IDs.
pub fn installations(connection: &Connection) -> Result<Vec<Installation>, Error> {
    let sql = "SELECT id, cli_version, operating_system, received_at FROM installations ORDER BY id";
    let mut query = connection.prepare(sql)?;
    let rows = query.query_map([], |row| {
        Ok(Installation {
            metric_points: BTreeMap::new(),
            cli_version: row.get(1)?,
            operating_system: row.get(2)?,
            id: row.get(0)?,
            received_at: row.get(3)?,
        })
    })?;
    let mut installations = rows.collect::<Result<Vec<_>, _>>()?;
    for installation in &mut installations {
        for (Counter { path, exit_code }, count) in counts(connection, &installation.id)? {
            installation.add(path, exit_code, count);
        }
    }
    Ok(installations)
}

/// What was counted, over all installations.
pub fn by_command(connection: &Connection) -> Result<Vec<CommandRow>, Error> {
    // `total` is a real number, exact up to the largest count: an integer sum beyond SQLite's range would be an error.
    let mut query = connection.prepare(
        "SELECT path, exit_code, CAST(min(total(count), ?1) AS INTEGER), count(*), max(received_at)
         FROM counters JOIN installations USING (id) GROUP BY path, exit_code ORDER BY path, exit_code",
    )?;
    let rows = query.query_map([limits::COUNT], |row| {
        Ok(CommandRow {
            command: row.get(0)?,
            exit_code: row.get(1)?,
            count: row.get(2)?,
            installations: row.get(3)?,
            last: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Everything about counters and about Graphite, in numbers.
pub fn summary(connection: &Connection) -> Result<CounterSummary, Error> {
    let number = |sql: &str| connection.query_row(sql, [], first::<u64>);
    let tally = |name: &str| connection.query_row("SELECT count FROM tallies WHERE name = ?1", [name], first::<u64>);
    Ok(CounterSummary {
        installations: number("SELECT count(*) FROM installations")?,
        counters: number("SELECT count(*) FROM counters")?,
        documents: tally("documents")?,
        late_documents: tally("late_documents")?,
        refused_documents: tally("full_documents")?,
        graphite_series: number("SELECT count(*) FROM graphite_series")?,
        graphite_series_over_limit: tally("graphite_series_over")?,
        graphite_seconds_behind: number("SELECT max(0, ifnull((SELECT recorded - written FROM graphite_reach), 0))")?,
        graphite_dropped_slots: tally("graphite_dropped_slots")?,
        graphite_refused_points: tally("graphite_refused")?,
    })
}

fn counts(connection: &Connection, id: &str) -> Result<Counts, Error> {
    let mut query = connection.prepare("SELECT path, exit_code, count FROM counters WHERE id = ?1")?;
    let rows = query.query_map([id], |row| Ok((Counter { path: row.get(0)?, exit_code: row.get(1)? }, row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
