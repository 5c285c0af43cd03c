//! Files, carefully: read with a limit, replaced atomically under a lock, private to the user.
//!
//! The one place that opens, renames or creates any. Not here: what is in them.
#![expect(
    clippy::disallowed_methods,
    reason = "files belong to config/, and this is where it keeps them"
)]

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::domain::failure::{Failure, FailureKind};

/// The largest file that is read.
const SIZE_LIMIT: u64 = 1 << 20;

/// How long another instance may hold the lock; a rewrite takes milliseconds.
const LOCK_WAIT: Duration = Duration::from_secs(2);
const LOCK_POLL: Duration = Duration::from_millis(5);

/// As many symbolic links as the kernel would follow.
const LINKS_FOLLOWED: usize = 40;

/// What helps where a file stands in the way of a directory.
const A_DIRECTORY: &str =
    "Move away the file that stands there, or set TOKENSCOPE_HOME to a directory.";

/// What is in a file; none where there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match read_bytes(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(path, &error)),
    }
}

/// The text of a file; none where there is no such file.
pub(super) fn read_text(path: &Path) -> Result<Option<String>, Failure> {
    let Some(bytes) = read(path)? else {
        return Ok(None);
    };
    let text = String::from_utf8(bytes).map_err(|_| {
        let error = io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text");
        unreadable(path, &error)
    })?;
    Ok(Some(text))
}

fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    is_no_pipe(path)?;
    let mut bytes = Vec::new();
    File::open(path)?
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

/// Opening a pipe would wait for its other end, so only a regular file, or nothing yet, is opened.
fn is_no_pipe(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is not a regular file",
        )),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
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
        let file = is_no_pipe(&path)
            .and_then(|()| {
                private(OpenOptions::new().write(true).create(true).truncate(false)).open(&path)
            })
            .map_err(|error| unwritable(&path, &error))?;
        let deadline = Instant::now() + wait;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                // Some network file systems have no locks; a replacement is atomic all the same.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    return Ok(Self { _file: file });
                }
                Err(TryLockError::Error(error)) => return Err(unwritable(&path, &error)),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    return Err(held_by_another(&path));
                }
                Err(TryLockError::WouldBlock) => thread::sleep(LOCK_POLL),
            }
        }
    }
}

/// Puts text in a file's place, whole or not at all. Where the path is a symbolic link, what it
/// leads to is replaced. The caller holds the directory's [`Lock`].
pub(super) fn replace(path: &Path, text: &str, _lock: &Lock) -> Result<(), Failure> {
    replace_bytes(path, text.as_bytes()).map_err(|error| unwritable(path, &error))
}

/// Whether a file's place takes another one, found without changing what is there.
pub(super) fn check_replaceable(path: &Path, _lock: &Lock) -> Result<(), Failure> {
    let check = || {
        let target = follow(path)?;
        let dir = target.parent().filter(|dir| !dir.as_os_str().is_empty());
        tempfile::Builder::new()
            .prefix(".tokenscope-")
            .tempfile_in(dir.unwrap_or(Path::new(".")))
            .map(drop)
    };
    check().map_err(|error| unwritable(path, &error))
}

fn replace_bytes(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let target = follow(path)?;
    let dir = target.parent().filter(|dir| !dir.as_os_str().is_empty());
    let dir = dir.unwrap_or(Path::new("."));
    // It is made readable by the user alone.
    let mut new = tempfile::Builder::new()
        .prefix(".tokenscope-")
        .tempfile_in(dir)?;
    new.write_all(bytes)?;
    new.as_file().sync_all()?;
    new.persist(&target).map_err(|error| error.error)?;
    // The rename itself is on disk once its directory is. Where a directory cannot be opened, as on
    // Windows, or cannot be synced, the file has been replaced all the same.
    let _best_effort = File::open(dir).and_then(|dir| dir.sync_all());
    Ok(())
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
/// and so on, and returns that path. The caller holds the directory's [`Lock`].
pub(super) fn move_aside(path: &Path, _lock: &Lock) -> Result<PathBuf, Failure> {
    let target = follow(path).map_err(|error| unwritable(path, &error))?;
    let part = |part: Option<&OsStr>| part.unwrap_or_default().display().to_string();
    let (stem, extension) = (part(target.file_stem()), part(target.extension()));
    let name = |number: u32| match number {
        1 => format!("{stem}.damaged.{extension}"),
        number => format!("{stem}.damaged-{number}.{extension}"),
    };
    let aside = (1..100)
        .map(|number| target.with_file_name(name(number)))
        .find(|aside| fs::symlink_metadata(aside).is_err())
        .ok_or_else(|| io::Error::other("it is damaged, and so are many older ones beside it"))
        .map_err(|error| unwritable(path, &error))?;
    fs::rename(&target, &aside).map_err(|error| unwritable(path, &error))?;
    Ok(aside)
}

/// Opens a file to append to, private to the user, its directory created where it is absent.
pub(super) fn append(path: &Path) -> Result<File, Failure> {
    create_dir(path.parent().unwrap_or(Path::new(".")))?;
    is_no_pipe(path)
        .and_then(|()| private(OpenOptions::new().append(true).create(true)).open(path))
        .map_err(|error| unwritable(path, &error))
}

fn create_dir(dir: &Path) -> Result<(), Failure> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|error| unwritable(dir, &error))
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
