//! The connection that takes in what arrives: a batch or a document, one transaction each.
//!
//! Blocks on the disk: it belongs to a thread of its own.

use std::path::Path;

use rusqlite::{Connection, params};

use super::{APPLICATION_ID, Contents, Error, Kept, SCHEMA, SCHEMA_VERSION, begin, contents, counters, first, tally};
use crate::batch::Batch;
use crate::counters::Document;
use crate::limits;

/// A database open for writing.
pub struct Writer {
    connection: Connection,
    events: usize,
    /// Installations and counters.
    counters: usize,
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
        super::durable(&connection)?;
        connection.pragma_update_and_check(None, "journal_size_limit", limits::LOG_BYTES, |_| Ok(()))?;
        create_schema(&mut connection)?;
        let events = connection.query_row("SELECT count(*) FROM events", [], first)?;
        let counters = counters::stored(&connection)?;
        Ok(Self { connection, events, counters })
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
            tally(&transaction, "duplicates", duplicates)?;
        }
        transaction.commit()?;
        self.events += new;
        Ok(Stored { new, duplicates })
    }

    /// Merges the document into what is stored of its installation, or stores nothing at all. Durable when it returns.
    pub fn keep(&mut self, document: &Document) -> Result<Kept, Error> {
        let transaction = begin(&mut self.connection)?;
        let kept = counters::keep(&transaction, document, limits::STORED_COUNTERS.saturating_sub(self.counters))?;
        transaction.commit()?;
        if let Kept::Merged { new } = kept {
            self.counters += new;
        }
        Ok(kept)
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
    let missing = match contents(&transaction)? {
        Contents::Nothing => SCHEMA.get(..),
        Contents::Older(version) => usize::try_from(version).ok().and_then(|version| SCHEMA.get(version..)),
        Contents::OurSchema => None,
    };
    for addition in missing.unwrap_or_default() {
        transaction.execute_batch(addition)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    transaction.commit()?;
    Ok(())
}
