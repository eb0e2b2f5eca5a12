//! The transport: carries one request to the server and brings its answer back, within a deadline.
//!
//! - Redirects are not followed: a body and its headers go to the host that was configured, or nowhere.
//! - At most [`MAX_ANSWER_BYTES`] of an answer are read; nobody relies on the rest.
//! - [`HttpTransport`] blocks its caller, which is the worker and never the host's thread.
//!
//! One request takes this way, each step bounded by the same deadline:
//!
//! ```text
//! endpoint (parse) → proxy (which way) → connection (look up, connect, tunnel) → tls → exchange (write, read)
//! ```
//!
//! It can be taken in two steps, up to and with the writing, and the reading: so answers can be awaited side by side.

mod connection;
mod deadline;
mod endpoint;
mod exchange;
mod in_flight;
mod proxy;
mod reach;
mod tls;

pub(crate) use endpoint::check_endpoint;
#[cfg(any(test, fuzzing))]
pub(crate) use exchange::exchange;
pub use in_flight::InFlight;

use crate::environment::Variables;
use connection::Connector;
use deadline::{Deadline, Timed};
use endpoint::Endpoint;
use proxy::Proxies;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Enough for the results of a batch of 100 events, and for any error page.
pub const MAX_ANSWER_BYTES: u64 = 64 * 1024;

/// One POST.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The whole URL.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Request {
    /// Never a header's value, nor the body: one has the key, the other the events.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let headers: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        let mut said = f.debug_struct("Request");
        said.field("url", &self.url).field("headers", &headers).field("body_bytes", &self.body.len()).finish()
    }
}

/// What the server said.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The header `Retry-After`.
    pub retry_after: Option<String>,
    /// The header `Date`.
    pub date: Option<String>,
    /// The first bytes of the body.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Response {
    /// Never the body: a server may repeat what it was sent.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { status, retry_after, date, body } = self;
        let mut said = f.debug_struct("Response");
        said.field("status", status).field("retry_after", retry_after).field("date", date);
        said.field("body_bytes", &body.len()).finish()
    }
}

/// No answer came: refused, reset, timed out, no such host, no valid certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoAnswer {
    /// For a developer.
    pub reason: String,
    /// The server hung up on us. It may have answered that the body is too large, and not waited until we listened.
    pub hung_up: bool,
}

impl NoAnswer {
    /// No answer, for this reason; the server did not hang up.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), hung_up: false }
    }
}

impl From<std::io::Error> for NoAnswer {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
        let hung_up = matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset);
        Self { reason: error.to_string(), hung_up }
    }
}

/// Carries requests: [`HttpTransport`], or a host's own HTTP client.
pub trait Transport: Send + Sync {
    /// Sends the request and waits for the answer, for at most the transport's time limit.
    fn send(&self, request: &Request) -> Result<Response, NoAnswer>;

    /// Sends the request, and leaves its answer to be awaited later: so several can be under way at once. A transport that
    /// does not say how waits here for the answer. Then requests go out one after the other; and where an event counts as
    /// delivered once it is written ([`Ack::Write`](crate::Ack)), one that got no answer is sent again, because nobody
    /// knows whether it was.
    fn begin<'t>(&'t self, request: &Request) -> InFlight<'t> {
        InFlight::ended(self.send(request))
    }

    /// Ends all requests that are under way as soon as that can be; requests that are sent later are not meant. For hosts
    /// that fork and want no thread of ours meanwhile. A transport that cannot do this does nothing.
    fn cancel(&self) {}

    /// Waits until no thread of this transport's own is left, for hosts that are about to fork; true if so. Called after
    /// `cancel`, by a thread of the host's.
    fn wait_for_threads(&self, _deadline: Instant) -> bool {
        true
    }
}

/// HTTP/1.1, and HTTPS by rustls with the platform's certificate verifier (which honours `SSL_CERT_FILE`).
///
/// Each request has a connection of its own: a client makes one in some seconds at the most, and servers close idle
/// connections sooner than that. When `send` returns, nothing of the request is left but, if a name server keeps silent,
/// one thread that waits for it.
#[derive(Debug)]
pub struct HttpTransport {
    timeout: Duration,
    connector: Connector,
    proxies: Proxies,
    tls: tls::Tls,
    /// How often requests were cancelled: each one knows how often it was when it began.
    cancels: AtomicU32,
}

impl HttpTransport {
    /// A transport whose requests end after `timeout`, of which name lookup and connection may take `connect_timeout`.
    /// `variables` say through which proxy `https` goes: `https_proxy` or `all_proxy`, except to `no_proxy`, each in lower
    /// or in upper case. Plain `http` always goes directly.
    pub fn new(timeout: Duration, connect_timeout: Duration, variables: &Variables) -> Self {
        Self {
            timeout,
            connector: Connector::new(connect_timeout),
            proxies: Proxies::read(variables),
            tls: tls::Tls::default(),
            cancels: AtomicU32::new(0),
        }
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: &Request) -> Result<Response, NoAnswer> {
        self.begin(request).answer(Duration::MAX)
    }

    fn begin<'t>(&'t self, request: &Request) -> InFlight<'t> {
        self.write(request).unwrap_or_else(|no_answer| InFlight::ended(Err(no_answer)))
    }

    fn cancel(&self) {
        self.cancels.fetch_add(1, Ordering::Relaxed);
    }

    fn wait_for_threads(&self, deadline: Instant) -> bool {
        self.connector.wait_for_threads(deadline)
    }
}

impl HttpTransport {
    fn write(&self, request: &Request) -> Result<InFlight<'_>, NoAnswer> {
        let deadline = Deadline::after(self.timeout, &self.cancels);
        let endpoint = Endpoint::parse(&request.url).map_err(|error| NoAnswer::new(error.to_string()))?;
        let head = exchange::head(&endpoint, request);
        if !endpoint.tls {
            let stream = self.connector.connect(endpoint.address(), deadline)?;
            return Ok(write_to(stream, |stream| stream, &head, &request.body));
        }
        let stream = match self.proxies.on_the_way_to(&endpoint)? {
            None => self.connector.connect(endpoint.address(), deadline)?,
            Some(proxy) => proxy.tunnel(self.connector.connect(proxy.address(), deadline)?, &endpoint)?,
        };
        Ok(write_to(self.tls.over(stream, &endpoint)?, |tls| &mut tls.sock, &head, &request.body))
    }
}

/// Writes a request to a connection, below which lies `timed`.
fn write_to<'t, S: Read + Write + 't>(
    mut stream: S,
    timed: fn(&mut S) -> &mut Timed<'t>,
    head: &[u8],
    body: &[u8],
) -> InFlight<'t> {
    if let Err(error) = exchange::write(&mut stream, head, body) {
        return InFlight::ended(exchange::refusal(&mut stream, error));
    }
    let written = Instant::now();
    InFlight::written(move |wait| {
        let timed = timed(&mut stream);
        timed.deadline = timed.deadline.to_listen(written, wait);
        exchange::read(&mut stream)
    })
}
