//! `overt status`.

use crate::sandbox::{KEY, NOBODY, NOBODYS_SPOOL, Sandbox, WHEN};
use overt::ConsentVariable;
use serde_json::json;

#[track_caller]
fn first_line(sandbox: &Sandbox, variables: &[(&str, &str)]) -> String {
    let text = sandbox.run_with(variables, &["status"]).text();
    sandbox.golden(text.lines().next().unwrap())
}

#[test]
fn everything_is_told_in_words() {
    let sandbox = Sandbox::new();
    sandbox.record(NOBODY, &["one", "two"]);
    let ledger = r#"{"delivered":40,"requests":7,"failures":2,"lost":{"expired":3,"refused":1}}"#;
    std::fs::write(sandbox.file("spool").join(NOBODYS_SPOOL).join("ledger.json"), ledger).unwrap();
    let text = sandbox.golden(&sandbox.run(&["status"]).text());
    assert_eq!(
        text,
        "starfish: on, because that is this tool's default; switch it off with: overt off --app starfish --state-dir DIR

files      DIR
choice     none
client ID  ID (in DIR/client_id)

http://127.0.0.1:9 (posthog, key phc_abc…)
  waiting  2 events, the oldest of 2026-11-20T18:10:36.493Z
  sent     40 events, in 7 requests, of which 2 failed
  lost     4 events: 3 because they had waited too long and 1 because the server refused them
  spool    DIR/spool/0892899ae6d443c5
"
    );
}

#[test]
fn everything_is_told_in_json() {
    let sandbox = Sandbox::new();
    sandbox.record(NOBODY, &["one", "two"]);
    let ran = sandbox.run(&["status", "--json"]);
    assert!(!ran.stdout.contains(KEY) && ran.stdout.ends_with("}\n") && ran.stdout.lines().count() == 1);
    let dir = sandbox.dir();
    let path = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    let id = std::fs::read_to_string(sandbox.file("client_id")).unwrap();
    assert_eq!(
        ran.json(),
        json!({
            "app": "starfish",
            "consent": {"enabled": true, "reason": "default"},
            "client_id": id,
            "paths": {
                "state_dir": dir, "consent": path("consent"), "client_id": path("client_id"), "spool": path("spool"),
            },
            "destinations": [{
                "endpoint": NOBODY,
                "wire": "posthog",
                "key": "phc_abc…",
                "consent": {"enabled": true, "reason": "default"},
                "pending": 2,
                "oldest": WHEN,
                "damaged": 0,
                "spool": dir.join("spool").join(NOBODYS_SPOOL),
                "ledger": {"delivered": 0, "unconfirmed": 0, "requests": 0, "failures": 0, "lost": {}, "parked_until_ms": 0},
            }],
        })
    );
}

#[test]
fn the_key_is_never_told_in_full() {
    let sandbox = Sandbox::new();
    sandbox.record(NOBODY, &["one"]);
    for verb in ["status", "show"] {
        for arguments in [&[verb][..], &[verb, "--json"]] {
            let text = sandbox.run(arguments).text();
            assert!(!text.contains(&KEY[..8]), "{text}");
        }
    }
}

#[test]
fn of_a_tool_that_recorded_nothing_just_that_is_told() {
    let sandbox = Sandbox::new();
    let text = sandbox.golden(&sandbox.run(&["status"]).text());
    assert_eq!(
        text,
        "starfish: there is nothing here that starfish recorded
You can still choose, before it ever records anything:
  overt off --app starfish --state-dir DIR
  overt on --app starfish --state-dir DIR

files      DIR
choice     none
client ID  none
"
    );
    let json = sandbox.run(&["status", "--json"]).json();
    assert_eq!(json["consent"], json!({"enabled": false, "reason": "no_api_key"}));
    assert_eq!((&json["client_id"], &json["destinations"]), (&json!(null), &json!([])));
}

#[test]
fn a_persons_word_is_told_even_of_a_tool_that_recorded_nothing() {
    let sandbox = Sandbox::new();
    assert_eq!(first_line(&sandbox, &[("DO_NOT_TRACK", "1")]), "starfish: off, because DO_NOT_TRACK is set");
    sandbox.run(&["on"]).text();
    let json = sandbox.run(&["status", "--json"]).json();
    assert_eq!(json["consent"], json!({"enabled": true, "reason": "stored"}));
    let text = sandbox.run(&["status"]).text();
    assert!(text.contains("\nOtherwise, there is nothing here that starfish recorded.\n"), "{text}");
    assert!(text.contains("\nchoice     on, since 20"), "{text}");
}

#[test]
fn each_rule_has_its_sentence() {
    let sandbox = Sandbox::new();
    let mut config = sandbox.config(NOBODY);
    config.consent_env =
        ["STARFISH_TELEMETRY", "STARFISH_STRICT=1"].map(|text| ConsentVariable::parse(text).unwrap()).into();
    sandbox.record_with(config, &["one"]);
    let off = "overt off --app starfish --state-dir DIR";
    for (variables, told) in [
        (&[("DO_NOT_TRACK", "1")][..], "off, because DO_NOT_TRACK is set".to_owned()),
        (&[("TELEMETRY_ENABLED", "")], "off, because TELEMETRY_ENABLED is set, and its value does not mean on".into()),
        (
            &[("TELEMETRY_ENABLED", "1")],
            "on, because the value of TELEMETRY_ENABLED means on; switch it off by setting TELEMETRY_ENABLED to 0"
                .into(),
        ),
        (
            &[("STARFISH_TELEMETRY", "yes"), ("STARFISH_STRICT", "yes")],
            "off, because STARFISH_STRICT is set, and its value does not mean on".into(),
        ),
        (
            &[("STARFISH_TELEMETRY", "yes"), ("DO_NOT_TRACK", "0")],
            "on, because the value of STARFISH_TELEMETRY means on; switch it off by setting STARFISH_TELEMETRY to 0"
                .into(),
        ),
        (
            &[("GITHUB_ACTIONS", "true")],
            "off, because this is a CI system (GitHubAction), where nobody would see a notice".into(),
        ),
        (&[("CI", "true")], "off, because this is a CI system, where nobody would see a notice".into()),
        (&[], format!("on, because that is this tool's default; switch it off with: {off}")),
    ] {
        assert_eq!(first_line(&sandbox, variables), format!("starfish: {told}"), "{variables:?}");
    }
    for (choice, told) in [
        ("off 2026-11-20T18:10:36.493Z\n", "off, because it was switched off here".to_owned()),
        ("on 2026-11-20T18:10:36.493Z\n", format!("on, because it was switched on here; switch it off with: {off}")),
        ("maybe", "off, because the stored choice in DIR/consent cannot be read".to_owned()),
    ] {
        std::fs::write(sandbox.file("consent"), choice).unwrap();
        assert_eq!(first_line(&sandbox, &[]), format!("starfish: {told}"));
    }
}

#[test]
fn an_unreadable_choice_is_off() {
    let sandbox = Sandbox::new();
    sandbox.record(NOBODY, &["one"]);
    std::fs::create_dir(sandbox.file("consent")).unwrap();
    let json = sandbox.run(&["status", "--json"]).json();
    assert_eq!(json["consent"], json!({"enabled": false, "reason": "unreadable"}));
    let text = sandbox.run(&["status"]).text();
    assert!(text.contains("\nchoice     cannot be read: "), "{text}");
}

#[test]
fn off_by_default_is_not_told_as_the_last_word() {
    let sandbox = Sandbox::new();
    let mut config = sandbox.config(NOBODY);
    config.default_consent = false;
    config.consent = overt::HostConsent::Says(true);
    sandbox.record_with(config, &["one"]);
    let text = sandbox.golden(&sandbox.run(&["status"]).text());
    let told = "starfish: off, because that is this tool's default
A setting of starfish's own can overrule this. What overrules that is: overt off --app starfish --state-dir DIR
";
    assert!(text.starts_with(told), "{text}");
}

#[test]
fn each_destination_is_told_with_its_own_decision() {
    const ELSEWHERE: &str = "https://eu.i.posthog.com";
    // Both ways, because one of the two is listed first.
    for (asks, records) in [(NOBODY, ELSEWHERE), (ELSEWHERE, NOBODY)] {
        let sandbox = Sandbox::new();
        let mut opt_in = sandbox.config(asks);
        opt_in.default_consent = false;
        opt_in.consent = overt::HostConsent::Says(true);
        sandbox.record_with(opt_in, &["one"]);
        sandbox.record(records, &["two", "three"]);
        let json = sandbox.run(&["status", "--json"]).json();
        assert_eq!(json["consent"], json!({"enabled": true, "reason": "default"}));
        let destinations = json["destinations"].as_array().unwrap();
        for (endpoint, enabled, pending) in [(asks, false, 1), (records, true, 2)] {
            let one = destinations.iter().find(|one| one["endpoint"] == endpoint).unwrap();
            assert_eq!((&one["consent"]["enabled"], &one["pending"]), (&json!(enabled), &json!(pending)));
        }
        let text = sandbox.run(&["status"]).text();
        let told = format!(
            "{asks} (posthog, key phc_abc…)\n  here     off, because that is this tool's default\n  waiting  1 event,"
        );
        assert!(text.contains(&told), "{text}");
    }
}

#[test]
fn an_id_in_the_tools_own_file_is_found() {
    let sandbox = Sandbox::new();
    let own = sandbox.dir().with_file_name(".starfish_config");
    std::fs::write(&own, "36be4c46-4e1b-431d-b9db-1b315f537a85\n").unwrap();
    let mut config = sandbox.config(NOBODY);
    config.client_id_path = Some(own.clone());
    sandbox.record_with(config, &["one"]);
    let json = sandbox.run(&["status", "--json"]).json();
    assert_eq!(json["client_id"], "36be4c46-4e1b-431d-b9db-1b315f537a85");
    assert_eq!(json["paths"]["client_id"], json!(own));
}

#[cfg(unix)]
#[test]
fn an_id_in_a_relative_file_is_found_from_another_directory() {
    let sandbox = Sandbox::new();
    let own = sandbox.dir().with_file_name(".starfish_config");
    let up = std::env::current_dir().unwrap().ancestors().skip(1).map(|_| "..").collect::<std::path::PathBuf>();
    let mut config = sandbox.config(NOBODY);
    config.client_id_path = Some(up.join(own.strip_prefix("/").unwrap()));
    sandbox.record_with(config, &["one"]);
    let mut command = sandbox.command_with(&[], &["status", "--json"]);
    // Deeper than here: above the root is the root again.
    let elsewhere = sandbox.dir().join(up.to_str().unwrap().replace("..", "deep"));
    std::fs::create_dir_all(&elsewhere).unwrap();
    command.current_dir(elsewhere);
    let json = crate::sandbox::ran(command).json();
    assert_eq!(json["client_id"], std::fs::read_to_string(own).unwrap());
}

#[test]
fn without_a_state_directory_the_platforms_place_is_looked_at() {
    let sandbox = Sandbox::new();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_overt"));
    command.env_clear().env("HOME", sandbox.dir()).args(["status", "--app", "starfish"]);
    let text = crate::sandbox::ran(command).text();
    assert!(text.contains("\n  overt off --app starfish\n"), "{text}");
    let files = text.lines().find(|line| line.starts_with("files ")).unwrap();
    assert!(files.contains(sandbox.dir().to_str().unwrap()) && files.ends_with("starfish"), "{files}");
}
