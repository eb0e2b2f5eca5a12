//! The database: one SQLite file with one row an event.
//!
//! - **Durable before it answers.** The journal is a write-ahead log with `synchronous = FULL`, so a commit returns after
//!   `fsync`: what was answered with 200 survives the death of the process, of the system and of the power, as far as
//!   the disk keeps what it acknowledged. (`NORMAL` would survive the death of the process only: the last commits
//!   may then be missing after a power cut, and their client has already forgotten them.)
//! - **Counted once.** `uuid` is unique; an event that comes again is not stored but counted.
//! - `PRAGMA application_id` says that a file is ours and `PRAGMA user_version` which schema it has. A newer one, and a
//!   file of somebody else's, is refused and left as it is.
//! - One [`Writer`] and any number of [`Reader`]s may have the file open at once.

mod error;
mod reader;
pub mod rows;
mod writer;

use rusqlite::Connection;

pub use error::Error;
pub use reader::Reader;
pub use writer::{Stored, Writer};

/// "ovrt" in ASCII.
const APPLICATION_ID: i64 = 0x6f76_7274;

/// The schema this program writes. Raise it with every change of [`SCHEMA`], and say how to get from the one before.
const SCHEMA_VERSION: i64 = 1;

/// `seq` is the order of arrival. `properties` is last, so that a summary need not read past it.
const SCHEMA: &str = "
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

/// What a file holds.
enum Contents {
    Nothing,
    OurSchema,
}

fn contents(connection: &Connection) -> Result<Contents, Error> {
    let application_id: i64 = connection.pragma_query_value(None, "application_id", first)?;
    let version: i64 = connection.pragma_query_value(None, "user_version", first)?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], first)?;
    match (application_id, version) {
        (0, 0) if tables == 0 => Ok(Contents::Nothing),
        (APPLICATION_ID, SCHEMA_VERSION) => Ok(Contents::OurSchema),
        (APPLICATION_ID, version) if version > SCHEMA_VERSION => Err(Error::Newer(version)),
        _ => Err(Error::NotOurs),
    }
}

fn first<T: rusqlite::types::FromSql>(row: &rusqlite::Row<'_>) -> rusqlite::Result<T> {
    row.get(0)
}

#[cfg(test)]
mod tests;
