//! The salt: 32 random bytes that make hashes of texts worthless to everybody but this installation.
//!
//! - Made only once consent stands and somebody asks for a hash; kept in the state directory as 64 hex digits, 0600, whole
//!   or not at all. Of two processes that race, the first wins and the second takes its salt.
//! - Never sent. It goes with the client ID: off and reset erase both, so that old and new hashes have nothing in common.
//! - A file that holds none (empty, damaged) is replaced. A salt that cannot be stored is not used: the hashes of each run
//!   would be different ones.

use crate::error::{Error, ErrorKind};
use crate::state;
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use std::io::ErrorKind as IoKind;
use std::path::Path;

/// As many as SHA-256 gives: RFC 2104 advises against fewer, and more would not make it stronger.
const BYTES: usize = 32;

/// HMAC-SHA-256 of a text under the salt of this file, as lower-case hex. Makes the salt if there is none.
pub(crate) fn hash(path: &Path, text: &str) -> Result<String, Error> {
    let salt = load_or_create(path)?;
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &salt), text.as_bytes());
    Ok(to_hex(tag.as_ref()))
}

/// Removes the salt.
pub(crate) fn erase(path: &Path) -> Result<(), Error> {
    state::remove_if_there(path).map_err(|error| Error::storage("the salt cannot be removed", &error))
}

fn load(path: &Path) -> Option<Vec<u8>> {
    let text = String::from_utf8(state::read(path).ok()?).ok()?;
    from_hex(text.trim()).filter(|salt| salt.len() == BYTES)
}

fn load_or_create(path: &Path) -> Result<Vec<u8>, Error> {
    if let Some(salt) = load(path) {
        return Ok(salt);
    }
    let mut salt = vec![0; BYTES];
    let unrandom = |_| Error::new(ErrorKind::Storage, "the system gives no random bytes");
    SystemRandom::new().fill(&mut salt).map_err(unrandom)?;
    let text = to_hex(&salt);
    let made = path.parent().map_or(Ok(()), state::make_dir).and_then(|()| state::create_whole(path, text.as_bytes()));
    let made = match made {
        Err(error) if error.kind() == IoKind::AlreadyExists => match load(path) {
            Some(winner) => return Ok(winner),
            None => state::replace_whole(path, text.as_bytes()),
        },
        other => other,
    };
    made.map(|()| salt).map_err(|error| Error::storage("the salt cannot be stored", &error))
}

fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None; // `from_str_radix` takes a sign
    }
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_hmac_sha_256_under_the_stored_salt() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("salt");
        // RFC 4231 has no key of 32 bytes; OpenSSL says the same of one:
        // printf 'Hi There' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0b0b… (32 times)
        std::fs::write(&path, "0b".repeat(32)).unwrap();
        let expected = "198a607eb44bfbc69903a0f1cf2bbdc5ba0aa3f3d9ae3c1c7a3b1696a0b68cf7";
        assert_eq!(hash(&path, "Hi There").unwrap(), expected);
    }

    #[test]
    fn the_salt_is_made_once_and_another_one_makes_other_hashes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("app").join("salt");
        let first = hash(&path, "github.com/o/r").unwrap();
        assert_eq!(hash(&path, "github.com/o/r").unwrap(), first);
        assert_ne!(hash(&path, "github.com/o/s").unwrap(), first);
        assert_eq!(std::fs::read(&path).unwrap().len(), 2 * BYTES);
        erase(&path).unwrap();
        erase(&path).unwrap();
        assert_ne!(hash(&path, "github.com/o/r").unwrap(), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_damaged_salt_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("salt");
        for damaged in ["", "0b", "not hex, but as long as a salt would be: sixty-four characters!!", "0b0"] {
            std::fs::write(&path, damaged).unwrap();
            let made = hash(&path, "text").unwrap();
            assert_eq!(load(&path).unwrap().len(), BYTES, "{damaged:?}");
            assert_eq!(hash(&path, "text").unwrap(), made);
        }
    }

    #[test]
    fn of_many_racing_threads_one_salt_wins() {
        for _ in 0..20 {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("salt");
            let start = std::sync::Barrier::new(8);
            let race = || {
                start.wait();
                hash(&path, "text").unwrap()
            };
            let hashes: Vec<_> = std::thread::scope(|scope| {
                let racers: Vec<_> = (0..8).map(|_| scope.spawn(race)).collect();
                racers.into_iter().map(|racer| racer.join().unwrap()).collect()
            });
            assert!(hashes.iter().all(|hash| *hash == hashes[0]), "{hashes:?}");
            assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file stays behind");
        }
    }
}
