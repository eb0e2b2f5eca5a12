//! `overt show` beside what a server really gets: the same bytes, on both wires, however they are packed.

use crate::sandbox::{KEY, Sandbox};
use overt::{Compression, Config, Wire};
use overt_tests::{Recorded, Server};
use std::io::Read;

/// What there is of each wire.
const ALL: [(Wire, Compression); 6] = [
    (Wire::PostHog, Compression::None),
    (Wire::PostHog, Compression::Gzip),
    (Wire::PostHogV1, Compression::None),
    (Wire::PostHogV1, Compression::Gzip),
    (Wire::PostHogV1, Compression::Deflate),
    (Wire::PostHogV1, Compression::Zstd),
];

/// The body before it was packed, by other code than ours.
fn unpacked(request: &Recorded) -> Vec<u8> {
    let (mut body, packed) = (Vec::new(), request.body.as_slice());
    let encoding = request.headers.iter().find(|(name, _)| name == "content-encoding").map(|(_, value)| value.as_str());
    match encoding {
        None => body.extend(packed),
        Some("gzip") => drop(flate2::read::GzDecoder::new(packed).read_to_end(&mut body).unwrap()),
        Some("deflate") => drop(flate2::read::ZlibDecoder::new(packed).read_to_end(&mut body).unwrap()),
        Some("zstd") => drop(ruzstd::decoding::StreamingDecoder::new(packed).unwrap().read_to_end(&mut body).unwrap()),
        other => panic!("{other:?}"),
    }
    body
}

/// The bytes between the brackets of the batch.
fn batch(body: &[u8]) -> &[u8] {
    let text = std::str::from_utf8(body).unwrap();
    let from = text.find("\"batch\":[").unwrap() + "\"batch\":[".len();
    let to = text.rfind("],\"sent_at\":").unwrap_or_else(|| text.rfind("]}").unwrap());
    &body[from..to]
}

/// The lines below a heading that begins so.
fn below<'t>(shown: &'t str, heading: &str) -> Vec<&'t str> {
    let lines = shown.lines().skip_while(|line| !line.starts_with(heading)).skip(1);
    lines.take_while(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

fn config(sandbox: &Sandbox, url: &str, wire: Wire, compression: Compression) -> Config {
    let mut config = sandbox.config(url);
    config.wire = wire;
    config.compression = compression;
    config.enrich = true;
    config.super_properties = r#"{"account":"é \u2028 \"q\" </script>","big":123456789012345678901234567890}"#.into();
    config
}

#[test]
fn what_waits_and_what_was_sent_is_shown_as_the_server_gets_it() {
    for (wire, compression) in ALL {
        let (server, sandbox) = (Server::start(), Sandbox::new());
        sandbox.record_with(config(&sandbox, &server.url, wire, compression), &["one", "tw\u{f6}", "three \"\\\n"]);
        let before = sandbox.run(&["show"]).text();
        let waiting = below(&before, "# waiting");
        assert_eq!(waiting.len(), 3, "{before}");

        sandbox.run(&["flush"]).text();
        let [request] = server.requests().try_into().expect("one request");
        assert_eq!(
            request.headers.iter().any(|(name, _)| name == "content-encoding"),
            compression != Compression::None
        );
        let body = unpacked(&request);
        assert_eq!(batch(&body), waiting.join(",").as_bytes(), "{wire:?} {compression:?}");

        let after = sandbox.run(&["show"]).text();
        assert_eq!((below(&after, "# waiting").len(), below(&after, "# sent")), (0, waiting.clone()));
        let json = sandbox.run(&["show", "--json"]).text();
        assert_eq!(json, format!("{{\"pending\":[],\"sent\":[{}],\"damaged\":[]}}\n", waiting.join(",")));
        assert!(!(before + &after + &json).contains(KEY), "the key is no part of an event");
    }
}

#[test]
fn a_retry_sends_what_is_shown_too() {
    let server = Server::with_answers([503, 503].map(overt_tests::Answer::Status));
    let sandbox = Sandbox::new();
    let lines = sandbox.record_with(config(&sandbox, &server.url, Wire::PostHogV1, Compression::Gzip), &["one", "two"]);
    sandbox.run(&["flush"]).text();
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    for request in &requests {
        assert_eq!(batch(&unpacked(request)), lines.join(",").as_bytes());
    }
}
