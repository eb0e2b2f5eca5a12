//! A process that was killed while it wrote a file has left its draft: it does not lie there for ever.

#![cfg(unix)] // one of the tool's files is a link

mod common;

use common::{PATIENCE, client, config, files};
use overt::Config;
use overt_tests::{Server, refused_url};
use serde_json::json;
use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

const ID: &str = "0123456789abcdef0123456789abcdef";
const DAY: Duration = Duration::from_secs(86_400);

struct Home(tempfile::TempDir);

impl Home {
    /// With drafts of all files, a day old, and others that look like them.
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        for dir in ["state/spool", "tool", "linked"] {
            std::fs::create_dir_all(home.path(dir)).unwrap();
        }
        for file in ["consent", "consent_file.json", "client_id", "salt", "notice"] {
            home.leave(&format!("state/.{file}.{ID}.tmp"), DAY);
        }
        home.leave(&format!("tool/.id.json.{ID}.tmp"), DAY);
        home.leave(&format!("linked/.choice.json.{ID}.tmp"), DAY);

        home.leave(&format!("state/.client_id.{}.tmp", ID.replace('0', "1")), DAY / 2);
        home.leave(&format!("state/.cache.{ID}.tmp"), DAY);
        home.leave("tool/.id.json.tmp", DAY);
        home.leave(&format!("tool/.choice.json.{ID}.tmp"), DAY);
        home.leave("linked/choice.json.tmp", DAY);
        std::os::unix::fs::symlink(home.path("linked/choice.json"), home.path("tool/choice.json")).unwrap();
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn leave(&self, name: &str, age: Duration) {
        let path = self.path(name);
        std::fs::write(&path, "{}").unwrap();
        File::options().write(true).open(&path).unwrap().set_modified(SystemTime::now() - age).unwrap();
    }

    fn drafts(&self) -> Vec<String> {
        files(self.0.path()).into_iter().filter(|name| name.ends_with(".tmp")).collect()
    }

    fn config(&self, url: &str) -> Config {
        let mut config = config(url, &self.path("state"));
        config.client_id_path = Some(self.path("tool/id.json"));
        config.client_id_key = "id".into();
        config.consent_path = Some(self.path("tool/choice.json"));
        config.consent_key = "on".into();
        config
    }
}

/// What is no draft of ours, or perhaps still somebody's.
fn that_stay() -> Vec<String> {
    let young = format!("state/.client_id.{}.tmp", ID.replace('0', "1"));
    let mut names = vec![
        "linked/choice.json.tmp".to_owned(),
        format!("state/.cache.{ID}.tmp"),
        young,
        format!("tool/.choice.json.{ID}.tmp"),
        "tool/.id.json.tmp".to_owned(),
    ];
    names.sort();
    names
}

#[test]
fn the_next_delivery_removes_old_ones_and_nothing_else() {
    let (server, home) = (Server::start(), Home::new());
    let client = client(home.config(&server.url));
    client.capture_event("run", &json!({})).unwrap();
    assert_eq!(home.drafts().len(), 12, "not while an event is captured");
    client.flush(PATIENCE).unwrap();
    assert_eq!(home.drafts(), that_stay());
}

#[test]
fn so_does_who_switches_off() {
    let home = Home::new();
    client(home.config(&refused_url())).set_consent(false).unwrap();
    assert_eq!(home.drafts(), that_stay());
}

#[test]
fn a_text_file_of_the_tools_is_looked_after_like_the_others() {
    let (server, home) = (Server::start(), tempfile::tempdir().unwrap());
    let draft = home.path().join(format!(".installation.{ID}.tmp"));
    std::fs::write(&draft, "an ID").unwrap();
    File::options().write(true).open(&draft).unwrap().set_modified(SystemTime::now() - DAY).unwrap();
    let mut config = config(&server.url, &home.path().join("state"));
    config.client_id_path = Some(home.path().join("installation"));
    let client = client(config);
    client.capture_event("run", &json!({})).unwrap();
    client.flush(PATIENCE).unwrap();
    assert!(!draft.exists() && home.path().join("installation").exists());
}
