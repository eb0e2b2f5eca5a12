//! A real HTTP server for tests: it listens on loopback, port 0, records what it gets and plays scripted answers.
//!
//! One thread, ended on drop. An answer is taken from the script in turn; when the script is over it is 200.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant, SystemTime};

/// No test of ours sends more.
const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;
/// How long a test waits for something that must happen; it never waits that long when all is well.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// When it had arrived whole, by the monotonic clock and by the wall clock.
    pub arrived: (Instant, SystemTime),
    /// `POST`, as a rule.
    pub method: String,
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
    /// The end of the connection instead of an answer.
    HangUp,
    /// What is made of the request when it has come.
    Made(Maker),
}

/// Makes an answer of a request.
#[derive(Clone)]
pub struct Maker(Arc<dyn Fn(&Recorded) -> Reply + Send + Sync>);

impl std::fmt::Debug for Maker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Maker")
    }
}

/// An answer word for word.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Headers; a `Date` among them replaces the server's own.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// How long the server thinks before it answers.
    pub after: Duration,
}

impl Answer {
    /// An answer that depends on the request.
    pub fn made(make: impl Fn(&Recorded) -> Reply + Send + Sync + 'static) -> Self {
        Self::Made(Maker(Arc::new(make)))
    }
}

struct Shared {
    requests: Mutex<Vec<Recorded>>,
    changed: Condvar,
    script: Mutex<VecDeque<Answer>>,
    /// What follows when the script is over.
    then: Answer,
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

    /// Starts a server that gives these answers first, and then 200.
    pub fn with_answers(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::with_url(|_| (answers.into_iter().collect(), Answer::Status(200)))
    }

    /// Starts a server that gives the answers that are made with its URL, and then always the last of the pair.
    pub fn with_url(script: impl FnOnce(&str) -> (Vec<Answer>, Answer)) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        listener.set_nonblocking(true).expect("a socket can be made non-blocking");
        let url = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
        let (answers, then) = script(&url);
        let script = Mutex::new(answers.into());
        let shared = Arc::new(Shared { requests: Mutex::default(), changed: Condvar::new(), script, then });
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
        let requests = self.wait_for(count, PATIENCE);
        assert!(requests.len() >= count, "only {} of {count} requests arrived", requests.len());
        requests
    }

    /// Waits until so many requests arrived, but not longer than `patience`; what has arrived then.
    pub fn wait_for(&self, count: usize, patience: Duration) -> Vec<Recorded> {
        let requests = self.shared.requests.lock().expect("no test panics with the lock");
        let waited = self.shared.changed.wait_timeout_while(requests, patience, |requests| requests.len() < count);
        waited.expect("no test panics with the lock").0.clone()
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

async fn record(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let headers = headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let path = uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let arrived = (Instant::now(), SystemTime::now());
    let recorded = Recorded { arrived, method: method.to_string(), path, headers, body: body.to_vec() };
    let answer = shared.script.lock().expect("no test panics with the lock").pop_front();
    shared.requests.lock().expect("no test panics with the lock").push(recorded.clone());
    shared.changed.notify_all();
    match answer.unwrap_or_else(|| shared.then.clone()) {
        Answer::Status(status) => StatusCode::from_u16(status).expect("a script has real statuses").into_response(),
        Answer::Silence => std::future::pending().await,
        // A panic ends the task of this connection, and with it the connection; this way without a word on stderr.
        Answer::HangUp => std::panic::resume_unwind(Box::new("hang up")),
        Answer::Made(Maker(make)) => {
            let reply = make(&recorded);
            tokio::time::sleep(reply.after).await;
            whole(reply)
        }
    }
}

fn whole(reply: Reply) -> Response {
    let mut response = reply.body.into_response();
    *response.status_mut() = StatusCode::from_u16(reply.status).expect("a script has real statuses");
    response.headers_mut().clear();
    for (name, value) in reply.headers {
        let name = HeaderName::try_from(name).expect("a script has real headers");
        response.headers_mut().insert(name, HeaderValue::try_from(value).expect("a script has real headers"));
    }
    response
}

/// A port of loopback on which nobody listens.
pub fn refused_url() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    format!("http://{}", listener.local_addr().expect("a bound socket has an address"))
}
