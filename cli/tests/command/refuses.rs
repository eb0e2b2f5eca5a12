//! Requests that cannot be understood: exit code 2, one plain line where the line is ours.

use crate::sandbox::ran;
use std::process::Command;

fn overt(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_overt"));
    command.env_clear().args(arguments);
    command
}

#[test]
fn a_name_that_no_tool_can_have() {
    let dir = tempfile::tempdir().unwrap();
    for verb in ["status", "on", "off", "show", "flush", "reset"] {
        for name in ["", "../etc", "a b", ".hidden", "a\u{1b}[2J"] {
            let ran = ran(overt(&[verb, "--app", name, "--state-dir", dir.path().to_str().unwrap()]));
            assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{verb} {name:?}");
            assert_eq!(
                ran.stderr,
                "overt: app: 1 to 64 letters, digits, '.', '-' and '_' are allowed, and no leading '.'\n"
            );
        }
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_line_that_says_too_little_or_too_much() {
    for arguments in [&[][..], &["status"], &["erase", "--app", "x"], &["status", "--app", "x", "more"]] {
        let ran = ran(overt(arguments));
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(!ran.stderr.is_empty());
    }
    let help = ran(overt(&["--help"])).text();
    for verb in overt_cli::Verb::ALL {
        assert!(help.contains(&format!("\n  {} ", verb.as_str())), "{help}");
        assert_eq!(overt_cli::Verb::parse(verb.as_str()), Some(verb));
    }
}
