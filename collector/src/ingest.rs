//! The thread that owns the database's writer, and the desk at which the async side leaves batches and
//! documents for it.
//!
//! - An answer means committed: see [`crate::store`] for what that survives.
//! - The desk is bounded. Whoever finds it full waits, and with him the client.
//! - The thread ends when the last [`Desk`] is gone and everything left on it is done.

use std::io;
use std::thread::{self, JoinHandle};

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use crate::batch::Batch;
use crate::counters::Document;
use crate::limits;
use crate::store::{Error, Kept, Stored, Writer};

/// Where batches and documents are left. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    jobs: mpsc::Sender<Job>,
}

/// The writer's thread is gone, which only a bug can bring about.
#[derive(Debug)]
pub struct Closed;

enum Job {
    /// The permit bounds the batches in memory, so it lives as long as the batch.
    Insert(Batch, OwnedSemaphorePermit, oneshot::Sender<Result<Stored, Error>>),
    Keep(Document, OwnedSemaphorePermit, oneshot::Sender<Result<Kept, Error>>),
    Count(oneshot::Sender<usize>),
}

/// Starts the thread.
pub fn start(writer: Writer) -> io::Result<(Desk, JoinHandle<()>)> {
    let (jobs, inbox) = mpsc::channel(limits::BATCHES_IN_WORK);
    let thread = thread::Builder::new().name("store".to_owned()).spawn(move || work(writer, inbox))?;
    Ok((Desk { jobs }, thread))
}

impl Desk {
    /// Returns when the batch is durable, or could not be stored.
    pub async fn insert(&self, batch: Batch, permit: OwnedSemaphorePermit) -> Result<Result<Stored, Error>, Closed> {
        self.ask(|answer| Job::Insert(batch, permit, answer)).await
    }

    /// Returns when the document is durable, or could not be stored.
    pub async fn keep(&self, document: Document, permit: OwnedSemaphorePermit) -> Result<Result<Kept, Error>, Closed> {
        self.ask(|answer| Job::Keep(document, permit, answer)).await
    }

    /// How many events are stored. Waits its turn behind the batches, so an answer also says that the thread works.
    pub async fn count(&self) -> Result<usize, Closed> {
        self.ask(Job::Count).await
    }

    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<T>) -> Job) -> Result<T, Closed> {
        let (sender, answer) = oneshot::channel();
        self.jobs.send(job(sender)).await.map_err(|_| Closed)?;
        answer.await.map_err(|_| Closed)
    }
}

fn work(mut writer: Writer, mut inbox: mpsc::Receiver<Job>) {
    while let Some(job) = inbox.blocking_recv() {
        // Whoever asked may have hung up: what he left is stored all the same.
        match job {
            Job::Insert(batch, permit, answer) => {
                let _ = answer.send(writer.insert(&batch));
                drop(permit);
            }
            Job::Keep(document, permit, answer) => {
                let _ = answer.send(writer.keep(&document));
                drop(permit);
            }
            Job::Count(answer) => {
                let _ = answer.send(writer.events());
            }
        }
    }
}
