//! The command `serve`: opens the database, takes the address, says so, and serves until it is told to stop.
//!
//! - One line on stdout, when the first request can be sent: `listening on http://ADDRESS:PORT`. Nothing else ever.
//! - SIGTERM and SIGINT end it: requests that have begun are answered, then the database is closed.

use std::future::Future;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::net::TcpListener;

use crate::graphite::{self, Feed, Running};
use crate::ingest;
use crate::keys::Keys;
use crate::limits::Limits;
use crate::server;
use crate::store::{Outbox, Writer};

/// What `serve` was asked to do.
pub struct Options {
    /// Port 0 takes any free one.
    pub listen: SocketAddr,
    /// The database, made if it is not there.
    pub db: PathBuf,
    /// Who may send.
    pub keys: Keys,
    /// What is too much.
    pub limits: Limits,
    /// Where counters go.
    pub graphite: graphite::Options,
}

/// Serves. An error is one line for the operator.
pub fn run(options: Options) -> Result<(), String> {
    let cannot_open = |error| format!("cannot open {}: {error}", options.db.display());
    // Before the database is made: what it may complain of is on the command line.
    let sink = options.graphite.sink()?;
    let writer = Writer::open(&options.db).map_err(cannot_open)?;
    let mut outbox = Outbox::open(&options.db).map_err(cannot_open)?;
    let (desk, store) = ingest::start(writer).map_err(|error| format!("cannot start a thread: {error}"))?;
    // One thread is enough for the sockets: reading JSON goes to blocking threads, writing to the store's.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start the runtime: {error}"))?;
    runtime.block_on(async {
        let listener = TcpListener::bind(options.listen)
            .await
            .map_err(|error| format!("cannot listen on {}: {error}", options.listen))?;
        // Before the line is printed: whoever reads it may stop us at once.
        let stop = stop_signal().map_err(|error| format!("cannot watch for signals: {error}"))?;
        let feed = match sink {
            Some(sink) => Some(
                Running::start(Feed::new(outbox, sink, &options.graphite))
                    .map_err(|error| format!("cannot start a thread: {error}"))?,
            ),
            None => {
                // From now on nobody records what changes when: later it could not be told what was true in between.
                outbox.forget().map_err(cannot_open)?;
                None
            }
        };
        announce(&listener).map_err(|error| format!("cannot write to stdout: {error}"))?;
        server::serve(listener, desk.clone(), options.keys, options.limits, stop).await;
        drop(feed);
        Ok::<(), String>(())
    })?;
    // With the runtime go the last desks but this one, and with it the thread and its connection. Not before the feed's is
    // closed: of two connections that close at once each leaves SQLite's log to the other to tidy up.
    drop(runtime);
    drop(desk);
    store.join().map_err(|_| "the thread that stores events has failed".to_owned())
}

fn announce(listener: &TcpListener) -> io::Result<()> {
    let address = listener.local_addr()?;
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "listening on http://{address}")?;
    stdout.flush()
}

#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
