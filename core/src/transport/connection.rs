//! Connections: a name looked up and an address reached, both within a limit.
//!
//! The operating system's name lookup has no time limit, so it runs on a thread of its own, and whoever waits for it stops
//! waiting in time. At most one such thread lives at once: while it hangs, later requests fail at once. Only the
//! connection itself cannot be cancelled; it has the limit of its own.

use super::NoAnswer;
use super::deadline::{Deadline, Timed};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

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
    /// The process whose lookup is under way, or 0: a forked child inherits the number, but not the thread.
    looking_up: Arc<AtomicU32>,
}

impl Connector {
    /// `timeout` is for the name lookup and the connection together.
    pub(super) fn new(timeout: Duration) -> Self {
        Self { timeout, look_up, looking_up: Arc::default() }
    }

    pub(super) fn connect<'c>(&self, (host, port): (&str, u16), deadline: Deadline<'c>) -> Result<Timed<'c>, NoAnswer> {
        let own = deadline.or_after(self.timeout);
        let mut addresses = self.addresses(host, port, own)?;
        let mut failure = NoAnswer::new(format!("{host} has no address"));
        while let Some(address) = addresses.pop() {
            // Each address gets its share, so that one that swallows packets does not use up the others' time.
            let share = own.left()? / u32::try_from(addresses.len() + 1).unwrap_or(u32::MAX);
            match TcpStream::connect_timeout(&address, share) {
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
        let (ours, under_way) = (std::process::id(), Arc::clone(&self.looking_up));
        if under_way.swap(ours, Ordering::SeqCst) == ours {
            return Err(NoAnswer::new("an earlier name lookup still hangs"));
        }
        let ended = Arc::clone(&under_way);
        let look_up = move || {
            look_up();
            ended.store(0, Ordering::SeqCst);
        };
        let spawned = std::thread::Builder::new().name("overt-lookup".into()).stack_size(STACK_BYTES).spawn(look_up);
        spawned.map(drop).inspect_err(|_: &io::Error| under_way.store(0, Ordering::SeqCst))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::sync::Mutex;
    use std::time::Instant;

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
            connector.looking_up.store(std::process::id(), Ordering::SeqCst);
            connect(&connector, "localhost", listener.local_addr().unwrap().port()).unwrap();
        }
    }

    #[test]
    fn a_name_is_looked_up_and_the_thread_has_ended_afterwards() {
        let connector = Connector::new(LONG);
        let missing = connect(&connector, "no-such-host.invalid", 1).unwrap_err();
        assert!(missing.reason.contains("no-such-host.invalid"), "{}", missing.reason);
        let start = Instant::now();
        while connector.looking_up.load(Ordering::SeqCst) != 0 && start.elapsed() < LONG {
            std::thread::yield_now();
        }
        assert_eq!(connector.looking_up.load(Ordering::SeqCst), 0);
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
    fn a_lookup_that_a_parent_left_behind_is_none_of_ours() {
        let connector = Connector::new(LONG);
        connector.looking_up.store(std::process::id() + 1, Ordering::SeqCst);
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
