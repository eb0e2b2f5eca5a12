//! A real HTTP server for tests: it listens on loopback, port 0, records what it gets and plays scripted answers.
//!
//! One thread, ended on drop. An answer is taken from the script in turn; when the script is over it is 200.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// No test of ours sends more.
const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;
/// How long a test waits for something that must happen; it never waits that long when all is well.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Path and query.
    pub path: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body, as sent.
    pub body: Vec<u8>,
}

impl Recorded {
    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    /// The events of a PostHog batch.
    pub fn events(&self) -> Vec<serde_json::Value> {
        self.json()["batch"].as_array().expect("the body has a batch").clone()
    }
}

/// What the server is to answer.
#[derive(Clone, Debug)]
pub enum Answer {
    /// This status, with an empty body.
    Status(u16),
    /// Nothing, until the server ends.
    Silence,
}

#[derive(Default)]
struct Shared {
    requests: Mutex<Vec<Recorded>>,
    changed: Condvar,
    script: Mutex<VecDeque<Answer>>,
}

/// A running server.
pub struct Server {
    /// Its URL, without a path.
    pub url: String,
    shared: Arc<Shared>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    /// Starts a server that answers everything with 200.
    pub fn start() -> Self {
        Self::with_answers([])
    }

    /// Starts a server that gives these answers first.
    pub fn with_answers(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        listener.set_nonblocking(true).expect("a socket can be made non-blocking");
        let url = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
        let shared = Arc::new(Shared { script: Mutex::new(answers.into_iter().collect()), ..Shared::default() });
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let state = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).expect("the listener is non-blocking");
                let router =
                    Router::new().fallback(record).layer(DefaultBodyLimit::max(MAX_BODY_BYTES)).with_state(state);
                tokio::select! {
                    _ = async { axum::serve(listener, router).await } => {}
                    _ = stopped => {}
                }
            });
        });
        Self { url, shared, stop: Some(stop), thread: Some(thread) }
    }

    /// What arrived so far.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.requests.lock().expect("no test panics with the lock").clone()
    }

    /// The events of all requests so far.
    pub fn events(&self) -> Vec<serde_json::Value> {
        self.requests().iter().flat_map(Recorded::events).collect()
    }

    /// Waits until so many requests arrived.
    pub fn wait_for_requests(&self, count: usize) -> Vec<Recorded> {
        let requests = self.shared.requests.lock().expect("no test panics with the lock");
        let (requests, waited) = self
            .shared
            .changed
            .wait_timeout_while(requests, PATIENCE, |requests| requests.len() < count)
            .expect("no test panics with the lock");
        assert!(!waited.timed_out(), "only {} of {count} requests arrived", requests.len());
        requests.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn record(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap, body: Bytes) -> StatusCode {
    let headers = headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let path = uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let answer = shared.script.lock().expect("no test panics with the lock").pop_front();
    shared.requests.lock().expect("no test panics with the lock").push(Recorded { path, headers, body: body.to_vec() });
    shared.changed.notify_all();
    match answer {
        Some(Answer::Status(status)) => StatusCode::from_u16(status).expect("a script has real statuses"),
        Some(Answer::Silence) => std::future::pending().await,
        None => StatusCode::OK,
    }
}

/// A port of loopback on which nobody listens.
pub fn refused_url() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    format!("http://{}", listener.local_addr().expect("a bound socket has an address"))
}
