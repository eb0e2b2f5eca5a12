//! The counters on their way to the server, as one document; on the worker's thread.
//!
//! - An upload begins with the stamp, so of many processes one makes it, and a failed one waits for the next interval: the
//!   counts are totals, so nothing is lost.
//! - `counters.lock` beside the spool is held meanwhile, and notes an upload that has begun. One that the end of its process
//!   cut off is made again by whoever delivers next, such as the uploader.

use super::Inner;
use super::life::Life;
use crate::counters::Counters;
use crate::ledger::Count;
use crate::state::{self, Lock};
use crate::transport::Request;
use crate::wire;
use std::path::{Path, PathBuf};
use std::time::Duration;

const LOCK: &str = "counters.lock";
/// The last document that was uploaded, as it was sent.
const SENT: &str = "counters.json";
/// What the server says if all is well.
const OK: &[u8] = b"OK";

impl Inner {
    /// The counters and how often they go out as a document, if they do.
    fn uploaded_counters(&self) -> Option<(&Counters, Duration)> {
        let counters = self.counters.as_ref().filter(|_| !self.config.counters_endpoint.is_empty())?;
        Some((counters, self.config.counters_interval?))
    }

    /// After what time the counters are to go out; `None` if not in this interval. Creates nothing.
    pub(super) fn counters_wait(&self) -> Option<Duration> {
        let (counters, interval) = self.uploaded_counters().filter(|_| self.consent().enabled)?;
        if counters.is_due(self.clock.now(), interval) {
            return Some(Duration::ZERO);
        }
        let begun = state::read(&self.spool_dir()?.join(LOCK)).is_ok_and(|noted| !noted.is_empty());
        begun.then_some(self.config.flush_interval)
    }

    /// Sends the counters if it is time. True: another process is at it.
    pub(super) fn upload_counters(&self, life: &Life) -> bool {
        if self.counters_wait().is_none() || !life.worker.goes_on() {
            return false;
        }
        let Ok(session) = self.session(life) else { return false };
        let Some(spool) = session.store.spool() else { return false };
        match Lock::take(&spool.dir().join(LOCK)) {
            Ok(Some(mut lock)) => {
                if let Err(error) = self.upload_with(&mut lock, life, spool.dir()) {
                    self.trace.say(|| format!("the counters cannot be uploaded: {error}"));
                }
                false
            }
            Ok(None) => true,
            Err(error) => {
                self.trace.say(|| format!("the counters cannot be uploaded: {error}"));
                false
            }
        }
    }

    fn upload_with(&self, lock: &mut Lock, life: &Life, spool: &Path) -> std::io::Result<()> {
        let Some((counters, interval)) = self.uploaded_counters() else { return Ok(()) };
        let now = self.clock.now();
        let cut_off = lock.noted(now)?.is_some();
        let host_says = self.host_says();
        let allowed = || self.is_allowed(host_says);
        // Before the stamp: whoever dies between the two has promised an upload, and not prevented one.
        lock.note(Some(now))?;
        let document = match counters.claim(now, interval, &self.fresh(), &allowed) {
            Ok(None) if cut_off && allowed() => counters.document(),
            claimed => claimed.inspect_err(|_| drop(lock.note(None)))?,
        };
        let Some(document) = document else { return lock.note(None) };

        let body = document.to_json();
        let url = self.config.counters_endpoint.clone();
        let mut request = Request { url, headers: wire::headers(), body: body.clone().into_bytes() };
        request.headers.extend(self.config.extra_headers.iter().cloned());
        life.counts.add(Count::Requests, 1);
        let answer = self.transport.send(&request);
        let taken = answer.as_ref().is_ok_and(|answer| answer.status == 200 && answer.body.trim_ascii() == OK);
        self.trace.say(|| match &answer {
            Ok(answer) => format!("counters: status {}", answer.status),
            Err(no_answer) => format!("counters: {}", no_answer.reason),
        });
        if !taken {
            life.counts.add(Count::Failures, 1);
        }
        if life.worker.is_held() && !taken {
            return Ok(()); // broken off, and made again as soon as the thread is wanted again
        }
        let sent = spool.join(SENT);
        if !lock.is_file(&spool.join(LOCK)) {
            return Ok(()); // erased meanwhile
        }
        if !self.config.keep_sent {
            let _ = state::remove_if_there(&sent);
        } else if taken {
            let _ = state::replace_whole(&sent, body.as_bytes());
        }
        lock.note(None)
    }

    /// Where the last document that was uploaded lies.
    pub(super) fn sent_counters(&self) -> Option<PathBuf> {
        Some(self.spool_dir()?.join(SENT))
    }
}
