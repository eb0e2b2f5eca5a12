//! Every combination of what can be found, held against the order as a table.

use super::*;

const SAID: [Option<bool>; 3] = [None, Some(true), Some(false)];
const STORED: [StoredChoice; 4] = [StoredChoice::None, StoredChoice::On, StoredChoice::Off, StoredChoice::Unreadable];
const MISSING: [Option<ConsentReason>; 3] = [None, Some(ConsentReason::NoApiKey), Some(ConsentReason::NoEndpoint)];
const BOTH: [bool; 2] = [false, true];

fn rules() -> Rules {
    Rules {
        variables: vec![ConsentVariable::parse("MY_TELEMETRY").unwrap()],
        respect_do_not_track: true,
        in_ci: false,
        default: true,
        missing: None,
    }
}

/// The order of DESIGN's "Consent", as a list of rules that is searched from the top: a second, plainer form of it.
fn by_the_table(rules: &Rules, said: Signals, host: Option<bool>, stored: StoredChoice, noticed: bool) -> Consent {
    use ConsentReason as Why;
    let table = [
        (said.privileged, false, Why::Privileged),
        (said.tool == Some(false), false, Why::ToolVariable),
        (said.general == Some(false), false, Why::TelemetryEnabled),
        (said.do_not_track, false, Why::DoNotTrack),
        (host == Some(false), false, Why::Host),
        (said.tool == Some(true), true, Why::ToolVariable),
        (said.general == Some(true), true, Why::TelemetryEnabled),
        (stored == StoredChoice::Off, false, Why::Stored),
        (stored == StoredChoice::Unreadable, false, Why::Unreadable),
        (host == Some(true), true, Why::Host),
        (stored == StoredChoice::On, true, Why::Stored),
        (said.ci, false, Why::Ci),
        (rules.default && !noticed, false, Why::NoNotice),
        (true, rules.default, Why::Default),
    ];
    let (_, enabled, reason) = *table.iter().find(|(applies, _, _)| *applies).unwrap();
    match rules.missing {
        Some(reason) if enabled => Consent { enabled: false, reason },
        _ => Consent { enabled, reason },
    }
}

#[test]
fn every_combination_is_decided_by_the_first_rule_that_applies() {
    let mut seen = std::collections::HashSet::new();
    let mut combinations = 0;
    for (tool, general, host) in SAID.iter().flat_map(|a| SAID.iter().flat_map(|b| SAID.map(|c| (*a, *b, c)))) {
        for (do_not_track, ci, default) in BOTH.iter().flat_map(|a| BOTH.iter().flat_map(|b| BOTH.map(|c| (*a, *b, c))))
        {
            for (missing, stored) in MISSING.iter().flat_map(|a| STORED.map(|b| (*a, b))) {
                let rules = Rules { default, missing, ..rules() };
                // Every eleventh combination, so that the others are decided by the other rules.
                let privileged = combinations % 11 == 0;
                let signals = Signals { tool, general, do_not_track, ci, privileged };
                for noticed in BOTH {
                    let decided = decide(&rules, signals, host, stored, || noticed);
                    let expected = by_the_table(&rules, signals, host, stored, noticed);
                    assert_eq!(decided, expected, "{signals:?} {host:?} {stored:?} {noticed}");
                    let off = tool == Some(false) || general == Some(false) || do_not_track || host == Some(false);
                    assert!(!(off && decided.enabled), "off can be said by anyone: {signals:?} {host:?}");
                    seen.insert(decided.reason);
                }
                combinations += 1;
            }
        }
    }
    assert_eq!(combinations, 27 * 8 * 12);
    assert_eq!(seen.len(), ConsentReason::ALL.len(), "each rule decides somewhere");
}

#[test]
fn force_records_only_where_nobody_but_the_host_ci_or_the_default_says_off() {
    for (tool, general, host) in SAID.iter().flat_map(|a| SAID.iter().flat_map(|b| SAID.map(|c| (*a, *b, c)))) {
        for (stored, missing) in STORED.iter().flat_map(|stored| MISSING.map(|missing| (*stored, missing))) {
            for bits in 0..32 {
                let bit = |n: u32| bits >> n & 1 == 1;
                let (do_not_track, ci, privileged, default, noticed) = (bit(0), bit(1), bit(2), bit(3), bit(4));
                let rules = Rules { default, missing, ..rules() };
                let signals = Signals { tool, general, do_not_track, ci, privileged };
                let nobody_else_says_off = [
                    !privileged && missing.is_none(),
                    tool != Some(false) && general != Some(false) && !do_not_track,
                    // What stands over a stored off, and what over a notice that was never shown.
                    [tool, general].contains(&Some(true))
                        || stored == StoredChoice::On
                        || stored == StoredChoice::None && (host == Some(true) || noticed),
                ];
                let forced = decide_forced(&rules, signals, host, stored, || noticed);
                let all = nobody_else_says_off.iter().all(|it| *it);
                assert_eq!(forced, all, "{rules:?} {signals:?} {host:?} {stored:?} {noticed}");
                assert!(
                    forced || !decide(&rules, signals, host, stored, || noticed).enabled,
                    "{signals:?}: less than on"
                );
            }
        }
    }
}

#[test]
fn variables_are_read_by_their_own_rules() {
    let signals = |pairs: &[(&str, &str)], rules: &Rules| Signals::read(rules, &pairs.iter().copied().collect());
    for (value, on) in [
        ("1", true),
        ("TRUE", true),
        ("t", true),
        ("Yes", true),
        ("y", true),
        ("On", true),
        (" on ", true),
        ("", false),
        ("0", false),
        ("false", false),
        ("2", false),
        ("enabled", false),
        ("off", false),
    ] {
        assert_eq!(signals(&[("TELEMETRY_ENABLED", value)], &rules()).general, Some(on), "{value:?}");
        assert_eq!(signals(&[("MY_TELEMETRY", value)], &rules()).tool, Some(on), "{value:?}");
    }
    for (value, set) in [
        ("1", true),
        ("true", true),
        ("anything", true),
        ("", false),
        ("0", false),
        ("False", false),
        ("NO", false),
        ("off", false),
    ] {
        assert_eq!(signals(&[("DO_NOT_TRACK", value)], &rules()).do_not_track, set, "{value:?}");
        let own_rule = Rules { respect_do_not_track: false, ..rules() };
        assert!(!signals(&[("DO_NOT_TRACK", value)], &own_rule).do_not_track);
    }
    assert!(signals(&[("CI", "true")], &rules()).ci);
    assert!(!signals(&[("CI", "true")], &Rules { in_ci: true, ..rules() }).ci);
}

#[test]
fn a_strict_variable_is_on_for_exactly_its_values() {
    let strict = Rules { variables: vec![ConsentVariable::parse("SAM_CLI_TELEMETRY=1").unwrap()], ..rules() };
    let tool = |value: &str| Signals::read(&strict, &[("SAM_CLI_TELEMETRY", value)].into_iter().collect()).tool;
    assert_eq!(tool("1"), Some(true));
    for value in ["true", "01", " 1", "", "0", "yes"] {
        assert_eq!(tool(value), Some(false), "{value:?}");
    }
}

#[test]
fn of_several_variables_one_off_is_enough() {
    let variables = ["A", "B"].map(|name| ConsentVariable::parse(name).unwrap()).to_vec();
    let rules = Rules { variables, ..rules() };
    let tool = |pairs: &[(&str, &str)]| Signals::read(&rules, &pairs.iter().copied().collect()).tool;
    assert_eq!(tool(&[]), None);
    assert_eq!(tool(&[("A", "1")]), Some(true));
    assert_eq!(tool(&[("A", "1"), ("B", "0")]), Some(false));
    assert_eq!(tool(&[("A", "0"), ("B", "1")]), Some(false));
}

#[test]
fn a_variable_reads_back_as_it_was_written() {
    for text in ["MY_TELEMETRY", "SAM_CLI_TELEMETRY=1", "X=1,yes"] {
        assert_eq!(String::from(ConsentVariable::parse(text).unwrap()), text);
    }
    for text in ["", "=1", "MY TELEMETRY"] {
        assert!(ConsentVariable::parse(text).unwrap_err().to_string().starts_with("consent_env"), "{text:?}");
    }
}

#[test]
fn a_stored_choice_that_cannot_be_read_is_none_of_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("consent");
    assert_eq!(StoredChoice::read(&path), StoredChoice::None);
    for (text, choice) in [
        (&b"on 2026-11-20T18:10:36.493Z\n"[..], StoredChoice::On),
        (b"off", StoredChoice::Off),
        (b"", StoredChoice::Unreadable),
        (b"ON", StoredChoice::Unreadable),
        (b"\"false\"", StoredChoice::Unreadable),
        (b"\xff\xfe", StoredChoice::Unreadable),
    ] {
        std::fs::write(&path, text).unwrap();
        assert_eq!(StoredChoice::read(&path), choice, "{text:?}");
    }
    assert_eq!(StoredChoice::read(dir.path()), StoredChoice::Unreadable, "a directory stands there");
    assert_eq!(StoredChoice::read(&path.join("below a file")), StoredChoice::None);
}
