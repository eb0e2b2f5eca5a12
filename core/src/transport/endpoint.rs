//! Endpoints: where a request goes, read from its URL.

use crate::error::Error;
use std::net::{IpAddr, Ipv6Addr};

/// The parts of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub tls: bool,
    /// A name in lower case, or an address without brackets.
    pub host: String,
    pub port: u16,
    /// With the query; begins with a slash.
    pub path: String,
}

impl Endpoint {
    pub(super) fn parse(url: &str) -> Result<Self, Error> {
        if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(refuse("only visible ASCII is allowed; write a host in its xn-- form, and %20 for a space"));
        }
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let tls = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err(refuse("the scheme must be https, or http to loopback")),
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(refuse("credentials do not belong into a URL; use extra_headers"));
        }
        if path.contains('#') {
            return Err(refuse("a fragment (#…) is never sent"));
        }
        let (host, port) = split_port(authority, if tls { 443 } else { 80 })
            .ok_or_else(|| refuse("a URL such as https://host or https://host:port is needed"))?;
        let slash = if path.starts_with('/') { "" } else { "/" };
        Ok(Self { tls, host: host.to_ascii_lowercase(), port, path: format!("{slash}{path}") })
    }

    pub(super) fn address(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// Host and port as they stand in a request; the port only where it is not the scheme's own.
    pub(super) fn authority(&self) -> String {
        let usual = if self.tls { 443 } else { 80 };
        if self.port == usual { bracketed(&self.host) } else { self.host_and_port() }
    }

    pub(super) fn host_and_port(&self) -> String {
        format!("{}:{}", bracketed(&self.host), self.port)
    }

    /// Whether it is this machine, by name or address: nothing that goes there can be read on the way.
    pub(super) fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

fn refuse(why: &str) -> Error {
    Error::config(format!("endpoint: {why}"))
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// Splits `host`, `host:port`, `[v6]` or `[v6]:port`; the host without brackets.
pub(super) fn split_port(authority: &str, default: u16) -> Option<(&str, u16)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            (host, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
        }
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    let port = match port {
        None => default,
        Some(port) => port.parse().ok().filter(|port| *port != 0)?,
    };
    (!host.is_empty()).then_some((host, port))
}

/// Checks that an endpoint can be used, and that what goes there cannot be read on the way.
pub(crate) fn check_endpoint(url: &str, allow_plain_http: bool) -> Result<(), Error> {
    let endpoint = Endpoint::parse(url)?;
    if endpoint.tls || allow_plain_http || endpoint.is_loopback() {
        return Ok(());
    }
    Err(refuse("plain http is allowed to loopback only, unless allow_plain_http is set"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_must_be_safe_and_readable() {
        for good in [
            "https://h",
            "https://h:1/p",
            "http://127.0.0.1:80",
            "http://localhost/x",
            "http://LocalHost:8",
            "http://127.9.9.9",
            "http://[::1]:8990/x",
            "https://[2001:db8::1]",
        ] {
            assert!(check_endpoint(good, false).is_ok(), "{good}");
        }
        assert!(check_endpoint("http://example.com", true).is_ok());
        for bad in [
            "http://example.com",
            "http://[2001:db8::1]",
            "ftp://h",
            "h",
            "",
            "https://",
            "https://u:p@h",
            "https://[::1",
            "https://[::1]x",
            "https://[h]",
            "https://::1",
            "https://h:x",
            "https://h:",
            "https://h:0",
            "https://h:70000",
            "https://h /x",
            "https://hé",
            "https://h/#f",
            "http://localhost.evil.com",
            "http://127.0.0.1.evil.com",
        ] {
            let message = check_endpoint(bad, false).expect_err(bad).to_string();
            assert!(message.starts_with("endpoint: "), "{message}");
        }
    }

    #[test]
    fn a_url_falls_into_its_parts() {
        let parts = |url: &str| {
            let endpoint = Endpoint::parse(url).unwrap();
            (endpoint.authority(), endpoint.host_and_port(), endpoint.path)
        };
        let expected = |authority: &str, full: &str, path: &str| (authority.into(), full.into(), path.into());
        assert_eq!(parts("https://E.example"), expected("e.example", "e.example:443", "/"));
        assert_eq!(parts("http://h:443/a?b=c"), expected("h:443", "h:443", "/a?b=c"));
        assert_eq!(parts("https://h?x"), expected("h", "h:443", "/?x"));
        assert_eq!(parts("https://[::1]:8/"), expected("[::1]:8", "[::1]:8", "/"));
        assert_eq!(parts("http://[::1]"), expected("[::1]", "[::1]:80", "/"));
    }
}
