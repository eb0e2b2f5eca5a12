//! Other users: what they can put in the way, what they can read, and programs that run with another's rights.

#![cfg(unix)]

mod common;

use common::{PATIENCE, child, client, config, files};
use overt::{Capture, Client, Config, ConsentReason, ErrorKind, Event};
use overt_tests::{Server, refused_url};
use serde_json::json;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// Another user.
const OTHER: u32 = 65_534;

fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        println!("SKIPPED: only root can give files to another user");
    }
    root
}

fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn by_request(url: &str, dir: &Path) -> Config {
    let mut config = config(url, dir);
    config.background = false;
    config
}

fn is_recorded(client: &Client) -> bool {
    matches!(client.capture_event("run", &json!({})), Ok(Capture::Recorded(_)))
}

/// Everything below a directory and itself, links not followed.
fn walk(dir: &Path) -> Vec<PathBuf> {
    let mut found = vec![dir.to_owned()];
    if std::fs::symlink_metadata(dir).is_ok_and(|data| data.is_dir()) {
        for entry in std::fs::read_dir(dir).unwrap() {
            found.extend(walk(&entry.unwrap().path()));
        }
    }
    found
}

/// The process that asks for no protection.
#[test]
fn the_careless() {
    let (Ok(url), Ok(dir)) = (std::env::var("CARELESS_URL"), std::env::var("CARELESS_DIR")) else { return };
    nix::sys::stat::umask(nix::sys::stat::Mode::empty());
    let one = Client::new(by_request(&url, Path::new(&dir))).unwrap();
    one.set_consent(true).unwrap();
    assert!(is_recorded(&one));
    one.flush(PATIENCE).unwrap();
    assert!(is_recorded(&one));
}

#[test]
fn what_is_made_is_for_this_user_only_whatever_the_umask() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let state = dir.path().join("new").join("state");
    let path = state.display().to_string();
    let mut careless = child("the_careless", &[("CARELESS_URL", &server.url), ("CARELESS_DIR", &path)]);
    assert!(careless.stdout(Stdio::null()).status().unwrap().success());
    let made = walk(&dir.path().join("new"));
    assert!(made.len() >= 10, "{made:?}");
    for path in made {
        assert_eq!(mode(&path), if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
}

#[test]
fn what_is_too_wide_is_narrowed_and_the_tools_own_directory_is_not() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    drop(Client::new(by_request(&server.url, dir.path())).map(|one| is_recorded(&one)));
    let ours: Vec<_> = walk(dir.path()).into_iter().skip(1).collect();
    ours.iter().for_each(|path| chmod(path, if path.is_dir() { 0o755 } else { 0o644 }));
    chmod(dir.path(), 0o755);
    let next = client(by_request(&server.url, dir.path()));
    assert!(is_recorded(&next));
    assert_eq!(next.pending().len(), 2);
    for path in ours.iter().filter(|path| !path.to_str().unwrap().ends_with(".live")) {
        assert_eq!(mode(path), if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
    assert_eq!(mode(dir.path()), 0o755);
}

#[test]
fn no_symbolic_link_in_the_state_directory_is_followed() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let event = json!({"uuid": "01a1fe0b-97fc-794a-98ff-bf4cf02eb9eb", "event": "planted", "distinct_id": "x"});
    let victim = |n: usize| dir.path().join(format!("victim{n}"));
    let id = client(by_request(&server.url, dir.path())).paths().unwrap().spool;
    let spool = format!("spool/{}", id.file_name().unwrap().to_str().unwrap());
    let names = [
        "client_id",
        "consent",
        &format!("{spool}/destination.json"),
        &format!("{spool}/upload.lock"),
        &format!("{spool}/ledger.json"),
        &format!("{spool}/sent.jsonl"),
        &format!("{spool}/1795198236493-1-00000000.v1.jsonl"),
    ];
    for (n, name) in names.into_iter().enumerate() {
        let state = dir.path().join(format!("state{n}"));
        let link = state.join(name);
        std::fs::create_dir_all(link.parent().unwrap()).unwrap();
        let content = if name == "consent" { "on\n".to_owned() } else { format!("{event}\n") };
        std::fs::write(victim(n), &content).unwrap();
        symlink(victim(n), &link).unwrap();
        let one = client(by_request(&server.url, &state));
        let _ = is_recorded(&one);
        let _ = one.flush(PATIENCE);
        let _ = one.set_consent(false);
        assert_eq!(std::fs::read_to_string(victim(n)).unwrap(), content, "{name}");
    }
    for (n, name) in ["spool", &spool].into_iter().enumerate() {
        let (outside, state) = (dir.path().join(format!("outside{n}")), dir.path().join(format!("behind{n}")));
        let link = state.join(name);
        std::fs::create_dir_all(&outside).unwrap();
        std::fs::create_dir_all(link.parent().unwrap()).unwrap();
        std::fs::write(outside.join("1795198236493-1-00000000.v1.jsonl"), format!("{event}\n")).unwrap();
        symlink(&outside, &link).unwrap();
        let one = client(by_request(&server.url, &state));
        assert!(is_recorded(&one), "in memory");
        one.flush(PATIENCE).unwrap();
        one.set_consent(false).unwrap();
        assert_eq!(files(&outside), ["1795198236493-1-00000000.v1.jsonl"], "{name}");
    }
    assert!(server.events().iter().all(|event| event["event"] != "planted"));
    let consent = client(by_request(&server.url, &dir.path().join("state1"))).consent();
    assert!(!consent.enabled, "said off in place of the link");
}

#[test]
fn a_tools_own_id_file_may_be_a_link() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    std::fs::write(dir.path().join("dotfiles"), "36be4c46-4e1b-431d-b9db-1b315f537a85\n").unwrap();
    symlink("dotfiles", dir.path().join("id")).unwrap();
    let mut config = by_request(&server.url, &dir.path().join("state"));
    config.client_id_path = Some(dir.path().join("id"));
    assert_eq!(client(config).client_id().unwrap().unwrap(), "36be4c46-4e1b-431d-b9db-1b315f537a85");
}

/// Whether a client records in this state directory; if not, it says `Storage` to all and makes nothing.
fn is_trusted(server: &Server, state: &Path) -> bool {
    let one = client(by_request(&server.url, state));
    let before = walk(state.parent().unwrap());
    match one.capture_event("run", &json!({})) {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Storage);
            assert_eq!(one.client_id().unwrap_err().kind(), ErrorKind::Storage);
            assert_eq!(one.set_consent(false).unwrap_err().kind(), ErrorKind::Storage);
            assert!(!one.consent().enabled, "off holds in this process");
            assert_eq!(walk(state.parent().unwrap()), before);
            false
        }
    }
}

#[test]
fn a_directory_that_others_can_change_is_not_used() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    for (parent, own, trusted) in [
        (0o755, Some(0o755), true),
        (0o755, Some(0o775), true), // of the user's own group
        (0o775, None, true),
        (0o1777, None, true), // as /tmp
        (0o1777, Some(0o700), true),
        (0o755, Some(0o777), false),
        (0o755, Some(0o1777), false),
        (0o777, Some(0o700), false),
        (0o777, None, false),
    ] {
        let above = dir.path().join(format!("{parent:o}-{:o}", own.unwrap_or(0)));
        let state = above.join("state");
        std::fs::create_dir_all(&above).unwrap();
        chmod(&above, parent);
        if let Some(own) = own {
            std::fs::create_dir(&state).unwrap();
            chmod(&state, own);
        }
        assert_eq!(is_trusted(&server, &state), trusted, "{parent:o} {own:?}");
        let below = above.join("between").join("state");
        assert_eq!(is_trusted(&server, &below), parent != 0o777, "{parent:o}, further down");
    }
}

#[test]
fn a_link_to_ones_own_directory_is_fine_and_what_it_points_to_is_looked_at() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    for (n, target_mode) in [0o700, 0o777].into_iter().enumerate() {
        let (above, link) = (dir.path().join(n.to_string()), dir.path().join(format!("link{n}")));
        std::fs::create_dir_all(above.join("target")).unwrap();
        chmod(&above, target_mode);
        symlink(above.join("target"), &link).unwrap();
        assert_eq!(is_trusted(&server, &link), target_mode == 0o700);
        assert_eq!(is_trusted(&server, &link.join("state")), target_mode == 0o700);
    }
}

#[test]
fn another_users_directories_and_links_are_not_used() {
    if !is_root() {
        return;
    }
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    // The state directory, one above it, one above it that is still to be filled, the way to it.
    for name in ["own/state", "above/state", "filled/later/state", "link/state"] {
        let state = dir.path().join(name);
        let first = dir.path().join(name.split('/').next().unwrap());
        match name {
            "link/state" => {
                std::fs::create_dir_all(dir.path().join("target")).unwrap();
                symlink(dir.path().join("target"), &first).unwrap();
                lchown(&first, Some(OTHER), Some(OTHER)).unwrap();
            }
            "own/state" => {
                std::fs::create_dir_all(&state).unwrap();
                chown(&state, Some(OTHER), Some(OTHER)).unwrap();
            }
            _ => {
                std::fs::create_dir_all(&first).unwrap();
                chown(&first, Some(OTHER), Some(OTHER)).unwrap();
            }
        }
        let one = client(by_request(&server.url, &state));
        assert_eq!(one.capture_event("run", &json!({})).unwrap_err().kind(), ErrorKind::Storage, "{name}");
    }
    assert_eq!(files(dir.path()), [""; 0]);
    // Of its own group, but not of ours.
    let state = dir.path().join("group");
    std::fs::create_dir(&state).unwrap();
    chown(&state, None, Some(OTHER)).unwrap();
    chmod(&state, 0o775);
    assert!(!is_trusted(&server, &state));
    chmod(&state, 0o755);
    assert!(is_trusted(&server, &state));
}

#[test]
fn in_another_users_home_a_tools_own_file_is_read_and_not_written() {
    if !is_root() {
        return;
    }
    let (dir, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let metadata = dir.path().join("metadata.json");
    let text = r#"{"telemetryEnabled":true}"#;
    std::fs::write(&metadata, text).unwrap();
    chown(dir.path(), Some(OTHER), Some(OTHER)).unwrap();
    chown(&metadata, Some(OTHER), Some(OTHER)).unwrap();
    let mut config = by_request(&refused_url(), state.path());
    config.client_id_path = Some(metadata.clone());
    config.client_id_key = "installationId".into();
    config.consent_path = Some(metadata.clone());
    config.consent_key = "telemetryEnabled".into();
    let one = client(config.clone());
    assert_eq!(one.consent().reason, ConsentReason::Stored);
    assert_eq!(one.capture_event("run", &json!({})).unwrap_err().kind(), ErrorKind::Storage);
    assert_eq!(one.set_consent(true).unwrap_err().kind(), ErrorKind::Storage);
    // Neither is a file made in his directory.
    std::fs::remove_file(&metadata).unwrap();
    assert_eq!(client(config).client_id().unwrap_err().kind(), ErrorKind::Storage);
    assert_eq!(files(dir.path()), [""; 0]);
}

#[test]
fn another_users_files_are_neither_read_nor_written() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    if !is_root() {
        return;
    }
    let planted = |path: &Path, text: &str| {
        std::fs::write(path, text).unwrap();
        chown(path, Some(OTHER), Some(OTHER)).unwrap();
    };
    let one = client(by_request(&server.url, dir.path()));
    assert!(is_recorded(&one));
    let (id, paths) = (one.client_id().unwrap().unwrap(), one.paths().unwrap());
    drop(one);
    let event = json!({"uuid": "01a1fe0b-97fc-794a-98ff-bf4cf02eb9eb", "event": "planted", "distinct_id": "x"});
    let segment = paths.spool.join("1795198236493-1-00000000.v1.jsonl");
    planted(&segment, &format!("{event}\n"));
    planted(&paths.client_id, "the-others-id");
    let next = client(by_request(&server.url, dir.path()));
    let new = next.client_id().unwrap().unwrap();
    assert!(new != id && new != "the-others-id", "{new}");
    assert_eq!(next.pending().len(), 1);
    let _ = next.flush(PATIENCE);
    assert_eq!(server.events().len(), 1);
    assert_eq!(std::fs::read_to_string(&segment).unwrap(), format!("{event}\n"));

    planted(&paths.consent, "on\n");
    let consent = client(by_request(&server.url, dir.path())).consent();
    assert_eq!((consent.enabled, consent.reason), (false, ConsentReason::Unreadable));
    // Nor what everybody may write.
    std::fs::remove_file(&paths.consent).unwrap();
    std::fs::write(&paths.consent, "on\n").unwrap();
    chmod(&paths.consent, 0o666);
    assert_eq!(client(by_request(&server.url, dir.path())).consent().reason, ConsentReason::Unreadable);
}

/// The program with another user's rights: tries all that records.
#[test]
fn the_privileged() {
    let (Ok(url), Ok(dir)) = (std::env::var("PRIVILEGED_URL"), std::env::var("PRIVILEGED_DIR")) else { return };
    let mut config = by_request(&url, Path::new(&dir));
    config.consent = overt::HostConsent::Says(true);
    let one = common::client_with(config, &[("TELEMETRY_ENABLED", "1")]);
    let mut forced = Event::new("installed");
    forced.force = true;
    let captured = [one.capture_event("run", &json!({})).unwrap(), one.capture(&forced, |_| Ok(())).unwrap()];
    let said = one.set_consent(true).map(|consent| consent.enabled).map_err(|error| error.kind());
    one.flush(PATIENCE).unwrap();
    println!("said {:?} {captured:?} {said:?} {:?}", one.consent().reason, one.client_id());
}

#[test]
fn a_program_with_another_users_rights_is_off() {
    if !is_root() {
        return;
    }
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    chmod(dir.path(), 0o755);
    let copy = dir.path().join("program");
    // By another process: a child of another test's would hold what we write open for a moment, and then it cannot run.
    let cp = std::process::Command::new("cp").arg(std::env::current_exe().unwrap()).arg(&copy).status().unwrap();
    assert!(cp.success());
    for (bits, off) in [(0o4755, true), (0o2755, true), (0o755, false)] {
        let state = dir.path().join(format!("{bits:o}"));
        std::fs::create_dir(&state).unwrap();
        // Whoever it runs for in effect owns the place; that is not what stops it.
        chown(&state, Some(if bits == 0o4755 { 0 } else { OTHER }), None).unwrap();
        chmod(&copy, bits);
        let path = state.display().to_string();
        let mut program = std::process::Command::new(&copy);
        program.args(child("the_privileged", &[]).get_args()).env_remove("CI");
        program.envs([("PRIVILEGED_URL", server.url.as_str()), ("PRIVILEGED_DIR", &path)]).uid(OTHER).gid(OTHER);
        let output = program.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        let said = text.lines().find_map(|line| line.split_once("said ")).unwrap().1;
        assert_eq!(said == "Privileged [Disabled, Disabled] Err(Storage) Ok(None)", off, "{bits:o}: {said}");
        assert_eq!(files(&state).is_empty(), off, "{bits:o}");
    }
    assert_eq!(server.events().len(), 2, "only of the last, which shows that the others could have");
}

#[test]
fn the_spool_of_one_key_or_endpoint_is_never_sent_to_another() {
    let (server, other, dir) = (Server::start(), Server::start(), tempfile::tempdir().unwrap());
    let for_key = |server: &Server, key: &str| {
        let mut config = by_request(&server.url, dir.path());
        config.api_key = key.into();
        client(config)
    };
    let recorder = for_key(&server, "phc_a");
    assert!(is_recorded(&recorder));
    let spool = recorder.paths().unwrap().spool;
    drop(recorder);
    let others = [for_key(&server, "phc_b"), for_key(&other, "phc_a"), for_key(&other, "phc_b")];
    for other in &others {
        other.flush(PATIENCE).unwrap();
    }
    assert_eq!((server.requests().len(), other.requests().len()), (0, 0));

    // Even if somebody moves the files, or edits where they go.
    let moved = others[1].paths().unwrap().spool;
    std::fs::rename(&spool, &moved).unwrap();
    assert!(is_recorded(&others[1]), "in memory");
    others[1].flush(PATIENCE).unwrap();
    assert_eq!((other.events().len(), others[1].pending().len()), (1, 1), "only its own");
    std::fs::rename(&moved, &spool).unwrap();
    let text = std::fs::read_to_string(spool.join("destination.json")).unwrap();
    std::fs::write(spool.join("destination.json"), text.replace(&server.url, &other.url)).unwrap();
    for config in Config::stored("scenario", Some(dir.path())).unwrap() {
        let _ = client(config).flush(PATIENCE);
    }
    assert_eq!((server.events().len(), other.events().len()), (0, 1));
}

/// The process that says on stderr all that it does.
#[test]
fn the_talkative() {
    let (Ok(url), Ok(dir)) = (std::env::var("TALKATIVE_URL"), std::env::var("TALKATIVE_DIR")) else { return };
    let mut config = config(&url, Path::new(&dir));
    config.debug = true;
    config.api_key = "phc_SECRET1".into();
    config.extra_headers = vec![("X-Token".into(), "SECRET2".into())];
    config.super_properties = r#"{"account": "SECRET3"}"#.into();
    config.max_retries = 0;
    let debug = format!("{config:?}");
    let one = common::client_with(config, &[("http_proxy", "http://user:SECRET4@127.0.0.1:1")]);
    one.capture_event("SECRET5", &json!({"password": "SECRET6"})).unwrap();
    let refused = one.capture_event("name", "{\"SECRET7\":").unwrap_err();
    let flushed = one.flush(PATIENCE);
    // A directory where the spool should be, and one where nothing can be stored.
    let _ = std::fs::remove_dir_all(Path::new(&dir).join("spool"));
    std::fs::write(Path::new(&dir).join("spool"), "").unwrap();
    let next = common::client(one_more(&url, &dir));
    next.capture_event("SECRET5", &json!({"password": "SECRET6"})).unwrap();
    eprintln!("{debug} {one:?} {refused:?} {refused} {flushed:?} {next:?} {:?}", one.stats());
}

fn one_more(url: &str, dir: &str) -> Config {
    let mut config = config(url, Path::new(dir));
    config.debug = true;
    config.api_key = "phc_SECRET1".into();
    config
}

#[test]
fn no_secret_is_ever_in_debug_output() {
    for answer in [overt_tests::Answer::Status(200), overt_tests::Answer::Status(401), overt_tests::Answer::HangUp] {
        let (server, dir) = (Server::with_url(|_| (vec![], answer)), tempfile::tempdir().unwrap());
        let path = dir.path().display().to_string();
        let mut talkative = child("the_talkative", &[("TALKATIVE_URL", &server.url), ("TALKATIVE_DIR", &path)]);
        let output = talkative.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.lines().count() >= 4, "{said}");
        assert!(!said.contains("SECRET") && !said.contains("phc_"), "{said}");
    }
}
