//! The Secret Service, the keyring of Linux and the BSDs, over D-Bus.
//!
//! Secrets cross the bus under a key that the library agrees on with the service. This file opens
//! prompts and waits for them itself, because the library could not dismiss a prompt whose caller has
//! given up.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::pin::pin;

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use secret_service::{EncryptionType, Item, SecretService};
use zbus::fdo::DBusProxy;
use zbus::names::BusName;
use zbus::proxy::CacheProperties;
use zbus::zvariant::{OwnedObjectPath, OwnedValue};
use zbus::{Connection, DBusError, MessageStream, Proxy, block_on};
use zeroize::Zeroizing;

use super::environment::session_bus;
use super::error::{Provider, StoreError};
use super::store::{EntryKind, OpenPrompt, OperationError, PromptTracker, StoredEntries};
use crate::domain::text;

const SERVICE_NAME: &str = "org.freedesktop.secrets";
const SERVICE_PATH: &str = "/org/freedesktop/secrets";
/// The object path that means "no object".
const NO_OBJECT: &str = "/";
/// Marks secrets as text: some keyrings display bytes differently.
const CONTENT_TYPE: &str = "text/plain";

/// A connection to the service, with the key under which secrets cross the bus.
pub(super) struct Session {
    connection: Connection,
    service: SecretService<'static>,
    prompts: PromptTracker,
}

/// The items of one entry.
struct FoundItems {
    unlocked: Vec<OwnedObjectPath>,
    locked: Vec<OwnedObjectPath>,
}

impl FoundItems {
    fn count(&self) -> usize {
        self.unlocked.len() + self.locked.len()
    }

    /// Each with whether it is locked.
    fn into_items(self) -> impl Iterator<Item = (OwnedObjectPath, bool)> {
        let locked = self.locked.into_iter().map(|path| (path, true));
        self.unlocked
            .into_iter()
            .map(|path| (path, false))
            .chain(locked)
    }
}

/// Whether a search that found no item has seen every item.
#[derive(Debug, Clone, PartialEq)]
enum Collections {
    AllVisible,
    /// One is locked, and this service hides the items of a locked collection.
    Locked(Provider, OwnedObjectPath),
    None(Provider),
}

impl Session {
    pub(super) fn open(prompts: &PromptTracker) -> Result<Self, OperationError> {
        block_on(async {
            let connection = connect().await?;
            let service =
                SecretService::connect_with_existing(EncryptionType::Dh, connection.clone())
                    .await?;
            Ok(Self {
                connection,
                service,
                prompts: prompts.clone(),
            })
        })
    }

    pub(super) fn get(
        &self,
        kind: EntryKind,
        profile: &str,
    ) -> Result<Zeroizing<Vec<u8>>, OperationError> {
        block_on(async {
            let found = self.search_and_unlock(kind, profile).await?;
            let count = found.count();
            let mut items = found.into_items();
            let item = match (items.next(), count) {
                (None, _) => return Err(StoreError::Missing.into()),
                (Some((path, is_locked)), 1) => self.item(path, is_locked).await?,
                _ => return Err(StoreError::Ambiguous(count).into()),
            };
            let secret = self.name_locked(item.get_secret().await).await?;
            Ok(Zeroizing::new(secret))
        })
    }

    /// Makes this the only secret of the profile. Overwrites the first item before it deletes the
    /// others, so that no failure in between loses the secret.
    pub(super) fn set(
        &self,
        kind: EntryKind,
        profile: &str,
        secret: &str,
    ) -> Result<(), OperationError> {
        block_on(async {
            let mut items = self.search_and_unlock(kind, profile).await?.into_items();
            let Some((path, is_locked)) = items.next() else {
                return self.create(kind, profile, secret).await;
            };
            let item = self.item(path, is_locked).await?;
            let written = item.set_secret(secret.as_bytes(), CONTENT_TYPE).await;
            self.name_locked(written).await?;
            for (path, is_locked) in items {
                self.remove(path, is_locked).await?;
            }
            Ok(())
        })
    }

    pub(super) fn delete(&self, kind: EntryKind, profile: &str) -> Result<bool, OperationError> {
        block_on(async {
            let found = self.search_and_unlock(kind, profile).await?;
            if found.count() == 0 {
                return Ok(false);
            }
            for (path, is_locked) in found.into_items() {
                self.remove(path, is_locked).await?;
            }
            // A service may report success without deleting anything.
            match self.search(kind, profile).await?.count() {
                0 => Ok(true),
                count => Err(StoreError::Remaining(count).into()),
            }
        })
    }

    /// What the service reveals without a prompt.
    pub(super) fn find(
        &self,
        kind: EntryKind,
        profile: &str,
    ) -> Result<StoredEntries, OperationError> {
        block_on(async {
            let found = self.search(kind, profile).await?;
            let count = Some(found.count());
            if count > Some(0) {
                let locked = match found.locked[..] {
                    [] => None,
                    _ => Some(self.locked().await),
                };
                return Ok(StoredEntries { count, locked });
            }
            match self.collections().await? {
                Collections::AllVisible => Ok(StoredEntries {
                    count,
                    locked: None,
                }),
                Collections::Locked(provider, _) => Ok(StoredEntries {
                    count: None,
                    locked: Some(StoreError::LockedIn(provider)),
                }),
                Collections::None(provider) => Err(StoreError::NothingOpen(provider).into()),
            }
        })
    }

    async fn search(&self, kind: EntryKind, profile: &str) -> Result<FoundItems, OperationError> {
        let attributes = HashMap::from([("service", kind.service()), ("username", profile)]);
        let root = self.object(SERVICE_PATH, "Service").await?;
        let (unlocked, locked) = root.call("SearchItems", &(attributes,)).await?;
        Ok(FoundItems { unlocked, locked })
    }

    /// Searches, and again after unlocking a collection that hides its items.
    async fn search_and_unlock(
        &self,
        kind: EntryKind,
        profile: &str,
    ) -> Result<FoundItems, OperationError> {
        let found = self.search(kind, profile).await?;
        if found.count() > 0 {
            return Ok(found);
        }
        match self.collections().await? {
            Collections::AllVisible => Ok(found),
            Collections::Locked(_, collection) => {
                self.unlock(&collection).await?;
                self.search(kind, profile).await
            }
            Collections::None(provider) => Err(StoreError::NothingOpen(provider).into()),
        }
    }

    /// GNOME Keyring always has its collections and lists the items of locked ones.
    async fn collections(&self) -> Result<Collections, OperationError> {
        let provider = provider(&self.connection).await;
        if provider == Provider::Gnome {
            return Ok(Collections::AllVisible);
        }
        let service = self.object(SERVICE_PATH, "Service").await?;
        let collections: Vec<OwnedObjectPath> = service.get_property("Collections").await?;
        let default = self.default_collection().await?;
        if collections.is_empty() && default.is_none() {
            return Ok(Collections::None(provider));
        }
        for collection in default.into_iter().chain(collections) {
            if self.is_locked(&collection).await? {
                return Ok(Collections::Locked(provider, collection));
            }
        }
        Ok(Collections::AllVisible)
    }

    async fn default_collection(&self) -> Result<Option<OwnedObjectPath>, OperationError> {
        let service = self.object(SERVICE_PATH, "Service").await?;
        let path: OwnedObjectPath = service.call("ReadAlias", &("default",)).await?;
        Ok((path.as_str() != NO_OBJECT).then_some(path))
    }

    async fn is_locked(&self, collection: &OwnedObjectPath) -> Result<bool, OperationError> {
        let collection = self.object(collection.as_str(), "Collection").await?;
        Ok(collection.get_property("Locked").await?)
    }

    async fn create(
        &self,
        kind: EntryKind,
        profile: &str,
        secret: &str,
    ) -> Result<(), OperationError> {
        let Some(path) = self.default_collection().await? else {
            return Err(match provider(&self.connection).await {
                Provider::Gnome => StoreError::NoCollection,
                provider => StoreError::NothingOpen(provider),
            }
            .into());
        };
        if self.is_locked(&path).await? {
            self.unlock(&path).await?;
        }
        let collection = self.service.get_collection_by_path(path).await?;
        let what = match kind {
            EntryKind::Credential => "credential",
            EntryKind::BaseUrl => "base URL",
        };
        let label = format!("tokenscope: {what} of profile {profile}");
        let attributes = HashMap::from([("service", kind.service()), ("username", profile)]);
        let creating =
            collection.create_item(&label, attributes, secret.as_bytes(), true, CONTENT_TYPE);
        // The library waits for a prompt without giving its path, so read that off the wire.
        let mut replies = MessageStream::from(&self.connection);
        let watching = async {
            let mut open = Vec::new();
            while let Some(reply) = replies.next().await {
                let Ok(reply) = reply else { continue };
                let body = reply.body();
                if let Ok((_item, prompt)) =
                    body.deserialize::<(OwnedObjectPath, OwnedObjectPath)>()
                    && prompt.as_str() != NO_OBJECT
                {
                    open.push(self.track(prompt));
                }
            }
        };
        let created = match select(pin!(creating), pin!(watching)).await {
            Either::Left((created, _)) => created,
            Either::Right(((), creating)) => creating.await,
        };
        match created {
            Ok(_) => Ok(()),
            // Nothing was locked, so dismissing the prompt means no.
            Err(secret_service::Error::Prompt) => Err(StoreError::Denied.into()),
            Err(error) => Err(error.into()),
        }
    }

    async fn item(
        &self,
        path: OwnedObjectPath,
        is_locked: bool,
    ) -> Result<Item<'_>, OperationError> {
        if is_locked {
            self.unlock(&path).await?;
        }
        Ok(self.service.get_item_by_path(path).await?)
    }

    async fn remove(&self, path: OwnedObjectPath, is_locked: bool) -> Result<(), OperationError> {
        if is_locked {
            self.unlock(&path).await?;
        }
        let item = self.object(path.as_str(), "Item").await?;
        let prompt: OwnedObjectPath = item.call("Delete", &()).await?;
        if prompt.as_str() == NO_OBJECT || self.prompt(prompt).await? {
            return Ok(());
        }
        Err(StoreError::Denied.into())
    }

    async fn unlock(&self, path: &OwnedObjectPath) -> Result<(), OperationError> {
        let service = self.object(SERVICE_PATH, "Service").await?;
        let (_unlocked, prompt): (Vec<OwnedObjectPath>, OwnedObjectPath) =
            service.call("Unlock", &(vec![path],)).await?;
        // A prompt that found no display looks the same as one that was dismissed.
        if prompt.as_str() == NO_OBJECT || self.prompt(prompt).await? {
            return Ok(());
        }
        Err(self.locked().await.into())
    }

    /// The error for a locked keyring, named after its program.
    async fn locked(&self) -> StoreError {
        match provider(&self.connection).await {
            Provider::Gnome => StoreError::Locked,
            provider => StoreError::LockedIn(provider),
        }
    }

    async fn name_locked<T>(
        &self,
        done: Result<T, secret_service::Error>,
    ) -> Result<T, OperationError> {
        match done.map_err(OperationError::from) {
            Err(error) if error.error == StoreError::Locked => Err(self.locked().await.into()),
            done => done,
        }
    }

    /// Opens a prompt and waits for a person. Returns false if it was dismissed.
    async fn prompt(&self, path: OwnedObjectPath) -> Result<bool, OperationError> {
        if self.prompts.is_cancelled() {
            return Ok(false);
        }
        let prompt = self.object(path.as_str(), "Prompt").await?;
        let mut completed = prompt.receive_signal("Completed").await?;
        let mut owners = prompt.receive_owner_changed().await?;
        let _open = self.track(path.clone());
        let _shown: () = prompt.call("Prompt", &("",)).await?;
        let gone = async {
            while let Some(owner) = owners.next().await {
                if owner.is_none() {
                    break;
                }
            }
        };
        match select(completed.next(), pin!(gone)).await {
            Either::Left((Some(signal), _)) => {
                let body = signal.body();
                let (is_dismissed, _result): (bool, OwnedValue) = body.deserialize()?;
                Ok(!is_dismissed)
            }
            Either::Left((None, _)) | Either::Right(_) => {
                let cause = "it exited while its prompt was open".to_owned();
                Err(StoreError::Exited(cause).into())
            }
        }
    }

    /// Tracks an open prompt. Dismissing it does not wait for a reply, because the process may be
    /// about to exit.
    fn track(&self, prompt: OwnedObjectPath) -> OpenPrompt {
        let connection = self.connection.clone();
        self.prompts.open(move || {
            let dismissing = async {
                let message = zbus::Message::method_call(prompt.as_str(), "Dismiss")?
                    .destination(SERVICE_NAME)?
                    .interface("org.freedesktop.Secret.Prompt")?
                    .with_flags(zbus::message::Flags::NoReplyExpected)?
                    .build(&())?;
                connection.send(&message).await
            };
            // An unreachable service has no prompt open.
            let _gone: zbus::Result<()> = block_on(dismissing);
        })
    }

    async fn object<'a>(
        &self,
        path: &'a str,
        interface: &str,
    ) -> Result<Proxy<'a>, OperationError> {
        let name = BusName::try_from(SERVICE_NAME).map_err(zbus::Error::from)?;
        let proxy = zbus::proxy::Builder::new(&self.connection)
            .destination(name)?
            .path(path)?
            .interface(format!("org.freedesktop.Secret.{interface}"))?
            .cache_properties(CacheProperties::No)
            .build()
            .await?;
        Ok(proxy)
    }
}

/// The label of the default collection. Needs no session, since it is no secret.
pub(super) fn collection() -> Option<String> {
    let label = block_on(async {
        let connection = connect().await?;
        let service =
            SecretService::connect_with_existing(EncryptionType::Plain, connection).await?;
        let collection = service.get_default_collection().await?;
        Ok::<_, OperationError>(collection.get_label().await?)
    });
    let label = label.ok().filter(|label| !label.is_empty())?;
    Some(text::sanitize(&label).to_lowercase())
}

async fn connect() -> Result<Connection, OperationError> {
    let error = match Connection::session().await {
        Ok(connection) => return Ok(connection),
        Err(error) => error,
    };
    Err(match (foreign_owner(), store_error(&error)) {
        (Some(user), _) => StoreError::ForeignBus(user),
        // A peer that answers the greeting like this is not the bus of this session.
        (None, StoreError::Other(_) | StoreError::UnexpectedReply(_)) => StoreError::NoBus,
        (None, error) => error,
    }
    .into())
}

/// The owner of the session bus, if that is another user.
fn foreign_owner() -> Option<u32> {
    let socket = bus_socket()?;
    let owner = std::fs::metadata(&socket)
        .map(|found| found.uid())
        .ok()
        .or_else(|| owner_in_path(&socket))?;
    (owner != rustix::process::geteuid().as_raw()).then_some(owner)
}

fn bus_socket() -> Option<PathBuf> {
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

/// The number in `/run/user/1000/bus`, a directory that other users cannot look into.
fn owner_in_path(socket: &Path) -> Option<u32> {
    let rest = socket.strip_prefix("/run/user").ok()?;
    rest.iter().next()?.to_str()?.parse().ok()
}

/// The program that owns the service name.
async fn provider(connection: &Connection) -> Provider {
    find_provider(connection).await.unwrap_or(Provider::Other)
}

/// Recognizes it by its other bus names, or else by its process name.
async fn find_provider(connection: &Connection) -> Option<Provider> {
    let bus = DBusProxy::new(connection).await.ok()?;
    let name = BusName::try_from(SERVICE_NAME).ok()?;
    let owner = bus.get_name_owner(name.clone()).await.ok()?;
    for other in bus.list_names().await.ok()? {
        let Some(provider) = Provider::from_name(other.as_str()) else {
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
        reason = "a file of the kernel, not one of ours"
    )]
    let command = std::fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    Provider::from_name(command.trim())
}

fn store_error(error: &zbus::Error) -> StoreError {
    match error {
        zbus::Error::MethodError(name, _, _) => named_error(name.as_str(), error.to_string()),
        zbus::Error::FDO(error) => standard_error(error),
        zbus::Error::InterfaceNotFound
        | zbus::Error::Address(_)
        | zbus::Error::Connection(..)
        | zbus::Error::Handshake(_)
        | zbus::Error::InputOutput(_) => StoreError::NoBus,
        _ => StoreError::UnexpectedReply(error.to_string()),
    }
}

/// An error of the bus itself or of a property.
fn standard_error(error: &zbus::fdo::Error) -> StoreError {
    match error {
        zbus::fdo::Error::ZBus(error) => store_error(error),
        error => named_error(error.name().as_str(), error.to_string()),
    }
}

/// Classifies a D-Bus error by its name, which also belongs in the details.
fn named_error(name: &str, message: String) -> StoreError {
    let cause = if message.contains(name) {
        message
    } else {
        format!("{name}: {message}")
    };
    if name == "org.freedesktop.Secret.Error.IsLocked" {
        return StoreError::Locked;
    }
    // NoSession and NoSuchObject: the service was restarted and has forgotten both.
    if name.starts_with("org.freedesktop.Secret.Error.No") {
        return StoreError::Exited(cause);
    }
    let Some(kind) = name.strip_prefix("org.freedesktop.DBus.Error.") else {
        return StoreError::Other(cause);
    };
    match kind {
        "ServiceUnknown" | "NameHasNoOwner" | "Spawn.ServiceNotFound" => StoreError::NoService,
        "TimedOut" | "Timeout" => StoreError::NotStarted(cause),
        kind if kind.starts_with("Spawn.") => StoreError::NotStarted(cause),
        "NoReply" | "Disconnected" => StoreError::Exited(cause),
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
        | "PropertyReadOnly" => StoreError::UnexpectedReply(cause),
        "NoMemory" | "LimitsExceeded" => StoreError::Exhausted(cause),
        _ => StoreError::Other(cause),
    }
}

impl From<zbus::Error> for OperationError {
    fn from(error: zbus::Error) -> Self {
        Self {
            error: store_error(&error),
            may_be_session_loss: true,
        }
    }
}

impl From<secret_service::Error> for OperationError {
    fn from(error: secret_service::Error) -> Self {
        use secret_service::Error as Service;
        let error = match error {
            Service::Zbus(error) => return error.into(),
            Service::ZbusFdo(error) => {
                return Self {
                    error: standard_error(&error),
                    may_be_session_loss: true,
                };
            }
            Service::Unavailable => StoreError::NoBus,
            Service::Locked | Service::Prompt => StoreError::Locked,
            Service::NoResult => StoreError::NoCollection,
            Service::PromptDisconnected => StoreError::Exited(error.to_string()),
            error => StoreError::UnexpectedReply(error.to_string()),
        };
        error.into()
    }
}
