//! A hash under the salt: made only with consent, the same in all processes of an installation, gone with the client ID.

mod common;

use common::{client, client_with, config, files};
use overt_tests::refused_url;

#[test]
fn while_telemetry_is_off_there_is_no_hash_and_no_salt() {
    let dir = tempfile::tempdir().unwrap();
    let off = client_with(config(&refused_url(), dir.path()), &[("TELEMETRY_ENABLED", "0")]);
    assert_eq!(off.salted_hash("text").unwrap(), None);
    assert_eq!(files(dir.path()), [""; 0]);
}

#[test]
fn two_clients_of_an_installation_hash_alike_and_two_installations_do_not() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let hash =
        |dir: &tempfile::TempDir| client(config(&refused_url(), dir.path())).salted_hash("text").unwrap().unwrap();
    let first = hash(&here);
    assert!(first.len() == 64 && first.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
    assert_eq!(hash(&here), first);
    assert_ne!(hash(&there), first);
    assert_eq!(files(here.path()), ["salt"]);
}

#[test]
fn reset_and_off_erase_the_salt() {
    let dir = tempfile::tempdir().unwrap();
    let one = client(config(&refused_url(), dir.path()));
    let before = one.salted_hash("text").unwrap();
    one.reset_client_id().unwrap();
    assert!(!files(dir.path()).contains(&"salt".to_owned()));
    assert_ne!(one.salted_hash("text").unwrap(), before);
    one.set_consent(false).unwrap();
    assert_eq!(one.salted_hash("text").unwrap(), None);
    assert_eq!(files(dir.path()), ["consent"]);
}

#[test]
fn another_process_that_said_off_is_obeyed() {
    let dir = tempfile::tempdir().unwrap();
    let one = client(config(&refused_url(), dir.path()));
    let other = client(config(&refused_url(), dir.path()));
    assert!(one.salted_hash("text").unwrap().is_some());
    other.set_consent(false).unwrap();
    assert_eq!(one.salted_hash("text").unwrap(), None);
    assert_eq!(files(dir.path()), ["consent"]);
}
