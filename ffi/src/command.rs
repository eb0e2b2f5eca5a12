//! Counting commands. Not `counters`: that is the chapter of options.

use crate::client::Client;
use crate::out::TextOut;
use crate::status::{DISABLED, DROPPED, OK, Status, status};
use crate::str::Str;
use crate::text::Text;
use overt_core::Counted;
use std::mem::MaybeUninit;

/// Counts a command: its path, such as "pace get data-policy" (the words that the tool defines, never what its user
/// typed beside them; at most 200 bytes), and its exit code. When it returns OVERT_OK the command is counted, and
/// survives the death of the process. Never waits for other processes that count.
#[unsafe(no_mangle)]
pub extern "C" fn overt_client_record_command(client: Option<&Client>, path: Str, exit_code: i32) -> Status {
    status(|| {
        let Some(client) = client.map(Client::core) else { return DISABLED };
        // A disabled client finds no fault with anything.
        if !client.may_count() {
            return DISABLED;
        }
        match client.record_command(path.utf8()?, exit_code)? {
            Counted::Counted => OK,
            Counted::Disabled => DISABLED,
            Counted::Dropped => DROPPED,
        }
    })
}

/// The counts, as the JSON document that is uploaded; "" if there are none.
#[unsafe(no_mangle)]
pub extern "C" fn overt_client_counters(
    client: Option<&Client>,
    out_json: Option<&mut MaybeUninit<Option<Box<Text>>>>,
) -> Status {
    status(|| {
        let out = TextOut::new(out_json);
        let Some(client) = client else { return DISABLED };
        out.put(|| client.core().counters().unwrap_or_default());
        OK
    })
}
