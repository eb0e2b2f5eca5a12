//! HTTPS as it is met in the field: authorities of a company's own, bad certificates, servers that stall, and proxies.
//!
//! `SSL_CERT_FILE` belongs to a process, so each request is sent from one of its own. Windows has no such variable: there
//! the system says which authorities are trusted, and a test adds none to it.

#![cfg(unix)]

mod authority;
#[path = "../common/mod.rs"]
mod common;
mod servers;

use authority::Authority;
use common::{PATIENCE, child};
use overt::{HttpTransport, Request, Transport, Variables};
use rustls::crypto::{CryptoProvider, ring};
use servers::{Once, TlsStream};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// The limit of requests that end by it.
const SHORT: Duration = Duration::from_millis(500);
/// A name that no name server knows: only a proxy can reach it.
const BEHIND_PROXY: &str = "collector.test";

/// The process that sends. Says what came of it in one line.
#[test]
fn the_sender() {
    let Ok(url) = std::env::var("SENDER_URL") else { return };
    if std::env::var_os("SENDER_HAS_ANOTHER_PROVIDER").is_some() {
        // A host's own choice of cryptography, here one that can do nothing.
        let useless = CryptoProvider { cipher_suites: Vec::new(), ..ring::default_provider() };
        useless.install_default().unwrap();
    }
    let timeout = if std::env::var_os("SENDER_SHORT").is_some() { SHORT } else { PATIENCE };
    let transport = HttpTransport::new(timeout, PATIENCE, &Variables::of_process());
    let headers = vec![("Authorization".to_owned(), "Bearer secret".to_owned())];
    let said = match transport.send(&Request { url, headers, body: b"{}".to_vec() }) {
        Ok(answer) => format!("{} {}", answer.status, String::from_utf8(answer.body).unwrap()),
        Err(no_answer) => no_answer.reason,
    };
    println!("\nsaid: {said}");
}

/// Sends a request with these variables and gives what came of it.
fn send(url: &str, variables: &[(&str, &str)]) -> String {
    let mut sender = child("the_sender", &[]);
    for name in ["https_proxy", "all_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
        sender.env_remove(name).env_remove(name.to_ascii_uppercase());
    }
    let ended = sender.env("SENDER_URL", url).envs(variables.iter().copied()).output().unwrap();
    let text = String::from_utf8(ended.stdout).unwrap();
    text.lines().find_map(|line| line.strip_prefix("said: ")).unwrap_or_else(|| panic!("{text}")).to_owned()
}

fn trusting<'a>(authority: &'a Authority, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, String)> {
    let file = authority.file().display().to_string();
    std::iter::once(("SSL_CERT_FILE", file))
        .chain(more.iter().map(|(name, value)| (*name, (*value).to_owned())))
        .collect()
}

fn send_trusting(authority: &Authority, url: &str, more: &[(&str, &str)]) -> String {
    let variables = trusting(authority, more);
    send(url, &variables.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>())
}

fn ok(stream: &mut TlsStream) {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine").unwrap();
}

#[test]
fn a_private_authority_is_trusted_through_ssl_cert_file_and_only_so() {
    let authority = Authority::new();
    let server = Once::https(authority.server("localhost"), ok);
    assert_eq!(send_trusting(&authority, &format!("https://localhost:{}/", server.port), &[]), "200 fine");
    let request = String::from_utf8(server.saw()).unwrap();
    assert!(request.starts_with("POST / HTTP/1.1\r\nHost: localhost:"), "{request}");

    let server = Once::https(authority.server("localhost"), ok);
    let stranger = Authority::new();
    let said = send_trusting(&stranger, &format!("https://localhost:{}/", server.port), &[]);
    assert!(said.starts_with("invalid peer certificate"), "{said}");
    assert!(server.saw().is_empty(), "nothing was sent to a stranger");
}

#[test]
fn what_cryptography_the_host_has_chosen_for_itself_does_not_matter() {
    let authority = Authority::new();
    let server = Once::https(authority.server("localhost"), ok);
    let url = format!("https://localhost:{}/", server.port);
    assert_eq!(send_trusting(&authority, &url, &[("SENDER_HAS_ANOTHER_PROVIDER", "1")]), "200 fine");
    server.saw();
}

#[test]
fn a_certificate_may_name_an_address() {
    let authority = Authority::new();
    let server = Once::https(authority.server("127.0.0.1"), ok);
    assert_eq!(send_trusting(&authority, &format!("https://127.0.0.1:{}/", server.port), &[]), "200 fine");
    server.saw();
}

#[test]
fn expired_and_foreign_certificates_get_nothing() {
    let authority = Authority::new();
    for (config, why) in [
        (authority.expired_server("localhost"), "certificate expired"),
        (authority.server("other.example"), "not valid for name"),
    ] {
        let server = Once::https(config, ok);
        let said = send_trusting(&authority, &format!("https://localhost:{}/", server.port), &[]);
        assert!(said.contains(why), "{said}");
        assert!(server.saw().is_empty());
    }
}

#[test]
fn without_any_certificates_there_is_no_answer() {
    let said = send("https://localhost:1/", &[("SSL_CERT_FILE", "/nonexistent"), ("SSL_CERT_DIR", "/nonexistent")]);
    assert!(!said.starts_with("200"), "{said}");
}

#[test]
fn a_handshake_that_stalls_ends_with_the_time_and_leaves_no_connection() {
    let authority = Authority::new();
    let server = Once::start(|mut stream: TcpStream| {
        // Never says a word; ends when the other side has closed the connection, and not before.
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap()
    });
    let said = send_trusting(&authority, &format!("https://localhost:{}/", server.port), &[("SENDER_SHORT", "1")]);
    assert!(said.contains("time"), "{said}");
    assert!(server.saw() > 0);
}

#[test]
fn an_answer_that_drips_over_tls_ends_with_the_time() {
    let authority = Authority::new();
    let server = Once::https(authority.server("localhost"), |stream| {
        for byte in b"HTTP/1.1 200 OK\r\n".iter().chain(std::iter::repeat(&b'x')) {
            if stream.write_all(&[*byte]).is_err() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let said = send_trusting(&authority, &format!("https://localhost:{}/", server.port), &[("SENDER_SHORT", "1")]);
    assert!(said.contains("time"), "{said}");
    server.saw();
}

#[test]
fn who_closes_without_goodbye_has_answered_all_the_same() {
    let authority = Authority::new();
    let server = Once::https(authority.server("localhost"), |stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nuntil the end").unwrap();
        stream.flush().unwrap();
        // Dropped without TLS's own end: the body might be cut off, the status is not.
    });
    let said = send_trusting(&authority, &format!("https://localhost:{}/", server.port), &[]);
    assert_eq!(said, "200 until the end");
    server.saw();
}

#[test]
fn what_is_no_tls_is_no_answer() {
    let authority = Authority::new();
    let server = Once::start(|mut stream: TcpStream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 400 This is HTTP\r\n\r\n");
    });
    let said = send_trusting(&authority, &format!("https://localhost:{}/", server.port), &[]);
    assert!(!said.starts_with("400"), "{said}");
    server.saw();
}

#[test]
fn a_proxy_makes_a_tunnel_and_sees_no_request() {
    let authority = Authority::new();
    for (proxy_url, authorization) in
        [("", None), ("us%40er:pass@", Some("Proxy-Authorization: Basic dXNAZXI6cGFzcw=="))]
    {
        for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
            let server = Once::https(authority.server(BEHIND_PROXY), ok);
            let proxy = Once::proxy(server.port);
            let url = format!("https://{BEHIND_PROXY}:{}/", server.port);
            let proxy_url = format!("http://{proxy_url}127.0.0.1:{}", proxy.port);
            assert_eq!(send_trusting(&authority, &url, &[(variable, &proxy_url)]), "200 fine", "{variable}");

            let request = String::from_utf8(server.saw()).unwrap();
            assert!(request.contains("Authorization: Bearer secret\r\n") && !request.contains("Proxy-"), "{request}");
            let seen = String::from_utf8_lossy(&proxy.saw()).into_owned();
            let target = url.trim_start_matches("https://").trim_end_matches('/');
            assert!(seen.starts_with(&format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n")), "{seen}");
            assert_eq!(seen.lines().find(|line| line.starts_with("Proxy-Authorization")), authorization);
            assert!(!seen.contains("secret"), "TLS goes through the tunnel");
        }
    }
}

#[test]
fn a_proxy_that_refuses_stalls_or_babbles_gets_nothing_but_the_question() {
    let authority = Authority::new();
    for (answer, said_why) in [
        ("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n", "the proxy answered 407"),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "the proxy answered 502"),
        ("HTTP/1.1 200 OK\r\n\r\nwords of its own", "the proxy answered 200"),
        ("SOCKS\r\n", "not HTTP"),
        ("", "time"),
    ] {
        let proxy = Once::start(move |mut stream: TcpStream| {
            let mut seen = vec![0; 4096];
            let read = stream.read(&mut seen).unwrap();
            seen.truncate(read);
            let _ = stream.write_all(answer.as_bytes());
            let _ = stream.read_to_end(&mut seen);
            seen
        });
        let proxy_url = format!("http://user:hidden@127.0.0.1:{}", proxy.port);
        let variables = [("https_proxy", proxy_url.as_str()), ("SENDER_SHORT", "1")];
        let said = send_trusting(&authority, &format!("https://{BEHIND_PROXY}/"), &variables);
        assert!(said.contains(said_why) && !said.contains("hidden"), "{said}");
        let seen = String::from_utf8(proxy.saw()).unwrap();
        assert!(seen.starts_with("CONNECT collector.test:443 HTTP/1.1\r\n") && seen.ends_with("\r\n\r\n"), "{seen}");
    }
}

#[test]
fn no_proxy_loopback_and_plain_http_go_directly() {
    let authority = Authority::new();
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let proxy_url = format!("http://{}", proxy.local_addr().unwrap());
    let through = [("https_proxy", proxy_url.as_str()), ("http_proxy", &proxy_url), ("ALL_PROXY", &proxy_url)];

    let said = send_trusting(&authority, "https://collector.test/", &[&through[..], &[("NO_PROXY", ".test")]].concat());
    assert!(said.starts_with("name lookup of collector.test: "), "the name was looked up: {said}");
    let said = send_trusting(&authority, "http://collector.test/", &through);
    assert!(said.starts_with("name lookup of collector.test: "), "the name was looked up: {said}");
    let server = Once::https(authority.server("localhost"), ok);
    assert_eq!(send_trusting(&authority, &format!("https://localhost:{}/", server.port), &through), "200 fine");
    server.saw();
    assert_eq!(proxy.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nobody came");
}

#[test]
fn a_client_delivers_over_tls() {
    let authority = Authority::new();
    let server = Once::https(authority.server("localhost"), ok);
    let dir = tempfile::tempdir().unwrap();
    let (url, dir) = (format!("https://localhost:{}", server.port), dir.path().display().to_string());
    let file = authority.file().display().to_string();
    let variables = [("CLIENT_URL", url.as_str()), ("CLIENT_DIR", &dir), ("SSL_CERT_FILE", &file)];
    assert!(child("the_client", &variables).status().unwrap().success());
    let request = String::from_utf8(server.saw()).unwrap();
    assert!(request.starts_with("POST /batch/ HTTP/1.1\r\n") && request.contains("\"event\":\"run\""), "{request}");
}

/// The process whose client delivers.
#[test]
fn the_client() {
    let (Ok(url), Ok(dir)) = (std::env::var("CLIENT_URL"), std::env::var("CLIENT_DIR")) else { return };
    let client = overt::Client::new(common::config(&url, dir.as_ref())).unwrap();
    client.capture_event("run", &serde_json::json!({})).unwrap();
    client.flush(PATIENCE).unwrap();
}
