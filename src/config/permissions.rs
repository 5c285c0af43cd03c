//! Owners and permissions of files: who owns a new one, and who else may access the directory.
//!
//! Only on Unix. Elsewhere these functions do nothing.

use std::sync::Mutex;

use crate::domain::sync::locked;

/// Notes on the permissions that this run has restricted.
static TIGHTENED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Takes the notes on restricted permissions. Call it just before the program exits.
pub fn tightened() -> Vec<String> {
    std::mem::take(&mut locked(&TIGHTENED))
}

#[cfg(unix)]
pub(super) use unix::{
    exposure, hand_over, hand_over_folder, keep_owner, others_who_write, tighten, tighten_folder,
};

#[cfg(not(unix))]
pub(super) use elsewhere::{
    exposure, hand_over, hand_over_folder, keep_owner, others_who_write, tighten, tighten_folder,
};

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::fs::{self, File, Metadata, OpenOptions, Permissions};
    use std::io;
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
    use std::path::Path;

    use rustix::fs::OFlags;
    use rustix::process::geteuid;

    use super::TIGHTENED;
    use crate::domain::failure::{Failure, FailureKind};
    use crate::domain::sync::locked;

    /// Any access of the group or of others.
    const OTHERS: u32 = 0o077;
    /// Write access of the group or of others.
    const OTHERS_WRITE: u32 = 0o022;
    /// In a directory with this bit, nobody can replace another user's files.
    const STICKY: u32 = 0o1000;

    /// Prefixes of tokenscope's own files, including copies made by hand.
    const OUR_NAMES: [&str; 6] = [
        "config.toml",
        "keymap.toml",
        "state.",
        "themes",
        "tokenscope.",
        ".tokenscope-",
    ];

    /// Gives a new file the owner and group of the file it replaces. Returns whether it has them now.
    pub(in super::super) fn keep_owner(new: &File, old: &Metadata) -> bool {
        let (uid, gid) = (old.uid(), old.gid());
        let is_same = |new: &Metadata| (new.uid(), new.gid()) == (uid, gid);
        new.metadata().is_ok_and(|new| is_same(&new)) || fchown(new, Some(uid), Some(gid)).is_ok()
    }

    /// Gives a file that root has just created to the owner of its folder, who could not use it
    /// otherwise.
    pub(in super::super) fn hand_over(new: &File, folder: &Path) {
        if let Ok(folder) = fs::metadata(folder)
            && geteuid().is_root()
            && folder.uid() != 0
            && let Err(error) = fchown(new, Some(folder.uid()), Some(folder.gid()))
        {
            tracing::debug!(%error, "a new file still belongs to root");
        }
    }

    /// Like [`hand_over`], for a folder.
    pub(in super::super) fn hand_over_folder(new: &Path) {
        let flags = (OFlags::DIRECTORY | OFlags::NOFOLLOW).bits().cast_signed();
        let opened = OpenOptions::new().read(true).custom_flags(flags).open(new);
        if let (Ok(opened), Some(folder)) = (opened, new.parent()) {
            hand_over(&opened, folder);
        }
    }

    /// Denies other users access to one of tokenscope's files.
    pub(in super::super) fn tighten(file: &File, path: &Path) {
        if let Ok(found) = file.metadata()
            && is_open_to_others(&found)
        {
            restrict(path, &found, |mode| file.set_permissions(mode));
        }
    }

    /// Denies other users access to tokenscope's folder. Does nothing if it contains other files too,
    /// which others may need.
    pub(in super::super) fn tighten_folder(folder: &Path) {
        if let Ok(found) = fs::metadata(folder)
            && is_open_to_others(&found)
            && found.mode() & STICKY == 0
            && is_ours_alone(folder)
        {
            restrict(folder, &found, |mode| fs::set_permissions(folder, mode));
        }
    }

    fn is_open_to_others(found: &Metadata) -> bool {
        found.uid() == geteuid().as_raw() && found.mode() & OTHERS != 0
    }

    fn is_ours_alone(folder: &Path) -> bool {
        let is_ours = |name: &OsStr| {
            let name = name.to_string_lossy();
            OUR_NAMES.iter().any(|ours| name.starts_with(ours))
        };
        folder.file_name() == Some(OsStr::new("tokenscope"))
            || fs::read_dir(folder).is_ok_and(|mut entries| {
                entries.all(|entry| entry.is_ok_and(|entry| is_ours(&entry.file_name())))
            })
    }

    fn restrict(path: &Path, found: &Metadata, set: impl FnOnce(Permissions) -> io::Result<()>) {
        let before = found.mode() & 0o7777;
        let after = before & !OTHERS;
        // A read-only file system keeps its modes, and the user need not act.
        if set(Permissions::from_mode(after)).is_ok() {
            locked(&TIGHTENED).push(format!(
                "{} was open to other users (mode {before:04o}); it is now {after:04o}.",
                path.display()
            ));
        }
    }

    /// A warning if another user may change a file, either in its folder or directly.
    pub(in super::super) fn exposure(folder: &Path, file: &Path) -> Option<Failure> {
        let found = fs::metadata(folder).ok().filter(Metadata::is_dir)?;
        let is_sticky = found.mode() & STICKY != 0;
        if let Some(warning) = foreign(folder, &found) {
            return Some(warning);
        }
        if !is_sticky && found.mode() & OTHERS_WRITE != 0 {
            return Some(open_to_writers(folder));
        }
        let found = fs::metadata(file).ok()?;
        if is_sticky && let Some(warning) = foreign(file, &found) {
            return Some(warning);
        }
        (found.mode() & OTHERS_WRITE != 0).then(|| open_to_writers(file))
    }

    /// The same for a file whose contents are run, which therefore must be the user's own too.
    pub(in super::super) fn others_who_write(folder: &Path, file: &Path) -> Option<Failure> {
        exposure(folder, file).or_else(|| foreign(file, &fs::metadata(file).ok()?))
    }

    /// Ignores root, who may change everything anyway.
    fn foreign(path: &Path, found: &Metadata) -> Option<Failure> {
        let owner = found.uid();
        (owner != 0 && owner != geteuid().as_raw()).then(|| {
            Failure::new(
                FailureKind::Config,
                format!(
                    "{} belongs to another user (uid {owner}), who may change its contents.",
                    path.display()
                ),
                "Run tokenscope as that user, or set TOKENSCOPE_HOME to a folder of your own.",
            )
        })
    }

    fn open_to_writers(path: &Path) -> Failure {
        let path = path.display();
        Failure::new(
            FailureKind::Config,
            format!("Other users may write to {path}."),
            format!("Run `chmod go-w {path}`."),
        )
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use std::fs::{File, Metadata};
    use std::path::Path;

    use crate::domain::failure::Failure;

    pub(in super::super) fn keep_owner(_new: &File, _old: &Metadata) -> bool {
        true
    }

    pub(in super::super) fn hand_over(_new: &File, _folder: &Path) {}

    pub(in super::super) fn hand_over_folder(_new: &Path) {}

    pub(in super::super) fn tighten(_file: &File, _path: &Path) {}

    pub(in super::super) fn tighten_folder(_folder: &Path) {}

    pub(in super::super) fn exposure(_folder: &Path, _file: &Path) -> Option<Failure> {
        None
    }

    pub(in super::super) fn others_who_write(_folder: &Path, _file: &Path) -> Option<Failure> {
        None
    }
}
