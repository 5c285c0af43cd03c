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

use super::error::{Provider, StoreError};
use super::store::{EntryKind, EntryName, OpenPrompt, PromptTracker, StoredEntries};
use crate::domain::text;

type Result<T> = std::result::Result<T, StoreError>;

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

/// An item of one entry.
struct FoundItem {
    path: OwnedObjectPath,
    is_locked: bool,
}

impl Session {
    pub(super) fn open(prompts: &PromptTracker) -> Result<Self> {
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

    pub(super) fn get(&self, entry: EntryName<'_>) -> Result<Zeroizing<Vec<u8>>> {
        self.wait_for(async {
            let found = self.search_and_unlock(entry).await?;
            let item = match &found[..] {
                [] => return Err(StoreError::Missing),
                [item] => self.item(item).await?,
                several => return Err(StoreError::Ambiguous(several.len())),
            };
            Ok(Zeroizing::new(item.get_secret().await?))
        })
    }

    /// Makes this the only secret of the profile. Overwrites the first item before it deletes the
    /// others, so that no failure in between loses the secret.
    pub(super) fn set(&self, entry: EntryName<'_>, secret: &str) -> Result<()> {
        self.wait_for(async {
            let found = self.search_and_unlock(entry).await?;
            let Some((first, others)) = found.split_first() else {
                return self.create(entry, secret).await;
            };
            let item = self.item(first).await?;
            item.set_secret(secret.as_bytes(), CONTENT_TYPE).await?;
            for other in others {
                self.remove(other).await?;
            }
            Ok(())
        })
    }

    pub(super) fn delete(&self, entry: EntryName<'_>) -> Result<bool> {
        self.wait_for(async {
            let found = self.search_and_unlock(entry).await?;
            if found.is_empty() {
                return Ok(false);
            }
            for item in &found {
                self.remove(item).await?;
            }
            // A service may report success without deleting anything.
            match self.search(entry).await?.len() {
                0 => Ok(true),
                count => Err(StoreError::Remaining(count)),
            }
        })
    }

    /// What the service reveals without a prompt.
    pub(super) fn find(&self, entry: EntryName<'_>) -> Result<StoredEntries> {
        self.wait_for(async {
            let found = self.search(entry).await?;
            let is_hidden = found.is_empty() && self.hiding_collection().await?.is_some();
            let is_locked = is_hidden || found.iter().any(|item| item.is_locked);
            Ok(StoredEntries {
                count: (!is_hidden).then_some(found.len()),
                locked: if is_locked {
                    Some(self.locked().await)
                } else {
                    None
                },
            })
        })
    }

    /// The label of the default collection.
    pub(super) fn collection(&self) -> Result<Option<String>> {
        self.wait_for(async {
            let collection = self.service.get_default_collection().await?;
            let label = collection.get_label().await?;
            Ok((!label.is_empty()).then(|| text::sanitize(&label).to_lowercase()))
        })
    }

    /// Blocks until the work is done. Names the program whose keyring is locked.
    fn wait_for<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        block_on(async {
            match work.await {
                Err(StoreError::Locked(_)) => Err(self.locked().await),
                done => done,
            }
        })
    }

    async fn search(&self, entry: EntryName<'_>) -> Result<Vec<FoundItem>> {
        let root = self.object(SERVICE_PATH, "Service").await?;
        let (unlocked, locked): (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) =
            root.call("SearchItems", &(attributes(entry),)).await?;
        let item = |path, is_locked| FoundItem { path, is_locked };
        let locked = locked.into_iter().map(|path| item(path, true));
        let unlocked = unlocked.into_iter().map(|path| item(path, false));
        Ok(unlocked.chain(locked).collect())
    }

    /// Searches, and again after unlocking a collection that hides its items.
    async fn search_and_unlock(&self, entry: EntryName<'_>) -> Result<Vec<FoundItem>> {
        let found = self.search(entry).await?;
        if found.is_empty()
            && let Some(collection) = self.hiding_collection().await?
        {
            self.unlock(&collection).await?;
            return self.search(entry).await;
        }
        Ok(found)
    }

    /// A locked collection, if this service hides the items of such a one. GNOME Keyring always has
    /// its collections and lists the items of locked ones.
    async fn hiding_collection(&self) -> Result<Option<OwnedObjectPath>> {
        let provider = provider(&self.connection).await;
        if provider == Provider::Gnome {
            return Ok(None);
        }
        let service = self.object(SERVICE_PATH, "Service").await?;
        let collections: Vec<OwnedObjectPath> = service.get_property("Collections").await?;
        let default = self.default_collection().await?;
        if collections.is_empty() && default.is_none() {
            return Err(StoreError::NothingOpen(provider));
        }
        for collection in default.into_iter().chain(collections) {
            if self.is_locked(&collection).await? {
                return Ok(Some(collection));
            }
        }
        Ok(None)
    }

    async fn default_collection(&self) -> Result<Option<OwnedObjectPath>> {
        let service = self.object(SERVICE_PATH, "Service").await?;
        let path: OwnedObjectPath = service.call("ReadAlias", &("default",)).await?;
        Ok((path.as_str() != NO_OBJECT).then_some(path))
    }

    async fn is_locked(&self, collection: &OwnedObjectPath) -> Result<bool> {
        let collection = self.object(collection.as_str(), "Collection").await?;
        Ok(collection.get_property("Locked").await?)
    }

    async fn create(&self, entry: EntryName<'_>, secret: &str) -> Result<()> {
        let Some(path) = self.default_collection().await? else {
            return Err(match provider(&self.connection).await {
                Provider::Gnome => StoreError::NoCollection,
                provider => StoreError::NothingOpen(provider),
            });
        };
        if self.is_locked(&path).await? {
            self.unlock(&path).await?;
        }
        let collection = self.service.get_collection_by_path(path).await?;
        let what = match entry.kind {
            EntryKind::Credential => "credential",
            EntryKind::BaseUrl => "base URL",
        };
        let label = format!("tokenscope: {what} of profile {}", entry.profile);
        let (attributes, secret) = (attributes(entry), secret.as_bytes());
        let creating = collection.create_item(&label, attributes, secret, true, CONTENT_TYPE);
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
            Err(secret_service::Error::Prompt) => Err(StoreError::Denied),
            Err(error) => Err(error.into()),
        }
    }

    async fn item(&self, item: &FoundItem) -> Result<Item<'_>> {
        if item.is_locked {
            self.unlock(&item.path).await?;
        }
        Ok(self.service.get_item_by_path(item.path.clone()).await?)
    }

    async fn remove(&self, item: &FoundItem) -> Result<()> {
        if item.is_locked {
            self.unlock(&item.path).await?;
        }
        let item = self.object(item.path.as_str(), "Item").await?;
        let prompt: OwnedObjectPath = item.call("Delete", &()).await?;
        if self.prompt(prompt).await? {
            return Ok(());
        }
        Err(StoreError::Denied)
    }

    async fn unlock(&self, path: &OwnedObjectPath) -> Result<()> {
        let service = self.object(SERVICE_PATH, "Service").await?;
        let (_unlocked, prompt): (Vec<OwnedObjectPath>, OwnedObjectPath) =
            service.call("Unlock", &(vec![path],)).await?;
        // A prompt that found no display looks the same as one that was dismissed.
        if self.prompt(prompt).await? {
            return Ok(());
        }
        Err(StoreError::Locked(Provider::Other))
    }

    async fn locked(&self) -> StoreError {
        StoreError::Locked(provider(&self.connection).await)
    }

    /// Opens a prompt, if the service needs one, and waits for a person. Returns false if it was
    /// dismissed.
    async fn prompt(&self, path: OwnedObjectPath) -> Result<bool> {
        if path.as_str() == NO_OBJECT {
            return Ok(true);
        }
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
                Err(StoreError::Exited(cause))
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

    async fn object<'a>(&self, path: &'a str, interface: &str) -> Result<Proxy<'a>> {
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

/// Whether the service may have forgotten our session, or the connection is dead.
pub(super) fn is_session_loss(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::NoBus
            | StoreError::NoService
            | StoreError::NotStarted(_)
            | StoreError::Exited(_)
            | StoreError::UnexpectedReply(_)
            | StoreError::Exhausted(_)
            | StoreError::Other(_)
    )
}

/// The attributes that the service finds an item by.
fn attributes(entry: EntryName<'_>) -> HashMap<&'static str, &str> {
    HashMap::from([("service", entry.service()), ("username", entry.profile)])
}

async fn connect() -> Result<Connection> {
    let error = match Connection::session().await {
        Ok(connection) => return Ok(connection),
        Err(error) => error,
    };
    Err(match (foreign_owner(), error.into()) {
        (Some(user), _) => StoreError::ForeignBus(user),
        // A peer that answers the greeting like this is not the bus of this session.
        (None, StoreError::Other(_) | StoreError::UnexpectedReply(_)) => StoreError::NoBus,
        (None, error) => error,
    })
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

/// The socket of the session bus, as the D-Bus library finds it.
#[expect(
    clippy::disallowed_methods,
    reason = "read only to explain why the library found no bus"
)]
fn bus_socket() -> Option<PathBuf> {
    let Ok(address) = std::env::var("DBUS_SESSION_BUS_ADDRESS") else {
        return Some(PathBuf::from(std::env::var_os("XDG_RUNTIME_DIR")?).join("bus"));
    };
    let first = address.strip_prefix("unix:")?.split(';').next()?;
    let path = first.split(',').find_map(|pair| pair.strip_prefix("path="));
    path.map(PathBuf::from)
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

/// Classifies a D-Bus error by its name, which also belongs in the details.
fn named_error(name: &str, message: String) -> StoreError {
    let cause = if message.contains(name) {
        message
    } else {
        format!("{name}: {message}")
    };
    if name == "org.freedesktop.Secret.Error.IsLocked" {
        return StoreError::Locked(Provider::Other);
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

impl From<zbus::Error> for StoreError {
    fn from(error: zbus::Error) -> Self {
        match &error {
            zbus::Error::MethodError(name, _, _) => named_error(name, error.to_string()),
            // An error of the bus itself or of a property.
            zbus::Error::FDO(error) => named_error(&error.name(), error.to_string()),
            zbus::Error::InterfaceNotFound
            | zbus::Error::Address(_)
            | zbus::Error::Connection(..)
            | zbus::Error::Handshake(_)
            | zbus::Error::InputOutput(_) => Self::NoBus,
            _ => Self::UnexpectedReply(error.to_string()),
        }
    }
}

impl From<secret_service::Error> for StoreError {
    fn from(error: secret_service::Error) -> Self {
        use secret_service::Error as Service;
        match error {
            Service::Zbus(error) => error.into(),
            Service::ZbusFdo(error) => zbus::Error::from(error).into(),
            Service::Unavailable => Self::NoBus,
            Service::Locked | Service::Prompt => Self::Locked(Provider::Other),
            Service::NoResult => Self::NoCollection,
            Service::PromptDisconnected => Self::Exited(error.to_string()),
            error => Self::UnexpectedReply(error.to_string()),
        }
    }
}
