//! Where nothing can be written nothing is counted, and the tool goes on.

use super::{PACE, client, config, file, names, put, text};
use crate::common;
use overt::{Counted, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

#[test]
fn a_read_only_file_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), PACE);
    std::fs::set_permissions(file(dir.path()), PermissionsExt::from_mode(0o444)).unwrap();
    assert_eq!(client(dir.path()).record_command("pace", 0).unwrap_err().kind(), ErrorKind::Storage);
    assert_eq!(text(dir.path()), PACE);
    std::fs::set_permissions(file(dir.path()), PermissionsExt::from_mode(0o600)).unwrap();
    assert_eq!(client(dir.path()).record_command("pace", 0).unwrap(), Counted::Counted);
}

#[test]
fn where_there_can_be_no_file_nothing_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a file"), "").unwrap();
    for path in
        [dir.path().join("a file/telemetry.yaml"), PathBuf::from("/proc/overt/telemetry.yaml"), dir.path().into()]
    {
        let mut config = config(dir.path());
        config.counters_path = Some(path.clone());
        let client = common::client(config);
        assert_eq!(client.record_command("pace", 0).unwrap_err().kind(), ErrorKind::Storage, "{path:?}");
        assert_eq!(client.counters(), None);
        assert_eq!(client.client_id().unwrap_err().kind(), ErrorKind::Storage);
    }
}

#[test]
fn a_directory_that_everybody_may_write_to_is_no_place() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), PACE);
    std::fs::set_permissions(dir.path().join("config"), PermissionsExt::from_mode(0o777)).unwrap();
    assert_eq!(client(dir.path()).record_command("pace", 0).unwrap_err().kind(), ErrorKind::Storage);
    assert_eq!((text(dir.path()), names(dir.path())), (PACE.to_owned(), vec!["telemetry.yaml".to_owned()]));
}
