//! `status` and `show` create and change nothing, and neither does what is refused.

use crate::sandbox::{NOBODY, Sandbox};

const LOOKS: [&[&str]; 4] = [&["status"], &["status", "--json"], &["show"], &["show", "--json"]];

#[test]
fn looking_at_a_tool_that_does_not_exist_creates_nothing() {
    let sandbox = Sandbox::new();
    for arguments in LOOKS.into_iter().chain([&["flush"][..]]) {
        sandbox.run(arguments).text();
        assert!(sandbox.snapshot().is_empty(), "{arguments:?}");
    }
}

#[test]
fn looking_changes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.record(NOBODY, &["one", "two"]);
    // Not even an ID, where there is none.
    std::fs::remove_file(sandbox.file("client_id")).unwrap();
    let before = sandbox.snapshot();
    for arguments in LOOKS {
        sandbox.run(arguments).text();
        assert_eq!(sandbox.snapshot(), before, "{arguments:?}");
    }
    sandbox.run_with(&[("DO_NOT_TRACK", "1")], &["flush"]).text();
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn what_cannot_be_looked_at_is_said() {
    let sandbox = Sandbox::new();
    sandbox.record(NOBODY, &["one"]);
    let strange = sandbox.file("spool").join("strange");
    std::fs::create_dir(&strange).unwrap();
    for verb in ["status", "show"] {
        let ran = sandbox.run(&[verb]);
        assert_eq!(ran.code, 1);
        assert!(ran.stdout.contains(NOBODY), "{}", ran.stdout);
        let told = "overt: DIR/spool/strange: it does not say where its events go, so they are not listed\n";
        assert_eq!(sandbox.golden(&ran.stderr), told);
    }
    std::fs::remove_dir_all(sandbox.file("spool")).unwrap();
    std::fs::write(sandbox.file("spool"), "no directory").unwrap();
    let ran = sandbox.run(&["show"]);
    assert_eq!(ran.code, 1);
    assert!(sandbox.golden(&ran.stderr).starts_with("overt: DIR/spool: "), "{}", ran.stderr);
}
