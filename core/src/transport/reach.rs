//! Reaches an address: a TCP connection whose making can be broken off.

use super::deadline::Deadline;
use std::io;
use std::net::{SocketAddr, TcpStream};

/// Connects before the deadline. An end of its time is an error of this kind, whatever else the request has left.
pub(super) fn reach(address: SocketAddr, deadline: Deadline<'_>) -> io::Result<TcpStream> {
    connect(address, deadline).map_err(|error| match error.kind() {
        io::ErrorKind::TimedOut => io::Error::new(io::ErrorKind::TimedOut, "the connection timed out"),
        _ => error,
    })
}

#[cfg(unix)]
fn connect(address: SocketAddr, deadline: Deadline<'_>) -> io::Result<TcpStream> {
    use rustix::io::Errno;
    use socket2::{Domain, Socket, Type};

    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    match socket.connect(&address.into()) {
        // A signal does not end what the system has begun.
        Err(error) if [Errno::INPROGRESS, Errno::INTR].contains(&Errno::from_io_error(&error).unwrap_or(Errno::IO)) => {
            deadline.wait(|moment| has_ended(&socket, moment))?;
        }
        done => done?,
    }
    if let Some(error) = socket.take_error()? {
        return Err(error);
    }
    socket.set_nonblocking(false)?;
    Ok(socket.into())
}

/// Whether the system has decided about a connection, within a moment.
#[cfg(unix)]
fn has_ended(socket: &socket2::Socket, moment: std::time::Duration) -> io::Result<Option<()>> {
    use rustix::event::{PollFd, PollFlags, poll};

    let moment = moment.try_into().map_err(io::Error::other)?;
    match poll(&mut [PollFd::new(socket, PollFlags::OUT)], Some(&moment)) {
        Ok(0) | Err(rustix::io::Errno::INTR) => Ok(None),
        Ok(_) => Ok(Some(())),
        Err(error) => Err(error.into()),
    }
}

/// Where nobody forks.
#[cfg(not(unix))]
fn connect(address: SocketAddr, deadline: Deadline<'_>) -> io::Result<TcpStream> {
    TcpStream::connect_timeout(&address, deadline.left()?)
}
