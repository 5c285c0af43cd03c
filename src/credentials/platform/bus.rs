//! The session bus: reaching it, what its errors mean, and which program keeps the secrets.
//!
//! Not here: what that program is asked for (`secret_service`).

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use zbus::fdo::DBusProxy;
use zbus::names::BusName;
use zbus::{Connection, DBusError};

use super::fault::Fault;
use crate::credentials::environment::session_bus;
use crate::credentials::error::{Provider, StoreError};

/// The name under which a keyring is known on the bus.
pub(super) const SERVICE_NAME: &str = "org.freedesktop.secrets";

/// A connection to the session bus.
pub(super) async fn connect() -> Result<Connection, Fault> {
    match Connection::session().await {
        Ok(connection) => Ok(connection),
        Err(error) => Err(match foreign_owner() {
            Some(user) => StoreError::ForeignBus(user),
            None => match explain(&error) {
                // Whatever a bus says to a greeting, there is none for this session.
                StoreError::Other(_) | StoreError::NotUnderstood(_) => StoreError::NoBus,
                error => error,
            },
        }
        .into()),
    }
}

/// The user that the bus belongs to, where that is another than this process's.
fn foreign_owner() -> Option<u32> {
    let socket = socket()?;
    let owner = std::fs::metadata(&socket)
        .map(|found| found.uid())
        .ok()
        .or_else(|| owner_in(&socket))?;
    (owner != rustix::process::geteuid().as_raw()).then_some(owner)
}

/// The bus's socket, where its address names one in the file system.
fn socket() -> Option<PathBuf> {
    let (address, runtime) = session_bus();
    match address {
        Some(address) => {
            let rest = address.strip_prefix("unix:")?;
            let mut pairs = rest.split(';').next().unwrap_or_default().split(',');
            let path = pairs.find_map(|pair| pair.strip_prefix("path="));
            path.map(PathBuf::from)
        }
        None => runtime.map(|dir| dir.join("bus")),
    }
}

/// The number in `/run/user/1000/bus`, which may be no more than a name to everybody else.
fn owner_in(socket: &Path) -> Option<u32> {
    let rest = socket.strip_prefix("/run/user").ok()?;
    rest.iter().next()?.to_str()?.parse().ok()
}

/// Which program owns the keyring's name, told by the other names it owns, or by what it is called.
pub(super) async fn provider(connection: &Connection) -> Provider {
    find_provider(connection).await.unwrap_or(Provider::Other)
}

async fn find_provider(connection: &Connection) -> Option<Provider> {
    let bus = DBusProxy::new(connection).await.ok()?;
    let name = BusName::try_from(SERVICE_NAME).ok()?;
    let owner = bus.get_name_owner(name.clone()).await.ok()?;
    for other in bus.list_names().await.ok()? {
        let Some(provider) = Provider::named(other.as_str()) else {
            continue;
        };
        let other = bus.get_name_owner(other.into_inner()).await;
        if other.is_ok_and(|other| other == owner) {
            return Some(provider);
        }
    }
    let process = bus.get_connection_unix_process_id(name).await.ok()?;
    #[expect(
        clippy::disallowed_methods,
        reason = "the kernel's account of a process"
    )]
    let command = std::fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    Provider::run_as(command.trim())
}

/// What an error on the bus means.
pub(super) fn explain(error: &zbus::Error) -> StoreError {
    let detail = || error.to_string();
    match error {
        zbus::Error::MethodError(name, _, _) => by_name(name.as_str(), detail()),
        zbus::Error::FDO(error) => explain_standard(error),
        zbus::Error::InterfaceNotFound
        | zbus::Error::Address(_)
        | zbus::Error::Connection(..)
        | zbus::Error::Handshake(_)
        | zbus::Error::InputOutput(_) => StoreError::NoBus,
        _ => StoreError::NotUnderstood(detail()),
    }
}

/// The same for an error of the bus itself or of a property.
pub(super) fn explain_standard(error: &zbus::fdo::Error) -> StoreError {
    match error {
        zbus::fdo::Error::ZBus(error) => explain(error),
        error => by_name(error.name().as_str(), error.to_string()),
    }
}

/// What the name of an error means. The name goes with the details.
pub(super) fn by_name(name: &str, said: String) -> StoreError {
    let detail = if said.contains(name) {
        said
    } else {
        format!("{name}: {said}")
    };
    if name == "org.freedesktop.Secret.Error.IsLocked" {
        return StoreError::Locked;
    }
    // The service has been restarted, and knows nothing of what was begun.
    if name.starts_with("org.freedesktop.Secret.Error.No") {
        return StoreError::Ended(detail);
    }
    let Some(kind) = name.strip_prefix("org.freedesktop.DBus.Error.") else {
        return StoreError::Other(detail);
    };
    match kind {
        "ServiceUnknown" | "NameHasNoOwner" | "Spawn.ServiceNotFound" => StoreError::NoService,
        "TimedOut" | "Timeout" => StoreError::NotStarted(detail),
        kind if kind.starts_with("Spawn.") => StoreError::NotStarted(detail),
        "NoReply" | "Disconnected" => StoreError::Ended(detail),
        "AccessDenied" | "AuthFailed" | "InteractiveAuthorizationRequired" => StoreError::Denied,
        "NoServer" | "BadAddress" | "NoNetwork" => StoreError::NoBus,
        "UnknownMethod"
        | "UnknownObject"
        | "UnknownInterface"
        | "UnknownProperty"
        | "InvalidArgs"
        | "InvalidSignature"
        | "InconsistentMessage"
        | "NotSupported"
        | "PropertyReadOnly" => StoreError::NotUnderstood(detail),
        "NoMemory" | "LimitsExceeded" => StoreError::Exhausted(detail),
        _ => StoreError::Other(detail),
    }
}
