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

mod connection;
mod deadline;
mod endpoint;
mod exchange;
mod proxy;
mod tls;

pub(crate) use endpoint::check_endpoint;
#[cfg(any(test, fuzzing))]
pub(crate) use exchange::exchange;

use crate::environment::Variables;
use connection::Connector;
use deadline::Deadline;
use endpoint::Endpoint;
use proxy::Proxies;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

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

    /// Ends the request that is under way as soon as that can be; requests that are sent later are not meant. For hosts
    /// that fork and want no thread of ours meanwhile. A transport that cannot do this does nothing.
    fn cancel(&self) {}
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
    cancelled: AtomicBool,
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
            cancelled: AtomicBool::new(false),
        }
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: &Request) -> Result<Response, NoAnswer> {
        self.cancelled.store(false, Ordering::Relaxed);
        let deadline = Deadline::after(self.timeout, &self.cancelled);
        let endpoint = Endpoint::parse(&request.url).map_err(|error| NoAnswer::new(error.to_string()))?;
        let head = exchange::head(&endpoint, request);
        if !endpoint.tls {
            let mut stream = self.connector.connect(endpoint.address(), deadline)?;
            return exchange::exchange(&mut stream, &head, &request.body);
        }
        let stream = match self.proxies.on_the_way_to(&endpoint)? {
            None => self.connector.connect(endpoint.address(), deadline)?,
            Some(proxy) => proxy.tunnel(self.connector.connect(proxy.address(), deadline)?, &endpoint)?,
        };
        exchange::exchange(&mut self.tls.over(stream, &endpoint)?, &head, &request.body)
    }

    fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}
