//! From a request to a durable batch or document, in two steps that all protocols share: the body arrives, and what is
//! read from it is stored. Between them the protocol judges the head.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::header::{self, HeaderName};
use axum::http::request::Parts;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::body::{self, Received};
use crate::batch::Batch;
use crate::counters::Document;
use crate::encoding::Encoding;
use crate::ingest::{Closed, Desk};
use crate::limits::{self, Limits};
use crate::operator;
use crate::refusal::Refusal;
use crate::store::{Error, Kept, Stored};
use crate::time::Moment;

/// Where batches and documents come in. Cheap to clone.
#[derive(Clone)]
pub struct Intake {
    desk: Desk,
    limits: Limits,
    /// Bytes of bodies that may still be taken into memory.
    budget: Arc<Semaphore>,
    /// Batches that may still go from bytes to commit.
    work: Arc<Semaphore>,
}

/// A request whose body is here.
pub struct Arrived {
    /// The end of its head, by our clock.
    pub received_at: Moment,
    head: Parts,
    body: Received,
}

impl Intake {
    pub fn new(desk: Desk, limits: Limits) -> Self {
        let budget = Arc::new(Semaphore::new(limits.body_budget_bytes));
        Self { desk, limits, budget, work: Arc::new(Semaphore::new(limits::BATCHES_IN_WORK)) }
    }

    /// The same, where bodies have at most so many bytes.
    pub fn with_body_limit(&self, bytes: usize) -> Self {
        let limits = Limits { body_bytes: bytes.min(self.limits.body_bytes), ..self.limits };
        Self { limits, ..self.clone() }
    }

    /// How many events are stored, by the thread that stores them.
    pub async fn count(&self) -> Result<usize, Refusal> {
        self.desk.count().await.map_err(|_| store_failed())
    }

    /// Takes the body in. That is done before the head is judged, so that the client is there to hear the verdict.
    pub async fn arrive(&self, request: Request) -> Result<Arrived, Refusal> {
        // Before the body: however long that takes, the moment that the client says it sent is from before it.
        let received_at = Moment::now();
        let (head, body) = request.into_parts();
        let body = body::read(body, &self.limits, &self.budget).await?;
        Ok(Arrived { received_at, head, body })
    }

    /// Inflates the body, reads it, and stores the batch. Also gives what the reader wants to have said about the batch
    /// once it is stored.
    pub async fn store<T: Send + 'static>(
        &self,
        body: Received,
        encoding: Encoding,
        read: impl FnOnce(&[u8]) -> Result<(Batch, T), Refusal> + Send + 'static,
    ) -> Result<(Stored, T), Refusal> {
        let ((batch, said), permit) = self.read(body, encoding, read).await?;
        Ok((settled(self.desk.insert(batch, permit).await)?, said))
    }

    /// Inflates the body, reads a document from it, and stores that.
    pub async fn keep(&self, body: Received, encoding: Encoding, received_at: Moment) -> Result<(), Refusal> {
        let read = move |plain: &[u8]| Document::read(plain, received_at);
        let (document, permit) = self.read(body, encoding, read).await?;
        match settled(self.desk.keep(document, permit).await)? {
            Kept::Merged { .. } => Ok(()),
            Kept::Full => {
                let detail = format!("{} counters are stored, and no more are", limits::STORED_COUNTERS);
                Err(Refusal::unavailable("stored_counters", detail))
            }
        }
    }

    /// What is read from the body, and the permit to go on with it.
    async fn read<T: Send + 'static>(
        &self,
        body: Received,
        encoding: Encoding,
        read: impl FnOnce(&[u8]) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<(T, OwnedSemaphorePermit), Refusal> {
        let permit = Arc::clone(&self.work).acquire_owned().await.map_err(|_| store_failed())?;
        let limit = self.limits.body_bytes;
        // Inflating and reading 20 MiB takes long enough to hold up every other connection. The permit goes along: if
        // the client hangs up, this future ends and the work does not.
        let work = tokio::task::spawn_blocking(move || {
            let plain = body.decode(encoding, limit);
            (plain.and_then(|plain| read(&plain)), permit)
        });
        let (done, permit) = work.await.map_err(|_| store_failed())?;
        Ok((done?, permit))
    }
}

impl Arrived {
    /// A header's text, if it is there and is text.
    pub fn header(&self, name: HeaderName) -> Option<&str> {
        self.head.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn query(&self) -> Option<&str> {
        self.head.uri.query()
    }

    /// Only `application/json` is. It is what PostHog's clients send, and what a foreign web page cannot make a browser
    /// send to a collector on the same machine without being asked.
    pub fn is_json(&self) -> bool {
        let media_type = self.header(header::CONTENT_TYPE).and_then(|value| value.split(';').next());
        media_type.is_some_and(|name| name.trim().eq_ignore_ascii_case("application/json"))
    }

    pub fn into_body(self) -> Received {
        self.body
    }
}

/// What the thread that stores has to say, as the client may hear it.
fn settled<T>(done: Result<Result<T, Error>, Closed>) -> Result<T, Refusal> {
    match done {
        Ok(Ok(stored)) => Ok(stored),
        Ok(Err(error)) => {
            operator::tell(format_args!("what came could not be stored: {error}"));
            Err(store_failed())
        }
        Err(_) => Err(store_failed()),
    }
}

/// What went wrong is for the operator, not for a stranger.
fn store_failed() -> Refusal {
    Refusal::unavailable("store", "it could not be stored: try again")
}
