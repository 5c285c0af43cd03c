//! Files, carefully: read with a limit, replaced atomically under a lock, private to the user.
//!
//! The one place that opens, renames or creates any. Not here: what is in them.
#![expect(
    clippy::disallowed_methods,
    reason = "files belong to config/, and this is where it keeps them"
)]

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

#[cfg(unix)]
use rustix::{fs::OFlags, io::Errno};

use super::permissions;
use crate::domain::failure::{Failure, FailureKind};

/// The largest file that is read.
const SIZE_LIMIT: u64 = 1 << 20;

/// How long another instance may hold the lock; a rewrite takes milliseconds.
const LOCK_WAIT: Duration = Duration::from_secs(2);
const LOCK_POLL: Duration = Duration::from_millis(5);

/// As many symbolic links as the kernel would follow.
const LINKS_FOLLOWED: usize = 40;

/// What the name of a temporary file begins with, and how many letters and digits follow.
const TEMPORARY: &str = ".tokenscope-";
const TEMPORARY_LETTERS: usize = 6;

/// A temporary file that is older was left behind by a writer that was killed.
const ABANDONED: Duration = Duration::from_secs(60);

/// What helps where a file stands in the way of a directory.
const A_DIRECTORY: &str =
    "Move away the file that stands there, or set TOKENSCOPE_HOME to a directory.";

/// Whether a symbolic link in the place of a file is followed. What only we write is never opened
/// through one: it could lead to any file of the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Links {
    /// For the files that people keep elsewhere, such as among their dotfiles.
    Followed,
    /// For the others.
    Refused,
}

/// What is in a file; none where there is no such file, or no way to its directory.
pub(super) fn read(path: &Path, links: Links) -> Result<Option<Vec<u8>>, Failure> {
    match read_bytes(path, links) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(_) if out_of_reach(path).is_some() => Ok(None),
        Err(error) => Err(unreadable(path, &error)),
    }
}

/// The text of a file that people edit; none as for [`read`].
pub(super) fn read_text(path: &Path) -> Result<Option<String>, Failure> {
    let Some(bytes) = read(path, Links::Followed)? else {
        return Ok(None);
    };
    let text = String::from_utf8(bytes).map_err(|_| {
        let error = io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text");
        unreadable(path, &error)
    })?;
    Ok(Some(text))
}

fn read_bytes(path: &Path, links: Links) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path, OpenOptions::new().read(true), links)?
        .take(SIZE_LIMIT + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > SIZE_LIMIT {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it is larger than 1 MiB",
        ));
    }
    Ok(bytes)
}

/// A warning where nobody can tell whether a file is there, since the way to its directory is
/// barred: by its permissions, by a file that stands there, by a link that leads nowhere.
pub(super) fn out_of_reach(path: &Path) -> Option<Failure> {
    let error = match fs::symlink_metadata(path) {
        Ok(_) => return None,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // The nearest ancestor that is there may be a link to nothing.
            let is_there = |dir: &&Path| fs::symlink_metadata(dir).is_ok();
            let nearest = path.ancestors().skip(1).find(is_there)?;
            fs::metadata(nearest).err()?
        }
        Err(error) => error,
    };
    let dir = path.parent().unwrap_or(path);
    let why = match error.kind() {
        io::ErrorKind::NotFound => "a symbolic link on the way leads nowhere".to_owned(),
        _ => reason(&error),
    };
    Some(Failure::new(
        FailureKind::Config,
        format!(
            "{} cannot be entered: {why}. Defaults are used.",
            dir.display()
        ),
        "Set TOKENSCOPE_HOME to a directory that you may use.",
    ))
}

/// Whether a symbolic link stands in the place of a file.
pub(super) fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink())
}

/// Whether anything stands in the place of a file.
pub(super) fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Opens a regular file. Opening a pipe would wait for its other end, and opening a device may do
/// anything, so what is there is looked at first, and once more when it is open.
fn open(path: &Path, options: &mut OpenOptions, links: Links) -> io::Result<File> {
    let found = match links {
        Links::Followed => fs::metadata(path),
        Links::Refused => fs::symlink_metadata(path),
    };
    match found {
        Ok(found) => is_regular(&found)?,
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
    is_regular(&file.metadata()?)?;
    Ok(file)
}

fn is_regular(found: &Metadata) -> io::Result<()> {
    if found.is_file() {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        if found.is_symlink() {
            "it is a symbolic link, which is not followed here"
        } else {
            "it is not a regular file"
        },
    ))
}

/// Opens a file to write to: private to the user, and created where it is absent.
fn open_or_create(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    match open(path, private(options).create_new(true), Links::Refused) {
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

fn folder_of(path: &Path) -> &Path {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    dir.unwrap_or(Path::new("."))
}

/// The right to change the files of one directory, held until it is dropped. The directory is
/// created where it is absent.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    pub(super) fn acquire(dir: &Path) -> Result<Self, Failure> {
        Self::acquire_within(dir, LOCK_WAIT)
    }

    /// The same with another patience, for what is changed together with something slower.
    pub(super) fn acquire_within(dir: &Path, wait: Duration) -> Result<Self, Failure> {
        create_dir(dir)?;
        let path = dir.join("tokenscope.lock");
        let file = open_or_create(&path, OpenOptions::new().write(true))
            .or_else(|error| {
                // The directory itself serves where nothing can be created in it, as around a file
                // that is a mount point, or where the lock is one that root left behind.
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
                    return Err(held_by_another(&path));
                }
                Err(TryLockError::WouldBlock) => thread::sleep(LOCK_POLL),
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                // An open file that nobody holds cannot be locked for one reason alone: there are
                // no locks here, as on many network and user-space file systems, each of which has
                // its own error for that. A replacement is atomic all the same.
                Err(TryLockError::Error(error)) => {
                    tracing::debug!(%error, "files are changed without a lock");
                    break;
                }
            }
        }
        sweep(dir);
        Ok(Self { _file: file })
    }
}

/// Removes the temporary files of writers that were killed. The caller holds the directory's lock.
fn sweep(dir: &Path) {
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

/// Puts text in a file's place, whole or not at all. Where links are followed and the path is one,
/// what it leads to is replaced. The caller holds the directory's [`Lock`].
pub(super) fn replace(path: &Path, text: &str, links: Links, _lock: &Lock) -> Result<(), Failure> {
    replace_bytes(path, text.as_bytes(), links).map_err(|error| unwritable(path, &error))
}

/// Whether a file's place takes another one, found without changing what is there.
pub(super) fn check_replaceable(path: &Path, _lock: &Lock) -> Result<(), Failure> {
    let check = || {
        let target = follow(path)?;
        if is_mount_point(&target) {
            return OpenOptions::new().append(true).open(&target).map(drop);
        }
        tempfile::Builder::new()
            .prefix(TEMPORARY)
            .rand_bytes(TEMPORARY_LETTERS)
            .tempfile_in(folder_of(&target))
            .map(drop)
    };
    check().map_err(|error| unwritable(path, &error))
}

fn replace_bytes(path: &Path, bytes: &[u8], links: Links) -> io::Result<()> {
    let target = match links {
        Links::Followed => follow(path)?,
        Links::Refused => path.to_owned(),
    };
    let dir = folder_of(&target);
    sweep(dir);
    // It is made readable by the user alone.
    let made = tempfile::Builder::new()
        .prefix(TEMPORARY)
        .rand_bytes(TEMPORARY_LETTERS)
        .tempfile_in(dir);
    let mut new = match made {
        Err(error) if is_protected(&error) && is_mount_point(&target) => {
            return overwrite(&target, bytes);
        }
        made => made?,
    };
    new.write_all(bytes)?;
    new.as_file().sync_all()?;
    match fs::symlink_metadata(&target) {
        Ok(old) => {
            // Only root can give a file away. In a folder that is shared with its owner the file is
            // written in place then, if it can be.
            let keeps_owner = permissions::keep_owner(new.as_file(), &old);
            if !keeps_owner && overwrite(&target, bytes).is_ok() {
                return Ok(());
            }
        }
        Err(_) => permissions::hand_over(new.as_file(), dir),
    }
    match new.persist(&target) {
        Ok(_) => {}
        // A mount point cannot be replaced, as where a container has the file from its host.
        Err(refused) if refused.error.kind() == io::ErrorKind::ResourceBusy => {
            return overwrite(&target, bytes);
        }
        Err(refused) => return Err(refused.error),
    }
    // The rename itself is on disk once its directory is. Where a directory cannot be opened, as on
    // Windows, or cannot be synced, the file has been replaced all the same.
    let _best_effort = File::open(dir).and_then(|dir| dir.sync_all());
    Ok(())
}

/// Whether nothing can be created in a directory.
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

/// Writes a file in place. Where that fails half-way, as on a full disk, what it held is put back.
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
    tracing::info!(path = %path.display(), "written in place");
    Ok(())
}

fn rewrite(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    file.rewind()?;
    file.write_all(bytes)?;
    file.set_len(bytes.len() as u64)?;
    file.sync_all()
}

/// Where a chain of symbolic links leads, whether or not anything is there.
fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS_FOLLOWED {
        match fs::read_link(&path) {
            // A relative link starts where it stands.
            Ok(link) => path = path.parent().unwrap_or(Path::new("")).join(link),
            Err(_not_a_link) => return Ok(path),
        }
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "its symbolic links lead in a circle",
    ))
}

/// Renames a file to the first free name of `STEM.damaged.EXTENSION`, `STEM.damaged-2.EXTENSION`
/// and so on, and returns that path. A symbolic link is renamed itself. The caller holds the
/// directory's [`Lock`].
pub(super) fn move_aside(path: &Path, _lock: &Lock) -> Result<PathBuf, Failure> {
    let part = |part: Option<&OsStr>| part.unwrap_or_default().display().to_string();
    let (stem, extension) = (part(path.file_stem()), part(path.extension()));
    let name = |number: u32| match number {
        1 => format!("{stem}.damaged.{extension}"),
        number => format!("{stem}.damaged-{number}.{extension}"),
    };
    let aside = (1..100)
        .map(|number| path.with_file_name(name(number)))
        .find(|aside| !is_there(aside))
        .ok_or_else(|| io::Error::other("it is damaged, and so are many older ones beside it"))
        .map_err(|error| unwritable(path, &error))?;
    fs::rename(path, &aside).map_err(|error| unwritable(path, &error))?;
    Ok(aside)
}

/// Opens a file to append to, private to the user, its directory created where it is absent.
pub(super) fn append(path: &Path) -> Result<File, Failure> {
    create_dir(folder_of(path))?;
    open_or_create(path, OpenOptions::new().append(true)).map_err(|error| unwritable(path, &error))
}

/// Makes a directory of the user's own, and those above it, where they are absent.
fn create_dir(dir: &Path) -> Result<(), Failure> {
    let is_absent = |dir: &&Path| !dir.as_os_str().is_empty() && !is_there(dir);
    let absent: Vec<&Path> = dir.ancestors().take_while(is_absent).collect();
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(dir)
        .map_err(|error| unwritable(dir, &error))?;
    // From the outermost on, so that each is given to the one who has got the one above.
    for dir in absent.into_iter().rev() {
        permissions::hand_over_folder(dir);
    }
    permissions::tighten_folder(dir);
    Ok(())
}

/// A file created with these options is the user's alone.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let hint = match error.kind() {
        io::ErrorKind::NotADirectory => A_DIRECTORY,
        _ => "Make it a file that you can read, or move it away to start afresh.",
    };
    Failure::new(
        FailureKind::Config,
        format!("{} cannot be read: {}.", path.display(), reason(error)),
        hint,
    )
    .caused_by(error)
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let hint = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "Make room on that disk.",
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => A_DIRECTORY,
        io::ErrorKind::FileTooLarge => "Raise the limit with `ulimit -f`.",
        // What the check above refused, and not the system.
        io::ErrorKind::InvalidInput if error.get_ref().is_some() => {
            "Move it away; a file is made in its place."
        }
        _ => "Make it writable for you, or set TOKENSCOPE_HOME to a directory that is.",
    };
    Failure::new(
        FailureKind::Config,
        format!("{} cannot be written: {}.", path.display(), reason(error)),
        hint,
    )
    .caused_by(error)
}

fn held_by_another(path: &Path) -> Failure {
    Failure::new(
        FailureKind::Config,
        format!("Another program holds {}.", path.display()),
        "Wait for the other tokenscope to finish, and try again.",
    )
}

/// Plain words where the system's own are terse.
pub(super) fn reason(error: &io::Error) -> String {
    #[cfg(unix)]
    if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) {
        return "its symbolic links lead in a circle".to_owned();
    }
    match error.kind() {
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "its file system is read-only".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        io::ErrorKind::QuotaExceeded => "the disk quota is used up".to_owned(),
        io::ErrorKind::FileTooLarge => "a limit on the size of files forbids it".to_owned(),
        io::ErrorKind::NotFound => "its directory does not exist".to_owned(),
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "a file is where a directory should be".to_owned()
        }
        _ => error.to_string(),
    }
}
