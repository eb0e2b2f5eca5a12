//! What can be wrong with a database, in words for the operator.

use std::fmt;

/// Why the database could not be opened, read or written.
#[derive(Debug)]
pub enum Error {
    /// There is no such file, and a reader makes none.
    Missing,
    /// The file is of a newer collector, with this schema.
    Newer(i64),
    /// The file is of an older collector, and a reader changes nothing.
    Older,
    /// The file is a database, but not a collector's.
    NotOurs,
    /// The file cannot be kept in write-ahead mode; it is in this one.
    Journal(String),
    /// SQLite's own.
    Sqlite(rusqlite::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => write!(out, "no such file"),
            Self::Newer(version) => write!(
                out,
                "written by a newer overt-collector: its schema is {version}, this program knows up to {}",
                super::SCHEMA_VERSION
            ),
            Self::Older => {
                write!(out, "written by an older overt-collector: `serve` of this one brings it up to date")
            }
            Self::NotOurs => write!(out, "not a database of overt-collector"),
            Self::Journal(mode) => {
                write!(out, "cannot keep a write-ahead log here (journal mode {mode}): is it a network file system?")
            }
            Self::Sqlite(error) => write!(out, "{error}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}
