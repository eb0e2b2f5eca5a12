//! A request's body, read within its limits: size, time, and the memory that all bodies share.
//!
//! A body that is refused is still read for a while and thrown away, so that a client that writes before it reads gets
//! to see why: see [`limits::DISCARD_BYTES`].

use std::sync::Arc;

use axum::body::Body;
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::encoding::Encoding;
use crate::limits::{self, Limits};
use crate::refusal::Refusal;

/// A whole body. Its bytes are taken from the budget until it is dropped.
pub struct Received {
    bytes: Vec<u8>,
    charge: Option<OwnedSemaphorePermit>,
}

/// Reads a body to its end.
pub async fn read(body: Body, limits: &Limits, budget: &Arc<Semaphore>) -> Result<Received, Refusal> {
    timeout(limits.body_timeout, read_all(body, limits.body_bytes, budget))
        .await
        .unwrap_or_else(|_| Err(Refusal::too_slow()))
}

async fn read_all(mut body: Body, limit: usize, budget: &Arc<Semaphore>) -> Result<Received, Refusal> {
    let mut received = Received { bytes: Vec::new(), charge: None };
    let mut verdict = Ok(());
    let mut discarded = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::invalid("body", "the body broke off"))?;
        let Ok(chunk) = frame.into_data() else {
            continue;
        };
        if verdict.is_ok() {
            verdict = received.append(&chunk, limit, budget);
        }
        if verdict.is_err() {
            // Nothing of it is needed any more, so nothing is held while the rest comes in.
            received = Received { bytes: Vec::new(), charge: None };
            discarded += chunk.len();
            if discarded > limits::DISCARD_BYTES {
                break;
            }
        }
    }
    verdict.map(|()| received)
}

impl Received {
    /// The plain bytes. They are no longer counted: who asks for them holds a permit to work on a batch.
    pub fn decode(self, encoding: Encoding, limit: usize) -> Result<Vec<u8>, Refusal> {
        encoding.decode(self.bytes, limit)
    }

    fn append(&mut self, chunk: &[u8], limit: usize, budget: &Arc<Semaphore>) -> Result<(), Refusal> {
        if self.bytes.len() + chunk.len() > limit {
            return Err(Refusal::too_large("body_size", format!("the body has more than {limit} bytes")));
        }
        let busy = || Refusal::unavailable("busy", "too many bodies at once: try again");
        let size = u32::try_from(chunk.len()).map_err(|_| busy())?;
        let charge = Arc::clone(budget).try_acquire_many_owned(size).map_err(|_| busy())?;
        match &mut self.charge {
            Some(total) => total.merge(charge),
            None => self.charge = Some(charge),
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }
}
