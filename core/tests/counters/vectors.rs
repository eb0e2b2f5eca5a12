//! Golden vectors: what counting makes of a file, byte for byte. The client of Go without cgo is held to the same list,
//! `tests/vectors/counters`; its README says how a change is accepted.

use super::{config, file, put, text};
use crate::common;
use overt::{Client, Counted, Error, ErrorKind};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The ID that an installation has before it has counters.
const ID_BEFORE: &str = "7e0f5a3c-93a8-4d1e-8a55-0c2b5f1d9e64";

fn vectors(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/counters").join(name)
}

/// Holds each case of a file to what `make` makes of it, or writes that down.
fn hold(name: &str, make: impl Fn(&Map<String, Value>) -> Map<String, Value>) {
    let path = vectors(name);
    // Where the vectors' new files are made, by Go's name for it.
    let system = std::env::consts::OS.replace("macos", "darwin");
    let cases = std::fs::read_to_string(&path).unwrap().replace("linux", &system);
    let cases: Vec<Map<String, Value>> = serde_json::from_str(&cases).unwrap();
    assert!(cases.len() > 2);
    let made: Vec<_> = cases.iter().map(make).collect();
    if std::env::var_os("OVERT_ACCEPT").is_some() {
        std::fs::write(path, serde_json::to_string_pretty(&made).unwrap() + "\n").unwrap();
        return;
    }
    for (case, made) in cases.iter().zip(made) {
        assert_eq!(&made, case, "{name}: {}", case["name"]);
    }
}

/// A content: texts, bytes that are no text, and repetitions.
fn content(parts: &Value) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    for part in parts.as_array()? {
        match part {
            Value::String(text) => content.extend(text.as_bytes()),
            Value::Array(times) => {
                content.extend(times[1].as_str()?.repeat(usize::try_from(times[0].as_u64()?).ok()?).as_bytes())
            }
            byte => content.push(u8::try_from(byte.as_u64()?).ok()?),
        }
    }
    Some(content)
}

fn says(counted: &Result<Counted, Error>) -> &'static str {
    match counted {
        Ok(Counted::Counted) => "ok",
        Ok(Counted::Dropped) => "dropped",
        Ok(Counted::Disabled) => "disabled",
        Err(error) if error.kind() == ErrorKind::InvalidName => "invalid_name",
        Err(_) => "storage",
    }
}

/// A tool with what stands in the case before it counts.
fn client(dir: &Path, case: &Map<String, Value>, change: impl FnOnce(&mut overt::Config)) -> Client {
    let mut config = config(dir);
    change(&mut config);
    std::fs::create_dir(dir.join("state")).unwrap();
    std::fs::write(dir.join("state/client_id"), ID_BEFORE).unwrap();
    if let Some(before) = content(&case["before"]) {
        put(dir, before);
    }
    common::client(config)
}

fn counted(case: &Map<String, Value>) -> Map<String, Value> {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let client = client(dir, case, |config| {
        if let Some(version) = case.get("version") {
            config.app_version = version.as_str().unwrap().into();
        }
    });
    let mut made = case.clone();
    for run in made["runs"].as_array_mut().unwrap() {
        let code = i32::try_from(run["code"].as_i64().unwrap()).unwrap();
        run["says"] = says(&client.record_command(run["path"].as_str().unwrap(), code)).into();
    }
    let before = content(&case["before"]);
    let after = std::fs::read(file(dir)).unwrap();
    let after = Some(after)
        .filter(|after| Some(after) != before.as_ref())
        .map(|after| Value::from_iter(String::from_utf8(after).unwrap().split_inclusive('\n')));
    made["after"] = after.into();
    let aside = std::fs::read(dir.join("config/telemetry.yaml.bad")).ok();
    assert!(aside.is_none() || aside == before, "{}: it is the content before", case["name"]);
    made["bad"] = aside.is_some().into();
    if case.contains_key("json") {
        made["json"] = client.counters().into();
    }
    made
}

#[test]
fn each_file_becomes_what_its_vector_says() {
    for name in ["taken_over.json", "styles.json", "texts.json", "damaged.json", "limits.json"] {
        hold(name, counted);
    }
}

/// The first events of a report; a UUID or a moment that the case does not name is that of the run.
fn reported(case: &Map<String, Value>) -> Map<String, Value> {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let client = client(dir, case, |config| config.counters_interval = Some(Duration::ZERO));
    std::fs::create_dir(dir.join("config/telemetry.yaml.overt")).unwrap();
    std::fs::write(dir.join("config/telemetry.yaml.overt/reported.json"), case["reported"].to_string()).unwrap();
    assert_eq!(client.record_command("pace version", 0).unwrap(), Counted::Counted, "{}", text(dir));
    let mut made = case.clone();
    for (event, line) in made["events"].as_array_mut().unwrap().iter_mut().zip(client.pending()) {
        let line: Value = serde_json::from_str(&line).unwrap();
        let said = &line["properties"];
        let mut of_line = json!({"command": said["command"], "exit_code": said["exit_code"], "count": said["count"]});
        for named in ["uuid", "timestamp"].into_iter().filter(|named| event.get(named).is_some()) {
            of_line[named] = line[named].clone();
        }
        *event = of_line;
    }
    made
}

#[test]
fn each_report_has_the_events_that_its_vector_says() {
    hold("events.json", reported);
}
