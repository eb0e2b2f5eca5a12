//! Where Graphite is: `tcp://HOST:PORT` for Carbon's plaintext, `https://…` for HTTP. Pure.

use std::net::IpAddr;
use std::str::FromStr;

/// Carbon's own port for plaintext.
const CARBON_PORT: u16 = 2003;

/// Where points go, and in which form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Lines over TCP.
    Carbon {
        /// A name or an address, without brackets.
        host: String,
        /// Its port.
        port: u16,
    },
    /// A JSON array by POST.
    Http {
        /// All of it.
        url: String,
        /// Nobody can read it on the way.
        private: bool,
    },
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("only visible ASCII is allowed".to_owned());
        }
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err("credentials do not belong into a URL: see --graphite-credentials".to_owned());
        }
        let (host, port) = split_port(authority).ok_or("a host is needed, and a port that is a number")?;
        match scheme {
            "tcp" if authority == rest => Ok(Self::Carbon { host: host.to_owned(), port: port.unwrap_or(CARBON_PORT) }),
            "tcp" => Err("after tcp:// comes HOST or HOST:PORT and nothing else".to_owned()),
            "https" => Ok(Self::Http { url: text.to_owned(), private: true }),
            "http" => Ok(Self::Http { url: text.to_owned(), private: is_loopback(host) }),
            _ => Err("tcp://HOST:PORT or https://HOST/graphite/metrics is needed".to_owned()),
        }
    }
}

/// Splits `host`, `host:port`, `[v6]` or `[v6]:port`; the host without brackets.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            (host, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
        }
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    let port = port.map(|port| port.parse().ok().filter(|port| *port > 0));
    if host.is_empty() || port == Some(None) { None } else { Some((host, port.flatten())) }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carbon(host: &str, port: u16) -> Result<Target, String> {
        Ok(Target::Carbon { host: host.to_owned(), port })
    }

    #[test]
    fn carbon_is_a_host_and_a_port() {
        assert_eq!("tcp://graphite.internal".parse(), carbon("graphite.internal", 2003));
        assert_eq!("tcp://127.0.0.1:2103".parse(), carbon("127.0.0.1", 2103));
        assert_eq!("tcp://[::1]:2103".parse(), carbon("::1", 2103));
        assert_eq!("tcp://[::1]".parse(), carbon("::1", 2003));
    }

    #[test]
    fn http_is_private_with_tls_or_on_this_machine() {
        for (url, is_private) in [
            ("https://graphite-prod.example/graphite/metrics", true),
            ("http://127.0.0.1:80/graphite/metrics", true),
            ("http://[::1]/x", true),
            ("http://LOCALHOST/x", true),
            ("http://graphite.internal/graphite/metrics", false),
            ("http://localhost.example/x", false),
        ] {
            assert_eq!(url.parse(), Ok(Target::Http { url: url.to_owned(), private: is_private }), "{url}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let wrong = [
            "",
            "graphite:2003",
            "udp://h:1",
            "tcp://",
            "tcp://h:",
            "tcp://h:0",
            "tcp://h:65536",
            "tcp://h:x",
            "tcp://h/x",
            "tcp://[::1",
            "tcp://u:p@h",
            "https://u:p@h/x",
            "https:///x",
            "https://h/a b",
        ];
        for text in wrong {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
