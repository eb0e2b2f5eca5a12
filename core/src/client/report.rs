//! The report of losses: an event that says how many events were lost on this machine, so that a maintainer knows what
//! the numbers do not show.
//!
//! - It follows the first event of a process, and once a day in one that lives longer, if anything was lost since the
//!   last report. It is an event like any other: it waits, is sent and can be read and dropped as such.
//! - It has totals since the installation's first event, so that one that is lost itself takes nothing with it, and a
//!   UUID made of them, so that several processes which report the same at once are one event to the server.

use super::session::Session;
use super::{Capture, Client};
use crate::event::{self, Event};
use crate::loss::LossReason;
use crate::spool::{Spool, books};
use crate::state;
use std::path::Path;
use uuid::Uuid;

/// The event's name.
const REPORT: &str = "overt_losses";

/// Holds the UUID of the last report.
const REPORTED: &str = "reported";

impl Client {
    /// Reports what was lost, unless that was reported.
    pub(super) fn report_losses(&self, session: &Session) {
        let Some(spool) = session.store.spool().map(Spool::dir) else { return };
        let Some((uuid, losses)) = unreported(spool, &session.client_id) else { return };
        let mut event = Event::new(REPORT);
        event.uuid = Some(uuid);
        let captured = self.capture(&event, |properties| {
            for (reason, events) in losses {
                properties.set(reason.as_str(), |writer| writer.int(i64::try_from(events).unwrap_or(i64::MAX)));
            }
            Ok(())
        });
        // What before_send drops it would drop again.
        if matches!(captured, Ok(Capture::Recorded(_) | Capture::Dropped(None))) {
            let _ = state::replace_whole(&spool.join(REPORTED), format!("{uuid}\n").as_bytes());
        }
    }
}

/// The losses that are to be reported, and the report's UUID.
fn unreported(spool: &Path, client_id: &str) -> Option<(Uuid, Vec<(LossReason, u64)>)> {
    let ledger = books::totals(spool);
    let lost = |reason: LossReason| Some((reason, *ledger.lost.get(reason.as_str())?)).filter(|(_, n)| *n > 0);
    let losses: Vec<_> = LossReason::ALL.into_iter().filter_map(lost).collect();
    if losses.is_empty() {
        return None;
    }
    let uuid = event::name_based(format!("{client_id} {losses:?}").as_bytes());
    let last = state::read(&spool.join(REPORTED)).unwrap_or_default();
    (last.trim_ascii() != uuid.to_string().as_bytes()).then_some((uuid, losses))
}
