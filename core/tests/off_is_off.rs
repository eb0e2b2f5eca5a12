//! While telemetry is off there is no file, no thread, no socket and no child process, as the kernel sees it.

#![cfg(target_os = "linux")]

mod common;

use common::{Moved, PATIENCE, child, client, client_at, client_with, config, files};
use overt::{Capture, Client, Config, ConsentReason, ConsentVariable, Counted, Event, HostConsent};
use overt_tests::{Server, refused_url};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Uses everything that a client offers.
fn use_everything(client: &Client) {
    for _ in 0..10 {
        let _ = client.capture_event("run", &json!({"n": 1}));
        let _ = client.record_command("tool run", 0);
    }
    let _ = client.flush(PATIENCE);
    let _ = (client.client_id(), client.stats(), client.pending(), client.sent(), client.losses(), client.consent());
    let _ = (client.ledger(), client.paths(), client.salted_hash("text"));
    let _ = client.close(PATIENCE);
}

/// The process under strace: `use_everything` between two marks.
#[test]
fn the_watched() {
    let (Ok(url), Ok(dir)) = (std::env::var("WATCHED_URL"), std::env::var("WATCHED_DIR")) else { return };
    let mut config = config(&url, Path::new(&dir));
    config.flush_at = 1;
    config.counters_path = Some(Path::new(&dir).join("telemetry.yaml"));
    config.counters_endpoint.clone_from(&url);
    let _ = std::fs::metadata("/overt-mark-begin");
    let client = Client::new(config).unwrap();
    use_everything(&client);
    drop(client);
    let _ = std::fs::metadata("/overt-mark-end");
}

/// The system calls between the marks, by all threads and children.
fn system_calls(dir: &Path, variables: &[(&str, &str)]) -> Vec<String> {
    let url = refused_url();
    let state = dir.join("state").display().to_string();
    let log = dir.join("strace.log");
    let watched = child("the_watched", &[]);
    let mut strace = std::process::Command::new("strace");
    strace.args(["-f", "-o"]).arg(&log).arg(watched.get_program()).args(watched.get_args());
    for (name, value) in watched.get_envs() {
        match value {
            Some(value) => strace.env(name, value),
            None => strace.env_remove(name),
        };
    }
    strace.env("WATCHED_URL", url).env("WATCHED_DIR", state).envs(variables.iter().copied());
    let output = strace.output().expect("strace is needed: Debian package strace");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(log).unwrap();
    let lines = text.lines().skip_while(|line| !line.contains("/overt-mark-begin")).skip(1);
    lines.take_while(|line| !line.contains("/overt-mark-end")).map(str::to_owned).collect()
}

fn any(calls: &[String], names: &[&str]) -> bool {
    calls.iter().any(|line| names.iter().any(|name| line.contains(&format!(" {name}("))))
}

const MAKES_A_FILE: [&str; 8] = ["mkdir", "mkdirat", "creat", "link", "linkat", "rename", "renameat", "renameat2"];
const STARTS_A_THREAD_OR_PROCESS: [&str; 5] = ["clone", "clone3", "fork", "vfork", "execve"];
const USES_THE_NETWORK: [&str; 5] = ["socket", "connect", "sendto", "sendmsg", "bind"];

#[test]
fn the_kernel_sees_nothing_of_a_disabled_client() {
    for off in [("TELEMETRY_ENABLED", "false"), ("TELEMETRY_ENABLED", ""), ("DO_NOT_TRACK", "1")] {
        let dir = tempfile::tempdir().unwrap();
        let calls = system_calls(dir.path(), &[off]);
        let creates = calls.iter().any(|line| line.contains("O_CREAT") || line.contains("O_WRONLY"));
        assert!(!creates && !any(&calls, &MAKES_A_FILE), "{off:?}: {calls:#?}");
        assert!(!any(&calls, &STARTS_A_THREAD_OR_PROCESS), "{off:?}: {calls:#?}");
        assert!(!any(&calls, &USES_THE_NETWORK), "{off:?}: {calls:#?}");
        assert!(files(&dir.path().join("state")).is_empty());
    }
}

#[test]
fn the_same_program_shows_all_of_it_when_enabled() {
    // So that the test above cannot pass because it looks for the wrong things.
    let dir = tempfile::tempdir().unwrap();
    let calls = system_calls(dir.path(), &[("TELEMETRY_ENABLED", "true")]);
    assert!(any(&calls, &MAKES_A_FILE) && calls.iter().any(|line| line.contains("O_CREAT")), "{calls:#?}");
    assert!(any(&calls, &STARTS_A_THREAD_OR_PROCESS), "{calls:#?}");
    assert!(any(&calls, &USES_THE_NETWORK), "{calls:#?}");
}

#[test]
fn no_kind_of_off_leaves_a_file() {
    let server = Server::start();
    let dir = tempfile::tempdir().unwrap();
    let base = || config(&server.url, dir.path());
    let opted_in_only = {
        let mut config = base();
        config.default_consent = false;
        config
    };
    let own_variable = {
        let mut config = base();
        config.consent_env = vec![ConsentVariable::parse("MY_TELEMETRY=1").unwrap()];
        config
    };
    let host = |consent| {
        let mut config = base();
        config.consent = consent;
        config
    };
    let no_key = {
        let mut config = base();
        config.api_key = "  ".into();
        config
    };
    for (config, variables, reason) in [
        (base(), &[("TELEMETRY_ENABLED", "0")][..], ConsentReason::TelemetryEnabled),
        (base(), &[("DO_NOT_TRACK", "1"), ("TELEMETRY_ENABLED", "1")], ConsentReason::DoNotTrack),
        (base(), &[("CI", "true")], ConsentReason::Ci),
        (own_variable, &[("MY_TELEMETRY", "true")], ConsentReason::ToolVariable),
        (opted_in_only, &[], ConsentReason::Default),
        (host(HostConsent::Says(false)), &[("TELEMETRY_ENABLED", "1")], ConsentReason::Host),
        (host(HostConsent::Asked(Arc::new(|| Some(false)))), &[], ConsentReason::Host),
        (no_key, &[("TELEMETRY_ENABLED", "1")], ConsentReason::NoApiKey),
    ] {
        let client = client_with(config, variables);
        assert_eq!((client.consent().enabled, client.consent().reason), (false, reason));
        assert_eq!(client.capture_event("run", &json!({})).unwrap(), Capture::Disabled);
        use_everything(&client);
        drop(client);
        assert!(files(dir.path()).is_empty(), "{reason:?}");
    }
    assert!(server.requests().is_empty());
}

#[test]
fn what_an_earlier_run_left_is_not_sent_while_it_is_off() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let mut config = config(&server.url, dir.path());
    config.background = false;
    client(config.clone()).capture_event("before", &json!({})).unwrap();
    let off = [
        (HostConsent::Says(false), &[][..]),
        (HostConsent::Unset, &[("TELEMETRY_ENABLED", "0")]),
        (HostConsent::Unset, &[("CI", "1")]),
    ];
    for (consent, variables) in off {
        let mut config = config.clone();
        config.consent = consent;
        let client = client_with(config, variables);
        client.flush(PATIENCE).unwrap();
        client.close(PATIENCE).unwrap();
        assert!(server.requests().is_empty(), "{:?}", client.consent());
    }
    client(config).flush(PATIENCE).unwrap();
    assert_eq!(server.events().len(), 1);
}

#[test]
fn a_stored_choice_is_obeyed_and_a_damaged_one_means_off() {
    let dir = tempfile::tempdir().unwrap();
    for (text, enabled) in [("on\n", true), ("off\n", false), ("o", false), ("", false)] {
        std::fs::write(dir.path().join("consent"), text).unwrap();
        let client = client(config(&refused_url(), dir.path()));
        assert_eq!(client.consent().enabled, enabled, "{text:?}");
    }
    assert_eq!(files(dir.path()), ["consent"]);
}

#[test]
fn switching_off_erases_the_id_and_all_that_waits() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let mut config = config(&server.url, dir.path());
    config.background = false;
    let client = client(config);
    client.capture_event("before", &json!({})).unwrap();
    let before = client.client_id().unwrap().unwrap();
    let consent = client.set_consent(false).unwrap();
    assert_eq!((consent.enabled, files(dir.path())), (false, vec!["consent".to_owned()]));
    assert_eq!(client.capture_event("while off", &json!({})).unwrap(), Capture::Disabled);
    assert_eq!(client.client_id().unwrap(), None);

    assert!(client.set_consent(true).unwrap().enabled);
    client.capture_event("after", &json!({})).unwrap();
    assert_ne!(client.client_id().unwrap().unwrap(), before);
    client.flush(PATIENCE).unwrap();
    let [event] = server.events().try_into().expect("one event");
    assert_eq!(event["event"], "after");
}

#[test]
fn resetting_the_id_erases_what_waits_under_the_old_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(&refused_url(), dir.path());
    config.background = false;
    let client = client(config);
    client.capture_event("before", &json!({})).unwrap();
    let before = client.client_id().unwrap();
    let after = client.reset_client_id().unwrap();
    assert!(after.is_some() && after != before);
    assert_eq!((client.client_id().unwrap(), client.pending().len()), (after, 0));
}

#[test]
fn force_overrules_the_tools_default_but_never_a_person() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(&refused_url(), dir.path());
    config.default_consent = false;
    config.background = false;
    let mut event = Event::new("installed");
    event.force = true;
    let forced = |variables: &[(&str, &str)]| {
        let client = client_with(config.clone(), variables);
        matches!(client.capture(&event, |_| Ok(())).unwrap(), Capture::Recorded(_))
    };
    assert!(!forced(&[("TELEMETRY_ENABLED", "0")]));
    assert!(!forced(&[("DO_NOT_TRACK", "1")]));
    std::fs::write(dir.path().join("consent"), "off").unwrap();
    assert!(!forced(&[]));
    std::fs::remove_file(dir.path().join("consent")).unwrap();
    assert!(files(dir.path()).is_empty());
    assert!(forced(&[]) && forced(&[("CI", "1")]));

    let server = Server::start();
    config.endpoint = server.url.clone();
    let client = client(config);
    client.flush(PATIENCE).unwrap();
    assert!(server.requests().is_empty());
    client.capture(&event, |_| Ok(())).unwrap();
    client.flush(PATIENCE).unwrap();
    assert_eq!(server.events().len(), 1, "what was forced may also leave");
}

/// An event that is to be recorded although the host says off.
fn forced() -> Event<'static> {
    let mut event = Event::new("installed");
    event.force = true;
    event
}

#[test]
fn force_overrules_the_host_but_no_off_that_stands_behind_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(&refused_url(), dir.path());
    config.background = false;
    let record = |config: &Config, variables: &[(&str, &str)]| {
        client_with(config.clone(), variables).capture(&forced(), |_| Ok(())).unwrap()
    };
    for host in [HostConsent::Says(false), HostConsent::Asked(Arc::new(|| Some(false)))] {
        config.consent = host;
        for stored in ["off", "perhaps"] {
            std::fs::write(dir.path().join("consent"), stored).unwrap();
            assert_eq!(record(&config, &[]), Capture::Disabled, "{stored}");
            assert_eq!(record(&config, &[("CI", "1")]), Capture::Disabled, "{stored}");
            assert_eq!(files(dir.path()), ["consent"]);
        }
        std::fs::remove_file(dir.path().join("consent")).unwrap();
    }
    config.notice = "This tool tells its authors how it is used.".into();
    assert_eq!(record(&config, &[]), Capture::Disabled, "nobody can know");
    config.consent = HostConsent::Unset;
    assert_eq!(record(&config, &[("CI", "1")]), Capture::Disabled, "nobody can know");
    assert!(files(dir.path()).is_empty());
    config.notice.clear();
    assert!(matches!(record(&config, &[("CI", "1")]), Capture::Recorded(_)));
    config.consent = HostConsent::Says(false);
    assert!(matches!(record(&config, &[]), Capture::Recorded(_)));
}

#[test]
fn nothing_is_forced_after_off_was_said_in_this_process() {
    let dir = tempfile::tempdir().unwrap();
    for variables in [&[][..], &[("TELEMETRY_ENABLED", "1")]] {
        let mut config = config(&refused_url(), dir.path());
        config.background = false;
        let client = client_with(config, variables);
        assert!(matches!(client.capture(&forced(), |_| Ok(())).unwrap(), Capture::Recorded(_)));
        client.set_consent(false).unwrap();
        assert_eq!(client.capture(&forced(), |_| Ok(())).unwrap(), Capture::Disabled);
        assert_eq!((client.may_record(true), files(dir.path())), (false, vec!["consent".to_owned()]));
    }
}

#[test]
fn what_was_forced_does_not_leave_after_a_persons_off_or_an_erase() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let mut of_tool = config(&server.url, dir.path());
    of_tool.background = false;
    let earlier = client(of_tool.clone());
    of_tool.consent = HostConsent::Says(false);
    let client = client(of_tool);

    client.capture(&forced(), |_| Ok(())).unwrap();
    std::fs::write(dir.path().join("consent"), "off").unwrap();
    client.flush(PATIENCE).unwrap();
    assert!(server.requests().is_empty(), "a person said off");

    std::fs::remove_file(dir.path().join("consent")).unwrap();
    assert_eq!(client.reset_client_id().unwrap(), None);
    earlier.capture_event("another's", &json!({})).unwrap();
    client.flush(PATIENCE).unwrap();
    assert!(server.requests().is_empty(), "what was forced is gone, so nothing is to be sent");
}

#[test]
fn a_host_that_is_asked_each_time_can_change_its_mind() {
    let dir = tempfile::tempdir().unwrap();
    let on = Arc::new(AtomicBool::new(false));
    let mut config = config(&refused_url(), dir.path());
    let asked = Arc::clone(&on);
    config.consent = HostConsent::Asked(Arc::new(move || Some(asked.load(Ordering::Relaxed))));
    config.background = false;
    let client = client(config);
    assert_eq!(client.capture_event("one", &json!({})).unwrap(), Capture::Disabled);
    on.store(true, Ordering::Relaxed);
    assert!(matches!(client.capture_event("two", &json!({})).unwrap(), Capture::Recorded(_)));
    on.store(false, Ordering::Relaxed);
    assert_eq!(client.capture_event("three", &json!({})).unwrap(), Capture::Disabled);
}

#[test]
fn a_choice_that_cannot_be_read_for_a_moment_stops_a_process_for_as_long() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), Moved::new());
    let mut config = config(&refused_url(), dir.path());
    config.background = false;
    config.counters_path = Some(dir.path().join("telemetry.yaml"));
    let (choice, look) = (dir.path().join("consent"), Duration::from_millis(1_001));
    let client = client_at(&clock, config);
    let capture = || client.capture_event("run", &json!({})).unwrap();
    assert!(matches!(capture(), Capture::Recorded(_)));

    std::fs::create_dir(&choice).unwrap();
    clock.forward(look);
    assert_eq!((capture(), client.consent().reason), (Capture::Disabled, ConsentReason::Unreadable));
    std::fs::remove_dir(&choice).unwrap();
    assert_eq!(capture(), Capture::Disabled, "it is not read for each event");
    clock.forward(look);
    assert!(matches!(capture(), Capture::Recorded(_)));
    assert_eq!(client.pending().len(), 2, "and what waited still does");

    std::fs::write(&choice, "perhaps").unwrap();
    clock.forward(look);
    assert_eq!(capture(), Capture::Disabled);
    std::fs::write(&choice, "on").unwrap();
    clock.forward(look);
    assert_eq!(client.record_command("tool run", 0).unwrap(), Counted::Counted);

    // An off that was understood is for good.
    std::fs::write(&choice, "off").unwrap();
    clock.forward(look);
    assert_eq!(capture(), Capture::Disabled);
    std::fs::write(&choice, "on").unwrap();
    clock.forward(look);
    assert_eq!((capture(), client.consent().reason), (Capture::Disabled, ConsentReason::Stored));
}
