//! The transport: carries one request to the server and brings its answer back, within a deadline.
//!
//! - Redirects are not followed: a body and its headers go to the host that was configured, or nowhere.
//! - At most [`MAX_ANSWER_BYTES`] of an answer are read; nobody relies on the rest.
//! - [`HttpTransport`] blocks its caller, which is the worker and never the host's thread. It never panics.

use crate::error::Error;
use std::io::Read;
use std::time::Duration;

/// Enough for the results of a batch of 100 events, and for any error page.
pub const MAX_ANSWER_BYTES: u64 = 64 * 1024;
/// A server that sends more than this before its body is not one of ours.
const MAX_HEADER_BYTES: usize = 64 * 1024;
const MAX_STATUS_LINE_BYTES: usize = 4 * 1024;

/// One POST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The whole URL.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What the server said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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

impl From<minreq::Error> for NoAnswer {
    fn from(error: minreq::Error) -> Self {
        use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
        let hung_up = match &error {
            minreq::Error::IoError(error) => {
                matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset)
            }
            _ => false,
        };
        Self { reason: error.to_string(), hung_up }
    }
}

/// Carries requests. Tests hand in one of their own.
pub trait Transport: Send + Sync {
    /// Sends the request and waits for the answer, for at most the transport's time limit.
    fn send(&self, request: &Request) -> Result<Response, NoAnswer>;
}

/// HTTP and HTTPS by minreq over rustls, with the platform's certificate verifier (which honours `SSL_CERT_FILE`).
///
/// Connections are direct. minreq can use a proxy, but then takes one from the environment whenever it is given none,
/// which would send even loopback's requests there; so that feature is off.
#[derive(Debug)]
pub struct HttpTransport {
    timeout: Duration,
}

impl HttpTransport {
    /// A transport whose requests end after `timeout`.
    pub fn new(timeout: Duration) -> Self {
        Self { timeout }
    }

    fn attempt(&self, request: &Request) -> Result<Response, NoAnswer> {
        // Whole seconds are all that minreq takes. Its own limit covers name lookup, connection, TLS, writing and reading.
        let seconds = self.timeout.as_secs() + u64::from(self.timeout.subsec_nanos() > 0);
        let post = minreq::post(request.url.as_str())
            .with_headers(request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())))
            .with_body(request.body.as_slice())
            .with_timeout(seconds)
            .with_follow_redirects(false)
            .with_max_headers_size(MAX_HEADER_BYTES)
            .with_max_status_line_length(MAX_STATUS_LINE_BYTES);
        let mut answer = post.send_lazy()?;
        let mut body = Vec::new();
        // The status is the answer: a body that breaks off does not change it.
        let _ = answer.by_ref().take(MAX_ANSWER_BYTES).read_to_end(&mut body);
        let header = |wanted: &str| {
            let found = answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| value.clone())
        };
        Ok(Response { status: answer.status_code, retry_after: header("retry-after"), date: header("date"), body })
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: &Request) -> Result<Response, NoAnswer> {
        // minreq and rustls can panic (a header cap that underflows, no crypto provider); a host must not feel it.
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.attempt(request)))
            .unwrap_or_else(|_| Err(NoAnswer::new("the HTTP client panicked")))
    }
}

/// Checks that an endpoint can be used, and that what goes there cannot be read on the way.
pub(crate) fn check_endpoint(endpoint: &str, allow_plain_http: bool) -> Result<(), Error> {
    let refuse = |why: &str| Err(Error::config(format!("endpoint: {why}")));
    if endpoint.bytes().any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control()) {
        return refuse("white space is not allowed");
    }
    let (scheme, rest) = endpoint.split_once("://").unwrap_or(("", endpoint));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return refuse("credentials do not belong into a URL; use extra_headers");
    }
    if authority.starts_with('[') {
        return refuse("an IPv6 address cannot be used; give the host a name");
    }
    let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
    if host.is_empty() || port.is_some_and(|port| port.parse::<u16>().map_or(true, |port| port == 0)) {
        return refuse("a URL such as https://host or https://host:port is needed");
    }
    match scheme {
        "https" => Ok(()),
        "http" if allow_plain_http || is_loopback(host) => Ok(()),
        "http" => refuse("plain http is allowed to loopback only, unless allow_plain_http is set"),
        _ => refuse("the scheme must be https, or http to loopback"),
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_must_be_safe_and_readable() {
        for good in ["https://h", "https://h:1/p", "http://127.0.0.1:80", "http://localhost/x", "http://127.9.9.9"] {
            assert!(check_endpoint(good, false).is_ok(), "{good}");
        }
        assert!(check_endpoint("http://example.com", true).is_ok());
        for bad in [
            "http://example.com",
            "ftp://h",
            "h",
            "",
            "https://",
            "https://u:p@h",
            "https://[::1]/",
            "https://h:x",
            "https://h:0",
            "https://h:70000",
            "https://h /x",
            "http://localhost.evil.com",
            "http://127.0.0.1.evil.com",
        ] {
            let message = check_endpoint(bad, false).expect_err(bad).to_string();
            assert!(message.starts_with("endpoint: "), "{message}");
        }
    }
}
