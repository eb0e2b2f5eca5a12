//! The database: one SQLite file with one row an event, and one row a counter of each installation.
//!
//! - **Durable before it answers.** The journal is a write-ahead log with `synchronous = FULL`, so a commit returns after
//!   `fsync`: what was answered with 200 survives the death of the process, of the system and of the power, as far as
//!   the disk keeps what it acknowledged. (`NORMAL` would survive the death of the process only: the last commits
//!   may then be missing after a power cut, and their client has already forgotten them.)
//! - **Counted once.** `uuid` is unique; an event that comes again is not stored but counted.
//! - `PRAGMA application_id` says that a file is ours and `PRAGMA user_version` which schema it has. A newer one, and a
//!   file of somebody else's, is refused and left as it is.
//! - An older schema is brought up to date by the [`Writer`]; a [`Reader`] says that this has to be done.
//! - One [`Writer`], one [`Outbox`] and any number of [`Reader`]s may have the file open at once. Those that write take
//!   the lock when they begin, and wait for each other.

mod counters;
mod error;
mod outbox;
mod reader;
pub mod rows;
mod writer;

use rusqlite::{Connection, Transaction, TransactionBehavior};

pub use counters::Kept;
pub use error::Error;
pub use outbox::{Change, Outbox};
pub use reader::Reader;
pub use writer::{Stored, Writer};

/// "ovrt" in ASCII.
const APPLICATION_ID: i64 = 0x6f76_7274;

/// The schema this program writes. Raise it with every change of [`SCHEMA`], and say how to get from the one before.
const SCHEMA_VERSION: i64 = 2;

/// What each version has beside the one before it, from version 1.
const SCHEMA: [&str; 2] = [EVENTS, COUNTERS];

/// `seq` is the order of arrival. `properties` is last, so that a summary need not read past it.
const EVENTS: &str = "
    CREATE TABLE events (
        seq          INTEGER PRIMARY KEY,
        uuid         TEXT NOT NULL UNIQUE,
        event        TEXT NOT NULL,
        distinct_id  TEXT NOT NULL,
        timestamp    TEXT,
        sent_at      TEXT,
        received_at  TEXT NOT NULL,
        corrected_at TEXT NOT NULL,
        api_key      TEXT NOT NULL,
        app_name     TEXT,
        app_version  TEXT,
        properties   TEXT NOT NULL
    ) STRICT;
    CREATE TABLE tallies (
        name  TEXT PRIMARY KEY,
        count INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    INSERT INTO tallies VALUES ('duplicates', 0);
";

/// `counters` is in the order of its key, so that all of an installation is read in one piece. What begins with
/// `graphite_` is [`outbox`]'s.
const COUNTERS: &str = "
    CREATE TABLE installations (
        id               TEXT PRIMARY KEY,
        cli_version      TEXT NOT NULL,
        operating_system TEXT NOT NULL,
        received_at      TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE counters (
        id        TEXT NOT NULL,
        path      TEXT NOT NULL,
        exit_code INTEGER NOT NULL,
        count     INTEGER NOT NULL,
        PRIMARY KEY (id, path, exit_code)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE graphite_series (
        series INTEGER PRIMARY KEY,
        name   TEXT NOT NULL UNIQUE
    ) STRICT;
    CREATE TABLE graphite_sent (
        series INTEGER PRIMARY KEY,
        value  INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE graphite_changes (
        slot   INTEGER NOT NULL,
        series INTEGER NOT NULL,
        value  INTEGER,
        PRIMARY KEY (slot, series)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE graphite_reach (
        one      INTEGER PRIMARY KEY CHECK (one = 1),
        sent     INTEGER NOT NULL,
        written  INTEGER NOT NULL,
        recorded INTEGER NOT NULL
    ) STRICT;
    INSERT INTO tallies VALUES
        ('documents', 0), ('late_documents', 0), ('full_documents', 0),
        ('graphite_series_over', 0), ('graphite_refused', 0), ('graphite_dropped_slots', 0);
";

/// What a file holds.
enum Contents {
    Nothing,
    OurSchema,
    /// A schema of ours from before, and which.
    Older(i64),
}

fn contents(connection: &Connection) -> Result<Contents, Error> {
    let application_id: i64 = connection.pragma_query_value(None, "application_id", first)?;
    let version: i64 = connection.pragma_query_value(None, "user_version", first)?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], first)?;
    match (application_id, version) {
        (0, 0) if tables == 0 => Ok(Contents::Nothing),
        (APPLICATION_ID, SCHEMA_VERSION) => Ok(Contents::OurSchema),
        (APPLICATION_ID, version) if version > SCHEMA_VERSION => Err(Error::Newer(version)),
        (APPLICATION_ID, version) if version > 0 => Ok(Contents::Older(version)),
        _ => Err(Error::NotOurs),
    }
}

/// See the module: what is committed has been written.
fn durable(connection: &Connection) -> Result<(), Error> {
    connection.pragma_update(None, "synchronous", "FULL")?;
    // On macOS `fsync` stops at the drive's cache without this; elsewhere it changes nothing.
    connection.pragma_update(None, "fullfsync", true)?;
    Ok(())
}

/// Takes the lock at once: a transaction that only finds out later that another one writes would have to be undone.
fn begin(connection: &mut Connection) -> Result<Transaction<'_>, Error> {
    Ok(connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
}

/// Adds to one of the tallies.
fn tally(connection: &Connection, name: &str, more: usize) -> Result<(), Error> {
    connection.execute("UPDATE tallies SET count = count + ?2 WHERE name = ?1", (name, more))?;
    Ok(())
}

fn first<T: rusqlite::types::FromSql>(row: &rusqlite::Row<'_>) -> rusqlite::Result<T> {
    row.get(0)
}

#[cfg(test)]
mod tests;
