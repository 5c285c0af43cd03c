//! The Secret Service, the keyring of Linux and the BSDs, over D-Bus.
//!
//! Secrets cross the bus under a key that the library agrees on with the service. Dialogues are
//! opened and waited for here, and not by the library, so that one that nobody waits for any more
//! can be taken back.

use std::collections::HashMap;
use std::pin::pin;

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use secret_service::{EncryptionType, Item, SecretService};
use zbus::names::BusName;
use zbus::proxy::CacheProperties;
use zbus::zvariant::{OwnedObjectPath, OwnedValue};
use zbus::{Connection, MessageStream, Proxy, block_on};
use zeroize::Zeroizing;

use super::bus::{self, SERVICE_NAME};
use super::fault::{Fault, SERVICE};
use crate::credentials::asking::{Asking, Open};
use crate::credentials::error::{Provider, StoreError};
use crate::credentials::store::Kept;
use crate::domain::text;

const SERVICE_PATH: &str = "/org/freedesktop/secrets";
/// What a path is that leads to nothing.
const NOWHERE: &str = "/";
/// Secrets are text, which some keyrings show in other ways than bytes.
const CONTENT_TYPE: &str = "text/plain";

/// A connection to the service, with the key under which secrets cross the bus.
pub(in crate::credentials) struct Session {
    connection: Connection,
    service: SecretService<'static>,
    asking: Asking,
}

/// The entries of a profile.
struct Hits {
    unlocked: Vec<OwnedObjectPath>,
    locked: Vec<OwnedObjectPath>,
}

impl Hits {
    fn count(&self) -> usize {
        self.unlocked.len() + self.locked.len()
    }

    fn all(self) -> impl Iterator<Item = (OwnedObjectPath, bool)> {
        let locked = self.locked.into_iter().map(|path| (path, true));
        self.unlocked
            .into_iter()
            .map(|path| (path, false))
            .chain(locked)
    }
}

/// What can be looked into where no entry was found.
#[derive(Debug, Clone, PartialEq)]
enum Shelves {
    /// All there is, so that there is no such entry.
    Open,
    /// A collection is locked, and this keyring does not show what is in one.
    Locked(Provider, OwnedObjectPath),
    /// There is no collection.
    None(Provider),
}

impl Session {
    pub(in crate::credentials) fn open(asking: &Asking) -> Result<Self, Fault> {
        block_on(async {
            let connection = bus::connect().await?;
            let service =
                SecretService::connect_with_existing(EncryptionType::Dh, connection.clone())
                    .await?;
            Ok(Self {
                connection,
                service,
                asking: asking.clone(),
            })
        })
    }

    pub(in crate::credentials) fn get(
        &self,
        service: &str,
        profile: &str,
    ) -> Result<Zeroizing<Vec<u8>>, Fault> {
        block_on(async {
            let hits = self.search_thoroughly(service, profile).await?;
            match hits.count() {
                0 => return Err(StoreError::Missing.into()),
                1 => {}
                count => return Err(StoreError::Ambiguous(count).into()),
            }
            let item = self.first(hits).await?;
            self.say_locked(item.get_secret().await)
                .await
                .map(Zeroizing::new)
        })
    }

    /// Saving says what the one secret of this name is from now on. It goes into the first entry
    /// before any other is deleted, so that no failure in between loses it.
    pub(in crate::credentials) fn set(
        &self,
        service: &str,
        profile: &str,
        secret: &str,
    ) -> Result<(), Fault> {
        block_on(async {
            let hits = self.search_thoroughly(service, profile).await?;
            if hits.count() == 0 {
                return self.create(service, profile, secret).await;
            }
            let mut others = Vec::new();
            for (at, (path, is_locked)) in hits.all().enumerate() {
                if at > 0 {
                    others.push((path, is_locked));
                    continue;
                }
                let item = self.item(path, is_locked).await?;
                self.say_locked(item.set_secret(secret.as_bytes(), CONTENT_TYPE).await)
                    .await?;
            }
            for (path, is_locked) in others {
                self.remove(path, is_locked).await?;
            }
            Ok(())
        })
    }

    pub(in crate::credentials) fn delete(
        &self,
        service: &str,
        profile: &str,
    ) -> Result<bool, Fault> {
        block_on(async {
            let hits = self.search_thoroughly(service, profile).await?;
            let was_there = hits.count() > 0;
            for (path, is_locked) in hits.all() {
                self.remove(path, is_locked).await?;
            }
            // What a service has not done in spite of its answer must not be taken for done.
            match was_there.then_some(self.search(service, profile).await?.count()) {
                None | Some(0) => Ok(was_there),
                Some(count) => Err(StoreError::Remaining(count).into()),
            }
        })
    }

    /// What the service shows without asking anybody.
    pub(in crate::credentials) fn look(&self, profile: &str) -> Result<Kept, Fault> {
        block_on(async {
            let hits = self.search(SERVICE, profile).await?;
            let count = hits.count();
            if count > 0 {
                let locked = if hits.locked.is_empty() {
                    None
                } else {
                    Some(self.locked().await)
                };
                return Ok(Kept {
                    entries: Some(count),
                    locked,
                });
            }
            match self.shelves().await? {
                Shelves::Open => Ok(Kept {
                    entries: Some(0),
                    locked: None,
                }),
                Shelves::Locked(provider, _) => Ok(Kept {
                    entries: None,
                    locked: Some(StoreError::LockedIn(provider)),
                }),
                Shelves::None(provider) => Err(StoreError::NothingOpen(provider).into()),
            }
        })
    }

    async fn search(&self, service: &str, profile: &str) -> Result<Hits, Fault> {
        let attributes = HashMap::from([("service", service), ("username", profile)]);
        let root = self.object(SERVICE_PATH, "Service").await?;
        let (unlocked, locked) = root.call("SearchItems", &(attributes,)).await?;
        Ok(Hits { unlocked, locked })
    }

    /// Searches, and once more behind a lock where nothing can be seen without its key.
    async fn search_thoroughly(&self, service: &str, profile: &str) -> Result<Hits, Fault> {
        let hits = self.search(service, profile).await?;
        if hits.count() > 0 {
            return Ok(hits);
        }
        match self.shelves().await? {
            Shelves::Open => Ok(hits),
            Shelves::Locked(_, collection) => {
                self.unlock(&collection).await?;
                self.search(service, profile).await
            }
            Shelves::None(provider) => Err(StoreError::NothingOpen(provider).into()),
        }
    }

    /// GNOME's keyring shows which entries a locked collection has, and always has its collections.
    async fn shelves(&self) -> Result<Shelves, Fault> {
        let provider = bus::provider(&self.connection).await;
        if provider == Provider::Gnome {
            return Ok(Shelves::Open);
        }
        let service = self.object(SERVICE_PATH, "Service").await?;
        let collections: Vec<OwnedObjectPath> = service.get_property("Collections").await?;
        let default = self.default_collection().await?;
        if collections.is_empty() && default.is_none() {
            return Ok(Shelves::None(provider));
        }
        for collection in default.into_iter().chain(collections) {
            if self.is_locked(&collection).await? {
                return Ok(Shelves::Locked(provider, collection));
            }
        }
        Ok(Shelves::Open)
    }

    async fn default_collection(&self) -> Result<Option<OwnedObjectPath>, Fault> {
        let service = self.object(SERVICE_PATH, "Service").await?;
        let path: OwnedObjectPath = service.call("ReadAlias", &("default",)).await?;
        Ok((path.as_str() != NOWHERE).then_some(path))
    }

    async fn is_locked(&self, collection: &OwnedObjectPath) -> Result<bool, Fault> {
        let collection = self.object(collection.as_str(), "Collection").await?;
        Ok(collection.get_property("Locked").await?)
    }

    async fn create(&self, service: &str, profile: &str, secret: &str) -> Result<(), Fault> {
        let Some(path) = self.default_collection().await? else {
            return Err(match bus::provider(&self.connection).await {
                Provider::Gnome => StoreError::NoCollection,
                provider => StoreError::NothingOpen(provider),
            }
            .into());
        };
        if self.is_locked(&path).await? {
            self.unlock(&path).await?;
        }
        let collection = self.service.get_collection_by_path(path).await?;
        let what = if service == SERVICE {
            "credential"
        } else {
            "base URL"
        };
        let label = format!("tokenscope: {what} of profile {profile}");
        let attributes = HashMap::from([("service", service), ("username", profile)]);
        let creating =
            collection.create_item(&label, attributes, secret.as_bytes(), true, CONTENT_TYPE);
        // The library waits for the dialogue that may come of it, so its path is read off the wire.
        let mut replies = MessageStream::from(&self.connection);
        let watching = async {
            let mut open = Vec::new();
            while let Some(reply) = replies.next().await {
                let Ok(reply) = reply else { continue };
                let body = reply.body();
                if let Ok((_item, prompt)) =
                    body.deserialize::<(OwnedObjectPath, OwnedObjectPath)>()
                    && prompt.as_str() != NOWHERE
                {
                    open.push(self.opened(prompt));
                }
            }
        };
        let created = match select(pin!(creating), pin!(watching)).await {
            Either::Left((created, _)) => created.map(drop),
            Either::Right(((), creating)) => creating.await.map(drop),
        };
        created.map_err(refused)
    }

    async fn first(&self, hits: Hits) -> Result<Item<'_>, Fault> {
        match hits.all().next() {
            Some((path, is_locked)) => self.item(path, is_locked).await,
            None => Err(StoreError::Missing.into()),
        }
    }

    async fn item(&self, path: OwnedObjectPath, is_locked: bool) -> Result<Item<'_>, Fault> {
        if is_locked {
            self.unlock(&path).await?;
        }
        Ok(self.service.get_item_by_path(path).await?)
    }

    async fn remove(&self, path: OwnedObjectPath, is_locked: bool) -> Result<(), Fault> {
        if is_locked {
            self.unlock(&path).await?;
        }
        let item = self.object(path.as_str(), "Item").await?;
        let prompt: OwnedObjectPath = item.call("Delete", &()).await?;
        if prompt.as_str() == NOWHERE || self.ask(prompt).await? {
            return Ok(());
        }
        Err(StoreError::Denied.into())
    }

    async fn unlock(&self, path: &OwnedObjectPath) -> Result<(), Fault> {
        let service = self.object(SERVICE_PATH, "Service").await?;
        let (_unlocked, prompt): (Vec<OwnedObjectPath>, OwnedObjectPath) =
            service.call("Unlock", &(vec![path],)).await?;
        // Nobody can tell a dialogue that was dismissed from one that found no display.
        if prompt.as_str() == NOWHERE || self.ask(prompt).await? {
            return Ok(());
        }
        Err(self.locked().await.into())
    }

    /// The words for what is locked.
    async fn locked(&self) -> StoreError {
        match bus::provider(&self.connection).await {
            Provider::Gnome => StoreError::Locked,
            provider => StoreError::LockedIn(provider),
        }
    }

    async fn say_locked<T>(&self, done: Result<T, secret_service::Error>) -> Result<T, Fault> {
        match done.map_err(Fault::from) {
            Err(fault) if fault.error == StoreError::Locked => Err(self.locked().await.into()),
            done => done,
        }
    }

    /// Opens a dialogue and waits for a person. False where it was dismissed.
    async fn ask(&self, prompt: OwnedObjectPath) -> Result<bool, Fault> {
        if !self.asking.is_wanted() {
            return Ok(false);
        }
        let dialogue = self.object(prompt.as_str(), "Prompt").await?;
        let mut completed = dialogue.receive_signal("Completed").await?;
        let mut owners = dialogue.receive_owner_changed().await?;
        let _open = self.opened(prompt.clone());
        let _shown: () = dialogue.call("Prompt", &("",)).await?;
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
                let detail = "it ended while its dialogue was open".to_owned();
                Err(StoreError::Ended(detail).into())
            }
        }
    }

    /// Notes that a dialogue is open, and how to take it back: without waiting for an answer, for
    /// the process may be about to end.
    fn opened(&self, prompt: OwnedObjectPath) -> Open {
        let connection = self.connection.clone();
        self.asking.open(move || {
            let dismissing = async {
                let message = zbus::Message::method_call(prompt.as_str(), "Dismiss")?
                    .destination(SERVICE_NAME)?
                    .interface("org.freedesktop.Secret.Prompt")?
                    .with_flags(zbus::message::Flags::NoReplyExpected)?
                    .build(&())?;
                connection.send(&message).await
            };
            // One that cannot be reached any more has no dialogue.
            let _gone: zbus::Result<()> = block_on(dismissing);
        })
    }

    async fn object<'a>(&self, path: &'a str, interface: &str) -> Result<Proxy<'a>, Fault> {
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

/// What a dialogue that was dismissed means where nothing was locked.
fn refused(error: secret_service::Error) -> Fault {
    match error {
        secret_service::Error::Prompt => StoreError::Denied.into(),
        error => error.into(),
    }
}

/// The label of the default collection. Needs no session, since it is no secret.
pub(in crate::credentials) fn collection() -> Option<String> {
    let label = block_on(async {
        let connection = bus::connect().await?;
        let service =
            SecretService::connect_with_existing(EncryptionType::Plain, connection).await?;
        let collection = service.get_default_collection().await?;
        Ok::<_, Fault>(collection.get_label().await?)
    });
    let label = label.ok().filter(|label| !label.is_empty())?;
    Some(text::sanitize(&label).to_lowercase())
}

impl From<zbus::Error> for Fault {
    fn from(error: zbus::Error) -> Self {
        Self {
            error: bus::explain(&error),
            may_be_session_loss: true,
        }
    }
}

impl From<secret_service::Error> for Fault {
    fn from(error: secret_service::Error) -> Self {
        use secret_service::Error as Service;
        let error = match error {
            Service::Zbus(error) => return error.into(),
            Service::ZbusFdo(error) => {
                return Self {
                    error: bus::explain_standard(&error),
                    may_be_session_loss: true,
                };
            }
            Service::Unavailable => StoreError::NoBus,
            Service::Locked | Service::Prompt => StoreError::Locked,
            Service::NoResult => StoreError::NoCollection,
            Service::PromptDisconnected => StoreError::Ended(error.to_string()),
            error => StoreError::NotUnderstood(error.to_string()),
        };
        error.into()
    }
}
