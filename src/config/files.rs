//! Reads files with a size limit, and replaces them atomically under a lock, private to the user.
//!
//! Only this file opens, renames or creates files.
#![expect(
    clippy::disallowed_methods,
    reason = "the one place that accesses files"
)]

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

#[cfg(unix)]
use rustix::{fs::OFlags, io::Errno};
use tempfile::NamedTempFile;

use super::permissions;
use crate::domain::failure::{Failure, FailureKind};

const SIZE_LIMIT: u64 = 1 << 20;

/// How long another instance may hold the lock; a rewrite takes milliseconds.
pub(super) const LOCK_WAIT: Duration = Duration::from_secs(2);
const LOCK_POLL: Duration = Duration::from_millis(5);

/// The kernel's limit.
const LINKS_FOLLOWED: usize = 40;

/// Temporary files have this prefix, followed by this many letters and digits.
const TEMPORARY: &str = ".tokenscope-";
const TEMPORARY_LETTERS: usize = 6;

/// Older temporary files are leftovers of a killed writer.
const ABANDONED: Duration = Duration::from_secs(60);

const A_DIRECTORY: &str = "Move that file away, or set TOKENSCOPE_HOME to a directory.";

/// Whether to follow a symbolic link in place of a file. Files that only tokenscope writes are never
/// opened through a link, which could lead to any of the user's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Links {
    /// For files that people may keep elsewhere, such as among their dotfiles.
    Followed,
    Refused,
}

/// The contents of a file; `None` if it does not exist or its directory cannot be entered.
pub(super) fn read(path: &Path, links: Links) -> Result<Option<Vec<u8>>, Failure> {
    let mut bytes = Vec::new();
    let read = open(path, OpenOptions::new().read(true), links)
        .and_then(|file| file.take(SIZE_LIMIT + 1).read_to_end(&mut bytes));
    match read {
        Ok(size) if size as u64 > SIZE_LIMIT => Err(damaged(
            path,
            "it is larger than 1 MiB",
            "Move it away to start afresh.",
        )),
        Ok(_) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(_) if out_of_reach(path).is_some() => Ok(None),
        Err(error) => Err(unreadable(path, &error)),
    }
}

/// The text of a file that people edit; `None` as in [`read`].
pub(super) fn read_text(path: &Path) -> Result<Option<String>, Failure> {
    let Some(bytes) = read(path, Links::Followed)? else {
        return Ok(None);
    };
    let text = String::from_utf8(bytes).map_err(|_| {
        let hint = "Save it as UTF-8 in an editor, or move it away to start afresh.";
        damaged(path, "it is not valid UTF-8", hint)
    });
    text.map(Some)
}

/// A warning if the directory of a file cannot be entered, so that nothing can tell whether the file
/// exists: for lack of permission, because of a file in its place or of a dangling link.
pub(super) fn out_of_reach(path: &Path) -> Option<Failure> {
    let error = match fs::symlink_metadata(path) {
        Ok(_) => return None,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // The nearest existing ancestor may be a dangling link.
            let nearest = path.ancestors().skip(1).find(|dir| exists(dir))?;
            fs::metadata(nearest).err()?
        }
        Err(error) => error,
    };
    let dir = path.parent().unwrap_or(path);
    let why = match error.kind() {
        io::ErrorKind::NotFound => "a symbolic link in its path is dangling".to_owned(),
        _ => reason(&error),
    };
    Some(Failure::new(
        FailureKind::Config,
        format!(
            "{} cannot be entered: {why}. Using defaults.",
            dir.display()
        ),
        "Set TOKENSCOPE_HOME to a directory that you can use.",
    ))
}

pub(super) fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink())
}

/// Whether anything exists at this path, even a dangling link.
pub(super) fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// The names of the files in a directory; none if it cannot be read.
pub(super) fn names_in(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

/// Opens a regular file. Opening a pipe would block and opening a device may do anything, so this
/// checks the type before it opens the file, and again afterwards.
fn open(path: &Path, options: &mut OpenOptions, links: Links) -> io::Result<File> {
    let found = match links {
        Links::Followed => fs::metadata(path),
        Links::Refused => fs::symlink_metadata(path),
    };
    match found {
        Ok(found) => require_regular(&found)?,
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Err(_) => {}
    }
    #[cfg(unix)]
    {
        let flags = match links {
            Links::Followed => OFlags::NONBLOCK,
            Links::Refused => OFlags::NONBLOCK | OFlags::NOFOLLOW,
        };
        let flags = flags.bits().cast_signed();
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags);
    }
    let file = options.open(path)?;
    require_regular(&file.metadata()?)?;
    Ok(file)
}

fn require_regular(found: &Metadata) -> io::Result<()> {
    if found.is_file() {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        if found.is_symlink() {
            "it is a symbolic link, which tokenscope does not follow here"
        } else {
            "it is not a regular file"
        },
    ))
}

/// Opens a file for writing, private to the user. Creates it if needed.
fn open_or_create(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    match open(path, options.create_new(true), Links::Refused) {
        Ok(file) => {
            permissions::hand_over(&file, folder_of(path));
            Ok(file)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let file = open(path, options.create_new(false), Links::Refused)?;
            permissions::tighten(&file, path);
            Ok(file)
        }
        Err(error) => Err(error),
    }
}

pub(super) fn folder_of(path: &Path) -> &Path {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    dir.unwrap_or(Path::new("."))
}

/// The exclusive right to change the files of one directory, until dropped.
#[derive(Debug)]
pub(super) struct DirLock {
    _file: File,
}

impl DirLock {
    /// Waits this long for another process. Creates the directory if needed.
    pub(super) fn acquire(dir: &Path, wait: Duration) -> Result<Self, Failure> {
        create_dir(dir)?;
        let path = dir.join("tokenscope.lock");
        let file = open_or_create(&path, OpenOptions::new().write(true))
            .or_else(|error| {
                // Lock the directory itself if nothing can be created in it, as around a file that
                // is a mount point, or if root left the lock file behind.
                if is_protected(&error) {
                    File::open(dir).map_err(|_| error)
                } else {
                    Err(error)
                }
            })
            .map_err(|error| unwritable(&path, &error))?;
        let deadline = Instant::now() + wait;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    return Err(Failure::new(
                        FailureKind::Config,
                        format!("Another program has locked {}.", path.display()),
                        "Wait for the other tokenscope to finish, then try again.",
                    ));
                }
                Err(TryLockError::WouldBlock) => thread::sleep(LOCK_POLL),
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                // Many network and user-space file systems have no locks, and each says so with an
                // error of its own. Replacing a file is atomic there too.
                Err(TryLockError::Error(error)) => {
                    tracing::debug!(%error, "changing files without a lock");
                    break;
                }
            }
        }
        remove_abandoned(dir);
        Ok(Self { _file: file })
    }
}

/// Removes temporary files of writers that were killed. The caller holds the directory's lock.
fn remove_abandoned(dir: &Path) {
    let Ok(entries) = fs::read_dir(dir) else {
        return;
    };
    let now = SystemTime::now();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let letters = name.to_str().and_then(|name| name.strip_prefix(TEMPORARY));
        let is_temporary = letters.is_some_and(|letters| {
            letters.len() == TEMPORARY_LETTERS && letters.bytes().all(|b| b.is_ascii_alphanumeric())
        });
        let is_abandoned = |found: &Metadata| {
            let modified = found.modified().ok();
            let age = modified.and_then(|modified| now.duration_since(modified).ok());
            found.is_file() && age.is_some_and(|age| age > ABANDONED)
        };
        if is_temporary && entry.metadata().is_ok_and(|found| is_abandoned(&found)) {
            let _of_another_user = fs::remove_file(entry.path());
        }
    }
}

/// Replaces a file, or the file that a followed link leads to, atomically.
pub(super) fn replace(
    path: &Path,
    text: &str,
    links: Links,
    _lock: &DirLock,
) -> Result<(), Failure> {
    replace_bytes(path, text.as_bytes(), links).map_err(|error| unwritable(path, &error))
}

/// Checks that a file can be replaced, without changing it.
pub(super) fn check_replaceable(path: &Path, _lock: &DirLock) -> Result<(), Failure> {
    let check = || {
        let target = follow(path)?;
        if is_mount_point(&target) {
            return OpenOptions::new().append(true).open(&target).map(drop);
        }
        temporary_in(folder_of(&target), true).map(drop)
    };
    check().map_err(|error| unwritable(path, &error))
}

fn replace_bytes(path: &Path, bytes: &[u8], links: Links) -> io::Result<()> {
    let target = match links {
        Links::Followed => follow(path)?,
        Links::Refused => path.to_owned(),
    };
    let dir = folder_of(&target);
    remove_abandoned(dir);
    let mut new = match temporary_in(dir, true) {
        Err(error) if is_protected(&error) && is_mount_point(&target) => {
            return overwrite(&target, bytes);
        }
        made => made?,
    };
    new.write_all(bytes)?;
    new.as_file().sync_all()?;
    match fs::symlink_metadata(&target) {
        Ok(old) => {
            // Only root can change a file's owner. In a folder shared with the file's owner, write
            // the file in place then, if possible.
            let keeps_owner = permissions::keep_owner(new.as_file(), &old);
            if !keeps_owner && overwrite(&target, bytes).is_ok() {
                return Ok(());
            }
        }
        Err(_) => permissions::hand_over(new.as_file(), dir),
    }
    match new.persist(&target) {
        Ok(_) => {}
        // A mount point cannot be replaced, such as a file that is bind-mounted into a container.
        Err(refused) if refused.error.kind() == io::ErrorKind::ResourceBusy => {
            return overwrite(&target, bytes);
        }
        Err(refused) => return Err(refused.error),
    }
    // Syncing the directory puts the rename on disk. Where that is impossible, as on Windows, the
    // file has still been replaced.
    let _best_effort = File::open(dir).and_then(|dir| dir.sync_all());
    Ok(())
}

/// Writes a file that belongs to the user: with the permissions that their umask leaves, or those of
/// the file that it replaces. Fails with `AlreadyExists` instead of replacing one unasked.
pub(super) fn write_for_user(
    path: &Path,
    replaces: bool,
    contents: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    if exists(path) && !replaces {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let target = follow(path)?;
    let old = fs::metadata(&target).ok();
    if let Some(old) = &old {
        if old.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        require_regular(old)?;
    }
    let mut new = temporary_in(folder_of(&target), false)?;
    let mut writer = BufWriter::new(new.as_file_mut());
    contents(&mut writer)?;
    writer.flush()?;
    drop(writer);
    if let Some(old) = old {
        new.as_file().set_permissions(old.permissions())?;
    }
    new.as_file().sync_all()?;
    let written = if replaces {
        new.persist(&target)
    } else {
        // Two writers of one new file do not overwrite each other.
        new.persist_noclobber(&target)
    };
    written.map_err(|refused| refused.error)?;
    let _best_effort = File::open(folder_of(&target)).and_then(|dir| dir.sync_all());
    Ok(())
}

/// A new file that only the user can read, or with the permissions that the umask leaves.
fn temporary_in(dir: &Path, is_private: bool) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY).rand_bytes(TEMPORARY_LETTERS);
    #[cfg(unix)]
    if !is_private {
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    }
    #[cfg(not(unix))]
    let _ = is_private;
    builder.tempfile_in(dir)
}

fn is_protected(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    )
}

#[cfg(target_os = "linux")]
fn is_mount_point(path: &Path) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
    statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty())
        .is_ok_and(|found| found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

#[cfg(not(target_os = "linux"))]
fn is_mount_point(_path: &Path) -> bool {
    false
}

/// Writes a file in place. Restores its contents if that fails half-way, as on a full disk.
fn overwrite(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = open(
        path,
        OpenOptions::new().read(true).write(true),
        Links::Refused,
    )?;
    let mut old = Vec::new();
    file.read_to_end(&mut old)?;
    rewrite(&mut file, bytes).inspect_err(|_| {
        let _lost = rewrite(&mut file, &old);
    })?;
    tracing::info!(path = %path.display(), "wrote in place");
    Ok(())
}

fn rewrite(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    file.rewind()?;
    file.write_all(bytes)?;
    file.set_len(bytes.len() as u64)?;
    file.sync_all()
}

/// The end of a chain of symbolic links, whether or not it exists.
pub(super) fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS_FOLLOWED {
        match fs::read_link(&path) {
            // A relative link starts at its own directory.
            Ok(link) => path = path.parent().unwrap_or(Path::new("")).join(link),
            Err(_not_a_link) => return Ok(path),
        }
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "its symbolic links form a loop",
    ))
}

/// Renames a file, or a link itself, to the first free one of `STEM.damaged.EXTENSION`,
/// `STEM.damaged-2.EXTENSION` and so on. Returns the new path.
pub(super) fn move_aside(path: &Path, _lock: &DirLock) -> Result<PathBuf, Failure> {
    let part = |part: Option<&OsStr>| part.unwrap_or_default().display().to_string();
    let (stem, extension) = (part(path.file_stem()), part(path.extension()));
    let name = |number: u32| match number {
        1 => format!("{stem}.damaged.{extension}"),
        number => format!("{stem}.damaged-{number}.{extension}"),
    };
    let aside = (1..100)
        .map(|number| path.with_file_name(name(number)))
        .find(|aside| !exists(aside))
        .ok_or_else(|| {
            io::Error::other("it is damaged, and its folder has too many older damaged copies")
        })
        .map_err(|error| unwritable(path, &error))?;
    fs::rename(path, &aside).map_err(|error| unwritable(path, &error))?;
    Ok(aside)
}

/// Opens a file for appending, private to the user. Creates it and its directory if needed.
pub(super) fn append(path: &Path) -> Result<File, Failure> {
    create_dir(folder_of(path))?;
    open_or_create(path, OpenOptions::new().append(true)).map_err(|error| unwritable(path, &error))
}

/// Creates a directory, private to the user, and its ancestors if needed.
fn create_dir(dir: &Path) -> Result<(), Failure> {
    let is_absent = |dir: &&Path| !dir.as_os_str().is_empty() && !exists(dir);
    let absent: Vec<&Path> = dir.ancestors().take_while(is_absent).collect();
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(dir)
        .map_err(|error| unwritable(dir, &error))?;
    // Outermost first, because each takes the owner of the one above it.
    for dir in absent.into_iter().rev() {
        permissions::hand_over_folder(dir);
    }
    permissions::tighten_folder(dir);
    Ok(())
}

fn damaged(path: &Path, why: &str, hint: &str) -> Failure {
    let error = io::Error::new(io::ErrorKind::InvalidData, why);
    inaccessible(path, "read", &error, hint)
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let hint = match error.kind() {
        io::ErrorKind::NotADirectory => A_DIRECTORY,
        // From `require_regular`, not from the system.
        io::ErrorKind::InvalidInput if error.get_ref().is_some() => "Move it away to start afresh.",
        _ => "Make it readable, or move it away to start afresh.",
    };
    inaccessible(path, "read", error, hint)
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let hint = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "Free some space on that disk."
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => A_DIRECTORY,
        io::ErrorKind::FileTooLarge => "Raise the limit with `ulimit -f`.",
        // From `require_regular`, not from the system.
        io::ErrorKind::InvalidInput if error.get_ref().is_some() => {
            "Move it away; tokenscope creates a file in its place."
        }
        _ => "Make it writable, or set TOKENSCOPE_HOME to a writable directory.",
    };
    inaccessible(path, "written", error, hint)
}

fn inaccessible(path: &Path, what: &str, error: &io::Error, hint: &str) -> Failure {
    let summary = format!("{} cannot be {what}: {}.", path.display(), reason(error));
    Failure::new(FailureKind::Config, summary, hint).caused_by(error)
}

/// The reason, in plainer words than the system's.
pub(super) fn reason(error: &io::Error) -> String {
    #[cfg(unix)]
    if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) {
        return "its symbolic links form a loop".to_owned();
    }
    match error.kind() {
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "its file system is read-only".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        io::ErrorKind::QuotaExceeded => "the disk quota is used up".to_owned(),
        io::ErrorKind::FileTooLarge => "it would exceed the limit on file sizes".to_owned(),
        io::ErrorKind::NotFound => "its directory does not exist".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "a file is where a directory should be".to_owned()
        }
        _ => error.to_string(),
    }
}
