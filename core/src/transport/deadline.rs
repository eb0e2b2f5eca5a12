//! The end of a request's time, and a connection that knows it: no single read or write may outlast the whole.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// When a request must have ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Option<Instant>);

impl Deadline {
    /// A time that cannot be written down is no limit.
    pub(super) fn after(time: Duration) -> Self {
        Self(Instant::now().checked_add(time))
    }

    /// The earlier of the two ends.
    pub(super) fn or_after(self, time: Duration) -> Self {
        let other = Self::after(time);
        Self(self.0.into_iter().chain(other.0).min())
    }

    /// What is left: never zero, which the operating system takes for no limit.
    pub(super) fn left(self) -> io::Result<Duration> {
        let Some(end) = self.0 else { return Ok(Duration::MAX) };
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(time_is_over()) } else { Ok(left) }
    }
}

fn time_is_over() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the time for the request is over")
}

/// A connection whose every read and write ends with the request's time.
#[derive(Debug)]
pub(super) struct Timed {
    pub tcp: TcpStream,
    pub deadline: Deadline,
}

/// A socket says "would block" when its time limit ends.
fn named<T>(result: io::Result<T>) -> io::Result<T> {
    result.map_err(|error| if error.kind() == io::ErrorKind::WouldBlock { time_is_over() } else { error })
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.tcp.set_read_timeout(Some(self.deadline.left()?))?;
        named(self.tcp.read(buffer))
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.tcp.set_write_timeout(Some(self.deadline.left()?))?;
        named(self.tcp.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn of_two_ends_the_earlier_counts() {
        for deadline in [Deadline::after(HOUR).or_after(HOUR * 2), Deadline::after(HOUR * 2).or_after(HOUR)] {
            assert!(deadline.left().unwrap() <= HOUR);
        }
        assert_eq!(Deadline::after(HOUR).or_after(Duration::ZERO).left().unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn a_time_beyond_the_clock_is_no_limit() {
        let deadline = Deadline::after(Duration::MAX);
        assert_eq!(deadline.left().unwrap(), Duration::MAX);
        assert!(deadline.or_after(HOUR).left().unwrap() <= HOUR);
    }
}
