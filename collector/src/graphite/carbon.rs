//! Carbon's plaintext over TCP: one connection that stays, all lines of a send in one write.
//!
//! - Carbon never answers. What was written has arrived if the connection still stands later: so a connection that was
//!   closed in the meantime is a failure, found before the next write, and the feed goes back to what is surely there.
//! - A peer that vanishes without a word is found by the system: unacknowledged bytes and an idle connection end it
//!   within [`VANISHED`].
//! - Blocks for the time-outs of [`limits`] at most, and as long as the system looks a name up.

use std::io::{self, ErrorKind, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};

use super::{Failure, Point, Sink, format};
use crate::limits;

/// Half of the usual interval: what is lost with a peer is noticed at the next slot. Where the system cannot be told
/// (outside Linux) it takes its own time, some 15 minutes.
const VANISHED: Duration = Duration::from_secs(30);

/// A Carbon, or what speaks like one.
#[derive(Debug)]
pub struct Carbon {
    host: String,
    port: u16,
    connection: Option<TcpStream>,
}

impl Carbon {
    /// Not connected yet.
    pub fn new(host: &str, port: u16) -> Self {
        Self { host: host.to_owned(), port, connection: None }
    }

    fn try_send(&mut self, points: &[Point]) -> io::Result<()> {
        let mut connection = match self.connection.take() {
            Some(connection) => standing(connection)?,
            None => self.connect()?,
        };
        let lines: String = points.iter().map(format::line).collect();
        connection.write_all(lines.as_bytes())?;
        // Only one that took everything is kept: after half a line nothing good can follow.
        self.connection = Some(connection);
        Ok(())
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let mut last = io::Error::new(ErrorKind::NotFound, "the name has no address");
        for address in (self.host.as_str(), self.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, limits::GRAPHITE_CONNECT_TIMEOUT) {
                Ok(connection) => return prepared(connection),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

impl Sink for Carbon {
    fn send(&mut self, points: &[Point]) -> Result<usize, Failure> {
        match self.try_send(points) {
            Ok(()) => Ok(0),
            Err(error) => Err(Failure::new(format!("{}:{}: {error}", self.host, self.port))),
        }
    }

    fn settles_after(&self) -> Duration {
        limits::CARBON_SETTLES
    }
}

fn prepared(connection: TcpStream) -> io::Result<TcpStream> {
    connection.set_write_timeout(Some(limits::GRAPHITE_TIMEOUT))?;
    let socket = SockRef::from(&connection);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(VANISHED / 2).with_interval(VANISHED / 6))?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(VANISHED))?;
    Ok(connection)
}

/// The connection, if the other side has not closed it. It has nothing to say to us, and what it says does not count.
fn standing(connection: TcpStream) -> io::Result<TcpStream> {
    connection.set_nonblocking(true)?;
    match connection.peek(&mut [0]) {
        Ok(0) => return Err(io::Error::new(ErrorKind::ConnectionAborted, "the connection was closed")),
        Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
        _ => {}
    }
    connection.set_nonblocking(false)?;
    Ok(connection)
}

#[cfg(test)]
#[path = "carbon/tests.rs"]
mod tests;
