//! Connections: a name looked up and an address reached, both within a limit.
//!
//! The operating system's name lookup has no time limit, so it runs on a thread of its own, and whoever waits for it stops
//! waiting in time. At most one such thread lives at once: while it hangs, later requests fail at once.

use super::NoAnswer;
use super::deadline::{Deadline, Timed};
use super::reach::reach;
use crate::thread::Thread;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// glibc's resolver and its plug-ins take tens of KiB.
const STACK_BYTES: usize = 512 * 1024;

type LookUp = fn(&str, u16) -> io::Result<Vec<SocketAddr>>;

fn look_up(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok((host, port).to_socket_addrs()?.collect())
}

#[derive(Debug)]
pub(super) struct Connector {
    timeout: Duration,
    look_up: LookUp,
    lookup: Arc<Lookup>,
}

/// The name lookup that is under way, or was last.
#[derive(Debug, Default)]
struct Lookup {
    /// The process whose it is, or 0 if it has ended: a forked child inherits the number, but not the thread.
    process: AtomicU32,
    thread: Thread,
    /// Whether somebody has waited for its end in vain.
    hangs: AtomicBool,
}

impl Lookup {
    fn is_ours(&self) -> bool {
        self.process.load(Ordering::SeqCst) == std::process::id()
    }
}

impl Connector {
    /// `timeout` is for the name lookup and the connection together.
    pub(super) fn new(timeout: Duration) -> Self {
        Self { timeout, look_up, lookup: Arc::default() }
    }

    pub(super) fn connect<'c>(&self, (host, port): (&str, u16), deadline: Deadline<'c>) -> Result<Timed<'c>, NoAnswer> {
        let own = deadline.or_after(self.timeout);
        let mut addresses = self.addresses(host, port, own)?;
        let mut failure = NoAnswer::new(format!("{host} has no address"));
        while let Some(address) = addresses.pop() {
            // Each address gets its share, so that one that swallows packets does not use up the others' time.
            let share = own.left()? / u32::try_from(addresses.len() + 1).unwrap_or(u32::MAX);
            match reach(address, own.or_after(share)) {
                Ok(tcp) => {
                    // A request is written in one piece; there is nothing to wait for.
                    let _ = tcp.set_nodelay(true);
                    return Ok(Timed { tcp, deadline });
                }
                Err(error) => failure = NoAnswer::new(format!("{address}: {error}")),
            }
        }
        Err(failure)
    }

    /// The addresses of a host, the one to be tried first at the end.
    fn addresses(&self, host: &str, port: u16, deadline: Deadline<'_>) -> Result<Vec<SocketAddr>, NoAnswer> {
        if host == "localhost" {
            // By definition, and not by what a name server says: plain HTTP is allowed there.
            let loopback = [IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::LOCALHOST)];
            return Ok(loopback.map(|ip| SocketAddr::new(ip, port)).to_vec());
        }
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(ip, port)]);
        }
        let (name, look_up, (answer, answered)) = (host.to_owned(), self.look_up, mpsc::channel());
        self.on_own_thread(move || {
            let _ = answer.send(look_up(&name, port)); // nobody listens any more if it took too long
        })?;
        let looked_up = deadline.wait(|moment| match answered.recv_timeout(moment) {
            Ok(looked_up) => looked_up.map(Some),
            Err(mpsc::RecvTimeoutError::Timeout) => Ok(None),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(io::ErrorKind::Other.into()),
        });
        let mut addresses = looked_up.map_err(|error| NoAnswer::new(format!("name lookup of {host}: {error}")))?;
        addresses.reverse();
        Ok(addresses)
    }

    fn on_own_thread(&self, look_up: impl FnOnce() + Send + 'static) -> Result<(), NoAnswer> {
        let lookup = Arc::clone(&self.lookup);
        if lookup.process.swap(std::process::id(), Ordering::SeqCst) == std::process::id() {
            return Err(NoAnswer::new("an earlier name lookup still hangs"));
        }
        lookup.hangs.store(false, Ordering::Relaxed);
        let body = move || {
            lookup.thread.begins();
            look_up();
            lookup.process.store(0, Ordering::SeqCst);
        };
        let spawned = std::thread::Builder::new().name("overt-lookup".into()).stack_size(STACK_BYTES).spawn(body);
        spawned.map(drop).inspect_err(|_: &io::Error| self.lookup.process.store(0, Ordering::SeqCst))?;
        Ok(())
    }

    /// Waits until no thread of this is left; true if so. One that somebody has waited for in vain is not waited for again:
    /// who forks a hundred times while a name server keeps silent shall not pay for it a hundred times.
    pub(super) fn wait_for_threads(&self, deadline: Instant) -> bool {
        let lookup = &*self.lookup;
        while lookup.is_ours() {
            if lookup.hangs.load(Ordering::Relaxed) || Instant::now() >= deadline {
                lookup.hangs.store(true, Ordering::Relaxed);
                return false;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        lookup.thread.wait_for_end(deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};
    use std::sync::Mutex;

    const LONG: Duration = Duration::from_secs(60);

    static CANCELS: AtomicU32 = AtomicU32::new(0);

    fn connect(connector: &Connector, host: &str, port: u16) -> Result<Timed<'static>, NoAnswer> {
        connector.connect((host, port), Deadline::after(LONG, &CANCELS))
    }

    #[test]
    fn localhost_is_found_on_either_address_without_a_lookup() {
        for ip in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(ip) else { continue };
            let connector = Connector::new(LONG);
            connector.lookup.process.store(std::process::id(), Ordering::SeqCst);
            connect(&connector, "localhost", listener.local_addr().unwrap().port()).unwrap();
        }
    }

    #[test]
    fn a_name_is_looked_up_and_the_thread_has_ended_afterwards() {
        let connector = Connector::new(LONG);
        let missing = connect(&connector, "no-such-host.invalid", 1).unwrap_err();
        assert!(missing.reason.contains("no-such-host.invalid"), "{}", missing.reason);
        let start = Instant::now();
        while connector.lookup.process.load(Ordering::SeqCst) != 0 && start.elapsed() < LONG {
            std::thread::yield_now();
        }
        assert_eq!(connector.lookup.process.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn a_lookup_that_hangs_ends_with_the_time_and_is_the_only_one() {
        let mut connector = Connector::new(Duration::from_millis(50));
        connector.look_up = |_, _| loop {
            std::thread::park();
        };
        for said in ["time for the request is over", "still hangs"] {
            let failed = connect(&connector, "e.example", 1).unwrap_err();
            assert!(failed.reason.contains(said), "{}", failed.reason);
        }
    }

    #[test]
    fn who_forks_waits_for_a_lookup_and_once_for_one_that_hangs() {
        let connector = Connector::new(LONG);
        connect(&connector, "no-such-host.invalid", 1).unwrap_err();
        assert!(connector.wait_for_threads(Instant::now() + LONG));
        let mut connector = Connector::new(Duration::from_millis(50));
        connector.look_up = |_, _| loop {
            std::thread::park();
        };
        connect(&connector, "e.example", 1).unwrap_err();
        assert!(!connector.wait_for_threads(Instant::now() + Duration::from_millis(50)));
        let later = Instant::now() + LONG;
        assert!(!connector.wait_for_threads(later) && Instant::now() < later);
    }

    #[test]
    fn a_lookup_that_a_parent_left_behind_is_none_of_ours() {
        let connector = Connector::new(LONG);
        connector.lookup.process.store(std::process::id() + 1, Ordering::SeqCst);
        let missing = connect(&connector, "no-such-host.invalid", 1).unwrap_err();
        assert!(!missing.reason.contains("still hangs"), "{}", missing.reason);
    }

    /// A port that swallows connections: its backlog is full, and the kernel drops what comes on top.
    fn black_hole() -> (TcpListener, Vec<TcpStream>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let waiting = std::iter::from_fn(|| TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok());
        let waiting = waiting.collect();
        (listener, waiting)
    }

    /// Before a fork, for which Windows has no need.
    #[cfg(unix)]
    #[test]
    fn a_connection_that_is_being_made_is_broken_off() {
        static GIVEN_UP: AtomicU32 = AtomicU32::new(0);
        let (hole, _waiting) = black_hole();
        let port = hole.local_addr().unwrap().port();
        let connecting = std::thread::spawn(move || {
            let failed = Connector::new(LONG).connect(("127.0.0.1", port), Deadline::after(LONG, &GIVEN_UP));
            failed.unwrap_err().reason
        });
        while !connecting.is_finished() {
            GIVEN_UP.fetch_add(1, Ordering::Relaxed);
            std::thread::yield_now();
        }
        let reason = connecting.join().unwrap();
        assert!(reason.ends_with(": the request was cancelled"), "{reason}");
    }

    #[test]
    fn the_connections_own_limit_ends_it_before_the_requests() {
        let (hole, _waiting) = black_hole();
        let port = hole.local_addr().unwrap().port();
        let failed = connect(&Connector::new(Duration::from_millis(50)), "127.0.0.1", port).unwrap_err();
        assert!(failed.reason.contains("timed out"), "{}", failed.reason);
    }

    #[test]
    fn addresses_are_tried_in_turn_and_one_that_swallows_connections_leaves_time_for_the_next() {
        static ADDRESSES: Mutex<Vec<SocketAddr>> = Mutex::new(Vec::new());
        let (hole, _waiting) = black_hole();
        let [open, other] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        *ADDRESSES.lock().unwrap() = [&hole, &open, &other].map(|listener| listener.local_addr().unwrap()).to_vec();
        let mut connector = Connector::new(Duration::from_secs(2));
        connector.look_up = |_, _| Ok(ADDRESSES.lock().unwrap().clone());
        let reached = connect(&connector, "e.example", 1).unwrap();
        assert_eq!(reached.tcp.peer_addr().unwrap(), open.local_addr().unwrap());
    }
}
