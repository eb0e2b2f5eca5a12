//! Whom overt's files may belong to, and where they may lie.
//!
//! - A file is ours if it is a regular file, no symbolic link, belongs to this user or to root, and not everybody may write
//!   it. Anything else that has its name is as good as unreadable: it is not followed, not written, and opening it never
//!   blocks. Too wide permissions to read are narrowed.
//! - The state directory belongs to this user or to root, and nobody else may change it. Nobody else may take it away
//!   either: each directory above it, and each symbolic link on the way, belongs to this user or to root, and where
//!   everybody may write, the sticky bit protects what lies there.
//! - Where only overt writes (`spool/` and below), a directory's permissions are narrowed. The state directory itself may
//!   be the tool's own and stays as it is.
//!
//! A group may write to the state directory if it is the process's own: where each user has a group of his own, a tool
//! makes directories of mode 0775 without meaning anything by it. Windows keeps a user's directories to that user by
//! itself; there is nothing to check here.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

/// More than any file that is read whole becomes: `sent.jsonl` ends at 256 KiB and a batch.
const MAX_READ_BYTES: u64 = 8 * 1024 * 1024;

/// Options that create a file for this user only, and never open what a symbolic link points to.
pub(crate) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    os::keep_private(&mut options);
    options
}

/// Opens a file that may have been there before, if it is ours; its permissions are narrowed.
pub(crate) fn open(path: &Path, options: &OpenOptions) -> io::Result<File> {
    let file = options.open(path)?;
    let data = file.metadata()?;
    if !data.is_file() {
        return Err(not_a_file());
    }
    os::check_file(&file, &data)?;
    Ok(file)
}

/// Reads a file that is ours.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    read_all(&open(path, private_file().read(true))?)
}

/// Reads a file outside the state directory, whoever's it is, through a symbolic link too.
pub(crate) fn read_anyones(path: &Path) -> io::Result<Vec<u8>> {
    // Looked at first: opening a pipe would block.
    if !std::fs::metadata(path)?.is_file() {
        return Err(not_a_file());
    }
    read_all(&File::open(path)?)
}

fn read_all(file: &File) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let read = file.take(MAX_READ_BYTES + 1).read_to_end(&mut content)?;
    if read as u64 > MAX_READ_BYTES { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(content) }
}

fn not_a_file() -> io::Error {
    io::Error::other("not a file")
}

/// Makes a directory in which only overt writes, or finds it and makes it private.
pub(crate) fn make_private_dir(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(data) if !data.is_dir() => Err(io::ErrorKind::NotADirectory.into()),
        Ok(data) => os::check_private_dir(path, &data),
        Err(_) => super::make_dir(path),
    }
}

/// Whether the program runs with the rights of another user than the one who started it, or could take them back.
pub(crate) fn has_anothers_rights() -> bool {
    os::has_anothers_rights()
}

/// Refuses a directory that others can change, whether it is there already or is still to be made.
pub(crate) fn check_place(dir: &Path) -> io::Result<()> {
    os::check_place(dir)
}

/// Refuses a file of another user's, other than root.
pub(crate) fn check_file_owner(data: &std::fs::Metadata) -> io::Result<()> {
    os::check_owner(data)
}

/// Refuses to write what belongs to another user than this one or root: a file of the tool's, or else the directory in which
/// it is to be made. A program that root runs with somebody's `HOME` would leave a file there that he cannot write.
pub(crate) fn check_owner(path: &Path) -> io::Result<()> {
    os::check_nearest_owner(path)
}

/// Refuses to let a file grow beyond what the process may write: the kernel would kill the host by `SIGXFSZ`.
pub(crate) fn check_size(bytes: u64) -> io::Result<()> {
    if bytes > max_file_bytes() { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(()) }
}

/// How large a file of this process may become.
pub(crate) fn max_file_bytes() -> u64 {
    os::max_file_bytes()
}

#[cfg(not(unix))]
mod os {
    use std::fs::{File, Metadata, OpenOptions};
    use std::io;
    use std::path::Path;

    pub(super) fn keep_private(_: &mut OpenOptions) {}

    pub(super) fn has_anothers_rights() -> bool {
        false
    }

    pub(super) fn check_file(_: &File, _: &Metadata) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn check_private_dir(_: &Path, _: &Metadata) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn check_place(_: &Path) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn check_nearest_owner(_: &Path) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn check_owner(_: &Metadata) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn max_file_bytes() -> u64 {
        u64::MAX
    }
}

#[cfg(unix)]
mod os {
    use nix::fcntl::OFlag;
    use rustix::process::{Resource, getegid, geteuid, getrlimit};
    use std::fs::{File, Metadata, OpenOptions, Permissions};
    use std::io;
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
    use std::path::Path;

    const BY_OTHERS: u32 = 0o077;
    const WRITABLE_BY_GROUP: u32 = 0o020;
    const WRITABLE_BY_ALL: u32 = 0o002;
    const STICKY: u32 = 0o1000;
    /// What the kernel shows for an owner who has no number in this user namespace.
    const UNMAPPED: u32 = 65_534;

    pub(super) fn keep_private(options: &mut OpenOptions) {
        // Not blocking: somebody may have put a pipe there.
        options.mode(0o600).custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits());
    }

    pub(super) fn max_file_bytes() -> u64 {
        getrlimit(Resource::Fsize).current.unwrap_or(u64::MAX)
    }

    #[cfg(target_os = "linux")]
    pub(super) fn has_anothers_rights() -> bool {
        use nix::unistd::{getresgid, getresuid};
        let user = getresuid().is_ok_and(|ids| ids.real != ids.effective || ids.real != ids.saved);
        user || getresgid().is_ok_and(|ids| ids.real != ids.effective || ids.real != ids.saved)
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn has_anothers_rights() -> bool {
        use rustix::process::{getgid, getuid};
        getuid() != geteuid() || getgid() != getegid()
    }

    pub(super) fn check_file(file: &File, data: &Metadata) -> io::Result<()> {
        check_owner(data)?;
        if data.mode() & WRITABLE_BY_ALL != 0 {
            return Err(refused("others can write to it"));
        }
        if data.mode() & BY_OTHERS != 0 && data.uid() == geteuid().as_raw() {
            let _ = file.set_permissions(Permissions::from_mode(0o600));
        }
        Ok(())
    }

    pub(super) fn check_private_dir(path: &Path, data: &Metadata) -> io::Result<()> {
        check_owner(data)?;
        if data.mode() & BY_OTHERS != 0 && data.uid() == geteuid().as_raw() {
            std::fs::set_permissions(path, Permissions::from_mode(0o700))?;
        }
        Ok(())
    }

    pub(super) fn check_place(dir: &Path) -> io::Result<()> {
        let linked = check_way(dir)?;
        if linked {
            // The part that exists: the rest is made in it.
            let real = dir.ancestors().find_map(|part| part.canonicalize().ok());
            real.map_or(Ok(false), |real| check_way(&real))?;
        }
        match std::fs::metadata(dir) {
            Ok(data) if data.is_dir() => {
                let by_group = data.mode() & WRITABLE_BY_GROUP != 0 && data.gid() != getegid().as_raw();
                if by_group || data.mode() & WRITABLE_BY_ALL != 0 {
                    Err(refused("others can write to it"))
                } else {
                    Ok(())
                }
            }
            _ => Ok(()),
        }
    }

    /// Checks a directory and those above it, as far as they exist. Says whether a symbolic link is among them.
    fn check_way(dir: &Path) -> io::Result<bool> {
        let mut linked = false;
        for part in dir.ancestors() {
            let Ok(data) = std::fs::symlink_metadata(part) else { continue };
            if check_owner(&data).is_err() && !is_outside(data.uid()) {
                return Err(refused("it is another user's, or lies in another user's directory"));
            }
            linked |= data.is_symlink();
            if data.is_dir() && data.mode() & WRITABLE_BY_ALL != 0 && data.mode() & STICKY == 0 {
                return Err(refused("others can write to it, or to a directory above it"));
            }
        }
        Ok(linked)
    }

    pub(super) fn check_nearest_owner(path: &Path) -> io::Result<()> {
        let nearest = path.ancestors().find_map(|part| std::fs::metadata(part).ok());
        nearest.map_or(Ok(()), |data| check_owner(&data))
    }

    pub(super) fn check_owner(data: &Metadata) -> io::Result<()> {
        let trusted = data.uid() == geteuid().as_raw() || data.uid() == 0;
        if trusted { Ok(()) } else { Err(refused("it is another user's")) }
    }

    /// Whether this is a directory of the machine outside a container that runs without root, where `/home` and what
    /// lies above it belong to nobody that the container knows.
    fn is_outside(uid: u32) -> bool {
        let map = || std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
        uid == UNMAPPED && !map().split_ascii_whitespace().eq(["0", "0", "4294967295"])
    }

    fn refused(why: &'static str) -> io::Error {
        io::Error::new(io::ErrorKind::PermissionDenied, why)
    }
}
