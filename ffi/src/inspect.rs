//! Inspection: what overt has, sent and lost, as text.

use crate::client::Client;
use crate::out::TextOut;
use crate::status::{DISABLED, OK, Status, status};
use crate::text::Text;
use overt_core::Writer;
use std::mem::MaybeUninit;

/// Gives a text about the client.
fn text_of(
    client: Option<&Client>,
    out_text: Option<&mut MaybeUninit<Option<Box<Text>>>>,
    text: impl FnOnce(&overt_core::Client) -> String,
) -> Status {
    status(|| {
        let out = TextOut::new(out_text);
        let Some(client) = client else { return DISABLED };
        out.put(|| text(client.core()));
        OK
    })
}

fn lines(lines: &[String]) -> String {
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

fn object(fill: impl FnOnce(&mut Writer<'_>)) -> String {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out);
    writer.begin_object();
    fill(&mut writer);
    writer.end_object();
    String::from_utf8_lossy(&out).into_owned()
}

/// A number as JSON has no wider one: exact up to 2^63.
fn count(writer: &mut Writer<'_>, key: &str, value: u64) {
    writer.key(key);
    writer.int(i64::try_from(value).unwrap_or(i64::MAX));
}

/// The events that wait, oldest first: JSON lines, each exactly as it will be sent.
#[unsafe(no_mangle)]
pub extern "C" fn overt_client_pending(
    client: Option<&Client>,
    out_json_lines: Option<&mut MaybeUninit<Option<Box<Text>>>>,
) -> Status {
    text_of(client, out_json_lines, |client| lines(&client.pending()))
}

/// The last events that were sent, oldest first: JSON lines, each exactly as it was sent.
#[unsafe(no_mangle)]
pub extern "C" fn overt_client_sent(
    client: Option<&Client>,
    out_json_lines: Option<&mut MaybeUninit<Option<Box<Text>>>>,
) -> Status {
    text_of(client, out_json_lines, |client| lines(&client.sent()))
}

/// What this client did in this process: a JSON object with the numbers "recorded", "delivered", "unconfirmed",
/// "pending", "lost", "requests", "failures" and "panics", and with "storage", where events wait: "none", "disk" or
/// "memory".
/// Of the delivered events those are unconfirmed about which the server said nothing that overt understands.
#[unsafe(no_mangle)]
pub extern "C" fn overt_client_stats(
    client: Option<&Client>,
    out_json: Option<&mut MaybeUninit<Option<Box<Text>>>>,
) -> Status {
    text_of(client, out_json, |client| {
        let stats = client.stats();
        object(|writer| {
            count(writer, "recorded", stats.recorded);
            count(writer, "delivered", stats.delivered);
            count(writer, "unconfirmed", stats.unconfirmed);
            count(writer, "pending", stats.pending);
            count(writer, "lost", stats.lost);
            count(writer, "requests", stats.requests);
            count(writer, "failures", stats.failures);
            count(writer, "panics", stats.panics);
            writer.key("storage");
            writer.str(stats.storage.as_str());
        })
    })
}

/// The events that this process lost: a JSON object with a number for each reason that occurred: "spool_full",
/// "memory_full", "expired", "refused", "corrupt".
#[unsafe(no_mangle)]
pub extern "C" fn overt_client_losses(
    client: Option<&Client>,
    out_json: Option<&mut MaybeUninit<Option<Box<Text>>>>,
) -> Status {
    text_of(client, out_json, |client| {
        let losses = client.losses();
        object(|writer| losses.into_iter().for_each(|(reason, events)| count(writer, reason.as_str(), events)))
    })
}
