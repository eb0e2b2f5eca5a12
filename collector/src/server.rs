//! The server: takes connections, bounds them, and ends without leaving a request unanswered.
//!
//! - At most [`Limits::connections`] at once; the next wait in the kernel's queue.
//! - A head that does not come, and a connection that idles, is closed after [`Limits::head_timeout`]; every connection
//!   after [`Limits::connection_lifetime`].
//! - When told to stop: no new connections, idle ones are closed, and each request that has begun is answered, within
//!   the body's time-out and [`limits::DRAIN_MARGIN`].
//! - HTTP/1.1 without TLS: on an open network it belongs behind a proxy.

mod body;
mod intake;
mod routes;

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use crate::ingest::Desk;
use crate::keys::Keys;
use crate::limits::{self, Limits};

/// Serves until `stop` is done. Needs a Tokio runtime with time and I/O.
pub async fn serve(listener: TcpListener, desk: Desk, keys: Keys, limits: Limits, stop: impl Future<Output = ()>) {
    let routes = TowerToHyperService::new(routes::routes(desk, keys, limits));
    let http = http(&limits);
    let slots = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = accept(&listener, &slots) => accepted,
        };
        let Ok((stream, slot)) = accepted else {
            // What accept reports is mostly a want of descriptors: trying again at once would only burn the processor.
            sleep(limits::ACCEPT_PAUSE).await;
            continue;
        };
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), routes.clone()));
        tokio::spawn(async move {
            // A connection that breaks or is cut off is the client's affair: it will send again.
            let _ = timeout(limits.connection_lifetime, connection).await;
            drop(slot);
        });
    }
    drop(listener);
    // What is not answered by then never will be: its client has stopped reading.
    let _ = timeout(limits.body_timeout + limits::DRAIN_MARGIN, graceful.shutdown()).await;
}

async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, slot))
}

fn http(limits: &Limits) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_buf_size(limits::CONNECTION_BUFFER_BYTES);
    http
}

#[cfg(test)]
mod tests;
