//! The end of a request's time, and a connection that knows it: no single read or write may outlast the whole. Whoever
//! blocks looks up now and then, so that a request which is no longer wanted ends at once.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How often somebody who blocks looks up: a host that forks waits about half of this for us, and only during a request.
const LOOK_UP: Duration = Duration::from_millis(10);

/// When a request must have ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline<'c> {
    /// A time that cannot be written down is no limit.
    end: Option<Instant>,
    /// How often requests were cancelled, and how often it was when this one began.
    cancels: &'c AtomicU32,
    at_begin: u32,
}

impl<'c> Deadline<'c> {
    pub(super) fn after(time: Duration, cancels: &'c AtomicU32) -> Self {
        Self { end: Instant::now().checked_add(time), cancels, at_begin: cancels.load(Ordering::Relaxed) }
    }

    /// The earlier of the two ends.
    pub(super) fn or_after(self, time: Duration) -> Self {
        let other = Instant::now().checked_add(time);
        Self { end: self.end.into_iter().chain(other).min(), ..self }
    }

    /// The end for an answer that is awaited for at most `wait` after its request was written. Other requests may have taken
    /// that time: then there is a moment, in which what has come meanwhile can be read.
    pub(super) fn to_listen(self, written: Instant, wait: Duration) -> Self {
        let end = self.end.into_iter().chain(written.checked_add(wait)).min();
        Self { end: end.map(|end| end.max(Instant::now() + LOOK_UP)), ..self }
    }

    /// What is left: never zero, which the operating system takes for no limit.
    pub(super) fn left(self) -> io::Result<Duration> {
        if self.cancels.load(Ordering::Relaxed) != self.at_begin {
            return Err(io::Error::other("the request was cancelled"));
        }
        let Some(end) = self.end else { return Ok(Duration::MAX) };
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            Err(io::Error::new(io::ErrorKind::TimedOut, "the time for the request is over"))
        } else {
            Ok(left)
        }
    }

    /// Tries again and again, for a moment each time, until there is a result or the time is over.
    pub(super) fn wait<T>(self, mut attempt: impl FnMut(Duration) -> io::Result<Option<T>>) -> io::Result<T> {
        loop {
            if let Some(result) = attempt(self.left()?.min(LOOK_UP))? {
                return Ok(result);
            }
        }
    }
}

/// A connection whose every read and write ends with the request's time.
#[derive(Debug)]
pub(super) struct Timed<'c> {
    pub tcp: TcpStream,
    pub deadline: Deadline<'c>,
}

/// What came of a moment's try: a socket says "would block" when the moment is over (on Windows "timed out").
fn unless_blocked(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => Ok(None),
        result => result.map(Some),
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.deadline.wait(|moment| {
            self.tcp.set_read_timeout(Some(moment))?;
            unless_blocked(self.tcp.read(buffer))
        })
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.deadline.wait(|moment| {
            self.tcp.set_write_timeout(Some(moment))?;
            unless_blocked(self.tcp.write(bytes))
        })
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
        let no = AtomicU32::new(0);
        let after = |time| Deadline::after(time, &no);
        for deadline in [after(HOUR).or_after(HOUR * 2), after(HOUR * 2).or_after(HOUR)] {
            assert!(deadline.left().unwrap() <= HOUR);
        }
        assert_eq!(after(HOUR).or_after(Duration::ZERO).left().unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn a_time_beyond_the_clock_is_no_limit() {
        let no = AtomicU32::new(0);
        let deadline = Deadline::after(Duration::MAX, &no);
        assert_eq!(deadline.left().unwrap(), Duration::MAX);
        assert!(deadline.or_after(HOUR).left().unwrap() <= HOUR);
    }

    #[test]
    fn an_answer_is_awaited_from_when_its_request_was_written_and_looked_for_in_any_case() {
        let (no, now) = (AtomicU32::new(0), Instant::now());
        let deadline = Deadline::after(HOUR, &no);
        assert!(deadline.to_listen(now, Duration::MAX).left().unwrap() <= HOUR);
        assert!(deadline.to_listen(now, HOUR / 2).left().unwrap() <= HOUR / 2);
        let late = Deadline::after(Duration::ZERO, &no);
        assert!(late.left().is_err());
        assert!(late.to_listen(now, HOUR).end.unwrap() > now);
        let gone = Instant::now() - Duration::from_secs(1);
        assert!(deadline.to_listen(gone, Duration::ZERO).left().is_ok_and(|left| left <= LOOK_UP));
    }

    #[test]
    fn who_blocks_notices_that_the_request_is_no_longer_wanted() {
        let cancels = AtomicU32::new(7);
        let mut looks = 0;
        let waited = Deadline::after(HOUR, &cancels).wait(|moment| {
            assert!(moment <= LOOK_UP);
            looks += 1;
            cancels.fetch_add(u32::from(looks == 3), Ordering::Relaxed);
            Ok(None::<()>)
        });
        assert_eq!((looks, waited.unwrap_err().to_string().as_str()), (3, "the request was cancelled"));
        assert!(Deadline::after(HOUR, &cancels).left().is_ok(), "one that begins later is not meant");
    }
}
