//! What the server has seen of a request: unpacked, read and laid out so that claims can be made about it.
//!
//! A request is `{method, path, query, headers, header, bytes, body}`: `headers` are the names, in lower case and without
//! those that belong to HTTP itself; `bytes` is the size of the body when it is unpacked.

use crate::json::Json;
use flate2::read::{GzDecoder, ZlibDecoder};
use overt_tests::Recorded;
use std::io::Read;
use std::time::{Instant, SystemTime};

/// Headers that carry the message; every HTTP library has its own way with them.
const OF_HTTP: [&str; 4] = ["host", "content-length", "connection", "accept"];

/// A request, read.
pub struct Seen {
    /// All that claims can be made about.
    pub view: Json,
    /// Its events.
    pub events: Vec<Json>,
    /// Why the body cannot be read.
    pub fault: Option<String>,
    /// When it had arrived.
    pub arrived: (Instant, SystemTime),
}

impl Seen {
    /// Reads a request.
    pub fn of(request: &Recorded) -> Self {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let names = request.headers.iter().map(|(name, _)| name.as_str()).filter(|name| !OF_HTTP.contains(name));
        let header = request.headers.iter().map(|(name, value)| (name.clone(), Json::from(value.as_str()))).collect();
        let mut view = vec![
            ("method".to_owned(), Json::from(request.method.as_str())),
            ("path".to_owned(), Json::from(path)),
            ("query".to_owned(), Json::from(query)),
            ("headers".to_owned(), Json::Array(names.map(Json::from).collect())),
            ("header".to_owned(), Json::Object(header)),
        ];
        let mut fault = None;
        let mut events = Vec::new();
        match body(request).and_then(|text| Ok((text.len(), Json::parse(&text)?))) {
            Ok((bytes, body)) => {
                let listed = body.at("batch").or_else(|| body.at("metrics"));
                events = listed.map(|listed| listed.items().to_vec()).unwrap_or_default();
                view.push(("bytes".to_owned(), Json::from(bytes)));
                view.push(("body".to_owned(), body));
            }
            Err(error) => fault = Some(format!("the body cannot be read: {error}")),
        }
        Self { view: Json::Object(view), events, fault, arrived: request.arrived }
    }

    /// The names of its events.
    pub fn event_names(&self) -> Vec<&str> {
        self.events.iter().map(name).collect()
    }
}

/// An event's name; a metric is an object with one member, which has its name.
fn name(event: &Json) -> &str {
    let of_metric = || event.members()?.first().map(|(name, _)| name.as_str());
    event.at("event").and_then(Json::text).or_else(of_metric).unwrap_or_default()
}

/// The UUIDs of a request's events, in order.
pub fn uuids(request: &Recorded) -> Vec<String> {
    let uuid = |event: &Json| event.at("uuid").and_then(Json::text).map(str::to_owned);
    Seen::of(request).events.iter().filter_map(uuid).collect()
}

/// The body as text, unpacked as its header says.
pub fn body(request: &Recorded) -> Result<String, String> {
    let encoding = request.headers.iter().find(|(name, _)| name == "content-encoding").map(|(_, value)| value.as_str());
    let packed = request.body.as_slice();
    let mut unpacked = Vec::new();
    let read = match encoding {
        None => packed.take(u64::MAX).read_to_end(&mut unpacked),
        Some("gzip") => GzDecoder::new(packed).read_to_end(&mut unpacked),
        Some("deflate") => ZlibDecoder::new(packed).read_to_end(&mut unpacked),
        Some("zstd") => {
            let mut decoder =
                ruzstd::decoding::StreamingDecoder::new(packed).map_err(|error| format!("zstd: {error}"))?;
            decoder.read_to_end(&mut unpacked)
        }
        Some(other) => return Err(format!("content-encoding {other:?} is not one of the protocol's")),
    };
    read.map_err(|error| format!("{}: {error}", encoding.unwrap_or("body")))?;
    String::from_utf8(unpacked).map_err(|error| error.to_string())
}
