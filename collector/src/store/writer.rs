//! The one connection that writes: batches in, one transaction each.
//!
//! Blocks on the disk: it belongs to a thread of its own.

use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::{APPLICATION_ID, Contents, Error, SCHEMA, SCHEMA_VERSION, contents, first};
use crate::batch::Batch;
use crate::limits;

/// A database open for writing.
pub struct Writer {
    connection: Connection,
    events: usize,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Events that were new.
    pub new: usize,
    /// Events that had been there, or were twice in the batch.
    pub duplicates: usize,
}

impl Writer {
    /// Opens the file, or makes it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(limits::DATABASE_WAIT)?;
        // Look before anything is written: a file that is not ours stays as it is.
        contents(&connection)?;
        let mode: String = connection.pragma_update_and_check(None, "journal_mode", "wal", first)?;
        if mode != "wal" {
            return Err(Error::Journal(mode));
        }
        connection.pragma_update(None, "synchronous", "FULL")?;
        // On macOS `fsync` stops at the drive's cache without this; elsewhere it changes nothing.
        connection.pragma_update(None, "fullfsync", true)?;
        connection.pragma_update_and_check(None, "journal_size_limit", limits::LOG_BYTES, |_| Ok(()))?;
        create_schema(&mut connection)?;
        let events = connection.query_row("SELECT count(*) FROM events", [], first)?;
        Ok(Self { connection, events })
    }

    /// Stores what is new of the batch, or nothing at all. Durable when it returns.
    pub fn insert(&mut self, batch: &Batch) -> Result<Stored, Error> {
        let transaction = begin(&mut self.connection)?;
        let mut new = 0;
        let received_at = batch.received_at.to_string();
        let mut insert = transaction.prepare(
            "INSERT INTO events (uuid, event, distinct_id, timestamp, sent_at, received_at, corrected_at, api_key,
                                 app_name, app_version, properties)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (uuid) DO NOTHING",
        )?;
        for event in &batch.events {
            let rows = insert.execute(params![
                event.uuid,
                event.event,
                event.distinct_id,
                event.timestamp,
                batch.sent_at,
                received_at,
                event.corrected_at.to_string(),
                batch.api_key,
                event.app_name,
                event.app_version,
                event.properties,
            ])?;
            new += rows;
        }
        drop(insert);
        let duplicates = batch.events.len() - new;
        if duplicates > 0 {
            transaction.execute("UPDATE tallies SET count = count + ?1 WHERE name = 'duplicates'", [duplicates])?;
        }
        transaction.commit()?;
        self.events += new;
        Ok(Stored { new, duplicates })
    }

    /// How many events there are: counted when the file was opened, and kept since.
    pub fn events(&self) -> usize {
        self.events
    }

    #[cfg(test)]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }
}

/// Takes the lock at once: two collectors that open a new file together make the schema once.
fn create_schema(connection: &mut Connection) -> Result<(), Error> {
    let transaction = begin(connection)?;
    if let Contents::Nothing = contents(&transaction)? {
        transaction.execute_batch(SCHEMA)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    }
    transaction.commit()?;
    Ok(())
}

fn begin(connection: &mut Connection) -> Result<Transaction<'_>, Error> {
    Ok(connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
}
