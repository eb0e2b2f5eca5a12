//! The client ID.

use crate::client::Client;
use crate::out::TextOut;
use crate::status::{Answer, DISABLED, OK, Status, status};
use crate::text::Text;
use std::mem::MaybeUninit;

fn answer(id: Option<String>, out: TextOut<'_>) -> Answer {
    let Some(id) = id else { return DISABLED };
    out.put(|| id);
    OK
}

/// The random ID under which this installation's events are recorded; made now if there is none yet.
#[unsafe(no_mangle)]
pub extern "C" fn overt_client_client_id(
    client: Option<&Client>,
    out_id: Option<&mut MaybeUninit<Option<Box<Text>>>>,
) -> Status {
    status(|| {
        let out = TextOut::new(out_id);
        let Some(client) = client else { return DISABLED };
        answer(client.core().client_id()?, out)
    })
}

/// Forgets the client ID and erases everything pending, whether events are recorded or not; gives the new ID.
#[unsafe(no_mangle)]
pub extern "C" fn overt_client_reset_client_id(
    client: Option<&Client>,
    out_id: Option<&mut MaybeUninit<Option<Box<Text>>>>,
) -> Status {
    status(|| {
        let out = TextOut::new(out_id);
        let Some(client) = client else { return DISABLED };
        answer(client.core().reset_client_id()?, out)
    })
}
