//! A tool that keeps its user's choice and its installation's ID in a JSON file of its own, beside other settings.

mod common;

use common::{PATIENCE, child, client, client_with, config, files};
use overt::{Capture, Config, ConsentReason, ErrorKind, Event, StoredChoice};
use overt_tests::{Server, refused_url};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// As AWS SAM CLI writes it, with settings that are none of ours.
const METADATA: &str = "{\n    \"installationId\": \"36be4c46-4e1b-431d-b9db-1b315f537a85\",\n    \
                        \"telemetryEnabled\": true,\n    \"ratio\": 1.50,\n    \"acceptedVersions\": [\n        1\n    ]\n}";

struct Home(tempfile::TempDir);

impl Home {
    fn new(metadata: Option<&str>) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        if let Some(text) = metadata {
            std::fs::create_dir(home.0.path().join("tool")).unwrap();
            std::fs::write(home.metadata(), text).unwrap();
        }
        home
    }

    fn metadata(&self) -> PathBuf {
        self.0.path().join("tool").join("metadata.json")
    }

    fn state(&self) -> PathBuf {
        self.0.path().join("state")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.metadata()).unwrap()
    }

    fn json(&self) -> Value {
        let text = self.text();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    fn config(&self, url: &str) -> Config {
        with_file(config(url, &self.state()), &self.metadata())
    }
}

fn with_file(mut config: Config, metadata: &Path) -> Config {
    config.client_id_path = Some(metadata.to_owned());
    config.client_id_key = "installationId".into();
    config.consent_path = Some(metadata.to_owned());
    config.consent_key = "telemetryEnabled".into();
    config
}

#[test]
fn an_existing_installation_keeps_its_id_and_its_choice() {
    let (server, home) = (Server::start(), Home::new(Some(METADATA)));
    let client = client(home.config(&server.url));
    assert!(client.consent().enabled && client.consent().reason == ConsentReason::Stored);
    client.capture_event("run", &json!({})).unwrap();
    client.flush(PATIENCE).unwrap();
    assert_eq!(server.events()[0]["distinct_id"], "36be4c46-4e1b-431d-b9db-1b315f537a85");
    assert_eq!(client.stored_client_id().unwrap(), "36be4c46-4e1b-431d-b9db-1b315f537a85");
    let paths = client.paths().unwrap();
    assert_eq!((paths.consent, paths.client_id), (home.metadata(), home.metadata()));
    assert_eq!(home.text(), METADATA);
    assert!(!home.state().join("consent").exists() && !home.state().join("client_id").exists());
}

#[test]
fn what_is_no_true_is_off_and_nothing_is_made() {
    for (text, reason) in [
        (METADATA.replace("true", "false"), ConsentReason::Stored),
        (METADATA.replace("true", "\"true\""), ConsentReason::Unreadable),
        (METADATA.replace("true", "\"false\""), ConsentReason::Unreadable),
        (METADATA.replace("true,", "tr"), ConsentReason::Unreadable),
        (String::new(), ConsentReason::Unreadable),
    ] {
        let home = Home::new(Some(&text));
        let client = client(home.config(&refused_url()));
        assert_eq!((client.consent().enabled, client.consent().reason), (false, reason), "{text}");
        let mut event = Event::new("installed");
        event.force = true;
        assert_eq!(client.capture(&event, |_| Ok(())).unwrap(), Capture::Disabled);
        drop(client);
        assert_eq!((home.text(), files(home.0.path())), (text, vec!["tool/metadata.json".to_owned()]));
    }
}

#[test]
fn a_variable_overrules_the_file_and_the_file_the_default() {
    let home = Home::new(Some(&METADATA.replace("true", "false")));
    let mut config = home.config(&refused_url());
    config.consent_env = vec![overt::ConsentVariable::parse("SAM_CLI_TELEMETRY=1").unwrap()];
    let on = client_with(config.clone(), &[("SAM_CLI_TELEMETRY", "1")]).consent();
    assert_eq!((on.enabled, on.reason), (true, ConsentReason::ToolVariable));
    std::fs::write(home.metadata(), METADATA).unwrap();
    for off in ["true", "0", ""] {
        let off = client_with(config.clone(), &[("SAM_CLI_TELEMETRY", off)]).consent();
        assert_eq!((off.enabled, off.reason), (false, ConsentReason::ToolVariable));
    }
    std::fs::write(home.metadata(), "{}").unwrap();
    assert_eq!(client(config).consent().reason, ConsentReason::Default);
}

#[test]
fn off_and_on_change_the_two_keys_and_nothing_else() {
    let home = Home::new(Some(METADATA));
    let (id, other) = ("    \"installationId\": \"36be4c46-4e1b-431d-b9db-1b315f537a85\",\n", "\"ratio\"");
    let client = client(home.config(&refused_url()));
    client.capture_event("run", &json!({})).unwrap();
    assert_eq!(client.set_consent(false).unwrap().reason, ConsentReason::Host);
    let off = METADATA.replace(id, "").replace("true", "false");
    assert!(home.text() == off && off.contains(other), "{}", home.text());
    assert!(!home.state().join("spool").exists());
    assert_eq!((client.stored_choice(), client.stored_client_id()), (StoredChoice::Off, None));

    client.set_consent(true).unwrap();
    let new = client.client_id().unwrap().unwrap();
    assert_ne!(new, "36be4c46-4e1b-431d-b9db-1b315f537a85");
    let on = METADATA.replace(id, "").replace("]\n}", &format!("],\n    \"installationId\": \"{new}\"\n}}"));
    assert_eq!(home.text(), on);
}

#[test]
fn a_first_run_makes_the_file_as_the_tool_would() {
    let home = Home::new(None);
    let client = client(home.config(&refused_url()));
    assert_eq!(client.consent().reason, ConsentReason::Default);
    assert!(!home.metadata().exists());
    let id = client.client_id().unwrap().unwrap();
    assert_eq!(home.text(), format!("{{\n    \"installationId\": \"{id}\"\n}}\n"));
    client.set_consent(true).unwrap();
    assert_eq!(home.text(), format!("{{\n    \"installationId\": \"{id}\",\n    \"telemetryEnabled\": true\n}}\n"));
}

#[test]
fn a_damaged_file_is_never_overwritten() {
    let damaged = "{\n    \"installationId\": \"36be4c46";
    let home = Home::new(Some(damaged));
    let client = client_with(home.config(&refused_url()), &[("TELEMETRY_ENABLED", "1")]);
    assert_eq!(client.capture_event("run", &json!({})).unwrap_err().kind(), ErrorKind::Storage);
    let error = client.set_consent(true).unwrap_err();
    assert!(error.kind() == ErrorKind::Storage && error.to_string().contains("metadata.json"), "{error}");
    // Off cannot be written there either, so it is kept where overt keeps its own, and holds when the file is whole again.
    assert_eq!(client.set_consent(false).unwrap_err().kind(), ErrorKind::Storage, "the ID could not be erased");
    assert_eq!(home.text(), damaged);
    std::fs::write(home.metadata(), METADATA).unwrap();
    assert_eq!(common::client(home.config(&refused_url())).consent().reason, ConsentReason::Stored);
    assert!(!common::client(home.config(&refused_url())).consent().enabled);
}

#[test]
fn who_delivers_later_honours_the_file() {
    let (server, home) = (Server::start(), Home::new(Some(METADATA)));
    let mut config = home.config(&server.url);
    config.background = false;
    client(config).capture_event("run", &json!({})).unwrap();
    let stored = || Config::stored("scenario", Some(&home.state())).unwrap().pop().unwrap();
    std::fs::write(home.metadata(), METADATA.replace("true", "false")).unwrap();
    let later = client(stored());
    assert_eq!((later.consent().enabled, later.consent().reason), (false, ConsentReason::Stored));
    later.flush(PATIENCE).unwrap();
    assert_eq!(server.requests().len(), 0);
    std::fs::write(home.metadata(), METADATA).unwrap();
    client(stored()).flush(PATIENCE).unwrap();
    assert_eq!(server.events().len(), 1);
}

#[test]
fn a_file_without_its_key_is_refused() {
    let refused = |change: fn(&mut Config)| {
        let mut config = Config::new("tool");
        change(&mut config);
        overt::Client::new(config).unwrap_err().to_string()
    };
    assert!(refused(|config| config.consent_key = "k".into()).starts_with("consent_path and consent_key: "));
    assert!(refused(|config| config.consent_path = Some("f".into())).starts_with("consent_path and consent_key: "));
    assert!(refused(|config| config.client_id_key = "k".into()).starts_with("client_id_key: "));
}

const FILE: &str = "SCENARIO_FILE";
const NUMBER: &str = "SCENARIO_NUMBER";
const ROUNDS: &str = "SCENARIO_ROUNDS";

/// A process of the test below: makes and erases an ID of its own, and stores a choice of its own, again and again.
#[test]
fn one_of_many_processes() {
    let (Some(file), Some(number)) = (std::env::var_os(FILE), std::env::var(NUMBER).ok()) else { return };
    let state = tempfile::tempdir().unwrap();
    let mut config = with_file(config(&refused_url(), state.path()), Path::new(&file));
    config.background = false;
    config.client_id_key = format!("id{number}");
    config.consent_key = format!("on{number}");
    let rounds = std::env::var(ROUNDS).unwrap().parse().unwrap();
    for _ in 0..rounds {
        let client = client(config.clone());
        client.set_consent(false).unwrap();
        client.set_consent(true).unwrap();
        client.client_id().unwrap().unwrap();
    }
}

#[test]
fn processes_that_change_different_keys_at_once_lose_nothing() {
    let home = Home::new(Some(METADATA));
    let metadata = home.metadata().display().to_string();
    let processes: Vec<_> = (0..12)
        .map(|n| child("one_of_many_processes", &[(FILE, &metadata), (NUMBER, &n.to_string()), (ROUNDS, "2")]))
        .map(|mut command| command.stdout(std::process::Stdio::null()).spawn().unwrap())
        .collect();
    for mut process in processes {
        assert!(process.wait().unwrap().success());
    }
    let now = home.json();
    for n in 0..12 {
        assert_eq!(now[format!("on{n}")], true);
        assert_eq!(now[format!("id{n}")].as_str().unwrap().len(), 36);
    }
    assert!(home.text().starts_with(METADATA.trim_end_matches("\n}")), "{}", home.text());
}

#[test]
fn a_process_that_is_killed_meanwhile_leaves_a_whole_file() {
    let home = Home::new(Some(METADATA));
    let metadata = home.metadata().display().to_string();
    for n in 0..8_u64 {
        let mut command = child("one_of_many_processes", &[(FILE, &metadata), (NUMBER, "0"), (ROUNDS, "1000")]);
        let mut process = command.stdout(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(5 + 3 * n));
        process.kill().unwrap();
        process.wait().unwrap();
        let now = home.json();
        assert_eq!(now["telemetryEnabled"], true, "{now}");
    }
    assert!(home.text().contains("\"ratio\": 1.50,"));

    // Whatever it was about to put there does not lie beside it for ever.
    let tool = home.0.path().join("tool");
    for left in files(&tool).iter().filter(|name| name.ends_with(".tmp")) {
        let draft = std::fs::File::options().write(true).open(tool.join(left)).unwrap();
        draft.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(86_400)).unwrap();
    }
    client(home.config(&refused_url())).set_consent(false).unwrap();
    assert_eq!(files(&tool), [".metadata.json.overt-lock", "metadata.json"]);
}
