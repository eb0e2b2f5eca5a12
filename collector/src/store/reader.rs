//! Connections that read: the events and their summary, also while a collector writes.
//!
//! Never creates a database that is not there, and changes nothing in one that is. SQLite may put an empty `-wal` and
//! `-shm` file beside it, so the directory must be writable unless a collector is running.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, Row};
use serde_json::value::RawValue;

use super::rows::{AppSummary, CommandRow, EventSummary, Installation, StoredEvent, Summary};
use super::{Contents, Error, contents, counters, first};
use crate::limits;

/// A database open for reading.
pub struct Reader {
    connection: Connection,
}

impl Reader {
    /// Opens a file that is there.
    pub fn open(path: &Path) -> Result<Self, Error> {
        if let Ok(false) = path.try_exists() {
            return Err(Error::Missing);
        }
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(limits::DATABASE_WAIT)?;
        match contents(&connection)? {
            Contents::OurSchema => Ok(Self { connection }),
            Contents::Older(_) => Err(Error::Older),
            Contents::Nothing => Err(Error::NotOurs),
        }
    }

    /// The events that came last, at most `limit` of them and only those of one name if there is one. The newest is last.
    pub fn latest(&self, limit: u32, name: Option<&str>) -> Result<Vec<StoredEvent>, Error> {
        let mut query = self
            .connection
            .prepare("SELECT * FROM events WHERE ?1 IS NULL OR event = ?1 ORDER BY seq DESC LIMIT ?2")?;
        let rows = query.query_map((name, limit), stored_event)?;
        let mut events = rows.collect::<Result<Vec<_>, _>>()?;
        events.reverse();
        Ok(events)
    }

    /// Every installation with its counters, in the order of their IDs.
    pub fn installations(&self) -> Result<Vec<Installation>, Error> {
        counters::installations(&self.connection)
    }

    /// What was counted, by command and exit code.
    pub fn by_command(&self) -> Result<Vec<CommandRow>, Error> {
        counters::by_command(&self.connection)
    }

    #[cfg(test)]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Reads all events and counters.
    pub fn summary(&mut self) -> Result<Summary, Error> {
        // One read transaction, so that all numbers are of one moment although a collector may be writing.
        let snapshot = self.connection.transaction()?;
        let mut summary = snapshot.query_row(
            "SELECT count(*), count(DISTINCT distinct_id), min(corrected_at), max(corrected_at) FROM events",
            [],
            |row| {
                Ok(Summary {
                    events: row.get(0)?,
                    clients: row.get(1)?,
                    first: row.get(2)?,
                    last: row.get(3)?,
                    ..Summary::default()
                })
            },
        )?;
        let duplicates = "SELECT count FROM tallies WHERE name = 'duplicates'";
        summary.duplicates = snapshot.query_row(duplicates, [], first)?;
        summary.by_event = all(
            &snapshot,
            "SELECT event, count(*), count(DISTINCT distinct_id), max(corrected_at) FROM events
             GROUP BY event ORDER BY count(*) DESC, event",
            |row| Ok(EventSummary { event: row.get(0)?, count: row.get(1)?, clients: row.get(2)?, last: row.get(3)? }),
        )?;
        summary.by_app = all(
            &snapshot,
            "SELECT app_name, app_version, count(*), count(DISTINCT distinct_id), max(corrected_at) FROM events
             GROUP BY app_name, app_version ORDER BY count(*) DESC, app_name, app_version",
            |row| {
                Ok(AppSummary {
                    app: row.get(0)?,
                    version: row.get(1)?,
                    count: row.get(2)?,
                    clients: row.get(3)?,
                    last: row.get(4)?,
                })
            },
        )?;
        summary.counters = counters::summary(&snapshot)?;
        Ok(summary)
    }
}

fn all<T>(connection: &Connection, sql: &str, read: impl Fn(&Row<'_>) -> rusqlite::Result<T>) -> Result<Vec<T>, Error> {
    let mut query = connection.prepare(sql)?;
    let rows = query.query_map([], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn stored_event(row: &Row<'_>) -> rusqlite::Result<StoredEvent> {
    let properties: String = row.get("properties")?;
    Ok(StoredEvent {
        uuid: row.get("uuid")?,
        event: row.get("event")?,
        distinct_id: row.get("distinct_id")?,
        timestamp: row.get("timestamp")?,
        sent_at: row.get("sent_at")?,
        received_at: row.get("received_at")?,
        corrected_at: row.get("corrected_at")?,
        api_key: row.get("api_key")?,
        app_name: row.get("app_name")?,
        app_version: row.get("app_version")?,
        // It was JSON when it came. If somebody edited the file since, the text is shown as a string.
        properties: RawValue::from_string(properties.clone())
            .or_else(|_| serde_json::value::to_raw_value(&properties))
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?,
    })
}
