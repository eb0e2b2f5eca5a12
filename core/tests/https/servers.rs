//! An HTTPS server and a proxy, on loopback; each serves one connection and gives back what it saw.

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;

pub type TlsStream = StreamOwned<ServerConnection, TcpStream>;

/// Something that serves its first connection and ends.
pub struct Once<T> {
    pub port: u16,
    thread: JoinHandle<T>,
}

impl<T: Send + 'static> Once<T> {
    pub fn start(serve: impl FnOnce(TcpStream) -> T + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        Self { port, thread: std::thread::spawn(move || serve(listener.accept().unwrap().0)) }
    }

    /// Waits for the end of the connection.
    pub fn saw(self) -> T {
        self.thread.join().unwrap()
    }
}

impl Once<Vec<u8>> {
    /// Takes a request over TLS and then does as `answer` says. Gives back the request, empty if there was none.
    pub fn https(config: Arc<ServerConfig>, answer: impl FnOnce(&mut TlsStream) + Send + 'static) -> Self {
        Self::start(move |tcp| {
            let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), tcp);
            let request = take_request(&mut stream);
            if !request.is_empty() {
                answer(&mut stream);
            }
            request
        })
    }

    /// Makes a tunnel to a port of this machine, whatever host it is asked for. Gives back all that came from the
    /// client, the head of its request first.
    pub fn proxy(to: u16) -> Self {
        Self::start(move |mut client| {
            let mut seen = take_request(&mut client);
            let mut server = TcpStream::connect(("127.0.0.1", to)).unwrap();
            client.write_all(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n").unwrap();
            let (mut from_server, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            let back = std::thread::spawn(move || {
                let _ = std::io::copy(&mut from_server, &mut to_client);
                let _ = to_client.shutdown(Shutdown::Both);
            });
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = client.read(&mut buffer) {
                seen.extend_from_slice(&buffer[..read]);
                server.write_all(&buffer[..read]).unwrap();
            }
            let _ = server.shutdown(Shutdown::Write);
            back.join().unwrap();
            seen
        })
    }
}

/// Reads a request with its body. Empty if none came.
fn take_request(stream: &mut impl Read) -> Vec<u8> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !is_whole(&request) {
        match stream.read(&mut buffer) {
            Ok(read @ 1..) => request.extend_from_slice(&buffer[..read]),
            _ => return Vec::new(),
        }
    }
    request
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    length.is_none_or(|length| body.len().to_string() == length)
}
