//! Proxies: which way a request to an `https` endpoint takes, by the variables that other programs look at too.
//!
//! - `https_proxy`, then `all_proxy`, each in lower case before upper case; empty is unset.
//!   `[http://][user[:password]@]host[:port]`, the port 80 if there is none.
//! - `no_proxy` lists what goes directly, with commas or blanks between: `*`, a domain (with all below it), an address, a
//!   network (`10.0.0.0/8`), each but the last with a `:port` if only that is meant. Loopback always goes directly.
//! - A proxy that cannot be used (SOCKS, HTTPS to the proxy itself) is an error and never a reason to go around it.
//!
//! TLS goes through the tunnel end to end: a proxy sees the endpoint's name, never an event.

use super::NoAnswer;
use super::deadline::Timed;
use super::endpoint::{Endpoint, split_port};
use super::exchange;
use crate::environment::Variables;
use std::io::Write;
use std::net::IpAddr;

/// What the variables say.
#[derive(Debug, Default)]
pub(super) struct Proxies {
    https: Option<Result<Proxy, &'static str>>,
    directly: Vec<Direct>,
}

/// A proxy that makes tunnels by `CONNECT`.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Proxy {
    host: String,
    port: u16,
    /// The value of `Proxy-Authorization`.
    authorization: Option<String>,
}

impl std::fmt::Debug for Proxy {
    /// Never the credentials.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

/// What goes directly.
#[derive(Debug, PartialEq, Eq)]
enum Direct {
    All,
    /// A name or an address, and the names below it.
    Host(String, Option<u16>),
    /// An address, and how many of its first bits count.
    Network(IpAddr, u32),
}

impl Proxies {
    pub(super) fn read(variables: &Variables) -> Self {
        let either = |lower: &str| {
            let set = |name: &str| variables.get(name).map(str::trim).filter(|value| !value.is_empty());
            set(lower).or_else(|| set(&lower.to_ascii_uppercase()))
        };
        let directly = either("no_proxy").unwrap_or_default();
        Self {
            https: either("https_proxy").or_else(|| either("all_proxy")).map(Proxy::parse),
            directly: directly.split([',', ' ', '\t']).filter_map(Direct::parse).collect(),
        }
    }

    /// The proxy through which a request to this endpoint goes, if any.
    pub(super) fn on_the_way_to(&self, endpoint: &Endpoint) -> Result<Option<&Proxy>, NoAnswer> {
        match &self.https {
            Some(proxy) if !endpoint.is_loopback() && !self.directly.iter().any(|direct| direct.covers(endpoint)) => {
                proxy.as_ref().map(Some).map_err(|why| NoAnswer::new(format!("the proxy cannot be used: {why}")))
            }
            _ => Ok(None),
        }
    }
}

impl Direct {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        if text == "*" {
            return Some(Self::All);
        }
        if let Some((address, bits)) = text.split_once('/') {
            return Some(Self::Network(address.parse().ok()?, bits.parse().ok()?));
        }
        if text.parse::<IpAddr>().is_ok() {
            return Some(Self::Host(text, None));
        }
        let text = text.strip_prefix("*.").or_else(|| text.strip_prefix('.')).unwrap_or(&text);
        // 0 stands for "any port" here: nobody listens there.
        let (host, port) = split_port(text, 0)?;
        Some(Self::Host(host.to_owned(), (port != 0).then_some(port)))
    }

    fn covers(&self, endpoint: &Endpoint) -> bool {
        match self {
            Self::All => true,
            Self::Host(host, port) => {
                let below = endpoint.host.strip_suffix(host.as_str());
                let same = below.is_some_and(|below| below.is_empty() || below.ends_with('.'));
                same && port.is_none_or(|port| port == endpoint.port)
            }
            Self::Network(network, bits) => {
                endpoint.host.parse::<IpAddr>().is_ok_and(|ip| first_bits(ip, *bits) == first_bits(*network, *bits))
            }
        }
    }
}

/// The first bits of an address, with its length, so that the two kinds never compare equal.
fn first_bits(ip: IpAddr, bits: u32) -> (u32, u128) {
    let (length, all) = match ip {
        IpAddr::V4(ip) => (u32::BITS, u128::from(ip.to_bits())),
        IpAddr::V6(ip) => (u128::BITS, ip.to_bits()),
    };
    (length, all.checked_shr(length.saturating_sub(bits)).unwrap_or(0))
}

impl Proxy {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let rest = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            Some(_) => return Err("only http:// proxies are known"),
            None => text,
        };
        let rest = rest.split('/').next().unwrap_or_default();
        let (credentials, address) = rest.rsplit_once('@').map_or((None, rest), |(given, rest)| (Some(given), rest));
        let (host, port) = split_port(address, 80).ok_or("its address is not host:port")?;
        let authorization = credentials.map(|given| {
            let (user, password) = given.split_once(':').unwrap_or((given, ""));
            let pair = [unescaped(user), unescaped(password)].join(&b':');
            format!("Basic {}", base64(&pair))
        });
        Ok(Self { host: host.to_owned(), port, authorization })
    }

    pub(super) fn address(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// Makes of a connection to the proxy one to the endpoint.
    pub(super) fn tunnel<'c>(&self, mut stream: Timed<'c>, endpoint: &Endpoint) -> Result<Timed<'c>, NoAnswer> {
        let target = endpoint.host_and_port();
        let mut head = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
        if let Some(authorization) = &self.authorization {
            head.push_str(&format!("Proxy-Authorization: {authorization}\r\n"));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes())?;
        let mut answer = std::io::BufReader::new(&mut stream);
        let status = exchange::read_head(&mut answer)?.status;
        // The endpoint speaks second: what came with the head would be the proxy's own.
        if (200..300).contains(&status) && answer.buffer().is_empty() {
            return Ok(stream);
        }
        Err(NoAnswer::new(format!("the proxy answered {status}")))
    }
}

/// Resolves `%40` and the like, which credentials need for `@` and `:`.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let escape = digits.filter(|_| *first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escape.unwrap_or(*first));
        rest = after.get(if escape.is_some() { 2 } else { 0 }..).unwrap_or_default();
    }
    bytes
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0_usize, |bits, place| bits << 8 | usize::from(three.get(place).copied().unwrap_or(0)));
        for place in 0..4 {
            let letter = ALPHABET.get(bits >> (18 - 6 * place) & 63).filter(|_| place <= three.len());
            text.push(letter.copied().map_or('=', char::from));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(variables: &[(&str, &str)], url: &str) -> String {
        let proxies = Proxies::read(&variables.iter().copied().collect());
        match proxies.on_the_way_to(&Endpoint::parse(url).unwrap()) {
            Ok(None) => "directly".into(),
            Ok(Some(proxy)) => format!("{}:{}", proxy.host, proxy.port),
            Err(no_answer) => no_answer.reason,
        }
    }

    #[test]
    fn the_variables_are_looked_at_in_turn() {
        let url = "https://e.example";
        assert_eq!(way(&[], url), "directly");
        assert_eq!(way(&[("http_proxy", "h:1")], url), "directly");
        let all = [("https_proxy", "a:1"), ("HTTPS_PROXY", "b:2"), ("all_proxy", "c:3"), ("ALL_PROXY", "d:4")];
        for (first, proxy) in ["a:1", "b:2", "c:3", "d:4"].iter().enumerate() {
            assert_eq!(way(&all[first..], url), *proxy);
        }
        assert_eq!(way(&[("https_proxy", " "), ("ALL_PROXY", "d:4")], url), "d:4");
    }

    #[test]
    fn a_proxy_is_a_url_or_a_host() {
        for (given, proxy) in [
            ("http://p.example:3128/", "p.example:3128"),
            ("HTTP://p.example", "p.example:80"),
            ("p.example:8", "p.example:8"),
            ("http://u:p@p.example:8", "p.example:8"),
            ("http://[::1]:8", "::1:8"),
        ] {
            assert_eq!(way(&[("https_proxy", given)], "https://e.example"), proxy, "{given}");
        }
    }

    #[test]
    fn an_unusable_proxy_is_never_gone_around() {
        for given in ["socks5://p:1", "https://p:1", "http://", "p:x"] {
            let reason = way(&[("https_proxy", given)], "https://e.example");
            assert!(reason.starts_with("the proxy cannot be used"), "{given}: {reason}");
        }
    }

    #[test]
    fn some_hosts_are_reached_directly() {
        for (no_proxy, url, directly) in [
            ("e.example", "https://e.example", true),
            ("e.example", "https://E.EXAMPLE:8", true),
            ("e.example", "https://a.b.e.example", true),
            ("e.example", "https://te.example", false),
            (".e.example", "https://a.e.example", true),
            ("*.e.example", "https://a.e.example", true),
            ("x, e.example", "https://e.example", true),
            ("x e.example", "https://e.example", true),
            ("E.example:443", "https://e.example", true),
            ("e.example:8", "https://e.example", false),
            ("*", "https://e.example", true),
            ("10.0.0.0/8", "https://10.1.2.3", true),
            ("10.0.0.0/8", "https://11.1.2.3", false),
            ("10.1.2.3/0", "https://11.1.2.3", true),
            ("10.1.2.3/99", "https://10.1.2.3", true),
            ("10.0.0.0/8", "https://[::a00:1]", false),
            ("2001:db8::/32", "https://[2001:db8::7]", true),
            ("2001:db8::7", "https://[2001:db8::7]", true),
            ("10.1.2.3", "https://10.1.2.3", true),
            ("0.0.0.0/0", "https://e.example", false),
            ("", "https://e.example", false),
            ("", "https://localhost", true),
            ("", "https://127.0.0.1:8", true),
            ("", "https://[::1]", true),
        ] {
            let went = way(&[("https_proxy", "p:1"), ("NO_PROXY", no_proxy)], url);
            assert_eq!(went, if directly { "directly" } else { "p:1" }, "{no_proxy:?} {url}");
        }
    }

    #[test]
    fn credentials_are_unescaped_encoded_and_never_shown() {
        // RFC 7617, section 2, and RFC 4648, section 10.
        let proxy = Proxy::parse("http://Aladdin:open%20sesame@p:1").unwrap();
        assert_eq!(proxy.authorization.as_deref(), Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
        assert_eq!(
            ["f", "fo", "foo", "foob"].map(|text| base64(text.as_bytes())),
            ["Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]
        );
        assert_eq!(unescaped("a%40b%zz%4"), b"a@b%zz%4");
        assert_eq!(format!("{proxy:?}"), r#"Proxy { host: "p", port: 1, .. }"#);
    }
}
